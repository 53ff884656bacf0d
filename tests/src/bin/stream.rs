//! One validator that answers a stream of magika requests, against a bare loop over ONNX Runtime
//! in the same run, and what lies between the two.
//!
//! ```sh
//! cargo run --release -p countersign-network-tests --bin stream
//! ```
//!
//! Four nodes make blocks; one of them serves the model. Requests are sent as fast as the pool
//! takes them, and the chain is watched block by block.

use anyhow::{Context, Result};
use clap::Parser;
use countersign_client::{ask::Ask, call::Call};
use countersign_network::{
	console::Console,
	scenario::{any_input, has_result, signer, within, Served, REQUESTER},
	Options,
};
use countersign_primitives::{request::LANES, tensor::Tensor};
use ort::session::Session;
use std::{
	collections::BTreeMap,
	time::{Duration, Instant},
};

/// Measures one validator under a stream of requests.
#[derive(Parser)]
struct Arguments {
	/// How many requests to send in all.
	#[arg(long, default_value_t = 320)]
	requests: u64,
}

/// The median time of one run in a bare loop, one thread, on the inputs that are sent.
fn bare(
	library: &std::path::Path,
	model: &std::path::Path,
	inputs: &[Vec<Tensor>],
) -> Result<Duration> {
	let environment = ort::init_from(library)?.build()?;
	let mut session = Session::builder(&environment)?
		.with_intra_threads(1)
		// The error holds the builder, which cannot go to another thread.
		.map_err(|error| anyhow::anyhow!("{error}"))?
		.commit_from_file(model)?;
	let mut times = Vec::with_capacity(inputs.len());
	for input in inputs {
		let tensor = input.first().context("one input")?;
		let (chunks, _) = tensor.data.as_chunks();
		let values: Vec<i32> = chunks.iter().map(|bytes| i32::from_le_bytes(*bytes)).collect();
		let length = i64::try_from(values.len())?;
		let start = Instant::now();
		let value = ort::value::Tensor::from_array(([1i64, length], values))?;
		let outputs = session.run(ort::inputs!["bytes" => value])?;
		let (_, scores) = outputs["target_label"].try_extract_tensor::<f32>()?;
		anyhow::ensure!(scores.iter().all(|score| score.is_finite()), "magika gives numbers");
		times.push(start.elapsed());
	}
	times.sort_unstable();
	times.get(times.len() / 2).copied().context("at least one run")
}

#[tokio::main]
async fn main() -> Result<()> {
	let arguments = Arguments::parse();
	anyhow::ensure!(arguments.requests > 0, "at least one request");
	let mut console = Console::new();
	console.step("A network of four; one of them serves magika");
	let mut served = Served::start(Options::default()).await?;
	let client = served.clients[0].clone();
	for (node, client) in served.network.nodes.iter().zip(&served.clients).skip(1) {
		client.submit(&Call::stop_serving(&served.model), &signer(&node.uri())?).await?;
	}
	let inputs: Vec<Vec<Tensor>> = (0..arguments.requests).map(any_input).collect();

	console.step(&format!("{} requests as fast as the pool takes them", arguments.requests));
	let requester = signer(REQUESTER)?;
	let account = requester.account();
	let first = client.transaction_nonce(&account).await?;
	let mut open = Vec::new();
	let mut sending = tokio::task::JoinSet::new();
	let begun = Instant::now();
	for (number, input) in (0u64..).zip(&inputs) {
		let lane = u8::try_from(number % u64::from(LANES))?;
		let ask = Ask { lane, ..Ask::new(served.model, input.clone()) };
		let (quote, mut terms) = client.quote_for(&ask).await?;
		// The queue is the point here: nothing shall expire in it.
		terms.deadline = quote.earliest_deadline + 150;
		let nonce = number / u64::from(LANES);
		open.push(ask.id(&client.genesis(), &account, nonce, &terms));
		let call = Call::request(&ask.model, &ask.input().0, nonce, &terms);
		let (client, requester) = (client.clone(), requester.clone());
		sending.spawn(
			async move { client.submit_with_nonce(&call, &requester, first + number).await },
		);
	}
	let (mut asked, mut answered) = (BTreeMap::new(), BTreeMap::new());
	let mut blocks = client.blocks().await?;
	while !open.is_empty() {
		let block = within("a block", Duration::from_secs(120), blocks.next()).await?;
		let mut still = Vec::new();
		for id in open {
			match client.request_at(id, Some(block.hash)).await? {
				Some(request) if has_result(&request) => {
					*asked.entry(request.submitted_at).or_insert(0u64) += 1;
					let result = client.result_at(id, Some(block.hash)).await?;
					let result = result.context("an answered request has a result")?;
					*answered.entry(result.answered_at).or_insert(0u64) += 1;
				}
				_ => still.push(id),
			}
		}
		open = still;
		console.progress(&format!("block {}, {} open", block.number, open.len()));
	}
	let wall = begun.elapsed();
	while let Some(sent) = sending.join_next().await {
		sent??;
	}
	let assets = served.network.assets().clone();
	served.network.stop().await?;
	let bare = bare(&assets.onnxruntime, &assets.model(), &inputs)?;

	console.heading("By block");
	let numbers: std::collections::BTreeSet<u32> =
		asked.keys().chain(answered.keys()).copied().collect();
	let rows: Vec<Vec<String>> = numbers
		.iter()
		.map(|number| {
			let of = |map: &BTreeMap<u32, u64>| map.get(number).copied().unwrap_or(0).to_string();
			vec![number.to_string(), of(&asked), of(&answered)]
		})
		.collect();
	console.table(&["block", "requests", "results"], &rows);
	let each = wall.as_secs_f64() / arguments.requests as f64;
	console.holds(&format!(
		"{} answered by one validator in {:.1} s: {:.1} a second, {:.2} ms each",
		arguments.requests,
		wall.as_secs_f64(),
		1.0 / each,
		each * 1e3,
	));
	console.holds(&format!(
		"a bare loop over ONNX Runtime, one thread: {:.2} ms each; the stream takes {:.1} times that",
		bare.as_secs_f64() * 1e3,
		each / bare.as_secs_f64(),
	));
	let most = asked.values().max().copied().unwrap_or(0);
	let most_answered = answered.values().max().copied().unwrap_or(0);
	console.note(&format!(
		"at most {most} requests and {most_answered} results went into one block; the engine itself \
		was busy for about {:.1} % of the time",
		bare.as_secs_f64() / each * 100.0,
	));
	Ok(())
}
