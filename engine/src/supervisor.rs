//! Starts, watches and restarts the engine process.
//!
//! [`EngineHandle::new`] gives a handle, which can be cloned and used from anywhere, and the
//! [`Supervisor`], a future to spawn. One job runs at a time; those that wait are bounded. Nothing
//! that the process does can hurt the node: every exchange has a deadline after which the process
//! is killed, a crash or a broken message becomes an [`EngineError`] of the job that met it, and
//! the next job finds a new process. A model that ends the process again and again is refused for
//! a while that grows, and so are all jobs where the process does not even start; refused at once,
//! so that nobody waits for nothing. Other models are not affected: nobody can stop a validator
//! with one bad model.

mod job;
mod process;

pub use job::{ProgramJob, RunJob, RunOutcome, RunReport};

use crate::protocol::{ErrorKind, Reply, Request};
use countersign_primitives::model::ArtefactHash;
use parking_lot::Mutex;
use process::{Process, StartError};
use std::{
	collections::HashMap,
	path::PathBuf,
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot, watch};

pub(crate) const LOG: &str = "countersign::engine";

/// How the engine process is started and how long it may take.
#[derive(Clone, Debug)]
pub struct EngineConfig {
	/// The binary `countersign-engine`.
	pub binary: PathBuf,
	/// The ONNX Runtime library that it loads.
	pub onnxruntime: PathBuf,
	/// The folder in which the canonical engine keeps programs. A process with one is the canonical
	/// engine, and loads no library.
	pub programs: Option<PathBuf>,
	/// The most that the folder of programs takes, in MiB. Those used longest ago make room.
	pub programs_mib: u32,
	/// Threads that one operator uses.
	pub threads: u16,
	/// The most memory that the process may take in all, in MiB.
	pub memory_mib: u32,
	/// The most models that it keeps ready.
	pub models: u16,
	/// Jobs that may wait.
	pub queue: usize,
	/// For the process to start and to load the library.
	pub start_timeout: Duration,
	/// To load a model, on top of a second for every 64 MiB.
	pub load_timeout: Duration,
	/// How long a run may exceed its time limit before the process is killed.
	pub grace: Duration,
	/// The pause after two failures in a row, of the process to start or of a model to leave it
	/// alive; doubled by every further one.
	pub backoff: Duration,
	/// The longest pause.
	pub backoff_max: Duration,
}

impl EngineConfig {
	/// The usual configuration.
	pub fn new(binary: impl Into<PathBuf>, onnxruntime: impl Into<PathBuf>) -> Self {
		Self {
			binary: binary.into(),
			onnxruntime: onnxruntime.into(),
			programs: None,
			programs_mib: 4 * 1024,
			threads: 1,
			memory_mib: 8 * 1024,
			models: 8,
			queue: 64,
			start_timeout: Duration::from_secs(30),
			load_timeout: Duration::from_secs(30),
			grace: Duration::from_secs(2),
			backoff: Duration::from_secs(1),
			backoff_max: Duration::from_secs(60),
		}
	}

	/// The usual configuration of a canonical engine, which keeps programs in a folder.
	pub fn canonical(binary: impl Into<PathBuf>, programs: impl Into<PathBuf>) -> Self {
		Self {
			programs: Some(programs.into()),
			// A file is read, turned into a program and hashed.
			load_timeout: Duration::from_secs(120),
			..Self::new(binary, PathBuf::new())
		}
	}
}

/// Why a run was not done. Never a statement about the model's answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
	/// There is no engine process now: the binary or the library is missing, or it failed and
	/// the pause before the next start is not over.
	#[error("no engine: {0}")]
	Unavailable(String),
	/// Too many jobs wait.
	#[error("the engine has too much to do")]
	Busy,
	/// The process refused the job: another try would end the same way.
	#[error("refused by the engine ({kind:?}): {message}")]
	Refused {
		/// What kind.
		kind: ErrorKind,
		/// Why, in words for people.
		message: String,
	},
	/// The process died while it worked on this job.
	#[error("the engine process died: {0}")]
	Crashed(String),
	/// The process did not answer in time and was killed.
	#[error("the engine process did not answer within {0:?} and was killed")]
	Hung(Duration),
	/// The process sent something that makes no sense and was killed.
	#[error("the engine process broke the protocol and was killed: {0}")]
	Protocol(String),
	/// The supervisor has ended.
	#[error("the engine has been shut down")]
	Closed,
	/// The model is not served any more, because engines disagree about it on this machine.
	#[error("this model is not served any more: {0}")]
	Stopped(String),
}

/// What the engine is doing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EngineState {
	/// It has not been started yet.
	Starting,
	/// It is ready or working.
	Ready {
		/// The process.
		pid: u32,
		/// What it says it is, for people.
		description: String,
	},
	/// It is not there.
	Unavailable(String),
}

/// Counters of the engine, for the node's metrics.
#[derive(Debug, Default)]
pub struct EngineMetrics {
	/// Processes started.
	pub starts: AtomicU64,
	/// Starts that failed.
	pub failed_starts: AtomicU64,
	/// Runs that ended in an output.
	pub outputs: AtomicU64,
	/// Runs that ended in a trap.
	pub traps: AtomicU64,
	/// Jobs that the process refused.
	pub refusals: AtomicU64,
	/// Processes that died.
	pub crashes: AtomicU64,
	/// Processes that were killed because they did not answer.
	pub hangs: AtomicU64,
	/// Processes that were killed because they broke the protocol.
	pub protocol_errors: AtomicU64,
	/// Microseconds spent in runs.
	pub run_micros: AtomicU64,
}

fn count(counter: &AtomicU64) {
	counter.fetch_add(1, Ordering::Relaxed);
}

enum Task {
	Run(Box<RunJob>, oneshot::Sender<Result<RunReport, EngineError>>),
	Ping(oneshot::Sender<Result<(), EngineError>>),
}

/// Gives jobs to the engine process.
#[derive(Clone, Debug)]
pub struct EngineHandle {
	tasks: mpsc::Sender<Task>,
	state: watch::Receiver<EngineState>,
	metrics: Arc<EngineMetrics>,
}

impl EngineHandle {
	/// A handle, and the supervisor behind it, which has to be spawned.
	pub fn new(config: EngineConfig) -> (Self, Supervisor) {
		let (tasks, receiver) = mpsc::channel(config.queue.max(1));
		let (state_sender, state) = watch::channel(EngineState::Starting);
		let metrics = Arc::new(EngineMetrics::default());
		let supervisor = Supervisor {
			config,
			tasks: receiver,
			state: state_sender,
			metrics: metrics.clone(),
			process: None,
			failures: 0,
			not_before: None,
			blamed: HashMap::new(),
			next_id: 0,
			last_error: Arc::default(),
		};
		(Self { tasks, state, metrics }, supervisor)
	}

	/// Runs a model. Dropping the future does not stop a run that has begun.
	pub async fn run(&self, job: RunJob) -> Result<RunReport, EngineError> {
		let (sender, receiver) = oneshot::channel();
		self.submit(Task::Run(Box::new(job), sender))?;
		receiver.await.unwrap_or(Err(EngineError::Closed))
	}

	/// Waits until the engine process answers.
	pub async fn ping(&self) -> Result<(), EngineError> {
		let (sender, receiver) = oneshot::channel();
		self.submit(Task::Ping(sender))?;
		receiver.await.unwrap_or(Err(EngineError::Closed))
	}

	/// What the engine is doing.
	pub fn state(&self) -> EngineState {
		self.state.borrow().clone()
	}

	/// Follows what the engine is doing.
	pub fn watch(&self) -> watch::Receiver<EngineState> {
		self.state.clone()
	}

	/// The counters.
	pub fn metrics(&self) -> &Arc<EngineMetrics> {
		&self.metrics
	}

	/// Jobs that wait.
	pub fn waiting(&self) -> usize {
		self.tasks.max_capacity().saturating_sub(self.tasks.capacity())
	}

	fn submit(&self, task: Task) -> Result<(), EngineError> {
		self.tasks.try_send(task).map_err(|error| match error {
			mpsc::error::TrySendError::Full(_) => EngineError::Busy,
			mpsc::error::TrySendError::Closed(_) => EngineError::Closed,
		})
	}
}

/// The most models that are blamed at one time.
const MAX_BLAMED: usize = 1024;

/// A model that ended the process in every one of its last runs.
#[derive(Debug)]
struct Blame {
	failures: u32,
	until: Instant,
}

/// Owns the engine process. Ends, and the process with it, when the last handle is gone.
#[derive(Debug)]
pub struct Supervisor {
	config: EngineConfig,
	tasks: mpsc::Receiver<Task>,
	state: watch::Sender<EngineState>,
	metrics: Arc<EngineMetrics>,
	process: Option<Process>,
	/// Starts that failed, or processes that ended while idle, in a row.
	failures: u32,
	not_before: Option<Instant>,
	blamed: HashMap<ArtefactHash, Blame>,
	next_id: u64,
	/// What the process last complained about.
	last_error: Arc<Mutex<Option<String>>>,
}

impl std::fmt::Debug for Task {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.write_str(match self {
			Self::Run(..) => "Run",
			Self::Ping(_) => "Ping",
		})
	}
}

impl Supervisor {
	/// Works until the last handle is gone.
	pub async fn run(mut self) {
		// At once, so that whoever starts the node reads what is missing.
		let _ = self.ensure_process().await;
		loop {
			let task = match &mut self.process {
				Some(process) => tokio::select! {
					task = self.tasks.recv() => task,
					status = process.exited() => {
						self.failed(EngineError::Crashed(status)).await;
						self.pause();
						continue;
					},
				},
				None => self.tasks.recv().await,
			};
			let Some(task) = task else { break };
			match task {
				Task::Run(_, reply) if reply.is_closed() => {}
				Task::Run(job, reply) => {
					let result = self.run_job(*job).await;
					let _ = reply.send(result);
				}
				Task::Ping(reply) => {
					let result = self.do_ping().await;
					let _ = reply.send(result);
				}
			}
		}
		if let Some(process) = self.process.take() {
			process.kill().await;
		}
	}

	async fn run_job(&mut self, job: RunJob) -> Result<RunReport, EngineError> {
		let artefact = job.artefact;
		let now = Instant::now();
		if let Some(blame) = self.blamed.get(&artefact).filter(|blame| blame.until > now) {
			return Err(EngineError::Unavailable(format!(
				"this model ended the process {} times in a row; next try in {:.1} s",
				blame.failures,
				blame.until.saturating_duration_since(now).as_secs_f32()
			)));
		}
		let result = self.try_job(job).await;
		match &result {
			Ok(_) => {
				self.failures = 0;
				self.blamed.remove(&artefact);
			}
			Err(EngineError::Crashed(_) | EngineError::Hung(_) | EngineError::Protocol(_)) => {
				if self.blamed.len() >= MAX_BLAMED {
					self.blamed.clear();
				}
				let failures =
					self.blamed.get(&artefact).map_or(1, |blame| blame.failures.saturating_add(1));
				// The first failure may be one bad input: the next may follow at once.
				let until = Instant::now() + self.pause_after(failures);
				self.blamed.insert(artefact, Blame { failures, until });
			}
			Err(_) => {}
		}
		result
	}

	async fn try_job(&mut self, job: RunJob) -> Result<RunReport, EngineError> {
		let wrong = |message: &str| EngineError::Refused {
			kind: ErrorKind::BadRequest,
			message: message.into(),
		};
		let path = job.path.to_str().ok_or_else(|| wrong("the path is not UTF-8"))?;
		let load_time = self
			.config
			.load_timeout
			.saturating_add(Duration::from_secs(job.length / (64 * 1024 * 1024)));
		let path = path.as_bytes().to_vec();
		let run_time =
			Duration::from_millis(job.limits.time_ms.into()).saturating_add(self.config.grace);
		let limit = job.limits.output_bytes as usize;
		let (load_id, run_id) = (self.id(), self.id());
		let (load, run, expected) = job.requests(path, load_id, run_id);
		match self.exchange(load, load_time).await? {
			Reply::Loaded { .. } => {}
			other => return Err(self.unexpected(other).await),
		}
		let (outcome, verdict, trace, micros) = match self.exchange(run, run_time).await? {
			Reply::Output { tensors, verdict, trace, micros, .. } => {
				let bytes = tensors
					.iter()
					.fold(0usize, |sum, tensor| sum.saturating_add(tensor.data.len()));
				let types = tensors.iter().map(|tensor| tensor.ty).collect::<Vec<_>>();
				if types != expected || bytes > limit {
					let error = EngineError::Protocol("outputs other than asked for".into());
					return Err(self.failed(error).await);
				}
				count(&self.metrics.outputs);
				(RunOutcome::Output(tensors), verdict, trace, micros)
			}
			Reply::Trap { code, operator, message, verdict, trace, micros, .. } => {
				count(&self.metrics.traps);
				let message = String::from_utf8_lossy(&message).into_owned();
				(RunOutcome::Trap { code, operator, message }, verdict, trace, micros)
			}
			other => return Err(self.unexpected(other).await),
		};
		self.metrics.run_micros.fetch_add(micros, Ordering::Relaxed);
		Ok(RunReport { outcome, verdict, trace, time: Duration::from_micros(micros) })
	}

	async fn do_ping(&mut self) -> Result<(), EngineError> {
		let id = self.id();
		match self.exchange(Request::Ping { id }, self.config.start_timeout).await? {
			Reply::Pong { .. } => {
				self.failures = 0;
				Ok(())
			}
			other => Err(self.unexpected(other).await),
		}
	}

	fn id(&mut self) -> u64 {
		self.next_id = self.next_id.wrapping_add(1);
		self.next_id
	}

	/// One request and its reply. Starts a process where there is none.
	async fn exchange(&mut self, request: Request, time: Duration) -> Result<Reply, EngineError> {
		self.ensure_process().await?;
		let Some(process) = &mut self.process else {
			return Err(EngineError::Unavailable("not started".into()));
		};
		match process.exchange(&request, time).await {
			Ok(reply) => Ok(reply),
			Err(error) => Err(self.failed(error).await),
		}
	}

	/// What a reply other than the expected one means.
	async fn unexpected(&mut self, reply: Reply) -> EngineError {
		match reply {
			Reply::Error { kind: ErrorKind::FloatMode, message, .. } => {
				// A new process may be right; this one has said that it is not.
				let message = String::from_utf8_lossy(&message).into_owned();
				self.failed(EngineError::Crashed(message)).await
			}
			Reply::Error { kind, message, .. } => {
				count(&self.metrics.refusals);
				let message = String::from_utf8_lossy(&message).into_owned();
				EngineError::Refused { kind, message }
			}
			other => {
				let name = match other {
					Reply::Hello(_) => "Hello",
					Reply::Pong { .. } => "Pong",
					Reply::Loaded { .. } => "Loaded",
					Reply::Output { .. } => "Output",
					Reply::Trap { .. } => "Trap",
					Reply::Error { .. } => "Error",
				};
				self.failed(EngineError::Protocol(format!("{name} where it makes no sense"))).await
			}
		}
	}

	/// Ends the process after a failure.
	async fn failed(&mut self, error: EngineError) -> EngineError {
		let error = match (error, self.process.take()) {
			(EngineError::Crashed(pipe), Some(process)) => {
				let status = process.kill().await;
				let said = self.last_error.lock().take();
				EngineError::Crashed(match said {
					Some(said) => format!("{status}; it said: {said}"),
					None => format!("{status} ({pipe})"),
				})
			}
			(error, Some(process)) => {
				process.kill().await;
				error
			}
			(error, None) => error,
		};
		match &error {
			EngineError::Hung(_) => count(&self.metrics.hangs),
			EngineError::Protocol(_) => count(&self.metrics.protocol_errors),
			_ => count(&self.metrics.crashes),
		}
		tracing::warn!(target: LOG, %error, "engine process ended");
		let _ = self.state.send(EngineState::Unavailable(error.to_string()));
		error
	}

	/// How long to pause after this many failures in a row. After the first not at all.
	fn pause_after(&self, failures: u32) -> Duration {
		let doublings = match failures {
			0 | 1 => return Duration::ZERO,
			more => more.saturating_sub(2).min(16),
		};
		self.config.backoff.saturating_mul(1 << doublings).min(self.config.backoff_max)
	}

	/// Sets the pause before the next start.
	fn pause(&mut self) {
		self.failures = self.failures.saturating_add(1);
		self.not_before = Some(Instant::now() + self.pause_after(self.failures));
	}

	async fn ensure_process(&mut self) -> Result<(), EngineError> {
		if self.process.is_some() {
			return Ok(());
		}
		if let Some(pause) =
			self.not_before.and_then(|until| until.checked_duration_since(Instant::now()))
		{
			let why = match &*self.state.borrow() {
				EngineState::Unavailable(why) => why.clone(),
				_ => String::from("it failed"),
			};
			return Err(EngineError::Unavailable(format!(
				"{why}; next try in {:.1} s",
				pause.as_secs_f32()
			)));
		}
		count(&self.metrics.starts);
		*self.last_error.lock() = None;
		match Process::start(&self.config, self.last_error.clone()).await {
			Ok((process, description)) => {
				tracing::info!(target: LOG, pid = process.pid(), %description, "engine ready");
				let state = EngineState::Ready { pid: process.pid(), description };
				let _ = self.state.send(state);
				self.process = Some(process);
				Ok(())
			}
			Err(StartError(why)) => {
				count(&self.metrics.failed_starts);
				let known = EngineState::Unavailable(why.clone());
				// The same complaint every minute would drown the log.
				if *self.state.borrow() != known {
					tracing::error!(
						target: LOG,
						%why,
						"models cannot be run; the node goes on without"
					);
				}
				self.pause();
				let _ = self.state.send(known);
				Err(EngineError::Unavailable(why))
			}
		}
	}
}
