//! # Attribution
//!
//! Who contributed to a model, what part of every payment is theirs, and how they get it.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for calls, events and errors. Other pallets use the trait
//! [`Contributors`](countersign_primitives::traits::Contributors); clients the runtime API
//! `AttributionApi`.
//!
//! ## Overview
//!
//! - **Right**: what a vector names, a contributor of a model or a whole model's pot. Its owner is
//!   looked up at the claim, so a right can be sold or moved to another key.
//! - **Vector**: a model's flattened lineage, at most 64 rights whose shares add up to exactly the
//!   whole. Computed once, at registration; nobody can change it.
//! - **Credit**: a payment goes whole into the model's total, whatever the length of its vector.
//! - **Claim**: pays one right of one model what it earned since its last claim:
//!   `floor(total x share) - claimed`. Anyone may trigger it; the owner is paid. A right that is
//!   another model's pot is credited to that model instead, and its contributors claim there.
//!
//! ## Implementation Details
//!
//! Flooring each entitlement against the whole total, and not each payment, means that early and
//! late claims come to the same sum, and that all rights of a model together never get more than
//! was paid. The dust that is left is below one unit for each right, and stays in the pot.
//!
//! What reaches a right that cannot receive it, because its owner has no account and the amount is
//! below the existential deposit, stays and adds up until it can be claimed.
//!
//! A name in a manifest is a claim by whoever registered it. It counts as unconfirmed until the
//! account named accepts it; the money is theirs in either case.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(rustdoc::broken_intra_doc_links)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

extern crate alloc;

pub use impls::MAX_RIGHTS_PAGE;
pub use pallet::*;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod flatten;
mod impls;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod weights;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use countersign_primitives::{model::ContributorRole, AccountId, Hash};
use scale_info::TypeInfo;

/// What is known of a contributor's right.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct RightInfo {
	/// Who is paid.
	pub owner: AccountId,
	/// For what.
	pub role: ContributorRole,
	/// The hash of whatever shows it; zero for none.
	pub evidence: Hash,
	/// Whether the owner confirmed to be the one whom the manifest names.
	pub accepted: bool,
}

/// The calls, storage, events and errors of attribution.
#[frame_support::pallet]
pub mod pallet {
	use super::{RightInfo, WeightInfo};
	use core::marker::PhantomData;
	use countersign_primitives::{
		attribution::{Right, Vector},
		model::ModelId,
		AccountId, Balance, Hash,
	};
	use frame_support::{
		pallet_prelude::*,
		traits::{fungible, StorageVersion},
		PalletId,
	};
	use frame_system::pallet_prelude::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The pallet.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What this pallet needs of the runtime.
	#[pallet::config]
	pub trait Config:
		frame_system::Config<AccountId = AccountId, Hash = Hash, RuntimeEvent: From<Event<Self>>>
	{
		/// The native token.
		type Currency: fungible::Mutate<AccountId, Balance = Balance>;
		/// Names the pot that holds what contributors earned and have not claimed.
		#[pallet::constant]
		type PalletId: Get<PalletId>;
		/// The weights of the calls.
		type WeightInfo: WeightInfo;
	}

	// Keys that are hashes of this chain's making need no hashing of their own.

	/// The flattened lineage of each model. Written once.
	#[pallet::storage]
	pub type Vectors<T: Config> = StorageMap<_, Identity, ModelId, Vector, OptionQuery>;

	/// The contributors' rights: model, position in its manifest.
	#[pallet::storage]
	pub type Rights<T: Config> =
		StorageDoubleMap<_, Identity, ModelId, Twox64Concat, u16, RightInfo, OptionQuery>;

	/// Everything that a model's contributors ever earned.
	#[pallet::storage]
	pub type TotalCredited<T: Config> = StorageMap<_, Identity, ModelId, Balance, ValueQuery>;

	/// What was claimed: model, position in its vector.
	#[pallet::storage]
	pub type Claimed<T: Config> =
		StorageDoubleMap<_, Identity, ModelId, Twox64Concat, u32, Balance, ValueQuery>;

	/// The rights of each account.
	#[pallet::storage]
	pub type RightsOf<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, AccountId, Blake2_128Concat, Right, (), OptionQuery>;

	/// Where a right earns: right, model, position in that model's vector.
	#[pallet::storage]
	pub type EarnsIn<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, Right, Identity, ModelId, u32, OptionQuery>;

	/// Creates the pot.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		#[doc(hidden)]
		#[serde(skip)]
		pub _config: PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			// With the existential deposit of its own, the pot can pay out all that it owes.
			use fungible::{Inspect, Mutate};
			let pot = Pallet::<T>::pot_account();
			let missing =
				T::Currency::minimum_balance().saturating_sub(T::Currency::total_balance(&pot));
			if missing > 0 {
				T::Currency::mint_into(&pot, missing).expect("the pot can be created; genesis");
			}
		}
	}

	/// What happened to credits and rights.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A model's lineage was flattened.
		Flattened {
			/// The model.
			model: ModelId,
			/// The number of rights in its vector.
			rights: u32,
		},
		/// A payment reached a model's contributors.
		Credited {
			/// The model.
			model: ModelId,
			/// The payment.
			amount: Balance,
		},
		/// A right was paid what it earned.
		Claimed {
			/// The model that earned it.
			model: ModelId,
			/// The position in that model's vector.
			index: u32,
			/// The right.
			right: Right,
			/// Who was paid.
			owner: AccountId,
			/// The payment.
			amount: Balance,
		},
		/// What the pot of another model earned was credited there.
		Forwarded {
			/// The model that earned it.
			model: ModelId,
			/// The position in that model's vector.
			index: u32,
			/// The model whose contributors may now claim it.
			to: ModelId,
			/// The amount.
			amount: Balance,
		},
		/// A right has a new owner.
		RightTransferred {
			/// The right.
			right: Right,
			/// The owner until now.
			from: AccountId,
			/// The owner from now on.
			to: AccountId,
		},
		/// An account confirmed that it is the contributor whom a manifest names.
		RightAccepted {
			/// The right.
			right: Right,
			/// Its owner.
			owner: AccountId,
		},
	}

	/// Why a call was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// No model has this identifier.
		UnknownModel,
		/// A parent is not registered.
		UnknownParent,
		/// The model has a vector already.
		AlreadyRegistered,
		/// The contributors' shares do not add up to the whole.
		BadShares,
		/// The royalties leave nothing to the contributors.
		BadRoyalties,
		/// More contributors and parents than a vector can name.
		TooManyRights,
		/// The model's vector has no entry at this position, or its manifest no such contributor.
		UnknownRight,
		/// Nothing was earned since the last claim.
		NothingToClaim,
		/// The owner has no account yet and the amount is below the existential deposit. It stays
		/// and adds up; claim again when there is more.
		BelowExistentialDeposit,
		/// Only the owner of a right may do this.
		NotOwner,
		/// The account owns the right already.
		AlreadyOwner,
		/// The right was accepted before.
		AlreadyAccepted,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Pay a right what it earned in a model since its last claim.
		///
		/// ## Dispatch Origin
		///
		/// Signed, by anyone: the right's owner is paid, whoever asks.
		///
		/// ## Details
		///
		/// Pays `floor(total x share) - claimed` from the pot. Where the right is the pot of
		/// another model, the amount is credited to that model, whose rights claim it there. An owner
		/// that claims itself thereby confirms to be the one whom the manifest names.
		///
		/// ## Parameters
		///
		/// - `model`: the model that earned.
		/// - `index`: the position of the right in that model's vector.
		///
		/// ## Errors
		///
		/// - [`Error::UnknownModel`], [`Error::UnknownRight`]: there is no such entry.
		/// - [`Error::NothingToClaim`]: it earned nothing since the last claim.
		/// - [`Error::BelowExistentialDeposit`]: the owner's account would not live on it.
		///
		/// ## Events
		///
		/// [`Event::Claimed`] or [`Event::Forwarded`]; [`Event::RightAccepted`] with an owner's first
		/// claim of its own.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::claim().max(T::WeightInfo::claim_to_pot()))]
		pub fn claim(origin: OriginFor<T>, model: ModelId, index: u32) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_claim(&who, &model, index)
		}

		/// Give a right to another account.
		///
		/// ## Dispatch Origin
		///
		/// Signed, by the owner of the right.
		///
		/// ## Details
		///
		/// What the right has earned and not claimed goes with it: claim first to keep it. The new
		/// owner counts as unconfirmed until it accepts.
		///
		/// ## Parameters
		///
		/// - `model`: the model whose manifest names the contributor.
		/// - `contributor`: the position in that manifest.
		/// - `new_owner`: who is paid from now on.
		///
		/// ## Errors
		///
		/// - [`Error::UnknownRight`]: there is no such contributor.
		/// - [`Error::NotOwner`]: the right belongs to another account.
		/// - [`Error::AlreadyOwner`]: `new_owner` is the owner.
		///
		/// ## Events
		///
		/// [`Event::RightTransferred`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::transfer_right())]
		pub fn transfer_right(
			origin: OriginFor<T>,
			model: ModelId,
			contributor: u16,
			new_owner: AccountId,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_transfer_right(who, model, contributor, new_owner)
		}

		/// Confirm to be the contributor whom a manifest names.
		///
		/// ## Dispatch Origin
		///
		/// Signed, by the owner of the right.
		///
		/// ## Parameters
		///
		/// - `model`: the model whose manifest names the contributor.
		/// - `contributor`: the position in that manifest.
		///
		/// ## Errors
		///
		/// - [`Error::UnknownRight`]: there is no such contributor.
		/// - [`Error::NotOwner`]: the right belongs to another account.
		/// - [`Error::AlreadyAccepted`]: it was confirmed before.
		///
		/// ## Events
		///
		/// [`Event::RightAccepted`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::accept_right())]
		pub fn accept_right(
			origin: OriginFor<T>,
			model: ModelId,
			contributor: u16,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_accept_right(who, model, contributor)
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
