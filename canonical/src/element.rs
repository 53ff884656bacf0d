//! One element of a result from its operands. This is the definition of every operator: the fast
//! kernels give the same bits, and a dispute over one element is decided by running this on the
//! operands that were opened.

use crate::{
	arith, by_size,
	op::{Binary, Op, PadMode, Reduction, Scatter, Window},
	tensor::{strides, unravel, Data, Meta, Raw, TensorType, Value, View, MAX_RANK},
};
use alloc::vec::Vec;

/// Why there is no element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
	/// The operator fails on these values: an index outside, a tree without end.
	Trap,
	/// An operand is needed that was not given.
	Missing,
	/// The operator and its operands do not fit; validation excludes it.
	Invalid,
}

/// Where operands come from.
pub trait Operands {
	/// How many there are.
	fn count(&self) -> usize;
	/// The type and shape of one.
	fn meta(&self, operand: usize) -> Option<&Meta>;
	/// The bits of an element of one.
	fn read(&mut self, operand: usize, index: u32) -> Result<u64, Stop>;
}

/// Whole tensors as operands.
pub struct Whole<'a>(pub &'a [View<'a>]);

impl Operands for Whole<'_> {
	fn count(&self) -> usize {
		self.0.len()
	}
	fn meta(&self, operand: usize) -> Option<&Meta> {
		self.0.get(operand).map(|view| view.meta)
	}
	#[inline]
	fn read(&mut self, operand: usize, index: u32) -> Result<u64, Stop> {
		let view = self.0.get(operand).ok_or(Stop::Missing)?;
		if index as usize >= view.len() {
			return Err(Stop::Missing);
		}
		Ok(view.get(index))
	}
}

type Position = [u32; MAX_RANK];

/// A shape without allocation.
#[derive(Clone, Copy)]
struct Dims {
	dims: [u32; MAX_RANK],
	rank: usize,
}

impl core::ops::Deref for Dims {
	type Target = [u32];
	#[inline(always)]
	fn deref(&self) -> &[u32] {
		&self.dims[..self.rank]
	}
}

fn shape_of(operands: &impl Operands, operand: usize) -> Result<Dims, Stop> {
	let shape = &operands.meta(operand).ok_or(Stop::Invalid)?.shape;
	let mut dims = [0u32; MAX_RANK];
	dims.get_mut(..shape.len()).ok_or(Stop::Invalid)?.copy_from_slice(shape);
	Ok(Dims { dims, rank: shape.len() })
}

fn type_of(operands: &impl Operands, operand: usize) -> Result<TensorType, Stop> {
	Ok(operands.meta(operand).ok_or(Stop::Invalid)?.ty)
}

/// The index in `shape` of a position.
fn ravel(position: &[u32], shape: &[u32]) -> u32 {
	position
		.iter()
		.zip(strides(shape).iter())
		.take(shape.len())
		.fold(0u32, |index, (at, step)| index.wrapping_add(at.wrapping_mul(*step)))
}

/// The index in an operand of shape `shape` that a position of the broadcast result reads.
fn broadcast(position: &Position, rank: usize, shape: &[u32]) -> u32 {
	let skip = rank.saturating_sub(shape.len());
	let mut at = [0u32; MAX_RANK];
	for (axis, dim) in shape.iter().enumerate().take(MAX_RANK) {
		at[axis] = if *dim == 1 { 0 } else { position.get(axis + skip).copied().unwrap_or(0) };
	}
	ravel(&at, shape)
}

/// An index operand as a position in a dimension: negative ones count from the end.
pub(crate) fn index_in(ty: TensorType, bits: u64, dim: u32) -> Result<u32, Stop> {
	let index = match ty {
		TensorType::I32 => i64::from(bits as u32 as i32),
		TensorType::I64 => bits as i64,
		// No index has another type; a number that is none stays outside.
		_ => i64::try_from(arith::integer_value(ty, bits)).unwrap_or(i64::MAX),
	};
	let index = if index < 0 { index.wrapping_add(i64::from(dim)) } else { index };
	u32::try_from(index).ok().filter(|index| *index < dim).ok_or(Stop::Trap)
}

pub(crate) fn f32_of(bits: u64) -> f32 {
	f32::from_bits(bits as u32)
}

pub(crate) fn bits_of(x: f32) -> u64 {
	u64::from(x.to_bits())
}

/// What a reduction starts from.
pub(crate) fn identity(reduction: Reduction, ty: TensorType) -> u64 {
	match (reduction, ty) {
		(Reduction::Sum, _) => 0,
		(Reduction::Product, TensorType::F32) => bits_of(1.0),
		(Reduction::Product, _) => 1,
		(Reduction::Max, TensorType::F32) => bits_of(f32::NEG_INFINITY),
		(Reduction::Min, TensorType::F32) => bits_of(f32::INFINITY),
		(Reduction::Max, TensorType::I8) => 0x80,
		(Reduction::Max, TensorType::I16) => 0x8000,
		(Reduction::Max, TensorType::I32) => 0x8000_0000,
		(Reduction::Max, TensorType::I64) => 0x8000_0000_0000_0000,
		(Reduction::Max, _) => 0,
		(Reduction::Min, TensorType::Bool) => 1,
		(Reduction::Min, TensorType::I8) => 0x7f,
		(Reduction::Min, TensorType::I16) => 0x7fff,
		(Reduction::Min, TensorType::I32) => 0x7fff_ffff,
		(Reduction::Min, TensorType::I64) => 0x7fff_ffff_ffff_ffff,
		(Reduction::Min, _) => arith::low_bits(ty, u64::MAX),
	}
}

/// One step of a reduction. A sum of floats adds a flushed term to an unflushed accumulator.
#[inline(always)]
pub(crate) fn reduce_step(reduction: Reduction, ty: TensorType, acc: u64, x: u64) -> u64 {
	match (reduction, ty) {
		(Reduction::Sum, TensorType::F32) => {
			bits_of(arith::one_nan(f32_of(acc) + arith::addend(f32_of(x))))
		}
		(Reduction::Sum, _) => arith::binary_bits(Binary::Add, ty, acc, x),
		(Reduction::Product, _) => arith::binary_bits(Binary::Mul, ty, acc, x),
		(Reduction::Max, _) => arith::binary_bits(Binary::Max, ty, acc, x),
		(Reduction::Min, _) => arith::binary_bits(Binary::Min, ty, acc, x),
	}
}

/// One step of a multiply-accumulate.
fn accumulate(ty: TensorType, acc: u64, a: u64, b: u64) -> u64 {
	match ty {
		TensorType::F32 => {
			let product = arith::term(f32_of(a)) * arith::term(f32_of(b));
			bits_of(f32_of(acc) + product)
		}
		_ => {
			let product = arith::integer_value(ty, a).wrapping_mul(arith::integer_value(ty, b));
			acc.wrapping_add(product as u64)
		}
	}
}

/// The element type of a product.
pub(crate) fn product_type(ty: TensorType) -> TensorType {
	match ty {
		TensorType::U8 | TensorType::I8 => TensorType::I32,
		other => other,
	}
}

fn start(operands: &mut impl Operands, index: u32, out: TensorType) -> Result<u64, Stop> {
	if operands.count() < 3 {
		return Ok(0);
	}
	let bits = operands.read(2, index)?;
	Ok(if out == TensorType::F32 { bits_of(arith::addend(f32_of(bits))) } else { bits })
}

fn finish(ty: TensorType, acc: u64) -> u64 {
	match ty {
		TensorType::F32 => bits_of(arith::one_nan(f32_of(acc))),
		_ => arith::low_bits(ty, acc),
	}
}

/// Where in a spatial dimension a tap stands, if inside.
pub(crate) fn tap(window: &Window, axis: usize, out: u32, tap: u32, size: u32) -> Option<u32> {
	let stride = i64::from(*window.strides.get(axis)?);
	let dilation = i64::from(*window.dilations.get(axis)?);
	let before = i64::from(*window.before.get(axis)?);
	let at = i64::from(out) * stride + i64::from(tap) * dilation - before;
	u32::try_from(at).ok().filter(|at| *at < size)
}

fn window_element(
	window: &Window,
	position: &Position,
	shape: &[u32],
	taps: u32,
) -> Option<Position> {
	let spatial = window.kernel.len();
	let offset = unravel(taps, &window.kernel);
	let mut at = *position;
	for axis in 0..spatial {
		at[axis + 1] = tap(window, axis, position[axis + 1], offset[axis], *shape.get(axis + 1)?)?;
	}
	Some(at)
}

/// The element at `index` of the result of `op`, whose type and shape are `out`.
pub fn element(op: &Op, out: &Meta, index: u32, operands: &mut impl Operands) -> Result<u64, Stop> {
	let position = unravel(index, &out.shape);
	let rank = out.rank();
	match op {
		Op::Unary(kind) => {
			let ty = type_of(operands, 0)?;
			Ok(arith::unary_bits(*kind, ty, operands.read(0, index)?))
		}
		Op::Binary(kind) => {
			let ty = type_of(operands, 0)?;
			let a = broadcast(&position, rank, &shape_of(operands, 0)?);
			let b = broadcast(&position, rank, &shape_of(operands, 1)?);
			Ok(arith::binary_bits(*kind, ty, operands.read(0, a)?, operands.read(1, b)?))
		}
		Op::Select => {
			let condition = broadcast(&position, rank, &shape_of(operands, 0)?);
			let chosen = if operands.read(0, condition)? != 0 { 1 } else { 2 };
			let at = broadcast(&position, rank, &shape_of(operands, chosen)?);
			operands.read(chosen, at)
		}
		Op::Cast(to) => Ok(arith::cast_bits(type_of(operands, 0)?, *to, operands.read(0, index)?)),
		Op::Wrap(to) => Ok(arith::wrap_bits(type_of(operands, 0)?, *to, operands.read(0, index)?)),
		Op::MatMul { from, terms } => matmul(*from, *terms, out, &position, index, operands),
		Op::Conv { window, groups, from, terms } => {
			conv(window, *groups, *from..from.saturating_add(*terms), out, index, operands)
		}
		Op::Pool { reduction, window } => {
			let shape = shape_of(operands, 0)?;
			let taps = crate::tensor::element_count(&window.kernel).ok_or(Stop::Invalid)?;
			let mut acc = identity(*reduction, out.ty);
			for t in 0..taps {
				if let Some(at) = window_element(window, &position, &shape, t) {
					let x = operands.read(0, ravel(&at, &shape))?;
					acc = reduce_step(*reduction, out.ty, acc, x);
				}
			}
			Ok(acc)
		}
		Op::Reduce { reduction, axes } => {
			let shape = shape_of(operands, 0)?;
			let inner: Vec<u32> =
				axes.iter().map(|a| shape.get(usize::from(*a)).copied().unwrap_or(1)).collect();
			let count = crate::tensor::element_count(&inner).ok_or(Stop::Invalid)?;
			let mut acc = identity(*reduction, out.ty);
			for i in 0..count {
				let offset = unravel(i, &inner);
				let mut at = position;
				for (axis, step) in axes.iter().zip(offset) {
					*at.get_mut(usize::from(*axis)).ok_or(Stop::Invalid)? = step;
				}
				let x = operands.read(0, ravel(&at, &shape))?;
				acc = reduce_step(*reduction, out.ty, acc, x);
			}
			Ok(acc)
		}
		Op::ArgReduce { largest, axis, last } => {
			let shape = shape_of(operands, 0)?;
			let ty = type_of(operands, 0)?;
			let axis = usize::from(*axis);
			let (mut best, mut found) = (0u64, 0u64);
			for i in 0..*shape.get(axis).ok_or(Stop::Invalid)? {
				let mut at = position;
				at[axis] = i;
				let x = operands.read(0, ravel(&at, &shape))?;
				if i == 0 || beats(ty, x, best, *largest, *last) {
					(best, found) = (x, u64::from(i));
				}
			}
			Ok(found)
		}
		Op::Reshape { .. } => operands.read(0, index),
		Op::Transpose { order } => {
			let mut at = [0u32; MAX_RANK];
			for (i, axis) in order.iter().enumerate().take(MAX_RANK) {
				*at.get_mut(usize::from(*axis)).ok_or(Stop::Invalid)? = position[i];
			}
			operands.read(0, ravel(&at, &shape_of(operands, 0)?))
		}
		Op::Slice { ranges } => {
			let mut at = [0u32; MAX_RANK];
			for (axis, range) in ranges.iter().enumerate().take(MAX_RANK) {
				let offset = i64::from(position[axis]) * i64::from(range.step);
				at[axis] =
					u32::try_from(i64::from(range.start) + offset).map_err(|_| Stop::Invalid)?;
			}
			operands.read(0, ravel(&at, &shape_of(operands, 0)?))
		}
		Op::Expand { .. } => operands.read(0, broadcast(&position, rank, &shape_of(operands, 0)?)),
		Op::Pad { mode, before, .. } => {
			let shape = shape_of(operands, 0)?;
			let mut at = [0u32; MAX_RANK];
			for axis in 0..rank {
				let front = *before.get(axis).ok_or(Stop::Invalid)?;
				let size = *shape.get(axis).ok_or(Stop::Invalid)?;
				match padded(*mode, position[axis], front, size) {
					Some(source) => at[axis] = source,
					None if operands.count() > 1 => return operands.read(1, 0),
					None => return Ok(0),
				}
			}
			operands.read(0, ravel(&at, &shape))
		}
		Op::Concat { axis } => {
			let axis = usize::from(*axis);
			let mut at = position;
			for operand in 0..operands.count() {
				let shape = shape_of(operands, operand)?;
				let size = *shape.get(axis).ok_or(Stop::Invalid)?;
				if at[axis] < size {
					return operands.read(operand, ravel(&at, &shape));
				}
				at[axis] -= size;
			}
			Err(Stop::Invalid)
		}
		Op::Gather { axis } => {
			let axis = usize::from(*axis);
			let shape = shape_of(operands, 0)?;
			let indices = shape_of(operands, 1)?;
			let mut tuple = [0u32; MAX_RANK];
			tuple[..indices.len()].copy_from_slice(&position[axis..axis + indices.len()]);
			let chosen = operands.read(1, ravel(&tuple, &indices))?;
			let dim = *shape.get(axis).ok_or(Stop::Invalid)?;
			let mut at = [0u32; MAX_RANK];
			at[..axis].copy_from_slice(&position[..axis]);
			at[axis] = index_in(type_of(operands, 1)?, chosen, dim)?;
			for i in axis + 1..shape.len() {
				at[i] = position[i - 1 + indices.len()];
			}
			operands.read(0, ravel(&at, &shape))
		}
		Op::GatherElements { axis } => {
			let axis = usize::from(*axis);
			let shape = shape_of(operands, 0)?;
			let chosen = operands.read(1, index)?;
			let mut at = position;
			let dim = *shape.get(axis).ok_or(Stop::Invalid)?;
			at[axis] = index_in(type_of(operands, 1)?, chosen, dim)?;
			operands.read(0, ravel(&at, &shape))
		}
		Op::GatherNd { batch } => gather_nd(usize::from(*batch), &position, operands),
		Op::ScatterElements { axis, scatter } => {
			scatter_elements(usize::from(*axis), *scatter, index, operands)
		}
		Op::ScatterNd { scatter } => scatter_nd(*scatter, index, operands),
		Op::CumulativeSum { axis, exclusive, reverse } => {
			let axis = usize::from(*axis);
			let mut at = position;
			let last = out.shape.get(axis).ok_or(Stop::Invalid)?.saturating_sub(1);
			let steps = if *reverse { last - position[axis] } else { position[axis] };
			let mut acc = 0;
			for i in 0..=steps {
				if i == steps && *exclusive {
					break;
				}
				at[axis] = if *reverse { last - i } else { i };
				let x = operands.read(0, ravel(&at, &out.shape))?;
				acc = reduce_step(Reduction::Sum, out.ty, acc, x);
			}
			Ok(acc)
		}
		Op::TopK { axis, largest, indices, .. } => {
			let axis = usize::from(*axis);
			let shape = shape_of(operands, 0)?;
			let ty = type_of(operands, 0)?;
			let mut row = Vec::new();
			for i in 0..*shape.get(axis).ok_or(Stop::Invalid)? {
				let mut at = position;
				at[axis] = i;
				row.push((operands.read(0, ravel(&at, &shape))?, i));
			}
			sort_row(ty, *largest, &mut row);
			let (value, from) = row.get(position[axis] as usize).ok_or(Stop::Invalid)?.parts();
			Ok(if *indices { u64::from(from) } else { value })
		}
		Op::Trees { depth } => trees(*depth, position[0], position[1], operands),
	}
}

/// An entry of a row that is being sorted: the bits of an element and its index.
pub(crate) trait Entry {
	/// Both.
	fn parts(&self) -> (u64, u32);
}

impl Entry for (u64, u32) {
	fn parts(&self) -> (u64, u32) {
		*self
	}
}

/// The order that `TopK` sorts by: first what comes first.
pub(crate) fn sort_row<E: Entry>(ty: TensorType, largest: bool, row: &mut [E]) {
	// Without allocation of its own, and with the index as tie-break, so order is total.
	row.sort_unstable_by(|a, b| {
		let ((a, i), (b, j)) = (a.parts(), b.parts());
		let (a, b) = (rank_of(ty, a), rank_of(ty, b));
		let order = if largest { b.cmp(&a) } else { a.cmp(&b) };
		order.then(i.cmp(&j))
	});
}

/// A number that orders elements: floats by value, `-0` equal to `+0`, NaN above everything.
fn rank_of(ty: TensorType, bits: u64) -> i128 {
	match ty {
		TensorType::F32 => {
			let x = f32_of(bits);
			if x.is_nan() {
				i128::MAX
			} else if x == 0.0 {
				0
			} else {
				let size = i128::from(bits & 0x7fff_ffff);
				if x < 0.0 {
					-size
				} else {
					size
				}
			}
		}
		_ => arith::integer_value(ty, bits),
	}
}

/// Whether `x` replaces `best` in the search for the largest or smallest.
pub(crate) fn beats(ty: TensorType, x: u64, best: u64, largest: bool, last: bool) -> bool {
	let (x, best) = (rank_of(ty, x), rank_of(ty, best));
	// NaN wins in both directions.
	let nan = ty == TensorType::F32;
	let order = match (nan && x == i128::MAX, nan && best == i128::MAX) {
		(true, false) => return true,
		(false, true) => return false,
		(true, true) => core::cmp::Ordering::Equal,
		_ if largest => x.cmp(&best),
		_ => best.cmp(&x),
	};
	order == core::cmp::Ordering::Greater || (last && order == core::cmp::Ordering::Equal)
}

/// Where a padded position reads from; `None` for the constant.
pub(crate) fn padded(mode: PadMode, at: u32, before: u32, size: u32) -> Option<u32> {
	let inside = i64::from(at) - i64::from(before);
	let size = i64::from(size);
	let source = match mode {
		_ if (0..size).contains(&inside) => inside,
		PadMode::Constant => return None,
		_ if size == 0 => return None,
		PadMode::Edge => inside.clamp(0, size - 1),
		PadMode::Wrap => inside.rem_euclid(size),
		PadMode::Reflect if size == 1 => 0,
		PadMode::Reflect => {
			let period = 2 * (size - 1);
			let folded = inside.rem_euclid(period);
			folded.min(period - folded)
		}
	};
	u32::try_from(source).ok()
}

fn matmul(
	from: u32,
	terms: u32,
	out: &Meta,
	position: &Position,
	index: u32,
	operands: &mut impl Operands,
) -> Result<u64, Stop> {
	let (a_shape, b_shape) = (shape_of(operands, 0)?, shape_of(operands, 1)?);
	let rank = out.rank();
	if rank < 2 || a_shape.len() < 2 || b_shape.len() < 2 {
		return Err(Stop::Invalid);
	}
	let (m, n) = (position[rank - 2], position[rank - 1]);
	let row = |shape: &[u32], at: u32| {
		// The batch dimensions broadcast; the row replaces the second to last.
		let mut inner = *position;
		inner[rank - 2] = at;
		inner[rank - 1] = 0;
		let mut rows = shape.to_vec();
		let width = rows.pop().unwrap_or(0);
		let mut outer = [0u32; MAX_RANK];
		let skip = rank - shape.len();
		for (axis, dim) in rows.iter().enumerate() {
			let last = axis + 1 == rows.len();
			outer[axis] = if *dim == 1 && !last { 0 } else { inner[axis + skip] };
		}
		ravel(&outer, &rows).wrapping_mul(width)
	};
	let (a, b) = (row(&a_shape, m), row(&b_shape, n));
	let (a_ty, b_ty) = (type_of(operands, 0)?, type_of(operands, 1)?);
	let mut acc = start(operands, index, out.ty)?;
	for k in from..from.saturating_add(terms) {
		let x = operands.read(0, a.wrapping_add(k))?;
		let y = operands.read(1, b.wrapping_add(k))?;
		acc = mixed(out.ty, acc, (a_ty, x), (b_ty, y));
	}
	Ok(finish(out.ty, acc))
}

fn mixed(
	out: TensorType,
	acc: u64,
	(a_ty, a): (TensorType, u64),
	(b_ty, b): (TensorType, u64),
) -> u64 {
	if out == TensorType::F32 {
		return accumulate(out, acc, a, b);
	}
	let product = arith::integer_value(a_ty, a).wrapping_mul(arith::integer_value(b_ty, b));
	acc.wrapping_add(product as u64)
}

fn conv(
	window: &Window,
	groups: u32,
	terms: core::ops::Range<u32>,
	out: &Meta,
	index: u32,
	operands: &mut impl Operands,
) -> Result<u64, Stop> {
	let (shape, weights) = (shape_of(operands, 0)?, shape_of(operands, 1)?);
	let (x_ty, w_ty) = (type_of(operands, 0)?, type_of(operands, 1)?);
	let position = unravel(index, &out.shape);
	let last = out.rank().checked_sub(1).ok_or(Stop::Invalid)?;
	let output = position[last];
	let channels = *weights.last().ok_or(Stop::Invalid)?;
	let outputs = *weights.first().ok_or(Stop::Invalid)?;
	let per_group = outputs.checked_div(groups).filter(|n| *n > 0).ok_or(Stop::Invalid)?;
	let first_channel = (output / per_group).wrapping_mul(channels);
	let width = strides(&weights)[0];
	let mut acc = start(operands, index, out.ty)?;
	for term in terms {
		let (taps, channel) = (term / channels.max(1), term % channels.max(1));
		if let Some(mut at) = window_element(window, &position, &shape, taps) {
			at[last] = first_channel.wrapping_add(channel);
			let x = operands.read(0, ravel(&at, &shape))?;
			let w = operands.read(1, output.wrapping_mul(width).wrapping_add(term))?;
			acc = mixed(out.ty, acc, (x_ty, x), (w_ty, w));
		}
	}
	Ok(finish(out.ty, acc))
}

fn gather_nd(batch: usize, position: &Position, operands: &mut impl Operands) -> Result<u64, Stop> {
	let (shape, indices) = (shape_of(operands, 0)?, shape_of(operands, 1)?);
	let ty = type_of(operands, 1)?;
	let tuple = *indices.last().ok_or(Stop::Invalid)? as usize;
	let leading = indices.len() - 1;
	let mut at = [0u32; MAX_RANK];
	at[..batch].copy_from_slice(&position[..batch]);
	let mut from = [0u32; MAX_RANK];
	from[..leading].copy_from_slice(&position[..leading]);
	for i in 0..tuple {
		from[leading] = i as u32;
		let bits = operands.read(1, ravel(&from, &indices))?;
		let dim = *shape.get(batch + i).ok_or(Stop::Invalid)?;
		at[batch + i] = index_in(ty, bits, dim)?;
	}
	for i in batch + tuple..shape.len() {
		at[i] = position[leading + i - batch - tuple];
	}
	operands.read(0, ravel(&at, &shape))
}

/// What an update does to an element.
#[inline(always)]
pub(crate) fn update(scatter: Scatter, ty: TensorType, old: u64, new: u64) -> u64 {
	match scatter {
		Scatter::Replace => new,
		Scatter::Add => arith::binary_bits(Binary::Add, ty, old, new),
		Scatter::Mul => arith::binary_bits(Binary::Mul, ty, old, new),
		Scatter::Max => arith::binary_bits(Binary::Max, ty, old, new),
		Scatter::Min => arith::binary_bits(Binary::Min, ty, old, new),
	}
}

fn scatter_elements(
	axis: usize,
	scatter: Scatter,
	index: u32,
	operands: &mut impl Operands,
) -> Result<u64, Stop> {
	let (shape, updates) = (shape_of(operands, 0)?, shape_of(operands, 1)?);
	let (ty, index_ty) = (type_of(operands, 0)?, type_of(operands, 1)?);
	let count = crate::tensor::element_count(&updates).ok_or(Stop::Invalid)?;
	let dim = *shape.get(axis).ok_or(Stop::Invalid)?;
	let mut value = operands.read(0, index)?;
	for i in 0..count {
		let mut at = unravel(i, &updates);
		at[axis] = index_in(index_ty, operands.read(1, i)?, dim)?;
		if ravel(&at, &shape) == index {
			value = update(scatter, ty, value, operands.read(2, i)?);
		}
	}
	Ok(value)
}

fn scatter_nd(scatter: Scatter, index: u32, operands: &mut impl Operands) -> Result<u64, Stop> {
	let (shape, indices) = (shape_of(operands, 0)?, shape_of(operands, 1)?);
	let (ty, index_ty) = (type_of(operands, 0)?, type_of(operands, 1)?);
	let tuple = *indices.last().ok_or(Stop::Invalid)?;
	let rows = crate::tensor::element_count(&indices[..indices.len() - 1]).ok_or(Stop::Invalid)?;
	let steps = strides(&shape);
	let inner = shape.iter().skip(tuple as usize).product::<u32>();
	let mut value = operands.read(0, index)?;
	for row in 0..rows {
		let mut base = 0u32;
		for i in 0..tuple {
			let bits = operands.read(1, row.wrapping_mul(tuple).wrapping_add(i))?;
			let dim = *shape.get(i as usize).ok_or(Stop::Invalid)?;
			base =
				base.wrapping_add(index_in(index_ty, bits, dim)?.wrapping_mul(steps[i as usize]));
		}
		if let Some(offset) = index.checked_sub(base).filter(|offset| *offset < inner) {
			let new = operands.read(2, row.wrapping_mul(inner).wrapping_add(offset))?;
			value = update(scatter, ty, value, new);
		}
	}
	Ok(value)
}

/// The bit of a tree node's mode that sends NaN along `yes`.
pub const TREE_NAN_YES: u8 = 8;
/// The mode of a leaf.
pub const TREE_LEAF: u8 = 6;

/// Which way a tree node sends a feature. `None` at a leaf or an unknown mode.
pub(crate) fn tree_branch(mode: u8, x: f32, threshold: f32) -> Option<bool> {
	let holds = match mode & !TREE_NAN_YES {
		0 => x <= threshold,
		1 => x < threshold,
		2 => x >= threshold,
		3 => x > threshold,
		4 => x == threshold,
		5 => x != threshold,
		_ => return None,
	};
	// No branch on what nobody can predict.
	Some(holds | (x.is_nan() & (mode & TREE_NAN_YES != 0)))
}

fn trees(depth: u32, row: u32, tree: u32, operands: &mut impl Operands) -> Result<u64, Stop> {
	let features = *shape_of(operands, 0)?.get(1).ok_or(Stop::Invalid)?;
	let nodes = *shape_of(operands, 1)?.first().ok_or(Stop::Invalid)?;
	let node_of = |bits: u64| index_in(TensorType::I32, bits, nodes);
	let mut node = node_of(operands.read(6, tree)?)?;
	for _ in 0..=depth {
		let mode = operands.read(3, node)? as u8;
		if mode & !TREE_NAN_YES == TREE_LEAF {
			return Ok(u64::from(node));
		}
		let feature = index_in(TensorType::I32, operands.read(1, node)?, features)?;
		let x = f32_of(operands.read(0, row.wrapping_mul(features).wrapping_add(feature))?);
		let threshold = f32_of(operands.read(2, node)?);
		let yes = tree_branch(mode, x, threshold).ok_or(Stop::Trap)?;
		node = node_of(operands.read(if yes { 4 } else { 5 }, node)?)?;
	}
	Err(Stop::Trap)
}

/// The whole result, element by element: slow, and the same as the fast kernels give.
pub fn whole(op: &Op, out: &Meta, operands: &[&Value]) -> Result<Data, Stop> {
	let views: Vec<View> = operands.iter().map(|value| value.view()).collect();
	let mut data = Data::zeros(out.ty, out.count() as usize);
	whole_into(op, out, &views, data.as_bytes_mut())?;
	Ok(data)
}

/// As [`whole`], written to its place.
pub(crate) fn whole_into(
	op: &Op,
	out: &Meta,
	operands: &[View],
	to: &mut [u8],
) -> Result<(), Stop> {
	by_size!(out.ty.size(), T => {
		for (index, slot) in T::slice_mut(to).iter_mut().enumerate() {
			*slot = T::narrow(element(op, out, index as u32, &mut Whole(operands))?);
		}
	});
	Ok(())
}
