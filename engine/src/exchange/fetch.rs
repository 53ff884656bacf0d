//! The side that asks.

mod download;

use super::{
	chunks::ChunkList,
	metrics::{add, ExchangeMetrics},
	protocol::{Query, Reply},
	Misconduct, Transport, LOG,
};
use crate::store::{BlobId, Store, StoreError};
use codec::{DecodeAll, Encode};
use countersign_primitives::{
	commitment::tensors_commitment,
	model::{ArtefactHash, ModelId},
	tensor::{decode_tensors, MAX_INPUT_BYTES},
	Hash,
};
use futures::stream::{FuturesUnordered, StreamExt};
use parking_lot::Mutex;
use std::{
	collections::{HashMap, HashSet},
	sync::{Arc, Weak},
	time::Duration,
};
use tokio::sync::Semaphore;

/// How to ask, and how patiently.
#[derive(Clone, Copy, Debug)]
pub struct FetchLimits {
	/// The most peers asked for one thing.
	pub asked: usize,
	/// Peers asked at the same time whether they have an artefact.
	pub asked_at_once: usize,
	/// How long to wait for further offers once there is one.
	pub offers: Duration,
	/// Artefacts that are fetched at the same time.
	pub artefacts: usize,
	/// Chunks of one artefact that are under way at the same time: what it takes in memory.
	pub lanes: usize,
	/// Chunks that one peer is asked for at the same time.
	pub lanes_of_a_peer: usize,
	/// How long to wait for a peer before asking another one as well.
	pub hedge: Duration,
	/// How long to leave a busy peer alone.
	pub busy_pause: Duration,
	/// How often in a row to do so.
	pub busy_times: u32,
	/// How often in a row a peer may fail.
	pub failures: u32,
	/// How often to look for peers before giving up.
	pub rounds: u32,
	/// How long to wait before looking again.
	pub round_pause: Duration,
}

impl Default for FetchLimits {
	fn default() -> Self {
		Self {
			asked: 24,
			asked_at_once: 8,
			offers: Duration::from_millis(400),
			artefacts: 2,
			lanes: 8,
			lanes_of_a_peer: 4,
			hedge: Duration::from_millis(1_500),
			busy_pause: Duration::from_secs(1),
			busy_times: 60,
			failures: 3,
			rounds: 4,
			round_pause: Duration::from_secs(2),
		}
	}
}

/// An artefact that somebody wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
	/// Its sha256.
	pub sha256: ArtefactHash,
	/// Its length in bytes, as the chain says.
	pub length: u64,
	/// A model that runs from it, to know who should have it.
	pub model: Option<ModelId>,
}

/// Why an artefact did not come.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
	/// No peer offers it.
	#[error("nobody offers it")]
	Nobody,
	/// What peers offered did not come whole. What came is kept for the next try.
	#[error("{missing} of {chunks} chunks did not come")]
	Incomplete {
		/// Chunks that are missing.
		missing: usize,
		/// Chunks in all.
		chunks: usize,
	},
	/// Everybody who offered it sent something else.
	#[error("those who offered it sent something else")]
	Wrong,
	/// The store.
	#[error(transparent)]
	Store(#[from] StoreError),
	/// The node is stopping.
	#[error("stopped")]
	Stopped,
}

/// What some peers say an artefact consists of.
struct Offer<P> {
	list: ChunkList,
	peers: Vec<P>,
}

/// What came of a round.
enum Round {
	Done,
	Failed(FetchError),
	/// The peers lied and are known now. Others may be asked at once.
	Unmasked,
}

type Turns = Mutex<HashMap<BlobId, Weak<tokio::sync::Mutex<()>>>>;

/// Finds inputs and artefacts at peers.
pub struct Exchange<T: Transport> {
	transport: T,
	pub(super) store: Arc<Store>,
	limits: FetchLimits,
	pub(super) metrics: Arc<ExchangeMetrics>,
	turns: Turns,
	places: Semaphore,
}

impl<T: Transport> Exchange<T> {
	/// Asks through `transport` and keeps artefacts in `store`.
	pub fn new(
		transport: T,
		store: Arc<Store>,
		limits: FetchLimits,
		metrics: Arc<ExchangeMetrics>,
	) -> Self {
		let places = Semaphore::new(limits.artefacts.max(1));
		Self { transport, store, limits, metrics, turns: Mutex::default(), places }
	}

	/// The encoding of a list of tensors, checked. Peers are asked one after the other; a slow one
	/// does not hold up the next, and is still listened to.
	pub async fn tensors(&self, commitment: Hash) -> Option<Vec<u8>> {
		let found = self.find_tensors(commitment).await;
		match &found {
			Some(bytes) => {
				add(&self.metrics.inputs_fetched, 1);
				add(&self.metrics.bytes_fetched, bytes.len() as u64);
			}
			None => add(&self.metrics.inputs_failed, 1),
		}
		found
	}

	async fn find_tensors(&self, commitment: Hash) -> Option<Vec<u8>> {
		let query = Query::Tensors(commitment);
		let peers = self.transport.peers().await;
		let mut waiting = peers.into_iter().take(self.limits.asked).collect::<Vec<_>>().into_iter();
		let mut asked = FuturesUnordered::new();
		loop {
			match waiting.next() {
				Some(peer) => asked.push(async move { (peer, self.ask(peer, query).await) }),
				None if asked.is_empty() => return None,
				None => {}
			}
			tokio::select! {
				Some((peer, answer)) = asked.next() => {
					let Answer::Reply(Reply::Bytes(bytes)) = answer else { continue };
					let right = bytes.len() <= MAX_INPUT_BYTES as usize
						&& decode_tensors(&bytes)
							.is_ok_and(|tensors| tensors_commitment(&tensors) == commitment);
					if right {
						return Some(bytes);
					}
					self.wrong(peer, &query.id());
				},
				// With nobody left to ask there is only the wait for those already asked.
				() = tokio::time::sleep(self.limits.hedge), if waiting.len() > 0 => {},
			}
		}
	}

	/// Brings an artefact into the store, unless it is there. What came before an error stays on
	/// disk, and the next try, of this process or a later one, goes on from there.
	pub async fn artefact(&self, wanted: Wanted) -> Result<(), FetchError> {
		let turn = self.turn(BlobId::Artefact(wanted.sha256));
		let _turn = turn.lock().await;
		let sha256 = wanted.sha256;
		let is_here = move |store: Arc<Store>| store.artefact(&sha256).map(|path| path.is_some());
		if self.blocking(is_here).await? {
			return Ok(());
		}
		let _place = self.places.acquire().await.map_err(|_| FetchError::Stopped)?;
		let _counted = Counted::new(self.metrics.clone());
		let result = self.rounds(&wanted).await;
		let counter = match &result {
			Ok(()) => &self.metrics.artefacts_fetched,
			Err(_) => &self.metrics.artefacts_failed,
		};
		add(counter, 1);
		result
	}

	async fn rounds(&self, wanted: &Wanted) -> Result<(), FetchError> {
		let mut shunned = HashSet::new();
		let mut why = FetchError::Nobody;
		// Each round that unmasks liars shuns at least one peer, so there are at most so many.
		let (mut rounds, mut unmasked) = (0, 0);
		while rounds < self.limits.rounds.max(1) && unmasked < self.limits.asked {
			if rounds > 0 && !matches!(why, FetchError::Wrong) {
				tokio::time::sleep(self.limits.round_pause).await;
			}
			match self.round(wanted, &mut shunned).await? {
				Round::Done => return Ok(()),
				Round::Failed(FetchError::Nobody) if matches!(why, FetchError::Wrong) => {
					return Err(why);
				}
				Round::Failed(error) => {
					rounds = rounds.saturating_add(1);
					why = error;
				}
				Round::Unmasked => {
					unmasked = unmasked.saturating_add(1);
					why = FetchError::Wrong;
				}
			}
		}
		Err(why)
	}

	/// Looks for peers with an artefact and takes from them what they give.
	async fn round(
		&self,
		wanted: &Wanted,
		shunned: &mut HashSet<T::Peer>,
	) -> Result<Round, FetchError> {
		let sha256 = wanted.sha256;
		let mut offers = self.offers(wanted, shunned).await;
		let begun = self.blocking(move |store| Ok(store.partial_list(&sha256))).await?;
		// What was begun goes on, if anybody still says the same; else what most say.
		let begun = begun.map(|list| list.id()).filter(|id| offers.contains_key(id));
		let most = || offers.iter().max_by_key(|(_, offer)| offer.peers.len()).map(|(id, _)| *id);
		let Some(Offer { list, peers }) = begun.or_else(most).and_then(|id| offers.remove(&id))
		else {
			return Ok(Round::Failed(FetchError::Nobody));
		};
		let chunks = list.hashes.len();
		let partial = self.blocking(move |store| store.partial(sha256, list)).await?;
		let partial = Arc::new(partial);
		self.download(&partial, &peers, shunned).await?;
		let missing = partial.missing().len();
		if missing > 0 {
			return Ok(Round::Failed(FetchError::Incomplete { missing, chunks }));
		}
		match self.blocking(move |_| partial.finish()).await {
			Ok(()) => Ok(Round::Done),
			Err(FetchError::Store(StoreError::WrongContent(id))) => {
				// All chunks are what this list says, and the whole is something else: the list is
				// a lie, and these peers told it.
				for peer in peers {
					self.wrong(peer, &id);
					shunned.insert(peer);
				}
				Ok(Round::Unmasked)
			}
			Err(error) => Err(error),
		}
	}

	/// Who has an artefact, by what they say that it consists of.
	async fn offers(
		&self,
		wanted: &Wanted,
		shunned: &mut HashSet<T::Peer>,
	) -> HashMap<Hash, Offer<T::Peer>> {
		let query = Query::Chunks(wanted.sha256);
		// Those who serve the model are asked first.
		let mut peers = self.transport.providers(wanted).await;
		peers.extend(self.transport.peers().await);
		let mut seen = HashSet::new();
		peers.retain(|peer| seen.insert(*peer) && !shunned.contains(peer));
		peers.truncate(self.limits.asked);
		let mut answers = futures::stream::iter(peers)
			.map(|peer| async move { (peer, self.ask(peer, query).await) })
			.buffer_unordered(self.limits.asked_at_once.max(1));
		let mut offers: HashMap<Hash, Offer<T::Peer>> = HashMap::new();
		let mut until = None;
		loop {
			let next = match until {
				None => answers.next().await,
				Some(until) => {
					tokio::time::timeout_at(until, answers.next()).await.unwrap_or_default()
				}
			};
			let Some((peer, answer)) = next else { return offers };
			match answer {
				Answer::Reply(Reply::Chunks(list)) if list.fits(wanted.length) => {
					until.get_or_insert_with(|| tokio::time::Instant::now() + self.limits.offers);
					let offer = offers
						.entry(list.id())
						.or_insert_with(|| Offer { list, peers: Vec::new() });
					offer.peers.push(peer);
				}
				Answer::Reply(Reply::Chunks(_) | Reply::Bytes(_)) => {
					self.wrong(peer, &query.id());
					shunned.insert(peer);
				}
				Answer::Malformed => {
					shunned.insert(peer);
				}
				_ => {}
			}
		}
	}

	/// What a peer has to say.
	async fn ask(&self, peer: T::Peer, query: Query) -> Answer {
		let reply = match self.transport.ask(peer, query.encode()).await {
			Ok(reply) => reply,
			Err(error) => {
				tracing::debug!(target: LOG, ?peer, id = %query.id(), %error, "no reply");
				return Answer::Failed;
			}
		};
		match Reply::decode_all(&mut &*reply) {
			Ok(reply) => Answer::Reply(reply),
			Err(_) => {
				self.transport.report(peer, Misconduct::Malformed);
				Answer::Malformed
			}
		}
	}

	/// Notes that a peer sent something else than what it was asked for.
	fn wrong(&self, peer: T::Peer, id: &BlobId) {
		add(&self.metrics.wrong_bytes, 1);
		tracing::warn!(target: LOG, ?peer, %id, "a peer sent other bytes");
		self.transport.report(peer, Misconduct::WrongBytes);
	}

	/// The lock under which one artefact is fetched.
	fn turn(&self, id: BlobId) -> Arc<tokio::sync::Mutex<()>> {
		let mut turns = self.turns.lock();
		turns.retain(|_, turn| turn.strong_count() > 0);
		if let Some(turn) = turns.get(&id).and_then(Weak::upgrade) {
			return turn;
		}
		let turn = Arc::new(tokio::sync::Mutex::new(()));
		turns.insert(id, Arc::downgrade(&turn));
		turn
	}

	/// Runs what may block on the disk where it may.
	async fn blocking<R: Send + 'static>(
		&self,
		work: impl FnOnce(Arc<Store>) -> Result<R, StoreError> + Send + 'static,
	) -> Result<R, FetchError> {
		let store = self.store.clone();
		tokio::task::spawn_blocking(move || work(store))
			.await
			.map_err(|_| FetchError::Stopped)?
			.map_err(FetchError::Store)
	}
}

/// What came of asking a peer.
enum Answer {
	Reply(Reply),
	Malformed,
	Failed,
}

/// Counts an artefact as being fetched while this lives.
struct Counted(Arc<ExchangeMetrics>);

impl Counted {
	fn new(metrics: Arc<ExchangeMetrics>) -> Self {
		add(&metrics.fetching, 1);
		Self(metrics)
	}
}

impl Drop for Counted {
	fn drop(&mut self) {
		self.0.fetching.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
	}
}
