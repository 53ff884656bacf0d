//! The network splits, both halves go on, and then they meet again.

use anyhow::{ensure, Context, Result};
use codec::Encode;
use countersign_client::{ask::Ask, call::Call, Client};
use countersign_network::{
	ledger::{signed_once, Ledger},
	scenario::{any_input, best, finalized, signer, within, Served, REQUESTER},
	Options,
};
use countersign_primitives::{
	keys::InferenceId,
	request::{RequestId, RequestStatus, Statement, LANES},
	SessionIndex, ValidatorIndex,
};
use std::{
	collections::{BTreeMap, BTreeSet},
	time::Duration,
};

/// Requests that both halves see.
const REQUESTS: u8 = LANES;
/// Blocks that each half makes on its own.
const SPLIT_BLOCKS: u32 = 8;
/// Blocks by which each half has an answer.
const MOST_SPLIT_BLOCKS: u32 = 40;

/// What each key signed for each request, on whatever fork: where it says to be assigned, and the rest
/// of the statement. A fork may assign a request in another session, and the one answer to it is
/// signed there again; two different statements about one place are an offence.
type Signed =
	BTreeMap<(RequestId, InferenceId), BTreeMap<(SessionIndex, ValidatorIndex), BTreeSet<Vec<u8>>>>;

/// Adds what a node's best chain holds.
async fn collect(client: &Client, requests: &[RequestId], signed: &mut Signed) -> Result<usize> {
	let mut found = 0;
	for id in requests {
		if let Some(result) = client.result_at(*id, None).await? {
			let statement = result.statement;
			ensure!(statement.verify(&result.signature), "a wrong signature is in state");
			found += 1;
			let place = (statement.session, statement.validator);
			let rest = Statement { session: 0, validator: 0, ..statement.clone() };
			let by_key = signed.entry((*id, statement.signer)).or_default();
			by_key.entry(place).or_default().insert(rest.encode());
		}
	}
	Ok(found)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_split_network_signs_nothing_twice() -> Result<()> {
	Served::play(Options::default(), async |served| {
		// Both halves start from the same final block.
		let mut ledger = Ledger::begin(&served.clients[0]).await?;
		let start = served.clients[0].best().await?;
		for client in &served.clients {
			within("finality", Duration::from_secs(300), finalized(client, start.number)).await?;
		}
		for node in &mut served.network.nodes {
			node.stop().await?;
		}
		for (index, peers) in [(0, [1]), (1, [0]), (2, [3]), (3, [2])] {
			served.network.restart_among(index, &peers).await?;
		}
		served.reconnect().await?;
		let halves = [served.clients[0].clone(), served.clients[2].clone()];
		// All that a half can come to know as final, because two of four finalise nothing.
		let mut known = Vec::new();
		for half in served.clients.chunks(2) {
			known.push(half[0].finalized().await?.number.max(half[1].finalized().await?.number));
		}

		// The same requests on both sides, under the same identifiers: each side signs its own
		// transaction, and an identifier does not depend on that.
		let requester = signer(REQUESTER)?;
		let account = requester.account();
		let deadline = start.number + 100;
		let mut requests = Vec::new();
		let mut calls = Vec::new();
		for lane in 0..REQUESTS {
			let ask = Ask { lane, ..Ask::new(served.model, any_input(u64::from(lane))) };
			let (_, mut terms) = halves[0].quote_for(&ask).await?;
			terms.deadline = deadline;
			let id = ask.id(&halves[0].genesis(), &account, 0, &terms);
			calls.push(Call::request(&ask.model, &ask.input().0, 0, &terms));
			requests.push(id);
		}
		let mut sent = Vec::new();
		for half in &halves {
			let first = half.transaction_nonce(&account).await?;
			for (call, nonce) in calls.iter().zip(first..) {
				let (half, requester) = (half.clone(), requester.clone());
				sent.push(async move { half.submit_with_nonce(call, &requester, nonce).await });
			}
		}
		within(
			"requests on both sides",
			Duration::from_secs(300),
			futures::future::try_join_all(sent),
		)
		.await?;
		let mut signed = Signed::new();
		let mut heads = Vec::new();
		for half in &halves {
			let now = half.best().await?.number;
			within("blocks of one half", Duration::from_secs(300), best(half, now + SPLIT_BLOCKS))
				.await?;
			// The restarted engines of a half may need some blocks more.
			let mut blocks = half.blocks().await?;
			while collect(half, &requests, &mut signed).await? == 0 {
				let block = within("a block", Duration::from_secs(300), blocks.next()).await?;
				ensure!(block.number < now + MOST_SPLIT_BLOCKS, "one half answered nothing");
			}
			heads.push(half.best().await?);
		}
		let other = halves[1].hash_of(heads[0].number.min(heads[1].number)).await?;
		let one = halves[0].hash_of(heads[0].number.min(heads[1].number)).await?;
		ensure!(one != other, "the network did not split");
		for (half, known) in halves.iter().zip(known) {
			ensure!(half.finalized().await?.number <= known, "half a network finalised");
		}

		// They meet again.
		for node in &mut served.network.nodes {
			node.stop().await?;
		}
		for index in 0..served.network.nodes.len() {
			served.network.restart(index).await?;
		}
		served.reconnect().await?;
		let joined = heads.iter().map(|head| head.number).max().unwrap_or_default() + 1;
		for client in &served.clients {
			within("one final chain", Duration::from_secs(300), finalized(client, joined)).await?;
		}
		let agreed = served.clients[0].hash_of(joined).await?;
		for client in &served.clients {
			ensure!(client.hash_of(joined).await? == agreed, "the halves did not meet");
		}

		// Everything is answered on the one chain, by whoever may, and nobody signed twice.
		let client = &served.clients[0];
		let mut blocks = client.blocks().await?;
		loop {
			let block = within("a block", Duration::from_secs(300), blocks.next()).await?;
			collect(client, &requests, &mut signed).await?;
			let mut open = 0;
			for id in &requests {
				let request = client
					.request_at(*id, Some(block.hash))
					.await?
					.context("both halves had the request")?;
				open += usize::from(matches!(
					request.status,
					RequestStatus::Waiting | RequestStatus::Assigned | RequestStatus::InputDemanded
				));
				ensure!(request.status != RequestStatus::Refunded, "nobody answered {id:?}");
			}
			if open == 0 {
				break;
			}
			ensure!(block.number < deadline + 40, "{open} requests stay open");
		}
		for ((request, signer), by_place) in &signed {
			let answers: BTreeSet<&Vec<u8>> = by_place.values().flatten().collect();
			ensure!(
				answers.len() == 1,
				"{signer:?} signed {} answers to {request:?}: {by_place:?}",
				answers.len()
			);
		}
		ensure!(signed.len() >= requests.len(), "a request was answered by nobody");

		// What both halves did to the same money happened once.
		ledger.read_to_the_end(client, Duration::from_secs(900)).await?;
		let tally = ledger.check(client).await?;
		println!("{tally:?}");
		ensure!(tally.asked == requests.len() && tally.finals == tally.asked, "{tally:?}");
		served.network.stop().await?;
		ensure!(signed_once(&served.network)? >= requests.len(), "a result without a statement");
		Ok(())
	})
	.await
}
