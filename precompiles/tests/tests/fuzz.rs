//! Random calldata never panics, whatever it is, and money stays what it was.

use countersign_inference_precompile::{IInference, ADDRESS};
use countersign_precompile_tests::{
	contracts::{call, call_with, deploy, wallet, wei, WEIGHT},
	every::{calls, request, selectors, synchronous},
	programs::small,
	run,
	sol::ICaller,
	world::TOKEN,
};
use frame_support::weights::Weight;
use pallet_revive::precompiles::alloy::{
	primitives::{Address, B256, U256},
	sol_types::SolCall,
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
		call_with(&from, &caller, wei(1_000 * TOKEN), Vec::new(), WEIGHT).works();
		let first = call_with(&from, &ADDRESS, wei(TOKEN), request(model_word).data, WEIGHT);
		let request = first.returns::<IInference::requestCall>();
		world.next_block();
		world.answer(&countersign_primitives::Hash::from(request.0));
		let program = world.program_model("small", &small(3), TOKEN / 100);
		let mut good = calls(model_word, request);
		good.extend(synchronous(B256::from(program.0)));
		let selectors = selectors();
		let (mut worked, mut failed) = (0u32, 0u32);
		for round in 0..10_000u32 {
			let (to, data) = if random.one_in(4) {
				let (to, selector) = selectors[random.below(selectors.len())];
				let mut data = selector.to_vec();
				data.extend((0..random.below(600)).map(|_| random.next() as u8));
				(to, data)
			} else {
				let mut one = good[random.below(good.len())].clone();
				spoil(&mut one.data, &mut random);
				(one.to, one.data)
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
