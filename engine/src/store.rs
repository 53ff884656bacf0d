//! Artefacts by sha256 and inputs by commitment, on disk.
//!
//! A file's name is its hash, so nothing in here can be wrong for long: content is checked before
//! it gets its name, and again before it is used. Whatever does not have the hash that it is named
//! by is removed and reported as missing; the caller fetches it again. The store never holds more
//! than its capacity: the files used longest ago make room, except those that are [pinned](Pin).
//! Files are written aside, flushed, and then renamed, so that a crash leaves old or new and
//! nothing between.
//!
//! ```
//! use countersign_engine::store::Store;
//! use countersign_primitives::tensor::{Tensor, TensorType};
//! use codec::Encode;
//!
//! let folder = tempfile::tempdir()?;
//! let store = Store::open(folder.path(), 1024 * 1024)?;
//! let input = vec![Tensor { ty: TensorType::U8, shape: vec![3], data: b"abc".to_vec() }];
//! let commitment = store.put_tensors(&input.encode())?;
//! assert_eq!(store.tensors(&commitment)?, Some(input.encode()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod partial;
mod write;

pub use partial::Partial;
pub use write::ArtefactWriter;

use codec::{Decode, Encode};
use countersign_primitives::{
	commitment::tensors_commitment,
	model::ArtefactHash,
	tensor::{decode_tensors, TensorError, MAX_INPUT_BYTES},
	Hash,
};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::{
	collections::HashMap,
	fs::{self, File},
	io::{self, Read, Seek, SeekFrom},
	path::{Path, PathBuf},
	sync::Arc,
	time::SystemTime,
};

/// The most bytes that one [`Store::read`] returns.
pub const MAX_READ_BYTES: u32 = 1024 * 1024;

const LOG: &str = "countersign::store";

/// What the store holds, and what peers ask each other for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Encode, Decode)]
pub enum BlobId {
	/// An artefact, by sha256.
	#[codec(index = 0)]
	Artefact(ArtefactHash),
	/// The encoding of a list of tensors, by its commitment.
	#[codec(index = 1)]
	Tensors(Hash),
}

impl BlobId {
	const KINDS: [&'static str; 2] = ["artefacts", "tensors"];

	fn kind(&self) -> &'static str {
		match self {
			Self::Artefact(_) => "artefacts",
			Self::Tensors(_) => "tensors",
		}
	}

	fn hash(&self) -> [u8; 32] {
		match self {
			Self::Artefact(hash) => *hash,
			Self::Tensors(hash) => hash.0,
		}
	}

	fn from_parts(kind: &str, name: &str) -> Option<Self> {
		let mut hash = [0u8; 32];
		hex::decode_to_slice(name, &mut hash).ok()?;
		// Only the spelling that this module writes.
		if hex::encode(hash) != name {
			return None;
		}
		match kind {
			"artefacts" => Some(Self::Artefact(hash)),
			"tensors" => Some(Self::Tensors(hash.into())),
			_ => None,
		}
	}
}

impl std::fmt::Display for BlobId {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(f, "{}/{}", self.kind(), hex::encode(self.hash()))
	}
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
	/// The file system.
	#[error("{path}: {source}")]
	Io {
		/// The file or folder.
		path: PathBuf,
		/// What happened.
		source: io::Error,
	},
	/// The content does not have the hash or length that was promised.
	#[error("content is not {0}")]
	WrongContent(BlobId),
	/// The bytes are not the encoding of a list of tensors.
	#[error("not a list of tensors: {0:?}")]
	NotTensors(TensorError),
	/// An input longer than [`MAX_INPUT_BYTES`].
	#[error("input of {0} bytes, at most {MAX_INPUT_BYTES} allowed")]
	TooLarge(u64),
	/// Everything else in the store is pinned or being written.
	#[error("no room for {wanted} bytes: capacity {capacity}, of which {fixed} cannot be evicted")]
	Full {
		/// What was asked for.
		wanted: u64,
		/// The capacity.
		capacity: u64,
		/// What is pinned or being written.
		fixed: u64,
	},
}

impl StoreError {
	fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
		move |source| Self::Io { path: path.to_path_buf(), source }
	}
}

#[derive(Debug)]
struct Entry {
	length: u64,
	/// Grows with every use.
	used: u64,
	pins: u32,
	/// Length and time of change when the content was last checked by this process.
	checked: Option<(u64, SystemTime)>,
}

/// An artefact of which some chunks are here.
#[derive(Debug)]
struct PartialEntry {
	/// The length of the whole, for which room is kept.
	length: u64,
	used: u64,
	/// Whether it is being fetched now.
	active: bool,
}

#[derive(Debug, Default)]
struct Index {
	entries: HashMap<BlobId, Entry>,
	partials: HashMap<ArtefactHash, PartialEntry>,
	bytes: u64,
	/// Room promised to files that are being written.
	reserved: u64,
	clock: u64,
	temporary: u64,
}

/// Counters of a store.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StoreStats {
	/// Files.
	pub files: u64,
	/// Their bytes.
	pub bytes: u64,
	/// The most bytes that there may be.
	pub capacity: u64,
}

/// The store. Cheap to share; every method may block on the file system.
#[derive(Debug)]
pub struct Store {
	root: PathBuf,
	capacity: u64,
	index: Mutex<Index>,
}

impl Store {
	/// Opens the store in a folder, which is made if it does not exist, and finds again what an
	/// earlier process left there. Evicts down to `capacity` bytes.
	pub fn open(root: impl Into<PathBuf>, capacity: u64) -> Result<Self, StoreError> {
		let root = root.into();
		let temporary = root.join("partial");
		fs::create_dir_all(&temporary).map_err(StoreError::io(&temporary))?;
		// Whatever was being written when an earlier process ended; what a living one writes is
		// locked.
		for file in fs::read_dir(&temporary).map_err(StoreError::io(&temporary))? {
			let path = file.map_err(StoreError::io(&temporary))?.path();
			let orphan = File::open(&path).is_ok_and(|file| file.try_lock().is_ok());
			if orphan {
				fs::remove_file(&path).map_err(StoreError::io(&path))?;
			}
		}
		let mut found = Vec::new();
		for kind in BlobId::KINDS {
			let folder = root.join(kind);
			fs::create_dir_all(&folder).map_err(StoreError::io(&folder))?;
			for file in fs::read_dir(&folder).map_err(StoreError::io(&folder))? {
				let file = file.map_err(StoreError::io(&folder))?;
				let metadata = file.metadata().map_err(StoreError::io(&file.path()))?;
				let name = file.file_name();
				let id = name.to_str().and_then(|name| BlobId::from_parts(kind, name));
				match id.filter(|_| metadata.is_file()) {
					Some(id) => found.push((
						metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
						id,
						metadata.len(),
					)),
					None => {
						tracing::warn!(target: LOG, path = %file.path().display(), "foreign file")
					}
				}
			}
		}
		// The time of change stands for the time of use across restarts.
		found.sort_by_key(|(modified, ..)| *modified);
		let mut index = Index::default();
		for (_, id, length) in found {
			index.clock = index.clock.saturating_add(1);
			index.bytes = index.bytes.saturating_add(length);
			let used = index.clock;
			index.entries.insert(id, Entry { length, used, pins: 0, checked: None });
		}
		partial::find(&root.join("fetching"), &mut index)?;
		let store = Self { root, capacity, index: Mutex::new(index) };
		store.make_room(&mut store.index.lock(), 0)?;
		Ok(store)
	}

	/// How much there is.
	pub fn stats(&self) -> StoreStats {
		let index = self.index.lock();
		StoreStats {
			files: index.entries.values().filter(|entry| entry.length > 0).count() as u64,
			bytes: index.bytes,
			capacity: self.capacity,
		}
	}

	/// The length of a file that is here, whose content may yet turn out to be wrong.
	pub fn length(&self, id: &BlobId) -> Option<u64> {
		// A pin may name what is not here yet.
		self.index.lock().entries.get(id).map(|entry| entry.length).filter(|length| *length > 0)
	}

	/// Keeps a file, here or yet to come, until the pin is dropped.
	pub fn pin(self: &Arc<Self>, id: BlobId) -> Pin {
		let mut index = self.index.lock();
		let entry =
			index.entries.entry(id).or_insert(Entry { length: 0, used: 0, pins: 0, checked: None });
		entry.pins = entry.pins.saturating_add(1);
		drop(index);
		Pin { store: self.clone(), id }
	}

	/// Adds the encoding of a list of tensors and returns its commitment.
	pub fn put_tensors(&self, bytes: &[u8]) -> Result<Hash, StoreError> {
		if bytes.len() > MAX_INPUT_BYTES as usize {
			return Err(StoreError::TooLarge(bytes.len() as u64));
		}
		let tensors = decode_tensors(bytes).map_err(StoreError::NotTensors)?;
		let commitment = tensors_commitment(&tensors);
		let id = BlobId::Tensors(commitment);
		if self.tensors(&commitment)?.is_none() {
			let mut writer = write::Aside::new(self, bytes.len() as u64)?;
			writer.write(bytes)?;
			writer.commit(id)?;
		}
		Ok(commitment)
	}

	/// The encoding of a list of tensors.
	pub fn tensors(&self, commitment: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
		let id = BlobId::Tensors(*commitment);
		let Some(length) = self.find(&id) else { return Ok(None) };
		let path = self.path(&id);
		let mut bytes = Vec::new();
		if length <= u64::from(MAX_INPUT_BYTES) {
			match File::open(&path) {
				// One byte more than there should be shows a file that grew.
				Ok(file) => file
					.take(length.saturating_add(1))
					.read_to_end(&mut bytes)
					.map_err(StoreError::io(&path))?,
				Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
				Err(source) => return Err(StoreError::Io { path, source }),
			};
		}
		let right =
			decode_tensors(&bytes).is_ok_and(|tensors| tensors_commitment(&tensors) == *commitment);
		if !right {
			self.remove_corrupt(&id)?;
			return Ok(None);
		}
		self.touch(&id, None);
		Ok(Some(bytes))
	}

	/// Begins to write an artefact of known hash and length. Reserves the room.
	pub fn artefact_writer(
		self: &Arc<Self>,
		sha256: ArtefactHash,
		length: u64,
	) -> Result<ArtefactWriter, StoreError> {
		ArtefactWriter::new(self.clone(), sha256, length)
	}

	/// Adds a file as an artefact and returns its sha256.
	pub fn import_artefact(self: &Arc<Self>, source: &Path) -> Result<ArtefactHash, StoreError> {
		let mut file = File::open(source).map_err(StoreError::io(source))?;
		let length = file.metadata().map_err(StoreError::io(source))?.len();
		let sha256 = hash_file(&mut file).map_err(StoreError::io(source))?;
		if self.artefact(&sha256)?.is_some() {
			return Ok(sha256);
		}
		file.seek(SeekFrom::Start(0)).map_err(StoreError::io(source))?;
		let mut writer = self.artefact_writer(sha256, length)?;
		let mut buffer = vec![0; 1 << 20];
		loop {
			let read = file.read(&mut buffer).map_err(StoreError::io(source))?;
			match buffer.get(..read) {
				Some(bytes) if read > 0 => writer.write(bytes)?,
				_ => break,
			}
		}
		writer.commit()?;
		Ok(sha256)
	}

	/// Where an artefact lies, its content checked. Pin it before handing the path to anyone.
	pub fn artefact(&self, sha256: &ArtefactHash) -> Result<Option<PathBuf>, StoreError> {
		let id = BlobId::Artefact(*sha256);
		Ok(self.checked_file(&id)?.map(|_| self.path(&id)))
	}

	/// Up to `length` bytes from `offset`, for a peer. Checked as everything else.
	pub fn read(
		&self,
		id: &BlobId,
		offset: u64,
		length: u32,
	) -> Result<Option<Vec<u8>>, StoreError> {
		let length = length.min(MAX_READ_BYTES);
		match id {
			BlobId::Tensors(commitment) => Ok(self.tensors(commitment)?.map(|bytes| {
				let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
				let end = start.saturating_add(length as usize).min(bytes.len());
				bytes.get(start..end).unwrap_or_default().to_vec()
			})),
			BlobId::Artefact(_) => {
				let Some(mut file) = self.checked_file(id)? else { return Ok(None) };
				let path = self.path(id);
				file.seek(SeekFrom::Start(offset)).map_err(StoreError::io(&path))?;
				let mut bytes = Vec::new();
				file.take(length.into()).read_to_end(&mut bytes).map_err(StoreError::io(&path))?;
				Ok(Some(bytes))
			}
		}
	}

	/// Opens an artefact. Hashing gigabytes for every read would be too slow, so a file that has
	/// the length and the time of change of an earlier check passes; the engine process checks
	/// again what it loads.
	fn checked_file(&self, id: &BlobId) -> Result<Option<File>, StoreError> {
		let Some(length) = self.find(id) else { return Ok(None) };
		let path = self.path(id);
		let mut file = match File::open(&path) {
			Ok(file) => file,
			Err(error) if error.kind() == io::ErrorKind::NotFound => {
				self.remove_corrupt(id)?;
				return Ok(None);
			}
			Err(source) => return Err(StoreError::Io { path, source }),
		};
		let state = file_state(&file).map_err(StoreError::io(&path))?;
		let known = self.index.lock().entries.get(id).and_then(|entry| entry.checked);
		if known != Some(state) {
			let right = state.0 == length
				&& hash_file(&mut file).map_err(StoreError::io(&path))? == id.hash();
			if !right {
				self.remove_corrupt(id)?;
				return Ok(None);
			}
			file.seek(SeekFrom::Start(0)).map_err(StoreError::io(&path))?;
		}
		self.touch(id, Some(&file));
		Ok(Some(file))
	}

	/// The length of a file that is here, also where another process put it here: an operator who
	/// imports an artefact need not stop the node.
	fn find(&self, id: &BlobId) -> Option<u64> {
		if let Some(length) = self.length(id) {
			return Some(length);
		}
		let metadata = fs::metadata(self.path(id)).ok()?;
		let length = Some(metadata.len()).filter(|length| metadata.is_file() && *length > 0)?;
		let mut index = self.index.lock();
		index.clock = index.clock.saturating_add(1);
		let used = index.clock;
		let entry =
			index.entries.entry(*id).or_insert(Entry { length: 0, used, pins: 0, checked: None });
		if entry.length == 0 {
			entry.length = length;
			index.bytes = index.bytes.saturating_add(length);
		}
		Some(length)
	}

	fn path(&self, id: &BlobId) -> PathBuf {
		self.root.join(id.kind()).join(hex::encode(id.hash()))
	}

	/// Notes a use, in memory and as the file's time of change, and, for a file that was just
	/// checked, what it looks like now.
	fn touch(&self, id: &BlobId, checked: Option<&File>) {
		let path = self.path(id);
		let now = SystemTime::now();
		// A failure costs nothing but the order of eviction after a restart.
		let state = match File::options().write(true).open(&path) {
			Ok(file) => {
				let _ = file.set_modified(now);
				checked.and_then(|_| file_state(&file).ok())
			}
			Err(_) => checked.and_then(|file| file_state(file).ok()),
		};
		let mut index = self.index.lock();
		index.clock = index.clock.saturating_add(1);
		let used = index.clock;
		if let Some(entry) = index.entries.get_mut(id) {
			entry.used = used;
			if checked.is_some() {
				entry.checked = state;
			}
		}
	}

	fn remove_corrupt(&self, id: &BlobId) -> Result<(), StoreError> {
		tracing::warn!(target: LOG, %id, "content is not what its name says: removed");
		self.remove(&mut self.index.lock(), id)
	}

	fn remove(&self, index: &mut Index, id: &BlobId) -> Result<(), StoreError> {
		let path = self.path(id);
		match fs::remove_file(&path) {
			Err(error) if error.kind() != io::ErrorKind::NotFound => {
				return Err(StoreError::Io { path, source: error })
			}
			_ => {}
		}
		if let Some(entry) = index.entries.get_mut(id) {
			index.bytes = index.bytes.saturating_sub(entry.length);
			entry.length = 0;
			entry.checked = None;
			if entry.pins == 0 {
				index.entries.remove(id);
			}
		}
		Ok(())
	}

	/// Gives a file that lies beside the others its name. The caller has checked and flushed it.
	fn adopt(
		&self,
		index: &mut Index,
		id: BlobId,
		from: &Path,
		file: &File,
		length: u64,
	) -> Result<(), StoreError> {
		let path = self.path(&id);
		fs::rename(from, &path).map_err(StoreError::io(&path))?;
		// The name is in the folder, so the folder has to be flushed as well.
		if let Some(folder) = path.parent() {
			File::open(folder)
				.and_then(|folder| folder.sync_all())
				.map_err(StoreError::io(folder))?;
		}
		index.clock = index.clock.saturating_add(1);
		let used = index.clock;
		let checked = file_state(file).ok();
		let entry =
			index.entries.entry(id).or_insert(Entry { length: 0, used, pins: 0, checked: None });
		let before = std::mem::replace(&mut entry.length, length);
		entry.used = used;
		entry.checked = checked;
		index.bytes = index.bytes.saturating_sub(before).saturating_add(length);
		Ok(())
	}

	/// Evicts until `wanted` more bytes fit: first what was begun to be fetched and then left, then
	/// whole files, in both cases those used longest ago first.
	fn make_room(&self, index: &mut Index, wanted: u64) -> Result<(), StoreError> {
		let active = |index: &Index, active: bool| {
			let partials = index.partials.values().filter(|entry| entry.active || !active);
			partials.fold(0u64, |sum, entry| sum.saturating_add(entry.length))
		};
		let pinned = index.entries.values().filter(|entry| entry.pins > 0);
		let fixed = pinned
			.fold(index.reserved, |sum, entry| sum.saturating_add(entry.length))
			.saturating_add(active(index, true));
		if fixed.saturating_add(wanted) > self.capacity {
			return Err(StoreError::Full { wanted, capacity: self.capacity, fixed });
		}
		loop {
			let taken =
				index.bytes.saturating_add(index.reserved).saturating_add(active(index, false));
			if taken.saturating_add(wanted) <= self.capacity {
				return Ok(());
			}
			let idle = index.partials.iter().filter(|(_, entry)| !entry.active);
			let idle = idle.min_by_key(|(_, entry)| entry.used).map(|(sha256, _)| *sha256);
			if let Some(sha256) = idle {
				self.drop_partial(index, &sha256)?;
				continue;
			}
			let oldest = index
				.entries
				.iter()
				.filter(|(_, entry)| entry.pins == 0 && entry.length > 0)
				.min_by_key(|(_, entry)| entry.used)
				.map(|(id, _)| *id);
			let Some(id) = oldest else { return Ok(()) };
			tracing::debug!(target: LOG, %id, "evicted");
			self.remove(index, &id)?;
		}
	}
}

/// Keeps a file in the store for as long as this lives.
#[derive(Debug)]
#[must_use]
pub struct Pin {
	store: Arc<Store>,
	id: BlobId,
}

impl Drop for Pin {
	fn drop(&mut self) {
		let mut index = self.store.index.lock();
		if let Some(entry) = index.entries.get_mut(&self.id) {
			entry.pins = entry.pins.saturating_sub(1);
			if entry.pins == 0 && entry.length == 0 {
				index.entries.remove(&self.id);
			}
		}
	}
}

fn file_state(file: &File) -> io::Result<(u64, SystemTime)> {
	let metadata = file.metadata()?;
	Ok((metadata.len(), metadata.modified()?))
}

fn hash_file(file: &mut File) -> io::Result<[u8; 32]> {
	let mut hasher = Sha256::new();
	io::copy(file, &mut hasher)?;
	Ok(hasher.finalize().into())
}

#[cfg(test)]
mod tests;
