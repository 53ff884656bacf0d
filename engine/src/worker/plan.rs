//! What to do at each block.

use super::{
	audit::{self, book::Book, Auditor},
	execute::{self, Step},
	journal::{Journal, JournalError, JournalKey, JournalPlace},
	metrics::{count, set},
	rehearsal::Rehearsals,
	serving,
	sources::blocking,
	BestBlock, WorkerParts, LOG,
};
use crate::store::{BlobId, Pin};
use countersign_primitives::{
	model::{Manifest, ModelId},
	request::{Role, Statement, WorkItem},
	BlockNumber, Hash,
};
use futures::{FutureExt, Stream, StreamExt};
use parking_lot::Mutex;
use std::{
	collections::{HashMap, HashSet},
	pin::pin,
	sync::Arc,
	time::Instant,
};
use tokio::task::{Id, JoinError, JoinSet};

/// The most open assignments that are looked at.
const MAX_ASSIGNMENTS: usize = 4096;
/// The most manifests that are remembered.
const MAX_MANIFESTS: usize = 256;

/// How often old records of the journal are dropped.
const COMPACT_EVERY_BLOCKS: BlockNumber = 10_000;

/// What the tasks share.
pub(super) struct Shared {
	pub(super) parts: WorkerParts,
	pub(super) genesis: Hash,
	pub(super) journal: Arc<Mutex<Journal>>,
	manifests: Mutex<HashMap<ModelId, Arc<Manifest>>>,
	/// What is served stays in the store.
	pub(super) pins: Mutex<HashMap<BlobId, Pin>>,
	pub(super) rehearsals: Rehearsals,
}

impl Shared {
	/// A model's manifest, which never changes.
	pub(super) async fn manifest(&self, model: ModelId, at: Hash) -> Result<Arc<Manifest>, String> {
		if let Some(manifest) = self.manifests.lock().get(&model) {
			return Ok(manifest.clone());
		}
		let view = self
			.parts
			.chain
			.model(at, model)
			.await
			.map_err(|error| error.to_string())?
			.ok_or_else(|| format!("there is no model {model:?}"))?;
		let manifest = Arc::new(view.manifest);
		let mut manifests = self.manifests.lock();
		if manifests.len() >= MAX_MANIFESTS {
			manifests.clear();
		}
		manifests.insert(model, manifest.clone());
		Ok(manifest)
	}
}

/// What is known of one open assignment.
struct Progress {
	item: WorkItem,
	seen: Instant,
	working: bool,
	/// The block at which the last step began.
	started: BlockNumber,
	failures: u32,
	/// Nothing is tried before this block.
	not_before: BlockNumber,
	submitted: Option<BlockNumber>,
	demanded: Option<BlockNumber>,
	/// Whether its end without our statement has been counted, or a reason to leave it alone.
	closed: bool,
}

struct Plan {
	shared: Arc<Shared>,
	progress: HashMap<JournalKey, Progress>,
	tasks: JoinSet<Step>,
	keys: HashMap<Id, JournalKey>,
	block: BestBlock,
	/// The block at which old records were last dropped.
	compacted: BlockNumber,
	/// Fetches what is served and not here.
	serving: JoinSet<()>,
	/// The block at which that was last looked for.
	looked: Option<BlockNumber>,
	auditor: Auditor,
}

/// Works until the stream of best blocks ends. Fails only where the journal cannot be opened;
/// without one nothing may be signed.
pub async fn run(
	parts: WorkerParts,
	journal: impl Into<JournalPlace>,
	blocks: impl Stream<Item = BestBlock> + Send,
) -> Result<(), JournalError> {
	let mut blocks = pin!(blocks.fuse());
	let Some(first) = blocks.next().await else { return Ok(()) };
	let genesis = parts.chain.genesis();
	let place = journal.into();
	let path = place.path.clone();
	let book = audit::book_beside(&path);
	let journal = blocking(move || Journal::open(place, genesis, first.number))
		.await
		.unwrap_or_else(|why| Err(JournalError::Io { path, source: std::io::Error::other(why) }))?;
	let book = blocking(move || Book::open(book, genesis))
		.await
		.unwrap_or_else(|why| Err(std::io::Error::other(why)))
		.map_err(|source| JournalError::Io { path: audit::book_beside(journal.path()), source })?;
	tracing::info!(
		target: LOG,
		records = journal.len(),
		floor = journal.floor(),
		"worker started"
	);
	let shared = Arc::new(Shared {
		parts,
		genesis,
		journal: Arc::new(Mutex::new(journal)),
		manifests: Mutex::default(),
		pins: Mutex::default(),
		rehearsals: Rehearsals::default(),
	});
	let mut plan = Plan {
		shared: shared.clone(),
		progress: HashMap::new(),
		tasks: JoinSet::new(),
		keys: HashMap::new(),
		block: first,
		compacted: first.number,
		serving: JoinSet::new(),
		looked: None,
		auditor: Auditor::new(shared, book),
	};
	plan.on_block(first).await;
	loop {
		tokio::select! {
			block = blocks.next() => {
				let Some(mut block) = block else { break };
				// Only the newest counts.
				while let Some(Some(newer)) = blocks.next().now_or_never() {
					block = newer;
				}
				plan.on_block(block).await;
			},
			Some(end) = plan.tasks.join_next_with_id() => plan.on_end(end),
			Some(end) = plan.auditor.join_next() => if let Err(error) = end {
				tracing::error!(target: LOG, %error, "a task of the auditor failed");
			},
			Some(end) = plan.serving.join_next() => if let Err(error) = end {
				tracing::error!(target: LOG, %error, "a task of the worker failed");
			},
		}
	}
	plan.tasks.shutdown().await;
	plan.serving.shutdown().await;
	plan.auditor.shutdown().await;
	Ok(())
}

impl Plan {
	async fn on_block(&mut self, block: BestBlock) {
		self.block = block;
		self.look_at_served();
		self.auditor.on_block(block);
		let metrics = self.shared.parts.metrics.clone();
		let items = match self.shared.parts.chain.assignments(block.hash).await {
			Ok(items) => items,
			Err(error) => {
				count(&metrics.chain_failures);
				tracing::warn!(target: LOG, block = block.number, %error, "no assignments");
				return;
			}
		};
		set(&metrics.assignments_open, items.len());
		let mut open = HashSet::new();
		for item in items.into_iter().take(MAX_ASSIGNMENTS) {
			// Audits have a protocol of their own.
			if item.role != Role::Executor {
				continue;
			}
			let key = (item.request, item.role);
			open.insert(key);
			match self.progress.get_mut(&key) {
				Some(progress) => {
					// On another fork it may be another assignment, with its own deadline.
					let may_demand_input = item.may_demand_input;
					let before = WorkItem { may_demand_input, ..progress.item.clone() };
					if before != item {
						progress.submitted = None;
						progress.demanded = None;
						progress.not_before = 0;
						progress.seen = Instant::now();
						progress.closed = false;
					}
					progress.item = item;
				}
				None => {
					self.progress.insert(
						key,
						Progress {
							item,
							seen: Instant::now(),
							working: false,
							started: 0,
							failures: 0,
							not_before: 0,
							submitted: None,
							demanded: None,
							closed: false,
						},
					);
				}
			}
		}
		self.forget(&open);
		let journal = self.shared.journal.clone();
		let noted = blocking(move || journal.lock().note_block(block.number)).await;
		if let Ok(Err(error)) = noted {
			tracing::error!(target: LOG, %error, "the journal's witness was not told");
		}
		if block.number.saturating_sub(self.compacted) >= COMPACT_EVERY_BLOCKS {
			self.compacted = block.number;
			let journal = self.shared.journal.clone();
			let compacted = blocking(move || journal.lock().compact(block.number)).await;
			if let Ok(Err(error)) = compacted {
				tracing::error!(target: LOG, %error, "journal not compacted");
			}
		}
		self.go_on();
	}

	/// Looks from time to time whether everything that is served is here.
	fn look_at_served(&mut self) {
		let now = self.block.number;
		let every = self.shared.parts.config.served_every.max(1);
		let due = self.looked.is_none_or(|at| now >= at.saturating_add(every) || now < at);
		// What takes longer than that is waited for.
		if due && self.serving.is_empty() {
			self.looked = Some(now);
			self.serving.spawn(serving::look(self.shared.clone(), self.block));
		}
	}

	/// Forgets assignments that are not open any more.
	fn forget(&mut self, open: &HashSet<JournalKey>) {
		let journal = self.shared.journal.lock();
		let metrics = &self.shared.parts.metrics;
		self.progress.retain(|key, progress| {
			let keep = open.contains(key) || progress.working;
			if !keep && !progress.closed && journal.statement(key).is_none() {
				count(&metrics.assignments_missed);
			}
			keep
		});
	}

	fn on_end(&mut self, end: Result<(Id, Step), JoinError>) {
		let (id, step) = match end {
			Ok((id, step)) => (id, step),
			Err(error) => {
				tracing::error!(target: LOG, %error, "a task of the worker failed");
				(error.id(), Step::EngineFailed(error.to_string()))
			}
		};
		let Some(key) = self.keys.remove(&id) else { return };
		let Some(progress) = self.progress.get_mut(&key) else { return };
		progress.working = false;
		let request = key.0;
		let now = self.block.number;
		// One try at each block, also where a try outlasts some.
		progress.not_before = progress.started.saturating_add(1);
		match step {
			Step::Submitted => {
				tracing::info!(target: LOG, ?request, block = now, "statement submitted");
				progress.submitted = Some(now);
			}
			Step::NotSubmitted(why) => {
				tracing::warn!(target: LOG, ?request, %why, "statement not submitted, will try again")
			}
			Step::Demanded => {
				tracing::info!(target: LOG, ?request, block = now, "input demanded");
				progress.demanded = Some(now);
			}
			Step::Waiting(why) => tracing::debug!(target: LOG, ?request, %why, "waiting"),
			Step::EngineFailed(why) => {
				progress.failures = progress.failures.saturating_add(1);
				tracing::warn!(target: LOG, ?request, %why, failures = progress.failures, "no answer");
			}
			Step::GaveUp(why) => {
				progress.failures = u32::MAX;
				tracing::warn!(target: LOG, ?request, %why, "left to the take-over");
			}
		}
		self.go_on();
	}

	/// Starts whatever can be started now.
	fn go_on(&mut self) {
		let mut keys: Vec<_> = self.progress.keys().copied().collect();
		// What is due first comes first; the request decides ties, so that the order is stable.
		keys.sort_by_key(|key| {
			let deadline = self.progress.get(key).map(|progress| progress.item.assignment.deadline);
			(deadline, key.0)
		});
		let limit = self.shared.parts.config.parallel.max(1);
		let mut waiting = 0;
		for key in keys {
			match self.next_step(&key) {
				None => {}
				Some(Next::Submit { item, seen }) => {
					let task = execute::submit(self.shared.clone(), *item, self.block, seen);
					self.start(key, task);
				}
				Some(Next::Execute { .. }) if self.keys.len() >= limit => waiting += 1,
				Some(Next::Execute { item, demand, seen }) => {
					let shared = self.shared.clone();
					let task = execute::execute(shared, *item, self.block, demand, seen);
					self.start(key, task);
				}
			}
		}
		let metrics = &self.shared.parts.metrics;
		set(&metrics.assignments_working, self.keys.len());
		set(&metrics.assignments_waiting, waiting);
	}

	fn start(
		&mut self,
		key: JournalKey,
		task: impl std::future::Future<Output = Step> + Send + 'static,
	) {
		let id = self.tasks.spawn(task).id();
		self.keys.insert(id, key);
		if let Some(progress) = self.progress.get_mut(&key) {
			progress.working = true;
			progress.started = self.block.number;
		}
	}

	fn next_step(&mut self, key: &JournalKey) -> Option<Next> {
		let now = self.block.number;
		let metrics = &self.shared.parts.metrics;
		let config = &self.shared.parts.config;
		let progress = self.progress.get_mut(key)?;
		if progress.working || progress.closed {
			return None;
		}
		let journal = self.shared.journal.lock();
		let statement = journal.statement(key);
		// The next block is the first that a transaction can be in.
		if now >= progress.item.assignment.deadline {
			if statement.is_none() {
				count(&metrics.assignments_missed);
			}
			progress.closed = true;
			return None;
		}
		if let Some(statement) = statement {
			if !answers(statement, &progress.item, self.shared.genesis) {
				// Another key, or other rules: silence costs a fee, a second answer stake.
				count(&metrics.conflicts_refused);
				tracing::warn!(
					target: LOG,
					request = ?key.0,
					"already answered this request in another way: left to the take-over"
				);
				progress.closed = true;
				return None;
			}
			let due = match progress.submitted {
				Some(at) => now >= at.saturating_add(config.resubmit_after.max(1)) || now < at,
				None => now >= progress.not_before,
			};
			let item = Box::new(progress.item.clone());
			return due.then_some(Next::Submit { item, seen: progress.seen });
		}
		if progress.item.assigned_at <= journal.floor() {
			count(&metrics.before_journal);
			tracing::warn!(
				target: LOG,
				request = ?key.0,
				assigned_at = progress.item.assigned_at,
				floor = journal.floor(),
				"assigned before the journal began: left to the take-over"
			);
			progress.closed = true;
			return None;
		}
		if progress.failures >= config.attempts.max(1) || now < progress.not_before {
			return None;
		}
		let again = |at: BlockNumber| now >= at.saturating_add(config.resubmit_after.max(1));
		let demand = progress.item.may_demand_input
			&& now >= progress.item.assigned_at.saturating_add(config.demand_after)
			&& progress.demanded.is_none_or(again);
		let item = Box::new(progress.item.clone());
		Some(Next::Execute { item, demand, seen: progress.seen })
	}
}

enum Next {
	Submit { item: Box<WorkItem>, seen: Instant },
	Execute { item: Box<WorkItem>, demand: bool, seen: Instant },
}

/// Whether the answer that was given to a request is one to this assignment of it. On another fork,
/// or at a take-over, the same request may be assigned to the same validator in another session or
/// place: it is answered there again, with the answer that stands in the journal.
fn answers(statement: &Statement, item: &WorkItem, genesis: Hash) -> bool {
	statement.genesis == genesis
		&& statement.model == item.model
		&& statement.input == item.input_commitment
		&& statement.attribution == item.attribution
		&& statement.signer == item.key
}
