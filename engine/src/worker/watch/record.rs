//! The file of results that were found wrong and are not decided yet.
//!
//! ```text
//! file = magic | SCALE(genesis, [(request, best block when it was found)]) | check
//! ```
//!
//! It is small and written whole, beside itself and then in its place. One that is damaged or of
//! another chain is begun anew: what it held is found again by looking at the open results.

use codec::{DecodeAll, Encode};
use countersign_primitives::{request::RequestId, BlockNumber, Hash};
use sp_crypto_hashing::blake2_256;
use std::{
	collections::BTreeMap,
	fs::{self, File},
	io::{self, Write},
	path::PathBuf,
};

const MAGIC: [u8; 8] = *b"CSGNWCH1";
const CHECK_BYTES: usize = 8;

/// What was found wrong, and the file that remembers it.
#[derive(Clone, Debug)]
pub(super) struct Record {
	path: PathBuf,
	genesis: Hash,
	pending: BTreeMap<RequestId, BlockNumber>,
}

impl Record {
	/// Reads the file, if there is one.
	pub(super) fn open(path: PathBuf, genesis: Hash) -> io::Result<Self> {
		let pending = match fs::read(&path) {
			Ok(bytes) => read(&bytes, genesis).unwrap_or_else(|| {
				tracing::warn!(target: super::LOG, ?path, "not a file of this chain: begun anew");
				BTreeMap::new()
			}),
			Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
			Err(error) => return Err(error),
		};
		Ok(Self { path, genesis, pending })
	}

	/// What is not decided yet.
	pub(super) fn pending(&self) -> Vec<RequestId> {
		self.pending.keys().copied().collect()
	}

	pub(super) fn is_pending(&self, request: &RequestId) -> bool {
		self.pending.contains_key(request)
	}

	pub(super) fn found_at(&self, request: &RequestId) -> Option<BlockNumber> {
		self.pending.get(request).copied()
	}

	pub(super) fn add(&mut self, request: RequestId, block: BlockNumber) {
		self.pending.entry(request).or_insert(block);
	}

	pub(super) fn remove(&mut self, request: &RequestId) {
		self.pending.remove(request);
	}

	/// Brings the file to the disk.
	pub(super) fn write(&self) -> io::Result<()> {
		let mut bytes = MAGIC.to_vec();
		(self.genesis, &self.pending).encode_to(&mut bytes);
		let check = blake2_256(&bytes);
		bytes.extend_from_slice(&check[..CHECK_BYTES]);
		let beside = self.path.with_extension("new");
		if let Some(folder) = self.path.parent() {
			fs::create_dir_all(folder)?;
		}
		let mut file = File::create(&beside)?;
		file.write_all(&bytes)?;
		file.sync_all()?;
		fs::rename(&beside, &self.path)
	}
}

fn read(bytes: &[u8], genesis: Hash) -> Option<BTreeMap<RequestId, BlockNumber>> {
	let (body, check) = bytes.split_at_checked(bytes.len().checked_sub(CHECK_BYTES)?)?;
	if blake2_256(body).get(..CHECK_BYTES)? != check {
		return None;
	}
	let body = body.strip_prefix(&MAGIC)?;
	let (found, pending) =
		<(Hash, BTreeMap<RequestId, BlockNumber>)>::decode_all(&mut &*body).ok()?;
	(found == genesis).then_some(pending)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_is_written_is_read_and_damage_is_not() {
		let folder = tempfile::tempdir().expect("a folder");
		let path = folder.path().join("deeper/watch");
		let (genesis, request) = (Hash::repeat_byte(1), RequestId::repeat_byte(2));
		let mut record = Record::open(path.clone(), genesis).expect("there is none");
		record.add(request, 7);
		record.add(request, 9);
		record.write().expect("it is written");
		let again = Record::open(path.clone(), genesis).expect("it is read");
		assert_eq!((again.pending(), again.found_at(&request)), (vec![request], Some(7)));
		let other = Record::open(path.clone(), Hash::zero()).expect("of another chain");
		assert_eq!(other.pending(), vec![]);
		let bytes = fs::read(&path).expect("it is there");
		for at in 0..bytes.len() {
			let mut damaged = bytes.clone();
			damaged[at] ^= 1;
			assert_eq!(read(&damaged, genesis), None, "byte {at}");
			assert_eq!(read(&bytes[..at], genesis), None, "{at} bytes");
		}
	}
}
