//! The operator game: how a dispute about a model is decided that is too large to replay.
//!
//! The executor commits to the result of every operator; the two sides narrow down where they
//! disagree; in the end the chain computes one element. See `docs/disputes.md`.

use crate::{
	keys::{InferenceId, InferenceSignature},
	program::ProgramPort,
	request::RequestId,
	tensor::{TensorType, MAX_PORTS, MAX_RANK},
	AccountId, Balance, BlockNumber, Hash, SessionIndex, ValidatorIndex, DOMAIN,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::{bounded::BoundedVec, ConstU32};
use sp_crypto_hashing::blake2_256;

/// The longest encoding of a program, without its constants.
pub const MAX_PROGRAM_BYTES: u32 = 1024 * 1024;
/// The most results of operators that a trace commits to.
pub const MAX_ROOTS: u32 = 4096;
/// The most hashes of leaves that one message brings: those of 1 MiB.
pub const MAX_HASHES: u32 = 1024;
/// The most leaves that a proof opens.
pub const MAX_OPENED: u32 = 64;
/// The bytes of a leaf.
pub const LEAF_BYTES: u32 = 1024;
/// The longest encoding of a part of a program.
pub const MAX_PART_BYTES: u32 = 128 * 1024;
/// The longest path in any tree: a constant has at most 2^32 elements of 8 bytes.
pub const MAX_PATH: u32 = 32;

/// A path from a leaf to the top of its tree.
pub type Path = BoundedVec<Hash, ConstU32<MAX_PATH>>;
/// The encoding of a part of a program: `countersign_canonical::part::Part`.
pub type PartBytes = BoundedVec<u8, ConstU32<MAX_PART_BYTES>>;
/// The bytes of a leaf.
pub type LeafBytes = BoundedVec<u8, ConstU32<LEAF_BYTES>>;
/// Opened leaves, in order of tensors and places, each once.
pub type Leaves = BoundedVec<Leaf, ConstU32<MAX_OPENED>>;

/// An input of the request, as far as its commitment goes.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct InputTop {
	/// The type of its elements.
	pub ty: TensorType,
	/// Its dimensions.
	pub shape: BoundedVec<u32, ConstU32<MAX_RANK>>,
	/// Its length in bytes.
	pub length: u64,
	/// The top of the tree over its leaves.
	pub top: Hash,
}

/// What opens the first game about a result. Later games about the same need nothing of it.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Opening {
	/// The encoding of the program, without its constants: what the model's program root commits
	/// to.
	pub program: BoundedVec<u8, ConstU32<MAX_PROGRAM_BYTES>>,
	/// The inputs: what the request's input commitment commits to.
	pub inputs: BoundedVec<InputTop, ConstU32<MAX_PORTS>>,
	/// How many operators the program has, declared so that checking it is charged beforehand.
	pub operators: u16,
	/// How many operands all of them have together.
	pub operands: u32,
}

/// A leaf of a tensor with its path.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Leaf {
	/// The number of the tensor in the program.
	pub tensor: u16,
	/// Which of its leaves.
	pub leaf: u32,
	/// What is in it.
	pub bytes: LeafBytes,
	/// The path to the top of the tensor's tree.
	pub path: Path,
}

/// An element of an operator's result, with everything that it follows from.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Shown {
	/// The part of the program.
	pub part: PartBytes,
	/// Its path among the parts.
	pub path: Path,
	/// The element.
	pub index: u32,
	/// The leaves of operands that it reads.
	pub leaves: Leaves,
}

/// A message of either side.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum GameMove {
	/// The executor commits to the results of all operators, in order. Where it claimed that one
	/// traps, to those before, and shows an element on which it does.
	#[codec(index = 0)]
	Trace {
		/// The commitment to each result.
		roots: BoundedVec<Hash, ConstU32<MAX_ROOTS>>,
		/// The operator that traps, and where.
		trap: Option<Shown>,
	},
	/// The challenger names an operator whose result is wrong.
	#[codec(index = 1)]
	Name {
		/// The part of the program.
		part: PartBytes,
		/// Its path among the parts.
		path: Path,
	},
	/// The executor shows the hashes of leaves of that result; above 1 MiB first those of groups of
	/// 1,024 leaves.
	#[codec(index = 2)]
	Hashes(BoundedVec<Hash, ConstU32<MAX_HASHES>>),
	/// The challenger picks a group, or a leaf of those whose hashes were shown.
	#[codec(index = 3)]
	Pick(u32),
	/// The executor shows what is in the leaf.
	#[codec(index = 4)]
	Bytes(LeafBytes),
	/// The challenger shows that an element in the leaf is another.
	#[codec(index = 5)]
	Prove(Shown),
	/// The challenger shows that an operator, whose result the trace commits to, traps.
	#[codec(index = 6)]
	Traps(Shown),
	/// The challenger shows that an output of the trace is not what was signed.
	#[codec(index = 7)]
	Compare {
		/// Which output.
		output: u8,
		/// The element; under `Top1` the row.
		index: u32,
		/// The leaves of the output that the element or the row lies in.
		leaves: Leaves,
	},
	/// The executor shows an element on which a cast from floats to integers saturates: an engine
	/// with other casts may well have given what it signed.
	#[codec(index = 8)]
	Saturates(Shown),
}

impl GameMove {
	/// Whether it is the executor's to make.
	pub fn is_executors(&self) -> bool {
		matches!(self, Self::Trace { .. } | Self::Hashes(_) | Self::Bytes(_) | Self::Saturates(_))
	}
}

/// What a validator signs to open a game, or to make a move in one, without a fee.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct GameMessage {
	/// The hash of the genesis block.
	pub genesis: Hash,
	/// The request whose result it is about.
	pub request: RequestId,
	/// The number of the game among those about this result; not read when one is opened.
	pub branch: u8,
	/// How many moves were made before; 0 where a game is opened.
	pub step: u8,
	/// A session of now, the current one or the one before, or that of the disputed statement.
	pub session: SessionIndex,
	/// The signer's position in that session's set.
	pub validator: ValidatorIndex,
	/// The signer's inference key in that session.
	pub signer: InferenceId,
	/// `blake2_256` of the encoding of what is brought: an `Option<Opening>` or a [`GameMove`].
	pub content: Hash,
}

impl GameMessage {
	/// The hash of what a message brings.
	pub fn content_of(content: &impl Encode) -> Hash {
		blake2_256(&content.encode()).into()
	}

	/// The bytes that are signed: `domain | "game" | SCALE(self)`.
	pub fn signing_payload(&self) -> Vec<u8> {
		let mut data = DOMAIN.to_vec();
		data.extend_from_slice(b"game");
		self.encode_to(&mut data);
		data
	}

	/// Whether `signature` is the signer's signature of this message.
	pub fn verify(&self, signature: &InferenceSignature) -> bool {
		use sp_application_crypto::RuntimeAppPublic;
		self.signer.verify(&self.signing_payload(), signature)
	}
}

/// Where a tensor's commitment comes from.
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
pub enum TensorSource {
	/// An input of the request.
	#[codec(index = 0)]
	Input(u8),
	/// A constant: the commitment to it.
	#[codec(index = 1)]
	Constant(Hash),
	/// The result of an operator.
	#[codec(index = 2)]
	Operator(u16),
}

/// The result that a challenger named.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Named {
	/// The operator.
	pub operator: u16,
	/// Type and shape of its result.
	pub meta: ProgramPort,
}

/// Whose turn it is, and for what.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Phase {
	/// The executor is to commit to its trace.
	#[codec(index = 0)]
	Trace,
	/// The challenger is to name an operator, or to show at once what is wrong.
	#[codec(index = 1)]
	Operator,
	/// The executor is to show hashes: of leaves, or of groups.
	#[codec(index = 2)]
	Hashes(Named),
	/// The challenger is to pick one of the groups.
	#[codec(index = 3)]
	Group(Named),
	/// The executor is to show the hashes of the leaves of a group.
	#[codec(index = 4)]
	GroupHashes {
		/// Of what.
		named: Named,
		/// The group.
		group: u32,
		/// The top over its leaves.
		top: Hash,
	},
	/// The challenger is to pick a leaf.
	#[codec(index = 5)]
	Leaf {
		/// Of what.
		named: Named,
		/// The number of the first leaf whose hash was shown.
		first: u32,
	},
	/// The executor is to show what is in the leaf.
	#[codec(index = 6)]
	Bytes {
		/// Of what.
		named: Named,
		/// The leaf.
		leaf: u32,
		/// Its hash.
		hash: Hash,
	},
	/// The challenger is to show that an element in the leaf is another.
	#[codec(index = 7)]
	Element {
		/// Of what.
		named: Named,
		/// The leaf.
		leaf: u32,
		/// What is in it.
		bytes: LeafBytes,
	},
	/// What was signed is wrong, unless a cast from floats to integers saturates: the executor is to
	/// show where.
	#[codec(index = 8)]
	Cast {
		/// The first operator that is not on the way to what is wrong, in order: one that saturates
		/// there, or after it, excuses nothing.
		before: u16,
	},
}

impl Phase {
	/// Whether the executor is to move.
	pub fn is_executors(&self) -> bool {
		matches!(
			self,
			Self::Trace
				| Self::Hashes(_)
				| Self::GroupHashes { .. }
				| Self::Bytes { .. }
				| Self::Cast { .. }
		)
	}
}

/// Why there is no game or demand, or a move or what is shown is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum GameRefusal {
	/// There is no such result, or it is not open any more, or its window is over.
	NotOpen,
	/// The model has no canonical program.
	NoProgram,
	/// The version of the operator set is suspended, or this chain does not know it.
	Version,
	/// The first game about a result needs the program and the inputs.
	NoOpening,
	/// These bytes are not the model's program.
	WrongProgram,
	/// These are not the inputs that the request committed to.
	WrongInputs,
	/// An element of this program reads more than a proof may open, or the manifest does not fit
	/// the program. Nobody is slashed for that.
	NotProvable,
	/// What was signed is right as far as it can be told without a game.
	NothingWrong,
	/// As many games about this result as there may be.
	TooManyGames,
	/// The caller has a game about this result, or the result is its own.
	NotYou,
	/// There is no such game or demand.
	NoGame,
	/// Another side, or another move, is due.
	NotDue,
	/// The window for this move is over.
	TooLate,
	/// As many hashes, commitments or bytes as there must be: not these.
	WrongCount,
	/// A hash, a path or a commitment does not lead where it should.
	WrongHash,
	/// The proof is none: a leaf is missing, too many, or not what its tensor is committed to.
	BadProof,
	/// The proof shows what the other side says.
	ProvesNothing,
	/// The commitments give another output than the one that was signed.
	NotSigned,
	/// What is wanted is on chain, demanded already, or not there at all.
	NothingToDemand,
	/// As many demands about this result as there may be at one time.
	TooManyDemands,
}

/// A game as clients and players see it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct GameView {
	/// The request.
	pub request: RequestId,
	/// The number among the games about this result.
	pub branch: u8,
	/// Who says that the result is wrong.
	pub challenger: AccountId,
	/// Who signed it.
	pub executor: AccountId,
	/// Session, position and key by which it was signed, and by which the executor may answer.
	pub executor_seat: (SessionIndex, ValidatorIndex, InferenceId),
	/// What the challenger loses where it shows nothing.
	pub bond: Balance,
	/// What is burned in any case, for the space of all messages.
	pub fee: Balance,
	/// The block in which it was opened.
	pub opened_at: BlockNumber,
	/// How many moves were made.
	pub step: u8,
	/// What is due.
	pub phase: Phase,
	/// The last tick of the window clock at which it may be done.
	pub deadline: u64,
	/// The window clock.
	pub clock: u64,
	/// The hashes that were shown last.
	pub hashes: Vec<Hash>,
}

/// What a game about a result would cost.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct GameCost {
	/// What is on hold, and lost where nothing is shown.
	pub bond: Balance,
	/// What is on hold beside it and burned in any case.
	pub fee: Balance,
	/// What a validator that opens it by its key has burned beyond that.
	pub fee_by_key: Balance,
}
