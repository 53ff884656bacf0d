//! Running a program.

#[cfg(feature = "std")]
use crate::chain::{self, Chain};
use crate::{
	commitment::Hash,
	digest::Watch,
	kernels::{self, Packed, Threads},
	memory::{Arena, Layout, Split, Wanted},
	op::Op,
	program::{Node, Package, Plan, Program, ProgramError},
	tensor::{is_normal, normalise, Data, Meta, Tensor, Value, View},
};
use alloc::{vec, vec::Vec};
use codec::Decode;

/// Why a run gave no output. It is as deterministic as an output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trap {
	/// The inputs are not as many, or not of the types and shapes, that the program takes.
	BadInput,
	/// The operator of this number failed on its values.
	Operator(u32),
}

impl Trap {
	/// Code and operator as results carry them: 0 for bad input, without an operator, and 1 for an
	/// operator.
	pub const fn to_parts(self) -> (u8, u32) {
		match self {
			Self::BadInput => (0, u32::MAX),
			Self::Operator(number) => (1, number),
		}
	}

	/// The reverse of [`Trap::to_parts`]; `None` for what no canonical run gives.
	pub const fn from_parts(code: u8, operator: u32) -> Option<Self> {
		match (code, operator) {
			(0, u32::MAX) => Some(Self::BadInput),
			(1, number) if number < u32::MAX => Some(Self::Operator(number)),
			_ => None,
		}
	}
}

/// What came of a run, with what judging a claim needs to know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
	/// The outputs, or the trap.
	pub result: Result<Vec<Tensor>, Trap>,
	/// For each output whether some cast from floats to integers on the way to it saturated or met
	/// a NaN. Where an operator trapped, one entry, for the way to that operator. Empty where the
	/// input was refused.
	pub saturated: Vec<bool>,
}

/// Where the constants of a program lie.
pub(crate) enum Constants<'a> {
	/// Each for itself.
	Several(&'a [Vec<u8>]),
	/// In one piece, at these ranges.
	Joined(&'a [u8], &'a [(u32, u32)]),
	/// In the first slab, at these ranges.
	Slab(&'a [(u32, u32)]),
}

impl<'a> Constants<'a> {
	fn read(
		&self,
		number: usize,
		slabs: impl FnOnce(usize, usize) -> Option<&'a [u8]>,
	) -> Option<&'a [u8]> {
		match self {
			Self::Several(all) => all.get(number).map(|bytes| &bytes[..]),
			Self::Joined(all, ranges) => {
				let (start, length) = *ranges.get(number)?;
				all.get(start as usize..)?.get(..length as usize)
			}
			Self::Slab(ranges) => {
				let (start, length) = *ranges.get(number)?;
				slabs(start as usize, length as usize)
			}
		}
	}
}

/// Everything that a run needs but memory.
pub(crate) struct Run<'a> {
	pub(crate) inputs: &'a [Meta],
	pub(crate) outputs: &'a [u16],
	pub(crate) metas: &'a [Meta],
	pub(crate) layout: &'a Layout,
	pub(crate) constants: Constants<'a>,
	pub(crate) first_result: usize,
	/// Constants packed for products, by node.
	pub(crate) packed: &'a [Option<Packed>],
	/// Who may help.
	pub(crate) threads: Option<&'a Threads>,
	/// Chains that are run as one, where nobody sees the results between.
	#[cfg(feature = "std")]
	pub(crate) chains: &'a [Chain],
}

impl<'a> Run<'a> {
	/// Runs the nodes. `scratch` is the memory that operators work in, where the layout holds none.
	pub(crate) fn execute<'n>(
		&self,
		nodes: impl Iterator<Item = &'n Node>,
		inputs: &[Tensor],
		arena: &mut Arena,
		mut scratch: Option<&mut Vec<u64>>,
		mut see: impl FnMut(u32, View),
		mut tainted: Option<&mut Vec<bool>>,
	) -> Result<Vec<Tensor>, Trap> {
		self.read_inputs(inputs, arena)?;
		let mut metas: Vec<&Meta> = Vec::new();
		#[cfg(feature = "std")]
		let mut chains = self.chains.iter().peekable();
		#[cfg(feature = "std")]
		let mut done = 0;
		for (number, node) in nodes.enumerate() {
			let out = self.first_result + number;
			let number = number as u32;
			let trap = Trap::Operator(number);
			#[cfg(feature = "std")]
			{
				if let Some(chain) = chains.next_if(|chain| chain.first == number) {
					self.chain(chain, arena, tainted.as_deref_mut()).ok_or(trap)?;
					done = chain.nodes().end;
				}
				if number < done {
					continue;
				}
			}
			let meta = self.metas.get(out).ok_or(trap)?;
			let shared = self.layout.roots.get(out).is_some_and(|root| usize::from(*root) != out);
			let bytes = if shared { 0 } else { meta.bytes() as usize };
			metas.clear();
			metas.extend(
				node.operands.iter().filter_map(|operand| self.metas.get(usize::from(*operand))),
			);
			let needed = crate::cost::scratch(&node.op, meta, &metas) as usize;
			let inside = if scratch.is_some() { 0 } else { needed };
			let place = self.layout.place(out);
			let mut split =
				arena.split((place, bytes), (self.layout.scratch(number), inside)).ok_or(trap)?;
			let [to, work] = split.parts();
			let mut operands: Vec<View> = Vec::with_capacity(node.operands.len());
			for operand in &node.operands {
				operands.push(self.view(usize::from(*operand), &split).ok_or(trap)?);
			}
			if let Some(tainted) = &mut tainted {
				let saturated = match (&node.op, operands.first()) {
					(Op::Cast(to), Some(x)) => kernels::saturates(*to, x),
					_ => false,
				};
				let inherited = node.operands.iter().any(|operand| tainted[usize::from(*operand)]);
				tainted[out] = saturated || inherited;
			}
			if !shared {
				let work = match &mut scratch {
					Some(scratch) => {
						if scratch.len() < needed.div_ceil(8) {
							scratch.resize(needed.div_ceil(8), 0);
						}
						bytemuck::cast_slice_mut(&mut scratch[..])
					}
					// An empty part lies nowhere, not even aligned.
					None if work.is_empty() => &mut [],
					None => bytemuck::try_cast_slice_mut(work).map_err(|_| trap)?,
				};
				let packed = self.packed.get(number as usize).and_then(Option::as_ref);
				kernels::compute_into(&node.op, meta, &operands, to, work, packed, self.threads)
					.map_err(|_| trap)?;
			}
			drop(split);
			let joined = self.whole(out, arena).ok_or(trap)?;
			see(number, joined);
		}
		let tensor = |output: &u16| {
			let View { meta, bytes } =
				self.whole(usize::from(*output), arena).ok_or(Trap::BadInput)?;
			Ok(Tensor { ty: meta.ty, shape: meta.shape.clone(), data: bytes.to_vec() })
		};
		self.outputs.iter().map(tensor).collect()
	}

	/// Runs a chain.
	#[cfg(feature = "std")]
	fn chain(
		&self,
		chain: &Chain,
		arena: &mut Arena,
		tainted: Option<&mut Vec<bool>>,
	) -> Option<()> {
		let nodes = chain.nodes();
		let out = self.first_result.checked_add(nodes.end as usize)?.checked_sub(1)?;
		let bytes = self.metas.get(out)?.bytes() as usize;
		let mut split = arena.split((self.layout.place(out), bytes), (Default::default(), 0))?;
		let [to, _] = split.parts();
		let mut operands: Vec<View> = Vec::with_capacity(chain.operands.len());
		for operand in &chain.operands {
			operands.push(self.view(usize::from(*operand), &split)?);
		}
		let Some(tainted) = tainted else {
			return chain.run(&operands, to, self.threads, None);
		};
		let mut saturated = vec![false; nodes.len()];
		chain.run(&operands, to, self.threads, Some(&mut saturated))?;
		for ((number, reads), saturated) in nodes.zip(chain.reads()).zip(saturated) {
			let inherited = reads.iter().any(|at| tainted.get(usize::from(*at)) == Some(&true));
			*tainted.get_mut(self.first_result + number as usize)? = saturated || inherited;
		}
		Some(())
	}

	fn read_inputs(&self, inputs: &[Tensor], arena: &mut Arena) -> Result<(), Trap> {
		if inputs.len() != self.inputs.len() {
			return Err(Trap::BadInput);
		}
		for (tensor, meta) in inputs.iter().zip(self.inputs) {
			let fits = tensor.ty == meta.ty
				&& tensor.shape == meta.shape
				&& tensor.data.len() as u64 == meta.bytes();
			if !fits {
				return Err(Trap::BadInput);
			}
		}
		for (number, tensor) in inputs.iter().enumerate() {
			let to = arena.write(self.layout.place(number), tensor.data.len());
			normalise(tensor.ty, &tensor.data, to);
		}
		Ok(())
	}

	/// The number of the constant whose bytes these are.
	fn constant(&self, tensor: usize) -> Option<usize> {
		let root = usize::from(*self.layout.roots.get(tensor)?);
		let number = root.checked_sub(self.inputs.len())?;
		(root < self.first_result).then_some(number)
	}

	fn view<'s>(&self, tensor: usize, split: &Split<'s>) -> Option<View<'s>>
	where
		'a: 's,
	{
		let meta = self.metas.get(tensor)?;
		let bytes = match self.constant(tensor) {
			Some(number) => {
				self.constants.read(number, |start, bytes| split.in_first_slab(start, bytes))?
			}
			None => split.read(self.layout.place(tensor), meta.bytes() as usize)?,
		};
		Some(View { meta, bytes })
	}

	/// As [`Run::view`], while no operator runs.
	fn whole<'s>(&self, tensor: usize, arena: &'s Arena) -> Option<View<'s>>
	where
		'a: 's,
	{
		let meta = self.metas.get(tensor)?;
		let bytes = match self.constant(tensor) {
			Some(number) => self.constants.read(number, |start, bytes| {
				Some(arena.in_first_slab(start..start.checked_add(bytes)?))
			})?,
			None => arena.read(self.layout.place(tensor), meta.bytes() as usize),
		};
		Some(View { meta, bytes })
	}
}

/// What judging a claim needs to know, from which values were tainted.
pub(crate) fn outcome(
	result: Result<Vec<Tensor>, Trap>,
	outputs: &[u16],
	first_result: usize,
	tainted: &[bool],
) -> Outcome {
	let at = |tensor: usize| tainted.get(tensor).copied().unwrap_or(false);
	let saturated = match &result {
		Ok(_) => outputs.iter().map(|output| at(usize::from(*output))).collect(),
		Err(Trap::Operator(number)) => vec![at(first_result + *number as usize)],
		Err(Trap::BadInput) => Vec::new(),
	};
	Outcome { result, saturated }
}

/// Elementwise operators that are run together, and where values lie then.
#[cfg(feature = "std")]
#[derive(Clone, Debug)]
struct Quick {
	chains: Vec<Chain>,
	layout: Layout,
	memory: Memory,
}

#[cfg(feature = "std")]
impl Quick {
	fn new(program: &Program, plan: &Plan) -> Self {
		let chains = chain::find(program, plan);
		let layout = chain::layout(program, plan, &chains);
		Self { chains, layout, memory: Memory::default() }
	}
}

/// A program with its constants, ready to run often. Takes what memory it likes to be fast; for
/// runs in bounded memory see [`crate::bounded`].
#[derive(Clone, Debug)]
pub struct Model {
	program: Program,
	plan: Plan,
	/// Without what operators take to work, which has its own place.
	layout: Layout,
	constants: Vec<Vec<u8>>,
	packed: Vec<Option<Packed>>,
	memory: Memory,
	/// For runs of which nobody sees every result.
	#[cfg(feature = "std")]
	quick: Quick,
	#[cfg(feature = "std")]
	threads: Option<alloc::sync::Arc<Threads>>,
}

impl Model {
	/// Prepares a package. Its constants are checked against the program's commitments.
	pub fn new(package: &Package) -> Result<Self, ProgramError> {
		package.check_constants()?;
		Self::new_unchecked(package)
	}

	/// Prepares a package whose constants the caller has checked against the commitments. They
	/// are still checked against types and shapes.
	pub fn new_unchecked(package: &Package) -> Result<Self, ProgramError> {
		Self::from_unchecked(package.clone())
	}

	/// As [`Model::new_unchecked`], keeping the bytes.
	pub fn from_unchecked(package: Package) -> Result<Self, ProgramError> {
		let Package { program, constants } = package;
		let plan = program.plan()?;
		if constants.len() != program.constants.len() {
			return Err(ProgramError::Constant(constants.len() as u32));
		}
		for (number, (constant, bytes)) in program.constants.iter().zip(&constants).enumerate() {
			let fits = bytes.len() as u64 == constant.meta.bytes();
			if !fits || !is_normal(constant.meta.ty, bytes) {
				return Err(ProgramError::Constant(number as u32));
			}
		}
		let wanted = Wanted {
			inputs: program.inputs.len(),
			constants: constants.len(),
			metas: &plan.metas,
			last_use: &plan.last_use,
			reserved: 0,
			scratch: false,
		};
		let layout = Layout::new(&wanted, program.nodes.iter());
		let packed =
			if cfg!(feature = "std") { pack(&program, &plan, &constants) } else { Vec::new() };
		#[cfg(feature = "std")]
		let quick = Quick::new(&program, &plan);
		Ok(Self {
			program,
			plan,
			layout,
			constants,
			packed,
			memory: Memory::default(),
			#[cfg(feature = "std")]
			quick,
			#[cfg(feature = "std")]
			threads: None,
		})
	}

	/// Lets runs use these threads, with the same bits. A program that has too little work for
	/// several goes on without them.
	#[cfg(feature = "std")]
	pub fn with_threads(mut self, threads: &alloc::sync::Arc<Threads>) -> Self {
		let first = self.program.first_result();
		let metas = &self.plan.metas;
		let is_shared = |(number, node): (usize, &Node)| {
			let operands = node.operands.iter().filter_map(|at| metas.get(usize::from(*at)));
			let operands: Vec<&Meta> = operands.collect();
			metas
				.get(first + number)
				.is_some_and(|out| kernels::parallel::is_shared(&node.op, out, &operands, threads))
		};
		let any = self.program.nodes.iter().enumerate().any(is_shared);
		self.threads = any.then(|| threads.clone());
		self
	}

	/// The threads that runs use beside the one that starts them, if any.
	#[cfg(feature = "std")]
	pub fn threads(&self) -> Option<&Threads> {
		self.threads.as_deref()
	}

	/// Decodes and prepares the encoding of a package.
	pub fn decode(bytes: &[u8]) -> Result<Self, ProgramError> {
		let mut input = bytes;
		let package = Package::decode(&mut input).map_err(|_| ProgramError::Malformed)?;
		if !input.is_empty() {
			return Err(ProgramError::Malformed);
		}
		package.check_constants()?;
		Self::from_unchecked(package)
	}

	/// The program.
	pub fn program(&self) -> &Program {
		&self.program
	}

	/// What follows from the program alone.
	pub fn plan(&self) -> &Plan {
		&self.plan
	}

	/// The elements of a constant, little-endian.
	pub fn constant(&self, number: usize) -> Option<&[u8]> {
		self.constants.get(number).map(|bytes| &bytes[..])
	}

	/// Runs the program.
	pub fn run(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>, Trap> {
		self.close_to_threads(|| self.unseen(inputs, None))
	}

	/// Runs the program and watches its casts, for judging a claim.
	pub fn run_watched(&self, inputs: &[Tensor]) -> Outcome {
		let mut tainted = vec![false; self.plan.metas.len()];
		let result = self.close_to_threads(|| self.unseen(inputs, Some(&mut tainted)));
		outcome(result, &self.program.outputs, self.program.first_result(), &tainted)
	}

	/// The first node that is a cast to integers which saturates, up to where the run ends.
	pub fn saturating_cast(&self, inputs: &[Tensor]) -> Option<u32> {
		let mut tainted = vec![false; self.plan.metas.len()];
		// A run that traps was watched up to there.
		let _ = self.close_to_threads(|| self.unseen(inputs, Some(&mut tainted)));
		let first = self.program.first_result();
		let at = |tensor: usize| tainted.get(tensor).copied().unwrap_or(false);
		// Where no operand is tainted, it begins.
		let found = self.program.nodes.iter().enumerate().position(|(number, node)| {
			at(first + number) && !node.operands.iter().any(|operand| at(usize::from(*operand)))
		});
		u32::try_from(found?).ok()
	}

	/// Runs the program, watches its casts, and gives the digest of the leaves of its trace that
	/// `seed` draws; see [`crate::digest`].
	pub fn run_audited(&self, inputs: &[Tensor], seed: Hash) -> (Outcome, Hash) {
		let first = self.program.first_result();
		let results = self.plan.metas.get(first..).unwrap_or_default();
		let mut watch = Watch::new(seed, results.iter());
		let mut tainted = vec![false; self.plan.metas.len()];
		let result = self.execute(inputs, |node, view| watch.see(node, &view), Some(&mut tainted));
		(outcome(result, &self.program.outputs, first, &tainted), watch.digest())
	}

	/// Runs the program and shows the result of each node.
	pub fn run_traced(
		&self,
		inputs: &[Tensor],
		mut see: impl FnMut(u32, &Value),
	) -> Result<Vec<Tensor>, Trap> {
		let shown = |number, view: View| {
			if let Some(data) = Data::from_bytes(view.meta.ty, view.bytes) {
				see(number, &Value { meta: view.meta.clone(), data });
			}
		};
		self.execute(inputs, shown, None)
	}

	/// Runs the program and shows the result of each node where it lies.
	pub fn run_seen(
		&self,
		inputs: &[Tensor],
		see: impl FnMut(u32, View),
	) -> Result<Vec<Tensor>, Trap> {
		self.execute(inputs, see, None)
	}

	/// On one of the threads where there are any: handing work over from there is quicker.
	#[cfg(feature = "std")]
	fn close_to_threads<R: Send>(&self, f: impl FnOnce() -> R + Send) -> R {
		match &self.threads {
			Some(threads) => threads.inside(f),
			None => f(),
		}
	}

	#[cfg(not(feature = "std"))]
	fn close_to_threads<R>(&self, f: impl FnOnce() -> R) -> R {
		f()
	}

	#[cfg(not(feature = "std"))]
	fn threads(&self) -> Option<&Threads> {
		None
	}

	/// Runs where nobody sees what is between inputs and outputs.
	#[cfg(feature = "std")]
	fn unseen(
		&self,
		inputs: &[Tensor],
		tainted: Option<&mut Vec<bool>>,
	) -> Result<Vec<Tensor>, Trap> {
		let Quick { chains, layout, memory } = &self.quick;
		let run = Run { chains, ..self.parts(layout) };
		self.execute_in(&run, memory, inputs, |_, _| (), tainted)
	}

	#[cfg(not(feature = "std"))]
	fn unseen(
		&self,
		inputs: &[Tensor],
		tainted: Option<&mut Vec<bool>>,
	) -> Result<Vec<Tensor>, Trap> {
		self.execute(inputs, |_, _| (), tainted)
	}

	fn execute(
		&self,
		inputs: &[Tensor],
		see: impl FnMut(u32, View),
		tainted: Option<&mut Vec<bool>>,
	) -> Result<Vec<Tensor>, Trap> {
		self.execute_in(&self.parts(&self.layout), &self.memory, inputs, see, tainted)
	}

	/// Everything that a run of this layout needs but memory.
	fn parts<'a>(&'a self, layout: &'a Layout) -> Run<'a> {
		Run {
			inputs: &self.program.inputs,
			outputs: &self.program.outputs,
			metas: &self.plan.metas,
			layout,
			constants: Constants::Several(&self.constants),
			first_result: self.program.first_result(),
			packed: &self.packed,
			threads: self.threads(),
			#[cfg(feature = "std")]
			chains: &[],
		}
	}

	fn execute_in(
		&self,
		run: &Run,
		memory: &Memory,
		inputs: &[Tensor],
		see: impl FnMut(u32, View),
		tainted: Option<&mut Vec<bool>>,
	) -> Result<Vec<Tensor>, Trap> {
		let (mut arena, mut scratch) = memory.take();
		arena.prepare(run.layout, false);
		let nodes = self.program.nodes.iter();
		let result = run.execute(nodes, inputs, &mut arena, Some(&mut scratch), see, tainted);
		memory.give_back(arena, scratch);
		result
	}
}

/// Packs the constants that products read.
fn pack(program: &Program, plan: &Plan, constants: &[Vec<u8>]) -> Vec<Option<Packed>> {
	let first = program.first_result();
	let packed = |(number, node): (usize, &Node)| {
		let (a, b) = (node.operands.first()?, node.operands.get(1)?);
		let _ = a;
		let at = usize::from(*b);
		let bytes = constants.get(at.checked_sub(program.inputs.len())?)?;
		let view = View { meta: plan.metas.get(at)?, bytes };
		Packed::new(&node.op, plan.metas.get(first + number)?.ty, view)
	};
	program.nodes.iter().enumerate().map(packed).collect()
}

/// Memory of earlier runs, for later ones: fresh pages cost more than small models.
#[derive(Default)]
struct Memory {
	#[cfg(feature = "std")]
	kept: std::sync::Mutex<Vec<(Arena, Vec<u64>)>>,
}

impl Memory {
	fn take(&self) -> (Arena, Vec<u64>) {
		#[cfg(feature = "std")]
		if let Ok(mut kept) = self.kept.lock() {
			return kept.pop().unwrap_or_default();
		}
		Default::default()
	}

	fn give_back(&self, arena: Arena, scratch: Vec<u64>) {
		/// Runs at one time that find memory ready.
		#[cfg(feature = "std")]
		const KEPT: usize = 4;
		#[cfg(feature = "std")]
		if let Ok(mut kept) = self.kept.lock() {
			if kept.len() < KEPT {
				kept.push((arena, scratch));
			}
		}
		#[cfg(not(feature = "std"))]
		drop((arena, scratch));
	}
}

impl Clone for Memory {
	fn clone(&self) -> Self {
		Self::default()
	}
}

impl core::fmt::Debug for Memory {
	fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
		f.write_str("Memory")
	}
}
