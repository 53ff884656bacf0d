//! Quantised operators. Products are exact integers; scales are floats.

use super::{neural, one, Handled};
use crate::{
	builder::{unsupported, Builder, Id, Refusal},
	node::{axis, size, Node},
	tensor,
};
use countersign_canonical::{
	op::{Reduction, Unary},
	tensor::TensorType,
};

pub(super) fn lower(b: &mut Builder, node: &Node) -> Handled {
	let id = match node.proto.op_type.as_str() {
		"QuantizeLinear" => quantize_linear(b, node)?,
		"DequantizeLinear" => dequantize_linear(b, node)?,
		"DynamicQuantizeLinear" => return dynamic(b, node),
		"MatMulInteger" => {
			let (x, y) = (node.input(0)?, node.input(1)?);
			let x = centred(b, x, node.optional(2), 1)?;
			let y = centred(b, y, node.optional(3), 0)?;
			let (x, y) = same(b, x, y)?;
			neural::matmul(b, x, y)?
		}
		"ConvInteger" => {
			let geometry = neural::Geometry::of(b, node, node.input(0)?, node.input(1)?)?;
			let (x, w) = (node.input(0)?, node.input(1)?);
			let x = centred(b, x, node.optional(2), 0)?;
			let after = b.rank(w) - 1;
			let w = centred(b, w, node.optional(3), after)?;
			let (x, w) = same(b, x, w)?;
			neural::conv(b, x, w, None, &geometry)?
		}
		"QLinearMatMul" => {
			let (x, y) = (node.input(0)?, node.input(3)?);
			let x = centred(b, x, node.optional(2), 1)?;
			let y = centred(b, y, node.optional(5), 0)?;
			let (x, y) = same(b, x, y)?;
			let sum = neural::matmul(b, x, y)?;
			let (scale, weight) = (node.input(1)?, node.input(4)?);
			let scale = column(b, scale, 1)?;
			let scale = b.mul(scale, weight)?;
			requantize(b, sum, scale, node.input(6)?, node.input(7)?, 0)?
		}
		"QLinearConv" => {
			let geometry = neural::Geometry::of(b, node, node.input(0)?, node.input(3)?)?;
			let (x, w) = (node.input(0)?, node.input(3)?);
			let after = b.rank(w) - 1;
			let spatial = b.rank(x) - 2;
			let x = centred(b, x, node.optional(2), 0)?;
			let w = centred(b, w, node.optional(5), after)?;
			let (x, w) = same(b, x, w)?;
			let sum = neural::conv(b, x, w, node.optional(8), &geometry)?;
			let scale = b.mul(node.input(1)?, node.input(4)?)?;
			let scale = column(b, scale, spatial)?;
			requantize(b, sum, scale, node.input(6)?, node.input(7)?, spatial)?
		}
		_ => return Ok(None),
	};
	one(id)
}

/// A list with dimensions of size 1 behind it; scalars and tensors stay.
fn column(b: &mut Builder, list: Id, after: usize) -> Result<Id, Refusal> {
	let mut shape = b.shape(list);
	if shape.len() != 1 {
		return Ok(list);
	}
	if shape == [1] {
		return b.reshape(list, &[]);
	}
	shape.extend(vec![1; after]);
	b.reshape(list, &shape)
}

/// An operand of a product less its zero point.
fn centred(b: &mut Builder, x: Id, zero: Option<Id>, after: usize) -> Result<Id, Refusal> {
	let Some(zero) = zero else {
		return Ok(x);
	};
	if b.known(zero).is_some() && b.integers(zero, "the zero point")?.iter().all(|x| *x == 0) {
		return Ok(x);
	}
	let zero = column(b, zero, after)?;
	let (x, zero) = (b.cast(x, TensorType::I32)?, b.cast(zero, TensorType::I32)?);
	b.sub(x, zero)
}

/// Both operands small, or both `I32`.
fn same(b: &mut Builder, x: Id, y: Id) -> Result<(Id, Id), Refusal> {
	if b.ty(x) == TensorType::I32 || b.ty(y) == TensorType::I32 {
		return Ok((b.cast(x, TensorType::I32)?, b.cast(y, TensorType::I32)?));
	}
	Ok((x, y))
}

/// `saturate(round(sum * scale / to_scale) + zero)`.
fn requantize(
	b: &mut Builder,
	sum: Id,
	scale: Id,
	to_scale: Id,
	zero: Id,
	after: usize,
) -> Result<Id, Refusal> {
	let to_scale = column(b, to_scale, after)?;
	let factor = b.div(scale, to_scale)?;
	let float = b.cast(sum, TensorType::F32)?;
	let scaled = b.mul(float, factor)?;
	let zero = column(b, zero, after)?;
	saturate(b, scaled, Some(zero), b.ty(zero))
}

/// `saturate(round(x) + zero)`.
fn saturate(b: &mut Builder, x: Id, zero: Option<Id>, ty: TensorType) -> Result<Id, Refusal> {
	let mut rounded = b.unary(Unary::Round, x)?;
	if let Some(zero) = zero {
		// Exact: wherever the sum rounds, the cast saturates.
		let zero = b.cast(zero, TensorType::F32)?;
		rounded = b.add(rounded, zero)?;
	}
	if ty.size() < 4 {
		// Every engine saturates here in one way. Between integers it is no cast of floats that
		// saturates, which would excuse a wrong answer.
		rounded = b.cast(rounded, TensorType::I32)?;
	}
	b.cast(rounded, ty)
}

/// A scale or zero point shaped to broadcast against `x`.
fn along(b: &mut Builder, node: &Node, x: Id, list: Id) -> Result<Id, Refusal> {
	let shape = b.shape(x);
	let own = b.shape(list);
	if b.meta(list).count() == 1 && own.len() <= 1 {
		return b.reshape(list, &[]);
	}
	let axis = axis(node.int("axis", 1), shape.len())?;
	let block = size(node.int("block_size", 0))?;
	if own.len() == 1 && block == 0 {
		let mut wide = vec![1; shape.len()];
		wide[axis] = own[0];
		return b.reshape(list, &wide);
	}
	if own.len() != shape.len() || block == 0 {
		return unsupported(format!("scales of shape {own:?} for {shape:?}"));
	}
	// Blocks: each element stands for `block` neighbours.
	let outer: u32 = own[..axis].iter().product();
	let inner: u32 = own[axis + 1..].iter().product();
	let split = b.reshape(list, &[outer * own[axis], 1, inner])?;
	let repeated = b.expand(split, &[outer * own[axis], block, inner])?;
	let mut wide = own.clone();
	wide[axis] = own[axis] * block;
	let repeated = b.reshape(repeated, &wide)?;
	b.slice(repeated, axis, 0, shape[axis])
}

fn quantize_linear(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let x = node.input(0)?;
	let scale = along(b, node, x, node.input(1)?)?;
	if b.ty(scale) != TensorType::F32 {
		return unsupported("scales that are not floats");
	}
	let (zero, ty) = match node.optional(2) {
		Some(zero) => (Some(along(b, node, x, zero)?), b.ty(zero)),
		None => match node.int("output_dtype", 0) {
			0 => (None, TensorType::U8),
			code => (None, tensor::type_of(code as i32).map_err(Refusal::Unsupported)?),
		},
	};
	if !matches!(ty, TensorType::U8 | TensorType::I8 | TensorType::U16 | TensorType::I16) {
		return unsupported(format!("quantisation to {ty:?}"));
	}
	let x = b.cast(x, TensorType::F32)?;
	let scaled = b.div(x, scale)?;
	saturate(b, scaled, zero, ty)
}

fn dequantize_linear(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let x = node.input(0)?;
	let scale = along(b, node, x, node.input(1)?)?;
	if b.ty(scale) != TensorType::F32 {
		return unsupported("scales that are not floats");
	}
	let mut whole = b.cast(x, TensorType::I32)?;
	if let Some(zero) = node.optional(2) {
		let zero = along(b, node, x, zero)?;
		let zero = b.cast(zero, TensorType::I32)?;
		whole = b.sub(whole, zero)?;
	}
	let float = b.cast(whole, TensorType::F32)?;
	b.mul(float, scale)
}

fn dynamic(b: &mut Builder, node: &Node) -> Handled {
	let x = node.input(0)?;
	let all: Vec<usize> = (0..b.rank(x)).collect();
	let zero = b.scalar(0.0)?;
	let bound = |b: &mut Builder, reduction| {
		let found = b.reduce(reduction, x, &all)?;
		b.reshape(found, &[])
	};
	let (low, high) = (bound(b, Reduction::Min)?, bound(b, Reduction::Max)?);
	let (low, high) = (b.min(low, zero)?, b.max(high, zero)?);
	let range = b.sub(high, low)?;
	let steps = b.scalar(255.0)?;
	let scale = b.div(range, steps)?;
	let shifted = b.div(low, scale)?;
	let point = b.sub(zero, shifted)?;
	let point = saturate(b, point, None, TensorType::U8)?;
	let scaled = b.div(x, scale)?;
	let y = saturate(b, scaled, Some(point), TensorType::U8)?;
	Ok(Some(vec![y, scale, point]))
}
