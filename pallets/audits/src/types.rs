//! What this pallet stores, and the limits that bound it.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use countersign_primitives::{
	audit::{Draw, AUDITORS_PER_DRAW},
	keys::InferenceId,
	model::ModelId,
	parameters::{RequestParameters, MAX_AUDIT_REDRAWS, MAX_VALIDATORS},
	request::{Finality, OutcomeCommitment},
	AccountId, Balance, BlockNumber, Hash, Macs, SessionIndex, ValidatorIndex,
};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use sp_runtime::Perbill;

/// The most auditors of one result: both draws, every redraw.
pub const MAX_SEATS: u32 = 2 * AUDITORS_PER_DRAW as u32 * (MAX_AUDIT_REDRAWS as u32 + 1);
/// The most draws that one block makes of those that follow the block's randomness, and of those
/// that follow the epoch's. Most of them draw nobody.
pub const MAX_DRAWS_PER_BLOCK: u32 = 32;
/// The most draws of one block that draw somebody, of both kinds together.
pub const MAX_HITS_PER_BLOCK: u32 = 4;
/// The most validators that are looked at to fill one seat.
pub const MAX_TRIES: u32 = 16;
/// The most rounds of which one block acts on a deadline.
pub const MAX_ROUNDS_PER_BLOCK: u32 = 16;
/// The most results whose auditors one block pays.
pub const MAX_CLOSINGS_PER_BLOCK: u32 = 4;
/// The most offences that one block reports by itself: those of one round, at least.
pub const MAX_REPORTS_PER_BLOCK: u32 = AUDITORS_PER_DRAW as u32;
/// The most ended audits that one block forgets.
pub const MAX_PRUNES_PER_BLOCK: u32 = 32;
/// The most buckets of one queue that one block opens.
pub const MAX_BUCKETS_PER_BLOCK: u32 = 16;
/// The most audits that a query shows.
pub const MAX_WORK_SHOWN: usize = 256;
/// The most contradictions that a query shows.
pub const MAX_CONTRADICTED_SHOWN: usize = 64;
/// The most contradictions that a query looks at.
pub const MAX_CONTRADICTED_LOOKED_AT: usize = 1_024;
/// Passed audits after which the probability of a draw has fallen to a half.
pub const GRACE: u32 = 4;

/// The stakes of the validators of a session, by position.
pub type Stakes = BoundedVec<Balance, ConstU32<MAX_VALIDATORS>>;

/// One time in which auditors commit and show.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Round {
	/// 0 for the draw itself, then one more for each redraw.
	pub number: u8,
	/// What the positions in the trace follow from.
	pub seed: Hash,
	/// How many auditors there should be.
	pub seats: u8,
	/// How many of them the terms ask for.
	pub wanted: u8,
	/// The last tick of the window clock for a commitment.
	pub commit_until: u64,
	/// The last tick of the window clock for showing it.
	pub reveal_until: u64,
	/// The bucket of the queue of rounds that it is in.
	pub due: u64,
}

/// How far a draw is.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Progress {
	/// To be made.
	Waiting {
		/// 0 for the draw itself, then one more for each redraw.
		number: u8,
		/// How many auditors to draw; of no meaning for the draw itself, which decides that.
		seats: u8,
		/// How many of them the terms ask for.
		wanted: u8,
		/// The bucket of its queue: a session for the late draw itself, otherwise a block.
		due: u32,
	},
	/// Auditors were drawn.
	Running(Round),
	/// Nothing more comes of it.
	Done,
}

/// What became of an auditor's part.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum SeatState {
	/// It is to commit.
	Drawn,
	/// It committed.
	Committed(Hash),
	/// It showed what it committed to.
	Revealed {
		/// What came of its run.
		outcome: OutcomeCommitment,
		/// The digest of its trace.
		trace: Hash,
		/// Whether that agrees with the result.
		agrees: bool,
		/// Whether another auditor of its round showed another trace.
		doubted: bool,
	},
	/// It did not commit in time.
	Missed,
	/// It committed and showed nothing in time.
	Broken,
}

/// An auditor's part.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Seat {
	/// Which draw.
	pub draw: Draw,
	/// Which round of it.
	pub round: u8,
	/// Whether it is one of those that the terms ask for.
	pub wanted: bool,
	/// Who was drawn.
	pub account: AccountId,
	/// The session whose validator set `validator` counts in.
	pub session: SessionIndex,
	/// The position in that set.
	pub validator: ValidatorIndex,
	/// The inference key that has to sign.
	pub key: InferenceId,
	/// The block in which it was drawn.
	pub drawn_at: BlockNumber,
	/// What it is paid if what it shows stands.
	pub pay: Balance,
	/// The cover that is reserved on its bond now.
	pub cover: Balance,
	/// What became of it.
	pub state: SeatState,
	/// Whether it counts as an audit that the result passed: it agrees, and its round is over.
	pub passed: bool,
	/// Whether its cover is released or slashed, and it is paid what it is due.
	pub settled: bool,
}

impl Seat {
	/// Whether something is still to come of it.
	pub fn is_open(&self) -> bool {
		matches!(self.state, SeatState::Drawn | SeatState::Committed(_))
	}
}

/// The audits of one result, from the result until it is pruned; without auditors until it ends.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Audit {
	/// The model.
	pub model: ModelId,
	/// Who signed the result.
	pub executor: AccountId,
	/// The key with which it did.
	pub signer: InferenceId,
	/// The commitment to the input.
	pub input: Hash,
	/// The length of the input's encoding.
	pub input_length: u32,
	/// What the executor committed to.
	pub claimed: OutcomeCommitment,
	/// The attribution that it committed to.
	pub attribution: Hash,
	/// The cost of a run.
	pub macs: Macs,
	/// The cover behind the result, and behind each auditor.
	pub cover: Balance,
	/// The rules of the request.
	pub rules: RequestParameters,
	/// The probability of each of the two draws.
	pub rate: Perbill,
	/// The audits that the terms ask for.
	pub wanted: u8,
	/// What each of those is paid: as much as the executor.
	pub wanted_pay: Balance,
	/// What every other is paid.
	pub pay: Balance,
	/// What goes from the executor's part of the fee to the pot.
	pub from_executor: Balance,
	/// Whether a draw found nobody who could audit.
	pub nobody: bool,
	/// The early draw.
	pub early: Progress,
	/// The late draw.
	pub late: Progress,
	/// Who was drawn; the position is the number of the role.
	pub seats: BoundedVec<Seat, ConstU32<MAX_SEATS>>,
	/// The tick of the window clock until which the result is kept from `Final` because an auditor
	/// contradicts it.
	pub contradicted_until: Option<u64>,
	/// What the chain found when it recomputed the result.
	pub canonical: Option<OutcomeCommitment>,
	/// Whether the chain has shown that what the executor claimed can be no outcome of a run, without
	/// computing the outcome.
	pub refuted: bool,
	/// How the result ended.
	pub end: Option<Finality>,
	/// The bucket of the queue in which its auditors are paid, and then of that in which it is
	/// pruned.
	pub due: BlockNumber,
	/// Whether its auditors are paid.
	pub settled: bool,
}

impl Audit {
	/// How far a draw is.
	pub fn progress(&self, draw: Draw) -> &Progress {
		match draw {
			Draw::Early => &self.early,
			Draw::Late => &self.late,
		}
	}

	pub(crate) fn set_progress(&mut self, draw: Draw, progress: Progress) {
		match draw {
			Draw::Early => self.early = progress,
			Draw::Late => self.late = progress,
		}
	}

	/// The seats of one round, with the numbers of their roles.
	pub(crate) fn round_seats(&self, draw: Draw, round: u8) -> impl Iterator<Item = (u8, &Seat)> {
		(0u8..).zip(&self.seats).filter(move |(_, seat)| seat.draw == draw && seat.round == round)
	}

	/// The audits that the result passed.
	pub fn passed(&self) -> u8 {
		let passed = self.seats.iter().filter(|seat| seat.passed).count();
		u8::try_from(passed).unwrap_or(u8::MAX)
	}
}

/// A validator's record as an executor.
#[derive(
	Clone,
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
pub struct Record {
	/// Audits passed since it bonded, or since it was last found wrong. Two in a row by one
	/// auditor count once.
	pub passed: u32,
	/// Who audited it last.
	pub last: Option<AccountId>,
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
	/// Of the draws that follow blocks, in blocks.
	pub draws: BlockNumber,
	/// Of the draws that follow epochs, in sessions.
	pub lates: SessionIndex,
	/// Of the rounds, in ticks of the window clock.
	pub rounds: u64,
	/// Of the results whose auditors are to be paid, in blocks.
	pub closings: BlockNumber,
	/// Of the ended audits, in blocks.
	pub prunes: BlockNumber,
}
