//! Matrix products and convolutions: tiles of results, each result summed in order.

use crate::{
	arith, cost,
	element::{self, tap},
	op::{Op, Window},
	tensor::{strides, unravel, Data, Meta, TensorType, Value},
};
use alloc::{vec, vec::Vec};
use core::ops::Range;

/// A type that products are summed in.
trait Lane: Copy + Default + PartialEq + 'static {
	fn accumulate(acc: Self, a: Self, b: Self) -> Self;
	/// Reads `to.len()` elements from `at` on, as operands of products.
	fn load(from: &Value, at: usize, to: &mut [Self]) -> Option<()>;
	/// Reads initial accumulators.
	fn initial(from: &Value) -> Vec<Self>;
	fn finish(results: Vec<Self>) -> Data;
}

impl Lane for f32 {
	#[inline(always)]
	fn accumulate(acc: Self, a: Self, b: Self) -> Self {
		acc + a * b
	}
	#[inline(always)]
	fn load(from: &Value, at: usize, to: &mut [Self]) -> Option<()> {
		let run = from.data.words().get(at..at.checked_add(to.len())?)?;
		for (to, from) in to.iter_mut().zip(run) {
			*to = arith::term(f32::from_bits(*from));
		}
		Some(())
	}
	fn initial(from: &Value) -> Vec<Self> {
		from.data.words().iter().map(|bits| arith::addend(f32::from_bits(*bits))).collect()
	}
	fn finish(results: Vec<Self>) -> Data {
		Data::B4(results.into_iter().map(|x| arith::one_nan(x).to_bits()).collect())
	}
}

impl Lane for u32 {
	#[inline(always)]
	fn accumulate(acc: Self, a: Self, b: Self) -> Self {
		acc.wrapping_add(a.wrapping_mul(b))
	}
	#[inline(always)]
	fn load(from: &Value, at: usize, to: &mut [Self]) -> Option<()> {
		let range = at..at.checked_add(to.len())?;
		match (&from.data, from.meta.ty) {
			(Data::B4(words), _) => to.copy_from_slice(words.get(range)?),
			(Data::B1(octets), TensorType::I8) => {
				for (to, from) in to.iter_mut().zip(octets.get(range)?) {
					*to = *from as i8 as i32 as u32;
				}
			}
			(Data::B1(octets), _) => {
				for (to, from) in to.iter_mut().zip(octets.get(range)?) {
					*to = u32::from(*from);
				}
			}
			_ => return None,
		}
		Some(())
	}
	fn initial(from: &Value) -> Vec<Self> {
		from.data.words().to_vec()
	}
	fn finish(results: Vec<Self>) -> Data {
		Data::B4(results)
	}
}

/// Rows of results in one tile.
const TILE_ROWS: usize = if cfg!(target_arch = "wasm32") { 2 } else { 4 };
/// Results of a row in one tile.
const TILE_COLUMNS: usize = if cfg!(target_arch = "wasm32") { 4 } else { 16 };
/// Results that a tile sums where no more are left in a row.
const HALF_TILE: usize = TILE_COLUMNS / 2;
/// Bytes of packed operands that stay in cache.
const BLOCK_BYTES: usize = 256 * 1024;

/// A product of rows of `a` with rows of `b`. Rows of `a` are packed from `segments` only.
struct Product<'a> {
	/// The rows of `b`, which are the columns of the result.
	columns: usize,
	/// The terms that a row of `b` has.
	terms: usize,
	/// The parts of the terms that count, ascending.
	segments: &'a [Range<usize>],
}

/// Adds to `acc` the products of packed rows and the first `W` of `C` packed columns, one term
/// after the other.
#[inline(always)]
fn tile<L: Lane, const R: usize, const C: usize, const W: usize>(
	rows: &[L],
	columns: &[L],
	acc: &mut [[L; C]; R],
) {
	let mut sums = [[L::default(); W]; R];
	for (sums, acc) in sums.iter_mut().zip(&*acc) {
		sums.copy_from_slice(&acc[..W]);
	}
	let (a, _) = rows.as_chunks::<R>();
	let (b, _) = columns.as_chunks::<C>();
	for (a, b) in a.iter().zip(b) {
		for r in 0..R {
			for c in 0..W {
				sums[r][c] = L::accumulate(sums[r][c], a[r], b[c]);
			}
		}
	}
	for (sums, acc) in sums.iter().zip(acc) {
		acc[..W].copy_from_slice(sums);
	}
}

/// Packs rows `first ..` of a matrix, `W` at a time, so that a tile reads them in order.
fn pack<L: Lane, const W: usize>(
	rows: usize,
	length: usize,
	packed: &mut Vec<L>,
	mut fill: impl FnMut(usize, &mut [L]) -> Option<()>,
) -> Option<()> {
	packed.clear();
	packed.resize(rows.div_ceil(W) * W * length, L::default());
	if length == 0 {
		return Some(());
	}
	let mut some = vec![L::default(); W * length];
	for (group, target) in packed.chunks_exact_mut(W * length).enumerate() {
		let first = group * W;
		for (row, to) in some.chunks_exact_mut(length).enumerate() {
			if first + row < rows {
				fill(first + row, to)?;
			}
		}
		let (target, _) = target.as_chunks_mut::<W>();
		let rows: [&[L]; W] = core::array::from_fn(|w| &some[w * length..(w + 1) * length]);
		for (k, slots) in target.iter_mut().enumerate() {
			for w in 0..W {
				slots[w] = rows[w][k];
			}
		}
	}
	Some(())
}

impl Product<'_> {
	/// Runs tiles over `rows` rows and the columns of one packed block.
	#[allow(clippy::too_many_arguments)]
	fn block<L: Lane, const R: usize, const C: usize>(
		&self,
		rows: usize,
		columns: Range<usize>,
		panels: &[L],
		packed: &mut Vec<L>,
		fill: &mut impl FnMut(usize, &mut [L]) -> Option<()>,
		row_start: &impl Fn(usize) -> usize,
		results: &mut [L],
	) -> Option<()> {
		let kept: usize = self.segments.iter().map(Range::len).sum();
		if kept == 0 {
			return Some(());
		}
		let at_once = (BLOCK_BYTES / 4 / kept.max(1)).max(1).next_multiple_of(R);
		for first in (0..rows).step_by(at_once) {
			let some = at_once.min(rows - first);
			pack::<L, R>(some, kept, packed, |row, to| fill(first + row, to))?;
			let strips = Strips { product: self, rows: some, kept, columns: &columns };
			let start = |row: usize| row_start(first + row);
			let tiles: Tiles<L, _, R, C> =
				Tiles { strips, panels, packed, row_start: start, results: &mut *results };
			tiles.run()?;
		}
		Some(())
	}

	/// How many columns are packed at one time.
	fn columns_at_once(&self) -> usize {
		(4 * BLOCK_BYTES / 4 / self.terms.max(1)).max(1).next_multiple_of(TILE_COLUMNS)
	}
}

/// Terms that a tile sums before its results are written back, so that what it reads stays in the
/// nearest cache.
const TERMS_AT_ONCE: usize = 256;

/// All tiles of packed rows and columns, as one piece of work.
struct Tiles<'a, L, F, const R: usize, const C: usize> {
	strips: Strips<'a>,
	panels: &'a [L],
	packed: &'a [L],
	row_start: F,
	results: &'a mut [L],
}

impl<L: Lane, F: Fn(usize) -> usize, const R: usize, const C: usize> Tiles<'_, L, F, R, C> {
	/// Runs, compiled for the vectors that this processor has. The bits are the same: nothing is
	/// reordered or fused.
	#[cfg(feature = "std")]
	fn run(self) -> Option<()> {
		pulp::Arch::new().dispatch(self)
	}

	#[cfg(not(feature = "std"))]
	fn run(self) -> Option<()> {
		let Self { strips, panels, packed, row_start, results } = self;
		strips.run::<L, R, C>(panels, packed, &row_start, results)
	}
}

#[cfg(feature = "std")]
impl<L: Lane, F: Fn(usize) -> usize, const R: usize, const C: usize> pulp::WithSimd
	for Tiles<'_, L, F, R, C>
{
	type Output = Option<()>;

	#[inline(always)]
	fn with_simd<S: pulp::Simd>(self, _: S) -> Option<()> {
		let Self { strips, panels, packed, row_start, results } = self;
		strips.run::<L, R, C>(panels, packed, &row_start, results)
	}
}

/// Packed rows against packed columns.
struct Strips<'a> {
	product: &'a Product<'a>,
	rows: usize,
	kept: usize,
	columns: &'a Range<usize>,
}

impl Strips<'_> {
	#[inline(always)]
	fn run<L: Lane, const R: usize, const C: usize>(
		&self,
		panels: &[L],
		packed: &[L],
		row_start: &impl Fn(usize) -> usize,
		results: &mut [L],
	) -> Option<()> {
		let mut done = 0;
		for segment in self.product.segments {
			for from in segment.clone().step_by(TERMS_AT_ONCE) {
				let part = from..segment.end.min(from + TERMS_AT_ONCE);
				self.part::<L, R, C>(&part, done, panels, packed, row_start, results)?;
				done += part.len();
			}
		}
		Some(())
	}

	/// Adds the terms `part`, which are packed from term `done` of the rows on.
	#[inline(always)]
	fn part<L: Lane, const R: usize, const C: usize>(
		&self,
		part: &Range<usize>,
		done: usize,
		panels: &[L],
		packed: &[L],
		row_start: &impl Fn(usize) -> usize,
		results: &mut [L],
	) -> Option<()> {
		let terms = self.product.terms;
		for start in (0..self.columns.len()).step_by(C) {
			let panel = panels.get(start * terms..(start + C) * terms)?;
			let panel = panel.get(part.start * C..part.end * C)?;
			let width = C.min(self.columns.len() - start);
			for group in (0..self.rows).step_by(R) {
				let a = packed.get(group * self.kept..(group + R) * self.kept)?;
				let a = a.get(done * R..(done + part.len()) * R)?;
				let mut acc = [[L::default(); C]; R];
				let height = R.min(self.rows - group);
				for (r, sums) in acc.iter_mut().enumerate().take(height) {
					let at = row_start(group + r) + self.columns.start + start;
					sums.get_mut(..width)?.copy_from_slice(results.get(at..at + width)?);
				}
				if width <= HALF_TILE {
					tile::<L, R, C, HALF_TILE>(a, panel, &mut acc);
				} else {
					tile::<L, R, C, C>(a, panel, &mut acc);
				}
				for (r, sums) in acc.iter().enumerate().take(height) {
					let at = row_start(group + r) + self.columns.start + start;
					results.get_mut(at..at + width)?.copy_from_slice(sums.get(..width)?);
				}
			}
		}
		Some(())
	}
}

fn lane_of(ty: TensorType) -> Option<bool> {
	match ty {
		TensorType::F32 => Some(true),
		TensorType::I32 | TensorType::U32 => Some(false),
		_ => None,
	}
}

fn initial<L: Lane>(out: &Meta, operands: &[&Value]) -> Option<Vec<L>> {
	let count = out.count() as usize;
	match operands.get(2) {
		Some(value) => Some(L::initial(value)).filter(|initial| initial.len() == count),
		None => Some(vec![L::default(); count]),
	}
}

pub(super) fn matmul(from: u32, terms: u32, out: &Meta, operands: &[&Value]) -> Option<Data> {
	match lane_of(out.ty) {
		Some(true) => matmul_in::<f32>(from, terms, out, operands),
		Some(false) => matmul_in::<u32>(from, terms, out, operands),
		None => element::whole(&Op::MatMul { from, terms }, out, operands).ok(),
	}
}

fn matmul_in<L: Lane>(from: u32, terms: u32, out: &Meta, operands: &[&Value]) -> Option<Data> {
	let [a, b, ..] = operands else {
		return None;
	};
	let mut results = initial::<L>(out, operands)?;
	if results.is_empty() || terms == 0 {
		return Some(L::finish(results));
	}
	let [a_batch @ .., rows, width] = &a.meta.shape[..] else {
		return None;
	};
	let [b_batch @ .., columns, _] = &b.meta.shape[..] else {
		return None;
	};
	let (mut rows, columns, width) = (*rows as usize, *columns as usize, *width as usize);
	let (from, terms) = (from as usize, terms as usize);
	let batch_shape = &out.shape[..out.rank() - 2];
	let mut batches = crate::tensor::element_count(batch_shape)?;
	// One `b` for all batches: its columns are packed once.
	if crate::tensor::element_count(b_batch)? == 1 && a_batch == batch_shape {
		rows *= batches as usize;
		batches = 1;
	}
	let whole = 0..terms;
	let product = Product { columns, terms, segments: core::slice::from_ref(&whole) };
	let (mut panels, mut packed) = (Vec::new(), Vec::new());
	let step = product.columns_at_once();
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
		let (a_base, b_base) = (base(a_batch, rows * width), base(b_batch, columns * width));
		let out_base = batch as usize * rows * columns;
		for start in (0..columns).step_by(step) {
			let some = start..columns.min(start + step);
			pack::<L, TILE_COLUMNS>(some.len(), terms, &mut panels, |column, to| {
				L::load(b, b_base + (start + column) * width + from, to)
			})?;
			let mut fill = |row: usize, to: &mut [L]| L::load(a, a_base + row * width + from, to);
			let row_start = |row: usize| out_base + row * columns;
			if rows == 1 {
				product.block::<L, 1, TILE_COLUMNS>(
					rows,
					some,
					&panels,
					&mut packed,
					&mut fill,
					&row_start,
					&mut results,
				)?;
			} else {
				product.block::<L, TILE_ROWS, TILE_COLUMNS>(
					rows,
					some,
					&panels,
					&mut packed,
					&mut fill,
					&row_start,
					&mut results,
				)?;
			}
		}
	}
	Some(L::finish(results))
}

pub(super) fn conv(
	window: &Window,
	groups: u32,
	from: u32,
	terms: u32,
	out: &Meta,
	operands: &[&Value],
) -> Option<Data> {
	match lane_of(out.ty) {
		Some(true) => conv_in::<f32>(window, groups, from..from + terms, out, operands),
		Some(false) => conv_in::<u32>(window, groups, from..from + terms, out, operands),
		None => {
			let op = Op::Conv { window: window.clone(), groups, from, terms };
			element::whole(&op, out, operands).ok()
		}
	}
}

/// Output positions of one dimension that the same taps reach.
struct Reach {
	taps: Range<u32>,
	outputs: Vec<u32>,
}

/// Groups the output positions of a dimension by the taps that stand inside. Both ends of what is
/// inside only ever move one way, so equal ones are neighbours.
fn reaches(window: &Window, axis: usize, outputs: u32, size: u32) -> Vec<Reach> {
	let mut found: Vec<Reach> = Vec::new();
	let kernel = i64::from(window.kernel[axis]);
	let dilation = i64::from(window.dilations[axis]).max(1);
	for out in 0..outputs {
		let origin =
			i64::from(out) * i64::from(window.strides[axis]) - i64::from(window.before[axis]);
		// The first tap at or after 0, and the first one at or after the end.
		let after = |limit: i64| (limit - origin + dilation - 1).div_euclid(dilation);
		let first = after(0).clamp(0, kernel);
		let end = after(i64::from(size)).clamp(first, kernel);
		let taps = if first < end { first as u32..end as u32 } else { 0..0 };
		match found.last_mut() {
			Some(reach) if reach.taps == taps => reach.outputs.push(out),
			_ => found.push(Reach { taps, outputs: vec![out] }),
		}
	}
	found
}

/// What a convolution is, without its operands.
struct Shapes<'a> {
	window: &'a Window,
	input: &'a [u32],
	output: &'a [u32],
	/// Channels that one output reads.
	channels: usize,
	/// Outputs of one group.
	per_group: usize,
	groups: usize,
	terms: Range<u32>,
}

fn conv_in<L: Lane>(
	window: &Window,
	groups: u32,
	terms: Range<u32>,
	out: &Meta,
	operands: &[&Value],
) -> Option<Data> {
	let [x, w, ..] = operands else {
		return None;
	};
	let mut results = initial::<L>(out, operands)?;
	if results.is_empty() || terms.is_empty() {
		return Some(L::finish(results));
	}
	let shapes = Shapes {
		window,
		input: &x.meta.shape,
		output: &out.shape,
		channels: *w.meta.shape.last()? as usize,
		per_group: (w.meta.shape[0] / groups) as usize,
		groups: groups as usize,
		terms,
	};
	// One class for each combination of taps that some output positions share.
	let axes: Vec<Vec<Reach>> = (0..window.kernel.len())
		.map(|axis| reaches(window, axis, out.shape[axis + 1], x.meta.shape[axis + 1]))
		.collect();
	let counts: Vec<u32> = axes.iter().map(|axis| axis.len() as u32).collect();
	let build = |number: u32| {
		let chosen = unravel(number, &counts);
		let reach: Vec<&Reach> =
			axes.iter().zip(chosen).filter_map(|(axis, at)| axis.get(at as usize)).collect();
		Class::new(&shapes, &reach)
	};
	let count = crate::tensor::element_count(&counts)?;
	// Kept where they are few, made again where they are needed otherwise.
	let kept = cost::keeps_classes(window, out).then(|| (0..count).map(build).collect());
	let classes = Classes { count, kept, build };
	if shapes.channels == 1 && shapes.per_group == 1 {
		depthwise::<L>(&shapes, &classes, x, w, &mut results)?;
	} else {
		for group in 0..shapes.groups {
			grouped::<L>(&shapes, &classes, group, x, w, &mut results)?;
		}
	}
	Some(L::finish(results))
}

/// Output positions that the same taps reach.
struct Class {
	/// For each output position of the batch, where its results start, and where its first tap
	/// stands in the input.
	rows: Vec<(usize, usize)>,
	/// The kernel's elements that count.
	segments: Vec<Range<usize>>,
	/// For each tap inside: its offset in the input from the first one, and its part of the terms.
	taps: Vec<(usize, Range<usize>)>,
}

impl Class {
	fn new(shapes: &Shapes, reach: &[&Reach]) -> Self {
		let steps = strides(shapes.input);
		let sizes: Vec<u32> = reach.iter().map(|reach| reach.taps.len() as u32).collect();
		let mut segments: Vec<Range<usize>> = Vec::new();
		let mut taps = Vec::new();
		let wanted = shapes.terms.start as usize..shapes.terms.end as usize;
		for number in 0..crate::tensor::element_count(&sizes).unwrap_or(0) {
			let offset = unravel(number, &sizes);
			let (mut index, mut at) = (0u32, 0usize);
			for (axis, reach) in reach.iter().enumerate() {
				let window = shapes.window;
				index = index * window.kernel[axis] + reach.taps.start + offset[axis];
				at += (offset[axis] * window.dilations[axis]) as usize * steps[axis + 1] as usize;
			}
			let start = index as usize * shapes.channels;
			let part = start.max(wanted.start)..(start + shapes.channels).min(wanted.end);
			if part.is_empty() {
				continue;
			}
			match segments.last_mut() {
				Some(last) if last.end == part.start => last.end = part.end,
				_ => segments.push(part.clone()),
			}
			taps.push((at + part.start - start, part));
		}
		// The batch, then one dimension after the other.
		let (inputs, outputs) = (strides(shapes.input), strides(shapes.output));
		let mut rows: Vec<(usize, usize)> = (0..shapes.input[0] as usize)
			.map(|n| (n * outputs[0] as usize, n * inputs[0] as usize))
			.collect();
		for (axis, reach) in reach.iter().enumerate() {
			let size = shapes.input[axis + 1];
			let steps: Vec<(usize, usize)> = reach
				.outputs
				.iter()
				.map(|out| {
					let at = tap(shapes.window, axis, *out, reach.taps.start, size).unwrap_or(0);
					(
						*out as usize * outputs[axis + 1] as usize,
						at as usize * inputs[axis + 1] as usize,
					)
				})
				.collect();
			let further = |(to, from): &(usize, usize)| {
				let (to, from) = (*to, *from);
				steps.iter().map(move |step| (to + step.0, from + step.1))
			};
			rows = rows.iter().flat_map(further).collect();
		}
		Self { rows, segments, taps }
	}
}

/// All classes of a convolution.
struct Classes<F> {
	count: u32,
	kept: Option<Vec<Class>>,
	build: F,
}

impl<F: Fn(u32) -> Class> Classes<F> {
	fn each(&self, mut f: impl FnMut(&Class) -> Option<()>) -> Option<()> {
		match &self.kept {
			Some(kept) => kept.iter().try_for_each(f),
			None => (0..self.count).try_for_each(|number| f(&(self.build)(number))),
		}
	}
}

fn grouped<L: Lane>(
	shapes: &Shapes,
	classes: &Classes<impl Fn(u32) -> Class>,
	group: usize,
	x: &Value,
	w: &Value,
	results: &mut [L],
) -> Option<()> {
	let width = strides(&w.meta.shape)[0] as usize;
	let first_output = group * shapes.per_group;
	let first_channel = group * shapes.channels;
	let (mut panels, mut packed) = (Vec::new(), Vec::new());
	let all = Product { columns: shapes.per_group, terms: width, segments: &[] };
	let step = all.columns_at_once();
	for start in (0..all.columns).step_by(step) {
		let some = start..all.columns.min(start + step);
		pack::<L, TILE_COLUMNS>(some.len(), width, &mut panels, |column, to| {
			L::load(w, (first_output + start + column) * width, to)
		})?;
		classes.each(|class| {
			let product = Product { segments: &class.segments, ..all };
			let mut fill = |row: usize, mut to: &mut [L]| {
				let (_, from) = *class.rows.get(row)?;
				for (offset, part) in &class.taps {
					let (run, rest) = to.split_at_mut_checked(part.len())?;
					L::load(x, from + offset + first_channel, run)?;
					to = rest;
				}
				Some(())
			};
			let row_start = |row: usize| class.rows[row].0 + first_output;
			product.block::<L, TILE_ROWS, TILE_COLUMNS>(
				class.rows.len(),
				some.clone(),
				&panels,
				&mut packed,
				&mut fill,
				&row_start,
				results,
			)
		})?;
	}
	Some(())
}

/// Channels that a depthwise convolution sums at a time.
const LANES: usize = 16;

/// One channel in, one out, for each group: results of neighbouring channels at a time.
fn depthwise<L: Lane>(
	shapes: &Shapes,
	classes: &Classes<impl Fn(u32) -> Class>,
	x: &Value,
	w: &Value,
	results: &mut [L],
) -> Option<()> {
	let channels = shapes.groups;
	let width = strides(&w.meta.shape)[0] as usize;
	let mut input = vec![L::default(); x.data.len()];
	L::load(x, 0, &mut input)?;
	// Weights by tap, then channel.
	let mut weights = vec![L::default(); width * channels];
	let mut row = vec![L::default(); width];
	for channel in 0..channels {
		L::load(w, channel * width, &mut row)?;
		for (slot, weight) in weights.get_mut(channel..)?.iter_mut().step_by(channels).zip(&row) {
			*slot = *weight;
		}
	}
	classes.each(|class| {
		let (input, weights, results) = (&input[..], &weights[..], &mut *results);
		Channels { class, channels, input, weights, results }.run()
	})
}

/// A depthwise convolution whose operands lie ready.
struct Channels<'a, L> {
	class: &'a Class,
	channels: usize,
	input: &'a [L],
	weights: &'a [L],
	results: &'a mut [L],
}

impl<L: Lane> Channels<'_, L> {
	/// As [`Tiles::run`].
	#[cfg(feature = "std")]
	fn run(self) -> Option<()> {
		pulp::Arch::new().dispatch(self)
	}

	#[cfg(not(feature = "std"))]
	fn run(self) -> Option<()> {
		self.slide()
	}

	#[inline(always)]
	fn slide(self) -> Option<()> {
		let Self { class, channels, input, weights, results } = self;
		for (to, from) in class.rows.iter().copied() {
			let target = results.get_mut(to..to + channels)?;
			let (blocks, rest) = target.as_chunks_mut::<LANES>();
			let mut first = 0;
			for sums in blocks {
				let mut acc = *sums;
				for (offset, part) in &class.taps {
					let at = from + offset + first;
					let a = input.get(at..at + LANES)?.as_array::<LANES>()?;
					let at = part.start * channels + first;
					let b = weights.get(at..at + LANES)?.as_array::<LANES>()?;
					for lane in 0..LANES {
						acc[lane] = L::accumulate(acc[lane], a[lane], b[lane]);
					}
				}
				*sums = acc;
				first += LANES;
			}
			for (lane, sum) in rest.iter_mut().enumerate() {
				for (offset, part) in &class.taps {
					let a = *input.get(from + offset + first + lane)?;
					let b = *weights.get(part.start * channels + first + lane)?;
					*sum = L::accumulate(*sum, a, b);
				}
			}
		}
		Some(())
	}
}

#[cfg(feature = "std")]
impl<L: Lane> pulp::WithSimd for Channels<'_, L> {
	type Output = Option<()>;

	#[inline(always)]
	fn with_simd<S: pulp::Simd>(self, _: S) -> Option<()> {
		self.slide()
	}
}
