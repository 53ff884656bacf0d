//! # Validators
//!
//! Bonds of validators, the cover that other pallets reserve on them, and the sessions in which
//! they serve.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for calls, events and errors. Other pallets use the traits
//! [`Bonds`](countersign_primitives::traits::Bonds) and
//! [`Sessions`](countersign_primitives::traits::Sessions), clients the runtime API
//! `ValidatorsApi`.
//!
//! ## Overview
//!
//! ### Terminology
//!
//! - **Bond**: tokens on hold that a validator loses part of when it is proven to have signed
//!   something wrong. One account has one bond, under one hold.
//! - **Candidate**: an account with a bond of at least the minimum that has not begun to leave.
//! - **Cover**: the part of a bond reserved for one open result. A counter inside the bond: at
//!   most half of the bond in force can be reserved, so that consensus offences always find the
//!   other half.
//! - **Exposure**: the bond in force when a session was planned.
//! - **Report window**: the sessions for which an offence can still be reported, and for which the
//!   table of validators, inference keys and exposures is kept.
//!
//! ### A validator's way
//!
//! 1. `bond` at least the minimum, then set the session keys through pallet-session, whose
//!    ownership proof shows that they are the account's own. A candidate without keys is not
//!    chosen.
//! 2. Each session is planned one session ahead: the candidates with the highest bonds, up to the
//!    limit, become active in the session after the next.
//! 3. `unbond` takes part of the bond out, `leave` all of it. What was taken out stays on hold,
//!    and can be slashed, for the unbonding period; then `withdraw` releases it. The last of a
//!    bond also waits until no cover is reserved on it, and until the validator is in no session.
//!
//! The list of candidates is bounded. When it is full, a newcomer with more than the least bond
//! takes the place of that candidate, which begins to leave.
//!
//! ## Implementation Details
//!
//! ### The session table
//!
//! `pallet_session` plans session *n + 1* with `new_session(n + 1)` right after session *n*
//! started, and keeps the chosen validators with their keys in `QueuedKeys`. At the next rotation
//! these become `Validators`, and `start_session(n + 1)` runs before `QueuedKeys` is replaced. So
//! at that point `QueuedKeys` holds exactly the keys that are active from this block on, whatever
//! was changed since, and that is where the table of the session is written.
//!
//! Sessions whose members, keys and exposures are equal share one set. Sets that no session of the
//! report window refers to are pruned, at most [`MAX_PRUNED_MEMBERS`] members a block.
//!
//! ### Slashing
//!
//! Slashing is not part of this pallet's calls. A slash takes from the hold and from the ledger
//! alike: first from the bond in force, then from what is unbonding. A change of the bond in force
//! has to go through the list of candidates too.
//!
//! ### In a runtime
//!
//! This pallet stands after the balances and before pallet-session, because the genesis of the
//! latter asks this one for the first validators.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(rustdoc::broken_intra_doc_links)]

extern crate alloc;

pub use candidates::{Candidate, CandidateList, MAX_CANDIDATES};
pub use pallet::*;
pub use sessions::{EpochDuration, ExposureOf, ReportLongevity, ReportWindow};
pub use types::{
	Exposure, Ledger, Member, Record, SetIndex, Unbonding, MAX_PRUNED_MEMBERS, MAX_UNBONDING,
};
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod bonding;
mod candidates;
#[cfg(test)]
mod mock;
mod sessions;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

const LOG_TARGET: &str = "runtime::validators";

/// The calls, storage, events and errors of validators.
#[frame_support::pallet]
pub mod pallet {
	use super::{types::Member, *};
	use alloc::vec::Vec;
	use countersign_primitives::{
		keys::INFERENCE_KEY_TYPE,
		parameters::{ConsensusParameters, MAX_VALIDATORS},
		traits::Serving,
		AccountId, Balance, Hash, SessionIndex, ValidatorIndex,
	};
	use frame_support::{
		pallet_prelude::*,
		traits::{fungible, StorageVersion},
	};
	use frame_system::pallet_prelude::*;
	use sp_runtime::traits::OpaqueKeys;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The pallet.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What this pallet needs of the runtime.
	#[pallet::config]
	pub trait Config:
		frame_system::Config<AccountId = AccountId, Hash = Hash, RuntimeEvent: From<Event<Self>>>
		+ pallet_session::Config<ValidatorId = AccountId>
		+ pallet_session::historical::Config<FullIdentification = Exposure>
	{
		/// The reason under which bonds are on hold.
		type RuntimeHoldReason: From<HoldReason>;
		/// The native token.
		type Currency: fungible::Mutate<AccountId, Balance = Balance>
			+ fungible::MutateHold<AccountId, Reason = Self::RuntimeHoldReason>;
		/// Ends what a validator serves when it begins to leave.
		type Serving: Serving;
		/// The weights of the calls.
		type WeightInfo: WeightInfo;
	}

	pub(crate) type CurrencyOf<T> = <T as Config>::Currency;
	pub(crate) type WeightsOf<T> = <T as Config>::WeightInfo;

	/// Why this pallet holds tokens.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The bond of a validator, with what is unbonding.
		#[codec(index = 0)]
		Bond,
	}

	/// The parameters of consensus and bonds. Written at genesis.
	#[pallet::storage]
	pub type Parameters<T: Config> = StorageValue<_, ConsensusParameters, OptionQuery>;

	/// What each validator has bonded.
	#[pallet::storage]
	pub type Ledgers<T: Config> = StorageMap<_, Blake2_128Concat, AccountId, Ledger, OptionQuery>;

	/// What each validator did. Kept apart from the ledger, because it changes with every block.
	#[pallet::storage]
	pub type Records<T: Config> = StorageMap<_, Blake2_128Concat, AccountId, Record, OptionQuery>;

	/// The candidates, by falling bond.
	#[pallet::storage]
	pub type Candidates<T: Config> = StorageValue<_, CandidateList, ValueQuery>;

	/// The validators last planned, with the bonds that they were planned with.
	#[pallet::storage]
	pub type Planned<T: Config> =
		StorageValue<_, BoundedVec<(AccountId, Exposure), ConstU32<MAX_VALIDATORS>>, ValueQuery>;

	/// The digest of the validators last planned, with their bonds and all their keys.
	#[pallet::storage]
	pub type PlannedDigest<T: Config> = StorageValue<_, Hash, OptionQuery>;

	// Indices are handed out by the chain, in order, so that no caller can choose them: an
	// unkeyed hash spreads them well enough.

	/// The set of each session in the report window.
	#[pallet::storage]
	pub type SessionSets<T: Config> =
		StorageMap<_, Twox64Concat, SessionIndex, SetIndex, OptionQuery>;

	/// How many positions each set has.
	#[pallet::storage]
	pub type SetLengths<T: Config> = StorageMap<_, Twox64Concat, SetIndex, u32, OptionQuery>;

	/// The members: set, position.
	#[pallet::storage]
	pub type Members<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		SetIndex,
		Twox64Concat,
		ValidatorIndex,
		Member,
		OptionQuery,
	>;

	/// The set of the current session and the digest of its members.
	#[pallet::storage]
	pub type CurrentSet<T: Config> = StorageValue<_, (SetIndex, Hash), OptionQuery>;

	/// The position of each validator of the current session.
	#[pallet::storage]
	pub type Positions<T: Config> =
		StorageMap<_, Blake2_128Concat, AccountId, ValidatorIndex, OptionQuery>;

	/// The oldest session that the table still knows.
	#[pallet::storage]
	pub type OldestSession<T: Config> = StorageValue<_, SessionIndex, ValueQuery>;

	/// How many members of the oldest session's set are pruned already.
	#[pallet::storage]
	pub type PrunedMembers<T: Config> = StorageValue<_, u32, ValueQuery>;

	/// What genesis sets.
	#[pallet::genesis_config]
	pub struct GenesisConfig<T: Config> {
		/// The parameters of consensus and bonds.
		pub parameters: ConsensusParameters,
		/// The first candidates and their bonds. Their session keys are in pallet-session's part.
		pub validators: Vec<(AccountId, Balance)>,
		/// No value.
		#[serde(skip)]
		pub marker: core::marker::PhantomData<T>,
	}

	impl<T: Config> Default for GenesisConfig<T> {
		fn default() -> Self {
			Self {
				parameters: ConsensusParameters::main(),
				validators: Default::default(),
				marker: Default::default(),
			}
		}
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		// A chain must not begin with what the rules forbid; nothing else here panics.
		fn build(&self) {
			if let Err(error) = self.parameters.check_ranges() {
				panic!("consensus parameters are out of range: {}", error.0);
			}
			Parameters::<T>::put(&self.parameters);
			for (account, bond) in &self.validators {
				if let Err(error) = Pallet::<T>::do_bond(account, *bond) {
					panic!("the bond of {account:?} cannot be taken: {error:?}");
				}
			}
		}
	}

	/// What happened to bonds and sessions.
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An account bonded and is a candidate from now on.
		Bonded {
			/// The account.
			validator: AccountId,
			/// Its bond.
			amount: Balance,
		},
		/// A bond was raised.
		BondIncreased {
			/// The account.
			validator: AccountId,
			/// What was added.
			amount: Balance,
			/// The bond in force after it.
			bonded: Balance,
		},
		/// Part of a bond was taken out. It stays on hold until it matures.
		Unbonded {
			/// The account.
			validator: AccountId,
			/// What was taken out.
			amount: Balance,
			/// The first session in which it can be withdrawn.
			until: SessionIndex,
		},
		/// A validator began to leave. It serves nothing from now on, and is chosen for no session
		/// that is not planned yet.
		LeaveStarted {
			/// The account.
			validator: AccountId,
			/// The first session in which its bond can be withdrawn.
			until: SessionIndex,
		},
		/// A candidate lost its place to one with a higher bond, and begins to leave.
		Evicted {
			/// The candidate that lost its place.
			validator: AccountId,
			/// The one that took it.
			by: AccountId,
		},
		/// A leaving validator became a candidate again.
		Rejoined {
			/// The account.
			validator: AccountId,
			/// Its bond in force.
			bonded: Balance,
		},
		/// Tokens were released from a bond.
		Withdrawn {
			/// The account.
			validator: AccountId,
			/// What was released.
			amount: Balance,
		},
		/// A validator withdrew the last of its bond. Nothing of it is left on chain but the
		/// sessions in which it served.
		Removed {
			/// The account.
			validator: AccountId,
		},
		/// A session started with other members, keys or exposures than the one before.
		SetChanged {
			/// The session.
			session: SessionIndex,
			/// How many validators it has.
			validators: u32,
		},
	}

	/// Why a call was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// The account has a bond already.
		AlreadyBonded,
		/// The account has no bond.
		NotBonded,
		/// An amount of zero changes nothing.
		ZeroAmount,
		/// The bond would be below the minimum. To take all of it out, leave.
		BelowMinimumBond,
		/// The bond left would be less than twice the cover reserved on it.
		CoverNeedsBond,
		/// Too many amounts are unbonding. Withdraw what has matured, or wait.
		TooManyUnbonding,
		/// The validator has begun to leave.
		Leaving,
		/// The validator has not begun to leave.
		NotLeaving,
		/// The list of candidates is full, and the bond is not above the least in it.
		CandidatesFull,
		/// Nothing can be withdrawn yet.
		NothingToWithdraw,
		/// Cover is reserved on the bond. It can be withdrawn when the results are final.
		CoverReserved,
		/// The validator still serves in the current session.
		StillInSession,
		/// Less cover is free than was asked for.
		InsufficientCover,
		/// The bond would be too large to count.
		Overflow,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			WeightsOf::<T>::prune(Self::prune())
		}

		fn integrity_test() {
			assert!(
				T::Keys::key_ids().contains(&INFERENCE_KEY_TYPE),
				"the session keys contain an inference key"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Puts tokens on hold as a bond and makes the caller a candidate.
		///
		/// To be chosen, the caller also sets session keys with `session.setKeys`. If the list of
		/// candidates is full, the candidate with the least bond begins to leave.
		///
		/// ## Dispatch Origin
		/// Signed by the account that will be the validator.
		///
		/// ## Errors
		/// - [`Error::AlreadyBonded`]: use `bond_more` or `rejoin`.
		/// - [`Error::BelowMinimumBond`]: `amount` is less than the minimum.
		/// - [`Error::CandidatesFull`]: no candidate has a lower bond.
		///
		/// ## Events
		/// [`Event::Bonded`], and [`Event::Evicted`] with [`Event::LeaveStarted`] for the one that
		/// lost its place.
		#[pallet::call_index(0)]
		#[pallet::weight(WeightsOf::<T>::bond().saturating_add(T::Serving::withdraw_all_weight()))]
		pub fn bond(origin: OriginFor<T>, #[pallet::compact] amount: Balance) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_bond(&who, amount)
		}

		/// Adds tokens to the caller's bond, also while it is leaving.
		///
		/// ## Dispatch Origin
		/// Signed by the validator.
		///
		/// ## Errors
		/// - [`Error::ZeroAmount`], [`Error::NotBonded`].
		///
		/// ## Events
		/// [`Event::BondIncreased`].
		#[pallet::call_index(1)]
		#[pallet::weight(WeightsOf::<T>::bond_more())]
		pub fn bond_more(
			origin: OriginFor<T>,
			#[pallet::compact] amount: Balance,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_bond_more(&who, amount)
		}

		/// Takes part of the caller's bond out.
		///
		/// It no longer counts for elections or cover, but stays on hold, and can be slashed, for
		/// the unbonding period. At most [`MAX_UNBONDING`] amounts are on their way at a time;
		/// those of one session count as one.
		///
		/// ## Dispatch Origin
		/// Signed by the validator.
		///
		/// ## Errors
		/// - [`Error::ZeroAmount`], [`Error::NotBonded`], [`Error::Leaving`].
		/// - [`Error::BelowMinimumBond`]: less than the minimum would be left.
		/// - [`Error::CoverNeedsBond`]: less than twice the reserved cover would be left.
		/// - [`Error::TooManyUnbonding`]: the queue is full.
		///
		/// ## Events
		/// [`Event::Unbonded`].
		#[pallet::call_index(2)]
		#[pallet::weight(WeightsOf::<T>::unbond())]
		pub fn unbond(origin: OriginFor<T>, #[pallet::compact] amount: Balance) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_unbond(&who, amount)
		}

		/// Begins to leave: ends what the caller serves, and takes it off the list of candidates.
		///
		/// The caller still authors and votes in the sessions that are planned already. Its bond
		/// can be withdrawn after the unbonding period, once no cover is reserved on it.
		///
		/// ## Dispatch Origin
		/// Signed by the validator.
		///
		/// ## Errors
		/// - [`Error::NotBonded`], [`Error::Leaving`].
		///
		/// ## Events
		/// [`Event::LeaveStarted`].
		#[pallet::call_index(3)]
		#[pallet::weight(WeightsOf::<T>::leave().saturating_add(T::Serving::withdraw_all_weight()))]
		pub fn leave(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_leave(&who)
		}

		/// Makes a leaving validator a candidate again. What it served has to be declared anew.
		///
		/// ## Dispatch Origin
		/// Signed by the validator.
		///
		/// ## Errors
		/// - [`Error::NotBonded`], [`Error::NotLeaving`].
		/// - [`Error::BelowMinimumBond`]: raise the bond first.
		/// - [`Error::CandidatesFull`]: no candidate has a lower bond.
		///
		/// ## Events
		/// [`Event::Rejoined`], and [`Event::Evicted`] with [`Event::LeaveStarted`] for the one
		/// that lost its place.
		#[pallet::call_index(4)]
		#[pallet::weight(
			WeightsOf::<T>::rejoin().saturating_add(T::Serving::withdraw_all_weight())
		)]
		pub fn rejoin(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_rejoin(&who)
		}

		/// Releases what has matured of the caller's bond.
		///
		/// ## Dispatch Origin
		/// Signed by the validator.
		///
		/// ## Errors
		/// - [`Error::NotBonded`], [`Error::NothingToWithdraw`].
		/// - [`Error::CoverReserved`]: the unbonding period is over, but results are still open.
		/// - [`Error::StillInSession`]: the unbonding period is over, but nobody took the
		///   validator's place yet.
		///
		/// ## Events
		/// [`Event::Withdrawn`], and [`Event::Removed`] if nothing is left.
		#[pallet::call_index(5)]
		#[pallet::weight(WeightsOf::<T>::withdraw())]
		pub fn withdraw(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_withdraw(&who)
		}
	}
}
