
//! Weights of `pallet_attribution`, measured. Written by `scripts/weights`; not to be edited.
//!
//! 2026-11-30, processor: AMD EPYC
//! Steps: 10, repeats: 5, tool: frame-benchmarking-cli 64.0.0

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens)]
#![allow(unused_imports)]
#![allow(missing_docs)]
#![allow(dead_code)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::{constants::ParityDbWeight, Weight}};

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

/// Weights for `pallet_attribution` with the runtime's database.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Attribution::Vectors` (r:1 w:0)
	/// Proof: `Attribution::Vectors` (`max_values`: None, `max_size`: Some(2530), added: 5005, mode: `Measured`)
	/// Storage: `Attribution::Claimed` (r:1 w:1)
	/// Proof: `Attribution::Claimed` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Attribution::TotalCredited` (r:1 w:0)
	/// Proof: `Attribution::TotalCredited` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `Measured`)
	/// Storage: `Attribution::Rights` (r:1 w:1)
	/// Proof: `Attribution::Rights` (`max_values`: None, `max_size`: Some(108), added: 2583, mode: `Measured`)
	/// Storage: `System::Account` (r:2 w:2)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	/// Storage: `Revive::OriginalAccount` (r:1 w:1)
	/// Proof: `Revive::OriginalAccount` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `Measured`)
	fn claim() -> Weight {
		// Proof size in bytes:
		//  measured: `4133`
		//  estimated: `10073`
		// Least time: 195_561_000 picoseconds.
		Weight::from_parts(206_417_000, 10073)
			.saturating_add(T::DbWeight::get().reads(7_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// Storage: `Attribution::Vectors` (r:1 w:0)
	/// Proof: `Attribution::Vectors` (`max_values`: None, `max_size`: Some(2530), added: 5005, mode: `Measured`)
	/// Storage: `Attribution::Claimed` (r:1 w:1)
	/// Proof: `Attribution::Claimed` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Attribution::TotalCredited` (r:2 w:1)
	/// Proof: `Attribution::TotalCredited` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `Measured`)
	fn claim_to_pot() -> Weight {
		// Proof size in bytes:
		//  measured: `1649`
		//  estimated: `7589`
		// Least time: 56_384_000 picoseconds.
		Weight::from_parts(64_225_000, 7589)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Attribution::Rights` (r:1 w:1)
	/// Proof: `Attribution::Rights` (`max_values`: None, `max_size`: Some(108), added: 2583, mode: `Measured`)
	/// Storage: `Attribution::RightsOf` (r:0 w:2)
	/// Proof: `Attribution::RightsOf` (`max_values`: None, `max_size`: Some(99), added: 2574, mode: `Measured`)
	fn transfer_right() -> Weight {
		// Proof size in bytes:
		//  measured: `826`
		//  estimated: `4291`
		// Least time: 51_085_000 picoseconds.
		Weight::from_parts(57_766_000, 4291)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `Attribution::Rights` (r:1 w:1)
	/// Proof: `Attribution::Rights` (`max_values`: None, `max_size`: Some(108), added: 2583, mode: `Measured`)
	fn accept_right() -> Weight {
		// Proof size in bytes:
		//  measured: `826`
		//  estimated: `4291`
		// Least time: 34_061_000 picoseconds.
		Weight::from_parts(39_419_000, 4291)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Attribution::Vectors` (r:1 w:0)
	/// Proof: `Attribution::Vectors` (`max_values`: None, `max_size`: Some(2530), added: 5005, mode: `Measured`)
	/// The range of component `n` is `[1, 64]`.
	fn read_lineage(n: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `169 + n * (39 ±0)`
		//  estimated: `3628 + n * (40 ±0)`
		// Least time: 8_342_000 picoseconds.
		Weight::from_parts(8_768_626, 3628)
			// Standard error: 584
			.saturating_add(Weight::from_parts(137_720, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(Weight::from_parts(0, 40).saturating_mul(n.into()))
	}
	/// Storage: `Attribution::Rights` (r:1 w:0)
	/// Proof: `Attribution::Rights` (`max_values`: None, `max_size`: Some(108), added: 2583, mode: `Measured`)
	fn read_right() -> Weight {
		// Proof size in bytes:
		//  measured: `826`
		//  estimated: `4291`
		// Least time: 14_962_000 picoseconds.
		Weight::from_parts(16_685_000, 4291)
			.saturating_add(T::DbWeight::get().reads(1_u64))
	}
	/// Storage: `Attribution::Vectors` (r:1 w:0)
	/// Proof: `Attribution::Vectors` (`max_values`: None, `max_size`: Some(2530), added: 5005, mode: `Measured`)
	/// Storage: `Attribution::TotalCredited` (r:1 w:0)
	/// Proof: `Attribution::TotalCredited` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `Measured`)
	/// Storage: `Attribution::Claimed` (r:1 w:0)
	/// Proof: `Attribution::Claimed` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	fn read_entitlement() -> Weight {
		// Proof size in bytes:
		//  measured: `2774`
		//  estimated: `6239`
		// Least time: 26_680_000 picoseconds.
		Weight::from_parts(28_723_000, 6239)
			.saturating_add(T::DbWeight::get().reads(3_u64))
	}
}

// For tests.
impl WeightInfo for () {
	fn claim() -> Weight {
		Weight::from_parts(206_417_000, 10073)
			.saturating_add(ParityDbWeight::get().reads(7_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	fn claim_to_pot() -> Weight {
		Weight::from_parts(64_225_000, 7589)
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn transfer_right() -> Weight {
		Weight::from_parts(57_766_000, 4291)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn accept_right() -> Weight {
		Weight::from_parts(39_419_000, 4291)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn read_lineage(n: u32, ) -> Weight {
		Weight::from_parts(8_768_626, 3628)
			.saturating_add(Weight::from_parts(137_720, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(Weight::from_parts(0, 40).saturating_mul(n.into()))
	}
	fn read_right() -> Weight {
		Weight::from_parts(16_685_000, 4291)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
	}
	fn read_entitlement() -> Weight {
		Weight::from_parts(28_723_000, 6239)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
	}
}
