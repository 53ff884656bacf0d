//! Who is paid what, and that nothing holds it up.

use crate::{mock::*, settlement::split, Error, Event, Finals, Receipts, MAX_RECEIPTS_PER_BLOCK};
use countersign_primitives::{
	request::{EvidenceSet, Finality, Outcome, RequestId, RequestStatus},
	traits::{Bonds as _, Results as _},
	Balance, Hash, MILLI_UNIT,
};
use frame_support::{
	assert_noop, assert_ok,
	traits::fungible::{InspectFreeze, Mutate, MutateFreeze},
};

const REPLAYED: EvidenceSet = EvidenceSet { audited: 0, replayed: true, tee: false, zk: false };

/// Lets the window pass.
fn settle(id: &RequestId) {
	run_blocks(60);
	assert_eq!(status(id), RequestStatus::Settled);
}

/// What all parties have together.
fn everything() -> Balance {
	issuance()
}

#[test]
fn final_comes_with_the_window_clock_and_not_with_the_block() {
	ExtBuilder::default().build_and_execute(|| {
		let id = answered();
		run_blocks(30);
		ClockRuns::set(false);
		run_blocks(100);
		assert_eq!(status(&id), RequestStatus::Answered);
		assert_eq!(Inference::window_clock(), 32);
		ClockRuns::set(true);
		run_blocks(29);
		assert_eq!(status(&id), RequestStatus::Answered);
		run_blocks(1);
		assert_eq!(status(&id), RequestStatus::Settled);
	});
}

#[test]
fn executor_that_cannot_receive_leaves_its_part_to_the_treasury() {
	ExtBuilder::default().build_and_execute(|| {
		ModelTable::mutate(model(), |m| {
			let model = m.as_mut().unwrap();
			// 60 hundredths of the fee are below the existential deposit.
			model.macs = 1;
			model.price = 0;
		});
		let id = answered();
		let executor = executor(&id);
		// Its account is gone.
		let all = free(&executor);
		assert_ok!(Balances::burn_from(
			&executor,
			all,
			frame_support::traits::tokens::Preservation::Expendable,
			frame_support::traits::tokens::Precision::Exact,
			frame_support::traits::tokens::Fortitude::Force,
		));
		let due = split(MAX_FEE, rules().cost_fee(1), 0);
		assert!(due.executor < EXISTENTIAL_DEPOSIT);
		settle(&id);
		assert_eq!(free(&executor), 0);
		assert_eq!(free(&treasury()), EXISTENTIAL_DEPOSIT + due.treasury + due.executor);
		assert_event(Event::Finalised {
			request: id,
			executor,
			executor_paid: 0,
			audit_pot_paid: due.audit_pot,
			treasury_paid: due.treasury + due.executor,
			burned: due.burned,
			contributors_paid: 0,
			returned: due.returned,
		});
	});
}

#[test]
fn parts_that_not_even_the_treasury_can_take_are_burned() {
	ExtBuilder::default().build_and_execute(|| {
		ModelTable::mutate(model(), |m| {
			let model = m.as_mut().unwrap();
			model.macs = 1;
			model.price = 5;
		});
		let id = answered();
		let executor = executor(&id);
		for account in [&executor, &treasury(), &audit_pot(), &pot()] {
			let all = free(account);
			assert_ok!(Balances::burn_from(
				account,
				all,
				frame_support::traits::tokens::Preservation::Expendable,
				frame_support::traits::tokens::Precision::Exact,
				frame_support::traits::tokens::Fortitude::Force,
			));
		}
		let issued = issuance();
		let fee = rules().cost_fee(1) + 5;
		settle(&id);
		assert_eq!(issuance(), issued - fee);
		assert_eq!(free(&alice()), FUNDS - fee);
		// Nothing arrived, so nothing is credited.
		assert_eq!(Credited::get(model()), 0);
		let receipts = Inference::receipts(System::block_number());
		assert_eq!((receipts[0].paid, receipts[0].contributors), (fee, 0));
	});
}

#[test]
fn payee_below_the_existential_deposit_comes_to_life_by_a_larger_part() {
	ExtBuilder::default().build_and_execute(|| {
		let id = answered();
		let executor = executor(&id);
		assert_ok!(Balances::burn_from(
			&executor,
			free(&executor),
			frame_support::traits::tokens::Preservation::Expendable,
			frame_support::traits::tokens::Precision::Exact,
			frame_support::traits::tokens::Fortitude::Force,
		));
		settle(&id);
		assert_eq!(free(&executor), split(MAX_FEE, cost_fee(), PRICE).executor);
	});
}

#[test]
fn freeze_on_the_requester_holds_nobody_up() {
	ExtBuilder::default().build_and_execute(|| {
		let id = answered();
		// All of it is locked, as by a vote.
		assert_ok!(Balances::set_freeze(b"vote----", &alice(), FUNDS));
		assert_eq!(Balances::balance_frozen(b"vote----", &alice()), FUNDS);
		let executor = executor(&id);
		let before = free(&executor);
		settle(&id);
		assert_eq!(free(&executor), before + split(MAX_FEE, cost_fee(), PRICE).executor);
		assert_eq!(free(&alice()), FUNDS - fee());
	});
}

#[test]
fn requester_that_cannot_take_the_rest_holds_nobody_up() {
	ExtBuilder::default().build_and_execute(|| {
		// An account that lives on another provider may spend all that is not held.
		System::inc_providers(&bob());
		let mut small = Ask { who: bob(), ..ask() };
		small.terms.max_fee = fee() + EXISTENTIAL_DEPOSIT / 2;
		let id = small.send().unwrap();
		next_block();
		assert_ok!(answer(&id));
		assert_ok!(Balances::transfer_allow_death(
			RuntimeOrigin::signed(bob()),
			alice(),
			free(&bob())
		));
		assert_eq!(free(&bob()), 0);
		let issued = everything();
		let executor = executor(&id);
		let before = free(&executor);
		settle(&id);
		let due = split(request(&id).terms.max_fee, cost_fee(), PRICE);
		assert_eq!(free(&executor), before + due.executor);
		assert_eq!(held(&bob()), 0);
		// What could not go back went to the treasury; only the declared part was burned.
		assert_eq!(free(&treasury()), EXISTENTIAL_DEPOSIT + due.treasury + EXISTENTIAL_DEPOSIT / 2);
		assert_eq!(everything(), issued - due.burned);
	});
}

#[test]
fn executor_may_be_the_requester_itself() {
	ExtBuilder::default().validators(1).build_and_execute(|| {
		assert_ok!(Balances::mint_into(&validator(0), FUNDS));
		let before = free(&validator(0));
		let id = Ask { who: validator(0), ..ask() }.send().unwrap();
		next_block();
		assert_eq!(executor(&id), validator(0));
		assert_ok!(answer(&id));
		settle(&id);
		let due = split(MAX_FEE, cost_fee(), PRICE);
		assert_eq!(free(&validator(0)), before - fee() + due.executor);
	});
}

#[test]
fn several_requests_of_one_account_keep_their_holds_apart() {
	ExtBuilder::default().build_and_execute(|| {
		let first = ask().send().unwrap();
		let mut other = ask();
		other.terms.max_fee = 3 * MAX_FEE;
		let second = other.send().unwrap();
		next_block();
		assert_eq!(held(&alice()), 4 * MAX_FEE);
		assert_ok!(answer(&first));
		assert_ok!(Inference::make_final(&first, REPLAYED));
		assert_eq!(held(&alice()), 3 * MAX_FEE);
		assert_ok!(answer(&second));
		assert_ok!(Inference::invalidate(&second));
		assert_eq!(held(&alice()), 0);
		assert_eq!(free(&alice()), FUNDS - fee());
		MockBonds::release_cover(&executor(&second), rules().cover(fee(), 0));
	});
}

#[test]
fn replay_makes_final_at_once_with_its_evidence() {
	ExtBuilder::default().build_and_execute(|| {
		let id = answered();
		assert_ok!(Inference::make_final(&id, REPLAYED));
		assert_eq!(Inference::finality(&id), Some(Finality::Final));
		assert_eq!(Inference::evidence(&id), REPLAYED);
		assert_eq!(Inference::cover(&id), 0);
		assert_eq!(Finals::<Test>::iter_keys().count(), 0);
		assert_eq!(Inference::receipts(System::block_number())[0].evidence, REPLAYED);
		assert_eq!(free(&alice()), FUNDS - fee());
	});
}

#[test]
fn evidence_is_added_and_never_lost() {
	ExtBuilder::default().build_and_execute(|| {
		let id = answered();
		assert_ok!(Inference::add_evidence(&id, EvidenceSet { audited: 2, ..Default::default() }));
		assert_ok!(Inference::add_evidence(&id, EvidenceSet { audited: 1, ..Default::default() }));
		assert_ok!(Inference::add_evidence(&id, REPLAYED));
		assert_eq!(Inference::evidence(&id), EvidenceSet { audited: 2, ..REPLAYED });
		settle(&id);
		assert_eq!(Inference::evidence(&id), EvidenceSet { audited: 2, ..REPLAYED });
		assert_noop!(Inference::add_evidence(&Hash::zero(), REPLAYED), Error::<Test>::NotAnswered);
	});
}

#[test]
fn invalidation_returns_everything_at_once_and_leaves_the_cover_to_the_slash() {
	ExtBuilder::default().build_and_execute(|| {
		let issued = issuance();
		let id = answered();
		let executor = executor(&id);
		let cover = rules().cover(fee(), 0);
		let invalid = Inference::invalidate(&id).unwrap();
		assert_eq!(
			invalid,
			crate::InvalidatedResult { executor: executor.clone(), cover, returned: MAX_FEE }
		);
		assert_eq!((free(&alice()), held(&alice()), issuance()), (FUNDS, 0, issued));
		assert_eq!(BondTable::get(&executor).reserved, cover);
		assert_eq!(BondTable::get(&executor).answered, 0);
		MockBonds::release_cover(&executor, cover);
		assert_event(Event::Invalidated { request: id, executor, returned: MAX_FEE });
		assert_eq!(status(&id), RequestStatus::Invalidated);
		assert_eq!(Inference::finality(&id), Some(Finality::Invalidated));
		let receipt = &Inference::receipts(System::block_number())[0];
		assert_eq!((receipt.finality, receipt.paid), (Finality::Invalidated, 0));
		assert_eq!(Credited::get(model()), 0);
		// It ended: the window brings nothing more.
		run_blocks(100);
		assert_eq!(status(&id), RequestStatus::Invalidated);
		assert_eq!(free(&alice()), FUNDS);
	});
}

#[test]
fn verdicts_on_what_is_not_open_are_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let settled = answered();
		assert_ok!(Inference::make_final(&settled, REPLAYED));
		let open = assigned();
		for (id, error) in [
			(Hash::zero(), Error::<Test>::UnknownRequest),
			(open, Error::<Test>::NotAnswered),
			(settled, Error::<Test>::NotOpen),
		] {
			assert_noop!(Inference::make_final(&id, REPLAYED), error);
		}
		assert_noop!(Inference::invalidate(&settled), Error::<Test>::NotOpen);
		assert_noop!(Inference::invalidate(&open), Error::<Test>::NotAnswered);
		assert_noop!(Inference::invalidate(&Hash::zero()), Error::<Test>::UnknownRequest);
	});
}

#[test]
fn block_full_of_receipts_refuses_verdicts_until_the_next() {
	ExtBuilder::default().build_and_execute(|| {
		let (id, filler) = (answered(), answered());
		assert_ok!(Inference::make_final(&filler, REPLAYED));
		let receipt = Inference::receipts(System::block_number())[0].clone();
		let now = System::block_number();
		while Receipts::<Test>::decode_len(now).unwrap() < MAX_RECEIPTS_PER_BLOCK as usize {
			Receipts::<Test>::try_append(now, receipt.clone()).unwrap();
		}
		assert_noop!(Inference::make_final(&id, REPLAYED), Error::<Test>::TooManyReceipts);
		assert_noop!(Inference::invalidate(&id), Error::<Test>::TooManyReceipts);
		next_block();
		assert_ok!(Inference::make_final(&id, REPLAYED));
	});
}

#[test]
fn free_price_pays_no_contributors() {
	ExtBuilder::default().build_and_execute(|| {
		ModelTable::mutate(model(), |m| m.as_mut().unwrap().price = 0);
		let id = answered();
		settle(&id);
		assert_eq!(Credited::get(model()), 0);
		assert!(!Credited::contains_key(model()));
		assert_eq!(free(&pot()), EXISTENTIAL_DEPOSIT);
	});
}

#[test]
fn price_and_fee_are_those_of_the_submission() {
	ExtBuilder::default().build_and_execute(|| {
		let id = ask().send().unwrap();
		ModelTable::mutate(model(), |m| {
			let model = m.as_mut().unwrap();
			model.price = 500 * MILLI_UNIT;
			model.macs *= 2;
		});
		next_block();
		let outcome: Outcome = trap();
		assert_ok!(submit(statement(&id, &outcome), outcome, &executor(&id)));
		settle(&id);
		assert_eq!(free(&alice()), FUNDS - fee());
		assert_eq!(Credited::get(model()), PRICE);
	});
}
