//! The summary.

use countersign_client::{amount, ask::Asked};
use countersign_network::{console::Console, network::Network, scenario::Finalised};
use countersign_primitives::{
	model::ModelId,
	request::{EvidenceSet, Finality, RequestId},
	AccountId, Balance, BlockNumber,
};
use std::collections::BTreeMap;

/// What happened to one request that is worth a line.
pub(crate) struct Shown {
	/// The file.
	pub(crate) what: String,
	/// The label.
	pub(crate) outcome: String,
	/// How sure the model is, from 0 to 1.
	pub(crate) sure: f32,
	/// Who answered.
	pub(crate) executor: Option<AccountId>,
	/// Who was drawn first and did not answer.
	pub(crate) before: Option<AccountId>,
	/// Blocks from the request to its result or refund.
	pub(crate) latency: Option<BlockNumber>,
	/// How settled the result is.
	pub(crate) finality: Finality,
	/// What stands behind it.
	pub(crate) evidence: EvidenceSet,
	/// Who was paid what.
	pub(crate) paid: Option<Finalised>,
	/// Whether it ended without an answer.
	pub(crate) refunded: bool,
	/// The request.
	pub(crate) asked: Asked,
}

impl Shown {
	/// A request that was just sent.
	pub(crate) fn new(what: &str, expected: &str, asked: Asked) -> Self {
		Self {
			what: what.into(),
			outcome: expected.into(),
			sure: 0.0,
			executor: None,
			before: None,
			latency: None,
			finality: Finality::Open,
			evidence: EvidenceSet::default(),
			paid: None,
			refunded: false,
			asked,
		}
	}
}

/// What the steps found out.
#[derive(Default)]
pub(crate) struct Facts {
	/// Who is who.
	pub(crate) names: Vec<(AccountId, String)>,
	/// The symbol of the token.
	pub(crate) symbol: String,
	/// The bond of each validator.
	pub(crate) bonded: Balance,
	/// The owner's price.
	pub(crate) price: Balance,
	/// The model.
	pub(crate) model: Option<ModelId>,
	/// The requests worth a line.
	pub(crate) shown: Vec<Shown>,
	/// All requests that were sent.
	pub(crate) sent: Vec<RequestId>,
	/// What the requester owned before the first of them.
	pub(crate) requester_before: Balance,
	/// What it paid for transactions.
	pub(crate) transaction_fees: Balance,
	/// Who claimed how much.
	pub(crate) claimed: Option<(AccountId, Balance)>,
}

impl Facts {
	/// A person's name for an account.
	pub(crate) fn name(&self, account: &AccountId) -> String {
		let known = self.names.iter().find(|(known, _)| known == account);
		known.map_or_else(|| format!("{account:?}"), |(_, name)| name.clone())
	}
}

/// What stands behind a result, in the words of the docs.
fn evidence(set: &EvidenceSet) -> String {
	let mut words = vec!["Signed".to_string()];
	if set.audited > 0 {
		words.push(format!("Audited({})", set.audited));
	}
	for (holds, word) in [(set.replayed, "Replayed"), (set.tee, "Tee"), (set.zk, "Zk")] {
		if holds {
			words.push(word.into());
		}
	}
	words.join(" + ")
}

/// Shows what happened to every file, and who was paid.
pub(crate) fn show(console: &mut Console, facts: &Facts) {
	console.heading("What became of the files");
	let rows: Vec<Vec<String>> = facts
		.shown
		.iter()
		.map(|shown| {
			let latency = shown.latency.map_or_else(String::new, |blocks| blocks.to_string());
			if shown.refunded {
				return vec![
					shown.what.clone(),
					"-".into(),
					"refunded".into(),
					"-".into(),
					"nobody in time".into(),
					latency,
					"0".into(),
				];
			}
			let executor =
				shown.executor.as_ref().map_or_else(String::new, |account| facts.name(account));
			vec![
				shown.what.clone(),
				format!("{} ({:.1} %)", shown.outcome, shown.sure * 100.0),
				format!("{:?}", shown.finality),
				evidence(&shown.evidence),
				match &shown.before {
					Some(before) => format!("{executor}, for {}", facts.name(before)),
					None => executor,
				},
				latency,
				shown
					.paid
					.as_ref()
					.map_or_else(|| "held".to_string(), |paid| amount::format(paid.paid())),
			]
		})
		.collect();
	let paid = format!("paid ({})", facts.symbol);
	console.table(&["file", "answer", "finality", "evidence", "executor", "blocks", &paid], &rows);

	console.heading("Who was paid what for the Final ones");
	let mut executors: BTreeMap<String, (u32, Balance)> = BTreeMap::new();
	let (mut audits, mut treasury, mut burned, mut contributors) = (0, 0, 0, 0);
	for paid in facts.shown.iter().filter_map(|shown| shown.paid.as_ref()) {
		let entry = executors.entry(facts.name(&paid.executor)).or_default();
		entry.0 += 1;
		entry.1 += paid.executor_paid;
		audits += paid.audit_pot_paid;
		treasury += paid.treasury_paid;
		burned += paid.burned;
		contributors += paid.contributors_paid;
	}
	let row =
		|who: &str, why: &str, what: Balance| vec![who.into(), why.into(), amount::format(what)];
	let mut rows: Vec<Vec<String>> = executors
		.iter()
		.map(|(name, (count, paid))| row(name, &format!("executor of {count}"), *paid))
		.collect();
	rows.push(row("contributors", "the owner's price, to be claimed", contributors));
	rows.push(row("audit pot", "pays whoever runs it again", audits));
	rows.push(row("treasury", "", treasury));
	rows.push(row("nobody", "burned", burned));
	if let Some((account, claimed)) = &facts.claimed {
		rows.push(row(&facts.name(account), "claimed so far, of the contributors' part", *claimed));
	}
	console.table(&["who", "for", &facts.symbol], &rows);
	console.note("");
	console.note(
		"Evidence `Signed` is the word of one bonded validator: docs/security.md says what that is",
	);
	console.note(
		"worth today. A result `Open` becomes Final, and is paid, when its window has passed.",
	);
}

/// Shows how to go on with the network that stays up.
pub(crate) fn show_addresses(console: &mut Console, network: &Network, facts: &Facts) {
	console.heading("The network stays up until Ctrl-C");
	let rows: Vec<Vec<String>> = network
		.nodes
		.iter()
		.map(|node| {
			vec![
				node.name.to_string(),
				node.url(),
				node.metrics_url(),
				node.log.display().to_string(),
			]
		})
		.collect();
	console.table(&["validator", "RPC", "metrics", "log"], &rows);
	console.note("");
	console.note("Ask about a file of yours:");
	console.note(&format!(
		"{} --url {} --suri //Ferdie infer --model {:?} --encode magika --wait --input FILE",
		network.programs().client.display(),
		network.nodes[0].url(),
		facts.model.unwrap_or_default(),
	));
}
