//! What a node says about itself.

use crate::{keys::format_account, Client, Error};
use countersign_primitives::AccountId;
use serde::Deserialize;
use subxt::rpcs::rpc_params;

/// How a check ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CheckStatus {
	/// As it should be.
	Ok,
	/// It works, and should be looked at.
	Warning,
	/// It keeps a validator from earning, or endangers it.
	Failed,
}

/// One thing that a node looked at.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Check {
	/// What was looked at.
	pub name: String,
	/// How it ended.
	pub status: CheckStatus,
	/// What was found, and what to do.
	pub detail: String,
}

impl Client {
	/// Has the node go through everything that has to be right for a validator to earn: for one
	/// account, or for all whose inference keys are in its keystore. Only a node of one's own
	/// answers this: see `--rpc-methods`.
	pub async fn doctor(&self, account: Option<&AccountId>) -> Result<Vec<Check>, Error> {
		let format = self.properties().ss58_format;
		let account = account.map(|account| format_account(account, format));
		self.rpc("countersign_doctor", rpc_params![account]).await
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn checks_are_read_as_nodes_write_them() {
		let json = r#"[{"name":"peers","status":"warning","detail":"only 2"}]"#;
		let checks: Vec<Check> = serde_json::from_str(json).expect("reads");
		let expected =
			Check { name: "peers".into(), status: CheckStatus::Warning, detail: "only 2".into() };
		assert_eq!(checks, [expected]);
	}
}
