//! The steps in which money moves.

use crate::story::{Story, PATIENCE};
use anyhow::{ensure, Context, Result};
use countersign_client::{amount, call::Call, Client};
use countersign_network::scenario::{self, owned, signer, within, Finalised};
use countersign_primitives::{
	attribution::share_of,
	request::{Finality, RequestId, RequestStatus, RequestView, ResultView},
	Balance, BlockNumber, Hash,
};

/// The event by which a request was settled, looked for backwards from a block.
async fn settlement(client: &Client, id: &RequestId, from: BlockNumber) -> Result<Finalised> {
	for number in (from.saturating_sub(40)..=from).rev() {
		let hash = client.hash_of(number).await?.context("a block of the best chain")?;
		for event in client.events(hash).await? {
			if event.is("Inference", "Finalised") && event.names(id) {
				return Ok(event.decode()?);
			}
		}
	}
	anyhow::bail!("no event tells of the settlement of {id:?}")
}

impl Story<'_> {
	/// The first results become final, and what was held is split.
	pub(crate) async fn payments_settle(&mut self) -> Result<()> {
		self.console.step("The window passes; results become Final, and everybody is paid at once");
		let first: Vec<usize> = (0..self.facts.shown.len())
			.filter(|index| {
				let shown = &self.facts.shown[*index];
				!shown.refunded && shown.before.is_none()
			})
			.collect();
		let asked: Vec<_> =
			first.iter().map(|index| self.facts.shown[*index].asked.clone()).collect();
		let mut steps = scenario::watch(self.client(), &asked, scenario::has_ended).await?;
		let clock = self.client().window_clock().await?;
		let now = self.client().best().await?.number;
		let mut left = asked.len();
		while left > 0 {
			let (position, step) = within("a result becoming Final", PATIENCE, async {
				steps.recv().await.context("every request ends")
			})
			.await?;
			let step = step?;
			if !scenario::has_ended(&step.request) {
				let result = self.client().result(step.request.id).await?;
				let ticks =
					u32::try_from(result.final_at.saturating_sub(clock)).unwrap_or(u32::MAX);
				self.console.progress(&format!(
					"block {}; final from block {} on",
					step.block.number,
					now.saturating_add(ticks),
				));
				continue;
			}
			left -= 1;
			let shown = &mut self.facts.shown[first[position]];
			ensure!(
				step.request.status == RequestStatus::Settled,
				"{} ended as {:?}",
				shown.what,
				step.request.status
			);
			let seen = step.events.iter().find(|event| event.is("Inference", "Finalised"));
			let paid: Finalised = match seen {
				Some(event) => event.decode()?,
				None => settlement(&self.clients[0], &shown.asked.id, step.block.number).await?,
			};
			ensure!(paid.request == shown.asked.id, "an event of another request");
			ensure!(paid.paid() == step.request.fee, "paid is not what was due");
			ensure!(paid.contributors_paid == self.facts.price, "contributors got something else");
			ensure!(
				paid.paid() + paid.returned == shown.asked.terms.max_fee,
				"paid and returned is not what was held"
			);
			ensure!(Some(&paid.executor) == shown.executor.as_ref(), "somebody else was paid");
			shown.paid = Some(paid);
			shown.finality = Finality::Final;
		}
		let best = self.client().best().await?.number;
		let block = within("finality", PATIENCE, scenario::finalized(self.client(), best)).await?;
		self.check_at(block.hash).await?;
		self.console.holds(&format!(
			"{} results are Final, with every coin accounted for: what was held is what was paid \
			 plus what came back, at block {}, which all validators finalised",
			first.len(),
			block.number,
		));
		let audited = self.facts.shown.iter().filter(|shown| shown.evidence.audited > 0).count();
		ensure!(audited > 0, "new bonds are always audited, and nobody was");
		self.console.holds(&format!(
			"{audited} of them were run again by other validators, drawn for it, who agree; the bonds \
			 are new, so the executors' part pays for that at first",
		));
		Ok(())
	}

	/// Checks, in the state of one finalised block, that results are there, that the requester
	/// has paid exactly the fees of what was settled, and that contributors were credited.
	async fn check_at(&mut self, at: Hash) -> Result<()> {
		let client = self.client().clone();
		for shown in self.facts.shown.iter_mut().filter(|shown| shown.paid.is_some()) {
			let result: Option<ResultView> =
				client.api("InferenceApi_result", (shown.asked.id,), Some(at)).await?;
			let result = result.context("a settled result is readable")?;
			ensure!(result.finality == Finality::Final, "{} is not Final", shown.what);
			// Audits came after the answer.
			shown.evidence = result.evidence;
		}
		let (mut paid, mut credited) = (0, 0);
		for id in &self.facts.sent {
			let request: Option<RequestView> =
				client.api("InferenceApi_request", (id,), Some(at)).await?;
			let request = request.context("a request stays readable for a while")?;
			if request.status == RequestStatus::Settled {
				paid += request.fee;
				ensure!(request.model == self.model, "the second listing earned something");
				credited += self.facts.price;
			}
		}
		let total: Balance =
			client.api("AttributionApi_total_credited", (self.model,), Some(at)).await?;
		ensure!(total == credited, "contributors were credited {total}, not {credited}");
		let left = owned(&client, &self.requester.account(), at).await?;
		ensure!(
			self.facts.requester_before == left + paid + self.facts.transaction_fees,
			"Ferdie had {}, has {left}, paid {paid} for answers and {} for transactions",
			self.facts.requester_before,
			self.facts.transaction_fees
		);
		Ok(())
	}

	/// A contributor claims what its right earned.
	pub(crate) async fn contributor_claims(&mut self) -> Result<()> {
		self.console.step("A contributor claims");
		let contributor = signer("//Eve//stash")?;
		let account = contributor.account();
		let rights = self.client().rights_of(&account).await?;
		let right = rights
			.iter()
			.find(|right| right.model == self.model)
			.context("the data collective has a right in the model")?
			.clone();
		let before = self.client().finalized().await?;
		let owned_before = owned(self.client(), &account, before.hash).await?;
		let claim = Call::claim(&right.model, right.index);
		let included =
			within("the claim", PATIENCE, self.client().submit(&claim, &contributor)).await?;
		let number = included.block.number;
		let after =
			within("finality", PATIENCE, scenario::finalized(self.client(), number)).await?;
		let owned_after = owned(self.client(), &account, after.hash).await?;
		let total: Balance = self
			.client()
			.api("AttributionApi_total_credited", (self.model,), Some(after.hash))
			.await?;
		// More may have been credited since the claim.
		let most = share_of(total, right.share);
		let got = (owned_after + included.fee).saturating_sub(owned_before);
		ensure!(
			got >= right.earned && got <= most && got > 0,
			"claimed {got}, earned {} to {most}",
			right.earned
		);
		let rights: Vec<countersign_primitives::attribution::EntitlementView> = self
			.client()
			.api("AttributionApi_rights_of", (&account, 0u32), Some(after.hash))
			.await?;
		let claimed = rights.iter().find(|it| it.model == right.model && it.index == right.index);
		ensure!(claimed.is_some_and(|it| it.claimed == got), "the chain wrote down another claim");
		self.facts.claimed = Some((account.clone(), got));
		self.console.holds(&format!(
			"{} claimed {} {}: {} of the {} that the model earned so far; the rest stays for the others",
			self.facts.name(&account),
			amount::format(got),
			self.facts.symbol,
			amount::format_share(right.share),
			amount::format(total),
		));
		Ok(())
	}
}
