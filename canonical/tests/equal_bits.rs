//! Both executions of every operator give the same bits, whatever the values.

mod cases;
mod common;

use common::Dice;
use countersign_canonical::{
	element::whole,
	infer::infer,
	kernels::compute,
	tensor::{Meta, Value},
};
use proptest::prelude::*;

/// Runs one case both ways. Whether it was a valid one.
fn check(seed: u64) -> bool {
	let mut dice = Dice::new(seed);
	let (op, operands) = cases::case(&mut dice);
	let metas: Vec<&Meta> = operands.iter().map(|value| &value.meta).collect();
	let Ok(out) = infer(&op, &metas) else {
		return false;
	};
	let references: Vec<&Value> = operands.iter().collect();
	let fast = compute(&op, &out, &references);
	let slow = whole(&op, &out, &references);
	assert_eq!(fast, slow, "seed {seed}: {op:?} on {metas:?}");
	true
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]
	#[test]
	fn fast_and_element_agree(seed in any::<u64>()) {
		for i in 0..100 {
			check(seed.wrapping_add(i));
		}
	}
}

#[test]
fn most_cases_are_valid() {
	let valid = (0..20_000u64).filter(|seed| check(seed.wrapping_mul(0x9e37_79b9))).count();
	assert!(valid > 12_000, "{valid}");
}
