//! What must hold after every block.

use crate::{
	ByArtefact, ByProgram, Capacity, CommitmentExpiries, Commitments, Config, ExpiryCursor,
	HoldReason, Inputs, Manifests, ModelRecord, Models, NextUpload, Offers, OldestUpload, Outputs,
	Pallet, ProgramChunks, ServedBy, Servers, StoredPrograms, UploadOwners, Uploads, MAX_PRICE,
};
use alloc::collections::{BTreeMap, BTreeSet};
use countersign_primitives::{
	model::{Manifest, ModelId},
	tensor::max_encoded_bytes,
	traits::Contributors,
	AccountId, Balance,
};
use countersign_programs::examine;
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks the invariants of this pallet.
	///
	/// 1. Record, manifest, inputs, outputs and vector of a model exist together and agree.
	/// 2. What is held of each owner is the sum of its models' deposits.
	/// 3. The first model of an artefact or a program is known, and every other model with it names
	///    the first as a parent.
	/// 4. Prices are at most the highest; an announced one is above the present one.
	/// 5. Offers are for models that exist, and not to their owners.
	/// 6. [`Servers`] and [`ServedBy`] mirror each other, sorted, without empty entries.
	/// 7. No capacity is stored as zero.
	/// 8. Uploads and their owners mirror each other, their chunks are as many as they say, and
	///    none is older than the oldest.
	/// 9. Every stored program is complete, and examining it shows what its record says.
	/// 10. There is no chunk of nothing.
	/// 11. What is held of each account for programs is the sum of its uploads' and programs'
	///     deposits.
	/// 12. Commitments are in the buckets in which they expire, no bucket holds another account, and
	///     what is held of each account for them is the sum of their deposits.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut deposits = BTreeMap::<AccountId, Balance>::new();
		for (model, record) in Models::<T>::iter() {
			let manifest = Manifests::<T>::get(model).ok_or("1. a model without manifest")?;
			Self::check_agreement(&model, &record, &manifest)?;
			Self::check_first(&model, &manifest)?;
			let held = deposits.entry(record.owner.clone()).or_default();
			*held = held.saturating_add(record.deposit);
			ensure!(record.price.current <= MAX_PRICE, "4. a price above the highest");
			if let Some((next, _)) = record.price.next {
				ensure!(
					next > record.price.current && next <= MAX_PRICE,
					"4. an announced price is not a rise"
				);
			}
			if let Some(to) = Offers::<T>::get(model) {
				ensure!(to != record.owner, "5. a model is offered to its owner");
			}
		}
		let models = Models::<T>::iter_keys().count();
		ensure!(Manifests::<T>::iter_keys().count() == models, "1. a manifest without model");
		ensure!(Inputs::<T>::iter_keys().count() == models, "1. inputs without model");
		ensure!(Outputs::<T>::iter_keys().count() == models, "1. outputs without model");
		for (owner, deposit) in deposits {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Registration.into(), &owner) == deposit,
				"2. what is held is not the sum of deposits"
			);
		}
		for (sha256, model) in ByArtefact::<T>::iter() {
			ensure!(
				Manifests::<T>::get(model).is_some_and(|first| first.artefact.sha256 == sha256),
				"3. the first model of an artefact has another"
			);
		}
		for (root, model) in ByProgram::<T>::iter() {
			ensure!(
				Manifests::<T>::get(model)
					.and_then(|first| first.program)
					.is_some_and(|program| program.root == root),
				"3. the first model of a program has another"
			);
		}
		for model in Offers::<T>::iter_keys() {
			ensure!(Models::<T>::contains_key(model), "5. an offer for no model");
		}
		Self::check_servers()?;
		ensure!(Capacity::<T>::iter_values().all(|macs| macs > 0), "7. a capacity of zero");
		Self::check_commitments()?;
		Self::check_programs()
	}

	fn check_programs() -> Result<(), TryRuntimeError> {
		let mut deposits = BTreeMap::<AccountId, Balance>::new();
		let mut add = |who: &AccountId, deposit: Balance| {
			let held = deposits.entry(who.clone()).or_default();
			*held = held.saturating_add(deposit);
		};
		let mut ids = BTreeSet::new();
		for (model, who, upload) in Uploads::<T>::iter() {
			ensure!(
				UploadOwners::<T>::get(upload.id) == Some((model, who.clone())),
				"8. an upload is not its owner's"
			);
			ensure!(
				(OldestUpload::<T>::get()..NextUpload::<T>::get()).contains(&upload.id),
				"8. an upload out of order"
			);
			ensure!(
				ProgramChunks::<T>::iter_key_prefix(upload.id).count() as u64
					== u64::from(upload.received),
				"8. an upload has not the chunks that it counts"
			);
			add(&who, upload.deposit);
			ids.insert(upload.id);
		}
		ensure!(UploadOwners::<T>::iter_keys().count() == ids.len(), "8. an owner of no upload");
		for (root, record) in StoredPrograms::<T>::iter() {
			let package = Self::program_package(&root).ok_or("9. a stored program has gaps")?;
			ensure!(
				examine(&package).as_ref() == Ok(&record.summary) && record.summary.root == root,
				"9. a stored program is not what its record says"
			);
			add(&record.depositor, record.deposit);
			ensure!(ids.insert(record.id), "9. two packages under one number");
		}
		for (id, _) in ProgramChunks::<T>::iter_keys() {
			ensure!(ids.contains(&id), "10. a chunk of nothing");
		}
		for (who, deposit) in deposits {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Program.into(), &who) == deposit,
				"11. what is held is not the sum of programs' deposits"
			);
		}
		Ok(())
	}

	fn check_commitments() -> Result<(), TryRuntimeError> {
		let mut buckets = BTreeSet::new();
		for (owner, all) in Commitments::<T>::iter() {
			ensure!(!all.is_empty(), "12. an empty list of commitments");
			let mut deposit: Balance = 0;
			for each in &all {
				ensure!(
					CommitmentExpiries::<T>::contains_key(each.last_block(), &owner),
					"12. a commitment would never expire"
				);
				buckets.insert((each.last_block(), owner.clone()));
				deposit = deposit.saturating_add(each.deposit);
			}
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Commitment.into(), &owner) == deposit,
				"12. what is held is not the sum of commitments' deposits"
			);
		}
		let planned: BTreeSet<_> = CommitmentExpiries::<T>::iter_keys().collect();
		ensure!(planned == buckets, "12. a bucket for no commitment");
		ensure!(
			planned.iter().all(|(bucket, _)| *bucket >= ExpiryCursor::<T>::get()),
			"12. a bucket is passed over"
		);
		Ok(())
	}

	fn check_agreement(
		model: &ModelId,
		record: &ModelRecord,
		manifest: &Manifest,
	) -> Result<(), TryRuntimeError> {
		ensure!(manifest.check().is_ok(), "1. a manifest is not in order");
		ensure!(
			Inputs::<T>::get(model).as_ref() == Some(&manifest.inputs)
				&& Outputs::<T>::get(model).as_ref() == Some(&manifest.outputs),
			"1. ports are not the manifest's"
		);
		let version = manifest.program.as_ref().map(|program| program.canonical_version);
		ensure!(
			record.macs == manifest.cost.macs
				&& record.canonical_version == version
				&& Some(record.input_bytes) == max_encoded_bytes(&manifest.inputs),
			"1. a record is not what the manifest says"
		);
		ensure!(T::Contributors::commitment(model).is_some(), "1. a model without vector");
		Ok(())
	}

	fn check_first(model: &ModelId, manifest: &Manifest) -> Result<(), TryRuntimeError> {
		let known = |first: Option<ModelId>| {
			first.is_some_and(|first| {
				first == *model || manifest.parents.iter().any(|parent| parent.model == first)
			})
		};
		ensure!(
			known(ByArtefact::<T>::get(manifest.artefact.sha256)),
			"3. a copy of an artefact does not name the first"
		);
		if let Some(program) = &manifest.program {
			ensure!(
				known(ByProgram::<T>::get(program.root)),
				"3. a copy of a program does not name the first"
			);
		}
		Ok(())
	}

	fn check_servers() -> Result<(), TryRuntimeError> {
		for (model, servers) in Servers::<T>::iter() {
			ensure!(Models::<T>::contains_key(model), "6. servers of no model");
			ensure!(!servers.is_empty(), "6. an empty list of servers");
			ensure!(servers.windows(2).all(|pair| pair[0] < pair[1]), "6. servers out of order");
			for validator in &servers {
				ensure!(
					ServedBy::<T>::get(validator).contains(&model),
					"6. a server does not know its model"
				);
			}
		}
		for (_, models) in ServedBy::<T>::iter() {
			ensure!(!models.is_empty(), "6. an empty list of models");
			ensure!(models.windows(2).all(|pair| pair[0] < pair[1]), "6. models out of order");
		}
		let served: usize = ServedBy::<T>::iter_values().map(|models| models.len()).sum();
		let serving: usize = Servers::<T>::iter_values().map(|servers| servers.len()).sum();
		ensure!(served == serving, "6. a model does not know its server");
		Ok(())
	}
}
