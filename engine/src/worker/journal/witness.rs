//! What remembers how far a journal went, where a backup of the journal does not reach.
//!
//! A journal that was restored from an old backup checks in every byte and still lacks what was
//! signed since. So beside each journal there is a small file in a place that does not outlive the
//! machine's running time, such as `/dev/shm`: no backup holds it, no snapshot of a disk brings it
//! back, and a reboot takes it away. It says where the journal ended, what led there, and at which
//! block. Only a journal that leads through that very point, at a block not long ago, is a record
//! without a gap. In every other case nothing old is signed, which costs a fee and no stake.

use super::{check_of, io_error, JournalError};
use countersign_primitives::BlockNumber;
use std::{
	fs,
	io::{self, Write},
	os::unix::fs::{MetadataExt, OpenOptionsExt},
	path::Path,
};

const MAGIC: [u8; 8] = *b"CSGNWIT1";
const BYTES: usize = 8 + 8 + 32 + 4 + 8;

/// Where a journal ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Witness {
	/// The length of the file.
	pub(super) end: u64,
	/// What all records up to there come to.
	pub(super) sum: [u8; 32],
	/// The best block that was seen.
	pub(super) block: BlockNumber,
}

impl Witness {
	/// What the witness of a journal says; nothing where there is none, or none to be trusted: one
	/// that belongs to another user could be somebody's who wants two statements signed.
	pub(super) fn read(path: &Path, journal: &fs::Metadata) -> Option<Self> {
		let found = fs::symlink_metadata(path).ok()?;
		if !found.is_file() || found.uid() != journal.uid() || found.len() != BYTES as u64 {
			return None;
		}
		let bytes = fs::read(path).ok()?;
		let end = u64::from_le_bytes(bytes.get(8..16)?.try_into().ok()?);
		let sum = bytes.get(16..48)?.try_into().ok()?;
		let block = BlockNumber::from_le_bytes(bytes.get(48..52)?.try_into().ok()?);
		let witness = Self { end, sum, block };
		(bytes == witness.bytes()).then_some(witness)
	}

	fn bytes(&self) -> [u8; BYTES] {
		let mut bytes = [0u8; BYTES];
		bytes[..8].copy_from_slice(&MAGIC);
		bytes[8..16].copy_from_slice(&self.end.to_le_bytes());
		bytes[16..48].copy_from_slice(&self.sum);
		bytes[48..52].copy_from_slice(&self.block.to_le_bytes());
		let check = check_of(&bytes[..52]);
		bytes[52..].copy_from_slice(&check);
		bytes
	}

	/// Replaces what the witness said. Where that fails the witness goes: an old one would vouch
	/// for a backup.
	pub(super) fn write(&self, path: &Path) -> Result<(), JournalError> {
		let aside = path.with_extension("new");
		let written = make_folder(path).and_then(|()| {
			let _ = fs::remove_file(&aside);
			fs::File::options()
				.write(true)
				.create_new(true)
				.mode(0o600)
				.open(&aside)
				.and_then(|mut file| file.write_all(&self.bytes()))
				.and_then(|()| fs::rename(&aside, path))
		});
		match written {
			Ok(()) => Ok(()),
			Err(error) => {
				tracing::warn!(
					target: crate::worker::LOG,
					path = %path.display(),
					%error,
					"no witness of the journal: after the next start nothing old is signed"
				);
				remove(path)
			}
		}
	}
}

/// Removes a witness, so that its journal counts as one with a gap.
pub(super) fn remove(path: &Path) -> Result<(), JournalError> {
	match fs::remove_file(path) {
		Err(error)
			if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
		{
			Err(io_error(path)(error))
		}
		_ => Ok(()),
	}
}

fn make_folder(path: &Path) -> io::Result<()> {
	use std::os::unix::fs::DirBuilderExt;
	match path.parent() {
		Some(folder) if !folder.as_os_str().is_empty() => {
			fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
		}
		_ => Ok(()),
	}
}
