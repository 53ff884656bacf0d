//! The circuit breaker: a mistake of ours must not slash the honest.
//!
//! Slashes for `WrongResult` are counted by version of the canonical operator set and hour. When
//! those of a day come to more than a third of the bonded stake, it is likelier that the version
//! is wrong than that a third of all validators are: the version is suspended, and its slashes
//! freeze until governance lifts that. Each can be cancelled before and after.

use crate::{
	Config, DueSlashes, Error, Event, FrozenSlashes, HourlyAmounts, LiftedSuspensions, Pallet,
	SessionStake, Slashes, Suspensions, Thawing, WrongResults, BLOCKS_PER_HOUR, HOURS_COUNTED,
	MAX_THAWED_PER_BLOCK,
};
use alloc::vec::Vec;
use countersign_primitives::{
	traits::{Sessions, Versions},
	Balance, BlockNumber,
};
use frame_support::{defensive, dispatch::DispatchResult};
use sp_runtime::traits::SaturatedConversion;

/// The parts of the bonded stake of which one, slashed in a day, suspends a version.
const SUSPENDING_PART: Balance = 3;

/// Hours of the chain.
pub(crate) struct Hour;

impl Hour {
	pub(crate) fn now<T: Config>() -> u32 {
		let block: u32 = frame_system::Pallet::<T>::block_number().saturated_into();
		block / BLOCKS_PER_HOUR
	}
}

/// Drops the hours that are a day old.
fn forget_old(amounts: &mut HourlyAmounts, now: u32) {
	amounts.retain(|(hour, _)| hour.saturating_add(HOURS_COUNTED) > now);
}

impl<T: Config> Pallet<T> {
	/// Counts a slash, and suspends the version if it is one too many.
	pub(crate) fn count_wrong_result(version: u16, amount: Balance) {
		let now = Hour::now::<T>();
		let total = WrongResults::<T>::mutate(version, |amounts| {
			forget_old(amounts, now);
			match amounts.iter_mut().find(|(hour, _)| *hour == now) {
				Some((_, sum)) => *sum = sum.saturating_add(amount),
				None => {
					if amounts.try_push((now, amount)).is_err() {
						defensive!("a day has no more hours than are kept");
					}
				}
			}
			amounts.iter().fold(0, |sum: Balance, (_, amount)| sum.saturating_add(*amount))
		});
		let stake = SessionStake::<T>::get();
		if total.saturating_mul(SUSPENDING_PART) > stake && !Suspensions::<T>::contains_key(version)
		{
			Suspensions::<T>::insert(version, <Self as Sessions>::current());
			Self::deposit_event(Event::VersionSuspended { version, slashes: total, stake });
		}
	}

	/// Takes a cancelled slash out of the count.
	pub(crate) fn discount_wrong_result(version: u16, hour: u32, amount: Balance) {
		WrongResults::<T>::mutate_exists(version, |amounts| {
			let Some(found) = amounts else { return };
			if let Some((_, sum)) = found.iter_mut().find(|(at, _)| *at == hour) {
				*sum = sum.saturating_sub(amount);
			}
			found.retain(|(_, sum)| *sum > 0);
			if found.is_empty() {
				*amounts = None;
			}
		});
	}

	/// Ends a suspension. Slashes that froze are deferred anew.
	pub(crate) fn do_lift_suspension(version: u16) -> DispatchResult {
		Self::ensure_suspended(version)?;
		Thawing::<T>::try_mutate(|versions| {
			if versions.contains(&version) {
				return Ok(());
			}
			versions.try_push(version).map_err(|_| Error::<T>::TooManyThawing)
		})?;
		Suspensions::<T>::remove(version);
		LiftedSuspensions::<T>::insert(
			version,
			frame_system::Pallet::<T>::block_number().saturated_into::<BlockNumber>(),
		);
		WrongResults::<T>::remove(version);
		Self::deposit_event(Event::SuspensionLifted { version });
		Ok(())
	}

	/// Puts frozen slashes of versions that are not suspended any more back into the queue.
	/// Returns how many, at most [`MAX_THAWED_PER_BLOCK`].
	pub(crate) fn thaw() -> u32 {
		let Some(version) = Thawing::<T>::get().first().copied() else { return 0 };
		let done = |thawed| {
			Thawing::<T>::mutate(|versions| versions.retain(|other| *other != version));
			thawed
		};
		if Suspensions::<T>::contains_key(version) {
			return done(0);
		}
		let ids: Vec<_> = FrozenSlashes::<T>::iter_key_prefix(version)
			.take(MAX_THAWED_PER_BLOCK as usize)
			.collect();
		let deferral = Self::consensus_parameters().slash_deferral_sessions;
		let due = <Self as Sessions>::current().saturating_add(deferral);
		let thawed = ids.len() as u32;
		for id in ids {
			FrozenSlashes::<T>::remove(version, id);
			Slashes::<T>::mutate_extant(id, |slash| {
				slash.frozen = false;
				slash.due = due;
			});
			DueSlashes::<T>::insert(due, id, ());
		}
		if thawed < MAX_THAWED_PER_BLOCK {
			return done(thawed);
		}
		thawed
	}
}

impl<T: Config> Versions for Pallet<T> {
	fn suspended(version: u16) -> bool {
		Suspensions::<T>::contains_key(version)
	}

	fn lifted_at(version: u16) -> Option<BlockNumber> {
		LiftedSuspensions::<T>::get(version)
	}
}
