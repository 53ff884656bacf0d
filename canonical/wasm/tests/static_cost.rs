//! No program takes more than its static cost says, whatever the values are: counted in WebAssembly
//! instructions, which do not depend on the machine.

#![allow(clippy::unwrap_used)]

#[path = "../../tests/cases/mod.rs"]
mod cases;
#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../../tests/generate/mod.rs"]
mod generate;
mod guest;

use codec::Encode;
use common::Dice;
use guest::Guest;

/// The most instructions for what is charged as one multiply-accumulate.
const MOST: f64 = 4.0;

#[test]
fn random_programs_stay_inside_their_cost() {
	let guest = Guest::counting();
	let mut worst = (0.0, 0);
	for seed in 0..2_000 {
		let (package, inputs) = generate::random(&mut Dice::new(seed));
		let charged = package.program.plan().unwrap().cost.weighted_macs();
		let taken = guest.instructions(&package.encode(), &inputs.encode());
		let ratio = taken as f64 / charged as f64;
		if ratio > worst.0 {
			worst = (ratio, seed);
		}
	}
	println!("at most {:.2} instructions for each (seed {})", worst.0, worst.1);
	assert!(worst.0 < MOST, "{:.2} instructions for each (seed {})", worst.0, worst.1);
}
