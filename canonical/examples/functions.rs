//! Compares the functions that have no branches with those of `libm` for every float there is.
//! Takes some minutes.
//!
//!     cargo run --release -p countersign-canonical --example functions

use countersign_canonical::functions::ALL;
use std::process::ExitCode;

fn main() -> ExitCode {
	let mut failed = false;
	for (name, fast, plain) in ALL {
		let differ = |bits: &u32| {
			let x = f32::from_bits(*bits);
			fast(x).to_bits() != plain(x).to_bits()
		};
		let found = (0..=u32::MAX).filter(differ).count();
		println!("{name}: {found} of all floats differ");
		failed |= found > 0;
	}
	if failed {
		ExitCode::FAILURE
	} else {
		ExitCode::SUCCESS
	}
}
