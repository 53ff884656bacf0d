//! Reductions.

use super::{one, Handled};
use crate::{
	builder::{unsupported, Builder, Id, Refusal},
	node::{axes, axis, Node},
};
use countersign_canonical::{
	op::{Op, Reduction, Unary},
	tensor::TensorType,
};

pub(super) fn lower(b: &mut Builder, node: &Node) -> Handled {
	let name = node.proto.op_type.as_str();
	if let Some(kind) = name.strip_prefix("Reduce") {
		return one(reduce(b, node, kind)?);
	}
	match name {
		"ArgMax" | "ArgMin" => {
			let x = node.input(0)?;
			let axis = axis(node.int("axis", 0), b.rank(x))?;
			let op = Op::ArgReduce {
				largest: name == "ArgMax",
				axis: axis as u8,
				last: node.int("select_last_index", 0) != 0,
			};
			let found = b.op(op, &[x])?;
			one(drop_axes(b, found, &[axis], node.int("keepdims", 1) != 0)?)
		}
		"Hardmax" => {
			let x = node.input(0)?;
			let (x, axis, shape) = softmax_axis(b, node, x)?;
			let found =
				b.op(Op::ArgReduce { largest: true, axis: axis as u8, last: false }, &[x])?;
			let own = b.shape(x);
			let mut ramp = vec![1; own.len()];
			ramp[axis] = own[axis];
			let steps: Vec<i64> = (0..i64::from(own[axis])).collect();
			let steps = b.list(&steps)?;
			let steps = b.reshape(steps, &ramp)?;
			let hit = b.binary(countersign_canonical::op::Binary::Equal, steps, found)?;
			let hit = b.cast(hit, TensorType::F32)?;
			one(b.reshape(hit, &shape)?)
		}
		"Softmax" | "LogSoftmax" => {
			let x = node.input(0)?;
			let (x, axis, shape) = softmax_axis(b, node, x)?;
			let result = match name {
				"Softmax" => softmax(b, x, &[axis])?,
				_ => {
					let (shifted, sum) = shifted_sum(b, x, &[axis])?;
					let log = b.unary(Unary::Log, sum)?;
					b.sub(shifted, log)?
				}
			};
			one(b.reshape(result, &shape)?)
		}
		_ => Ok(None),
	}
}

/// The dimension that a softmax runs over. Before version 13 it ran over all from `axis` on.
fn softmax_axis(b: &mut Builder, node: &Node, x: Id) -> Result<(Id, usize, Vec<u32>), Refusal> {
	let shape = b.shape(x);
	if node.opset >= 13 {
		return Ok((x, axis(node.int("axis", -1), shape.len())?, shape));
	}
	let at = node.int("axis", 1);
	let at = if at == shape.len() as i64 { shape.len() } else { axis(at, shape.len())? };
	let (outer, inner) = shape.split_at(at);
	let flat = [outer.iter().product(), inner.iter().product()];
	Ok((b.reshape(x, &flat)?, 1, shape))
}

/// `x - max(x)`, and the sum of its exponentials.
fn shifted_sum(b: &mut Builder, x: Id, axes: &[usize]) -> Result<(Id, Id), Refusal> {
	let most = b.reduce(Reduction::Max, x, axes)?;
	let shifted = b.sub(x, most)?;
	let e = b.unary(Unary::Exp, shifted)?;
	let sum = b.reduce(Reduction::Sum, e, axes)?;
	Ok((shifted, sum))
}

/// `exp(x - max(x))` over its sum.
pub(super) fn softmax(b: &mut Builder, x: Id, axes: &[usize]) -> Result<Id, Refusal> {
	let (shifted, sum) = shifted_sum(b, x, axes)?;
	let e = b.unary(Unary::Exp, shifted)?;
	b.div(e, sum)
}

/// Removes reduced dimensions unless they are to stay.
pub(super) fn drop_axes(b: &mut Builder, x: Id, axes: &[usize], keep: bool) -> Result<Id, Refusal> {
	if keep {
		return Ok(x);
	}
	let shape: Vec<u32> = b
		.shape(x)
		.into_iter()
		.enumerate()
		.filter(|(i, _)| !axes.contains(i))
		.map(|(_, dim)| dim)
		.collect();
	b.reshape(x, &shape)
}

fn reduce(b: &mut Builder, node: &Node, kind: &str) -> Result<Id, Refusal> {
	let x = node.input(0)?;
	let rank = b.rank(x);
	let named = node.list(b, "axes", 1)?.unwrap_or_default();
	let none = named.is_empty();
	let (noop, keep) = (node.int("noop_with_empty_axes", 0) != 0, node.int("keepdims", 1) != 0);
	let over = if none { (0..rank).collect() } else { axes(&named, rank)? };
	if none && noop {
		// Each element is a reduction of its own.
		return match kind {
			"L1" | "L2" => b.unary(Unary::Abs, x),
			"SumSquare" => b.mul(x, x),
			"LogSum" => b.unary(Unary::Log, x),
			_ => Ok(x),
		};
	}
	let float = b.ty(x) == TensorType::F32;
	let reduced = match kind {
		"Sum" => b.reduce(Reduction::Sum, x, &over)?,
		"Max" => b.reduce(Reduction::Max, x, &over)?,
		"Min" => b.reduce(Reduction::Min, x, &over)?,
		"Prod" => b.reduce(Reduction::Product, x, &over)?,
		"L1" => {
			let size = b.unary(Unary::Abs, x)?;
			b.reduce(Reduction::Sum, size, &over)?
		}
		"SumSquare" => {
			let square = b.mul(x, x)?;
			b.reduce(Reduction::Sum, square, &over)?
		}
		_ if !float => return unsupported("this reduction of integers"),
		"Mean" => b.mean(x, &over)?,
		"L2" => {
			let square = b.mul(x, x)?;
			let sum = b.reduce(Reduction::Sum, square, &over)?;
			b.unary(Unary::Sqrt, sum)?
		}
		"LogSum" => {
			let sum = b.reduce(Reduction::Sum, x, &over)?;
			b.unary(Unary::Log, sum)?
		}
		"LogSumExp" => {
			let most = b.reduce(Reduction::Max, x, &over)?;
			// An infinite maximum stays out of the exponent, where it would make NaN.
			let zero = b.scalar(0.0)?;
			let size = b.unary(Unary::Abs, most)?;
			let infinite = b.unary(Unary::IsPositiveInfinity, size)?;
			let shift = b.select(infinite, zero, most)?;
			let shifted = b.sub(x, shift)?;
			let e = b.unary(Unary::Exp, shifted)?;
			let sum = b.reduce(Reduction::Sum, e, &over)?;
			let log = b.unary(Unary::Log, sum)?;
			b.add(log, shift)?
		}
		_ => return unsupported("an unknown reduction"),
	};
	drop_axes(b, reduced, &over, keep)
}
