//! Elementwise operators that are run together give what they give one after the other.

mod common;

use codec::Encode;
use common::Dice;
use countersign_canonical::{
	bounded::Prepared,
	commitment::tensor_commitment,
	infer::infer,
	kernels::Threads,
	op::{Binary, Op, Reduction, Unary},
	program::{Constant, Node, Package, Program},
	tensor::{Meta, Tensor, TensorType, Value},
	Model, VERSION,
};
use std::sync::{Arc, LazyLock};

static THREADS: LazyLock<Arc<Threads>> =
	LazyLock::new(|| Arc::new(Threads::new(3, || ()).expect("threads can be started")));

const UNARY: [Unary; 8] = [
	Unary::Neg,
	Unary::Abs,
	Unary::Relu,
	Unary::Round,
	Unary::Exp,
	Unary::Sigmoid,
	Unary::Sqrt,
	Unary::IsNan,
];
const BINARY: [Binary; 8] = [
	Binary::Add,
	Binary::Sub,
	Binary::Mul,
	Binary::Div,
	Binary::Max,
	Binary::Min,
	Binary::Less,
	Binary::Pow,
];

/// A shape that broadcasts to another one, mostly as operands of real models do.
fn narrower(dice: &mut Dice, shape: &[u32]) -> Vec<u32> {
	match dice.below(8) {
		0 => vec![],
		1 => vec![1; shape.len()],
		2 => shape[shape.len() - 1..].to_vec(),
		3 => {
			let mut narrow = vec![1; shape.len()];
			narrow[shape.len() - 1] = shape[shape.len() - 1];
			narrow
		}
		4 => shape[1..].to_vec(),
		5 => dice.narrowed(shape),
		_ => shape.to_vec(),
	}
}

/// A program of many elementwise operators on one shape, whose results are read once, often, or
/// never, with something else between now and then.
fn program(dice: &mut Dice) -> (Package, Vec<Tensor>) {
	let shape = match dice.below(4) {
		0 => vec![dice.between(1, 3), dice.between(1, 60), dice.between(1, 130)],
		1 => vec![dice.between(1, 2), dice.between(1, 9000)],
		2 => vec![1, dice.between(1, 40), dice.between(1, 30), dice.pick(&[1, 8, 24, 40, 64])],
		_ => vec![dice.between(1, 5), dice.between(1, 5)],
	};
	let mut inputs = Vec::new();
	let mut constants: Vec<Tensor> = Vec::new();
	for _ in 0..dice.between(1, 4) {
		let ty = dice.any_type();
		let own = if inputs.is_empty() { shape.clone() } else { narrower(dice, &shape) };
		inputs.push(dice.value(ty, &own).to_tensor());
	}
	for _ in 0..dice.below(4) {
		let ty = dice.any_type();
		let own = narrower(dice, &shape);
		constants.push(dice.value(ty, &own).to_tensor());
	}
	let declared = inputs.iter().chain(&constants);
	let mut metas: Vec<Meta> =
		declared.map(|tensor| Meta { ty: tensor.ty, shape: tensor.shape.clone() }).collect();
	let first = metas.len();
	let mut nodes: Vec<Node> = Vec::new();
	for _ in 0..dice.between(2, 30) {
		for _ in 0..20 {
			// Mostly what came last.
			let last = metas.len() - 1;
			let any = |dice: &mut Dice| match dice.below(3) {
				0 => dice.below(metas.len() as u32) as usize,
				_ => last,
			};
			let (op, operands) = match dice.below(12) {
				0..4 => (Op::Unary(dice.pick(&UNARY)), vec![any(dice)]),
				4..9 => (Op::Binary(dice.pick(&BINARY)), vec![any(dice), any(dice)]),
				9 => (Op::Cast(dice.any_type()), vec![any(dice)]),
				10 => (Op::Select, vec![any(dice), any(dice), any(dice)]),
				_ if dice.below(3) == 0 => {
					(Op::Reduce { reduction: Reduction::Max, axes: vec![0] }, vec![any(dice)])
				}
				_ => (Op::Wrap(dice.any_type()), vec![any(dice)]),
			};
			let of: Vec<&Meta> = operands.iter().map(|at| &metas[*at]).collect();
			if let Ok(meta) = infer(&op, &of) {
				let operands = operands.into_iter().map(|at| at as u16).collect();
				nodes.push(Node { op, operands });
				metas.push(meta);
				break;
			}
		}
	}
	let last = metas.len() - 1;
	let mut outputs = vec![last as u16];
	for _ in 0..dice.below(3) {
		outputs.push((first as u32 + dice.below((last + 1 - first) as u32)) as u16);
	}
	let program = Program {
		version: VERSION,
		inputs: metas[..inputs.len()].to_vec(),
		constants: constants
			.iter()
			.map(|tensor| Constant {
				meta: Meta { ty: tensor.ty, shape: tensor.shape.clone() },
				commitment: tensor_commitment(tensor, None),
			})
			.collect(),
		nodes,
		outputs,
	};
	let constants = constants.into_iter().map(|tensor| tensor.data).collect();
	(Package { program, constants }, inputs)
}

#[test]
fn together_and_one_after_the_other() {
	for seed in 0..400 {
		let (package, inputs) = program(&mut Dice::new(seed));
		if package.program.nodes.is_empty() {
			continue;
		}
		let model = Model::new(&package).expect("a program");
		// Whoever sees every result has them computed one after the other.
		let mut seen = 0;
		let expected = model.run_traced(&inputs, |_, _| seen += 1);
		assert_eq!(seen, package.program.nodes.len());
		// Twice, so that nothing of a run is left for the next.
		for _ in 0..2 {
			assert!(model.run(&inputs) == expected, "seed {seed}: {:?}", package.program);
		}
		let encoded = package.encode();
		let mut prepared = Prepared::from_package(&encoded).expect("a package");
		let watched = prepared.run_watched(&inputs);
		assert!(watched.result == expected, "seed {seed}: {:?}", package.program);
		assert!(model.run_watched(&inputs) == watched, "seed {seed}: {:?}", package.program);
		if seed % 4 == 0 {
			let shared = model.clone().with_threads(&THREADS);
			assert!(shared.run(&inputs) == expected, "seed {seed}: {:?}", package.program);
		}
	}
}

/// So large that threads take parts of it, with casts that saturate in the last part only.
#[test]
fn parts_of_a_chain() {
	let shape = [1u32, 600, 700, 8];
	let count = shape.iter().product::<u32>();
	let mut elements: Vec<f32> = (0..count).map(|i| (i % 1000) as f32 - 500.0).collect();
	let unary = |kind, operand| Node { op: Op::Unary(kind), operands: vec![operand] };
	let binary = |kind, a, b| Node { op: Op::Binary(kind), operands: vec![a, b] };
	let bias = Value::from_f32(&[8], &[0.5, -1.0, 2.0, 0.25, 8.0, -3.5, 1.0, 0.0]).to_tensor();
	let scale = Value::from_f32(&[], &[0.125]).to_tensor();
	let constant = |tensor: &Tensor| Constant {
		meta: Meta { ty: tensor.ty, shape: tensor.shape.clone() },
		commitment: tensor_commitment(tensor, None),
	};
	let program = Program {
		version: VERSION,
		inputs: vec![Meta { ty: TensorType::F32, shape: shape.to_vec() }],
		constants: vec![constant(&bias), constant(&scale)],
		nodes: vec![
			binary(Binary::Add, 0, 1),
			binary(Binary::Mul, 3, 2),
			unary(Unary::Round, 4),
			Node { op: Op::Cast(TensorType::I8), operands: vec![5] },
			Node { op: Op::Cast(TensorType::F32), operands: vec![6] },
			binary(Binary::Max, 7, 3),
		],
		outputs: vec![8],
	};
	let package = Package { program, constants: vec![bias.data, scale.data] };
	let model = Model::new(&package).expect("a program");
	let shared = model.clone().with_threads(&THREADS);
	assert!(shared.threads().is_some());
	for saturates in [false, true] {
		if saturates {
			elements[count as usize - 9] = 1.0e6;
		}
		let input = [Value::from_f32(&shape, &elements).to_tensor()];
		let expected = model.run_traced(&input, |_, _| ());
		assert!(model.run(&input) == expected && shared.run(&input) == expected);
		assert_eq!(shared.run_watched(&input).saturated, [saturates]);
		assert_eq!(model.run_watched(&input).saturated, [saturates]);
	}
}
