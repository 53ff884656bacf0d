//! Half of the network stands still for a while, connections left open.

use anyhow::{ensure, Result};
use countersign_network::{
	ledger::{signed_once, Ledger},
	scenario::{any_input, best, finalized, within, Served},
	Options,
};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn two_of_four_paused_stall_finality_and_nothing_is_lost() -> Result<()> {
	Served::play(Options::default(), async |served| {
		let client = served.clients[0].clone();
		let mut ledger = Ledger::begin(&client).await?;
		let asked = served.ask((0..6).map(any_input).collect(), 100).await?;
		for index in [2, 3] {
			served.network.nodes[index].pause()?;
		}
		// Rounds of votes that were under way may still end.
		let now = client.best().await?.number;
		within("blocks of half a network", Duration::from_secs(300), best(&client, now + 4))
			.await?;
		let stalled = client.finalized().await?.number;
		let more = served.ask((6..12).map(any_input).collect(), 100).await?;
		let now = client.best().await?.number;
		within("blocks of half a network", Duration::from_secs(300), best(&client, now + 4))
			.await?;
		ensure!(client.finalized().await?.number == stalled, "half a network finalised blocks");

		for index in [2, 3] {
			served.network.nodes[index].resume()?;
		}
		let now = client.best().await?.number;
		for client in &served.clients {
			within("finality again", Duration::from_secs(300), finalized(client, now)).await?;
		}
		let one = client.hash_of(now).await?;
		for client in &served.clients {
			ensure!(client.hash_of(now).await? == one, "the halves differ");
		}
		ledger.read_to_the_end(&client, Duration::from_secs(900)).await?;
		let tally = ledger.check(&client).await?;
		ensure!(tally.asked == asked.len() + more.len(), "{tally:?}: requests went away");
		ensure!(tally.finals == tally.asked, "{tally:?}: the deadline was 100 blocks away");
		served.network.stop().await?;
		ensure!(signed_once(&served.network)? >= tally.asked, "a result without a statement");
		Ok(())
	})
	.await
}
