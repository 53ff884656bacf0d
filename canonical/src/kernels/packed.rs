//! Columns packed for tiles, so that a tile reads them in order.

#[cfg(feature = "std")]
use super::tile::Pairs;
use super::tile::{Float, Mode, Small, Word, Wrapping, TERMS_AT_ONCE};
use crate::{
	op::Op,
	tensor::{Meta, TensorType, View},
};
use alloc::{vec, vec::Vec};
use core::ops::Range;

/// Rows of results in one tile.
pub(super) const TILE_ROWS: usize = if cfg!(target_arch = "wasm32") { 3 } else { 4 };
/// The most columns of a tile on any processor: what scratch memory is sized by.
pub(crate) const WIDEST_TILE: usize = 32;
/// The most columns that are packed at one time.
pub(crate) const COLUMNS_AT_ONCE: usize = 512;

/// How many columns a tile has on this processor.
pub(super) fn tile_columns() -> usize {
	#[cfg(all(feature = "std", target_arch = "x86_64"))]
	if matches!(super::level::arch(), pulp::Arch::V4(_)) {
		return 32;
	}
	if cfg!(target_arch = "wasm32") {
		3
	} else {
		16
	}
}

/// How the products of an operator on these types are summed; `None` for those that are computed
/// element by element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sums {
	Float,
	Wrapping,
	#[cfg(feature = "std")]
	Small,
	/// As small ones, two terms at a time.
	#[cfg(feature = "std")]
	Pairs,
	/// As small ones, two columns at a time.
	#[cfg(not(feature = "std"))]
	Doubles,
}

impl Sums {
	/// For this operator on these operands, whose values decide as well.
	pub(super) fn of(
		op: &Op,
		out: &Meta,
		a: &View,
		b: &View,
		packed: Option<&Packed>,
	) -> Option<Self> {
		match out.ty {
			TensorType::F32 => Some(Self::Float),
			TensorType::I32 if pays(op, out, a, b) => {
				let known = packed.is_some_and(|packed| packed.sums.are_small());
				let small = Small::fits(a) && (known || Small::fits(b));
				Some(if small { Self::small(op, b.meta) } else { Self::Wrapping })
			}
			TensorType::I32 | TensorType::U32 => Some(Self::Wrapping),
			_ => None,
		}
	}

	/// How small integers are summed best.
	#[cfg(feature = "std")]
	fn small(op: &Op, b: &Meta) -> Self {
		if pairs_are_fast() && comes_in_pairs(op, b) {
			return Self::Pairs;
		}
		Self::Small
	}

	/// How small integers are summed best.
	#[cfg(not(feature = "std"))]
	fn small(_: &Op, _: &Meta) -> Self {
		Self::Doubles
	}

	/// Whether all integers are of a small magnitude.
	fn are_small(self) -> bool {
		!matches!(self, Self::Float | Self::Wrapping)
	}

	/// How many terms stand in one packed word.
	fn terms(self) -> usize {
		#[cfg(feature = "std")]
		if self == Self::Pairs {
			return Pairs::TERMS;
		}
		1
	}
}

/// Whether it pays to look whether integers are small: vectors look quickly.
#[cfg(feature = "std")]
fn pays(_: &Op, _: &Meta, _: &View, _: &View) -> bool {
	true
}

/// Whether it pays to look whether integers are small, and to pack them otherwise: where each is
/// used a few times.
#[cfg(not(feature = "std"))]
fn pays(op: &Op, out: &Meta, a: &View, b: &View) -> bool {
	let (Op::MatMul { terms, .. } | Op::Conv { terms, .. }) = op else {
		return false;
	};
	let products = u64::from(out.count()) * u64::from(*terms);
	products / LEAST_USES >= (a.len() as u64).saturating_add(b.len() as u64)
}

/// Products for each operand from which on these are looked at.
#[cfg(not(feature = "std"))]
const LEAST_USES: u64 = 8;

/// Whether the processor multiplies and adds pairs in one go.
#[cfg(feature = "std")]
fn pairs_are_fast() -> bool {
	#[cfg(target_arch = "x86_64")]
	return !matches!(super::level::arch(), pulp::Arch::Scalar);
	#[cfg(not(target_arch = "x86_64"))]
	false
}

/// Whether all runs of terms that a row or a column is made of begin and end at even ones.
#[cfg(feature = "std")]
fn comes_in_pairs(op: &Op, b: &Meta) -> bool {
	let even = |x: u32| x.is_multiple_of(2);
	match op {
		Op::MatMul { from, terms } => even(*from) && even(*terms),
		// Padding cuts whole taps off.
		Op::Conv { from, terms, .. } => {
			even(*from) && even(*terms) && b.shape.last().is_some_and(|channels| even(*channels))
		}
		_ => false,
	}
}

/// The rows of `b` that some columns of a result are made from.
#[derive(Clone, Debug)]
pub(super) struct Columns<'a> {
	pub(super) b: View<'a>,
	/// Where the first row begins.
	pub(super) first: usize,
	/// Elements of a row.
	pub(super) width: usize,
	/// How many rows.
	pub(super) count: usize,
	/// Which elements of a row count.
	pub(super) terms: Range<usize>,
}

impl Columns<'_> {
	/// The blocks that are packed at one time: terms, and columns.
	pub(super) fn blocks(&self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
		let (terms, count) = (self.terms.clone(), self.count);
		let end = terms.end;
		terms.step_by(TERMS_AT_ONCE).flat_map(move |from| {
			(0..count).step_by(COLUMNS_AT_ONCE).map(move |column| {
				let terms = from..end.min(from + TERMS_AT_ONCE);
				(terms, column..count.min(column + COLUMNS_AT_ONCE))
			})
		})
	}

	/// Packs a block for tiles of `C` columns. Missing ones are zeros.
	pub(super) fn pack<M: Mode>(
		&self,
		terms: Range<usize>,
		columns: Range<usize>,
		tile: usize,
		to: &mut [Word],
	) -> Option<()> {
		let size = terms.len() / M::TERMS * tile;
		for (strip, to) in to.chunks_exact_mut(size.max(1)).enumerate() {
			for offset in 0..tile {
				let column = columns.start + strip * tile + offset;
				let to = to.get_mut(offset..)?;
				if column >= columns.end {
					to.iter_mut().step_by(tile).for_each(|word| *word = 0);
					continue;
				}
				let start = self.first + column * self.width;
				M::load(&self.b, start + terms.start..start + terms.end, to, tile)?;
			}
		}
		Some(())
	}
}

/// The second operand of a product, packed once for all runs.
#[derive(Clone, Debug)]
pub struct Packed {
	pub(super) sums: Sums,
	tile: usize,
	/// For each group all blocks, one after the other.
	words: Vec<Word>,
	group: usize,
}

impl Packed {
	/// Packs a constant `b` of this operator. `None` where that would not help.
	pub fn new(op: &Op, out: TensorType, b: View) -> Option<Self> {
		let (groups, terms) = match op {
			Op::MatMul { from, terms } if b.meta.rank() == 2 => (1, *from..from + terms),
			Op::Conv { groups, from, terms, .. } => (*groups as usize, *from..from + terms),
			_ => return None,
		};
		let outputs = *b.meta.shape.first()? as usize;
		let count = outputs.checked_div(groups)?;
		let sums = match out {
			TensorType::F32 => Sums::Float,
			TensorType::I32 if Small::fits(&b) => Sums::small(op, b.meta),
			TensorType::I32 | TensorType::U32 => Sums::Wrapping,
			_ => return None,
		};
		// Depthwise convolutions read their weights otherwise.
		let depthwise =
			matches!(op, Op::Conv { .. }) && count == 1 && b.meta.shape.last() == Some(&1);
		if depthwise {
			return None;
		}
		let width = b.meta.shape.iter().skip(1).map(|dim| *dim as usize).product();
		let terms = terms.start as usize..terms.end as usize;
		let tile = tile_columns();
		let group = count.next_multiple_of(tile).checked_mul(terms.len() / sums.terms())?;
		let mut words = vec![0; group.checked_mul(groups)?];
		for (number, to) in words.chunks_exact_mut(group.max(1)).enumerate() {
			let first = number * count * width;
			let columns = Columns { b, first, width, count, terms: terms.clone() };
			let mut left = to;
			for (terms, some) in columns.blocks() {
				let size = some.len().next_multiple_of(tile) * (terms.len() / sums.terms());
				let (block, rest) = left.split_at_mut_checked(size)?;
				left = rest;
				match sums {
					Sums::Float => columns.pack::<Float>(terms, some, tile, block)?,
					#[cfg(feature = "std")]
					Sums::Small => columns.pack::<Small>(terms, some, tile, block)?,
					Sums::Wrapping => columns.pack::<Wrapping>(terms, some, tile, block)?,
					#[cfg(feature = "std")]
					Sums::Pairs => columns.pack::<Pairs>(terms, some, tile, block)?,
					// Packed for one run only.
					#[cfg(not(feature = "std"))]
					Sums::Doubles => return None,
				}
			}
		}
		Some(Self { sums, tile, words, group })
	}

	/// What was packed for a group, if it fits how this product is summed.
	pub(super) fn group(&self, number: usize, sums: Sums, tile: usize) -> Option<&[Word]> {
		if self.sums != sums || self.tile != tile {
			return None;
		}
		self.words.get(number * self.group..(number + 1) * self.group)
	}
}
