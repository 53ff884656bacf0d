//! Registration is commit, then reveal: whoever sees a manifest on its way into a block is too late
//! to register its artefact as its own.
//!
//! The commitment is a hash over the model's identifier, which binds chain, owner and manifest. It
//! needs no salt: what is worth hiding, the hash of an artefact that nobody else has, cannot be
//! guessed. One that others have too could have been registered by them anyway.

use crate::{
	CommitmentExpiries, Commitments, Config, Error, Event, ExpiryCursor, HoldReason, Pallet,
	WeightInfo,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use countersign_primitives::{
	model::{registration_commitment, ModelId},
	AccountId, Balance, BlockNumber, Hash,
};
use frame_support::{
	ensure,
	traits::{fungible::MutateHold, tokens::Precision, Get},
	weights::Weight,
};
use scale_info::TypeInfo;
use sp_runtime::DispatchResult;

/// The blocks after that of a commitment in which the model may be registered.
pub const REVEAL_BLOCKS: BlockNumber = 600;
/// The most commitments of one account at a time.
pub const MAX_COMMITMENTS: u32 = 8;
/// The most buckets and accounts that one block looks at to remove what expired.
pub const MAX_EXPIRED_PER_BLOCK: u32 = 16;

/// The commitments of an account and the bucket in which it expires.
const ITEMS: Balance = 2;
/// A commitment, and the key of its bucket.
const BYTES: Balance = 128;

/// What an account committed to register.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Commitment {
	/// The hash; see [`registration_commitment`].
	pub hash: Hash,
	/// The block in which it was made.
	pub at: BlockNumber,
	/// What is held for it.
	pub deposit: Balance,
}

impl Commitment {
	/// The last block in which the model may be registered.
	pub fn last_block(&self) -> BlockNumber {
		self.at.saturating_add(REVEAL_BLOCKS)
	}
}

impl<T: Config> Pallet<T> {
	/// The deposit for one commitment.
	pub fn commitment_deposit() -> Balance {
		T::DepositPerItem::get()
			.saturating_mul(ITEMS)
			.saturating_add(T::DepositPerByte::get().saturating_mul(BYTES))
	}

	pub(crate) fn do_commit(owner: AccountId, hash: Hash) -> DispatchResult {
		let commitment = Commitment { hash, at: Self::now(), deposit: Self::commitment_deposit() };
		let (last_block, deposit) = (commitment.last_block(), commitment.deposit);
		Commitments::<T>::try_mutate(&owner, |all| -> DispatchResult {
			ensure!(all.iter().all(|each| each.hash != hash), Error::<T>::AlreadyCommitted);
			all.try_push(commitment).map_err(|_| Error::<T>::TooManyCommitments.into())
		})?;
		T::Currency::hold(&HoldReason::Commitment.into(), &owner, deposit)?;
		CommitmentExpiries::<T>::insert(last_block, &owner, ());
		Self::deposit_event(Event::Committed { owner, commitment: hash, deposit, last_block });
		Ok(())
	}

	/// Uses up the commitment to register this model.
	pub(crate) fn reveal(owner: &AccountId, model: &ModelId) -> DispatchResult {
		let hash = registration_commitment(model);
		let mut all = Commitments::<T>::get(owner);
		let place = all.iter().position(|each| each.hash == hash);
		let place = place.ok_or(Error::<T>::NotCommitted)?;
		let commitment = all.remove(place);
		ensure!(commitment.at < Self::now(), Error::<T>::CommittedInThisBlock);
		ensure!(Self::now() <= commitment.last_block(), Error::<T>::NotCommitted);
		if all.iter().all(|each| each.at != commitment.at) {
			CommitmentExpiries::<T>::remove(commitment.last_block(), owner);
		}
		if all.is_empty() {
			Commitments::<T>::remove(owner);
		} else {
			Commitments::<T>::insert(owner, all);
		}
		Self::release_commitment(owner, commitment.deposit)
	}

	fn release_commitment(owner: &AccountId, deposit: Balance) -> DispatchResult {
		let reason = HoldReason::Commitment.into();
		T::Currency::release(&reason, owner, deposit, Precision::Exact).map(|_| ())
	}

	/// Removes commitments whose time is over, as far as the weight goes.
	pub(crate) fn prune_commitments(remaining: Weight) -> Weight {
		let (first, now) = (ExpiryCursor::<T>::get(), Self::now());
		let (mut bucket, mut used) = (first, Weight::zero());
		for _ in 0..MAX_EXPIRED_PER_BLOCK {
			let next = used.saturating_add(T::WeightInfo::prune_commitments());
			if bucket >= now || next.any_gt(remaining) {
				break;
			}
			used = next;
			match CommitmentExpiries::<T>::iter_key_prefix(bucket).next() {
				Some(owner) => Self::expire_commitments(bucket, &owner),
				None => bucket = bucket.saturating_add(1),
			}
		}
		if bucket != first {
			ExpiryCursor::<T>::put(bucket);
		}
		used
	}

	fn expire_commitments(bucket: BlockNumber, owner: &AccountId) {
		CommitmentExpiries::<T>::remove(bucket, owner);
		let mut all = Commitments::<T>::get(owner);
		all.retain(|each| {
			if each.last_block() > bucket {
				return true;
			}
			if Self::release_commitment(owner, each.deposit).is_err() {
				frame_support::defensive!("what was held can be released");
			}
			Self::deposit_event(Event::CommitmentExpired {
				owner: owner.clone(),
				commitment: each.hash,
				deposit: each.deposit,
			});
			false
		});
		if all.is_empty() {
			Commitments::<T>::remove(owner);
		} else {
			Commitments::<T>::insert(owner, all);
		}
	}
}
