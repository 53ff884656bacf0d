//! Commit, then reveal.

use crate::{
	mock::*, CommitmentExpiries, Commitments, Error, Event, HoldReason, MAX_COMMITMENTS,
	REVEAL_BLOCKS,
};
use countersign_primitives::{model::registration_commitment, AccountId, Balance, Hash, UNIT};
use frame_support::{
	assert_noop, assert_ok,
	traits::{fungible::InspectHold, Hooks},
	weights::Weight,
};
use sp_runtime::{DispatchError, TokenError};

fn committed(who: &AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::Commitment.into(), who)
}

fn commit_now(owner: &AccountId, seed: u8) -> Hash {
	let (model, commitment) = Models::registration(owner, &manifest(seed));
	assert_eq!(model, id(&manifest(seed), owner));
	assert_eq!(commitment, registration_commitment(&model));
	assert_ok!(Models::commit(signed(owner.clone()), commitment));
	commitment
}

fn to_block(number: u64) {
	System::set_block_number(number);
	Models::on_idle(number, Weight::MAX);
}

#[test]
fn a_registration_needs_a_commitment_of_an_earlier_block() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			Models::register(signed(ALICE), manifest(1), UNIT),
			Error::<Test>::NotCommitted
		);
		let commitment = commit_now(&ALICE, 1);
		let deposit = Models::commitment_deposit();
		assert_eq!(deposit, 2 * DepositPerItem::get() + 128 * DepositPerByte::get());
		System::assert_last_event(
			Event::Committed { owner: ALICE, commitment, deposit, last_block: 1 + REVEAL_BLOCKS }
				.into(),
		);
		assert_eq!(committed(&ALICE), deposit);
		assert_noop!(
			Models::register(signed(ALICE), manifest(1), UNIT),
			Error::<Test>::CommittedInThisBlock
		);
		System::set_block_number(2);
		assert_ok!(Models::register(signed(ALICE), manifest(1), UNIT));
		assert_eq!(committed(&ALICE), 0);
		assert_eq!(Commitments::<Test>::iter_keys().count(), 0);
		assert_eq!(CommitmentExpiries::<Test>::iter_keys().count(), 0);
	});
}

#[test]
fn who_sees_a_registration_is_too_late_to_be_first() {
	ExtBuilder::default().build_and_execute(|| {
		let seen = commit_now(&ALICE, 1);
		System::set_block_number(2);
		// Alice's registration is in the pool, and Bob authors this block. Her hash is of no use to
		// him, and his own comes too late.
		assert_ok!(Models::commit(signed(BOB), seen));
		let own = registration_commitment(&id(&manifest(1), &BOB));
		assert_ok!(Models::commit(signed(BOB), own));
		assert_noop!(
			Models::register(signed(BOB), manifest(1), UNIT),
			Error::<Test>::CommittedInThisBlock
		);
		assert_ok!(Models::register(signed(ALICE), manifest(1), UNIT));
		System::set_block_number(3);
		assert_noop!(
			Models::register(signed(BOB), manifest(1), UNIT),
			Error::<Test>::ArtefactNeedsParent
		);
	});
}

#[test]
fn a_commitment_is_to_one_manifest() {
	ExtBuilder::default().build_and_execute(|| {
		commit_now(&ALICE, 1);
		System::set_block_number(2);
		assert_noop!(
			Models::register(signed(ALICE), manifest(2), UNIT),
			Error::<Test>::NotCommitted
		);
		let mut other = manifest(1);
		other.cost.time_ms += 1;
		assert_noop!(Models::register(signed(ALICE), other, UNIT), Error::<Test>::NotCommitted);
	});
}

#[test]
fn an_unused_commitment_expires_and_its_deposit_goes_back() {
	ExtBuilder::default().build_and_execute(|| {
		let first = commit_now(&ALICE, 1);
		commit_now(&BOB, 1);
		System::set_block_number(2);
		commit_now(&ALICE, 2);
		let deposit = Models::commitment_deposit();

		let last = u64::from(1 + REVEAL_BLOCKS);
		// Buckets are passed over a few at a time.
		for number in 3..=last {
			to_block(number);
		}
		assert_eq!(committed(&ALICE), 2 * deposit);
		assert_ok!(Models::register(signed(BOB), manifest(1), UNIT));
		System::set_block_number(last + 1);
		assert_noop!(
			Models::register(signed(ALICE), manifest(1), UNIT),
			Error::<Test>::ArtefactNeedsParent
		);
		Models::do_try_state().unwrap();
		// A block without room leaves it to the next.
		assert_eq!(Models::on_idle(last + 1, Weight::zero()), Weight::zero());
		assert_eq!(committed(&ALICE), 2 * deposit);
		to_block(last + 1);
		System::assert_last_event(
			Event::CommitmentExpired { owner: ALICE, commitment: first, deposit }.into(),
		);
		assert_eq!(committed(&ALICE), deposit);
		assert_ok!(Models::register(signed(ALICE), manifest(2), UNIT));
		assert_eq!(committed(&ALICE), 0);
	});
}

#[test]
fn a_late_registration_is_refused_before_anything_is_removed() {
	ExtBuilder::default().build_and_execute(|| {
		commit_now(&ALICE, 1);
		System::set_block_number(u64::from(1 + REVEAL_BLOCKS) + 1);
		assert_noop!(
			Models::register(signed(ALICE), manifest(1), UNIT),
			Error::<Test>::NotCommitted
		);
	});
}

#[test]
fn commitments_are_few_and_paid_for() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Models::commit(RuntimeOrigin::none(), Hash::zero()), DispatchError::BadOrigin);
		assert_noop!(Models::commit(signed(PAUPER), Hash::zero()), TokenError::FundsUnavailable);
		let commit = |seed| Models::commit(signed(ALICE), Hash::repeat_byte(seed));
		for seed in 0..MAX_COMMITMENTS as u8 {
			assert_ok!(commit(seed));
			assert_noop!(commit(seed), Error::<Test>::AlreadyCommitted);
		}
		assert_noop!(commit(99), Error::<Test>::TooManyCommitments);
		// All of one block expire together.
		let deposit = committed(&ALICE);
		System::set_block_number(u64::from(1 + REVEAL_BLOCKS) + 1);
		for _ in 0..=REVEAL_BLOCKS / 8 {
			to_block(System::block_number());
		}
		assert!(deposit > 0 && committed(&ALICE) == 0);
		assert_ok!(commit(99));
	});
}
