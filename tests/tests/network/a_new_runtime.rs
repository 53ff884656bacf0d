//! A new runtime, decided by referendum, that replaces the old one in the middle of requests, and
//! between a validator's leaving and its withdrawal.
//!
//! It begins with an `a` because tests start in the order of their names, and this one takes
//! longest: an upgrade waits until every request that was there before has ended.

use anyhow::{ensure, Context, Result};
use countersign_client::{ask::Ask, call::Call, client::View, Client, Error};
use countersign_network::{
	governance::{
		apply_upgrade, authorized_upgrade, code, executed_version, last_upgrade, propose_upgrade,
		written_version,
	},
	ledger::{signed_once, Ledger},
	scenario::{any_input, finalized, signer, within, Served, REQUESTER},
	upgrade::next_version,
	Options,
};
use countersign_primitives::{request::LANES, Balance, Hash, SessionIndex, UNIT};
use sp_crypto_hashing::blake2_256;
use std::time::Duration;

/// The node that misses the moment of the upgrade.
const AWAY: usize = 3;
/// The node that is offered the code too early, again and again.
const EARLY: usize = 1;
const PATIENCE: Duration = Duration::from_secs(900);
/// Requests go on for so many blocks after the upgrade.
const BLOCKS_AFTER: u32 = 4;
/// An upgrade takes effect so many blocks after its referendum, at most: the local times of a
/// referendum, 180 blocks of the longest request, and a delay of 10.
const MOST_BLOCKS: u32 = 260;

/// Sessions from leaving to withdrawing, the fewest for these windows: about as long as an upgrade
/// takes.
const UNBONDING: u32 = 27;
/// Who comes and goes meanwhile.
const GUEST: &str = "//Eve";
const BOND: Balance = 1_000_000 * UNIT;

/// The shortest windows that the chain allows: an upgrade waits for all of them together.
fn short_windows() -> serde_json::Value {
	serde_json::json!({
	"validators": { "parameters": {
		"unbondingSessions": UNBONDING,
		"reportWindowSessions": 7,
	} },
	"inference": { "parameters": {
		"deadlineMostBlocks": 50,
		"takeOverBaseBlocks": 11,
		"mostGigamacs": 1,
		"demandInputBlocks": 10,
		"finalWindowBlocks": 48,
		"disputeGameBlocks": 60,
	} } })
}

/// Asks once. A transaction that was signed for the old runtime and comes to the new one is
/// refused, and signed anew.
async fn ask(served: &Served, client: &Client, seed: u64) -> Result<()> {
	let requester = signer(REQUESTER)?;
	let lane = u8::try_from(seed % u64::from(LANES))?;
	let ask = Ask { lane, ..Ask::new(served.model, any_input(seed)) };
	let mut blocks = client.blocks().await?;
	let mut last = None;
	for _ in 0..8 {
		match within("a request", PATIENCE, client.ask(&requester, &ask)).await {
			Ok(_) => return Ok(()),
			Err(error) => last = Some(error),
		}
		within("a block", PATIENCE, blocks.next()).await?;
	}
	anyhow::bail!("refused again and again: {last:?}")
}

/// Bonds, and leaves at once. Gives the session from which the bond can be withdrawn.
async fn come_and_go(client: &Client) -> Result<SessionIndex> {
	let client = &client.clone().with_view(View::Finalized);
	let guest = signer(GUEST)?;
	let made = client.rotate_keys(&guest.account()).await?;
	client.submit(&Call::set_keys(made.keys, made.proof), &guest).await?;
	client.submit(&Call::bond(BOND), &guest).await?;
	let included = client.submit(&Call::leave(), &guest).await?;
	let session: SessionIndex =
		client.api("ValidatorsApi_session", (), Some(included.block.hash)).await?;
	let due = client.leaves_in(&guest.account()).await?.context("it is leaving")?;
	ensure!(due == session + UNBONDING, "left in session {session}, free in session {due}");
	match client.submit(&Call::withdraw(), &guest).await {
		Err(Error::Dispatch { name, .. }) if name == "NothingToWithdraw" => Ok(due),
		other => anyhow::bail!("withdrawn at once: {other:?}"),
	}
}

/// Withdraws the whole bond, under the new runtime what was bonded under the old one.
async fn withdraw(client: &Client, due: SessionIndex) -> Result<()> {
	let mut blocks = client.blocks().await?;
	while client.session().await? < due {
		within("a block", PATIENCE, blocks.next()).await?;
	}
	let client = &client.clone().with_view(View::Finalized);
	let guest = signer(GUEST)?;
	let before = client.balance(&guest.account()).await?;
	client.submit(&Call::withdraw(), &guest).await?;
	let after = client.balance(&guest.account()).await?;
	ensure!(before.held == after.held + BOND, "{before:?}, then {after:?}");
	ensure!(client.validator(&guest.account()).await?.is_none(), "still a validator");
	Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_in_the_middle_of_requests_loses_nothing() -> Result<()> {
	let options = Options { genesis: short_windows(), ..Options::default() };
	Served::play(options, async |served| {
		let client = served.clients[0].clone();
		let due = come_and_go(&client).await?;
		let mut ledger = Ledger::begin(&client).await?;
		let start = client.finalized().await?;
		let old = executed_version(&client, start).await?;
		ensure!(written_version(&client, start).await? == old, "the code contradicts itself");
		let new = old + 1;
		let (upgrade, places) = next_version(&code(&client, start).await?, old, new)?;
		println!("version {old} stood in {places} places; version {new}: {} bytes", upgrade.len());
		let hash = Hash::from(blake2_256(&upgrade));
		// A node that refused a transaction takes it no more for half an hour: too early is tried at
		// another one.
		let early = served.clients[EARLY].clone();
		ensure!(apply_upgrade(&early, &upgrade).await.is_err(), "applied without a decision");

		// Decided; then it waits for every request that was there. More come all the time.
		propose_upgrade(&client, &hash).await?;
		let (mut seed, mut blocks) = (10_000, client.blocks().await?);
		loop {
			let block = within("a block", PATIENCE, blocks.next()).await?;
			ledger.read(&client).await?;
			if authorized_upgrade(&client, ledger.last).await? == Some(hash) {
				break;
			}
			ensure!(block.number < start.number + MOST_BLOCKS, "it is not authorized");
			if block.number % 8 == 0 {
				let best = early.best().await?;
				if authorized_upgrade(&early, best).await?.is_none() {
					ensure!(apply_upgrade(&early, &upgrade).await.is_err(), "applied too early");
				}
				ask(served, &client, seed).await?;
				seed += 1;
			}
		}

		// One node misses the moment. Requests are drawn, and then anybody brings the code.
		served.network.nodes[AWAY].kill()?;
		served.ask((seed..seed + 8).map(any_input).collect(), 30).await?;
		seed += 8;
		apply_upgrade(&client, &upgrade).await?;
		let mut upgraded = None;
		loop {
			let block = within("a block", PATIENCE, blocks.next()).await?;
			// Nodes answer late while they compile the new code; the next block says the same.
			let written = written_version(&client, block).await;
			if upgraded.is_none() && written.is_ok_and(|version| version == new) {
				upgraded = Some(block.number);
			}
			if upgraded.is_some_and(|upgraded| block.number >= upgraded + BLOCKS_AFTER) {
				break;
			}
			ensure!(block.number < start.number + MOST_BLOCKS + 40, "nothing was upgraded");
			ask(served, &client, seed).await?;
			seed += 1;
		}
		let upgraded = upgraded.context("the loop ends with it")?;
		served.clients[AWAY] = served.network.restart(AWAY).await?;

		// All of them execute the new code, by all that can be asked.
		for client in &served.clients {
			let block =
				within("finality", PATIENCE, finalized(client, upgraded + BLOCKS_AFTER)).await?;
			ensure!(code(client, block).await? == upgrade, "another code");
			ensure!(written_version(client, block).await? == new, "another version is written");
			ensure!(executed_version(client, block).await? == new, "another version is executed");
			ensure!(last_upgrade(client, block).await? == new, "the upgrade did not happen");
			ensure!(authorized_upgrade(client, block).await?.is_none(), "still authorized");
		}
		let again = served.ask((seed..seed + 8).map(any_input).collect(), 30).await?;
		served.answers(&client, &again).await?;

		withdraw(&client, due).await?;
		ledger.read_to_the_end(&client, Duration::from_secs(900)).await?;
		let tally = ledger.check(&client).await?;
		println!("{tally:?}");
		ensure!(tally.finals == tally.asked, "{tally:?}");
		served.network.ensure_running()?;
		served.network.stop().await?;
		ensure!(signed_once(&served.network)? >= tally.asked, "a result without a statement");
		Ok(())
	})
	.await
}
