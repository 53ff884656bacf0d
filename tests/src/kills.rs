//! Many requests while nodes and engines are killed at random. Nothing may be lost or doubled.

use crate::{
	console::Console,
	ledger::{signed_once, Ledger, Tally},
	scenario::{any_input, signer, Served},
};
use anyhow::{ensure, Context, Result};
use countersign_client::{ask::Ask, call::Call, keys::Signer, Client};
use countersign_primitives::{
	model::ModelId,
	request::{RequestId, LANES},
};
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
	/// How many of them each account has under way at a time, each in a lane of its own.
	pub at_once: u8,
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
	/// Requests in a block that died with the node that made it.
	pub gone: usize,
	/// How long it took.
	pub time: Duration,
}

/// Accounts that ask: each sends a few requests, and when all are in a block, or lost, the next.
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

/// How long a request may take into a block. After that its node is taken for dead.
const INCLUSION: Duration = Duration::from_secs(30);
/// How long an account goes on where nothing of it gets into a block.
const GIVE_UP: Duration = Duration::from_secs(300);

/// Takes up to `wanted` of what is left.
fn take(left: &AtomicU64, wanted: u64) -> u64 {
	let taken = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
		(left > 0).then(|| left.saturating_sub(wanted))
	});
	taken.map_or(0, |before| before.min(wanted))
}

/// Sends requests in some lanes to one node, and gives those that came into a block.
async fn ask_some(url: &str, account: &Signer, asks: Vec<Ask>) -> Result<Vec<RequestId>> {
	let client = Client::connect(url).await?;
	let mut calls = Vec::new();
	for ask in asks {
		let (quote, mut terms) = client.quote_for(&ask).await?;
		// Some are asked for so urgently that a dead executor means a refund.
		terms.deadline = quote.earliest_deadline + 4 + u32::from(ask.lane);
		let nonce = client.next_nonce(&account.account(), ask.lane).await?;
		let id = ask.id(&client.genesis(), &account.account(), nonce, &terms);
		calls.push((id, Call::request(&ask.model, &ask.input().0, nonce, &terms)));
	}
	let first = client.transaction_nonce(&account.account()).await?;
	let sent = calls.iter().zip(first..).map(|((_, call), nonce)| {
		tokio::time::timeout(INCLUSION, client.submit_with_nonce(call, account, nonce))
	});
	let sent = futures::future::join_all(sent).await;
	let included = calls.iter().zip(sent).filter(|(_, sent)| matches!(sent, Ok(Ok(_))));
	Ok(included.map(|((id, _), _)| *id).collect())
}

/// Asks again and again until enough was asked. What a dying node swallowed is asked anew, under
/// the same nonce, so that it can never be there twice.
async fn requester(
	uri: &'static str,
	model: ModelId,
	urls: watch::Receiver<Vec<String>>,
	left: Arc<AtomicU64>,
	plan: Plan,
	seed: u64,
) -> Result<Vec<RequestId>> {
	let account = signer(uri)?;
	let (mut made, mut number, mut lane) = (Vec::new(), seed << 32, 0u8);
	let mut dice = Dice(seed | 1);
	let mut last = Instant::now();
	loop {
		let some = take(&left, u64::from(plan.at_once));
		if some == 0 {
			return Ok(made);
		}
		let url = {
			let urls = urls.borrow();
			urls[usize::try_from(dice.roll(urls.len() as u64))?].clone()
		};
		let asks = (0..some).map(|_| {
			number += 1;
			lane = (lane + 1) % LANES;
			Ask { lane, ..Ask::new(model, any_input(number)) }
		});
		let included = ask_some(&url, &account, asks.collect()).await.unwrap_or_default();
		let asked = included.len() as u64;
		made.extend(included);
		if asked > 0 {
			last = Instant::now();
		}
		if asked < some {
			// The node is gone, or full, or behind; another is asked.
			left.fetch_add(some - asked, Ordering::SeqCst);
			ensure!(last.elapsed() < GIVE_UP, "{uri} could not ask for five minutes");
			tokio::time::sleep(Duration::from_millis(500)).await;
		}
	}
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
		requesters.spawn(requester(uri, served.model, urls.clone(), left.clone(), plan, seed));
	}
	let (mut nodes_killed, mut engines_killed) = (0, 0);
	let mut made = Vec::new();
	while (made.len() as u64) < plan.requests {
		let pause = Duration::from_millis(dice.roll(plan.pause.as_millis() as u64 + 1));
		let deadline = Instant::now() + pause;
		loop {
			match tokio::time::timeout_at(deadline, requesters.join_next()).await {
				Ok(Some(done)) => made.extend(done??),
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
		made.extend(done??);
	}
	served.reconnect().await?;
	let client = served.clients[0].clone();
	// What is in the pool or in a block that is not final yet comes into the ledger first.
	let best = client.best().await?.number;
	crate::scenario::within(
		"finality",
		Duration::from_secs(300),
		crate::scenario::finalized(&client, best + 4),
	)
	.await?;
	ledger.read(&client).await?;
	console.progress("all asked; the last results become Final");
	ledger.read_to_the_end(&client, Duration::from_secs(900)).await?;
	let tally = ledger.check(&client).await?;
	// A block that died with the node that made it takes along what only that node knew.
	let gone = made.iter().filter(|request| !ledger.asked.contains(request)).count();
	ensure!(
		nodes_killed > 0 || gone == 0,
		"{gone} requests left the chain, and no node was killed"
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
		gone,
		time: start.elapsed(),
	})
}
