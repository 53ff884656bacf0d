//! Queues by time, and what a block does with what is due.
//!
//! A queue is a double map from a bucket (a block, a session, a tick of the window clock) and an
//! item. A cursor says from where on buckets may hold anything. One block takes a bounded number of
//! items out, oldest bucket first; what is left keeps its place and comes first in the next block.

use crate::{
	draws::Tried,
	pallet::{
		Audits, Closings, Config, Cursors, Draws, Lates, Pallet, Prunes, RecordCursor, Records,
		Rounds,
	},
	types::{
		MAX_BUCKETS_PER_BLOCK, MAX_CLOSINGS_PER_BLOCK, MAX_DRAWS_PER_BLOCK, MAX_HITS_PER_BLOCK,
		MAX_PRUNES_PER_BLOCK, MAX_REPORTS_PER_BLOCK, MAX_ROUNDS_PER_BLOCK,
	},
	weights::WeightInfo,
};
use codec::{EncodeLike, FullCodec};
use countersign_primitives::{
	audit::{AuditedResults, Draw, AUDITORS_PER_DRAW},
	request::RequestId,
	traits::{Bonds, Offences, Sessions},
	BlockNumber,
};
use frame_support::{storage::IterableStorageDoubleMap, weights::Weight};
use sp_runtime::traits::{One, Saturating};

/// Takes the items of a queue that are due, one by one, and opens a bounded number of buckets.
struct Due<'a, Bucket> {
	cursor: &'a mut Bucket,
	until: Bucket,
	buckets: u32,
}

impl<'a, Bucket: FullCodec + Copy + PartialOrd + One + Saturating> Due<'a, Bucket> {
	/// Those in the buckets below `until`.
	fn before(cursor: &'a mut Bucket, until: Bucket) -> Self {
		Self { cursor, until, buckets: MAX_BUCKETS_PER_BLOCK }
	}

	/// The next one, still in its place.
	fn peek<Queue, Item>(&mut self) -> Option<Item>
	where
		Queue: IterableStorageDoubleMap<Bucket, Item, ()>,
		Item: FullCodec,
	{
		while *self.cursor < self.until {
			if let Some(item) = Queue::iter_key_prefix(*self.cursor).next() {
				return Some(item);
			}
			if self.buckets == 0 {
				return None;
			}
			self.buckets = self.buckets.saturating_sub(1);
			*self.cursor = self.cursor.saturating_add(One::one());
		}
		None
	}

	/// The next one, which is in the queue no more.
	fn take<Queue, Item>(&mut self) -> Option<Item>
	where
		Queue: IterableStorageDoubleMap<Bucket, Item, ()>,
		Item: FullCodec,
		for<'b> &'b Item: EncodeLike<Item>,
	{
		let item = self.peek::<Queue, Item>()?;
		Queue::remove(*self.cursor, &item);
		Some(item)
	}
}

impl<T: Config> Pallet<T> {
	/// Everything that becomes due by itself. Returns its weight.
	pub(crate) fn act_on_what_is_due(now: BlockNumber) -> Weight {
		let mut weight = T::WeightInfo::on_initialize();
		let mut add = |each: Weight, count: u32| {
			weight = weight.saturating_add(each.saturating_mul(count.into()));
		};
		Self::note_randomness();
		let looked_at = Self::note_stakes();
		if looked_at > 0 {
			add(T::WeightInfo::note_stakes(looked_at), 1);
		}
		let mut cursors = Cursors::<T>::get();
		let (passed, hits) = Self::draw_all(&mut cursors.draws, &mut cursors.lates, now);
		add(T::WeightInfo::pass_draw(), passed);
		add(T::WeightInfo::draw(), hits);
		let (rounds, broken) = Self::end_rounds(&mut cursors.rounds);
		add(T::WeightInfo::end_round(), rounds);
		let left = MAX_REPORTS_PER_BLOCK.saturating_sub(broken);
		let (settled, wrong) = Self::settle_all(&mut cursors.closings, now, left);
		add(T::WeightInfo::settle(), settled);
		add(T::Offences::report_weight(), broken.saturating_add(wrong));
		add(T::WeightInfo::prune(), Self::prune_all(&mut cursors.prunes, now));
		Cursors::<T>::put(cursors);
		Self::look_at_a_record();
		weight
	}

	/// Makes draws that are due. Returns how many drew nobody and how many somebody.
	fn draw_all(draws: &mut BlockNumber, lates: &mut u32, now: BlockNumber) -> (u32, u32) {
		let (mut passed, mut hits) = (0u32, 0u32);
		let mut count = |tried: Tried| match tried {
			Tried::Passed => {
				passed = passed.saturating_add(1);
				false
			}
			Tried::Hit => {
				hits = hits.saturating_add(1);
				hits >= MAX_HITS_PER_BLOCK
			}
		};
		let mut is_full = false;
		let mut due = Due::before(draws, now);
		for _ in 0..MAX_DRAWS_PER_BLOCK {
			if is_full {
				break;
			}
			let Some((id, draw)) = due.take::<Draws<T>, (RequestId, Draw)>() else { break };
			is_full = count(Self::make_draw(&id, draw));
		}
		let mut due = Due::before(lates, T::Sessions::current());
		for _ in 0..MAX_DRAWS_PER_BLOCK {
			if is_full {
				break;
			}
			let Some(id) = due.take::<Lates<T>, RequestId>() else { break };
			is_full = count(Self::make_draw(&id, Draw::Late));
		}
		(passed, hits)
	}

	/// Acts on rounds whose time is over: a tick is the last at which something may be done.
	/// Returns how many, and how many offences were reported.
	fn end_rounds(cursor: &mut u64) -> (u32, u32) {
		let (mut ended, mut reported) = (0u32, 0u32);
		let mut due = Due::before(cursor, T::Results::clock());
		while ended < MAX_ROUNDS_PER_BLOCK
			&& reported.saturating_add(AUDITORS_PER_DRAW.into()) <= MAX_REPORTS_PER_BLOCK
		{
			let Some((id, draw)) = due.take::<Rounds<T>, (RequestId, Draw)>() else { break };
			ended = ended.saturating_add(1);
			reported = reported.saturating_add(Self::act_on_round(&id, draw));
		}
		(ended, reported)
	}

	/// Pays the auditors of results that ended in earlier blocks. Returns of how many, and how many
	/// offences were reported, at most `reports`.
	fn settle_all(cursor: &mut BlockNumber, now: BlockNumber, reports: u32) -> (u32, u32) {
		let (mut settled, mut reported) = (0u32, 0u32);
		let mut due = Due::before(cursor, now);
		while settled < MAX_CLOSINGS_PER_BLOCK {
			let Some(id) = due.peek::<Closings<T>, RequestId>() else { break };
			settled = settled.saturating_add(1);
			let (more, is_done) = Self::settle(&id, reports.saturating_sub(reported));
			reported = reported.saturating_add(more);
			if !is_done {
				break;
			}
			Closings::<T>::remove(*due.cursor, id);
		}
		(settled, reported)
	}

	pub(crate) fn prune_all(cursor: &mut BlockNumber, now: BlockNumber) -> u32 {
		let mut pruned = 0u32;
		let mut due = Due::before(cursor, now);
		while pruned < MAX_PRUNES_PER_BLOCK {
			let Some(id) = due.take::<Prunes<T>, RequestId>() else { break };
			pruned = pruned.saturating_add(1);
			Audits::<T>::remove(id);
		}
		pruned
	}

	/// Looks at one record after the other, one in a block, and forgets those of validators whose
	/// bond is gone: a new bond begins anew.
	fn look_at_a_record() {
		let next = match RecordCursor::<T>::get() {
			Some(last) => {
				let after = Records::<T>::hashed_key_for(last);
				Records::<T>::iter_keys_from(after).next()
			}
			None => Records::<T>::iter_keys().next(),
		};
		match next {
			Some(account) => {
				if T::Bonds::bonded(&account) == 0 {
					Records::<T>::remove(&account);
				}
				RecordCursor::<T>::put(account);
			}
			None => RecordCursor::<T>::kill(),
		}
	}
}
