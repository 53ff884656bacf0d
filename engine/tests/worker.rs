//! The worker against a chain in memory: the straight way, forks, restarts, missing inputs,
//! failing engines.

mod common;

use codec::Encode;
use common::*;
use countersign_engine::{
	exchange::Misconduct,
	store::BlobId,
	supervisor::EngineError,
	worker::{journal::JournalError, BestBlock, EngineResult, WorkerConfig},
};
use countersign_primitives::{
	model::{PrecisionPolicy, ProgramRef},
	request::{Outcome, OutcomeCommitment, Role, TrapCode, WorkItem},
	tensor::Tensor,
	Hash,
};
use std::{slice::from_ref, time::Duration};

fn fixture() -> Fixture {
	Fixture::new(manifest(ARTEFACT))
}

impl Fixture {
	fn item(&self, request: u8) -> WorkItem {
		self.world.item(request, self.model, &[tensor(request)])
	}

	fn import(&self, number: u32, items: &[WorkItem]) -> BestBlock {
		let block = self.world.block(number, 0, items);
		self.world.import(block);
		block
	}

	/// Imports blocks from this number on until something is so.
	async fn import_until(&self, first: u32, so: impl Fn(&World) -> bool) {
		let block = |number| self.world.block(number, 0, &[]);
		self.drive(first..first + 40, Duration::from_millis(100), block, so).await;
	}
}

fn result(submission: &Submission) -> (&countersign_primitives::request::Statement, &Outcome) {
	match submission {
		Submission::Result { statement, outcome, .. } => (statement, outcome),
		other => panic!("{other:?}"),
	}
}

fn outputs(outcome: &Outcome) -> Vec<Tensor> {
	match outcome {
		Outcome::Output(bytes) => {
			countersign_primitives::tensor::decode_tensors(bytes).expect("tensors")
		}
		other => panic!("{other:?}"),
	}
}

#[tokio::test]
async fn an_assignment_becomes_a_statement() {
	let fixture = fixture();
	let node = fixture.start();
	let item = fixture.item(1);
	let block = fixture.import(11, from_ref(&item));
	let submitted = fixture.world.submitted(1).await;
	let (statement, outcome) = result(&submitted[0]);
	assert!(matches!(submitted[0], Submission::Result { at, .. } if at == block.hash));
	assert_eq!(statement.genesis, GENESIS);
	assert_eq!(statement.request, item.request);
	assert_eq!(statement.model, fixture.model);
	assert_eq!(statement.role, Role::Executor);
	assert_eq!((statement.session, statement.validator), (1, 3));
	assert_eq!(statement.input, item.input_commitment);
	assert_eq!(statement.attribution, item.attribution);
	assert_eq!(statement.signer, item.key);
	let expected = Tensor { data: vec![1, 1, 1, 1], ..tensor(1) };
	assert_eq!(outputs(outcome), [expected]);
	let run = fixture.engine.runs.lock()[0].clone();
	assert_eq!(std::fs::read(&run.artefact).expect("readable"), ARTEFACT);
	assert_eq!(run.inputs, [tensor(1)]);

	// Artefact and input are kept for the next request, and for other nodes.
	fixture.import(12, &[fixture.item(2)]);
	fixture.world.submitted(2).await;
	node.stop().await.expect("ends well");
	let metrics = fixture.world.metrics.snapshot();
	assert_eq!(metrics.statements_signed, 2);
	assert_eq!(metrics.statements_submitted, 2);
	assert_eq!(metrics.runs, 2);
	assert_eq!(metrics.cache_hits, 1, "the artefact, the second time");
	assert_eq!(metrics.bytes_fetched, 5000 + 2 * item.input_length as u64);
	assert_eq!(metrics.assignments_missed, 0);
	let store = fixture.world.store();
	assert_eq!(
		store.tensors(&item.input_commitment).expect("readable"),
		Some(vec![tensor(1)].encode())
	);
}

#[tokio::test]
async fn an_input_on_chain_needs_no_other_node() {
	let fixture = fixture();
	let node = fixture.start();
	let item = fixture.item(1);
	fixture.world.offered.lock().remove(&BlobId::Tensors(item.input_commitment));
	let block = fixture.world.block(11, 0, from_ref(&item));
	let input = vec![tensor(1)].encode();
	fixture
		.world
		.states
		.lock()
		.get_mut(&block.hash)
		.expect("made")
		.inputs
		.insert(item.request, input);
	fixture.world.import(block);
	fixture.world.submitted(1).await;
	node.stop().await.expect("ends well");
}

#[tokio::test]
async fn a_spoilt_file_is_fetched_again() {
	let fixture = fixture();
	fixture.world.spoilt.lock().extend([0, 1]);
	let node = fixture.start();
	fixture.import(11, &[fixture.item(1)]);
	fixture.world.submitted(1).await;
	node.stop().await.expect("ends well");
	assert_eq!(fixture.engine.runs.lock()[0].inputs, [tensor(1)]);
	let reported = fixture.world.reported.lock();
	assert!(!reported.is_empty());
	assert!(reported.iter().all(|(peer, what)| *peer < 2 && *what == Misconduct::WrongBytes));
}

/// Whoever declares to serve a model need not bring the file.
#[tokio::test]
async fn what_is_served_is_here_before_the_first_request() {
	let fixture = fixture();
	let world = &fixture.world;
	let other = world.add_model(manifest(&[7; 3000]), &[7; 3000]);
	world.served.lock().extend([fixture.model, other]);
	let absent = BlobId::Artefact(manifest(&[7; 3000]).artefact.sha256);
	let later = world.offered.lock().remove(&absent).expect("offered");
	let node = fixture.start();
	world.until(|world| world.metrics.snapshot().models_ready == 1).await;
	assert_eq!(world.metrics.snapshot().models_served, 2);
	// It goes on looking for what nobody had.
	world.offered.lock().insert(absent, later);
	fixture.import_until(10, |world| world.metrics.snapshot().models_ready == 2).await;
	// Nothing is fetched when the first request comes.
	let fetched = world.metrics.snapshot().bytes_fetched;
	let item = fixture.item(1);
	fixture.import(50, from_ref(&item));
	world.submitted(1).await;
	let only_input = fetched + u64::from(item.input_length);
	assert_eq!(world.metrics.snapshot().bytes_fetched, only_input);
	// What is not served any more may go.
	world.served.lock().clear();
	fixture.import_until(60, |world| world.metrics.snapshot().models_served == 0).await;
	node.stop().await.expect("ends well");
}

#[tokio::test]
async fn a_missing_artefact_is_waited_for() {
	let fixture = fixture();
	let artefact = BlobId::Artefact(manifest(ARTEFACT).artefact.sha256);
	fixture.world.offered.lock().remove(&artefact);
	let node = fixture.start();
	let item = fixture.item(1);
	fixture.import(11, from_ref(&item));
	fixture.world.until(|world| world.metrics.snapshot().fetch_failures > 0).await;
	fixture.world.offered.lock().insert(artefact, ARTEFACT.to_vec());
	fixture.import(12, from_ref(&item));
	fixture.import(13, &[item]);
	fixture.world.submitted(1).await;
	node.stop().await.expect("ends well");
}

#[tokio::test]
async fn a_missing_input_is_demanded_once_and_then_read_from_the_chain() {
	let fixture = fixture();
	let node = fixture.start();
	let mut item = fixture.item(1);
	fixture.world.offered.lock().remove(&BlobId::Tensors(item.input_commitment));
	for number in 11..13 {
		fixture.import(number, from_ref(&item));
		let idle = |world: &World| world.metrics.snapshot().assignments_working == 0;
		fixture
			.world
			.until(|world| world.metrics.snapshot().cache_misses > u64::from(number - 11))
			.await;
		fixture.world.until(idle).await;
	}
	assert!(fixture.world.submissions.borrow().is_empty(), "others get a moment to offer it");
	let block = fixture.import(13, from_ref(&item));
	let submitted = fixture.world.submitted(1).await;
	match &submitted[0] {
		Submission::Demand { at, demand } => {
			assert_eq!(*at, block.hash);
			assert_eq!(demand.request, item.request);
			assert_eq!((demand.session, demand.validator), (1, 3));
			assert_eq!((demand.genesis, &demand.signer), (GENESIS, &item.key));
		}
		other => panic!("{other:?}"),
	}
	// The chain took the demand; somebody posts the input.
	item.may_demand_input = false;
	fixture.import(14, from_ref(&item));
	let block = fixture.world.block(20, 0, from_ref(&item));
	let input = vec![tensor(1)].encode();
	fixture
		.world
		.states
		.lock()
		.get_mut(&block.hash)
		.expect("made")
		.inputs
		.insert(item.request, input);
	fixture.world.import(block);
	let submitted = fixture.world.submitted(2).await;
	result(&submitted[1]);
	node.stop().await.expect("ends well");
	assert_eq!(fixture.world.metrics.snapshot().inputs_demanded, 1);
}

#[tokio::test]
async fn a_statement_is_submitted_again_while_its_assignment_is_open() {
	let fixture = fixture();
	let node = fixture.start();
	let item = fixture.item(1);
	fixture.import(11, from_ref(&item));
	fixture.world.submitted(1).await;
	for number in 12..16 {
		fixture.import(number, from_ref(&item));
		fixture.world.until(|world| world.metrics.snapshot().assignments_open == 1).await;
	}
	let submitted = fixture.world.submitted(2).await;
	assert_eq!(result(&submitted[0]), result(&submitted[1]), "bit for bit the same");
	// Included: the assignment is gone. Then a reorg brings it back.
	fixture.import(16, &[]);
	fixture.world.until(|world| world.metrics.snapshot().assignments_open == 0).await;
	fixture.world.import(fixture.world.block(17, 5, &[item]));
	let submitted = fixture.world.submitted(3).await;
	assert_eq!(result(&submitted[0]), result(&submitted[2]));
	node.stop().await.expect("ends well");
	assert_eq!(fixture.engine.count(), 1, "never run again");
	assert_eq!(fixture.world.metrics.snapshot().statements_signed, 1);
	fixture.world.assert_never_two_answers();
}

#[tokio::test]
async fn a_pool_that_refuses_is_asked_again() {
	let fixture = fixture();
	*fixture.world.refuse.lock() = 2;
	let node = fixture.start();
	let item = fixture.item(1);
	for number in 11..14 {
		fixture.import(number, from_ref(&item));
		let failures = u64::from(number - 10).min(2);
		fixture.world.until(|world| world.metrics.snapshot().chain_failures >= failures).await;
		fixture.world.until(|world| world.metrics.snapshot().assignments_working == 0).await;
	}
	fixture.world.submitted(1).await;
	node.stop().await.expect("ends well");
	assert_eq!(fixture.engine.count(), 1);
}

/// The same request, assigned otherwise on two forks: one answer, wherever it is asked for.
#[tokio::test]
async fn forks_never_lead_to_two_answers() {
	let fixture = fixture();
	let node = fixture.start();
	let here = fixture.item(1);
	let mut there = here.clone();
	there.assignment.session = 2;
	there.assignment.validator = 7;
	let mut other_input = fixture.world.item(1, fixture.model, &[tensor(9)]);
	other_input.request = here.request;
	fixture.import(11, from_ref(&here));
	fixture.world.submitted(1).await;
	// The same answer, from the place that the assignment names there.
	fixture.world.import(fixture.world.block(11, 1, from_ref(&there)));
	let submitted = fixture.world.submitted(2).await;
	let (first, second) = (result(&submitted[0]).0, result(&submitted[1]).0);
	assert_eq!((second.session, second.validator), (2, 7));
	assert_eq!((&second.outcome, second.attribution), (&first.outcome, first.attribution));
	fixture.world.import(fixture.world.block(12, 2, &[other_input]));
	fixture.world.until(|world| world.metrics.snapshot().conflicts_refused == 1).await;
	// Back on the first fork the old statement still counts.
	fixture.import(15, &[here]);
	let submitted = fixture.world.submitted(3).await;
	assert_eq!(result(&submitted[0]), result(&submitted[2]));
	node.stop().await.expect("ends well");
	assert_eq!(fixture.engine.count(), 1);
	assert_eq!(fixture.world.submissions.borrow().len(), 3);
	fixture.world.assert_never_two_answers();
}

#[tokio::test]
async fn a_restart_submits_what_was_signed_and_runs_nothing_again() {
	let fixture = fixture();
	let item = fixture.item(1);
	let node = fixture.start();
	fixture.import(11, from_ref(&item));
	fixture.world.submitted(1).await;
	node.stop().await.expect("ends well");
	for fork in 0..3 {
		let node = fixture.world.start(WorkerConfig::default());
		fixture.world.import(fixture.world.block(12, fork, from_ref(&item)));
		let submitted = fixture.world.submitted(2 + usize::from(fork)).await;
		assert_eq!(result(&submitted[0]), result(submitted.last().expect("some")));
		node.stop().await.expect("ends well");
	}
	assert_eq!(fixture.engine.count(), 1);
	fixture.world.assert_never_two_answers();
}

/// A crash at every point of the way, with an engine that never gives the same output twice.
#[tokio::test]
async fn crashes_never_lead_to_two_statements() {
	let fixture = fixture();
	let items: Vec<_> = (1..9).map(|request| fixture.item(request)).collect();
	fixture.start().stop().await.expect("a journal with its floor at block 0");
	for round in 0..30u32 {
		let block = fixture.world.block(12 + round, 0, &items);
		fixture.world.crash_after(round * 3, block).await;
		fixture.world.assert_never_two_answers();
	}
	let node = fixture.world.start(WorkerConfig::default());
	fixture.world.import(fixture.world.block(60, 0, &items));
	let all = |world: &World| world.statements().len() == items.len();
	fixture.world.until(all).await;
	node.stop().await.expect("ends well");
	fixture.world.assert_never_two_answers();
	// What was submitted, ever, is one statement a request as well.
	let mut outcomes = std::collections::HashMap::new();
	for submission in fixture.world.submissions.borrow().iter() {
		let (statement, outcome) = result(submission);
		let first =
			outcomes.entry(statement.request).or_insert((statement.clone(), outcome.clone()));
		assert_eq!((&first.0, &first.1), (statement, outcome));
	}
}

#[tokio::test]
async fn without_its_journal_only_new_assignments_are_signed() {
	let fixture = fixture();
	let old = fixture.item(1);
	let node = fixture.start();
	fixture.import(11, from_ref(&old));
	fixture.world.submitted(1).await;
	node.stop().await.expect("ends well");
	std::fs::remove_file(fixture.world.journal().path).expect("there");

	let node = fixture.world.start(WorkerConfig::default());
	fixture.world.import(fixture.world.block(12, 0, from_ref(&old)));
	fixture.world.until(|world| world.metrics.snapshot().before_journal == 1).await;
	let mut new = fixture.item(2);
	new.assigned_at = 25;
	let mut near = fixture.item(3);
	near.assigned_at = 24;
	let block = fixture.world.block(25, 0, &[old.clone(), new.clone(), near]);
	fixture.world.import(block);
	let submitted = fixture.world.submitted(2).await;
	assert_eq!(result(&submitted[1]).0.request, new.request);
	node.stop().await.expect("ends well");
	// The floor holds across further restarts.
	let node = fixture.world.start(WorkerConfig::default());
	fixture.world.import(fixture.world.block(50, 0, &[old]));
	fixture.world.until(|world| world.metrics.snapshot().before_journal == 3).await;
	node.stop().await.expect("ends well");
	assert_eq!(fixture.engine.count(), 2);
	fixture.world.assert_never_two_answers();
}

/// The operator restores the node's folder as it was some time ago: every byte of the journal
/// checks, and what was signed since is not in it.
#[tokio::test]
async fn a_node_restored_from_an_old_backup_never_signs_twice() {
	let fixture = fixture();
	let (kept, lost) = (fixture.item(1), fixture.item(2));
	let node = fixture.start();
	fixture.import(11, from_ref(&kept));
	fixture.world.submitted(1).await;
	node.stop().await.expect("ends well");
	let backup = std::fs::read(fixture.world.journal().path).expect("readable");

	let node = fixture.world.start(WorkerConfig::default());
	fixture.import(12, &[kept.clone(), lost.clone()]);
	fixture.world.until(|world| world.statements().len() == 2).await;
	node.stop().await.expect("ends well");

	// Both are open again on another fork, and the engine would now say something else.
	std::fs::write(fixture.world.journal().path, backup).expect("writable");
	let node = fixture.world.start(WorkerConfig::default());
	let open = [kept.clone(), lost.clone()];
	fixture.world.import(fixture.world.block(13, 1, &open));
	fixture.world.until(|world| world.metrics.snapshot().before_journal == 1).await;
	let again = |world: &World| {
		let all = world.submissions.borrow();
		all.iter().filter(|one| result(one).0.request == kept.request).count() >= 3
	};
	for number in 14..20 {
		fixture.world.import(fixture.world.block(number, 1, &open));
	}
	fixture.world.until(again).await;
	assert_eq!(fixture.engine.count(), 2, "nothing old is run again");

	// What is assigned later is answered as ever.
	let mut new = fixture.item(3);
	new.assigned_at = 40;
	fixture.world.import(fixture.world.block(40, 1, &[new]));
	fixture.world.until(|world| world.statements().len() == 3).await;
	node.stop().await.expect("ends well");
	fixture.world.assert_never_two_answers();
}

/// The key moves to another machine, which is told what was signed, and back, to a journal that
/// was not told.
#[tokio::test]
async fn a_key_that_comes_back_after_work_elsewhere_never_signs_twice() {
	let fixture = fixture();
	let node = fixture.start();
	fixture.import(11, &[fixture.item(1)]);
	fixture.world.submitted(1).await;
	node.stop().await.expect("ends well");
	// What was assigned while it was elsewhere may have been signed there.
	let mut elsewhere = fixture.item(2);
	elsewhere.assigned_at = 90;
	elsewhere.assignment.deadline = 200;
	let node = fixture.world.start(WorkerConfig::default());
	fixture.import(100, from_ref(&elsewhere));
	fixture.world.until(|world| world.metrics.snapshot().before_journal == 1).await;
	node.stop().await.expect("ends well");
	assert_eq!(fixture.engine.count(), 1);
}

#[tokio::test]
async fn a_damaged_journal_signs_nothing() {
	let fixture = fixture();
	let node = fixture.start();
	fixture.import(11, &[fixture.item(1), fixture.item(2)]);
	fixture.world.submitted(2).await;
	node.stop().await.expect("ends well");
	let mut bytes = std::fs::read(fixture.world.journal().path).expect("readable");
	bytes[100] ^= 1;
	std::fs::write(fixture.world.journal().path, bytes).expect("writable");
	let node = fixture.world.start(WorkerConfig::default());
	fixture.world.import(fixture.world.block(12, 0, &[fixture.item(3)]));
	assert!(matches!(node.ended().await, Err(JournalError::Damaged { .. })));
	assert_eq!(fixture.engine.count(), 2);
}

#[tokio::test]
async fn a_trap_is_signed_like_an_answer() {
	let fixture = fixture();
	let trap = EngineResult::Trap {
		code: TrapCode::Operator,
		operator: u32::MAX,
		message: "a bad day".into(),
	};
	fixture.engine.scripts.lock().push(Script::Answer(trap));
	// One byte less than declared.
	let short = Tensor { shape: vec![3], data: vec![0; 3], ..tensor(0) };
	fixture.engine.scripts.lock().push(Script::Answer(EngineResult::Output(vec![short.clone()])));
	let node = fixture.start();
	fixture.import(11, &[fixture.item(1)]);
	fixture.world.submitted(1).await;
	fixture.import(12, &[fixture.item(2)]);
	fixture.world.submitted(2).await;
	// An input that the model cannot take needs no engine.
	fixture.import(13, &[fixture.world.item(3, fixture.model, &[short])]);
	let submitted = fixture.world.submitted(3).await;
	let codes = [TrapCode::Operator, TrapCode::BadOutput, TrapCode::BadInput];
	for (submission, code) in submitted.iter().zip(codes) {
		let (statement, outcome) = result(submission);
		assert_eq!(statement.outcome, OutcomeCommitment::Trap { code, operator: u32::MAX });
		assert_eq!(*outcome, Outcome::Trap { code, operator: u32::MAX });
	}
	node.stop().await.expect("ends well");
	assert_eq!(fixture.engine.count(), 2);
}

#[tokio::test]
async fn a_failing_engine_is_no_answer() {
	let fixture = fixture();
	for error in [
		EngineError::Crashed("signal 8".into()),
		EngineError::Hung(Duration::from_secs(1)),
		EngineError::Protocol("nonsense".into()),
	] {
		fixture.engine.scripts.lock().push(Script::Fail(error));
	}
	let node = fixture.start();
	let item = fixture.item(1);
	for number in 11..17 {
		fixture.import(number, from_ref(&item));
		let failures = u64::from(number - 10).min(3);
		fixture.world.until(|world| world.metrics.snapshot().run_failures >= failures).await;
		fixture.world.until(|world| world.metrics.snapshot().assignments_working == 0).await;
	}
	// Three times is enough; somebody else takes over.
	fixture.import(17, &[]);
	fixture.world.until(|world| world.metrics.snapshot().assignments_missed == 1).await;
	node.stop().await.expect("ends well");
	assert_eq!(fixture.engine.count(), 3);
	assert!(fixture.world.signed.lock().is_empty());
	assert!(fixture.world.submissions.borrow().is_empty());
}

#[tokio::test]
async fn an_engine_that_is_away_is_waited_for() {
	let fixture = fixture();
	for _ in 0..5 {
		let away = EngineError::Unavailable("no library".into());
		fixture.engine.scripts.lock().push(Script::Fail(away));
	}
	let node = fixture.start();
	let item = fixture.item(1);
	for number in 11..17 {
		fixture.import(number, from_ref(&item));
		fixture.world.until(|_| fixture.engine.count() as u32 >= number - 10).await;
		fixture.world.until(|world| world.metrics.snapshot().assignments_working == 0).await;
	}
	fixture.world.submitted(1).await;
	node.stop().await.expect("ends well");
}

#[tokio::test]
async fn what_could_be_disputed_is_not_signed_from_another_engine() {
	let fixture = fixture();
	let mut exact = manifest(ARTEFACT);
	exact.program = Some(ProgramRef { root: Hash::zero(), canonical_version: 1 });
	exact.policies = vec![PrecisionPolicy::Exact].try_into().expect("short");
	let mut tolerant = exact.clone();
	tolerant.policies =
		vec![PrecisionPolicy::Within { absolute: -8, relative: -8 }].try_into().expect("short");
	let exact = fixture.world.add_model(exact, ARTEFACT);
	let tolerant = fixture.world.add_model(tolerant, ARTEFACT);
	let node = fixture.start();
	let world = &fixture.world;
	fixture.import(11, &[world.item(1, exact, &[tensor(1)])]);
	world.until(|world| world.metrics.snapshot().unsafe_answers == 1).await;
	let trap = EngineResult::Trap { code: TrapCode::Operator, operator: 0, message: "".into() };
	fixture.engine.scripts.lock().push(Script::Answer(trap));
	fixture.import(12, &[world.item(2, tolerant, &[tensor(2)])]);
	world.until(|world| world.metrics.snapshot().unsafe_answers == 2).await;
	assert!(world.signed.lock().is_empty());
	fixture.import(13, &[world.item(3, tolerant, &[tensor(3)])]);
	world.submitted(1).await;
	node.stop().await.expect("ends well");
}

#[tokio::test]
async fn work_is_bounded_and_the_most_urgent_comes_first() {
	let fixture = fixture();
	let gate = fixture.engine.gate.lock().await;
	let node = fixture.world.start(WorkerConfig { parallel: 2, ..Default::default() });
	fixture.import(0, &[]);
	let items: Vec<_> = (1..8)
		.map(|request| {
			let mut item = fixture.item(request);
			item.assignment.deadline = 100 - u32::from(request);
			item
		})
		.collect();
	fixture.import(11, &items);
	fixture.world.until(|_| fixture.engine.count() == 2).await;
	assert_eq!(fixture.world.metrics.snapshot().assignments_working, 2);
	assert_eq!(fixture.world.metrics.snapshot().assignments_waiting, 5);
	let mut first: Vec<_> =
		fixture.engine.runs.lock().iter().map(|job| job.inputs.clone()).collect();
	first.sort_by_key(|inputs| inputs[0].data[0]);
	assert_eq!(first, [[tensor(6)], [tensor(7)]], "those with the nearest deadline");
	drop(gate);
	// No further block is needed.
	fixture.world.submitted(7).await;
	node.stop().await.expect("ends well");
}

#[tokio::test]
async fn a_passed_deadline_is_not_worked_for() {
	let fixture = fixture();
	let node = fixture.start();
	let mut item = fixture.item(1);
	item.assignment.deadline = 12;
	fixture.import(12, from_ref(&item));
	fixture.world.until(|world| world.metrics.snapshot().assignments_missed == 1).await;
	fixture.import(13, &[]);
	fixture.world.until(|world| world.metrics.snapshot().assignments_open == 0).await;
	node.stop().await.expect("ends well");
	assert_eq!(fixture.engine.count(), 0);
	assert_eq!(fixture.world.metrics.snapshot().assignments_missed, 1, "counted once");
}

#[tokio::test]
async fn a_run_that_never_ends_does_not_stop_the_others() {
	let fixture = fixture();
	fixture.engine.scripts.lock().push(Script::Never);
	let node = fixture.start();
	let stuck = fixture.item(1);
	fixture.import(11, from_ref(&stuck));
	fixture.world.until(|_| fixture.engine.count() == 1).await;
	fixture.import(12, &[stuck, fixture.item(2)]);
	let submitted = fixture.world.submitted(1).await;
	assert_eq!(result(&submitted[0]).0.request, Hash::repeat_byte(2));
	node.stop().await.expect("ends well, and takes the stuck run with it");
}

#[tokio::test]
async fn blocks_that_the_chain_does_not_know_are_survived() {
	let fixture = fixture();
	let node = fixture.start();
	fixture.world.import(BestBlock { number: 11, hash: Hash::repeat_byte(0xee) });
	fixture.world.until(|world| world.metrics.snapshot().chain_failures == 1).await;
	fixture.import(12, &[fixture.item(1)]);
	fixture.world.submitted(1).await;
	node.stop().await.expect("ends well");
}
