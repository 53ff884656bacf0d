//! More items than one block takes, and that nothing outlives its time.

use crate::{mock::*, *};
use codec::Encode;
use countersign_primitives::request::{EvidenceSet, RequestId, RequestStatus};
use frame_support::{assert_ok, weights::Weight};

/// Many ordinary requests in one block, assigned.
fn many(count: u32) -> Vec<RequestId> {
	for index in 0..VALIDATORS {
		Capacity::insert(validator(index), u64::MAX);
	}
	let ids = (0..count).map(|_| ask().send().unwrap()).collect();
	next_block();
	ids
}

fn with_status(ids: &[RequestId], wanted: RequestStatus) -> usize {
	ids.iter().filter(|id| status(id) == wanted).count()
}

#[test]
fn more_deadlines_than_a_block_takes_continue_in_the_next() {
	ExtBuilder::default().validators(1).build_and_execute(|| {
		let each = MAX_EXPIRIES_PER_BLOCK as usize;
		let ids = many(2 * MAX_EXPIRIES_PER_BLOCK + 3);
		run_to(32);
		assert_eq!(with_status(&ids, RequestStatus::Waiting), each);
		next_block();
		assert_eq!(with_status(&ids, RequestStatus::Waiting), 2 * each);
		next_block();
		assert_eq!(with_status(&ids, RequestStatus::Waiting), 2 * each + 3);
		// Refunds come in the same way.
		run_blocks(20);
		assert_eq!(with_status(&ids, RequestStatus::Refunded), 2 * each + 3);
		assert_eq!(held(&alice()), 0);
	});
}

#[test]
fn later_deadlines_do_not_wait_behind_an_early_crowd_for_ever() {
	ExtBuilder::default().validators(1).build_and_execute(|| {
		let crowd = many(3 * MAX_EXPIRIES_PER_BLOCK);
		let mut one = Ask { who: bob(), ..ask() };
		one.terms.deadline = 32;
		let late = one.send().unwrap();
		run_to(34);
		assert_eq!(status(&late), RequestStatus::Assigned);
		run_to(35);
		assert_eq!(status(&late), RequestStatus::Waiting);
		assert_eq!(with_status(&crowd, RequestStatus::Waiting), crowd.len());
	});
}

#[test]
fn more_finals_than_a_block_takes_continue_in_the_next() {
	ExtBuilder::default().build_and_execute(|| {
		let each = MAX_FINALS_PER_BLOCK as usize;
		let ids = many(2 * MAX_FINALS_PER_BLOCK + 1);
		for id in &ids {
			assert_ok!(answer(id));
		}
		run_blocks(60);
		assert_eq!(with_status(&ids, RequestStatus::Settled), each);
		assert_eq!(Inference::receipts(System::block_number()).len(), each);
		// The clock standing still does not stop what is due already.
		ClockRuns::set(false);
		next_block();
		assert_eq!(with_status(&ids, RequestStatus::Settled), 2 * each);
		next_block();
		assert_eq!(with_status(&ids, RequestStatus::Settled), ids.len());
	});
}

#[test]
fn more_prunes_than_a_block_takes_continue_in_the_next() {
	ExtBuilder::default().build_and_execute(|| {
		let ids = many(2 * MAX_PRUNES_PER_BLOCK + 1);
		for id in &ids {
			assert_ok!(answer(id));
			assert_ok!(Inference::make_final(id, EvidenceSet::default()));
		}
		let ended = System::block_number();
		run_to(ended + 200);
		assert_eq!(Requests::<Test>::iter_keys().count(), ids.len());
		assert_eq!(Inference::receipts(ended).len(), ids.len());
		next_block();
		assert_eq!(Requests::<Test>::iter_keys().count(), MAX_PRUNES_PER_BLOCK as usize + 1);
		assert!(Inference::receipts(ended).is_empty());
		assert_eq!(Inference::receipts_root(ended), None);
		next_block();
		assert_eq!(Requests::<Test>::iter_keys().count(), 1);
		next_block();
		assert_eq!(Requests::<Test>::iter_keys().count(), 0);
	});
}

#[test]
fn cursor_that_is_far_behind_catches_up_in_bounded_steps() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned();
		// As if the chain had not run this pallet for a while.
		System::set_block_number(500);
		let behind = Cursors::<Test>::get().deadlines;
		next_block();
		assert_eq!(Cursors::<Test>::get().deadlines, behind + MAX_BUCKETS_PER_BLOCK);
		for _ in 0..40 {
			next_block();
		}
		assert_eq!(Cursors::<Test>::get().deadlines, System::block_number());
		assert_eq!(status(&id), RequestStatus::Refunded);
	});
}

#[test]
fn finished_request_stays_readable_for_the_retention_time() {
	ExtBuilder::default().build_and_execute(|| {
		let id = answered();
		run_blocks(60);
		let ended = System::block_number();
		run_to(ended + rules().retention_blocks);
		assert!(Inference::request_view(id).is_some());
		assert!(Inference::result_view(id).is_some());
		next_block();
		assert_event(Event::Pruned { request: id });
		assert_eq!(Inference::request_view(id), None);
		assert_eq!(Inference::result_view(id), None);
	});
}

#[test]
fn after_everything_only_lanes_are_left() {
	ExtBuilder::default().build_and_execute(|| {
		next_block();
		let before = keys();
		// One of every kind of end, in two lanes, with inline and committed inputs.
		let settled = answered();
		let invalidated = answered();
		let outcome = Inference::invalidate(&invalidated).unwrap();
		<MockBonds as countersign_primitives::traits::Bonds>::release_cover(
			&outcome.executor,
			outcome.cover,
		);
		let withheld = assigned_committed(b"withheld");
		assert_ok!(demand(&withheld));
		let posted = assigned_committed(b"posted");
		assert_ok!(demand(&posted));
		assert_ok!(post(bob(), &posted, &tensor(b"posted")));
		assert_ok!(answer(&posted));
		let missed = assigned();
		Silent::set(true);
		let mut other = ask();
		other.terms.lane = 7;
		let waiting = other.send().unwrap();
		next_block();
		run_blocks(70);
		for (id, expected) in [
			(settled, RequestStatus::Settled),
			(invalidated, RequestStatus::Invalidated),
			(withheld, RequestStatus::Refunded),
			(posted, RequestStatus::Settled),
			(missed, RequestStatus::Refunded),
			(waiting, RequestStatus::Refunded),
		] {
			assert_eq!(status(&id), expected);
		}
		run_blocks(250);
		assert_eq!(Requests::<Test>::iter_keys().count(), 0);
		let left: Vec<_> = keys().into_iter().filter(|key| !before.contains(key)).collect();
		let expected = [
			NextNonce::<Test>::hashed_key_for(alice(), 0),
			NextNonce::<Test>::hashed_key_for(alice(), 7),
			NextSequence::<Test>::hashed_key().to_vec(),
		];
		assert_eq!(left.len(), expected.len(), "{left:?}");
		assert!(expected.iter().all(|key| left.contains(key)));
		for index in 0..VALIDATORS {
			assert_eq!(BondTable::get(validator(index)).reserved, 0);
		}
	});
}

#[test]
fn another_finished_request_leaves_no_byte() {
	ExtBuilder::default().build_and_execute(|| {
		let bytes = || -> usize {
			keys()
				.iter()
				.map(|key| key.len() + sp_io::storage::get(key).map_or(0, |value| value.len()))
				.sum()
		};
		let run = || {
			let id = answered();
			run_blocks(60 + 201);
			assert_eq!(Inference::request_view(id), None);
			bytes()
		};
		let first = run();
		assert_eq!(run(), first);
		// What the first one of a lane leaves: the key and the value of its nonce.
		assert_eq!(NextNonce::<Test>::hashed_key_for(alice(), 0).len() + 0u64.encode().len(), 97);
	});
}

#[test]
fn hooks_stay_below_a_tenth_of_a_second() {
	let sum = |each: Weight, count: u32| each.saturating_mul(count.into());
	let most = <()>::on_initialize()
		+ sum(<()>::expire(), MAX_EXPIRIES_PER_BLOCK)
		+ sum(<()>::settle(), MAX_FINALS_PER_BLOCK)
		+ sum(<()>::prune(), MAX_PRUNES_PER_BLOCK)
		+ sum(<()>::prune_receipts(), MAX_PRUNES_PER_BLOCK)
		+ <()>::retry(WORST_RETRY_SCANS);
	let tenth = frame_support::weights::constants::WEIGHT_REF_TIME_PER_SECOND / 10;
	assert!(most.ref_time() < tenth, "{most:?}");
}

#[test]
fn hook_reports_the_weight_of_what_it_did() {
	use frame_support::traits::Hooks;
	ExtBuilder::default().build_and_execute(|| {
		let weigh = || {
			end_block();
			let next = System::block_number() + 1;
			System::set_block_number(next);
			Inference::on_initialize(next)
		};
		assert_eq!(weigh(), <()>::on_initialize());
		let id = assigned();
		while System::block_number() < request(&id).due {
			assert_eq!(weigh(), <()>::on_initialize());
		}
		// It waits for a take-over, which the end of the block tries to find.
		assert_eq!(
			weigh(),
			<()>::on_initialize() + <()>::expire() + <()>::retry(WORST_RETRY_SCANS)
		);
		end_block();
		assert_ok!(answer(&id));
		for _ in 0..59 {
			assert_eq!(weigh(), <()>::on_initialize());
		}
		assert_eq!(weigh(), <()>::on_initialize() + <()>::settle());
	});
}
