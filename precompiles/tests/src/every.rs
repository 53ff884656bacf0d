//! Every function of the precompiles, as calldata that decodes.

use countersign_attribution_precompile::{AttributionPrecompile, IAttribution};
use countersign_inference_precompile::{IInference as I, ADDRESS};
use countersign_opengradient_precompile::{IOpenGradient as O, OpenGradientPrecompile};
use countersign_precompile_utils::{fixed_address, Access};
use countersign_primitives::UNIT;
use countersign_runtime::Runtime;
use pallet_revive::{
	precompiles::{
		alloy::{
			primitives::{Bytes, B256, U256},
			sol_types::{SolCall, SolInterface},
		},
		Precompile,
	},
	H160,
};

/// Where `IAttribution` is answered.
pub fn attribution() -> H160 {
	fixed_address(&AttributionPrecompile::<Runtime>::MATCHER)
}

/// Where OpenGradient's interface is answered.
pub fn opengradient() -> H160 {
	fixed_address(&OpenGradientPrecompile::<Runtime>::MATCHER)
}

/// One call of one function.
#[derive(Clone, Debug)]
pub struct Case {
	/// The precompile.
	pub to: H160,
	/// What the function may do.
	pub access: Access,
	/// The calldata.
	pub data: Vec<u8>,
}

/// No evidence beyond a signature.
pub fn nothing() -> I::Evidence {
	I::Evidence { audited: 0, replayed: false, tee: false, zk: false }
}

/// Terms that ask for little, and for being told everything by the chain.
pub fn terms() -> I::Terms {
	I::Terms {
		deadline: 0,
		lane: 3,
		evidence: nothing(),
		valueAtRisk: U256::ZERO,
		callbackGas: 20_000,
		whenOpen: true,
	}
}

/// Four bytes, as the model of the tests takes them.
pub fn input() -> Vec<I::Tensor> {
	vec![I::Tensor { kind: I::Kind::U8, shape: vec![4], data: Bytes::from(vec![1, 2, 3, 4]) }]
}

/// A request whose model takes four bytes, with all that a call of it needs.
pub fn request(model: B256) -> Case {
	let call = I::requestCall { model, input: input(), terms: terms() };
	Case { to: ADDRESS, access: Access::Pay, data: call.abi_encode() }
}

fn inference(model: B256, id: B256) -> Vec<Case> {
	let case = |access, data| Case { to: ADDRESS, access, data };
	let max_fee = U256::from(UNIT) * U256::from(1_000_000);
	let one = || I::Request { model, input: input(), terms: terms(), maxFee: max_fee };
	let committed = I::requestCommittedCall { model, commitment: id, length: 9, terms: terms() };
	let result = I::resultOfCall { id, minFinality: I::Finality::Open, evidence: nothing() };
	vec![
		case(Access::View, I::inferCall { model, input: input() }.abi_encode()),
		case(Access::Pay, I::inferPaidCall { model, input: input() }.abi_encode()),
		case(Access::View, I::inferFeeCall { model }.abi_encode()),
		case(Access::View, I::quoteCall { model, inputLength: 8, terms: terms() }.abi_encode()),
		case(Access::View, I::encodedLengthCall { input: input() }.abi_encode()),
		request(model),
		case(Access::Pay, committed.abi_encode()),
		case(Access::Pay, I::requestManyCall { requests: vec![one(), one()] }.abi_encode()),
		case(Access::View, I::statusOfCall { id }.abi_encode()),
		case(Access::View, I::deliveryOfCall { id }.abi_encode()),
		case(Access::View, result.abi_encode()),
		case(Access::Write, I::deliverCall { id }.abi_encode()),
	]
}

fn credits(model: B256, account: B256) -> Vec<Case> {
	use IAttribution as A;
	let case = |access, data| Case { to: attribution(), access, data };
	let contributor = 0;
	vec![
		case(Access::View, A::lineageCall { model }.abi_encode()),
		case(Access::View, A::rightCall { model, contributor: 1 }.abi_encode()),
		case(Access::View, A::entitlementCall { model, index: 1 }.abi_encode()),
		case(Access::View, A::totalCreditedCall { model }.abi_encode()),
		case(Access::Write, A::claimCall { model, index: 0 }.abi_encode()),
		case(Access::Write, A::transferRightCall { model, contributor, account }.abi_encode()),
		case(Access::Write, A::acceptRightCall { model, contributor }.abi_encode()),
	]
}

fn compatible(model: B256) -> Vec<Case> {
	let case = |data| Case { to: opengradient(), access: Access::View, data };
	let number = || O::Number { value: 15, decimals: 1 };
	let tensor = O::MultiDimensionalNumberTensor {
		name: "in".into(),
		values: vec![number(), number(), number(), number()],
		shape: vec![4],
	};
	let request = O::ModelInferenceRequest {
		mode: O::ModelInferenceMode::VANILLA,
		modelCID: hex::encode(model),
		input: O::ModelInput { numbers: vec![tensor], strings: vec![] },
	};
	let completion = O::LlmCompletionRequest {
		mode: O::LlmInferenceMode::VANILLA,
		modelCID: hex::encode(model),
		prompt: "hello".into(),
		max_tokens: 8,
		stop_sequence: vec!["\n".into()],
		temperature: 50,
	};
	let message = O::Message {
		role: "user".into(),
		content: "hello".into(),
		name: String::new(),
		tool_call_id: String::new(),
		tool_calls: vec![],
	};
	let chat = O::LlmChatRequest {
		mode: O::LlmInferenceMode::TEE,
		modelCID: hex::encode(model),
		messages: vec![message],
		tools: vec![],
		tool_choice: String::new(),
		max_tokens: 8,
		stop_sequence: vec![],
		temperature: 50,
	};
	vec![
		case(O::runModelInferenceCall { request }.abi_encode()),
		case(O::runLLMCompletionCall { request: completion }.abi_encode()),
		case(O::runLLMChatCall { request: chat }.abi_encode()),
	]
}

/// Calls that run a model of four floats inside the transaction.
pub fn synchronous(model: B256) -> Vec<Case> {
	let data: Vec<u8> =
		[1.0f32, -2.0, 0.5, 3.0].iter().flat_map(|float| float.to_le_bytes()).collect();
	let input = || {
		vec![I::Tensor { kind: I::Kind::F32, shape: vec![1, 4], data: Bytes::from(data.clone()) }]
	};
	let number = |value| O::Number { value, decimals: 1 };
	let tensor = O::MultiDimensionalNumberTensor {
		name: "x".into(),
		values: [10, -20, 5, 30].map(number).to_vec(),
		shape: vec![1, 4],
	};
	let request = O::ModelInferenceRequest {
		mode: O::ModelInferenceMode::VANILLA,
		modelCID: hex::encode(model),
		input: O::ModelInput { numbers: vec![tensor], strings: vec![] },
	};
	let case = |to, access, data| Case { to, access, data };
	vec![
		case(ADDRESS, Access::View, I::inferCall { model, input: input() }.abi_encode()),
		case(ADDRESS, Access::Pay, I::inferPaidCall { model, input: input() }.abi_encode()),
		case(ADDRESS, Access::View, I::inferFeeCall { model }.abi_encode()),
		case(opengradient(), Access::View, O::runModelInferenceCall { request }.abi_encode()),
	]
}

/// Every function of every precompile, about this model and this request.
pub fn calls(model: B256, request: B256) -> Vec<Case> {
	let mut all = inference(model, request);
	all.extend(credits(model, request));
	all.extend(compatible(model));
	all
}

/// Every selector of every precompile.
pub fn selectors() -> Vec<(H160, [u8; 4])> {
	let mut all = Vec::new();
	all.extend(I::IInferenceCalls::selectors().map(|one| (ADDRESS, one)));
	all.extend(IAttribution::IAttributionCalls::selectors().map(|one| (attribution(), one)));
	all.extend(O::IOpenGradientCalls::selectors().map(|one| (opengradient(), one)));
	all
}
