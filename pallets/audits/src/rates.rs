//! How likely an audit is, and who pays for it.
//!
//! ## Probability of a draw
//!
//! ```text
//! r = max(10 %, 4 / (4 + passed))            passed: audits since the bond began
//! q = min(1, cover / (exposure / 2))         the part of the half for covers that the result takes
//! p = r + (1 - r) q                          of each of the two draws
//! ```
//!
//! The cover follows fee and value at risk, so p rises with value at risk, and is 1 where a result
//! takes all that a bond can stand for.
//!
//! ## Money
//!
//! With `S` the executor's part of the fee (60 %), `A` that of audits (30 %), and four auditors where
//! both draws hit:
//!
//! ```text
//! pay of an audit            a = min(S, (S + A) / (4 p))
//! executor's part of that    x = min(S, 4 (p - 10 %) a)       of every result, whether it was drawn or not
//! ```
//!
//! So the pot pays 4 p a for a result at the mean, and gets A + x. At the floor that is 24 % of the
//! cost part for 30 %; wherever a result costs more than its own fee brings in, the executor has given
//! its whole part. So nobody gains by asking itself: what a result can draw from the pot is what it
//! paid into it, at the mean. Audits that terms ask for are paid with `S` each, which the requester
//! pays on top and gets back for those that did not happen.

use crate::types::GRACE;
use countersign_primitives::{
	audit::{AUDITORS_PER_DRAW, FLOOR_RATE},
	Balance,
};
use sp_runtime::{traits::Saturating, PerThing, Perbill};

/// The auditors where both draws hit.
const AUDITORS: Balance = 2 * AUDITORS_PER_DRAW as Balance;

/// What the record alone makes of the probability.
pub fn record_rate(passed: u32) -> Perbill {
	Perbill::from_rational(GRACE, GRACE.saturating_add(passed)).max(FLOOR_RATE)
}

/// The probability of a draw.
pub fn rate(passed: u32, cover: Balance, exposure: Balance) -> Perbill {
	let record = record_rate(passed);
	let half = exposure / 2;
	let taken = if cover >= half { Perbill::one() } else { Perbill::from_rational(cover, half) };
	record.saturating_add(record.left_from_one() * taken)
}

/// What an audit is paid, and what the executor gives of its part, at a probability that is at
/// least [`FLOOR_RATE`].
pub fn pay(rate: Perbill, executor_share: Balance, audit_share: Balance) -> (Balance, Balance) {
	let budget = executor_share.saturating_add(audit_share) / AUDITORS;
	let pay = executor_share.min(rate.max(FLOOR_RATE).saturating_reciprocal_mul_floor(budget));
	let above = rate.saturating_sub(FLOOR_RATE);
	let from_executor = (above * pay.saturating_mul(AUDITORS)).min(executor_share);
	(pay, from_executor)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn a_new_bond_is_always_audited_and_an_old_one_at_the_floor() {
		assert_eq!(rate(0, 0, 1_000), Perbill::one());
		assert_eq!(record_rate(4), Perbill::from_percent(50));
		assert_eq!(record_rate(35), Perbill::from_rational(4u32, 39));
		assert_eq!(record_rate(36), FLOOR_RATE);
		assert_eq!(record_rate(u32::MAX), FLOOR_RATE);
		// A half of what can be reserved is at stake: half of what is missing to 1.
		assert_eq!(rate(100, 250, 1_000), Perbill::from_percent(55));
		assert_eq!(rate(100, 500, 1_000), Perbill::one());
		assert_eq!(rate(100, 1, 0), Perbill::one(), "nothing stands behind it");
	}

	#[test]
	fn pay_at_both_ends() {
		// At the floor an audit is paid like the run, and the executor keeps its part.
		assert_eq!(pay(FLOOR_RATE, 600, 300), (600, 0));
		// A new bond works for its audits: all of 900 for four of them.
		assert_eq!(pay(Perbill::one(), 600, 300), (225, 600));
		assert_eq!(pay(Perbill::from_percent(20), 600, 300), (600, 240));
	}

	proptest! {
		/// At the mean, a result never takes more out of the pot than it brings.
		#[test]
		fn the_pot_is_never_drained(
			parts in 100_000_000u32..=1_000_000_000,
			fee in 1_000u128..1 << 80,
		) {
			let rate = Perbill::from_parts(parts);
			let (executor_share, audit_share) = (fee * 60 / 100, fee * 30 / 100);
			let (pay, from_executor) = pay(rate, executor_share, audit_share);
			prop_assert!(from_executor <= executor_share && pay <= executor_share);
			let mean = rate.mul_ceil(pay * 4);
			prop_assert!(mean <= audit_share + from_executor + 4, "{mean}");
		}

		#[test]
		fn the_rate_falls_with_the_record_and_rises_with_the_cover(
			passed in any::<u32>(),
			more in any::<u32>(),
			cover in 0u128..1 << 100,
			exposure in 0u128..1 << 100,
		) {
			let found = rate(passed, cover, exposure);
			prop_assert!(found >= FLOOR_RATE);
			prop_assert!(rate(passed.saturating_add(more), cover, exposure) <= found);
			prop_assert!(rate(passed, cover + u128::from(more), exposure) >= found);
			prop_assert!(rate(passed, cover, exposure + u128::from(more)) <= found);
		}
	}
}
