//! A peer that floods a node with queries, and one that sends nonsense.

use anyhow::{ensure, Result};
use countersign_client::ask::Ask;
use countersign_network::{
	flood::{Flooder, Replies},
	ledger::Ledger,
	peer::unknown_artefact,
	scenario::{any_input, has_peers, signer, within, Served, REQUESTER},
	Options,
};
use std::{
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
	time::Duration,
};

/// As many as a node has room for, so that none is refused for want of it.
const AT_ONCE: usize = 32;
/// A flood of so many that is never refused will not be.
const MOST_QUERIES: usize = 200_000;
/// What a node may come to hold in memory because of all this.
const MEMORY: u64 = 512 * 1024 * 1024;
/// The counter of what a node refuses from those whom it does not talk to any more.
const REFUSED: (&str, &str) =
	("substrate_sub_libp2p_requests_in_failure_total", "reason=\"banned-peer\"");

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_turned_away_and_nobody_else_notices() -> Result<()> {
	// What a peer may take is little, so that a slow machine gets to the end of it too.
	let options = Options {
		arguments: ["--blob-peer-upload-mib", "1"].map(String::from).into(),
		..Options::default()
	};
	Served::play(options, async |served| {
		let client = served.clients[0].clone();
		let mut ledger = Ledger::begin(&client).await?;
		let address = served.network.nodes[0].address()?;
		let memory = served.network.nodes[0].memory()?;

		let mut flooder = Flooder::connect(&address, &client.genesis()).await?;
		let enough = Arc::new(AtomicBool::new(false));
		let is_over = enough.clone();
		let flood = tokio::spawn(async move {
			let mut all = Replies::default();
			while !is_over.load(Ordering::Relaxed) || all.refused == 0 {
				let some = flooder.ask(&unknown_artefact(), 512, AT_ONCE).await?;
				all.answered += some.answered;
				all.busy += some.busy;
				all.refused += some.refused;
				ensure!(all.answered + all.busy < MOST_QUERIES, "never refused: {all:?}");
			}
			anyhow::Ok(all)
		});

		// Meanwhile the others take from that node what only it has, and requests are answered.
		let mut asked = served.ask((0..8).map(any_input).collect(), 60).await?;
		for lane in 8..12u8 {
			let input = any_input(u64::from(lane));
			let ask = Ask { lane, commit_only: true, ..Ask::new(served.model, input) };
			asked.push(client.ask(&signer(REQUESTER)?, &ask).await?);
		}
		served.answers(&client, &asked).await?;
		enough.store(true, Ordering::Relaxed);
		let all = flood.await??;
		println!("{all:?}");
		ensure!(all.answered > 0 && all.busy > 0 && all.refused > 0, "{all:?}");
		let target = &served.network.nodes[0];
		let refused = target.metric("countersign_exchange_events_total", "\"queries_refused\"")?;
		ensure!(refused as usize >= all.busy, "{refused} refused, {all:?}");
		ensure!(target.metric(REFUSED.0, REFUSED.1)? > 0.0, "it was never left alone");

		// Nonsense ends sooner.
		let mut fool = Flooder::connect(&address, &client.genesis()).await?;
		let before = target.metric(REFUSED.0, REFUSED.1)?;
		let nonsense = fool.ask(b"?", 128, AT_ONCE).await?;
		ensure!(nonsense.refused == 128, "{nonsense:?}");
		let sensible = fool.ask(&unknown_artefact(), 8, 1).await?;
		ensure!(sensible.refused == 8, "still answered: {sensible:?}");
		ensure!(target.metric(REFUSED.0, REFUSED.1)? > before, "it was never left alone");

		// The node did not lose its own peers.
		within("three peers", Duration::from_secs(300), has_peers(&client, 3)).await?;
		let grown = served.network.nodes[0].memory()?.saturating_sub(memory);
		println!("{} MiB more in memory", grown / 1024 / 1024);
		ensure!(grown < MEMORY, "{grown} bytes more");
		served.network.ensure_running()?;

		ledger.read_to_the_end(&client, Duration::from_secs(900)).await?;
		let tally = ledger.check(&client).await?;
		ensure!(tally.asked == 12 && tally.finals == 12, "{tally:?}");
		Ok(())
	})
	.await
}
