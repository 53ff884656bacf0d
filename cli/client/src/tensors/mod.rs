//! Tensors from files, and as people read them.

mod json;
mod npy;
mod raw;
mod view;

pub use json::{read_json, read_tensor as read_json_tensor};
pub use npy::{read_npy, write_npy};
pub use raw::read_raw;
pub use view::{top, TensorView};

use crate::Error;
use countersign_primitives::tensor::{
	check_signature, decode_tensors, Dimension, Port, Tensor, TensorType, MAX_INPUT_BYTES,
};
use std::path::Path;

/// Reads a model's input from files: one `.json` file with all tensors, or one file for each
/// port, named as `port=path` where there are several. `.npy` files carry type and shape, any
/// other file holds the little-endian bytes of its port.
pub fn read_files(files: &[String], ports: &[Port]) -> Result<Vec<Tensor>, Error> {
	let [single] = files else {
		return read_named(files, ports);
	};
	if single.contains('=') && !Path::new(single).exists() {
		return read_named(files, ports);
	}
	if has_extension(single, "json") {
		let tensors = read_json(&read(single)?, ports)?;
		return checked(tensors, ports);
	}
	let [port] = ports else {
		return Err(Error::Input(format!(
			"the model has {} inputs ({}): give a .json file, or one `name=FILE` for each",
			ports.len(),
			names(ports)
		)));
	};
	checked(vec![read_one(single, port)?], ports)
}

fn read_named(files: &[String], ports: &[Port]) -> Result<Vec<Tensor>, Error> {
	let mut tensors = vec![None; ports.len()];
	for file in files {
		let (name, path) = file.split_once('=').ok_or_else(|| {
			Error::Input(format!("`{file}`: with several files, each is given as `name=FILE`"))
		})?;
		let found = ports
			.iter()
			.zip(&mut tensors)
			.find(|(port, _)| port.name.as_slice() == name.as_bytes());
		let Some((port, tensor)) = found else {
			return Err(Error::Input(format!(
				"the model has no input `{name}`; it has {}",
				names(ports)
			)));
		};
		if tensor.replace(read_one(path, port)?).is_some() {
			return Err(Error::Input(format!("input `{name}` is given twice")));
		}
	}
	let tensors: Option<Vec<Tensor>> = tensors.into_iter().collect();
	let tensors = tensors.ok_or_else(|| {
		Error::Input(format!("not every input is given; the model has {}", names(ports)))
	})?;
	checked(tensors, ports)
}

fn read_one(path: &str, port: &Port) -> Result<Tensor, Error> {
	let bytes = read(path)?;
	if has_extension(path, "npy") {
		read_npy(&bytes)
	} else if has_extension(path, "json") {
		read_json_tensor(&bytes, port)
	} else {
		read_raw(bytes, port)
	}
}

fn has_extension(path: &str, extension: &str) -> bool {
	Path::new(path).extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

fn read(path: &str) -> Result<Vec<u8>, Error> {
	std::fs::read(path).map_err(|reason| Error::File { path: path.into(), reason })
}

/// Checks tensors against the ports, and says which port does not fit.
pub fn checked(tensors: Vec<Tensor>, ports: &[Port]) -> Result<Vec<Tensor>, Error> {
	for tensor in &tensors {
		tensor.check().map_err(Error::Tensors)?;
	}
	if tensors.len() != ports.len() {
		return Err(Error::Input(format!(
			"the model takes {} tensors ({}), not {}",
			ports.len(),
			names(ports),
			tensors.len()
		)));
	}
	for (port, tensor) in ports.iter().zip(&tensors) {
		if !port.accepts(tensor) {
			return Err(Error::Input(format!(
				"`{}` is {}, not {}{:?}",
				port_name(port),
				port_type(port),
				type_name(tensor.ty),
				tensor.shape
			)));
		}
	}
	check_signature(ports, &tensors).map_err(Error::Tensors)?;
	let length = codec::Encode::encoded_size(&tensors);
	if length > MAX_INPUT_BYTES as usize {
		return Err(Error::Input(format!("the input takes {length} bytes; the limit is 1 MiB")));
	}
	Ok(tensors)
}

/// Decodes tensors that came from the chain.
pub fn decode(bytes: &[u8]) -> Result<Vec<Tensor>, Error> {
	decode_tensors(bytes).map_err(Error::Tensors)
}

/// The name of a port as text.
pub fn port_name(port: &Port) -> String {
	String::from_utf8_lossy(&port.name).into_owned()
}

fn names(ports: &[Port]) -> String {
	ports.iter().map(port_name).collect::<Vec<_>>().join(", ")
}

/// The name of an element type.
pub const fn type_name(ty: TensorType) -> &'static str {
	match ty {
		TensorType::F32 => "f32",
		TensorType::U8 => "u8",
		TensorType::I8 => "i8",
		TensorType::I32 => "i32",
		TensorType::I64 => "i64",
		TensorType::Bool => "bool",
		TensorType::U16 => "u16",
		TensorType::I16 => "i16",
		TensorType::U32 => "u32",
		TensorType::U64 => "u64",
	}
}

/// Every element type with its name.
pub const TYPES: [TensorType; 10] = [
	TensorType::F32,
	TensorType::U8,
	TensorType::I8,
	TensorType::I32,
	TensorType::I64,
	TensorType::Bool,
	TensorType::U16,
	TensorType::I16,
	TensorType::U32,
	TensorType::U64,
];

/// The element type of that name.
pub fn parse_type(name: &str) -> Result<TensorType, Error> {
	TYPES.into_iter().find(|ty| type_name(*ty) == name).ok_or_else(|| {
		let known: Vec<_> = TYPES.into_iter().map(type_name).collect();
		Error::Input(format!("there is no type `{name}`; there are {}", known.join(", ")))
	})
}

/// Type and shape of a port, such as `f32[1, 3..=8]`.
pub fn port_type(port: &Port) -> String {
	let shape: Vec<String> = port
		.shape
		.iter()
		.map(|dim| match dim {
			Dimension::Fixed(size) => size.to_string(),
			Dimension::Range { min, max } => format!("{min}..={max}"),
		})
		.collect();
	format!("{}[{}]", type_name(port.ty), shape.join(", "))
}

#[cfg(test)]
pub(crate) fn test_port(name: &str, ty: TensorType, shape: &[Dimension]) -> Port {
	Port {
		name: name.as_bytes().to_vec().try_into().unwrap(),
		ty,
		shape: shape.to_vec().try_into().unwrap(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn write(folder: &Path, name: &str, bytes: &[u8]) -> String {
		let path = folder.join(name);
		std::fs::write(&path, bytes).unwrap();
		path.display().to_string()
	}

	#[test]
	fn the_extension_says_what_a_file_holds() {
		let folder = tempfile::tempdir().unwrap();
		let ports = [test_port("x", TensorType::I16, &[Dimension::Fixed(2)])];
		let expected =
			vec![Tensor { ty: TensorType::I16, shape: vec![2], data: vec![1, 0, 254, 255] }];
		let raw = write(folder.path(), "x.bin", &[1, 0, 254, 255]);
		let json = write(folder.path(), "x.json", b"[[1, -2]]");
		let npy = write(folder.path(), "x.npy", &write_npy(&expected[0]));
		for file in [raw.clone(), json, npy, format!("x={raw}")] {
			assert_eq!(read_files(&[file], &ports).unwrap(), expected);
		}
	}

	#[test]
	fn several_inputs_are_named() {
		let folder = tempfile::tempdir().unwrap();
		let ports = [
			test_port("x", TensorType::U8, &[Dimension::Fixed(1)]),
			test_port("y", TensorType::U8, &[Dimension::Fixed(2)]),
		];
		let x = write(folder.path(), "x.bin", &[7]);
		let y = write(folder.path(), "y.bin", &[8, 9]);
		let tensors = read_files(&[format!("y={y}"), format!("x={x}")], &ports).unwrap();
		assert_eq!(tensors[0].data, [7]);
		assert_eq!(tensors[1].data, [8, 9]);
		let problem = |files: &[String]| read_files(files, &ports).unwrap_err().to_string();
		assert!(problem(std::slice::from_ref(&x)).contains("2 inputs (x, y)"));
		assert!(problem(&[format!("x={x}")]).contains("not every input"));
		assert!(problem(&[format!("z={x}"), format!("y={y}")]).contains("no input `z`"));
		assert!(problem(&[format!("x={x}"), format!("x={x}")]).contains("twice"));
		assert!(problem(&["x=/none".into()]).contains("/none"));
	}

	#[test]
	fn what_does_not_fit_is_named() {
		let ports = [test_port(
			"x",
			TensorType::F32,
			&[Dimension::Fixed(1), Dimension::Range { min: 1, max: 4 }],
		)];
		let tensor = Tensor { ty: TensorType::F32, shape: vec![1, 5], data: vec![0; 20] };
		let problem = checked(vec![tensor], &ports).unwrap_err().to_string();
		assert_eq!(problem, "`x` is f32[1, 1..=4], not f32[1, 5]");
	}
}
