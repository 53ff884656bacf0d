//! Validators come, go, and change their keys, under load.

use anyhow::{ensure, Context, Result};
use codec::Encode;
use countersign_client::{call::Call, Client};
use countersign_network::{
	ledger::{signed_once, End, Ledger},
	scenario::{any_input, drawn, finalized, signer, within, Served, CAPACITY},
	Options, VALIDATORS,
};
use countersign_primitives::{
	keys::InferenceId,
	request::{Assignment, LANES},
	AccountId, Balance, SessionIndex, UNIT,
};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(300);

/// Waits until a session has begun.
async fn session(client: &Client, wanted: SessionIndex) -> Result<()> {
	let mut blocks = client.blocks().await?;
	while client.session().await? < wanted {
		blocks.next().await?;
	}
	Ok(())
}

/// The key that a validator has in the session of now.
async fn key(client: &Client, account: &AccountId) -> Result<InferenceId> {
	let view = client.validator(account).await?.context("it is bonded")?;
	view.key.context("it is in the session")
}

/// The key that an assignment has to be answered with.
async fn key_of(client: &Client, drawn: &Assignment) -> Result<InferenceId> {
	let place = (drawn.session, drawn.validator);
	let member: Option<(AccountId, InferenceId, Balance)> =
		client.api("ValidatorsApi_member", place, None).await?;
	Ok(member.context("sessions in the report window are known")?.1)
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
		within("sync", PATIENCE, finalized(&own, start)).await?;
		let made = own.rotate_keys(&eves).await?;
		own.submit(&Call::set_keys(made.keys, made.proof), &eve).await?;
		// As much as the others have: who has little is drawn seldom.
		own.submit(&Call::bond(1_000_000 * UNIT), &eve).await?;
		own.submit(&Call::set_capacity(CAPACITY), &eve).await?;
		own.submit(&Call::serve(&served.model), &eve).await?;
		client.submit(&Call::leave(), &dave).await?;

		let (mut seed, mut by_eve, mut rounds_without_dave) = (1_000, false, 0);
		while !by_eve || rounds_without_dave < 2 {
			let dave_is_gone = client
				.validator(&daves)
				.await?
				.is_none_or(|view| view.leaving && view.position.is_none());
			let asked = served.ask((seed..seed + 8).map(any_input).collect(), 60).await?;
			seed += 8;
			let drawn = drawn(&client, &asked).await?;
			if dave_is_gone {
				rounds_without_dave += 1;
				let is_drawn = drawn.iter().any(|drawn| drawn.account == daves);
				ensure!(!is_drawn, "a validator that left was drawn");
			}
			by_eve |= served.answers(&client, &asked).await?.contains(&eves);
			ledger.read(&client).await?;
			ensure!(seed < 1_400, "eve: {by_eve}, rounds without dave: {rounds_without_dave}");
		}
		let view = client.validator(&eves).await?.context("bonded")?;
		ensure!(view.position.is_some() && view.reserved_cover > 0, "{view:?}");
		// Eve's node fetched the artefact by itself.
		let sha256 = client.model(served.model).await?.manifest.artefact.sha256;
		ensure!(own.has_artefact(&sha256).await?, "the artefact is not there");

		ledger.read_to_the_end(&client, Duration::from_secs(900)).await?;
		let tally = ledger.check(&client).await?;
		ensure!(tally.finals == tally.asked, "{tally:?}");
		// Its record counts what became Final. What it was assigned within sixteen blocks of its first
		// start it leaves to the take-over, and that is counted too.
		let view = client.validator(&eves).await?.context("bonded")?;
		let by_eve = |end: &&End| matches!(end, End::Final(it) if it.executor == eves);
		let finals = ledger.ends.values().flatten().filter(by_eve).count();
		ensure!(view.answered as usize == finals && finals > 0, "{finals} Final: {view:?}");
		ensure!(view.missed as usize <= ledger.missed, "{} missed: {view:?}", ledger.missed);
		// Who leaves answers for its results until they are Final, and its bond stays for longer.
		let view = client.validator(&daves).await?.context("still on hold")?;
		ensure!(view.leaving && view.reserved_cover == 0 && view.bonded > 0, "{view:?}");
		served.network.ensure_running()?;
		served.network.stop().await?;
		ensure!(signed_once(&served.network)? >= tally.asked, "a result without a statement");
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
		let (mut seed, mut meant) = (2_000, Vec::new());
		// Until it is drawn in the sessions that a rotation leaves to the old key: on a slow machine
		// few draws happen in them.
		let (old, new) = loop {
			let old = key(&client, &account).await?;
			// New keys are in force from the session after next: almost two sessions, from the
			// beginning of one.
			let begun = client.session().await?;
			within("a session", PATIENCE, session(&client, begun + 1)).await?;
			let made = served.clients[index].rotate_keys(&account).await?;
			// The inference key comes last.
			let new: [u8; 32] = *made.keys.last_chunk().context("session keys")?;
			client.submit(&Call::set_keys(made.keys, made.proof), &bob).await?;

			// It is drawn under its old key, and cannot answer yet.
			served.network.nodes[index].pause()?;
			let inputs = (seed..seed + u64::from(LANES)).map(any_input).collect();
			let asked = served.ask(inputs, 150).await?;
			seed += u64::from(LANES);
			let drawn = drawn(&client, &asked).await?;
			for (asked, drawn) in asked.into_iter().zip(drawn) {
				if drawn.account == account && key_of(&client, &drawn).await? == old {
					meant.push(asked);
				}
			}
			within("the new keys", PATIENCE, async {
				let mut blocks = client.blocks().await?;
				while key(&client, &account).await? == old {
					blocks.next().await?;
				}
				anyhow::Ok(())
			})
			.await?;
			let now: &[u8] = &key(&client, &account).await?.encode();
			ensure!(now == new, "other keys are in force than those that were registered");
			if !meant.is_empty() {
				break (old, new);
			}
			ensure!(seed < 2_000 + 4 * u64::from(LANES), "never drawn under its old key");
			served.network.nodes[index].resume()?;
		};

		// With the new keys in force, it answers what it was assigned under the old one.
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
				let signer: &[u8] = &result.statement.signer.encode();
				ensure!(signer == new, "signed by the old key");
				break;
			}
			ensure!(seed < 2_300, "many draws never met bob");
		}
		ledger.read_to_the_end(&client, Duration::from_secs(900)).await?;
		let tally = ledger.check(&client).await?;
		ensure!(tally.finals == tally.asked, "{tally:?}");
		served.network.ensure_running()?;
		served.network.stop().await?;
		ensure!(signed_once(&served.network)? >= tally.asked, "a result without a statement");
		Ok(())
	})
	.await
}
