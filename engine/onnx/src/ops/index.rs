//! Operators that choose elements.

use super::{one, Handled};
use crate::{
	builder::{unsupported, Builder, Id, Refusal},
	node::{axis, size, Node},
};
use countersign_canonical::{
	op::{Binary, Op, Scatter},
	tensor::{strides, unravel, Data, TensorType, Value},
};

pub(super) fn lower(b: &mut Builder, node: &Node) -> Handled {
	let name = node.proto.op_type.as_str();
	let at = |b: &Builder, id, default| axis(node.int("axis", default), b.rank(id));
	let id = match name {
		"Gather" => {
			let x = node.input(0)?;
			let axis = at(b, x, 0)? as u8;
			b.op(Op::Gather { axis }, &[x, node.input(1)?])?
		}
		"GatherElements" => {
			let x = node.input(0)?;
			let axis = at(b, x, 0)? as u8;
			b.op(Op::GatherElements { axis }, &[x, node.input(1)?])?
		}
		"GatherND" => {
			let batch = node.int("batch_dims", 0) as u8;
			b.op(Op::GatherNd { batch }, &[node.input(0)?, node.input(1)?])?
		}
		"ScatterElements" | "Scatter" => {
			let x = node.input(0)?;
			let op = Op::ScatterElements { axis: at(b, x, 0)? as u8, scatter: scatter(node)? };
			b.op(op, &[x, node.input(1)?, node.input(2)?])?
		}
		"ScatterND" => {
			let op = Op::ScatterNd { scatter: scatter(node)? };
			b.op(op, &[node.input(0)?, node.input(1)?, node.input(2)?])?
		}
		"CumSum" => {
			let x = node.input(0)?;
			let over = b.integers(node.input(1)?, "the dimension")?;
			let axis = axis(over.first().copied().unwrap_or(0), b.rank(x))? as u8;
			let (exclusive, reverse) = (node.int("exclusive", 0) != 0, node.int("reverse", 0) != 0);
			b.op(Op::CumulativeSum { axis, exclusive, reverse }, &[x])?
		}
		"TopK" => return top_k(b, node),
		"OneHot" => one_hot(b, node)?,
		"NonZero" => non_zero(b, node)?,
		"Compress" => compress(b, node)?,
		"ReverseSequence" => reverse(b, node)?,
		"TensorScatter" => tensor_scatter(b, node)?,
		_ => return Ok(None),
	};
	one(id)
}

fn scatter(node: &Node) -> Result<Scatter, Refusal> {
	Ok(match node.text("reduction", "none").as_str() {
		"none" => Scatter::Replace,
		"add" => Scatter::Add,
		"mul" => Scatter::Mul,
		"max" => Scatter::Max,
		"min" => Scatter::Min,
		other => return unsupported(format!("the reduction `{other}`")),
	})
}

fn top_k(b: &mut Builder, node: &Node) -> Handled {
	let x = node.input(0)?;
	let axis = axis(node.int("axis", -1), b.rank(x))? as u8;
	let count = match node.attribute("k") {
		Some(attribute) => attribute.i,
		None => b.integers(node.input(1)?, "k")?.first().copied().unwrap_or(0),
	};
	let (count, largest) = (size(count)?, node.int("largest", 1) != 0);
	let op = |indices| Op::TopK { axis, count, largest, indices };
	Ok(Some(vec![b.op(op(false), &[x])?, b.op(op(true), &[x])?]))
}

/// The most classes of `OneHot`: results have no more bytes.
const MAX_DEPTH: i64 = 1 << 24;

fn one_hot(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let (indices, values) = (node.input(0)?, node.input(2)?);
	let depth = node.input(1)?;
	let depth = match b.ty(depth) {
		TensorType::F32 => b.floats(depth, "the depth")?.first().map_or(0, |x| *x as i64),
		_ => b.integers(depth, "the depth")?.first().copied().unwrap_or(0),
	};
	let rank = b.rank(indices) + 1;
	let axis = axis(node.int("axis", -1), rank)?;
	let indices = b.cast(indices, TensorType::I64)?;
	// Negative indices count from the end; what is outside matches nothing.
	let (zero, count) = (b.whole(TensorType::I64, 0)?, b.whole(TensorType::I64, depth)?);
	let below = b.binary(Binary::Less, indices, zero)?;
	let moved = b.add(indices, count)?;
	let indices = b.select(below, moved, indices)?;
	let mut shape = b.shape(indices);
	shape.insert(axis, 1);
	let indices = b.reshape(indices, &shape)?;
	if !(0..=MAX_DEPTH).contains(&depth) {
		return unsupported(format!("a depth of {depth}"));
	}
	let steps: Vec<i64> = (0..depth).collect();
	let steps = b.list(&steps)?;
	let mut ramp = vec![1; rank];
	ramp[axis] = size(depth)?;
	let steps = b.reshape(steps, &ramp)?;
	let hit = b.binary(Binary::Equal, indices, steps)?;
	let (off, on) = (b.slice(values, 0, 0, 1)?, b.slice(values, 0, 1, 1)?);
	let (off, on) = (b.reshape(off, &[])?, b.reshape(on, &[])?);
	b.select(hit, on, off)
}

fn non_zero(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let value = b.known(node.input(0)?);
	let value = value.ok_or_else(|| Refusal::NotConstant("which elements are not zero".into()))?;
	let float = value.meta.ty == TensorType::F32;
	let hits: Vec<u32> = (0..value.data.len() as u32)
		.filter(|i| match float {
			true => f32::from_bits(value.data.get(*i) as u32) != 0.0,
			false => value.data.get(*i) != 0,
		})
		.collect();
	let rank = value.meta.rank();
	let mut elements = Vec::with_capacity(rank * hits.len());
	for axis in 0..rank {
		let at = |hit: &u32| i64::from(unravel(*hit, &value.meta.shape)[axis]);
		elements.extend(hits.iter().map(at));
	}
	let shape = [rank as u32, hits.len() as u32];
	b.constant(Value::from_integers(TensorType::I64, &shape, &elements))
}

fn compress(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let mut x = node.input(0)?;
	let kept: Vec<i64> = b
		.integers(node.input(1)?, "the condition")?
		.iter()
		.enumerate()
		.filter(|(_, kept)| **kept != 0)
		.map(|(i, _)| i as i64)
		.collect();
	let axis = match node.attribute("axis") {
		Some(attribute) => axis(attribute.i, b.rank(x))?,
		None => {
			let count = b.meta(x).count();
			x = b.reshape(x, &[count])?;
			0
		}
	};
	let kept = b.list(&kept)?;
	b.op(Op::Gather { axis: axis as u8 }, &[x, kept])
}

fn reverse(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let x = node.input(0)?;
	let lengths = b.integers(node.input(1)?, "the lengths")?;
	let shape = b.shape(x);
	let batch = axis(node.int("batch_axis", 1), shape.len())?;
	let time = axis(node.int("time_axis", 0), shape.len())?;
	let steps = strides(&shape);
	let count = b.meta(x).count();
	let mut elements = Vec::with_capacity(count as usize);
	for i in 0..count {
		let at = unravel(i, &shape);
		let length = lengths.get(at[batch] as usize).copied().unwrap_or(0);
		let (old, step) = (i64::from(at[time]), i64::from(steps[time]));
		let new = if old < length { length - 1 - old } else { old };
		elements.push(i64::from(i) + (new - old) * step);
	}
	let flat = b.reshape(x, &[count])?;
	let indices = b.constant(Value::from_integers(TensorType::I64, &shape, &elements))?;
	b.op(Op::Gather { axis: 0 }, &[flat, indices])
}

/// Writes `update` into a cache from given positions on.
fn tensor_scatter(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let (x, update) = (node.input(0)?, node.input(1)?);
	let shape = b.shape(x);
	let over = axis(node.int("axis", -2), shape.len())?;
	let first = match node.optional(2) {
		Some(id) => b.integers(id, "the positions")?,
		None => Vec::new(),
	};
	let circular = node.text("mode", "linear") == "circular";
	let own = b.shape(update);
	let mut data = Data::with_capacity(TensorType::I64, b.meta(update).count() as usize);
	for i in 0..b.meta(update).count() {
		let at = unravel(i, &own);
		let to = i64::from(at[over]) + first.get(at[0] as usize).copied().unwrap_or(0);
		let dim = i64::from(shape[over].max(1));
		data.push(if circular { to.rem_euclid(dim) } else { to } as u64);
	}
	let mut meta = b.meta(update).clone();
	meta.ty = TensorType::I64;
	let indices = b.constant(Value { meta, data })?;
	let op = Op::ScatterElements { axis: over as u8, scatter: Scatter::Replace };
	b.op(op, &[x, indices, update])
}
