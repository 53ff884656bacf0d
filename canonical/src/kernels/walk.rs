//! Walking several tensors that broadcast to one shape.

use crate::tensor::{strides, MAX_RANK};

/// A dimension of the walk: its size, and each operand's step.
#[derive(Clone, Copy)]
struct Dim<const N: usize> {
	size: usize,
	steps: [isize; N],
}

/// A walk over a shape in row-major order, in runs along the innermost dimension. Dimensions that
/// all operands pass in one stride are merged, so that runs are long.
pub(super) struct Walk<const N: usize> {
	dims: [Dim<N>; MAX_RANK],
	rank: usize,
	origin: [isize; N],
	/// The length of each run.
	pub(super) length: usize,
	/// Each operand's step inside a run.
	pub(super) steps: [isize; N],
	empty: bool,
}

impl<const N: usize> Walk<N> {
	/// A walk over `shape` with operands that broadcast to it.
	pub(super) fn broadcast(shape: &[u32], operands: [&[u32]; N]) -> Self {
		let mut steps = [[0isize; N]; MAX_RANK];
		for (n, operand) in operands.iter().enumerate() {
			let own = strides(operand);
			let skip = shape.len().saturating_sub(operand.len());
			for (axis, dim) in operand.iter().enumerate() {
				if *dim != 1 {
					steps[axis + skip][n] = own[axis] as isize;
				}
			}
		}
		Self::strided(shape, &steps, [0; N])
	}

	/// A walk over `shape` with given steps and origins.
	pub(super) fn strided(
		shape: &[u32],
		steps: &[[isize; N]; MAX_RANK],
		origin: [isize; N],
	) -> Self {
		let empty = shape.contains(&0);
		let none = Dim { size: 1, steps: [0; N] };
		let mut dims = [none; MAX_RANK];
		let mut rank = 0;
		for (axis, size) in shape.iter().enumerate().take(MAX_RANK) {
			if *size == 1 || empty {
				continue;
			}
			let dim = Dim { size: *size as usize, steps: steps[axis] };
			if rank > 0 {
				let outer = &mut dims[rank - 1];
				let merges = (0..N).all(|n| outer.steps[n] == dim.steps[n] * dim.size as isize);
				if merges {
					*outer = Dim { size: outer.size * dim.size, steps: dim.steps };
					continue;
				}
			}
			dims[rank] = dim;
			rank += 1;
		}
		let inner = if rank > 0 {
			rank -= 1;
			dims[rank]
		} else {
			none
		};
		Self { dims, rank, origin, length: inner.size, steps: inner.steps, empty }
	}

	/// Calls `run` with the operands' offsets at the start of each run, until it gives `None`.
	#[inline(always)]
	pub(super) fn each(&self, mut run: impl FnMut([usize; N]) -> Option<()>) -> Option<()> {
		if self.empty {
			return Some(());
		}
		let mut position = [0usize; MAX_RANK];
		let mut at = self.origin;
		loop {
			run(at.map(|offset| offset as usize))?;
			let mut axis = self.rank;
			loop {
				if axis == 0 {
					return Some(());
				}
				axis -= 1;
				let dim = &self.dims[axis];
				position[axis] += 1;
				for (offset, step) in at.iter_mut().zip(dim.steps) {
					*offset += step;
				}
				if position[axis] < dim.size {
					break;
				}
				position[axis] = 0;
				for (offset, step) in at.iter_mut().zip(dim.steps) {
					*offset -= step * dim.size as isize;
				}
			}
		}
	}
}
