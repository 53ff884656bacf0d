//! Replays by validators' keys, without fee.

use crate::{mock::*, replay, Error, HoldReason};
use countersign_primitives::{
	dispute::{Effort, PackageSource, ReplayChallenge, Witness},
	keys::InferenceSignature,
	Hash, UNIT,
};
use frame_support::{assert_noop, pallet_prelude::*, traits::Authorize};
use frame_system::RawOrigin;
use sp_runtime::traits::Dispatchable;

fn call(
	challenge: &ReplayChallenge,
	witness: Witness,
	signature: InferenceSignature,
) -> RuntimeCall {
	crate::Call::challenge { challenge: challenge.clone(), witness, signature }.into()
}

fn authorize(call: &RuntimeCall) -> Result<ValidTransaction, TransactionValidityError> {
	call.authorize(TransactionSource::External).unwrap().map(|(valid, _)| valid)
}

fn signed(challenge: &ReplayChallenge) -> RuntimeCall {
	call(challenge, inline(), sign(challenge, &validator(1)))
}

#[test]
fn a_validator_challenges_by_its_key() {
	build_and_execute(|| {
		result_off_by(1.0);
		let challenge = challenge_by(&validator(1));
		let call = signed(&challenge);
		let valid = authorize(&call).unwrap();
		assert_eq!(valid.priority, u64::MAX / 2);
		assert_eq!(valid.provides.len(), 1);
		assert!(valid.propagate);
		let ours = free(&validator(1));
		call.clone().dispatch(RawOrigin::Authorized.into()).unwrap();
		assert_eq!(end_of(&request()), Some(MockEnd::Invalidated));
		assert_eq!(Reports::get(request()).unwrap().4, Some(validator(1)));
		assert_eq!(free(&validator(1)), ours, "a lie shown costs nothing");
		// It cannot be included twice.
		assert_eq!(authorize(&call), Err(InvalidTransaction::Stale.into()));
	});
}

/// Who is contradicted, or contradicts, has the result recomputed and is told what came of it.
#[test]
fn whose_word_is_at_stake_needs_no_bond_and_gets_no_reward() {
	for off_by in [0.0, 0.01, 1.0] {
		build_and_execute(|| {
			result_off_by(off_by);
			Party::set(Some(validator(1)));
			Recomputed::set(None);
			let challenge = challenge_by(&validator(1));
			let (ours, issuance) = (free(&validator(1)), Balances::total_issuance());
			let call = signed(&challenge);
			authorize(&call).unwrap();
			call.dispatch(RawOrigin::Authorized.into()).unwrap();
			assert_eq!(free(&validator(1)), ours);
			assert_eq!(Balances::total_issuance(), issuance);
			assert_eq!(Disputes::decision(request()).unwrap().bond_lost, 0);
			let truth = truth(&model(), &input()).commitment().unwrap();
			assert_eq!(Recomputed::get(), Some(truth));
			if off_by == 1.0 {
				assert_eq!(Reports::get(request()).unwrap().4, None, "nobody risked anything");
			}
			Party::set(None);
		});
	}
}

#[test]
fn a_wrong_challenge_costs_bond_and_fee() {
	build_and_execute(|| {
		honest_result();
		let challenge = challenge_by(&validator(1));
		let call = signed(&challenge);
		let fee = Disputes::challenge_fee(&challenge.effort, inline().inline_length());
		assert!(fee > UNIT);
		let (ours, issuance) = (free(&validator(1)), Balances::total_issuance());
		call.dispatch(RawOrigin::Authorized.into()).unwrap();
		assert_eq!(free(&validator(1)), ours - BOND - fee);
		assert_eq!(Balances::total_issuance(), issuance - fee);
		assert_eq!(on_hold(HoldReason::Bond, &validator(1)), 0);
		assert_eq!(Disputes::decision(request()).unwrap().bond_lost, BOND + fee);
	});
	build_and_execute(|| {
		result_off_by(0.01);
		let challenge = challenge_by(&validator(1));
		let fee = Disputes::challenge_fee(&challenge.effort, inline().inline_length());
		let ours = free(&validator(1));
		signed(&challenge).dispatch(RawOrigin::Authorized.into()).unwrap();
		// Nobody lied, so the space in the block is paid for.
		assert_eq!(free(&validator(1)), ours - fee);
	});
}

#[test]
fn everything_is_checked_before_a_block_takes_it() {
	build_and_execute(|| {
		let good = challenge_by(&validator(1));
		assert_eq!(authorize(&signed(&good)), Err(InvalidTransaction::Stale.into()));
		result_off_by(1.0);
		assert!(authorize(&signed(&good)).is_ok());
		let bad = |change: &dyn Fn(&mut ReplayChallenge)| {
			let mut challenge = good.clone();
			change(&mut challenge);
			authorize(&signed(&challenge)).unwrap_err()
		};
		let signer = InvalidTransaction::BadSigner.into();
		assert_eq!(bad(&|c| c.genesis = Hash::zero()), InvalidTransaction::Custom(101).into());
		assert_eq!(bad(&|c| c.session += 1), signer);
		assert_eq!(bad(&|c| c.session -= 2), signer);
		assert_eq!(bad(&|c| c.validator += 1), signer);
		assert_eq!(bad(&|c| c.validator = 99), signer);
		assert_eq!(bad(&|c| c.request = Hash::zero()), InvalidTransaction::Stale.into());
		// Short of the effort, or more than a block has.
		assert_eq!(bad(&|c| c.effort.macs -= 1), InvalidTransaction::Custom(117).into());
		assert_eq!(bad(&|c| c.effort.macs = u64::MAX), InvalidTransaction::Custom(118).into());
		// The session before is good too.
		let mut before = good.clone();
		before.session -= 1;
		assert!(authorize(&signed(&before)).is_ok());
		// A signature by another, over another, and a witness that is none.
		let proof: TransactionValidityError = InvalidTransaction::BadProof.into();
		let by_another = call(&good, inline(), sign(&good, &validator(2)));
		assert_eq!(authorize(&by_another), Err(proof));
		let over_another = call(&good, inline(), sign(&before, &validator(1)));
		assert_eq!(authorize(&over_another), Err(proof));
		let signature = sign(&good, &validator(1));
		let none = Witness { package: PackageSource::Stored, input: None };
		assert_eq!(
			authorize(&call(&good, none, signature.clone())),
			Err(InvalidTransaction::Future.into())
		);
		let other = package_with(&[0.0; 12]).try_into().unwrap();
		let other = Witness { package: PackageSource::Inline(other), input: None };
		assert_eq!(
			authorize(&call(&good, other, signature.clone())),
			Err(InvalidTransaction::Custom(114).into())
		);
		HasRoom::set(false);
		assert_eq!(authorize(&signed(&good)), Err(InvalidTransaction::ExhaustsResources.into()));
		HasRoom::set(true);
		use frame_support::traits::fungible::Mutate;
		Balances::set_balance(&validator(1), BOND);
		assert_eq!(authorize(&signed(&good)), Err(InvalidTransaction::Payment.into()));
		// And what was not authorized is not dispatched.
		assert_noop!(
			signed(&good).dispatch(RuntimeOrigin::signed(validator(1))).map_err(|e| e.error),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn what_changed_since_is_refused_when_dispatched() {
	build_and_execute(|| {
		result_off_by(1.0);
		let mut challenge = challenge_by(&validator(1));
		challenge.session += 7;
		assert_noop!(
			signed(&challenge).dispatch(RawOrigin::Authorized.into()).map_err(|e| e.error),
			Error::<Test>::Rejected
		);
	});
}

#[test]
fn the_fee_at_stake_covers_what_is_charged_to_others() {
	build_and_execute(|| {
		let small = Disputes::challenge_fee(&Effort { macs: 1, bytes: 10 }, 10);
		let large = Disputes::challenge_fee(&Effort { macs: 1, bytes: 10 }, 1_000_000);
		assert_eq!(large - small, 999_990);
		assert_eq!(replay::PRIORITY, u64::MAX / 2);
	});
}
