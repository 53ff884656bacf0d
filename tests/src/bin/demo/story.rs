//! The steps, in the order in which they happen.

use crate::{
	failure::FAILING,
	program::{self, Import},
	report::{Facts, Shown},
	slashes::Pending,
};
use anyhow::{ensure, Context, Result};
use countersign_client::{
	amount,
	ask::{Ask, Asked},
	keys::Signer,
	magika, Client,
};
use countersign_network::{
	console::Console,
	files::SAMPLES,
	large::Large,
	network::Network,
	scenario::{self, signer, within},
	VALIDATORS,
};
use countersign_primitives::{
	model::{ModelId, Parent, Share},
	Balance, BlockNumber, Hash,
};
use std::time::Duration;

/// How long any single wait may take before the demo gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

/// Who owns the model that no block can recompute.
const LAB: &str = "//Alice//stash";

/// A short name for a long hash.
pub(crate) fn short(hash: &Hash) -> String {
	let text = format!("{hash:?}");
	format!("{}…{}", &text[..8], &text[text.len() - 4..])
}

/// Everything that the steps share.
pub(crate) struct Story<'a> {
	pub(crate) network: &'a mut Network,
	pub(crate) console: &'a mut Console,
	pub(crate) clients: Vec<Client>,
	pub(crate) requester: Signer,
	pub(crate) model: ModelId,
	/// Served by the failing validator only.
	pub(crate) lonely: ModelId,
	/// Too large for a block, and served by the failing validator only.
	pub(crate) large: Large,
	pub(crate) large_model: ModelId,
	/// What was reported and is to fall off bonds.
	pub(crate) slashes: Vec<Pending>,
	pub(crate) facts: Facts,
}

/// Plays all steps and gives what there is to report.
pub(crate) async fn tell(network: &mut Network, console: &mut Console) -> Result<Facts> {
	let mut clients = Vec::new();
	for index in 0..network.nodes.len() {
		clients.push(network.client(index).await?);
	}
	let folder = tempfile::tempdir()?;
	let mut story = Story {
		requester: signer(scenario::REQUESTER)?,
		model: ModelId::zero(),
		lonely: ModelId::zero(),
		large: Large::make(folder.path(), LAB)?,
		large_model: ModelId::zero(),
		slashes: Vec::new(),
		facts: Facts::default(),
		network,
		console,
		clients,
	};
	story.network_is_up().await?;
	let import = story.models_are_registered().await?;
	story.validators_serve().await?;
	let asked = story.files_are_asked_about().await?;
	story.results_arrive(&asked).await?;
	story.three_compute_one_answer(&import).await?;
	let audited = story.answer_is_audited().await?;
	story.executor_fails().await?;
	story.payments_settle().await?;
	story.auditors_are_paid(audited).await?;
	story.contributor_claims().await?;
	story.two_statements_cost_stake().await?;
	let mut lies = story.wrong_label_is_recomputed(&import).await?;
	// While honest answers from beside the lie are still open.
	story.honest_answer_is_disputed(&import, &lies).await?;
	story.large_lie_is_played_out(&mut lies).await?;
	story.slashes_fall().await?;
	Ok(story.facts)
}

impl Story<'_> {
	pub(crate) fn client(&self) -> &Client {
		&self.clients[0]
	}

	/// Blocks are produced and finalised, and all nodes see the same.
	async fn network_is_up(&mut self) -> Result<()> {
		for node in &self.network.nodes {
			let process = node.process().unwrap_or_default();
			self.console.note(&format!("{:<8} process {process:<8} {}", node.name, node.url()));
		}
		let start = self.console.elapsed();
		let mut blocks = self.client().blocks().await?;
		let (best, last) = loop {
			let best = within("a block", PATIENCE, blocks.next()).await?;
			let last = self.client().finalized().await?;
			self.console.progress(&format!("block {}, final {}", best.number, last.number));
			if last.number >= 1 {
				break (best, last);
			}
		};
		for client in &self.clients {
			within("finality on every node", PATIENCE, scenario::finalized(client, last.number))
				.await?;
			let seen = client.hash_of(last.number).await?;
			ensure!(seen == Some(last.hash), "{} sees another chain", client.url());
		}
		let session = self.client().session().await?;
		for (position, name) in VALIDATORS.iter().enumerate() {
			let account = signer(&self.network.nodes[position].uri())?.account();
			let view = self.client().validator(&account).await?.context("a bonded validator")?;
			ensure!(view.position.is_some(), "{name} is not in session {session}");
			self.facts.bonded = self.facts.bonded.max(view.bonded);
			self.facts.names.push((account, (*name).to_string()));
		}
		self.facts.symbol = self.client().properties().token_symbol.clone();
		let took = self.console.elapsed().saturating_sub(start).as_secs();
		self.console.holds(&format!(
			"blocks are made ({}) and finalised ({}) after {took} s; all four nodes agree; each \
			 validator has bonded {} {}",
			best.number,
			last.number,
			amount::format(self.facts.bonded),
			self.facts.symbol,
		));
		Ok(())
	}

	/// Eve imports magika as a program and registers it, and a second listing of it for the failing
	/// validator alone. A lab registers a model that no block can recompute.
	async fn models_are_registered(&mut self) -> Result<Import> {
		self.console.step(
			"Eve registers magika, a model that tells file types, with its program and its \
			 contributors",
		);
		let owner = signer(scenario::OWNER)?;
		self.console.progress("`countersign model import` runs the samples by both engines");
		let import = program::import(self.network).await?;
		self.told_of_import(&import);
		let file = import.file.clone();
		let (model, included) = scenario::register(self.client(), &owner, &file).await?;
		let view = self.client().model(model).await?;
		let sha256 = hex::encode(view.manifest.artefact.sha256);
		self.console.holds(&format!(
			"{} in block {}: model {}, {} bytes of ONNX with sha256 {}…",
			String::from_utf8_lossy(&view.manifest.name),
			included.block.number,
			short(&model),
			view.manifest.artefact.length,
			&sha256[..8],
		));
		let declared = view.manifest.program.as_ref().map(|program| program.root);
		ensure!(declared == Some(import.program.root()), "the chain names another program");
		let vector = self.client().vector(model).await?;
		ensure!(
			vector.iter().map(|entry| u64::from(entry.share.0)).sum::<u64>()
				== u64::from(Share::WHOLE.0),
			"shares do not add up"
		);
		for contributor in &view.manifest.contributors {
			let name = match contributor.account {
				ref account if *account == owner.account() => "Eve, who owns it",
				ref account if *account == signer("//Eve//stash")?.account() => "a data collective",
				_ => "an evaluation lab",
			};
			self.facts.names.push((contributor.account.clone(), name.to_string()));
			self.console.note(&format!(
				"{:>8}  for {:<12} {name}",
				countersign_client::amount::format_share(contributor.share),
				format!("{:?}", contributor.role).to_lowercase(),
			));
		}
		self.console.holds("the shares add up to exactly 100 %, and nobody can change them");
		let parent = Parent { model, royalty: Share::from_percent(90) };
		let again = scenario::relisted(&file, "magika at Dave's", parent)?;
		let lab = signer(LAB)?;
		let (client, large) = (self.client(), &self.large);
		let both = futures::future::try_join(
			scenario::register(client, &owner, &again),
			scenario::register(client, &lab, &large.file),
		);
		let ((lonely, included), (large_model, last)) = both.await?;
		self.console.progress("the registrations become final");
		let number = included.block.number.max(last.block.number);
		within("final registrations", PATIENCE, scenario::finalized(self.client(), number)).await?;
		self.console.holds(&format!(
			"a second listing, {}, names the first as parent and leaves it 90 % of what it earns",
			short(&lonely)
		));
		self.console.holds(&format!(
			"a lab registers {}, of {:.1} GMAC: too large for any block to recompute",
			short(&large_model),
			self.large.program.weighted_macs() as f64 / 1e9,
		));
		(self.model, self.lonely, self.large_model) = (model, lonely, large_model);
		self.facts.model = Some(model);
		self.facts.price = file.price.unwrap_or_default();
		Ok(import)
	}

	/// Every validator serves magika; the second listing and the large model only the failing one
	/// does. All nodes have the artefacts.
	async fn validators_serve(&mut self) -> Result<()> {
		self.console.step("The validators serve it");
		let artefact = std::fs::read(self.network.assets().model())?;
		let mut validators = Vec::new();
		for node in &self.network.nodes {
			validators.push(signer(&node.uri())?);
		}
		let large = &self.large.artefact;
		futures::future::try_join_all(self.clients.iter().map(|client| client.put_artefact(large)))
			.await?;
		let (all, one) = ([self.model, self.lonely, self.large_model], [self.model]);
		let mut serving = Vec::new();
		for (index, (client, validator)) in self.clients.iter().zip(&validators).enumerate() {
			let models: &[ModelId] = if index == FAILING { &all } else { &one };
			serving.push(scenario::serve(client, validator, &artefact, models));
		}
		self.console.progress("four validators declare what they serve");
		within("declarations", PATIENCE, futures::future::try_join_all(serving)).await?;
		self.console.progress("the declarations become final");
		let alone = &validators[FAILING..=FAILING];
		for (model, servers) in
			[(self.model, &validators[..]), (self.lonely, alone), (self.large_model, alone)]
		{
			let declared = scenario::served_by(self.client(), model, servers);
			within("final declarations", PATIENCE, declared).await?;
		}
		self.console.holds(
			"all four serve magika; the second listing and the large model are served by Dave alone",
		);
		Ok(())
	}

	/// Ferdie's dApp sends every sample, each in a lane of its own.
	async fn files_are_asked_about(&mut self) -> Result<Vec<Asked>> {
		self.console.step("Ferdie's dApp asks what seven files are");
		let mut asks = Vec::new();
		for (lane, (path, _)) in SAMPLES.iter().enumerate() {
			let input = scenario::magika_input(path)?;
			let lane = u8::try_from(lane).context("fewer files than lanes")?;
			let ask = Ask { lane, ..Ask::new(self.model, input) };
			let (quote, terms) = self.client().quote_for(&ask).await?;
			if lane == 0 {
				let symbol = &self.facts.symbol;
				self.console.holds(&format!(
					"quoted before paying: {} {symbol} = {} for the work + {} for the contributors; \
					 {} validators are free; the one drawn stands with {} {symbol} of its bond",
					amount::format(quote.fee),
					amount::format(quote.cost_fee),
					amount::format(quote.price),
					quote.free_servers,
					amount::format(quote.cover),
				));
				ensure!(quote.price == self.facts.price, "quoted another price than Eve's");
			}
			asks.push((ask, terms));
		}
		let account = self.requester.account();
		let before = self.client().balance(&account).await?;
		self.facts.requester_before = before.free + before.held;
		let asked = scenario::ask_at_once(self.client(), &self.requester, asks).await?;
		let last = asked.iter().map(|asked| asked.included.block.number).max().unwrap_or_default();
		let first = asked.iter().map(|asked| asked.included.block.number).min().unwrap_or_default();
		self.facts.sent.extend(asked.iter().map(|asked| asked.id));
		self.facts.transaction_fees +=
			asked.iter().map(|asked| asked.included.fee).sum::<Balance>();
		let most: Balance = asked.iter().map(|asked| asked.terms.max_fee).sum();
		self.console.holds(&format!(
			"{} requests in block{}, each under the identifier known before it was sent; at most \
			 {} {} are held for them",
			asked.len(),
			if first == last { format!(" {first}") } else { format!("s {first} to {last}") },
			amount::format(most),
			self.facts.symbol,
		));
		Ok(asked)
	}

	/// Each result is checked as it arrives.
	async fn results_arrive(&mut self, asked: &[Asked]) -> Result<()> {
		self.console.step("The validators drawn by the chain answer");
		let mut steps = scenario::watch(self.client(), asked, scenario::has_result).await?;
		let mut left = asked.len();
		while left > 0 {
			let (index, step) = within("a result", PATIENCE, async {
				steps.recv().await.context("every request ends")
			})
			.await?;
			let step = step?;
			if !scenario::has_result(&step.request) {
				self.console.progress(&format!("block {}, {left} to come", step.block.number));
				continue;
			}
			left -= 1;
			let (path, expected) = SAMPLES[index];
			let answer = self
				.client()
				.answer_after(&step)
				.await?
				.with_context(|| format!("{path} has no result"))?;
			let output =
				scenario::check_result(self.client(), &answer.request, &answer.result).await?;
			let verdict = magika::decode(&output, 1)?;
			ensure!(verdict.label == expected, "{path} is {}, not {expected}", verdict.label);
			let executor = answer.request.assignment.context("there is an executor")?.account;
			let mut shown = Shown::new(path, expected, asked[index].clone());
			shown.sure = verdict.scores.first().map_or(0.0, |best| best.score);
			shown.latency = Some(answer.result.answered_at - answer.request.submitted_at);
			shown.evidence = answer.result.evidence;
			shown.executor = Some(executor.clone());
			self.console.holds(&format!(
				"{path:<28} {:<10} {:>5.1} % sure, by {:<8} {} after {}",
				verdict.label,
				shown.sure * 100.0,
				self.facts.name(&executor),
				short(&shown.asked.id),
				blocks(shown.latency.unwrap_or_default()),
			));
			self.facts.shown.push(shown);
		}
		self.facts.shown.sort_by_key(|shown| shown.asked.terms.lane);
		self.console.holds(
			"every result is signed by the drawn validator's key, and commits to input, output \
			 and the contributors' shares",
		);
		Ok(())
	}
}

/// A number of blocks in words.
pub(crate) fn blocks(count: BlockNumber) -> String {
	format!("{count} block{}", if count == 1 { "" } else { "s" })
}
