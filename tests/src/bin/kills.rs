//! 1,000 requests while nodes and engines are killed at random: all must be Final or refunded, none
//! lost, none doubled, and no coin missing.
//!
//! ```sh
//! cargo run --release -p countersign-network-tests --bin kills -- --requests 1000
//! ```

use anyhow::Result;
use clap::Parser;
use countersign_network::{
	console::Console,
	kills::{play, Plan},
	scenario::Served,
	Options,
};
use std::time::Duration;

/// Plays many requests while nodes and engines are killed at random.
#[derive(Parser)]
struct Arguments {
	/// How many requests to make.
	#[arg(long, default_value_t = 1_000)]
	requests: u64,
	/// How many of them each of the eight accounts has under way at a time.
	#[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=16))]
	at_once: u8,
	/// What chooses whom to kill and when.
	#[arg(long, default_value_t = 1)]
	seed: u64,
	/// The longest pause between two kills, in seconds.
	#[arg(long, default_value_t = 12)]
	pause: u64,
	/// How long a node stays dead, in seconds.
	#[arg(long, default_value_t = 3)]
	dead: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
	let arguments = Arguments::parse();
	let mut console = Console::new();
	console.step("A network of four that serves magika");
	let mut served = Served::start(Options::default()).await?;
	console.step(&format!(
		"{} requests by eight accounts, while nodes and engines are killed",
		arguments.requests
	));
	let plan = Plan {
		requests: arguments.requests,
		at_once: arguments.at_once,
		seed: arguments.seed,
		pause: Duration::from_secs(arguments.pause),
		dead: Duration::from_secs(arguments.dead),
	};
	let outcome = match play(&mut served, plan, &mut console).await {
		Ok(outcome) => outcome,
		Err(error) => {
			served.network.keep_files();
			let folder = served.network.folder().display();
			return Err(error.context(format!("the nodes' logs are in {folder}")));
		}
	};
	console.heading("What became of the requests");
	let rows: Vec<Vec<String>> = [
		("on the final chain", outcome.tally.asked),
		("Final", outcome.tally.finals),
		("refunded", outcome.tally.refunded),
		("invalidated", outcome.tally.invalidated),
		("lost", outcome.tally.lost),
		("doubled", outcome.tally.doubled),
	]
	.into_iter()
	.map(|(what, count)| vec![what.into(), count.to_string()])
	.collect();
	console.table(&["requests", ""], &rows);
	let rows: Vec<Vec<String>> = [
		("nodes killed", outcome.nodes_killed),
		("engine processes killed", outcome.engines_killed),
		("requests gone with a block that nobody else saw", outcome.gone),
		("assignments not answered in time", outcome.missed),
		("statements in all journals", outcome.statements),
		("second statements", 0),
	]
	.into_iter()
	.map(|(what, count)| vec![what.into(), count.to_string()])
	.collect();
	console.table(&["on the way", ""], &rows);
	console.holds(&format!(
		"every request ended once, no coin is missing, nobody signed twice; {} s",
		outcome.time.as_secs()
	));
	Ok(())
}
