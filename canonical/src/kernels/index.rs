//! Operators that choose elements by values: gathers, scatters, searches, running sums, sorting.

use crate::{
	arith, by_size,
	element::{
		beats, index_in, reduce_step, sort_row, tree_branch, update, Entry, Stop, TREE_LEAF,
		TREE_NAN_YES,
	},
	op::{Reduction, Scatter},
	tensor::{element_count, strides, unravel, Meta, Raw, TensorType, View},
};

/// Indices that are looked at before their rows are copied.
const INDICES_AT_ONCE: usize = 256;

pub(super) fn gather(axis: usize, operands: &[View], to: &mut [u8]) -> Result<(), Stop> {
	let [x, indices] = operands else {
		return Err(Stop::Invalid);
	};
	if to.is_empty() {
		return Ok(());
	}
	let dim = *x.meta.shape.get(axis).ok_or(Stop::Invalid)?;
	let inner: usize = x.meta.shape.iter().skip(axis + 1).map(|dim| *dim as usize).product();
	let inner = inner * x.meta.ty.size();
	let block = (dim as usize).saturating_mul(inner);
	let part = indices.len().saturating_mul(inner);
	if part == 0 {
		return Err(Stop::Invalid);
	}
	let mut rows = [0usize; INDICES_AT_ONCE];
	for first in (0..indices.len()).step_by(INDICES_AT_ONCE) {
		// Looked at once, whatever stands before and behind.
		let some = INDICES_AT_ONCE.min(indices.len() - first);
		let rows = rows.get_mut(..some).ok_or(Stop::Invalid)?;
		for (i, row) in rows.iter_mut().enumerate() {
			// No index is inside an empty dimension.
			*row = index_in(indices.meta.ty, indices.get((first + i) as u32), dim)? as usize;
		}
		let blocks = x.bytes.chunks_exact(block.max(1));
		for (from, to) in blocks.zip(to.chunks_exact_mut(part)) {
			let to = to.get_mut(first * inner..(first + some) * inner).ok_or(Stop::Invalid)?;
			copy_rows(x.meta.ty.size(), rows, inner, from, to).ok_or(Stop::Invalid)?;
		}
	}
	Ok(())
}

/// Copies rows of `inner` bytes; single elements as such.
fn copy_rows(size: usize, rows: &[usize], inner: usize, from: &[u8], to: &mut [u8]) -> Option<()> {
	if inner == size {
		return by_size!(size, T => {
			let from = T::slice(from);
			for (slot, row) in T::slice_mut(to).iter_mut().zip(rows) {
				*slot = *from.get(*row)?;
			}
			Some(())
		});
	}
	for (to, row) in to.chunks_exact_mut(inner).zip(rows) {
		to.copy_from_slice(from.get(row * inner..(row + 1) * inner)?);
	}
	Some(())
}

fn set(size: usize, data: &mut [u8], at: usize, f: impl Fn(u64) -> u64) -> Result<(), Stop> {
	by_size!(size, T => {
		let slot = T::slice_mut(data).get_mut(at).ok_or(Stop::Invalid)?;
		*slot = T::narrow(f(slot.widen()));
	});
	Ok(())
}

pub(super) fn gather_elements(
	axis: usize,
	out: &Meta,
	operands: &[View],
	to: &mut [u8],
) -> Result<(), Stop> {
	let [x, indices] = operands else {
		return Err(Stop::Invalid);
	};
	if to.is_empty() {
		return Ok(());
	}
	let dim = *x.meta.shape.get(axis).ok_or(Stop::Invalid)?;
	let own = strides(&x.meta.shape);
	by_size!(out.ty.size(), T => {
		let x = x.raw::<T>().ok_or(Stop::Invalid)?;
		for (i, slot) in T::slice_mut(to).iter_mut().enumerate() {
			let mut at = unravel(i as u32, &out.shape);
			at[axis] = index_in(indices.meta.ty, indices.get(i as u32), dim)?;
			let from: u32 = at.iter().zip(own).map(|(at, step)| at * step).sum();
			*slot = *x.get(from as usize).ok_or(Stop::Invalid)?;
		}
	});
	Ok(())
}

pub(super) fn scatter_elements(
	axis: usize,
	scatter: Scatter,
	operands: &[View],
	to: &mut [u8],
) -> Result<(), Stop> {
	let [x, indices, updates] = operands else {
		return Err(Stop::Invalid);
	};
	let ty = x.meta.ty;
	to.copy_from_slice(x.bytes);
	if to.is_empty() {
		return Ok(());
	}
	let dim = *x.meta.shape.get(axis).ok_or(Stop::Invalid)?;
	let own = strides(&x.meta.shape);
	for i in 0..updates.len() as u32 {
		let mut at = unravel(i, &updates.meta.shape);
		at[axis] = index_in(indices.meta.ty, indices.get(i), dim)?;
		let target: u32 = at.iter().zip(own).map(|(at, step)| at * step).sum();
		let new = updates.get(i);
		set(ty.size(), to, target as usize, |old| update(scatter, ty, old, new))?;
	}
	Ok(())
}

pub(super) fn scatter_nd(scatter: Scatter, operands: &[View], to: &mut [u8]) -> Result<(), Stop> {
	let [x, indices, updates] = operands else {
		return Err(Stop::Invalid);
	};
	let ty = x.meta.ty;
	to.copy_from_slice(x.bytes);
	if to.is_empty() {
		return Ok(());
	}
	let (tuple, leading) = indices.meta.shape.split_last().ok_or(Stop::Invalid)?;
	let rows = element_count(leading).ok_or(Stop::Invalid)?;
	let own = strides(&x.meta.shape);
	let inner: u32 = x.meta.shape.iter().skip(*tuple as usize).product();
	for row in 0..rows {
		let mut base = 0u32;
		for i in 0..*tuple {
			let bits = indices.get(row * tuple + i);
			let dim = *x.meta.shape.get(i as usize).ok_or(Stop::Invalid)?;
			base += index_in(indices.meta.ty, bits, dim)? * own[i as usize];
		}
		for offset in 0..inner {
			let new = updates.get(row * inner + offset);
			let at = (base + offset) as usize;
			set(ty.size(), to, at, |old| update(scatter, ty, old, new))?;
		}
	}
	Ok(())
}

pub(super) fn cumulative_sum(
	axis: usize,
	exclusive: bool,
	reverse: bool,
	operands: &[View],
	to: &mut [u8],
) -> Option<()> {
	let x = operands.first()?;
	let ty = x.meta.ty;
	if to.is_empty() {
		return Some(());
	}
	let size = *x.meta.shape.get(axis)? as usize;
	let inner: usize = x.meta.shape.iter().skip(axis + 1).map(|dim| *dim as usize).product();
	let block = size.checked_mul(inner)?.max(1);
	by_size!(ty.size(), T => {
		let (x, to) = (x.raw::<T>()?, T::slice_mut(to));
		for start in (0..x.len()).step_by(block) {
			for column in 0..inner {
				let mut acc = 0u64;
				for i in 0..size {
					let i = if reverse { size - 1 - i } else { i };
					let at = start + i * inner + column;
					let next = reduce_step(Reduction::Sum, ty, acc, x.get(at)?.widen());
					let kept = if exclusive { acc } else { next };
					*to.get_mut(at)? = T::narrow(kept);
					acc = next;
				}
			}
		}
	});
	Some(())
}

/// The index of the largest or smallest along a dimension.
pub(super) fn arg_reduce(
	largest: bool,
	axis: usize,
	last: bool,
	operands: &[View],
	to: &mut [u8],
) -> Option<()> {
	let x = operands.first()?;
	let ty = x.meta.ty;
	let size = *x.meta.shape.get(axis)? as usize;
	let inner: usize = x.meta.shape.iter().skip(axis + 1).map(|dim| *dim as usize).product();
	by_size!(ty.size(), T => {
		let x = x.raw::<T>()?;
		for (number, slot) in <[u8; 8]>::slice_mut(to).iter_mut().enumerate() {
			let start = number / inner.max(1) * size * inner + number % inner.max(1);
			let (mut best, mut found) = (0u64, 0u64);
			for i in 0..size {
				let bits = x.get(start + i * inner)?.widen();
				if i == 0 || beats(ty, bits, best, largest, last) {
					(best, found) = (bits, i as u64);
				}
			}
			*slot = found.to_le_bytes();
		}
	});
	Some(())
}

/// Bytes of one entry of a row that is being sorted: bits, then index.
const ENTRY: usize = 16;

/// Bytes that sorting rows of `size` elements takes.
pub(crate) fn sort_scratch(size: u32) -> u64 {
	u64::from(size) * ENTRY as u64
}

pub(super) fn top_k(
	axis: usize,
	largest: bool,
	indices: bool,
	out: &Meta,
	operands: &[View],
	to: &mut [u8],
	scratch: &mut [u8],
) -> Option<()> {
	let x = operands.first()?;
	let size = *x.meta.shape.get(axis)?;
	let keep = *out.shape.get(axis)?;
	if to.is_empty() {
		return Some(());
	}
	let inner: u32 = x.meta.shape.iter().skip(axis + 1).product();
	let outer: u32 = x.meta.shape.iter().take(axis).product();
	let (row, _) = scratch.as_chunks_mut::<ENTRY>();
	let row = row.get_mut(..size as usize)?;
	for block in 0..outer {
		for column in 0..inner {
			for (i, entry) in row.iter_mut().enumerate() {
				let bits = x.get((block * size + i as u32) * inner + column);
				entry[..8].copy_from_slice(&bits.to_le_bytes());
				entry[8..].copy_from_slice(&(i as u64).to_le_bytes());
			}
			sort_row(x.meta.ty, largest, row);
			for (i, entry) in row.iter().take(keep as usize).enumerate() {
				let at = (block * keep + i as u32) * inner + column;
				let (value, from) = entry.parts();
				let kept = if indices { u64::from(from) } else { value };
				set(out.ty.size(), to, at as usize, |_| arith::low_bits(out.ty, kept)).ok()?;
			}
		}
	}
	Some(())
}

impl Entry for [u8; ENTRY] {
	fn parts(&self) -> (u64, u32) {
		let (halves, _) = self.as_chunks::<8>();
		let half = |at: usize| halves.get(at).map_or(0, |half| u64::from_le_bytes(*half));
		(half(0), half(1) as u32)
	}
}

/// Rows that walk down a tree side by side, so that the memory of one is waited for while others go on.
const WALKERS: usize = 8;

/// The leaf that each tree ends at, for each row.
pub(super) fn trees(depth: u32, operands: &[View], to: &mut [u8]) -> Result<(), Stop> {
	let [x, feature, threshold, mode, yes, no, roots] = operands else {
		return Err(Stop::Invalid);
	};
	let features = *x.meta.shape.get(1).ok_or(Stop::Invalid)?;
	type Word = [u8; 4];
	fn words<'a>(view: &View<'a>) -> Result<&'a [Word], Stop> {
		view.raw::<Word>().ok_or(Stop::Invalid)
	}
	let (feature, threshold) = (words(feature)?, words(threshold)?);
	let (yes, no, roots, all) = (words(yes)?, words(no)?, words(roots)?, words(x)?);
	let mode = mode.bytes;
	let nodes = mode.len() as u32;
	let node_of = |word: &Word| index_in(TensorType::I32, word.widen(), nodes);
	// The next node, or the same one where it is a leaf, and whether it is.
	let step = |node: u32, x: &[Word]| -> Result<(u32, bool), Stop> {
		let at = node as usize;
		let kind = *mode.get(at).ok_or(Stop::Invalid)?;
		if kind & !TREE_NAN_YES == TREE_LEAF {
			return Ok((node, true));
		}
		let named = feature.get(at).ok_or(Stop::Invalid)?;
		let column = index_in(TensorType::I32, named.widen(), features)?;
		let value = x.get(column as usize).ok_or(Stop::Invalid)?;
		let limit = threshold.get(at).ok_or(Stop::Invalid)?;
		let (value, limit) = (f32::from_le_bytes(*value), f32::from_le_bytes(*limit));
		let branch = tree_branch(kind, value, limit).ok_or(Stop::Trap)?;
		let (yes, no) = (yes.get(at).ok_or(Stop::Invalid)?, no.get(at).ok_or(Stop::Invalid)?);
		// Chosen between numbers, so that it is no guess which.
		let (yes, no) = (u32::from_le_bytes(*yes), u32::from_le_bytes(*no));
		let next = no ^ ((yes ^ no) & u32::from(branch).wrapping_neg());
		Ok((node_of(&next.to_le_bytes())?, false))
	};
	let (trees, width) = (roots.len().max(1), features as usize);
	let rows = <[u8; 8]>::slice_mut(to);
	for (block, to) in rows.chunks_mut(trees * WALKERS).enumerate() {
		let count = to.len() / trees;
		let mut x = [&[][..]; WALKERS];
		for (offset, x) in x.iter_mut().take(count).enumerate() {
			let start = (block * WALKERS + offset) * width;
			*x = all.get(start..start + width).ok_or(Stop::Invalid)?;
		}
		let x = x.get(..count).ok_or(Stop::Invalid)?;
		for (tree, root) in roots.iter().enumerate() {
			let mut walkers = [(node_of(root)?, false); WALKERS];
			let walkers = walkers.get_mut(..count).ok_or(Stop::Invalid)?;
			for _ in 0..=depth {
				for (walker, x) in walkers.iter_mut().zip(x) {
					*walker = step(walker.0, x)?;
				}
				if walkers.iter().all(|walker| walker.1) {
					break;
				}
			}
			for ((leaf, ended), to) in walkers.iter().zip(to.chunks_exact_mut(trees)) {
				let slot = to.get_mut(tree).filter(|_| *ended).ok_or(Stop::Trap)?;
				*slot = u64::from(*leaf).to_le_bytes();
			}
		}
	}
	Ok(())
}
