//! The functions that fuzzing drives, over a bounded number of random graphs and spoilt files.

mod driven;

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

#[test]
fn graphs_are_refused_or_become_programs() {
	let mut imported = 0;
	for seed in 0..40_000 {
		imported += usize::from(driven::graph(&Dice(seed).bytes(200)));
	}
	// Most do not fit; those that do not say little.
	assert!(imported > 2_000, "{imported}");
}

#[test]
fn spoilt_files_are_refused_or_become_programs() {
	for seed in 0..4_000 {
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
	}
}
