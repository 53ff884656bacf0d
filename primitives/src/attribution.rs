//! Rights, shares, and how a payment is split exactly.

use crate::{
	model::{ContributorRole, ModelId, Share},
	AccountId, Balance, Hash,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{bounded::BoundedVec, ConstU32, U256};
use sp_crypto_hashing::blake2_256;

/// The most rights that a flattened vector names.
pub const MAX_RIGHTS: u32 = 64;

/// What a vector names: a contributor of a model, or a whole model's pot.
#[derive(
	Clone,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct Right {
	/// The model.
	pub model: ModelId,
	/// The contributor's position in its manifest; `None` for the model's own pot, from where it
	/// goes to the contributors of that model as any payment to it does.
	pub contributor: Option<u16>,
}

/// A right and its share of every payment to a model.
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
pub struct VectorEntry {
	/// The right.
	pub right: Right,
	/// Its share.
	pub share: Share,
}

/// The flattened lineage of a model: shares add up to the whole.
pub type Vector = BoundedVec<VectorEntry, ConstU32<MAX_RIGHTS>>;

/// The commitment to a static attribution: `blake2_256("static" | SCALE(vector))`.
pub fn vector_commitment(vector: &[VectorEntry]) -> Hash {
	let mut data = b"static".to_vec();
	vector.encode_to(&mut data);
	blake2_256(&data).into()
}

/// `floor(amount * share / whole)`, without overflow. Rounds down, so that entitlements never add
/// up to more than was paid.
pub fn share_of(amount: Balance, share: Share) -> Balance {
	let product = U256::from(amount).saturating_mul(U256::from(share.0));
	let part = product / U256::from(Share::WHOLE.0);
	// A share is at most the whole, so the part is at most the amount.
	part.try_into().unwrap_or(amount)
}

/// Splits `amount` by weights so that the parts add up to it exactly: each part is the floor of
/// its quota, and what is left goes one unit each to the largest remainders, ties to the lower
/// index. Zero weights get nothing; if all are zero, so does everyone.
pub fn largest_remainder(amount: Balance, weights: &[u32]) -> Vec<Balance> {
	let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
	if total == 0 {
		return alloc::vec![0; weights.len()];
	}
	let mut parts = Vec::with_capacity(weights.len());
	let mut remainders = Vec::with_capacity(weights.len());
	let mut left = amount;
	for (index, weight) in weights.iter().enumerate() {
		let product = U256::from(amount).saturating_mul(U256::from(*weight));
		let (quota, remainder) = product.div_mod(U256::from(total));
		let quota: Balance = quota.try_into().unwrap_or(0);
		left = left.saturating_sub(quota);
		parts.push(quota);
		remainders.push((remainder, index));
	}
	remainders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
	for (_, index) in remainders.into_iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
		if let Some(part) = parts.get_mut(index) {
			*part = part.saturating_add(1);
		}
	}
	parts
}

/// A right as queries show it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct EntitlementView {
	/// The model that earns.
	pub model: ModelId,
	/// The position in its vector.
	pub index: u32,
	/// The right.
	pub right: Right,
	/// Who may claim; `None` where the right is a model's pot.
	pub owner: Option<AccountId>,
	/// Whether the owner confirmed to be the one whom the manifest names: by accepting, or by
	/// claiming itself. Until then a name says only what who registered the model claims.
	pub accepted: bool,
	/// For what; `None` where the right is a model's pot.
	pub role: Option<ContributorRole>,
	/// Its share of every payment.
	pub share: Share,
	/// Everything it ever earned.
	pub earned: Balance,
	/// What was claimed of it.
	pub claimed: Balance,
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	proptest! {
		#[test]
		fn a_split_adds_up_and_is_fair(amount in any::<u128>(), weights in proptest::collection::vec(any::<u32>(), 1..65)) {
			let parts = largest_remainder(amount, &weights);
			let total: u128 = weights.iter().map(|w| u128::from(*w)).sum();
			let sum = parts.iter().fold(0u128, |sum, part| sum.checked_add(*part).unwrap());
			prop_assert_eq!(sum, if total == 0 { 0 } else { amount });
			for (part, weight) in parts.iter().zip(&weights) {
				if total > 0 {
					let quota: u128 = (U256::from(amount) * U256::from(*weight) / U256::from(total)).try_into().unwrap();
					prop_assert!(*part == quota || (*part == quota + 1 && *weight > 0));
				}
			}
		}

		#[test]
		fn entitlements_never_exceed_the_payment(amount in any::<u128>(), cuts in proptest::collection::vec(0u32..=1_000_000_000, 0..63)) {
			let mut cuts = cuts;
			cuts.extend([0, 1_000_000_000]);
			cuts.sort();
			let mut sum = 0u128;
			for pair in cuts.windows(2) {
				sum = sum.checked_add(share_of(amount, Share(pair[1] - pair[0]))).unwrap();
			}
			prop_assert!(sum <= amount);
			prop_assert!(amount - sum < 64);
		}
	}
}
