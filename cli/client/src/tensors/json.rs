//! Tensors as JSON.
//!
//! A list with one entry for each port, or an object with one entry for each port by name. An
//! entry is the values, nested or flat, or `{"type": …, "shape": …, "values": …}`; type and shape
//! default to those of the port.

use super::{parse_type, port_name};
use crate::Error;
use countersign_primitives::tensor::{element_count, Port, Tensor, TensorType};
use serde_json::Value;

/// Reads the tensors of all ports.
pub fn read_json(bytes: &[u8], ports: &[Port]) -> Result<Vec<Tensor>, Error> {
	let document: Value = serde_json::from_slice(bytes)
		.map_err(|error| Error::Input(format!("the input is not JSON: {error}")))?;
	let entries: Vec<&Value> = match &document {
		Value::Array(entries) => entries.iter().collect(),
		// A single tensor may stand without a list around it.
		Value::Object(fields) if fields.contains_key("values") => vec![&document],
		Value::Object(fields) => {
			let unknown = fields
				.keys()
				.find(|name| !ports.iter().any(|port| port_name(port) == name.as_str()));
			if let Some(name) = unknown {
				return Err(Error::Input(format!("the model has no input `{name}`")));
			}
			ports
				.iter()
				.map(|port| {
					fields.get(&port_name(port)).ok_or_else(|| {
						Error::Input(format!("input `{}` is missing", port_name(port)))
					})
				})
				.collect::<Result<_, _>>()?
		}
		_ => return Err(Error::Input("the input is neither a list nor an object".into())),
	};
	if entries.len() != ports.len() {
		return Err(Error::Input(format!(
			"the input has {} tensors, the model takes {}",
			entries.len(),
			ports.len()
		)));
	}
	entries.into_iter().zip(ports).map(|(entry, port)| tensor(entry, port)).collect()
}

/// Reads the tensor of one port.
pub fn read_tensor(bytes: &[u8], port: &Port) -> Result<Tensor, Error> {
	let document: Value = serde_json::from_slice(bytes)
		.map_err(|error| Error::Input(format!("the input is not JSON: {error}")))?;
	tensor(&document, port)
}

fn tensor(entry: &Value, port: &Port) -> Result<Tensor, Error> {
	let wrong = |problem: String| Error::Input(format!("`{}`: {problem}", port_name(port)));
	let (values, ty, shape) = match entry {
		Value::Object(fields) => {
			let unknown = fields
				.keys()
				.find(|key| !["name", "type", "shape", "values"].contains(&key.as_str()));
			if let Some(key) = unknown {
				return Err(wrong(format!("unknown field `{key}`")));
			}
			let values = fields.get("values").ok_or_else(|| wrong("no `values`".into()))?;
			let ty = match fields.get("type") {
				None => port.ty,
				Some(name) => {
					parse_type(name.as_str().ok_or_else(|| wrong("`type` is not text".into()))?)?
				}
			};
			let shape: Option<Vec<u32>> = match fields.get("shape") {
				None => None,
				Some(shape) => Some(
					serde_json::from_value(shape.clone())
						.map_err(|_| wrong("`shape` is not a list of sizes".into()))?,
				),
			};
			(values, ty, shape)
		}
		values => (values, port.ty, None),
	};
	let mut flat = Vec::new();
	let nested = flatten(values, &mut flat).map_err(&wrong)?;
	let shape = match shape {
		Some(shape) => shape,
		None => shape_of(&nested, flat.len(), port).map_err(&wrong)?,
	};
	if element_count(&shape).map(|count| count as usize) != Some(flat.len()) {
		return Err(wrong(format!("{} values do not fill the shape {shape:?}", flat.len())));
	}
	let mut data = Vec::with_capacity(flat.len() * ty.size());
	for value in flat {
		push(value, ty, &mut data).map_err(&wrong)?;
	}
	Ok(Tensor { ty, shape, data })
}

/// The shape of nested lists, and their values in order.
fn flatten<'a>(value: &'a Value, flat: &mut Vec<&'a Value>) -> Result<Vec<u32>, String> {
	let Value::Array(items) = value else {
		flat.push(value);
		return Ok(Vec::new());
	};
	let mut inner: Option<Vec<u32>> = None;
	for item in items {
		let shape = flatten(item, flat)?;
		if inner.get_or_insert_with(|| shape.clone()) != &shape {
			return Err("the nested lists have different lengths".into());
		}
	}
	let mut shape = vec![items.len() as u32];
	shape.extend(inner.unwrap_or_default());
	Ok(shape)
}

/// The shape of values that do not say it: their nesting where it fits the port, else the port's
/// own where that leaves nothing open.
fn shape_of(nested: &[u32], count: usize, port: &Port) -> Result<Vec<u32>, String> {
	if nested.len() == port.shape.len() {
		return Ok(nested.to_vec());
	}
	super::raw::fill_shape(port, count)
		.ok_or_else(|| "say the `shape`, because the model leaves it open".into())
}

fn push(value: &Value, ty: TensorType, data: &mut Vec<u8>) -> Result<(), String> {
	let wrong = || format!("`{value}` is not a value of type {}", super::type_name(ty));
	macro_rules! integer {
		($ty:ty) => {{
			// Large integers may be written as text, because scripts lose their digits.
			let number: Option<$ty> = match value {
				Value::Number(number) => number.to_string().parse().ok(),
				Value::String(text) => text.parse().ok(),
				_ => None,
			};
			data.extend_from_slice(&number.ok_or_else(wrong)?.to_le_bytes());
		}};
	}
	match ty {
		TensorType::F32 => {
			let number = match value {
				Value::Number(number) => number.to_string().parse::<f32>().ok(),
				Value::String(text) => match text.to_ascii_lowercase().as_str() {
					"nan" => Some(f32::NAN),
					"inf" | "infinity" => Some(f32::INFINITY),
					"-inf" | "-infinity" => Some(f32::NEG_INFINITY),
					text => text.parse().ok(),
				},
				_ => None,
			};
			data.extend_from_slice(&number.ok_or_else(wrong)?.to_le_bytes());
		}
		TensorType::Bool => match value {
			Value::Bool(value) => data.push((*value).into()),
			Value::Number(number) if number.as_u64() == Some(0) => data.push(0),
			Value::Number(number) if number.as_u64() == Some(1) => data.push(1),
			_ => return Err(wrong()),
		},
		TensorType::U8 => integer!(u8),
		TensorType::I8 => integer!(i8),
		TensorType::U16 => integer!(u16),
		TensorType::I16 => integer!(i16),
		TensorType::U32 => integer!(u32),
		TensorType::I32 => integer!(i32),
		TensorType::U64 => integer!(u64),
		TensorType::I64 => integer!(i64),
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::tensors::{checked, test_port};
	use countersign_primitives::tensor::Dimension;

	fn port(ty: TensorType, shape: &[u32]) -> Port {
		let shape: Vec<_> = shape.iter().map(|size| Dimension::Fixed(*size)).collect();
		test_port("x", ty, &shape)
	}

	#[test]
	fn values_may_be_nested_or_flat() {
		let ports = [port(TensorType::I32, &[1, 2, 2])];
		let expected = Tensor {
			ty: TensorType::I32,
			shape: vec![1, 2, 2],
			data: [1i32, 2, 3, -4].iter().flat_map(|value| value.to_le_bytes()).collect(),
		};
		for text in [
			"[[[[1, 2], [3, -4]]]]",
			"[[1, 2, 3, -4]]",
			r#"{"x": [1, 2, 3, -4]}"#,
			r#"{"values": [1, 2, 3, -4]}"#,
			r#"[{"type": "i32", "shape": [1, 2, 2], "values": [1, 2, "3", -4]}]"#,
		] {
			assert_eq!(
				read_json(text.as_bytes(), &ports).unwrap(),
				std::slice::from_ref(&expected),
				"{text}"
			);
		}
	}

	#[test]
	fn every_type_keeps_its_edges() {
		let cases = [
			(TensorType::F32, r#"[1.5, "nan", "-inf", -0.0]"#, 4),
			(TensorType::U8, "[0, 255]", 2),
			(TensorType::I8, "[-128, 127]", 2),
			(TensorType::U16, "[65535]", 1),
			(TensorType::I16, "[-32768]", 1),
			(TensorType::U32, "[4294967295]", 1),
			(TensorType::I32, "[-2147483648]", 1),
			(TensorType::U64, r#"["18446744073709551615", 18446744073709551615]"#, 2),
			(TensorType::I64, "[-9223372036854775808]", 1),
			(TensorType::Bool, "[true, 0, 1]", 3),
		];
		for (ty, text, count) in cases {
			let tensor = read_tensor(text.as_bytes(), &port(ty, &[count])).unwrap();
			tensor.check().unwrap();
			assert_eq!(tensor.shape, [count]);
		}
		let tensor = read_tensor(b"[-0.0]", &port(TensorType::F32, &[1])).unwrap();
		assert_eq!(tensor.data, (-0.0f32).to_le_bytes());
		let tensor = read_tensor(b"[18446744073709551615]", &port(TensorType::U64, &[1])).unwrap();
		assert_eq!(tensor.data, [255; 8]);
	}

	#[test]
	fn what_does_not_fit_is_refused() {
		let ports = [port(TensorType::U8, &[2])];
		for text in [
			"[[1, 256]]",
			"[[1, -1]]",
			"[[1, 1.5]]",
			"[[1]]",
			"[[1, 2], [3, 4]]",
			r#"{"y": [1, 2]}"#,
			r#"[{"values": [1, 2], "shap": [2]}]"#,
			r#"[{"values": [1, 2], "type": "f64"}]"#,
			r#"[{"values": [1, 2], "shape": [3]}]"#,
			"[[1, null]]",
			"[[[1], 2]]",
			"7",
			"{",
		] {
			let read = read_json(text.as_bytes(), &ports);
			let problem = read.and_then(|tensors| checked(tensors, &ports)).unwrap_err();
			assert_eq!(problem.exit_code(), 2, "{text}: {problem}");
		}
	}
}
