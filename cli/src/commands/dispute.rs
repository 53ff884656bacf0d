//! `dispute`: what can be disputed, what was decided, and having the chain recompute an answer. Games
//! are in `game.rs`.

use super::{
	game::{self, About},
	included_json, replay, Session,
};
use crate::{
	args,
	output::{self, hash, tokens, Lines},
};
use countersign_client::{
	manifest::parse_hash,
	primitives::{
		dispute::{
			Decision, DisputableView, PackageSource, ReplayCost, ReplayRefusal, Verdict as Found,
			MAX_INLINE_PACKAGE,
		},
		game::GameView,
		model::ModelView,
		request::{RequestId, RequestView},
	},
	program,
	program::Verdict,
	Client, Error,
};
use serde_json::{json, Value};
use std::path::Path;

/// Results or decisions asked for at a time; the chain gives no more.
const PAGE: u32 = 64;

/// Runs a command about disputes.
pub(crate) async fn run(session: Session, command: args::Dispute) -> Result<(), Error> {
	match command {
		args::Dispute::List { model, decided, limit } => {
			list(session, model.as_deref(), decided, limit).await
		}
		args::Dispute::Show { id, program } => show(session, &id, program.as_deref()).await,
		args::Dispute::Open(args) => open(session, args).await,
		args::Dispute::Answer(args) => game::answer(session, args).await,
		args::Dispute::Demand(args) => game::demand(session, args).await,
	}
}

/// The results that are open, the games that are on, and the decisions that are not pruned.
async fn list(
	session: Session,
	model: Option<&str>,
	decided: bool,
	limit: usize,
) -> Result<(), Error> {
	let client = session.connect().await?;
	let models = match model {
		Some(model) => vec![client.find_model(model).await?],
		None => client.all_models().await?,
	};
	let open = match decided {
		true => Vec::new(),
		false => open_results(&client, &models, limit).await?,
	};
	let only = model.is_some().then_some(&models[..]);
	let games = match decided {
		true => Vec::new(),
		false => games(&client, only, limit).await?,
	};
	let decisions = decisions(&client, only, limit).await?;
	let decided_json = decisions.iter().map(|(id, it)| decision_json(&client, id, it));
	let value = json!({
		"open": open.iter().map(|one| open_json(&client, one)).collect::<Vec<_>>(),
		"games": games.iter().map(|one| game::json(&client, one)).collect::<Vec<_>>(),
		"decided": decided_json.collect::<Vec<_>>(),
	});
	session.answer(&value, || {
		let shown = if decided { String::new() } else { open_table(&client, &models, &open) };
		shown + &game::table(&client, &games) + &decision_table(&client, &decisions)
	});
	Ok(())
}

/// Open results of these models, those first that are open for the shortest time.
async fn open_results(
	client: &Client,
	models: &[ModelView],
	limit: usize,
) -> Result<Vec<DisputableView>, Error> {
	let mut open: Vec<DisputableView> = Vec::new();
	let mut after = None;
	while open.len() < limit {
		let page = client.disputable(after, PAGE).await?;
		let Some(last) = page.last() else { break };
		after = Some(last.request);
		let wanted = |one: &DisputableView| models.iter().any(|model| model.id == one.model);
		open.extend(page.into_iter().filter(wanted));
	}
	open.truncate(limit);
	open.sort_by_key(|one| one.final_at);
	Ok(open)
}

/// Whether a request is about one of these models. Where none are named, any is.
async fn is_about(client: &Client, id: RequestId, only: Option<&[ModelView]>) -> bool {
	match only {
		None => true,
		// Neither games nor decisions name a model; a request is pruned with its decision.
		Some(models) => client
			.request(id)
			.await
			.is_ok_and(|request| models.iter().any(|model| model.id == request.model)),
	}
}

/// Games that are on, about all models or these.
async fn games(
	client: &Client,
	only: Option<&[ModelView]>,
	limit: usize,
) -> Result<Vec<GameView>, Error> {
	let mut games = Vec::new();
	for view in client.all_games(None).await? {
		if games.len() < limit && is_about(client, view.request, only).await {
			games.push(view);
		}
	}
	games.sort_by_key(|view| view.deadline);
	Ok(games)
}

/// Decisions, about all models or these.
async fn decisions(
	client: &Client,
	only: Option<&[ModelView]>,
	limit: usize,
) -> Result<Vec<(RequestId, Decision)>, Error> {
	let mut decisions: Vec<(RequestId, Decision)> = Vec::new();
	let mut after = None;
	while decisions.len() < limit {
		let page = client.decisions(after, PAGE).await?;
		let Some((last, _)) = page.last() else { break };
		after = Some(*last);
		for (id, decision) in page {
			if is_about(client, id, only).await {
				decisions.push((id, decision));
			}
		}
	}
	decisions.truncate(limit);
	decisions.sort_by_key(|(_, decision)| decision.decided_at);
	Ok(decisions)
}

fn open_table(client: &Client, models: &[ModelView], open: &[DisputableView]) -> String {
	let row = |one: &DisputableView| {
		let model = models.iter().find(|model| model.id == one.model);
		let name = model.map(|it| String::from_utf8_lossy(&it.manifest.name).into_owned());
		let has_program = model.is_some_and(|it| it.manifest.program.is_some());
		vec![
			hash(&one.request),
			name.unwrap_or_else(|| hash(&one.model)),
			output::account(client, &one.executor),
			tokens(client, one.cover),
			one.final_at.saturating_sub(one.clock).to_string(),
			if has_program { "yes" } else { "no program" }.into(),
		]
	};
	let head = ["OPEN RESULT", "MODEL", "EXECUTOR", "COVER", "BLOCKS LEFT", "DISPUTABLE"];
	match open {
		[] => "no open results\n".into(),
		open => output::table(&head, &open.iter().map(row).collect::<Vec<_>>()),
	}
}

fn decision_table(client: &Client, decisions: &[(RequestId, Decision)]) -> String {
	let row = |(id, decision): &(RequestId, Decision)| {
		vec![
			hash(id),
			word(decision.verdict).into(),
			decision.decided_at.to_string(),
			output::account(client, &decision.executor),
			tokens(client, decision.slash),
			output::account(client, &decision.challenger),
		]
	};
	let head = ["DECIDED", "VERDICT", "BLOCK", "EXECUTOR", "SLASH", "ASKED BY"];
	match decisions {
		[] => "no decisions\n".into(),
		decisions => output::table(&head, &decisions.iter().map(row).collect::<Vec<_>>()),
	}
}

/// What a replay of an open result takes, where somebody has the program.
async fn cost_of(
	session: &Session,
	client: &Client,
	model: &ModelView,
	request: &RequestView,
	file: Option<&Path>,
) -> Result<ReplayCost, Error> {
	let root = model.manifest.program.as_ref().ok_or(Error::NoProgram)?.root;
	let given = if request.input_on_chain { 0 } else { request.input_length };
	if file.is_none() && client.stored_program(root).await?.is_some() {
		let mut cost = client.replay_cost_of(request.id, &PackageSource::Stored).await?;
		cost.effort.bytes = cost.effort.bytes.saturating_add(given);
		return Ok(cost);
	}
	let (program, _) = replay::find_program(session, client, model, file).await?;
	client.replay_cost(&program, request.input_length).await
}

/// Everything about one result that bears on a dispute.
async fn show(session: Session, id: &str, file: Option<&Path>) -> Result<(), Error> {
	let id = parse_hash(id)?;
	let client = session.connect().await?;
	let request = client.request(id).await?;
	let result = client.result(id).await?;
	let model = client.model(request.model).await?;
	let open = client.disputable_result(id).await?;
	let decision = client.decision(id).await?;
	let cost = match &open {
		Some(_) => Some(cost_of(&session, &client, &model, &request, file).await),
		None => None,
	};
	let games = client.games_about(id, None).await?;
	let demands = client.demands_about(id).await?;
	let by_game = match &cost {
		Some(Ok(cost)) if cost.fits => None,
		Some(Ok(_) | Err(Error::Replay(ReplayRefusal::TooHeavy))) => {
			Some(game::cost(&session, &client, &model, &request, file).await)
		}
		_ => None,
	};
	let executor = request.assignment.as_ref().map(|it| output::account(&client, &it.account));
	let mut value = json!({
		"request": hash(&id),
		"model": hash(&model.id),
		"model_name": String::from_utf8_lossy(&model.manifest.name),
		"status": request.status,
		"finality": result.finality,
		"evidence": result.evidence,
		"executor": executor,
		"cover": result.cover.to_string(),
		"answered_at": result.answered_at,
		"open": open.as_ref().map(|open| open_json(&client, open)),
		"games": games.iter().map(|one| game::json(&client, one)).collect::<Vec<_>>(),
		"demands": demands.iter().map(|one| game::demand_json(&client, one)).collect::<Vec<_>>(),
		"decision": decision.as_ref().map(|it| decision_json(&client, &id, it)),
	});
	match &by_game {
		Some(Ok(cost)) => value["game"] = game::cost_json(cost),
		Some(Err(problem)) => value["no_game"] = json!(problem.to_string()),
		None => {}
	}
	match &cost {
		Some(Ok(cost)) => value["replay"] = cost_json(cost),
		Some(Err(problem)) => value["no_replay"] = json!(problem.to_string()),
		None => {}
	}
	session.answer(&value, || {
		let mut lines = Lines::default();
		lines.add("request", hash(&id));
		lines.add(
			"model",
			format!("{}, {}", String::from_utf8_lossy(&model.manifest.name), hash(&model.id)),
		);
		lines.add("finality", format!("{:?}", result.finality));
		lines.add("evidence", output::evidence(&result.evidence));
		if let Some(executor) = executor {
			lines.add("executor", executor);
		}
		lines.add("cover", tokens(&client, result.cover));
		lines.add("answered", format!("in block {}", result.answered_at));
		if let Some(open) = &open {
			let left = open.final_at.saturating_sub(open.clock);
			lines.add("can be disputed", format!("for {left} more blocks"));
		}
		match &cost {
			Some(Ok(cost)) => cost_lines(&client, cost, &mut lines),
			Some(Err(problem)) => lines.add("a replay", problem),
			None => {}
		}
		match &by_game {
			Some(Ok(cost)) => lines.add("a game", game::cost_text(&client, cost)),
			Some(Err(problem)) => lines.add("a game", problem),
			None => {}
		}
		for view in &games {
			lines.add(format!("game {}", view.branch), game::text(view));
		}
		for demand in &demands {
			lines.add("demanded", game::demand_text(&client, demand));
		}
		if let Some(decision) = &decision {
			decision_lines(&client, decision, &mut lines);
		}
		lines.text()
	});
	Ok(())
}

/// Disputes an open result.
async fn open(session: Session, args: args::OpenDispute) -> Result<(), Error> {
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
	if args.game || !fits_a_block(&client, &request, &program).await? {
		if computed.verdict == Verdict::Corrected && !args.anyway {
			return Err(Error::Input(
				"a game convicts nobody of what is merely outside the tolerance, and the bond would \
				 be lost; --anyway opens one all the same"
					.into(),
			));
		}
		let about = About { id, model, claim: result.outcome, program, input };
		return game::open(&session, &client, &signer, &about, args.follow).await;
	}
	let package = client
		.bring_package(&signer, &program, |there, of| {
			session.progress(format!("the program: {there} of {of} bytes are on chain"));
		})
		.await?;
	let on_chain = client.input(id).await?.is_some();
	let given = (!on_chain).then_some(&input[..]);
	let (included, decision) = client.dispute(&signer, id, &program, package, given).await?;
	let mut value = decision_json(&client, &id, &decision);
	value["transaction"] = included_json(&included);
	session.answer(&value, || {
		let mut lines = Lines::default();
		lines.add("request", hash(&id));
		decision_lines(&client, &decision, &mut lines);
		lines.add("transaction fee", tokens(&client, included.fee));
		lines.text()
	});
	Ok(())
}

/// Whether the chain can recompute an answer in one block, as far as can be told beforehand.
async fn fits_a_block(
	client: &Client,
	request: &RequestView,
	program: &program::Program,
) -> Result<bool, Error> {
	if !program.fits().replay.is_empty() {
		return Ok(false);
	}
	if program.encoding().len() > MAX_INLINE_PACKAGE as usize {
		// The chain tells when it is staged.
		return Ok(true);
	}
	match client.replay_cost(program, request.input_length).await {
		Ok(cost) => Ok(cost.fits),
		Err(Error::Replay(ReplayRefusal::TooHeavy)) => Ok(false),
		Err(error) => Err(error),
	}
}

/// A verdict in a word.
fn word(verdict: Found) -> &'static str {
	match verdict {
		Found::Accepted => "accepted",
		Found::Corrected => "corrected",
		Found::Wrong => "wrong",
	}
}

fn open_json(client: &Client, open: &DisputableView) -> Value {
	json!({
		"request": hash(&open.request),
		"model": hash(&open.model),
		"executor": output::account(client, &open.executor),
		"cover": open.cover.to_string(),
		"input_on_chain": open.input_on_chain.is_some(),
		"program_stored": open.stored,
		"final_at_clock": open.final_at,
		"clock": open.clock,
	})
}

pub(crate) fn decision_json(client: &Client, id: &RequestId, decision: &Decision) -> Value {
	json!({
		"request": hash(id),
		"verdict": word(decision.verdict),
		"executor": output::account(client, &decision.executor),
		"challenger": output::account(client, &decision.challenger),
		"bond_lost": decision.bond_lost.to_string(),
		"slash": decision.slash.to_string(),
		"slashed_in": decision.slashed_in,
		"decided_at": decision.decided_at,
	})
}

fn cost_json(cost: &ReplayCost) -> Value {
	json!({
		"weighted_macs": cost.effort.macs,
		"bytes": cost.effort.bytes,
		"picoseconds": cost.time,
		"memory": cost.memory,
		"fits_a_block": cost.fits,
		"fits_a_transaction": cost.fits_inline,
		"bond": cost.bond.to_string(),
		"fee_at_most": cost.bond_for_validator.to_string(),
	})
}

fn cost_lines(client: &Client, cost: &ReplayCost, lines: &mut Lines) {
	if !cost.fits {
		let why = "does not fit a block: the chain cannot recompute this answer in one go";
		return lines.add("a replay", why);
	}
	let time = cost.time / 1_000_000_000;
	let staged = if cost.fits_inline { "" } else { ", staged over blocks first" };
	lines.add(
		"a replay",
		format!("takes {time} ms of a block and {} bytes{staged}", cost.effort.bytes),
	);
	lines.add(
		"",
		format!("holds a bond of {}, lost where the answer stands", tokens(client, cost.bond)),
	);
	let fee = tokens(client, cost.bond_for_validator);
	lines.add("", format!("costs a fee of about {fee}, none where the answer is wrong"));
}

pub(crate) fn decision_lines(client: &Client, decision: &Decision, lines: &mut Lines) {
	let verdict = match decision.verdict {
		Found::Accepted => "the answer stands, and is final",
		Found::Corrected => "the canonical answer replaces it, and is final; nobody is slashed",
		Found::Wrong => "wrong: invalidated, and the requester has everything back",
	};
	lines.add("verdict", verdict);
	lines.add("decided", format!("in block {}", decision.decided_at));
	lines.add("executor", output::account(client, &decision.executor));
	lines.add("asked by", output::account(client, &decision.challenger));
	if decision.slash > 0 {
		let when = decision.slashed_in.map_or(String::new(), |at| format!(" in session {at}"));
		lines.add("slash", format!("{}{when}", tokens(client, decision.slash)));
	}
	if decision.bond_lost > 0 {
		lines.add("bond lost", tokens(client, decision.bond_lost));
	}
}
