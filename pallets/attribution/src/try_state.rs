//! What must hold after every block.

use crate::{Claimed, Config, EarnsIn, Pallet, Rights, RightsOf, TotalCredited, Vectors};
use alloc::collections::BTreeSet;
use countersign_primitives::{
	attribution::{share_of, Right},
	model::Share,
	Balance,
};
use frame_support::{ensure, traits::fungible::Inspect};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks the invariants of this pallet.
	///
	/// 1. The shares of every vector add up to the whole; none is zero; no right stands twice.
	/// 2. Whatever a vector names exists, and [`EarnsIn`] knows its position; it knows no more.
	/// 3. [`RightsOf`] mirrors the owners in [`Rights`]; rights belong to models with a vector.
	/// 4. Nobody claimed more than `floor(total x share)`; claims and credits belong to entries
	///    that exist.
	/// 5. The pot holds the existential deposit and everything that was credited and not claimed.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut entries = 0usize;
		for (model, vector) in Vectors::<T>::iter() {
			let mut sum = 0u64;
			let mut seen = BTreeSet::new();
			for (index, entry) in (0u32..).zip(&vector) {
				sum = sum.saturating_add(entry.share.0.into());
				ensure!(entry.share.0 > 0, "1. a vector has an empty share");
				ensure!(seen.insert(entry.right.clone()), "1. a vector names a right twice");
				let exists = match entry.right.contributor {
					Some(contributor) => Rights::<T>::contains_key(entry.right.model, contributor),
					None => Vectors::<T>::contains_key(entry.right.model),
				};
				ensure!(exists, "2. a vector names what does not exist");
				ensure!(
					EarnsIn::<T>::get(&entry.right, model) == Some(index),
					"2. an entry is not indexed"
				);
				ensure!(
					Claimed::<T>::get(model, index)
						<= share_of(TotalCredited::<T>::get(model), entry.share),
					"4. more was claimed than earned"
				);
			}
			ensure!(sum == u64::from(Share::WHOLE.0), "1. shares do not add up to the whole");
			entries = entries.saturating_add(vector.len());
		}
		ensure!(EarnsIn::<T>::iter().count() == entries, "2. the index knows more entries");

		let mut rights = 0usize;
		for (model, contributor, info) in Rights::<T>::iter() {
			rights = rights.saturating_add(1);
			ensure!(Vectors::<T>::contains_key(model), "3. a right of no model");
			ensure!(
				RightsOf::<T>::contains_key(
					&info.owner,
					Right { model, contributor: Some(contributor) }
				),
				"3. an owner's right is not indexed"
			);
		}
		ensure!(RightsOf::<T>::iter().count() == rights, "3. the index knows more rights");

		let mut owed: Balance = T::Currency::minimum_balance();
		for (model, total) in TotalCredited::<T>::iter() {
			ensure!(Vectors::<T>::contains_key(model), "4. a credit to no model");
			owed = owed.saturating_add(total);
		}
		for (model, index, claimed) in Claimed::<T>::iter() {
			ensure!(
				Vectors::<T>::get(model).is_some_and(|vector| (index as usize) < vector.len()),
				"4. a claim on no entry"
			);
			owed = owed.saturating_sub(claimed);
		}
		ensure!(
			T::Currency::total_balance(&Self::pot_account()) >= owed,
			"5. the pot does not cover what it owes"
		);
		Ok(())
	}
}
