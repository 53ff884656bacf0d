//! One validator that answers a stream of magika requests, against a bare loop over ONNX Runtime
//! in the same run, and what lies between the two.
//!
//! ```sh
//! cargo run --release -p countersign-network-tests --bin stream
//! ```
//!
//! Four nodes make blocks; one of them serves the model. Requests are sent as fast as the pool
//! takes them, and the chain is watched block by block.

use anyhow::{ensure, Context, Result};
use clap::Parser;
use countersign_client::{ask::Ask, call::Call};
use countersign_network::{
	console::Console,
	scenario::{any_input, finalized, served_by, signer, slot, within, Served, REQUESTER},
	Options,
};
use countersign_primitives::{parameters::SLOT_MILLISECONDS, request::LANES, tensor::Tensor};
use ort::session::Session;
use std::{
	collections::{BTreeMap, BTreeSet},
	time::{Duration, Instant},
};

/// How long the chain may take for anything.
const PATIENCE: Duration = Duration::from_secs(300);

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
		ensure!(scores.iter().all(|score| score.is_finite()), "magika gives numbers");
		times.push(start.elapsed());
	}
	times.sort_unstable();
	times.get(times.len() / 2).copied().context("at least one run")
}

/// Seconds that the first node's engine ran so far, and how many runs that were.
fn engine(served: &Served) -> Result<(f64, f64)> {
	let name = "countersign_inference_run_seconds";
	let node = served.network.nodes.first().context("there are nodes")?;
	Ok((node.metric(&format!("{name}_sum"), "")?, node.metric(&format!("{name}_count"), "")?))
}

/// Has only the first validator serve the model, with room for all requests at once: what limits
/// the stream shall be something else.
async fn leave_one(served: &Served, requests: u64) -> Result<()> {
	let client = &served.clients[0];
	for (node, client) in served.network.nodes.iter().zip(&served.clients).skip(1) {
		client.submit(&Call::stop_serving(&served.model), &signer(&node.uri())?).await?;
	}
	let macs = client.model(served.model).await?.manifest.cost.macs;
	let server = signer(&served.network.nodes[0].uri())?;
	let capacity = Call::set_capacity(macs.saturating_mul(requests));
	let included = client.submit(&capacity, &server).await?;
	within("finality", PATIENCE, finalized(client, included.block.number)).await?;
	within("final declarations", PATIENCE, served_by(client, served.model, &[server])).await
}

/// What final blocks asked and answered, by number.
#[derive(Default)]
struct Stream {
	asked: BTreeMap<u32, u64>,
	answered: BTreeMap<u32, u64>,
}

/// Sends all requests at once, and reads final blocks until all are answered.
async fn play(served: &Served, inputs: &[Vec<Tensor>], console: &mut Console) -> Result<Stream> {
	let (client, requester) = (served.clients[0].clone(), signer(REQUESTER)?);
	let first = client.transaction_nonce(&requester.account()).await?;
	let mut read = client.finalized().await?.number;
	let mut sending = tokio::task::JoinSet::new();
	for (number, input) in (0u64..).zip(inputs) {
		let lane = u8::try_from(number % u64::from(LANES))?;
		let ask = Ask { lane, ..Ask::new(served.model, input.clone()) };
		let (quote, mut terms) = client.quote_for(&ask).await?;
		// The queue is the point here: nothing shall expire in it.
		terms.deadline = quote.earliest_deadline + 150;
		let call = Call::request(&ask.model, &ask.input().0, number / u64::from(LANES), &terms);
		let (client, requester) = (client.clone(), requester.clone());
		sending.spawn(
			async move { client.submit_with_nonce(&call, &requester, first + number).await },
		);
	}
	let mut stream = Stream::default();
	let (mut blocks, mut done) = (client.blocks().await?, 0);
	while done < inputs.len() {
		let block = within("a block", PATIENCE, blocks.next()).await?;
		let head = client.finalized().await?.number;
		for number in read + 1..=head {
			let hash = client.hash_of(number).await?.context("a final block")?;
			for event in client.events(hash).await? {
				if event.is("Inference", "Requested") {
					*stream.asked.entry(number).or_default() += 1;
				} else if event.is("Inference", "Answered") {
					*stream.answered.entry(number).or_default() += 1;
					done += 1;
				}
				ensure!(!event.is("Inference", "Missed"), "a request was not answered in time");
			}
		}
		read = head.max(read);
		console.progress(&format!("block {}, {done} answered", block.number));
	}
	while let Some(sent) = sending.join_next().await {
		sent??;
	}
	Ok(stream)
}

#[tokio::main]
async fn main() -> Result<()> {
	let arguments = Arguments::parse();
	ensure!(arguments.requests > 0, "at least one request");
	let mut console = Console::new();
	console.step("A network of four; one of them serves magika");
	let mut served = Served::start(Options::default()).await?;
	leave_one(&served, arguments.requests).await?;
	let inputs: Vec<Vec<Tensor>> = (0..arguments.requests).map(any_input).collect();

	console.step(&format!("{} requests as fast as the pool takes them", arguments.requests));
	let (before, runs_before) = engine(&served)?;
	let stream = play(&served, &inputs, &mut console).await?;
	let (after, runs) = engine(&served)?;
	let begin = *stream.asked.keys().next().context("there were requests")?;
	let end = *stream.answered.keys().next_back().context("there were results")?;
	let client = served.clients[0].clone();
	let slots = slot(&client, end).await? - slot(&client, begin).await?;
	let in_engine = (after - before) / (runs - runs_before).max(1.0);
	let assets = served.network.assets().clone();
	served.network.stop().await?;
	let bare = bare(&assets.onnxruntime, &assets.model(), &inputs)?.as_secs_f64();

	console.heading("By block");
	let numbers: BTreeSet<u32> =
		stream.asked.keys().chain(stream.answered.keys()).copied().collect();
	let of = |map: &BTreeMap<u32, u64>, number| map.get(&number).copied().unwrap_or(0).to_string();
	let rows: Vec<Vec<String>> = numbers
		.into_iter()
		.map(|number| {
			vec![number.to_string(), of(&stream.asked, number), of(&stream.answered, number)]
		})
		.collect();
	console.table(&["block", "requests", "results"], &rows);
	let wall = (slots * SLOT_MILLISECONDS) as f64 / 1e3;
	let each = wall / arguments.requests as f64;
	console.holds(&format!(
		"{} answered by one validator in {slots} slots, {wall:.0} s: {:.1} a second, {:.2} ms each",
		arguments.requests,
		1.0 / each,
		each * 1e3,
	));
	console.holds(&format!(
		"a bare loop over ONNX Runtime, one thread: {:.2} ms each; the stream takes {:.1} times that",
		bare * 1e3,
		each / bare,
	));
	console.note(&format!(
		"at most {} requests and {} results went into one block; a run in the validator's engine \
		 took {:.2} ms, and the engine was busy for {:.1} % of the time",
		stream.asked.values().max().copied().unwrap_or(0),
		stream.answered.values().max().copied().unwrap_or(0),
		in_engine * 1e3,
		in_engine / each * 100.0,
	));
	Ok(())
}
