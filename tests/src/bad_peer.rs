//! A peer that offers an artefact and sends other bytes: not a node, but a program that nodes take
//! for a light client of their chain, and ask like any other peer.

use crate::peer::{self, unknown_artefact, Connection, CONNECT_PATIENCE, PATIENCE};
use anyhow::{bail, Context, Result};
use codec::{Decode, Encode};
use countersign_primitives::{BlockNumber, Hash};
use futures::StreamExt;
use litep2p::{
	config::ConfigBuilder,
	protocol::{
		notification::{
			ConfigBuilder as NotificationBuilder, NotificationEvent, NotificationHandle,
			ValidationResult,
		},
		request_response::{DialOptions, RequestResponseEvent, RequestResponseHandle},
	},
	ProtocolName,
};
use sp_crypto_hashing::{blake2_256, sha2_256};
use tokio::{sync::oneshot, time::timeout};

/// The role of a light client in a handshake.
const LIGHT: u8 = 2;
/// The longest announcement of a block.
const ANNOUNCEMENT_BYTES: usize = 1024 * 1024;
/// The bytes of a chunk; the last one has what is left.
const CHUNK_BYTES: usize = 1024 * 1024;

/// What queries ask for, by their first byte.
const LIST: u8 = 0;
const CHUNK: u8 = 1;
/// What replies hold, by their first byte.
const MISSING: u8 = 0;
const CHUNKS: u8 = 2;
const BYTES: u8 = 3;

/// What it was asked for, and told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Told {
	/// How often it said what the chunks hash to, which was true.
	pub lists: usize,
	/// How many chunks it sent, each of them wrong.
	pub chunks: usize,
}

/// A peer that spoils an artefact. Dropping it closes its connection.
pub struct BadPeer {
	artefact: Vec<u8>,
	sha256: [u8; 32],
	told: Told,
	first_lie: Option<oneshot::Sender<()>>,
	blobs: RequestResponseHandle,
	announcements: NotificationHandle,
	connection: Connection,
}

impl BadPeer {
	/// Connects to a node, by the address that [`crate::network::Node::address`] gives, and waits
	/// until the node counts it among its peers.
	pub async fn connect(address: &str, genesis: &Hash, artefact: Vec<u8>) -> Result<Self> {
		let (blob_config, blobs) = peer::blobs(genesis);
		let name = format!("/{}/block-announces/1", hex::encode(genesis));
		// It knows the genesis block and no other.
		let handshake = (LIGHT, BlockNumber::MIN, genesis, genesis).encode();
		let (announcement_config, mut announcements) =
			NotificationBuilder::new(ProtocolName::from(name))
				.with_max_size(ANNOUNCEMENT_BYTES)
				.with_handshake(handshake)
				.with_auto_accept_inbound(true)
				.build();
		let config = ConfigBuilder::new()
			.with_request_response_protocol(blob_config)
			.with_notification_protocol(announcement_config);
		let connection = Connection::to(address, config).await?;
		announcements.open_substream(connection.peer).await?;
		timeout(CONNECT_PATIENCE, async {
			loop {
				match announcements.next().await.context("the network ended")? {
					NotificationEvent::NotificationStreamOpened { .. } => return Ok(()),
					NotificationEvent::ValidateSubstream { peer, .. } => {
						announcements.send_validation_result(peer, ValidationResult::Accept);
					}
					NotificationEvent::NotificationStreamOpenFailure { error, .. } => {
						bail!("it was not taken for a peer: {error:?}")
					}
					NotificationEvent::NotificationStreamClosed { .. } => {
						bail!("the node left at once")
					}
					NotificationEvent::NotificationReceived { .. } => {}
				}
			}
		})
		.await
		.context("becoming a peer")??;
		let sha256 = sha2_256(&artefact);
		let (told, first_lie) = (Told::default(), None);
		Ok(Self { artefact, sha256, told, first_lie, blobs, announcements, connection })
	}

	/// Tells when the first wrong chunk is on its way.
	pub fn first_lie(&mut self) -> oneshot::Receiver<()> {
		let (sender, receiver) = oneshot::channel();
		self.first_lie = Some(sender);
		receiver
	}

	/// Answers what the node asks, until the node leaves it, and gives what it told.
	pub async fn lie(&mut self) -> Result<Told> {
		loop {
			tokio::select! {
				event = self.blobs.next() => {
					let event = event.context("the network ended")?;
					if let RequestResponseEvent::RequestReceived { request_id, request, .. } = event {
						let reply = self.reply(&request);
						self.blobs.send_response(request_id, reply);
						if self.told.chunks > 0 {
							// Nobody may wait for it.
							self.first_lie.take().map(|waits| waits.send(()));
						}
					}
				}
				event = self.announcements.next() => {
					let event = event.context("the network ended")?;
					if let NotificationEvent::NotificationStreamClosed { .. } = event {
						return Ok(self.told);
					}
				}
			}
		}
	}

	/// A true list, and wrong chunks.
	fn reply(&mut self, mut query: &[u8]) -> Vec<u8> {
		let Ok((kind, sha256)) = <(u8, [u8; 32])>::decode(&mut query) else {
			return vec![MISSING];
		};
		let mut chunks = self.artefact.chunks(CHUNK_BYTES);
		match kind {
			LIST if sha256 == self.sha256 => {
				self.told.lists += 1;
				let hashes: Vec<[u8; 32]> = chunks.map(blake2_256).collect();
				(CHUNKS, self.artefact.len() as u64, hashes).encode()
			}
			CHUNK if sha256 == self.sha256 => {
				let index = u32::decode(&mut query).unwrap_or(u32::MAX);
				let Some(chunk) = chunks.nth(index as usize) else { return vec![MISSING] };
				let mut bytes = chunk.to_vec();
				if let Some(last) = bytes.last_mut() {
					*last ^= 1;
				}
				self.told.chunks += 1;
				(BYTES, bytes).encode()
			}
			_ => vec![MISSING],
		}
	}

	/// Whether the node answers nothing of what it asks.
	pub async fn is_refused(&mut self) -> Result<bool> {
		let node = self.connection.peer;
		self.blobs.send_request(node, unknown_artefact(), DialOptions::Dial).await?;
		loop {
			let event = timeout(2 * PATIENCE, self.blobs.next()).await.context("a reply")?;
			match event.context("the network ended")? {
				RequestResponseEvent::ResponseReceived { .. } => return Ok(false),
				RequestResponseEvent::RequestFailed { .. } => return Ok(true),
				RequestResponseEvent::RequestReceived { .. } => {}
			}
		}
	}
}
