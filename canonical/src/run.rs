//! Running a program.

use crate::{
	element::Stop,
	kernels,
	op::Op,
	program::{Package, Plan, Program, ProgramError},
	tensor::{Data, Meta, Tensor, Value},
};
use alloc::vec::Vec;
use codec::Decode;

/// Why a run gave no output. It is as deterministic as an output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trap {
	/// The inputs are not as many, or not of the types and shapes, that the program takes.
	BadInput,
	/// The operator of this number failed on its values.
	Operator(u32),
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

	/// Runs the program and shows the result of each node.
	pub fn run_traced(
		&self,
		inputs: &[Tensor],
		mut see: impl FnMut(u32, &Value),
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
