//! A peer that sends other bytes than an artefact's.

use anyhow::{ensure, Result};
use countersign_client::call::Call;
use countersign_network::{
	bad_peer::BadPeer,
	ledger::{signed_once, Ledger},
	scenario::{
		any_input, finalized, has_peers, magika_manifest, register, served_by, signer, within,
		Served, CAPACITY, OWNER,
	},
	Network, Options,
};
use std::time::Duration;

/// The validator that has the artefact, and the one that wants it and meets the bad peer.
const HONEST: usize = 0;
const VICTIM: usize = 1;
/// The counter of what a node refuses from those whom it does not talk to any more.
const REFUSED: (&str, &str) =
	("substrate_sub_libp2p_requests_in_failure_total", "reason=\"banned-peer\"");

const PATIENCE: Duration = Duration::from_secs(300);

#[tokio::test(flavor = "multi_thread")]
async fn wrong_bytes_are_rejected_and_their_sender_is_left() -> Result<()> {
	let mut network = Network::start(Options::default()).await?;
	let mut clients = Vec::new();
	for index in 0..network.nodes.len() {
		clients.push(network.client(index).await?);
	}
	let (client, victim) = (clients[HONEST].clone(), clients[VICTIM].clone());
	within("the first finalized block", PATIENCE, finalized(&client, 1)).await?;
	let manifest = magika_manifest(&network)?;
	let (model, included) = register(&client, &signer(OWNER)?, &manifest).await?;
	within("a final registration", PATIENCE, finalized(&victim, included.block.number)).await?;
	let artefact = std::fs::read(network.assets().model())?;

	// To the victim it is a peer like the other three.
	within("three peers", PATIENCE, has_peers(&victim, 3)).await?;
	let address = network.nodes[VICTIM].address()?;
	let mut bad = BadPeer::connect(&address, &client.genesis(), artefact.clone()).await?;
	let lied = bad.first_lie();
	within("a fourth peer", PATIENCE, has_peers(&victim, 4)).await?;
	let lying = tokio::spawn(async move {
		let told = bad.lie().await;
		(bad, told)
	});

	// Now it wants what the bad peer offers, and later an honest one too: it does not wait for lists.
	let mut validators = Vec::new();
	for index in [HONEST, VICTIM] {
		let validator = signer(&network.nodes[index].uri())?;
		clients[index].submit(&Call::set_capacity(CAPACITY), &validator).await?;
		clients[index].submit(&Call::serve(&model), &validator).await?;
		validators.push(validator);
	}
	within("final declarations", PATIENCE, served_by(&client, model, &validators)).await?;
	within("a wrong chunk", PATIENCE, lied).await?;
	client.put_artefact(&artefact).await?;
	let sha256 = manifest.manifest.artefact.sha256;
	within("the artefact", PATIENCE, async {
		let mut blocks = victim.blocks().await?;
		while !victim.has_artefact(&sha256).await? {
			blocks.next().await?;
		}
		anyhow::Ok(())
	})
	.await?;

	// Whoever sent wrong bytes is left, and gets no answers any more.
	let (mut bad, told) = within("being left", PATIENCE, lying).await?;
	let told = told?;
	println!("{told:?}");
	ensure!(told.lists > 0 && told.chunks > 0, "it was not asked: {told:?}");
	let node = &network.nodes[VICTIM];
	let rejected = node.metric("countersign_exchange_events_total", "\"wrong_bytes\"")?;
	ensure!((1.0..=told.chunks as f64).contains(&rejected), "{rejected} rejected, {told:?}");
	ensure!(bad.is_refused().await?, "its reputation did not suffer");
	ensure!(node.metric(REFUSED.0, REFUSED.1)? > 0.0, "something else refused it");
	within("three peers again", PATIENCE, has_peers(&victim, 3)).await?;
	drop(bad);

	// What came from the honest one is right: the victim answers.
	let mut served = Served { network, clients, model, manifest };
	let mut ledger = Ledger::begin(&client).await?;
	let (account, mut seed) = (validators[1].account(), 0);
	loop {
		let asked = served.ask((seed..seed + 8).map(any_input).collect(), 60).await?;
		seed += 8;
		if served.answers(&client, &asked).await?.contains(&account) {
			break;
		}
		ensure!(seed < 80, "80 draws never met the victim");
	}
	ledger.read_to_the_end(&client, Duration::from_secs(900)).await?;
	let tally = ledger.check(&client).await?;
	ensure!(tally.finals == tally.asked, "{tally:?}");
	served.network.ensure_running()?;
	served.network.stop().await?;
	ensure!(signed_once(&served.network)? >= tally.asked, "a result without a statement");
	Ok(())
}
