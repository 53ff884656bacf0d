//! The operators of the canonical set, version 1.
//!
//! The set is small on purpose: importers express larger operators by these. `docs/canonical.md`
//! defines each to the bit; [`crate::element`] is the same in code.

use crate::tensor::TensorType;
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};

/// Operators on one element.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
#[allow(missing_docs)]
pub enum Unary {
	Neg,
	Abs,
	Sign,
	Not,
	Relu,
	Floor,
	Ceil,
	Round,
	Reciprocal,
	Sqrt,
	Exp,
	Expm1,
	Log,
	Log1p,
	Sigmoid,
	Tanh,
	Erf,
	Sin,
	Cos,
	Tan,
	Asin,
	Acos,
	Atan,
	Sinh,
	Cosh,
	Asinh,
	Acosh,
	Atanh,
	IsNan,
	IsPositiveInfinity,
	IsNegativeInfinity,
}

/// Operators on two elements of one type.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
#[allow(missing_docs)]
pub enum Binary {
	Add,
	Sub,
	Mul,
	Div,
	/// The remainder of division toward zero.
	Rem,
	/// The remainder of division toward minus infinity.
	FloorMod,
	Max,
	Min,
	Pow,
	And,
	Or,
	Xor,
	ShiftLeft,
	ShiftRight,
	Equal,
	Less,
	LessOrEqual,
}

impl Binary {
	/// Whether it compares, so that it gives `Bool`.
	pub const fn compares(self) -> bool {
		matches!(self, Self::Equal | Self::Less | Self::LessOrEqual)
	}
}

/// How elements are brought together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
#[allow(missing_docs)]
pub enum Reduction {
	Sum,
	Product,
	Max,
	Min,
}

/// What is written where an index repeats.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
#[allow(missing_docs)]
pub enum Scatter {
	/// The last update wins.
	Replace,
	Add,
	Mul,
	Max,
	Min,
}

/// What stands outside a padded tensor.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub enum PadMode {
	/// The second operand, a scalar.
	Constant,
	/// The nearest element.
	Edge,
	/// A mirror that does not repeat the edge.
	Reflect,
	/// The other end.
	Wrap,
}

/// A window that slides over spatial dimensions. One entry for each of them.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub struct Window {
	/// Taps.
	pub kernel: Vec<u32>,
	/// Steps between outputs.
	pub strides: Vec<u32>,
	/// Steps between taps.
	pub dilations: Vec<u32>,
	/// Taps that may stand before the first element.
	pub before: Vec<u32>,
	/// Taps that may stand after the last element.
	pub after: Vec<u32>,
}

/// A part of one dimension: `start`, `start + step`, ..., `length` elements.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub struct Range {
	/// The first.
	pub start: u32,
	/// The distance; may be negative, never 0.
	pub step: i32,
	/// How many.
	pub length: u32,
}

/// An operator. Each gives one tensor.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub enum Op {
	/// `x`
	#[codec(index = 0)]
	Unary(Unary),
	/// `a, b`, broadcast against each other.
	#[codec(index = 1)]
	Binary(Binary),
	/// `condition, a, b`, broadcast against each other: `a` where the condition holds.
	#[codec(index = 2)]
	Select,
	/// `x` in another type; saturates.
	#[codec(index = 3)]
	Cast(TensorType),
	/// Integer `x` in another integer type or `Bool`; keeps the low bits.
	#[codec(index = 4)]
	Wrap(TensorType),
	/// `a [.., M, K], b [.., N, K], initial [.., M, N]?`: the product of `a` and the transpose of
	/// `b`, over the terms `from .. from + terms` of `K`, added to `initial`.
	#[codec(index = 5)]
	MatMul {
		/// The first term.
		from: u32,
		/// How many terms.
		terms: u32,
	},
	/// `x [N, spatial.., C], w [O, kernel.., C / groups], initial?`: over the terms
	/// `from .. from + terms` of the kernel's elements in row-major order.
	#[codec(index = 6)]
	Conv {
		/// The window.
		window: Window,
		/// Groups of channels.
		groups: u32,
		/// The first term.
		from: u32,
		/// How many terms.
		terms: u32,
	},
	/// `x [N, spatial.., C]`: reduces each window.
	#[codec(index = 7)]
	Pool {
		/// How.
		reduction: Reduction,
		/// The window.
		window: Window,
	},
	/// `x`: reduces dimensions, which stay with size 1.
	#[codec(index = 8)]
	Reduce {
		/// How.
		reduction: Reduction,
		/// Which, ascending.
		axes: Vec<u8>,
	},
	/// `x`: the index of the largest or smallest, as `I64`; the dimension stays with size 1.
	#[codec(index = 9)]
	ArgReduce {
		/// The largest, not the smallest.
		largest: bool,
		/// Over which dimension.
		axis: u8,
		/// The last of equals, not the first.
		last: bool,
	},
	/// `x` in another shape of as many elements.
	#[codec(index = 10)]
	Reshape {
		/// The shape.
		shape: Vec<u32>,
	},
	/// `x` with dimensions in another order: dimension `i` is `x`'s `order[i]`.
	#[codec(index = 11)]
	Transpose {
		/// The order.
		order: Vec<u8>,
	},
	/// `x`: a part of each dimension.
	#[codec(index = 12)]
	Slice {
		/// One for each dimension.
		ranges: Vec<Range>,
	},
	/// `x` repeated to a shape that it broadcasts to.
	#[codec(index = 13)]
	Expand {
		/// The shape.
		shape: Vec<u32>,
	},
	/// `x, value?`: elements around `x`.
	#[codec(index = 14)]
	Pad {
		/// What elements.
		mode: PadMode,
		/// How many before, for each dimension.
		before: Vec<u32>,
		/// How many after.
		after: Vec<u32>,
	},
	/// `x, ..`: one after the other.
	#[codec(index = 15)]
	Concat {
		/// Along which dimension.
		axis: u8,
	},
	/// `x, indices`: parts of `x` at indices into one dimension. Traps outside.
	#[codec(index = 16)]
	Gather {
		/// Which dimension.
		axis: u8,
	},
	/// `x, indices`: for each index the element at this place with `axis` replaced. Traps outside.
	#[codec(index = 17)]
	GatherElements {
		/// Which dimension.
		axis: u8,
	},
	/// `x, indices`: parts of `x` at tuples of indices. Traps outside.
	#[codec(index = 18)]
	GatherNd {
		/// Leading dimensions that `x` and `indices` share.
		batch: u8,
	},
	/// `x, indices, updates`: the reverse of `GatherElements`. Traps outside.
	#[codec(index = 19)]
	ScatterElements {
		/// Which dimension.
		axis: u8,
		/// How.
		scatter: Scatter,
	},
	/// `x, indices, updates`: the reverse of `GatherNd`. Traps outside.
	#[codec(index = 20)]
	ScatterNd {
		/// How.
		scatter: Scatter,
	},
	/// `x`: running sums.
	#[codec(index = 21)]
	CumulativeSum {
		/// Along which dimension.
		axis: u8,
		/// Each sum leaves out its own element.
		exclusive: bool,
		/// From the end.
		reverse: bool,
	},
	/// `x`: the `count` largest or smallest along a dimension, in order, the lower index first
	/// among equals; values or their indices as `I64`. NaN counts as larger than everything.
	#[codec(index = 22)]
	TopK {
		/// Along which dimension.
		axis: u8,
		/// How many.
		count: u32,
		/// The largest, not the smallest.
		largest: bool,
		/// Their indices, not the values.
		indices: bool,
	},
	/// `x [N, F], feature, threshold, mode, yes, no, roots [T]`: the node that each of `T` binary
	/// decision trees ends at, `[N, T]`, as `I64`. Traps where a path does not end.
	#[codec(index = 23)]
	Trees {
		/// The most steps from a root to a leaf.
		depth: u32,
	},
}
