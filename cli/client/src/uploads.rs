//! Giving files to a node, which offers them to the others, and keys that it makes.

use crate::{client::hex_bytes, event::hex_text, Client, Error};
use countersign_primitives::{model::ArtefactHash, AccountId, Hash};
use serde::Deserialize;
use subxt::rpcs::rpc_params;

/// The most bytes of an artefact that a call carries.
const MAX_ARTEFACT_CALL_BYTES: usize = 16 * 1024 * 1024;
/// The longest message that a node takes unless its operator allows more.
const DEFAULT_MESSAGE_BYTES: usize = 15 * 1024 * 1024;

/// Keys that a node made and holds.
#[derive(Clone, Debug)]
pub struct NodeKeys {
	/// The public keys, as `Session.set_keys` takes them.
	pub keys: Vec<u8>,
	/// The proof that whoever asked for them may register them.
	pub proof: Vec<u8>,
}

#[derive(Deserialize)]
struct MadeKeys {
	keys: String,
	proof: Option<String>,
}

impl Client {
	/// Makes new session keys in the node, for an account. The node has to offer unsafe methods.
	pub async fn rotate_keys(&self, owner: &AccountId) -> Result<NodeKeys, Error> {
		let owner: &[u8] = owner.as_ref();
		let made: MadeKeys =
			self.rpc("author_rotateKeysWithOwner", rpc_params![hex_text(owner)]).await?;
		Ok(NodeKeys {
			keys: hex_bytes(&made.keys)?,
			proof: made.proof.map(|proof| hex_bytes(&proof)).transpose()?.unwrap_or_default(),
		})
	}

	/// Gives an artefact to the node. Returns its sha256, as the node found it.
	pub async fn put_artefact(&self, bytes: &[u8]) -> Result<ArtefactHash, Error> {
		if bytes.len() > MAX_ARTEFACT_CALL_BYTES {
			return Err(Error::Input(format!(
				"the artefact has {} bytes, and a call carries at most 16 MiB: register it without \
				 upload, and put it into the store of a node that serves it",
				bytes.len()
			)));
		}
		let answer: Result<String, Error> =
			self.rpc("countersign_putArtefact", rpc_params![hex_text(bytes)]).await;
		let answer = answer.map_err(|error| match error {
			// A node closes the connection over a message that is too long for it.
			Error::Connection { .. } if bytes.len() > DEFAULT_MESSAGE_BYTES / 2 => {
				Error::Input(format!(
					"the node takes no message as long as this artefact: start it with \
					 --rpc-max-request-size {}",
					bytes.len() / 500_000 + 1
				))
			}
			error => error,
		})?;
		hex_bytes(&answer)?
			.try_into()
			.map_err(|_| Error::Incompatible("countersign_putArtefact: not a hash".into()))
	}

	/// Whether the node has an artefact.
	pub async fn has_artefact(&self, sha256: &ArtefactHash) -> Result<bool, Error> {
		self.rpc("countersign_hasArtefact", rpc_params![hex_text(sha256)]).await
	}

	/// Gives the encoding of an input to the node. Returns its commitment, as the node found it.
	pub async fn put_blob(&self, bytes: &[u8]) -> Result<Hash, Error> {
		self.rpc("countersign_putBlob", rpc_params![hex_text(bytes)]).await
	}

	/// Whether the node has an input.
	pub async fn has_blob(&self, commitment: &Hash) -> Result<bool, Error> {
		self.rpc("countersign_hasBlob", rpc_params![commitment]).await
	}
}
