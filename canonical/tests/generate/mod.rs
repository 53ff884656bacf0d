//! Random programs with values for their inputs.

#![allow(dead_code, missing_docs, unreachable_pub)]

use crate::{cases, common::Dice};
use countersign_canonical::{
	commitment::tensor_commitment,
	infer::infer,
	op::{Binary, Op, Unary},
	program::{Constant, Node, Package, Program},
	tensor::{Meta, Tensor},
	VERSION,
};

/// A random program whose first nodes are random operators on inputs and constants, with values
/// for its inputs.
pub fn random(dice: &mut Dice) -> (Package, Vec<Tensor>) {
	let (op, operands) = loop {
		let (op, operands) = cases::case(dice);
		let metas: Vec<&Meta> = operands.iter().map(|value| &value.meta).collect();
		if infer(&op, &metas).is_ok() {
			break (op, operands);
		}
	};
	let (mut inputs, mut constants) = (vec![], vec![]);
	let mut places = Vec::new();
	for (i, operand) in operands.iter().enumerate() {
		if i > 0 && dice.below(2) == 0 {
			places.push((true, constants.len()));
			constants.push(operand.to_tensor());
		} else {
			places.push((false, inputs.len()));
			inputs.push(operand.to_tensor());
		}
	}
	let ports = inputs.len();
	let numbers = places.iter().map(|(constant, at)| if *constant { ports + at } else { *at });
	let mut nodes = vec![Node { op, operands: numbers.map(|n| n as u16).collect() }];
	let first = ports + constants.len();
	for _ in 0..dice.below(6) {
		let last = (first + nodes.len() - 1) as u16;
		let any = dice.below(u32::from(last) + 1) as u16;
		let (op, operands) = match dice.below(3) {
			0 => (Op::Unary(dice.pick(&[Unary::Neg, Unary::Exp, Unary::Relu])), vec![last]),
			1 => (Op::Binary(dice.pick(&[Binary::Add, Binary::Mul])), vec![last, any]),
			_ => (Op::Cast(dice.any_type()), vec![any]),
		};
		nodes.push(Node { op, operands });
		let program = program(&inputs, &constants, nodes.clone(), vec![last + 1]);
		if program.plan().is_err() {
			nodes.pop();
		}
	}
	let outputs = vec![(first + nodes.len() - 1) as u16];
	let program = program(&inputs, &constants, nodes, outputs);
	let data = constants.into_iter().map(|constant| constant.data).collect();
	(Package { program, constants: data }, inputs)
}

pub fn meta(tensor: &Tensor) -> Meta {
	Meta { ty: tensor.ty, shape: tensor.shape.clone() }
}

fn program(
	inputs: &[Tensor],
	constants: &[Tensor],
	nodes: Vec<Node>,
	outputs: Vec<u16>,
) -> Program {
	Program {
		version: VERSION,
		inputs: inputs.iter().map(meta).collect(),
		constants: constants
			.iter()
			.map(|tensor| Constant {
				meta: meta(tensor),
				commitment: tensor_commitment(tensor, None),
			})
			.collect(),
		nodes,
		outputs,
	}
}
