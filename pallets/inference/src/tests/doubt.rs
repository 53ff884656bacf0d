//! A suspended version: nothing new, nothing ends by a window, and nothing stays for ever.

use super::sync::{dense_model, infer, input};
use crate::{mock::*, Error, Event, RefundReason};
use countersign_primitives::{
	apis::QuoteError,
	request::{Finality, RequestStatus},
	traits::{Bonds as _, Results as _},
};
use frame_support::{assert_err, assert_ok, assert_storage_noop};

/// The window of the local rules.
const WINDOW: u32 = 60;

#[test]
fn requests_and_calls_under_a_suspended_version_are_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let program = dense_model();
		suspend(2);
		assert_ok!(ask().send());
		suspend(1);
		assert_storage_noop!(assert_err!(ask().send(), Error::<Test>::VersionSuspended));
		let length = tensor(b"input").len() as u32;
		assert_eq!(
			Inference::quote(model(), length, terms()).map(|_| ()),
			Err(QuoteError::VersionSuspended)
		);
		assert_storage_noop!(assert_err!(
			infer(program, &input(), MAX_FEE),
			Error::<Test>::VersionSuspended
		));
		assert_err!(Inference::run_view(&program, &input()), Error::<Test>::VersionSuspended);
		assert_eq!(Inference::sync_fee(&program), None);
		// The weight of a call does not hang on it: it only fails.
		assert!(Inference::sync_weight(&program).is_some());

		// A model without a program promised nothing that could be in doubt.
		ModelTable::mutate(model(), |m| m.as_mut().unwrap().canonical_version = None);
		assert_ok!(ask().send());
		ModelTable::mutate(model(), |m| m.as_mut().unwrap().canonical_version = Some(1));
		lift(1);
		assert_ok!(ask().send());
		assert_ok!(infer(program, &input(), MAX_FEE));
	});
}

#[test]
fn what_waits_is_not_assigned_and_goes_back_whole() {
	ExtBuilder::default().build_and_execute(|| {
		let id = ask().send().unwrap();
		suspend(1);
		run_to(request(&id).due);
		assert_eq!(status(&id), RequestStatus::Waiting);
		next_block();
		assert_event(Event::Refunded {
			request: id,
			reason: RefundReason::VersionSuspended,
			returned: MAX_FEE,
			charged: 0,
		});
		assert_eq!((free(&alice()), held(&alice())), (FUNDS, 0));
	});
}

#[test]
fn an_assigned_request_may_be_answered_and_its_result_stays_open() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned();
		let executor = executor(&id);
		suspend(1);
		assert_ok!(answer(&id));
		let cover = MockBonds::reserved_cover(&executor);
		assert!(cover > 0);
		run_blocks(WINDOW);
		let final_at = Inference::window_clock() + u64::from(WINDOW);
		assert_event(Event::WindowRestarted { request: id, final_at });
		assert_eq!(Inference::finality(&id), Some(Finality::Open));
		assert_eq!(MockBonds::reserved_cover(&executor), cover);
		assert_eq!(held(&alice()), MAX_FEE);
		assert_eq!(Inference::result_view(id).unwrap().final_at, final_at);
	});
}

#[test]
fn a_lifted_suspension_gives_a_whole_window_and_then_everybody_is_paid() {
	ExtBuilder::default().build_and_execute(|| {
		let id = answered();
		let executor = executor(&id);
		suspend(1);
		run_blocks(WINDOW);
		// In the middle of the second window: what is left of it is no window.
		run_blocks(WINDOW / 2);
		lift(1);
		// However old it is by now.
		CurrentSession::put(20);
		run_blocks(WINDOW / 2);
		assert_eq!(Inference::finality(&id), Some(Finality::Open));
		run_blocks(WINDOW - 1);
		assert_eq!(Inference::finality(&id), Some(Finality::Open));
		run_blocks(1);
		assert_eq!(status(&id), RequestStatus::Settled);
		assert_eq!(free(&alice()), FUNDS - fee());
		assert_eq!(MockBonds::reserved_cover(&executor), 0);
	});
}

#[test]
fn a_short_suspension_inside_a_window_restarts_it_once() {
	ExtBuilder::default().build_and_execute(|| {
		let before = answered();
		run_blocks(10);
		suspend(1);
		run_blocks(10);
		lift(1);
		next_block();
		let after = answered();
		run_blocks(WINDOW - 22);
		assert_eq!(status(&before), RequestStatus::Answered);
		run_blocks(23);
		assert_eq!(status(&after), RequestStatus::Settled, "its window was whole");
		assert_eq!(status(&before), RequestStatus::Answered);
		run_blocks(WINDOW - 23);
		assert_eq!(status(&before), RequestStatus::Settled);
	});
}

#[test]
fn a_result_that_nobody_could_judge_in_time_is_given_up_without_blame() {
	ExtBuilder::default().build_and_execute(|| {
		let id = answered();
		let executor = executor(&id);
		let issued = issuance();
		suspend(1);
		// The report window of a local network is ten sessions.
		CurrentSession::put(10);
		run_blocks(WINDOW);
		assert_eq!(status(&id), RequestStatus::Answered);
		CurrentSession::put(11);
		run_blocks(WINDOW);
		assert_event(Event::GivenUp { request: id, executor: executor.clone() });
		assert_eq!(status(&id), RequestStatus::Invalidated);
		assert_eq!((free(&alice()), held(&alice())), (FUNDS, 0));
		assert_eq!(issuance(), issued);
		let bond = MockBond { bonded: BOND, answered: 1, ..Default::default() };
		assert_eq!(BondTable::get(&executor), bond);
		let receipts = Inference::receipts(System::block_number());
		assert_eq!((receipts[0].finality, receipts[0].paid), (Finality::Invalidated, 0));
	});
}

#[test]
fn results_of_other_versions_settle_as_always() {
	ExtBuilder::default().build_and_execute(|| {
		let id = answered();
		suspend(2);
		lift(2);
		suspend(3);
		run_blocks(WINDOW);
		assert_eq!(status(&id), RequestStatus::Settled);
	});
}
