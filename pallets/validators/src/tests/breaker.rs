//! A version under which too many results are found wrong is suspended.

use super::*;
use crate::{Error, Event, FrozenSlashes, Slashes, Suspensions, Thawing, BLOCKS_PER_HOUR};
use countersign_primitives::traits::{Bonds, Offences, Versions};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

/// Four bonds of 6 minimums: a third of the stake is 8.
fn four() -> ExtBuilder {
	ExtBuilder::default().validators((1..=4).map(|n| (account(n), 6 * MINIMUM)).collect())
}

fn wrong(n: u32, request: u32, minimums: u128) -> OffenceReport {
	let amount = minimums * MINIMUM;
	Validators::reserve_cover(&account(n), amount).unwrap();
	OffenceReport {
		// Of equal bonds the lower account comes first.
		session: 0,
		..proved(OffenceKind::WrongResult, n, request, amount)
	}
}

fn suspend() {
	for n in 1..=2 {
		assert_ok!(Validators::report(wrong(n, n, 3)));
	}
	assert_ok!(Validators::report(wrong(3, 3, 2)));
	assert!(!Validators::is_suspended(1), "a third is not above a third");
	events();
	assert_ok!(Validators::report(wrong(3, 4, 1)));
	assert!(Validators::is_suspended(1));
	assert!(!Validators::is_suspended(2));
	assert_eq!(
		events().pop(),
		Some(Event::VersionSuspended { version: 1, slashes: 9 * MINIMUM, stake: 24 * MINIMUM })
	);
}

#[test]
fn frozen_slashes_wait_and_are_deferred_anew() {
	four().build_and_execute(|| {
		suspend();
		// Other offences are not held up.
		assert_ok!(Validators::report(proved(OffenceKind::Equivocation, 4, 9, 0)));
		settle_to(5);
		assert_eq!(held(&account(4)), 6 * MINIMUM - 6 * MINIMUM / 20);
		assert_eq!(held(&account(1)), 6 * MINIMUM);
		assert_eq!(FrozenSlashes::<Test>::iter_keys().count(), 4);
		// More of them freeze too.
		assert_ok!(Validators::report(wrong(4, 5, 1)));
		settle_to(7);
		assert_eq!(held(&account(4)), 6 * MINIMUM - 6 * MINIMUM / 20);

		assert_noop!(Validators::lift_suspension(signed(1), 1), DispatchError::BadOrigin);
		assert_noop!(
			Validators::lift_suspension(RuntimeOrigin::root(), 2),
			Error::<Test>::NotSuspended
		);
		// One is cancelled while it is frozen, one when it is deferred again.
		assert_ok!(Validators::cancel_slash(RuntimeOrigin::root(), 0));
		assert_ok!(Validators::lift_suspension(RuntimeOrigin::root(), 1));
		assert!(!Validators::is_suspended(1));
		assert_eq!(Validators::lifted_at(1), Some(System::block_number()));
		assert_eq!(Validators::lifted_at(2), None);
		work_off();
		assert_eq!(Thawing::<Test>::get().len(), 0);
		assert_ok!(Validators::cancel_slash(RuntimeOrigin::root(), 1));
		assert_eq!(held(&account(3)), 6 * MINIMUM);
		settle_to(8);
		assert_eq!([1, 2, 3].map(|n| held(&account(n))), [6 * MINIMUM, 6 * MINIMUM, 3 * MINIMUM]);
		assert_eq!(held(&account(4)), 5 * MINIMUM - 6 * MINIMUM / 20);
		assert_eq!(Slashes::<Test>::iter_keys().count(), 0);
	});
}

#[test]
fn a_day_later_they_do_not_add_up() {
	four().build_and_execute(|| {
		assert_ok!(Validators::report(wrong(1, 1, 3)));
		assert_ok!(Validators::report(wrong(2, 2, 3)));
		System::set_block_number(24 * BLOCKS_PER_HOUR - 1);
		assert_ok!(Validators::report(wrong(3, 3, 1)));
		System::set_block_number(24 * BLOCKS_PER_HOUR);
		assert_ok!(Validators::report(wrong(4, 4, 3)));
		assert!(!Validators::is_suspended(1), "the first hour is a day ago");
		System::set_block_number(24 * BLOCKS_PER_HOUR + 5);
		assert_ok!(Validators::report(wrong(3, 5, 2)));
		assert!(!Validators::is_suspended(1));
	});
}

#[test]
fn cancelled_slashes_do_not_count() {
	four().build_and_execute(|| {
		for n in 1..=2 {
			assert_ok!(Validators::report(wrong(n, n, 3)));
		}
		assert_ok!(Validators::report(wrong(3, 3, 2)));
		assert_ok!(Validators::cancel_slash(RuntimeOrigin::root(), 0));
		assert_ok!(Validators::report(wrong(4, 4, 3)));
		assert!(!Validators::is_suspended(1));
		assert_ok!(Validators::report(wrong(3, 5, 1)));
		assert!(Validators::is_suspended(1));
	});
}

#[test]
fn each_version_is_counted_by_itself() {
	four().build_and_execute(|| {
		for n in 1..=4 {
			let report = OffenceReport { version: Some(n as u16), ..wrong(n, n, 3) };
			assert_ok!(Validators::report(report));
		}
		assert_eq!(Suspensions::<Test>::iter_keys().count(), 0);
	});
}

#[test]
fn many_frozen_slashes_thaw_a_few_a_block() {
	four().build_and_execute(|| {
		for n in 1..=3 {
			for request in 0..10 {
				Validators::reserve_cover(&account(n), MINIMUM * 3 / 10).unwrap();
				assert_ok!(Validators::report(proved(
					OffenceKind::WrongResult,
					n,
					100 * n + request,
					MINIMUM * 3 / 10
				)));
			}
		}
		assert!(Validators::is_suspended(1));
		settle_to(1);
		assert_eq!(FrozenSlashes::<Test>::iter_keys().count(), 30);
		assert_ok!(Validators::lift_suspension(RuntimeOrigin::root(), 1));
		for thawed in [8, 8, 8, 6, 0] {
			assert_eq!(Validators::thaw(), thawed);
			Validators::do_try_state().unwrap();
		}
		// Suspended anew before the deferral is over: frozen again.
		crate::Suspensions::<Test>::insert(1, 1);
		settle_to(2);
		assert_eq!(FrozenSlashes::<Test>::iter_keys().count(), 30);
		assert_ok!(Validators::lift_suspension(RuntimeOrigin::root(), 1));
		crate::Suspensions::<Test>::insert(1, 1);
		assert_eq!(Validators::thaw(), 0);
		assert_eq!(Thawing::<Test>::get().len(), 0);
		assert_ok!(Validators::lift_suspension(RuntimeOrigin::root(), 1));
		settle_to(5);
		assert_eq!([1, 2, 3].map(|n| held(&account(n))), [3 * MINIMUM; 3]);
	});
}
