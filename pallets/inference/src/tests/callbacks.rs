//! Contracts are told once, with gas that was paid for, and hold nothing up.

use crate::{
	callbacks::{Called, MAX_CALLBACKS_PER_BLOCK, MAX_CALLBACK_GAS, MIN_CALLBACK_GAS},
	mock::*,
	Callbacks, Deliveries, Delivery, DeliveryStep, Error, Event, Notice, WeightInfo,
};
use countersign_primitives::{
	request::{Callback, RequestId, RequestStatus},
	AccountId,
};
use frame_support::{assert_noop, assert_ok, parameter_types, traits::Hooks, weights::Weight};
use sp_core::H160;
use std::cell::RefCell;

thread_local! {
	static TOLD: RefCell<Vec<Notice>> = const { RefCell::new(Vec::new()) };
}

parameter_types! {
	/// Whether contracts take their notices.
	pub static Willing: bool = true;
	/// What to do while a contract is told.
	pub static Meanwhile: Option<fn(&RequestId)> = None;
}

/// Writes down what contracts are told. An account's address is its first 20 bytes.
pub struct Recorder;

impl Callbacks for Recorder {
	fn address(who: &AccountId) -> H160 {
		let bytes: &[u8; 32] = who.as_ref();
		H160::from_slice(&bytes[..20])
	}
	fn weight(gas: u64) -> Weight {
		Weight::from_parts(gas, gas / 1_000)
	}
	fn limit() -> Weight {
		Weight::from_parts(3 * MAX_CALLBACK_GAS, u64::MAX)
	}
	fn call(notice: &Notice, gas: u64) -> Called {
		TOLD.with(|told| told.borrow_mut().push(notice.clone()));
		if let Some(meanwhile) = Meanwhile::get() {
			meanwhile(&notice.request);
		}
		Called { delivered: Willing::get(), weight: Self::weight(gas) }
	}
}

/// What contracts were told since this was asked last.
fn told() -> Vec<(RequestId, RequestStatus, bool)> {
	let told = TOLD.with(|told| std::mem::take(&mut *told.borrow_mut()));
	told.into_iter().map(|one| (one.request, one.status, one.outcome.is_some())).collect()
}

fn callback(gas: u64, when_open: bool) -> Option<Callback> {
	Some(Callback { contract: Recorder::address(&alice()), gas, when_open })
}

fn with_callback(gas: u64, when_open: bool) -> Ask {
	let mut ask = ask();
	ask.terms.callback = callback(gas, when_open);
	ask
}

/// A request with a callback, answered in this block.
fn answered_with(gas: u64, when_open: bool) -> RequestId {
	let id = with_callback(gas, when_open).send().unwrap();
	next_block();
	answer(&id).unwrap();
	id
}

/// Ends the block with this much weight to spare, and begins the next.
fn idle(weight: Weight) -> Weight {
	let used = Inference::on_idle(System::block_number(), weight);
	next_block();
	used
}

const PLENTY: Weight = Weight::from_parts(u64::MAX, u64::MAX);

fn delivery(id: &RequestId) -> Delivery {
	Deliveries::<Test>::get(id).unwrap_or_default()
}

#[test]
fn open_and_final_are_told_once_each() {
	ExtBuilder::default().build_and_execute(|| {
		let id = answered_with(MIN_CALLBACK_GAS, true);
		assert_eq!(delivery(&id).open, DeliveryStep::Queued);
		assert_eq!(told(), vec![]);
		idle(PLENTY);
		assert_eq!(told(), vec![(id, RequestStatus::Answered, true)]);
		idle(PLENTY);
		assert_eq!(told(), vec![]);
		run_blocks(60);
		assert_eq!(status(&id), RequestStatus::Settled);
		idle(PLENTY);
		assert_eq!(told(), vec![(id, RequestStatus::Settled, true)]);
		let done = DeliveryStep::Delivered;
		assert_eq!(delivery(&id), Delivery { open: done, end: done });
		assert_noop!(Inference::take_delivery(&id), Error::<Test>::AlreadyDelivered);
	});
}

#[test]
fn who_did_not_ask_for_open_results_is_told_of_the_end_only() {
	ExtBuilder::default().build_and_execute(|| {
		let id = answered_with(MIN_CALLBACK_GAS, false);
		idle(PLENTY);
		assert_eq!(told(), vec![]);
		assert_noop!(Inference::take_delivery(&id), Error::<Test>::NotFinal);
		run_blocks(60);
		idle(PLENTY);
		assert_eq!(told(), vec![(id, RequestStatus::Settled, true)]);
	});
}

#[test]
fn an_invalidation_and_a_refund_are_told_too_without_outcome() {
	ExtBuilder::default().build_and_execute(|| {
		let id = answered_with(MIN_CALLBACK_GAS, true);
		idle(PLENTY);
		told();
		let bad = Inference::invalidate(&id).unwrap();
		<MockBonds as countersign_primitives::traits::Bonds>::release_cover(
			&bad.executor,
			bad.cover,
		);
		idle(PLENTY);
		assert_eq!(told(), vec![(id, RequestStatus::Invalidated, false)]);

		let id = with_callback(MIN_CALLBACK_GAS, true).send().unwrap();
		Silent::set(true);
		run_blocks(60);
		assert_eq!(status(&id), RequestStatus::Refunded);
		idle(PLENTY);
		assert_eq!(told(), vec![(id, RequestStatus::Refunded, false)]);
	});
}

#[test]
fn an_open_result_that_ended_meanwhile_is_told_once_as_ended() {
	ExtBuilder::default().build_and_execute(|| {
		let id = answered_with(MIN_CALLBACK_GAS, true);
		// Full blocks: nothing is idle until the window is over.
		run_blocks(60);
		assert_eq!(status(&id), RequestStatus::Settled);
		idle(PLENTY);
		assert_eq!(told(), vec![(id, RequestStatus::Settled, true)]);
		assert_eq!(delivery(&id).open, DeliveryStep::None);
	});
}

#[test]
fn a_contract_that_fails_holds_nothing_up_and_can_be_told_later() {
	ExtBuilder::default().build_and_execute(|| {
		Willing::set(false);
		let id = answered_with(MIN_CALLBACK_GAS, false);
		run_blocks(60);
		assert_eq!(status(&id), RequestStatus::Settled);
		let contract = Recorder::address(&alice());
		let status = RequestStatus::Settled;
		Inference::on_idle(System::block_number(), PLENTY);
		assert_event(Event::CallbackFailed { request: id, contract, status });
		next_block();
		assert_eq!(delivery(&id).end, DeliveryStep::Failed);
		// It is not tried again by itself.
		told();
		idle(PLENTY);
		assert_eq!(told(), vec![]);

		let gas = 7 * MIN_CALLBACK_GAS;
		let retry = |who: AccountId| Inference::retry_callback(RuntimeOrigin::signed(who), id, gas);
		let failed = retry(account(2)).unwrap_err();
		assert_eq!(failed.error, Error::<Test>::CallbackFailed.into());
		let overhead = <() as WeightInfo>::push_callback();
		assert_eq!(failed.post_info.actual_weight, Some(overhead + Recorder::weight(gas)));
		// A dispatch that fails leaves everything as it was: that is the transaction's part.
		assert_eq!(delivery(&id).end, DeliveryStep::Failed);
		Willing::set(true);
		assert_ok!(retry(account(2)));
		assert_event(Event::CallbackDelivered { request: id, contract, status });
		assert_noop!(retry(account(2)), Error::<Test>::AlreadyDelivered);
	});
}

#[test]
fn whoever_comes_first_delivers() {
	ExtBuilder::default().build_and_execute(|| {
		let id = answered_with(MIN_CALLBACK_GAS, true);
		let notice = Inference::take_delivery(&id).unwrap();
		assert_eq!(notice.contract, Recorder::address(&alice()));
		assert_eq!(notice.outcome, Some(output(b"output")));
		idle(PLENTY);
		assert_eq!(told(), vec![]);
	});
}

#[test]
fn a_contract_cannot_be_told_again_while_it_is_told() {
	ExtBuilder::default().build_and_execute(|| {
		Meanwhile::set(Some(|id| {
			assert_eq!(
				Inference::take_delivery(id).map(|_| ()),
				Err(Error::<Test>::AlreadyDelivered.into())
			);
		}));
		let id = answered_with(MIN_CALLBACK_GAS, true);
		idle(PLENTY);
		assert_eq!(told().len(), 1);
		assert_eq!(delivery(&id).open, DeliveryStep::Delivered);
		Meanwhile::set(None);
	});
}

#[test]
fn without_gas_nothing_is_pushed_but_anyone_may_deliver() {
	ExtBuilder::default().build_and_execute(|| {
		let id = answered_with(0, true);
		idle(PLENTY);
		assert_eq!(told(), vec![]);
		assert_ok!(Inference::take_delivery(&id));
		// Without any callback too, once it ended.
		let id = answered();
		assert_noop!(Inference::take_delivery(&id), Error::<Test>::NotFinal);
		run_blocks(60);
		assert_ok!(Inference::take_delivery(&id));
	});
}

#[test]
fn nothing_to_tell_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let unknown = RequestId::repeat_byte(9);
		assert_noop!(Inference::take_delivery(&unknown), Error::<Test>::UnknownRequest);
		let id = assigned();
		assert_noop!(Inference::take_delivery(&id), Error::<Test>::NotAnswered);
		assert_eq!(
			Inference::retry_callback(RuntimeOrigin::signed(alice()), id, 0)
				.map_err(|error| error.error),
			Err(Error::<Test>::NotAnswered.into())
		);
	});
}

#[test]
fn a_block_makes_the_callbacks_that_fit_and_no_more() {
	ExtBuilder::default().build_and_execute(|| {
		let ids: Vec<_> = (0..5).map(|_| answered_with(MAX_CALLBACK_GAS, true)).collect();
		let overhead = <() as WeightInfo>::push_callback();
		let base = <() as WeightInfo>::on_idle();
		// The limit holds three without their overhead, so two with it.
		let used = idle(PLENTY);
		assert_eq!(told().len(), 2);
		assert!(used.all_lte(Recorder::limit()));
		// What a block has to spare is not exceeded either.
		let one = base + overhead + Recorder::weight(MAX_CALLBACK_GAS);
		assert!(idle(one).all_lte(one));
		assert_eq!(told().len(), 1);
		assert_eq!(idle(Weight::zero()), Weight::zero());
		assert_eq!(told(), vec![]);
		idle(PLENTY);
		idle(PLENTY);
		assert_eq!(told().len(), 2);
		assert!(ids.iter().all(|id| delivery(id).open == DeliveryStep::Delivered));
	});
}

#[test]
fn a_block_makes_a_bounded_number_of_callbacks() {
	ExtBuilder::default().build_and_execute(|| {
		let most = MAX_CALLBACKS_PER_BLOCK as usize;
		for _ in 0..most + 3 {
			answered_with(MIN_CALLBACK_GAS, true);
		}
		idle(PLENTY);
		assert_eq!(told().len(), most);
		idle(PLENTY);
		assert_eq!(told().len(), 3);
	});
}

#[test]
fn gas_is_paid_with_the_request_and_capped() {
	ExtBuilder::default().build_and_execute(|| {
		let weight = |gas, when_open| {
			let mut terms = terms();
			terms.callback = callback(gas, when_open);
			Inference::callback_weight(&terms)
		};
		let overhead = <() as WeightInfo>::push_callback();
		let one = overhead + Recorder::weight(MIN_CALLBACK_GAS);
		assert_eq!(weight(MIN_CALLBACK_GAS, false), one);
		assert_eq!(weight(MIN_CALLBACK_GAS, true), one * 2);
		assert_eq!(weight(0, true), Weight::zero());
		assert_eq!(weight(u64::MAX, false), overhead + Recorder::weight(MAX_CALLBACK_GAS));
		for gas in [1, MIN_CALLBACK_GAS - 1, MAX_CALLBACK_GAS + 1] {
			let error = with_callback(gas, false).send().unwrap_err();
			assert_eq!(error, Error::<Test>::CallbackUnavailable.into());
		}
		let mut foreign = with_callback(MIN_CALLBACK_GAS, false);
		foreign.who = account(2);
		assert_eq!(foreign.send().unwrap_err(), Error::<Test>::ForeignCallback.into());
	});
}

#[test]
fn pruning_leaves_nothing_of_deliveries() {
	ExtBuilder::default().build_and_execute(|| {
		Willing::set(false);
		let id = answered_with(MIN_CALLBACK_GAS, true);
		idle(PLENTY);
		// The end is queued and never comes to an idle block.
		run_blocks(60 + rules().retention_blocks + 2);
		assert!(crate::Requests::<Test>::get(id).is_none());
		assert!(Deliveries::<Test>::get(id).is_none());
		told();
		idle(PLENTY);
		assert_eq!(told(), vec![]);
		assert_eq!(crate::CallbackQueue::<Test>::iter().count(), 0);
		Willing::set(true);
	});
}

#[test]
fn a_broken_queue_is_seen() {
	ExtBuilder::default().build_and_execute(|| {
		let id = answered_with(MIN_CALLBACK_GAS, true);
		let (entry, ends) =
			(crate::CallbackQueue::<Test>::take(0).unwrap(), crate::CallbackEnds::<Test>::get());
		assert_eq!(Inference::do_try_state(), Err("10. the queue of callbacks has holes".into()));
		crate::CallbackQueue::<Test>::insert(ends.1, entry);
		assert_eq!(
			Inference::do_try_state(),
			Err("10. a callback is queued outside of the queue's ends".into())
		);
		crate::CallbackQueue::<Test>::remove(ends.1);
		crate::CallbackQueue::<Test>::insert(0, entry);
		Deliveries::<Test>::insert(
			id,
			Delivery { open: DeliveryStep::Queued, end: DeliveryStep::Delivered },
		);
		assert_eq!(
			Inference::do_try_state(),
			Err("10. an end was delivered before it came".into())
		);
		Deliveries::<Test>::remove(id);
		Deliveries::<Test>::insert(unknown(), Delivery::default());
		assert_eq!(Inference::do_try_state(), Err("10. a delivery of nothing".into()));
		Deliveries::<Test>::remove(unknown());
		Deliveries::<Test>::insert(
			id,
			Delivery { open: DeliveryStep::Queued, end: DeliveryStep::None },
		);
	});
}

fn unknown() -> RequestId {
	RequestId::repeat_byte(9)
}
