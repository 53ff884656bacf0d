//! Tiles of results: packed rows against packed columns, each result summed in order.

use super::vector;
use crate::{
	arith,
	tensor::{Raw, TensorType, View},
};
use core::ops::Range;

/// Four bytes of scratch memory or of a result.
pub(super) type Word = u32;

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
	/// The sums as floats, where it is floats that are summed.
	fn floats<const C: usize>(sums: &mut [[Self::Lane; C]]) -> Option<&mut [[f32; C]]>;
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
		f32::from_bits(word)
	}
	#[inline(always)]
	fn begin(result: Word) -> f32 {
		f32::from_bits(result)
	}
	#[inline(always)]
	fn end(_: Word, sum: f32) -> Word {
		sum.to_bits()
	}
	#[inline(always)]
	fn floats<const C: usize>(sums: &mut [[f32; C]]) -> Option<&mut [[f32; C]]> {
		Some(sums)
	}
	#[inline(always)]
	fn load(from: &View, run: Range<usize>, to: &mut [Word], step: usize) -> Option<()> {
		let run = from.raw::<[u8; 4]>()?.get(run)?;
		spread(run, to, step, |x| arith::term(f32::from_le_bytes(x)).to_bits());
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
		word
	}
	#[inline(always)]
	fn begin(result: Word) -> u32 {
		result
	}
	#[inline(always)]
	fn end(_: Word, sum: u32) -> Word {
		sum
	}
	#[inline(always)]
	fn floats<const C: usize>(_: &mut [[u32; C]]) -> Option<&mut [[f32; C]]> {
		None
	}
	#[inline(always)]
	fn load(from: &View, run: Range<usize>, to: &mut [Word], step: usize) -> Option<()> {
		match from.meta.ty {
			TensorType::U8 => {
				spread(from.bytes.get(run)?, to, step, |x: u8| u32::from(x));
			}
			TensorType::I8 => {
				spread(from.bytes.get(run)?, to, step, |x: u8| i32::from(x as i8) as u32);
			}
			_ => spread(from.raw::<[u8; 4]>()?.get(run)?, to, step, u32::from_le_bytes),
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
				let words = <[u8; 4]>::slice(from.bytes);
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
		f32::from_bits(word)
	}
	#[inline(always)]
	fn begin(_: Word) -> f32 {
		0.0
	}
	#[inline(always)]
	fn end(result: Word, sum: f32) -> Word {
		result.wrapping_add(sum as i32 as u32)
	}
	#[inline(always)]
	fn floats<const C: usize>(sums: &mut [[f32; C]]) -> Option<&mut [[f32; C]]> {
		Some(sums)
	}
	#[inline(always)]
	fn load(from: &View, run: Range<usize>, to: &mut [Word], step: usize) -> Option<()> {
		match from.meta.ty {
			TensorType::U8 => {
				spread(from.bytes.get(run)?, to, step, |x: u8| f32::from(x).to_bits());
			}
			TensorType::I8 => {
				spread(from.bytes.get(run)?, to, step, |x: u8| f32::from(x as i8).to_bits());
			}
			_ => spread(from.raw::<[u8; 4]>()?.get(run)?, to, step, |x| {
				(i32::from_le_bytes(x) as f32).to_bits()
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

/// As [`tile`] with explicit vectors, `V` for each row. A product and a sum are never fused.
#[cfg(feature = "std")]
#[inline(always)]
fn vectors<S: pulp::Simd, const R: usize, const C: usize, const V: usize>(
	simd: S,
	rows: [&[Word]; R],
	columns: &[Word],
	sums: &mut [[f32; C]],
) {
	let (b, _) = columns.as_chunks::<C>();
	let rows = rows.map(|row| &row[..b.len()]);
	let mut acc = [[simd.splat_f32s(0.0); V]; R];
	for (acc, sums) in acc.iter_mut().zip(&*sums) {
		for (acc, sums) in acc.iter_mut().zip(S::as_simd_f32s(sums).0) {
			*acc = *sums;
		}
	}
	for (k, b) in b.iter().enumerate() {
		let mut lanes = [simd.splat_f32s(0.0); V];
		let b: &[f32] = bytemuck::cast_slice(b);
		for (lanes, b) in lanes.iter_mut().zip(S::as_simd_f32s(b).0) {
			*lanes = *b;
		}
		for r in 0..R {
			let a = simd.splat_f32s(f32::from_bits(rows[r][k]));
			for v in 0..V {
				acc[r][v] = simd.add_f32s(acc[r][v], simd.mul_f32s(a, lanes[v]));
			}
		}
	}
	for (acc, sums) in acc.iter().zip(sums) {
		for (acc, sums) in acc.iter().zip(S::as_mut_simd_f32s(sums).0) {
			*sums = *acc;
		}
	}
}

/// What multiplies one tile.
trait Multiply: Copy {
	/// Adds to `sums` the products of rows and the first `width` of `C` packed columns.
	fn tile<M: Mode, const R: usize, const C: usize>(
		self,
		rows: [&[Word]; R],
		columns: &[Word],
		width: usize,
		sums: &mut [[M::Lane; C]; R],
	);
}

/// Plain loops.
#[derive(Clone, Copy)]
struct Loops;

impl Multiply for Loops {
	#[inline(always)]
	fn tile<M: Mode, const R: usize, const C: usize>(
		self,
		rows: [&[Word]; R],
		columns: &[Word],
		width: usize,
		sums: &mut [[M::Lane; C]; R],
	) {
		if width * 2 > C {
			tile::<M, R, C, C>(rows, columns, sums);
			return;
		}
		match C {
			32 => tile::<M, R, C, 16>(rows, columns, sums),
			16 => tile::<M, R, C, 8>(rows, columns, sums),
			4 => tile::<M, R, C, 2>(rows, columns, sums),
			_ => tile::<M, R, C, C>(rows, columns, sums),
		}
	}
}

/// The vectors of a processor.
#[cfg(feature = "std")]
#[derive(Clone, Copy)]
struct Vectors<S>(S);

#[cfg(feature = "std")]
impl<S: pulp::Simd> Multiply for Vectors<S> {
	#[inline(always)]
	fn tile<M: Mode, const R: usize, const C: usize>(
		self,
		rows: [&[Word]; R],
		columns: &[Word],
		width: usize,
		sums: &mut [[M::Lane; C]; R],
	) {
		let lanes = S::F32_LANES;
		match M::floats(sums) {
			Some(sums) if lanes > 1 && lanes * 4 >= C => match width.div_ceil(lanes) {
				0 | 1 => vectors::<S, R, C, 1>(self.0, rows, columns, sums),
				2 => vectors::<S, R, C, 2>(self.0, rows, columns, sums),
				_ => vectors::<S, R, C, 4>(self.0, rows, columns, sums),
			},
			_ => Loops.tile::<M, R, C>(rows, columns, width, sums),
		}
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
	#[cfg(feature = "std")]
	pub(super) fn run<M: Mode, const R: usize, const C: usize>(
		&self,
		results: &mut [Word],
	) -> Option<()> {
		pulp::Arch::new().dispatch(Dispatched::<M, R, C> {
			block: self,
			results,
			mode: core::marker::PhantomData,
		})
	}

	/// Adds all products to the results.
	#[cfg(not(feature = "std"))]
	pub(super) fn run<M: Mode, const R: usize, const C: usize>(
		&self,
		results: &mut [Word],
	) -> Option<()> {
		self.all::<M, _, R, C>(Loops, results)
	}

	#[inline(always)]
	fn all<M: Mode, T: Multiply, const R: usize, const C: usize>(
		&self,
		with: T,
		results: &mut [Word],
	) -> Option<()> {
		match self.starts.len() {
			1 => self.strips::<M, T, 1, C>(with, results),
			_ => self.strips::<M, T, R, C>(with, results),
		}
	}

	#[inline(always)]
	fn strips<M: Mode, T: Multiply, const R: usize, const C: usize>(
		&self,
		with: T,
		results: &mut [Word],
	) -> Option<()> {
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
					with.tile::<M, R, C>(rows, columns, width, &mut sums);
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

/// A block, compiled for the vectors that this processor has. The bits are the same: nothing is
/// reordered or fused.
#[cfg(feature = "std")]
struct Dispatched<'a, 'b, M, const R: usize, const C: usize> {
	block: &'a Block<'b>,
	results: &'a mut [Word],
	mode: core::marker::PhantomData<M>,
}

#[cfg(feature = "std")]
impl<M: Mode, const R: usize, const C: usize> pulp::WithSimd for Dispatched<'_, '_, M, R, C> {
	type Output = Option<()>;

	#[inline(always)]
	fn with_simd<S: pulp::Simd>(self, simd: S) -> Option<()> {
		self.block.all::<M, _, R, C>(Vectors(simd), self.results)
	}
}
