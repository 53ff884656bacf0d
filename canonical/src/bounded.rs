//! Running a package in bounded memory, as the runtime does: inside at most
//! [`MAX_SLABS`] slabs of exactly [`crate::memory::SLAB_BYTES`], the package included where it is
//! loaded by chunks, and with no other allocation above [`crate::memory::MAX_OTHER_BYTES`] but the
//! outputs themselves.
//! What does not fit is refused before it runs.
//!
//! Constants are read where they lie in the package and never copied.

use crate::{
	commitment::{commitment_from_top, merkle_top_of, Hash},
	cost::Cost,
	digest::Watch,
	memory::{Arena, MAX_SLABS},
	program::{
		Constant, Node, Parts, Plan, ProgramError, MAX_PORTS, MAX_PROGRAM_BYTES, MAX_TENSORS,
	},
	run::{outcome, Constants, Outcome, Run, Trap},
	tensor::{is_normal, Meta, Tensor, View},
};
use alloc::{vec, vec::Vec};
use codec::{Compact, Decode, DecodeWithMemLimit, Encode};
use sp_crypto_hashing::blake2_256;

/// Nodes, or other things, that are kept in one allocation.
const AT_ONCE: usize = 256;
/// The most memory that decoding one part of a program takes.
const PART_BYTES: usize = 32 * 1024;

/// The encoding of a package, put together from chunks inside a slab.
#[derive(Debug, Default)]
pub struct Chunks {
	arena: Arena,
	length: usize,
}

impl Chunks {
	/// Nothing yet.
	pub fn new() -> Self {
		Self::default()
	}

	/// Adds the next chunk; refuses what does not fit into one slab.
	pub fn push(&mut self, chunk: &[u8]) -> Result<(), ProgramError> {
		self.extend(chunk.len())?.copy_from_slice(chunk);
		Ok(())
	}

	/// Room for the next `length` bytes, to be written in place; refuses what does not fit into one
	/// slab.
	pub fn extend(&mut self, length: usize) -> Result<&mut [u8], ProgramError> {
		let start = self.length;
		let room = self.arena.extend_first(start, length).ok_or(ProgramError::Memory)?;
		self.length = start.saturating_add(length);
		Ok(room)
	}
}

/// Where the encoding of a package is.
#[derive(Debug)]
enum Source<'a> {
	Given(&'a [u8]),
	/// This many bytes at the beginning of the first slab.
	Slab(usize),
}

/// A package ready to run in bounded memory.
#[derive(Debug)]
pub struct Prepared<'a> {
	source: Source<'a>,
	arena: Arena,
	inputs: Vec<Meta>,
	nodes: Nodes,
	outputs: Vec<u16>,
	plan: Plan,
	/// Where each constant lies in the package: start and length.
	constants: Vec<(u32, u32)>,
	/// The end of the program in the package, and where the declarations of constants begin.
	program_bytes: usize,
	declared: usize,
}

/// A list in allocations of bounded size.
#[derive(Clone, Debug)]
pub(crate) struct Pieces<T> {
	parts: Vec<Vec<T>>,
	count: usize,
}

impl<T> Default for Pieces<T> {
	fn default() -> Self {
		Self { parts: Vec::new(), count: 0 }
	}
}

impl<T> Pieces<T> {
	fn push(&mut self, item: T) {
		if self.count.is_multiple_of(AT_ONCE) {
			self.parts.push(Vec::with_capacity(AT_ONCE));
		}
		if let Some(part) = self.parts.last_mut() {
			part.push(item);
			self.count += 1;
		}
	}

	pub(crate) fn len(&self) -> usize {
		self.count
	}

	pub(crate) fn get(&self, at: usize) -> Option<&T> {
		self.parts.get(at / AT_ONCE)?.get(at % AT_ONCE)
	}

	pub(crate) fn iter(&self) -> PiecesIter<'_, T> {
		PiecesIter { pieces: self, at: 0 }
	}
}

/// The operators of a program.
type Nodes = Pieces<Node>;

pub(crate) struct PiecesIter<'a, T> {
	pieces: &'a Pieces<T>,
	at: usize,
}

impl<T> Clone for PiecesIter<'_, T> {
	fn clone(&self) -> Self {
		Self { pieces: self.pieces, at: self.at }
	}
}

impl<'a, T> Iterator for PiecesIter<'a, T> {
	type Item = &'a T;

	fn next(&mut self) -> Option<&'a T> {
		let found = self.pieces.get(self.at)?;
		self.at += 1;
		Some(found)
	}

	fn size_hint(&self) -> (usize, Option<usize>) {
		let left = self.pieces.count.saturating_sub(self.at);
		(left, Some(left))
	}
}

impl<T> ExactSizeIterator for PiecesIter<'_, T> {}

/// Decodes one part of a program, which takes little memory whatever the bytes are.
fn part<T: DecodeWithMemLimit>(input: &mut &[u8]) -> Result<T, ProgramError> {
	T::decode_with_mem_limit(input, PART_BYTES).map_err(|_| ProgramError::Malformed)
}

/// Decodes the length of a list.
fn length(input: &mut &[u8], most: usize) -> Result<usize, ProgramError> {
	let Compact(length) = Compact::<u32>::decode(input).map_err(|_| ProgramError::Malformed)?;
	match length as usize {
		length if length > most => Err(ProgramError::TooManyTensors),
		length => Ok(length),
	}
}

/// A program taken apart.
pub(crate) struct TakenProgram {
	pub(crate) version: u16,
	pub(crate) inputs: Vec<Meta>,
	/// Of the constants.
	pub(crate) metas: Vec<Meta>,
	/// To the constants.
	pub(crate) commitments: Pieces<Hash>,
	pub(crate) nodes: Pieces<Node>,
	pub(crate) outputs: Vec<u16>,
	/// Where the declarations of constants begin.
	declared: usize,
}

/// Takes a program off the beginning of `input`.
pub(crate) fn take_program(input: &mut &[u8]) -> Result<TakenProgram, ProgramError> {
	let whole = input.len();
	let version = part::<u16>(input)?;
	let count = length(input, MAX_TENSORS)?;
	if !(1..=MAX_PORTS).contains(&count) {
		return Err(ProgramError::Ports);
	}
	let inputs = (0..count).map(|_| part(input)).collect::<Result<Vec<Meta>, _>>()?;
	let declared = whole - input.len();
	let count = length(input, MAX_TENSORS)?;
	let mut metas = Vec::with_capacity(count);
	let mut commitments = Pieces::default();
	for _ in 0..count {
		let constant = part::<Constant>(input)?;
		metas.push(constant.meta);
		commitments.push(constant.commitment);
	}
	let mut nodes = Nodes::default();
	for _ in 0..length(input, MAX_TENSORS)? {
		nodes.push(part(input)?);
	}
	let outputs: Vec<u16> = part(input)?;
	if whole - input.len() > MAX_PROGRAM_BYTES {
		return Err(ProgramError::Malformed);
	}
	Ok(TakenProgram { version, inputs, metas, commitments, nodes, outputs, declared })
}

/// A package taken apart.
struct Taken {
	version: u16,
	inputs: Vec<Meta>,
	metas: Vec<Meta>,
	nodes: Nodes,
	outputs: Vec<u16>,
	constants: Vec<(u32, u32)>,
	program_bytes: usize,
	declared: usize,
}

/// Takes a package apart. Whether its constants hold one NaN and nothing but bits as `Bool` is only
/// looked at where it is not `known`.
fn take(package: &[u8], known: bool) -> Result<Taken, ProgramError> {
	let mut input = package;
	let left = |input: &[u8]| package.len() - input.len();
	let TakenProgram { version, inputs, metas, nodes, outputs, declared, .. } =
		take_program(&mut input)?;
	let program_bytes = left(input);
	if length(&mut input, MAX_TENSORS)? != metas.len() {
		return Err(ProgramError::Constant(metas.len() as u32));
	}
	let mut constants = Vec::with_capacity(metas.len());
	for (number, meta) in metas.iter().enumerate() {
		let wrong = ProgramError::Constant(number as u32);
		let Compact(bytes) = Compact::<u32>::decode(&mut input).map_err(|_| wrong)?;
		let start = left(input);
		let data = input.split_at_checked(bytes as usize);
		let (data, rest) = data.ok_or(ProgramError::Malformed)?;
		if data.len() as u64 != meta.bytes() || !(known || is_normal(meta.ty, data)) {
			return Err(wrong);
		}
		constants.push((u32::try_from(start).map_err(|_| ProgramError::Memory)?, bytes));
		input = rest;
	}
	if !input.is_empty() {
		return Err(ProgramError::Malformed);
	}
	Ok(Taken { version, inputs, metas, nodes, outputs, constants, program_bytes, declared })
}

/// The root of a program from its encoding, with the blake2b of a host for its leaves.
pub fn program_root(program: &[u8], hash: impl Fn(&[u8]) -> Hash) -> Hash {
	let length = program.len();
	let ty = crate::tensor::TensorType::U8;
	let top = merkle_top_of(program, hash);
	let commitment = commitment_from_top(ty, &[length as u32], length as u64, None, top);
	let mut data = vec![4u8];
	crate::VERSION.encode_to(&mut data);
	data.extend_from_slice(&commitment);
	blake2_256(&data)
}

impl<'a> Prepared<'a> {
	/// Decodes a package and checks all of it: limits, types, shapes, that it fits into
	/// [`MAX_SLABS`] slabs, and each constant against its commitment.
	pub fn from_package(package: &'a [u8]) -> Result<Self, ProgramError> {
		let prepared = Self::from_package_unchecked(package)?;
		prepared.check_constants(blake2_256)?;
		Ok(prepared)
	}

	/// As [`Prepared::from_package`], for constants that were checked against their commitments
	/// before.
	pub fn from_package_unchecked(package: &'a [u8]) -> Result<Self, ProgramError> {
		Self::new(take(package, false)?, Source::Given(package), Arena::default())
	}

	/// As [`Prepared::from_package_unchecked`], from chunks. The package and what a run takes share
	/// the slabs.
	pub fn from_chunks_unchecked(chunks: Chunks) -> Result<Prepared<'static>, ProgramError> {
		Self::from_chunks(chunks, false)
	}

	/// As [`Prepared::from_chunks_unchecked`], for a package that was prepared before without a
	/// mistake, and whose bytes have been out of reach since: the elements of its constants are not
	/// read again.
	pub fn from_known_chunks(chunks: Chunks) -> Result<Prepared<'static>, ProgramError> {
		Self::from_chunks(chunks, true)
	}

	fn from_chunks(chunks: Chunks, known: bool) -> Result<Prepared<'static>, ProgramError> {
		let Chunks { arena, length } = chunks;
		let taken = take(arena.in_first_slab(0..length), known)?;
		Prepared::new(taken, Source::Slab(length), arena)
	}

	fn new(taken: Taken, source: Source<'a>, arena: Arena) -> Result<Self, ProgramError> {
		let Taken { version, inputs, metas, nodes, outputs, constants, program_bytes, declared } =
			taken;
		let reserved = match source {
			Source::Given(_) => 0,
			Source::Slab(length) => length as u64,
		};
		let parts = Parts {
			version,
			inputs: &inputs,
			constants: metas.iter(),
			nodes: nodes.iter(),
			outputs: &outputs,
			reserved,
		};
		let plan = parts.plan()?;
		if plan.cost.slabs as usize > MAX_SLABS {
			return Err(ProgramError::Memory);
		}
		Ok(Self { source, arena, inputs, nodes, outputs, plan, constants, program_bytes, declared })
	}

	fn package(&self) -> &[u8] {
		match self.source {
			Source::Given(package) => package,
			Source::Slab(length) => self.arena.in_first_slab(0..length),
		}
	}

	/// Checks each constant against its commitment. `hash` is blake2b with 256 bits; a runtime gives
	/// its host's.
	pub fn check_constants(&self, hash: impl Fn(&[u8]) -> Hash) -> Result<(), ProgramError> {
		let package = self.package();
		let mut declared = package.get(self.declared..).unwrap_or_default();
		length(&mut declared, MAX_TENSORS)?;
		for (number, (start, bytes)) in self.constants.iter().enumerate() {
			let wrong = ProgramError::Constant(number as u32);
			let constant: Constant = part(&mut declared)?;
			let data = package.get(*start as usize..).and_then(|rest| rest.get(..*bytes as usize));
			let top = merkle_top_of(data.ok_or(wrong)?, &hash);
			let Meta { ty, shape } = &constant.meta;
			if commitment_from_top(*ty, shape, u64::from(*bytes), None, top) != constant.commitment
			{
				return Err(wrong);
			}
		}
		Ok(())
	}

	/// The root of the program.
	pub fn root(&self) -> Hash {
		self.root_by(blake2_256)
	}

	/// The root of the program, with the blake2b of a host for its leaves.
	pub fn root_by(&self, hash: impl Fn(&[u8]) -> Hash) -> Hash {
		let program = self.package().get(..self.program_bytes).unwrap_or_default();
		program_root(program, hash)
	}

	/// What a run costs, whatever the inputs. `peak` and `slabs` include a package that was loaded
	/// by chunks.
	pub fn cost(&self) -> &Cost {
		&self.plan.cost
	}

	/// The most leaves that the proof of any one element opens.
	pub fn leaves(&self) -> u64 {
		self.plan.leaves
	}

	/// Types and shapes of the inputs.
	pub fn inputs(&self) -> &[Meta] {
		&self.inputs
	}

	/// Types and shapes of the outputs.
	pub fn outputs(&self) -> Vec<Meta> {
		self.outputs
			.iter()
			.filter_map(|output| self.plan.metas.get(usize::from(*output)).cloned())
			.collect()
	}

	/// Runs the program.
	pub fn run(&mut self, inputs: &[Tensor]) -> Result<Vec<Tensor>, Trap> {
		self.execute(inputs, |_, _| (), None)
	}

	/// Runs the program and watches its casts, for judging a claim.
	pub fn run_watched(&mut self, inputs: &[Tensor]) -> Outcome {
		let mut tainted = vec![false; self.plan.metas.len()];
		let result = self.execute(inputs, |_, _| (), Some(&mut tainted));
		let first = self.inputs.len() + self.constants.len();
		outcome(result, &self.outputs, first, &tainted)
	}

	/// As [`Model::run_audited`](crate::Model::run_audited).
	pub fn run_audited(&mut self, inputs: &[Tensor], seed: Hash) -> (Outcome, Hash) {
		let first = self.inputs.len() + self.constants.len();
		let mut watch = Watch::new(seed, self.plan.metas.get(first..).unwrap_or_default().iter());
		let mut tainted = vec![false; self.plan.metas.len()];
		let result = self.execute(inputs, |node, view| watch.see(node, &view), Some(&mut tainted));
		(outcome(result, &self.outputs, first, &tainted), watch.digest())
	}

	/// Runs the program and shows the result of each node where it lies.
	pub fn run_seen(
		&mut self,
		inputs: &[Tensor],
		see: impl FnMut(u32, View),
	) -> Result<Vec<Tensor>, Trap> {
		self.execute(inputs, see, None)
	}

	fn execute(
		&mut self,
		inputs: &[Tensor],
		see: impl FnMut(u32, View),
		tainted: Option<&mut Vec<bool>>,
	) -> Result<Vec<Tensor>, Trap> {
		self.arena.prepare(&self.plan.layout, true);
		let run = Run {
			inputs: &self.inputs,
			outputs: &self.outputs,
			metas: &self.plan.metas,
			layout: &self.plan.layout,
			constants: match self.source {
				Source::Given(package) => Constants::Joined(package, &self.constants),
				Source::Slab(_) => Constants::Slab(&self.constants),
			},
			first_result: self.inputs.len() + self.constants.len(),
			packed: &[],
			threads: None,
			#[cfg(feature = "std")]
			chains: &[],
		};
		run.execute(self.nodes.iter(), inputs, &mut self.arena, None, see, tainted)
	}
}
