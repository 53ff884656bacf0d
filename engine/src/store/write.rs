//! Writing into the store: aside first, then flushed, then renamed.

use super::{BlobId, Store, StoreError};
use countersign_primitives::model::ArtefactHash;
use sha2::{Digest, Sha256};
use std::{
	fs::{self, File},
	io::Write,
	ops::Deref,
	path::PathBuf,
	sync::Arc,
	time::SystemTime,
};

/// A file that is being written and has no name yet. Gives its room back when it is dropped.
pub(super) struct Aside<S: Deref<Target = Store>> {
	store: S,
	file: File,
	path: PathBuf,
	reserved: u64,
	written: u64,
}

impl<S: Deref<Target = Store>> Aside<S> {
	pub(super) fn new(store: S, length: u64) -> Result<Self, StoreError> {
		let path = {
			let mut index = store.index.lock();
			store.make_room(&mut index, length)?;
			index.reserved = index.reserved.saturating_add(length);
			index.temporary = index.temporary.saturating_add(1);
			// Another process may write into the same store.
			let (process, now) = (std::process::id(), SystemTime::now());
			let nanos = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
			store.root.join("partial").join(format!("{process}-{nanos}-{}", index.temporary))
		};
		let locked = File::create_new(&path).and_then(|file| {
			file.lock()?;
			Ok(file)
		});
		match locked {
			Ok(file) => Ok(Self { store, file, path, reserved: length, written: 0 }),
			Err(source) => {
				let mut index = store.index.lock();
				index.reserved = index.reserved.saturating_sub(length);
				Err(StoreError::Io { path, source })
			}
		}
	}

	pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
		self.file.write_all(bytes).map_err(StoreError::io(&self.path))?;
		self.written = self.written.saturating_add(bytes.len() as u64);
		Ok(())
	}

	/// Gives the file its name. The caller has checked the content.
	pub(super) fn commit(self, id: BlobId) -> Result<(), StoreError> {
		self.file.sync_all().map_err(StoreError::io(&self.path))?;
		let mut index = self.store.index.lock();
		self.store.adopt(&mut index, id, &self.path, &self.file, self.written)
	}
}

impl<S: Deref<Target = Store>> Drop for Aside<S> {
	fn drop(&mut self) {
		// Gone already where the file got its name.
		let _ = fs::remove_file(&self.path);
		let mut index = self.store.index.lock();
		index.reserved = index.reserved.saturating_sub(self.reserved);
	}
}

/// An artefact on its way into the store.
pub struct ArtefactWriter {
	aside: Aside<Arc<Store>>,
	hasher: Sha256,
	sha256: ArtefactHash,
	length: u64,
}

impl ArtefactWriter {
	pub(super) fn new(
		store: Arc<Store>,
		sha256: ArtefactHash,
		length: u64,
	) -> Result<Self, StoreError> {
		Ok(Self { aside: Aside::new(store, length)?, hasher: Sha256::new(), sha256, length })
	}

	/// How many bytes are still to come.
	pub fn missing(&self) -> u64 {
		self.length.saturating_sub(self.aside.written)
	}

	/// Adds bytes. Fails as soon as there are more than promised.
	pub fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
		if bytes.len() as u64 > self.missing() {
			return Err(StoreError::WrongContent(BlobId::Artefact(self.sha256)));
		}
		self.hasher.update(bytes);
		self.aside.write(bytes)
	}

	/// Ends the file. Fails, and leaves nothing behind, unless length and hash are as promised.
	pub fn commit(self) -> Result<(), StoreError> {
		let id = BlobId::Artefact(self.sha256);
		let found: [u8; 32] = self.hasher.finalize().into();
		if self.aside.written != self.length || found != self.sha256 {
			return Err(StoreError::WrongContent(id));
		}
		self.aside.commit(id)
	}
}
