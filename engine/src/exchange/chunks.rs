//! An artefact in parts that can be checked one by one.

use codec::{Decode, Encode};
use countersign_primitives::{model::MAX_ARTEFACT_BYTES, Hash};
use sp_crypto_hashing::blake2_256;
use std::io::{self, Read};

/// The bytes of one chunk; the last may be shorter.
pub const CHUNK_BYTES: u64 = 1024 * 1024;

/// The most chunks that an artefact has.
pub const MAX_CHUNKS: u64 = MAX_ARTEFACT_BYTES / CHUNK_BYTES;

/// What an artefact's chunks hash to.
///
/// The chain knows an artefact by the sha256 of the whole, which says nothing about a part. So
/// whoever offers an artefact says first what its chunks hash to. Nobody vouches for such a list;
/// it binds the one who gave it: a chunk that differs from its sender's own list shows that this
/// sender lies, and a whole whose every chunk agrees with a list, but whose sha256 is another,
/// shows that everybody who gave this list lies. All honest peers give the same list.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct ChunkList {
	/// The length of the artefact in bytes.
	pub length: u64,
	/// blake2_256 of each chunk.
	pub hashes: Vec<Hash>,
}

/// How many chunks so many bytes have.
pub fn chunk_count(length: u64) -> u64 {
	length.div_ceil(CHUNK_BYTES)
}

impl ChunkList {
	/// Reads the list of a file of this length.
	pub fn read(source: &mut impl Read, length: u64) -> io::Result<Self> {
		let mut hashes = Vec::new();
		let mut left = length;
		let mut buffer = Vec::new();
		while left > 0 {
			let wanted = left.min(CHUNK_BYTES);
			buffer.clear();
			source.by_ref().take(wanted).read_to_end(&mut buffer)?;
			if buffer.len() as u64 != wanted {
				return Err(io::ErrorKind::UnexpectedEof.into());
			}
			hashes.push(blake2_256(&buffer).into());
			left = left.saturating_sub(wanted);
		}
		Ok(Self { length, hashes })
	}

	/// Whether this can be the list of an artefact of this length.
	pub fn fits(&self, length: u64) -> bool {
		let chunks = chunk_count(length);
		self.length == length
			&& (1..=MAX_CHUNKS).contains(&chunks)
			&& self.hashes.len() as u64 == chunks
	}

	/// Where a chunk begins and how long it is.
	pub fn range(&self, index: u32) -> Option<(u64, u32)> {
		self.hashes.get(index as usize)?;
		let offset = u64::from(index).saturating_mul(CHUNK_BYTES);
		let length = self.length.saturating_sub(offset).min(CHUNK_BYTES);
		Some((offset, u32::try_from(length).unwrap_or(u32::MAX)))
	}

	/// Whether these bytes are a chunk.
	pub fn is_chunk(&self, index: u32, bytes: &[u8]) -> bool {
		self.range(index).is_some_and(|(_, length)| bytes.len() == length as usize)
			&& self.hashes.get(index as usize).is_some_and(|hash| blake2_256(bytes) == hash.0)
	}

	/// Tells lists apart.
	pub fn id(&self) -> Hash {
		blake2_256(&self.encode()).into()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_chunk_is_known_and_nothing_else() {
		let length = 2 * CHUNK_BYTES + 5;
		let bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
		let list = ChunkList::read(&mut &bytes[..], length).expect("long enough");
		assert!(list.fits(length));
		assert_eq!(list.hashes.len(), 3);
		for (index, chunk) in bytes.chunks(CHUNK_BYTES as usize).enumerate() {
			let index = index as u32;
			let range = (u64::from(index) * CHUNK_BYTES, chunk.len() as u32);
			assert_eq!(list.range(index), Some(range));
			assert!(list.is_chunk(index, chunk));
			assert!(!list.is_chunk((index + 1) % 3, chunk));
			assert!(!list.is_chunk(index, &chunk[1..]));
		}
		assert_eq!(list.range(3), None);
		assert!(!list.is_chunk(3, b""));
		assert!(ChunkList::read(&mut &bytes[..], length + 1).is_err());
	}

	#[test]
	fn only_lists_of_the_right_shape_fit() {
		let list = |length, chunks| ChunkList { length, hashes: vec![Hash::zero(); chunks] };
		assert!(list(1, 1).fits(1));
		assert!(list(CHUNK_BYTES, 1).fits(CHUNK_BYTES));
		assert!(list(CHUNK_BYTES + 1, 2).fits(CHUNK_BYTES + 1));
		assert!(!list(0, 0).fits(0));
		assert!(!list(1, 1).fits(2));
		assert!(!list(1, 2).fits(1));
		let long = MAX_ARTEFACT_BYTES + 1;
		assert!(!list(long, chunk_count(long) as usize).fits(long));
	}
}
