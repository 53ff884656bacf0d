//! Transactions that Ethereum wallets sign: calls of the precompiles, and the chain's own calls.

use countersign_inference_precompile::{IInference as I, ADDRESS};
use countersign_onnx::Options;
use countersign_precompile_tests::{
	contracts::{account, address, call, call_with, deploy, logs, wallet, wei, wei_word, WEIGHT},
	ethereum::{estimate, runtime_call, send, signer, transaction, Sent},
	programs::Model,
	run,
	sol::{ICaller, IRequester},
	world::{free, held, parent, status, World, TOKEN},
};
use countersign_primitives::{
	model::{registration_commitment, Contributor, ContributorRole, Manifest, ModelId, Share},
	request::{RequestId, RequestStatus},
	AccountId, Balance, Hash, GIGA_MAC,
};
use countersign_runtime::{Attribution, Inference, Models, Revive, Runtime, System, Validators};
use frame_support::traits::fungible::InspectHold;
use pallet_revive::{
	evm::{GenericTransaction, HashesOrTransactionInfos},
	precompiles::alloy::{
		primitives::{Address, Bytes, B256, U256},
		sol_types::{SolCall, SolValue},
	},
};
use sp_runtime::{
	traits::BadOrigin,
	transaction_validity::{InvalidTransaction, TransactionValidityError},
	DispatchError,
};

const MAX_FEE: Balance = 10 * TOKEN;
const FRAUD: &str =
	concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/contracts/models/fraud.onnx");

/// Charleth, who knows Ethereum only.
const OWNER: usize = 2;

fn request(model: &ModelId, callback_gas: u64) -> Vec<u8> {
	let terms = I::Terms {
		deadline: 0,
		lane: 0,
		evidence: I::Evidence { audited: 0, replayed: false, tee: false, zk: false },
		valueAtRisk: U256::ZERO,
		callbackGas: callback_gas,
		whenOpen: true,
	};
	let input =
		vec![I::Tensor { kind: I::Kind::U8, shape: vec![4], data: Bytes::from(vec![1, 2, 3, 4]) }];
	I::requestCall { model: B256::from(model.0), input, terms }.abi_encode()
}

/// The only request there is.
fn only_request() -> RequestId {
	let ids: Vec<_> = pallet_inference::Requests::<Runtime>::iter_keys().collect();
	assert_eq!(ids.len(), 1);
	ids[0]
}

/// What an account has, held or not.
fn whole(who: &AccountId) -> Balance {
	free(who) + countersign_runtime::Balances::total_balance_on_hold(who)
}

/// The fraud model for money, made of the one that is there, by a wallet.
fn priced(first: ModelId, who: &AccountId) -> Manifest {
	let declared = pallet_models::Manifests::<Runtime>::get(first).expect("it is registered");
	Manifest {
		name: b"by a wallet".to_vec().try_into().expect("short"),
		contributors: vec![Contributor {
			account: who.clone(),
			role: ContributorRole::Training,
			evidence: Hash::zero(),
			share: Share::from_percent(100),
		}]
		.try_into()
		.expect("one"),
		parents: vec![parent(first)].try_into().expect("one"),
		..declared
	}
}

#[test]
fn a_wallet_bonds_registers_serves_and_claims_through_the_runtime_call_address() {
	run(|world| {
		let (me, who) = (signer(OWNER), wallet(OWNER));
		assert_eq!((me.substrate_account(), me.address()), (who.clone(), address(&who)));
		let dispatch = |call| assert_eq!(send(&me, call), Sent::Worked);

		let bond = 1_000 * TOKEN;
		dispatch(runtime_call(pallet_validators::Call::<Runtime>::bond { amount: bond }));
		use countersign_primitives::traits::Bonds;
		assert!(Validators::is_validator(&who));
		assert_eq!(Validators::bonded(&who), bond);

		let first = world.program_model("fraud", &Model::onnx(FRAUD, &Options::default()), 0);
		let manifest = priced(first, &who);
		let id = manifest.id(&System::block_hash(0), &who);
		let (price, commitment) = (TOKEN, registration_commitment(&id));
		dispatch(runtime_call(pallet_models::Call::<Runtime>::commit { commitment }));
		world.next_block();
		dispatch(runtime_call(pallet_models::Call::<Runtime>::register { manifest, price }));
		let capacity = GIGA_MAC;
		dispatch(runtime_call(pallet_models::Call::<Runtime>::set_capacity { capacity }));
		dispatch(runtime_call(pallet_models::Call::<Runtime>::serve { model: id }));
		assert_eq!(Models::model(&id).expect("it is registered").servers, vec![who.clone()]);

		// Another wallet calls the model, and nine tenths of the price are the owner's to claim.
		let data = vec![0; 24].into();
		let input = vec![I::Tensor { kind: I::Kind::F32, shape: vec![1, 6], data }];
		let asked = I::inferPaidCall { model: B256::from(id.0), input }.abi_encode();
		while Inference::sync_weight(&id).is_none() {
			world.next_block();
		}
		assert_eq!(send(&signer(0), transaction(ADDRESS, 2 * TOKEN, asked)), Sent::Worked);
		assert_eq!(Attribution::total_credited(&id), TOKEN);
		let before = free(&who);
		dispatch(runtime_call(pallet_attribution::Call::<Runtime>::claim { model: id, index: 0 }));
		let gained = free(&who) - before;
		assert!(gained > TOKEN * 8 / 10 && gained < TOKEN * 9 / 10, "the fee is {gained} less");
	});
}

#[test]
fn what_a_wallet_must_not_send_is_refused() {
	run(|world| {
		let me = signer(OWNER);
		let claim = || {
			let model = Hash::repeat_byte(7);
			runtime_call(pallet_attribution::Call::<Runtime>::claim { model, index: 0 })
		};
		// A wallet is told beforehand. If it sends all the same, it pays, and nothing else happens.
		assert!(estimate(&me, &claim()).expect_err("there is no such model").contains("dispatch"));
		let before = whole(&wallet(OWNER));
		let gas = Some(10_000_000u32.into());
		let Sent::Reverted(error) = send(&me, GenericTransaction { gas, ..claim() }) else {
			panic!("it is reverted");
		};
		assert_eq!(error, pallet_attribution::Error::<Runtime>::UnknownModel.into());
		assert!(whole(&wallet(OWNER)) < before);
		// No wallet is root.
		let root = runtime_call(frame_system::Call::<Runtime>::set_heap_pages { pages: 1 });
		let refused = send(&me, GenericTransaction { gas, ..root });
		assert_eq!(refused, Sent::Reverted(DispatchError::from(BadOrigin)));

		let invalid = |changed, reason: InvalidTransaction| {
			let before = whole(&wallet(OWNER));
			let sent = send(&me, GenericTransaction { gas, ..changed });
			assert_eq!(sent, Sent::Invalid(TransactionValidityError::Invalid(reason)));
			assert_eq!(whole(&wallet(OWNER)), before);
		};
		use InvalidTransaction::{Call, Future, Stale};
		invalid(GenericTransaction { value: Some(1_000_000u32.into()), ..claim() }, Call);
		invalid(GenericTransaction { input: vec![0xFF; 3].into(), ..claim() }, Call);
		invalid(GenericTransaction { input: Vec::new().into(), ..claim() }, Call);
		invalid(GenericTransaction { chain_id: Some(1u32.into()), ..claim() }, Call);
		invalid(GenericTransaction { nonce: Some(0u32.into()), ..claim() }, Stale);
		invalid(GenericTransaction { nonce: Some(1_000u32.into()), ..claim() }, Future);
		world.next_block();
	});
}

#[test]
fn a_contract_cannot_dispatch_the_chains_own_calls() {
	run(|_| {
		let contract = deploy("Caller", Vec::new(), 0);
		call_with(&wallet(0), &contract, wei(TOKEN), Vec::new(), WEIGHT).works();
		let value = TOKEN / 2;
		let dest = sp_runtime::MultiAddress::Id(wallet(OWNER));
		let transfer =
			runtime_call(pallet_balances::Call::<Runtime>::transfer_allow_death { dest, value });
		let through = ICaller::callCall {
			to: Address::from(transfer.to.expect("an address").0),
			data: transfer.input.to_vec().into(),
		};
		let before = (free(&wallet(OWNER)), free(&account(&contract)));
		// Whatever such a call gives back, nobody lives there.
		let _ = call(&wallet(0), &contract, &through);
		assert_eq!((free(&wallet(OWNER)), free(&account(&contract))), before);
	});
}

#[test]
fn the_gas_that_a_wallet_is_told_is_enough_and_what_it_does_not_use_comes_back() {
	run(|world| {
		let model = world.model(TOKEN);
		let (me, who) = (signer(OWNER), wallet(OWNER));
		let before = free(&who);
		// A request charges its worst case first, which the estimate has to cover.
		let asked = transaction(ADDRESS, MAX_FEE, request(&model, 0));
		let gas = estimate(&me, &asked).expect("it would work");
		assert_eq!(send(&me, asked), Sent::Worked);
		assert_eq!(held(&who), MAX_FEE);
		let told = logs::<I::Requested>(&ADDRESS);
		assert_eq!(told.len(), 1);
		assert_eq!(told[0].requester, Address::from(address(&who).0));
		assert_eq!(told[0].maxFee, wei_word(MAX_FEE));
		let fee = before - free(&who) - MAX_FEE;
		let most = gas * Revive::evm_base_fee() / 1_000_000;
		assert!(fee > 0 && pallet_revive::U256::from(fee) < most, "{fee} of {most}");
		assert!(fee < TOKEN / 10, "a request costs {fee}");
		// A wallet cannot be told, but settlement and refund reach it.
		world.next_block();
		let id = only_request();
		world.answer(&id);
		world.settle(&id);
		assert_eq!(status(&id), Some(RequestStatus::Settled));
		let paid = Inference::request_view(id).expect("a request").fee;
		assert_eq!((free(&who), held(&who)), (before - fee - paid, 0));
	});
}

#[test]
fn a_wallets_call_that_reverts_costs_its_gas_only() {
	run(|world| {
		let model = world.model(TOKEN);
		let (me, who) = (signer(OWNER), wallet(OWNER));
		let before = free(&who);
		let gas = Some(10_000_000u32.into());
		// Too little value, too much precision, a model that is not there, what does not decode.
		let unknown = request(&Hash::zero(), 0);
		let short = request(&model, 0)[..100].to_vec();
		for (value, dust, data) in [
			(1, 0u32, request(&model, 0)),
			(MAX_FEE, 1, request(&model, 0)),
			(MAX_FEE, 0, unknown),
			(MAX_FEE, 0, short),
			(MAX_FEE, 0, Vec::new()),
		] {
			let mut asked = transaction(ADDRESS, value, data);
			asked.value = asked.value.map(|wei| wei + dust);
			assert!(estimate(&me, &asked).is_err());
			assert!(matches!(send(&me, GenericTransaction { gas, ..asked }), Sent::Reverted(_)));
			assert_eq!(held(&who), 0);
			assert_eq!(Inference::next_nonce(who.clone(), 0), 0);
		}
		let fees = before - free(&who);
		assert!(fees > 0 && fees < 5 * TOKEN / 10, "{fees}");
		assert_eq!(pallet_inference::Requests::<Runtime>::iter().count(), 0);
		assert!(logs::<I::Requested>(&ADDRESS).is_empty());
	});
}

#[test]
fn a_wallet_sees_prices_and_gas_of_the_size_that_it_knows() {
	run(|world: &mut World| {
		let me = signer(0);
		// 50 gwei for a unit of gas while blocks are not full.
		assert_eq!(Revive::evm_base_fee(), 50_000_000_000u64.into());
		let transfer = |to| transaction(to, TOKEN, Vec::new());
		let gas =
			|asked: &GenericTransaction| estimate(&me, asked).expect("it would work").as_u64();
		// Who does not ask puts 21,000 into a transfer, as on Ethereum.
		let known = transfer(address(&wallet(1)));
		assert!((1_000..21_000).contains(&gas(&known)), "{} gas for a transfer", gas(&known));
		let assumed = GenericTransaction { gas: Some(21_000u32.into()), ..known.clone() };
		assert_eq!(send(&me, assumed), Sent::Worked);
		// An account that was not there needs its existential deposit, which is gas as well.
		let fresh = transfer(pallet_revive::H160::repeat_byte(0x42));
		let more = gas(&fresh) - gas(&known);
		assert!((20_000..22_000).contains(&more), "{more} gas more for a new account");
		assert_eq!(send(&me, fresh), Sent::Worked);
		// So does what a contract writes for the first time, and its code.
		let arguments = (B256::ZERO, 0u64, false, 0u32).abi_encode_params();
		let contract = deploy("Requester", arguments, 0);
		let set = |mode| transaction(contract, 0, IRequester::setModeCall { mode }.abi_encode());
		let slot = gas(&set(1)) - gas(&set(0));
		assert!((20_000..25_000).contains(&slot), "{slot} gas for a slot");
		let made = |length: usize| {
			// Copies the rest of itself, zeros, out as the code of a contract.
			let mut code = vec![0x61];
			code.extend((length as u16).to_be_bytes());
			code.extend([0x80, 0x60, 0x0C, 0x60, 0x00, 0x39, 0x60, 0x00, 0xF3]);
			code.extend(vec![0; length]);
			gas(&GenericTransaction { to: None, ..transaction(contract, 0, code) })
		};
		let (small, large) = (made(1_000), made(3_000));
		let byte = (large - small) / 2_000;
		assert!((200..400).contains(&byte), "{byte} gas for a byte of code");
		assert!(small < 1_500_000, "{small} gas for a contract");
		// The most that a transaction runs for, in a block that is not full.
		let most = Revive::evm_max_extrinsic_weight_in_gas();
		assert!(most > 2_200_000u32.into() && most < 2_400_000u32.into(), "{most} gas at most");
		world.next_block();
	});
}

#[test]
fn a_block_tells_the_ethereum_rpc_of_each_transaction_that_a_wallet_sent_and_of_no_other() {
	run(|world| {
		let model = world.model(TOKEN);
		world.next_block();
		let (me, gas) = (signer(OWNER), Some(10_000_000u32.into()));
		// Without one there is a block all the same. Its price is that of the next one.
		let number = world.number();
		let (block, receipts) =
			world.next_block_after(|| (Revive::eth_block(), Revive::eth_receipt_data()));
		let price = Revive::evm_base_fee();
		assert_eq!((block.number, block.base_fee_per_gas), (number.into(), price));
		assert!(block.transactions.is_empty() && receipts.is_empty());
		// One that works, one that reverts, one that no block may have, one of the chain's own calls.
		let asked = |value| transaction(ADDRESS, value, request(&model, 0));
		assert_eq!(send(&me, asked(MAX_FEE)), Sent::Worked);
		let refused = GenericTransaction { gas, ..asked(1) };
		assert!(matches!(send(&me, refused), Sent::Reverted(_)));
		let stale = GenericTransaction { gas, nonce: Some(0u32.into()), ..asked(MAX_FEE) };
		assert!(matches!(send(&me, stale), Sent::Invalid(_)));
		let remark = frame_system::Call::<Runtime>::remark_with_event { remark: vec![7] };
		assert_eq!(send(&me, runtime_call(remark)), Sent::Worked);
		let price = Revive::evm_base_fee();
		let (block, receipts) =
			world.next_block_after(|| (Revive::eth_block(), Revive::eth_receipt_data()));
		// Both in the same order, and as many as there are in the block: else the RPC shows none.
		let HashesOrTransactionInfos::Hashes(hashes) = block.transactions else {
			panic!("a block names its transactions by hash");
		};
		assert_eq!((hashes.len(), receipts.len()), (3, 3));
		for receipt in &receipts[..2] {
			assert!(receipt.effective_gas_price == price && !receipt.gas_used.is_zero());
		}
		// The chain's own calls ran no gas.
		assert!(receipts[2].gas_used.is_zero());
		assert_eq!(
			block.parent_hash,
			Revive::eth_block_hash_from_number(number.into()).expect("known")
		);
	});
}
