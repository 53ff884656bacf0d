//! The type and shape of every result, from those of its operands, and the refusal of whatever
//! does not fit. After this, an operator on such operands gives a result or a trap, nothing else.

use crate::{
	element::product_type,
	op::{Binary, Op, PadMode, Reduction, Scatter, Unary, Window},
	tensor::{element_count, Meta, TensorType, MAX_RANK},
};
use alloc::{vec, vec::Vec};

/// Why an operator does not fit its operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Misfit {
	/// Not as many operands as it takes.
	Operands,
	/// A type that it does not take, or types that should agree and do not.
	Type,
	/// Shapes that do not fit each other or the attributes.
	Shape,
	/// An attribute out of its range.
	Attribute,
	/// More than [`MAX_RANK`] dimensions.
	Rank,
	/// A size that overflows 32 bits.
	Size,
}

type Inferred = Result<Meta, Misfit>;

fn ensure(holds: bool, misfit: Misfit) -> Result<(), Misfit> {
	if holds {
		Ok(())
	} else {
		Err(misfit)
	}
}

/// The shape that both broadcast to.
pub fn broadcast_shape(a: &[u32], b: &[u32]) -> Result<Vec<u32>, Misfit> {
	let rank = a.len().max(b.len());
	let at = |shape: &[u32], axis: usize| {
		(axis + shape.len()).checked_sub(rank).and_then(|i| shape.get(i)).copied().unwrap_or(1)
	};
	(0..rank)
		.map(|axis| match (at(a, axis), at(b, axis)) {
			(x, y) if x == y => Ok(x),
			(1, y) => Ok(y),
			(x, 1) => Ok(x),
			_ => Err(Misfit::Shape),
		})
		.collect()
}

fn axis_of(axis: u8, shape: &[u32]) -> Result<usize, Misfit> {
	let axis = usize::from(axis);
	ensure(axis < shape.len(), Misfit::Attribute)?;
	Ok(axis)
}

fn is_index(meta: &Meta) -> Result<(), Misfit> {
	ensure(matches!(meta.ty, TensorType::I32 | TensorType::I64), Misfit::Type)
}

/// The number of steps that a window takes in one dimension.
pub fn window_steps(window: &Window, axis: usize, size: u32) -> Result<u32, Misfit> {
	let get = |v: &Vec<u32>| v.get(axis).copied().ok_or(Misfit::Attribute);
	let (kernel, stride, dilation) =
		(get(&window.kernel)?, get(&window.strides)?, get(&window.dilations)?);
	let (before, after) = (get(&window.before)?, get(&window.after)?);
	ensure(kernel > 0 && stride > 0 && dilation > 0, Misfit::Attribute)?;
	let reach = (kernel - 1).checked_mul(dilation).and_then(|r| r.checked_add(1));
	let reach = reach.filter(|reach| *reach < 1 << 24).ok_or(Misfit::Attribute)?;
	ensure(before < reach.saturating_add(1 << 16) && after < 1 << 24, Misfit::Attribute)?;
	let padded = size.checked_add(before).and_then(|s| s.checked_add(after)).ok_or(Misfit::Size)?;
	match padded.checked_sub(reach) {
		Some(rest) => Ok(rest / stride + 1),
		None => Ok(0),
	}
}

fn window_shape(window: &Window, shape: &[u32], last: u32) -> Result<Vec<u32>, Misfit> {
	let spatial = window.kernel.len();
	ensure((1..=3).contains(&spatial), Misfit::Attribute)?;
	for list in [&window.strides, &window.dilations, &window.before, &window.after] {
		ensure(list.len() == spatial, Misfit::Attribute)?;
	}
	ensure(shape.len() == spatial + 2, Misfit::Shape)?;
	let taps = element_count(&window.kernel).ok_or(Misfit::Attribute)?;
	ensure(taps <= MAX_TAPS, Misfit::Attribute)?;
	let mut out = vec![shape[0]];
	for axis in 0..spatial {
		out.push(window_steps(window, axis, shape[axis + 1])?);
	}
	out.push(last);
	Ok(out)
}

fn unary(kind: Unary, x: &Meta) -> Inferred {
	let ty = match kind {
		Unary::Neg | Unary::Abs | Unary::Sign | Unary::Relu => {
			ensure(x.ty != TensorType::Bool, Misfit::Type)?;
			x.ty
		}
		Unary::Not => {
			ensure(x.ty != TensorType::F32, Misfit::Type)?;
			x.ty
		}
		Unary::IsNan | Unary::IsPositiveInfinity | Unary::IsNegativeInfinity => {
			ensure(x.ty == TensorType::F32, Misfit::Type)?;
			TensorType::Bool
		}
		_ => {
			ensure(x.ty == TensorType::F32, Misfit::Type)?;
			TensorType::F32
		}
	};
	Ok(Meta { ty, shape: x.shape.clone() })
}

fn binary(kind: Binary, a: &Meta, b: &Meta) -> Inferred {
	ensure(a.ty == b.ty, Misfit::Type)?;
	let fits = match kind {
		Binary::Add
		| Binary::Sub
		| Binary::Mul
		| Binary::Div
		| Binary::Rem
		| Binary::Max
		| Binary::Min
		| Binary::Pow => a.ty != TensorType::Bool,
		Binary::FloorMod => a.ty.is_integer(),
		Binary::And | Binary::Or | Binary::Xor => a.ty != TensorType::F32,
		Binary::ShiftLeft | Binary::ShiftRight => a.ty.is_integer() && !a.ty.is_signed(),
		Binary::Equal => true,
		Binary::Less | Binary::LessOrEqual => a.ty != TensorType::Bool,
	};
	ensure(fits, Misfit::Type)?;
	let ty = if kind.compares() { TensorType::Bool } else { a.ty };
	Ok(Meta { ty, shape: broadcast_shape(&a.shape, &b.shape)? })
}

fn product(a: &Meta, b: &Meta) -> Result<TensorType, Misfit> {
	let small = |ty| matches!(ty, TensorType::U8 | TensorType::I8);
	let fits = a.ty == b.ty && a.ty != TensorType::Bool || small(a.ty) && small(b.ty);
	ensure(fits, Misfit::Type)?;
	let ty = product_type(a.ty);
	ensure(!matches!(ty, TensorType::U16 | TensorType::I16), Misfit::Type)?;
	Ok(ty)
}

fn terms_fit(from: u32, terms: u32, all: u32) -> Result<(), Misfit> {
	ensure(from.checked_add(terms).is_some_and(|end| end <= all), Misfit::Attribute)
}

/// The type and shape of the result of `op` on operands of these types and shapes.
pub fn infer(op: &Op, operands: &[&Meta]) -> Inferred {
	let out = infer_unchecked(op, operands)?;
	ensure(out.rank() <= MAX_RANK, Misfit::Rank)?;
	ensure(element_count(&out.shape).is_some(), Misfit::Size)?;
	Ok(out)
}

fn infer_unchecked(op: &Op, operands: &[&Meta]) -> Inferred {
	let count = operands.len();
	let fits = match op {
		Op::Binary(_) | Op::Gather { .. } | Op::GatherElements { .. } | Op::GatherNd { .. } => {
			count == 2
		}
		Op::Select | Op::ScatterElements { .. } | Op::ScatterNd { .. } => count == 3,
		Op::MatMul { .. } | Op::Conv { .. } => count == 2 || count == 3,
		Op::Pad { mode, .. } => count == 1 || count == 2 && *mode == PadMode::Constant,
		Op::Concat { .. } => (1..=MAX_OPERANDS).contains(&count),
		Op::Trees { .. } => count == 7,
		_ => count == 1,
	};
	ensure(fits, Misfit::Operands)?;
	let operand = |i: usize| operands.get(i).copied().ok_or(Misfit::Operands);
	let x = operand(0)?;
	match op {
		Op::Unary(kind) => unary(*kind, x),
		Op::Binary(kind) => binary(*kind, x, operand(1)?),
		Op::Select => {
			let (a, b) = (operand(1)?, operand(2)?);
			ensure(x.ty == TensorType::Bool && a.ty == b.ty, Misfit::Type)?;
			let shape = broadcast_shape(&a.shape, &b.shape)?;
			Ok(Meta { ty: a.ty, shape: broadcast_shape(&x.shape, &shape)? })
		}
		Op::Cast(to) => Ok(Meta { ty: *to, shape: x.shape.clone() }),
		Op::Wrap(to) => {
			ensure(x.ty != TensorType::F32 && *to != TensorType::F32, Misfit::Type)?;
			Ok(Meta { ty: *to, shape: x.shape.clone() })
		}
		Op::MatMul { from, terms } => {
			let b = operand(1)?;
			let ty = product(x, b)?;
			let ([a_batch @ .., m, k], [b_batch @ .., n, b_k]) = (&x.shape[..], &b.shape[..])
			else {
				return Err(Misfit::Shape);
			};
			ensure(k == b_k, Misfit::Shape)?;
			terms_fit(*from, *terms, *k)?;
			let mut shape = broadcast_shape(a_batch, b_batch)?;
			shape.extend([*m, *n]);
			initial_fits(operands.get(2), ty, &shape)?;
			Ok(Meta { ty, shape })
		}
		Op::Conv { window, groups, from, terms } => {
			let w = operand(1)?;
			let ty = product(x, w)?;
			let [outputs, kernel @ .., channels] = &w.shape[..] else {
				return Err(Misfit::Shape);
			};
			ensure(kernel == &window.kernel[..], Misfit::Shape)?;
			ensure(*groups > 0 && *outputs > 0 && outputs % groups == 0, Misfit::Attribute)?;
			let shape = window_shape(window, &x.shape, *outputs)?;
			ensure(channels.checked_mul(*groups) == x.shape.last().copied(), Misfit::Shape)?;
			let all = element_count(&w.shape[1..]).ok_or(Misfit::Size)?;
			terms_fit(*from, *terms, all)?;
			initial_fits(operands.get(2), ty, &shape)?;
			Ok(Meta { ty, shape })
		}
		Op::Pool { reduction, window } => {
			let last = *x.shape.last().ok_or(Misfit::Shape)?;
			reduces(*reduction, x.ty)?;
			element_count(&window.kernel).ok_or(Misfit::Size)?;
			Ok(Meta { ty: x.ty, shape: window_shape(window, &x.shape, last)? })
		}
		Op::Reduce { reduction, axes } => {
			reduces(*reduction, x.ty)?;
			ensure(axes.windows(2).all(|pair| pair[0] < pair[1]), Misfit::Attribute)?;
			let mut shape = x.shape.clone();
			for axis in axes {
				shape[axis_of(*axis, &x.shape)?] = 1;
			}
			// The reduced part alone must be countable, also where another dimension is 0.
			let reduced: Vec<u32> = axes.iter().map(|axis| x.shape[usize::from(*axis)]).collect();
			element_count(&reduced).ok_or(Misfit::Size)?;
			Ok(Meta { ty: x.ty, shape })
		}
		Op::ArgReduce { axis, .. } => {
			let mut shape = x.shape.clone();
			let axis = axis_of(*axis, &shape)?;
			ensure(x.ty != TensorType::Bool && shape[axis] > 0, Misfit::Shape)?;
			shape[axis] = 1;
			Ok(Meta { ty: TensorType::I64, shape })
		}
		Op::Reshape { shape } => {
			ensure(element_count(shape) == element_count(&x.shape), Misfit::Shape)?;
			Ok(Meta { ty: x.ty, shape: shape.clone() })
		}
		Op::Transpose { order } => {
			ensure(order.len() == x.rank(), Misfit::Attribute)?;
			let mut seen = [false; MAX_RANK];
			let mut shape = Vec::with_capacity(order.len());
			for axis in order {
				let axis = axis_of(*axis, &x.shape)?;
				ensure(!core::mem::replace(&mut seen[axis], true), Misfit::Attribute)?;
				shape.push(x.shape[axis]);
			}
			Ok(Meta { ty: x.ty, shape })
		}
		Op::Slice { ranges } => {
			ensure(ranges.len() == x.rank(), Misfit::Attribute)?;
			for (range, dim) in ranges.iter().zip(&x.shape) {
				ensure(range.step != 0, Misfit::Attribute)?;
				if range.length > 0 {
					let steps = i64::from(range.length) - 1;
					let last = i64::from(range.start) + steps * i64::from(range.step);
					let inside = range.start < *dim && (0..i64::from(*dim)).contains(&last);
					ensure(inside, Misfit::Attribute)?;
				}
			}
			Ok(Meta { ty: x.ty, shape: ranges.iter().map(|range| range.length).collect() })
		}
		Op::Expand { shape } => {
			ensure(broadcast_shape(&x.shape, shape)? == *shape, Misfit::Shape)?;
			Ok(Meta { ty: x.ty, shape: shape.clone() })
		}
		Op::Pad { mode, before, after } => {
			let rank = x.rank();
			ensure(before.len() == rank && after.len() == rank, Misfit::Attribute)?;
			if let Some(value) = operands.get(1) {
				ensure(value.ty == x.ty && element_count(&value.shape) == Some(1), Misfit::Shape)?;
			}
			let mut shape = Vec::with_capacity(rank);
			for axis in 0..rank {
				let dim = x.shape[axis];
				let pads = before[axis].checked_add(after[axis]).ok_or(Misfit::Size)?;
				let empty = dim == 0 && pads > 0 && *mode != PadMode::Constant;
				ensure(!empty, Misfit::Shape)?;
				shape.push(dim.checked_add(pads).ok_or(Misfit::Size)?);
			}
			Ok(Meta { ty: x.ty, shape })
		}
		Op::Concat { axis } => {
			let mut shape = x.shape.clone();
			let axis = axis_of(*axis, &shape)?;
			let mut total = 0u32;
			for part in operands {
				ensure(part.ty == x.ty, Misfit::Type)?;
				ensure(part.rank() == shape.len(), Misfit::Shape)?;
				for (i, (a, b)) in part.shape.iter().zip(&x.shape).enumerate() {
					ensure(a == b || i == axis, Misfit::Shape)?;
				}
				total = total.checked_add(part.shape[axis]).ok_or(Misfit::Size)?;
			}
			shape[axis] = total;
			Ok(Meta { ty: x.ty, shape })
		}
		Op::Gather { axis } => {
			let indices = operand(1)?;
			is_index(indices)?;
			let axis = axis_of(*axis, &x.shape)?;
			let mut shape = x.shape[..axis].to_vec();
			shape.extend(&indices.shape);
			shape.extend(&x.shape[axis + 1..]);
			Ok(Meta { ty: x.ty, shape })
		}
		Op::GatherElements { axis } => {
			let indices = operand(1)?;
			is_index(indices)?;
			elements_fit(axis_of(*axis, &x.shape)?, x, indices)?;
			Ok(Meta { ty: x.ty, shape: indices.shape.clone() })
		}
		Op::GatherNd { batch } => {
			let indices = operand(1)?;
			is_index(indices)?;
			let batch = usize::from(*batch);
			let Some((tuple, leading)) = indices.shape.split_last() else {
				return Err(Misfit::Shape);
			};
			let named = batch.checked_add(*tuple as usize).ok_or(Misfit::Shape)?;
			ensure(batch <= leading.len() && named <= x.rank(), Misfit::Shape)?;
			ensure(x.shape[..batch] == leading[..batch], Misfit::Shape)?;
			let mut shape = leading.to_vec();
			shape.extend(&x.shape[named..]);
			Ok(Meta { ty: x.ty, shape })
		}
		Op::ScatterElements { axis, scatter } => {
			let (indices, updates) = (operand(1)?, operand(2)?);
			is_index(indices)?;
			scatters(*scatter, x, updates)?;
			elements_fit(axis_of(*axis, &x.shape)?, x, indices)?;
			ensure(indices.shape == updates.shape, Misfit::Shape)?;
			Ok(x.clone())
		}
		Op::ScatterNd { scatter } => {
			let (indices, updates) = (operand(1)?, operand(2)?);
			is_index(indices)?;
			scatters(*scatter, x, updates)?;
			let Some((tuple, leading)) = indices.shape.split_last() else {
				return Err(Misfit::Shape);
			};
			let tuple = *tuple as usize;
			ensure(tuple <= x.rank(), Misfit::Shape)?;
			let mut shape = leading.to_vec();
			shape.extend(&x.shape[tuple..]);
			ensure(shape == updates.shape, Misfit::Shape)?;
			Ok(x.clone())
		}
		Op::CumulativeSum { axis, .. } => {
			axis_of(*axis, &x.shape)?;
			ensure(x.ty != TensorType::Bool, Misfit::Type)?;
			Ok(x.clone())
		}
		Op::TopK { axis, count, indices, .. } => {
			let mut shape = x.shape.clone();
			let axis = axis_of(*axis, &shape)?;
			ensure(x.ty != TensorType::Bool, Misfit::Type)?;
			ensure(*count <= shape[axis], Misfit::Attribute)?;
			shape[axis] = *count;
			Ok(Meta { ty: if *indices { TensorType::I64 } else { x.ty }, shape })
		}
		Op::Trees { depth } => {
			let [rows, _] = x.shape[..] else {
				return Err(Misfit::Shape);
			};
			let types = [
				TensorType::F32,
				TensorType::I32,
				TensorType::F32,
				TensorType::U8,
				TensorType::I32,
				TensorType::I32,
				TensorType::I32,
			];
			let nodes = &operand(1)?.shape;
			for (i, (operand, ty)) in operands.iter().zip(types).enumerate() {
				ensure(operand.ty == ty, Misfit::Type)?;
				ensure(i == 0 || operand.rank() == 1, Misfit::Shape)?;
				ensure(!(1..6).contains(&i) || operand.shape == *nodes, Misfit::Shape)?;
			}
			ensure(*depth <= MAX_TREE_DEPTH, Misfit::Attribute)?;
			Ok(Meta { ty: TensorType::I64, shape: vec![rows, operand(6)?.shape[0]] })
		}
	}
}

/// The most taps of a window.
pub const MAX_TAPS: u32 = 4096;
/// The most operands of one operator.
pub const MAX_OPERANDS: usize = 1024;
/// The deepest tree.
pub const MAX_TREE_DEPTH: u32 = 4096;

fn initial_fits(initial: Option<&&Meta>, ty: TensorType, shape: &[u32]) -> Result<(), Misfit> {
	match initial {
		Some(initial) => {
			ensure(initial.ty == ty, Misfit::Type)?;
			ensure(initial.shape == shape, Misfit::Shape)
		}
		None => Ok(()),
	}
}

fn reduces(reduction: Reduction, ty: TensorType) -> Result<(), Misfit> {
	let extreme = matches!(reduction, Reduction::Max | Reduction::Min);
	ensure(ty != TensorType::Bool || extreme, Misfit::Type)
}

fn scatters(scatter: Scatter, x: &Meta, updates: &Meta) -> Result<(), Misfit> {
	ensure(x.ty == updates.ty, Misfit::Type)?;
	ensure(x.ty != TensorType::Bool || scatter == Scatter::Replace, Misfit::Type)
}

fn elements_fit(axis: usize, x: &Meta, indices: &Meta) -> Result<(), Misfit> {
	ensure(x.rank() == indices.rank(), Misfit::Shape)?;
	for (i, (a, b)) in indices.shape.iter().zip(&x.shape).enumerate() {
		ensure(i == axis || a <= b, Misfit::Shape)?;
	}
	Ok(())
}
