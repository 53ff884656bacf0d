//! What becomes due by itself: staged packages that expire, decisions that are pruned, and the
//! flag that stops the window clock.

use crate::{
	demands::MAX_DEMANDS_EXPIRED,
	pallet::{
		Chunks, Config, Crowded, Cursors, DecisionPrunes, Decisions, Event, HoldReason, Pallet,
		StagedBy, StagingExpiries, Stagings,
	},
	replay::verdict_weight,
	types::{MAX_BUCKETS_PER_BLOCK, MAX_CHUNKS_REMOVED, MAX_PRUNES_PER_BLOCK},
	weights::WeightInfo,
};
use alloc::vec::Vec;
use countersign_primitives::{dispute::StagingId, request::RequestId, BlockNumber};
use frame_support::{
	dispatch::DispatchClass,
	traits::{fungible::MutateHold, tokens::Precision, Get},
	weights::Weight,
};
use sp_runtime::{Perbill, SaturatedConversion};

/// From which part of the operational reserve on a block counts as crowded.
const CROWDED: Perbill = Perbill::from_percent(90);
/// The most games and demands together that one block ends because somebody was silent, so that its
/// hook stays short.
const MAX_ENDED_PER_BLOCK: u32 = 4;

impl<T: Config> Pallet<T> {
	/// This block's number.
	pub(crate) fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// Everything that is due at the start of a block. Returns its weight, with that of its end.
	pub(crate) fn act_on_what_is_due(now: BlockNumber) -> Weight {
		let mut cursors = Cursors::<T>::get();
		let removed = Self::remove_expired(&mut cursors.stagings, now);
		let pruned = Self::prune_decisions(&mut cursors.decisions, now);
		let ended = Self::expire_games(&mut cursors.games);
		let most = MAX_DEMANDS_EXPIRED.min(MAX_ENDED_PER_BLOCK.saturating_sub(ended));
		let games = ended.saturating_add(Self::expire_demands(&mut cursors.demands, most));
		Cursors::<T>::put(cursors);
		let expired = verdict_weight::<T>().saturating_mul(games.into());
		T::WeightInfo::on_initialize()
			.saturating_add(T::WeightInfo::remove_chunks(removed))
			.saturating_add(T::WeightInfo::prune_decision().saturating_mul(pruned.into()))
			.saturating_add(expired)
	}

	/// Removes chunks of packages that expired before `now`, a bounded number of them. Returns how
	/// many it looked at.
	fn remove_expired(cursor: &mut BlockNumber, now: BlockNumber) -> u32 {
		let mut removed = 0u32;
		for _ in 0..MAX_BUCKETS_PER_BLOCK {
			if *cursor >= now {
				break;
			}
			let Some(id) = StagingExpiries::<T>::iter_key_prefix(*cursor).next() else {
				*cursor = cursor.saturating_add(1);
				continue;
			};
			let room = MAX_CHUNKS_REMOVED.saturating_sub(removed);
			if room == 0 {
				break;
			}
			// One by one: clearing by prefix does not count what this block wrote.
			let chunks: Vec<u32> = Chunks::<T>::iter_key_prefix(id).take(room as usize).collect();
			for chunk in &chunks {
				Chunks::<T>::remove(id, chunk);
			}
			let count = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
			removed = removed.saturating_add(count.max(1));
			if count == room && Chunks::<T>::iter_key_prefix(id).next().is_some() {
				break;
			}
			StagingExpiries::<T>::remove(*cursor, id);
			Self::forget_staging(&id);
		}
		removed
	}

	/// Gives the deposit of a package back that has no chunk any more.
	fn forget_staging(id: &StagingId) {
		let Some(staging) = Stagings::<T>::take(id) else {
			crate::impossible("what expires exists");
			return;
		};
		StagedBy::<T>::mutate_exists(&staging.owner, |count| {
			*count = count.and_then(|count| count.checked_sub(1)).filter(|count| *count > 0);
		});
		let released = T::Currency::release(
			&HoldReason::Staging.into(),
			&staging.owner,
			staging.deposit,
			Precision::Exact,
		);
		if released.is_err() {
			crate::impossible("what is recorded as held is held, and can go back to its owner");
		}
		Self::deposit_event(Event::Unstaged {
			id: *id,
			owner: staging.owner,
			deposit: staging.deposit,
		});
	}

	fn prune_decisions(cursor: &mut BlockNumber, now: BlockNumber) -> u32 {
		let mut pruned = 0u32;
		for _ in 0..MAX_BUCKETS_PER_BLOCK {
			if *cursor >= now {
				break;
			}
			let room = MAX_PRUNES_PER_BLOCK.saturating_sub(pruned);
			let due: Vec<RequestId> =
				DecisionPrunes::<T>::iter_key_prefix(*cursor).take(room as usize).collect();
			for request in &due {
				DecisionPrunes::<T>::remove(*cursor, request);
				Decisions::<T>::remove(request);
			}
			pruned = pruned.saturating_add(u32::try_from(due.len()).unwrap_or(u32::MAX));
			if pruned >= MAX_PRUNES_PER_BLOCK {
				break;
			}
			*cursor = cursor.saturating_add(1);
		}
		pruned
	}

	/// Notes at the end of a block whether operational messages crowded it.
	pub(crate) fn close_block() {
		let limits = T::BlockWeights::get();
		let normal = limits.get(DispatchClass::Normal).max_total.unwrap_or(limits.max_block);
		let reserve = limits.max_block.saturating_sub(normal);
		let used = *frame_system::BlockWeight::<T>::get().get(DispatchClass::Operational);
		let most = *T::BlockLength::get().max.get(DispatchClass::Operational);
		let length = frame_system::Pallet::<T>::block_size();
		let crowded = used.ref_time() > CROWDED * reserve.ref_time()
			|| used.proof_size() > CROWDED * reserve.proof_size()
			|| length > CROWDED * most;
		if crowded != Crowded::<T>::get() {
			Crowded::<T>::put(crowded);
		}
	}
}
