//! Inputs that are named by their commitment.

use anyhow::{ensure, Context, Result};
use countersign_client::{ask::Ask, call::Call, Client};
use countersign_network::{
	scenario::{any_input, check_result, has_result, signer, watch, within, Served, REQUESTER},
	Options,
};
use countersign_primitives::{
	request::{Input, RequestStatus},
	tensor::{Tensor, TensorType},
	Balance,
};
use std::time::Duration;

/// What a refund's event says: the request, why, how much went back, how much was charged.
type Refunded = (countersign_primitives::request::RequestId, u8, Balance, Balance);

/// An input that no node has seen.
fn unseen(seed: u8) -> Vec<Tensor> {
	let data = (0..2048u32).flat_map(|at| ((at * u32::from(seed)) % 256).to_le_bytes()).collect();
	vec![Tensor { ty: TensorType::I32, shape: vec![1, 2048], data }]
}

/// Asks by commitment without giving any node the bytes.
async fn ask_in_the_dark(
	client: &Client,
	ask: &Ask,
) -> Result<(countersign_client::ask::Asked, Balance)> {
	let requester = signer(REQUESTER)?;
	let (quote, mut terms) = client.quote_for(ask).await?;
	terms.deadline = quote.earliest_deadline + 20;
	let nonce = client.next_nonce(&requester.account(), terms.lane).await?;
	let id = ask.id(&client.genesis(), &requester.account(), nonce, &terms);
	let length = u32::try_from(codec::Encode::encoded_size(&ask.input))?;
	let input = Input::Committed { commitment: ask.input_commitment(), length };
	let call = Call::request(&ask.model, &input, nonce, &terms);
	let included = client.submit(&call, &requester).await?;
	Ok((countersign_client::ask::Asked { id, terms, nonce, included }, quote.base_fee))
}

#[tokio::test(flavor = "multi_thread")]
async fn committed_inputs_are_fetched_or_demanded() -> Result<()> {
	Served::play(Options::default(), async |served| {
		let client = served.clients[0].clone();

		// Only the first node has the bytes; whoever is drawn fetches them from there.
		let mut elsewhere = 0;
		for round in 0..4u64 {
			let mut asked = Vec::new();
			for lane in 0..4u8 {
				let seed = 100 + round * 4 + u64::from(lane);
				let ask =
					Ask { lane, commit_only: true, ..Ask::new(served.model, any_input(seed)) };
				ensure!(
					!served.clients[1].has_blob(&ask.input_commitment()).await?,
					"known already"
				);
				asked.push(client.ask(&signer(REQUESTER)?, &ask).await?);
			}
			for executor in served.answers(&client, &asked).await? {
				elsewhere += usize::from(served.node_of(&executor)? != 0);
			}
			if elsewhere > 0 {
				break;
			}
		}
		ensure!(elsewhere > 0, "16 draws all met the one node that had the bytes");

		// Nobody has these bytes: the executor demands them, and anybody may post them.
		let posted = Ask { lane: 4, ..Ask::new(served.model, unseen(3)) };
		let never = Ask { lane: 5, ..Ask::new(served.model, unseen(5)) };
		let (posted_asked, _) = ask_in_the_dark(&client, &posted).await?;
		let (never_asked, base_fee) = ask_in_the_dark(&client, &never).await?;
		let asked = [posted_asked, never_asked];
		let mut steps = watch(&client, &asked, has_result).await?;
		let (mut demanded, mut ends) = ([false; 2], 0);
		while ends < 2 {
			let (index, step) = within("the end of a request", Duration::from_secs(300), async {
				steps.recv().await.context("every request ends")
			})
			.await?;
			let step = step?;
			if step.request.status == RequestStatus::InputDemanded && !demanded[index] {
				demanded[index] = true;
				if index == 0 {
					let wrong = Call::post_input(&asked[0].id, codec::Encode::encode(&unseen(4)));
					let stranger = signer("//Alice//stash")?;
					let refused = client.submit(&wrong, &stranger).await;
					ensure!(refused.is_err(), "bytes that nobody asked for were taken");
					let right =
						Call::post_input(&asked[0].id, codec::Encode::encode(&posted.input));
					client.submit(&right, &stranger).await?;
				}
			}
			if !has_result(&step.request) {
				continue;
			}
			ends += 1;
			ensure!(demanded[index], "ended without a demand");
			if index == 0 {
				let answer = client.answer_after(&step).await?.context("there is a result")?;
				check_result(&client, &answer.request, &answer.result).await?;
			} else {
				ensure!(step.request.status == RequestStatus::Refunded, "answered from nothing");
				let event = step
					.events
					.iter()
					.find(|event| event.is("Inference", "Refunded"))
					.context("an event tells of the refund")?;
				let (_, _, returned, charged): Refunded = event.decode()?;
				ensure!(charged == base_fee, "{charged} was charged, not {base_fee}");
				ensure!(returned + charged == asked[1].terms.max_fee, "money is missing");
			}
		}
		Ok(())
	})
	.await
}
