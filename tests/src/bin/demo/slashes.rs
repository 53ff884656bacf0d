//! The step in which what was reported falls off the bonds.

use crate::{
	failure::FAILING,
	story::{Story, PATIENCE},
};
use anyhow::Result;
use countersign_client::amount;
use countersign_network::{
	scenario::within,
	trial::{slashed, Due},
};

/// A slash that is to come.
pub(crate) struct Pending {
	/// What for.
	pub(crate) why: String,
	/// Whose, how much, and when.
	pub(crate) due: Due,
}

impl Story<'_> {
	/// A session after each report, by themselves: a referendum could have cancelled them before.
	pub(crate) async fn slashes_fall(&mut self) -> Result<()> {
		self.console.step("A session later the slashes fall; no vote, no administrator");
		let client = self.client().clone();
		for Pending { why, due } in std::mem::take(&mut self.slashes) {
			let console = &mut *self.console;
			let until = due.session;
			let applied = slashed(&client, &due, |block, session| {
				console.progress(&format!(
					"block {}, session {session}; until session {until} a referendum could cancel it",
					block.number
				));
			});
			let slash = within("a slash", PATIENCE, applied).await?;
			let (culprit, reporter) = (&due.culprit, &due.reporter);
			self.console.holds(&format!(
				"block {}: {}'s bond fell by {} {symbol}, {why}; {} {symbol} of it went to {}, who \
				 reported it, the rest is burned",
				slash.block.number,
				self.facts.name(culprit),
				amount::format(slash.amount),
				amount::format(slash.reward),
				self.facts.name(reporter),
				symbol = self.facts.symbol,
			));
		}
		self.console.progress("Dave's machine is switched on again");
		let client = within("Dave's return", PATIENCE, self.network.restart(FAILING)).await?;
		self.clients[FAILING] = client;
		self.console
			.note("Dave's machine is on again; it serves nothing until Dave declares it anew");
		Ok(())
	}
}
