//! # Disputes
//!
//! A wrong answer is decided by the chain recomputing it, never by a vote.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the calls, storage, events and errors, and the runtime API
//! `DisputesApi` of `countersign_primitives::dispute` for what clients ask.
//!
//! ## Overview
//!
//! While a result is open, anyone may have it **replayed**: bring what the chain lacks, the program
//! with its constants and the input, each checked against what model and request commit to; the
//! runtime runs the program and judges the signed outcome by the manifest's precision policies.
//! The verdict falls in the same block, nobody has to answer.
//!
//! | verdict | result | executor | challenger |
//! |---|---|---|---|
//! | `Accepted` | `Replayed` and `Final` at once | paid, and half of the bond | loses the bond; the other half goes to the treasury |
//! | `Corrected` | the canonical outcome replaces it; `Replayed` and `Final` | unpaid, cover released | bond back |
//! | `Wrong` | `Invalidated`, everything held goes back to the requester | loses the cover | bond and transaction fee back, a tenth of what is slashed |
//!
//! Who only wants the chain's word for a result confirms it: no bond, no reward, and the fee is
//! paid whatever comes of it.
//!
//! A validator may have a result replayed by its inference key alone, without fee: what the fee
//! would have been is put on hold on its account together with the bond, and burned unless the
//! result is found wrong.
//!
//! A package that does not fit one transaction is **staged**: posted chunk by chunk over blocks,
//! for a deposit, and removed after a while.
//!
//! A model that is too large to replay is disputed by a **game**: the executor commits to the
//! result of every operator of the canonical run, the challenger names one that is wrong, the
//! executor opens it down to a leaf of 1 KiB, and the challenger shows one element in it to be
//! another, from operands opened against the program, the request's input and the executor's own
//! commitments. The chain computes that one element. Whoever is silent in its window has lost. See
//! [`countersign_primitives::game`].
//!
//! ## Implementation Details
//!
//! What a replay takes follows from the program alone. The caller declares it as an
//! [`Effort`](countersign_primitives::dispute::Effort), which is charged beforehand; a replay that
//! turns out to need more is refused before it runs. One replay takes at most
//! [`MAX_REPLAY_TIME`](replay::MAX_REPLAY_TIME) and
//! [`MAX_REPLAY_MEMORY`](referee::MAX_REPLAY_MEMORY).
//!
//! Replays are of the operational class. After a block in which that class used more than 90 % of
//! its reserve, the window clock of pallet-inference stands still for a block
//! ([`ClockRuns`]), so that nobody can keep disputes out until a window shuts.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(rustdoc::broken_intra_doc_links)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod demands;
mod game;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod invariants;
#[cfg(test)]
mod mock;
mod queues;
pub mod referee;
pub mod replay;
mod staging;
#[cfg(test)]
mod tests;
mod types;
mod views;
pub mod weights;

pub use demands::MAX_DEMANDS_EXPIRED;
pub use game::types::*;
pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

/// Says that something cannot be. A chain logs it and goes on; a test fails, also where the build
/// is optimised and `defensive!` alone would not stop it.
fn impossible(proof: &'static str) {
	frame_support::defensive!(proof);
	#[cfg(test)]
	panic!("{proof}");
}

/// The calls, storage, events and errors of disputes.
#[allow(missing_docs)] // The macro's expansion has undocumented items.
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use crate::{
		demands::{demand_weight, show_weight},
		game::{
			keys::{authorize_move_weight, authorize_opening_weight},
			move_weight, open_weight, Player,
		},
		replay::{call_weight, Terms},
	};
	use countersign_primitives::{
		demand::{DemandId, Showing, Wanted},
		dispute::{
			Decision, Effort, Manifests, ReplayChallenge, StagingId, Verdicts, Witness,
			MAX_STAGED_AT_ONCE,
		},
		game::{GameMessage, GameMove, Opening},
		keys::InferenceSignature,
		request::RequestId,
		traits::{Bonds, Offences, Programs, Sessions},
		AccountId, Balance, BlockNumber, Hash, SessionIndex,
	};
	use frame_support::{dispatch::DispatchClass, pallet_prelude::*, traits::fungible::MutateHold};
	use frame_system::{offchain::CreateAuthorizedTransaction, pallet_prelude::*};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The pallet.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What this pallet needs of the runtime, whose transactions must carry
	/// `frame_system::AuthorizeCall`.
	#[pallet::config]
	pub trait Config:
		CreateAuthorizedTransaction<Call<Self>>
		+ frame_system::Config<AccountId = AccountId, Hash = Hash, RuntimeEvent: From<Event<Self>>>
	{
		/// The native token.
		type Currency: MutateHold<AccountId, Balance = Balance, Reason = Self::RuntimeHoldReason>;
		/// The runtime's reasons for holds.
		type RuntimeHoldReason: From<HoldReason>;
		/// Open results and how they end.
		type Results: Verdicts;
		/// What models are.
		type Manifests: Manifests;
		/// The programs that the chain stores.
		type Programs: Programs;
		/// Slashes.
		type Offences: Offences;
		/// The validators' bonds and the cover on them.
		type Bonds: Bonds;
		/// The validators of recent sessions and their keys.
		type Sessions: Sessions;
		/// What transactions cost that pay fees.
		type SignedFee: SignedFee;
		/// The treasury's account.
		type Treasury: Get<AccountId>;
		/// What is on hold while a result is replayed, and lost where the result stands.
		#[pallet::constant]
		type ReplayBond: Get<Balance>;
		/// What is on hold while a game is on, and lost where nothing is shown. The second game
		/// about one result at one time takes twice as much, and so on.
		#[pallet::constant]
		type GameBond: Get<Balance>;
		/// The deposit for a staged package, beside that for its bytes. At least the existential
		/// deposit, so that it can always go back.
		#[pallet::constant]
		type StagingDepositBase: Get<Balance>;
		/// The deposit for a byte of a staged package.
		#[pallet::constant]
		type StagingDepositPerByte: Get<Balance>;
		/// The blocks for which a package stays staged.
		#[pallet::constant]
		type StagingPeriod: Get<BlockNumber>;
		/// The weights of calls and hooks.
		type WeightInfo: WeightInfo;
	}

	/// Why this pallet holds tokens.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// For a replay, during the call only.
		#[codec(index = 0)]
		Bond,
		/// For a staged package.
		#[codec(index = 1)]
		Staging,
		/// For a game: the bond, and the fee of all its messages.
		#[codec(index = 2)]
		Game,
		/// For the space of what is demanded.
		#[codec(index = 3)]
		Demand,
	}

	/// The decisions, until they are pruned.
	#[pallet::storage]
	pub type Decisions<T: Config> =
		StorageMap<_, Blake2_128Concat, RequestId, Decision, OptionQuery>;

	/// The last blocks in which decisions have to be readable.
	#[pallet::storage]
	pub type DecisionPrunes<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		BlockNumber,
		Blake2_128Concat,
		RequestId,
		(),
		OptionQuery,
	>;

	/// The packages that are staged.
	#[pallet::storage]
	pub type Stagings<T: Config> = StorageMap<_, Blake2_128Concat, StagingId, Staging, OptionQuery>;

	/// How many packages an account stages.
	#[pallet::storage]
	pub type StagedBy<T: Config> = StorageMap<_, Blake2_128Concat, AccountId, u32, ValueQuery>;

	/// The chunks of staged packages.
	#[pallet::storage]
	pub type Chunks<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, StagingId, Twox64Concat, u32, Chunk, OptionQuery>;

	/// The blocks from which on staged packages are removed.
	#[pallet::storage]
	pub type StagingExpiries<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		BlockNumber,
		Blake2_128Concat,
		StagingId,
		(),
		OptionQuery,
	>;

	/// What all games about one result have in common, while one is on.
	#[pallet::storage]
	pub type GameCases<T: Config> = StorageMap<_, Blake2_128Concat, RequestId, Case, OptionQuery>;

	/// The games, by result and number.
	#[pallet::storage]
	pub type Games<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, RequestId, Twox64Concat, u8, Game, OptionQuery>;

	/// The commitments of the executor's trace, in pieces.
	#[pallet::storage]
	pub type GameRoots<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, RequestId, Twox64Concat, u32, Roots, OptionQuery>;

	/// The hashes of leaves that were shown last in a game.
	#[pallet::storage]
	pub type GameHashes<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, RequestId, Twox64Concat, u8, Hashes, OptionQuery>;

	/// The last ticks of the window clock at which somebody may move.
	#[pallet::storage]
	pub type GameDeadlines<T: Config> =
		StorageDoubleMap<_, Twox64Concat, u64, Blake2_128Concat, (RequestId, u8), (), OptionQuery>;

	/// What is demanded of whoever signed a result.
	#[pallet::storage]
	pub type Demands<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		RequestId,
		Blake2_128Concat,
		DemandId,
		Demand,
		OptionQuery,
	>;

	/// What all demands about one result have in common, while one is on.
	#[pallet::storage]
	pub type DemandCases<T: Config> =
		StorageMap<_, Blake2_128Concat, RequestId, DemandCase, OptionQuery>;

	/// The last ticks of the window clock at which they may be shown.
	#[pallet::storage]
	pub type DemandDeadlines<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		u64,
		Blake2_128Concat,
		(RequestId, DemandId),
		(),
		OptionQuery,
	>;

	/// How far the queues have been worked off.
	#[pallet::storage]
	pub type Cursors<T: Config> = StorageValue<_, QueueCursors, ValueQuery>;

	/// Whether operational messages crowded the last block.
	#[pallet::storage]
	pub type Crowded<T: Config> = StorageValue<_, bool, ValueQuery>;

	/// What happened to results that were recomputed, and to staged packages.
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// The chain recomputed a result and agrees. It is `Final`.
		Upheld {
			/// The request.
			request: RequestId,
			/// Who signed the result.
			executor: AccountId,
			/// Who had it replayed.
			challenger: AccountId,
			/// What the challenger lost: half to the executor, half to the treasury, and what a
			/// fee would have been is burned.
			bond_lost: Balance,
		},
		/// The canonical answer replaced a result that was too far from it, but not so far that
		/// anybody is slashed. It is `Final`.
		Corrected {
			/// The request.
			request: RequestId,
			/// Who signed the result, and is not paid.
			executor: AccountId,
			/// Who had it replayed.
			challenger: AccountId,
		},
		/// A result was wrong. It counts for nothing, the requester got everything back.
		FoundWrong {
			/// The request.
			request: RequestId,
			/// Who signed the result.
			executor: AccountId,
			/// Who had it replayed.
			challenger: AccountId,
			/// What the executor loses, unless governance cancels it.
			slash: Balance,
			/// The first session in which it does.
			slashed_in: Option<SessionIndex>,
		},
		/// A game about a result is on. The executor is to commit to its trace, unless it did.
		GameOpened {
			/// The request.
			request: RequestId,
			/// The number of the game among those about this result.
			branch: u8,
			/// Who signed the result, and has to answer.
			executor: AccountId,
			/// Who says that it is wrong.
			challenger: AccountId,
			/// What the challenger loses where it shows nothing.
			bond: Balance,
			/// What is burned in any case, for the space of all messages.
			fee: Balance,
			/// The last tick of the window clock for the first move.
			deadline: u64,
		},
		/// Somebody made a move in a game.
		GameMoved {
			/// The request.
			request: RequestId,
			/// The game.
			branch: u8,
			/// How many moves were made.
			step: u8,
			/// Whether the executor is next, not the challenger.
			executors_turn: bool,
			/// The last tick of the window clock for the next move.
			deadline: u64,
		},
		/// A game is over. Where the result was wrong, [`Event::FoundWrong`] says so.
		GameEnded {
			/// The request.
			request: RequestId,
			/// The game.
			branch: u8,
			/// Who said that the result is wrong.
			challenger: AccountId,
			/// What it lost of its bond: half to the executor, half to the treasury.
			bond_lost: Balance,
			/// What was burned.
			burned: Balance,
		},
		/// A piece of what a result was made from is to be shown on chain: its input, its program, or
		/// leaves of a constant.
		Demanded {
			/// The request.
			request: RequestId,
			/// What names the demand among those about this result.
			demand: DemandId,
			/// Who signed the result.
			executor: AccountId,
			/// Who demands it.
			by: AccountId,
			/// What is on hold for its space: burned when it is shown.
			fee: Balance,
			/// The last tick of the window clock at which it may be shown.
			deadline: u64,
		},
		/// What was demanded is on chain.
		Shown {
			/// The request.
			request: RequestId,
			/// The demand.
			demand: DemandId,
			/// What it cost who demanded it.
			burned: Balance,
		},
		/// Nobody showed what was demanded. The result counts for nothing, the requester got
		/// everything back.
		Withheld {
			/// The request.
			request: RequestId,
			/// Who signed the result.
			executor: AccountId,
			/// Who demanded it.
			by: AccountId,
			/// What the executor loses, unless governance cancels it.
			slash: Balance,
			/// The first session in which it does.
			slashed_in: Option<SessionIndex>,
		},
		/// Somebody begins to stage a package.
		StagingOpened {
			/// Its name.
			id: StagingId,
			/// Who stages it.
			owner: AccountId,
			/// The program root that it is to have.
			root: Hash,
			/// Its length in bytes.
			length: u32,
			/// What is on hold for it.
			deposit: Balance,
			/// The block from which on it is removed.
			expires_at: BlockNumber,
		},
		/// All chunks of a package are there.
		StagingComplete {
			/// Its name.
			id: StagingId,
		},
		/// A staged package is gone, and its deposit went back.
		Unstaged {
			/// Its name.
			id: StagingId,
			/// Who staged it.
			owner: AccountId,
			/// What went back.
			deposit: Balance,
		},
	}

	/// Why a call was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// There is no such result, or it is not open any more.
		NotOpen,
		/// The model has no canonical program: nobody can recompute its results.
		NoProgram,
		/// The version of the operator set is suspended until a referendum, or not known here.
		VersionSuspended,
		/// The chain does not store this package; send it along, or stage all of it.
		NoPackage,
		/// These bytes are not the model's package.
		WrongPackage,
		/// The input is not on chain; send it along.
		NoInput,
		/// This is not the input that the request committed to.
		WrongInput,
		/// The replay takes more than was declared; ask `DisputesApi` what to declare.
		EffortTooLow,
		/// The replay takes more time or memory than one block has for it, so that no replay can
		/// decide about this model. Stage a package that is too long for one transaction.
		TooHeavy,
		/// This block has no room for another receipt; try again in the next.
		BlockFull,
		/// A staged package is empty or longer than 16 MiB.
		BadLength,
		/// This account stages a package with this root already.
		AlreadyStaged,
		/// This account stages as many packages as it may; wait until one expires, or unstage it.
		TooManyStaged,
		/// There is no such staged package.
		NotStaged,
		/// Only who stages a package may do this.
		NotOwner,
		/// The package expired or is being removed.
		Expired,
		/// Chunks have 64 KiB each, the last one the rest, and none may be beyond the length.
		BadChunk,
		/// A chunk is there already.
		ChunkThere,
		/// The message is not one that a validator may send now.
		Rejected,
		/// The first game about a result needs the program and the inputs.
		NoOpening,
		/// An element of this program reads more than a proof may open, or the manifest does not
		/// fit the program.
		NotProvable,
		/// The result is right as far as it can be told without a game.
		NothingWrong,
		/// There are as many games about this result as there may be; try again when one is over.
		TooManyGames,
		/// The move is another's to make, the result is the caller's own, or it has a game about it.
		NotYourGame,
		/// There is no such game or demand.
		NoGame,
		/// Another move is due.
		NotDue,
		/// The window for this move is over.
		TooLate,
		/// As many hashes, commitments or bytes as there must be, or such a place: not these.
		WrongCount,
		/// A hash, a path or a commitment does not lead where it should.
		WrongHash,
		/// The proof is none: a leaf is missing, too many, or not what its tensor is committed to.
		BadProof,
		/// The proof shows what the other side says.
		ProvesNothing,
		/// The commitments give another output than the one that was signed.
		NotSigned,
		/// This is on chain, demanded already, or not there at all.
		NothingToDemand,
		/// As many pieces of this program are demanded as may be; try again when one is shown.
		TooManyDemands,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			Self::act_on_what_is_due(Self::now())
		}

		fn on_finalize(_: BlockNumberFor<T>) {
			Self::close_block();
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Disputes an open result: the chain recomputes it now.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anyone.
		///
		/// ## Details
		///
		/// Holds the replay bond while it runs. If the result stands, the bond is lost, half of it
		/// to the executor and the rest to the treasury, and the result is `Final`. If it was
		/// wrong, the result is invalidated, the requester gets everything back, the executor
		/// loses its cover, of which a tenth goes to the caller, and the call costs no fee. In
		/// between, the canonical answer replaces the result and the bond goes back.
		///
		/// ## Parameters
		///
		/// - `request`: whose result.
		/// - `witness`: package and input, as far as the chain lacks them.
		/// - `effort`: what the replay takes, as `DisputesApi` tells it.
		///
		/// ## Errors
		///
		/// [`Error::NotOpen`] to [`Error::BlockFull`]: there is no replay, and the bond goes back.
		/// The currency's, if the bond cannot be held.
		///
		/// ## Events
		///
		/// [`Event::Upheld`], [`Event::Corrected`] or [`Event::FoundWrong`].
		#[pallet::call_index(0)]
		#[pallet::weight((call_weight::<T>(effort, witness), DispatchClass::Operational))]
		pub fn dispute_by_replay(
			origin: OriginFor<T>,
			request: RequestId,
			witness: Witness,
			effort: Effort,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Self::do_replay(who, request, witness, effort, Terms::Dispute)
		}

		/// Asks for the chain's own word about an open result: the chain recomputes it now.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anyone.
		///
		/// ## Details
		///
		/// As [`Pallet::dispute_by_replay`], without bond and without reward. The fee is paid
		/// whatever comes of it.
		///
		/// ## Errors
		///
		/// [`Error::NotOpen`] to [`Error::BlockFull`]: there is no replay.
		///
		/// ## Events
		///
		/// [`Event::Upheld`], [`Event::Corrected`] or [`Event::FoundWrong`].
		#[pallet::call_index(1)]
		#[pallet::weight((call_weight::<T>(effort, witness), DispatchClass::Operational))]
		pub fn confirm_by_replay(
			origin: OriginFor<T>,
			request: RequestId,
			witness: Witness,
			effort: Effort,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Self::do_replay(who, request, witness, effort, Terms::Confirm)
		}

		/// Disputes an open result by a validator's inference key alone. Submitted by its node,
		/// without fee.
		///
		/// ## Dispatch Origin
		///
		/// Authorized: the signature must be that of a current validator's inference key.
		///
		/// ## Details
		///
		/// As [`Pallet::dispute_by_replay`]; what the fee would have been is on hold on the
		/// validator's account together with the bond, and burned unless the result was wrong.
		/// Everything is checked before the transaction enters a pool or a block.
		///
		/// ## Events
		///
		/// [`Event::Upheld`], [`Event::Corrected`] or [`Event::FoundWrong`].
		#[pallet::call_index(2)]
		#[pallet::weight((
			call_weight::<T>(&challenge.effort, witness),
			DispatchClass::Operational,
		))]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize(
			challenge.effort.bytes.max(witness.inline_length()).div_ceil(1024)
		))]
		#[pallet::authorize(|_source, challenge, witness, signature| {
			Pallet::<T>::authorize_challenge(challenge, witness, signature)
		})]
		pub fn challenge(
			origin: OriginFor<T>,
			challenge: ReplayChallenge,
			witness: Witness,
			_signature: InferenceSignature,
		) -> DispatchResultWithPostInfo {
			ensure_authorized(origin)?;
			// The signature was checked when this was authorized.
			let (who, terms) = Self::check_challenger(&challenge, witness.inline_length())
				.map_err(|_| Error::<T>::Rejected)?;
			let ReplayChallenge { request, effort, .. } = challenge;
			Self::do_replay(who, request, witness, effort, terms)
		}

		/// Begins to stage a package that is too long for one transaction.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anyone.
		///
		/// ## Details
		///
		/// Holds a deposit by length, which goes back when the package is removed: after the
		/// staging period, or after [`Pallet::unstage`]. The bytes follow by
		/// [`Pallet::stage_chunks`]. Anyone may use a package that is completely there.
		///
		/// ## Parameters
		///
		/// - `root`: the program root that it is to have. A replay checks it.
		/// - `length`: the bytes of the whole package, at most 16 MiB.
		///
		/// ## Errors
		///
		/// - [`Error::BadLength`], [`Error::AlreadyStaged`], [`Error::TooManyStaged`].
		/// - The currency's, if the deposit cannot be held.
		///
		/// ## Events
		///
		/// [`Event::StagingOpened`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::stage())]
		pub fn stage(origin: OriginFor<T>, root: Hash, length: u32) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_stage(who, root, length)
		}

		/// Posts chunks of a package that the caller stages, in any order.
		///
		/// ## Dispatch Origin
		///
		/// Signed by who stages it.
		///
		/// ## Parameters
		///
		/// - `id`: the package, see `countersign_primitives::dispute::staging_id`.
		/// - `first`: the number of the first chunk.
		/// - `bytes`: whole chunks of 64 KiB; the last of the package may be shorter.
		///
		/// ## Errors
		///
		/// [`Error::NotStaged`], [`Error::NotOwner`], [`Error::Expired`], [`Error::BadChunk`],
		/// [`Error::ChunkThere`].
		///
		/// ## Events
		///
		/// [`Event::StagingComplete`] with the last of them.
		#[pallet::call_index(4)]
		#[pallet::weight((
			T::WeightInfo::stage_chunks((bytes.len() as u32).div_ceil(1024)),
			DispatchClass::Operational,
		))]
		pub fn stage_chunks(
			origin: OriginFor<T>,
			id: StagingId,
			first: u32,
			bytes: BoundedVec<u8, ConstU32<MAX_STAGED_AT_ONCE>>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_stage_chunks(&who, id, first, &bytes)
		}

		/// Ends the staging of a package. It is removed over the next blocks, and then the deposit
		/// goes back.
		///
		/// ## Dispatch Origin
		///
		/// Signed by who stages it.
		///
		/// ## Errors
		///
		/// [`Error::NotStaged`], [`Error::NotOwner`], [`Error::Expired`].
		///
		/// ## Events
		///
		/// [`Event::Unstaged`] when it is gone.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::unstage())]
		pub fn unstage(origin: OriginFor<T>, id: StagingId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_unstage(&who, id)
		}

		/// Opens a game about an open result.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anyone but who signed the result.
		///
		/// ## Details
		///
		/// Holds the bond, doubled for each game that is on about the result, and the fee of all
		/// messages of both sides, which is burned whoever wins; after this no move costs a fee. The
		/// result does not become `Final` while the game is on. Where inputs or outcome do not fit
		/// the program at all, the result is found wrong at once.
		///
		/// ## Parameters
		///
		/// - `request`: whose result.
		/// - `opening`: program and inputs; `None` where a game about the result is on.
		///
		/// ## Errors
		///
		/// [`Error::NotOpen`], [`Error::NoProgram`], [`Error::VersionSuspended`],
		/// [`Error::NoOpening`], [`Error::WrongPackage`], [`Error::WrongInput`],
		/// [`Error::NotProvable`], [`Error::NothingWrong`], [`Error::TooManyGames`],
		/// [`Error::NotYourGame`], [`Error::BlockFull`]. The currency's, if the bond cannot be held.
		///
		/// ## Events
		///
		/// [`Event::GameOpened`], or [`Event::FoundWrong`].
		#[pallet::call_index(6)]
		#[pallet::weight((open_weight::<T>(opening), DispatchClass::Operational))]
		pub fn open_game(
			origin: OriginFor<T>,
			request: RequestId,
			opening: Option<Opening>,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Self::do_open_game(who, request, opening, 0)
		}

		/// Makes a move in a game.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the challenger for its moves, and by who signed the result for the trace.
		/// Hashes and bytes may come from anyone: the chain checks them.
		///
		/// ## Details
		///
		/// Costs no fee where it is accepted.
		///
		/// ## Errors
		///
		/// [`Error::NotOpen`], [`Error::BlockFull`], and [`Error::NotYourGame`] to
		/// [`Error::NotSigned`]. Nothing is lost by a move that is refused.
		///
		/// ## Events
		///
		/// [`Event::GameMoved`]; [`Event::FoundWrong`] and [`Event::GameEnded`] with the last.
		#[pallet::call_index(7)]
		#[pallet::weight((move_weight::<T>(action), DispatchClass::Operational))]
		pub fn game_move(
			origin: OriginFor<T>,
			request: RequestId,
			branch: u8,
			action: GameMove,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Self::do_game_move(Player { who }, request, branch, action)
		}

		/// Opens a game by a validator's inference key alone. Submitted by its node, without fee.
		///
		/// ## Dispatch Origin
		///
		/// Authorized: the signature must be that of a validator's inference key.
		///
		/// ## Details
		///
		/// As [`Pallet::open_game`]; what the fee would have been is burned with that of the
		/// messages.
		///
		/// ## Events
		///
		/// [`Event::GameOpened`], or [`Event::FoundWrong`].
		#[pallet::call_index(8)]
		#[pallet::weight((open_weight::<T>(opening), DispatchClass::Operational))]
		#[pallet::weight_of_authorize(authorize_opening_weight::<T>(opening))]
		#[pallet::authorize(|_source, message, opening, signature| {
			Pallet::<T>::authorize_opening(message, opening, signature)
		})]
		pub fn open_game_by_key(
			origin: OriginFor<T>,
			message: GameMessage,
			opening: Option<Opening>,
			_signature: InferenceSignature,
		) -> DispatchResultWithPostInfo {
			ensure_authorized(origin)?;
			// The signature was checked when this was authorized.
			let (who, fee) =
				Self::check_opener(&message, &opening).map_err(|_| Error::<T>::Rejected)?;
			Self::do_open_game(who, message.request, opening, fee)
		}

		/// Makes a move by a validator's inference key alone. Submitted by its node, without fee.
		///
		/// ## Dispatch Origin
		///
		/// Authorized: the signature must be that of the inference key of the side that moves.
		///
		/// ## Details
		///
		/// As [`Pallet::game_move`]. Everything is checked before the transaction enters a pool or a
		/// block.
		///
		/// ## Events
		///
		/// [`Event::GameMoved`]; [`Event::FoundWrong`] and [`Event::GameEnded`] with the last.
		#[pallet::call_index(9)]
		#[pallet::weight((move_weight::<T>(action), DispatchClass::Operational))]
		#[pallet::weight_of_authorize(authorize_move_weight::<T>(action))]
		#[pallet::authorize(|_source, message, action, signature| {
			Pallet::<T>::authorize_move(message, action, signature)
		})]
		pub fn game_move_by_key(
			origin: OriginFor<T>,
			message: GameMessage,
			action: GameMove,
			_signature: InferenceSignature,
		) -> DispatchResultWithPostInfo {
			ensure_authorized(origin)?;
			// The signature was checked when this was authorized.
			let player = Self::check_mover(&message, &action).map_err(|_| Error::<T>::Rejected)?;
			Self::do_game_move(player, message.request, message.branch, action)
		}

		/// Demands that a piece of what an open result was made from be shown on chain.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anyone.
		///
		/// ## Details
		///
		/// Holds the fee for the space of the piece, doubled for each demand that is on about the
		/// result unless it is for the input. It is burned when the piece is shown; of a program, as
		/// much as its length takes. Where nobody shows it in the window for answers, it goes back, the
		/// result is invalidated, the requester gets everything back, and the executor loses its cover,
		/// of which a tenth goes to the caller. The result does not become `Final` meanwhile.
		///
		/// ## Errors
		///
		/// [`Error::NotOpen`], [`Error::NoProgram`], [`Error::NothingToDemand`],
		/// [`Error::TooManyDemands`]; [`Error::WrongPackage`] and [`Error::WrongCount`] for leaves. The
		/// currency's, if the fee cannot be held.
		///
		/// ## Events
		///
		/// [`Event::Demanded`].
		#[pallet::call_index(10)]
		#[pallet::weight((demand_weight::<T>(wanted), DispatchClass::Operational))]
		pub fn demand(origin: OriginFor<T>, request: RequestId, wanted: Wanted) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_demand(who, request, wanted)
		}

		/// Shows what is demanded.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anyone.
		///
		/// ## Details
		///
		/// Costs no fee where this is it.
		///
		/// ## Errors
		///
		/// [`Error::NotOpen`], [`Error::NoGame`] if it is not demanded, [`Error::WrongInput`],
		/// [`Error::WrongPackage`], [`Error::WrongCount`], [`Error::WrongHash`].
		///
		/// ## Events
		///
		/// [`Event::Shown`].
		#[pallet::call_index(11)]
		#[pallet::weight((show_weight::<T>(showing), DispatchClass::Operational))]
		pub fn show(
			origin: OriginFor<T>,
			request: RequestId,
			showing: Showing,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_show(request, showing)
		}

		/// Shows what is demanded, by a validator's inference key alone. Submitted by its node,
		/// without fee.
		///
		/// ## Dispatch Origin
		///
		/// Authorized: the signature must be that of a validator's inference key.
		///
		/// ## Details
		///
		/// As [`Pallet::show`].
		///
		/// ## Events
		///
		/// [`Event::Shown`].
		#[pallet::call_index(12)]
		#[pallet::weight((show_weight::<T>(showing), DispatchClass::Operational))]
		#[pallet::weight_of_authorize(
			show_weight::<T>(showing).saturating_add(T::WeightInfo::game_authorize())
		)]
		#[pallet::authorize(|_source, message, showing, signature| {
			Pallet::<T>::authorize_show(message, showing, signature)
		})]
		pub fn show_by_key(
			origin: OriginFor<T>,
			message: GameMessage,
			showing: Showing,
			_signature: InferenceSignature,
		) -> DispatchResultWithPostInfo {
			ensure_authorized(origin)?;
			Self::do_show(message.request, showing)
		}
	}
}
