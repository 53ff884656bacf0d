//! Reductions over dimensions and windows.

use super::{vector, walk::Walk};
use crate::{
	arith, by_size,
	element::{identity, reduce_step, tap},
	op::{Reduction, Window},
	tensor::{element_count, strides, unravel, Meta, Raw, TensorType, View, MAX_RANK},
};

type Word = [u8; 4];

/// Calls `$run` with a step that the compiler sees through.
macro_rules! with_step {
	($reduction:expr, $ty:expr, $x:expr, $v:ident, $step:ident => $run:expr) => {
		if $ty == TensorType::F32 {
			let $v = $x.raw::<Word>()?;
			macro_rules! float {
				($f:expr) => {{
					let $step = |acc: Word, x: Word| -> Word {
						$f(f32::from_le_bytes(acc), f32::from_le_bytes(x)).to_le_bytes()
					};
					vector(#[inline(always)] || $run)
				}};
			}
			match $reduction {
				// Which NaN it is, is decided at the end.
				Reduction::Sum => float!(|acc: f32, x: f32| acc + arith::addend(x)),
				Reduction::Product => float!(arith::mul),
				Reduction::Max => float!(arith::max),
				Reduction::Min => float!(arith::min),
			}
		} else {
			by_size!($ty.size(), T => {
				let $v = $x.raw::<T>()?;
				let (reduction, ty) = ($reduction, $ty);
				let $step = |acc: T, x: T| -> T {
					T::narrow(reduce_step(reduction, ty, acc.widen(), x.widen()))
				};
				$run
			})
		}
	};
}

pub(super) fn reduce(
	reduction: Reduction,
	out: &Meta,
	operands: &[View],
	to: &mut [u8],
) -> Option<()> {
	let x = operands.first()?;
	let start = identity(reduction, out.ty);
	let walk = Walk::broadcast(&x.meta.shape, [&out.shape, &x.meta.shape]);
	with_step!(reduction, out.ty, x, v, step => fold(v, start, &walk, Raw::slice_mut(to), step))?;
	finish(out.ty, to);
	Some(())
}

/// Every NaN becomes the one.
fn finish(ty: TensorType, to: &mut [u8]) {
	if ty == TensorType::F32 {
		vector(
			#[inline(always)]
			|| {
				for word in Word::slice_mut(to) {
					*word = arith::one_nan(f32::from_le_bytes(*word)).to_le_bytes();
				}
			},
		);
	}
}

/// Folds every element into its result, in row-major order.
#[inline(always)]
fn fold<T: Raw>(
	x: &[T],
	start: u64,
	walk: &Walk<2>,
	results: &mut [T],
	step: impl Fn(T, T) -> T,
) -> Option<()> {
	results.fill(T::narrow(start));
	let length = walk.length;
	walk.each(|[to, from]| {
		let run = x.get(from..from + length)?;
		match walk.steps[0] {
			0 => {
				let result = results.get_mut(to)?;
				*result = run.iter().fold(*result, |acc, x| step(acc, *x));
			}
			_ => {
				for (result, x) in results.get_mut(to..to + length)?.iter_mut().zip(run) {
					*result = step(*result, *x);
				}
			}
		}
		Some(())
	})
}

pub(super) fn pool(
	reduction: Reduction,
	window: &Window,
	out: &Meta,
	operands: &[View],
	to: &mut [u8],
) -> Option<()> {
	let x = operands.first()?;
	let start = identity(reduction, out.ty);
	if to.is_empty() {
		return Some(());
	}
	with_step!(reduction, out.ty, x, v, step => {
		slide(v, start, window, out, &x.meta.shape, Raw::slice_mut(to), step)
	})?;
	finish(out.ty, to);
	Some(())
}

/// The taps that stand inside, in one dimension at one output: the first, and the end.
fn taps_inside(window: &Window, axis: usize, out: u32, size: u32) -> (u32, u32) {
	let kernel = window.kernel[axis];
	let first = (0..kernel).find(|t| tap(window, axis, out, *t, size).is_some());
	let first = first.unwrap_or(kernel);
	let end = (first..kernel).find(|t| tap(window, axis, out, *t, size).is_none());
	(first, end.unwrap_or(kernel))
}

#[inline(always)]
fn slide<T: Raw>(
	x: &[T],
	start: u64,
	window: &Window,
	out: &Meta,
	shape: &[u32],
	results: &mut [T],
	step: impl Fn(T, T) -> T,
) -> Option<()> {
	results.fill(T::narrow(start));
	let channels = *shape.last()? as usize;
	let own = strides(shape);
	let spatial = window.kernel.len();
	let positions = &out.shape[..out.rank() - 1];
	for (number, result) in results.chunks_exact_mut(channels.max(1)).enumerate() {
		let position = unravel(number as u32, positions);
		// In each dimension the taps inside are neighbours.
		let (mut counts, mut firsts) = ([1u32; MAX_RANK], [0u32; MAX_RANK]);
		for axis in 0..spatial {
			let (first, end) = taps_inside(window, axis, position[axis + 1], shape[axis + 1]);
			(firsts[axis], counts[axis]) = (first, end - first);
		}
		let counts = counts.get(..spatial)?;
		for number in 0..element_count(counts)? {
			let offset = unravel(number, counts);
			let mut at = position[0] as usize * own[0] as usize;
			for axis in 0..spatial {
				let t = firsts[axis] + offset[axis];
				let inside = tap(window, axis, position[axis + 1], t, shape[axis + 1])?;
				at += inside as usize * own[axis + 1] as usize;
			}
			for (result, x) in result.iter_mut().zip(x.get(at..at + channels)?) {
				*result = step(*result, *x);
			}
		}
	}
	Some(())
}
