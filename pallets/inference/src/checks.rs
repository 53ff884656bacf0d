//! What has to hold of a message before it costs anybody anything.
//!
//! Results and demands for inputs come without fee and without nonce, so everything is checked
//! before they enter a pool or a block, cheap checks first and the signature last. What passes
//! cannot fail when it is dispatched.

use crate::{
	pallet::{Config, Error, Inputs, Pallet, Requests},
	settlement::split,
	types::{ActiveAssignment, Request},
};
use countersign_primitives::{
	audit::{wanted_fee, Audits, MAX_WANTED_AUDITS},
	commitment::tensors_commitment,
	keys::{InferenceId, InferenceSignature},
	model::ModelId,
	model::ModelStatus,
	parameters::RequestParameters,
	request::{
		EvidenceSet, Input, InputDemand, Outcome, OutcomeCommitment, RequestId, RequestStatus,
		Role, Statement, Terms, LANES,
	},
	tensor::{decode_tensors, TensorError, MAX_INPUT_BYTES},
	traits::{ModelTerms, Models},
	BlockNumber, Hash, SessionIndex, ValidatorIndex, GIGA_MAC,
};
use frame_support::{
	ensure,
	pallet_prelude::{
		InvalidTransaction, TransactionPriority, TransactionValidityError, ValidTransaction, Weight,
	},
};
use sp_runtime::transaction_validity::TransactionValidityWithRefund;

/// The prefix of the tags that results and demands provide.
pub const RESULT_TAG: &str = "CountersignResult";
/// The prefix of the tags that demands for inputs provide.
pub const DEMAND_TAG: &str = "CountersignDemandInput";
/// The priority of results and demands: above transactions that pay, below what consensus needs.
pub const PRIORITY: TransactionPriority = TransactionPriority::MAX / 4;

/// Why a message of an executor is not accepted. The number is what a node reports as the custom
/// code of an invalid transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Rejection {
	/// There is no such request, perhaps not yet on this fork.
	UnknownRequest = 1,
	/// The request waits for a validator, perhaps not any more on another fork.
	NotAssigned = 2,
	/// The request has a result, or ended.
	Closed = 3,
	/// The last block for it has passed.
	Late = 4,
	/// It was signed for another chain.
	WrongGenesis = 5,
	/// Session, position or key are not those of the assignment.
	WrongValidator = 6,
	/// It names another role than the executor's.
	WrongRole = 7,
	/// It names another model.
	WrongModel = 8,
	/// It names another input.
	WrongInput = 9,
	/// It names another attribution.
	WrongAttribution = 10,
	/// The output's bytes are no list of tensors.
	MalformedOutput = 11,
	/// The output's tensors are not those that the model declares.
	WrongSignatureOfOutput = 12,
	/// The statement commits to another outcome than the one that comes with it.
	WrongOutcome = 13,
	/// The bytes of the input are on chain.
	InputOnChain = 14,
	/// The input was demanded before.
	DemandedBefore = 15,
	/// The signature is not the validator's.
	BadSignature = 16,
}

impl From<Rejection> for TransactionValidityError {
	fn from(rejection: Rejection) -> Self {
		match rejection {
			// It may be valid in a block that is yet to come, or that another fork has. A pool asks
			// every fork that it follows, and lets a transaction go everywhere where one of them
			// answers that it cannot tell; docs/decisions/0012.
			Rejection::UnknownRequest | Rejection::NotAssigned => InvalidTransaction::Future.into(),
			Rejection::Closed | Rejection::Late | Rejection::DemandedBefore => {
				InvalidTransaction::Stale.into()
			}
			Rejection::WrongValidator => InvalidTransaction::BadSigner.into(),
			Rejection::BadSignature => InvalidTransaction::BadProof.into(),
			other => InvalidTransaction::Custom(other as u8).into(),
		}
	}
}

/// Why a request is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
	UnknownModel,
	ModelRetired,
	EvidenceUnavailable,
	CallbackUnavailable,
	ValueAtRiskWithoutProgram,
	TooCostly,
	InputTooLarge,
	VersionSuspended,
}

impl<T> From<Refusal> for Error<T> {
	fn from(refusal: Refusal) -> Self {
		match refusal {
			Refusal::UnknownModel => Self::UnknownModel,
			Refusal::ModelRetired => Self::ModelRetired,
			Refusal::EvidenceUnavailable => Self::EvidenceUnavailable,
			Refusal::CallbackUnavailable => Self::CallbackUnavailable,
			Refusal::ValueAtRiskWithoutProgram => Self::ValueAtRiskWithoutProgram,
			Refusal::TooCostly => Self::TooCostly,
			Refusal::InputTooLarge => Self::InputTooLarge,
			Refusal::VersionSuspended => Self::VersionSuspended,
		}
	}
}

impl<T> From<TensorError> for Error<T> {
	fn from(error: TensorError) -> Self {
		match error {
			TensorError::SignatureMismatch => Self::InputMismatch,
			_ => Self::InputMalformed,
		}
	}
}

/// What model and terms come to under the rules in force.
pub(crate) struct Offer {
	pub(crate) model: ModelTerms,
	pub(crate) cost_fee: u128,
	pub(crate) audit_fee: u128,
	pub(crate) cover: u128,
}

impl Offer {
	pub(crate) fn fee(&self) -> u128 {
		self.cost_fee.saturating_add(self.audit_fee).saturating_add(self.model.price)
	}
}

impl<T: Config> Pallet<T> {
	/// What a quote and a request have in common.
	pub(crate) fn offer(
		model: &ModelId,
		input_length: u32,
		terms: &Terms,
		rules: &RequestParameters,
		now: BlockNumber,
	) -> Result<Offer, Refusal> {
		let model_terms = T::Models::terms(model, now).ok_or(Refusal::UnknownModel)?;
		ensure!(model_terms.status == ModelStatus::Active, Refusal::ModelRetired);
		ensure!(!Self::is_in_doubt(model_terms.canonical_version), Refusal::VersionSuspended);
		// Nobody replays or attests by order: nobody is paid for it either.
		let EvidenceSet { audited, .. } = terms.evidence;
		let only_audits = EvidenceSet { audited, ..Default::default() };
		let most_audits =
			if T::Audits::OFFERED && model_terms.has_program() { MAX_WANTED_AUDITS } else { 0 };
		ensure!(
			terms.evidence == only_audits && audited <= most_audits,
			Refusal::EvidenceUnavailable
		);
		Self::check_callback(terms)?;
		ensure!(
			model_terms.has_program() || terms.value_at_risk == 0,
			Refusal::ValueAtRiskWithoutProgram
		);
		ensure!(
			model_terms.macs <= u64::from(rules.most_gigamacs).saturating_mul(GIGA_MAC),
			Refusal::TooCostly
		);
		ensure!(
			input_length <= MAX_INPUT_BYTES.min(T::Models::input_bytes(model)),
			Refusal::InputTooLarge
		);
		let cost_fee =
			rules.cost_fee(model_terms.macs).saturating_add(rules.risk_fee(terms.value_at_risk));
		let fee = cost_fee.saturating_add(model_terms.price);
		let cover = rules.cover(fee, terms.value_at_risk);
		// An audit is as much work as the run.
		let executor_share = split(cost_fee, cost_fee, 0).executor;
		let audit_fee = wanted_fee(audited, executor_share);
		Ok(Offer { model: model_terms, cost_fee, audit_fee, cover })
	}

	/// The first and the last deadline that a request included in block `now` may have.
	pub fn deadline_range(
		macs: u64,
		rules: &RequestParameters,
		now: BlockNumber,
	) -> (BlockNumber, BlockNumber) {
		(
			now.saturating_add(rules.deadline_base_blocks)
				.saturating_add(RequestParameters::cost_blocks(macs)),
			now.saturating_add(rules.deadline_most_blocks),
		)
	}

	/// Whether a lane exists.
	pub(crate) fn is_lane(lane: u8) -> bool {
		lane < LANES
	}

	/// The commitment to an input, checked against the model's signature where its bytes are
	/// here, and the length of its encoding.
	pub(crate) fn commit_to_input(
		model: &ModelId,
		input: &Input,
	) -> Result<(Hash, u32), TensorError> {
		match input {
			Input::Inline(bytes) => {
				let commitment = Self::commit_to_bytes(model, bytes)?;
				Ok((commitment, u32::try_from(bytes.len()).unwrap_or(u32::MAX)))
			}
			Input::Committed { commitment, length } => Ok((*commitment, *length)),
		}
	}

	/// The commitment to the tensors that bytes encode, which have to be what the model takes.
	pub(crate) fn commit_to_bytes(model: &ModelId, bytes: &[u8]) -> Result<Hash, TensorError> {
		let tensors = decode_tensors(bytes)?;
		T::Models::check_input(model, &tensors)?;
		Ok(tensors_commitment(&tensors))
	}

	/// The request that an executor speaks about, if it is that executor's turn.
	fn check_turn(
		genesis: &Hash,
		id: &RequestId,
		session: SessionIndex,
		validator: ValidatorIndex,
		signer: &InferenceId,
	) -> Result<(Request, ActiveAssignment), Rejection> {
		ensure!(*genesis == Self::genesis(), Rejection::WrongGenesis);
		let request = Requests::<T>::get(id).ok_or(Rejection::UnknownRequest)?;
		match request.status {
			RequestStatus::Waiting => return Err(Rejection::NotAssigned),
			RequestStatus::Assigned | RequestStatus::InputDemanded => {}
			RequestStatus::Answered
			| RequestStatus::Refunded
			| RequestStatus::Invalidated
			| RequestStatus::Settled => return Err(Rejection::Closed),
		}
		ensure!(Self::now() <= request.due, Rejection::Late);
		let active = request.active.clone().ok_or(Rejection::NotAssigned)?;
		// The key is the one that the session's table named when the assignment was made.
		ensure!(
			active.assignment.session == session
				&& active.assignment.validator == validator
				&& active.key == *signer,
			Rejection::WrongValidator
		);
		Ok((request, active))
	}

	/// Everything about a result but its outcome's bytes and its signature.
	pub(crate) fn check_statement(
		statement: &Statement,
	) -> Result<(Request, ActiveAssignment), Rejection> {
		let (request, active) = Self::check_turn(
			&statement.genesis,
			&statement.request,
			statement.session,
			statement.validator,
			&statement.signer,
		)?;
		ensure!(statement.role == Role::Executor, Rejection::WrongRole);
		ensure!(statement.model == request.model, Rejection::WrongModel);
		ensure!(statement.input == request.input_commitment, Rejection::WrongInput);
		ensure!(statement.attribution == request.attribution, Rejection::WrongAttribution);
		Ok((request, active))
	}

	/// Whether an outcome is what the model can give and what the statement commits to.
	fn check_outcome(statement: &Statement, outcome: &Outcome) -> Result<(), Rejection> {
		let commitment = match outcome {
			Outcome::Trap { code, operator } => {
				OutcomeCommitment::Trap { code: *code, operator: *operator }
			}
			Outcome::Output(bytes) => {
				// A statement that says nothing about an output spares the work on one.
				ensure!(
					matches!(statement.outcome, OutcomeCommitment::Output(_)),
					Rejection::WrongOutcome
				);
				let tensors = decode_tensors(bytes).map_err(|_| Rejection::MalformedOutput)?;
				T::Models::check_output(&statement.model, &tensors)
					.map_err(|_| Rejection::WrongSignatureOfOutput)?;
				OutcomeCommitment::of_output(&tensors)
			}
		};
		ensure!(commitment == statement.outcome, Rejection::WrongOutcome);
		Ok(())
	}

	/// Everything about a demand but its signature.
	pub(crate) fn check_demand(
		demand: &InputDemand,
	) -> Result<(Request, ActiveAssignment), Rejection> {
		let (request, active) = Self::check_turn(
			&demand.genesis,
			&demand.request,
			demand.session,
			demand.validator,
			&demand.signer,
		)?;
		ensure!(!request.demanded, Rejection::DemandedBefore);
		ensure!(!Inputs::<T>::contains_key(demand.request), Rejection::InputOnChain);
		Ok((request, active))
	}

	/// Whether a result may enter a pool or a block.
	pub(crate) fn authorize_result(
		statement: &Statement,
		outcome: &Outcome,
		signature: &InferenceSignature,
	) -> TransactionValidityWithRefund {
		let (request, _) = Self::check_statement(statement)?;
		Self::check_outcome(statement, outcome)?;
		ensure!(statement.verify(signature), Rejection::BadSignature);
		Self::valid(RESULT_TAG, &statement.request, request.due)
	}

	/// Whether a demand for an input may enter a pool or a block.
	pub(crate) fn authorize_demand(
		demand: &InputDemand,
		signature: &InferenceSignature,
	) -> TransactionValidityWithRefund {
		let (request, _) = Self::check_demand(demand)?;
		ensure!(demand.verify(signature), Rejection::BadSignature);
		Self::valid(DEMAND_TAG, &demand.request, request.due)
	}

	/// Valid until the last block for it; one for each request and role.
	fn valid(
		prefix: &'static str,
		id: &RequestId,
		due: BlockNumber,
	) -> TransactionValidityWithRefund {
		ValidTransaction::with_tag_prefix(prefix)
			.priority(PRIORITY)
			.and_provides((id, Role::Executor))
			.longevity(u64::from(due.saturating_sub(Self::now())).max(1))
			.propagate(true)
			.build()
			.map(|valid| (valid, Weight::zero()))
	}

	/// The hash of the genesis block, which everything signed names.
	pub(crate) fn genesis() -> Hash {
		frame_system::Pallet::<T>::block_hash(
			frame_system::pallet_prelude::BlockNumberFor::<T>::default(),
		)
	}
}
