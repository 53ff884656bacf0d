//! Lies and what the chain does about them: a script that signs by a validator's key, a result
//! followed to its verdict, and the slash at the end.
//!
//! No node has code for lying. Whoever holds a validator's key can: here it is a development key,
//! and the validator's own node is switched off meanwhile.

use crate::scenario::{finalized, has_ended, owned, signer, within};
use anyhow::{ensure, Context, Result};
use codec::{Decode, Encode};
use countersign_client::{
	ask::Asked,
	client::Block,
	event::{hex_text, Event},
	game::{right_move, GameOpened, Player},
	keys::{format_account, Signer},
	Client, Error,
};
use countersign_primitives::{
	apis::ValidatorView,
	attribution::vector_commitment,
	commitment::tensors_commitment,
	dispute::{Decision, Verdict},
	game::GameView,
	keys::{InferenceId, InferencePair},
	model::ModelId,
	offence::SignedStatement,
	request::{
		Assignment, Finality, Outcome, OutcomeCommitment, RequestId, RequestStatus, RequestView,
		ResultView, Role, Statement,
	},
	tensor::Tensor,
	AccountId, Balance, BlockNumber, Hash, SessionIndex, ValidatorIndex,
};
use sp_core::Pair;
use std::{
	collections::{BTreeMap, BTreeSet},
	time::Duration,
};
use subxt::rpcs::rpc_params;

const PATIENCE: Duration = Duration::from_secs(300);
/// Blocks after which a move is offered again that no block took.
const AGAIN_AFTER: BlockNumber = 6;

/// Finalized blocks with their events, none left out.
pub struct Chronicle {
	client: Client,
	next: BlockNumber,
}

impl Chronicle {
	/// From a block on, which may lie behind the last finalized one or before it.
	pub fn from(client: &Client, number: BlockNumber) -> Self {
		Self { client: client.clone(), next: number }
	}

	/// The next block, waiting until it is final.
	pub async fn next(&mut self) -> Result<(Block, Vec<Event>)> {
		let number = self.next;
		if self.client.finalized().await?.number < number {
			within("a finalized block", PATIENCE, finalized(&self.client, number)).await?;
		}
		let hash = self.client.hash_of(number).await?.context("a finalized block")?;
		let events = self.client.events(hash).await?;
		self.next += 1;
		Ok((Block { hash, number }, events))
	}
}

/// An amount that a field of an event holds.
pub fn amount_in(event: &Event, field: &str) -> Option<Balance> {
	match &event.fields[field] {
		serde_json::Value::String(text) => text.parse().ok(),
		value => value.as_u64().map(Balance::from),
	}
}

/// Whether a field of an event holds this account.
fn is_account(client: &Client, event: &Event, field: &str, account: &AccountId) -> bool {
	event.fields[field] == *format_account(account, client.properties().ss58_format)
}

/// Two statements that one validator signed about one request, and contradict each other.
pub struct Contradiction {
	/// One of them.
	pub first: SignedStatement,
	/// The other one.
	pub second: SignedStatement,
	/// Whose they are.
	pub culprit: AccountId,
	/// What stands behind its key in the session that they name, which is the one of now.
	pub exposure: Balance,
}

impl Contradiction {
	/// By a development key: a script signs that a request has two different outputs. The request
	/// needs not be open, nor the validator's.
	pub async fn sign(
		client: &Client,
		uri: &str,
		request: RequestId,
		model: ModelId,
	) -> Result<Self> {
		let culprit = signer(uri)?.account();
		let key = InferencePair::from_string(uri, None)
			.map_err(|error| anyhow::anyhow!("{uri}: {error:?}"))?;
		let view = client.validator(&culprit).await?.context("it is a validator")?;
		let validator: ValidatorIndex = view.position.context("it is in the session")?;
		let session = client.session().await?;
		// Who held a position in a session: account, key and exposure.
		type Member = Option<(AccountId, InferenceId, Balance)>;
		let member: Member =
			client.api::<Member>("ValidatorsApi_member", (session, validator), None).await?;
		let (account, known, exposure) = member.context("the session knows its members")?;
		ensure!(account == culprit, "the position is another's");
		ensure!(known == key.public(), "the session names another key");
		let statement = |output: u8| -> SignedStatement {
			let statement = Statement {
				genesis: client.genesis(),
				request,
				model,
				role: Role::Executor,
				session,
				validator,
				input: Hash::repeat_byte(1),
				outcome: OutcomeCommitment::Output(Hash::repeat_byte(output)),
				attribution: Hash::repeat_byte(2),
				signer: key.public(),
			};
			let signature = key.sign(&statement.signing_payload());
			SignedStatement { statement, signature }
		};
		let (first, second) = (statement(3), statement(4));
		ensure!(first.statement.verify(&first.signature), "the script cannot sign");
		Ok(Self { first, second, culprit, exposure })
	}
}

/// What is claimed about a request.
pub struct Claim<'a> {
	/// The request.
	pub asked: &'a Asked,
	/// Who was drawn for it.
	pub assignment: &'a Assignment,
	/// The model.
	pub model: ModelId,
	/// The input.
	pub input: &'a [Tensor],
	/// What is to have come of it.
	pub output: &'a [Tensor],
}

/// Whoever holds the key of a validator.
pub struct Liar {
	signer: Signer,
	/// The moves that were offered, by request, game and step, and when.
	offered: BTreeMap<(RequestId, u8, u8), BlockNumber>,
}

impl Liar {
	/// With a development key.
	pub fn new(uri: &str) -> Result<Self> {
		Ok(Self { signer: signer(uri)?, offered: BTreeMap::new() })
	}

	/// Signs a result, true or not, and waits until it is in a block, open.
	pub async fn claim(&self, client: &Client, claim: &Claim<'_>) -> Result<ResultView> {
		let vector = client.vector(claim.model).await?;
		let statement = Statement {
			genesis: client.genesis(),
			request: claim.asked.id,
			model: claim.model,
			role: Role::Executor,
			session: claim.assignment.session,
			validator: claim.assignment.validator,
			input: tensors_commitment(claim.input),
			outcome: OutcomeCommitment::of_output(claim.output),
			attribution: vector_commitment(&vector),
			signer: self.signer.inference_id(),
		};
		let signature = self.signer.sign_by_key(&statement.signing_payload());
		let output = claim.output.to_vec().encode();
		let outcome = Outcome::Output(output.try_into().ok().context("a short output")?);
		let arguments = (&statement, &outcome, &signature);
		let transaction: Vec<u8> =
			client.api("InferenceApi_result_transaction", arguments, None).await?;
		let bytes = hex_text(&transaction.encode());
		let mut blocks = client.blocks().await?;
		let _: String = client.rpc("author_submitExtrinsic", rpc_params![bytes]).await?;
		let id = claim.asked.id;
		let posted = async {
			loop {
				if let Some(result) = client.result_at(id, None).await? {
					return anyhow::Ok(result);
				}
				blocks.next().await?;
			}
		};
		let result = within("a result in a block", PATIENCE, posted).await?;
		ensure!(result.finality == Finality::Open, "it is {:?} at once", result.finality);
		ensure!(result.statement == statement, "another result is in its place");
		Ok(result)
	}

	/// Offers the moves that are due on this side in some games, as `player` has them.
	pub async fn answer(
		&mut self,
		client: &Client,
		player: &Player<'_>,
		games: &[GameView],
		now: BlockNumber,
	) -> Result<()> {
		for view in games.iter().filter(|view| view.phase.is_executors()) {
			let key = (view.request, view.branch, view.step);
			if self.offered.get(&key).is_some_and(|offered| offered + AGAIN_AFTER > now) {
				continue;
			}
			// An executor's moves follow from its own run alone.
			let claim = Outcome::Output(Default::default());
			let action = right_move(player, view, &[], &claim).context("an answer")?;
			self.offered.insert(key, now);
			match client.offer_move(&self.signer, view, &action).await {
				// The pool knows it, or the game has gone on; the next block tells.
				Ok(()) | Err(Error::Node { code: 1002 | 1010..=1014, .. }) => {}
				Err(error) => return Err(error.into()),
			}
		}
		Ok(())
	}
}

/// A game that ended, as its event tells.
#[derive(Clone, PartialEq, Eq, Debug, Decode)]
pub struct GameEnded {
	/// The request.
	pub request: RequestId,
	/// The game.
	pub branch: u8,
	/// Who said that the result is wrong.
	pub challenger: AccountId,
	/// What it lost of its bond.
	pub bond_lost: Balance,
	/// What was burned for its messages.
	pub burned: Balance,
}

/// Something that happened on the way to a verdict.
pub enum Happened<'a> {
	/// A block went by.
	Block(&'a Block),
	/// A game is on.
	Opened(&'a Block, &'a GameOpened),
	/// A game is in another phase than before.
	Moved(&'a Block, &'a GameView),
}

/// What happened to a result until it ended.
#[derive(Debug)]
pub struct Course {
	/// The games that were opened, the first at the front.
	pub opened: Vec<GameOpened>,
	/// The games that ended.
	pub ended: Vec<GameEnded>,
	/// Moves that blocks took, by game and number.
	pub moves: BTreeSet<(u8, u8)>,
	/// What went back to the requester, where the result was invalidated.
	pub returned: Option<Balance>,
	/// The last block that was looked at.
	pub last: Block,
}

impl Course {
	/// Takes up what an event tells. A fork may have it told twice.
	fn note(&mut self, event: &Event) -> Result<Option<GameOpened>> {
		match (event.pallet.as_str(), event.name.as_str()) {
			("Disputes", "GameOpened") => {
				let opened: GameOpened = event.decode()?;
				self.opened.retain(|known| known.branch != opened.branch);
				self.opened.push(opened.clone());
				self.opened.sort_by_key(|opened| opened.branch);
				return Ok(Some(opened));
			}
			("Disputes", "GameMoved") => {
				let (_, branch, step): (RequestId, u8, u8) = event.decode()?;
				self.moves.insert((branch, step));
			}
			("Disputes", "GameEnded") => {
				let ended: GameEnded = event.decode()?;
				self.ended.retain(|known| known.branch != ended.branch);
				self.ended.push(ended);
			}
			("Inference", "Invalidated") => {
				self.returned = amount_in(event, "returned");
			}
			_ => {}
		}
		Ok(None)
	}
}

/// Follows a result until `enough`, from the block of its request on. A liar makes its moves
/// meanwhile, as its player has them; without one it is silent.
pub async fn follow(
	client: &Client,
	asked: &Asked,
	mut liar: Option<(&mut Liar, &Player<'_>)>,
	mut tell: impl FnMut(Happened<'_>),
	enough: impl Fn(&RequestView, &Course) -> bool,
) -> Result<Course> {
	let mut follow = client.follow_asked(asked).await?;
	let mut course = Course {
		opened: Vec::new(),
		ended: Vec::new(),
		moves: BTreeSet::new(),
		returned: None,
		last: asked.included.block,
	};
	let mut phases: BTreeMap<u8, u8> = BTreeMap::new();
	loop {
		let step = within("a block", PATIENCE, follow.next()).await?;
		course.last = step.block;
		for event in &step.events {
			if let Some(opened) = course.note(event)? {
				tell(Happened::Opened(&step.block, &opened));
			}
		}
		let games = client.games_about(asked.id, Some(step.block.hash)).await?;
		for view in &games {
			if view.step > 0 && phases.insert(view.branch, view.step) != Some(view.step) {
				tell(Happened::Moved(&step.block, view));
			}
		}
		tell(Happened::Block(&step.block));
		if enough(&step.request, &course) {
			return Ok(course);
		}
		if let Some((liar, player)) = liar.as_mut() {
			liar.answer(client, player, &games, step.block.number).await?;
		}
	}
}

/// Follows a result until it has ended.
pub async fn to_its_end(
	client: &Client,
	asked: &Asked,
	liar: Option<(&mut Liar, &Player<'_>)>,
	tell: impl FnMut(Happened<'_>),
) -> Result<Course> {
	follow(client, asked, liar, tell, |request, _| has_ended(request)).await
}

/// Checks in the state of a finalized block that a result was found wrong with all that follows at
/// once: invalidated, everything back to the requester, the cover to be slashed, nothing credited,
/// and every challenger's bond back. Gives the decision.
pub async fn found_wrong(
	client: &Client,
	asked: &Asked,
	course: &Course,
	result: &ResultView,
	culprit: &AccountId,
) -> Result<Decision> {
	let number = course.last.number;
	let block = within("finality", PATIENCE, finalized(client, number)).await?;
	let request = client.request_at(asked.id, Some(block.hash)).await?;
	let request = request.context("the request stays readable for a while")?;
	ensure!(request.status == RequestStatus::Invalidated, "it is {:?}", request.status);
	let decision: Option<Decision> =
		client.api("DisputesApi_decision", (asked.id,), Some(block.hash)).await?;
	let decision = decision.context("a decision")?;
	ensure!(decision.verdict == Verdict::Wrong, "the chain finds {:?}", decision.verdict);
	ensure!(decision.executor == *culprit, "it blames somebody else");
	ensure!(decision.challenger != *culprit, "the liar is to be rewarded");
	ensure!(decision.slash == result.cover, "{} and not the cover", decision.slash);
	ensure!(decision.slashed_in.is_some(), "no slash is noted");
	let returned = course.returned.context("an event of the refund")?;
	ensure!(returned == asked.terms.max_fee, "{returned} went back");
	for ended in &course.ended {
		ensure!(ended.bond_lost == 0, "{:?} lost {}", ended.challenger, ended.bond_lost);
	}
	if let Some(first) = course.opened.first() {
		ensure!(decision.challenger == first.challenger, "the first game was another's");
		ensure!(course.ended.len() == course.opened.len(), "a game is still on");
	}
	Ok(decision)
}

/// A slash that is to be applied.
#[derive(Clone, Debug)]
pub struct Due {
	/// The block from which on it may be.
	pub from: BlockNumber,
	/// The first session in which it is.
	pub session: SessionIndex,
	/// Whose bond it takes from.
	pub culprit: AccountId,
	/// What it takes.
	pub amount: Balance,
	/// Who gets a tenth of it.
	pub reporter: AccountId,
}

/// A slash that was applied.
#[derive(Clone, Debug)]
pub struct Slash {
	/// The block.
	pub block: Block,
	/// What it took.
	pub amount: Balance,
	/// What went to the reporter.
	pub reward: Balance,
}

/// Waits for a slash, and checks it in the state before and after: the bond is smaller by it, and the
/// reporter has a tenth of it. Tells the blocks that go by, with their sessions.
pub async fn slashed(
	client: &Client,
	due: &Due,
	mut tell: impl FnMut(&Block, SessionIndex),
) -> Result<Slash> {
	let mut chronicle = Chronicle::from(client, due.from);
	loop {
		let (block, events) = chronicle.next().await?;
		let session: SessionIndex =
			client.api("ValidatorsApi_session", (), Some(block.hash)).await?;
		ensure!(session <= due.session + 1, "session {session}, and no slash: {due:?}");
		tell(&block, session);
		let taken: Vec<(&Event, Balance)> = events
			.iter()
			.filter(|event| {
				event.is("Validators", "Slashed")
					&& is_account(client, event, "validator", &due.culprit)
			})
			.filter_map(|event| Some((event, amount_in(event, "amount")?)))
			.collect();
		let Some((event, amount)) = taken.iter().find(|(_, amount)| *amount == due.amount) else {
			continue;
		};
		let rewarded = events.iter().find(|other| {
			other.is("Validators", "Rewarded") && other.fields["slash"] == event.fields["slash"]
		});
		let rewarded = rewarded.context("nobody was rewarded")?;
		let is_reporter = is_account(client, rewarded, "reporter", &due.reporter);
		ensure!(is_reporter, "another was rewarded: {}", rewarded.fields);
		let reward = amount_in(rewarded, "amount").context("an amount")?;
		ensure!(reward > 0 && reward == amount / 10, "{reward} of {amount} is no tenth");
		let all: Balance = taken.iter().map(|(_, amount)| amount).sum();
		let parent = client.parent(block).await?;
		let before = bonded(client, &due.culprit, &parent).await?;
		let after = bonded(client, &due.culprit, &block).await?;
		ensure!(before == after + all, "the bond was {before} and is {after}, after {all}");
		let had = owned(client, &due.reporter, parent.hash).await?;
		let has = owned(client, &due.reporter, block.hash).await?;
		// It may have sent something in the same block.
		let fees = events.iter().filter(|event| {
			event.is("TransactionPayment", "TransactionFeePaid")
				&& is_account(client, event, "who", &due.reporter)
		});
		let fees: Balance = fees.filter_map(|event| amount_in(event, "actual_fee")).sum();
		ensure!(
			has + fees >= had + reward,
			"the reporter had {had}, has {has}, was rewarded {reward} and paid {fees}"
		);
		return Ok(Slash { block, amount: *amount, reward });
	}
}

/// The bond of a validator in a block.
pub async fn bonded(client: &Client, who: &AccountId, block: &Block) -> Result<Balance> {
	let view: Option<ValidatorView> =
		client.api("ValidatorsApi_validator", (who,), Some(block.hash)).await?;
	Ok(view.context("a validator still")?.bonded)
}
