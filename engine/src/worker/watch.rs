//! Looking after others: recomputes open results of models that this node has, and has the chain
//! replay those that are wrong.
//!
//! [`run`] is a future to spawn, driven by new best blocks like the worker itself. A result is
//! first recomputed by the canonical engine here; only where that contradicts it, and the chain's
//! own referee agrees in a dry run, a challenge is signed and submitted. So a mistake of this
//! machine costs no bond: it is counted, and logged as an error.
//!
//! ```text
//! open result ─ ours? ─ program and input here? ─ recompute ─ wrong ─ written down ─ our turn?
//!                                                    │ stands                          │
//!                                                    done          dry run says wrong ─┴─ challenge
//! ```
//!
//! A model that no replay can decide is disputed by a game, and games about our own results are
//! answered, see `play.rs`.
//!
//! What was found wrong is kept in a file until it is decided, so that a restart forgets nothing.
//! Several validators see the same lie: each waits a few blocks of its own, drawn from request and
//! account, so that mostly one challenge is sent.

mod package;
mod play;
mod record;
#[cfg(test)]
mod tests;

pub use package::Importer;
pub use play::Games;

use super::{canonical::Runner, sources::blocking, BestBlock, BlobSource, Failure, Signer, LOG};
use crate::{
	store::{BlobId, Store},
	supervisor::{RunJob, RunOutcome},
};
use async_trait::async_trait;
use codec::Encode;
use countersign_canonical::bands::Verdict as Band;
use countersign_primitives::{
	commitment::tensors_commitment,
	demand::DemandId,
	dispute::{
		DisputableView, Effort, PackageSource, ReplayChallenge, ReplayCost, ReplayRefusal, Verdict,
		Witness,
	},
	keys::{InferenceId, InferenceSignature},
	model::{Manifest, ModelId},
	request::{Outcome, RequestId},
	tensor::{decode_tensors, Tensor},
	AccountId, BlockNumber, Hash, SessionIndex, ValidatorIndex,
};
use futures::{FutureExt, Stream, StreamExt};
use record::Record;
use std::{
	collections::{HashMap, HashSet, VecDeque},
	path::PathBuf,
	pin::pin,
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};

/// The most results that are remembered as looked at. Beyond it, some are looked at again.
const MAX_KNOWN: usize = 65_536;
/// The most results that wait to be looked at.
const MAX_WAITING: usize = 4_096;
/// Open results that are asked for at one block, beside those of the block itself.
const PAGE: u32 = 32;
/// Blocks among which the validators that see the same lie are spread.
const SPREAD: u32 = 4;
/// Blocks after which a challenge is sent again while the result is still open.
const AGAIN_AFTER: BlockNumber = 6;
/// How often a result is tried whose input is nowhere to be had, or that the engine failed on.
const ATTEMPTS: u32 = 5;

/// A position in a current session that one of our keys signs for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seat {
	/// The validator.
	pub account: AccountId,
	/// The session.
	pub session: SessionIndex,
	/// The position in its set.
	pub validator: ValidatorIndex,
	/// The key.
	pub key: InferenceId,
}

/// The chain, as far as disputes go.
#[async_trait]
pub trait Court: Send + Sync {
	/// The hash of the genesis block.
	fn genesis(&self) -> Hash;
	/// Our positions in the current session.
	async fn seats(&self, at: Hash) -> Result<Vec<Seat>, Failure>;
	/// The requests that were answered in a block.
	async fn answered(&self, at: Hash) -> Result<Vec<RequestId>, Failure>;
	/// Open results, a page of them.
	async fn open(
		&self,
		at: Hash,
		after: Option<RequestId>,
		limit: u32,
	) -> Result<Vec<DisputableView>, Failure>;
	/// One open result.
	async fn result(&self, at: Hash, request: RequestId)
		-> Result<Option<DisputableView>, Failure>;
	/// A model's manifest.
	async fn manifest(&self, at: Hash, model: ModelId) -> Result<Option<Manifest>, Failure>;
	/// The encoding of a request's input, where it is on chain.
	async fn input(&self, at: Hash, request: RequestId) -> Result<Option<Vec<u8>>, Failure>;
	/// What a replay with the package that the chain stores would cost.
	async fn cost_stored(
		&self,
		at: Hash,
		request: RequestId,
	) -> Result<Result<ReplayCost, ReplayRefusal>, Failure>;
	/// What a replay with this package would cost.
	async fn cost(
		&self,
		at: Hash,
		package: Vec<u8>,
		input_bytes: u32,
	) -> Result<Result<ReplayCost, ReplayRefusal>, Failure>;
	/// What the chain would find.
	async fn judge(
		&self,
		at: Hash,
		request: RequestId,
		witness: Witness,
	) -> Result<Result<Verdict, ReplayRefusal>, Failure>;
	/// Open results that an auditor contradicts, where an account's word is at stake.
	async fn contradicted(&self, at: Hash, account: AccountId) -> Result<Vec<RequestId>, Failure>;
	/// Submits a challenge. Submitting the same again is no error.
	async fn challenge(
		&self,
		at: Hash,
		challenge: ReplayChallenge,
		witness: Witness,
		signature: InferenceSignature,
	) -> Result<(), Failure>;
}

/// Gives the package of a model whose artefact is here.
#[async_trait]
pub trait Packages: Send + Sync {
	/// The encoding of the package whose root the manifest names, or why there is none.
	async fn package(&self, manifest: Arc<Manifest>, artefact: PathBuf) -> Result<Vec<u8>, String>;
}

/// Counters, for the node to export. All only grow.
#[derive(Debug, Default)]
pub struct WatchMetrics {
	/// Results that were recomputed.
	pub checked: AtomicU64,
	/// Results that the canonical engine here contradicts.
	pub contradicted: AtomicU64,
	/// Challenges that were submitted.
	pub challenges: AtomicU64,
	/// Moves in games, and what was demanded, that were submitted.
	pub moves: AtomicU64,
	/// Results on which the chain's referee and the engine here disagree.
	pub disagreements: AtomicU64,
	/// Wrong results that no replay can decide.
	pub undecidable: AtomicU64,
	/// What did not work: the chain, the engine, the disk.
	pub failures: AtomicU64,
}

impl WatchMetrics {
	/// Names and values, for an exporter.
	pub fn entries(&self) -> [(&'static str, u64); 7] {
		let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
		[
			("watch_checked", value(&self.checked)),
			("watch_contradicted", value(&self.contradicted)),
			("watch_challenges", value(&self.challenges)),
			("watch_moves", value(&self.moves)),
			("watch_disagreements", value(&self.disagreements)),
			("watch_undecidable", value(&self.undecidable)),
			("watch_failures", value(&self.failures)),
		]
	}
}

fn count(counter: &AtomicU64) {
	counter.fetch_add(1, Ordering::Relaxed);
}

/// All that the watcher works with.
#[derive(Clone)]
pub struct WatchParts {
	/// The chain.
	pub court: Arc<dyn Court>,
	/// The chain, as far as games go.
	pub games: Arc<dyn Games>,
	/// The keys.
	pub signer: Arc<dyn Signer>,
	/// The canonical engine.
	pub engine: Arc<dyn Runner>,
	/// Packages of models.
	pub packages: Arc<dyn Packages>,
	/// Other nodes, for inputs.
	pub blobs: Arc<dyn BlobSource>,
	/// Artefacts and inputs.
	pub store: Arc<Store>,
	/// Counters.
	pub metrics: Arc<WatchMetrics>,
	/// How long the checks of one block may go on before the next block is looked at.
	pub patience: Duration,
}

/// What is known of a result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Known {
	/// It is in the queue, tried so often.
	Waiting(u32),
	/// Nothing is to be done about it.
	Settled,
}

/// Why there is no replay of a wrong result.
enum Hindrance {
	/// It would be too heavy, or too long: a game can decide.
	NoReplay,
	/// This node lacks something.
	Lacking(String),
}

struct Watcher {
	parts: WatchParts,
	record: Record,
	known: HashMap<RequestId, Known>,
	queue: VecDeque<RequestId>,
	/// Where the pages go on.
	page: Option<RequestId>,
	/// When each challenge was last sent.
	sent: HashMap<RequestId, BlockNumber>,
	manifests: HashMap<ModelId, Arc<Manifest>>,
	/// The step of each game at which we moved last, and when.
	moved: HashMap<(RequestId, u8), (u8, BlockNumber)>,
	/// When what is demanded was shown last.
	shown: HashMap<(RequestId, DemandId), BlockNumber>,
	/// Wrong results about which we were the challenger in a game.
	challenged: HashSet<RequestId>,
	prepared: play::Prepared,
	/// Where games and demands are looked at next.
	seen: play::Seen,
}

/// Watches until the stream of best blocks ends. Fails only where the file cannot be read.
pub async fn run(
	parts: WatchParts,
	path: PathBuf,
	blocks: impl Stream<Item = BestBlock> + Send,
) -> Result<(), Failure> {
	let genesis = parts.court.genesis();
	let record = blocking(move || Record::open(path, genesis))
		.await
		.map_err(Failure)?
		.map_err(Failure::new)?;
	tracing::info!(target: LOG, pending = record.pending().len(), "watcher started");
	let mut watcher = Watcher {
		parts,
		record,
		known: HashMap::new(),
		queue: VecDeque::new(),
		page: None,
		sent: HashMap::new(),
		manifests: HashMap::new(),
		moved: HashMap::new(),
		shown: HashMap::new(),
		challenged: HashSet::new(),
		prepared: play::Prepared::default(),
		seen: play::Seen::default(),
	};
	let mut blocks = pin!(blocks.fuse());
	while let Some(mut block) = blocks.next().await {
		// Only the newest counts.
		while let Some(Some(newer)) = blocks.next().now_or_never() {
			block = newer;
		}
		if let Err(error) = watcher.on_block(block).await {
			count(&watcher.parts.metrics.failures);
			tracing::warn!(target: LOG, block = block.number, %error, "nothing watched");
		}
	}
	Ok(())
}

/// Blocks that a validator waits before it challenges, so that others may have done it.
fn turn(request: &RequestId, account: &AccountId) -> BlockNumber {
	let hash = sp_crypto_hashing::blake2_256(&(request, account).encode());
	u32::from(hash[0]) % SPREAD
}

impl Watcher {
	async fn on_block(&mut self, block: BestBlock) -> Result<(), Failure> {
		let seats = self.parts.court.seats(block.hash).await?;
		// Answers first: their windows run, and an error in the one is none in the other.
		let played = self.play_all(&seats, block).await;
		let shown = self.show_all(block).await;
		played.and(shown)?;
		// Who is not in the session cannot challenge by its key.
		let Some(seat) = seats.first().cloned() else { return Ok(()) };
		for request in self.record.pending() {
			self.pursue(request, &seat, block).await?;
		}
		self.settle_contradictions(&seat, block).await?;
		self.discover(&seats, block).await?;
		let begun = Instant::now();
		while begun.elapsed() < self.parts.patience {
			let Some(request) = self.queue.pop_front() else { break };
			if let Err(error) = self.check(request, block).await {
				self.queue.push_front(request);
				return Err(error);
			}
			// What was just found is not left for the next block.
			if self.record.is_pending(&request) {
				self.pursue(request, &seat, block).await?;
			}
		}
		Ok(())
	}

	/// Puts new open results of others into the queue.
	async fn discover(&mut self, seats: &[Seat], block: BestBlock) -> Result<(), Failure> {
		if self.known.len() > MAX_KNOWN {
			self.known.retain(|_, known| *known != Known::Settled);
		}
		for request in self.parts.court.answered(block.hash).await? {
			self.enqueue(request);
		}
		let page = self.parts.court.open(block.hash, self.page, PAGE).await?;
		self.page = page.last().map(|view| view.request);
		for view in page {
			if seats.iter().any(|seat| seat.account == view.executor) {
				self.known.insert(view.request, Known::Settled);
			} else {
				self.enqueue(view.request);
			}
		}
		Ok(())
	}

	fn enqueue(&mut self, request: RequestId) {
		let is_new = !self.known.contains_key(&request) && !self.record.is_pending(&request);
		if is_new && self.queue.len() < MAX_WAITING {
			self.known.insert(request, Known::Waiting(0));
			self.queue.push_back(request);
		}
	}

	/// Tries again at a later block, a few times.
	fn later(&mut self, request: RequestId, why: &str) {
		let tried = match self.known.get(&request) {
			Some(Known::Waiting(tried)) => tried.saturating_add(1),
			_ => 1,
		};
		tracing::debug!(target: LOG, ?request, tried, %why, "not checked yet");
		if tried < ATTEMPTS {
			self.known.insert(request, Known::Waiting(tried));
			self.queue.push_back(request);
		} else {
			self.known.insert(request, Known::Settled);
		}
	}

	async fn manifest(
		&mut self,
		at: Hash,
		model: ModelId,
	) -> Result<Option<Arc<Manifest>>, Failure> {
		if let Some(manifest) = self.manifests.get(&model) {
			return Ok(Some(manifest.clone()));
		}
		let Some(manifest) = self.parts.court.manifest(at, model).await? else { return Ok(None) };
		let manifest = Arc::new(manifest);
		if self.manifests.len() >= 256 {
			self.manifests.clear();
		}
		self.manifests.insert(model, manifest.clone());
		Ok(Some(manifest))
	}

	/// Recomputes a result, if its model and its input are here.
	async fn check(&mut self, request: RequestId, block: BestBlock) -> Result<(), Failure> {
		let at = block.hash;
		let Some(view) = self.parts.court.result(at, request).await? else {
			self.known.insert(request, Known::Settled);
			return Ok(());
		};
		let manifest = self.manifest(at, view.model).await?;
		let Some(manifest) = manifest.filter(|manifest| manifest.program.is_some()) else {
			self.known.insert(request, Known::Settled);
			return Ok(());
		};
		let Some((artefact, _pin)) = self.artefact(&manifest).await else {
			// A model that this node does not have is for others to watch.
			self.known.insert(request, Known::Settled);
			return Ok(());
		};
		let Some(input) = self.input(at, &view).await? else {
			self.later(request, "its input is nowhere to be had");
			return Ok(());
		};
		let stands = match self.stands(&manifest, artefact, input, &view.outcome).await {
			Ok(stands) => stands,
			Err(why) => {
				self.later(request, &why);
				return Ok(());
			}
		};
		count(&self.parts.metrics.checked);
		self.known.insert(request, Known::Settled);
		if !stands {
			count(&self.parts.metrics.contradicted);
			tracing::warn!(target: LOG, ?request, executor = ?view.executor, "a result is wrong");
			self.note(|record| record.add(request, block.number)).await;
		}
		Ok(())
	}

	async fn artefact(&self, manifest: &Manifest) -> Option<(PathBuf, crate::store::Pin)> {
		let sha256 = manifest.artefact.sha256;
		let pin = self.parts.store.pin(BlobId::Artefact(sha256));
		let store = self.parts.store.clone();
		match blocking(move || store.artefact(&sha256)).await {
			Ok(Ok(Some(path))) => Some((path, pin)),
			_ => None,
		}
	}

	/// The input of a result: on chain, here, or with other nodes.
	async fn input(&self, at: Hash, view: &DisputableView) -> Result<Option<Vec<Tensor>>, Failure> {
		let right = |bytes: &[u8]| {
			decode_tensors(bytes).ok().filter(|tensors| tensors_commitment(tensors) == view.input)
		};
		if view.input_on_chain.is_some() {
			let bytes = self.parts.court.input(at, view.request).await?;
			return Ok(bytes.and_then(|bytes| right(&bytes)));
		}
		let (store, commitment) = (self.parts.store.clone(), view.input);
		if let Ok(Ok(Some(bytes))) = blocking(move || store.tensors(&commitment)).await {
			return Ok(right(&bytes));
		}
		let bytes = self.parts.blobs.input(view.input).await?;
		Ok(bytes.and_then(|bytes| right(&bytes)))
	}

	/// Whether the canonical engine here agrees with a claim.
	async fn stands(
		&self,
		manifest: &Manifest,
		artefact: PathBuf,
		input: Vec<Tensor>,
		claim: &Outcome,
	) -> Result<bool, String> {
		let claimed = match claim {
			Outcome::Output(bytes) => {
				Some(decode_tensors(bytes).map_err(|error| format!("{error:?}"))?)
			}
			Outcome::Trap { .. } => None,
		};
		let job = RunJob::canonical(manifest, artefact, input, claimed)
			.map_err(|error| error.to_string())?;
		let report = self.parts.engine.run(job).await.map_err(|error| error.to_string())?;
		Ok(match (claim, report.outcome) {
			(Outcome::Output(_), _) => match report.verdict {
				Some(verdict) => verdict != Band::Wrong,
				None => return Err("the engine did not judge".into()),
			},
			(
				Outcome::Trap { code, operator },
				RunOutcome::Trap { code: found, operator: at, .. },
			) => *code == found && *operator == at,
			(Outcome::Trap { .. }, RunOutcome::Output(_)) => false,
		})
	}

	/// Brings a wrong result before the chain, when it is our turn.
	async fn pursue(
		&mut self,
		request: RequestId,
		seat: &Seat,
		block: BestBlock,
	) -> Result<(), Failure> {
		let at = block.hash;
		let Some(view) = self.parts.court.result(at, request).await? else {
			// Decided, by whomever, or `Final`.
			self.drop(request).await;
			return Ok(());
		};
		let found_at = self.record.found_at(&request).unwrap_or(block.number);
		let is_ours = found_at.saturating_add(turn(&request, &seat.account)) <= block.number;
		let was_sent = self
			.sent
			.get(&request)
			.is_some_and(|sent| sent.saturating_add(AGAIN_AFTER) > block.number);
		if !is_ours || was_sent || view.executor == seat.account {
			return Ok(());
		}
		match self.prepare(&view, at).await? {
			Ok((effort, witness)) => {
				match self.parts.court.judge(at, request, witness.clone()).await? {
					Ok(Verdict::Wrong) => self.send(&view, seat, effort, witness, block).await?,
					Ok(verdict) => {
						count(&self.parts.metrics.disagreements);
						tracing::error!(
							target: LOG,
							?request,
							?verdict,
							"the chain's referee does not find wrong what the engine here does: \
							 check this machine, and tell the developers"
						);
						self.drop(request).await;
					}
					Err(ReplayRefusal::NotOpen) => self.drop(request).await,
					Err(ReplayRefusal::TooHeavy) => self.open_game(&view, seat, block).await?,
					Err(refusal) => self.give_up(request, &format!("{refusal:?}")).await,
				}
			}
			Err(Hindrance::NoReplay) => self.open_game(&view, seat, block).await?,
			Err(Hindrance::Lacking(why)) => self.give_up(request, &why).await,
		}
		Ok(())
	}

	/// What the chain lacks for a replay, and what that takes; or why it cannot be had.
	async fn prepare(
		&mut self,
		view: &DisputableView,
		at: Hash,
	) -> Result<Result<(Effort, Witness), Hindrance>, Failure> {
		let lacking = |why: &str| Ok(Err(Hindrance::Lacking(why.into())));
		let Some(manifest) = self.manifest(at, view.model).await? else {
			return lacking("there is no such model");
		};
		let input = match view.input_on_chain {
			Some(_) => None,
			None => match self.input(at, view).await? {
				Some(tensors) => Some(tensors.encode()),
				None => return lacking("its input is nowhere to be had"),
			},
		};
		let given = input.as_ref().map_or(0, |bytes| bytes.len() as u32);
		let (package, cost) = if view.stored {
			(PackageSource::Stored, self.parts.court.cost_stored(at, view.request).await?)
		} else {
			let Some((artefact, _pin)) = self.artefact(&manifest).await else {
				return lacking("its artefact is not here any more");
			};
			let package = match self.parts.packages.package(manifest, artefact).await {
				Ok(package) => package,
				Err(why) => return Ok(Err(Hindrance::Lacking(why))),
			};
			let input_bytes = view.input_on_chain.unwrap_or(0);
			let cost = self.parts.court.cost(at, package.clone(), input_bytes).await?;
			match package.try_into() {
				Ok(bytes) => (PackageSource::Inline(bytes), cost),
				// Too long for one transaction.
				Err(_) => return Ok(Err(Hindrance::NoReplay)),
			}
		};
		let cost = match cost {
			Ok(cost) if cost.fits => cost,
			Ok(_) | Err(ReplayRefusal::TooHeavy) => return Ok(Err(Hindrance::NoReplay)),
			Err(refusal) => return Ok(Err(Hindrance::Lacking(format!("{refusal:?}")))),
		};
		let effort = Effort { bytes: cost.effort.bytes.saturating_add(given), ..cost.effort };
		let input = match input.map(TryInto::try_into).transpose() {
			Ok(input) => input,
			Err(_) => return lacking("its input is too long"),
		};
		Ok(Ok((effort, Witness { package, input })))
	}

	/// Has results recomputed that an auditor contradicts, where our word is at stake. The chain takes
	/// no bond for that, and whatever it finds decides; so nothing is asked of the engine here.
	/// Others whose word is at stake do the same: each at blocks of its own, mostly.
	async fn settle_contradictions(
		&mut self,
		seat: &Seat,
		block: BestBlock,
	) -> Result<(), Failure> {
		let at = block.hash;
		for request in self.parts.court.contradicted(at, seat.account.clone()).await? {
			let was_sent = self
				.sent
				.get(&request)
				.is_some_and(|sent| sent.saturating_add(AGAIN_AFTER) > block.number);
			if was_sent || block.number % SPREAD != turn(&request, &seat.account) {
				continue;
			}
			let Some(view) = self.parts.court.result(at, request).await? else { continue };
			let refused = match self.prepare(&view, at).await? {
				Ok((effort, witness)) => {
					match self.parts.court.judge(at, request, witness.clone()).await? {
						Ok(_) => {
							self.send(&view, seat, effort, witness, block).await?;
							continue;
						}
						Err(refusal) => format!("{refusal:?}"),
					}
				}
				Err(Hindrance::Lacking(why)) => why,
				Err(Hindrance::NoReplay) => "no replay can decide it".into(),
			};
			// Perhaps it can be had later.
			self.sent.insert(request, block.number);
			tracing::warn!(
				target: LOG,
				?request,
				why = %refused,
				"an auditor contradicts a result, and this node cannot have it recomputed"
			);
		}
		Ok(())
	}

	async fn send(
		&mut self,
		view: &DisputableView,
		seat: &Seat,
		effort: Effort,
		witness: Witness,
		block: BestBlock,
	) -> Result<(), Failure> {
		let challenge = ReplayChallenge {
			genesis: self.parts.court.genesis(),
			request: view.request,
			session: seat.session,
			validator: seat.validator,
			effort,
			signer: seat.key.clone(),
		};
		let signature = self.parts.signer.sign(&seat.key, &challenge.signing_payload()).await?;
		self.sent.insert(view.request, block.number);
		self.parts.court.challenge(block.hash, challenge, witness, signature).await?;
		count(&self.parts.metrics.challenges);
		tracing::warn!(
			target: LOG,
			request = ?view.request,
			executor = ?view.executor,
			"result brought before the chain"
		);
		Ok(())
	}

	async fn give_up(&mut self, request: RequestId, why: &str) {
		count(&self.parts.metrics.undecidable);
		tracing::error!(
			target: LOG,
			?request,
			%why,
			"a wrong result that this node cannot have replayed"
		);
		self.drop(request).await;
	}

	async fn drop(&mut self, request: RequestId) {
		self.known.insert(request, Known::Settled);
		self.sent.remove(&request);
		self.note(|record| record.remove(&request)).await;
	}

	/// Changes the file. Where that fails, memory has it, and a restart looks again.
	async fn note(&mut self, change: impl FnOnce(&mut Record)) {
		change(&mut self.record);
		let record = self.record.clone();
		if let Ok(Err(error)) | Err(error) =
			blocking(move || record.write().map_err(|error| error.to_string())).await
		{
			count(&self.parts.metrics.failures);
			tracing::error!(target: LOG, %error, "what was found wrong is not written down");
		}
	}
}
