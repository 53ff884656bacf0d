//! How results are written: lines for people on standard output, or JSON for scripts.

use countersign_client::{
	amount,
	keys::format_account,
	primitives::{model, request, tensor, AccountId, Balance, Hash},
	tensors, Client, Error,
};
use serde_json::{json, Value};
use std::io::Write;

/// Lines for people: a name, spaces, a value.
#[derive(Default)]
pub(crate) struct Lines(Vec<(String, String)>);

impl Lines {
	/// Adds a line.
	pub(crate) fn add(&mut self, name: impl Into<String>, value: impl std::fmt::Display) {
		self.0.push((name.into(), value.to_string()));
	}

	/// The text, values under each other.
	pub(crate) fn text(&self) -> String {
		let width = self.0.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
		let lines = self.0.iter().map(|(name, value)| format!("{name:<width$}  {value}\n"));
		lines.collect()
	}
}

/// A table for people.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
	let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
	for row in rows {
		for (width, cell) in widths.iter_mut().zip(row) {
			*width = (*width).max(cell.chars().count());
		}
	}
	let line = |cells: Vec<&str>| {
		let cells = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
		let mut text = cells.collect::<Vec<_>>().join("  ").trim_end().to_string();
		text.push('\n');
		text
	};
	let mut text = line(head.to_vec());
	for row in rows {
		text.push_str(&line(row.iter().map(String::as_str).collect()));
	}
	text
}

/// Writes to standard output. A closed pipe ends the program without fuss, as it does for others.
pub(crate) fn print(text: &str) {
	let mut out = std::io::stdout().lock();
	if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
		std::process::exit(0);
	}
}

/// Says what went wrong and what to do next.
pub(crate) fn problem(problem: &Error, json: bool) {
	if json {
		let value = json!({
			"error": problem.to_string(),
			"advice": problem.advice(),
			"code": problem.exit_code(),
		});
		eprintln!("{value}");
		return;
	}
	eprintln!("error: {problem}");
	if let Some(advice) = problem.advice() {
		eprintln!("  next: {advice}");
	}
}

/// An amount with the token's symbol.
pub(crate) fn tokens(client: &Client, amount: Balance) -> String {
	format!("{} {}", amount::format(amount), client.properties().token_symbol)
}

/// An account as the chain writes it.
pub(crate) fn account(client: &Client, account: &AccountId) -> String {
	format_account(account, client.properties().ss58_format)
}

/// A hash in full.
pub(crate) fn hash(hash: &Hash) -> String {
	format!("{hash:?}")
}

/// Evidence in words.
pub(crate) fn evidence(evidence: &request::EvidenceSet) -> String {
	let mut words = vec!["Signed".to_string()];
	if evidence.audited > 0 {
		words.push(format!("Audited({})", evidence.audited));
	}
	for (present, word) in
		[(evidence.replayed, "Replayed"), (evidence.tee, "Tee"), (evidence.zk, "Zk")]
	{
		if present {
			words.push(word.into());
		}
	}
	words.join(", ")
}

/// Why a run gave no output, in words.
pub(crate) fn trap(code: request::TrapCode, operator: u32) -> String {
	use request::TrapCode;
	let why = match code {
		TrapCode::BadInput => "the model refused the input",
		TrapCode::Operator => "an operator failed",
		TrapCode::BadOutput => "the output does not have the declared signature",
		TrapCode::TimeLimit => "the run took longer than the manifest allows",
		TrapCode::MemoryLimit => "the run took more memory than the manifest allows",
	};
	if operator == u32::MAX {
		format!("{code:?}: {why}")
	} else {
		format!("{code:?} at operator {operator}: {why}")
	}
}

/// A model as JSON.
pub(crate) fn model_json(client: &Client, model: &model::ModelView) -> Value {
	let manifest = &model.manifest;
	let ports = |ports: &[tensor::Port], policies: &[model::PrecisionPolicy]| -> Vec<Value> {
		ports
			.iter()
			.enumerate()
			.map(|(index, port)| {
				let mut value = json!({
					"name": tensors::port_name(port),
					"type": tensors::type_name(port.ty),
					"shape": port.shape.iter().map(dimension_json).collect::<Vec<_>>(),
				});
				if let Some(policy) = policies.get(index) {
					value["policy"] = json!(policy);
				}
				value
			})
			.collect()
	};
	json!({
		"id": hash(&model.id),
		"name": String::from_utf8_lossy(&manifest.name),
		"licence": String::from_utf8_lossy(&manifest.licence),
		"owner": account(client, &model.owner),
		"status": model.status,
		"price": model.price.current.to_string(),
		"next_price": model.price.next.as_ref().map(|(price, from)| {
			json!({ "price": price.to_string(), "from": from })
		}),
		"registered_at": model.registered_at,
		"artefact": {
			"sha256": hex::encode(manifest.artefact.sha256),
			"length": manifest.artefact.length,
		},
		"program": manifest.program.as_ref().map(|program| {
			json!({ "root": hash(&program.root), "canonical_version": program.canonical_version })
		}),
		"cost": manifest.cost,
		"inputs": ports(&manifest.inputs, &[]),
		"outputs": ports(&manifest.outputs, &manifest.policies),
		"contributors": manifest.contributors.iter().map(|contributor| json!({
			"account": account(client, &contributor.account),
			"role": contributor.role,
			"share": amount::format_share(contributor.share),
			"evidence": hash(&contributor.evidence),
		})).collect::<Vec<_>>(),
		"parents": manifest.parents.iter().map(|parent| json!({
			"model": hash(&parent.model),
			"royalty": amount::format_share(parent.royalty),
		})).collect::<Vec<_>>(),
		"servers": model.servers.iter().map(|it| account(client, it)).collect::<Vec<_>>(),
	})
}

fn dimension_json(dimension: &tensor::Dimension) -> Value {
	match dimension {
		tensor::Dimension::Fixed(size) => json!(size),
		tensor::Dimension::Range { min, max } => json!({ "min": min, "max": max }),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use countersign_client::primitives::request::{EvidenceSet, TrapCode};

	#[test]
	fn lines_and_tables_line_up() {
		let mut lines = Lines::default();
		lines.add("id", "0x00");
		lines.add("licence", "MIT");
		assert_eq!(lines.text(), "id       0x00\nlicence  MIT\n");
		let rows = vec![vec!["é".into(), "1".into()], vec!["two".into(), String::new()]];
		assert_eq!(table(&["NAME", "N"], &rows), "NAME  N\né     1\ntwo\n");
	}

	#[test]
	fn evidence_and_traps_are_in_words() {
		assert_eq!(evidence(&EvidenceSet::default()), "Signed");
		let all = EvidenceSet { audited: 2, replayed: true, tee: false, zk: true };
		assert_eq!(evidence(&all), "Signed, Audited(2), Replayed, Zk");
		assert_eq!(
			trap(TrapCode::BadInput, 3),
			"BadInput at operator 3: the model refused the input"
		);
		assert!(trap(TrapCode::TimeLimit, u32::MAX).starts_with("TimeLimit: the run took longer"));
	}
}
