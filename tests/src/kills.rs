//! Many requests while nodes and engines are killed at random. Nothing may be lost or doubled.

use crate::{
	console::Console,
	ledger::{signed_once, Ledger, Tally},
	scenario::{any_input, signer, Served},
};
use anyhow::{ensure, Context, Result};
use countersign_client::{ask::Ask, Client};
use std::{
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
	time::Duration,
};
use tokio::{sync::watch, task::JoinSet, time::Instant};

/// What to play.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
	/// How many requests to make.
	pub requests: u64,
	/// What chooses whom to kill and when.
	pub seed: u64,
	/// The longest pause between two kills.
	pub pause: Duration,
	/// How long a node stays dead.
	pub dead: Duration,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
	/// How the requests ended.
	pub tally: Tally,
	/// Nodes that were killed.
	pub nodes_killed: usize,
	/// Engine processes that were killed.
	pub engines_killed: usize,
	/// Assignments that were not answered in time.
	pub missed: usize,
	/// Statements in the journals of all nodes.
	pub statements: usize,
	/// How long it took.
	pub time: Duration,
}

/// Accounts that ask: each sends one request after the other.
const REQUESTERS: [&str; 8] = [
	"//Ferdie",
	"//Eve",
	"//Alice//stash",
	"//Bob//stash",
	"//Charlie//stash",
	"//Dave//stash",
	"//Eve//stash",
	"//Ferdie//stash",
];

/// Numbers that a seed gives, the same every time.
struct Dice(u64);

impl Dice {
	/// A number below `sides`.
	fn roll(&mut self, sides: u64) -> u64 {
		// xorshift64*
		self.0 ^= self.0 >> 12;
		self.0 ^= self.0 << 25;
		self.0 ^= self.0 >> 27;
		(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides.max(1)
	}
}

/// Asks again and again until enough was asked. What a dying node swallowed is asked anew, under
/// the same nonce, so that it can never be there twice.
async fn requester(
	uri: &'static str,
	model: countersign_primitives::model::ModelId,
	urls: watch::Receiver<Vec<String>>,
	left: Arc<AtomicU64>,
	seed: u64,
) -> Result<u64> {
	let account = signer(uri)?;
	let (mut made, mut number) = (0u64, seed << 32);
	let mut dice = Dice(seed | 1);
	let take = |left: &AtomicU64| {
		left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
	};
	while take(&left) {
		let give_up = Instant::now() + Duration::from_secs(300);
		loop {
			ensure!(Instant::now() < give_up, "{uri} could not ask for five minutes");
			let url = {
				let urls = urls.borrow();
				urls[usize::try_from(dice.roll(urls.len() as u64))?].clone()
			};
			number += 1;
			let lane = u8::try_from(made % 16)?;
			let ask = Ask { lane, ..Ask::new(model, any_input(number)) };
			let attempt = async {
				let client = Client::connect(&url).await?;
				let (quote, mut terms) = client.quote_for(&ask).await?;
				// Some are asked for so urgently that a dead executor means a refund.
				terms.deadline = quote.earliest_deadline + 4 + u32::from(lane);
				let nonce = client.next_nonce(&account.account(), lane).await?;
				let (input, _) = ask.input();
				let call =
					countersign_client::call::Call::request(&ask.model, &input, nonce, &terms);
				client.submit(&call, &account).await?;
				Ok::<_, countersign_client::Error>(())
			};
			match tokio::time::timeout(Duration::from_secs(30), attempt).await {
				Ok(Ok(())) => break,
				// The node is gone, or full, or behind; another is asked.
				Ok(Err(_)) | Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
			}
		}
		made += 1;
	}
	Ok(made)
}

/// Plays the plan on a network that serves a model, and checks everything. Ends the network.
pub async fn play(served: &mut Served, plan: Plan, console: &mut Console) -> Result<Outcome> {
	let start = Instant::now();
	let mut dice = Dice(plan.seed | 1);
	let mut ledger = Ledger::begin(&served.clients[0]).await?;
	let all: Vec<String> = served.network.nodes.iter().map(|node| node.url()).collect();
	let (alive, urls) = watch::channel(all.clone());
	let left = Arc::new(AtomicU64::new(plan.requests));
	let mut requesters = JoinSet::new();
	for (index, uri) in REQUESTERS.into_iter().enumerate() {
		let seed = plan.seed.wrapping_add(index as u64 + 1);
		requesters.spawn(requester(uri, served.model, urls.clone(), left.clone(), seed));
	}
	let (mut nodes_killed, mut engines_killed) = (0, 0);
	let mut made = 0;
	while made < plan.requests {
		let pause = Duration::from_millis(dice.roll(plan.pause.as_millis() as u64 + 1));
		let deadline = Instant::now() + pause;
		loop {
			match tokio::time::timeout_at(deadline, requesters.join_next()).await {
				Ok(Some(done)) => made += done??,
				Ok(None) => break,
				Err(_) => break,
			}
		}
		if requesters.is_empty() {
			break;
		}
		let victim = usize::try_from(dice.roll(served.network.nodes.len() as u64))?;
		let witness = (victim + 1) % served.network.nodes.len();
		if dice.roll(3) == 0 {
			engines_killed += served.network.nodes[victim].kill_engines()?;
		} else {
			let others = all.iter().enumerate().filter(|(index, _)| *index != victim);
			alive.send_replace(others.map(|(_, url)| url.clone()).collect());
			served.network.nodes[victim].kill()?;
			nodes_killed += 1;
			tokio::time::sleep(plan.dead).await;
			served.clients[victim] = served.network.restart(victim).await?;
			alive.send_replace(all.clone());
		}
		ledger.read(&served.clients[witness]).await?;
		console.progress(&format!(
			"block {}: {} asked, {} ended, {nodes_killed} nodes and {engines_killed} engines killed",
			ledger.last.number,
			ledger.asked.len(),
			ledger.ends.len(),
		));
	}
	while let Some(done) = requesters.join_next().await {
		made += done??;
	}
	served.reconnect().await?;
	let client = served.clients[0].clone();
	// What is in the pool or in a block that is not final yet comes into the ledger first.
	let best = client.best().await?.number;
	crate::scenario::within(
		"finality",
		Duration::from_secs(180),
		crate::scenario::finalized(&client, best + 4),
	)
	.await?;
	ledger.read(&client).await?;
	console.progress("all asked; the last results become Final");
	ledger.read_to_the_end(&client, Duration::from_secs(600)).await?;
	let tally = ledger.check(&client).await?;
	ensure!(
		tally.asked as u64 >= made,
		"{made} requests were included, and only {} are on the final chain",
		tally.asked
	);
	for uri in REQUESTERS {
		let balance = client.balance(&signer(uri)?.account()).await?;
		let owner = uri == crate::scenario::OWNER;
		ensure!(owner || balance.held == 0, "{uri} still has {} on hold", balance.held);
	}
	served.network.stop().await.context("ending the network")?;
	let statements = signed_once(&served.network)?;
	Ok(Outcome {
		tally,
		nodes_killed,
		engines_killed,
		missed: ledger.missed,
		statements,
		time: start.elapsed(),
	})
}
