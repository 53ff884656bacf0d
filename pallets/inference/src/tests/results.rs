//! What `submit_result` takes and what it rejects.

use crate::{
	checks::{Rejection, PRIORITY, RESULT_TAG},
	mock::*,
	signature_bytes, Results,
};
use codec::Encode;
use countersign_primitives::{
	request::{InlineBytes, Outcome, OutcomeCommitment, RequestStatus, Role, Statement, TrapCode},
	Hash,
};
use frame_support::{assert_noop, assert_ok, assert_storage_noop};
use frame_system::RawOrigin;
use sp_runtime::{
	transaction_validity::{InvalidTransaction, TransactionValidityError},
	DispatchError,
};

fn custom(rejection: Rejection) -> TransactionValidityError {
	InvalidTransaction::Custom(rejection as u8).into()
}

#[test]
fn result_is_valid_once_until_the_deadline() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned();
		run_to(6);
		let valid = answer(&id).unwrap();
		assert_eq!(valid.priority, PRIORITY);
		assert_eq!(valid.longevity, 25);
		assert!(valid.propagate);
		assert!(valid.requires.is_empty());
		assert_eq!(valid.provides, vec![(RESULT_TAG, (id, Role::Executor)).encode()]);
		// Included again it is stale, whatever it says.
		assert_eq!(answer(&id), Err(InvalidTransaction::Stale.into()));
		let other = trap();
		assert_eq!(
			submit(statement(&id, &other), other, &executor(&id)),
			Err(InvalidTransaction::Stale.into())
		);
	});
}

#[test]
fn two_results_for_one_request_exclude_each_other_in_the_pool() {
	ExtBuilder::default().build_and_execute(|| {
		use frame_support::{pallet_prelude::TransactionSource, traits::Authorize};
		let id = assigned();
		let tags = [output(b"one"), trap()].map(|outcome| {
			let statement = statement(&id, &outcome);
			let signature = sign(&executor(&id), &statement.signing_payload());
			let call = RuntimeCall::Inference(crate::Call::submit_result {
				statement,
				outcome,
				signature,
			});
			call.authorize(TransactionSource::External).unwrap().unwrap().0.provides
		});
		assert_eq!(tags[0], tags[1]);
	});
}

#[test]
fn trap_is_a_result() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned();
		for code in [TrapCode::BadInput, TrapCode::TimeLimit] {
			// The statement must commit to this very trap.
			let outcome = Outcome::Trap { code, operator: 4 };
			assert_eq!(
				submit(statement(&id, &outcome), trap(), &executor(&id)),
				Err(custom(Rejection::WrongOutcome))
			);
		}
		let outcome = trap();
		assert_ok!(submit(statement(&id, &outcome), outcome.clone(), &executor(&id)));
		assert_eq!(Inference::result_view(id).unwrap().outcome, outcome);
		let executor = executor(&id);
		let before = free(&executor);
		run_blocks(60);
		assert_eq!(status(&id), RequestStatus::Settled);
		assert!(free(&executor) > before);
	});
}

/// Changes a good statement, signs it as the assigned validator does, and sees why it is not
/// accepted.
fn rejected(change: impl FnOnce(&mut Statement), expected: impl Into<TransactionValidityError>) {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned();
		let outcome = output(b"output");
		let mut statement = statement(&id, &outcome);
		change(&mut statement);
		let executor = executor(&id);
		assert_storage_noop!(assert_eq!(
			submit(statement, outcome, &executor),
			Err(expected.into())
		));
		// It was only the statement.
		assert_ok!(answer(&id));
	});
}

#[test]
fn statement_for_another_chain_is_rejected() {
	rejected(|s| s.genesis = Hash::zero(), custom(Rejection::WrongGenesis));
}
#[test]
fn statement_for_unknown_request_may_come_to_be_valid() {
	rejected(|s| s.request = Hash::zero(), InvalidTransaction::Future);
}
#[test]
fn statement_for_another_model_is_rejected() {
	rejected(|s| s.model = Hash::zero(), custom(Rejection::WrongModel));
}
#[test]
fn statement_for_another_input_is_rejected() {
	rejected(|s| s.input = Hash::zero(), custom(Rejection::WrongInput));
}
#[test]
fn statement_in_another_role_is_rejected() {
	rejected(|s| s.role = Role::Auditor(0), custom(Rejection::WrongRole));
}
#[test]
fn statement_of_another_session_is_rejected() {
	rejected(|s| s.session += 1, InvalidTransaction::BadSigner);
}
#[test]
fn statement_of_another_position_is_rejected() {
	rejected(|s| s.validator += 1, InvalidTransaction::BadSigner);
}
#[test]
fn statement_with_another_attribution_is_rejected() {
	rejected(|s| s.attribution = Hash::zero(), custom(Rejection::WrongAttribution));
}
#[test]
fn statement_with_another_commitment_is_rejected() {
	rejected(
		|s| s.outcome = OutcomeCommitment::Output(Hash::zero()),
		custom(Rejection::WrongOutcome),
	);
}
#[test]
fn statement_of_a_trap_with_an_output_is_rejected() {
	rejected(
		|s| s.outcome = OutcomeCommitment::Trap { code: TrapCode::Operator, operator: 0 },
		custom(Rejection::WrongOutcome),
	);
}
#[test]
fn statement_with_another_key_is_rejected() {
	rejected(
		|s| s.signer = sp_core::Pair::public(&pair_of(&account(77))),
		InvalidTransaction::BadSigner,
	);
}

#[test]
fn result_of_another_validator_is_rejected() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned();
		let who = executor(&id);
		for index in 0..VALIDATORS {
			let other = validator(index);
			if other == who {
				continue;
			}
			let outcome = output(b"stolen");
			// With the assigned key's name, and with its own.
			let mut forged = statement(&id, &outcome);
			assert_eq!(
				submit(forged.clone(), outcome.clone(), &other),
				Err(InvalidTransaction::BadProof.into())
			);
			forged.signer = sp_core::Pair::public(&pair_of(&other));
			forged.validator = u32::from(index);
			assert_eq!(submit(forged, outcome, &other), Err(InvalidTransaction::BadSigner.into()));
		}
	});
}

#[test]
fn outcome_that_is_not_the_models_is_rejected() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned();
		let send = |bytes: Vec<u8>| {
			let outcome = Outcome::Output(InlineBytes::try_from(bytes).unwrap());
			submit(statement(&id, &outcome), outcome, &executor(&id))
		};
		for bytes in [vec![], vec![9; 40], tensor(b"x")[..3].to_vec()] {
			assert_eq!(send(bytes), Err(custom(Rejection::MalformedOutput)));
		}
		assert_eq!(send(vec![0]), Err(custom(Rejection::WrongSignatureOfOutput)));
		assert_eq!(send(tensor(b"")), Err(custom(Rejection::WrongSignatureOfOutput)));
	});
}

#[test]
fn largest_output_is_taken_and_a_larger_one_does_not_decode() {
	use codec::Decode;
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned();
		let data = vec![1; 65_536 - 11];
		assert_eq!(tensor(&data).len(), 65_536);
		let outcome = output(&data);
		assert_ok!(submit(statement(&id, &outcome), outcome, &executor(&id)));

		let mut encoded = vec![0u8];
		tensor(&vec![1; 65_536 - 10]).encode_to(&mut encoded);
		assert!(Outcome::decode(&mut &encoded[..]).is_err());
	});
}

#[test]
fn result_before_the_assignment_cannot_be_looked_up() {
	ExtBuilder::default().build_and_execute(|| {
		Silent::set(true);
		let id = ask().send().unwrap();
		next_block();
		let outcome = trap();
		let forged = Statement {
			genesis: System::block_hash(0),
			request: id,
			model: model(),
			role: Role::Executor,
			session: 0,
			validator: 0,
			input: request(&id).input_commitment,
			outcome: OutcomeCommitment::Trap { code: TrapCode::BadInput, operator: 3 },
			attribution: request(&id).attribution,
			signer: sp_core::Pair::public(&pair_of(&validator(0))),
		};
		assert_eq!(submit(forged, outcome, &validator(0)), Err(InvalidTransaction::Future.into()));
	});
}

#[test]
fn result_is_for_the_authorized_origin_alone() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned();
		let outcome = trap();
		let statement = statement(&id, &outcome);
		let signature = sign(&executor(&id), &statement.signing_payload());
		for origin in [RawOrigin::Signed(executor(&id)), RawOrigin::Root, RawOrigin::None] {
			assert_noop!(
				Inference::submit_result(
					origin.into(),
					statement.clone(),
					outcome.clone(),
					signature.clone()
				),
				DispatchError::BadOrigin
			);
		}
	});
}

#[test]
fn stored_signature_is_the_one_that_came() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned();
		let outcome = trap();
		let statement = statement(&id, &outcome);
		let signature = sign(&executor(&id), &statement.signing_payload());
		assert_ok!(include(crate::Call::submit_result {
			statement,
			outcome,
			signature: signature.clone()
		}));
		assert_eq!(Results::<Test>::get(id).unwrap().signature, signature_bytes(&signature));
		assert_eq!(Inference::result_view(id).unwrap().signature, signature);
	});
}
