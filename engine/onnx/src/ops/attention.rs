//! Attention and rotary embeddings, as their parts.

use super::{neural, one, Handled};
use crate::{
	builder::{unsupported, Builder, Id, Refusal},
	node::{size, Node},
};
use countersign_canonical::{
	op::{Binary, Op, Range, Reduction, Unary},
	tensor::{TensorType, Value},
};

pub(super) fn lower(b: &mut Builder, node: &Node) -> Handled {
	match node.proto.op_type.as_str() {
		"Attention" => attention(b, node).map(Some),
		"RotaryEmbedding" => one(rotary(b, node)?),
		_ => Ok(None),
	}
}

/// `[B, S, H * D]` as `[B, H, S, D]`; four dimensions stay.
fn heads(b: &mut Builder, x: Id, count: i64) -> Result<Id, Refusal> {
	let [batch, steps, width] = b.shape(x)[..] else {
		return Ok(x);
	};
	let count = size(count)?;
	if count == 0 || width % count != 0 {
		return unsupported(format!("{width} elements in {count} heads"));
	}
	let split = b.reshape(x, &[batch, steps, count, width / count])?;
	b.transpose(split, &[0, 2, 1, 3])
}

/// What is added where attention is not allowed: `0` or `-inf`.
fn barrier(b: &mut Builder, allowed: Id) -> Result<Id, Refusal> {
	let (open, shut) = (b.scalar(0.0)?, b.scalar(f32::NEG_INFINITY)?);
	b.select(allowed, open, shut)
}

fn integers(b: &mut Builder, shape: &[u32], elements: &[i64]) -> Result<Id, Refusal> {
	b.constant(Value::from_integers(TensorType::I64, shape, elements))
}

/// The mask with as many columns as there are keys; missing ones are shut.
fn widened(b: &mut Builder, mask: Id, keys: u32) -> Result<Id, Refusal> {
	let shape = b.shape(mask);
	let Some(missing) = shape.last().map(|own| keys.saturating_sub(*own)) else {
		return unsupported("a mask without dimensions");
	};
	let mut after = vec![0; shape.len()];
	after[shape.len() - 1] = missing;
	let shut = match b.ty(mask) {
		TensorType::Bool => b.whole(TensorType::Bool, 0)?,
		_ => b.scalar(f32::NEG_INFINITY)?,
	};
	b.pad(mask, vec![0; shape.len()], after, Some(shut))
}

fn attention(b: &mut Builder, node: &Node) -> Result<Vec<Id>, Refusal> {
	let (query_heads, key_heads) = (node.int("q_num_heads", 0), node.int("kv_num_heads", 0));
	let flat = b.rank(node.input(0)?) == 3;
	let q = heads(b, node.input(0)?, query_heads)?;
	let mut k = heads(b, node.input(1)?, key_heads)?;
	let mut v = heads(b, node.input(2)?, key_heads)?;
	let [batch, count, steps, width] = b.shape(q)[..] else {
		return unsupported("queries with neither three nor four dimensions");
	};
	let (past_k, past_v, lengths) = (node.optional(4), node.optional(5), node.optional(6));
	let before = past_k.map(|past| i64::from(b.shape(past).get(2).copied().unwrap_or(0)));
	if let (Some(past_k), Some(past_v)) = (past_k, past_v) {
		k = b.concat(&[past_k, k], 2)?;
		v = b.concat(&[past_v, v], 2)?;
	}
	let present = (k, v);
	let [_, groups, keys, _] = b.shape(k)[..] else {
		return unsupported("keys without four dimensions");
	};
	if !matches!(node.int("softmax_precision", 1), 0 | 1) {
		return unsupported("a softmax in another precision");
	}
	// The positions of queries, as a column: known, or by the lengths of the batch's sequences.
	let own: Vec<i64> = (0..i64::from(steps)).collect();
	let column = integers(b, &[steps, 1], &own)?;
	let ramp: Vec<i64> = (0..i64::from(keys)).collect();
	let row = integers(b, &[1, keys], &ramp)?;
	let offset = match (before, lengths) {
		(None, Some(lengths)) => {
			let lengths = b.cast(lengths, TensorType::I64)?;
			let lengths = b.reshape(lengths, &[batch, 1, 1, 1])?;
			let steps = b.whole(TensorType::I64, i64::from(steps))?;
			b.sub(lengths, steps)?
		}
		_ => b.whole(TensorType::I64, before.unwrap_or(0))?,
	};
	let position = b.add(column, offset)?;
	// Everything that is added before the softmax.
	let mut parts = Vec::new();
	if let Some(mask) = node.optional(3) {
		let mask = widened(b, mask, keys)?;
		parts.push(match b.ty(mask) {
			TensorType::Bool => barrier(b, mask)?,
			_ => mask,
		});
	}
	if node.int("is_causal", 0) != 0 {
		let allowed = b.binary(Binary::LessOrEqual, row, position)?;
		parts.push(barrier(b, allowed)?);
	}
	let distance = b.sub(position, row)?;
	for (name, sign) in [("left_window_size", 1), ("right_window_size", -1)] {
		let reach = node.int(name, -1);
		if reach >= 0 {
			let sign = b.whole(TensorType::I64, sign)?;
			let signed = b.mul(distance, sign)?;
			let reach = b.whole(TensorType::I64, reach)?;
			let allowed = b.binary(Binary::LessOrEqual, signed, reach)?;
			parts.push(barrier(b, allowed)?);
		}
	}
	if let Some(lengths) = lengths {
		let lengths = b.cast(lengths, TensorType::I64)?;
		let lengths = b.reshape(lengths, &[batch, 1, 1, 1])?;
		let allowed = b.binary(Binary::Less, row, lengths)?;
		parts.push(barrier(b, allowed)?);
	}
	let mut bias = None;
	for part in parts {
		bias = Some(match bias {
			Some(sum) => b.add(sum, part)?,
			None => part,
		});
	}
	if count != groups {
		if groups == 0 || count % groups != 0 {
			return unsupported(format!("{count} heads over {groups}"));
		}
		(k, v) = (repeated(b, k, count / groups)?, repeated(b, v, count / groups)?);
	}
	// The root of the scale on both sides, as the standard has it.
	let scale = match node.attribute("scale") {
		Some(attribute) => f64::from(attribute.f),
		None => 1.0 / f64::from(width).sqrt(),
	};
	let scale = b.scalar(scale.sqrt() as f32)?;
	let (left, right) = (b.mul(q, scale)?, b.mul(k, scale)?);
	let raw = neural::product(b, left, right)?;
	let mut logits = raw;
	let cap = node.float("softcap", 0.0);
	if cap > 0.0 {
		let cap = b.scalar(cap)?;
		let small = b.div(logits, cap)?;
		let bent = b.unary(Unary::Tanh, small)?;
		logits = b.mul(bent, cap)?;
	}
	let capped = logits;
	if let Some(bias) = bias {
		logits = b.add(logits, bias)?;
	}
	let weights = masked_softmax(b, logits, bias)?;
	let v_columns = b.move_axis(v, 3, 2)?;
	let mut y = neural::product(b, weights, v_columns)?;
	if flat {
		let moved = b.transpose(y, &[0, 2, 1, 3])?;
		let [_, _, heads, width] = b.shape(moved)[..] else {
			return unsupported("a result without four dimensions");
		};
		y = b.reshape(moved, &[batch, steps, heads * width])?;
	}
	let shown = match node.int("qk_matmul_output_mode", 0) {
		0 if cap > 0.0 && node.wants(3) => {
			return unsupported("products before softcap as an output");
		}
		0 => raw,
		1 => capped,
		2 => logits,
		3 => weights,
		other => return unsupported(format!("qk_matmul_output_mode {other}")),
	};
	Ok(vec![y, present.0, present.1, shown])
}

/// Each head several times, neighbours together.
fn repeated(b: &mut Builder, x: Id, times: u32) -> Result<Id, Refusal> {
	let [batch, heads, steps, width] = b.shape(x)[..] else {
		return unsupported("heads without four dimensions");
	};
	let split = b.reshape(x, &[batch * heads, 1, steps * width])?;
	let wide = b.expand(split, &[batch * heads, times, steps * width])?;
	b.reshape(wide, &[batch, heads * times, steps, width])
}

/// A softmax over the last dimension; rows that are wholly shut give zeros.
fn masked_softmax(b: &mut Builder, x: Id, bias: Option<Id>) -> Result<Id, Refusal> {
	let last = b.rank(x) - 1;
	let Some(bias) = bias else {
		return super::reduce::softmax(b, x, &[last]);
	};
	let (zero, one) = (b.scalar(0.0)?, b.scalar(1.0)?);
	let most = b.reduce(Reduction::Max, x, &[last])?;
	let shut = b.unary(Unary::IsNegativeInfinity, most)?;
	let most = b.select(shut, zero, most)?;
	let shifted = b.sub(x, most)?;
	let e = b.unary(Unary::Exp, shifted)?;
	let sum = b.reduce(Reduction::Sum, e, &[last])?;
	let none = b.binary(Binary::Equal, sum, zero)?;
	let sum = b.select(none, one, sum)?;
	let weights = b.div(e, sum)?;
	let open = b.reduce(Reduction::Max, bias, &[b.rank(bias) - 1])?;
	let shut = b.unary(Unary::IsNegativeInfinity, open)?;
	b.select(shut, zero, weights)
}

fn rotary(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let x = node.input(0)?;
	let original = b.shape(x);
	// `[B, S, H, D]`.
	let x = match original[..] {
		[_, _, _, _] => b.transpose(x, &[0, 2, 1, 3])?,
		[batch, steps, width] => {
			let heads = size(node.int("num_heads", 0))?;
			let each = width.checked_div(heads);
			let each = each.ok_or_else(|| Refusal::Unsupported("no num_heads".into()))?;
			b.reshape(x, &[batch, steps, heads, each])?
		}
		_ => return unsupported("neither three nor four dimensions"),
	};
	let width = b.shape(x)[3];
	let turned = match size(node.int("rotary_embedding_dim", 0))? {
		0 => width,
		turned if turned <= width => turned,
		_ => return unsupported("a rotation of more than there is"),
	};
	let half = turned / 2;
	let cache = |b: &mut Builder, at: usize| {
		let mut cache = node.input(at)?;
		if let Some(ids) = node.optional(3) {
			cache = b.op(Op::Gather { axis: 0 }, &[cache, ids])?;
		}
		let mut shape = b.shape(cache);
		if shape.len() != 3 || shape[2] != half {
			return unsupported(format!("a cache of shape {shape:?}"));
		}
		shape.insert(2, 1);
		b.reshape(cache, &shape)
	};
	let (cos, sin) = (cache(b, 1)?, cache(b, 2)?);
	let interleaved = node.int("interleaved", 0) != 0;
	let part = |b: &mut Builder, second: bool| {
		let mut ranges = b.whole_ranges(x);
		ranges[3] = match interleaved {
			true => Range { start: u32::from(second), step: 2, length: half },
			false => Range { start: if second { half } else { 0 }, step: 1, length: half },
		};
		b.op(Op::Slice { ranges }, &[x])
	};
	let (x1, x2) = (part(b, false)?, part(b, true)?);
	let (a, c) = (b.mul(cos, x1)?, b.mul(sin, x2)?);
	let real = b.sub(a, c)?;
	let (a, c) = (b.mul(sin, x1)?, b.mul(cos, x2)?);
	let imaginary = b.add(a, c)?;
	let mut result = if interleaved {
		let mut shape = b.shape(real);
		shape.push(1);
		let (real, imaginary) = (b.reshape(real, &shape)?, b.reshape(imaginary, &shape)?);
		let pairs = b.concat(&[real, imaginary], 4)?;
		shape.pop();
		shape[3] = turned;
		b.reshape(pairs, &shape)?
	} else {
		b.concat(&[real, imaginary], 3)?
	};
	if turned < width {
		let rest = b.slice(x, 3, turned, width - turned)?;
		result = b.concat(&[result, rest], 3)?;
	}
	if original.len() == 4 {
		return b.transpose(result, &[0, 2, 1, 3]);
	}
	b.reshape(result, &original)
}
