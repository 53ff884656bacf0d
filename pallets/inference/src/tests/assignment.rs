//! Who is drawn, and what waits until somebody can be.

use crate::{mock::*, OpenCost, RefundReason, Waiting, MAX_RETRIES_PER_BLOCK};
use crate::{Error, Event, Fresh};
use countersign_primitives::{request::RequestStatus, AccountId};
use frame_support::{assert_noop, assert_ok};
use std::collections::BTreeMap;

/// Leaves room for this many requests on one validator, and none on the others.
fn only_room_for(requests: u64) {
	for index in 0..VALIDATORS {
		Capacity::insert(validator(index), 0);
	}
	Capacity::insert(validator(1), requests * MACS);
}

#[test]
fn assignment_reserves_cover_and_capacity() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned();
		let executor = executor(&id);
		assert_eq!(OpenCost::<Test>::get(&executor), MACS);
		assert_eq!(BondTable::get(&executor).reserved, rules().cover(fee(), 0));
		assert_eq!(request(&id).tried.into_inner(), vec![executor.clone()]);
		// Open cost ends with the result, cover does not.
		assert_ok!(answer(&id));
		assert!(!OpenCost::<Test>::contains_key(&executor));
		assert_eq!(BondTable::get(&executor).reserved, rules().cover(fee(), 0));
	});
}

#[test]
fn draw_follows_stake_among_those_who_can() {
	ExtBuilder::default().build_and_execute(|| {
		// One has ten times the stake of the others, one cannot, one does not serve.
		for index in 0..VALIDATORS {
			Capacity::insert(validator(index), u64::MAX);
			let key = pair_of(&validator(index));
			let exposure = if index == 2 { 10 * BOND } else { BOND };
			MemberTable::insert(
				0,
				u32::from(index),
				(validator(index), sp_core::Pair::public(&key), exposure),
			);
		}
		Capacity::insert(validator(0), 0);
		ModelTable::mutate(model(), |m| m.as_mut().unwrap().servers.retain(|v| *v != validator(1)));
		let mut counts = BTreeMap::<AccountId, u32>::new();
		for _ in 0..4 {
			let ids: Vec<_> = (0..55).map(|_| ask().send().unwrap()).collect();
			next_block();
			for id in &ids {
				*counts.entry(executor(id)).or_default() += 1;
				assert_ok!(answer(id));
			}
		}
		assert_eq!(counts.len(), 2);
		assert!((2..45).contains(&counts[&validator(3)]), "{counts:?}");
		assert_eq!(counts[&validator(2)] + counts[&validator(3)], 220);
	});
}

#[test]
fn assignment_names_the_session_it_was_made_in() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned();
		let before = request(&id).active.unwrap();
		// Everybody changes place and key; the assignment stays as it is.
		CurrentSession::put(1);
		for index in 0..VALIDATORS {
			let other = pair_of(&account(50 + index));
			MemberTable::insert(
				1,
				u32::from(VALIDATORS - 1 - index),
				(validator(index), sp_core::Pair::public(&other), BOND),
			);
		}
		next_block();
		assert_eq!(request(&id).active.unwrap(), before);
		assert_eq!(Inference::assignments(before.key.clone()).len(), 1);
		assert_ok!(answer(&id));
	});
}

#[test]
fn request_beyond_capacity_waits_and_is_assigned_when_there_is_room() {
	ExtBuilder::default().build_and_execute(|| {
		only_room_for(1);
		let (first, second) = (ask().send().unwrap(), ask().send().unwrap());
		next_block();
		assert_eq!(status(&first), RequestStatus::Assigned);
		assert_eq!(status(&second), RequestStatus::Waiting);
		assert!(Waiting::<Test>::contains_key(false, second));
		// No room is told at submission.
		assert_noop!(ask().send(), Error::<Test>::NoServer);
		run_blocks(3);
		assert_eq!(status(&second), RequestStatus::Waiting);
		assert_ok!(answer(&first));
		next_block();
		assert_eq!(status(&second), RequestStatus::Assigned);
		assert_eq!(executor(&second), validator(1));
		// The deadline is the one that was agreed.
		assert_eq!(request(&second).active.unwrap().assignment.deadline, 31);
	});
}

#[test]
fn request_that_waits_until_its_deadline_is_refunded() {
	ExtBuilder::default().build_and_execute(|| {
		only_room_for(1);
		let mut long = ask();
		long.terms.deadline = 100;
		let first = long.send().unwrap();
		let second = Ask { who: bob(), ..ask() }.send().unwrap();
		run_to(31);
		assert_eq!(status(&second), RequestStatus::Waiting);
		assert_eq!(held(&bob()), MAX_FEE);
		next_block();
		assert_event(Event::Refunded {
			request: second,
			reason: RefundReason::NoServer,
			returned: MAX_FEE,
			charged: 0,
		});
		assert_eq!((free(&bob()), held(&bob())), (FUNDS, 0));
		assert_eq!(status(&first), RequestStatus::Assigned);
	});
}

#[test]
fn nobody_is_assigned_with_too_little_time() {
	ExtBuilder::default().build_and_execute(|| {
		only_room_for(1);
		let first = ask().send().unwrap();
		let second = Ask { who: bob(), ..ask() }.send().unwrap();
		run_to(27);
		assert_ok!(answer(&first));
		Capacity::insert(validator(1), 0);
		// At block 28 three blocks are left, one less than 2 for the cost and 2 for the way.
		run_to(28);
		Capacity::insert(validator(1), 10 * MACS);
		run_to(31);
		assert_eq!(status(&second), RequestStatus::Waiting);
		next_block();
		assert_eq!(status(&second), RequestStatus::Refunded);
		assert_eq!(BondTable::get(validator(1)).missed, 0);
	});
}

#[test]
fn block_without_randomness_assigns_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		Silent::set(true);
		let id = ask().send().unwrap();
		next_block();
		assert_eq!(status(&id), RequestStatus::Waiting);
		assert!(Fresh::<Test>::get().is_empty());
		Silent::set(false);
		next_block();
		assert_eq!(status(&id), RequestStatus::Assigned);
	});
}

#[test]
fn waiting_requests_take_turns() {
	ExtBuilder::default().build_and_execute(|| {
		Silent::set(true);
		// Many for a model without room, and one that could be served.
		let other = countersign_primitives::Hash::repeat_byte(0xbb);
		ModelTable::insert(
			other,
			MockModel { servers: vec![validator(0)], macs: 1, ..default_model() },
		);
		let stuck: Vec<_> = (0..5 * MAX_RETRIES_PER_BLOCK)
			.map(|_| Ask { model: other, ..ask() }.send().unwrap())
			.collect();
		let lucky = Ask { who: bob(), ..ask() }.send().unwrap();
		next_block();
		ModelTable::mutate(other, |m| m.as_mut().unwrap().servers.clear());
		Silent::set(false);
		// Each gets its turn within one round, wherever its identifier sorts.
		for _ in 0..stuck.len() as u32 / MAX_RETRIES_PER_BLOCK + 1 {
			next_block();
		}
		assert_eq!(status(&lucky), RequestStatus::Assigned);
		// And the others, once they can be.
		ModelTable::mutate(other, |m| m.as_mut().unwrap().servers.push(validator(0)));
		for _ in 0..stuck.len() as u32 / MAX_RETRIES_PER_BLOCK + 1 {
			next_block();
		}
		for id in stuck {
			assert_eq!(status(&id), RequestStatus::Assigned);
		}
	});
}

#[test]
fn one_block_looks_at_a_bounded_number_of_servers() {
	ExtBuilder::default().build_and_execute(|| {
		Silent::set(true);
		// Served by as many as can be, of whom one is in the session.
		ModelTable::mutate(model(), |m| {
			let servers = &mut m.as_mut().unwrap().servers;
			*servers = (0..127u32)
				.map(|seed| AccountId::from(sp_crypto_hashing::blake2_256(&seed.to_le_bytes())))
				.collect();
			servers.push(validator(0));
		});
		Capacity::insert(validator(0), u64::MAX);
		for _ in 0..MAX_RETRIES_PER_BLOCK {
			ask().send().unwrap();
		}
		next_block();
		Silent::set(false);
		// 128 servers and the request itself are 129: one of them is all that a block tries.
		for assigned in 1..=MAX_RETRIES_PER_BLOCK as usize {
			next_block();
			let waiting = MAX_RETRIES_PER_BLOCK as usize - assigned;
			assert_eq!(Waiting::<Test>::iter_keys().count(), waiting);
		}
	});
}

#[test]
fn take_overs_do_not_queue_behind_first_assignments() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned();
		let late = executor(&id);
		// A crowd that nobody can serve.
		let crowd = countersign_primitives::Hash::repeat_byte(0xbb);
		ModelTable::insert(
			crowd,
			MockModel { servers: vec![validator(0)], macs: 1, ..default_model() },
		);
		Silent::set(true);
		for _ in 0..100 {
			let mut one = Ask { model: crowd, who: bob(), ..ask() };
			one.terms.deadline = System::block_number() + 150;
			one.send().unwrap();
		}
		next_block();
		ModelTable::mutate(crowd, |m| m.as_mut().unwrap().servers.clear());
		Silent::set(false);
		run_to(32);
		end_block();
		assert_eq!(status(&id), RequestStatus::Assigned);
		assert_ne!(executor(&id), late);
		next_block();
	});
}
