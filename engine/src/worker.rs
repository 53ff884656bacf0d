//! From an assignment on chain to a signed and submitted statement.
//!
//! [`run`] is a future to spawn. It is driven by new best blocks: at each one it asks the chain for
//! the open assignments of our keys and brings every one of them a step further. Between blocks it
//! keeps nothing that it could not ask for again, except the [journal](journal::Journal): a
//! statement is written there, and flushed to disk, before it is signed, and for one request and
//! role no other statement is ever signed again, whatever happens on whichever fork, across
//! restarts and crashes.
//!
//! ```text
//! assignment ─ artefact here? ─ input here and right? ─ run ─ statement ─ journal ─ sign ─ submit
//!                  │ fetch           │ fetch, demand      │ engine failed: later, or take-over
//! ```
//!
//! What comes of a run is signed only where signing is safe: an answer of the canonical engine
//! always; an answer of another engine where the model has no program, or where every output may
//! differ within a tolerance; a trap of another engine only where the model has no program. A
//! crash, a hang or a missing library is never an answer. The first answers of a model after a release
//! are computed by the runtime as well, before they are signed, see `rehearsal`.
//!
//! What our keys are drawn to audit is run by the canonical engine, and committed to and shown by the
//! same rules: statement and commitment are on disk before anything is signed, see `audit`.
//!
//! The node implements the traits of this module: the worker knows no client, pool, keystore or
//! network. It must be fed with best blocks only while the node is not far behind the network, so
//! that a lost journal is replaced by a floor at the head of the chain, see [`journal`].

mod audit;
mod canonical;
mod execute;
pub mod journal;
mod metrics;
mod plan;
mod rehearsal;
mod serving;
mod sources;
pub mod watch;

pub use canonical::{ChoiceMetrics, Engines, Runner};
pub use metrics::{Observation, WorkerMetrics, WorkerMetricsSnapshot};
pub use plan::run;
pub use rehearsal::Referee;

use crate::{
	exchange::Wanted,
	protocol::ErrorKind,
	store::Store,
	supervisor::{EngineError, EngineHandle, RunJob},
};
use async_trait::async_trait;
use countersign_primitives::{
	audit::{AuditCommit, AuditItem, AuditReveal},
	keys::{InferenceId, InferenceSignature},
	model::{Manifest, ModelId, ModelView},
	request::{InputDemand, Outcome, RequestId, Statement, TrapCode, WorkItem},
	tensor::Tensor,
	BlockNumber, Hash,
};
use std::{path::PathBuf, sync::Arc, time::Duration};

pub(crate) const LOG: &str = "countersign::worker";

/// A block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BestBlock {
	/// Its number.
	pub number: BlockNumber,
	/// Its hash.
	pub hash: Hash,
}

/// Something outside of the worker did not work.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

impl Failure {
	/// A failure, in words for people.
	pub fn new(why: impl std::fmt::Display) -> Self {
		Self(why.to_string())
	}
}

/// The chain, as far as the worker reads it.
#[async_trait]
pub trait ChainView: Send + Sync {
	/// The hash of the genesis block.
	fn genesis(&self) -> Hash;
	/// The open assignments of all our keys in the state after a block, oldest first.
	async fn assignments(&self, at: Hash) -> Result<Vec<WorkItem>, Failure>;
	/// A model.
	async fn model(&self, at: Hash, model: ModelId) -> Result<Option<ModelView>, Failure>;
	/// The models that the owners of our keys have declared to serve.
	async fn served(&self, at: Hash) -> Result<Vec<ModelId>, Failure>;
	/// The encoding of a request's input, where it is on chain.
	async fn input(&self, at: Hash, request: RequestId) -> Result<Option<Vec<u8>>, Failure>;
	/// What our keys have to audit in the state after a block, oldest first.
	async fn audits(&self, at: Hash) -> Result<Vec<AuditItem>, Failure>;
}

/// Brings transactions into the pool.
#[async_trait]
pub trait Submitter: Send + Sync {
	/// Submits a result on top of a block. Submitting the same again is no error.
	async fn submit_result(
		&self,
		at: Hash,
		statement: Statement,
		outcome: Outcome,
		signature: InferenceSignature,
	) -> Result<(), Failure>;
	/// Demands an input on top of a block. Demanding the same again is no error.
	async fn demand_input(
		&self,
		at: Hash,
		demand: InputDemand,
		signature: InferenceSignature,
	) -> Result<(), Failure>;
	/// Commits to an audit on top of a block. Committing to the same again is no error.
	async fn audit_commit(
		&self,
		at: Hash,
		commit: AuditCommit,
		signature: InferenceSignature,
	) -> Result<(), Failure>;
	/// Shows an audit on top of a block. Showing the same again is no error.
	async fn audit_reveal(
		&self,
		at: Hash,
		reveal: AuditReveal,
		signature: InferenceSignature,
	) -> Result<(), Failure>;
}

/// Other nodes, which may have what we lack.
#[async_trait]
pub trait BlobSource: Send + Sync {
	/// The encoding of a list of tensors, or nothing where nobody has it.
	async fn input(&self, commitment: Hash) -> Result<Option<Vec<u8>>, Failure>;
	/// Brings an artefact into the store. Asked for the same again meanwhile, it fetches it once.
	async fn artefact(&self, wanted: Wanted) -> Result<(), Failure>;
}

/// Holds the inference keys.
#[async_trait]
pub trait Signer: Send + Sync {
	/// Signs bytes with one of our keys.
	async fn sign(&self, key: &InferenceId, payload: &[u8]) -> Result<InferenceSignature, Failure>;
}

/// A run that the worker wants.
#[derive(Clone, Debug)]
pub struct EngineJob {
	/// The model.
	pub model: ModelId,
	/// Its manifest.
	pub manifest: Arc<Manifest>,
	/// Where the artefact lies; it stays there until the job is done.
	pub artefact: PathBuf,
	/// The inputs, checked against the manifest.
	pub inputs: Vec<Tensor>,
}

/// Which engine computed an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
	/// The canonical operator set: the meaning of the model.
	Canonical,
	/// Another engine, whose bits may differ.
	Native,
}

/// What came of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EngineAnswer {
	/// What the model gave.
	pub result: EngineResult,
	/// Which engine computed it.
	pub source: Source,
	/// How long it took.
	pub time: Duration,
}

/// What a model gave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EngineResult {
	/// The outputs, in the manifest's order.
	Output(Vec<Tensor>),
	/// No output.
	Trap {
		/// Why.
		code: TrapCode,
		/// The position of the operator in the program; `u32::MAX` where there is no program.
		operator: u32,
		/// Why, in words for the log.
		message: String,
	},
}

/// What came of a run for an audit, by the canonical operator set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditAnswer {
	/// What the model gave.
	pub result: EngineResult,
	/// The digest of the leaves of its trace that the seed drew.
	pub trace: [u8; 32],
	/// How long it took.
	pub time: Duration,
}

/// Runs models.
#[async_trait]
pub trait Engine: Send + Sync {
	/// Runs a model. An error is never an answer.
	async fn run(&self, job: EngineJob) -> Result<EngineAnswer, EngineError>;
	/// Runs a model's canonical program for an audit. An error is never an answer.
	async fn audit(&self, _: EngineJob, _: [u8; 32]) -> Result<AuditAnswer, EngineError> {
		Err(EngineError::Refused {
			kind: ErrorKind::BadRequest,
			message: "this engine has no canonical programs".into(),
		})
	}
	/// Serves a model no more, whatever comes: the chain computes something else.
	fn stop(&self, _: ModelId, _: &str) {}
}

/// One engine alone, for models without a program. [`Engines`] answers for all.
#[async_trait]
impl Engine for EngineHandle {
	async fn run(&self, job: EngineJob) -> Result<EngineAnswer, EngineError> {
		if job.manifest.program.is_some() {
			return Err(EngineError::Refused {
				kind: ErrorKind::BadRequest,
				message: "a model with a program needs both engines".into(),
			});
		}
		let job = RunJob::from_manifest(&job.manifest, job.artefact, job.inputs);
		let report = EngineHandle::run(self, job).await?;
		let result = report.outcome.into();
		Ok(EngineAnswer { result, source: Source::Native, time: report.time })
	}
}

/// What the worker may take and how patient it is.
#[derive(Clone, Debug)]
pub struct WorkerConfig {
	/// Assignments that are worked on at one time, their runs queueing for the engine.
	pub parallel: usize,
	/// Runs of one assignment that the engine may fail before it is left to the take-over.
	pub attempts: u32,
	/// The time from an assignment's block to the statement, at the least: what a block takes to
	/// reach the other nodes, which do not take a result before.
	pub submit_after: Duration,
	/// Blocks after which a statement is submitted again while its assignment is still open.
	pub resubmit_after: BlockNumber,
	/// Blocks after the assignment from which a missing input is demanded on chain.
	pub demand_after: BlockNumber,
	/// The longest that one artefact may take to come from other nodes.
	pub fetch_timeout: Duration,
	/// How long an input may take to come from other nodes before the worker looks again.
	pub input_timeout: Duration,
	/// How many blocks lie between two looks at what is served. Whatever is missing then is
	/// fetched, so that it is here before the first request.
	pub served_every: BlockNumber,
}

impl Default for WorkerConfig {
	fn default() -> Self {
		Self {
			parallel: 4,
			attempts: 3,
			submit_after: Duration::from_millis(300),
			resubmit_after: 3,
			demand_after: 2,
			fetch_timeout: Duration::from_secs(600),
			input_timeout: Duration::from_secs(6),
			served_every: 10,
		}
	}
}

/// All that the worker works with.
#[derive(Clone)]
pub struct WorkerParts {
	/// The chain.
	pub chain: Arc<dyn ChainView>,
	/// The way into blocks.
	pub submitter: Arc<dyn Submitter>,
	/// Other nodes.
	pub blobs: Arc<dyn BlobSource>,
	/// The keys.
	pub signer: Arc<dyn Signer>,
	/// The engine.
	pub engine: Arc<dyn Engine>,
	/// What the chain makes of the first answers after a release. Without, nothing is rehearsed.
	pub referee: Option<Arc<dyn Referee>>,
	/// Artefacts and inputs.
	pub store: Arc<Store>,
	/// Counters.
	pub metrics: Arc<WorkerMetrics>,
	/// Limits.
	pub config: WorkerConfig,
}
