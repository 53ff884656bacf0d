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

//! The side that asks for blobs.

use super::{Query, Reply, LOG_TARGET};
use async_trait::async_trait;
use codec::{DecodeAll, Encode};
use countersign_engine::store::{BlobId, MAX_READ_BYTES};
use countersign_primitives::{commitment::tensors_commitment, tensor::decode_tensors};
use countersign_runtime::opaque::Block;
use futures::{
	future::{Fuse, FutureExt},
	stream::{FuturesUnordered, StreamExt},
};
use parking_lot::Mutex;
use sc_network::{
	service::traits::NetworkService, IfDisconnected, NetworkPeers, NetworkRequest, ProtocolName,
	ReputationChange,
};
use sc_network_sync::SyncingService;
use sc_network_types::PeerId;
use std::{collections::HashMap, sync::Arc, time::Duration};

/// The most peers asked for one blob.
const MAX_ASKED: usize = 24;
/// How long to wait for a peer before asking the next one as well.
const HEDGE: Duration = Duration::from_millis(1_500);
/// How long to leave a busy peer alone in the middle of an artefact.
const BUSY_PAUSE: Duration = Duration::from_secs(1);
/// How often in a row to do so.
const MAX_BUSY: u32 = 30;
/// The most blobs that are fetched at a time; the oldest are forgotten first.
const MAX_FETCHING: usize = 256;

/// For peers that send other bytes than were asked for.
const WRONG_BYTES: ReputationChange = ReputationChange::new_fatal("Wrong bytes for a blob");
/// For peers that reply what no node replies.
const MALFORMED: ReputationChange = ReputationChange::new(-(1 << 20), "Malformed blob reply");

/// The peers that can be asked.
#[async_trait]
pub(crate) trait Transport: Send + Sync {
	/// Those connected now, in an order that spreads load.
	async fn peers(&self) -> Vec<PeerId>;
	/// Asks one of them.
	async fn ask(&self, peer: PeerId, query: Vec<u8>) -> Result<Vec<u8>, String>;
	/// Notes that a peer misbehaved.
	fn report(&self, peer: PeerId, change: ReputationChange);
}

/// The peers of this node's network.
pub(crate) struct Peers {
	network: Arc<dyn NetworkService>,
	sync: Arc<SyncingService<Block>>,
	protocol: ProtocolName,
}

impl Peers {
	/// Asks the peers that the node syncs with.
	pub(crate) fn new(
		network: Arc<dyn NetworkService>,
		sync: Arc<SyncingService<Block>>,
		protocol: ProtocolName,
	) -> Self {
		Self { network, sync, protocol }
	}
}

#[async_trait]
impl Transport for Peers {
	async fn peers(&self) -> Vec<PeerId> {
		let Ok(peers) = self.sync.peers_info().await else { return Vec::new() };
		let mut peers: Vec<_> = peers.into_iter().map(|(peer, _)| peer).collect();
		// No order is better than another, but the same one for all would load the same peers.
		if let Some(last) = peers.len().checked_sub(1) {
			peers.rotate_left(random_index(last));
		}
		peers
	}

	async fn ask(&self, peer: PeerId, query: Vec<u8>) -> Result<Vec<u8>, String> {
		self.network
			.request(peer, self.protocol.clone(), query, None, IfDisconnected::ImmediateError)
			.await
			.map(|(reply, _)| reply)
			.map_err(|error| error.to_string())
	}

	fn report(&self, peer: PeerId, change: ReputationChange) {
		self.network.report_peer(peer, change);
	}
}

/// A number from 0 to `last`, different from call to call.
fn random_index(last: usize) -> usize {
	use std::hash::{BuildHasher, RandomState};
	let random = RandomState::new().hash_one(last);
	usize::try_from(random & 0xffff_ffff).unwrap_or(0) % last.saturating_add(1)
}

/// Whom a blob is being fetched from.
struct Fetching {
	attempt: u32,
	/// Who gives the parts after the first.
	peer: Option<PeerId>,
	/// Who gave something in this attempt or an earlier one that did not come to a good end.
	used: Vec<PeerId>,
	/// When the first part was asked for, to forget the oldest.
	since: u64,
}

#[derive(Default)]
struct State {
	fetching: HashMap<BlobId, Fetching>,
	clock: u64,
}

/// Finds blobs at peers.
///
/// All parts of a blob come from one peer, so that wrong content has one sender, and every attempt
/// uses another one.
pub(crate) struct Exchange {
	transport: Arc<dyn Transport>,
	hedge: Duration,
	busy_pause: Duration,
	state: Mutex<State>,
}

impl Exchange {
	/// Asks through `transport`.
	pub(crate) fn new(transport: impl Transport + 'static) -> Self {
		Self {
			transport: Arc::new(transport),
			hedge: HEDGE,
			busy_pause: BUSY_PAUSE,
			state: Mutex::default(),
		}
	}

	/// Up to `length` bytes from `offset` of a blob. The first part comes from the first peer that
	/// has the blob and gave nothing in an earlier attempt; the other parts come from the same.
	pub(crate) async fn fetch(
		&self,
		id: BlobId,
		offset: u64,
		length: u32,
		attempt: u32,
	) -> Option<Vec<u8>> {
		let query = Query { id, offset, length: length.min(MAX_READ_BYTES) };
		if offset == 0 {
			self.first_part(query, attempt).await
		} else {
			self.next_part(query, attempt).await
		}
	}

	/// Peers are asked one after the other; a slow one does not hold up the next, and is still
	/// listened to.
	async fn first_part(&self, query: Query, attempt: u32) -> Option<Vec<u8>> {
		let used = self.begin(query.id, attempt);
		let peers = self.transport.peers().await;
		let mut waiting = peers
			.into_iter()
			.filter(|peer| !used.contains(peer))
			.take(MAX_ASKED)
			.collect::<Vec<_>>()
			.into_iter();
		let mut asked = FuturesUnordered::new();
		loop {
			if let Some(peer) = waiting.next() {
				asked.push(async move { (peer, self.ask(peer, query).await) });
			} else if asked.is_empty() {
				return None;
			}
			// With nobody left to ask there is only the wait for those already asked.
			let hedge = if waiting.len() == 0 {
				Fuse::terminated()
			} else {
				tokio::time::sleep(self.hedge).boxed().fuse()
			};
			futures::pin_mut!(hedge);
			futures::select! {
				answer = asked.next() => {
					if let Some((peer, Answer::Part { length, bytes })) = answer {
						if self.is_wrong(&query, length, &bytes) {
							self.wrong_bytes(peer, &query.id);
						} else {
							self.give(query.id, attempt, peer);
							return Some(bytes);
						}
					}
				},
				() = hedge => {},
			}
		}
	}

	async fn next_part(&self, query: Query, attempt: u32) -> Option<Vec<u8>> {
		let peer = {
			let state = self.state.lock();
			let fetching = state.fetching.get(&query.id).filter(|known| known.attempt == attempt);
			fetching.and_then(|fetching| fetching.peer)?
		};
		for _ in 0..=MAX_BUSY {
			match self.ask(peer, query).await {
				Answer::Part { length, bytes } if self.is_wrong(&query, length, &bytes) => {
					self.wrong_bytes(peer, &query.id);
					return None;
				}
				Answer::Part { bytes, .. } => return Some(bytes),
				Answer::Busy => tokio::time::sleep(self.busy_pause).await,
				Answer::Nothing => return None,
			}
		}
		None
	}

	/// Notes that an attempt begins, and returns whom not to ask in it.
	fn begin(&self, id: BlobId, attempt: u32) -> Vec<PeerId> {
		let mut state = self.state.lock();
		state.clock = state.clock.saturating_add(1);
		let since = state.clock;
		if !state.fetching.contains_key(&id) && state.fetching.len() >= MAX_FETCHING {
			let oldest =
				state.fetching.iter().min_by_key(|(_, known)| known.since).map(|(id, _)| *id);
			if let Some(oldest) = oldest {
				state.fetching.remove(&oldest);
			}
		}
		let fetching = state.fetching.entry(id).or_insert(Fetching {
			attempt,
			peer: None,
			used: Vec::new(),
			since,
		});
		// A new series of attempts may meet again whom an earlier one met.
		if attempt == 0 {
			fetching.used.clear();
		}
		(fetching.attempt, fetching.peer, fetching.since) = (attempt, None, since);
		fetching.used.clone()
	}

	fn give(&self, id: BlobId, attempt: u32, peer: PeerId) {
		let mut state = self.state.lock();
		if let Some(fetching) = state.fetching.get_mut(&id) {
			if fetching.attempt == attempt {
				fetching.peer = Some(peer);
				fetching.used.push(peer);
			}
		}
	}

	/// Whether a part cannot be one of this blob. What only the whole shows, the caller finds.
	fn is_wrong(&self, query: &Query, length: u64, bytes: &[u8]) -> bool {
		let end = query.offset.saturating_add(bytes.len() as u64);
		if bytes.is_empty() || bytes.len() > query.length as usize || end > length {
			return true;
		}
		match query.id {
			BlobId::Tensors(commitment) if query.offset == 0 && end == length => {
				!decode_tensors(bytes)
					.is_ok_and(|tensors| tensors_commitment(&tensors) == commitment)
			}
			_ => false,
		}
	}

	fn wrong_bytes(&self, peer: PeerId, id: &BlobId) {
		log::warn!(target: LOG_TARGET, "{peer} sent other bytes than {id}");
		self.transport.report(peer, WRONG_BYTES);
	}

	/// What a peer has to say.
	async fn ask(&self, peer: PeerId, query: Query) -> Answer {
		let reply = match self.transport.ask(peer, query.encode()).await {
			Ok(reply) => reply,
			Err(error) => {
				log::debug!(target: LOG_TARGET, "{peer} did not give {}: {error}", query.id);
				return Answer::Nothing;
			}
		};
		match Reply::decode_all(&mut &*reply) {
			Ok(Reply::Part { length, bytes }) => Answer::Part { length, bytes },
			Ok(Reply::Missing) => Answer::Nothing,
			Ok(Reply::Busy) => Answer::Busy,
			Err(_) => {
				self.transport.report(peer, MALFORMED);
				Answer::Nothing
			}
		}
	}
}

/// What came of asking a peer.
enum Answer {
	Part { length: u64, bytes: Vec<u8> },
	Busy,
	Nothing,
}

#[cfg(test)]
mod tests {
	use super::*;
	use countersign_primitives::tensor::{Tensor, TensorType};

	/// What a peer of a test does when it is asked.
	enum Behaviour {
		/// Has these bytes under every identifier.
		Has(Vec<u8>),
		/// The same, but is busy so often before it gives more than the first part.
		BusyThenHas(u32, Vec<u8>),
		/// Always replies this.
		Replies(Vec<u8>),
		Fails,
		Hangs,
	}

	#[derive(Default)]
	struct Record {
		asked: Vec<PeerId>,
		reported: Vec<(PeerId, ReputationChange)>,
	}

	struct Crowd {
		behaviours: Mutex<Vec<(PeerId, Behaviour)>>,
		peers: Vec<PeerId>,
		record: Arc<Mutex<Record>>,
	}

	fn part_of(blob: &[u8], query: &Query) -> Vec<u8> {
		let rest = blob.get(query.offset as usize..).unwrap_or_default();
		let bytes = rest[..rest.len().min(query.length as usize)].to_vec();
		Reply::Part { length: blob.len() as u64, bytes }.encode()
	}

	#[async_trait]
	impl Transport for Crowd {
		async fn peers(&self) -> Vec<PeerId> {
			self.peers.clone()
		}
		async fn ask(&self, peer: PeerId, query: Vec<u8>) -> Result<Vec<u8>, String> {
			self.record.lock().asked.push(peer);
			let query = Query::decode_all(&mut &*query).expect("a query");
			let reply = {
				let mut behaviours = self.behaviours.lock();
				let (_, behaviour) =
					behaviours.iter_mut().find(|(who, _)| *who == peer).expect("a known peer");
				match behaviour {
					Behaviour::Has(blob) => Some(part_of(blob, &query)),
					Behaviour::BusyThenHas(times, blob) if *times == 0 || query.offset == 0 => {
						Some(part_of(blob, &query))
					}
					Behaviour::BusyThenHas(times, _) => {
						*times -= 1;
						Some(Reply::Busy.encode())
					}
					Behaviour::Replies(reply) => Some(reply.clone()),
					Behaviour::Fails => return Err("gone".into()),
					Behaviour::Hangs => None,
				}
			};
			match reply {
				Some(reply) => Ok(reply),
				None => futures::future::pending().await,
			}
		}
		fn report(&self, peer: PeerId, change: ReputationChange) {
			self.record.lock().reported.push((peer, change));
		}
	}

	fn crowd(behaviours: Vec<Behaviour>) -> (Exchange, Vec<PeerId>, Arc<Mutex<Record>>) {
		let behaviours: Vec<_> =
			behaviours.into_iter().map(|behaviour| (PeerId::random(), behaviour)).collect();
		let peers: Vec<_> = behaviours.iter().map(|(peer, _)| *peer).collect();
		let record = Arc::new(Mutex::new(Record::default()));
		let crowd = Crowd {
			behaviours: Mutex::new(behaviours),
			peers: peers.clone(),
			record: record.clone(),
		};
		let mut exchange = Exchange::new(crowd);
		exchange.hedge = Duration::from_secs(60);
		exchange.busy_pause = Duration::from_millis(1);
		(exchange, peers, record)
	}

	fn input() -> (BlobId, Vec<u8>) {
		let tensors = vec![Tensor { ty: TensorType::U8, shape: vec![3], data: vec![1, 2, 3] }];
		(BlobId::Tensors(tensors_commitment(&tensors)), tensors.encode())
	}

	const ARTEFACT: BlobId = BlobId::Artefact([1; 32]);

	#[tokio::test]
	async fn asks_on_until_somebody_has_it() {
		let (id, bytes) = input();
		let (exchange, peers, record) = crowd(vec![
			Behaviour::Fails,
			Behaviour::Replies(Reply::Missing.encode()),
			Behaviour::Replies(Reply::Busy.encode()),
			Behaviour::Has(bytes.clone()),
			Behaviour::Fails,
		]);
		assert_eq!(exchange.fetch(id, 0, 100, 0).await, Some(bytes));
		assert_eq!(record.lock().asked, peers[..4]);
		assert!(record.lock().reported.is_empty());
	}

	#[tokio::test]
	async fn wrong_bytes_are_refused_and_reported() {
		let (id, bytes) = input();
		let longer = Reply::Part { length: 1_000, bytes: vec![0; 101] }.encode();
		let beyond = Reply::Part { length: 9, bytes: vec![0; 10] }.encode();
		let (exchange, peers, record) = crowd(vec![
			Behaviour::Has(b"other".to_vec()),
			Behaviour::Replies(longer),
			Behaviour::Replies(beyond),
			Behaviour::Has(vec![]),
			Behaviour::Replies(vec![9]),
			Behaviour::Has(bytes.clone()),
		]);
		assert_eq!(exchange.fetch(id, 0, 100, 0).await, Some(bytes));
		let mut expected: Vec<_> = peers[..4].iter().map(|peer| (*peer, WRONG_BYTES)).collect();
		expected.push((peers[4], MALFORMED));
		assert_eq!(record.lock().reported, expected);
	}

	#[tokio::test]
	async fn a_silent_peer_does_not_hold_up_the_next() {
		let (id, bytes) = input();
		let (mut exchange, peers, record) =
			crowd(vec![Behaviour::Hangs, Behaviour::Has(bytes.clone())]);
		exchange.hedge = Duration::from_millis(1);
		assert_eq!(exchange.fetch(id, 0, 100, 0).await, Some(bytes));
		assert_eq!(record.lock().asked, peers);
	}

	#[tokio::test]
	async fn gives_up_when_nobody_has_it() {
		let (id, _) = input();
		let (exchange, _, record) = crowd((0..2 * MAX_ASKED).map(|_| Behaviour::Fails).collect());
		assert_eq!(exchange.fetch(id, 0, 100, 0).await, None);
		assert_eq!(record.lock().asked.len(), MAX_ASKED);
		let (nobody, ..) = crowd(vec![]);
		assert_eq!(nobody.fetch(id, 0, 100, 0).await, None);
		// Nobody gave a first part, so there is nobody to give another.
		assert_eq!(exchange.fetch(id, 100, 100, 0).await, None);
		assert_eq!(record.lock().asked.len(), MAX_ASKED);
	}

	#[tokio::test]
	async fn all_parts_come_from_one_peer_and_the_next_attempt_from_another() {
		let blobs: Vec<Vec<u8>> = (0..2).map(|fill| vec![fill; 25]).collect();
		let (exchange, peers, record) = crowd(vec![
			Behaviour::BusyThenHas(3, blobs[0].clone()),
			Behaviour::Has(blobs[1].clone()),
		]);
		for (attempt, blob) in blobs.iter().enumerate() {
			for (offset, length) in [(0, 10), (10, 10), (20, 5)] {
				let part = exchange.fetch(ARTEFACT, offset, 10, attempt as u32).await;
				assert_eq!(part.as_deref(), Some(&blob[offset as usize..][..length]));
			}
		}
		let mut expected = vec![peers[0]; 6];
		expected.extend([peers[1]; 3]);
		assert_eq!(record.lock().asked, expected);
		// All were used, and nobody is left for a third; a new series begins again.
		assert_eq!(exchange.fetch(ARTEFACT, 0, 10, 2).await, None);
		assert!(exchange.fetch(ARTEFACT, 0, 10, 0).await.is_some());
	}

	#[tokio::test]
	async fn a_peer_that_stops_in_the_middle_is_left() {
		let (exchange, _, record) = crowd(vec![Behaviour::BusyThenHas(u32::MAX, vec![3; 20])]);
		assert!(exchange.fetch(ARTEFACT, 0, 10, 0).await.is_some());
		assert_eq!(exchange.fetch(ARTEFACT, 10, 10, 0).await, None);
		assert_eq!(record.lock().asked.len(), 2 + MAX_BUSY as usize);
	}

	#[test]
	fn remembers_a_bounded_number_of_blobs() {
		let (exchange, ..) = crowd(vec![]);
		let id = |index: usize| {
			let mut hash = [0; 32];
			hash[..8].copy_from_slice(&(index as u64).to_le_bytes());
			BlobId::Artefact(hash)
		};
		for index in 0..2 * MAX_FETCHING {
			exchange.begin(id(index), 0);
		}
		let state = exchange.state.lock();
		assert_eq!(state.fetching.len(), MAX_FETCHING);
		assert!(state.fetching.contains_key(&id(2 * MAX_FETCHING - 1)));
		assert!(!state.fetching.contains_key(&id(0)));
	}
}
