//! What audits are told of results, and what they may do to them.

use crate::{
	pallet::{Config, Finals, Outcomes, Pallet, Parameters, Results, WindowClock},
	settlement::split,
	types::Request,
};
#[cfg(feature = "runtime-benchmarks")]
use alloc::vec::Vec;
#[cfg(feature = "runtime-benchmarks")]
use countersign_primitives::model::ModelId;
use countersign_primitives::{
	audit::{AuditedResults, Audits, NewResult},
	request::{EvidenceSet, Finality, Outcome, RequestId},
	traits::Models,
	AccountId, BlockNumber,
};
use frame_support::traits::Get;
use sp_runtime::DispatchResult;

impl<T: Config> Pallet<T> {
	/// Has a result audited that was just posted, if its model has a program.
	pub(crate) fn have_audited(id: &RequestId, request: &Request) {
		let has_program =
			T::Models::terms(&request.model, Self::now()).is_some_and(|terms| terms.has_program());
		let (Some(active), Some(result)) = (&request.active, Results::<T>::get(id)) else {
			crate::impossible("an answered request has an executor and a result");
			return;
		};
		if !has_program {
			return;
		}
		let parts = split(request.cost_fee, request.cost_fee, 0);
		T::Audits::answered(NewResult {
			statement: result.statement,
			executor: active.assignment.account.clone(),
			input_length: request.input_length,
			cover: active.assignment.cover,
			macs: request.macs,
			executor_share: parts.executor,
			audit_share: parts.audit_pot,
			wanted: request.terms.evidence.audited,
			rules: request.rules.clone(),
		});
	}

	/// Whether audits keep a result from `Final` that would become so now. Then it is looked at
	/// again at the tick that they say. It is in no bucket of the queue.
	pub(crate) fn is_kept_open(id: &RequestId) -> bool {
		let Some(tick) = T::Audits::keeps_open(id) else { return false };
		let next = tick.max(WindowClock::<T>::get().saturating_add(1));
		Results::<T>::mutate_extant(id, |result| result.final_at = next);
		Finals::<T>::insert(next, id, ());
		true
	}
}

impl<T: Config> AuditedResults for Pallet<T> {
	fn set_audits(id: &RequestId, audits: u8) -> DispatchResult {
		Self::add_evidence(id, EvidenceSet { audited: audits, ..Default::default() })
	}

	fn claimed(id: &RequestId) -> Option<Outcome> {
		Outcomes::<T>::get(id)
	}

	fn is_open(id: &RequestId) -> bool {
		Results::<T>::get(id).is_some_and(|result| result.finality == Finality::Open)
	}

	fn clock() -> u64 {
		WindowClock::<T>::get()
	}

	fn pot() -> AccountId {
		T::AuditPot::get()
	}

	fn retention() -> BlockNumber {
		Parameters::<T>::get().retention_blocks
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn make_open_result(model: ModelId, input: Vec<u8>, outcome: Outcome) -> RequestId {
		<Self as countersign_primitives::dispute::Verdicts>::make_open_result(model, input, outcome)
	}
}
