//! `infer`, `inferPaid` and OpenGradient's interface: models that run inside the transaction.

use countersign_canonical::{Model as Canonical, Tensor, TensorType};
use countersign_inference_precompile::{IInference as I, ADDRESS};
use countersign_onnx::Options;
use countersign_opengradient_precompile::{access, IOpenGradient as O};
use countersign_precompile_tests::{
	contracts::{account, call, call_with, deploy, pay, wallet, wei, wei_word, WEIGHT},
	every::opengradient,
	programs::{small, Model},
	run,
	sol::{declared_address, functions, ICaller},
	world::{free, held, TOKEN},
};
use countersign_precompile_utils::Access;
use countersign_primitives::{model::ModelId, Balance, Hash};
use countersign_programs::examples::{lookup, meta};
use countersign_runtime::{Attribution, Inference, Runtime};
use frame_support::weights::Weight;
use pallet_revive::precompiles::alloy::{
	primitives::{Address, Bytes, B256, U256},
	sol_types::{SolCall, SolInterface},
};

const SOURCE: &str = include_str!("../../opengradient/IOpenGradient.sol");
const FRAUD: &str =
	concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/contracts/models/fraud.onnx");

fn word(model: &ModelId) -> B256 {
	B256::from(model.0)
}

fn f32s(shape: Vec<u32>, values: &[f32]) -> I::Tensor {
	let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
	I::Tensor { kind: I::Kind::F32, shape, data: data.into() }
}

fn input() -> Vec<I::Tensor> {
	vec![f32s(vec![1, 4], &[1.0, -2.0, 0.5, 3.0])]
}

/// What the canonical operators say of the same.
fn expected(model: &Model) -> Vec<Tensor> {
	let canonical = Canonical::new(&model.package).expect("a good package");
	let given = &input()[0];
	let tensor =
		Tensor { ty: TensorType::F32, shape: given.shape.clone(), data: given.data.to_vec() };
	canonical.run(&[tensor]).expect("it answers")
}

fn infer(model: &ModelId, input: Vec<I::Tensor>) -> I::inferCall {
	I::inferCall { model: word(model), input }
}

#[test]
fn a_model_is_called_inside_the_transaction_and_leaves_no_trace() {
	run(|world| {
		let model = small(3);
		let id = world.program_model("small", &model, 0);
		let before = sp_io::storage::root(sp_runtime::StateVersion::V1);
		let reply = call(&wallet(0), &ADDRESS, &infer(&id, input()));
		let output = reply.returns::<I::inferCall>();
		let expected = expected(&model);
		assert_eq!(output.len(), 1);
		assert_eq!(output[0].kind as u8, I::Kind::F32 as u8);
		assert_eq!(output[0].shape, expected[0].shape);
		assert_eq!(output[0].data, Bytes::from(expected[0].data.clone()));
		let after = sp_io::storage::root(sp_runtime::StateVersion::V1);
		assert_eq!(before, after);
		// Through a contract, and in a static call.
		let caller = deploy("Caller", Vec::new(), 0);
		let through = ICaller::staticCallCall {
			to: Address::from(ADDRESS.0),
			data: infer(&id, input()).abi_encode().into(),
		};
		let through = call(&wallet(0), &caller, &through).returns::<ICaller::staticCallCall>();
		let again = I::inferCall::abi_decode_returns_validate(&through).expect("tensors");
		assert_eq!(again[0].data, output[0].data);
	});
}

#[test]
fn the_weight_of_a_run_is_charged_before_it() {
	run(|world| {
		let id = world.program_model("small", &small(3), 0);
		let weight = Inference::view_weight(&id).expect("it can be called");
		// Nothing is paid and no receipt is written.
		let paid = Inference::sync_weight(&id).expect("it can be called");
		assert!(weight.all_lt(paid));
		let reply = call(&wallet(0), &ADDRESS, &infer(&id, input()));
		reply.works();
		assert!(weight.all_lte(reply.weight));
		let less = Weight::from_parts(weight.ref_time(), WEIGHT.proof_size());
		let data = infer(&id, input()).abi_encode();
		assert!(call_with(&wallet(0), &ADDRESS, 0.into(), data, less).result.is_err());
		// What it takes is the same, whatever the input: it is charged by the program.
		let zeros = infer(&id, vec![f32s(vec![1, 4], &[0.0; 4])]);
		let zeros = call(&wallet(0), &ADDRESS, &zeros);
		zeros.works();
		assert_eq!(zeros.weight, reply.weight);
	});
}

#[test]
fn what_cannot_be_called_says_why() {
	run(|world| {
		let id = world.program_model("small", &small(3), 0);
		let asked = |model: &ModelId, input| call(&wallet(0), &ADDRESS, &infer(model, input));
		asked(&Hash::zero(), input()).reverts("NotSynchronous");
		asked(&world.model(0), input()).reverts("NotSynchronous");
		asked(&id, vec![]).reverts("InputMismatch");
		asked(&id, vec![f32s(vec![4], &[0.0; 4])]).reverts("InputMismatch");
		asked(&id, vec![f32s(vec![1, 4], &[0.0; 3])]).reverts("InputMalformed");
		let long = f32s(vec![20_000], &vec![0.0; 20_000]);
		asked(&id, vec![long]).reverts("InputTooLarge");
		let priced = world.program_model("priced", &small(5), TOKEN);
		asked(&priced, input()).reverts("PaymentRequired");
		// A model that refuses an input traps.
		let table =
			Model::example(lookup(8), meta(TensorType::I64, &[1]), meta(TensorType::F32, &[1]));
		let table = world.program_model("table", &table, 0);
		let index = |index: i64| {
			let data = index.to_le_bytes().to_vec().into();
			vec![I::Tensor { kind: I::Kind::I64, shape: vec![1], data }]
		};
		asked(&table, index(3)).works();
		asked(&table, index(8)).reverts("Trapped");
	});
}

#[test]
fn a_price_is_paid_out_of_the_value_and_the_rest_comes_back() {
	run(|world| {
		let id = world.program_model("priced", &small(3), TOKEN);
		let who = wallet(2);
		let before = free(&who);
		let asked = I::inferPaidCall { model: word(&id), input: input() };
		let reply = pay(&who, &ADDRESS, 10 * TOKEN, &asked).returns::<I::inferPaidCall>();
		assert_eq!(reply.output[0].data, Bytes::from(expected(&small(3))[0].data.clone()));
		let fee = Inference::sync_fee(&id).expect("it can be called");
		assert!(fee >= TOKEN);
		assert_eq!((before - free(&who), held(&who)), (fee, 0));
		assert_eq!(Attribution::total_credited(&id), TOKEN);
		let receipts = Inference::receipts(world.number());
		assert_eq!(receipts.len(), 1);
		assert_eq!(receipts[0].request, Hash::from(reply.id.0));
		pay(&who, &ADDRESS, fee - 1, &asked).reverts("FeeAboveMaximum");
		pay(&who, &ADDRESS, 0, &asked).reverts("FeeAboveMaximum");
		// A contract pays from what it was sent.
		let caller = deploy("Caller", Vec::new(), 0);
		let through =
			ICaller::callCall { to: Address::from(ADDRESS.0), data: asked.abi_encode().into() };
		pay(&who, &caller, 2 * fee, &through).works();
		let left = pallet_revive::Pallet::<Runtime>::evm_balance(&caller);
		assert_eq!(left, wei(fee));
		assert_eq!(held(&account(&caller)), 0);
	});
}

#[test]
fn a_contract_can_ask_what_a_priced_call_takes() {
	run(|world| {
		let priced = world.program_model("priced", &small(3), TOKEN);
		let free_of_charge = world.program_model("free", &small(5), 0);
		let fee =
			|model: &ModelId| call(&wallet(0), &ADDRESS, &I::inferFeeCall { model: word(model) });
		let told = fee(&priced).returns::<I::inferFeeCall>();
		assert_eq!(told, wei_word(Inference::sync_fee(&priced).expect("it can be called")));
		let exact = Balance::try_from(told / U256::from(1_000_000)).expect("small");
		let asked = I::inferPaidCall { model: word(&priced), input: input() };
		pay(&wallet(2), &ADDRESS, exact, &asked).works();
		// Without a price there is the fee for the work.
		let work = fee(&free_of_charge).returns::<I::inferFeeCall>();
		assert!(work > U256::ZERO && work < wei_word(TOKEN) && told > wei_word(TOKEN));
		fee(&Hash::zero()).reverts("NotSynchronous");
		fee(&world.model(0)).reverts("NotSynchronous");
	});
}

#[test]
fn a_priced_call_that_fails_takes_nothing() {
	run(|world| {
		let table =
			Model::example(lookup(8), meta(TensorType::I64, &[1]), meta(TensorType::F32, &[1]));
		let id = world.program_model("table", &table, TOKEN);
		let who = wallet(2);
		let before = free(&who);
		let asked = |index: i64| {
			let data = index.to_le_bytes().to_vec().into();
			let input = vec![I::Tensor { kind: I::Kind::I64, shape: vec![1], data }];
			I::inferPaidCall { model: word(&id), input }
		};
		pay(&who, &ADDRESS, 10 * TOKEN, &asked(8)).reverts("Trapped");
		let dust = wei(10 * TOKEN) + 1;
		call_with(&who, &ADDRESS, dust, asked(3).abi_encode(), WEIGHT).reverts("Dust");
		let mut bad = asked(3);
		bad.input[0].shape = vec![2];
		pay(&who, &ADDRESS, 10 * TOKEN, &bad).reverts("InputMalformed");
		// A unit may have gone through wei and back.
		assert!(free(&who) + 1 >= before && held(&who) == 0);
		assert_eq!(Attribution::total_credited(&id), 0);
		assert!(Inference::receipts(world.number()).is_empty());
	});
}

// --- OpenGradient ---

fn number(value: i128, decimals: i128) -> O::Number {
	O::Number { value, decimals }
}

/// A payment as the fraud model looks at it.
fn payment(values: [(i128, i128); 6]) -> O::MultiDimensionalNumberTensor {
	O::MultiDimensionalNumberTensor {
		name: "x".into(),
		values: values.iter().map(|(value, decimals)| number(*value, *decimals)).collect(),
		shape: vec![1, 6],
	}
}

fn ask(model: &ModelId, tensor: O::MultiDimensionalNumberTensor) -> O::runModelInferenceCall {
	O::runModelInferenceCall {
		request: O::ModelInferenceRequest {
			mode: O::ModelInferenceMode::VANILLA,
			modelCID: hex::encode(model),
			input: O::ModelInput { numbers: vec![tensor], strings: vec![] },
		},
	}
}

const HONEST: [(i128, i128); 6] = [(4_250, 2), (14, 0), (1_200, 0), (1, 0), (0, 0), (35, 1)];
const ODD: [(i128, i128); 6] = [(1_900, 0), (3, 0), (12, 0), (9, 0), (1, 0), (800, 0)];

#[test]
fn the_published_selectors_are_answered_at_the_declared_address() {
	assert_eq!(declared_address(SOURCE), format!("{:?}", opengradient()));
	assert_eq!(O::runModelInferenceCall::SELECTOR, [0x72, 0x89, 0xe9, 0xc2]);
	assert_eq!(O::runLLMCompletionCall::SELECTOR, [0x14, 0x80, 0x0c, 0x61]);
	assert_eq!(O::runLLMChatCall::SELECTOR, [0xe3, 0x9a, 0xa7, 0xe7]);
	let declared = functions(SOURCE);
	assert_eq!(declared.len(), 3);
	assert_eq!(O::IOpenGradientCalls::COUNT, 3);
	let selectors = [
		O::runModelInferenceCall::SELECTOR,
		O::runLLMCompletionCall::SELECTOR,
		O::runLLMChatCall::SELECTOR,
	];
	for (function, selector) in declared.iter().zip(selectors) {
		assert_eq!(function.modifier, "");
		let stated = format!("0x{}", hex::encode(selector));
		assert_eq!(function.selector.as_deref(), Some(stated.as_str()));
		let mut data = selector.to_vec();
		data.extend([0; 32 * 40]);
		let call = O::IOpenGradientCalls::abi_decode(&data).expect("zeros decode");
		assert_eq!(access(&call), Access::View);
	}
}

#[test]
fn a_contract_for_opengradient_gets_the_same_answer_as_one_of_ours() {
	run(|world| {
		let id = world.program_model("fraud", &Model::onnx(FRAUD, &Options::default()), 0);
		let scores = |payment_given| {
			let reply = call(&wallet(0), &opengradient(), &ask(&id, payment(payment_given)));
			let output = reply.returns::<O::runModelInferenceCall>();
			assert!(!output.is_simulation_result && output.strings.is_empty());
			let names: Vec<_> = output.numbers.iter().map(|one| one.name.clone()).collect();
			assert_eq!(names, ["label", "probabilities"]);
			let fraud = &output.numbers[1].values[1];
			let score = fraud.value as f64 / 10f64.powi(fraud.decimals as i32);
			(output.numbers[0].values[0].value, score)
		};
		let (honest, odd) = (scores(HONEST), scores(ODD));
		assert_eq!((honest.0, odd.0), (0, 1));
		assert!(honest.1 < 0.2 && odd.1 > 0.8, "{honest:?} {odd:?}");
		// The same through our own interface.
		let given = f32s(vec![1, 6], &[1_900.0, 3.0, 12.0, 9.0, 1.0, 800.0]);
		let output = call(&wallet(0), &ADDRESS, &infer(&id, vec![given]));
		let output = output.returns::<I::inferCall>();
		let bytes: [u8; 4] = output[1].data[4..8].try_into().expect("a float");
		assert!((f64::from(f32::from_le_bytes(bytes)) - odd.1).abs() < 1e-7);
	});
}

#[test]
fn what_opengradients_interface_does_not_offer_reverts_clearly() {
	run(|world| {
		let id = world.program_model("fraud", &Model::onnx(FRAUD, &Options::default()), 0);
		let there = opengradient();
		let asked = |call_given: O::runModelInferenceCall| call(&wallet(0), &there, &call_given);
		let with = |change: &dyn Fn(&mut O::ModelInferenceRequest)| {
			let mut good = ask(&id, payment(HONEST));
			change(&mut good.request);
			asked(good)
		};
		with(&|_| ()).works();
		with(&|one| one.mode = O::ModelInferenceMode::ZK).reverts("ZkUnavailable");
		with(&|one| one.mode = O::ModelInferenceMode::TEE).reverts("TeeUnavailable");
		with(&|one| one.modelCID = "QmbUqS93oc4JTLMHwpVxsE39mhNxy6hpf6Py3r9oANr8aZ".into())
			.reverts("BadModelCID");
		let slow = "NotSynchronous: use IInference.request";
		with(&|one| one.modelCID = hex::encode([7; 32])).reverts(slow);
		let other = hex::encode(world.model(0));
		with(&|one| {
			one.modelCID = other.clone();
			one.input.numbers[0].name = "in".into();
			one.input.numbers[0].values.truncate(4);
			one.input.numbers[0].values[0] = number(1, 0);
			one.input.numbers[0].values[2] = number(2, 0);
			one.input.numbers[0].shape = vec![4];
		})
		.reverts(slow);
		with(&|one| one.input.strings.push(O::StringTensor { name: "x".into(), values: vec![] }))
			.reverts("StringsUnsupported");
		with(&|one| one.input.numbers[0].name = "y".into()).reverts("InputNames");
		with(&|one| one.input.numbers.clear()).reverts("InputNames");
		with(&|one| one.input.numbers.push(payment(HONEST))).reverts("InputNames");
		with(&|one| one.input.numbers[0].values[0] = number(i128::MAX, -10))
			.reverts("NumberOverflow");
		with(&|one| one.input.numbers[0].shape = vec![6]).reverts("InputMismatch");
		with(&|one| {
			one.input.numbers[0].values.pop();
		})
		.reverts("InputMalformed");
		let nothing = O::LlmCompletionRequest {
			mode: O::LlmInferenceMode::VANILLA,
			modelCID: String::new(),
			prompt: "hello".into(),
			max_tokens: 1,
			stop_sequence: vec![],
			temperature: 0,
		};
		let completion = O::runLLMCompletionCall { request: nothing };
		call(&wallet(0), &there, &completion).reverts("LlmUnavailable");
		let chat = O::LlmChatRequest {
			mode: O::LlmInferenceMode::TEE,
			modelCID: String::new(),
			messages: vec![],
			tools: vec![],
			tool_choice: String::new(),
			max_tokens: 1,
			stop_sequence: vec![],
			temperature: 0,
		};
		call(&wallet(0), &there, &O::runLLMChatCall { request: chat }).reverts("LlmUnavailable");
		// Neither value nor a delegate call, as everywhere.
		pay(&wallet(0), &there, TOKEN, &ask(&id, payment(HONEST))).reverts("NotPayable");
		let caller = deploy("Caller", Vec::new(), 0);
		let data: Bytes = ask(&id, payment(HONEST)).abi_encode().into();
		let to = Address::from(there.0);
		let delegate = ICaller::delegateCallCall { to, data: data.clone() };
		call(&wallet(0), &caller, &delegate).reverts("DelegateCall");
		call(&wallet(0), &caller, &ICaller::staticCallCall { to, data }).works();
	});
}

#[test]
fn a_priced_model_is_not_given_away_through_opengradients_interface() {
	run(|world| {
		let id = world.program_model("fraud", &Model::onnx(FRAUD, &Options::default()), TOKEN);
		call(&wallet(0), &opengradient(), &ask(&id, payment(HONEST))).reverts("PaymentRequired");
	});
}
