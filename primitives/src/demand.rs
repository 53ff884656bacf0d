//! Demands: whoever signs a result says that it has its input and its model's program. While the
//! result is open, anyone may have them shown, piece by piece.

use crate::{
	game::{Leaves, MAX_OPENED, MAX_PROGRAM_BYTES},
	keys::InferenceId,
	program::ProgramPort,
	request::RequestId,
	tensor::MAX_INPUT_BYTES,
	AccountId, Balance, Hash, SessionIndex, ValidatorIndex,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::{bounded::BoundedVec, ConstU32};
use sp_crypto_hashing::blake2_256;

/// The most leaves of a constant that one demand is for.
pub const MAX_DEMANDED_LEAVES: u32 = MAX_OPENED;

/// Names a demand among those about one result: `blake2_256` of the encoding of the [`Piece`].
pub type DemandId = Hash;

/// What somebody wants to see.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Wanted {
	/// The input.
	#[codec(index = 0)]
	Input,
	/// The encoding of the program, without its constants.
	#[codec(index = 1)]
	Program,
	/// Leaves of one of its constants.
	#[codec(index = 2)]
	Constant {
		/// The encoding of the program, which says what the constant is committed to.
		program: BoundedVec<u8, ConstU32<MAX_PROGRAM_BYTES>>,
		/// How many operators it has, declared so that checking it is charged beforehand.
		operators: u16,
		/// How many operands all of them have together.
		operands: u32,
		/// The number of the constant among the program's tensors.
		tensor: u16,
		/// The first leaf of 1 KiB.
		first: u32,
		/// How many leaves: at least 1, at most [`MAX_DEMANDED_LEAVES`].
		count: u8,
	},
}

/// What is demanded, as far as it takes to check what is shown.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Piece {
	/// The input.
	#[codec(index = 0)]
	Input,
	/// The encoding of the program, without its constants.
	#[codec(index = 1)]
	Program,
	/// Leaves of one of its constants.
	#[codec(index = 2)]
	Constant {
		/// The number of the constant among the program's tensors.
		tensor: u16,
		/// Its type and shape.
		meta: ProgramPort,
		/// What it is committed to.
		commitment: Hash,
		/// The first leaf.
		first: u32,
		/// How many leaves.
		count: u8,
	},
}

impl Piece {
	/// What names a demand for it.
	pub fn id(&self) -> DemandId {
		blake2_256(&self.encode()).into()
	}
}

/// What is shown for a demand.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Showing {
	/// The encoding of the input.
	#[codec(index = 0)]
	Input(BoundedVec<u8, ConstU32<MAX_INPUT_BYTES>>),
	/// The encoding of the program, without its constants.
	#[codec(index = 1)]
	Program(BoundedVec<u8, ConstU32<MAX_PROGRAM_BYTES>>),
	/// Leaves of a constant, in order.
	#[codec(index = 2)]
	Constant {
		/// The demand.
		demand: DemandId,
		/// The leaves that it is for, with their paths.
		leaves: Leaves,
	},
}

impl Showing {
	/// The input, from its encoding. `None` if it is too long.
	pub fn input(bytes: Vec<u8>) -> Option<Self> {
		bytes.try_into().ok().map(Self::Input)
	}

	/// The demand that this is for.
	pub fn demand(&self) -> DemandId {
		match self {
			Self::Input(_) => Piece::Input.id(),
			Self::Program(_) => Piece::Program.id(),
			Self::Constant { demand, .. } => *demand,
		}
	}

	/// The bytes that are shown, without paths.
	pub fn length(&self) -> u32 {
		let length = match self {
			Self::Input(bytes) => bytes.len(),
			Self::Program(bytes) => bytes.len(),
			Self::Constant { leaves, .. } => leaves.iter().map(|leaf| leaf.bytes.len()).sum(),
		};
		u32::try_from(length).unwrap_or(u32::MAX)
	}
}

/// A demand as clients and players see it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct DemandView {
	/// The request.
	pub request: RequestId,
	/// What names it among the demands about this result.
	pub demand: DemandId,
	/// What is demanded.
	pub piece: Piece,
	/// Who signed the result.
	pub executor: AccountId,
	/// Session, position and key by which it was signed, and by which the executor may answer.
	pub executor_seat: (SessionIndex, ValidatorIndex, InferenceId),
	/// Who demands it.
	pub by: AccountId,
	/// What is on hold for its space; at most this is burned when it is shown.
	pub fee: Balance,
	/// The last tick of the window clock at which it may be shown.
	pub deadline: u64,
}
