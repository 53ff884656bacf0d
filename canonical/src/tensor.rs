//! Element types, tensors as they travel, and tensors as they are computed with.

use crate::arith;
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};

/// The most dimensions that a tensor has.
pub const MAX_RANK: usize = 8;

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
)]
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
	/// Whether it is an integer type. `Bool` is not.
	pub const fn is_integer(self) -> bool {
		!matches!(self, Self::F32 | Self::Bool)
	}
	/// Whether it has negative values.
	pub const fn is_signed(self) -> bool {
		matches!(self, Self::F32 | Self::I8 | Self::I16 | Self::I32 | Self::I64)
	}
}

/// The number of elements that a shape has, or `None` on overflow of 32 bits.
pub fn element_count(shape: &[u32]) -> Option<u32> {
	if shape.contains(&0) {
		return Some(0);
	}
	shape.iter().try_fold(1u32, |count, dim| count.checked_mul(*dim))
}

/// A tensor as it travels: a type, a shape, and its elements in row-major order. The encoding is
/// the one that the chain's requests and results use.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub struct Tensor {
	/// The type of the elements.
	pub ty: TensorType,
	/// The dimensions, outermost first; empty for a scalar.
	pub shape: Vec<u32>,
	/// The elements, little-endian.
	pub data: Vec<u8>,
}

/// The type and shape of a value.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub struct Meta {
	/// The type of the elements.
	pub ty: TensorType,
	/// The dimensions, outermost first.
	pub shape: Vec<u32>,
}

impl Meta {
	/// The number of elements; 0 where it overflows, which validation excludes.
	pub fn count(&self) -> u32 {
		element_count(&self.shape).unwrap_or(0)
	}
	/// Bytes of all elements.
	pub fn bytes(&self) -> u64 {
		u64::from(self.count()).saturating_mul(self.ty.size() as u64)
	}
	/// The number of dimensions.
	pub fn rank(&self) -> usize {
		self.shape.len()
	}
}

/// Row-major strides of a shape, in elements.
pub fn strides(shape: &[u32]) -> [u32; MAX_RANK] {
	let mut strides = [0u32; MAX_RANK];
	let mut step = 1u32;
	for axis in (0..shape.len().min(MAX_RANK)).rev() {
		strides[axis] = step;
		step = step.saturating_mul(shape[axis]);
	}
	strides
}

/// The position, in each dimension, of the element at `index`.
pub fn unravel(mut index: u32, shape: &[u32]) -> [u32; MAX_RANK] {
	let mut position = [0u32; MAX_RANK];
	for axis in (0..shape.len().min(MAX_RANK)).rev() {
		let dim = shape[axis].max(1);
		position[axis] = index % dim;
		index /= dim;
	}
	position
}

/// Elements as they are computed with: their bits, by width. A `Bool` is one byte, 0 or 1, and
/// every NaN is [`arith::NAN`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Data {
	/// Elements of one byte.
	B1(Vec<u8>),
	/// Elements of two bytes.
	B2(Vec<u16>),
	/// Elements of four bytes.
	B4(Vec<u32>),
	/// Elements of eight bytes.
	B8(Vec<u64>),
}

/// Runs the same code for every width.
#[macro_export]
#[doc(hidden)]
macro_rules! by_width {
	($data:expr, $v:ident => $body:expr) => {
		match $data {
			$crate::tensor::Data::B1($v) => $body,
			$crate::tensor::Data::B2($v) => $body,
			$crate::tensor::Data::B4($v) => $body,
			$crate::tensor::Data::B8($v) => $body,
		}
	};
}

/// Bits of one width.
pub trait Bits: Copy + Default + PartialEq + 'static {
	/// Widened with zeros.
	fn widen(self) -> u64;
	/// The low bits.
	fn narrow(bits: u64) -> Self;
	/// Wraps elements.
	fn wrap(elements: Vec<Self>) -> Data;
	/// The elements, if they have this width.
	fn slice(data: &Data) -> Option<&[Self]>;
}

macro_rules! bits {
	($($t:ty: $variant:ident),*) => {$(
		impl Bits for $t {
			#[inline(always)]
			fn widen(self) -> u64 {
				u64::from(self)
			}
			#[inline(always)]
			fn narrow(bits: u64) -> Self {
				bits as $t
			}
			fn wrap(elements: Vec<Self>) -> Data {
				Data::$variant(elements)
			}
			fn slice(data: &Data) -> Option<&[Self]> {
				match data {
					Data::$variant(elements) => Some(elements),
					_ => None,
				}
			}
		}
	)*};
}

bits!(u8: B1, u16: B2, u32: B4, u64: B8);

impl Data {
	/// The number of elements.
	pub fn len(&self) -> usize {
		by_width!(self, v => v.len())
	}

	/// Whether there is no element.
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}

	/// The bits of an element; 0 outside.
	#[inline(always)]
	pub fn get(&self, index: u32) -> u64 {
		by_width!(self, v => v.get(index as usize).map_or(0, |bits| bits.widen()))
	}

	/// No elements, with room for `count`.
	pub fn with_capacity(ty: TensorType, count: usize) -> Self {
		match ty.size() {
			1 => Self::B1(Vec::with_capacity(count)),
			2 => Self::B2(Vec::with_capacity(count)),
			4 => Self::B4(Vec::with_capacity(count)),
			_ => Self::B8(Vec::with_capacity(count)),
		}
	}

	/// Adds an element.
	pub fn push(&mut self, bits: u64) {
		match self {
			Self::B1(v) => v.push(bits as u8),
			Self::B2(v) => v.push(bits as u16),
			Self::B4(v) => v.push(bits as u32),
			Self::B8(v) => v.push(bits),
		}
	}

	/// The elements of four bytes.
	pub fn words(&self) -> &[u32] {
		match self {
			Self::B4(v) => v,
			_ => &[],
		}
	}

	/// The elements of one byte.
	pub fn octets(&self) -> &[u8] {
		match self {
			Self::B1(v) => v,
			_ => &[],
		}
	}

	/// Reads elements from little-endian bytes: every NaN becomes the one NaN, every byte of a
	/// `Bool` that is not 0 becomes 1. `None` if the length is no multiple of the element's.
	pub fn from_bytes(ty: TensorType, bytes: &[u8]) -> Option<Self> {
		let size = ty.size();
		if !bytes.len().is_multiple_of(size) {
			return None;
		}
		Some(match ty {
			TensorType::Bool => Self::B1(bytes.iter().map(|byte| u8::from(*byte != 0)).collect()),
			TensorType::U8 | TensorType::I8 => Self::B1(bytes.to_vec()),
			TensorType::F32 => Self::B4(
				bytes
					.as_chunks::<4>()
					.0
					.iter()
					.map(|b| arith::one_nan(f32::from_le_bytes(*b)).to_bits())
					.collect(),
			),
			_ => match size {
				2 => Self::B2(
					bytes.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b)).collect(),
				),
				4 => Self::B4(
					bytes.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b)).collect(),
				),
				_ => Self::B8(
					bytes.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b)).collect(),
				),
			},
		})
	}

	/// The elements as little-endian bytes.
	pub fn to_bytes(&self) -> Vec<u8> {
		by_width!(self, v => v.iter().flat_map(|bits| bits.to_le_bytes()).collect())
	}
}

/// A value: what it is and its elements.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Value {
	/// Type and shape.
	pub meta: Meta,
	/// The elements.
	pub data: Data,
}

impl Value {
	/// Reads a tensor. `None` if its data is not what type and shape say.
	pub fn from_tensor(tensor: &Tensor) -> Option<Self> {
		let count = element_count(&tensor.shape)? as usize;
		if tensor.shape.len() > MAX_RANK
			|| count.checked_mul(tensor.ty.size())? != tensor.data.len()
		{
			return None;
		}
		Some(Self {
			meta: Meta { ty: tensor.ty, shape: tensor.shape.clone() },
			data: Data::from_bytes(tensor.ty, &tensor.data)?,
		})
	}

	/// The tensor that travels.
	pub fn to_tensor(&self) -> Tensor {
		Tensor { ty: self.meta.ty, shape: self.meta.shape.clone(), data: self.data.to_bytes() }
	}

	/// A tensor of floats.
	pub fn from_f32(shape: &[u32], elements: &[f32]) -> Self {
		Self {
			meta: Meta { ty: TensorType::F32, shape: shape.to_vec() },
			data: Data::B4(elements.iter().map(|x| arith::one_nan(*x).to_bits()).collect()),
		}
	}

	/// A tensor of integers of any type; the low bits are kept.
	pub fn from_integers(ty: TensorType, shape: &[u32], elements: &[i64]) -> Self {
		let mut data = Data::with_capacity(ty, elements.len());
		for element in elements {
			data.push(*element as u64);
		}
		Self { meta: Meta { ty, shape: shape.to_vec() }, data }
	}
}
