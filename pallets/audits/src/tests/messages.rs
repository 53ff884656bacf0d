//! What is refused before it enters a pool.

use crate::{checks::PRIORITY, mock::*, Call};
use countersign_primitives::{
	audit::{AuditCommit, AuditReveal, AuditStage, Draw},
	keys::InferenceSignature,
	request::{Outcome, Role, TrapCode},
	Hash,
};
use frame_support::assert_ok;
use sp_core::Pair;
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError};

fn sign_commit(commit: AuditCommit, by: u8) -> Result<(), TransactionValidityError> {
	let signature = pair_of(&validator(by)).sign(&commit.signing_payload());
	submit(Call::commit { commit, signature }).map(drop)
}

fn sign_reveal(reveal: AuditReveal, by: u8) -> Result<(), TransactionValidityError> {
	let signature = pair_of(&validator(by)).sign(&reveal.statement.signing_payload());
	submit(Call::reveal { reveal, signature }).map(drop)
}

fn index_of(item: &countersign_primitives::audit::AuditItem) -> u8 {
	(0..5).find(|index| validator(*index) == item.account).unwrap()
}

#[test]
fn only_the_drawn_auditor_commits_once_in_time() {
	build_and_execute(|| {
		let request = answer(1);
		run_to_draw(&request, Draw::Early);
		let item = work()[0].clone();
		let by = index_of(&item);
		let good = commit_of(&item, &honest(&item));
		let refused = |change: &dyn Fn(&mut AuditCommit)| {
			let mut commit = good.clone();
			change(&mut commit);
			sign_commit(commit, by).unwrap_err()
		};
		let custom = |code| TransactionValidityError::from(InvalidTransaction::Custom(code));
		let signer = TransactionValidityError::from(InvalidTransaction::BadSigner);
		let unknown = TransactionValidityError::from(InvalidTransaction::Future);
		assert_eq!(refused(&|it| it.genesis = Hash::zero()), custom(133));
		assert_eq!(refused(&|it| it.request = Hash::zero()), unknown);
		assert_eq!(refused(&|it| it.role = Role::Executor), signer);
		assert_eq!(refused(&|it| it.role = Role::Auditor(9)), unknown);
		assert_eq!(refused(&|it| it.session += 1), signer);
		assert_eq!(refused(&|it| it.validator += 1), signer);
		let executor = pair_of(&validator(0)).public();
		assert_eq!(refused(&|it| it.signer = executor.clone()), signer);
		assert_eq!(
			sign_commit(good.clone(), 0).unwrap_err(),
			InvalidTransaction::BadProof.into(),
			"somebody else's signature"
		);
		// The other's role with this one's key.
		let other = work()[1].clone();
		assert_eq!(refused(&|it| it.role = other.role), signer);

		let valid = commit(&item, &honest(&item)).unwrap();
		assert_eq!((valid.priority, valid.propagate), (PRIORITY, true));
		assert_eq!(valid.longevity, item.commit_until - item.clock);
		assert_eq!(
			sign_commit(good, by).unwrap_err(),
			InvalidTransaction::Stale.into(),
			"once is enough"
		);
		run_until(|| Clock::get() > other.commit_until);
		assert!(commit(&other, &honest(&other)).is_err(), "too late");
	});
}

#[test]
fn only_what_was_committed_to_is_shown_and_not_before_its_time() {
	build_and_execute(|| {
		let request = answer(1);
		run_to_draw(&request, Draw::Early);
		let (item, other) = (work()[0].clone(), work()[1].clone());
		let answer = honest(&item);
		let by = index_of(&item);
		let unknown = TransactionValidityError::from(InvalidTransaction::Future);
		let good = reveal_of(&item, &answer);
		assert_eq!(sign_reveal(good.clone(), by), Err(unknown), "nothing is committed");
		assert_ok!(commit(&item, &answer));
		assert_eq!(
			sign_reveal(good.clone(), by),
			Err(unknown),
			"the other may commit, and must not know"
		);
		assert_ok!(commit(&other, &honest(&other)));
		let refused = |change: &dyn Fn(&mut AuditReveal)| {
			let mut reveal = good.clone();
			change(&mut reveal);
			sign_reveal(reveal, by).unwrap_err()
		};
		let custom = |code| TransactionValidityError::from(InvalidTransaction::Custom(code));
		let signer = TransactionValidityError::from(InvalidTransaction::BadSigner);
		assert_eq!(refused(&|it| it.statement.genesis = Hash::zero()), custom(133));
		assert_eq!(refused(&|it| it.statement.role = Role::Executor), signer);
		assert_eq!(refused(&|it| it.statement.role = other.role), signer);
		assert_eq!(refused(&|it| it.statement.session += 1), signer);
		assert_eq!(refused(&|it| it.statement.validator += 1), signer);
		assert_eq!(refused(&|it| it.statement.model = Hash::zero()), custom(135));
		assert_eq!(refused(&|it| it.statement.input = Hash::zero()), custom(135));
		assert_eq!(refused(&|it| it.statement.attribution = Hash::zero()), custom(135));
		assert_eq!(refused(&|it| it.trace = Hash::zero()), custom(136));
		assert_eq!(refused(&|it| it.salt = [0; 32]), custom(136));
		let lie = output(7.0);
		let commitment = lie.commitment().unwrap();
		assert_eq!(refused(&|it| it.statement.outcome = commitment.clone()), custom(136));
		assert_eq!(refused(&|it| it.outcome = Some(truth())), custom(137));
		let not_mine = sign_reveal(good.clone(), 0).unwrap_err();
		assert_eq!(not_mine, InvalidTransaction::BadProof.into());
		assert_ok!(sign_reveal(good.clone(), by));
		assert_eq!(sign_reveal(good, by), Err(InvalidTransaction::Stale.into()));
	});
}

#[test]
fn what_differs_from_the_result_is_brought_along_whole() {
	build_and_execute(|| {
		let request = answer(1);
		run_to_draw(&request, Draw::Early);
		let lie = |item: &_| Answer { outcome: output(7.0), ..honest(item) };
		act(|item| Some(lie(item)));
		let item = work()[0].clone();
		assert_eq!(item.stage, AuditStage::Reveal);
		let by = index_of(&item);
		let good = reveal_of(&item, &lie(&item));
		let custom = |code| Err(InvalidTransaction::Custom(code).into());
		let without = AuditReveal { outcome: None, ..good.clone() };
		assert_eq!(sign_reveal(without, by), custom(137));
		for outcome in [
			output(8.0),
			Outcome::Trap { code: TrapCode::Operator, operator: 0 },
			// Not one float.
			Outcome::Output(codec::Encode::encode(&Vec::<u8>::new()).try_into().unwrap()),
			Outcome::Output(vec![1, 2, 3].try_into().unwrap()),
		] {
			let other = AuditReveal { outcome: Some(outcome), ..good.clone() };
			assert_eq!(sign_reveal(other, by), custom(138));
		}
		assert_ok!(sign_reveal(good, by));
	});
}

#[test]
fn garbage_is_refused_and_changes_nothing() {
	build_and_execute(|| {
		let request = answer(1);
		run_to_draw(&request, Draw::Early);
		let item = work()[0].clone();
		let commit = commit_of(&item, &honest(&item));
		let before = audit(&request);
		for byte in 0..64u8 {
			let mut raw = [byte; 64];
			raw[usize::from(byte)] ^= 1;
			let signature = InferenceSignature::from(sp_core::sr25519::Signature::from_raw(raw));
			assert!(submit(Call::commit { commit: commit.clone(), signature }).is_err());
		}
		assert_eq!(audit(&request), before);
	});
}
