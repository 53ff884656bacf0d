//! The commands, by what they are about.

pub(crate) mod account;
pub(crate) mod attribution;
pub(crate) mod audits;
pub(crate) mod chain;
pub(crate) mod dispute;
pub(crate) mod doctor;
pub(crate) mod game;
pub(crate) mod import;
pub(crate) mod infer;
pub(crate) mod model;
pub(crate) mod program;
pub(crate) mod referendum;
pub(crate) mod replay;
pub(crate) mod request;
pub(crate) mod validator;

use crate::{args::Global, output};
use countersign_client::{
	call::Call,
	client::Included,
	keys,
	keys::Signer,
	manifest::parse_hash,
	primitives::{AccountId, Balance},
	Client, Error, View,
};
use serde_json::{json, Value};

/// What all commands share: where to ask, who asks, how to answer.
pub(crate) struct Session {
	global: Global,
}

impl Session {
	/// From the global options.
	pub(crate) fn new(global: Global) -> Self {
		Self { global }
	}

	/// The connection.
	pub(crate) async fn connect(&self) -> Result<Client, Error> {
		let after = self.global.after.as_deref().map(parse_hash).transpose()?;
		let view = if self.global.finalized { View::Finalized } else { View::Best };
		let client = Client::connect(&self.global.url).await?.with_view(view);
		if let Some(block) = after {
			client.wait_for(block).await?;
		}
		Ok(client)
	}

	/// The key to sign with.
	pub(crate) fn signer(&self) -> Result<Signer, Error> {
		match (&self.global.suri, &self.global.key_file) {
			(Some(suri), _) => Signer::from_uri(suri),
			(None, Some(path)) => Signer::from_file(path),
			(None, None) => Err(Error::Input(
				"this needs a key to sign with: --key-file, --suri, or COUNTERSIGN_SURI".into(),
			)),
		}
	}

	/// The account that is named, or that of the key.
	pub(crate) fn account_or_own(&self, named: Option<&str>) -> Result<AccountId, Error> {
		match named {
			Some(text) => keys::parse_account(text),
			None => Ok(self.signer()?.account()),
		}
	}

	/// Tells on the way what happens.
	pub(crate) fn progress(&self, text: impl std::fmt::Display) {
		if !self.global.quiet {
			eprintln!("{text}");
		}
	}

	/// Writes the answer.
	pub(crate) fn answer(&self, json: &Value, text: impl FnOnce() -> String) {
		if self.global.json {
			output::print(&format!("{json:#}\n"));
		} else {
			output::print(&text());
		}
	}

	/// Signs a call, submits it, and tells when it is in a block.
	pub(crate) async fn submit(
		&self,
		client: &Client,
		signer: &Signer,
		call: &Call,
	) -> Result<Included, Error> {
		self.progress(format!(
			"{}: signed by {}",
			call.title(),
			output::account(client, &signer.account())
		));
		let included = client.submit(call, signer).await?;
		let settled = match client.view() {
			View::Best => "",
			View::Finalized => "finalized ",
		};
		self.progress(format!("{}: in {settled}block {}", call.title(), included.block.number));
		Ok(included)
	}

	/// Submits a call that has no other answer than what it did.
	pub(crate) async fn submit_and_answer(&self, call: &Call) -> Result<(), Error> {
		let signer = self.signer()?;
		let client = self.connect().await?;
		self.submit_on(&client, &signer, call).await
	}

	/// The same on a connection that is there.
	pub(crate) async fn submit_on(
		&self,
		client: &Client,
		signer: &Signer,
		call: &Call,
	) -> Result<(), Error> {
		let included = self.submit(client, signer, call).await?;
		self.answer(&included_json(&included), || included_text(client, &included));
		Ok(())
	}
}

/// Pallets whose events say what a call did, and not only what it cost.
fn is_telling(event: &countersign_client::event::Event) -> bool {
	let done = matches!(event.name.as_str(), "ItemCompleted" | "BatchCompleted");
	match event.pallet.as_str() {
		"System" | "TransactionPayment" | "Treasury" => false,
		"Utility" => !done,
		_ => true,
	}
}

/// A transaction in a block, as JSON.
pub(crate) fn included_json(included: &Included) -> Value {
	let events = included.events.iter().filter(|event| is_telling(event)).map(
		|event| json!({ "event": format!("{}.{}", event.pallet, event.name), "fields": event.fields }),
	);
	json!({
		"block": included.block.number,
		"block_hash": output::hash(&included.block.hash),
		"transaction": output::hash(&included.transaction),
		"transaction_fee": included.fee.to_string(),
		"events": events.collect::<Vec<_>>(),
	})
}

/// A transaction in a block, for people.
pub(crate) fn included_text(client: &Client, included: &Included) -> String {
	let mut lines = output::Lines::default();
	for event in included.events.iter().filter(|event| is_telling(event)) {
		lines.add(format!("{}.{}", event.pallet, event.name), event_text(client, &event.fields));
	}
	lines.add("block", included.block.number);
	lines.add("transaction fee", output::tokens(client, included.fee));
	lines.text()
}

/// Fields that hold amounts of tokens, in all pallets.
const AMOUNTS: [&str; 20] = [
	"amount",
	"bond",
	"bond_lost",
	"bonded",
	"burned",
	"charged",
	"claimed",
	"contributors_paid",
	"cover",
	"current",
	"deposit",
	"executor_paid",
	"fee",
	"held",
	"owed",
	"paid",
	"pay",
	"returned",
	"slash",
	"treasury_paid",
];

/// The fields of an event on one line.
pub(crate) fn event_text(client: &Client, fields: &Value) -> String {
	let shown = |name: &str, value: &Value| {
		let units = match value {
			Value::Number(units) => units.as_u64().map(Balance::from),
			Value::String(units) => units.parse().ok(),
			_ => None,
		};
		match (units, value) {
			(Some(units), _) if AMOUNTS.contains(&name) => output::tokens(client, units),
			(_, Value::String(text)) => text.clone(),
			(_, value) => value.to_string(),
		}
	};
	match fields {
		Value::Object(fields) => fields
			.iter()
			.map(|(name, value)| format!("{name} {}", shown(name, value)))
			.collect::<Vec<_>>()
			.join(", "),
		value => shown("", value),
	}
}
