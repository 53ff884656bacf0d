//! The invariants notice what breaks them.

use super::*;
use crate::{
	Candidates, DueSlashes, FrozenSlashes, Group, Groups, InFlight, InFlightOffence, Ledgers,
	Members, Parameters, Positions, Records, ReportCursor, ReportPrunes, Reports, SessionSets,
	SessionStake, SetLengths, SlashCursor, Slashes, Unbonding,
};
use countersign_primitives::traits::Offences;
use frame_support::traits::{fungible::MutateHold, tokens::Precision};

/// Corrupts a healthy state, and expects the check to fail with a message that begins like this.
fn notices(number: &str, corrupt: impl FnOnce()) {
	ExtBuilder::default().build().execute_with(|| {
		Validators::report(proved(OffenceKind::BrokenCommit, 3, 1, 5)).unwrap();
		Validators::do_try_state().unwrap();
		corrupt();
		let error: &'static str = Validators::do_try_state().unwrap_err().into();
		assert!(error.starts_with(number), "{error}");
	});
}

fn change(n: u32, f: impl FnOnce(&mut crate::Ledger)) {
	Ledgers::<Test>::mutate(account(n), |ledger| f(ledger.as_mut().unwrap()));
}

#[test]
fn try_state_notices_every_kind_of_damage() {
	notices("1:", || Parameters::<Test>::mutate(|p| p.as_mut().unwrap().epoch_slots = 0));
	notices("2:", || {
		let reason = crate::HoldReason::Bond.into();
		Balances::release(&reason, &account(1), 1, Precision::Exact).unwrap();
	});
	notices("2:", || change(1, |ledger| ledger.bonded += 1));
	notices("3:", || change(1, |ledger| ledger.reserved = ledger.bonded + 1));
	notices("3:", || change(3, |ledger| ledger.reserved = ledger.bonded - 4));
	notices("4:", || change(1, |ledger| ledger.leaving = Some(9)));
	notices("4:", || {
		Candidates::<Test>::mutate(|list| assert!(list.remove(&account(2), 4 * MINIMUM)))
	});
	notices("4:", || {
		Candidates::<Test>::mutate(|list| {
			assert!(list.update(&account(2), 4 * MINIMUM, 9 * MINIMUM))
		})
	});
	notices("5:", || Records::<Test>::remove(account(3)));
	notices("5:", || Records::<Test>::insert(account(4), crate::Record::default()));
	notices("6:", || {
		change(1, |ledger| ledger.unbonding.try_push(Unbonding { amount: 0, until: 3 }).unwrap())
	});
	notices("7:", || SessionSets::<Test>::insert(1, 0));
	notices("7:", || SessionSets::<Test>::remove(0));
	notices("8:", || SetLengths::<Test>::insert(5, 1));
	notices("8:", || SetLengths::<Test>::insert(0, 2));
	notices("9:", || SetLengths::<Test>::insert(0, 4));
	notices("9:", || Positions::<Test>::insert(account(2), 2));
	notices("9:", || Positions::<Test>::insert(account(9), 3));
	notices("9:", || {
		let (one, two) = (Members::<Test>::get(0, 0).unwrap(), Members::<Test>::get(0, 1).unwrap());
		Members::<Test>::insert(0, 0, two);
		Members::<Test>::insert(0, 1, one);
	});
	notices("10:", || change(3, |ledger| ledger.pending.covers += 1));
	notices("10:", || change(1, |ledger| ledger.pending.own += 1));
	notices("10:", || change(1, |ledger| ledger.pending.own_slashes += 1));
	notices("10:", || Slashes::<Test>::mutate(0, |slash| slash.as_mut().unwrap().amount = 0));
	notices("11:", || DueSlashes::<Test>::remove(1, 0));
	notices("11:", || DueSlashes::<Test>::insert(2, 0, ()));
	notices("11:", || FrozenSlashes::<Test>::insert(1, 0, ()));
	notices("11:", || Slashes::<Test>::mutate(0, |slash| slash.as_mut().unwrap().due = 2));
	notices("11:", || Slashes::<Test>::mutate(0, |slash| slash.as_mut().unwrap().frozen = true));
	let key = || Reports::<Test>::iter_keys().next().unwrap();
	notices("12:", || ReportPrunes::<Test>::remove(11, key()));
	notices("12:", || ReportPrunes::<Test>::insert(12, key(), ()));
	notices("12:", || {
		let _ = pallet_offences::Reports::<Test>::clear(1, None);
	});
	notices("12:", || Reports::<Test>::remove(key()));
	notices("13:", || Groups::<Test>::insert(Hash::zero(), Group { offenders: 1, references: 1 }));
	notices("14:", || {
		InFlightOffence::<Test>::put(InFlight {
			offender: account(1),
			cause: Reports::<Test>::get(key()).unwrap().cause,
			amount: 1,
			set_length: 0,
			reporter: None,
			version: None,
		})
	});
	notices("14:", || SlashCursor::<Test>::put(2));
	notices("14:", || ReportCursor::<Test>::put(12));
	notices("15:", || SessionStake::<Test>::mutate(|stake| *stake += 1));
}
