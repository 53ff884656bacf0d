//! The digest of some leaves of a trace: what shows that a program was run.
//!
//! ```text
//! draw(i)  = H(7 | seed | u32 i)                                  i in 0..16
//! position = even i: a leaf among all leaves of all results, each as likely as any other
//!            odd i: a result among all results, then a leaf of it
//! digest   = H(8 | seed | for each i: u32 node | u32 leaf | 0, or 1 | leaf hash)
//! ```
//!
//! `H` and leaf hashes are those of [`crate::commitment`]; integers are little-endian. A result
//! that the run did not reach, because an operator before it trapped, shows a 0. The leaves are
//! hashed as the results come into being, so that nothing of a trace has to be kept.

use crate::{
	commitment::{leaf_count, leaf_hash, Hash, LEAF_BYTES},
	tensor::{Meta, View},
};
use alloc::vec::Vec;
use sp_crypto_hashing::blake2_256;

/// The leaves that a digest shows.
pub const LEAVES: u32 = 16;

/// One drawn leaf.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Position {
	node: u32,
	leaf: u32,
	found: Option<Hash>,
}

/// Collects the drawn leaves of one run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Watch {
	seed: Hash,
	positions: Vec<Position>,
}

/// A number below `most` out of the bits of a hash; 0 where `most` is 0.
fn below(bits: &[u8], most: u64) -> u64 {
	let mut low = [0u8; 8];
	for (to, from) in low.iter_mut().zip(bits) {
		*to = *from;
	}
	// 64 bits scaled: the bias is below `most` / 2^64.
	((u128::from(u64::from_le_bytes(low)) * u128::from(most)) >> 64) as u64
}

impl Watch {
	/// Draws the positions in the trace of a program whose results have these types and shapes.
	pub fn new<'a>(seed: Hash, results: impl Iterator<Item = &'a Meta> + Clone) -> Self {
		let count = results.clone().count() as u64;
		let leaves = |meta: &Meta| leaf_count(meta.bytes());
		let all = results.clone().map(leaves).fold(0u64, u64::saturating_add);
		let draw = |index: u32| {
			let mut data = [0u8; 37];
			data[0] = 7;
			data[1..33].copy_from_slice(&seed);
			data[33..].copy_from_slice(&index.to_le_bytes());
			let drawn = blake2_256(&data);
			let mut node = 0u64;
			let mut leaf;
			if index.is_multiple_of(2) {
				leaf = below(&drawn, all);
				for meta in results.clone() {
					let here = leaves(meta);
					if leaf < here {
						break;
					}
					leaf -= here;
					node += 1;
				}
			} else {
				node = below(&drawn, count);
				let here = results.clone().nth(node as usize).map_or(1, leaves);
				leaf = below(&drawn[8..], here);
			}
			Position { node: node as u32, leaf: leaf as u32, found: None }
		};
		Self { seed, positions: (0..LEAVES).map(draw).collect() }
	}

	/// Looks at the result of a node.
	pub fn see(&mut self, node: u32, view: &View) {
		for position in self.positions.iter_mut().filter(|position| position.node == node) {
			let start = (position.leaf as usize).saturating_mul(LEAF_BYTES);
			let end = start.saturating_add(LEAF_BYTES).min(view.bytes.len());
			position.found = view.bytes.get(start..end).map(|leaf| leaf_hash(position.leaf, leaf));
		}
	}

	/// The digest of what was seen.
	pub fn digest(&self) -> Hash {
		let mut data = Vec::with_capacity(33 + self.positions.len() * 41);
		data.push(8u8);
		data.extend_from_slice(&self.seed);
		for Position { node, leaf, found } in &self.positions {
			data.extend_from_slice(&node.to_le_bytes());
			data.extend_from_slice(&leaf.to_le_bytes());
			match found {
				None => data.push(0),
				Some(hash) => {
					data.push(1);
					data.extend_from_slice(hash);
				}
			}
		}
		blake2_256(&data)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		op::{Binary, Op},
		program::{Node, Package, Program},
		run::Model,
		tensor::{Tensor, TensorType},
		Prepared, VERSION,
	};
	use alloc::{collections::BTreeSet, vec};
	use codec::Encode;

	/// Doubles its input so often.
	fn package(width: u32, nodes: u16) -> Package {
		let program = Program {
			version: VERSION,
			inputs: vec![Meta { ty: TensorType::F32, shape: vec![width] }],
			constants: vec![],
			// The results follow the one input: node `at` reads the result before it.
			nodes: (0..nodes)
				.map(|at| Node { op: Op::Binary(Binary::Add), operands: vec![at, at] })
				.collect(),
			outputs: vec![nodes],
		};
		Package { program, constants: vec![] }
	}

	fn input(width: u32) -> Vec<Tensor> {
		let data = (0..width).flat_map(|i| (i as f32 + 0.5).to_le_bytes()).collect();
		vec![Tensor { ty: TensorType::F32, shape: vec![width], data }]
	}

	#[test]
	fn both_ways_to_run_show_the_same_leaves() {
		let package = package(2_000, 9);
		let bytes = package.encode();
		let model = Model::new(&package).unwrap();
		let mut prepared = Prepared::from_package(&bytes).unwrap();
		let mut seen = BTreeSet::new();
		for seed in 0..20u8 {
			let (fast, digest) = model.run_audited(&input(2_000), [seed; 32]);
			let (bounded, same) = prepared.run_audited(&input(2_000), [seed; 32]);
			assert_eq!(fast.result, model.run(&input(2_000)));
			assert_eq!((&fast, digest), (&bounded, same));
			assert!(seen.insert(digest), "another seed shows other leaves");
		}
		// Another input gives other values, and so another digest.
		let mut other = input(2_000);
		other[0].data[0] ^= 1;
		assert!(!seen.contains(&model.run_audited(&other, [0; 32]).1));
	}

	#[test]
	fn what_traps_shows_what_it_reached() {
		let package = package(4, 3);
		let model = Model::new(&package).unwrap();
		let (outcome, digest) = model.run_audited(&[], [1; 32]);
		assert!(outcome.result.is_err());
		let metas = &model.plan().metas[1..];
		assert_eq!(digest, Watch::new([1; 32], metas.iter()).digest(), "nothing was reached");
		assert_ne!(digest, model.run_audited(&input(4), [1; 32]).1);
	}

	/// Every position exists, and leaves of large results are drawn more often.
	#[test]
	fn positions_are_inside_and_follow_the_sizes() {
		let metas = [
			Meta { ty: TensorType::U8, shape: vec![10 * LEAF_BYTES as u32] },
			Meta { ty: TensorType::U8, shape: vec![1] },
			Meta { ty: TensorType::U8, shape: vec![0] },
			Meta { ty: TensorType::U8, shape: vec![2 * LEAF_BYTES as u32 + 1] },
		];
		let mut counts = [0u32; 4];
		for seed in 0..200u8 {
			let watch = Watch::new([seed; 32], metas.iter());
			for (index, position) in watch.positions.iter().enumerate() {
				let meta = &metas[position.node as usize];
				assert!(u64::from(position.leaf) < leaf_count(meta.bytes()));
				if index % 2 == 0 {
					counts[position.node as usize] += 1;
				}
			}
		}
		// 1,600 draws among 15 leaves: 10, 1, 1, 3 of them.
		for (found, expected) in counts.into_iter().zip([1_067u32, 107, 107, 320]) {
			assert!(found.abs_diff(expected) < 70, "{counts:?}");
		}
	}

	/// Frozen: what auditors of one version compare.
	#[test]
	fn the_digest_is_what_it_was() {
		let model = Model::new(&package(600, 5)).unwrap();
		let found = hex::encode(model.run_audited(&input(600), [3; 32]).1);
		assert_eq!(found, "e5b447b09e1f5f1bff3cfd27debf832fc4b597ed63b253e0c76f793b18ba9f8a");
	}
}
