//! Whole results, fast. Every kernel gives the bits that [`crate::element`] defines, for every
//! input; property tests hold them to it. Speed comes from working on many results at a time,
//! never from another order of operations inside one.

mod elementwise;
mod index;
mod movement;
mod product;
mod reduce;
mod walk;

use crate::{
	element::{self, Stop},
	op::Op,
	tensor::{Data, Meta, Value},
};

/// The elements of the result of `op`, whose type and shape are `out`, as [`crate::infer`] gives
/// them for these operands.
pub fn compute(op: &Op, out: &Meta, operands: &[&Value]) -> Result<Data, Stop> {
	let fast = match op {
		Op::Unary(kind) => elementwise::unary(*kind, operands),
		Op::Binary(kind) => elementwise::binary(*kind, out, operands),
		Op::Select => elementwise::select(out, operands),
		Op::Cast(to) => elementwise::cast(*to, operands),
		Op::Wrap(to) => elementwise::wrap(*to, operands),
		Op::MatMul { from, terms } => product::matmul(*from, *terms, out, operands),
		Op::Conv { window, groups, from, terms } => {
			product::conv(window, *groups, *from, *terms, out, operands)
		}
		Op::Pool { reduction, window } => reduce::pool(*reduction, window, out, operands),
		Op::Reduce { reduction, axes } => reduce::reduce(*reduction, axes, out, operands),
		Op::Reshape { .. } => operands.first().map(|x| x.data.clone()),
		Op::Transpose { order } => movement::transpose(order, out, operands),
		Op::Slice { ranges } => movement::slice(ranges, out, operands),
		Op::Expand { .. } => movement::expand(out, operands),
		Op::Pad { mode, before, .. } => movement::pad(*mode, before, out, operands),
		Op::Concat { axis } => movement::concat(usize::from(*axis), out, operands),
		Op::Gather { axis } => return index::gather(usize::from(*axis), out, operands),
		Op::ScatterElements { axis, scatter } => {
			return index::scatter_elements(usize::from(*axis), *scatter, operands)
		}
		Op::ScatterNd { scatter } => return index::scatter_nd(*scatter, operands),
		Op::CumulativeSum { axis, exclusive, reverse } => {
			index::cumulative_sum(usize::from(*axis), *exclusive, *reverse, operands)
		}
		Op::TopK { axis, largest, indices, .. } => {
			index::top_k(usize::from(*axis), *largest, *indices, out, operands)
		}
		Op::ArgReduce { .. }
		| Op::GatherElements { .. }
		| Op::GatherNd { .. }
		| Op::Trees { .. } => return element::whole(op, out, operands),
	};
	fast.ok_or(Stop::Invalid)
}
