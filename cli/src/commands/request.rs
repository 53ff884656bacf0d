//! Requests and results, looked at afterwards.

use super::{infer, Session};
use crate::{
	args::{self, Codec},
	output::{self, hash, tokens, Lines},
};
use codec::Encode;
use countersign_client::{
	ask::Answer,
	call::Call,
	magika,
	manifest::parse_hash,
	primitives::{
		model::ModelView,
		request::{Outcome, OutcomeCommitment, RequestView},
		tensor::Tensor,
	},
	tensors::{self, TensorView},
	Client, Error,
};
use serde_json::{json, Value};
use std::path::Path;

/// The most values of an output that people are shown in full.
const SHORT_OUTPUT: usize = 16;

/// Runs a command about requests.
pub(crate) async fn run(session: Session, command: args::Request) -> Result<(), Error> {
	match command {
		args::Request::Show { id } => {
			let id = parse_hash(&id)?;
			let client = session.connect().await?;
			let request = client.request(id).await?;
			session.answer(&request_json(&client, &request), || request_text(&client, &request));
			Ok(())
		}
		args::Request::Follow { id, wait_final } => {
			let id = parse_hash(&id)?;
			let client = session.connect().await?;
			let follow = client.follow(id).await?;
			let answer = infer::watch(&session, &client, follow, wait_final).await?;
			let model = client.model(answer.request.model).await?;
			let value = answer_json(&client, &answer, &model, None, 5)?;
			let text = answer_text(&client, &answer, &model, None, 5)?;
			session.answer(&value, || text);
			Ok(())
		}
		args::Request::PostInput { id, input, encode } => {
			let id = parse_hash(&id)?;
			let signer = session.signer()?;
			let client = session.connect().await?;
			let request = client.request(id).await?;
			let model = client.model(request.model).await?;
			let tensors = infer::read_input(&input, encode, &model)?
				.map_err(|_| Error::Input("this file is too short to have been asked".into()))?;
			let commitment =
				countersign_client::primitives::commitment::tensors_commitment(&tensors);
			if commitment != request.input_commitment {
				return Err(Error::Input("this is not the input that was committed to".into()));
			}
			let call = Call::post_input(&id, tensors.encode());
			session.submit_on(&client, &signer, &call).await
		}
	}
}

/// Shows the result of a request.
pub(crate) async fn result(session: Session, args: args::Result) -> Result<(), Error> {
	let id = parse_hash(&args.id)?;
	let client = session.connect().await?;
	let block = client.best().await?;
	let request = client.request(id).await?;
	let result = client.result(id).await?;
	let model = client.model(request.model).await?;
	let answer = Answer { request, result, block };
	write_output(&answer, &model, args.show.output.as_deref())?;
	let value = answer_json(&client, &answer, &model, args.decode, args.show.top)?;
	let text = answer_text(&client, &answer, &model, args.decode, args.show.top)?;
	session.answer(&value, || text);
	Ok(())
}

fn request_json(client: &Client, request: &RequestView) -> Value {
	json!({
		"request": hash(&request.id),
		"requester": output::account(client, &request.requester),
		"model": hash(&request.model),
		"status": request.status,
		"input_commitment": hash(&request.input_commitment),
		"input_length": request.input_length,
		"input_on_chain": request.input_on_chain,
		"fee": request.fee.to_string(),
		"submitted_at": request.submitted_at,
		"attempts": request.attempts,
		"terms": {
			"max_fee": request.terms.max_fee.to_string(),
			"deadline": request.terms.deadline,
			"lane": request.terms.lane,
			"evidence": request.terms.evidence,
			"value_at_risk": request.terms.value_at_risk.to_string(),
		},
		"assignment": request.assignment.as_ref().map(|assignment| json!({
			"validator": output::account(client, &assignment.account),
			"session": assignment.session,
			"index": assignment.validator,
			"deadline": assignment.deadline,
			"cover": assignment.cover.to_string(),
		})),
	})
}

fn request_text(client: &Client, request: &RequestView) -> String {
	let mut lines = Lines::default();
	lines.add("request", hash(&request.id));
	lines.add("status", format!("{:?}", request.status));
	lines.add("requester", output::account(client, &request.requester));
	lines.add("model", hash(&request.model));
	lines.add(
		"input",
		format!("{} bytes, commitment {:?}", request.input_length, request.input_commitment),
	);
	lines.add("fee", tokens(client, request.fee));
	lines.add("most to pay", tokens(client, request.terms.max_fee));
	lines.add("submitted", format!("block {}", request.submitted_at));
	lines.add("deadline", format!("block {}", request.terms.deadline));
	if let Some(assignment) = &request.assignment {
		lines.add(
			"assigned to",
			format!(
				"{}, until block {}, cover {}",
				output::account(client, &assignment.account),
				assignment.deadline,
				tokens(client, assignment.cover)
			),
		);
	}
	lines.add("validators tried", request.attempts);
	lines.text()
}

/// An answer as JSON.
pub(crate) fn answer_json(
	client: &Client,
	answer: &Answer,
	model: &ModelView,
	codec: Option<Codec>,
	top: usize,
) -> Result<Value, Error> {
	let result = &answer.result;
	let mut value = json!({
		"request": hash(&answer.request.id),
		"model": hash(&model.id),
		"model_name": String::from_utf8_lossy(&model.manifest.name),
		"status": answer.request.status,
		"finality": result.finality,
		"evidence": result.evidence,
		"executor": answer.request.assignment.as_ref().map(|it| output::account(client, &it.account)),
		"cover": result.cover.to_string(),
		"submitted_at": answer.request.submitted_at,
		"answered_at": result.answered_at,
		"latency_blocks": answer.latency(),
		"final_at_clock": result.final_at,
		"fee": answer.request.fee.to_string(),
		"input_commitment": hash(&result.statement.input),
		"attribution_commitment": hash(&result.statement.attribution),
		"output_commitment": match &result.statement.outcome {
			OutcomeCommitment::Output(commitment) => json!(hash(commitment)),
			OutcomeCommitment::Trap { .. } => Value::Null,
		},
	});
	match answer.output() {
		Ok(tensors) => {
			value["outputs"] = json!(TensorView::all(&tensors, &model.manifest.outputs));
			if codec == Some(Codec::Magika) {
				value["answer"] = json!(magika::decode(&tensors, top)?);
			}
		}
		Err((code, operator)) => {
			value["trap"] = json!({ "code": format!("{code:?}"), "operator": operator })
		}
	}
	Ok(value)
}

/// An answer for people.
pub(crate) fn answer_text(
	client: &Client,
	answer: &Answer,
	model: &ModelView,
	codec: Option<Codec>,
	top: usize,
) -> Result<String, Error> {
	let mut lines = Lines::default();
	match (answer.output(), codec) {
		(Err((code, operator)), _) => lines.add("trap", output::trap(code, operator)),
		(Ok(tensors), codec) => output_lines(&tensors, model, codec, top, &mut lines)?,
	}
	infer::standing(client, answer, &mut lines);
	Ok(lines.text())
}

/// Output tensors for people.
pub(crate) fn output_lines(
	outputs: &[Tensor],
	model: &ModelView,
	codec: Option<Codec>,
	top: usize,
	lines: &mut Lines,
) -> Result<(), Error> {
	if codec == Some(Codec::Magika) {
		let verdict = magika::decode(outputs, top)?;
		lines.add("label", verdict.label);
		for score in verdict.scores {
			lines.add("score", format!("{:.6} {}", score.score, score.label));
		}
		return Ok(());
	}
	let views = TensorView::all(outputs, &model.manifest.outputs);
	for (view, tensor) in views.iter().zip(outputs) {
		let head = format!("{} {}{:?}", view.name, view.ty, view.shape);
		if view.values.len() <= SHORT_OUTPUT {
			let shown: Vec<String> = view.values.iter().map(Value::to_string).collect();
			lines.add(head, shown.join(" "));
			continue;
		}
		let largest = tensors::top(tensor, top);
		if largest.is_empty() {
			let shown: Vec<String> =
				view.values.iter().take(SHORT_OUTPUT).map(Value::to_string).collect();
			lines.add(head, format!("{} … of {}", shown.join(" "), view.values.len()));
			continue;
		}
		let shown: Vec<String> =
			largest.iter().map(|(index, value)| format!("[{index}] {value}")).collect();
		lines.add(head, format!("largest: {}", shown.join(", ")));
	}
	Ok(())
}

/// Writes an output to a file, if one is named.
pub(crate) fn write_output(
	answer: &Answer,
	model: &ModelView,
	path: Option<&Path>,
) -> Result<(), Error> {
	let Some(path) = path else { return Ok(()) };
	if let Outcome::Trap { code, operator } = &answer.result.outcome {
		return Err(Error::Input(format!(
			"there is no output to write to {}: {}",
			path.display(),
			output::trap(*code, *operator)
		)));
	}
	let tensors = answer
		.output()
		.map_err(|_| Error::Incompatible("the output is not a list of tensors".into()))?;
	write_tensors(&tensors, model, Some(path))
}

/// Writes output tensors to a file, if one is named.
pub(crate) fn write_tensors(
	outputs: &[Tensor],
	model: &ModelView,
	path: Option<&Path>,
) -> Result<(), Error> {
	let Some(path) = path else { return Ok(()) };
	let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
	let bytes = match (extension.to_ascii_lowercase().as_str(), outputs) {
		("json", _) => {
			let views = TensorView::all(outputs, &model.manifest.outputs);
			format!("{:#}\n", json!(views)).into_bytes()
		}
		("npy", [tensor]) => tensors::write_npy(tensor),
		(_, [tensor]) => tensor.data.clone(),
		_ => return Err(Error::Input("several outputs fit only into a .json file".into())),
	};
	std::fs::write(path, bytes)
		.map_err(|reason| Error::File { path: path.display().to_string(), reason })
}
