//! Audits: running what others answered again, committing to it, and showing it.
//!
//! ```text
//! drawn ─ artefact and input here? ─ run, with digest ─ journal, book ─ commit ─ ... ─ show
//!              │ fetch                   │ failed: missed, which costs nothing
//! ```
//!
//! Running and showing are tasks of their own: a long run must not keep what was committed to from
//! being shown in time, because that costs stake. What goes into a commitment is on disk before it
//! is signed: the statement in the journal, the rest in the [book](book).

pub(crate) mod book;

use super::{
	execute::{bounded, state},
	journal::{JournalError, Record},
	metrics::count,
	plan::Shared,
	rehearsal,
	sources::{self, blocking},
	BestBlock, EngineJob, Source, LOG,
};
use book::{Book, BookKey, Hidden};
use countersign_primitives::{
	audit::{audit_commitment, AuditCommit, AuditItem, AuditReveal, AuditStage},
	parameters::SLOT_MILLISECONDS,
	request::{Assignment, Statement, WorkItem},
	BlockNumber,
};
use parking_lot::Mutex;
use std::{
	collections::HashMap,
	io::Read,
	path::{Path, PathBuf},
	sync::Arc,
	time::Duration,
};
use tokio::task::{JoinError, JoinSet};

/// The most submissions that are remembered.
const MAX_SUBMITTED: usize = 4_096;
/// How often an audit is tried whose input, artefact or engine is not to be had.
const ATTEMPTS: u32 = 3;

/// Where the book of a journal lies.
pub(super) fn book_beside(journal: &Path) -> PathBuf {
	journal.with_extension("audits")
}

/// What the tasks share.
struct Parts {
	shared: Arc<Shared>,
	book: Arc<Mutex<Book>>,
	/// When each message was last submitted.
	submitted: Mutex<HashMap<(BookKey, bool), BlockNumber>>,
	/// How often each audit was tried in vain.
	failures: Mutex<HashMap<BookKey, u32>>,
}

/// Audits by itself.
pub(super) struct Auditor {
	parts: Arc<Parts>,
	running: JoinSet<()>,
	showing: JoinSet<()>,
	/// The newest block, and those at which the tasks were last started.
	block: Option<BestBlock>,
	run_at: Option<BestBlock>,
	shown_at: Option<BestBlock>,
}

impl Auditor {
	pub(super) fn new(shared: Arc<Shared>, book: Book) -> Self {
		let parts = Parts {
			shared,
			book: Arc::new(Mutex::new(book)),
			submitted: Mutex::default(),
			failures: Mutex::default(),
		};
		Self {
			parts: Arc::new(parts),
			running: JoinSet::new(),
			showing: JoinSet::new(),
			block: None,
			run_at: None,
			shown_at: None,
		}
	}

	/// Goes on with whatever can be gone on with. A task that is still busy is left alone, and
	/// started again at this block when it has ended.
	pub(super) fn on_block(&mut self, block: BestBlock) {
		self.block = Some(block);
		self.go_on(block);
	}

	fn go_on(&mut self, block: BestBlock) {
		if self.showing.is_empty() && self.shown_at != Some(block) {
			self.shown_at = Some(block);
			self.showing.spawn(show_all(self.parts.clone(), block));
		}
		if self.running.is_empty() && self.run_at != Some(block) {
			self.run_at = Some(block);
			self.running.spawn(run_all(self.parts.clone(), block));
		}
	}

	/// The end of a task. `None` where there is none.
	pub(super) async fn join_next(&mut self) -> Option<Result<(), JoinError>> {
		let end = tokio::select! {
			Some(end) = self.running.join_next() => Some(end),
			Some(end) = self.showing.join_next() => Some(end),
			else => None,
		};
		if let (Some(_), Some(block)) = (&end, self.block) {
			self.go_on(block);
		}
		end
	}

	pub(super) async fn shutdown(&mut self) {
		self.running.shutdown().await;
		self.showing.shutdown().await;
	}
}

fn key_of(item: &AuditItem) -> BookKey {
	(item.request, item.role, item.seed)
}

/// An audit in the words of an assignment.
fn work_item(item: &AuditItem) -> WorkItem {
	WorkItem {
		request: item.request,
		model: item.model,
		role: item.role,
		assignment: Assignment {
			session: item.session,
			validator: item.validator,
			account: item.account.clone(),
			deadline: 0,
			cover: 0,
		},
		key: item.key.clone(),
		input_commitment: item.input_commitment,
		input_length: item.input_length,
		attribution: item.attribution,
		may_demand_input: false,
		assigned_at: item.drawn_at,
	}
}

async fn items(parts: &Parts, block: BestBlock) -> Vec<AuditItem> {
	match parts.shared.parts.chain.audits(block.hash).await {
		Ok(items) => items,
		Err(error) => {
			count(&parts.shared.parts.metrics.chain_failures);
			tracing::warn!(target: LOG, block = block.number, %error, "no audits");
			Vec::new()
		}
	}
}

/// Commits to what was run, and shows what was committed to.
async fn show_all(parts: Arc<Parts>, block: BestBlock) {
	for item in items(&parts, block).await {
		let done = match item.stage {
			AuditStage::Reveal => show(&parts, &item, block).await,
			AuditStage::Commit if parts.book.lock().get(&key_of(&item)).is_some() => {
				commit(&parts, &item, block).await
			}
			AuditStage::Commit | AuditStage::Wait => Ok(()),
		};
		if let Err(why) = done {
			tracing::warn!(target: LOG, request = ?item.request, role = ?item.role, %why, "audit");
		}
	}
}

/// Runs what is to be audited and was not run yet, what is due first first.
async fn run_all(parts: Arc<Parts>, block: BestBlock) {
	let mut items = items(&parts, block).await;
	items.retain(|item| item.stage == AuditStage::Commit);
	items.sort_by_key(|item| item.commit_until);
	for item in items {
		let key = key_of(&item);
		let failed = parts.failures.lock().get(&key).copied().unwrap_or(0);
		if failed >= ATTEMPTS || parts.book.lock().get(&key).is_some() {
			continue;
		}
		// What cannot be committed to any more when it is ready helps nobody.
		let ticks = item.commit_until.saturating_sub(item.clock);
		let time = Duration::from_millis(SLOT_MILLISECONDS.saturating_mul(ticks));
		let done = match tokio::time::timeout(time, run(&parts, &item, block)).await {
			Ok(done) => done,
			Err(_) => Err("the time to commit is over".into()),
		};
		if let Err(why) = done {
			let mut failures = parts.failures.lock();
			if failures.len() >= MAX_SUBMITTED {
				failures.clear();
			}
			let failed = failed.saturating_add(1);
			failures.insert(key, failed);
			if failed == ATTEMPTS {
				count(&parts.shared.parts.metrics.audits_missed);
			}
			tracing::warn!(target: LOG, request = ?item.request, role = ?item.role, %why, "not audited");
		}
	}
}

/// Runs one request again, writes down what came of it, and commits to it.
async fn run(parts: &Parts, item: &AuditItem, block: BestBlock) -> Result<(), String> {
	let shared = &parts.shared;
	if item.drawn_at <= shared.journal.lock().floor() {
		count(&shared.parts.metrics.before_journal);
		return Err("drawn before the journal began".into());
	}
	let work = work_item(item);
	let manifest = shared.manifest(item.model, block.hash).await?;
	let artefact = sources::artefact(shared, item.model, &manifest).await?;
	let inputs =
		sources::input(shared, &work, block.hash).await?.ok_or("the input is nowhere to be had")?;
	let job = EngineJob {
		model: item.model,
		manifest: manifest.clone(),
		artefact: artefact.path.clone(),
		inputs,
	};
	let rehearsal = rehearsal::due(shared, &job, block).await;
	let answer =
		shared.parts.engine.audit(job, item.seed.0).await.map_err(|error| error.to_string())?;
	if let Some(rehearsal) = rehearsal {
		rehearsal.hold(shared, &answer.result, Source::Canonical).await?;
	}
	count(&shared.parts.metrics.audits_run);
	let (statement, outcome) = state(shared.genesis, &work, bounded(&manifest, answer.result));
	let record = Record { statement, outcome, block: block.number };
	let journal = shared.journal.clone();
	match blocking(move || journal.lock().record(&record)).await? {
		Ok(()) => count(&shared.parts.metrics.statements_signed),
		// Another fork's run came first. What it said is what will be committed to.
		Err(JournalError::Conflict) => count(&shared.parts.metrics.conflicts_refused),
		Err(error) => return Err(format!("nothing is signed without a journal: {error}")),
	}
	let (book, key, trace) = (parts.book.clone(), key_of(item), answer.trace.into());
	let added = blocking(move || {
		let hidden = Hidden { trace, salt: new_salt()?, block: block.number };
		book.lock().add(key, hidden)
	});
	added
		.await?
		.map_err(|error| format!("nothing is signed without the book of audits: {error}"))?;
	commit(parts, item, block).await
}

/// A salt that nobody can guess.
fn new_salt() -> std::io::Result<[u8; 32]> {
	let mut salt = [0; 32];
	std::fs::File::open("/dev/urandom")?.read_exact(&mut salt)?;
	Ok(salt)
}

/// Whether a message is to be submitted now; notes that it is.
fn is_due(parts: &Parts, item: &AuditItem, is_reveal: bool, now: BlockNumber) -> bool {
	let again = parts.shared.parts.config.resubmit_after.max(1);
	let mut submitted = parts.submitted.lock();
	if submitted.len() >= MAX_SUBMITTED {
		submitted.clear();
	}
	let key = (key_of(item), is_reveal);
	let is_due = submitted.get(&key).is_none_or(|at| now >= at.saturating_add(again) || now < *at);
	if is_due {
		submitted.insert(key, now);
	}
	is_due
}

/// Forgets that a message was submitted, because it was not.
fn not_submitted(parts: &Parts, item: &AuditItem, is_reveal: bool) {
	parts.submitted.lock().remove(&(key_of(item), is_reveal));
	count(&parts.shared.parts.metrics.chain_failures);
}

/// What stands in the journal and in the book about an audit, for the place that the chain names.
async fn written(parts: &Parts, item: &AuditItem) -> Result<(Record, Hidden), String> {
	let hidden = parts.book.lock().get(&key_of(item)).ok_or("nothing stands in the book")?;
	let journal = parts.shared.journal.clone();
	let key = (item.request, item.role);
	let record = blocking(move || journal.lock().get(&key))
		.await?
		.map_err(|error| error.to_string())?
		.ok_or("nothing stands in the journal")?;
	let (session, validator) = (item.session, item.validator);
	let statement = Statement { session, validator, ..record.statement };
	if statement.signer != item.key || statement.input != item.input_commitment {
		return Err("another key or input was signed for this role".into());
	}
	Ok((Record { statement, ..record }, hidden))
}

async fn commit(parts: &Parts, item: &AuditItem, block: BestBlock) -> Result<(), String> {
	let (record, hidden) = written(parts, item).await?;
	if !is_due(parts, item, false, block.number) {
		return Ok(());
	}
	let outcome = &record.statement.outcome;
	let commit = AuditCommit {
		genesis: parts.shared.genesis,
		request: item.request,
		role: item.role,
		session: item.session,
		validator: item.validator,
		commitment: audit_commitment(
			&parts.shared.genesis,
			&item.request,
			item.role,
			&item.account,
			outcome,
			&hidden.trace,
			&hidden.salt,
		),
		signer: item.key.clone(),
	};
	let outer = &parts.shared.parts;
	let signature = outer
		.signer
		.sign(&item.key, &commit.signing_payload())
		.await
		.map_err(|error| error.to_string())?;
	if let Err(error) = outer.submitter.audit_commit(block.hash, commit, signature).await {
		not_submitted(parts, item, false);
		return Err(error.to_string());
	}
	count(&outer.metrics.audits_committed);
	tracing::info!(target: LOG, request = ?item.request, role = ?item.role, "audit committed to");
	Ok(())
}

async fn show(parts: &Parts, item: &AuditItem, block: BestBlock) -> Result<(), String> {
	let outer = &parts.shared.parts;
	let lost = |why: String| {
		count(&outer.metrics.audits_lost);
		tracing::error!(
			target: LOG,
			request = ?item.request,
			role = ?item.role,
			%why,
			"this node committed to an audit and cannot show it: a part of the bond will be lost"
		);
		why
	};
	let (Record { statement, outcome, .. }, Hidden { trace, salt, .. }) =
		written(parts, item).await.map_err(lost)?;
	let found = audit_commitment(
		&parts.shared.genesis,
		&item.request,
		item.role,
		&item.account,
		&statement.outcome,
		&trace,
		&salt,
	);
	if item.commitment != Some(found) {
		return Err(lost("the chain has another commitment".into()));
	}
	if !is_due(parts, item, true, block.number) {
		return Ok(());
	}
	// The chain judges how far apart two outcomes are, and needs no second copy of one.
	let outcome = (statement.outcome != item.claimed).then_some(outcome);
	let payload = statement.signing_payload();
	let signature =
		outer.signer.sign(&item.key, &payload).await.map_err(|error| error.to_string())?;
	if !statement.verify(&signature) {
		return Err("the key holder's signature does not verify".into());
	}
	let reveal = AuditReveal { statement, trace, salt, outcome };
	if let Err(error) = outer.submitter.audit_reveal(block.hash, reveal, signature).await {
		not_submitted(parts, item, true);
		return Err(error.to_string());
	}
	count(&outer.metrics.audits_shown);
	tracing::info!(target: LOG, request = ?item.request, role = ?item.role, "audit shown");
	Ok(())
}
