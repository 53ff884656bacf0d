//! The functions that fuzzing drives, over a bounded number of random graphs and spoilt files.

mod driven;

use std::{
	collections::BTreeSet,
	panic::{catch_unwind, set_hook, take_hook, AssertUnwindSafe},
	sync::{Arc, Mutex},
};

/// SplitMix64.
struct Dice(u64);

impl Dice {
	fn next(&mut self) -> u64 {
		self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
		let mut z = self.0;
		z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
		z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
		z ^ (z >> 31)
	}

	fn bytes(&mut self, count: usize) -> Vec<u8> {
		(0..count).map(|_| self.next() as u8).collect()
	}
}

/// Every place where the importer panicked, which refuses the file and is a mistake all the same.
fn mistakes(cases: u64, mut case: impl FnMut(u64)) -> BTreeSet<String> {
	let places = Arc::new(Mutex::new(BTreeSet::new()));
	let (seen, hook) = (places.clone(), take_hook());
	set_hook(Box::new(move |info| {
		seen.lock().expect("not poisoned").insert(info.to_string());
	}));
	let ended = catch_unwind(AssertUnwindSafe(|| (0..cases).for_each(&mut case)));
	set_hook(hook);
	let found = std::mem::take(&mut *places.lock().expect("not poisoned"));
	assert!(ended.is_ok(), "a panic left the importer: {found:#?}");
	found
}

#[test]
fn whatever_comes_is_refused_or_becomes_a_program() {
	let mut imported = 0;
	let mut found = mistakes(40_000, |seed| {
		imported += usize::from(driven::graph(&Dice(seed).bytes(200)));
	});
	// Most do not fit; if none did, this would say little.
	assert!(imported > 50, "{imported}");
	found.extend(mistakes(4_000, |seed| {
		let mut dice = Dice(seed);
		let mut file = driven::encoded(&dice.bytes(200));
		for _ in 0..8 {
			for _ in 0..=dice.next() % 3 {
				let at = dice.next() as usize % file.len();
				match dice.next() % 3 {
					0 => file[at] = dice.next() as u8,
					1 => file[at] ^= 1 << (dice.next() % 8),
					_ => file.truncate(at.max(1)),
				}
			}
			driven::file(&file);
		}
	}));
	// Each of these would refuse a file that might have been imported, or named better.
	assert!(found.is_empty(), "mistakes of the importer: {found:#?}");
}

/// Writes what the corpora `import` and `graph` of `canonical/fuzz` start from, where that is asked
/// for: graphs that are imported.
#[test]
fn corpus_is_written_on_request() {
	let Some(folder) = std::env::var_os("COUNTERSIGN_CORPUS") else {
		return;
	};
	let folder = std::path::PathBuf::from(folder);
	let made = (0..).map(|seed| Dice(seed).bytes(200)).filter(|bytes| driven::graph(bytes));
	for (number, bytes) in made.take(12).enumerate() {
		for (kind, bytes) in [("import", &driven::encoded(&bytes)), ("graph", &bytes)] {
			let folder = folder.join(kind);
			std::fs::create_dir_all(&folder).expect("the folder can be made");
			std::fs::write(folder.join(number.to_string()), bytes).expect("files can be written");
		}
	}
}
