//! A peer that asks too much: not a node, but a program that speaks a node's protocol for inputs
//! and artefacts, and knows no restraint.

use anyhow::{Context, Result};
use countersign_primitives::Hash;
use futures::StreamExt;
use litep2p::{
	config::ConfigBuilder,
	protocol::request_response::{
		ConfigBuilder as ProtocolBuilder, DialOptions, RequestResponseEvent, RequestResponseHandle,
	},
	transport::tcp::config::Config as TcpConfig,
	types::multiaddr::Multiaddr,
	Litep2p, Litep2pEvent, PeerId, ProtocolName,
};
use std::time::Duration;
use tokio::{task::JoinHandle, time::timeout};

/// The longest reply.
const REPLY_BYTES: usize = 1024 * 1024 + 32;
/// How long a reply may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the connection may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(30);

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
	peer: PeerId,
	protocol: RequestResponseHandle,
	connection: JoinHandle<()>,
}

impl Drop for Flooder {
	fn drop(&mut self) {
		self.connection.abort();
	}
}

impl Flooder {
	/// Connects to a node, by the address that [`crate::network::Node::address`] gives.
	pub async fn connect(address: &str, genesis: &Hash) -> Result<Self> {
		let name = format!("/{}/countersign/blob/2", hex::encode(genesis));
		let (protocol, handle) = ProtocolBuilder::new(ProtocolName::from(name))
			.with_max_size(REPLY_BYTES)
			.with_timeout(PATIENCE)
			.build();
		let listen = TcpConfig { listen_addresses: Vec::new(), ..TcpConfig::default() };
		let config = ConfigBuilder::new()
			.with_tcp(listen)
			.with_request_response_protocol(protocol)
			.with_keep_alive_timeout(CONNECT_PATIENCE)
			.build();
		let mut network = Litep2p::new(config)?;
		let address: Multiaddr = address.parse()?;
		let peer = PeerId::try_from_multiaddr(&address).context("an address with a peer")?;
		network.dial_address(address).await?;
		timeout(CONNECT_PATIENCE, async {
			while let Some(event) = network.next_event().await {
				match event {
					Litep2pEvent::ConnectionEstablished { .. } => return Ok(()),
					Litep2pEvent::DialFailure { error, .. } => anyhow::bail!("{error}"),
					_ => {}
				}
			}
			anyhow::bail!("the network ended")
		})
		.await
		.context("connecting")??;
		let connection = tokio::spawn(async move { while network.next_event().await.is_some() {} });
		Ok(Self { peer, protocol: handle, connection })
	}

	/// Sends so many queries, `at_once` of them at a time, as fast as they are taken, and tells what
	/// became of them.
	pub async fn ask(&mut self, query: &[u8], count: usize, at_once: usize) -> Result<Replies> {
		let (mut sent, mut done) = (0, Replies::default());
		let mut open = 0;
		while sent < count || open > 0 {
			while sent < count && open < at_once {
				self.protocol.send_request(self.peer, query.to_vec(), DialOptions::Dial).await?;
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

/// A query for an artefact that nobody has.
pub fn unknown_artefact() -> Vec<u8> {
	[vec![0], vec![0x5a; 32]].concat()
}
