//! What became of every request and of the money, read from finalised blocks as they come.

use crate::{network::Network, scenario::Finalised};
use anyhow::{ensure, Context, Result};
use countersign_client::{client::Block, Client};
use countersign_primitives::{request::RequestId, Balance, BlockNumber};
use sp_crypto_hashing::twox_128;
use std::{
	collections::{BTreeMap, BTreeSet},
	time::Duration,
};
use tokio::time::Instant;

/// How a request ended.
#[derive(Clone, Debug)]
pub enum End {
	/// Settled.
	Final(Box<Finalised>),
	/// Nobody answered in time, or the input never came.
	Refunded,
	/// The result was found wrong or withheld.
	Invalidated,
}

/// How many requests ended how.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
	/// Requests on the final chain.
	pub asked: usize,
	/// Settled.
	pub finals: usize,
	/// Refunded.
	pub refunded: usize,
	/// Invalidated.
	pub invalidated: usize,
	/// Without an end.
	pub lost: usize,
	/// With more than one end.
	pub doubled: usize,
}

/// Everything that finalised blocks said since the ledger was begun.
#[derive(Clone, Debug)]
pub struct Ledger {
	/// Requests, in blocks that nothing takes back.
	pub asked: BTreeSet<RequestId>,
	/// How each ended. More than one end is a fault.
	pub ends: BTreeMap<RequestId, Vec<End>>,
	/// What was burned by settlements and slashes.
	pub burned: Balance,
	/// Assignments that were not answered in time.
	pub missed: usize,
	/// The block that was read last.
	pub last: Block,
	issuance: Balance,
}

/// All tokens there are, at a block.
pub async fn issuance(client: &Client, block: Block) -> Result<Balance> {
	let mut key = twox_128(b"Balances").to_vec();
	key.extend(twox_128(b"TotalIssuance"));
	let issued: Option<Balance> = client.storage(&key, Some(block.hash)).await?;
	issued.context("there are tokens")
}

impl Ledger {
	/// Begins behind the last finalised block.
	pub async fn begin(client: &Client) -> Result<Self> {
		let last = client.finalized().await?;
		let issuance = issuance(client, last).await?;
		Ok(Self {
			asked: BTreeSet::new(),
			ends: BTreeMap::new(),
			burned: 0,
			missed: 0,
			last,
			issuance,
		})
	}

	/// Reads up to the last finalised block. To be called often enough that nodes still have the
	/// state of what is next.
	pub async fn read(&mut self, client: &Client) -> Result<()> {
		let head = client.finalized().await?;
		while self.last.number < head.number {
			let number = self.last.number + 1;
			let hash = client.hash_of(number).await?.context("a finalised block")?;
			for event in client.events(hash).await? {
				let ended = |end| event.decode::<RequestId>().map(|request| (request, end));
				let (request, end) = match (event.pallet.as_str(), event.name.as_str()) {
					("Inference", "Requested") => {
						self.asked.insert(event.decode()?);
						continue;
					}
					("Inference", "Missed") => {
						self.missed += 1;
						continue;
					}
					// An auditor that was killed between commitment and showing loses a little.
					("Validators", "Slashed") => {
						let burned =
							event.bytes.last_chunk().context("what it burned comes last")?;
						self.burned += Balance::from_le_bytes(*burned);
						continue;
					}
					("Inference", "Finalised") => {
						let settled: Finalised = event.decode()?;
						self.burned += settled.burned;
						ended(End::Final(Box::new(settled)))?
					}
					("Inference", "Refunded") => ended(End::Refunded)?,
					("Inference", "Invalidated") => ended(End::Invalidated)?,
					_ => continue,
				};
				self.ends.entry(request).or_default().push(end);
			}
			self.last = Block { number, hash };
		}
		Ok(())
	}

	/// Requests without an end.
	pub fn open(&self) -> usize {
		self.asked.iter().filter(|request| !self.ends.contains_key(*request)).count()
	}

	/// Reads on until every request has ended.
	pub async fn read_to_the_end(&mut self, client: &Client, patience: Duration) -> Result<()> {
		let start = Instant::now();
		let mut blocks = client.blocks().await?;
		loop {
			self.read(client).await?;
			if self.open() == 0 {
				return Ok(());
			}
			ensure!(
				start.elapsed() < patience,
				"{} of {} requests are open after {patience:?}, at block {}",
				self.open(),
				self.asked.len(),
				self.last.number
			);
			tokio::time::timeout(Duration::from_secs(300), blocks.next())
				.await
				.context("no block for five minutes")??;
		}
	}

	/// How many requests ended how.
	pub fn tally(&self) -> Tally {
		let mut tally = Tally { asked: self.asked.len(), ..Tally::default() };
		for request in &self.asked {
			match self.ends.get(request).map(Vec::as_slice) {
				None | Some([]) => tally.lost += 1,
				Some([End::Final(_)]) => tally.finals += 1,
				Some([End::Refunded]) => tally.refunded += 1,
				Some([End::Invalidated]) => tally.invalidated += 1,
				Some(_) => tally.doubled += 1,
			}
		}
		tally
	}

	/// Checks that every request ended exactly once and that no token came or went but by the
	/// burns that settlements and slashes declared.
	pub async fn check(&self, client: &Client) -> Result<Tally> {
		let tally = self.tally();
		ensure!(tally.lost == 0, "{} requests have no end", tally.lost);
		ensure!(tally.doubled == 0, "{} requests ended more than once", tally.doubled);
		for request in self.ends.keys() {
			let known = self.asked.contains(request);
			ensure!(known, "{request:?} ended, and was asked before the ledger began");
		}
		let now = issuance(client, self.last).await?;
		ensure!(
			now + self.burned == self.issuance,
			"{} tokens were there, {now} are, and {} were burned",
			self.issuance,
			self.burned
		);
		Ok(tally)
	}
}

/// Reads the journals of all nodes, none of which may run, and checks that nobody ever signed two
/// statements about one request in one role. Gives how many statements there are.
pub fn signed_once(network: &Network) -> Result<usize> {
	let mut all: BTreeMap<(String, String, String), String> = BTreeMap::new();
	for (index, node) in network.nodes.iter().enumerate() {
		if !node.base.exists() {
			continue;
		}
		let json = network.command(index, &["journal", "export"])?;
		let journal: serde_json::Value = serde_json::from_str(&json)?;
		for record in journal["records"].as_array().context("records")? {
			let field = |name: &str| {
				record[name].as_str().map(str::to_string).with_context(|| name.to_string())
			};
			let key = (field("request")?, field("role")?, field("signer")?);
			let statement = field("statement")?;
			let first = all.entry(key).or_insert_with(|| statement.clone());
			ensure!(
				*first == statement,
				"{} holds a second statement about {}",
				node.name,
				field("request")?
			);
		}
	}
	Ok(all.len())
}

/// The first and the last block between which something happened, for a message.
pub fn span(from: BlockNumber, to: &Ledger) -> String {
	format!("blocks {from} to {}", to.last.number)
}
