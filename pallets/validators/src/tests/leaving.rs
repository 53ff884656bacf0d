//! `leave`, `rejoin`, eviction, and `withdraw` of all.

use super::*;
use crate::{Error, Event, Ledgers, Parameters, Records, MAX_CANDIDATES};
use countersign_primitives::traits::{Bonds, Sessions};
use frame_support::{assert_noop, assert_ok};

#[test]
fn leave_ends_service_at_once_and_sessions_when_they_are_over() {
	ExtBuilder::default().build_and_execute(|| {
		run_to_session(1);
		events();
		let who = account(2);
		assert_ok!(Validators::leave(signed(2)));
		assert_eq!(events(), [Event::LeaveStarted { validator: who.clone(), until: 61 }]);
		assert_eq!(WithdrawnFromServing::get(), accounts([2]));
		assert!(!Validators::is_validator(&who));
		assert_eq!(candidates(), accounts([1, 3]));
		assert_eq!(held(&who), 4 * MINIMUM);

		// The session that is planned already still has it.
		assert_eq!(Validators::position(&who), Some(1));
		run_to_session(2);
		assert_eq!(Validators::position(&who), Some(1));
		run_to_session(3);
		assert_eq!(Validators::position(&who), None);
		assert_eq!(Session::validators(), accounts([1, 3]));
		assert_eq!(Validators::position(&account(3)), Some(1));
		// What it did stays known.
		assert_eq!(Validators::member(2, 1).unwrap().account, who);
	});
}

#[test]
fn the_bond_of_a_leaver_is_released_after_the_unbonding_period() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Validators::unbond(signed(2), MINIMUM));
		rotate_to(1);
		assert_ok!(Validators::leave(signed(2)));
		rotate_to(60);
		// What was unbonded before matures on its own.
		assert_ok!(Validators::withdraw(signed(2)));
		assert_eq!(held(&account(2)), 3 * MINIMUM);
		assert_noop!(Validators::withdraw(signed(2)), Error::<Test>::NothingToWithdraw);
		rotate_to(61);
		events();
		assert_ok!(Validators::withdraw(signed(2)));
		assert_eq!(
			events(),
			[
				Event::Withdrawn { validator: account(2), amount: 3 * MINIMUM },
				Event::Removed { validator: account(2) },
			]
		);
		assert_eq!(held(&account(2)), 0);
		assert_eq!(Balances::free_balance(account(2)), ENDOWMENT);
		assert_eq!(Ledgers::<Test>::get(account(2)), None);
		assert_eq!(Records::<Test>::get(account(2)), None);
		// It can begin again.
		assert_ok!(Validators::bond(signed(2), MINIMUM));
	});
}

#[test]
fn the_bond_of_a_leaver_waits_for_its_cover() {
	ExtBuilder::default().build_and_execute(|| {
		let who = account(2);
		assert_ok!(Validators::reserve_cover(&who, MINIMUM));
		assert_ok!(Validators::unbond(signed(2), MINIMUM));
		// Open results are no reason to stay.
		assert_ok!(Validators::leave(signed(2)));
		rotate_to(60);
		assert_ok!(Validators::withdraw(signed(2)));
		assert_eq!(held(&who), 3 * MINIMUM);
		assert_noop!(Validators::withdraw(signed(2)), Error::<Test>::CoverReserved);
		Validators::release_cover(&who, MINIMUM - 1);
		assert_noop!(Validators::withdraw(signed(2)), Error::<Test>::CoverReserved);
		Validators::release_cover(&who, 1);
		assert_ok!(Validators::withdraw(signed(2)));
		assert_eq!(held(&who), 0);
	});
}

#[test]
fn the_last_validators_keep_their_bonds_while_they_serve() {
	ExtBuilder::default().build_and_execute(|| {
		for n in 1..=3 {
			assert_ok!(Validators::leave(signed(n)));
		}
		assert!(candidates().is_empty());
		rotate_to(60);
		assert_eq!(Session::validators(), accounts([1, 2, 3]));
		assert_noop!(Validators::withdraw(signed(1)), Error::<Test>::StillInSession);
		// Somebody takes over.
		assert_ok!(Validators::bond(signed(4), MINIMUM));
		assert_ok!(set_keys(&account(4), 4));
		rotate_to(62);
		assert_eq!(Session::validators(), accounts([4]));
		assert_ok!(Validators::withdraw(signed(1)));
		assert_eq!(held(&account(1)), 0);
	});
}

#[test]
fn leave_refuses_whoever_has_no_bond_or_is_leaving() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Validators::leave(signed(4)), Error::<Test>::NotBonded);
		assert_ok!(Validators::leave(signed(1)));
		assert_noop!(Validators::leave(signed(1)), Error::<Test>::Leaving);
	});
}

#[test]
fn rejoin_makes_a_candidate_again() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Validators::leave(signed(2)));
		// Adding to the bond does not undo it.
		assert_ok!(Validators::bond_more(signed(2), 2 * MINIMUM));
		assert_eq!(candidates(), accounts([1, 3]));
		rotate_to(2);
		assert_eq!(Validators::position(&account(2)), None);
		events();
		assert_ok!(Validators::rejoin(signed(2)));
		assert_eq!(events(), [Event::Rejoined { validator: account(2), bonded: 6 * MINIMUM }]);
		assert_eq!(candidates(), accounts([2, 1, 3]));
		assert!(Validators::is_validator(&account(2)));
		rotate_to(4);
		assert_eq!(Validators::position(&account(2)), Some(0));
		// The unbonding period of the first time does not count for the second.
		rotate_to(60);
		assert_noop!(Validators::withdraw(signed(2)), Error::<Test>::NothingToWithdraw);
		assert_ok!(Validators::leave(signed(2)));
		rotate_to(119);
		assert_noop!(Validators::withdraw(signed(2)), Error::<Test>::NothingToWithdraw);
		rotate_to(120);
		assert_ok!(Validators::withdraw(signed(2)));
	});
}

#[test]
fn rejoin_refuses_whoever_is_no_leaver_or_has_too_little() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Validators::rejoin(signed(4)), Error::<Test>::NotBonded);
		assert_noop!(Validators::rejoin(signed(1)), Error::<Test>::NotLeaving);
		assert_ok!(Validators::leave(signed(3)));
		Parameters::<Test>::mutate(|p| p.as_mut().unwrap().minimum_bond = 3 * MINIMUM + 1);
		assert_noop!(Validators::rejoin(signed(3)), Error::<Test>::BelowMinimumBond);
		assert_ok!(Validators::bond_more(signed(3), 1));
		assert_ok!(Validators::rejoin(signed(3)));
	});
}

/// As many candidates as fit, from number 100 on, all with twice the minimum. None has keys but
/// the first.
fn full() -> ExtBuilder {
	let validators: Vec<_> =
		(100..100 + MAX_CANDIDATES).map(|n| (account(n), 2 * MINIMUM)).collect();
	let without = validators.iter().skip(1).map(|(who, _)| who.clone()).collect();
	ExtBuilder::default().validators(validators).without_keys(without)
}

#[test]
fn a_full_list_takes_only_a_higher_bond() {
	full().build_and_execute(|| {
		let last = account(100 + MAX_CANDIDATES - 1);
		assert_eq!(candidates().last(), Some(&last));
		assert_noop!(Validators::bond(signed(4), 2 * MINIMUM), Error::<Test>::CandidatesFull);
		assert_ok!(Validators::bond(signed(4), 2 * MINIMUM + 1));
		assert_eq!(
			events(),
			[
				Event::Evicted { validator: last.clone(), by: account(4) },
				Event::LeaveStarted { validator: last.clone(), until: 60 },
				Event::Bonded { validator: account(4), amount: 2 * MINIMUM + 1 },
			]
		);
		assert_eq!(candidates().len(), MAX_CANDIDATES as usize);
		assert_eq!(candidates().first(), Some(&account(4)));
		assert_eq!(WithdrawnFromServing::get(), core::slice::from_ref(&last));
		assert!(!Validators::is_validator(&last));
		assert_eq!(held(&last), 2 * MINIMUM);

		// The evicted one is back with more, at the cost of the next.
		let last = RuntimeOrigin::signed(last);
		assert_noop!(Validators::rejoin(last.clone()), Error::<Test>::CandidatesFull);
		assert_ok!(Validators::bond_more(last.clone(), 1));
		assert_ok!(Validators::rejoin(last));
		assert!(!Validators::is_validator(&account(100 + MAX_CANDIDATES - 2)));
		assert_eq!(candidates().len(), MAX_CANDIDATES as usize);
	});
}

#[test]
fn an_evicted_bond_is_released_like_any_other() {
	full().build_and_execute(|| {
		let last = account(100 + MAX_CANDIDATES - 1);
		assert_ok!(Validators::bond(signed(4), 3 * MINIMUM));
		rotate_to(60);
		assert_ok!(Validators::withdraw(RuntimeOrigin::signed(last.clone())));
		assert_eq!(held(&last), 0);
		assert_eq!(Ledgers::<Test>::get(last), None);
	});
}

#[test]
fn whoever_may_end_the_service_of_somebody_pays_for_it() {
	ExtBuilder::default().build_and_execute(|| {
		use crate::{Call, WeightInfo};
		use frame_support::dispatch::GetDispatchInfo;
		let weight = |call: Call<Test>| call.get_dispatch_info().call_weight;
		assert_eq!(
			weight(Call::bond { amount: 1 }),
			<() as WeightInfo>::bond().saturating_add(SERVING_WEIGHT)
		);
		assert_eq!(
			weight(Call::leave {}),
			<() as WeightInfo>::leave().saturating_add(SERVING_WEIGHT)
		);
		assert_eq!(
			weight(Call::rejoin {}),
			<() as WeightInfo>::rejoin().saturating_add(SERVING_WEIGHT)
		);
		assert_eq!(weight(Call::withdraw {}), <() as WeightInfo>::withdraw());
	});
}
