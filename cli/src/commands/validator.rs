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
	primitives::{
		apis::{ServingView, ValidatorView},
		model::ModelId,
		SessionIndex,
	},
	Client, Error, PendingSlash, APPEAL,
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
	let mut names = Vec::with_capacity(serving.models.len());
	for id in &serving.models {
		names.push(name_of(&client, id).await?);
	}
	let standing = Standing {
		slashes: client.pending_slashes(&account).await?,
		leaves_in: client.leaves_in(&account).await?,
		current: client.session().await?,
		validator,
		serving,
		names,
	};
	session.answer(&status_json(&client, &standing), || status_text(&client, &standing));
	Ok(())
}

/// What a model is called, where the registry knows it.
async fn name_of(client: &Client, id: &ModelId) -> Result<Option<String>, Error> {
	match client.model(*id).await {
		Ok(model) => Ok(Some(String::from_utf8_lossy(&model.manifest.name).into_owned())),
		Err(Error::NotFound { .. }) => Ok(None),
		Err(error) => Err(error),
	}
}

/// Where a validator stands.
struct Standing {
	validator: ValidatorView,
	/// What waits on its bond.
	slashes: Vec<PendingSlash>,
	/// Once it has begun to leave: the session from which it can withdraw its bond.
	leaves_in: Option<SessionIndex>,
	serving: ServingView,
	/// What the models that it serves are called, in their order.
	names: Vec<Option<String>>,
	/// The session.
	current: SessionIndex,
}

fn status_json(client: &Client, standing: &Standing) -> Value {
	let Standing { validator, slashes, leaves_in, serving, names, current } = standing;
	let mut value = validator_json(client, validator);
	value["session"] = json!(current);
	value["slashes"] = slashes.iter().map(slash_json).collect();
	value["leaves_in"] = json!(leaves_in);
	value["serves"] = serving.models.iter().map(hash).collect();
	value["models"] = serving
		.models
		.iter()
		.zip(names)
		.map(|(id, name)| json!({ "id": hash(id), "name": name }))
		.collect();
	value["capacity_macs"] = json!(serving.capacity);
	value
}

fn slash_json(slash: &PendingSlash) -> Value {
	json!({
		"number": slash.number,
		"amount": slash.amount.to_string(),
		"session": slash.due,
		"frozen": slash.frozen,
		"appeal": APPEAL,
	})
}

/// From when on something can be withdrawn.
fn withdrawable(from: SessionIndex, current: SessionIndex) -> String {
	if from <= current {
		"can be withdrawn now".into()
	} else {
		format!("can be withdrawn from session {from}")
	}
}

/// When one that leaves gets its bond.
fn leaving_text(from: SessionIndex, standing: &Standing) -> String {
	let mut when = withdrawable(from, standing.current);
	let unless = [
		(standing.validator.reserved_cover > 0, "cover is reserved"),
		(!standing.slashes.is_empty(), "a slash waits"),
		(standing.validator.position.is_some(), "it is in the validator set"),
	];
	let unless: Vec<&str> = unless.iter().filter(|(is, _)| *is).map(|(_, what)| *what).collect();
	if from <= standing.current && !unless.is_empty() {
		when = format!("cannot be withdrawn while {}", unless.join(", and while "));
	}
	format!("the bond {when}; `countersign validator rejoin` takes it back")
}

fn status_text(client: &Client, standing: &Standing) -> String {
	let Standing { validator, slashes, leaves_in, serving, names, current } = standing;
	let current = *current;
	let mut lines = Lines::default();
	lines.add("validator", output::account(client, &validator.account));
	lines.add("bonded", tokens(client, validator.bonded));
	for (amount, session) in &validator.unbonding {
		let when = withdrawable(*session, current);
		lines.add("unbonding", format!("{}, {when}", tokens(client, *amount)));
	}
	for slash in slashes {
		lines.add("slash", slash.in_words(&tokens(client, slash.amount)));
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
	if let Some(from) = leaves_in {
		lines.add("leaving", leaving_text(*from, standing));
	}
	lines.add("capacity", amount::format_gigamacs(serving.capacity));
	for (id, name) in serving.models.iter().zip(names) {
		lines.add("serves", named(id, name.as_deref()));
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

/// A model with its name, if it has one.
fn named(id: &ModelId, name: Option<&str>) -> String {
	[Some(hash(id).as_str()), name].into_iter().flatten().collect::<Vec<_>>().join("  ")
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

#[cfg(test)]
mod tests {
	use super::*;
	use countersign_client::primitives::{AccountId, Hash};

	fn standing() -> Standing {
		Standing {
			validator: ValidatorView {
				account: AccountId::from([1; 32]),
				bonded: 10,
				unbonding: vec![],
				reserved_cover: 0,
				free_cover: 0,
				position: None,
				key: None,
				answered: 0,
				missed: 0,
				leaving: true,
			},
			slashes: vec![],
			leaves_in: Some(9),
			serving: ServingView::default(),
			names: vec![],
			current: 8,
		}
	}

	const SLASH: PendingSlash = PendingSlash { number: 4, amount: 7, due: 12, frozen: false };

	#[test]
	fn a_bond_that_leaves_is_free_when_nothing_needs_it() {
		let mut it = standing();
		assert!(leaving_text(9, &it).starts_with("the bond can be withdrawn from session 9; "));
		it.current = 9;
		assert!(leaving_text(9, &it).starts_with("the bond can be withdrawn now; "));
		it.slashes.push(SLASH);
		let said = "the bond cannot be withdrawn while a slash waits; ";
		assert!(leaving_text(9, &it).starts_with(said));
		it.validator.reserved_cover = 1;
		it.validator.position = Some(2);
		let said =
			"the bond cannot be withdrawn while cover is reserved, and while a slash waits, \
		            and while it is in the validator set; ";
		assert!(leaving_text(9, &it).starts_with(said), "{}", leaving_text(9, &it));
	}

	#[test]
	fn scripts_learn_what_waits() {
		let expected = json!({
			"number": 4,
			"amount": "7",
			"session": 12,
			"frozen": false,
			"appeal": "docs/slashing.md tells how to appeal",
		});
		assert_eq!(slash_json(&SLASH), expected);
	}

	#[test]
	fn models_have_their_names_beside_them() {
		let id = Hash::repeat_byte(0xab);
		assert_eq!(named(&id, Some("magika")), format!("{id:?}  magika"));
		assert_eq!(named(&id, None), format!("{id:?}"));
	}
}
