//! The first answers of a model after a release are computed by the chain as well, before anybody signs
//! them.

mod common;

use async_trait::async_trait;
use codec::Encode;
use common::{manifest, tensor, World};
use countersign_engine::{
	supervisor::EngineError,
	worker::{
		AuditAnswer, Engine, EngineAnswer, EngineJob, EngineResult, Failure, Referee, Source,
		WorkerConfig,
	},
};
use countersign_primitives::{
	model::{Manifest, ModelId, PrecisionPolicy, ProgramRef},
	program::{DryRun, DryRunError, ProgramCost, ProgramSummary, Trap},
	request::{OutcomeCommitment, TrapCode},
	tensor::Tensor,
	Hash,
};
use parking_lot::Mutex;
use std::{
	path::PathBuf,
	sync::{
		atomic::{AtomicU32, Ordering},
		Arc,
	},
	time::Duration,
};

/// A canonical engine that gives back what it is given, until it is stopped.
#[derive(Default)]
struct Echo {
	native: bool,
	stopped: Mutex<Vec<(ModelId, String)>>,
}

#[async_trait]
impl Engine for Echo {
	async fn run(&self, job: EngineJob) -> Result<EngineAnswer, EngineError> {
		if let Some((_, why)) = self.stopped.lock().first() {
			return Err(EngineError::Stopped(why.clone()));
		}
		let (source, mut output) = match self.native {
			true => (Source::Native, tensor(0)),
			false => (Source::Canonical, tensor(0)),
		};
		// Another engine is off by one.
		output.data = job.inputs[0].data.iter().map(|x| x + u8::from(self.native)).collect();
		let result = EngineResult::Output(vec![output]);
		Ok(EngineAnswer { result, source, time: Duration::from_millis(1) })
	}

	async fn audit(&self, job: EngineJob, seed: [u8; 32]) -> Result<AuditAnswer, EngineError> {
		let result = EngineResult::Output(job.inputs);
		Ok(AuditAnswer { result, trace: seed, time: Duration::from_millis(1) })
	}

	fn stop(&self, model: ModelId, why: &str) {
		self.stopped.lock().push((model, why.into()));
	}
}

/// A chain that runs programs.
struct Chain {
	release: AtomicU32,
	/// Whether it stores the program.
	stores: bool,
	/// What it gives instead of its input.
	other: Option<Result<Vec<Tensor>, Trap>>,
	refuses: Option<DryRunError>,
	runs: AtomicU32,
}

impl Chain {
	fn new() -> Self {
		Self {
			release: AtomicU32::new(1),
			stores: true,
			other: None,
			refuses: None,
			runs: AtomicU32::new(0),
		}
	}

	fn runs(&self) -> u32 {
		self.runs.load(Ordering::Relaxed)
	}

	fn give(&self, input: Vec<u8>) -> Result<DryRun, DryRunError> {
		self.runs.fetch_add(1, Ordering::Relaxed);
		if let Some(refuses) = self.refuses {
			return Err(refuses);
		}
		let output = match &self.other {
			Some(other) => other.clone().map(|tensors| tensors.encode()),
			None => Ok(input),
		};
		Ok(DryRun { output, outcome: OutcomeCommitment::Output(Hash::zero()), summary: summary() })
	}
}

fn summary() -> ProgramSummary {
	ProgramSummary {
		root: Hash::zero(),
		version: 1,
		length: 1,
		inputs: Default::default(),
		outputs: Default::default(),
		cost: ProgramCost::default(),
		weighted_macs: 1,
		slabs: 1,
		leaves: 1,
	}
}

#[async_trait]
impl Referee for Chain {
	async fn release(&self, _: Hash) -> Result<u32, Failure> {
		Ok(self.release.load(Ordering::Relaxed))
	}
	async fn dry_run_stored(
		&self,
		_: Hash,
		_: ModelId,
		input: Vec<u8>,
	) -> Result<Result<DryRun, DryRunError>, Failure> {
		Ok(if self.stores { self.give(input) } else { Err(DryRunError::NoProgram) })
	}
	async fn dry_run(
		&self,
		_: Hash,
		package: Vec<u8>,
		input: Vec<u8>,
	) -> Result<Result<DryRun, DryRunError>, Failure> {
		assert_eq!(package, b"package");
		Ok(self.give(input))
	}
	async fn package(&self, _: Arc<Manifest>, artefact: PathBuf) -> Result<Vec<u8>, String> {
		assert!(artefact.exists(), "it stays there until it was rehearsed");
		Ok(b"package".to_vec())
	}
}

fn with_program(artefact: &[u8], policy: PrecisionPolicy) -> Manifest {
	Manifest {
		program: Some(ProgramRef { root: Hash::zero(), canonical_version: 1 }),
		policies: vec![policy].try_into().expect("one"),
		..manifest(artefact)
	}
}

fn config() -> WorkerConfig {
	WorkerConfig { submit_after: Duration::ZERO, ..WorkerConfig::default() }
}

/// A worker with this engine and chain, after it was asked so many times, once a block.
async fn asked(
	engine: Arc<Echo>,
	chain: Arc<Chain>,
	model: Manifest,
	requests: std::ops::Range<u8>,
	on_request: impl Fn(u8),
) -> Arc<World> {
	let world = World::new(engine);
	*world.referee.lock() = Some(chain);
	let model = world.add_model(model, b"model");
	let node = world.start(config());
	world.import(world.block(0, 0, &[]));
	for request in requests.clone() {
		on_request(request);
		let item = world.item(request, model, &[tensor(request)]);
		world.import(world.block(10 + u32::from(request), 0, &[item]));
		let done = usize::from(request - requests.start) + 1;
		world
			.until(|world| {
				world.submissions.borrow().len() >= done
					|| world.metrics.snapshot().rehearsals_failed > 0
			})
			.await;
	}
	node.stop().await.expect("it ends");
	world.assert_never_two_answers();
	world
}

#[tokio::test]
async fn the_first_answers_after_each_release_are_rehearsed() {
	for stores in [true, false] {
		let (engine, chain) =
			(Arc::new(Echo::default()), Arc::new(Chain { stores, ..Chain::new() }));
		let upgraded = chain.clone();
		let model = with_program(b"model", PrecisionPolicy::Exact);
		let world = asked(engine.clone(), chain.clone(), model, 1..9, |request| {
			if request == 6 {
				assert_eq!(upgraded.runs(), 3);
				upgraded.release.store(2, Ordering::Relaxed);
			}
		})
		.await;
		assert_eq!(chain.runs(), 6);
		let metrics = world.metrics.snapshot();
		assert_eq!((metrics.rehearsals, metrics.rehearsals_failed), (6, 0));
		assert_eq!(world.submissions.borrow().len(), 8);
		assert!(engine.stopped.lock().is_empty());
	}
}

#[tokio::test]
async fn nothing_is_signed_that_the_runtime_computes_otherwise() {
	let trap = Trap { code: TrapCode::Operator, operator: 3 };
	for (other, stores) in
		[(Ok(vec![tensor(9)]), true), (Ok(vec![tensor(9)]), false), (Err(trap), true)]
	{
		let engine = Arc::new(Echo::default());
		let chain = Arc::new(Chain { other: Some(other), stores, ..Chain::new() });
		let model = with_program(b"model", PrecisionPolicy::Exact);
		let world = asked(engine.clone(), chain, model, 1..2, |_| ()).await;
		assert!(world.submissions.borrow().is_empty());
		assert!(world.signed.lock().is_empty());
		assert_eq!(world.metrics.snapshot().rehearsals_failed, 1);
		assert_eq!(engine.stopped.lock().len(), 1, "it is not served any more");
	}
}

/// Another engine may be off by what the policy tolerates: what counts is what canonical gives here.
#[tokio::test]
async fn an_answer_of_another_engine_is_not_held_against_it() {
	let engine = Arc::new(Echo { native: true, ..Echo::default() });
	let chain = Arc::new(Chain::new());
	let within = PrecisionPolicy::Within { absolute: 3, relative: 3 };
	let world = asked(engine, chain, with_program(b"model", within), 1..3, |_| ()).await;
	assert_eq!(world.metrics.snapshot().rehearsals, 2);
	assert_eq!(world.submissions.borrow().len(), 2);
}

#[tokio::test]
async fn what_the_runtime_cannot_run_is_served_all_the_same() {
	let chain =
		Arc::new(Chain { refuses: Some(DryRunError::TooCostly), stores: false, ..Chain::new() });
	let model = with_program(b"model", PrecisionPolicy::Exact);
	let world = asked(Arc::new(Echo::default()), chain.clone(), model, 1..4, |_| ()).await;
	assert_eq!(chain.runs(), 1, "it is asked once");
	assert_eq!(world.submissions.borrow().len(), 3);
	// Nor is anything asked about a model without a program.
	let chain = Arc::new(Chain::new());
	let native = Arc::new(Echo { native: true, ..Echo::default() });
	let world = asked(native, chain.clone(), manifest(b"model"), 1..3, |_| ()).await;
	assert_eq!((chain.runs(), world.submissions.borrow().len()), (0, 2));
}
