//! Runs a package in the runtime's WebAssembly, as a node's dry run does, and tells how long it takes.
//!
//!     cargo run --release -p countersign-runtime --example dry_run -- PACKAGE INPUT [REPEATS]
//!
//! Both files hold encodings, as `countersign-onnx`'s example `import -e FOLDER` writes them.

#![allow(missing_docs)]

#[path = "../tests/host/mod.rs"]
mod host;

use codec::Encode;
use countersign_primitives::program::{DryRun, DryRunError};
use std::{error::Error, fs};

fn main() -> Result<(), Box<dyn Error>> {
	let mut arguments = std::env::args().skip(1);
	let usage = "usage: dry_run PACKAGE INPUT [REPEATS]";
	let package = fs::read(arguments.next().ok_or(usage)?)?;
	let input = fs::read(arguments.next().ok_or(usage)?)?;
	let repeats: u32 = arguments.next().map_or(Ok(5), |text| text.parse())?;
	let host = host::Host::new();
	let state = sp_state_machine::InMemoryBackend::default();
	let mut best = f64::MAX;
	for _ in 0..repeats.max(1) {
		let data = (&package, &input).encode();
		let (result, spent) =
			host.call::<Result<DryRun, DryRunError>>(&state, "ProgramsApi_dry_run", &data)?;
		best = best.min(spent.as_secs_f64());
		match result {
			Ok(run) if repeats <= 1 => println!("{run:?}"),
			Ok(run) => println!("{:.2} ms, {:?}", spent.as_secs_f64() * 1e3, run.outcome),
			Err(error) => println!("{error:?}"),
		}
	}
	println!("{:.2} ms at best", best * 1e3);
	Ok(())
}
