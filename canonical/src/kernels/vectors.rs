//! Tiles with the vectors of the processor at hand.

use super::{
	level::arch,
	tile::{Block, Mode, Word},
};

/// Whether rows are packed one after the other; else those of a tile element by element.
pub(super) const ROW_BY_ROW: bool = true;

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
#[derive(Clone, Copy)]
struct Vectors<S>(S);

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

/// Vectors that multiply pairs of 16 bits and add the two products.
#[cfg(target_arch = "x86_64")]
trait MultiplyPairs: pulp::Simd {
	/// The sum of both products, for each word.
	fn products(self, a: Self::u32s, b: Self::u32s) -> Self::u32s;
}

#[cfg(target_arch = "x86_64")]
impl MultiplyPairs for pulp::x86::V3 {
	#[inline(always)]
	fn products(self, a: Self::u32s, b: Self::u32s) -> Self::u32s {
		let (a, b) = (bytemuck::cast(a), bytemuck::cast(b));
		bytemuck::cast(self.multiply_wrapping_add_adjacent_i16x16(a, b))
	}
}

#[cfg(target_arch = "x86_64")]
impl MultiplyPairs for pulp::x86::V4 {
	#[inline(always)]
	fn products(self, a: Self::u32s, b: Self::u32s) -> Self::u32s {
		let (a, b) = (bytemuck::cast(a), bytemuck::cast(b));
		bytemuck::cast(self.multiply_wrapping_add_adjacent_i16x32(a, b))
	}
}

/// As [`vectors`], two terms at a time.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn pairs<S: MultiplyPairs, const R: usize, const C: usize, const V: usize>(
	simd: S,
	rows: [&[Word]; R],
	columns: &[Word],
	sums: &mut [[Word; C]],
) {
	let (b, _) = columns.as_chunks::<C>();
	let rows = rows.map(|row| &row[..b.len()]);
	let mut acc = [[simd.splat_u32s(0); V]; R];
	for (acc, sums) in acc.iter_mut().zip(&*sums) {
		for (acc, sums) in acc.iter_mut().zip(S::as_simd_u32s(sums).0) {
			*acc = *sums;
		}
	}
	for (k, b) in b.iter().enumerate() {
		let mut lanes = [simd.splat_u32s(0); V];
		for (lanes, b) in lanes.iter_mut().zip(S::as_simd_u32s(b).0) {
			*lanes = *b;
		}
		for r in 0..R {
			let a = simd.splat_u32s(rows[r][k]);
			for v in 0..V {
				acc[r][v] = simd.add_u32s(acc[r][v], simd.products(a, lanes[v]));
			}
		}
	}
	for (acc, sums) in acc.iter().zip(sums) {
		for (acc, sums) in acc.iter().zip(S::as_mut_simd_u32s(sums).0) {
			*sums = *acc;
		}
	}
}

/// The vectors of a processor, for pairs.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
struct InPairs<S>(S);

#[cfg(target_arch = "x86_64")]
impl<S: MultiplyPairs> Multiply for InPairs<S> {
	#[inline(always)]
	fn tile<M: Mode, const R: usize, const C: usize>(
		self,
		rows: [&[Word]; R],
		columns: &[Word],
		width: usize,
		sums: &mut [[M::Lane; C]; R],
	) {
		let lanes = S::U32_LANES;
		match M::pairs(sums) {
			Some(sums) if lanes * 2 == C => match width.div_ceil(lanes) {
				0 | 1 => pairs::<S, R, C, 1>(self.0, rows, columns, sums),
				_ => pairs::<S, R, C, 2>(self.0, rows, columns, sums),
			},
			_ => Loops.tile::<M, R, C>(rows, columns, width, sums),
		}
	}
}

impl Block<'_> {
	/// Adds all products to the results.
	pub(super) fn run<M: Mode, const R: usize, const C: usize>(
		&self,
		results: &mut [Word],
	) -> Option<()> {
		#[cfg(target_arch = "x86_64")]
		if M::TERMS == 2 {
			match arch() {
				pulp::Arch::V4(simd) => {
					return simd.vectorize(
						#[inline(always)]
						|| self.all::<M, _, R, C>(InPairs(simd), results),
					);
				}
				pulp::Arch::V3(simd) => {
					return simd.vectorize(
						#[inline(always)]
						|| self.all::<M, _, R, C>(InPairs(simd), results),
					);
				}
				_ => (),
			}
		}
		arch().dispatch(Dispatched::<M, R, C> {
			block: self,
			results,
			mode: core::marker::PhantomData,
		})
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
struct Dispatched<'a, 'b, M, const R: usize, const C: usize> {
	block: &'a Block<'b>,
	results: &'a mut [Word],
	mode: core::marker::PhantomData<M>,
}

impl<M: Mode, const R: usize, const C: usize> pulp::WithSimd for Dispatched<'_, '_, M, R, C> {
	type Output = Option<()>;

	#[inline(always)]
	fn with_simd<S: pulp::Simd>(self, simd: S) -> Option<()> {
		self.block.all::<M, _, R, C>(Vectors(simd), self.results)
	}
}
