//! All machines lose power at once, in the middle of the work.

use anyhow::{ensure, Result};
use countersign_network::{
	ledger::{signed_once, Ledger},
	scenario::{any_input, drawn, finalized, within, Served},
	Options,
};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn everything_restarted_goes_on_where_it_was() -> Result<()> {
	Served::play(Options::default(), async |served| {
		let mut ledger = Ledger::begin(&served.clients[0]).await?;
		let asked = served.ask((0..8).map(any_input).collect(), 60).await?;
		// Power comes back only to what the disk has: the requests have to be final.
		drawn(&served.clients[0], &asked).await?;
		let more = served.ask((8..16).map(any_input).collect(), 60).await?;
		let before = served.clients[0].finalized().await?;
		for node in &mut served.network.nodes {
			node.kill()?;
		}
		for index in 0..served.network.nodes.len() {
			served.network.restart(index).await?;
		}
		served.reconnect().await?;
		let client = served.clients[0].clone();
		ensure!(client.hash_of(before.number).await? == Some(before.hash), "history changed");
		served.answers(&client, &asked).await?;

		// What was in blocks that were lost with the power is not promised to come back; what is
		// in the chain is answered.
		let best = client.best().await?.number;
		let agreed =
			within("finality", Duration::from_secs(300), finalized(&client, best + 1)).await?;
		let mut kept = Vec::new();
		for asked in more {
			if client.request_at(asked.id, Some(agreed.hash)).await?.is_some() {
				kept.push(asked);
			}
		}
		served.answers(&client, &kept).await?;

		let best = client.best().await?;
		for client in &served.clients {
			within("finality", Duration::from_secs(300), finalized(client, best.number)).await?;
		}
		let again = served.ask((16..20).map(any_input).collect(), 30).await?;
		served.answers(&client, &again).await?;

		ledger.read_to_the_end(&client, Duration::from_secs(900)).await?;
		let tally = ledger.check(&client).await?;
		println!("{tally:?}");
		let least = asked.len() + kept.len() + again.len();
		ensure!(tally.asked >= least && tally.finals == tally.asked, "{tally:?}, {least} answered");
		served.network.stop().await?;
		ensure!(signed_once(&served.network)? >= tally.asked, "a result without a statement");
		Ok(())
	})
	.await
}
