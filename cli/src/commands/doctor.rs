//! Looking for what keeps a validator from earning.

use super::Session;
use crate::output::table;
use countersign_client::{
	doctor::{Check, CheckStatus},
	keys, Error,
};
use serde_json::{json, Value};

/// Asks the node at `--url` to look at itself. Ends with exit code 1 where a check failed.
pub(crate) async fn run(session: Session, account: Option<&str>) -> Result<(), Error> {
	let account = account.map(keys::parse_account).transpose()?;
	let client = session.connect().await?;
	let checks = client.doctor(account.as_ref()).await?;
	session.answer(&checks.iter().map(json_of).collect(), || text_of(&checks));
	if checks.iter().any(|check| check.status == CheckStatus::Failed) {
		// The answer is on standard output; there is nothing to add on standard error.
		std::process::exit(1);
	}
	Ok(())
}

fn word(status: CheckStatus) -> &'static str {
	match status {
		CheckStatus::Ok => "ok",
		CheckStatus::Warning => "warning",
		CheckStatus::Failed => "FAILED",
	}
}

fn json_of(check: &Check) -> Value {
	json!({
		"name": check.name,
		"status": word(check.status).to_lowercase(),
		"detail": check.detail,
	})
}

fn text_of(checks: &[Check]) -> String {
	let rows: Vec<Vec<String>> = checks
		.iter()
		.map(|check| vec![word(check.status).into(), check.name.clone(), check.detail.clone()])
		.collect();
	let count = |status| checks.iter().filter(|check| check.status == status).count();
	let mut text = table(&["", "CHECK", "FOUND"], &rows);
	text.push_str(&format!(
		"{} failed, {} to look at, {} ok\n",
		count(CheckStatus::Failed),
		count(CheckStatus::Warning),
		count(CheckStatus::Ok),
	));
	text
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_failed_stands_out() {
		let check = |status| Check { name: "peers".into(), status, detail: "none".into() };
		let text = text_of(&[check(CheckStatus::Failed), check(CheckStatus::Ok)]);
		assert!(text.contains("FAILED") && text.ends_with("1 failed, 0 to look at, 1 ok\n"));
		assert_eq!(json_of(&check(CheckStatus::Failed))["status"], json!("failed"));
	}
}
