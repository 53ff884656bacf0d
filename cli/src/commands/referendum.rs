//! `referendum`: appealing against a slash, and voting.

use super::{included_json, included_text, Session};
use crate::{
	args,
	output::{account, tokens, Lines},
};
use countersign_client::{
	amount,
	call::Call,
	referendum::{Power, ReferendumIndex},
	Error,
};
use serde_json::json;

/// Runs a command about referenda.
pub(crate) async fn run(session: Session, command: args::Referendum) -> Result<(), Error> {
	use args::Referendum as Command;
	match command {
		Command::Appeal { slash } => appeal(session, slash).await,
		Command::Vote { referendum, side, amount, conviction } => {
			let aye = side == args::Side::Aye;
			let call = Call::vote(referendum, aye, conviction, amount::parse(&amount)?);
			session.submit_and_answer(&call).await
		}
		Command::Unvote { referendum } => unvote(session, referendum).await,
		Command::Refund { referendum } => refund(session, referendum).await,
	}
}

/// Submits a referendum that cancels a slash, and has it decided.
async fn appeal(session: Session, slash: u32) -> Result<(), Error> {
	let signer = session.signer()?;
	let client = session.connect().await?;
	let (offender, pending) = client
		.pending_slash(slash)
		.await?
		.ok_or_else(|| Error::NotFound { what: "pending slash", id: slash.to_string() })?;
	session.progress(format!(
		"slash {slash} takes up to {} of {} {}",
		tokens(&client, pending.amount),
		account(&client, &offender),
		pending.when()
	));
	let call = Call::cancel_slash(slash);
	let (index, submission) = client.propose(&signer, Power::Slashes, &call).await?;
	session.progress(format!("referendum {index}: submitted in block {}", submission.block.number));
	let deposit = session.submit(&client, &signer, &Call::place_decision_deposit(index)).await?;
	let value = json!({
		"referendum": index,
		"slash": slash,
		"validator": account(&client, &offender),
		"due": pending.due,
		"submission": included_json(&submission),
		"decision_deposit": included_json(&deposit),
	});
	session.answer(&value, || {
		let mut lines = Lines::default();
		lines.add("referendum", index);
		lines.add("cancels", format!("slash {slash}, applied {}", pending.when()));
		lines.add("validator", account(&client, &offender));
		lines.add("transaction fees", tokens(&client, submission.fee + deposit.fee));
		lines.add("to vote", format!("countersign referendum vote {index} aye AMOUNT"));
		lines.text()
	});
	Ok(())
}

/// Takes a vote back, and unlocks what it locked.
async fn unvote(session: Session, referendum: ReferendumIndex) -> Result<(), Error> {
	let signer = session.signer()?;
	let client = session.connect().await?;
	let voter = signer.account();
	let track = client.track_of_vote(&voter, referendum).await?.ok_or_else(|| Error::NotFound {
		what: "vote of yours on referendum",
		id: referendum.to_string(),
	})?;
	session.submit(&client, &signer, &Call::remove_vote(track, referendum)).await?;
	session.submit_on(&client, &signer, &Call::unlock_votes(track, &voter)).await
}

/// Gives deposits back where they are due.
async fn refund(session: Session, referendum: ReferendumIndex) -> Result<(), Error> {
	let signer = session.signer()?;
	let client = session.connect().await?;
	let mut given = Vec::new();
	let mut refused = None;
	for call in
		[Call::refund_decision_deposit(referendum), Call::refund_submission_deposit(referendum)]
	{
		match session.submit(&client, &signer, &call).await {
			Ok(included) => given.push(included),
			// Never placed, given back already, or not to be given back.
			Err(error @ Error::Dispatch { .. }) => {
				session.progress(format!("{}: {error}", call.title()));
				refused = Some(error);
			}
			Err(error) => return Err(error),
		}
	}
	if let (true, Some(error)) = (given.is_empty(), refused) {
		return Err(error);
	}
	let value = given.iter().map(included_json).collect();
	session.answer(&value, || given.iter().map(|it| included_text(&client, it)).collect());
	Ok(())
}
