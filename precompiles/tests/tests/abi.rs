//! What holds of every function of every precompile.

use countersign_attribution_precompile::{access as attribution_access, IAttribution};
use countersign_inference_precompile::{
	access as inference_access, IInference as I, IInferenceReceiver, ADDRESS,
};
use countersign_precompile_tests::{
	contracts::{account, call, call_with, deploy, pay, wallet, wei, Failure, WEIGHT},
	every::{attribution, calls, opengradient, request, selectors, synchronous, terms, Case},
	programs::small,
	run,
	sol::ICaller,
	world::{earn, free, held, World, TOKEN},
};
use countersign_precompile_utils::Access;
use countersign_primitives::Balance;
use countersign_runtime::{Inference, Runtime};
use frame_support::weights::Weight;
use pallet_attribution::WeightInfo as _;
use pallet_inference::WeightInfo as _;
use pallet_revive::precompiles::alloy::{
	primitives::{Address, Bytes, B256, U256},
	sol_types::{SolCall, SolInterface, SolValue},
};
use sp_runtime::{DispatchError, StateVersion, TransactionOutcome};

const VALUE: Balance = 2 * TOKEN;

fn root() -> Vec<u8> {
	sp_io::storage::root(StateVersion::V1)
}

/// Does something, and undoes it.
fn undone<R>(attempt: impl FnOnce() -> R) -> R {
	frame_support::storage::with_transaction(|| {
		TransactionOutcome::Rollback(Ok::<_, DispatchError>(attempt()))
	})
	.expect("rolled back")
}

/// Calls of every function that all work: of a contract's answered request, of a model that earned
/// something, of a program. A wallet of its own owns the right.
fn working(world: &mut World) -> Vec<Case> {
	let model = world.model(TOKEN / 100);
	let program = world.program_model("small", &small(3), 0);
	earn(&model, 100 * TOKEN);
	let arguments = (B256::from(model.0), 0u64, true, 0u32).abi_encode_params();
	let contract = deploy("Requester", arguments, TOKEN);
	let id = *pallet_inference::Requests::<Runtime>::iter_keys()
		.next()
		.as_ref()
		.expect("the contract asked");
	assert_eq!(held(&account(&contract)), TOKEN);
	world.next_block();
	world.answer(&id);
	let mut all = calls(B256::from(model.0), B256::from(id.0));
	// What runs inside the transaction asks the model that can.
	let sync = synchronous(B256::from(program.0));
	for one in &mut all {
		if let Some(better) = sync.iter().find(|other| is_same_function(one, other)) {
			*one = better.clone();
		}
	}
	// Language models never answer.
	all.retain(|one| {
		one.to != opengradient() || sync.iter().any(|other| is_same_function(one, other))
	});
	all
}

fn is_same_function(one: &Case, other: &Case) -> bool {
	one.to == other.to && one.data[..4] == other.data[..4]
}

fn value(case: &Case) -> Balance {
	if case.access == Access::Pay {
		VALUE
	} else {
		0
	}
}

/// The owner of the right makes the call.
fn made(case: &Case, limit: Weight) -> countersign_precompile_tests::Reply {
	call_with(&wallet(1), &case.to, wei(value(case)), case.data.clone(), limit)
}

#[test]
fn the_list_has_every_function_with_what_it_may_do() {
	let mut listed: Vec<_> = calls(B256::ZERO, B256::ZERO)
		.into_iter()
		.map(|case| {
			let expected = if case.to == ADDRESS {
				inference_access(&I::IInferenceCalls::abi_decode(&case.data).expect("good"))
			} else if case.to == attribution() {
				let call = IAttribution::IAttributionCalls::abi_decode(&case.data);
				attribution_access(&call.expect("good"))
			} else {
				Access::View
			};
			assert_eq!(case.access, expected);
			(case.to, [case.data[0], case.data[1], case.data[2], case.data[3]])
		})
		.collect();
	let mut all = selectors();
	listed.sort();
	all.sort();
	assert_eq!(listed, all);
	// What contracts implement never changes either.
	assert_eq!(IInferenceReceiver::onInferenceCall::SELECTOR, RECEIVER);
}

/// The selector of `onInference`.
const RECEIVER: [u8; 4] = [0x95, 0xe9, 0xb9, 0x24];

#[test]
fn no_function_can_be_delegated_to_none_takes_value_unless_payable_and_none_that_writes_is_static()
{
	run(|world| {
		let contract = deploy("Caller", Vec::new(), 0);
		let from = wallet(0);
		let cases = working(world);
		let language = calls(B256::ZERO, B256::ZERO).into_iter().filter(|c| c.to == opengradient());
		for case in cases.into_iter().chain(language) {
			let (to, data) = (Address::from(case.to.0), Bytes::from(case.data.clone()));
			let delegate = ICaller::delegateCallCall { to, data: data.clone() };
			call(&from, &contract, &delegate).reverts("DelegateCall");
			let constant =
				call(&from, &contract, &ICaller::staticCallCall { to, data: data.clone() });
			if case.access == Access::View {
				assert_ne!(constant.result, Err(Failure::Revert("StaticCall".into())));
			} else {
				constant.reverts("StaticCall");
			}
			if case.access != Access::Pay {
				let paid = ICaller::callCall { to, data };
				pay(&from, &contract, TOKEN, &paid).reverts("NotPayable");
			}
			assert_eq!(free(&account(&case.to)), undone_float(&case));
		}
	});
}

/// What a precompile's account has: that of callbacks has its float, the others have nothing.
fn undone_float(case: &Case) -> Balance {
	use countersign_runtime::configs::contracts::{callback_account, CALLBACK_DEPOSIT};
	if account(&case.to) == callback_account() {
		CALLBACK_DEPOSIT + countersign_primitives::MILLI_UNIT
	} else {
		0
	}
}

#[test]
fn every_function_works_for_a_wallet_and_views_give_a_contract_the_same() {
	run(|world| {
		let contract = deploy("Caller", Vec::new(), 0);
		for case in working(world) {
			let direct = undone(|| made(&case, WEIGHT));
			direct.works();
			if case.access != Access::View {
				continue;
			}
			let through = ICaller::staticCallCall {
				to: Address::from(case.to.0),
				data: case.data.clone().into(),
			};
			let through = call(&wallet(0), &contract, &through);
			let told = through.returns::<ICaller::staticCallCall>();
			assert_eq!(told.to_vec(), direct.bytes());
		}
	});
}

#[test]
fn who_calls_a_function_that_writes_is_the_contract_and_not_the_wallet_behind_it() {
	run(|world| {
		let contract = deploy("Caller", Vec::new(), 0);
		let cases = working(world);
		// The wallet that sends the transaction owns the right.
		let of_the_owner =
			[IAttribution::transferRightCall::SELECTOR, IAttribution::acceptRightCall::SELECTOR];
		for case in cases.into_iter().filter(|case| case.access != Access::View) {
			let (to, data) = (Address::from(case.to.0), Bytes::from(case.data.clone()));
			let through = ICaller::callCall { to, data };
			let reply = undone(|| pay(&wallet(1), &contract, value(&case), &through));
			if of_the_owner.iter().any(|selector| case.data.starts_with(selector)) {
				reply.reverts("NotOwner");
			} else {
				reply.works();
			}
		}
	});
}

#[test]
fn bad_calldata_panics_as_solidity_does_and_value_comes_back() {
	run(|world| {
		let cases = working(world);
		let from = wallet(1);
		let before = free(&from);
		for case in cases {
			let good = &case.data;
			let wrong_selector = [&[0xFF; 4], &good[4..]].concat();
			// The second word is an offset, a length or a number almost everywhere.
			let mut beyond = good.clone();
			let is_number = good.len() > 100 && good[..4] != I::requestCommittedCall::SELECTOR;
			if is_number {
				beyond[36..68].fill(0xFF);
			}
			let mut bad = vec![
				Vec::new(),
				vec![1],
				good[..3].to_vec(),
				good[..4].to_vec(),
				good[..35].to_vec(),
				good[..good.len() - 32].to_vec(),
				wrong_selector,
			];
			bad.extend(is_number.then_some(beyond));
			for data in bad {
				for value in [0, TOKEN] {
					let reply = call_with(&from, &case.to, wei(value), data.clone(), WEIGHT);
					let refused = reply.result == Err(Failure::Panic(0x41));
					assert!(refused, "{:?} for {}", reply.result, hex::encode(&data));
				}
			}
		}
		assert_eq!(free(&from), before);
	});
}

#[test]
fn numbers_out_of_range_are_not_cut() {
	run(|world| {
		let model = B256::from(world.model(0).0);
		// Terms in a row: deadline, lane, evidence of four, value at risk, gas, open.
		let quote = I::quoteCall { model, inputLength: 8, terms: terms() }.abi_encode();
		let word = |index: usize| 4 + 32 * index..4 + 32 * (index + 1);
		let with = |index: usize, value: U256| {
			let mut data = quote.clone();
			data[word(index)].copy_from_slice(&value.to_be_bytes::<32>());
			call_with(&wallet(0), &ADDRESS, 0.into(), data, WEIGHT).result
		};
		let panic = Err(Failure::Panic(0x41));
		// Length and deadline have 32 bits, lane and audits 8, flags one, gas 64.
		for (index, bits) in
			[(1, 32), (2, 32), (3, 8), (4, 8), (5, 1), (6, 1), (7, 1), (9, 64), (10, 1)]
		{
			assert_eq!(with(index, U256::from(1) << bits), panic, "word {index}");
			assert_eq!(with(index, U256::MAX), panic, "word {index}");
		}
		// A kind of tensor that is none, and a finality.
		let case = calls(model, B256::ZERO);
		let result = case.iter().find(|one| one.data[..4] == I::resultOfCall::SELECTOR);
		let mut data = result.expect("it is listed").data.clone();
		data[word(1)].copy_from_slice(&U256::from(4).to_be_bytes::<32>());
		assert_eq!(call_with(&wallet(0), &ADDRESS, 0.into(), data, WEIGHT).result, panic);
	});
}

#[test]
fn every_payable_function_rejects_dust() {
	run(|world| {
		for case in working(world).into_iter().filter(|case| case.access == Access::Pay) {
			for dust in [wei(VALUE) + 1, wei(VALUE) + 999_999, 1.into()] {
				undone(|| {
					call_with(&wallet(1), &case.to, dust, case.data.clone(), WEIGHT).reverts("Dust")
				});
			}
		}
	});
}

/// What a function's work weighs at least, beside finding the precompile and decoding.
fn work(case: &Case) -> Weight {
	type W = <Runtime as pallet_inference::Config>::WeightInfo;
	type A = <Runtime as pallet_attribution::Config>::WeightInfo;
	let program = || {
		let mut models = pallet_models::Models::<Runtime>::iter_keys();
		models.find(|id| Inference::sync_weight(id).is_some()).expect("there is a program")
	};
	let selector = [case.data[0], case.data[1], case.data[2], case.data[3]];
	match selector {
		I::inferPaidCall::SELECTOR => Inference::sync_weight(&program()).expect("it can be called"),
		I::inferFeeCall::SELECTOR => Inference::look_up_weight().saturating_add(W::read_result(0)),
		I::quoteCall::SELECTOR => W::request(1),
		I::encodedLengthCall::SELECTOR => W::on_idle(),
		I::requestCall::SELECTOR => W::request(1).saturating_add(W::commit_to_bytes(11)),
		I::requestCommittedCall::SELECTOR => W::request(1),
		I::requestManyCall::SELECTOR => W::request(1).saturating_mul(2),
		I::statusOfCall::SELECTOR | I::deliveryOfCall::SELECTOR => W::read_result(0),
		I::resultOfCall::SELECTOR => W::read_result(11),
		I::deliverCall::SELECTOR => W::read_result(11).saturating_add(W::push_callback()),
		IAttribution::lineageCall::SELECTOR => A::read_lineage(2),
		IAttribution::rightCall::SELECTOR => A::read_right(),
		IAttribution::entitlementCall::SELECTOR => A::read_entitlement(),
		IAttribution::totalCreditedCall::SELECTOR => {
			<Runtime as frame_system::Config>::DbWeight::get().reads(1)
		}
		IAttribution::claimCall::SELECTOR => A::claim().max(A::claim_to_pot()),
		IAttribution::transferRightCall::SELECTOR => A::transfer_right(),
		IAttribution::acceptRightCall::SELECTOR => A::accept_right(),
		// What runs a model and writes nothing.
		_ => Inference::view_weight(&program()).expect("it can be called"),
	}
}

#[test]
fn every_function_charges_what_its_work_weighs() {
	run(|world| {
		for case in working(world) {
			// A call that does not decode costs what finding the precompile does.
			let least = call_with(&wallet(1), &case.to, 0.into(), vec![0xFF; 4], WEIGHT).weight;
			let reply = undone(|| made(&case, WEIGHT));
			reply.works();
			let charged = reply.weight.saturating_sub(least);
			let work = work(&case);
			let name = hex::encode(&case.data[..4]);
			assert!(work.all_lte(charged), "{name} takes {charged:?} for {work:?}");
			assert!(work.ref_time() > 0, "{name} is free");
		}
		// The worst draw is charged first and given back: what a request took does not suffice.
		let case = request(B256::from(world.model(0).0));
		let reply = undone(|| made(&case, WEIGHT));
		assert!(undone(|| made(&case, reply.weight)).result.is_err());
	});
}

#[test]
fn out_of_gas_in_the_middle_leaves_no_trace_of_any_function() {
	run(|world| {
		for case in working(world).into_iter().filter(|case| case.access != Access::View) {
			let enough = undone(|| made(&case, WEIGHT));
			enough.works();
			let (before, name) = (root(), hex::encode(&case.data[..4]));
			let mut failed = 0;
			for part in 0..40u64 {
				let limit = Weight::from_parts(
					enough.weight.ref_time() / 32 * part,
					enough.weight.proof_size() / 32 * part,
				);
				// What works is undone: what fails has to undo itself.
				let reply = frame_support::storage::with_transaction(|| {
					let reply = made(&case, limit);
					if reply.result.is_ok() {
						return TransactionOutcome::Rollback(Ok(reply));
					}
					TransactionOutcome::Commit(Ok::<_, DispatchError>(reply))
				})
				.expect("one way or the other");
				failed += u32::from(reply.result.is_err());
				assert_eq!(root(), before, "{name} at {part} parts left something");
			}
			assert!(failed >= 32, "{name} worked with less than it takes");
		}
	});
}
