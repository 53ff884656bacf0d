//! An appeal against a slash, from the command line: reported, cancelled by referendum while it is
//! deferred, and nothing is taken.

use crate::program::{client as run, done};
use anyhow::{ensure, Context, Result};
use countersign_client::{call::Call, client::View, event::Event, Error};
use countersign_network::{
	governance::{vote_for, VOTE, VOTERS},
	scenario::{finalized, signer, within, Served, REQUESTER},
	trial::{amount_in, bonded, Chronicle, Contradiction},
	Options,
};
use countersign_primitives::{request::RequestId, UNIT};
use std::time::Duration;

const CULPRIT: &str = "//Charlie";
/// Sessions from a report to its slash: time for the decision even on a slow machine.
const DEFERRAL: u32 = 7;
const PATIENCE: Duration = Duration::from_secs(300);

#[tokio::test(flavor = "multi_thread")]
async fn an_appeal_cancels_a_slash() -> Result<()> {
	// Time for votes on a slow machine; one alone decides nothing before the last of these blocks.
	let genesis = serde_json::json!({
		"validators": { "parameters": { "slashDeferralSessions": DEFERRAL } },
		"origins": { "parameters": { "slashes": { "decisionBlocks": 30 } } },
	});
	Served::play(Options { genesis, ..Options::default() }, async |served| {
		let (client, network) = (served.clients[0].clone(), &served.network);
		let folder = network.folder();
		let request = RequestId::repeat_byte(7);
		let found = Contradiction::sign(&client, CULPRIT, request, served.model).await?;
		let report = Call::report_equivocation(&found.first, &found.second);
		let reporter = signer(REQUESTER)?;
		let before = bonded(&client, &found.culprit, &client.best().await?).await?;
		// What the command line shows next is there to stay.
		let settled = client.clone().with_view(View::Finalized);
		let included = within("the report", PATIENCE, settled.submit(&report, &reporter)).await?;
		let deferred = included.event("Validators", "SlashDeferred").context("a slash")?;
		let due = amount_in(deferred, "until").context("a session")?;
		let slash = amount_in(deferred, "slash").context("a number")?;

		// The operator sees it, and appeals. There is no such slash as another one.
		let account = ["validator", "status", "--suri", CULPRIT];
		let status = done(network, folder, &account).await?;
		let shown = status["slashes"][0]["number"].as_u64().map(u128::from);
		ensure!(shown == Some(slash), "{status:#}");
		let wrong = ["referendum", "appeal", "4000000", "--suri", CULPRIT];
		let (code, _, complaint) = run(network, folder, &wrong).await?;
		ensure!(code != 0 && complaint.contains("no pending slash"), "{code}: {complaint}");
		let appeal = ["referendum", "appeal", &slash.to_string(), "--suri", CULPRIT];
		let appealed = done(network, folder, &appeal).await?;
		let index = u32::try_from(appealed["referendum"].as_u64().context("its number")?)?;
		let number = index.to_string();

		// One holder votes by the command line, the others through the library.
		let (voter, others) = VOTERS.split_first().context("voters")?;
		let amount = (VOTE / UNIT).to_string();
		let vote = ["referendum", "vote", &number, "aye", &amount, "--suri", voter];
		done(network, folder, &vote).await?;
		vote_for(&client, index, others).await?;

		let mut chronicle = Chronicle::from(&client, included.block.number);
		let is_ours = |event: &&Event, name: &str| {
			event.is("Validators", name) && amount_in(event, "slash") == Some(slash)
		};
		let mut cancelled = false;
		loop {
			let (block, events) = within("a block", PATIENCE, chronicle.next()).await?;
			ensure!(!events.iter().any(|event| is_ours(&event, "Slashed")), "it was slashed");
			cancelled |= events.iter().any(|event| is_ours(&event, "SlashCancelled"));
			let session: u32 = client.api("ValidatorsApi_session", (), Some(block.hash)).await?;
			if u128::from(session) > due {
				break;
			}
		}
		ensure!(cancelled, "it was not cancelled");
		let after = client.finalized().await?;
		ensure!(bonded(&client, &found.culprit, &after).await? == before, "the bond is another");
		let status = done(network, folder, &account).await?;
		ensure!(status["slashes"] == serde_json::json!([]), "{status:#}");
		// What was cancelled cannot be reported again.
		match client.submit(&report, &reporter).await {
			Err(Error::Dispatch { name, .. }) if name == "AlreadyReported" => {}
			other => anyhow::bail!("reported once more: {other:?}"),
		}

		// Votes and deposits come back.
		let frozen =
			|| async { anyhow::Ok(client.balance(&signer(voter)?.account()).await?.frozen) };
		ensure!(frozen().await? > 0, "a vote locks nothing");
		done(network, folder, &["referendum", "unvote", &number, "--suri", voter]).await?;
		ensure!(frozen().await? == 0, "the vote still locks something");
		let again = ["referendum", "unvote", &number, "--suri", voter];
		let (code, _, complaint) = run(network, folder, &again).await?;
		ensure!(code != 0 && complaint.contains("no vote of yours"), "{code}: {complaint}");
		let held = client.balance(&found.culprit).await?.held;
		let refund = ["referendum", "refund", &number, "--suri", CULPRIT];
		let refunded = done(network, folder, &refund).await?;
		ensure!(refunded.as_array().is_some_and(|both| both.len() == 2), "{refunded:#}");
		let left = client.balance(&found.culprit).await?.held;
		ensure!(left < held, "{held} were held, and {left} are");
		let (code, ..) = run(network, folder, &refund).await?;
		ensure!(code != 0, "deposits came back twice");

		let last = client.best().await?.number;
		within("finality", PATIENCE, finalized(&client, last)).await?;
		served.network.ensure_running()?;
		Ok(())
	})
	.await
}
