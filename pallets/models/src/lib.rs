//! # Models
//!
//! What a model is, who owns it, what it costs, and which validators serve it.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for calls, events and errors. Other pallets use the traits
//! [`Models`](countersign_primitives::traits::Models) and
//! [`Serving`](countersign_primitives::traits::Serving); clients the runtime API `ModelsApi`.
//!
//! ## Overview
//!
//! - **Manifest**: everything about a model that never changes: the artefact's hash, the canonical
//!   program if there is one, inputs and outputs, cost, contributors and parents. The model's
//!   identifier is a hash of it, of its first owner and of this chain's genesis. A change makes a
//!   new model, which names the old one as a parent.
//! - **Owner**: sets the price, retires the model, hands it over. Owning a model and being paid for
//!   it are two things: payments go to the contributors, through pallet-attribution.
//! - **Price**: a lower one holds at once, a higher one after a notice, so that nobody pays more
//!   than what was quoted.
//! - **Server**: a bonded validator that declared to run the model, inside the capacity that it
//!   declared for all its models together.
//!
//! ## Lineage
//!
//! Whoever registers an artefact or a program that is registered already must name the first one
//! as a parent, and pays royalties to it. Only exact copies are seen: a perturbed copy cannot be
//! told from new work.
//!
//! ## Deposits
//!
//! A registration holds a deposit for the storage that it takes. It is never returned while the
//! record stays, and the record stays because contributors and descendants may claim at any time,
//! after retirement too. It moves with the ownership: the new owner's is held, the old one's
//! released.
//!
//! ## Implementation Details
//!
//! A request reads the record and the inputs, a result the outputs; nobody but queries reads the
//! whole manifest. That is why ports are stored twice.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(rustdoc::broken_intra_doc_links)]
#![cfg_attr(test, allow(clippy::unwrap_used))]
// A registration is larger than the other calls, and rare.
#![allow(clippy::large_enum_variant)]

extern crate alloc;

pub use impls::MAX_MODELS_PAGE;
pub use pallet::*;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod impls;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod weights;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use countersign_primitives::{
	model::{ModelStatus, Price},
	AccountId, Balance, BlockNumber, Macs, UNIT,
};
use scale_info::TypeInfo;

/// The highest price of one run: a billion tokens. Below it, no sum of fee, value at risk and
/// cover comes near an overflow.
pub const MAX_PRICE: Balance = 1_000_000_000 * UNIT;

/// What changes about a model, and what a request needs of its manifest.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ModelRecord {
	/// Who owns it now.
	pub owner: AccountId,
	/// Whether it takes requests.
	pub status: ModelStatus,
	/// The price, and the next.
	pub price: Price,
	/// The block in which it was registered.
	pub registered_at: BlockNumber,
	/// The cost of one run at the largest shapes.
	pub macs: Macs,
	/// The most bytes that the encoding of the inputs may take.
	pub input_bytes: u32,
	/// Whether it has a canonical program, so that its results can be disputed.
	pub has_program: bool,
	/// What is held of the owner's balance for the storage.
	pub deposit: Balance,
}

/// The calls, storage, events and errors of models.
#[frame_support::pallet]
pub mod pallet {
	use super::{ModelRecord, WeightInfo};
	use countersign_primitives::{
		model::{ArtefactHash, Manifest, ManifestError, ModelId, Price, MAX_SERVED, MAX_SERVERS},
		tensor::{Port, MAX_PORTS},
		traits::{Bonds, Contributors, RequestRules},
		AccountId, Balance, Hash, Macs,
	};
	use frame_support::{
		pallet_prelude::*,
		traits::{fungible, StorageVersion},
	};
	use frame_system::pallet_prelude::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The inputs or the outputs of a model.
	pub type Ports = BoundedVec<Port, ConstU32<MAX_PORTS>>;

	/// The pallet.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What this pallet needs of the runtime.
	#[pallet::config]
	pub trait Config:
		frame_system::Config<AccountId = AccountId, Hash = Hash, RuntimeEvent: From<Event<Self>>>
	{
		/// The runtime's hold reasons.
		type RuntimeHoldReason: From<HoldReason>;
		/// The native token.
		type Currency: fungible::Mutate<AccountId, Balance = Balance>
			+ fungible::MutateHold<AccountId, Reason = Self::RuntimeHoldReason>;
		/// Who is paid, and the lineage.
		type Contributors: Contributors;
		/// Who may serve.
		type Bonds: Bonds;
		/// The parameters that say how long a higher price is announced.
		type RequestRules: RequestRules;
		/// The highest released version of the canonical operator set; versions count from 1, and
		/// with 0 none is released.
		#[pallet::constant]
		type CanonicalVersions: Get<u16>;
		/// The deposit for one storage item.
		#[pallet::constant]
		type DepositPerItem: Get<Balance>;
		/// The deposit for one byte of storage.
		#[pallet::constant]
		type DepositPerByte: Get<Balance>;
		/// The weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Why part of a balance is held.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// For the storage that an owner's models take.
		Registration,
	}

	// Model identifiers are hashes of this chain's making and need no hashing of their own; with
	// them as they are, iteration goes in their order. Artefact hashes and program roots are
	// whatever a registrant names, so they are hashed.

	/// What changes about a model, and what requests need.
	#[pallet::storage]
	pub type Models<T: Config> = StorageMap<_, Identity, ModelId, ModelRecord, OptionQuery>;

	/// What never changes about a model.
	#[pallet::storage]
	pub type Manifests<T: Config> = StorageMap<_, Identity, ModelId, Manifest, OptionQuery>;

	/// The manifest's inputs.
	#[pallet::storage]
	pub type Inputs<T: Config> = StorageMap<_, Identity, ModelId, Ports, OptionQuery>;

	/// The manifest's outputs.
	#[pallet::storage]
	pub type Outputs<T: Config> = StorageMap<_, Identity, ModelId, Ports, OptionQuery>;

	/// The model first registered for an artefact.
	#[pallet::storage]
	pub type ByArtefact<T: Config> =
		StorageMap<_, Blake2_128Concat, ArtefactHash, ModelId, OptionQuery>;

	/// The model first registered for a program root.
	#[pallet::storage]
	pub type ByProgram<T: Config> = StorageMap<_, Blake2_128Concat, Hash, ModelId, OptionQuery>;

	/// To whom an owner offered a model.
	#[pallet::storage]
	pub type Offers<T: Config> = StorageMap<_, Identity, ModelId, AccountId, OptionQuery>;

	/// The validators that serve a model, in the order of accounts.
	#[pallet::storage]
	pub type Servers<T: Config> =
		StorageMap<_, Identity, ModelId, BoundedVec<AccountId, ConstU32<MAX_SERVERS>>, ValueQuery>;

	/// The models that a validator serves, in the order of identifiers.
	#[pallet::storage]
	pub type ServedBy<T: Config> = StorageMap<
		_,
		Blake2_128Concat,
		AccountId,
		BoundedVec<ModelId, ConstU32<MAX_SERVED>>,
		ValueQuery,
	>;

	/// The open cost that a validator takes at one time, for all its models together.
	#[pallet::storage]
	pub type Capacity<T: Config> = StorageMap<_, Blake2_128Concat, AccountId, Macs, ValueQuery>;

	/// What happened to models.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A model was registered.
		Registered {
			/// The owner.
			owner: AccountId,
			/// The model.
			model: ModelId,
			/// The sha256 of its artefact.
			artefact: ArtefactHash,
			/// The owner's price for one run.
			price: Balance,
			/// What is held for the storage.
			deposit: Balance,
		},
		/// The owner set a price.
		PriceSet {
			/// The model.
			model: ModelId,
			/// The price now, and the next.
			price: Price,
		},
		/// The owner offered the model to another account, or withdrew the offer.
		TransferOffered {
			/// The model.
			model: ModelId,
			/// To whom; `None` if the offer was withdrawn.
			to: Option<AccountId>,
		},
		/// A model has a new owner.
		Transferred {
			/// The model.
			model: ModelId,
			/// The owner until now.
			from: AccountId,
			/// The owner from now on.
			to: AccountId,
		},
		/// A model takes no new requests any more.
		Retired {
			/// The model.
			model: ModelId,
		},
		/// A validator serves a model.
		ServingStarted {
			/// The validator.
			validator: AccountId,
			/// The model.
			model: ModelId,
		},
		/// A validator does not serve a model any more.
		ServingStopped {
			/// The validator.
			validator: AccountId,
			/// The model.
			model: ModelId,
		},
		/// A validator declared the open cost that it takes at one time.
		CapacitySet {
			/// The validator.
			validator: AccountId,
			/// The capacity in multiply-accumulates.
			capacity: Macs,
		},
	}

	/// Why a call was refused.
	#[pallet::error]
	#[derive(PartialEq, Eq)]
	pub enum Error<T> {
		/// No model has this identifier.
		UnknownModel,
		/// This account registered this very manifest before.
		AlreadyRegistered,
		/// Name or licence is empty or not UTF-8.
		BadText,
		/// The artefact is empty or larger than 2 GiB.
		BadArtefactLength,
		/// The manifest has no input or no output.
		NoPorts,
		/// A port's name is empty, not UTF-8, or used twice among inputs or among outputs.
		BadPortName,
		/// The least size of a dimension is above the most.
		BadDimensionRange,
		/// The inputs together may be larger than 1 MiB.
		InputTooLarge,
		/// The outputs together may be larger than 64 KiB.
		OutputTooLarge,
		/// There must be one precision policy for each output if there is a program, and none
		/// otherwise.
		BadPolicies,
		/// The cost is zero or above the most that a request may cost, or a ceiling is zero.
		BadCost,
		/// There is no contributor, one has no share, or the shares do not add up to the whole.
		BadShares,
		/// A parent stands twice, gets no royalty, or the royalties leave nothing to the
		/// contributors.
		BadRoyalties,
		/// A parent is not registered.
		UnknownParent,
		/// The program names a version of the canonical operator set that is not released.
		UnknownCanonicalVersion,
		/// The artefact is registered already; name the first model that has it as a parent.
		ArtefactNeedsParent,
		/// The program is registered already; name the first model that has it as a parent.
		ProgramNeedsParent,
		/// The price is above a billion tokens.
		PriceTooHigh,
		/// Only the owner of the model may do this.
		NotOwner,
		/// The model is the caller's already.
		AlreadyOwner,
		/// The model was not offered to this account.
		NotOffered,
		/// The model is retired.
		Retired,
		/// Only a bonded validator that is not leaving may do this.
		NotValidator,
		/// The validator serves the model already.
		AlreadyServing,
		/// The validator does not serve the model.
		NotServing,
		/// As many validators serve the model as one model may have.
		TooManyServers,
		/// The validator serves as many models as one validator may.
		TooManyModels,
	}

	impl<T> From<ManifestError> for Error<T> {
		fn from(error: ManifestError) -> Self {
			match error {
				ManifestError::BadText => Self::BadText,
				ManifestError::ArtefactLength => Self::BadArtefactLength,
				ManifestError::NoPorts => Self::NoPorts,
				ManifestError::PortName => Self::BadPortName,
				ManifestError::DimensionRange => Self::BadDimensionRange,
				ManifestError::InputTooLarge => Self::InputTooLarge,
				ManifestError::OutputTooLarge => Self::OutputTooLarge,
				ManifestError::Policies => Self::BadPolicies,
				ManifestError::Cost => Self::BadCost,
				ManifestError::Shares => Self::BadShares,
				ManifestError::Royalties => Self::BadRoyalties,
			}
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Register a model.
		///
		/// ## Dispatch Origin
		///
		/// Signed; the caller becomes the owner.
		///
		/// ## Details
		///
		/// The identifier is `manifest.id(genesis, caller)`. Nothing in the manifest can be changed
		/// afterwards, and the record is never removed. Holds a deposit for the storage: items
		/// and bytes, those of the flattened lineage included.
		///
		/// ## Parameters
		///
		/// - `manifest`: what the model is. Retired parents are fine.
		/// - `price`: the owner's price for one run, paid to the contributors on top of the cost.
		///
		/// ## Errors
		///
		/// - [`Error::BadText`] to [`Error::BadRoyalties`]: the manifest is not in order.
		/// - [`Error::PriceTooHigh`]: the price is above the highest.
		/// - [`Error::UnknownCanonicalVersion`]: the program's version is not released.
		/// - [`Error::AlreadyRegistered`]: the caller registered this manifest before.
		/// - [`Error::UnknownParent`]: a parent is not registered.
		/// - [`Error::ArtefactNeedsParent`], [`Error::ProgramNeedsParent`]: the same was registered
		///   before and the first one is not among the parents.
		/// - `Token::FundsUnavailable`: the caller cannot pay the deposit.
		///
		/// ## Events
		///
		/// [`Event::Registered`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::register(
			manifest.contributors.len() as u32,
			manifest.parents.len() as u32,
		))]
		pub fn register(
			origin: OriginFor<T>,
			manifest: Manifest,
			price: Balance,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_register(owner, manifest, price)?;
			Ok(())
		}

		/// Set the price for one run.
		///
		/// ## Dispatch Origin
		///
		/// Signed, by the owner.
		///
		/// ## Details
		///
		/// A price that is not above the present one holds at once and takes the place of an
		/// announced rise. A higher one holds after the notice in the request parameters, counted
		/// anew with each call.
		///
		/// ## Parameters
		///
		/// - `model`: the model.
		/// - `price`: the new price.
		///
		/// ## Errors
		///
		/// - [`Error::UnknownModel`], [`Error::NotOwner`], [`Error::Retired`].
		/// - [`Error::PriceTooHigh`]: the price is above the highest.
		///
		/// ## Events
		///
		/// [`Event::PriceSet`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::set_price())]
		pub fn set_price(origin: OriginFor<T>, model: ModelId, price: Balance) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_set_price(who, model, price)
		}

		/// Offer a model to another account, or withdraw the offer.
		///
		/// ## Dispatch Origin
		///
		/// Signed, by the owner.
		///
		/// ## Details
		///
		/// Nothing changes until the other account accepts, since the deposit becomes its own. A
		/// new offer takes the place of an earlier one. What contributors earn is not touched.
		///
		/// ## Parameters
		///
		/// - `model`: the model.
		/// - `to`: who may accept; `None` to withdraw.
		///
		/// ## Errors
		///
		/// - [`Error::UnknownModel`], [`Error::NotOwner`].
		/// - [`Error::AlreadyOwner`]: `to` is the owner.
		///
		/// ## Events
		///
		/// [`Event::TransferOffered`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::offer_transfer())]
		pub fn offer_transfer(
			origin: OriginFor<T>,
			model: ModelId,
			to: Option<AccountId>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_offer_transfer(who, model, to)
		}

		/// Become the owner of a model that was offered.
		///
		/// ## Dispatch Origin
		///
		/// Signed, by the account to which it was offered.
		///
		/// ## Details
		///
		/// Holds the model's deposit on the caller and releases the former owner's.
		///
		/// ## Parameters
		///
		/// - `model`: the model.
		///
		/// ## Errors
		///
		/// - [`Error::UnknownModel`].
		/// - [`Error::NotOffered`]: it was not offered to the caller.
		/// - `Token::FundsUnavailable`: the caller cannot pay the deposit.
		///
		/// ## Events
		///
		/// [`Event::Transferred`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::accept_transfer())]
		pub fn accept_transfer(origin: OriginFor<T>, model: ModelId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_accept_transfer(who, model)
		}

		/// Let a model take no new requests, for good.
		///
		/// ## Dispatch Origin
		///
		/// Signed, by the owner.
		///
		/// ## Details
		///
		/// Requests under way end as they would have, so its servers stay until they stop. The
		/// deposit stays held: the record remains for contributors and descendants.
		///
		/// ## Parameters
		///
		/// - `model`: the model.
		///
		/// ## Errors
		///
		/// - [`Error::UnknownModel`], [`Error::NotOwner`].
		/// - [`Error::Retired`]: it is retired already.
		///
		/// ## Events
		///
		/// [`Event::Retired`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::retire())]
		pub fn retire(origin: OriginFor<T>, model: ModelId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_retire(who, model)
		}

		/// Declare to serve a model.
		///
		/// ## Dispatch Origin
		///
		/// Signed, by a bonded validator that is not leaving.
		///
		/// ## Details
		///
		/// Asserts that the validator's engine runs the model's artefact and that importing it
		/// gives the manifest's program root, if it names one. Requests are assigned only inside
		/// the capacity that [`Pallet::set_capacity`] declares.
		///
		/// ## Parameters
		///
		/// - `model`: the model.
		///
		/// ## Errors
		///
		/// - [`Error::NotValidator`]: the caller is not such a validator.
		/// - [`Error::UnknownModel`], [`Error::Retired`].
		/// - [`Error::AlreadyServing`]: it was declared before.
		/// - [`Error::TooManyServers`], [`Error::TooManyModels`]: a limit is reached.
		///
		/// ## Events
		///
		/// [`Event::ServingStarted`].
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::serve())]
		pub fn serve(origin: OriginFor<T>, model: ModelId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_serve(who, model)
		}

		/// Declare not to serve a model any more.
		///
		/// ## Dispatch Origin
		///
		/// Signed, by a validator that serves it.
		///
		/// ## Details
		///
		/// What is assigned already has to be answered all the same.
		///
		/// ## Parameters
		///
		/// - `model`: the model.
		///
		/// ## Errors
		///
		/// - [`Error::NotServing`]: the caller does not serve it.
		///
		/// ## Events
		///
		/// [`Event::ServingStopped`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::stop_serving())]
		pub fn stop_serving(origin: OriginFor<T>, model: ModelId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_stop_serving(who, model)
		}

		/// Declare the open cost that the validator takes at one time, for all models together.
		///
		/// ## Dispatch Origin
		///
		/// Signed, by a bonded validator that is not leaving; by anyone to set it to zero.
		///
		/// ## Details
		///
		/// Without capacity a validator is assigned nothing. What is assigned already has to be
		/// answered all the same.
		///
		/// ## Parameters
		///
		/// - `capacity`: multiply-accumulates.
		///
		/// ## Errors
		///
		/// - [`Error::NotValidator`]: the caller is not such a validator.
		///
		/// ## Events
		///
		/// [`Event::CapacitySet`].
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::set_capacity())]
		pub fn set_capacity(origin: OriginFor<T>, capacity: Macs) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_set_capacity(who, capacity)
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
