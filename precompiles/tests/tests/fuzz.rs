//! Random calldata never panics, whatever it is, and money stays what it was.

use countersign_attribution_precompile::{AttributionPrecompile, IAttribution};
use countersign_inference_precompile::{IInference, ADDRESS};
use countersign_opengradient_precompile::{IOpenGradient, OpenGradientPrecompile};
use countersign_precompile_tests::{
	contracts::{call, call_with, deploy, pay, wallet, WEIGHT},
	run,
	sol::ICaller,
	world::TOKEN,
};
use countersign_precompile_utils::fixed_address;
use countersign_runtime::Runtime;
use frame_support::weights::Weight;
use pallet_revive::{
	precompiles::{
		alloy::{
			primitives::{Address, Bytes, B256, U256},
			sol_types::{SolCall, SolInterface},
		},
		Precompile,
	},
	H160,
};

/// SplitMix64: a generator whose whole state is one number, so that a failure names its seed.
struct Random(u64);

impl Random {
	fn next(&mut self) -> u64 {
		self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
		let mut z = self.0;
		z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
		z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
		z ^ (z >> 31)
	}
	fn below(&mut self, bound: usize) -> usize {
		(self.next() % bound.max(1) as u64) as usize
	}
	fn one_in(&mut self, bound: usize) -> bool {
		self.below(bound) == 0
	}
}

fn attribution() -> H160 {
	fixed_address(&AttributionPrecompile::<Runtime>::MATCHER)
}

fn opengradient() -> H160 {
	fixed_address(&OpenGradientPrecompile::<Runtime>::MATCHER)
}

/// Calldata that every function takes, to be spoilt.
fn good(model: B256, request: B256) -> Vec<(H160, Vec<u8>)> {
	use IInference as I;
	let evidence = || I::Evidence { audited: 0, replayed: false, tee: false, zk: false };
	let terms = || I::Terms {
		deadline: 0,
		lane: 3,
		evidence: evidence(),
		valueAtRisk: U256::ZERO,
		callbackGas: 20_000,
		whenOpen: true,
	};
	let input = || {
		vec![I::Tensor { kind: I::Kind::U8, shape: vec![4], data: Bytes::from(vec![1, 2, 3, 4]) }]
	};
	let max_fee = U256::from(TOKEN) * U256::from(1_000_000);
	let one = || I::Request { model, input: input(), terms: terms(), maxFee: max_fee };
	let number = || IOpenGradient::Number { value: 15, decimals: 1 };
	let tensor = IOpenGradient::MultiDimensionalNumberTensor {
		name: "in".into(),
		values: vec![number(), number(), number(), number()],
		shape: vec![4],
	};
	let request_og = IOpenGradient::ModelInferenceRequest {
		mode: IOpenGradient::ModelInferenceMode::VANILLA,
		modelCID: hex::encode(model),
		input: IOpenGradient::ModelInput { numbers: vec![tensor], strings: vec![] },
	};
	let least = I::Finality::Open;
	let id = request;
	vec![
		(ADDRESS, I::inferCall { model, input: input() }.abi_encode()),
		(ADDRESS, I::inferPaidCall { model, input: input() }.abi_encode()),
		(ADDRESS, I::quoteCall { model, inputLength: 8, terms: terms() }.abi_encode()),
		(ADDRESS, I::encodedLengthCall { input: input() }.abi_encode()),
		(ADDRESS, I::requestCall { model, input: input(), terms: terms() }.abi_encode()),
		(
			ADDRESS,
			I::requestCommittedCall { model, commitment: id, length: 9, terms: terms() }
				.abi_encode(),
		),
		(ADDRESS, I::requestManyCall { requests: vec![one(), one()] }.abi_encode()),
		(ADDRESS, I::statusOfCall { id }.abi_encode()),
		(ADDRESS, I::deliveryOfCall { id }.abi_encode()),
		(ADDRESS, I::resultOfCall { id, minFinality: least, evidence: evidence() }.abi_encode()),
		(ADDRESS, I::deliverCall { id }.abi_encode()),
		(attribution(), IAttribution::lineageCall { model }.abi_encode()),
		(attribution(), IAttribution::rightCall { model, contributor: 1 }.abi_encode()),
		(attribution(), IAttribution::entitlementCall { model, index: 1 }.abi_encode()),
		(attribution(), IAttribution::totalCreditedCall { model }.abi_encode()),
		(attribution(), IAttribution::claimCall { model, index: 0 }.abi_encode()),
		(
			attribution(),
			IAttribution::transferRightCall { model, contributor: 0, account: id }.abi_encode(),
		),
		(attribution(), IAttribution::acceptRightCall { model, contributor: 0 }.abi_encode()),
		(opengradient(), IOpenGradient::runModelInferenceCall { request: request_og }.abi_encode()),
	]
}

fn selectors() -> Vec<(H160, [u8; 4])> {
	let mut all = Vec::new();
	all.extend(IInference::IInferenceCalls::selectors().map(|one| (ADDRESS, one)));
	all.extend(IAttribution::IAttributionCalls::selectors().map(|one| (attribution(), one)));
	all.extend(IOpenGradient::IOpenGradientCalls::selectors().map(|one| (opengradient(), one)));
	all
}

/// Spoils a few words or bytes, or cuts the end off.
fn spoil(data: &mut Vec<u8>, random: &mut Random) {
	for _ in 0..random.below(4) {
		let at = 4 + 32 * random.below(data.len() / 32);
		let Some(word) = data.get_mut(at..at + 32) else { continue };
		match random.below(5) {
			0 => word.fill(0xFF),
			1 => word.fill(0),
			2 => word[31] = random.next() as u8,
			3 => word[28..].copy_from_slice(&(random.next() as u32).to_be_bytes()),
			_ => word.iter_mut().for_each(|byte| *byte = random.next() as u8),
		}
	}
	if random.one_in(10) {
		data.truncate(random.below(data.len()));
	}
}

#[test]
fn ten_thousand_random_calldatas() {
	run(|world| {
		let mut random = Random(1);
		let model = world.model(TOKEN / 100);
		let (from, model_word) = (wallet(0), B256::from(model.0));
		let caller = deploy("Caller", Vec::new(), 0);
		let money = countersign_precompile_tests::contracts::wei(1_000 * TOKEN);
		call_with(&from, &caller, money, Vec::new(), WEIGHT).works();
		let first = good(model_word, B256::ZERO);
		let request = pay(&from, &ADDRESS, TOKEN, &{
			IInference::requestCall::abi_decode(&first[4].1).expect("it is good")
		})
		.returns::<IInference::requestCall>();
		world.next_block();
		world.answer(&countersign_primitives::Hash::from(request.0));
		let (good, selectors) = (good(model_word, request), selectors());
		let (mut worked, mut failed) = (0u32, 0u32);
		for round in 0..10_000u32 {
			let (to, data) = if random.one_in(4) {
				let (to, selector) = selectors[random.below(selectors.len())];
				let mut data = selector.to_vec();
				data.extend((0..random.below(600)).map(|_| random.next() as u8));
				(to, data)
			} else {
				let (to, mut data) = good[random.below(good.len())].clone();
				spoil(&mut data, &mut random);
				(to, data)
			};
			let value = match random.below(4) {
				0 => pallet_revive::U256::zero(),
				1 => pallet_revive::U256::from(random.next()),
				_ => pallet_revive::U256::from(TOKEN) * 1_000_000,
			};
			let limit = match random.below(3) {
				0 => Weight::from_parts(random.next() % WEIGHT.ref_time(), WEIGHT.proof_size()),
				_ => WEIGHT,
			};
			let result = if random.one_in(3) {
				let to = Address::from(to.0);
				let value = U256::from_be_bytes(value.to_big_endian());
				let through = match random.below(3) {
					0 => ICaller::staticCallCall { to, data: data.into() }.abi_encode(),
					1 => ICaller::delegateCallCall { to, data: data.into() }.abi_encode(),
					_ => ICaller::callWithValueCall { to, value, data: data.into() }.abi_encode(),
				};
				call_with(&from, &caller, 0.into(), through, limit).result
			} else {
				call_with(&from, &to, value, data, limit).result
			};
			*if result.is_ok() { &mut worked } else { &mut failed } += 1;
			if round % 250 == 249 {
				world.next_block();
				world.check();
			}
		}
		println!("{worked} worked, {failed} failed");
		// A sequence that only fails would show nothing.
		assert!(worked > 200 && failed > 1_000, "{worked} worked, {failed} failed");
		let status = IInference::statusOfCall { id: request };
		call(&from, &ADDRESS, &status).works();
	});
}
