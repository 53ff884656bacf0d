//! Canonical programs on chain: their limits, what is known of a stored one, and running one.
//!
//! A package is the SCALE encoding of `countersign_canonical::program::Package`: a program and
//! the bytes of its constants.

use crate::{
	request::{Outcome, TrapCode},
	tensor::{Port, Tensor, TensorType, MAX_PORTS, MAX_RANK},
	Hash, Macs,
};
use alloc::vec::Vec;
use codec::{Compact, Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use countersign_canonical as canonical;
use scale_info::TypeInfo;
use sp_core::{bounded::BoundedVec, ConstU32};

/// The longest package that is stored on chain.
pub const MAX_STORED_BYTES: u32 = 4 * 1024 * 1024;
/// The longest package that a replay or a dry run takes.
pub const MAX_PACKAGE_BYTES: u32 = 16 * 1024 * 1024;
/// The bytes of each chunk of a stored package but the last.
pub const PROGRAM_CHUNK_BYTES: u32 = 64 * 1024;
/// The most chunks of a stored package.
pub const MAX_PROGRAM_CHUNKS: u32 = MAX_STORED_BYTES / PROGRAM_CHUNK_BYTES;
/// The bytes of one slab, the unit in which the runtime takes memory for a run.
pub const SLAB_BYTES: u64 = 16 * 1024 * 1024;
/// The most slabs of one run, what it is given included.
pub const MAX_SLABS: u8 = 4;
/// The most reference time of a synchronous call, in picoseconds.
pub const SYNCHRONOUS_BUDGET: u64 = 100_000_000_000;
/// The most reference time of a replay or a dry run, in picoseconds.
pub const REPLAY_BUDGET: u64 = 300_000_000_000;

/// What a run costs at most, whatever the values are; a function of the program alone.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Default,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct ProgramCost {
	/// Multiply-accumulate operations.
	pub macs: u64,
	/// Bytes read and written.
	pub moved: u64,
	/// Elements of additions, comparisons, selections, casts and the like.
	pub simple: u64,
	/// Elements of divisions, roots and integer arithmetic outside 32 and 64 bits.
	pub divisions: u64,
	/// Elements of `exp`, `tanh` and the like, powers and float remainders.
	pub transcendental: u64,
	/// Steps of searches: sorting, trees, scattered updates.
	pub searches: u64,
	/// Operators.
	pub operators: u32,
	/// The most bytes of inputs and results alive at one time, with what operators take to work.
	pub peak: u64,
	/// Bytes of all constants.
	pub constants: u64,
}

impl From<canonical::cost::Cost> for ProgramCost {
	fn from(cost: canonical::cost::Cost) -> Self {
		let canonical::cost::Cost {
			macs,
			moved,
			simple,
			divisions,
			transcendental,
			searches,
			operators,
			peak,
			constants,
		} = cost;
		Self {
			macs,
			moved,
			simple,
			divisions,
			transcendental,
			searches,
			operators,
			peak,
			constants,
		}
	}
}

/// The type and shape of an input or output of a program.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ProgramPort {
	/// The type of its elements.
	pub ty: TensorType,
	/// Its dimensions.
	pub shape: BoundedVec<u32, ConstU32<MAX_RANK>>,
}

impl ProgramPort {
	fn of(meta: &canonical::Meta) -> Result<Self, PackageError> {
		let shape =
			BoundedVec::try_from(meta.shape.clone()).map_err(|_| PackageError::Declaration)?;
		Ok(Self { ty: meta.ty.into(), shape })
	}

	/// Whether this is what a manifest declares: the same type, and a shape that it allows.
	pub fn fits(&self, port: &Port) -> bool {
		self.ty == port.ty
			&& self.shape.len() == port.shape.len()
			&& port.shape.iter().zip(&self.shape).all(|(dim, size)| dim.allows(*size))
	}
}

/// The inputs or the outputs of a program.
pub type ProgramPorts = BoundedVec<ProgramPort, ConstU32<MAX_PORTS>>;

/// Whether all are what a manifest declares, in order.
pub fn ports_fit(ports: &[ProgramPort], declared: &[Port]) -> bool {
	ports.len() == declared.len() && ports.iter().zip(declared).all(|(port, by)| port.fits(by))
}

/// What is known of a program once its package was examined.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ProgramSummary {
	/// The root that commits to it.
	pub root: Hash,
	/// The version of the canonical operator set.
	pub version: u16,
	/// The length of its package in bytes.
	pub length: u32,
	/// What it takes.
	pub inputs: ProgramPorts,
	/// What it gives.
	pub outputs: ProgramPorts,
	/// What a run costs.
	pub cost: ProgramCost,
	/// The cost as multiply-accumulates, the unit of fees.
	pub weighted_macs: Macs,
	/// The slabs that a run takes in the runtime; above [`MAX_SLABS`] it cannot run there.
	pub slabs: u8,
	/// The most leaves that a proof of one element opens.
	pub leaves: u32,
}

/// Why bytes are not a package.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum PackageError {
	/// Longer than [`MAX_PACKAGE_BYTES`].
	TooLong,
	/// Not the encoding of a package, or bytes follow it.
	Malformed,
	/// A version of the operator set that does not exist.
	UnknownVersion,
	/// Too many tensors, or none or too many inputs or outputs.
	TooMany,
	/// An input, a constant or a result has too many dimensions, elements or bytes.
	Declaration,
	/// An operand is no earlier tensor.
	Dangling,
	/// An operator does not fit its operands: their number, types or shapes.
	Misfit,
	/// There are not as many constants as the program declares.
	ConstantMissing,
	/// A constant is not as long as its type and shape say.
	ConstantLength,
	/// A constant is not what the program commits to.
	ConstantMismatch,
}

impl From<canonical::ProgramError> for PackageError {
	fn from(error: canonical::ProgramError) -> Self {
		use canonical::ProgramError;
		match error {
			ProgramError::Malformed => Self::Malformed,
			ProgramError::UnknownVersion => Self::UnknownVersion,
			ProgramError::TooManyTensors | ProgramError::Ports => Self::TooMany,
			ProgramError::Declaration(_) | ProgramError::TooLarge(_) => Self::Declaration,
			ProgramError::Dangling(_) => Self::Dangling,
			ProgramError::Misfit(..) => Self::Misfit,
			ProgramError::Constant(_) => Self::ConstantLength,
		}
	}
}

/// Examines a package whose origin is unknown: decodes and plans the program, and checks each
/// constant against the program's commitment to it. Copies no constant.
pub fn examine(package: &[u8]) -> Result<ProgramSummary, PackageError> {
	let length = u32::try_from(package.len())
		.ok()
		.filter(|length| *length <= MAX_PACKAGE_BYTES)
		.ok_or(PackageError::TooLong)?;
	let mut rest = package;
	let program = canonical::Program::decode(&mut rest).map_err(|_| PackageError::Malformed)?;
	if package.len().saturating_sub(rest.len()) > canonical::program::MAX_PROGRAM_BYTES {
		return Err(PackageError::Malformed);
	}
	let plan = program.plan()?;
	check_constants(&program, rest)?;
	let ports = |metas: &[canonical::Meta]| -> Result<ProgramPorts, PackageError> {
		let each = metas.iter().map(ProgramPort::of).collect::<Result<Vec<_>, _>>()?;
		BoundedVec::try_from(each).map_err(|_| PackageError::TooMany)
	};
	Ok(ProgramSummary {
		root: program.root().into(),
		version: program.version,
		length,
		inputs: ports(&program.inputs)?,
		outputs: ports(&program.output_metas(&plan))?,
		cost: plan.cost.into(),
		weighted_macs: plan.cost.weighted_macs(),
		slabs: slabs(&plan.cost, length),
		leaves: u32::try_from(plan.leaves).unwrap_or(u32::MAX),
	})
}

/// The slabs that hold a package and what is alive beside it.
fn slabs(cost: &canonical::cost::Cost, length: u32) -> u8 {
	let bytes = cost.peak.saturating_add(cost.constants).saturating_add(length.into());
	u8::try_from(bytes.div_ceil(SLAB_BYTES)).unwrap_or(u8::MAX)
}

/// Checks the encoding of the constants that follows a program's, in place.
fn check_constants(program: &canonical::Program, mut rest: &[u8]) -> Result<(), PackageError> {
	let count = take_length(&mut rest)?;
	if count != program.constants.len() {
		return Err(PackageError::ConstantMissing);
	}
	for constant in &program.constants {
		let length = take_length(&mut rest)?;
		let (data, behind) = rest.split_at_checked(length).ok_or(PackageError::Malformed)?;
		rest = behind;
		if constant.meta.bytes() != length as u64 {
			return Err(PackageError::ConstantLength);
		}
		let commitment = canonical::commitment::commitment_from_top(
			constant.meta.ty,
			&constant.meta.shape,
			length as u64,
			None,
			canonical::commitment::merkle_top(canonical::commitment::leaf_hashes(data)),
		);
		if commitment != constant.commitment {
			return Err(PackageError::ConstantMismatch);
		}
	}
	if !rest.is_empty() {
		return Err(PackageError::Malformed);
	}
	Ok(())
}

fn take_length(from: &mut &[u8]) -> Result<usize, PackageError> {
	let length = Compact::<u32>::decode(from).map_err(|_| PackageError::Malformed)?;
	usize::try_from(length.0).map_err(|_| PackageError::Malformed)
}

/// Runs a package that [`examine`] accepted, whose slabs are at most [`MAX_SLABS`]. The outputs
/// are in the program's order; a trap is an outcome like an output.
pub fn run(package: &[u8], input: &[Tensor]) -> Result<Vec<Tensor>, Trap> {
	let bad = Trap { code: TrapCode::BadInput, operator: u32::MAX };
	let mut rest = package;
	let package = canonical::program::Package::decode(&mut rest).map_err(|_| bad)?;
	let model = canonical::Model::from_unchecked(package).map_err(|_| bad)?;
	let input: Vec<canonical::Tensor> = input.iter().map(to_canonical).collect();
	match model.run(&input) {
		Ok(outputs) => Ok(outputs.into_iter().map(from_canonical).collect()),
		Err(canonical::Trap::BadInput) => Err(bad),
		Err(canonical::Trap::Operator(operator)) => {
			Err(Trap { code: TrapCode::Operator, operator })
		}
	}
}

/// Why a run gave no output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trap {
	/// Why.
	pub code: TrapCode,
	/// The position of the operator; `u32::MAX` where none ran.
	pub operator: u32,
}

impl From<Trap> for Outcome {
	fn from(Trap { code, operator }: Trap) -> Self {
		Self::Trap { code, operator }
	}
}

fn to_canonical(tensor: &Tensor) -> canonical::Tensor {
	canonical::Tensor {
		ty: tensor.ty.into(),
		shape: tensor.shape.clone(),
		data: tensor.data.clone(),
	}
}

fn from_canonical(tensor: canonical::Tensor) -> Tensor {
	Tensor { ty: tensor.ty.into(), shape: tensor.shape, data: tensor.data }
}

macro_rules! same_types {
	($($name:ident),*) => {
		impl From<canonical::TensorType> for TensorType {
			fn from(ty: canonical::TensorType) -> Self {
				match ty {
					$(canonical::TensorType::$name => Self::$name,)*
				}
			}
		}
		impl From<TensorType> for canonical::TensorType {
			fn from(ty: TensorType) -> Self {
				match ty {
					$(TensorType::$name => Self::$name,)*
				}
			}
		}
	};
}

same_types!(F32, U8, I8, I32, I64, Bool, U16, I16, U32, U64);
