//! What the pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use countersign_primitives::{
	keys::InferenceId, traits::SessionMember, AccountId, Balance, SessionIndex,
};
use scale_info::TypeInfo;
use sp_core::{bounded::BoundedVec, ConstU32};

/// The most unbonding amounts that one validator has at a time.
pub const MAX_UNBONDING: u32 = 16;
/// The most members of a session's set that one block prunes.
pub const MAX_PRUNED_MEMBERS: u32 = 128;

/// The index of a validator set. Sessions with the same members, keys and exposures share one.
pub type SetIndex = u32;

/// What stands behind a validator in a session: its full identification in offence reports.
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
pub struct Exposure {
	/// The bond in force when the session was planned, in the smallest unit.
	pub bond: Balance,
}

/// An amount that was taken out of the bond in force and stays held until it matures.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Unbonding {
	/// The amount, in the smallest unit.
	pub amount: Balance,
	/// The first session in which it can be withdrawn.
	pub until: SessionIndex,
}

/// What a validator has bonded. Its one hold is always `bonded` plus all of `unbonding`.
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
pub struct Ledger {
	/// The bond in force, in the smallest unit.
	pub bonded: Balance,
	/// The part of `bonded` that is reserved as cover for open results.
	pub reserved: Balance,
	/// Amounts on their way out. They stay held and can still be slashed.
	pub unbonding: BoundedVec<Unbonding, ConstU32<MAX_UNBONDING>>,
	/// Once it has begun to leave: the first session in which the bond can be withdrawn.
	pub leaving: Option<SessionIndex>,
}

impl Ledger {
	/// A new ledger.
	pub fn new(bonded: Balance) -> Self {
		Self { bonded, ..Default::default() }
	}
	/// All that must be on hold.
	pub fn held(&self) -> Balance {
		self.unbonding.iter().fold(self.bonded, |total, chunk| total.saturating_add(chunk.amount))
	}
	/// The cover that can still be reserved: half of the bond less what is reserved, and nothing
	/// once it has begun to leave.
	pub fn free_cover(&self) -> Balance {
		match self.leaving {
			Some(_) => 0,
			None => (self.bonded / 2).saturating_sub(self.reserved),
		}
	}
	/// Queues an amount until a session. Returns whether there was room.
	pub fn queue(&mut self, amount: Balance, until: SessionIndex) -> bool {
		match self.unbonding.iter_mut().find(|chunk| chunk.until == until) {
			Some(chunk) => {
				chunk.amount = chunk.amount.saturating_add(amount);
				true
			}
			None => self.unbonding.try_push(Unbonding { amount, until }).is_ok(),
		}
	}
	/// Takes out what can be withdrawn in session `now` and returns the sum.
	pub fn take_matured(&mut self, now: SessionIndex) -> Balance {
		let mut matured: Balance = 0;
		self.unbonding.retain(|chunk| {
			let keep = chunk.until > now;
			if !keep {
				matured = matured.saturating_add(chunk.amount);
			}
			keep
		});
		matured
	}
}

/// What a validator did. Nothing here is ever a reason to slash.
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
	/// Assignments answered in time.
	pub answered: u32,
	/// Assignments missed.
	pub missed: u32,
	/// Blocks authored.
	pub authored: u32,
}

/// A validator as a session's table keeps it.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Member {
	/// The validator.
	pub account: AccountId,
	/// Its inference key in that session.
	pub key: InferenceId,
	/// What stood behind it.
	pub exposure: Exposure,
}

impl From<Member> for SessionMember {
	fn from(member: Member) -> Self {
		Self { account: member.account, key: member.key, exposure: member.exposure.bond }
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn cover_is_half_of_the_bond_rounded_down() {
		let mut ledger = Ledger::new(101);
		assert_eq!(ledger.free_cover(), 50);
		ledger.reserved = 20;
		assert_eq!(ledger.free_cover(), 30);
		// A slash may leave less than twice the reserved cover.
		ledger.bonded = 30;
		assert_eq!(ledger.free_cover(), 0);
		ledger.bonded = 101;
		ledger.leaving = Some(9);
		assert_eq!(ledger.free_cover(), 0);
	}

	/// Exposures are inside the roots against which offences are proven, and ledgers are stored:
	/// a change of either layout needs a migration.
	#[test]
	fn stored_layouts_do_not_change() {
		assert_eq!(Exposure { bond: 5 }.encode(), 5u128.encode());
		let mut ledger = Ledger { bonded: 1, reserved: 2, ..Default::default() };
		assert!(ledger.queue(3, 4));
		ledger.leaving = Some(5);
		assert_eq!(ledger.encode(), (1u128, 2u128, vec![(3u128, 4u32)], Some(5u32)).encode());
		let record = Record { answered: 1, missed: 2, authored: 3 };
		assert_eq!(record.encode(), (1u32, 2u32, 3u32).encode());
	}

	#[test]
	fn amounts_of_one_session_share_a_place_in_the_queue() {
		let mut ledger = Ledger::new(100);
		for until in 0..MAX_UNBONDING {
			assert!(ledger.queue(1, until));
		}
		assert!(!ledger.queue(1, MAX_UNBONDING));
		assert!(ledger.queue(5, 3));
		assert_eq!(ledger.held(), 100 + 16 + 5);
		assert_eq!(ledger.take_matured(3), 4 + 5);
		assert_eq!(ledger.take_matured(3), 0);
		assert_eq!(ledger.unbonding.len(), 12);
		assert_eq!(ledger.held(), 112);
	}
}
