//! What the calls, other pallets and the runtime APIs do.

use crate::{
	flatten::{flatten, Ancestry, FlattenError},
	Claimed, Config, EarnsIn, Error, Event, Pallet, RightInfo, Rights, RightsOf, TotalCredited,
	Vectors,
};
use alloc::vec::Vec;
use countersign_primitives::{
	attribution::{
		share_of, vector_commitment, EntitlementView, Right, Vector, VectorEntry, MAX_RIGHTS,
	},
	model::{Contributor, ModelId, Parent, Share, MAX_CONTRIBUTORS, MAX_PARENTS},
	traits::Contributors,
	AccountId, Balance, Hash,
};
use frame_support::{
	defensive, ensure,
	traits::{
		fungible::{Inspect, Mutate},
		tokens::{DepositConsequence, Preservation, Provenance},
		Get,
	},
};
use sp_runtime::{traits::AccountIdConversion, DispatchError, DispatchResult};

/// The most entries that one query for the rights of an account returns.
pub const MAX_RIGHTS_PAGE: usize = 256;

impl<T: Config> Pallet<T> {
	/// The account that holds what contributors earned and have not claimed.
	pub fn pot_account() -> AccountId {
		T::PalletId::get().into_account_truncating()
	}

	/// Pays a right out. Where its owner asks itself, it thereby accepts the right.
	pub(crate) fn do_claim(who: &AccountId, model: &ModelId, index: u32) -> DispatchResult {
		let vector = Vectors::<T>::get(model).ok_or(Error::<T>::UnknownModel)?;
		let entry = usize::try_from(index)
			.ok()
			.and_then(|index| vector.get(index))
			.ok_or(Error::<T>::UnknownRight)?;
		let claimed = Claimed::<T>::get(model, index);
		let earned = share_of(TotalCredited::<T>::get(model), entry.share);
		let amount = earned.saturating_sub(claimed);
		ensure!(amount > 0, Error::<T>::NothingToClaim);

		let right = entry.right.clone();
		match right.contributor {
			None => {
				let to = right.model;
				Claimed::<T>::insert(model, index, earned);
				TotalCredited::<T>::mutate(to, |total| *total = total.saturating_add(amount));
				Self::deposit_event(Event::Forwarded { model: *model, index, to, amount });
			}
			Some(contributor) => {
				let info =
					Rights::<T>::get(right.model, contributor).ok_or(Error::<T>::UnknownRight)?;
				let owner = info.owner.clone();
				let consequence = T::Currency::can_deposit(&owner, amount, Provenance::Extant);
				ensure!(
					consequence != DepositConsequence::BelowMinimum,
					Error::<T>::BelowExistentialDeposit
				);
				consequence.into_result()?;
				Claimed::<T>::insert(model, index, earned);
				let pot = Self::pot_account();
				T::Currency::transfer(&pot, &owner, amount, Preservation::Preserve)?;
				if owner == *who && !info.accepted {
					let accepted = RightInfo { accepted: true, ..info };
					Rights::<T>::insert(right.model, contributor, accepted);
					Self::deposit_event(Event::RightAccepted {
						right: right.clone(),
						owner: owner.clone(),
					});
				}
				Self::deposit_event(Event::Claimed { model: *model, index, right, owner, amount });
			}
		}
		Ok(())
	}

	pub(crate) fn do_transfer_right(
		who: AccountId,
		model: ModelId,
		contributor: u16,
		new_owner: AccountId,
	) -> DispatchResult {
		let mut info = Rights::<T>::get(model, contributor).ok_or(Error::<T>::UnknownRight)?;
		ensure!(info.owner == who, Error::<T>::NotOwner);
		ensure!(info.owner != new_owner, Error::<T>::AlreadyOwner);
		let right = Right { model, contributor: Some(contributor) };
		RightsOf::<T>::remove(&who, &right);
		RightsOf::<T>::insert(&new_owner, &right, ());
		info.owner = new_owner.clone();
		info.accepted = false;
		Rights::<T>::insert(model, contributor, info);
		Self::deposit_event(Event::RightTransferred { right, from: who, to: new_owner });
		Ok(())
	}

	pub(crate) fn do_accept_right(
		who: AccountId,
		model: ModelId,
		contributor: u16,
	) -> DispatchResult {
		Rights::<T>::try_mutate(model, contributor, |info| -> DispatchResult {
			let info = info.as_mut().ok_or(Error::<T>::UnknownRight)?;
			ensure!(info.owner == who, Error::<T>::NotOwner);
			ensure!(!info.accepted, Error::<T>::AlreadyAccepted);
			info.accepted = true;
			Ok(())
		})?;
		let right = Right { model, contributor: Some(contributor) };
		Self::deposit_event(Event::RightAccepted { right, owner: who });
		Ok(())
	}

	/// The flattened vector of a model; empty if there is none.
	pub fn vector(model: &ModelId) -> Vec<VectorEntry> {
		Vectors::<T>::get(model).map(Vector::into_inner).unwrap_or_default()
	}

	/// Everything that a model's contributors ever earned.
	pub fn total_credited(model: &ModelId) -> Balance {
		TotalCredited::<T>::get(model)
	}

	/// Every right in a model's vector with what it earned.
	pub fn entitlements(model: &ModelId) -> Vec<EntitlementView> {
		let total = Self::total_credited(model);
		(0u32..)
			.zip(Self::vector(model))
			.map(|(index, entry)| Self::entitlement(model, index, entry, total))
			.collect()
	}

	/// The entries of all vectors by which an account earns, at most [`MAX_RIGHTS_PAGE`] after
	/// `skip`. For queries only: it reads every entry that it skips.
	pub fn rights_of(account: &AccountId, skip: u32) -> Vec<EntitlementView> {
		RightsOf::<T>::iter_key_prefix(account)
			.flat_map(EarnsIn::<T>::iter_prefix)
			.skip(skip as usize)
			.take(MAX_RIGHTS_PAGE)
			.filter_map(|(model, index)| {
				let vector = Vectors::<T>::get(model)?;
				let entry = vector.get(index as usize)?.clone();
				Some(Self::entitlement(&model, index, entry, Self::total_credited(&model)))
			})
			.collect()
	}

	fn entitlement(
		model: &ModelId,
		index: u32,
		entry: VectorEntry,
		total: Balance,
	) -> EntitlementView {
		let VectorEntry { right, share } = entry;
		let info =
			right.contributor.and_then(|contributor| Rights::<T>::get(right.model, contributor));
		EntitlementView {
			model: *model,
			index,
			role: info.as_ref().map(|info| info.role),
			accepted: info.as_ref().is_some_and(|info| info.accepted),
			owner: info.map(|info| info.owner),
			right,
			share,
			earned: share_of(total, share),
			claimed: Claimed::<T>::get(model, index),
		}
	}
}

impl<T: Config> From<FlattenError> for Error<T> {
	fn from(error: FlattenError) -> Self {
		match error {
			FlattenError::Shares => Self::BadShares,
			FlattenError::Royalties => Self::BadRoyalties,
			FlattenError::TooMany => Self::TooManyRights,
		}
	}
}

impl<T: Config> Contributors for Pallet<T> {
	fn register(
		model: &ModelId,
		contributors: &[Contributor],
		parents: &[Parent],
	) -> Result<Vector, DispatchError> {
		ensure!(!Vectors::<T>::contains_key(model), Error::<T>::AlreadyRegistered);
		ensure!(
			contributors.len() <= MAX_CONTRIBUTORS as usize
				&& parents.len() <= MAX_PARENTS as usize,
			Error::<T>::TooManyRights
		);
		// A parent must be there already: a lineage cannot close to a cycle.
		let mut lineage = Vec::with_capacity(parents.len());
		for Parent { model, royalty } in parents {
			let vector = Vectors::<T>::get(model).ok_or(Error::<T>::UnknownParent)?;
			lineage.push(Ancestry { model: *model, royalty: *royalty, vector });
		}
		let shares: Vec<Share> = contributors.iter().map(|contributor| contributor.share).collect();
		let vector = flatten(model, &shares, &lineage).map_err(Error::<T>::from)?;

		for (index, contributor) in (0u16..).zip(contributors) {
			let info = RightInfo {
				owner: contributor.account.clone(),
				role: contributor.role,
				evidence: contributor.evidence,
				accepted: false,
			};
			Rights::<T>::insert(model, index, info);
			let right = Right { model: *model, contributor: Some(index) };
			RightsOf::<T>::insert(&contributor.account, right, ());
		}
		for (index, entry) in (0u32..MAX_RIGHTS).zip(&vector) {
			EarnsIn::<T>::insert(&entry.right, model, index);
		}
		Vectors::<T>::insert(model, &vector);
		let rights = vector.len() as u32;
		Self::deposit_event(Event::Flattened { model: *model, rights });
		Ok(vector)
	}

	fn commitment(model: &ModelId) -> Option<Hash> {
		Vectors::<T>::get(model).map(|vector| vector_commitment(&vector))
	}

	fn pot() -> AccountId {
		Self::pot_account()
	}

	fn credit(model: &ModelId, amount: Balance) {
		if amount == 0 {
			return;
		}
		if !Vectors::<T>::contains_key(model) {
			defensive!("credit to a model without vector");
			return;
		}
		TotalCredited::<T>::mutate(model, |total| {
			*total = total.checked_add(amount).unwrap_or_else(|| {
				defensive!("more was credited than can exist");
				Balance::MAX
			});
		});
		Self::deposit_event(Event::Credited { model: *model, amount });
	}
}
