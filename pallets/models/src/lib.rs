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
//! ## Commit, then reveal
//!
//! Whoever registers a model commits to it first, by a hash, and names it in a later block. Whoever
//! learns of an artefact from a registration is too late to register it as its own.
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
//! ## Programs
//!
//! A model's canonical program may be stored on chain, so that the model can be called inside a
//! transaction and disputed without anybody sending the program along. Anyone may upload the
//! package of a registered model's program, in chunks, for a deposit; at the end it is put
//! together and examined as a stranger's, and stays under its root, for every model that names
//! it. Whoever holds the deposit may drop it.
//!
//! The cost that a manifest declares is checked where the program is known: storing is refused,
//! and so is calling, where it is below the program's own.
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

pub use commitments::{Commitment, MAX_COMMITMENTS, REVEAL_BLOCKS};
pub use impls::MAX_MODELS_PAGE;
pub use pallet::*;
pub use programs::{Chunk, ProgramRecord, Upload};
pub use types::ModelRecord;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod commitments;
mod impls;
#[cfg(test)]
mod mock;
pub mod programs;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

use countersign_primitives::{Balance, UNIT};

/// The highest price of one run: a billion tokens. Below it, no sum of fee, value at risk and
/// cover comes near an overflow.
pub const MAX_PRICE: Balance = 1_000_000_000 * UNIT;

/// The calls, storage, events and errors of models.
#[frame_support::pallet]
pub mod pallet {
	use super::{
		Chunk, Commitment, ModelRecord, ProgramRecord, Upload, WeightInfo, MAX_COMMITMENTS,
	};
	use countersign_primitives::{
		model::{ArtefactHash, Manifest, ModelId, Price, MAX_SERVED, MAX_SERVERS},
		program::MAX_PROGRAM_CHUNKS,
		tensor::{Port, MAX_PORTS},
		traits::{Bonds, Contributors, RequestRules},
		AccountId, Balance, BlockNumber, Hash, Macs,
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
		/// For programs that an account uploads or stored.
		Program,
		/// For commitments to register models.
		Commitment,
	}

	/// What accounts committed to register.
	#[pallet::storage]
	pub type Commitments<T: Config> = StorageMap<
		_,
		Blake2_128Concat,
		AccountId,
		BoundedVec<Commitment, ConstU32<MAX_COMMITMENTS>>,
		ValueQuery,
	>;

	/// The last blocks in which commitments hold, and whose they are.
	#[pallet::storage]
	pub type CommitmentExpiries<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		BlockNumber,
		Blake2_128Concat,
		AccountId,
		(),
		OptionQuery,
	>;

	/// Every earlier bucket of [`CommitmentExpiries`] is empty.
	#[pallet::storage]
	pub type ExpiryCursor<T: Config> = StorageValue<_, BlockNumber, ValueQuery>;

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

	/// The packages on their way in, by model and uploader.
	#[pallet::storage]
	pub type Uploads<T: Config> =
		StorageDoubleMap<_, Identity, ModelId, Blake2_128Concat, AccountId, Upload, OptionQuery>;

	/// Whose uploads are under way, by the uploads' numbers.
	#[pallet::storage]
	pub type UploadOwners<T: Config> =
		StorageMap<_, Twox64Concat, u64, (ModelId, AccountId), OptionQuery>;

	/// The number of the next upload.
	#[pallet::storage]
	pub type NextUpload<T: Config> = StorageValue<_, u64, ValueQuery>;

	/// Every upload with a lower number is finished or gone.
	#[pallet::storage]
	pub type OldestUpload<T: Config> = StorageValue<_, u64, ValueQuery>;

	/// Packages in chunks, by the number of their upload. Apart from everything else, so that a
	/// package can be read piece by piece into memory that is there already.
	#[pallet::storage]
	pub type ProgramChunks<T: Config> =
		StorageDoubleMap<_, Twox64Concat, u64, Twox64Concat, u32, Chunk, OptionQuery>;

	/// The stored programs by root. Roots are named by registrants, so they are hashed.
	#[pallet::storage]
	pub type StoredPrograms<T: Config> =
		StorageMap<_, Blake2_128Concat, Hash, ProgramRecord, OptionQuery>;

	/// What happened to models.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Somebody committed to register a model.
		Committed {
			/// Who.
			owner: AccountId,
			/// The hash.
			commitment: Hash,
			/// What is held until the registration.
			deposit: Balance,
			/// The last block in which the model may be registered.
			last_block: BlockNumber,
		},
		/// A commitment was not used in time.
		CommitmentExpired {
			/// Whose it was.
			owner: AccountId,
			/// The hash.
			commitment: Hash,
			/// What is not held any more.
			deposit: Balance,
		},
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
		/// Somebody began to upload the program of a model.
		ProgramBegun {
			/// The model.
			model: ModelId,
			/// Who uploads.
			who: AccountId,
			/// The program's root.
			root: Hash,
			/// The length of the package in bytes.
			length: u32,
			/// What is held.
			deposit: Balance,
			/// The last block in which the upload may be finished.
			expires: BlockNumber,
		},
		/// A program is stored. From the next block on, its models may be called in a transaction,
		/// if a run is below the synchronous budget.
		ProgramStored {
			/// Its root.
			root: Hash,
			/// The model for which it was uploaded.
			model: ModelId,
			/// Whose balance is held for it.
			depositor: AccountId,
			/// What a run costs, in multiply-accumulates.
			weighted_macs: Macs,
			/// The slabs of memory that a run takes.
			slabs: u8,
		},
		/// An upload was given up, or was not finished in time.
		ProgramAborted {
			/// The model.
			model: ModelId,
			/// Who uploaded.
			who: AccountId,
			/// What is not held any more.
			deposit: Balance,
		},
		/// A program is not stored any more.
		ProgramDropped {
			/// Its root.
			root: Hash,
			/// Whose deposit it was.
			who: AccountId,
			/// What is not held any more.
			deposit: Balance,
		},
	}

	/// Why a call was refused.
	#[pallet::error]
	#[derive(PartialEq, Eq)]
	pub enum Error<T> {
		/// No model has this identifier.
		UnknownModel,
		/// The caller did not commit to register this manifest, or more than 600 blocks ago: call
		/// `commit` first.
		NotCommitted,
		/// The caller committed to this in this very block; register in the next.
		CommittedInThisBlock,
		/// The caller committed to this already; register, or wait until that expires.
		AlreadyCommitted,
		/// The caller has as many commitments as an account may; register, or wait until one expires.
		TooManyCommitments,
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
		/// otherwise; exponents must be those of floats, an output under `Top1` must be `I64`, and
		/// one named `attribution` exact integers.
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
		/// The model has no program, or none with this root is stored.
		NoProgram,
		/// The program is stored already.
		ProgramStored,
		/// The package is empty or longer than 4 MiB.
		BadProgramLength,
		/// The account uploads this model's program already; abort that first.
		UploadBegun,
		/// The account uploads no program of this model.
		NoUpload,
		/// The upload took too long; abort it, or wait until it is removed.
		UploadExpired,
		/// There is no such chunk, or it must have another length: 64 KiB each, and the last one
		/// what is left.
		BadChunk,
		/// The chunk is there already.
		ChunkThere,
		/// A chunk is missing.
		ProgramIncomplete,
		/// The bytes are not the encoding of a package.
		ProgramMalformed,
		/// The program has too many tensors, or none or too many inputs or outputs.
		ProgramTooManyTensors,
		/// An input, a constant or a result of the program is too large.
		ProgramTensorTooLarge,
		/// An operator of the program refers to a tensor that is not there before it.
		ProgramDangling,
		/// An operator of the program does not fit its operands: their number, types or shapes.
		ProgramMisfit,
		/// A constant of the package is missing, is not as long as its type and shape say, or is not
		/// the one that the program commits to; or there is one too many.
		BadConstant,
		/// A run of the program takes more memory than the runtime gives one: 64 MiB, the package
		/// included.
		ProgramTakesTooMuch,
		/// The program is not the one that the manifest names.
		WrongProgramRoot,
		/// The program takes or gives other tensors than the manifest declares.
		ProgramPortsMismatch,
		/// The manifest declares a lower cost than the program has.
		CostBelowProgram,
		/// Only the account whose balance is held for the program may drop it.
		NotDepositor,
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
		/// The identifier is `manifest.id(genesis, caller)`, and the caller has to have committed to
		/// it with [`Pallet::commit`] in an earlier block. Nothing in the manifest can be changed
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
		/// - [`Error::NotCommitted`], [`Error::CommittedInThisBlock`]: there is no commitment, or not
		///   yet for a block.
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
			let model = Self::do_register(owner.clone(), manifest, price)?;
			Self::reveal(&owner, &model)
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

		/// Begin to upload the program of a model.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anyone.
		///
		/// ## Details
		///
		/// Holds a deposit for the package's storage until the upload is aborted or the stored
		/// program dropped. Whoever drops a program takes it from all contracts that call it: the
		/// owner, or whoever depends on it, should hold the deposit.
		///
		/// ## Parameters
		///
		/// - `model`: the model; its manifest names the program's root.
		/// - `length`: the length of the package in bytes.
		///
		/// ## Errors
		///
		/// - [`Error::UnknownModel`], [`Error::Retired`], [`Error::NoProgram`]: see above.
		/// - [`Error::BadProgramLength`]: nothing, or too long.
		/// - [`Error::ProgramStored`]: there is nothing to do.
		/// - [`Error::UploadBegun`]: this account began before.
		/// - `Token::FundsUnavailable`: the caller cannot pay the deposit.
		///
		/// ## Events
		///
		/// [`Event::ProgramBegun`].
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::begin_program())]
		pub fn begin_program(origin: OriginFor<T>, model: ModelId, length: u32) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_begin_program(who, model, length)
		}

		/// Upload one chunk of a package: 64 KiB, the last one what is left, in any order.
		///
		/// ## Dispatch Origin
		///
		/// Signed by whoever began the upload.
		///
		/// ## Parameters
		///
		/// - `model`: the model.
		/// - `index`: the position of the chunk, from 0.
		/// - `bytes`: the chunk.
		///
		/// ## Errors
		///
		/// - [`Error::NoUpload`], [`Error::UploadExpired`]: begin first, or again.
		/// - [`Error::BadChunk`], [`Error::ChunkThere`]: not this chunk.
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::put_program_chunk(bytes.len() as u32))]
		pub fn put_program_chunk(
			origin: OriginFor<T>,
			model: ModelId,
			index: u32,
			bytes: Chunk,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_put_program_chunk(who, model, index, bytes)
		}

		/// Have the uploaded package examined and stored.
		///
		/// ## Dispatch Origin
		///
		/// Signed by whoever began the upload.
		///
		/// ## Details
		///
		/// Everything is checked as of a stranger: the program's limits, types and shapes, each
		/// constant against the program's commitment to it, root, inputs, outputs and cost against
		/// the manifest. Where that fails, nothing changes, and the upload can only be aborted.
		///
		/// ## Parameters
		///
		/// - `model`: the model.
		///
		/// ## Errors
		///
		/// - [`Error::NoUpload`], [`Error::UploadExpired`], [`Error::ProgramIncomplete`].
		/// - [`Error::ProgramStored`]: somebody else was faster; abort.
		/// - [`Error::UnknownCanonicalVersion`], [`Error::ProgramMalformed`] to
		///   [`Error::CostBelowProgram`]: the package is not this model's.
		///
		/// ## Events
		///
		/// [`Event::ProgramStored`].
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::finish_program(MAX_PROGRAM_CHUNKS))]
		pub fn finish_program(origin: OriginFor<T>, model: ModelId) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			let chunks = Self::do_finish_program(who, model)?;
			Ok(Some(T::WeightInfo::finish_program(chunks)).into())
		}

		/// Give up an upload and get the deposit back.
		///
		/// ## Dispatch Origin
		///
		/// Signed by whoever began the upload.
		///
		/// ## Parameters
		///
		/// - `model`: the model.
		///
		/// ## Errors
		///
		/// - [`Error::NoUpload`]: there is none.
		///
		/// ## Events
		///
		/// [`Event::ProgramAborted`].
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::abort_program(MAX_PROGRAM_CHUNKS))]
		pub fn abort_program(origin: OriginFor<T>, model: ModelId) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			let chunks = Self::do_abort_program(who, model)?;
			Ok(Some(T::WeightInfo::abort_program(chunks)).into())
		}

		/// Drop a stored program and get the deposit back. Its models cannot be called in
		/// transactions any more, until somebody stores it again.
		///
		/// ## Dispatch Origin
		///
		/// Signed by whoever stored it.
		///
		/// ## Parameters
		///
		/// - `root`: the program's root.
		///
		/// ## Errors
		///
		/// - [`Error::NoProgram`]: none with this root is stored.
		/// - [`Error::NotDepositor`]: somebody else stored it.
		///
		/// ## Events
		///
		/// [`Event::ProgramDropped`].
		#[pallet::call_index(12)]
		#[pallet::weight(T::WeightInfo::drop_program(MAX_PROGRAM_CHUNKS))]
		pub fn drop_program(origin: OriginFor<T>, root: Hash) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			let chunks = Self::do_drop_program(who, root)?;
			Ok(Some(T::WeightInfo::drop_program(chunks)).into())
		}

		/// Commit to register a model, without saying which.
		///
		/// ## Dispatch Origin
		///
		/// Signed, by the owner to be.
		///
		/// ## Details
		///
		/// From the next block on, and for 600 blocks, the caller may register the model. Holds a
		/// deposit until then, or until it expired.
		///
		/// ## Parameters
		///
		/// - `commitment`: `blake2_256("countersign/v1\0\0" | "registration" | model)`, where `model` is
		///   the identifier that the model will have.
		///
		/// ## Errors
		///
		/// - [`Error::AlreadyCommitted`], [`Error::TooManyCommitments`].
		/// - `Token::FundsUnavailable`: the caller cannot pay the deposit.
		///
		/// ## Events
		///
		/// [`Event::Committed`].
		#[pallet::call_index(13)]
		#[pallet::weight(T::WeightInfo::commit())]
		pub fn commit(origin: OriginFor<T>, commitment: Hash) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_commit(owner, commitment)
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
			let used = Self::prune_uploads(remaining);
			used.saturating_add(Self::prune_commitments(remaining.saturating_sub(used)))
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
