//! Whole results, fast. Every kernel gives the bits that [`crate::element`] defines, for every
//! input; property tests hold them to it. Speed comes from working on many results at a time,
//! never from another order of operations inside one.
//!
//! Kernels read operands where they lie and write results where they are to lie. What they need
//! beside that they take from scratch memory, whose size follows from types and shapes alone.

#[cfg(not(feature = "std"))]
mod doubles;
mod elementwise;
pub(crate) mod index;
#[cfg(feature = "std")]
mod level;
mod movement;
mod packed;
#[cfg(feature = "std")]
pub(crate) mod parallel;
pub(crate) mod product;
mod reduce;
#[cfg(not(feature = "std"))]
mod scalar;
mod tile;
#[cfg(feature = "std")]
mod vectors;
mod walk;

pub(crate) use elementwise::saturates;
#[cfg(feature = "std")]
pub use level::{limit_vectors, Vectors};
pub use packed::Packed;
#[cfg(feature = "std")]
pub use parallel::Threads;

/// Threads that runs may use: in this build there are none.
#[cfg(not(feature = "std"))]
#[derive(Debug)]
pub(crate) enum Threads {}

use crate::{
	cost,
	element::Stop,
	op::Op,
	tensor::{Data, Meta, Value, View},
};
use alloc::{vec, vec::Vec};

/// Runs `f`, compiled for the vectors that this processor has, with the same bits: nothing in
/// there is reordered or fused.
#[cfg(feature = "std")]
#[inline(always)]
fn vector<R>(f: impl FnOnce() -> R) -> R {
	struct Run<F>(F);
	impl<R, F: FnOnce() -> R> pulp::WithSimd for Run<F> {
		type Output = R;

		#[inline(always)]
		fn with_simd<S: pulp::Simd>(self, _: S) -> R {
			(self.0)()
		}
	}
	level::arch().dispatch(Run(f))
}

#[cfg(not(feature = "std"))]
#[inline(always)]
fn vector<R>(f: impl FnOnce() -> R) -> R {
	f()
}

/// The elements of the result of `op`, whose type and shape are `out`, as [`crate::infer`] gives
/// them for these operands.
pub fn compute(op: &Op, out: &Meta, operands: &[&Value]) -> Result<Data, Stop> {
	compute_with(op, out, operands, None)
}

/// As [`compute`], on several threads.
#[cfg(feature = "std")]
pub fn compute_on(
	threads: &Threads,
	op: &Op,
	out: &Meta,
	operands: &[&Value],
) -> Result<Data, Stop> {
	compute_with(op, out, operands, Some(threads))
}

fn compute_with(
	op: &Op,
	out: &Meta,
	operands: &[&Value],
	threads: Option<&Threads>,
) -> Result<Data, Stop> {
	let views: Vec<View> = operands.iter().map(|value| value.view()).collect();
	let metas: Vec<&Meta> = operands.iter().map(|value| &value.meta).collect();
	let scratch = usize::try_from(cost::scratch(op, out, &metas)).map_err(|_| Stop::Invalid)?;
	let mut scratch = vec![0u64; scratch.div_ceil(8)];
	let bytes = out.bytes() as usize;
	let mut result = vec![0u64; bytes.div_ceil(8)];
	let to = bytemuck::cast_slice_mut(&mut result).get_mut(..bytes).ok_or(Stop::Invalid)?;
	compute_into(op, out, &views, to, bytemuck::cast_slice_mut(&mut scratch), None, threads)?;
	Data::from_bytes(out.ty, to).ok_or(Stop::Invalid)
}

/// As [`compute`], in place. `to` has exactly the bytes of the result and is aligned for words,
/// `scratch` has at least the bytes that [`cost::scratch`] names. What is in both before does not
/// matter.
pub(crate) fn compute_into(
	op: &Op,
	out: &Meta,
	operands: &[View],
	to: &mut [u8],
	scratch: &mut [u32],
	packed: Option<&Packed>,
	threads: Option<&Threads>,
) -> Result<(), Stop> {
	// As element by element: what is not there does not trap.
	if to.is_empty() {
		return Ok(());
	}
	#[cfg(feature = "std")]
	if let Some(threads) = threads {
		if let Some(done) = parallel::compute(op, out, operands, to, packed, threads) {
			return done;
		}
	}
	#[cfg(not(feature = "std"))]
	let _ = threads;
	let done = match op {
		Op::Unary(kind) => elementwise::unary(*kind, operands, to),
		Op::Binary(kind) => elementwise::binary(*kind, out, operands, to),
		Op::Select => elementwise::select(out, operands, to),
		Op::Cast(ty) => elementwise::cast(*ty, operands, to),
		Op::Wrap(ty) => elementwise::wrap(*ty, operands, to),
		Op::MatMul { .. } | Op::Conv { .. } => {
			return product::product(op, out, operands, to, scratch, packed)
		}
		Op::Pool { reduction, window } => reduce::pool(*reduction, window, out, operands, to),
		Op::Reduce { reduction, .. } => reduce::reduce(*reduction, out, operands, to),
		Op::ArgReduce { largest, axis, last } => {
			index::arg_reduce(*largest, usize::from(*axis), *last, operands, to)
		}
		Op::Reshape { .. } => operands.first().map(|x| to.copy_from_slice(x.bytes)),
		Op::Transpose { order } => movement::transpose(order, out, operands, to),
		Op::Slice { ranges } => movement::slice(ranges, out, operands, to),
		Op::Expand { .. } => movement::expand(out, operands, to),
		Op::Pad { mode, before, .. } => movement::pad(*mode, before, out, operands, to),
		Op::Concat { axis } => movement::concat(usize::from(*axis), out, operands, to),
		Op::Gather { axis } => return index::gather(usize::from(*axis), operands, to),
		Op::GatherElements { axis } => {
			return index::gather_elements(usize::from(*axis), out, operands, to)
		}
		Op::GatherNd { .. } => return crate::element::whole_into(op, out, operands, to),
		Op::ScatterElements { axis, scatter } => {
			return index::scatter_elements(usize::from(*axis), *scatter, operands, to)
		}
		Op::ScatterNd { scatter } => return index::scatter_nd(*scatter, operands, to),
		Op::CumulativeSum { axis, exclusive, reverse } => {
			index::cumulative_sum(usize::from(*axis), *exclusive, *reverse, operands, to)
		}
		Op::TopK { axis, largest, indices, .. } => {
			let scratch = bytemuck::cast_slice_mut(scratch);
			index::top_k(usize::from(*axis), *largest, *indices, out, operands, to, scratch)
		}
		Op::Trees { depth } => return index::trees(*depth, operands, to),
	};
	done.ok_or(Stop::Invalid)
}
