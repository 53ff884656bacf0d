//! Packages that are too long for one transaction are staged, chunk by chunk, over blocks.

use crate::{
	pallet::{
		Chunks, Config, Error, Event, HoldReason, Pallet, StagedBy, StagingExpiries, Stagings,
	},
	replay::Package,
	types::{Chunk, Staging, MAX_STAGED_EACH},
};
use countersign_canonical::bounded::Chunks as Slab;
use countersign_primitives::{
	dispute::{staging_id, StagingId, MAX_STAGED_PACKAGE, STAGED_CHUNK},
	AccountId, Balance, Hash,
};
use frame_support::{
	ensure,
	traits::{fungible::MutateHold, Get},
};
use sp_runtime::DispatchResult;

impl<T: Config> Pallet<T> {
	/// What is on hold for a staged package of this length.
	pub fn staging_deposit(length: u32) -> Balance {
		T::StagingDepositBase::get()
			.saturating_add(T::StagingDepositPerByte::get().saturating_mul(Balance::from(length)))
	}

	pub(crate) fn do_stage(owner: AccountId, root: Hash, length: u32) -> DispatchResult {
		ensure!(length > 0 && length <= MAX_STAGED_PACKAGE, Error::<T>::BadLength);
		let id = staging_id(&owner, &root);
		ensure!(!Stagings::<T>::contains_key(id), Error::<T>::AlreadyStaged);
		let count = StagedBy::<T>::get(&owner);
		ensure!(count < MAX_STAGED_EACH, Error::<T>::TooManyStaged);
		let deposit = Self::staging_deposit(length);
		T::Currency::hold(&HoldReason::Staging.into(), &owner, deposit)?;
		StagedBy::<T>::insert(&owner, count.saturating_add(1));
		let expires_at = Self::now().saturating_add(T::StagingPeriod::get());
		StagingExpiries::<T>::insert(expires_at, id, ());
		Stagings::<T>::insert(
			id,
			Staging { owner: owner.clone(), root, length, present: 0, deposit, expires_at },
		);
		Self::deposit_event(Event::StagingOpened { id, owner, root, length, deposit, expires_at });
		Ok(())
	}

	pub(crate) fn do_stage_chunks(
		who: &AccountId,
		id: StagingId,
		first: u32,
		bytes: &[u8],
	) -> DispatchResult {
		let mut staging = Stagings::<T>::get(id).ok_or(Error::<T>::NotStaged)?;
		ensure!(staging.owner == *who, Error::<T>::NotOwner);
		ensure!(Self::now() < staging.expires_at, Error::<T>::Expired);
		ensure!(!bytes.is_empty(), Error::<T>::BadChunk);
		for (chunk, index) in bytes.chunks(STAGED_CHUNK as usize).zip(first..) {
			let expected = staging.chunk_length(index);
			ensure!(expected > 0 && chunk.len() == expected as usize, Error::<T>::BadChunk);
			ensure!(!Chunks::<T>::contains_key(id, index), Error::<T>::ChunkThere);
			let chunk: Chunk = chunk.to_vec().try_into().map_err(|_| Error::<T>::BadChunk)?;
			Chunks::<T>::insert(id, index, chunk);
			staging.present = staging.present.saturating_add(expected);
		}
		let complete = staging.is_complete();
		Stagings::<T>::insert(id, staging);
		if complete {
			Self::deposit_event(Event::StagingComplete { id });
		}
		Ok(())
	}

	pub(crate) fn do_unstage(who: &AccountId, id: StagingId) -> DispatchResult {
		let mut staging = Stagings::<T>::get(id).ok_or(Error::<T>::NotStaged)?;
		ensure!(staging.owner == *who, Error::<T>::NotOwner);
		let now = Self::now();
		ensure!(now < staging.expires_at, Error::<T>::Expired);
		StagingExpiries::<T>::remove(staging.expires_at, id);
		staging.expires_at = now;
		StagingExpiries::<T>::insert(now, id, ());
		Stagings::<T>::insert(id, staging);
		Ok(())
	}

	/// The bytes of a package that is completely there.
	pub(crate) fn staged_package(id: &StagingId, root: &Hash) -> Option<Package> {
		let staging = Stagings::<T>::get(id)?;
		if !staging.is_complete() || staging.root != *root || Self::now() >= staging.expires_at {
			return None;
		}
		let mut package = Slab::new();
		for index in 0..staging.chunks() {
			package.push(&Chunks::<T>::get(id, index)?).ok()?;
		}
		Some(Package::Chunks(package, staging.length))
	}

	/// The length of a package that is completely there.
	pub(crate) fn staged_length(id: &StagingId) -> Option<u32> {
		Stagings::<T>::get(id).filter(Staging::is_complete).map(|staging| staging.length)
	}
}
