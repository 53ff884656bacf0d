//! Operators that move elements and compute nothing.

use super::walk::Walk;
use crate::{
	by_width,
	element::padded,
	op::{PadMode, Range},
	tensor::{strides, Bits, Data, Meta, Value, MAX_RANK},
};
use alloc::{vec, vec::Vec};

/// Copies the elements that a strided walk meets.
fn copy<T: Bits>(x: &[T], walk: &Walk<1>, count: usize) -> Option<Data> {
	let mut result: Vec<T> = Vec::with_capacity(count);
	let length = walk.length;
	let step = walk.steps[0];
	let mut complete = true;
	walk.each(|[at]| match step {
		1 => match x.get(at..at + length) {
			Some(run) => result.extend_from_slice(run),
			None => complete = false,
		},
		0 => match x.get(at) {
			Some(one) => result.resize(result.len() + length, *one),
			None => complete = false,
		},
		_ => {
			for k in 0..length {
				match x.get(at.wrapping_add_signed(step * k as isize)) {
					Some(one) => result.push(*one),
					None => complete = false,
				}
			}
		}
	});
	(complete && result.len() == count).then(|| T::wrap(result))
}

fn strided(x: &Value, out: &Meta, steps: &[isize; MAX_RANK], origin: isize) -> Option<Data> {
	let walk = Walk::strided(&out.shape, &steps.map(|step| [step]), [origin]);
	by_width!(&x.data, v => copy(v, &walk, out.count() as usize))
}

pub(super) fn transpose(order: &[u8], out: &Meta, operands: &[&Value]) -> Option<Data> {
	let x = operands.first()?;
	let own = strides(&x.meta.shape);
	let mut steps = [0isize; MAX_RANK];
	for (step, axis) in steps.iter_mut().zip(order) {
		*step = *own.get(usize::from(*axis))? as isize;
	}
	// The innermost dimension of the input runs along `inner` of the output. Where that is not
	// the output's innermost one, copying tile by tile keeps both sides in cache.
	if let Some(data) = transpose_matrix(x, out, &steps) {
		return Some(data);
	}
	strided(x, out, &steps, 0)
}

/// Transposes that, batch by batch, swap two merged dimensions.
fn transpose_matrix(x: &Value, out: &Meta, steps: &[isize; MAX_RANK]) -> Option<Data> {
	// Merge neighbours that stay neighbours.
	let mut dims: Vec<(usize, isize)> = Vec::with_capacity(MAX_RANK);
	for (size, step) in out.shape.iter().zip(steps) {
		if *size == 1 {
			continue;
		}
		match dims.last_mut() {
			Some((outer, outer_step)) if *outer_step == *step * *size as isize => {
				*outer *= *size as usize;
				*outer_step = *step;
			}
			_ => dims.push((*size as usize, *step)),
		}
	}
	let (batch, rows, columns) = match dims[..] {
		[(rows, 1), (columns, step)] if step == rows as isize => (1, rows, columns),
		[(batch, outer), (rows, 1), (columns, step)]
			if step == rows as isize && outer == (rows * columns) as isize =>
		{
			(batch, rows, columns)
		}
		_ => return None,
	};
	by_width!(&x.data, v => swap(v, batch, rows, columns))
}

/// Output `[batch, rows, columns]` from input `[batch, columns, rows]`.
fn swap<T: Bits>(x: &[T], batch: usize, rows: usize, columns: usize) -> Option<Data> {
	const TILE: usize = 32;
	let size = rows.checked_mul(columns)?;
	if x.len() != batch.checked_mul(size)? || size == 0 {
		return None;
	}
	let mut result = vec![T::default(); x.len()];
	for (from, to) in x.chunks_exact(size).zip(result.chunks_exact_mut(size)) {
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
	Some(T::wrap(result))
}

pub(super) fn slice(ranges: &[Range], out: &Meta, operands: &[&Value]) -> Option<Data> {
	let x = operands.first()?;
	let own = strides(&x.meta.shape);
	let mut steps = [0isize; MAX_RANK];
	let mut origin = 0isize;
	for (axis, range) in ranges.iter().enumerate() {
		let stride = *own.get(axis)? as isize;
		*steps.get_mut(axis)? = stride.checked_mul(range.step as isize)?;
		origin = origin.checked_add(stride.checked_mul(range.start as isize)?)?;
	}
	strided(x, out, &steps, origin)
}

pub(super) fn expand(out: &Meta, operands: &[&Value]) -> Option<Data> {
	let x = operands.first()?;
	let walk = Walk::broadcast(&out.shape, [&x.meta.shape]);
	by_width!(&x.data, v => copy(v, &walk, out.count() as usize))
}

pub(super) fn pad(mode: PadMode, before: &[u32], out: &Meta, operands: &[&Value]) -> Option<Data> {
	let x = operands.first()?;
	// Before anything is made for each position of a dimension, which may be long.
	if out.count() == 0 {
		return Some(Data::with_capacity(out.ty, 0));
	}
	let fill = operands.get(1).map_or(0, |value| value.data.get(0));
	let own = strides(&x.meta.shape);
	// For each dimension, where each position reads from; `u32::MAX` for the constant.
	let mut maps: Vec<Vec<u32>> = Vec::with_capacity(out.rank());
	for (axis, size) in out.shape.iter().enumerate() {
		let (front, dim) = (*before.get(axis)?, *x.meta.shape.get(axis)?);
		let map = (0..*size).map(|at| match padded(mode, at, front, dim) {
			Some(source) => source.wrapping_mul(own[axis]),
			None => u32::MAX,
		});
		maps.push(map.collect());
	}
	by_width!(&x.data, v => mapped(v, fill, &maps, out))
}

fn mapped<T: Bits>(x: &[T], fill: u64, maps: &[Vec<u32>], out: &Meta) -> Option<Data> {
	let count = out.count() as usize;
	let fill = T::narrow(fill);
	let mut result = Vec::with_capacity(count);
	let (inner, outer) = match maps.split_last() {
		Some((inner, outer)) => (&inner[..], outer),
		None => (&[0u32][..], maps),
	};
	if count == 0 {
		return Some(T::wrap(result));
	}
	let mut position = [0usize; MAX_RANK];
	while result.len() < count {
		let base = outer.iter().zip(position).try_fold(0u32, |base, (map, at)| {
			map.get(at).filter(|step| **step != u32::MAX).map(|step| base.wrapping_add(*step))
		});
		match base {
			None => result.resize(result.len() + inner.len(), fill),
			Some(base) => {
				for step in inner {
					result.push(if *step == u32::MAX {
						fill
					} else {
						*x.get(base.wrapping_add(*step) as usize)?
					});
				}
			}
		}
		for axis in (0..outer.len()).rev() {
			position[axis] += 1;
			if position[axis] < outer[axis].len() {
				break;
			}
			position[axis] = 0;
		}
	}
	Some(T::wrap(result))
}

pub(super) fn concat(axis: usize, out: &Meta, operands: &[&Value]) -> Option<Data> {
	let first = operands.first()?;
	if out.count() == 0 {
		return Some(Data::with_capacity(out.ty, 0));
	}
	by_width!(&first.data, v => {
		let mut parts = Vec::with_capacity(operands.len());
		parts.push((&v[..], inner_size(axis, first)));
		for part in operands.iter().skip(1) {
			parts.push((Bits::slice(&part.data)?, inner_size(axis, part)));
		}
		join(&parts, out)
	})
}

fn inner_size(axis: usize, value: &Value) -> usize {
	value.meta.shape.iter().skip(axis).map(|dim| *dim as usize).product()
}

fn join<T: Bits>(parts: &[(&[T], usize)], out: &Meta) -> Option<Data> {
	let count = out.count() as usize;
	let mut result = Vec::with_capacity(count);
	let mut row = 0usize;
	while result.len() < count {
		for (part, size) in parts {
			result.extend_from_slice(part.get(row * size..(row + 1) * size)?);
		}
		row += 1;
	}
	Some(T::wrap(result))
}
