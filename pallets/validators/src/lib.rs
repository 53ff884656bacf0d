//! # Validators
//!
//! Bonds of validators, the cover that other pallets reserve on them, and the sessions in which
//! they serve.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for calls, events and errors. Other pallets use the traits
//! [`Bonds`](countersign_primitives::traits::Bonds),
//! [`Sessions`](countersign_primitives::traits::Sessions) and
//! [`Offences`](countersign_primitives::traits::Offences), clients the runtime API
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
//! - **Offence**: what was proved by signatures or recomputed by the chain. **Slash**: what it
//!   costs. It is pending from the report until the deferral is over, and stands on the bond all
//!   the while.
//! - **Report window**: the sessions for which an offence can still be reported. For what is about a
//!   request it begins when the longest request would be over; so long the table of validators,
//!   inference keys and exposures is kept.
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
//! Offences of BABE, GRANDPA and inference reach the one handler through pallet-offences
//! (`offences`). Each becomes a pending slash, which governance can cancel, and which is applied
//! when its deferral is over (`slashes`), out of one of two halves:
//!
//! | offence | takes | of |
//! |---|---|---|
//! | `WrongResult`, `Unavailable` | the cover | the half that covers reserve |
//! | `BrokenCommit` | what the rules of audits say | the half that covers reserve |
//! | `Equivocation` | [`EQUIVOCATION_SLASH`] of the exposure | the other half |
//! | BABE, GRANDPA | [`consensus_fraction`] of the exposure | the other half |
//!
//! A slash takes from the hold and from the ledger alike: first from the bond in force, then from
//! what is unbonding. A tenth goes to the reporter, the rest is burned. Covers and pending slashes
//! together never exceed what is on hold, and what they need cannot be withdrawn.
//!
//! Reports are remembered until nobody can make them again, so that one offence is slashed once.
//! When slashes for wrong results pile up under one version of the canonical operator set, they
//! freeze (`breaker`).
//!
//! ### In a runtime
//!
//! This pallet stands after the balances and before pallet-session, because the genesis of the
//! latter asks this one for the first validators.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(rustdoc::broken_intra_doc_links)]

extern crate alloc;

pub use candidates::{Candidate, CandidateList, MAX_CANDIDATES};
pub use offence_types::*;
pub use offences::{inference_kind_id, ConsensusOffences, OpenSlots};
pub use pallet::*;
pub use sessions::{EpochDuration, ExposureOf, ReportLongevity, ReportWindow};
pub use types::{
	Exposure, Ledger, Member, Pending, Record, SetIndex, Unbonding, MAX_PRUNED_MEMBERS,
	MAX_UNBONDING,
};
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod bonding;
mod breaker;
mod candidates;
mod evidence;
#[cfg(test)]
mod mock;
mod offence_types;
mod offences;
mod parameters;
mod sessions;
mod slashes;
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
	use alloc::{boxed::Box, vec::Vec};
	use countersign_primitives::{
		keys::INFERENCE_KEY_TYPE,
		offence::SignedStatement,
		parameters::{ConsensusParameters, MAX_VALIDATORS},
		traits::{Offences, RequestRules, Serving},
		AccountId, Balance, BlockNumber, Hash, SessionIndex, ValidatorIndex,
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
		+ pallet_offences::Config<IdentificationTuple = (AccountId, Exposure)>
	{
		/// The reason under which bonds are on hold.
		type RuntimeHoldReason: From<HoldReason>;
		/// The native token.
		type Currency: fungible::Mutate<AccountId, Balance = Balance>
			+ fungible::MutateHold<AccountId, Reason = Self::RuntimeHoldReason>;
		/// Ends what a validator serves when it begins to leave, or was reported for something
		/// around inference.
		type Serving: Serving;
		/// The parameters of requests, which those of consensus must fit.
		type RequestRules: RequestRules;
		/// The longest that anything about one request stays open, in blocks: offences in it can be
		/// found out that much later.
		type LongestRequest: Get<BlockNumber>;
		/// Tells which consensus offences can still be proved.
		type OpenSlots: OpenSlots;
		/// May cancel one pending slash.
		type CancelOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// May lift the suspension of a version of the canonical operator set.
		type SuspensionOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// May change the parameters of consensus and bonds.
		type ParameterOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// The longest that it takes to cancel a slash; slashes are deferred for longer.
		type AppealBlocks: Get<BlockNumber>;
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

	/// The parameters of consensus and bonds. Written at genesis, and by governance.
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

	/// The bonds of the validators last planned together.
	#[pallet::storage]
	pub type SessionStake<T: Config> = StorageValue<_, Balance, ValueQuery>;

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

	/// An offence on its way through pallet-offences to the handler. Empty between calls.
	#[pallet::storage]
	pub type InFlightOffence<T: Config> = StorageValue<_, InFlight, OptionQuery>;

	/// What was reported, by cause and offender, until nobody can report it again.
	// The key is a hash that the chain computed.
	#[pallet::storage]
	pub type Reports<T: Config> = StorageMap<_, Identity, Hash, Report, OptionQuery>;

	/// The sessions in which reports may be forgotten.
	#[pallet::storage]
	pub type ReportPrunes<T: Config> =
		StorageDoubleMap<_, Twox64Concat, SessionIndex, Identity, Hash, (), OptionQuery>;

	/// Up to which session reports were forgotten.
	#[pallet::storage]
	pub type ReportCursor<T: Config> = StorageValue<_, SessionIndex, ValueQuery>;

	/// Those who committed one consensus offence together, by its cause.
	#[pallet::storage]
	pub type Groups<T: Config> = StorageMap<_, Identity, Hash, Group, OptionQuery>;

	/// The slashes that are not applied yet.
	#[pallet::storage]
	pub type Slashes<T: Config> = StorageMap<_, Twox64Concat, SlashId, Slash, OptionQuery>;

	/// The number of the next slash.
	#[pallet::storage]
	pub type NextSlash<T: Config> = StorageValue<_, SlashId, ValueQuery>;

	/// The sessions from which slashes are applied.
	#[pallet::storage]
	pub type DueSlashes<T: Config> =
		StorageDoubleMap<_, Twox64Concat, SessionIndex, Twox64Concat, SlashId, (), OptionQuery>;

	/// Up to which session slashes were applied.
	#[pallet::storage]
	pub type SlashCursor<T: Config> = StorageValue<_, SessionIndex, ValueQuery>;

	/// The slashes that wait for governance, by the version that found results wrong.
	#[pallet::storage]
	pub type FrozenSlashes<T: Config> =
		StorageDoubleMap<_, Twox64Concat, u16, Twox64Concat, SlashId, (), OptionQuery>;

	/// The suspended versions of the canonical operator set, and since which session they are.
	#[pallet::storage]
	pub type Suspensions<T: Config> = StorageMap<_, Twox64Concat, u16, SessionIndex, OptionQuery>;

	/// The blocks in which suspensions were lifted last. One entry for each version that ever was
	/// suspended.
	#[pallet::storage]
	pub type LiftedSuspensions<T: Config> =
		StorageMap<_, Twox64Concat, u16, BlockNumber, OptionQuery>;

	/// The versions whose frozen slashes are being put back into the queue.
	#[pallet::storage]
	pub type Thawing<T: Config> =
		StorageValue<_, BoundedVec<u16, ConstU32<MAX_THAWING>>, ValueQuery>;

	/// What slashes for wrong results came to, by version, in the hours of the last day.
	#[pallet::storage]
	pub type WrongResults<T: Config> = StorageMap<_, Twox64Concat, u16, HourlyAmounts, ValueQuery>;

	/// The shortest unbonding period that was in force lately, and the first session in which it
	/// does not matter any more.
	#[pallet::storage]
	pub type UnbondingFloor<T: Config> = StorageValue<_, (SessionIndex, SessionIndex), OptionQuery>;

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
		/// An offence was proved. Its slash is pending: it stands on the bond, and is applied when
		/// the deferral is over, unless a referendum cancels it before.
		SlashDeferred {
			/// The number of the slash, by which it can be cancelled.
			slash: SlashId,
			/// Whose bond it takes from.
			validator: AccountId,
			/// What it is for.
			cause: Cause,
			/// The most that it takes. A consensus offence takes less, unless many committed it.
			amount: Balance,
			/// The first session in which it is applied.
			until: SessionIndex,
		},
		/// A slash was applied: the bond is smaller by this.
		Slashed {
			/// The number of the slash.
			slash: SlashId,
			/// Whose bond it took from.
			validator: AccountId,
			/// What it was for.
			cause: Cause,
			/// What it took.
			amount: Balance,
			/// The part of it that was burned.
			burned: Balance,
		},
		/// A reporter was paid its part of a slash.
		Rewarded {
			/// The number of the slash.
			slash: SlashId,
			/// The reporter.
			reporter: AccountId,
			/// What it got.
			amount: Balance,
		},
		/// Governance cancelled a slash. Nothing was taken.
		SlashCancelled {
			/// The number of the slash.
			slash: SlashId,
			/// Whose bond it stood on.
			validator: AccountId,
			/// What does not stand on it any more.
			amount: Balance,
		},
		/// A slash was due, but the version that found the result wrong is suspended: it waits for
		/// governance.
		SlashFrozen {
			/// The number of the slash.
			slash: SlashId,
			/// Whose bond it stands on.
			validator: AccountId,
			/// The version.
			version: u16,
		},
		/// So many results were found wrong under one version of the canonical operator set in a
		/// day that it is suspended until governance lifts that.
		VersionSuspended {
			/// The version.
			version: u16,
			/// What its slashes of that day came to.
			slashes: Balance,
			/// The bonds of all validators together.
			stake: Balance,
		},
		/// Governance lifted a suspension. Slashes that froze are deferred anew.
		SuspensionLifted {
			/// The version.
			version: u16,
		},
		/// Governance changed the parameters of consensus and bonds.
		ParametersChanged {
			/// The new ones.
			parameters: ConsensusParameters,
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
		/// A slash stands on the bond. It can be withdrawn when the slash is applied or cancelled.
		SlashPending,
		/// The statements do not contradict each other: they are about different requests, roles or
		/// places, or say the same.
		NotEquivocation,
		/// The statements are of another chain.
		OtherChain,
		/// The session has not begun, or is too long ago for a report.
		OutsideReportWindow,
		/// Nobody held this position with this key in that session.
		UnknownMember,
		/// A statement was not signed by its signer.
		BadSignature,
		/// This was reported before. Nobody is slashed twice.
		AlreadyReported,
		/// Nothing of the bond is left that this offence could take.
		NothingToSlash,
		/// There is no such slash, or it was applied or cancelled already.
		UnknownSlash,
		/// The version is not suspended.
		NotSuspended,
		/// Too many suspensions were lifted at a time. Try again when their slashes are back in the
		/// queue.
		TooManyThawing,
		/// The length of an epoch never changes.
		EpochNeverChanges,
		/// A parameter is outside its range or breaks a relation to another, or to one under which
		/// something is unbonding.
		BadParameters,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			WeightsOf::<T>::prune(Self::prune())
				.saturating_add(WeightsOf::<T>::apply_due_slashes(Self::apply_due_slashes()))
				.saturating_add(WeightsOf::<T>::prune_reports(Self::prune_reports()))
				.saturating_add(WeightsOf::<T>::thaw(Self::thaw()))
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

		/// Reports that a validator signed two different statements for one request.
		///
		/// The two statements and their signatures are all that it takes: the request needs not
		/// be known any more, and no result needs to be open.
		///
		/// ## Dispatch Origin
		/// Signed by anyone. The fee is given back if the report is accepted, and a tenth of the
		/// slash goes to the caller when it is applied.
		///
		/// ## Parameters
		/// - `first`, `second`: the statements, in any order. Both name the same request, role,
		///   session, position and key, and differ in outcome or attribution.
		///
		/// ## Errors
		/// - [`Error::NotEquivocation`], [`Error::OtherChain`], [`Error::BadSignature`].
		/// - [`Error::OutsideReportWindow`]: the session that they name is too long ago.
		/// - [`Error::UnknownMember`]: the key was not that position's in that session.
		/// - [`Error::AlreadyReported`]: nobody is slashed twice for one request and role.
		/// - [`Error::NothingToSlash`]: slashes that are pending, or were applied lately, take all
		///   that equivocations can take.
		///
		/// ## Events
		/// [`Event::SlashDeferred`]; [`Event::Slashed`] and [`Event::Rewarded`] when the deferral
		/// is over.
		#[pallet::call_index(6)]
		#[pallet::weight(
			WeightsOf::<T>::report_equivocation()
				.saturating_add(<Pallet<T> as Offences>::report_weight())
		)]
		pub fn report_equivocation(
			origin: OriginFor<T>,
			first: Box<SignedStatement>,
			second: Box<SignedStatement>,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Self::do_report_equivocation(who, &first, &second)?;
			Ok(Pays::No.into())
		}

		/// Cancels one pending slash, frozen or not.
		///
		/// Nothing else changes: a result that was invalidated stays so, refunds are not taken
		/// back, and what it cost to prove the offence is not either.
		///
		/// ## Dispatch Origin
		/// Governance, on the track for slashes.
		///
		/// ## Errors
		/// - [`Error::UnknownSlash`]: it does not exist, or was applied or cancelled already.
		///
		/// ## Events
		/// [`Event::SlashCancelled`].
		#[pallet::call_index(7)]
		#[pallet::weight(WeightsOf::<T>::cancel_slash())]
		pub fn cancel_slash(
			origin: OriginFor<T>,
			#[pallet::compact] slash: SlashId,
		) -> DispatchResult {
			T::CancelOrigin::ensure_origin(origin)?;
			Self::do_cancel_slash(slash)
		}

		/// Lifts the suspension of a version of the canonical operator set. Its frozen slashes are
		/// deferred anew, so that each can still be cancelled.
		///
		/// ## Dispatch Origin
		/// Governance, on the track for suspensions.
		///
		/// ## Errors
		/// - [`Error::NotSuspended`].
		/// - [`Error::TooManyThawing`]: try again later.
		///
		/// ## Events
		/// [`Event::SuspensionLifted`].
		#[pallet::call_index(8)]
		#[pallet::weight(WeightsOf::<T>::lift_suspension())]
		pub fn lift_suspension(origin: OriginFor<T>, version: u16) -> DispatchResult {
			T::SuspensionOrigin::ensure_origin(origin)?;
			Self::do_lift_suspension(version)
		}

		/// Changes the parameters of consensus and bonds.
		///
		/// They count from now on: for bonds that are taken out later, offences that are reported
		/// later, sessions that are planned later.
		///
		/// ## Dispatch Origin
		/// Governance, on the track for parameters.
		///
		/// ## Errors
		/// - [`Error::EpochNeverChanges`].
		/// - [`Error::BadParameters`]: a range or a relation does not hold. The relations hold for
		///   what is unbonding under earlier parameters, too: whoever wants a longer report window
		///   or deferral may have to raise the unbonding period first, and wait for the old one.
		///
		/// ## Events
		/// [`Event::ParametersChanged`].
		#[pallet::call_index(9)]
		#[pallet::weight(WeightsOf::<T>::set_parameters())]
		pub fn set_parameters(
			origin: OriginFor<T>,
			parameters: ConsensusParameters,
		) -> DispatchResult {
			T::ParameterOrigin::ensure_origin(origin)?;
			Self::do_set_parameters(parameters)
		}
	}
}
