//! Proofs of single elements: each of a run's own is accepted and says what the run says; whatever
//! is altered is refused.

#![allow(clippy::unwrap_used)]

mod cases;
mod common;
mod generate;

use codec::{Decode, Encode};
use common::Dice;
use countersign_canonical::{
	commitment::{leaf_hashes, merkle_top, tensor_commitment, top_from_path, Hash},
	part::{
		part_leaf, verify_element, verify_elements, Element, OpenedLeaf, Operand, Part, Refused,
		Skeleton, Source,
	},
	trace::{group_hashes, open, ElementProof, Prover, Trace},
	Model, Tensor, Trap,
};
use generate::random;
use proptest::prelude::*;
use sp_crypto_hashing::blake2_256;

fn root_of(trace: &Trace, inputs: &[Tensor], operand: &Operand) -> Option<Hash> {
	match operand.source {
		Source::Input(at) => {
			inputs.get(usize::from(at)).map(|input| tensor_commitment(input, None))
		}
		Source::Constant(commitment) => Some(commitment),
		Source::Node(node) => trace.roots.get(usize::from(node)).copied(),
	}
}

/// Checks a proof as the chain does: the part against the top of all parts, then the element.
fn check(
	proof: &ElementProof,
	node: u32,
	(top, nodes): (Hash, u32),
	trace: &Trace,
	inputs: &[Tensor],
) -> Result<Element, Refused> {
	let leaf = part_leaf(&proof.part, blake2_256);
	if top_from_path(leaf, node, nodes, &proof.path) != Some(top) {
		return Err(Refused::Stranger);
	}
	let part = Part::decode_checked(&proof.part).unwrap();
	verify_element(&part, proof.index, &proof.leaves, |operand| root_of(trace, inputs, operand))
}

/// Alterations of a proof, none of which may pass.
fn altered(proof: &ElementProof, dice: &mut Dice) -> Vec<ElementProof> {
	let mut all = Vec::new();
	let mut add = |change: &mut dyn FnMut(&mut ElementProof)| {
		let mut other = proof.clone();
		change(&mut other);
		if other != *proof {
			all.push(other);
		}
	};
	for at in 0..proof.leaves.len() {
		let bit = dice.next();
		add(&mut |p| {
			let bytes = &mut p.leaves[at].bytes;
			let place = bit as usize / 8 % bytes.len().max(1);
			if let Some(byte) = bytes.get_mut(place) {
				*byte ^= 1 << (bit % 8);
			}
		});
		add(&mut |p| p.leaves[at].bytes.push(0));
		add(&mut |p| {
			p.leaves[at].bytes.pop();
		});
		add(&mut |p| p.leaves[at].path.push([7; 32]));
		add(&mut |p| {
			p.leaves[at].path.pop();
		});
		add(&mut |p| {
			if let Some(hash) = p.leaves[at].path.first_mut() {
				hash[3] ^= 1;
			}
		});
		add(&mut |p| p.leaves[at].leaf += 1);
		add(&mut |p| p.leaves[at].tensor = u16::MAX);
		add(&mut |p| {
			p.leaves.remove(at);
		});
		add(&mut |p| p.leaves.insert(at, p.leaves[at].clone()));
	}
	if proof.leaves.len() > 1 {
		add(&mut |p| p.leaves.reverse());
	}
	add(&mut |p| p.index = u32::MAX);
	let bit = dice.next();
	add(&mut |p| {
		let place = bit as usize / 8 % p.part.len();
		p.part[place] ^= 1 << (bit % 8);
	});
	add(&mut |p| p.path.push([0; 32]));
	all
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

	#[test]
	fn proofs_say_what_the_run_says(seed in any::<u64>()) {
		let mut dice = Dice::new(seed);
		let (package, inputs) = random(&mut dice);
		let model = Model::new(&package).unwrap();
		let trace = model.trace(&inputs);
		prop_assert_eq!(&trace.result, &model.run(&inputs));
		let prover = Prover::new(&model, &inputs).unwrap();
		let skeleton = prover.skeleton();
		let encoded = package.program.encode();
		prop_assert_eq!(Skeleton::root_of(&encoded, blake2_256), package.program.root());
		prop_assert_eq!(skeleton.plan(), model.plan());
		let (top, longest) = skeleton.parts_top(blake2_256);
		let leaves = skeleton.part_leaves(blake2_256);
		prop_assert_eq!(merkle_top(leaves), top);
		let parts = (top, skeleton.nodes());

		for node in 0..trace.roots.len() as u32 {
			let value = prover.value(prover.tensor_of(node).unwrap()).unwrap();
			prop_assert_eq!(tensor_commitment(&value, None), trace.roots[node as usize]);
			let size = value.ty.size();
			let count = (value.data.len() / size) as u32;
			prop_assert_eq!(prover.trap(node).map(|proof| proof.index), None);
			for _ in 0..count.min(4) {
				let index = dice.below(count);
				let proof = prover.element(node, index).unwrap();
				prop_assert!(proof.part.len() <= longest);
				let bytes = &value.data[index as usize * size..][..size];
				let bits = countersign_canonical::part::raw_bits(bytes);
				prop_assert_eq!(
					check(&proof, node, parts, &trace, &inputs), Ok(Element::Value(bits))
				);
				for other in altered(&proof, &mut dice) {
					prop_assert!(check(&other, node, parts, &trace, &inputs).is_err(), "{:?}", other);
				}
				// Nor against other roots, unless they are not read.
				let mut others = trace.clone();
				others.roots.iter_mut().for_each(|root| root[0] ^= 1);
				let part = skeleton.part(node).unwrap();
				let of_nodes = proof.leaves.iter().any(|leaf| {
					part.operands.iter().any(|operand| {
						operand.tensor == leaf.tensor && matches!(operand.source, Source::Node(_))
					})
				});
				prop_assert_eq!(check(&proof, node, parts, &others, &inputs).is_err(), of_nodes);
				let wrong_node = (node + 1) % parts.1;
				if wrong_node != node {
					prop_assert!(check(&proof, wrong_node, parts, &trace, &inputs).is_err());
				}
			}
			// Runs of elements.
			let operand = skeleton.operand(prover.tensor_of(node).unwrap()).unwrap();
			let all = open(operand.tensor, &value, 0..leaf_hashes(&value.data).len() as u32);
			if all.len() <= 64 {
				let root = &trace.roots[node as usize];
				prop_assert_eq!(&verify_elements(&operand, 0, count, &all, root).unwrap(), &value.data);
				prop_assert!(verify_elements(&operand, 1, count, &all, root).is_err());
				prop_assert!(verify_elements(&operand, 0, count, &all, &[9; 32]).is_err() || all.is_empty());
			}
		}
		if let Err(Trap::Operator(node)) = trace.result {
			prop_assert_eq!(node as usize, trace.roots.len());
			let proof = prover.trap(node);
			prop_assert!(proof.is_some(), "{:?} {:?}", skeleton.part(node), inputs);
			let proof = proof.unwrap();
			prop_assert_eq!(check(&proof, node, parts, &trace, &inputs), Ok(Element::Trap));
		}
		prop_assert_eq!(trace.result.is_ok(), trace.roots.len() as u32 == skeleton.nodes());
	}

	#[test]
	fn whatever_comes_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
		let _ = Part::decode_checked(&bytes);
		let _ = Skeleton::decode(&bytes);
		let _ = Vec::<OpenedLeaf>::decode(&mut &bytes[..]);
	}

	#[test]
	fn groups_have_the_top_of_their_leaves(count in 1usize..5_000, seed in any::<u8>()) {
		let leaves: Vec<Hash> = (0..count).map(|i| blake2_256(&(seed, i as u32).encode())).collect();
		prop_assert_eq!(merkle_top(group_hashes(&leaves)), merkle_top(leaves));
	}
}
