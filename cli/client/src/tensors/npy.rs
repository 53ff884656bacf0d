//! The `.npy` format, versions 1 to 3: a magic, a Python literal, and the elements.

use crate::Error;
use countersign_primitives::tensor::{Tensor, TensorType};

const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Reads one array.
pub fn read_npy(bytes: &[u8]) -> Result<Tensor, Error> {
	parse(bytes).map_err(|problem| Error::Input(format!("not a usable .npy file: {problem}")))
}

fn parse(bytes: &[u8]) -> Result<Tensor, String> {
	let rest = bytes.strip_prefix(MAGIC).ok_or("it does not begin with the magic")?;
	let (version, rest) = rest.split_first_chunk::<2>().ok_or("it is cut off")?;
	let (length, rest) = match version[0] {
		1 => {
			let (length, rest) = rest.split_first_chunk::<2>().ok_or("it is cut off")?;
			(u16::from_le_bytes(*length) as usize, rest)
		}
		2 | 3 => {
			let (length, rest) = rest.split_first_chunk::<4>().ok_or("it is cut off")?;
			(u32::from_le_bytes(*length) as usize, rest)
		}
		other => return Err(format!("version {other} is not known")),
	};
	let (header, data) = rest.split_at_checked(length).ok_or("it is cut off")?;
	let header = std::str::from_utf8(header).map_err(|_| "the header is not text")?;
	let kind = text_field(header, "descr").ok_or("it has no simple `descr`")?;
	let ty = element_type(kind)?;
	match word_field(header, "fortran_order") {
		Some("False") => (),
		Some("True") => return Err("save it with `numpy.ascontiguousarray` first".into()),
		_ => return Err("it has no `fortran_order`".into()),
	}
	let shape = shape_field(header).ok_or("it has no `shape`")?;
	let tensor = Tensor { ty, shape, data: data.to_vec() };
	tensor.check().map_err(|problem| crate::error::tensor_problem(&problem).to_string())?;
	Ok(tensor)
}

fn after<'a>(header: &'a str, key: &str) -> Option<&'a str> {
	let at = header.find(&format!("'{key}'")).map(|at| at + key.len() + 2)?;
	header.get(at..)?.trim_start().strip_prefix(':').map(str::trim_start)
}

fn text_field<'a>(header: &'a str, key: &str) -> Option<&'a str> {
	after(header, key)?.strip_prefix('\'')?.split('\'').next()
}

fn word_field<'a>(header: &'a str, key: &str) -> Option<&'a str> {
	after(header, key)?.split([',', '}', ' ']).next()
}

fn shape_field(header: &str) -> Option<Vec<u32>> {
	let inner = after(header, "shape")?.strip_prefix('(')?.split(')').next()?;
	inner
		.split(',')
		.map(str::trim)
		.filter(|size| !size.is_empty())
		.map(|size| size.trim_end_matches('L').parse().ok())
		.collect()
}

fn element_type(kind: &str) -> Result<TensorType, String> {
	Ok(match kind {
		"<f4" => TensorType::F32,
		"|u1" | "<u1" => TensorType::U8,
		"|i1" | "<i1" => TensorType::I8,
		"<i4" => TensorType::I32,
		"<i8" => TensorType::I64,
		"|b1" => TensorType::Bool,
		"<u2" => TensorType::U16,
		"<i2" => TensorType::I16,
		"<u4" => TensorType::U32,
		"<u8" => TensorType::U64,
		">f4" | ">i4" | ">i8" | ">u2" | ">i2" | ">u4" | ">u8" => {
			return Err(format!("`{kind}` is big-endian; save it as little-endian"))
		}
		other => return Err(format!("elements of type `{other}` are not known to models")),
	})
}

/// Writes one array, version 1.
pub fn write_npy(tensor: &Tensor) -> Vec<u8> {
	let kind = match tensor.ty {
		TensorType::F32 => "<f4",
		TensorType::U8 => "|u1",
		TensorType::I8 => "|i1",
		TensorType::I32 => "<i4",
		TensorType::I64 => "<i8",
		TensorType::Bool => "|b1",
		TensorType::U16 => "<u2",
		TensorType::I16 => "<i2",
		TensorType::U32 => "<u4",
		TensorType::U64 => "<u8",
	};
	let sizes: Vec<String> = tensor.shape.iter().map(u32::to_string).collect();
	let comma = if sizes.len() == 1 { "," } else { "" };
	let mut header = format!(
		"{{'descr': '{kind}', 'fortran_order': False, 'shape': ({}{comma}), }}",
		sizes.join(", ")
	);
	// Magic, version, length, header and a newline end on a multiple of 64.
	let before = MAGIC.len() + 4;
	while !(before + header.len() + 1).is_multiple_of(64) {
		header.push(' ');
	}
	header.push('\n');
	let mut bytes = MAGIC.to_vec();
	bytes.extend_from_slice(&[1, 0]);
	bytes.extend_from_slice(&(header.len() as u16).to_le_bytes());
	bytes.extend_from_slice(header.as_bytes());
	bytes.extend_from_slice(&tensor.data);
	bytes
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::tensors::TYPES;
	use proptest::prelude::*;

	/// `numpy.save` of `numpy.array([[1.5, -2.0]], dtype=numpy.float32)`.
	const FROM_NUMPY: &[u8] = include_bytes!("../../data/float.npy");

	#[test]
	fn what_numpy_writes_reads() {
		let tensor = read_npy(FROM_NUMPY).unwrap();
		assert_eq!(tensor.ty, TensorType::F32);
		assert_eq!(tensor.shape, [1, 2]);
		assert_eq!(tensor.data, [1.5f32.to_le_bytes(), (-2.0f32).to_le_bytes()].concat());
	}

	#[test]
	fn what_cannot_be_used_is_refused() {
		let header = |literal: &str, data: &[u8]| {
			let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
			bytes.extend_from_slice(&(literal.len() as u16).to_le_bytes());
			bytes.extend_from_slice(literal.as_bytes());
			bytes.extend_from_slice(data);
			bytes
		};
		let good = "{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }";
		assert_eq!(read_npy(&header(good, &[1, 0, 2, 0])).unwrap().shape, [2]);
		let scalar = "{'descr': '|u1', 'fortran_order': False, 'shape': (), }";
		assert_eq!(read_npy(&header(scalar, &[1])).unwrap().shape, [0u32; 0]);
		for (literal, data) in [
			(good, &[1u8, 0, 2][..]),
			("{'descr': '>i2', 'fortran_order': False, 'shape': (1,), }", &[0, 1]),
			("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", &[0; 8]),
			("{'descr': '<i2', 'fortran_order': True, 'shape': (1,), }", &[0, 1]),
			("{'descr': [('x', '<i2')], 'fortran_order': False, 'shape': (1,), }", &[0, 1]),
			("{'descr': '<i2', 'fortran_order': False, }", &[0, 1]),
			("{'descr': '<i2', 'fortran_order': False, 'shape': (-1,), }", &[0, 1]),
			("{'descr': '|b1', 'fortran_order': False, 'shape': (1,), }", &[2]),
		] {
			assert!(read_npy(&header(literal, data)).is_err(), "{literal}");
		}
		assert!(read_npy(b"\x93NUMPY\x01\x00\xff\xff{}").is_err());
		assert!(read_npy(b"PK").is_err());
	}

	proptest! {
		#[test]
		fn what_is_written_reads_back(ty in 0usize..TYPES.len(), shape in proptest::collection::vec(0u32..4, 0..4)) {
			let ty = TYPES[ty];
			let count: u32 = shape.iter().product();
			let tensor = Tensor { ty, shape, data: vec![1; count as usize * ty.size()] };
			prop_assert_eq!(read_npy(&write_npy(&tensor)).unwrap(), tensor);
		}

		#[test]
		fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
			let mut file = MAGIC.to_vec();
			file.extend(bytes);
			let _ = read_npy(&file);
		}
	}
}
