//! One operator on several threads: parts of its result, each computed as if it were a result of
//! its own.
//!
//! The result is cut along the first of its dimensions that has more than one element, so that each
//! part lies in one piece. A part is the same operator on parts of its operands; for a window that
//! slides, on the rows that its taps reach. So each element has the formula that it has without
//! threads, and the same bits, however many threads there are and whichever is first.

use super::{compute_into, packed::TILE_ROWS, Packed};
use crate::{
	cost,
	element::Stop,
	op::{Op, Window},
	tensor::{Meta, View},
};
use alloc::{string::String, vec, vec::Vec};
use core::{cell::RefCell, ops::Range};

/// What the work of one part is worth at least, in the multiply-accumulates of
/// [`cost::Cost::weighted_macs`]: less takes longer to hand over than to do.
const LEAST_WORK: u64 = 1 << 20;
/// The most parts for each thread.
const PARTS_EACH: usize = 4;
/// Stacks of threads. Kernels do not recurse.
const STACK_BYTES: usize = 1 << 20;

/// Threads that runs may use. They are started once, and sleep between runs.
pub struct Threads {
	pool: rayon::ThreadPool,
}

impl Threads {
	/// Starts so many threads. Each calls `started` before anything else: whoever needs a float mode
	/// sets it there.
	///
	/// # Errors
	///
	/// Where the system gives no more threads; in words for people.
	pub fn new(count: usize, started: impl Fn() + Send + Sync + 'static) -> Result<Self, String> {
		let pool = rayon::ThreadPoolBuilder::new()
			.num_threads(count.max(1))
			.stack_size(STACK_BYTES)
			.thread_name(|number| alloc::format!("canonical-{number}"))
			.start_handler(move |_| started())
			.build()
			.map_err(|error| alloc::format!("cannot start {count} threads: {error}"))?;
		Ok(Self { pool })
	}

	/// How many they are.
	pub fn count(&self) -> usize {
		self.pool.current_num_threads()
	}

	/// Calls `f` on each of them, and waits for all.
	pub fn on_each<R: Send>(&self, f: impl Fn() -> R + Sync) -> Vec<R> {
		self.pool.broadcast(|_| f())
	}

	/// Into how many parts work is worth cutting that is worth so many multiply-accumulates: several
	/// for each thread, so that one which other work slows down gets fewer.
	pub(crate) fn worth(&self, work: u64) -> usize {
		if self.count() < 2 {
			return 1;
		}
		let parts = usize::try_from(work / LEAST_WORK).unwrap_or(usize::MAX);
		parts.min(self.count().saturating_mul(PARTS_EACH))
	}

	/// Calls `f` for each part, on several of them.
	pub(crate) fn share<T: Send>(&self, parts: &mut [T], f: impl Fn(&mut T) + Sync) {
		let f = &f;
		self.pool.scope(|scope| {
			for part in parts {
				scope.spawn(move |_| f(part));
			}
		});
	}

	/// Calls `f` on one of them, from where the others are close.
	pub(crate) fn inside<R: Send>(&self, f: impl FnOnce() -> R + Send) -> R {
		self.pool.install(f)
	}
}

impl core::fmt::Debug for Threads {
	fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
		f.debug_tuple("Threads").field(&self.count()).finish()
	}
}

/// Whether an operator is one that threads can share.
pub(crate) fn is_shared(op: &Op, out: &Meta, metas: &[&Meta], threads: &Threads) -> bool {
	let work = cost::of(op, out, metas).weighted_macs();
	threads.worth(work) > 1 && Cut::of(op, out, metas).is_some()
}

/// As [`compute_into`], on several threads; `None` where one is as good.
pub(super) fn compute(
	op: &Op,
	out: &Meta,
	operands: &[View],
	to: &mut [u8],
	packed: Option<&Packed>,
	threads: &Threads,
) -> Option<Result<(), Stop>> {
	let metas: Vec<&Meta> = operands.iter().map(|operand| operand.meta).collect();
	let count = threads.worth(cost::of(op, out, &metas).weighted_macs());
	if count < 2 {
		return None;
	}
	let cut = Cut::of(op, out, &metas)?;
	let mut parts = cut.parts(op, operands, to, count)?;
	threads.share(&mut parts, |part| part.run(packed));
	Some(parts.iter().try_for_each(|part| part.done))
}

/// What each part gets of an operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Share {
	/// All of it.
	Whole,
	/// The same range of this dimension.
	Along(usize),
	/// Of this dimension what the window reaches.
	Window(usize),
}

/// How an operator is cut.
struct Cut {
	/// The result, as it is cut.
	out: Meta,
	axis: usize,
	/// Parts begin at multiples of this.
	step: usize,
	/// Operands as they are cut, and what each part gets.
	operands: Vec<(Meta, Share)>,
}

/// The first dimension with more than one element, if there are no empty ones.
fn leading(shape: &[u32]) -> Option<usize> {
	if shape.contains(&0) {
		return None;
	}
	shape.iter().position(|dim| *dim > 1)
}

/// Whether a dimension can be cut so that each part lies in one piece.
fn is_leading(shape: &[u32], axis: usize) -> bool {
	axis < shape.len() && shape.iter().take(axis).all(|dim| *dim == 1)
}

impl Cut {
	fn of(op: &Op, out: &Meta, metas: &[&Meta]) -> Option<Self> {
		if out.count() == 0 {
			return None;
		}
		match op {
			Op::Unary(_) | Op::Binary(_) | Op::Select | Op::Cast(_) | Op::Wrap(_) => {
				Self::flat(out, metas).or_else(|| Self::broadcast(out, metas, 0))
			}
			Op::MatMul { .. } => {
				let rank = out.shape.len();
				let axis = leading(&out.shape).filter(|axis| axis + 1 < rank)?;
				// Both factors have their own last two dimensions; of those only `a`'s rows are the
				// result's.
				let mut cut = Self::broadcast(out, metas, 2)?;
				if axis + 2 == rank {
					cut.operands.first_mut()?.1 = Share::Along(metas.first()?.shape.len() - 2);
					cut.step = TILE_ROWS;
				}
				// The initial value is shaped like the result.
				if let Some(initial) = cut.operands.get_mut(2) {
					initial.1 = Share::Along(axis);
				}
				Some(cut)
			}
			Op::Conv { .. } => Self::window(out, metas, 1),
			Op::Pool { .. } => Self::window(out, metas, 0),
			Op::Reduce { axes, .. } => {
				let x = metas.first()?;
				let axis = leading(&x.shape)?;
				let reduced = axes.iter().any(|reduced| usize::from(*reduced) == axis);
				if reduced || !is_leading(&out.shape, axis) {
					return None;
				}
				let operands = vec![((*x).clone(), Share::Along(axis))];
				Some(Self { out: out.clone(), axis, step: 1, operands })
			}
			_ => None,
		}
	}

	/// Element by element, where all operands are shaped alike or have one element.
	fn flat(out: &Meta, metas: &[&Meta]) -> Option<Self> {
		let mut operands = Vec::with_capacity(metas.len());
		for meta in metas {
			let (shape, share) = if meta.shape == out.shape {
				(vec![meta.count()], Share::Along(0))
			} else if meta.count() == 1 {
				(vec![], Share::Whole)
			} else {
				return None;
			};
			operands.push((Meta { ty: meta.ty, shape }, share));
		}
		let out = Meta { ty: out.ty, shape: vec![out.count()] };
		// A cache line of the smallest elements.
		Some(Self { out, axis: 0, step: 64, operands })
	}

	/// Operands broadcast to the result, but for their last dimensions.
	fn broadcast(out: &Meta, metas: &[&Meta], own: usize) -> Option<Self> {
		let axis = leading(&out.shape)?;
		let mut operands = Vec::with_capacity(metas.len());
		for meta in metas {
			let at = (axis + meta.shape.len()).checked_sub(out.shape.len());
			let at = at.filter(|at| *at + own < meta.shape.len());
			let share = match at.map(|at| (at, meta.shape[at])) {
				Some((at, dim)) if dim == out.shape[axis] => Share::Along(at),
				Some((_, dim)) if dim != 1 => return None,
				_ => Share::Whole,
			};
			operands.push(((*meta).clone(), share));
		}
		Some(Self { out: out.clone(), axis, step: 1, operands })
	}

	/// A window slides over the first operand; so many after it belong to all positions.
	fn window(out: &Meta, metas: &[&Meta], whole: usize) -> Option<Self> {
		let axis = leading(&out.shape).filter(|axis| axis + 1 < out.shape.len())?;
		let x = metas.first()?;
		if !is_leading(&x.shape, axis) {
			return None;
		}
		let share = |number: usize| match number {
			0 if axis > 0 => Share::Window(axis),
			number if number > 0 && number <= whole => Share::Whole,
			_ => Share::Along(axis),
		};
		let operands = metas.iter().enumerate();
		let operands = operands.map(|(number, meta)| ((*meta).clone(), share(number))).collect();
		Some(Self { out: out.clone(), axis, step: 1, operands })
	}

	/// The parts, each with its own piece of the result.
	fn parts<'a>(
		&self,
		op: &Op,
		operands: &[View<'a>],
		to: &'a mut [u8],
		count: usize,
	) -> Option<Vec<Part<'a>>> {
		let size = *self.out.shape.get(self.axis)? as usize;
		let each = size.div_ceil(count).next_multiple_of(self.step);
		let bytes = to.len() / size;
		let mut left = to;
		let mut parts = Vec::with_capacity(count);
		for start in (0..size).step_by(each) {
			let range = start..size.min(start + each);
			let (piece, rest) = left.split_at_mut_checked(range.len() * bytes)?;
			left = rest;
			parts.push(self.part(op, operands, piece, &range)?);
		}
		left.is_empty().then_some(parts)
	}

	fn part<'a>(
		&self,
		op: &Op,
		operands: &[View<'a>],
		to: &'a mut [u8],
		range: &Range<usize>,
	) -> Option<Part<'a>> {
		let mut part = Part {
			op: op.clone(),
			out: self.out.clone(),
			operands: Vec::with_capacity(operands.len()),
			to,
			done: Ok(()),
		};
		*part.out.shape.get_mut(self.axis)? = range.len() as u32;
		for (view, (meta, share)) in operands.iter().zip(&self.operands) {
			let (axis, rows) = match *share {
				Share::Whole => {
					part.operands.push((meta.clone(), view.bytes));
					continue;
				}
				Share::Along(axis) => (axis, range.clone()),
				Share::Window(axis) => {
					let window = match &mut part.op {
						Op::Conv { window, .. } | Op::Pool { window, .. } => window,
						_ => return None,
					};
					(axis, reached(window, axis - 1, *meta.shape.get(axis)?, range)?)
				}
			};
			let mut meta = meta.clone();
			let dim = meta.shape.get_mut(axis)?;
			let size = (view.bytes.len()).checked_div(*dim as usize)?;
			*dim = rows.len() as u32;
			part.operands.push((meta, view.bytes.get(rows.start * size..rows.end * size)?));
		}
		Some(part)
	}
}

/// The rows of a dimension that a window reaches at some outputs. Makes the window begin at the
/// first of these rows, and of these outputs.
fn reached(
	window: &mut Window,
	axis: usize,
	size: u32,
	outputs: &Range<usize>,
) -> Option<Range<usize>> {
	let at = |list: &[u32]| list.get(axis).map(|value| i64::from(*value));
	let (stride, before) = (at(&window.strides)?, at(&window.before)?);
	let reach = (at(&window.kernel)? - 1) * at(&window.dilations)? + 1;
	let first = outputs.start as i64 * stride - before;
	let end = (outputs.end as i64 - 1) * stride - before + reach;
	let size = i64::from(size);
	let start = first.clamp(0, size);
	let stop = end.clamp(start, size);
	// Where the window begins after the last row it reaches none, wherever it is said to begin.
	*window.before.get_mut(axis)? = u32::try_from((start - first).max(0)).ok()?;
	*window.after.get_mut(axis)? = u32::try_from((end - stop).max(0)).ok()?;
	Some(start as usize..stop as usize)
}

/// A part of an operator.
struct Part<'a> {
	op: Op,
	out: Meta,
	operands: Vec<(Meta, &'a [u8])>,
	to: &'a mut [u8],
	done: Result<(), Stop>,
}

impl Part<'_> {
	fn run(&mut self, packed: Option<&Packed>) {
		std::thread_local! {
			/// What operators need to work, kept by each thread: fresh pages cost more.
			static SCRATCH: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
		}
		let metas: Vec<&Meta> = self.operands.iter().map(|(meta, _)| meta).collect();
		let needed = cost::scratch(&self.op, &self.out, &metas).div_ceil(8) as usize;
		let operands = self.operands.iter().map(|(meta, bytes)| View { meta, bytes });
		let operands: Vec<View> = operands.collect();
		self.done = SCRATCH.with_borrow_mut(|scratch| {
			if scratch.len() < needed {
				scratch.resize(needed, 0);
			}
			let scratch = bytemuck::cast_slice_mut(&mut scratch[..]);
			compute_into(&self.op, &self.out, &operands, self.to, scratch, packed, None)
		});
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn window(kernel: u32, stride: u32, dilation: u32, before: u32) -> Window {
		Window {
			kernel: vec![kernel],
			strides: vec![stride],
			dilations: vec![dilation],
			before: vec![before],
			after: vec![0],
		}
	}

	#[test]
	fn a_window_reaches_what_its_taps_stand_on() {
		for (kernel, stride, dilation, before) in
			[(3, 1, 1, 1), (3, 2, 1, 0), (2, 3, 2, 4), (1, 1, 1, 9), (4, 1, 3, 2)]
		{
			let whole = window(kernel, stride, dilation, before);
			for size in 0..9u32 {
				for outputs in [0..1usize, 0..4, 2..5, 7..30] {
					let mut cut = whole.clone();
					let rows = reached(&mut cut, 0, size, &outputs).expect("it fits");
					for (number, out) in outputs.clone().enumerate() {
						for t in 0..kernel {
							let tap = |window: &Window, out, size| {
								crate::element::tap(window, 0, out, t, size)
							};
							let found = tap(&cut, number as u32, rows.len() as u32);
							let found = found.map(|at| at as usize + rows.start);
							let wanted = tap(&whole, out as u32, size).map(|at| at as usize);
							assert_eq!(found, wanted, "{whole:?} {size} {out} {t}");
						}
					}
				}
			}
		}
	}
}
