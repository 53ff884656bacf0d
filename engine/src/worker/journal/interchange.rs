//! A journal as text, to move it to another machine or to look into it.
//!
//! ```json
//! {
//!   "format": "countersign-journal",
//!   "version": 1,
//!   "genesis": "0x…",
//!   "floor": 1234,
//!   "records": [
//!     {
//!       "request": "0x…",
//!       "role": "executor",
//!       "signer": "0x…",
//!       "block": 1200,
//!       "statement": "0x…",
//!       "outcome": "0x…"
//!     }
//!   ]
//! }
//! ```
//!
//! `statement` and `outcome` are SCALE encodings, and the statement is what counts: `request`,
//! `role` (`executor`, or `auditor-N`) and `signer` repeat what it says, for people, and have to
//! agree with it. `block` is the best block when it was made. `floor` is the block up to which
//! nothing new may be signed.
//!
//! Importing adds: no record ever goes away or changes, the floor never falls, and a file that
//! belongs to another chain, is of another version, or holds a statement that contradicts one that
//! is there, is refused as a whole.

use super::{floor_at, Journal, JournalError, JournalKey, JournalPlace, Record};
use codec::{DecodeAll, Encode};
use countersign_primitives::{
	request::{Role, Statement},
	BlockNumber, Hash,
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What `format` says.
pub const FORMAT: &str = "countersign-journal";
/// The version that is written and read.
pub const VERSION: u32 = 1;

/// A journal as text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interchange {
	/// [`FORMAT`].
	pub format: String,
	/// [`VERSION`].
	pub version: u32,
	/// The hash of the chain's genesis block, as `0x` and hex digits.
	pub genesis: String,
	/// Nothing that was assigned at or below this block may be signed anew.
	pub floor: BlockNumber,
	/// The statements, the oldest first.
	pub records: Vec<InterchangeRecord>,
}

/// A statement that may be signed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InterchangeRecord {
	/// The request.
	pub request: String,
	/// `executor`, or `auditor-N`.
	pub role: String,
	/// The inference key.
	pub signer: String,
	/// The best block when it was made.
	pub block: BlockNumber,
	/// The SCALE encoding of the statement.
	pub statement: String,
	/// The SCALE encoding of the outcome.
	pub outcome: String,
}

/// Why a journal was not imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
	/// The file is not what this version reads.
	#[error("this is {format} version {version}; {FORMAT} version {VERSION} is wanted")]
	Version {
		/// What it says it is.
		format: String,
		/// The version that it says.
		version: u32,
	},
	/// The file, or a statement in it, belongs to another chain.
	#[error("{at} belongs to the chain with genesis {found}")]
	OtherChain {
		/// Where it says so.
		at: Position,
		/// Its genesis hash.
		found: String,
	},
	/// A record does not decode, or its parts do not agree.
	#[error("record {0} is damaged: {1}")]
	Damaged(usize, &'static str),
	/// A record contradicts one in the journal or an earlier one of the file.
	#[error("record {0} contradicts what is known about this request and role")]
	Conflict(usize),
	/// The journal.
	#[error(transparent)]
	Journal(#[from] JournalError),
}

/// Where in a file something stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Position {
	/// In its head.
	Head,
	/// In a record, counted from 0.
	Record(usize),
}

impl std::fmt::Display for Position {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		match self {
			Self::Head => f.write_str("the file"),
			Self::Record(at) => write!(f, "record {at}"),
		}
	}
}

/// What an import did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Imported {
	/// Records that are new.
	pub added: usize,
	/// Records that were there already.
	pub known: usize,
}

fn hex_text(bytes: impl AsRef<[u8]>) -> String {
	format!("0x{}", hex::encode(bytes))
}

fn bytes_of(text: &str) -> Option<Vec<u8>> {
	hex::decode(text.strip_prefix("0x")?).ok()
}

fn role_text(role: Role) -> String {
	match role {
		Role::Executor => "executor".into(),
		Role::Auditor(index) => format!("auditor-{index}"),
	}
}

impl InterchangeRecord {
	fn new(record: &Record) -> Self {
		Self {
			request: hex_text(record.statement.request),
			role: role_text(record.statement.role),
			signer: hex_text(AsRef::<[u8]>::as_ref(&record.statement.signer)),
			block: record.block,
			statement: hex_text(record.statement.encode()),
			outcome: hex_text(record.outcome.encode()),
		}
	}

	fn record(&self) -> Result<Record, &'static str> {
		let decoded = |text: &str| bytes_of(text).ok_or("not hex");
		let statement = Statement::decode_all(&mut &decoded(&self.statement)?[..])
			.map_err(|_| "not a statement")?;
		let outcome = DecodeAll::decode_all(&mut &decoded(&self.outcome)?[..])
			.map_err(|_| "not an outcome")?;
		let record = Record { statement, outcome, block: self.block };
		// What people read must be what is signed.
		if Self::new(&record) != *self {
			return Err("its parts do not agree");
		}
		Ok(record)
	}
}

impl Journal {
	/// The journal as text. It changes nothing.
	pub fn export(&self) -> Result<Interchange, JournalError> {
		let mut keys: Vec<(BlockNumber, JournalKey)> =
			self.entries.iter().map(|(key, entry)| (entry.block, *key)).collect();
		keys.sort();
		let mut records = Vec::with_capacity(keys.len());
		for (_, key) in keys {
			records.extend(self.get(&key)?.as_ref().map(InterchangeRecord::new));
		}
		Ok(Interchange {
			format: FORMAT.into(),
			version: VERSION,
			genesis: hex_text(self.genesis),
			floor: self.floor,
			records,
		})
	}

	/// Adds what a text holds to the journal at a place, which is made if there is none. All of it
	/// or nothing. What was signed elsewhere after the text was made is not in it, so the journal
	/// counts as one with a gap until it is opened again: then only requests assigned later are
	/// signed anew.
	pub fn import(
		place: impl Into<JournalPlace>,
		genesis: Hash,
		text: &Interchange,
	) -> Result<Imported, ImportError> {
		let records = checked(genesis, text)?;
		let place = place.into();
		let mut journal = Self::unwitnessed(&place.path, genesis, text.floor)?;
		let mut imported = Imported::default();
		for (at, record) in records.iter().enumerate() {
			match journal.statement(&record.key()) {
				Some(known) if *known != record.statement => return Err(ImportError::Conflict(at)),
				Some(_) => imported.known = imported.known.saturating_add(1),
				None => imported.added = imported.added.saturating_add(1),
			}
		}
		// Gone before anything is written: a crash in between must not leave a witness.
		if let Some(path) = &place.witness {
			super::witness::remove(path)?;
		}
		let newest = records.iter().map(|record| record.block).max().unwrap_or_default();
		for record in &records {
			journal.record(record)?;
		}
		journal.raise_floor(text.floor.max(floor_at(newest)))?;
		Ok(imported)
	}
}

/// The records of a text, each checked by itself and against the others.
fn checked(genesis: Hash, text: &Interchange) -> Result<Vec<Record>, ImportError> {
	if text.format != FORMAT || text.version != VERSION {
		return Err(ImportError::Version { format: text.format.clone(), version: text.version });
	}
	if text.genesis != hex_text(genesis) {
		return Err(ImportError::OtherChain { at: Position::Head, found: text.genesis.clone() });
	}
	let mut seen: HashMap<JournalKey, Statement> = HashMap::new();
	let mut records = Vec::with_capacity(text.records.len());
	for (at, written) in text.records.iter().enumerate() {
		let record = written.record().map_err(|why| ImportError::Damaged(at, why))?;
		if record.statement.genesis != genesis {
			let found = hex_text(record.statement.genesis);
			return Err(ImportError::OtherChain { at: Position::Record(at), found });
		}
		let first = seen.entry(record.key()).or_insert_with(|| record.statement.clone());
		if *first != record.statement {
			return Err(ImportError::Conflict(at));
		}
		records.push(record);
	}
	Ok(records)
}

#[cfg(test)]
mod tests {
	use super::{super::tests::*, *};
	use proptest::prelude::*;

	fn text_of(fixture: &Fixture) -> Interchange {
		fixture.open(50).expect("opens").export().expect("readable")
	}

	/// The format is documented and other programs read it.
	#[test]
	fn the_format_is_frozen() {
		let fixture = fixture();
		fixture.filled(&[1]);
		let text = text_of(&fixture);
		let statement = hex_text(record(1, 0).statement.encode());
		let expected = serde_json::json!({
			"format": "countersign-journal",
			"version": 1,
			"genesis": format!("0x{}", "09".repeat(32)),
			"floor": 66,
			"records": [{
				"request": format!("0x{}", "01".repeat(32)),
				"role": "executor",
				"signer": format!("0x{}", "07".repeat(32)),
				"block": 100,
				"statement": statement,
				"outcome": "0x010100000000",
			}],
		});
		assert_eq!(serde_json::to_value(&text).expect("JSON"), expected);
		let again: Interchange = serde_json::from_value(expected).expect("reads");
		assert_eq!(again, text);
	}

	#[test]
	fn what_was_exported_can_be_imported_anywhere() {
		let (from, to) = (fixture(), fixture());
		from.filled(&[1, 2, 3]);
		to.filled(&[3, 4]);
		let text = text_of(&from);
		let import = || Journal::import(to.place(), GENESIS, &text).expect("fits");
		assert_eq!(import(), Imported { added: 2, known: 1 });
		assert_eq!(import(), Imported { added: 0, known: 3 });
		let journal = to.open(60).expect("opens");
		assert_eq!(journal.len(), 4);
		// Records were made at block 100, so something may have been signed there.
		assert_eq!(journal.floor(), 116);
		for request in 1..5 {
			let known = journal.get(&record(request, 0).key()).expect("readable");
			assert_eq!(known, Some(record(request, 0)));
		}
		drop(journal);
		// A machine that had none.
		let new = fixture();
		assert_eq!(
			Journal::import(new.place(), GENESIS, &text).expect("fits"),
			Imported { added: 3, known: 0 }
		);
		assert_eq!(new.open(500).expect("opens").floor(), 516, "no old request is signed anew");
	}

	/// Whoever moves a key must not sign what the other machine may have signed since.
	#[test]
	fn an_import_is_a_gap() {
		let (from, to) = (fixture(), fixture());
		from.filled(&[1]);
		let text = text_of(&from);
		to.filled(&[2]);
		assert_eq!(to.open(51).expect("opens").floor(), 66, "no gap yet");
		Journal::import(to.place(), GENESIS, &text).expect("fits");
		assert_eq!(to.open(200).expect("opens").floor(), 216);
	}

	#[test]
	fn an_import_that_contradicts_changes_nothing() {
		let (from, to) = (fixture(), fixture());
		from.filled(&[5, 1]);
		let mut text = text_of(&from);
		let other = InterchangeRecord::new(&record(1, 9));
		to.filled(&[2]);
		let before = std::fs::read(&to.path).expect("readable");
		// Against itself.
		text.records.push(other.clone());
		let refused = Journal::import(to.place(), GENESIS, &text);
		assert!(matches!(refused, Err(ImportError::Conflict(2))), "{refused:?}");
		assert_eq!(std::fs::read(&to.path).expect("readable"), before);
		// Against the journal.
		text.records = vec![InterchangeRecord::new(&record(5, 0)), other];
		let refused = Journal::import(from.place(), GENESIS, &text);
		assert!(matches!(refused, Err(ImportError::Conflict(1))), "{refused:?}");
		let known = from.open(50).expect("opens").get(&record(1, 0).key()).expect("readable");
		assert_eq!(known, Some(record(1, 0)));
	}

	#[test]
	fn other_chains_versions_and_nonsense_are_refused() {
		let fixture = fixture();
		fixture.filled(&[1]);
		let before = std::fs::read(&fixture.path).expect("readable");
		let good = text_of(&fixture);
		let refused = |change: &dyn Fn(&mut Interchange)| {
			let mut text = good.clone();
			change(&mut text);
			Journal::import(fixture.place(), GENESIS, &text).expect_err("refused")
		};
		let version = refused(&|text| text.version = 2);
		assert!(matches!(version, ImportError::Version { version: 2, .. }));
		let format = refused(&|text| text.format = "other".into());
		assert!(matches!(format, ImportError::Version { .. }));
		let chain = refused(&|text| text.genesis = hex_text([1; 32]));
		assert!(matches!(chain, ImportError::OtherChain { at: Position::Head, .. }));
		let inner = refused(&|text| {
			let mut record = record(1, 0);
			record.statement.genesis = Hash::zero();
			text.records = vec![InterchangeRecord::new(&record)];
		});
		assert!(matches!(inner, ImportError::OtherChain { at: Position::Record(0), .. }));
		for change in [
			(&|text: &mut Interchange| text.records[0].request = hex_text([3; 32]))
				as &dyn Fn(&mut Interchange),
			&|text| text.records[0].role = "auditor-0".into(),
			&|text| text.records[0].signer.push('0'),
			&|text| text.records[0].statement.truncate(20),
			&|text| text.records[0].outcome.push_str("00"),
			&|text| text.records[0].outcome = "010100000000".into(),
		] {
			assert!(matches!(refused(change), ImportError::Damaged(0, _)));
		}
		assert_eq!(std::fs::read(&fixture.path).expect("readable"), before);
	}

	#[test]
	fn a_journal_in_use_is_not_imported_into() {
		let fixture = fixture();
		fixture.filled(&[1]);
		let text = text_of(&fixture);
		let _open = fixture.open(50).expect("opens");
		let refused = Journal::import(fixture.place(), GENESIS, &text);
		assert!(matches!(refused, Err(ImportError::Journal(JournalError::Locked(_)))));
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(100))]
		/// Whatever is imported, in whatever order: what was there stays as it was.
		#[test]
		fn importing_never_takes_anything_away(
			here in proptest::collection::vec((0u8..6, 0u8..3), 0..8),
			there in proptest::collection::vec((0u8..6, 0u8..3), 0..8),
		) {
			let (from, to) = (fixture(), fixture());
			for (fixture, records) in [(&to, &here), (&from, &there)] {
				let mut journal = fixture.open(50).expect("opens");
				for (request, output) in records {
					let _ = journal.record(&record(*request, *output));
				}
			}
			let before = text_of(&to);
			let _ = Journal::import(to.place(), GENESIS, &text_of(&from));
			let after = text_of(&to);
			for known in &before.records {
				prop_assert!(after.records.contains(known));
			}
			prop_assert!(after.floor >= before.floor);
		}
	}
}
