//! Demands: whoever signed a result has to have its input. While the result is open, anyone may have
//! it shown on chain, at the price of the bytes; who does not show it loses its cover.

use crate::{
	game::types::ANSWER_SHARE,
	pallet::{Config, DemandDeadlines, Demands, Error, Event, GameCases, HoldReason, Pallet},
	replay::PRIORITY,
	types::{Demand, SignedFee, MAX_BUCKETS_PER_BLOCK},
	weights::WeightInfo,
};
use codec::Encode;
use countersign_primitives::{
	commitment::tensors_commitment,
	dispute::{OpenResult, Verdicts},
	game::{GameMessage, GameRefusal},
	keys::InferenceSignature,
	offence::OffenceKind,
	request::RequestId,
	tensor::decode_tensors,
	AccountId, Balance,
};
use frame_support::{
	dispatch::{Pays, PostDispatchInfo},
	ensure,
	pallet_prelude::{DispatchResult, DispatchResultWithPostInfo, ValidTransaction},
	traits::fungible::MutateHold,
	weights::Weight,
};
use sp_runtime::transaction_validity::TransactionValidityWithRefund;

/// The most demands that one block ends because nobody showed anything.
pub const MAX_DEMANDS_EXPIRED: u32 = 2;
/// The prefix of the tags of messages that show an input.
const TAG: &str = "CountersignInput";
/// Blocks for which such a message may wait in a pool.
const LONGEVITY: u64 = 16;
/// Bytes of a message beside the input, rounded up.
const ENVELOPE: u32 = 512;
/// How many times the window of a demand a result is kept from becoming `Final` at the most.
const KEPT_OPEN: u64 = 32;

/// The weight of showing an input.
pub(crate) fn show_weight<T: Config>(bytes: &[u8]) -> Weight {
	T::WeightInfo::show_input((bytes.len() as u32).div_ceil(1024))
}

impl<T: Config> Pallet<T> {
	/// What a demand costs: the space of the input.
	pub fn demand_fee(request: &RequestId) -> Option<Balance> {
		let length = T::Results::declared_input_length(request)?;
		let weight = T::WeightInfo::show_input(length.div_ceil(1024)).saturating_mul(2);
		Some(T::SignedFee::fee(weight, length.saturating_add(ENVELOPE)))
	}

	/// The tick at which a result would be `Final` if nothing about it were undecided.
	pub(crate) fn window_end(request: &RequestId, result: &OpenResult) -> u64 {
		let of_games = GameCases::<T>::get(request).map(|case| case.window_end);
		let of_demand = Demands::<T>::get(request).map(|demand| demand.window_end);
		of_games.or(of_demand).unwrap_or(result.final_at)
	}

	/// Lets a result become `Final` when it would have, if nothing about it is undecided any more.
	pub(crate) fn let_go(request: &RequestId, window_end: u64) {
		if GameCases::<T>::contains_key(request) || Demands::<T>::contains_key(request) {
			return;
		}
		if T::Results::open_result(request).is_some() {
			let tick = window_end.max(T::Results::clock().saturating_add(1));
			if T::Results::set_final_at(request, tick).is_err() {
				crate::impossible("the result is open, and the tick lies ahead");
			}
		}
	}

	pub(crate) fn do_demand(who: AccountId, request: RequestId) -> DispatchResult {
		let result = T::Results::open_result(&request).ok_or(Error::<T>::NotOpen)?;
		let clock = T::Results::clock();
		let window_end = Self::window_end(&request, &result);
		ensure!(clock.saturating_add(1) < window_end, Error::<T>::NotOpen);
		let is_there = T::Results::input_length(&request).is_some();
		ensure!(!is_there && !Demands::<T>::contains_key(request), Error::<T>::NothingToDemand);
		let fee = Self::demand_fee(&request).ok_or(Error::<T>::NotOpen)?;
		T::Currency::hold(&HoldReason::Demand.into(), &who, fee)?;
		let window = (T::Results::game_ticks(&request) / ANSWER_SHARE).max(1);
		let deadline = clock.saturating_add(window);
		let kept = clock.saturating_add(window.saturating_mul(KEPT_OPEN));
		T::Results::set_final_at(&request, kept.max(result.final_at))?;
		let executor = result.executor;
		Demands::<T>::insert(request, Demand { by: who.clone(), fee, window_end, deadline });
		DemandDeadlines::<T>::insert(deadline, request, ());
		Self::deposit_event(Event::InputDemanded { request, executor, by: who, fee, deadline });
		Ok(())
	}

	/// Whether these bytes are the input that is demanded.
	fn check_input(request: &RequestId, bytes: &[u8]) -> Result<(), GameRefusal> {
		let result = T::Results::open_result(request).ok_or(GameRefusal::NotOpen)?;
		ensure!(Demands::<T>::contains_key(request), GameRefusal::NoGame);
		let tensors = decode_tensors(bytes).map_err(|_| GameRefusal::WrongInputs)?;
		let found = tensors_commitment(&tensors);
		ensure!(found == result.statement.input, GameRefusal::WrongInputs);
		Ok(())
	}

	pub(crate) fn do_show_input(
		request: RequestId,
		bytes: alloc::vec::Vec<u8>,
	) -> DispatchResultWithPostInfo {
		Self::check_input(&request, &bytes).map_err(Error::<T>::from)?;
		T::Results::put_input(&request, bytes)?;
		Self::end_demand(&request, true);
		Self::deposit_event(Event::InputShown { request });
		// It was paid for by whoever demanded it.
		Ok(PostDispatchInfo { actual_weight: None, pays_fee: Pays::No })
	}

	pub(crate) fn authorize_show_input(
		message: &GameMessage,
		bytes: &[u8],
		signature: &InferenceSignature,
	) -> TransactionValidityWithRefund {
		Self::message_sender(message, GameMessage::content_of(&bytes))?;
		if !message.verify(signature) {
			return Err(crate::game::keys::Rejection::BadSignature.into());
		}
		Self::check_input(&message.request, bytes).map_err(crate::game::keys::Rejection::from)?;
		ValidTransaction::with_tag_prefix(TAG)
			.priority(PRIORITY)
			.and_provides(message.request.encode())
			.longevity(LONGEVITY)
			.propagate(true)
			.build()
			.map(|valid| (valid, Weight::zero()))
	}

	/// Ends a demand, if there is one: the fee is burned where the input was shown, and goes back
	/// where it was not, or is not needed any more.
	pub(crate) fn end_demand(request: &RequestId, shown: bool) {
		let Some(demand) = Demands::<T>::take(request) else { return };
		DemandDeadlines::<T>::remove(demand.deadline, request);
		match shown {
			true => Self::burn(HoldReason::Demand, &demand.by, demand.fee),
			false => Self::give_back(HoldReason::Demand, &demand.by, demand.fee),
		}
		Self::let_go(request, demand.window_end);
	}

	/// Ends demands that nobody answered in time, a bounded number of them. Returns how many.
	pub(crate) fn expire_demands(cursor: &mut u64) -> u32 {
		let clock = T::Results::clock();
		let mut expired = 0u32;
		for _ in 0..MAX_BUCKETS_PER_BLOCK.saturating_add(MAX_DEMANDS_EXPIRED) {
			if *cursor >= clock || expired >= MAX_DEMANDS_EXPIRED {
				break;
			}
			let Some(request) = DemandDeadlines::<T>::iter_key_prefix(*cursor).next() else {
				*cursor = cursor.saturating_add(1);
				continue;
			};
			expired = expired.saturating_add(1);
			if !Self::expire_demand(&request) {
				// This block has no room for the receipt; the next one has.
				break;
			}
		}
		expired
	}

	/// The result counts for nothing, because its input was not shown. `false` if that has to wait.
	fn expire_demand(request: &RequestId) -> bool {
		let Some(demand) = Demands::<T>::get(request) else {
			crate::impossible("what has a deadline was demanded");
			return true;
		};
		let Some(result) = T::Results::open_result(request) else {
			// It ended by other means.
			Self::end_demand(request, false);
			return true;
		};
		if !T::Results::has_room() {
			return false;
		}
		if Self::found_guilty(request, &result, OffenceKind::Unavailable, None, demand.by).is_err()
		{
			crate::impossible("the result is open, and there is room for its receipt");
		}
		true
	}
}
