//! Programs from anywhere: refused or run, never more.

#![allow(clippy::unwrap_used)]

mod cases;
mod common;
mod generate;

use codec::Encode;
use common::Dice;
use countersign_canonical::{
	commitment::tensor_commitment,
	infer::Misfit,
	op::{Binary, Op, Unary},
	program::{Constant, Node, Package, Program, ProgramError, MAX_TENSORS},
	tensor::{Meta, Tensor, TensorType, Value},
	Model, Trap, VERSION,
};
use generate::{meta, random};
use proptest::prelude::*;

/// Zeros for whatever a program takes.
fn zeros(program: &Program) -> Vec<Tensor> {
	program
		.inputs
		.iter()
		.map(|meta| Tensor {
			ty: meta.ty,
			shape: meta.shape.clone(),
			data: vec![0; meta.bytes() as usize],
		})
		.collect()
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

	#[test]
	fn a_program_gives_an_output_or_a_trap(seed in any::<u64>()) {
		let mut dice = Dice::new(seed);
		let (package, inputs) = random(&mut dice);
		let encoded = package.encode();
		let model = Model::decode(&encoded).unwrap();
		let root = model.program().root();
		prop_assert_eq!(Program::decode_checked(&package.program.encode()).unwrap().0.root(), root);
		let metas = model.program().output_metas(model.plan());
		match model.run(&inputs) {
			Ok(outputs) => {
				prop_assert_eq!(outputs.len(), metas.len());
				for (output, meta) in outputs.iter().zip(metas) {
					prop_assert_eq!(&meta, &Meta { ty: output.ty, shape: output.shape.clone() });
					prop_assert!(Value::from_tensor(output).is_some());
				}
				prop_assert_eq!(model.run(&inputs).unwrap(), outputs);
			},
			Err(trap) => {
				prop_assert!(matches!(trap, Trap::Operator(_)));
				prop_assert_eq!(model.run(&inputs), Err(trap));
			},
		}
	}

	#[test]
	fn broken_programs_never_panic(seed in any::<u64>()) {
		let mut dice = Dice::new(seed);
		let (package, _) = random(&mut dice);
		let original = package.program.encode();
		for _ in 0..40 {
			let mut bytes = original.clone();
			for _ in 0..=dice.below(3) {
				let at = dice.below(bytes.len() as u32) as usize;
				match dice.below(4) {
					0 => bytes[at] = dice.next() as u8,
					1 => bytes[at] ^= 1 << dice.below(8),
					2 => bytes.insert(at, dice.next() as u8),
					_ => {
						bytes.remove(at);
					},
				}
				if bytes.is_empty() {
					bytes.push(0);
				}
			}
			let Ok((program, plan)) = Program::decode_checked(&bytes) else {
				continue;
			};
			// Whatever is still a program runs, if it is not too much for a test.
			if plan.cost.weighted_macs() > 20_000_000 || plan.cost.peak > 1 << 24 {
				continue;
			}
			if program.constants.iter().any(|constant| constant.meta.bytes() > 1 << 20) {
				continue;
			}
			let constants =
				program.constants.iter().map(|c| vec![0; c.meta.bytes() as usize]).collect();
			let model = Model::new_unchecked(&Package { program, constants }).unwrap();
			let _ = model.run(&zeros(model.program()));
		}
	}

	#[test]
	fn random_bytes_are_no_program(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
		let _ = Program::decode_checked(&bytes);
		let _ = Model::decode(&bytes);
	}
}

fn floats(shape: &[u32]) -> Meta {
	Meta { ty: TensorType::F32, shape: shape.to_vec() }
}

/// One input of this shape through one operator.
fn single(op: Op, shape: &[u32]) -> Program {
	Program {
		version: VERSION,
		inputs: vec![floats(shape)],
		constants: vec![],
		nodes: vec![Node { op, operands: vec![0] }],
		outputs: vec![1],
	}
}

#[test]
fn what_is_no_program_is_named() {
	let relu = || Op::Unary(Unary::Relu);
	assert!(single(relu(), &[2]).plan().is_ok());

	let unknown = Program { version: 9, ..single(relu(), &[2]) };
	assert_eq!(unknown.plan().unwrap_err(), ProgramError::UnknownVersion);

	let mut dangling = single(relu(), &[2]);
	dangling.nodes[0].operands = vec![1];
	assert_eq!(dangling.plan().unwrap_err(), ProgramError::Dangling(0));

	let no_output = Program { outputs: vec![], ..single(relu(), &[2]) };
	assert_eq!(no_output.plan().unwrap_err(), ProgramError::Ports);
	let wrong_output = Program { outputs: vec![2], ..single(relu(), &[2]) };
	assert_eq!(wrong_output.plan().unwrap_err(), ProgramError::Dangling(1));

	let overflow = single(relu(), &[1 << 16, 1 << 16]);
	assert_eq!(overflow.plan().unwrap_err(), ProgramError::Declaration(0));
	let large = single(relu(), &[1 << 23]);
	assert_eq!(large.plan().unwrap_err(), ProgramError::TooLarge(0));
	let grows = single(Op::Expand { shape: vec![1 << 23] }, &[1]);
	assert_eq!(grows.plan().unwrap_err(), ProgramError::TooLarge(0));

	let wrong_type = single(Op::Unary(Unary::Not), &[2]);
	assert_eq!(wrong_type.plan().unwrap_err(), ProgramError::Misfit(0, Misfit::Type));

	let mut many = single(relu(), &[1]);
	many.nodes = vec![many.nodes[0].clone(); MAX_TENSORS];
	assert_eq!(many.plan().unwrap_err(), ProgramError::TooManyTensors);

	let long = vec![0u8; 2 * 1024 * 1024];
	assert_eq!(Program::decode_checked(&long).unwrap_err(), ProgramError::Malformed);
	let mut followed = single(relu(), &[2]).encode();
	followed.push(0);
	assert_eq!(Program::decode_checked(&followed).unwrap_err(), ProgramError::Malformed);
}

#[test]
fn constants_must_be_what_the_program_names() {
	let tensor = Value::from_f32(&[2], &[1.0, 2.0]).to_tensor();
	let mut program = single(Op::Binary(Binary::Add), &[2]);
	program.constants =
		vec![Constant { meta: meta(&tensor), commitment: tensor_commitment(&tensor, None) }];
	program.nodes[0].operands = vec![0, 1];
	program.outputs = vec![2];
	let package = Package { program, constants: vec![tensor.data.clone()] };
	let model = Model::new(&package).unwrap();
	let input = Value::from_f32(&[2], &[0.5, -2.0]).to_tensor();
	let output = model.run(&[input]).unwrap();
	assert_eq!(output, vec![Value::from_f32(&[2], &[1.5, 0.0]).to_tensor()]);
	assert_eq!(model.run(&[]), Err(Trap::BadInput));
	assert_eq!(model.run(&[Value::from_f32(&[1], &[0.5]).to_tensor()]), Err(Trap::BadInput));

	let mut changed = package.clone();
	changed.constants[0][0] ^= 1;
	assert_eq!(Model::new(&changed).unwrap_err(), ProgramError::Constant(0));
	let mut shorter = package.clone();
	shorter.constants[0].pop();
	assert_eq!(Model::new(&shorter).unwrap_err(), ProgramError::Constant(0));
	let missing = Package { constants: vec![], ..package };
	assert_eq!(Model::new(&missing).unwrap_err(), ProgramError::Constant(0));
}

#[test]
fn saturated_casts_are_told_for_what_depends_on_them() {
	let cast = |operand| Node { op: Op::Cast(TensorType::I32), operands: vec![operand] };
	let back = |operand| Node { op: Op::Cast(TensorType::F32), operands: vec![operand] };
	let mut program = single(Op::Unary(Unary::Neg), &[2]);
	program.inputs.push(floats(&[2]));
	program.nodes =
		vec![cast(0), cast(1), back(2), Node { op: Op::Binary(Binary::Add), operands: vec![4, 1] }];
	program.outputs = vec![0, 3, 5, 2];
	let model = Model::new(&Package { program, constants: vec![] }).unwrap();
	let run = |x: f32, y: f32| {
		let inputs = [Value::from_f32(&[2], &[x, 1.0]), Value::from_f32(&[2], &[1.0, y])]
			.map(|x| x.to_tensor());
		let outcome = model.run_watched(&inputs);
		assert_eq!(outcome.result, model.run(&inputs));
		outcome.saturated
	};
	assert_eq!(run(1.0, 1.0), [false; 4]);
	assert_eq!(run(3e9, 1.0), [false, false, true, true]);
	assert_eq!(run(1.0, f32::NAN), [false, true, false, false]);
	assert_eq!(run(-2_147_483_648.0, 2_147_483_520.0), [false; 4]);
	assert_eq!(model.run_watched(&[]).saturated, [false; 0]);

	let mut picks = single(Op::Cast(TensorType::I32), &[]);
	picks.inputs.push(floats(&[2]));
	picks.nodes.push(Node { op: Op::Gather { axis: 0 }, operands: vec![1, 2] });
	picks.nodes[0].operands = vec![0];
	picks.outputs = vec![3];
	let model = Model::new(&Package { program: picks, constants: vec![] }).unwrap();
	for (at, saturated) in [(2.0, false), (1e10, true)] {
		let inputs = [Value::from_f32(&[], &[at]), Value::from_f32(&[2], &[1.0, 2.0])];
		let outcome = model.run_watched(&inputs.map(|x| x.to_tensor()));
		assert_eq!(outcome.result, Err(Trap::Operator(1)));
		assert_eq!(outcome.saturated, [saturated]);
	}
}
