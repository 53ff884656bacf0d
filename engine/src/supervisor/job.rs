//! What there is to run, and what came of it.

use super::EngineError;
use crate::protocol::{
	ErrorKind, NamedTensor, OutputPort, ProgramPort, Request, RunLimits, Verdict, MAX_OUTPUT_BYTES,
};
use countersign_primitives::{
	model::{ArtefactHash, Manifest, PrecisionPolicy},
	request::TrapCode,
	tensor::{Dimension, Port, Tensor, TensorType},
	Macs,
};
use std::{path::PathBuf, time::Duration};

/// A run to be done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunJob {
	/// The sha256 of the model's file.
	pub artefact: ArtefactHash,
	/// Its length.
	pub length: u64,
	/// Where it lies. Must stay there until the job is done.
	pub path: PathBuf,
	/// The inputs.
	pub inputs: Vec<NamedTensor>,
	/// The outputs to return.
	pub outputs: Vec<OutputPort>,
	/// What the run may take.
	pub limits: RunLimits,
	/// The program to run instead of the file, for a canonical engine.
	pub program: Option<ProgramJob>,
}

/// The program that a canonical engine is to run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProgramJob {
	/// The root that importing the file gives.
	pub root: [u8; 32],
	/// The version of the operator set.
	pub version: u16,
	/// The inputs that it takes.
	pub inputs: Vec<ProgramPort>,
	/// The outputs that it gives, as their policies expose them.
	pub outputs: Vec<ProgramPort>,
	/// The policy of each output.
	pub policies: Vec<PrecisionPolicy>,
	/// Outputs of another engine to judge, as their policies expose them.
	pub claimed: Option<Vec<Tensor>>,
	/// What draws the leaves of the trace whose digest is wanted.
	pub trace: Option<[u8; 32]>,
}

/// The canonical engine gets a millisecond more for each of these multiply-accumulates: far
/// slower than any machine that could serve in time.
const MACS_PER_MILLISECOND: Macs = 100_000;
/// What the canonical engine has for a run however small, in milliseconds.
const LEAST_CANONICAL_MS: u32 = 5_000;

/// A manifest's ports as a program has them: with fixed shapes.
fn program_ports(ports: &[Port]) -> Result<Vec<ProgramPort>, EngineError> {
	ports
		.iter()
		.map(|port| {
			let shape = port.shape.iter().map(|dim| match dim {
				Dimension::Fixed(size) => Ok(*size),
				Dimension::Range { .. } => Err(EngineError::Refused {
					kind: ErrorKind::Program,
					message: format!(
						"the manifest leaves a dimension of {} open, and a program has fixed shapes",
						String::from_utf8_lossy(&port.name)
					),
				}),
			});
			Ok(ProgramPort {
				name: port.name.to_vec(),
				ty: port.ty,
				shape: shape.collect::<Result<_, _>>()?,
			})
		})
		.collect()
}

impl RunJob {
	/// The job that runs a model's canonical program. The inputs need not be what the program
	/// takes: others are a trap. `claimed` are outputs of another engine to judge. Refused where the
	/// manifest has no program, or open dimensions.
	pub fn canonical(
		manifest: &Manifest,
		path: PathBuf,
		inputs: Vec<Tensor>,
		claimed: Option<Vec<Tensor>>,
	) -> Result<Self, EngineError> {
		let program = manifest.program.as_ref().ok_or_else(|| EngineError::Refused {
			kind: ErrorKind::Program,
			message: "the model has no program".into(),
		})?;
		let time = u32::try_from(manifest.cost.macs / MACS_PER_MILLISECOND).unwrap_or(u32::MAX);
		Ok(Self {
			artefact: manifest.artefact.sha256,
			length: manifest.artefact.length,
			path,
			// A program's inputs go by position.
			inputs: inputs
				.into_iter()
				.map(|tensor| NamedTensor { name: Vec::new(), tensor })
				.collect(),
			outputs: Vec::new(),
			limits: RunLimits {
				time_ms: time.saturating_add(LEAST_CANONICAL_MS).max(manifest.cost.time_ms),
				memory_mib: manifest.cost.memory_mib,
				output_bytes: MAX_OUTPUT_BYTES,
			},
			program: Some(ProgramJob {
				root: program.root.0,
				version: program.canonical_version,
				inputs: program_ports(&manifest.inputs)?,
				outputs: program_ports(&manifest.outputs)?,
				policies: manifest.policies.to_vec(),
				claimed,
				trace: None,
			}),
		})
	}

	/// Has the digest of the trace come back too, at leaves that `seed` draws. A job without a
	/// program has none.
	pub fn traced(mut self, seed: [u8; 32]) -> Self {
		if let Some(program) = &mut self.program {
			program.trace = Some(seed);
		}
		self
	}

	/// The job that runs a model as its manifest says. The inputs have been checked against it. Where
	/// a policy exposes only the index of the largest score, the scores come back.
	pub fn from_manifest(manifest: &Manifest, path: PathBuf, inputs: Vec<Tensor>) -> Self {
		Self {
			artefact: manifest.artefact.sha256,
			length: manifest.artefact.length,
			path,
			inputs: manifest
				.inputs
				.iter()
				.zip(inputs)
				.map(|(port, tensor)| NamedTensor { name: port.name.to_vec(), tensor })
				.collect(),
			outputs: manifest
				.outputs
				.iter()
				.enumerate()
				.map(|(index, port)| OutputPort {
					name: port.name.to_vec(),
					ty: match manifest.policies.get(index) {
						Some(PrecisionPolicy::Top1 { .. }) => TensorType::F32,
						_ => port.ty,
					},
				})
				.collect(),
			limits: RunLimits {
				time_ms: manifest.cost.time_ms,
				memory_mib: manifest.cost.memory_mib,
				output_bytes: MAX_OUTPUT_BYTES,
			},
			program: None,
		}
	}

	/// What makes the model ready, and what runs it, and the types of what comes out.
	pub(super) fn requests(
		self,
		path: Vec<u8>,
		load: u64,
		run: u64,
	) -> (Request, Request, Vec<TensorType>) {
		let Self { artefact, length, inputs, outputs, limits, program, .. } = self;
		match program {
			None => {
				let types = outputs.iter().map(|output| output.ty).collect();
				(
					Request::Load { id: load, artefact, length, path },
					Request::Run { id: run, artefact, inputs, outputs, limits },
					types,
				)
			}
			Some(ProgramJob {
				root,
				version,
				inputs: takes,
				outputs,
				policies,
				claimed,
				trace,
			}) => {
				let types = outputs.iter().map(|output| output.ty).collect();
				let inputs = inputs.into_iter().map(|input| input.tensor).collect();
				(
					Request::LoadProgram {
						id: load,
						artefact,
						length,
						path,
						root,
						version,
						inputs: takes,
						outputs,
						policies,
					},
					Request::RunProgram { id: run, root, inputs, claimed, trace, limits },
					types,
				)
			}
		}
	}
}

/// What came of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RunOutcome {
	/// The outputs, in the order asked for.
	Output(Vec<Tensor>),
	/// The model gives no output for this input.
	Trap {
		/// Why.
		code: TrapCode,
		/// The position of the operator in the program; `u32::MAX` where it is none of them.
		operator: u32,
		/// Why, in words for people.
		message: String,
	},
}

/// A run that was done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunReport {
	/// What came of it.
	pub outcome: RunOutcome,
	/// What that says about the claim that came with the job.
	pub verdict: Option<Verdict>,
	/// The digest of the trace, where the job wanted one.
	pub trace: Option<[u8; 32]>,
	/// How long it took in the engine process.
	pub time: Duration,
}
