//! What happens when nobody answers.

use crate::{mock::*, Event, OpenCost, RefundReason};
use countersign_primitives::{request::RequestStatus, traits::Sessions as _};
use frame_support::assert_ok;
use sp_runtime::transaction_validity::InvalidTransaction;

#[test]
fn last_block_of_the_deadline_is_in_time() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned();
		run_to(31);
		assert_ok!(answer(&id));
	});
}

#[test]
fn missed_deadline_is_taken_over_once_by_another() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned();
		let first = executor(&id);
		let stale = (statement(&id, &trap()), trap());
		run_to(32);
		assert_event(Event::Missed { request: id, validator: first.clone() });
		assert_eq!(status(&id), RequestStatus::Waiting);
		assert_eq!(
			BondTable::get(&first),
			MockBond { bonded: BOND, missed: 1, ..Default::default() }
		);
		assert!(!OpenCost::<Test>::contains_key(&first));
		end_block();
		let second = executor(&id);
		assert_ne!(second, first);
		// 15 and 2 started GMAC from the block of the take-over.
		assert_event(Event::Reassigned {
			request: id,
			previous: first.clone(),
			validator: second.clone(),
			session: MockSessions::current(),
			index: request(&id).active.unwrap().assignment.validator,
			deadline: 32 + 17,
			cover: rules().cover(fee(), 0),
		});
		next_block();
		// The first has lost its turn.
		assert_eq!(submit(stale.0, stale.1, &first), Err(InvalidTransaction::BadSigner.into()));
		run_to(49);
		assert_ok!(answer(&id));
		run_blocks(60);
		assert_eq!(status(&id), RequestStatus::Settled);
		assert_eq!(
			BondTable::get(&second),
			MockBond { bonded: BOND, answered: 1, ..Default::default() }
		);
	});
}

#[test]
fn second_missed_deadline_refunds_everything() {
	ExtBuilder::default().build_and_execute(|| {
		let issued = issuance();
		let id = assigned();
		let first = executor(&id);
		run_to(33);
		let second = executor(&id);
		run_to(50);
		assert_event(Event::Missed { request: id, validator: second.clone() });
		assert_event(Event::Refunded {
			request: id,
			reason: RefundReason::NotAnswered,
			returned: MAX_FEE,
			charged: 0,
		});
		assert_eq!((free(&alice()), held(&alice()), issuance()), (FUNDS, 0, issued));
		for validator in [first, second] {
			assert_eq!(
				BondTable::get(&validator),
				MockBond { bonded: BOND, missed: 1, ..Default::default() }
			);
		}
	});
}

#[test]
fn take_over_that_nobody_can_do_is_refunded_at_its_end() {
	ExtBuilder::default().validators(1).build_and_execute(|| {
		let id = assigned();
		run_to(32 + 17);
		assert_eq!(status(&id), RequestStatus::Waiting);
		assert_eq!(request(&id).tried.len(), 1);
		next_block();
		assert_event(Event::Refunded {
			request: id,
			reason: RefundReason::NotAnswered,
			returned: MAX_FEE,
			charged: 0,
		});
		assert_eq!(free(&alice()), FUNDS);
	});
}

#[test]
fn take_over_waits_for_somebody_and_is_drawn_then() {
	ExtBuilder::default().validators(2).build_and_execute(|| {
		let id = assigned();
		let first = executor(&id);
		let other = if first == validator(0) { validator(1) } else { validator(0) };
		Capacity::insert(&other, 0);
		run_to(40);
		assert_eq!(status(&id), RequestStatus::Waiting);
		Capacity::insert(&other, MACS);
		next_block();
		assert_eq!(executor(&id), other);
		assert_eq!(request(&id).due, 49);
		assert_ok!(answer(&id));
	});
}

#[test]
fn result_after_the_deadline_is_stale_even_where_the_queue_is_behind() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned();
		run_to(31);
		let late = statement(&id, &trap());
		let who = executor(&id);
		// The block is late to act on it: the number has passed, the hook has not run.
		end_block();
		System::set_block_number(32);
		assert_eq!(submit(late, trap(), &who), Err(InvalidTransaction::Stale.into()));
		System::set_block_number(31);
	});
}
