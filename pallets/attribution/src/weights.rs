//! Weights of the calls of `pallet_attribution`.
//!
//! Bounds from above until the benchmarks run on the reference machine: several times what the
//! calls take on a slow one, and the storage that they may touch at most.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens)]
#![allow(unused_imports)]
#![allow(missing_docs)]
#![allow(dead_code)]

use frame_support::{traits::Get, weights::{Weight, constants::RocksDbWeight}};
use core::marker::PhantomData;

/// Weight functions needed for `pallet_attribution`.
pub trait WeightInfo {
	fn claim() -> Weight;
	fn claim_to_pot() -> Weight;
	fn transfer_right() -> Weight;
	fn accept_right() -> Weight;
	fn read_lineage(n: u32, ) -> Weight;
	fn read_right() -> Weight;
	fn read_entitlement() -> Weight;
}

/// Weights for `pallet_attribution` using the Countersign node and recommended hardware.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Attribution::Vectors` (r:1 w:0)
	/// Proof: `Attribution::Vectors` (`max_values`: None, `max_size`: Some(2530), added: 5005, mode: `MaxEncodedLen`)
	/// Storage: `Attribution::Claimed` (r:1 w:1)
	/// Proof: `Attribution::Claimed` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	/// Storage: `Attribution::TotalCredited` (r:1 w:0)
	/// Proof: `Attribution::TotalCredited` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	/// Storage: `Attribution::Rights` (r:1 w:1)
	/// Proof: `Attribution::Rights` (`max_values`: None, `max_size`: Some(108), added: 2583, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:2 w:2)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn claim() -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `6196`
		Weight::from_parts(120_000_000, 6196)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Attribution::Vectors` (r:1 w:0)
	/// Proof: `Attribution::Vectors` (`max_values`: None, `max_size`: Some(2530), added: 5005, mode: `MaxEncodedLen`)
	/// Storage: `Attribution::Claimed` (r:1 w:1)
	/// Proof: `Attribution::Claimed` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	/// Storage: `Attribution::TotalCredited` (r:2 w:1)
	/// Proof: `Attribution::TotalCredited` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	fn claim_to_pot() -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `6036`
		Weight::from_parts(80_000_000, 6036)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Attribution::Rights` (r:1 w:1)
	/// Proof: `Attribution::Rights` (`max_values`: None, `max_size`: Some(108), added: 2583, mode: `MaxEncodedLen`)
	/// Storage: `Attribution::RightsOf` (r:0 w:2)
	/// Proof: `Attribution::RightsOf` (`max_values`: None, `max_size`: Some(99), added: 2574, mode: `MaxEncodedLen`)
	fn transfer_right() -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `3573`
		Weight::from_parts(60_000_000, 3573)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `Attribution::Rights` (r:1 w:1)
	/// Proof: `Attribution::Rights` (`max_values`: None, `max_size`: Some(108), added: 2583, mode: `MaxEncodedLen`)
	fn accept_right() -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `3573`
		Weight::from_parts(40_000_000, 3573)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Attribution::Vectors` (r:1 w:0)
	/// Proof: `Attribution::Vectors` (`max_values`: None, `max_size`: Some(2530), added: 5005, mode: `MaxEncodedLen`)
	/// The range of component `n` is `[0, 64]`.
	fn read_lineage(n: u32, ) -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `5995`
		Weight::from_parts(15_000_000, 5995)
			.saturating_add(Weight::from_parts(200_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(1_u64))
	}
	/// Storage: `Attribution::Rights` (r:1 w:0)
	/// Proof: `Attribution::Rights` (`max_values`: None, `max_size`: Some(108), added: 2583, mode: `MaxEncodedLen`)
	fn read_right() -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `3573`
		Weight::from_parts(15_000_000, 3573)
			.saturating_add(T::DbWeight::get().reads(1_u64))
	}
	/// Storage: `Attribution::Vectors` (r:1 w:0)
	/// Proof: `Attribution::Vectors` (`max_values`: None, `max_size`: Some(2530), added: 5005, mode: `MaxEncodedLen`)
	/// Storage: `Attribution::TotalCredited` (r:1 w:0)
	/// Proof: `Attribution::TotalCredited` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	/// Storage: `Attribution::Claimed` (r:1 w:0)
	/// Proof: `Attribution::Claimed` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	fn read_entitlement() -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `5995`
		Weight::from_parts(25_000_000, 5995)
			.saturating_add(T::DbWeight::get().reads(3_u64))
	}
}

// For backwards compatibility and tests.
impl WeightInfo for () {
	fn claim() -> Weight {
		Weight::from_parts(120_000_000, 6196)
			.saturating_add(RocksDbWeight::get().reads(6_u64))
			.saturating_add(RocksDbWeight::get().writes(4_u64))
	}
	fn claim_to_pot() -> Weight {
		Weight::from_parts(80_000_000, 6036)
			.saturating_add(RocksDbWeight::get().reads(4_u64))
			.saturating_add(RocksDbWeight::get().writes(2_u64))
	}
	fn transfer_right() -> Weight {
		Weight::from_parts(60_000_000, 3573)
			.saturating_add(RocksDbWeight::get().reads(1_u64))
			.saturating_add(RocksDbWeight::get().writes(3_u64))
	}
	fn accept_right() -> Weight {
		Weight::from_parts(40_000_000, 3573)
			.saturating_add(RocksDbWeight::get().reads(1_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}
	fn read_lineage(n: u32, ) -> Weight {
		Weight::from_parts(15_000_000, 5995)
			.saturating_add(Weight::from_parts(200_000, 0).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads(1_u64))
	}
	fn read_right() -> Weight {
		Weight::from_parts(15_000_000, 3573)
			.saturating_add(RocksDbWeight::get().reads(1_u64))
	}
	fn read_entitlement() -> Weight {
		Weight::from_parts(25_000_000, 5995)
			.saturating_add(RocksDbWeight::get().reads(3_u64))
	}
}
