//! The part of `dispute` that is played: games about answers that no block can recompute, and
//! what is demanded to be shown.

use super::{
	dispute::{decision_json, decision_lines},
	included_json, replay, Session,
};
use crate::{
	args,
	output::{self, hash, tokens, Lines},
};
use codec::Encode;
use countersign_client::{
	call::Call,
	game::{done, due, right_move, showing, wanted, wanted_constant, Player, Side},
	keys::Signer,
	manifest::parse_hash,
	primitives::{
		demand::{DemandView, Piece, Showing, Wanted},
		dispute::Decision,
		game::{GameCost, GameRefusal, GameView, Opening, Phase},
		model::ModelView,
		request::{Outcome, RequestId, RequestView},
		tensor::Tensor,
		AccountId, BlockNumber,
	},
	program::Program,
	Client, Error, Included,
};
use serde_json::{json, Value};
use std::path::Path;

/// What a game is about, and what its moves follow from.
pub(crate) struct About {
	pub(crate) id: RequestId,
	pub(crate) model: ModelView,
	pub(crate) claim: Outcome,
	pub(crate) program: Program,
	pub(crate) input: Vec<Tensor>,
}

impl About {
	fn side(&self) -> Side<'_> {
		Side::new(&self.program, &self.model.manifest.policies, &self.input)
	}
}

/// On whose word a move is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum By {
	/// An account's.
	Account,
	/// That of the inference key that signed the result.
	Key,
}

/// Whether the move that is due can be made with a key, and as what.
fn may(account: &AccountId, is_seat: bool, view: &GameView) -> Option<By> {
	let is_executor = *account == view.executor;
	match &view.phase {
		phase if !phase.is_executors() => (*account == view.challenger).then_some(By::Account),
		_ if is_executor => Some(By::Account),
		_ if is_seat => Some(By::Key),
		Phase::Trace => None,
		// What leads to a commitment is what it is, whoever brings it; but not from the other side.
		_ => (*account != view.challenger).then_some(By::Account),
	}
}

/// A move that was made in a game, or what was shown outside of one.
struct Made {
	game: Option<u8>,
	what: String,
	block: BlockNumber,
}

/// Somebody at the table, with a run of its own.
struct Seat<'a> {
	session: &'a Session,
	client: &'a Client,
	signer: &'a Signer,
	about: &'a About,
	player: &'a Player<'a>,
}

impl Seat<'_> {
	/// Makes the move that is due in a game, if it is ours to make.
	async fn make(&self, view: &GameView) -> Result<Option<Made>, Error> {
		let is_seat = self.signer.inference_id() == view.executor_seat.2;
		let Some(by) = may(&self.signer.account(), is_seat, view) else { return Ok(None) };
		let theirs = match view.phase.is_executors() {
			true => Vec::new(),
			false => self.client.game_roots(view.request, None).await?.unwrap_or_default(),
		};
		let action = right_move(self.player, view, &theirs, &self.about.claim);
		let action = action.ok_or_else(|| nothing_to_say(view))?;
		let what = done(&action);
		self.session.progress(format!("game {}: {what}", view.branch));
		let taken = match by {
			By::Account => self.client.game_move(self.signer, view, &action).await,
			By::Key => self.client.game_move_by_key(self.signer, view, &action).await,
		};
		match taken {
			Ok(block) => Ok(Some(Made { game: Some(view.branch), what, block: block.number })),
			Err(error) => {
				// A node with the same key, or somebody else, may have been quicker.
				let now = self.client.game(view.request, view.branch, None).await?;
				match now.is_some_and(|now| now.step == view.step) {
					true => Err(error),
					false => Ok(None),
				}
			}
		}
	}

	/// Makes the moves that are due, in one game or in all about the result, once or until they are
	/// over.
	async fn play(&self, only: Option<u8>, follow: bool) -> Result<Vec<Made>, Error> {
		let mut made = Vec::new();
		let mut blocks = self.client.blocks().await?;
		loop {
			let games = games_about(self.client, self.about.id, only).await?;
			for view in &games {
				made.extend(self.make(view).await?);
			}
			if games.is_empty() || !follow {
				return Ok(made);
			}
			blocks.next().await?;
		}
	}
}

fn nothing_to_say(view: &GameView) -> Error {
	Error::NoMove(match view.phase.is_executors() {
		true => "the program gives nothing that leads to the outcome that was signed".into(),
		false => "the program gives what the executor shows. The bond is lost when the window for \
		          this move is over"
			.into(),
	})
}

async fn games_about(
	client: &Client,
	request: RequestId,
	only: Option<u8>,
) -> Result<Vec<GameView>, Error> {
	let mut games = client.games_about(request, None).await?;
	games.retain(|view| only.is_none_or(|only| only == view.branch));
	Ok(games)
}

/// Opens a game about an answer, and plays it to its end where that is wanted.
pub(crate) async fn open(
	session: &Session,
	client: &Client,
	signer: &Signer,
	about: &About,
	follow: bool,
) -> Result<(), Error> {
	let side = about.side();
	let player = side.player()?;
	let opening = match client.games_about(about.id, None).await?.is_empty() {
		true => Some(player.opening().ok_or(Error::Game(GameRefusal::NotProvable))?),
		false => None,
	};
	let cost = client.game_cost(about.id, &opening).await?;
	session.progress(format!("a game: {}", cost_text(client, &cost)));
	let (included, opened) = client.open_game(signer, about.id, &opening).await?;
	let number = opened.as_ref().map(|opened| opened.branch);
	if let Some(number) = number {
		session.progress(format!("game {number} is on, from block {}", included.block.number));
	}
	let seat = Seat { session, client, signer, about, player: &player };
	let made = match number {
		Some(number) if follow => seat.play(Some(number), true).await?,
		_ => Vec::new(),
	};
	let outcome = Standing::of(client, about.id, number).await?;
	outcome.answer(session, client, Some(&included), &made);
	Ok(())
}

/// Makes the moves that are due in games about a result, and shows what is demanded.
pub(crate) async fn answer(session: Session, args: args::AnswerDispute) -> Result<(), Error> {
	let id = parse_hash(&args.replay.id)?;
	let signer = session.signer()?;
	let client = session.connect().await?;
	let request = client.request(id).await?;
	let demands = match args.game {
		Some(_) => Vec::new(),
		None => client.demands_about(id).await?,
	};
	let games = games_about(&client, id, args.game).await?;
	if games.is_empty() && demands.is_empty() {
		return Err(Error::NoMove(match args.game {
			Some(number) => format!("no game {number} about this result is on"),
			None => "no game about this result is on, and nothing is demanded".into(),
		}));
	}
	let mut made = Vec::new();
	for view in &demands {
		made.push(show(&session, &client, &signer, &request, &args.replay, view).await?);
	}
	if !games.is_empty() {
		let about = about(&session, &client, request, &args.replay).await?;
		let side = about.side();
		let player = side.player()?;
		let seat = Seat {
			session: &session,
			client: &client,
			signer: &signer,
			about: &about,
			player: &player,
		};
		made.extend(seat.play(args.game, args.follow).await?);
	}
	let standing = Standing::of(&client, id, args.game).await?;
	if made.is_empty() && !args.follow {
		return Err(Error::NoMove(standing.waits_for()));
	}
	standing.answer(&session, &client, None, &made);
	Ok(())
}

/// Demands that something be shown on chain.
pub(crate) async fn demand(session: Session, args: args::DemandDispute) -> Result<(), Error> {
	let id = parse_hash(&args.id)?;
	let signer = session.signer()?;
	let client = session.connect().await?;
	let request = client.request(id).await?;
	let wanted = match args.constant {
		None if args.program => Wanted::Program,
		None => Wanted::Input,
		Some(tensor) => {
			let model = client.model(request.model).await?;
			let file = args.from.as_deref();
			let (program, came) = replay::find_program(&session, &client, &model, file).await?;
			session.progress(format!("program {:?} {came}", program.root()));
			wanted_constant(&program, tensor, args.first, args.count).ok_or_else(|| {
				Error::Input("the encoding of this program is too long to be sent along".into())
			})?
		}
	};
	let fee = client.demand_fee(id, &wanted).await?;
	session.progress(format!("{} are on hold for its space", tokens(&client, fee)));
	session.submit_on(&client, &signer, &Call::demand(&id, &wanted)).await
}

/// Shows what is demanded.
async fn show(
	session: &Session,
	client: &Client,
	signer: &Signer,
	request: &RequestView,
	args: &args::Replay,
	view: &DemandView,
) -> Result<Made, Error> {
	let what = wanted(&view.piece);
	let model = client.model(request.model).await?;
	let shown = match &view.piece {
		Piece::Input => {
			Showing::input(replay::find_input(client, request, &model, args).await?.encode())
		}
		Piece::Program | Piece::Constant { .. } => {
			let file = args.program.as_deref();
			let (program, _) = replay::find_program(session, client, &model, file).await?;
			showing(&program, &view.piece)
		}
	};
	let shown = shown.ok_or_else(|| Error::NoMove(format!("{what} cannot be shown")))?;
	let included = session.submit(client, signer, &Call::show(&request.id, &shown)).await?;
	Ok(Made { game: None, what: format!("shows {what}"), block: included.block.number })
}

async fn about(
	session: &Session,
	client: &Client,
	request: RequestView,
	args: &args::Replay,
) -> Result<About, Error> {
	let result = client.result(request.id).await?;
	let model = client.model(request.model).await?;
	let file = args.program.as_deref();
	let (program, came) = replay::find_program(session, client, &model, file).await?;
	session.progress(format!("program {:?} {came}", program.root()));
	let input = replay::find_input(client, &request, &model, args).await?;
	Ok(About { id: request.id, model, claim: result.outcome, program, input })
}

/// Where games about a result stand.
struct Standing {
	id: RequestId,
	games: Vec<GameView>,
	decision: Option<Decision>,
}

impl Standing {
	async fn of(client: &Client, id: RequestId, only: Option<u8>) -> Result<Self, Error> {
		let games = games_about(client, id, only).await?;
		Ok(Self { id, games, decision: client.decision(id).await? })
	}

	/// Who has to do what.
	fn waits_for(&self) -> String {
		let one = |view: &GameView| {
			format!("in game {} the {} has to {}", view.branch, turn(&view.phase), due(&view.phase))
		};
		match &self.games[..] {
			[] => "no game about this result is on any more".into(),
			games => games.iter().map(one).collect::<Vec<_>>().join("; "),
		}
	}

	/// Writes what was done and where that leads.
	fn answer(&self, session: &Session, client: &Client, first: Option<&Included>, made: &[Made]) {
		let moves = made
			.iter()
			.map(|made| json!({ "game": made.game, "move": made.what, "block": made.block }));
		let value = json!({
			"request": hash(&self.id),
			"transaction": first.map(included_json),
			"moves": moves.collect::<Vec<_>>(),
			"games": self.games.iter().map(|view| json(client, view)).collect::<Vec<_>>(),
			"decision": self.decision.as_ref().map(|it| decision_json(client, &self.id, it)),
		});
		session.answer(&value, || {
			let mut lines = Lines::default();
			lines.add("request", hash(&self.id));
			if let Some(included) = first {
				lines.add("transaction fee", tokens(client, included.fee));
			}
			for made in made {
				let name = made.game.map_or("demand".into(), |number| format!("game {number}"));
				lines.add(name, format!("block {}: {}", made.block, made.what));
			}
			for view in &self.games {
				lines.add(format!("game {}", view.branch), text(view));
			}
			match &self.decision {
				Some(decision) => decision_lines(client, decision, &mut lines),
				None if self.games.is_empty() && !made.is_empty() => {
					lines.add("the game", "is over, and the result stands");
				}
				None => {}
			}
			lines.text()
		});
	}
}

fn turn(phase: &Phase) -> &'static str {
	match phase.is_executors() {
		true => "executor",
		false => "challenger",
	}
}

fn blocks_left(view: &GameView) -> u64 {
	view.deadline.saturating_sub(view.clock)
}

/// A game as JSON.
pub(crate) fn json(client: &Client, view: &GameView) -> Value {
	json!({
		"request": hash(&view.request),
		"game": view.branch,
		"challenger": output::account(client, &view.challenger),
		"executor": output::account(client, &view.executor),
		"bond": view.bond.to_string(),
		"fee": view.fee.to_string(),
		"opened_at": view.opened_at,
		"moves_made": view.step,
		"turn": turn(&view.phase),
		"due": due(&view.phase),
		"blocks_left": blocks_left(view),
	})
}

/// What is due in a game, for people.
pub(crate) fn text(view: &GameView) -> String {
	format!(
		"{} moves made; the {} has to {}, within {} blocks",
		view.step,
		turn(&view.phase),
		due(&view.phase),
		blocks_left(view),
	)
}

/// Games in a table.
pub(crate) fn table(client: &Client, games: &[GameView]) -> String {
	let row = |view: &GameView| {
		vec![
			hash(&view.request),
			view.branch.to_string(),
			output::account(client, &view.challenger),
			tokens(client, view.bond),
			turn(&view.phase).into(),
			due(&view.phase),
			blocks_left(view).to_string(),
		]
	};
	let head = ["GAME ABOUT", "#", "CHALLENGER", "BOND", "TURN", "DUE", "BLOCKS LEFT"];
	match games {
		[] => String::new(),
		games => output::table(&head, &games.iter().map(row).collect::<Vec<_>>()),
	}
}

/// What a game about a result would cost, where somebody has program and input.
pub(crate) async fn cost(
	session: &Session,
	client: &Client,
	model: &ModelView,
	request: &RequestView,
	file: Option<&Path>,
) -> Result<GameCost, Error> {
	if !client.games_about(request.id, None).await?.is_empty() {
		return client.game_cost(request.id, &None).await;
	}
	let (program, _) = replay::find_program(session, client, model, file).await?;
	let input = replay::input_at_hand(client, request).await?;
	let input = input.ok_or_else(|| Error::Input("its input is nowhere to be had".into()))?;
	let side = Side::new(&program, &model.manifest.policies, &input);
	let opening: Opening = side.player()?.opening().ok_or(Error::Game(GameRefusal::NotProvable))?;
	client.game_cost(request.id, &Some(opening)).await
}

/// A demand as JSON.
pub(crate) fn demand_json(client: &Client, view: &DemandView) -> Value {
	json!({
		"demand": hash(&view.demand),
		"wanted": wanted(&view.piece),
		"by": output::account(client, &view.by),
		"fee": view.fee.to_string(),
		"until_clock": view.deadline,
	})
}

/// A demand for people.
pub(crate) fn demand_text(client: &Client, view: &DemandView) -> String {
	let by = output::account(client, &view.by);
	format!("{}, by {by}, to be shown until tick {}", wanted(&view.piece), view.deadline)
}

/// The cost of a game as JSON.
pub(crate) fn cost_json(cost: &GameCost) -> Value {
	json!({ "bond": cost.bond.to_string(), "fee": cost.fee.to_string() })
}

/// The cost of a game, for people.
pub(crate) fn cost_text(client: &Client, cost: &GameCost) -> String {
	format!(
		"holds a bond of {}, lost where nothing is shown, and costs {} for all its messages, whoever \
		 wins",
		tokens(client, cost.bond),
		tokens(client, cost.fee),
	)
}

#[cfg(test)]
mod tests {
	use super::*;
	use countersign_client::primitives::{
		game::Named, keys::InferenceId, program::ProgramPort, tensor::TensorType, Hash,
	};

	fn view(phase: Phase) -> GameView {
		let key: InferenceId = Signer::from_uri("//Key").expect("a key").inference_id();
		GameView {
			request: RequestId::zero(),
			branch: 0,
			challenger: AccountId::from([1; 32]),
			executor: AccountId::from([2; 32]),
			executor_seat: (0, 0, key),
			bond: 10,
			fee: 1,
			opened_at: 5,
			step: 1,
			phase,
			deadline: 30,
			clock: 12,
			hashes: Vec::new(),
		}
	}

	#[test]
	fn only_some_may_make_a_move() {
		let shape = vec![1].try_into().expect("short");
		let named = Named { operator: 3, meta: ProgramPort { ty: TensorType::F32, shape } };
		let hashes = view(Phase::Hashes(named.clone()));
		let leaf = view(Phase::Leaf { named: named.clone(), first: 0 });
		let bytes = view(Phase::Bytes { named, leaf: 0, hash: Hash::zero() });
		let [challenger, executor, stranger] = [1, 2, 3].map(|it| AccountId::from([it; 32]));
		for (who, is_seat, trace, shows, picks) in [
			(&executor, true, Some(By::Account), Some(By::Account), None),
			(&executor, false, Some(By::Account), Some(By::Account), None),
			(&stranger, true, Some(By::Key), Some(By::Key), None),
			(&stranger, false, None, Some(By::Account), None),
			(&challenger, false, None, None, Some(By::Account)),
		] {
			assert_eq!(may(who, is_seat, &view(Phase::Trace)), trace);
			assert_eq!(may(who, is_seat, &view(Phase::Operator)), picks);
			assert_eq!(may(who, is_seat, &hashes), shows);
			assert_eq!(may(who, is_seat, &bytes), shows);
			assert_eq!(may(who, is_seat, &leaf), picks);
		}
	}

	#[test]
	fn what_is_waited_for_is_said() {
		let standing = Standing {
			id: RequestId::zero(),
			games: vec![view(Phase::Trace), view(Phase::Operator)],
			decision: None,
		};
		let said = standing.waits_for();
		assert!(
			said.contains("the executor has to commit") && said.contains("challenger"),
			"{said}"
		);
		assert!(text(&view(Phase::Trace)).ends_with("within 18 blocks"));
	}
}
