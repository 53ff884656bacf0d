//! Cover and records: what other pallets do with a bond.

use super::*;
use crate::{Error, Ledgers, Record, Records};
use countersign_primitives::traits::Bonds;
use frame_support::{assert_err, assert_noop, assert_ok, assert_storage_noop};

fn record(n: u32) -> Record {
	Records::<Test>::get(account(n)).expect("the account is bonded")
}

#[test]
fn cover_is_reserved_up_to_half_of_the_bond() {
	ExtBuilder::default().build_and_execute(|| {
		let who = account(2);
		let half = 2 * MINIMUM;
		assert_eq!(Validators::free_cover(&who), half);
		assert_ok!(Validators::reserve_cover(&who, half - 1));
		assert_noop!(Validators::reserve_cover(&who, 2), Error::<Test>::InsufficientCover);
		assert_noop!(Validators::reserve_cover(&who, u128::MAX), Error::<Test>::InsufficientCover);
		assert_ok!(Validators::reserve_cover(&who, 1));
		assert_eq!(Validators::free_cover(&who), 0);
		assert_eq!(Validators::reserved_cover(&who), half);
		// Nothing was put on hold beside the bond.
		assert_eq!(held(&who), 4 * MINIMUM);
		assert_ok!(Validators::reserve_cover(&who, 0));
	});
}

#[test]
fn releasing_more_than_is_reserved_releases_all() {
	ExtBuilder::default().build_and_execute(|| {
		let who = account(2);
		assert_ok!(Validators::reserve_cover(&who, 10));
		Validators::release_cover(&who, 3);
		assert_eq!(Validators::reserved_cover(&who), 7);
		Validators::release_cover(&who, u128::MAX);
		assert_eq!(Validators::reserved_cover(&who), 0);
		assert_eq!(Validators::free_cover(&who), 2 * MINIMUM);
	});
}

#[test]
fn whoever_has_no_bond_has_no_cover() {
	ExtBuilder::default().build_and_execute(|| {
		let who = account(4);
		assert_eq!(Validators::free_cover(&who), 0);
		assert_eq!(Validators::bonded(&who), 0);
		assert_eq!(Validators::reserved_cover(&who), 0);
		assert_noop!(Validators::reserve_cover(&who, 0), Error::<Test>::NotBonded);
		assert_storage_noop!(Validators::release_cover(&who, 1));
		assert_storage_noop!(Validators::note_service(&who, true));
	});
}

#[test]
fn whoever_leaves_gives_no_new_cover() {
	ExtBuilder::default().build_and_execute(|| {
		let who = account(2);
		assert_ok!(Validators::reserve_cover(&who, 10));
		assert_ok!(Validators::leave(signed(2)));
		assert_eq!(Validators::free_cover(&who), 0);
		assert_eq!(Validators::reserved_cover(&who), 10);
		assert_err!(Validators::reserve_cover(&who, 1), Error::<Test>::Leaving);
		// The bond is still in force, and what is reserved can be released.
		assert_eq!(Validators::bonded(&who), 4 * MINIMUM);
		Validators::release_cover(&who, 4);
		assert_eq!(Validators::reserved_cover(&who), 6);
	});
}

#[test]
fn service_is_noted_and_costs_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		let before = Ledgers::<Test>::get(account(1));
		for answered in [true, false, true, true] {
			Validators::note_service(&account(1), answered);
		}
		assert_eq!(record(1), Record { answered: 3, missed: 1, authored: 0 });
		assert_eq!(record(2), Record::default());
		assert_eq!(Ledgers::<Test>::get(account(1)), before);
		Records::<Test>::insert(account(2), Record { missed: u32::MAX, ..Default::default() });
		Validators::note_service(&account(2), false);
		assert_eq!(record(2).missed, u32::MAX);
	});
}

#[test]
fn authored_blocks_are_counted() {
	ExtBuilder::default().build_and_execute(|| {
		Author::set(Some(account(2)));
		System::run_to_block::<AllPalletsWithSystem>(4);
		assert_eq!(record(2).authored, 3);
		// An author that has no bond any more leaves no trace.
		Author::set(Some(account(4)));
		System::run_to_block::<AllPalletsWithSystem>(6);
		assert_eq!(Records::<Test>::get(account(4)), None);
		assert_eq!(record(2).authored, 3);
	});
}
