//! Proofs of single elements, checked as WebAssembly in the node's own engine: the same answers as
//! natively, and no large allocation.

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
	commitment::tensor_commitment,
	op::{Op, Reduction, Unary},
	part::{raw_bits, Part, Source},
	program::{Node, Package, Program},
	tensor::{Meta, Tensor, TensorType},
	trace::{ElementProof, Prover, Trace},
	Model, VERSION,
};
use guest::Guest;
use sp_crypto_hashing::blake2_256;

/// The proof as the module takes it.
fn encoded(proof: &ElementProof, trace: &Trace, inputs: &[Tensor]) -> Vec<u8> {
	let part = Part::decode_checked(&proof.part).unwrap();
	let roots: Vec<(u16, [u8; 32])> = part
		.operands
		.iter()
		.filter_map(|operand| {
			let root = match operand.source {
				Source::Input(at) => tensor_commitment(&inputs[usize::from(at)], None),
				Source::Constant(commitment) => commitment,
				Source::Node(node) => *trace.roots.get(usize::from(node))?,
			};
			Some((operand.tensor, root))
		})
		.collect();
	(&proof.part, proof.index, &proof.leaves, roots).encode()
}

#[test]
fn native_and_webassembly_agree_about_elements() {
	let guest = Guest::new();
	for seed in 0..500 {
		let mut dice = Dice::new(seed);
		let (package, inputs) = generate::random(&mut dice);
		let model = Model::new(&package).unwrap();
		let trace = model.trace(&inputs);
		let prover = Prover::new(&model, &inputs).unwrap();
		let (top, _) = prover.skeleton().parts_top(blake2_256);
		let program = package.program.encode();
		for node in 0..trace.roots.len() as u32 {
			let value = prover.value(prover.tensor_of(node).unwrap()).unwrap();
			let size = value.ty.size();
			let count = (value.data.len() / size) as u32;
			if count == 0 {
				continue;
			}
			let index = dice.below(count);
			let proof = prover.element(node, index).unwrap();
			let (found, _) = guest.element(&program, &encoded(&proof, &trace, &inputs));
			let mut expected = top.to_vec();
			let bits = raw_bits(&value.data[index as usize * size..][..size]);
			expected.extend_from_slice(&bits.to_le_bytes());
			assert_eq!(found.unwrap()[..], expected[..], "seed {seed}, node {node}");
			let mut altered = proof.clone();
			if let Some(byte) = altered.leaves.first_mut().and_then(|leaf| leaf.bytes.first_mut()) {
				*byte ^= 1;
				let (found, _) = guest.element(&program, &encoded(&altered, &trace, &inputs));
				assert_eq!(found, None);
			}
		}
		if trace.result.is_err() {
			let proof = prover.trap(trace.roots.len() as u32).unwrap();
			let (found, _) = guest.element(&program, &encoded(&proof, &trace, &inputs));
			assert_eq!(found.unwrap()[32..], [0xff; 8]);
		}
	}
}

/// The largest programs and the largest proofs, for the weights.
#[test]
fn the_largest_stay_in_their_memory() {
	let guest = Guest::new();
	let floats = |shape: &[u32]| Meta { ty: TensorType::F32, shape: shape.to_vec() };
	// As many operators as there may be, and as many operands as fit the encoding.
	let chain = |operands: usize, nodes: usize| {
		let node = match operands {
			1 => Node { op: Op::Unary(Unary::Neg), operands: vec![0] },
			_ => Node { op: Op::Concat { axis: 0 }, operands: vec![0; operands] },
		};
		Program {
			version: VERSION,
			inputs: vec![floats(&[1])],
			constants: vec![],
			nodes: vec![node; nodes],
			outputs: vec![nodes as u16],
		}
	};
	let inputs = vec![Tensor { ty: TensorType::F32, shape: vec![1], data: vec![0; 4] }];
	for (operands, nodes) in [(1, 4_000), (1_000, 500), (1, 2)] {
		let package = Package { program: chain(operands, nodes), constants: vec![] };
		let model = Model::new(&package).unwrap();
		let trace = model.trace(&inputs);
		let prover = Prover::new(&model, &inputs).unwrap();
		let proof = prover.element(nodes as u32 - 1, 0).unwrap();
		let program = package.program.encode();
		let (found, seconds) = guest.element(&program, &encoded(&proof, &trace, &inputs));
		assert!(found.is_some());
		println!(
			"{nodes} operators of {operands} operands, {} bytes: {:.2} ms",
			program.len(),
			seconds * 1e3
		);
	}
	// A sum over as many leaves as a proof opens.
	let count = 62 * 1024;
	let program = Program {
		version: VERSION,
		inputs: vec![Meta { ty: TensorType::U8, shape: vec![count] }],
		constants: vec![],
		nodes: vec![Node {
			op: Op::Reduce { reduction: Reduction::Sum, axes: vec![0] },
			operands: vec![0],
		}],
		outputs: vec![1],
	};
	let package = Package { program, constants: vec![] };
	let data = vec![1; count as usize];
	let inputs = vec![Tensor { ty: TensorType::U8, shape: vec![count], data }];
	let model = Model::new(&package).unwrap();
	let trace = model.trace(&inputs);
	let prover = Prover::new(&model, &inputs).unwrap();
	let proof = prover.element(0, 0).unwrap();
	let program = package.program.encode();
	let (found, seconds) = guest.element(&program, &encoded(&proof, &trace, &inputs));
	assert!(found.is_some());
	println!("a proof of {} leaves: {:.2} ms", proof.leaves.len(), seconds * 1e3);
}
