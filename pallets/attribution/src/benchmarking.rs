//! Benchmarks.

// The macro documents what it generates in its own way.
#![allow(missing_docs)]

use super::*;
use countersign_primitives::{
	attribution::{Right, MAX_RIGHTS},
	model::{Contributor, ModelId, Parent, Share, MAX_CONTRIBUTORS},
	traits::Contributors,
	Balance, UNIT,
};
use frame_benchmarking::v2::*;
use frame_support::traits::fungible::{Inspect, Mutate};
use frame_system::RawOrigin;

fn contributors(first: &AccountId, count: u32) -> alloc::vec::Vec<Contributor> {
	let share = Share(Share::WHOLE.0 / count);
	let rest = Share(Share::WHOLE.0 - share.0 * (count - 1));
	(0..count)
		.map(|index| Contributor {
			account: if index == 0 { first.clone() } else { account("contributor", index, 0) },
			role: ContributorRole::Data,
			evidence: Hash::repeat_byte(1),
			share: if index == 0 { rest } else { share },
		})
		.collect()
}

/// A model whose vector is as long as one can be, and which has earned.
fn longest<T: Config>(owner: &AccountId) -> Result<ModelId, BenchmarkError> {
	let (parent, model) = (ModelId::repeat_byte(1), ModelId::repeat_byte(2));
	Pallet::<T>::register(&parent, &contributors(owner, MAX_CONTRIBUTORS), &[])?;
	let royalty = Parent { model: parent, royalty: Share::from_percent(50) };
	let vector = Pallet::<T>::register(&model, &contributors(owner, MAX_CONTRIBUTORS), &[royalty])?;
	assert_eq!(vector.len() as u32, MAX_RIGHTS);
	earn::<T>(&model)?;
	Ok(model)
}

fn earn<T: Config>(model: &ModelId) -> Result<Balance, BenchmarkError> {
	let amount = (1_000 * UNIT).max(T::Currency::minimum_balance().saturating_mul(1_000));
	T::Currency::mint_into(&Pallet::<T>::pot_account(), amount)?;
	Pallet::<T>::credit(model, amount);
	Ok(amount)
}

#[benchmarks]
mod benchmarks {
	use super::*;

	// The last entry, whose owner's account the payment creates, and whose owner accepts by it.
	#[benchmark]
	fn claim() -> Result<(), BenchmarkError> {
		let caller: AccountId = whitelisted_caller();
		let model = longest::<T>(&caller)?;
		let owner: AccountId = account("contributor", MAX_CONTRIBUTORS - 1, 0);

		#[extrinsic_call]
		claim(RawOrigin::Signed(owner.clone()), model, MAX_RIGHTS - 1);

		assert!(T::Currency::total_balance(&owner) > 0);
		Ok(())
	}

	#[benchmark]
	fn claim_to_pot() -> Result<(), BenchmarkError> {
		let caller: AccountId = whitelisted_caller();
		let parent = longest::<T>(&caller)?;
		let child = ModelId::repeat_byte(3);
		let royalty = Parent { model: parent, royalty: Share::from_percent(50) };
		let vector =
			Pallet::<T>::register(&child, &contributors(&caller, MAX_CONTRIBUTORS), &[royalty])?;
		let pot = Right { model: parent, contributor: None };
		assert_eq!(vector.last().map(|entry| &entry.right), Some(&pot));
		let before = Pallet::<T>::total_credited(&parent);
		let amount = earn::<T>(&child)?;

		#[extrinsic_call]
		claim(RawOrigin::Signed(caller), child, MAX_CONTRIBUTORS);

		assert_eq!(Pallet::<T>::total_credited(&parent), before + amount / 2);
		Ok(())
	}

	#[benchmark]
	fn transfer_right() -> Result<(), BenchmarkError> {
		let caller: AccountId = whitelisted_caller();
		let model = longest::<T>(&caller)?;
		let new_owner: AccountId = account("owner", 0, 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), model, 0, new_owner.clone());

		assert_eq!(Rights::<T>::get(model, 0).map(|info| info.owner), Some(new_owner));
		Ok(())
	}

	#[benchmark]
	fn accept_right() -> Result<(), BenchmarkError> {
		let caller: AccountId = whitelisted_caller();
		let model = longest::<T>(&caller)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), model, 0);

		assert_eq!(Rights::<T>::get(model, 0).map(|info| info.accepted), Some(true));
		Ok(())
	}

	#[benchmark]
	fn read_lineage(n: Linear<1, MAX_RIGHTS>) -> Result<(), BenchmarkError> {
		let caller: AccountId = whitelisted_caller();
		let (parent, model) = (ModelId::repeat_byte(1), ModelId::repeat_byte(2));
		let own = n.min(MAX_CONTRIBUTORS);
		if n > own {
			Pallet::<T>::register(&parent, &contributors(&caller, n - own), &[])?;
			let royalty = Parent { model: parent, royalty: Share::from_percent(50) };
			Pallet::<T>::register(&model, &contributors(&caller, own), &[royalty])?;
		} else {
			Pallet::<T>::register(&model, &contributors(&caller, own), &[])?;
		}
		let vector;

		#[block]
		{
			vector = Pallet::<T>::vector(&model);
		}

		assert_eq!(vector.len() as u32, n);
		Ok(())
	}

	#[benchmark]
	fn read_right() -> Result<(), BenchmarkError> {
		let caller: AccountId = whitelisted_caller();
		let model = longest::<T>(&caller)?;
		let info;

		#[block]
		{
			info = Rights::<T>::get(model, 0);
		}

		assert_eq!(info.map(|info| info.owner), Some(caller));
		Ok(())
	}

	#[benchmark]
	fn read_entitlement() -> Result<(), BenchmarkError> {
		let caller: AccountId = whitelisted_caller();
		let model = longest::<T>(&caller)?;
		let (entry, total, claimed);

		#[block]
		{
			entry = Vectors::<T>::get(model).and_then(|vector| vector.last().cloned());
			total = Pallet::<T>::total_credited(&model);
			claimed = Claimed::<T>::get(model, MAX_RIGHTS - 1);
		}

		assert!(entry.is_some() && total > 0 && claimed == 0);
		Ok(())
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
