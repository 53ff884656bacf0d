//! What genesis chooses for governance, and the ranges that it may choose from.

use crate::{
	parameters::{ConsensusParameters, ParameterError},
	Balance, BlockNumber, UNIT,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// How long a referendum takes, in blocks.
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
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrackTimes {
	/// From the submission to the start of the decision, at least.
	pub prepare_blocks: BlockNumber,
	/// In which it has to be approved.
	pub decision_blocks: BlockNumber,
	/// For which it has to stay approved.
	pub confirm_blocks: BlockNumber,
	/// From the approval until it takes effect, at least.
	pub enactment_blocks: BlockNumber,
}

impl TrackTimes {
	/// The longest from the submission until it takes effect, where the deposits come at once and
	/// nobody asks for a later enactment.
	pub const fn longest_blocks(&self) -> BlockNumber {
		self.prepare_blocks
			.saturating_add(self.decision_blocks)
			.saturating_add(self.confirm_blocks)
			.saturating_add(self.enactment_blocks)
	}

	fn check(&self) -> Result<(), ParameterError> {
		let within = |value: BlockNumber, most| value >= 1 && value <= most;
		if within(self.prepare_blocks, 604_800)
			&& within(self.decision_blocks, 1_296_000)
			&& within(self.confirm_blocks, 604_800)
			&& within(self.enactment_blocks, 1_296_000)
			&& self.confirm_blocks <= self.decision_blocks
		{
			return Ok(());
		}
		Err(ParameterError(
			"governance: periods of 1 block to 30 days, confirmation within decision",
		))
	}
}

/// Parameters of governance. Written at genesis, and changed by runtime upgrades alone.
#[derive(
	Clone,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GovernanceParameters {
	/// Of parameters, runtime upgrades, suspensions and spending.
	pub ordinary: TrackTimes,
	/// Of cancelling a slash, which has to be done before the slash is applied.
	pub slashes: TrackTimes,
	/// Of stopping new requests.
	pub emergency: TrackTimes,
	/// From the approval of a runtime upgrade until it may be applied: this, and the longest life
	/// of a request before it.
	pub upgrade_delay_blocks: BlockNumber,
	/// A referendum that nobody placed the decision deposit for is dropped after this.
	pub undecided_blocks: BlockNumber,
	/// For which a vote of conviction 1 is locked after the referendum.
	pub vote_lock_blocks: BlockNumber,
	/// In which an approved payment out of the treasury has to be claimed.
	pub payout_blocks: BlockNumber,
	/// Held for a referendum from its submission.
	pub submission_deposit: Balance,
	/// Held for a referendum from its decision.
	pub decision_deposit: Balance,
}

impl GovernanceParameters {
	/// Those of the main network: a day is 43,200 blocks.
	pub const fn main() -> Self {
		Self {
			ordinary: TrackTimes {
				prepare_blocks: 43_200,
				decision_blocks: 604_800,
				confirm_blocks: 43_200,
				enactment_blocks: 43_200,
			},
			slashes: TrackTimes {
				prepare_blocks: 3_600,
				decision_blocks: 216_000,
				confirm_blocks: 5_400,
				enactment_blocks: 300,
			},
			emergency: TrackTimes {
				prepare_blocks: 300,
				decision_blocks: 43_200,
				confirm_blocks: 300,
				enactment_blocks: 1,
			},
			upgrade_delay_blocks: 129_600,
			undecided_blocks: 604_800,
			vote_lock_blocks: 302_400,
			payout_blocks: 1_296_000,
			submission_deposit: 10 * UNIT,
			decision_deposit: 1_000 * UNIT,
		}
	}

	/// Those of a local network.
	pub const fn local() -> Self {
		Self {
			ordinary: TrackTimes {
				prepare_blocks: 2,
				decision_blocks: 14,
				confirm_blocks: 2,
				enactment_blocks: 2,
			},
			slashes: TrackTimes {
				prepare_blocks: 1,
				decision_blocks: 5,
				confirm_blocks: 1,
				enactment_blocks: 1,
			},
			emergency: TrackTimes {
				prepare_blocks: 1,
				decision_blocks: 6,
				confirm_blocks: 1,
				enactment_blocks: 1,
			},
			upgrade_delay_blocks: 10,
			undecided_blocks: 200,
			vote_lock_blocks: 20,
			payout_blocks: 200,
			submission_deposit: UNIT,
			decision_deposit: 10 * UNIT,
		}
	}

	/// Checks every range.
	pub fn check_ranges(&self) -> Result<(), ParameterError> {
		self.ordinary.check()?;
		self.slashes.check()?;
		self.emergency.check()?;
		let within = |value: BlockNumber, least, most| value >= least && value <= most;
		if !within(self.upgrade_delay_blocks, 10, 1_296_000) {
			return Err(ParameterError("upgrade delay: 10 blocks to 30 days"));
		}
		if !within(self.undecided_blocks, 10, 2_592_000)
			|| !within(self.payout_blocks, 10, 5_184_000)
			|| !within(self.vote_lock_blocks, self.ordinary.enactment_blocks, 2_592_000)
		{
			return Err(ParameterError(
				"votes are locked at least until what they decided takes effect, at most 60 days",
			));
		}
		if self.submission_deposit < UNIT / 1_000 || self.decision_deposit < UNIT / 1_000 {
			return Err(ParameterError("deposits of referenda: at least 0.001 tokens"));
		}
		Ok(())
	}

	/// Checks every range, and that a slash can be cancelled before it is applied.
	pub fn check(&self, consensus: &ConsensusParameters) -> Result<(), ParameterError> {
		self.check_ranges()?;
		let deferral = consensus.slash_deferral_sessions.saturating_mul(consensus.epoch_slots);
		if self.slashes.longest_blocks() >= deferral {
			return Err(ParameterError("a slash would be applied before it could be cancelled"));
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn presets_hold_their_own_rules() {
		assert_eq!(GovernanceParameters::main().check(&ConsensusParameters::main()), Ok(()));
		assert_eq!(GovernanceParameters::local().check(&ConsensusParameters::local()), Ok(()));
		// Neither fits the other.
		assert!(GovernanceParameters::main().check(&ConsensusParameters::local()).is_err());
	}

	#[test]
	fn a_local_decision_takes_about_twenty_blocks() {
		let local = GovernanceParameters::local();
		assert_eq!(local.ordinary.longest_blocks(), 20);
		assert_eq!(local.slashes.longest_blocks(), 8);
	}
}
