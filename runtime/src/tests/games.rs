//! The operator game in the real runtime, about a model that no replay can decide.

use super::{
	blocks::Chain,
	disputes::{
		answer, ask, challenger, changed, check, element, pair_of, register_all, requester,
		samples, set, Model,
	},
	genesis::preset,
};
use crate::*;
use codec::Encode;
use countersign_canonical as canonical;
use countersign_canonical::{
	commitment::tensor_commitment,
	op::{Op, Range, Unary},
	program::{Constant, Node, Package, Program},
	Meta, TensorType as Type,
};
use countersign_primitives::{
	demand::{Showing, Wanted},
	dispute::{ReplayRefusal, Verdict},
	game::{GameMessage, GameMove, GameRefusal, Phase},
	model::PrecisionPolicy,
	request::{Finality, Outcome, RequestId},
	tensor::Tensor,
	traits::{Bonds, Results as _, Sessions},
};
use countersign_programs::{examples::input_floats, game::Player, to_canonical};
use frame_support::{dispatch::GetDispatchInfo, traits::Authorize};
use sp_core::Pair;
use sp_runtime::{traits::Dispatchable, transaction_validity::TransactionSource};
use std::time::{Duration, Instant};

const WIDTH: u32 = 384;
const OUTPUTS: u32 = 1024;
const ROWS: u32 = 4096;

/// Multiplies 1.6 billion times, through results of 16 MiB.
fn heavy(weights: impl Fn(u32) -> f32) -> Package {
	let data: Vec<u8> = (0..OUTPUTS * WIDTH).flat_map(|at| weights(at).to_le_bytes()).collect();
	let (ty, shape) = (Type::F32, vec![OUTPUTS, WIDTH]);
	let tensor = canonical::Tensor { ty, shape: shape.clone(), data };
	let commitment = tensor_commitment(&tensor, None);
	let row = |start, length| Range { start, step: 1, length };
	let program = Program {
		version: canonical::VERSION,
		inputs: vec![Meta { ty, shape: vec![1, WIDTH] }],
		constants: vec![Constant { meta: Meta { ty, shape }, commitment }],
		nodes: vec![
			Node { op: Op::Unary(Unary::Tanh), operands: vec![0] },
			Node { op: Op::Expand { shape: vec![ROWS, WIDTH] }, operands: vec![2] },
			Node { op: Op::MatMul { from: 0, terms: WIDTH }, operands: vec![3, 1] },
			Node {
				op: Op::Slice { ranges: vec![row(ROWS - 1, 1), row(0, OUTPUTS)] },
				operands: vec![4],
			},
			Node { op: Op::Unary(Unary::Relu), operands: vec![5] },
		],
		outputs: vec![6],
	};
	Package { program, constants: vec![tensor.data] }
}

fn weight(at: u32) -> f32 {
	((at.wrapping_mul(2_654_435_761) >> 16) as f32) / 65_536.0 - 0.25
}

const WITHIN: PrecisionPolicy = PrecisionPolicy::Within { absolute: -8, relative: -8 };

fn input() -> Vec<Tensor> {
	vec![input_floats(&[1, WIDTH], |i| i as f32 / 100.0 - 1.0)]
}

/// The model, its run, and what an honest validator signs.
struct World {
	model: canonical::Model,
	inputs: Vec<canonical::Tensor>,
}

impl World {
	fn new(weights: impl Fn(u32) -> f32) -> Self {
		let model = canonical::Model::new(&heavy(weights)).expect("a package");
		Self { model, inputs: input().iter().map(to_canonical).collect() }
	}

	fn player(&self) -> Player<'_> {
		let policies = vec![countersign_programs::policy(&WITHIN)];
		Player::new(&self.model, &self.inputs, policies).expect("it runs")
	}

	fn truth(&self) -> Outcome {
		let outputs = self.model.run(&self.inputs).expect("it gives an output");
		let outputs: Vec<Tensor> =
			outputs.into_iter().map(countersign_programs::from_canonical).collect();
		Outcome::Output(outputs.encode().try_into().expect("short"))
	}
}

/// What a game took.
#[derive(Default, Debug)]
struct Figures {
	messages: u32,
	bytes: usize,
	time: u64,
	largest_bytes: usize,
	longest_time: u64,
	/// What the executor's and the challenger's machine took for their moves, runs included.
	executor: Duration,
	challenger: Duration,
}

impl Figures {
	fn add(&mut self, call: &RuntimeCall) {
		let info = call.get_dispatch_info();
		let time = info.call_weight.ref_time() + call.weight_of_authorize().ref_time();
		let bytes = call.encoded_size();
		self.messages += 1;
		self.bytes += bytes;
		self.time += time;
		self.largest_bytes = self.largest_bytes.max(bytes);
		self.longest_time = self.longest_time.max(time);
	}
}

fn message(who: &AccountId, request: RequestId, step: u8, content: Hash) -> GameMessage {
	GameMessage {
		genesis: System::block_hash(0),
		request,
		branch: 0,
		step,
		session: <Validators as Sessions>::current(),
		validator: <Validators as Sessions>::position(who).expect("it is active"),
		signer: pair_of(who).public(),
		content,
	}
}

/// Sends a message as a validator's node would.
fn send(chain: &mut Chain, figures: &mut Figures, call: RuntimeCall) {
	figures.add(&call);
	chain.block(|| {
		let valid = call.authorize(TransactionSource::External).expect("it is authorized");
		valid.expect("it is a good one");
		call.dispatch(frame_system::RawOrigin::Authorized.into())
			.expect("what is authorized does not fail");
	});
}

/// Plays a game between two validators by their keys until it is over. `answer` is what the executor
/// says; where it says nothing, it is silent.
fn play(
	chain: &mut Chain,
	request: RequestId,
	watcher: &AccountId,
	honest: &Player,
	answer: impl Fn(&Phase) -> Option<GameMove>,
	claim: &Outcome,
) -> Figures {
	let mut figures = Figures::default();
	let started = Instant::now();
	let opening = honest.opening();
	figures.challenger += started.elapsed();
	let opens = message(watcher, request, 0, GameMessage::content_of(&opening));
	let signature = pair_of(watcher).sign(&opens.signing_payload());
	let call = pallet_disputes::Call::open_game_by_key { message: opens, opening, signature };
	send(chain, &mut figures, call.into());
	while let Some(view) = Disputes::game(request, 0) {
		let started = Instant::now();
		let (who, action) = if view.phase.is_executors() {
			let action = answer(&view.phase);
			figures.executor += started.elapsed();
			(view.executor.clone(), action)
		} else {
			let theirs = Disputes::game_roots(request).unwrap_or_default();
			let action = honest.challenge(&view.phase, &theirs, &view.hashes, claim);
			figures.challenger += started.elapsed();
			(watcher.clone(), action)
		};
		let Some(action) = action else {
			chain.block(|| ());
			continue;
		};
		let message = message(&who, request, view.step, GameMessage::content_of(&action));
		let signature = pair_of(&who).sign(&message.signing_payload());
		let call = pallet_disputes::Call::game_move_by_key { message, action, signature };
		send(chain, &mut figures, call.into());
		check();
	}
	figures
}

fn with_the_model(test: impl FnOnce(&mut Chain, Model, World)) {
	preset("local_testnet").execute_with(|| {
		let mut chain = Chain::new();
		let package = heavy(weight).encode();
		let model = chain.block(|| register_all(1, package, vec![WITHIN], UNIT));
		chain.block(|| ());
		test(&mut chain, model, World::new(weight));
		check();
	});
}

fn watcher_of(executor: &AccountId) -> AccountId {
	let mut validators = Session::validators().into_iter();
	validators.find(|who| who != executor).expect("there are four")
}

#[test]
fn a_lie_that_no_replay_can_decide_is_played_out() {
	with_the_model(|chain, model, world| {
		let before = Balances::free_balance(requester());
		let request = ask(chain, &model, &input());
		let assignment =
			Inference::request_view(request).and_then(|view| view.assignment).expect("assigned");
		let executor = assignment.account;
		// It runs the model with one weight changed.
		let forged = World::new(|at| if at == 12_345 { 100.0 } else { weight(at) });
		let claim = forged.truth();
		assert_ne!(claim, world.truth());
		chain.block(|| assert!(answer(request, claim.clone())));
		let cost = Disputes::replay_cost(model.package.clone(), 4_096);
		assert!(matches!(cost, Err(ReplayRefusal::TooHeavy)) || !cost.expect("a package").fits);

		let watcher = watcher_of(&executor);
		let ours = Balances::free_balance(&watcher);
		let honest = world.player();
		let liar = forged.player();
		let started = chain.number();
		let answer = |phase: &Phase| liar.answer(phase);
		let figures = play(chain, request, &watcher, &honest, answer, &claim);
		println!(
			"a lie in the third of five operators: {figures:?}, {} blocks",
			chain.number() - started
		);
		// The trace, the naming, groups, leaves, the bytes, the proof.
		assert_eq!(figures.messages, 9);
		assert!(figures.bytes < 600_000, "{figures:?}");
		let limits = <Runtime as frame_system::Config>::BlockWeights::get();
		let reserve = limits.max_block.ref_time() / 2;
		assert!(figures.longest_time < reserve, "{figures:?}");

		assert_eq!(Inference::finality(&request), Some(Finality::Invalidated));
		assert_eq!(Balances::free_balance(requester()), before);
		let decision = Disputes::decision(request).expect("it is decided");
		assert_eq!((decision.verdict, decision.slash), (Verdict::Wrong, assignment.cover));
		assert_eq!(decision.challenger, watcher);
		let paid = ours - Balances::free_balance(&watcher);
		println!("burned for the messages: {paid}");
		assert!(paid < UNIT, "all but the fee came back");
		let due = decision.slashed_in.expect("it is slashed");
		let bond = <Validators as Bonds>::bonded(&executor);
		while <Validators as Sessions>::current() < due {
			chain.block(|| ());
		}
		for _ in 0..3 {
			chain.block(|| ());
		}
		assert_eq!(<Validators as Bonds>::bonded(&executor), bond - assignment.cover);
	});
}

#[test]
fn an_honest_result_is_final_after_its_game() {
	with_the_model(|chain, model, world| {
		let request = ask(chain, &model, &input());
		let assignment =
			Inference::request_view(request).and_then(|view| view.assignment).expect("assigned");
		let executor = assignment.account;
		let claim = world.truth();
		chain.block(|| assert!(answer(request, claim.clone())));
		let bond = <Validators as Bonds>::bonded(&executor);
		let (theirs, final_at) = (
			Balances::free_balance(&executor),
			Inference::result_view(request).expect("it has one").final_at,
		);
		let watcher = watcher_of(&executor);
		let honest = world.player();
		// Near the end of the window, so that the game goes on after it.
		while pallet_inference::WindowClock::<Runtime>::get() + 3 < final_at {
			chain.block(|| ());
		}
		play(chain, request, &watcher, &honest, |phase| honest.answer(phase), &claim);
		assert_eq!(Inference::finality(&request), Some(Finality::Open), "not while it is on");
		chain.block(|| ());
		chain.block(|| ());
		assert_eq!(Inference::finality(&request), Some(Finality::Final));
		assert!(Balances::free_balance(&executor) >= theirs + 5 * UNIT, "half of the bond");
		for _ in 0..40 {
			chain.block(|| ());
		}
		assert_eq!(<Validators as Bonds>::bonded(&executor), bond, "never slashed");
	});
}

#[test]
fn a_forged_output_over_an_honest_trace_is_compared() {
	with_the_model(|chain, model, world| {
		let request = ask(chain, &model, &input());
		let claim = changed(&world.truth(), |tensor| {
			let value = element(tensor, 700);
			set(tensor, 700, value + 100.0);
		});
		chain.block(|| assert!(answer(request, claim.clone())));
		let honest = world.player();
		let origin = RuntimeOrigin::signed(challenger());
		chain.block(|| {
			Disputes::open_game(origin.clone(), request, honest.opening()).expect("a good one");
			assert_eq!(
				Disputes::game_cost(request, None).map(|cost| cost.bond),
				Ok(2 * configs::disputes::GameBond::get())
			);
			assert_eq!(Disputes::game_cost(Hash::zero(), None), Err(GameRefusal::NotOpen));
		});
		let executor = Disputes::game(request, 0).expect("it is on").executor;
		chain.block(|| {
			let trace = honest.answer(&Phase::Trace).expect("it has one");
			Disputes::game_move(RuntimeOrigin::signed(executor), request, 0, trace)
				.expect("the trace is a good one");
			let theirs = Disputes::game_roots(request).expect("it is there");
			let action = honest.challenge(&Phase::Operator, &theirs, &[], &claim);
			assert!(matches!(action, Some(GameMove::Compare { .. })));
			Disputes::game_move(origin, request, 0, action.expect("it is wrong"))
				.expect("it is shown");
		});
		assert_eq!(Inference::finality(&request), Some(Finality::Invalidated));
	});
}

/// How an executor lies in a game.
#[derive(Clone, Copy, Debug)]
enum Lie {
	/// About the result of one operator, by one bit.
	At(u32),
	/// It commits to something that it has not got.
	Garbage,
	/// It says nothing.
	Silence,
}

impl Lie {
	fn answer(self, honest: &Player, liar: &Player, phase: &Phase) -> Option<GameMove> {
		match (self, phase) {
			(Self::At(_), _) => liar.answer(phase),
			(Self::Silence, _) => None,
			(Self::Garbage, Phase::Trace) => match honest.answer(phase)? {
				GameMove::Trace { mut roots, trap } => {
					let middle = roots.len() / 2;
					*roots.get_mut(middle)? = Hash::repeat_byte(1);
					Some(GameMove::Trace { roots, trap })
				}
				other => Some(other),
			},
			// Nothing leads to garbage.
			(Self::Garbage, _) => None,
		}
	}
}

/// Packages that are too heavy to replay: those of the folder that `COUNTERSIGN_PACKAGES` names, or
/// the one of the other tests. A liar at the first operator, in the middle and at the last is found,
/// and so is one that commits to garbage, and one that is silent.
#[test]
fn liars_are_found_wherever_they_lie() {
	let all = match std::env::var("COUNTERSIGN_PACKAGES") {
		Ok(_) => samples(),
		Err(_) => vec![("heavy".into(), heavy(weight).encode(), input())],
	};
	for (name, package, input) in all {
		let bytes = input.encoded_size() as u32;
		let heavy = preset("local_testnet").execute_with(
			|| !matches!(Disputes::replay_cost(package.clone(), bytes), Ok(cost) if cost.fits),
		);
		let model = canonical::Model::decode(&package).expect("a package");
		let inputs: Vec<canonical::Tensor> = input.iter().map(to_canonical).collect();
		let nodes = model.program().nodes.len() as u32;
		let is_asked = bytes <= countersign_primitives::tensor::MAX_INPUT_BYTES;
		if !heavy || !is_asked || model.plan().leaves > canonical::proof::MAX_LEAVES {
			let leaves = model.plan().leaves;
			println!(
				"{name}: {bytes} bytes of input, {leaves} leaves, too heavy: {heavy}: no game"
			);
			continue;
		}
		let metas = model.program().output_metas(model.plan());
		let policies: Vec<PrecisionPolicy> = metas
			.iter()
			.map(|output| match output.bytes() > 32_000 {
				true => PrecisionPolicy::Top1 { margin: -20 },
				false => WITHIN,
			})
			.collect();
		let bands: Vec<_> = policies.iter().map(countersign_programs::policy).collect();
		let lies = [0, nodes / 2, nodes - 1].map(Lie::At);
		for lie in lies.into_iter().chain([Lie::Garbage, Lie::Silence]) {
			preset("local_testnet").execute_with(|| {
				let mut chain = Chain::new();
				// As much as the main network takes.
				pallet_inference::Parameters::<Runtime>::mutate(|rules| rules.most_gigamacs = 150);
				let registered =
					chain.block(|| register_all(9, package.clone(), policies.clone(), 0));
				chain.block(|| ());
				let request = ask(&mut chain, &registered, &input);
				let executor = Inference::request_view(request)
					.and_then(|view| view.assignment)
					.expect("assigned")
					.account;
				let outputs = model.run(&inputs).expect("it gives an output");
				let outputs: Vec<Tensor> = canonical::bands::expose(&bands, outputs)
					.into_iter()
					.map(countersign_programs::from_canonical)
					.collect();
				let claim = Outcome::Output(outputs.encode().try_into().expect("short"));
				chain.block(|| assert!(answer(request, claim.clone())));
				let watcher = watcher_of(&executor);
				let started = Instant::now();
				let honest = Player::new(&model, &inputs, bands.clone()).expect("it runs");
				let alone = started.elapsed();
				let operator = if let Lie::At(operator) = lie { operator } else { 0 };
				let liar = Player::new(&model, &inputs, bands.clone())
					.and_then(|liar| liar.forge(operator as u16, |bytes| bytes[0] ^= 1))
					.expect("it has a result");
				if Inference::input(request).is_none() {
					// As who posts it for a demand.
					chain
						.block(|| {
							Disputes::demand(
								RuntimeOrigin::signed(challenger()),
								request,
								Wanted::Input,
							)
						})
						.expect("it is not on chain");
					chain
						.block(|| {
							let showing = Showing::input(input.encode()).expect("short");
							let origin = RuntimeOrigin::signed(executor.clone());
							Disputes::show(origin, request, showing)
						})
						.expect("it is the input");
				}
				let answer = |phase: &Phase| lie.answer(&honest, &liar, phase);
				let (started, block) = (Instant::now(), chain.number());
				let figures = play(&mut chain, request, &watcher, &honest, answer, &claim);
				println!(
					"{name}: {nodes} operators, {} MMAC, weighted {}, {lie:?}: {} messages in {} \
					 blocks, {} bytes (largest {}), {:.1} ms of weight (longest {:.1}); a trace takes \
					 {alone:?}, the executor's moves {:?}, the challenger's {:?}, with the chain {:?}",
					model.plan().cost.macs / 1_000_000,
					model.plan().cost.weighted_macs() / 1_000_000,
					figures.messages,
					chain.number() - block,
					figures.bytes,
					figures.largest_bytes,
					figures.time as f64 / 1e9,
					figures.longest_time as f64 / 1e9,
					figures.executor,
					figures.challenger,
					started.elapsed(),
				);
				assert_eq!(
					Inference::finality(&request),
					Some(Finality::Invalidated),
					"{name}, {lie:?}"
				);
			});
		}
	}
}
