//! What always holds between blocks.

use crate::{pallet::*, types::*};
use alloc::collections::BTreeMap;
use countersign_primitives::{
	dispute::{staging_id, Verdict, Verdicts},
	AccountId, Balance,
};
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks all invariants:
	///
	/// 1. What is on hold for staged packages is what they say, and nobody has a replay bond on
	///    hold between calls.
	/// 2. Every chunk belongs to a staged package and has the length of its place; what is there
	///    adds up, but for packages that are being removed.
	/// 3. Every staged package is in the queue once, under its own block, and nothing else is; none
	///    is below the cursor. An account stages as many as are counted for it, at most
	///    [`MAX_STAGED_EACH`].
	/// 4. Every decision is in the queue of pruning once, and nothing else is.
	/// 5. Nothing is decided about a result that is still open; only wrong results cost a slash.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut held: BTreeMap<AccountId, (Balance, u32)> = BTreeMap::new();
		let cursors = Cursors::<T>::get();
		let mut stagings = 0usize;
		for (id, staging) in Stagings::<T>::iter() {
			stagings = stagings.saturating_add(1);
			ensure!(id == staging_id(&staging.owner, &staging.root), "3. a package's name");
			let (deposit, count) = held.entry(staging.owner.clone()).or_default();
			*deposit = deposit.saturating_add(staging.deposit);
			*count = count.saturating_add(1);
			ensure!(
				StagingExpiries::<T>::contains_key(staging.expires_at, id),
				"3. a staged package is not in the queue"
			);
			ensure!(staging.expires_at >= cursors.stagings, "3. a package below the cursor");
			let mut present = 0u32;
			for (index, chunk) in Chunks::<T>::iter_prefix(id) {
				ensure!(
					chunk.len() == staging.chunk_length(index) as usize && !chunk.is_empty(),
					"2. a chunk of another length"
				);
				present = present.saturating_add(staging.chunk_length(index));
			}
			let expired = Self::now() >= staging.expires_at;
			ensure!(
				present == staging.present || expired && present < staging.present,
				"2. what is there does not add up"
			);
			ensure!(staging.present <= staging.length, "2. more is there than there should be");
		}
		ensure!(
			StagingExpiries::<T>::iter_keys().count() == stagings,
			"3. the queue holds what is not staged"
		);
		ensure!(
			Chunks::<T>::iter_keys().all(|(id, _)| Stagings::<T>::contains_key(id)),
			"2. a chunk of nothing"
		);
		for (who, (deposit, count)) in &held {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Staging.into(), who) == *deposit,
				"1. what is on hold is not what staged packages say"
			);
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Bond.into(), who) == 0,
				"1. a bond outlives its call"
			);
			ensure!(StagedBy::<T>::get(who) == *count, "3. staged packages are miscounted");
			ensure!(*count <= MAX_STAGED_EACH, "3. too many staged packages");
		}
		ensure!(StagedBy::<T>::iter_keys().count() == held.len(), "3. who stages nothing counts");

		let mut decisions = 0usize;
		for (request, decision) in Decisions::<T>::iter() {
			decisions = decisions.saturating_add(1);
			ensure!(
				T::Results::open_result(&request).is_none(),
				"5. what was decided about is open"
			);
			ensure!(
				decision.verdict == Verdict::Wrong
					|| decision.slash == 0 && decision.slashed_in.is_none(),
				"5. a slash without a wrong result"
			);
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Bond.into(), &decision.challenger) == 0,
				"1. a bond outlives its call"
			);
		}
		let mut planned = 0usize;
		for (block, request) in DecisionPrunes::<T>::iter_keys() {
			planned = planned.saturating_add(1);
			ensure!(Decisions::<T>::contains_key(request), "4. the pruning of nothing is planned");
			ensure!(block >= cursors.decisions, "4. a decision below the cursor");
		}
		ensure!(planned == decisions, "4. a decision would stay for ever");
		Ok(())
	}
}
