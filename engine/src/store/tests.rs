use super::*;
use countersign_primitives::tensor::{Tensor, TensorType};

fn input(fill: u8, length: usize) -> Vec<u8> {
	vec![Tensor { ty: TensorType::U8, shape: vec![length as u32], data: vec![fill; length] }]
		.encode()
}

fn sha256(bytes: &[u8]) -> ArtefactHash {
	Sha256::digest(bytes).into()
}

fn put_artefact(store: &Arc<Store>, bytes: &[u8]) -> Result<ArtefactHash, StoreError> {
	let hash = sha256(bytes);
	let mut writer = store.artefact_writer(hash, bytes.len() as u64)?;
	for chunk in bytes.chunks(7) {
		writer.write(chunk)?;
	}
	writer.commit()?;
	Ok(hash)
}

struct Fixture {
	folder: tempfile::TempDir,
	store: Arc<Store>,
}

fn fixture(capacity: u64) -> Fixture {
	let folder = tempfile::tempdir().expect("temporary folder");
	let store = Arc::new(Store::open(folder.path(), capacity).expect("opens"));
	Fixture { folder, store }
}

impl Fixture {
	fn reopen(self, capacity: u64) -> Self {
		drop(self.store);
		let store = Arc::new(Store::open(self.folder.path(), capacity).expect("opens"));
		Self { folder: self.folder, store }
	}

	/// What is really on disk.
	fn bytes_on_disk(&self) -> u64 {
		["artefacts", "tensors", "partial"]
			.iter()
			.flat_map(|kind| fs::read_dir(self.folder.path().join(kind)).expect("readable"))
			.map(|file| file.expect("readable").metadata().expect("readable").len())
			.sum()
	}
}

#[test]
fn content_survives_a_restart() {
	let fixture = fixture(10_000);
	let commitment = fixture.store.put_tensors(&input(1, 100)).expect("fits");
	let artefact = put_artefact(&fixture.store, &[5; 1000]).expect("fits");
	let stats = fixture.store.stats();
	let fixture = fixture.reopen(10_000);
	assert_eq!(fixture.store.stats(), stats);
	assert_eq!(stats.bytes, fixture.bytes_on_disk());
	assert_eq!(fixture.store.tensors(&commitment).expect("readable"), Some(input(1, 100)));
	let path = fixture.store.artefact(&artefact).expect("readable").expect("there");
	assert_eq!(fs::read(path).expect("readable"), vec![5; 1000]);
	let chunk = fixture.store.read(&BlobId::Artefact(artefact), 990, 100).expect("readable");
	assert_eq!(chunk, Some(vec![5; 10]));
	let chunk = fixture.store.read(&BlobId::Tensors(commitment), 0, 4).expect("readable");
	assert_eq!(chunk, Some(input(1, 100)[..4].to_vec()));
	let beyond = fixture.store.read(&BlobId::Tensors(commitment), u64::MAX, 4).expect("readable");
	assert_eq!(beyond, Some(vec![]));
}

#[test]
fn the_commitment_is_the_one_that_requests_name() {
	let fixture = fixture(10_000);
	let tensors = decode_tensors(&input(9, 50)).expect("tensors");
	let commitment = fixture.store.put_tensors(&input(9, 50)).expect("fits");
	assert_eq!(commitment, tensors_commitment(&tensors));
	assert!(matches!(fixture.store.put_tensors(b"\x04junk"), Err(StoreError::NotTensors(_))));
	let long = vec![0; MAX_INPUT_BYTES as usize + 1];
	assert!(matches!(fixture.store.put_tensors(&long), Err(StoreError::TooLarge(_))));
}

#[test]
fn corruption_is_found_removed_and_reported_as_missing() {
	let fixture = fixture(10_000);
	let commitment = fixture.store.put_tensors(&input(1, 100)).expect("fits");
	let artefact = put_artefact(&fixture.store, &[5; 1000]).expect("fits");
	for id in [BlobId::Tensors(commitment), BlobId::Artefact(artefact)] {
		let path = fixture.store.path(&id);
		let mut bytes = fs::read(&path).expect("readable");
		let last = bytes.len() - 1;
		bytes[last] ^= 1;
		fs::write(&path, bytes).expect("writable");
		assert_eq!(fixture.store.read(&id, 0, 10).expect("no error"), None);
		assert!(!path.exists());
		assert_eq!(fixture.store.length(&id), None);
	}
	assert_eq!(fixture.store.stats().bytes, 0);
	// It can come back.
	put_artefact(&fixture.store, &[5; 1000]).expect("fits");
	assert!(fixture.store.artefact(&artefact).expect("readable").is_some());
}

#[test]
fn corruption_while_nothing_ran_is_found_too() {
	let fixture = fixture(10_000);
	let artefact = put_artefact(&fixture.store, &[5; 1000]).expect("fits");
	let commitment = fixture.store.put_tensors(&input(1, 100)).expect("fits");
	fs::write(fixture.store.path(&BlobId::Artefact(artefact)), [5; 999]).expect("writable");
	fs::write(fixture.store.path(&BlobId::Tensors(commitment)), []).expect("writable");
	let fixture = fixture.reopen(10_000);
	assert_eq!(fixture.store.artefact(&artefact).expect("no error"), None);
	assert_eq!(fixture.store.tensors(&commitment).expect("no error"), None);
}

#[test]
fn a_file_removed_behind_its_back_is_missing() {
	let fixture = fixture(10_000);
	let artefact = put_artefact(&fixture.store, &[5; 1000]).expect("fits");
	let commitment = fixture.store.put_tensors(&input(1, 100)).expect("fits");
	fs::remove_file(fixture.store.path(&BlobId::Artefact(artefact))).expect("there");
	fs::remove_file(fixture.store.path(&BlobId::Tensors(commitment))).expect("there");
	assert_eq!(fixture.store.artefact(&artefact).expect("no error"), None);
	assert_eq!(fixture.store.tensors(&commitment).expect("no error"), None);
	assert_eq!(fixture.store.stats(), StoreStats { capacity: 10_000, ..Default::default() });
}

#[test]
fn wrong_content_leaves_nothing_behind() {
	let fixture = fixture(10_000);
	let hash = sha256(&[5; 1000]);
	let mut longer = fixture.store.artefact_writer(hash, 1000).expect("room");
	longer.write(&[5; 1000]).expect("as promised");
	assert!(matches!(longer.write(&[5]), Err(StoreError::WrongContent(_))));
	drop(longer);
	let mut other = fixture.store.artefact_writer(hash, 1000).expect("room");
	other.write(&[6; 1000]).expect("length as promised");
	assert!(matches!(other.commit(), Err(StoreError::WrongContent(_))));
	let mut shorter = fixture.store.artefact_writer(hash, 1000).expect("room");
	shorter.write(&[5; 999]).expect("fewer than promised");
	assert!(matches!(shorter.commit(), Err(StoreError::WrongContent(_))));
	assert_eq!(fixture.bytes_on_disk(), 0);
	assert_eq!(fixture.store.index.lock().reserved, 0);
	assert_eq!(fixture.store.artefact(&hash).expect("no error"), None);
}

#[test]
fn the_least_used_makes_room_and_the_pinned_stays() {
	let fixture = fixture(1000);
	let first = put_artefact(&fixture.store, &[1; 400]).expect("fits");
	let second = put_artefact(&fixture.store, &[2; 400]).expect("fits");
	assert!(fixture.store.artefact(&first).expect("readable").is_some());
	// The second was used longest ago.
	let third = put_artefact(&fixture.store, &[3; 400]).expect("fits");
	assert_eq!(fixture.store.artefact(&second).expect("readable"), None);
	assert!(fixture.store.artefact(&first).expect("readable").is_some());

	let pin = fixture.store.pin(BlobId::Artefact(third));
	let other = fixture.store.pin(BlobId::Artefact(third));
	put_artefact(&fixture.store, &[4; 500]).expect("the first makes room");
	assert_eq!(fixture.store.artefact(&first).expect("readable"), None);
	assert!(fixture.store.artefact(&third).expect("readable").is_some());
	drop(pin);
	let refused = put_artefact(&fixture.store, &[5; 700]);
	assert!(matches!(refused, Err(StoreError::Full { wanted: 700, fixed: 400, .. })));
	drop(other);
	put_artefact(&fixture.store, &[5; 700]).expect("nothing is pinned any more");
	assert!(fixture.bytes_on_disk() <= 1000);
	assert_eq!(fixture.bytes_on_disk(), fixture.store.stats().bytes);
	assert!(matches!(put_artefact(&fixture.store, &[6; 1001]), Err(StoreError::Full { .. })));
}

#[test]
fn writers_under_way_count() {
	let fixture = fixture(1000);
	let writer = fixture.store.artefact_writer(sha256(&[1; 600]), 600).expect("room");
	assert!(matches!(put_artefact(&fixture.store, &[2; 600]), Err(StoreError::Full { .. })));
	drop(writer);
	put_artefact(&fixture.store, &[2; 600]).expect("room again");
}

#[test]
fn a_pin_may_come_before_its_file() {
	let fixture = fixture(1000);
	let id = BlobId::Artefact(sha256(&[1; 600]));
	let pin = fixture.store.pin(id);
	assert_eq!(fixture.store.artefact(&sha256(&[1; 600])).expect("no error"), None);
	put_artefact(&fixture.store, &[1; 600]).expect("fits");
	assert!(matches!(put_artefact(&fixture.store, &[2; 600]), Err(StoreError::Full { .. })));
	drop(pin);
	put_artefact(&fixture.store, &[2; 600]).expect("fits");
}

#[test]
fn a_smaller_capacity_and_a_crash_while_writing_are_cleaned_up() {
	let fixture = fixture(1000);
	let first = put_artefact(&fixture.store, &[1; 400]).expect("fits");
	let second = put_artefact(&fixture.store, &[2; 400]).expect("fits");
	fs::write(fixture.folder.path().join("partial/17"), [0; 100]).expect("writable");
	let old = SystemTime::now() - std::time::Duration::from_secs(3600);
	File::options()
		.write(true)
		.open(fixture.store.path(&BlobId::Artefact(second)))
		.and_then(|file| file.set_modified(old))
		.expect("writable");
	let fixture = fixture.reopen(500);
	assert_eq!(fixture.bytes_on_disk(), 400);
	assert!(fixture.store.artefact(&first).expect("readable").is_some());
	assert_eq!(fixture.store.artefact(&second).expect("readable"), None);
}

#[test]
fn what_another_process_imports_is_found() {
	let fixture = fixture(1000);
	let mut writer = fixture.store.artefact_writer(sha256(&[2; 100]), 100).expect("room");
	writer.write(&[2; 100]).expect("as promised");
	let other = Arc::new(Store::open(fixture.folder.path(), 1000).expect("opens"));
	writer.commit().expect("the other one left it alone");
	assert!(other.artefact(&sha256(&[2; 100])).expect("readable").is_some());
	let artefact = put_artefact(&other, &[1; 300]).expect("fits");
	let commitment = other.put_tensors(&input(1, 100)).expect("fits");
	assert!(fixture.store.artefact(&artefact).expect("readable").is_some());
	assert!(fixture.store.tensors(&commitment).expect("readable").is_some());
	assert_eq!(fixture.store.stats(), other.stats());
	assert_eq!(fixture.store.stats().bytes, fixture.bytes_on_disk());
}

#[test]
fn a_file_is_imported_once() {
	let fixture = fixture(1000);
	let source = fixture.folder.path().join("model.onnx");
	fs::write(&source, [7; 300]).expect("writable");
	let hash = fixture.store.import_artefact(&source).expect("fits");
	assert_eq!(hash, sha256(&[7; 300]));
	assert_eq!(fixture.store.import_artefact(&source).expect("fits"), hash);
	assert_eq!(fixture.store.stats().files, 1);
}
