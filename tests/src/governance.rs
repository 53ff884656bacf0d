//! Referenda, as token holders make and decide them.

use crate::scenario::{signer, within};
use anyhow::{Context, Result};
use codec::{Compact, Decode, Encode};
use countersign_client::{
	call::Call,
	client::{hex_bytes, Block},
	event::hex_text,
	Client,
};
use countersign_primitives::{Balance, BlockNumber, Hash, UNIT};
use sp_crypto_hashing::twox_128;
use std::time::Duration;
use subxt::rpcs::rpc_params;

/// The origin that upgrades are decided under: of our own origins, the first.
const UPGRADE: [u8; 2] = [35, 0];
/// A vote in favour, with the weight of its tokens and none more.
const AYE: u8 = 0b1000_0000;
/// What each voter puts behind its vote: of ten million tokens, some stay for fees.
const VOTE: Balance = 8_000_000 * UNIT;
/// Together they have three fifths of all tokens of the chain `local`.
const VOTERS: [&str; 12] = [
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
pub async fn propose_upgrade(client: &Client, code_hash: &Hash) -> Result<u32> {
	let proposer = signer(VOTERS[0])?;
	let call = Call::new("Origins", "authorize_upgrade").with("code_hash", code_hash);
	let proposal = client.call_data(&call).await?;
	// Inline, and as soon as the track allows it.
	let submit = Call::new("Referenda", "submit")
		.with("proposal_origin", UPGRADE)
		.with("proposal", (1u8, proposal))
		.with("enactment_moment", (1u8, BlockNumber::MIN));
	let submitted = client.submit(&submit, &proposer).await?;
	let event = submitted.event("Referenda", "Submitted").context("it was submitted")?;
	let (index, _track): (u32, u16) = Decode::decode(&mut event.bytes.as_slice())?;
	let deposit = Call::new("Referenda", "place_decision_deposit").with_number("index", index);
	client.submit(&deposit, &proposer).await?;
	let mut votes = Vec::new();
	for voter in VOTERS {
		let vote = Call::new("ConvictionVoting", "vote")
			.with_number("poll_index", index)
			.with("vote", (0u8, AYE, VOTE));
		let (client, voter) = (client.clone(), signer(voter)?);
		votes.push(async move { client.submit(&vote, &voter).await });
	}
	within("votes", Duration::from_secs(120), futures::future::try_join_all(votes)).await?;
	Ok(index)
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
