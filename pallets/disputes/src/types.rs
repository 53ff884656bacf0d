//! What this pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use countersign_primitives::{
	demand::Piece,
	dispute::{MAX_STAGED_PACKAGE, STAGED_CHUNK},
	AccountId, Balance, BlockNumber, Hash,
};
use frame_support::{
	traits::{ConstU32, Get},
	weights::Weight,
	BoundedVec,
};
use scale_info::TypeInfo;

/// The most chunks of one staged package.
pub const MAX_CHUNKS: u32 = MAX_STAGED_PACKAGE / STAGED_CHUNK;
/// The most chunks that one block removes.
pub const MAX_CHUNKS_REMOVED: u32 = 32;
/// The most decisions that one block prunes.
pub const MAX_PRUNES_PER_BLOCK: u32 = 32;
/// The most buckets of one queue that one block opens.
pub const MAX_BUCKETS_PER_BLOCK: u32 = 16;
/// The most pieces of a program that are demanded at one time about one result. Each costs twice as
/// much as the one before, so that nobody can keep others out.
pub const MAX_DEMANDS: u8 = 16;
/// The most packages that one account stages at one time.
pub const MAX_STAGED_EACH: u32 = 4;

/// A chunk of a staged package.
pub type Chunk = BoundedVec<u8, ConstU32<STAGED_CHUNK>>;

/// A package that is staged over blocks.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Staging {
	/// Who stages it, and whose deposit it is.
	pub owner: AccountId,
	/// The program root that it is to have. A replay checks it.
	pub root: Hash,
	/// The bytes of the whole package.
	pub length: u32,
	/// The bytes that are there.
	pub present: u32,
	/// What is on hold for it.
	pub deposit: Balance,
	/// The block from which on it is removed.
	pub expires_at: BlockNumber,
}

impl Staging {
	/// How many chunks it has.
	pub fn chunks(&self) -> u32 {
		self.length.div_ceil(STAGED_CHUNK)
	}

	/// The bytes of one chunk.
	pub fn chunk_length(&self, index: u32) -> u32 {
		self.length.saturating_sub(index.saturating_mul(STAGED_CHUNK)).min(STAGED_CHUNK)
	}

	/// Whether all of it is there.
	pub fn is_complete(&self) -> bool {
		self.present == self.length
	}
}

/// A demand that a piece of what a result was made from be shown on chain.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Demand {
	/// Who demands it.
	pub by: AccountId,
	/// What is demanded.
	pub piece: Piece,
	/// What is on hold for the space of the bytes.
	pub fee: Balance,
	/// The last tick at which it may be shown.
	pub deadline: u64,
}

/// What all demands about one result have in common.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct DemandCase {
	/// The tick at which the result would be `Final` if nothing about it were undecided.
	pub window_end: u64,
	/// How many demands are on.
	pub on: u8,
}

/// How far the queues have been worked off: every bucket below is empty.
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
pub struct QueueCursors {
	/// Of the staged packages, in blocks.
	pub stagings: BlockNumber,
	/// Of the decisions, in blocks.
	pub decisions: BlockNumber,
	/// Of the games, in ticks of the window clock.
	pub games: u64,
	/// Of the demands, in ticks of the window clock.
	pub demands: u64,
}

/// What a transaction costs that pays fees. Whoever replays without fee answers for as much.
pub trait SignedFee {
	/// The fee of a transaction of this weight and length.
	fn fee(weight: Weight, length: u32) -> Balance;
}

impl SignedFee for () {
	fn fee(weight: Weight, length: u32) -> Balance {
		Balance::from(weight.ref_time()).saturating_add(length.into())
	}
}

/// Whether the window clock ticks in this block: not after a block that operational messages
/// crowded.
pub struct ClockRuns<T>(core::marker::PhantomData<T>);

impl<T: crate::Config> Get<bool> for ClockRuns<T> {
	fn get() -> bool {
		!crate::Crowded::<T>::get()
	}
}
