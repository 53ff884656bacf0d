//! What the pallet stores about offences and slashes.

use crate::Exposure;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use countersign_primitives::{
	offence::OffenceKind,
	request::{RequestId, Role},
	AccountId, Balance, Hash, SessionIndex,
};
use scale_info::TypeInfo;
use sp_core::{bounded::BoundedVec, ConstU32};
use sp_runtime::{
	traits::{BlakeTwo256, Hash as _},
	Perbill,
};
use sp_staking::offence::Kind;

/// What a consensus offence costs at least: one that a validator commits alone.
pub const LEAST_CONSENSUS_SLASH: Perbill = Perbill::from_percent(2);
/// What a consensus offence costs at most: one that a third of the validators commit together.
pub const MOST_CONSENSUS_SLASH: Perbill = Perbill::from_percent(30);
/// What two statements for one request cost.
pub const EQUIVOCATION_SLASH: Perbill = Perbill::from_percent(5);
/// The reporter's part of a slash.
pub const REPORTER_PART: Perbill = Perbill::from_percent(10);

/// The most slashes that one block applies.
pub const MAX_SLASHES_PER_BLOCK: u32 = 8;
/// The most reports that one block forgets.
pub const MAX_REPORTS_PRUNED_PER_BLOCK: u32 = 16;
/// The most frozen slashes that one block puts back into the queue.
pub const MAX_THAWED_PER_BLOCK: u32 = 8;
/// The most buckets of a queue that one block opens.
pub const MAX_BUCKETS_PER_BLOCK: u32 = 16;
/// The most pending slashes for consensus offences and equivocations of one validator. The others
/// are bounded by the covers that they take.
pub const MAX_OWN_SLASHES: u32 = 64;
/// The longest slot of a consensus offence: a GRANDPA set and round have 16 bytes.
pub const MAX_SLOT_BYTES: u32 = 32;
/// Blocks of the hours in which slashes of `WrongResult` are counted.
pub const BLOCKS_PER_HOUR: u32 = 1_800;
/// Hours for which they are counted.
pub const HOURS_COUNTED: u32 = 24;
/// The most versions whose slashes are being put back at a time.
pub const MAX_THAWING: u32 = 16;

/// The number of a slash.
pub type SlashId = u32;

/// The slot of a consensus offence, encoded.
pub type SlotBytes = BoundedVec<u8, ConstU32<MAX_SLOT_BYTES>>;

/// What a slash is for. One offender is slashed at most once for each.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Cause {
	/// Two blocks in one slot, or two votes in one round.
	#[codec(index = 0)]
	Consensus {
		/// The kind, as the consensus names it: `babe:equivocatio`, `grandpa:equivoca`.
		kind: Kind,
		/// When, as the consensus encodes it: BABE's slot; GRANDPA's set and round.
		slot: SlotBytes,
	},
	/// Something around inference.
	#[codec(index = 1)]
	Inference {
		/// What.
		kind: OffenceKind,
		/// The request that it is about.
		request: RequestId,
		/// The part that the offender played.
		role: Role,
	},
}

impl Cause {
	/// Whether it takes from the half of the bond that covers cannot reserve.
	pub fn is_own(&self) -> bool {
		match self {
			Self::Consensus { .. } => true,
			Self::Inference { kind, .. } => *kind == OffenceKind::Equivocation,
		}
	}
	/// Whether slashes for it are counted by version, and freeze with it.
	pub fn is_wrong_result(&self) -> bool {
		matches!(self, Self::Inference { kind: OffenceKind::WrongResult, .. })
	}
	/// Identifies the cause together with the offender.
	pub fn report_key(&self, offender: &AccountId) -> Hash {
		BlakeTwo256::hash_of(&(b"report", self, offender))
	}
	/// Identifies what several validators committed together.
	pub fn group_key(&self) -> Hash {
		BlakeTwo256::hash_of(&(b"group", self))
	}
}

/// A slash that was decided and is not applied yet. Its amount stands on the offender's bond.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Slash {
	/// Whose bond it takes from.
	pub offender: AccountId,
	/// What it is for.
	pub cause: Cause,
	/// The session of the offence.
	pub session: SessionIndex,
	/// What stood behind the offender in that session.
	pub exposure: Exposure,
	/// The most that it takes, in the smallest unit. A consensus offence takes less unless others
	/// committed it too; all others take exactly this.
	pub amount: Balance,
	/// The validators in the session of a consensus offence; 0 for all others.
	pub set_length: u32,
	/// Who gets a tenth of it.
	pub reporter: Option<AccountId>,
	/// The version of the canonical operator set that found a result wrong.
	pub version: Option<u16>,
	/// The hour in which it was reported.
	pub hour: u32,
	/// The first session in which it is applied.
	pub due: SessionIndex,
	/// Whether it waits for governance, because its version is suspended.
	pub frozen: bool,
}

/// What is remembered of a report, so that nobody is slashed twice.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Report {
	/// The offender.
	pub offender: AccountId,
	/// What it was for.
	pub cause: Cause,
	/// The session of the offence.
	pub session: SessionIndex,
	/// What stood behind the offender in that session.
	pub exposure: Exposure,
	/// The session from which its slash is applied.
	pub due: SessionIndex,
	/// The session in which it may be forgotten.
	pub forget_at: SessionIndex,
	/// Whether its slot was found closed: no session after that can prove it.
	pub closed: bool,
}

/// Those who committed one consensus offence together.
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
pub struct Group {
	/// How many there are, without those whose slash was cancelled.
	pub offenders: u32,
	/// The reports and pending slashes that refer to it; it is forgotten with the last.
	pub references: u32,
}

/// An offence on its way through pallet-offences, which does not tell its handler what it is.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct InFlight {
	/// The offender.
	pub offender: AccountId,
	/// What it did.
	pub cause: Cause,
	/// What it costs; not read for those that cost a part of the exposure.
	pub amount: Balance,
	/// The validators in the session of a consensus offence; 0 for all others.
	pub set_length: u32,
	/// Who is rewarded.
	pub reporter: Option<AccountId>,
	/// The version of the canonical operator set that found a result wrong.
	pub version: Option<u16>,
}

/// What a version's slashes of `WrongResult` came to, by the hour.
pub type HourlyAmounts = BoundedVec<(u32, Balance), ConstU32<HOURS_COUNTED>>;

/// The part of the exposure that a consensus offence costs each of `offenders` out of `validators`.
///
/// ```text
/// least + (most - least) * min(1, 3 (k - 1) / n)^2        k offenders of n validators
/// ```
///
/// The square of `3 k / n` is what BABE and GRANDPA ask for themselves (`slash_fraction` of their
/// offences): hardly anything for one of many, everything once a third commits it together, which
/// is what it takes to break consensus. Two things differ. Counting begins with the second
/// offender, because one of four would lose 56 % otherwise for what is mostly one key on two
/// machines. And it ends at [`MOST_CONSENSUS_SLASH`], so that a mistake in software that many run
/// leaves them a bond to go on with.
pub fn consensus_fraction(offenders: u32, validators: u32) -> Perbill {
	if validators == 0 {
		return LEAST_CONSENSUS_SLASH;
	}
	let others = offenders.saturating_sub(1).saturating_mul(3);
	let together = Perbill::from_rational(others.min(validators), validators).square();
	let span = Perbill::from_parts(
		MOST_CONSENSUS_SLASH.deconstruct().saturating_sub(LEAST_CONSENSUS_SLASH.deconstruct()),
	);
	Perbill::from_parts(
		LEAST_CONSENSUS_SLASH.deconstruct().saturating_add((span * together).deconstruct()),
	)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn per_mille(offenders: u32, validators: u32) -> u32 {
		consensus_fraction(offenders, validators).deconstruct() / 1_000_000
	}

	#[test]
	fn one_of_few_is_not_wiped_out_and_a_mass_failure_is_no_massacre() {
		// One alone: always the least.
		for validators in [1, 2, 3, 4, 7, 100, 1_000] {
			assert_eq!(consensus_fraction(1, validators), LEAST_CONSENSUS_SLASH);
		}
		// Of four: two are more than a third.
		assert_eq!(
			[2, 3, 4].map(|offenders| per_mille(offenders, 4)),
			[20 + 280 * 9 / 16, 300, 300]
		);
		// Of a thousand.
		assert_eq!(
			[2, 10, 100, 200, 334].map(|offenders| per_mille(offenders, 1_000)),
			[20, 20, 44, 119, 299]
		);
		assert_eq!(consensus_fraction(1_000, 1_000), MOST_CONSENSUS_SLASH);
		assert_eq!(consensus_fraction(u32::MAX, 1_000), MOST_CONSENSUS_SLASH);
		assert_eq!(consensus_fraction(5, 0), LEAST_CONSENSUS_SLASH);
	}

	#[test]
	fn more_offenders_never_cost_less() {
		for validators in 1..200 {
			for offenders in 1..=validators {
				assert!(
					consensus_fraction(offenders, validators)
						<= consensus_fraction(offenders + 1, validators)
				);
			}
		}
	}

	#[test]
	fn keys_name_cause_and_offender() {
		let cause = |kind, role| Cause::Inference { kind, request: Hash::zero(), role };
		let one = cause(OffenceKind::WrongResult, Role::Executor);
		let who = AccountId::new([1; 32]);
		assert_ne!(one.report_key(&who), one.report_key(&AccountId::new([2; 32])));
		assert_ne!(
			one.report_key(&who),
			cause(OffenceKind::Unavailable, Role::Executor).report_key(&who)
		);
		assert_ne!(
			one.report_key(&who),
			cause(OffenceKind::WrongResult, Role::Auditor(0)).report_key(&who)
		);
		assert_ne!(one.report_key(&who), one.group_key());
	}
}
