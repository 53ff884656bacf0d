//! What README, documentation and bytecode say is what the code says.

use countersign_inference_precompile::ADDRESS;
use countersign_precompile_tests::{
	apart,
	every::{attribution, opengradient},
};
use countersign_runtime::configs::contracts::CHAIN_ID;

const README: &str = include_str!("../../../README.md");
const GUIDE: &str = include_str!("../../../docs/contracts.md");
const SCRIPT: &str = include_str!("../../../examples/contracts/src/readme.ts");
const CONNECTION: &str = include_str!("../../../examples/contracts/src/chain.ts");
const RUNTIME_CALLS: &str = include_str!("../../../examples/contracts/src/runtime.ts");

/// An address as text, in lower case.
fn text(address: pallet_revive::H160) -> String {
	format!("{address:?}")
}

#[test]
fn the_readme_shows_the_script_which_has_less_than_40_lines() {
	assert!(README.contains(&format!("```ts\n{SCRIPT}```\n")), "another version of readme.ts");
	assert!(SCRIPT.lines().count() < 40);
}

#[test]
fn addresses_and_chain_id_are_those_of_the_chain() {
	let (guide, connection) = (GUIDE.to_lowercase(), CONNECTION.to_lowercase());
	let (script, calls) = (SCRIPT.to_lowercase(), RUNTIME_CALLS.to_lowercase());
	for address in [ADDRESS, attribution()] {
		for source in [&guide, &connection, &script] {
			assert!(source.contains(&text(address)), "{address:?}");
		}
	}
	assert!(guide.contains(&text(opengradient())));
	let runtime = text(pallet_revive::RUNTIME_PALLETS_ADDR);
	assert!(guide.contains(&runtime) && calls.contains(&runtime));
	assert!(guide.contains(&format!("chain id {CHAIN_ID}")));
	let id = apart(CHAIN_ID, '_');
	assert!(connection.contains(&id) && script.contains(&id));
}

#[test]
fn the_committed_bytecode_was_made_of_these_sources() {
	let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");
	let mut code = String::new();
	for folder in
		["examples/contracts/contracts", "precompiles/inference", "precompiles/tests/contracts"]
	{
		let mut files: Vec<_> = std::fs::read_dir(format!("{root}{folder}"))
			.expect("there is such a folder")
			.map(|entry| entry.expect("a file").path())
			.filter(|path| path.extension().is_some_and(|end| end == "sol"))
			.collect();
		files.sort();
		for file in files {
			let source = std::fs::read_to_string(&file).expect("text");
			for line in source.lines().map(str::trim) {
				if !line.is_empty() && !line.starts_with("//") {
					code.extend([line, "\n"]);
				}
			}
		}
	}
	let committed = include_str!("../contracts/bytecode/sources.sha256").trim();
	let found = hex::encode(sp_io::hashing::sha2_256(code.as_bytes()));
	assert_eq!(
		found, committed,
		"run `npm install && npm run compile` in precompiles/tests/contracts"
	);
}

#[test]
fn the_guide_names_what_exists() {
	let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/");
	for part in GUIDE.split("](").skip(1) {
		let target = part.split([')', '#']).next().unwrap_or_default();
		if target.is_empty() || target.contains("://") {
			continue;
		}
		let path = format!("{root}{target}");
		assert!(std::path::Path::new(&path).exists(), "{target} does not exist");
	}
}
