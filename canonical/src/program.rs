//! Programs: a model in canonical form.
//!
//! A program is a list of operators whose operands are inputs, constants or earlier results. Its
//! shapes are fixed, so types, shapes and cost of everything follow from it alone. The constants
//! travel beside it and are named by their commitments. Decoding trusts nothing.

use crate::{
	commitment::{blob_commitment, commitment_from_top, merkle_top_of, Hash},
	cost::{self, Cost},
	infer::{infer, Misfit, MAX_OPERANDS},
	memory::{Layout, Wanted},
	op::Op,
	proof,
	tensor::{element_count, Meta, MAX_RANK},
	VERSION,
};
use alloc::{vec, vec::Vec};
use codec::{Decode, DecodeWithMemTracking, Encode};
use sp_crypto_hashing::blake2_256;

/// The most tensors: inputs, constants and results together.
pub const MAX_TENSORS: usize = 4096;
/// The most bytes of one input or one result.
pub const MAX_RESULT_BYTES: u64 = 16 * 1024 * 1024;
/// The most inputs, and the most outputs.
pub const MAX_PORTS: usize = 16;
/// The longest encoding of a program, without its constants.
pub const MAX_PROGRAM_BYTES: usize = 1024 * 1024;

/// A constant: what it is, and the commitment to its elements.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub struct Constant {
	/// Type and shape.
	pub meta: Meta,
	/// The commitment to the tensor, without salt.
	pub commitment: Hash,
}

/// One operator and where its operands come from.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub struct Node {
	/// The operator.
	pub op: Op,
	/// Tensors by number: first the inputs, then the constants, then the results of nodes.
	pub operands: Vec<u16>,
}

/// A model in canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub struct Program {
	/// The version of the operator set.
	pub version: u16,
	/// Types and shapes of the inputs.
	pub inputs: Vec<Meta>,
	/// The constants.
	pub constants: Vec<Constant>,
	/// The operators, in the order in which they run.
	pub nodes: Vec<Node>,
	/// Which tensors are the outputs.
	pub outputs: Vec<u16>,
}

/// Why bytes are not a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProgramError {
	/// Not the encoding of a program, or longer than [`MAX_PROGRAM_BYTES`].
	Malformed,
	/// A version that this crate does not define.
	UnknownVersion,
	/// More than [`MAX_TENSORS`] tensors.
	TooManyTensors,
	/// No input or output, or more than [`MAX_PORTS`].
	Ports,
	/// An input or a constant has too many dimensions or elements.
	Declaration(u32),
	/// An operand of the node is no earlier tensor.
	Dangling(u32),
	/// The operator of the node does not fit its operands.
	Misfit(u32, Misfit),
	/// The result of the node, or the input of that number, is larger than [`MAX_RESULT_BYTES`].
	TooLarge(u32),
	/// A constant's data is not what its declaration says, or holds a NaN other than the one or a
	/// `Bool` that is neither 0 nor 1.
	Constant(u32),
	/// A bounded run does not fit into [`crate::memory::MAX_SLABS`] slabs.
	Memory,
}

impl core::fmt::Display for ProgramError {
	fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
		write!(f, "not a canonical program: {self:?}")
	}
}

impl core::error::Error for ProgramError {}

/// What follows from a program alone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
	/// Types and shapes of all tensors.
	pub metas: Vec<Meta>,
	/// For each tensor the node after which nobody reads it; `u32::MAX` for outputs.
	pub last_use: Vec<u32>,
	/// What a run costs.
	pub cost: Cost,
	/// The most leaves of operands that the proof of any one element opens. A program above
	/// [`crate::proof::MAX_LEAVES`] runs like any other, but only a replay can decide about it.
	pub leaves: u64,
	/// Where values lie.
	pub(crate) layout: Layout,
}

/// The parts of a program that its plan follows from.
pub(crate) struct Parts<'a, C, N> {
	pub(crate) version: u16,
	pub(crate) inputs: &'a [Meta],
	pub(crate) constants: C,
	pub(crate) nodes: N,
	pub(crate) outputs: &'a [u16],
	/// Bytes of the first slab that are taken.
	pub(crate) reserved: u64,
}

impl<'a, C, N> Parts<'a, C, N>
where
	C: ExactSizeIterator<Item = &'a Meta>,
	N: ExactSizeIterator<Item = &'a Node> + Clone,
{
	/// Checks everything and infers types, shapes and cost.
	pub(crate) fn plan(self) -> Result<Plan, ProgramError> {
		if self.version != VERSION {
			return Err(ProgramError::UnknownVersion);
		}
		let (ports, constants) = (self.inputs.len(), self.constants.len());
		let total = ports.saturating_add(constants).saturating_add(self.nodes.len());
		if total > MAX_TENSORS {
			return Err(ProgramError::TooManyTensors);
		}
		let allowed = 1..=MAX_PORTS;
		if !allowed.contains(&ports) || !allowed.contains(&self.outputs.len()) {
			return Err(ProgramError::Ports);
		}
		let mut metas: Vec<Meta> = Vec::with_capacity(total);
		let mut cost = Cost::default();
		for (number, meta) in self.inputs.iter().chain(self.constants).enumerate() {
			if meta.rank() > MAX_RANK || element_count(&meta.shape).is_none() {
				return Err(ProgramError::Declaration(number as u32));
			}
			if number < ports && meta.bytes() > MAX_RESULT_BYTES {
				return Err(ProgramError::TooLarge(number as u32));
			}
			if number >= ports {
				cost.constants = cost.constants.saturating_add(meta.bytes());
			}
			metas.push(meta.clone());
		}
		let mut last_use = vec![0u32; total];
		let mut leaves = 0;
		for (number, node) in self.nodes.clone().enumerate() {
			let number = number as u32;
			if node.operands.len() > MAX_OPERANDS {
				return Err(ProgramError::Misfit(number, Misfit::Operands));
			}
			let mut operands = Vec::with_capacity(node.operands.len());
			for operand in &node.operands {
				let at = usize::from(*operand);
				operands.push(metas.get(at).ok_or(ProgramError::Dangling(number))?);
				last_use[at] = number;
			}
			let out = infer(&node.op, &operands)
				.map_err(|misfit| ProgramError::Misfit(number, misfit))?;
			if out.bytes() > MAX_RESULT_BYTES {
				return Err(ProgramError::TooLarge(number));
			}
			cost.add_operator(&cost::of(&node.op, &out, &operands));
			leaves = leaves.max(proof::leaves(&node.op, &operands));
			last_use[metas.len()] = number;
			metas.push(out);
		}
		for output in self.outputs {
			*last_use
				.get_mut(usize::from(*output))
				.ok_or(ProgramError::Dangling(self.nodes.len() as u32))? = u32::MAX;
		}
		let wanted = Wanted {
			inputs: ports,
			constants,
			metas: &metas,
			last_use: &last_use,
			reserved: self.reserved,
			scratch: true,
		};
		let layout = Layout::new(&wanted, self.nodes);
		cost.peak = layout.bytes();
		cost.slabs = layout.slabs().map_or(u32::MAX, |slabs| slabs as u32);
		Ok(Plan { metas, last_use, cost, leaves, layout })
	}
}

impl Program {
	/// Decodes and checks a program.
	pub fn decode_checked(bytes: &[u8]) -> Result<(Self, Plan), ProgramError> {
		if bytes.len() > MAX_PROGRAM_BYTES {
			return Err(ProgramError::Malformed);
		}
		let mut input = bytes;
		let program = Self::decode(&mut input).map_err(|_| ProgramError::Malformed)?;
		if !input.is_empty() {
			return Err(ProgramError::Malformed);
		}
		let plan = program.plan()?;
		Ok((program, plan))
	}

	/// What identifies the program: `H(4 | version | commitment to its encoding)`. The encoding
	/// names the constants by their commitments, so this commits to everything.
	pub fn root(&self) -> Hash {
		let mut data = vec![4u8];
		self.version.encode_to(&mut data);
		data.extend_from_slice(&blob_commitment(&self.encode()));
		blake2_256(&data)
	}

	/// The number of the first result.
	pub fn first_result(&self) -> usize {
		self.inputs.len() + self.constants.len()
	}

	/// Checks everything and infers types, shapes and cost.
	pub fn plan(&self) -> Result<Plan, ProgramError> {
		Parts {
			version: self.version,
			inputs: &self.inputs,
			constants: self.constants.iter().map(|constant| &constant.meta),
			nodes: self.nodes.iter(),
			outputs: &self.outputs,
			reserved: 0,
		}
		.plan()
	}

	/// Types and shapes of the outputs.
	pub fn output_metas(&self, plan: &Plan) -> Vec<Meta> {
		self.outputs.iter().map(|output| plan.metas[usize::from(*output)].clone()).collect()
	}
}

/// A program together with its constants: what is stored and sent.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Package {
	/// The program.
	pub program: Program,
	/// The elements of each constant, little-endian.
	pub constants: Vec<Vec<u8>>,
}

impl Package {
	/// Checks each constant against its declaration and commitment.
	pub fn check_constants(&self) -> Result<(), ProgramError> {
		if self.constants.len() != self.program.constants.len() {
			return Err(ProgramError::Constant(self.constants.len() as u32));
		}
		for (number, (constant, data)) in
			self.program.constants.iter().zip(&self.constants).enumerate()
		{
			let wrong = ProgramError::Constant(number as u32);
			if constant.meta.bytes() != data.len() as u64 {
				return Err(wrong);
			}
			let Meta { ty, shape } = &constant.meta;
			let top = merkle_top_of(data, blake2_256);
			let commitment = commitment_from_top(*ty, shape, data.len() as u64, None, top);
			if commitment != constant.commitment {
				return Err(wrong);
			}
		}
		Ok(())
	}
}
