//! Queues by time, and what a block does with what is due.
//!
//! A queue is a double map from a bucket (a block, or a tick of the window clock) and an item. A
//! cursor says from where on buckets may hold anything. One block takes a bounded number of items
//! out, oldest bucket first; what is left keeps its place and comes first in the next block. No
//! item can hold up another, because acting on one never fails in a way that puts it back.

use crate::{
	pallet::{
		Config, Cursors, Deadlines, Event, Finals, Outcomes, Pallet, Prunes, ReceiptPrunes,
		ReceiptRoots, Receipts, Requests, Results, Waiting, WindowClock,
	},
	types::{
		ReceiptsDigest, RefundReason, Request, MAX_ATTEMPTS, MAX_BUCKETS_PER_BLOCK,
		MAX_EXPIRIES_PER_BLOCK, MAX_FINALS_PER_BLOCK, MAX_PRUNES_PER_BLOCK, MAX_RECEIPTS_PER_BLOCK,
		RECEIPTS_ENGINE_ID, WORST_RETRY_SCANS,
	},
	weights::WeightInfo,
};
use alloc::vec::Vec;
use codec::{Encode, EncodeLike, FullCodec};
use countersign_primitives::{
	audit::Audits,
	commitment::{leaf_hash, merkle_top},
	parameters::RequestParameters,
	request::{Receipt, RequestId, RequestStatus},
	traits::Bonds,
	BlockNumber, Hash,
};
use frame_support::{storage::IterableStorageDoubleMap, traits::Get, weights::Weight};
use sp_runtime::{
	traits::{One, Saturating},
	DigestItem,
};

/// Takes up to `limit` items out of the buckets below `until`, oldest bucket first, and moves the
/// cursor to the first bucket that may still hold something.
pub(crate) fn take_due<Queue, Bucket, Item>(
	cursor: &mut Bucket,
	until: Bucket,
	limit: u32,
) -> Vec<Item>
where
	Queue: IterableStorageDoubleMap<Bucket, Item, ()>,
	Bucket: FullCodec + Copy + PartialOrd + One + Saturating,
	Item: FullCodec,
	for<'a> &'a Item: EncodeLike<Item>,
{
	let mut taken = Vec::new();
	for _ in 0..MAX_BUCKETS_PER_BLOCK {
		if *cursor >= until {
			break;
		}
		let room = (limit as usize).saturating_sub(taken.len());
		let mut items: Vec<Item> =
			Queue::iter_key_prefix(*cursor).take(room.saturating_add(1)).collect();
		let is_whole = items.len() <= room;
		items.truncate(room);
		for item in &items {
			Queue::remove(*cursor, item);
		}
		taken.extend(items);
		if !is_whole {
			break;
		}
		*cursor = cursor.saturating_add(One::one());
	}
	taken
}

/// The root over receipts; see [`ReceiptsDigest`].
pub fn receipts_root(receipts: &[Receipt]) -> Hash {
	let leaves = receipts
		.iter()
		.zip(0u32..)
		.map(|(receipt, index)| leaf_hash(index, &receipt.encode()))
		.collect();
	merkle_top(leaves)
}

impl<T: Config> Pallet<T> {
	/// Everything that becomes due by itself. Returns the weight of that, and of what the end of
	/// the block will do beyond what its requests paid for.
	pub(crate) fn act_on_what_is_due(now: BlockNumber) -> Weight {
		let mut weight = T::WeightInfo::on_initialize();
		let mut add = |each: Weight, count: usize| {
			weight = weight.saturating_add(each.saturating_mul(count as u64));
		};
		if T::ClockRuns::get() {
			WindowClock::<T>::mutate(|clock| *clock = clock.saturating_add(1));
		}
		let mut cursors = Cursors::<T>::get();

		// A deadline is the last block in which something may be done: it is over now.
		let expired: Vec<RequestId> =
			take_due::<Deadlines<T>, _, _>(&mut cursors.deadlines, now, MAX_EXPIRIES_PER_BLOCK);
		add(T::WeightInfo::expire(), expired.len());
		for id in expired {
			Self::expire(&id, now);
		}

		let finals: Vec<RequestId> = take_due::<Finals<T>, _, _>(
			&mut cursors.finals,
			WindowClock::<T>::get().saturating_add(1),
			MAX_FINALS_PER_BLOCK,
		);
		add(T::WeightInfo::settle().saturating_add(T::Audits::close_weight()), finals.len());
		for id in finals {
			if Self::is_kept_open(&id) {
				continue;
			}
			if Self::end_window(&id).is_err() {
				crate::impossible("only open results wait for Final, and the hook leaves room");
			}
		}

		let ended: Vec<RequestId> =
			take_due::<Prunes<T>, _, _>(&mut cursors.prunes, now, MAX_PRUNES_PER_BLOCK);
		add(T::WeightInfo::prune(), ended.len());
		for id in ended {
			Self::prune(&id);
		}

		let blocks: Vec<BlockNumber> = take_due::<ReceiptPrunes<T>, _, _>(
			&mut cursors.receipt_prunes,
			now,
			MAX_PRUNES_PER_BLOCK,
		);
		add(T::WeightInfo::prune_receipts(), blocks.len());
		for block in blocks {
			Receipts::<T>::remove(block);
			ReceiptRoots::<T>::remove(block);
		}

		Cursors::<T>::put(cursors);
		if Waiting::<T>::iter_keys().next().is_some() {
			weight = weight.saturating_add(T::WeightInfo::retry(WORST_RETRY_SCANS));
		}
		weight
	}

	/// Acts on an open request whose time is over. It is in no bucket of the deadlines any more.
	pub(crate) fn expire(id: &RequestId, now: BlockNumber) {
		let Some(mut request) = Requests::<T>::get(id) else {
			crate::impossible("what has a deadline exists");
			return;
		};
		match request.status {
			RequestStatus::Waiting => {
				Waiting::<T>::remove(request.is_take_over(), id);
				let reason = if Self::is_in_doubt(request.canonical_version) {
					RefundReason::VersionSuspended
				} else if request.is_take_over() {
					RefundReason::NotAnswered
				} else {
					RefundReason::NoServer
				};
				Self::refund(id, request, reason, None);
			}
			RequestStatus::Assigned => {
				Self::note_missed(id, &request);
				if request.tried.len() < MAX_ATTEMPTS as usize {
					request.active = None;
					request.status = RequestStatus::Waiting;
					request.due = now
						.saturating_add(request.rules.take_over_base_blocks)
						.saturating_add(RequestParameters::cost_blocks(request.macs));
					Deadlines::<T>::insert(request.due, id, ());
					Waiting::<T>::insert(true, id, ());
					Requests::<T>::insert(id, request);
				} else {
					Self::refund(id, request, RefundReason::NotAnswered, None);
				}
			}
			RequestStatus::InputDemanded => {
				Self::end_work(&request);
				let owed = request.active.as_ref().map(|active| {
					T::Bonds::release_cover(&active.assignment.account, active.assignment.cover);
					(active.assignment.account.clone(), request.rules.withheld_fee(&request.terms))
				});
				Self::refund(id, request, RefundReason::InputWithheld, owed);
			}
			RequestStatus::Answered
			| RequestStatus::Refunded
			| RequestStatus::Invalidated
			| RequestStatus::Settled => {
				crate::impossible("only open requests have deadlines");
			}
		}
	}

	/// Forgets an ended request, its result and its outcome.
	pub(crate) fn prune(id: &RequestId) {
		Requests::<T>::remove(id);
		Results::<T>::remove(id);
		Outcomes::<T>::remove(id);
		Self::forget_deliveries(id);
		Self::deposit_event(Event::Pruned { request: *id });
	}

	/// Releases a validator that did not answer in time. That costs its record and no stake.
	fn note_missed(id: &RequestId, request: &Request) {
		Self::end_work(request);
		if let Some(active) = &request.active {
			let validator = active.assignment.account.clone();
			T::Bonds::release_cover(&validator, active.assignment.cover);
			T::Bonds::note_service(&validator, false);
			Self::deposit_event(Event::Missed { request: *id, validator });
		}
	}

	/// Whether this block can take one more receipt. The hook at the start of a block uses a
	/// small part of the room, verdicts the rest.
	pub(crate) fn has_room_for_receipt() -> bool {
		Receipts::<T>::decode_len(Self::now()).unwrap_or(0) < MAX_RECEIPTS_PER_BLOCK as usize
	}

	/// Commits to the receipts of this block, if it has any.
	pub(crate) fn commit_to_receipts(now: BlockNumber) {
		if !Receipts::<T>::contains_key(now) {
			return;
		}
		let receipts = Receipts::<T>::get(now);
		let count = u32::try_from(receipts.len()).unwrap_or(u32::MAX);
		let root = receipts_root(&receipts);
		ReceiptRoots::<T>::insert(now, root);
		let retention = crate::pallet::Parameters::<T>::get().retention_blocks;
		ReceiptPrunes::<T>::insert(now.saturating_add(retention), now, ());
		frame_system::Pallet::<T>::deposit_log(DigestItem::Consensus(
			RECEIPTS_ENGINE_ID,
			ReceiptsDigest { root, count }.encode(),
		));
		Self::deposit_event(Event::ReceiptsCommitted { root, count });
	}
}
