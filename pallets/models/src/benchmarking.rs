//! Benchmarks, and the model that other pallets' benchmarks request.

// The macro documents what it generates in its own way.
#![allow(missing_docs)]

use super::*;
use alloc::{vec, vec::Vec};
use countersign_primitives::{
	model::{
		Artefact, Contributor, ContributorRole, Manifest, ModelId, Parent, PrecisionPolicy,
		ProgramRef, RunCost, Share, MAX_CONTRIBUTORS, MAX_PARENTS, MAX_SERVED, MAX_SERVERS,
	},
	tensor::{Dimension, Port, TensorType, MAX_PORTS, MAX_RANK},
	traits::{Bonds, RequestRules, Serving},
	Hash, GIGA_MAC,
};
use frame_benchmarking::v2::*;
use frame_support::traits::{
	fungible::{Inspect, InspectHold, Mutate},
	Get,
};
use frame_system::RawOrigin;
use sp_runtime::{
	traits::{BlakeTwo256, Hash as HashT, SaturatedConversion},
	BoundedVec,
};

fn fund<T: Config>(who: &AccountId) {
	let amount = T::Currency::minimum_balance().max(UNIT).saturating_mul(1_000_000_000);
	T::Currency::mint_into(who, amount).expect("there is room for a billion tokens");
}

/// `count` shares that add up to the whole, for accounts of their own.
fn contributors(first: &AccountId, count: u32) -> Vec<Contributor> {
	let share = Share::WHOLE.0 / count;
	(0..count)
		.map(|index| Contributor {
			account: if index == 0 { first.clone() } else { account("contributor", index, 0) },
			role: ContributorRole::Training,
			evidence: Hash::repeat_byte(1),
			share: Share(if index == 0 { Share::WHOLE.0 - share * (count - 1) } else { share }),
		})
		.collect()
}

fn port(name: Vec<u8>, shape: Vec<Dimension>) -> Port {
	Port {
		name: BoundedVec::truncate_from(name),
		ty: TensorType::U8,
		shape: BoundedVec::truncate_from(shape),
	}
}

/// A manifest that no other model has, with the parents given.
fn manifest<T: Config>(owner: &AccountId, count: u32, parents: Vec<Parent>) -> Manifest {
	let nonce = Models::<T>::iter_keys().count() as u32;
	let output = vec![Dimension::Range { min: 0, max: 65_000 }];
	let input = vec![Dimension::Range { min: 0, max: 1_000_000 }];
	Manifest {
		name: BoundedVec::truncate_from(b"benchmark".to_vec()),
		licence: BoundedVec::truncate_from(b"Apache-2.0".to_vec()),
		artefact: Artefact {
			sha256: <BlakeTwo256 as HashT>::hash_of(&(owner, nonce)).0,
			length: 1,
		},
		program: None,
		inputs: BoundedVec::truncate_from(vec![port(b"x".to_vec(), input)]),
		outputs: BoundedVec::truncate_from(vec![port(b"y".to_vec(), output)]),
		policies: Default::default(),
		cost: RunCost { macs: GIGA_MAC, time_ms: 1_000, memory_mib: 1_024 },
		contributors: BoundedVec::truncate_from(contributors(owner, count)),
		parents: BoundedVec::truncate_from(parents),
	}
}

/// The same with everything as long as it may be, but for contributors and parents.
fn longest_manifest<T: Config>(owner: &AccountId, count: u32, parents: Vec<Parent>) -> Manifest {
	let ports: Vec<_> = (0..MAX_PORTS)
		.map(|index| {
			let dimension = Dimension::Range { min: 1, max: 2 };
			port(vec![b'a' + index as u8; 64], vec![dimension; MAX_RANK as usize])
		})
		.collect();
	let mut manifest = manifest::<T>(owner, count, parents);
	manifest.name = BoundedVec::truncate_from(vec![b'n'; 64]);
	manifest.licence = BoundedVec::truncate_from(vec![b'l'; 64]);
	manifest.inputs = BoundedVec::truncate_from(ports.clone());
	manifest.outputs = BoundedVec::truncate_from(ports);
	let canonical_version = T::CanonicalVersions::get();
	if canonical_version > 0 {
		manifest.program = Some(ProgramRef {
			root: Hash::repeat_byte(manifest.artefact.sha256[0]),
			canonical_version,
		});
		let policy = PrecisionPolicy::Within { absolute: -20, relative: -20 };
		manifest.policies = BoundedVec::truncate_from(vec![policy; MAX_PORTS as usize]);
	}
	manifest
}

/// A model whose vector is as long as one can be.
fn register_longest<T: Config>(owner: &AccountId) -> ModelId {
	fund::<T>(owner);
	let elder = manifest::<T>(owner, MAX_CONTRIBUTORS, vec![]);
	let elder =
		Pallet::<T>::do_register(owner.clone(), elder, 0).expect("the manifest is in order");
	let parents = vec![Parent { model: elder, royalty: Share::from_percent(10) }];
	let manifest = manifest::<T>(owner, MAX_CONTRIBUTORS, parents);
	Pallet::<T>::do_register(owner.clone(), manifest, UNIT).expect("the manifest is in order")
}

/// See the trait's implementation for what the model is.
pub(crate) fn make_model<T: Config>(owner: &AccountId, servers: &[AccountId]) -> ModelId {
	let model = register_longest::<T>(owner);
	for server in servers {
		Pallet::<T>::add_server(server, &model).expect("there is room for the server");
		Capacity::<T>::insert(server, Macs::MAX);
	}
	model
}

/// A model with all servers but one, and a validator that serves all models but one.
fn nearly_full<T: Config>() -> (ModelId, AccountId) {
	let owner: AccountId = account("owner", 0, 0);
	let validator = T::Bonds::make_validator(0);
	for _ in 1..MAX_SERVED {
		let other = make_plain_model::<T>(&owner);
		Pallet::<T>::add_server(&validator, &other).expect("there is room for one more");
	}
	let model = make_plain_model::<T>(&owner);
	for index in 1..MAX_SERVERS {
		let server: AccountId = account("server", index, 0);
		Pallet::<T>::add_server(&server, &model).expect("there is room for one more");
	}
	(model, validator)
}

fn make_plain_model<T: Config>(owner: &AccountId) -> ModelId {
	fund::<T>(owner);
	let manifest = manifest::<T>(owner, 1, vec![]);
	Pallet::<T>::do_register(owner.clone(), manifest, UNIT).expect("the manifest is in order")
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn register(
		c: Linear<1, MAX_CONTRIBUTORS>,
		p: Linear<0, MAX_PARENTS>,
	) -> Result<(), BenchmarkError> {
		let caller: AccountId = whitelisted_caller();
		fund::<T>(&caller);
		let parents = (0..p)
			.map(|_| Parent {
				model: register_longest::<T>(&caller),
				royalty: Share::from_percent(10),
			})
			.collect();
		let manifest = longest_manifest::<T>(&caller, c, parents);
		let models = Models::<T>::iter_keys().count();

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), manifest, UNIT);

		assert_eq!(Models::<T>::iter_keys().count(), models + 1);
		Ok(())
	}

	#[benchmark]
	fn set_price() -> Result<(), BenchmarkError> {
		let caller: AccountId = whitelisted_caller();
		let model = make_plain_model::<T>(&caller);
		let notice = T::RequestRules::parameters().price_notice_blocks;
		let now: u32 = frame_system::Pallet::<T>::block_number().saturated_into();

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), model, MAX_PRICE);

		let price = Models::<T>::get(model).map(|record| record.price);
		assert_eq!(price.and_then(|price| price.next), Some((MAX_PRICE, now + notice)));
		Ok(())
	}

	#[benchmark]
	fn offer_transfer() -> Result<(), BenchmarkError> {
		let caller: AccountId = whitelisted_caller();
		let model = make_plain_model::<T>(&caller);
		let to: AccountId = account("to", 0, 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), model, Some(to.clone()));

		assert_eq!(Offers::<T>::get(model), Some(to));
		Ok(())
	}

	#[benchmark]
	fn accept_transfer() -> Result<(), BenchmarkError> {
		let owner: AccountId = account("owner", 0, 0);
		let caller: AccountId = whitelisted_caller();
		fund::<T>(&caller);
		let model = make_plain_model::<T>(&owner);
		Pallet::<T>::do_offer_transfer(owner, model, Some(caller.clone()))?;

		#[extrinsic_call]
		_(RawOrigin::Signed(caller.clone()), model);

		assert_eq!(Models::<T>::get(model).map(|record| record.owner), Some(caller.clone()));
		assert!(T::Currency::balance_on_hold(&HoldReason::Registration.into(), &caller) > 0);
		Ok(())
	}

	#[benchmark]
	fn retire() -> Result<(), BenchmarkError> {
		let caller: AccountId = whitelisted_caller();
		let model = make_plain_model::<T>(&caller);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), model);

		let status = Models::<T>::get(model).map(|record| record.status);
		assert_eq!(status, Some(ModelStatus::Retired));
		Ok(())
	}

	#[benchmark]
	fn serve() -> Result<(), BenchmarkError> {
		let (model, validator) = nearly_full::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(validator), model);

		assert_eq!(Servers::<T>::get(model).len() as u32, MAX_SERVERS);
		Ok(())
	}

	#[benchmark]
	fn stop_serving() -> Result<(), BenchmarkError> {
		let (model, validator) = nearly_full::<T>();
		Pallet::<T>::add_server(&validator, &model)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(validator), model);

		assert_eq!(Servers::<T>::get(model).len() as u32, MAX_SERVERS - 1);
		Ok(())
	}

	#[benchmark]
	fn set_capacity() -> Result<(), BenchmarkError> {
		let validator = T::Bonds::make_validator(0);

		#[extrinsic_call]
		_(RawOrigin::Signed(validator.clone()), Macs::MAX);

		assert_eq!(Capacity::<T>::get(validator), Macs::MAX);
		Ok(())
	}

	// Each model with as many servers as it may have.
	#[benchmark]
	fn withdraw_all(n: Linear<0, MAX_SERVED>) -> Result<(), BenchmarkError> {
		let owner: AccountId = account("owner", 0, 0);
		let validator: AccountId = account("validator", 0, 0);
		let mut servers: Vec<AccountId> =
			(1..MAX_SERVERS).map(|index| account("server", index, 0)).collect();
		servers.push(validator.clone());
		servers.sort();
		for _ in 0..n {
			let model = make_plain_model::<T>(&owner);
			Servers::<T>::insert(model, BoundedVec::truncate_from(servers.clone()));
			ServedBy::<T>::mutate(&validator, |models| models.try_push(model))
				.map_err(|_| BenchmarkError::Stop("there is room for one more"))?;
		}
		Capacity::<T>::insert(&validator, GIGA_MAC);

		#[block]
		{
			<Pallet<T> as Serving>::withdraw_all(&validator);
		}

		assert!(!ServedBy::<T>::contains_key(&validator));
		assert!(Servers::<T>::iter_values().all(|servers| !servers.contains(&validator)));
		Ok(())
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
