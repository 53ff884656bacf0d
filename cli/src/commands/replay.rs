//! Computing answers again: here, or in a node's runtime.

use super::{infer, request, Session};
use crate::{
	args::{self, Codec},
	output::{self, hash, Lines},
};
use countersign_client::{
	magika,
	manifest::parse_hash,
	primitives::{
		commitment::tensors_commitment,
		model::ModelView,
		request::{Outcome, OutcomeCommitment, RequestView},
		tensor::Tensor,
	},
	program::{self, Program, Replay, Verdict},
	tensors::{self, TensorView},
	Client, Error,
};
use serde_json::{json, Value};
use std::path::Path;

/// An outcome of a model, to be shown.
pub(crate) struct Shown<'a> {
	pub(crate) model: &'a ModelView,
	pub(crate) codec: Option<Codec>,
	pub(crate) show: &'a args::Show,
}

impl Shown<'_> {
	/// As JSON.
	pub(crate) fn json(&self, outcome: &Outcome) -> Result<Value, Error> {
		let mut value = json!({
			"model": hash(&self.model.id),
			"model_name": String::from_utf8_lossy(&self.model.manifest.name),
		});
		match outcome {
			Outcome::Output(bytes) => {
				let outputs = tensors::decode(bytes)?;
				value["output_commitment"] = json!(hash(&tensors_commitment(&outputs)));
				value["outputs"] = json!(TensorView::all(&outputs, &self.model.manifest.outputs));
				if self.codec == Some(Codec::Magika) {
					value["answer"] = json!(magika::decode(&outputs, self.show.top)?);
				}
			}
			Outcome::Trap { code, operator } => {
				value["trap"] = json!({ "code": format!("{code:?}"), "operator": operator });
			}
		}
		Ok(value)
	}

	/// For people.
	pub(crate) fn lines(&self, outcome: &Outcome, lines: &mut Lines) -> Result<(), Error> {
		match outcome {
			Outcome::Output(bytes) => {
				let outputs = tensors::decode(bytes)?;
				request::output_lines(&outputs, self.model, self.codec, self.show.top, lines)?;
				lines.add("commitment", hash(&tensors_commitment(&outputs)));
			}
			Outcome::Trap { code, operator } => lines.add("trap", output::trap(*code, *operator)),
		}
		Ok(())
	}
}

/// Computes the answer to a request again, and says whether it holds.
pub(crate) async fn run(session: Session, args: args::Replay) -> Result<(), Error> {
	let id = parse_hash(&args.id)?;
	let client = session.connect().await?;
	let request = client.request(id).await?;
	let result = client.result(id).await?;
	let model = client.model(request.model).await?;
	if model.manifest.program.is_none() {
		return Err(Error::NoProgram);
	}
	let (program, came) = find_program(&session, &client, &model, args.program.as_deref()).await?;
	session.progress(format!("program {:?} {came}", program.root()));
	let input = find_input(&client, &request, &model, &args).await?;
	let replay = program::replay(&program, &model.manifest.policies, &input, &result.outcome)?;
	let signed = result.statement.outcome == replay.claimed
		&& result.statement.input == request.input_commitment
		&& result.statement.verify(&result.signature);
	let holds = signed && replay.verdict == Verdict::Accepted;
	let shown = Shown { model: &model, codec: args.encode, show: &args.show };
	let computed = computed(&replay)?;
	let mut value = shown.json(&computed)?;
	value["request"] = json!(hash(&id));
	value["program"] = json!({ "root": hash(&program.root()), "from": came });
	value["holds"] = json!(holds);
	value["verdict"] = json!(verdict(replay.verdict));
	value["outputs_judged"] = model
		.manifest
		.outputs
		.iter()
		.zip(&replay.each)
		.map(|(port, each)| json!({ "name": tensors::port_name(port), "verdict": verdict(*each) }))
		.collect();
	value["claimed"] = commitment(&replay.claimed);
	value["computed"] = commitment(&replay.computed);
	value["signature"] = json!(signed);
	let mut lines = Lines::default();
	shown.lines(&computed, &mut lines)?;
	lines.add("computed by", format!("the model's program, {came}"));
	lines.add("answered", commitment_text(&replay.claimed));
	for (port, each) in model.manifest.outputs.iter().zip(&replay.each) {
		lines.add(format!("output {}", tensors::port_name(port)), words(*each));
	}
	lines.add("the answer", if holds { "holds" } else { "does not hold" });
	let text = lines.text();
	if !replay.outputs.is_empty() {
		request::write_tensors(&replay.outputs, &model, args.show.output.as_deref())?;
	}
	session.answer(&value, || text);
	if holds {
		return Ok(());
	}
	let why = if signed {
		words(replay.verdict).to_string()
	} else {
		"the statement is not signed about this outcome".into()
	};
	Err(Error::DoesNotHold(id, why))
}

/// Runs a model in a node's runtime.
pub(crate) async fn dry_run(session: Session, args: args::DryRun) -> Result<(), Error> {
	let client = session.connect().await?;
	let model = client.find_model(&args.model).await?;
	if model.manifest.program.is_none() {
		return Err(Error::NoProgram);
	}
	let input = match infer::read_input(&args.input, args.encode, &model)? {
		Ok(input) => input,
		Err(label) => {
			infer::known(&session, label);
			return Ok(());
		}
	};
	let run = match &args.program {
		None => client.dry_run_model(model.id, &input).await?,
		Some(path) => {
			let program = Program::of_model(path, &model.manifest)?;
			let run = client.dry_run(&program.encoding(), &input).await?;
			program::expose(run, &model.manifest.policies)?
		}
	};
	let outcome: Outcome = match run.output {
		Ok(bytes) => Outcome::Output(bytes.try_into().map_err(|_| {
			Error::Incompatible("the outputs are longer than a result may carry".into())
		})?),
		Err(trap) => trap.into(),
	};
	let shown = Shown { model: &model, codec: args.encode, show: &args.show };
	let mut value = shown.json(&outcome)?;
	value["weighted_macs"] = json!(run.summary.weighted_macs);
	let mut lines = Lines::default();
	shown.lines(&outcome, &mut lines)?;
	lines.add("computed by", format!("the runtime of {}, without a transaction", client.url()));
	let text = lines.text();
	if let Outcome::Output(bytes) = &outcome {
		request::write_tensors(&tensors::decode(bytes)?, &model, args.show.output.as_deref())?;
	}
	session.answer(&value, || text);
	Ok(())
}

/// The program of a model: from a file, from chain, or from the artefact that the node has.
pub(crate) async fn find_program(
	session: &Session,
	client: &Client,
	model: &ModelView,
	file: Option<&Path>,
) -> Result<(Program, String), Error> {
	if let Some(path) = file {
		let program = Program::of_model(path, &model.manifest)?;
		return Ok((program, format!("from {}", path.display())));
	}
	let root = model.manifest.program.as_ref().ok_or(Error::NoProgram)?.root;
	if let Some(package) = client.stored_program(root).await? {
		let program = Program::decode(&package)?;
		if program.root() != root {
			return Err(Error::Incompatible("the node gave another program".into()));
		}
		return Ok((program, "from the chain".into()));
	}
	session.progress("the program is not stored on chain: asking the node for the artefact");
	let artefact = &model.manifest.artefact;
	let Some(bytes) = client.get_artefact(&artefact.sha256, artefact.length).await? else {
		return Err(Error::Input(
			"neither the chain nor this node has the program: give the ONNX file, or what \
			 `countersign model import` wrote, with --program"
				.into(),
		));
	};
	let program = program::import_bytes(&bytes, &program::options_of(&model.manifest))?;
	if program.root() != root {
		return Err(Error::Input(format!(
			"the artefact gives the program {:?}, and the manifest names {root:?}: no answer of \
			 this model can be computed again",
			program.root()
		)));
	}
	Ok((program, "imported from the node's artefact".into()))
}

/// The input of a request: from files, from chain, or from the node.
pub(crate) async fn find_input(
	client: &Client,
	request: &RequestView,
	model: &ModelView,
	args: &args::Replay,
) -> Result<Vec<Tensor>, Error> {
	let input = if args.input.is_empty() {
		input_at_hand(client, request).await?.ok_or_else(|| {
			Error::Input(
				"neither the chain nor this node has the input: give it with --input, as it was \
				 given to `infer`"
					.into(),
			)
		})?
	} else {
		infer::read_input(&args.input, args.encode, model)?
			.map_err(|_| Error::Input("this file is too short to have been asked".into()))?
	};
	if tensors_commitment(&input) != request.input_commitment {
		return Err(Error::Input("this is not the input that was asked".into()));
	}
	Ok(input)
}

/// The input of a request, if it is on chain or the node has it.
pub(crate) async fn input_at_hand(
	client: &Client,
	request: &RequestView,
) -> Result<Option<Vec<Tensor>>, Error> {
	let bytes = match client.input(request.id).await? {
		Some(bytes) => Some(bytes),
		None => client.get_blob(&request.input_commitment).await?,
	};
	bytes.map(|bytes| tensors::decode(&bytes)).transpose()
}

/// What was computed, as a result would carry it.
fn computed(replay: &Replay) -> Result<Outcome, Error> {
	use codec::Encode;
	Ok(match &replay.computed {
		OutcomeCommitment::Output(_) => {
			Outcome::Output(replay.outputs.encode().try_into().map_err(|_| {
				Error::Incompatible("the outputs are longer than a result may carry".into())
			})?)
		}
		OutcomeCommitment::Trap { code, operator } => {
			Outcome::Trap { code: *code, operator: *operator }
		}
	})
}

fn commitment(outcome: &OutcomeCommitment) -> Value {
	match outcome {
		OutcomeCommitment::Output(commitment) => json!(hash(commitment)),
		OutcomeCommitment::Trap { code, operator } => {
			json!({ "code": format!("{code:?}"), "operator": operator })
		}
	}
}

fn commitment_text(outcome: &OutcomeCommitment) -> String {
	match outcome {
		OutcomeCommitment::Output(commitment) => format!("with {commitment:?}"),
		OutcomeCommitment::Trap { code, operator } => output::trap(*code, *operator),
	}
}

fn verdict(verdict: Verdict) -> &'static str {
	match verdict {
		Verdict::Accepted => "accepted",
		Verdict::Corrected => "corrected",
		Verdict::Wrong => "wrong",
	}
}

/// A judgement for people.
pub(crate) fn words(verdict: Verdict) -> &'static str {
	match verdict {
		Verdict::Accepted => "inside the tolerance",
		Verdict::Corrected => {
			"outside the tolerance: a dispute replaces it, and nobody is slashed for it"
		}
		Verdict::Wrong => "wrong: a dispute invalidates it, and whoever signed it is slashed",
	}
}
