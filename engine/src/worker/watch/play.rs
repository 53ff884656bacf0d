//! Playing games: answering those about our own results, and bringing those that no replay can
//! decide before the chain.
//!
//! A move follows from what the chain says and from the canonical run, so that there is nothing to
//! remember: after a restart, and for each of several games, the same move is found again. The
//! result that is to be disputed is in the watcher's file until it is decided.

use super::{count, Seat, Watcher, AGAIN_AFTER, LOG};
use crate::{
	convert,
	worker::{sources::blocking, BestBlock, Failure},
};
use async_trait::async_trait;
use codec::Encode;
use countersign_canonical::{self as canonical, bands::Policy};
use countersign_primitives::{
	demand::{DemandId, DemandView, Piece, Showing},
	dispute::DisputableView,
	game::{GameCost, GameMessage, GameMove, GameRefusal, GameView, Opening},
	keys::{InferenceId, InferenceSignature},
	model::{Manifest, ModelId},
	request::{Outcome, RequestId},
	tensor::Tensor,
	Hash,
};
use countersign_programs::game::{show_piece, Player};
use std::sync::Arc;

/// Games that are asked for at one time.
const PAGE: u32 = 16;
/// The most pages of them that are looked at in one block.
const PAGES: usize = 64;
/// Demands that are asked for at one time.
const DEMANDS: u32 = 64;
/// Games of others about a result beside which this node opens none of its own.
const ENOUGH: usize = 2;
/// Models that are kept prepared.
const MODELS: usize = 2;

/// The chain, as far as games go.
#[async_trait]
pub trait Games: Send + Sync {
	/// Whether this key is ours.
	fn holds(&self, key: &InferenceId) -> bool;
	/// Games, a page of them.
	async fn games(
		&self,
		at: Hash,
		after: Option<(RequestId, u8)>,
		limit: u32,
	) -> Result<Vec<GameView>, Failure>;
	/// The commitments of the executor's trace.
	async fn roots(&self, at: Hash, request: RequestId) -> Result<Option<Vec<Hash>>, Failure>;
	/// What a game would cost, or why there is none.
	async fn cost(
		&self,
		at: Hash,
		request: RequestId,
		opening: Option<Opening>,
	) -> Result<Result<GameCost, GameRefusal>, Failure>;
	/// Submits an opening. Submitting the same again is no error.
	async fn open(
		&self,
		at: Hash,
		message: GameMessage,
		opening: Option<Opening>,
		signature: InferenceSignature,
	) -> Result<(), Failure>;
	/// Demands, a page of them.
	async fn demands(
		&self,
		at: Hash,
		after: Option<(RequestId, DemandId)>,
		limit: u32,
	) -> Result<Vec<DemandView>, Failure>;
	/// Submits what is demanded. Submitting the same again is no error.
	async fn show(
		&self,
		at: Hash,
		message: GameMessage,
		showing: Showing,
		signature: InferenceSignature,
	) -> Result<(), Failure>;
	/// Submits a move. Submitting the same again is no error.
	async fn play(
		&self,
		at: Hash,
		message: GameMessage,
		action: GameMove,
		signature: InferenceSignature,
	) -> Result<(), Failure>;
}

/// What was looked at last, where one block was not enough for all.
#[derive(Default)]
pub(super) struct Seen {
	game: Option<(RequestId, u8)>,
	demand: Option<(RequestId, DemandId)>,
}

/// Models that were prepared lately.
#[derive(Default)]
pub(super) struct Prepared {
	models: Vec<(ModelId, Arc<canonical::Model>)>,
}

/// A model with an input and what was signed: what a move follows from.
struct Case {
	model: Arc<canonical::Model>,
	inputs: Vec<canonical::Tensor>,
	policies: Vec<Policy>,
	claim: Outcome,
}

impl Case {
	/// Runs the program and finds something in it, off the async threads.
	async fn find<R: Send + 'static>(
		self,
		find: impl FnOnce(&Player, &Outcome) -> Option<R> + Send + 'static,
	) -> Result<Option<R>, Failure> {
		let found = blocking(move || {
			let Self { model, inputs, policies, claim } = self;
			Player::new(&model, &inputs, policies).and_then(|player| find(&player, &claim))
		});
		found.await.map_err(Failure)
	}
}

impl Watcher {
	/// Games that are on, after one of them, and after which there are more.
	async fn games(
		&self,
		at: Hash,
		mut after: Option<(RequestId, u8)>,
	) -> Result<(Vec<GameView>, Option<(RequestId, u8)>), Failure> {
		let mut all = Vec::new();
		for _ in 0..PAGES {
			let page = self.parts.games.games(at, after, PAGE).await?;
			let is_last = page.len() < PAGE as usize;
			after = page.last().map(|view| (view.request, view.branch));
			all.extend(page);
			if is_last {
				return Ok((all, None));
			}
		}
		Ok((all, after))
	}

	/// Makes our moves in all games: as executor by the key that signed the result, as challenger
	/// by that of our seat.
	pub(super) async fn play_all(
		&mut self,
		seats: &[Seat],
		block: BestBlock,
	) -> Result<(), Failure> {
		let from = self.seen.game;
		let (mut games, next) = self.games(block.hash, from).await?;
		// Each move may take a run.
		games.sort_by_key(|view| view.deadline);
		self.seen.game = next;
		let is_on =
			|key: &(RequestId, u8)| games.iter().any(|view| (view.request, view.branch) == *key);
		let are_all = from.is_none() && next.is_none();
		self.moved.retain(|key, (_, sent)| {
			is_on(key) || !are_all && sent.saturating_add(AGAIN_AFTER) > block.number
		});
		let record = &self.record;
		self.challenged.retain(|request| record.is_pending(request));
		for view in games {
			if let Err(error) = self.play(&view, seats, block).await {
				count(&self.parts.metrics.failures);
				tracing::warn!(target: LOG, request = ?view.request, %error, "no move in a game");
			}
		}
		Ok(())
	}

	/// Shows what our own results were made from, as far as somebody demands it.
	pub(super) async fn show_all(&mut self, block: BestBlock) -> Result<(), Failure> {
		let at = block.hash;
		for _ in 0..PAGES {
			let page = self.parts.games.demands(at, self.seen.demand, DEMANDS).await?;
			let is_last = page.len() < DEMANDS as usize;
			let last = page.last().filter(|_| !is_last);
			self.seen.demand = last.map(|view| (view.request, view.demand));
			for view in page {
				if !self.parts.games.holds(&view.executor_seat.2) {
					continue;
				}
				if let Err(error) = self.show(&view, block).await {
					count(&self.parts.metrics.failures);
					tracing::error!(
						target: LOG, request = ?view.request, %error, "what is demanded is not shown"
					);
				}
			}
			if is_last {
				break;
			}
		}
		Ok(())
	}

	async fn show(&mut self, view: &DemandView, block: BestBlock) -> Result<(), Failure> {
		let demanded = (view.request, view.demand);
		let was_sent = self.shown.get(&demanded);
		if was_sent.is_some_and(|sent| sent.saturating_add(AGAIN_AFTER) > block.number) {
			return Ok(());
		}
		let at = block.hash;
		let Some(result) = self.parts.court.result(at, view.request).await? else {
			return Ok(());
		};
		let showing = match view.piece.clone() {
			Piece::Input => {
				self.input(at, &result).await?.map(|input| input.encode()).and_then(Showing::input)
			}
			piece => {
				let manifest = self.manifest(at, result.model).await?;
				let manifest = manifest.ok_or_else(|| Failure::new("there is no such model"))?;
				let model = self.prepared(result.model, &manifest).await?;
				blocking(move || show_piece(&model, &piece)).await.map_err(Failure)?
			}
		};
		let showing = showing.ok_or_else(|| Failure::new("it is nowhere to be had"))?;
		let (session, validator, key) = view.executor_seat.clone();
		let seat = Seat { account: view.executor.clone(), session, validator, key };
		let content = GameMessage::content_of(&showing);
		let message = self.message(&seat, view.request, (0, 0), content);
		let signature = self.parts.signer.sign(&seat.key, &message.signing_payload()).await?;
		self.shown.retain(|_, sent| sent.saturating_add(AGAIN_AFTER) > block.number);
		self.shown.insert(demanded, block.number);
		self.parts.games.show(at, message, showing, signature).await?;
		count(&self.parts.metrics.moves);
		Ok(())
	}

	/// Makes our move in a game, if it is ours to make.
	async fn play(
		&mut self,
		view: &GameView,
		seats: &[Seat],
		block: BestBlock,
	) -> Result<(), Failure> {
		let seat = match view.phase.is_executors() {
			true if self.parts.games.holds(&view.executor_seat.2) => {
				let (session, validator, key) = view.executor_seat.clone();
				Seat { account: view.executor.clone(), session, validator, key }
			}
			false => match seats.iter().find(|seat| seat.account == view.challenger) {
				Some(seat) => seat.clone(),
				None => return Ok(()),
			},
			true => return Ok(()),
		};
		if !view.phase.is_executors() {
			self.challenged.insert(view.request);
		}
		let key = (view.request, view.branch);
		let was_sent = self.moved.get(&key).is_some_and(|(step, sent)| {
			*step == view.step && sent.saturating_add(AGAIN_AFTER) > block.number
		});
		if was_sent {
			return Ok(());
		}
		let at = block.hash;
		let Some(result) = self.parts.court.result(at, view.request).await? else {
			return Ok(());
		};
		let case = self.case(at, &result).await?;
		let theirs = self.parts.games.roots(at, view.request).await?.unwrap_or_default();
		let asked = view.clone();
		let action = case
			.find(move |player, claim| match asked.phase.is_executors() {
				true => player.answer(&asked.phase),
				false => player.challenge(&asked.phase, &theirs, &asked.hashes, claim),
			})
			.await?;
		let Some(action) = action else {
			// The other side is right, and this costs us the game: the canonical run here says so.
			self.moved.insert(key, (view.step, block.number));
			tracing::error!(target: LOG, request = ?view.request, "nothing to say in a game");
			return Ok(());
		};
		let content = GameMessage::content_of(&action);
		let message = self.message(&seat, view.request, (view.branch, view.step), content);
		let signature = self.parts.signer.sign(&seat.key, &message.signing_payload()).await?;
		self.moved.insert(key, (view.step, block.number));
		self.parts.games.play(at, message, action, signature).await?;
		count(&self.parts.metrics.moves);
		Ok(())
	}

	fn message(
		&self,
		seat: &Seat,
		request: RequestId,
		(branch, step): (u8, u8),
		content: Hash,
	) -> GameMessage {
		GameMessage {
			genesis: self.parts.court.genesis(),
			request,
			branch,
			step,
			session: seat.session,
			validator: seat.validator,
			signer: seat.key.clone(),
			content,
		}
	}

	/// Opens a game about a wrong result that no replay can decide. Its moves are made by
	/// [`Watcher::play_all`].
	pub(super) async fn open_game(
		&mut self,
		view: &DisputableView,
		seat: &Seat,
		block: BestBlock,
	) -> Result<(), Failure> {
		let at = block.hash;
		let others: Vec<GameView> = self
			.games(at, None)
			.await?
			.0
			.into_iter()
			.filter(|game| game.request == view.request)
			.collect();
		let is_ours = others.iter().any(|game| game.challenger == seat.account);
		if is_ours || others.len() >= ENOUGH {
			return Ok(());
		}
		if self.challenged.contains(&view.request) {
			// What it ended by would end the next one as well, and each costs its fee.
			self.give_up(view.request, "a game about it ended without a verdict").await;
			return Ok(());
		}
		let case = self.case(at, view).await?;
		let is_first = others.is_empty();
		let opening = match is_first {
			true => case.find(|player, _| player.opening()).await?,
			false => None,
		};
		if is_first && opening.is_none() {
			self.give_up(view.request, "its program is too long for a game").await;
			return Ok(());
		}
		match self.parts.games.cost(at, view.request, opening.clone()).await? {
			Ok(_) => {}
			// One began, or ended, meanwhile.
			Err(GameRefusal::NoOpening | GameRefusal::TooManyGames) => return Ok(()),
			Err(refusal) => {
				self.give_up(view.request, &format!("no game: {refusal:?}")).await;
				return Ok(());
			}
		}
		let content = GameMessage::content_of(&opening);
		let message = self.message(seat, view.request, (0, 0), content);
		let signature = self.parts.signer.sign(&seat.key, &message.signing_payload()).await?;
		self.sent.insert(view.request, block.number);
		self.parts.games.open(at, message, opening, signature).await?;
		count(&self.parts.metrics.challenges);
		tracing::warn!(target: LOG, request = ?view.request, "game about a wrong result opened");
		Ok(())
	}

	/// What moves about a result follow from.
	async fn case(&mut self, at: Hash, view: &DisputableView) -> Result<Case, Failure> {
		let manifest = self.manifest(at, view.model).await?;
		let manifest = manifest.ok_or_else(|| Failure::new("there is no such model"))?;
		let inputs: Option<Vec<Tensor>> = self.input(at, view).await?;
		let inputs = inputs.ok_or_else(|| Failure::new("its input is nowhere to be had"))?;
		let model = self.prepared(view.model, &manifest).await?;
		Ok(Case {
			model,
			inputs: convert::to_canonical(inputs),
			policies: convert::policies(&manifest.policies),
			claim: view.outcome.clone(),
		})
	}

	async fn prepared(
		&mut self,
		id: ModelId,
		manifest: &Arc<Manifest>,
	) -> Result<Arc<canonical::Model>, Failure> {
		if let Some((_, model)) = self.prepared.models.iter().find(|(known, _)| *known == id) {
			return Ok(model.clone());
		}
		let Some((artefact, _pin)) = self.artefact(manifest).await else {
			return Err(Failure::new("its artefact is not here"));
		};
		let package =
			self.parts.packages.package(manifest.clone(), artefact).await.map_err(Failure)?;
		let model = blocking(move || canonical::Model::decode(&package)).await.map_err(Failure)?;
		let model = Arc::new(model.map_err(Failure::new)?);
		if self.prepared.models.len() >= MODELS {
			self.prepared.models.remove(0);
		}
		self.prepared.models.push((id, model.clone()));
		Ok(model)
	}
}
