//! Tiles without vectors, as WebAssembly runs them.

use super::{
	packed::Columns,
	tile::{Block, Float, Mode, Word, TERMS_AT_ONCE},
};
use crate::{arith, tensor::View};

/// Whether rows are packed one after the other; else those of a tile element by element.
pub(super) const ROW_BY_ROW: bool = false;

/// Calls `f` for each pair, one after the other.
#[inline(always)]
pub(super) fn pairs<A, B>(a: &[A], b: &[B], mut f: impl FnMut(&A, &B)) {
	// A pointer of its own for each: `zip` counts, and finds both places anew each time.
	let mut b = b.iter();
	for a in a {
		let Some(b) = b.next() else { return };
		f(a, b);
	}
}

/// Calls `f` for each sum of a tile and its result, where there is one. A loop over so few that counts
/// would become a call that copies them.
#[inline(always)]
fn each<T, const C: usize>(sums: &mut [T; C], results: &[Word], f: impl Fn(&mut T, &Word)) {
	match results.as_array::<C>() {
		Some(all) => (0..C).for_each(|c| f(&mut sums[c], &all[c])),
		None => sums.iter_mut().enumerate().for_each(|(c, sum)| {
			if let Some(result) = results.get(c) {
				f(sum, result);
			}
		}),
	}
}

/// As [`each`], for results that change.
#[inline(always)]
pub(super) fn each_mut<T, const C: usize>(
	sums: &[T; C],
	results: &mut [Word],
	f: impl Fn(&T, &mut Word),
) {
	match results.as_mut_array::<C>() {
		Some(all) => (0..C).for_each(|c| f(&sums[c], &mut all[c])),
		None => sums.iter().enumerate().for_each(|(c, sum)| {
			if let Some(result) = results.get_mut(c) {
				f(sum, result);
			}
		}),
	}
}

/// Adds to `sums` the products of the first `V` of `R` rows and the first `W` of `C` packed columns, one
/// term after the other.
#[inline(always)]
fn tile<M: Mode, const R: usize, const C: usize, const V: usize, const W: usize>(
	rows: &[Word],
	columns: &[Word],
	sums: &mut [[M::Lane; C]; R],
) {
	let (a, _) = bytemuck::cast_slice::<Word, M::Lane>(rows).as_chunks::<R>();
	let (b, _) = bytemuck::cast_slice::<Word, M::Lane>(columns).as_chunks::<C>();
	let mut acc = [[M::Lane::default(); W]; V];
	for (acc, sums) in acc.iter_mut().zip(&*sums) {
		acc.copy_from_slice(&sums[..W]);
	}
	pairs(
		a,
		b,
		#[inline(always)]
		|a: &[M::Lane; R], b: &[M::Lane; C]| {
			for r in 0..V {
				for c in 0..W {
					acc[r][c] = M::accumulate(acc[r][c], a[r], b[c]);
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
fn narrow<M: Mode, const R: usize, const C: usize, const V: usize>(
	width: usize,
	rows: &[Word],
	columns: &[Word],
	sums: &mut [[M::Lane; C]; R],
) {
	match width {
		1 if C == 3 => tile::<M, R, C, V, 1>(rows, columns, sums),
		2 if C == 3 => tile::<M, R, C, V, 2>(rows, columns, sums),
		_ => tile::<M, R, C, V, C>(rows, columns, sums),
	}
}

impl Block<'_> {
	/// Adds all products to the results.
	pub(super) fn run<M: Mode, const R: usize, const C: usize>(
		&self,
		results: &mut [Word],
	) -> Option<()> {
		match self.starts.len() {
			1 => self.strips::<M, 1, C>(results),
			_ => self.strips::<M, R, C>(results),
		}
	}

	fn strips<M: Mode, const R: usize, const C: usize>(&self, results: &mut [Word]) -> Option<()> {
		let size = self.terms * C;
		for (strip, panel) in self.panels.chunks_exact(size.max(1)).enumerate() {
			let first = self.columns.start + strip * C;
			let width = C.min(self.columns.end.checked_sub(first)?);
			for (starts, rows) in self.starts.chunks(R).zip(self.rows.chunks_exact(R * self.kept)) {
				let mut sums = [[M::Lane::default(); C]; R];
				for (sums, start) in sums.iter_mut().zip(starts) {
					let results = results.get(start + first..start + first + width)?;
					each(sums, results, |sum, result| *sum = M::begin(*result));
				}
				let mut done = 0;
				for segment in self.segments {
					let columns = panel.get(segment.start * C..segment.end * C)?;
					let next = done + segment.len();
					let rows = rows.get(done * R..next * R)?;
					// What was left behind a last row is not multiplied.
					match starts.len() {
						1 if R == 3 => narrow::<M, R, C, 1>(width, rows, columns, &mut sums),
						2 if R == 3 => narrow::<M, R, C, 2>(width, rows, columns, &mut sums),
						_ => narrow::<M, R, C, R>(width, rows, columns, &mut sums),
					}
					done = next;
				}
				for (sums, start) in sums.iter().zip(starts) {
					let results = results.get_mut(start + first..start + first + width)?;
					each_mut(sums, results, |sum, result| *result = M::end(*result, *sum));
				}
			}
		}
		Some(())
	}
}

/// A float where it lies.
type Bytes = [u8; 4];

/// Columns that are summed at one time.
const TOGETHER: usize = 4;

/// Adds the products of one row of floats and all columns. These are read where they lie: each is
/// needed once, and to pack it takes longer than to multiply it. `origin` is where the columns stand
/// in the results, and where the row begins in `a`.
pub(super) fn one_row(
	a: &View,
	columns: &Columns,
	origin: (usize, usize),
	results: &mut [Word],
	scratch: &mut [Word],
) -> Option<()> {
	let all = columns.b.raw::<Bytes>()?;
	let results = results.get_mut(origin.0..origin.0.checked_add(columns.count)?)?;
	for from in columns.terms.clone().step_by(TERMS_AT_ONCE) {
		let count = TERMS_AT_ONCE.min(columns.terms.end - from);
		let row = scratch.get_mut(..count)?;
		let start = origin.1 + from;
		Float::load(a, start..start + count, row, 1)?;
		let column = |number: usize| {
			let start = columns.first + number * columns.width + from;
			all.get(start..start + count)
		};
		for (strip, sums) in results.chunks_mut(TOGETHER).enumerate() {
			let first = strip * TOGETHER;
			match sums {
				[s0, s1, s2, s3] => {
					let [c0, c1] = [column(first)?, column(first + 1)?];
					let [c2, c3] = [column(first + 2)?, column(first + 3)?];
					let mut acc = [*s0, *s1, *s2, *s3].map(f32::from_bits);
					let terms = row.iter().zip(c0).zip(c1).zip(c2).zip(c3);
					for ((((a, b0), b1), b2), b3) in terms {
						acc = [
							add(acc[0], *a, b0),
							add(acc[1], *a, b1),
							add(acc[2], *a, b2),
							add(acc[3], *a, b3),
						];
					}
					[*s0, *s1, *s2, *s3] = acc.map(f32::to_bits);
				}
				some => {
					for (offset, sum) in some.iter_mut().enumerate() {
						let terms = row.iter().zip(column(first + offset)?);
						let acc = f32::from_bits(*sum);
						*sum = terms.fold(acc, |acc, (a, b)| add(acc, *a, b)).to_bits();
					}
				}
			}
		}
	}
	Some(())
}

/// Adds one product.
#[inline(always)]
fn add(acc: f32, a: Word, b: &Bytes) -> f32 {
	Float::accumulate(acc, f32::from_bits(a), arith::term(f32::from_le_bytes(*b)))
}
