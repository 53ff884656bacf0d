//! What the referee asks, and what its verdicts do.

use crate::{
	pallet::{
		Config, Error, Finals, Inputs, Outcomes, Pallet, Parameters, Requests, Results, WindowClock,
	},
	types::StoredInput,
};
use alloc::vec::Vec;
#[cfg(feature = "runtime-benchmarks")]
use countersign_primitives::model::ModelId;
use countersign_primitives::{
	audit::Audits,
	dispute::{OpenResult, Verdicts},
	request::{EvidenceSet, Finality, Outcome, OutcomeCommitment, RequestId, RequestStatus},
	AccountId, BlockNumber,
};
use frame_support::{ensure, weights::Weight};
use sp_runtime::DispatchResult;

impl<T: Config> Verdicts for Pallet<T> {
	fn open_result(id: &RequestId) -> Option<OpenResult> {
		let result = Results::<T>::get(id).filter(|result| result.finality == Finality::Open)?;
		let request = Requests::<T>::get(id)?;
		if request.status != RequestStatus::Answered {
			return None;
		}
		let assignment = request.active?.assignment;
		Some(OpenResult {
			statement: result.statement,
			outcome: Outcomes::<T>::get(id)?,
			executor: assignment.account,
			cover: assignment.cover,
			final_at: result.final_at,
		})
	}

	fn has_room() -> bool {
		Self::has_room_for_receipt()
	}

	fn input(id: &RequestId) -> Option<Vec<u8>> {
		Inputs::<T>::get(id).map(|bytes| bytes.into_inner())
	}

	fn input_length(id: &RequestId) -> Option<u32> {
		Inputs::<T>::decode_len(id).and_then(|length| u32::try_from(length).ok())
	}

	fn recomputed(id: &RequestId, canonical: &OutcomeCommitment) {
		T::Audits::recomputed(id, canonical);
	}

	fn refuted(id: &RequestId) {
		T::Audits::refuted(id);
	}

	fn audits_weight() -> Weight {
		T::Audits::close_weight()
	}

	fn is_party(id: &RequestId, who: &AccountId) -> bool {
		T::Audits::is_party(id, who)
	}

	fn declared_input_length(id: &RequestId) -> Option<u32> {
		Requests::<T>::get(id).map(|request| request.input_length)
	}

	fn put_input(id: &RequestId, bytes: Vec<u8>) -> DispatchResult {
		let is_open = Results::<T>::get(id).is_some_and(|it| it.finality == Finality::Open);
		ensure!(is_open, Error::<T>::NotOpen);
		let bytes = StoredInput::try_from(bytes).map_err(|_| Error::<T>::InputTooLarge)?;
		Inputs::<T>::insert(id, bytes);
		Ok(())
	}

	fn uphold(id: &RequestId) -> DispatchResult {
		Self::make_final(id, EvidenceSet { replayed: true, ..Default::default() })
	}

	fn correct(id: &RequestId, outcome: Outcome) -> DispatchResult {
		Self::correct(id, outcome)
	}

	fn invalidate(id: &RequestId) -> DispatchResult {
		Self::invalidate(id).map(|_| ())
	}

	fn set_final_at(id: &RequestId, tick: u64) -> DispatchResult {
		Self::set_final_at(id, tick)
	}

	fn game_ticks(id: &RequestId) -> u64 {
		let rules = Requests::<T>::get(id).map(|request| request.rules);
		rules.unwrap_or_else(Parameters::<T>::get).dispute_game_blocks.into()
	}

	fn clock() -> u64 {
		WindowClock::<T>::get()
	}

	fn open_results(after: Option<RequestId>, limit: u32) -> Vec<RequestId> {
		// Each open result waits in one place for its tick, and nothing else does. One that has ended
		// since it was shown still says where it stood.
		let stood = after.and_then(|id| Some((Results::<T>::get(id)?.final_at, id)));
		let open = match stood {
			Some((tick, id)) => Finals::<T>::iter_keys_from(Finals::<T>::hashed_key_for(tick, id)),
			None => Finals::<T>::iter_keys(),
		};
		open.map(|(_, id)| id).take(limit as usize).collect()
	}

	fn retention() -> BlockNumber {
		Parameters::<T>::get().retention_blocks
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn make_open_result(model: ModelId, input: Vec<u8>, outcome: Outcome) -> RequestId {
		benchmarking::make_open_result::<T>(model, input, outcome)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn forget_input(id: &RequestId) {
		Inputs::<T>::remove(id);
	}
}

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking {
	use super::*;
	use crate::{
		pallet::HoldReason,
		types::{ActiveAssignment, Request, ResultRecord},
	};
	use countersign_primitives::{
		commitment::tensors_commitment,
		request::{Assignment, Role, Statement, Terms},
		tensor::decode_tensors,
		traits::{Bonds, Contributors, Sessions},
		UNIT,
	};
	use frame_support::traits::{
		fungible::{MutateHold, Unbalanced},
		tokens::Precision,
	};

	/// A result as `submit_result` leaves it, of a request that pays everybody and gets something
	/// back.
	pub(super) fn make_open_result<T: Config>(
		model: ModelId,
		input: Vec<u8>,
		outcome: Outcome,
	) -> RequestId {
		let account = T::Bonds::make_validator(7);
		let session = T::Sessions::current();
		let validator = T::Sessions::position(&account).unwrap_or_default();
		let signer = match T::Sessions::member(session, validator) {
			Some(member) => member.key,
			None => panic!("the validator is in the session"),
		};
		let (cover, cost_fee, price, held) = (UNIT, UNIT, UNIT, 3 * UNIT);
		frame_support::assert_ok!(T::Bonds::reserve_cover(&account, cover));
		let requester: AccountId = frame_benchmarking::account("requester", 0, 0);
		frame_support::assert_ok!(T::Currency::increase_balance(
			&requester,
			2 * held,
			Precision::Exact
		));
		frame_support::assert_ok!(T::Currency::hold(&HoldReason::Request.into(), &requester, held));
		let (Ok(tensors), Some(commitment), Ok(bytes)) =
			(decode_tensors(&input), outcome.commitment(), StoredInput::try_from(input))
		else {
			panic!("the input and the outcome are tensors");
		};
		let input_commitment = tensors_commitment(&tensors);
		let request = RequestId::repeat_byte(0x5a);
		let rules = Parameters::<T>::get();
		let attribution = T::Contributors::commitment(&model).unwrap_or_default();
		let final_at = WindowClock::<T>::get().saturating_add(rules.final_window_blocks.into());
		let assignment =
			Assignment { session, validator, account: account.clone(), deadline: 0, cover };
		Requests::<T>::insert(
			request,
			Request {
				requester,
				model,
				input_commitment,
				input_length: bytes.len() as u32,
				terms: Terms {
					max_fee: held,
					deadline: 0,
					lane: 0,
					evidence: EvidenceSet::default(),
					value_at_risk: 0,
					callback: None,
				},
				cost_fee,
				audit_fee: 0,
				price,
				macs: 1,
				canonical_version: Some(1),
				cover,
				attribution,
				rules,
				submitted_at: 0,
				status: RequestStatus::Answered,
				held,
				due: 0,
				active: Some(ActiveAssignment {
					assignment,
					key: signer.clone(),
					assigned_at: 0,
					sequence: 0,
				}),
				tried: vec_of(account),
				demanded: false,
				remaining: 0,
			},
		);
		Inputs::<T>::insert(request, bytes);
		Outcomes::<T>::insert(request, outcome);
		Finals::<T>::insert(final_at, request, ());
		Results::<T>::insert(
			request,
			ResultRecord {
				statement: Statement {
					genesis: Pallet::<T>::genesis(),
					request,
					model,
					role: Role::Executor,
					session,
					validator,
					input: input_commitment,
					outcome: commitment,
					attribution,
					signer,
				},
				signature: [0; 64],
				finality: Finality::Open,
				evidence: EvidenceSet::default(),
				answered_at: 0,
				window_from: 0,
				final_at,
			},
		);
		request
	}

	fn vec_of<Item, Most: frame_support::traits::Get<u32>>(
		item: Item,
	) -> frame_support::BoundedVec<Item, Most> {
		frame_support::BoundedVec::truncate_from(alloc::vec![item])
	}
}
