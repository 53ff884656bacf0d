//! The steps in which answers are disputed that a block can recompute: a wrong one, by a validator's
//! node that watches, and one that holds, by a stranger.

use crate::{
	failure::FAILING,
	program::Import,
	slashes::Pending,
	story::{Story, PATIENCE},
};
use anyhow::{ensure, Context, Result};
use codec::Encode;
use countersign_client::{
	amount,
	ask::{Ask, Asked},
	magika,
	program::{self, Verdict},
};
use countersign_network::{
	files::SAMPLES,
	large::Large,
	scenario::{self, owned, signer, within},
	trial::{self, Claim, Due, Happened, Liar},
};
use countersign_primitives::{
	dispute::Verdict as Found,
	request::{Assignment, Finality, RequestStatus, LANES},
	tensor::Tensor,
	AccountId, Balance, UNIT,
};

/// Who disputes what holds: a stranger with some tokens.
const STRANGER: &str = "//Bob//stash";
/// The most rounds in which files are sent so that one of them meets the culprit.
const MOST_ROUNDS: usize = 8;
/// What a wrong answer of the large model would cost Ferdie: a cover from which a reporter gains.
const VALUE_AT_RISK: Balance = 20 * UNIT;
/// Blocks until the answer of the large model is due: time for what is shown before.
const LARGE_DEADLINE_IN: u32 = 160;

/// What a script that holds Dave's key is asked, and what the others are.
pub(crate) struct Lies {
	/// Who holds Dave's key.
	pub(crate) liar: Liar,
	/// The request for a run of the large model, which only Dave serves.
	pub(crate) large: Asked,
	/// The draw for it.
	pub(crate) large_assignment: Assignment,
	/// Its input.
	pub(crate) large_input: Vec<Tensor>,
	/// Requests that validators answer which do not lie.
	others: Vec<(Asked, &'static str)>,
}

/// A file that Dave was drawn for, with the requests beside it.
struct Drawn {
	asked: Asked,
	assignment: Assignment,
	path: &'static str,
	expected: &'static str,
	others: Vec<(Asked, &'static str)>,
}

impl Story<'_> {
	/// Dave's machine is off, and whoever has his key signs another label than the model gives. The
	/// other validators' nodes see it and have the chain recompute it.
	pub(crate) async fn wrong_label_is_recomputed(&mut self, import: &Import) -> Result<Lies> {
		self.console
			.step("Dave's key signs a wrong label; the other nodes watch, and have it recomputed");
		let client = self.client().clone();
		let uri = self.network.nodes[FAILING].uri();
		let dave = signer(&uri)?;
		self.console.progress("Dave has something to audit yet");
		let idle = scenario::nothing_to_audit(&client, &dave);
		within("the end of Dave's audits", PATIENCE, idle).await?;
		let dave = dave.account();
		self.network.nodes[FAILING].kill()?;
		self.console.note("Dave's machine is off; a script has his inference key");
		let (large, large_assignment, large_input) = self.ask_the_large_model(&dave).await?;
		let drawn = self.ask_until_drawn(&dave).await?;
		let Drawn { asked, assignment, path, expected, others } = drawn;
		let input = scenario::magika_input(path)?;

		let (right, wrong) = labels(import, &input)?;
		let liar = Liar::new(&uri)?;
		let claim = Claim {
			asked: &asked,
			assignment: &assignment,
			model: self.model,
			input: &input,
			output: &wrong,
		};
		let open = within("the wrong result", PATIENCE, liar.claim(&client, &claim)).await?;
		let label = magika::decode(&wrong, 1)?.label;
		self.console.holds(&format!(
			"{path:<28} {label}, says the chain: signed by Dave's key, {} {} of his bond behind it",
			amount::format(open.cover),
			self.facts.symbol,
		));
		let policies = &import.file.manifest.policies;
		let replay = program::replay(&import.program, policies, &input, &open.outcome)?;
		ensure!(replay.verdict == Verdict::Wrong, "the client finds it {:?}", replay.verdict);
		ensure!(magika::decode(&right, 1)?.label == expected, "the model says something else");
		self.console
			.holds(&format!("the client computes it: {expected}, and the answer does not hold"));

		let console = &mut *self.console;
		let progress = |happened: Happened<'_>| {
			if let Happened::Block(block) = happened {
				console
					.progress(&format!("block {}; nobody is asked to do anything", block.number));
			}
		};
		let course = trial::to_its_end(&client, &asked, None, progress).await?;
		let decision = trial::found_wrong(&client, &asked, &course, &open, &dave).await?;
		ensure!(course.opened.is_empty(), "a game about what a block can recompute");
		let challenger = self.facts.name(&decision.challenger);
		self.console.holds(&format!(
			"block {}: {challenger}'s node had recomputed it by itself, and challenged it by its own \
			 key; the runtime ran the model and found it wrong",
			decision.decided_at,
		));
		self.console.holds(&format!(
			"invalidated at once: all of {} {} went back to Ferdie, contributors are credited nothing, \
			 and {challenger} has its bond back",
			amount::format(asked.terms.max_fee),
			self.facts.symbol,
		));
		self.slashes.push(Pending {
			why: "the cover of the wrong label".into(),
			due: Due {
				from: decision.decided_at,
				session: decision.slashed_in.context("a session from which on it is applied")?,
				culprit: dave,
				amount: decision.slash,
				reporter: decision.challenger,
			},
		});
		Ok(Lies { liar, large, large_assignment, large_input, others })
	}

	/// A stranger disputes an answer that holds, and loses its bond.
	pub(crate) async fn honest_answer_is_disputed(
		&mut self,
		import: &Import,
		lies: &Lies,
	) -> Result<()> {
		self.console.step("A stranger disputes an answer that holds");
		let client = self.client().clone();
		let mut open = None;
		for (asked, path) in &lies.others {
			let result = client.result_at(asked.id, None).await?;
			if let Some(result) = result.filter(|result| result.finality == Finality::Open) {
				open = Some((asked, *path, result));
				break;
			}
		}
		let (asked, path, result) = open.context("an honest answer that is still open")?;
		let request = client.request(asked.id).await?;
		let executor = request.assignment.context("an executor")?.account;
		let input = scenario::magika_input(path)?;
		let policies = &import.file.manifest.policies;
		let replay = program::replay(&import.program, policies, &input, &result.outcome)?;
		ensure!(replay.verdict == Verdict::Accepted, "the client finds it {:?}", replay.verdict);
		let label = magika::decode(&replay.outputs, 1)?.label;
		self.console.holds(&format!(
			"{path:<28} {label}, signed by {}; the client computes the same",
			self.facts.name(&executor),
		));

		let stranger = signer(STRANGER)?;
		let length = u32::try_from(input.encoded_size())?;
		let cost = client.replay_cost(&import.program, length).await?;
		let package = client.bring_package(&stranger, &import.program, |_, _| {}).await?;
		self.console.progress("the stranger has the chain recompute it all the same");
		let disputed = client.dispute(&stranger, asked.id, &import.program, package, None);
		let (included, decision) = within("the verdict", PATIENCE, disputed).await?;
		ensure!(decision.verdict == Found::Accepted, "the chain finds {:?}", decision.verdict);
		ensure!(decision.challenger == stranger.account(), "another's decision");
		ensure!(decision.executor == executor && decision.slash == 0, "somebody is blamed");
		ensure!(decision.bond_lost == cost.bond, "{} were lost", decision.bond_lost);
		let number = included.block.number;
		let block = within("finality", PATIENCE, scenario::finalized(&client, number)).await?;
		let after = client.result_at(asked.id, Some(block.hash)).await?.context("a result")?;
		ensure!(after.finality == Finality::Final, "it is {:?}", after.finality);
		ensure!(after.evidence.replayed, "no evidence of the replay");
		let request = client.request_at(asked.id, Some(block.hash)).await?.context("a request")?;
		ensure!(request.status == RequestStatus::Settled, "it is {:?}", request.status);
		let parent = client.parent(included.block).await?;
		let (before, now) = (parent.hash, included.block.hash);
		let had = owned(&client, &stranger.account(), before).await?;
		let has = owned(&client, &stranger.account(), now).await?;
		let lost = decision.bond_lost + included.fee;
		ensure!(had == has + lost, "the stranger had {had} and has {has}, and {lost} were lost");
		let gained = owned(&client, &executor, now).await?;
		let gained = gained.saturating_sub(owned(&client, &executor, before).await?);
		ensure!(gained >= cost.bond / 2, "the executor gained {gained}");
		self.console.holds(&format!(
			"block {number}: the runtime ran the model and agrees; the answer is Replayed and Final at \
			 once, and paid"
		));
		self.console.holds(&format!(
			"the stranger lost its bond of {} {symbol}, half of it to {} and half to the treasury, and \
			 the fee of {} {symbol}",
			amount::format(decision.bond_lost),
			self.facts.name(&executor),
			amount::format(included.fee),
			symbol = self.facts.symbol,
		));
		Ok(())
	}

	/// Asks the large model, which only Dave serves.
	async fn ask_the_large_model(
		&mut self,
		dave: &AccountId,
	) -> Result<(Asked, Assignment, Vec<Tensor>)> {
		let input = Large::input(1);
		let ask = Ask {
			lane: LANES - 2,
			value_at_risk: VALUE_AT_RISK,
			deadline_in: Some(LARGE_DEADLINE_IN),
			..Ask::new(self.large_model, input.clone())
		};
		let asked = within("a request", PATIENCE, self.client().ask(&self.requester, &ask)).await?;
		let drawn = scenario::drawn(self.client(), std::slice::from_ref(&asked)).await?;
		let assignment = drawn.into_iter().next().context("a draw")?;
		ensure!(assignment.account == *dave, "another serves the large model");
		Ok((asked, assignment, input))
	}

	/// Sends files until the draw gives one to a validator.
	async fn ask_until_drawn(&mut self, who: &AccountId) -> Result<Drawn> {
		for _ in 0..MOST_ROUNDS {
			let mut asks = Vec::new();
			for (lane, (path, _)) in SAMPLES.iter().enumerate() {
				let lane = u8::try_from(lane).context("fewer files than lanes")?;
				let ask = Ask { lane, ..Ask::new(self.model, scenario::magika_input(path)?) };
				let (_, terms) = self.client().quote_for(&ask).await?;
				asks.push((ask, terms));
			}
			let asked = scenario::ask_at_once(self.client(), &self.requester, asks).await?;
			let draws = scenario::drawn(self.client(), &asked).await?;
			let (mut his, mut others) = (None, Vec::new());
			for ((asked, draw), (path, expected)) in asked.into_iter().zip(draws).zip(SAMPLES) {
				if draw.account != *who {
					others.push((asked, path));
				} else if his.is_none() {
					his = Some((asked, draw, path, expected));
				}
			}
			if let Some((asked, assignment, path, expected)) = his {
				return Ok(Drawn { asked, assignment, path, expected, others });
			}
		}
		anyhow::bail!("never drawn in {MOST_ROUNDS} rounds")
	}
}

/// What the model gives, and the same with the best score at another label.
fn labels(import: &Import, input: &[Tensor]) -> Result<(Vec<Tensor>, Vec<Tensor>)> {
	let outcome = import.program.run(input);
	let right = outcome.result.map_err(|trap| anyhow::anyhow!("{trap:?}"))?;
	let right = program::from_canonical(right);
	let mut wrong = right.clone();
	let (scores, _) = wrong[0].data.as_chunks_mut::<4>();
	let best = (0..scores.len())
		.max_by(|a, b| f32::from_le_bytes(scores[*a]).total_cmp(&f32::from_le_bytes(scores[*b])))
		.context("scores")?;
	let other = (best + 1) % scores.len();
	scores.swap(best, other);
	Ok((right, wrong))
}
