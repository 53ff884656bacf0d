//! Element types, tensors as they travel, and tensors as they are computed with.

use crate::arith;
use alloc::{vec, vec::Vec};
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

/// The bytes of one element, little-endian, for elements of one width.
pub trait Raw: Copy + Default + PartialEq + Send + Sync + 'static {
	/// The bits, widened with zeros.
	fn widen(self) -> u64;
	/// The low bits.
	fn narrow(bits: u64) -> Self;
	/// Bytes as elements.
	fn slice(bytes: &[u8]) -> &[Self];
	/// Bytes as elements to write to.
	fn slice_mut(bytes: &mut [u8]) -> &mut [Self];
}

macro_rules! raw {
	($($size:literal: $t:ty),*) => {$(
		impl Raw for [u8; $size] {
			#[inline(always)]
			fn widen(self) -> u64 {
				u64::from(<$t>::from_le_bytes(self))
			}
			#[inline(always)]
			fn narrow(bits: u64) -> Self {
				(bits as $t).to_le_bytes()
			}
			#[inline(always)]
			fn slice(bytes: &[u8]) -> &[Self] {
				bytes.as_chunks::<$size>().0
			}
			#[inline(always)]
			fn slice_mut(bytes: &mut [u8]) -> &mut [Self] {
				bytes.as_chunks_mut::<$size>().0
			}
		}
	)*};
}

raw!(1: u8, 2: u16, 4: u32, 8: u64);

/// Runs the same code for every width: `T` is the type of the raw elements.
#[macro_export]
#[doc(hidden)]
macro_rules! by_size {
	($size:expr, $t:ident => $body:expr) => {
		match $size {
			1 => {
				type $t = [u8; 1];
				$body
			}
			2 => {
				type $t = [u8; 2];
				$body
			}
			4 => {
				type $t = [u8; 4];
				$body
			}
			_ => {
				type $t = [u8; 8];
				$body
			}
		}
	};
}

/// An operand in place. A `Bool` is one byte, 0 or 1, and every NaN is [`arith::NAN`].
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
	/// Type and shape.
	pub meta: &'a Meta,
	/// The elements, little-endian.
	pub bytes: &'a [u8],
}

impl<'a> View<'a> {
	/// The elements, if they have this width.
	#[inline(always)]
	pub fn raw<T: Raw>(&self) -> Option<&'a [T]> {
		(self.meta.ty.size() == size_of::<T>()).then(|| T::slice(self.bytes))
	}

	/// The number of elements.
	pub fn len(&self) -> usize {
		self.bytes.len() / self.meta.ty.size()
	}

	/// Whether there is no element.
	pub fn is_empty(&self) -> bool {
		self.bytes.is_empty()
	}

	/// The bits of an element; 0 outside.
	#[inline(always)]
	pub fn get(&self, index: u32) -> u64 {
		by_size!(self.meta.ty.size(), T => {
			T::slice(self.bytes).get(index as usize).map_or(0, |bits| bits.widen())
		})
	}
}

/// Copies little-endian elements: every NaN becomes the one NaN, every byte of a `Bool` that is
/// not 0 becomes 1. Both have the same length.
pub(crate) fn normalise(ty: TensorType, from: &[u8], to: &mut [u8]) {
	match ty {
		TensorType::F32 => {
			for (to, from) in to.as_chunks_mut::<4>().0.iter_mut().zip(from.as_chunks::<4>().0) {
				*to = arith::one_nan(f32::from_le_bytes(*from)).to_le_bytes();
			}
		}
		TensorType::Bool => {
			for (to, from) in to.iter_mut().zip(from) {
				*to = u8::from(*from != 0);
			}
		}
		_ => to.copy_from_slice(from),
	}
}

/// Whether [`normalise`] would change nothing.
pub(crate) fn is_normal(ty: TensorType, bytes: &[u8]) -> bool {
	match ty {
		TensorType::F32 => bytes.as_chunks::<4>().0.iter().all(|bits| {
			let x = f32::from_le_bytes(*bits);
			!x.is_nan() || x.to_bits() == arith::NAN.to_bits()
		}),
		TensorType::Bool => bytes.iter().all(|byte| *byte <= 1),
		_ => true,
	}
}

/// Elements as they are computed with: their bits, little-endian, of one width. A `Bool` is one
/// byte, 0 or 1, and every NaN is [`arith::NAN`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Data {
	size: usize,
	bytes: Vec<u8>,
}

impl Data {
	/// The number of elements.
	pub fn len(&self) -> usize {
		self.bytes.len() / self.size
	}

	/// Whether there is no element.
	pub fn is_empty(&self) -> bool {
		self.bytes.is_empty()
	}

	/// The bits of an element; 0 outside.
	pub fn get(&self, index: u32) -> u64 {
		by_size!(self.size, T => {
			T::slice(&self.bytes).get(index as usize).map_or(0, |bits| bits.widen())
		})
	}

	/// No elements, with room for `count`.
	pub fn with_capacity(ty: TensorType, count: usize) -> Self {
		let size = ty.size();
		Self { size, bytes: Vec::with_capacity(count.saturating_mul(size)) }
	}

	/// `count` zeros.
	pub fn zeros(ty: TensorType, count: usize) -> Self {
		let size = ty.size();
		Self { size, bytes: vec![0; count.saturating_mul(size)] }
	}

	/// Adds an element.
	pub fn push(&mut self, bits: u64) {
		self.bytes.extend_from_slice(&bits.to_le_bytes()[..self.size]);
	}

	/// The elements of four bytes; none where they have another width.
	pub fn words(&self) -> Vec<u32> {
		match self.size {
			4 => self.bytes.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b)).collect(),
			_ => Vec::new(),
		}
	}

	/// Reads elements from little-endian bytes: every NaN becomes the one NaN, every byte of a
	/// `Bool` that is not 0 becomes 1. `None` if the length is no multiple of the element's.
	pub fn from_bytes(ty: TensorType, bytes: &[u8]) -> Option<Self> {
		let size = ty.size();
		if !bytes.len().is_multiple_of(size) {
			return None;
		}
		let mut data = vec![0; bytes.len()];
		normalise(ty, bytes, &mut data);
		Some(Self { size, bytes: data })
	}

	/// The elements as little-endian bytes.
	pub fn as_bytes(&self) -> &[u8] {
		&self.bytes
	}

	/// The elements as little-endian bytes to write to.
	pub(crate) fn as_bytes_mut(&mut self) -> &mut [u8] {
		&mut self.bytes
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

	/// The value in place.
	pub fn view(&self) -> View<'_> {
		View { meta: &self.meta, bytes: &self.data.bytes }
	}

	/// The tensor that travels.
	pub fn to_tensor(&self) -> Tensor {
		Tensor { ty: self.meta.ty, shape: self.meta.shape.clone(), data: self.data.bytes.clone() }
	}

	/// A tensor of floats.
	pub fn from_f32(shape: &[u32], elements: &[f32]) -> Self {
		Self {
			meta: Meta { ty: TensorType::F32, shape: shape.to_vec() },
			data: Data {
				size: 4,
				bytes: elements.iter().flat_map(|x| arith::one_nan(*x).to_le_bytes()).collect(),
			},
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
