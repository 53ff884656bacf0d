//! Games about answers that no block can recompute: what is due in one, which move is right, and
//! making it; and what of an answer is demanded to be shown. See [`countersign_primitives::game`] for
//! what each move brings.
//!
//! A move follows from the chain and from a run of the program, so there is nothing to remember
//! between two of them.

use crate::{
	call::Call, client::Block, event::hex_text, keys::Signer, program::Program, Client, Error,
	Included,
};
use codec::{Decode, Encode};
use countersign_canonical::{bands::Policy, part::Skeleton, tensor::Tensor as CanonicalTensor};
use countersign_engine::convert;
use countersign_primitives::{
	demand::{DemandId, DemandView, Piece, Showing, Wanted},
	game::{GameCost, GameMessage, GameMove, GameRefusal, GameView, Opening, Phase},
	model::PrecisionPolicy,
	request::{Outcome, RequestId},
	tensor::Tensor,
	AccountId, Balance, Hash,
};
use countersign_programs::game::show_piece;
use subxt::rpcs::rpc_params;

pub use countersign_programs::game::Player;

/// Games asked for at a time; the chain gives no more.
const GAMES: u32 = 16;
/// Demands asked for at a time; the chain gives no more.
const DEMANDS: u32 = 64;
/// Blocks for which a pool keeps a move that is signed by a key alone.
const PATIENCE_BLOCKS: u32 = 16;

/// What the moves about a result follow from: the program and the input that was asked.
pub struct Side<'a> {
	program: &'a Program,
	inputs: Vec<CanonicalTensor>,
	policies: Vec<Policy>,
}

impl<'a> Side<'a> {
	/// With the program and the policies of a model.
	pub fn new(program: &'a Program, policies: &[PrecisionPolicy], input: &[Tensor]) -> Self {
		Self {
			program,
			inputs: convert::to_canonical(input.to_vec()),
			policies: convert::policies(policies),
		}
	}

	/// Runs the program. What gives the moves does so again for each of them.
	pub fn player(&self) -> Result<Player<'_>, Error> {
		Player::new(self.program.model(), &self.inputs, self.policies.clone())
			.ok_or(Error::Game(GameRefusal::NotProvable))
	}
}

/// The right move where one is due: of the executor, or of a challenger, to whom `theirs` are the
/// commitments of the executor's trace. Nothing where that side has nothing to say, because the
/// program gives what the other one says.
pub fn right_move(
	player: &Player,
	view: &GameView,
	theirs: &[Hash],
	claim: &Outcome,
) -> Option<GameMove> {
	match view.phase.is_executors() {
		true => player.answer(&view.phase),
		false => player.challenge(&view.phase, theirs, &view.hashes, claim),
	}
}

/// What is due, in words that go on from "the executor has to" or "the challenger has to".
pub fn due(phase: &Phase) -> String {
	match phase {
		Phase::Trace => "commit to the results of all operators".into(),
		Phase::Operator => "name an operator whose result is wrong, or show what else is".into(),
		Phase::Hashes(named) => {
			format!("show the hashes of the result of operator {}", named.operator)
		}
		Phase::Group(named) => {
			format!("pick a group of leaves of the result of operator {}", named.operator)
		}
		Phase::GroupHashes { named, group, .. } => {
			format!("show the hashes in group {group} of the result of operator {}", named.operator)
		}
		Phase::Leaf { named, .. } => {
			format!("pick a leaf of the result of operator {}", named.operator)
		}
		Phase::Bytes { named, leaf, .. } => {
			format!("show leaf {leaf} of the result of operator {}", named.operator)
		}
		Phase::Element { named, leaf, .. } => format!(
			"show that an element in leaf {leaf} of the result of operator {} is another",
			named.operator
		),
		Phase::Cast { before } => {
			format!("show a cast from floats to integers before operator {before} that saturates")
		}
	}
}

/// What a move does, in words.
pub fn done(action: &GameMove) -> String {
	match action {
		GameMove::Trace { roots, trap: None } => {
			format!("commits to the results of {} operators", roots.len())
		}
		GameMove::Trace { roots, trap: Some(_) } => {
			format!(
				"commits to the results of {} operators, and shows that the next traps",
				roots.len()
			)
		}
		GameMove::Name { .. } => "names an operator".into(),
		GameMove::Hashes(hashes) => format!("shows {} hashes", hashes.len()),
		GameMove::Pick(at) => format!("picks {at}"),
		GameMove::Bytes(bytes) => format!("shows {} bytes", bytes.len()),
		GameMove::Prove(_) => "shows one element to be another".into(),
		GameMove::Traps(_) => "shows that an operator traps".into(),
		GameMove::Compare { .. } => "shows that an output is not what was signed".into(),
		GameMove::Saturates(_) => "shows a cast that saturates".into(),
	}
}

/// What is demanded, in words.
pub fn wanted(piece: &Piece) -> String {
	match piece {
		Piece::Input => "the input".into(),
		Piece::Program => "the program without its constants".into(),
		Piece::Constant { tensor, first, count: 1, .. } => {
			format!("leaf {first} of tensor {tensor}, a constant")
		}
		Piece::Constant { tensor, first, count, .. } => {
			let last = first.saturating_add(u32::from(*count)).saturating_sub(1);
			format!("leaves {first} to {last} of tensor {tensor}, a constant")
		}
	}
}

/// What shows a piece of a program; nothing for an input, and for what the program has not.
pub fn showing(program: &Program, piece: &Piece) -> Option<Showing> {
	show_piece(program.model(), piece)
}

/// What to demand of a program's constant, whose encoding says what it is committed to.
pub fn wanted_constant(program: &Program, tensor: u16, first: u32, count: u8) -> Option<Wanted> {
	let encoding = program.model().program().encode();
	let skeleton = Skeleton::decode(&encoding).ok()?;
	Some(Wanted::Constant {
		program: encoding.try_into().ok()?,
		operators: u16::try_from(skeleton.nodes()).ok()?,
		operands: skeleton.operands(),
		tensor,
		first,
		count,
	})
}

/// What an operator of the program is called.
pub fn operator(player: &Player, number: u16) -> String {
	match player.prover().skeleton().part(number.into()) {
		Some(part) => {
			format!("{:?}", part.op).chars().take_while(|c| c.is_alphanumeric()).collect()
		}
		None => "no operator".into(),
	}
}

/// A game that was opened, as its event tells.
#[derive(Clone, PartialEq, Eq, Debug, Decode)]
pub struct GameOpened {
	/// The request.
	pub request: RequestId,
	/// The number of the game among those about this result.
	pub branch: u8,
	/// Who signed the result, and has to answer.
	pub executor: AccountId,
	/// Who says that it is wrong.
	pub challenger: AccountId,
	/// What the challenger loses where it shows nothing.
	pub bond: Balance,
	/// What is burned in any case, for the space of all messages.
	pub fee: Balance,
	/// The last tick of the window clock for the first move.
	pub deadline: u64,
}

impl Client {
	/// All games that are on, at a block or the one that the client goes by.
	pub async fn all_games(&self, at: Option<Hash>) -> Result<Vec<GameView>, Error> {
		let mut all: Vec<GameView> = Vec::new();
		loop {
			let after = all.last().map(|view| (view.request, view.branch));
			let page: Vec<GameView> = self.api("DisputesApi_games", (after, GAMES), at).await?;
			let is_last = page.len() < GAMES as usize;
			all.extend(page);
			if is_last {
				return Ok(all);
			}
		}
	}

	/// The games about one result, the one that was opened first at the front.
	pub async fn games_about(
		&self,
		request: RequestId,
		at: Option<Hash>,
	) -> Result<Vec<GameView>, Error> {
		let mut games = self.all_games(at).await?;
		games.retain(|view| view.request == request);
		games.sort_by_key(|view| view.branch);
		Ok(games)
	}

	/// One game, while it is on.
	pub async fn game(
		&self,
		request: RequestId,
		branch: u8,
		at: Option<Hash>,
	) -> Result<Option<GameView>, Error> {
		self.api("DisputesApi_game", (request, branch), at).await
	}

	/// The commitments of the executor's trace, once it posted them.
	pub async fn game_roots(
		&self,
		request: RequestId,
		at: Option<Hash>,
	) -> Result<Option<Vec<Hash>>, Error> {
		self.api("DisputesApi_game_roots", (request,), at).await
	}

	/// What a game would cost: the first about a result with its opening, others without.
	pub async fn game_cost(
		&self,
		request: RequestId,
		opening: &Option<Opening>,
	) -> Result<GameCost, Error> {
		let cost: Result<GameCost, GameRefusal> =
			self.api("DisputesApi_game_cost", (request, opening), None).await?;
		cost.map_err(Error::Game)
	}

	/// Opens a game. Nothing is opened where program and input alone tell that the result is wrong:
	/// then it was found wrong at once.
	pub async fn open_game(
		&self,
		signer: &Signer,
		request: RequestId,
		opening: &Option<Opening>,
	) -> Result<(Included, Option<GameOpened>), Error> {
		let included = self.submit(&Call::open_game(&request, opening), signer).await?;
		let opened = included.event("Disputes", "GameOpened");
		let opened = opened.map(|event| event.decode::<GameOpened>()).transpose()?;
		Ok((included, opened))
	}

	/// Makes a move by an account, and gives the block that took it. Costs nothing where it is
	/// accepted.
	pub async fn game_move(
		&self,
		signer: &Signer,
		view: &GameView,
		action: &GameMove,
	) -> Result<Block, Error> {
		let call = Call::game_move(&view.request, view.branch, action);
		Ok(self.submit(&call, signer).await?.block)
	}

	/// Offers a move to the pool that is signed by the inference key by which the result was: needs
	/// no account and no fee.
	pub async fn offer_move(
		&self,
		signer: &Signer,
		view: &GameView,
		action: &GameMove,
	) -> Result<(), Error> {
		let (session, validator, key) = view.executor_seat.clone();
		if key != signer.inference_id() {
			return Err(Error::NoMove("this is not the key that signed the result".into()));
		}
		let message = GameMessage {
			genesis: self.genesis(),
			request: view.request,
			branch: view.branch,
			step: view.step,
			session,
			validator,
			signer: key,
			content: GameMessage::content_of(action),
		};
		let signature = signer.sign_by_key(&message.signing_payload());
		let transaction: Vec<u8> = self
			.api("DisputesApi_game_move_transaction", (&message, action, &signature), None)
			.await?;
		let bytes = hex_text(&transaction.encode());
		let _: String = self.rpc("author_submitExtrinsic", rpc_params![bytes]).await?;
		Ok(())
	}

	/// The same, and waits for the block that takes it.
	pub async fn game_move_by_key(
		&self,
		signer: &Signer,
		view: &GameView,
		action: &GameMove,
	) -> Result<Block, Error> {
		let mut blocks = self.blocks().await?;
		self.offer_move(signer, view, action).await?;
		for _ in 0..PATIENCE_BLOCKS {
			let block = blocks.next().await?;
			let now = self.game(view.request, view.branch, Some(block.hash)).await?;
			if now.is_none_or(|now| now.step > view.step) {
				return Ok(block);
			}
		}
		Err(Error::Pool("no block took the move".into()))
	}

	/// The demands about a result that nobody met yet.
	pub async fn demands_about(&self, request: RequestId) -> Result<Vec<DemandView>, Error> {
		let mut all: Vec<DemandView> = Vec::new();
		let mut after: Option<(RequestId, DemandId)> = None;
		loop {
			let page: Vec<DemandView> =
				self.api("DisputesApi_demands", (after, DEMANDS), None).await?;
			let is_last = page.len() < DEMANDS as usize;
			after = page.last().map(|view| (view.request, view.demand));
			all.extend(page.into_iter().filter(|view| view.request == request));
			if is_last {
				return Ok(all);
			}
		}
	}

	/// What is on hold for a demand: at most this is burned when it is met.
	pub async fn demand_fee(&self, request: RequestId, wanted: &Wanted) -> Result<Balance, Error> {
		let fee: Result<Balance, GameRefusal> =
			self.api("DisputesApi_demand_fee", (request, wanted), None).await?;
		fee.map_err(Error::Game)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use countersign_primitives::{
		game::{LeafBytes, Named},
		program::ProgramPort,
		tensor::TensorType,
	};

	#[test]
	fn every_phase_and_move_has_words() {
		let meta = ProgramPort { ty: TensorType::F32, shape: vec![1, 2].try_into().unwrap() };
		let named = Named { operator: 7, meta };
		let bytes = LeafBytes::default();
		for (phase, words) in [
			(Phase::Trace, "commit"),
			(Phase::Operator, "name"),
			(Phase::Hashes(named.clone()), "operator 7"),
			(Phase::Group(named.clone()), "group"),
			(Phase::GroupHashes { named: named.clone(), group: 3, top: Hash::zero() }, "group 3"),
			(Phase::Leaf { named: named.clone(), first: 0 }, "pick a leaf"),
			(Phase::Bytes { named: named.clone(), leaf: 5, hash: Hash::zero() }, "leaf 5"),
			(Phase::Element { named, leaf: 6, bytes: bytes.clone() }, "leaf 6"),
		] {
			assert!(due(&phase).contains(words), "{}", due(&phase));
		}
		let roots = vec![Hash::zero(); 4].try_into().unwrap();
		for (action, words) in [
			(GameMove::Trace { roots, trap: None }, "4 operators"),
			(GameMove::Hashes(Default::default()), "0 hashes"),
			(GameMove::Pick(9), "picks 9"),
			(GameMove::Bytes(bytes), "0 bytes"),
		] {
			assert!(done(&action).contains(words), "{}", done(&action));
		}
	}
}
