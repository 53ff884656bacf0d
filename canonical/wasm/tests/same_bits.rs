//! The same program gives the same bits natively, with vectors, and as WebAssembly in the node's
//! own engine without them.

#![allow(clippy::unwrap_used)]

#[path = "../../tests/cases/mod.rs"]
mod cases;
#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../../tests/generate/mod.rs"]
mod generate;
mod guest;

use codec::{Decode, Encode};
use common::Dice;
use countersign_canonical::{
	bounded::Prepared,
	commitment::tensors_commitment,
	op::Op,
	program::{Constant, Node, Package, Program},
	tensor::{Meta, Tensor, TensorType, Value},
	Model, Trap, VERSION,
};
use guest::Guest;
use std::path::PathBuf;

fn native(package: &Package, inputs: &[Tensor]) -> [u8; 32] {
	match Model::new(package).unwrap().run(inputs) {
		Ok(outputs) => tensors_commitment(&outputs),
		Err(trap) => trapped(trap),
	}
}

/// As the module commits to a trap.
fn trapped(trap: Trap) -> [u8; 32] {
	let text: Vec<i64> = format!("{trap:?}").bytes().map(i64::from).collect();
	let value = Value::from_integers(TensorType::U8, &[text.len() as u32], &text);
	tensors_commitment(&[value.to_tensor()])
}

fn square(size: u32) -> (Package, Vec<Tensor>) {
	let mut dice = Dice::new(u64::from(size));
	let count = (size * size) as usize;
	let mut matrix = || {
		let elements: Vec<f32> =
			(0..count).map(|_| dice.below(1 << 20) as f32 / 1e5 - 5.0).collect();
		Value::from_f32(&[size, size], &elements).to_tensor()
	};
	let (x, w) = (matrix(), matrix());
	let meta = Meta { ty: TensorType::F32, shape: vec![size, size] };
	let commitment = countersign_canonical::commitment::tensor_commitment(&w, None);
	let program = Program {
		version: VERSION,
		inputs: vec![meta.clone()],
		constants: vec![Constant { meta, commitment }],
		nodes: vec![Node { op: Op::MatMul { from: 0, terms: size }, operands: vec![0, 1] }],
		outputs: vec![2],
	};
	(Package { program, constants: vec![w.data] }, vec![x])
}

#[test]
fn native_and_webassembly_agree() {
	let guest = Guest::new();
	for seed in 0..2_000 {
		let (package, inputs) = generate::random(&mut Dice::new(seed));
		let bytes = package.encode();
		let expected = native(&package, &inputs);
		let chunk = [0, 1, 100, 65_536][seed as usize % 4];
		let (found, _) = guest.run(&bytes, &inputs.encode(), chunk, 0);
		assert_eq!(found, expected, "seed {seed}: {:?}", package.program);
		// The bounded run, natively.
		let mut prepared = Prepared::from_package(&bytes).unwrap();
		assert_eq!(prepared.root(), package.program.root());
		let bounded = match prepared.run(&inputs) {
			Ok(outputs) => tensors_commitment(&outputs),
			Err(trap) => trapped(trap),
		};
		assert_eq!(bounded, expected, "seed {seed}: {:?}", package.program);
	}
	let (package, inputs) = square(384);
	let (package_bytes, input_bytes) = (package.encode(), inputs.encode());
	for chunk in [0, 30_000] {
		let (found, _) = guest.run(&package_bytes, &input_bytes, chunk, 384 * 384 * 4);
		assert_eq!(found, native(&package, &inputs));
	}
}

/// Real models, where a folder of packages and inputs is given: `NAME.package` and `NAME.inputs`,
/// as `scripts/conformance` writes them. Says what each takes.
#[test]
fn real_models_agree() {
	let Some(folder) = std::env::var_os("COUNTERSIGN_PACKAGES") else {
		return;
	};
	let guest = Guest::new();
	let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
		.unwrap()
		.map(|entry| entry.unwrap().path())
		.filter(|path| path.extension().is_some_and(|extension| extension == "package"))
		.collect();
	files.sort();
	assert!(!files.is_empty());
	for file in files {
		let package_bytes = std::fs::read(&file).unwrap();
		let input_bytes = std::fs::read(file.with_extension("inputs")).unwrap();
		let package = Package::decode(&mut &package_bytes[..]).unwrap();
		let inputs = Vec::<Tensor>::decode(&mut &input_bytes[..]).unwrap();
		let model = Model::new(&package).unwrap();
		let expected = tensors_commitment(&model.run(&inputs).unwrap());
		let outputs = model.program().output_metas(model.plan());
		let largest = outputs.iter().map(|meta| meta.bytes() as usize).max().unwrap();
		let (mut replay, mut plain) = (f64::MAX, f64::MAX);
		for chunk in [65_536, 0, 0] {
			let (found, seconds) = guest.run(&package_bytes, &input_bytes, chunk, largest);
			assert_eq!(found, expected, "{}", file.display());
			replay = replay.min(seconds);
		}
		for _ in 0..5 {
			let start = guest::seconds();
			model.run(&inputs).unwrap();
			plain = plain.min(guest::seconds() - start);
		}
		let cost = model.plan().cost;
		println!(
			"{:24} {:8.3} ms in WebAssembly, {:7.3} ms natively, {} slabs, {} weighted MAC",
			file.file_stem().unwrap().to_string_lossy(),
			replay * 1e3,
			plain * 1e3,
			cost.slabs,
			cost.weighted_macs(),
		);
	}
}
