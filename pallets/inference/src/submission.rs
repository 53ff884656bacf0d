//! How a request comes in.

use crate::{
	pallet::{
		Config, Deadlines, Error, Event, Fresh, HoldReason, Inputs, NextNonce, Pallet, Parameters,
		Paused, Requests,
	},
	types::{Request, StoredInput},
};
use countersign_primitives::{
	model::{ModelId, MAX_SERVERS},
	request::{Input, RequestId, RequestStatus, Terms},
	traits::{Contributors, Models},
	AccountId,
};
use frame_support::{ensure, traits::fungible::MutateHold, BoundedVec};
use sp_runtime::DispatchError;

/// The bytes that an input brings along.
pub(crate) fn inline_length(input: &Input) -> u32 {
	match input {
		Input::Inline(bytes) => u32::try_from(bytes.len()).unwrap_or(u32::MAX),
		Input::Committed { .. } => 0,
	}
}

impl<T: Config> Pallet<T> {
	/// Takes a request of `requester`, as the call `request` does. Returns its identifier and
	/// the servers that were and will be looked at for it.
	pub fn do_request(
		requester: AccountId,
		model: ModelId,
		input: &Input,
		terms: Terms,
		nonce: u64,
	) -> Result<(RequestId, u32), DispatchError> {
		let now = Self::now();
		let rules = Parameters::<T>::get();
		ensure!(!Paused::<T>::get(), Error::<T>::Paused);
		ensure!(Self::is_lane(terms.lane), Error::<T>::NoSuchLane);
		ensure!(Self::is_own_callback(&requester, &terms), Error::<T>::ForeignCallback);
		ensure!(nonce == NextNonce::<T>::get(&requester, terms.lane), Error::<T>::WrongNonce);
		let length = match input {
			Input::Inline(_) => inline_length(input),
			Input::Committed { length, .. } => *length,
		};
		let offer = Self::offer(&model, length, &terms, &rules, now).map_err(Error::<T>::from)?;
		let (earliest, latest) = Self::deadline_range(offer.model.macs, &rules, now);
		ensure!(terms.deadline >= earliest, Error::<T>::DeadlineTooSoon);
		ensure!(terms.deadline <= latest, Error::<T>::DeadlineTooFar);
		ensure!(offer.fee() <= terms.max_fee, Error::<T>::FeeAboveMaximum);
		let attribution = T::Contributors::commitment(&model).ok_or(Error::<T>::UnknownModel)?;
		let (is_free, scanned) = Self::find_free_server(&model, offer.model.macs, offer.cover);
		ensure!(is_free, Error::<T>::NoServer);
		let (input_commitment, input_length) =
			Self::commit_to_input(&model, input).map_err(Error::<T>::from)?;
		let id = Self::id_of(requester.clone(), nonce, model, input_commitment, terms.clone());
		ensure!(!Requests::<T>::contains_key(id), Error::<T>::DuplicateRequest);

		T::Currency::hold(&HoldReason::Request.into(), &requester, terms.max_fee)?;
		Fresh::<T>::try_append(id).map_err(|()| Error::<T>::TooManyRequests)?;
		NextNonce::<T>::insert(&requester, terms.lane, nonce.saturating_add(1));
		Deadlines::<T>::insert(terms.deadline, id, ());
		if let Input::Inline(bytes) = input {
			let bytes =
				StoredInput::try_from(bytes.to_vec()).map_err(|_| Error::<T>::InputTooLarge)?;
			Inputs::<T>::insert(id, bytes);
		}
		Self::deposit_event(Event::Requested {
			request: id,
			requester: requester.clone(),
			model,
			lane: terms.lane,
			nonce,
			fee: offer.fee(),
			held: terms.max_fee,
			deadline: terms.deadline,
		});
		Requests::<T>::insert(
			id,
			Request {
				requester,
				model,
				input_commitment,
				input_length,
				cost_fee: offer.cost_fee,
				audit_fee: offer.audit_fee,
				price: offer.model.price,
				macs: offer.model.macs,
				canonical_version: offer.model.canonical_version,
				cover: offer.cover,
				attribution,
				rules,
				submitted_at: now,
				status: RequestStatus::Waiting,
				held: terms.max_fee,
				due: terms.deadline,
				terms,
				active: None,
				tried: BoundedVec::new(),
				demanded: false,
				remaining: 0,
			},
		);
		// The draw looks at every server of the model, this call at some of them.
		let servers = u32::try_from(T::Models::servers(&model).len()).unwrap_or(MAX_SERVERS);
		Ok((id, servers.max(scanned).min(MAX_SERVERS)))
	}
}
