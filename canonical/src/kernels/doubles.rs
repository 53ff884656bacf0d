//! Small integers without vectors, as WebAssembly multiplies them: two columns in one float of 64
//! bits, so that one multiplication makes two products.
//!
//! A float holds `c0 + c1 * 2^26`. Times an operand it holds two products, and sums of such floats
//! hold two sums. Nothing is rounded: the first sum stays below `2^25`, the whole below `2^52`.

use super::{
	packed::Columns,
	scalar::{each_mut, pairs},
	tile::{whole_words, Block, Mode, Word, Wrapping, TERMS_AT_ONCE},
};
use crate::tensor::{TensorType, View};
use core::ops::Range;

/// Bits of the first column in a float.
const BITS: u32 = 26;
/// The most that an operand is.
const MOST: usize = 256;
const _: () = assert!(MOST * MOST * TERMS_AT_ONCE < 1 << (BITS - 1));
/// Columns of a tile.
const TILE: usize = 6;
/// Floats for each term of a tile.
const FLOATS: usize = TILE / 2;

/// A float of 64 bits where it lies in scratch memory.
type Bits = [Word; 2];

/// Integers of a magnitude of at most 256.
pub(super) struct Doubles;

impl Mode for Doubles {
	type Lane = u32;
	const WORDS: usize = 2;

	fn tile() -> usize {
		TILE
	}
	fn pack(
		columns: &Columns,
		terms: Range<usize>,
		some: Range<usize>,
		to: &mut [Word],
	) -> Option<()> {
		let b = &columns.b;
		match b.meta.ty {
			TensorType::U8 => pack(columns, b.bytes, terms, some, to, |x| i32::from(*x)),
			TensorType::I8 => pack(columns, b.bytes, terms, some, to, |x| i32::from(*x as i8)),
			_ => {
				let all = b.raw::<[u8; 4]>()?;
				pack(columns, all, terms, some, to, |x| i32::from_le_bytes(*x))
			}
		}
	}
	#[inline(always)]
	fn accumulate(acc: u32, a: u32, b: u32) -> u32 {
		Wrapping::accumulate(acc, a, b)
	}
	whole_words!();
	fn load(from: &View, run: Range<usize>, to: &mut [Word], step: usize) -> Option<()> {
		let (to, _) = to.as_chunks_mut::<2>();
		let to = to.iter_mut().step_by(step.max(1));
		match from.meta.ty {
			TensorType::U8 => {
				to.zip(from.bytes.get(run)?).for_each(|(to, x)| *to = bits(f64::from(*x)));
			}
			TensorType::I8 => {
				to.zip(from.bytes.get(run)?).for_each(|(to, x)| *to = bits(f64::from(*x as i8)));
			}
			_ => to.zip(from.raw::<[u8; 4]>()?.get(run)?).for_each(|(to, x)| {
				*to = bits(f64::from(i32::from_le_bytes(*x)));
			}),
		}
		Some(())
	}
}

/// Packs columns for tiles. Missing ones are zeros.
#[inline(always)]
fn pack<T>(
	columns: &Columns,
	all: &[T],
	terms: Range<usize>,
	some: Range<usize>,
	to: &mut [Word],
	integer: impl Fn(&T) -> i32,
) -> Option<()> {
	let size = terms.len() * TILE;
	for (strip, to) in to.chunks_exact_mut(size.max(1)).enumerate() {
		let (to, _) = to.as_chunks_mut::<2>();
		for pair in 0..FLOATS {
			let first = some.start + strip * TILE + 2 * pair;
			let column = |number: usize| {
				let start = columns.first + number * columns.width;
				let terms = start + terms.start..start + terms.end;
				if number < some.end {
					all.get(terms).map(Some)
				} else {
					Some(None)
				}
			};
			let to = to.get_mut(pair..)?.iter_mut().step_by(FLOATS);
			match [column(first)?, column(first + 1)?] {
				[Some(c0), Some(c1)] => {
					for ((to, c0), c1) in to.zip(c0).zip(c1) {
						*to = joined(integer(c0), integer(c1));
					}
				}
				[Some(c0), None] => {
					for (to, c0) in to.zip(c0) {
						*to = joined(integer(c0), 0);
					}
				}
				_ => to.for_each(|to| *to = [0; 2]),
			}
		}
	}
	Some(())
}

#[inline(always)]
fn joined(c0: i32, c1: i32) -> Bits {
	bits((i64::from(c0) + (i64::from(c1) << BITS)) as f64)
}

/// The two sums in a float.
#[inline(always)]
fn apart(sum: f64) -> [Word; 2] {
	let all = sum as i64;
	let low = all << (64 - BITS) >> (64 - BITS);
	[low as u32, ((all - low) >> BITS) as u32]
}

#[inline(always)]
fn bits(x: f64) -> Bits {
	let bits = x.to_bits();
	[bits as u32, (bits >> 32) as u32]
}

#[inline(always)]
fn float(&[low, high]: &Bits) -> f64 {
	f64::from_bits(u64::from(low) | (u64::from(high) << 32))
}

/// Adds to `sums` the products of the first `V` of `R` rows and the first `W` floats of the columns of a
/// tile. A function of its own, so that it has all registers.
#[inline(never)]
fn tile<const R: usize, const V: usize, const W: usize>(
	rows: &[Word],
	columns: &[Word],
	sums: &mut [[f64; FLOATS]; R],
) {
	let (rows, _) = rows.as_chunks::<2>().0.as_chunks::<R>();
	let (columns, _) = columns.as_chunks::<2>().0.as_chunks::<FLOATS>();
	let mut acc = [[0.0; W]; V];
	for (acc, sums) in acc.iter_mut().zip(&*sums) {
		acc.copy_from_slice(&sums[..W]);
	}
	pairs(
		rows,
		columns,
		#[inline(always)]
		|a: &[Bits; R], b: &[Bits; FLOATS]| {
			for r in 0..V {
				for w in 0..W {
					acc[r][w] += float(&a[r]) * float(&b[w]);
				}
			}
		},
	);
	for (acc, sums) in acc.iter().zip(sums) {
		sums[..W].copy_from_slice(acc);
	}
}

/// [`tile`] for the first `width` columns.
#[inline(always)]
fn narrow<const R: usize, const V: usize>(
	width: usize,
	rows: &[Word],
	columns: &[Word],
	sums: &mut [[f64; FLOATS]; R],
) {
	match width {
		0..=2 => tile::<R, V, 1>(rows, columns, sums),
		3..=4 => tile::<R, V, 2>(rows, columns, sums),
		_ => tile::<R, V, FLOATS>(rows, columns, sums),
	}
}

impl Block<'_> {
	/// Adds all products to the results, of rows and columns that [`Doubles`] has packed.
	pub(super) fn doubles<const R: usize>(&self, results: &mut [Word]) -> Option<()> {
		match self.starts.len() {
			1 => self.strips_of_doubles::<1>(results),
			_ => self.strips_of_doubles::<R>(results),
		}
	}

	fn strips_of_doubles<const R: usize>(&self, results: &mut [Word]) -> Option<()> {
		let size = self.terms * TILE;
		let height = R * self.kept * Doubles::WORDS;
		for (strip, panel) in self.panels.chunks_exact(size.max(1)).enumerate() {
			let first = self.columns.start + strip * TILE;
			let width = TILE.min(self.columns.end.checked_sub(first)?);
			for (starts, rows) in self.starts.chunks(R).zip(self.rows.chunks_exact(height)) {
				let mut sums = [[0.0; FLOATS]; R];
				let mut done = 0;
				for segment in self.segments {
					let columns = panel.get(segment.start * TILE..segment.end * TILE)?;
					let next = done + segment.len() * R * Doubles::WORDS;
					let rows = rows.get(done..next)?;
					// What was left behind a last row is not multiplied.
					match starts.len() {
						1 if R == 3 => narrow::<R, 1>(width, rows, columns, &mut sums),
						2 if R == 3 => narrow::<R, 2>(width, rows, columns, &mut sums),
						_ => narrow::<R, R>(width, rows, columns, &mut sums),
					}
					done = next;
				}
				for (sums, start) in sums.iter().zip(starts) {
					let results = results.get_mut(start + first..start + first + width)?;
					let mut both = [0; TILE];
					for (both, sum) in both.as_chunks_mut::<2>().0.iter_mut().zip(sums) {
						*both = apart(*sum);
					}
					each_mut(&both, results, |sum, result| *result = result.wrapping_add(*sum));
				}
			}
		}
		Some(())
	}
}
