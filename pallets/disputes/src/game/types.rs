//! What games store.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use countersign_primitives::{
	game::{Phase, TensorSource, MAX_HASHES, MAX_ROOTS},
	program::ProgramPort,
	tensor::MAX_PORTS,
	AccountId, Balance, BlockNumber, Hash,
};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;

/// The most games about one result at one time. Each bond is twice the one before.
pub const MAX_GAMES: u8 = 16;
/// The most games about one result in a row, while one of them is always on.
pub const MAX_BRANCHES: u8 = 250;
/// The most games that one block ends because somebody was silent.
pub const MAX_GAMES_EXPIRED: u32 = 4;
/// The commitments of a trace that are stored together.
pub const ROOTS_AT_ONCE: u32 = 128;
/// The most pieces that the commitments of a trace are stored in.
pub const MAX_ROOT_PIECES: u32 = MAX_ROOTS.div_ceil(ROOTS_AT_ONCE);
/// The part of a game's time that the executor has for one answer, and the challenger for naming
/// something; four of each.
pub const ANSWER_SHARE: u64 = 6;
/// See [`ANSWER_SHARE`].
pub const NAMING_SHARE: u64 = 12;

/// Commitments of a trace.
pub type Roots = BoundedVec<Hash, ConstU32<ROOTS_AT_ONCE>>;
/// Hashes of leaves or groups that the executor showed.
pub type Hashes = BoundedVec<Hash, ConstU32<MAX_HASHES>>;

/// An output of a program.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct OutputFact {
	/// The number of the tensor in the program.
	pub tensor: u16,
	/// Type and shape, before a policy exposes it.
	pub meta: ProgramPort,
	/// Where its commitment comes from.
	pub source: TensorSource,
	/// Whether a cast from floats to integers is on the way to it.
	pub casts: bool,
}

/// What all games about one result have in common.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Case {
	/// Who signed the result.
	pub executor: AccountId,
	/// The version of the operator set.
	pub version: u16,
	/// The tick at which the result would be `Final` without games.
	pub window_end: u64,
	/// The ticks that one game may take.
	pub ticks: u64,
	/// The top over the parts of the program.
	pub parts: Hash,
	/// How many operators it has.
	pub operators: u16,
	/// The longest encoding of a part.
	pub longest_part: u32,
	/// The commitments to the inputs.
	pub inputs: BoundedVec<Hash, ConstU32<MAX_PORTS>>,
	/// The outputs.
	pub outputs: BoundedVec<OutputFact, ConstU32<MAX_PORTS>>,
	/// How many results the executor's trace commits to, once it is there.
	pub traced: Option<u16>,
	/// The number that the next game gets.
	pub next: u8,
	/// How many games are on.
	pub on: u8,
}

impl Case {
	/// The ticks for the next move in this phase.
	pub fn window(&self, phase: &Phase) -> u64 {
		let share = if phase.is_executors() { ANSWER_SHARE } else { NAMING_SHARE };
		(self.ticks / share).max(1)
	}
}

/// A game.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Game {
	/// Who says that the result is wrong.
	pub challenger: AccountId,
	/// What it loses where it shows nothing.
	pub bond: Balance,
	/// What is burned whoever wins.
	pub fee: Balance,
	/// The block in which it was opened.
	pub opened_at: BlockNumber,
	/// How many moves were made.
	pub step: u8,
	/// What is due.
	pub phase: Phase,
	/// The last tick at which it may be done.
	pub deadline: u64,
}
