//! A chain in memory, with forks, and everything else that a worker needs.

#![allow(dead_code, unreachable_pub)]

use async_trait::async_trait;
use codec::{DecodeAll, Encode};
use countersign_engine::{
	exchange::{
		ChunkList, Exchange, FetchLimits, Misconduct, Query, Reply, Transport, Wanted, CHUNK_BYTES,
	},
	store::{BlobId, Store},
	supervisor::EngineError,
	worker::{
		self,
		journal::{Journal, JournalError, JournalPlace},
		AuditAnswer, BestBlock, ChainView, Engine, EngineAnswer, EngineJob, EngineResult, Failure,
		Referee, Signer, Source, Submitter, WorkerConfig, WorkerMetrics, WorkerParts,
	},
};
use countersign_primitives::{
	audit::{AuditCommit, AuditItem, AuditReveal, AuditStage},
	commitment::tensors_commitment,
	keys::{InferenceId, InferencePair, InferenceSignature},
	model::{Artefact, Manifest, ModelId, ModelStatus, ModelView, RunCost},
	request::{
		Assignment, InputDemand, Outcome, OutcomeCommitment, RequestId, Role, Statement, WorkItem,
	},
	tensor::{decode_tensors, Dimension, Port, Tensor, TensorType},
	AccountId, BlockNumber, Hash,
};
use futures::channel::mpsc;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use sp_core::Pair;
use std::{
	collections::{HashMap, HashSet},
	ops::Range,
	sync::Arc,
	time::Duration,
};
use tokio::{sync::watch, task::JoinHandle};

pub const GENESIS: Hash = Hash::repeat_byte(0x9e);
/// The file of a fixture's model.
pub const ARTEFACT: &[u8] = &[0x42; 5000];

pub fn port(name: &str, ty: TensorType, shape: &[u32]) -> Port {
	Port {
		name: name.as_bytes().to_vec().try_into().expect("short"),
		ty,
		shape: shape
			.iter()
			.map(|dim| Dimension::Fixed(*dim))
			.collect::<Vec<_>>()
			.try_into()
			.expect("short"),
	}
}

/// A model that nobody can dispute: four bytes in, four bytes out.
pub fn manifest(artefact: &[u8]) -> Manifest {
	Manifest {
		name: b"test".to_vec().try_into().expect("short"),
		licence: b"MIT".to_vec().try_into().expect("short"),
		artefact: Artefact {
			sha256: Sha256::digest(artefact).into(),
			length: artefact.len() as u64,
		},
		program: None,
		inputs: vec![port("x", TensorType::U8, &[4])].try_into().expect("short"),
		outputs: vec![port("y", TensorType::U8, &[4])].try_into().expect("short"),
		policies: Default::default(),
		cost: RunCost { macs: 1, time_ms: 10_000, memory_mib: 512 },
		contributors: Default::default(),
		parents: Default::default(),
	}
}

pub fn tensor(fill: u8) -> Tensor {
	Tensor { ty: TensorType::U8, shape: vec![4], data: vec![fill; 4] }
}

/// What the state after one block says.
#[derive(Clone, Default)]
pub struct State {
	pub items: Vec<WorkItem>,
	/// The inputs that are on chain.
	pub inputs: HashMap<RequestId, Vec<u8>>,
	/// What is to be audited.
	pub audits: Vec<AuditItem>,
}

/// What somebody submitted.
#[derive(Clone, PartialEq, Debug)]
pub enum Submission {
	Result { at: Hash, statement: Statement, outcome: Outcome },
	Demand { at: Hash, demand: InputDemand },
	Commit { at: Hash, commit: AuditCommit },
	Reveal { at: Hash, reveal: AuditReveal },
}

/// The world around one worker. Outlives it, as the chain outlives a node.
pub struct World {
	pub folder: tempfile::TempDir,
	pub pair: InferencePair,
	pub models: Mutex<HashMap<ModelId, ModelView>>,
	pub states: Mutex<HashMap<Hash, State>>,
	/// What other nodes offer.
	pub offered: Mutex<HashMap<BlobId, Vec<u8>>>,
	/// Those of them that spoil what they send.
	pub spoilt: Mutex<HashSet<u32>>,
	/// What was reported of them.
	pub reported: Mutex<Vec<(u32, Misconduct)>>,
	/// What our validator has declared to serve.
	pub served: Mutex<Vec<ModelId>>,
	pub submissions: watch::Sender<Vec<Submission>>,
	/// What the pool does with the next submissions.
	pub refuse: Mutex<u32>,
	/// Every payload that was ever signed.
	pub signed: Mutex<Vec<Vec<u8>>>,
	pub engine: Arc<dyn Engine>,
	/// What the chain makes of first answers.
	pub referee: Mutex<Option<Arc<dyn Referee>>>,
	pub metrics: Arc<WorkerMetrics>,
	/// How often a worker asked for its assignments.
	looks: watch::Sender<u64>,
	blocks: Mutex<Option<mpsc::UnboundedSender<BestBlock>>>,
}

#[async_trait]
impl ChainView for World {
	fn genesis(&self) -> Hash {
		GENESIS
	}
	async fn assignments(&self, at: Hash) -> Result<Vec<WorkItem>, Failure> {
		self.looks.send_modify(|looks| *looks += 1);
		let states = self.states.lock();
		Ok(states.get(&at).ok_or_else(|| Failure::new("unknown block"))?.items.clone())
	}
	async fn model(&self, _: Hash, model: ModelId) -> Result<Option<ModelView>, Failure> {
		Ok(self.models.lock().get(&model).cloned())
	}
	async fn served(&self, _: Hash) -> Result<Vec<ModelId>, Failure> {
		Ok(self.served.lock().clone())
	}
	async fn input(&self, at: Hash, request: RequestId) -> Result<Option<Vec<u8>>, Failure> {
		Ok(self.states.lock().get(&at).and_then(|state| state.inputs.get(&request).cloned()))
	}
	async fn audits(&self, at: Hash) -> Result<Vec<AuditItem>, Failure> {
		Ok(self.states.lock().get(&at).map(|state| state.audits.clone()).unwrap_or_default())
	}
}

#[async_trait]
impl Submitter for World {
	async fn submit_result(
		&self,
		at: Hash,
		statement: Statement,
		outcome: Outcome,
		signature: InferenceSignature,
	) -> Result<(), Failure> {
		assert!(statement.verify(&signature));
		let committed = match &outcome {
			Outcome::Output(bytes) => {
				OutcomeCommitment::of_output(&decode_tensors(bytes).expect("tensors"))
			}
			Outcome::Trap { code, operator } => {
				OutcomeCommitment::Trap { code: *code, operator: *operator }
			}
		};
		assert_eq!(statement.outcome, committed, "the outcome is the one that was signed");
		self.pool_takes()?;
		self.submissions.send_modify(|all| all.push(Submission::Result { at, statement, outcome }));
		Ok(())
	}
	async fn demand_input(
		&self,
		at: Hash,
		demand: InputDemand,
		signature: InferenceSignature,
	) -> Result<(), Failure> {
		assert!(demand.verify(&signature));
		self.submissions.send_modify(|all| all.push(Submission::Demand { at, demand }));
		Ok(())
	}
	async fn audit_commit(
		&self,
		at: Hash,
		commit: AuditCommit,
		signature: InferenceSignature,
	) -> Result<(), Failure> {
		assert!(commit.verify(&signature));
		self.pool_takes()?;
		self.submissions.send_modify(|all| all.push(Submission::Commit { at, commit }));
		Ok(())
	}
	async fn audit_reveal(
		&self,
		at: Hash,
		reveal: AuditReveal,
		signature: InferenceSignature,
	) -> Result<(), Failure> {
		assert!(reveal.statement.verify(&signature));
		if let Some(outcome) = &reveal.outcome {
			assert_eq!(outcome.commitment().as_ref(), Some(&reveal.statement.outcome));
		}
		self.pool_takes()?;
		self.submissions.send_modify(|all| all.push(Submission::Reveal { at, reveal }));
		Ok(())
	}
}

/// Three other nodes. Each offers what the world says that other nodes offer.
struct Others(Arc<World>);

#[async_trait]
impl Transport for Others {
	type Peer = u32;

	async fn peers(&self) -> Vec<u32> {
		vec![0, 1, 2]
	}

	async fn providers(&self, _: &Wanted) -> Vec<u32> {
		Vec::new()
	}

	async fn ask(&self, peer: u32, query: Vec<u8>) -> Result<Vec<u8>, String> {
		let query = Query::decode_all(&mut &*query).expect("a query");
		let Some(bytes) = self.0.offered.lock().get(&query.id()).cloned() else {
			return Ok(Reply::Missing.encode());
		};
		let chunk = |mut bytes: Vec<u8>| {
			let spoilt = self.0.spoilt.lock().contains(&peer);
			if let Some(byte) = bytes.last_mut().filter(|_| spoilt) {
				*byte ^= 1;
			}
			Reply::Bytes(bytes)
		};
		let reply = match query {
			Query::Chunks(_) => {
				let list = ChunkList::read(&mut &bytes[..], bytes.len() as u64);
				Reply::Chunks(list.expect("long enough"))
			}
			Query::Chunk(_, index) => {
				let chunks: Vec<&[u8]> = bytes.chunks(CHUNK_BYTES as usize).collect();
				chunk(chunks[index as usize].to_vec())
			}
			Query::Tensors(_) => chunk(bytes),
		};
		Ok(reply.encode())
	}

	fn report(&self, peer: u32, misconduct: Misconduct) {
		self.0.reported.lock().push((peer, misconduct));
	}
}

#[async_trait]
impl Signer for World {
	async fn sign(&self, key: &InferenceId, payload: &[u8]) -> Result<InferenceSignature, Failure> {
		if *key != self.pair.public() {
			return Err(Failure::new("not our key"));
		}
		self.signed.lock().push(payload.to_vec());
		Ok(self.pair.sign(payload))
	}
}

impl World {
	pub fn new(engine: Arc<dyn Engine>) -> Arc<Self> {
		Arc::new(Self {
			folder: tempfile::tempdir().expect("temporary folder"),
			pair: InferencePair::from_seed(&[7; 32]),
			models: Mutex::default(),
			states: Mutex::default(),
			offered: Mutex::default(),
			spoilt: Mutex::default(),
			reported: Mutex::default(),
			served: Mutex::default(),
			submissions: watch::channel(Vec::new()).0,
			refuse: Mutex::default(),
			signed: Mutex::default(),
			engine,
			referee: Mutex::default(),
			metrics: Arc::default(),
			looks: watch::channel(0).0,
			blocks: Mutex::default(),
		})
	}

	/// Refuses as many submissions as the test says.
	fn pool_takes(&self) -> Result<(), Failure> {
		let mut refuse = self.refuse.lock();
		if *refuse > 0 {
			*refuse -= 1;
			return Err(Failure::new("the pool is full"));
		}
		Ok(())
	}

	/// The block with a number on a fork, after which there is this to audit.
	pub fn audit_block(&self, number: BlockNumber, fork: u8, audits: &[AuditItem]) -> BestBlock {
		let block = self.block(number, fork, &[]);
		self.states.lock().entry(block.hash).or_default().audits = audits.to_vec();
		block
	}

	/// An audit to be committed to, of a request whose input other nodes offer.
	pub fn audit(&self, request: u8, model: ModelId, inputs: &[Tensor]) -> AuditItem {
		let item = self.item(request, model, inputs);
		AuditItem {
			request: item.request,
			model,
			role: Role::Auditor(1),
			account: item.assignment.account,
			session: item.assignment.session,
			validator: item.assignment.validator,
			key: item.key,
			input_commitment: item.input_commitment,
			input_length: item.input_length,
			attribution: item.attribution,
			claimed: OutcomeCommitment::of_output(&[tensor(request)]),
			seed: Hash::repeat_byte(0x5e),
			stage: AuditStage::Commit,
			commitment: None,
			commit_until: 1_000,
			reveal_until: 1_010,
			clock: 20,
			drawn_at: 11,
			pay: 7,
		}
	}

	pub fn journal(&self) -> JournalPlace {
		let folder = self.folder.path();
		JournalPlace {
			path: folder.join("journal"),
			witness: Some(folder.join("volatile/journal")),
		}
	}

	pub fn store(&self) -> Arc<Store> {
		Arc::new(Store::open(self.folder.path().join("store"), 100 << 20).expect("opens"))
	}

	/// Registers a model whose artefact other nodes offer.
	pub fn add_model(&self, manifest: Manifest, artefact: &[u8]) -> ModelId {
		let owner = AccountId::new([1; 32]);
		let id = manifest.id(&GENESIS, &owner);
		self.offered.lock().insert(BlobId::Artefact(manifest.artefact.sha256), artefact.to_vec());
		self.models.lock().insert(
			id,
			ModelView {
				id,
				owner,
				status: ModelStatus::Active,
				price: Default::default(),
				registered_at: 0,
				manifest,
				servers: vec![],
			},
		);
		id
	}

	/// An assignment to us whose input other nodes offer.
	pub fn item(&self, request: u8, model: ModelId, inputs: &[Tensor]) -> WorkItem {
		let commitment = tensors_commitment(inputs);
		let encoded = inputs.encode();
		self.offered.lock().insert(BlobId::Tensors(commitment), encoded.clone());
		WorkItem {
			request: Hash::repeat_byte(request),
			model,
			role: Role::Executor,
			assignment: Assignment {
				session: 1,
				validator: 3,
				account: AccountId::new([2; 32]),
				deadline: 100,
				cover: 5,
			},
			key: self.pair.public(),
			input_commitment: commitment,
			input_length: encoded.len() as u32,
			attribution: Hash::repeat_byte(0xaa),
			may_demand_input: true,
			assigned_at: 11,
		}
	}

	/// The block with a number on a fork, after which `items` are open.
	pub fn block(&self, number: BlockNumber, fork: u8, items: &[WorkItem]) -> BestBlock {
		let mut hash = [fork; 32];
		hash[..4].copy_from_slice(&number.to_le_bytes());
		let block = BestBlock { number, hash: hash.into() };
		self.states.lock().entry(block.hash).or_default().items = items.to_vec();
		block
	}

	/// Makes it the best block.
	pub fn import(&self, block: BestBlock) {
		let sender = self.blocks.lock().clone().expect("a worker runs");
		sender.unbounded_send(block).expect("it listens");
	}

	/// Starts a worker, as a node does when it starts.
	pub fn start(self: &Arc<Self>, config: WorkerConfig) -> Node {
		let (sender, blocks) = mpsc::unbounded();
		*self.blocks.lock() = Some(sender);
		let store = self.store();
		let limits = FetchLimits { rounds: 1, ..FetchLimits::default() };
		let blobs = Exchange::new(Others(self.clone()), store.clone(), limits, Arc::default());
		let parts = WorkerParts {
			chain: self.clone(),
			submitter: self.clone(),
			blobs: Arc::new(blobs),
			signer: self.clone(),
			engine: self.engine.clone(),
			referee: self.referee.lock().clone(),
			store,
			metrics: self.metrics.clone(),
			config,
		};
		Node { world: self.clone(), task: tokio::spawn(worker::run(parts, self.journal(), blocks)) }
	}

	/// Waits until there are this many submissions and returns them.
	pub async fn submitted(&self, count: usize) -> Vec<Submission> {
		self.until(|world| world.submissions.borrow().len() >= count).await;
		self.submissions.borrow().clone()
	}

	/// Waits until something is so.
	pub async fn until(&self, so: impl Fn(&Self) -> bool) {
		if !self.within(Duration::from_secs(60), so).await {
			panic!("never so: {:?} {:?}", self.submissions.borrow(), self.metrics.snapshot());
		}
	}

	/// Waits until something is so, and for no longer than this.
	pub async fn within(&self, time: Duration, so: impl Fn(&Self) -> bool) -> bool {
		let wait = async {
			while !so(self) {
				tokio::time::sleep(Duration::from_millis(2)).await;
			}
		};
		tokio::time::timeout(time, wait).await.is_ok()
	}

	/// Starts a worker on a block, lets it go some steps after it opened its journal, and crashes it.
	///
	/// Not before it opened it: that happens beside the worker, so that it could open it after its
	/// end, while the next one does.
	pub async fn crash_after(self: &Arc<Self>, steps: u32, block: BestBlock) {
		let mut looks = self.looks.subscribe();
		let node = self.start(WorkerConfig::default());
		self.import(block);
		looks.changed().await.expect("the world stays");
		for _ in 0..steps {
			tokio::task::yield_now().await;
		}
		node.crash().await;
		self.journal_is_free().await;
	}

	/// Waits until no worker has the journal open: after a crash, tasks of the last may go on for a
	/// moment.
	async fn journal_is_free(&self) {
		let open = |world: &Self| Journal::open(world.journal(), GENESIS, 50);
		self.until(|world| !matches!(open(world), Err(JournalError::Locked(_)))).await;
	}

	/// All different answers that were ever signed, by request: outcome and attribution.
	pub fn statements(&self) -> HashMap<RequestId, HashSet<Vec<u8>>> {
		use codec::{Decode, Encode};
		let prefix = [&countersign_primitives::DOMAIN[..], b"statement"].concat();
		let mut all: HashMap<RequestId, HashSet<Vec<u8>>> = HashMap::new();
		for payload in self.signed.lock().iter() {
			if let Some(mut body) = payload.strip_prefix(&prefix[..]) {
				let statement = Statement::decode(&mut body).expect("a statement");
				all.entry(statement.request)
					.or_default()
					.insert((statement.outcome, statement.attribution).encode());
			}
		}
		all
	}

	/// Nobody could ever prove an equivocation.
	pub fn assert_never_two_answers(&self) {
		for (request, statements) in self.statements() {
			assert_eq!(statements.len(), 1, "two answers to {request:?}");
		}
	}
}

/// A world with one model, whose engine does what the test says.
pub struct Fixture {
	pub world: Arc<World>,
	pub engine: Arc<ScriptedEngine>,
	pub model: ModelId,
}

impl Fixture {
	pub fn new(manifest: Manifest) -> Self {
		let engine = Arc::new(ScriptedEngine::default());
		let world = World::new(engine.clone());
		let model = world.add_model(manifest, ARTEFACT);
		Self { world, engine, model }
	}

	/// Starts a worker at the beginning of the chain.
	pub fn start(&self) -> Node {
		let node = self.world.start(WorkerConfig::default());
		self.world.import(self.world.block(0, 0, &[]));
		node
	}

	/// Imports blocks with these numbers, one each `time`, until something is so: what the worker
	/// looks at from time to time, it looks at when there is a block.
	pub async fn drive(
		&self,
		numbers: Range<u32>,
		time: Duration,
		block: impl Fn(u32) -> BestBlock,
		so: impl Fn(&World) -> bool,
	) {
		for number in numbers {
			self.world.import(block(number));
			if self.world.within(time, &so).await {
				return;
			}
		}
		panic!("never so: {:?}", self.world.metrics.snapshot());
	}
}

/// A running worker.
pub struct Node {
	world: Arc<World>,
	task: JoinHandle<Result<(), JournalError>>,
}

impl Node {
	/// Ends it as a node that shuts down does.
	pub async fn stop(self) -> Result<(), JournalError> {
		*self.world.blocks.lock() = None;
		self.task.await.expect("never panics")
	}

	/// How it ended by itself.
	pub async fn ended(self) -> Result<(), JournalError> {
		self.task.await.expect("never panics")
	}

	/// Ends it in the middle of whatever it does.
	pub async fn crash(self) {
		self.task.abort();
		let _ = self.task.await;
	}
}

/// What a scripted engine does with a job.
pub enum Script {
	Answer(EngineResult),
	Fail(EngineError),
	/// Waits for ever.
	Never,
}

/// An engine that does what the test says: the first script that is left, then echoes its input
/// with a counter, so that no two runs ever give the same output.
#[derive(Default)]
pub struct ScriptedEngine {
	pub scripts: Mutex<Vec<Script>>,
	pub runs: Mutex<Vec<EngineJob>>,
	/// Held back while this is taken.
	pub gate: tokio::sync::Mutex<()>,
}

#[async_trait]
impl Engine for ScriptedEngine {
	async fn run(&self, job: EngineJob) -> Result<EngineAnswer, EngineError> {
		let count = {
			let mut runs = self.runs.lock();
			runs.push(job.clone());
			runs.len() as u8
		};
		drop(self.gate.lock().await);
		let script = {
			let mut scripts = self.scripts.lock();
			(!scripts.is_empty()).then(|| scripts.remove(0))
		};
		let result = match script {
			Some(Script::Answer(result)) => result,
			Some(Script::Fail(error)) => return Err(error),
			Some(Script::Never) => std::future::pending().await,
			None => {
				let mut output = job.inputs[0].clone();
				output.data[0] = count;
				EngineResult::Output(vec![output])
			}
		};
		Ok(EngineAnswer { result, source: Source::Native, time: Duration::from_millis(1) })
	}

	/// As a run; the digest is the seed, turned round.
	async fn audit(&self, job: EngineJob, seed: [u8; 32]) -> Result<AuditAnswer, EngineError> {
		let EngineAnswer { result, time, .. } = self.run(job).await?;
		Ok(AuditAnswer { result, trace: seed.map(|byte| !byte), time })
	}
}

impl ScriptedEngine {
	pub fn count(&self) -> usize {
		self.runs.lock().len()
	}
}
