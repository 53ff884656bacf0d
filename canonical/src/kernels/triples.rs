//! Small integers without vectors, as WebAssembly multiplies them: three columns in one word of 64
//! bits, so that one multiplication makes three products.
//!
//! A word holds `c0 + c1 * 2^21 + c2 * 2^42`. Times an operand it holds three products, and sums of
//! such words hold three sums, as long as none of these leaves 21 bits with its sign.

use super::{
	packed::Columns,
	scalar::pairs,
	tile::{whole_words, Block, Mode, Word, Wrapping},
};
use crate::tensor::{TensorType, View};
use core::ops::Range;

/// Bits of one column in a word.
const BITS: u32 = 21;
/// Products that are summed before sums are taken out, so that these stay below `2^20`. Operands are
/// of a magnitude of at most 256, and of 128 where they are bytes with a sign.
pub(super) fn at_once(a: TensorType, b: TensorType) -> usize {
	let bits = |ty: TensorType| if ty == TensorType::I8 { 7 } else { 8 };
	(1 << (BITS - 1 - bits(a) - bits(b))) - 1
}
/// Columns of a tile: two words of 64 bits for each term.
const TILE: usize = 6;
/// Words of 32 bits for each term of a tile.
const WORDS: usize = 4;

/// Integers of a magnitude of at most 256. Rows are packed one operand to a word.
pub(super) struct Triples;

impl Mode for Triples {
	type Lane = u32;
	const COLUMNS: usize = 3;

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
			TensorType::U8 => pack(columns, b.bytes, terms, some, to, |x| i64::from(*x)),
			TensorType::I8 => pack(columns, b.bytes, terms, some, to, |x| i64::from(*x as i8)),
			_ => {
				let all = b.raw::<[u8; 4]>()?;
				pack(columns, all, terms, some, to, |x| i64::from(i32::from_le_bytes(*x)))
			}
		}
	}
	#[inline(always)]
	fn accumulate(acc: u32, a: u32, b: u32) -> u32 {
		Wrapping::accumulate(acc, a, b)
	}
	whole_words!();
	fn load(from: &View, run: Range<usize>, to: &mut [Word], step: usize) -> Option<()> {
		Wrapping::load(from, run, to, step)
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
	integer: impl Fn(&T) -> i64,
) -> Option<()> {
	let size = terms.len() * WORDS;
	for (strip, to) in to.chunks_exact_mut(size.max(1)).enumerate() {
		for offset in [0, TILE / 2] {
			let first = some.start + strip * TILE + offset;
			let column = |number: usize| {
				let number = first + number;
				let start = columns.first + number * columns.width;
				let terms = start + terms.start..start + terms.end;
				if number < some.end {
					all.get(terms).map(Some)
				} else {
					Some(None)
				}
			};
			let words = to
				.chunks_exact_mut(WORDS)
				.filter_map(|words| words.get_mut(offset / 3 * 2..)?.first_chunk_mut::<2>());
			match [column(0)?, column(1)?, column(2)?] {
				[Some(c0), Some(c1), Some(c2)] => {
					for (((word, c0), c1), c2) in words.zip(c0).zip(c1).zip(c2) {
						*word = joined([integer(c0), integer(c1), integer(c2)]);
					}
				}
				missing => {
					for (term, word) in words.enumerate() {
						*word = joined(missing.map(|column| {
							column.and_then(|column| column.get(term)).map_or(0, &integer)
						}));
					}
				}
			}
		}
	}
	Some(())
}

#[inline(always)]
fn joined([c0, c1, c2]: [i64; 3]) -> [Word; 2] {
	let word = c0.wrapping_add(c1 << BITS).wrapping_add(c2 << (2 * BITS));
	[word as u32, (word >> 32) as u32]
}

#[inline(always)]
fn word(&[low, high]: &[Word; 2]) -> i64 {
	(u64::from(low) | (u64::from(high) << 32)) as i64
}

/// What sums begin with, so that none gets negative and borrows from the next one.
const HALF: u32 = 1 << (BITS - 1);
const BIASED: i64 = (HALF as i64) | ((HALF as i64) << BITS) | ((HALF as i64) << (2 * BITS));

/// The sum of a column, with [`HALF`] on top.
#[inline(always)]
fn biased(word: i64, column: usize) -> u32 {
	(word as u64 >> (column as u32 * BITS)) as u32 & (2 * HALF - 1)
}

/// Adds to `sums` the products of rows and the first `W` words of the columns of a tile. A function of
/// its own, so that it has all registers.
#[inline(never)]
fn tile<const R: usize, const W: usize>(
	rows: &[Word],
	columns: &[Word],
	at_once: usize,
	sums: &mut [[u32; TILE]; R],
) {
	let mut times = 0u32;
	for (rows, columns) in rows.chunks(at_once * R).zip(columns.chunks(at_once * WORDS)) {
		times = times.wrapping_add(1);
		let (rows, _) = rows.as_chunks::<R>();
		let (columns, _) = columns.as_chunks::<WORDS>();
		let mut acc = [[BIASED; W]; R];
		pairs(
			rows,
			columns,
			#[inline(always)]
			|a: &[Word; R], b: &[Word; WORDS]| {
				let (b, _) = b.as_chunks::<2>();
				for r in 0..R {
					for w in 0..W {
						let product = i64::from(a[r] as i32).wrapping_mul(word(&b[w]));
						acc[r][w] = acc[r][w].wrapping_add(product);
					}
				}
			},
		);
		for r in 0..R {
			for w in 0..W {
				for c in 0..3 {
					let sum = &mut sums[r][3 * w + c];
					*sum = sum.wrapping_add(biased(acc[r][w], c));
				}
			}
		}
	}
	for sum in sums.iter_mut().flatten() {
		*sum = sum.wrapping_sub(HALF.wrapping_mul(times));
	}
}

impl Block<'_> {
	/// Adds all products to the results, of columns that [`Triples`] has packed, so many at once.
	pub(super) fn triples<const R: usize>(
		&self,
		at_once: usize,
		results: &mut [Word],
	) -> Option<()> {
		match self.starts.len() {
			1 => self.strips_of_triples::<1>(at_once, results),
			_ => self.strips_of_triples::<R>(at_once, results),
		}
	}

	fn strips_of_triples<const R: usize>(
		&self,
		at_once: usize,
		results: &mut [Word],
	) -> Option<()> {
		let size = self.terms * WORDS;
		for (strip, panel) in self.panels.chunks_exact(size.max(1)).enumerate() {
			let first = self.columns.start + strip * TILE;
			let width = TILE.min(self.columns.end.checked_sub(first)?);
			for (starts, rows) in self.starts.chunks(R).zip(self.rows.chunks_exact(R * self.kept)) {
				let mut sums = [[0; TILE]; R];
				let mut done = 0;
				for segment in self.segments {
					let columns = panel.get(segment.start * WORDS..segment.end * WORDS)?;
					let next = done + segment.len();
					let rows = rows.get(done * R..next * R)?;
					if width <= TILE / 2 {
						tile::<R, 1>(rows, columns, at_once, &mut sums);
					} else {
						tile::<R, 2>(rows, columns, at_once, &mut sums);
					}
					done = next;
				}
				for (sums, start) in sums.iter().zip(starts) {
					let results = results.get_mut(start + first..start + first + width)?;
					for (result, sum) in results.iter_mut().zip(sums) {
						*result = result.wrapping_add(*sum);
					}
				}
			}
		}
		Some(())
	}
}
