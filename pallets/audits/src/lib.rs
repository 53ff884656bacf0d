//! # Audits
//!
//! Validators are drawn to run answered requests again, commit to what they find, and show it. What
//! agrees with a result stands behind it as evidence; what contradicts it keeps it from `Final` until
//! the chain has recomputed it.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the calls, storage, events and errors, and the runtime API
//! `AuditsApi` of `countersign_primitives::audit` for what clients and workers ask.
//!
//! ## Overview
//!
//! ```text
//!           a block's randomness, an epoch's          all committed, or time over
//! result ──────────── draw ───────────────── commit ─────────────────────────────── show ──── count
//!                       ^                      │ did not: missed, no harm             │ did not: broken
//!                       └──────── redraw ──────┴──────────────────────────────────────┘
//! ```
//!
//! - **Two draws** with one probability ([`rates`]): 1 for a new bond, falling with passed audits to
//!   10 %, rising with the part of the bond that the result takes. The early draw is made by the
//!   randomness of the blocks after the result, the late one by the randomness that is published at
//!   the start of the second epoch after it.
//! - **Auditors**: two for a draw, by stake, out of all validators of the session with declared
//!   capacity for the model's cost; never the executor. Each has as much cover reserved as the
//!   executor.
//! - **What they show** is a statement and the digest of leaves of the trace at positions that
//!   nobody knew before the draw. The chain compares digests of one round with each other; it does
//!   not compute them.
//! - **Pay** is fair to the pot: see [`rates`]. It is paid when the result has ended and the pot has
//!   its part; what the pot cannot pay it owes ([`Pallet::claim`]).
//!
//! ## Implementation Details
//!
//! Everything that happens by itself is in queues (`queues`), of which a block takes a bounded part.
//! Commitments and what is shown are authorized transactions (`checks`) of the operational class: no
//! fee, no nonce, no funds on the key that signs.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(rustdoc::broken_intra_doc_links)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod checks;
mod closing;
pub mod draws;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod invariants;
#[cfg(test)]
mod mock;
mod queues;
pub mod rates;
pub mod rounds;
#[cfg(test)]
mod tests;
pub mod types;
mod views;
pub mod weights;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

use countersign_primitives::{audit::AuditReveal, request::Outcome};

/// Says that something cannot be. A chain logs it and goes on; a test fails, also where the build
/// is optimised and `defensive!` alone would not stop it.
fn impossible(proof: &'static str) {
	frame_support::defensive!(proof);
	#[cfg(test)]
	panic!("{proof}");
}

/// KiB of outcome that an auditor brings along.
fn outcome_kib(reveal: &AuditReveal) -> u32 {
	match &reveal.outcome {
		Some(Outcome::Output(bytes)) => {
			u32::try_from(bytes.len().div_ceil(1024)).unwrap_or(u32::MAX)
		}
		Some(Outcome::Trap { .. }) | None => 0,
	}
}

/// The calls, storage, events and errors of audits.
#[allow(missing_docs)] // The macro's expansion has undocumented items.
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use countersign_primitives::{
		audit::{AuditCommit, AuditRandomness, AuditedResults, Draw},
		dispute::Manifests,
		keys::{InferenceId, InferenceSignature},
		parameters::MAX_AUDIT_SEED_BLOCKS,
		request::{OutcomeCommitment, RequestId, Role},
		traits::{Bonds, Models, Offences, Sessions},
		AccountId, Balance, BlockNumber, Hash, SessionIndex, ValidatorIndex,
	};
	use frame_support::{dispatch::DispatchClass, pallet_prelude::*, traits::fungible::Mutate};
	use frame_system::{offchain::CreateAuthorizedTransaction, pallet_prelude::*};
	use sp_runtime::SaturatedConversion;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The pallet.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What this pallet needs of the runtime, whose transactions must carry
	/// `frame_system::AuthorizeCall`. It stands after BABE and the session, so that it knows in a
	/// block whether a session has begun, and what was published for it.
	#[pallet::config]
	pub trait Config:
		CreateAuthorizedTransaction<Call<Self>>
		+ frame_system::Config<AccountId = AccountId, Hash = Hash, RuntimeEvent: From<Event<Self>>>
	{
		/// The native token.
		type Currency: Mutate<AccountId, Balance = Balance>;
		/// Open results.
		type Results: AuditedResults;
		/// What models take and give, and what validators can run.
		type Models: Models;
		/// The policies and programs of models.
		type Manifests: Manifests;
		/// The validators' bonds and the cover on them.
		type Bonds: Bonds;
		/// The validators of recent sessions and their keys.
		type Sessions: Sessions;
		/// Slashes.
		type Offences: Offences;
		/// What decides who is drawn.
		type Randomness: AuditRandomness;
		/// The weights of calls and hooks.
		type WeightInfo: WeightInfo;
	}

	/// The audits of results.
	#[pallet::storage]
	pub type Audits<T: Config> = StorageMap<_, Blake2_128Concat, RequestId, Audit, OptionQuery>;

	/// The open results that an auditor contradicts.
	#[pallet::storage]
	pub type Contradictions<T: Config> =
		StorageMap<_, Blake2_128Concat, RequestId, (), OptionQuery>;

	/// What an inference key has to do.
	#[pallet::storage]
	pub type Work<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		InferenceId,
		Blake2_128Concat,
		(RequestId, u8),
		(),
		OptionQuery,
	>;

	/// The validators' records as executors. One that is not bonded any more has none.
	#[pallet::storage]
	pub type Records<T: Config> = StorageMap<_, Blake2_128Concat, AccountId, Record, ValueQuery>;

	/// The record that was last looked at, whether its validator is still bonded.
	#[pallet::storage]
	pub type RecordCursor<T: Config> = StorageValue<_, AccountId, OptionQuery>;

	/// The randomness of the last blocks, the newest last.
	#[pallet::storage]
	pub type Ring<T: Config> =
		StorageValue<_, BoundedVec<Hash, ConstU32<MAX_AUDIT_SEED_BLOCKS>>, ValueQuery>;

	/// The stakes of the validators of a session, from which auditors are drawn.
	#[pallet::storage]
	pub type StakesOf<T: Config> = StorageValue<_, (SessionIndex, Stakes), ValueQuery>;

	/// The last blocks before draws can be made: early draws and redraws.
	#[pallet::storage]
	pub type Draws<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		BlockNumber,
		Blake2_128Concat,
		(RequestId, Draw),
		(),
		OptionQuery,
	>;

	/// The last sessions before late draws can be made.
	#[pallet::storage]
	pub type Lates<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		SessionIndex,
		Blake2_128Concat,
		RequestId,
		(),
		OptionQuery,
	>;

	/// The last ticks of the window clock of what auditors have to do.
	#[pallet::storage]
	pub type Rounds<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		u64,
		Blake2_128Concat,
		(RequestId, Draw),
		(),
		OptionQuery,
	>;

	/// The blocks in which results ended whose auditors are to be paid.
	#[pallet::storage]
	pub type Closings<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		BlockNumber,
		Blake2_128Concat,
		RequestId,
		(),
		OptionQuery,
	>;

	/// The last blocks in which ended audits have to be readable.
	#[pallet::storage]
	pub type Prunes<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		BlockNumber,
		Blake2_128Concat,
		RequestId,
		(),
		OptionQuery,
	>;

	/// How far the queues have been worked off.
	#[pallet::storage]
	pub type Cursors<T: Config> = StorageValue<_, QueueCursors, ValueQuery>;

	/// What the pot owes auditors, because it had not enough or they could not receive so little.
	/// No entry is zero.
	#[pallet::storage]
	pub type Owed<T: Config> = StorageMap<_, Blake2_128Concat, AccountId, Balance, ValueQuery>;

	/// What happens around audits.
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A validator was drawn to run a request again.
		AuditorDrawn {
			/// The request.
			request: RequestId,
			/// Which of the two draws.
			draw: Draw,
			/// The part that it plays.
			role: Role,
			/// The validator.
			auditor: AccountId,
			/// The session in whose validator set it has the position `index`.
			session: SessionIndex,
			/// The position.
			index: ValidatorIndex,
			/// The last tick of the window clock at which it may commit.
			commit_until: u64,
			/// What it is paid if what it shows stands.
			pay: Balance,
		},
		/// A draw hit, and there is no validator that could audit.
		NobodyDrawn {
			/// The request.
			request: RequestId,
			/// Which of the two draws.
			draw: Draw,
		},
		/// An auditor committed to what it found.
		Committed {
			/// The request.
			request: RequestId,
			/// The part that it plays.
			role: Role,
			/// The auditor.
			auditor: AccountId,
		},
		/// An auditor showed what it committed to.
		Revealed {
			/// The request.
			request: RequestId,
			/// The part that it plays.
			role: Role,
			/// The auditor.
			auditor: AccountId,
			/// What it found.
			outcome: OutcomeCommitment,
			/// Whether that agrees with the result.
			agrees: bool,
		},
		/// An auditor did not commit in time. That costs nothing.
		Missed {
			/// The request.
			request: RequestId,
			/// The part that it should have played.
			role: Role,
			/// The auditor.
			auditor: AccountId,
		},
		/// An auditor committed and did not show to what.
		CommitBroken {
			/// The request.
			request: RequestId,
			/// The part that it plays.
			role: Role,
			/// The auditor.
			auditor: AccountId,
			/// What it loses at most, unless governance cancels it.
			slash: Balance,
			/// The first session in which it does; `None` if its bond has nothing left for it.
			slashed_in: Option<SessionIndex>,
		},
		/// So many audits stand behind a result now.
		Passed {
			/// The request.
			request: RequestId,
			/// How many.
			audits: u8,
		},
		/// Auditors of one round agree with a result and showed different traces: one of them did
		/// not run the model, and neither counts.
		Doubted {
			/// The request.
			request: RequestId,
			/// Which of the two draws.
			draw: Draw,
		},
		/// An auditor contradicts a result. It is kept from `Final` until the chain has recomputed
		/// it; anyone may have it do so.
		Contradicted {
			/// The request.
			request: RequestId,
			/// The tick of the window clock until which it is.
			until: u64,
		},
		/// A result that an auditor contradicts became `Final` without being recomputed. Nobody is
		/// found wrong.
		Undecided {
			/// The request.
			request: RequestId,
		},
		/// The chain recomputed a result and found that an auditor was wrong.
		AuditorWrong {
			/// The request.
			request: RequestId,
			/// The part that it plays.
			role: Role,
			/// The auditor.
			auditor: AccountId,
			/// What it loses, unless governance cancels it.
			slash: Balance,
			/// The first session in which it does; `None` if its bond has nothing left for it.
			slashed_in: Option<SessionIndex>,
		},
		/// An auditor was paid.
		Paid {
			/// The request.
			request: RequestId,
			/// The part that it played.
			role: Role,
			/// The auditor.
			auditor: AccountId,
			/// What it got.
			paid: Balance,
			/// What the pot owes it beyond that.
			owed: Balance,
		},
		/// An auditor got what the pot owed it.
		Claimed {
			/// The auditor.
			auditor: AccountId,
			/// What it got.
			paid: Balance,
			/// What is still owed.
			owed: Balance,
		},
	}

	/// Why a call was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// The message is not the drawn auditor's, or comes too early or too late.
		Rejected,
		/// The pot owes this account nothing.
		NothingOwed,
		/// The pot has nothing to pay with, or what is owed is below the existential deposit. Try
		/// again later.
		CannotPay,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			Self::act_on_what_is_due(Self::now())
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Commits to what an audit found. Submitted by the drawn validator's node, without fee.
		///
		/// ## Dispatch Origin
		///
		/// Authorized: the signature must be that of the drawn auditor's inference key.
		///
		/// ## Details
		///
		/// One for each request and role. When all auditors of the round have committed, or their
		/// time is over, they show to what.
		///
		/// ## Events
		///
		/// [`Event::Committed`].
		#[pallet::call_index(0)]
		#[pallet::weight((T::WeightInfo::commit(), DispatchClass::Operational))]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_commit())]
		#[pallet::authorize(|_source, commit, signature| {
			Pallet::<T>::authorize_commit(commit, signature)
		})]
		pub fn commit(
			origin: OriginFor<T>,
			commit: AuditCommit,
			_signature: InferenceSignature,
		) -> DispatchResult {
			ensure_authorized(origin)?;
			let (audit, number) = Self::check_commit(&commit).map_err(|_| Error::<T>::Rejected)?;
			Self::take_commit(commit, audit, number);
			Ok(())
		}

		/// Shows what an auditor committed to. Submitted by its node, without fee.
		///
		/// ## Dispatch Origin
		///
		/// Authorized: what is shown must be what was committed to, and the signature of the
		/// statement that of the auditor's inference key.
		///
		/// ## Details
		///
		/// What agrees with the result, in the bands of the model's policies, counts as evidence
		/// when the round is over. What does not keeps the result from `Final` until the chain has
		/// recomputed it.
		///
		/// ## Events
		///
		/// [`Event::Revealed`]; with the last of a round also [`Event::Passed`],
		/// [`Event::Doubted`] or [`Event::Contradicted`].
		#[pallet::call_index(1)]
		#[pallet::weight((
			T::WeightInfo::reveal(outcome_kib(reveal)),
			DispatchClass::Operational,
		))]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_reveal(outcome_kib(reveal)))]
		#[pallet::authorize(|_source, reveal, signature| {
			Pallet::<T>::authorize_reveal(reveal, signature)
		})]
		pub fn reveal(
			origin: OriginFor<T>,
			reveal: AuditReveal,
			_signature: InferenceSignature,
		) -> DispatchResult {
			ensure_authorized(origin)?;
			let (audit, number) = Self::check_reveal(&reveal).map_err(|_| Error::<T>::Rejected)?;
			Self::take_reveal(reveal, audit, number);
			Ok(())
		}

		/// Pays out what the pot owes the caller for audits.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the auditor.
		///
		/// ## Errors
		///
		/// [`Error::NothingOwed`], [`Error::CannotPay`].
		///
		/// ## Events
		///
		/// [`Event::Claimed`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::claim())]
		pub fn claim(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_claim(who)
		}
	}

	impl<T: Config> Pallet<T> {
		/// This block's number.
		pub(crate) fn now() -> BlockNumber {
			frame_system::Pallet::<T>::block_number().saturated_into()
		}
	}
}
