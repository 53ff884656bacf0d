//! Tiles without vectors, as WebAssembly runs them.

use super::tile::{Block, Mode, Word};

/// Whether rows are packed one after the other; else those of a tile element by element.
pub(super) const ROW_BY_ROW: bool = false;

/// Adds to `sums` the products of rows and the first `W` of `C` packed columns, one term after the
/// other.
#[inline(always)]
fn tile<M: Mode, const R: usize, const C: usize, const W: usize>(
	rows: &[Word],
	columns: &[Word],
	sums: &mut [[M::Lane; C]; R],
) {
	let (a, _) = bytemuck::cast_slice::<Word, M::Lane>(rows).as_chunks::<R>();
	let (b, _) = bytemuck::cast_slice::<Word, M::Lane>(columns).as_chunks::<C>();
	let mut acc = [[M::Lane::default(); W]; R];
	for (acc, sums) in acc.iter_mut().zip(&*sums) {
		acc.copy_from_slice(&sums[..W]);
	}
	for (a, b) in a.iter().zip(b) {
		for r in 0..R {
			for c in 0..W {
				acc[r][c] = M::accumulate(acc[r][c], a[r], b[c]);
			}
		}
	}
	for (acc, sums) in acc.iter().zip(sums) {
		sums[..W].copy_from_slice(acc);
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
					for (sum, result) in sums.iter_mut().zip(results) {
						*sum = M::begin(*result);
					}
				}
				let mut done = 0;
				for segment in self.segments {
					let columns = panel.get(segment.start * C..segment.end * C)?;
					let next = done + segment.len();
					let rows = rows.get(done * R..next * R)?;
					match (C, width) {
						(4, 1) => tile::<M, R, C, 1>(rows, columns, &mut sums),
						(4, 2) => tile::<M, R, C, 2>(rows, columns, &mut sums),
						_ => tile::<M, R, C, C>(rows, columns, &mut sums),
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
