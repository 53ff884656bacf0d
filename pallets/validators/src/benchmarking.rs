//! Benchmarks: each call in its most costly case, with a full list of candidates.

use super::*;
use alloc::format;
use countersign_primitives::{
	keys::InferenceId, parameters::MAX_VALIDATORS, traits::Sessions, AccountId, Balance, Hash,
};
use frame_benchmarking::v2::*;
use frame_support::traits::{fungible::Mutate, Get};
use frame_system::RawOrigin;
use sp_application_crypto::RuntimeAppPublic;

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
	let key = InferenceId::generate_pair(Some(format!("//validator//{seed}").into_bytes()));
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
		let amount = minimum::<T>().saturating_mul(9);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), amount);

		assert_eq!(
			Candidates::<T>::get().iter().next().map(|candidate| candidate.account.clone()),
			Some(who)
		);
	}

	#[benchmark]
	fn unbond() {
		// From the first place to the last, into the last place of the queue.
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
	use countersign_primitives::traits::Bonds;

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
