//! Operators that choose elements by values: gathers, scatters, running sums, sorting.

use crate::{
	arith, by_width,
	element::{index_in, reduce_step, sort_row, update, Stop},
	op::{Reduction, Scatter},
	tensor::{strides, unravel, Bits, Data, Meta, Value},
};
use alloc::vec::Vec;

pub(super) fn gather(axis: usize, out: &Meta, operands: &[&Value]) -> Result<Data, Stop> {
	let [x, indices] = operands else {
		return Err(Stop::Invalid);
	};
	let count = out.count() as usize;
	let dim = *x.meta.shape.get(axis).ok_or(Stop::Invalid)?;
	if count == 0 {
		return Ok(Data::with_capacity(out.ty, 0));
	}
	let inner: usize = x.meta.shape.iter().skip(axis + 1).map(|dim| *dim as usize).product();
	let mut chosen = Vec::with_capacity(indices.data.len());
	for i in 0..indices.data.len() as u32 {
		chosen.push(index_in(indices.meta.ty, indices.data.get(i), dim)? as usize);
	}
	by_width!(&x.data, v => pick(v, &chosen, dim as usize, inner, count))
}

fn pick<T: Bits>(
	x: &[T],
	chosen: &[usize],
	dim: usize,
	inner: usize,
	count: usize,
) -> Result<Data, Stop> {
	let mut result = Vec::with_capacity(count);
	for block in x.chunks_exact((dim * inner).max(1)) {
		if inner == 1 {
			// Every index is below `dim`, the length of the block.
			result.extend(chosen.iter().map(|index| block[*index]));
			continue;
		}
		for index in chosen {
			let row = block.get(index * inner..(index + 1) * inner).ok_or(Stop::Invalid)?;
			result.extend_from_slice(row);
		}
	}
	Ok(T::wrap(result))
}

fn set(data: &mut Data, at: usize, f: impl Fn(u64) -> u64) -> Result<(), Stop> {
	by_width!(data, v => {
		let slot = v.get_mut(at).ok_or(Stop::Invalid)?;
		*slot = Bits::narrow(f(slot.widen()));
	});
	Ok(())
}

pub(super) fn scatter_elements(
	axis: usize,
	scatter: Scatter,
	operands: &[&Value],
) -> Result<Data, Stop> {
	let [x, indices, updates] = operands else {
		return Err(Stop::Invalid);
	};
	let ty = x.meta.ty;
	let mut result = x.data.clone();
	if result.is_empty() {
		return Ok(result);
	}
	let dim = *x.meta.shape.get(axis).ok_or(Stop::Invalid)?;
	let own = strides(&x.meta.shape);
	for i in 0..updates.data.len() as u32 {
		let mut at = unravel(i, &updates.meta.shape);
		at[axis] = index_in(indices.meta.ty, indices.data.get(i), dim)?;
		let target: u32 = at.iter().zip(own).map(|(at, step)| at * step).sum();
		let new = updates.data.get(i);
		set(&mut result, target as usize, |old| update(scatter, ty, old, new))?;
	}
	Ok(result)
}

pub(super) fn scatter_nd(scatter: Scatter, operands: &[&Value]) -> Result<Data, Stop> {
	let [x, indices, updates] = operands else {
		return Err(Stop::Invalid);
	};
	let ty = x.meta.ty;
	let mut result = x.data.clone();
	if result.is_empty() {
		return Ok(result);
	}
	let (tuple, leading) = indices.meta.shape.split_last().ok_or(Stop::Invalid)?;
	let rows = crate::tensor::element_count(leading).ok_or(Stop::Invalid)?;
	let own = strides(&x.meta.shape);
	let inner: u32 = x.meta.shape.iter().skip(*tuple as usize).product();
	for row in 0..rows {
		let mut base = 0u32;
		for i in 0..*tuple {
			let bits = indices.data.get(row * tuple + i);
			let dim = *x.meta.shape.get(i as usize).ok_or(Stop::Invalid)?;
			base += index_in(indices.meta.ty, bits, dim)? * own[i as usize];
		}
		for offset in 0..inner {
			let new = updates.data.get(row * inner + offset);
			let at = (base + offset) as usize;
			set(&mut result, at, |old| update(scatter, ty, old, new))?;
		}
	}
	Ok(result)
}

pub(super) fn cumulative_sum(
	axis: usize,
	exclusive: bool,
	reverse: bool,
	operands: &[&Value],
) -> Option<Data> {
	let x = operands.first()?;
	let ty = x.meta.ty;
	if x.data.is_empty() {
		return Some(x.data.clone());
	}
	let size = *x.meta.shape.get(axis)? as usize;
	let inner: usize = x.meta.shape.iter().skip(axis + 1).map(|dim| *dim as usize).product();
	let mut result = x.data.clone();
	let block = size.checked_mul(inner)?.max(1);
	for start in (0..x.data.len()).step_by(block) {
		for column in 0..inner {
			let mut acc = 0u64;
			for i in 0..size {
				let i = if reverse { size - 1 - i } else { i };
				let at = start + i * inner + column;
				let next = reduce_step(Reduction::Sum, ty, acc, x.data.get(at as u32));
				let kept = if exclusive { acc } else { next };
				set(&mut result, at, |_| kept).ok()?;
				acc = next;
			}
		}
	}
	Some(result)
}

pub(super) fn top_k(
	axis: usize,
	largest: bool,
	indices: bool,
	out: &Meta,
	operands: &[&Value],
) -> Option<Data> {
	let x = operands.first()?;
	let size = *x.meta.shape.get(axis)?;
	let keep = *out.shape.get(axis)?;
	let count = out.count() as usize;
	let mut result = Data::with_capacity(out.ty, count);
	for _ in 0..count {
		result.push(0);
	}
	if count == 0 {
		return Some(result);
	}
	let inner: u32 = x.meta.shape.iter().skip(axis + 1).product();
	let outer: u32 = x.meta.shape.iter().take(axis).product();
	let mut row = Vec::with_capacity(size as usize);
	for block in 0..outer {
		for column in 0..inner {
			row.clear();
			row.extend((0..size).map(|i| (x.data.get((block * size + i) * inner + column), i)));
			sort_row(x.meta.ty, largest, &mut row);
			for (i, (value, from)) in row.iter().take(keep as usize).enumerate() {
				let at = (block * keep + i as u32) * inner + column;
				let kept = if indices { u64::from(*from) } else { *value };
				set(&mut result, at as usize, |_| arith::low_bits(out.ty, kept)).ok()?;
			}
		}
	}
	Some(result)
}
