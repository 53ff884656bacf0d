//! Operators that move elements.

use super::{one, Handled, Lowered};
use crate::{
	builder::{unsupported, Builder, Id, Refusal},
	node::{axes, axis, size, Node},
	tensor,
};
use countersign_canonical::{
	infer::broadcast_shape,
	op::{Op, PadMode, Range},
	tensor::{element_count, Data, Meta, TensorType, Value},
};
use std::path::Path;

pub(super) fn lower(b: &mut Builder, node: &Node) -> Handled {
	let name = node.proto.op_type.as_str();
	let id = match name {
		"Reshape" => {
			let x = node.input(0)?;
			let list = node.list(b, "shape", 1)?;
			let list = list.ok_or_else(|| Refusal::NotConstant("the shape".into()))?;
			let shape = reshaped(&b.shape(x), &list, node.int("allowzero", 0) != 0)?;
			b.reshape(x, &shape)?
		}
		"Flatten" => {
			let x = node.input(0)?;
			let shape = b.shape(x);
			let at = node.int("axis", 1);
			let rank = shape.len();
			let at = if at == rank as i64 { rank } else { axis(at, rank)? };
			let (outer, inner) = shape.split_at(at);
			let flat = [outer.iter().product(), inner.iter().product()];
			b.reshape(x, &flat)?
		}
		"Squeeze" => squeeze(b, node)?,
		"Unsqueeze" => unsqueeze(b, node)?,
		"Transpose" => {
			let x = node.input(0)?;
			let rank = b.rank(x);
			let order = match node.ints("perm") {
				Some(order) => axes(order, rank)?,
				None => (0..rank).rev().collect(),
			};
			let order: Vec<u8> = order.into_iter().map(|axis| axis as u8).collect();
			b.transpose(x, &order)?
		}
		"Concat" => {
			let parts = node.all()?;
			let axis = axis(node.int("axis", 1), b.rank(parts[0]))?;
			// Parts without elements may have any other dimensions in some exporters' files.
			b.concat(&parts, axis)?
		}
		"Split" => return split(b, node),
		"Slice" => slice(b, node)?,
		"Expand" => {
			let x = node.input(0)?;
			let wanted = b.integers(node.input(1)?, "the shape")?;
			let wanted: Vec<u32> = wanted.into_iter().map(size).collect::<Result<_, _>>()?;
			let shape = broadcast_shape(&b.shape(x), &wanted)
				.map_err(|misfit| Refusal::Misfit("Expand".into(), misfit))?;
			b.expand(x, &shape)?
		}
		"Tile" => {
			let x = node.input(0)?;
			let repeats = b.integers(node.input(1)?, "the repeats")?;
			tile(b, x, &repeats)?
		}
		"Pad" => pad(b, node)?,
		"Shape" => {
			let shape = b.shape(node.input(0)?);
			let rank = shape.len() as i64;
			let clamp = |at: i64| (if at < 0 { at + rank } else { at }).clamp(0, rank) as usize;
			let (start, end) = (clamp(node.int("start", 0)), clamp(node.int("end", rank)));
			let dims: Vec<i64> =
				shape.get(start..end).unwrap_or(&[]).iter().map(|dim| i64::from(*dim)).collect();
			b.list(&dims)?
		}
		"Size" => {
			let count = b.meta(node.input(0)?).count();
			b.whole(TensorType::I64, i64::from(count))?
		}
		"ConstantOfShape" => {
			let shape = b.integers(node.input(0)?, "the shape")?;
			let shape: Vec<u32> = shape.into_iter().map(size).collect::<Result<_, _>>()?;
			let (ty, bits) = match node.tensor("value") {
				Some(proto) => {
					let value = tensor::read(proto, None).map_err(Refusal::Unsupported)?;
					(value.meta.ty, value.data.get(0))
				}
				None => (TensorType::F32, 0),
			};
			b.filled(ty, &shape, bits)?
		}
		"DepthToSpace" | "SpaceToDepth" => blocks(b, node, name)?,
		"Trilu" => trilu(b, node)?,
		"EyeLike" => eye(b, node)?,
		"Range" => range(b, node)?,
		"CenterCropPad" => center(b, node)?,
		_ => return Ok(None),
	};
	one(id)
}

/// `Constant`: its value.
pub(super) fn constant(b: &mut Builder, node: &Node, folder: Option<&Path>) -> Lowered {
	let attribute = match &node.proto.attribute[..] {
		[attribute] => attribute,
		_ => return unsupported("not exactly one value"),
	};
	let value = match attribute.name.as_str() {
		"value" => {
			let proto = attribute.t.as_ref();
			let proto = proto.ok_or_else(|| Refusal::Unsupported("no value".into()))?;
			tensor::read(proto, folder).map_err(Refusal::Unsupported)?
		}
		"value_float" => Value::from_f32(&[], &[attribute.f]),
		"value_floats" => Value::from_f32(&[attribute.floats.len() as u32], &attribute.floats),
		"value_int" => Value::from_integers(TensorType::I64, &[], &[attribute.i]),
		"value_ints" => {
			let shape = [attribute.ints.len() as u32];
			Value::from_integers(TensorType::I64, &shape, &attribute.ints)
		}
		other => return unsupported(format!("a constant as `{other}`")),
	};
	Ok(vec![b.constant(value)?])
}

fn reshaped(from: &[u32], list: &[i64], allow_zero: bool) -> Result<Vec<u32>, Refusal> {
	let mut shape = Vec::with_capacity(list.len());
	let mut open = None;
	for (i, dim) in list.iter().enumerate() {
		shape.push(match dim {
			0 if !allow_zero => match from.get(i) {
				Some(dim) => *dim,
				None => return unsupported("a dimension copied from nowhere"),
			},
			-1 if open.is_none() => {
				open = Some(i);
				1
			}
			dim => size(*dim)?,
		});
	}
	if let Some(open) = open {
		let all = element_count(from).unwrap_or(0);
		let others = element_count(&shape).unwrap_or(0);
		shape[open] = match others {
			0 => 0,
			others if all.is_multiple_of(others) => all / others,
			_ => return unsupported(format!("{from:?} as {list:?}")),
		};
	}
	Ok(shape)
}

fn squeeze(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let x = node.input(0)?;
	let shape = b.shape(x);
	let gone = match node.list(b, "axes", 1)? {
		Some(list) => axes(&list, shape.len())?,
		None => (0..shape.len()).filter(|axis| shape[*axis] == 1).collect(),
	};
	if gone.iter().any(|axis| shape[*axis] != 1) {
		return unsupported(format!("dimensions {gone:?} of {shape:?} are not 1"));
	}
	super::reduce::drop_axes(b, x, &gone, false)
}

fn unsqueeze(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let x = node.input(0)?;
	let list = node.list(b, "axes", 1)?;
	let list = list.ok_or_else(|| Refusal::NotConstant("the dimensions".into()))?;
	let rank = b.rank(x) + list.len();
	let new = axes(&list, rank)?;
	let mut old = b.shape(x).into_iter();
	let shape: Vec<u32> = (0..rank)
		.map(|axis| if new.contains(&axis) { 1 } else { old.next().unwrap_or(1) })
		.collect();
	b.reshape(x, &shape)
}

fn split(b: &mut Builder, node: &Node) -> Handled {
	let x = node.input(0)?;
	let axis = axis(node.int("axis", 0), b.rank(x))?;
	let dim = b.shape(x)[axis];
	let parts = match node.list(b, "split", 1)? {
		Some(list) => list.into_iter().map(size).collect::<Result<Vec<_>, _>>()?,
		None => {
			let count = node.int("num_outputs", node.proto.output.len() as i64);
			let count = size(count)?.max(1);
			if count > dim.max(1) && count as usize > node.proto.output.len() {
				return unsupported(format!("{count} parts of a dimension of {dim}"));
			}
			let each = dim.div_ceil(count);
			(0..count).map(|i| each.min(dim.saturating_sub(i.saturating_mul(each)))).collect()
		}
	};
	if parts.iter().map(|part| u64::from(*part)).sum::<u64>() != u64::from(dim) {
		return unsupported(format!("parts {parts:?} of a dimension of {dim}"));
	}
	let mut start = 0;
	let mut outputs = Vec::with_capacity(parts.len());
	for part in parts {
		outputs.push(b.slice(x, axis, start, part)?);
		start += part;
	}
	Ok(Some(outputs))
}

fn slice(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let x = node.input(0)?;
	let shape = b.shape(x);
	let needed = |list: Option<Vec<i64>>| {
		list.ok_or_else(|| Refusal::NotConstant("where the slice begins and ends".into()))
	};
	let starts = needed(node.list(b, "starts", 1)?)?;
	let ends = needed(node.list(b, "ends", 2)?)?;
	let over = match node.list(b, "axes", 3)? {
		Some(list) => axes(&list, shape.len())?,
		None => (0..starts.len()).collect(),
	};
	let steps = match node.optional(4) {
		Some(id) => b.integers(id, "the steps")?,
		None => vec![1; starts.len()],
	};
	let same = starts.len() == ends.len() && ends.len() == over.len() && over.len() == steps.len();
	if !same || over.iter().any(|axis| *axis >= shape.len()) {
		return unsupported("lists of different lengths");
	}
	let mut ranges = b.whole_ranges(x);
	for (i, axis) in over.into_iter().enumerate() {
		ranges[axis] = slice_range(shape[axis], starts[i], ends[i], steps[i])?;
	}
	b.op(Op::Slice { ranges }, &[x])
}

/// What `start:end:step` takes from a dimension, as in Python.
fn slice_range(dim: u32, start: i64, end: i64, step: i64) -> Result<Range, Refusal> {
	let dim = i64::from(dim);
	if step == 0 {
		return unsupported("a step of 0");
	}
	let step = step.clamp(-(1 << 30), 1 << 30);
	let from_end = |at: i64| if at < 0 { at.saturating_add(dim) } else { at };
	let (low, high) = if step > 0 { (0, dim) } else { (-1, dim - 1) };
	let start = from_end(start).clamp(low.max(0), high.max(0));
	let end = from_end(end).clamp(low, high);
	let distance = if step > 0 { end - start } else { start - end };
	let length = if distance <= 0 || dim == 0 {
		0
	} else {
		(distance as u64).div_ceil(step.unsigned_abs()) as u32
	};
	let start = if length == 0 { 0 } else { start as u32 };
	Ok(Range { start, step: step as i32, length })
}

pub(super) fn tile(b: &mut Builder, x: Id, repeats: &[i64]) -> Result<Id, Refusal> {
	let mut x = x;
	if repeats.len() != b.rank(x) {
		return unsupported("not one repeat for each dimension");
	}
	// One dimension at a time, so that the rank stays within bounds.
	for (axis, repeat) in repeats.iter().enumerate() {
		let repeat = size(*repeat)?;
		if repeat == 1 {
			continue;
		}
		let shape = b.shape(x);
		let outer: u32 = shape[..axis].iter().product();
		let inner: u32 = shape[axis..].iter().product();
		let split = b.reshape(x, &[outer, 1, inner])?;
		let repeated = b.expand(split, &[outer, repeat, inner])?;
		let mut shape = shape;
		shape[axis] = shape[axis]
			.checked_mul(repeat)
			.ok_or_else(|| Refusal::Unsupported("a dimension too large".into()))?;
		x = b.reshape(repeated, &shape)?;
	}
	Ok(x)
}

fn pad(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let x = node.input(0)?;
	let rank = b.rank(x);
	let name = if node.opset < 2 { "paddings" } else { "pads" };
	let pads = node.list(b, name, 1)?;
	let pads = pads.ok_or_else(|| Refusal::NotConstant("the pads".into()))?;
	let over = match node.optional(3) {
		Some(id) => axes(&b.integers(id, "the dimensions")?, rank)?,
		None => (0..rank).collect(),
	};
	if pads.len() != 2 * over.len() {
		return unsupported("not two pads for each dimension");
	}
	let mut both = vec![(0i64, 0i64); rank];
	for (i, axis) in over.iter().enumerate() {
		both[*axis] = (pads[i], pads[i + over.len()]);
	}
	// Negative pads cut.
	let shape = b.shape(x);
	let mut ranges = b.whole_ranges(x);
	for (axis, (before, after)) in both.iter().enumerate() {
		let (front, back) = ((-before).max(0), (-after).max(0));
		let length = i64::from(shape[axis]) - front - back;
		ranges[axis] = Range { start: size(front)?, step: 1, length: size(length)? };
		if length == 0 {
			ranges[axis].start = 0;
		}
	}
	let x = b.op(Op::Slice { ranges }, &[x])?;
	let before: Vec<u32> = both.iter().map(|(x, _)| size(*x.max(&0))).collect::<Result<_, _>>()?;
	let after: Vec<u32> = both.iter().map(|(_, x)| size(*x.max(&0))).collect::<Result<_, _>>()?;
	if before.iter().chain(&after).all(|pad| *pad == 0) {
		return Ok(x);
	}
	let mode = match node.text("mode", "constant").as_str() {
		"constant" => {
			let value = match node.attribute("value") {
				Some(attribute) => Some(b.scalar(attribute.f)?),
				None => node.optional(2),
			};
			return b.pad(x, before, after, value);
		}
		"edge" => PadMode::Edge,
		"reflect" => PadMode::Reflect,
		"wrap" => PadMode::Wrap,
		other => return unsupported(format!("the mode `{other}`")),
	};
	b.op(Op::Pad { mode, before, after }, &[x])
}

fn blocks(b: &mut Builder, node: &Node, name: &str) -> Result<Id, Refusal> {
	let x = node.input(0)?;
	let block = size(node.int("blocksize", 0))?;
	let [n, c, h, w] = b.shape(x)[..] else {
		return unsupported("not four dimensions");
	};
	if block == 0 {
		return unsupported("blocks of size 0");
	}
	if name == "SpaceToDepth" {
		let split = b.reshape(x, &[n, c, h / block, block, w / block, block])?;
		let moved = match node.text("mode", "DCR").as_str() {
			"CRD" => b.transpose(split, &[0, 1, 3, 5, 2, 4])?,
			_ => b.transpose(split, &[0, 3, 5, 1, 2, 4])?,
		};
		return b.reshape(moved, &[n, c * block * block, h / block, w / block]);
	}
	let deep = c / (block * block);
	let moved = if node.text("mode", "DCR") == "CRD" {
		let split = b.reshape(x, &[n, deep, block, block, h, w])?;
		b.transpose(split, &[0, 1, 4, 2, 5, 3])?
	} else {
		let split = b.reshape(x, &[n, block, block, deep, h, w])?;
		b.transpose(split, &[0, 3, 4, 1, 5, 2])?
	};
	b.reshape(moved, &[n, deep, h * block, w * block])
}

fn trilu(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let x = node.input(0)?;
	let k = match node.optional(1) {
		Some(id) => b.integers(id, "the diagonal")?.first().copied().unwrap_or(0),
		None => 0,
	};
	let shape = b.shape(x);
	let [.., rows, columns] = shape[..] else {
		return unsupported("fewer than two dimensions");
	};
	let upper = node.int("upper", 1) != 0;
	let mask: Vec<i64> = (0..i64::from(rows))
		.flat_map(|r| {
			(0..i64::from(columns)).map(move |c| {
				let kept = if upper { c - r >= k } else { c - r <= k };
				i64::from(kept)
			})
		})
		.collect();
	let mask = b.constant(Value::from_integers(TensorType::Bool, &[rows, columns], &mask))?;
	let zero = b.whole(b.ty(x), 0)?;
	b.select(mask, x, zero)
}

fn eye(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let x = node.input(0)?;
	let ty = match node.attribute("dtype") {
		Some(attribute) => tensor::type_of(attribute.i as i32).map_err(Refusal::Unsupported)?,
		None => b.ty(x),
	};
	let [rows, columns] = b.shape(x)[..] else {
		return unsupported("not two dimensions");
	};
	let k = node.int("k", 0);
	let one = if ty == TensorType::F32 { u64::from(1f32.to_bits()) } else { 1 };
	let meta = Meta { ty, shape: vec![rows, columns] };
	let mut data = Data::with_capacity(ty, meta.count() as usize);
	for r in 0..i64::from(rows) {
		for c in 0..i64::from(columns) {
			data.push(if c - r == k { one } else { 0 });
		}
	}
	b.constant(Value { meta, data })
}

fn range(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let [start, limit, delta] = [node.input(0)?, node.input(1)?, node.input(2)?];
	let ty = b.ty(start);
	const MOST: f64 = (1 << 22) as f64;
	if ty == TensorType::F32 {
		let each = |id| b.floats(id, "the range").map(|v| v.first().copied().unwrap_or(0.0));
		let (start, limit, delta) = (each(start)?, each(limit)?, each(delta)?);
		let count = ((f64::from(limit) - f64::from(start)) / f64::from(delta)).ceil().max(0.0);
		if count.is_nan() || count > MOST {
			return unsupported("a range without end");
		}
		let elements: Vec<f32> = (0..count as u32).map(|i| start + i as f32 * delta).collect();
		return b.floats_of(&[elements.len() as u32], &elements);
	}
	let each = |id| b.integers(id, "the range").map(|v| v.first().copied().unwrap_or(0));
	let (start, limit, delta) = (each(start)?, each(limit)?, each(delta)?);
	if delta == 0 {
		return unsupported("a range with steps of 0");
	}
	let (distance, step) = (i128::from(limit) - i128::from(start), i128::from(delta));
	let count = if (distance > 0) == (step > 0) {
		distance.unsigned_abs().div_ceil(step.unsigned_abs())
	} else {
		0
	};
	if count > MOST as u128 {
		return unsupported("a range without end");
	}
	let elements: Vec<i64> =
		(0..count as i64).map(|i| start.wrapping_add(i.wrapping_mul(delta))).collect();
	b.constant(Value::from_integers(ty, &[elements.len() as u32], &elements))
}

fn center(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let mut x = node.input(0)?;
	let wanted = b.integers(node.input(1)?, "the shape")?;
	let over = match node.ints("axes") {
		Some(list) => axes(list, b.rank(x))?,
		None => (0..b.rank(x)).collect(),
	};
	for (axis, wanted) in over.into_iter().zip(wanted) {
		let (dim, wanted) = (b.shape(x)[axis], size(wanted)?);
		if wanted < dim {
			x = b.slice(x, axis, (dim - wanted) / 2, wanted)?;
		} else if wanted > dim {
			let rank = b.rank(x);
			let (mut before, mut after) = (vec![0; rank], vec![0; rank]);
			before[axis] = (wanted - dim) / 2;
			after[axis] = wanted - dim - before[axis];
			x = b.pad(x, before, after, None)?;
		}
	}
	Ok(x)
}
