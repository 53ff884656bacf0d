//! Elementwise operators and activations.

use super::{one, Handled};
use crate::{
	builder::{unsupported, Builder, Id, Refusal},
	node::Node,
	tensor,
};
use countersign_canonical::{
	op::{Binary, Op, Unary},
	tensor::TensorType,
};

const UNARY: [(&str, Unary); 28] = [
	("Neg", Unary::Neg),
	("Abs", Unary::Abs),
	("Sign", Unary::Sign),
	("Not", Unary::Not),
	("BitwiseNot", Unary::Not),
	("Relu", Unary::Relu),
	("Floor", Unary::Floor),
	("Ceil", Unary::Ceil),
	("Round", Unary::Round),
	("Reciprocal", Unary::Reciprocal),
	("Sqrt", Unary::Sqrt),
	("Exp", Unary::Exp),
	("Log", Unary::Log),
	("Sigmoid", Unary::Sigmoid),
	("Tanh", Unary::Tanh),
	("Erf", Unary::Erf),
	("Sin", Unary::Sin),
	("Cos", Unary::Cos),
	("Tan", Unary::Tan),
	("Asin", Unary::Asin),
	("Acos", Unary::Acos),
	("Atan", Unary::Atan),
	("Sinh", Unary::Sinh),
	("Cosh", Unary::Cosh),
	("Asinh", Unary::Asinh),
	("Acosh", Unary::Acosh),
	("Atanh", Unary::Atanh),
	("IsNaN", Unary::IsNan),
];

const BINARY: [(&str, Binary); 18] = [
	("Add", Binary::Add),
	("Sub", Binary::Sub),
	("Mul", Binary::Mul),
	("Div", Binary::Div),
	("And", Binary::And),
	("Or", Binary::Or),
	("Xor", Binary::Xor),
	("BitwiseAnd", Binary::And),
	("BitwiseOr", Binary::Or),
	("BitwiseXor", Binary::Xor),
	("Equal", Binary::Equal),
	("Less", Binary::Less),
	("LessOrEqual", Binary::LessOrEqual),
	// Swapped operands.
	("Greater", Binary::Less),
	("GreaterOrEqual", Binary::LessOrEqual),
	// Any number of operands.
	("Max", Binary::Max),
	("Min", Binary::Min),
	("Sum", Binary::Add),
];

pub(super) fn lower(b: &mut Builder, node: &Node) -> Handled {
	let name = node.proto.op_type.as_str();
	if name == "Identity" {
		return one(node.input(0)?);
	}
	if let Some((_, kind)) = UNARY.iter().find(|(other, _)| *other == name) {
		let x = node.input(0)?;
		return one(b.unary(*kind, x)?);
	}
	if let Some((_, kind)) = BINARY.iter().find(|(other, _)| *other == name) {
		return one(binary(b, node, name, *kind)?);
	}
	let id = match name {
		"Mean" => {
			let all = node.all()?;
			let sum = fold(b, Binary::Add, &all)?;
			let count = b.scalar(all.len() as f32)?;
			b.div(sum, count)?
		}
		"Pow" => pow(b, node.input(0)?, node.input(1)?)?,
		"Mod" => {
			let x = node.input(0)?;
			let kind = match node.int("fmod", 0) {
				0 if b.ty(x) == TensorType::F32 => {
					return unsupported("the remainder of floats with fmod = 0");
				}
				0 => Binary::FloorMod,
				_ => Binary::Rem,
			};
			b.binary(kind, x, node.input(1)?)?
		}
		"BitShift" => {
			let kind = match node.text("direction", "").as_str() {
				"LEFT" => Binary::ShiftLeft,
				"RIGHT" => Binary::ShiftRight,
				other => return unsupported(format!("the direction `{other}`")),
			};
			b.binary(kind, node.input(0)?, node.input(1)?)?
		}
		"Where" => b.select(node.input(0)?, node.input(1)?, node.input(2)?)?,
		"Cast" => {
			let to = tensor::type_of(node.int("to", 0) as i32);
			cast(b, node.input(0)?, to.map_err(Refusal::Unsupported)?)?
		}
		"CastLike" => {
			let to = b.ty(node.input(1)?);
			cast(b, node.input(0)?, to)?
		}
		"Clip" => clip(b, node)?,
		"IsInf" => is_inf(b, node)?,
		"Dropout" => return dropout(b, node),
		_ => return activation(b, node, name),
	};
	one(id)
}

fn fold(b: &mut Builder, kind: Binary, all: &[Id]) -> Result<Id, Refusal> {
	let [first, rest @ ..] = all else {
		return unsupported("no operands");
	};
	rest.iter().try_fold(*first, |acc, next| b.binary(kind, acc, *next))
}

fn binary(b: &mut Builder, node: &Node, name: &str, kind: Binary) -> Result<Id, Refusal> {
	if matches!(name, "Max" | "Min" | "Sum") {
		return fold(b, kind, &node.all()?);
	}
	let (mut x, mut y) = (node.input(0)?, node.input(1)?);
	// Before version 7 operands broadcast from a given dimension on, if asked to.
	if node.opset < 7 && b.shape(x) != b.shape(y) {
		if node.int("broadcast", 0) == 0 {
			return unsupported("operands of different shapes without broadcast");
		}
		let (rank, own) = (b.rank(x), b.rank(y));
		let start = node.int("axis", rank as i64 - own as i64);
		let start = usize::try_from(start).unwrap_or(usize::MAX);
		let Some(after) = rank.checked_sub(own).and_then(|rest| rest.checked_sub(start)) else {
			return unsupported("a broadcast outside the first operand");
		};
		let mut shape = b.shape(y);
		shape.extend(vec![1; after]);
		y = b.reshape(y, &shape)?;
	}
	if name.starts_with("Greater") {
		(x, y) = (y, x);
	}
	b.binary(kind, x, y)
}

fn pow(b: &mut Builder, x: Id, y: Id) -> Result<Id, Refusal> {
	let (base, exponent) = (b.ty(x), b.ty(y));
	if base == TensorType::F32 {
		let y = b.cast(y, TensorType::F32)?;
		let same_shape = b.known(y).is_some_and(|y| y.data.len() == 1) && b.rank(y) <= b.rank(x);
		if same_shape && b.floats(y, "the exponent")? == [2.0] {
			return b.mul(x, x);
		}
		return b.binary(Binary::Pow, x, y);
	}
	if exponent == base {
		return b.binary(Binary::Pow, x, y);
	}
	if exponent == TensorType::F32 {
		let x = b.cast(x, TensorType::F32)?;
		let power = b.binary(Binary::Pow, x, y)?;
		return b.cast(power, base);
	}
	// In the wider integers, then cut to the base's type, as its own arithmetic would.
	let (x, y) = (b.cast(x, TensorType::I64)?, b.cast(y, TensorType::I64)?);
	let power = b.binary(Binary::Pow, x, y)?;
	b.op(Op::Wrap(base), &[power])
}

/// A cast of ONNX: integers keep the low bits, floats saturate.
pub(super) fn cast(b: &mut Builder, x: Id, to: TensorType) -> Result<Id, Refusal> {
	if b.ty(x) == TensorType::F32 || to == TensorType::F32 {
		return b.cast(x, to);
	}
	b.op(Op::Wrap(to), &[x])
}

fn clip(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let mut x = node.input(0)?;
	let bound = |b: &mut Builder, name: &str, at| match node.attribute(name) {
		Some(attribute) if node.opset < 11 => b.scalar(attribute.f).map(Some),
		_ => Ok(node.optional(at)),
	};
	if let Some(low) = bound(b, "min", 1)? {
		x = b.max(x, low)?;
	}
	if let Some(high) = bound(b, "max", 2)? {
		x = b.min(x, high)?;
	}
	Ok(x)
}

fn is_inf(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let x = node.input(0)?;
	let up = node.int("detect_positive", 1) != 0;
	let down = node.int("detect_negative", 1) != 0;
	match (up, down) {
		(true, true) => {
			let size = b.unary(Unary::Abs, x)?;
			b.unary(Unary::IsPositiveInfinity, size)
		}
		(true, false) => b.unary(Unary::IsPositiveInfinity, x),
		(false, true) => b.unary(Unary::IsNegativeInfinity, x),
		(false, false) => {
			let shape = b.shape(x);
			b.filled(TensorType::Bool, &shape, 0)
		}
	}
}

fn dropout(b: &mut Builder, node: &Node) -> Handled {
	if let Some(training) = node.optional(2) {
		if b.integers(training, "training_mode")?.first().is_some_and(|x| *x != 0) {
			return unsupported("dropout while training");
		}
	}
	let x = node.input(0)?;
	let ty = if node.opset < 10 { b.ty(x) } else { TensorType::Bool };
	let shape = b.shape(x);
	if !node.wants(1) {
		return one(x);
	}
	let bits = if ty == TensorType::F32 { u64::from(1f32.to_bits()) } else { 1 };
	Ok(Some(vec![x, b.filled(ty, &shape, bits)?]))
}

fn activation(b: &mut Builder, node: &Node, name: &str) -> Handled {
	let known = [
		"LeakyRelu",
		"PRelu",
		"Elu",
		"Selu",
		"Celu",
		"ThresholdedRelu",
		"HardSigmoid",
		"HardSwish",
		"Softplus",
		"Softsign",
		"Gelu",
		"Mish",
		"Shrink",
		"Swish",
	];
	if !known.contains(&name) {
		return Ok(None);
	}
	let x = node.input(0)?;
	let alpha = |default| node.float("alpha", default);
	let zero = b.whole(b.ty(x), 0)?;
	let id = match name {
		"LeakyRelu" => {
			let slope = b.scalar(alpha(0.01))?;
			below_zero(b, x, |b| b.mul(x, slope))?
		}
		"PRelu" => {
			let slope = node.input(1)?;
			below_zero(b, x, |b| b.mul(x, slope))?
		}
		"Elu" => {
			let alpha = b.scalar(alpha(1.0))?;
			below_zero(b, x, |b| {
				let e = b.unary(Unary::Expm1, x)?;
				b.mul(e, alpha)
			})?
		}
		"Selu" => {
			let alpha = b.scalar(alpha(1.673_263_2))?;
			let gamma = b.scalar(node.float("gamma", 1.050_701))?;
			let inner = below_zero(b, x, |b| {
				let e = b.unary(Unary::Expm1, x)?;
				b.mul(e, alpha)
			})?;
			b.mul(inner, gamma)?
		}
		"Celu" => {
			let alpha = b.scalar(alpha(1.0))?;
			below_zero(b, x, |b| {
				let scaled = b.div(x, alpha)?;
				let e = b.unary(Unary::Expm1, scaled)?;
				b.mul(e, alpha)
			})?
		}
		"ThresholdedRelu" => {
			let alpha = b.scalar(alpha(1.0))?;
			let over = b.binary(Binary::Less, alpha, x)?;
			b.select(over, x, zero)?
		}
		"HardSigmoid" => {
			let (alpha, beta) = (alpha(0.2), node.float("beta", 0.5));
			hard_sigmoid(b, x, alpha, beta)?
		}
		"HardSwish" => {
			let gate = hard_sigmoid(b, x, 1.0 / 6.0, 0.5)?;
			b.mul(x, gate)?
		}
		"Softplus" => softplus(b, x)?,
		"Softsign" => {
			let size = b.unary(Unary::Abs, x)?;
			let one = b.scalar(1.0)?;
			let below = b.add(size, one)?;
			b.div(x, below)?
		}
		"Gelu" => gelu(b, x, node.text("approximate", "none") == "tanh")?,
		"Mish" => {
			let soft = softplus(b, x)?;
			let gate = b.unary(Unary::Tanh, soft)?;
			b.mul(x, gate)?
		}
		"Swish" => {
			let alpha = b.scalar(alpha(1.0))?;
			let scaled = b.mul(x, alpha)?;
			let gate = b.unary(Unary::Sigmoid, scaled)?;
			b.mul(x, gate)?
		}
		_ => shrink(b, x, node)?,
	};
	one(id)
}

/// `x` where it is not below zero, else what `f` gives.
fn below_zero(
	b: &mut Builder,
	x: Id,
	f: impl FnOnce(&mut Builder) -> Result<Id, Refusal>,
) -> Result<Id, Refusal> {
	let zero = b.whole(b.ty(x), 0)?;
	let below = b.binary(Binary::Less, x, zero)?;
	let other = f(b)?;
	b.select(below, other, x)
}

pub(super) fn hard_sigmoid(b: &mut Builder, x: Id, alpha: f32, beta: f32) -> Result<Id, Refusal> {
	let (alpha, beta) = (b.scalar(alpha)?, b.scalar(beta)?);
	let scaled = b.mul(x, alpha)?;
	let moved = b.add(scaled, beta)?;
	let (zero, one) = (b.scalar(0.0)?, b.scalar(1.0)?);
	let low = b.max(moved, zero)?;
	b.min(low, one)
}

/// `max(x, 0) + log(1 + exp(-|x|))`, which does not overflow.
pub(super) fn softplus(b: &mut Builder, x: Id) -> Result<Id, Refusal> {
	let size = b.unary(Unary::Abs, x)?;
	let minus = b.unary(Unary::Neg, size)?;
	let e = b.unary(Unary::Exp, minus)?;
	let log = b.unary(Unary::Log1p, e)?;
	let positive = b.unary(Unary::Relu, x)?;
	b.add(positive, log)
}

fn gelu(b: &mut Builder, x: Id, approximate: bool) -> Result<Id, Refusal> {
	let (one, half) = (b.scalar(1.0)?, b.scalar(0.5)?);
	let inner = if approximate {
		let cubic = b.scalar(0.044_715)?;
		let scale = b.scalar(0.797_884_6)?;
		let square = b.mul(x, x)?;
		let cube = b.mul(square, x)?;
		let small = b.mul(cube, cubic)?;
		let sum = b.add(x, small)?;
		let scaled = b.mul(sum, scale)?;
		b.unary(Unary::Tanh, scaled)?
	} else {
		let scale = b.scalar(core::f32::consts::FRAC_1_SQRT_2)?;
		let scaled = b.mul(x, scale)?;
		b.unary(Unary::Erf, scaled)?
	};
	let gate = b.add(inner, one)?;
	let halved = b.mul(x, half)?;
	b.mul(halved, gate)
}

fn shrink(b: &mut Builder, x: Id, node: &Node) -> Result<Id, Refusal> {
	let ty = b.ty(x);
	let (bias, lambda) = (node.float("bias", 0.0), node.float("lambd", 0.5));
	let y = b.cast(x, TensorType::F32)?;
	let (bias, high, low) = (b.scalar(bias)?, b.scalar(lambda)?, b.scalar(-lambda)?);
	let zero = b.scalar(0.0)?;
	let (under, over) = (b.binary(Binary::Less, y, low)?, b.binary(Binary::Less, high, y)?);
	let (up, down) = (b.add(y, bias)?, b.sub(y, bias)?);
	let inner = b.select(over, down, zero)?;
	let result = b.select(under, up, inner)?;
	b.cast(result, ty)
}
