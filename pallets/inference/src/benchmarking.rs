//! Benchmarks of calls, checks and hooks.

use super::*;
use crate::{
	checks::{DEMAND_TAG, RESULT_TAG},
	sync::{Callable, MAX_EVENT_OUTPUT_BYTES},
};
use alloc::{vec, vec::Vec};
use codec::Encode;
use countersign_canonical::{
	op::{Binary, Unary},
	program::Package,
};
use countersign_primitives::{
	commitment::tensors_commitment,
	model::{ModelId, MAX_SERVERS},
	parameters::RequestParameters,
	request::{
		Callback, EvidenceSet, Input, InputDemand, Outcome, OutcomeCommitment, RequestId,
		RequestStatus, Role, Statement, Terms, TrapCode,
	},
	tensor::{decode_tensors, Tensor, TensorType, MAX_INPUT_BYTES},
	traits::{Bonds, Models, Programs},
	AccountId, Balance, Hash, UNIT,
};
use countersign_programs::{
	examples, from_canonical, load, prepare, prepare_unknown, run, to_canonical, Prepared,
};
use frame_benchmarking::v2::*;
use frame_support::{
	assert_ok,
	pallet_prelude::TransactionSource,
	traits::{fungible::Mutate, Authorize, EnsureOrigin, Get, Hooks},
	weights::Weight,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_application_crypto::RuntimeAppPublic;
use sp_runtime::SaturatedConversion;

/// Enough for every fee that a benchmark meets.
const FUNDS: Balance = 1_000_000_000 * UNIT;

fn requester<T: Config>() -> AccountId
where
	T::Currency: Mutate<AccountId>,
{
	let who: AccountId = account("requester", 0, 0);
	assert_ok!(T::Currency::mint_into(&who, FUNDS));
	for receiver in [T::Treasury::get(), T::AuditPot::get()] {
		assert_ok!(T::Currency::mint_into(&receiver, UNIT));
	}
	who
}

/// A model that `servers` validators serve.
fn model_with<T: Config>(servers: u32) -> ModelId {
	let servers: Vec<AccountId> = (0..servers.max(1)).map(T::Bonds::make_validator).collect();
	T::Models::make_model(&account("owner", 0, 0), &servers)
}

/// Terms with a callback, which makes every step of a request's life a little longer.
fn terms<T: Config>(who: &AccountId) -> Terms {
	Terms {
		max_fee: 1_000 * UNIT,
		deadline: Pallet::<T>::now() + Parameters::<T>::get().deadline_most_blocks,
		lane: 0,
		evidence: EvidenceSet::default(),
		value_at_risk: 0,
		callback: Some(Callback {
			contract: T::Callbacks::address(who),
			gas: callbacks::MIN_CALLBACK_GAS,
			when_open: true,
		}),
	}
}

/// A short input.
fn asked() -> Vec<Tensor> {
	vec![Tensor { ty: TensorType::U8, shape: vec![4], data: vec![7; 4] }]
}

fn input() -> Input {
	let length = asked().encoded_size() as u32;
	Input::Committed { commitment: tensors_commitment(&asked()), length }
}

fn ask<T: Config>(who: &AccountId, model: ModelId) -> RequestId {
	let nonce = NextNonce::<T>::get(who, 0);
	match Pallet::<T>::do_request(who.clone(), model, &input(), terms::<T>(who), nonce) {
		Ok((id, _)) => id,
		Err(error) => panic!("the request is a good one: {error:?}"),
	}
}

/// A request that has an executor. Draws as the end of a block does, with the randomness that
/// there is, or some.
fn assigned<T: Config>(who: &AccountId, model: ModelId) -> RequestId {
	let id = ask::<T>(who, model);
	Fresh::<T>::kill();
	assert!(Pallet::<T>::try_assign(&id, &Hash::repeat_byte(7)).0);
	id
}

fn statement<T: Config>(id: &RequestId, outcome: OutcomeCommitment) -> Option<Statement> {
	let request = Requests::<T>::get(id)?;
	let active = request.active?;
	Some(Statement {
		genesis: Pallet::<T>::genesis(),
		request: *id,
		model: request.model,
		role: Role::Executor,
		session: active.assignment.session,
		validator: active.assignment.validator,
		input: request.input_commitment,
		outcome,
		attribution: request.attribution,
		signer: active.key,
	})
}

fn trap() -> (Outcome, OutcomeCommitment) {
	let (code, operator) = (TrapCode::Operator, 1);
	(Outcome::Trap { code, operator }, OutcomeCommitment::Trap { code, operator })
}

fn answered<T: Config>(who: &AccountId, model: ModelId) -> Result<RequestId, BenchmarkError> {
	let id = assigned::<T>(who, model);
	let (outcome, commitment) = trap();
	let statement = statement::<T>(&id, commitment).ok_or("an assigned request")?;
	let signature =
		statement.signer.sign(&statement.signing_payload()).ok_or("the key is in the keystore")?;
	Pallet::<T>::submit_result(RawOrigin::Authorized.into(), statement, outcome, signature)?;
	Ok(id)
}

fn demand_of<T: Config>(id: &RequestId) -> Option<InputDemand> {
	let active = Requests::<T>::get(id)?.active?;
	Some(InputDemand {
		genesis: Pallet::<T>::genesis(),
		request: *id,
		session: active.assignment.session,
		validator: active.assignment.validator,
		signer: active.key,
	})
}

/// A request whose input the executor demanded.
fn demanded<T: Config>(who: &AccountId, model: ModelId) -> Result<RequestId, BenchmarkError> {
	let id = assigned::<T>(who, model);
	let demand = demand_of::<T>(&id).ok_or("an assigned request")?;
	let signature = demand.signer.sign(&demand.signing_payload()).ok_or("a key in the keystore")?;
	Pallet::<T>::demand_input(RawOrigin::Authorized.into(), demand, signature)?;
	Ok(id)
}

/// One tensor whose encoding has `b` bytes, or a few if that is less than its head.
fn tensor_of(b: u32) -> Vec<Tensor> {
	let data = vec![7u8; b.saturating_sub(16) as usize];
	vec![Tensor { ty: TensorType::U8, shape: vec![data.len() as u32], data }]
}

/// A model that can be called inside a transaction, and an input for it. Its output is as long as
/// an event carries.
fn callable<T: Config>() -> Result<(Callable, Vec<Tensor>), BenchmarkError> {
	let count = (MAX_EVENT_OUTPUT_BYTES - 16) / 4;
	let package = examples::repeated(Unary::Relu, count, 1);
	let package = examples::encoded(&package);
	let model = T::Programs::make_program(&account("owner", 0, 0), &package);
	let callable = Pallet::<T>::look_up(&model).ok_or("a program is stored")?;
	Ok((callable, vec![examples::input_floats(&[1, count], examples::awkward)]))
}

/// A program ready to run on awkward floats.
fn ready(package: &Package, shape: &[u32]) -> (Prepared<'static>, Vec<Tensor>) {
	let loaded = load(&examples::encoded(package)).expect("it is short");
	let prepared = prepare(loaded).expect("a package in order");
	(prepared, vec![examples::input_floats(shape, examples::awkward)])
}

#[benchmarks(where
	T::Currency: Mutate<AccountId>,
	<T as frame_system::Config>::RuntimeCall: From<Call<T>> + Authorize,
)]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn request(s: Linear<1, MAX_SERVERS>) -> Result<(), BenchmarkError> {
		let who = requester::<T>();
		let model = model_with::<T>(s);
		let terms = terms::<T>(&who);
		let id;

		#[block]
		{
			id = Pallet::<T>::do_request(who, model, &input(), terms, 0)?.0;
			Pallet::<T>::try_assign(&id, &Hash::repeat_byte(7));
		}

		assert_eq!(Requests::<T>::get(id).map(|r| r.status), Some(RequestStatus::Assigned));
		Ok(())
	}

	#[benchmark]
	fn commit_to_bytes(b: Linear<0, MAX_INPUT_BYTES>) {
		let bytes = tensor_of(b).encode();
		let mut commitment = Hash::zero();

		#[block]
		{
			if let Ok(tensors) = decode_tensors(&bytes) {
				commitment = tensors_commitment(&tensors);
			}
			if let Ok(bytes) = StoredInput::try_from(bytes) {
				Inputs::<T>::insert(commitment, bytes);
			}
		}

		assert!(Inputs::<T>::contains_key(commitment));
	}

	#[benchmark]
	fn submit_result(b: Linear<0, 65_536>) -> Result<(), BenchmarkError> {
		let who = requester::<T>();
		let model = model_with::<T>(1);
		let id = assigned::<T>(&who, model);
		// The dispatch only stores the bytes; that they are tensors is the authorization's part.
		let bytes = vec![7u8; b as usize].try_into().map_err(|_| "an inline length")?;
		let statement = statement::<T>(&id, OutcomeCommitment::Output(Hash::zero()))
			.ok_or("an assigned request")?;
		let signature =
			statement.signer.sign(&statement.signing_payload()).ok_or("a key in the keystore")?;

		#[extrinsic_call]
		_(RawOrigin::Authorized, statement, Outcome::Output(bytes), signature);

		assert_eq!(Requests::<T>::get(id).map(|r| r.status), Some(RequestStatus::Answered));
		Ok(())
	}

	#[benchmark]
	fn authorize_submit_result() -> Result<(), BenchmarkError> {
		let who = requester::<T>();
		let model = model_with::<T>(1);
		let id = assigned::<T>(&who, model);
		let (outcome, commitment) = trap();
		let statement = statement::<T>(&id, commitment).ok_or("an assigned request")?;
		let signature =
			statement.signer.sign(&statement.signing_payload()).ok_or("a key in the keystore")?;
		let call: <T as frame_system::Config>::RuntimeCall =
			Call::<T>::submit_result { statement, outcome, signature }.into();
		let valid;

		#[block]
		{
			valid = call
				.authorize(TransactionSource::InBlock)
				.ok_or("an authorized call")?
				.map_err(|_| "a good result")?;
		}

		assert_eq!(valid.0.provides, vec![(RESULT_TAG, (id, Role::Executor)).encode()]);
		Ok(())
	}

	#[benchmark]
	fn demand_input() -> Result<(), BenchmarkError> {
		let who = requester::<T>();
		let model = model_with::<T>(1);
		let id = assigned::<T>(&who, model);
		let demand = demand_of::<T>(&id).ok_or("an assigned request")?;
		let signature =
			demand.signer.sign(&demand.signing_payload()).ok_or("a key in the keystore")?;

		#[extrinsic_call]
		_(RawOrigin::Authorized, demand, signature);

		assert_eq!(Requests::<T>::get(id).map(|r| r.status), Some(RequestStatus::InputDemanded));
		Ok(())
	}

	#[benchmark]
	fn authorize_demand_input() -> Result<(), BenchmarkError> {
		let who = requester::<T>();
		let model = model_with::<T>(1);
		let id = assigned::<T>(&who, model);
		let demand = demand_of::<T>(&id).ok_or("an assigned request")?;
		let signature =
			demand.signer.sign(&demand.signing_payload()).ok_or("a key in the keystore")?;
		let call: <T as frame_system::Config>::RuntimeCall =
			Call::<T>::demand_input { demand, signature }.into();
		let valid;

		#[block]
		{
			valid = call
				.authorize(TransactionSource::InBlock)
				.ok_or("an authorized call")?
				.map_err(|_| "a good demand")?;
		}

		assert_eq!(valid.0.provides, vec![(DEMAND_TAG, (id, Role::Executor)).encode()]);
		Ok(())
	}

	/// A short input: what a longer one takes beyond that, `commit_to_bytes` measures.
	#[benchmark]
	fn post_input() -> Result<(), BenchmarkError> {
		let who = requester::<T>();
		let model = model_with::<T>(1);
		let id = demanded::<T>(&who, model)?;
		let bytes = asked().encode().try_into().map_err(|_| "a short input")?;

		#[extrinsic_call]
		_(RawOrigin::Signed(who), id, bytes);

		assert_eq!(Requests::<T>::get(id).map(|r| r.status), Some(RequestStatus::Assigned));
		Ok(())
	}

	#[benchmark]
	fn set_parameters() {
		let parameters = RequestParameters { retention_blocks: 100, ..Parameters::<T>::get() };

		let origin = T::ParameterOrigin::try_successful_origin().expect("somebody may");

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, parameters.clone());

		assert_eq!(Parameters::<T>::get(), parameters);
	}

	#[benchmark]
	fn set_paused() {
		let origin = T::PauseOrigin::try_successful_origin().expect("somebody may");

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, true);

		assert!(Paused::<T>::get());
	}

	/// With empty buckets at the front of every queue.
	#[benchmark]
	fn on_initialize() {
		let now: BlockNumberFor<T> = 100u32.saturated_into();
		frame_system::Pallet::<T>::set_block_number(now);
		WindowClock::<T>::put(100);

		#[block]
		{
			Pallet::<T>::on_initialize(now);
			Pallet::<T>::on_finalize(now);
			// Looked at where the block has randomness.
			for take_over in [true, false] {
				Pallet::<T>::retry_waiting(take_over, &Hash::repeat_byte(7));
			}
		}

		assert!(WindowClock::<T>::get() >= 100);
	}

	/// An input that nobody posted: there is more to write than after a missed deadline, because the
	/// executor is paid for its time.
	#[benchmark]
	fn expire() -> Result<(), BenchmarkError> {
		let who = requester::<T>();
		let model = model_with::<T>(1);
		let id = demanded::<T>(&who, model)?;
		let due = Requests::<T>::get(id).map_or(0, |one| one.due);

		#[block]
		{
			Deadlines::<T>::remove(due, id);
			Pallet::<T>::expire(&id, due.saturating_add(1));
		}

		assert_eq!(Requests::<T>::get(id).map(|r| r.status), Some(RequestStatus::Refunded));
		Ok(())
	}

	#[benchmark]
	fn settle() -> Result<(), BenchmarkError> {
		let who = requester::<T>();
		let model = model_with::<T>(1);
		let id = answered::<T>(&who, model)?;
		// As that of a model with a program, whose version may be in doubt.
		Requests::<T>::mutate_extant(id, |one| one.canonical_version = Some(1));

		#[block]
		{
			Pallet::<T>::end_window(&id)?;
			Pallet::<T>::commit_to_receipts(Pallet::<T>::now());
		}

		assert!(ReceiptRoots::<T>::contains_key(Pallet::<T>::now()));
		assert_eq!(Requests::<T>::get(id).map(|r| r.status), Some(RequestStatus::Settled));
		Ok(())
	}

	#[benchmark]
	fn prune() -> Result<(), BenchmarkError> {
		let who = requester::<T>();
		let model = model_with::<T>(1);
		let id = answered::<T>(&who, model)?;
		Pallet::<T>::settle(&id)?;
		let due = Requests::<T>::get(id).map_or(0, |one| one.due);

		#[block]
		{
			Prunes::<T>::remove(due, id);
			Pallet::<T>::prune(&id);
		}

		assert!(!Requests::<T>::contains_key(id));
		Ok(())
	}

	#[benchmark]
	fn prune_receipts() -> Result<(), BenchmarkError> {
		let who = requester::<T>();
		let model = model_with::<T>(1);
		let id = answered::<T>(&who, model)?;
		Pallet::<T>::settle(&id)?;
		let now = Pallet::<T>::now();
		Pallet::<T>::commit_to_receipts(now);

		#[block]
		{
			ReceiptPrunes::<T>::remove(now, now);
			Receipts::<T>::remove(now);
			ReceiptRoots::<T>::remove(now);
		}

		assert!(!ReceiptRoots::<T>::contains_key(now));
		Ok(())
	}

	/// One waiting request that is tried again, and served by `s` validators.
	#[benchmark]
	fn retry(s: Linear<1, MAX_SERVERS>) {
		let who = requester::<T>();
		let model = model_with::<T>(s);
		let id = ask::<T>(&who, model);
		Fresh::<T>::kill();
		Waiting::<T>::insert(false, id, ());

		#[block]
		{
			Pallet::<T>::retry_waiting(false, &Hash::repeat_byte(7));
		}

		assert_eq!(Requests::<T>::get(id).map(|r| r.status), Some(RequestStatus::Assigned));
	}

	#[benchmark]
	fn on_idle() {
		let consumed;

		#[block]
		{
			consumed = Pallet::<T>::push_callbacks(Weight::MAX);
		}

		assert_eq!(consumed, T::WeightInfo::on_idle().min(T::Callbacks::limit()));
	}

	/// Without what the contract takes: there is none.
	#[benchmark]
	fn push_callback() -> Result<(), BenchmarkError> {
		let who = requester::<T>();
		let model = model_with::<T>(1);
		let id = answered::<T>(&who, model)?;
		let bytes = tensor_of(65_536).encode().try_into().map_err(|_| "an inline length")?;
		Outcomes::<T>::insert(id, Outcome::Output(bytes));

		#[block]
		{
			Pallet::<T>::push_callbacks(Weight::MAX);
		}

		let delivery = Deliveries::<T>::get(id).ok_or("a delivery")?;
		assert_ne!(delivery.open, DeliveryStep::None);
		Ok(())
	}

	/// The slowest decimals there are: of the least floats, with the most digits.
	#[benchmark]
	fn convert_numbers(n: Linear<0, 1_024>) {
		use countersign_canonical::decimal;
		let mut converted = 0u32;

		#[block]
		{
			for bits in 1..=n {
				let back = decimal::from_f32(bits)
					.and_then(|(value, decimals)| decimal::to_f32(value, decimals));
				converted = converted.saturating_add(u32::from(back == Some(bits)));
			}
		}

		assert_eq!(converted, n);
	}

	#[benchmark]
	fn read_result(b: Linear<0, 65_536>) -> Result<(), BenchmarkError> {
		let who = requester::<T>();
		let model = model_with::<T>(1);
		let id = answered::<T>(&who, model)?;
		let bytes = tensor_of(b).encode().try_into().map_err(|_| "an inline length")?;
		Outcomes::<T>::insert(id, Outcome::Output(bytes));
		let (view, decoded);

		#[block]
		{
			view = Pallet::<T>::request_view(id);
			decoded = match Pallet::<T>::result_view(id).map(|result| result.outcome) {
				Some(Outcome::Output(bytes)) => decode_tensors(&bytes).ok(),
				_ => None,
			};
		}

		assert!(view.is_some() && decoded.is_some());
		Ok(())
	}

	// The longest output that an event carries.
	#[benchmark]
	fn infer_sync() -> Result<(), BenchmarkError> {
		let caller = requester::<T>();
		let (callable, input) = callable::<T>()?;
		let package = Pallet::<T>::read(&callable)?;
		let run;

		#[block]
		{
			let terms = Pallet::<T>::open_terms(callable.model())?;
			run = Pallet::<T>::pay_and_run(&caller, &callable, &terms, package, &input, FUNDS)?;
			// The receipt's part of the block's end.
			Pallet::<T>::commit_to_receipts(Pallet::<T>::now());
		}

		assert!(matches!(run.outcome, Outcome::Output(_)));
		assert_eq!(Receipts::<T>::get(Pallet::<T>::now()).len(), 1);
		Ok(())
	}

	#[benchmark]
	fn infer_view() -> Result<(), BenchmarkError> {
		let (callable, input) = callable::<T>()?;
		let package = Pallet::<T>::read(&callable)?;
		let outcome;

		#[block]
		{
			let mut terms = Pallet::<T>::open_terms(callable.model())?;
			// The model of the benchmark may have a price.
			terms.price = 0;
			outcome = Pallet::<T>::show(&callable, &terms, package, &input)?.0;
		}

		assert!(matches!(outcome, Outcome::Output(_)));
		Ok(())
	}

	#[benchmark]
	fn hand_over(b: Linear<0, 65_536>) {
		let bytes = tensor_of(b).encode();
		let encoded;

		#[block]
		{
			let tensors = decode_tensors(&bytes).unwrap_or_default();
			let ready: Vec<_> = tensors.iter().map(to_canonical).collect();
			let back: Vec<_> = ready.into_iter().map(from_canonical).collect();
			encoded = back.encode();
		}

		assert_eq!(encoded, bytes);
	}

	#[benchmark]
	fn commit_to_tensors(b: Linear<0, 65_536>) {
		let tensors = tensor_of(b);
		let commitment;

		#[block]
		{
			commitment = tensors_commitment(&tensors);
		}

		assert_ne!(commitment, Hash::zero());
	}

	// What is not linear is small: at 0, one unit or one operator runs.
	#[benchmark]
	fn run_macs(n: Linear<0, 16_384>) {
		let (mut prepared, input) = ready(&examples::products(n), &[64, 256]);
		let outputs;
		#[block]
		{
			outputs = run(&mut prepared, &[], &input);
		}
		assert!(outputs.is_ok());
	}

	#[benchmark]
	fn run_moved(n: Linear<0, 8_192>) {
		let (mut prepared, input) = ready(&examples::transposed(n), &[n.max(1), 128]);
		let outputs;
		#[block]
		{
			outputs = run(&mut prepared, &[], &input);
		}
		assert!(outputs.is_ok());
	}

	#[benchmark]
	fn run_simple(n: Linear<0, 1_024>) {
		let package = examples::repeated(Unary::Round, 1_024, n.max(1) as u16);
		let (mut prepared, input) = ready(&package, &[1, 1_024]);
		let outputs;
		#[block]
		{
			outputs = run(&mut prepared, &[], &input);
		}
		assert!(outputs.is_ok());
	}

	#[benchmark]
	fn run_divisions(n: Linear<0, 1_024>) {
		let package = examples::remainders(1_024, n.max(1) as u16);
		let mut prepared = prepare(load(&examples::encoded(&package)).expect("it is short"))
			.expect("a package in order");
		let input = vec![
			examples::input_integers(&[1, 1_024], |i| i64::MAX - i64::from(i)),
			examples::input_integers(&[1, 1_024], |i| 3 + i64::from(i)),
		];
		let outputs;
		#[block]
		{
			outputs = run(&mut prepared, &[], &input);
		}
		assert!(outputs.is_ok());
	}

	// The remainder of the largest float by the smallest takes the most steps that there are.
	#[benchmark]
	fn run_transcendental(n: Linear<0, 512>) {
		let package = examples::fold(Binary::Rem, 1_024, n.max(1) as u16);
		let mut prepared = prepare(load(&examples::encoded(&package)).expect("it is short"))
			.expect("a package in order");
		let input = vec![
			examples::input_floats(&[1, 1_024], |_| f32::MAX),
			examples::input_floats(&[1, 1_024], |_| f32::from_bits(3)),
		];
		let outputs;
		#[block]
		{
			outputs = run(&mut prepared, &[], &input);
		}
		assert!(outputs.is_ok());
	}

	#[benchmark]
	fn run_searches(n: Linear<0, 1_024>) {
		let (mut prepared, input) = ready(&examples::walks(n * 64), &[1, 64]);
		let outputs;
		#[block]
		{
			outputs = run(&mut prepared, &[], &input);
		}
		assert!(outputs.is_ok());
	}

	// What is done with the bytes of a stranger's constants before a run.
	#[benchmark]
	fn run_constants(n: Linear<0, 4_080>) {
		let bytes = examples::encoded(&examples::constant(n));
		let package = load(&bytes).expect("it is short");
		let prepared;
		#[block]
		{
			prepared = prepare_unknown(package);
		}
		assert!(prepared.is_ok());
	}

	// Decoding them and planning where their results lie included.
	#[benchmark]
	fn run_operators(n: Linear<0, 4_000>) {
		let bytes = examples::encoded(&examples::scattered(n));
		let package = load(&bytes).expect("it is short");
		let input = vec![examples::input_floats(&[1, 1_024], examples::awkward)];
		let outputs;
		#[block]
		{
			let prepared = prepare(package);
			outputs = run(&mut prepared.expect("a package in order"), &[], &input);
		}
		assert!(outputs.is_ok());
	}

	impl_benchmark_test_suite! {
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	}
}
