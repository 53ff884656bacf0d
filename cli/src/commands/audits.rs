//! `audits`: who was drawn to run a request again, and what came of it.

use super::Session;
use crate::{
	args,
	output::{self, hash, table, tokens, Lines},
};
use countersign_client::{
	call::Call,
	manifest::parse_hash,
	primitives::{
		audit::{AuditView, Draw, SeatStatus, SeatView},
		request::Role,
	},
	Client, Error,
};
use serde_json::{json, Value};

pub(crate) async fn run(session: Session, command: args::Audits) -> Result<(), Error> {
	match command {
		args::Audits::Show { id } => show(session, &id).await,
		args::Audits::Record { account } => record(session, account).await,
		args::Audits::Claim => session.submit_and_answer(&Call::claim_audits()).await,
	}
}

fn status(status: SeatStatus) -> &'static str {
	match status {
		SeatStatus::Drawn => "drawn, has to commit",
		SeatStatus::Committed => "committed, has to show",
		SeatStatus::Agrees => "agrees",
		SeatStatus::Contradicts => "contradicts",
		SeatStatus::Doubted => "agrees, but its trace is doubted",
		SeatStatus::Missed => "missed",
		SeatStatus::Broken => "broke its commitment",
	}
}

fn draw(draw: Draw) -> &'static str {
	match draw {
		Draw::Early => "early",
		Draw::Late => "late",
	}
}

fn number(role: Role) -> u8 {
	match role {
		Role::Auditor(number) => number,
		Role::Executor => u8::MAX,
	}
}

fn seat_json(client: &Client, seat: &SeatView) -> Value {
	json!({
		"number": number(seat.role),
		"draw": draw(seat.draw),
		"auditor": output::account(client, &seat.account),
		"status": format!("{:?}", seat.status),
		"pay": seat.pay.to_string(),
	})
}

async fn show(session: Session, id: &str) -> Result<(), Error> {
	let id = parse_hash(id)?;
	let client = session.connect().await?;
	let Some(view) = client.audits(id).await? else {
		// It may be that there is no such request at all.
		client.request(id).await?;
		let value = json!({ "request": hash(&id), "auditors": [] });
		session.answer(&value, || "nobody was drawn to audit this request\n".into());
		return Ok(());
	};
	let seats: Vec<Value> = view.seats.iter().map(|seat| seat_json(&client, seat)).collect();
	let value = json!({
		"request": hash(&id),
		"rate_parts_per_billion": view.rate.deconstruct(),
		"wanted": view.wanted,
		"passed": view.passed,
		"open": view.is_open,
		"contradicted_until_clock": view.contradicted_until,
		"auditors": seats,
	});
	session.answer(&value, || text(&client, &view));
	Ok(())
}

fn text(client: &Client, view: &AuditView) -> String {
	let mut lines = Lines::default();
	lines.add("request", hash(&view.request));
	lines.add("chance of each draw", percent(view.rate.deconstruct()));
	if view.wanted > 0 {
		lines.add("asked for", view.wanted);
	}
	lines.add("passed", view.passed);
	lines.add("still going on", if view.is_open { "yes" } else { "no" });
	if let Some(until) = view.contradicted_until {
		lines.add(
			"contradicted",
			format!("open until the chain recomputes it, at most until tick {until}"),
		);
	}
	let head = ["#", "draw", "auditor", "status", "pay"];
	let rows: Vec<Vec<String>> = view
		.seats
		.iter()
		.map(|seat| {
			vec![
				number(seat.role).to_string(),
				draw(seat.draw).into(),
				output::account(client, &seat.account),
				status(seat.status).into(),
				tokens(client, seat.pay),
			]
		})
		.collect();
	let mut text = lines.text();
	if !rows.is_empty() {
		text.push_str(&table(&head, &rows));
	}
	text
}

/// Parts of a billion as a percentage with one decimal.
fn percent(parts: u32) -> String {
	let tenths = (u64::from(parts) + 500_000) / 1_000_000;
	format!("{}.{} %", tenths / 10, tenths % 10)
}

async fn record(session: Session, account: Option<String>) -> Result<(), Error> {
	let account = session.account_or_own(account.as_deref())?;
	let client = session.connect().await?;
	let record = client.audit_record(&account).await?;
	let value = json!({
		"validator": output::account(&client, &account),
		"passed": record.passed,
		"rate_parts_per_billion": record.rate.deconstruct(),
		"owed": record.owed.to_string(),
	});
	session.answer(&value, || {
		let mut lines = Lines::default();
		lines.add("validator", output::account(&client, &account));
		lines.add("audits passed", record.passed);
		lines.add("least chance of a draw", percent(record.rate.deconstruct()));
		if record.owed > 0 {
			lines.add("owed for audits", tokens(&client, record.owed));
		}
		lines.text()
	});
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn chances_are_percentages() {
		for (parts, text) in [
			(0, "0.0 %"),
			(100_000_000, "10.0 %"),
			(102_564_102, "10.3 %"),
			(1_000_000_000, "100.0 %"),
		] {
			assert_eq!(percent(parts), text);
		}
	}
}
