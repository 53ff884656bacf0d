//! What a game needs to know of a program, and what can be told about a result without a game.

use super::types::OutputFact;
use crate::referee::Rules;
use alloc::{vec, vec::Vec};
use codec::Encode;
use countersign_canonical::part::{Operand, Skeleton, Source};
use countersign_primitives::{
	commitment::{commitment_from_top, list_commitment},
	dispute::OpenResult,
	game::{GameRefusal, InputTop, Opening, TensorSource},
	program::ProgramPort,
	request::{InlineBytes, Outcome, TrapCode},
	tensor::{check_signature, decode_tensors, Tensor, MAX_PORTS},
	Hash,
};
use countersign_programs::{policy, type_from_canonical};
use frame_support::{ensure, traits::ConstU32, BoundedVec};
use sp_io::hashing::blake2_256;

/// What follows from program and inputs.
pub(crate) struct Facts {
	pub(crate) parts: Hash,
	pub(crate) operators: u16,
	pub(crate) longest_part: u32,
	pub(crate) inputs: BoundedVec<Hash, ConstU32<MAX_PORTS>>,
	pub(crate) outputs: BoundedVec<OutputFact, ConstU32<MAX_PORTS>>,
}

/// What an opening leads to.
pub(crate) enum Opened {
	/// The result is wrong, whatever the operators give.
	Wrong,
	/// A game has to tell.
	Game(Facts),
}

fn port(meta: &countersign_canonical::Meta) -> Option<ProgramPort> {
	let shape = meta.shape.clone().try_into().ok()?;
	Some(ProgramPort { ty: type_from_canonical(meta.ty), shape })
}

fn output(operand: &Operand, casts: bool) -> Option<OutputFact> {
	let source = match operand.source {
		Source::Input(at) => TensorSource::Input(at),
		Source::Constant(commitment) => TensorSource::Constant(commitment.into()),
		Source::Node(node) => TensorSource::Operator(node),
	};
	Some(OutputFact { tensor: operand.tensor, meta: port(&operand.meta)?, source, casts })
}

/// The commitments to the inputs, if together they are what the request committed to.
fn input_commitments(
	inputs: &[InputTop],
	committed: &Hash,
) -> Result<BoundedVec<Hash, ConstU32<MAX_PORTS>>, GameRefusal> {
	let each: Vec<Hash> = inputs
		.iter()
		.map(|input| commitment_from_top(input.ty, &input.shape, input.length, None, input.top))
		.collect();
	ensure!(list_commitment(&each) == *committed, GameRefusal::WrongInputs);
	each.try_into().map_err(|_| GameRefusal::WrongInputs)
}

/// The outputs as a result would carry them, with zeros for elements; refused where they are not
/// what the manifest declares, because then no result of this model can be right.
fn exposed(rules: &Rules, outputs: &[(Operand, bool)]) -> Result<Vec<Tensor>, GameRefusal> {
	let policies = &rules.manifest.policies;
	ensure!(policies.len() == outputs.len(), GameRefusal::NotProvable);
	let mut tensors = Vec::with_capacity(outputs.len());
	let mut left = u64::from(countersign_primitives::tensor::MAX_INLINE_BYTES);
	for ((operand, _), by) in outputs.iter().zip(policies) {
		let by = policy(by);
		let meta = by.exposed_meta(&operand.meta).map_err(|_| GameRefusal::NotProvable)?;
		left = left.checked_sub(meta.bytes()).ok_or(GameRefusal::NotProvable)?;
		let data = vec![0u8; meta.bytes() as usize];
		tensors.push(Tensor { ty: type_from_canonical(meta.ty), shape: meta.shape, data });
	}
	let fits = check_signature(&rules.manifest.outputs, &tensors).is_ok()
		&& InlineBytes::try_from(tensors.encode()).is_ok();
	ensure!(fits, GameRefusal::NotProvable);
	Ok(tensors)
}

/// Checks an opening against model, request and result.
pub(crate) fn open(
	result: &OpenResult,
	rules: &Rules,
	opening: &Opening,
) -> Result<Opened, GameRefusal> {
	let inputs = input_commitments(&opening.inputs, &result.statement.input)?;
	let root = Skeleton::root_of(&opening.program, blake2_256);
	ensure!(root == rules.root.0, GameRefusal::WrongProgram);
	let as_declared = |operators: u32, operands: u32| {
		operators == u32::from(opening.operators) && operands == opening.operands
	};
	let skeleton = Skeleton::decode_if(&opening.program, as_declared)
		.map_err(|_| GameRefusal::WrongProgram)?;
	let outputs = skeleton.outputs();
	let exposed = exposed(rules, &outputs)?;

	let takes = skeleton.inputs();
	let fits = takes.len() == opening.inputs.len()
		&& takes.iter().zip(&opening.inputs).all(|(meta, input)| {
			type_from_canonical(meta.ty) == input.ty
				&& meta.shape[..] == input.shape[..]
				&& meta.bytes() == input.length
		});
	let is_wrong = match &result.outcome {
		Outcome::Trap { code: TrapCode::BadInput, operator: u32::MAX } if !fits => {
			return Err(GameRefusal::NothingWrong)
		}
		_ if !fits => true,
		Outcome::Trap { code: TrapCode::Operator, operator } => *operator >= skeleton.nodes(),
		// No canonical run ends like this.
		Outcome::Trap { .. } => true,
		Outcome::Output(bytes) => match decode_tensors(bytes) {
			Ok(claimed) => {
				let alike = |(claimed, exposed): (&Tensor, &Tensor)| {
					claimed.ty == exposed.ty && claimed.shape == exposed.shape
				};
				claimed.len() != exposed.len() || !claimed.iter().zip(&exposed).all(alike)
			}
			Err(_) => true,
		},
	};
	if is_wrong {
		return Ok(Opened::Wrong);
	}
	ensure!(skeleton.is_provable(), GameRefusal::NotProvable);
	let operators = u16::try_from(skeleton.nodes()).map_err(|_| GameRefusal::NotProvable)?;
	let (parts, longest) = skeleton.parts_top(blake2_256);
	let outputs: Option<Vec<OutputFact>> =
		outputs.iter().map(|(operand, casts)| output(operand, *casts)).collect();
	let outputs = outputs.and_then(|outputs| outputs.try_into().ok());
	Ok(Opened::Game(Facts {
		parts: parts.into(),
		operators,
		longest_part: u32::try_from(longest).unwrap_or(u32::MAX),
		inputs,
		outputs: outputs.ok_or(GameRefusal::NotProvable)?,
	}))
}
