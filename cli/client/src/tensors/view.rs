//! Tensors as people and scripts read them.

use super::{port_name, type_name};
use countersign_primitives::tensor::{Port, Tensor, TensorType};
use serde::Serialize;
use serde_json::Value;

/// A tensor with names and values.
#[derive(Clone, Debug, Serialize)]
pub struct TensorView {
	/// The name of its port.
	pub name: String,
	/// The type of the elements.
	#[serde(rename = "type")]
	pub ty: &'static str,
	/// The dimensions.
	pub shape: Vec<u32>,
	/// The elements in order; NaN and infinities, and integers above 2^53, as text.
	pub values: Vec<Value>,
}

impl TensorView {
	/// Tensors with the names of their ports.
	pub fn all(tensors: &[Tensor], ports: &[Port]) -> Vec<Self> {
		tensors
			.iter()
			.enumerate()
			.map(|(index, tensor)| Self {
				name: ports.get(index).map_or_else(|| index.to_string(), port_name),
				ty: type_name(tensor.ty),
				shape: tensor.shape.clone(),
				values: values(tensor),
			})
			.collect()
	}
}

fn values(tensor: &Tensor) -> Vec<Value> {
	let chunks = tensor.data.chunks_exact(tensor.ty.size());
	chunks.map(|bytes| value(bytes, tensor.ty)).collect()
}

fn value(bytes: &[u8], ty: TensorType) -> Value {
	let mut wide = [0u8; 8];
	for (to, from) in wide.iter_mut().zip(bytes) {
		*to = *from;
	}
	let unsigned = u64::from_le_bytes(wide);
	match ty {
		TensorType::F32 => float(f32::from_bits(unsigned as u32)),
		TensorType::Bool => (unsigned != 0).into(),
		TensorType::U8 | TensorType::U16 | TensorType::U32 | TensorType::U64 => {
			crate::event::number(unsigned.into())
		}
		TensorType::I8 => (unsigned as i8).into(),
		TensorType::I16 => (unsigned as i16).into(),
		TensorType::I32 => (unsigned as i32).into(),
		TensorType::I64 => {
			let signed = unsigned as i64;
			if signed.unsigned_abs() <= 1 << 53 {
				signed.into()
			} else {
				signed.to_string().into()
			}
		}
	}
}

/// A float with no more digits than tell it from its neighbours.
fn float(number: f32) -> Value {
	if !number.is_finite() {
		return number.to_string().into();
	}
	let shortest: f64 = number.to_string().parse().unwrap_or_else(|_| number.into());
	serde_json::Number::from_f64(shortest).map_or(Value::Null, Value::Number)
}

/// The positions and values of the largest elements of a float tensor, largest first.
pub fn top(tensor: &Tensor, count: usize) -> Vec<(usize, f32)> {
	if tensor.ty != TensorType::F32 {
		return Vec::new();
	}
	let mut scores: Vec<(usize, f32)> = tensor
		.data
		.chunks_exact(4)
		.map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
		.enumerate()
		.collect();
	scores.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
	scores.truncate(count);
	scores
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::tensors::{read_json_tensor, test_port};
	use countersign_primitives::tensor::Dimension;

	#[test]
	fn values_are_shown_as_they_are() {
		for (ty, text) in [
			(TensorType::F32, r#"[0.1,-0.0,"NaN","inf",16777216.0]"#),
			(TensorType::U8, "[0,255,1,2,3]"),
			(TensorType::I8, "[-128,127,0,1,-1]"),
			(TensorType::I32, "[-2147483648,2147483647,0,1,-1]"),
			(TensorType::U64, r#"["18446744073709551615",0,1,2,3]"#),
			(TensorType::I64, r#"["-9223372036854775808",-1,0,1,2]"#),
			(TensorType::Bool, "[true,false,true,true,false]"),
		] {
			let port = test_port("x", ty, &[Dimension::Fixed(5)]);
			let tensor = read_json_tensor(text.as_bytes(), &port).unwrap();
			let view = TensorView::all(&[tensor], &[port]).remove(0);
			assert_eq!(serde_json::to_string(&view.values).unwrap(), text);
			assert_eq!(view.name, "x");
		}
	}

	#[test]
	fn the_largest_come_first_and_ties_by_position() {
		let port = test_port("x", TensorType::F32, &[Dimension::Fixed(4)]);
		let tensor = read_json_tensor(b"[0.5, 0.7, 0.5, 0.1]", &port).unwrap();
		assert_eq!(top(&tensor, 3), [(1, 0.7), (0, 0.5), (2, 0.5)]);
	}
}
