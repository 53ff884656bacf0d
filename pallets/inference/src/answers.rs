//! What comes back from an executor: a result, or the demand for an input that no node offers, and
//! the input that somebody posts then.

use crate::{
	callbacks::Moment,
	pallet::{
		Config, Deadlines, Error, Event, Finals, Inputs, Outcomes, Pallet, Requests, Results,
		WindowClock,
	},
	types::{signature_bytes, ResultRecord, StoredInput},
};
use countersign_primitives::{
	keys::InferenceSignature,
	request::{EvidenceSet, Finality, InputDemand, Outcome, RequestId, RequestStatus, Statement},
	AccountId,
};
use frame_support::{ensure, pallet_prelude::DispatchResult};

/// The bytes that an outcome brings along.
pub(crate) fn outcome_length(outcome: &Outcome) -> u32 {
	match outcome {
		Outcome::Output(bytes) => u32::try_from(bytes.len()).unwrap_or(u32::MAX),
		Outcome::Trap { .. } => 0,
	}
}

impl<T: Config> Pallet<T> {
	/// Notes a result. The signature and the outcome's bytes were checked when it was authorized.
	pub(crate) fn do_submit_result(
		statement: Statement,
		outcome: Outcome,
		signature: InferenceSignature,
	) -> DispatchResult {
		let (mut request, active) =
			Self::check_statement(&statement).map_err(|_| Error::<T>::Rejected)?;
		let id = statement.request;
		let final_at =
			WindowClock::<T>::get().saturating_add(request.rules.final_window_blocks.into());
		Self::end_work(&request);
		Deadlines::<T>::remove(request.due, id);
		Finals::<T>::insert(final_at, id, ());
		Self::deposit_event(Event::Answered {
			request: id,
			validator: active.assignment.account,
			outcome: statement.outcome.clone(),
			final_at,
		});
		Outcomes::<T>::insert(id, outcome);
		Results::<T>::insert(
			id,
			ResultRecord {
				statement,
				signature: signature_bytes(&signature),
				finality: Finality::Open,
				evidence: EvidenceSet::default(),
				answered_at: Self::now(),
				window_from: Self::now(),
				final_at,
			},
		);
		request.status = RequestStatus::Answered;
		Self::notify(&id, &request, Moment::Open);
		Self::have_audited(&id, &request);
		Requests::<T>::insert(id, request);
		Ok(())
	}

	/// Stops the executor's clock until its input is posted.
	pub(crate) fn do_demand_input(demand: InputDemand) -> DispatchResult {
		let (mut request, active) =
			Self::check_demand(&demand).map_err(|_| Error::<T>::Rejected)?;
		let now = Self::now();
		request.demanded = true;
		request.remaining = request.due.saturating_sub(now);
		request.status = RequestStatus::InputDemanded;
		let until = now.saturating_add(request.rules.demand_input_blocks);
		Self::set_due(&demand.request, &mut request, until);
		Requests::<T>::insert(demand.request, request);
		Self::deposit_event(Event::InputDemanded {
			request: demand.request,
			validator: active.assignment.account,
			until,
		});
		Ok(())
	}

	/// Keeps a demanded input and lets the executor's clock run again.
	pub(crate) fn do_post_input(
		who: AccountId,
		id: RequestId,
		bytes: StoredInput,
	) -> DispatchResult {
		let mut request = Requests::<T>::get(id).ok_or(Error::<T>::UnknownRequest)?;
		ensure!(request.status == RequestStatus::InputDemanded, Error::<T>::InputNotDemanded);
		ensure!(Self::now() <= request.due, Error::<T>::InputTooLate);
		ensure!(bytes.len() as u64 == u64::from(request.input_length), Error::<T>::WrongInput);
		let commitment = Self::commit_to_bytes(&request.model, &bytes).map_err(Error::<T>::from)?;
		ensure!(commitment == request.input_commitment, Error::<T>::WrongInput);
		Inputs::<T>::insert(id, bytes);
		let deadline = Self::now().saturating_add(request.remaining);
		Self::set_due(&id, &mut request, deadline);
		request.status = RequestStatus::Assigned;
		if let Some(active) = &mut request.active {
			active.assignment.deadline = deadline;
		}
		Requests::<T>::insert(id, request);
		Self::deposit_event(Event::InputPosted { request: id, who, deadline });
		Ok(())
	}
}
