use super::*;
use countersign_primitives::request::{OutcomeCommitment, TrapCode};
use proptest::prelude::*;
use sp_core::crypto::UncheckedFrom;

pub(super) const GENESIS: Hash = Hash::repeat_byte(9);

pub(super) fn record(request: u8, output: u8) -> Record {
	Record {
		statement: Statement {
			genesis: GENESIS,
			request: Hash::repeat_byte(request),
			model: Hash::repeat_byte(1),
			role: Role::Executor,
			session: 1,
			validator: 2,
			input: Hash::repeat_byte(3),
			outcome: OutcomeCommitment::Output(Hash::repeat_byte(output)),
			attribution: Hash::repeat_byte(4),
			signer: sp_core::sr25519::Public::unchecked_from([7; 32]).into(),
		},
		outcome: Outcome::Trap { code: TrapCode::Operator, operator: output.into() },
		block: 100,
	}
}

pub(super) struct Fixture {
	_folder: tempfile::TempDir,
	pub(super) path: PathBuf,
	pub(super) witness: PathBuf,
}

pub(super) fn fixture() -> Fixture {
	let folder = tempfile::tempdir().expect("temporary folder");
	let path = folder.path().join("deeper/journal");
	let witness = folder.path().join("volatile/journal");
	Fixture { _folder: folder, path, witness }
}

impl Fixture {
	pub(super) fn place(&self) -> JournalPlace {
		JournalPlace { path: self.path.clone(), witness: Some(self.witness.clone()) }
	}

	pub(super) fn open(&self, best: BlockNumber) -> Result<Journal, JournalError> {
		Journal::open(self.place(), GENESIS, best)
	}

	pub(super) fn filled(&self, requests: &[u8]) -> Vec<u8> {
		let mut journal = self.open(50).expect("opens");
		for request in requests {
			journal.record(&record(*request, 0)).expect("new");
		}
		drop(journal);
		fs::read(&self.path).expect("readable")
	}
}

#[test]
fn records_survive_and_a_different_statement_is_refused() {
	let fixture = fixture();
	let mut journal = fixture.open(50).expect("opens");
	journal.record(&record(1, 1)).expect("new");
	assert!(matches!(journal.record(&record(1, 2)), Err(JournalError::Conflict)));
	drop(journal);
	let mut journal = fixture.open(164).expect("opens");
	assert_eq!(journal.floor(), 66, "the floor is the first one's");
	assert_eq!(journal.get(&record(1, 1).key()).expect("readable"), Some(record(1, 1)));
	assert!(matches!(journal.record(&record(1, 2)), Err(JournalError::Conflict)));
	// The same again: the first record with the first outcome, and the file does not grow.
	let length = fs::metadata(&fixture.path).expect("there").len();
	journal.record(&Record { block: 7, ..record(1, 1) }).expect("the same");
	assert_eq!(journal.get(&record(1, 1).key()).expect("readable"), Some(record(1, 1)));
	assert_eq!(fs::metadata(&fixture.path).expect("there").len(), length);
	// Another role of the same request is another key.
	let mut audit = record(1, 2);
	audit.statement.role = Role::Auditor(0);
	journal.record(&audit).expect("new");
	assert_eq!(journal.len(), 2);
}

#[test]
fn a_torn_last_record_is_cut_off_wherever_it_was_torn() {
	let fixture = fixture();
	let one = fixture.filled(&[1]).len();
	let witness = fs::read(&fixture.witness).expect("there");
	let bytes = fixture.filled(&[2]);
	for end in one..bytes.len() {
		fs::write(&fixture.path, &bytes[..end]).expect("writable");
		fs::write(&fixture.witness, &witness).expect("writable");
		let mut journal = fixture.open(60).expect("opens");
		assert_eq!(journal.len(), 1, "torn at {end}");
		assert_eq!(journal.floor(), 66);
		// And writing goes on behind the last whole record.
		journal.record(&record(3, 0)).expect("new");
		drop(journal);
		let journal = fixture.open(60).expect("opens");
		assert_eq!(journal.len(), 2);
		assert_eq!(journal.get(&record(3, 0).key()).expect("readable"), Some(record(3, 0)));
	}
}

#[test]
fn a_last_record_whose_bytes_never_arrived_is_cut_off() {
	let fixture = fixture();
	let one = fixture.filled(&[1]).len();
	let bytes = fixture.filled(&[2]);
	for arrived in [one, one + RECORD_HEAD_BYTES, one + 40] {
		let mut torn = bytes.clone();
		torn[arrived..].fill(0);
		fs::write(&fixture.path, &torn).expect("writable");
		assert_eq!(fixture.open(60).expect("opens").len(), 1);
	}
}

#[test]
fn damage_before_the_end_is_an_error_and_changes_nothing() {
	let fixture = fixture();
	let bytes = fixture.filled(&[1, 2, 3]);
	let record_bytes = (bytes.len() - HEADER_BYTES) / 3;
	let last = bytes.len() - record_bytes;
	for at in 0..bytes.len() {
		let mut damaged = bytes.clone();
		damaged[at] ^= 0x10;
		fs::write(&fixture.path, &damaged).expect("writable");
		let opened = fixture.open(60);
		if at < last + RECORD_HEAD_BYTES {
			assert!(opened.is_err(), "damage at {at} passed");
			drop(opened);
			assert_eq!(fs::read(&fixture.path).expect("readable"), damaged);
		} else {
			// In the body of the last record it cannot be told from a torn write.
			assert_eq!(opened.expect("opens").len(), 2);
		}
	}
}

#[test]
fn compaction_keeps_the_young() {
	let fixture = fixture();
	let mut journal = fixture.open(50).expect("opens");
	for request in 1..6 {
		let mut record = record(request, request);
		record.block = if request < 4 { 100 } else { 1000 };
		journal.record(&record).expect("new");
	}
	journal.compact(500 + RETENTION_BLOCKS).expect("writable");
	for again in 0..2 {
		assert_eq!(journal.len(), 2);
		for request in 4..6 {
			let known = journal.get(&record(request, request).key()).expect("readable");
			assert_eq!(known, Some(Record { block: 1000, ..record(request, request) }));
			let other = journal.record(&record(request, 0));
			assert!(matches!(other, Err(JournalError::Conflict)), "{again}");
		}
		// And it can be written to and opened again.
		drop(journal);
		journal = fixture.open(500 + RETENTION_BLOCKS).expect("opens");
	}
	journal.record(&record(7, 7)).expect("new");
	drop(journal);
	assert_eq!(fixture.open(500).expect("opens").len(), 3);
}

#[test]
fn a_new_journal_has_its_floor_at_the_best_block() {
	let fixture = fixture();
	assert_eq!(fixture.open(1234).expect("opens").floor(), 1250);
	assert_eq!(fixture.open(1234 + CONTIGUOUS_BLOCKS).expect("opens").floor(), 1250);
	// A crash while it was made: nothing was signed, the floor moves up.
	fs::write(&fixture.path, &header(GENESIS, 1234)[..20]).expect("writable");
	assert_eq!(fixture.open(6000).expect("opens").floor(), 6016);
	fs::remove_file(&fixture.path).expect("there");
	assert_eq!(fixture.open(7000).expect("opens").floor(), 7016);
	assert_eq!([0, 1, 5, u32::MAX].map(floor_at), [0, 2, 10, u32::MAX]);
}

#[test]
fn another_chain_and_another_process_are_refused() {
	let fixture = fixture();
	let journal = fixture.open(1).expect("opens");
	assert!(matches!(fixture.open(1), Err(JournalError::Locked(_))));
	drop(journal);
	let other = Journal::open(fixture.place(), Hash::zero(), 1);
	assert!(matches!(other, Err(JournalError::OtherChain { found, .. }) if found == GENESIS));
	fs::write(&fixture.path, b"something else").expect("writable");
	assert!(matches!(fixture.open(1), Err(JournalError::Damaged { .. })));
}

#[test]
fn old_records_go_and_the_lock_stays() {
	let fixture = fixture();
	let before = fixture.filled(&[1, 2, 3]);
	let mut journal = fixture.open(100 + RETENTION_BLOCKS).expect("opens");
	assert_eq!(journal.len(), 3, "not old enough");
	drop(journal);
	journal = fixture.open(101 + RETENTION_BLOCKS).expect("opens");
	assert!(journal.is_empty());
	assert_eq!(journal.floor(), 116 + RETENTION_BLOCKS, "nobody was there for so long");
	assert!(fs::metadata(&fixture.path).expect("there").len() < before.len() as u64);
	assert!(matches!(fixture.open(1), Err(JournalError::Locked(_))));
	journal.compact(200 + 2 * RETENTION_BLOCKS).expect("nothing to do");
	journal.record(&record(4, 4)).expect("new");
	drop(journal);
	assert_eq!(fixture.open(200).expect("opens").len(), 1);
}

/// Whether a start at this block found a record without a gap.
fn is_contiguous(fixture: &Fixture, best: BlockNumber) -> bool {
	let journal = fixture.open(best).expect("opens");
	let raised = journal.floor() == floor_at(best);
	assert!(raised || journal.floor() < best);
	!raised
}

#[test]
fn a_restored_backup_has_a_gap() {
	let fixture = fixture();
	let backup = fixture.filled(&[1]);
	assert!(is_contiguous(&fixture, 110));
	fixture.filled(&[2]);
	fs::write(&fixture.path, &backup).expect("writable");
	assert!(!is_contiguous(&fixture, 120));
	// The floor is in the file: later starts have no gap and the same floor.
	assert!(is_contiguous(&fixture, 150));
	let journal = fixture.open(160).expect("opens");
	assert_eq!(journal.floor(), 136);
	// What the backup holds is still the only thing to say about that request.
	assert_eq!(journal.get(&record(1, 0).key()).expect("readable"), Some(record(1, 0)));
}

#[test]
fn a_backup_that_went_another_way_has_a_gap() {
	let fixture = fixture();
	let backup = fixture.filled(&[1]);
	fixture.filled(&[2]);
	let witness = fs::read(&fixture.witness).expect("there");
	fs::write(&fixture.path, &backup).expect("writable");
	// As long as the lost one, and longer, but with other statements.
	for requests in [&[3][..], &[4]] {
		fixture.filled(requests);
		fs::write(&fixture.witness, &witness).expect("writable");
		assert!(!is_contiguous(&fixture, 130));
		fs::write(&fixture.witness, &witness).expect("writable");
	}
}

#[test]
fn what_a_reboot_a_copy_or_a_long_pause_leaves_has_a_gap() {
	let fixture = fixture();
	fixture.filled(&[1]);
	// A reboot takes the witness away.
	fs::remove_file(&fixture.witness).expect("there");
	assert!(!is_contiguous(&fixture, 120));
	assert!(is_contiguous(&fixture, 140));
	// A witness that does not check.
	let mut witness = fs::read(&fixture.witness).expect("there");
	witness[20] ^= 1;
	fs::write(&fixture.witness, &witness).expect("writable");
	assert!(!is_contiguous(&fixture, 160));
	// A pause in which the keys may have been used elsewhere.
	assert!(is_contiguous(&fixture, 160 + CONTIGUOUS_BLOCKS));
	assert!(!is_contiguous(&fixture, 161 + 2 * CONTIGUOUS_BLOCKS));
	// Blocks that the process saw are no pause.
	let mut journal = fixture.open(300).expect("opens");
	for best in [350, 349, 400] {
		journal.note_block(best).expect("writable");
	}
	drop(journal);
	assert!(is_contiguous(&fixture, 400 + CONTIGUOUS_BLOCKS));
	// A place without a witness.
	let floor = Journal::open(fixture.path.clone(), GENESIS, 480).expect("opens").floor();
	assert_eq!(floor, 496);
}

#[test]
fn a_crash_between_journal_and_witness_is_no_gap() {
	let fixture = fixture();
	fixture.filled(&[1]);
	let witness = fs::read(&fixture.witness).expect("there");
	fixture.filled(&[2]);
	fs::write(&fixture.witness, witness).expect("writable");
	assert!(is_contiguous(&fixture, 110));
}

#[test]
fn a_witness_that_cannot_be_written_vouches_for_nothing() {
	let mut fixture = fixture();
	fixture.witness = fixture.path.join("below-a-file");
	fixture.filled(&[1]);
	assert!(!is_contiguous(&fixture, 110));
}

#[test]
fn compaction_is_no_gap() {
	let fixture = fixture();
	let mut journal = fixture.open(50).expect("opens");
	for request in 1..4 {
		journal.record(&record(request, 0)).expect("new");
	}
	journal.note_block(200 + RETENTION_BLOCKS).expect("writable");
	journal.compact(200 + RETENTION_BLOCKS).expect("writable");
	assert!(journal.is_empty());
	journal.record(&Record { block: 300, ..record(4, 0) }).expect("new");
	drop(journal);
	assert!(is_contiguous(&fixture, 201 + RETENTION_BLOCKS));
}

#[test]
fn only_a_journal_that_is_there_can_be_looked_at() {
	let fixture = fixture();
	let missing = Journal::existing(&fixture.path, GENESIS);
	assert!(matches!(missing, Err(JournalError::Missing(_))));
	assert!(!fixture.path.exists());
	let bytes = fixture.filled(&[1]);
	assert_eq!(Journal::existing(&fixture.path, GENESIS).expect("there").len(), 1);
	assert_eq!(fs::read(&fixture.path).expect("readable"), bytes);
}

#[test]
fn journals_of_one_machine_have_a_witness_each() {
	let folder = Path::new("/dev/shm/countersign");
	let place = |path: &str| JournalPlace::with_witness_in(path.into(), folder).witness;
	assert_eq!(place("/a/journal"), place("/a/journal"));
	assert_ne!(place("/a/journal"), place("/b/journal"));
	assert!(place("/a/journal").is_some_and(|path| path.starts_with(folder)));
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(200))]
	/// Whatever is written and wherever a crash cuts the file, no two statements about one request
	/// are ever accepted.
	#[test]
	fn one_request_never_gets_two_statements(
		steps in proptest::collection::vec((0u8..4, 0u8..3, any::<bool>(), 0usize..200), 1..20)
	) {
		let fixture = fixture();
		let mut accepted: HashMap<JournalKey, Statement> = HashMap::new();
		for (request, output, crash, torn) in steps {
			let mut journal = fixture.open(50).expect("opens");
			let attempt = record(request, output);
			match journal.record(&attempt) {
				Ok(()) => {
					let first =
						accepted.entry(attempt.key()).or_insert(attempt.statement.clone());
					prop_assert_eq!(&*first, &attempt.statement);
				},
				Err(JournalError::Conflict) => {
					prop_assert_ne!(&accepted[&attempt.key()], &attempt.statement);
				},
				Err(other) => prop_assert!(false, "{}", other),
			}
			drop(journal);
			if crash {
				// A write that was under way, never acknowledged.
				let unfinished = frame(&record(99, 0).encode()).expect("short");
				let torn = torn.min(unfinished.len() - 1);
				let mut file = File::options().append(true).open(&fixture.path).expect("there");
				file.write_all(&unfinished[..torn]).expect("writable");
			}
		}
	}
}
