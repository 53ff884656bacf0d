//! Taking the chunks of one artefact from several peers at once.

use super::{add, Answer, Exchange, FetchError, Misconduct, Query, Reply, Transport, LOG};
use crate::store::Partial;
use futures::stream::{FuturesUnordered, StreamExt};
use parking_lot::Mutex;
use std::{
	collections::{HashMap, HashSet, VecDeque},
	sync::Arc,
	time::Duration,
};
use tokio::{sync::Notify, time::Instant};

/// Which chunks are still to be asked for, and which were.
struct Work {
	pending: VecDeque<u32>,
	/// When each was first asked for, and of how many peers.
	running: HashMap<u32, (Instant, u32)>,
}

impl Work {
	/// A chunk to ask for: one that nobody was asked for, else one that lets wait for it.
	fn next(&mut self, hedge: Duration) -> Option<u32> {
		let now = Instant::now();
		if let Some(index) = self.pending.pop_front() {
			self.running.insert(index, (now, 1));
			return Some(index);
		}
		let late = self
			.running
			.iter_mut()
			.filter(|(_, (since, asked))| *asked < 2 && now.duration_since(*since) >= hedge)
			.min_by_key(|(_, (since, _))| *since);
		late.map(|(index, (_, asked))| {
			*asked = asked.saturating_add(1);
			*index
		})
	}

	/// A chunk that did not come from one of those who were asked.
	fn give_back(&mut self, index: u32) {
		match self.running.get_mut(&index) {
			Some((_, asked)) if *asked > 1 => *asked = asked.saturating_sub(1),
			Some(_) => {
				self.running.remove(&index);
				self.pending.push_front(index);
			}
			// Somebody else was faster.
			None => {}
		}
	}

	fn is_done(&self) -> bool {
		self.pending.is_empty() && self.running.is_empty()
	}
}

struct Shared {
	work: Mutex<Work>,
	changed: Notify,
	partial: Arc<Partial>,
}

/// Why a lane ended.
enum End {
	/// Nothing is left to ask for.
	Done,
	/// The peer gives nothing any more.
	Left,
	/// The peer sent something else.
	Wrong,
}

impl<T: Transport> Exchange<T> {
	/// Takes what is missing from these peers, as far as they give it.
	pub(super) async fn download(
		&self,
		partial: &Arc<Partial>,
		peers: &[T::Peer],
		shunned: &mut HashSet<T::Peer>,
	) -> Result<(), FetchError> {
		let shared = Shared {
			work: Mutex::new(Work { pending: partial.missing().into(), running: HashMap::new() }),
			changed: Notify::new(),
			partial: partial.clone(),
		};
		// Every peer gets a lane before any gets a second one.
		let mut waiting: VecDeque<T::Peer> =
			(0..self.limits.lanes_of_a_peer.max(1)).flat_map(|_| peers.iter().copied()).collect();
		let mut lanes = FuturesUnordered::new();
		let mut left = HashSet::new();
		loop {
			while lanes.len() < self.limits.lanes.max(1) {
				let Some(peer) = waiting.pop_front() else { break };
				if left.contains(&peer) {
					continue;
				}
				let shared = &shared;
				lanes.push(async move { (peer, self.lane(peer, shared).await) });
			}
			let Some((peer, end)) = lanes.next().await else { return Ok(()) };
			match end? {
				End::Done => return Ok(()),
				End::Left => {
					left.insert(peer);
				}
				End::Wrong => {
					shunned.insert(peer);
					left.insert(peer);
				}
			}
		}
	}

	/// Asks one peer for one chunk after the other.
	async fn lane(&self, peer: T::Peer, shared: &Shared) -> Result<End, FetchError> {
		let (mut failures, mut busy) = (0, 0);
		let id = shared.partial.id();
		loop {
			let changed = shared.changed.notified();
			let next = {
				let mut work = shared.work.lock();
				if work.is_done() {
					return Ok(End::Done);
				}
				work.next(self.limits.hedge)
			};
			let Some(index) = next else {
				// Others are asked for all that is left. They may be late, or give it back.
				let _ = tokio::time::timeout(self.limits.hedge, changed).await;
				continue;
			};
			let query = Query::Chunk(shared.partial.sha256(), index);
			let answer = self.ask(peer, query).await;
			let end = match answer {
				Answer::Reply(Reply::Bytes(bytes)) => {
					let length = bytes.len() as u64;
					let partial = shared.partial.clone();
					if self.blocking(move |_| partial.write(index, &bytes)).await? {
						add(&self.metrics.bytes_fetched, length);
						(failures, busy) = (0, 0);
						shared.work.lock().running.remove(&index);
						shared.changed.notify_waiters();
						continue;
					}
					self.wrong(peer, &id);
					Some(End::Wrong)
				}
				Answer::Reply(Reply::Chunks(_)) => {
					self.wrong(peer, &id);
					Some(End::Wrong)
				}
				Answer::Malformed => Some(End::Wrong),
				Answer::Reply(Reply::Busy) => {
					busy += 1;
					(busy > self.limits.busy_times).then_some(End::Left)
				}
				Answer::Reply(Reply::Missing) => {
					// It said that it has it.
					self.transport.report(peer, Misconduct::Withheld);
					Some(End::Left)
				}
				Answer::Failed => {
					failures += 1;
					(failures >= self.limits.failures.max(1)).then_some(End::Left)
				}
			};
			shared.work.lock().give_back(index);
			shared.changed.notify_waiters();
			if let Some(end) = end {
				tracing::debug!(target: LOG, ?peer, %id, "leaves a peer");
				return Ok(end);
			}
			tokio::time::sleep(self.limits.busy_pause).await;
		}
	}
}
