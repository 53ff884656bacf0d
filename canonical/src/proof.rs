//! How much a proof of one element opens.

use crate::{
	commitment::LEAF_BYTES,
	op::Op,
	tensor::{strides, Meta},
};
use alloc::vec::Vec;

/// The most leaves of operands that a proof of one element is to open.
pub const MAX_LEAVES: u64 = 64;

/// The leaves that a run of bytes lies in at most, wherever it begins.
fn run(bytes: u64) -> u64 {
	match bytes {
		0 => 0,
		_ => (bytes - 1) / LEAF_BYTES as u64 + 2,
	}
}

/// As [`run`], for elements that never cross a leaf's end.
fn elements(count: u64, size: u64) -> u64 {
	match count {
		0 => 0,
		1 => 1,
		_ => run(count.saturating_mul(size)).min(count),
	}
}

/// The leaves that a block of elements lies in: in each dimension `counts` elements, `steps` apart.
fn block(counts: &[u32], steps: &[u64], size: u64) -> u64 {
	// Either each innermost run for itself, or everything from the first to the last.
	let mut inner = 1u64;
	let mut runs = 1u64;
	let mut span = 0u64;
	let mut joined = true;
	for (count, step) in counts.iter().zip(steps).rev() {
		let count = u64::from(*count);
		if count == 0 {
			return 0;
		}
		if joined && (*step == inner || count == 1) {
			inner = inner.saturating_mul(count);
		} else {
			joined = false;
			runs = runs.saturating_mul(count);
		}
		span = span.saturating_add((count - 1).saturating_mul(*step));
	}
	let apart = runs.saturating_mul(elements(inner, size));
	apart.min(run(span.saturating_add(1).saturating_mul(size)))
}

/// The leaves of operands that the proof of any one element of a result opens at most.
pub fn leaves(op: &Op, operands: &[&Meta]) -> u64 {
	let Some(x) = operands.first() else {
		return 0;
	};
	let size = x.ty.size() as u64;
	let all = |at: usize| {
		operands.get(at).map_or(0, |meta| elements(meta.count().into(), meta.ty.size() as u64))
	};
	let axis_block = |axes: &[u8]| {
		let own = strides(&x.shape);
		let counts: Vec<u32> =
			axes.iter().filter_map(|axis| x.shape.get(usize::from(*axis)).copied()).collect();
		let steps: Vec<u64> = axes
			.iter()
			.filter_map(|axis| own.get(usize::from(*axis)).map(|step| u64::from(*step)))
			.collect();
		block(&counts, &steps, size)
	};
	match op {
		Op::MatMul { terms, .. } => {
			let other = operands.get(1).map_or(size, |b| b.ty.size() as u64);
			let terms = u64::from(*terms);
			elements(terms, size)
				+ elements(terms, other)
				+ (operands.len() as u64).saturating_sub(2)
		}
		Op::Conv { window, from, terms, .. } => {
			let Some(w) = operands.get(1) else {
				return 0;
			};
			let initial = (operands.len() as u64).saturating_sub(2);
			let channels = w.shape.last().copied().unwrap_or(1).max(1);
			let taps = (from.saturating_add(*terms)).div_ceil(channels) - from / channels;
			let own = strides(&x.shape);
			// Whole rows of the kernel where they are contiguous, else tap by tap.
			let row = window.kernel.last().copied().unwrap_or(1).max(1);
			let first = (from / channels) / row;
			let last = (from / channels).saturating_add(taps).div_ceil(row);
			let spatial = window.kernel.len();
			let step = own.get(spatial).copied().map_or(1, u64::from)
				* u64::from(window.dilations.last().copied().unwrap_or(1));
			let reach = u64::from(row - 1).saturating_mul(step) + u64::from(channels);
			let by_row = u64::from(last - first).saturating_mul(run(reach.saturating_mul(size)));
			let by_tap = u64::from(taps).saturating_mul(elements(channels.into(), size));
			by_row.min(by_tap) + elements(u64::from(*terms), w.ty.size() as u64) + initial
		}
		Op::Pool { window, .. } => {
			let own = strides(&x.shape);
			let steps: Vec<u64> = window
				.dilations
				.iter()
				.zip(&own[1..])
				.map(|(dilation, step)| u64::from(*dilation) * u64::from(*step))
				.collect();
			block(&window.kernel, &steps, size)
		}
		Op::Reduce { axes, .. } => axis_block(axes),
		Op::ArgReduce { axis, .. } | Op::CumulativeSum { axis, .. } | Op::TopK { axis, .. } => {
			axis_block(&[*axis])
		}
		Op::Concat { .. } | Op::Reshape { .. } => 1,
		Op::GatherNd { .. } => {
			let tuple = operands.get(1).and_then(|i| i.shape.last()).copied().unwrap_or(0);
			1 + elements(tuple.into(), 8)
		}
		Op::ScatterElements { .. } | Op::ScatterNd { .. } => 1 + all(1) + all(2),
		Op::Trees { depth } => {
			let features = x.shape.last().copied().unwrap_or(0);
			let steps = u64::from(*depth) + 1;
			let tables: u64 = (1..6).map(|at| all(at).min(steps)).sum();
			1 + elements(features.into(), 4).min(steps) + tables
		}
		_ => operands.len() as u64,
	}
}
