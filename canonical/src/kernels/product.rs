//! Matrix products and convolutions: which rows meet which columns, and where results lie.

#[cfg(not(feature = "std"))]
use super::{doubles::Doubles, scalar::ROW_BY_ROW};
use super::{
	packed::{Columns, Packed, Sums, COLUMNS_AT_ONCE, TILE_ROWS, WIDEST_TILE},
	tile::{Block, Float, Mode, Word, Wrapping, ROWS_AT_ONCE, TERMS_AT_ONCE},
	vector,
};
#[cfg(feature = "std")]
use super::{
	tile::{Pairs, Small},
	vectors::ROW_BY_ROW,
};
use crate::{
	arith,
	element::{self, tap, Stop},
	op::{Op, Window},
	tensor::{element_count, strides, unravel, Meta, TensorType, View},
};
use alloc::{vec, vec::Vec};
use core::ops::Range;

/// Channels of a depthwise convolution whose operands are made ready at one time.
const CHANNELS_AT_ONCE: usize = 256;
/// Classes and taps that are kept while groups and blocks are walked.
pub(crate) const KEPT_TAPS: u32 = 1024;

/// Bytes of scratch memory that a product takes.
pub(crate) fn scratch(op: &Op, out: &Meta, operands: &[&Meta]) -> u64 {
	let (Some(x), Some(w)) = (operands.first(), operands.get(1)) else {
		return 0;
	};
	let at_least = |terms: u32, columns: u32| {
		let terms = u64::from(terms).min(TERMS_AT_ONCE as u64);
		let columns = u64::from(columns).min(COLUMNS_AT_ONCE as u64);
		let columns = columns.next_multiple_of(WIDEST_TILE as u64);
		4 * terms * (columns + ROWS_AT_ONCE as u64)
	};
	match op {
		Op::MatMul { terms, .. } => at_least(*terms, out.shape.last().copied().unwrap_or(0)),
		Op::Conv { groups, terms, .. } => {
			let outputs = w.shape.first().copied().unwrap_or(0) / (*groups).max(1);
			if outputs != 1 || w.shape.last() != Some(&1) {
				return at_least(*terms, outputs);
			}
			let channels = u64::from(*groups).min(CHANNELS_AT_ONCE as u64);
			let taps: u64 = w.shape.iter().skip(1).map(|dim| u64::from(*dim)).product();
			let positions = match x.ty {
				TensorType::F32 => u64::from(x.count()) / u64::from(*groups).max(1),
				_ => 0,
			};
			4 * channels * (taps + positions)
		}
		_ => 0,
	}
}

pub(super) fn product(
	op: &Op,
	out: &Meta,
	operands: &[View],
	to: &mut [u8],
	scratch: &mut [Word],
	packed: Option<&Packed>,
) -> Result<(), Stop> {
	let [a, b, ..] = operands else {
		return Err(Stop::Invalid);
	};
	let Some(sums) = Sums::of(op, out, a, b, packed) else {
		return element::whole_into(op, out, operands, to);
	};
	let work = Work { op, out, a: *a, b: *b, packed, sums };
	// Results and scratch memory are aligned wherever they come from.
	let results: &mut [Word] = bytemuck::try_cast_slice_mut(to).map_err(|_| Stop::Invalid)?;
	begin(operands.get(2), out.ty, results).ok_or(Stop::Invalid)?;
	if results.is_empty() {
		return Ok(());
	}
	let done = match sums {
		Sums::Float => work.run::<Float>(results, scratch),
		Sums::Wrapping => work.run::<Wrapping>(results, scratch),
		#[cfg(feature = "std")]
		Sums::Small => work.run::<Small>(results, scratch),
		#[cfg(feature = "std")]
		Sums::Pairs => work.run::<Pairs>(results, scratch),
		#[cfg(not(feature = "std"))]
		Sums::Doubles => work.run::<Doubles>(results, scratch),
	};
	done.ok_or(Stop::Invalid)?;
	if out.ty == TensorType::F32 {
		vector(
			#[inline(always)]
			|| {
				for result in results.iter_mut() {
					*result = arith::one_nan(f32::from_bits(*result)).to_bits();
				}
			},
		);
	}
	Ok(())
}

/// Initial accumulators.
fn begin(initial: Option<&View>, ty: TensorType, results: &mut [Word]) -> Option<()> {
	let Some(initial) = initial else {
		results.fill(0);
		return Some(());
	};
	let initial = initial.raw::<[u8; 4]>()?;
	if initial.len() != results.len() {
		return None;
	}
	if ty != TensorType::F32 {
		for (result, x) in results.iter_mut().zip(initial) {
			*result = u32::from_le_bytes(*x);
		}
		return Some(());
	}
	vector(
		#[inline(always)]
		|| {
			for (result, x) in results.iter_mut().zip(initial) {
				*result = arith::addend(f32::from_le_bytes(*x)).to_bits();
			}
		},
	);
	Some(())
}

/// A product under way.
struct Work<'a> {
	op: &'a Op,
	out: &'a Meta,
	a: View<'a>,
	b: View<'a>,
	packed: Option<&'a Packed>,
	sums: Sums,
}

impl Work<'_> {
	fn run<M: Mode>(&self, results: &mut [Word], scratch: &mut [Word]) -> Option<()> {
		match self.op {
			Op::MatMul { from, terms } => {
				self.matmul::<M>(*from as usize, *terms as usize, results, scratch)
			}
			Op::Conv { window, groups, from, terms } => {
				let shapes = Shapes::new(self, window, *groups, *from..from.checked_add(*terms)?)?;
				if *terms == 0 {
					return Some(());
				}
				if shapes.channels == 1 && shapes.per_group == 1 {
					return match self.sums {
						Sums::Float => depthwise::<Float>(shapes, self, results, scratch),
						// All terms in one go may be more than small sums allow.
						#[cfg(feature = "std")]
						Sums::Small if *terms as usize <= TERMS_AT_ONCE => {
							depthwise::<Small>(shapes, self, results, scratch)
						}
						_ => depthwise::<Wrapping>(shapes, self, results, scratch),
					};
				}
				let classes = Classes::new(&shapes)?;
				for group in 0..shapes.groups {
					let columns = Columns {
						b: self.b,
						first: group * shapes.per_group * shapes.width,
						width: shapes.width,
						count: shapes.per_group,
						terms: shapes.terms.start as usize..shapes.terms.end as usize,
					};
					let origin = (group * shapes.per_group, group * shapes.channels);
					self.multiply::<M>(group, &columns, &classes, origin, results, scratch)?;
				}
				Some(())
			}
			_ => None,
		}
	}

	fn matmul<M: Mode>(
		&self,
		from: usize,
		terms: usize,
		results: &mut [Word],
		scratch: &mut [Word],
	) -> Option<()> {
		let [a_batch @ .., rows, width] = &self.a.meta.shape[..] else {
			return None;
		};
		let [b_batch @ .., columns, _] = &self.b.meta.shape[..] else {
			return None;
		};
		if terms == 0 {
			return Some(());
		}
		let (mut rows, columns, width) = (*rows as usize, *columns as usize, *width as usize);
		let batch_shape = &self.out.shape[..self.out.rank() - 2];
		let mut batches = element_count(batch_shape)?;
		// One `b` for all batches: its columns are packed once.
		if element_count(b_batch)? == 1 && a_batch == batch_shape {
			rows *= batches as usize;
			batches = 1;
		}
		for batch in 0..batches {
			let position = unravel(batch, batch_shape);
			let base = |own: &[u32], size: usize| {
				let skip = batch_shape.len() - own.len();
				let steps = strides(own);
				let at: usize = (0..own.len())
					.filter(|axis| own[*axis] != 1)
					.map(|axis| position[axis + skip] as usize * steps[axis] as usize)
					.sum();
				if batches == 1 {
					0
				} else {
					at * size
				}
			};
			let first = base(b_batch, columns * width);
			let columns =
				Columns { b: self.b, first, width, count: columns, terms: from..from + terms };
			let origin = (batch as usize * rows * columns.count, base(a_batch, rows * width));
			#[cfg(not(feature = "std"))]
			if rows == 1 && self.out.ty == TensorType::F32 {
				super::scalar::one_row(&self.a, &columns, origin, results, scratch)?;
				continue;
			}
			let class = Class::rows(rows, columns.count, width, from..from + terms);
			let classes = Classes::one(class);
			self.multiply::<M>(0, &columns, &classes, origin, results, scratch)?;
		}
		Some(())
	}

	/// Adds the products of all rows of the classes with these columns. `origin` is where the
	/// columns stand in the results, and where the rows begin in `a`.
	fn multiply<M: Mode>(
		&self,
		group: usize,
		columns: &Columns,
		classes: &Classes,
		origin: (usize, usize),
		results: &mut [Word],
		scratch: &mut [Word],
	) -> Option<()> {
		let tile = M::tile();
		let words = |columns: usize| columns.next_multiple_of(tile);
		let mut ready = self.packed.and_then(|packed| packed.group(group, self.sums, tile));
		let most = words(columns.count.min(COLUMNS_AT_ONCE));
		let most = most * (columns.terms.len().min(TERMS_AT_ONCE) / M::TERMS);
		let (panels, rows) = scratch.split_at_mut_checked(most)?;
		for (terms, some) in columns.blocks() {
			let size = words(some.len()) * (terms.len() / M::TERMS);
			let panels: &[Word] = match &mut ready {
				Some(words) => {
					let (block, rest) = words.split_at_checked(size)?;
					*words = rest;
					block
				}
				None => {
					let panels = panels.get_mut(..size)?;
					M::pack(columns, terms.clone(), some.clone(), panels)?;
					panels
				}
			};
			classes.each(|class| {
				let block = Part { class, terms: &terms, columns: &some, panels, tile };
				block.run::<M>(&self.a, origin, rows, results)
			})?;
		}
		Some(())
	}
}

/// The rows of a class against a block of columns.
struct Part<'a> {
	class: &'a Class,
	terms: &'a Range<usize>,
	columns: &'a Range<usize>,
	panels: &'a [Word],
	tile: usize,
}

fn both(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
	let start = a.start.max(b.start);
	start..a.end.min(b.end).max(start)
}

impl Part<'_> {
	fn run<M: Mode>(
		&self,
		a: &View,
		origin: (usize, usize),
		packed: &mut [Word],
		results: &mut [Word],
	) -> Option<()> {
		let mut segments = Vec::with_capacity(self.class.segments.len());
		for segment in &self.class.segments {
			let part = both(segment, self.terms);
			if !part.is_empty() {
				// In packed words.
				let at = |term: usize| (term - self.terms.start) / M::TERMS;
				segments.push(at(part.start)..at(part.end));
			}
		}
		let kept: usize = segments.iter().map(Range::len).sum();
		if kept == 0 {
			return Some(());
		}
		let at_once = (packed.len() / M::WORDS / kept).min(ROWS_AT_ONCE);
		// Whole tiles, where rows of one are interleaved.
		let at_once = if at_once > TILE_ROWS { at_once - at_once % TILE_ROWS } else { at_once };
		let mut starts = [0usize; ROWS_AT_ONCE];
		let mut rows = Rows::new(&self.class.axes, origin);
		let mut left = self.class.count();
		while left > 0 {
			let some = left.min(at_once);
			if some == 0 {
				return None;
			}
			left -= some;
			let height = if ROW_BY_ROW { 1 } else { Block::height(some, TILE_ROWS) };
			for (number, start) in starts.iter_mut().take(some).enumerate() {
				let (to, from) = rows.next();
				*start = to;
				let mut at = (number / height * height * kept + number % height) * M::WORDS;
				for (offset, part) in &self.class.taps {
					let inside = both(part, self.terms);
					if inside.is_empty() {
						continue;
					}
					let first = from + offset + inside.start - part.start;
					let next = at + inside.len() / M::TERMS * height * M::WORDS;
					// The last row of a tile ends before its next element would.
					let end = next.min(packed.len());
					let run = packed.get_mut(at..end)?;
					M::load(a, first..first + inside.len(), run, height)?;
					at = next;
				}
			}
			let block = Block {
				starts: starts.get(..some)?,
				rows: packed,
				kept,
				panels: self.panels,
				terms: self.terms.len() / M::TERMS,
				columns: self.columns.clone(),
				segments: &segments,
			};
			#[cfg(not(feature = "std"))]
			if M::WORDS == Doubles::WORDS {
				block.doubles::<TILE_ROWS>(results)?;
				continue;
			}
			match self.tile {
				#[cfg(not(target_arch = "wasm32"))]
				32 => block.run::<M, TILE_ROWS, 32>(results)?,
				#[cfg(not(target_arch = "wasm32"))]
				16 => block.run::<M, TILE_ROWS, 16>(results)?,
				_ => block.run::<M, TILE_ROWS, 3>(results)?,
			}
		}
		Some(())
	}
}

/// A dimension that rows are counted along, with its steps in results and operand.
#[derive(Clone, Copy)]
struct Axis {
	count: usize,
	to: usize,
	from: usize,
}

/// All dimensions that rows are counted along; where the results of the first row start, and
/// where its first tap stands.
struct Axes {
	dims: [Axis; 4],
	to: usize,
	from: usize,
}

/// Rows one after the other.
struct Rows<'a> {
	axes: &'a [Axis; 4],
	at: [usize; 4],
	to: usize,
	from: usize,
}

impl<'a> Rows<'a> {
	fn new(axes: &'a Axes, origin: (usize, usize)) -> Self {
		Self { axes: &axes.dims, at: [0; 4], to: origin.0 + axes.to, from: origin.1 + axes.from }
	}

	/// Where the results of a row start, and where its first tap stands. After the last one the
	/// first comes again.
	#[inline(always)]
	fn next(&mut self) -> (usize, usize) {
		let found = (self.to, self.from);
		for (at, axis) in self.at.iter_mut().zip(self.axes).rev() {
			*at += 1;
			self.to += axis.to;
			self.from += axis.from;
			if *at < axis.count {
				break;
			}
			*at = 0;
			self.to -= axis.to * axis.count;
			self.from -= axis.from * axis.count;
		}
		found
	}
}

/// Output positions that the same taps reach.
struct Class {
	/// The batch, then the spatial dimensions.
	axes: Axes,
	/// The kernel's elements that count.
	segments: Vec<Range<usize>>,
	/// Runs inside: the offset in the input from the first tap, and the part of the terms.
	taps: Vec<(usize, Range<usize>)>,
}

const NO_AXIS: Axis = Axis { count: 1, to: 0, from: 0 };

impl Class {
	/// The rows of a matrix.
	fn rows(count: usize, columns: usize, width: usize, terms: Range<usize>) -> Self {
		let axis = Axis { count, to: columns, from: width };
		Self {
			axes: Axes { dims: [axis, NO_AXIS, NO_AXIS, NO_AXIS], to: 0, from: 0 },
			segments: vec![terms.clone()],
			taps: vec![(terms.start, terms)],
		}
	}

	fn count(&self) -> usize {
		self.axes.dims.iter().map(|axis| axis.count).product()
	}
}

/// What a convolution is, without its operands.
struct Shapes<'a> {
	window: &'a Window,
	input: &'a [u32],
	output: &'a [u32],
	/// Channels that one output reads.
	channels: usize,
	/// Elements of the kernel of one output.
	width: usize,
	/// Outputs of one group.
	per_group: usize,
	groups: usize,
	terms: Range<u32>,
	/// Elements from one output position, and from one input position, to the next.
	steps: (usize, usize),
}

impl<'a> Shapes<'a> {
	fn new(work: &Work<'a>, window: &'a Window, groups: u32, terms: Range<u32>) -> Option<Self> {
		let weights = &work.b.meta.shape;
		Some(Self {
			window,
			input: &work.a.meta.shape,
			output: &work.out.shape,
			channels: *weights.last()? as usize,
			width: weights.iter().skip(1).map(|dim| *dim as usize).product(),
			per_group: weights.first()?.checked_div(groups)? as usize,
			groups: groups as usize,
			terms,
			steps: (*work.out.shape.last()? as usize, *work.a.meta.shape.last()? as usize),
		})
	}

	/// The taps of a dimension that stand inside at an output.
	fn inside(&self, axis: usize, out: u32) -> Range<u32> {
		let window = self.window;
		let kernel = i64::from(window.kernel[axis]);
		let dilation = i64::from(window.dilations[axis]).max(1);
		let origin =
			i64::from(out) * i64::from(window.strides[axis]) - i64::from(window.before[axis]);
		// The first tap at or after 0, and the first one at or after the end.
		let after = |limit: i64| (limit - origin + dilation - 1).div_euclid(dilation);
		let first = after(0).clamp(0, kernel);
		let end = after(i64::from(self.input[axis + 1])).clamp(first, kernel);
		if first < end {
			first as u32..end as u32
		} else {
			0..0
		}
	}

	/// The first outputs of the runs that the same taps reach. Both ends of what is inside only
	/// ever move one way, so equal ones are neighbours.
	fn splits(&self, axis: usize) -> Vec<u32> {
		let outputs = self.output[axis + 1];
		let most = outputs.min(self.window.kernel[axis].saturating_mul(2) + 1);
		let mut splits = Vec::with_capacity(most as usize);
		let mut last = None;
		for out in 0..outputs {
			let taps = self.inside(axis, out);
			if last.as_ref() != Some(&taps) {
				splits.push(out);
				last = Some(taps);
			}
		}
		splits
	}

	/// The class of these runs of outputs, one for each spatial dimension.
	fn class(&self, outputs: &[Range<u32>]) -> Class {
		let spatial = outputs.len();
		// Elements from one position of a dimension to the next; at last, of the batch.
		let (mut to, mut from) = ([0; 3], [0; 3]);
		let (mut to_step, mut from_step) = self.steps;
		for axis in (0..spatial).rev() {
			(to[axis], from[axis]) = (to_step, from_step);
			to_step *= self.output[axis + 1] as usize;
			from_step *= self.input[axis + 1] as usize;
		}
		let mut axes = Axes { dims: [NO_AXIS; 4], to: 0, from: 0 };
		axes.dims[0] = Axis { count: self.input[0] as usize, to: to_step, from: from_step };
		let (mut firsts, mut sizes) = ([0u32; 3], [0u32; 3]);
		for (axis, some) in outputs.iter().enumerate() {
			let taps = self.inside(axis, some.start);
			let at = tap(self.window, axis, some.start, taps.start, self.input[axis + 1]);
			axes.from += at.unwrap_or(0) as usize * from[axis];
			axes.to += some.start as usize * to[axis];
			axes.dims[axis + 1] = Axis {
				count: some.len(),
				to: to[axis],
				from: self.window.strides[axis] as usize * from[axis],
			};
			(firsts[axis], sizes[axis]) = (taps.start, taps.end - taps.start);
		}
		let mut class = Class { axes, segments: Vec::new(), taps: Vec::new() };
		let sizes = &sizes[..spatial];
		let count = element_count(sizes).unwrap_or(0);
		class.segments.reserve_exact(count as usize);
		class.taps.reserve_exact(count as usize);
		let wanted = self.terms.start as usize..self.terms.end as usize;
		for number in 0..count {
			let offset = unravel(number, sizes);
			let (mut index, mut at) = (0u32, 0usize);
			for axis in 0..spatial {
				index = index * self.window.kernel[axis] + firsts[axis] + offset[axis];
				at += (offset[axis] * self.window.dilations[axis]) as usize * from[axis];
			}
			let begin = index as usize * self.channels;
			let part = begin.max(wanted.start)..(begin + self.channels).min(wanted.end);
			if part.is_empty() {
				continue;
			}
			let at = at + part.start - begin;
			match class.segments.last_mut() {
				Some(last) if last.end == part.start => last.end = part.end,
				_ => class.segments.push(part.clone()),
			}
			// Neighbours in the kernel that are neighbours in the input are read in one go.
			match class.taps.last_mut() {
				Some((from, last)) if last.end == part.start && *from + last.len() == at => {
					last.end = part.end;
				}
				_ => class.taps.push((at, part)),
			}
		}
		class
	}
}

/// All classes of a product.
struct Classes<'a> {
	shapes: Option<&'a Shapes<'a>>,
	splits: Vec<Vec<u32>>,
	count: u32,
	/// All of them where they are few; else they are made again where they are needed.
	kept: Option<Vec<Class>>,
}

impl<'a> Classes<'a> {
	fn one(class: Class) -> Self {
		Self { shapes: None, splits: Vec::new(), count: 1, kept: Some(vec![class]) }
	}

	fn new(shapes: &'a Shapes<'a>) -> Option<Self> {
		let spatial = shapes.window.kernel.len();
		let splits: Vec<Vec<u32>> = (0..spatial).map(|axis| shapes.splits(axis)).collect();
		let counts: Vec<u32> = splits.iter().map(|splits| splits.len() as u32).collect();
		let count = element_count(&counts)?;
		let mut classes = Self { shapes: Some(shapes), splits, count, kept: None };
		let taps = element_count(&shapes.window.kernel)?;
		if count.saturating_mul(taps) <= KEPT_TAPS {
			classes.kept = (0..count).map(|number| classes.make(number)).collect();
		}
		Some(classes)
	}

	fn make(&self, number: u32) -> Option<Class> {
		let shapes = self.shapes?;
		let mut left = number;
		let mut outputs = [const { 0..0 }; 3];
		for axis in (0..self.splits.len()).rev() {
			let splits = self.splits.get(axis)?;
			let at = left as usize % splits.len().max(1);
			left /= splits.len().max(1) as u32;
			let end = splits.get(at + 1).copied().unwrap_or(shapes.output[axis + 1]);
			*outputs.get_mut(axis)? = *splits.get(at)?..end;
		}
		Some(shapes.class(outputs.get(..self.splits.len())?))
	}

	fn each(&self, mut f: impl FnMut(&Class) -> Option<()>) -> Option<()> {
		match &self.kept {
			Some(kept) => kept.iter().try_for_each(f),
			None => (0..self.count).try_for_each(|number| f(&self.make(number)?)),
		}
	}
}

/// One channel in, one out, for each group: results of neighbouring channels at a time.
fn depthwise<M: Mode>(
	mut shapes: Shapes,
	work: &Work,
	results: &mut [Word],
	scratch: &mut [Word],
) -> Option<()> {
	let (all, taps) = (shapes.groups, shapes.width);
	let positions = work.a.len() / all;
	for first in (0..all).step_by(CHANNELS_AT_ONCE) {
		let count = CHANNELS_AT_ONCE.min(all - first);
		// Weights by tap, then channel.
		let (weights, copy) = scratch.split_at_mut_checked(taps * count)?;
		for channel in 0..count {
			let row = (first + channel) * taps;
			M::load(&work.b, row..row + taps, weights.get_mut(channel..)?, count)?;
		}
		let channels = Channels { first, count, weights };
		if work.out.ty == TensorType::F32 {
			let copy = copy.get_mut(..positions * count)?;
			channels.copied::<M>(&mut shapes, work, results, copy)?;
			continue;
		}
		// Scratch memory is planned for a copy of floats only.
		#[cfg(feature = "std")]
		COPY.with_borrow_mut(|copy| {
			let length = positions * count;
			if copy.len() < length {
				copy.resize(length, 0);
			}
			channels.copied::<M>(&mut shapes, work, results, copy.get_mut(..length)?)
		})?;
		#[cfg(not(feature = "std"))]
		{
			shapes.steps = (all, all);
			Classes::new(&shapes)?.each(|class| {
				channels.slide::<M>(class, all, results, &Loaded::<M>::new(&work.a, first))
			})?;
		}
	}
	Some(())
}

#[cfg(feature = "std")]
std::thread_local! {
	/// Where depthwise convolutions of integers make their operands ready, kept by each thread.
	static COPY: core::cell::RefCell<Vec<Word>> = const { core::cell::RefCell::new(Vec::new()) };
}

/// Operands of a depthwise convolution, neighbouring channels at a time.
trait Operands {
	fn lanes<const N: usize>(&self, at: usize) -> Option<[Word; N]>;
}

/// Operands that were made ready.
struct Copied<'a>(&'a [Word]);

impl Operands for Copied<'_> {
	#[inline(always)]
	fn lanes<const N: usize>(&self, at: usize) -> Option<[Word; N]> {
		self.0.get(at..at + N)?.as_array::<N>().copied()
	}
}

/// Operands where they lie.
#[cfg(not(feature = "std"))]
struct Loaded<'a, M> {
	from: &'a View<'a>,
	/// The first channel.
	first: usize,
	mode: core::marker::PhantomData<M>,
}

#[cfg(not(feature = "std"))]
impl<'a, M> Loaded<'a, M> {
	fn new(from: &'a View<'a>, first: usize) -> Self {
		Self { from, first, mode: core::marker::PhantomData }
	}
}

#[cfg(not(feature = "std"))]
impl<M: Mode> Operands for Loaded<'_, M> {
	#[inline(always)]
	fn lanes<const N: usize>(&self, at: usize) -> Option<[Word; N]> {
		let mut lanes = [0; N];
		let start = at + self.first;
		M::load(self.from, start..start + N, &mut lanes, 1)?;
		Some(lanes)
	}
}

/// Some channels of a depthwise convolution.
struct Channels<'a> {
	first: usize,
	count: usize,
	/// By tap, then channel.
	weights: &'a [Word],
}

/// Rows that are summed at one time, where registers are many: the sums of one wait for each other.
const ROWS_TOGETHER: usize = 4;

impl Channels<'_> {
	/// Sums all rows. Operands are read many times, and made ready once.
	fn copied<M: Mode>(
		&self,
		shapes: &mut Shapes,
		work: &Work,
		results: &mut [Word],
		copy: &mut [Word],
	) -> Option<()> {
		let all = shapes.groups;
		vector(
			#[inline(always)]
			|| {
				for (position, to) in copy.chunks_exact_mut(self.count).enumerate() {
					let start = position * all + self.first;
					M::load(&work.a, start..start + self.count, to, 1)?;
				}
				Some(())
			},
		)?;
		shapes.steps = (all, self.count);
		let copy = &*copy;
		Classes::new(shapes)?
			.each(|class| self.slide::<M>(class, self.count, results, &Copied(copy)))
	}

	/// Sums all rows of a class. `step` is how far positions of the input lie apart where `read`
	/// reads them.
	fn slide<M: Mode>(
		&self,
		class: &Class,
		step: usize,
		results: &mut [Word],
		operands: &impl Operands,
	) -> Option<()> {
		vector(
			#[inline(always)]
			|| {
				let together = if cfg!(feature = "std") { ROWS_TOGETHER } else { 1 };
				let mut rows = Rows::new(&class.axes, (self.first, 0));
				let mut left = class.count();
				while left > 0 {
					let some = left.min(together);
					left -= some;
					let mut starts = [(0, 0); ROWS_TOGETHER];
					starts.iter_mut().take(some).for_each(|start| *start = rows.next());
					let at = Lanes { class, step, starts: starts.get(..some)? };
					let mut channel = 0;
					macro_rules! blocks {
						($($n:literal),*) => {$(
							while self.count - channel >= $n {
								self.block::<M, $n>(&at, channel, results, operands)?;
								channel += $n;
							}
						)*};
					}
					// Wide ones first: each tap is looked up once for all of them. As many as there are
					// registers for.
					#[cfg(feature = "std")]
					blocks!(64, 16);
					blocks!(8, 1);
				}
				Some(())
			},
		)
	}

	/// Sums `N` neighbouring channels of some rows.
	#[inline(always)]
	fn block<M: Mode, const N: usize>(
		&self,
		at: &Lanes,
		channel: usize,
		results: &mut [Word],
		operands: &impl Operands,
	) -> Option<()> {
		// So many vectors sum on their own already.
		if N <= 16 {
			if let Some(starts) = at.starts.as_array::<ROWS_TOGETHER>() {
				return self.lanes::<M, N, ROWS_TOGETHER>(at, starts, channel, results, operands);
			}
		}
		at.starts
			.iter()
			.try_for_each(|start| self.lanes::<M, N, 1>(at, &[*start], channel, results, operands))
	}

	/// Sums `N` neighbouring channels of `R` rows.
	#[inline(always)]
	fn lanes<M: Mode, const N: usize, const R: usize>(
		&self,
		at: &Lanes,
		starts: &[(usize, usize); R],
		channel: usize,
		results: &mut [Word],
		operands: &impl Operands,
	) -> Option<()> {
		let mut acc = [[M::Lane::default(); N]; R];
		for r in 0..R {
			let to = starts[r].0 + channel;
			for (acc, sum) in acc[r].iter_mut().zip(results.get(to..to + N)?) {
				*acc = M::begin(*sum);
			}
		}
		for (offset, part) in &at.class.taps {
			for (number, term) in part.clone().enumerate() {
				let weights = term * self.count + channel;
				let b = self.weights.get(weights..weights + N)?.as_array::<N>()?;
				let tap = offset + number * at.step + channel;
				for r in 0..R {
					let a = operands.lanes::<N>(starts[r].1 + tap)?;
					for lane in 0..N {
						let (a, b) = (M::lane(a[lane]), M::lane(b[lane]));
						acc[r][lane] = M::accumulate(acc[r][lane], a, b);
					}
				}
			}
		}
		for r in 0..R {
			let to = starts[r].0 + channel;
			for (sum, acc) in results.get_mut(to..to + N)?.iter_mut().zip(&acc[r]) {
				*sum = M::end(*sum, *acc);
			}
		}
		Some(())
	}
}

/// Rows of a depthwise convolution: where their results start, and where their first taps stand.
struct Lanes<'a> {
	class: &'a Class,
	/// How far positions of the input lie apart.
	step: usize,
	starts: &'a [(usize, usize)],
}
