//! The functions that fuzzing drives, over a bounded number of random programs.

mod cases;
mod common;
mod driven;
mod generate;

use codec::Encode;
use common::Dice;

/// Changes some bytes.
fn broken(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
	let mut bytes = bytes.to_vec();
	for _ in 0..=dice.below(3) {
		let at = dice.below(bytes.len() as u32) as usize;
		match dice.below(4) {
			0 => bytes[at] = dice.next() as u8,
			1 => bytes[at] ^= 1 << dice.below(8),
			2 => bytes.insert(at, dice.next() as u8),
			_ => {
				bytes.remove(at);
			}
		}
		if bytes.is_empty() {
			bytes.push(0);
		}
	}
	bytes
}

#[test]
fn programs_and_packages_are_refused_or_run() {
	for seed in 0..4_000 {
		let mut dice = Dice::new(seed);
		let (package, _) = generate::random(&mut dice);
		let (whole, alone) = (package.encode(), package.program.encode());
		driven::package(&whole);
		driven::program(&alone);
		for _ in 0..8 {
			driven::package(&broken(&whole, &mut dice));
			driven::program(&broken(&alone, &mut dice));
		}
	}
}

/// Writes what `fuzz/corpus` starts from, where that is asked for.
#[test]
fn corpus_is_written_on_request() {
	let Some(folder) = std::env::var_os("COUNTERSIGN_CORPUS") else {
		return;
	};
	let folder = std::path::PathBuf::from(folder);
	for seed in 0..12u64 {
		let (package, _) = generate::random(&mut Dice::new(seed));
		for (kind, bytes) in [("package", package.encode()), ("program", package.program.encode())]
		{
			let folder = folder.join(kind);
			std::fs::create_dir_all(&folder).expect("the folder can be made");
			std::fs::write(folder.join(seed.to_string()), bytes).expect("files can be written");
		}
	}
}
