//! Reductions over dimensions and windows.

use super::walk::Walk;
use crate::{
	arith, by_width,
	element::{identity, reduce_step, tap},
	op::{Reduction, Window},
	tensor::{strides, unravel, Bits, Data, Meta, TensorType, Value},
};
use alloc::{vec, vec::Vec};

/// Calls `$run` with a step that the compiler sees through.
macro_rules! with_step {
	($reduction:expr, $ty:expr, $data:expr, $v:ident, $step:ident => $run:expr) => {
		match ($ty, $data) {
			(TensorType::F32, Data::B4($v)) => {
				macro_rules! float {
					($f:expr) => {{
						let $step = |acc: u32, x: u32| -> u32 {
							$f(f32::from_bits(acc), f32::from_bits(x)).to_bits()
						};
						$run
					}};
				}
				match $reduction {
					Reduction::Sum => float!(|acc: f32, x: f32| {
						arith::one_nan(acc + arith::addend(x))
					}),
					Reduction::Product => float!(arith::mul),
					Reduction::Max => float!(arith::max),
					Reduction::Min => float!(arith::min),
				}
			},
			(ty, data) => by_width!(data, $v => {
				let reduction = $reduction;
				let $step = move |acc, x| narrow_step(reduction, ty, acc, x);
				$run
			}),
		}
	};
}

fn narrow_step<T: Bits>(reduction: Reduction, ty: TensorType, acc: T, x: T) -> T {
	T::narrow(reduce_step(reduction, ty, acc.widen(), x.widen()))
}

pub(super) fn reduce(
	reduction: Reduction,
	_axes: &[u8],
	out: &Meta,
	operands: &[&Value],
) -> Option<Data> {
	let x = operands.first()?;
	let count = out.count() as usize;
	let start = identity(reduction, out.ty);
	let walk = Walk::broadcast(&x.meta.shape, [&out.shape, &x.meta.shape]);
	with_step!(reduction, out.ty, &x.data, v, step => fold(v, start, &walk, count, step))
}

/// Folds every element into its result, in row-major order.
#[inline(always)]
fn fold<T: Bits>(
	x: &[T],
	start: u64,
	walk: &Walk<2>,
	count: usize,
	step: impl Fn(T, T) -> T,
) -> Option<Data> {
	let mut results = vec![T::narrow(start); count];
	let length = walk.length;
	let mut complete = true;
	walk.each(|[to, from]| {
		let Some(run) = x.get(from..from + length) else {
			complete = false;
			return;
		};
		match walk.steps[0] {
			0 => match results.get_mut(to) {
				Some(result) => *result = run.iter().fold(*result, |acc, x| step(acc, *x)),
				None => complete = false,
			},
			_ => match results.get_mut(to..to + length) {
				Some(results) => {
					for (result, x) in results.iter_mut().zip(run) {
						*result = step(*result, *x);
					}
				}
				None => complete = false,
			},
		}
	});
	complete.then(|| T::wrap(results))
}

pub(super) fn pool(
	reduction: Reduction,
	window: &Window,
	out: &Meta,
	operands: &[&Value],
) -> Option<Data> {
	let x = operands.first()?;
	let count = out.count() as usize;
	let start = identity(reduction, out.ty);
	if count == 0 {
		return Some(Data::with_capacity(out.ty, 0));
	}
	with_step!(reduction, out.ty, &x.data, v, step => {
		slide(v, start, window, out, &x.meta.shape, step)
	})
}

#[inline(always)]
fn slide<T: Bits>(
	x: &[T],
	start: u64,
	window: &Window,
	out: &Meta,
	shape: &[u32],
	step: impl Fn(T, T) -> T,
) -> Option<Data> {
	let mut results = vec![T::narrow(start); out.count() as usize];
	let channels = *shape.last()? as usize;
	let own = strides(shape);
	let taps = crate::tensor::element_count(&window.kernel)?;
	let spatial = window.kernel.len();
	let positions = &out.shape[..out.rank() - 1];
	// Where each tap stands, dimension by dimension.
	let offsets: Vec<_> = (0..taps).map(|t| unravel(t, &window.kernel)).collect();
	for (number, result) in results.chunks_exact_mut(channels.max(1)).enumerate() {
		let position = unravel(number as u32, positions);
		'taps: for offset in &offsets {
			let mut at = position[0] as usize * own[0] as usize;
			for axis in 0..spatial {
				match tap(window, axis, position[axis + 1], offset[axis], shape[axis + 1]) {
					Some(inside) => at += inside as usize * own[axis + 1] as usize,
					None => continue 'taps,
				}
			}
			for (result, x) in result.iter_mut().zip(x.get(at..at + channels)?) {
				*result = step(*result, *x);
			}
		}
	}
	Some(T::wrap(results))
}
