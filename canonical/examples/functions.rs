//! Compares the functions that have no branches with those of `libm` for every float there is, on
//! all processors; some minutes on two.
//!
//! ```sh
//! cargo run --release -p countersign-canonical --example functions [NAME [FROM [TO]]]
//! ```
//!
//! NAME is one of the functions, and the bits of the floats that are compared are `FROM * 2^24` up to
//! `TO * 2^24`: 0 and 256 if nothing is said. What is done so far is told, so that a run that was
//! ended can be gone on with.

use countersign_canonical::functions::ALL;
use std::{
	process::ExitCode,
	sync::atomic::{AtomicU64, Ordering},
	thread,
	time::Instant,
};

/// Floats that a thread takes at one time.
const SHARE: u64 = 1 << 24;
const SHARES: u64 = (1 << 32) / SHARE;

fn main() -> ExitCode {
	let mut arguments = std::env::args().skip(1);
	let name = arguments.next();
	let mut bound = |otherwise| arguments.next().map_or(Ok(otherwise), |bound| bound.parse());
	let (Ok(from), Ok(to)) = (bound(0), bound(SHARES)) else {
		eprintln!("FROM and TO are numbers between 0 and {SHARES}");
		return ExitCode::from(2);
	};
	let to = to.min(SHARES);
	let threads = thread::available_parallelism().map_or(1, |count| count.get());
	let mut failed = false;
	let chosen = |known: &str| name.as_deref().is_none_or(|name| name == known);
	if !ALL.iter().any(|(known, ..)| chosen(known)) {
		eprintln!("functions are {:?}", ALL.map(|(known, ..)| known));
		return ExitCode::from(2);
	}
	for (name, fast, plain) in ALL.iter().filter(|(known, ..)| chosen(known)) {
		let (start, next, found) = (Instant::now(), AtomicU64::new(from), AtomicU64::new(0));
		let work = || loop {
			let share = next.fetch_add(1, Ordering::Relaxed);
			if share >= to {
				break;
			}
			let differ = |bits: &u64| {
				let x = f32::from_bits(*bits as u32);
				fast(x).to_bits() != plain(x).to_bits()
			};
			let some = (share * SHARE..(share + 1) * SHARE).filter(differ).count();
			found.fetch_add(some as u64, Ordering::Relaxed);
			if (share + 1).is_multiple_of(16) {
				eprintln!("{name}: {} of {SHARES} begun, {:.0?}", share + 1, start.elapsed());
			}
		};
		thread::scope(|scope| {
			for _ in 0..threads {
				scope.spawn(work);
			}
		});
		let (found, count) = (found.into_inner(), to.saturating_sub(from) * SHARE);
		println!("{name}: {found} of {count} floats differ, {:.0?}", start.elapsed());
		failed |= found > 0;
	}
	if failed {
		ExitCode::FAILURE
	} else {
		ExitCode::SUCCESS
	}
}
