//! A model that no block can recompute: made in a moment, run in a moment, and too dear for a
//! replay, so that only a game decides about its answers.
//!
//! ```text
//! x [1, 512] ─ Add a column ─ 7 × (MatMul, Relu) ─ 7 × (MatMul, Relu) ─ Gather a row ─ MatMul ─ y [1, 8]
//!                             first half           second half
//! ```

use crate::scenario::signer;
use anyhow::{ensure, Context, Result};
use countersign_client::{
	manifest::{describe, ManifestFile},
	program::{self, Program, VERSION},
	ImportOptions,
};
use countersign_primitives::{
	model::{Contributor, ContributorRole, Manifest, PrecisionPolicy, ProgramRef, RunCost, Share},
	tensor::{Tensor, TensorType},
	Hash, MILLI_UNIT,
};
use std::path::Path;

#[path = "../../engine/process/tests/common/onnx.rs"]
#[allow(dead_code, missing_docs, unreachable_pub)]
mod onnx;

/// Rows and columns of what lies between input and output: every result has 1 MiB.
const SIZE: u32 = 512;
/// The layers of each half.
const LAYERS: usize = 7;
const OUTPUTS: u32 = 8;
/// Weights lie in ±sqrt(6 / 512): as much comes out of a layer as goes in.
const REACH: f32 = 0.108;
/// The weights of the second half, as they are registered and as a liar has them.
const SECOND: u32 = 3;
const OTHER_SECOND: u32 = 4;

/// Floats in ±`reach`, the same for a seed every time.
fn floats(seed: u32, count: u32, reach: f32) -> Vec<u8> {
	let mut state = 0x9e37_79b9u32.wrapping_mul(seed).max(1);
	let next = move || {
		// xorshift32; 23 bits of it are exact as a float.
		state ^= state << 13;
		state ^= state >> 17;
		state ^= state << 5;
		(state >> 9) as f32 / (1 << 22) as f32 - 1.0
	};
	std::iter::repeat_with(next)
		.take(count as usize)
		.flat_map(|unit| (unit * reach).to_le_bytes())
		.collect()
}

/// The ONNX file, with these weights in its second half.
fn file(second: u32) -> Vec<u8> {
	let size = u64::from(SIZE);
	let f32s = |name: &str, seed: u32, rows: u32, columns: u32, reach: f32| {
		let dims = [u64::from(rows), u64::from(columns)];
		onnx::initialiser(name, TensorType::F32, &dims, &floats(seed, rows * columns, reach))
	};
	let mut body = vec![
		f32s("column", 1, SIZE, 1, 1.0),
		f32s("first", 2, SIZE, SIZE, REACH),
		f32s("second", second, SIZE, SIZE, REACH),
		f32s("head", 5, SIZE, OUTPUTS, REACH),
		onnx::initialiser("row", TensorType::I64, &[1], &i64::from(SIZE / 3).to_le_bytes()),
		onnx::node("Add", &["x", "column"], &["r0"], &[]),
	];
	for layer in 0..2 * LAYERS {
		let weights = if layer < LAYERS { "first" } else { "second" };
		let (before, product) = (format!("r{layer}"), format!("p{layer}"));
		let after = format!("r{}", layer + 1);
		body.push(onnx::node("MatMul", &[&before, weights], &[&product], &[]));
		body.push(onnx::node("Relu", &[&product], &[&after], &[]));
	}
	let last = format!("r{}", 2 * LAYERS);
	body.push(onnx::node("Gather", &[&last, "row"], &["chosen"], &[]));
	body.push(onnx::node("MatMul", &["chosen", "head"], &["y"], &[]));
	onnx::model(&onnx::graph(
		&body,
		&[onnx::value("x", TensorType::F32, &[1, size])],
		&[onnx::value("y", TensorType::F32, &[1, OUTPUTS.into()])],
	))
}

/// The model, with what a liar runs in its place.
pub struct Large {
	/// How it is registered, by its owner alone.
	pub file: ManifestFile,
	/// The ONNX file.
	pub artefact: Vec<u8>,
	/// Its program.
	pub program: Program,
	/// The same network with other weights in its second half: the first operator whose result
	/// differs is in the middle.
	pub other: Program,
}

impl Large {
	/// Makes the model and writes its file into a folder.
	pub fn make(folder: &Path, owner: &str) -> Result<Self> {
		let artefact = file(SECOND);
		let path = folder.join("large.onnx");
		std::fs::write(&path, &artefact)?;
		let program = program::import_bytes(&artefact, &ImportOptions::default())?;
		let other = program::import_bytes(&file(OTHER_SECOND), &ImportOptions::default())?;
		ensure!(other.root() != program.root(), "both halves have the same weights");
		let manifest = manifest(&path, owner, &program)?;
		program.check_manifest(&manifest)?;
		let file = ManifestFile { manifest, artefact: path, price: Some(2 * MILLI_UNIT) };
		Ok(Self { file, artefact, program, other })
	}

	/// An input.
	pub fn input(seed: u32) -> Vec<Tensor> {
		let data = floats(seed.wrapping_add(100), SIZE, 1.0);
		vec![Tensor { ty: TensorType::F32, shape: vec![1, SIZE], data }]
	}

	/// What the model gives.
	pub fn right(&self, input: &[Tensor]) -> Result<Vec<Tensor>> {
		outputs(&self.program, input)
	}

	/// What a liar says that it gives.
	pub fn wrong(&self, input: &[Tensor]) -> Result<Vec<Tensor>> {
		let wrong = outputs(&self.other, input)?;
		ensure!(wrong != self.right(input)?, "both give the same");
		Ok(wrong)
	}

	/// Why no block can recompute a run; more than nothing.
	pub fn too_large(&self) -> Result<String> {
		let fits = self.program.fits();
		fits.replay.first().cloned().context("a block could recompute it")
	}
}

fn outputs(program: &Program, input: &[Tensor]) -> Result<Vec<Tensor>> {
	let result = program.run(input).result;
	Ok(program::from_canonical(result.map_err(|trap| anyhow::anyhow!("{trap:?}"))?))
}

fn manifest(path: &Path, owner: &str, program: &Program) -> Result<Manifest> {
	let contributor = Contributor {
		account: signer(owner)?.account(),
		role: ContributorRole::Training,
		evidence: Hash::zero(),
		share: Share::WHOLE,
	};
	let text = |text: &str| text.as_bytes().to_vec().try_into().ok().context("a short text");
	Ok(Manifest {
		name: text("too large to replay")?,
		licence: text("MIT")?,
		artefact: describe(path)?,
		program: Some(ProgramRef { root: program.root(), canonical_version: VERSION }),
		inputs: program.inputs()?.try_into().ok().context("one input")?,
		outputs: program.outputs()?.try_into().ok().context("one output")?,
		policies: vec![PrecisionPolicy::Exact].try_into().ok().context("one policy")?,
		cost: RunCost { macs: program.weighted_macs(), time_ms: 10_000, memory_mib: 512 },
		contributors: vec![contributor].try_into().ok().context("one contributor")?,
		parents: Default::default(),
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use countersign_client::{
		game::{operator, Side},
		program::MAX_PROOF_LEAVES,
	};
	use countersign_primitives::{
		game::{GameMove, Named, Phase},
		program::ProgramPort,
	};

	/// What the demo and the tests on networks rely on, without a network.
	#[test]
	fn it_is_too_large_to_replay_and_can_be_played_about() -> Result<()> {
		let folder = tempfile::tempdir()?;
		let large = Large::make(folder.path(), "//Alice")?;
		println!(
			"{} weighted MMAC, {} bytes, {}",
			large.program.weighted_macs() / 1_000_000,
			large.program.encoding().len(),
			large.too_large()?
		);
		// A whole second of the runtime's estimate would not matter; a network takes 4 GMAC.
		assert!(large.program.weighted_macs() < 4_000_000_000);
		assert!(large.program.leaves() <= MAX_PROOF_LEAVES);
		let input = Large::input(1);
		let (right, wrong) = (large.right(&input)?, large.wrong(&input)?);
		assert_eq!((right.len(), &right[0].shape), (1, &vec![1, OUTPUTS]));

		let policies = &large.file.manifest.policies;
		let honest = Side::new(&large.program, policies, &input);
		let liar = Side::new(&large.other, policies, &input);
		let (honest, liar) = (honest.player()?, liar.player()?);
		assert!(honest.opening().is_some());
		let Some(GameMove::Trace { roots, trap: None }) = liar.answer(&Phase::Trace) else {
			anyhow::bail!("no trace");
		};
		let claim = countersign_primitives::request::Outcome::Output(
			codec::Encode::encode(&wrong).try_into().ok().context("short")?,
		);
		let named = honest.challenge(&Phase::Operator, &roots, &[], &claim);
		assert!(matches!(named, Some(GameMove::Name { .. })), "{named:?}");
		// The first product of the second half.
		let first = roots.iter().zip(&honest.trace().roots).position(|(a, b)| a.0 != *b);
		let first = u16::try_from(first.context("a difference")?)?;
		assert_eq!(operator(&honest, first), "MatMul");
		assert!(usize::from(first) > LAYERS && usize::from(first) < roots.len() - LAYERS);
		let meta = ProgramPort {
			ty: TensorType::F32,
			shape: vec![SIZE, SIZE].try_into().ok().context("short")?,
		};
		let Some(GameMove::Hashes(hashes)) =
			liar.answer(&Phase::Hashes(Named { operator: first, meta }))
		else {
			anyhow::bail!("no hashes");
		};
		// One level: groups would take two more messages.
		assert_eq!(hashes.len(), 1024);
		Ok(())
	}
}
