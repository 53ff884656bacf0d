//! What fuzzing drives: bytes from anywhere, which are refused or run, never more.

#![allow(dead_code, missing_docs, unreachable_pub)]

use codec::{Decode, Encode};
use countersign_canonical::{
	bounded::{Chunks, Prepared},
	commitment::tensors_commitment,
	cost::Cost,
	memory::MAX_SLABS,
	program::{Package, Program},
	tensor::{Meta, Tensor},
	Model,
};

/// What is too much for one case of a fuzzer.
fn is_small(cost: &Cost) -> bool {
	cost.weighted_macs() < 50_000_000 && cost.constants < 1 << 22
}

fn inputs(metas: &[Meta], seed: &[u8]) -> Vec<Tensor> {
	let byte = |i: usize| seed.get(i % seed.len().max(1)).copied().unwrap_or(0);
	let tensor = |meta: &Meta| Tensor {
		ty: meta.ty,
		shape: meta.shape.clone(),
		data: (0..meta.bytes() as usize).map(byte).collect(),
	};
	metas.iter().map(tensor).collect()
}

/// A program alone: its constants are zeros, its inputs are made of the bytes as well.
pub fn program(bytes: &[u8]) {
	let Ok((program, plan)) = Program::decode_checked(bytes) else {
		return;
	};
	assert_eq!(program.encode(), bytes, "one program has one encoding");
	if !is_small(&plan.cost) {
		return;
	}
	let constants =
		program.constants.iter().map(|constant| vec![0; constant.meta.bytes() as usize]);
	let constants = constants.collect();
	let package = Package { program, constants };
	let Ok(model) = Model::new_unchecked(&package) else {
		return;
	};
	let inputs = inputs(&model.program().inputs, bytes);
	let found = model.run(&inputs);
	let metas = model.program().output_metas(model.plan());
	if let Ok(outputs) = &found {
		for (output, meta) in outputs.iter().zip(&metas) {
			assert_eq!((output.ty, &output.shape), (meta.ty, &meta.shape));
			assert_eq!(output.data.len() as u64, meta.bytes());
		}
	}
	bounded(&package.encode(), &inputs, &found);
}

/// A package and its inputs in one list of bytes.
pub fn package(bytes: &[u8]) {
	let Ok(mut prepared) = Prepared::from_package_unchecked(bytes) else {
		// Whoever refuses, all do; but for memory, which only bounded runs refuse for.
		return;
	};
	let decoded = Package::decode(&mut &bytes[..]).expect("a prepared package decodes");
	assert_eq!(prepared.root(), decoded.program.root());
	assert_eq!(prepared.check_constants(sp_hash).is_ok(), decoded.check_constants().is_ok());
	if !is_small(prepared.cost()) {
		return;
	}
	assert!(prepared.cost().slabs as usize <= MAX_SLABS);
	let inputs = inputs(prepared.inputs(), bytes);
	let found = prepared.run(&inputs);
	let model = Model::from_unchecked(decoded).expect("what is prepared runs");
	assert_eq!(model.run(&inputs), found);
	bounded(bytes, &inputs, &found);
}

fn sp_hash(bytes: &[u8]) -> [u8; 32] {
	sp_crypto_hashing::blake2_256(bytes)
}

/// The bounded run gives the same, and memory of an earlier run changes nothing. Nor does it where the
/// package is known already.
fn bounded(
	package: &[u8],
	inputs: &[Tensor],
	expected: &Result<Vec<Tensor>, countersign_canonical::Trap>,
) {
	let mut chunks = Chunks::new();
	let fits = package.chunks(1000).try_for_each(|chunk| chunks.push(chunk)).is_ok();
	if !fits {
		return;
	}
	if let Ok(mut prepared) = Prepared::from_chunks_unchecked(chunks) {
		let mut chunks = Chunks::new();
		let room = chunks.extend(package.len()).expect("it did fit");
		room.copy_from_slice(package);
		let mut known = Prepared::from_known_chunks(chunks).expect("it was prepared before");
		assert_eq!(&known.run(inputs), expected);
		for _ in 0..2 {
			let found = prepared.run(inputs);
			assert_eq!(&found, expected);
			assert_eq!(prepared.run_watched(inputs).result, found);
			if let Ok(outputs) = found {
				let _ = tensors_commitment(&outputs);
			}
		}
	}
}
