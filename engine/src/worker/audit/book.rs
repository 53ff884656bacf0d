//! The file of what our commitments hide: without it nothing of them can be shown, and that costs
//! stake. So it is on disk before a commitment is signed.
//!
//! ```text
//! file = magic | SCALE(genesis, [(request, role, seed) -> (trace, salt, block)]) | check
//! ```
//!
//! It is small and written whole, beside itself and then in its place, with the folder's entry. What
//! came of the runs stands in the journal, which forgets nothing for longer than any audit takes.

use codec::{Decode, DecodeAll, Encode};
use countersign_primitives::{
	audit::Salt,
	request::{RequestId, Role},
	BlockNumber, Hash,
};
use sp_crypto_hashing::blake2_256;
use std::{
	collections::BTreeMap,
	fs::{self, File},
	io::{self, Write},
	path::PathBuf,
};

const MAGIC: [u8; 8] = *b"CSGNAUD1";
const CHECK_BYTES: usize = 8;
/// Blocks after which an entry is dropped: no round lasts nearly as long.
const KEPT_BLOCKS: BlockNumber = 10_000;

/// What tells one audit of ours from another: another fork may draw us with another seed.
pub(crate) type BookKey = (RequestId, Role, Hash);

/// What a commitment hides, beside the outcome.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub(crate) struct Hidden {
	pub(crate) trace: Hash,
	pub(crate) salt: Salt,
	/// The block in which it was written.
	pub(crate) block: BlockNumber,
}

/// The file, and what it holds.
#[derive(Debug)]
pub(crate) struct Book {
	path: PathBuf,
	genesis: Hash,
	entries: BTreeMap<BookKey, Hidden>,
}

impl Book {
	/// Reads the file, if there is one. One that is damaged is an error: what it held may have to
	/// be shown, and the operator may have a copy.
	pub(crate) fn open(path: PathBuf, genesis: Hash) -> io::Result<Self> {
		let entries = match fs::read(&path) {
			Ok(bytes) => read(&bytes, genesis).ok_or_else(|| {
				io::Error::other(
					"the file of audits is damaged or of another chain: restore it, or move it \
					 away, which costs a small part of the bond if an audit is under way",
				)
			})?,
			Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
			Err(error) => return Err(error),
		};
		Ok(Self { path, genesis, entries })
	}

	pub(crate) fn get(&self, key: &BookKey) -> Option<Hidden> {
		self.entries.get(key).copied()
	}

	/// Keeps what a commitment hides. When this returns, it is on disk. What is there already
	/// stays.
	pub(crate) fn add(&mut self, key: BookKey, hidden: Hidden) -> io::Result<()> {
		if self.entries.contains_key(&key) {
			return Ok(());
		}
		let mut entries = self.entries.clone();
		entries.retain(|_, entry| entry.block.saturating_add(KEPT_BLOCKS) > hidden.block);
		entries.insert(key, hidden);
		self.write(&entries)?;
		self.entries = entries;
		Ok(())
	}

	fn write(&self, entries: &BTreeMap<BookKey, Hidden>) -> io::Result<()> {
		let mut bytes = MAGIC.to_vec();
		(self.genesis, entries).encode_to(&mut bytes);
		let check = blake2_256(&bytes);
		bytes.extend_from_slice(check.get(..CHECK_BYTES).unwrap_or_default());
		let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
		if let Some(folder) = folder {
			fs::create_dir_all(folder)?;
		}
		let beside = self.path.with_extension("audits-new");
		let mut file = File::create(&beside)?;
		file.write_all(&bytes)?;
		file.sync_all()?;
		fs::rename(&beside, &self.path)?;
		match folder {
			Some(folder) => File::open(folder)?.sync_all(),
			None => Ok(()),
		}
	}
}

fn read(bytes: &[u8], genesis: Hash) -> Option<BTreeMap<BookKey, Hidden>> {
	let (body, check) = bytes.split_at_checked(bytes.len().checked_sub(CHECK_BYTES)?)?;
	if blake2_256(body).get(..CHECK_BYTES)? != check {
		return None;
	}
	let body = body.strip_prefix(&MAGIC)?;
	let (found, entries) = <(Hash, BTreeMap<BookKey, Hidden>)>::decode_all(&mut &*body).ok()?;
	(found == genesis).then_some(entries)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_is_written_is_read_and_damage_is_an_error() {
		let folder = tempfile::tempdir().expect("a folder");
		let path = folder.path().join("deeper/audits");
		let genesis = Hash::repeat_byte(1);
		let key = |seed| (RequestId::repeat_byte(2), Role::Auditor(1), Hash::repeat_byte(seed));
		let hidden = |block| Hidden { trace: Hash::repeat_byte(9), salt: [7; 32], block };
		let mut book = Book::open(path.clone(), genesis).expect("there is none");
		book.add(key(1), hidden(5)).expect("written");
		book.add(key(1), hidden(6)).expect("kept as it was");
		let again = Book::open(path.clone(), genesis).expect("read");
		assert_eq!((again.get(&key(1)), again.get(&key(2))), (Some(hidden(5)), None));
		assert!(Book::open(path.clone(), Hash::zero()).is_err(), "of another chain");
		let bytes = fs::read(&path).expect("it is there");
		for at in 0..bytes.len() {
			let mut damaged = bytes.clone();
			damaged[at] ^= 1;
			assert_eq!(read(&damaged, genesis), None, "byte {at}");
			assert_eq!(read(&bytes[..at], genesis), None, "{at} bytes");
		}
		// What is long over makes room.
		book.add(key(3), hidden(5 + KEPT_BLOCKS)).expect("written");
		assert_eq!(book.get(&key(1)), None);
	}
}
