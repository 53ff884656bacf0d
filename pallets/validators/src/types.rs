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
	/// The slashes that stand on it.
	pub pending: Pending,
}

/// The slashes that stand on a bond, and what was slashed of it lately.
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
pub struct Pending {
	/// Pending slashes that take from the half for covers: what was reserved as cover before.
	pub covers: Balance,
	/// Pending slashes for consensus offences and equivocations, which take from the other half.
	pub own: Balance,
	/// How many slashes are in `own`.
	pub own_slashes: u32,
	/// What slashes of the other half took already, until `taken_until` is past.
	pub taken: Balance,
	/// The last session in which `taken` counts.
	pub taken_until: SessionIndex,
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
	/// What must stay on hold: covers, and slashes that are not applied yet.
	pub fn owed(&self) -> Balance {
		self.reserved.saturating_add(self.pending.covers).saturating_add(self.pending.own)
	}
	/// What is on hold and neither reserved nor about to be slashed.
	pub fn unowed(&self) -> Balance {
		self.held().saturating_sub(self.owed())
	}
	/// The part of the half for covers that is left, where the bond counts as `bond`.
	fn cover_room(&self, bond: Balance) -> Balance {
		(bond / 2)
			.saturating_sub(self.reserved)
			.saturating_sub(self.pending.covers)
			.min(self.unowed())
	}
	/// The cover that can still be reserved: half of the bond less what is reserved or about to be
	/// slashed, and nothing once it has begun to leave.
	pub fn free_cover(&self) -> Balance {
		match self.leaving {
			Some(_) => 0,
			None => self.cover_room(self.bonded),
		}
	}
	/// What slashes of the other half took lately.
	fn taken(&self, now: SessionIndex) -> Balance {
		if now <= self.pending.taken_until {
			self.pending.taken
		} else {
			0
		}
	}
	/// What slashes for consensus offences and equivocations can still take: together with what
	/// they took lately at most half, and never what covers need.
	pub fn own_room(&self, now: SessionIndex) -> Balance {
		let taken = self.taken(now);
		(self.held().saturating_add(taken) / 2)
			.saturating_sub(taken)
			.saturating_sub(self.pending.own)
			.min(self.unowed())
	}
	/// What a slash for a broken commit can take: the cover that is free, also while leaving.
	pub fn broken_commit_room(&self) -> Balance {
		self.cover_room(self.held())
	}
	/// Notes that a slash of the half that covers cannot reserve took this.
	pub fn note_taken(&mut self, amount: Balance, now: SessionIndex, until: SessionIndex) {
		self.pending.taken = self.taken(now).saturating_add(amount);
		self.pending.taken_until = until;
	}
	/// Takes an amount out: first of the bond in force, then of what matures first. Returns what
	/// there was.
	pub fn take(&mut self, amount: Balance) -> Balance {
		let of_bond = amount.min(self.bonded);
		self.bonded = self.bonded.saturating_sub(of_bond);
		let mut left = amount.saturating_sub(of_bond);
		let mut sessions: alloc::vec::Vec<_> =
			self.unbonding.iter().map(|chunk| chunk.until).collect();
		sessions.sort_unstable();
		for until in sessions {
			if let Some(chunk) = self.unbonding.iter_mut().find(|chunk| chunk.until == until) {
				let part = left.min(chunk.amount);
				chunk.amount = chunk.amount.saturating_sub(part);
				left = left.saturating_sub(part);
			}
		}
		self.unbonding.retain(|chunk| chunk.amount > 0);
		amount.saturating_sub(left)
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
	/// Takes out what can be withdrawn in session `now`, leaving what must stay on hold, and
	/// returns the sum.
	pub fn take_matured(&mut self, now: SessionIndex) -> Balance {
		let most = self.unowed();
		let mut matured: Balance = 0;
		for chunk in self.unbonding.iter_mut().filter(|chunk| chunk.until <= now) {
			let part = chunk.amount.min(most.saturating_sub(matured));
			chunk.amount = chunk.amount.saturating_sub(part);
			matured = matured.saturating_add(part);
		}
		self.unbonding.retain(|chunk| chunk.amount > 0);
		matured
	}
	/// Whether something has matured.
	pub fn has_matured(&self, now: SessionIndex) -> bool {
		self.unbonding.iter().any(|chunk| chunk.until <= now)
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
		ledger.pending = Pending { covers: 6, own: 7, own_slashes: 8, taken: 9, taken_until: 10 };
		let pending = (6u128, 7u128, 8u32, 9u128, 10u32);
		assert_eq!(
			ledger.encode(),
			(1u128, 2u128, vec![(3u128, 4u32)], Some(5u32), pending).encode()
		);
		let record = Record { answered: 1, missed: 2, authored: 3 };
		assert_eq!(record.encode(), (1u32, 2u32, 3u32).encode());
	}

	#[test]
	fn slashes_take_the_bond_first_and_then_what_matures_first() {
		let mut ledger = Ledger::new(10);
		assert!(ledger.queue(5, 9) && ledger.queue(7, 3));
		assert_eq!(ledger.take(4), 4);
		assert_eq!((ledger.bonded, ledger.held()), (6, 18));
		assert_eq!(ledger.take(8), 8);
		assert_eq!((ledger.bonded, ledger.held()), (0, 10));
		assert_eq!(
			ledger.unbonding.iter().map(|c| (c.amount, c.until)).collect::<Vec<_>>(),
			[(5, 9), (5, 3)]
		);
		assert_eq!(ledger.take(5), 5);
		assert_eq!(ledger.unbonding.len(), 1);
		assert_eq!(ledger.take(100), 5);
		assert_eq!(ledger.held(), 0);
	}

	#[test]
	fn what_is_owed_stays_on_hold() {
		let mut ledger = Ledger::new(10);
		assert!(ledger.queue(20, 3));
		ledger.pending.own = 7;
		ledger.reserved = 5;
		assert_eq!(ledger.take_matured(2), 0);
		assert_eq!(ledger.take_matured(3), 18);
		assert_eq!(ledger.held(), 12);
		assert!(ledger.has_matured(3));
		assert_eq!(ledger.take_matured(3), 0);
		ledger.pending.own = 0;
		assert_eq!(ledger.take_matured(3), 2);
		assert!(!ledger.has_matured(3));
	}

	#[test]
	fn neither_half_takes_what_the_other_needs() {
		let mut ledger = Ledger::new(100);
		assert_eq!((ledger.free_cover(), ledger.own_room(1)), (50, 50));
		ledger.reserved = 40;
		ledger.pending.covers = 10;
		assert_eq!((ledger.free_cover(), ledger.own_room(1)), (0, 50));
		ledger.pending.own = 30;
		assert_eq!(ledger.own_room(1), 20);
		// Half of the bond was taken: no more for a while, and then half of what is left, but not
		// what covers need.
		ledger.pending.own = 0;
		assert_eq!(ledger.take(50), 50);
		ledger.note_taken(50, 1, 11);
		assert_eq!(ledger.own_room(11), 0);
		assert_eq!(ledger.own_room(12), 0);
		ledger.reserved = 0;
		assert_eq!(ledger.own_room(11), 0);
		assert_eq!(ledger.own_room(12), 25);
		// What is added to the bond can be taken at once.
		ledger.bonded = 150;
		assert_eq!(ledger.own_room(11), 50);
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
