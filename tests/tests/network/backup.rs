//! A node whose folder is restored from an old backup.

use anyhow::{ensure, Context, Result};
use countersign_network::{
	ledger::{signed_once, Ledger},
	scenario::{any_input, best, drawn, signer, within, Served},
	Options,
};
use std::{
	path::{Path, PathBuf},
	time::Duration,
};

/// The node that is restored.
const RESTORED: usize = 3;

/// The journal of a node.
fn journal(base: &Path) -> Result<PathBuf> {
	let chains = std::fs::read_dir(base.join("chains"))?;
	let chain = chains.flatten().next().context("the node knows a chain")?;
	Ok(chain.path().join("countersign/statements"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_restored_from_an_old_backup_must_not_sign_twice() -> Result<()> {
	Served::play(Options::default(), async |served| {
		let client = served.clients[0].clone();
		let restored = signer(&served.network.nodes[RESTORED].uri())?.account();
		let mut ledger = Ledger::begin(&client).await?;
		let first = served.ask((0..8).map(any_input).collect(), 60).await?;
		served.answers(&client, &first).await?;
		let path = journal(&served.network.nodes[RESTORED].base)?;
		let backup = std::fs::read(&path)?;

		// It signs more, which the backup does not hold.
		let mut seed = 100;
		loop {
			let asked = served.ask((seed..seed + 8).map(any_input).collect(), 60).await?;
			seed += 8;
			if served.answers(&client, &asked).await?.contains(&restored) {
				break;
			}
			ensure!(seed < 200, "100 draws never met the node");
		}
		served.network.nodes[RESTORED].stop().await?;
		ensure!(std::fs::read(&path)?.len() > backup.len(), "nothing was signed since");

		// It is drawn for requests while it is away: it cannot know whether it has signed them.
		let mut meant = Vec::new();
		while meant.is_empty() {
			let asked = served.ask((seed..seed + 16).map(any_input).collect(), 20).await?;
			seed += 16;
			for (asked, drawn) in asked.iter().zip(drawn(&client, &asked).await?) {
				if drawn.account == restored {
					meant.push(asked.id);
				}
			}
			ensure!(seed < 300, "100 draws never met the node");
		}
		std::fs::write(&path, &backup)?;
		served.clients[RESTORED] = served.network.restart(RESTORED).await?;
		// Its floor is sixteen blocks above where it began.
		let now = client.best().await?.number;
		within("the blocks up to its floor", Duration::from_secs(300), best(&client, now + 20))
			.await?;
		let words = std::fs::read_to_string(&served.network.nodes[RESTORED].log)?;
		ensure!(words.contains("the journal may lack something"), "it did not notice");

		// What is asked now it answers like everybody else.
		let mut answered = false;
		while !answered {
			let asked = served.ask((seed..seed + 8).map(any_input).collect(), 60).await?;
			seed += 8;
			answered = served.answers(&client, &asked).await?.contains(&restored);
			ensure!(seed < 400, "100 draws never met the node");
		}
		ledger.read_to_the_end(&client, Duration::from_secs(900)).await?;
		ledger.check(&client).await?;
		for request in meant {
			let result = client.result(request).await?;
			let view = client.request(request).await?;
			let by = view.assignment.context("answered by somebody")?.account;
			ensure!(by != restored, "{:?} was signed by a node that cannot know", result.request);
		}
		served.network.stop().await?;
		signed_once(&served.network)?;
		Ok(())
	})
	.await
}
