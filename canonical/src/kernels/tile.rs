//! Tiles of results: packed rows against packed columns, each result summed in order.

use super::vector;
use crate::{
	arith,
	tensor::{Raw, TensorType, View},
};
use core::ops::Range;

/// Four bytes of scratch memory or of a result.
pub(super) type Word = [u8; 4];

/// How products are summed.
pub(super) trait Mode: 'static {
	/// What a product and a sum are computed in.
	type Lane: Copy + Default + PartialEq;

	fn accumulate(acc: Self::Lane, a: Self::Lane, b: Self::Lane) -> Self::Lane;
	/// A packed operand.
	fn lane(word: Word) -> Self::Lane;
	/// The sum that continues a result.
	fn begin(result: Word) -> Self::Lane;
	/// A result that some terms were added to.
	fn end(result: Word, sum: Self::Lane) -> Word;
	/// Reads a run of operands, every `step` words one.
	fn load(from: &View, run: Range<usize>, to: &mut [Word], step: usize) -> Option<()>;
}

#[inline(always)]
fn spread<T: Copy>(from: &[T], to: &mut [Word], step: usize, f: impl Fn(T) -> Word) {
	if step == 1 {
		for (to, from) in to.iter_mut().zip(from) {
			*to = f(*from);
		}
		return;
	}
	for (to, from) in to.iter_mut().step_by(step).zip(from) {
		*to = f(*from);
	}
}

/// Floats: a rounded product, then a rounded sum.
pub(super) struct Float;

impl Mode for Float {
	type Lane = f32;

	#[inline(always)]
	fn accumulate(acc: f32, a: f32, b: f32) -> f32 {
		acc + a * b
	}
	#[inline(always)]
	fn lane(word: Word) -> f32 {
		f32::from_le_bytes(word)
	}
	#[inline(always)]
	fn begin(result: Word) -> f32 {
		f32::from_le_bytes(result)
	}
	#[inline(always)]
	fn end(_: Word, sum: f32) -> Word {
		sum.to_le_bytes()
	}
	#[inline(always)]
	fn load(from: &View, run: Range<usize>, to: &mut [Word], step: usize) -> Option<()> {
		let run = from.raw::<Word>()?.get(run)?;
		spread(run, to, step, |x| arith::term(f32::from_le_bytes(x)).to_le_bytes());
		Some(())
	}
}

/// Integers that wrap.
pub(super) struct Wrapping;

impl Mode for Wrapping {
	type Lane = u32;

	#[inline(always)]
	fn accumulate(acc: u32, a: u32, b: u32) -> u32 {
		acc.wrapping_add(a.wrapping_mul(b))
	}
	#[inline(always)]
	fn lane(word: Word) -> u32 {
		u32::from_le_bytes(word)
	}
	#[inline(always)]
	fn begin(result: Word) -> u32 {
		u32::from_le_bytes(result)
	}
	#[inline(always)]
	fn end(_: Word, sum: u32) -> Word {
		sum.to_le_bytes()
	}
	#[inline(always)]
	fn load(from: &View, run: Range<usize>, to: &mut [Word], step: usize) -> Option<()> {
		match from.meta.ty {
			TensorType::U8 => {
				spread(from.bytes.get(run)?, to, step, |x: u8| u32::from(x).to_le_bytes());
			}
			TensorType::I8 => {
				spread(from.bytes.get(run)?, to, step, |x: u8| i32::from(x as i8).to_le_bytes());
			}
			_ => spread(from.raw::<Word>()?.get(run)?, to, step, |x| x),
		}
		Some(())
	}
}

/// Integers of a magnitude of at most 256 whose sums of at most [`TERMS_AT_ONCE`] products are
/// exact in floats, where vectors multiply faster.
pub(super) struct Small;

impl Small {
	/// Whether all of them are small enough.
	pub(super) fn fits(from: &View) -> bool {
		match from.meta.ty {
			TensorType::U8 | TensorType::I8 => true,
			TensorType::I32 => {
				let words = Word::slice(from.bytes);
				let all = vector(
					#[inline(always)]
					|| {
						words.iter().fold(0, |all, word| {
							let x = i32::from_le_bytes(*word);
							all | (x ^ (x >> 31))
						})
					},
				);
				all < 256
			}
			_ => false,
		}
	}
}

impl Mode for Small {
	type Lane = f32;

	#[inline(always)]
	fn accumulate(acc: f32, a: f32, b: f32) -> f32 {
		acc + a * b
	}
	#[inline(always)]
	fn lane(word: Word) -> f32 {
		f32::from_le_bytes(word)
	}
	#[inline(always)]
	fn begin(_: Word) -> f32 {
		0.0
	}
	#[inline(always)]
	fn end(result: Word, sum: f32) -> Word {
		i32::from_le_bytes(result).wrapping_add(sum as i32).to_le_bytes()
	}
	#[inline(always)]
	fn load(from: &View, run: Range<usize>, to: &mut [Word], step: usize) -> Option<()> {
		match from.meta.ty {
			TensorType::U8 => {
				spread(from.bytes.get(run)?, to, step, |x: u8| f32::from(x).to_le_bytes());
			}
			TensorType::I8 => {
				spread(from.bytes.get(run)?, to, step, |x: u8| f32::from(x as i8).to_le_bytes());
			}
			_ => spread(from.raw::<Word>()?.get(run)?, to, step, |x| {
				(i32::from_le_bytes(x) as f32).to_le_bytes()
			}),
		}
		Some(())
	}
}

/// The most terms that are packed at one time.
pub(super) const TERMS_AT_ONCE: usize = 256;
/// The most rows that are packed at one time.
pub(super) const ROWS_AT_ONCE: usize = 128;

/// Adds to `sums` the products of rows and the first `W` of `C` packed columns, one term after the
/// other.
#[inline(always)]
fn tile<M: Mode, const R: usize, const C: usize, const W: usize>(
	rows: [&[Word]; R],
	columns: &[Word],
	sums: &mut [[M::Lane; C]; R],
) {
	let (b, _) = columns.as_chunks::<C>();
	let rows = rows.map(|row| &row[..b.len()]);
	let mut acc = [[M::Lane::default(); W]; R];
	for (acc, sums) in acc.iter_mut().zip(&*sums) {
		acc.copy_from_slice(&sums[..W]);
	}
	for (k, b) in b.iter().enumerate() {
		for r in 0..R {
			let a = M::lane(rows[r][k]);
			for c in 0..W {
				acc[r][c] = M::accumulate(acc[r][c], a, M::lane(b[c]));
			}
		}
	}
	for (acc, sums) in acc.iter().zip(sums) {
		sums[..W].copy_from_slice(acc);
	}
}

/// Packed rows and columns, and where their results lie.
pub(super) struct Block<'a> {
	/// For each row the word of the results where its first column would be.
	pub(super) starts: &'a [usize],
	/// The rows, each of `kept` words.
	pub(super) rows: &'a [Word],
	/// The terms of a row that count.
	pub(super) kept: usize,
	/// Strips of columns, each with `terms` terms.
	pub(super) panels: &'a [Word],
	/// The terms that were packed of each column.
	pub(super) terms: usize,
	/// Which columns.
	pub(super) columns: Range<usize>,
	/// The parts of the packed terms that count, ascending.
	pub(super) segments: &'a [Range<usize>],
}

impl Block<'_> {
	/// Adds all products to the results.
	pub(super) fn run<M: Mode, const R: usize, const C: usize>(
		&self,
		results: &mut [Word],
	) -> Option<()> {
		vector(
			#[inline(always)]
			|| match self.starts.len() {
				1 => self.strips::<M, 1, C>(results),
				_ => self.strips::<M, R, C>(results),
			},
		)
	}

	#[inline(always)]
	fn strips<M: Mode, const R: usize, const C: usize>(&self, results: &mut [Word]) -> Option<()> {
		let size = self.terms * C;
		for (strip, panel) in self.panels.chunks_exact(size.max(1)).enumerate() {
			let first = self.columns.start + strip * C;
			let width = C.min(self.columns.end.checked_sub(first)?);
			for group in (0..self.starts.len()).step_by(R) {
				let height = R.min(self.starts.len() - group);
				let starts = self.starts.get(group..group + height)?;
				let mut sums = [[M::Lane::default(); C]; R];
				for (sums, start) in sums.iter_mut().zip(starts) {
					let results = results.get(start + first..start + first + width)?;
					for (sum, result) in sums.iter_mut().zip(results) {
						*sum = M::begin(*result);
					}
				}
				// Rows that are not there repeat the last one.
				let last = self.starts.len() - 1;
				let rows = self.rows;
				let rows: [&[Word]; R] = core::array::from_fn(|r| {
					let at = (group + r).min(last) * self.kept;
					rows.get(at..at + self.kept).unwrap_or_default()
				});
				let mut done = 0;
				for segment in self.segments {
					let columns = panel.get(segment.start * C..segment.end * C)?;
					let next = done + segment.len();
					if rows.iter().any(|row| row.len() < next) {
						return None;
					}
					let rows = rows.map(|row| &row[done..next]);
					if width * 4 <= C {
						tile_quarter::<M, R, C>(rows, columns, &mut sums);
					} else if width * 2 <= C {
						tile_half::<M, R, C>(rows, columns, &mut sums);
					} else {
						tile::<M, R, C, C>(rows, columns, &mut sums);
					}
					done = next;
				}
				for (sums, start) in sums.iter().zip(starts) {
					let results = results.get_mut(start + first..start + first + width)?;
					for (sum, result) in sums.iter().zip(results) {
						*result = M::end(*result, *sum);
					}
				}
			}
		}
		Some(())
	}
}

/// Half of a tile's columns.
#[inline(always)]
fn tile_half<M: Mode, const R: usize, const C: usize>(
	rows: [&[Word]; R],
	columns: &[Word],
	sums: &mut [[M::Lane; C]; R],
) {
	match C {
		32 => tile::<M, R, C, 16>(rows, columns, sums),
		16 => tile::<M, R, C, 8>(rows, columns, sums),
		4 => tile::<M, R, C, 2>(rows, columns, sums),
		_ => tile::<M, R, C, C>(rows, columns, sums),
	}
}

/// A quarter of a tile's columns.
#[inline(always)]
fn tile_quarter<M: Mode, const R: usize, const C: usize>(
	rows: [&[Word]; R],
	columns: &[Word],
	sums: &mut [[M::Lane; C]; R],
) {
	match C {
		32 => tile::<M, R, C, 8>(rows, columns, sums),
		16 => tile::<M, R, C, 4>(rows, columns, sums),
		4 => tile::<M, R, C, 1>(rows, columns, sums),
		_ => tile::<M, R, C, C>(rows, columns, sums),
	}
}
