//! Canonical programs on chain: their limits, and what is known of one. The crate
//! `countersign-programs` examines and runs them.
//!
//! A package is the SCALE encoding of `countersign_canonical::program::Package`: a program and
//! the bytes of its constants.

use crate::{
	model::ModelId,
	request::{Outcome, OutcomeCommitment, RequestId, TrapCode},
	tensor::{element_count, Port, TensorError, TensorType, MAX_PORTS, MAX_RANK},
	AccountId, Balance, BlockNumber, Hash, Macs, DOMAIN,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::{bounded::BoundedVec, ConstU32};
use sp_crypto_hashing::blake2_256;
use sp_runtime::Weight;

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

impl ProgramSummary {
	/// The bytes of all inputs.
	pub fn input_bytes(&self) -> u64 {
		bytes(&self.inputs)
	}

	/// The bytes of all outputs, before policies expose them.
	pub fn output_bytes(&self) -> u64 {
		bytes(&self.outputs)
	}
}

/// The bytes of the elements of all.
fn bytes(ports: &[ProgramPort]) -> u64 {
	let each = ports.iter().map(|port| {
		let count = element_count(&port.shape).unwrap_or(u32::MAX);
		u64::from(count).saturating_mul(port.ty.size() as u64)
	});
	each.fold(0, u64::saturating_add)
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
	/// A constant is missing, is not as long as its type and shape say, or is not the one that the
	/// program commits to; or there is one too many.
	Constant,
	/// A run takes more than [`MAX_SLABS`].
	Memory,
}

/// Why a run gave no output.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
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

impl From<Trap> for OutcomeCommitment {
	fn from(Trap { code, operator }: Trap) -> Self {
		Self::Trap { code, operator }
	}
}

/// The identifier of a run inside a transaction:
/// `blake2_256(domain | "sync" | genesis | block | index | account | model | input)`, where
/// `index` counts the receipts of the block before its own.
pub fn synchronous_id(
	genesis: &Hash,
	block: BlockNumber,
	index: u32,
	account: &AccountId,
	model: &ModelId,
	input: &Hash,
) -> RequestId {
	let mut data = DOMAIN.to_vec();
	data.extend_from_slice(b"sync");
	(genesis, block, index, account, model, input).encode_to(&mut data);
	blake2_256(&data).into()
}

/// What a call of a model inside a transaction takes now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct SyncQuote {
	/// The weight that is charged before it runs.
	pub weight: Weight,
	/// What is paid beside the transaction's own fee: treasury and burn for the cost, and the
	/// owner's price.
	pub fee: Balance,
}

/// A stored program as queries show it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct ProgramInfo {
	/// What is known of it.
	pub summary: ProgramSummary,
	/// Whose balance is held for it, and who may drop it.
	pub depositor: AccountId,
	/// What is held.
	pub deposit: Balance,
	/// The first block in which it may be called.
	pub callable_from: BlockNumber,
	/// What a run weighs in the runtime, whether or not that is inside the budget.
	pub run_weight: Weight,
	/// What calling the model inside a transaction takes. `None` where it cannot be called: above
	/// the budget, retired, or with other ports or a lower cost than the program's in its manifest.
	pub sync: Option<SyncQuote>,
}

/// What a dry run gave.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct DryRun {
	/// The encoding of the output tensors, or why there is none.
	pub output: Result<Vec<u8>, Trap>,
	/// What a statement about it commits to.
	pub outcome: OutcomeCommitment,
	/// What is known of the program.
	pub summary: ProgramSummary,
}

/// Why there was no dry run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub enum DryRunError {
	/// No program of such a model is stored.
	NoProgram,
	/// The bytes are not a package in order.
	Package(PackageError),
	/// The input is not the encoding of a list of tensors, or not of those that the model takes.
	Input(TensorError),
	/// A run weighs more than [`REPLAY_BUDGET`].
	TooCostly,
	/// A run takes more than [`MAX_SLABS`].
	TooMuchMemory,
}
