//! Normalisations, as their parts.

use super::{one, Handled};
use crate::{
	builder::{unsupported, Builder, Id, Refusal},
	node::{axes, axis, size, Node},
};
use countersign_canonical::{
	op::{Binary, Op, Reduction, Unary, Window},
	tensor::TensorType,
};

pub(super) fn lower(b: &mut Builder, node: &Node) -> Handled {
	let name = node.proto.op_type.as_str();
	let id = match name {
		"BatchNormalization" => batch(b, node)?,
		"InstanceNormalization" => {
			let x = node.input(0)?;
			let over: Vec<usize> = (2..b.rank(x)).collect();
			let (normal, _, _) = normalized(b, x, &over, node.float("epsilon", 1e-5))?;
			let (scale, bias) = (channels(b, x, node.input(1)?)?, channels(b, x, node.input(2)?)?);
			let scaled = b.mul(normal, scale)?;
			b.add(scaled, bias)?
		}
		"LayerNormalization" => return layer(b, node),
		"GroupNormalization" => group(b, node)?,
		"RMSNormalization" => {
			let x = node.input(0)?;
			let from = axis(node.int("axis", -1), b.rank(x))?;
			let over: Vec<usize> = (from..b.rank(x)).collect();
			let square = b.mul(x, x)?;
			let mean = b.mean(square, &over)?;
			let deviation = root(b, mean, node.float("epsilon", 1e-5))?;
			let normal = b.div(x, deviation)?;
			b.mul(normal, node.input(1)?)?
		}
		"MeanVarianceNormalization" => {
			let x = node.input(0)?;
			let over = axes(node.ints("axes").unwrap_or(&[0, 2, 3]), b.rank(x))?;
			let mean = b.mean(x, &over)?;
			let centred = b.sub(x, mean)?;
			let square = b.mul(centred, centred)?;
			let variance = b.mean(square, &over)?;
			let deviation = b.unary(Unary::Sqrt, variance)?;
			let tiny = b.scalar(1e-9)?;
			let deviation = b.add(deviation, tiny)?;
			b.div(centred, deviation)?
		}
		"LpNormalization" => {
			let x = node.input(0)?;
			let over = [axis(node.int("axis", -1), b.rank(x))?];
			let norm = if node.int("p", 2) == 1 {
				let size = b.unary(Unary::Abs, x)?;
				b.reduce(Reduction::Sum, size, &over)?
			} else {
				let square = b.mul(x, x)?;
				let sum = b.reduce(Reduction::Sum, square, &over)?;
				b.unary(Unary::Sqrt, sum)?
			};
			// A norm of zero leaves zeros.
			let (zero, one) = (b.scalar(0.0)?, b.scalar(1.0)?);
			let none = b.binary(Binary::Equal, norm, zero)?;
			let norm = b.select(none, one, norm)?;
			b.div(x, norm)?
		}
		"LRN" => lrn(b, node)?,
		_ => return Ok(None),
	};
	one(id)
}

/// `sqrt(x + epsilon)`.
fn root(b: &mut Builder, x: Id, epsilon: f32) -> Result<Id, Refusal> {
	let epsilon = b.scalar(epsilon)?;
	let sum = b.add(x, epsilon)?;
	b.unary(Unary::Sqrt, sum)
}

/// A list with one element a channel, shaped to broadcast against `x [N, C, ..]`.
fn channels(b: &mut Builder, x: Id, list: Id) -> Result<Id, Refusal> {
	let count = b.meta(list).count();
	let mut shape = vec![1; b.rank(x).saturating_sub(1)];
	match shape.first_mut() {
		Some(first) => *first = count,
		None => return unsupported("no channels"),
	}
	b.reshape(list, &shape)
}

/// `(x - mean) / sqrt(variance + epsilon)`, the mean, and the reciprocal of the deviation.
fn normalized(
	b: &mut Builder,
	x: Id,
	over: &[usize],
	epsilon: f32,
) -> Result<(Id, Id, Id), Refusal> {
	let mean = b.mean(x, over)?;
	let centred = b.sub(x, mean)?;
	let square = b.mul(centred, centred)?;
	let variance = b.mean(square, over)?;
	let deviation = root(b, variance, epsilon)?;
	let inverse = b.unary(Unary::Reciprocal, deviation)?;
	Ok((b.mul(centred, inverse)?, mean, inverse))
}

fn batch(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	if node.int("training_mode", 0) != 0 || node.wants(1) {
		return unsupported("batch normalisation while training");
	}
	let x = node.input(0)?;
	let [scale, bias, mean, variance] =
		[node.input(1)?, node.input(2)?, node.input(3)?, node.input(4)?];
	let deviation = root(b, variance, node.float("epsilon", 1e-5))?;
	let factor = b.div(scale, deviation)?;
	let shift = b.mul(mean, factor)?;
	let shift = b.sub(bias, shift)?;
	if let Some(joined) = b.scale_product(x, factor, shift)? {
		return Ok(joined);
	}
	let (factor, mean, bias) =
		(channels(b, x, factor)?, channels(b, x, mean)?, channels(b, x, bias)?);
	let centred = b.sub(x, mean)?;
	let scaled = b.mul(centred, factor)?;
	b.add(scaled, bias)
}

fn layer(b: &mut Builder, node: &Node) -> Handled {
	let x = node.input(0)?;
	let from = axis(node.int("axis", -1), b.rank(x))?;
	let over: Vec<usize> = (from..b.rank(x)).collect();
	let (normal, mean, inverse) = normalized(b, x, &over, node.float("epsilon", 1e-5))?;
	let mut result = b.mul(normal, node.input(1)?)?;
	if let Some(bias) = node.optional(2) {
		result = b.add(result, bias)?;
	}
	Ok(Some(vec![result, mean, inverse]))
}

fn group(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let x = node.input(0)?;
	let shape = b.shape(x);
	let groups = size(node.int("num_groups", 0))?;
	let [n, c, ..] = shape[..] else {
		return unsupported("fewer than two dimensions");
	};
	if groups == 0 || c % groups != 0 {
		return unsupported(format!("{c} channels in {groups} groups"));
	}
	let inner = shape[2..].iter().product::<u32>() * (c / groups);
	let split = b.reshape(x, &[n, groups, inner])?;
	let (normal, _, _) = normalized(b, split, &[2], node.float("epsilon", 1e-5))?;
	let (mut scale, mut bias) = (node.input(1)?, node.input(2)?);
	if node.opset < 21 && b.meta(scale).count() == groups && groups != c {
		// One element a group, before version 21.
		let repeat = |b: &mut Builder, list| {
			let list = b.reshape(list, &[groups, 1])?;
			let list = b.expand(list, &[groups, c / groups])?;
			b.reshape(list, &[c])
		};
		(scale, bias) = (repeat(b, scale)?, repeat(b, bias)?);
	}
	let normal = b.reshape(normal, &shape)?;
	let (scale, bias) = (channels(b, x, scale)?, channels(b, x, bias)?);
	let scaled = b.mul(normal, scale)?;
	b.add(scaled, bias)
}

fn lrn(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let x = node.input(0)?;
	if b.ty(x) != TensorType::F32 || b.rank(x) < 2 {
		return unsupported("not a float tensor with channels");
	}
	let window = size(node.int("size", 1))?.max(1);
	let shape = b.shape(x);
	let inner: u32 = shape[2..].iter().product();
	let square = b.mul(x, x)?;
	let square = b.reshape(square, &[shape[0], shape[1], inner])?;
	let before = (window - 1) / 2;
	let pool = Window {
		kernel: vec![window],
		strides: vec![1],
		dilations: vec![1],
		before: vec![before],
		after: vec![window - 1 - before],
	};
	let sum = b.op(Op::Pool { reduction: Reduction::Sum, window: pool }, &[square])?;
	let sum = b.reshape(sum, &shape)?;
	let scale = b.scalar(node.float("alpha", 1e-4) / window as f32)?;
	let (bias, beta) = (b.scalar(node.float("bias", 1.0))?, b.scalar(node.float("beta", 0.75))?);
	let scaled = b.mul(sum, scale)?;
	let base = b.add(bias, scaled)?;
	let power = b.binary(Binary::Pow, base, beta)?;
	b.div(x, power)
}
