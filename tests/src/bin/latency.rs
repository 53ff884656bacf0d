//! Measures how many slots lie between a request and its result on the local network.
//!
//! ```sh
//! cargo run --release -p countersign-network-tests --bin latency
//! ```
//!
//! Requests are sent evenly, block by block, so that the network stays quiet; every one is a real
//! run of magika on an input of its own. Slots are read from the chain: they pass whether or not
//! a block is made in them.

use anyhow::{Context, Result};
use clap::Parser;
use countersign_client::{
	ask::{Ask, Asked},
	call::Call,
	Client,
};
use countersign_network::{
	console::Console,
	scenario::{any_input, check_result, signer, slot, within, Served, REQUESTER},
	Options,
};
use countersign_primitives::{parameters::SLOT_MILLISECONDS, request::LANES};
use std::{collections::BTreeMap, time::Duration};

/// Measures how many slots lie between a request and its result.
#[derive(Parser)]
struct Arguments {
	/// How many requests to send in all.
	#[arg(long, default_value_t = 200)]
	requests: u64,
	/// How many to send for every block.
	#[arg(long, default_value_t = 2)]
	per_block: u64,
	/// Fail if the median is above one slot or any request takes more than two.
	#[arg(long)]
	strict: bool,
	/// What nodes log, as `--log` takes it. Files are kept where a request takes more than two slots.
	#[arg(long, default_value_t = Options::default().log)]
	log: String,
}

/// Blocks and slots from one request to its result, and the block of the request.
async fn measure(client: Client, call: Call, asked: Asked, nonce: u64) -> Result<(u32, u64, u32)> {
	let included = client.submit_with_nonce(&call, &signer(REQUESTER)?, nonce).await?;
	let asked = Asked { included, ..asked };
	let answer = client.follow_asked(&asked).await?.answer().await?;
	check_result(&client, &answer.request, &answer.result).await?;
	let (from, to) = (answer.request.submitted_at, answer.result.answered_at);
	Ok((to - from, slot(&client, to).await? - slot(&client, from).await?, from))
}

#[tokio::main]
async fn main() -> Result<()> {
	let arguments = Arguments::parse();
	let mut console = Console::new();
	console.step("A network of four that serves magika");
	let mut served = Served::start(Options { log: arguments.log, ..Options::default() }).await?;
	let client = served.clients[0].clone();
	let requester = signer(REQUESTER)?.account();
	let first = client.transaction_nonce(&requester).await?;

	console
		.step(&format!("{} requests, {} for every block", arguments.requests, arguments.per_block));
	let mut tasks = tokio::task::JoinSet::new();
	let mut blocks = client.blocks().await?;
	let mut sent = 0u64;
	while sent < arguments.requests {
		let block = blocks.next().await?;
		for _ in 0..arguments.per_block.min(arguments.requests - sent) {
			// Lanes in turn; the account's nonce keeps them in order.
			let lane = u8::try_from(sent % u64::from(LANES))?;
			let ask = Ask { lane, ..Ask::new(served.model, any_input(sent)) };
			let (_, terms) = client.quote_for(&ask).await?;
			let nonce = sent / u64::from(LANES);
			let id = ask.id(&client.genesis(), &requester, nonce, &terms);
			let call = Call::request(&ask.model, &ask.input().0, nonce, &terms);
			// What includes it is known later.
			let included = countersign_client::Included {
				block,
				transaction: Default::default(),
				fee: 0,
				events: Vec::new(),
			};
			let asked = Asked { id, terms, nonce, included };
			tasks.spawn(measure(client.clone(), call, asked, first + sent));
			sent += 1;
		}
		console.progress(&format!("block {}, {sent} sent", block.number));
	}
	let mut by_blocks: BTreeMap<u32, u32> = BTreeMap::new();
	let mut slots = Vec::new();
	let mut late = Vec::new();
	let mut problems = Vec::new();
	while let Some(measured) =
		within("a result", Duration::from_secs(180), async { anyhow::Ok(tasks.join_next().await) })
			.await?
	{
		match measured? {
			Ok((blocks, taken, from)) => {
				*by_blocks.entry(blocks).or_default() += 1;
				slots.push(taken);
				if taken > 2 {
					late.push((from, blocks, taken));
				}
			}
			Err(error) => problems.push(format!("{error:#}")),
		}
	}
	// Nobody did anything wrong.
	for node in &served.network.nodes {
		let slashes = node.metric("countersign_validator_slashes_total", "event=\"deferred\"")?;
		if slashes > 0.0 {
			problems.push(format!("{slashes} slashes against the validator of {}", node.name));
		}
	}
	if !late.is_empty() || !problems.is_empty() {
		served.network.keep_files();
	}
	served.network.stop().await?;

	slots.sort_unstable();
	let median = slots.get(slots.len() / 2).copied().context("at least one result")?;
	let most = slots.last().copied().unwrap_or_default();
	let mut by_slots: BTreeMap<u64, u32> = BTreeMap::new();
	for taken in &slots {
		*by_slots.entry(*taken).or_default() += 1;
	}
	let share = |count: u32| format!("{:.1}", f64::from(count) * 100.0 / slots.len() as f64);
	console.heading("From the block of the request to the block of the result");
	let rows: Vec<Vec<String>> = by_slots
		.iter()
		.map(|(taken, count)| vec![taken.to_string(), count.to_string(), share(*count)])
		.collect();
	console.table(&["slots", "requests", "%"], &rows);
	let rows: Vec<Vec<String>> = by_blocks
		.iter()
		.map(|(taken, count)| vec![taken.to_string(), count.to_string(), share(*count)])
		.collect();
	console.table(&["blocks", "requests", "%"], &rows);
	console.holds(&format!(
		"{} answered: median {median}, 95 % within {}, most {most} slots of {} s",
		slots.len(),
		slots[(slots.len() * 95 / 100).min(slots.len() - 1)],
		SLOT_MILLISECONDS / 1_000,
	));
	late.sort_unstable();
	for (from, blocks, taken) in late {
		console.fails(&format!(
			"asked in block {from}, answered {blocks} blocks and {taken} slots later"
		));
	}
	for problem in &problems {
		console.fails(problem);
	}
	anyhow::ensure!(problems.is_empty(), "{} requests went wrong", problems.len());
	anyhow::ensure!(!arguments.strict || (median <= 1 && most <= 2), "slower than it should be");
	Ok(())
}
