//! The checks see what they are there to see: each of these breaks one thing.

use crate::{mock::*, *};
use countersign_primitives::{
	request::{Finality, RequestId, RequestStatus},
	Hash,
};
use frame_support::traits::fungible::MutateHold;

/// Makes a request of each kind, breaks something, and expects what the check says.
fn broken(break_it: impl FnOnce(&RequestId, &RequestId), message: &'static str) {
	ExtBuilder::default().build().execute_with(|| {
		let answered = answered();
		let assigned = assigned();
		check();
		break_it(&assigned, &answered);
		assert_eq!(Pallet::<Test>::do_try_state(), Err(message.into()));
	});
}

fn change(id: &RequestId, change: impl FnOnce(&mut Request)) {
	Requests::<Test>::mutate(id, |request| change(request.as_mut().unwrap()));
}

#[test]
fn parameters_out_of_range_are_seen() {
	broken(
		|_, _| Parameters::<Test>::mutate(|rules| rules.cover_per_mille = 1),
		"0. parameters out of range",
	);
}

#[test]
fn missing_hold_is_seen() {
	broken(
		|_, _| {
			Balances::release(
				&HoldReason::Request.into(),
				&alice(),
				1,
				frame_support::traits::tokens::Precision::Exact,
			)
			.unwrap();
		},
		"1. what is on hold is not what the requests say",
	);
}

#[test]
fn unreserved_cover_is_seen() {
	broken(
		|id, _| BondTable::mutate(executor(id), |bond| bond.reserved -= 1),
		"2. reserved cover is not what requests and audits say",
	);
}

#[test]
fn wrong_open_cost_is_seen() {
	broken(|_, _| OpenCost::<Test>::insert(bob(), 1), "3. open cost is not what the requests say");
}

#[test]
fn lost_deadline_is_seen() {
	broken(
		|id, _| Deadlines::<Test>::remove(request(id).due, id),
		"4. a deadline is missing or too many",
	);
}

#[test]
fn lost_final_is_seen() {
	broken(
		|_, id| Finals::<Test>::remove(Results::<Test>::get(id).unwrap().final_at, id),
		"4. a result is not on its way to Final as it should be",
	);
}

#[test]
fn stray_queue_entry_is_seen() {
	broken(
		|_, _| Waiting::<Test>::insert(true, Hash::zero(), ()),
		"4. a queue holds what no request wants in it",
	);
}

#[test]
fn finality_that_went_back_is_seen() {
	broken(
		|_, id| {
			Results::<Test>::mutate(id, |result| {
				result.as_mut().unwrap().finality = Finality::Final
			})
		},
		"5. status and finality disagree",
	);
}

#[test]
fn lost_outcome_is_seen() {
	broken(|_, id| Outcomes::<Test>::remove(id), "5. a result and its outcome are not together");
}

#[test]
fn kept_input_is_seen() {
	broken(
		|_, _| Inputs::<Test>::insert(Hash::zero(), StoredInput::default()),
		"6. an input of nothing",
	);
}

#[test]
fn entry_below_a_cursor_is_seen() {
	broken(
		|id, _| Cursors::<Test>::mutate(|cursors| cursors.deadlines = request(id).due + 1),
		"7. a queue holds something below its cursor",
	);
}

#[test]
fn receipts_without_a_root_are_seen() {
	broken(
		|_, _| {
			ReceiptRoots::<Test>::insert(1, Hash::zero());
		},
		"8. a root over no receipts",
	);
}

#[test]
fn validator_tried_twice_is_seen() {
	broken(
		|id, _| {
			let who = executor(id);
			change(id, |request| request.tried.try_push(who).unwrap());
		},
		"9. a validator was tried twice",
	);
}

#[test]
fn ended_request_with_money_is_seen() {
	broken(
		|id, _| change(id, |request| request.status = RequestStatus::Settled),
		"1. an ended request holds money",
	);
}

#[test]
#[should_panic(expected = "what waits exists")]
fn tests_fail_where_the_impossible_happens() {
	ExtBuilder::default().build().execute_with(|| {
		Waiting::<Test>::insert(true, Hash::zero(), ());
		Silent::set(false);
		Inference::assign_all();
	});
}
