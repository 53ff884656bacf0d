//! Benchmarks of calls, checks and hooks.

use super::*;
use crate::{
	draws::Tried,
	types::{MAX_SEATS, MAX_TRIES},
};
use alloc::{vec, vec::Vec};
use codec::Encode;
use countersign_primitives::{
	audit::{
		audit_commitment, AuditCommit, AuditItem, AuditedResults, Audits as _, Draw, NewResult,
		AUDITORS_PER_DRAW,
	},
	model::ModelId,
	parameters::RequestParameters,
	request::{Finality, Outcome, OutcomeCommitment, RequestId, Role, Statement, TrapCode},
	tensor::{Tensor, TensorType},
	traits::{Bonds, Models, Sessions},
	AccountId, Balance, Hash, UNIT,
};
use frame_benchmarking::v2::*;
use frame_support::{
	assert_ok,
	traits::{fungible::Mutate, Hooks},
};
use frame_system::RawOrigin;
use sp_application_crypto::RuntimeAppPublic;
use sp_runtime::Perbill;

/// The last of the validators that are made; all may audit.
const VALIDATORS: u32 = 20;

fn trap() -> Outcome {
	Outcome::Trap { code: TrapCode::Operator, operator: 1 }
}

/// An open result of the first of some validators, which audits were told of.
fn answered<T: Config>() -> RequestId {
	let validators: Vec<AccountId> =
		(100..100 + VALIDATORS).map(T::Bonds::make_validator).collect();
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

fn take_from_queue<T: Config>(request: &RequestId) {
	let due = Pallet::<T>::now().saturating_add(RequestParameters::main().audit_seed_blocks);
	Draws::<T>::remove(due, (request, Draw::Early));
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

fn sign(item: &AuditItem, payload: &[u8]) -> countersign_primitives::keys::InferenceSignature {
	match item.key.sign(&payload) {
		Some(signature) => signature,
		None => panic!("the key is in the keystore"),
	}
}

/// Lets all auditors of a result commit to an outcome.
fn commit_all<T: Config>(request: &RequestId, outcome: &Outcome) -> Vec<AuditItem> {
	for item in items::<T>(request) {
		let commit = commit_of::<T>(&item, outcome);
		match Pallet::<T>::check_commit(&commit) {
			Ok((audit, number)) => Pallet::<T>::take_commit(commit, audit, number),
			Err(why) => panic!("it is its turn: {why:?}"),
		}
	}
	items::<T>(request)
}

fn show<T: Config>(reveal: AuditReveal) {
	match Pallet::<T>::check_reveal(&reveal) {
		Ok((audit, number)) => Pallet::<T>::take_reveal(reveal, audit, number),
		Err(why) => panic!("it is its turn: {why:?}"),
	}
}

/// An output of so many KiB.
fn output(kib: u32) -> Outcome {
	let length = kib.saturating_mul(1024).saturating_sub(64);
	let tensor = Tensor { ty: TensorType::U8, shape: vec![length], data: vec![7; length as usize] };
	match vec![tensor].encode().try_into() {
		Ok(bytes) => Outcome::Output(bytes),
		Err(_) => panic!("at most 64 KiB"),
	}
}

/// As many seats as there can be, all of which showed what agrees.
fn full<T: Config>() -> RequestId {
	let request = drawn::<T>();
	let items = commit_all::<T>(&request, &trap());
	for item in &items {
		show::<T>(reveal_of::<T>(item, &trap()));
	}
	Audits::<T>::mutate_extant(request, |audit| {
		let some = audit.seats.to_vec();
		while audit.seats.len() < MAX_SEATS as usize {
			let Some(seat) = some.first().cloned() else { break };
			if audit.seats.try_push(Seat { cover: 0, ..seat }).is_err() {
				break;
			}
		}
	});
	request
}

#[benchmarks(where T::Currency: Mutate<AccountId>)]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn commit() -> Result<(), BenchmarkError> {
		let request = drawn::<T>();
		let item = items::<T>(&request).into_iter().next().ok_or("somebody is drawn")?;
		let commit = commit_of::<T>(&item, &trap());
		let signature = sign(&item, &commit.signing_payload());

		#[extrinsic_call]
		_(RawOrigin::Authorized, commit, signature);

		assert!(Audits::<T>::get(request)
			.is_some_and(|audit| audit.seats.iter().any(|seat| seat.state != SeatState::Drawn)));
		Ok(())
	}

	#[benchmark]
	fn authorize_commit() -> Result<(), BenchmarkError> {
		let request = drawn::<T>();
		let item = items::<T>(&request).into_iter().next().ok_or("somebody is drawn")?;
		let commit = commit_of::<T>(&item, &trap());
		let signature = sign(&item, &commit.signing_payload());
		let valid;

		#[block]
		{
			valid = Pallet::<T>::authorize_commit(&commit, &signature);
		}

		assert!(valid.is_ok());
		Ok(())
	}

	#[benchmark]
	fn reveal(b: Linear<1, 63>) -> Result<(), BenchmarkError> {
		let request = drawn::<T>();
		let found = output(b);
		let mut items = commit_all::<T>(&request, &found);
		let last = items.pop().ok_or("somebody is drawn")?;
		for item in &items {
			show::<T>(reveal_of::<T>(item, &found));
		}
		let reveal = reveal_of::<T>(&last, &found);
		let signature = sign(&last, &reveal.statement.signing_payload());

		#[extrinsic_call]
		_(RawOrigin::Authorized, reveal, signature);

		assert!(Audits::<T>::get(request).is_some_and(|audit| audit.contradicted_until.is_some()));
		Ok(())
	}

	#[benchmark]
	fn authorize_reveal(b: Linear<1, 63>) -> Result<(), BenchmarkError> {
		let request = drawn::<T>();
		let found = output(b);
		let item = commit_all::<T>(&request, &found).pop().ok_or("somebody is drawn")?;
		let reveal = reveal_of::<T>(&item, &found);
		let signature = sign(&item, &reveal.statement.signing_payload());
		let valid;

		#[block]
		{
			valid = Pallet::<T>::authorize_reveal(&reveal, &signature);
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

	#[benchmark]
	fn close() {
		let request = drawn::<T>();

		#[block]
		{
			// What is told beforehand takes more than asking whether it may end.
			Pallet::<T>::recomputed(&request, &OutcomeCommitment::Output(Hash::zero()));
			Pallet::<T>::close(&request, Finality::Invalidated);
		}

		assert!(Audits::<T>::get(request).is_some_and(|audit| audit.end.is_some()));
	}

	#[benchmark]
	fn on_initialize() {
		let now = frame_system::Pallet::<T>::block_number();

		#[block]
		{
			Pallet::<T>::on_initialize(now);
		}
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

	/// Two seats, for each of which as many validators are looked at as there can be.
	#[benchmark]
	fn draw() {
		let request = super::answered::<T>();
		take_from_queue::<T>(&request);
		let most = u32::from(AUDITORS_PER_DRAW).saturating_mul(MAX_TRIES);
		for seed in 0..most {
			T::Bonds::make_validator(seed.saturating_add(10_000));
		}
		StakesOf::<T>::kill();
		Pallet::<T>::note_stakes();
		let tried;

		#[block]
		{
			tried = Pallet::<T>::make_draw(&request, Draw::Early);
		}

		assert_eq!(tried, Tried::Hit);
	}

	#[benchmark]
	fn end_round() -> Result<(), BenchmarkError> {
		let request = drawn::<T>();
		let audit = Audits::<T>::get(request).ok_or("it is audited")?;
		let Progress::Running(round) = audit.early else { return Err("it is drawn".into()) };
		Rounds::<T>::remove(round.due, (request, Draw::Early));

		#[block]
		{
			Pallet::<T>::act_on_round(&request, Draw::Early);
		}

		let audit = Audits::<T>::get(request).ok_or("it is audited")?;
		assert!(matches!(audit.early, Progress::Waiting { number: 1, .. }));
		Ok(())
	}

	#[benchmark]
	fn settle() {
		let request = full::<T>();
		Pallet::<T>::close(&request, Finality::Final);
		let all = Balance::from(MAX_SEATS);
		assert_ok!(T::Currency::mint_into(&T::Results::pot(), all.saturating_mul(UNIT)));

		#[block]
		{
			Pallet::<T>::settle(&request, 0);
		}

		assert!(Audits::<T>::get(request).is_some_and(|audit| audit.settled));
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
}
