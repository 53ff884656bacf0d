//! From an offence to stake that moved, once.

use super::*;
use crate::{Cause, Error, Event, Ledgers, Slashes};
use countersign_primitives::{
	traits::{Bonds, Offences, Sessions},
	UNIT,
};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

fn ledger(n: u32) -> crate::Ledger {
	Ledgers::<Test>::get(account(n)).expect("the account is bonded")
}

fn cause(report: &OffenceReport) -> Cause {
	Cause::Inference { kind: report.kind, request: report.request, role: report.role }
}

#[test]
fn each_kind_takes_what_it_says_once() {
	let cover = MINIMUM / 10;
	for (kind, takes) in [
		(OffenceKind::WrongResult, cover),
		(OffenceKind::Unavailable, cover),
		(OffenceKind::BrokenCommit, cover),
		// Of the exposure, whatever the amount.
		(OffenceKind::Equivocation, 4 * MINIMUM / 20),
	] {
		ExtBuilder::default().build_and_execute(|| {
			let before = issuance();
			let reporter = account(9);
			assert_ok!(Validators::reserve_cover(&account(2), 3 * cover));
			let report =
				OffenceReport { reporter: Some(reporter.clone()), ..proved(kind, 2, 1, cover) };
			events();
			assert_eq!(Validators::report(report.clone()), Ok(1), "deferred by one session");
			assert_eq!(
				events(),
				[Event::SlashDeferred {
					slash: 0,
					validator: account(2),
					cause: cause(&report),
					amount: takes,
					until: 1
				}]
			);
			assert_eq!(WithdrawnFromServing::get(), [account(2)]);
			assert!(Validators::is_reported(kind, &report.request, report.role, &account(2)));
			// Nothing moved, and nothing of it can be used again.
			assert_eq!(held(&account(2)), 4 * MINIMUM);
			let covered = matches!(kind, OffenceKind::WrongResult | OffenceKind::Unavailable);
			assert_eq!(ledger(2).reserved, if covered { 2 * cover } else { 3 * cover });
			assert_eq!(ledger(2).owed(), if covered { 3 * cover } else { 3 * cover + takes });
			// It authors and votes on.
			assert_eq!(Session::disabled_validators(), Vec::<u32>::new());

			// Again, and in any later session: nothing.
			assert_eq!(Validators::report(report.clone()), Ok(1));
			settle_to(1);
			let reward = takes / 10;
			assert_eq!(
				events()
					.into_iter()
					.filter(|e| !matches!(e, Event::SetChanged { .. }))
					.collect::<Vec<_>>(),
				[
					Event::Slashed {
						slash: 0,
						validator: account(2),
						cause: cause(&report),
						amount: takes,
						burned: takes - reward
					},
					Event::Rewarded { slash: 0, reporter: reporter.clone(), amount: reward },
				]
			);
			for session in 2..=10 {
				assert_eq!(Validators::report(report.clone()), Ok(1));
				settle_to(session);
			}
			assert_eq!(held(&account(2)), 4 * MINIMUM - takes);
			assert_eq!(Balances::free_balance(&reporter), ENDOWMENT + reward);
			assert_eq!(issuance(), before - (takes - reward));
			assert_eq!(Validators::bonded(&account(2)), 4 * MINIMUM - takes);
			// Out of the window it is forgotten, and cannot be reported again.
			assert_eq!(
				Validators::report(OffenceReport { session: 0, ..report.clone() }),
				Ok(1),
				"the last session of the window"
			);
			settle_to(11);
			assert!(!Validators::is_reported(kind, &report.request, report.role, &account(2)));
			assert_noop!(
				Validators::report(OffenceReport { session: 0, ..report.clone() }),
				Error::<Test>::OutsideReportWindow
			);
			assert_eq!(pallet_offences::Reports::<Test>::iter_keys().count(), 0);
			assert_eq!(pallet_offences::ConcurrentReportsIndex::<Test>::iter_keys().count(), 0);
			assert_eq!(held(&account(2)), 4 * MINIMUM - takes);
		});
	}
}

#[test]
fn a_verdict_may_come_as_late_as_a_request_lives() {
	ExtBuilder::default().build_and_execute(|| {
		// A session has ten slots: two sessions more.
		LongestRequest::set(11);
		assert_ok!(Validators::reserve_cover(&account(1), 100));
		let late = proved(OffenceKind::WrongResult, 1, 1, 50);
		let too_late = proved(OffenceKind::WrongResult, 1, 2, 50);
		settle_to(12);
		assert_eq!(Validators::report(late.clone()), Ok(13));
		settle_to(13);
		assert_noop!(Validators::report(too_late), Error::<Test>::OutsideReportWindow);
		assert_noop!(Validators::report(late), Error::<Test>::OutsideReportWindow);
		assert_eq!(held(&account(1)), 5 * MINIMUM - 50);
	});
}

#[test]
fn a_role_and_a_request_are_slots_of_their_own() {
	ExtBuilder::default().build_and_execute(|| {
		let report = proved(OffenceKind::BrokenCommit, 1, 1, 10);
		for (count, report) in (1..).zip([
			report.clone(),
			OffenceReport { role: Role::Auditor(0), ..report.clone() },
			OffenceReport { role: Role::Auditor(1), ..report.clone() },
			OffenceReport { request: Hash::zero(), ..report.clone() },
			OffenceReport { kind: OffenceKind::Equivocation, ..report.clone() },
			OffenceReport { validator: 1, ..report },
		]) {
			assert_ok!(Validators::report(report));
			assert_eq!(Slashes::<Test>::iter_keys().count(), count);
		}
		settle_to(1);
		assert_eq!(held(&account(1)), 5 * MINIMUM - 40 - 5 * MINIMUM / 20);
		assert_eq!(held(&account(2)), 4 * MINIMUM - 10);
	});
}

#[test]
fn a_guilty_verdict_takes_no_more_than_the_cover() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Validators::reserve_cover(&account(1), 100));
		assert_ok!(Validators::report(proved(OffenceKind::WrongResult, 1, 1, u128::MAX)));
		assert_eq!((ledger(1).reserved, ledger(1).pending.covers), (0, 100));
		assert_noop!(
			Validators::report(proved(OffenceKind::WrongResult, 1, 2, 100)),
			Error::<Test>::NothingToSlash
		);
		settle_to(1);
		assert_eq!(held(&account(1)), 5 * MINIMUM - 100);
		assert_eq!(ledger(1).pending.covers, 0);
	});
}

#[test]
fn whoever_was_never_there_cannot_be_reported() {
	ExtBuilder::default().build_and_execute(|| {
		let report = proved(OffenceKind::Equivocation, 1, 1, 0);
		for (wrong, error) in [
			(OffenceReport { validator: 3, ..report.clone() }, Error::<Test>::UnknownMember),
			(OffenceReport { session: 1, ..report.clone() }, Error::<Test>::OutsideReportWindow),
			(
				OffenceReport { session: u32::MAX, ..report.clone() },
				Error::<Test>::OutsideReportWindow,
			),
		] {
			assert_noop!(Validators::report(wrong), error);
		}
	});
}

#[test]
fn unbonding_cannot_outrun_a_slash() {
	ExtBuilder::default().build_and_execute(|| {
		let who = account(1);
		assert_ok!(Validators::reserve_cover(&who, MINIMUM));
		assert_ok!(Validators::unbond(signed(1), 2 * MINIMUM));
		// Leaves, and somebody takes its place.
		assert_ok!(Validators::leave(signed(1)));
		// Proved in the last session of the window.
		settle_to(10);
		let report =
			OffenceReport { session: 0, ..proved(OffenceKind::WrongResult, 1, 1, MINIMUM) };
		assert_ok!(Validators::report(report));
		let report = OffenceReport { session: 0, ..proved(OffenceKind::Equivocation, 1, 1, 0) };
		assert_ok!(Validators::report(report));
		let taken = MINIMUM + 5 * MINIMUM / 20;
		settle_to(11);
		assert_eq!(held(&who), 5 * MINIMUM - taken);
		settle_to(60);
		assert_ok!(Validators::withdraw(signed(1)));
		assert_eq!(Balances::free_balance(&who), ENDOWMENT - taken - pallet_session_deposit());
	});
}

/// What validators of genesis keep on hold for their session keys.
fn pallet_session_deposit() -> Balance {
	use frame_support::traits::fungible::InspectHold;
	Balances::total_balance_on_hold(&account(1))
}

#[test]
fn what_a_pending_slash_needs_cannot_be_withdrawn() {
	// A deferral that is longer than what is left of the unbonding period.
	let long = |p: &mut countersign_primitives::parameters::ConsensusParameters| {
		p.slash_deferral_sessions = 100;
	};
	ExtBuilder::default().parameters(long).build_and_execute(|| {
		let who = account(3);
		assert_ok!(Validators::bond(signed(4), 9 * MINIMUM));
		assert_ok!(set_keys(&account(4), 4));
		assert_ok!(Validators::leave(signed(3)));
		settle_to(9);
		assert_ok!(Validators::report(OffenceReport {
			session: 0,
			..proved(OffenceKind::Equivocation, 3, 1, 0)
		}));
		settle_to(60);
		assert_noop!(Validators::withdraw(signed(3)), Error::<Test>::SlashPending);
		settle_to(109);
		assert_ok!(Validators::withdraw(signed(3)));
		assert_eq!(held(&who), 0);
		assert_eq!(Ledgers::<Test>::get(&who), None);
	});
}

#[test]
fn what_is_unbonding_beside_a_pending_slash_can_be_withdrawn() {
	let long = |p: &mut countersign_primitives::parameters::ConsensusParameters| {
		p.slash_deferral_sessions = 100;
	};
	ExtBuilder::default().parameters(long).build_and_execute(|| {
		assert_ok!(Validators::unbond(signed(1), 2 * MINIMUM));
		assert_ok!(Validators::report(proved(OffenceKind::Equivocation, 1, 1, 0)));
		settle_to(60);
		// The bond in force is enough for the slash.
		assert_ok!(Validators::withdraw(signed(1)));
		assert_eq!(held(&account(1)), 3 * MINIMUM);
		settle_to(100);
		assert_eq!(held(&account(1)), 3 * MINIMUM - 5 * MINIMUM / 20);
	});
}

#[test]
fn equivocations_take_at_most_half_and_leave_the_covers() {
	ExtBuilder::default().build_and_execute(|| {
		let who = account(1);
		assert_ok!(Validators::reserve_cover(&who, 5 * MINIMUM / 2));
		// Twenty of 5 % would be everything.
		for request in 0..10 {
			assert_ok!(Validators::report(proved(OffenceKind::Equivocation, 1, request, 0)));
		}
		assert_noop!(
			Validators::report(proved(OffenceKind::Equivocation, 1, 10, 0)),
			Error::<Test>::NothingToSlash
		);
		assert_eq!(ledger(1).unowed(), 0);
		// Cover that is reserved can still be taken, and no more can be reserved.
		assert_eq!(Validators::free_cover(&who), 0);
		settle_to(2);
		assert_eq!(held(&who), 5 * MINIMUM / 2);
		assert_noop!(
			Validators::report(OffenceReport {
				session: 0,
				..proved(OffenceKind::Equivocation, 1, 10, 0)
			}),
			Error::<Test>::NothingToSlash
		);
		assert_ok!(Validators::report(OffenceReport {
			session: 0,
			..proved(OffenceKind::WrongResult, 1, 1, 5 * MINIMUM / 2)
		}));
		settle_to(3);
		assert_eq!(held(&who), 0);
		assert_eq!(Validators::bonded(&who), 0);
		assert!(!Validators::is_validator(&who));
	});
}

#[test]
fn half_of_what_is_left_can_be_taken_after_a_window_without_slashes() {
	ExtBuilder::default().build_and_execute(|| {
		let who = account(1);
		for request in 0..10 {
			assert_ok!(Validators::report(proved(OffenceKind::Equivocation, 1, request, 0)));
		}
		settle_to(1);
		assert_eq!(held(&who), 5 * MINIMUM / 2);
		// It is third of three now.
		settle_to(11);
		assert_eq!(Validators::position(&who), Some(2));
		assert_noop!(
			Validators::report(proved(OffenceKind::Equivocation, 3, 20, 0)),
			Error::<Test>::NothingToSlash
		);
		settle_to(12);
		assert_ok!(Validators::report(proved(OffenceKind::Equivocation, 3, 20, 0)));
		settle_to(13);
		assert_eq!(held(&who), 5 * MINIMUM / 2 - 5 * MINIMUM / 2 / 20);
	});
}

#[test]
fn a_slash_takes_the_bond_first_and_moves_the_candidate() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Validators::unbond(signed(1), 2 * MINIMUM));
		assert_eq!(candidates(), accounts([2, 1, 3]));
		// 2.5 of 5 minimums, out of 3 that are in force.
		for request in 0..10 {
			assert_ok!(Validators::report(proved(OffenceKind::Equivocation, 1, request, 0)));
		}
		settle_to(2);
		assert_eq!(ledger(1).bonded, MINIMUM / 2);
		assert_eq!(ledger(1).held(), 5 * MINIMUM / 2);
		assert_eq!(candidates(), accounts([2, 3, 1]));
		// Below the minimum: not chosen any more, once what is planned is over.
		settle_to(4);
		assert_eq!(Validators::position(&account(1)), None);
		assert!(!Validators::is_validator(&account(1)));
		assert_ok!(Validators::bond_more(signed(1), MINIMUM / 2));
		settle_to(6);
		assert_eq!(Validators::position(&account(1)), Some(2));
	});
}

#[test]
fn a_cancelled_slash_takes_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		let before = issuance();
		assert_ok!(Validators::reserve_cover(&account(1), 100));
		let wrong = proved(OffenceKind::WrongResult, 1, 1, 100);
		assert_ok!(Validators::report(wrong.clone()));
		assert_ok!(Validators::report(proved(OffenceKind::Equivocation, 1, 1, 0)));
		assert_noop!(Validators::cancel_slash(signed(1), 0), DispatchError::BadOrigin);
		assert_noop!(
			Validators::cancel_slash(RuntimeOrigin::root(), 2),
			Error::<Test>::UnknownSlash
		);
		events();
		assert_ok!(Validators::cancel_slash(RuntimeOrigin::root(), 0));
		assert_eq!(
			events(),
			[Event::SlashCancelled { slash: 0, validator: account(1), amount: 100 }]
		);
		assert_noop!(
			Validators::cancel_slash(RuntimeOrigin::root(), 0),
			Error::<Test>::UnknownSlash
		);
		// What was reserved for it is free, and it cannot be reported again.
		assert_eq!((ledger(1).reserved, ledger(1).pending.covers), (0, 0));
		assert_eq!(Validators::report(wrong), Ok(1));
		assert_eq!(Slashes::<Test>::iter_keys().collect::<Vec<_>>(), [1]);
		assert_ok!(Validators::cancel_slash(RuntimeOrigin::root(), 1));
		settle_to(5);
		assert_eq!(held(&account(1)), 5 * MINIMUM);
		assert_eq!(issuance(), before);
	});
}

#[test]
fn an_applied_slash_cannot_be_cancelled() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Validators::report(proved(OffenceKind::Equivocation, 1, 1, 0)));
		settle_to(1);
		assert_noop!(
			Validators::cancel_slash(RuntimeOrigin::root(), 0),
			Error::<Test>::UnknownSlash
		);
	});
}

#[test]
fn nobody_earns_by_reporting_itself_and_who_cannot_receive_gets_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		let before = issuance();
		let report = |request, reporter| OffenceReport {
			reporter: Some(reporter),
			..proved(OffenceKind::BrokenCommit, 1, request, 1_000)
		};
		assert_ok!(Validators::report(report(1, account(1))));
		// It does not exist, and a tenth of this would not keep it alive.
		assert_ok!(Validators::report(report(2, account(99))));
		settle_to(1);
		assert_eq!(issuance(), before - 2_000);
		assert_eq!(held(&account(1)), 5 * MINIMUM - 2_000);
		assert_eq!(Balances::total_balance(&account(99)), 0);
	});
}

#[test]
fn a_block_applies_a_bounded_part() {
	ExtBuilder::default().build_and_execute(|| {
		for request in 0..20 {
			assert_ok!(Validators::report(proved(OffenceKind::BrokenCommit, 1, request, 1)));
		}
		rotate_to(1);
		for (applied, left) in [(8, 12), (8, 4), (4, 0), (0, 0)] {
			assert_eq!(Validators::apply_due_slashes(), applied);
			assert_eq!(Slashes::<Test>::iter_keys().count(), left);
			Validators::do_try_state().unwrap();
		}
		assert_eq!(held(&account(1)), 5 * MINIMUM - 20);
		rotate_to(11);
		assert_eq!(Validators::prune_reports(), 16);
		assert_eq!(Validators::prune_reports(), 4);
		assert_eq!(Validators::prune_reports(), 0);
	});
}

#[test]
fn blocks_apply_slashes_by_themselves() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Validators::report(proved(OffenceKind::Equivocation, 1, 1, 0)));
		run_to_session(2);
		assert_eq!(held(&account(1)), 5 * MINIMUM - 5 * MINIMUM / 20);
	});
}

#[test]
fn pending_slashes_of_one_validator_are_bounded() {
	ExtBuilder::default().build_and_execute(|| {
		// What was at stake in that session was little.
		assert_ok!(Validators::bond(signed(4), 500_000 * UNIT));
		Ledgers::<Test>::mutate(account(1), |ledger| {
			ledger.as_mut().unwrap().pending.own_slashes = crate::MAX_OWN_SLASHES;
		});
		assert_noop!(
			Validators::report(proved(OffenceKind::Equivocation, 1, 1, 0)),
			Error::<Test>::NothingToSlash
		);
		assert_ok!(Validators::report(proved(OffenceKind::BrokenCommit, 1, 1, 1)));
		Ledgers::<Test>::mutate(account(1), |ledger| {
			ledger.as_mut().unwrap().pending.own_slashes = 0;
		});
	});
}
