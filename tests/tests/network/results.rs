//! Results that nobody asked for, or that come too late.

use anyhow::{ensure, Context, Result};
use codec::Encode;
use countersign_client::{ask::Asked, Client, Error};
use countersign_network::{
	ledger::Ledger,
	scenario::{any_input, has_result, watch, within, Served},
	Options, VALIDATORS,
};
use countersign_primitives::{
	keys::{InferencePair, InferenceSignature},
	request::{Outcome, RequestStatus, ResultView, Statement},
};
use sp_core::Pair;
use std::time::Duration;
use subxt::rpcs::rpc_params;

/// The validator that is switched off.
const FAILING: usize = 3;

/// Offers a result to a node's pool, and fails unless it is refused as what it is: a transaction
/// that is not valid.
async fn refused(
	client: &Client,
	what: &str,
	statement: &Statement,
	outcome: &Outcome,
	signature: &InferenceSignature,
) -> Result<()> {
	let arguments = (statement, outcome, signature);
	let transaction: Vec<u8> =
		client.api("InferenceApi_result_transaction", arguments, None).await?;
	let bytes = format!("0x{}", hex::encode(transaction.encode()));
	let mut blocks = client.blocks().await?;
	for _ in 0..10 {
		let offered: Result<String, Error> =
			client.rpc("author_submitExtrinsic", rpc_params![bytes.clone()]).await;
		match offered {
			Err(Error::Node { code: 1010..=1012, .. }) => return Ok(()),
			// The pool looked at a block that lost against another in that moment.
			Err(Error::Node { code: 1002, .. }) => blocks.next().await?,
			other => anyhow::bail!("{what}: {other:?}"),
		};
	}
	anyhow::bail!("{what}: the pool never got to look at it")
}

/// The key with which a validator of the local network signs.
fn key(index: usize) -> Result<InferencePair> {
	let name = VALIDATORS[index];
	let (first, rest) = name.split_at(1);
	Ok(InferencePair::from_string(&format!("//{}{rest}", first.to_uppercase()), None)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_assigned_validator_answers_once_and_in_time() -> Result<()> {
	Served::play(Options::default(), async |served| {
		let client = served.clients[0].clone();
		let failing = countersign_network::scenario::signer(&served.network.nodes[FAILING].uri())?;

		let mut ledger = Ledger::begin(&client).await?;

		// An honest result, signed once more by the validator that gave it: another transaction
		// that says the same.
		let first = served.ask(vec![any_input(0)], 30).await?;
		let executors = served.answers(&client, &first).await?;
		// On a fork without the answer the same would be its first.
		let best = client.best().await?.number;
		let final_ = countersign_network::scenario::finalized(&client, best);
		countersign_network::scenario::within("finality", Duration::from_secs(300), final_).await?;
		let seen: ResultView = client.result(first[0].id).await?;
		let sign = |statement: &Statement, index: usize| {
			anyhow::Ok(key(index)?.sign(&statement.signing_payload()))
		};
		let again = sign(&seen.statement, served.node_of(&executors[0])?)?;
		refused(&client, "a result twice", &seen.statement, &seen.outcome, &again).await?;

		// A request whose executor is switched off.
		served.network.nodes[FAILING].kill()?;
		let mut lost: Option<Asked> = None;
		for round in 0..8u64 {
			let inputs = (0..8).map(|at| any_input(10 + round * 8 + at)).collect();
			let asked = served.ask(inputs, 12).await?;
			let drawn = countersign_network::scenario::drawn(&client, &asked).await?;
			for (asked, drawn) in asked.into_iter().zip(drawn) {
				if drawn.account == failing.account() {
					lost = Some(asked);
				}
			}
			if lost.is_some() {
				break;
			}
		}
		let lost = lost.context("64 draws never met the validator that is switched off")?;
		let request = client.request(lost.id).await?;
		let assignment = request.assignment.clone().context("drawn")?;

		// What its executor would sign, but for the output, which is that of another request.
		let right = Statement {
			request: lost.id,
			session: assignment.session,
			validator: assignment.validator,
			input: request.input_commitment,
			signer: key(FAILING)?.public(),
			..seen.statement.clone()
		};
		let others = Statement { signer: key(1)?.public(), ..right.clone() };
		refused(
			&client,
			"a validator that was not drawn",
			&others,
			&seen.outcome,
			&sign(&others, 1)?,
		)
		.await?;
		refused(
			&client,
			"the drawn validator's name under another's signature",
			&right,
			&seen.outcome,
			&sign(&right, 1)?,
		)
		.await?;
		let elsewhere = Statement { genesis: Default::default(), ..right.clone() };
		refused(
			&client,
			"a statement for another chain",
			&elsewhere,
			&seen.outcome,
			&sign(&elsewhere, FAILING)?,
		)
		.await?;
		let other_input = Statement { input: seen.statement.input, ..right.clone() };
		refused(
			&client,
			"a statement about another input",
			&other_input,
			&seen.outcome,
			&sign(&other_input, FAILING)?,
		)
		.await?;
		let empty = Outcome::Output(vec![0u8].try_into().ok().context("one byte fits")?);
		refused(
			&client,
			"an output that is not the one signed",
			&right,
			&empty,
			&sign(&right, FAILING)?,
		)
		.await?;

		// Too late: another has taken over. The signature is good, and would have been taken.
		let asked = [lost];
		let mut steps = watch(&client, &asked, has_result).await?;
		let answered = loop {
			let (_, step) = within("a take-over", Duration::from_secs(300), async {
				steps.recv().await.context("every request ends")
			})
			.await?;
			let step = step?;
			if has_result(&step.request) {
				break step;
			}
		};
		ensure!(answered.request.status == RequestStatus::Answered, "nobody took over");
		ensure!(answered.request.attempts == 2, "it took {} attempts", answered.request.attempts);
		refused(
			&client,
			"the first executor's result after the take-over",
			&right,
			&seen.outcome,
			&sign(&right, FAILING)?,
		)
		.await?;
		let kept = client.result(asked[0].id).await?;
		ensure!(kept.statement.signer != right.signer, "the late result replaced the answer");

		// Whoever is dead answers nothing, others do, and the money is where it belongs.
		ledger.read_to_the_end(&client, Duration::from_secs(900)).await?;
		let tally = ledger.check(&client).await?;
		println!("{tally:?}, {} missed", ledger.missed);
		ensure!(tally.finals > 1 && tally.invalidated == 0 && ledger.missed > 0, "{tally:?}");
		Ok(())
	})
	.await
}
