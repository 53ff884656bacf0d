//! The step in which a lie is played down to one element, because no block can recompute the model.

use crate::{
	dispute::Lies,
	failure::FAILING,
	slashes::Pending,
	story::{Story, PATIENCE},
};
use anyhow::{ensure, Context, Result};
use countersign_client::{
	amount,
	game::{operator, Player, Side},
};
use countersign_network::{
	scenario::{signer, within},
	trial::{self, Claim, Due, Happened},
};
use countersign_primitives::{
	game::{GameView, Phase},
	tensor::Tensor,
	Balance,
};

/// Moves of a game about a result of at most 1 MiB before the last, which shows the element.
const MOVES: u8 = 5;

impl Story<'_> {
	/// A script with Dave's key signs what other weights give. The other validators' nodes see it,
	/// open games by themselves, and play them against the script.
	pub(crate) async fn large_lie_is_played_out(&mut self, lies: &mut Lies) -> Result<()> {
		self.console.step(
			"Dave's key lies about a model that no block can recompute; two processes play it down to \
			 one element",
		);
		let client = self.client().clone();
		let dave = signer(&self.network.nodes[FAILING].uri())?.account();
		let (large, input) = (&self.large, &lies.large_input);
		self.console.note(&format!(
			"{:.1} GMAC: {}",
			large.program.weighted_macs() as f64 / 1e9,
			large.too_large()?,
		));
		let (right, wrong) = (large.right(input)?, large.wrong(input)?);
		let claim = Claim {
			asked: &lies.large,
			assignment: &lies.large_assignment,
			model: self.large_model,
			input,
			output: &wrong,
		};
		let open = within("the wrong result", PATIENCE, lies.liar.claim(&client, &claim)).await?;
		self.console.holds(&format!(
			"signed by Dave's key: {:.3}, where the model gives {:.3}; the script runs it with other \
			 weights in its second half; {} {} of his bond behind it",
			first(&wrong),
			first(&right),
			amount::format(open.cover),
			self.facts.symbol,
		));

		let side = Side::new(&large.other, &large.file.manifest.policies, input);
		let player = side.player()?;
		let (console, facts) = (&mut *self.console, &self.facts);
		// All that nodes and script do is told of the game that was opened first.
		let tell = |happened: Happened<'_>| match happened {
			Happened::Block(block) => console.progress(&format!("block {}", block.number)),
			Happened::Opened(block, opened) => {
				let who = facts.name(&opened.challenger);
				let bond = amount::format(opened.bond);
				let what = match opened.branch {
					0 => format!(
						"{who}'s node opens a game: {bond} {} of bond, {} for all messages of both sides",
						facts.symbol,
						amount::format(opened.fee),
					),
					_ => {
						format!("{who}'s node opens one beside it: {bond} {} of bond", facts.symbol)
					}
				};
				console.holds(&format!("block {}: {what}", block.number));
			}
			Happened::Moved(block, view) if view.branch == 0 => {
				let who = facts.name(&view.challenger);
				console.note(&format!(
					"  block {}: {}",
					block.number,
					move_made(view, &player, &who)
				));
			}
			Happened::Moved(..) => {}
		};
		let liar = Some((&mut lies.liar, &player));
		let course = trial::to_its_end(&client, &lies.large, liar, tell).await?;
		let decision = trial::found_wrong(&client, &lies.large, &course, &open, &dave).await?;
		ensure!(!course.opened.is_empty(), "decided without a game");
		ensure!(course.moves.iter().any(|(_, step)| *step == MOVES), "{:?}", course.moves);
		let credited: Balance = client
			.api("AttributionApi_total_credited", (self.large_model,), Some(course.last.hash))
			.await?;
		ensure!(credited == 0, "contributors were credited {credited}");
		let challenger = self.facts.name(&decision.challenger);
		self.console.holds(&format!(
			"block {}: one element of them is shown with what it follows from; the runtime computes it, \
			 and it is another. The result is wrong",
			decision.decided_at,
		));
		let burned: Balance = course.ended.iter().map(|ended| ended.burned).sum();
		self.console.holds(&format!(
			"invalidated at once: all of {} {symbol} went back to Ferdie, contributors are credited \
			 nothing; who opened a game has the bond back, and {} {symbol} were burned for messages",
			amount::format(lies.large.terms.max_fee),
			amount::format(burned),
			symbol = self.facts.symbol,
		));
		ensure!(decision.slash / 10 > burned, "{challenger} loses by having been right");
		self.slashes.push(Pending {
			why: "the cover of the answer that was played about".into(),
			due: Due {
				from: decision.decided_at,
				session: decision.slashed_in.context("a session from which on it is applied")?,
				culprit: dave,
				amount: decision.slash,
				reporter: decision.challenger,
			},
		});
		Ok(())
	}
}

/// The first element of an output.
fn first(output: &[Tensor]) -> f32 {
	let bytes = output.first().and_then(|tensor| tensor.data.first_chunk::<4>());
	bytes.map_or(f32::NAN, |bytes| f32::from_le_bytes(*bytes))
}

/// What somebody did, by what is due after it.
fn move_made(view: &GameView, player: &Player, challenger: &str) -> String {
	match &view.phase {
		// This model has no casts, and who is asked for its trace has not moved yet.
		Phase::Trace | Phase::Cast { .. } => "something else than in this model".into(),
		Phase::Operator => {
			format!("the script commits to the results of {} operators", player.trace().roots.len())
		}
		Phase::Hashes(named) => format!(
			"{challenger} names operator {} of them, {}",
			named.operator,
			operator(player, named.operator)
		),
		Phase::Group(_) | Phase::Leaf { .. } => {
			format!("the script shows {} hashes of its result", view.hashes.len())
		}
		Phase::GroupHashes { group, .. } => format!("{challenger} picks group {group}"),
		Phase::Bytes { leaf, .. } => format!("{challenger} picks leaf {leaf}"),
		Phase::Element { leaf, bytes, .. } => {
			format!("the script shows the {} bytes of leaf {leaf}", bytes.len())
		}
	}
}
