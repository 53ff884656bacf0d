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
//! - a new journal has a **floor**, a little above the best block when it was made, and nothing that
//!   was assigned at or below the floor is ever signed with it. The chain gives those requests to
//!   somebody else. The margin is for forks, which may assign an old request anew; at the very
//!   beginning of a chain, where nothing can have been signed, there is none.
//! - Every start asks whether the record is **contiguous**: that nothing can have been signed which
//!   it does not hold. A file that is missing, cut off, restored from a backup, copied from another
//!   machine, or older than what the chain has assigned since, is not. A small file in memory that
//!   no backup reaches tells, see [`JournalPlace::witness`]; without it, or after a pause of more
//!   than [`CONTIGUOUS_BLOCKS`], the floor rises to where a new journal's would be. What stands in
//!   the journal may still be submitted: it is the one statement that can ever be signed.
//! - A journal can be [exported and imported](interchange) as text.
//! - One process at a time: the file is locked.

pub mod interchange;
mod witness;

use codec::{Decode, DecodeAll, Encode};
use countersign_primitives::{
	request::{Outcome, RequestId, Role, Statement},
	BlockNumber, Hash,
};
use sp_crypto_hashing::blake2_256;
use std::{
	collections::HashMap,
	fs::{self, File, TryLockError},
	io::{self, BufReader, BufWriter, Read, Write},
	os::unix::fs::{FileExt, MetadataExt},
	path::{Path, PathBuf},
};
use witness::Witness;

const MAGIC: [u8; 8] = *b"CSGNJRN1";
const HEADER_BYTES: usize = 8 + 32 + 4 + 8;
const RECORD_HEAD_BYTES: usize = 8;
const RECORD_TAIL_BYTES: usize = 8;
/// The largest body: an inline output with its statement.
const MAX_BODY_BYTES: u32 = countersign_primitives::tensor::MAX_INLINE_BYTES + 4096;
/// The largest record.
const MAX_RECORD_BYTES: u64 =
	MAX_BODY_BYTES as u64 + (RECORD_HEAD_BYTES + RECORD_TAIL_BYTES) as u64;
/// How long a record is kept, in blocks: about six days, twice what the longest life of a request
/// is taken as. After that no assignment can come back.
pub const RETENTION_BLOCKS: BlockNumber = 259_200;

/// How far the floor of a new journal lies above the best block.
pub const FLOOR_MARGIN_BLOCKS: BlockNumber = 16;

/// How many blocks may pass between the end of one process and the start of the next, so that the
/// record still counts as one without a gap. Longer, and the keys may have been at work elsewhere.
pub const CONTIGUOUS_BLOCKS: BlockNumber = 64;

/// Where a journal lies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JournalPlace {
	/// The file.
	pub path: PathBuf,
	/// A file that says how far the journal went. It has to lie where neither backups nor
	/// snapshots of the disk reach, and where a reboot takes it away, such as in `/dev/shm`.
	/// Without one every start counts as one with a gap: nothing that was assigned before it is
	/// signed anew.
	pub witness: Option<PathBuf>,
}

impl From<PathBuf> for JournalPlace {
	/// A journal without a witness.
	fn from(path: PathBuf) -> Self {
		Self { path, witness: None }
	}
}

impl JournalPlace {
	/// The journal at `path`, with its witness in `volatile`, a folder in memory, under a name that
	/// the path gives.
	pub fn with_witness_in(path: PathBuf, volatile: &Path) -> Self {
		let absolute = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
		let name = hex::encode(blake2_256(absolute.as_os_str().as_encoded_bytes()));
		let witness = Some(volatile.join(format!("journal-{}", &name[..32])));
		Self { path, witness }
	}
}

/// The floor of a journal that is made at a best block.
pub fn floor_at(best: BlockNumber) -> BlockNumber {
	best.saturating_add(best.min(FLOOR_MARGIN_BLOCKS))
}

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
	Conflict,
	/// The record is longer than any result may be.
	#[error("record too long")]
	TooLong,
	/// There is none.
	#[error("there is no journal at {0}")]
	Missing(PathBuf),
	/// An earlier write failed, so what the file holds is not known.
	#[error("an earlier write to the journal failed")]
	Broken,
}

/// What is remembered of a record: its statement, and where the outcome stands.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Entry {
	statement: Statement,
	block: BlockNumber,
	/// Where the record begins in the file.
	offset: u64,
	/// The length of its body.
	length: usize,
}

/// The journal.
#[derive(Debug)]
pub struct Journal {
	path: PathBuf,
	file: File,
	genesis: Hash,
	floor: BlockNumber,
	entries: HashMap<JournalKey, Entry>,
	/// Where the next record goes.
	end: u64,
	/// What all records come to.
	sum: [u8; 32],
	/// The best block that was seen.
	block: BlockNumber,
	/// The file that says how far this one went.
	witness: Option<PathBuf>,
	/// Set while a write is not known to have reached the disk.
	broken: bool,
}

impl Journal {
	/// Opens the journal, or makes one with its floor at [`floor_at`] `best`, the head of the chain.
	/// A journal that may lack something gets the same floor. Records older than
	/// [`RETENTION_BLOCKS`] may be dropped.
	pub fn open(
		place: impl Into<JournalPlace>,
		genesis: Hash,
		best: BlockNumber,
	) -> Result<Self, JournalError> {
		let JournalPlace { path, witness } = place.into();
		let Some((mut journal, contiguous)) =
			Self::load(path.clone(), genesis, witness.as_deref(), best)?
		else {
			let mut journal = Self::begin(path, genesis, floor_at(best))?;
			(journal.witness, journal.block) = (witness, best);
			journal.testify()?;
			return Ok(journal);
		};
		journal.witness = witness;
		journal.block = best;
		if contiguous {
			journal.compact(best)?;
		} else {
			let floor = floor_at(best);
			tracing::warn!(
				target: super::LOG,
				path = %journal.path.display(),
				floor,
				"the journal may lack something: no request assigned until this block is signed \
				 anew"
			);
			journal.raise_floor(floor)?;
		}
		journal.testify()?;
		Ok(journal)
	}

	/// Opens a journal that is there, to look at. Changes nothing but a torn end.
	pub fn existing(path: impl Into<PathBuf>, genesis: Hash) -> Result<Self, JournalError> {
		let path = path.into();
		if !path.is_file() {
			return Err(JournalError::Missing(path));
		}
		match Self::load(path.clone(), genesis, None, 0)? {
			Some((journal, _)) => Ok(journal),
			None => Err(JournalError::Missing(path)),
		}
	}

	/// Opens a journal as it is, or makes one with this floor, and writes no witness.
	fn unwitnessed(path: &Path, genesis: Hash, floor: BlockNumber) -> Result<Self, JournalError> {
		match Self::load(path.to_path_buf(), genesis, None, 0)? {
			Some((journal, _)) => Ok(journal),
			None => Self::begin(path.to_path_buf(), genesis, floor),
		}
	}

	/// What a file holds, and whether it leads through what the witness saw not long before
	/// `best`. Nothing where there is no file, or one that a crash left while it was made.
	fn load(
		path: PathBuf,
		genesis: Hash,
		witness: Option<&Path>,
		best: BlockNumber,
	) -> Result<Option<(Self, bool)>, JournalError> {
		if !path.exists() {
			return Ok(None);
		}
		let mut file = open_locked(&path)?;
		let metadata = file.metadata().map_err(io_error(&path))?;
		let length = metadata.len();
		let mut start = vec![0; HEADER_BYTES.min(usize::try_from(length).unwrap_or(usize::MAX))];
		file.read_exact(&mut start).map_err(io_error(&path))?;
		if start.len() < HEADER_BYTES {
			// A crash while it was made left less than a header, and nothing that was signed.
			let same = start.len().min(MAGIC.len());
			if start.get(..same) != MAGIC.get(..same) {
				return Err(JournalError::Damaged { path, offset: 0 });
			}
			return Ok(None);
		}
		let found = Hash::from_slice(start.get(8..40).unwrap_or(&[0; 32]));
		let floor = floor_of(&start);
		if start != header(found, floor) {
			return Err(JournalError::Damaged { path, offset: 0 });
		}
		if found != genesis {
			return Err(JournalError::OtherChain { path, found });
		}
		let seen = witness.and_then(|witness| Witness::read(witness, &metadata));
		let Records { entries, end, sum, passed } = read_records(&path, &file, length, seen)?;
		if end < length {
			tracing::warn!(
				target: super::LOG,
				path = %path.display(),
				bytes = length.saturating_sub(end),
				"cut off a record that a crash left unfinished"
			);
			file.set_len(end).map_err(io_error(&path))?;
			file.sync_all().map_err(io_error(&path))?;
		}
		let contiguous =
			passed && seen.is_some_and(|seen| best.saturating_sub(seen.block) <= CONTIGUOUS_BLOCKS);
		let block = best;
		let witness = None;
		let broken = false;
		let journal =
			Self { path, file, genesis, floor, entries, end, sum, block, witness, broken };
		Ok(Some((journal, contiguous)))
	}

	fn begin(path: PathBuf, genesis: Hash, floor: BlockNumber) -> Result<Self, JournalError> {
		if let Some(folder) = path.parent() {
			fs::create_dir_all(folder).map_err(io_error(&path))?;
		}
		let file = open_locked(&path)?;
		file.set_len(0).map_err(io_error(&path))?;
		file.write_all_at(&header(genesis, floor), 0).map_err(io_error(&path))?;
		file.sync_all().map_err(io_error(&path))?;
		sync_folder(&path).map_err(io_error(&path))?;
		tracing::warn!(
			target: super::LOG,
			path = %path.display(),
			floor,
			"new journal: nothing assigned until this block will be signed"
		);
		let (entries, end) = (HashMap::new(), HEADER_BYTES as u64);
		let (sum, block, witness, broken) = (SUM_OF_NOTHING, 0, None, false);
		Ok(Self { path, file, genesis, floor, entries, end, sum, block, witness, broken })
	}

	/// Tells the witness how far this journal goes.
	fn testify(&self) -> Result<(), JournalError> {
		match &self.witness {
			Some(path) => Witness { end: self.end, sum: self.sum, block: self.block }.write(path),
			None => Ok(()),
		}
	}

	/// Notes that a block is the head of the chain, so that a start soon after it knows that there
	/// was no gap.
	pub fn note_block(&mut self, best: BlockNumber) -> Result<(), JournalError> {
		if best <= self.block {
			return Ok(());
		}
		self.block = best;
		self.testify()
	}

	/// Raises the floor, for good.
	fn raise_floor(&mut self, floor: BlockNumber) -> Result<(), JournalError> {
		if floor <= self.floor {
			return Ok(());
		}
		self.floor = floor;
		self.rewrite(self.block.saturating_sub(RETENTION_BLOCKS))
	}

	/// Drops records older than [`RETENTION_BLOCKS`] where at least half of them are.
	pub fn compact(&mut self, best: BlockNumber) -> Result<(), JournalError> {
		let oldest = best.saturating_sub(RETENTION_BLOCKS);
		let kept = self.entries.values().filter(|entry| entry.block >= oldest).count();
		if kept.saturating_mul(2) > self.entries.len() || self.entries.is_empty() || self.broken {
			return Ok(());
		}
		self.rewrite(oldest)
	}

	/// Writes the journal anew, with its floor and without records older than `oldest`.
	fn rewrite(&mut self, oldest: BlockNumber) -> Result<(), JournalError> {
		let aside = self.path.with_extension("new");
		match fs::remove_file(&aside) {
			Err(error) if error.kind() != io::ErrorKind::NotFound => {
				return Err(io_error(&aside)(error))
			}
			_ => {}
		}
		// Locked before it gets the name, so that the name is never free.
		let file = open_locked(&aside)?;
		let mut writer = BufWriter::new(&file);
		writer.write_all(&header(self.genesis, self.floor)).map_err(io_error(&aside))?;
		let (mut end, mut sum) = (HEADER_BYTES as u64, SUM_OF_NOTHING);
		let mut entries = HashMap::new();
		for (key, entry) in self.entries.iter().filter(|(_, entry)| entry.block >= oldest) {
			let body = self.body(entry)?;
			let bytes = frame(&body)?;
			writer.write_all(&bytes).map_err(io_error(&aside))?;
			entries.insert(*key, Entry { offset: end, ..entry.clone() });
			end = end.saturating_add(bytes.len() as u64);
			sum = sum_after(&sum, &body);
		}
		writer.flush().map_err(io_error(&aside))?;
		drop(writer);
		file.sync_all().map_err(io_error(&aside))?;
		fs::rename(&aside, &self.path).map_err(io_error(&self.path))?;
		(self.file, self.entries, self.end, self.sum) = (file, entries, end, sum);
		sync_folder(&self.path).map_err(io_error(&self.path))?;
		self.testify()
	}

	/// Where it lies.
	pub fn path(&self) -> &Path {
		&self.path
	}

	/// Nothing assigned at or below this block may be signed.
	pub fn floor(&self) -> BlockNumber {
		self.floor
	}

	/// The number of records.
	pub fn len(&self) -> usize {
		self.entries.len()
	}

	/// Whether there is no record.
	pub fn is_empty(&self) -> bool {
		self.entries.is_empty()
	}

	/// The statement about a request and role, if one was made.
	pub fn statement(&self, key: &JournalKey) -> Option<&Statement> {
		self.entries.get(key).map(|entry| &entry.statement)
	}

	/// The whole record about a request and role, read from disk and checked again.
	pub fn get(&self, key: &JournalKey) -> Result<Option<Record>, JournalError> {
		let Some(entry) = self.entries.get(key) else { return Ok(None) };
		let damaged = || JournalError::Damaged { path: self.path.clone(), offset: entry.offset };
		let record = Record::decode_all(&mut &self.body(entry)?[..]).map_err(|_| damaged())?;
		if record.statement != entry.statement {
			return Err(damaged());
		}
		Ok(Some(record))
	}

	fn body(&self, entry: &Entry) -> Result<Vec<u8>, JournalError> {
		let mut body = vec![0; entry.length.saturating_add(RECORD_TAIL_BYTES)];
		let start = entry.offset.saturating_add(RECORD_HEAD_BYTES as u64);
		self.file.read_exact_at(&mut body, start).map_err(io_error(&self.path))?;
		let tail = body.split_off(entry.length);
		if check_of(&body) != tail[..] {
			return Err(JournalError::Damaged { path: self.path.clone(), offset: entry.offset });
		}
		Ok(body)
	}

	/// Records a statement. When this returns, the record is on disk and may be signed. Recording
	/// the same statement again changes nothing; a different one about the same request and role
	/// is refused.
	pub fn record(&mut self, record: &Record) -> Result<(), JournalError> {
		let key = record.key();
		if let Some(known) = self.statement(&key) {
			return if *known == record.statement { Ok(()) } else { Err(JournalError::Conflict) };
		}
		if self.broken {
			return Err(JournalError::Broken);
		}
		let body = record.encode();
		let bytes = frame(&body)?;
		self.broken = true;
		self.file
			.write_all_at(&bytes, self.end)
			.and_then(|()| self.file.sync_data())
			.map_err(io_error(&self.path))?;
		let entry = Entry {
			statement: record.statement.clone(),
			block: record.block,
			offset: self.end,
			length: body.len(),
		};
		self.entries.insert(key, entry);
		self.end = self.end.saturating_add(bytes.len() as u64);
		self.sum = sum_after(&self.sum, &body);
		self.block = self.block.max(record.block);
		self.testify()?;
		self.broken = false;
		Ok(())
	}
}

fn io_error(path: &Path) -> impl Fn(io::Error) -> JournalError + '_ {
	move |source| JournalError::Io { path: path.into(), source }
}

/// What a file holds behind its header.
struct Records {
	entries: HashMap<JournalKey, Entry>,
	/// Where the last whole record ends.
	end: u64,
	/// What all of them come to.
	sum: [u8; 32],
	/// Whether they lead through what the witness saw.
	passed: bool,
}

/// What no records come to.
const SUM_OF_NOTHING: [u8; 32] = [0; 32];

/// What records come to with one more.
fn sum_after(before: &[u8; 32], body: &[u8]) -> [u8; 32] {
	let mut bytes = before.to_vec();
	bytes.extend_from_slice(&blake2_256(body));
	blake2_256(&bytes)
}

/// The records behind the header.
fn read_records(
	path: &Path,
	file: &File,
	length: u64,
	seen: Option<Witness>,
) -> Result<Records, JournalError> {
	let damaged = |offset: u64| JournalError::Damaged { path: path.into(), offset };
	// The header has been read.
	let mut reader = BufReader::with_capacity(1 << 16, file);
	let mut entries: HashMap<JournalKey, Entry> = HashMap::new();
	let (mut at, mut sum, mut passed) = (HEADER_BYTES as u64, SUM_OF_NOTHING, false);
	loop {
		passed |= seen.is_some_and(|seen| (seen.end, seen.sum) == (at, sum));
		let left = length.saturating_sub(at);
		if left < RECORD_HEAD_BYTES as u64 {
			return Ok(Records { entries, end: at, sum, passed });
		}
		let mut head = [0; RECORD_HEAD_BYTES];
		reader.read_exact(&mut head).map_err(io_error(path))?;
		let Some(body_length) = length_of(&head) else {
			// A file that grew before its content arrived ends in zeros.
			let mut rest = Vec::new();
			let torn = head == [0; RECORD_HEAD_BYTES] && left <= MAX_RECORD_BYTES;
			if torn {
				reader.read_to_end(&mut rest).map_err(io_error(path))?;
			}
			if torn && rest.iter().all(|byte| *byte == 0) {
				return Ok(Records { entries, end: at, sum, passed });
			}
			return Err(damaged(at));
		};
		let whole = (RECORD_HEAD_BYTES + body_length + RECORD_TAIL_BYTES) as u64;
		if left < whole {
			return Ok(Records { entries, end: at, sum, passed });
		}
		let mut body = vec![0; body_length + RECORD_TAIL_BYTES];
		reader.read_exact(&mut body).map_err(io_error(path))?;
		let tail = body.split_off(body_length);
		if check_of(&body) != tail[..] {
			// Only the last record can be one whose content never arrived.
			return if left == whole {
				Ok(Records { entries, end: at, sum, passed })
			} else {
				Err(damaged(at))
			};
		}
		let record = Record::decode_all(&mut &body[..]).map_err(|_| damaged(at))?;
		let key = record.key();
		let entry = Entry {
			statement: record.statement,
			block: record.block,
			offset: at,
			length: body_length,
		};
		if entries.get(&key).is_some_and(|other| other.statement != entry.statement) {
			return Err(damaged(at));
		}
		entries.insert(key, entry);
		sum = sum_after(&sum, &body);
		at = at.saturating_add(whole);
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
		Ok(()) => {}
		Err(TryLockError::WouldBlock) => return Err(JournalError::Locked(path.into())),
		Err(TryLockError::Error(source)) => return Err(io_error(path)(source)),
	}
	// Another process may have put a new file under this name just before the lock was free.
	let locked = file.metadata().map_err(io_error(path))?.ino();
	match fs::metadata(path) {
		Ok(named) if named.ino() == locked => Ok(file),
		_ => Err(JournalError::Locked(path.into())),
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

fn frame(body: &[u8]) -> Result<Vec<u8>, JournalError> {
	let length = u32::try_from(body.len()).map_err(|_| JournalError::TooLong)?;
	if length > MAX_BODY_BYTES {
		return Err(JournalError::TooLong);
	}
	let mut bytes = head(length).to_vec();
	bytes.extend_from_slice(body);
	bytes.extend_from_slice(&check_of(body));
	Ok(bytes)
}

#[cfg(test)]
mod tests;
