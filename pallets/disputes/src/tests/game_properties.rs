//! Games under random moves: an honest executor never loses, and the state machine does what a
//! simple reference of it does.

use super::game::{liar_about, off, open, play, theirs, World, LARGE, OPERATORS};
use crate::{mock::*, Error, Games};
use countersign_primitives::{
	dispute::Verdicts,
	game::{GameMove, Leaf, Path, Phase},
	AccountId, Hash,
};
use countersign_programs::game::Player;
use proptest::prelude::*;

/// A small source of numbers, so that a case is its seed.
struct Dice(u64);

impl Dice {
	fn next(&mut self) -> u64 {
		// SplitMix64.
		self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
		let mut z = self.0;
		z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
		z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
		z ^ (z >> 31)
	}

	fn below(&mut self, end: u32) -> u32 {
		(self.next() % u64::from(end.max(1))) as u32
	}
}

fn path(hashes: Vec<[u8; 32]>) -> Path {
	hashes.into_iter().map(Hash::from).collect::<Vec<_>>().try_into().unwrap()
}

/// A move of a challenger that knows the honest run and tries anything.
fn wild(dice: &mut Dice, player: &Player, phase: &Phase) -> GameMove {
	let kind = match phase {
		// Mostly what is due.
		Phase::Operator if dice.below(4) > 0 => dice.below(4) * 2,
		Phase::Group(_) | Phase::Leaf { .. } if dice.below(4) > 0 => 3,
		Phase::Element { .. } if dice.below(4) > 0 => 5,
		_ => dice.below(8),
	};
	let operator = dice.below(OPERATORS);
	let named = match phase {
		Phase::Element { named, leaf, .. } if dice.below(8) > 0 => {
			let each = 1024 / named.meta.ty.size() as u32;
			Some((u32::from(named.operator), leaf * each + dice.below(each)))
		}
		_ => None,
	};
	let (of, index) = named.unwrap_or((operator, dice.below(4)));
	let mut proof =
		player.element(of, index).or_else(|| player.element(0, 0)).expect("there is an element");
	match dice.below(6) {
		0 => {
			proof.leaves.pop();
		}
		1 if proof.leaves.first().is_some_and(|leaf| !leaf.bytes.is_empty()) => {
			proof.leaves[0].bytes[0] ^= 1;
		}
		2 => proof.index = dice.next() as u32,
		_ => {}
	}
	match kind {
		0 => {
			let (part, hashes) = player.prover().part(operator).unwrap();
			GameMove::Name { part: part.try_into().unwrap(), path: path(hashes) }
		}
		1 => player.answer(&Phase::Trace).unwrap(),
		2 => GameMove::Traps(proof),
		3 => {
			let first = match phase {
				Phase::Leaf { first, .. } => *first,
				_ => 0,
			};
			GameMove::Pick(first.saturating_add(dice.below(6)))
		}
		4 => GameMove::Compare {
			output: dice.below(4) as u8,
			index: dice.below(5),
			leaves: proof.leaves,
		},
		5 => GameMove::Prove(proof),
		6 => {
			// An honest opening of the outputs.
			let output = dice.below(3);
			let tensor = player.prover().tensor_of(output + 3).unwrap();
			let Some(value) = player.prover().value(tensor) else {
				return GameMove::Pick(0);
			};
			let leaves = countersign_canonical::trace::open(tensor, &value, 0..1)
				.into_iter()
				.map(|leaf| Leaf {
					tensor: leaf.tensor,
					leaf: leaf.leaf,
					bytes: leaf.bytes.try_into().unwrap(),
					path: path(leaf.path),
				})
				.collect::<Vec<_>>()
				.try_into()
				.unwrap();
			GameMove::Compare { output: output as u8, index: dice.below(3), leaves }
		}
		_ => GameMove::Bytes(vec![dice.next() as u8; 1024].try_into().unwrap()),
	}
}

#[test]
fn an_honest_executor_never_loses() {
	let (mut accepted, mut tried) = (0u32, 0u32);
	let mut dice = Dice(7);
	while tried < 1_000 {
		// With an output, and with a trap.
		let index = if dice.below(4) == 0 { 7 } else { 2 };
		build_and_execute(|| {
			let world = World::new(index);
			let player = world.player();
			world.signed(world.truth());
			open(&challenger(), player.opening());
			while let Some(view) = Disputes::game(request(), 0) {
				if view.phase.is_executors() {
					// Others may try to answer first.
					let action = wild(&mut dice, &player, &view.phase);
					let origin = RuntimeOrigin::signed(validator(3));
					let _ = Disputes::game_move(origin, request(), 0, action);
					let phase = Disputes::game(request(), 0).unwrap().phase;
					play(&executor(), 0, player.answer(&phase).unwrap());
					continue;
				}
				let action = wild(&mut dice, &player, &view.phase);
				let origin = RuntimeOrigin::signed(challenger());
				tried += 1;
				if Disputes::game_move(origin, request(), 0, action).is_ok() {
					accepted += 1;
				}
				if dice.below(4) == 0 {
					next_block();
				}
			}
			assert_eq!(end_of(&request()), None, "an honest executor lost");
			assert!(free(&executor()) > FUNDS, "the bond went to it");
		});
	}
	assert!(accepted > 25, "{accepted}");
}

/// The reference: what is due, by name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Due {
	Trace,
	Name,
	Hashes,
	PickGroup,
	GroupHashes,
	PickLeaf,
	Bytes,
	Prove,
}

impl Due {
	fn is_executors(self) -> bool {
		matches!(self, Self::Trace | Self::Hashes | Self::GroupHashes | Self::Bytes)
	}

	fn next(self) -> Option<Self> {
		Some(match self {
			Self::Trace => Self::Name,
			Self::Name => Self::Hashes,
			Self::Hashes => Self::PickGroup,
			Self::PickGroup => Self::GroupHashes,
			Self::GroupHashes => Self::PickLeaf,
			Self::PickLeaf => Self::Bytes,
			Self::Bytes => Self::Prove,
			Self::Prove => return None,
		})
	}

	fn of(phase: &Phase) -> Self {
		match phase {
			Phase::Trace => Self::Trace,
			Phase::Operator => Self::Name,
			Phase::Hashes(_) => Self::Hashes,
			Phase::Group(_) => Self::PickGroup,
			Phase::GroupHashes { .. } => Self::GroupHashes,
			Phase::Leaf { .. } => Self::PickLeaf,
			Phase::Bytes { .. } => Self::Bytes,
			Phase::Element { .. } => Self::Prove,
			Phase::Cast { .. } => panic!("its program casts nothing"),
		}
	}
}

/// How the reference says that a game ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ends {
	ExecutorLost,
	ChallengerLost,
}

/// The right move in a phase.
fn right(world_liar: &Player, challenger_side: &Player, due: &Phase) -> GameMove {
	let claim = ResultTable::get(request()).unwrap().outcome;
	if due.is_executors() {
		return world_liar.answer(due).unwrap();
	}
	let hashes = Disputes::game(request(), 0).unwrap().hashes;
	challenger_side.challenge(due, &theirs(), &hashes, &claim).unwrap()
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

	/// A liar about the large result and an honest challenger, both of whom may be late or silent,
	/// and strangers, in any order.
	#[test]
	fn the_state_machine_does_what_its_reference_does(seed in any::<u64>()) {
		let mut dice = Dice(seed);
		build_and_execute(|| {
			let world = World::new(2);
			let player = world.player();
			let liar = liar_about(world.player(), LARGE, dice.next() as usize);
			world.signed(world.truth());
			open(&challenger(), player.opening());
			let mut due = Due::Trace;
			let mut deadline = u64::from(System::block_number()) + 20;
			// Right moves of earlier phases, to be sent again.
			let mut old: Vec<(AccountId, GameMove)> = Vec::new();
			let ended = loop {
				let clock = u64::from(System::block_number());
				let game = Games::<Test>::get(request(), 0);
				if clock > deadline {
					// The hook of this block has ended it.
					assert!(game.is_none());
					break if due.is_executors() { Ends::ExecutorLost } else { Ends::ChallengerLost };
				}
				let game = game.expect("it is on");
				assert_eq!((Due::of(&game.phase), game.deadline), (due, deadline));
				match dice.below(10) {
					0..=4 => {
						for _ in 0..=dice.below(9) {
							next_block();
						}
					}
					// Something old, by who sent it, is never taken again.
					5 if !old.is_empty() => {
						let (who, action) = old[dice.below(old.len() as u32) as usize].clone();
						let is_new_again = matches!(
							(&action, due),
							(GameMove::Pick(_), Due::PickGroup | Due::PickLeaf)
								| (GameMove::Hashes(_), Due::Hashes | Due::GroupHashes)
						);
						if !is_new_again {
							let origin = RuntimeOrigin::signed(who);
							assert!(Disputes::game_move(origin, request(), 0, action).is_err());
						}
					}
					// For another game, or another request.
					6 => {
						let action = right(&liar, &player, &game.phase);
						let who = if due.is_executors() { executor() } else { challenger() };
						let origin = RuntimeOrigin::signed(who);
						let error = Error::<Test>::NoGame.into();
						let other =
							Disputes::game_move(origin.clone(), request(), 1, action.clone());
						assert_eq!(other.unwrap_err().error, error);
						let other = Disputes::game_move(origin, Hash::zero(), 0, action);
						assert_eq!(other.unwrap_err().error, Error::<Test>::NotOpen.into());
					}
					// By a stranger: only what the chain can check.
					7 => {
						let action = right(&liar, &player, &game.phase);
						let may = matches!(action, GameMove::Hashes(_) | GameMove::Bytes(_));
						if !may {
							let origin = RuntimeOrigin::signed(validator(3));
							let error =
								Disputes::game_move(origin, request(), 0, action).unwrap_err();
							assert_eq!(error.error, Error::<Test>::NotYourGame.into());
						}
					}
					_ => {
						let action = right(&liar, &player, &game.phase);
						let who = if due.is_executors() { executor() } else { challenger() };
						old.push((who.clone(), action.clone()));
						play(&who, 0, action);
						match due.next() {
							Some(next) => due = next,
							None => break Ends::ExecutorLost,
						}
						deadline = clock + if due.is_executors() { 20 } else { 10 };
					}
				}
				Disputes::do_try_state().unwrap();
			};
			assert!(Games::<Test>::iter().next().is_none());
			let invalidated = end_of(&request()) == Some(MockEnd::Invalidated);
			assert_eq!(invalidated, ended == Ends::ExecutorLost);
			if !invalidated {
				let end = MockResults::open_result(&request()).unwrap().final_at;
				assert_eq!(end, FINAL_AT.max(MockResults::clock() + 1));
			}
		});
	}
}

#[test]
fn what_is_too_late_is_refused() {
	build_and_execute(|| {
		let world = World::new(2);
		let player = world.player();
		world.signed(off(&world.truth()));
		open(&challenger(), player.opening());
		play(&executor(), 0, player.answer(&Phase::Trace).unwrap());
		let view = Disputes::game(request(), 0).unwrap();
		let claim = ResultTable::get(request()).unwrap().outcome;
		let action = player.challenge(&view.phase, &theirs(), &[], &claim).unwrap();
		// The last tick is good; the next is not, even before the hook has been there.
		System::set_block_number(u32::try_from(view.deadline).unwrap() + 1);
		let origin = RuntimeOrigin::signed(challenger());
		let late = Disputes::game_move(origin.clone(), request(), 0, action.clone());
		assert_eq!(late.unwrap_err().error, Error::<Test>::TooLate.into());
		System::set_block_number(u32::try_from(view.deadline).unwrap());
		assert!(Disputes::game_move(origin, request(), 0, action).is_ok());
	});
}
