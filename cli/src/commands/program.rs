//! Programs on chain: storing them, and calling them inside a transaction.

use super::{included_json, Session};
use crate::{
	args,
	output::{self, hash, tokens, Lines},
};
use countersign_client::{
	amount,
	ask::Ask,
	call::Call,
	keys::Signer,
	primitives::{model::ModelView, program::ProgramInfo, request::Outcome, Hash},
	program::Program,
	Client, Error,
};
use serde_json::{json, Value};

/// Runs a command about programs on chain.
pub(crate) async fn run(session: Session, command: args::Program) -> Result<(), Error> {
	match command {
		args::Program::Upload { model, file } => {
			let signer = session.signer()?;
			let client = session.connect().await?;
			let model = client.find_model(&model).await?;
			let program = Program::of_model(&file, &model.manifest)?;
			let package = program.encoding();
			session.progress(format!("{} bytes of program {:?}", package.len(), program.root()));
			let included = client
				.store_program(&signer, &model.id, &package, |there, of| {
					session.progress(format!("chunk {there} of {of}"));
				})
				.await?;
			let info = client.program_info(model.id).await?;
			let value = json!({
				"model": hash(&model.id),
				"root": hash(&program.root()),
				"bytes": package.len(),
				"storing": included_json(&included),
				"program": info.as_ref().map(|info| info_json(&client, info)),
			});
			session.answer(&value, || match &info {
				Some(info) => info_text(&client, &model, info),
				None => super::included_text(&client, &included),
			});
			Ok(())
		}
		args::Program::Show { model } => {
			let client = session.connect().await?;
			let model = client.find_model(&model).await?;
			root_of(&model)?;
			let info = client
				.program_info(model.id)
				.await?
				.ok_or(Error::NotFound { what: "stored program of", id: hash(&model.id) })?;
			session.answer(&info_json(&client, &info), || info_text(&client, &model, &info));
			Ok(())
		}
		args::Program::Abort { model } => {
			let signer = session.signer()?;
			let client = session.connect().await?;
			let model = client.find_model(&model).await?;
			session.submit_on(&client, &signer, &Call::abort_program(&model.id)).await
		}
		args::Program::Drop { model } => {
			let signer = session.signer()?;
			let client = session.connect().await?;
			let model = client.find_model(&model).await?;
			let root = root_of(&model)?;
			session.submit_on(&client, &signer, &Call::drop_program(&root)).await
		}
	}
}

fn root_of(model: &ModelView) -> Result<Hash, Error> {
	model.manifest.program.as_ref().map(|program| program.root).ok_or(Error::NoProgram)
}

fn info_json(client: &Client, info: &ProgramInfo) -> Value {
	json!({
		"root": hash(&info.summary.root),
		"canonical_version": info.summary.version,
		"bytes": info.summary.length,
		"weighted_macs": info.summary.weighted_macs,
		"slabs": info.summary.slabs,
		"depositor": output::account(client, &info.depositor),
		"deposit": info.deposit.to_string(),
		"callable_from": info.callable_from,
		"run_ref_time": info.run_weight.ref_time(),
		"sync": info.sync.as_ref().map(|quote| json!({
			"ref_time": quote.weight.ref_time(),
			"fee": quote.fee.to_string(),
		})),
	})
}

fn info_text(client: &Client, model: &ModelView, info: &ProgramInfo) -> String {
	let mut lines = Lines::default();
	lines.add("model", String::from_utf8_lossy(&model.manifest.name));
	lines.add("program", hash(&info.summary.root));
	lines.add("stored", format!("{} bytes", info.summary.length));
	lines.add(
		"deposit",
		format!(
			"{} of {}, who may drop it",
			tokens(client, info.deposit),
			output::account(client, &info.depositor)
		),
	);
	lines.add(
		"a run",
		format!(
			"{}, {:.3} ms of a block",
			amount::format_gigamacs(info.summary.weighted_macs),
			info.run_weight.ref_time() as f64 / 1e9
		),
	);
	match &info.sync {
		Some(quote) => lines.add(
			"called in a transaction",
			format!(
				"from block {} on, for {} beside the transaction's fee",
				info.callable_from,
				tokens(client, quote.fee)
			),
		),
		None => lines.add(
			"called in a transaction",
			"no: too costly for a block, retired, or not what the manifest declares",
		),
	}
	lines.text()
}

/// Runs a model inside the transaction.
pub(crate) async fn infer_sync(
	session: &Session,
	client: &Client,
	signer: &Signer,
	args: &args::Infer,
	model: &ModelView,
	ask: Ask,
) -> Result<(), Error> {
	root_of(model)?;
	let info = client.program_info(model.id).await?;
	let Some(quote) = info.and_then(|info| info.sync) else {
		return Err(Error::Input(
			"this model cannot be called in a transaction: its program is not stored, or a run is \
			 too costly; see `countersign model program show`, or leave out --sync"
				.into(),
		));
	};
	let most = ask.max_fee.unwrap_or(quote.fee);
	if most < quote.fee {
		return Err(Error::Input(format!(
			"the fee is {}, above the most that you would pay, {}",
			amount::format(quote.fee),
			amount::format(most)
		)));
	}
	session.progress(format!(
		"runs in the transaction, for {} beside its fee",
		tokens(client, quote.fee)
	));
	let (included, computed, outcome) =
		client.infer_sync(signer, &model.id, &ask.input, most).await?;
	session.progress(format!("computed in block {}", included.block.number));
	let show = super::replay::Shown { model, codec: args.ask.encode, show: &args.show };
	let mut value = show.json(&outcome)?;
	value["request"] = json!(hash(&computed.request));
	value["evidence"] = json!("Replayed");
	value["finality"] = json!("Final");
	value["paid"] = json!(computed.paid().to_string());
	value["transaction"] = included_json(&included);
	let mut lines = Lines::default();
	show.lines(&outcome, &mut lines)?;
	lines.add("request", hash(&computed.request));
	lines.add("finality", "Final: every node computed it in this block");
	lines.add("evidence", "Replayed");
	lines.add("block", included.block.number);
	lines.add("paid", tokens(client, computed.paid()));
	lines.add("transaction fee", tokens(client, included.fee));
	let text = lines.text();
	if let Outcome::Output(bytes) = &outcome {
		let tensors = countersign_client::tensors::decode(bytes)?;
		super::request::write_tensors(&tensors, model, args.show.output.as_deref())?;
	}
	session.answer(&value, || text);
	Ok(())
}
