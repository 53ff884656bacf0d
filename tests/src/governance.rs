//! Referenda, as token holders make and decide them.

use crate::scenario::{signer, within};
use anyhow::{Context, Result};
use codec::{Compact, Decode, Encode};
use countersign_client::{
	call::Call,
	client::{hex_bytes, Block},
	event::hex_text,
	referendum::{Power, ReferendumIndex},
	Client,
};
use countersign_primitives::{Balance, Hash, UNIT};
use sp_crypto_hashing::twox_128;
use std::time::Duration;
use subxt::rpcs::rpc_params;

/// What each voter puts behind its vote: of ten million tokens, some stay for fees.
pub const VOTE: Balance = 8_000_000 * UNIT;
/// Together they have three fifths of all tokens of the chain `local`.
pub const VOTERS: [&str; 12] = [
	"//Alice",
	"//Bob",
	"//Charlie",
	"//Dave",
	"//Eve",
	"//Ferdie",
	"//Alice//stash",
	"//Bob//stash",
	"//Charlie//stash",
	"//Dave//stash",
	"//Eve//stash",
	"//Ferdie//stash",
];

/// Submits a referendum that authorizes the code with this hash, pays its deposits, and has three
/// fifths of all tokens vote for it. Gives its number.
pub async fn propose_upgrade(client: &Client, code_hash: &Hash) -> Result<ReferendumIndex> {
	let proposer = signer(VOTERS[0])?;
	let call = Call::new("Origins", "authorize_upgrade").with("code_hash", code_hash);
	let (index, _) = client.propose(&proposer, Power::Upgrade, &call).await?;
	client.submit(&Call::place_decision_deposit(index), &proposer).await?;
	vote_for(client, index, &VOTERS).await?;
	Ok(index)
}

/// Has some accounts vote for a referendum, each with most of what it has.
pub async fn vote_for(client: &Client, index: ReferendumIndex, voters: &[&str]) -> Result<()> {
	let call = Call::vote(index, true, 0, VOTE);
	let mut votes = Vec::new();
	for voter in voters {
		let (client, call, voter) = (client.clone(), call.clone(), signer(voter)?);
		votes.push(async move { client.submit(&call, &voter).await });
	}
	within("votes", Duration::from_secs(300), futures::future::try_join_all(votes)).await?;
	Ok(())
}

/// Offers the code of a new runtime, as anybody may, without an account. Refused by the pool where
/// no referendum authorized it.
pub async fn apply_upgrade(client: &Client, code: &[u8]) -> Result<()> {
	let call = Call::new("System", "apply_authorized_upgrade").with("code", code);
	// A transaction without signature: its version, and the call.
	let mut transaction = vec![5u8];
	transaction.extend(client.call_data(&call).await?);
	let transaction = hex_text(&transaction.encode());
	client.rpc::<Hash>("author_submitExtrinsic", rpc_params![transaction]).await?;
	Ok(())
}

/// The code at a block, as it is stored.
pub async fn code(client: &Client, at: Block) -> Result<Vec<u8>> {
	let key = hex_text(b":code");
	let code: Option<String> = client.rpc("state_getStorage", rpc_params![key, at.hash]).await?;
	Ok(hex_bytes(&code.context("a chain has code")?)?)
}

/// The hash of the code that a referendum authorized and nobody brought yet.
pub async fn authorized_upgrade(client: &Client, at: Block) -> Result<Option<Hash>> {
	let key = [twox_128(b"System"), twox_128(b"AuthorizedUpgrade")].concat();
	let found: Option<(Hash, bool)> = client.storage(&key, Some(at.hash)).await?;
	Ok(found.map(|(hash, _)| hash))
}

/// The version of the runtime that made the last block execute its migrations, by its own word.
pub async fn last_upgrade(client: &Client, at: Block) -> Result<u32> {
	let key = [twox_128(b"System"), twox_128(b"LastRuntimeUpgrade")].concat();
	let found: Option<(Compact<u32>, String)> = client.storage(&key, Some(at.hash)).await?;
	Ok(found.context("a chain knows its runtime")?.0 .0)
}

/// What the code at a block says of its own version, when it is executed.
pub async fn executed_version(client: &Client, at: Block) -> Result<u32> {
	let said: String = client.rpc("state_call", rpc_params!["Core_version", "0x", at.hash]).await?;
	let bytes = hex_bytes(&said)?;
	// The names of specification and implementation, then the versions of authoring and of this.
	let (.., version): (String, String, u32, u32) = Decode::decode(&mut bytes.as_slice())?;
	Ok(version)
}

/// The version that is written on the code at a block, by which nodes and clients go.
pub async fn written_version(client: &Client, at: Block) -> Result<u32> {
	let said: serde_json::Value =
		client.rpc("state_getRuntimeVersion", rpc_params![at.hash]).await?;
	let version = said["specVersion"].as_u64().context("a version")?;
	Ok(u32::try_from(version)?)
}
