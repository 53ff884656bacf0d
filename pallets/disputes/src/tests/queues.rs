//! Pruning, and the clock that stands still after crowded blocks.

use crate::{mock::*, types::ClockRuns, Crowded, DecisionPrunes, Decisions};
use codec::Encode;
use countersign_primitives::request::RequestId;
use frame_support::{assert_ok, dispatch::DispatchClass, traits::Get, weights::Weight};

#[test]
fn decisions_are_pruned() {
	build_and_execute(|| {
		honest_result();
		let origin = RuntimeOrigin::signed(challenger());
		assert_ok!(Disputes::dispute_by_replay(origin, request(), inline(), effort()));
		run_to(1 + RETENTION);
		assert!(Disputes::decision(request()).is_some(), "readable to the end");
		next_block();
		assert_eq!(Disputes::decision(request()), None);
		assert_eq!(DecisionPrunes::<Test>::iter().count(), 0);
	});
}

#[test]
fn pruning_is_bounded_a_block() {
	build_and_execute(|| {
		honest_result();
		let origin = RuntimeOrigin::signed(challenger());
		assert_ok!(Disputes::dispute_by_replay(origin, request(), inline(), effort()));
		let decision = Disputes::decision(request()).unwrap();
		for index in 0..70u32 {
			let id = RequestId::from(sp_crypto_hashing::blake2_256(&index.encode()));
			Decisions::<Test>::insert(id, decision.clone());
			DecisionPrunes::<Test>::insert(1 + RETENTION, id, ());
		}
		run_to(2 + RETENTION);
		assert_eq!(Decisions::<Test>::iter().count(), 71 - 32);
		Disputes::do_try_state().unwrap();
		next_block();
		next_block();
		assert_eq!(Decisions::<Test>::iter().count(), 0);
	});
}

#[test]
fn the_clock_stands_still_after_a_crowded_block() {
	build_and_execute(|| {
		assert!(ClockRuns::<Test>::get());
		let limits: frame_system::limits::BlockWeights =
			<Test as frame_system::Config>::BlockWeights::get();
		let normal = limits.get(DispatchClass::Normal).max_total.unwrap();
		let reserve = limits.max_block.saturating_sub(normal);
		let register = |part: u64| {
			frame_system::BlockWeight::<Test>::mutate(|used| {
				used.set(
					Weight::from_parts(reserve.ref_time() / 100 * part, 0),
					DispatchClass::Operational,
				);
			});
		};
		register(89);
		next_block();
		assert!(ClockRuns::<Test>::get());
		register(91);
		next_block();
		assert!(!ClockRuns::<Test>::get());
		assert!(Crowded::<Test>::get());
		register(0);
		next_block();
		assert!(ClockRuns::<Test>::get());
		let length: frame_system::limits::BlockLength =
			<Test as frame_system::Config>::BlockLength::get();
		let most = *length.max.get(DispatchClass::Operational);
		frame_system::BlockSize::<Test>::put(most / 100 * 91);
		next_block();
		assert!(!ClockRuns::<Test>::get());
		frame_system::BlockSize::<Test>::put(0);
		next_block();
		assert!(ClockRuns::<Test>::get());
	});
}
