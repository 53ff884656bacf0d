// This file is part of Countersign.

// Copyright (C) The Countersign developers.
// SPDX-License-Identifier: GPL-3.0-or-later WITH Classpath-exception-2.0

// This program is free software: you can redistribute it and/or modify
// it under the terms of the GNU General Public License as published by
// the Free Software Foundation, either version 3 of the License, or
// (at your option) any later version.

// This program is distributed in the hope that it will be useful,
// but WITHOUT ANY WARRANTY; without even the implied warranty of
// MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE. See the
// GNU General Public License for more details.

// You should have received a copy of the GNU General Public License
// along with this program. If not, see <https://www.gnu.org/licenses/>.

//! How nodes hand inputs and artefacts to each other.
//!
//! One request-response protocol: a node asks a peer for a part of a blob, and gets it, or learns
//! that the peer does not have it or serves too much already. Whoever asked checks the whole
//! against its identifier; a peer that sent other bytes is not asked again.

mod exchange;
mod server;

pub(crate) use exchange::{Exchange, Peers};
pub(crate) use server::Server;

use codec::{Decode, Encode};
use countersign_engine::store::{BlobId, MAX_READ_BYTES};
use countersign_primitives::Hash;
use sc_network::ProtocolName;
use std::time::Duration;

/// The most bytes of a query.
pub(crate) const MAX_QUERY_BYTES: u64 = 64;
/// The most bytes of a reply: the part, its length, and what kind of reply it is.
pub(crate) const MAX_REPLY_BYTES: u64 = MAX_READ_BYTES as u64 + 32;
/// How long a reply may take.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Queries that wait to be served; more are refused by the network.
pub(crate) const QUEUE_LENGTH: usize = 64;

const LOG_TARGET: &str = "blobs";

/// What to ask for: the part of a blob that begins at an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
struct Query {
	id: BlobId,
	offset: u64,
	/// At most [`MAX_READ_BYTES`].
	length: u32,
}

/// What a peer replies.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
enum Reply {
	/// It has the blob.
	#[codec(index = 0)]
	Part {
		/// The length of the whole.
		length: u64,
		/// What was asked for; shorter only at the end.
		bytes: Vec<u8>,
	},
	/// It does not have it.
	#[codec(index = 1)]
	Missing,
	/// It has served this peer enough for now.
	#[codec(index = 2)]
	Busy,
}

/// The name of the protocol on a chain.
pub(crate) fn protocol_name(genesis: &Hash, fork_id: Option<&str>) -> ProtocolName {
	let genesis = hex::encode(genesis);
	match fork_id {
		Some(fork_id) => format!("/{genesis}/{fork_id}/countersign/blob/1"),
		None => format!("/{genesis}/countersign/blob/1"),
	}
	.into()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn messages_fit_their_limits() {
		let query =
			Query { id: BlobId::Tensors(Hash::repeat_byte(1)), offset: u64::MAX, length: u32::MAX };
		assert!(query.encoded_size() as u64 <= MAX_QUERY_BYTES);
		let largest = Reply::Part { length: u64::MAX, bytes: vec![0; MAX_READ_BYTES as usize] };
		assert!(largest.encoded_size() as u64 <= MAX_REPLY_BYTES);
	}

	/// Frozen: nodes of different versions must understand each other.
	#[test]
	fn the_encoding_is_frozen() {
		let query = Query { id: BlobId::Artefact([3; 32]), offset: 1, length: 2 };
		let (offset, length) = ("0100000000000000", "02000000");
		let expected = format!("00{}{offset}{length}", "03".repeat(32));
		assert_eq!(hex::encode(query.encode()), expected);
		let query = Query { id: BlobId::Tensors(Hash::repeat_byte(4)), ..query };
		let expected = format!("01{}{offset}{length}", "04".repeat(32));
		assert_eq!(hex::encode(query.encode()), expected);
		let part = Reply::Part { length: 2, bytes: vec![5, 6] };
		assert_eq!(hex::encode(part.encode()), "000200000000000000080506");
		assert_eq!(Reply::Missing.encode(), [1]);
		assert_eq!(Reply::Busy.encode(), [2]);
	}

	#[test]
	fn chains_and_forks_do_not_share_a_protocol() {
		let (one, two) = (Hash::repeat_byte(1), Hash::repeat_byte(2));
		let expected = format!("/{}/countersign/blob/1", "01".repeat(32));
		assert_eq!(&*protocol_name(&one, None), expected);
		assert_ne!(protocol_name(&one, None), protocol_name(&two, None));
		assert_ne!(protocol_name(&one, None), protocol_name(&one, Some("fork")));
	}
}
