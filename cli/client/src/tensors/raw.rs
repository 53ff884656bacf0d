//! Tensors as plain bytes.

use super::{port_name, port_type};
use crate::Error;
use countersign_primitives::tensor::{element_count, Dimension, Port, Tensor};

/// Takes bytes as the little-endian elements of a port.
pub fn read_raw(data: Vec<u8>, port: &Port) -> Result<Tensor, Error> {
	let shape = data
		.len()
		.is_multiple_of(port.ty.size())
		.then(|| fill_shape(port, data.len() / port.ty.size()))
		.flatten();
	let Some(shape) = shape else {
		return Err(Error::Input(format!(
			"{} bytes do not fill `{}`, which is {} with {} bytes an element",
			data.len(),
			port_name(port),
			port_type(port),
			port.ty.size()
		)));
	};
	Ok(Tensor { ty: port.ty, shape, data })
}

/// The shape that a number of elements gives a port with at most one open dimension.
pub(super) fn fill_shape(port: &Port, elements: usize) -> Option<Vec<u32>> {
	let elements = u32::try_from(elements).ok()?;
	let open = port.shape.iter().filter(|dim| only_size(dim).is_none()).count();
	let fixed: Vec<u32> = port.shape.iter().filter_map(only_size).collect();
	let per_step = element_count(&fixed)?;
	let size = match open {
		0 => return (per_step == elements).then_some(fixed),
		1 if per_step > 0 && elements % per_step == 0 => elements / per_step,
		_ => return None,
	};
	port.shape
		.iter()
		.map(|dim| match only_size(dim) {
			Some(size) => Some(size),
			None => dim.allows(size).then_some(size),
		})
		.collect()
}

/// The size of a dimension that has only one.
fn only_size(dim: &Dimension) -> Option<u32> {
	match dim {
		Dimension::Fixed(size) => Some(*size),
		Dimension::Range { min, max } if min == max => Some(*min),
		Dimension::Range { .. } => None,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::tensors::test_port;
	use countersign_primitives::tensor::TensorType;

	#[test]
	fn one_open_dimension_follows_from_the_length() {
		let fixed = test_port("x", TensorType::F32, &[Dimension::Fixed(1), Dimension::Fixed(2)]);
		assert_eq!(read_raw(vec![0; 8], &fixed).unwrap().shape, [1, 2]);
		assert!(read_raw(vec![0; 12], &fixed).is_err());
		assert!(read_raw(vec![0; 7], &fixed).is_err());
		let range = Dimension::Range { min: 1, max: 3 };
		let open = test_port("x", TensorType::I16, &[range, Dimension::Fixed(2)]);
		assert_eq!(read_raw(vec![0; 12], &open).unwrap().shape, [3, 2]);
		assert!(read_raw(vec![0; 16], &open).is_err(), "four is more than three");
		assert!(read_raw(vec![0; 6], &open).is_err(), "not a whole step");
		let two = test_port("x", TensorType::U8, &[range, range]);
		assert!(read_raw(vec![0; 4], &two).is_err());
		let scalar = test_port("x", TensorType::I64, &[]);
		assert_eq!(read_raw(vec![0; 8], &scalar).unwrap().shape, [0u32; 0]);
	}
}
