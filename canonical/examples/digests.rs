//! Prints hashes over the results of random operators and random programs, and of the models in a
//! folder where one is given. Built in any way and run anywhere, this has to say the same; the
//! tests of `countersign-canonical-wasm` compare a debug build with a release build.
//!
//!     cargo run -p countersign-canonical --example digests [FOLDER]
//!
//! The folder holds packages and inputs as `scripts/conformance` leaves them. Models of more than
//! 64 million multiply-accumulates are left out, because debug builds are slow.

#[path = "../tests/cases/mod.rs"]
mod cases;
#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/digests/mod.rs"]
mod digests;
#[path = "../tests/generate/mod.rs"]
mod generate;

use codec::Decode;
use countersign_canonical::{program::Package, tensor::Tensor, Model};
use std::{
	error::Error,
	fs,
	path::{Path, PathBuf},
};

/// The most multiply-accumulates of a model.
const MOST: u64 = 64_000_000;

fn decoded<T: Decode>(file: &Path) -> Result<T, Box<dyn Error>> {
	T::decode(&mut &fs::read(file)?[..]).map_err(|error| error.to_string().into())
}

fn main() -> Result<(), Box<dyn Error>> {
	println!("operators {}", digests::operators(0..5_000));
	println!("programs {}", digests::programs(0..2_000));
	let Some(folder) = std::env::args_os().nth(1) else {
		return Ok(());
	};
	let files = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
	let mut files = files.collect::<Result<Vec<PathBuf>, _>>()?;
	files.retain(|path| path.extension().is_some_and(|extension| extension == "package"));
	files.sort();
	for file in files {
		let package: Package = decoded(&file)?;
		let inputs: Vec<Tensor> = decoded(&file.with_extension("inputs"))?;
		let model = Model::new(&package)?;
		if model.plan().cost.macs <= MOST {
			let name = file.file_stem().unwrap_or_default().to_string_lossy();
			println!("{name} {}", digests::hex(&digests::outcome(&model.run(&inputs))));
		}
	}
	Ok(())
}
