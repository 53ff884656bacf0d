//! Validators come, go, and change their keys, under load.

use anyhow::{ensure, Context, Result};
use countersign_client::{call::Call, Client};
use countersign_network::{
	ledger::{signed_once, Ledger},
	scenario::{any_input, drawn, finalized, signer, within, Served, CAPACITY},
	Options, VALIDATORS,
};
use countersign_primitives::{apis::ValidatorView, AccountId, UNIT};
use std::time::Duration;

/// Waits until a session has begun.
async fn session(client: &Client, wanted: u32) -> Result<()> {
	let mut blocks = client.blocks().await?;
	while client.session().await? < wanted {
		blocks.next().await?;
	}
	Ok(())
}

async fn validator(client: &Client, account: &AccountId) -> Result<Option<ValidatorView>> {
	Ok(client.validator(account).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validator_joins_and_another_leaves_under_load() -> Result<()> {
	let options = Options { more: vec!["eve"], ..Options::default() };
	Served::play(options, async |served| {
		let client = served.clients[0].clone();
		let mut ledger = Ledger::begin(&client).await?;
		let joining = VALIDATORS.len();
		let eve = signer(&served.network.nodes[joining].uri())?;
		let dave = signer(&served.network.nodes[3].uri())?;
		let (eves, daves) = (eve.account(), dave.account());

		// A new machine, as docs/operators.md tells: keys, bond, capacity, serve. It has no artefact.
		let own = served.network.restart(joining).await?;
		let start = client.best().await?.number;
		within("sync", Duration::from_secs(300), finalized(&own, start)).await?;
		let made = own.rotate_keys(&eves).await?;
		own.submit(&Call::set_keys(made.keys, made.proof), &eve).await?;
		// As much as the others have: who has little is drawn seldom.
		own.submit(&Call::bond(1_000_000 * UNIT), &eve).await?;
		own.submit(&Call::set_capacity(CAPACITY), &eve).await?;
		own.submit(&Call::serve(&served.model), &eve).await?;
		client.submit(&Call::leave(), &dave).await?;

		let (mut seed, mut by_eve, mut after) = (1_000, false, 0);
		while !by_eve || after < 2 {
			let asked = served.ask((seed..seed + 8).map(any_input).collect(), 60).await?;
			seed += 8;
			let drawn = drawn(&client, &asked).await?;
			let gone = validator(&client, &daves).await?.is_none_or(|it| it.position.is_none());
			let executors = served.answers(&client, &asked).await?;
			if gone {
				after += 1;
			}
			let late = after > 1 && drawn.iter().any(|drawn| drawn.account == daves);
			ensure!(!late, "a validator that left was drawn");
			by_eve |= executors.contains(&eves);
			ledger.read(&client).await?;
			ensure!(seed < 1_400, "eve: {by_eve}, rounds without dave: {after}");
		}
		let view = validator(&client, &eves).await?.context("bonded")?;
		ensure!(view.position.is_some() && view.reserved_cover > 0, "{view:?}");
		// Eve's node fetched the artefact by itself.
		let sha256 = client.model(served.model).await?.manifest.artefact.sha256;
		ensure!(own.has_artefact(&sha256).await?, "the artefact is not there");

		ledger.read_to_the_end(&client, Duration::from_secs(900)).await?;
		let tally = ledger.check(&client).await?;
		ensure!(tally.finals == tally.asked, "{tally:?}");
		// Its record counts what became Final.
		let view = validator(&client, &eves).await?.context("bonded")?;
		ensure!(view.answered > 0, "{view:?}");
		served.network.stop().await?;
		signed_once(&served.network)?;
		Ok(())
	})
	.await
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_rotated_between_assignment_and_result_still_sign() -> Result<()> {
	Served::play(Options::default(), async |served| {
		let client = served.clients[0].clone();
		let mut ledger = Ledger::begin(&client).await?;
		let (index, bob) = (1, signer("//Bob")?);
		let account = bob.account();
		let old = validator(&client, &account).await?.and_then(|it| it.key).context("a key")?;
		let made = served.clients[index].rotate_keys(&account).await?;
		let included = client.submit(&Call::set_keys(made.keys, made.proof), &bob).await?;
		within("finality", Duration::from_secs(300), finalized(&client, included.block.number))
			.await?;
		let begun = client.session().await?;
		// The last session of the old key.
		within("the next session", Duration::from_secs(300), session(&client, begun + 1)).await?;
		served.network.nodes[index].pause()?;
		let (mut seed, mut meant) = (2_000, Vec::new());
		while meant.is_empty() {
			let asked = served.ask((seed..seed + 8).map(any_input).collect(), 80).await?;
			seed += 8;
			let drawn = drawn(&client, &asked).await?;
			for (asked, drawn) in asked.into_iter().zip(drawn) {
				if drawn.account == account && drawn.session == begun + 1 {
					meant.push(asked);
				}
			}
			ensure!(seed < 2_080, "80 draws never met bob in that session");
		}
		within("the session after", Duration::from_secs(300), session(&client, begun + 2)).await?;
		let new = validator(&client, &account).await?.and_then(|it| it.key).context("a key")?;
		ensure!(new != old, "the keys are not in force");
		served.network.nodes[index].resume()?;
		served.answers(&client, &meant).await?;
		for asked in &meant {
			let result = client.result(asked.id).await?;
			ensure!(result.statement.signer == old, "signed by a key that was not assigned");
			let request = client.request(asked.id).await?;
			ensure!(request.attempts == 1, "taken over, though the old key was there");
		}
		// And the new key signs what is assigned to it.
		loop {
			let asked = served.ask((seed..seed + 8).map(any_input).collect(), 60).await?;
			seed += 8;
			let executors = served.answers(&client, &asked).await?;
			if let Some(at) = executors.iter().position(|executor| *executor == account) {
				let result = client.result(asked[at].id).await?;
				ensure!(result.statement.signer == new, "signed by the old key");
				break;
			}
			ensure!(seed < 2_300, "many draws never met bob");
		}
		ledger.read_to_the_end(&client, Duration::from_secs(900)).await?;
		let tally = ledger.check(&client).await?;
		ensure!(tally.finals == tally.asked, "{tally:?}");
		served.network.stop().await?;
		signed_once(&served.network)?;
		Ok(())
	})
	.await
}
