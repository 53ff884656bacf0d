//! How contracts hear of what they asked for.
//!
//! Delivery is a pull by default: anyone calls `deliver` on the precompile, inside a transaction of
//! theirs, and [`Pallet::take_delivery`] says what there is to tell. A request whose terms have a
//! callback with gas is pushed besides. Whatever ends or answers it puts it in a queue, and blocks
//! with weight to spare take it out and call the contract:
//!
//! - **Prepaid**: the weight of the calls to come is part of the weight of `request`, so that its
//!   fee, or a contract's gas, pays for them.
//! - **Capped**: the contract gets the gas that it asked for, at most [`MAX_CALLBACK_GAS`], and what
//!   it returns is dropped unread.
//! - **Once**: each of the two moments, open and ended, is delivered at most once, by whoever comes
//!   first.
//! - **Apart**: nothing that settles, refunds or invalidates waits for a contract or can be failed
//!   by one. A call that fails leaves the delivery marked as failed, which is the inbox: anyone may
//!   try again while the request is in state, with gas of their own.
//!
//! Only the account that asked is called back, so that nobody can have a contract called that did
//! not want to be.

use crate::{
	checks::Refusal,
	pallet::{
		CallbackEnds, CallbackQueue, Config, Deliveries, Error, Event, Outcomes, Pallet, Requests,
	},
	types::Request,
	weights::WeightInfo,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use countersign_primitives::{
	request::{Callback, Outcome, RequestId, RequestStatus, Terms},
	AccountId,
};
use frame_support::{
	dispatch::{DispatchErrorWithPostInfo, DispatchResultWithPostInfo},
	ensure,
	weights::{Weight, WeightMeter},
};
use scale_info::TypeInfo;
use sp_core::H160;
use sp_runtime::DispatchError;

/// The least gas that a callback may prepay, in picoseconds of reference time: what it takes to
/// load a contract and read the answer.
pub const MIN_CALLBACK_GAS: u64 = 500_000_000;
/// The most gas that a callback may prepay, in picoseconds of reference time.
pub const MAX_CALLBACK_GAS: u64 = 25_000_000_000;
/// The most callbacks that one block makes.
pub const MAX_CALLBACKS_PER_BLOCK: u32 = 16;

/// What there is to tell a contract about.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Moment {
	/// There is a result, and it may still be disputed.
	Open,
	/// The request ended: settled, invalidated or refunded.
	End,
}

/// How far the delivery of a moment is.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Default,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum DeliveryStep {
	/// Nobody asked for it.
	#[default]
	None,
	/// It will be pushed.
	Queued,
	/// The contract was told.
	Delivered,
	/// The contract's function failed or ran out of gas. Anyone may try again.
	Failed,
}

/// How far a request's deliveries are.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Default,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Delivery {
	/// Of the open result.
	pub open: DeliveryStep,
	/// Of the end.
	pub end: DeliveryStep,
}

impl Delivery {
	/// The step of a moment.
	pub fn step(&self, moment: Moment) -> DeliveryStep {
		match moment {
			Moment::Open => self.open,
			Moment::End => self.end,
		}
	}

	fn set(&mut self, moment: Moment, step: DeliveryStep) {
		match moment {
			Moment::Open => self.open = step,
			Moment::End => self.end = step,
		}
	}
}

/// What a contract is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
	/// The contract.
	pub contract: H160,
	/// The request.
	pub request: RequestId,
	/// `Answered`, `Settled`, `Invalidated` or `Refunded`.
	pub status: RequestStatus,
	/// What came of the run, where that counts: of `Answered` and `Settled`.
	pub outcome: Option<Outcome>,
}

/// What became of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Called {
	/// Whether the contract took the notice.
	pub delivered: bool,
	/// What it took.
	pub weight: Weight,
}

/// Calls contracts. Implemented by the runtime, so that this pallet knows nothing of them.
pub trait Callbacks {
	/// The address by which contracts know an account.
	fn address(who: &AccountId) -> H160;
	/// The most that [`Callbacks::call`] takes with so much gas.
	fn weight(gas: u64) -> Weight;
	/// The most that all callbacks of one block may take.
	fn limit() -> Weight;
	/// Tells a contract. Never fails otherwise than by saying so, and then leaves no trace.
	fn call(notice: &Notice, gas: u64) -> Called;
}

/// No contracts, no callbacks.
impl Callbacks for () {
	fn address(_: &AccountId) -> H160 {
		H160::zero()
	}
	fn weight(_: u64) -> Weight {
		Weight::zero()
	}
	fn limit() -> Weight {
		Weight::zero()
	}
	fn call(_: &Notice, _: u64) -> Called {
		Called { delivered: false, weight: Weight::zero() }
	}
}

/// Whether a callback is to be pushed at a moment.
fn is_pushed(callback: &Callback, moment: Moment) -> bool {
	callback.gas > 0 && (moment == Moment::End || callback.when_open)
}

/// The moment that a request has reached, if a contract can be told of it.
fn moment_of(request: &Request) -> Option<Moment> {
	match request.status {
		RequestStatus::Waiting | RequestStatus::Assigned | RequestStatus::InputDemanded => None,
		RequestStatus::Answered => Some(Moment::Open),
		RequestStatus::Settled | RequestStatus::Invalidated | RequestStatus::Refunded => {
			Some(Moment::End)
		}
	}
}

impl<T: Config> Pallet<T> {
	/// Whether what the terms say about a callback can be done.
	pub(crate) fn check_callback(terms: &Terms) -> Result<(), Refusal> {
		let gas = terms.callback.as_ref().map_or(0, |callback| callback.gas);
		ensure!(
			gas == 0 || (MIN_CALLBACK_GAS..=MAX_CALLBACK_GAS).contains(&gas),
			Refusal::CallbackUnavailable
		);
		Ok(())
	}

	/// Whether a callback goes to whoever asks for it.
	pub(crate) fn is_own_callback(requester: &AccountId, terms: &Terms) -> bool {
		terms
			.callback
			.as_ref()
			.is_none_or(|callback| callback.contract == T::Callbacks::address(requester))
	}

	/// The weight that a request prepays for its callbacks.
	pub fn callback_weight(terms: &Terms) -> Weight {
		let Some(callback) = &terms.callback else { return Weight::zero() };
		if callback.gas == 0 {
			return Weight::zero();
		}
		// Capped here too, because this is asked before anything is checked.
		let each = T::WeightInfo::push_callback()
			.saturating_add(T::Callbacks::weight(callback.gas.min(MAX_CALLBACK_GAS)));
		each.saturating_mul(if callback.when_open { 2 } else { 1 })
	}

	/// Queues the push of a moment, if the terms ask for it.
	pub(crate) fn notify(id: &RequestId, request: &Request, moment: Moment) {
		let Some(callback) = &request.terms.callback else { return };
		if !is_pushed(callback, moment) {
			return;
		}
		CallbackEnds::<T>::mutate(|(_, next)| {
			CallbackQueue::<T>::insert(*next, (id, moment));
			*next = next.saturating_add(1);
		});
		Deliveries::<T>::mutate(id, |delivery| {
			delivery.get_or_insert_default().set(moment, DeliveryStep::Queued)
		});
	}

	/// What there is to tell the contract that asked, which counts as told from now on. A caller
	/// that then fails to tell it has to fail as a whole.
	///
	/// An open result is told only to who asked for that in the terms.
	pub fn take_delivery(id: &RequestId) -> Result<Notice, DispatchError> {
		let request = Requests::<T>::get(id).ok_or(Error::<T>::UnknownRequest)?;
		let moment = moment_of(&request).ok_or(Error::<T>::NotAnswered)?;
		let wants_open = request.terms.callback.as_ref().is_some_and(|one| one.when_open);
		ensure!(moment == Moment::End || wants_open, Error::<T>::NotFinal);
		let mut delivery = Deliveries::<T>::get(id).unwrap_or_default();
		ensure!(delivery.step(moment) != DeliveryStep::Delivered, Error::<T>::AlreadyDelivered);
		delivery.set(moment, DeliveryStep::Delivered);
		Deliveries::<T>::insert(id, delivery);
		Ok(Self::notice(id, &request))
	}

	fn notice(id: &RequestId, request: &Request) -> Notice {
		let outcome = match request.status {
			RequestStatus::Answered | RequestStatus::Settled => Outcomes::<T>::get(id),
			_ => None,
		};
		Notice {
			contract: T::Callbacks::address(&request.requester),
			request: *id,
			status: request.status,
			outcome,
		}
	}

	/// Tells a contract with gas that somebody paid for. The contract may do anything meanwhile,
	/// a request of its own included, so everything of ours is written before.
	pub(crate) fn tell(id: &RequestId, notice: &Notice, moment: Moment, gas: u64) -> Called {
		let called = T::Callbacks::call(notice, gas);
		let (request, contract, status) = (*id, notice.contract, notice.status);
		if called.delivered {
			Self::deposit_event(Event::CallbackDelivered { request, contract, status });
		} else {
			Deliveries::<T>::mutate(id, |delivery| {
				delivery.get_or_insert_default().set(moment, DeliveryStep::Failed)
			});
			Self::deposit_event(Event::CallbackFailed { request, contract, status });
		}
		called
	}

	/// Tries a delivery again, or for the first time. Returns what that took.
	pub(crate) fn do_retry_callback(id: &RequestId, gas: u64) -> DispatchResultWithPostInfo {
		let notice = Self::take_delivery(id)?;
		let moment = match notice.status {
			RequestStatus::Answered => Moment::Open,
			_ => Moment::End,
		};
		let called = Self::tell(id, &notice, moment, gas.min(MAX_CALLBACK_GAS));
		let actual = Some(T::WeightInfo::push_callback().saturating_add(called.weight));
		if !called.delivered {
			return Err(DispatchErrorWithPostInfo {
				post_info: actual.into(),
				error: Error::<T>::CallbackFailed.into(),
			});
		}
		Ok(actual.into())
	}

	/// Makes queued callbacks while there is weight for them. Returns what they took.
	pub(crate) fn push_callbacks(limit: Weight) -> Weight {
		let mut meter = WeightMeter::with_limit(limit.min(T::Callbacks::limit()));
		if meter.try_consume(T::WeightInfo::on_idle()).is_err() {
			return meter.consumed();
		}
		for _ in 0..MAX_CALLBACKS_PER_BLOCK {
			let (first, next) = CallbackEnds::<T>::get();
			if first >= next || meter.try_consume(T::WeightInfo::push_callback()).is_err() {
				break;
			}
			let Some((id, moment)) = CallbackQueue::<T>::get(first) else {
				crate::impossible("the queue has no holes");
				CallbackEnds::<T>::put((first.saturating_add(1), next));
				continue;
			};
			let request = Requests::<T>::get(id);
			let gas = request
				.as_ref()
				.and_then(|request| request.terms.callback.as_ref())
				.map_or(0, |callback| callback.gas);
			let weight = T::Callbacks::weight(gas);
			if !meter.can_consume(weight) {
				break;
			}
			CallbackQueue::<T>::remove(first);
			CallbackEnds::<T>::put((first.saturating_add(1), next));
			// An open result that ended meanwhile is not told any more: its end is.
			let is_due = request.as_ref().and_then(moment_of) == Some(moment)
				&& Deliveries::<T>::get(id)
					.is_some_and(|delivery| delivery.step(moment) == DeliveryStep::Queued);
			let Some(request) = request.filter(|_| is_due) else {
				Deliveries::<T>::mutate_extant(id, |delivery| {
					if delivery.step(moment) == DeliveryStep::Queued {
						delivery.set(moment, DeliveryStep::None);
					}
				});
				continue;
			};
			Deliveries::<T>::mutate(id, |delivery| {
				delivery.get_or_insert_default().set(moment, DeliveryStep::Delivered)
			});
			let notice = Self::notice(&id, &request);
			let called = Self::tell(&id, &notice, moment, gas);
			meter.consume(called.weight.min(weight));
		}
		meter.consumed()
	}

	/// Forgets the deliveries of a request that is pruned.
	pub(crate) fn forget_deliveries(id: &RequestId) {
		Deliveries::<T>::remove(id);
	}

	/// Checks that what waits for delivery is of requests, and that the queue has no holes.
	#[cfg(any(feature = "std", feature = "try-runtime"))]
	pub(crate) fn check_callbacks() -> Result<(), sp_runtime::TryRuntimeError> {
		let (first, next) = CallbackEnds::<T>::get();
		let mut queued = alloc::collections::BTreeSet::new();
		let mut count = 0u64;
		for (number, (id, moment)) in CallbackQueue::<T>::iter() {
			ensure!(
				(first..next).contains(&number),
				"10. a callback is queued outside of the queue's ends"
			);
			ensure!(queued.insert((id, moment == Moment::Open)), "10. a callback is queued twice");
			count = count.saturating_add(1);
		}
		ensure!(count == next.saturating_sub(first), "10. the queue of callbacks has holes");
		for (id, delivery) in Deliveries::<T>::iter() {
			let request = Requests::<T>::get(id).ok_or("10. a delivery of nothing")?;
			for moment in [Moment::Open, Moment::End] {
				match delivery.step(moment) {
					DeliveryStep::None => {}
					DeliveryStep::Queued => ensure!(
						queued.contains(&(id, moment == Moment::Open)),
						"10. a delivery waits for nothing"
					),
					DeliveryStep::Delivered | DeliveryStep::Failed => ensure!(
						moment == Moment::Open || !request.is_open(),
						"10. an end was delivered before it came"
					),
				}
			}
		}
		Ok(())
	}
}
