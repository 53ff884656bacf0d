//! What a run costs, from the program alone: an upper bound on the work, whatever the values are.

use crate::{
	kernels::{index, product},
	op::{Binary, Op, Reduction, Unary},
	tensor::{element_count, Meta, TensorType},
};
use codec::{Decode, Encode};

/// The cost of a run, or of one operator.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Cost {
	/// Multiply-accumulate operations.
	pub macs: u64,
	/// Bytes read and written.
	pub moved: u64,
	/// Elements of additions, comparisons, selections, casts and the like.
	pub simple: u64,
	/// Elements of integer divisions, roots, and integer arithmetic outside 32 and 64 bits.
	pub divisions: u64,
	/// Elements of `exp`, `tanh` and the like, powers and float remainders.
	pub transcendental: u64,
	/// Steps of searches: sorting, trees, scattered updates.
	pub searches: u64,
	/// Operators.
	pub operators: u32,
	/// The most bytes that inputs, results and what operators take to work need at one time, as
	/// they are laid out in slabs.
	pub peak: u64,
	/// How many slabs of [`crate::memory::SLAB_BYTES`] that takes, without the constants;
	/// `u32::MAX` where an operator takes more than a slab to work.
	pub slabs: u32,
	/// Bytes of all constants.
	pub constants: u64,
}

impl Cost {
	/// Adds the cost of an operator; `peak` and `constants` stay.
	pub fn add_operator(&mut self, other: &Self) {
		self.macs = self.macs.saturating_add(other.macs);
		self.moved = self.moved.saturating_add(other.moved);
		self.simple = self.simple.saturating_add(other.simple);
		self.divisions = self.divisions.saturating_add(other.divisions);
		self.transcendental = self.transcendental.saturating_add(other.transcendental);
		self.searches = self.searches.saturating_add(other.searches);
		self.operators = self.operators.saturating_add(other.operators);
	}

	/// The whole as multiply-accumulates, the unit of fees and of time allowances: an upper bound
	/// on the time of a run in the runtime, in units of [`MAC_PICOSECONDS`].
	pub fn weighted_macs(&self) -> u64 {
		self.macs
			.saturating_add(self.moved / 2)
			.saturating_add(self.peak)
			.saturating_add(self.simple.saturating_mul(SIMPLE))
			.saturating_add(self.divisions.saturating_mul(DIVISION))
			.saturating_add(self.transcendental.saturating_mul(TRANSCENDENTAL))
			.saturating_add(self.searches.saturating_mul(SEARCH))
			.saturating_add(u64::from(self.operators).saturating_mul(OPERATOR))
	}
}

// Measured by `cargo run --release -p countersign-canonical-wasm --example weights` on the worst
// values of each operator, in WebAssembly as the node's executor runs it, and rounded up so that
// no operator takes longer than it is charged for.

/// One multiply-accumulate of floats, in picoseconds, on the machine of the measurement.
pub const MAC_PICOSECONDS: u64 = 260;
/// A simple element, in multiply-accumulates.
pub const SIMPLE: u64 = 20;
/// An element of divisions and the like, in multiply-accumulates.
pub const DIVISION: u64 = 54;
/// An element of transcendental functions, in multiply-accumulates. The slow ones count several
/// times.
pub const TRANSCENDENTAL: u64 = 160;
/// A step of a search, in multiply-accumulates.
pub const SEARCH: u64 = 72;
/// An operator, in multiply-accumulates.
pub const OPERATOR: u64 = 4096;

/// Elements from which on it counts little to begin a row.
const LONG_ROW: u32 = 16;

/// Types whose elements have loops of their own.
fn is_wide(ty: TensorType) -> bool {
	matches!(ty, TensorType::F32 | TensorType::I32 | TensorType::Bool)
}

/// The cost of one operator.
pub fn of(op: &Op, out: &Meta, operands: &[&Meta]) -> Cost {
	let mut cost = Cost { operators: 1, ..Cost::default() };
	let results = u64::from(out.count());
	let read: u64 = operands.iter().map(|meta| meta.bytes()).fold(0, u64::saturating_add);
	cost.moved = read.saturating_add(out.bytes());
	let count = |shape: &[u32]| u64::from(element_count(shape).unwrap_or(0));
	let first = operands.first().map_or(0, |meta| u64::from(meta.count()));
	let ty = operands.first().map_or(TensorType::F32, |meta| meta.ty);
	match op {
		Op::Unary(kind) => match kind {
			Unary::Neg | Unary::Abs | Unary::Relu if ty == TensorType::F32 => cost.simple = results,
			Unary::Round | Unary::Not | Unary::Reciprocal => cost.simple = results,
			Unary::Floor | Unary::Ceil => cost.divisions = results.saturating_add(results / 2),
			Unary::Neg
			| Unary::Abs
			| Unary::Relu
			| Unary::Sign
			| Unary::IsNan
			| Unary::IsPositiveInfinity
			| Unary::IsNegativeInfinity => cost.divisions = results,
			Unary::Asin | Unary::Asinh => {
				cost.transcendental = results.saturating_add(results / 4);
			}
			Unary::Tanh => cost.transcendental = results.saturating_mul(2),
			Unary::Erf => cost.transcendental = results.saturating_mul(4),
			// The largest arguments are reduced step by step.
			Unary::Sin | Unary::Cos | Unary::Tan => {
				cost.transcendental = results.saturating_mul(6);
			}
			_ => cost.transcendental = results,
		},
		Op::Binary(kind) => match kind {
			Binary::Pow if ty == TensorType::F32 => cost.transcendental = results.saturating_mul(6),
			Binary::Pow => cost.transcendental = results,
			Binary::Rem if ty == TensorType::F32 => {
				cost.transcendental = results.saturating_mul(16);
			}
			Binary::Div if ty == TensorType::F32 => cost.simple = results,
			Binary::Div | Binary::Rem | Binary::FloorMod => cost.divisions = results,
			// Long rows are one plain loop each.
			_ if is_wide(ty) && out.shape.last().is_some_and(|row| *row >= LONG_ROW) => {
				cost.simple = (results / 3).saturating_mul(2).saturating_add(2);
			}
			_ if is_wide(ty) => cost.simple = results,
			_ => cost.divisions = results,
		},
		Op::Select => cost.simple = results,
		Op::Cast(to) if ty == TensorType::F32 && to.is_integer() => {
			cost.divisions = results.saturating_add(if to.size() == 8 { results / 8 } else { 0 });
		}
		Op::Cast(_) | Op::Wrap(_) => cost.simple = results.saturating_mul(2),
		Op::MatMul { terms, .. } => {
			cost.macs = results.saturating_mul(u64::from(*terms));
			let columns = u64::from(out.shape.last().copied().unwrap_or(0)).max(1);
			let rows = cost.macs / columns;
			let packed = operands.get(1).map_or(0, |b| u64::from(b.count()));
			let [batches, height] = batches(out, operands);
			// One row reads its columns where they lie.
			let packed = if height == 1 && ty == TensorType::F32 { packed / 4 } else { packed / 2 };
			cost.simple = packing(cost.macs, rows, columns, operands, results)
				.saturating_add(packed)
				.saturating_add(batches.saturating_mul(BATCH));
		}
		Op::Conv { window, groups, terms, .. } => {
			cost.macs = results.saturating_mul(u64::from(*terms));
			let outputs = operands.get(1).map_or(1, |w| u64::from(w.shape[0]).max(1));
			let groups = u64::from(*groups).max(1);
			let columns = (outputs / groups).max(1);
			let taps = count(&window.kernel);
			if columns == 1 && operands.get(1).and_then(|w| w.shape.last()) == Some(&1) {
				// Channels in blocks of 8 and of 1, tap by tap.
				let blocks = groups / 8 + groups % 8;
				let walked = positions(out).saturating_mul(taps);
				cost.simple = walked
					.saturating_mul((blocks / 2).saturating_add(groups.div_ceil(256)))
					.saturating_add(cost.macs / if ty == TensorType::F32 { 4 } else { 3 })
					.saturating_add(first / 2)
					.saturating_add(slower(cost.macs, results, ty));
			} else {
				let rows = cost.macs / columns;
				let packed = operands.get(1).map_or(0, |w| u64::from(w.count()));
				cost.simple = packing(cost.macs, rows, columns, operands, results)
					.saturating_add(packed / 2)
					.saturating_add(window_walk(op, out, operands));
			}
		}
		Op::Pool { reduction, window } => {
			let taps = count(&window.kernel);
			reduction_cost(&mut cost, *reduction, ty, results.saturating_mul(taps));
			let walked = positions(out).saturating_mul(taps);
			cost.simple = cost.simple.saturating_add(walked.saturating_mul(3));
		}
		Op::Reduce { reduction, .. } => {
			reduction_cost(&mut cost, *reduction, ty, first.max(results));
			cost.simple = cost.simple.saturating_add(results / 2);
		}
		Op::ArgReduce { .. } => cost.searches = first,
		Op::Reshape { .. }
		| Op::Transpose { .. }
		| Op::Slice { .. }
		| Op::Expand { .. }
		| Op::Pad { .. }
		| Op::Concat { .. } => cost.simple = results.saturating_add(results / 4),
		Op::GatherNd { .. } => {
			// Element by element.
			cost.simple = results;
			cost.searches = results.saturating_mul(5);
		}
		Op::Gather { .. } | Op::GatherElements { .. } => {
			let indices = operands.get(1).map_or(0, |meta| u64::from(meta.count()));
			cost.simple = results;
			cost.searches = indices;
		}
		Op::ScatterElements { .. } | Op::ScatterNd { .. } => {
			let each = |i: usize| operands.get(i).map_or(0, |meta| u64::from(meta.count()));
			cost.simple = results;
			cost.searches = each(1).saturating_add(each(2));
		}
		Op::CumulativeSum { .. } => cost.divisions = results,
		Op::TopK { axis, .. } => {
			let row = operands[0].shape.get(usize::from(*axis)).copied().unwrap_or(1);
			let comparisons = u64::from(32 - row.leading_zeros()).saturating_add(1);
			cost.searches = first.saturating_mul(comparisons);
		}
		Op::Trees { depth } => {
			cost.searches = results.saturating_mul(u64::from(*depth) + 1);
		}
	}
	cost
}

/// What a batch of a product of matrices takes on its own, in simple steps.
const BATCH: u64 = 64;
/// What a group or a block of a convolution takes on its own, in simple steps.
const WINDOW_BLOCK: u64 = 16;
/// What the positions that the same taps reach take on their own in each of these.
const WINDOW_CLASS: u64 = 8;
/// What a result takes that is computed element by element, in simple steps.
const ELEMENT: u64 = 24;

/// The batches of a product of matrices that are computed one by one, and the rows of each.
fn batches(out: &Meta, operands: &[&Meta]) -> [u64; 2] {
	let count = |shape: &[u32]| u64::from(element_count(shape).unwrap_or(u32::MAX));
	let leading = |shape: &[u32]| shape.len().saturating_sub(2);
	let batch = out.shape.get(..leading(&out.shape)).unwrap_or_default();
	let height = u64::from(out.shape.get(batch.len()).copied().unwrap_or(1));
	let of = |at: usize| {
		let shape = operands.get(at).map(|meta| &meta.shape[..]).unwrap_or_default();
		shape.get(..leading(shape)).unwrap_or_default()
	};
	// One second factor for all: its batches are rows.
	if count(of(1)) == 1 && of(0) == batch {
		return [1, height.saturating_mul(count(batch))];
	}
	[count(batch), height]
}

/// The simple steps beside the columns of packing operands for products: rows for each block of
/// columns, and what reading and writing results takes.
fn packing(macs: u64, rows: u64, columns: u64, operands: &[&Meta], results: u64) -> u64 {
	let rows = rows.saturating_mul(columns.div_ceil(512));
	let ty = operands.first().map_or(TensorType::F32, |a| a.ty);
	rows.saturating_add(results / 2).saturating_add(slower(macs, results, ty))
}

/// The simple steps that products of integers take more than those of floats.
fn slower(macs: u64, results: u64, ty: TensorType) -> u64 {
	match (ty, ty.size()) {
		(TensorType::F32, _) => 0,
		// Eight bytes are multiplied element by element.
		(_, 8) => macs.saturating_mul(8).saturating_add(results.saturating_mul(ELEMENT)),
		_ => macs / 16,
	}
}

fn reduction_cost(cost: &mut Cost, reduction: Reduction, ty: TensorType, steps: u64) {
	if is_wide(ty) && reduction == Reduction::Sum {
		// Slow on some small numbers.
		cost.simple = steps.saturating_add(steps / 2);
	} else if is_wide(ty) && reduction != Reduction::Product {
		cost.simple = steps.saturating_add(steps / 8);
	} else {
		cost.divisions = steps;
	}
}

/// Output positions of one batch element's window walk, times the batch.
fn positions(out: &Meta) -> u64 {
	u64::from(out.count() / out.shape.last().copied().unwrap_or(1).max(1))
}

/// The steps that a product takes to find its rows and the taps inside.
fn window_walk(op: &Op, out: &Meta, operands: &[&Meta]) -> u64 {
	let (Op::Conv { window, groups, terms, .. }, Some(w)) = (op, operands.get(1)) else {
		return 0;
	};
	let taps = u64::from(element_count(&window.kernel).unwrap_or(u32::MAX));
	let outputs = u64::from(w.shape.first().copied().unwrap_or(1));
	let groups = u64::from(*groups).max(1);
	// Every group, block of columns and block of terms walks all positions.
	let columns = groups.saturating_mul((outputs / groups).div_ceil(512).max(1));
	let of_terms = u64::from(*terms).div_ceil(256).max(1);
	let blocks = columns.saturating_mul(of_terms);
	let positions = positions(out);
	// Along each dimension the taps that stand inside change at both ends only.
	let classes = window.kernel.iter().zip(out.shape.iter().skip(1)).fold(1u64, |all, (k, n)| {
		all.saturating_mul(u64::from(*n).min(u64::from(*k).saturating_mul(2).saturating_add(1)))
	});
	let known = classes.saturating_mul(taps);
	// Where they are many, they are found again for each block.
	let found = if known <= u64::from(product::KEPT_TAPS) { 1 } else { blocks };
	positions
		// Each tap of a row is read once, and looked at in each block.
		.saturating_mul(columns.saturating_mul(taps.saturating_add(of_terms)))
		.saturating_add(positions.saturating_mul(taps).saturating_mul(blocks) / 8)
		.saturating_add(positions.saturating_mul(taps))
		.saturating_add(known.saturating_mul(found))
		.saturating_add(blocks.saturating_mul(WINDOW_BLOCK))
		.saturating_add(blocks.saturating_mul(classes).saturating_mul(WINDOW_CLASS))
}

/// Bytes of scratch memory that an operator takes while it runs, beside operands and result.
pub(crate) fn scratch(op: &Op, out: &Meta, operands: &[&Meta]) -> u64 {
	match op {
		Op::MatMul { .. } | Op::Conv { .. } => product::scratch(op, out, operands),
		Op::TopK { axis, .. } => {
			let rows = operands.first().and_then(|x| x.shape.get(usize::from(*axis)));
			index::sort_scratch(rows.copied().unwrap_or(0))
		}
		_ => 0,
	}
}
