//! Cheaters against the audit rate, next to the formula of the design: a lie is found with
//! `d = p (1 - a^n)` by the draw that cover counts on, where `a` is the part of the stake that is in
//! league with the liar, and `n` the auditors of a draw.
//!
//! `COUNTERSIGN_LIES` sets how many lies are told; the default keeps the test short. With
//! `--nocapture` it prints the table of docs/audits.md.

use crate::{draws::find_for_simulation, mock::*, rates, types::*};
use codec::Encode;
use countersign_primitives::{
	audit::{AUDITORS_PER_DRAW, FLOOR_RATE},
	parameters::RequestParameters,
	Hash, UNIT,
};

/// Of so many lies at the floor, how many are contradicted by an auditor of the early draw, and of
/// any of both.
fn simulate(lies: u64, in_league: u8, validators: u8) -> (u64, u64) {
	let (mut by_one, mut by_any) = (0, 0);
	ExtBuilder { validators, bonds: vec![BOND], ..Default::default() }.build_and_execute(|| {
		let request = answer(1);
		run_blocks(1);
		let base = audit(&request).unwrap();
		let liars: Vec<_> = (0..in_league).map(validator).collect();
		for number in 0..lies {
			let request: Hash = sp_crypto_hashing::blake2_256(&(b"lie", number).encode()).into();
			let is_found = |randomness: u8| {
				let drawn = find_for_simulation::<Test>(
					&request,
					&base,
					FLOOR_RATE,
					&Hash::repeat_byte(randomness),
				);
				drawn.iter().any(|auditor| !liars.contains(auditor))
			};
			let (early, late) = (is_found(1), is_found(2));
			by_one += u64::from(early);
			by_any += u64::from(early || late);
		}
	});
	(by_one, by_any)
}

#[test]
fn lies_are_found_as_often_as_the_formula_says() {
	let lies: u64 =
		std::env::var("COUNTERSIGN_LIES").ok().and_then(|text| text.parse().ok()).unwrap_or(4_000);
	let (rate, n) = (0.1f64, i32::from(AUDITORS_PER_DRAW));
	let rules = RequestParameters::main();
	let at_stake = UNIT;
	let cover = rules.cover(at_stake, 0) as f64 / at_stake as f64;
	println!(
		"| stake in league | found by one draw | formula | by any draw | mean loss of a lie |"
	);
	for (in_league, validators) in [(1u8, 30u8), (4, 31), (10, 30)] {
		let (by_one, by_any) = simulate(lies, in_league, validators);
		// The liar itself is never drawn, so its own stake does not help it.
		let a = f64::from(in_league - 1) / f64::from(validators - 1);
		let b = f64::from(in_league.saturating_sub(2)) / f64::from(validators - 2);
		let missed = if in_league > 1 { a * b } else { 0.0 };
		let exact = rate * (1.0 - missed);
		let share = f64::from(in_league) / f64::from(validators);
		let formula = rate * (1.0 - share.powi(n));
		let (one, any) = (by_one as f64 / lies as f64, by_any as f64 / lies as f64);
		let deviation = (exact * (1.0 - exact) / lies as f64).sqrt();
		// A liar that is found loses nine tenths of its cover, at most, and gains what is at stake
		// otherwise.
		let loss = one * cover * 0.9 - (1.0 - one);
		println!(
			"| {:.0} % | {:.2} % | {:.2} % | {:.2} % | {loss:+.3} of what is at stake |",
			100.0 * share,
			100.0 * one,
			100.0 * formula,
			100.0 * any
		);
		assert!((one - exact).abs() < 5.0 * deviation, "{one} {exact}");
		let both = 1.0 - (1.0 - exact) * (1.0 - exact);
		let deviation = (both * (1.0 - both) / lies as f64).sqrt();
		assert!((any - both).abs() < 5.0 * deviation, "{any} {both}");
		assert!(formula <= exact + 1e-9, "the formula promises no more than there is");
	}
	// With a third of the stake in league, the cover makes up for what is not found.
	let d = rate * (1.0 - (1.0f64 / 3.0).powi(n));
	assert!(d * cover * 0.9 >= 1.0 - d, "a lie does not pay at the mean");
	assert_eq!(rates::record_rate(10 * GRACE), FLOOR_RATE);
}
