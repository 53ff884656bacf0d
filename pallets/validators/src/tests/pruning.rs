//! The table forgets what is behind the report window, a bounded part each block.

use super::*;
use crate::{
	Members, OldestSession, PrunedMembers, SessionSets, SetLengths, WeightInfo, MAX_PRUNED_MEMBERS,
};
use countersign_primitives::traits::Sessions;
use frame_support::{assert_ok, traits::Hooks};
use pallet_session::historical::{HistoricalSessions, StoredRange};

/// The report window of the local network.
const WINDOW: u32 = 10;

#[test]
fn members_are_known_exactly_as_long_as_the_report_window() {
	ExtBuilder::default().build_and_execute(|| {
		rotate_to(2);
		assert_ok!(Validators::leave(signed(1)));
		// No block runs: what is behind the window is gone for readers before it is pruned.
		rotate_to(WINDOW);
		assert!(Validators::member(0, 0).is_some());
		rotate_to(WINDOW + 1);
		assert!(SessionSets::<Test>::contains_key(0));
		assert_eq!(Validators::member(0, 0), None);
		assert!(Validators::member(1, 0).is_some());
		assert_eq!(Validators::member(WINDOW + 2, 0), None);
	});
}

#[test]
fn storage_stays_bounded_while_every_session_differs() {
	ExtBuilder::default().build_and_execute(|| {
		for session in 1..40 {
			run_to_session(session);
			assert_ok!(Validators::bond_more(signed(1 + session % 3), 1));
			assert!(SessionSets::<Test>::iter().count() as u32 <= WINDOW + 2);
			assert!(SetLengths::<Test>::iter().count() as u32 <= WINDOW + 2);
			assert!(Members::<Test>::iter().count() as u32 <= 3 * (WINDOW + 2));
			assert!(HistoricalSessions::<Test>::iter().count() as u32 <= WINDOW + 3);
			Validators::do_try_state().unwrap();
		}
		System::run_to_block::<AllPalletsWithSystem>(39 * PERIOD + 1);
		assert_eq!(OldestSession::<Test>::get(), 39 - WINDOW);
		assert_eq!(Validators::member(39 - WINDOW - 1, 0), None);
		assert!(Validators::member(39 - WINDOW, 0).is_some());
		assert_eq!(SessionSets::<Test>::iter().count() as u32, WINDOW + 1);
		// The roots that prove key ownership go with them.
		assert_eq!(StoredRange::<Test>::get().unwrap().0, 39 - WINDOW);
	});
}

#[test]
fn a_shared_set_lives_as_long_as_the_last_session_that_has_it() {
	ExtBuilder::default().build_and_execute(|| {
		run_to_session(30);
		assert_eq!(OldestSession::<Test>::get(), 30 - WINDOW - 1);
		assert_eq!(SetLengths::<Test>::iter().collect::<Vec<_>>(), [(0, 3)]);
		assert_eq!(Members::<Test>::iter().count(), 3);
		assert!(Validators::member(30 - WINDOW, 2).is_some());
	});
}

#[test]
fn a_large_set_is_pruned_over_blocks() {
	let validators: Vec<_> = (1..=300).map(|n| (account(n), 2 * MINIMUM)).collect();
	let parameters = |p: &mut countersign_primitives::parameters::ConsensusParameters| {
		p.maximum_validators = 1_000
	};
	ExtBuilder::default().validators(validators).parameters(parameters).build_and_execute(|| {
		assert_ok!(Validators::bond_more(signed(7), 1));
		rotate_to(WINDOW + 2);
		assert_eq!(Members::<Test>::iter().count(), 600);
		assert_eq!(Validators::prune(), 0);
		assert_eq!(OldestSession::<Test>::get(), 1);
		// Session 1 is the last with the first set, and behind the window.
		assert_eq!(SetLengths::<Test>::get(0), Some(300));
		for (removed, left) in [(128, 472), (128, 344), (44, 300)] {
			let weight = <Validators as Hooks<u32>>::on_initialize(0);
			let idle = <() as WeightInfo>::apply_due_slashes(0)
				.saturating_add(<() as WeightInfo>::prune_reports(0))
				.saturating_add(<() as WeightInfo>::thaw(0));
			assert_eq!(weight, <() as WeightInfo>::prune(removed).saturating_add(idle));
			assert_eq!(Members::<Test>::iter().count(), left);
			assert!(removed <= MAX_PRUNED_MEMBERS);
			Validators::do_try_state().unwrap();
		}
		assert_eq!(SetLengths::<Test>::get(0), None);
		assert!(!PrunedMembers::<Test>::exists());
		assert_eq!(OldestSession::<Test>::get(), 2);
		assert_eq!(Validators::prune(), 0);
		assert_eq!(OldestSession::<Test>::get(), 2);
	});
}
