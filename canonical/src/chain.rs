//! Chains of elementwise operators, which the fast execution runs block by block: all of them on a
//! few thousand elements, then on the next. What passes between them stays close to the processor
//! and is never written out.
//!
//! Each operator is computed by the kernel that computes it alone, on a part of its operands, so
//! each element has the formula that it always has, and the same bits.

use crate::{
	cost,
	kernels::{self, Threads},
	memory::{Layout, Wanted},
	op::Op,
	program::{Node, Plan, Program},
	tensor::{Meta, TensorType, View},
};
use alloc::{vec, vec::Vec};
use core::{cell::RefCell, ops::Range};

/// The most elements of a block. A few of them fit into the innermost caches, and an operator on one
/// takes longer than calling it.
const BLOCK: usize = 4096;
/// The most operators of a chain.
const MOST_STEPS: usize = 64;
/// Operands of an elementwise operator.
const MOST_OPERANDS: usize = 3;

/// Neighbouring elementwise operators whose results all have one shape, and of which only the last
/// result is needed by anything else.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
	/// The first node.
	pub(crate) first: u32,
	/// Tensors from outside.
	pub(crate) operands: Vec<u16>,
	steps: Vec<Step>,
	/// Elements of each result.
	elements: usize,
	/// Elements of a block: whole periods of all operands that repeat.
	block: usize,
	/// Operands that repeat: which one, and how many elements it has.
	repeated: Vec<(usize, usize)>,
	/// Blocks that are in use at one time.
	slots: usize,
	/// What a block is made of, and what the last one is where that is shorter.
	metas: [Metas; 2],
	/// What all of it is worth, in multiply-accumulates.
	work: u64,
}

#[derive(Clone, Debug)]
struct Step {
	op: Op,
	/// The type of its result.
	ty: TensorType,
	operands: Vec<Source>,
	/// The node's operands.
	reads: Vec<u16>,
	/// Where its result goes; the last one's is the chain's.
	slot: Option<usize>,
}

/// Where a step's operand comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Source {
	/// An earlier step of this type, in a slot.
	Slot(usize, TensorType),
	/// An operand of the chain: a part of it for each block,
	Part(usize),
	/// or one element for all,
	One(usize),
	/// or the same elements again and again.
	Repeated(usize),
}

fn is_elementwise(op: &Op) -> bool {
	matches!(op, Op::Unary(_) | Op::Binary(_) | Op::Select | Op::Cast(_) | Op::Wrap(_))
}

/// Without leading dimensions of one element.
fn core_of(shape: &[u32]) -> &[u32] {
	let ones = shape.iter().take_while(|dim| **dim == 1).count();
	shape.get(ones..).unwrap_or_default()
}

/// Finds the chains of a program.
pub(crate) fn find(program: &Program, plan: &Plan) -> Vec<Chain> {
	let mut chains = Vec::new();
	let mut at = 0;
	while at < program.nodes.len() {
		match Chain::from(program, plan, at) {
			Some(chain) => {
				at += chain.steps.len();
				chains.push(chain);
			}
			None => at += 1,
		}
	}
	chains
}

/// Lays values out for runs by chains: what only passes along inside of one lies nowhere, and what a
/// chain reads stays where it is until its end.
pub(crate) fn layout(program: &Program, plan: &Plan, chains: &[Chain]) -> Layout {
	let (mut metas, mut last_use) = (plan.metas.clone(), plan.last_use.clone());
	let mut nodes = program.nodes.clone();
	let first = program.first_result();
	for chain in chains {
		let range = chain.nodes();
		let last = range.end.saturating_sub(1);
		for number in range.start..last {
			if let Some(meta) = metas.get_mut(first + number as usize) {
				meta.shape = vec![0];
			}
			if let Some(node) = nodes.get_mut(number as usize) {
				node.operands.clear();
			}
		}
		// As if the last node read everything.
		if let Some(node) = nodes.get_mut(last as usize) {
			node.operands.clone_from(&chain.operands);
		}
		for used in &mut last_use {
			if range.contains(&*used) {
				*used = last;
			}
		}
	}
	let wanted = Wanted {
		inputs: program.inputs.len(),
		constants: program.constants.len(),
		metas: &metas,
		last_use: &last_use,
		reserved: 0,
		scratch: false,
	};
	Layout::new(&wanted, nodes.iter())
}

impl Chain {
	/// The longest chain that begins at a node, if there is one of several.
	fn from(program: &Program, plan: &Plan, at: usize) -> Option<Self> {
		let first = program.first_result();
		let shape = &plan.metas.get(first + at)?.shape;
		let mut builder = Builder { first: first + at, shape, ..Builder::default() };
		let mut chain = None;
		for node in program.nodes.iter().skip(at).take(MOST_STEPS) {
			if builder.add(node, plan).is_none() {
				break;
			}
			// Whether nothing but the last result is needed later.
			let last = (at + builder.steps.len() - 1) as u32;
			let results = builder.first..builder.first + builder.steps.len() - 1;
			let inside = plan.last_use.get(results)?.iter().all(|used| *used <= last);
			if inside && builder.steps.len() > 1 {
				chain = Some(builder.clone());
			}
		}
		chain?.finish(at as u32)
	}

	/// Its nodes.
	pub(crate) fn nodes(&self) -> Range<u32> {
		self.first..self.first + self.steps.len() as u32
	}

	/// The operands of its nodes.
	pub(crate) fn reads(&self) -> impl Iterator<Item = &[u16]> {
		self.steps.iter().map(|step| &step.reads[..])
	}

	/// Computes the last result. `operands` are views of [`Chain::operands`]. Where they are wanted,
	/// tells for each node whether it is a cast to integers that saturated.
	pub(crate) fn run(
		&self,
		operands: &[View],
		to: &mut [u8],
		threads: Option<&Threads>,
		saturated: Option<&mut [bool]>,
	) -> Option<()> {
		let size = self.steps.last()?.ty.size();
		if to.len() != self.elements.checked_mul(size)? {
			return None;
		}
		let blocks = self.elements.div_ceil(self.block);
		let parts = threads.map_or(1, |threads| threads.worth(self.work)).min(blocks).max(1);
		let each = blocks.div_ceil(parts) * self.block;
		let watch = saturated.is_some();
		let mut parts: Vec<Part> = to
			.chunks_mut(each * size)
			.enumerate()
			.map(|(number, to)| Part {
				start: number * each,
				to,
				saturated: vec![false; if watch { self.steps.len() } else { 0 }],
				done: None,
			})
			.collect();
		let compute = |part: &mut Part| part.done = self.part(operands, part);
		match threads {
			Some(threads) if parts.len() > 1 => threads.share(&mut parts, compute),
			_ => parts.iter_mut().for_each(compute),
		}
		if let Some(saturated) = saturated {
			for part in &parts {
				for (all, one) in saturated.iter_mut().zip(&part.saturated) {
					*all |= one;
				}
			}
		}
		parts.iter().all(|part| part.done.is_some()).then_some(())
	}

	/// Computes some blocks.
	fn part(&self, operands: &[View], part: &mut Part) -> Option<()> {
		std::thread_local! {
			/// Blocks of earlier chains, kept by each thread: fresh pages cost more.
			static KEPT: RefCell<Vec<Vec<u64>>> = const { RefCell::new(Vec::new()) };
		}
		KEPT.with_borrow_mut(|kept| {
			let wanted = self.slots + self.repeated.len();
			while kept.len() < wanted {
				kept.push(Vec::new());
			}
			for block in kept.iter_mut().take(wanted) {
				// As long as the largest elements take.
				if block.len() < self.block {
					block.resize(self.block, 0);
				}
			}
			let (slots, repeated) = kept.split_at_mut_checked(self.slots)?;
			for ((number, period), block) in self.repeated.iter().zip(repeated.iter_mut()) {
				let bytes = operands.get(*number)?.bytes;
				let size = bytes.len().checked_div(*period)?;
				let block: &mut [u8] = bytemuck::cast_slice_mut(block);
				let wanted = block.get_mut(..self.block.checked_mul(size)?)?;
				wanted.chunks_exact_mut(bytes.len()).for_each(|to| to.copy_from_slice(bytes));
			}
			self.blocks(operands, slots, repeated, part)
		})
	}

	fn blocks(
		&self,
		operands: &[View],
		slots: &mut [Vec<u64>],
		repeated: &[Vec<u64>],
		part: &mut Part,
	) -> Option<()> {
		let size = self.steps.last()?.ty.size();
		for (round, to) in part.to.chunks_mut(self.block * size).enumerate() {
			let count = to.len() / size;
			let from = part.start + round * self.block;
			let [whole, rest] = &self.metas;
			let metas = if count == self.block { whole } else { rest };
			let mut to = Some(to);
			for (number, step) in self.steps.iter().enumerate() {
				let out = metas.part(step.ty);
				// Taken out while the others are read.
				let mut block = match step.slot {
					Some(slot) => core::mem::take(slots.get_mut(slot)?),
					None => Vec::new(),
				};
				let result: &mut [u8] = match step.slot {
					Some(_) => {
						let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut block);
						bytes.get_mut(..count * step.ty.size())?
					}
					None => to.take()?,
				};
				let mut views = [View { meta: out, bytes: &[] }; MOST_OPERANDS];
				for (view, source) in views.iter_mut().zip(&step.operands) {
					*view = match *source {
						Source::Slot(slot, ty) => {
							let bytes: &[u8] = bytemuck::cast_slice(slots.get(slot)?);
							View { meta: metas.part(ty), bytes: bytes.get(..count * ty.size())? }
						}
						Source::Part(operand) => {
							let View { meta, bytes } = operands.get(operand)?;
							let size = meta.ty.size();
							let bytes = bytes.get(from * size..(from + count) * size)?;
							View { meta: metas.part(meta.ty), bytes }
						}
						Source::One(operand) => {
							let View { meta, bytes } = operands.get(operand)?;
							View { meta: metas.one(meta.ty), bytes }
						}
						Source::Repeated(repetition) => {
							let (operand, _) = self.repeated.get(repetition)?;
							let ty = operands.get(*operand)?.meta.ty;
							let bytes: &[u8] = bytemuck::cast_slice(repeated.get(repetition)?);
							View { meta: metas.part(ty), bytes: bytes.get(..count * ty.size())? }
						}
					};
				}
				let views = views.get(..step.operands.len())?;
				if let (Some(saturated), Op::Cast(ty), Some(x)) =
					(part.saturated.get_mut(number), &step.op, views.first())
				{
					*saturated = *saturated || kernels::saturates(*ty, x);
				}
				kernels::compute_into(&step.op, out, views, result, &mut [], None, None).ok()?;
				if let Some(slot) = step.slot {
					*slots.get_mut(slot)? = block;
				}
			}
		}
		Some(())
	}
}

/// Some blocks of a chain's result.
struct Part<'a> {
	/// The first element.
	start: usize,
	to: &'a mut [u8],
	saturated: Vec<bool>,
	done: Option<()>,
}

/// What operators of a block work on: as many elements of each type, or one.
#[derive(Clone, Debug)]
struct Metas {
	all: [(Meta, Meta); TYPES.len()],
}

const TYPES: [TensorType; 10] = [
	TensorType::F32,
	TensorType::U8,
	TensorType::I8,
	TensorType::I32,
	TensorType::I64,
	TensorType::Bool,
	TensorType::U16,
	TensorType::I16,
	TensorType::U32,
	TensorType::U64,
];

impl Metas {
	fn new(count: usize) -> Self {
		let both = |ty| (Meta { ty, shape: vec![count as u32] }, Meta { ty, shape: vec![] });
		Self { all: TYPES.map(both) }
	}

	fn of(&self, ty: TensorType) -> &(Meta, Meta) {
		let found = self.all.iter().find(|(meta, _)| meta.ty == ty);
		found.unwrap_or(&self.all[0])
	}

	fn part(&self, ty: TensorType) -> &Meta {
		&self.of(ty).0
	}

	fn one(&self, ty: TensorType) -> &Meta {
		&self.of(ty).1
	}
}

/// A chain in the making.
#[derive(Clone, Default)]
struct Builder<'a> {
	/// The number of the first result.
	first: usize,
	shape: &'a [u32],
	steps: Vec<(&'a Node, TensorType, Vec<Operand>)>,
	operands: Vec<u16>,
	repeated: Vec<(usize, usize)>,
	work: u64,
}

/// An operand of a step.
#[derive(Clone, Copy)]
enum Operand {
	/// The result of an earlier one.
	Result(usize),
	Outside(Source),
}

impl<'a> Builder<'a> {
	/// Adds a node. `None` if it cannot be one of the chain.
	fn add(&mut self, node: &'a Node, plan: &Plan) -> Option<()> {
		let number = self.first + self.steps.len();
		let out = plan.metas.get(number)?;
		let fits = is_elementwise(&node.op) && node.operands.len() <= MOST_OPERANDS;
		if !fits || out.shape != self.shape || out.count() == 0 {
			return None;
		}
		let mut metas = Vec::with_capacity(node.operands.len());
		let mut operands = Vec::with_capacity(node.operands.len());
		let mut outside = self.operands.clone();
		let mut repeated = self.repeated.clone();
		for operand in &node.operands {
			let tensor = usize::from(*operand);
			let meta = plan.metas.get(tensor)?;
			metas.push(meta);
			if let Some(result) = tensor.checked_sub(self.first) {
				operands.push(Operand::Result(result));
				continue;
			}
			let place = outside.iter().position(|known| known == operand);
			let place = place.unwrap_or_else(|| {
				outside.push(*operand);
				outside.len() - 1
			});
			let (whole, part) = (core_of(self.shape), core_of(&meta.shape));
			let source = if meta.count() == 1 {
				Source::One(place)
			} else if part == whole {
				Source::Part(place)
			} else if whole.ends_with(part) && meta.count() as usize <= BLOCK {
				let entry = (place, meta.count() as usize);
				let known = repeated.iter().position(|known| *known == entry);
				Source::Repeated(known.unwrap_or_else(|| {
					repeated.push(entry);
					repeated.len() - 1
				}))
			} else {
				return None;
			};
			operands.push(Operand::Outside(source));
		}
		self.work = self.work.saturating_add(cost::of(&node.op, out, &metas).weighted_macs());
		self.steps.push((node, out.ty, operands));
		(self.operands, self.repeated) = (outside, repeated);
		Some(())
	}

	/// Gives each result a slot until it is read the last time.
	fn finish(self, first: u32) -> Option<Chain> {
		let Self { shape, steps, operands, repeated, work, .. } = self;
		let elements = usize::try_from(crate::tensor::element_count(shape)?).ok()?;
		let longest = repeated.iter().map(|(_, period)| *period).max().unwrap_or(1).max(1);
		let last_read = |result: usize| {
			let reads = |operand: &Operand| matches!(operand, Operand::Result(at) if *at == result);
			steps.iter().rposition(|(_, _, operands)| operands.iter().any(reads))
		};
		let mut free: Vec<usize> = Vec::new();
		let mut slots = 0;
		let mut places: Vec<Option<usize>> = Vec::with_capacity(steps.len());
		let mut made = Vec::with_capacity(steps.len());
		for (number, (node, ty, operands)) in steps.iter().enumerate() {
			let slot = (number + 1 < steps.len()).then(|| {
				free.pop().unwrap_or_else(|| {
					slots += 1;
					slots - 1
				})
			});
			places.push(slot);
			let mut sources = Vec::with_capacity(operands.len());
			for operand in operands {
				sources.push(match *operand {
					Operand::Outside(source) => source,
					Operand::Result(result) => {
						Source::Slot((*places.get(result)?)?, steps.get(result)?.1)
					}
				});
			}
			// What is read here the last time, or never, makes room.
			for (result, place) in places.iter_mut().enumerate() {
				if last_read(result).unwrap_or(result) <= number {
					free.extend(place.take());
				}
			}
			let (op, reads) = (node.op.clone(), node.operands.clone());
			made.push(Step { op, ty: *ty, operands: sources, reads, slot });
		}
		let block = BLOCK.min(elements) / longest * longest;
		let metas = [Metas::new(block), Metas::new(elements % block)];
		Some(Chain { first, operands, steps: made, elements, block, repeated, slots, metas, work })
	}
}
