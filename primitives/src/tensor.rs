//! Tensors as they travel: element types, shapes and lists of named values.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{bounded::BoundedVec, ConstU32};

/// The most dimensions that a tensor has.
pub const MAX_RANK: u32 = 8;
/// The most inputs, and the most outputs, that a model has.
pub const MAX_PORTS: u32 = 16;
/// The most bytes of an input or an output that travels inside an extrinsic.
pub const MAX_INLINE_BYTES: u32 = 64 * 1024;
/// The most bytes of an input that is named by its commitment.
pub const MAX_INPUT_BYTES: u32 = 1024 * 1024;

/// The type of a tensor's elements. Bytes are little-endian; `Bool` is one byte, 0 or 1.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	PartialOrd,
	Ord,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum TensorType {
	/// IEEE 754 binary32.
	#[codec(index = 0)]
	F32,
	/// Unsigned 8-bit integer.
	#[codec(index = 1)]
	U8,
	/// Signed 8-bit integer.
	#[codec(index = 2)]
	I8,
	/// Signed 32-bit integer.
	#[codec(index = 3)]
	I32,
	/// Signed 64-bit integer.
	#[codec(index = 4)]
	I64,
	/// One byte, 0 or 1.
	#[codec(index = 5)]
	Bool,
	/// Unsigned 16-bit integer.
	#[codec(index = 6)]
	U16,
	/// Signed 16-bit integer.
	#[codec(index = 7)]
	I16,
	/// Unsigned 32-bit integer.
	#[codec(index = 8)]
	U32,
	/// Unsigned 64-bit integer.
	#[codec(index = 9)]
	U64,
}

impl TensorType {
	/// Bytes of one element.
	pub const fn size(self) -> usize {
		match self {
			Self::U8 | Self::I8 | Self::Bool => 1,
			Self::U16 | Self::I16 => 2,
			Self::F32 | Self::I32 | Self::U32 => 4,
			Self::I64 | Self::U64 => 8,
		}
	}
}

/// The number of elements that a shape has, or `None` on overflow of 32 bits.
pub fn element_count(shape: &[u32]) -> Option<u32> {
	// A zero anywhere makes the tensor empty, whatever the other dimensions are.
	if shape.contains(&0) {
		return Some(0);
	}
	shape.iter().try_fold(1u32, |count, dim| count.checked_mul(*dim))
}

/// A tensor: a type, a shape, and its elements in row-major order.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Tensor {
	/// The type of the elements.
	pub ty: TensorType,
	/// The dimensions, outermost first; empty for a scalar.
	pub shape: Vec<u32>,
	/// The elements, little-endian.
	pub data: Vec<u8>,
}

/// Why bytes are not a list of tensors.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum TensorError {
	/// The bytes are not the SCALE encoding of a list of tensors, or bytes follow it.
	Malformed,
	/// More than [`MAX_PORTS`] tensors.
	TooMany,
	/// A tensor has more than [`MAX_RANK`] dimensions.
	RankTooHigh,
	/// The data's length is not what type and shape say, or the shape overflows.
	LengthMismatch,
	/// A `Bool` element is neither 0 nor 1.
	NotBool,
	/// The number of tensors, a type or a dimension is not what the manifest declares.
	SignatureMismatch,
}

impl Tensor {
	/// Checks that the data is what type and shape say.
	pub fn check(&self) -> Result<(), TensorError> {
		if self.shape.len() > MAX_RANK as usize {
			return Err(TensorError::RankTooHigh);
		}
		let expected = element_count(&self.shape)
			.and_then(|count| (count as usize).checked_mul(self.ty.size()))
			.ok_or(TensorError::LengthMismatch)?;
		if expected != self.data.len() {
			return Err(TensorError::LengthMismatch);
		}
		if self.ty == TensorType::Bool && self.data.iter().any(|byte| *byte > 1) {
			return Err(TensorError::NotBool);
		}
		Ok(())
	}
}

/// Decodes and checks a list of tensors. Never allocates more than a small multiple of the
/// length of `bytes`.
pub fn decode_tensors(bytes: &[u8]) -> Result<Vec<Tensor>, TensorError> {
	let mut input = bytes;
	let count = codec::Compact::<u32>::decode(&mut input).map_err(|_| TensorError::Malformed)?.0;
	if count > MAX_PORTS {
		return Err(TensorError::TooMany);
	}
	let mut tensors = Vec::with_capacity(count as usize);
	for _ in 0..count {
		let tensor = Tensor::decode(&mut input).map_err(|_| TensorError::Malformed)?;
		tensor.check()?;
		tensors.push(tensor);
	}
	if !input.is_empty() {
		return Err(TensorError::Malformed);
	}
	Ok(tensors)
}

/// A dimension that a manifest declares.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Dimension {
	/// Always this.
	Fixed(u32),
	/// Anything from `min` to `max`, both included.
	Range {
		/// The least.
		min: u32,
		/// The most.
		max: u32,
	},
}

impl Dimension {
	/// Whether `size` is allowed.
	pub fn allows(&self, size: u32) -> bool {
		match self {
			Self::Fixed(dim) => *dim == size,
			Self::Range { min, max } => (*min..=*max).contains(&size),
		}
	}
	/// The largest allowed size.
	pub fn max(&self) -> u32 {
		match self {
			Self::Fixed(dim) => *dim,
			Self::Range { max, .. } => *max,
		}
	}
}

/// A named input or output of a model.
#[derive(
	Clone,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct Port {
	/// The name in the artefact, UTF-8.
	pub name: BoundedVec<u8, ConstU32<64>>,
	/// The type of its elements.
	pub ty: TensorType,
	/// Its dimensions.
	pub shape: BoundedVec<Dimension, ConstU32<MAX_RANK>>,
}

impl Port {
	/// Whether the tensor has this port's type and an allowed shape.
	pub fn accepts(&self, tensor: &Tensor) -> bool {
		self.ty == tensor.ty
			&& self.shape.len() == tensor.shape.len()
			&& self.shape.iter().zip(&tensor.shape).all(|(dim, size)| dim.allows(*size))
	}
	/// The most bytes of data that a tensor of this port has, or `None` on overflow.
	pub fn max_bytes(&self) -> Option<u32> {
		let dims: Vec<u32> = self.shape.iter().map(Dimension::max).collect();
		element_count(&dims)?.checked_mul(self.ty.size() as u32)
	}
}

/// Checks tensors against the ports that a manifest declares, in order.
pub fn check_signature(ports: &[Port], tensors: &[Tensor]) -> Result<(), TensorError> {
	if ports.len() != tensors.len()
		|| !ports.iter().zip(tensors).all(|(port, tensor)| port.accepts(tensor))
	{
		return Err(TensorError::SignatureMismatch);
	}
	Ok(())
}

/// The most bytes that the encoded tensors of these ports take, or `None` on overflow.
pub fn max_encoded_bytes(ports: &[Port]) -> Option<u32> {
	// Five bytes for each compact length, one for the type, four for each dimension.
	ports.iter().try_fold(5u32, |total, port| {
		let head = 11u32.checked_add((port.shape.len() as u32).checked_mul(4)?)?;
		total.checked_add(head)?.checked_add(port.max_bytes()?)
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use alloc::vec;
	use proptest::prelude::*;

	fn tensor() -> Tensor {
		Tensor { ty: TensorType::I32, shape: vec![1, 2], data: vec![0; 8] }
	}

	#[test]
	fn decoding_refuses_what_is_not_exact() {
		let good = vec![tensor()].encode();
		assert_eq!(decode_tensors(&good), Ok(vec![tensor()]));
		let mut longer = good.clone();
		longer.push(0);
		assert_eq!(decode_tensors(&longer), Err(TensorError::Malformed));
		assert_eq!(decode_tensors(&good[..good.len() - 1]), Err(TensorError::Malformed));
		let wrong = vec![Tensor { data: vec![0; 7], ..tensor() }].encode();
		assert_eq!(decode_tensors(&wrong), Err(TensorError::LengthMismatch));
		let overflow =
			vec![Tensor { shape: vec![1 << 16, 1 << 16], data: vec![], ..tensor() }].encode();
		assert_eq!(decode_tensors(&overflow), Err(TensorError::LengthMismatch));
		let deep = vec![Tensor { shape: vec![1; 9], ..tensor() }].encode();
		assert_eq!(decode_tensors(&deep), Err(TensorError::RankTooHigh));
		let boolean = vec![Tensor { ty: TensorType::Bool, shape: vec![1], data: vec![2] }].encode();
		assert_eq!(decode_tensors(&boolean), Err(TensorError::NotBool));
		let many = vec![tensor(); 17].encode();
		assert_eq!(decode_tensors(&many), Err(TensorError::TooMany));
	}

	#[test]
	fn empty_tensors_are_tensors() {
		let empty =
			vec![Tensor { ty: TensorType::F32, shape: vec![0, u32::MAX, u32::MAX], data: vec![] }];
		assert_eq!(decode_tensors(&empty.encode()), Ok(empty));
	}

	proptest! {
		#[test]
		fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
			if let Ok(tensors) = decode_tensors(&bytes) {
				prop_assert_eq!(tensors.encode(), bytes);
			}
		}

		#[test]
		fn the_bound_on_encoded_bytes_holds(dims in proptest::collection::vec(0u32..9, 0..4), ports in 0usize..4) {
			let port = Port {
				name: Default::default(),
				ty: TensorType::I64,
				shape: dims.iter().map(|d| Dimension::Fixed(*d)).collect::<Vec<_>>().try_into().unwrap(),
			};
			let tensor = Tensor { ty: TensorType::I64, data: vec![0; 8 * element_count(&dims).unwrap() as usize], shape: dims };
			let ports = vec![port; ports];
			let tensors = vec![tensor; ports.len()];
			prop_assert!(check_signature(&ports, &tensors).is_ok());
			prop_assert!(tensors.encode().len() as u32 <= max_encoded_bytes(&ports).unwrap());
		}
	}
}
