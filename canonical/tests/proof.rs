//! No element reads more leaves than its operator says.

mod cases;
mod common;

use common::Dice;
use countersign_canonical::{
	commitment::LEAF_BYTES,
	element::{element, Operands, Stop},
	infer::infer,
	op::{Op, Reduction},
	proof,
	tensor::{Meta, TensorType, Value},
};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Operands that remember which leaves were read.
struct Recorder<'a> {
	operands: &'a [Value],
	leaves: BTreeSet<(usize, usize)>,
}

impl Operands for Recorder<'_> {
	fn count(&self) -> usize {
		self.operands.len()
	}
	fn meta(&self, operand: usize) -> Option<&Meta> {
		self.operands.get(operand).map(|value| &value.meta)
	}
	fn read(&mut self, operand: usize, index: u32) -> Result<u64, Stop> {
		let value = self.operands.get(operand).ok_or(Stop::Missing)?;
		self.leaves.insert((operand, index as usize * value.meta.ty.size() / LEAF_BYTES));
		Ok(value.data.get(index))
	}
}

fn check(op: &Op, operands: &[Value], dice: &mut Dice) {
	let metas: Vec<&Meta> = operands.iter().map(|value| &value.meta).collect();
	let Ok(out) = infer(op, &metas) else {
		return;
	};
	let most = proof::leaves(op, &metas);
	for _ in 0..out.count().min(20) {
		let index = dice.below(out.count());
		let mut recorder = Recorder { operands, leaves: BTreeSet::new() };
		let _ = element(op, &out, index, &mut recorder);
		let read = recorder.leaves.len() as u64;
		assert!(read <= most, "{read} of {most}: {op:?} {metas:?}");
	}
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

	#[test]
	fn small_operators_stay_below_their_bound(seed in any::<u64>()) {
		let mut dice = Dice::new(seed);
		for _ in 0..20 {
			let (op, operands) = cases::case(&mut dice);
			check(&op, &operands, &mut dice);
		}
	}

	#[test]
	fn large_operators_stay_below_their_bound(seed in any::<u64>()) {
		let mut dice = Dice::new(seed);
		let shape: Vec<u32> = (0..4).map(|_| dice.between(1, 30)).collect();
		let ty = if dice.below(2) == 0 { TensorType::F32 } else { TensorType::I64 };
		let x = dice.value(ty, &shape);
		let axes = (0..4u8).filter(|_| dice.below(2) == 0).collect();
		check(&Op::Reduce { reduction: Reduction::Sum, axes }, std::slice::from_ref(&x), &mut dice);
		let axis = dice.below(4) as u8;
		let count = dice.below(shape[axis as usize] + 1);
		let largest = Op::TopK { axis, count, largest: true, indices: false };
		check(&largest, std::slice::from_ref(&x), &mut dice);
		let channels = dice.between(1, 300);
		let window = cases::window(&mut dice, 2);
		let mut weights = vec![dice.between(1, 3)];
		weights.extend(&window.kernel);
		weights.push(channels);
		let input = [1, dice.between(1, 8), dice.between(1, 8), channels];
		let all: u32 = weights[1..].iter().product();
		let from = dice.below(all);
		let terms = dice.below(all - from + 1);
		let op = Op::Conv { window: window.clone(), groups: 1, from, terms };
		let operands = [dice.value(TensorType::F32, &input), dice.value(TensorType::F32, &weights)];
		check(&op, &operands, &mut dice);
		let pool = Op::Pool { reduction: Reduction::Max, window };
		check(&pool, &operands[..1], &mut dice);
	}
}
