//! What runtime APIs and other pallets ask.

use crate::{
	checks::Refusal,
	pallet::{
		Assignments, Call, Config, Inputs, NextNonce, Outcomes, Pallet, Parameters, ReceiptRoots,
		Receipts, Requests, Results, WindowClock,
	},
	types::MAX_ASSIGNMENTS_SHOWN,
};
use alloc::vec::Vec;
use codec::Encode;
use countersign_primitives::{
	apis::QuoteError,
	commitment::tensors_commitment,
	keys::{InferenceId, InferenceSignature},
	model::{ModelId, MAX_SERVERS},
	parameters::RequestParameters,
	request::{
		request_id, EvidenceSet, Finality, InputDemand, Outcome, Quote, Receipt, RequestId,
		RequestStatus, RequestView, ResultView, Role, Statement, Terms, WorkItem,
	},
	tensor::{decode_tensors, Tensor, TensorError},
	traits::{self, Models, Sessions},
	AccountId, Balance, BlockNumber, Hash, SessionIndex, ValidatorIndex,
};
use frame_system::offchain::CreateTransactionBase;
use sp_core::sr25519;

impl From<Refusal> for QuoteError {
	fn from(refusal: Refusal) -> Self {
		match refusal {
			Refusal::UnknownModel => Self::UnknownModel,
			Refusal::ModelRetired => Self::Retired,
			Refusal::EvidenceUnavailable => Self::EvidenceUnavailable,
			Refusal::CallbackUnavailable => Self::CallbackUnavailable,
			Refusal::ValueAtRiskWithoutProgram => Self::ValueAtRiskWithoutProgram,
			Refusal::TooCostly => Self::TooCostly,
			Refusal::InputTooLarge => Self::InputTooLarge,
			Refusal::VersionSuspended => Self::VersionSuspended,
		}
	}
}

impl<T: Config> Pallet<T> {
	/// What a request in the next block would cost, and who could run it.
	pub fn quote(model: ModelId, input_length: u32, terms: Terms) -> Result<Quote, QuoteError> {
		let rules = Parameters::<T>::get();
		let next = Self::now().saturating_add(1);
		let offer = Self::offer(&model, input_length, &terms, &rules, next)?;
		let session = T::Sessions::current();
		let (mut servers, mut free_servers) = (0u32, 0u32);
		for account in T::Models::servers(&model).into_iter().take(MAX_SERVERS as usize) {
			servers = servers.saturating_add(1);
			if Self::candidate(account, session, offer.model.macs, offer.cover).is_some() {
				free_servers = free_servers.saturating_add(1);
			}
		}
		let (earliest_deadline, latest_deadline) =
			Self::deadline_range(offer.model.macs, &rules, next);
		Ok(Quote {
			fee: offer.fee(),
			cost_fee: offer.cost_fee.saturating_add(offer.audit_fee),
			price: offer.model.price,
			macs: offer.model.macs,
			cover: offer.cover,
			servers,
			free_servers,
			earliest_deadline,
			latest_deadline,
			final_window: rules.final_window_blocks,
			base_fee: rules.withheld_fee(&terms),
		})
	}

	/// The nonce that the next request of an account in a lane must have.
	pub fn next_nonce(account: AccountId, lane: u8) -> u64 {
		NextNonce::<T>::get(account, lane)
	}

	/// The identifier that a request would have on this chain.
	pub fn id_of(
		account: AccountId,
		nonce: u64,
		model: ModelId,
		input: Hash,
		terms: Terms,
	) -> RequestId {
		request_id(&Self::genesis(), &account, nonce, &model, &input, &terms)
	}

	/// The commitment to a list of tensors, given as their encoding.
	pub fn commit(tensors: Vec<u8>) -> Result<Hash, TensorError> {
		Ok(tensors_commitment(&decode_tensors(&tensors)?))
	}

	/// The encoding of a list of tensors.
	pub fn encode_tensors(tensors: Vec<Tensor>) -> Vec<u8> {
		tensors.encode()
	}

	/// A request, until it is pruned.
	pub fn request_view(id: RequestId) -> Option<RequestView> {
		Some(Requests::<T>::get(id)?.view(id, Inputs::<T>::contains_key(id)))
	}

	/// A result, until it is pruned.
	pub fn result_view(id: RequestId) -> Option<ResultView> {
		let record = Results::<T>::get(id)?;
		Some(ResultView {
			request: id,
			statement: record.statement,
			signature: sr25519::Signature::from_raw(record.signature).into(),
			outcome: Outcomes::<T>::get(id)?,
			finality: record.finality,
			evidence: record.evidence,
			cover: <Self as traits::Results>::cover(&id),
			answered_at: record.answered_at,
			final_at: record.final_at,
		})
	}

	/// The encoding of an input, while it is on chain: until the request ends.
	pub fn input(id: RequestId) -> Option<Vec<u8>> {
		Inputs::<T>::get(id).map(|bytes| bytes.into_inner())
	}

	/// The open assignments of an inference key, oldest first, at most
	/// [`MAX_ASSIGNMENTS_SHOWN`].
	pub fn assignments(key: InferenceId) -> Vec<WorkItem> {
		Assignments::<T>::iter_prefix_values(key)
			.take(MAX_ASSIGNMENTS_SHOWN)
			.filter_map(|id| {
				let request = Requests::<T>::get(id)?;
				let active = request.active?;
				Some(WorkItem {
					request: id,
					model: request.model,
					role: Role::Executor,
					assignment: active.assignment,
					key: active.key,
					input_commitment: request.input_commitment,
					input_length: request.input_length,
					attribution: request.attribution,
					may_demand_input: !request.demanded && !Inputs::<T>::contains_key(id),
					assigned_at: active.assigned_at,
				})
			})
			.collect()
	}

	/// The window clock: one tick a block, none while operational messages crowd the blocks.
	pub fn window_clock() -> u64 {
		WindowClock::<T>::get()
	}

	/// The receipts of a recent block, in the order in which its root commits to them.
	pub fn receipts(block: BlockNumber) -> Vec<Receipt> {
		Receipts::<T>::get(block).into_inner()
	}

	/// The receipts root of a recent block; `None` if it has no receipts.
	pub fn receipts_root(block: BlockNumber) -> Option<Hash> {
		ReceiptRoots::<T>::get(block)
	}

	/// The transaction that posts a result.
	pub fn result_transaction(
		statement: Statement,
		outcome: Outcome,
		signature: InferenceSignature,
	) -> <T as CreateTransactionBase<Call<T>>>::Extrinsic {
		T::create_authorized_transaction(
			Call::submit_result { statement, outcome, signature }.into(),
		)
	}

	/// The transaction by which an executor demands the input.
	pub fn demand_input_transaction(
		demand: InputDemand,
		signature: InferenceSignature,
	) -> <T as CreateTransactionBase<Call<T>>>::Extrinsic {
		T::create_authorized_transaction(Call::demand_input { demand, signature }.into())
	}
}

impl<T: Config> traits::RequestRules for Pallet<T> {
	fn parameters() -> RequestParameters {
		Parameters::<T>::get()
	}
}

impl<T: Config> traits::Results for Pallet<T> {
	fn finality(request: &RequestId) -> Option<Finality> {
		Results::<T>::get(request).map(|record| record.finality)
	}

	fn evidence(request: &RequestId) -> EvidenceSet {
		Results::<T>::get(request).map(|record| record.evidence).unwrap_or_default()
	}

	fn cover(request: &RequestId) -> Balance {
		match Requests::<T>::get(request) {
			Some(request) if request.status == RequestStatus::Answered => {
				request.active.map_or(0, |active| active.assignment.cover)
			}
			_ => 0,
		}
	}

	fn outcome(request: &RequestId) -> Option<Outcome> {
		Outcomes::<T>::get(request)
	}

	fn player(
		request: &RequestId,
		role: Role,
	) -> Option<(SessionIndex, ValidatorIndex, AccountId)> {
		match role {
			Role::Executor => {
				let assignment = Requests::<T>::get(request)?.active?.assignment;
				Some((assignment.session, assignment.validator, assignment.account))
			}
			// That is for whoever draws them to say.
			Role::Auditor(_) => None,
		}
	}
}
