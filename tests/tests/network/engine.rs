//! The engine process may die at any moment without hurting its node.

use anyhow::{ensure, Result};
use countersign_network::{
	ledger::{signed_once, Ledger},
	process::until,
	scenario::{any_input, Served},
	Options,
};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn killed_engines_come_back_and_nothing_is_lost() -> Result<()> {
	Served::play(Options::default(), async |served| {
		let client = served.clients[0].clone();
		let mut ledger = Ledger::begin(&client).await?;
		// Every engine has run something before it dies.
		let first = served.ask((0..8).map(any_input).collect(), 30).await?;
		served.answers(&client, &first).await?;
		let nodes: Vec<Option<u32>> =
			served.network.nodes.iter().map(|node| node.process()).collect();

		let asked = served.ask((8..20).map(any_input).collect(), 30).await?;
		let mut killed = 0;
		for node in &served.network.nodes {
			killed += node.kill_engines()?;
		}
		ensure!(killed > 0, "no engine process was there to kill");
		served.answers(&client, &asked).await?;

		// Once more, while nothing runs; the next request starts a new one.
		for node in &served.network.nodes {
			node.kill_engines()?;
		}
		let asked = served.ask((20..28).map(any_input).collect(), 30).await?;
		served.answers(&client, &asked).await?;
		until("an engine process of every node that answered", Duration::from_secs(120), || {
			served.network.nodes.iter().any(|node| !node.engines().is_empty())
		})
		.await?;

		served.network.ensure_running()?;
		let after: Vec<Option<u32>> =
			served.network.nodes.iter().map(|node| node.process()).collect();
		ensure!(nodes == after, "a node died with its engine");

		ledger.read_to_the_end(&client, Duration::from_secs(900)).await?;
		let tally = ledger.check(&client).await?;
		ensure!(tally.asked == 28 && tally.finals == 28, "{tally:?}");
		served.network.stop().await?;
		ensure!(signed_once(&served.network)? >= 28, "a result without a statement");
		Ok(())
	})
	.await
}
