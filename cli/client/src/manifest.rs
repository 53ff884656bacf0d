//! Manifests as files: what an owner writes by hand, and what the chain gets.
//!
//! ```toml
//! name = "magika"
//! licence = "Apache-2.0"
//! artefact = "model.onnx"          # beside this file
//! price = "0.002"                  # tokens for one run, to the contributors
//!
//! [cost]
//! macs = 367_000_000
//! time_ms = 2000
//! memory_mib = 512
//!
//! [[inputs]]
//! name = "bytes"
//! type = "i32"
//! shape = [1, 2048]
//!
//! [[outputs]]
//! name = "target_label"
//! type = "f32"
//! shape = [1, 214]
//!
//! [[contributors]]
//! account = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
//! role = "training"
//! share = "100 %"
//! ```
//!
//! A dimension is a size or `{ min = 1, max = 8 }`. A model with a canonical program has a
//! `[program]` table with `root` and `canonical_version`, and a `policy` for each output:
//! `"exact"`, `{ within = { absolute = -12, relative = -10 } }` or `{ top1 = { margin = -4 } }`.

use crate::{amount, keys::parse_account, tensors, Error};
use countersign_primitives::{
	model::{
		Artefact, Contributor, ContributorRole, Manifest, Parent, PrecisionPolicy, ProgramRef,
		RunCost, Share,
	},
	tensor::{Dimension, Port},
	Balance, Hash, Macs,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::{
	io::Read,
	path::{Path, PathBuf},
};

/// A manifest with what stands beside it.
#[derive(Clone, Debug)]
pub struct ManifestFile {
	/// What is registered.
	pub manifest: Manifest,
	/// Where the artefact lies.
	pub artefact: PathBuf,
	/// The price to begin with, if the file names one.
	pub price: Option<Balance>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
	name: String,
	licence: String,
	artefact: Option<PathBuf>,
	price: Option<Number>,
	cost: RunCostFile,
	program: Option<ProgramFile>,
	inputs: Vec<PortFile>,
	outputs: Vec<PortFile>,
	contributors: Vec<ContributorFile>,
	#[serde(default)]
	parents: Vec<ParentFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RunCostFile {
	macs: Macs,
	time_ms: u32,
	memory_mib: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProgramFile {
	root: String,
	canonical_version: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PortFile {
	name: String,
	#[serde(rename = "type")]
	ty: String,
	shape: Vec<DimensionFile>,
	policy: Option<PrecisionPolicy>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum DimensionFile {
	Fixed(u32),
	Range { min: u32, max: u32 },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContributorFile {
	account: String,
	role: ContributorRole,
	share: Number,
	evidence: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ParentFile {
	model: String,
	royalty: Number,
}

/// A number that may be quoted, because binary fractions are not what people mean by `33.1`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
	Integer(u64),
	Float(f64),
	Text(String),
}

impl std::fmt::Display for Number {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		match self {
			Self::Integer(number) => number.fmt(formatter),
			Self::Float(number) => number.fmt(formatter),
			Self::Text(text) => text.fmt(formatter),
		}
	}
}

/// Reads a manifest and hashes its artefact; `artefact` overrides what the file says.
pub fn read(path: &Path, artefact: Option<&Path>) -> Result<ManifestFile, Error> {
	let text = std::fs::read_to_string(path)
		.map_err(|reason| Error::File { path: path.display().to_string(), reason })?;
	let file: File = toml::from_str(&text)
		.map_err(|error| Error::Input(format!("{}: {error}", path.display())))?;
	let folder = path.parent().unwrap_or(Path::new("."));
	let artefact = match (artefact, &file.artefact) {
		(Some(artefact), _) => artefact.to_path_buf(),
		(None, Some(artefact)) => folder.join(artefact),
		(None, None) => folder.join("model.onnx"),
	};
	let described = describe(&artefact)?;
	let price = file.price.as_ref().map(|price| amount::parse(&price.to_string())).transpose()?;
	let manifest = build(file, described).map_err(|error| match error {
		Error::Input(problem) => Error::Input(format!("{}: {problem}", path.display())),
		error => error,
	})?;
	Ok(ManifestFile { manifest, artefact, price })
}

/// The sha256 and the length of a file.
pub fn describe(path: &Path) -> Result<Artefact, Error> {
	let failed = |reason| Error::File { path: path.display().to_string(), reason };
	let mut file = std::fs::File::open(path).map_err(failed)?;
	let (mut hasher, mut length) = (Sha256::new(), 0u64);
	let mut buffer = vec![0u8; 1 << 20];
	loop {
		let read = file.read(&mut buffer).map_err(failed)?;
		if read == 0 {
			break;
		}
		hasher.update(&buffer[..read]);
		length += read as u64;
	}
	Ok(Artefact { sha256: hasher.finalize().into(), length })
}

fn build(file: File, artefact: Artefact) -> Result<Manifest, Error> {
	let program = file
		.program
		.map(|program| {
			Ok::<_, Error>(ProgramRef {
				root: parse_hash(&program.root)?,
				canonical_version: program.canonical_version,
			})
		})
		.transpose()?;
	if file.inputs.iter().any(|port| port.policy.is_some()) {
		return Err(Error::Input("inputs have no `policy`; outputs do".into()));
	}
	let policies: Vec<PrecisionPolicy> =
		file.outputs.iter().filter_map(|port| port.policy.clone()).collect();
	let contributors = file.contributors.iter().map(contributor).collect::<Result<Vec<_>, _>>()?;
	check_shares(&contributors)?;
	let parents = file
		.parents
		.iter()
		.map(|parent| {
			Ok(Parent {
				model: parse_hash(&parent.model)?,
				royalty: amount::parse_share(&parent.royalty.to_string())?,
			})
		})
		.collect::<Result<Vec<_>, Error>>()?;
	let manifest = Manifest {
		name: bounded(file.name.into_bytes(), "`name` is longer than 64 bytes")?,
		licence: bounded(file.licence.into_bytes(), "`licence` is longer than 64 bytes")?,
		artefact,
		program,
		inputs: ports(&file.inputs, "more than 16 inputs")?,
		outputs: ports(&file.outputs, "more than 16 outputs")?,
		policies: bounded(policies, "more than 16 outputs")?,
		cost: RunCost {
			macs: file.cost.macs,
			time_ms: file.cost.time_ms,
			memory_mib: file.cost.memory_mib,
		},
		contributors: bounded(contributors, "more than 32 contributors")?,
		parents: bounded(parents, "more than 8 parents")?,
	};
	manifest.check().map_err(Error::Manifest)?;
	Ok(manifest)
}

fn contributor(file: &ContributorFile) -> Result<Contributor, Error> {
	let evidence = file.evidence.as_deref().map(parse_hash).transpose()?;
	Ok(Contributor {
		account: parse_account(&file.account)?,
		role: file.role,
		evidence: evidence.unwrap_or_default(),
		share: amount::parse_share(&file.share.to_string())?,
	})
}

/// Says by how much shares are off, which the chain's own error cannot.
fn check_shares(contributors: &[Contributor]) -> Result<(), Error> {
	if contributors.is_empty() {
		return Err(Error::Input("there are no contributors; at least one is paid".into()));
	}
	let total: u64 = contributors.iter().map(|it| u64::from(it.share.0)).sum();
	let whole = u64::from(Share::WHOLE.0);
	if total == whole {
		return Ok(());
	}
	let shown = |share: u64| amount::format_share(Share(share.min(u32::MAX.into()) as u32));
	let off = if total > whole {
		format!("{} too much", shown(total - whole))
	} else {
		format!("{} are missing", shown(whole - total))
	};
	Err(Error::Input(format!(
		"the contributors' shares add up to {}, not to exactly 100 %: {off}",
		shown(total)
	)))
}

fn ports<B: TryFrom<Vec<Port>>>(files: &[PortFile], too_many: &str) -> Result<B, Error> {
	let ports = files
		.iter()
		.map(|file| {
			let shape: Vec<Dimension> = file
				.shape
				.iter()
				.map(|dim| match dim {
					DimensionFile::Fixed(size) => Dimension::Fixed(*size),
					DimensionFile::Range { min, max } => Dimension::Range { min: *min, max: *max },
				})
				.collect();
			Ok(Port {
				name: bounded(
					file.name.clone().into_bytes(),
					"the name of an input or output is longer than 64 bytes",
				)?,
				ty: tensors::parse_type(&file.ty)?,
				shape: bounded(shape, "an input or output has more than 8 dimensions")?,
			})
		})
		.collect::<Result<Vec<_>, Error>>()?;
	bounded(ports, too_many)
}

fn bounded<T, B: TryFrom<Vec<T>>>(items: Vec<T>, problem: &str) -> Result<B, Error> {
	B::try_from(items).map_err(|_| Error::Input(problem.into()))
}

/// Reads a hash: `0x` and 64 digits.
pub fn parse_hash(text: &str) -> Result<Hash, Error> {
	let mut bytes = [0u8; 32];
	let digits = text.trim().trim_start_matches("0x");
	hex::decode_to_slice(digits, &mut bytes)
		.map_err(|_| Error::Input(format!("`{text}` is not 0x with 64 hex digits")))?;
	Ok(bytes.into())
}

#[cfg(test)]
mod tests {
	use super::*;
	use countersign_primitives::{model::ManifestError, tensor::TensorType, MILLI_UNIT};

	const GOOD: &str = r#"
name = "double"
licence = "Apache-2.0"
artefact = "double.onnx"
price = "0.002"

[cost]
macs = 4
time_ms = 100
memory_mib = 64

[program]
root = "0x0101010101010101010101010101010101010101010101010101010101010101"
canonical_version = 1

[[inputs]]
name = "x"
type = "f32"
shape = [1, { min = 1, max = 4 }]

[[outputs]]
name = "y"
type = "f32"
shape = [1, 4]
policy = { within = { absolute = -12, relative = -10 } }

[[outputs]]
name = "label"
type = "i64"
shape = []
policy = "exact"

[[contributors]]
account = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
role = "training"
share = 66.6666667

[[contributors]]
account = "//Bob"
role = "fine-tuning"
share = "33.3333333 %"
evidence = "0x0202020202020202020202020202020202020202020202020202020202020202"

[[parents]]
model = "0x0303030303030303030303030303030303030303030303030303030303030303"
royalty = 10
"#;

	fn parse(text: &str) -> Result<ManifestFile, Error> {
		let folder = tempfile::tempdir().unwrap();
		std::fs::write(folder.path().join("double.onnx"), b"abc").unwrap();
		let path = folder.path().join("manifest.toml");
		std::fs::write(&path, text).unwrap();
		read(&path, None)
	}

	#[test]
	fn a_manifest_becomes_what_the_chain_takes() {
		let file = parse(GOOD).unwrap();
		let manifest = file.manifest;
		assert_eq!(
			hex::encode(manifest.artefact.sha256),
			"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
		);
		assert_eq!(manifest.artefact.length, 3);
		assert_eq!(file.price, Some(2 * MILLI_UNIT));
		assert_eq!(manifest.inputs[0].ty, TensorType::F32);
		assert_eq!(manifest.inputs[0].shape[1], Dimension::Range { min: 1, max: 4 });
		assert_eq!(manifest.outputs[1].shape.len(), 0);
		assert_eq!(manifest.policies[0], PrecisionPolicy::Within { absolute: -12, relative: -10 });
		assert_eq!(manifest.policies[1], PrecisionPolicy::Exact);
		assert_eq!(manifest.contributors[0].share, Share(666_666_667));
		assert_eq!(manifest.contributors[1].role, ContributorRole::FineTuning);
		assert_eq!(manifest.parents[0].royalty, Share::from_percent(10));
		assert_eq!(manifest.check(), Ok(()));
	}

	#[test]
	fn every_mistake_is_named() {
		for (from, to, expected) in [
			("share = 66.6666667", "share = 66.6666668", "0.0000001 % too much"),
			("share = 66.6666667", "share = 60", "6.6666667 % are missing"),
			("share = 66.6666667", "share = \"a lot\"", "not a decimal number"),
			("type = \"f32\"", "type = \"f64\"", "no type `f64`"),
			("role = \"training\"", "role = \"mascot\"", "mascot"),
			("artefact = \"double.onnx\"", "artefact = \"none.onnx\"", "none.onnx"),
			("licence", "license", "license"),
			("policy = \"exact\"", "", "needs a policy for each output"),
			("macs = 4", "macs = 0", "the cost is zero"),
			("royalty = 10", "royalty = 100", "leave nothing to contributors"),
			("min = 1, max = 4", "min = 5, max = 4", "above its largest"),
			("name = \"y\"", "name = \"label\"", "used twice"),
			("0x0303", "0303zz", "64 hex digits"),
			("account = \"//Bob\"", "account = \"5Bob\"", "neither an SS58"),
			("max = 4", "max = 400000000", "larger than 1 MiB"),
			("shape = [1, 4]", "shape = [1, 40000]", "larger than 64 KiB"),
		] {
			assert!(GOOD.contains(from), "{from}");
			let problem = parse(&GOOD.replacen(from, to, 1)).unwrap_err();
			assert!(problem.to_string().contains(expected), "{from} -> {to}: {problem}");
			assert_eq!(problem.exit_code(), 2, "{problem}");
		}
	}

	#[test]
	fn the_artefact_on_the_command_line_wins() {
		let folder = tempfile::tempdir().unwrap();
		let (path, artefact) = (folder.path().join("m.toml"), folder.path().join("other"));
		std::fs::write(&path, GOOD).unwrap();
		std::fs::write(&artefact, b"").unwrap();
		let problem = read(&path, Some(&artefact)).unwrap_err();
		assert!(matches!(problem, Error::Manifest(ManifestError::ArtefactLength)));
		std::fs::write(&artefact, b"abc").unwrap();
		assert_eq!(read(&path, Some(&artefact)).unwrap().artefact, artefact);
	}
}
