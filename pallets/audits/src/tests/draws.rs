//! Who is drawn, how often, and in how much of a block.

use crate::{
	draws::{draw_by_stake, draw_seed, hits},
	mock::*,
	types::*,
};
use countersign_primitives::{audit::Draw, Hash, UNIT};
use proptest::prelude::*;
use sp_runtime::Perbill;

#[test]
fn a_draw_hits_as_often_as_its_rate() {
	let rate = Perbill::from_percent(10);
	let count = (0..10_000u64)
		.filter(|number| {
			let request = Hash::from_low_u64_be(*number);
			hits(&draw_seed(&Hash::repeat_byte(1), &request, Draw::Early, 0), rate)
		})
		.count();
	assert!(count.abs_diff(1_000) < 150, "{count}");
	let seed = draw_seed(&Hash::repeat_byte(1), &Hash::zero(), Draw::Early, 0);
	assert!(hits(&seed, Perbill::one()) && !hits(&seed, Perbill::zero()));
	assert!(hits(&Hash::repeat_byte(0xff), Perbill::one()));
	// Both draws, and each redraw, are their own.
	assert_ne!(seed, draw_seed(&Hash::repeat_byte(1), &Hash::zero(), Draw::Late, 0));
	assert_ne!(seed, draw_seed(&Hash::repeat_byte(1), &Hash::zero(), Draw::Early, 1));
}

#[test]
fn auditors_are_drawn_by_stake() {
	let mut counts = [0u32; 4];
	for number in 0..10_000u64 {
		let seed = draw_seed(&Hash::zero(), &Hash::from_low_u64_be(number), Draw::Early, 0);
		let drawn = draw_by_stake(&[100, 5_000, 300, 600], &[1], &seed).unwrap();
		counts[drawn as usize] += 1;
	}
	for (count, expected) in counts.into_iter().zip([1_000u32, 0, 3_000, 6_000]) {
		assert!(count.abs_diff(expected) < 250, "{counts:?}");
	}
}

proptest! {
	#[test]
	fn a_draw_ends_on_somebody_with_stake_who_is_not_excluded(
		stakes in proptest::collection::vec(
			prop_oneof![Just(0u128), Just(u128::MAX), any::<u128>(), 1u128..1_000], 1..1_000,
		),
		without in proptest::collection::vec(0u32..1_000, 0..20),
		seed in any::<[u8; 32]>(),
	) {
		let drawn = draw_by_stake(&stakes, &without, &Hash::from(seed));
		let somebody = stakes
			.iter()
			.enumerate()
			.any(|(at, stake)| *stake > 0 && !without.contains(&(at as u32)));
		prop_assert_eq!(drawn.is_some(), somebody);
		if let Some(drawn) = drawn {
			prop_assert!(stakes[drawn as usize] > 0);
			prop_assert!(!without.contains(&drawn));
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]
	/// Never the executor, by account or key, never twice the same, only who can.
	#[test]
	fn nobody_audits_itself(
		world in any::<u64>(),
		validators in 2u8..12,
		executor in 0u8..12,
		wanted in 0u8..=2,
		unable in proptest::collection::vec(0u8..12, 0..4),
	) {
		let executor = validator(executor % validators);
		ExtBuilder { validators, world, bonds: vec![BOND, 7 * BOND, BOND / 3], ..Default::default() }
			.build_and_execute(|| {
				for index in &unable {
					Capacity::remove(validator(*index));
				}
				let request = answer_as(1, &executor, truth(), wanted);
				run_blocks(2 * SESSION + 20);
				let audit = audit(&request).unwrap();
				let mut seen = vec![executor.clone()];
				for seat in &audit.seats {
					assert!(!seen.contains(&seat.account), "{:?}", seat.account);
					assert_ne!(seat.key, pair_of(&executor).public());
					assert!(unable.iter().all(|index| validator(*index) != seat.account));
					seen.push(seat.account.clone());
				}
				// With so few, everybody who can is drawn once, as long as draws go on.
				let able = (0..validators)
					.filter(|index| !unable.contains(index) && validator(*index) != executor)
					.count();
				assert_eq!(audit.seats.len(), able.min(MAX_SEATS as usize).min(8));
			});
	}
}

use sp_core::Pair;

#[test]
fn the_executors_key_does_not_audit_in_another_name() {
	ExtBuilder { validators: 2, ..Default::default() }.build_and_execute(|| {
		// The key has changed hands since.
		let request = answer(1);
		let other = MemberTable::get(1).unwrap();
		MemberTable::insert(1, (other.0, pair_of(&validator(0)).public(), other.2));
		run_blocks(10);
		assert!(audit(&request).unwrap().seats.is_empty());
	});
}

#[test]
fn who_has_no_cover_left_does_not_audit() {
	ExtBuilder { validators: 3, ..Default::default() }.build_and_execute(|| {
		BondTable::mutate(validator(1), |bond| bond.bonded = COVER);
		BondTable::mutate(validator(2), |bond| bond.leaving = true);
		let request = answer(1);
		run_blocks(10);
		assert!(audit(&request).unwrap().seats.is_empty());
		assert!(audit(&request).unwrap().nobody);
	});
}

#[test]
fn a_block_draws_for_a_bounded_number_and_the_rest_waits() {
	ExtBuilder { validators: 40, ..Default::default() }.build_and_execute(|| {
		let requests: Vec<_> =
			(0..20u8).map(|number| answer_as(1 + number, &validator(0), truth(), 0)).collect();
		run_blocks(2);
		let drawn =
			|| requests.iter().filter(|request| !audit(request).unwrap().seats.is_empty()).count();
		for block in 1..=5 {
			next_block();
			assert_eq!(drawn(), (block * MAX_HITS_PER_BLOCK as usize).min(20));
		}
	});
}

#[test]
fn paying_is_bounded_and_the_rest_waits() {
	ExtBuilder { validators: 40, ..Default::default() }.build_and_execute(|| {
		let requests: Vec<_> =
			(0..12u8).map(|number| answer_as(1 + number, &validator(0), truth(), 0)).collect();
		run_honest(12);
		for request in &requests {
			end(request, countersign_primitives::request::Finality::Final);
		}
		let settled = || requests.iter().filter(|request| audit(request).unwrap().settled).count();
		for block in 1..=3 {
			next_block();
			assert_eq!(settled(), block * MAX_CLOSINGS_PER_BLOCK as usize);
		}
	});
}

#[test]
fn offences_are_reported_a_few_in_a_block() {
	ExtBuilder { validators: 40, ..Default::default() }.build_and_execute(|| {
		let requests: Vec<_> =
			(0..3u8).map(|number| answer_as(1 + number, &validator(0), truth(), 0)).collect();
		run_until(|| requests.iter().all(|request| audit(request).unwrap().seats.len() == 2));
		act(|item| Some(honest(item)));
		// Nobody shows anything.
		let last = work().into_iter().map(|item| item.reveal_until).max().unwrap();
		run_until(|| Clock::get() > last);
		let mut before = Reports::get().len();
		while before < 6 {
			next_block();
			let now = Reports::get().len();
			assert!(now > before && now - before <= MAX_REPORTS_PER_BLOCK as usize);
			before = now;
		}
	});
}

#[test]
fn the_record_of_a_bond_goes_with_it() {
	build_and_execute(|| {
		for index in 0..4 {
			crate::Records::<Test>::mutate(validator(index), |record| record.passed = 9);
		}
		BondTable::mutate(validator(2), |bond| bond.bonded = 0);
		run_blocks(6);
		let kept: Vec<_> = crate::Records::<Test>::iter_keys().collect();
		assert_eq!(kept.len(), 3);
		assert!(!kept.contains(&validator(2)));
		assert_eq!(crate::Pallet::<Test>::record_view(validator(2)).rate, Perbill::one());
		let view = crate::Pallet::<Test>::record_view(validator(1));
		assert_eq!((view.passed, view.owed), (9, 0));
	});
}

/// Two who audit each other all the time do not gain trust by it.
#[test]
fn audits_by_the_same_auditor_in_a_row_count_once() {
	ExtBuilder { validators: 2, ..Default::default() }.build_and_execute(|| {
		for number in 1..5 {
			answer(number);
			run_honest(6);
		}
		assert_eq!(crate::Records::<Test>::get(validator(0)).passed, 1);
	});
}

#[test]
fn the_rate_rises_with_what_the_result_takes_of_the_bond() {
	ExtBuilder { bonds: vec![4 * COVER], ..Default::default() }.build_and_execute(|| {
		crate::Records::<Test>::mutate(validator(0), |record| record.passed = 1_000);
		let request = answer(1);
		assert_eq!(audit(&request).unwrap().rate, Perbill::from_percent(55));
		assert_eq!(COVER, 10 * UNIT);
	});
}
