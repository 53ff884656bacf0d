//! Commitments to blobs, tensors and lists of tensors.
//!
//! ```text
//! leaf(i)     = H(0 | u32 index | bytes of leaf i)           leaves of 1 KiB, the last one shorter
//! node(l, r)  = H(1 | l | r)                                 an odd last node moves up unchanged
//! commitment  = H(2 | SCALE(type, shape, length, salt) | top)
//! list        = H(3 | SCALE(Vec of commitments))
//! ```
//!
//! The same as the chain's own commitments, kept here so that this crate stands alone; the test
//! vectors below are frozen and the workspace compares both.
//!
//! `H` is blake2b with 256 bits; integers are little-endian. A blob is a tensor of type
//! [`TensorType::U8`] whose one dimension is its length. No bytes at all is one empty leaf.

use crate::tensor::{Tensor, TensorType};
use alloc::vec::Vec;
use codec::Encode;
use sp_crypto_hashing::blake2_256;

/// A hash.
pub type Hash = [u8; 32];

/// Bytes in one leaf.
pub const LEAF_BYTES: usize = 1024;

/// The hash of one leaf.
pub fn leaf_hash(index: u32, bytes: &[u8]) -> Hash {
	let mut data = Vec::with_capacity(bytes.len().saturating_add(5));
	data.push(0u8);
	data.extend_from_slice(&index.to_le_bytes());
	data.extend_from_slice(bytes);
	blake2_256(&data)
}

/// The hash of an inner node.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
	let mut data = [0u8; 65];
	data[0] = 1;
	data[1..33].copy_from_slice(left);
	data[33..].copy_from_slice(right);
	blake2_256(&data)
}

/// The hashes of all leaves of `bytes`. Never empty.
pub fn leaf_hashes(bytes: &[u8]) -> Vec<Hash> {
	if bytes.is_empty() {
		return alloc::vec![leaf_hash(0, &[])];
	}
	bytes
		.chunks(LEAF_BYTES)
		.enumerate()
		.map(|(index, leaf)| leaf_hash(index as u32, leaf))
		.collect()
}

/// The top of the tree over the leaves of `bytes`, hashed by `hash`, which is blake2b with 256
/// bits. Holds no more than one hash for each level.
pub fn merkle_top_of(bytes: &[u8], hash: impl Fn(&[u8]) -> Hash) -> Hash {
	let mut data = [0u8; LEAF_BYTES + 5];
	let mut leaf = |index: u32, bytes: &[u8]| {
		data[1..5].copy_from_slice(&index.to_le_bytes());
		data[5..5 + bytes.len()].copy_from_slice(bytes);
		hash(&data[..5 + bytes.len()])
	};
	let node = |left: &Hash, right: &Hash| {
		let mut data = [0u8; 65];
		data[0] = 1;
		data[1..33].copy_from_slice(left);
		data[33..].copy_from_slice(right);
		hash(&data)
	};
	// Tops of whole trees, from large to small, as the number of leaves so far is written in
	// binary.
	let mut tops: Vec<Hash> = Vec::with_capacity(32);
	for (index, bytes) in bytes.chunks(LEAF_BYTES).enumerate() {
		let mut top = leaf(index as u32, bytes);
		for _ in 0..index.trailing_ones() {
			if let Some(left) = tops.pop() {
				top = node(&left, &top);
			}
		}
		tops.push(top);
	}
	// What has no sibling moves up until it meets one.
	let Some(mut top) = tops.pop() else {
		return leaf(0, &[]);
	};
	while let Some(left) = tops.pop() {
		top = node(&left, &top);
	}
	top
}

/// The top of the tree over `level`; the hash of one empty leaf where `level` is empty.
pub fn merkle_top(mut level: Vec<Hash>) -> Hash {
	while level.len() > 1 {
		level = level
			.chunks(2)
			.map(|pair| match pair {
				[left, right] => node_hash(left, right),
				[single] => *single,
				_ => [0; 32],
			})
			.collect();
	}
	level.first().copied().unwrap_or_else(|| leaf_hash(0, &[]))
}

/// The path from leaf `index` to the top: the siblings met on the way up, lowest first. A level
/// in which the node has no sibling adds nothing. `None` if there is no such leaf.
pub fn merkle_path(mut level: Vec<Hash>, index: u32) -> Option<Vec<Hash>> {
	let mut index = index as usize;
	if index >= level.len() {
		return None;
	}
	let mut path = Vec::new();
	while level.len() > 1 {
		if let Some(sibling) = level.get(index ^ 1) {
			path.push(*sibling);
		}
		level = level
			.chunks(2)
			.map(|pair| match pair {
				[left, right] => node_hash(left, right),
				[single] => *single,
				_ => [0; 32],
			})
			.collect();
		index /= 2;
	}
	Some(path)
}

/// The top that `leaf` at `index` of `leaves` leaves leads to by `path`, or `None` if the path
/// does not have exactly the length that this position needs.
pub fn top_from_path(leaf: Hash, index: u32, leaves: u32, path: &[Hash]) -> Option<Hash> {
	if index >= leaves {
		return None;
	}
	let (mut index, mut width, mut node) = (index, leaves, leaf);
	let mut path = path.iter();
	while width > 1 {
		let sibling_index = index ^ 1;
		if sibling_index < width {
			let sibling = path.next()?;
			node =
				if index & 1 == 0 { node_hash(&node, sibling) } else { node_hash(sibling, &node) };
		}
		index /= 2;
		width = width.div_ceil(2);
	}
	if path.next().is_some() {
		return None;
	}
	Some(node)
}

/// The number of leaves that `length` bytes have.
pub fn leaf_count(length: u64) -> u64 {
	length.div_ceil(LEAF_BYTES as u64).max(1)
}

/// Joins a tree's top with what the bytes mean.
pub fn commitment_from_top(
	ty: TensorType,
	shape: &[u32],
	length: u64,
	salt: Option<[u8; 32]>,
	top: Hash,
) -> Hash {
	let mut data = alloc::vec![2u8];
	ty.encode_to(&mut data);
	shape.encode_to(&mut data);
	length.encode_to(&mut data);
	salt.encode_to(&mut data);
	data.extend_from_slice(&top);
	blake2_256(&data)
}

/// The commitment to one tensor.
pub fn tensor_commitment(tensor: &Tensor, salt: Option<[u8; 32]>) -> Hash {
	commitment_from_top(
		tensor.ty,
		&tensor.shape,
		tensor.data.len() as u64,
		salt,
		merkle_top_of(&tensor.data, blake2_256),
	)
}

/// The commitment to a list of tensors: a request's input, a result's output.
pub fn tensors_commitment(tensors: &[Tensor]) -> Hash {
	let each: Vec<Hash> = tensors.iter().map(|tensor| tensor_commitment(tensor, None)).collect();
	list_commitment(&each)
}

/// The commitment to a list of commitments.
pub fn list_commitment(each: &[Hash]) -> Hash {
	let mut data = alloc::vec![3u8];
	each.encode_to(&mut data);
	blake2_256(&data)
}

/// The commitment to bytes without further meaning.
pub fn blob_commitment(bytes: &[u8]) -> Hash {
	commitment_from_top(
		TensorType::U8,
		&[bytes.len() as u32],
		bytes.len() as u64,
		None,
		merkle_top_of(bytes, blake2_256),
	)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn both_ways_give_one_top() {
		let bytes: Vec<u8> = (0..70_000u32).map(|i| ((i * i) >> 7) as u8).collect();
		for length in (0..70_000).step_by(511) {
			let bytes = &bytes[..length];
			assert_eq!(merkle_top_of(bytes, blake2_256), merkle_top(leaf_hashes(bytes)));
		}
	}

	/// Frozen: a change here changes what every past result committed to.
	#[test]
	fn test_vectors_hold() {
		let bytes: Vec<u8> = (0..2500u32).map(|i| i as u8).collect();
		let tensor = Tensor {
			ty: TensorType::F32,
			shape: alloc::vec![1, 2],
			data: [1.0f32, -0.0].iter().flat_map(|v| v.to_le_bytes()).collect(),
		};
		let vectors = [
			(
				blob_commitment(b""),
				"46bf9e1873f27c72287c15ed26e8f2a7ba781a9b0cc79d18572d5a9370437ca4",
			),
			(
				blob_commitment(b"abc"),
				"837910e72b9ca85c916ab5dcd9ed9e8ee9651837fa1c31c197d94ba692dca858",
			),
			(
				blob_commitment(&bytes),
				"66c44965531b4cffb39f2078956a9dec89eef132bc7bb4a1f545508e53c76a26",
			),
			(
				tensors_commitment(&[tensor]),
				"9be958d520260a8c873fb981263d3c626617b25c2ac5a101796d4d0ceed5747b",
			),
		];
		for (found, expected) in vectors {
			assert_eq!(hex::encode(found), expected);
		}
	}
}
