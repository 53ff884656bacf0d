//! Engine processes hang: they are there, and say nothing.

use anyhow::{ensure, Result};
use countersign_network::{
	ledger::{signed_once, Ledger},
	process::{signal, until},
	scenario::{any_input, Served},
	Options,
};
use std::{path::Path, time::Duration};

#[tokio::test(flavor = "multi_thread")]
async fn hung_engines_are_replaced_and_nothing_is_lost() -> Result<()> {
	Served::play(Options::default(), async |served| {
		let client = served.clients[0].clone();
		let mut ledger = Ledger::begin(&client).await?;
		// Every engine has run something before it hangs.
		let first = served.ask((0..8).map(any_input).collect(), 30).await?;
		served.answers(&client, &first).await?;
		let nodes: Vec<Option<u32>> =
			served.network.nodes.iter().map(|node| node.process()).collect();

		let mut hung = Vec::new();
		for node in &served.network.nodes {
			hung.extend(node.engines());
		}
		ensure!(!hung.is_empty(), "no engine process was there");
		for engine in &hung {
			signal(*engine, "STOP")?;
		}
		let asked = served.ask((8..16).map(any_input).collect(), 100).await?;
		served.answers(&client, &asked).await?;
		// Those that had something to do were killed; others may still stand there.
		until("the end of an engine that hung", Duration::from_secs(300), || {
			hung.iter().any(|engine| !Path::new(&format!("/proc/{engine}")).exists())
		})
		.await?;
		for engine in &hung {
			// The others go on, as after a laptop's lid was closed.
			let _ = signal(*engine, "CONT");
		}
		let again = served.ask((16..20).map(any_input).collect(), 30).await?;
		served.answers(&client, &again).await?;
		served.network.ensure_running()?;
		let after: Vec<Option<u32>> =
			served.network.nodes.iter().map(|node| node.process()).collect();
		ensure!(nodes == after, "a node died with its engine");

		ledger.read_to_the_end(&client, Duration::from_secs(900)).await?;
		let tally = ledger.check(&client).await?;
		ensure!(tally.asked == 20 && tally.finals == 20, "{tally:?}");
		served.network.stop().await?;
		ensure!(signed_once(&served.network)? >= 20, "a result without a statement");
		Ok(())
	})
	.await
}
