//! Exchanges with each other, and with peers that lie, stall, flood or go away.

use super::*;
use crate::store::{BlobId, Store};
use codec::{DecodeAll, Encode};
use countersign_primitives::{
	commitment::tensors_commitment,
	tensor::{Tensor, TensorType},
};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::{
	collections::HashMap,
	sync::{atomic::Ordering, Arc},
	time::{Duration, Instant},
};

type Node = Arc<Server<u8>>;

/// What a peer does when it is asked.
enum Behaviour {
	/// Answers from a store, as a node does.
	Honest(Node),
	/// The same until it was asked so often for chunks; then it is gone.
	Leaves(Node, u32),
	/// The same, but answers busy so often before each chunk.
	Busy(Node, u32, u32),
	/// The same, but spoils every chunk from this one on, against its own list.
	Spoils(Node, u32),
	/// Answers about other content under the wanted name.
	Lies(Node, [u8; 32]),
	/// Offers, and then has nothing.
	Withholds(Node),
	/// Always replies this.
	Replies(Vec<u8>),
	Fails,
	Hangs,
}

#[derive(Default)]
struct Record {
	asked: Vec<u8>,
	chunks: HashMap<u8, u32>,
	reported: Vec<(u8, Misconduct)>,
	/// Queries under way now, and the most that ever were.
	running: (usize, usize),
}

#[derive(Clone)]
struct Crowd {
	peers: Arc<Vec<Mutex<Behaviour>>>,
	/// Those that only the chain knows.
	providers: Vec<u8>,
	record: Arc<Mutex<Record>>,
}

enum Act {
	/// Passes the query on, and spoils what comes back.
	Serve(Node, Query, bool),
	Say(Vec<u8>),
	Fail,
	Hang,
}

impl Behaviour {
	fn act(&mut self, query: Query) -> Act {
		let is_chunk = matches!(query, Query::Chunk(..));
		match self {
			Self::Honest(node) => Act::Serve(node.clone(), query, false),
			Self::Leaves(_, 0) if is_chunk => Act::Fail,
			Self::Leaves(node, left) => {
				*left -= u32::from(is_chunk);
				Act::Serve(node.clone(), query, false)
			}
			Self::Busy(_, _, left) if is_chunk && *left > 0 => {
				*left -= 1;
				Act::Say(Reply::Busy.encode())
			}
			Self::Busy(node, times, left) => {
				*left = *times;
				Act::Serve(node.clone(), query, false)
			}
			Self::Spoils(node, from) => {
				let spoils = matches!(query, Query::Chunk(_, index) if index >= *from);
				Act::Serve(node.clone(), query, spoils)
			}
			Self::Lies(node, other) => {
				let other = match query {
					Query::Chunks(_) => Query::Chunks(*other),
					Query::Chunk(_, index) => Query::Chunk(*other, index),
					tensors => tensors,
				};
				Act::Serve(node.clone(), other, false)
			}
			Self::Withholds(_) if is_chunk => Act::Say(Reply::Missing.encode()),
			Self::Withholds(node) => Act::Serve(node.clone(), query, false),
			Self::Replies(reply) => Act::Say(reply.clone()),
			Self::Fails => Act::Fail,
			Self::Hangs => Act::Hang,
		}
	}
}

#[async_trait]
impl Transport for Crowd {
	type Peer = u8;

	async fn peers(&self) -> Vec<u8> {
		(0..self.peers.len() as u8).filter(|peer| !self.providers.contains(peer)).collect()
	}

	async fn providers(&self, _: &Wanted) -> Vec<u8> {
		self.providers.clone()
	}

	async fn ask(&self, peer: u8, query: Vec<u8>) -> Result<Vec<u8>, String> {
		let query = Query::decode_all(&mut &*query).expect("a query");
		{
			let mut record = self.record.lock();
			record.asked.push(peer);
			*record.chunks.entry(peer).or_default() += u32::from(matches!(query, Query::Chunk(..)));
			record.running.0 += 1;
			record.running.1 = record.running.1.max(record.running.0);
		}
		let act = self.peers[peer as usize].lock().act(query);
		let reply = match act {
			Act::Serve(node, query, spoils) => {
				let served = node.answer(0, &query.encode(), Instant::now()).await;
				let mut reply = served.reply.expect("a query");
				if let Some(last) = reply.last_mut().filter(|_| spoils) {
					*last ^= 1;
				}
				Ok(reply)
			}
			Act::Say(reply) => Ok(reply),
			Act::Fail => Err("gone".into()),
			Act::Hang => std::future::pending().await,
		};
		self.record.lock().running.0 -= 1;
		reply
	}

	fn report(&self, peer: u8, misconduct: Misconduct) {
		self.record.lock().reported.push((peer, misconduct));
	}
}

/// Bytes that repeat nowhere.
fn content(length: usize, seed: u8) -> Vec<u8> {
	let mut bytes = Vec::with_capacity(length + 32);
	let mut block = [seed; 32];
	while bytes.len() < length {
		block = sp_crypto_hashing::blake2_256(&block);
		bytes.extend_from_slice(&block);
	}
	bytes.truncate(length);
	bytes
}

struct Fixture {
	folder: tempfile::TempDir,
	wanted: Wanted,
	bytes: Vec<u8>,
}

fn fixture(length: usize) -> Fixture {
	let bytes = content(length, 1);
	let sha256 = Sha256::digest(&bytes).into();
	let wanted = Wanted { sha256, length: length as u64, model: None };
	Fixture { folder: tempfile::tempdir().expect("a temporary folder"), wanted, bytes }
}

const UNLIMITED: ServerLimits = ServerLimits {
	peer_burst: u64::MAX,
	peer_bytes_per_second: 0,
	burst: u64::MAX,
	bytes_per_second: 0,
};

impl Fixture {
	fn store(&self, name: &str) -> Arc<Store> {
		Arc::new(Store::open(self.folder.path().join(name), 1 << 30).expect("opens"))
	}

	/// A server whose store holds some bytes.
	fn server_of(&self, name: &str, bytes: &[u8]) -> Node {
		let store = self.store(name);
		let file = self.folder.path().join("source");
		std::fs::write(&file, bytes).expect("writable");
		store.import_artefact(&file).expect("fits");
		Arc::new(Server::new(store, UNLIMITED, Arc::default()))
	}

	fn server(&self, name: &str) -> Node {
		self.server_of(name, &self.bytes)
	}

	fn crowd(&self, behaviours: Vec<Behaviour>) -> Crowd {
		Crowd {
			peers: Arc::new(behaviours.into_iter().map(Mutex::new).collect()),
			providers: Vec::new(),
			record: Arc::default(),
		}
	}

	fn exchange(&self, crowd: &Crowd) -> Exchange<Crowd> {
		let limits = FetchLimits {
			offers: Duration::from_millis(200),
			hedge: Duration::from_millis(300),
			busy_pause: Duration::from_millis(1),
			round_pause: Duration::from_millis(1),
			..FetchLimits::default()
		};
		Exchange::new(crowd.clone(), self.store("mine"), limits, Arc::default())
	}

	fn assert_here(&self) {
		let path = self.store("mine").artefact(&self.wanted.sha256).expect("readable");
		let found = std::fs::read(path.expect("here")).expect("readable");
		assert!(found == self.bytes, "other bytes under the right name");
	}
}

const MIB: usize = CHUNK_BYTES as usize;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_artefact_of_a_hundred_megabytes_comes_from_one_exchange_to_another() {
	let fixture = fixture(100_000_000);
	let crowd = fixture.crowd(vec![Behaviour::Honest(fixture.server("a"))]);
	let exchange = fixture.exchange(&crowd);
	exchange.artefact(fixture.wanted).await.expect("comes");
	fixture.assert_here();
	assert_eq!(exchange.metrics.bytes_fetched.load(Ordering::Relaxed), 100_000_000);
	assert_eq!(exchange.metrics.fetching.load(Ordering::Relaxed), 0);
	assert!(crowd.record.lock().reported.is_empty());
	// It is here now: nobody is asked.
	let asked = crowd.record.lock().asked.len();
	exchange.artefact(fixture.wanted).await.expect("is here");
	assert_eq!(crowd.record.lock().asked.len(), asked);
}

#[tokio::test]
async fn several_peers_share_the_work_and_memory_is_bounded() {
	let fixture = fixture(40 * MIB + 77);
	let behaviours = ["a", "b", "c"].map(|name| Behaviour::Honest(fixture.server(name)));
	let mut crowd = fixture.crowd(behaviours.into());
	// One of them is not connected: only the chain says that it should have it.
	crowd.providers = vec![2];
	let exchange = fixture.exchange(&crowd);
	exchange.artefact(fixture.wanted).await.expect("comes");
	fixture.assert_here();
	let record = crowd.record.lock();
	for peer in 0..3 {
		assert!(record.chunks[&peer] >= 5, "{:?}", record.chunks);
	}
	assert!(record.running.1 <= FetchLimits::default().lanes, "{:?}", record.running);
	assert!(record.reported.is_empty());
}

#[tokio::test]
async fn one_wrong_chunk_has_one_author() {
	let fixture = fixture(12 * MIB);
	let crowd = fixture.crowd(vec![
		Behaviour::Spoils(fixture.server("a"), 0),
		Behaviour::Honest(fixture.server("b")),
		Behaviour::Spoils(fixture.server("c"), 6),
	]);
	fixture.exchange(&crowd).artefact(fixture.wanted).await.expect("comes");
	fixture.assert_here();
	let record = crowd.record.lock();
	assert!(record.reported.contains(&(0, Misconduct::WrongBytes)));
	for (peer, misconduct) in &record.reported {
		assert!(*peer != 1, "an honest peer was blamed");
		assert_eq!(*misconduct, Misconduct::WrongBytes);
	}
}

/// More liars than honest peers, who all tell the same lie, consistent in itself.
#[tokio::test]
async fn a_lie_of_many_is_found_out_at_the_end_and_costs_them_all() {
	let fixture = fixture(5 * MIB);
	let other = content(5 * MIB, 2);
	let hash = Sha256::digest(&other).into();
	let liar = |name| Behaviour::Lies(fixture.server_of(name, &other), hash);
	let crowd = fixture.crowd(vec![
		liar("a"),
		liar("b"),
		Behaviour::Honest(fixture.server("c")),
		liar("d"),
	]);
	fixture.exchange(&crowd).artefact(fixture.wanted).await.expect("comes");
	fixture.assert_here();
	let mut reported = crowd.record.lock().reported.clone();
	reported.sort_by_key(|(peer, _)| *peer);
	assert_eq!(reported, [0, 1, 3].map(|peer| (peer, Misconduct::WrongBytes)));
}

#[tokio::test]
async fn only_liars_means_an_error_and_nothing_in_the_store() {
	let fixture = fixture(2 * MIB);
	let other = content(2 * MIB, 2);
	let hash = Sha256::digest(&other).into();
	// Of another length than the chain says: known as a lie at once.
	let short = content(MIB, 3);
	let short_hash = Sha256::digest(&short).into();
	let crowd = fixture.crowd(vec![
		Behaviour::Lies(fixture.server_of("a", &other), hash),
		Behaviour::Lies(fixture.server_of("b", &short), short_hash),
		Behaviour::Replies(b"nonsense".to_vec()),
		Behaviour::Replies(Reply::Bytes(vec![1]).encode()),
	]);
	let exchange = fixture.exchange(&crowd);
	let error = exchange.artefact(fixture.wanted).await.expect_err("all lie");
	assert!(matches!(error, FetchError::Wrong), "{error}");
	assert_eq!(exchange.store.length(&BlobId::Artefact(fixture.wanted.sha256)), None);
	assert_eq!(exchange.store.partial_list(&fixture.wanted.sha256), None, "nothing to go on from");
	let record = crowd.record.lock();
	assert!(record.reported.contains(&(2, Misconduct::Malformed)));
	for peer in [0, 1, 3] {
		assert!(record.reported.contains(&(peer, Misconduct::WrongBytes)));
	}
}

#[tokio::test]
async fn what_came_before_a_crash_is_not_fetched_again() {
	let fixture = fixture(10 * MIB);
	let behaviours = vec![Behaviour::Leaves(fixture.server("a"), 6)];
	let crowd = fixture.crowd(behaviours);
	let error = fixture.exchange(&crowd).artefact(fixture.wanted).await.expect_err("too few");
	assert!(matches!(error, FetchError::Incomplete { missing: 4, chunks: 10 }), "{error}");
	// Another process, and another peer. One of the chunks on disk was damaged in between.
	let path = fixture.folder.path().join("mine/fetching");
	let mut files = std::fs::read_dir(path).expect("there").flatten().map(|file| file.path());
	let file = files.find(|path| path.extension().is_some_and(|it| it == "part"));
	let file = file.expect("a partial file");
	let mut bytes = std::fs::read(&file).expect("readable");
	let first = bytes.chunks(MIB).position(|chunk| chunk.iter().any(|byte| *byte != 0));
	bytes[first.expect("some came") * MIB + 5] ^= 1;
	std::fs::write(&file, bytes).expect("writable");
	let crowd = fixture.crowd(vec![Behaviour::Honest(fixture.server("b"))]);
	let exchange = fixture.exchange(&crowd);
	exchange.artefact(fixture.wanted).await.expect("comes");
	fixture.assert_here();
	assert_eq!(crowd.record.lock().chunks[&0], 5, "four that were missing and the damaged one");
}

#[tokio::test]
async fn peers_that_stall_leave_or_are_busy_do_not_stop_it() {
	let fixture = fixture(12 * MIB);
	let crowd = fixture.crowd(vec![
		Behaviour::Fails,
		Behaviour::Hangs,
		Behaviour::Replies(Reply::Missing.encode()),
		Behaviour::Leaves(fixture.server("a"), 3),
		Behaviour::Withholds(fixture.server("b")),
		Behaviour::Busy(fixture.server("c"), 3, 3),
	]);
	fixture.exchange(&crowd).artefact(fixture.wanted).await.expect("comes");
	fixture.assert_here();
	let record = crowd.record.lock();
	assert!(record.reported.iter().all(|report| *report == (4, Misconduct::Withheld)));
	assert!(!record.reported.is_empty());
}

#[tokio::test]
async fn nobody_has_it() {
	let fixture = fixture(MIB);
	let crowd = fixture.crowd(vec![Behaviour::Fails, Behaviour::Replies(Reply::Busy.encode())]);
	let exchange = fixture.exchange(&crowd);
	let error = exchange.artefact(fixture.wanted).await.expect_err("nobody");
	assert!(matches!(error, FetchError::Nobody));
	let nobody = fixture.crowd(vec![]);
	assert!(fixture.exchange(&nobody).artefact(fixture.wanted).await.is_err());
	assert_eq!(exchange.metrics.artefacts_failed.load(Ordering::Relaxed), 1);
	assert_eq!(exchange.metrics.fetching.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn two_who_want_the_same_fetch_it_once() {
	let fixture = fixture(6 * MIB);
	let crowd = fixture.crowd(vec![Behaviour::Honest(fixture.server("a"))]);
	let exchange = fixture.exchange(&crowd);
	let (one, two) =
		tokio::join!(exchange.artefact(fixture.wanted), exchange.artefact(fixture.wanted));
	one.expect("comes");
	two.expect("comes");
	assert_eq!(crowd.record.lock().chunks[&0], 6);
}

fn input() -> (countersign_primitives::Hash, Vec<u8>) {
	let tensors = vec![Tensor { ty: TensorType::U8, shape: vec![3], data: vec![1, 2, 3] }];
	(tensors_commitment(&tensors), tensors.encode())
}

#[tokio::test]
async fn an_input_is_asked_for_until_somebody_has_it() {
	let fixture = fixture(10);
	let (commitment, bytes) = input();
	fixture.store("a").put_tensors(&bytes).expect("fits");
	let server = fixture.server("a");
	let crowd = fixture.crowd(vec![
		Behaviour::Fails,
		Behaviour::Replies(Reply::Missing.encode()),
		Behaviour::Replies(Reply::Busy.encode()),
		Behaviour::Replies(Reply::Bytes(b"other".to_vec()).encode()),
		Behaviour::Replies(vec![9]),
		Behaviour::Hangs,
		Behaviour::Honest(server),
		Behaviour::Fails,
	]);
	let exchange = fixture.exchange(&crowd);
	assert_eq!(exchange.tensors(commitment).await, Some(bytes));
	let record = crowd.record.lock();
	assert_eq!(record.asked, [0, 1, 2, 3, 4, 5, 6]);
	assert_eq!(record.reported, [(3, Misconduct::WrongBytes), (4, Misconduct::Malformed)]);
}

#[tokio::test]
async fn an_input_that_nobody_has_is_given_up() {
	let fixture = fixture(10);
	let (commitment, _) = input();
	let crowd = fixture.crowd((0..60).map(|_| Behaviour::Fails).collect());
	let exchange = fixture.exchange(&crowd);
	assert_eq!(exchange.tensors(commitment).await, None);
	assert_eq!(crowd.record.lock().asked.len(), FetchLimits::default().asked);
	assert_eq!(fixture.exchange(&fixture.crowd(vec![])).tensors(commitment).await, None);
}
