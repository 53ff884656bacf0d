//! A small model with its program, as an owner and a dApp use it from the command line: imported,
//! registered, stored, called inside a transaction, asked, and computed again.

use anyhow::{ensure, Context, Result};
use countersign_network::{
	scenario::{finalized, serve, served_by, signer, within},
	Network, Options,
};
use serde_json::{json, Value};
use std::{path::Path, time::Duration};

#[path = "../../../engine/process/tests/common/onnx.rs"]
#[allow(dead_code, missing_docs, unreachable_pub)]
mod onnx;

const PATIENCE: Duration = Duration::from_secs(300);

/// Runs the client in a folder, and gives its exit code, what it says, and what it complains of.
pub(crate) async fn client(
	network: &Network,
	folder: &Path,
	arguments: &[&str],
) -> Result<(i32, Value, String)> {
	let run = tokio::process::Command::new(&network.programs().client)
		.args(["--json", "--url", &network.nodes[0].url()])
		.args(arguments)
		.current_dir(folder)
		.env("COUNTERSIGN_ENGINE", &network.programs().engine)
		.env("COUNTERSIGN_ONNXRUNTIME", &network.assets().onnxruntime)
		.stdin(std::process::Stdio::null())
		.kill_on_drop(true)
		.output();
	let output = within(&format!("`countersign {arguments:?}`"), PATIENCE, run).await?;
	let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
	let said = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
	Ok((output.status.code().context("not killed")?, said, complaint))
}

/// The same where it has to work.
pub(crate) async fn done(network: &Network, folder: &Path, arguments: &[&str]) -> Result<Value> {
	let (code, said, complaint) = client(network, folder, arguments).await?;
	ensure!(code == 0, "{arguments:?} ended with {code}: {complaint}");
	Ok(said)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_stored_called_and_computed_again() -> Result<()> {
	let mut network = Network::start(Options::default()).await?;
	let played = play(&mut network).await;
	match played {
		Ok(()) => network.stop().await,
		Err(error) => {
			network.keep_files();
			let folder = network.folder().display();
			Err(error.context(format!("the nodes' logs are in {folder}")))
		}
	}
}

async fn play(network: &mut Network) -> Result<()> {
	let folder = tempfile::tempdir()?;
	let folder = folder.path();
	let node = network.client(0).await?;
	within("the first finalized block", PATIENCE, finalized(&node, 1)).await?;
	std::fs::write(folder.join("model.onnx"), onnx::add_one())?;
	std::fs::create_dir(folder.join("samples"))?;
	for (name, text) in [("a.json", "[[1.0, -2.5]]"), ("b.json", "[[0.1, 1e9]]")] {
		std::fs::write(folder.join("samples").join(name), text)?;
	}
	std::fs::copy(folder.join("samples/a.json"), folder.join("x.json"))?;

	let import = ["model", "import", "model.onnx", "--samples", "samples"];
	let said = done(network, folder, &import).await?;
	ensure!(said["samples"]["run"] == 2 && said["samples"]["failed"] == json!([]), "{said:#}");
	// Adding one gives the same bits everywhere.
	ensure!(said["policies"] == json!(["exact"]), "{said:#}");
	let manifest = format!(
		"name = \"one more\"\nlicence = \"MIT\"\nprice = \"0.001\"\n{}\n[[contributors]]\naccount \
		 = \"//Eve\"\nrole = \"training\"\nshare = \"100 %\"\n",
		said["manifest"].as_str().context("lines")?
	);
	std::fs::write(folder.join("one.toml"), manifest)?;
	let registered =
		done(network, folder, &["model", "register", "one.toml", "--suri", "//Eve"]).await?;
	let id = registered["model"].as_str().context("an identifier")?.to_string();

	// Nothing is stored yet.
	let sync = ["infer", "--sync", "--model", &id, "--input", "x.json", "--suri", "//Ferdie"];
	let (code, _, complaint) = client(network, folder, &sync).await?;
	ensure!(code == 2 && complaint.contains("not stored"), "{code}: {complaint}");
	let dry = ["model", "dry-run", "--model", &id, "--input", "x.json"];
	let (code, _, complaint) = client(network, folder, &dry).await?;
	ensure!(code == 1 && complaint.contains("no program"), "{code}: {complaint}");
	let from_file = [&dry[..], &["--program", "model.onnx"]].concat();
	let by_file = done(network, folder, &from_file).await?;

	let upload = ["model", "program", "upload", &id, "model.program", "--suri", "//Eve"];
	let stored = done(network, folder, &upload).await?;
	ensure!(stored["root"] == said["root"], "{stored:#}");
	let (code, _, complaint) = client(network, folder, &upload).await?;
	ensure!(code == 1 && complaint.contains("ProgramStored"), "{code}: {complaint}");
	let shown = done(network, folder, &["model", "program", "show", &id]).await?;
	ensure!(shown["sync"]["fee"].is_string(), "{shown:#}");

	let by_chain = done(network, folder, &dry).await?;
	let computed = done(network, folder, &sync).await?;
	ensure!(computed["outputs"][0]["values"] == json!([2.0, -1.5]), "{computed:#}");
	ensure!(computed["evidence"] == "Replayed", "{computed:#}");
	for other in [&by_file, &by_chain] {
		ensure!(other["output_commitment"] == computed["output_commitment"], "{other:#}");
	}

	// A validator answers the same, and anyone can see that it is right.
	let artefact = std::fs::read(folder.join("model.onnx"))?;
	let validator = signer(&network.nodes[0].uri())?;
	let model = countersign_client::manifest::parse_hash(&id)?;
	serve(&node, &validator, &artefact, &[model]).await?;
	within("a final declaration", PATIENCE, served_by(&node, model, &[validator])).await?;
	let ask =
		["infer", "--wait", "--model", &id, "--input", "x.json", "--suri", "//Ferdie", "--quiet"];
	let answered = done(network, folder, &ask).await?;
	ensure!(answered["output_commitment"] == computed["output_commitment"], "{answered:#}");
	let request = answered["request"].as_str().context("a request")?.to_string();
	for source in [&[][..], &["--program", "model.onnx"], &["--program", "model.program"]] {
		let replay = [&["replay", &request][..], source].concat();
		let replayed = done(network, folder, &replay).await?;
		ensure!(replayed["holds"] == true, "{replayed:#}");
	}
	let (code, _, complaint) =
		client(network, folder, &["dispute", "open", &request, "--suri", "//Ferdie"]).await?;
	ensure!(code == 2 && complaint.contains("the answer holds"), "{code}: {complaint}");
	disputed_all_the_same(network, folder, &request).await?;

	// Without the stored program it is imported from the artefact that the node has.
	done(network, folder, &["model", "program", "drop", &id, "--suri", "//Eve"]).await?;
	// The request has ended, and the chain keeps no inputs of those.
	let replay = ["replay", &request, "--input", "x.json"];
	let replayed = done(network, folder, &replay).await?;
	ensure!(
		replayed["holds"] == true && replayed["program"]["from"] != "from the chain",
		"{replayed:#}"
	);
	Ok(())
}

/// What `dispute` shows of an open result, and what it does to one that holds.
async fn disputed_all_the_same(network: &Network, folder: &Path, request: &str) -> Result<()> {
	let listed = done(network, folder, &["dispute", "list"]).await?;
	let is_ours = |one: &&Value| one["request"] == request;
	let open = listed["open"].as_array().context("a list")?.iter().find(is_ours);
	ensure!(open.is_some_and(|one| one["program_stored"] == true), "{listed:#}");
	let shown = done(network, folder, &["dispute", "show", request]).await?;
	ensure!(shown["finality"] == "Open" && shown["decision"].is_null(), "{shown:#}");
	ensure!(shown["replay"]["fits_a_block"] == true, "{shown:#}");
	ensure!(shown["replay"]["bond"] == "1000000000000", "{shown:#}");

	let anyway = ["dispute", "open", request, "--anyway", "--suri", "//Ferdie"];
	let decided = done(network, folder, &anyway).await?;
	ensure!(decided["verdict"] == "accepted", "{decided:#}");
	ensure!(decided["bond_lost"] == "1000000000000" && decided["slash"] == "0", "{decided:#}");
	let listed = done(network, folder, &["dispute", "list", "--decided"]).await?;
	ensure!(listed["decided"].as_array().context("a list")?.iter().any(|one| is_ours(&one)));
	let shown = done(network, folder, &["dispute", "show", request]).await?;
	ensure!(shown["finality"] == "Final" && shown["evidence"]["replayed"] == true, "{shown:#}");
	ensure!(shown["decision"]["verdict"] == "accepted", "{shown:#}");
	Ok(())
}
