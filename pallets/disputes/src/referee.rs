//! The referee: checks what a replay is given, recomputes, judges. It moves no money.

use crate::pallet::Config;
use alloc::vec::Vec;
use codec::Encode;
use countersign_canonical as canonical;
use countersign_canonical::{
	bands::{self, Policy},
	bounded::Chunks,
	Prepared, ProgramError,
};
use countersign_primitives::{
	commitment::tensors_commitment,
	dispute::{Effort, ReplayRefusal, Verdict},
	model::{Manifest, ProgramRef},
	program::{MAX_SLABS, SLAB_BYTES},
	request::{Outcome, TrapCode},
	tensor::{check_signature, decode_tensors, Tensor},
	Hash,
};
use countersign_programs::{from_canonical, to_canonical};
use frame_support::ensure;
use sp_io::hashing::blake2_256;

/// The most memory of one replay, package and run together: four slabs of 16 MiB. The runtime
/// takes memory for replays in slabs of one size only, so that what one gave back serves the next,
/// and a block needs no more than one replay does.
pub const MAX_REPLAY_MEMORY: u64 = MAX_SLABS as u64 * SLAB_BYTES;

/// What the model commits to.
pub(crate) struct Rules {
	pub(crate) root: Hash,
	pub(crate) version: u16,
	pub(crate) manifest: Manifest,
}

impl Rules {
	/// Reads them off a manifest.
	pub(crate) fn of(manifest: Manifest) -> Result<Self, ReplayRefusal> {
		let ProgramRef { root, canonical_version: version } =
			manifest.program.clone().ok_or(ReplayRefusal::NoProgram)?;
		ensure!(version == canonical::VERSION, ReplayRefusal::Version);
		Ok(Self { root, version, manifest })
	}

	fn policies(&self) -> Vec<Policy> {
		self.manifest.policies.iter().map(countersign_programs::policy).collect()
	}
}

/// What a program takes to replay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Needs {
	pub(crate) effort: Effort,
	pub(crate) memory: u64,
}

/// The encoding of a package, as it came.
pub(crate) enum Loaded<'a> {
	/// In one piece, which counts as a slab.
	Given(&'a [u8]),
	/// In the first of the slabs that the run takes.
	Chunks(Chunks, u32),
}

/// A package that was checked against its root and limits, and is ready to run.
pub(crate) struct Ready<'a> {
	prepared: Prepared<'a>,
	pub(crate) needs: Needs,
}

/// Checks a package: limits, types, shapes, each constant against its commitment, and the root
/// where one is given.
pub(crate) fn prepare<'a>(
	package: Loaded<'a>,
	input_bytes: u32,
	root: Option<&Hash>,
) -> Result<Ready<'a>, ReplayRefusal> {
	let refusal = |error: ProgramError| match error {
		ProgramError::Memory => ReplayRefusal::TooHeavy,
		_ => ReplayRefusal::WrongPackage,
	};
	let (prepared, length, beside) = match package {
		Loaded::Given(bytes) => {
			let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
			(Prepared::from_package_unchecked(bytes).map_err(refusal)?, length, SLAB_BYTES)
		}
		Loaded::Chunks(chunks, length) => {
			(Prepared::from_chunks_unchecked(chunks).map_err(refusal)?, length, 0)
		}
	};
	if let Some(root) = root {
		let found = prepared.root_by(blake2_256);
		ensure!(found == root.0, ReplayRefusal::WrongPackage);
	}
	prepared.check_constants(blake2_256).map_err(refusal)?;
	let cost = prepared.cost();
	let needs = Needs {
		effort: Effort { macs: cost.weighted_macs(), bytes: length.saturating_add(input_bytes) },
		memory: u64::from(cost.slabs).saturating_mul(SLAB_BYTES).saturating_add(beside),
	};
	Ok(Ready { prepared, needs })
}

/// Whether one block can take this at all.
pub(crate) fn fits<T: Config>(needs: &Needs) -> bool {
	needs.memory <= MAX_REPLAY_MEMORY && crate::replay::fits_block::<T>(&needs.effort)
}

/// The tensors of an input, checked against the commitment where one is given.
pub(crate) fn read_input(
	bytes: &[u8],
	commitment: Option<&Hash>,
) -> Result<Vec<Tensor>, ReplayRefusal> {
	let tensors = decode_tensors(bytes).map_err(|_| ReplayRefusal::WrongInput)?;
	if let Some(commitment) = commitment {
		ensure!(tensors_commitment(&tensors) == *commitment, ReplayRefusal::WrongInput);
	}
	Ok(tensors)
}

impl Ready<'_> {
	/// Runs the program and gives the outcome that the chain would sign: outputs under their
	/// policies, or a trap.
	#[cfg(test)]
	pub(crate) fn answer(&mut self, rules: &Rules, input: &[Tensor]) -> Outcome {
		let inputs: Vec<_> = input.iter().map(to_canonical).collect();
		let run = self.prepared.run_watched(&inputs);
		outcome_of(rules, &run)
	}

	/// Runs the program and judges a claim. The outcome is the canonical one.
	pub(crate) fn judge(
		&mut self,
		rules: &Rules,
		input: Vec<Tensor>,
		claimed: &Outcome,
	) -> (Verdict, Outcome) {
		let inputs: Vec<_> = input.iter().map(to_canonical).collect();
		let run = self.prepared.run_watched(&inputs);
		let canonical = outcome_of(rules, &run);
		if *claimed == canonical {
			return (Verdict::Accepted, canonical);
		}
		if let Outcome::Trap { code: TrapCode::BadOutput, .. } = canonical {
			// The manifest does not fit the program: the owner's mistake, not the executor's.
			return (Verdict::Corrected, canonical);
		}
		let policies = rules.policies();
		let verdict = match claimed {
			Outcome::Output(bytes) => match decode_tensors(bytes) {
				Ok(tensors) => {
					let tensors: Vec<_> = tensors.iter().map(to_canonical).collect();
					bands::judge_outcome(&policies, Ok(&tensors), &run)
				}
				Err(_) => bands::Verdict::Wrong,
			},
			Outcome::Trap { code, operator } => {
				match canonical::Trap::from_parts(*code as u8, *operator) {
					Some(trap) => bands::judge_outcome(&policies, Err(trap), &run),
					// No canonical run ends like this.
					None => bands::Verdict::Wrong,
				}
			}
		};
		let verdict = match verdict {
			bands::Verdict::Accepted => Verdict::Accepted,
			bands::Verdict::Corrected => Verdict::Corrected,
			bands::Verdict::Wrong => Verdict::Wrong,
		};
		(verdict, canonical)
	}
}

/// What a result says about a run: outputs as the policies expose them, the run's trap, or
/// `BadOutput` where the program does not give what the manifest declares.
fn outcome_of(rules: &Rules, run: &canonical::Outcome) -> Outcome {
	const BAD_OUTPUT: Outcome = Outcome::Trap { code: TrapCode::BadOutput, operator: u32::MAX };
	match &run.result {
		Ok(outputs) => {
			let outputs = bands::expose(&rules.policies(), outputs.clone());
			let tensors: Vec<Tensor> = outputs.into_iter().map(from_canonical).collect();
			if check_signature(&rules.manifest.outputs, &tensors).is_err() {
				return BAD_OUTPUT;
			}
			match tensors.encode().try_into() {
				Ok(bytes) => Outcome::Output(bytes),
				Err(_) => BAD_OUTPUT,
			}
		}
		Err(canonical::Trap::BadInput) => {
			Outcome::Trap { code: TrapCode::BadInput, operator: u32::MAX }
		}
		Err(canonical::Trap::Operator(operator)) => {
			Outcome::Trap { code: TrapCode::Operator, operator: *operator }
		}
	}
}
