//! What operators look at, on a running network.

use anyhow::{ensure, Context, Result};
use countersign_client::{doctor::CheckStatus, keys::format_account, Client};
use countersign_network::{
	files::repository,
	scenario::{any_input, finalized, signer, within, Served},
	Options,
};
use std::{process::Command, time::Duration};
use subxt::rpcs::rpc_params;

/// The names of metrics that a file of `deploy/` names.
fn named(file: &str) -> Result<Vec<String>> {
	let text = std::fs::read_to_string(repository().join("deploy").join(file))?;
	let mut names: Vec<String> = text
		.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
		.filter(|word| word.starts_with("substrate_") || word.starts_with("countersign_"))
		.map(str::to_string)
		.collect();
	names.sort();
	names.dedup();
	ensure!(!names.is_empty(), "{file} names no metric");
	Ok(names)
}

/// What a node says of its health once it has models ready.
async fn ready(client: &Client) -> Result<serde_json::Value> {
	let mut blocks = client.blocks().await?;
	loop {
		let health: serde_json::Value = client.rpc("countersign_health", rpc_params![]).await?;
		if health["modelsReady"] != 0 {
			return Ok(health);
		}
		blocks.next().await?;
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_what_is_there() -> Result<()> {
	Served::play(Options::default(), async |served| {
		let client = served.clients[0].clone();
		let asked = served.ask((0..12).map(any_input).collect(), 60).await?;
		served.answers(&client, &asked).await?;
		let best = client.best().await?.number;
		within("finality", Duration::from_secs(300), finalized(&client, best)).await?;

		// Every metric that the dashboard and the alerts name is there, by its very name.
		let metrics = served.network.nodes[0].metrics()?;
		for file in ["grafana-dashboard.json", "countersign-alerts.yml"] {
			for name in named(file)? {
				let found = metrics.lines().any(|line| {
					line.strip_prefix(&name).is_some_and(|rest| rest.starts_with(['{', ' ']))
				});
				ensure!(found, "{file} names {name}, which a running node does not have");
			}
		}

		// Engines talk to their node and to nobody else: the library in there would tell its makers
		// about the machine, and keeps a database for it.
		for node in &served.network.nodes {
			let held = node.held_by_engines()?;
			ensure!(held.iter().any(|held| held.starts_with("pipe:")), "{held:?}");
			let strange =
				|held: &&String| held.starts_with("socket:") || held.contains("Microsoft");
			let strange = held.iter().find(strange);
			ensure!(strange.is_none(), "an engine of {} holds {strange:?}", node.name);
		}

		// Nothing is wrong with any of them, by their own word.
		for (index, client) in served.clients.iter().enumerate() {
			// A node looks at what it serves by itself, a block or more after it was declared.
			let health = within("a ready model", Duration::from_secs(120), ready(client)).await?;
			ensure!(health["healthy"] == true, "{health:#}");
			ensure!(health["synced"] == true && health["modelsReady"] == 1, "{health:#}");
			let checks = client.doctor(None).await?;
			let failed: Vec<_> =
				checks.iter().filter(|check| check.status == CheckStatus::Failed).collect();
			ensure!(failed.is_empty(), "{failed:?}");
			ensure!(checks.len() >= 12, "few checks: {checks:?}");
			let other = signer(&served.network.nodes[(index + 1) % 4].uri())?.account();
			let checks = client.doctor(Some(&other)).await?;
			let keys = checks.iter().find(|check| check.name == "session keys");
			let keys = keys.context("it looks at keys")?;
			ensure!(keys.status == CheckStatus::Failed, "another node's keys are not here");
		}

		// The command says the same, and its exit code too.
		let doctor = |account: &[&str]| {
			Command::new(&served.network.programs().client)
				.args(["--url", &served.network.nodes[0].url(), "validator", "doctor"])
				.args(account)
				.output()
		};
		let well = doctor(&[])?;
		let said = String::from_utf8_lossy(&well.stdout).into_owned();
		ensure!(well.status.code() == Some(0), "{said}");
		ensure!(said.contains("0 failed"), "{said}");
		// Nobody bonded, and no keys.
		let stranger = doctor(&["5DAAnrj7VHTznn2AWBemMuyBwZWs6FNFjdyVXUeYum3PTXFy"])?;
		ensure!(stranger.status.code() == Some(1), "a stranger is no validator");

		// Any node tells where a validator stands.
		let whose = signer(&served.network.nodes[1].uri())?.account();
		let whose = format_account(&whose, client.properties().ss58_format);
		let status = Command::new(&served.network.programs().client)
			.args([
				"--url",
				&served.network.nodes[0].url(),
				"--json",
				"validator",
				"status",
				&whose,
			])
			.output()?;
		let said = String::from_utf8_lossy(&status.stdout).into_owned();
		ensure!(status.status.success(), "{said}");
		let status: serde_json::Value = serde_json::from_str(&said)?;
		ensure!(status["models"][0]["name"].is_string(), "{status:#}");
		ensure!(status["slashes"] == serde_json::json!([]), "{status:#}");
		ensure!(status["leaves_in"].is_null(), "{status:#}");

		// An engine that is missing is a problem, and comes back.
		served.network.nodes[0].kill_engines()?;
		let asked = served.ask((12..20).map(any_input).collect(), 60).await?;
		served.answers(&client, &asked).await?;
		served.network.ensure_running()?;

		// An operator who stops a node reads no error about it.
		served.network.stop().await?;
		for node in &served.network.nodes {
			let words = std::fs::read_to_string(&node.log)?;
			let failed = words.lines().find(|line| line.contains("Essential task"));
			ensure!(failed.is_none(), "{}: {failed:?}", node.name);
		}
		Ok(())
	})
	.await
}
