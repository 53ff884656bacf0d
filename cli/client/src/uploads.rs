//! Giving files to a node, which offers them to the others, and keys that it makes.

use crate::{
	call::Call, client::hex_bytes, event::hex_text, keys::Signer, Client, Error, Included,
};
use countersign_primitives::{
	model::{ArtefactHash, ModelId},
	program::{MAX_STORED_BYTES, PROGRAM_CHUNK_BYTES},
	AccountId, Hash,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subxt::rpcs::rpc_params;

/// The most bytes of an artefact that a call carries.
const MAX_ARTEFACT_CALL_BYTES: usize = 16 * 1024 * 1024;
/// The longest message that a node takes unless its operator allows more.
const DEFAULT_MESSAGE_BYTES: usize = 15 * 1024 * 1024;

/// Chunks of a program that are on their way at one time: those of one block.
const CHUNKS_AT_ONCE: usize = 20;

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

	/// An artefact of a known length, if the node has it. The content is checked.
	pub async fn get_artefact(
		&self,
		sha256: &ArtefactHash,
		length: u64,
	) -> Result<Option<Vec<u8>>, Error> {
		let mut bytes: Vec<u8> = Vec::new();
		while (bytes.len() as u64) < length {
			let params = rpc_params![hex_text(sha256), bytes.len() as u64];
			let part: Option<String> = self.rpc("countersign_readArtefact", params).await?;
			let part = part.map(|text| hex_bytes(&text)).transpose()?.unwrap_or_default();
			if part.is_empty() {
				return Ok(None);
			}
			bytes.extend(part);
		}
		if <[u8; 32]>::from(Sha256::digest(&bytes)) != *sha256 {
			return Err(Error::Incompatible("the node gave another artefact".into()));
		}
		Ok(Some(bytes))
	}

	/// Stores a model's program on chain, or goes on with an upload that stopped. Tells how many
	/// chunks of how many are there.
	pub async fn store_program(
		&self,
		signer: &Signer,
		model: &ModelId,
		package: &[u8],
		mut progress: impl FnMut(usize, usize),
	) -> Result<Included, Error> {
		if package.len() > MAX_STORED_BYTES as usize {
			return Err(Error::Input(format!(
				"the program has {} bytes, and the chain stores at most {MAX_STORED_BYTES}; it can \
				 still be disputed and run dry, because whoever does so sends it along",
				package.len()
			)));
		}
		let length = package.len() as u32;
		match self.submit(&Call::begin_program(model, length), signer).await {
			Ok(_) => {}
			Err(Error::Dispatch { name, .. }) if name == "UploadBegun" => {}
			Err(error) => return Err(error),
		}
		let chunks: Vec<&[u8]> = package.chunks(PROGRAM_CHUNK_BYTES as usize).collect();
		let total = chunks.len();
		let mut stored = 0;
		// As many at a time as fit into a block or two.
		for (round, some) in chunks.chunks(CHUNKS_AT_ONCE).enumerate() {
			let mut nonce = self.transaction_nonce(&signer.account()).await?;
			let mut sent = tokio::task::JoinSet::new();
			for (offset, chunk) in some.iter().enumerate() {
				let index = (round * CHUNKS_AT_ONCE + offset) as u32;
				let call = Call::put_program_chunk(model, index, chunk);
				let (client, signer) = (self.clone(), signer.clone());
				sent.spawn(async move {
					client.submit_with_nonce(&call, &signer, nonce).await.map(|_| ())
				});
				nonce += 1;
			}
			while let Some(outcome) = sent.join_next().await {
				match outcome.map_err(|error| Error::Incompatible(error.to_string()))? {
					Ok(()) => {}
					Err(Error::Dispatch { name, .. }) if name == "ChunkThere" => {}
					Err(error) => return Err(error),
				}
				stored += 1;
				progress(stored, total);
			}
		}
		self.submit(&Call::finish_program(model), signer).await
	}

	/// Gives the encoding of an input to the node. Returns its commitment, as the node found it.
	pub async fn put_blob(&self, bytes: &[u8]) -> Result<Hash, Error> {
		self.rpc("countersign_putBlob", rpc_params![hex_text(bytes)]).await
	}

	/// The encoding of an input, if the node has it.
	pub async fn get_blob(&self, commitment: &Hash) -> Result<Option<Vec<u8>>, Error> {
		let found: Option<String> =
			self.rpc("countersign_getBlob", rpc_params![commitment]).await?;
		found.map(|text| hex_bytes(&text)).transpose()
	}

	/// Whether the node has an input.
	pub async fn has_blob(&self, commitment: &Hash) -> Result<bool, Error> {
		self.rpc("countersign_hasBlob", rpc_params![commitment]).await
	}
}
