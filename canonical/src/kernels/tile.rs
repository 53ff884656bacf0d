//! Tiles of results: packed rows against packed columns, each result summed in order.

use super::{
	packed::{tile_columns, Columns},
	vector,
};
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
	type Lane: Copy + Default + PartialEq + bytemuck::Pod;
	/// How many terms stand in one packed word.
	const TERMS: usize = 1;
	/// How many words a packed operand of a row has.
	const WORDS: usize = 1;

	/// How many columns a tile has on this processor.
	fn tile() -> usize {
		tile_columns()
	}
	/// Packs a block of columns for tiles.
	fn pack(
		columns: &Columns,
		terms: Range<usize>,
		some: Range<usize>,
		to: &mut [Word],
	) -> Option<()>
	where
		Self: Sized,
	{
		columns.pack::<Self>(terms, some, Self::tile(), to)
	}
	fn accumulate(acc: Self::Lane, a: Self::Lane, b: Self::Lane) -> Self::Lane;
	/// A packed operand.
	fn lane(word: Word) -> Self::Lane;
	/// The sum that continues a result.
	fn begin(result: Word) -> Self::Lane;
	/// A result that some terms were added to.
	fn end(result: Word, sum: Self::Lane) -> Word;
	/// The sums as floats, where it is floats that are summed.
	#[cfg(feature = "std")]
	fn floats<const C: usize>(_: &mut [[Self::Lane; C]]) -> Option<&mut [[f32; C]]> {
		None
	}
	/// The sums as words, where it is pairs that are summed.
	#[cfg(feature = "std")]
	fn pairs<const C: usize>(_: &mut [[Self::Lane; C]]) -> Option<&mut [[Word; C]]> {
		None
	}
	/// Reads a run of operands, every `step` words one, or as many as stand in a word.
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
	#[cfg(feature = "std")]
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

/// What is the same for all modes whose results are sums of words.
macro_rules! whole_words {
	() => {
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
	};
}
#[cfg(not(feature = "std"))]
pub(super) use whole_words;

/// Integers that wrap.
pub(super) struct Wrapping;

impl Mode for Wrapping {
	type Lane = u32;

	#[inline(always)]
	fn accumulate(acc: u32, a: u32, b: u32) -> u32 {
		acc.wrapping_add(a.wrapping_mul(b))
	}
	whole_words!();
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

#[cfg(feature = "std")]
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
	#[cfg(feature = "std")]
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

/// Integers of a magnitude of at most 255, two neighbouring terms in one word as 16 bits each, which
/// some processors multiply and add in one go. No product of them and no sum of two products comes
/// near 32 bits, and sums of these wrap as those of single products do.
#[cfg(feature = "std")]
pub(super) struct Pairs;

#[cfg(feature = "std")]
impl Pairs {
	#[inline(always)]
	fn word(low: i32, high: i32) -> Word {
		(low as u32 & 0xffff) | ((high as u32) << 16)
	}
}

#[cfg(feature = "std")]
impl Mode for Pairs {
	type Lane = u32;
	const TERMS: usize = 2;

	#[inline(always)]
	fn accumulate(acc: u32, a: u32, b: u32) -> u32 {
		let low = i32::from(a as i16).wrapping_mul(i32::from(b as i16));
		let high = ((a as i32) >> 16).wrapping_mul((b as i32) >> 16);
		acc.wrapping_add(low as u32).wrapping_add(high as u32)
	}
	whole_words!();
	#[inline(always)]
	fn pairs<const C: usize>(sums: &mut [[u32; C]]) -> Option<&mut [[Word; C]]> {
		Some(sums)
	}
	#[inline(always)]
	fn load(from: &View, run: Range<usize>, to: &mut [Word], step: usize) -> Option<()> {
		match from.meta.ty {
			TensorType::U8 => {
				let pairs = from.bytes.get(run)?.as_chunks::<2>().0;
				spread(pairs, to, step, |[x, y]| Self::word(i32::from(x), i32::from(y)));
			}
			TensorType::I8 => {
				let pairs = from.bytes.get(run)?.as_chunks::<2>().0;
				let signed = |x: u8| i32::from(x as i8);
				spread(pairs, to, step, |[x, y]| Self::word(signed(x), signed(y)));
			}
			_ => {
				let pairs = from.raw::<[u8; 4]>()?.get(run)?.as_chunks::<2>().0;
				spread(pairs, to, step, |[x, y]| {
					Self::word(i32::from_le_bytes(x), i32::from_le_bytes(y))
				});
			}
		}
		Some(())
	}
}

/// The most terms that are packed at one time. Even, so that pairs stay together.
pub(super) const TERMS_AT_ONCE: usize = 256;
/// The most rows that are packed at one time.
pub(super) const ROWS_AT_ONCE: usize = 128;

/// Packed rows and columns, and where their results lie.
pub(super) struct Block<'a> {
	/// For each row the word of the results where its first column would be.
	pub(super) starts: &'a [usize],
	/// The rows, each of `kept` words; without vectors, those of a tile element by element.
	pub(super) rows: &'a [Word],
	/// The words of a row that count.
	pub(super) kept: usize,
	/// Strips of columns, each of `terms` words.
	pub(super) panels: &'a [Word],
	/// The words that were packed of each column.
	pub(super) terms: usize,
	/// Which columns.
	pub(super) columns: Range<usize>,
	/// The parts of the packed words that count, ascending.
	pub(super) segments: &'a [Range<usize>],
}

impl Block<'_> {
	/// How many rows are summed in one tile.
	pub(super) fn height(rows: usize, most: usize) -> usize {
		if rows == 1 {
			1
		} else {
			most
		}
	}
}
