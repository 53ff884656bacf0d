//! How contracts are told: by `deliver`, and by the chain itself.

use countersign_inference_precompile::{IInference as I, ADDRESS};
use countersign_precompile_tests::{
	contracts::{account, address, call, call_with, deploy, logs, pay, wallet, wei, WEIGHT},
	ethereum::{send, signer, transaction, Sent},
	run,
	sol::{ICaller, IRequester},
	world::{free, held, status, World, TOKEN},
	Contract,
};
use countersign_primitives::{
	request::{RequestId, RequestStatus},
	Balance, Hash,
};
use countersign_runtime::{
	configs::contracts::{callback_account, CALLBACK_DEPOSIT},
	Inference, Runtime, RuntimeEvent, RuntimeOrigin, System,
};
use pallet_inference::{Deliveries, DeliveryStep, Error, Event};
use pallet_revive::{
	evm::GenericTransaction,
	precompiles::alloy::{
		primitives::{Address, Bytes, B256, U256},
		sol_types::{SolCall, SolValue},
	},
};
use sp_keyring::Sr25519Keyring;

const MAX_FEE: Balance = 10 * TOKEN;
/// Enough gas for what the test contract writes when it is told.
const GAS: u64 = 400_000;

/// What the contract does when it is told, as it numbers it.
#[derive(Clone, Copy)]
enum Mode {
	Record,
	Revert,
	BurnGas,
	ReturnMuch,
	DeliverAgain,
	AskAgain,
	WriteMuch,
	DeliverNext,
	SpendAll,
}

fn set_mode(contract: &Contract, mode: Mode) {
	call(&wallet(0), contract, &IRequester::setModeCall { mode: mode as u8 }).works();
}

fn word(hash: &Hash) -> B256 {
	B256::from(hash.0)
}

/// A contract that asked, and its request, assigned.
fn asked(world: &mut World, gas: u64, when_open: bool, mode: Mode) -> (Contract, RequestId) {
	let model = world.model(TOKEN);
	let arguments = (word(&model), 0u64, false, 0u32).abi_encode_params();
	let contract = deploy("Requester", arguments, 0);
	set_mode(&contract, mode);
	(contract, ask(world, &contract, gas, when_open))
}

fn ask(world: &mut World, contract: &Contract, gas: u64, when_open: bool) -> RequestId {
	let asked = IRequester::askCall { callbackGas: gas, whenOpen: when_open, deadline: 0 };
	let id = pay(&wallet(0), contract, MAX_FEE, &asked).returns::<IRequester::askCall>();
	world.next_block();
	Hash::from(id.0)
}

fn notices(contract: &Contract) -> u64 {
	let told = call(&wallet(0), contract, &IRequester::noticesCall {});
	told.returns::<IRequester::noticesCall>().try_into().expect("few")
}

fn last_status(contract: &Contract) -> u8 {
	call(&wallet(0), contract, &IRequester::lastStatusCall {})
		.returns::<IRequester::lastStatusCall>()
}

fn last_output(contract: &Contract) -> Bytes {
	call(&wallet(0), contract, &IRequester::lastOutputCall {})
		.returns::<IRequester::lastOutputCall>()
}

fn deliver(id: &RequestId) -> countersign_precompile_tests::Reply {
	call(&wallet(3), &ADDRESS, &I::deliverCall { id: word(id) })
}

fn deliveries(id: &RequestId) -> (DeliveryStep, DeliveryStep) {
	let delivery = Deliveries::<Runtime>::get(id).unwrap_or_default();
	(delivery.open, delivery.end)
}

/// Whether an event of pallet-inference is among those of this block.
fn happened(event: Event<Runtime>) -> bool {
	System::events()
		.into_iter()
		.any(|record| record.event == RuntimeEvent::Inference(event.clone()))
}

#[test]
fn anyone_delivers_the_end_once_with_logs() {
	run(|world| {
		let (contract, id) = asked(world, 0, false, Mode::Record);
		deliver(&id).reverts("NotAnswered");
		world.answer(&id);
		deliver(&id).reverts("NotFinal");
		world.settle(&id);
		deliver(&id).works();
		assert_eq!(notices(&contract), 1);
		assert_eq!(last_status(&contract), I::Status::Settled as u8);
		assert_eq!(last_output(&contract), Bytes::from(vec![4, 3, 2, 1]));
		let sender = call(&wallet(0), &contract, &IRequester::lastSenderCall {});
		let sender = sender.returns::<IRequester::lastSenderCall>();
		assert_eq!(sender, Address::from(ADDRESS.0));
		let told = logs::<I::Delivered>(&ADDRESS);
		assert_eq!(told.len(), 1);
		assert_eq!((told[0].id, told[0].contractAddress), (word(&id), Address::from(contract.0)));
		deliver(&id).reverts("AlreadyDelivered");
		deliver(&Hash::zero()).reverts("UnknownRequest");
		let asked = I::deliveryOfCall { id: word(&id) };
		let asked = call(&wallet(0), &ADDRESS, &asked).returns::<I::deliveryOfCall>();
		assert_eq!(
			(asked.open as u8, asked.end as u8),
			(I::Delivery::None as u8, I::Delivery::Delivered as u8)
		);
	});
}

#[test]
fn an_open_result_is_delivered_to_who_wants_it_and_its_invalidation_too() {
	run(|world| {
		let (contract, id) = asked(world, 0, true, Mode::Record);
		world.answer(&id);
		deliver(&id).works();
		assert_eq!(last_status(&contract), I::Status::Answered as u8);
		deliver(&id).reverts("AlreadyDelivered");
		let bad = Inference::invalidate(&id).expect("it is open");
		use countersign_primitives::traits::Bonds;
		countersign_runtime::Validators::release_cover(&bad.executor, bad.cover);
		deliver(&id).works();
		assert_eq!(last_status(&contract), I::Status::Invalidated as u8);
		assert_eq!(last_output(&contract), Bytes::new());
		assert_eq!(notices(&contract), 2);
	});
}

#[test]
fn a_wallet_cannot_be_told() {
	run(|world| {
		let model = world.model(0);
		let input =
			vec![I::Tensor { kind: I::Kind::U8, shape: vec![4], data: Bytes::from(vec![0; 4]) }];
		let terms = I::Terms {
			deadline: 0,
			lane: 0,
			evidence: I::Evidence { audited: 0, replayed: false, tee: false, zk: false },
			valueAtRisk: U256::ZERO,
			callbackGas: 0,
			whenOpen: true,
		};
		let asked = I::requestCall { model: word(&model), input, terms };
		let id = pay(&wallet(0), &ADDRESS, MAX_FEE, &asked).returns::<I::requestCall>();
		let id = Hash::from(id.0);
		world.next_block();
		world.answer(&id);
		deliver(&id).reverts("NotAContract");
		assert_eq!(deliveries(&id), (DeliveryStep::None, DeliveryStep::None));
	});
}

#[test]
fn a_delivery_that_fails_leaves_nothing_and_can_be_tried_again() {
	run(|world| {
		let (contract, id) = asked(world, 0, true, Mode::Revert);
		world.answer(&id);
		deliver(&id).reverts("CallbackFailed");
		assert_eq!(deliveries(&id), (DeliveryStep::None, DeliveryStep::None));
		set_mode(&contract, Mode::BurnGas);
		assert!(deliver(&id).result.is_err());
		assert_eq!(deliveries(&id), (DeliveryStep::None, DeliveryStep::None));
		set_mode(&contract, Mode::ReturnMuch);
		let reply = deliver(&id);
		assert!(reply.bytes().is_empty(), "what the contract returns is dropped");
		assert_eq!(notices(&contract), 1);
	});
}

#[test]
fn a_contract_that_delivers_again_while_it_is_told_is_refused() {
	run(|world| {
		let (contract, id) = asked(world, 0, true, Mode::DeliverAgain);
		world.answer(&id);
		deliver(&id).works();
		let reentry = call(&wallet(0), &contract, &IRequester::reentryCall {});
		assert_eq!(reentry.returns::<IRequester::reentryCall>(), "AlreadyDelivered");
		assert_eq!(notices(&contract), 1);
	});
}

#[test]
fn a_contract_may_ask_again_while_it_is_told() {
	run(|world| {
		let (contract, id) = asked(world, 0, true, Mode::AskAgain);
		world.answer(&id);
		// The contract's money is held; give it some more.
		let reply = call_with(&wallet(0), &contract, wei(2 * MAX_FEE), Vec::new(), WEIGHT);
		reply.works();
		deliver(&id).works();
		let last = call(&wallet(0), &contract, &IRequester::lastRequestCall {});
		let next = Hash::from(last.returns::<IRequester::lastRequestCall>().0);
		assert_ne!(next, id);
		assert_eq!(status(&next), Some(RequestStatus::Waiting));
		assert_eq!(held(&account(&contract)), 2 * MAX_FEE);
	});
}

#[test]
fn deliveries_within_deliveries_end_and_each_is_told_once() {
	run(|world| {
		let (contract, _) = asked(world, 0, true, Mode::DeliverNext);
		// More than calls may be nested.
		let ask_one = IRequester::askCall { callbackGas: 0, whenOpen: true, deadline: 0 };
		for _ in 0..39 {
			pay(&wallet(0), &contract, MAX_FEE, &ask_one).works();
		}
		let mut ids: Vec<_> = pallet_inference::Requests::<Runtime>::iter_keys().collect();
		while !ids.is_empty() {
			ids.retain(|id| match status(id) {
				Some(RequestStatus::Assigned) => {
					world.answer(id);
					false
				}
				_ => true,
			});
			world.next_block();
		}
		let mut ids: Vec<_> = pallet_inference::Requests::<Runtime>::iter_keys().collect();
		assert_eq!(ids.len(), 40);
		ids.sort();
		for id in &ids {
			let before = deliveries(id).0;
			let reply = deliver(id);
			match before {
				DeliveryStep::Delivered => reply.reverts("AlreadyDelivered"),
				_ => reply.works(),
			}
		}
		// Some of those inside failed for depth, and left nothing; then they were told from outside.
		assert_eq!(notices(&contract), 40);
		assert!(ids.iter().all(|id| deliveries(id).0 == DeliveryStep::Delivered));
		assert_eq!(logs::<I::Delivered>(&ADDRESS).len(), 40);
	});
}

#[test]
fn who_delivers_with_little_gas_cannot_make_a_notice_go_missing() {
	run(|world| {
		let (contract, id) = asked(world, 0, true, Mode::Record);
		world.answer(&id);
		let caller = deploy("Caller", Vec::new(), 0);
		let data = I::deliverCall { id: word(&id) }.abi_encode();
		let mut failed = 0;
		// Gas for the call alone, in transactions that have more than enough.
		for gas in (0..2_000_000u64).step_by(10_000) {
			let (to, gas_limit) = (Address::from(ADDRESS.0), U256::from(gas));
			let limited =
				ICaller::callWithGasCall { to, gasLimit: gas_limit, data: data.clone().into() };
			let sent = GenericTransaction {
				gas: Some(5_000_000u32.into()),
				..transaction(caller, 0, limited.abi_encode())
			};
			assert_eq!(send(&signer(1), sent), Sent::Worked);
			let told = notices(&contract);
			assert_eq!(deliveries(&id).0 == DeliveryStep::Delivered, told == 1);
			if told == 1 {
				break;
			}
			failed += 1;
		}
		assert!(failed > 2 && notices(&contract) == 1, "{failed} attempts failed");
	});
}

#[test]
fn a_contract_told_by_the_chain_may_call_back_into_it() {
	run(|world| {
		for mode in [Mode::DeliverAgain, Mode::AskAgain] {
			let (contract, id) = asked(world, GAS, true, mode);
			let fund = wei(3 * MAX_FEE);
			call_with(&wallet(0), &contract, fund, Vec::new(), WEIGHT).works();
			let float = free(&callback_account());
			world.answer(&id);
			world.next_block();
			assert_eq!(deliveries(&id).0, DeliveryStep::Delivered);
			assert_eq!(notices(&contract), 1);
			assert_eq!(free(&callback_account()), float);
			let last = call(&wallet(0), &contract, &IRequester::lastRequestCall {});
			let last = Hash::from(last.returns::<IRequester::lastRequestCall>().0);
			match mode {
				Mode::AskAgain => {
					assert_ne!(last, id);
					let who = Inference::request_view(last).expect("it asked").requester;
					assert_eq!(who, account(&contract));
				}
				_ => {
					let reentry = call(&wallet(0), &contract, &IRequester::reentryCall {});
					let reentry = reentry.returns::<IRequester::reentryCall>();
					assert_eq!(reentry, "AlreadyDelivered");
				}
			}
		}
	});
}

#[test]
fn a_contract_that_spends_what_its_storage_costs_is_not_told() {
	run(|world| {
		let (contract, id) = asked(world, GAS, true, Mode::SpendAll);
		let fund = wei(TOKEN);
		call_with(&wallet(0), &contract, fund, Vec::new(), WEIGHT).works();
		let (float, before) = (free(&callback_account()), free(&account(&contract)));
		world.answer(&id);
		world.next_block();
		assert_eq!(deliveries(&id).0, DeliveryStep::Failed);
		assert_eq!((free(&callback_account()), free(&account(&contract))), (float, before));
	});
}

#[test]
fn the_chain_tells_by_itself_and_the_contract_pays_for_what_it_writes() {
	run(|world| {
		let (contract, id) = asked(world, GAS, true, Mode::Record);
		let who = account(&contract);
		let float = free(&callback_account());
		assert!(float >= CALLBACK_DEPOSIT);
		// It needs something of its own for the storage.
		call_with(&wallet(0), &contract, wei(TOKEN), Vec::new(), WEIGHT).works();
		let before = free(&who);
		world.answer(&id);
		assert_eq!(deliveries(&id).0, DeliveryStep::Queued);
		world.next_block();
		assert_eq!(deliveries(&id).0, DeliveryStep::Delivered);
		assert_eq!(notices(&contract), 1);
		assert_eq!(last_status(&contract), I::Status::Answered as u8);
		let sender = call(&wallet(0), &contract, &IRequester::lastSenderCall {});
		let sender = sender.returns::<IRequester::lastSenderCall>();
		assert_eq!(sender, Address::from(ADDRESS.0));
		assert_eq!(free(&callback_account()), float, "the float is whole again");
		let paid = before - free(&who);
		assert!(paid > 0 && paid < CALLBACK_DEPOSIT, "{paid}");
		world.settle(&id);
		world.next_block();
		assert_eq!(notices(&contract), 2);
		assert_eq!(last_status(&contract), I::Status::Settled as u8);
		assert_eq!(free(&callback_account()), float);
		deliver(&id).reverts("AlreadyDelivered");
	});
}

#[test]
fn contracts_that_misbehave_hold_up_nobody_and_land_in_the_inbox() {
	run(|world| {
		for mode in [Mode::Revert, Mode::BurnGas] {
			let (contract, id) = asked(world, GAS, true, mode);
			let float = free(&callback_account());
			world.answer(&id);
			world.next_block();
			assert_eq!(deliveries(&id).0, DeliveryStep::Failed);
			world.settle(&id);
			world.next_block();
			assert_eq!(deliveries(&id), (DeliveryStep::Failed, DeliveryStep::Failed));
			assert_eq!(notices(&contract), 0);
			assert_eq!(free(&callback_account()), float);
			assert_eq!(held(&account(&contract)), 0, "it was settled and refunded all the same");
			// Anyone tries again, natively or from Ethereum, and it fails again.
			let anyone = RuntimeOrigin::signed(Sr25519Keyring::Ferdie.to_account_id());
			let failed = Inference::retry_callback(anyone.clone(), id, u64::MAX).unwrap_err();
			assert_eq!(failed.error, Error::<Runtime>::CallbackFailed.into());
			assert!(deliver(&id).result.is_err());
			set_mode(&contract, Mode::Record);
			let gas = pallet_inference::callbacks::MAX_CALLBACK_GAS;
			Inference::retry_callback(anyone, id, gas).expect("it works now");
			let status = RequestStatus::Settled;
			assert!(happened(Event::CallbackDelivered { request: id, contract, status }));
			assert_eq!(notices(&contract), 1);
		}
	});
}

#[test]
fn who_tries_a_callback_again_with_little_gas_leaves_it_in_the_inbox() {
	run(|world| {
		let (contract, id) = asked(world, GAS, true, Mode::Revert);
		world.answer(&id);
		world.next_block();
		assert_eq!(deliveries(&id).0, DeliveryStep::Failed);
		// It would work now, with the gas that it takes.
		set_mode(&contract, Mode::Record);
		call_with(&wallet(0), &contract, wei(TOKEN), Vec::new(), WEIGHT).works();
		let anyone = || RuntimeOrigin::signed(Sr25519Keyring::Ferdie.to_account_id());
		for gas in [0, 1, pallet_inference::callbacks::MIN_CALLBACK_GAS] {
			let failed = Inference::retry_callback(anyone(), id, gas).unwrap_err();
			assert_eq!(failed.error, Error::<Runtime>::CallbackFailed.into());
			assert_eq!((deliveries(&id).0, notices(&contract)), (DeliveryStep::Failed, 0));
		}
		let gas = pallet_inference::callbacks::MAX_CALLBACK_GAS;
		Inference::retry_callback(anyone(), id, gas).expect("it works");
		assert_eq!((deliveries(&id).0, notices(&contract)), (DeliveryStep::Delivered, 1));
	});
}

#[test]
fn the_chain_tells_of_an_invalidation_and_of_a_refund_by_itself() {
	run(|world| {
		let (contract, bad) = asked(world, GAS, true, Mode::Record);
		call_with(&wallet(0), &contract, wei(TOKEN), Vec::new(), WEIGHT).works();
		world.answer(&bad);
		world.next_block();
		assert_eq!(last_status(&contract), I::Status::Answered as u8);
		let verdict = Inference::invalidate(&bad).expect("it is open");
		use countersign_primitives::traits::Bonds;
		countersign_runtime::Validators::release_cover(&verdict.executor, verdict.cover);
		world.next_block();
		assert_eq!((notices(&contract), last_output(&contract)), (2, Bytes::new()));
		assert_eq!(last_status(&contract), I::Status::Invalidated as u8);
		// Nobody answers the next one.
		let late = ask(world, &contract, GAS, true);
		while status(&late) != Some(RequestStatus::Refunded) {
			world.next_block();
		}
		world.next_block();
		assert_eq!(notices(&contract), 3);
		assert_eq!(last_status(&contract), I::Status::Refunded as u8);
		assert_eq!(
			(deliveries(&late).0, deliveries(&late).1),
			(DeliveryStep::None, DeliveryStep::Delivered)
		);
		assert_eq!(held(&account(&contract)), 0);
	});
}

#[test]
fn a_callback_takes_no_more_than_its_gas() {
	run(|world| {
		let (contract, id) = asked(world, GAS, true, Mode::BurnGas);
		world.answer(&id);
		world.next_block();
		assert_eq!(deliveries(&id).0, DeliveryStep::Failed);
		use pallet_inference::Callbacks;
		let notice = pallet_inference::Notice {
			contract,
			request: id,
			status: RequestStatus::Answered,
			outcome: None,
		};
		let gas = GAS * 50_000;
		let called = countersign_runtime::configs::contracts::ContractCallbacks::call(&notice, gas);
		assert!(!called.delivered);
		let most = countersign_runtime::configs::contracts::ContractCallbacks::weight(gas);
		assert!(called.weight.all_lte(most));
		assert!(called.weight.ref_time() > gas / 2, "it burned what it had");
		// Returning much costs nothing but gas either.
		set_mode(&contract, Mode::ReturnMuch);
		let called = countersign_runtime::configs::contracts::ContractCallbacks::call(&notice, gas);
		assert!(called.weight.all_lte(most));
	});
}

#[test]
fn a_contract_that_cannot_pay_for_its_storage_is_not_told() {
	run(|world| {
		let (contract, id) = asked(world, GAS, true, Mode::WriteMuch);
		assert_eq!(free(&account(&contract)), countersign_primitives::MILLI_UNIT);
		let float = free(&callback_account());
		world.answer(&id);
		world.next_block();
		assert_eq!(deliveries(&id).0, DeliveryStep::Failed);
		assert_eq!(free(&callback_account()), float);
		assert_eq!(notices(&contract), 0);
	});
}

#[test]
fn a_callback_whose_gas_is_out_of_range_is_refused_when_it_is_asked_for() {
	run(|world| {
		let (contract, _) = asked(world, 0, true, Mode::Record);
		for gas in [1, 9_999, 500_001, u64::MAX] {
			let asked = IRequester::askCall { callbackGas: gas, whenOpen: true, deadline: 0 };
			pay(&wallet(0), &contract, MAX_FEE, &asked).reverts("CallbackUnavailable");
		}
		for gas in [10_000, 500_000] {
			let asked = IRequester::askCall { callbackGas: gas, whenOpen: true, deadline: 0 };
			pay(&wallet(0), &contract, MAX_FEE, &asked).works();
		}
	});
}

#[test]
fn gas_for_callbacks_is_paid_when_asking() {
	run(|world| {
		let (contract, _) = asked(world, 0, true, Mode::Record);
		let cost = |gas, open| {
			let asked = IRequester::askCall { callbackGas: gas, whenOpen: open, deadline: 0 };
			let reply = pay(&wallet(0), &contract, MAX_FEE, &asked);
			reply.works();
			reply.weight.ref_time()
		};
		// The first writes a slot that the others change.
		cost(0, false);
		let (without, once, twice) = (cost(0, false), cost(GAS, false), cost(GAS, true));
		assert!(once > without + GAS * 50_000);
		assert!(twice > once + GAS * 50_000);
	});
}

#[test]
fn nobody_else_can_call_the_contract_back() {
	run(|world| {
		let (contract, id) = asked(world, 0, true, Mode::Record);
		world.answer(&id);
		use countersign_inference_precompile::IInferenceReceiver;
		let forged = IInferenceReceiver::onInferenceCall {
			id: word(&id),
			status: I::Status::Settled,
			outcome: I::Outcome { trapped: false, code: 0, operator: 0, output: vec![] },
		};
		call(&wallet(0), &contract, &forged).reverts("only the chain");
		assert_eq!(address(&callback_account()), ADDRESS);
	});
}
