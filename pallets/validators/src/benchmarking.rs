//! Benchmarks: each call in its most costly case, with a full list of candidates.

use super::*;
use alloc::{boxed::Box, format, vec::Vec};
use codec::Encode;
use countersign_primitives::{
	keys::InferenceId,
	offence::{OffenceKind, OffenceReport, SignedStatement},
	parameters::MAX_VALIDATORS,
	request::{OutcomeCommitment, Role, Statement},
	traits::{Bonds, Offences, Sessions},
	AccountId, Balance, Hash, SessionIndex,
};
use frame_benchmarking::v2::*;
use frame_support::traits::{fungible::Mutate, EnsureOrigin, Get};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_application_crypto::RuntimeAppPublic;
use sp_runtime::traits::Zero;

const SEED: u32 = 0;

fn minimum<T: Config>() -> Balance {
	Pallet::<T>::consensus_parameters().minimum_bond
}

/// An account that can pay many bonds.
fn funded<T: Config>(name: &'static str, index: u32) -> AccountId {
	let who: AccountId = account(name, index, SEED);
	let amount = minimum::<T>().saturating_mul(1_000);
	CurrencyOf::<T>::mint_into(&who, amount).expect("the issuance is far from its end");
	who
}

/// A candidate with this bond.
fn bonded<T: Config>(name: &'static str, index: u32, bond: Balance) -> AccountId {
	let who = funded::<T>(name, index);
	Pallet::<T>::do_bond(&who, bond).expect("the account is new and has enough");
	who
}

/// Fills the list of candidates up to `free` places, all with twice the minimum bond, and returns
/// the last of them.
fn fill_candidates<T: Config>(free: u32) -> AccountId {
	let mut list = Candidates::<T>::get();
	let bond = minimum::<T>().saturating_mul(2);
	let mut index = 0;
	while (list.len() as u32) < MAX_CANDIDATES.saturating_sub(free) {
		let account: AccountId = account("candidate", index, SEED);
		if list.insert(Candidate { account: account.clone(), bond }).is_ok() {
			Ledgers::<T>::insert(&account, Ledger::new(bond));
			Records::<T>::insert(&account, Record::default());
		}
		index += 1;
	}
	let last = list.iter().last().map(|candidate| candidate.account.clone());
	Candidates::<T>::put(list);
	last.expect("the list was filled")
}

/// Fills the queue of unbonding amounts up to `free` places, all to mature at `until`.
fn fill_unbonding<T: Config>(who: &AccountId, free: u32, until: u32) {
	Ledgers::<T>::mutate_extant(who, |ledger| {
		while (ledger.unbonding.len() as u32) < MAX_UNBONDING.saturating_sub(free)
			&& ledger
				.unbonding
				.try_push(Unbonding { amount: 1, until: until + ledger.unbonding.len() as u32 })
				.is_ok()
		{
			ledger.bonded -= 1;
		}
	});
}

/// Makes a bonded validator of the current session, whose key is in the keystore.
pub(crate) fn make_validator<T: Config>(seed: u32) -> AccountId {
	let who = bonded::<T>("validator", seed, minimum::<T>().saturating_mul(100));
	// From a seed of its own: from a phrase it would take thousands of times as long.
	let secret = format!("0x{:064x}", u64::from(seed).saturating_add(1));
	let key = InferenceId::generate_pair(Some(secret.into_bytes()));
	let session = Pallet::<T>::current();
	// Another digest than any set has: the next session writes a table of its own.
	let set = CurrentSet::<T>::get().map_or(0, |(set, _)| set);
	CurrentSet::<T>::put((set, Hash::repeat_byte(0xff)));
	SessionSets::<T>::insert(session, set);
	let index = SetLengths::<T>::get(set).unwrap_or_default();
	SetLengths::<T>::insert(set, index + 1);
	Positions::<T>::insert(&who, index);
	let exposure = Exposure { bond: minimum::<T>().saturating_mul(100) };
	Members::<T>::insert(set, index, Member { account: who.clone(), key, exposure });
	pallet_session::Validators::<T>::append(&who);
	who
}

/// Makes a validator of the current session, and a report of it that would be accepted.
pub(crate) fn make_report<T: Config>(kind: OffenceKind, amount: Balance) -> OffenceReport {
	let set = CurrentSet::<T>::get().map_or(0, |(set, _)| set);
	// Other seeds than those of whoever asked for validators before.
	let validator = SetLengths::<T>::get(set).unwrap_or_default();
	let who = make_validator::<T>(validator.saturating_add(1 << 16));
	if matches!(kind, OffenceKind::WrongResult | OffenceKind::Unavailable) {
		Pallet::<T>::reserve_cover(&who, amount).expect("half of the bond is free");
	}
	OffenceReport {
		kind,
		session: Pallet::<T>::current(),
		validator: Pallet::<T>::position(&who).expect("it serves in this session"),
		request: Hash::repeat_byte(1),
		role: Role::Executor,
		amount,
		version: (kind == OffenceKind::WrongResult).then_some(1),
		reporter: Some(funded::<T>("reporter", validator)),
	}
}

/// Reports `count` offences of as many validators, each by somebody else.
fn report_many<T: Config>(kind: OffenceKind, count: u32) {
	for _ in 0..count {
		let report = make_report::<T>(kind, minimum::<T>());
		Pallet::<T>::report(report).expect("the report is right");
	}
}

/// An offence of consensus that one validator committed alone.
fn consensus_cause<T: Config>(slot: u32) -> Cause {
	let slot = SlotBytes::truncate_from(slot.encode());
	let cause = Cause::Consensus { kind: *b"babe:equivocatio", slot };
	Groups::<T>::insert(cause.group_key(), Group { offenders: 1, references: 1 });
	cause
}

/// What is left of an offence of consensus in the first session, alone in its slot, when its slash
/// was applied. To be looked at in session `forget_at`.
fn note_consensus_report<T: Config>(slot: u32, forget_at: SessionIndex) {
	let offender: AccountId = account("offender", slot, SEED);
	let cause = consensus_cause::<T>(slot);
	let exposure = Exposure { bond: minimum::<T>() };
	let key = cause.report_key(&offender);
	ReportPrunes::<T>::insert(forget_at, key, ());
	let (session, due, closed) = (0, 0, true);
	let known = Report { offender, cause, session, exposure, due, forget_at, closed };
	Reports::<T>::insert(key, known);
}

/// Lets sessions pass, without what their blocks do.
fn pass_sessions<T: Config>(sessions: SessionIndex) -> SessionIndex {
	let now = Pallet::<T>::current().saturating_add(sessions);
	pallet_session::CurrentIndex::<T>::put(now);
	now
}

fn statement<T: Config>(who: &AccountId, answer: u8) -> SignedStatement {
	let session = Pallet::<T>::current();
	let validator = Pallet::<T>::position(who).expect("it serves in this session");
	let signer = Pallet::<T>::member(session, validator).expect("it is in the table").key;
	let statement = Statement {
		genesis: frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero()),
		request: Hash::repeat_byte(1),
		model: Hash::repeat_byte(2),
		role: Role::Executor,
		session,
		validator,
		input: Hash::repeat_byte(3),
		outcome: OutcomeCommitment::Output(Hash::repeat_byte(answer)),
		attribution: Hash::repeat_byte(4),
		signer: signer.clone(),
	};
	let signature = signer.sign(&statement.signing_payload()).expect("the key is in the keystore");
	SignedStatement { statement, signature }
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn bond() {
		let evicted = fill_candidates::<T>(0);
		let who = funded::<T>("newcomer", 0);
		let amount = minimum::<T>().saturating_mul(3);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), amount);

		assert_eq!(Ledgers::<T>::get(&who), Some(Ledger::new(amount)));
		assert!(Ledgers::<T>::get(&evicted).is_some_and(|ledger| ledger.leaving.is_some()));
	}

	#[benchmark]
	fn bond_more() {
		// From the last place to the first.
		let who = bonded::<T>("validator", 0, minimum::<T>());
		fill_candidates::<T>(0);
		let amount = Candidates::<T>::get().iter().next().map_or(1, |first| first.bond);
		CurrencyOf::<T>::mint_into(&who, amount).expect("the issuance is far from its end");

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), amount);

		assert_eq!(
			Candidates::<T>::get().iter().next().map(|candidate| candidate.account.clone()),
			Some(who)
		);
	}

	#[benchmark]
	fn unbond() {
		// From a place before all that fill the list to the last, into the last place of the queue.
		let amount = minimum::<T>().saturating_mul(9);
		let who = bonded::<T>("validator", 0, amount);
		fill_candidates::<T>(0);
		let amount = amount.saturating_sub(minimum::<T>());
		Ledgers::<T>::mutate_extant(&who, |ledger| {
			for until in 1..MAX_UNBONDING {
				let _ = ledger.unbonding.try_push(Unbonding { amount: 1, until });
			}
		});

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), amount);

		let ledger = Ledgers::<T>::get(&who).expect("the account is bonded");
		assert_eq!(ledger.unbonding.len() as u32, MAX_UNBONDING);
	}

	#[benchmark]
	fn leave() {
		let who = bonded::<T>("validator", 0, minimum::<T>().saturating_mul(9));
		fill_candidates::<T>(0);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert!(Ledgers::<T>::get(&who).is_some_and(|ledger| ledger.leaving.is_some()));
	}

	#[benchmark]
	fn rejoin() {
		let amount = minimum::<T>().saturating_mul(9);
		let who = bonded::<T>("validator", 0, amount);
		Pallet::<T>::do_leave(&who).expect("the account is bonded");
		let evicted = fill_candidates::<T>(0);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert!(Ledgers::<T>::get(&who).is_some_and(|ledger| ledger.leaving.is_none()));
		assert!(Ledgers::<T>::get(&evicted).is_some_and(|ledger| ledger.leaving.is_some()));
	}

	#[benchmark]
	fn withdraw() {
		// All of it, with a full queue.
		let who = bonded::<T>("validator", 0, minimum::<T>().saturating_mul(9));
		Pallet::<T>::do_leave(&who).expect("the account is bonded");
		let now = Pallet::<T>::current();
		pallet_session::CurrentIndex::<T>::put(now + MAX_UNBONDING);
		fill_unbonding::<T>(&who, 0, now);
		Ledgers::<T>::mutate_extant(&who, |ledger| ledger.leaving = Some(now));

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert_eq!(Ledgers::<T>::get(&who), None);
	}

	#[benchmark]
	fn prune(m: Linear<0, MAX_PRUNED_MEMBERS>) {
		let set = SetIndex::MAX;
		let exposure = Exposure { bond: minimum::<T>() };
		let key = InferenceId::generate_pair(None);
		for index in 0..m {
			let account = account("member", index, SEED);
			Members::<T>::insert(set, index, Member { account, key: key.clone(), exposure });
		}
		SetLengths::<T>::insert(set, m);
		SessionSets::<T>::insert(0, set);
		SessionSets::<T>::insert(1, 0);
		OldestSession::<T>::put(0);
		let window: u64 = <ReportWindow<T> as Get<u64>>::get();
		pallet_session::CurrentIndex::<T>::put(window as u32 + MAX_VALIDATORS);

		let removed;
		#[block]
		{
			removed = Pallet::<T>::prune();
		}

		assert_eq!(removed, m);
		assert_eq!(SetLengths::<T>::get(set), None);
		assert_eq!(OldestSession::<T>::get(), 1);
	}

	#[benchmark]
	fn report() {
		// Of those around inference the one that is counted by version, and suspends it.
		let wrong = make_report::<T>(OffenceKind::WrongResult, minimum::<T>());
		SessionStake::<T>::put(1);

		#[block]
		{
			Pallet::<T>::report(wrong).expect("the report is right");
		}

		assert!(Suspensions::<T>::contains_key(1));
		assert_eq!(Slashes::<T>::iter_keys().count(), 1);
	}

	#[benchmark]
	fn report_equivocation() {
		// What `report` takes is charged beside it: the worst here is a report that was made.
		let who = make_validator::<T>(0);
		let (first, second) = (statement::<T>(&who, 1), statement::<T>(&who, 2));
		let reporter = funded::<T>("reporter", 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(reporter), Box::new(first), Box::new(second));

		assert_eq!(Slashes::<T>::iter_keys().count(), 1);
	}

	#[benchmark]
	fn cancel_slash() {
		report_many::<T>(OffenceKind::WrongResult, 1);
		let origin = T::CancelOrigin::try_successful_origin().expect("somebody may");
		let slash = NextSlash::<T>::get().saturating_sub(1);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, slash);

		assert_eq!(Slashes::<T>::get(slash), None);
	}

	#[benchmark]
	fn lift_suspension() {
		report_many::<T>(OffenceKind::WrongResult, 1);
		Suspensions::<T>::insert(1, 0);
		let origin = T::SuspensionOrigin::try_successful_origin().expect("somebody may");

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, 1);

		assert!(!Suspensions::<T>::contains_key(1));
	}

	#[benchmark]
	fn set_parameters() {
		let origin = T::ParameterOrigin::try_successful_origin().expect("somebody may");
		let mut parameters = Pallet::<T>::consensus_parameters();
		// So that the floor is written, too.
		parameters.unbonding_sessions = parameters.unbonding_sessions.saturating_add(1);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, parameters.clone());

		assert_eq!(Parameters::<T>::get(), Some(parameters));
	}

	#[benchmark]
	fn apply_due_slashes(n: Linear<0, MAX_SLASHES_PER_BLOCK>) {
		report_many::<T>(OffenceKind::Equivocation, n);
		// Slashes for offences of consensus look at their group as well.
		let ids: Vec<_> = Slashes::<T>::iter_keys().collect();
		for id in ids {
			let cause = consensus_cause::<T>(id);
			Slashes::<T>::mutate_extant(id, |slash| slash.cause = cause);
		}
		fill_candidates::<T>(0);
		let deferral = Pallet::<T>::consensus_parameters().slash_deferral_sessions;
		SlashCursor::<T>::put(Pallet::<T>::current().saturating_add(deferral));
		pass_sessions::<T>(deferral);

		let applied;
		#[block]
		{
			applied = Pallet::<T>::apply_due_slashes();
		}

		assert_eq!(applied, n);
		assert_eq!(Slashes::<T>::iter_keys().count(), 0);
	}

	#[benchmark]
	fn prune_reports(n: Linear<0, MAX_REPORTS_PRUNED_PER_BLOCK>) {
		// Of consensus: each leaves a group as well.
		let window = Pallet::<T>::consensus_parameters().report_window_sessions;
		let now = pass_sessions::<T>(window.saturating_add(1));
		for slot in 0..n {
			note_consensus_report::<T>(slot, now);
		}
		ReportCursor::<T>::put(now);

		let pruned;
		#[block]
		{
			pruned = Pallet::<T>::prune_reports();
		}

		assert_eq!(pruned, n);
		assert_eq!(Reports::<T>::iter_keys().count(), 0);
		assert_eq!(Groups::<T>::iter_keys().count(), 0);
	}

	#[benchmark]
	fn thaw(n: Linear<0, MAX_THAWED_PER_BLOCK>) {
		report_many::<T>(OffenceKind::WrongResult, n);
		let ids: Vec<_> = Slashes::<T>::iter_keys().collect();
		for id in ids {
			Slashes::<T>::mutate_extant(id, |slash| {
				DueSlashes::<T>::remove(slash.due, id);
				slash.frozen = true;
			});
			FrozenSlashes::<T>::insert(1, id, ());
		}
		// So many at a time may have suspended the version.
		Suspensions::<T>::remove(1);
		Thawing::<T>::mutate(|versions| {
			let _ = versions.try_push(1);
		});

		let thawed;
		#[block]
		{
			thawed = Pallet::<T>::thaw();
		}

		assert_eq!(thawed, n);
		assert_eq!(FrozenSlashes::<T>::iter_keys().count(), 0);
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::mock::*;

	#[test]
	fn made_validators_serve_in_the_current_session() {
		ExtBuilder::default().build_and_execute(|| {
			rotate_to(1);
			let made: Vec<_> = (0..3).map(<Validators as Bonds>::make_validator).collect();
			for (index, who) in (3..).zip(&made) {
				assert!(Validators::is_validator(who));
				assert_eq!(Validators::position(who), Some(index));
				let member = Validators::member(1, index).expect("it is in the table");
				assert_eq!(member.account, *who);
				assert!(member.key.sign(b"anything").is_some(), "its key is in the keystore");
				assert_eq!(Validators::free_cover(who), 50 * MINIMUM);
			}
			Validators::do_try_state().expect("the table is consistent");
			// They have no session keys, so that they do not outlive the sessions planned.
			rotate_to(2);
			assert_eq!(Validators::position(&made[0]), None);
		});
	}
}
