//! One hash over the results of many random operators, and one over those of random programs.

#![allow(dead_code, missing_docs, unreachable_pub)]

use crate::{cases, common::Dice, generate};
use core::ops::Range;
use countersign_canonical::{
	commitment::{tensor_commitment, tensors_commitment, Hash},
	infer::infer,
	kernels::compute,
	tensor::{Meta, Tensor, TensorType, Value},
	Model, Trap,
};

/// The commitments to the results of many random operators, chained.
pub fn operators(seeds: Range<u64>) -> String {
	let mut state = [0u8; 32];
	for seed in seeds {
		let mut dice = Dice::new(seed);
		let (op, operands) = cases::case(&mut dice);
		let metas: Vec<&Meta> = operands.iter().map(|value| &value.meta).collect();
		let Ok(meta) = infer(&op, &metas) else {
			continue;
		};
		let references: Vec<&Value> = operands.iter().collect();
		let result = match compute(&op, &meta, &references) {
			Ok(data) => tensor_commitment(&Value { meta, data }.to_tensor(), Some(state)),
			Err(_) => tensor_commitment(&Value::from_f32(&[], &[0.0]).to_tensor(), Some(state)),
		};
		state = result;
	}
	hex(&state)
}

/// The commitments to what many random programs give, chained; their roots too.
pub fn programs(seeds: Range<u64>) -> String {
	let mut all = Vec::new();
	for seed in seeds {
		let (package, inputs) = generate::random(&mut Dice::new(seed));
		let model = Model::new(&package).expect("a program");
		all.extend(model.program().root());
		all.extend(outcome(&model.run(&inputs)));
	}
	let value = Tensor { ty: TensorType::U8, shape: vec![all.len() as u32], data: all };
	hex(&tensor_commitment(&value, None))
}

/// A commitment to outputs, or to a trap.
pub fn outcome(found: &Result<Vec<Tensor>, Trap>) -> Hash {
	match found {
		Ok(outputs) => tensors_commitment(outputs),
		Err(trap) => trapped(*trap),
	}
}

/// As the WebAssembly module commits to a trap.
pub fn trapped(trap: Trap) -> Hash {
	let text: Vec<i64> = format!("{trap:?}").bytes().map(i64::from).collect();
	let value = Value::from_integers(TensorType::U8, &[text.len() as u32], &text);
	tensors_commitment(&[value.to_tensor()])
}

pub fn hex(bytes: &[u8]) -> String {
	bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
