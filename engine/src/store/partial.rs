//! Artefacts of which only some chunks are here.
//!
//! Beside `<sha256>.part`, which has the artefact's length from the beginning and holes where
//! chunks are missing, lies `<sha256>.list`, which says what every chunk hashes to. So whoever
//! opens the two again finds out which chunks are there by hashing them, whatever a crash left.

use super::{hash_file, BlobId, Index, PartialEntry, Store, StoreError};
use crate::exchange::ChunkList;
use codec::{DecodeAll, Encode};
use countersign_primitives::model::ArtefactHash;
use parking_lot::Mutex;
use std::{
	fs::{self, File, TryLockError},
	io::{self, Write},
	os::unix::fs::FileExt,
	path::{Path, PathBuf},
	sync::Arc,
	time::SystemTime,
};

/// The most artefacts that wait to be fetched on; the oldest make room.
const MAX_PARTIALS: usize = 16;

fn list_path(part: &Path) -> PathBuf {
	part.with_extension("list")
}

fn read_list(part: &Path) -> Option<ChunkList> {
	let bytes = fs::read(list_path(part)).ok()?;
	let list = ChunkList::decode_all(&mut &bytes[..]).ok()?;
	list.fits(list.length).then_some(list)
}

fn remove(part: &Path) -> Result<(), StoreError> {
	for path in [part, &list_path(part)] {
		match fs::remove_file(path) {
			Err(error) if error.kind() != io::ErrorKind::NotFound => {
				return Err(StoreError::io(path)(error));
			}
			_ => {}
		}
	}
	Ok(())
}

/// Finds what an earlier process began to fetch.
pub(super) fn find(folder: &Path, index: &mut Index) -> Result<(), StoreError> {
	fs::create_dir_all(folder).map_err(StoreError::io(folder))?;
	let mut found: Vec<(SystemTime, ArtefactHash, u64)> = Vec::new();
	for file in fs::read_dir(folder).map_err(StoreError::io(folder))? {
		let path = file.map_err(StoreError::io(folder))?.path();
		let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
		let id = BlobId::from_parts("artefacts", name);
		match (path.extension().and_then(|it| it.to_str()), id) {
			(Some("part"), Some(BlobId::Artefact(sha256))) => match read_list(&path) {
				Some(list) => {
					let modified = fs::metadata(&path).and_then(|it| it.modified());
					let modified = modified.unwrap_or(SystemTime::UNIX_EPOCH);
					found.push((modified, sha256, list.length));
				}
				// What another process fetches right now is locked.
				None if File::open(&path).is_ok_and(|file| file.try_lock().is_ok()) => {
					remove(&path)?;
				}
				None => {}
			},
			(Some("list"), Some(_)) => {
				if !path.with_extension("part").exists() {
					remove(&path.with_extension("part"))?;
				}
			}
			_ => tracing::warn!(target: super::LOG, path = %path.display(), "foreign file"),
		}
	}
	found.sort_by_key(|(modified, ..)| *modified);
	for (_, sha256, length) in found {
		index.clock = index.clock.saturating_add(1);
		let used = index.clock;
		index.partials.insert(sha256, PartialEntry { length, used, active: false });
	}
	Ok(())
}

impl Store {
	fn part_path(&self, sha256: &ArtefactHash) -> PathBuf {
		self.root.join("fetching").join(hex::encode(sha256)).with_extension("part")
	}

	/// What an artefact consists of that was begun to be fetched.
	pub fn partial_list(&self, sha256: &ArtefactHash) -> Option<ChunkList> {
		let known = self.index.lock().partials.contains_key(sha256);
		known.then(|| read_list(&self.part_path(sha256))).flatten()
	}

	/// Begins to fetch an artefact that consists of these chunks, or goes on. What was begun by
	/// another list is forgotten. Reserves the room. Fails where it is being fetched already.
	pub fn partial(
		self: &Arc<Self>,
		sha256: ArtefactHash,
		list: ChunkList,
	) -> Result<Partial, StoreError> {
		let path = self.part_path(&sha256);
		{
			let mut index = self.index.lock();
			if index.partials.get(&sha256).is_some_and(|entry| entry.active) {
				return Err(StoreError::io(&path)(io::ErrorKind::WouldBlock.into()));
			}
			if index.partials.contains_key(&sha256) && read_list(&path).as_ref() != Some(&list) {
				self.drop_partial(&mut index, &sha256)?;
			}
			index.partials.remove(&sha256);
			while index.partials.len() >= MAX_PARTIALS {
				let idle = index.partials.iter().filter(|(_, entry)| !entry.active);
				let oldest = idle.min_by_key(|(_, entry)| entry.used).map(|(key, _)| *key);
				match oldest {
					Some(oldest) => self.drop_partial(&mut index, &oldest)?,
					None => break,
				}
			}
			self.make_room(&mut index, list.length)?;
			index.clock = index.clock.saturating_add(1);
			let used = index.clock;
			let entry = PartialEntry { length: list.length, used, active: true };
			index.partials.insert(sha256, entry);
		}
		// From here on the room is given back when this is dropped.
		let held = Held { store: self.clone(), sha256, path };
		let (file, here) = open(&held.path, &list)?;
		let state = Mutex::new(here);
		Ok(Partial { held, list, file, state })
	}

	/// Forgets what was begun.
	pub(super) fn drop_partial(
		&self,
		index: &mut Index,
		sha256: &ArtefactHash,
	) -> Result<(), StoreError> {
		remove(&self.part_path(sha256))?;
		index.partials.remove(sha256);
		Ok(())
	}
}

/// Opens the file of an artefact and finds out which chunks it holds.
fn open(path: &Path, list: &ChunkList) -> Result<(File, Vec<bool>), StoreError> {
	let io = StoreError::io;
	let known = path.exists();
	let file = File::options()
		.read(true)
		.write(true)
		.create(true)
		.truncate(false)
		.open(path)
		.map_err(io(path))?;
	match file.try_lock() {
		Ok(()) => {}
		Err(TryLockError::WouldBlock) => return Err(io(path)(io::ErrorKind::WouldBlock.into())),
		Err(TryLockError::Error(error)) => return Err(io(path)(error)),
	}
	if !known || read_list(path).as_ref() != Some(list) {
		file.set_len(0).map_err(io(path))?;
		let beside = list_path(path);
		let mut written = File::create(&beside).map_err(io(&beside))?;
		written.write_all(&list.encode()).map_err(io(&beside))?;
		written.sync_all().map_err(io(&beside))?;
	}
	let fresh = file.metadata().map_err(io(path))?.len() == 0;
	file.set_len(list.length).map_err(io(path))?;
	let mut here = vec![false; list.hashes.len()];
	if !fresh {
		let mut buffer = Vec::new();
		for (at, here) in (0u32..).zip(here.iter_mut()) {
			let Some((offset, length)) = list.range(at) else { break };
			buffer.resize(length as usize, 0);
			file.read_exact_at(&mut buffer, offset).map_err(io(path))?;
			*here = list.is_chunk(at, &buffer);
		}
	}
	Ok((file, here))
}

/// Keeps the room of an artefact that is being fetched.
#[derive(Debug)]
struct Held {
	store: Arc<Store>,
	sha256: ArtefactHash,
	path: PathBuf,
}

impl Drop for Held {
	fn drop(&mut self) {
		if let Some(entry) = self.store.index.lock().partials.get_mut(&self.sha256) {
			entry.active = false;
		}
	}
}

/// An artefact that is being fetched. Dropping it leaves what came on disk, for the next try.
#[derive(Debug)]
pub struct Partial {
	held: Held,
	list: ChunkList,
	file: File,
	/// Which chunks are here.
	state: Mutex<Vec<bool>>,
}

impl Partial {
	/// The artefact.
	pub fn sha256(&self) -> ArtefactHash {
		self.held.sha256
	}

	/// The artefact, as the store names it.
	pub fn id(&self) -> BlobId {
		BlobId::Artefact(self.held.sha256)
	}

	/// The chunks that are missing, in order.
	pub fn missing(&self) -> Vec<u32> {
		let state = self.state.lock();
		(0u32..).zip(state.iter()).filter(|(_, here)| !**here).map(|(at, _)| at).collect()
	}

	/// Adds a chunk. Whether the bytes are that chunk; other bytes change nothing.
	pub fn write(&self, index: u32, bytes: &[u8]) -> Result<bool, StoreError> {
		let Some((offset, _)) = self.list.range(index) else { return Ok(false) };
		if !self.list.is_chunk(index, bytes) {
			return Ok(false);
		}
		self.file.write_all_at(bytes, offset).map_err(StoreError::io(&self.held.path))?;
		if let Some(here) = self.state.lock().get_mut(index as usize) {
			*here = true;
		}
		Ok(true)
	}

	/// Makes it an artefact like any other. Where the chunks are all here and the whole is
	/// something else than wanted, all is removed, and the error is
	/// [`StoreError::WrongContent`].
	pub fn finish(&self) -> Result<(), StoreError> {
		let id = self.id();
		let (store, path) = (&self.held.store, &self.held.path);
		if !self.missing().is_empty() {
			return Err(StoreError::WrongContent(id));
		}
		let mut file = File::open(path).map_err(StoreError::io(path))?;
		if hash_file(&mut file).map_err(StoreError::io(path))? != self.held.sha256 {
			store.drop_partial(&mut store.index.lock(), &self.held.sha256)?;
			return Err(StoreError::WrongContent(id));
		}
		self.file.sync_all().map_err(StoreError::io(path))?;
		let mut index = store.index.lock();
		store.adopt(&mut index, id, path, &self.file, self.list.length)?;
		store.drop_partial(&mut index, &self.held.sha256)
	}
}
