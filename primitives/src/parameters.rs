//! What genesis chooses, and the ranges that it may choose from.
//!
//! One runtime serves every network: a network differs from another only in these values. They
//! stay inside the ranges below, and keep the relations that safety needs, for as long as the
//! chain lives.

use crate::{
	request::Terms, Balance, BlockNumber, Macs, SessionIndex, GIGA_MAC, MICRO_UNIT, MILLI_UNIT,
	UNIT,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Milliseconds of a slot.
pub const SLOT_MILLISECONDS: u64 = 2_000;
/// Multiply-accumulates for which a request gets one more block of time.
pub const MACS_PER_BLOCK_OF_TIME: Macs = GIGA_MAC;
/// The most blocks whose randomness draws auditors.
pub const MAX_AUDIT_SEED_BLOCKS: BlockNumber = 32;
/// The most redraws of auditors.
pub const MAX_AUDIT_REDRAWS: u8 = 3;
/// The most validators in a session.
pub const MAX_VALIDATORS: u32 = 1_000;

/// A parameter outside its range, or a relation that does not hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ParameterError(pub &'static str);

fn within<T: PartialOrd>(
	value: T,
	least: T,
	most: T,
	name: &'static str,
) -> Result<(), ParameterError> {
	if value < least || value > most {
		return Err(ParameterError(name));
	}
	Ok(())
}

/// Parameters of consensus and bonds.
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
pub struct ConsensusParameters {
	/// Slots of an epoch, which is a session. Never changes after genesis.
	pub epoch_slots: u32,
	/// Sessions from unbonding to withdrawal.
	pub unbonding_sessions: SessionIndex,
	/// Sessions for which an offence can be reported.
	pub report_window_sessions: SessionIndex,
	/// Sessions from a verdict to the slash.
	pub slash_deferral_sessions: SessionIndex,
	/// The least bond of a validator.
	pub minimum_bond: Balance,
	/// The most validators in a session.
	pub maximum_validators: u32,
}

impl ConsensusParameters {
	/// Those of the main network.
	pub const fn main() -> Self {
		Self {
			epoch_slots: 600,
			unbonding_sessions: 1_512,
			report_window_sessions: 504,
			slash_deferral_sessions: 504,
			minimum_bond: 10_000 * UNIT,
			maximum_validators: MAX_VALIDATORS,
		}
	}
	/// Those of a local network.
	pub const fn local() -> Self {
		Self {
			epoch_slots: 10,
			unbonding_sessions: 60,
			report_window_sessions: 10,
			slash_deferral_sessions: 1,
			minimum_bond: 1_000 * UNIT,
			maximum_validators: 100,
		}
	}
	/// Checks every range, without the relations with the parameters of requests.
	pub fn check_ranges(&self) -> Result<(), ParameterError> {
		within(self.epoch_slots, 10, 14_400, "epoch slots: 10 to 14,400")?;
		within(self.unbonding_sessions, 10, 20_000, "unbonding: 10 to 20,000 sessions")?;
		within(self.report_window_sessions, 1, 5_000, "report window: 1 to 5,000 sessions")?;
		within(self.slash_deferral_sessions, 1, 5_000, "slash deferral: 1 to 5,000 sessions")?;
		within(
			self.minimum_bond,
			UNIT,
			100_000_000 * UNIT,
			"minimum bond: 1 to 100,000,000 tokens",
		)?;
		within(self.maximum_validators, 1, MAX_VALIDATORS, "maximum validators: 1 to 1,000")
	}
	/// Checks every range, and the relations with the parameters of requests.
	pub fn check(&self, requests: &RequestParameters) -> Result<(), ParameterError> {
		requests.check()?;
		self.check_ranges()?;
		let life = requests.longest_request_blocks().div_ceil(self.epoch_slots);
		if self.unbonding_sessions
			<= life
				.saturating_add(self.report_window_sessions)
				.saturating_add(self.slash_deferral_sessions)
		{
			return Err(ParameterError(
				"unbonding must be longer than the longest request, the report window and the slash deferral together",
			));
		}
		// The late draw falls at the start of the second epoch after a result.
		let audited = self.epoch_slots.saturating_mul(2).saturating_add(requests.audit_blocks());
		if requests.final_window_blocks < audited.max(48) {
			return Err(ParameterError(
				"the window to Final must be at least 48 blocks, and two epochs and all rounds of an audit",
			));
		}
		Ok(())
	}
}

/// Parameters of requests. A change counts for new requests only.
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
pub struct RequestParameters {
	/// A deadline lies at least this many blocks ahead, and one more for each started GMAC.
	pub deadline_base_blocks: BlockNumber,
	/// A deadline lies at most this many blocks ahead.
	pub deadline_most_blocks: BlockNumber,
	/// A take-over has this many blocks, and one more for each started GMAC.
	pub take_over_base_blocks: BlockNumber,
	/// Blocks in which a demanded input must be posted.
	pub demand_input_blocks: BlockNumber,
	/// Ticks of the window clock from a result to `Final`.
	pub final_window_blocks: BlockNumber,
	/// The longest that one dispute game may take.
	pub dispute_game_blocks: BlockNumber,
	/// Blocks for which a finished request stays readable before it is pruned.
	pub retention_blocks: BlockNumber,
	/// Blocks between the announcement of a higher price and its start.
	pub price_notice_blocks: BlockNumber,
	/// The most that one request may cost, in GMAC.
	pub most_gigamacs: u32,
	/// The fee for a GMAC, for executor, audits, treasury and burn together.
	pub fee_per_gigamac: Balance,
	/// The part of the fee that does not depend on cost.
	pub base_fee: Balance,
	/// Cover in thousandths of fee and value at risk.
	pub cover_per_mille: u32,
	/// What is added to the fee for the cover behind a value at risk, in millionths of the value.
	pub risk_per_million: u32,
	/// Blocks after a result, or after an audit that came to nothing, whose randomness draws
	/// auditors.
	pub audit_seed_blocks: BlockNumber,
	/// An auditor commits within so many ticks of the window clock, and one more for each started
	/// GMAC.
	pub audit_commit_base_blocks: BlockNumber,
	/// And shows what it committed to within so many.
	pub audit_reveal_blocks: BlockNumber,
	/// How often an auditor is drawn anew in the place of one that came to nothing.
	pub audit_redraws: u8,
}

impl RequestParameters {
	/// Those of the main network.
	pub const fn main() -> Self {
		Self {
			deadline_base_blocks: 10,
			deadline_most_blocks: 43_200,
			take_over_base_blocks: 15,
			demand_input_blocks: 300,
			final_window_blocks: 1_800,
			dispute_game_blocks: 1_800,
			retention_blocks: 43_200,
			price_notice_blocks: 1_800,
			most_gigamacs: 150,
			fee_per_gigamac: 10 * MILLI_UNIT,
			base_fee: 100 * MICRO_UNIT,
			cover_per_mille: 11_400,
			risk_per_million: 1_000,
			audit_seed_blocks: 8,
			audit_commit_base_blocks: 15,
			audit_reveal_blocks: 15,
			audit_redraws: 2,
		}
	}
	/// Those of a local network.
	pub const fn local() -> Self {
		Self {
			deadline_base_blocks: 10,
			deadline_most_blocks: 200,
			take_over_base_blocks: 15,
			demand_input_blocks: 20,
			final_window_blocks: 60,
			dispute_game_blocks: 120,
			retention_blocks: 200,
			price_notice_blocks: 10,
			most_gigamacs: 4,
			fee_per_gigamac: 10 * MILLI_UNIT,
			base_fee: 100 * MICRO_UNIT,
			cover_per_mille: 11_400,
			risk_per_million: 1_000,
			audit_seed_blocks: 2,
			audit_commit_base_blocks: 4,
			audit_reveal_blocks: 4,
			audit_redraws: 1,
		}
	}
	/// Checks every range.
	pub fn check(&self) -> Result<(), ParameterError> {
		within(self.deadline_base_blocks, 5, 1_000, "least deadline: 5 to 1,000 blocks")?;
		within(self.deadline_most_blocks, 50, 43_200, "latest deadline: 50 to 43,200 blocks")?;
		within(self.take_over_base_blocks, 5, 1_000, "take-over: 5 to 1,000 blocks")?;
		within(self.demand_input_blocks, 10, 1_800, "demanded input: 10 to 1,800 blocks")?;
		within(self.final_window_blocks, 48, 43_200, "window to Final: 48 to 43,200 blocks")?;
		within(self.dispute_game_blocks, 60, 7_200, "dispute game: 60 to 7,200 blocks")?;
		within(self.retention_blocks, 10, 302_400, "retention: 10 to 302,400 blocks")?;
		within(self.price_notice_blocks, 1, 43_200, "price notice: 1 to 43,200 blocks")?;
		within(self.most_gigamacs, 1, 150, "most cost: 1 to 150 GMAC")?;
		within(self.fee_per_gigamac, 1, 1_000 * UNIT, "fee for a GMAC: up to 1,000 tokens")?;
		within(self.base_fee, 1, 1_000 * UNIT, "base fee: up to 1,000 tokens")?;
		within(
			self.cover_per_mille,
			11_390,
			100_000,
			"cover: 11.39 to 100 times fee and value at risk",
		)?;
		within(self.risk_per_million, 0, 100_000, "fee for risk: up to a tenth of the value")?;
		within(
			self.audit_seed_blocks,
			1,
			MAX_AUDIT_SEED_BLOCKS,
			"blocks before a draw of auditors: 1 to 32",
		)?;
		within(self.audit_commit_base_blocks, 3, 1_000, "commitment of auditors: 3 to 1,000")?;
		within(self.audit_reveal_blocks, 3, 1_000, "showing of auditors: 3 to 1,000 blocks")?;
		within(self.audit_redraws, 0, MAX_AUDIT_REDRAWS, "redraws of auditors: up to 3")?;
		if self.deadline_base_blocks.saturating_add(self.most_gigamacs) >= self.deadline_most_blocks
		{
			return Err(ParameterError("the most costly request would have no deadline to choose"));
		}
		Ok(())
	}
	/// The blocks that a cost adds to a deadline or a take-over.
	pub const fn cost_blocks(macs: Macs) -> BlockNumber {
		let blocks = macs.div_ceil(MACS_PER_BLOCK_OF_TIME);
		if blocks > 1_000 {
			1_000
		} else {
			blocks as BlockNumber
		}
	}
	/// The longest that anything about one request stays open.
	pub const fn longest_request_blocks(&self) -> BlockNumber {
		self.deadline_most_blocks
			.saturating_add(self.take_over_base_blocks)
			.saturating_add(self.most_gigamacs)
			.saturating_add(self.demand_input_blocks)
			.saturating_add(self.final_window_blocks)
			.saturating_add(self.dispute_game_blocks)
	}
	/// The longest that one draw of auditors takes, with every redraw.
	pub const fn audit_blocks(&self) -> BlockNumber {
		let round = self
			.audit_seed_blocks
			.saturating_add(self.audit_commit_base_blocks)
			.saturating_add(self.most_gigamacs)
			.saturating_add(self.audit_reveal_blocks);
		round.saturating_mul(self.audit_redraws as BlockNumber + 1)
	}
	/// The fee for the work of one run: `base + ceil(macs * rate / GMAC)`.
	pub fn cost_fee(&self, macs: Macs) -> Balance {
		let scaled = self.fee_per_gigamac.saturating_mul(Balance::from(macs));
		self.base_fee.saturating_add(scaled.div_ceil(Balance::from(GIGA_MAC)))
	}
	/// What is added to the fee for the cover that a value at risk keeps from other requests,
	/// rounded up.
	pub fn risk_fee(&self, value_at_risk: Balance) -> Balance {
		// In two parts, so that nothing overflows: whole millions, and the rest.
		let rate = Balance::from(self.risk_per_million);
		let (whole, rest) = (value_at_risk / 1_000_000, value_at_risk % 1_000_000);
		whole.saturating_mul(rate).saturating_add(rest.saturating_mul(rate).div_ceil(1_000_000))
	}
	/// What a requester is charged whose input nobody had: the base fee, and that for the cover which
	/// was kept for it.
	pub fn withheld_fee(&self, terms: &Terms) -> Balance {
		self.base_fee.saturating_add(self.risk_fee(terms.value_at_risk))
	}
	/// The cover that a fee and a value at risk need, rounded up.
	pub fn cover(&self, fee: Balance, value_at_risk: Balance) -> Balance {
		fee.saturating_add(value_at_risk)
			.saturating_mul(Balance::from(self.cover_per_mille))
			.div_ceil(1_000)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn presets_hold_their_own_rules() {
		assert_eq!(ConsensusParameters::main().check(&RequestParameters::main()), Ok(()));
		assert_eq!(ConsensusParameters::local().check(&RequestParameters::local()), Ok(()));
		assert_eq!(RequestParameters::main().longest_request_blocks(), 47_265);
		assert_eq!(RequestParameters::local().longest_request_blocks(), 419);
	}

	#[test]
	fn relations_are_enforced() {
		let short = ConsensusParameters { unbonding_sessions: 53, ..ConsensusParameters::local() };
		assert!(short.check(&RequestParameters::local()).is_err());
		let window = RequestParameters { final_window_blocks: 47, ..RequestParameters::local() };
		assert!(ConsensusParameters::local().check(&window).is_err());
		// Two epochs and three rounds of 188 blocks; two of 14.
		assert_eq!(2 * 600 + RequestParameters::main().audit_blocks(), 1_764);
		assert_eq!(2 * 10 + RequestParameters::local().audit_blocks(), 48);
		let short = RequestParameters { final_window_blocks: 1_763, ..RequestParameters::main() };
		assert!(ConsensusParameters::main().check(&short).is_err());
		let more = RequestParameters { audit_reveal_blocks: 11, ..RequestParameters::local() };
		assert!(ConsensusParameters::local().check(&more).is_err());
		let long_epoch = ConsensusParameters { epoch_slots: 31, ..ConsensusParameters::local() };
		assert!(long_epoch.check(&RequestParameters::local()).is_err());
	}

	#[test]
	fn fees_and_cover_round_up() {
		let p = RequestParameters { base_fee: 5, fee_per_gigamac: 3, ..RequestParameters::local() };
		assert_eq!(p.cost_fee(0), 5);
		assert_eq!(p.cost_fee(1), 6);
		assert_eq!(p.cost_fee(GIGA_MAC), 8);
		assert_eq!([0, 1, 1_000, 1_001].map(|value| p.risk_fee(value)), [0, 1, 1, 2]);
		assert_eq!(p.risk_fee(5 * UNIT), 5 * MILLI_UNIT);
		assert_eq!(p.risk_fee(u128::MAX), u128::MAX / 1_000 + 1);
		assert_eq!(p.cover(1, 0), 12);
		assert_eq!(p.cover(u128::MAX, u128::MAX), u128::MAX.div_ceil(1_000));
	}
}
