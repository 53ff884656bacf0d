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

use super::{Query, Reply, LOG_TARGET};
use codec::{DecodeAll, Encode};
use countersign_engine::store::{Store, StoreError};
use sc_network::{
	config::{IncomingRequest, OutgoingResponse},
	ReputationChange,
};
use sc_network_types::PeerId;
use std::{collections::HashMap, sync::Arc, time::Instant};

/// What a peer may take at once before it has to wait.
const BURST_BYTES: i64 = 64 * 1024 * 1024;
/// What it may take for each second in the long run.
const BYTES_PER_SECOND: i64 = 8 * 1024 * 1024;
/// What any query costs at least, so that asking for what is not there is not free.
const LEAST_COST: i64 = 64 * 1024;
/// The most peers whose use is remembered.
const MAX_PEERS: usize = 1_024;

/// For queries that no honest node makes.
const MALFORMED: ReputationChange = ReputationChange::new(-(1 << 20), "Malformed blob query");

/// What a peer has left.
struct Budget {
	left: i64,
	at: Instant,
}

impl Budget {
	fn refill(&mut self, now: Instant) {
		let elapsed = now.saturating_duration_since(self.at).as_millis();
		let gained = i64::try_from(elapsed)
			.unwrap_or(i64::MAX)
			.saturating_mul(BYTES_PER_SECOND)
			.saturating_div(1_000);
		self.left = self.left.saturating_add(gained).min(BURST_BYTES);
		self.at = now;
	}
}

/// What peers have left.
#[derive(Default)]
struct Budgets(HashMap<PeerId, Budget>);

impl Budgets {
	/// Whether a peer may take more. What it takes is charged afterwards, so it may owe.
	fn allows(&mut self, peer: PeerId, now: Instant) -> bool {
		if !self.0.contains_key(&peer) && self.0.len() >= MAX_PEERS {
			// Who has its whole budget again is forgotten without loss.
			self.0.retain(|_, budget| {
				budget.refill(now);
				budget.left < BURST_BYTES
			});
			if self.0.len() >= MAX_PEERS {
				return false;
			}
		}
		let budget = self.0.entry(peer).or_insert(Budget { left: BURST_BYTES, at: now });
		budget.refill(now);
		budget.left > 0
	}

	fn charge(&mut self, peer: &PeerId, bytes: usize) {
		if let Some(budget) = self.0.get_mut(peer) {
			let cost = i64::try_from(bytes).unwrap_or(i64::MAX).max(LEAST_COST);
			budget.left = budget.left.saturating_sub(cost);
		}
	}
}

fn read(store: &Store, query: Query) -> Result<Reply, StoreError> {
	match store.length(&query.id) {
		None | Some(0) => Ok(Reply::Missing),
		// Nothing to look up, and no offset that a file system would refuse.
		Some(length) if query.offset >= length => Ok(Reply::Part { length, bytes: Vec::new() }),
		Some(length) => Ok(store
			.read(&query.id, query.offset, query.length)?
			.map_or(Reply::Missing, |bytes| Reply::Part { length, bytes })),
	}
}

/// Answers the queries of peers, one after the other.
pub(crate) struct Server {
	queries: async_channel::Receiver<IncomingRequest>,
	store: Arc<Store>,
	budgets: Budgets,
}

impl Server {
	/// Answers from `store` what arrives in `queries`.
	pub(crate) fn new(
		queries: async_channel::Receiver<IncomingRequest>,
		store: Arc<Store>,
	) -> Self {
		Self { queries, store, budgets: Budgets::default() }
	}

	/// Runs until the network stops.
	pub(crate) async fn run(mut self) {
		while let Ok(query) = self.queries.recv().await {
			let response = self.answer(query.peer, &query.payload, Instant::now()).await;
			// The peer may have left in the meantime.
			let _ = query.pending_response.send(response);
		}
	}

	async fn answer(&mut self, peer: PeerId, payload: &[u8], now: Instant) -> OutgoingResponse {
		let Ok(query) = Query::decode_all(&mut &*payload) else {
			return OutgoingResponse {
				result: Err(()),
				reputation_changes: vec![MALFORMED],
				sent_feedback: None,
			};
		};
		let encoded = if self.budgets.allows(peer, now) {
			let store = self.store.clone();
			let reply = tokio::task::spawn_blocking(move || read(&store, query)).await;
			let reply = match reply {
				Ok(Ok(reply)) => reply,
				Ok(Err(error)) => {
					log::warn!(target: LOG_TARGET, "Cannot read {}: {error}", query.id);
					Reply::Missing
				}
				// The node is stopping.
				Err(_) => Reply::Missing,
			};
			let encoded = reply.encode();
			self.budgets.charge(&peer, encoded.len());
			encoded
		} else {
			Reply::Busy.encode()
		};
		OutgoingResponse { result: Ok(encoded), reputation_changes: vec![], sent_feedback: None }
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Decode;
	use countersign_engine::store::{BlobId, MAX_READ_BYTES};
	use std::time::Duration;

	/// A store with one artefact.
	struct Fixture {
		_folder: tempfile::TempDir,
		id: BlobId,
		server: Server,
		queries: async_channel::Sender<IncomingRequest>,
	}

	fn fixture(artefact: &[u8]) -> Fixture {
		let folder = tempfile::tempdir().expect("a temporary folder");
		let file = folder.path().join("model.onnx");
		std::fs::write(&file, artefact).expect("writable");
		let store = Store::open(folder.path().join("store"), 1 << 30).expect("opens");
		let store = Arc::new(store);
		let id = BlobId::Artefact(store.import_artefact(&file).expect("fits"));
		let (queries, receiver) = async_channel::bounded(4);
		Fixture { _folder: folder, id, server: Server::new(receiver, store), queries }
	}

	fn reply_of(response: OutgoingResponse) -> Reply {
		Reply::decode(&mut &*response.result.expect("an answer")).expect("a reply")
	}

	#[tokio::test]
	async fn gives_what_it_has_and_says_what_it_lacks() {
		let Fixture { _folder, id, server, queries } = fixture(b"model");
		let serving = tokio::spawn(server.run());
		let part = |bytes: &[u8]| Reply::Part { length: 5, bytes: bytes.to_vec() };
		for (query, expected) in [
			(Query { id, offset: 0, length: u32::MAX }, part(b"model")),
			(Query { id, offset: 1, length: 3 }, part(b"ode")),
			(Query { id, offset: 3, length: 3 }, part(b"el")),
			(Query { id, offset: 0, length: 0 }, part(b"")),
			(Query { id, offset: u64::MAX, length: 1 }, part(b"")),
			(Query { id: BlobId::Artefact([0; 32]), offset: 0, length: 1 }, Reply::Missing),
		] {
			let (pending_response, response) = futures::channel::oneshot::channel();
			let (peer, payload) = (PeerId::random(), query.encode());
			queries.send(IncomingRequest { peer, payload, pending_response }).await.expect("open");
			assert_eq!(reply_of(response.await.expect("answered")), expected);
		}
		drop(queries);
		serving.await.expect("ends with the network");
	}

	#[tokio::test]
	async fn malformed_queries_cost_reputation() {
		let Fixture { _folder, id, mut server, .. } = fixture(b"model");
		let mut longer = Query { id, offset: 0, length: 1 }.encode();
		longer.push(0);
		for payload in [b"nonsense".to_vec(), vec![], longer] {
			let response = server.answer(PeerId::random(), &payload, Instant::now()).await;
			assert!(response.result.is_err());
			assert_eq!(response.reputation_changes, vec![MALFORMED]);
		}
	}

	#[tokio::test]
	async fn a_greedy_peer_waits_and_others_do_not() {
		let Fixture { _folder, id, mut server, .. } = fixture(&vec![7; MAX_READ_BYTES as usize]);
		let (greedy, modest) = (PeerId::random(), PeerId::random());
		let now = Instant::now();
		let query = Query { id, offset: 0, length: MAX_READ_BYTES }.encode();
		let mut served = 0;
		while reply_of(server.answer(greedy, &query, now).await) != Reply::Busy {
			served += 1;
			assert!(served <= BURST_BYTES / i64::from(MAX_READ_BYTES));
		}
		let is_served = |response| matches!(reply_of(response), Reply::Part { .. });
		assert!(is_served(server.answer(modest, &query, now).await));
		assert!(is_served(server.answer(greedy, &query, now + Duration::from_secs(1)).await));
	}

	#[test]
	fn remembers_a_bounded_number_of_peers() {
		let mut budgets = Budgets::default();
		let now = Instant::now();
		for _ in 0..MAX_PEERS {
			let peer = PeerId::random();
			assert!(budgets.allows(peer, now));
			budgets.charge(&peer, 1);
		}
		assert!(!budgets.allows(PeerId::random(), now));
		assert_eq!(budgets.0.len(), MAX_PEERS);
		// Once they have their budgets again there is room for others.
		assert!(budgets.allows(PeerId::random(), now + Duration::from_secs(60)));
		assert_eq!(budgets.0.len(), 1);
	}
}
