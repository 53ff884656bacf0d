//! Benchmarks of calls, checks and hooks.

use super::*;
use crate::{
	referee::MAX_REPLAY_MEMORY,
	types::{MAX_BUCKETS_PER_BLOCK, MAX_CHUNKS_REMOVED},
};
use alloc::{vec, vec::Vec};
use codec::Encode;
use countersign_canonical::{
	commitment::tensor_commitment,
	infer::MAX_TREE_DEPTH,
	op::{Op, Range, Reduction},
	part::{verify_element, Element, OpenedLeaf, Operand, Part, Skeleton, Source},
	program::{Constant, Node, Package, Program},
	trace::open,
	Meta, Model, Tensor as CanonicalTensor, TensorType as CanonicalType, VERSION,
};
use countersign_primitives::{
	commitment::tensors_commitment,
	demand::{Piece, Showing, Wanted},
	dispute::{
		staging_id, Decision, Effort, Manifests, PackageSource, ReplayChallenge, Verdict, Verdicts,
		Witness, STAGED_CHUNK,
	},
	game::{GameMessage, GameMove, Opening, Phase, Shown, MAX_OPENED},
	program::ProgramPort,
	request::{Outcome, RequestId, TrapCode},
	tensor::{Tensor, TensorType, MAX_INLINE_BYTES},
	traits::{Bonds, Programs, Sessions},
	AccountId, Balance, Hash, UNIT,
};
use countersign_programs::{
	from_canonical,
	game::{show_piece, Player},
};
use frame_benchmarking::v2::*;
use frame_support::{
	assert_ok,
	traits::{fungible::Mutate, Get, Hooks},
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_application_crypto::RuntimeAppPublic;
use sp_runtime::SaturatedConversion;

/// Enough for every bond and deposit that a benchmark meets.
const FUNDS: Balance = 1_000_000_000 * UNIT;
const WIDTH: u32 = 256;

fn rich<T: Config>(name: &'static str) -> AccountId
where
	T::Currency: Mutate<AccountId>,
{
	let who: AccountId = account(name, 0, 0);
	assert_ok!(T::Currency::mint_into(&who, FUNDS));
	assert_ok!(T::Currency::mint_into(&T::Treasury::get(), UNIT));
	who
}

fn constant(shape: &[u32], data: Vec<u8>) -> (Constant, Vec<u8>) {
	let (ty, shape) = (CanonicalType::F32, shape.to_vec());
	let tensor = CanonicalTensor { ty, shape: shape.clone(), data };
	let commitment = tensor_commitment(&tensor, None);
	(Constant { meta: Meta { ty, shape }, commitment }, tensor.data)
}

/// A package of at least `kib` KiB that multiplies about so many million times.
fn package(million_macs: u32, kib: u32) -> Vec<u8> {
	let rows = (million_macs.saturating_mul(15)).max(1);
	let fill = |count: u32| (0..count).flat_map(|i| (i as f32 + 1.5).to_le_bytes()).collect();
	let (weights, weight_bytes) = constant(&[WIDTH, WIDTH], fill(WIDTH * WIDTH));
	let rest = kib.saturating_sub(4 * WIDTH * WIDTH / 1024).max(1) * 256;
	let (padding, padding_bytes) = constant(&[rest], fill(rest));
	let meta = Meta { ty: CanonicalType::F32, shape: vec![WIDTH] };
	let program = Program {
		version: VERSION,
		inputs: vec![meta],
		constants: vec![weights, padding],
		nodes: vec![
			Node { op: Op::Expand { shape: vec![rows, WIDTH] }, operands: vec![0] },
			Node { op: Op::MatMul { from: 0, terms: WIDTH }, operands: vec![3, 1] },
			Node {
				op: Op::Slice {
					ranges: vec![
						Range { start: 0, step: 1, length: 1 },
						Range { start: 0, step: 1, length: WIDTH },
					],
				},
				operands: vec![4],
			},
			Node { op: Op::Reshape { shape: vec![WIDTH] }, operands: vec![5] },
		],
		outputs: vec![6],
	};
	Package { program, constants: vec![weight_bytes, padding_bytes] }.encode()
}

fn input() -> Vec<u8> {
	let data = (0..WIDTH).flat_map(|i| (i as f32).to_le_bytes()).collect();
	vec![Tensor { ty: TensorType::F32, shape: vec![WIDTH], data }].encode()
}

/// An open result that a replay of `package` finds wrong, the dearest verdict.
fn wrong_result<T: Config>(package: &[u8]) -> RequestId {
	let model = T::Programs::make_program(&account("owner", 0, 0), package);
	let outcome = Outcome::Trap { code: TrapCode::Operator, operator: 0 };
	T::Results::make_open_result(model, input(), outcome)
}

fn staged<T: Config>(who: &AccountId, chunks: u32) -> Hash
where
	T::Currency: Mutate<AccountId>,
{
	let root = Hash::repeat_byte(5);
	assert_ok!(Pallet::<T>::do_stage(who.clone(), root, chunks.max(1) * STAGED_CHUNK));
	let id = staging_id(who, &root);
	for index in 0..chunks {
		let bytes = vec![index as u8; STAGED_CHUNK as usize];
		assert_ok!(Pallet::<T>::do_stage_chunks(who, id, index, &bytes));
	}
	id
}

/// A program of `operators` that have `operands` in all, of at least `kib` KiB.
fn wide(operators: u32, operands: u32, kib: u32) -> Package {
	let each = operands / operators.max(1);
	let one_more = operands % operators.max(1);
	// Empty constants make it longer and nothing else.
	let (empty, _) = constant(&[0], Vec::new());
	let constants = vec![empty; (kib.saturating_mul(1_024) / 36) as usize];
	let node = |at: u32| {
		let count = each.saturating_add(u32::from(at < one_more));
		Node { op: Op::Concat { axis: 0 }, operands: vec![0; count as usize] }
	};
	let last = (constants.len() as u32).saturating_add(operators) as u16;
	let program = Program {
		version: VERSION,
		inputs: vec![Meta { ty: CanonicalType::F32, shape: vec![1] }],
		nodes: (0..operators).map(node).collect(),
		outputs: vec![last],
		constants,
	};
	let constants = vec![Vec::new(); program.constants.len()];
	Package { program, constants }
}

/// An open result of such a program, which claims that its last operator traps, and what opens a
/// game about it.
fn playable<T: Config>(
	package: &Package,
) -> Result<(RequestId, Model, Vec<CanonicalTensor>), BenchmarkError> {
	let model = T::Programs::make_program(&account("owner", 0, 0), &package.encode());
	let operator = package.program.nodes.len() as u32 - 1;
	let outcome = Outcome::Trap { code: TrapCode::Operator, operator };
	let Meta { ty, shape } = package.program.inputs.first().cloned().ok_or("it has an input")?;
	let data = vec![0u8; ty.size()];
	let inputs = vec![CanonicalTensor { ty, shape, data }];
	let input: Vec<Tensor> = inputs.iter().cloned().map(from_canonical).collect();
	let request = T::Results::make_open_result(model, input.encode(), outcome);
	Ok((request, Model::new(package).map_err(|_| "a package")?, inputs))
}

/// So many games about one result.
fn games<T: Config>(request: RequestId, opening: &Opening, count: u8) -> Result<(), BenchmarkError>
where
	T::Currency: Mutate<AccountId>,
{
	assert_ok!(T::Currency::mint_into(&T::Treasury::get(), UNIT));
	for at in 0..count {
		let who: AccountId = account("challenger", at.into(), 0);
		assert_ok!(T::Currency::mint_into(&who, FUNDS));
		let opening = (at == 0).then(|| opening.clone());
		Pallet::<T>::do_open_game(who, request, opening, 0).map_err(|error| error.error)?;
	}
	Ok(())
}

/// A game about the last of these operators, after the trace and the naming.
fn named<T: Config>(package: &Package) -> Result<(RequestId, AccountId, Shown), BenchmarkError>
where
	T::Currency: Mutate<AccountId>,
{
	let (request, model, inputs) = playable::<T>(package)?;
	let player = Player::new(&model, &inputs, Vec::new()).ok_or("it runs")?;
	let who = rich::<T>("challenger");
	let opening = player.opening();
	Pallet::<T>::do_open_game(who.clone(), request, opening, 0).map_err(|e| e.error)?;
	let case = GameCases::<T>::get(request).ok_or("a game is on")?;
	let Some(GameMove::Trace { roots, .. }) = player.answer(&Phase::Trace) else {
		return Err("it has a trace".into());
	};
	Pallet::<T>::go_on(&request, case, &roots);
	let operator = package.program.nodes.len() as u32 - 1;
	let shown = player.element(operator, 0).ok_or("it has an element")?;
	let action = GameMove::Name { part: shown.part.clone(), path: shown.path.clone() };
	let player = crate::game::Player { who: who.clone() };
	Pallet::<T>::do_game_move(player, request, 0, action).map_err(|e| e.error)?;
	Ok((request, who, shown))
}

/// A piece of a program is demanded, though the chain stores it; what is to be shown.
fn demanded<T: Config>(
	request: RequestId,
	model: &Model,
	piece: Piece,
) -> Result<Showing, BenchmarkError>
where
	T::Currency: Mutate<AccountId>,
{
	let result = T::Results::open_result(&request).ok_or("it is open")?;
	let showing = show_piece(model, &piece).ok_or("the model has it")?;
	Pallet::<T>::note_demand(rich::<T>("challenger"), request, result, piece, UNIT)?;
	Ok(showing)
}

/// The element that takes longest to check next to the leaves that it opens: a path in a tree that
/// does not end.
fn endless_tree() -> (Part, Vec<OpenedLeaf>, Vec<Hash>) {
	// Features, then of the only node feature, threshold, mode and both next nodes, and the root.
	let types = [
		CanonicalType::F32,
		CanonicalType::I32,
		CanonicalType::F32,
		CanonicalType::U8,
		CanonicalType::I32,
		CanonicalType::I32,
		CanonicalType::I32,
	];
	let (mut operands, mut leaves, mut roots) = (Vec::new(), Vec::new(), Vec::new());
	for (tensor, ty) in (0u16..).zip(types) {
		let shape = if tensor == 0 { vec![1, 1] } else { vec![1] };
		let value = CanonicalTensor { ty, shape: shape.clone(), data: vec![0; ty.size()] };
		roots.push(tensor_commitment(&value, None).into());
		leaves.extend(open(tensor, &value, 0..1));
		operands.push(Operand { tensor, meta: Meta { ty, shape }, source: Source::Input(0) });
	}
	let op = Op::Trees { depth: MAX_TREE_DEPTH };
	let out = Meta { ty: CanonicalType::I64, shape: vec![1, 1] };
	(Part { node: 0, op, out, operands, casts: false }, leaves, roots)
}

#[benchmarks(where T::Currency: Mutate<AccountId>)]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn open_game(
		n: Linear<60, 2_000>,
		o: Linear<2_000, 60_000>,
		k: Linear<1, 64>,
	) -> Result<(), BenchmarkError> {
		let (request, model, inputs) = playable::<T>(&wide(n, o, k))?;
		let player = Player::new(&model, &inputs, Vec::new()).ok_or("it runs")?;
		let opening = Some(player.opening().ok_or("it is small enough")?);
		let who = rich::<T>("challenger");

		#[block]
		{
			Pallet::<T>::do_open_game(who, request, opening, 0).map_err(|error| error.error)?;
		}

		assert!(Games::<T>::contains_key(request, 0));
		Ok(())
	}

	#[benchmark]
	fn join_game() -> Result<(), BenchmarkError> {
		let (request, model, inputs) = playable::<T>(&wide(2, 2, 1))?;
		let player = Player::new(&model, &inputs, Vec::new()).ok_or("it runs")?;
		let opening = player.opening().ok_or("it is small enough")?;
		games::<T>(request, &opening, MAX_GAMES - 1)?;
		let who = rich::<T>("last");

		#[block]
		{
			Pallet::<T>::do_open_game(who, request, None, 0).map_err(|error| error.error)?;
		}

		assert!(Games::<T>::contains_key(request, MAX_GAMES - 1));
		Ok(())
	}

	#[benchmark]
	fn game_trace(r: Linear<2, 4_000>) -> Result<(), BenchmarkError> {
		let (request, model, inputs) = playable::<T>(&wide(r, r, 1))?;
		let player = Player::new(&model, &inputs, Vec::new()).ok_or("it runs")?;
		games::<T>(request, &player.opening().ok_or("it is small enough")?, MAX_GAMES)?;
		let case = GameCases::<T>::get(request).ok_or("a game is on")?;
		let roots = vec![Hash::repeat_byte(7); r as usize];
		let result = T::Results::open_result(&request).ok_or("it is open")?;
		let player = crate::game::Player { who: result.executor.clone() };
		let all = roots.clone().try_into().map_err(|_| "at most 4,096")?;
		let action = GameMove::Trace { roots: all, trap: None };
		// With a trap the last root is checked as well, without one the outputs are.
		let shape = vec![MAX_INLINE_BYTES];
		let data = vec![1u8; MAX_INLINE_BYTES as usize];
		let outputs = vec![Tensor { ty: TensorType::U8, shape, data }];
		let (refused, manifest, hash);

		#[block]
		{
			refused = Pallet::<T>::consider_move(&request, 0, &player, &action).is_err();
			manifest = T::Manifests::manifest(&result.statement.model);
			hash = tensors_commitment(&outputs);
			Pallet::<T>::go_on(&request, case, &roots);
		}

		assert!(refused && manifest.is_some() && !hash.is_zero());
		assert_eq!(Pallet::<T>::game_roots(request).map(|roots| roots.len() as u32), Some(r));
		Ok(())
	}

	#[benchmark]
	fn game_hashes(h: Linear<1, 1_024>) -> Result<(), BenchmarkError> {
		// A result of exactly so many leaves.
		let mut package = wide(2, 2, 1);
		let shape = vec![h.saturating_mul(256)];
		if let Some(node) = package.program.nodes.last_mut() {
			*node = Node { op: Op::Expand { shape }, operands: vec![0] };
		}
		package.program.outputs = vec![0];
		let (request, who, _) = named::<T>(&package)?;
		let hashes = vec![[0u8; 1024]; h as usize];
		let hashes: Vec<Hash> = hashes
			.iter()
			.zip(0u32..)
			.map(|(leaf, at)| countersign_primitives::commitment::leaf_hash(at, leaf))
			.collect();
		let action = GameMove::Hashes(hashes.try_into().map_err(|_| "at most 1,024")?);
		let player = crate::game::Player { who };

		#[block]
		{
			Pallet::<T>::do_game_move(player, request, 0, action).map_err(|e| e.error)?;
		}

		assert!(GameHashes::<T>::contains_key(request, 0));
		Ok(())
	}

	#[benchmark]
	fn game_proof(k: Linear<2, 60>) -> Result<(), BenchmarkError> {
		// A sum over so many KiB of bytes in as many dimensions as there can be.
		let mut package = wide(2, 2, 1);
		let first = package.program.constants.len() as u16 + 1;
		let shape = vec![k, 2, 2, 2, 2, 4, 4, 4];
		let axes = (0..8).collect();
		package.program.inputs = vec![Meta { ty: CanonicalType::U8, shape: vec![1] }];
		package.program.nodes = vec![
			Node { op: Op::Expand { shape }, operands: vec![0] },
			Node { op: Op::Reduce { reduction: Reduction::Sum, axes }, operands: vec![first] },
		];
		package.program.outputs = vec![first + 1];
		let (request, who, shown) = named::<T>(&package)?;
		let mut game = Games::<T>::get(request, 0).ok_or("it is on")?;
		let Phase::Hashes(named) = game.phase else { return Err("it was named".into()) };
		// Another value than the right one.
		let bytes = vec![1u8].try_into().map_err(|_| "at most 1 KiB")?;
		game.phase = Phase::Element { named, leaf: 0, bytes };
		Games::<T>::insert(request, 0, game);
		let player = crate::game::Player { who };
		let (tree, leaves, roots) = endless_tree();
		let (found, end);

		#[block]
		{
			found =
				Pallet::<T>::consider_move(&request, 0, &player, &GameMove::Prove(shown)).is_ok();
			// Other operators open less and take longer for it.
			end = verify_element(&tree, 0, &leaves, |operand| {
				roots.get(usize::from(operand.tensor)).map(|root: &Hash| root.0)
			});
		}

		assert!(found);
		assert_eq!(end, Ok(Element::Trap));
		Ok(())
	}

	#[benchmark]
	fn game_authorize() -> Result<(), BenchmarkError> {
		let (request, _, _) = named::<T>(&wide(2, 2, 1))?;
		let account = T::Bonds::make_validator(9);
		let session = T::Sessions::current();
		let validator = T::Sessions::position(&account).ok_or("it is in the session")?;
		let member = T::Sessions::member(session, validator).ok_or("it has a key")?;
		let content = GameMessage::content_of(&GameMove::Pick(0));
		let signer = member.key.clone();
		let genesis = Pallet::<T>::genesis();
		let message = GameMessage {
			genesis,
			request,
			branch: 0,
			step: 2,
			session,
			validator,
			signer,
			content,
		};
		let signature =
			member.key.sign(&message.signing_payload()).ok_or("the key is in the keystore")?;
		let found;

		#[block]
		{
			found = Pallet::<T>::check_mover(&message, &GameMove::Pick(0)).is_ok()
				&& message.verify(&signature);
		}

		assert!(found);
		Ok(())
	}

	#[benchmark]
	fn demand() -> Result<(), BenchmarkError> {
		let (request, _, _) = playable::<T>(&wide(2, 2, 1))?;
		T::Results::forget_input(&request);
		let who = rich::<T>("challenger");

		let stored;

		#[block]
		{
			// What a demand of the program looks at besides.
			stored = Pallet::<T>::demand_fee(request, Wanted::Program).is_err();
			let origin = RawOrigin::Signed(who).into();
			Pallet::<T>::demand(origin, request, Wanted::Input)?;
		}

		assert!(stored);
		assert!(DemandCases::<T>::contains_key(request));
		Ok(())
	}

	#[benchmark]
	fn show_input(k: Linear<1, 1_000>) -> Result<(), BenchmarkError> {
		let model = T::Programs::make_program(&account("owner", 0, 0), &wide(2, 2, 1).encode());
		let outcome = Outcome::Trap { code: TrapCode::Operator, operator: 1 };
		let data = vec![1u8; k as usize * 1024];
		let shape = vec![data.len() as u32];
		let input = vec![Tensor { ty: TensorType::U8, shape, data }].encode();
		let request = T::Results::make_open_result(model, input.clone(), outcome);
		T::Results::forget_input(&request);
		Pallet::<T>::do_demand(rich::<T>("challenger"), request, Wanted::Input)?;
		let showing = Showing::input(input).ok_or("at most 1 MiB")?;

		#[block]
		{
			Pallet::<T>::do_show(request, showing).map_err(|error| error.error)?;
		}

		assert!(T::Results::input_length(&request).is_some());
		Ok(())
	}

	#[benchmark]
	fn show_program(k: Linear<1, 100>) -> Result<(), BenchmarkError> {
		let (request, model, _) = playable::<T>(&wide(2, 2, k))?;
		let showing = demanded::<T>(request, &model, Piece::Program)?;

		#[block]
		{
			Pallet::<T>::do_show(request, showing).map_err(|error| error.error)?;
		}

		assert!(!DemandCases::<T>::contains_key(request));
		Ok(())
	}

	#[benchmark]
	fn show_leaves(l: Linear<1, MAX_OPENED>) -> Result<(), BenchmarkError> {
		let bytes = package(1, 1_024);
		let request = wrong_result::<T>(&bytes);
		let model = Model::decode(&bytes).map_err(|_| "a package")?;
		let skeleton = Skeleton::decode(&model.program().encode()).map_err(|_| "a program")?;
		// The longer one of its two constants, behind its input.
		let operand = skeleton.operand(2).ok_or("it has two constants")?;
		let Source::Constant(commitment) = operand.source else {
			return Err("a constant".into());
		};
		let shape = operand.meta.shape.try_into().map_err(|_| "one dimension")?;
		let piece = Piece::Constant {
			tensor: operand.tensor,
			meta: ProgramPort { ty: TensorType::F32, shape },
			commitment: commitment.into(),
			first: 1,
			count: l as u8,
		};
		let showing = demanded::<T>(request, &model, piece)?;

		#[block]
		{
			Pallet::<T>::do_show(request, showing).map_err(|error| error.error)?;
		}

		assert!(!DemandCases::<T>::contains_key(request));
		Ok(())
	}

	#[benchmark]
	fn expire_game() -> Result<(), BenchmarkError> {
		let (request, model, inputs) = playable::<T>(&wide(4_000, 4_000, 1))?;
		let player = Player::new(&model, &inputs, Vec::new()).ok_or("it runs")?;
		games::<T>(request, &player.opening().ok_or("it is small enough")?, MAX_GAMES)?;
		let case = GameCases::<T>::get(request).ok_or("a game is on")?;
		Pallet::<T>::go_on(&request, case, &vec![Hash::repeat_byte(7); 4_000]);

		#[block]
		{
			// As after a verdict.
			Pallet::<T>::end_games_by(&request, Verdict::Accepted);
		}

		assert!(!GameCases::<T>::contains_key(request));
		Ok(())
	}

	#[benchmark]
	fn replay(m: Linear<1, 600>, b: Linear<1, 2_048>) -> Result<(), BenchmarkError> {
		let package = package(m, b);
		let request = wrong_result::<T>(&package);
		let effort = Effort { macs: u64::MAX, bytes: u32::MAX };
		let bytes = package.try_into().map_err(|_| "at most 4 MiB")?;
		let witness = Witness { package: PackageSource::Inline(bytes), input: None };
		let found;

		#[block]
		{
			found = Pallet::<T>::hear(&request, witness, &effort);
		}

		let (_, _, needs, verdict, _) = found.map_err(|_| "the replay is a good one")?;
		assert!(needs.memory <= MAX_REPLAY_MEMORY);
		assert_eq!(verdict, Verdict::Wrong);
		Ok(())
	}

	#[benchmark]
	fn decide() -> Result<(), BenchmarkError> {
		let who = rich::<T>("challenger");
		let request = wrong_result::<T>(&package(1, 1));
		let result = T::Results::open_result(&request).ok_or("it is open")?;
		let terms = crate::replay::Terms::Dispute;
		let hold = HoldReason::Bond.into();
		use frame_support::traits::fungible::MutateHold;
		T::Currency::hold(&hold, &who, T::ReplayBond::get())?;

		#[block]
		{
			// The report is weighed for itself.
			Pallet::<T>::decide(
				&request,
				who,
				&result,
				VERSION,
				Verdict::Accepted,
				result.outcome.clone(),
				terms,
			)?;
		}

		assert!(Decisions::<T>::contains_key(request));
		Ok(())
	}

	#[benchmark]
	fn refuse(b: Linear<1, 2_048>) -> Result<(), BenchmarkError> {
		let who = rich::<T>("challenger");
		let bytes = vec![7u8; b as usize * 1024].try_into().map_err(|_| "at most 4 MiB")?;
		let witness = Witness { package: PackageSource::Inline(bytes), input: None };
		let effort = Effort { macs: 1, bytes: 0 };
		let refused;

		#[block]
		{
			refused = Pallet::<T>::do_replay(
				who,
				RequestId::zero(),
				witness,
				effort,
				crate::replay::Terms::Dispute,
			);
		}

		assert!(refused.is_err());
		Ok(())
	}

	#[benchmark]
	fn authorize(b: Linear<1, 2_048>) -> Result<(), BenchmarkError> {
		let package = package(1, b);
		let request = wrong_result::<T>(&package);
		let account = T::Bonds::make_validator(9);
		assert_ok!(T::Currency::mint_into(&account, FUNDS));
		let session = T::Sessions::current();
		let validator = T::Sessions::position(&account).ok_or("it is in the session")?;
		let member = T::Sessions::member(session, validator).ok_or("it has a key")?;
		let challenge = ReplayChallenge {
			genesis: Pallet::<T>::genesis(),
			request,
			session,
			validator,
			effort: Effort { macs: 100_000_000, bytes: package.len() as u32 + 4_096 },
			signer: member.key.clone(),
		};
		let signature =
			member.key.sign(&challenge.signing_payload()).ok_or("the key is in the keystore")?;
		let bytes = package.try_into().map_err(|_| "at most 4 MiB")?;
		let witness = Witness { package: PackageSource::Inline(bytes), input: None };
		let valid;

		#[block]
		{
			valid = Pallet::<T>::authorize_challenge(&challenge, &witness, &signature);
		}

		assert!(valid.is_ok());
		Ok(())
	}

	#[benchmark]
	fn stage() {
		let who = rich::<T>("challenger");

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), Hash::repeat_byte(1), 16 * 1024 * 1024);

		assert_eq!(StagedBy::<T>::get(&who), 1);
	}

	#[benchmark]
	fn stage_chunks(b: Linear<1, 512>) -> Result<(), BenchmarkError> {
		let who = rich::<T>("challenger");
		let root = Hash::repeat_byte(1);
		Pallet::<T>::do_stage(who.clone(), root, b * 1024)?;
		let id = staging_id(&who, &root);
		let bytes = vec![3u8; b as usize * 1024].try_into().map_err(|_| "at most 512 KiB")?;

		#[extrinsic_call]
		_(RawOrigin::Signed(who), id, 0, bytes);

		assert!(Pallet::<T>::staged_length(&id).is_some());
		Ok(())
	}

	#[benchmark]
	fn unstage() {
		let who = rich::<T>("challenger");
		let id = staged::<T>(&who, 1);

		#[extrinsic_call]
		_(RawOrigin::Signed(who), id);

		assert_eq!(Stagings::<T>::get(id).map(|s| s.expires_at), Some(Pallet::<T>::now()));
	}

	#[benchmark]
	fn on_initialize() {
		// Later than all buckets that one block opens, all of them empty.
		let now: BlockNumberFor<T> = 100u32.into();
		frame_system::Pallet::<T>::set_block_number(now);
		Crowded::<T>::put(true);
		let mut found = 0;

		#[block]
		{
			Pallet::<T>::on_initialize(now);
			// As many of the queues that the window clock drives, which stands still here.
			for tick in 0..u64::from(MAX_BUCKETS_PER_BLOCK) {
				found += GameDeadlines::<T>::iter_key_prefix(tick).count();
				found += DemandDeadlines::<T>::iter_key_prefix(tick).count();
			}
			Pallet::<T>::on_finalize(now);
		}

		assert_eq!(found, 0);
		assert!(Cursors::<T>::get().stagings > 0);
		assert!(!Crowded::<T>::get());
	}

	#[benchmark]
	fn remove_chunks(c: Linear<1, MAX_CHUNKS_REMOVED>) {
		let who = rich::<T>("challenger");
		let id = staged::<T>(&who, c);
		let expires = Stagings::<T>::get(id).map_or(0, |staging| staging.expires_at);
		Cursors::<T>::put(QueueCursors {
			stagings: expires,
			decisions: expires,
			games: 0,
			demands: 0,
		});

		#[block]
		{
			Pallet::<T>::act_on_what_is_due(expires.saturating_add(1));
		}

		assert_eq!(
			Chunks::<T>::iter_prefix(id).count() as u32,
			c.saturating_sub(MAX_CHUNKS_REMOVED)
		);
	}

	#[benchmark]
	fn prune_decision() {
		let request = RequestId::repeat_byte(1);
		let block: BlockNumberFor<T> = frame_system::Pallet::<T>::block_number();
		let block: u32 = block.saturated_into();
		let decision = Decision {
			verdict: Verdict::Accepted,
			challenger: account("challenger", 0, 0),
			executor: account("executor", 0, 0),
			bond_lost: 0,
			slash: 0,
			slashed_in: None,
			decided_at: 0,
		};
		Decisions::<T>::insert(request, decision);
		DecisionPrunes::<T>::insert(block, request, ());
		Cursors::<T>::put(QueueCursors {
			stagings: block + 1,
			decisions: block,
			games: 0,
			demands: 0,
		});

		#[block]
		{
			Pallet::<T>::act_on_what_is_due(block + 1);
		}

		assert!(!Decisions::<T>::contains_key(request));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
