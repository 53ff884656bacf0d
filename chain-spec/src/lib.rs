//! Chain specifications of Countersign networks.
//!
//! A specification is a runtime and a genesis. The runtime is the one that this crate was built
//! with, and it is the same for all networks; the genesis comes from one of the runtime's presets,
//! or from a file that a network's founders write ([`custom`]). [`verify`] looks at what a
//! specification really puts into the genesis state, wherever it came from.

pub mod custom;
mod spec;
pub mod verify;

pub use spec::Spec;

use countersign_runtime::WASM_BINARY;
use sc_chain_spec::{ChainType, Properties};
use sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use std::path::PathBuf;

/// A chain specification from a file.
pub type ChainSpec = sc_chain_spec::GenericChainSpec;

/// Why there is no specification.
#[derive(Debug, thiserror::Error)]
pub enum Error {
	/// The runtime was built without its wasm.
	#[error("this binary was built without the runtime's wasm (SKIP_WASM_BUILD)")]
	NoWasm,
	/// The genesis state cannot be built.
	#[error("genesis: {0}")]
	Genesis(String),
	/// The file is not a chain specification.
	#[error("{path}: {reason}")]
	File {
		/// The file.
		path: PathBuf,
		/// Why it is not.
		reason: String,
	},
}

/// The runtime of every new network.
pub(crate) fn wasm() -> Result<&'static [u8], Error> {
	WASM_BINARY.ok_or(Error::NoWasm)
}

/// How wallets show the token, and addresses.
pub fn properties() -> Properties {
	let mut properties = Properties::new();
	properties.insert("tokenSymbol".into(), "CSGN".into());
	properties.insert("tokenDecimals".into(), 12.into());
	properties.insert("ss58Format".into(), 42.into());
	properties
}

/// One validator, for development on one machine.
pub fn development() -> Result<Spec, Error> {
	let (name, id) = ("Countersign Development", "countersign-dev");
	Spec::from_preset(name, id, ChainType::Development, DEV_RUNTIME_PRESET)
}

/// Four validators, whose keys everybody knows.
pub fn local_testnet() -> Result<Spec, Error> {
	let (name, id) = ("Countersign Local", "countersign-local");
	Spec::from_preset(name, id, ChainType::Local, LOCAL_TESTNET_RUNTIME_PRESET)
}

/// The specification that a command line names: `dev`, `local` (also where nothing is named), or
/// the path of a file.
pub fn load(id: &str) -> Result<Box<dyn sc_chain_spec::ChainSpec>, Error> {
	match id {
		"dev" => Ok(Box::new(development()?)),
		"" | "local" => Ok(Box::new(local_testnet()?)),
		path => {
			let path = PathBuf::from(path);
			let spec = ChainSpec::from_json_file(path.clone())
				.map_err(|reason| Error::File { path, reason })?;
			Ok(Box::new(spec))
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use countersign_primitives::parameters::{ConsensusParameters, RequestParameters};
	use verify::{genesis, verify};

	/// The state that the runtime's wasm builds is the one that a network would be started from.
	#[test]
	fn this_copy_of_the_runtime_builds_what_its_wasm_builds() {
		let ours = local_testnet().expect("a preset");
		let plain = ours.as_json(false).expect("is JSON");
		let wasm = ChainSpec::from_json_bytes(plain.into_bytes()).expect("parses");
		let (ours, wasm) = (ours.genesis().expect("builds"), genesis(&wasm).expect("builds"));
		assert_eq!(ours.top, wasm.top);
		assert_eq!(ours.children_default, wasm.children_default);
	}

	#[test]
	fn every_preset_builds_a_good_genesis() {
		for (spec, validators) in [(development(), 1), (local_testnet(), 4)] {
			let summary = verify(&spec.expect("built with wasm")).expect("verifies");
			assert_eq!(summary.validators.len(), validators);
			assert_eq!(summary.consensus, ConsensusParameters::local());
			assert_eq!(summary.requests, RequestParameters::local());
		}
	}

	/// A preset that is in the runtime and not here would never be verified.
	#[test]
	fn the_runtime_has_no_other_presets() {
		let mut names = countersign_runtime::genesis_config_presets::preset_names();
		names.sort();
		assert_eq!(names, [DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET]);
	}

	#[test]
	fn specifications_are_loaded_by_name_or_path() {
		assert_eq!(load("dev").expect("a preset").id(), "countersign-dev");
		assert_eq!(load("local").expect("a preset").id(), "countersign-local");
		let folder = tempfile::tempdir().expect("a temporary folder");
		let path = folder.path().join("spec.json");
		let spec = ChainSpec::builder(&[], None).with_id("from-a-file").build();
		std::fs::write(&path, spec.as_json(false).expect("is JSON")).expect("writable");
		let path = path.to_str().expect("UTF-8");
		assert_eq!(load(path).expect("a file").id(), "from-a-file");
		let missing = load("no-such-file.json").expect_err("is missing");
		assert!(missing.to_string().contains("no-such-file.json"));
	}

	/// Nodes look for these under `properties`, wallets too.
	#[test]
	fn the_token_has_twelve_decimals() {
		assert_eq!(properties()["tokenDecimals"], 12);
		assert_eq!(countersign_primitives::UNIT, 10u128.pow(12));
	}
}
