//! Random kills under load; the binary `kills` plays the same with 1,000 requests.

use anyhow::{ensure, Result};
use countersign_network::{
	console::Console,
	kills::{play, Plan},
	scenario::Served,
	Options,
};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn random_kills_lose_and_double_nothing() -> Result<()> {
	Served::play(Options::default(), async |served| {
		let plan = Plan {
			requests: 60,
			at_once: 1,
			seed: 7,
			pause: Duration::from_secs(6),
			dead: Duration::from_secs(2),
		};
		let outcome = play(served, plan, &mut Console::new()).await?;
		ensure!(outcome.nodes_killed > 0, "nothing was killed: {outcome:?}");
		ensure!(outcome.tally.finals > 0, "{outcome:?}");
		ensure!(outcome.tally.invalidated == 0, "honest work was invalidated: {outcome:?}");
		Ok(())
	})
	.await
}
