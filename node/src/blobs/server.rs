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

//! The side that offers blobs.

use super::reputation;
use countersign_engine::exchange::Server;
use futures::StreamExt;
use sc_network::config::{IncomingRequest, OutgoingResponse};
use sc_network_types::PeerId;
use std::{sync::Arc, time::Instant};

/// Queries that are answered at the same time. Each takes at most two chunks of memory.
const AT_ONCE: usize = 4;

/// Answers the queries of peers, until the network stops.
pub(crate) async fn serve(
	server: Arc<Server<PeerId>>,
	queries: async_channel::Receiver<IncomingRequest>,
) {
	queries
		.for_each_concurrent(AT_ONCE, |query| {
			let server = server.clone();
			async move {
				let served = server.answer(query.peer, &query.payload, Instant::now()).await;
				let response = OutgoingResponse {
					result: served.reply.ok_or(()),
					reputation_changes: served.misconduct.map(reputation).into_iter().collect(),
					sent_feedback: None,
				};
				// The peer may have left in the meantime.
				let _ = query.pending_response.send(response);
			}
		})
		.await;
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::{DecodeAll, Encode};
	use countersign_engine::{
		exchange::{Misconduct, Query, Reply, ServerLimits},
		store::Store,
	};

	#[tokio::test]
	async fn queries_of_the_network_are_answered() {
		let folder = tempfile::tempdir().expect("a temporary folder");
		let file = folder.path().join("model.onnx");
		std::fs::write(&file, b"model").expect("writable");
		let store = Arc::new(Store::open(folder.path().join("store"), 1 << 20).expect("opens"));
		let sha256 = store.import_artefact(&file).expect("fits");
		let server = Arc::new(Server::new(store, ServerLimits::default(), Arc::default()));
		let (queries, receiver) = async_channel::bounded(4);
		let serving = tokio::spawn(serve(server, receiver));
		let ask = |payload: Vec<u8>| {
			let queries = queries.clone();
			async move {
				let (pending_response, response) = futures::channel::oneshot::channel();
				let peer = PeerId::random();
				let query = IncomingRequest { peer, payload, pending_response };
				queries.send(query).await.expect("open");
				response.await.expect("answered")
			}
		};
		let response = ask(Query::Chunk(sha256, 0).encode()).await;
		let reply = Reply::decode_all(&mut &*response.result.expect("an answer"));
		assert_eq!(reply, Ok(Reply::Bytes(b"model".to_vec())));
		assert!(response.reputation_changes.is_empty());
		let response = ask(b"nonsense".to_vec()).await;
		assert!(response.result.is_err());
		assert_eq!(response.reputation_changes, vec![reputation(Misconduct::Malformed)]);
		drop(queries);
		serving.await.expect("ends with the network");
	}
}
