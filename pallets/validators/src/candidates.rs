//! The list of candidates, in the order in which sessions choose from it.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::{cmp::Reverse, slice::Iter};
use countersign_primitives::{AccountId, Balance};
use scale_info::TypeInfo;
use sp_core::{bounded::BoundedVec, ConstU32};

/// The most candidates: 1,000 validators, and 250 that wait for a place. The encoded list stays
/// under 64 KiB.
pub const MAX_CANDIDATES: u32 = 1_250;

/// A candidate and its bond in force.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Candidate {
	/// The account.
	pub account: AccountId,
	/// Its bond in force.
	pub bond: Balance,
}

impl Candidate {
	fn rank(&self) -> (Reverse<Balance>, &AccountId) {
		(Reverse(self.bond), &self.account)
	}
}

/// The list is full, and the newcomer's bond is not above the least.
#[derive(Debug, PartialEq, Eq)]
pub struct Full;

/// Candidates by falling bond; of equal bonds the lower account comes first.
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
pub struct CandidateList(BoundedVec<Candidate, ConstU32<MAX_CANDIDATES>>);

impl CandidateList {
	/// The candidates in order.
	pub fn iter(&self) -> Iter<'_, Candidate> {
		self.0.iter()
	}
	/// How many there are.
	pub fn len(&self) -> usize {
		self.0.len()
	}
	/// Whether there is none.
	pub fn is_empty(&self) -> bool {
		self.0.is_empty()
	}
	/// Adds a candidate that is not in the list. A full list gives up its last candidate, which
	/// is returned, if the newcomer's bond is above that one's.
	pub fn insert(&mut self, new: Candidate) -> Result<Option<Candidate>, Full> {
		let mut evicted = None;
		if self.0.is_full() {
			// An equal bond must not evict: the same tokens could push each other out forever.
			if self.0.last().is_none_or(|last| new.bond <= last.bond) {
				return Err(Full);
			}
			evicted = self.0.pop();
		}
		let at = self.0.partition_point(|other| other.rank() < new.rank());
		self.0.try_insert(at, new).map_err(|_| Full)?;
		Ok(evicted)
	}
	/// Removes a candidate, given the bond it is listed with. Returns whether it was there.
	pub fn remove(&mut self, account: &AccountId, bond: Balance) -> bool {
		match self.find(account, bond) {
			Some(at) => {
				self.0.remove(at);
				true
			}
			None => false,
		}
	}
	/// Moves a candidate whose bond changes. Returns whether it was there.
	pub fn update(&mut self, account: &AccountId, old: Balance, new: Balance) -> bool {
		self.remove(account, old)
			&& self.insert(Candidate { account: account.clone(), bond: new }).is_ok()
	}
	fn find(&self, account: &AccountId, bond: Balance) -> Option<usize> {
		self.0.binary_search_by(|other| other.rank().cmp(&(Reverse(bond), account))).ok()
	}
	/// Whether the order is strict.
	#[cfg(any(feature = "std", feature = "try-runtime"))]
	pub fn is_sorted(&self) -> bool {
		self.0.is_sorted_by(|a, b| a.rank() < b.rank())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;
	use std::collections::BTreeMap;

	fn account(n: u32) -> AccountId {
		let mut bytes = [0; 32];
		bytes[..4].copy_from_slice(&n.to_be_bytes());
		AccountId::new(bytes)
	}

	fn candidate(n: u32, bond: Balance) -> Candidate {
		Candidate { account: account(n), bond }
	}

	fn full() -> CandidateList {
		let mut list = CandidateList::default();
		for n in 0..MAX_CANDIDATES {
			assert_eq!(list.insert(candidate(n, 100 + Balance::from(n / 2))), Ok(None));
		}
		list
	}

	#[test]
	fn the_encoded_list_stays_under_64_kib() {
		assert!(CandidateList::max_encoded_len() < 64 * 1024);
		assert_eq!(full().encode().len(), CandidateList::max_encoded_len());
	}

	#[test]
	fn ties_go_to_the_lower_account() {
		let mut list = CandidateList::default();
		for n in [3, 1, 2] {
			assert_eq!(list.insert(candidate(n, 7)), Ok(None));
		}
		assert_eq!(list.insert(candidate(9, 8)), Ok(None));
		let order: Vec<_> = list.iter().map(|c| c.account.clone()).collect();
		assert_eq!(order, [account(9), account(1), account(2), account(3)]);
	}

	#[test]
	fn a_full_list_gives_up_its_last_only_for_more() {
		let mut list = full();
		assert_eq!(list.insert(candidate(5_000, 100)), Err(Full));
		// Of the two with the least bond, the higher account ranks last.
		assert_eq!(list.insert(candidate(5_000, 101)), Ok(Some(candidate(1, 100))));
		assert_eq!(list.len(), MAX_CANDIDATES as usize);
		assert!(list.is_sorted());
	}

	proptest! {
		#[test]
		fn the_list_is_a_sorted_map(
			changes in proptest::collection::vec((0u8..3, 0u32..12, 0u128..6, 0u128..6), 0..80),
		) {
			let mut list = CandidateList::default();
			let mut model = BTreeMap::new();
			for (kind, who, bond, other) in changes {
				let known = model.get(&who).copied();
				match kind {
					0 if known.is_none() => {
						prop_assert_eq!(list.insert(candidate(who, bond)), Ok(None));
						model.insert(who, bond);
					},
					1 => {
						let found = list.remove(&account(who), bond);
						prop_assert_eq!(found, known == Some(bond));
						if found {
							model.remove(&who);
						}
					},
					_ => {
						let found = list.update(&account(who), bond, other);
						prop_assert_eq!(found, known == Some(bond));
						if found {
							model.insert(who, other);
						}
					},
				}
				prop_assert!(list.is_sorted());
				let listed: BTreeMap<_, _> =
					list.iter().map(|c| (c.account.clone(), c.bond)).collect();
				let wanted: BTreeMap<_, _> =
					model.iter().map(|(n, bond)| (account(*n), *bond)).collect();
				prop_assert_eq!(listed, wanted);
			}
		}
	}
}
