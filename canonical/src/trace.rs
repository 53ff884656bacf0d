//! The canonical trace of a run: a commitment to the result of every operator.
//!
//! Nothing but the commitments is kept. Whoever needs the bytes of a result, its leaves, or a proof
//! of one of its elements has the run done again and gets just these.

use crate::{
	commitment::{leaf_hashes, merkle_path, merkle_top, tensor_commitment, Hash, LEAF_BYTES},
	element::{element, Operands, Stop},
	part::{OpenedLeaf, Part, Skeleton, Source},
	run::{Model, Trap},
	tensor::{Data, Meta, Tensor},
};
use alloc::{
	collections::{BTreeMap, BTreeSet},
	vec::Vec,
};
use codec::Encode;

/// Leaves under one group hash: a group has 1 MiB.
pub const GROUP_LEAVES: usize = 1024;

/// The hashes of the groups of leaves: the tops of the trees over [`GROUP_LEAVES`] leaves each. The
/// top over them is the top over the leaves.
pub fn group_hashes(leaves: &[Hash]) -> Vec<Hash> {
	leaves.chunks(GROUP_LEAVES).map(|group| merkle_top(group.to_vec())).collect()
}

/// A commitment to everything that a run gave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trace {
	/// The commitments to the results of all nodes, in order: up to the one that trapped.
	pub roots: Vec<Hash>,
	/// What came of the run.
	pub result: Result<Vec<Tensor>, Trap>,
}

/// Bytes of tensors of a run, by number.
pub type Values = BTreeMap<u16, Tensor>;

impl Model {
	/// Runs the program and commits to the result of every node.
	pub fn trace(&self, inputs: &[Tensor]) -> Trace {
		let mut roots = Vec::with_capacity(self.program().nodes.len());
		let result = self.run_seen(inputs, |_, view| {
			let meta = view.meta;
			let top = crate::commitment::merkle_top_of(view.bytes, sp_crypto_hashing::blake2_256);
			roots.push(crate::commitment::commitment_from_top(
				meta.ty,
				&meta.shape,
				view.bytes.len() as u64,
				None,
				top,
			));
		});
		Trace { roots, result }
	}

	/// Runs the program and keeps these tensors: inputs and constants as they were given, and the
	/// results of nodes as far as the run gets.
	pub fn values(&self, inputs: &[Tensor], wanted: &BTreeSet<u16>) -> Values {
		let mut values = Values::new();
		let ports = self.program().inputs.len();
		let first = self.program().first_result();
		for tensor in wanted {
			let at = usize::from(*tensor);
			if let Some(input) = inputs.get(at).filter(|_| at < ports) {
				values.insert(*tensor, input.clone());
			} else if let Some(data) = at.checked_sub(ports).and_then(|at| self.constant(at)) {
				if let Some(Meta { ty, shape }) = self.plan().metas.get(at).cloned() {
					values.insert(*tensor, Tensor { ty, shape, data: data.to_vec() });
				}
			}
		}
		// What came of the run does not matter here.
		let _ = self.run_seen(inputs, |node, view| {
			let tensor = u16::try_from(first + node as usize).unwrap_or(u16::MAX);
			if wanted.contains(&tensor) {
				let Meta { ty, shape } = view.meta.clone();
				values.insert(tensor, Tensor { ty, shape, data: view.bytes.to_vec() });
			}
		});
		values
	}
}

/// A proof of what one element is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ElementProof {
	/// The encoding of the part.
	pub part: Vec<u8>,
	/// Its path among the parts.
	pub path: Vec<Hash>,
	/// The element.
	pub index: u32,
	/// The leaves that it reads.
	pub leaves: Vec<OpenedLeaf>,
}

/// Whole operands that remember which leaves were read.
struct Recorder<'a> {
	part: &'a Part,
	data: &'a [Data],
	leaves: BTreeSet<(u16, u32)>,
}

impl Operands for Recorder<'_> {
	fn count(&self) -> usize {
		self.part.operands.len()
	}
	fn meta(&self, operand: usize) -> Option<&Meta> {
		self.part.operands.get(operand).map(|operand| &operand.meta)
	}
	fn read(&mut self, operand: usize, index: u32) -> Result<u64, Stop> {
		let (of, data) = match (self.part.operands.get(operand), self.data.get(operand)) {
			(Some(of), Some(data)) if (index as usize) < data.len() => (of, data),
			_ => return Err(Stop::Missing),
		};
		let at = index as usize * of.meta.ty.size() / LEAF_BYTES;
		self.leaves.insert((of.tensor, at as u32));
		Ok(data.get(index))
	}
}

/// Opens leaves of a tensor.
pub fn open(tensor: u16, value: &Tensor, leaves: impl Iterator<Item = u32>) -> Vec<OpenedLeaf> {
	let hashes = leaf_hashes(&value.data);
	leaves
		.filter_map(|leaf| {
			let start = (leaf as usize).checked_mul(LEAF_BYTES)?;
			let end = start.saturating_add(LEAF_BYTES).min(value.data.len());
			Some(OpenedLeaf {
				tensor,
				leaf,
				bytes: value.data.get(start..end)?.to_vec(),
				path: merkle_path(hashes.clone(), leaf)?,
			})
		})
		.collect()
}

/// Proves elements of one run, which it does again for each question.
pub struct Prover<'a> {
	model: &'a Model,
	inputs: &'a [Tensor],
	skeleton: Skeleton,
}

impl<'a> Prover<'a> {
	/// For a run of a model on these inputs.
	pub fn new(model: &'a Model, inputs: &'a [Tensor]) -> Option<Self> {
		let skeleton = Skeleton::decode(&model.program().encode()).ok()?;
		Some(Self { model, inputs, skeleton })
	}

	/// The program without its constants.
	pub fn skeleton(&self) -> &Skeleton {
		&self.skeleton
	}

	/// The number of the tensor that a node gives.
	pub fn tensor_of(&self, node: u32) -> Option<u16> {
		u16::try_from(self.model.program().first_result() + node as usize).ok()
	}

	/// One tensor of the run.
	pub fn value(&self, tensor: u16) -> Option<Tensor> {
		self.model.values(self.inputs, &BTreeSet::from([tensor])).remove(&tensor)
	}

	/// A part and its path.
	pub fn part(&self, node: u32) -> Option<(Vec<u8>, Vec<Hash>)> {
		let leaves = self.skeleton.part_leaves(sp_crypto_hashing::blake2_256);
		Some((self.skeleton.part(node)?.encode(), merkle_path(leaves, node)?))
	}

	/// The operands of a node in this run. `None` where the run did not get so far.
	fn operands(&self, part: &Part) -> Option<(Values, Vec<Data>)> {
		let wanted = part.operands.iter().map(|operand| operand.tensor).collect();
		let values = self.model.values(self.inputs, &wanted);
		let data = part
			.operands
			.iter()
			.map(|operand| {
				let value = values.get(&operand.tensor)?;
				Data::from_bytes(value.ty, &value.data)
			})
			.collect::<Option<Vec<_>>>()?;
		Some((values, data))
	}

	/// The proof of one element of a node's result, trap or not.
	pub fn element(&self, node: u32, index: u32) -> Option<ElementProof> {
		let part = self.skeleton.part(node)?;
		let (values, data) = self.operands(&part)?;
		self.prove(&part, index, &values, &data)
	}

	fn prove(
		&self,
		part: &Part,
		index: u32,
		values: &Values,
		data: &[Data],
	) -> Option<ElementProof> {
		if index >= part.out.count() {
			return None;
		}
		let mut recorder = Recorder { part, data, leaves: BTreeSet::new() };
		match element(&part.op, &part.out, index, &mut recorder) {
			Ok(_) | Err(Stop::Trap) => {}
			Err(Stop::Missing | Stop::Invalid) => return None,
		}
		let mut leaves = Vec::new();
		for (tensor, value) in values {
			let of = recorder.leaves.iter().filter(|(of, _)| of == tensor).map(|(_, leaf)| *leaf);
			leaves.extend(open(*tensor, value, of));
		}
		let (encoded, path) = self.part(u32::from(part.node))?;
		Some(ElementProof { part: encoded, path, index, leaves })
	}

	/// The proof of an element on which a node traps, if there is one.
	pub fn trap(&self, node: u32) -> Option<ElementProof> {
		let part = self.skeleton.part(node)?;
		let (values, data) = self.operands(&part)?;
		let index = (0..part.out.count()).find(|index| {
			let mut recorder = Recorder { part: &part, data: &data, leaves: BTreeSet::new() };
			element(&part.op, &part.out, *index, &mut recorder) == Err(Stop::Trap)
		})?;
		self.prove(&part, index, &values, &data)
	}

	/// The commitment to an operand, where it does not depend on the run.
	pub fn fixed_root(&self, source: &Source) -> Option<Hash> {
		match source {
			Source::Input(at) => {
				self.inputs.get(usize::from(*at)).map(|input| tensor_commitment(input, None))
			}
			Source::Constant(commitment) => Some(*commitment),
			Source::Node(_) => None,
		}
	}
}
