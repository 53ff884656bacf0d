//! The worker's audits against a chain in memory: the straight way, restarts at every point, forks,
//! what cannot be had in time.

mod common;

use common::*;
use countersign_engine::{
	store::BlobId,
	supervisor::EngineError,
	worker::{EngineResult, WorkerConfig},
};
use countersign_primitives::{
	audit::{audit_commitment, AuditCommit, AuditItem, AuditReveal, AuditStage},
	model::{PrecisionPolicy, ProgramRef},
	request::{OutcomeCommitment, Role},
	tensor::Tensor,
	Hash,
};
use std::{slice::from_ref, time::Duration};

fn fixture() -> Fixture {
	let mut program = manifest(ARTEFACT);
	program.program = Some(ProgramRef { root: Hash::zero(), canonical_version: 1 });
	program.policies = vec![PrecisionPolicy::Exact].try_into().expect("short");
	Fixture::new(program)
}

impl Fixture {
	fn audit(&self, request: u8) -> AuditItem {
		self.world.audit(request, self.model, &[tensor(request)])
	}

	fn import(&self, number: u32, audits: &[AuditItem]) {
		self.world.import(self.world.audit_block(number, 0, audits));
	}

	/// Imports blocks from this number on until something is so.
	async fn import_until(&self, first: u32, audits: &[AuditItem], so: impl Fn(&World) -> bool) {
		let block = |number| self.world.audit_block(number, 0, audits);
		self.drive(first..first + 200, Duration::from_millis(40), block, so).await;
	}
}

fn commits(world: &World) -> Vec<AuditCommit> {
	let all = world.submissions.borrow();
	all.iter()
		.filter_map(|one| match one {
			Submission::Commit { commit, .. } => Some(commit.clone()),
			_ => None,
		})
		.collect()
}

fn reveals(world: &World) -> Vec<AuditReveal> {
	let all = world.submissions.borrow();
	all.iter()
		.filter_map(|one| match one {
			Submission::Reveal { reveal, .. } => Some(reveal.clone()),
			_ => None,
		})
		.collect()
}

/// The same audit after the chain took a commitment.
fn committed(item: &AuditItem, commit: &AuditCommit, stage: AuditStage) -> AuditItem {
	AuditItem { stage, commitment: Some(commit.commitment), ..item.clone() }
}

fn opens(item: &AuditItem, reveal: &AuditReveal) -> Hash {
	let AuditReveal { statement, trace, salt, .. } = reveal;
	let (request, role) = (&item.request, item.role);
	audit_commitment(&GENESIS, request, role, &item.account, &statement.outcome, trace, salt)
}

#[tokio::test]
async fn a_draw_becomes_a_commitment_and_is_shown() {
	let fixture = fixture();
	let node = fixture.start();
	let item = fixture.audit(1);
	fixture.import(11, from_ref(&item));
	fixture.world.until(|world| commits(world).len() == 1).await;
	let commit = commits(&fixture.world)[0].clone();
	assert_eq!((commit.genesis, commit.request, commit.role), (GENESIS, item.request, item.role));
	assert_eq!((commit.session, commit.validator, &commit.signer), (1, 3, &item.key));
	// Others have not committed: nothing is shown.
	fixture.import(12, &[committed(&item, &commit, AuditStage::Wait)]);
	let shown = [committed(&item, &commit, AuditStage::Reveal)];
	fixture.import_until(13, &shown, |world| reveals(world).len() == 1).await;
	node.stop().await.expect("ends well");
	let reveal = reveals(&fixture.world)[0].clone();
	assert_eq!(opens(&item, &reveal), commit.commitment);
	assert_eq!(reveal.statement.role, Role::Auditor(1));
	assert_eq!(reveal.statement.attribution, item.attribution);
	let expected = Tensor { data: vec![1, 1, 1, 1], ..tensor(1) };
	assert_eq!(reveal.statement.outcome, OutcomeCommitment::of_output(&[expected]));
	assert_eq!(reveal.trace, Hash::repeat_byte(!0x5e), "the digest at the seed's leaves");
	// The engine's first run gives what the executor claimed here: no second copy of it.
	assert_eq!(reveal.statement.outcome, item.claimed);
	assert_eq!(reveal.outcome, None);
	let metrics = fixture.world.metrics.snapshot();
	assert_eq!((metrics.audits_run, metrics.statements_signed), (1, 1));
	assert_eq!((metrics.audits_missed, metrics.audits_lost), (0, 0));
}

#[tokio::test]
async fn what_differs_from_the_claim_is_brought_along() {
	let fixture = fixture();
	let node = fixture.start();
	let claimed = OutcomeCommitment::of_output(&[tensor(9)]);
	let item = AuditItem { claimed, ..fixture.audit(1) };
	fixture.import(11, from_ref(&item));
	fixture.world.until(|world| commits(world).len() == 1).await;
	let shown = [committed(&item, &commits(&fixture.world)[0], AuditStage::Reveal)];
	fixture.import_until(12, &shown, |world| reveals(world).len() == 1).await;
	assert!(reveals(&fixture.world)[0].outcome.is_some());
	node.stop().await.expect("ends well");
}

/// A crash at every point of the way, with an engine that never gives the same output twice: one
/// commitment, one statement, and what was committed to is shown.
#[tokio::test]
async fn crashes_never_lead_to_two_commitments() {
	let fixture = fixture();
	let items: Vec<_> = (1..6).map(|request| fixture.audit(request)).collect();
	fixture.start().stop().await.expect("a journal with its floor at block 0");
	for round in 0..30u32 {
		let block = fixture.world.audit_block(12 + round, 0, &items);
		fixture.world.crash_after(round * 4, block).await;
	}
	let node = fixture.world.start(WorkerConfig::default());
	let all = |world: &World| {
		items.iter().all(|item| commits(world).iter().any(|commit| commit.request == item.request))
	};
	fixture.import_until(60, &items, all).await;
	for item in &items {
		let mine: std::collections::HashSet<_> = commits(&fixture.world)
			.into_iter()
			.filter(|commit| commit.request == item.request)
			.map(|commit| commit.commitment)
			.collect();
		assert_eq!(mine.len(), 1, "two commitments to {:?}", item.request);
	}
	let commit_of = |item: &AuditItem| {
		commits(&fixture.world).into_iter().find(|one| one.request == item.request).expect("all")
	};
	let shown: Vec<_> =
		items.iter().map(|item| committed(item, &commit_of(item), AuditStage::Reveal)).collect();
	fixture.import_until(300, &shown, |world| reveals(world).len() >= items.len()).await;
	node.stop().await.expect("ends well");
	for reveal in reveals(&fixture.world) {
		let item =
			items.iter().find(|item| item.request == reveal.statement.request).expect("ours");
		assert_eq!(opens(item, &reveal), commit_of(item).commitment);
	}
	fixture.world.assert_never_two_answers();
}

#[tokio::test]
async fn a_restart_shows_what_was_committed_to_and_runs_nothing_again() {
	let fixture = fixture();
	let node = fixture.start();
	let item = fixture.audit(1);
	fixture.import(11, from_ref(&item));
	fixture.world.until(|world| commits(world).len() == 1).await;
	node.stop().await.expect("ends well");
	let node = fixture.world.start(WorkerConfig::default());
	let shown = [committed(&item, &commits(&fixture.world)[0], AuditStage::Reveal)];
	fixture.import_until(12, &shown, |world| reveals(world).len() == 1).await;
	node.stop().await.expect("ends well");
	assert_eq!(fixture.engine.count(), 1);
	assert_eq!(opens(&item, &reveals(&fixture.world)[0]), commits(&fixture.world)[0].commitment);
}

/// On another fork the same part is drawn with another seed: another digest, the same statement.
#[tokio::test]
async fn forks_lead_to_one_statement_and_a_digest_for_each_seed() {
	let fixture = fixture();
	let node = fixture.start();
	let here = fixture.audit(1);
	let there = AuditItem { seed: Hash::repeat_byte(0x11), session: 2, ..here.clone() };
	fixture.import(11, from_ref(&here));
	fixture.world.until(|world| commits(world).len() == 1).await;
	fixture.import_until(12, from_ref(&there), |world| commits(world).len() == 2).await;
	let all = commits(&fixture.world);
	assert_ne!(all[0].commitment, all[1].commitment);
	let shown = [committed(&there, &all[1], AuditStage::Reveal)];
	fixture.import_until(60, &shown, |world| reveals(world).len() == 1).await;
	let reveal = reveals(&fixture.world)[0].clone();
	assert_eq!(opens(&there, &reveal), all[1].commitment);
	assert_eq!((reveal.statement.session, reveal.trace), (2, Hash::repeat_byte(!0x11)));
	node.stop().await.expect("ends well");
	fixture.world.assert_never_two_answers();
}

#[tokio::test]
async fn a_long_run_does_not_keep_what_was_committed_to_from_being_shown() {
	let fixture = fixture();
	let node = fixture.start();
	let first = fixture.audit(1);
	fixture.import(11, from_ref(&first));
	fixture.world.until(|world| commits(world).len() == 1).await;
	fixture.engine.scripts.lock().push(Script::Never);
	let second = fixture.audit(2);
	fixture.import_until(12, from_ref(&second), |_| fixture.engine.count() == 2).await;
	let both = [second, committed(&first, &commits(&fixture.world)[0], AuditStage::Reveal)];
	fixture.import_until(60, &both, |world| reveals(world).len() == 1).await;
	node.stop().await.expect("ends well");
}

#[tokio::test]
async fn what_cannot_be_had_is_missed_and_the_engines_failures_are_no_answer() {
	let fixture = fixture();
	let node = fixture.start();
	for _ in 0..3 {
		let crash = EngineError::Crashed("signal 8".into());
		fixture.engine.scripts.lock().push(Script::Fail(crash));
	}
	let item = fixture.audit(1);
	let missed = |world: &World| world.metrics.snapshot().audits_missed == 1;
	fixture.import_until(11, from_ref(&item), missed).await;
	let mut without = fixture.audit(2);
	fixture.world.offered.lock().remove(&BlobId::Tensors(without.input_commitment));
	without.drawn_at = 11;
	let missed = |world: &World| world.metrics.snapshot().audits_missed == 2;
	fixture.import_until(300, from_ref(&without), missed).await;
	node.stop().await.expect("ends well");
	assert!(fixture.world.signed.lock().is_empty());
}

#[tokio::test]
async fn a_pool_that_refuses_is_asked_again() {
	let fixture = fixture();
	*fixture.world.refuse.lock() = 2;
	let node = fixture.start();
	let item = fixture.audit(1);
	fixture.import_until(11, from_ref(&item), |world| commits(world).len() == 1).await;
	*fixture.world.refuse.lock() = 2;
	let shown = [committed(&item, &commits(&fixture.world)[0], AuditStage::Reveal)];
	fixture.import_until(300, &shown, |world| reveals(world).len() == 1).await;
	node.stop().await.expect("ends well");
	assert_eq!(fixture.engine.count(), 1);
}

/// A commitment that this node does not know cannot be shown; it says so, and goes on.
#[tokio::test]
async fn a_lost_book_is_noticed() {
	let fixture = fixture();
	let node = fixture.start();
	let item = fixture.audit(1);
	fixture.import(11, from_ref(&item));
	fixture.world.until(|world| commits(world).len() == 1).await;
	node.stop().await.expect("ends well");
	let book = fixture.world.journal().path.with_extension("audits");
	std::fs::remove_file(book).expect("it is there");
	let node = fixture.world.start(WorkerConfig::default());
	let shown = [committed(&item, &commits(&fixture.world)[0], AuditStage::Reveal)];
	let lost = |world: &World| world.metrics.snapshot().audits_lost > 0;
	fixture.import_until(12, &shown, lost).await;
	node.stop().await.expect("ends well");
	assert!(reveals(&fixture.world).is_empty());
}

#[tokio::test]
async fn a_trap_of_the_program_is_audited_like_an_output() {
	let fixture = fixture();
	let trap = EngineResult::Trap {
		code: countersign_primitives::request::TrapCode::Operator,
		operator: 4,
		message: "index out of range".into(),
	};
	fixture.engine.scripts.lock().push(Script::Answer(trap));
	let node = fixture.start();
	let item = fixture.audit(1);
	fixture.import(11, from_ref(&item));
	fixture.world.until(|world| commits(world).len() == 1).await;
	let shown = [committed(&item, &commits(&fixture.world)[0], AuditStage::Reveal)];
	fixture.import_until(12, &shown, |world| reveals(world).len() == 1).await;
	node.stop().await.expect("ends well");
	let outcome = reveals(&fixture.world)[0].statement.outcome.clone();
	assert!(matches!(outcome, OutcomeCommitment::Trap { operator: 4, .. }));
}
