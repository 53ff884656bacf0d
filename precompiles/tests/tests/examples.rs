//! The contracts of `examples/contracts` on the real runtime.

use countersign_inference_precompile::{IInference as I, ADDRESS};
use countersign_onnx::Options;
use countersign_precompile_tests::{
	contracts::{
		account, address, call, call_with, deploy, pay, wallet, wei, wei_word, Failure, WEIGHT,
	},
	programs::Model,
	run,
	world::{free, held, status, World, TOKEN},
	Contract,
};
use countersign_primitives::{
	model::ModelId,
	request::{RequestId, RequestStatus},
	tensor::{Dimension, Port, TensorType},
	AccountId, Balance, Hash,
};
use pallet_revive::precompiles::alloy::{
	primitives::{Address, Bytes, B256, I256, U256},
	sol,
	sol_types::{SolError, SolValue},
};

sol! {
	interface IEscrow {
		struct Tensor {
			uint8 kind;
			uint32[] shape;
			bytes data;
		}
		function deliver(Tensor[] file, uint64 callbackGas) external payable;
		function pull() external;
		function expire() external;
		function state() external view returns (uint8);
		function request() external view returns (bytes32);
		error NotYours();
		error WrongState();
		error TooEarly();
	}

	interface IAsker {
		struct Tensor {
			uint8 kind;
			uint32[] shape;
			bytes data;
		}
		function ask(Tensor[] input, uint256 maxFee, uint64 callbackGas) external;
		function times(bytes32 id) external view returns (uint64 asked, uint64 open, uint64 end);
		error NotYours();
	}

	interface IFraudGate {
		function score(address to, uint256 amount, uint256 distance) external view returns (int256);
		function scoreOf(int256[] features) external view returns (int256);
		function pay(address to, uint256 amount, uint256 distance) external;
		function approve(bytes32 payment) external;
		error NotYours();
		error Held(int256 score, bytes32 payment);
	}
}

const PRICE: Balance = 50 * TOKEN;
const FEE: Balance = 5 * TOKEN;
/// The kind of file that was agreed on.
const KIND: u64 = 2;

/// A model that takes four bytes and gives four scores.
fn acceptance(world: &World) -> ModelId {
	use countersign_precompile_tests::world::manifest;
	let mut manifest = manifest("acceptance");
	manifest.outputs = vec![Port {
		name: b"scores".to_vec().try_into().expect("short"),
		ty: TensorType::F32,
		shape: vec![Dimension::Fixed(4)].try_into().expect("one"),
	}]
	.try_into()
	.expect("one");
	world.serve(world.register(manifest, TOKEN))
}

fn buyer() -> AccountId {
	wallet(0)
}
fn seller() -> AccountId {
	wallet(1)
}

fn escrow(world: &World) -> Contract {
	let seller = Address::from(address(&seller()).0);
	let model = B256::from(acceptance(world).0);
	let arguments = (seller, model, U256::from(KIND), U256::from(300)).abi_encode_params();
	deploy("Escrow", arguments, PRICE)
}

/// The seller delivers. Returns the request, assigned.
fn deliver(world: &mut World, escrow: &Contract, gas: u64) -> RequestId {
	let file =
		vec![IEscrow::Tensor { kind: 1, shape: vec![4], data: Bytes::from(vec![1, 2, 3, 4]) }];
	let call_given = IEscrow::deliverCall { file, callbackGas: gas };
	pay(&seller(), escrow, FEE, &call_given).works();
	let request =
		call(&buyer(), escrow, &IEscrow::requestCall {}).returns::<IEscrow::requestCall>();
	world.next_block();
	Hash::from(request.0)
}

fn state(escrow: &Contract) -> u8 {
	call(&buyer(), escrow, &IEscrow::stateCall {}).returns::<IEscrow::stateCall>()
}

fn scores(best: u64) -> Vec<f32> {
	(0..4).map(|kind| if kind == best { 0.9 } else { 0.1 }).collect()
}

#[test]
fn the_escrow_pays_the_seller_when_the_model_accepts_by_pull() {
	run(|world| {
		let escrow = escrow(world);
		let before = free(&seller());
		let request = deliver(world, &escrow, 0);
		world.answer_floats(&request, &scores(KIND));
		let early = call(&wallet(3), &escrow, &IEscrow::pullCall {});
		early.reverts("NotFinal");
		world.settle(&request);
		call(&wallet(3), &escrow, &IEscrow::pullCall {}).works();
		assert_eq!(state(&escrow), 2);
		let fee = countersign_runtime::Inference::request_view(request).expect("there").fee;
		// Deposits for storage aside, which transactions of the seller paid.
		let gained = free(&seller()) + TOKEN > before + PRICE - fee;
		assert!(gained && free(&seller()) <= before + PRICE - fee);
		assert_eq!(held(&account(&escrow)), 0);
		let again = call(&wallet(3), &escrow, &IEscrow::pullCall {});
		assert_eq!(again.result, Err(Failure::Bytes(IEscrow::WrongState {}.abi_encode())));
	});
}

#[test]
fn the_escrow_is_told_by_the_chain_and_by_deliver() {
	run(|world| {
		for gas in [400_000, 0] {
			let escrow = escrow_again(world, gas);
			let request = deliver(world, &escrow, gas);
			world.answer_floats(&request, &scores(KIND));
			world.settle(&request);
			if gas == 0 {
				assert_eq!(state(&escrow), 1);
				let told = I::deliverCall { id: B256::from(request.0) };
				call(&wallet(3), &ADDRESS, &told).works();
			} else {
				world.next_block();
			}
			assert_eq!(state(&escrow), 2, "gas {gas}");
		}
	});
}

/// Another escrow on the model that is there, or the first.
fn escrow_again(world: &World, gas: u64) -> Contract {
	if gas > 0 {
		return escrow(world);
	}
	let (model, _) = pallet_models::Models::<countersign_runtime::Runtime>::iter()
		.next()
		.expect("the model is registered");
	let seller = Address::from(address(&seller()).0);
	let model = B256::from(model.0);
	let arguments = (seller, model, U256::from(KIND), U256::from(300)).abi_encode_params();
	deploy("Escrow", arguments, PRICE)
}

#[test]
fn the_escrow_keeps_the_money_when_the_model_does_not_accept_and_gives_it_back_in_the_end() {
	run(|world| {
		let escrow = escrow(world);
		let request = deliver(world, &escrow, 400_000);
		world.answer_floats(&request, &scores(1));
		world.settle(&request);
		world.next_block();
		assert_eq!(state(&escrow), 0, "the seller may deliver again");
		let early = call(&buyer(), &escrow, &IEscrow::expireCall {});
		assert_eq!(early.result, Err(Failure::Bytes(IEscrow::TooEarly {}.abi_encode())));
		// Another try that nobody answers.
		let request = deliver(world, &escrow, 400_000);
		world.blocks(80);
		assert_eq!(status(&request), Some(RequestStatus::Refunded));
		assert_eq!(state(&escrow), 0);
		world.blocks(200);
		let not_yours = call(&seller(), &escrow, &IEscrow::expireCall {});
		assert_eq!(not_yours.result, Err(Failure::Bytes(IEscrow::NotYours {}.abi_encode())));
		let before = free(&buyer());
		call(&buyer(), &escrow, &IEscrow::expireCall {}).works();
		assert_eq!(state(&escrow), 3);
		assert!(free(&buyer()) >= before + PRICE);
	});
}

#[test]
fn the_buyers_money_does_not_wait_for_a_notice_that_never_comes() {
	run(|world| {
		let escrow = escrow(world);
		let request = deliver(world, &escrow, 0);
		world.answer_floats(&request, &scores(1));
		world.settle(&request);
		world.blocks(100);
		// The seller lost, and neither of them told the escrow. It waits while it can be told.
		assert_eq!((state(&escrow), status(&request)), (1, Some(RequestStatus::Settled)));
		world.blocks(80);
		while world.number() < 300 && status(&request).is_some() {
			let waits = call(&buyer(), &escrow, &IEscrow::expireCall {});
			assert!(waits.result.is_err());
			world.next_block();
		}
		while status(&request).is_some() || world.number() < 310 {
			world.next_block();
		}
		let before = free(&buyer());
		call(&buyer(), &escrow, &IEscrow::expireCall {}).works();
		assert_eq!(state(&escrow), 3);
		assert!(free(&buyer()) >= before + PRICE);
	});
}

#[test]
fn a_contract_notes_when_it_asked_and_when_it_was_told() {
	run(|world| {
		let model = B256::from(acceptance(world).0);
		let asker = deploy("Asker", (model,).abi_encode_params(), 100 * TOKEN);
		let input =
			vec![IAsker::Tensor { kind: 1, shape: vec![4], data: Bytes::from(vec![1, 2, 3, 4]) }];
		let ask = IAsker::askCall { input, maxFee: wei_word(FEE), callbackGas: 200_000 };
		let stranger = call(&seller(), &asker, &ask);
		assert_eq!(stranger.result, Err(Failure::Bytes(IAsker::NotYours {}.abi_encode())));
		call(&buyer(), &asker, &ask).works();
		let id = *pallet_inference::Requests::<countersign_runtime::Runtime>::iter_keys()
			.next()
			.as_ref()
			.expect("it asked");
		let times = || {
			let asked = IAsker::timesCall { id: B256::from(id.0) };
			call(&buyer(), &asker, &asked).returns::<IAsker::timesCall>()
		};
		world.next_block();
		world.answer_floats(&id, &scores(1));
		world.next_block();
		// Told at the end of the block that brought the answer, one slot after it asked.
		let now = times();
		assert_eq!((now.open - now.asked, now.end), (2, 0));
		world.settle(&id);
		world.next_block();
		assert!(times().end > now.open);
	});
}

#[test]
fn nobody_but_the_chain_tells_the_escrow() {
	run(|world| {
		let escrow = escrow(world);
		let request = deliver(world, &escrow, 0);
		use countersign_inference_precompile::IInferenceReceiver;
		let outcome = I::Outcome { trapped: false, code: 0, operator: 0, output: vec![] };
		let forged = IInferenceReceiver::onInferenceCall {
			id: B256::from(request.0),
			status: I::Status::Settled,
			outcome,
		};
		let refused = call(&seller(), &escrow, &forged);
		assert_eq!(refused.result, Err(Failure::Bytes(IEscrow::NotYours {}.abi_encode())));
	});
}

// --- the gate ---

const FRAUD: &str =
	concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/contracts/models/fraud.onnx");

fn wad(tokens: i64) -> I256 {
	I256::try_from(tokens).expect("small")
		* I256::try_from(1_000_000_000_000_000_000i64).expect("fits")
}

fn gate(world: &mut World) -> Contract {
	let model = world.program_model("fraud", &Model::onnx(FRAUD, &Options::default()), 0);
	let guardian = Address::from(address(&wallet(1)).0);
	let half = wad(1) / I256::try_from(2).expect("small");
	let gate = deploy("FraudGate", (guardian, B256::from(model.0), half).abi_encode_params(), 0);
	call_with(&wallet(0), &gate, wei(5_000 * TOKEN), Vec::new(), WEIGHT).works();
	gate
}

#[test]
fn the_gate_asks_the_model_inside_the_transaction_and_holds_fraud() {
	run(|world| {
		let gate = gate(world);
		let score = |features: [i64; 6]| {
			let asked = IFraudGate::scoreOfCall { features: features.map(wad).to_vec() };
			call(&wallet(0), &gate, &asked).returns::<IFraudGate::scoreOfCall>()
		};
		let half = wad(1) / I256::try_from(2).expect("small");
		assert!(score([42, 14, 1_200, 1, 0, 3]) < half);
		assert!(score([1_900, 3, 12, 9, 1, 800]) > half);

		let to = Address::from(address(&wallet(2)).0);
		let pay_call = |amount: Balance, distance: u64| IFraudGate::payCall {
			to,
			amount: wei_word(amount),
			distance: U256::from(distance),
		};
		let before = free(&wallet(2));
		call(&wallet(0), &gate, &pay_call(10 * TOKEN, 1)).works();
		assert_eq!(free(&wallet(2)) - before, 10 * TOKEN);
		// Large, far away, at whatever hour it is: held, with the score.
		let large = pay_call(3_000 * TOKEN, 2_000);
		let held = call(&wallet(0), &gate, &large);
		let Err(Failure::Bytes(data)) = held.result else { panic!("{held:?}") };
		let held = IFraudGate::Held::abi_decode(&data).expect("held");
		assert!(held.score >= half);
		let approve = IFraudGate::approveCall { payment: held.payment };
		let refused = call(&wallet(0), &gate, &approve);
		assert_eq!(refused.result, Err(Failure::Bytes(IFraudGate::NotYours {}.abi_encode())));
		call(&wallet(1), &gate, &approve).works();
		call(&wallet(0), &gate, &large).works();
		assert_eq!(free(&wallet(2)) - before, 3_010 * TOKEN);
	});
}
