//! Recurrent networks, unrolled.

use super::{elementwise, neural, Handled};
use crate::{
	builder::{unsupported, Builder, Id, Refusal},
	node::Node,
};
use countersign_canonical::op::{Binary, Unary};

pub(super) fn lower(b: &mut Builder, node: &Node) -> Handled {
	let (gates, defaults): (u32, &[&str]) = match node.proto.op_type.as_str() {
		"LSTM" => (4, &["Sigmoid", "Tanh", "Tanh"]),
		"GRU" => (3, &["Sigmoid", "Tanh"]),
		"RNN" => (1, &["Tanh"]),
		_ => return Ok(None),
	};
	network(b, node, gates, defaults).map(Some)
}

/// What one direction needs.
struct Cell<'a> {
	node: &'a Node<'a>,
	hidden: u32,
	/// `[gates * H, H]`.
	recurrence: Id,
	/// The recurrence's own bias, `[gates * H]`, where it is not in the input part.
	bias: Option<Id>,
	peepholes: Option<Id>,
	activations: Vec<Activation>,
	clip: Option<f32>,
}

#[derive(Clone)]
struct Activation {
	name: String,
	alpha: f32,
	beta: f32,
}

impl Activation {
	fn apply(&self, b: &mut Builder, x: Id) -> Result<Id, Refusal> {
		match self.name.as_str() {
			"Sigmoid" => b.unary(Unary::Sigmoid, x),
			"Tanh" => b.unary(Unary::Tanh, x),
			"Relu" => b.unary(Unary::Relu, x),
			"Softplus" => elementwise::softplus(b, x),
			"HardSigmoid" => elementwise::hard_sigmoid(b, x, self.alpha, self.beta),
			"Affine" => {
				let (alpha, beta) = (b.scalar(self.alpha)?, b.scalar(self.beta)?);
				let scaled = b.mul(x, alpha)?;
				b.add(scaled, beta)
			}
			"LeakyRelu" => {
				let (alpha, zero) = (b.scalar(self.alpha)?, b.scalar(0.0)?);
				let below = b.binary(Binary::Less, x, zero)?;
				let scaled = b.mul(x, alpha)?;
				b.select(below, scaled, x)
			}
			other => unsupported(format!("the activation `{other}`")),
		}
	}
}

fn activations(node: &Node, direction: usize, defaults: &[&str]) -> Vec<Activation> {
	let names = node.texts("activations");
	let (alphas, betas) = (node.floats("activation_alpha"), node.floats("activation_beta"));
	let (mut next_alpha, mut next_beta) = (0, 0);
	let all: Vec<Activation> = names
		.iter()
		.map(|name| {
			// The lists name values only for those that take one.
			let take = |list: &[f32], next: &mut usize, default| {
				let value = list.get(*next).copied().unwrap_or(default);
				*next += 1;
				value
			};
			let (alpha, beta) = match name.as_str() {
				"HardSigmoid" => {
					(take(alphas, &mut next_alpha, 0.2), take(betas, &mut next_beta, 0.5))
				}
				"Affine" => (take(alphas, &mut next_alpha, 1.0), take(betas, &mut next_beta, 0.0)),
				"LeakyRelu" => (take(alphas, &mut next_alpha, 0.01), 0.0),
				_ => (0.0, 0.0),
			};
			Activation { name: name.clone(), alpha, beta }
		})
		.collect();
	let start = direction * defaults.len();
	match all.get(start..start + defaults.len()) {
		Some(own) => own.to_vec(),
		None => defaults
			.iter()
			.map(|name| Activation { name: name.to_string(), alpha: 0.0, beta: 0.0 })
			.collect(),
	}
}

fn network(
	b: &mut Builder,
	node: &Node,
	gates: u32,
	defaults: &[&str],
) -> Result<Vec<Id>, Refusal> {
	let lstm = gates == 4;
	let mut x = node.input(0)?;
	let batch_first = node.int("layout", 0) != 0;
	if batch_first {
		x = b.transpose(x, &[1, 0, 2])?;
	}
	let [steps, batch, _] = b.shape(x)[..] else {
		return unsupported("an input without three dimensions");
	};
	if let Some(lengths) = node.optional(4) {
		let lengths = b.integers(lengths, "the lengths of the sequences")?;
		if lengths.iter().any(|length| *length != i64::from(steps)) {
			return unsupported("sequences of different lengths");
		}
	}
	let (weights, recurrences) = (node.input(1)?, node.input(2)?);
	let hidden = match b.shape(recurrences)[..] {
		[_, _, hidden] if hidden < 1 << 16 => hidden,
		_ => return unsupported("recurrent weights without three dimensions, or too wide"),
	};
	let reverse: &[bool] = match node.text("direction", "forward").as_str() {
		"forward" => &[false],
		"reverse" => &[true],
		"bidirectional" => &[false, true],
		other => return unsupported(format!("the direction `{other}`")),
	};
	let (mut all, mut last_h, mut last_c) = (Vec::new(), Vec::new(), Vec::new());
	for (direction, backwards) in reverse.iter().enumerate() {
		let part = |b: &mut Builder, id: Id| {
			let mut shape = b.shape(id);
			if shape.is_empty() {
				return unsupported("an operand without dimensions");
			}
			shape.remove(0);
			let one = b.slice(id, 0, direction as u32, 1)?;
			b.reshape(one, &shape)
		};
		let w = part(b, weights)?;
		let recurrence = part(b, recurrences)?;
		let mut given = neural::product(b, x, w)?;
		let mut own_bias = None;
		if let Some(bias) = node.optional(3) {
			let both = part(b, bias)?;
			let first = b.slice(both, 0, 0, gates * hidden)?;
			let second = b.slice(both, 0, gates * hidden, gates * hidden)?;
			given = b.add(given, first)?;
			if gates == 3 {
				own_bias = Some(second);
			} else {
				given = b.add(given, second)?;
			}
		}
		let initial = |b: &mut Builder, at: usize| {
			let Some(id) = node.optional(at) else {
				return b.filled(countersign_canonical::TensorType::F32, &[batch, hidden], 0);
			};
			let id = if batch_first { b.transpose(id, &[1, 0, 2])? } else { id };
			part(b, id)
		};
		let mut h = initial(b, 5)?;
		let mut c = if lstm { initial(b, 6)? } else { h };
		let peepholes = match node.optional(7) {
			Some(p) if lstm => Some(part(b, p)?),
			_ => None,
		};
		let cell = Cell {
			node,
			hidden,
			recurrence,
			bias: own_bias,
			peepholes,
			activations: activations(node, direction, defaults),
			clip: node.attribute("clip").map(|attribute| attribute.f),
		};
		let mut made = Vec::new();
		for step in 0..steps {
			let at = if *backwards { steps - 1 - step } else { step };
			let now = b.slice(given, 0, at, 1)?;
			let now = b.reshape(now, &[batch, gates * hidden])?;
			(h, c) = match gates {
				4 => cell.lstm(b, now, h, c)?,
				3 => {
					let h = cell.gru(b, now, h)?;
					(h, h)
				}
				_ => {
					let again = neural::product(b, h, cell.recurrence)?;
					let sum = b.add(now, again)?;
					let h = cell.activate(b, 0, sum)?;
					(h, h)
				}
			};
			made.push(b.reshape(h, &[1, 1, batch, hidden])?);
		}
		if *backwards {
			made.reverse();
		}
		all.push(if made.is_empty() {
			b.filled(countersign_canonical::TensorType::F32, &[0, 1, batch, hidden], 0)?
		} else {
			b.concat(&made, 0)?
		});
		last_h.push(b.reshape(h, &[1, batch, hidden])?);
		last_c.push(b.reshape(c, &[1, batch, hidden])?);
	}
	let mut y = b.concat(&all, 1)?;
	let mut outputs = vec![b.concat(&last_h, 0)?];
	if lstm {
		outputs.push(b.concat(&last_c, 0)?);
	}
	if batch_first {
		y = b.transpose(y, &[2, 0, 1, 3])?;
		for output in &mut outputs {
			*output = b.transpose(*output, &[1, 0, 2])?;
		}
	}
	outputs.insert(0, y);
	Ok(outputs)
}

impl Cell<'_> {
	fn activate(&self, b: &mut Builder, which: usize, x: Id) -> Result<Id, Refusal> {
		let mut x = x;
		if let Some(clip) = self.clip {
			let (low, high) = (b.scalar(-clip)?, b.scalar(clip)?);
			x = b.max(x, low)?;
			x = b.min(x, high)?;
		}
		match self.activations.get(which) {
			Some(activation) => activation.apply(b, x),
			None => unsupported("a missing activation"),
		}
	}

	fn gate(&self, b: &mut Builder, x: Id, number: u32) -> Result<Id, Refusal> {
		b.slice(x, 1, number * self.hidden, self.hidden)
	}

	fn lstm(&self, b: &mut Builder, now: Id, h: Id, c: Id) -> Result<(Id, Id), Refusal> {
		let again = neural::product(b, h, self.recurrence)?;
		let sum = b.add(now, again)?;
		let peep = |b: &mut Builder, x: Id, number: u32, c: Id| match self.peepholes {
			Some(p) => {
				let p = b.slice(p, 0, number * self.hidden, self.hidden)?;
				let seen = b.mul(c, p)?;
				b.add(x, seen)
			}
			None => Ok(x),
		};
		let i = self.gate(b, sum, 0)?;
		let i = peep(b, i, 0, c)?;
		let i = self.activate(b, 0, i)?;
		let f = if self.node.int("input_forget", 0) != 0 {
			let one = b.scalar(1.0)?;
			b.sub(one, i)?
		} else {
			let f = self.gate(b, sum, 2)?;
			let f = peep(b, f, 2, c)?;
			self.activate(b, 0, f)?
		};
		let g = self.gate(b, sum, 3)?;
		let g = self.activate(b, 1, g)?;
		let (kept, new) = (b.mul(f, c)?, b.mul(i, g)?);
		let c = b.add(kept, new)?;
		let o = self.gate(b, sum, 1)?;
		let o = peep(b, o, 1, c)?;
		let o = self.activate(b, 0, o)?;
		let shown = match self.activations.get(2) {
			Some(activation) => activation.apply(b, c)?,
			None => return unsupported("a missing activation"),
		};
		Ok((b.mul(o, shown)?, c))
	}

	fn gru(&self, b: &mut Builder, now: Id, h: Id) -> Result<Id, Refusal> {
		let linear_first = self.node.int("linear_before_reset", 0) != 0;
		let size = self.hidden;
		let rows =
			|b: &mut Builder, from: u32, count: u32| b.slice(self.recurrence, 0, from, count);
		let bias = |b: &mut Builder, x: Id, from: u32, count: u32| match self.bias {
			Some(bias) => {
				let bias = b.slice(bias, 0, from, count)?;
				b.add(x, bias)
			}
			None => Ok(x),
		};
		let both = rows(b, 0, 2 * size)?;
		let again = neural::product(b, h, both)?;
		let again = bias(b, again, 0, 2 * size)?;
		let first = b.slice(now, 1, 0, 2 * size)?;
		let sum = b.add(first, again)?;
		let z = self.gate(b, sum, 0)?;
		let z = self.activate(b, 0, z)?;
		let r = self.gate(b, sum, 1)?;
		let r = self.activate(b, 0, r)?;
		let own = rows(b, 2 * size, size)?;
		let inner = if linear_first {
			let again = neural::product(b, h, own)?;
			let again = bias(b, again, 2 * size, size)?;
			b.mul(r, again)?
		} else {
			let reset = b.mul(r, h)?;
			let again = neural::product(b, reset, own)?;
			bias(b, again, 2 * size, size)?
		};
		let last = b.slice(now, 1, 2 * size, size)?;
		let sum = b.add(last, inner)?;
		let new = self.activate(b, 1, sum)?;
		let one = b.scalar(1.0)?;
		let rest = b.sub(one, z)?;
		let (fresh, kept) = (b.mul(rest, new)?, b.mul(z, h)?);
		b.add(fresh, kept)
	}
}
