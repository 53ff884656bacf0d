//! Programs on chain: how their packages come in by chunks, are examined, read and dropped.

use crate::{
	Config, Error, Event, HoldReason, Manifests, Models, NextUpload, OldestUpload, Pallet,
	ProgramChunks, StoredPrograms, UploadOwners, Uploads, WeightInfo,
};
use alloc::vec::Vec;
use codec::{Compact, CompactLen, Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use countersign_primitives::{
	model::{Manifest, ModelId, ModelStatus, ProgramRef},
	program::{
		PackageError, ProgramSummary, MAX_PROGRAM_CHUNKS, MAX_STORED_BYTES, PROGRAM_CHUNK_BYTES,
	},
	traits::{Programs, StoredProgram},
	AccountId, Balance, BlockNumber, Hash,
};
use countersign_programs::{examine_loaded, fits, Chunks};
use frame_support::{
	ensure,
	traits::{fungible::MutateHold, tokens::Precision, ConstU32, Get},
	weights::Weight,
	BoundedVec,
};
use scale_info::TypeInfo;
use sp_runtime::{DispatchError, DispatchResult};

/// The blocks that an upload has from its beginning; what is unfinished then is removed.
pub const UPLOAD_BLOCKS: BlockNumber = 1_800;
/// The most finished or aborted uploads that one block passes over on its way to the oldest.
pub const MAX_UPLOADS_PASSED: u32 = 16;

/// Items beside the chunks: upload or record, owner, hold.
const ITEMS_PER_PROGRAM: Balance = 3;
/// The longest that record and summary get.
const BYTES_PER_PROGRAM: Balance = 2_048;

/// Part of a package.
pub type Chunk = BoundedVec<u8, ConstU32<PROGRAM_CHUNK_BYTES>>;

/// A package on its way in.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Upload {
	/// Its number among all uploads; the chunks are under it.
	pub id: u64,
	/// The root that it must turn out to have.
	pub root: Hash,
	/// The length of the package in bytes.
	pub length: u32,
	/// The chunks that are there.
	pub received: u32,
	/// What is held of the uploader's balance.
	pub deposit: Balance,
	/// The last block in which it may be finished.
	pub expires: BlockNumber,
}

/// A stored program.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ProgramRecord {
	/// What examining its package showed.
	pub summary: ProgramSummary,
	/// The number of its upload; the chunks are under it.
	pub id: u64,
	/// Whose balance is held for it, and who may drop it.
	pub depositor: AccountId,
	/// What is held.
	pub deposit: Balance,
	/// The first block in which it may be called.
	pub callable_from: BlockNumber,
}

/// The chunks of a package.
pub const fn chunk_count(length: u32) -> u32 {
	length.div_ceil(PROGRAM_CHUNK_BYTES)
}

/// The length of one chunk of a package; 0 where there is none.
const fn chunk_length(length: u32, index: u32) -> u32 {
	let start = index.saturating_mul(PROGRAM_CHUNK_BYTES);
	let left = length.saturating_sub(start);
	if left < PROGRAM_CHUNK_BYTES {
		left
	} else {
		PROGRAM_CHUNK_BYTES
	}
}

impl<T> From<PackageError> for Error<T> {
	fn from(error: PackageError) -> Self {
		match error {
			PackageError::TooLong => Self::BadProgramLength,
			PackageError::Malformed => Self::ProgramMalformed,
			PackageError::UnknownVersion => Self::UnknownCanonicalVersion,
			PackageError::TooMany => Self::ProgramTooManyTensors,
			PackageError::Declaration => Self::ProgramTensorTooLarge,
			PackageError::Dangling => Self::ProgramDangling,
			PackageError::Misfit => Self::ProgramMisfit,
			PackageError::Constant => Self::BadConstant,
			PackageError::Memory => Self::ProgramTakesTooMuch,
		}
	}
}

impl<T: Config> Pallet<T> {
	/// The deposit for a package of `length` bytes.
	pub fn program_deposit(length: u32) -> Balance {
		let items = ITEMS_PER_PROGRAM.saturating_add(chunk_count(length).into());
		let bytes = BYTES_PER_PROGRAM.saturating_add(length.into());
		T::DepositPerItem::get()
			.saturating_mul(items)
			.saturating_add(T::DepositPerByte::get().saturating_mul(bytes))
	}

	pub(crate) fn do_begin_program(who: AccountId, model: ModelId, length: u32) -> DispatchResult {
		let record = Models::<T>::get(model).ok_or(Error::<T>::UnknownModel)?;
		ensure!(record.status == ModelStatus::Active, Error::<T>::Retired);
		let ProgramRef { root, .. } = Manifests::<T>::get(model)
			.and_then(|manifest| manifest.program)
			.ok_or(Error::<T>::NoProgram)?;
		ensure!((1..=MAX_STORED_BYTES).contains(&length), Error::<T>::BadProgramLength);
		ensure!(!StoredPrograms::<T>::contains_key(root), Error::<T>::ProgramStored);
		ensure!(!Uploads::<T>::contains_key(model, &who), Error::<T>::UploadBegun);
		let deposit = Self::program_deposit(length);
		T::Currency::hold(&HoldReason::Program.into(), &who, deposit)?;
		let id = NextUpload::<T>::mutate(|next| {
			let id = *next;
			*next = next.saturating_add(1);
			id
		});
		let expires = Self::now().saturating_add(UPLOAD_BLOCKS);
		UploadOwners::<T>::insert(id, (model, who.clone()));
		Uploads::<T>::insert(
			model,
			&who,
			Upload { id, root, length, received: 0, deposit, expires },
		);
		Self::deposit_event(Event::ProgramBegun { model, who, root, length, deposit, expires });
		Ok(())
	}

	/// An upload that is not too late.
	fn open_upload(model: &ModelId, who: &AccountId) -> Result<Upload, DispatchError> {
		let upload = Uploads::<T>::get(model, who).ok_or(Error::<T>::NoUpload)?;
		ensure!(Self::now() <= upload.expires, Error::<T>::UploadExpired);
		Ok(upload)
	}

	pub(crate) fn do_put_program_chunk(
		who: AccountId,
		model: ModelId,
		index: u32,
		bytes: Chunk,
	) -> DispatchResult {
		let mut upload = Self::open_upload(&model, &who)?;
		let length = chunk_length(upload.length, index);
		ensure!(length > 0 && bytes.len() as u64 == u64::from(length), Error::<T>::BadChunk);
		ensure!(!ProgramChunks::<T>::contains_key(upload.id, index), Error::<T>::ChunkThere);
		ProgramChunks::<T>::insert(upload.id, index, bytes);
		upload.received = upload.received.saturating_add(1);
		Uploads::<T>::insert(model, &who, upload);
		Ok(())
	}

	/// Returns the number of chunks.
	pub(crate) fn do_finish_program(who: AccountId, model: ModelId) -> Result<u32, DispatchError> {
		let upload = Self::open_upload(&model, &who)?;
		let chunks = chunk_count(upload.length);
		ensure!(upload.received == chunks, Error::<T>::ProgramIncomplete);
		// Somebody else may have been faster.
		ensure!(!StoredPrograms::<T>::contains_key(upload.root), Error::<T>::ProgramStored);
		let manifest = Manifests::<T>::get(model).ok_or(Error::<T>::UnknownModel)?;
		let package = Self::load(upload.id, upload.length).ok_or(Error::<T>::ProgramIncomplete)?;
		let summary = examine_loaded(package, upload.length, sp_io::hashing::blake2_256)
			.map_err(Error::<T>::from)?;
		Self::check_program(&manifest, &upload.root, &summary)?;

		Uploads::<T>::remove(model, &who);
		UploadOwners::<T>::remove(upload.id);
		Self::deposit_event(Event::ProgramStored {
			root: upload.root,
			model,
			depositor: who.clone(),
			weighted_macs: summary.weighted_macs,
			slabs: summary.slabs,
		});
		StoredPrograms::<T>::insert(
			upload.root,
			ProgramRecord {
				summary,
				id: upload.id,
				depositor: who,
				deposit: upload.deposit,
				callable_from: Self::now().saturating_add(1),
			},
		);
		Ok(chunks)
	}

	/// Whether a program is the one that a manifest speaks of.
	fn check_program(manifest: &Manifest, root: &Hash, summary: &ProgramSummary) -> DispatchResult {
		ensure!(summary.root == *root, Error::<T>::WrongProgramRoot);
		let declared = manifest.program.as_ref().map(|program| program.canonical_version);
		ensure!(declared == Some(summary.version), Error::<T>::UnknownCanonicalVersion);
		ensure!(
			fits(summary, &manifest.inputs, &manifest.outputs, &manifest.policies),
			Error::<T>::ProgramPortsMismatch
		);
		ensure!(summary.weighted_macs <= manifest.cost.macs, Error::<T>::CostBelowProgram);
		Ok(())
	}

	/// Returns the number of chunks.
	pub(crate) fn do_abort_program(who: AccountId, model: ModelId) -> Result<u32, DispatchError> {
		let upload = Uploads::<T>::get(model, &who).ok_or(Error::<T>::NoUpload)?;
		let chunks = chunk_count(upload.length);
		Self::remove_upload(model, who, upload)?;
		Ok(chunks)
	}

	fn remove_upload(model: ModelId, who: AccountId, upload: Upload) -> DispatchResult {
		Self::remove_chunks(upload.id, upload.length);
		T::Currency::release(&HoldReason::Program.into(), &who, upload.deposit, Precision::Exact)?;
		Uploads::<T>::remove(model, &who);
		UploadOwners::<T>::remove(upload.id);
		Self::deposit_event(Event::ProgramAborted { model, who, deposit: upload.deposit });
		Ok(())
	}

	/// Returns the number of chunks.
	pub(crate) fn do_drop_program(who: AccountId, root: Hash) -> Result<u32, DispatchError> {
		let record = StoredPrograms::<T>::get(root).ok_or(Error::<T>::NoProgram)?;
		ensure!(record.depositor == who, Error::<T>::NotDepositor);
		let length = record.summary.length;
		Self::remove_chunks(record.id, length);
		T::Currency::release(&HoldReason::Program.into(), &who, record.deposit, Precision::Exact)?;
		StoredPrograms::<T>::remove(root);
		Self::deposit_event(Event::ProgramDropped { root, who, deposit: record.deposit });
		Ok(chunk_count(length))
	}

	fn remove_chunks(id: u64, length: u32) {
		for index in 0..chunk_count(length).min(MAX_PROGRAM_CHUNKS) {
			ProgramChunks::<T>::remove(id, index);
		}
	}

	/// Reads a chunk into `part`. `false` if it is not there or has another length.
	fn read_chunk(id: u64, index: u32, part: &mut [u8]) -> bool {
		let key = ProgramChunks::<T>::hashed_key_for(id, index);
		let length = part.len() as u32;
		// What is stored has its length in front.
		let prefix = Compact::<u32>::compact_len(&length) as u32;
		sp_io::storage::read(&key, part, prefix) == Some(length)
	}

	/// Gives the chunks of a package to `put`, one after the other.
	fn each_chunk(id: u64, length: u32, put: &mut dyn FnMut(&[u8]) -> bool) -> bool {
		let mut buffer = alloc::vec![0; PROGRAM_CHUNK_BYTES as usize];
		(0..chunk_count(length).min(MAX_PROGRAM_CHUNKS)).all(|index| {
			let part = buffer.get_mut(..chunk_length(length, index) as usize);
			part.is_some_and(|part| Self::read_chunk(id, index, part) && put(part))
		})
	}

	/// Puts a package together in a slab.
	fn load(id: u64, length: u32) -> Option<Chunks> {
		let mut chunks = Chunks::new();
		Self::each_chunk(id, length, &mut |chunk| chunks.push(chunk).is_ok()).then_some(chunks)
	}

	/// Removes the oldest upload if it has expired, at most one in a block, and gives the deposit
	/// back. Uploads expire in the order of their numbers.
	pub(crate) fn prune_uploads(remaining: Weight) -> Weight {
		if remaining.any_lt(T::WeightInfo::prune_upload(MAX_PROGRAM_CHUNKS)) {
			return Weight::zero();
		}
		let (first, next) = (OldestUpload::<T>::get(), NextUpload::<T>::get());
		let mut oldest = first;
		let mut chunks = 0;
		for _ in 0..MAX_UPLOADS_PASSED {
			if oldest >= next {
				break;
			}
			if let Some((model, who)) = UploadOwners::<T>::get(oldest) {
				let Some(upload) = Uploads::<T>::get(model, &who) else {
					frame_support::defensive!("an upload's owner has it");
					break;
				};
				if Self::now() <= upload.expires {
					break;
				}
				chunks = chunk_count(upload.length);
				if Self::remove_upload(model, who, upload).is_err() {
					frame_support::defensive!("what was held can be released");
				}
				oldest = oldest.saturating_add(1);
				break;
			}
			oldest = oldest.saturating_add(1);
		}
		if oldest != first {
			OldestUpload::<T>::put(oldest);
		}
		T::WeightInfo::prune_upload(chunks)
	}

	/// The package of a stored program.
	pub fn program_package(root: &Hash) -> Option<Vec<u8>> {
		let record = StoredPrograms::<T>::get(root)?;
		let mut package = Vec::with_capacity(record.summary.length as usize);
		let complete = Self::each_chunk(record.id, record.summary.length, &mut |chunk| {
			package.extend_from_slice(chunk);
			true
		});
		complete.then_some(package)
	}

	/// The record of a model's program, if it is stored.
	pub fn program_record(model: &ModelId) -> Option<ProgramRecord> {
		StoredPrograms::<T>::get(Manifests::<T>::get(model)?.program?.root)
	}
}

impl<T: Config> Programs for Pallet<T> {
	fn stored(model: &ModelId) -> Option<StoredProgram> {
		let manifest = Manifests::<T>::get(model)?;
		let program = manifest.program.as_ref()?;
		let record = StoredPrograms::<T>::get(program.root)?;
		let fits = Self::check_program(&manifest, &program.root, &record.summary).is_ok();
		(fits && record.callable_from <= Self::now()).then(|| StoredProgram {
			summary: record.summary,
			policies: manifest.policies.into_inner(),
			inputs: manifest.inputs.into_inner(),
			outputs: manifest.outputs.into_inner(),
			package: record.id,
		})
	}

	fn read(stored: &StoredProgram, into: &mut [u8]) -> bool {
		let fits = into.len() == stored.summary.length as usize;
		fits && into
			.chunks_mut(PROGRAM_CHUNK_BYTES as usize)
			.zip(0u32..)
			.all(|(part, index)| Self::read_chunk(stored.package, index, part))
	}

	fn read_chunks(root: &Hash, put: &mut dyn FnMut(&[u8]) -> bool) -> bool {
		StoredPrograms::<T>::get(root)
			.is_some_and(|record| Self::each_chunk(record.id, record.summary.length, put))
	}

	fn look_up_weight() -> Weight {
		T::WeightInfo::look_up()
	}

	fn package_weight(length: u32) -> Weight {
		let chunks = chunk_count(length);
		// The last chunk is shorter than those that were measured.
		let missing = chunks.saturating_mul(PROGRAM_CHUNK_BYTES).saturating_sub(length);
		T::WeightInfo::read_program(chunks).saturating_sub(Weight::from_parts(0, missing.into()))
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn make_program(owner: &AccountId, package: &[u8]) -> ModelId {
		crate::benchmarking::make_program::<T>(owner, package)
	}
}
