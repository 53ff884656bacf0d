//! What is always true of this pallet's storage.

use crate::{
	Candidates, Config, CurrencyOf, CurrentSet, Ledgers, Members, OldestSession, Pallet, Positions,
	PrunedMembers, Records, SessionSets, SetLengths,
};
use alloc::{collections::BTreeMap, vec::Vec};
use countersign_primitives::{parameters::MAX_VALIDATORS, SessionIndex};
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	///
	/// 1. The parameters are inside their ranges.
	/// 2. The hold of each validator is its bond in force plus all that is unbonding.
	/// 3. Reserved cover never exceeds the bond in force.
	/// 4. The list of candidates is sorted, and holds exactly the bonds that are not leaving.
	/// 5. Each ledger has a record, and each record a ledger.
	/// 6. No unbonding amount is zero, and no two mature in the same session.
	/// 7. The table knows every session from the oldest to the current one, and none else.
	/// 8. Each set has a session that refers to it, and nobody beyond its length.
	/// 9. The current set is that of pallet-session, in the same order, with the positions of
	///    exactly its members.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		ensure!(Self::consensus_parameters().check_ranges().is_ok(), "1: parameters out of range");
		Self::check_bonds()?;
		Self::check_sessions()
	}

	fn check_bonds() -> Result<(), TryRuntimeError> {
		let list = Candidates::<T>::get();
		ensure!(list.is_sorted(), "4: candidates are not sorted");
		let listed: BTreeMap<_, _> =
			list.iter().map(|candidate| (candidate.account.clone(), candidate.bond)).collect();
		let mut staying = 0;
		for (account, ledger) in Ledgers::<T>::iter() {
			ensure!(
				CurrencyOf::<T>::balance_on_hold(&Self::reason(), &account) == ledger.held(),
				"2: a hold is not what its ledger says"
			);
			ensure!(ledger.reserved <= ledger.bonded, "3: more cover than bond");
			if ledger.leaving.is_none() {
				staying += 1;
				ensure!(
					listed.get(&account) == Some(&ledger.bonded),
					"4: a bond is not in the list of candidates"
				);
			}
			ensure!(Records::<T>::contains_key(&account), "5: a ledger without a record");
			let mut sessions: Vec<_> = ledger.unbonding.iter().map(|chunk| chunk.until).collect();
			sessions.sort_unstable();
			sessions.dedup();
			ensure!(
				sessions.len() == ledger.unbonding.len()
					&& ledger.unbonding.iter().all(|chunk| chunk.amount > 0),
				"6: empty or divided unbonding amounts"
			);
		}
		ensure!(staying == listed.len(), "4: a candidate without a bond");
		for account in Records::<T>::iter_keys() {
			ensure!(Ledgers::<T>::contains_key(account), "5: a record without a ledger");
		}
		Ok(())
	}

	fn check_sessions() -> Result<(), TryRuntimeError> {
		let Some((current_set, _)) = CurrentSet::<T>::get() else {
			ensure!(SessionSets::<T>::iter_keys().next().is_none(), "7: a table without a set");
			return Ok(());
		};
		let current = pallet_session::Pallet::<T>::current_index();
		let mut sessions: Vec<SessionIndex> = SessionSets::<T>::iter_keys().collect();
		sessions.sort_unstable();
		ensure!(
			sessions.iter().copied().eq(OldestSession::<T>::get()..=current),
			"7: the table has gaps, or sessions that do not exist"
		);
		let mut sets: Vec<_> = SessionSets::<T>::iter_values().collect();
		sets.sort_unstable();
		sets.dedup();
		let mut lengths: Vec<_> = SetLengths::<T>::iter().collect();
		lengths.sort_unstable();
		ensure!(
			lengths.iter().map(|(set, _)| *set).eq(sets.iter().copied()),
			"8: a set without a session, or without a length"
		);
		for (set, index, _) in Members::<T>::iter() {
			let length = SetLengths::<T>::get(set).unwrap_or_default();
			ensure!(index < length && length <= MAX_VALIDATORS, "8: a member outside of its set");
		}
		ensure!(
			PrunedMembers::<T>::get()
				<= SessionSets::<T>::get(OldestSession::<T>::get())
					.and_then(SetLengths::<T>::get)
					.unwrap_or_default(),
			"8: more members pruned than there were"
		);
		let validators = pallet_session::Pallet::<T>::validators();
		ensure!(
			SetLengths::<T>::get(current_set).map(|length| length as usize)
				== Some(validators.len()),
			"9: the current set has another length than the session"
		);
		let mut placed = 0;
		for (index, account) in (0..).zip(&validators) {
			if let Some(member) = Members::<T>::get(current_set, index) {
				placed += 1;
				ensure!(member.account == *account, "9: the current set has another order");
				ensure!(
					Positions::<T>::get(account) == Some(index),
					"9: a position is not where its member is"
				);
			}
		}
		ensure!(Positions::<T>::iter().count() == placed, "9: a position without a member");
		Ok(())
	}
}
