//! The step in which a wrong label is disputed, recomputed by the chain, slashed and refunded.

use crate::{
	failure::FAILING,
	program::Import,
	story::{Story, PATIENCE},
};
use anyhow::{ensure, Context, Result};
use codec::Encode;
use countersign_client::{
	amount,
	ask::{Ask, Asked},
	event::hex_text,
	magika,
	program::{self, Verdict},
	Client,
};
use countersign_network::{
	files::SAMPLES,
	scenario::{self, signer, within},
};
use countersign_primitives::{
	attribution::vector_commitment,
	dispute::{PackageSource, Verdict as Found},
	keys::InferencePair,
	request::{Assignment, Finality, Outcome, OutcomeCommitment, RequestStatus, Role, Statement},
	tensor::Tensor,
	AccountId, Balance, SessionIndex,
};
use sp_core::Pair;
use std::time::Duration;
use subxt::rpcs::rpc_params;

/// Who disputes: a stranger with some tokens.
const CHALLENGER: &str = "//Ferdie//stash";
/// The most rounds in which files are sent so that one of them meets the culprit.
const MOST_ROUNDS: usize = 8;
/// How long the program may take onto the chain.
const STAGING_PATIENCE: Duration = Duration::from_secs(120);

impl Story<'_> {
	/// Dave's machine is off, and whoever has his key signs another label than the model gives.
	///
	pub(crate) async fn wrong_label_is_disputed(&mut self, import: &Import) -> Result<()> {
		self.console.step("Dave's key signs a wrong label; a stranger has the chain recompute it");
		let client = self.client().clone();
		let culprit = signer(&self.network.nodes[FAILING].uri())?;
		let dave = culprit.account();
		let before = client.validator(&dave).await?.context("Dave is a validator")?;
		self.network.nodes[FAILING].kill()?;
		self.console.note("Dave's machine is off; a script has his inference key");
		let (asked, assignment, path, expected) = self.ask_until_drawn(&dave).await?;
		let input = scenario::magika_input(path)?;

		let (right, wrong) = labels(import, &input)?;
		let vector = client.vector(self.model).await?;
		let statement = Statement {
			genesis: client.genesis(),
			request: asked.id,
			model: self.model,
			role: Role::Executor,
			session: assignment.session,
			validator: assignment.validator,
			input: asked_input(&input),
			outcome: OutcomeCommitment::of_output(&wrong),
			attribution: vector_commitment(&vector),
			signer: key(&culprit_uri(self))?.public(),
		};
		let signature = key(&culprit_uri(self))?.sign(&statement.signing_payload());
		let outcome = Outcome::Output(wrong.encode().try_into().ok().context("a short output")?);
		let posted = post(&client, &statement, &outcome, &signature);
		within("the wrong result", PATIENCE, posted).await?;
		let open =
			within("the wrong result in a block", PATIENCE, answered(&client, &asked)).await?;
		ensure!(open.finality == Finality::Open, "it is {:?} at once", open.finality);
		let label = magika::decode(&wrong, 1)?.label;
		self.console.holds(&format!(
			"{path:<28} {label}, says the chain: signed by Dave's key, {} {} of his bond behind it",
			amount::format(open.cover),
			self.facts.symbol,
		));

		let policies = &import.file.manifest.policies;
		let replay = program::replay(&import.program, policies, &input, &open.outcome)?;
		ensure!(replay.verdict == Verdict::Wrong, "the client finds it {:?}", replay.verdict);
		ensure!(magika::decode(&right, 1)?.label == expected, "the model says something else");
		self.console
			.holds(&format!("the client computes it: {expected}, and the answer does not hold"));

		let challenger = signer(CHALLENGER)?;
		self.console.progress("the program goes onto the chain");
		let start = client.best().await?.number;
		let brought = client.bring_package(&challenger, &import.program, |_, _| {});
		let package = within("the program on chain", STAGING_PATIENCE, brought).await?;
		let blocks = client.best().await?.number - start;
		let bytes = import.program.encoding().len();
		self.console.note(&match &package {
			PackageSource::Stored => "the chain has the program".to_string(),
			PackageSource::Inline(_) => {
				format!("the stranger sends the program along: {bytes} bytes, against its root")
			}
			PackageSource::Staged(_) => {
				format!("the stranger brings the program: {bytes} bytes in {blocks} blocks")
			}
		});
		let disputed = client.dispute(&challenger, asked.id, &import.program, package, None);
		let (slash, until) = match within("the verdict", PATIENCE, disputed).await {
			Ok((included, decision)) => {
				ensure!(decision.verdict == Found::Wrong, "the chain finds {:?}", decision.verdict);
				ensure!(decision.executor == dave, "it blames somebody else");
				ensure!(decision.slash == open.cover, "{} and not the cover", decision.slash);
				ensure!(included.fee == 0, "being right cost {}", included.fee);
				let number = included.block.number;
				let block =
					within("finality", PATIENCE, scenario::finalized(&client, number)).await?;
				let request = client.request_at(asked.id, Some(block.hash)).await?;
				let request = request.context("the request stays readable for a while")?;
				ensure!(request.status == RequestStatus::Invalidated, "it is {:?}", request.status);
				let back =
					included.event("Inference", "Invalidated").context("an event of the refund")?;
				let returned = match &back.fields["returned"] {
					serde_json::Value::String(text) => text.parse::<Balance>().ok(),
					value => value.as_u64().map(Balance::from),
				};
				ensure!(back.names(&asked.id), "another request was refunded");
				ensure!(returned == Some(asked.terms.max_fee), "{} went back", back.fields);
				self.console.holds(&format!(
					"block {number}: the runtime ran the model and found it wrong; invalidated, and all of \
					 {} {} went back to Ferdie; the stranger paid no fee",
					amount::format(asked.terms.max_fee),
					self.facts.symbol,
				));
				let until = decision.slashed_in.context("a session from which on it is applied")?;
				(decision.slash, until)
			}
			Err(error) => {
				// The validators watch as well, and need nobody to ask them.
				let now = client.best().await?.number;
				let block = within("finality", PATIENCE, scenario::finalized(&client, now)).await?;
				let request = client.request_at(asked.id, Some(block.hash)).await?;
				let invalidated =
					request.is_some_and(|request| request.status == RequestStatus::Invalidated);
				if !invalidated {
					return Err(error);
				}
				self.console.holds(
					"a validator's watcher was quicker: it recomputed the answer by itself and \
					 challenged it; the runtime found it wrong, and everything went back to Ferdie",
				);
				(open.cover, client.session().await? + 1)
			}
		};
		self.bond_falls(&dave, before.bonded, slash, until).await?;

		self.console.progress("Dave's machine is switched on again");
		let client = within("Dave's return", PATIENCE, self.network.restart(FAILING)).await?;
		self.clients[FAILING] = client;
		Ok(())
	}

	/// Waits until a slash is applied.
	async fn bond_falls(
		&mut self,
		who: &AccountId,
		before: Balance,
		slash: Balance,
		until: SessionIndex,
	) -> Result<()> {
		let client = self.client().clone();
		let mut blocks = client.blocks().await?;
		loop {
			let block = within("a block", PATIENCE, blocks.next()).await?;
			let view = client.validator(who).await?.context("a validator still")?;
			if view.bonded < before {
				ensure!(before - view.bonded == slash, "{} was slashed", before - view.bonded);
				break;
			}
			let now = client.session().await?;
			ensure!(now <= until + 1, "session {now}, and the bond is what it was");
			self.console.progress(&format!(
				"block {}, session {now}; until session {until} a referendum could cancel it",
				block.number
			));
		}
		self.console.holds(&format!(
			"session {}: Dave's bond fell by {} {}, the cover of that answer",
			client.session().await?,
			amount::format(slash),
			self.facts.symbol,
		));
		Ok(())
	}

	/// Sends files until the draw gives one to a validator.
	async fn ask_until_drawn(
		&mut self,
		who: &AccountId,
	) -> Result<(Asked, Assignment, &'static str, &'static str)> {
		for _ in 0..MOST_ROUNDS {
			let mut asks = Vec::new();
			for (lane, (path, _)) in SAMPLES.iter().enumerate() {
				let lane = u8::try_from(lane).context("fewer files than lanes")?;
				let ask = Ask { lane, ..Ask::new(self.model, scenario::magika_input(path)?) };
				let (_, terms) = self.client().quote_for(&ask).await?;
				asks.push((ask, terms));
			}
			let asked = scenario::ask_at_once(self.client(), &self.requester, asks).await?;
			let drawn = scenario::drawn(self.client(), &asked).await?;
			for ((asked, drawn), (path, expected)) in asked.into_iter().zip(drawn).zip(SAMPLES) {
				if drawn.account == *who {
					return Ok((asked, drawn, path, expected));
				}
			}
		}
		anyhow::bail!("never drawn in {MOST_ROUNDS} rounds")
	}
}

fn culprit_uri(story: &Story<'_>) -> String {
	story.network.nodes[FAILING].uri()
}

fn key(uri: &str) -> Result<InferencePair> {
	InferencePair::from_string(uri, None).map_err(|error| anyhow::anyhow!("{uri}: {error:?}"))
}

fn asked_input(input: &[Tensor]) -> countersign_primitives::Hash {
	countersign_primitives::commitment::tensors_commitment(input)
}

/// What the model gives, and the same with the best score at another label.
fn labels(import: &Import, input: &[Tensor]) -> Result<(Vec<Tensor>, Vec<Tensor>)> {
	let outcome = import.program.run(input);
	let right = outcome.result.map_err(|trap| anyhow::anyhow!("{trap:?}"))?;
	let right = program::from_canonical(right);
	let mut wrong = right.clone();
	let (scores, _) = wrong[0].data.as_chunks_mut::<4>();
	let best = (0..scores.len())
		.max_by(|a, b| f32::from_le_bytes(scores[*a]).total_cmp(&f32::from_le_bytes(scores[*b])))
		.context("scores")?;
	let other = (best + 1) % scores.len();
	scores.swap(best, other);
	Ok((right, wrong))
}

/// Brings a result into the pool.
async fn post(
	client: &Client,
	statement: &Statement,
	outcome: &Outcome,
	signature: &countersign_primitives::keys::InferenceSignature,
) -> Result<()> {
	let arguments = (statement, outcome, signature);
	let transaction: Vec<u8> =
		client.api("InferenceApi_result_transaction", arguments, None).await?;
	let bytes = hex_text(&transaction.encode());
	let _: String = client.rpc("author_submitExtrinsic", rpc_params![bytes]).await?;
	Ok(())
}

/// Waits for the result of a request.
async fn answered(
	client: &Client,
	asked: &Asked,
) -> Result<countersign_primitives::request::ResultView> {
	let mut blocks = client.blocks().await?;
	loop {
		if let Some(result) = client.result_at(asked.id, None).await? {
			return Ok(result);
		}
		blocks.next().await?;
	}
}
