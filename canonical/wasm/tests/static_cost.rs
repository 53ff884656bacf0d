//! No program takes more than its static cost says, whatever the values are: counted in WebAssembly
//! instructions, which do not depend on the machine.

#![allow(clippy::unwrap_used)]

#[path = "../../tests/cases/mod.rs"]
mod cases;
#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../../tests/generate/mod.rs"]
mod generate;
mod guest;

use codec::Encode;
use common::Dice;
use countersign_canonical::{
	op::{Op, Window},
	program::{Node, Package, Program},
	tensor::{Meta, Tensor, TensorType},
	VERSION,
};
use guest::Guest;

/// Instructions for each multiply-accumulate that is charged.
fn ratio(guest: &Guest, package: &Package, inputs: &[Tensor]) -> f64 {
	let charged = package.program.plan().unwrap().cost.weighted_macs();
	let taken = guest.instructions(&package.encode(), &inputs.encode());
	taken as f64 / charged as f64
}

/// One operator on inputs.
fn alone(op: Op, inputs: &[Tensor]) -> Package {
	let metas: Vec<Meta> = inputs.iter().map(generate::meta).collect();
	let count = metas.len() as u16;
	let program = Program {
		version: VERSION,
		inputs: metas,
		constants: vec![],
		nodes: vec![Node { op, operands: (0..count).collect() }],
		outputs: vec![count],
	};
	Package { program, constants: vec![] }
}

/// What a product of large matrices takes: what charges are in units of.
fn unit(guest: &Guest) -> f64 {
	let mut dice = Dice::new(1);
	let inputs = [(); 2].map(|()| dice.value(TensorType::F32, &[256, 256]).to_tensor());
	ratio(guest, &alone(Op::MatMul { from: 0, terms: 256 }, &inputs), &inputs)
}

#[test]
fn random_programs_stay_inside_their_cost() {
	let guest = Guest::counting();
	let most = unit(&guest);
	for seed in 0..6_000 {
		let (package, inputs) = generate::random(&mut Dice::new(seed));
		let found = ratio(&guest, &package, &inputs);
		assert!(found <= most, "{found:.2} of {most:.2}, seed {seed}: {:?}", package.program);
	}
}

/// Products and convolutions of which little is left but what comes with each batch, group or
/// position.
#[test]
fn what_is_beside_the_products_is_charged() {
	let guest = Guest::counting();
	let most = unit(&guest);
	let mut dice = Dice::new(2);
	let mut check = |op: Op, ty: TensorType, shapes: [&[u32]; 2]| {
		let inputs = shapes.map(|shape| dice.value(ty, shape).to_tensor());
		let found = ratio(&guest, &alone(op.clone(), &inputs), &inputs);
		assert!(found <= most, "{found:.2} of {most:.2}: {op:?} on {ty:?} {shapes:?}");
	};
	for ty in [TensorType::F32, TensorType::I8, TensorType::I32, TensorType::I64] {
		for terms in [0, 1, 2] {
			let op = Op::MatMul { from: 0, terms };
			check(op.clone(), ty, [&[64, 64], &[64, 64]]);
			check(op.clone(), ty, [&[1000, 1, 2], &[1000, 1, 2]]);
			check(op.clone(), ty, [&[1000, 2, 2], &[1000, 2, 2]]);
			check(op.clone(), ty, [&[10, 10, 10, 1, 1, 1, 2, 2], &[1, 1, 1, 2, 2, 2, 2, 2]]);
			check(op.clone(), ty, [&[2, 2, 2, 2, 2, 2, 8, 64], &[2, 2, 2, 2, 2, 2, 8, 64]]);
		}
		for (kernel, size, channels) in [(3, 2, 2), (3, 8, 1), (7, 6, 2), (7, 6, 1), (9, 1, 2)] {
			for (groups, spatial) in [(1, 1), (1, 3), (16, 2), (16, 3)] {
				let all = |x: u32| vec![x; spatial];
				let window = Window {
					kernel: all(kernel),
					strides: all(1),
					dilations: all(1),
					before: all(kernel / 2),
					after: all(kernel / 2),
				};
				let x = [&[1][..], &all(size), &[groups * channels]].concat();
				let w = [&[groups][..], &all(kernel), &[channels]].concat();
				for terms in [0, 1, w[1..].iter().product()] {
					let op = Op::Conv { window: window.clone(), groups, from: 0, terms };
					check(op, ty, [&x, &w]);
				}
			}
		}
	}
}
