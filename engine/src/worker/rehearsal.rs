//! Rehearsals: what the chain's own referee makes of a model, before anything is signed about it.
//!
//! The canonical engine here and the referee in the runtime are one source in two builds, and a
//! release changes either. Should they ever differ about a model, whoever signs its answers loses
//! stake, and nobody would be to blame for it. So the first answers of each model after each release,
//! of the runtime or of this node, are computed by the runtime as well, in a dry run; where it gives
//! anything else, nothing is signed, and the model is not served any more.
//!
//! What the runtime cannot run, because it is too long or too costly for a replay, is not rehearsed.
//! No replay can find it wrong either.

use super::{
	execute::bounded,
	metrics::count,
	plan::Shared,
	watch::{Importer, Packages},
	BestBlock, EngineJob, EngineResult, Failure, Source, LOG,
};
use crate::convert;
use async_trait::async_trait;
use codec::Encode;
use countersign_canonical::bands;
use countersign_primitives::{
	model::{Manifest, ModelId},
	program::{DryRun, DryRunError, MAX_PACKAGE_BYTES},
	tensor::decode_tensors,
	Hash,
};
use parking_lot::Mutex;
use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};

/// The answers of a model that are rehearsed after a release.
const FIRST: u32 = 3;
/// The most models that are remembered. Beyond it, some are rehearsed again.
const MAX_MODELS: usize = 1_024;
/// The longest that a rehearsal may keep an answer waiting.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest artefact that is imported for a rehearsal; longer ones make packages that are too long.
const MAX_ARTEFACT_BYTES: u64 = 4 * MAX_PACKAGE_BYTES as u64;

/// What the chain would say, if somebody had it recompute an answer.
#[async_trait]
pub trait Referee: Send + Sync {
	/// The version of the runtime in the state after a block.
	async fn release(&self, at: Hash) -> Result<u32, Failure>;
	/// Runs the program that the chain stores for a model. The outputs are as its policies expose
	/// them.
	async fn dry_run_stored(
		&self,
		at: Hash,
		model: ModelId,
		input: Vec<u8>,
	) -> Result<Result<DryRun, DryRunError>, Failure>;
	/// Runs a program that comes along. The outputs are whole.
	async fn dry_run(
		&self,
		at: Hash,
		package: Vec<u8>,
		input: Vec<u8>,
	) -> Result<Result<DryRun, DryRunError>, Failure>;
	/// The package of a model whose artefact lies there.
	async fn package(&self, manifest: Arc<Manifest>, artefact: PathBuf) -> Result<Vec<u8>, String> {
		Importer.package(manifest, artefact).await
	}
}

/// Which models were rehearsed: under which release, and how often.
#[derive(Debug, Default)]
pub(super) struct Rehearsals(Mutex<HashMap<ModelId, (u32, u32)>>);

impl Rehearsals {
	fn done(&self, model: &ModelId, release: u32) -> u32 {
		match self.0.lock().get(model) {
			Some((of, done)) if *of == release => *done,
			_ => 0,
		}
	}

	fn note(&self, model: ModelId, release: u32, done: u32) {
		let mut all = self.0.lock();
		if all.len() >= MAX_MODELS && !all.contains_key(&model) {
			all.clear();
		}
		all.insert(model, (release, done));
	}
}

/// A run that the chain is to do as well.
pub(super) struct Rehearsal {
	job: EngineJob,
	release: u32,
	block: BestBlock,
}

/// Whether this run is one of the first of its model after a release.
pub(super) async fn due(
	shared: &Arc<Shared>,
	job: &EngineJob,
	block: BestBlock,
) -> Option<Rehearsal> {
	let referee = shared.parts.referee.as_ref()?;
	job.manifest.program.as_ref()?;
	let release = match referee.release(block.hash).await {
		Ok(release) => release,
		Err(error) => {
			tracing::warn!(target: LOG, model = ?job.model, %error, "not rehearsed");
			return None;
		}
	};
	let is_due = shared.rehearsals.done(&job.model, release) < FIRST;
	is_due.then(|| Rehearsal { job: job.clone(), release, block })
}

impl Rehearsal {
	/// Has the chain compute the answer too. Fails where that differs: then the model is not served
	/// any more.
	pub(super) async fn hold(
		self,
		shared: &Arc<Shared>,
		result: &EngineResult,
		source: Source,
	) -> Result<(), String> {
		let found = tokio::time::timeout(PATIENCE, self.compare(shared, result, source)).await;
		let (model, release) = (self.job.model, self.release);
		let done = shared.rehearsals.done(&model, release);
		match found {
			Ok(Ok(Compared::Same)) => {
				count(&shared.parts.metrics.rehearsals);
				shared.rehearsals.note(model, release, done.saturating_add(1));
			}
			Ok(Ok(Compared::Other(theirs))) => {
				count(&shared.parts.metrics.rehearsals_failed);
				let why = format!(
					"the runtime, of version {release}, computes something else than the engine of \
					 this node: {theirs}; check this machine's memory, tell the developers, and wait \
					 for a release of either"
				);
				tracing::error!(target: LOG, ?model, %why, "nothing is signed");
				shared.parts.engine.stop(model, &why);
				return Err(why);
			}
			// The runtime cannot run it: it needs not be asked again.
			Ok(Ok(Compared::Beyond(why))) => {
				tracing::info!(target: LOG, ?model, %why, "not rehearsed");
				shared.rehearsals.note(model, release, FIRST);
			}
			Ok(Err(error)) => {
				tracing::warn!(target: LOG, ?model, %error, "not rehearsed");
			}
			Err(_) => tracing::warn!(target: LOG, ?model, "not rehearsed: that takes too long"),
		}
		Ok(())
	}

	async fn compare(
		&self,
		shared: &Arc<Shared>,
		result: &EngineResult,
		source: Source,
	) -> Result<Compared, Failure> {
		let Some(referee) = &shared.parts.referee else {
			return Ok(Compared::Beyond("there is nobody to ask".into()));
		};
		let manifest = &self.job.manifest;
		let (at, input) = (self.block.hash, self.job.inputs.encode());
		let stored = referee.dry_run_stored(at, self.job.model, input.clone()).await?;
		let (run, is_whole) = match stored {
			Err(DryRunError::NoProgram) => {
				if manifest.artefact.length > MAX_ARTEFACT_BYTES {
					return Ok(Compared::Beyond("its artefact is too long".into()));
				}
				let artefact = self.job.artefact.clone();
				let package = match referee.package(manifest.clone(), artefact).await {
					Ok(package) if package.len() <= MAX_PACKAGE_BYTES as usize => package,
					Ok(_) => return Ok(Compared::Beyond("its package is too long".into())),
					Err(why) => return Ok(Compared::Beyond(why)),
				};
				(referee.dry_run(at, package, input).await?, true)
			}
			stored => (stored, false),
		};
		let theirs = match run {
			Ok(run) => of_dry_run(manifest, run, is_whole)?,
			Err(error @ (DryRunError::TooCostly | DryRunError::TooMuchMemory)) => {
				return Ok(Compared::Beyond(format!("{error:?}")));
			}
			Err(error) => return Err(Failure::new(format!("{error:?}"))),
		};
		// Last, because it takes longest, and for nothing where the runtime cannot run it.
		let ours = match source {
			Source::Canonical => result.clone(),
			// Another engine may differ by a little; what counts here is the canonical one.
			Source::Native => {
				let answer = shared.parts.engine.audit(self.job.clone(), [0; 32]).await;
				answer.map_err(Failure::new)?.result
			}
		};
		let (ours, theirs) = (bounded(manifest, ours), bounded(manifest, theirs));
		Ok(if are_alike(&ours, &theirs) {
			Compared::Same
		} else {
			Compared::Other(summary(&theirs))
		})
	}
}

/// What came of a comparison.
enum Compared {
	Same,
	/// The runtime gives this.
	Other(String),
	/// No replay can take it.
	Beyond(String),
}

/// A dry run in the words of an engine, as policies expose it.
fn of_dry_run(manifest: &Manifest, run: DryRun, is_whole: bool) -> Result<EngineResult, Failure> {
	Ok(match run.output {
		Ok(bytes) => {
			let tensors = decode_tensors(&bytes).map_err(|error| Failure(format!("{error:?}")))?;
			EngineResult::Output(match is_whole {
				true => {
					let policies = convert::policies(&manifest.policies);
					let whole = convert::to_canonical(tensors);
					convert::from_canonical(bands::expose(&policies, whole))
				}
				false => tensors,
			})
		}
		Err(trap) => EngineResult::Trap {
			code: trap.code,
			operator: trap.operator,
			message: "a trap in the runtime".into(),
		},
	})
}

/// Whether both would be signed alike: what a trap says for people does not count.
fn are_alike(ours: &EngineResult, theirs: &EngineResult) -> bool {
	match (ours, theirs) {
		(EngineResult::Output(ours), EngineResult::Output(theirs)) => ours == theirs,
		(
			EngineResult::Trap { code, operator, .. },
			EngineResult::Trap { code: theirs, operator: at, .. },
		) => code == theirs && operator == at,
		_ => false,
	}
}

fn summary(result: &EngineResult) -> String {
	match result {
		EngineResult::Output(tensors) => format!("outputs of {} bytes", tensors.encoded_size()),
		EngineResult::Trap { code, operator, .. } => format!("a trap {code:?} at {operator}"),
	}
}
