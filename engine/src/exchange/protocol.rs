//! What nodes ask each other.

use super::chunks::{ChunkList, CHUNK_BYTES, MAX_CHUNKS};
use crate::store::BlobId;
use codec::{Decode, Encode};
use countersign_primitives::{model::ArtefactHash, tensor::MAX_INPUT_BYTES, Hash};

/// The most bytes of a query.
pub const MAX_QUERY_BYTES: u64 = 64;
/// The most bytes of a reply: a chunk or an input, its length, and what kind of reply it is.
pub const MAX_REPLY_BYTES: u64 = CHUNK_BYTES + 32;

/// What to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Query {
	/// Whether the peer has an artefact, and what its chunks hash to.
	#[codec(index = 0)]
	Chunks(ArtefactHash),
	/// A chunk of an artefact.
	#[codec(index = 1)]
	Chunk(ArtefactHash, u32),
	/// The encoding of a list of tensors, by its commitment.
	#[codec(index = 2)]
	Tensors(Hash),
}

impl Query {
	/// What it is about.
	pub fn id(&self) -> BlobId {
		match self {
			Self::Chunks(sha256) | Self::Chunk(sha256, _) => BlobId::Artefact(*sha256),
			Self::Tensors(commitment) => BlobId::Tensors(*commitment),
		}
	}
}

/// What a peer replies.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Reply {
	/// It does not have it.
	#[codec(index = 0)]
	Missing,
	/// It has served enough for now.
	#[codec(index = 1)]
	Busy,
	/// It has the artefact.
	#[codec(index = 2)]
	Chunks(ChunkList),
	/// What was asked for.
	#[codec(index = 3)]
	Bytes(Vec<u8>),
}

// A list of the largest artefact and the largest input fit a reply.
const _: () = assert!(MAX_CHUNKS * 32 + 16 <= MAX_REPLY_BYTES);
const _: () = assert!(MAX_INPUT_BYTES as u64 <= CHUNK_BYTES);

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn messages_fit_their_limits() {
		for query in [
			Query::Chunks([1; 32]),
			Query::Chunk([1; 32], u32::MAX),
			Query::Tensors(Hash::repeat_byte(1)),
		] {
			assert!(query.encoded_size() as u64 <= MAX_QUERY_BYTES);
		}
		let list = ChunkList { length: u64::MAX, hashes: vec![Hash::zero(); MAX_CHUNKS as usize] };
		for reply in [Reply::Bytes(vec![0; CHUNK_BYTES as usize]), Reply::Chunks(list)] {
			assert!(reply.encoded_size() as u64 <= MAX_REPLY_BYTES);
		}
	}

	/// Frozen: nodes of different versions must understand each other.
	#[test]
	fn the_encoding_is_frozen() {
		let hash = "03".repeat(32);
		for (query, expected) in [
			(Query::Chunks([3; 32]), format!("00{hash}")),
			(Query::Chunk([3; 32], 258), format!("01{hash}02010000")),
			(Query::Tensors(Hash::repeat_byte(3)), format!("02{hash}")),
		] {
			assert_eq!(hex::encode(query.encode()), expected);
		}
		assert_eq!(Reply::Missing.encode(), [0]);
		assert_eq!(Reply::Busy.encode(), [1]);
		let list = ChunkList { length: 2, hashes: vec![Hash::repeat_byte(3)] };
		let expected = format!("02020000000000000004{hash}");
		assert_eq!(hex::encode(Reply::Chunks(list).encode()), expected);
		assert_eq!(Reply::Bytes(vec![5, 6]).encode(), [3, 8, 5, 6]);
	}
}
