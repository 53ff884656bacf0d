//! The step in which a validator signs two different statements about one request.

use crate::{
	slashes::Pending,
	story::{short, Story, PATIENCE},
};
use anyhow::{ensure, Context, Result};
use countersign_client::{amount, call::Call};
use countersign_network::{
	scenario::{signer, within},
	trial::{amount_in, Contradiction, Due},
};
use countersign_primitives::{Balance, SessionIndex};

/// Who signs twice.
const CULPRIT: &str = "//Charlie";
/// Who reports it. Anybody may.
const REPORTER: &str = "//Ferdie//stash";
/// What it costs, in hundredths of the exposure.
const PERCENT: Balance = 5;

impl Story<'_> {
	/// A script that holds a development key signs two statements about one request. Anybody who
	/// has both reports them, and the bond falls by itself a session later.
	pub(crate) async fn two_statements_cost_stake(&mut self) -> Result<()> {
		self.console.step("Charlie's key signs two different answers; anyone may report it");
		let client = self.client().clone();
		// A request that was answered long ago, and by somebody else: it needs not even be open.
		let request = self.facts.shown.first().context("an answered request")?.asked.id;
		let Contradiction { first, second, culprit, exposure } =
			Contradiction::sign(&client, CULPRIT, request, self.model).await?;
		let session = first.statement.session;
		self.console.note(&format!(
			"a script signs that {} has two different outputs, both times as Charlie in session \
			 {session}",
			short(&request)
		));

		let reporter = signer(REPORTER)?;
		let call = Call::report_equivocation(&first, &second);
		let included = within("the report", PATIENCE, client.submit(&call, &reporter)).await?;
		let deferred = included
			.event("Validators", "SlashDeferred")
			.with_context(|| format!("no slash was noted: {:?}", included.events))?;
		let number = |name: &str| amount_in(deferred, name);
		let slash = exposure * PERCENT / 100;
		let due = number("until").context("a session from which on it is applied")?;
		ensure!(number("amount") == Some(slash), "{} is noted, not {slash}", deferred.fields);
		self.console.holds(&format!(
			"reported in block {} by an account that is nobody here, with nothing but the two \
			 signatures, for no fee: {} {} fall in session {due}",
			included.block.number,
			amount::format(slash),
			self.facts.symbol,
		));
		ensure!(included.fee == 0, "a good report cost {}", included.fee);
		// Saying it twice does not cost twice.
		match client.submit(&call, &reporter).await {
			Err(countersign_client::Error::Dispatch { name, .. }) => {
				ensure!(name == "AlreadyReported", "refused as {name}");
			}
			other => anyhow::bail!("a second report: {other:?}"),
		}
		self.console.holds("the same report once more is refused: nobody is slashed twice");

		self.slashes.push(Pending {
			why: format!("two statements about one request, {PERCENT} % of what was exposed"),
			due: Due {
				from: included.block.number,
				session: SessionIndex::try_from(due)?,
				culprit,
				amount: slash,
				reporter: reporter.account(),
			},
		});
		Ok(())
	}
}
