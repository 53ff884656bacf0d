//! Artefacts come to those who declare a model, by themselves.

use anyhow::{ensure, Result};
use countersign_client::call::Call;
use countersign_network::{
	ledger::Ledger,
	process::until,
	scenario::{
		any_input, finalized, magika_manifest, register, served_by, signer, within, Served,
		CAPACITY, OWNER,
	},
	Network, Options,
};
use std::time::Duration;
use subxt::rpcs::rpc_params;

#[tokio::test(flavor = "multi_thread")]
async fn a_declared_model_is_fetched_before_the_first_request() -> Result<()> {
	let mut network = Network::start(Options::default()).await?;
	let mut clients = Vec::new();
	for index in 0..network.nodes.len() {
		clients.push(network.client(index).await?);
	}
	within("the first finalized block", Duration::from_secs(300), finalized(&clients[0], 1))
		.await?;
	let manifest = magika_manifest(&network)?;
	let (model, included) = register(&clients[0], &signer(OWNER)?, &manifest).await?;
	within(
		"a final registration",
		Duration::from_secs(300),
		finalized(&clients[0], included.block.number),
	)
	.await?;
	// One node gets the file from its operator; the others only declare.
	clients[0].put_artefact(&std::fs::read(network.assets().model())?).await?;
	let sha256 = manifest.manifest.artefact.sha256;
	let mut validators = Vec::new();
	for (node, client) in network.nodes.iter().zip(&clients) {
		let validator = signer(&node.uri())?;
		client.submit(&Call::set_capacity(CAPACITY), &validator).await?;
		client.submit(&Call::serve(&model), &validator).await?;
		validators.push(validator);
	}
	within(
		"final declarations",
		Duration::from_secs(300),
		served_by(&clients[0], model, &validators),
	)
	.await?;
	for client in &clients {
		within("the artefact", Duration::from_secs(300), async {
			let mut blocks = client.blocks().await?;
			while !client.has_artefact(&sha256).await? {
				blocks.next().await?;
			}
			anyhow::Ok(())
		})
		.await?;
	}
	let mut served = Served { network, clients, model, manifest };
	let client = served.clients[0].clone();
	let mut ledger = Ledger::begin(&client).await?;
	let asked = served.ask((0..12).map(any_input).collect(), 60).await?;
	served.answers(&client, &asked).await?;

	// What nobody has is an error, and soon.
	let unknown = format!("0x{}", "11".repeat(32));
	let nobody: Result<(), _> =
		client.rpc("countersign_fetchArtefact", rpc_params![unknown, 5_000_000]).await;
	ensure!(nobody.is_err(), "an artefact that does not exist came");

	ledger.read_to_the_end(&client, Duration::from_secs(900)).await?;
	let tally = ledger.check(&client).await?;
	ensure!(tally.finals == 12, "{tally:?}");
	served.network.stop().await?;
	until("the end of every node", Duration::from_secs(30), || {
		served.network.nodes.iter().all(|node| node.process().is_none())
	})
	.await
}
