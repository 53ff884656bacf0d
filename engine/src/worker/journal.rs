//! The memory of everything that was ever signed.
//!
//! Whoever signs two different statements about one request in one role loses stake. So a
//! statement goes into this file, and the file to disk, before a key touches it; and only what
//! stands in the file is signed. The outcome stands beside it: another run of the same model may
//! give other bits, and the bits that were committed to are the ones to submit again.
//!
//! ```text
//! file   = magic | genesis | floor | check        record = length | check of length | body | check
//! ```
//!
//! - A record that a crash cut short is the last one and was never signed: it is cut off.
//! - Anything else that does not check is damage, and the journal does not open: a record that is
//!   gone could be signed differently. The operator decides; moving the file away is safe, because
//! - a new journal has a **floor**, the number of the best block when it was made, and nothing that
//!   was assigned at or below the floor is ever signed with it. The chain gives those requests to
//!   somebody else.
//! - One process at a time: the file is locked.

use codec::{Decode, DecodeAll, Encode};
use countersign_primitives::{
	request::{Outcome, RequestId, Role, Statement},
	BlockNumber, Hash,
};
use sp_crypto_hashing::blake2_256;
use std::{
	collections::HashMap,
	fs::{self, File, TryLockError},
	io::{self, Read, Seek, SeekFrom, Write},
	path::{Path, PathBuf},
};

const MAGIC: [u8; 8] = *b"CSGNJRN1";
const HEADER_BYTES: usize = 8 + 32 + 4 + 8;
const RECORD_HEAD_BYTES: usize = 8;
const RECORD_TAIL_BYTES: usize = 8;
/// The largest body: an inline output with its statement.
const MAX_BODY_BYTES: u32 = countersign_primitives::tensor::MAX_INLINE_BYTES + 4096;
/// How long a record is kept, in blocks: about ten days, three times the longest life of a
/// request. After that no assignment can come back.
pub const RETENTION_BLOCKS: BlockNumber = 432_000;

/// What a statement is about, once and for all.
pub type JournalKey = (RequestId, Role);

/// A statement that may be signed, with what it commits to.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Record {
	/// The statement.
	pub statement: Statement,
	/// The outcome that goes with it.
	pub outcome: Outcome,
	/// The best block when it was made.
	pub block: BlockNumber,
}

impl Record {
	/// What it is about.
	pub fn key(&self) -> JournalKey {
		(self.statement.request, self.statement.role)
	}
}

/// Why the journal did not open, or did not take a statement.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
	/// The file system.
	#[error("journal {path}: {source}")]
	Io {
		/// The file.
		path: PathBuf,
		/// What happened.
		source: io::Error,
	},
	/// Another process has it.
	#[error("journal {0} is in use by another process: two nodes must never share a key")]
	Locked(PathBuf),
	/// It is damaged somewhere else than at its end.
	#[error(
		"journal {path} is damaged at byte {offset}; moving it away is safe: then nothing that was \
		 assigned until now is signed"
	)]
	Damaged {
		/// The file.
		path: PathBuf,
		/// Where.
		offset: u64,
	},
	/// It belongs to another chain.
	#[error("journal {path} belongs to the chain with genesis {found}")]
	OtherChain {
		/// The file.
		path: PathBuf,
		/// The genesis hash that it holds.
		found: Hash,
	},
	/// A different statement about the same request and role has been made before.
	#[error("a different statement about this request and role stands in the journal")]
	Conflict(Box<Record>),
	/// The record is longer than any result may be.
	#[error("record too long")]
	TooLong,
	/// An earlier write failed, so what the file holds is not known.
	#[error("an earlier write to the journal failed")]
	Broken,
}

/// The journal.
#[derive(Debug)]
pub struct Journal {
	path: PathBuf,
	file: File,
	floor: BlockNumber,
	records: HashMap<JournalKey, Record>,
	/// Set while a write is not known to have reached the disk.
	broken: bool,
}

impl Journal {
	/// Opens the journal, or makes one whose floor is `best`. Records older than
	/// [`RETENTION_BLOCKS`] are dropped.
	pub fn open(
		path: impl Into<PathBuf>,
		genesis: Hash,
		best: BlockNumber,
	) -> Result<Self, JournalError> {
		let path = path.into();
		let fail = |source| JournalError::Io { path: path.clone(), source };
		if let Some(folder) = path.parent() {
			fs::create_dir_all(folder).map_err(fail)?;
		}
		let mut file = open_locked(&path)?;
		let mut bytes = Vec::new();
		file.read_to_end(&mut bytes).map_err(fail)?;
		// A file that a crash left with less than a header holds nothing that was signed.
		if bytes.len() < HEADER_BYTES {
			if !bytes.is_empty()
				&& !header(genesis, 0).starts_with(bytes.get(..8).unwrap_or(&bytes))
			{
				return Err(JournalError::Damaged { path, offset: 0 });
			}
			file.set_len(0).map_err(fail)?;
			file.seek(SeekFrom::Start(0)).map_err(fail)?;
			file.write_all(&header(genesis, best)).map_err(fail)?;
			file.sync_all().map_err(fail)?;
			sync_folder(&path).map_err(fail)?;
			tracing::warn!(
				target: super::LOG,
				path = %path.display(),
				floor = best,
				"new journal: nothing assigned until this block will be signed"
			);
			let records = HashMap::new();
			return Ok(Self { path, file, floor: best, records, broken: false });
		}
		let (records, end) = Self::parse(&path, genesis, &bytes)?;
		let floor = floor_of(&bytes);
		if end < bytes.len() {
			tracing::warn!(
				target: super::LOG,
				path = %path.display(),
				bytes = bytes.len() - end,
				"cut off a record that a crash left unfinished"
			);
			file.set_len(end as u64).map_err(fail)?;
			file.sync_all().map_err(fail)?;
		}
		file.seek(SeekFrom::End(0)).map_err(fail)?;
		let mut journal = Self { path, file, floor, records, broken: false };
		journal.compact(genesis, best)?;
		Ok(journal)
	}

	/// The records, and where the last whole one ends.
	fn parse(
		path: &Path,
		genesis: Hash,
		bytes: &[u8],
	) -> Result<(HashMap<JournalKey, Record>, usize), JournalError> {
		let damaged =
			|offset: usize| JournalError::Damaged { path: path.into(), offset: offset as u64 };
		let found = Hash::from_slice(bytes.get(8..40).ok_or_else(|| damaged(8))?);
		if bytes.get(..HEADER_BYTES) != Some(&header(found, floor_of(bytes))[..]) {
			return Err(damaged(0));
		}
		if found != genesis {
			return Err(JournalError::OtherChain { path: path.into(), found });
		}
		let mut records: HashMap<JournalKey, Record> = HashMap::new();
		let mut at = HEADER_BYTES;
		while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
			// A file that grew before its content arrived ends in zeros.
			if rest.iter().all(|byte| *byte == 0) {
				break;
			}
			let Some(head) = rest.get(..RECORD_HEAD_BYTES) else { break };
			let length = length_of(head).ok_or_else(|| damaged(at))?;
			let whole = RECORD_HEAD_BYTES + length + RECORD_TAIL_BYTES;
			let Some(record) = rest.get(..whole) else { break };
			let (body, tail) = record.split_at(RECORD_HEAD_BYTES + length);
			let body = body.get(RECORD_HEAD_BYTES..).unwrap_or_default();
			if check_of(body) != tail {
				// Only the last record can be one whose content never arrived.
				if rest.len() == whole {
					break;
				}
				return Err(damaged(at));
			}
			let record = Record::decode_all(&mut &body[..]).map_err(|_| damaged(at))?;
			if let Some(other) = records.get(&record.key()) {
				if other.statement != record.statement {
					return Err(damaged(at));
				}
			}
			records.insert(record.key(), record);
			at += whole;
		}
		Ok((records, at))
	}

	/// Drops old records where that saves half of the file.
	fn compact(&mut self, genesis: Hash, best: BlockNumber) -> Result<(), JournalError> {
		let oldest = best.saturating_sub(RETENTION_BLOCKS);
		let kept = self.records.values().filter(|record| record.block >= oldest).count();
		if kept * 2 > self.records.len() || self.records.is_empty() {
			return Ok(());
		}
		let fail = |path: &Path| {
			let path = path.to_path_buf();
			move |source| JournalError::Io { path, source }
		};
		let aside = self.path.with_extension("new");
		let mut bytes = header(genesis, self.floor).to_vec();
		self.records.retain(|_, record| record.block >= oldest);
		for record in self.records.values() {
			bytes.extend(frame(record)?);
		}
		match fs::remove_file(&aside) {
			Err(error) if error.kind() != io::ErrorKind::NotFound => {
				return Err(fail(&aside)(error))
			}
			_ => {}
		}
		// Locked before it gets the name, so that the name is never free.
		let mut file = open_locked(&aside)?;
		file.write_all(&bytes).map_err(fail(&aside))?;
		file.sync_all().map_err(fail(&aside))?;
		fs::rename(&aside, &self.path).map_err(fail(&self.path))?;
		sync_folder(&self.path).map_err(fail(&self.path))?;
		self.file = file;
		Ok(())
	}

	/// Nothing assigned at or below this block may be signed.
	pub fn floor(&self) -> BlockNumber {
		self.floor
	}

	/// The number of records.
	pub fn len(&self) -> usize {
		self.records.len()
	}

	/// Whether there is no record.
	pub fn is_empty(&self) -> bool {
		self.records.is_empty()
	}

	/// What was recorded about a request and role.
	pub fn get(&self, key: &JournalKey) -> Option<&Record> {
		self.records.get(key)
	}

	/// Records a statement. When this returns, the record is on disk and may be signed. Recording
	/// the same statement again changes nothing and returns the first record; a different one
	/// about the same request and role is refused.
	pub fn record(&mut self, record: Record) -> Result<&Record, JournalError> {
		let key = record.key();
		if let Some(known) = self.records.get(&key) {
			if known.statement != record.statement {
				return Err(JournalError::Conflict(Box::new(known.clone())));
			}
		} else {
			if self.broken {
				return Err(JournalError::Broken);
			}
			let bytes = frame(&record)?;
			self.broken = true;
			let written = self.file.write_all(&bytes).and_then(|()| self.file.sync_data());
			if let Err(source) = written {
				return Err(JournalError::Io { path: self.path.clone(), source });
			}
			self.broken = false;
		}
		Ok(self.records.entry(key).or_insert(record))
	}
}

fn open_locked(path: &Path) -> Result<File, JournalError> {
	let file = File::options()
		.read(true)
		.write(true)
		.create(true)
		.truncate(false)
		.open(path)
		.map_err(|source| JournalError::Io { path: path.into(), source })?;
	match file.try_lock() {
		Ok(()) => Ok(file),
		Err(TryLockError::WouldBlock) => Err(JournalError::Locked(path.into())),
		Err(TryLockError::Error(source)) => Err(JournalError::Io { path: path.into(), source }),
	}
}

fn sync_folder(path: &Path) -> io::Result<()> {
	match path.parent() {
		Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
		_ => Ok(()),
	}
}

fn check_of(bytes: &[u8]) -> [u8; 8] {
	let mut check = [0u8; 8];
	check.copy_from_slice(&blake2_256(bytes)[..8]);
	check
}

fn header(genesis: Hash, floor: BlockNumber) -> [u8; HEADER_BYTES] {
	let mut bytes = [0u8; HEADER_BYTES];
	bytes[..8].copy_from_slice(&MAGIC);
	bytes[8..40].copy_from_slice(genesis.as_bytes());
	bytes[40..44].copy_from_slice(&floor.to_le_bytes());
	let check = check_of(&bytes[..44]);
	bytes[44..].copy_from_slice(&check);
	bytes
}

fn floor_of(bytes: &[u8]) -> BlockNumber {
	let mut floor = [0u8; 4];
	if let Some(found) = bytes.get(40..44) {
		floor.copy_from_slice(found);
	}
	BlockNumber::from_le_bytes(floor)
}

/// The head of a record: its length, checked by itself, so that a wrong length can never hide the
/// records behind it.
fn head(length: u32) -> [u8; RECORD_HEAD_BYTES] {
	let mut head = [0u8; RECORD_HEAD_BYTES];
	head[..4].copy_from_slice(&length.to_le_bytes());
	let check = check_of(&length.to_le_bytes());
	head[4..].copy_from_slice(&check[..4]);
	head
}

fn length_of(found: &[u8]) -> Option<usize> {
	let length = u32::from_le_bytes(found.get(..4)?.try_into().ok()?);
	(length <= MAX_BODY_BYTES && head(length) == found).then_some(length as usize)
}

fn frame(record: &Record) -> Result<Vec<u8>, JournalError> {
	let body = record.encode();
	let length = u32::try_from(body.len()).map_err(|_| JournalError::TooLong)?;
	if length > MAX_BODY_BYTES {
		return Err(JournalError::TooLong);
	}
	let mut bytes = head(length).to_vec();
	bytes.extend_from_slice(&body);
	bytes.extend_from_slice(&check_of(&body));
	Ok(bytes)
}

#[cfg(test)]
mod tests;
