//! What holds after any sequence of calls.

use super::*;
use crate::{Ledgers, MAX_UNBONDING};
use countersign_primitives::{traits::Bonds, Balance, UNIT};
use frame_support::traits::fungible::Inspect;
use proptest::prelude::*;

/// Who may act: three validators of genesis, and two newcomers.
const ACTORS: u32 = 5;

#[derive(Clone, Debug)]
enum Action {
	Bond(u32, Balance),
	BondMore(u32, Balance),
	Unbond(u32, Balance),
	Leave(u32),
	Rejoin(u32),
	Withdraw(u32),
	SetKeys(u32, u32),
	Reserve(u32, Balance),
	Release(u32, Balance),
	Sessions(u32),
}

/// Around what matters: the minimum, its multiples, and the ends of the scale.
fn amount() -> impl Strategy<Value = Balance> {
	prop_oneof![
		6 => (0u128..6 * MINIMUM / UNIT).prop_map(|tokens| tokens * UNIT),
		2 => Just(MINIMUM),
		1 => 0u128..3,
		1 => Just(ENDOWMENT),
		1 => any::<u128>(),
	]
}

fn action() -> impl Strategy<Value = Action> {
	let who = || 1..=ACTORS;
	prop_oneof![
		2 => (who(), amount()).prop_map(|(n, a)| Action::Bond(n, a)),
		2 => (who(), amount()).prop_map(|(n, a)| Action::BondMore(n, a)),
		4 => (who(), amount()).prop_map(|(n, a)| Action::Unbond(n, a)),
		2 => who().prop_map(Action::Leave),
		2 => who().prop_map(Action::Rejoin),
		3 => who().prop_map(Action::Withdraw),
		1 => (who(), 1u32..9).prop_map(|(n, key)| Action::SetKeys(n, key)),
		4 => (who(), amount()).prop_map(|(n, a)| Action::Reserve(n, a)),
		2 => (who(), amount()).prop_map(|(n, a)| Action::Release(n, a)),
		3 => (1u32..25).prop_map(Action::Sessions),
	]
}

/// Whether the action succeeded.
fn apply(action: Action) -> bool {
	use frame_support::dispatch::{DispatchResult, GetDispatchInfo};
	use sp_runtime::traits::Dispatchable;
	let call = |n: u32, call: crate::Call<Test>| -> DispatchResult {
		let call = RuntimeCall::Validators(call);
		assert!(call.get_dispatch_info().call_weight.all_gt(Default::default()));
		call.dispatch(signed(n)).map(|_| ()).map_err(|e| e.error)
	};
	match action {
		Action::Bond(n, amount) => call(n, crate::Call::bond { amount }),
		Action::BondMore(n, amount) => call(n, crate::Call::bond_more { amount }),
		Action::Unbond(n, amount) => call(n, crate::Call::unbond { amount }),
		Action::Leave(n) => call(n, crate::Call::leave {}),
		Action::Rejoin(n) => call(n, crate::Call::rejoin {}),
		Action::Withdraw(n) => call(n, crate::Call::withdraw {}),
		Action::SetKeys(n, key) => {
			let (keys, proof) = keys_and_proof(&account(n), key);
			let call = RuntimeCall::Session(pallet_session::Call::set_keys { keys, proof });
			call.dispatch(signed(n)).map(|_| ()).map_err(|e| e.error)
		}
		Action::Reserve(n, amount) => Validators::reserve_cover(&account(n), amount),
		Action::Release(n, amount) => {
			Validators::release_cover(&account(n), amount);
			Ok(())
		}
		Action::Sessions(count) => {
			for _ in 0..count {
				Session::rotate_session();
				Validators::prune();
			}
			Ok(())
		}
	}
	.is_ok()
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(192))]

	#[test]
	fn holds_are_conserved_and_cover_stays_within_half_of_the_bond(
		actions in proptest::collection::vec(action(), 1..60),
	) {
		ExtBuilder::default().build().execute_with(|| {
			let issuance = Balances::total_issuance();
			let deposits: Vec<_> =
				(1..=ACTORS).map(|n| Balances::total_balance(&account(n))).collect();
			for action in actions {
				let root = sp_io::storage::root(sp_core::storage::StateVersion::V1);
				let described = format!("{action:?}");
				let done = apply(action);
				if !done {
					let after = sp_io::storage::root(sp_core::storage::StateVersion::V1);
					assert_eq!(root, after, "{described} failed, and changed something");
				}
				Validators::do_try_state()
					.unwrap_or_else(|error| panic!("{described}: {error:?}"));
				for n in 1..=ACTORS {
					let who = account(n);
					assert!(
						Validators::reserved_cover(&who) <= Validators::bonded(&who) / 2,
						"{described}: more than half of the bond is reserved"
					);
					assert!(
						Validators::free_cover(&who) + Validators::reserved_cover(&who)
							<= Validators::bonded(&who) / 2
					);
					let total = Balances::total_balance(&who);
					assert_eq!(Some(&total), deposits.get(n as usize - 1));
					let ledger = Ledgers::<Test>::get(&who).unwrap_or_default();
					assert_eq!(held(&who), ledger.held());
					assert!(ledger.unbonding.len() as u32 <= MAX_UNBONDING);
					if ledger.leaving.is_none() && ledger.bonded > 0 {
						assert!(ledger.bonded >= MINIMUM);
						assert!(Validators::is_validator(&who));
					}
				}
				assert_eq!(Balances::total_issuance(), issuance);
				assert!(!Session::validators().is_empty());
			}
		});
	}

	#[test]
	fn nothing_is_released_before_the_unbonding_period(
		bond in MINIMUM..10 * MINIMUM,
		part in 1u128..10 * MINIMUM,
		wait in 0u32..60,
	) {
		ExtBuilder::default().build().execute_with(|| -> Result<(), TestCaseError> {
			prop_assert!(apply(Action::Bond(4, bond)));
			apply(Action::Unbond(4, part));
			prop_assert!(apply(Action::Leave(4)));
			apply(Action::Sessions(wait));
			prop_assert!(!apply(Action::Withdraw(4)));
			prop_assert_eq!(held(&account(4)), bond);
			apply(Action::Sessions(60 - wait));
			prop_assert!(apply(Action::Withdraw(4)));
			prop_assert_eq!(held(&account(4)), 0);
			prop_assert_eq!(Balances::free_balance(account(4)), ENDOWMENT);
			Ok(())
		})?;
	}
}
