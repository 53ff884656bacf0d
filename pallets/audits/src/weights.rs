
//! Weights of `pallet_audits`, measured. Written by `scripts/weights`; not to be edited.
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

/// Weight functions needed for `pallet_audits`.
pub trait WeightInfo {
	fn commit() -> Weight;
	fn authorize_commit() -> Weight;
	fn reveal(b: u32, ) -> Weight;
	fn authorize_reveal(b: u32, ) -> Weight;
	fn claim() -> Weight;
	fn answered() -> Weight;
	fn close() -> Weight;
	fn on_initialize() -> Weight;
	fn note_stakes(v: u32, ) -> Weight;
	fn pass_draw() -> Weight;
	fn draw() -> Weight;
	fn end_round() -> Weight;
	fn settle() -> Weight;
	fn prune() -> Weight;
}

/// Weights for `pallet_audits` with the runtime's database.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `Measured`)
	/// Storage: `Audits::Audits` (r:1 w:1)
	/// Proof: `Audits::Audits` (`max_values`: None, `max_size`: Some(3480), added: 5955, mode: `Measured`)
	/// Storage: `Inference::WindowClock` (r:1 w:0)
	/// Proof: `Inference::WindowClock` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	fn commit() -> Weight {
		// Proof size in bytes:
		//  measured: `2872`
		//  estimated: `6337`
		// Least time: 77_365_000 picoseconds.
		Weight::from_parts(93_829_000, 6337)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `Measured`)
	/// Storage: `Audits::Audits` (r:1 w:0)
	/// Proof: `Audits::Audits` (`max_values`: None, `max_size`: Some(3480), added: 5955, mode: `Measured`)
	/// Storage: `Inference::WindowClock` (r:1 w:0)
	/// Proof: `Inference::WindowClock` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	fn authorize_commit() -> Weight {
		// Proof size in bytes:
		//  measured: `2872`
		//  estimated: `6337`
		// Least time: 91_075_000 picoseconds.
		Weight::from_parts(99_979_000, 6337)
			.saturating_add(T::DbWeight::get().reads(3_u64))
	}
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `Measured`)
	/// Storage: `Audits::Audits` (r:1 w:1)
	/// Proof: `Audits::Audits` (`max_values`: None, `max_size`: Some(3480), added: 5955, mode: `Measured`)
	/// Storage: `Inference::WindowClock` (r:1 w:0)
	/// Proof: `Inference::WindowClock` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	/// Storage: `Models::Outputs` (r:1 w:0)
	/// Proof: `Models::Outputs` (`max_values`: None, `max_size`: Some(2273), added: 4748, mode: `Measured`)
	/// Storage: `Models::Manifests` (r:1 w:0)
	/// Proof: `Models::Manifests` (`max_values`: None, `max_size`: Some(7316), added: 9791, mode: `Measured`)
	/// Storage: `Inference::Outcomes` (r:1 w:0)
	/// Proof: `Inference::Outcomes` (`max_values`: None, `max_size`: Some(65589), added: 68064, mode: `Measured`)
	/// Storage: `Inference::Results` (r:1 w:1)
	/// Proof: `Inference::Results` (`max_values`: None, `max_size`: Some(368), added: 2843, mode: `Measured`)
	/// Storage: `Audits::Records` (r:1 w:1)
	/// Proof: `Audits::Records` (`max_values`: None, `max_size`: Some(85), added: 2560, mode: `Measured`)
	/// Storage: `Audits::Contradictions` (r:0 w:1)
	/// Proof: `Audits::Contradictions` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `Measured`)
	/// Storage: `Audits::Rounds` (r:0 w:1)
	/// Proof: `Audits::Rounds` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `Measured`)
	/// Storage: `Audits::Work` (r:0 w:1)
	/// Proof: `Audits::Work` (`max_values`: None, `max_size`: Some(97), added: 2572, mode: `Measured`)
	/// The range of component `b` is `[1, 63]`.
	fn reveal(b: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `5980`
		//  estimated: `9445`
		// Least time: 203_543_000 picoseconds.
		Weight::from_parts(201_047_895, 9445)
			// Standard error: 109_307
			.saturating_add(Weight::from_parts(19_598_015, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `Measured`)
	/// Storage: `Audits::Audits` (r:1 w:0)
	/// Proof: `Audits::Audits` (`max_values`: None, `max_size`: Some(3480), added: 5955, mode: `Measured`)
	/// Storage: `Inference::WindowClock` (r:1 w:0)
	/// Proof: `Inference::WindowClock` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	/// Storage: `Models::Outputs` (r:1 w:0)
	/// Proof: `Models::Outputs` (`max_values`: None, `max_size`: Some(2273), added: 4748, mode: `Measured`)
	/// The range of component `b` is `[1, 63]`.
	fn authorize_reveal(b: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `3226`
		//  estimated: `6691`
		// Least time: 140_098_000 picoseconds.
		Weight::from_parts(137_075_025, 6691)
			// Standard error: 85_240
			.saturating_add(Weight::from_parts(10_674_953, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(4_u64))
	}
	/// Storage: `Audits::Owed` (r:1 w:1)
	/// Proof: `Audits::Owed` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `Measured`)
	/// Storage: `System::Account` (r:2 w:2)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	/// Storage: `Revive::OriginalAccount` (r:1 w:1)
	/// Proof: `Revive::OriginalAccount` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `Measured`)
	fn claim() -> Weight {
		// Proof size in bytes:
		//  measured: `851`
		//  estimated: `6791`
		// Least time: 148_631_000 picoseconds.
		Weight::from_parts(152_928_000, 6791)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Validators::Parameters` (r:1 w:0)
	/// Proof: `Validators::Parameters` (`max_values`: Some(1), `max_size`: Some(36), added: 531, mode: `Measured`)
	/// Storage: `Inference::Parameters` (r:1 w:0)
	/// Proof: `Inference::Parameters` (`max_values`: Some(1), `max_size`: Some(89), added: 584, mode: `Measured`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Validators::SessionSets` (r:1 w:0)
	/// Proof: `Validators::SessionSets` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `Measured`)
	/// Storage: `Validators::Members` (r:1 w:0)
	/// Proof: `Validators::Members` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `Measured`)
	/// Storage: `Audits::Records` (r:1 w:0)
	/// Proof: `Audits::Records` (`max_values`: None, `max_size`: Some(85), added: 2560, mode: `Measured`)
	/// Storage: `Audits::Audits` (r:0 w:1)
	/// Proof: `Audits::Audits` (`max_values`: None, `max_size`: Some(3480), added: 5955, mode: `Measured`)
	/// Storage: `Audits::Draws` (r:0 w:1)
	/// Proof: `Audits::Draws` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `Measured`)
	/// Storage: `Audits::Lates` (r:0 w:1)
	/// Proof: `Audits::Lates` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	fn answered() -> Weight {
		// Proof size in bytes:
		//  measured: `1846`
		//  estimated: `5311`
		// Least time: 69_874_000 picoseconds.
		Weight::from_parts(84_045_000, 5311)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `Audits::Audits` (r:1 w:1)
	/// Proof: `Audits::Audits` (`max_values`: None, `max_size`: Some(3480), added: 5955, mode: `Measured`)
	/// Storage: `Audits::Contradictions` (r:0 w:1)
	/// Proof: `Audits::Contradictions` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `Measured`)
	/// Storage: `Audits::Rounds` (r:0 w:2)
	/// Proof: `Audits::Rounds` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `Measured`)
	/// Storage: `Audits::Records` (r:0 w:1)
	/// Proof: `Audits::Records` (`max_values`: None, `max_size`: Some(85), added: 2560, mode: `Measured`)
	/// Storage: `Audits::Work` (r:0 w:4)
	/// Proof: `Audits::Work` (`max_values`: None, `max_size`: Some(97), added: 2572, mode: `Measured`)
	/// Storage: `Audits::Closings` (r:0 w:1)
	/// Proof: `Audits::Closings` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	fn close() -> Weight {
		// Proof size in bytes:
		//  measured: `2544`
		//  estimated: `6009`
		// Least time: 107_900_000 picoseconds.
		Weight::from_parts(121_611_000, 6009)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(10_u64))
	}
	/// Storage: `Babe::AuthorVrfRandomness` (r:1 w:0)
	/// Proof: `Babe::AuthorVrfRandomness` (`max_values`: Some(1), `max_size`: Some(33), added: 528, mode: `Measured`)
	/// Storage: `Audits::Ring` (r:1 w:1)
	/// Proof: `Audits::Ring` (`max_values`: Some(1), `max_size`: Some(1025), added: 1520, mode: `Measured`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Audits::StakesOf` (r:1 w:0)
	/// Proof: `Audits::StakesOf` (`max_values`: Some(1), `max_size`: Some(16006), added: 16501, mode: `Measured`)
	/// Storage: `Audits::Cursors` (r:1 w:1)
	/// Proof: `Audits::Cursors` (`max_values`: Some(1), `max_size`: Some(24), added: 519, mode: `Measured`)
	/// Storage: `Audits::Draws` (r:17 w:0)
	/// Proof: `Audits::Draws` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `Measured`)
	/// Storage: `Inference::WindowClock` (r:1 w:0)
	/// Proof: `Inference::WindowClock` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	/// Storage: `Audits::Closings` (r:17 w:0)
	/// Proof: `Audits::Closings` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Audits::Prunes` (r:17 w:0)
	/// Proof: `Audits::Prunes` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Audits::RecordCursor` (r:1 w:1)
	/// Proof: `Audits::RecordCursor` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `Measured`)
	/// Storage: `Audits::Records` (r:1 w:1)
	/// Proof: `Audits::Records` (`max_values`: None, `max_size`: Some(85), added: 2560, mode: `Measured`)
	/// Storage: `Validators::Ledgers` (r:1 w:0)
	/// Proof: `Validators::Ledgers` (`max_values`: None, `max_size`: Some(462), added: 2937, mode: `Measured`)
	/// Storage: `Audits::Lates` (r:16 w:0)
	/// Proof: `Audits::Lates` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Audits::Rounds` (r:16 w:0)
	/// Proof: `Audits::Rounds` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `Measured`)
	fn on_initialize() -> Weight {
		// Proof size in bytes:
		//  measured: `18139`
		//  estimated: `61204`
		// Least time: 632_951_000 picoseconds.
		Weight::from_parts(681_233_000, 61204)
			.saturating_add(T::DbWeight::get().reads(92_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Audits::StakesOf` (r:1 w:1)
	/// Proof: `Audits::StakesOf` (`max_values`: Some(1), `max_size`: Some(16006), added: 16501, mode: `Measured`)
	/// Storage: `Validators::CurrentSet` (r:1 w:0)
	/// Proof: `Validators::CurrentSet` (`max_values`: Some(1), `max_size`: Some(36), added: 531, mode: `Measured`)
	/// Storage: `Validators::SetLengths` (r:1 w:0)
	/// Proof: `Validators::SetLengths` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `Measured`)
	/// Storage: `Validators::Parameters` (r:1 w:0)
	/// Proof: `Validators::Parameters` (`max_values`: Some(1), `max_size`: Some(36), added: 531, mode: `Measured`)
	/// Storage: `Inference::Parameters` (r:1 w:0)
	/// Proof: `Inference::Parameters` (`max_values`: Some(1), `max_size`: Some(89), added: 584, mode: `Measured`)
	/// Storage: `Validators::SessionSets` (r:1 w:0)
	/// Proof: `Validators::SessionSets` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `Measured`)
	/// Storage: `Validators::Members` (r:1000 w:0)
	/// Proof: `Validators::Members` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `Measured`)
	/// The range of component `v` is `[1, 1000]`.
	fn note_stakes(v: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `999 + v * (99 ±0)`
		//  estimated: `4458 + v * (2575 ±0)`
		// Least time: 40_169_000 picoseconds.
		Weight::from_parts(41_021_000, 4458)
			// Standard error: 48_696
			.saturating_add(Weight::from_parts(13_963_855, 0).saturating_mul(v.into()))
			.saturating_add(T::DbWeight::get().reads(7_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(v.into())))
			.saturating_add(T::DbWeight::get().writes(1_u64))
			.saturating_add(Weight::from_parts(0, 2575).saturating_mul(v.into()))
	}
	/// Storage: `Audits::Audits` (r:1 w:1)
	/// Proof: `Audits::Audits` (`max_values`: None, `max_size`: Some(3480), added: 5955, mode: `Measured`)
	/// Storage: `Audits::Ring` (r:1 w:0)
	/// Proof: `Audits::Ring` (`max_values`: Some(1), `max_size`: Some(1025), added: 1520, mode: `Measured`)
	fn pass_draw() -> Weight {
		// Proof size in bytes:
		//  measured: `1565`
		//  estimated: `5030`
		// Least time: 42_353_000 picoseconds.
		Weight::from_parts(52_758_000, 5030)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Audits::Audits` (r:1 w:1)
	/// Proof: `Audits::Audits` (`max_values`: None, `max_size`: Some(3480), added: 5955, mode: `Measured`)
	/// Storage: `Audits::Ring` (r:1 w:0)
	/// Proof: `Audits::Ring` (`max_values`: Some(1), `max_size`: Some(1025), added: 1520, mode: `Measured`)
	/// Storage: `Audits::StakesOf` (r:1 w:0)
	/// Proof: `Audits::StakesOf` (`max_values`: Some(1), `max_size`: Some(16006), added: 16501, mode: `Measured`)
	/// Storage: `Validators::Positions` (r:1 w:0)
	/// Proof: `Validators::Positions` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `Measured`)
	/// Storage: `Validators::Parameters` (r:1 w:0)
	/// Proof: `Validators::Parameters` (`max_values`: Some(1), `max_size`: Some(36), added: 531, mode: `Measured`)
	/// Storage: `Inference::Parameters` (r:1 w:0)
	/// Proof: `Inference::Parameters` (`max_values`: Some(1), `max_size`: Some(89), added: 584, mode: `Measured`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Validators::SessionSets` (r:1 w:0)
	/// Proof: `Validators::SessionSets` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `Measured`)
	/// Storage: `Validators::Members` (r:32 w:0)
	/// Proof: `Validators::Members` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `Measured`)
	/// Storage: `Models::Capacity` (r:32 w:0)
	/// Proof: `Models::Capacity` (`max_values`: None, `max_size`: Some(56), added: 2531, mode: `Measured`)
	/// Storage: `Validators::Ledgers` (r:31 w:2)
	/// Proof: `Validators::Ledgers` (`max_values`: None, `max_size`: Some(462), added: 2937, mode: `Measured`)
	/// Storage: `Babe::NextRandomness` (r:1 w:0)
	/// Proof: `Babe::NextRandomness` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `Measured`)
	/// Storage: `Inference::WindowClock` (r:1 w:0)
	/// Proof: `Inference::WindowClock` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	/// Storage: `Audits::Rounds` (r:0 w:1)
	/// Proof: `Audits::Rounds` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `Measured`)
	/// Storage: `Audits::Draws` (r:0 w:1)
	/// Proof: `Audits::Draws` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `Measured`)
	/// Storage: `Audits::Work` (r:0 w:2)
	/// Proof: `Audits::Work` (`max_values`: None, `max_size`: Some(97), added: 2572, mode: `Measured`)
	fn draw() -> Weight {
		// Proof size in bytes:
		//  measured: `28522`
		//  estimated: `108712`
		// Least time: 1_746_916_000 picoseconds.
		Weight::from_parts(1_828_177_000, 108712)
			.saturating_add(T::DbWeight::get().reads(105_u64))
			.saturating_add(T::DbWeight::get().writes(7_u64))
	}
	/// Storage: `Audits::Audits` (r:1 w:1)
	/// Proof: `Audits::Audits` (`max_values`: None, `max_size`: Some(3480), added: 5955, mode: `Measured`)
	/// Storage: `Validators::Ledgers` (r:2 w:2)
	/// Proof: `Validators::Ledgers` (`max_values`: None, `max_size`: Some(462), added: 2937, mode: `Measured`)
	/// Storage: `Inference::Results` (r:1 w:1)
	/// Proof: `Inference::Results` (`max_values`: None, `max_size`: Some(368), added: 2843, mode: `Measured`)
	/// Storage: `Audits::Records` (r:1 w:1)
	/// Proof: `Audits::Records` (`max_values`: None, `max_size`: Some(85), added: 2560, mode: `Measured`)
	/// Storage: `Audits::Draws` (r:0 w:1)
	/// Proof: `Audits::Draws` (`max_values`: None, `max_size`: Some(61), added: 2536, mode: `Measured`)
	/// Storage: `Audits::Work` (r:0 w:2)
	/// Proof: `Audits::Work` (`max_values`: None, `max_size`: Some(97), added: 2572, mode: `Measured`)
	fn end_round() -> Weight {
		// Proof size in bytes:
		//  measured: `4113`
		//  estimated: `10053`
		// Least time: 118_897_000 picoseconds.
		Weight::from_parts(131_155_000, 10053)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(8_u64))
	}
	/// Storage: `Audits::Audits` (r:1 w:1)
	/// Proof: `Audits::Audits` (`max_values`: None, `max_size`: Some(3480), added: 5955, mode: `Measured`)
	/// Storage: `Validators::Ledgers` (r:16 w:16)
	/// Proof: `Validators::Ledgers` (`max_values`: None, `max_size`: Some(462), added: 2937, mode: `Measured`)
	/// Storage: `System::Account` (r:17 w:17)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	/// Storage: `Inference::Parameters` (r:1 w:0)
	/// Proof: `Inference::Parameters` (`max_values`: Some(1), `max_size`: Some(89), added: 584, mode: `Measured`)
	/// Storage: `Audits::Prunes` (r:0 w:1)
	/// Proof: `Audits::Prunes` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	fn settle() -> Weight {
		// Proof size in bytes:
		//  measured: `7287`
		//  estimated: `50352`
		// Least time: 1_956_678_000 picoseconds.
		Weight::from_parts(2_031_789_000, 50352)
			.saturating_add(T::DbWeight::get().reads(35_u64))
			.saturating_add(T::DbWeight::get().writes(35_u64))
	}
	/// Storage: `Audits::Prunes` (r:2 w:1)
	/// Proof: `Audits::Prunes` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Audits::Audits` (r:1 w:1)
	/// Proof: `Audits::Audits` (`max_values`: None, `max_size`: Some(3480), added: 5955, mode: `Measured`)
	fn prune() -> Weight {
		// Proof size in bytes:
		//  measured: `417`
		//  estimated: `6357`
		// Least time: 37_025_000 picoseconds.
		Weight::from_parts(45_357_000, 6357)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
}

// For tests.
impl WeightInfo for () {
	fn commit() -> Weight {
		Weight::from_parts(93_829_000, 6337)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn authorize_commit() -> Weight {
		Weight::from_parts(99_979_000, 6337)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
	}
	fn reveal(b: u32, ) -> Weight {
		Weight::from_parts(201_047_895, 9445)
			.saturating_add(Weight::from_parts(19_598_015, 0).saturating_mul(b.into()))
			.saturating_add(ParityDbWeight::get().reads(8_u64))
			.saturating_add(ParityDbWeight::get().writes(6_u64))
	}
	fn authorize_reveal(b: u32, ) -> Weight {
		Weight::from_parts(137_075_025, 6691)
			.saturating_add(Weight::from_parts(10_674_953, 0).saturating_mul(b.into()))
			.saturating_add(ParityDbWeight::get().reads(4_u64))
	}
	fn claim() -> Weight {
		Weight::from_parts(152_928_000, 6791)
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn answered() -> Weight {
		Weight::from_parts(84_045_000, 5311)
			.saturating_add(ParityDbWeight::get().reads(6_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn close() -> Weight {
		Weight::from_parts(121_611_000, 6009)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(10_u64))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(681_233_000, 61204)
			.saturating_add(ParityDbWeight::get().reads(92_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn note_stakes(v: u32, ) -> Weight {
		Weight::from_parts(41_021_000, 4458)
			.saturating_add(Weight::from_parts(13_963_855, 0).saturating_mul(v.into()))
			.saturating_add(ParityDbWeight::get().reads(7_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(v.into())))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
			.saturating_add(Weight::from_parts(0, 2575).saturating_mul(v.into()))
	}
	fn pass_draw() -> Weight {
		Weight::from_parts(52_758_000, 5030)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn draw() -> Weight {
		Weight::from_parts(1_828_177_000, 108712)
			.saturating_add(ParityDbWeight::get().reads(105_u64))
			.saturating_add(ParityDbWeight::get().writes(7_u64))
	}
	fn end_round() -> Weight {
		Weight::from_parts(131_155_000, 10053)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(8_u64))
	}
	fn settle() -> Weight {
		Weight::from_parts(2_031_789_000, 50352)
			.saturating_add(ParityDbWeight::get().reads(35_u64))
			.saturating_add(ParityDbWeight::get().writes(35_u64))
	}
	fn prune() -> Weight {
		Weight::from_parts(45_357_000, 6357)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
}
