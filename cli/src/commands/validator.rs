//! Bonding, serving and leaving as a validator.

use super::Session;
use crate::{
	args,
	output::{self, hash, table, tokens, Lines},
};
use countersign_client::{
	amount,
	call::Call,
	event::hex_text,
	primitives::apis::{ServingView, ValidatorView},
	Client, Error,
};
use serde_json::{json, Value};

/// Runs a command about validators.
pub(crate) async fn run(session: Session, command: args::Validator) -> Result<(), Error> {
	use args::Validator as Command;
	let call = match command {
		Command::Bond { amount } => Call::bond(amount::parse(&amount)?),
		Command::BondMore { amount } => Call::bond_more(amount::parse(&amount)?),
		Command::Unbond { amount } => Call::unbond(amount::parse(&amount)?),
		Command::Leave => Call::leave(),
		Command::Rejoin => Call::rejoin(),
		Command::Withdraw => Call::withdraw(),
		Command::Capacity { gmac } => Call::set_capacity(amount::parse_gigamacs(&gmac)?),
		Command::Serve { model } => return serve(session, &model, true).await,
		Command::StopServing { model } => return serve(session, &model, false).await,
		Command::Status { account } => return status(session, account.as_deref()).await,
		Command::List => return list(session).await,
		Command::Keys => return keys(session).await,
		Command::Doctor { account } => {
			return super::doctor::run(session, account.as_deref()).await;
		}
	};
	session.submit_and_answer(&call).await
}

async fn serve(session: Session, model: &str, begin: bool) -> Result<(), Error> {
	let signer = session.signer()?;
	let client = session.connect().await?;
	let id = client.find_model(model).await?.id;
	let call = if begin { Call::serve(&id) } else { Call::stop_serving(&id) };
	session.submit_on(&client, &signer, &call).await
}

/// Makes keys in the node at `--url` and registers them.
async fn keys(session: Session) -> Result<(), Error> {
	let signer = session.signer()?;
	let client = session.connect().await?;
	session.progress(format!("making new keys in the node at {}", client.url()));
	let made = client.rotate_keys(&signer.account()).await?;
	let call = Call::set_keys(made.keys.clone(), made.proof);
	let included = session.submit(&client, &signer, &call).await?;
	let value = json!({
		"keys": hex_text(&made.keys),
		"registration": super::included_json(&included),
	});
	session.answer(&value, || {
		let mut lines = Lines::default();
		lines.add("keys", hex_text(&made.keys));
		lines.add("in force", "from the session after next");
		lines.add("transaction fee", tokens(&client, included.fee));
		lines.text()
	});
	Ok(())
}

async fn status(session: Session, account: Option<&str>) -> Result<(), Error> {
	let account = session.account_or_own(account)?;
	let client = session.connect().await?;
	let validator = client.validator(&account).await?.ok_or_else(|| Error::NotFound {
		what: "validator",
		id: output::account(&client, &account),
	})?;
	let serving = client.serving(&account).await?;
	let current = client.session().await?;
	let mut value = validator_json(&client, &validator);
	value["session"] = json!(current);
	value["serves"] = serving.models.iter().map(hash).collect();
	value["capacity_macs"] = json!(serving.capacity);
	session.answer(&value, || status_text(&client, &validator, &serving, current));
	Ok(())
}

fn status_text(
	client: &Client,
	validator: &ValidatorView,
	serving: &ServingView,
	current: u32,
) -> String {
	let mut lines = Lines::default();
	lines.add("validator", output::account(client, &validator.account));
	lines.add("bonded", tokens(client, validator.bonded));
	for (amount, session) in &validator.unbonding {
		let when = if *session <= current {
			"can be withdrawn now".into()
		} else {
			format!("can be withdrawn from session {session}")
		};
		lines.add("unbonding", format!("{}, {when}", tokens(client, *amount)));
	}
	lines.add("cover reserved", tokens(client, validator.reserved_cover));
	lines.add("cover free", tokens(client, validator.free_cover));
	match validator.position {
		Some(position) => lines.add("session", format!("{current}, position {position}")),
		None => lines.add("session", format!("{current}, not in its validator set")),
	}
	match &validator.key {
		Some(key) => lines.add("inference key", hex_text(key.as_ref())),
		None => lines.add("inference key", "none in this session"),
	}
	lines.add("answered, missed", format!("{}, {}", validator.answered, validator.missed));
	if validator.leaving {
		lines.add("leaving", "yes: `countersign validator rejoin` takes it back");
	}
	lines.add("capacity", amount::format_gigamacs(serving.capacity));
	for model in &serving.models {
		lines.add("serves", hash(model));
	}
	lines.text()
}

fn validator_json(client: &Client, validator: &ValidatorView) -> Value {
	json!({
		"account": output::account(client, &validator.account),
		"bonded": validator.bonded.to_string(),
		"unbonding": validator.unbonding.iter().map(|(amount, session)| {
			json!({ "amount": amount.to_string(), "session": session })
		}).collect::<Vec<_>>(),
		"reserved_cover": validator.reserved_cover.to_string(),
		"free_cover": validator.free_cover.to_string(),
		"position": validator.position,
		"inference_key": validator.key.as_ref().map(|key| hex_text(key.as_ref())),
		"answered": validator.answered,
		"missed": validator.missed,
		"leaving": validator.leaving,
	})
}

async fn list(session: Session) -> Result<(), Error> {
	let client = session.connect().await?;
	let validators = client.validators().await?;
	let value = validators.iter().map(|it| validator_json(&client, it)).collect();
	session.answer(&value, || {
		let rows: Vec<Vec<String>> = validators
			.iter()
			.map(|it| {
				vec![
					output::account(&client, &it.account),
					amount::format(it.bonded),
					amount::format(it.free_cover),
					it.position.map(|position| position.to_string()).unwrap_or_default(),
					it.answered.to_string(),
					it.missed.to_string(),
					if it.leaving { "leaving".into() } else { String::new() },
				]
			})
			.collect();
		let head = ["ACCOUNT", "BONDED", "FREE COVER", "POSITION", "ANSWERED", "MISSED", ""];
		table(&head, &rows)
	});
	Ok(())
}
