//! The steps in which a validator is switched off.

use crate::{
	report::Shown,
	story::{blocks, short, Story, PATIENCE},
};
use anyhow::{ensure, Context, Result};
use countersign_client::{amount, ask::Ask, magika};
use countersign_network::{
	files::SAMPLES,
	scenario::{self, signer, within},
	VALIDATORS,
};
use countersign_primitives::{
	request::{Finality, RequestStatus, LANES},
	Balance,
};

/// The validator that is switched off: the last.
pub(crate) const FAILING: usize = VALIDATORS.len() - 1;
/// The most rounds in which files are sent so that one of them meets the failing validator. The
/// chance that none does is one in ten million.
const MOST_ROUNDS: usize = 8;
/// Blocks that a deadline lies beyond the earliest, so that the request may wait for a block.
const SLACK_BLOCKS: u32 = 8;

/// What a refund's event says after the request: why, how much went back, how much was charged.
type Refunded = (countersign_primitives::request::RequestId, u8, Balance, Balance);

impl Story<'_> {
	/// Dave is switched off. What was assigned to him is taken over; what only he serves is
	/// refunded.
	pub(crate) async fn executor_fails(&mut self) -> Result<()> {
		self.console
			.step("Dave's machine is switched off; requests meant for him go on without him");
		let dave = signer(&self.network.nodes[FAILING].uri())?;
		self.console.progress("Dave has something to audit yet");
		let idle = scenario::nothing_to_audit(self.client(), &dave);
		within("the end of Dave's audits", PATIENCE, idle).await?;
		let dave = dave.account();
		let missed = self.client().validator(&dave).await?.map_or(0, |view| view.missed);
		self.network.nodes[FAILING].kill()?;
		self.console.note("killed without warning; the chain cannot know it yet");

		let mut waiting = vec![self.ask_only_dave().await?];
		self.ask_until_dave_is_drawn(&dave, &mut waiting).await?;

		let asked: Vec<_> = waiting.iter().map(|shown| shown.asked.clone()).collect();
		let mut steps = scenario::watch(self.client(), &asked, scenario::has_result).await?;
		let mut left = asked.len();
		while left > 0 {
			let (index, step) = within("a take-over or a refund", PATIENCE, async {
				steps.recv().await.context("every request ends")
			})
			.await?;
			let step = step?;
			let shown = &mut waiting[index];
			for event in &step.events {
				if event.is("Inference", "Reassigned") {
					let next = step.request.assignment.clone().context("there is an executor")?;
					ensure!(next.account != dave, "the request was given to Dave again");
					self.console.holds(&format!(
						"{:<28} deadline passed in block {}: taken over by {}",
						shown.what,
						step.block.number,
						self.facts.name(&next.account),
					));
				}
				if event.is("Inference", "Refunded") {
					let (_, _, returned, charged): Refunded = event.decode()?;
					ensure!(charged == 0, "{charged} was charged for nothing");
					ensure!(returned == shown.asked.terms.max_fee, "{returned} came back");
				}
			}
			if !scenario::has_result(&step.request) {
				let deadline = shown.asked.terms.deadline;
				self.console.progress(&if step.block.number <= deadline {
					format!("block {}; Dave's deadline is block {deadline}", step.block.number)
				} else {
					format!("block {}; the chain looks for somebody else", step.block.number)
				});
				continue;
			}
			left -= 1;
			let after = step.block.number.saturating_sub(step.request.submitted_at);
			if step.request.status == RequestStatus::Refunded {
				ensure!(index == 0, "{} was refunded, though others serve it", shown.what);
				shown.refunded = true;
				shown.latency = Some(after);
				self.console.holds(&format!(
					"{:<28} nobody else serves that listing: after {} all of {} {} went back by itself",
					shown.what,
					blocks(after),
					amount::format(shown.asked.terms.max_fee),
					self.facts.symbol,
				));
				continue;
			}
			ensure!(index != 0, "a request that only Dave could answer has an answer");
			let answer = self.client().answer_after(&step).await?.context("there is a result")?;
			let output =
				scenario::check_result(self.client(), &answer.request, &answer.result).await?;
			let verdict = magika::decode(&output, 1)?;
			ensure!(verdict.label == shown.outcome, "{} is {}", shown.what, verdict.label);
			let executor = answer.request.assignment.context("there is an executor")?.account;
			ensure!(executor != dave, "Dave answered while switched off");
			shown.sure = verdict.scores.first().map_or(0.0, |best| best.score);
			shown.latency = Some(answer.result.answered_at - answer.request.submitted_at);
			self.console.holds(&format!(
				"{:<28} {:<10} by {}, {} after the request",
				shown.what,
				verdict.label,
				self.facts.name(&executor),
				blocks(shown.latency.unwrap_or_default()),
			));
			shown.executor = Some(executor);
		}
		self.facts.shown.extend(waiting);

		let record = self.client().validator(&dave).await?.context("Dave is a validator")?;
		ensure!(record.missed > missed, "Dave's record does not show what he missed");
		self.console.holds(&format!(
			"Dave lost the fees, and his record shows {} missed; his bond is untouched",
			record.missed
		));
		ensure!(record.bonded == self.facts.bonded, "Dave's bond changed");
		self.console.progress("Dave's machine is switched on again");
		let client = within("Dave's return", PATIENCE, self.network.restart(FAILING)).await?;
		let target = self.client().finalized().await?;
		within("Dave catching up", PATIENCE, scenario::finalized(&client, target.number)).await?;
		let seen = client.hash_of(target.number).await?;
		ensure!(seen == Some(target.hash), "Dave sees another chain");
		self.clients[FAILING] = client;
		self.console
			.holds(&format!("Dave is back, and has caught up with block {}", target.number));
		Ok(())
	}

	/// A request that only Dave can answer.
	async fn ask_only_dave(&mut self) -> Result<Shown> {
		let (path, expected) = SAMPLES[0];
		let ask = Ask { lane: LANES - 1, ..Ask::new(self.lonely, scenario::magika_input(path)?) };
		let (quote, mut terms) = self.client().quote_for(&ask).await?;
		terms.deadline = quote.earliest_deadline + SLACK_BLOCKS;
		let asked = self.client().ask_with(&self.requester, &ask, terms).await?;
		self.facts.transaction_fees += asked.included.fee;
		self.console.holds(&format!(
			"{path:<28} sent to the listing that Dave alone serves: {}, deadline block {}",
			short(&asked.id),
			asked.terms.deadline,
		));
		self.facts.sent.push(asked.id);
		Ok(Shown::new("the same file, Dave's listing", expected, asked))
	}

	/// Sends files until the draw gives one to Dave.
	async fn ask_until_dave_is_drawn(
		&mut self,
		dave: &countersign_primitives::AccountId,
		waiting: &mut Vec<Shown>,
	) -> Result<()> {
		let mut others = 0;
		for _ in 0..MOST_ROUNDS {
			let mut asks = Vec::new();
			for (lane, (path, _)) in SAMPLES.iter().enumerate() {
				let lane = u8::try_from(lane).context("fewer files than lanes")?;
				let ask = Ask { lane, ..Ask::new(self.model, scenario::magika_input(path)?) };
				let (quote, mut terms) = self.client().quote_for(&ask).await?;
				terms.deadline = quote.earliest_deadline + SLACK_BLOCKS;
				asks.push((ask, terms));
			}
			let asked = scenario::ask_at_once(self.client(), &self.requester, asks).await?;
			let drawn = scenario::drawn(self.client(), &asked).await?;
			for ((asked, drawn), (path, expected)) in asked.into_iter().zip(drawn).zip(SAMPLES) {
				self.facts.transaction_fees += asked.included.fee;
				self.facts.sent.push(asked.id);
				if drawn.account != *dave {
					others += 1;
					continue;
				}
				self.console.holds(&format!(
					"{path:<28} Dave was drawn for it: {}, deadline block {}",
					short(&asked.id),
					drawn.deadline,
				));
				let mut shown = Shown::new(path, expected, asked);
				shown.before = Some(dave.clone());
				shown.finality = Finality::Open;
				waiting.push(shown);
			}
			if waiting.len() > 1 {
				self.console
					.note(&format!("{others} others were drawn elsewhere and go on as usual"));
				return Ok(());
			}
		}
		anyhow::bail!("Dave was never drawn in {MOST_ROUNDS} rounds")
	}
}
