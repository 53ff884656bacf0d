//! How nodes hand inputs and artefacts to each other.
//!
//! Content is named by its hash, so nobody has to be trusted, and everything is checked before it
//! is used. What remains is to know *who* sent something wrong:
//!
//! - An **input** is at most 1 MiB and travels in one piece, checked against its commitment.
//! - An **artefact** travels in chunks of 1 MiB, from several peers at once. Before it sends any, a
//!   peer says what all chunks hash to; see [`ChunkList`] for why every wrong byte has an author.
//!   Chunks that have come stay on disk, so that a restart goes on where the last one ended.
//!
//! Memory is bounded by the chunks that are under way, disk by the store's capacity, the work for
//! others by what each peer and all together may take. Nothing here knows a network: a
//! [`Transport`] asks peers, and a [`Server`] answers what arrives.

mod chunks;
mod fetch;
mod metrics;
mod protocol;
mod server;

pub use chunks::{chunk_count, ChunkList, CHUNK_BYTES, MAX_CHUNKS};
pub use fetch::{Exchange, FetchError, FetchLimits, Wanted};
pub use metrics::ExchangeMetrics;
pub use protocol::{Query, Reply, MAX_QUERY_BYTES, MAX_REPLY_BYTES};
pub use server::{Served, Server, ServerLimits};

use async_trait::async_trait;
use std::{fmt::Debug, hash::Hash};

pub(crate) const LOG: &str = "countersign::exchange";

/// What a peer did that no honest peer does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Misconduct {
	/// It sent other bytes than were asked for.
	WrongBytes,
	/// It sent what no node sends.
	Malformed,
	/// It offered what it then did not give.
	Withheld,
	/// It keeps asking for more than it may take.
	Flood,
}

/// The peers that can be asked.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
	/// Names a peer.
	type Peer: Copy + Eq + Hash + Debug + Send + Sync + 'static;
	/// Those connected now, in an order that spreads load.
	async fn peers(&self) -> Vec<Self::Peer>;
	/// Others, connected or not, that should have an artefact: those who serve its model.
	async fn providers(&self, wanted: &Wanted) -> Vec<Self::Peer>;
	/// Asks one of them. Fails where it does not reply in time.
	async fn ask(&self, peer: Self::Peer, query: Vec<u8>) -> Result<Vec<u8>, String>;
	/// Notes that a peer misbehaved.
	fn report(&self, peer: Self::Peer, misconduct: Misconduct);
}

#[cfg(test)]
mod tests;
