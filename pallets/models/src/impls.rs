//! What the calls, other pallets and the runtime APIs do.

use crate::{
	ByArtefact, ByProgram, Capacity, Config, Error, Event, HoldReason, Inputs, Manifests,
	ModelRecord, Models, Offers, Outputs, Pallet, ServedBy, Servers, WeightInfo, MAX_PRICE,
};
use alloc::vec::Vec;
use codec::Encode;
use countersign_primitives::{
	apis::ServingView,
	attribution::VectorEntry,
	model::{
		registration_commitment, ArtefactHash, Manifest, ManifestError, ModelId, ModelStatus,
		ModelView, Price, ProgramRef, MAX_SERVED,
	},
	tensor::{check_signature, max_encoded_bytes, Tensor, TensorError},
	traits::{self, Bonds, Contributors, ModelTerms, RequestRules},
	AccountId, Balance, BlockNumber, Hash, Macs,
};
use frame_support::{
	ensure,
	traits::{fungible::MutateHold, tokens::Precision, Get},
	weights::Weight,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{
	traits::{SaturatedConversion, Zero},
	DispatchError, DispatchResult,
};

/// The most models that one query returns.
pub const MAX_MODELS_PAGE: u32 = 100;

/// The storage items that every model takes: record, manifest, inputs, outputs, servers, offer,
/// artefact, program, vector, credit.
const ITEMS_PER_MODEL: Balance = 10;
/// Right and owner's index.
const ITEMS_PER_CONTRIBUTOR: Balance = 2;
/// Index and claim.
const ITEMS_PER_VECTOR_ENTRY: Balance = 2;

impl<T> From<ManifestError> for Error<T> {
	fn from(error: ManifestError) -> Self {
		match error {
			ManifestError::BadText => Self::BadText,
			ManifestError::ArtefactLength => Self::BadArtefactLength,
			ManifestError::NoPorts => Self::NoPorts,
			ManifestError::PortName => Self::BadPortName,
			ManifestError::DimensionRange => Self::BadDimensionRange,
			ManifestError::InputTooLarge => Self::InputTooLarge,
			ManifestError::OutputTooLarge => Self::OutputTooLarge,
			ManifestError::Policies => Self::BadPolicies,
			ManifestError::Cost => Self::BadCost,
			ManifestError::Shares => Self::BadShares,
			ManifestError::Royalties => Self::BadRoyalties,
		}
	}
}

impl<T: Config> Pallet<T> {
	pub(crate) fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// The deposit for a model with this manifest and vector.
	pub fn deposit(manifest: &Manifest, vector: &[VectorEntry]) -> Balance {
		let count = |length: usize| Balance::from(u32::try_from(length).unwrap_or(u32::MAX));
		let items = ITEMS_PER_MODEL
			.saturating_add(
				ITEMS_PER_CONTRIBUTOR.saturating_mul(count(manifest.contributors.len())),
			)
			.saturating_add(ITEMS_PER_VECTOR_ENTRY.saturating_mul(count(vector.len())));
		// Ports are stored twice.
		let bytes = count(manifest.encoded_size())
			.saturating_add(count(manifest.inputs.encoded_size()))
			.saturating_add(count(manifest.outputs.encoded_size()))
			.saturating_add(count(vector.encoded_size()));
		T::DepositPerItem::get()
			.saturating_mul(items)
			.saturating_add(T::DepositPerByte::get().saturating_mul(bytes))
	}

	pub(crate) fn do_register(
		owner: AccountId,
		manifest: Manifest,
		price: Balance,
	) -> Result<ModelId, DispatchError> {
		manifest.check().map_err(Error::<T>::from)?;
		ensure!(price <= MAX_PRICE, Error::<T>::PriceTooHigh);
		if let Some(ProgramRef { canonical_version, .. }) = manifest.program {
			ensure!(
				(1..=T::CanonicalVersions::get()).contains(&canonical_version),
				Error::<T>::UnknownCanonicalVersion
			);
		}
		let (model, _) = Self::registration(&owner, &manifest);
		ensure!(!Models::<T>::contains_key(model), Error::<T>::AlreadyRegistered);
		for parent in &manifest.parents {
			ensure!(Models::<T>::contains_key(parent.model), Error::<T>::UnknownParent);
		}
		Self::index_first(&model, &manifest)?;

		let vector = T::Contributors::register(&model, &manifest.contributors, &manifest.parents)?;
		let deposit = Self::deposit(&manifest, &vector);
		T::Currency::hold(&HoldReason::Registration.into(), &owner, deposit)?;

		Models::<T>::insert(
			model,
			ModelRecord {
				owner: owner.clone(),
				status: ModelStatus::Active,
				price: Price { current: price, next: None },
				registered_at: Self::now(),
				macs: manifest.cost.macs,
				input_bytes: max_encoded_bytes(&manifest.inputs)
					.ok_or(Error::<T>::InputTooLarge)?,
				canonical_version: manifest.program.as_ref().map(|it| it.canonical_version),
				deposit,
			},
		);
		Inputs::<T>::insert(model, &manifest.inputs);
		Outputs::<T>::insert(model, &manifest.outputs);
		let artefact = manifest.artefact.sha256;
		Manifests::<T>::insert(model, manifest);
		Self::deposit_event(Event::Registered { owner, model, artefact, price, deposit });
		Ok(model)
	}

	/// Notes who was first with an artefact and a program; whoever comes later must name it.
	fn index_first(model: &ModelId, manifest: &Manifest) -> DispatchResult {
		let names = |first: &ModelId| manifest.parents.iter().any(|parent| parent.model == *first);
		match ByArtefact::<T>::get(manifest.artefact.sha256) {
			Some(first) => ensure!(names(&first), Error::<T>::ArtefactNeedsParent),
			None => ByArtefact::<T>::insert(manifest.artefact.sha256, model),
		}
		if let Some(program) = &manifest.program {
			match ByProgram::<T>::get(program.root) {
				Some(first) => ensure!(names(&first), Error::<T>::ProgramNeedsParent),
				None => ByProgram::<T>::insert(program.root, model),
			}
		}
		Ok(())
	}

	/// The record of a model, if `who` owns it.
	fn owned(who: &AccountId, model: &ModelId) -> Result<ModelRecord, DispatchError> {
		let record = Models::<T>::get(model).ok_or(Error::<T>::UnknownModel)?;
		ensure!(record.owner == *who, Error::<T>::NotOwner);
		Ok(record)
	}

	pub(crate) fn do_set_price(who: AccountId, model: ModelId, new: Balance) -> DispatchResult {
		let mut record = Self::owned(&who, &model)?;
		ensure!(record.status == ModelStatus::Active, Error::<T>::Retired);
		ensure!(new <= MAX_PRICE, Error::<T>::PriceTooHigh);
		let now = Self::now();
		let current = record.price.at(now);
		record.price = if new <= current {
			Price { current: new, next: None }
		} else {
			let notice = T::RequestRules::parameters().price_notice_blocks;
			Price { current, next: Some((new, now.saturating_add(notice))) }
		};
		let price = record.price.clone();
		Models::<T>::insert(model, record);
		Self::deposit_event(Event::PriceSet { model, price });
		Ok(())
	}

	pub(crate) fn do_offer_transfer(
		who: AccountId,
		model: ModelId,
		to: Option<AccountId>,
	) -> DispatchResult {
		Self::owned(&who, &model)?;
		ensure!(to.as_ref() != Some(&who), Error::<T>::AlreadyOwner);
		Offers::<T>::set(model, to.clone());
		Self::deposit_event(Event::TransferOffered { model, to });
		Ok(())
	}

	pub(crate) fn do_accept_transfer(who: AccountId, model: ModelId) -> DispatchResult {
		let mut record = Models::<T>::get(model).ok_or(Error::<T>::UnknownModel)?;
		ensure!(Offers::<T>::take(model).as_ref() == Some(&who), Error::<T>::NotOffered);
		let reason = HoldReason::Registration.into();
		T::Currency::hold(&reason, &who, record.deposit)?;
		T::Currency::release(&reason, &record.owner, record.deposit, Precision::Exact)?;
		let from = core::mem::replace(&mut record.owner, who.clone());
		Models::<T>::insert(model, record);
		Self::deposit_event(Event::Transferred { model, from, to: who });
		Ok(())
	}

	pub(crate) fn do_retire(who: AccountId, model: ModelId) -> DispatchResult {
		let mut record = Self::owned(&who, &model)?;
		ensure!(record.status == ModelStatus::Active, Error::<T>::Retired);
		record.status = ModelStatus::Retired;
		Models::<T>::insert(model, record);
		Self::deposit_event(Event::Retired { model });
		Ok(())
	}

	pub(crate) fn do_serve(who: AccountId, model: ModelId) -> DispatchResult {
		ensure!(T::Bonds::is_validator(&who), Error::<T>::NotValidator);
		let record = Models::<T>::get(model).ok_or(Error::<T>::UnknownModel)?;
		ensure!(record.status == ModelStatus::Active, Error::<T>::Retired);
		Self::add_server(&who, &model)?;
		Self::deposit_event(Event::ServingStarted { validator: who, model });
		Ok(())
	}

	pub(crate) fn add_server(who: &AccountId, model: &ModelId) -> DispatchResult {
		Servers::<T>::try_mutate(model, |servers| -> DispatchResult {
			let Err(place) = servers.binary_search(who) else {
				return Err(Error::<T>::AlreadyServing.into());
			};
			servers.try_insert(place, who.clone()).map_err(|_| Error::<T>::TooManyServers.into())
		})?;
		ServedBy::<T>::try_mutate(who, |models| -> DispatchResult {
			let Err(place) = models.binary_search(model) else {
				return Err(Error::<T>::AlreadyServing.into());
			};
			models.try_insert(place, *model).map_err(|_| Error::<T>::TooManyModels.into())
		})
	}

	pub(crate) fn do_stop_serving(who: AccountId, model: ModelId) -> DispatchResult {
		let mut models = ServedBy::<T>::get(&who);
		let Ok(place) = models.binary_search(&model) else {
			return Err(Error::<T>::NotServing.into());
		};
		models.remove(place);
		if models.is_empty() {
			ServedBy::<T>::remove(&who);
		} else {
			ServedBy::<T>::insert(&who, models);
		}
		Self::remove_server(&who, &model);
		Ok(())
	}

	fn remove_server(who: &AccountId, model: &ModelId) {
		let mut servers = Servers::<T>::get(model);
		if let Ok(place) = servers.binary_search(who) {
			servers.remove(place);
		}
		if servers.is_empty() {
			Servers::<T>::remove(model);
		} else {
			Servers::<T>::insert(model, servers);
		}
		Self::deposit_event(Event::ServingStopped { validator: who.clone(), model: *model });
	}

	pub(crate) fn do_set_capacity(who: AccountId, capacity: Macs) -> DispatchResult {
		if capacity == 0 {
			Capacity::<T>::remove(&who);
		} else {
			ensure!(T::Bonds::is_validator(&who), Error::<T>::NotValidator);
			Capacity::<T>::insert(&who, capacity);
		}
		Self::deposit_event(Event::CapacitySet { validator: who, capacity });
		Ok(())
	}

	/// A model as queries show it.
	pub fn model(id: &ModelId) -> Option<ModelView> {
		let ModelRecord { owner, status, price, registered_at, .. } = Models::<T>::get(id)?;
		Some(ModelView {
			id: *id,
			owner,
			status,
			price,
			registered_at,
			manifest: Manifests::<T>::get(id)?,
			servers: Servers::<T>::get(id).into_inner(),
		})
	}

	/// Up to `limit` models, at most [`MAX_MODELS_PAGE`], after `from` in the order of identifiers.
	pub fn models(from: Option<ModelId>, limit: u32) -> Vec<ModelView> {
		let ids = match from {
			Some(from) => Models::<T>::iter_keys_from_key(from),
			None => Models::<T>::iter_keys(),
		};
		ids.take(limit.min(MAX_MODELS_PAGE) as usize).filter_map(|id| Self::model(&id)).collect()
	}

	/// The identifier of a manifest that `owner` registers, and what is committed to beforehand.
	pub fn registration(owner: &AccountId, manifest: &Manifest) -> (ModelId, Hash) {
		let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		let model = manifest.id(&genesis, owner);
		(model, registration_commitment(&model))
	}

	/// The model first registered for an artefact.
	pub fn model_of_artefact(sha256: &ArtefactHash) -> Option<ModelId> {
		ByArtefact::<T>::get(sha256)
	}

	/// What a validator serves.
	pub fn serving(validator: &AccountId) -> ServingView {
		ServingView {
			models: ServedBy::<T>::get(validator).into_inner(),
			capacity: Capacity::<T>::get(validator),
		}
	}

	/// The manifest of a model.
	pub fn manifest(id: &ModelId) -> Option<Manifest> {
		Manifests::<T>::get(id)
	}

	/// The model first registered for a program root.
	pub fn model_of_program(root: &Hash) -> Option<ModelId> {
		ByProgram::<T>::get(root)
	}
}

impl<T: Config> traits::Models for Pallet<T> {
	fn terms(model: &ModelId, now: BlockNumber) -> Option<ModelTerms> {
		Models::<T>::get(model).map(|record| ModelTerms {
			status: record.status,
			price: record.price.at(now),
			macs: record.macs,
			canonical_version: record.canonical_version,
		})
	}

	fn check_input(model: &ModelId, tensors: &[Tensor]) -> Result<(), TensorError> {
		let ports = Inputs::<T>::get(model).ok_or(TensorError::SignatureMismatch)?;
		check_signature(&ports, tensors)
	}

	fn check_output(model: &ModelId, tensors: &[Tensor]) -> Result<(), TensorError> {
		let ports = Outputs::<T>::get(model).ok_or(TensorError::SignatureMismatch)?;
		check_signature(&ports, tensors)
	}

	fn input_bytes(model: &ModelId) -> u32 {
		Models::<T>::get(model).map_or(0, |record| record.input_bytes)
	}

	fn servers(model: &ModelId) -> Vec<AccountId> {
		Servers::<T>::get(model).into_inner()
	}

	fn capacity(validator: &AccountId) -> Macs {
		Capacity::<T>::get(validator)
	}

	/// One input `x` and one output `y`, both of type `U8` and rank 1: the input of up to
	/// 1,000,000 elements, the output of up to 65,000. The vector is as long as one can be.
	#[cfg(feature = "runtime-benchmarks")]
	fn make_model(owner: &AccountId, servers: &[AccountId]) -> ModelId {
		crate::benchmarking::make_model::<T>(owner, servers)
	}
}

impl<T: Config> traits::Serving for Pallet<T> {
	fn withdraw_all(validator: &AccountId) {
		for model in ServedBy::<T>::take(validator) {
			Self::remove_server(validator, &model);
		}
		Capacity::<T>::remove(validator);
	}

	fn withdraw_all_weight() -> Weight {
		T::WeightInfo::withdraw_all(MAX_SERVED)
	}
}
