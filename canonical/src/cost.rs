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
	/// Elements of divisions, roots and integer arithmetic outside 32 and 64 bits.
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

	/// The whole as multiply-accumulates, the unit of fees and of time allowances. The factors
	/// are measured worst cases in the runtime, rounded up.
	pub fn weighted_macs(&self) -> u64 {
		self.macs
			.saturating_add(self.moved / 2)
			.saturating_add(self.simple.saturating_mul(4))
			.saturating_add(self.divisions.saturating_mul(16))
			.saturating_add(self.transcendental.saturating_mul(128))
			.saturating_add(self.searches.saturating_mul(64))
			.saturating_add(u64::from(self.operators).saturating_mul(4096))
	}
}

fn is_wide(ty: TensorType) -> bool {
	matches!(ty, TensorType::F32 | TensorType::I32 | TensorType::I64 | TensorType::Bool)
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
			Unary::Neg
			| Unary::Abs
			| Unary::Sign
			| Unary::Not
			| Unary::Relu
			| Unary::Floor
			| Unary::Ceil
			| Unary::Round
			| Unary::IsNan
			| Unary::IsPositiveInfinity
			| Unary::IsNegativeInfinity => cost.simple = results,
			Unary::Reciprocal | Unary::Sqrt => cost.divisions = results,
			_ => cost.transcendental = results,
		},
		Op::Binary(kind) => match kind {
			Binary::Pow => cost.transcendental = results,
			Binary::Rem if ty == TensorType::F32 => cost.transcendental = results,
			Binary::Div | Binary::Rem | Binary::FloorMod => cost.divisions = results,
			_ if is_wide(ty) => cost.simple = results,
			_ => cost.divisions = results,
		},
		Op::Select | Op::Cast(_) | Op::Wrap(_) => cost.simple = results,
		Op::MatMul { terms, .. } | Op::Conv { terms, .. } => {
			cost.macs = results.saturating_mul(u64::from(*terms));
			// Operands are packed, and the accumulators read back.
			cost.moved = cost.moved.saturating_mul(3);
			if let Op::Conv { .. } = op {
				let gathered =
					cost.macs / operands.get(1).map_or(1, |w| u64::from(w.shape[0]).max(1));
				cost.moved = cost.moved.saturating_add(gathered.saturating_mul(8));
				cost.simple = window_walk(op, out, operands);
			}
		}
		Op::Pool { reduction, window } => {
			let steps = results.saturating_mul(count(&window.kernel));
			reduction_cost(&mut cost, *reduction, ty, steps);
		}
		Op::Reduce { reduction, .. } => {
			reduction_cost(&mut cost, *reduction, ty, first.max(results));
		}
		Op::ArgReduce { .. } => cost.searches = first,
		Op::Reshape { .. }
		| Op::Transpose { .. }
		| Op::Slice { .. }
		| Op::Expand { .. }
		| Op::Pad { .. }
		| Op::Concat { .. } => cost.simple = results,
		Op::Gather { .. } | Op::GatherElements { .. } | Op::GatherNd { .. } => {
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

fn reduction_cost(cost: &mut Cost, reduction: Reduction, ty: TensorType, steps: u64) {
	if is_wide(ty) && reduction != Reduction::Product {
		cost.simple = steps;
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
	let blocks = groups * (outputs / groups).div_ceil(512).max(1);
	let blocks = blocks.saturating_mul(u64::from(*terms).div_ceil(256).max(1));
	positions(out)
		.saturating_mul(taps.min(64))
		.saturating_mul(blocks)
		.saturating_add(positions(out).saturating_mul(taps))
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
