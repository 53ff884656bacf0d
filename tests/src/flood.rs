//! A peer that asks too much: not a node, but a program that speaks a node's protocol for inputs
//! and artefacts, and knows no restraint.

use crate::peer::{self, Connection, PATIENCE};
use anyhow::{Context, Result};
use countersign_primitives::Hash;
use futures::StreamExt;
use litep2p::{
	config::ConfigBuilder,
	protocol::request_response::{DialOptions, RequestResponseEvent, RequestResponseHandle},
};
use tokio::time::timeout;

/// What became of some queries.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Replies {
	/// Answered: it has it, or it has it not.
	pub answered: usize,
	/// Told to wait.
	pub busy: usize,
	/// Not answered at all.
	pub refused: usize,
}

/// A flooding peer. Dropping it closes its connection.
pub struct Flooder {
	protocol: RequestResponseHandle,
	connection: Connection,
}

impl Flooder {
	/// Connects to a node, by the address that [`crate::network::Node::address`] gives.
	pub async fn connect(address: &str, genesis: &Hash) -> Result<Self> {
		let (config, protocol) = peer::blobs(genesis);
		let config = ConfigBuilder::new().with_request_response_protocol(config);
		Ok(Self { protocol, connection: Connection::to(address, config).await? })
	}

	/// Sends so many queries, `at_once` of them at a time, as fast as they are taken, and tells what
	/// became of them.
	pub async fn ask(&mut self, query: &[u8], count: usize, at_once: usize) -> Result<Replies> {
		let (mut sent, mut done) = (0, Replies::default());
		let mut open = 0;
		while sent < count || open > 0 {
			while sent < count && open < at_once {
				let peer = self.connection.peer;
				self.protocol.send_request(peer, query.to_vec(), DialOptions::Dial).await?;
				open += 1;
				sent += 1;
			}
			let event =
				timeout(2 * PATIENCE, self.protocol.next()).await.context("waiting for replies")?;
			match event.context("the network ended")? {
				RequestResponseEvent::ResponseReceived { response, .. } => {
					open -= 1;
					// The second kind of reply.
					match response.first() {
						Some(1) => done.busy += 1,
						_ => done.answered += 1,
					}
				}
				RequestResponseEvent::RequestFailed { .. } => {
					open -= 1;
					done.refused += 1;
				}
				RequestResponseEvent::RequestReceived { .. } => {}
			}
		}
		Ok(done)
	}
}
