//! What a peer needs that is no node: a connection to one, and a node's protocol for inputs and
//! artefacts.

use anyhow::{Context, Result};
use countersign_primitives::Hash;
use litep2p::{
	config::ConfigBuilder,
	protocol::request_response::{
		Config as ProtocolConfig, ConfigBuilder as ProtocolBuilder, RequestResponseHandle,
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
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// How long the connection may take.
pub(crate) const CONNECT_PATIENCE: Duration = Duration::from_secs(120);

/// The protocol for inputs and artefacts.
pub(crate) fn blobs(genesis: &Hash) -> (ProtocolConfig, RequestResponseHandle) {
	let name = format!("/{}/countersign/blob/2", hex::encode(genesis));
	ProtocolBuilder::new(ProtocolName::from(name))
		.with_max_size(REPLY_BYTES)
		.with_timeout(PATIENCE)
		.build()
}

/// A connection to one node. Dropping it closes it.
pub(crate) struct Connection {
	/// The node.
	pub(crate) peer: PeerId,
	task: JoinHandle<()>,
}

impl Drop for Connection {
	fn drop(&mut self) {
		self.task.abort();
	}
}

impl Connection {
	/// Connects to a node, by the address that [`crate::network::Node::address`] gives, with the
	/// protocols of `config`.
	pub(crate) async fn to(address: &str, config: ConfigBuilder) -> Result<Self> {
		let listen = TcpConfig { listen_addresses: Vec::new(), ..TcpConfig::default() };
		let config = config.with_tcp(listen).with_keep_alive_timeout(CONNECT_PATIENCE).build();
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
		let task = tokio::spawn(async move { while network.next_event().await.is_some() {} });
		Ok(Self { peer, task })
	}
}

/// A query for an artefact that nobody has.
pub fn unknown_artefact() -> Vec<u8> {
	[vec![0], vec![0x5a; 32]].concat()
}
