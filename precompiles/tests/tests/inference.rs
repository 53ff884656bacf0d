//! `IInference`: requests, their results, and the value that comes with them.

use countersign_inference_precompile::{access, IInference as I, InferencePrecompile, ADDRESS};
use countersign_precompile_tests::{
	contracts::{
		account, address, call, call_with, deploy, logs, pay, try_deploy, wallet, wei, wei_word,
		Failure, WEIGHT,
	},
	programs::small,
	run,
	sol::{declared_address, functions, ICaller, IRequester},
	world::{bytes_tensor, free, held, status, TOKEN},
	Contract,
};
use countersign_precompile_utils::{fixed_address, Access};
use countersign_primitives::{
	commitment::tensors_commitment,
	model::ModelId,
	request::{EvidenceSet, RequestId, RequestStatus},
	AccountId, Balance, Hash,
};
use countersign_runtime::{Inference, Runtime};
use frame_support::weights::Weight;
use pallet_revive::precompiles::{
	alloy::{
		primitives::{Address, Bytes, B256, U256},
		sol_types::{SolCall, SolInterface, SolValue},
	},
	Precompile,
};

const SOURCE: &str = include_str!("../../inference/IInference.sol");
const MAX_FEE: Balance = 10 * TOKEN;

fn word(hash: &Hash) -> B256 {
	B256::from(hash.0)
}

fn id(word: B256) -> RequestId {
	Hash::from(word.0)
}

fn nothing() -> I::Evidence {
	I::Evidence { audited: 0, replayed: false, tee: false, zk: false }
}

fn terms() -> I::Terms {
	I::Terms {
		deadline: 0,
		lane: 0,
		evidence: nothing(),
		valueAtRisk: U256::ZERO,
		callbackGas: 0,
		whenOpen: false,
	}
}

fn input() -> Vec<I::Tensor> {
	vec![I::Tensor { kind: I::Kind::U8, shape: vec![4], data: Bytes::from(vec![1, 2, 3, 4]) }]
}

fn request(model: &ModelId) -> I::requestCall {
	I::requestCall { model: word(model), input: input(), terms: terms() }
}

/// A wallet asks.
#[track_caller]
fn ask(who: &AccountId, model: &ModelId) -> RequestId {
	id(pay(who, &ADDRESS, MAX_FEE, &request(model)).returns::<I::requestCall>())
}

fn requester(model: &ModelId, value: Balance) -> Contract {
	deploy("Requester", (word(model), 0u64, false, 0u32).abi_encode_params(), value)
}

fn status_of(request: &RequestId) -> I::statusOfReturn {
	call(&wallet(0), &ADDRESS, &I::statusOfCall { id: word(request) }).returns::<I::statusOfCall>()
}

fn result_of(request: &RequestId, least: I::Finality, evidence: I::Evidence) -> I::resultOfCall {
	I::resultOfCall { id: word(request), minFinality: least, evidence }
}

#[test]
fn the_source_names_the_address() {
	assert_eq!(fixed_address(&InferencePrecompile::<Runtime>::MATCHER), ADDRESS);
	assert_eq!(declared_address(SOURCE), format!("{ADDRESS:?}"));
}

#[test]
fn the_source_states_every_selector_and_they_never_change() {
	let expected = [
		("infer", "view", I::inferCall::SELECTOR),
		("inferPaid", "payable", I::inferPaidCall::SELECTOR),
		("inferFee", "view", I::inferFeeCall::SELECTOR),
		("quote", "view", I::quoteCall::SELECTOR),
		("encodedLength", "view", I::encodedLengthCall::SELECTOR),
		("request", "payable", I::requestCall::SELECTOR),
		("requestCommitted", "payable", I::requestCommittedCall::SELECTOR),
		("requestMany", "payable", I::requestManyCall::SELECTOR),
		("statusOf", "view", I::statusOfCall::SELECTOR),
		("deliveryOf", "view", I::deliveryOfCall::SELECTOR),
		("resultOf", "view", I::resultOfCall::SELECTOR),
		("deliver", "", I::deliverCall::SELECTOR),
	];
	let declared = functions(SOURCE);
	assert_eq!(declared.len(), expected.len());
	assert_eq!(I::IInferenceCalls::COUNT, expected.len());
	for (function, (name, modifier, selector)) in declared.iter().zip(expected) {
		assert_eq!((function.name.as_str(), function.modifier.as_str()), (name, modifier));
		let stated = format!("0x{}", hex::encode(selector));
		assert_eq!(function.selector.as_deref(), Some(stated.as_str()), "{name}");
		let mut data = selector.to_vec();
		data.extend([0; 32 * 40]);
		let call = I::IInferenceCalls::abi_decode(&data).expect("zeros decode");
		let kind = match modifier {
			"view" => Access::View,
			"payable" => Access::Pay,
			_ => Access::Write,
		};
		assert_eq!(access(&call), kind, "{name}");
	}
}

#[test]
fn a_quote_says_what_a_request_then_costs() {
	run(|world| {
		let model = world.model(TOKEN);
		let length = I::encodedLengthCall { input: input() };
		let length = call(&wallet(0), &ADDRESS, &length).returns::<I::encodedLengthCall>();
		let quote = |model: &ModelId, terms| {
			let asked = I::quoteCall { model: word(model), inputLength: length, terms };
			call(&wallet(0), &ADDRESS, &asked)
		};
		let told = quote(&model, terms()).returns::<I::quoteCall>();
		assert_eq!(told.fee, told.costFee + told.price);
		assert_eq!(told.price, wei_word(TOKEN));
		assert_eq!((told.servers, told.freeServers), (1, 1));
		assert!(told.earliestDeadline > world.number());

		let fee = Balance::try_from(told.fee / U256::from(1_000_000)).expect("small");
		let exact = pay(&wallet(0), &ADDRESS, fee, &request(&model));
		assert_eq!(status(&id(exact.returns::<I::requestCall>())), Some(RequestStatus::Waiting));
		pay(&wallet(0), &ADDRESS, fee - 1, &request(&model)).reverts("FeeAboveMaximum");

		quote(&Hash::zero(), terms()).reverts("UnknownModel");
		let evidence = I::Evidence { zk: true, ..nothing() };
		quote(&model, I::Terms { evidence, ..terms() }).reverts("EvidenceUnavailable");
		let risk = I::Terms { valueAtRisk: wei_word(TOKEN), ..terms() };
		quote(&model, risk).reverts("ValueAtRiskWithoutProgram");
		quote(&model, I::Terms { callbackGas: 1, ..terms() }).reverts("CallbackUnavailable");
		let dust = I::Terms { valueAtRisk: U256::from(1), ..terms() };
		quote(&model, dust).reverts("Dust");
		let much = I::Terms { valueAtRisk: U256::MAX, ..terms() };
		quote(&model, much).reverts("Dust");
		let much = I::Terms { valueAtRisk: U256::from(1_000_000) << 200, ..terms() };
		quote(&model, much).reverts("AmountTooLarge");
	});
}

#[test]
fn audits_can_be_ordered_of_a_model_that_has_a_program_and_are_part_of_the_fee() {
	use countersign_primitives::audit::MAX_WANTED_AUDITS;
	run(|world| {
		let program = world.program_model("small", &small(3), TOKEN);
		let program = world.serve(program);
		let without = world.model(TOKEN);
		let quote = |model: &ModelId, audited| {
			let evidence = I::Evidence { audited, ..nothing() };
			let terms = I::Terms { evidence, ..terms() };
			let asked = I::quoteCall { model: word(model), inputLength: 8, terms };
			call(&wallet(0), &ADDRESS, &asked)
		};
		let none = quote(&program, 0).returns::<I::quoteCall>();
		assert_eq!(none.fee, none.costFee + none.price);
		let one = quote(&program, 1).returns::<I::quoteCall>();
		assert_eq!((one.fee, one.price), (one.costFee + one.price, none.price));
		assert!(one.costFee > none.costFee);
		quote(&program, MAX_WANTED_AUDITS).works();
		quote(&program, MAX_WANTED_AUDITS + 1).reverts("EvidenceUnavailable");
		quote(&without, 1).reverts("EvidenceUnavailable");
	});
}

#[test]
fn a_wallet_asks_and_what_it_did_not_use_comes_back() {
	run(|world| {
		let model = world.model(TOKEN);
		let who = wallet(2);
		let before = free(&who);
		let request = ask(&who, &model);
		assert_eq!((free(&who), held(&who)), (before - MAX_FEE, MAX_FEE));
		let deadline = Inference::request_view(request).expect("a request").terms.deadline;
		assert_eq!(
			logs::<I::Requested>(&ADDRESS),
			vec![I::Requested {
				id: word(&request),
				requester: Address::from(address(&who).0),
				model: word(&model),
				maxFee: wei_word(MAX_FEE),
				deadline,
			}]
		);
		// The identifier is the one that a client computes beforehand.
		let view = Inference::request_view(request).expect("a request");
		let input = tensors_commitment(&[bytes_tensor(&[1, 2, 3, 4])]);
		assert_eq!(Inference::id_of(who.clone(), 0, model, input, view.terms), request);

		world.next_block();
		assert_eq!(status_of(&request).status as u8, I::Status::Assigned as u8);
		world.answer(&request);
		let open = status_of(&request);
		assert_eq!(open.status as u8, I::Status::Answered as u8);
		assert_eq!(open.finality as u8, I::Finality::Open as u8);
		assert!(open.cover > U256::ZERO);
		world.settle(&request);
		let done = status_of(&request);
		assert_eq!(done.status as u8, I::Status::Settled as u8);
		assert_eq!(done.finality as u8, I::Finality::Final as u8);
		assert_eq!(done.cover, U256::ZERO);
		let fee = Inference::request_view(request).expect("a request").fee;
		assert_eq!((free(&who), held(&who)), (before - fee, 0));
		let unknown = status_of(&Hash::zero());
		assert_eq!(unknown.status as u8, I::Status::Unknown as u8);
		assert_eq!(unknown.finality as u8, I::Finality::None as u8);
	});
}

#[test]
fn a_contract_asks_and_is_refunded_when_nobody_answers() {
	run(|world| {
		let model = world.model(TOKEN);
		let contract = requester(&model, 0);
		let asked = IRequester::askCall { callbackGas: 0, whenOpen: false, deadline: 0 };
		let request =
			id(pay(&wallet(0), &contract, MAX_FEE, &asked).returns::<IRequester::askCall>());
		let who = account(&contract);
		assert_eq!(held(&who), MAX_FEE);
		assert_eq!(Inference::request_view(request).expect("a request").requester, who);
		// Nobody answers, and there is nobody to take over.
		world.blocks(80);
		assert_eq!(status(&request), Some(RequestStatus::Refunded));
		assert_eq!(status_of(&request).status as u8, I::Status::Refunded as u8);
		assert_eq!(held(&who), 0);
		// The existential deposit is not the contract's to spend.
		let spendable = pallet_revive::Pallet::<Runtime>::evm_balance(&contract);
		assert_eq!(spendable, wei(MAX_FEE));
		call(&wallet(0), &ADDRESS, &result_of(&request, I::Finality::Open, nothing()))
			.reverts("NotAnswered");
	});
}

#[test]
fn a_result_is_given_only_if_it_is_settled_enough_and_has_the_evidence() {
	run(|world| {
		let model = world.model(0);
		let request = ask(&wallet(0), &model);
		let get =
			|least, evidence| call(&wallet(0), &ADDRESS, &result_of(&request, least, evidence));
		let open = || get(I::Finality::Open, nothing());
		let settled = || get(I::Finality::Final, nothing());
		open().reverts("NotAnswered");
		world.next_block();
		open().reverts("NotAnswered");
		world.answer(&request);
		settled().reverts("NotFinal");
		let outcome = open().returns::<I::resultOfCall>();
		assert!(!outcome.trapped);
		assert_eq!(outcome.output.len(), 1);
		assert_eq!(outcome.output[0].data, Bytes::from(vec![4, 3, 2, 1]));
		assert_eq!(outcome.output[0].shape, vec![4]);
		for least in [I::Finality::None, I::Finality::Invalidated] {
			get(least, nothing()).reverts("BadFinality");
		}
		let replayed = || I::Evidence { replayed: true, ..nothing() };
		get(I::Finality::Open, replayed()).reverts("EvidenceMissing");
		let evidence = EvidenceSet { replayed: true, audited: 2, ..Default::default() };
		Inference::make_final(&request, evidence).expect("it is open");
		let audited = I::Evidence { audited: 2, ..replayed() };
		get(I::Finality::Final, audited).works();
		get(I::Finality::Final, I::Evidence { audited: 3, ..nothing() }).reverts("EvidenceMissing");
		get(I::Finality::Final, I::Evidence { tee: true, ..nothing() }).reverts("EvidenceMissing");
		let told = status_of(&request).evidence;
		assert_eq!((told.audited, told.replayed, told.tee, told.zk), (2, true, false, false));
	});
}

#[test]
fn a_trap_is_an_outcome_and_an_invalidated_result_is_none() {
	run(|world| {
		let model = world.model(0);
		let request = ask(&wallet(0), &model);
		world.next_block();
		world.trap(&request);
		let outcome =
			call(&wallet(0), &ADDRESS, &result_of(&request, I::Finality::Open, nothing()))
				.returns::<I::resultOfCall>();
		assert!(outcome.trapped && outcome.output.is_empty());
		assert_eq!((outcome.code, outcome.operator), (0, 7));

		let bad = Inference::invalidate(&request).expect("it is open");
		use countersign_primitives::traits::Bonds;
		countersign_runtime::Validators::release_cover(&bad.executor, bad.cover);
		call(&wallet(0), &ADDRESS, &result_of(&request, I::Finality::Open, nothing()))
			.reverts("Invalidated");
		assert_eq!(status_of(&request).finality as u8, I::Finality::Invalidated as u8);
	});
}

#[test]
fn many_requests_are_all_taken_or_none() {
	run(|world| {
		let model = world.model(TOKEN);
		let who = wallet(2);
		let one = |lane, max_fee| I::Request {
			model: word(&model),
			input: input(),
			terms: I::Terms { lane, ..terms() },
			maxFee: wei_word(max_fee),
		};
		let many = |requests| I::requestManyCall { requests };
		let three = || vec![one(0, MAX_FEE), one(0, 2 * MAX_FEE), one(5, MAX_FEE)];
		let reply = pay(&who, &ADDRESS, 4 * MAX_FEE, &many(three()));
		let ids = reply.returns::<I::requestManyCall>();
		assert_eq!(ids.len(), 3);
		assert_eq!(held(&who), 4 * MAX_FEE);
		assert_eq!(Inference::next_nonce(who.clone(), 0), 2);
		assert_eq!(Inference::next_nonce(who.clone(), 5), 1);
		for value in [0, 3 * MAX_FEE, 4 * MAX_FEE - 1, 4 * MAX_FEE + 1] {
			pay(&who, &ADDRESS, value, &many(three())).reverts("ValueMismatch");
		}
		let before = free(&who);
		let bad = vec![one(0, MAX_FEE), one(16, MAX_FEE)];
		pay(&who, &ADDRESS, 2 * MAX_FEE, &many(bad)).reverts("NoSuchLane");
		assert_eq!(Inference::next_nonce(who.clone(), 0), 2, "the first was undone");
		assert_eq!(free(&who), before);
		// Each left its log.
		let told: Vec<_> =
			logs::<I::Requested>(&ADDRESS).into_iter().map(|log| (log.id, log.maxFee)).collect();
		let fees = [MAX_FEE, 2 * MAX_FEE, MAX_FEE].map(wei_word);
		assert_eq!(told, ids.into_iter().zip(fees).collect::<Vec<_>>());
		// What cannot be paid is not asked for.
		let odd = |wei| I::Request { maxFee: wei, ..one(0, 0) };
		pay(&who, &ADDRESS, MAX_FEE, &many(vec![odd(U256::MAX)])).reverts("Dust");
		let much = U256::from(1_000_000) << 200;
		pay(&who, &ADDRESS, MAX_FEE, &many(vec![odd(much)])).reverts("AmountTooLarge");
		let most = U256::from(u128::MAX) * U256::from(1_000_000);
		pay(&who, &ADDRESS, MAX_FEE, &many(vec![odd(most), odd(most)])).reverts("ValueMismatch");
		let none = pay(&who, &ADDRESS, 0, &many(vec![]));
		assert!(none.returns::<I::requestManyCall>().is_empty());
	});
}

#[test]
fn an_input_may_be_named_by_its_commitment() {
	run(|world| {
		let model = world.model(0);
		let commitment = tensors_commitment(&[bytes_tensor(&[9, 9, 9, 9])]);
		let asked = |length| I::requestCommittedCall {
			model: word(&model),
			commitment: word(&commitment),
			length,
			terms: terms(),
		};
		let reply = pay(&wallet(0), &ADDRESS, MAX_FEE, &asked(11));
		let request = id(reply.returns::<I::requestCommittedCall>());
		let view = Inference::request_view(request).expect("a request");
		assert_eq!((view.input_commitment, view.input_length), (commitment, 11));
		assert!(!view.input_on_chain);
		assert_eq!(logs::<I::Requested>(&ADDRESS).len(), 1);
		pay(&wallet(0), &ADDRESS, MAX_FEE, &asked(u32::MAX)).reverts("InputTooLarge");
	});
}

#[test]
fn what_a_request_must_not_be_is_refused_and_paid_back() {
	run(|world| {
		let model = world.model(0);
		let who = wallet(0);
		let before = (free(&who), held(&who));
		let refused = |request: &I::requestCall, reason| {
			pay(&who, &ADDRESS, MAX_FEE, request).reverts(reason);
			assert_eq!((free(&who), held(&who)), before);
		};
		let with = |terms| I::requestCall { terms, ..request(&model) };
		refused(&request(&Hash::zero()), "UnknownModel");
		refused(&with(I::Terms { deadline: 1, ..terms() }), "DeadlineTooSoon");
		refused(&with(I::Terms { deadline: u32::MAX, ..terms() }), "DeadlineTooFar");
		refused(&with(I::Terms { lane: 16, ..terms() }), "NoSuchLane");
		refused(&with(I::Terms { callbackGas: 1, ..terms() }), "CallbackUnavailable");
		refused(&with(I::Terms { callbackGas: u64::MAX, ..terms() }), "CallbackUnavailable");
		let evidence = I::Evidence { audited: 1, ..nothing() };
		refused(&with(I::Terms { evidence, ..terms() }), "EvidenceUnavailable");
		let shaped = |shape: Vec<u32>, length| I::requestCall {
			input: vec![I::Tensor { kind: I::Kind::U8, shape, data: Bytes::from(vec![0; length]) }],
			..request(&model)
		};
		refused(&shaped(vec![3], 3), "InputMismatch");
		refused(&shaped(vec![4], 3), "InputMalformed");
		refused(&shaped(vec![u32::MAX, u32::MAX], 0), "InputMalformed");
		refused(&shaped(vec![70_000], 70_000), "InputTooLarge");
		refused(&I::requestCall { input: vec![], ..request(&model) }, "InputMismatch");
		let twenty = (0..20).flat_map(|_| input()).collect();
		refused(&I::requestCall { input: twenty, ..request(&model) }, "InputTooLarge");
		// No value: the fee is above it.
		pay(&who, &ADDRESS, 0, &request(&model)).reverts("FeeAboveMaximum");
		// A part of the native token's smallest unit.
		let dust = wei(MAX_FEE) + 1;
		call_with(&who, &ADDRESS, dust, request(&model).abi_encode(), WEIGHT).reverts("Dust");
		let tiny = 1.into();
		call_with(&who, &ADDRESS, tiny, request(&model).abi_encode(), WEIGHT).reverts("Dust");
		assert!(free(&who) + 1 >= before.0, "at most one unit became dust");
	});
}

#[test]
fn value_without_a_function_is_not_taken() {
	run(|world| {
		world.model(0);
		let who = wallet(0);
		let before = free(&who);
		for data in [vec![], vec![0xFF; 4], vec![0xFF; 400], I::requestCall::SELECTOR.to_vec()] {
			let reply = call_with(&who, &ADDRESS, wei(TOKEN), data, WEIGHT);
			assert_eq!(reply.result, Err(Failure::Panic(0x41)));
		}
		assert_eq!(free(&who), before);
	});
}

#[test]
fn calldata_that_says_the_same_a_thousand_times_is_not_decoded() {
	run(|world| {
		let model = world.model(0);
		// One tensor of 60,000 bytes, and 2,000 offsets to it: 120 MB.
		let count = 2_000usize;
		let long = I::Tensor {
			kind: I::Kind::U8,
			shape: vec![60_000],
			data: Bytes::from(vec![7; 60_000]),
		};
		let one = I::inferCall { model: word(&model), input: vec![long] }.abi_encode();
		// Selector, model, offset of the list, its length, the only offset, the tensor.
		let (head, tensor) = (&one[..4 + 64], &one[4 + 128..]);
		let mut data = head.to_vec();
		let number = |value: usize| U256::from(value).to_be_bytes::<32>();
		data.extend(number(count));
		for _ in 0..count {
			data.extend(number(32 * count));
		}
		data.extend(tensor);
		let reply = call_with(&wallet(0), &ADDRESS, 0.into(), data, WEIGHT);
		assert_eq!(reply.result, Err(Failure::Panic(0x41)));
		// Said once, it is decoded, and refused for what it is.
		let reply = call_with(&wallet(0), &ADDRESS, 0.into(), one, WEIGHT);
		reply.reverts("NotSynchronous");
	});
}

#[test]
fn a_contract_may_ask_while_it_is_made() {
	run(|world| {
		let model = world.model(TOKEN);
		let contract = requester(&model, MAX_FEE);
		let who = account(&contract);
		assert_eq!(held(&who), MAX_FEE);
		let last = IRequester::lastRequestCall {};
		let request =
			id(call(&wallet(0), &contract, &last).returns::<IRequester::lastRequestCall>());
		world.next_block();
		world.answer(&request);
		world.settle(&request);
		call(&wallet(1), &ADDRESS, &I::deliverCall { id: word(&request) }).works();
		let output = IRequester::lastOutputCall {};
		let output = call(&wallet(0), &contract, &output).returns::<IRequester::lastOutputCall>();
		assert_eq!(output, Bytes::from(vec![4, 3, 2, 1]));
		// A constructor whose request is refused makes no contract.
		let unknown = (B256::ZERO, 0u64, false, 0u32).abi_encode_params();
		let failed = try_deploy("Requester", unknown, MAX_FEE);
		assert_eq!(failed, Err(Failure::Revert("UnknownModel".into())));
	});
}

#[test]
fn what_a_caller_undoes_is_undone() {
	run(|world| {
		let model = world.model(0);
		let contract = deploy("Caller", Vec::new(), 0);
		let who = account(&contract);
		let asked = ICaller::tryAndUndoCall {
			to: Address::from(ADDRESS.0),
			data: request(&model).abi_encode().into(),
		};
		let reply = pay(&wallet(0), &contract, MAX_FEE, &asked);
		assert!(reply.returns::<ICaller::tryAndUndoCall>());
		assert_eq!(held(&who), 0);
		assert_eq!(Inference::next_nonce(who, 0), 0);
		assert_eq!(pallet_inference::Requests::<Runtime>::iter().count(), 0);
		assert!(logs::<I::Requested>(&ADDRESS).is_empty());
	});
}

#[test]
fn out_of_gas_in_the_middle_leaves_the_pallets_untouched() {
	run(|world| {
		let model = world.model(0);
		let who = wallet(2);
		let data = request(&model).abi_encode();
		let enough = frame_support::storage::with_transaction(|| {
			let reply = call_with(&who, &ADDRESS, wei(MAX_FEE), data.clone(), WEIGHT);
			sp_runtime::TransactionOutcome::Rollback(Ok::<_, sp_runtime::DispatchError>(reply))
		})
		.expect("rolled back");
		enough.works();
		let before = (free(&who), held(&who));
		let mut refused = 0;
		// A worst case is charged first and given back, so more than what is used is needed.
		for part in 0..60u64 {
			let limit = Weight::from_parts(
				enough.weight.ref_time() / 40 * part,
				enough.weight.proof_size() / 40 * part,
			);
			let reply = frame_support::storage::with_transaction(|| {
				let reply = call_with(&who, &ADDRESS, wei(MAX_FEE), data.clone(), limit);
				if reply.result.is_ok() {
					return sp_runtime::TransactionOutcome::Rollback(Ok(reply));
				}
				sp_runtime::TransactionOutcome::Commit(Ok::<_, sp_runtime::DispatchError>(reply))
			})
			.expect("one way or the other");
			refused += u32::from(reply.result.is_err());
			assert_eq!((free(&who), held(&who)), before);
			assert_eq!(Inference::next_nonce(who.clone(), 0), 0);
			assert_eq!(pallet_inference::Requests::<Runtime>::iter().count(), 0);
		}
		assert!(refused >= 40);
	});
}

#[test]
fn a_long_input_costs_more_than_a_short_one() {
	run(|world| {
		let length = |bytes: usize| {
			let tensor = I::Tensor {
				kind: I::Kind::U8,
				shape: vec![bytes as u32],
				data: Bytes::from(vec![0; bytes]),
			};
			let asked = I::requestCall { input: vec![tensor], ..request(&Hash::zero()) };
			call(&wallet(0), &ADDRESS, &asked)
		};
		world.model(0);
		let (short, long) = (length(10), length(60_000));
		assert!(long.weight.ref_time() > short.weight.ref_time() + 60_000 * 1_000);
	});
}
