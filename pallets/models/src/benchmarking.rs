//! Benchmarks, and the model that other pallets' benchmarks request.

// The macro documents what it generates in its own way.
#![allow(missing_docs)]

use super::*;
use alloc::{vec, vec::Vec};
use countersign_primitives::{
	model::{
		registration_commitment, Artefact, Contributor, ContributorRole, Manifest, ModelId,
		ModelStatus, Parent, PrecisionPolicy, ProgramRef, RunCost, Share, MAX_CONTRIBUTORS,
		MAX_PARENTS, MAX_SERVED, MAX_SERVERS,
	},
	program::{ProgramPort, MAX_PROGRAM_CHUNKS, MAX_STORED_BYTES, PROGRAM_CHUNK_BYTES},
	tensor::{Dimension, Port, TensorType, MAX_PORTS, MAX_RANK},
	traits::{Bonds, Programs, RequestRules, Serving},
	AccountId, Hash, Macs, GIGA_MAC,
};
use countersign_programs::{examine, examine_loaded, Chunks};
use frame_benchmarking::v2::*;
use frame_support::traits::{
	fungible::{Inspect, InspectHold, Mutate},
	Get,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_runtime::{
	traits::{BlakeTwo256, Hash as HashT, Saturating},
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
		manifest.program =
			Some(ProgramRef { root: Hash::from(manifest.artefact.sha256), canonical_version });
		let policy = PrecisionPolicy::Within { absolute: -20, relative: -20 };
		manifest.policies = BoundedVec::truncate_from(vec![policy; MAX_PORTS as usize]);
	}
	manifest
}

/// Has `owner` commit to register a manifest, in an earlier block.
fn commit_before<T: Config>(owner: &AccountId, manifest: &Manifest) {
	let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::default());
	let commitment = registration_commitment(&manifest.id(&genesis, owner));
	Pallet::<T>::do_commit(owner.clone(), commitment).expect("there is room for it");
	let now = frame_system::Pallet::<T>::block_number();
	frame_system::Pallet::<T>::set_block_number(now.saturating_add(1u32.into()));
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

/// A manifest for a program, with ports as it has them.
fn program_manifest<T: Config>(owner: &AccountId, package: &[u8]) -> Manifest {
	let summary = examine(package).expect("a package in order");
	let ports = |from: &[ProgramPort]| {
		let each = from.iter().zip(b'a'..).map(|(port, name)| Port {
			name: BoundedVec::truncate_from(vec![name]),
			ty: port.ty,
			shape: BoundedVec::truncate_from(
				port.shape.iter().map(|dim| Dimension::Fixed(*dim)).collect(),
			),
		});
		BoundedVec::truncate_from(each.collect::<Vec<_>>())
	};
	let mut manifest = manifest::<T>(owner, MAX_CONTRIBUTORS, vec![]);
	manifest.inputs = ports(&summary.inputs);
	manifest.outputs = ports(&summary.outputs);
	manifest.policies =
		BoundedVec::truncate_from(vec![PrecisionPolicy::Exact; summary.outputs.len()]);
	manifest.cost.macs = summary.weighted_macs.max(1);
	manifest.program = Some(ProgramRef { root: summary.root, canonical_version: summary.version });
	manifest
}

/// Registers a model with this program, and has the owner upload all of it.
fn upload<T: Config>(owner: &AccountId, package: &[u8]) -> ModelId {
	fund::<T>(owner);
	let manifest = program_manifest::<T>(owner, package);
	let model =
		Pallet::<T>::do_register(owner.clone(), manifest, UNIT).expect("the manifest is in order");
	Pallet::<T>::do_begin_program(owner.clone(), model, package.len() as u32)
		.expect("the upload can begin");
	for (index, bytes) in package.chunks(PROGRAM_CHUNK_BYTES as usize).enumerate() {
		let bytes = Chunk::truncate_from(bytes.to_vec());
		Pallet::<T>::do_put_program_chunk(owner.clone(), model, index as u32, bytes)
			.expect("a chunk that is not there");
	}
	model
}

/// See the trait's description.
pub(crate) fn make_program<T: Config>(owner: &AccountId, package: &[u8]) -> ModelId {
	let model = upload::<T>(owner, package);
	Pallet::<T>::do_finish_program(owner.clone(), model).expect("the package is in order");
	let root = examine(package).expect("a package in order").root;
	StoredPrograms::<T>::mutate(root, |record| {
		if let Some(record) = record {
			record.callable_from = 0;
		}
	});
	model
}

/// Sixteen inputs of as many dimensions as there can be, and sixteen outputs.
fn widest_package() -> Vec<u8> {
	use countersign_programs::examples::{encoded, meta, package};
	let ports = MAX_PORTS as u16;
	let ty = countersign_canonical::TensorType::F32;
	let inputs = vec![meta(ty, &[1; MAX_RANK as usize]); MAX_PORTS as usize];
	let op = countersign_canonical::op::Unary::Neg;
	let nodes = (0..ports).map(|input| (countersign_canonical::Op::Unary(op), vec![input]));
	encoded(&package(inputs, vec![], nodes.collect(), (ports..2 * ports).collect()))
}

/// Makes the manifest of a model as long as one can be that declares these ports.
fn lengthen_manifest<T: Config>(owner: &AccountId, model: &ModelId) {
	Manifests::<T>::mutate(model, |manifest| {
		let Some(manifest) = manifest else { return };
		manifest.name = BoundedVec::truncate_from(vec![b'n'; 64]);
		manifest.licence = BoundedVec::truncate_from(vec![b'l'; 64]);
		manifest.contributors = BoundedVec::truncate_from(contributors(owner, MAX_CONTRIBUTORS));
		let parent = Parent { model: *model, royalty: Share::from_percent(1) };
		manifest.parents = BoundedVec::truncate_from(vec![parent; MAX_PARENTS as usize]);
		for port in manifest.inputs.iter_mut().chain(manifest.outputs.iter_mut()) {
			port.name = BoundedVec::truncate_from(vec![b'p'; 64]);
		}
	});
}

/// A package of `chunks` chunks that takes long to examine: many operators, and the rest constants.
fn long_package(chunks: u32) -> Vec<u8> {
	use countersign_programs::examples::{encoded, floats, meta, package};
	let operators = if chunks == 1 { 100 } else { 4_000 };
	let make = |bytes: u32| {
		let ty = countersign_canonical::TensorType::F32;
		let nodes = (0..operators)
			.map(|step| {
				let op = countersign_canonical::op::Unary::Neg;
				let operand = if step == 0 { 0 } else { step + 1 };
				(countersign_canonical::Op::Unary(op), vec![operand])
			})
			.collect();
		let constant = floats(&[bytes / 4], |i| i as f32);
		encoded(&package(vec![meta(ty, &[1, 1])], vec![constant], nodes, vec![operators + 1]))
	};
	let spare = (chunks * PROGRAM_CHUNK_BYTES).saturating_sub(make(0).len() as u32 + 16);
	make(spare / 4 * 4)
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
		// As many as an account may have, of which this is the last.
		for other in 1..MAX_COMMITMENTS {
			let commitment = Hash::repeat_byte(other as u8);
			Pallet::<T>::do_commit(caller.clone(), commitment)?;
		}
		commit_before::<T>(&caller, &manifest);
		let models = Models::<T>::iter_keys().count();

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), manifest, UNIT);

		assert_eq!(Models::<T>::iter_keys().count(), models + 1);
		Ok(())
	}

	#[benchmark]
	fn commit() -> Result<(), BenchmarkError> {
		let caller: AccountId = whitelisted_caller();
		fund::<T>(&caller);
		for other in 1..MAX_COMMITMENTS {
			let commitment = Hash::repeat_byte(other as u8);
			Pallet::<T>::do_commit(caller.clone(), commitment)?;
		}

		#[extrinsic_call]
		_(RawOrigin::Signed(caller.clone()), Hash::zero());

		assert_eq!(Commitments::<T>::get(caller).len(), MAX_COMMITMENTS as usize);
		Ok(())
	}

	#[benchmark]
	fn prune_commitments() -> Result<(), BenchmarkError> {
		let owner: AccountId = whitelisted_caller();
		fund::<T>(&owner);
		for other in 0..MAX_COMMITMENTS {
			let commitment = Hash::repeat_byte(other as u8);
			Pallet::<T>::do_commit(owner.clone(), commitment)?;
		}
		let bucket = Pallet::<T>::now().saturating_add(REVEAL_BLOCKS);
		ExpiryCursor::<T>::put(bucket);
		frame_system::Pallet::<T>::set_block_number(bucket.saturating_add(1).into());

		#[block]
		{
			Pallet::<T>::prune_commitments(T::WeightInfo::prune_commitments());
		}

		assert!(Commitments::<T>::get(owner).is_empty());
		Ok(())
	}

	#[benchmark]
	fn set_price() -> Result<(), BenchmarkError> {
		let caller: AccountId = whitelisted_caller();
		let model = make_plain_model::<T>(&caller);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), model, MAX_PRICE);

		// A block begins between what is above and the call, where none had begun before.
		let notice = T::RequestRules::parameters().price_notice_blocks;
		let from = Pallet::<T>::now().saturating_add(notice);
		let price = Models::<T>::get(model).map(|record| record.price);
		assert_eq!(price.and_then(|price| price.next), Some((MAX_PRICE, from)));
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

	#[benchmark]
	fn begin_program() -> Result<(), BenchmarkError> {
		let caller: AccountId = whitelisted_caller();
		fund::<T>(&caller);
		let manifest = program_manifest::<T>(&caller, &long_package(1));
		let model = Pallet::<T>::do_register(caller.clone(), manifest, UNIT)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(caller.clone()), model, MAX_STORED_BYTES);

		assert!(Uploads::<T>::contains_key(model, caller));
		Ok(())
	}

	#[benchmark]
	fn put_program_chunk(b: Linear<1, { PROGRAM_CHUNK_BYTES }>) -> Result<(), BenchmarkError> {
		let caller: AccountId = whitelisted_caller();
		fund::<T>(&caller);
		let manifest = program_manifest::<T>(&caller, &long_package(1));
		let model = Pallet::<T>::do_register(caller.clone(), manifest, UNIT)?;
		Pallet::<T>::do_begin_program(caller.clone(), model, b)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(caller.clone()), model, 0, Chunk::truncate_from(vec![7; b as usize]));

		assert_eq!(Uploads::<T>::get(model, caller).map(|upload| upload.received), Some(1));
		Ok(())
	}

	#[benchmark]
	fn finish_program(n: Linear<1, MAX_PROGRAM_CHUNKS>) -> Result<(), BenchmarkError> {
		let caller: AccountId = whitelisted_caller();
		let model = upload::<T>(&caller, &long_package(n));

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), model);

		assert!(Pallet::<T>::program_record(&model).is_some());
		Ok(())
	}

	#[benchmark]
	fn abort_program(n: Linear<1, MAX_PROGRAM_CHUNKS>) -> Result<(), BenchmarkError> {
		let caller: AccountId = whitelisted_caller();
		let model = upload::<T>(&caller, &long_package(n));

		#[extrinsic_call]
		_(RawOrigin::Signed(caller.clone()), model);

		assert!(!Uploads::<T>::contains_key(model, caller));
		assert_eq!(ProgramChunks::<T>::iter_keys().count(), 0);
		Ok(())
	}

	#[benchmark]
	fn drop_program(n: Linear<1, MAX_PROGRAM_CHUNKS>) -> Result<(), BenchmarkError> {
		let caller: AccountId = whitelisted_caller();
		let package = long_package(n);
		make_program::<T>(&caller, &package);
		let root = StoredPrograms::<T>::iter_keys().next().ok_or("a program is stored")?;

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), root);

		assert_eq!(ProgramChunks::<T>::iter_keys().count(), 0);
		Ok(())
	}

	#[benchmark]
	fn prune_upload(n: Linear<0, MAX_PROGRAM_CHUNKS>) -> Result<(), BenchmarkError> {
		let owner: AccountId = account("owner", 0, 0);
		NextUpload::<T>::put(u64::from(programs::MAX_UPLOADS_PASSED) - 1);
		if n > 0 {
			upload::<T>(&owner, &long_package(n));
		}
		let late = Pallet::<T>::now() + programs::UPLOAD_BLOCKS + 1;
		frame_system::Pallet::<T>::set_block_number(late.into());

		#[block]
		{
			Pallet::<T>::prune_uploads(frame_support::weights::Weight::MAX);
		}

		assert_eq!(Uploads::<T>::iter_keys().count(), 0);
		Ok(())
	}

	// A manifest as long as one can be, and a program with as many ports.
	#[benchmark]
	fn look_up() -> Result<(), BenchmarkError> {
		let owner: AccountId = account("owner", 0, 0);
		let model = make_program::<T>(&owner, &widest_package());
		lengthen_manifest::<T>(&owner, &model);
		let stored;

		#[block]
		{
			stored = <Pallet<T> as Programs>::stored(&model);
		}

		let ports = stored.map(|stored| (stored.inputs.len(), stored.outputs.len()));
		assert_eq!(ports, Some((MAX_PORTS as usize, MAX_PORTS as usize)));
		Ok(())
	}

	#[benchmark]
	fn read_program(n: Linear<1, MAX_PROGRAM_CHUNKS>) -> Result<(), BenchmarkError> {
		let owner: AccountId = account("owner", 0, 0);
		let package = long_package(n);
		let model = make_program::<T>(&owner, &package);
		let stored = <Pallet<T> as Programs>::stored(&model).ok_or("a program is stored")?;
		let mut chunks = Chunks::new();
		let complete;

		#[block]
		{
			let room = chunks.extend(package.len());
			complete = room.is_ok_and(|room| <Pallet<T> as Programs>::read(&stored, room));
		}

		assert!(complete);
		assert!(examine_loaded(chunks, package.len() as u32, sp_io::hashing::blake2_256).is_ok());
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
		crate::mock::ExtBuilder::default().canonical_versions(1).build(),
		crate::mock::Test
	);
}
