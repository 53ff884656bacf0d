//! Frozen results: a change of libm, of the compiler or of this crate that moves one bit fails.

mod cases;
mod common;

use common::Dice;
use countersign_canonical::{
	commitment::tensor_commitment,
	infer::infer,
	kernels::compute,
	tensor::{Meta, Value},
};

/// The commitments to the results of many random operators, chained.
fn digest(seeds: core::ops::Range<u64>) -> String {
	let mut state = [0u8; 32];
	for seed in seeds {
		let mut dice = Dice::new(seed);
		let (op, operands) = cases::case(&mut dice);
		let metas: Vec<&Meta> = operands.iter().map(|value| &value.meta).collect();
		let Ok(meta) = infer(&op, &metas) else {
			continue;
		};
		let references: Vec<&Value> = operands.iter().collect();
		let result = match compute(&op, &meta, &references) {
			Ok(data) => tensor_commitment(&Value { meta, data }.to_tensor(), Some(state)),
			Err(_) => tensor_commitment(&Value::from_f32(&[], &[0.0]).to_tensor(), Some(state)),
		};
		state = result;
	}
	hex::encode(state)
}

#[test]
fn results_are_frozen() {
	assert_eq!(
		digest(0..5_000),
		"e0baba927dccb0ab80fdf0a2973cd251c6b947aa8f1b306ccb22a27a32deef12"
	);
}
