//! Benchmarks of calls, checks and hooks.

use super::*;
use crate::{draws::Tried, rounds::agree};
use alloc::{vec, vec::Vec};
use codec::Encode;
use countersign_primitives::{
	audit::{
		audit_commitment, AuditCommit, AuditItem, AuditedResults, Audits as _, Draw, NewResult,
		AUDITORS_PER_DRAW,
	},
	keys::InferenceSignature,
	model::{ModelId, PrecisionPolicy},
	parameters::{RequestParameters, MAX_AUDIT_SEED_BLOCKS, MAX_VALIDATORS},
	request::{Finality, Outcome, OutcomeCommitment, RequestId, Role, Statement, TrapCode},
	tensor::{Tensor, TensorType},
	traits::{Bonds, Models, Sessions},
	AccountId, Balance, Hash, UNIT,
};
use frame_benchmarking::v2::*;
use frame_support::{
	assert_ok,
	traits::{fungible::Mutate, Hooks},
	BoundedVec,
};
use frame_system::RawOrigin;
use sp_application_crypto::RuntimeAppPublic;
use sp_runtime::Perbill;

/// How many validators are made that may audit: more than there are seats.
const VALIDATORS: u32 = 20;

fn trap() -> Outcome {
	Outcome::Trap { code: TrapCode::Operator, operator: 1 }
}

/// The randomness of as many blocks as is ever kept.
fn fill_ring<T: Config>() {
	let all = vec![Hash::repeat_byte(6); MAX_AUDIT_SEED_BLOCKS as usize];
	Ring::<T>::put(BoundedVec::truncate_from(all));
}

/// An open result of the first of some validators, which audits were told of.
fn answered<T: Config>() -> RequestId {
	answered_among::<T>(VALIDATORS)
}

/// As [`answered`], with so many validators that may audit.
fn answered_among<T: Config>(count: u32) -> RequestId {
	let validators: Vec<AccountId> =
		(100..100u32.saturating_add(count)).map(T::Bonds::make_validator).collect();
	fill_ring::<T>();
	assert_ok!(T::Currency::mint_into(&T::Results::pot(), 1_000 * UNIT));
	let model: ModelId = T::Models::make_model(&account("owner", 0, 0), &validators);
	let input = vec![Tensor { ty: TensorType::U8, shape: vec![1], data: vec![1] }].encode();
	let request = T::Results::make_open_result(model, input, trap());
	let executor = validators.first().cloned().unwrap_or_else(|| account("nobody", 0, 0));
	StakesOf::<T>::kill();
	Pallet::<T>::note_stakes();
	Pallet::<T>::begin(NewResult {
		statement: statement::<T>(&executor, &request, model, Role::Executor, &trap()),
		executor,
		input_length: 10,
		cover: UNIT,
		macs: 1,
		executor_share: 600,
		audit_share: 300,
		wanted: 0,
		rules: RequestParameters::main(),
	});
	request
}

fn statement<T: Config>(
	who: &AccountId,
	request: &RequestId,
	model: ModelId,
	role: Role,
	outcome: &Outcome,
) -> Statement {
	let session = T::Sessions::current();
	let validator = T::Sessions::position(who).unwrap_or_default();
	let signer = match T::Sessions::member(session, validator) {
		Some(member) => member.key,
		None => panic!("the validator is in the session"),
	};
	Statement {
		genesis: Pallet::<T>::genesis(),
		request: *request,
		model,
		role,
		session,
		validator,
		input: Hash::repeat_byte(1),
		outcome: commitment_to(outcome),
		attribution: Hash::repeat_byte(2),
		signer,
	}
}

fn commitment_to(outcome: &Outcome) -> OutcomeCommitment {
	match outcome.commitment() {
		Some(commitment) => commitment,
		None => panic!("the outcome is one"),
	}
}

/// As [`answered`], with the auditors of the early draw drawn.
fn drawn<T: Config>() -> RequestId {
	let request = answered::<T>();
	take_from_queue::<T>(&request);
	assert_eq!(Pallet::<T>::make_draw(&request, Draw::Early), Tried::Hit);
	request
}

/// Takes the draws of a result out of their queues.
fn take_from_queue<T: Config>(request: &RequestId) {
	let due = Pallet::<T>::now().saturating_add(RequestParameters::main().audit_seed_blocks);
	Draws::<T>::remove(due, (request, Draw::Early));
	Lates::<T>::remove(T::Sessions::current().saturating_add(1), request);
}

/// Fills the seats that are left with other validators, of whom this became.
fn fill_seats<T: Config>(request: &RequestId, state: &SeatState) {
	let session = T::Sessions::current();
	Audits::<T>::mutate_extant(request, |audit| {
		let Some(first) = audit.seats.first().cloned() else { return };
		for validator in 0..T::Sessions::length() {
			let Some(member) = T::Sessions::member(session, validator) else { continue };
			let sits = audit.seats.iter().any(|seat| seat.account == member.account);
			if sits || member.account == audit.executor {
				continue;
			}
			assert_ok!(T::Bonds::reserve_cover(&member.account, audit.cover));
			let seat = Seat {
				account: member.account,
				validator,
				key: member.key,
				cover: audit.cover,
				state: state.clone(),
				..first.clone()
			};
			if audit.seats.try_push(seat).is_err() {
				break;
			}
		}
	});
	let is_full = |audit: Audit| audit.seats.len() == MAX_SEATS as usize;
	assert!(Audits::<T>::get(request).is_some_and(is_full));
}

fn items<T: Config>(request: &RequestId) -> Vec<AuditItem> {
	let seats = match Audits::<T>::get(request) {
		Some(audit) => audit.seats,
		None => panic!("it is audited"),
	};
	seats.iter().flat_map(|seat| Pallet::<T>::work_of(seat.key.clone())).collect()
}

fn commit_of<T: Config>(item: &AuditItem, outcome: &Outcome) -> AuditCommit {
	let genesis = Pallet::<T>::genesis();
	let (request, role) = (&item.request, item.role);
	let found = commitment_to(outcome);
	AuditCommit {
		genesis,
		request: item.request,
		role,
		session: item.session,
		validator: item.validator,
		commitment: audit_commitment(
			&genesis,
			request,
			role,
			&item.account,
			&found,
			&Hash::zero(),
			&[0; 32],
		),
		signer: item.key.clone(),
	}
}

fn reveal_of<T: Config>(item: &AuditItem, outcome: &Outcome) -> AuditReveal {
	let statement = Statement {
		input: item.input_commitment,
		attribution: item.attribution,
		..statement::<T>(&item.account, &item.request, item.model, item.role, outcome)
	};
	let is_other = statement.outcome != item.claimed;
	AuditReveal {
		statement,
		trace: Hash::zero(),
		salt: [0; 32],
		outcome: is_other.then(|| outcome.clone()),
	}
}

fn sign(item: &AuditItem, payload: &[u8]) -> InferenceSignature {
	match item.key.sign(&payload) {
		Some(signature) => signature,
		None => panic!("the key is in the keystore"),
	}
}

fn commit_to<T: Config>(item: &AuditItem, outcome: &Outcome) {
	let commit = commit_of::<T>(item, outcome);
	match Pallet::<T>::check_commit(&commit) {
		Ok((audit, number)) => Pallet::<T>::take_commit(commit, audit, number),
		Err(why) => panic!("it is its turn: {why:?}"),
	}
}

/// Lets all auditors of a result commit to an outcome.
fn commit_all<T: Config>(request: &RequestId, outcome: &Outcome) -> Vec<AuditItem> {
	for item in items::<T>(request) {
		commit_to::<T>(&item, outcome);
	}
	items::<T>(request)
}

fn show<T: Config>(reveal: AuditReveal) {
	match Pallet::<T>::check_reveal(&reveal) {
		Ok((audit, number)) => Pallet::<T>::take_reveal(reveal, audit, number),
		Err(why) => panic!("it is its turn: {why:?}"),
	}
}

/// An output of so many KiB, all of one value.
fn output(kib: u32, value: u8) -> Outcome {
	let length = kib.saturating_mul(1024).saturating_sub(64);
	let data = vec![value; length as usize];
	let tensor = Tensor { ty: TensorType::U8, shape: vec![length], data };
	match vec![tensor].encode().try_into() {
		Ok(bytes) => Outcome::Output(bytes),
		Err(_) => panic!("at most 64 KiB"),
	}
}

#[benchmarks(where T::Currency: Mutate<AccountId>)]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn commit() -> Result<(), BenchmarkError> {
		let request = drawn::<T>();
		fill_seats::<T>(&request, &SeatState::Missed);
		let item = items::<T>(&request).into_iter().next().ok_or("somebody is drawn")?;
		let message = commit_of::<T>(&item, &trap());
		let signature = sign(&item, &message.signing_payload());

		#[extrinsic_call]
		_(RawOrigin::Authorized, message, signature);

		let has_committed = |seat: &Seat| matches!(seat.state, SeatState::Committed(_));
		assert!(
			Audits::<T>::get(request).is_some_and(|audit| audit.seats.iter().any(has_committed))
		);
		Ok(())
	}

	#[benchmark]
	fn authorize_commit() -> Result<(), BenchmarkError> {
		let request = drawn::<T>();
		fill_seats::<T>(&request, &SeatState::Missed);
		let item = items::<T>(&request).into_iter().next().ok_or("somebody is drawn")?;
		let message = commit_of::<T>(&item, &trap());
		let signature = sign(&item, &message.signing_payload());
		let valid;

		#[block]
		{
			valid = Pallet::<T>::authorize_commit(&message, &signature);
		}

		assert!(valid.is_ok());
		Ok(())
	}

	/// The last of a round, who contradicts the result where the other agrees.
	#[benchmark]
	fn reveal(b: Linear<1, 63>) -> Result<(), BenchmarkError> {
		let request = drawn::<T>();
		fill_seats::<T>(&request, &SeatState::Missed);
		let found = output(b, 7);
		let mut auditors = items::<T>(&request);
		let last = auditors.pop().ok_or("two are drawn")?;
		let first = auditors.pop().ok_or("two are drawn")?;
		commit_to::<T>(&first, &trap());
		commit_to::<T>(&last, &found);
		show::<T>(reveal_of::<T>(&first, &trap()));
		let message = reveal_of::<T>(&last, &found);
		let signature = sign(&last, &message.statement.signing_payload());
		// The model has no tolerance by which outputs are compared, so two others are.
		let policies = [PrecisionPolicy::Within { absolute: 4, relative: 4 }];
		let claimed = output(b, 8);
		let is_near;

		#[block]
		{
			Pallet::<T>::reveal(RawOrigin::Authorized.into(), message, signature)?;
			is_near = agree(&policies, &claimed, &found);
		}

		assert!(is_near);
		assert!(Audits::<T>::get(request)
			.is_some_and(|audit| audit.contradicted_until.is_some() && audit.passed() == 1));
		Ok(())
	}

	#[benchmark]
	fn authorize_reveal(b: Linear<1, 63>) -> Result<(), BenchmarkError> {
		let request = drawn::<T>();
		fill_seats::<T>(&request, &SeatState::Missed);
		let found = output(b, 7);
		let item = commit_all::<T>(&request, &found).pop().ok_or("somebody is drawn")?;
		let message = reveal_of::<T>(&item, &found);
		let signature = sign(&item, &message.statement.signing_payload());
		let valid;

		#[block]
		{
			valid = Pallet::<T>::authorize_reveal(&message, &signature);
		}

		assert!(valid.is_ok());
		Ok(())
	}

	#[benchmark]
	fn claim() {
		let who: AccountId = account("auditor", 0, 0);
		assert_ok!(T::Currency::mint_into(&T::Results::pot(), 1_000 * UNIT));
		Owed::<T>::insert(&who, UNIT);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert_eq!(Owed::<T>::get(&who), 0);
	}

	#[benchmark]
	fn answered() {
		let request = super::answered::<T>();
		let Some(audit) = Audits::<T>::take(request) else { panic!("it is audited") };
		let result = NewResult {
			statement: statement::<T>(
				&audit.executor,
				&RequestId::repeat_byte(3),
				audit.model,
				Role::Executor,
				&trap(),
			),
			executor: audit.executor,
			input_length: 10,
			cover: audit.cover,
			macs: 1,
			executor_share: 600,
			audit_share: 300,
			wanted: 2,
			rules: audit.rules,
		};

		#[block]
		{
			Pallet::<T>::begin(result);
		}

		assert!(Audits::<T>::contains_key(RequestId::repeat_byte(3)));
	}

	/// With auditors of both draws who have not committed yet.
	#[benchmark]
	fn close() {
		let request = drawn::<T>();
		assert_eq!(Pallet::<T>::make_draw(&request, Draw::Late), Tried::Hit);
		fill_seats::<T>(&request, &SeatState::Missed);

		#[block]
		{
			// What is told beforehand takes more than asking whether it may end.
			Pallet::<T>::recomputed(&request, &OutcomeCommitment::Output(Hash::zero()));
			Pallet::<T>::close(&request, Finality::Invalidated);
		}

		assert!(Audits::<T>::get(request).is_some_and(|audit| audit.end.is_some()));
	}

	/// With empty buckets at the front of every queue, and the record of somebody who is gone.
	#[benchmark]
	fn on_initialize() {
		let now: u32 = 100;
		frame_system::Pallet::<T>::set_block_number(now.into());
		fill_ring::<T>();
		let stakes = Stakes::truncate_from(vec![UNIT; MAX_VALIDATORS as usize]);
		StakesOf::<T>::put((T::Sessions::current(), stakes));
		let gone: AccountId = account("gone", 0, 0);
		Records::<T>::insert(&gone, Record { passed: 1, last: Some(gone.clone()) });

		#[block]
		{
			Pallet::<T>::on_initialize(now.into());
			// Sessions and the window clock stand still here, so their queues are looked at by hand.
			for bucket in 0..MAX_BUCKETS_PER_BLOCK {
				let _ = Lates::<T>::iter_key_prefix(bucket).next();
				let _ = Rounds::<T>::iter_key_prefix(u64::from(bucket)).next();
			}
		}

		assert!(!Records::<T>::contains_key(gone));
	}

	#[benchmark]
	fn note_stakes(v: Linear<1, 1_000>) {
		for seed in T::Sessions::length()..v {
			T::Bonds::make_validator(seed.saturating_add(1_000));
		}
		StakesOf::<T>::kill();
		let looked_at;

		#[block]
		{
			looked_at = Pallet::<T>::note_stakes();
		}

		assert!(looked_at >= v);
	}

	#[benchmark]
	fn pass_draw() {
		let request = super::answered::<T>();
		take_from_queue::<T>(&request);
		Audits::<T>::mutate_extant(request, |audit| audit.rate = Perbill::zero());

		#[block]
		{
			Pallet::<T>::make_draw(&request, Draw::Early);
		}

		assert!(Audits::<T>::get(request).is_some_and(|audit| audit.early == Progress::Done));
	}

	/// As many tries in vain as there can be, in the largest session, and then two seats filled.
	#[benchmark]
	fn draw() {
		let tries = u32::from(AUDITORS_PER_DRAW).saturating_mul(MAX_TRIES);
		let request = answered_among::<T>(tries.saturating_add(8));
		take_from_queue::<T>(&request);
		StakesOf::<T>::mutate(|(_, stakes)| while stakes.try_push(1).is_ok() {});
		// Nobody has so much.
		Audits::<T>::mutate_extant(request, |audit| audit.cover = Balance::MAX);
		let tried;

		#[block]
		{
			Pallet::<T>::make_draw(&request, Draw::Early);
			Audits::<T>::mutate_extant(request, |audit| audit.cover = UNIT);
			tried = Pallet::<T>::make_draw(&request, Draw::Late);
		}

		assert_eq!(tried, Tried::Hit);
		assert!(Audits::<T>::get(request)
			.is_some_and(|audit| audit.seats.len() == usize::from(AUDITORS_PER_DRAW)));
	}

	#[benchmark]
	fn end_round() -> Result<(), BenchmarkError> {
		let request = drawn::<T>();
		fill_seats::<T>(&request, &SeatState::Missed);
		let audit = Audits::<T>::get(request).ok_or("it is audited")?;
		let Progress::Running(round) = audit.early else { return Err("it is drawn".into()) };
		Rounds::<T>::remove(round.due, (request, Draw::Early));

		#[block]
		{
			Pallet::<T>::act_on_round(&request, Draw::Early);
			// What is written besides where one of the two showed something that agrees.
			assert_ok!(T::Results::set_audits(&request, 1));
			Records::<T>::mutate(&audit.executor, |record| record.passed = 1);
		}

		let audit = Audits::<T>::get(request).ok_or("it is audited")?;
		assert!(matches!(audit.early, Progress::Waiting { number: 1, .. }));
		Ok(())
	}

	/// As many seats as there can be, all of which showed what agrees.
	#[benchmark]
	fn settle() -> Result<(), BenchmarkError> {
		let request = drawn::<T>();
		for item in &commit_all::<T>(&request, &trap()) {
			show::<T>(reveal_of::<T>(item, &trap()));
		}
		let audit = Audits::<T>::get(request).ok_or("it is audited")?;
		let shown = audit.seats.first().map(|seat| seat.state.clone());
		fill_seats::<T>(&request, &shown.ok_or("somebody is drawn")?);
		Pallet::<T>::close(&request, Finality::Final);

		#[block]
		{
			Pallet::<T>::settle(&request, 0);
		}

		let is_paid = |audit: Audit| audit.settled && audit.seats.iter().all(|seat| seat.settled);
		assert!(Audits::<T>::get(request).is_some_and(is_paid));
		Ok(())
	}

	#[benchmark]
	fn prune() {
		let request = super::answered::<T>();
		let now = Pallet::<T>::now();
		Prunes::<T>::insert(now, request, ());
		let mut cursor = now;

		#[block]
		{
			Pallet::<T>::prune_all(&mut cursor, now.saturating_add(1));
		}

		assert!(!Audits::<T>::contains_key(request));
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
