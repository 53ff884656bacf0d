//! Tests, by what a validator does.

mod bonding;
mod cover;
mod genesis;
mod leaving;
mod properties;
mod pruning;
mod sessions;
mod try_state;

use crate::mock::*;
use countersign_primitives::AccountId;

fn signed(n: u32) -> RuntimeOrigin {
	RuntimeOrigin::signed(account(n))
}

/// The candidates in the order of the list.
fn candidates() -> Vec<AccountId> {
	crate::Candidates::<Test>::get().iter().map(|c| c.account.clone()).collect()
}

/// Accounts by number.
fn accounts(numbers: impl IntoIterator<Item = u32>) -> Vec<AccountId> {
	numbers.into_iter().map(account).collect()
}
