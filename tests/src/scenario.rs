//! What the demo and most tests do first: register a model, have it served, ask, and watch.

use crate::{
	files::repository,
	network::{Network, VALIDATORS},
};
use anyhow::{ensure, Context, Result};
use countersign_client::{
	ask::{Ask, Asked, Step},
	call::Call,
	client::{Block, View},
	keys::Signer,
	magika::{self, Encoded},
	manifest::{self, ManifestFile},
	Client, Included,
};
use countersign_primitives::{
	attribution::vector_commitment,
	audit::AuditItem,
	commitment::tensors_commitment,
	model::{ModelId, ModelView, Parent},
	parameters::SLOT_MILLISECONDS,
	request::{
		Assignment, Outcome, OutcomeCommitment, RequestId, RequestStatus, RequestView, ResultView,
		Role, Terms,
	},
	tensor::Tensor,
	AccountId, Balance, BlockNumber, Hash, Macs,
};
use std::time::Duration;
use subxt::rpcs::rpc_params;
use tokio::{sync::mpsc, time::timeout};

/// The open cost that each validator takes at one time: about 27 runs of magika.
pub const CAPACITY: Macs = 10_000_000_000;

/// Who owns the models.
pub const OWNER: &str = "//Eve";
/// Whose dApp asks.
pub const REQUESTER: &str = "//Ferdie";

/// A development account.
pub fn signer(uri: &str) -> Result<Signer> {
	Ok(Signer::from_uri(uri)?)
}

/// Waits for `future`, and says what it waited for if that takes too long.
pub async fn within<T, E: Into<anyhow::Error>>(
	what: &str,
	patience: Duration,
	future: impl std::future::Future<Output = std::result::Result<T, E>>,
) -> Result<T> {
	match timeout(patience, future).await {
		Ok(outcome) => outcome.map_err(|error| error.into().context(format!("waiting for {what}"))),
		Err(_) => anyhow::bail!("{what} did not happen within {patience:?}"),
	}
}

/// Waits until the best block is at least this one.
pub async fn best(client: &Client, number: BlockNumber) -> Result<()> {
	let mut blocks = client.blocks().await?;
	while blocks.next().await?.number < number {}
	Ok(())
}

/// Waits until the last finalized block is at least this one, and gives it. Its state is there to
/// stay, while that of a best block may go away with its fork.
pub async fn finalized(client: &Client, number: BlockNumber) -> Result<Block> {
	let mut blocks = client.blocks().await?;
	loop {
		let block = client.finalized().await?;
		if block.number >= number {
			return Ok(block);
		}
		// Finality follows blocks; each new one is a moment to look again.
		blocks.next().await?;
	}
}

/// Waits until a node counts so many peers.
pub async fn has_peers(client: &Client, wanted: u64) -> Result<()> {
	let mut blocks = client.blocks().await?;
	loop {
		let health: serde_json::Value = client.rpc("system_health", rpc_params![]).await?;
		if health["peers"] == wanted {
			return Ok(());
		}
		blocks.next().await?;
	}
}

/// The slot of a block of the best chain. Slots pass whether or not a block is made in them.
pub async fn slot(client: &Client, number: BlockNumber) -> Result<u64> {
	use sp_crypto_hashing::twox_128;
	let hash = client.hash_of(number).await?.context("a block of the best chain")?;
	let key = [twox_128(b"Timestamp"), twox_128(b"Now")].concat();
	let milliseconds: Option<u64> = client.storage(&key, Some(hash)).await?;
	Ok(milliseconds.context("every block has a time")? / SLOT_MILLISECONDS)
}

/// The manifest of magika as the demo registers it.
pub fn magika_manifest(network: &Network) -> Result<ManifestFile> {
	let path = repository().join("tests/data/magika.toml");
	Ok(manifest::read(&path, Some(&network.assets().model()))?)
}

/// A manifest with the lines that `countersign model import` proposes, in place of its own.
pub fn with_program(manifest: &str, lines: &str) -> Result<String> {
	let mut table: toml::Table = manifest.parse()?;
	for (name, value) in lines.parse::<toml::Table>()? {
		// The artefact lies elsewhere, and is named by whoever reads the manifest.
		if name != "artefact" {
			table.insert(name, value);
		}
	}
	Ok(toml::to_string(&table)?)
}

/// The same model once more under another name: whoever lists an artefact again has to name the
/// first listing as parent.
pub fn relisted(first: &ManifestFile, name: &str, parent: Parent) -> Result<ManifestFile> {
	let mut file = first.clone();
	let bytes = name.as_bytes().to_vec();
	file.manifest.name = bytes.try_into().ok().context("a name of at most 64 bytes")?;
	file.manifest.parents = vec![parent].try_into().ok().context("one parent fits")?;
	Ok(file)
}

/// Registers a model, for good: in a block that is final. Checks that the chain gives it the
/// identifier that its manifest implies.
pub async fn register(
	client: &Client,
	owner: &Signer,
	file: &ManifestFile,
) -> Result<(ModelId, Included)> {
	let client = &client.clone().with_view(View::Finalized);
	let id = file.manifest.id(&client.genesis(), &owner.account());
	let price = file.price.unwrap_or_default();
	let included = client.register(owner, &file.manifest, price).await?;
	let view = client.model(id).await?;
	ensure!(view.manifest == file.manifest, "the chain shows another manifest");
	ensure!(view.owner == owner.account(), "the chain shows another owner");
	Ok((id, included))
}

/// Has a validator serve models: gives its node the artefact, and declares capacity and models.
pub async fn serve(
	client: &Client,
	validator: &Signer,
	artefact: &[u8],
	models: &[ModelId],
) -> Result<()> {
	client.put_artefact(artefact).await?;
	let mut nonce = client.transaction_nonce(&validator.account()).await?;
	let mut calls = vec![Call::set_capacity(CAPACITY)];
	calls.extend(models.iter().map(Call::serve));
	let mut sent = Vec::new();
	for call in calls {
		let (client, validator) = (client.clone(), validator.clone());
		sent.push(async move { client.submit_with_nonce(&call, &validator, nonce).await });
		nonce += 1;
	}
	futures::future::try_join_all(sent).await?;
	Ok(())
}

/// Waits until the last finalized block shows exactly these validators as servers of a model. What
/// was declared in a block that another fork replaced is included again, and counts then.
pub async fn served_by(client: &Client, model: ModelId, validators: &[Signer]) -> Result<()> {
	let mut expected: Vec<AccountId> = validators.iter().map(Signer::account).collect();
	expected.sort();
	let mut blocks = client.blocks().await?;
	loop {
		let at = client.finalized().await?.hash;
		let view: Option<ModelView> = client.api("ModelsApi_model", model, Some(at)).await?;
		let mut servers = view.map(|view| view.servers).unwrap_or_default();
		servers.sort();
		if servers == expected {
			return Ok(());
		}
		blocks.next().await?;
	}
}

/// Waits until a validator has nothing left to audit: whoever switches it off in between has it break
/// a commitment.
pub async fn nothing_to_audit(client: &Client, validator: &Signer) -> Result<()> {
	let mut blocks = client.blocks().await?;
	loop {
		let work: Vec<AuditItem> =
			client.api("AuditsApi_audit_work", (validator.inference_id(),), None).await?;
		if work.is_empty() {
			return Ok(());
		}
		blocks.next().await?;
	}
}

/// A network with magika registered by [`OWNER`] and served by every validator.
pub struct Served {
	/// The network.
	pub network: Network,
	/// A connection to each node.
	pub clients: Vec<Client>,
	/// The model.
	pub model: ModelId,
	/// Its manifest.
	pub manifest: ManifestFile,
}

impl Served {
	/// Starts a network and has it serve magika.
	pub async fn start(options: crate::Options) -> Result<Self> {
		let mut network = Network::start(options).await?;
		let mut clients = Vec::new();
		for index in 0..VALIDATORS.len() {
			clients.push(network.client(index).await?);
		}
		within("the first finalized block", Duration::from_secs(300), finalized(&clients[0], 1))
			.await?;
		let manifest = magika_manifest(&network)?;
		let patience = Duration::from_secs(300);
		let (model, included) = register(&clients[0], &signer(OWNER)?, &manifest).await?;
		// Declarations go to other nodes, which may still be on a fork without the model.
		within("a final registration", patience, finalized(&clients[0], included.block.number))
			.await?;
		let artefact = std::fs::read(network.assets().model())?;
		let validators = network
			.nodes
			.iter()
			.take(VALIDATORS.len())
			.map(|node| signer(&node.uri()))
			.collect::<Result<Vec<Signer>>>()?;
		let models = [model];
		futures::future::try_join_all(
			clients
				.iter()
				.zip(&validators)
				.map(|(client, validator)| serve(client, validator, &artefact, &models)),
		)
		.await?;
		within("final declarations", patience, served_by(&clients[0], model, &validators)).await?;
		Ok(Self { network, clients, model, manifest })
	}

	/// Starts a network that serves magika, has `test` use it, and ends it. When the test fails,
	/// the nodes' logs stay, and the message says where.
	pub async fn play(
		options: crate::Options,
		test: impl AsyncFnOnce(&mut Self) -> Result<()>,
	) -> Result<()> {
		let mut served = Self::start(options).await?;
		match test(&mut served).await {
			Ok(()) => served.network.stop().await,
			Err(error) => {
				served.network.keep_files();
				let folder = served.network.folder().display();
				Err(error.context(format!("the nodes' logs are in {folder}")))
			}
		}
	}

	/// The position of a validator's node.
	pub fn node_of(&self, account: &AccountId) -> Result<usize> {
		node_of(&self.network, account)
	}

	/// Connects to every node again, after some were restarted.
	pub async fn reconnect(&mut self) -> Result<()> {
		for (index, client) in self.clients.iter_mut().enumerate() {
			*client = self.network.client(index).await?;
		}
		Ok(())
	}

	/// Asks in as many lanes as there are inputs, with a deadline `blocks` after the earliest.
	pub async fn ask(&self, inputs: Vec<Vec<Tensor>>, blocks: BlockNumber) -> Result<Vec<Asked>> {
		let mut asks = Vec::new();
		for (lane, input) in inputs.into_iter().enumerate() {
			let ask = Ask { lane: u8::try_from(lane)?, ..Ask::new(self.model, input) };
			let (quote, mut terms) = self.clients[0].quote_for(&ask).await?;
			terms.deadline = quote.earliest_deadline + blocks;
			asks.push((ask, terms));
		}
		ask_at_once(&self.clients[0], &signer(REQUESTER)?, asks).await
	}

	/// Waits for the results of all, checks each, and gives who answered.
	pub async fn answers(&self, client: &Client, asked: &[Asked]) -> Result<Vec<AccountId>> {
		let mut steps = watch(client, asked, has_result).await?;
		let mut executors: Vec<Option<AccountId>> = vec![None; asked.len()];
		while executors.iter().any(Option::is_none) {
			let (index, step) = within("a result", Duration::from_secs(300), async {
				steps.recv().await.context("every request ends")
			})
			.await?;
			let step = step?;
			if !has_result(&step.request) {
				continue;
			}
			let answer = client.answer_after(&step).await?.context("there is a result")?;
			check_result(client, &answer.request, &answer.result).await?;
			executors[index] = Some(answer.request.assignment.context("an executor")?.account);
		}
		Ok(executors.into_iter().flatten().collect())
	}
}

/// The position of a validator's node.
pub fn node_of(network: &Network, account: &AccountId) -> Result<usize> {
	for (index, node) in network.nodes.iter().enumerate() {
		if signer(&node.uri())?.account() == *account {
			return Ok(index);
		}
	}
	anyhow::bail!("{account:?} is no validator of this network")
}

/// What magika is given for a file of the repository.
pub fn magika_input(path: &str) -> Result<Vec<Tensor>> {
	let bytes = std::fs::read(repository().join(path)).with_context(|| path.to_string())?;
	match magika::encode(&bytes) {
		Encoded::Input(tensor) => Ok(vec![tensor]),
		Encoded::Known(label) => anyhow::bail!("{path} is too short to ask about: {label}"),
	}
}

/// An input of its own for every `seed`.
pub fn any_input(seed: u64) -> Vec<Tensor> {
	let text = format!("let answer_{seed} = {seed} + 1; // a line of code like any other\n");
	match magika::encode(text.as_bytes()) {
		Encoded::Input(tensor) => vec![tensor],
		Encoded::Known(_) => Vec::new(),
	}
}

/// Submits several requests at once: the lanes of one account do not wait for each other.
pub async fn ask_at_once(
	client: &Client,
	requester: &Signer,
	asks: Vec<(Ask, Terms)>,
) -> Result<Vec<Asked>> {
	let account = requester.account();
	let first = client.transaction_nonce(&account).await?;
	let mut sent = Vec::new();
	for (offset, (ask, terms)) in asks.into_iter().enumerate() {
		let nonce = client.next_nonce(&account, terms.lane).await?;
		let id = ask.id(&client.genesis(), &account, nonce, &terms);
		let (input, bytes) = ask.input();
		if let Some(bytes) = bytes {
			client.put_blob(&bytes).await?;
		}
		let call = Call::request(&ask.model, &input, nonce, &terms);
		let (client, requester) = (client.clone(), requester.clone());
		sent.push(async move {
			let number = first + offset as u64;
			let included = client.submit_with_nonce(&call, &requester, number).await?;
			Ok::<_, anyhow::Error>(Asked { id, terms, nonce, included })
		});
	}
	futures::future::try_join_all(sent).await
}

/// Blocks in which a transaction comes back whose block another fork replaced.
const MOST_BLOCKS_LATER: BlockNumber = 32;

/// Who was drawn for each of some requests that were just included, on the chain that all
/// finalised.
pub async fn drawn(client: &Client, asked: &[Asked]) -> Result<Vec<Assignment>> {
	let last = asked.iter().map(|asked| asked.included.block.number).max().unwrap_or_default();
	let mut least = last.saturating_add(1);
	let mut drawn = Vec::new();
	for asked in asked {
		// A fork may have taken its block's place: then it is in a later one.
		let request = loop {
			let final_ = finalized(client, least);
			let block = within("finality", Duration::from_secs(300), final_).await?;
			if let Some(request) = client.request_at(asked.id, Some(block.hash)).await? {
				break request;
			}
			ensure!(block.number < last + MOST_BLOCKS_LATER, "{:?} is not in the chain", asked.id);
			least = block.number + 1;
		};
		drawn.push(request.assignment.context("drawn at the end of the same block")?);
	}
	Ok(drawn)
}

/// Follows several requests; each step comes with the position of its request. Ends a request's
/// steps when `enough` says so.
pub async fn watch(
	client: &Client,
	requests: &[Asked],
	enough: fn(&RequestView) -> bool,
) -> Result<mpsc::Receiver<(usize, Result<Step>)>> {
	let (sender, receiver) = mpsc::channel(64);
	for (index, asked) in requests.iter().enumerate() {
		let mut follow = client.follow_asked(asked).await?;
		let sender = sender.clone();
		tokio::spawn(async move {
			loop {
				let step = follow.next().await.map_err(anyhow::Error::from);
				let last = step.as_ref().map_or(true, |step| enough(&step.request));
				if sender.send((index, step)).await.is_err() || last {
					return;
				}
			}
		});
	}
	Ok(receiver)
}

/// Whether a request has ended, one way or the other.
pub fn has_ended(request: &RequestView) -> bool {
	matches!(
		request.status,
		RequestStatus::Settled | RequestStatus::Refunded | RequestStatus::Invalidated
	)
}

/// Whether a request has a result or will have none.
pub fn has_result(request: &RequestView) -> bool {
	request.status == RequestStatus::Answered || has_ended(request)
}

/// Checks everything that a result claims: that it is signed by the key of the validator that was
/// assigned, about this request and this chain, and that what is on chain is what was signed.
pub async fn check_result(
	client: &Client,
	request: &RequestView,
	result: &ResultView,
) -> Result<Vec<Tensor>> {
	let statement = &result.statement;
	let assignment = request.assignment.as_ref().context("an answered request has an executor")?;
	ensure!(statement.verify(&result.signature), "the signature is not the signer's");
	ensure!(statement.genesis == client.genesis(), "signed for another chain");
	ensure!(statement.request == request.id, "signed for another request");
	ensure!(statement.model == request.model, "signed for another model");
	ensure!(statement.role == Role::Executor, "signed in another role");
	ensure!(statement.input == request.input_commitment, "signed for another input");
	ensure!(
		(statement.session, statement.validator) == (assignment.session, assignment.validator),
		"signed for another assignment"
	);
	let member: Option<(AccountId, countersign_primitives::keys::InferenceId, Balance)> = client
		.api("ValidatorsApi_member", (assignment.session, assignment.validator), None)
		.await?;
	let (account, key, _) = member.context("the assigned validator is known")?;
	ensure!(account == assignment.account, "the session names another validator");
	ensure!(key == statement.signer, "the session names another key");
	let vector = client.vector(request.model).await?;
	ensure!(statement.attribution == vector_commitment(&vector), "signed another attribution");
	let Outcome::Output(bytes) = &result.outcome else {
		anyhow::bail!("a trap: {:?}", result.outcome);
	};
	let output = countersign_client::tensors::decode(bytes)?;
	ensure!(
		statement.outcome == OutcomeCommitment::Output(tensors_commitment(&output)),
		"signed another output"
	);
	Ok(output)
}

/// An account in state: nonce, three counters, free, held, frozen, flags.
type AccountEntry = (u32, (u32, u32, u32), Balance, Balance, Balance, u128);

/// What an account owns at a block, held or not.
pub async fn owned(client: &Client, account: &AccountId, at: Hash) -> Result<Balance> {
	let key = storage_key("System", "Account", account.as_ref());
	let found: Option<AccountEntry> = client.storage(&key, Some(at)).await?;
	Ok(found.map_or(0, |(_, _, free, held, _, _)| free + held))
}

/// The key of an entry of a storage map that is hashed with `Blake2_128Concat`.
pub fn storage_key(pallet: &str, entry: &str, key: &[u8]) -> Vec<u8> {
	use sp_crypto_hashing::{blake2_128, twox_128};
	let mut bytes = twox_128(pallet.as_bytes()).to_vec();
	bytes.extend(twox_128(entry.as_bytes()));
	bytes.extend(blake2_128(key));
	bytes.extend(key);
	bytes
}

/// What a settled request paid to whom, as its event says.
#[derive(Clone, Debug, codec::Decode)]
pub struct Finalised {
	/// The request.
	pub request: RequestId,
	/// Who answered.
	pub executor: AccountId,
	/// To the executor.
	pub executor_paid: Balance,
	/// To the pot that pays audits.
	pub audit_pot_paid: Balance,
	/// To the treasury.
	pub treasury_paid: Balance,
	/// Out of existence.
	pub burned: Balance,
	/// To the model's contributors.
	pub contributors_paid: Balance,
	/// Back to the requester.
	pub returned: Balance,
}

impl Finalised {
	/// What the requester paid in all.
	pub fn paid(&self) -> Balance {
		self.executor_paid
			+ self.audit_pot_paid
			+ self.treasury_paid
			+ self.burned
			+ self.contributors_paid
	}
}
