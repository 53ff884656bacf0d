//! Operators that move elements and compute nothing.

use super::walk::Walk;
use crate::{
	by_size,
	element::padded,
	op::{PadMode, Range},
	tensor::{strides, Meta, Raw, View, MAX_RANK},
};

/// Copies the elements that a strided walk meets.
fn copy<T: Raw>(x: &[T], walk: &Walk<1>, to: &mut [T]) -> Option<()> {
	let length = walk.length;
	let step = walk.steps[0];
	let mut left = to;
	walk.each(|[at]| {
		let (run, rest) = core::mem::take(&mut left).split_at_mut_checked(length)?;
		left = rest;
		match step {
			1 => run.copy_from_slice(x.get(at..at + length)?),
			0 => run.fill(*x.get(at)?),
			_ => {
				for (k, slot) in run.iter_mut().enumerate() {
					*slot = *x.get(at.wrapping_add_signed(step * k as isize))?;
				}
			}
		}
		Some(())
	})?;
	left.is_empty().then_some(())
}

fn strided(
	x: &View,
	out: &Meta,
	steps: &[isize; MAX_RANK],
	origin: isize,
	to: &mut [u8],
) -> Option<()> {
	let walk = Walk::strided(&out.shape, &steps.map(|step| [step]), [origin]);
	by_size!(out.ty.size(), T => copy(x.raw::<T>()?, &walk, T::slice_mut(to)))
}

pub(super) fn transpose(order: &[u8], out: &Meta, operands: &[View], to: &mut [u8]) -> Option<()> {
	let x = operands.first()?;
	let own = strides(&x.meta.shape);
	let mut steps = [0isize; MAX_RANK];
	for (step, axis) in steps.iter_mut().zip(order) {
		*step = *own.get(usize::from(*axis))? as isize;
	}
	// The innermost dimension of the input runs along `inner` of the output. Where that is not
	// the output's innermost one, copying tile by tile keeps both sides in cache.
	match swapped(out, &steps) {
		Some((batch, rows, columns)) => {
			by_size!(out.ty.size(), T => {
				swap(x.raw::<T>()?, batch, rows, columns, T::slice_mut(to))
			})
		}
		None => strided(x, out, &steps, 0, to),
	}
}

/// Batch, rows and columns of a transpose that, batch by batch, swaps two merged dimensions.
fn swapped(out: &Meta, steps: &[isize; MAX_RANK]) -> Option<(usize, usize, usize)> {
	// Merge neighbours that stay neighbours.
	let mut dims = [(0usize, 0isize); MAX_RANK];
	let mut rank = 0;
	for (size, step) in out.shape.iter().zip(steps) {
		if *size == 1 {
			continue;
		}
		let merges = rank > 0 && dims[rank - 1].1 == *step * *size as isize;
		if merges {
			let (outer, outer_step) = &mut dims[rank - 1];
			*outer *= *size as usize;
			*outer_step = *step;
		} else {
			dims[rank] = (*size as usize, *step);
			rank += 1;
		}
	}
	match dims[..rank] {
		[(rows, 1), (columns, step)] if step == rows as isize => Some((1, rows, columns)),
		[(batch, outer), (rows, 1), (columns, step)]
			if step == rows as isize && outer == (rows * columns) as isize =>
		{
			Some((batch, rows, columns))
		}
		_ => None,
	}
}

/// Output `[batch, rows, columns]` from input `[batch, columns, rows]`.
fn swap<T: Raw>(x: &[T], batch: usize, rows: usize, columns: usize, to: &mut [T]) -> Option<()> {
	const TILE: usize = 32;
	let size = rows.checked_mul(columns)?;
	let whole = batch.checked_mul(size)?;
	if x.len() != whole || to.len() != whole {
		return None;
	}
	if size == 0 {
		return Some(());
	}
	for (from, to) in x.chunks_exact(size).zip(to.chunks_exact_mut(size)) {
		for r in (0..rows).step_by(TILE) {
			let r_end = rows.min(r + TILE);
			for c in (0..columns).step_by(TILE) {
				let c_end = columns.min(c + TILE);
				for row in r..r_end {
					let target = &mut to[row * columns + c..row * columns + c_end];
					for (offset, slot) in target.iter_mut().enumerate() {
						*slot = from[(c + offset) * rows + row];
					}
				}
			}
		}
	}
	Some(())
}

pub(super) fn slice(ranges: &[Range], out: &Meta, operands: &[View], to: &mut [u8]) -> Option<()> {
	let x = operands.first()?;
	let own = strides(&x.meta.shape);
	let mut steps = [0isize; MAX_RANK];
	let mut origin = 0isize;
	for (axis, range) in ranges.iter().enumerate() {
		let stride = *own.get(axis)? as isize;
		*steps.get_mut(axis)? = stride.checked_mul(range.step as isize)?;
		origin = origin.checked_add(stride.checked_mul(range.start as isize)?)?;
	}
	strided(x, out, &steps, origin, to)
}

pub(super) fn expand(out: &Meta, operands: &[View], to: &mut [u8]) -> Option<()> {
	let x = operands.first()?;
	let walk = Walk::broadcast(&out.shape, [&x.meta.shape]);
	by_size!(out.ty.size(), T => copy(x.raw::<T>()?, &walk, T::slice_mut(to)))
}

/// The positions of a padded dimension that are inside the operand: the first and the end.
fn inside(front: u32, dim: u32, size: u32) -> (u32, u32) {
	let end = u64::from(front) + u64::from(dim);
	(front.min(size), end.min(u64::from(size)) as u32)
}

pub(super) fn pad(
	mode: PadMode,
	before: &[u32],
	out: &Meta,
	operands: &[View],
	to: &mut [u8],
) -> Option<()> {
	let x = operands.first()?;
	if to.is_empty() {
		return Some(());
	}
	let fill = operands.get(1).map_or(0, |value| value.get(0));
	by_size!(out.ty.size(), T => {
		padding(x.raw::<T>()?, &x.meta.shape, T::narrow(fill), mode, before, out, T::slice_mut(to))
	})
}

fn padding<T: Raw>(
	x: &[T],
	shape: &[u32],
	fill: T,
	mode: PadMode,
	before: &[u32],
	out: &Meta,
	to: &mut [T],
) -> Option<()> {
	let own = strides(shape);
	let (Some(last), Some(size)) = (out.rank().checked_sub(1), out.shape.last()) else {
		*to.first_mut()? = *x.first()?;
		return Some(());
	};
	let (front, dim) = (*before.get(last)?, *shape.get(last)?);
	let (from, until) = inside(front, dim, *size);
	let mut position = [0u32; MAX_RANK];
	for run in to.chunks_exact_mut(*size as usize) {
		let base = (0..last).try_fold(0u32, |base, axis| {
			let at = padded(mode, position[axis], *before.get(axis)?, *shape.get(axis)?)?;
			Some(base.wrapping_add(at.wrapping_mul(own[axis])))
		});
		match base {
			None => run.fill(fill),
			Some(base) => {
				let row = x.get(base as usize..base as usize + dim as usize)?;
				let kept = row.get(..(until - from) as usize)?;
				run.get_mut(from as usize..until as usize)?.copy_from_slice(kept);
				for at in (0..from).chain(until..*size) {
					let slot = run.get_mut(at as usize)?;
					*slot = match padded(mode, at, front, dim) {
						Some(source) => *row.get(source as usize)?,
						None => fill,
					};
				}
			}
		}
		for axis in (0..last).rev() {
			position[axis] += 1;
			if position[axis] < out.shape[axis] {
				break;
			}
			position[axis] = 0;
		}
	}
	Some(())
}

pub(super) fn concat(axis: usize, out: &Meta, operands: &[View], to: &mut [u8]) -> Option<()> {
	let inner_size = |meta: &Meta| -> usize {
		meta.shape.iter().skip(axis).map(|dim| *dim as usize).product::<usize>() * meta.ty.size()
	};
	let stride = inner_size(out);
	if to.is_empty() {
		return Some(());
	}
	let mut start = 0;
	for part in operands {
		let size = inner_size(part.meta);
		if size == 0 {
			continue;
		}
		for (row, target) in part.bytes.chunks_exact(size).zip(to.chunks_exact_mut(stride)) {
			target.get_mut(start..start + size)?.copy_from_slice(row);
		}
		start += size;
	}
	Some(())
}
