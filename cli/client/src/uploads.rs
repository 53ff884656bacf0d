//! Giving files to a node, which offers them to the others, and keys that it makes.

use crate::{client::hex_bytes, event::hex_text, Client, Error};
use countersign_primitives::{model::ArtefactHash, AccountId, Hash};
use serde::Deserialize;
use subxt::rpcs::rpc_params;

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
		let answer: String =
			self.rpc("countersign_putArtefact", rpc_params![hex_text(bytes)]).await?;
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
