//! Asking for a run.

use super::{event_text, included_json, Session};
use crate::{
	args::{self, Codec},
	commands::request::{answer_json, answer_text, write_output},
	output::{self, hash, tokens, Lines},
};
use countersign_client::{
	amount,
	ask::{check_terms, Answer, Ask, Follow},
	magika,
	primitives::{
		model::ModelView,
		request::{EvidenceSet, Finality, Quote, RequestStatus, Terms},
		tensor::{Port, Tensor},
	},
	tensors, Client, Error,
};
use serde_json::{json, Value};

/// What is there to ask.
enum Prepared {
	/// A request.
	Ask(Box<Ask>),
	/// The answer is known without the model.
	Known(&'static str),
}

/// Reads input files for a model.
pub(crate) fn read_input(
	files: &[String],
	codec: Option<Codec>,
	model: &ModelView,
) -> Result<std::result::Result<Vec<Tensor>, &'static str>, Error> {
	let ports = &model.manifest.inputs;
	match codec {
		None => tensors::read_files(files, ports).map(Ok),
		Some(codec) => encode(files, codec, ports),
	}
}

/// Turns a file into a model's input, or knows the answer without.
pub(crate) fn encode(
	files: &[String],
	codec: Codec,
	ports: &[Port],
) -> Result<std::result::Result<Vec<Tensor>, &'static str>, Error> {
	match codec {
		Codec::Magika => {
			let [file] = files else {
				return Err(Error::Input("magika takes one file at a time".into()));
			};
			let content =
				std::fs::read(file).map_err(|reason| Error::File { path: file.clone(), reason })?;
			match magika::encode(&content) {
				magika::Encoded::Known(label) => Ok(Err(label)),
				magika::Encoded::Input(tensor) => tensors::checked(vec![tensor], ports).map(Ok),
			}
		}
	}
}

fn prepare(ask: &args::Ask, model: &ModelView) -> Result<Prepared, Error> {
	let input = match read_input(&ask.input, ask.encode, model)? {
		Ok(input) => input,
		Err(label) => return Ok(Prepared::Known(label)),
	};
	Ok(Prepared::Ask(Box::new(Ask {
		model: model.id,
		input,
		max_fee: ask.max_fee.as_deref().map(amount::parse).transpose()?,
		deadline_in: ask.deadline_in,
		lane: ask.lane,
		evidence: EvidenceSet { audited: ask.audits, ..Default::default() },
		value_at_risk: amount::parse(&ask.value_at_risk)?,
		commit_only: ask.commit_only,
	})))
}

/// Shows an answer that is known without the model.
pub(crate) fn known(session: &Session, label: &str) {
	let value = json!({ "request": null, "answer": { "label": label, "scores": [] } });
	session.answer(&value, || format!("{label}\ntoo short for the model: nothing was asked\n"));
}

/// Shows what a run would cost.
pub(crate) async fn quote(session: Session, args: args::Ask) -> Result<(), Error> {
	let client = session.connect().await?;
	let model = client.find_model(&args.model).await?;
	let ask = match prepare(&args, &model)? {
		Prepared::Ask(ask) => ask,
		Prepared::Known(label) => {
			known(&session, label);
			return Ok(());
		}
	};
	let (quote, terms) = client.quote_for(&ask).await?;
	session.answer(&quote_json(&quote, &terms), || quote_text(&client, &quote, &terms));
	Ok(())
}

fn quote_json(quote: &Quote, terms: &Terms) -> Value {
	json!({
		"fee": quote.fee.to_string(),
		"cost_fee": quote.cost_fee.to_string(),
		"price": quote.price.to_string(),
		"macs": quote.macs,
		"cover": quote.cover.to_string(),
		"servers": quote.servers,
		"free_servers": quote.free_servers,
		"earliest_deadline": quote.earliest_deadline,
		"latest_deadline": quote.latest_deadline,
		"final_window": quote.final_window,
		"base_fee": quote.base_fee.to_string(),
		"terms": {
			"max_fee": terms.max_fee.to_string(),
			"deadline": terms.deadline,
			"lane": terms.lane,
		},
	})
}

fn quote_text(client: &Client, quote: &Quote, terms: &Terms) -> String {
	let mut lines = Lines::default();
	lines.add(
		"fee",
		format!(
			"{} ({} for the work, {} to the contributors)",
			tokens(client, quote.fee),
			amount::format(quote.cost_fee),
			amount::format(quote.price)
		),
	);
	lines.add("cost", amount::format_gigamacs(quote.macs));
	lines.add(
		"cover",
		format!("{} of the validator's bond stand behind it", tokens(client, quote.cover)),
	);
	lines.add("servers", format!("{}, {} of them free", quote.servers, quote.free_servers));
	lines.add("deadline", format!("block {}", terms.deadline));
	lines.add("final after", format!("{} blocks", quote.final_window));
	lines.add("note", "input and output go on chain, where everyone can read them");
	lines.text()
}

/// Asks for a run.
pub(crate) async fn run(session: Session, args: args::Infer) -> Result<(), Error> {
	// Say what is missing before anything is connected to.
	let signer = session.signer()?;
	let client = session.connect().await?;
	let model = client.find_model(&args.ask.model).await?;
	let ask = match prepare(&args.ask, &model)? {
		Prepared::Ask(ask) => ask,
		Prepared::Known(label) => {
			known(&session, label);
			return Ok(());
		}
	};
	if args.sync {
		return super::program::infer_sync(&session, &client, &signer, &args, &model, *ask).await;
	}
	let (quote, terms) = client.quote_for(&ask).await?;
	session.progress(quote_text(&client, &quote, &terms).trim_end());
	check_terms(&quote, &terms)?;
	let asked = client.ask_with(&signer, &ask, terms).await?;
	session.progress(format!(
		"block {}: request {} submitted, transaction fee {}",
		asked.included.block.number,
		hash(&asked.id),
		tokens(&client, asked.included.fee)
	));
	if !args.wait && !args.wait_final {
		let value = json!({
			"request": hash(&asked.id),
			"nonce": asked.nonce,
			"lane": asked.terms.lane,
			"deadline": asked.terms.deadline,
			"submission": included_json(&asked.included),
		});
		session.answer(&value, || format!("{}\n", hash(&asked.id)));
		return Ok(());
	}
	let follow = client.follow_asked(&asked).await?;
	let answer = watch(&session, &client, follow, args.wait_final).await?;
	write_output(&answer, &model, args.show.output.as_deref())?;
	let value = answer_json(&client, &answer, &model, args.ask.encode, args.show.top)?;
	let text = answer_text(&client, &answer, &model, args.ask.encode, args.show.top)?;
	session.answer(&value, || text);
	Ok(())
}

/// Follows a request to its answer, or until nothing can change it, telling on the way.
pub(crate) async fn watch(
	session: &Session,
	client: &Client,
	mut follow: Follow,
	to_final: bool,
) -> Result<Answer, Error> {
	let mut told_window = false;
	loop {
		let step = follow.next().await?;
		if step.retracted > 0 {
			session.progress(format!(
				"{} replaced by a fork: what was told of them may have changed",
				match step.retracted {
					1 => "1 block was".to_string(),
					count => format!("{count} blocks were"),
				}
			));
		}
		for event in &step.events {
			if event.is("Inference", "Requested") {
				continue;
			}
			session.progress(format!("block {}: {}", step.block.number, told(client, event)));
		}
		if step.changed && step.request.status == RequestStatus::Waiting {
			session.progress("waiting for a validator with free capacity and cover");
		}
		let Some(answer) = client.answer_after(&step).await? else { continue };
		if !to_final || answer.result.finality == Finality::Final {
			return Ok(answer);
		}
		if !told_window {
			let clock = client.window_clock().await?;
			let left = answer.result.final_at.saturating_sub(clock);
			session.progress(format!("answered; final in about {left} blocks"));
			told_window = true;
		}
	}
}

/// An event in words.
fn told(client: &Client, event: &countersign_client::event::Event) -> String {
	let field = |name: &str| match &event.fields[name] {
		Value::String(text) => text.clone(),
		value => value.to_string(),
	};
	let paid = |name: &str| {
		let units = field(name).parse().unwrap_or_default();
		tokens(client, units)
	};
	match (event.pallet.as_str(), event.name.as_str()) {
		("Inference", "Assigned") => format!(
			"assigned to {}, which has until block {}",
			field("validator"),
			field("deadline")
		),
		("Inference", "Missed") => format!("{} did not answer in time", field("validator")),
		("Inference", "Reassigned") => {
			format!("{} takes over and has until block {}", field("validator"), field("deadline"))
		}
		("Inference", "InputDemanded") => format!(
			"{} finds no node that offers the input; it has to be posted until block {}: \
			 see `countersign request post-input`",
			field("validator"),
			field("until")
		),
		("Inference", "InputPosted") => format!("{} posted the input", field("who")),
		("Inference", "Answered") => format!("answered by {}", field("validator")),
		("Inference", "Finalised") => format!(
			"final: {} to the executor, {} to the contributors, {} back",
			paid("executor_paid"),
			paid("contributors_paid"),
			paid("returned")
		),
		("Inference", "Refunded") => format!(
			"refunded ({}): {} back, {} charged",
			field("reason"),
			paid("returned"),
			paid("charged")
		),
		("Inference", "Invalidated") => format!("invalidated: {} back", paid("returned")),
		_ => format!("{}.{}: {}", event.pallet, event.name, event_text(client, &event.fields)),
	}
}

/// The lines that say what stands behind an answer.
pub(crate) fn standing(client: &Client, answer: &Answer, lines: &mut Lines) {
	let result = &answer.result;
	lines.add("request", hash(&answer.request.id));
	let finality = match result.finality {
		Finality::Open => {
			format!("Open: can be invalidated until the window clock shows {}", result.final_at)
		}
		Finality::Final => "Final: nothing can change it".into(),
		Finality::Invalidated => "Invalidated: it counts for nothing".into(),
	};
	lines.add("finality", finality);
	lines.add("evidence", output::evidence(&result.evidence));
	if let Some(assignment) = &answer.request.assignment {
		lines.add("executor", output::account(client, &assignment.account));
		if result.finality == Finality::Open {
			lines.add("cover", tokens(client, result.cover));
		}
	}
	lines.add(
		"answered",
		format!("in block {}, {} after the request", result.answered_at, blocks(answer.latency())),
	);
	lines.add("fee", tokens(client, answer.request.fee));
}

fn blocks(count: u32) -> String {
	match count {
		1 => "1 block".into(),
		count => format!("{count} blocks"),
	}
}
