//! The chain and the node.

use super::Session;
use crate::output::{hash, tokens, Lines};
use countersign_client::Error;
use serde_json::{json, Value};

/// Versions, heights and parameters.
pub(crate) async fn info(session: Session) -> Result<(), Error> {
	let client = session.connect().await?;
	let (best, finalized) = (client.best().await?, client.finalized().await?);
	let node: String = client.rpc("system_version", Default::default()).await?;
	let health: Value = client.rpc("system_health", Default::default()).await?;
	let runtime: Value = client.rpc("state_getRuntimeVersion", Default::default()).await?;
	let requests = client.request_parameters().await?;
	let consensus = client.consensus_parameters().await?;
	let current = client.session().await?;
	let clock = client.window_clock().await?;
	let value = json!({
		"chain": client.properties().chain,
		"genesis": hash(&client.genesis()),
		"node_version": node,
		"spec_version": runtime["specVersion"],
		"peers": health["peers"],
		"syncing": health["isSyncing"],
		"best": { "number": best.number, "hash": hash(&best.hash) },
		"finalized": { "number": finalized.number, "hash": hash(&finalized.hash) },
		"session": current,
		"window_clock": clock,
		"token": client.properties().token_symbol,
		"ss58_format": client.properties().ss58_format,
		"request_parameters": {
			"deadline_base_blocks": requests.deadline_base_blocks,
			"deadline_most_blocks": requests.deadline_most_blocks,
			"take_over_base_blocks": requests.take_over_base_blocks,
			"demand_input_blocks": requests.demand_input_blocks,
			"final_window_blocks": requests.final_window_blocks,
			"dispute_game_blocks": requests.dispute_game_blocks,
			"retention_blocks": requests.retention_blocks,
			"price_notice_blocks": requests.price_notice_blocks,
			"most_gigamacs": requests.most_gigamacs,
			"fee_per_gigamac": requests.fee_per_gigamac.to_string(),
			"base_fee": requests.base_fee.to_string(),
			"cover_per_mille": requests.cover_per_mille,
			"risk_per_million": requests.risk_per_million,
			"audit_seed_blocks": requests.audit_seed_blocks,
			"audit_commit_base_blocks": requests.audit_commit_base_blocks,
			"audit_reveal_blocks": requests.audit_reveal_blocks,
			"audit_redraws": requests.audit_redraws,
		},
		"consensus_parameters": {
			"epoch_slots": consensus.epoch_slots,
			"unbonding_sessions": consensus.unbonding_sessions,
			"report_window_sessions": consensus.report_window_sessions,
			"slash_deferral_sessions": consensus.slash_deferral_sessions,
			"minimum_bond": consensus.minimum_bond.to_string(),
			"maximum_validators": consensus.maximum_validators,
		},
	});
	session.answer(&value, || {
		let mut lines = Lines::default();
		lines.add("chain", &client.properties().chain);
		lines.add("genesis", hash(&client.genesis()));
		lines.add("node", format!("{node}, runtime {}", runtime["specVersion"]));
		lines.add("peers", &health["peers"]);
		lines.add("best block", format!("{} {}", best.number, hash(&best.hash)));
		lines.add("finalized block", format!("{} {}", finalized.number, hash(&finalized.hash)));
		lines.add("session", format!("{current}, {} slots each", consensus.epoch_slots));
		lines.add("window clock", clock);
		lines.add("fee for a GMAC", tokens(&client, requests.fee_per_gigamac));
		lines.add("base fee", tokens(&client, requests.base_fee));
		lines.add("fee for risk", format!("{} millionths of the value", requests.risk_per_million));
		lines.add("most for a request", format!("{} GMAC", requests.most_gigamacs));
		lines.add("window to Final", format!("{} blocks", requests.final_window_blocks));
		lines.add("price notice", format!("{} blocks", requests.price_notice_blocks));
		lines.add("minimum bond", tokens(&client, consensus.minimum_bond));
		lines.add("unbonding", format!("{} sessions", consensus.unbonding_sessions));
		lines.text()
	});
	Ok(())
}
