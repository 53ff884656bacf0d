//! `dispute`: having the chain recompute an answer.

use super::{included_json, replay, Session};
use crate::{
	args,
	output::{self, hash, tokens, Lines},
};
use countersign_client::{
	manifest::parse_hash, primitives::dispute::Verdict as Found, program, program::Verdict, Error,
};
use serde_json::json;

/// Disputes an open result.
pub(crate) async fn run(session: Session, args: args::Dispute) -> Result<(), Error> {
	let id = parse_hash(&args.replay.id)?;
	let signer = session.signer()?;
	let client = session.connect().await?;
	let request = client.request(id).await?;
	let result = client.result(id).await?;
	let model = client.model(request.model).await?;
	if model.manifest.program.is_none() {
		return Err(Error::NoProgram);
	}
	let file = args.replay.program.as_deref();
	let (program, came) = replay::find_program(&session, &client, &model, file).await?;
	session.progress(format!("program {:?} {came}", program.root()));
	let input = replay::find_input(&client, &request, &model, &args.replay).await?;
	let computed = program::replay(&program, &model.manifest.policies, &input, &result.outcome)?;
	if computed.verdict == Verdict::Accepted && !args.anyway {
		return Err(Error::Input(
			"the answer holds: the chain would find the same, and the bond would be lost; \
			 --anyway disputes it all the same"
				.into(),
		));
	}
	session.progress(format!("computed here: {}", replay::words(computed.verdict)));
	let package = client
		.bring_package(&signer, &program, |there, of| {
			session.progress(format!("the program: {there} of {of} bytes are on chain"));
		})
		.await?;
	let on_chain = client.input(id).await?.is_some();
	let given = (!on_chain).then_some(&input[..]);
	let (included, decision) = client.dispute(&signer, id, &program, package, given).await?;
	let verdict = match decision.verdict {
		Found::Accepted => "accepted",
		Found::Corrected => "corrected",
		Found::Wrong => "wrong",
	};
	let value = json!({
		"request": hash(&id),
		"verdict": verdict,
		"executor": output::account(&client, &decision.executor),
		"bond_lost": decision.bond_lost.to_string(),
		"slash": decision.slash.to_string(),
		"slashed_in": decision.slashed_in,
		"decided_at": decision.decided_at,
		"transaction": included_json(&included),
	});
	session.answer(&value, || {
		let mut lines = Lines::default();
		lines.add("request", hash(&id));
		lines.add(
			"verdict",
			match decision.verdict {
				Found::Accepted => "the answer stands, and is final",
				Found::Corrected => {
					"the canonical answer replaces it, and is final; nobody is slashed"
				}
				Found::Wrong => "wrong: invalidated, and the requester has everything back",
			},
		);
		lines.add("decided", format!("in block {}, by computing it", decision.decided_at));
		lines.add("executor", output::account(&client, &decision.executor));
		if decision.slash > 0 {
			let when = decision.slashed_in.map_or(String::new(), |at| format!(" in session {at}"));
			lines.add("loses", format!("{}{when}", tokens(&client, decision.slash)));
		}
		if decision.bond_lost > 0 {
			lines.add("your bond", format!("{} are lost", tokens(&client, decision.bond_lost)));
		}
		lines.add("transaction fee", tokens(&client, included.fee));
		lines.text()
	});
	Ok(())
}
