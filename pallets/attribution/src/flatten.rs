//! Flattening a lineage into one vector of shares. Pure: no storage, no floats.

use alloc::{collections::BTreeMap, vec, vec::Vec};
use core::cmp::Reverse;
use countersign_primitives::{
	attribution::{Right, Vector, VectorEntry, MAX_RIGHTS},
	model::{ModelId, Share},
};

/// A parent with what it passes on.
pub struct Ancestry {
	/// The parent.
	pub model: ModelId,
	/// The share of everything the child earns that goes to the parent.
	pub royalty: Share,
	/// The parent's own vector.
	pub vector: Vector,
}

/// Why there is no vector.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FlattenError {
	/// The contributors' shares do not add up to the whole, or there is none.
	Shares,
	/// The royalties leave nothing to the contributors.
	Royalties,
	/// More contributors and parents than a vector can name.
	TooMany,
}

/// A weight, in billionths of billionths: the product of two shares.
type Weight = u64;

/// The vector of a model with contributors' shares `own` and parents `parents`.
///
/// - A contributor weighs (whole - royalties) x share; what a parent's vector names weighs
///   royalty x its share there. The same right from several sides is one entry.
/// - If more than [`MAX_RIGHTS`] entries result, whole parents are folded into one entry each, the
///   right to that parent's own pot: the lowest royalty first, the later parent first among
///   equals, parents with a single entry never. A fold changes nobody's part, since what reaches a
///   pot is split there by the parent's own vector; it only takes one more claim.
/// - Weights become billionths by largest remainder, ties to the earlier entry, so that the shares
///   add up to exactly the whole. An entry left with nothing is dropped.
///
/// Entries stand in the order in which they are first met: contributors, then parents.
pub fn flatten(
	model: &ModelId,
	own: &[Share],
	parents: &[Ancestry],
) -> Result<Vector, FlattenError> {
	let whole = u64::from(Share::WHOLE.0);
	let sum = |shares: &mut dyn Iterator<Item = Share>| {
		shares.fold(0u64, |sum, share| sum.saturating_add(u64::from(share.0)))
	};
	if sum(&mut own.iter().copied()) != whole {
		return Err(FlattenError::Shares);
	}
	let left = whole
		.checked_sub(sum(&mut parents.iter().map(|parent| parent.royalty)))
		.filter(|left| *left > 0)
		.ok_or(FlattenError::Royalties)?;

	let mut contributors = Vec::with_capacity(own.len());
	for (index, share) in own.iter().enumerate() {
		let index = u16::try_from(index).map_err(|_| FlattenError::TooMany)?;
		contributors.push((
			Right { model: *model, contributor: Some(index) },
			left.saturating_mul(u64::from(share.0)),
		));
	}

	let mut by_royalty: Vec<usize> = parents
		.iter()
		.enumerate()
		.filter(|(_, parent)| parent.vector.len() > 1)
		.map(|(index, _)| index)
		.collect();
	by_royalty.sort_by_key(|index| (parents.get(*index).map(|p| p.royalty), Reverse(*index)));

	let mut folded = vec![false; parents.len()];
	let mut next = by_royalty.into_iter();
	loop {
		let entries = merge(&contributors, parents, &folded);
		if entries.len() <= MAX_RIGHTS as usize {
			return Vector::try_from(round(entries)).map_err(|_| FlattenError::TooMany);
		}
		let index = next.next().ok_or(FlattenError::TooMany)?;
		if let Some(fold) = folded.get_mut(index) {
			*fold = true;
		}
	}
}

/// All entries, equal rights as one.
fn merge(
	contributors: &[(Right, Weight)],
	parents: &[Ancestry],
	folded: &[bool],
) -> Vec<(Right, Weight)> {
	let mut entries: Vec<(Right, Weight)> = Vec::new();
	let mut positions = BTreeMap::new();
	let mut add = |right: Right, weight: Weight| match positions.get(&right) {
		Some(position) => {
			if let Some((_, sum)) = entries.get_mut(*position) {
				*sum = Weight::saturating_add(*sum, weight);
			}
		}
		None => {
			positions.insert(right.clone(), entries.len());
			entries.push((right, weight));
		}
	};
	for (right, weight) in contributors {
		add(right.clone(), *weight);
	}
	for (parent, fold) in parents.iter().zip(folded) {
		let royalty = Weight::from(parent.royalty.0);
		if *fold {
			let pot = Right { model: parent.model, contributor: None };
			add(pot, royalty.saturating_mul(Share::WHOLE.0.into()));
		} else {
			for VectorEntry { right, share } in &parent.vector {
				add(right.clone(), royalty.saturating_mul(share.0.into()));
			}
		}
	}
	entries
}

/// Shares in billionths that add up to the whole, for weights that add up to its square.
fn round(entries: Vec<(Right, Weight)>) -> Vec<VectorEntry> {
	let whole = Weight::from(Share::WHOLE.0);
	let mut left = Share::WHOLE.0;
	let mut remainders = Vec::with_capacity(entries.len());
	let mut vector = Vec::with_capacity(entries.len());
	for (index, (right, weight)) in entries.into_iter().enumerate() {
		let quota = u32::try_from(weight / whole).unwrap_or(Share::WHOLE.0);
		left = left.saturating_sub(quota);
		remainders.push((Reverse(weight % whole), index));
		vector.push(VectorEntry { right, share: Share(quota) });
	}
	remainders.sort();
	for (_, index) in remainders.into_iter().take(left as usize) {
		if let Some(entry) = vector.get_mut(index) {
			entry.share.0 = entry.share.0.saturating_add(1);
		}
	}
	vector.retain(|entry| entry.share.0 > 0);
	vector
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn id(index: u8) -> ModelId {
		ModelId::repeat_byte(index)
	}
	fn right(model: u8, contributor: u16) -> Right {
		Right { model: id(model), contributor: Some(contributor) }
	}
	fn pot(model: u8) -> Right {
		Right { model: id(model), contributor: None }
	}
	fn total(vector: &[VectorEntry]) -> u64 {
		vector.iter().map(|entry| u64::from(entry.share.0)).sum()
	}
	/// `count` shares that add up to the whole and differ by at most one.
	fn even(count: u32) -> Vec<Share> {
		let (quota, more) = (Share::WHOLE.0 / count, Share::WHOLE.0 % count);
		(0..count).map(|index| Share(quota + u32::from(index < more))).collect()
	}
	fn ancestry(model: u8, royalty: u32, own: u32, parents: &[Ancestry]) -> Ancestry {
		let vector = flatten(&id(model), &even(own), parents).unwrap();
		Ancestry { model: id(model), royalty: Share(royalty), vector }
	}

	#[test]
	fn contributors_alone_keep_their_shares() {
		let vector = flatten(&id(1), &even(3), &[]).unwrap();
		let expected: Vec<_> = even(3)
			.into_iter()
			.enumerate()
			.map(|(index, share)| VectorEntry { right: right(1, index as u16), share })
			.collect();
		assert_eq!(vector.into_inner(), expected);
	}

	#[test]
	fn royalties_come_first() {
		let parent = ancestry(1, 200_000_000, 2, &[]);
		let vector = flatten(&id(2), &even(2), &[parent]).unwrap();
		let shares: Vec<_> = vector.iter().map(|e| (e.right.clone(), e.share.0)).collect();
		assert_eq!(
			shares,
			[
				(right(2, 0), 400_000_000),
				(right(2, 1), 400_000_000),
				(right(1, 0), 100_000_000),
				(right(1, 1), 100_000_000),
			]
		);
	}

	#[test]
	fn a_right_met_twice_is_one_entry() {
		let grand = || ancestry(1, 500_000_000, 1, &[]);
		let left = ancestry(2, 100_000_000, 1, &[grand()]);
		let right_hand = ancestry(3, 100_000_000, 1, &[grand()]);
		let vector = flatten(&id(4), &even(1), &[left, right_hand]).unwrap();
		assert_eq!(vector.len(), 4);
		let shared = vector.iter().find(|entry| entry.right == right(1, 0)).unwrap();
		assert_eq!(shared.share.0, 100_000_000);
	}

	#[test]
	fn the_lowest_royalties_are_folded_first_and_only_as_needed() {
		// 32 own and 3 x 16 = 80 entries; one fold leaves 65, two leave 50.
		let parents = [
			ancestry(1, 30, 16, &[]),
			ancestry(2, 10, 16, &[]),
			ancestry(3, 20, 16, &[]),
			// Nothing is gained by folding a single entry, however small.
			ancestry(4, 1, 1, &[]),
		];
		let vector = flatten(&id(9), &even(32), &parents).unwrap();
		let names: Vec<_> = vector.iter().map(|entry| entry.right.clone()).collect();
		assert!(names.contains(&pot(2)) && names.contains(&pot(3)));
		assert!(!names.contains(&pot(1)) && names.contains(&right(1, 0)));
		assert!(names.contains(&right(4, 0)) && !names.contains(&pot(4)));
		assert_eq!(vector.len(), 32 + 16 + 2 + 1);
		assert_eq!(total(&vector), 1_000_000_000);
	}

	#[test]
	fn among_equal_royalties_the_later_parent_is_folded() {
		let parents = [ancestry(1, 1_000, 20, &[]), ancestry(2, 1_000, 20, &[])];
		let vector = flatten(&id(9), &even(32), &parents).unwrap();
		assert_eq!(vector.len(), 32 + 20 + 1);
		assert_eq!(vector.last().unwrap().right, pot(2));
	}

	#[test]
	fn what_rounds_to_nothing_is_dropped() {
		// One billionth is left for two contributors: one of them gets it.
		let parent = ancestry(1, 999_999_999, 1, &[]);
		let vector = flatten(&id(2), &even(2), &[parent]).unwrap();
		let shares: Vec<_> = vector.iter().map(|e| (e.right.clone(), e.share.0)).collect();
		assert_eq!(shares, [(right(2, 0), 1), (right(1, 0), 999_999_999)]);
	}

	#[test]
	fn bad_shares_and_royalties_are_refused() {
		assert_eq!(flatten(&id(1), &[], &[]), Err(FlattenError::Shares));
		assert_eq!(flatten(&id(1), &[Share(999_999_999)], &[]), Err(FlattenError::Shares));
		assert_eq!(
			flatten(&id(1), &[Share::WHOLE, Share(u32::MAX)], &[]),
			Err(FlattenError::Shares)
		);
		for royalty in [1_000_000_000, u32::MAX] {
			let parent = ancestry(1, royalty, 1, &[]);
			assert_eq!(flatten(&id(2), &even(1), &[parent]), Err(FlattenError::Royalties));
		}
	}

	proptest! {
		/// Whatever the tree, shares add up, no right stands twice, and every entry is within one
		/// billionth of its exact quota.
		#[test]
		fn shares_add_up(
			own in 1u32..33,
			parents in proptest::collection::vec((1u32..120_000_000, 1u32..33, 1u32..33), 0..9),
		) {
			let parents: Vec<_> = parents
				.into_iter()
				.enumerate()
				.map(|(index, (royalty, own, elder))| {
					let elder = ancestry(100 + index as u8 % 3, 333_333_333, elder, &[]);
					ancestry(1 + index as u8, royalty, own, &[elder])
				})
				.collect();
			let vector = flatten(&id(200), &even(own), &parents).unwrap();
			prop_assert_eq!(total(&vector), 1_000_000_000);
			let mut rights: Vec<_> = vector.iter().map(|entry| entry.right.clone()).collect();
			rights.sort();
			rights.dedup();
			prop_assert_eq!(rights.len(), vector.len());
			let royalties: u64 = parents.iter().map(|parent| u64::from(parent.royalty.0)).sum();
			let mine: u64 = vector
				.iter()
				.filter(|entry| entry.right.model == id(200))
				.map(|entry| u64::from(entry.share.0))
				.sum();
			prop_assert!(mine.abs_diff(1_000_000_000 - royalties) <= u64::from(own));
		}
	}
}
