//! Balances and transfers.

use super::Session;
use crate::output::{self, tokens, Lines};
use countersign_client::{amount, call::Call, keys::parse_account, Error};
use serde_json::json;

/// What an account has.
pub(crate) async fn balance(session: Session, account: Option<String>) -> Result<(), Error> {
	let account = session.account_or_own(account.as_deref())?;
	let client = session.connect().await?;
	let balance = client.balance(&account).await?;
	let value = json!({
		"account": output::account(&client, &account),
		"free": balance.free.to_string(),
		"held": balance.held.to_string(),
		"frozen": balance.frozen.to_string(),
		"nonce": balance.nonce,
	});
	session.answer(&value, || {
		let mut lines = Lines::default();
		lines.add("account", output::account(&client, &account));
		lines.add("free", tokens(&client, balance.free));
		lines.add("held", tokens(&client, balance.held));
		if balance.frozen > 0 {
			lines.add("frozen", tokens(&client, balance.frozen));
		}
		lines.text()
	});
	Ok(())
}

/// Sends tokens.
pub(crate) async fn transfer(session: Session, to: &str, amount: &str) -> Result<(), Error> {
	let call = Call::transfer(&parse_account(to)?, amount::parse(amount)?);
	session.submit_and_answer(&call).await
}
