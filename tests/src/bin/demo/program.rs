//! The steps in which a model's program decides what its answers are.

use crate::story::{short, Story, PATIENCE};
use anyhow::{ensure, Context, Result};
use countersign_client::{
	magika,
	manifest::{self, ManifestFile},
	program::{self, Program, Verdict},
};
use countersign_network::{
	files::{repository, SAMPLES},
	network::Network,
	scenario::{self, within},
};
use countersign_primitives::{
	model::PrecisionPolicy,
	request::{Outcome, OutcomeCommitment},
	tensor::decode_tensors,
};
use serde_json::Value;
use std::process::Stdio;

/// What `countersign model import` says about magika, run as a model's owner runs it.
pub(crate) struct Import {
	/// What it says.
	pub(crate) said: Value,
	/// The manifest, with what the owner pastes.
	pub(crate) file: ManifestFile,
	/// The program that it wrote.
	pub(crate) program: Program,
}

/// Imports magika and writes its manifest.
pub(crate) async fn import(network: &Network) -> Result<Import> {
	let folder = tempfile::tempdir()?;
	let samples = folder.path().join("samples");
	std::fs::create_dir(&samples)?;
	for (path, _) in SAMPLES {
		let name = path.replace('/', "-");
		std::fs::copy(repository().join(path), samples.join(name)).with_context(|| path)?;
	}
	let (model, assets) = (network.assets().model(), network.assets());
	let out = folder.path().join("magika.program");
	let run = tokio::process::Command::new(&network.programs().client)
		.args(["--json", "model", "import"])
		.arg(&model)
		.args(["--encode", "magika", "--samples"])
		.arg(&samples)
		.arg("--out")
		.arg(&out)
		.arg("--engine")
		.arg(&network.programs().engine)
		.arg("--onnxruntime")
		.arg(&assets.onnxruntime)
		.stdin(Stdio::null())
		.kill_on_drop(true)
		.output();
	let output = within("the import", PATIENCE, run).await?;
	ensure!(
		output.status.success(),
		"`countersign model import` failed: {}",
		String::from_utf8_lossy(&output.stderr)
	);
	let said: Value = serde_json::from_slice(&output.stdout)?;
	// What the command proposes, in place of what stands in the file of the repository.
	let lines = said["manifest"].as_str().context("lines for the manifest")?;
	let ours = std::fs::read_to_string(repository().join("tests/data/magika.toml"))?;
	let path = folder.path().join("magika.toml");
	std::fs::write(&path, scenario::with_program(&ours, lines)?)?;
	let file = manifest::read(&path, Some(&model))?;
	let program = Program::read(&out)?;
	program::check_file(&file)?.context("the manifest names a program")?;
	Ok(Import { said, file, program })
}

impl Story<'_> {
	/// Tells what importing said.
	pub(crate) fn told_of_import(&mut self, import: &Import) {
		let said = &import.said;
		let number = |value: &Value| value.as_f64().unwrap_or_default();
		let policy = match import.file.manifest.policies.first() {
			Some(PrecisionPolicy::Within { absolute, relative }) => {
				format!("2^{absolute} + 2^{relative} of its size")
			}
			other => format!("{other:?}"),
		};
		self.console.holds(&format!(
			"imported as a canonical program: root {}, {:.2} GMAC; a run takes the runtime about \
			 {:.2} s, so the chain can decide about any answer by computing it",
			short(&import.program.root()),
			import.program.weighted_macs() as f64 / 1e9,
			number(&said["runtime_seconds"]),
		));
		let drift = &said["samples"]["drift"][0];
		self.console.holds(&format!(
			"ONNX Runtime was at most {:.1e} off on {} samples: each score may differ by {policy}",
			number(&drift["absolute"]),
			said["samples"]["run"],
		));
	}

	/// One answer computed by three who do not trust each other: the validator that signed it, the
	/// runtime of another node, and the client.
	pub(crate) async fn three_compute_one_answer(&mut self, import: &Import) -> Result<()> {
		self.console.step("The same label, computed three ways");
		let shown = self.facts.shown.first().context("an answered request")?;
		let (id, expected, what) = (shown.asked.id, shown.outcome.clone(), shown.what.clone());
		let executor = shown.executor.clone().context("an executor")?;
		let result = self.client().result(id).await?;
		let OutcomeCommitment::Output(signed) = result.statement.outcome else {
			anyhow::bail!("{what} ended in a trap");
		};
		let Outcome::Output(bytes) = &result.outcome else { anyhow::bail!("no output") };
		let by_validator = magika::decode(&decode_tensors(bytes).map_err(debug)?, 1)?;
		self.console.holds(&format!(
			"{:<28} {:<10} {}  signed by {}, from its engine process",
			what,
			by_validator.label,
			short(&signed),
			self.facts.name(&executor),
		));

		let input = scenario::magika_input(&what)?;
		// Another node than the one that everything else is asked of.
		let (position, other) = self.clients.iter().enumerate().nth(1).context("several nodes")?;
		let package = import.program.encoding();
		let run = other.dry_run(&package, &input);
		let run = within("a run in the runtime", PATIENCE, run).await?;
		let dry = program::expose(run, &import.file.manifest.policies)?;
		let output = match &dry.output {
			Ok(bytes) => decode_tensors(bytes).map_err(debug)?,
			Err(trap) => anyhow::bail!("the runtime trapped: {trap:?}"),
		};
		let by_runtime = magika::decode(&output, 1)?;
		let computed = match dry.outcome {
			OutcomeCommitment::Output(commitment) => commitment,
			trap => anyhow::bail!("{trap:?}"),
		};
		self.console.holds(&format!(
			"{:<28} {:<10} {}  computed by the runtime of {}'s node, without a transaction",
			"",
			by_runtime.label,
			short(&computed),
			self.network.nodes[position].name,
		));

		let policies = &import.file.manifest.policies;
		let replay = program::replay(&import.program, policies, &input, &result.outcome)?;
		let by_client = magika::decode(&replay.outputs, 1)?;
		let OutcomeCommitment::Output(here) = replay.computed else { anyhow::bail!("a trap") };
		self.console.holds(&format!(
			"{:<28} {:<10} {}  computed here, by the client",
			"",
			by_client.label,
			short(&here),
		));
		ensure!(signed == computed && signed == here, "{signed:?}, {computed:?} and {here:?}");
		ensure!(replay.verdict == Verdict::Accepted, "the answer does not hold");
		for verdict in [&by_validator, &by_runtime, &by_client] {
			ensure!(verdict.label == expected, "{} and not {expected}", verdict.label);
			ensure!(verdict.scores == by_validator.scores, "the scores differ");
		}
		self.replayed_by_command(&id).await?;
		self.console.holds(
			"one commitment, to the bit: whoever doubts an answer computes it and need not ask \
			 anybody",
		);
		Ok(())
	}

	/// `countersign replay`, as anybody may run it.
	async fn replayed_by_command(&mut self, id: &countersign_primitives::Hash) -> Result<()> {
		let run = tokio::process::Command::new(&self.network.programs().client)
			.args(["--json", "--url", &self.network.nodes[0].url(), "replay"])
			.args([&format!("{id:?}"), "--encode", "magika", "--program"])
			.arg(self.network.assets().model())
			.stdin(Stdio::null())
			.kill_on_drop(true)
			.output();
		let output = within("`countersign replay`", PATIENCE, run).await?;
		let said: Value = serde_json::from_slice(&output.stdout).with_context(|| {
			format!("`countersign replay`: {}", String::from_utf8_lossy(&output.stderr))
		})?;
		ensure!(output.status.success() && said["holds"] == true, "the replay says {said:#}");
		Ok(())
	}
}

fn debug(error: impl std::fmt::Debug) -> anyhow::Error {
	anyhow::anyhow!("{error:?}")
}
