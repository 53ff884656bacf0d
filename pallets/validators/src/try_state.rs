//! What is always true of this pallet's storage.

use crate::{
	Candidates, Cause, Config, CurrencyOf, CurrentSet, DueSlashes, FrozenSlashes, Groups,
	InFlightOffence, Ledgers, Members, OldestSession, Pallet, Planned, Positions, PrunedMembers,
	Records, ReportCursor, ReportPrunes, Reports, SessionSets, SessionStake, SetLengths,
	SlashCursor, Slashes,
};
use alloc::{collections::BTreeMap, vec::Vec};
use countersign_primitives::{parameters::MAX_VALIDATORS, AccountId, Balance, Hash, SessionIndex};
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	///
	/// 1. The parameters are inside their ranges.
	/// 2. The hold of each validator is its bond in force plus all that is unbonding.
	/// 3. Reserved cover and pending slashes together never exceed what is on hold.
	/// 4. The list of candidates is sorted, and holds exactly the bonds that are not leaving.
	/// 5. Each ledger has a record, and each record a ledger.
	/// 6. No unbonding amount is zero, and no two mature in the same session.
	/// 7. The table knows every session from the oldest to the current one, and none else.
	/// 8. Each set has a session that refers to it, and nobody beyond its length.
	/// 9. The current set is that of pallet-session, in the same order, with the positions of
	///    exactly its members.
	/// 10. What each ledger says of pending slashes is their sum, by the half that they take from.
	/// 11. Each slash waits in one place: in the session that it is due in, or frozen under its
	///     version; and nothing else waits.
	/// 12. Each report is known to pallet-offences and is forgotten once; and nothing else is.
	/// 13. Each group has as many references as reports and slashes refer to it.
	/// 14. No offence is in flight, and nothing waits in a session that was worked off.
	/// 15. The stake of the session planned is the sum of its bonds.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		ensure!(Self::consensus_parameters().check_ranges().is_ok(), "1: parameters out of range");
		Self::check_bonds()?;
		Self::check_sessions()?;
		Self::check_slashes()?;
		Self::check_reports()
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
			ensure!(ledger.owed() <= ledger.held(), "3: more cover and slashes than bond");
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

	fn check_slashes() -> Result<(), TryRuntimeError> {
		let mut pending: BTreeMap<AccountId, (Balance, Balance, u32)> = BTreeMap::new();
		let mut frozen = 0;
		let mut due = 0;
		for (id, slash) in Slashes::<T>::iter() {
			ensure!(slash.amount > 0, "10: a slash of nothing");
			let (covers, own, count) = pending.entry(slash.offender.clone()).or_default();
			if slash.cause.is_own() {
				*own = own.saturating_add(slash.amount);
				*count = count.saturating_add(1);
			} else {
				*covers = covers.saturating_add(slash.amount);
			}
			match slash.version {
				Some(version) if slash.frozen => {
					frozen += 1;
					ensure!(
						FrozenSlashes::<T>::contains_key(version, id),
						"11: a frozen slash is nowhere"
					);
				}
				_ => {
					due += 1;
					ensure!(!slash.frozen, "11: a slash without version is frozen");
					ensure!(
						DueSlashes::<T>::contains_key(slash.due, id),
						"11: a slash is not in the queue"
					);
				}
			}
		}
		ensure!(
			DueSlashes::<T>::iter_keys().count() == due
				&& FrozenSlashes::<T>::iter_keys().count() == frozen,
			"11: something else waits"
		);
		let cursor = SlashCursor::<T>::get();
		ensure!(
			DueSlashes::<T>::iter_keys().all(|(session, _)| session >= cursor),
			"14: a slash waits in the past"
		);
		for (account, ledger) in Ledgers::<T>::iter() {
			let (covers, own, count) = pending.remove(&account).unwrap_or_default();
			ensure!(
				ledger.pending.covers == covers
					&& ledger.pending.own == own
					&& ledger.pending.own_slashes == count,
				"10: pending slashes are not what their ledger says"
			);
		}
		ensure!(pending.is_empty(), "10: a slash without a ledger");
		let stake = Planned::<T>::get()
			.iter()
			.fold(0, |sum: Balance, (_, exposure)| sum.saturating_add(exposure.bond));
		ensure!(SessionStake::<T>::get() == stake, "15: the stake is not the sum of the bonds");
		Ok(())
	}

	fn check_reports() -> Result<(), TryRuntimeError> {
		ensure!(!InFlightOffence::<T>::exists(), "14: an offence is in flight");
		let mut references: BTreeMap<Hash, u32> = BTreeMap::new();
		let mut refer = |cause: &Cause| {
			if let Cause::Consensus { .. } = cause {
				let count = references.entry(cause.group_key()).or_default();
				*count = count.saturating_add(1);
			}
		};
		for slash in Slashes::<T>::iter_values() {
			refer(&slash.cause);
		}
		let mut reports = 0;
		for (key, report) in Reports::<T>::iter() {
			reports += 1;
			refer(&report.cause);
			ensure!(
				key == report.cause.report_key(&report.offender)
					&& ReportPrunes::<T>::contains_key(report.forget_at, key),
				"12: a report is not forgotten"
			);
			ensure!(
				pallet_offences::Reports::<T>::contains_key(Self::offences_key(&report)),
				"12: pallet-offences does not know a report"
			);
		}
		ensure!(
			ReportPrunes::<T>::iter_keys().count() == reports
				&& pallet_offences::Reports::<T>::iter_keys().count() == reports,
			"12: something else is remembered"
		);
		let cursor = ReportCursor::<T>::get();
		ensure!(
			ReportPrunes::<T>::iter_keys().all(|(session, _)| session >= cursor),
			"14: a report waits in the past"
		);
		let groups: BTreeMap<_, _> =
			Groups::<T>::iter().map(|(key, group)| (key, group.references)).collect();
		ensure!(groups == references, "13: a group with other references");
		Ok(())
	}
}
