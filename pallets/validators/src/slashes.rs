//! From a pending slash to stake that moved, or to none.

use crate::{
	consensus_fraction, Candidates, Cause, Config, CurrencyOf, DueSlashes, Error, Event,
	FrozenSlashes, Groups, Ledger, Ledgers, Pallet, Slash, SlashCursor, SlashId, Slashes,
	Suspensions, MAX_BUCKETS_PER_BLOCK, MAX_SLASHES_PER_BLOCK, REPORTER_PART,
};
use alloc::vec::Vec;
use countersign_primitives::{traits::Sessions, AccountId, Balance, SessionIndex};
use frame_support::{
	defensive,
	dispatch::DispatchResult,
	ensure,
	storage::with_storage_layer,
	traits::{
		fungible::MutateHold,
		tokens::{Fortitude, Precision, Restriction},
	},
};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
	/// Applies slashes that are due. Returns how many it looked at, at most
	/// [`MAX_SLASHES_PER_BLOCK`].
	pub(crate) fn apply_due_slashes() -> u32 {
		let now = <Self as Sessions>::current();
		let start = SlashCursor::<T>::get();
		let mut cursor = start;
		let mut looked_at: u32 = 0;
		for _ in 0..MAX_BUCKETS_PER_BLOCK {
			let left = MAX_SLASHES_PER_BLOCK.saturating_sub(looked_at);
			if cursor > now || left == 0 {
				break;
			}
			let due: Vec<_> =
				DueSlashes::<T>::iter_key_prefix(cursor).take(left as usize).collect();
			looked_at = looked_at.saturating_add(due.len() as u32);
			let emptied = (due.len() as u32) < left;
			for id in due {
				DueSlashes::<T>::remove(cursor, id);
				Self::apply_slash(id, now);
			}
			// New slashes are due in later sessions only.
			if !emptied || cursor == now {
				break;
			}
			cursor = cursor.saturating_add(1);
		}
		if cursor != start {
			SlashCursor::<T>::put(cursor);
		}
		looked_at
	}

	fn apply_slash(id: SlashId, now: SessionIndex) {
		let Some(mut slash) = Slashes::<T>::get(id) else {
			defensive!("every slash that is due is there");
			return;
		};
		if let Some(version) = slash.version {
			if slash.cause.is_wrong_result() && Suspensions::<T>::contains_key(version) {
				slash.frozen = true;
				FrozenSlashes::<T>::insert(version, id, ());
				Self::deposit_event(Event::SlashFrozen {
					slash: id,
					validator: slash.offender.clone(),
					version,
				});
				Slashes::<T>::insert(id, slash);
				return;
			}
		}
		let Some(mut ledger) = Ledgers::<T>::get(&slash.offender) else {
			defensive!("a ledger stays while a slash stands on it");
			Slashes::<T>::remove(id);
			Self::leave_group(&slash.cause, false);
			return;
		};
		let amount = Self::amount_in_the_end(&slash);
		let bonded = ledger.bonded;
		Self::drop_pending(&mut ledger, &slash);
		let amount = ledger.take(amount);
		if slash.cause.is_own() {
			let window = Self::consensus_parameters().report_window_sessions;
			ledger.note_taken(amount, now, now.saturating_add(window));
		}
		match Self::move_stake(&slash, amount) {
			Ok(rewarded) => {
				if ledger.leaving.is_none()
					&& !Candidates::<T>::mutate(|list| {
						list.update(&slash.offender, bonded, ledger.bonded)
					}) {
					defensive!("a bond that is not leaving is in the list of candidates");
				}
				Ledgers::<T>::insert(&slash.offender, ledger);
				Self::deposit_event(Event::Slashed {
					slash: id,
					validator: slash.offender.clone(),
					cause: slash.cause.clone(),
					amount,
					burned: amount.saturating_sub(rewarded),
				});
				if let (true, Some(reporter)) = (rewarded > 0, slash.reporter.clone()) {
					Self::deposit_event(Event::Rewarded { slash: id, reporter, amount: rewarded });
				}
			}
			Err(_) => {
				defensive!("what a ledger says is on hold");
				Ledgers::<T>::mutate_extant(&slash.offender, |ledger| {
					Self::drop_pending(ledger, &slash);
				});
			}
		}
		Slashes::<T>::remove(id);
		Self::leave_group(&slash.cause, false);
	}

	/// What a slash takes: a consensus offence less than its most, unless many committed it.
	fn amount_in_the_end(slash: &Slash) -> Balance {
		match slash.cause {
			Cause::Inference { .. } => slash.amount,
			Cause::Consensus { .. } => {
				let offenders = Groups::<T>::get(slash.cause.group_key())
					.map_or(1, |group| group.offenders.max(1));
				let fraction = consensus_fraction(offenders, slash.set_length);
				fraction.mul_floor(slash.exposure.bond).min(slash.amount)
			}
		}
	}

	/// Takes a slash off what stands on a bond.
	fn drop_pending(ledger: &mut Ledger, slash: &Slash) {
		let pending = &mut ledger.pending;
		if slash.cause.is_own() {
			pending.own = pending.own.saturating_sub(slash.amount);
			pending.own_slashes = pending.own_slashes.saturating_sub(1);
		} else {
			pending.covers = pending.covers.saturating_sub(slash.amount);
		}
	}

	/// Rewards the reporter and burns the rest. Returns the reward.
	fn move_stake(slash: &Slash, amount: Balance) -> Result<Balance, DispatchError> {
		with_storage_layer(|| {
			let mut rewarded = REPORTER_PART.mul_floor(amount);
			let reporter = slash.reporter.as_ref().filter(|who| **who != slash.offender);
			if reporter.is_none_or(|who| Self::reward(&slash.offender, who, rewarded).is_err()) {
				rewarded = 0;
			}
			let burned = amount.saturating_sub(rewarded);
			if burned > 0 {
				CurrencyOf::<T>::burn_held(
					&Self::reason(),
					&slash.offender,
					burned,
					Precision::Exact,
					Fortitude::Force,
				)?;
			}
			Ok(rewarded)
		})
	}

	/// One who cannot receive, because it would stay below the existential deposit, gets nothing.
	fn reward(from: &AccountId, to: &AccountId, amount: Balance) -> DispatchResult {
		with_storage_layer(|| {
			CurrencyOf::<T>::transfer_on_hold(
				&Self::reason(),
				from,
				to,
				amount,
				Precision::Exact,
				Restriction::Free,
				Fortitude::Force,
			)
			.map(|_| ())
		})
	}

	/// Drops a slash that is not applied yet.
	pub(crate) fn do_cancel_slash(id: SlashId) -> DispatchResult {
		let slash = Slashes::<T>::take(id).ok_or(Error::<T>::UnknownSlash)?;
		match slash.version {
			Some(version) if slash.frozen => FrozenSlashes::<T>::remove(version, id),
			_ => DueSlashes::<T>::remove(slash.due, id),
		}
		Ledgers::<T>::mutate_extant(&slash.offender, |ledger| Self::drop_pending(ledger, &slash));
		Self::leave_group(&slash.cause, true);
		if let (true, Some(version)) = (slash.cause.is_wrong_result(), slash.version) {
			Self::discount_wrong_result(version, slash.hour, slash.amount);
		}
		Self::deposit_event(Event::SlashCancelled {
			slash: id,
			validator: slash.offender,
			amount: slash.amount,
		});
		Ok(())
	}

	/// The pending slashes of a validator, or of all, oldest first; at most `most`.
	pub fn pending_slashes(of: Option<&AccountId>, most: usize) -> Vec<(SlashId, Slash)> {
		let mut found: Vec<_> = Slashes::<T>::iter()
			.filter(|(_, slash)| of.is_none_or(|who| slash.offender == *who))
			.take(most)
			.collect();
		found.sort_by_key(|(id, _)| *id);
		found
	}

	/// Refuses what is not suspended.
	pub(crate) fn ensure_suspended(version: u16) -> DispatchResult {
		ensure!(Suspensions::<T>::contains_key(version), Error::<T>::NotSuspended);
		Ok(())
	}
}
