//! Games: what each move does, who wins, and what it costs.

use crate::{
	game::{messages_fee, types::MAX_GAMES},
	mock::*,
	Error, Event, GameCases, GameDeadlines, Games, HoldReason,
};
use codec::Encode;
use countersign_canonical::{
	self as canonical,
	bands::Policy,
	commitment::tensor_commitment,
	op::{Op, Range, Unary},
	program::{Constant, Node, Package, Program},
	Meta, TensorType as Type,
};
use countersign_primitives::{
	dispute::{Verdict, Verdicts},
	game::{GameMessage, GameMove, Leaf, Opening, Phase, Shown},
	model::{ModelId, PrecisionPolicy},
	request::{Outcome, RequestId, TrapCode},
	tensor::Tensor,
	traits::Sessions,
	AccountId, Balance, Hash, UNIT,
};
use countersign_programs::{from_canonical, game::Player, to_canonical};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::Pays,
	pallet_prelude::{InvalidTransaction, TransactionSource, TransactionValidityError},
	traits::Authorize,
};
use frame_system::RawOrigin;
use sp_core::Pair;
use sp_runtime::traits::Dispatchable;

/// The rows of a result that is larger than a group of leaves.
const ROWS: u32 = 90_000;
/// The operators of [`deep`].
pub(super) const OPERATORS: u32 = 6;
/// The large one of them, and the one that may trap.
pub(super) const LARGE: u32 = 2;
pub(super) const PICKS: u32 = 5;

/// Scores of four floats in three classes, through a result of more than 1 MiB, and an element of a
/// table, which traps outside. The scores come as they are and as the index of the best.
pub(super) fn deep(weights: &[f32]) -> Package {
	let bytes = |values: &[f32]| values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
	let constant = |shape: &[u32], data: &[u8]| {
		let (ty, shape) = (Type::F32, shape.to_vec());
		let tensor = canonical::Tensor { ty, shape: shape.clone(), data: data.to_vec() };
		Constant { meta: Meta { ty, shape }, commitment: tensor_commitment(&tensor, None) }
	};
	let (w, table) = (bytes(weights), bytes(&[10.0, 20.0, 30.0]));
	let row = |start, length| Range { start, step: 1, length };
	let program = Program {
		version: canonical::VERSION,
		inputs: vec![
			Meta { ty: Type::F32, shape: vec![1, 4] },
			Meta { ty: Type::I32, shape: vec![1] },
		],
		constants: vec![constant(&[3, 4], &w), constant(&[3], &table)],
		nodes: vec![
			Node { op: Op::MatMul { from: 0, terms: 4 }, operands: vec![0, 2] },
			Node { op: Op::Unary(Unary::Tanh), operands: vec![4] },
			Node { op: Op::Expand { shape: vec![ROWS, 3] }, operands: vec![5] },
			Node { op: Op::Slice { ranges: vec![row(ROWS - 1, 1), row(0, 3)] }, operands: vec![6] },
			Node { op: Op::Unary(Unary::Neg), operands: vec![7] },
			Node { op: Op::Gather { axis: 0 }, operands: vec![3, 1] },
		],
		outputs: vec![7, 8, 9],
	};
	Package { program, constants: vec![w, table] }
}

pub(super) const WEIGHTS: [f32; 12] =
	[0.1, 0.2, 0.3, 0.4, 0.5, -1.0, 0.25, 0.8, -0.2, 1.0, 0.125, 0.3];

pub(super) const POLICIES: [PrecisionPolicy; 3] = [
	PrecisionPolicy::Within { absolute: -10, relative: -16 },
	PrecisionPolicy::Top1 { margin: -10 },
	PrecisionPolicy::Exact,
];

pub(super) fn deep_model() -> ModelId {
	ModelId::repeat_byte(0xbb)
}

/// A model with inputs, and all that a side needs.
pub(super) struct World {
	pub(super) model: canonical::Model,
	pub(super) inputs: Vec<canonical::Tensor>,
}

impl World {
	pub(super) fn new(index: i32) -> Self {
		let package = deep(&WEIGHTS);
		let encoded = package.encode();
		let prepared = canonical::Prepared::from_package(&encoded).unwrap();
		ManifestTable::insert(deep_model(), manifest(&prepared, POLICIES.to_vec()));
		Self::with(&package, index)
	}

	/// Another run of the same program, with other constants: a liar's.
	pub(super) fn with(package: &Package, index: i32) -> Self {
		let model = canonical::Model::new(package).unwrap();
		let inputs = input_of([1.0, -2.0, 0.5, 3.0], index);
		Self { model, inputs: inputs.iter().map(to_canonical).collect() }
	}

	pub(super) fn player(&self) -> Player<'_> {
		let policies: Vec<Policy> = POLICIES.iter().map(countersign_programs::policy).collect();
		Player::new(&self.model, &self.inputs, policies).unwrap()
	}

	/// What an honest validator signs.
	pub(super) fn truth(&self) -> Outcome {
		match self.model.run(&self.inputs) {
			Ok(outputs) => {
				let policies: Vec<Policy> =
					POLICIES.iter().map(countersign_programs::policy).collect();
				let exposed = canonical::bands::expose(&policies, outputs);
				let tensors: Vec<Tensor> = exposed.into_iter().map(from_canonical).collect();
				Outcome::Output(tensors.encode().try_into().unwrap())
			}
			Err(canonical::Trap::Operator(operator)) => {
				Outcome::Trap { code: TrapCode::Operator, operator }
			}
			Err(canonical::Trap::BadInput) => panic!("the input fits"),
		}
	}

	/// An open result that says this.
	pub(super) fn signed(&self, outcome: Outcome) -> RequestId {
		let inputs: Vec<Tensor> = self.inputs.iter().cloned().map(from_canonical).collect();
		put_result(deep_model(), &inputs, outcome, None)
	}
}

/// Scores that are off, so that the result is wrong.
pub(super) fn off(outcome: &Outcome) -> Outcome {
	changed(outcome, |tensors| {
		let score = f32::from_le_bytes(tensors[0].data[..4].try_into().unwrap()) + 1.0;
		tensors[0].data[..4].copy_from_slice(&score.to_le_bytes());
	})
}

/// An executor whose trace has another result of one operator: one bit of it is flipped.
pub(super) fn liar_about(player: Player, operator: u32, at: usize) -> Player {
	let flip = |bytes: &mut [u8]| {
		let at = at % bytes.len();
		bytes[at] ^= 1;
	};
	player.forge(operator as u16, flip).unwrap()
}

pub(super) fn open(who: &AccountId, opening: Option<Opening>) {
	let info = Disputes::open_game(RuntimeOrigin::signed(who.clone()), request(), opening);
	assert_ok!(info);
}

pub(super) fn play(who: &AccountId, branch: u8, action: GameMove) {
	let call = crate::Call::<Test>::game_move { request: request(), branch, action };
	let call: RuntimeCall = call.into();
	let info = call.dispatch(RuntimeOrigin::signed(who.clone())).unwrap();
	assert_eq!(info.pays_fee, Pays::No);
}

pub(super) fn refused(who: &AccountId, branch: u8, action: GameMove) -> sp_runtime::DispatchError {
	Disputes::game_move(RuntimeOrigin::signed(who.clone()), request(), branch, action)
		.unwrap_err()
		.error
}

pub(super) fn theirs() -> Vec<Hash> {
	Disputes::game_roots(request()).unwrap_or_default()
}

/// Plays a game to its end, each side as it can; whoever has nothing to say is silent. Returns how
/// many moves were made.
pub(super) fn play_out(
	challenger: &Player,
	answer: impl Fn(&Phase) -> Option<GameMove>,
	branch: u8,
) -> u32 {
	let mut moves = 0;
	let claim = ResultTable::get(request()).unwrap().outcome;
	while let Some(view) = Disputes::game(request(), branch) {
		let (who, action) = if view.phase.is_executors() {
			(executor(), answer(&view.phase))
		} else {
			let action = challenger.challenge(&view.phase, &theirs(), &view.hashes, &claim);
			(view.challenger.clone(), action)
		};
		match action {
			Some(action) => {
				play(&who, branch, action);
				moves += 1;
				Disputes::do_try_state().unwrap();
			}
			// Nothing happens before the window is over.
			None => next_block(),
		}
	}
	moves
}

fn fee() -> Balance {
	GameCases::<Test>::get(request())
		.and_then(|_| Games::<Test>::iter_prefix(request()).next())
		.map(|(_, game)| game.fee)
		.unwrap()
}

/// Plays an honest challenger against a liar, who has to lose.
fn liar_loses(world: &World, outcome: Outcome, answer: impl Fn(&Phase) -> Option<GameMove>) -> u32 {
	let player = world.player();
	world.signed(outcome);
	let ours = free(&challenger());
	open(&challenger(), player.opening());
	let fee = fee();
	assert_eq!(on_hold(HoldReason::Game, &challenger()), GAME_BOND + fee);
	let moves = play_out(&player, answer, 0);
	assert_eq!(end_of(&request()), Some(MockEnd::Invalidated));
	let report = Reports::get(request()).unwrap();
	assert_eq!((report.2, report.4), (COVER, Some(challenger())));
	assert_eq!(free(&challenger()), ours - fee, "the bond is back, the fee is burned");
	assert_eq!(Disputes::decision(request()).unwrap().verdict, Verdict::Wrong);
	assert!(GameDeadlines::<Test>::iter().next().is_none());
	moves
}

#[test]
fn a_lying_output_over_an_honest_trace_is_compared() {
	build_and_execute(|| {
		let world = World::new(2);
		let player = world.player();
		let moves = liar_loses(&world, off(&world.truth()), |phase| player.answer(phase));
		assert_eq!(moves, 2);
	});
	// Another index than that of the best score.
	build_and_execute(|| {
		let world = World::new(2);
		let player = world.player();
		let outcome = changed(&world.truth(), |tensors| {
			let index = i64::from_le_bytes(tensors[1].data[..8].try_into().unwrap());
			tensors[1].data[..8].copy_from_slice(&((index + 1) % 3).to_le_bytes());
		});
		liar_loses(&world, outcome, |phase| player.answer(phase));
	});
}

#[test]
fn an_exact_output_has_to_be_the_traces_own() {
	build_and_execute(|| {
		let world = World::new(2);
		let player = world.player();
		world.signed(changed(&world.truth(), |tensors| tensors[2].data[0] ^= 1));
		open(&challenger(), player.opening());
		let honest = player.answer(&Phase::Trace).unwrap();
		assert_eq!(refused(&executor(), 0, honest), Error::<Test>::NotSigned.into());
		// It has to lie in the trace too, and is found there.
		let liar = liar_about(world.player(), PICKS, 0);
		let moves = play_out(&player, |phase| liar.answer(phase), 0);
		assert_eq!(moves, 6);
		assert_eq!(end_of(&request()), Some(MockEnd::Invalidated));
	});
}

#[test]
fn a_liar_is_found_at_every_operator() {
	for operator in 0..OPERATORS {
		for at in [0, 5, 1_050_000] {
			build_and_execute(|| {
				let world = World::new(2);
				let liar = liar_about(world.player(), operator, at);
				let mut outcome = world.truth();
				if operator == PICKS {
					// Exact: the signed output says the same.
					outcome = changed(&outcome, |tensors| {
						tensors[2].data = liar.result(PICKS as u16).unwrap()
					});
				}
				let moves = liar_loses(&world, outcome, |phase| liar.answer(phase));
				assert_eq!(moves, if operator == LARGE { 8 } else { 6 });
			});
		}
	}
}

#[test]
fn a_run_of_other_constants_is_found() {
	build_and_execute(|| {
		let world = World::new(2);
		let mut weights = WEIGHTS;
		weights[3] += 0.5;
		let other = World::with(&deep(&weights), 2);
		let liar = other.player();
		liar_loses(&world, other.truth(), |phase| liar.answer(phase));
	});
}

#[test]
fn silence_and_garbage_lose() {
	build_and_execute(|| {
		let world = World::new(2);
		assert_eq!(liar_loses(&world, world.truth(), |_| None), 0);
	});
	for operator in 0..OPERATORS - 1 {
		build_and_execute(|| {
			let world = World::new(2);
			let player = world.player();
			let garbage = |phase: &Phase| match player.answer(phase)? {
				GameMove::Trace { mut roots, trap } => {
					roots[operator as usize] = Hash::repeat_byte(1);
					Some(GameMove::Trace { roots, trap })
				}
				// Nothing leads to garbage.
				_ => None,
			};
			assert_eq!(liar_loses(&world, world.truth(), garbage), 2);
		});
	}
}

#[test]
fn traps_are_judged_like_outputs() {
	// An output where the run traps.
	build_and_execute(|| {
		let (world, other) = (World::new(7), World::new(2));
		let liar = other.player();
		assert_eq!(liar_loses(&world, other.truth(), |phase| liar.answer(phase)), 2);
	});
	// A trap where there is an output: nothing shows it, so it is silent.
	build_and_execute(|| {
		let world = World::new(2);
		let trap = Outcome::Trap { code: TrapCode::Operator, operator: PICKS };
		let (player, other) = (world.player(), World::new(7));
		let liar = other.player();
		world.signed(trap);
		open(&challenger(), player.opening());
		let GameMove::Trace { roots, trap } = liar.answer(&Phase::Trace).unwrap() else { panic!() };
		let bad = GameMove::Trace { roots: roots.clone(), trap };
		assert_eq!(refused(&executor(), 0, bad), Error::<Test>::BadProof.into());
		// An element that is none of a trap.
		let proof = GameMove::Trace { roots, trap: None };
		assert_eq!(refused(&executor(), 0, proof), Error::<Test>::ProvesNothing.into());
		play_out(&player, |_| None, 0);
		assert_eq!(end_of(&request()), Some(MockEnd::Invalidated));
	});
	// An honest trap stands.
	build_and_execute(|| {
		let world = World::new(7);
		let player = world.player();
		world.signed(world.truth());
		open(&challenger(), player.opening());
		play(&executor(), 0, player.answer(&Phase::Trace).unwrap());
		assert_eq!(theirs().len(), PICKS as usize);
		play_out(&player, |phase| player.answer(phase), 0);
		assert_eq!(end_of(&request()), None);
	});
	// One that says another operator.
	build_and_execute(|| {
		let world = World::new(7);
		let player = world.player();
		world.signed(Outcome::Trap { code: TrapCode::Operator, operator: 1 });
		open(&challenger(), player.opening());
		let honest = player.answer(&Phase::Trace).unwrap();
		assert_eq!(refused(&executor(), 0, honest), Error::<Test>::NotSigned.into());
	});
}

#[test]
fn what_needs_no_game_is_decided_at_once() {
	let wrong = |outcome: Outcome| {
		build_and_execute(|| {
			let world = World::new(2);
			let opening = world.player().opening();
			world.signed(outcome);
			let ours = free(&challenger());
			let info = Disputes::open_game(RuntimeOrigin::signed(challenger()), request(), opening)
				.unwrap();
			assert_eq!(info.pays_fee, Pays::No);
			assert_eq!(free(&challenger()), ours);
			assert_eq!(end_of(&request()), Some(MockEnd::Invalidated));
			assert!(Games::<Test>::iter().next().is_none());
		});
	};
	wrong(Outcome::Trap { code: TrapCode::BadInput, operator: u32::MAX });
	wrong(Outcome::Trap { code: TrapCode::Operator, operator: OPERATORS });
	wrong(Outcome::Trap { code: TrapCode::BadOutput, operator: u32::MAX });
	let one = vec![Tensor {
		ty: countersign_primitives::tensor::TensorType::F32,
		shape: vec![0],
		data: vec![],
	}];
	wrong(Outcome::Output(one.encode().try_into().unwrap()));
}

#[test]
fn an_honest_executor_gets_half_of_the_bond() {
	build_and_execute(|| {
		let world = World::new(2);
		let player = world.player();
		world.signed(world.truth());
		let (ours, executors) = (free(&challenger()), free(&executor()));
		let (treasurys, issuance) = (free(&treasury()), Balances::total_issuance());
		open(&challenger(), player.opening());
		let fee = fee();
		let kept = ResultTable::get(request()).unwrap().final_at;
		assert_eq!(kept, FINAL_AT, "the window is longer than the games here");
		play_out(&player, |phase| player.answer(phase), 0);
		assert_eq!(end_of(&request()), None, "nobody showed anything");
		assert_eq!(free(&challenger()), ours - GAME_BOND - fee);
		assert_eq!(free(&executor()), executors + GAME_BOND / 2);
		assert_eq!(free(&treasury()), treasurys + GAME_BOND / 2);
		assert_eq!(Balances::total_issuance(), issuance - fee);
		assert!(Disputes::decision(request()).is_none());
		let events = System::events();
		assert!(events.iter().any(|record| matches!(
			&record.event,
			RuntimeEvent::Disputes(Event::GameEnded { bond_lost: GAME_BOND, .. })
		)));
	});
}

#[test]
fn a_result_waits_for_its_games() {
	build_and_execute(|| {
		let world = World::new(2);
		let player = world.player();
		world.signed(world.truth());
		// Near the end of the window.
		System::set_block_number(u32::try_from(FINAL_AT).unwrap() - 2);
		open(&challenger(), player.opening());
		assert!(MockResults::open_result(&request()).unwrap().final_at > FINAL_AT + GAME_TICKS);
		play_out(&player, |phase| player.answer(phase), 0);
		let end = MockResults::open_result(&request()).unwrap().final_at;
		assert_eq!(end, MockResults::clock() + 1);
		// And there is no other.
		assert_noop!(
			Disputes::open_game(RuntimeOrigin::signed(validator(1)), request(), player.opening())
				.map_err(|error| error.error),
			Error::<Test>::NotOpen
		);
	});
}

#[test]
fn games_go_side_by_side_and_the_first_opener_is_rewarded() {
	build_and_execute(|| {
		let world = World::new(2);
		let player = world.player();
		let liar = liar_about(world.player(), 1, 0);
		world.signed(world.truth());
		open(&challenger(), player.opening());
		assert_noop!(
			Disputes::open_game(RuntimeOrigin::signed(challenger()), request(), None)
				.map_err(|error| error.error),
			Error::<Test>::NotYourGame
		);
		open(&validator(1), None);
		open(&validator(2), None);
		let bonds: Vec<Balance> =
			(0..3).map(|branch| Games::<Test>::get(request(), branch).unwrap().bond).collect();
		assert_eq!(bonds, [GAME_BOND, 2 * GAME_BOND, 4 * GAME_BOND]);
		// One trace is for all.
		play(&executor(), 1, liar.answer(&Phase::Trace).unwrap());
		assert!((0..3).all(|branch| {
			Games::<Test>::get(request(), branch).unwrap().phase == Phase::Operator
		}));
		// The second shows it; the first was first.
		play_out(&player, |phase| liar.answer(phase), 1);
		assert_eq!(Reports::get(request()).unwrap().4, Some(challenger()));
		for who in [challenger(), validator(1), validator(2)] {
			assert_eq!(on_hold(HoldReason::Game, &who), 0);
		}
		assert!(Games::<Test>::iter().next().is_none());
	});
}

#[test]
fn a_shill_does_not_save_a_liar() {
	build_and_execute(|| {
		let world = World::new(2);
		let player = world.player();
		let liar = liar_about(world.player(), LARGE, 77);
		world.signed(world.truth());
		// Opens first and is silent.
		open(&validator(3), player.opening());
		open(&challenger(), None);
		play(&executor(), 0, liar.answer(&Phase::Trace).unwrap());
		play_out(&player, |phase| liar.answer(phase), 1);
		assert_eq!(end_of(&request()), Some(MockEnd::Invalidated));
	});
}

#[test]
fn there_are_not_too_many_games() {
	build_and_execute(|| {
		use frame_support::traits::fungible::Mutate;
		let world = World::new(2);
		let player = world.player();
		world.signed(world.truth());
		for at in 0..MAX_GAMES {
			let who = account(200 + at);
			Balances::set_balance(&who, FUNDS * 10);
			open(&who, (at == 0).then(|| player.opening().unwrap()));
		}
		assert_noop!(
			Disputes::open_game(RuntimeOrigin::signed(challenger()), request(), None)
				.map_err(|error| error.error),
			Error::<Test>::TooManyGames
		);
		Disputes::do_try_state().unwrap();
		// All are lost when nobody says anything after the trace.
		play(&executor(), 3, player.answer(&Phase::Trace).unwrap());
		Disputes::do_try_state().unwrap();
		run_to(30);
		assert!(Games::<Test>::iter().next().is_none());
		assert_eq!(end_of(&request()), None);
	});
}

#[test]
fn a_replay_ends_all_games() {
	for (outcome_is_right, verdict) in [(true, Verdict::Accepted), (false, Verdict::Wrong)] {
		build_and_execute(|| {
			let world = World::new(2);
			let player = world.player();
			let truth = world.truth();
			world.signed(if outcome_is_right { truth } else { off(&truth) });
			let ours = free(&challenger());
			open(&challenger(), player.opening());
			let fee = fee();
			let inputs: Vec<Tensor> = world.inputs.iter().cloned().map(from_canonical).collect();
			let package = deep(&WEIGHTS).encode();
			let effort =
				Disputes::replay_cost(package.clone(), inputs.encoded_size() as u32).unwrap();
			assert_ok!(Disputes::dispute_by_replay(
				RuntimeOrigin::signed(validator(1)),
				request(),
				countersign_primitives::dispute::Witness {
					package: countersign_primitives::dispute::PackageSource::Inline(
						package.try_into().unwrap()
					),
					input: Some(inputs.encode().try_into().unwrap()),
				},
				effort.effort,
			));
			assert_eq!(Disputes::decision(request()).unwrap().verdict, verdict);
			assert!(Games::<Test>::iter().next().is_none());
			let lost = if verdict == Verdict::Accepted { GAME_BOND } else { 0 };
			assert_eq!(free(&challenger()), ours - fee - lost);
		});
	}
}

#[test]
fn openings_are_checked() {
	build_and_execute(|| {
		let world = World::new(2);
		let opening = world.player().opening().unwrap();
		let open = |who: &AccountId, opening: Option<Opening>| {
			let origin = RuntimeOrigin::signed(who.clone());
			Disputes::open_game(origin, request(), opening).map_err(|error| error.error)
		};
		assert_noop!(open(&challenger(), Some(opening.clone())), Error::<Test>::NotOpen);
		world.signed(world.truth());
		assert_noop!(open(&challenger(), None), Error::<Test>::NoOpening);
		assert_noop!(open(&executor(), Some(opening.clone())), Error::<Test>::NotYourGame);
		let mut other = opening.clone();
		other.program[3] ^= 1;
		assert_noop!(open(&challenger(), Some(other)), Error::<Test>::WrongPackage);
		let declared: [fn(&mut Opening); 2] = [|o| o.operators -= 1, |o| o.operands += 1];
		for change in declared {
			let mut other = opening.clone();
			change(&mut other);
			assert_noop!(open(&challenger(), Some(other)), Error::<Test>::WrongPackage);
		}
		let mut other = opening.clone();
		other.inputs[0].top = Hash::zero();
		assert_noop!(open(&challenger(), Some(other)), Error::<Test>::WrongInput);
		Suspended::set(true);
		assert_noop!(open(&challenger(), Some(opening.clone())), Error::<Test>::VersionSuspended);
		Suspended::set(false);
		use frame_support::traits::fungible::Mutate;
		Balances::set_balance(&challenger(), GAME_BOND);
		assert!(open(&challenger(), Some(opening)).is_err());
		assert_eq!(on_hold(HoldReason::Game, &challenger()), 0);
	});
}

#[test]
fn whoever_has_the_bytes_may_answer_but_not_commit() {
	build_and_execute(|| {
		let world = World::new(2);
		let player = world.player();
		world.signed(off(&world.truth()));
		open(&challenger(), player.opening());
		let stranger = validator(3);
		let trace = player.answer(&Phase::Trace).unwrap();
		assert_eq!(refused(&stranger, 0, trace.clone()), Error::<Test>::NotYourGame.into());
		play(&executor(), 0, trace);
		let (part, path) = player.prover().part(1).unwrap();
		let path: Vec<Hash> = path.into_iter().map(Hash::from).collect();
		let name =
			GameMove::Name { part: part.try_into().unwrap(), path: path.try_into().unwrap() };
		assert_eq!(refused(&stranger, 0, name.clone()), Error::<Test>::NotYourGame.into());
		play(&challenger(), 0, name);
		let phase = Disputes::game(request(), 0).unwrap().phase;
		play(&stranger, 0, player.answer(&phase).unwrap());
	});
}

fn by_key(who: &AccountId, branch: u8, step: u8, content: Hash) -> GameMessage {
	GameMessage {
		genesis: Hash::repeat_byte(0x47),
		request: request(),
		branch,
		step,
		session: SESSION,
		validator: MockSessions::position(who).unwrap(),
		signer: pair_of(who).public(),
		content,
	}
}

fn move_by_key(who: &AccountId, step: u8, action: GameMove) -> RuntimeCall {
	let message = by_key(who, 0, step, GameMessage::content_of(&action));
	let signature = pair_of(who).sign(&message.signing_payload());
	crate::Call::game_move_by_key { message, action, signature }.into()
}

fn authorize(call: &RuntimeCall) -> Result<(), TransactionValidityError> {
	call.authorize(TransactionSource::External).unwrap().map(|(valid, _)| {
		assert_eq!(valid.priority, u64::MAX / 2);
		assert_eq!(valid.provides.len(), 1);
	})
}

#[test]
fn validators_play_by_their_keys() {
	build_and_execute(|| {
		let world = World::new(2);
		let (player, us) = (world.player(), validator(1));
		let liar = liar_about(world.player(), 1, 3);
		world.signed(world.truth());
		let opening = player.opening();
		let message = by_key(&us, 0, 0, GameMessage::content_of(&opening));
		let signature = pair_of(&us).sign(&message.signing_payload());
		let call: RuntimeCall = crate::Call::open_game_by_key {
			message: message.clone(),
			opening: opening.clone(),
			signature: signature.clone(),
		}
		.into();
		assert_ok!(authorize(&call));
		let other: RuntimeCall =
			crate::Call::open_game_by_key { message, opening: None, signature }.into();
		assert_eq!(authorize(&other), Err(InvalidTransaction::BadProof.into()));
		let cost = Disputes::game_cost(request(), opening).unwrap();
		call.clone().dispatch(RawOrigin::Authorized.into()).unwrap();
		let held = cost.bond + cost.fee + cost.fee_by_key;
		assert_eq!(on_hold(HoldReason::Game, &us), held);
		assert!(cost.fee > UNIT && cost.fee_by_key > UNIT);
		assert_eq!(authorize(&call), Err(InvalidTransaction::Custom(139).into()));

		let claim = world.truth();
		let mut step = 0;
		while let Some(view) = Disputes::game(request(), 0) {
			let (who, action) = if view.phase.is_executors() {
				(executor(), liar.answer(&view.phase))
			} else {
				let action = player.challenge(&view.phase, &theirs(), &view.hashes, &claim);
				(us.clone(), action)
			};
			let action = action.unwrap();
			let call = move_by_key(&who, step, action.clone());
			// By another key, at another step, over another chain.
			let stranger = move_by_key(&validator(2), step, action.clone());
			if !matches!(action, GameMove::Hashes(_) | GameMove::Bytes(_)) {
				assert_eq!(authorize(&stranger), Err(InvalidTransaction::Custom(139).into()));
			}
			let early = move_by_key(&who, step + 1, action.clone());
			assert_eq!(authorize(&early), Err(InvalidTransaction::Future.into()));
			if step > 0 {
				let late = move_by_key(&who, step - 1, action.clone());
				assert_eq!(authorize(&late), Err(InvalidTransaction::Stale.into()));
			}
			HasRoom::set(false);
			let may_convict = matches!(action, GameMove::Prove(_));
			assert_eq!(authorize(&call).is_err(), may_convict);
			HasRoom::set(true);
			assert_ok!(authorize(&call));
			call.clone().dispatch(RawOrigin::Authorized.into()).unwrap();
			assert_eq!(authorize(&call), Err(InvalidTransaction::Stale.into()));
			step += 1;
		}
		assert_eq!(end_of(&request()), Some(MockEnd::Invalidated));
		assert_eq!(free(&us), FUNDS - cost.fee - cost.fee_by_key);
	});
}

#[test]
fn silence_waits_for_room() {
	build_and_execute(|| {
		let world = World::new(2);
		world.signed(world.truth());
		open(&challenger(), world.player().opening());
		HasRoom::set(false);
		run_to(40);
		assert_eq!(end_of(&request()), None);
		Disputes::do_try_state().unwrap();
		HasRoom::set(true);
		next_block();
		assert_eq!(end_of(&request()), Some(MockEnd::Invalidated));
	});
}

#[test]
fn a_suspension_ends_games_even() {
	for executors_turn in [true, false] {
		build_and_execute(|| {
			let world = World::new(2);
			let player = world.player();
			world.signed(off(&world.truth()));
			let ours = free(&challenger());
			open(&challenger(), player.opening());
			let fee = fee();
			let trace = player.answer(&Phase::Trace).unwrap();
			if !executors_turn {
				play(&executor(), 0, trace.clone());
			}
			Suspended::set(true);
			if executors_turn {
				let suspended = Error::<Test>::VersionSuspended.into();
				assert_eq!(refused(&executor(), 0, trace), suspended);
			}
			run_to(60);
			assert!(Games::<Test>::iter().next().is_none());
			assert_ne!(end_of(&request()), Some(MockEnd::Invalidated));
			assert_eq!(free(&challenger()), ours - fee, "the bond is back");
			assert!(Reports::get(request()).is_none());
			Suspended::set(false);
		});
	}
}

/// Two numbers that are cast to integers and back, and entries of a table at them, which traps outside,
/// cast there and back as well.
fn casting() -> Package {
	let floats = |values: &[f32]| values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
	let table = floats(&[10.0, 20.0, 30.0]);
	let meta = Meta { ty: Type::F32, shape: vec![3] };
	let tensor = canonical::Tensor { ty: meta.ty, shape: vec![3], data: table.clone() };
	let commitment = tensor_commitment(&tensor, None);
	let program = Program {
		version: canonical::VERSION,
		inputs: vec![Meta { ty: Type::F32, shape: vec![2] }],
		constants: vec![Constant { meta, commitment }],
		nodes: vec![
			Node { op: Op::Cast(Type::I32), operands: vec![0] },
			Node { op: Op::Cast(Type::F32), operands: vec![2] },
			Node { op: Op::Gather { axis: 0 }, operands: vec![1, 2] },
			Node { op: Op::Cast(Type::I32), operands: vec![4] },
			Node { op: Op::Cast(Type::F32), operands: vec![5] },
		],
		outputs: vec![3, 6],
	};
	Package { program, constants: vec![table] }
}

/// A game about what such a program is said to give, in which the executor answers as its own run
/// says. How many moves it has.
fn cast_game(input: [f32; 2], said: &[f32]) -> u32 {
	cast_game_with(input, said, |player, phase| player.answer(phase))
}

/// The same, in which the executor answers so.
fn cast_game_with(
	input: [f32; 2],
	said: &[f32],
	answer: impl Fn(&Player, &Phase) -> Option<GameMove>,
) -> u32 {
	let package = casting();
	let encoded = package.encode();
	let prepared = canonical::Prepared::from_package(&encoded).unwrap();
	let within = PrecisionPolicy::Within { absolute: -10, relative: -16 };
	let policies = vec![within.clone(), within];
	ManifestTable::insert(deep_model(), manifest(&prepared, policies.clone()));
	let model = canonical::Model::new(&package).unwrap();
	let data = |values: &[f32]| values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
	let inputs = vec![canonical::Tensor { ty: Type::F32, shape: vec![2], data: data(&input) }];
	let policies = policies.iter().map(countersign_programs::policy).collect();
	let player = Player::new(&model, &inputs, policies).unwrap();
	let tensor = |values: &[f32]| Tensor {
		ty: countersign_primitives::tensor::TensorType::F32,
		shape: vec![2],
		data: data(values),
	};
	let said = vec![tensor(said), tensor(&[20.0, 10.0])];
	let ours: Vec<Tensor> = inputs.iter().cloned().map(from_canonical).collect();
	put_result(deep_model(), &ours, Outcome::Output(said.encode().try_into().unwrap()), None);
	open(&challenger(), player.opening());
	play_out(&player, |phase| answer(&player, phase), 0)
}

#[test]
fn the_cast_that_saturates_is_found_in_one_run() {
	let model = canonical::Model::new(&casting()).unwrap();
	let found = |input: [f32; 2]| {
		let data = input.iter().flat_map(|x| x.to_le_bytes()).collect();
		model.saturating_cast(&[canonical::Tensor { ty: Type::F32, shape: vec![2], data }])
	};
	// Also where the run traps after it.
	assert_eq!(found([3e9, 1.0]), Some(0));
	assert_eq!(found([1.0, f32::NAN]), Some(0));
	assert_eq!(found([1.0, 0.0]), None);
	assert_eq!(found([1.0, 7.0]), None);
}

#[test]
fn a_cast_that_saturates_excuses() {
	// Nobody is slashed for what another engine makes of a number that the type has not: here a trap,
	// and there an output. The executor shows the cast, and nobody wins.
	build_and_execute(|| {
		assert_eq!(cast_game([3e9, 1.0], &[-2_147_483_648.0, 1.0]), 3);
		assert_eq!(end_of(&request()), None);
		assert!(free(&challenger()) > FUNDS - GAME_BOND, "its bond is back");
		assert!(Reports::get(request()).is_none());
	});
}

#[test]
fn a_cast_that_does_not_saturate_excuses_nothing() {
	build_and_execute(|| {
		assert_eq!(cast_game([1.0, 0.0], &[1.0, 5.0]), 2, "a trace, and what is wrong");
		assert_eq!(end_of(&request()), Some(MockEnd::Invalidated));
	});
	// A trap that no cast explains, where an output was signed.
	build_and_execute(|| {
		assert_eq!(cast_game([1.0, 7.0], &[1.0, 7.0]), 2);
		assert_eq!(end_of(&request()), Some(MockEnd::Invalidated));
	});
}

/// Behind a trap the executor can invent any values, and a cast that saturates on them.
#[test]
fn a_cast_behind_a_trap_excuses_nothing() {
	/// The operator that traps, and the cast behind it.
	const TRAPS: u32 = 2;
	build_and_execute(|| {
		let refusals = core::cell::Cell::new(0);
		let moves = cast_game_with([1.0, 7.0], &[1.0, 7.0], |player, phase| {
			let tensor =
				|ty, bytes: [u8; 8]| canonical::Tensor { ty, shape: vec![2], data: bytes.to_vec() };
			let mut huge = [0; 8];
			huge[..4].copy_from_slice(&1e30f32.to_le_bytes());
			let invented = tensor(Type::F32, huge);
			match phase {
				Phase::Trace => {
					let mut roots: Vec<Hash> =
						player.trace().roots.iter().map(|root| (*root).into()).collect();
					assert_eq!(roots.len(), TRAPS as usize);
					for tensor in [&invented, &tensor(Type::I32, [1; 8]), &invented] {
						roots.push(tensor_commitment(tensor, None).into());
					}
					Some(GameMove::Trace { roots: roots.try_into().unwrap(), trap: None })
				}
				Phase::Cast { before } => {
					assert_eq!(u32::from(*before), TRAPS);
					let (part, hashes) = player.prover().part(TRAPS + 1).unwrap();
					let path = |hashes: Vec<[u8; 32]>| {
						let hashes: Vec<Hash> = hashes.into_iter().map(Hash::from).collect();
						hashes.try_into().unwrap()
					};
					let at = player.prover().tensor_of(TRAPS).unwrap();
					let leaves: Vec<_> = canonical::trace::open(at, &invented, 0..1)
						.into_iter()
						.map(|leaf| Leaf {
							tensor: leaf.tensor,
							leaf: leaf.leaf,
							bytes: leaf.bytes.try_into().unwrap(),
							path: path(leaf.path),
						})
						.collect();
					let shown = Shown {
						part: part.try_into().unwrap(),
						path: path(hashes),
						index: 0,
						leaves: leaves.try_into().unwrap(),
					};
					let refusal = refused(&executor(), 0, GameMove::Saturates(shown));
					assert_eq!(refusal, Error::<Test>::ProvesNothing.into());
					refusals.set(refusals.get() + 1);
					None
				}
				_ => None,
			}
		});
		assert_eq!(moves, 2, "a trace, and the trap");
		assert!(refusals.get() > 0);
		assert_eq!(end_of(&request()), Some(MockEnd::Invalidated));
	});
}

#[test]
fn all_messages_of_the_longest_game_are_charged() {
	let path = |length| vec![Hash::zero(); length].try_into().unwrap();
	let part = vec![0; 5_000];
	let leaf = Leaf {
		tensor: 0,
		leaf: 0,
		bytes: vec![0; 1024].try_into().unwrap(),
		// Of a tensor of 16 MiB.
		path: path(14),
	};
	let shown = Shown {
		part: part.clone().try_into().unwrap(),
		path: path(12),
		index: 0,
		leaves: vec![leaf; 64].try_into().unwrap(),
	};
	let hashes = GameMove::Hashes(vec![Hash::zero(); 1024].try_into().unwrap());
	let roots = vec![Hash::zero(); 4096];
	// Of the longest game: its trace shows a trap, and so does what the challenger proves.
	let moves = [
		GameMove::Trace { roots: roots.try_into().unwrap(), trap: Some(shown.clone()) },
		GameMove::Name { part: part.try_into().unwrap(), path: path(12) },
		hashes.clone(),
		GameMove::Pick(0),
		hashes,
		GameMove::Pick(0),
		GameMove::Bytes(vec![0; 1024].try_into().unwrap()),
		GameMove::Prove(shown.clone()),
		GameMove::Saturates(shown),
	];
	let message = by_key(&executor(), 0, 0, Hash::zero());
	let signature = pair_of(&executor()).sign(b"");
	let length = |action: &GameMove| (&message, action, &signature).encoded_size() as Balance;
	let all: Balance = moves.iter().map(length).sum();
	// The fee here is one unit, and the length.
	assert!(messages_fee::<Test>(4096, 5_000) >= UNIT + all);
}

#[test]
fn a_page_of_games_is_full_where_others_have_ended() {
	build_and_execute(|| {
		let world = World::new(2);
		world.signed(world.truth());
		open(&challenger(), world.player().opening());
		open(&validator(1), None);
		let (case, game) =
			(GameCases::<Test>::get(request()).unwrap(), Games::<Test>::get(request(), 0).unwrap());
		for number in 100..108 {
			let ended = RequestId::repeat_byte(number);
			GameCases::<Test>::insert(ended, &case);
			Games::<Test>::insert(ended, 0, &game);
		}
		let first = Disputes::games(None, 1);
		let after = (first[0].request, first[0].branch);
		let second = Disputes::games(Some(after), 1);
		assert_eq!((first.len(), second.len()), (1, 1));
		assert_ne!(first, second);
		for number in 100..108 {
			GameCases::<Test>::remove(RequestId::repeat_byte(number));
			Games::<Test>::remove(RequestId::repeat_byte(number), 0);
		}
	});
}
