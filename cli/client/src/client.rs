//! The connection to a node: queries, transactions, blocks.

use crate::{call::Call, event::Event, keys::Signer, Error};
use codec::{Decode, Encode};
use countersign_engine::words;
use countersign_primitives::{AccountId, Balance, BlockNumber, Hash};
use serde::{de::DeserializeOwned, Deserialize};
use std::{sync::Arc, time::Duration};
use subxt::{
	backend::LegacyBackend,
	config::DefaultExtrinsicParamsBuilder,
	ext::jsonrpsee::ws_client::WsClientBuilder,
	rpcs::{client::RpcParams, rpc_params, RpcClient},
	tx::TransactionStatus,
	OnlineClient, SubstrateConfig,
};

/// Blocks for which a signed transaction stays valid.
const MORTALITY_BLOCKS: u64 = 64;
/// Finality this far behind is not a good start for a mortal transaction any more.
const FINALITY_LAG_BLOCKS: BlockNumber = 32;
/// How often a transaction is signed anew because another one took its nonce.
const NONCE_TRIES: u32 = 16;
/// The longest message that a node may send or is sent.
const MESSAGE_BYTES: u32 = 64 * 1024 * 1024;

/// Storage keys asked for at a time; a node gives no more.
const PAGE_KEYS: usize = 1_000;

/// Blocks for which a block of another node may take to come.
const FOREIGN_BLOCKS: u32 = 64;

/// How settled a block must be for a client to go by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum View {
	/// The best block that the node knows. A fork may still take its place.
	#[default]
	Best,
	/// What is finalized, a few blocks later. Nothing takes it back.
	Finalized,
}

/// A connection to a node.
#[derive(Clone)]
pub struct Client {
	pub(crate) rpc: RpcClient,
	online: OnlineClient<SubstrateConfig>,
	genesis: Hash,
	properties: Arc<Properties>,
	url: Arc<str>,
	view: View,
}

/// How the chain wants to be shown.
#[derive(Clone, Debug)]
pub struct Properties {
	/// The chain's name.
	pub chain: String,
	/// The SS58 address format.
	pub ss58_format: u16,
	/// The symbol of the token.
	pub token_symbol: String,
}

/// A block's header, as far as clients need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
	/// The block's hash.
	pub hash: Hash,
	/// The block's number.
	pub number: BlockNumber,
}

/// A transaction in a block.
#[derive(Clone, Debug)]
pub struct Included {
	/// The block.
	pub block: Block,
	/// The hash of the transaction.
	pub transaction: Hash,
	/// What it paid for inclusion.
	pub fee: Balance,
	/// What happened in it.
	pub events: Vec<Event>,
}

impl Included {
	/// The first event of that name.
	pub fn event(&self, pallet: &str, name: &str) -> Option<&Event> {
		self.events.iter().find(|event| event.is(pallet, name))
	}
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RpcHeader {
	number: String,
	parent_hash: Hash,
}

/// The key and the value of an entry of storage.
pub type Pair = (Vec<u8>, Vec<u8>);

/// Entries of storage at a block.
#[derive(Deserialize)]
struct RpcChanges {
	changes: Vec<(String, Option<String>)>,
}

impl RpcHeader {
	fn number(&self) -> Result<BlockNumber, Error> {
		u32::from_str_radix(self.number.trim_start_matches("0x"), 16)
			.map_err(|error| Error::Incompatible(format!("block number: {error}")))
	}
}

impl Client {
	/// Connects to a node's websocket, such as `ws://127.0.0.1:9944`.
	pub async fn connect(url: &str) -> Result<Self, Error> {
		let failed = |reason: String| Error::Connection { url: url.into(), reason };
		let socket = WsClientBuilder::new()
			.max_request_size(MESSAGE_BYTES)
			.max_response_size(MESSAGE_BYTES)
			.max_buffer_capacity_per_subscription(4096)
			.request_timeout(Duration::from_secs(120))
			.build(url)
			.await
			.map_err(|error| failed(words::error(&error)))?;
		let rpc = RpcClient::new(socket);
		let backend = LegacyBackend::<SubstrateConfig>::builder().build(rpc.clone());
		let online = OnlineClient::from_backend(Arc::new(backend))
			.await
			.map_err(|error| failed(words::error(&error)))?;
		let genesis = Hash::from(online.genesis_hash().0);
		let mut client = Self {
			rpc,
			online,
			genesis,
			properties: Arc::new(Properties {
				chain: String::new(),
				ss58_format: 42,
				token_symbol: String::new(),
			}),
			url: url.into(),
			view: View::default(),
		};
		let chain: String = client.rpc("system_chain", rpc_params![]).await?;
		let known: serde_json::Value = client.rpc("system_properties", rpc_params![]).await?;
		client.properties = Arc::new(Properties {
			chain,
			ss58_format: known
				.get("ss58Format")
				.and_then(|format| format.as_u64())
				.and_then(|format| u16::try_from(format).ok())
				.unwrap_or(42),
			token_symbol: known
				.get("tokenSymbol")
				.and_then(|symbol| symbol.as_str())
				.unwrap_or("tokens")
				.into(),
		});
		Ok(client)
	}

	/// The same connection, going by blocks that are settled so far: transactions wait for such a
	/// block, and state is read in one.
	pub fn with_view(mut self, view: View) -> Self {
		self.view = view;
		self
	}

	/// How settled a block must be for this client to go by it.
	pub fn view(&self) -> View {
		self.view
	}

	/// The block in which state is read unless a block is named; `None` for the node's best.
	async fn at(&self, named: Option<Hash>) -> Result<Option<Hash>, Error> {
		match (named, self.view) {
			(None, View::Finalized) => Ok(Some(self.finalized().await?.hash)),
			(named, _) => Ok(named),
		}
	}

	/// The address of the node.
	pub fn url(&self) -> &str {
		&self.url
	}

	/// The hash of the genesis block, which names the chain.
	pub fn genesis(&self) -> Hash {
		self.genesis
	}

	/// How the chain wants to be shown.
	pub fn properties(&self) -> &Properties {
		&self.properties
	}

	/// Calls a JSON-RPC method.
	pub async fn rpc<T: DeserializeOwned>(
		&self,
		method: &str,
		params: RpcParams,
	) -> Result<T, Error> {
		self.rpc.request(method, params).await.map_err(|error| rpc_error(&self.url, method, error))
	}

	/// Calls a runtime API, such as `InferenceApi_quote`, at a block or the one that the client goes
	/// by.
	///
	/// `arguments` are the API's arguments as a tuple.
	pub async fn api<T: Decode>(
		&self,
		function: &str,
		arguments: impl Encode,
		at: Option<Hash>,
	) -> Result<T, Error> {
		let arguments = crate::event::hex_text(&arguments.encode());
		let at = self.at(at).await?;
		let answer: String = self.rpc("state_call", rpc_params![function, arguments, at]).await?;
		let bytes = hex_bytes(&answer)?;
		let mut input = bytes.as_slice();
		let value = T::decode(&mut input)
			.map_err(|error| Error::Incompatible(format!("{function}: {error}")))?;
		if !input.is_empty() {
			return Err(Error::Incompatible(format!("{function}: bytes are left over")));
		}
		Ok(value)
	}

	/// Reads a storage entry by its raw key.
	pub async fn storage<T: Decode>(
		&self,
		key: &[u8],
		at: Option<Hash>,
	) -> Result<Option<T>, Error> {
		let key = crate::event::hex_text(key);
		let at = self.at(at).await?;
		let answer: Option<String> = self.rpc("state_getStorage", rpc_params![key, at]).await?;
		let Some(answer) = answer else { return Ok(None) };
		T::decode(&mut hex_bytes(&answer)?.as_slice())
			.map(Some)
			.map_err(|error| Error::Incompatible(format!("storage: {error}")))
	}

	/// Reads the entries of a storage map, keys and values raw, at most `most` of them.
	pub async fn storage_pairs(&self, prefix: &[u8], most: usize) -> Result<Vec<Pair>, Error> {
		// All pages are of one block.
		let at = match self.view {
			View::Best => self.best().await?.hash,
			View::Finalized => self.finalized().await?.hash,
		};
		let prefix = crate::event::hex_text(prefix);
		let mut pairs = Vec::new();
		let mut last: Option<String> = None;
		while pairs.len() < most {
			let page = PAGE_KEYS.min(most.saturating_sub(pairs.len()));
			let keys: Vec<String> =
				self.rpc("state_getKeysPaged", rpc_params![&prefix, page, last, at]).await?;
			let is_last = keys.len() < page;
			last = keys.last().cloned();
			if last.is_none() {
				break;
			}
			let sets: Vec<RpcChanges> =
				self.rpc("state_queryStorageAt", rpc_params![keys, at]).await?;
			for (key, value) in sets.into_iter().flat_map(|set| set.changes) {
				if let Some(value) = value {
					pairs.push((hex_bytes(&key)?, hex_bytes(&value)?));
				}
			}
			if is_last {
				break;
			}
		}
		Ok(pairs)
	}

	/// The best block.
	pub async fn best(&self) -> Result<Block, Error> {
		let hash: Hash = self.rpc("chain_getBlockHash", rpc_params![]).await?;
		self.block(hash).await
	}

	/// The last finalized block.
	pub async fn finalized(&self) -> Result<Block, Error> {
		let hash: Hash = self.rpc("chain_getFinalizedHead", rpc_params![]).await?;
		self.block(hash).await
	}

	async fn header(&self, hash: Hash) -> Result<Option<RpcHeader>, Error> {
		self.rpc("chain_getHeader", rpc_params![hash]).await
	}

	async fn block(&self, hash: Hash) -> Result<Block, Error> {
		let header = self.header(hash).await?;
		let header = header.ok_or(Error::NotFound { what: "block", id: format!("{hash:?}") })?;
		Ok(Block { hash, number: header.number()? })
	}

	/// The block before a block.
	pub async fn parent(&self, block: Block) -> Result<Block, Error> {
		let Block { hash, number } = block;
		let header = self.header(hash).await?;
		let header = header.ok_or(Error::NotFound { what: "block", id: format!("{hash:?}") })?;
		Ok(Block { hash: header.parent_hash, number: number.saturating_sub(1) })
	}

	/// Waits until a block is in the chain that this client goes by: for whoever learnt of the block
	/// from another node, and relies on what happened in it.
	pub async fn wait_for(&self, hash: Hash) -> Result<Block, Error> {
		let mut blocks = self.blocks().await?;
		for _ in 0..FOREIGN_BLOCKS {
			if let Some(header) = self.header(hash).await? {
				let number = header.number()?;
				let is_settled = match self.view {
					View::Best => true,
					View::Finalized => number <= self.finalized().await?.number,
				};
				if is_settled && self.hash_of(number).await? == Some(hash) {
					return Ok(Block { hash, number });
				}
			}
			blocks.next().await?;
		}
		Err(Error::NotFound { what: "block", id: format!("{hash:?}") })
	}

	/// The hash of a block of the best chain.
	pub async fn hash_of(&self, number: BlockNumber) -> Result<Option<Hash>, Error> {
		self.rpc("chain_getBlockHash", rpc_params![number]).await
	}

	/// The events of a block.
	pub async fn events(&self, block: Hash) -> Result<Vec<Event>, Error> {
		let at = self
			.online
			.at_block(subxt::utils::H256(block.0))
			.await
			.map_err(|error| self.broken(&error))?;
		let events = at.events().fetch().await.map_err(|error| self.broken(&error))?;
		Event::read_all(&events, at.metadata_ref(), self.properties.ss58_format)
	}

	/// Blocks as they come: best ones, of which one may replace another, or finalized ones, as the
	/// client goes by.
	pub async fn blocks(&self) -> Result<Blocks, Error> {
		let stream = match self.view {
			View::Best => self.online.stream_best_blocks().await,
			View::Finalized => self.online.stream_blocks().await,
		};
		let stream = stream.map_err(|error| self.broken(&error))?;
		Ok(Blocks { client: self.clone(), stream })
	}

	/// The nonce that an account's next transaction must have, counting those in the pool.
	pub async fn transaction_nonce(&self, account: &AccountId) -> Result<u64, Error> {
		let address = crate::keys::format_account(account, self.properties.ss58_format);
		self.rpc("system_accountNextIndex", rpc_params![address]).await
	}

	/// Signs a call, submits it, and waits until a block includes it and it succeeded: the best
	/// block, or a finalized one, as the client goes by.
	///
	/// Where another transaction of the account was faster, it tries again with the next nonce.
	pub async fn submit(&self, call: &Call, signer: &Signer) -> Result<Included, Error> {
		let mut tries = 0;
		loop {
			let nonce = self.transaction_nonce(&signer.account()).await?;
			match self.submit_with_nonce(call, signer, nonce).await {
				// The pool refused it, so it is nowhere and cannot be included twice.
				Err(error) if tries < NONCE_TRIES && lost_the_nonce(&error) => tries += 1,
				outcome => return outcome,
			}
		}
	}

	/// The bytes of a call, for calls that carry other calls.
	pub async fn call_data(&self, call: &Call) -> Result<Vec<u8>, Error> {
		let at = self.online.at_current_block().await.map_err(|error| self.broken(&error))?;
		at.tx()
			.call_data(call)
			.map_err(|error| Error::Incompatible(format!("{}: {error}", call.title())))
	}

	/// The same with a nonce of the caller's choice.
	///
	/// Where a fork left the transaction behind, or the block that it was signed at, it is signed
	/// once more, with the same nonce: of the two only one can be included.
	pub async fn submit_with_nonce(
		&self,
		call: &Call,
		signer: &Signer,
		nonce: u64,
	) -> Result<Included, Error> {
		match self.submit_once(call, signer, nonce).await {
			Err(error) if was_left_behind(&error) => {
				match self.submit_once(call, signer, nonce).await {
					// The first one is in a block or in the pool after all.
					Err(again) if lost_the_nonce(&again) => Err(error),
					outcome => outcome,
				}
			}
			outcome => outcome,
		}
	}

	async fn submit_once(
		&self,
		call: &Call,
		signer: &Signer,
		nonce: u64,
	) -> Result<Included, Error> {
		let (best, finalized) = (self.best().await?, self.finalized().await?);
		let lags = best.number.saturating_sub(finalized.number) > FINALITY_LAG_BLOCKS;
		let anchor = if lags { best } else { finalized };
		match self.submit_from(anchor, call, signer, nonce).await {
			// A new runtime is in force, and the last final block is still one of the old: what is
			// signed for that one is nowhere, and refused by all.
			Err(error) if badly_signed(&error) => {
				self.submit_from(self.best().await?, call, signer, nonce).await
			}
			outcome => outcome,
		}
	}

	/// The same, signed for the runtime of a block, and valid from there on.
	async fn submit_from(
		&self,
		anchor: Block,
		call: &Call,
		signer: &Signer,
		nonce: u64,
	) -> Result<Included, Error> {
		let at = self
			.online
			.at_block(subxt::utils::H256(anchor.hash.0))
			.await
			.map_err(|error| self.broken(&error))?;
		call.check(&at.tx())?;
		let params = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new()
			.nonce(nonce)
			.mortal(MORTALITY_BLOCKS)
			.build();
		let signed = at
			.tx()
			.create_signed(call, signer.pair(), params)
			.await
			.map_err(|error| self.broken(&error))?;
		let mut progress =
			signed.submit_and_watch().await.map_err(|error| self.extrinsic_error(error))?;
		let in_block = loop {
			match progress.next().await {
				Some(Ok(TransactionStatus::InBestBlock(block))) if self.view == View::Best => {
					break block;
				}
				Some(Ok(TransactionStatus::InFinalizedBlock(block))) => break block,
				Some(Ok(TransactionStatus::Invalid { message }))
				| Some(Ok(TransactionStatus::Dropped { message }))
				| Some(Ok(TransactionStatus::Error { message })) => return Err(Error::Pool(message)),
				Some(Ok(_)) => (),
				Some(Err(error)) => return Err(self.broken(&error)),
				None => return Err(self.lost()),
			}
		};
		let transaction = Hash::from(in_block.extrinsic_hash().0);
		let block = self.block(Hash::from(in_block.block_hash().0)).await?;
		in_block.wait_for_success().await.map_err(|error| match error {
			subxt::error::TransactionEventsError::ExtrinsicFailed(error) => dispatch_error(error),
			error => self.broken(&error),
		})?;
		let position =
			in_block.fetch_events().await.map_err(|error| self.broken(&error))?.extrinsic_index();
		let events: Vec<Event> = self
			.events(block.hash)
			.await?
			.into_iter()
			.filter(|event| event.extrinsic == u32::try_from(position).ok())
			.collect();
		let fee = events
			.iter()
			.find(|event| event.is("TransactionPayment", "TransactionFeePaid"))
			.and_then(|event| event.decode::<(AccountId, Balance, Balance)>().ok())
			.map_or(0, |(_, fee, _)| fee);
		Ok(Included { block, transaction, fee, events })
	}

	pub(crate) fn lost(&self) -> Error {
		Error::Connection { url: self.url.to_string(), reason: "the node went away".into() }
	}

	fn extrinsic_error(&self, error: subxt::error::ExtrinsicError) -> Error {
		use subxt::error::{BackendError, ExtrinsicError, RpcError};
		match error {
			ExtrinsicError::ErrorSubmittingTransaction(BackendError::Rpc(
				RpcError::ClientError(error),
			)) => match rpc_error(&self.url, "the transaction", error) {
				// The reason that a runtime gives is in the data; the message is always the same.
				Error::Node { message, code, method } if (1010..1020).contains(&code) => {
					Error::Node { method, message, code }
				}
				error => error,
			},
			error => self.broken(&error),
		}
	}

	/// What subxt reports, with what lies beneath.
	fn broken(&self, error: &(dyn std::error::Error + 'static)) -> Error {
		let reason = words::error(error);
		let lost = ["connection", "Restart", "background task"];
		if lost.iter().any(|word| reason.contains(word)) {
			return Error::Connection { url: self.url.to_string(), reason };
		}
		Error::Incompatible(reason)
	}
}

/// Blocks as they come.
pub struct Blocks {
	client: Client,
	stream: subxt::client::Blocks<SubstrateConfig>,
}

impl Blocks {
	/// The next block.
	pub async fn next(&mut self) -> Result<Block, Error> {
		match self.stream.next().await {
			Some(Ok(block)) => Ok(Block {
				hash: Hash::from(block.hash().0),
				number: u32::try_from(block.number()).unwrap_or(u32::MAX),
			}),
			Some(Err(error)) => Err(self.client.broken(&error)),
			None => Err(self.client.lost()),
		}
	}
}

/// Whether the pool refused a transaction because its nonce is taken, in the pool or on chain.
fn lost_the_nonce(error: &Error) -> bool {
	match error {
		Error::Node { code: 1014, .. } => true,
		Error::Node { code: 1010, message, .. } => message.contains("outdated"),
		_ => false,
	}
}

/// Whether the pool refused a transaction because it was signed for something else: for another
/// runtime, where the key is right.
fn badly_signed(error: &Error) -> bool {
	matches!(error, Error::Node { code: 1010, message, .. } if message.contains("bad signature"))
}

/// Whether a transaction came to nothing because the node went over to another fork: the pool let go
/// of it, or it names a block that is not in the chain any more.
fn was_left_behind(error: &Error) -> bool {
	let says = |text: &str, words: &[&str]| words.iter().any(|word| text.contains(word));
	match error {
		Error::Pool(message) => {
			says(message, &["Transaction is invalid", "Transaction was dropped"])
		}
		Error::Node { code: 1010, message, .. } => {
			says(message, &["bad signature", "ancient birth block"])
		}
		Error::Incompatible(_) => is_gone(error),
		_ => false,
	}
}

/// Whether a node does not know a block, or has let go of its state.
pub(crate) fn is_gone(error: &Error) -> bool {
	let (Error::Incompatible(message) | Error::Node { message, .. }) = error else {
		return false;
	};
	["UnknownBlock", "State already discarded"].iter().any(|words| message.contains(words))
}

fn rpc_error(url: &str, method: &str, error: subxt::rpcs::Error) -> Error {
	match error {
		subxt::rpcs::Error::User(error) => {
			let data = error.data.map(|data| data.get().trim_matches('"').to_string());
			let message = match data {
				Some(data) if data != error.message => format!("{}: {data}", error.message),
				_ => error.message,
			};
			Error::Node { method: method.into(), message, code: error.code }
		}
		subxt::rpcs::Error::Deserialization(error) => {
			Error::Incompatible(format!("{method}: {error}"))
		}
		error => Error::Connection { url: url.into(), reason: words::error(&error) },
	}
}

fn dispatch_error(error: subxt::error::DispatchError) -> Error {
	if let subxt::error::DispatchError::Module(module) = &error {
		if let Ok(details) = module.details() {
			return Error::Dispatch {
				pallet: details.pallet.name().into(),
				name: details.variant.name.clone(),
				docs: details.variant.docs.join(" ").trim().into(),
			};
		}
	}
	// `Token(FundsUnavailable)` is best known by what is inside.
	let name = format!("{error:?}");
	Error::Dispatch {
		pallet: "Runtime".into(),
		name: name.rsplit('(').next().unwrap_or_default().trim_end_matches(')').into(),
		docs: error.to_string(),
	}
}

/// Reads `0x` and hex digits.
pub fn hex_bytes(text: &str) -> Result<Vec<u8>, Error> {
	hex::decode(text.trim_start_matches("0x"))
		.map_err(|_| Error::Incompatible(format!("`{text}` is not hex")))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn only_a_taken_nonce_is_tried_again() {
		let node = |code, message: &str| Error::Node {
			method: "the transaction".into(),
			message: message.into(),
			code,
		};
		assert!(lost_the_nonce(&node(1014, "Priority is too low: (44 vs 44)")));
		assert!(lost_the_nonce(&node(1010, "Invalid Transaction: Transaction is outdated")));
		assert!(!lost_the_nonce(&node(1010, "Invalid Transaction: Inability to pay some fees")));
		assert!(!lost_the_nonce(&node(1013, "Already Imported")));
		assert!(!lost_the_nonce(&Error::Pool("dropped".into())));
	}

	#[test]
	fn what_was_signed_for_another_runtime_is_signed_again() {
		let node = |code, message: &str| Error::Node {
			method: "the transaction".into(),
			message: message.into(),
			code,
		};
		let message = "Invalid Transaction: Transaction has a bad signature";
		assert!(badly_signed(&node(1010, message)));
		assert!(!badly_signed(&node(1010, "Invalid Transaction: Transaction is outdated")));
		assert!(!badly_signed(&node(1002, message)));
	}

	#[test]
	fn what_a_fork_left_behind_is_tried_again() {
		let node = |message: &str| Error::Node {
			method: "the transaction".into(),
			message: format!("Invalid Transaction: {message}"),
			code: 1010,
		};
		for left in [
			Error::Pool("Transaction is invalid (eg because of a bad nonce, signature etc)".into()),
			Error::Pool("Transaction was dropped".into()),
			node("Transaction has a bad signature"),
			node("Transaction has an ancient birth block"),
			Error::Incompatible("Client error: UnknownBlock: State already discarded".into()),
		] {
			assert!(was_left_behind(&left), "{left}");
			assert!(!lost_the_nonce(&left), "{left}");
		}
		for other in [
			Error::Pool("Transaction was usurped by another with the same nonce".into()),
			Error::Pool("Finality timeout".into()),
			node("Transaction is outdated"),
			node("Inability to pay some fees , e.g. account balance too low"),
			Error::Incompatible("`x` is not hex".into()),
		] {
			assert!(!was_left_behind(&other), "{other}");
		}
	}

	#[test]
	fn blocks_of_forks_that_lost_are_told_from_other_failures() {
		let node = |message: &str| Error::Node {
			method: "state_call".into(),
			message: message.into(),
			code: 4003,
		};
		let discarded = "Client error: UnknownBlock: State already discarded for 0x01";
		for gone in [node(discarded), Error::Incompatible(discarded.into())] {
			assert!(is_gone(&gone), "{gone}");
		}
		for other in [
			node("Execution failed: Runtime panicked"),
			Error::Incompatible("`x` is not hex".into()),
			Error::Pool(discarded.into()),
		] {
			assert!(!is_gone(&other), "{other}");
		}
	}

	#[test]
	fn hex_is_read_with_and_without_its_mark() {
		assert_eq!(hex_bytes("0x01ff").unwrap(), [1, 255]);
		assert_eq!(hex_bytes("01ff").unwrap(), [1, 255]);
		assert!(hex_bytes("0x1").is_err());
	}
}
