//! Builds programs: infers, folds constants, shares equal operators, moves layouts out of the way.
//!
//! Constants are folded by the canonical operators themselves, so that folding changes no bit and
//! gives the same on every machine.

use codec::Encode;
use countersign_canonical::{
	commitment::tensor_commitment,
	infer::{infer, Misfit},
	kernels,
	op::{Binary, Op, PadMode, Range, Reduction, Unary},
	program::{Constant, Node, Package, Program, MAX_RESULT_BYTES, MAX_TENSORS},
	proof,
	tensor::{element_count, Data, Meta, TensorType, Value},
	VERSION,
};
use std::{collections::BTreeMap, rc::Rc};

/// The most leaves that one step of a split operator reads.
const STEP_LEAVES: u64 = 56;

/// The most bytes of a constant that is made while importing.
const MAX_CONSTANT_BYTES: u64 = 1 << 30;

/// The largest dimension of a value without elements. Others are bounded by their bytes, and
/// importing walks along dimensions.
const MAX_EMPTY_DIMENSION: u32 = 1 << 24;

/// A value in the program being built.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Id(u32);

/// Why something cannot be built.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
	/// The importer does not know how to express this.
	#[error("{0}")]
	Unsupported(String),
	/// An operator does not fit its operands.
	#[error("operands do not fit {0}: {1:?}")]
	Misfit(String, Misfit),
	/// A value must be known while importing and is not.
	#[error("{0} is not known before running")]
	NotConstant(String),
	/// A result would be too large.
	#[error("a result of {0} bytes is too large")]
	TooLarge(u64),
	/// More tensors than a program may have.
	#[error("more than {MAX_TENSORS} tensors")]
	TooManyTensors,
	/// Constants fail an operator, such as an index out of range.
	#[error("an operator on constants fails")]
	Trap,
}

/// Shorthand for a refusal in words.
pub fn unsupported<T>(why: impl Into<String>) -> Result<T, Refusal> {
	Err(Refusal::Unsupported(why.into()))
}

type Built = Result<Id, Refusal>;

enum Def {
	Input,
	Constant(Rc<Value>),
	Op(Op, Vec<Id>),
}

/// A program being built.
#[derive(Default)]
pub struct Builder {
	defs: Vec<(Def, Meta)>,
	inputs: Vec<Id>,
	known: BTreeMap<Vec<u8>, Id>,
}

impl Builder {
	fn push(&mut self, def: Def, meta: Meta) -> Built {
		// Far more than a program may have, since much of it turns out to be unused.
		if self.defs.len() >= 64 * MAX_TENSORS {
			return Err(Refusal::TooManyTensors);
		}
		if meta.count() == 0 {
			// Importing multiplies dimensions without the empty ones.
			let mut others = meta.shape.iter().copied().filter(|dim| *dim != 0);
			let product = others.clone().try_fold(1, u32::checked_mul);
			if product.is_none() || others.any(|dim| dim > MAX_EMPTY_DIMENSION) {
				return unsupported(format!("no elements in the shape {:?}", meta.shape));
			}
		}
		self.defs.push((def, meta));
		Ok(Id(self.defs.len() as u32 - 1))
	}

	/// Adds an input.
	pub fn input(&mut self, meta: Meta) -> Built {
		if meta.bytes() > MAX_RESULT_BYTES {
			return Err(Refusal::TooLarge(meta.bytes()));
		}
		let id = self.push(Def::Input, meta)?;
		self.inputs.push(id);
		Ok(id)
	}

	/// Adds a constant.
	pub fn constant(&mut self, value: Value) -> Built {
		let meta = value.meta.clone();
		self.push(Def::Constant(Rc::new(value)), meta)
	}

	/// Type and shape of a value.
	pub fn meta(&self, id: Id) -> &Meta {
		&self.defs[id.0 as usize].1
	}

	/// The shape of a value.
	pub fn shape(&self, id: Id) -> Vec<u32> {
		self.meta(id).shape.clone()
	}

	/// The element type of a value.
	pub fn ty(&self, id: Id) -> TensorType {
		self.meta(id).ty
	}

	/// The number of dimensions of a value.
	pub fn rank(&self, id: Id) -> usize {
		self.meta(id).rank()
	}

	/// The value, if it is constant.
	pub fn known(&self, id: Id) -> Option<Rc<Value>> {
		match &self.defs[id.0 as usize].0 {
			Def::Constant(value) => Some(value.clone()),
			_ => None,
		}
	}

	/// The integers of a constant.
	pub fn integers(&self, id: Id, what: &str) -> Result<Vec<i64>, Refusal> {
		let value = self.known(id).ok_or_else(|| Refusal::NotConstant(what.into()))?;
		let ty = value.meta.ty;
		if ty == TensorType::F32 {
			return unsupported(format!("{what} is not of an integer type"));
		}
		Ok((0..value.data.len() as u32)
			.map(|i| countersign_canonical::arith::integer_value(ty, value.data.get(i)) as i64)
			.collect())
	}

	/// The floats of a constant.
	pub fn floats(&self, id: Id, what: &str) -> Result<Vec<f32>, Refusal> {
		let value = self.known(id).ok_or_else(|| Refusal::NotConstant(what.into()))?;
		if value.meta.ty != TensorType::F32 {
			return unsupported(format!("{what} is not of type float"));
		}
		Ok(value.data.words().iter().map(|bits| f32::from_bits(*bits)).collect())
	}

	/// A scalar float.
	pub fn scalar(&mut self, x: f32) -> Built {
		self.constant(Value::from_f32(&[], &[x]))
	}

	/// A scalar of a type, from a whole number.
	pub fn whole(&mut self, ty: TensorType, x: i64) -> Built {
		match ty {
			TensorType::F32 => self.scalar(x as f32),
			_ => self.constant(Value::from_integers(ty, &[], &[x])),
		}
	}

	/// A constant list of 64-bit integers.
	pub fn list(&mut self, elements: &[i64]) -> Built {
		let shape = [elements.len() as u32];
		self.constant(Value::from_integers(TensorType::I64, &shape, elements))
	}

	fn definition(&self, id: Id) -> Option<(&Op, &[Id])> {
		match &self.defs[id.0 as usize].0 {
			Def::Op(op, operands) => Some((op, operands)),
			_ => None,
		}
	}

	/// The value and the order that it is a transpose by.
	fn transposed(&self, id: Id) -> Option<(Id, Vec<u8>)> {
		match self.definition(id) {
			Some((Op::Transpose { order }, [x])) => Some((*x, order.clone())),
			_ => None,
		}
	}

	/// Adds an operator.
	pub fn op(&mut self, op: Op, operands: &[Id]) -> Built {
		if let Some(id) = self.rewrite(&op, operands)? {
			return Ok(id);
		}
		self.emit(op, operands)
	}

	fn emit(&mut self, op: Op, operands: &[Id]) -> Built {
		let key = (&op, operands.iter().map(|id| id.0).collect::<Vec<_>>()).encode();
		if let Some(id) = self.known.get(&key) {
			return Ok(*id);
		}
		let metas: Vec<&Meta> = operands.iter().map(|id| self.meta(*id)).collect();
		let name = || format!("{op:?}").chars().take_while(|c| c.is_alphanumeric()).collect();
		let out = infer(&op, &metas).map_err(|misfit| Refusal::Misfit(name(), misfit))?;
		let constants: Option<Vec<Rc<Value>>> = operands.iter().map(|id| self.known(*id)).collect();
		let id = match constants {
			Some(values) if !operands.is_empty() => {
				if out.bytes() > MAX_CONSTANT_BYTES {
					return Err(Refusal::TooLarge(out.bytes()));
				}
				let values: Vec<&Value> = values.iter().map(|value| &**value).collect();
				let data = kernels::compute(&op, &out, &values).map_err(|_| Refusal::Trap)?;
				self.constant(Value { meta: out, data })?
			}
			_ => {
				if out.bytes() > MAX_RESULT_BYTES {
					return Err(Refusal::TooLarge(out.bytes()));
				}
				self.push(Def::Op(op, operands.to_vec()), out)?
			}
		};
		self.known.insert(key, id);
		Ok(id)
	}

	/// Equal results by cheaper means, or with transposes moved behind the operator, where they
	/// meet others and vanish.
	fn rewrite(&mut self, op: &Op, operands: &[Id]) -> Result<Option<Id>, Refusal> {
		let [x, ..] = operands else {
			return Ok(None);
		};
		let x = *x;
		match op {
			Op::Cast(to) | Op::Wrap(to) if self.ty(x) == *to && *to != TensorType::F32 => {
				return Ok(Some(x));
			}
			Op::Reshape { shape } => {
				if self.meta(x).shape == *shape {
					return Ok(Some(x));
				}
				if let Some((Op::Reshape { .. }, [inner])) = self.definition(x) {
					let inner = *inner;
					return self.op(op.clone(), &[inner]).map(Some);
				}
			}
			Op::Expand { shape } if self.meta(x).shape == *shape => return Ok(Some(x)),
			Op::Slice { ranges } => {
				let whole = self
					.meta(x)
					.shape
					.iter()
					.zip(ranges)
					.all(|(dim, range)| range.length == *dim && (range.step == 1 || *dim == 1));
				if whole {
					return Ok(Some(x));
				}
			}
			Op::Concat { .. } if operands.len() == 1 => return Ok(Some(x)),
			Op::Transpose { order } => return self.rewrite_transpose(order, x),
			_ => (),
		}
		match op {
			Op::Unary(_) | Op::Cast(_) | Op::Wrap(_) => {
				if let Some((inner, order)) = self.transposed(x) {
					let result = self.op(op.clone(), &[inner])?;
					return self.transpose(result, &order).map(Some);
				}
				Ok(None)
			}
			Op::Reduce { reduction, axes } => {
				let Some((inner, order)) = self.transposed(x) else {
					return Ok(None);
				};
				let mut axes: Vec<u8> =
					axes.iter().filter_map(|axis| order.get(usize::from(*axis)).copied()).collect();
				axes.sort_unstable();
				let moved = Op::Reduce { reduction: *reduction, axes };
				// Not where what one element reads would lie too far apart.
				if proof::leaves(&moved, &[self.meta(inner)]) > STEP_LEAVES {
					return Ok(None);
				}
				let result = self.op(moved, &[inner])?;
				self.transpose(result, &order).map(Some)
			}
			Op::Slice { ranges } => {
				let Some((inner, order)) = self.transposed(x) else {
					return Ok(None);
				};
				let mut moved = ranges.clone();
				for (range, axis) in ranges.iter().zip(&order) {
					moved[usize::from(*axis)] = *range;
				}
				let result = self.op(Op::Slice { ranges: moved }, &[inner])?;
				self.transpose(result, &order).map(Some)
			}
			Op::Pad { mode, before, after } => {
				let Some((inner, order)) = self.transposed(x) else {
					return Ok(None);
				};
				let (mut front, mut back) = (before.clone(), after.clone());
				for (i, axis) in order.iter().enumerate() {
					front[usize::from(*axis)] = before[i];
					back[usize::from(*axis)] = after[i];
				}
				let op = Op::Pad { mode: *mode, before: front, after: back };
				let mut moved = operands.to_vec();
				moved[0] = inner;
				let result = self.op(op, &moved)?;
				self.transpose(result, &order).map(Some)
			}
			Op::Concat { axis } => {
				let Some((_, order)) = operands.iter().find_map(|id| self.transposed(*id)) else {
					return Ok(None);
				};
				let axis = usize::from(*axis);
				let Some(axis) = order.get(axis).copied() else {
					return Ok(None);
				};
				let mut moved = Vec::with_capacity(operands.len());
				for id in operands {
					moved.push(self.untransposed(*id, &order)?);
				}
				let result = self.emit(Op::Concat { axis }, &moved)?;
				self.transpose(result, &order).map(Some)
			}
			Op::Binary(_) | Op::Select => self.rewrite_broadcast(op, operands),
			_ => Ok(None),
		}
	}

	fn rewrite_transpose(&mut self, order: &[u8], x: Id) -> Result<Option<Id>, Refusal> {
		if let Some((inner, first)) = self.transposed(x) {
			let combined: Option<Vec<u8>> =
				order.iter().map(|axis| first.get(usize::from(*axis)).copied()).collect();
			let Some(order) = combined else {
				return Ok(None);
			};
			return self.transpose(inner, &order).map(Some);
		}
		if order.iter().enumerate().all(|(i, axis)| i == usize::from(*axis)) {
			return Ok(Some(x));
		}
		// Where only dimensions of size 1 move, nothing moves in memory.
		let shape = self.shape(x);
		if order.len() != shape.len() || order.iter().any(|axis| usize::from(*axis) >= shape.len())
		{
			return Ok(None);
		}
		let kept: Vec<u8> =
			order.iter().copied().filter(|axis| shape[usize::from(*axis)] != 1).collect();
		if kept.is_sorted() && self.known(x).is_none() {
			let shape = order.iter().map(|axis| shape[usize::from(*axis)]).collect();
			return self.op(Op::Reshape { shape }, &[x]).map(Some);
		}
		Ok(None)
	}

	/// `x` seen before a transpose by `order`.
	fn untransposed(&mut self, x: Id, order: &[u8]) -> Built {
		if let Some((inner, own)) = self.transposed(x) {
			if own == order {
				return Ok(inner);
			}
		}
		let rank = order.len();
		let mut shape = vec![1; rank.saturating_sub(self.rank(x))];
		shape.extend(self.shape(x));
		let x = self.op(Op::Reshape { shape }, &[x])?;
		let mut inverse = vec![0u8; rank];
		for (i, axis) in order.iter().enumerate() {
			inverse[usize::from(*axis)] = i as u8;
		}
		self.transpose(x, &inverse)
	}

	fn rewrite_broadcast(&mut self, op: &Op, operands: &[Id]) -> Result<Option<Id>, Refusal> {
		// An operand need not be repeated where another one has the whole shape.
		for (i, id) in operands.iter().enumerate() {
			let Some((Op::Expand { shape }, [inner])) = self.definition(*id) else {
				continue;
			};
			let (inner, shape) = (*inner, shape.clone());
			let covered = operands.iter().enumerate().any(|(j, other)| {
				i != j && self.rank(*other) >= shape.len() && {
					let own = &self.meta(*other).shape;
					own[own.len() - shape.len()..] == shape[..]
				}
			});
			if covered {
				let mut changed = operands.to_vec();
				changed[i] = inner;
				return self.op(op.clone(), &changed).map(Some);
			}
		}
		let rank = operands.iter().map(|id| self.rank(*id)).max().unwrap_or(0);
		let found = operands
			.iter()
			.find_map(|id| self.transposed(*id).filter(|(_, order)| order.len() == rank));
		let Some((_, order)) = found else {
			return Ok(None);
		};
		let mut moved = Vec::with_capacity(operands.len());
		for id in operands {
			if self.meta(*id).shape.is_empty() {
				moved.push(*id);
			} else {
				moved.push(self.untransposed(*id, &order)?);
			}
		}
		// Emitted as it is: an operand transposed the other way would be moved back again.
		let result = self.emit(op.clone(), &moved)?;
		self.transpose(result, &order).map(Some)
	}

	/// `x * factor + shift` by channel, where `x` is a convolution with constant weights: the
	/// factor goes into the weights. Nothing where it is not.
	pub fn scale_product(&mut self, x: Id, factor: Id, shift: Id) -> Result<Option<Id>, Refusal> {
		let Some((inner, order)) = self.transposed(x) else {
			return Ok(None);
		};
		let (conv, bias) = match self.definition(inner) {
			Some((Op::Binary(Binary::Add), [conv, bias])) => (*conv, Some(*bias)),
			_ => (inner, None),
		};
		let Some((op @ Op::Conv { .. }, [input, weights])) = self.definition(conv) else {
			return Ok(None);
		};
		let (op, input, weights) = (op.clone(), *input, *weights);
		let constants = [Some(weights), Some(factor), Some(shift), bias];
		let outputs = self.shape(weights)[0];
		let whole = order.get(1).map(|axis| usize::from(*axis)) == Some(self.rank(conv) - 1);
		let fits = |id: Id| self.meta(id).count() == outputs && self.rank(id) == 1;
		if !whole
			|| constants.iter().flatten().any(|id| self.known(*id).is_none())
			|| !fits(factor)
			|| !fits(shift)
			|| bias.is_some_and(|bias| !fits(bias))
		{
			return Ok(None);
		}
		let mut column = vec![1; self.rank(weights)];
		column[0] = outputs;
		let by_output = self.reshape(factor, &column)?;
		let weights = self.mul(weights, by_output)?;
		let shift = match bias {
			Some(bias) => {
				let scaled = self.mul(bias, factor)?;
				self.add(scaled, shift)?
			}
			None => shift,
		};
		let conv = self.emit(op, &[input, weights])?;
		let sum = self.emit(Op::Binary(Binary::Add), &[conv, shift])?;
		self.transpose(sum, &order).map(Some)
	}

	/// A unary operator.
	pub fn unary(&mut self, kind: Unary, x: Id) -> Built {
		self.op(Op::Unary(kind), &[x])
	}

	/// A binary operator.
	pub fn binary(&mut self, kind: Binary, a: Id, b: Id) -> Built {
		self.op(Op::Binary(kind), &[a, b])
	}

	/// A sum.
	pub fn add(&mut self, a: Id, b: Id) -> Built {
		self.binary(Binary::Add, a, b)
	}

	/// A difference.
	pub fn sub(&mut self, a: Id, b: Id) -> Built {
		self.binary(Binary::Sub, a, b)
	}

	/// A product.
	pub fn mul(&mut self, a: Id, b: Id) -> Built {
		self.binary(Binary::Mul, a, b)
	}

	/// A quotient.
	pub fn div(&mut self, a: Id, b: Id) -> Built {
		self.binary(Binary::Div, a, b)
	}

	/// The larger.
	pub fn max(&mut self, a: Id, b: Id) -> Built {
		self.binary(Binary::Max, a, b)
	}

	/// The smaller.
	pub fn min(&mut self, a: Id, b: Id) -> Built {
		self.binary(Binary::Min, a, b)
	}

	/// A choice.
	pub fn select(&mut self, condition: Id, a: Id, b: Id) -> Built {
		self.op(Op::Select, &[condition, a, b])
	}

	/// A cast that saturates.
	pub fn cast(&mut self, x: Id, to: TensorType) -> Built {
		if self.ty(x) == to {
			return Ok(x);
		}
		self.op(Op::Cast(to), &[x])
	}

	/// Another shape.
	pub fn reshape(&mut self, x: Id, shape: &[u32]) -> Built {
		self.op(Op::Reshape { shape: shape.to_vec() }, &[x])
	}

	/// Another order of dimensions.
	pub fn transpose(&mut self, x: Id, order: &[u8]) -> Built {
		self.op(Op::Transpose { order: order.to_vec() }, &[x])
	}

	/// Dimension `from` becomes dimension `to`; the others keep their order.
	pub fn move_axis(&mut self, x: Id, from: usize, to: usize) -> Built {
		let mut order: Vec<u8> = (0..self.rank(x) as u8).collect();
		if from.max(to) >= order.len() {
			return unsupported(format!("no dimension {} of {}", from.max(to), order.len()));
		}
		let axis = order.remove(from);
		order.insert(to, axis);
		self.transpose(x, &order)
	}

	/// A repetition.
	pub fn expand(&mut self, x: Id, shape: &[u32]) -> Built {
		self.op(Op::Expand { shape: shape.to_vec() }, &[x])
	}

	/// A reduction that keeps the dimensions. Where one element would need too many leaves, the
	/// reduced dimensions go last, and long ones are reduced part by part.
	pub fn reduce(&mut self, reduction: Reduction, x: Id, axes: &[usize]) -> Built {
		let mut axes: Vec<u8> = axes.iter().map(|axis| *axis as u8).collect();
		axes.sort_unstable();
		axes.dedup();
		let op = Op::Reduce { reduction, axes: axes.clone() };
		if proof::leaves(&op, &[self.meta(x)]) <= STEP_LEAVES || self.known(x).is_some() {
			return self.op(op, &[x]);
		}
		let rank = self.rank(x);
		let mut kept = self.shape(x);
		let mut order: Vec<u8> = (0..rank as u8).filter(|axis| !axes.contains(axis)).collect();
		order.extend(&axes);
		let count: u32 = axes.iter().map(|axis| kept[usize::from(*axis)]).product();
		axes.iter().for_each(|axis| kept[usize::from(*axis)] = 1);
		let x = self.transpose(x, &order)?;
		let outer = self.meta(x).count() / count.max(1);
		let x = self.reshape(x, &[outer, count])?;
		let step = STEP_LEAVES as u32 / 2 * 1024 / self.ty(x).size() as u32;
		let op = Op::Reduce { reduction, axes: vec![1] };
		let mut parts = Vec::new();
		for start in (0..count).step_by(step as usize) {
			let part = self.slice(x, 1, start, step.min(count - start))?;
			parts.push(self.emit(op.clone(), &[part])?);
		}
		let result = self.concat(&parts, 1)?;
		let result = match parts.len() {
			1 => result,
			_ => self.reduce(reduction, result, &[1])?,
		};
		self.reshape(result, &kept)
	}

	/// The mean over dimensions, which stay.
	pub fn mean(&mut self, x: Id, axes: &[usize]) -> Built {
		let shape = self.shape(x);
		let count: u64 = axes.iter().map(|axis| u64::from(shape[*axis])).product();
		let sum = self.reduce(Reduction::Sum, x, axes)?;
		let count = self.scalar(count as f32)?;
		self.div(sum, count)
	}

	/// A part along one dimension.
	pub fn slice(&mut self, x: Id, axis: usize, start: u32, length: u32) -> Built {
		let mut ranges = self.whole_ranges(x);
		let Some(range) = ranges.get_mut(axis) else {
			return unsupported(format!("no dimension {axis} to take a part of"));
		};
		*range = Range { start: if length == 0 { 0 } else { start }, step: 1, length };
		self.op(Op::Slice { ranges }, &[x])
	}

	/// Ranges that take everything.
	pub fn whole_ranges(&self, x: Id) -> Vec<Range> {
		self.meta(x).shape.iter().map(|dim| Range { start: 0, step: 1, length: *dim }).collect()
	}

	/// Zeros, or another constant, around a value.
	pub fn pad(&mut self, x: Id, before: Vec<u32>, after: Vec<u32>, value: Option<Id>) -> Built {
		if before.iter().chain(&after).all(|pad| *pad == 0) {
			return Ok(x);
		}
		let mut operands = vec![x];
		operands.extend(value);
		self.op(Op::Pad { mode: PadMode::Constant, before, after }, &operands)
	}

	/// Parts one after the other.
	pub fn concat(&mut self, parts: &[Id], axis: usize) -> Built {
		self.op(Op::Concat { axis: axis as u8 }, parts)
	}

	/// Turns what was built into a program: what `outputs` need, in the order in which it was
	/// built, equal constants once.
	pub fn finish(self, outputs: &[Id]) -> Result<Package, Refusal> {
		let mut used = vec![false; self.defs.len()];
		for output in outputs {
			used[output.0 as usize] = true;
		}
		for at in (0..self.defs.len()).rev() {
			if let (true, (Def::Op(_, operands), _)) = (used[at], &self.defs[at]) {
				for operand in operands {
					used[operand.0 as usize] = true;
				}
			}
		}
		let mut numbers: BTreeMap<u32, u16> = BTreeMap::new();
		let mut program = Program {
			version: VERSION,
			inputs: Vec::new(),
			constants: Vec::new(),
			nodes: Vec::new(),
			outputs: Vec::new(),
		};
		let mut constants = Vec::new();
		for (number, id) in self.inputs.iter().enumerate() {
			numbers.insert(id.0, number as u16);
			program.inputs.push(self.meta(*id).clone());
		}
		let mut seen = BTreeMap::new();
		for (at, (def, meta)) in self.defs.iter().enumerate() {
			let (Def::Constant(value), true) = (def, used[at]) else {
				continue;
			};
			let tensor = value.to_tensor();
			let commitment = tensor_commitment(&tensor, None);
			let next = self.inputs.len() + constants.len();
			let number = *seen.entry(commitment).or_insert_with(|| {
				program.constants.push(Constant { meta: meta.clone(), commitment });
				constants.push(tensor.data);
				next
			});
			if number >= MAX_TENSORS {
				return Err(Refusal::TooManyTensors);
			}
			numbers.insert(at as u32, number as u16);
		}
		for (at, (def, _)) in self.defs.iter().enumerate() {
			let (Def::Op(op, operands), true) = (def, used[at]) else {
				continue;
			};
			let number = program.first_result() + program.nodes.len();
			if number >= MAX_TENSORS {
				return Err(Refusal::TooManyTensors);
			}
			let operands = operands.iter().map(|id| numbers[&id.0]).collect();
			program.nodes.push(Node { op: op.clone(), operands });
			numbers.insert(at as u32, number as u16);
		}
		program.outputs = outputs.iter().map(|id| numbers[&id.0]).collect();
		Ok(Package { program, constants })
	}

	/// A constant tensor of floats.
	pub fn floats_of(&mut self, shape: &[u32], elements: &[f32]) -> Built {
		if element_count(shape) != Some(elements.len() as u32) {
			return unsupported("a constant's shape does not fit its elements");
		}
		self.constant(Value::from_f32(shape, elements))
	}

	/// A constant tensor that repeats one element's bits.
	pub fn filled(&mut self, ty: TensorType, shape: &[u32], bits: u64) -> Built {
		let count = element_count(shape).ok_or(Refusal::TooLarge(u64::MAX))?;
		let meta = Meta { ty, shape: shape.to_vec() };
		if meta.bytes() > MAX_CONSTANT_BYTES {
			return Err(Refusal::TooLarge(meta.bytes()));
		}
		let mut data = Data::with_capacity(ty, count as usize);
		for _ in 0..count {
			data.push(bits);
		}
		self.constant(Value { meta, data })
	}
}
