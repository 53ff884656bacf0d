//! Running a program.

use crate::{
	arith,
	cost::Cost,
	element::Stop,
	kernels,
	op::Op,
	program::{Package, Plan, Program, ProgramError},
	tensor::{Data, Meta, Tensor, TensorType, Value},
};
use alloc::{vec, vec::Vec};
use codec::Decode;

/// Why a run gave no output. It is as deterministic as an output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trap {
	/// The inputs are not as many, or not of the types and shapes, that the program takes.
	BadInput,
	/// The operator of this number failed on its values.
	Operator(u32),
}

impl Trap {
	/// Code and operator as results carry them: 0 for bad input, without an operator, and 1 for an
	/// operator.
	pub const fn to_parts(self) -> (u8, u32) {
		match self {
			Self::BadInput => (0, u32::MAX),
			Self::Operator(number) => (1, number),
		}
	}

	/// The reverse of [`Trap::to_parts`]; `None` for what no canonical run gives.
	pub const fn from_parts(code: u8, operator: u32) -> Option<Self> {
		match (code, operator) {
			(0, u32::MAX) => Some(Self::BadInput),
			(1, number) if number < u32::MAX => Some(Self::Operator(number)),
			_ => None,
		}
	}
}

/// What came of a run, with what judging a claim needs to know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
	/// The outputs, or the trap.
	pub result: Result<Vec<Tensor>, Trap>,
	/// For each output whether some cast from floats to integers on the way to it saturated or met
	/// a NaN. Where an operator trapped, one entry, for the way to that operator. Empty where the
	/// input was refused.
	pub saturated: Vec<bool>,
}

/// A program with its constants, ready to run.
#[derive(Clone, Debug)]
pub struct Model {
	program: Program,
	plan: Plan,
	constants: Vec<Value>,
}

impl Model {
	/// Prepares a package. Its constants are checked against the program's commitments.
	pub fn new(package: &Package) -> Result<Self, ProgramError> {
		package.check_constants()?;
		Self::new_unchecked(package)
	}

	/// Prepares a package whose constants the caller has checked against the commitments. They
	/// are still checked against types and shapes.
	pub fn new_unchecked(package: &Package) -> Result<Self, ProgramError> {
		Self::from_unchecked(package.clone())
	}

	/// As [`Model::new_unchecked`], taking the bytes apart as it reads them, so that they are in
	/// memory only once.
	pub fn from_unchecked(package: Package) -> Result<Self, ProgramError> {
		let Package { program, constants: given } = package;
		let plan = program.plan()?;
		if given.len() != program.constants.len() {
			return Err(ProgramError::Constant(given.len() as u32));
		}
		let mut constants = Vec::with_capacity(given.len());
		for (number, (constant, bytes)) in program.constants.iter().zip(given).enumerate() {
			let data = Data::from_bytes(constant.meta.ty, &bytes)
				.filter(|data| data.len() as u64 == u64::from(constant.meta.count()))
				.ok_or(ProgramError::Constant(number as u32))?;
			constants.push(Value { meta: constant.meta.clone(), data });
		}
		Ok(Self { program, plan, constants })
	}

	/// Decodes and prepares the encoding of a package.
	pub fn decode(bytes: &[u8]) -> Result<Self, ProgramError> {
		let mut input = bytes;
		let package = Package::decode(&mut input).map_err(|_| ProgramError::Malformed)?;
		if !input.is_empty() {
			return Err(ProgramError::Malformed);
		}
		package.check_constants()?;
		Self::from_unchecked(package)
	}

	/// The program.
	pub fn program(&self) -> &Program {
		&self.program
	}

	/// What follows from the program alone.
	pub fn plan(&self) -> &Plan {
		&self.plan
	}

	/// Runs the program.
	pub fn run(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>, Trap> {
		self.run_traced(inputs, |_, _| ())
	}

	/// Runs the program and watches its casts, for judging a claim.
	pub fn run_watched(&self, inputs: &[Tensor]) -> Outcome {
		let mut tainted = vec![false; self.plan.metas.len()];
		let result = self.execute(inputs, |_, _| (), &mut Some(&mut tainted));
		let first = self.program.first_result();
		let at = |tensor: usize| tainted.get(tensor).copied().unwrap_or(false);
		let saturated = match &result {
			Ok(_) => self.program.outputs.iter().map(|output| at(usize::from(*output))).collect(),
			Err(Trap::Operator(number)) => vec![at(first + *number as usize)],
			Err(Trap::BadInput) => Vec::new(),
		};
		Outcome { result, saturated }
	}

	/// Runs the program and shows the result of each node.
	pub fn run_traced(
		&self,
		inputs: &[Tensor],
		see: impl FnMut(u32, &Value),
	) -> Result<Vec<Tensor>, Trap> {
		self.execute(inputs, see, &mut None)
	}

	fn execute(
		&self,
		inputs: &[Tensor],
		mut see: impl FnMut(u32, &Value),
		tainted: &mut Option<&mut Vec<bool>>,
	) -> Result<Vec<Tensor>, Trap> {
		let inputs = self.read_inputs(inputs)?;
		let first = self.program.first_result();
		let mut values: Vec<Option<Value>> = Vec::with_capacity(first + self.program.nodes.len());
		let ports = inputs.len();
		values.extend(inputs.into_iter().map(Some));
		// Constants are read in place; their slots stay empty.
		values.resize_with(first, || None);
		for (number, node) in self.program.nodes.iter().enumerate() {
			let number = number as u32;
			let out = &self.plan.metas[values.len()];
			if let Some(tainted) = tainted {
				let saturates = match (&node.op, node.operands.first()) {
					(Op::Cast(to), Some(operand)) => {
						let at = usize::from(*operand);
						let value = values.get(at).and_then(Option::as_ref);
						value.or(self.constant(at, ports)).is_some_and(|x| saturates(*to, x))
					}
					_ => false,
				};
				let inherited = node.operands.iter().any(|operand| tainted[usize::from(*operand)]);
				tainted[first + number as usize] = saturates || inherited;
			}
			let value = self.step(&node.op, &node.operands, out, number, ports, &mut values)?;
			see(number, &value);
			values.push(Some(value));
			let made = values.len() - 1;
			for tensor in node.operands.iter().map(|o| usize::from(*o)).chain([made]) {
				if self.plan.last_use[tensor] == number {
					values[tensor] = None;
				}
			}
		}
		self.program
			.outputs
			.iter()
			.map(|output| {
				let at = usize::from(*output);
				let value = match values.get(at).and_then(Option::as_ref) {
					Some(value) => value,
					None => self.constant(at, ports).ok_or(Trap::BadInput)?,
				};
				Ok(value.to_tensor())
			})
			.collect()
	}

	fn constant(&self, tensor: usize, ports: usize) -> Option<&Value> {
		self.constants.get(tensor.checked_sub(ports)?)
	}

	fn read_inputs(&self, inputs: &[Tensor]) -> Result<Vec<Value>, Trap> {
		if inputs.len() != self.program.inputs.len() {
			return Err(Trap::BadInput);
		}
		inputs
			.iter()
			.zip(&self.program.inputs)
			.map(|(tensor, meta)| {
				let value = Value::from_tensor(tensor).ok_or(Trap::BadInput)?;
				if value.meta != *meta {
					return Err(Trap::BadInput);
				}
				Ok(value)
			})
			.collect()
	}

	fn step(
		&self,
		op: &Op,
		operands: &[u16],
		out: &Meta,
		number: u32,
		ports: usize,
		values: &mut [Option<Value>],
	) -> Result<Value, Trap> {
		let trap = Trap::Operator(number);
		if let (Op::Reshape { .. }, [operand]) = (op, operands) {
			let at = usize::from(*operand);
			if self.plan.last_use[at] == number {
				if let Some(value) = values.get_mut(at).and_then(Option::take) {
					return Ok(Value { meta: out.clone(), data: value.data });
				}
			}
		}
		let mut given = Vec::with_capacity(operands.len());
		for operand in operands {
			let at = usize::from(*operand);
			let value = match values.get(at).and_then(Option::as_ref) {
				Some(value) => value,
				None => self.constant(at, ports).ok_or(trap)?,
			};
			given.push(value);
		}
		match kernels::compute(op, out, &given) {
			Ok(data) => Ok(Value { meta: out.clone(), data }),
			Err(Stop::Trap | Stop::Missing | Stop::Invalid) => Err(trap),
		}
	}
}

/// Whether a cast of these elements saturates, or meets a NaN.
fn saturates(to: TensorType, x: &Value) -> bool {
	x.meta.ty == TensorType::F32
		&& x.data.words().iter().any(|bits| arith::cast_saturates(to, f32::from_bits(*bits)))
}

/// A package ready to run, for callers that hold its encoding, as the runtime does.
#[derive(Debug)]
pub struct Prepared<'a> {
	model: Model,
	_package: core::marker::PhantomData<&'a [u8]>,
}

impl<'a> Prepared<'a> {
	/// Decodes a package and checks all of it: limits, types, shapes, and each constant against
	/// its commitment.
	pub fn from_package(package: &'a [u8]) -> Result<Self, ProgramError> {
		Ok(Self { model: Model::decode(package)?, _package: core::marker::PhantomData })
	}

	/// The root of the program.
	pub fn root(&self) -> crate::commitment::Hash {
		self.model.program.root()
	}

	/// What a run costs, whatever the inputs.
	pub fn cost(&self) -> &Cost {
		&self.model.plan.cost
	}

	/// Types and shapes of the inputs.
	pub fn inputs(&self) -> Vec<Meta> {
		self.model.program.inputs.clone()
	}

	/// Types and shapes of the outputs.
	pub fn outputs(&self) -> Vec<Meta> {
		self.model.program.output_metas(&self.model.plan)
	}

	/// Runs the program.
	pub fn run(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>, Trap> {
		self.model.run(inputs)
	}

	/// Runs the program and watches its casts, for judging a claim.
	pub fn run_watched(&self, inputs: &[Tensor]) -> Outcome {
		self.model.run_watched(inputs)
	}
}
