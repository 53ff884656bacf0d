//! Which engine answers: the canonical operator set, ONNX Runtime, or both.
//!
//! ```text
//! no program                        ONNX Runtime, as its manifest allows
//! an output that is `Exact`         canonical
//! every output within a tolerance   ONNX Runtime where it was measured to be faster, with a share
//!                                   of runs done by both: then canonical is what gets signed
//! ONNX Runtime dies, traps, fails   canonical
//! ```
//!
//! A canonical answer is always safe to sign. One of ONNX Runtime is as long as it stays inside the
//! tolerance on this machine, which is what the runs by both look after. Where one is so far outside
//! that signing it would have cost stake, something is wrong with this machine, and nobody can tell
//! which of the two engines it spoils: the model is not served any more until the operator says
//! otherwise, by removing a file. Where one is outside, but no more than the chain would correct, or
//! where only one of the engines has an answer, the model is canonical's from then on. Nor is a model
//! served whose canonical answer the chain's runtime contradicts, see `rehearsal`.

mod stops;

use super::{AuditAnswer, Engine, EngineAnswer, EngineJob, EngineResult, Source, LOG};
use crate::{
	convert,
	protocol::Verdict,
	supervisor::{EngineError, EngineHandle, RunJob, RunOutcome, RunReport},
};
use async_trait::async_trait;
use countersign_canonical::bands;
use countersign_primitives::{
	model::{Manifest, ModelId, PrecisionPolicy},
	tensor::{check_signature, Tensor},
};
use parking_lot::Mutex;
use std::{
	collections::{hash_map::RandomState, HashMap},
	hash::BuildHasher,
	io,
	path::PathBuf,
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
	time::Duration,
};
use stops::Stops;

/// The most models whose speed is remembered.
const MAX_MEASURED: usize = 1024;
/// ONNX Runtime has to take less than this share of canonical's time to be worth its checks.
const WORTH_PERCENT: u128 = 80;

/// Counters of the choice between engines, for the node to export.
#[derive(Debug, Default)]
pub struct ChoiceMetrics {
	/// Answers of ONNX Runtime.
	pub native_answers: AtomicU64,
	/// Answers of the canonical operator set.
	pub canonical_answers: AtomicU64,
	/// Runs that ONNX Runtime failed, or ended in a trap, and canonical answered.
	pub canonical_fallbacks: AtomicU64,
	/// Runs done by both engines.
	pub self_checks: AtomicU64,
	/// Runs of ONNX Runtime that the chain would have corrected.
	pub self_check_corrections: AtomicU64,
	/// Runs of ONNX Runtime that would have cost stake.
	pub self_check_breaches: AtomicU64,
	/// Models that are not served any more (a gauge).
	pub models_stopped: AtomicU64,
}

impl ChoiceMetrics {
	/// Names and values, for an exporter. All but `models_stopped` only grow.
	pub fn entries(&self) -> Vec<(&'static str, u64)> {
		let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
		vec![
			("native_answers", value(&self.native_answers)),
			("canonical_answers", value(&self.canonical_answers)),
			("canonical_fallbacks", value(&self.canonical_fallbacks)),
			("self_checks", value(&self.self_checks)),
			("self_check_corrections", value(&self.self_check_corrections)),
			("self_check_breaches", value(&self.self_check_breaches)),
			("models_stopped", value(&self.models_stopped)),
		]
	}
}

fn count(counter: &AtomicU64) {
	counter.fetch_add(1, Ordering::Relaxed);
}

/// Why a model is not served any more.
#[derive(Clone, Debug)]
struct Stopped {
	why: String,
	/// Whether that stands on disk as well, where the operator can remove it.
	written: bool,
}

/// What is known of a model on this machine.
#[derive(Clone, Debug, Default)]
struct Known {
	native: Option<Duration>,
	canonical: Option<Duration>,
	/// Whether ONNX Runtime is not asked any more.
	distrusted: bool,
	stopped: Option<Stopped>,
}

/// What to do with a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Choice {
	Native,
	Canonical,
	Both,
}

/// A runner of jobs: an engine process, or a stand-in of a test.
#[async_trait]
pub trait Runner: Send + Sync {
	/// Does a job. An error is never an answer.
	async fn run(&self, job: RunJob) -> Result<RunReport, EngineError>;
}

#[async_trait]
impl Runner for EngineHandle {
	async fn run(&self, job: RunJob) -> Result<RunReport, EngineError> {
		EngineHandle::run(self, job).await
	}
}

/// Both engines, and the choice between them.
pub struct Engines {
	native: Arc<dyn Runner>,
	canonical: Arc<dyn Runner>,
	/// The share of runs of ONNX Runtime that canonical checks, of 100.
	check_percent: u8,
	known: Mutex<HashMap<ModelId, Known>>,
	stops: Stops,
	metrics: Arc<ChoiceMetrics>,
	/// So that whoever asks cannot know which runs are checked.
	random: RandomState,
	runs: AtomicU64,
}

impl Engines {
	/// Chooses between two engines. Of the runs of ONNX Runtime on models with a program,
	/// `check_percent` of 100 are checked.
	pub fn new(native: Arc<dyn Runner>, canonical: Arc<dyn Runner>, check_percent: u8) -> Self {
		Self {
			native,
			canonical,
			check_percent: check_percent.min(100),
			known: Mutex::default(),
			stops: Stops::default(),
			metrics: Arc::default(),
			random: RandomState::new(),
			runs: AtomicU64::new(0),
		}
	}

	/// Keeps in this folder which models are not served any more, and goes on with what is in it.
	/// Without a folder they are served again by the next process.
	///
	/// # Errors
	///
	/// Where the folder cannot be made or read: then nobody knows what may be served.
	pub fn with_stops_in(mut self, folder: impl Into<PathBuf>) -> io::Result<Self> {
		let (stops, found) = Stops::open(folder.into())?;
		self.metrics.models_stopped.store(found.len() as u64, Ordering::Relaxed);
		let known = self.known.get_mut();
		for (model, why) in found {
			let file = stops.path(&model).unwrap_or_default();
			tracing::error!(
				target: LOG,
				?model,
				%why,
				file = %file.display(),
				"model not served, since an earlier start: remove the file to serve it again"
			);
			known.entry(model).or_default().stopped = Some(Stopped { why, written: true });
		}
		self.stops = stops;
		Ok(self)
	}

	/// The counters.
	pub fn metrics(&self) -> &Arc<ChoiceMetrics> {
		&self.metrics
	}

	/// The models that are not served any more, and why.
	pub fn stopped(&self) -> Vec<(ModelId, String)> {
		let mut known = self.known.lock();
		let mut found = Vec::new();
		for (model, it) in known.iter_mut() {
			self.look_again(model, it);
			found.extend(it.stopped.as_ref().map(|stopped| (*model, stopped.why.clone())));
		}
		found
	}

	/// Forgets what is known of a model that the operator wants to be served again.
	fn look_again(&self, model: &ModelId, known: &mut Known) {
		let written = known.stopped.as_ref().is_some_and(|stopped| stopped.written);
		if written && self.stops.is_removed(model) {
			*known = Known::default();
			self.metrics.models_stopped.fetch_sub(1, Ordering::Relaxed);
			tracing::warn!(target: LOG, ?model, "model served again, as the operator wants");
		}
	}

	/// Serves a model no more, whatever comes.
	fn serve_no_more(&self, model: ModelId, why: &str) -> EngineError {
		let remedy = match self.stops.path(&model) {
			Some(path) => format!("remove {}", path.display()),
			None => String::from("start the node again"),
		};
		let why = format!("{why}; then {remedy}");
		let written = self.stops.write(&model, &why).unwrap_or_else(|error| {
			tracing::error!(target: LOG, ?model, %error, "the next start will not know of this");
			false
		});
		tracing::error!(target: LOG, ?model, %why, "model not served any more");
		self.note(model, |it| {
			if it.stopped.is_none() {
				count(&self.metrics.models_stopped);
			}
			it.stopped = Some(Stopped { why: why.clone(), written });
		});
		EngineError::Stopped(why)
	}

	fn note(&self, model: ModelId, note: impl FnOnce(&mut Known)) {
		let mut known = self.known.lock();
		if known.len() >= MAX_MEASURED && !known.contains_key(&model) {
			known.retain(|_, it| it.distrusted || it.stopped.is_some());
		}
		note(known.entry(model).or_default());
	}

	/// What is known of a model, where it is served.
	fn served(&self, model: &ModelId) -> Result<Known, EngineError> {
		let known = self.known.lock().get_mut(model).map(|it| {
			self.look_again(model, it);
			it.clone()
		});
		let known = known.unwrap_or_default();
		match known.stopped {
			Some(stopped) => Err(EngineError::Stopped(stopped.why)),
			None => Ok(known),
		}
	}

	fn choose(&self, model: &ModelId, manifest: &Manifest) -> Result<Choice, EngineError> {
		let known = self.served(model)?;
		if !tolerates(manifest) || known.distrusted {
			return Ok(Choice::Canonical);
		}
		let (Some(native), Some(canonical)) = (known.native, known.canonical) else {
			// Both have to be measured.
			return Ok(Choice::Both);
		};
		if native.as_micros() * 100 >= canonical.as_micros() * WORTH_PERCENT {
			return Ok(Choice::Canonical);
		}
		let run = self.runs.fetch_add(1, Ordering::Relaxed);
		let drawn = self.random.hash_one(run) % 100;
		Ok(if drawn < u64::from(self.check_percent) { Choice::Both } else { Choice::Native })
	}

	/// What ONNX Runtime says, where it says something that may be signed.
	async fn native(&self, job: &EngineJob) -> Result<(Vec<Tensor>, Duration), String> {
		let run = RunJob::from_manifest(&job.manifest, job.artefact.clone(), job.inputs.clone());
		let report = self.native.run(run).await.map_err(|error| error.to_string())?;
		match report.outcome {
			RunOutcome::Output(outputs) => {
				self.note(job.model, |it| it.native = Some(smooth(it.native, report.time)));
				let policies = convert::policies(&job.manifest.policies);
				let exposed = bands::expose(&policies, convert::to_canonical(outputs));
				Ok((convert::from_canonical(exposed), report.time))
			}
			// It says nothing about whether canonical has an answer.
			RunOutcome::Trap { code, message, .. } => Err(format!("{code:?}: {message}")),
		}
	}

	async fn canonical(
		&self,
		job: EngineJob,
		claimed: Option<Vec<Tensor>>,
	) -> Result<(EngineAnswer, Option<Verdict>), EngineError> {
		let run = RunJob::canonical(&job.manifest, job.artefact, job.inputs, claimed)?;
		let report = self.canonical.run(run).await?;
		self.note(job.model, |it| it.canonical = Some(smooth(it.canonical, report.time)));
		count(&self.metrics.canonical_answers);
		let answer = EngineAnswer {
			result: report.outcome.into(),
			source: Source::Canonical,
			time: report.time,
		};
		Ok((answer, report.verdict))
	}

	/// A run by both engines. Canonical is what is signed.
	async fn both(&self, job: EngineJob) -> Result<EngineAnswer, EngineError> {
		let model = job.model;
		let claimed = match self.native(&job).await {
			Ok((outputs, _)) => outputs,
			Err(why) => return self.fall_back(job, &why).await,
		};
		let (answer, verdict) = self.canonical(job, Some(claimed)).await?;
		count(&self.metrics.self_checks);
		let trapped = matches!(answer.result, EngineResult::Trap { .. });
		match verdict {
			Some(Verdict::Accepted) => {}
			// An input on which only one engine has an answer shows nothing about this machine.
			Some(Verdict::Wrong) if !trapped => {
				count(&self.metrics.self_check_breaches);
				return Err(self.serve_no_more(
					model,
					"ONNX Runtime and the canonical engine disagree so far that signing the wrong \
					 one would cost stake; check this machine's memory and its ONNX Runtime",
				));
			}
			verdict => {
				count(&self.metrics.self_check_corrections);
				tracing::warn!(
					target: LOG,
					?model,
					?verdict,
					trapped,
					"ONNX Runtime is outside the tolerance: answered by the canonical engine alone \
					 from now on"
				);
				self.note(model, |it| it.distrusted = true);
			}
		}
		Ok(answer)
	}

	/// ONNX Runtime has no answer that may be signed.
	async fn fall_back(&self, job: EngineJob, why: &str) -> Result<EngineAnswer, EngineError> {
		tracing::warn!(target: LOG, model = ?job.model, %why, "answered by the canonical engine");
		count(&self.metrics.canonical_fallbacks);
		Ok(self.canonical(job, None).await?.0)
	}
}

/// Whether every output may differ from the canonical one by a little.
pub(crate) fn tolerates(manifest: &Manifest) -> bool {
	!manifest.policies.is_empty()
		&& manifest.policies.len() == manifest.outputs.len()
		&& !manifest.policies.iter().any(|policy| matches!(policy, PrecisionPolicy::Exact))
}

/// The recent past counts for more, and one slow run for little.
fn smooth(before: Option<Duration>, now: Duration) -> Duration {
	match before {
		Some(before) => (before * 7 + now) / 8,
		None => now,
	}
}

impl From<RunOutcome> for EngineResult {
	fn from(outcome: RunOutcome) -> Self {
		match outcome {
			RunOutcome::Output(tensors) => Self::Output(tensors),
			RunOutcome::Trap { code, operator, message } => Self::Trap { code, operator, message },
		}
	}
}

#[async_trait]
impl Engine for Engines {
	fn stop(&self, model: ModelId, why: &str) {
		let _ = self.serve_no_more(model, why);
	}

	/// An audit is the canonical engine's alone.
	async fn audit(&self, job: EngineJob, seed: [u8; 32]) -> Result<AuditAnswer, EngineError> {
		self.served(&job.model)?;
		let run = RunJob::canonical(&job.manifest, job.artefact, job.inputs, None)?.traced(seed);
		let report = self.canonical.run(run).await?;
		match report.trace {
			Some(trace) => {
				Ok(AuditAnswer { result: report.outcome.into(), trace, time: report.time })
			}
			None => Err(EngineError::Protocol("a run without the trace that was wanted".into())),
		}
	}

	async fn run(&self, job: EngineJob) -> Result<EngineAnswer, EngineError> {
		if job.manifest.program.is_none() {
			let run = RunJob::from_manifest(&job.manifest, job.artefact, job.inputs);
			let report = self.native.run(run).await?;
			let result = report.outcome.into();
			return Ok(EngineAnswer { result, source: Source::Native, time: report.time });
		}
		let choice = match self.choose(&job.model, &job.manifest)? {
			// Shapes that the manifest does not allow are for canonical to refuse.
			_ if check_signature(&job.manifest.inputs, &job.inputs).is_err() => Choice::Canonical,
			choice => choice,
		};
		match choice {
			Choice::Canonical => Ok(self.canonical(job, None).await?.0),
			Choice::Both => self.both(job).await,
			Choice::Native => match self.native(&job).await {
				Ok((outputs, time)) => {
					count(&self.metrics.native_answers);
					let result = EngineResult::Output(outputs);
					Ok(EngineAnswer { result, source: Source::Native, time })
				}
				Err(why) => self.fall_back(job, &why).await,
			},
		}
	}
}

#[cfg(test)]
mod tests;
