//! `bond`, `bond_more`, `unbond`, and `withdraw` of a part.

use super::*;
use crate::{Error, Event, Ledger, Ledgers, Parameters, Record, Records, Unbonding, MAX_UNBONDING};
use countersign_primitives::{traits::Bonds, Balance};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, TokenError};

fn ledger(n: u32) -> Ledger {
	Ledgers::<Test>::get(account(n)).expect("the account is bonded")
}

fn unbonding(n: u32) -> Vec<(Balance, u32)> {
	ledger(n).unbonding.iter().map(|chunk| (chunk.amount, chunk.until)).collect()
}

#[test]
fn every_call_needs_a_signature() {
	ExtBuilder::default().build_and_execute(|| {
		let none = RuntimeOrigin::none;
		assert_noop!(Validators::bond(none(), MINIMUM), DispatchError::BadOrigin);
		assert_noop!(Validators::bond_more(none(), 1), DispatchError::BadOrigin);
		assert_noop!(Validators::unbond(none(), 1), DispatchError::BadOrigin);
		assert_noop!(Validators::leave(none()), DispatchError::BadOrigin);
		assert_noop!(Validators::rejoin(none()), DispatchError::BadOrigin);
		assert_noop!(Validators::withdraw(none()), DispatchError::BadOrigin);
		assert_noop!(Validators::bond(RuntimeOrigin::root(), MINIMUM), DispatchError::BadOrigin);
	});
}

#[test]
fn bond_holds_the_amount_and_lists_the_candidate() {
	ExtBuilder::default().build_and_execute(|| {
		let who = account(4);
		assert!(!Validators::is_validator(&who));
		let bond = 4 * MINIMUM + 1;
		assert_ok!(Validators::bond(signed(4), bond));
		assert_eq!(events(), [Event::Bonded { validator: who.clone(), amount: bond }]);
		assert_eq!(held(&who), bond);
		assert_eq!(Balances::free_balance(&who), ENDOWMENT - bond);
		assert_eq!(ledger(4), Ledger::new(bond));
		assert_eq!(Records::<Test>::get(&who), Some(Record::default()));
		assert_eq!(candidates(), accounts([1, 4, 2, 3]));
		assert!(Validators::is_validator(&who));
		assert_eq!(Validators::bonded(&who), bond);
		// Bonded is not chosen.
		assert_eq!(Session::validators(), accounts([1, 2, 3]));
	});
}

#[test]
fn bond_takes_the_minimum_and_nothing_less() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Validators::bond(signed(4), MINIMUM - 1), Error::<Test>::BelowMinimumBond);
		assert_noop!(Validators::bond(signed(4), 0), Error::<Test>::BelowMinimumBond);
		assert_ok!(Validators::bond(signed(4), MINIMUM));
	});
}

#[test]
fn bond_twice_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Validators::bond(signed(1), MINIMUM), Error::<Test>::AlreadyBonded);
		assert_ok!(Validators::leave(signed(1)));
		assert_noop!(Validators::bond(signed(1), MINIMUM), Error::<Test>::AlreadyBonded);
	});
}

#[test]
fn bond_beyond_the_balance_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		for amount in [ENDOWMENT + 1, u128::MAX] {
			assert_noop!(Validators::bond(signed(4), amount), TokenError::FundsUnavailable);
		}
		// An account without any balance.
		assert!(Validators::bond(signed(99), MINIMUM).is_err());
		assert_eq!(held(&account(99)), 0);
	});
}

#[test]
fn bond_leaves_the_existential_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Validators::bond(signed(4), ENDOWMENT), TokenError::FundsUnavailable);
		assert_noop!(
			Validators::bond(signed(4), ENDOWMENT - EXISTENTIAL_DEPOSIT + 1),
			TokenError::FundsUnavailable
		);
		assert_ok!(Validators::bond(signed(4), ENDOWMENT - EXISTENTIAL_DEPOSIT));
		assert_eq!(Balances::free_balance(account(4)), EXISTENTIAL_DEPOSIT);
	});
}

#[test]
fn bond_more_raises_bond_and_rank() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Validators::bond_more(signed(3), 2 * MINIMUM));
		assert_eq!(
			events(),
			[Event::BondIncreased {
				validator: account(3),
				amount: 2 * MINIMUM,
				bonded: 5 * MINIMUM
			}]
		);
		assert_eq!(held(&account(3)), 5 * MINIMUM);
		// The same bond as the first: the lower account goes first.
		assert_eq!(candidates(), accounts([1, 3, 2]));
	});
}

#[test]
fn bond_more_refuses_what_changes_nothing_or_cannot_be_paid() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Validators::bond_more(signed(1), 0), Error::<Test>::ZeroAmount);
		assert_noop!(Validators::bond_more(signed(4), 1), Error::<Test>::NotBonded);
		assert_noop!(Validators::bond_more(signed(1), u128::MAX), Error::<Test>::Overflow);
		assert_noop!(Validators::bond_more(signed(1), ENDOWMENT), TokenError::FundsUnavailable);
	});
}

#[test]
fn unbond_keeps_the_tokens_on_hold_until_they_mature() {
	ExtBuilder::default().build_and_execute(|| {
		rotate_to(3);
		events();
		assert_ok!(Validators::unbond(signed(1), 2 * MINIMUM));
		assert_eq!(
			events(),
			[Event::Unbonded { validator: account(1), amount: 2 * MINIMUM, until: 63 }]
		);
		assert_eq!(held(&account(1)), 5 * MINIMUM);
		assert_eq!(Validators::bonded(&account(1)), 3 * MINIMUM);
		assert_eq!(candidates(), accounts([2, 1, 3]));

		rotate_to(62);
		assert_noop!(Validators::withdraw(signed(1)), Error::<Test>::NothingToWithdraw);
		rotate_to(63);
		events();
		assert_ok!(Validators::withdraw(signed(1)));
		assert_eq!(events(), [Event::Withdrawn { validator: account(1), amount: 2 * MINIMUM }]);
		assert_eq!(held(&account(1)), 3 * MINIMUM);
		assert_eq!(Balances::free_balance(account(1)), ENDOWMENT - 3 * MINIMUM);
		assert_noop!(Validators::withdraw(signed(1)), Error::<Test>::NothingToWithdraw);
	});
}

#[test]
fn unbond_of_one_session_is_one_amount() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Validators::unbond(signed(1), 3));
		assert_ok!(Validators::unbond(signed(1), 4));
		assert_eq!(unbonding(1), [(7, 60)]);
		rotate_to(1);
		assert_ok!(Validators::unbond(signed(1), 5));
		assert_eq!(unbonding(1), [(7, 60), (5, 61)]);
		rotate_to(60);
		assert_ok!(Validators::withdraw(signed(1)));
		assert_eq!(unbonding(1), [(5, 61)]);
	});
}

#[test]
fn unbond_leaves_the_minimum() {
	ExtBuilder::default().build_and_execute(|| {
		for amount in [4 * MINIMUM + 1, 5 * MINIMUM, 5 * MINIMUM + 1, u128::MAX] {
			assert_noop!(Validators::unbond(signed(1), amount), Error::<Test>::BelowMinimumBond);
		}
		assert_ok!(Validators::unbond(signed(1), 4 * MINIMUM));
		assert!(Validators::is_validator(&account(1)));
	});
}

#[test]
fn unbond_leaves_twice_the_reserved_cover() {
	ExtBuilder::default().build_and_execute(|| {
		let who = account(1);
		assert_ok!(Validators::reserve_cover(&who, 2 * MINIMUM));
		assert_noop!(Validators::unbond(signed(1), MINIMUM + 1), Error::<Test>::CoverNeedsBond);
		assert_ok!(Validators::unbond(signed(1), MINIMUM));
		assert_eq!(Validators::free_cover(&who), 0);
		Validators::release_cover(&who, 1);
		assert_ok!(Validators::unbond(signed(1), 2));
		assert_noop!(Validators::unbond(signed(1), 1), Error::<Test>::CoverNeedsBond);
	});
}

#[test]
fn unbond_refuses_nothing_nobody_and_whoever_is_leaving() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Validators::unbond(signed(1), 0), Error::<Test>::ZeroAmount);
		assert_noop!(Validators::unbond(signed(4), 1), Error::<Test>::NotBonded);
		assert_ok!(Validators::leave(signed(1)));
		assert_noop!(Validators::unbond(signed(1), 1), Error::<Test>::Leaving);
	});
}

#[test]
fn unbond_refuses_more_amounts_than_it_keeps() {
	ExtBuilder::default().build_and_execute(|| {
		for session in 0..MAX_UNBONDING {
			rotate_to(session);
			assert_ok!(Validators::unbond(signed(1), 1));
		}
		// One more in a session that has one already joins it.
		assert_ok!(Validators::unbond(signed(1), 1));
		rotate_to(MAX_UNBONDING);
		assert_noop!(Validators::unbond(signed(1), 1), Error::<Test>::TooManyUnbonding);
		// The first matures, and makes room.
		rotate_to(60);
		assert_noop!(Validators::unbond(signed(1), 1), Error::<Test>::TooManyUnbonding);
		assert_ok!(Validators::withdraw(signed(1)));
		assert_ok!(Validators::unbond(signed(1), 1));
		assert_eq!(ledger(1).unbonding.last(), Some(&Unbonding { amount: 1, until: 120 }));
	});
}

#[test]
fn withdraw_needs_a_bond() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Validators::withdraw(signed(4)), Error::<Test>::NotBonded);
		assert_noop!(Validators::withdraw(signed(1)), Error::<Test>::NothingToWithdraw);
	});
}

#[test]
fn a_higher_minimum_ends_what_is_below_it_as_validator() {
	ExtBuilder::default().build_and_execute(|| {
		Parameters::<Test>::mutate(|p| p.as_mut().unwrap().minimum_bond = 3 * MINIMUM + 1);
		assert!(Validators::is_validator(&account(2)));
		assert!(!Validators::is_validator(&account(3)));
		rotate_to(2);
		assert_eq!(Session::validators(), accounts([1, 2]));
		assert_ok!(Validators::bond_more(signed(3), 1));
		rotate_to(4);
		assert_eq!(Session::validators(), accounts([1, 2, 3]));
	});
}
