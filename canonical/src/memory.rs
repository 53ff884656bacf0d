//! Where values lie while a program runs: planned beforehand, in slabs of one size.
//!
//! An allocator that rounds up and never joins what was freed, such as the runtime's, is asked for
//! nothing large but slabs of exactly [`SLAB_BYTES`]. Which value lies where follows from the
//! program alone.

use crate::{cost, op::Op, program::Node, tensor::Meta};
use alloc::{vec, vec::Vec};
use core::ops::Range;

/// Bytes of a slab.
pub const SLAB_BYTES: usize = 16 * 1024 * 1024;
/// The most slabs that a bounded run takes, its package included.
pub const MAX_SLABS: usize = 4;
/// The largest allocation beside slabs, inputs and outputs.
pub const MAX_OTHER_BYTES: usize = 64 * 1024;
/// Values begin at multiples of this.
const ALIGNMENT: usize = 64;

/// Where bytes lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Place {
	slab: u32,
	start: u32,
}

/// Where all values of a program lie.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Layout {
	/// For each tensor the one whose bytes it shares.
	pub(crate) roots: Vec<u16>,
	places: Vec<Place>,
	scratch: Vec<Place>,
	/// Bytes that each slab is used up to.
	heights: Vec<u32>,
	/// Whether all that operators take to work lies in slabs as well.
	fits: bool,
}

/// The free parts of slabs while planning.
#[derive(Default)]
struct Free {
	/// For each slab the holes, ascending: start and length.
	holes: Vec<Vec<(u32, u32)>>,
	heights: Vec<u32>,
}

fn rounded(bytes: u64) -> u32 {
	bytes.next_multiple_of(ALIGNMENT as u64).min(u64::from(u32::MAX)) as u32
}

impl Free {
	fn take(&mut self, bytes: u64) -> Place {
		let length = rounded(bytes);
		if length == 0 {
			return Place::default();
		}
		// The smallest hole that is large enough, in the first slab that has one.
		for (slab, holes) in self.holes.iter_mut().enumerate() {
			let fitting = holes.iter().enumerate().filter(|(_, hole)| hole.1 >= length);
			let Some((at, (start, size))) = fitting.min_by_key(|(_, hole)| hole.1) else {
				continue;
			};
			let (start, size) = (*start, *size);
			if size == length {
				holes.remove(at);
			} else {
				holes[at] = (start + length, size - length);
			}
			self.heights[slab] = self.heights[slab].max(start + length);
			return Place { slab: slab as u32, start };
		}
		self.holes.push(vec![(length, (SLAB_BYTES as u32).saturating_sub(length))]);
		self.heights.push(length);
		Place { slab: self.holes.len() as u32 - 1, start: 0 }
	}

	fn give_back(&mut self, place: Place, bytes: u64) {
		let length = rounded(bytes);
		let Some(holes) = self.holes.get_mut(place.slab as usize).filter(|_| length > 0) else {
			return;
		};
		let at = holes.partition_point(|hole| hole.0 < place.start);
		holes.insert(at, (place.start, length));
		// Join with what follows, then with what goes before.
		if let Some((start, size)) = holes.get(at + 1).copied() {
			if start == place.start + length {
				holes[at].1 += size;
				holes.remove(at + 1);
			}
		}
		if let Some((start, size)) = at.checked_sub(1).and_then(|at| holes.get(at)).copied() {
			if start + size == place.start {
				holes[at - 1].1 += holes[at].1;
				holes.remove(at);
			}
		}
	}
}

/// What a layout is made for.
pub(crate) struct Wanted<'a> {
	pub(crate) inputs: usize,
	pub(crate) constants: usize,
	pub(crate) metas: &'a [Meta],
	/// For each tensor the node after which nobody reads it; `u32::MAX` for outputs.
	pub(crate) last_use: &'a [u32],
	/// Bytes at the beginning of the first slab that are taken.
	pub(crate) reserved: u64,
	/// Whether what operators take to work is to lie in slabs.
	pub(crate) scratch: bool,
}

impl Layout {
	pub(crate) fn new<'n>(wanted: &Wanted, nodes: impl Iterator<Item = &'n Node>) -> Self {
		let first = wanted.inputs + wanted.constants;
		let bytes = |tensor: usize| wanted.metas.get(tensor).map_or(0, Meta::bytes);
		let mut free = Free::default();
		if wanted.reserved > 0 {
			free.take(wanted.reserved);
		}
		let total = wanted.metas.len();
		let mut layout = Self {
			roots: (0..total).map(|tensor| tensor as u16).collect(),
			places: vec![Place::default(); total],
			scratch: vec![Place::default(); total.saturating_sub(first)],
			heights: Vec::new(),
			fits: true,
		};
		for input in 0..wanted.inputs.min(total) {
			layout.places[input] = free.take(bytes(input));
		}
		let mut last_use = wanted.last_use.to_vec();
		let is_constant = |tensor: usize| (wanted.inputs..first).contains(&tensor);
		let mut dead: Vec<u16> = Vec::new();
		let mut operands: Vec<&Meta> = Vec::new();
		for (number, node) in nodes.enumerate() {
			let out = first + number;
			let (Some(meta), Some(last)) = (wanted.metas.get(out), last_use.get(out).copied())
			else {
				break;
			};
			operands.clear();
			operands.extend(
				node.operands.iter().filter_map(|operand| wanted.metas.get(usize::from(*operand))),
			);
			if let (Op::Reshape { .. }, Some(operand)) = (&node.op, node.operands.first()) {
				// Its bytes live on as the result's.
				let root = layout.roots[usize::from(*operand)];
				layout.roots[out] = root;
				let at = usize::from(root);
				last_use[at] = last_use[at].max(last);
			} else {
				layout.places[out] = free.take(meta.bytes());
			}
			let scratch = cost::scratch(&node.op, meta, &operands);
			if scratch > SLAB_BYTES as u64 {
				layout.fits = false;
			} else if wanted.scratch {
				layout.scratch[number] = free.take(scratch);
				free.give_back(layout.scratch[number], scratch);
			}
			dead.clear();
			dead.extend(node.operands.iter().chain([&(out as u16)]).filter_map(|tensor| {
				let root = *layout.roots.get(usize::from(*tensor))?;
				(last_use[usize::from(root)] == number as u32).then_some(root)
			}));
			dead.sort_unstable();
			dead.dedup();
			for tensor in dead.iter().map(|tensor| usize::from(*tensor)) {
				if !is_constant(tensor) {
					free.give_back(layout.places[tensor], bytes(tensor));
				}
			}
		}
		layout.heights = free.heights;
		layout
	}

	/// How many slabs it takes; `None` where something does not fit into one.
	pub(crate) fn slabs(&self) -> Option<usize> {
		self.fits.then_some(self.heights.len())
	}

	/// Bytes of all slabs that are used.
	pub(crate) fn bytes(&self) -> u64 {
		self.heights.iter().map(|height| u64::from(*height)).sum()
	}

	/// Where a tensor lies that is no constant and shares no constant's bytes.
	pub(crate) fn place(&self, tensor: usize) -> Place {
		let root = self.roots.get(tensor).copied().unwrap_or_default();
		self.places.get(usize::from(root)).copied().unwrap_or_default()
	}

	pub(crate) fn scratch(&self, node: u32) -> Place {
		self.scratch.get(node as usize).copied().unwrap_or_default()
	}
}

/// Bytes of the unit that slabs are made of, which keeps them aligned.
const UNIT: usize = 8;

/// Slabs, and how much of each is in use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arena {
	slabs: Vec<Vec<u64>>,
	/// Where in each slab its first byte lies, so that values are aligned for vectors where memory
	/// need not be exactly as large as a slab.
	skips: Vec<usize>,
}

impl Arena {
	/// Makes room for a layout. Slabs are as large as slabs are, of which only what is used is ever
	/// touched; without `exact` they are only as large as they have to be.
	pub(crate) fn prepare(&mut self, layout: &Layout, exact: bool) {
		for (slab, height) in layout.heights.iter().enumerate() {
			if self.slabs.len() <= slab {
				let bytes = if exact { SLAB_BYTES } else { *height as usize + ALIGNMENT };
				let slab = Vec::<u64>::with_capacity(bytes / UNIT);
				let skip = slab.as_ptr().align_offset(ALIGNMENT).saturating_mul(UNIT);
				self.skips.push(if exact || skip > ALIGNMENT { 0 } else { skip });
				self.slabs.push(slab);
			}
			let units = &mut self.slabs[slab];
			let end = (self.skips[slab] + *height as usize).div_ceil(UNIT);
			if units.len() < end {
				units.resize(end, 0);
			}
		}
	}

	/// Room in the first slab, which is written to before anything is planned. `None` beyond its
	/// end.
	pub(crate) fn extend_first(&mut self, start: usize, bytes: usize) -> Option<&mut [u8]> {
		let end = start.checked_add(bytes).filter(|end| *end <= SLAB_BYTES)?;
		if self.slabs.is_empty() {
			self.slabs.push(Vec::with_capacity(SLAB_BYTES / UNIT));
			self.skips.push(0);
		}
		let slab = self.slabs.first_mut()?;
		if slab.len() < end.div_ceil(UNIT) {
			slab.resize(end.div_ceil(UNIT), 0);
		}
		bytemuck::cast_slice_mut(slab).get_mut(start..end)
	}

	/// Bytes of the first slab.
	pub(crate) fn in_first_slab(&self, range: Range<usize>) -> &[u8] {
		let slab = self.slabs.first().map(|slab| bytemuck::cast_slice(slab));
		slab.and_then(|slab: &[u8]| slab.get(range)).unwrap_or_default()
	}

	/// Bytes that nothing is written to meanwhile.
	pub(crate) fn read(&self, place: Place, bytes: usize) -> &[u8] {
		let slab = place.slab as usize;
		let start = self.skips.get(slab).copied().unwrap_or(0) + place.start as usize;
		let slab = self.slabs.get(slab).map(|slab| bytemuck::cast_slice(slab));
		slab.and_then(|slab: &[u8]| slab.get(start..start + bytes)).unwrap_or_default()
	}

	/// Bytes to write to.
	pub(crate) fn write(&mut self, place: Place, bytes: usize) -> &mut [u8] {
		let slab = place.slab as usize;
		let start = self.skips.get(slab).copied().unwrap_or(0) + place.start as usize;
		let slab = self.slabs.get_mut(slab).map(|slab| bytemuck::cast_slice_mut(slab));
		slab.and_then(|slab: &mut [u8]| slab.get_mut(start..start + bytes)).unwrap_or_default()
	}

	/// Two parts to write to, which do not overlap, and everything else to read.
	pub(crate) fn split(
		&mut self,
		first: (Place, usize),
		second: (Place, usize),
	) -> Option<Split<'_>> {
		let Self { slabs, skips } = self;
		let mut split = Split { rest: Vec::with_capacity(slabs.len()), parts: [None, None] };
		for (number, (slab, skip)) in slabs.iter_mut().zip(&*skips).enumerate() {
			// In the order in which they lie.
			let wanted = [(0, first), (1, second)];
			let mut wanted = wanted.map(|(which, (place, bytes))| {
				let here = place.slab as usize == number && bytes > 0;
				here.then_some((skip + place.start as usize, bytes, which))
			});
			wanted.sort_unstable_by_key(|part| part.map(|part| part.0));
			let (mut pieces, mut at) = ([(0usize, &[][..]); 3], 0);
			let mut left: &mut [u8] = bytemuck::cast_slice_mut(slab);
			let mut count = 0;
			for (start, bytes, which) in wanted.into_iter().flatten() {
				let (before, rest) = left.split_at_mut_checked(start.checked_sub(at)?)?;
				let (part, rest) = rest.split_at_mut_checked(bytes)?;
				pieces[count] = (at, &*before);
				count += 1;
				split.parts[which] = Some(part);
				left = rest;
				at = start + bytes;
			}
			pieces[count] = (at, &*left);
			split.rest.push((*skip, pieces));
		}
		Some(split)
	}
}

/// Pieces of a slab with their positions.
type Pieces<'a> = [(usize, &'a [u8]); 3];

/// Memory while one operator runs.
pub(crate) struct Split<'a> {
	/// For each slab where it begins, and its pieces with their positions.
	rest: Vec<(usize, Pieces<'a>)>,
	parts: [Option<&'a mut [u8]>; 2],
}

impl<'a> Split<'a> {
	/// The two parts to write to; an empty one where nothing was asked for.
	pub(crate) fn parts(&mut self) -> [&'a mut [u8]; 2] {
		[0, 1].map(|which| self.parts[which].take().unwrap_or_default())
	}

	/// Bytes outside both parts.
	pub(crate) fn read(&self, place: Place, bytes: usize) -> Option<&'a [u8]> {
		if bytes == 0 {
			return Some(&[]);
		}
		let (skip, _) = self.rest.get(place.slab as usize)?;
		self.raw(place.slab as usize, skip + place.start as usize, bytes)
	}

	/// Bytes of the first slab, counted from its very beginning.
	pub(crate) fn in_first_slab(&self, start: usize, bytes: usize) -> Option<&'a [u8]> {
		self.raw(0, start, bytes)
	}

	fn raw(&self, slab: usize, start: usize, bytes: usize) -> Option<&'a [u8]> {
		let (_, pieces) = self.rest.get(slab)?;
		pieces.iter().rev().find_map(|(at, piece)| {
			let from = start.checked_sub(*at)?;
			piece.get(from..from.checked_add(bytes)?)
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn holes_are_joined_again() {
		let mut free = Free::default();
		let places: Vec<Place> = (0..4).map(|_| free.take(100)).collect();
		for at in [1, 3, 2, 0] {
			free.give_back(places[at], 100);
		}
		assert_eq!(free.holes, [vec![(0, SLAB_BYTES as u32)]]);
		assert_eq!(free.heights, [4 * 128]);
		let whole = free.take(SLAB_BYTES as u64);
		let next = free.take(1);
		assert_eq!((whole.slab, next.slab), (0, 1));
	}

	#[test]
	fn parts_are_apart() {
		let mut free = Free::default();
		let places: Vec<Place> = (0..5).map(|_| free.take(64)).collect();
		let layout = Layout { heights: free.heights, fits: true, ..Layout::default() };
		for exact in [true, false] {
			let mut arena = Arena::default();
			arena.prepare(&layout, exact);
			for (number, place) in places.iter().enumerate() {
				arena.write(*place, 64).fill(number as u8 + 1);
			}
			let mut split = arena.split((places[3], 64), (places[1], 32)).expect("they are apart");
			let [first, second] = split.parts();
			assert_eq!((first.len(), second.len()), (64, 32));
			assert!(first.iter().all(|byte| *byte == 4));
			assert!(second.iter().all(|byte| *byte == 2));
			for at in [0, 2, 4] {
				let read = split.read(places[at], 64).expect("it is not written to");
				assert!(read.iter().all(|byte| *byte == at as u8 + 1));
			}
			assert_eq!(split.read(places[3], 64), None);
			assert_eq!(split.read(places[1], 64), None);
		}
	}
}
