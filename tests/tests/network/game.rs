//! Lies about a model that no block can recompute. The liar is a script with a validator's key; the
//! other validators' nodes see it, open games by themselves and win them, whether it plays on or is
//! silent. And a game about an answer that holds costs whoever opened it.

use crate::program::{client, done};
use anyhow::{ensure, Context, Result};
use countersign_client::{
	ask::{Ask, Asked},
	client::Block,
	game::Side,
	Client,
};
use countersign_network::{
	large::Large,
	scenario::{
		drawn, finalized, has_ended, owned, register, serve, served_by, signer, within, REQUESTER,
	},
	trial::{
		amount_in, bonded, follow, found_wrong, slashed, to_its_end, Chronicle, Claim, Course, Due,
		GameEnded, Happened, Liar,
	},
	Network, Options, VALIDATORS,
};
use countersign_primitives::{
	dispute::Decision,
	model::ModelId,
	request::{Assignment, Finality, RequestStatus, ResultView},
	AccountId, Balance, UNIT,
};
use serde_json::Value;
use std::{path::Path, time::Duration};

/// Who owns the model.
const LAB: &str = "//Alice//stash";
/// Who opens a game about an answer that holds.
const STRANGER: &str = "//Bob//stash";
/// The validator whose key lies.
const CULPRIT: usize = VALIDATORS.len() - 1;
/// What a wrong answer would cost the requester: a cover from which a reporter gains.
const VALUE_AT_RISK: Balance = 20 * UNIT;
/// Moves of a game about a result of at most 1 MiB before the last, which shows the element.
const MOVES: u8 = 5;
const PATIENCE: Duration = Duration::from_secs(300);
/// Blocks until an answer is due: scripts sign it, one after the other.
const DEADLINE_IN: u32 = 150;

/// Games long enough for the command line on a slow machine, and bonds that stay until they end.
fn long_games() -> Value {
	serde_json::json!({
		"validators": { "parameters": { "unbondingSessions": 80 } },
		"inference": { "parameters": { "disputeGameBlocks": 240 } },
	})
}

/// A network whose last validator alone serves the large model, and is switched off. All nodes have
/// the model.
struct World {
	network: Network,
	client: Client,
	large: Large,
	model: ModelId,
	culprit: AccountId,
}

impl World {
	async fn start(mut network: Network) -> Result<Self> {
		let mut clients = Vec::new();
		for index in 0..VALIDATORS.len() {
			clients.push(network.client(index).await?);
		}
		let client = clients[0].clone();
		within("the first finalized block", PATIENCE, finalized(&client, 1)).await?;
		let large = Large::make(network.folder(), LAB)?;
		let (model, included) = register(&client, &signer(LAB)?, &large.file).await?;
		within("a final registration", PATIENCE, finalized(&client, included.block.number)).await?;
		for client in &clients {
			client.put_artefact(&large.artefact).await?;
		}
		let dave = signer(&network.nodes[CULPRIT].uri())?;
		serve(&clients[CULPRIT], &dave, &large.artefact, &[model]).await?;
		let culprit = dave.account();
		within("a final declaration", PATIENCE, served_by(&client, model, &[dave])).await?;
		network.nodes[CULPRIT].kill()?;
		Ok(Self { network, client, large, model, culprit })
	}

	/// Starts a network, has `test` use it, and ends it. When the test fails, the nodes' logs stay.
	async fn play(test: impl AsyncFnOnce(&mut Self) -> Result<()>) -> Result<()> {
		let options = Options { genesis: long_games(), ..Options::default() };
		let mut world = Self::start(Network::start(options).await?).await?;
		match test(&mut world).await {
			Ok(()) => {
				world.network.ensure_running()?;
				world.network.stop().await
			}
			Err(error) => {
				world.network.keep_files();
				let folder = world.network.folder().display();
				Err(error.context(format!("the nodes' logs are in {folder}")))
			}
		}
	}

	/// Asks the model, in a lane that names the input.
	async fn ask(&self, lane: u8) -> Result<(Asked, Assignment)> {
		let input = Large::input(lane.into());
		let ask = Ask {
			lane,
			value_at_risk: VALUE_AT_RISK,
			deadline_in: Some(DEADLINE_IN),
			..Ask::new(self.model, input)
		};
		let requester = signer(REQUESTER)?;
		let asking = self.client.ask(&requester, &ask);
		let asked = within("a request", PATIENCE, asking).await?;
		let drawn = drawn(&self.client, std::slice::from_ref(&asked)).await?;
		let assignment = drawn.into_iter().next().context("a draw")?;
		ensure!(assignment.account == self.culprit, "another serves the model");
		Ok((asked, assignment))
	}

	/// Signs an answer, right or wrong.
	async fn sign(
		&self,
		liar: &Liar,
		(asked, assignment): &(Asked, Assignment),
		is_right: bool,
	) -> Result<ResultView> {
		let input = Large::input(asked.terms.lane.into());
		let output = match is_right {
			true => self.large.right(&input)?,
			false => self.large.wrong(&input)?,
		};
		let (input, output) = (&input[..], &output[..]);
		liar.claim(&self.client, &Claim { asked, assignment, model: self.model, input, output })
			.await
	}

	fn liar(&self) -> Result<Liar> {
		Liar::new(&self.network.nodes[CULPRIT].uri())
	}

	/// What the requester owned before a request, and owns after all that came of it.
	async fn is_refunded(&self, asked: &Asked, had: Balance, after: &Block) -> Result<()> {
		let after = within("finality", PATIENCE, finalized(&self.client, after.number)).await?;
		let has = owned(&self.client, &signer(REQUESTER)?.account(), after.hash).await?;
		ensure!(had == has + asked.included.fee, "the requester had {had} and has {has}");
		Ok(())
	}

	/// Who decided is another validator, whose node nobody asked; the slash falls, and a tenth of it
	/// is its.
	async fn is_punished(&self, course: &Course, decision: &Decision) -> Result<()> {
		let mut others = Vec::new();
		for node in self.network.nodes.iter().take(CULPRIT) {
			others.push(signer(&node.uri())?.account());
		}
		for opened in &course.opened {
			ensure!(others.contains(&opened.challenger), "{:?} challenged", opened.challenger);
			ensure!(opened.executor == self.culprit, "against {:?}", opened.executor);
		}
		let at =
			within("finality", PATIENCE, finalized(&self.client, course.last.number)).await?.hash;
		let credited: Balance =
			self.client.api("AttributionApi_total_credited", (self.model,), Some(at)).await?;
		ensure!(credited == 0, "contributors were credited {credited}");
		let due = Due {
			from: decision.decided_at,
			session: decision.slashed_in.context("a session from which on it is applied")?,
			culprit: self.culprit.clone(),
			amount: decision.slash,
			reporter: decision.challenger.clone(),
		};
		// Until it falls everybody can see it.
		let waiting = self.client.pending_slashes(&self.culprit).await?;
		let is_seen = waiting.iter().any(|it| it.amount == due.amount && it.due == due.session);
		let has_fallen = self.client.session().await? >= due.session;
		ensure!(is_seen || has_fallen, "no slash is seen: {waiting:?}");
		let slash = within("the slash", PATIENCE, slashed(&self.client, &due, |_, _| {})).await?;
		println!("{} fell off the bond in block {}", slash.amount, slash.block.number);
		let burned: Balance = course.ended.iter().map(|ended| ended.burned).sum();
		ensure!(slash.reward > burned, "{burned} were burned for a reward of {}", slash.reward);
		Ok(())
	}
}

/// Says what happens, for the log of a test that fails.
fn tell(happened: Happened<'_>) {
	match happened {
		Happened::Block(_) => {}
		Happened::Opened(block, opened) => println!("block {}: {opened:?}", block.number),
		Happened::Moved(block, view) => {
			let due = countersign_client::game::due(&view.phase);
			println!("block {}: game {}, step {}: {due}", block.number, view.branch, view.step);
		}
	}
}

/// The liar runs the model with other weights in its second half, signs what that gives, and answers
/// every question by that run.
#[tokio::test(flavor = "multi_thread")]
async fn a_liar_that_plays_on_is_found_by_one_element() -> Result<()> {
	World::play(async |world| {
		let client = world.client.clone();
		let start = client.finalized().await?;
		let had = owned(&client, &signer(REQUESTER)?.account(), start.hash).await?;
		let asked = world.ask(1).await?;
		let mut liar = world.liar()?;
		let open = world.sign(&liar, &asked, false).await?;
		let input = Large::input(1);
		let side = Side::new(&world.large.other, &world.large.file.manifest.policies, &input);
		let player = side.player()?;
		let (asked, _) = asked;
		let course = to_its_end(&client, &asked, Some((&mut liar, &player)), tell).await?;
		ensure!(course.moves.iter().any(|(_, step)| *step == MOVES), "{:?}", course.moves);
		let decision = found_wrong(&client, &asked, &course, &open, &world.culprit).await?;
		world.is_refunded(&asked, had, &course.last).await?;
		world.is_punished(&course, &decision).await
	})
	.await
}

/// The liar answers nothing. About a right answer of the same validator a stranger opens a game, by
/// the command line; whoever has the key answers it by hand; the stranger has nothing to show.
#[tokio::test(flavor = "multi_thread")]
async fn silence_loses_and_so_does_who_has_nothing_to_show() -> Result<()> {
	World::play(async |world| {
		let client = world.client.clone();
		let start = client.finalized().await?;
		let before = bonded(&client, &world.culprit, &start).await?;
		let (wrong, right) = (world.ask(1).await?, world.ask(2).await?);
		let liar = world.liar()?;
		let lie = world.sign(&liar, &wrong, false).await?;
		let truth = world.sign(&liar, &right, true).await?;

		let opened = played_by_hand(world, &right.0).await?;
		let course = to_its_end(&client, &wrong.0, None, tell).await?;
		ensure!(course.moves.is_empty(), "somebody moved: {:?}", course.moves);
		let decision = found_wrong(&client, &wrong.0, &course, &lie, &world.culprit).await?;
		world.is_punished(&course, &decision).await?;

		// The other one becomes Final when its window is over, and nobody is slashed for it.
		bond_is_lost(&client, &right.0, opened).await?;
		let course = follow(&client, &right.0, None, tell, |request, _| has_ended(request)).await?;
		let at = within("finality", PATIENCE, finalized(&client, course.last.number)).await?;
		let request = client.request_at(right.0.id, Some(at.hash)).await?.context("a request")?;
		ensure!(request.status == RequestStatus::Settled, "it is {:?}", request.status);
		let result = client.result_at(right.0.id, Some(at.hash)).await?.context("a result")?;
		ensure!(result.finality == Finality::Final, "it is {:?}", result.finality);
		ensure!(result.statement == truth.statement, "another answer is in its place");
		let after = bonded(&client, &world.culprit, &at).await?;
		ensure!(before == after + decision.slash, "the bond was {before} and is {after}");
		Ok(())
	})
	.await
}

/// A game as people play it. Gives the bond.
async fn played_by_hand(world: &World, asked: &Asked) -> Result<Balance> {
	let (network, folder) = (&world.network, world.network.folder());
	let id = format!("{:?}", asked.id);
	let open = ["dispute", "open", &id, "--suri", STRANGER, "--game"];
	let (code, _, complaint) = client(network, folder, &open).await?;
	ensure!(code == 2 && complaint.contains("the answer holds"), "{code}: {complaint}");
	let answer = |who: &'static str| ["dispute", "answer", &id, "--suri", who].map(String::from);
	let (code, _, complaint) = said(network, folder, &answer(REQUESTER)).await?;
	ensure!(code == 1 && complaint.contains("no game"), "{code}: {complaint}");

	let anyway = [&open[..], &["--anyway"]].concat();
	let opened = done(network, folder, &anyway).await?;
	ensure!(opened["games"][0]["turn"] == "executor", "{opened:#}");
	let shown = done(network, folder, &["dispute", "show", &id]).await?;
	ensure!(shown["games"][0]["due"] == opened["games"][0]["due"], "{shown:#}");
	ensure!(shown["replay"]["fits_a_block"] != true && shown["game"]["bond"].is_string());

	// The trace is for who signed; anybody else is told so.
	let (code, _, complaint) = said(network, folder, &answer(REQUESTER)).await?;
	ensure!(code == 1 && complaint.contains("the executor has to"), "{code}: {complaint}");
	let (code, answered, complaint) = said(network, folder, &answer("//Dave")).await?;
	ensure!(code == 0, "{code}: {complaint}");
	ensure!(answered["moves"][0]["game"] == 0, "{answered:#}");
	ensure!(answered["games"][0]["turn"] == "challenger", "{answered:#}");
	let (code, _, complaint) = said(network, folder, &answer("//Dave")).await?;
	ensure!(code == 1 && complaint.contains("the challenger has to"), "{code}: {complaint}");
	let (code, _, complaint) = said(network, folder, &answer(STRANGER)).await?;
	ensure!(code == 1 && complaint.contains("what the executor shows"), "{code}: {complaint}");
	let bond = opened["games"][0]["bond"].as_str().context("a bond")?;
	Ok(bond.parse()?)
}

/// As [`client`], with arguments that were put together.
async fn said(
	network: &Network,
	folder: &Path,
	arguments: &[String],
) -> Result<(i32, Value, String)> {
	let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
	client(network, folder, &arguments).await
}

/// The stranger let its window pass: in that block it lost bond and fee, and the executor got half
/// of the bond.
async fn bond_is_lost(client: &Client, asked: &Asked, bond: Balance) -> Result<()> {
	let mut chronicle = Chronicle::from(client, asked.included.block.number);
	let executor = signer("//Dave")?.account();
	let (block, ended, slashed) = loop {
		let (block, events) = within("a block", PATIENCE, chronicle.next()).await?;
		let is_it = |event: &&countersign_client::event::Event| {
			event.is("Disputes", "GameEnded") && event.names(&asked.id)
		};
		if let Some(event) = events.iter().find(is_it) {
			let ended = event.decode::<GameEnded>()?;
			// The slash for its wrong answer may fall in the same block.
			let slashes = events
				.iter()
				.filter(|event| event.is("Validators", "Slashed"))
				.filter_map(|event| amount_in(event, "amount"));
			break (block, ended, slashes.sum::<Balance>());
		}
	};
	let stranger = signer(STRANGER)?.account();
	ensure!(ended.challenger == stranger && ended.bond_lost == bond, "{ended:?}");
	let parent = client.parent(block).await?;
	let had = owned(client, &stranger, parent.hash).await?;
	let has = owned(client, &stranger, block.hash).await?;
	ensure!(had == has + bond + ended.burned, "had {had}, has {has}: {ended:?}");
	let had = owned(client, &executor, parent.hash).await?;
	let has = owned(client, &executor, block.hash).await? + slashed;
	ensure!(has >= had + bond / 2, "the executor had {had} and has {has}");
	Ok(())
}
