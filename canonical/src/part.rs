//! One element of a program's run, shown to be what it is.
//!
//! Nobody has to know a whole program to check one element of one result: its **part**, operator
//! and operands with their types and shapes, is enough, with the leaves of the operands that the
//! element reads. [`Skeleton`] gives the parts of a program and the top of the tree over them:
//!
//! ```text
//! leaf(i) = H(5 | SCALE(part of node i))         nodes as everywhere: crate::commitment
//! ```
//!
//! Everything here is total: whatever bytes a proof is made of, it is checked or refused.

use crate::{
	arith,
	bounded::{program_root, take_program, Pieces},
	commitment::{
		commitment_from_top, leaf_count, leaf_hash, node_hash, top_from_path, Hash, LEAF_BYTES,
	},
	element::{element, Operands, Stop},
	infer::MAX_OPERANDS,
	op::Op,
	program::{Node, Parts, Plan, ProgramError, MAX_PROGRAM_BYTES},
	proof::MAX_LEAVES,
	tensor::{Meta, TensorType},
};
use alloc::{vec, vec::Vec};
use codec::{Decode, DecodeWithMemLimit, DecodeWithMemTracking, Encode};

/// The longest encoding of a part.
pub const MAX_PART_BYTES: usize = 128 * 1024;
/// The most memory that decoding a part takes.
const PART_MEMORY: usize = 512 * 1024;
/// The longest row that `TopK` sorts in a proof, so that no allocation is above 64 KiB.
const MAX_SORTED: u32 = 4096;
/// The most elements that the check of one proof reads.
const MAX_READS: u32 = 1 << 18;

/// Where an operand comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub enum Source {
	/// An input of the program, by number.
	#[codec(index = 0)]
	Input(u8),
	/// A constant: the commitment to it.
	#[codec(index = 1)]
	Constant(Hash),
	/// The result of a node, by number.
	#[codec(index = 2)]
	Node(u16),
}

/// An operand of a node.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub struct Operand {
	/// The number of the tensor in the program.
	pub tensor: u16,
	/// Type and shape.
	pub meta: Meta,
	/// Where it comes from.
	pub source: Source,
}

/// All that one node's results follow from, but the values of its operands.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub struct Part {
	/// The number of the node.
	pub node: u16,
	/// What it does.
	pub op: Op,
	/// Type and shape of the result.
	pub out: Meta,
	/// The operands.
	pub operands: Vec<Operand>,
	/// Whether it, or a node on the way to it, casts floats to integers: a cast that saturates
	/// excuses what would be wrong otherwise, see [`crate::bands`].
	pub casts: bool,
}

impl Part {
	/// Decodes a part, which takes bounded memory whatever the bytes are. Whether it is one of a
	/// program, its path tells.
	pub fn decode_checked(bytes: &[u8]) -> Option<Self> {
		if bytes.len() > MAX_PART_BYTES {
			return None;
		}
		let mut input = bytes;
		let part = Self::decode_with_mem_limit(&mut input, PART_MEMORY).ok()?;
		(input.is_empty() && part.operands.len() <= MAX_OPERANDS).then_some(part)
	}
}

/// The leaf of a part, from its encoding.
pub fn part_leaf(encoded: &[u8], hash: impl Fn(&[u8]) -> Hash) -> Hash {
	let mut data = vec![5u8];
	data.extend_from_slice(encoded);
	hash(&data)
}

/// The top of a tree whose leaves come one by one, with no more memory than one hash a level.
struct Top {
	tops: Vec<Hash>,
	count: u32,
}

impl Top {
	fn new() -> Self {
		Self { tops: Vec::with_capacity(32), count: 0 }
	}

	fn push(&mut self, leaf: Hash) {
		let mut top = leaf;
		for _ in 0..self.count.trailing_ones() {
			if let Some(left) = self.tops.pop() {
				top = node_hash(&left, &top);
			}
		}
		self.tops.push(top);
		self.count = self.count.saturating_add(1);
	}

	fn finish(mut self) -> Hash {
		let mut top = self.tops.pop().unwrap_or_else(|| leaf_hash(0, &[]));
		while let Some(left) = self.tops.pop() {
			top = node_hash(&left, &top);
		}
		top
	}
}

/// A program without its constants, as far as proofs about single elements need it.
#[derive(Debug)]
pub struct Skeleton {
	inputs: Vec<Meta>,
	commitments: Pieces<Hash>,
	nodes: Pieces<Node>,
	outputs: Vec<u16>,
	plan: Plan,
	/// By node.
	casts: Vec<bool>,
}

impl Skeleton {
	/// Decodes and checks a program from its encoding, in bounded memory.
	pub fn decode(program: &[u8]) -> Result<Self, ProgramError> {
		Self::decode_if(program, |_, _| true)
	}

	/// As [`Skeleton::decode`], if it has numbers of nodes, and of operands of all nodes together,
	/// that `may` accepts: what the work that follows depends on.
	pub fn decode_if(
		program: &[u8],
		may: impl FnOnce(u32, u32) -> bool,
	) -> Result<Self, ProgramError> {
		if program.len() > MAX_PROGRAM_BYTES {
			return Err(ProgramError::Malformed);
		}
		let mut input = program;
		let taken = take_program(&mut input)?;
		if !input.is_empty() {
			return Err(ProgramError::Malformed);
		}
		let operands = taken.nodes.iter().map(|node| node.operands.len() as u32).sum();
		if !may(taken.nodes.len() as u32, operands) {
			return Err(ProgramError::TooManyTensors);
		}
		let plan = Parts {
			version: taken.version,
			inputs: &taken.inputs,
			constants: taken.metas.iter(),
			nodes: taken.nodes.iter(),
			outputs: &taken.outputs,
			reserved: 0,
		}
		.plan()?;
		let first = taken.inputs.len() + taken.metas.len();
		let mut casts: Vec<bool> = Vec::with_capacity(taken.nodes.len());
		for node in taken.nodes.iter() {
			let from_floats = node
				.operands
				.first()
				.and_then(|operand| plan.metas.get(usize::from(*operand)))
				.is_some_and(|meta| meta.ty == TensorType::F32);
			let here = matches!(node.op, Op::Cast(to) if to.is_integer()) && from_floats;
			let inherited = node.operands.iter().any(|operand| {
				let node = usize::from(*operand).checked_sub(first);
				node.and_then(|node| casts.get(node)).copied().unwrap_or(false)
			});
			casts.push(here || inherited);
		}
		let (inputs, nodes, outputs) = (taken.inputs, taken.nodes, taken.outputs);
		Ok(Self { inputs, commitments: taken.commitments, nodes, outputs, plan, casts })
	}

	/// The root of the program whose encoding these bytes are, with the blake2b of a host.
	pub fn root_of(program: &[u8], hash: impl Fn(&[u8]) -> Hash) -> Hash {
		program_root(program, hash)
	}

	/// What follows from the program alone.
	pub fn plan(&self) -> &Plan {
		&self.plan
	}

	/// Types and shapes of the inputs.
	pub fn inputs(&self) -> &[Meta] {
		&self.inputs
	}

	/// How many nodes there are.
	pub fn nodes(&self) -> u32 {
		self.nodes.len() as u32
	}

	/// How many operands all nodes have together.
	pub fn operands(&self) -> u32 {
		self.nodes.iter().map(|node| node.operands.len() as u32).sum()
	}

	/// Whether every element of every result can be proved: no proof opens more than
	/// [`MAX_LEAVES`] or sorts longer rows than a proof may.
	pub fn is_provable(&self) -> bool {
		self.plan.leaves <= MAX_LEAVES
			&& self.nodes.iter().all(|node| match (&node.op, node.operands.first()) {
				(Op::TopK { axis, .. }, Some(x)) => {
					let meta = self.plan.metas.get(usize::from(*x));
					let row = meta.and_then(|meta| meta.shape.get(usize::from(*axis)));
					row.is_some_and(|row| *row <= MAX_SORTED)
				}
				_ => true,
			})
	}

	/// The tensor of this number as an operand.
	pub fn operand(&self, tensor: u16) -> Option<Operand> {
		let meta = self.plan.metas.get(usize::from(tensor))?.clone();
		let at = usize::from(tensor);
		let source = match at.checked_sub(self.inputs.len()) {
			None => Source::Input(u8::try_from(at).ok()?),
			Some(constant) => match constant.checked_sub(self.commitments.len()) {
				None => Source::Constant(*self.commitments.get(constant)?),
				Some(node) => Source::Node(u16::try_from(node).ok()?),
			},
		};
		Some(Operand { tensor, meta, source })
	}

	/// The outputs, in order, and whether a cast from floats to integers is on the way to each.
	pub fn outputs(&self) -> Vec<(Operand, bool)> {
		let with_casts = |tensor: &u16| {
			let operand = self.operand(*tensor)?;
			let casts = match operand.source {
				Source::Node(node) => self.casts.get(usize::from(node)).copied()?,
				Source::Input(_) | Source::Constant(_) => false,
			};
			Some((operand, casts))
		};
		self.outputs.iter().filter_map(with_casts).collect()
	}

	/// One part.
	pub fn part(&self, node: u32) -> Option<Part> {
		let at = node as usize;
		let Node { op, operands } = self.nodes.get(at)?;
		let first = self.inputs.len() + self.commitments.len();
		Some(Part {
			node: u16::try_from(node).ok()?,
			op: op.clone(),
			out: self.plan.metas.get(first + at)?.clone(),
			operands: operands
				.iter()
				.map(|tensor| self.operand(*tensor))
				.collect::<Option<Vec<_>>>()?,
			casts: *self.casts.get(at)?,
		})
	}

	/// The leaves of all parts, and the longest encoding.
	fn leaves<H: Fn(&[u8]) -> Hash>(
		&self,
		hash: H,
	) -> impl Iterator<Item = (Hash, usize)> + use<'_, H> {
		(0..self.nodes()).filter_map(move |node| {
			let encoded = self.part(node)?.encode();
			Some((part_leaf(&encoded, &hash), encoded.len()))
		})
	}

	/// The top of the tree over all parts, and the length of the longest encoding.
	pub fn parts_top(&self, hash: impl Fn(&[u8]) -> Hash) -> (Hash, usize) {
		let mut top = Top::new();
		let mut longest = 0;
		for (leaf, length) in self.leaves(hash) {
			top.push(leaf);
			longest = longest.max(length);
		}
		(top.finish(), longest)
	}

	/// The leaves of all parts, for paths.
	pub fn part_leaves(&self, hash: impl Fn(&[u8]) -> Hash) -> Vec<Hash> {
		self.leaves(hash).map(|(leaf, _)| leaf).collect()
	}
}

/// A leaf of a tensor, opened against its commitment.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub struct OpenedLeaf {
	/// The number of the tensor in the program.
	pub tensor: u16,
	/// Which of its leaves.
	pub leaf: u32,
	/// What is in it: exactly the bytes of its place.
	pub bytes: Vec<u8>,
	/// The path to the top of the tensor's tree.
	pub path: Vec<Hash>,
}

/// Why a proof is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
	/// There is no such element.
	NoElement,
	/// More leaves than [`MAX_LEAVES`], or not in order of tensors and leaves, each once.
	Order,
	/// A leaf of a tensor that is no operand, or one that nobody has committed to.
	Stranger,
	/// A leaf is not what its tensor is committed to, or not of the length of its place.
	Leaf,
	/// A leaf is missing.
	Missing,
	/// The proof would take too long to check.
	TooLong,
}

/// What an element is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Element {
	/// Its bits, widened with zeros.
	Value(u64),
	/// There is none: the operator traps on these operands.
	Trap,
}

/// The bytes of a leaf of a tensor of so many bytes.
pub fn leaf_length(bytes: u64, leaf: u32) -> usize {
	let start = u64::from(leaf).saturating_mul(LEAF_BYTES as u64);
	bytes.saturating_sub(start).min(LEAF_BYTES as u64) as usize
}

/// Checks one opened leaf of a tensor.
pub fn check_leaf(meta: &Meta, root: &Hash, opened: &OpenedLeaf) -> Result<(), Refused> {
	let bytes = meta.bytes();
	let count = u32::try_from(leaf_count(bytes)).map_err(|_| Refused::Leaf)?;
	if opened.leaf >= count || opened.bytes.len() != leaf_length(bytes, opened.leaf) {
		return Err(Refused::Leaf);
	}
	let leaf = leaf_hash(opened.leaf, &opened.bytes);
	let top = top_from_path(leaf, opened.leaf, count, &opened.path).ok_or(Refused::Leaf)?;
	if commitment_from_top(meta.ty, &meta.shape, bytes, None, top) != *root {
		return Err(Refused::Leaf);
	}
	Ok(())
}

/// Leaves whose order was checked.
struct Opened<'a>(&'a [OpenedLeaf]);

impl<'a> Opened<'a> {
	fn new(leaves: &'a [OpenedLeaf]) -> Result<Self, Refused> {
		let ascends = leaves.windows(2).all(|pair| match pair {
			[a, b] => (a.tensor, a.leaf) < (b.tensor, b.leaf),
			_ => true,
		});
		if !ascends || leaves.len() as u64 > MAX_LEAVES {
			return Err(Refused::Order);
		}
		Ok(Self(leaves))
	}

	/// The bits of an element as operators read them: one NaN, and a `Bool` is 0 or 1.
	fn read(&self, tensor: u16, ty: TensorType, index: u32) -> Option<u64> {
		let start = (index as usize).checked_mul(ty.size())?;
		let leaf = u32::try_from(start / LEAF_BYTES).ok()?;
		let at =
			self.0.binary_search_by(|opened| (opened.tensor, opened.leaf).cmp(&(tensor, leaf)));
		let bytes = self.0.get(at.ok()?)?.bytes.get(start % LEAF_BYTES..)?.get(..ty.size())?;
		Some(read_bits(ty, bytes))
	}
}

/// The bits of an element from its bytes, little-endian, as operators read them.
fn read_bits(ty: TensorType, bytes: &[u8]) -> u64 {
	let bits = raw_bits(bytes);
	match ty {
		TensorType::F32 => u64::from(arith::one_nan(f32::from_bits(bits as u32)).to_bits()),
		TensorType::Bool => u64::from(bits != 0),
		_ => bits,
	}
}

/// The bits of an element as they are, from its bytes, little-endian.
pub fn raw_bits(bytes: &[u8]) -> u64 {
	bytes.iter().rev().fold(0u64, |bits, byte| (bits << 8) | u64::from(*byte))
}

/// Operands of which some leaves are known.
struct Known<'a> {
	part: &'a Part,
	opened: Opened<'a>,
	reads: u32,
}

impl Operands for Known<'_> {
	fn count(&self) -> usize {
		self.part.operands.len()
	}
	fn meta(&self, operand: usize) -> Option<&Meta> {
		self.part.operands.get(operand).map(|operand| &operand.meta)
	}
	fn read(&mut self, operand: usize, index: u32) -> Result<u64, Stop> {
		self.reads = self.reads.saturating_add(1);
		if self.reads > MAX_READS {
			return Err(Stop::Missing);
		}
		let operand = self.part.operands.get(operand).ok_or(Stop::Invalid)?;
		self.opened.read(operand.tensor, operand.meta.ty, index).ok_or(Stop::Missing)
	}
}

/// What the element at `index` of a node's result is, given leaves of its operands, each checked
/// against the commitment that `root` names for its operand.
///
/// The part must be one of a checked program.
pub fn verify_element(
	part: &Part,
	index: u32,
	leaves: &[OpenedLeaf],
	root: impl Fn(&Operand) -> Option<Hash>,
) -> Result<Element, Refused> {
	if index >= part.out.count() {
		return Err(Refused::NoElement);
	}
	let opened = Opened::new(leaves)?;
	if let (Op::TopK { axis, .. }, Some(x)) = (&part.op, part.operands.first()) {
		if x.meta.shape.get(usize::from(*axis)).is_none_or(|row| *row > MAX_SORTED) {
			return Err(Refused::TooLong);
		}
	}
	for leaf in leaves {
		let operand = part.operands.iter().find(|operand| operand.tensor == leaf.tensor);
		let operand = operand.ok_or(Refused::Stranger)?;
		check_leaf(&operand.meta, &root(operand).ok_or(Refused::Stranger)?, leaf)?;
	}
	let mut known = Known { part, opened, reads: 0 };
	match element(&part.op, &part.out, index, &mut known) {
		Ok(bits) => Ok(Element::Value(bits)),
		Err(Stop::Trap) => Ok(Element::Trap),
		Err(Stop::Missing) if known.reads > MAX_READS => Err(Refused::TooLong),
		Err(Stop::Missing) => Err(Refused::Missing),
		Err(Stop::Invalid) => Err(Refused::NoElement),
	}
}

/// Whether a node is a cast from floats to integers that saturates at `index`, or meets a NaN there:
/// other engines give something else. `root` is the commitment to its operand.
///
/// The part must be one of a checked program.
pub fn verify_saturation(
	part: &Part,
	index: u32,
	leaves: &[OpenedLeaf],
	root: &Hash,
) -> Result<bool, Refused> {
	let (Op::Cast(to), Some(x)) = (&part.op, part.operands.first()) else {
		return Ok(false);
	};
	if x.meta.ty != TensorType::F32 {
		return Ok(false);
	}
	let bits = raw_bits(&verify_elements(x, index, 1, leaves, root)?);
	Ok(arith::cast_saturates(*to, f32::from_bits(bits as u32)))
}

/// The elements `from .. from + count` of a tensor, as operators read them, from leaves that are
/// all of it and checked against its commitment.
pub fn verify_elements(
	operand: &Operand,
	from: u32,
	count: u32,
	leaves: &[OpenedLeaf],
	root: &Hash,
) -> Result<Vec<u8>, Refused> {
	let end = from.checked_add(count).filter(|end| *end <= operand.meta.count());
	let end = end.ok_or(Refused::NoElement)?;
	let ty = operand.meta.ty;
	let bytes = u64::from(count).saturating_mul(ty.size() as u64);
	if bytes > MAX_LEAVES.saturating_mul(LEAF_BYTES as u64) {
		return Err(Refused::TooLong);
	}
	let opened = Opened::new(leaves)?;
	for leaf in leaves {
		if leaf.tensor != operand.tensor {
			return Err(Refused::Stranger);
		}
		check_leaf(&operand.meta, root, leaf)?;
	}
	let mut data = Vec::with_capacity(bytes as usize);
	for index in from..end {
		let bits = opened.read(operand.tensor, ty, index).ok_or(Refused::Missing)?;
		data.extend(bits.to_le_bytes().into_iter().take(ty.size()));
	}
	Ok(data)
}
