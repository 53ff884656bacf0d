//! Models: register, show, manage.

use super::{included_json, Session};
use crate::{
	args,
	output::{self, hash, model_json, table, tokens, Lines},
};
use countersign_client::{
	amount,
	call::Call,
	keys::parse_account,
	manifest,
	primitives::model::{ModelStatus, ModelView, PrecisionPolicy, Price},
	tensors, Client, Error,
};
use serde_json::json;
use std::path::Path;

/// Runs a command about models.
pub(crate) async fn run(session: Session, command: args::Model) -> Result<(), Error> {
	match command {
		args::Model::Import(import) => super::import::run(session, import).await,
		args::Model::DryRun(dry_run) => super::replay::dry_run(session, dry_run).await,
		args::Model::Program(command) => super::program::run(session, command).await,
		args::Model::Register { manifest, artefact, price, dry_run, no_upload } => {
			register(session, &manifest, artefact.as_deref(), price.as_deref(), dry_run, no_upload)
				.await
		}
		args::Model::List => list(session).await,
		args::Model::Show { model } => {
			let client = session.connect().await?;
			let model = client.find_model(&model).await?;
			let confirmed = confirmed(&client, &model).await?;
			let mut value = model_json(&client, &model);
			for (contributor, confirmed) in confirmed.iter().enumerate() {
				value["contributors"][contributor]["confirmed"] = json!(confirmed);
			}
			session.answer(&value, || text(&client, &model, &confirmed));
			Ok(())
		}
		args::Model::Price { model, price } => {
			let price = amount::parse(&price)?;
			manage(session, &model, |model| Call::set_price(&model.id, price)).await
		}
		args::Model::Transfer { model, to, .. } => {
			let to = to.as_deref().map(parse_account).transpose()?;
			manage(session, &model, |model| Call::offer_transfer(&model.id, to.as_ref())).await
		}
		args::Model::Accept { model } => {
			manage(session, &model, |model| Call::accept_transfer(&model.id)).await
		}
		args::Model::Retire { model } => {
			manage(session, &model, |model| Call::retire(&model.id)).await
		}
		args::Model::Upload { artefact } => {
			let sha256 = manifest::describe(&artefact)?.sha256;
			let client = session.connect().await?;
			upload(&session, &client, &artefact, &sha256).await?;
			let value = json!({ "sha256": hex::encode(sha256) });
			session.answer(&value, || format!("{}\n", hex::encode(sha256)));
			Ok(())
		}
	}
}

async fn manage(
	session: Session,
	model: &str,
	call: impl FnOnce(&ModelView) -> Call,
) -> Result<(), Error> {
	let signer = session.signer()?;
	let client = session.connect().await?;
	let model = client.find_model(model).await?;
	session.submit_on(&client, &signer, &call(&model)).await
}

async fn register(
	session: Session,
	path: &Path,
	artefact: Option<&Path>,
	price: Option<&str>,
	dry_run: bool,
	no_upload: bool,
) -> Result<(), Error> {
	let price = price.map(amount::parse).transpose()?;
	let file = manifest::read(path, artefact)?;
	let price = price.or(file.price).unwrap_or(0);
	let signer = session.signer()?;
	// What validators would refuse to serve is not registered.
	if let Some(program) = countersign_client::program::check_file(&file)? {
		session.progress(format!("the artefact gives the program {:?}", program.root()));
	}
	let client = session.connect().await?;
	let sha256 = file.manifest.artefact.sha256;
	let id = file.manifest.id(&client.genesis(), &signer.account());
	if dry_run {
		let model = ModelView {
			id,
			owner: signer.account(),
			status: ModelStatus::Active,
			price: Price { current: price, next: None },
			registered_at: 0,
			manifest: file.manifest,
			servers: Vec::new(),
		};
		session.answer(&model_json(&client, &model), || text(&client, &model, &[]));
		return Ok(());
	}
	if let Some(first) = client.model_of_artefact(sha256).await? {
		let named = file.manifest.parents.iter().any(|parent| parent.model == first);
		if first != id && !named {
			return Err(Error::Input(format!(
				"this artefact is registered already as {first:?}: name that model as a parent, \
				 with a royalty"
			)));
		}
	}
	// Nobody learns of the artefact, the node included, before the commitment is on chain.
	let committed = client.commit_registration(&signer, &id).await?;
	session.progress(match &committed {
		Some(committed) => format!("committed to it in block {}", committed.block.number),
		None => "committed to it before".into(),
	});
	if !no_upload {
		upload(&session, &client, &file.artefact, &sha256).await?;
	}
	let included = client.reveal_registration(&signer, &file.manifest, price).await?;
	session.progress(format!("Models.register: in block {}", included.block.number));
	if !included.events.iter().any(|event| event.pallet == "Models" && event.names(&id)) {
		return Err(Error::Incompatible(format!(
			"the chain gave the model another identifier than {id:?}"
		)));
	}
	let model = client.model(id).await?;
	let value = json!({
		"model": hash(&id),
		"commitment": committed.as_ref().map(included_json),
		"registration": included_json(&included),
	});
	session.answer(&value, || text(&client, &model, &[]));
	Ok(())
}

async fn upload(
	session: &Session,
	client: &Client,
	path: &Path,
	sha256: &[u8; 32],
) -> Result<(), Error> {
	if client.has_artefact(sha256).await? {
		session.progress("the node has the artefact already");
		return Ok(());
	}
	let bytes = std::fs::read(path)
		.map_err(|reason| Error::File { path: path.display().to_string(), reason })?;
	session.progress(format!("giving the artefact to the node: {} bytes", bytes.len()));
	let stored = client.put_artefact(&bytes).await?;
	if stored != *sha256 {
		return Err(Error::Incompatible("the node stored another artefact".into()));
	}
	Ok(())
}

async fn list(session: Session) -> Result<(), Error> {
	let client = session.connect().await?;
	let models = client.all_models().await?;
	let value = models.iter().map(|model| model_json(&client, model)).collect();
	session.answer(&value, || {
		let rows: Vec<Vec<String>> = models
			.iter()
			.map(|model| {
				vec![
					String::from_utf8_lossy(&model.manifest.name).into_owned(),
					hash(&model.id),
					format!("{:?}", model.status),
					tokens(&client, model.price.current),
					amount::format_gigamacs(model.manifest.cost.macs),
					model.servers.len().to_string(),
				]
			})
			.collect();
		table(&["NAME", "ID", "STATUS", "PRICE", "COST", "SERVERS"], &rows)
	});
	Ok(())
}

/// Whether each contributor of a model's manifest confirmed to be the one whom it names.
async fn confirmed(client: &Client, model: &ModelView) -> Result<Vec<bool>, Error> {
	let entitlements = client.entitlements(model.id).await?;
	let own = |contributor: usize| {
		entitlements.iter().any(|it| {
			it.accepted
				&& it.right.model == model.id
				&& it.right.contributor.map(usize::from) == Some(contributor)
		})
	};
	Ok((0..model.manifest.contributors.len()).map(own).collect())
}

/// A model for people, with what is known of its contributors.
fn text(client: &Client, model: &ModelView, confirmed: &[bool]) -> String {
	let manifest = &model.manifest;
	let mut lines = Lines::default();
	lines.add("model", String::from_utf8_lossy(&manifest.name));
	lines.add("id", hash(&model.id));
	lines.add("owner", output::account(client, &model.owner));
	lines.add("status", format!("{:?}", model.status));
	lines.add("licence", String::from_utf8_lossy(&manifest.licence));
	lines.add("price", tokens(client, model.price.current));
	if let Some((price, from)) = &model.price.next {
		lines.add("price from", format!("block {from}: {}", tokens(client, *price)));
	}
	lines.add(
		"cost of a run",
		format!(
			"{}, at most {} ms and {} MiB",
			amount::format_gigamacs(manifest.cost.macs),
			manifest.cost.time_ms,
			manifest.cost.memory_mib
		),
	);
	lines.add(
		"artefact",
		format!(
			"sha256 {}, {} bytes",
			hex::encode(manifest.artefact.sha256),
			manifest.artefact.length
		),
	);
	match &manifest.program {
		Some(program) => lines.add(
			"program",
			format!("{:?}, canonical version {}", program.root, program.canonical_version),
		),
		None => lines.add("program", "none: signed answers only, which cannot be disputed"),
	}
	for port in &manifest.inputs {
		lines.add("input", format!("{}: {}", tensors::port_name(port), tensors::port_type(port)));
	}
	for (index, port) in manifest.outputs.iter().enumerate() {
		let policy = manifest.policies.get(index).map(policy_text).unwrap_or_default();
		lines.add(
			"output",
			format!("{}: {}{policy}", tensors::port_name(port), tensors::port_type(port)),
		);
	}
	for (position, contributor) in manifest.contributors.iter().enumerate() {
		let confirmed = match confirmed.get(position) {
			Some(true) => ", confirmed",
			Some(false) => ", not confirmed",
			None => "",
		};
		lines.add(
			"contributor",
			format!(
				"{} {} for {}{confirmed}",
				output::account(client, &contributor.account),
				amount::format_share(contributor.share),
				role_text(contributor.role)
			),
		);
	}
	for parent in &manifest.parents {
		lines.add(
			"parent",
			format!("{:?} gets {}", parent.model, amount::format_share(parent.royalty)),
		);
	}
	for server in &model.servers {
		lines.add("served by", output::account(client, server));
	}
	lines.text()
}

/// What a contributor gave, as manifests write it.
pub(crate) fn role_text(role: countersign_client::primitives::model::ContributorRole) -> String {
	match serde_json::to_value(role) {
		Ok(serde_json::Value::String(text)) => text,
		_ => format!("{role:?}"),
	}
}

fn policy_text(policy: &PrecisionPolicy) -> String {
	match policy {
		PrecisionPolicy::Exact => ", exact".into(),
		PrecisionPolicy::Within { absolute, relative } => {
			format!(", within 2^{absolute} + 2^{relative} of its size")
		}
		PrecisionPolicy::Top1 { margin } => format!(", largest within 2^{margin}"),
	}
}
