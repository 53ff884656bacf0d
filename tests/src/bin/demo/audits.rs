//! The steps in which others run an answer again: drawn, committed, shown, counted, paid.

use crate::story::{Story, PATIENCE};
use anyhow::{ensure, Context, Result};
use countersign_client::{amount, client::Block, event::Event};
use countersign_network::{
	scenario::{owned, within},
	trial::Chronicle,
};
use countersign_primitives::{
	audit::{AuditView, Draw, SeatStatus},
	request::{Finality, OutcomeCommitment, RequestId, Role},
	AccountId, Balance, SessionIndex, ValidatorIndex,
};
use std::collections::BTreeMap;

/// What the event of a draw says: request, draw, role, auditor, session, position, until when, pay.
type AuditorDrawn = (RequestId, Draw, Role, AccountId, SessionIndex, ValidatorIndex, u64, Balance);
/// What the event of an auditor that commits, or misses its time, says.
type Spoke = (RequestId, Role, AccountId);
/// What the event of an auditor that shows what it found says.
type Revealed = (RequestId, Role, AccountId, OutcomeCommitment, bool);
/// What the event of a payment says: request, role, auditor, what it got, what it is still owed.
type Paid = (RequestId, Role, AccountId, Balance, Balance);

/// A result whose audits are told.
pub(crate) struct Audited {
	id: RequestId,
	what: String,
	/// Where the telling goes on.
	chronicle: Chronicle,
}

impl Story<'_> {
	/// Two validators are drawn for an answer, run the model again, commit, and show.
	pub(crate) async fn answer_is_audited(&mut self) -> Result<Audited> {
		self.console.step("Others are drawn to run an answer again");
		let client = self.client().clone();
		let shown = self.facts.shown.first().context("an answered request")?;
		let (id, what) = (shown.asked.id, shown.what.clone());
		let executor = shown.executor.clone().context("an executor")?;
		self.console.note(&format!("{what}, answered by {}", self.facts.name(&executor)));
		let mut chronicle = Chronicle::from(&client, shown.asked.included.block.number);
		let (at, audits) = loop {
			let (block, events) = within("a block", PATIENCE, chronicle.next()).await?;
			self.console.progress(&format!("block {}, final", block.number));
			let mut passed = None;
			for event in events.iter().filter(|event| is_about(event, &id)) {
				passed = self.told_of_audit(&block, event)?.or(passed);
			}
			if let Some(audits) = passed {
				break (block, audits);
			}
		};
		let view: Option<AuditView> = client.api("AuditsApi_audits", (id,), Some(at.hash)).await?;
		let view = view.context("there are audits")?;
		ensure!(view.passed == audits, "{} passed, and the event says {audits}", view.passed);
		ensure!(view.seats.iter().all(|seat| seat.account != executor), "it audits itself");
		let result = client.result_at(id, Some(at.hash)).await?.context("a result")?;
		ensure!(result.evidence.audited == audits, "the evidence is {:?}", result.evidence);
		self.console.holds(&format!(
			"{what}: Audited({audits}) stands behind it from now on; each of two draws hits with {} %, \
			 because the bond behind it is new",
			view.rate.deconstruct() / 10_000_000,
		));
		Ok(Audited { id, what, chronicle })
	}

	/// The late draw, and what all auditors got when the result had ended.
	pub(crate) async fn auditors_are_paid(&mut self, audited: Audited) -> Result<()> {
		let Audited { id, what, mut chronicle } = audited;
		self.console.step("Who ran it again is paid");
		let client = self.client().clone();
		let mut paid: BTreeMap<u8, (Balance, Balance)> = BTreeMap::new();
		let view = loop {
			let (block, events) = within("a block", PATIENCE, chronicle.next()).await?;
			self.console.progress(&format!("block {}", block.number));
			for event in events.iter().filter(|event| is_about(event, &id)) {
				if !event.is("Audits", "Paid") {
					self.told_of_audit(&block, event)?;
					continue;
				}
				let (_, role, auditor, now, later): Paid = event.decode()?;
				let parent = client.parent(block).await?;
				let had = owned(&client, &auditor, parent.hash).await?;
				let has = owned(&client, &auditor, block.hash).await?;
				ensure!(has >= had + now, "{auditor:?} had {had}, has {has}, and got {now}");
				paid.insert(number(role)?, (now, later));
			}
			if paid.is_empty() {
				continue;
			}
			let view: Option<AuditView> =
				client.api("AuditsApi_audits", (id,), Some(block.hash)).await?;
			let view = view.context("audits are readable as long as their request")?;
			let agree = view.seats.iter().filter(|seat| seat.status == SeatStatus::Agrees).count();
			if paid.len() == agree {
				let result = client.result_at(id, Some(block.hash)).await?.context("a result")?;
				ensure!(result.finality == Finality::Final, "paid while {:?}", result.finality);
				ensure!(usize::from(result.evidence.audited) == agree, "{:?}", result.evidence);
				break view;
			}
		};
		let mut rows = Vec::new();
		for seat in &view.seats {
			let (now, later) = paid.get(&number(seat.role)?).copied().unwrap_or_default();
			let agrees = seat.status == SeatStatus::Agrees;
			ensure!(now + later == if agrees { seat.pay } else { 0 }, "{seat:?} got {now}");
			rows.push(vec![
				self.facts.name(&seat.account),
				format!("{:?}", seat.draw).to_lowercase(),
				format!("{:?}", seat.status).to_lowercase(),
				amount::format(now),
				amount::format(later),
			]);
		}
		let head = ["auditor", "draw", "what became of it", "paid", "still owed by the pot"];
		self.console.table(&head, &rows);
		self.console.holds(&format!(
			"{what}: Final with Audited({}); the audits' part of the fees paid for it, and nobody else",
			view.passed
		));
		Ok(())
	}

	/// Tells what an event says about audits. Gives how many passed, where it says that.
	fn told_of_audit(&mut self, block: &Block, event: &Event) -> Result<Option<u8>> {
		let mut passed = None;
		let said = match event.name.as_str() {
			"AuditorDrawn" => {
				let (_, draw, _, auditor, _, _, _, pay): AuditorDrawn = event.decode()?;
				let by = match draw {
					Draw::Early => "the randomness of the blocks after the answer",
					Draw::Late => "that of the second epoch after it",
				};
				format!(
					"{} is drawn, by {by}; {} {} if what it shows stands",
					self.facts.name(&auditor),
					amount::format(pay),
					self.facts.symbol,
				)
			}
			"Committed" => {
				let (_, _, auditor): Spoke = event.decode()?;
				format!("{} has run it and commits to what it found", self.facts.name(&auditor))
			}
			"Missed" => {
				let (_, _, auditor): Spoke = event.decode()?;
				format!("{} was too slow, which costs nothing", self.facts.name(&auditor))
			}
			"Revealed" => {
				let (_, _, auditor, _, agrees): Revealed = event.decode()?;
				let name = self.facts.name(&auditor);
				ensure!(agrees, "{name} contradicts an honest answer");
				format!("{name} shows it: the same answer, and leaves of its own trace")
			}
			"Passed" => {
				let (_, audits): (RequestId, u8) = event.decode()?;
				passed = Some(audits);
				format!("the round is over: {audits} agree")
			}
			"NobodyDrawn" => "a draw hits, and nobody is left who could be drawn".into(),
			name => anyhow::bail!("block {}: {name} about an honest answer", block.number),
		};
		self.console.note(&format!("  block {}: {said}", block.number));
		Ok(passed)
	}
}

fn is_about(event: &Event, id: &RequestId) -> bool {
	event.pallet == "Audits" && event.names(id)
}

/// The number of an auditor among those of a result.
fn number(role: Role) -> Result<u8> {
	match role {
		Role::Auditor(number) => Ok(number),
		Role::Executor => anyhow::bail!("an executor is no auditor"),
	}
}
