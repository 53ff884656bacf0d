//! # Inference
//!
//! The life of a paid request to a model: hold, assignment, result, settlement or refund, receipt.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the calls, storage, events and errors, [`Pallet`] for the queries
//! that runtime APIs offer, and [`Pallet::make_final`], [`Pallet::add_evidence`] and
//! [`Pallet::invalidate`] for what verification calls.
//!
//! ## Overview
//!
//! ```text
//!            request                  draw                  submit_result            final window
//! requester ---------> Waiting ---------------> Assigned -----------------> Answered ------------> Settled
//!                         |  ^                   |  |  ^                       |
//!                         |  | missed, once      |  |  | post_input            | verdict
//!                deadline |  +-------------------+  |  |                       v
//!                         v            missed again |  |                  Invalidated
//!                      Refunded <-------------------+  |
//!                         ^                         |  |
//!                         | window over             v  |
//!                         +--------------------- InputDemanded
//! ```
//!
//! A result may also be submitted while the input is demanded. A request ends once: `Settled`,
//! `Invalidated` or `Refunded`.
//!
//! - **Held**: the maximal fee is on hold on the requester's account until the request ends.
//! - **Cover**: reserved on the executor's bond from the assignment until the result is `Final`.
//! - **Open cost**: counts against the executor's declared capacity from the assignment until the
//!   result.
//! - **Rules**: the parameters in force at submission are copied into the request. A later change
//!   touches new requests only.
//! - **Window clock**: one tick a block; the window to `Final` counts on it.
//! - **Doubt**: while a model's version of the operator set is suspended, it takes nothing new and no
//!   window of its results ends (`doubt`).
//!
//! ### Example
//!
//! A request from submission to settlement is `tests::journey::a_request_from_hold_to_receipt`.
//!
//! ## Low Level / Implementation Details
//!
//! Assignment is drawn at the end of the including block, weighted by stake, from that block's
//! randomness and the request's identifier. Whoever authors the block can grind it, which is why
//! cover and not chance protects an open result. The draw's worst case is charged in `request`
//! and what it did not need is given back.
//!
//! Everything that happens by itself is in queues by time (`queues`), of which a block takes a
//! bounded part. Results and demands for inputs are authorized transactions (`checks`): no fee, no
//! nonce, no funds on the key that signs.
//!
//! After a request has ended it stays readable for the retention time, and then nothing of it is
//! left but its lane's nonce.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(rustdoc::broken_intra_doc_links)]

extern crate alloc;

mod answers;
pub mod assignment;
mod audited;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod callbacks;
pub mod checks;
mod doubt;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod invariants;
#[cfg(test)]
mod mock;
pub mod queues;
pub mod settlement;
mod submission;
pub mod sync;
#[cfg(test)]
mod tests;
pub mod types;
mod verdicts;
mod views;
pub mod weights;

pub use callbacks::{Callbacks, Delivery, DeliveryStep, Moment, Notice};
pub use pallet::*;
pub use sync::{Callable, SyncRun};
pub use types::*;
pub use weights::WeightInfo;

/// Says that something cannot be. A chain logs it and goes on; a test fails, also where the build
/// is optimised and `defensive!` alone would not stop it.
fn impossible(proof: &'static str) {
	frame_support::defensive!(proof);
	#[cfg(test)]
	panic!("{proof}");
}

#[allow(missing_docs)] // The macro's expansion has undocumented items.
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use crate::{answers::outcome_length, submission::inline_length, weights::WeightInfo};
	use countersign_primitives::{
		audit::Audits,
		keys::{InferenceId, InferenceSignature},
		model::{ModelId, MAX_SERVERS},
		parameters::RequestParameters,
		request::{
			InlineBytes, Input, InputDemand, Outcome, OutcomeCommitment, Receipt, RequestId,
			RequestStatus, Statement, Terms,
		},
		tensor::decode_tensors,
		traits::{Bonds, Contributors, Models, Programs, Sessions, Versions},
		AccountId, Balance, BlockNumber, Hash, Macs, SessionIndex, ValidatorIndex,
	};
	use frame_support::{pallet_prelude::*, traits::fungible::MutateHold};
	use frame_system::{offchain::CreateAuthorizedTransaction, pallet_prelude::*};
	use sp_core::H160;
	use sp_runtime::SaturatedConversion;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// The runtime's transactions must carry `frame_system::AuthorizeCall`, and this pallet must
	/// stand after BABE, so that the block's randomness is there when this pallet draws.
	#[pallet::config]
	pub trait Config:
		CreateAuthorizedTransaction<Call<Self>>
		+ frame_system::Config<AccountId = AccountId, Hash = Hash, RuntimeEvent: From<Event<Self>>>
	{
		/// The native token.
		type Currency: MutateHold<AccountId, Balance = Balance, Reason = Self::RuntimeHoldReason>;

		/// The runtime's reasons for holds.
		type RuntimeHoldReason: From<HoldReason>;

		/// What models are, cost and take, and who serves them.
		type Models: Models;

		/// The programs that are stored on chain.
		type Programs: Programs;

		/// The validators' bonds and the cover on them.
		type Bonds: Bonds;

		/// The validators of recent sessions and their keys.
		type Sessions: Sessions;

		/// The versions of the canonical operator set that are in doubt.
		type Versions: Versions;

		/// The contributors' pot.
		type Contributors: Contributors;

		/// This block's randomness.
		type Randomness: BlockRandomness;

		/// Whether the window clock ticks in this block. It stands still while operational
		/// messages crowd the blocks, so that nobody can shut a window by filling them.
		type ClockRuns: Get<bool>;

		/// The treasury's account.
		type Treasury: Get<AccountId>;

		/// The account in which the audits' part of fees waits.
		type AuditPot: Get<AccountId>;

		/// May change the parameters for new requests.
		type ParameterOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// May stop new requests, and let them in again.
		type PauseOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// The contracts that are told what came of their requests.
		type Callbacks: Callbacks;

		/// Who runs answered requests again.
		type Audits: Audits;

		/// The weights of calls and hooks.
		type WeightInfo: WeightInfo;
	}

	/// Why this pallet holds balance.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// For an open request.
		Request,
	}

	/// The parameters for new requests.
	#[pallet::storage]
	pub type Parameters<T: Config> = StorageValue<_, RequestParameters, ValueQuery, MainParameters>;

	/// Whether new requests are stopped.
	#[pallet::storage]
	pub type Paused<T: Config> = StorageValue<_, bool, ValueQuery>;

	/// The nonce that the next request of an account in a lane must have. The one thing that
	/// stays for ever: without it an old request could be sent again.
	#[pallet::storage]
	pub type NextNonce<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, AccountId, Twox64Concat, u8, u64, ValueQuery>;

	/// The requests, until they are pruned.
	#[pallet::storage]
	pub type Requests<T: Config> = StorageMap<_, Blake2_128Concat, RequestId, Request, OptionQuery>;

	/// The bytes of inputs that are on chain, until the request ends. Apart from the request so
	/// that nothing else touches them.
	#[pallet::storage]
	pub type Inputs<T: Config> =
		StorageMap<_, Blake2_128Concat, RequestId, StoredInput, OptionQuery>;

	/// The results, until they are pruned.
	#[pallet::storage]
	pub type Results<T: Config> =
		StorageMap<_, Blake2_128Concat, RequestId, ResultRecord, OptionQuery>;

	/// What came of the runs, until the results are pruned.
	#[pallet::storage]
	pub type Outcomes<T: Config> = StorageMap<_, Blake2_128Concat, RequestId, Outcome, OptionQuery>;

	/// The requests of this block, to be drawn for at its end. Empty between blocks.
	#[pallet::storage]
	pub type Fresh<T: Config> =
		StorageValue<_, BoundedVec<RequestId, ConstU32<MAX_REQUESTS_PER_BLOCK>>, ValueQuery>;

	/// The requests that wait for a validator: whether it is a take-over, and the request.
	#[pallet::storage]
	pub type Waiting<T: Config> =
		StorageDoubleMap<_, Twox64Concat, bool, Blake2_128Concat, RequestId, (), OptionQuery>;

	/// The waiting request that was tried last, of take-overs and of the others.
	#[pallet::storage]
	pub type WaitingCursors<T: Config> = StorageMap<_, Twox64Concat, bool, RequestId, OptionQuery>;

	/// The open assignments of an inference key, by age. Sequence numbers are given by the chain,
	/// so that the second key needs no hashing and sorts.
	#[pallet::storage]
	pub type Assignments<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		InferenceId,
		Identity,
		SequenceKey,
		RequestId,
		OptionQuery,
	>;

	/// The number of the next assignment.
	#[pallet::storage]
	pub type NextSequence<T: Config> = StorageValue<_, u64, ValueQuery>;

	/// The cost of all that a validator has to answer. No entry is zero.
	#[pallet::storage]
	pub type OpenCost<T: Config> = StorageMap<_, Blake2_128Concat, AccountId, Macs, ValueQuery>;

	/// The last blocks of waiting, assigned and demanding requests.
	#[pallet::storage]
	pub type Deadlines<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		BlockNumber,
		Blake2_128Concat,
		RequestId,
		(),
		OptionQuery,
	>;

	/// The ticks of the window clock at which open results become `Final`.
	#[pallet::storage]
	pub type Finals<T: Config> =
		StorageDoubleMap<_, Twox64Concat, u64, Blake2_128Concat, RequestId, (), OptionQuery>;

	/// The last blocks in which ended requests have to be readable.
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

	/// The last blocks in which receipts have to be readable, and the blocks that they are of.
	#[pallet::storage]
	pub type ReceiptPrunes<T: Config> =
		StorageDoubleMap<_, Twox64Concat, BlockNumber, Twox64Concat, BlockNumber, (), OptionQuery>;

	/// How far the queues have been worked off.
	#[pallet::storage]
	pub type Cursors<T: Config> = StorageValue<_, QueueCursors, ValueQuery>;

	/// How far contracts were told of requests, until those are pruned.
	#[pallet::storage]
	pub type Deliveries<T: Config> =
		StorageMap<_, Blake2_128Concat, RequestId, Delivery, OptionQuery>;

	/// The callbacks to come, in their order.
	#[pallet::storage]
	pub type CallbackQueue<T: Config> =
		StorageMap<_, Twox64Concat, u64, (RequestId, Moment), OptionQuery>;

	/// The number of the first callback in the queue, and of the next to be put there.
	#[pallet::storage]
	pub type CallbackEnds<T: Config> = StorageValue<_, (u64, u64), ValueQuery>;

	/// The window clock.
	#[pallet::storage]
	pub type WindowClock<T: Config> = StorageValue<_, u64, ValueQuery>;

	/// The receipts of a block, in the order in which the requests ended.
	#[pallet::storage]
	pub type Receipts<T: Config> = StorageMap<
		_,
		Twox64Concat,
		BlockNumber,
		BoundedVec<Receipt, ConstU32<MAX_RECEIPTS_PER_BLOCK>>,
		ValueQuery,
	>;

	/// The roots over the receipts of a block; see [`ReceiptsDigest`].
	#[pallet::storage]
	pub type ReceiptRoots<T: Config> = StorageMap<_, Twox64Concat, BlockNumber, Hash, OptionQuery>;

	/// What a network starts with.
	#[pallet::genesis_config]
	pub struct GenesisConfig<T: Config> {
		/// The parameters for requests.
		pub parameters: RequestParameters,
		#[doc(hidden)]
		#[serde(skip)]
		pub _marker: core::marker::PhantomData<T>,
	}

	impl<T: Config> Default for GenesisConfig<T> {
		fn default() -> Self {
			Self { parameters: RequestParameters::main(), _marker: Default::default() }
		}
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			if let Err(error) = self.parameters.check() {
				// A chain must not start with rules that it would refuse later.
				panic!("the parameters of requests are out of range: {}", error.0);
			}
			Parameters::<T>::put(&self.parameters);
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// The parameters for new requests changed.
		ParametersChanged {
			/// The new ones.
			parameters: RequestParameters,
		},
		/// New requests are stopped, or let in again. Those that were made go on either way.
		PauseChanged {
			/// Whether they are stopped.
			paused: bool,
		},
		/// Somebody asked, and the maximal fee is on hold.
		Requested {
			/// The request.
			request: RequestId,
			/// Who asked.
			requester: AccountId,
			/// The model.
			model: ModelId,
			/// The lane.
			lane: u8,
			/// The lane's nonce that it used.
			nonce: u64,
			/// What is due if it is answered.
			fee: Balance,
			/// What is on hold.
			held: Balance,
			/// The last block in which it may be answered.
			deadline: BlockNumber,
		},
		/// A validator was drawn to run a request.
		Assigned {
			/// The request.
			request: RequestId,
			/// The validator.
			validator: AccountId,
			/// The session in whose validator set it has the position `index`.
			session: SessionIndex,
			/// The position.
			index: ValidatorIndex,
			/// The last block in which it may answer.
			deadline: BlockNumber,
			/// The cover reserved on its bond.
			cover: Balance,
		},
		/// Another validator was drawn to take over a request that the first did not answer.
		Reassigned {
			/// The request.
			request: RequestId,
			/// Who did not answer.
			previous: AccountId,
			/// Who takes over.
			validator: AccountId,
			/// The session in whose validator set it has the position `index`.
			session: SessionIndex,
			/// The position.
			index: ValidatorIndex,
			/// The last block in which it may answer.
			deadline: BlockNumber,
			/// The cover reserved on its bond.
			cover: Balance,
		},
		/// A validator did not answer in time. That is noted, and costs no stake.
		Missed {
			/// The request.
			request: RequestId,
			/// The validator.
			validator: AccountId,
		},
		/// The executor finds no node that offers the input. Anyone may post it.
		InputDemanded {
			/// The request.
			request: RequestId,
			/// The executor.
			validator: AccountId,
			/// The last block in which the input may be posted. The executor's clock stands
			/// still until then.
			until: BlockNumber,
		},
		/// A demanded input was posted.
		InputPosted {
			/// The request.
			request: RequestId,
			/// Who posted it.
			who: AccountId,
			/// The last block in which the executor may answer now.
			deadline: BlockNumber,
		},
		/// There is a result. It is open until it is `Finalised` or `Invalidated`.
		Answered {
			/// The request.
			request: RequestId,
			/// Who answered.
			validator: AccountId,
			/// What came of the run.
			outcome: OutcomeCommitment,
			/// The tick of the window clock at which it becomes `Final`.
			final_at: u64,
		},
		/// A result is `Final`, and everybody was paid.
		Finalised {
			/// The request.
			request: RequestId,
			/// Who answered.
			executor: AccountId,
			/// What the executor got.
			executor_paid: Balance,
			/// What went to the pot that pays audits.
			audit_pot_paid: Balance,
			/// What went to the treasury, with the parts of those who could not receive.
			treasury_paid: Balance,
			/// What was burned.
			burned: Balance,
			/// What went to the model's contributors.
			contributors_paid: Balance,
			/// What went back to the requester.
			returned: Balance,
		},
		/// A result was found wrong or withheld, or given up, and counts for nothing.
		Invalidated {
			/// The request.
			request: RequestId,
			/// Who answered.
			executor: AccountId,
			/// What went back to the requester.
			returned: Balance,
		},
		/// Nobody could dispute a result for all of its window, because its version of the operator
		/// set was suspended. It has a new window.
		WindowRestarted {
			/// The request.
			request: RequestId,
			/// The tick of the window clock at which it becomes `Final`, if nothing holds it up.
			final_at: u64,
		},
		/// A result is given up, because its version of the operator set stayed suspended for too
		/// long. Nothing is known against who answered; the event before says what went back.
		GivenUp {
			/// The request.
			request: RequestId,
			/// Who answered, and is not paid.
			executor: AccountId,
		},
		/// A request ended without a result.
		Refunded {
			/// The request.
			request: RequestId,
			/// Why.
			reason: RefundReason,
			/// What went back to the requester.
			returned: Balance,
			/// What the requester was charged.
			charged: Balance,
		},
		/// A contract was told what came of its request.
		CallbackDelivered {
			/// The request.
			request: RequestId,
			/// The contract.
			contract: H160,
			/// What the request had come to.
			status: RequestStatus,
		},
		/// A contract's function failed or took more than the gas for it. Anyone may call
		/// `retry_callback`, or `deliver` on the precompile.
		CallbackFailed {
			/// The request.
			request: RequestId,
			/// The contract.
			contract: H160,
			/// What the request had come to.
			status: RequestStatus,
		},
		/// A model was run inside a transaction. The result is `Final` and `Replayed`.
		Computed {
			/// Names the run, as its receipt does.
			request: RequestId,
			/// Who asked and paid.
			who: AccountId,
			/// The model.
			model: ModelId,
			/// The commitment to the input.
			input: Hash,
			/// What came of it.
			outcome: OutcomeCommitment,
			/// The encoding of the output tensors, where it has at most 1 KiB. A dry run on the
			/// same state gives longer ones.
			output: Option<sync::EventOutput>,
			/// What went to the treasury, with the parts of those who could not receive.
			treasury_paid: Balance,
			/// What was burned.
			burned: Balance,
			/// What went to the model's contributors.
			contributors_paid: Balance,
		},
		/// A request ended long ago and is no longer in state.
		Pruned {
			/// The request.
			request: RequestId,
		},
		/// The header of this block commits to the receipts of the requests that ended in it.
		ReceiptsCommitted {
			/// The root over them.
			root: Hash,
			/// How many there are.
			count: u32,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no such lane.
		NoSuchLane,
		/// The nonce is not the lane's next.
		WrongNonce,
		/// There is no such model.
		UnknownModel,
		/// The model takes no new requests.
		ModelRetired,
		/// Nobody can give the evidence that the terms want.
		EvidenceUnavailable,
		/// The callback's gas is not in the range that is offered.
		CallbackUnavailable,
		/// The model has no program, so its results cannot be disputed and no value may be at
		/// risk.
		ValueAtRiskWithoutProgram,
		/// One run of the model costs more than this network takes.
		TooCostly,
		/// The input is longer than the model or the chain takes.
		InputTooLarge,
		/// The input is not the encoding of a list of tensors.
		InputMalformed,
		/// The input's tensors are not those that the model takes.
		InputMismatch,
		/// The deadline is past, or too near for a run to fit.
		DeadlineTooSoon,
		/// The deadline is too far ahead.
		DeadlineTooFar,
		/// The fee is above the maximum in the terms.
		FeeAboveMaximum,
		/// No validator that serves the model has capacity and cover free.
		NoServer,
		/// This block took all the requests that it can.
		TooManyRequests,
		/// A request with this identifier exists.
		DuplicateRequest,
		/// There is no such request.
		UnknownRequest,
		/// The input of this request is not demanded.
		InputNotDemanded,
		/// The time to post the input is over.
		InputTooLate,
		/// These bytes are not what the request committed to.
		WrongInput,
		/// There is no result.
		NotAnswered,
		/// The result is not open any more.
		NotOpen,
		/// This block took all the receipts that it can; try again in the next.
		TooManyReceipts,
		/// A parameter is outside its range or breaks a relation to another.
		BadParameters,
		/// The message is not the assigned validator's, or comes too late.
		Rejected,
		/// No program of this model is stored since an earlier block, or it is not what the model's
		/// manifest declares.
		NoStoredProgram,
		/// One run of the model takes more time or memory than a transaction may: ask by `request`.
		AboveSynchronousBudget,
		/// The model's owner asks a price, so it cannot be called without paying.
		PaymentRequired,
		/// New requests are stopped by an emergency referendum. Try again when another lets them
		/// in.
		Paused,
		/// The model's version of the operator set is suspended, because so many results were found
		/// wrong under it that it may be wrong itself. Try again when a referendum lifts that.
		VersionSuspended,
		/// A callback may only go to the account that asks.
		ForeignCallback,
		/// The result is open, and the terms do not ask to be told of open results.
		NotFinal,
		/// The contract was told already.
		AlreadyDelivered,
		/// The contract's function failed or took more than the gas for it.
		CallbackFailed,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			Self::act_on_what_is_due(Self::now())
		}

		fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
			Self::push_callbacks(remaining)
		}

		fn on_finalize(_: BlockNumberFor<T>) {
			Self::assign_all();
			Self::commit_to_receipts(Self::now());
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Asks for one paid run of a model.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the requester.
		///
		/// ## Details
		///
		/// Holds `terms.max_fee`. A validator that serves the model is drawn at the end of this
		/// block. The request ends by itself: settled after its result is `Final`, or refunded.
		/// Inputs and outputs on chain are public.
		///
		/// ## Parameters
		///
		/// - `model`: which model.
		/// - `input`: the encoded tensors, or the commitment to them and the encoding's length.
		/// - `terms`: what the requester agrees to. Up to two audits may be asked for, which are paid
		///   on top; no other evidence beyond a signature is offered yet. A callback may only go to
		///   the requester, and its gas is paid for with this call.
		/// - `nonce`: the lane's next, as `InferenceApi` tells it.
		///
		/// ## Errors
		///
		/// - [`Error::NoSuchLane`], [`Error::WrongNonce`]: see above.
		/// - [`Error::UnknownModel`], [`Error::ModelRetired`], [`Error::TooCostly`],
		///   [`Error::VersionSuspended`]: this model cannot be asked.
		/// - [`Error::EvidenceUnavailable`], [`Error::CallbackUnavailable`],
		///   [`Error::ForeignCallback`], [`Error::ValueAtRiskWithoutProgram`]: the terms want what
		///   nobody can give.
		/// - [`Error::InputTooLarge`], [`Error::InputMalformed`], [`Error::InputMismatch`]: the
		///   input is not one for this model.
		/// - [`Error::DeadlineTooSoon`], [`Error::DeadlineTooFar`], [`Error::FeeAboveMaximum`]:
		///   ask for a quote.
		/// - [`Error::NoServer`]: nobody could take it now.
		/// - [`Error::TooManyRequests`]: the block is full.
		/// - The currency's, if the maximal fee cannot be held.
		///
		/// ## Events
		///
		/// [`Event::Requested`], and [`Event::Assigned`] at the end of the block.
		#[pallet::call_index(0)]
		#[pallet::weight(
			T::WeightInfo::request(MAX_SERVERS)
				.saturating_add(T::WeightInfo::commit_to_bytes(inline_length(input)))
				.saturating_add(Pallet::<T>::callback_weight(terms))
		)]
		pub fn request(
			origin: OriginFor<T>,
			model: ModelId,
			input: Input,
			terms: Terms,
			nonce: u64,
		) -> DispatchResultWithPostInfo {
			let requester = ensure_signed(origin)?;
			let callbacks = Self::callback_weight(&terms);
			let (_, scans) = Self::do_request(requester, model, &input, terms, nonce)?;
			Ok(Some(
				T::WeightInfo::request(scans)
					.saturating_add(T::WeightInfo::commit_to_bytes(inline_length(&input)))
					.saturating_add(callbacks),
			)
			.into())
		}

		/// Posts the result of a run. Submitted by the assigned validator's node, without fee.
		///
		/// ## Dispatch Origin
		///
		/// Authorized: the signature must be that of the assigned validator's inference key.
		///
		/// ## Details
		///
		/// A trap is a result like an output. Everything is checked before the transaction enters
		/// a pool or a block.
		///
		/// ## Events
		///
		/// [`Event::Answered`].
		#[pallet::call_index(1)]
		#[pallet::weight(
			T::WeightInfo::submit_result(outcome_length(outcome))
				.saturating_add(T::Audits::answered_weight())
		)]
		#[pallet::weight_of_authorize(
			T::WeightInfo::authorize_submit_result()
				.saturating_add(T::WeightInfo::commit_to_bytes(outcome_length(outcome)))
		)]
		#[pallet::authorize(|_source, statement, outcome, signature| {
			Pallet::<T>::authorize_result(statement, outcome, signature)
		})]
		pub fn submit_result(
			origin: OriginFor<T>,
			statement: Statement,
			outcome: Outcome,
			signature: InferenceSignature,
		) -> DispatchResult {
			ensure_authorized(origin)?;
			Self::do_submit_result(statement, outcome, signature)
		}

		/// Demands an input that no node offers. Submitted by the assigned validator's node,
		/// without fee.
		///
		/// ## Dispatch Origin
		///
		/// Authorized: the signature must be that of the assigned validator's inference key.
		///
		/// ## Details
		///
		/// Once per request, and only while its bytes are not on chain. The executor's clock
		/// stops until somebody posts them. If nobody does, the request ends and the requester is
		/// charged the base fee.
		///
		/// ## Events
		///
		/// [`Event::InputDemanded`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::demand_input())]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_demand_input())]
		#[pallet::authorize(|_source, demand, signature| {
			Pallet::<T>::authorize_demand(demand, signature)
		})]
		pub fn demand_input(
			origin: OriginFor<T>,
			demand: InputDemand,
			_signature: InferenceSignature,
		) -> DispatchResult {
			ensure_authorized(origin)?;
			Self::do_demand_input(demand)
		}

		/// Posts an input that the executor demanded.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anyone.
		///
		/// ## Parameters
		///
		/// - `request`: which request.
		/// - `bytes`: the encoded tensors that it committed to.
		///
		/// ## Errors
		///
		/// - [`Error::UnknownRequest`], [`Error::InputNotDemanded`], [`Error::InputTooLate`].
		/// - [`Error::InputMalformed`], [`Error::InputMismatch`], [`Error::WrongInput`]: the bytes
		///   are not tensors, not this model's, or not those that were committed to.
		///
		/// ## Events
		///
		/// [`Event::InputPosted`].
		#[pallet::call_index(3)]
		#[pallet::weight(
			T::WeightInfo::post_input()
				.saturating_add(T::WeightInfo::commit_to_bytes(bytes.len() as u32))
		)]
		pub fn post_input(
			origin: OriginFor<T>,
			request: RequestId,
			bytes: StoredInput,
		) -> DispatchResult {
			Self::do_post_input(ensure_signed(origin)?, request, bytes)
		}

		/// Changes the parameters for new requests.
		///
		/// ## Dispatch Origin
		///
		/// A referendum on the track for parameters.
		///
		/// ## Errors
		///
		/// - [`Error::BadParameters`]: a range or a relation does not hold.
		///
		/// ## Events
		///
		/// [`Event::ParametersChanged`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::set_parameters())]
		pub fn set_parameters(
			origin: OriginFor<T>,
			parameters: RequestParameters,
		) -> DispatchResult {
			T::ParameterOrigin::ensure_origin(origin)?;
			// Checks the parameters by themselves too.
			T::Sessions::parameters().check(&parameters).map_err(|_| Error::<T>::BadParameters)?;
			Parameters::<T>::put(&parameters);
			Self::deposit_event(Event::ParametersChanged { parameters });
			Ok(())
		}

		/// Stops new requests, or lets them in again. Nothing else changes: what was asked for is
		/// answered, settled or refunded as if nothing had happened.
		///
		/// ## Dispatch Origin
		///
		/// A referendum on the emergency track.
		///
		/// ## Events
		///
		/// [`Event::PauseChanged`].
		#[pallet::call_index(20)]
		#[pallet::weight(T::WeightInfo::set_paused())]
		pub fn set_paused(origin: OriginFor<T>, paused: bool) -> DispatchResult {
			T::PauseOrigin::ensure_origin(origin)?;
			Paused::<T>::put(paused);
			Self::deposit_event(Event::PauseChanged { paused });
			Ok(())
		}

		/// Runs a model right here: every node computes the answer, and nobody has to be trusted.
		///
		/// ## Dispatch Origin
		///
		/// Signed by whoever asks and pays.
		///
		/// ## Details
		///
		/// For models whose program is stored on chain and whose run is inside the synchronous
		/// budget; `ProgramsApi` tells weight and fee, and runs it without a transaction. A trap
		/// is an answer and is paid like one. Inputs and outputs are public.
		///
		/// ## Parameters
		///
		/// - `model`: which model.
		/// - `input`: the encoded tensors.
		/// - `max_fee`: the most that is paid beside the transaction's own fee.
		///
		/// ## Errors
		///
		/// - [`Error::UnknownModel`], [`Error::ModelRetired`], [`Error::NoStoredProgram`],
		///   [`Error::AboveSynchronousBudget`], [`Error::VersionSuspended`]: this model cannot be
		///   called.
		/// - [`Error::InputMalformed`], [`Error::InputMismatch`]: the input is not one for it.
		/// - [`Error::FeeAboveMaximum`]: ask for a quote.
		/// - [`Error::TooManyReceipts`]: the block is full.
		/// - The currency's, if the fee cannot be paid.
		///
		/// ## Events
		///
		/// [`Event::Computed`].
		#[pallet::call_index(5)]
		#[pallet::weight(Pallet::<T>::infer_sync_weight(model, input.len() as u32))]
		pub fn infer_sync(
			origin: OriginFor<T>,
			model: ModelId,
			input: InlineBytes,
			max_fee: Balance,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let tensors = decode_tensors(&input).map_err(Error::<T>::from)?;
			Self::run_sync(&who, &model, &tensors, max_fee)?;
			Ok(())
		}

		/// Tells a contract what came of its request, where that failed before or nobody did.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anyone, who pays for the gas.
		///
		/// ## Details
		///
		/// Each request's open result, if the terms ask for it, and its end are delivered once. A
		/// call that fails again leaves everything as it was.
		///
		/// ## Parameters
		///
		/// - `request`: which request.
		/// - `gas`: what the contract may take, in picoseconds of reference time; at most
		///   [`callbacks::MAX_CALLBACK_GAS`] is used.
		///
		/// ## Errors
		///
		/// - [`Error::UnknownRequest`], [`Error::NotAnswered`]: there is nothing to tell.
		/// - [`Error::NotFinal`]: the result is open, and the terms do not ask for open results.
		/// - [`Error::AlreadyDelivered`]: the contract was told.
		/// - [`Error::CallbackFailed`]: the contract's function failed again.
		///
		/// ## Events
		///
		/// [`Event::CallbackDelivered`].
		#[pallet::call_index(10)]
		#[pallet::weight(
			T::WeightInfo::push_callback()
				.saturating_add(T::Callbacks::weight((*gas).min(callbacks::MAX_CALLBACK_GAS)))
		)]
		pub fn retry_callback(
			origin: OriginFor<T>,
			request: RequestId,
			gas: u64,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_retry_callback(&request, gas)
		}
	}

	impl<T: Config> Pallet<T> {
		/// This block's number.
		pub(crate) fn now() -> BlockNumber {
			frame_system::Pallet::<T>::block_number().saturated_into()
		}
	}
}
