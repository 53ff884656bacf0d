//! The side that offers.

use super::{
	chunks::{ChunkList, CHUNK_BYTES},
	metrics::{add, ExchangeMetrics},
	protocol::{Query, Reply},
	Misconduct, LOG,
};
use crate::store::{BlobId, Store, StoreError};
use codec::{DecodeAll, Encode};
use countersign_primitives::model::ArtefactHash;
use parking_lot::Mutex;
use std::{collections::HashMap, fs::File, hash::Hash, sync::Arc, time::Instant};

/// What any query costs at least, so that asking for what is not there is not free.
const LEAST_COST: i64 = 64 * 1024;
/// The most peers whose use is remembered.
const MAX_PEERS: usize = 1_024;
/// The most lists that are kept in memory: at most 4 MiB of them.
const MAX_LISTS: usize = 64;
/// How often a peer may be told that it had enough before that counts as a flood.
const PATIENCE: u64 = 256;
/// How many of those are forgotten each second. Who waits a moment when it is told so stays below;
/// who takes what its budget gains and asks on and on does not.
const FORGOTTEN_PER_SECOND: u64 = 8;

/// What peers may take.
#[derive(Clone, Copy, Debug)]
pub struct ServerLimits {
	/// What one peer may take at once before it has to wait, in bytes.
	pub peer_burst: u64,
	/// What one peer may take for each second in the long run, in bytes.
	pub peer_bytes_per_second: u64,
	/// What all peers together may take at once, in bytes.
	pub burst: u64,
	/// What all peers together may take for each second in the long run, in bytes.
	pub bytes_per_second: u64,
}

impl Default for ServerLimits {
	fn default() -> Self {
		Self {
			peer_burst: 256 * 1024 * 1024,
			peer_bytes_per_second: 16 * 1024 * 1024,
			burst: 512 * 1024 * 1024,
			bytes_per_second: 64 * 1024 * 1024,
		}
	}
}

/// What is left to take.
#[derive(Clone, Copy, Debug)]
struct Bucket {
	left: i64,
	burst: i64,
	per_second: i64,
	at: Instant,
}

impl Bucket {
	fn full(burst: u64, per_second: u64, now: Instant) -> Self {
		let signed = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
		let burst = signed(burst).max(1);
		Self { left: burst, burst, per_second: signed(per_second), at: now }
	}

	fn refill(&mut self, now: Instant) {
		let elapsed = now.saturating_duration_since(self.at).as_millis();
		let gained = i64::try_from(elapsed)
			.unwrap_or(i64::MAX)
			.saturating_mul(self.per_second)
			.saturating_div(1_000);
		// Less than a byte is not lost: time stands still until there is one.
		if gained > 0 {
			self.left = self.left.saturating_add(gained).min(self.burst);
			self.at = now;
		}
	}

	fn charge(&mut self, bytes: usize) {
		let cost = i64::try_from(bytes).unwrap_or(i64::MAX).max(LEAST_COST);
		self.left = self.left.saturating_sub(cost);
	}
}

struct Guest {
	bucket: Bucket,
	/// How often it may still be told that it had enough.
	patience: Bucket,
}

/// What peers have left.
struct Budgets<P> {
	limits: ServerLimits,
	all: Bucket,
	each: HashMap<P, Guest>,
}

enum Verdict {
	Serve,
	Refuse,
	Flood,
}

impl<P: Copy + Eq + Hash> Budgets<P> {
	fn new(limits: ServerLimits, now: Instant) -> Self {
		let all = Bucket::full(limits.burst, limits.bytes_per_second, now);
		Self { limits, all, each: HashMap::new() }
	}

	/// Whether a peer may take more. What it takes is charged afterwards, so it may owe.
	fn judge(&mut self, peer: P, now: Instant) -> Verdict {
		if !self.each.contains_key(&peer) && self.each.len() >= MAX_PEERS {
			// Who has its whole budget again is forgotten without loss.
			self.each.retain(|_, guest| {
				guest.bucket.refill(now);
				guest.bucket.left < guest.bucket.burst
			});
			if self.each.len() >= MAX_PEERS {
				return Verdict::Refuse;
			}
		}
		let ServerLimits { peer_burst, peer_bytes_per_second, .. } = self.limits;
		let guest = self.each.entry(peer).or_insert_with(|| Guest {
			bucket: Bucket::full(peer_burst, peer_bytes_per_second, now),
			patience: Bucket::full(PATIENCE, FORGOTTEN_PER_SECOND, now),
		});
		guest.bucket.refill(now);
		guest.patience.refill(now);
		self.all.refill(now);
		if guest.bucket.left <= 0 {
			if guest.patience.left <= 0 {
				return Verdict::Flood;
			}
			guest.patience.left = guest.patience.left.saturating_sub(1);
			return Verdict::Refuse;
		}
		if self.all.left <= 0 {
			return Verdict::Refuse;
		}
		Verdict::Serve
	}

	fn charge(&mut self, peer: &P, bytes: usize) {
		self.all.charge(bytes);
		if let Some(guest) = self.each.get_mut(peer) {
			guest.bucket.charge(bytes);
		}
	}
}

/// What to send back, and what to think of who asked.
#[derive(Debug)]
pub struct Served {
	/// The encoding of a [`Reply`]; nothing where no reply is due.
	pub reply: Option<Vec<u8>>,
	/// What the peer did wrong.
	pub misconduct: Option<Misconduct>,
}

/// Answers the queries of peers from a store.
pub struct Server<P> {
	store: Arc<Store>,
	budgets: Mutex<Budgets<P>>,
	lists: Mutex<HashMap<ArtefactHash, (u64, Arc<ChunkList>)>>,
	/// One list is computed at a time.
	computing: tokio::sync::Mutex<u64>,
	metrics: Arc<ExchangeMetrics>,
}

impl<P: Copy + Eq + Hash + Send + Sync> Server<P> {
	/// Answers from `store` within `limits`.
	pub fn new(store: Arc<Store>, limits: ServerLimits, metrics: Arc<ExchangeMetrics>) -> Self {
		Self {
			store,
			budgets: Mutex::new(Budgets::new(limits, Instant::now())),
			lists: Mutex::default(),
			computing: tokio::sync::Mutex::default(),
			metrics,
		}
	}

	/// Answers one query.
	pub async fn answer(&self, peer: P, payload: &[u8], now: Instant) -> Served {
		let Ok(query) = Query::decode_all(&mut &*payload) else {
			add(&self.metrics.queries_malformed, 1);
			return Served { reply: None, misconduct: Some(Misconduct::Malformed) };
		};
		let verdict = self.budgets.lock().judge(peer, now);
		if !matches!(verdict, Verdict::Serve) {
			add(&self.metrics.queries_refused, 1);
			let misconduct = matches!(verdict, Verdict::Flood).then_some(Misconduct::Flood);
			return Served { reply: Some(Reply::Busy.encode()), misconduct };
		}
		let reply = match self.look_up(query).await {
			Ok(reply) => reply,
			Err(error) => {
				tracing::warn!(target: LOG, id = %query.id(), %error, "cannot be read");
				Reply::Missing
			}
		};
		let counter = match reply {
			Reply::Missing => &self.metrics.queries_missing,
			_ => &self.metrics.queries_served,
		};
		add(counter, 1);
		let encoded = reply.encode();
		add(&self.metrics.bytes_served, encoded.len() as u64);
		self.budgets.lock().charge(&peer, encoded.len());
		Served { reply: Some(encoded), misconduct: None }
	}

	async fn look_up(&self, query: Query) -> Result<Reply, StoreError> {
		let missing = |found: Option<Reply>| found.unwrap_or(Reply::Missing);
		match query {
			Query::Chunks(sha256) => {
				let list = self.list(sha256).await?;
				Ok(missing(list.map(|list| Reply::Chunks(list.as_ref().clone()))))
			}
			Query::Chunk(sha256, index) => {
				let id = BlobId::Artefact(sha256);
				let offset = u64::from(index).saturating_mul(CHUNK_BYTES);
				if self.store.length(&id).is_none_or(|length| offset >= length) {
					return Ok(Reply::Missing);
				}
				let bytes =
					self.blocking(move |store| store.read(&id, offset, CHUNK_BYTES as u32)).await?;
				Ok(missing(bytes.map(Reply::Bytes)))
			}
			Query::Tensors(commitment) => {
				if self.store.length(&query.id()).is_none() {
					return Ok(Reply::Missing);
				}
				let bytes = self.blocking(move |store| store.tensors(&commitment)).await?;
				Ok(missing(bytes.map(Reply::Bytes)))
			}
		}
	}

	/// What an artefact's chunks hash to. Computed once, because it takes as long as reading all
	/// of it, and kept for the artefacts that were asked for last.
	async fn list(&self, sha256: ArtefactHash) -> Result<Option<Arc<ChunkList>>, StoreError> {
		if self.store.length(&BlobId::Artefact(sha256)).is_none() {
			return Ok(None);
		}
		if let Some((_, list)) = self.lists.lock().get(&sha256) {
			return Ok(Some(list.clone()));
		}
		let mut clock = self.computing.lock().await;
		if let Some((_, list)) = self.lists.lock().get(&sha256) {
			return Ok(Some(list.clone()));
		}
		let found = self
			.blocking(move |store| {
				let Some(path) = store.artefact(&sha256)? else { return Ok(None) };
				let io = |source| StoreError::Io { path: path.clone(), source };
				let mut file = File::open(&path).map_err(io)?;
				let length = file.metadata().map_err(io)?.len();
				ChunkList::read(&mut file, length).map(Some).map_err(io)
			})
			.await?;
		let Some(list) = found.map(Arc::new) else { return Ok(None) };
		*clock = clock.saturating_add(1);
		let mut lists = self.lists.lock();
		if lists.len() >= MAX_LISTS {
			let oldest = lists.iter().min_by_key(|(_, (made, _))| *made).map(|(key, _)| *key);
			oldest.and_then(|oldest| lists.remove(&oldest));
		}
		lists.insert(sha256, (*clock, list.clone()));
		Ok(Some(list))
	}

	/// Runs what may block on the disk where it may.
	async fn blocking<T: Send + Default + 'static>(
		&self,
		work: impl FnOnce(Arc<Store>) -> Result<T, StoreError> + Send + 'static,
	) -> Result<T, StoreError> {
		let store = self.store.clone();
		// A task that did not end is one of a node that is stopping.
		tokio::task::spawn_blocking(move || work(store)).await.unwrap_or_else(|_| Ok(T::default()))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::time::Duration;

	/// A store with one artefact.
	struct Fixture {
		_folder: tempfile::TempDir,
		sha256: ArtefactHash,
		server: Server<u8>,
	}

	fn fixture(artefact: &[u8], limits: ServerLimits) -> Fixture {
		let folder = tempfile::tempdir().expect("a temporary folder");
		let file = folder.path().join("model.onnx");
		std::fs::write(&file, artefact).expect("writable");
		let store = Arc::new(Store::open(folder.path().join("store"), 1 << 30).expect("opens"));
		let sha256 = store.import_artefact(&file).expect("fits");
		let server = Server::new(store, limits, Arc::default());
		Fixture { _folder: folder, sha256, server }
	}

	impl Fixture {
		async fn ask(&self, peer: u8, query: Query, now: Instant) -> (Reply, Option<Misconduct>) {
			let served = self.server.answer(peer, &query.encode(), now).await;
			let reply = served.reply.expect("an answer");
			(Reply::decode_all(&mut &*reply).expect("a reply"), served.misconduct)
		}
	}

	#[tokio::test]
	async fn gives_what_it_has_and_says_what_it_lacks() {
		let mut bytes = vec![7; CHUNK_BYTES as usize];
		bytes.extend(b"end");
		let fixture = fixture(&bytes, ServerLimits::default());
		let (sha256, now) = (fixture.sha256, Instant::now());
		let list = ChunkList::read(&mut &bytes[..], bytes.len() as u64).expect("long enough");
		let first = bytes[..CHUNK_BYTES as usize].to_vec();
		for (query, expected) in [
			(Query::Chunks(sha256), Reply::Chunks(list)),
			(Query::Chunk(sha256, 0), Reply::Bytes(first)),
			(Query::Chunk(sha256, 1), Reply::Bytes(b"end".to_vec())),
			(Query::Chunk(sha256, 2), Reply::Missing),
			(Query::Chunk(sha256, u32::MAX), Reply::Missing),
			(Query::Chunks([0; 32]), Reply::Missing),
			(Query::Chunk([0; 32], 0), Reply::Missing),
			(Query::Tensors(Default::default()), Reply::Missing),
		] {
			assert_eq!(fixture.ask(1, query, now).await, (expected, None));
		}
	}

	#[tokio::test]
	async fn malformed_queries_are_misconduct() {
		let fixture = fixture(b"model", ServerLimits::default());
		let mut longer = Query::Chunks(fixture.sha256).encode();
		longer.push(0);
		for payload in [b"nonsense".to_vec(), vec![], longer] {
			let served = fixture.server.answer(1, &payload, Instant::now()).await;
			assert!(served.reply.is_none());
			assert_eq!(served.misconduct, Some(Misconduct::Malformed));
		}
	}

	#[tokio::test]
	async fn a_greedy_peer_waits_and_others_do_not() {
		let limits = ServerLimits {
			peer_burst: 4 * CHUNK_BYTES,
			peer_bytes_per_second: CHUNK_BYTES,
			..ServerLimits::default()
		};
		let fixture = fixture(&vec![7; CHUNK_BYTES as usize], limits);
		let query = Query::Chunk(fixture.sha256, 0);
		let (greedy, modest, now) = (1, 2, Instant::now());
		let mut served = 0;
		while fixture.ask(greedy, query, now).await.0 != Reply::Busy {
			served += 1;
			assert!(served <= 4);
		}
		assert!(matches!(fixture.ask(modest, query, now).await.0, Reply::Bytes(_)));
		let later = now + Duration::from_secs(1);
		assert!(matches!(fixture.ask(greedy, query, later).await.0, Reply::Bytes(_)));
	}

	#[tokio::test]
	async fn all_together_take_no_more_than_the_node_gives() {
		let limits = ServerLimits {
			burst: 4 * CHUNK_BYTES,
			bytes_per_second: CHUNK_BYTES,
			..ServerLimits::default()
		};
		let fixture = fixture(&vec![7; CHUNK_BYTES as usize], limits);
		let query = Query::Chunk(fixture.sha256, 0);
		let now = Instant::now();
		let mut served = 0;
		for peer in 0..20 {
			let (reply, misconduct) = fixture.ask(peer, query, now).await;
			served += u32::from(reply != Reply::Busy);
			// It is not this peer's fault.
			assert_eq!(misconduct, None);
		}
		assert_eq!(served, 4);
	}

	#[tokio::test]
	async fn a_peer_that_floods_is_reported_and_costs_nothing() {
		let limits = ServerLimits { peer_burst: 1, ..ServerLimits::default() };
		let fixture = fixture(b"model", limits);
		let query = Query::Chunks(fixture.sha256);
		let now = Instant::now();
		assert!(matches!(fixture.ask(1, query, now).await.0, Reply::Chunks(_)));
		for _ in 0..PATIENCE {
			assert_eq!(fixture.ask(1, query, now).await, (Reply::Busy, None));
		}
		for _ in 0..10 {
			assert_eq!(fixture.ask(1, query, now).await, (Reply::Busy, Some(Misconduct::Flood)));
		}
		let served =
			fixture.server.metrics.queries_served.load(std::sync::atomic::Ordering::Relaxed);
		assert_eq!(served, 1);
		// Who waits is welcome again.
		let later = now + Duration::from_secs(10);
		assert!(matches!(fixture.ask(1, query, later).await.0, Reply::Chunks(_)));
	}

	/// A flood that is no faster than twice what the budget gains is one all the same, and whoever
	/// asks again a few times a second is none.
	#[test]
	fn a_steady_flood_is_one_too() {
		let gained = 16;
		let limits = ServerLimits {
			peer_burst: gained * LEAST_COST as u64,
			peer_bytes_per_second: gained * LEAST_COST as u64,
			..ServerLimits::default()
		};
		for (asked_per_second, is_flood) in [(2 * gained + 4, true), (gained + 4, false)] {
			let start = Instant::now();
			let mut budgets: Budgets<u8> = Budgets::new(limits, start);
			let (mut served, mut floods) = (0, 0);
			for query in 0..120 * asked_per_second {
				let now = start + Duration::from_millis(query * 1_000 / asked_per_second);
				match budgets.judge(1, now) {
					Verdict::Serve => {
						served += 1;
						budgets.charge(&1, 1);
					}
					Verdict::Refuse => {}
					Verdict::Flood => floods += 1,
				}
			}
			assert!(served >= 119 * gained, "{served} served");
			assert_eq!(floods > 0, is_flood, "{floods} floods at {asked_per_second} a second");
		}
	}

	#[test]
	fn remembers_a_bounded_number_of_peers() {
		let now = Instant::now();
		let mut budgets: Budgets<usize> = Budgets::new(ServerLimits::default(), now);
		for peer in 0..MAX_PEERS {
			assert!(matches!(budgets.judge(peer, now), Verdict::Serve));
			budgets.charge(&peer, 1);
		}
		assert!(matches!(budgets.judge(MAX_PEERS, now), Verdict::Refuse));
		assert_eq!(budgets.each.len(), MAX_PEERS);
		// Once they have their budgets again there is room for others.
		let later = now + Duration::from_secs(60);
		assert!(matches!(budgets.judge(MAX_PEERS, later), Verdict::Serve));
		assert_eq!(budgets.each.len(), 1);
	}
}
