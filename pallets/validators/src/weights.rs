
//! Weights of `pallet_validators`, measured. Written by `scripts/weights`; not to be edited.
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

/// Weight functions needed for `pallet_validators`.
pub trait WeightInfo {
	fn bond() -> Weight;
	fn bond_more() -> Weight;
	fn unbond() -> Weight;
	fn leave() -> Weight;
	fn rejoin() -> Weight;
	fn withdraw() -> Weight;
	fn prune(m: u32, ) -> Weight;
	fn report() -> Weight;
	fn report_equivocation() -> Weight;
	fn cancel_slash() -> Weight;
	fn lift_suspension() -> Weight;
	fn set_parameters() -> Weight;
	fn apply_due_slashes(n: u32, ) -> Weight;
	fn prune_reports(n: u32, ) -> Weight;
	fn thaw(n: u32, ) -> Weight;
}

/// Weights for `pallet_validators` with the runtime's database.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Validators::Ledgers` (r:2 w:2)
	/// Proof: `Validators::Ledgers` (`max_values`: None, `max_size`: Some(462), added: 2937, mode: `Measured`)
	/// Storage: `Validators::Parameters` (r:1 w:0)
	/// Proof: `Validators::Parameters` (`max_values`: Some(1), `max_size`: Some(36), added: 531, mode: `Measured`)
	/// Storage: `Validators::Candidates` (r:1 w:1)
	/// Proof: `Validators::Candidates` (`max_values`: Some(1), `max_size`: Some(60002), added: 60497, mode: `Measured`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Models::ServedBy` (r:1 w:0)
	/// Proof: `Models::ServedBy` (`max_values`: None, `max_size`: Some(2098), added: 4573, mode: `Measured`)
	/// Storage: `Validators::Records` (r:0 w:1)
	/// Proof: `Validators::Records` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Models::Capacity` (r:0 w:1)
	/// Proof: `Models::Capacity` (`max_values`: None, `max_size`: Some(56), added: 2531, mode: `Measured`)
	fn bond() -> Weight {
		// Proof size in bytes:
		//  measured: `62712`
		//  estimated: `68652`
		// Least time: 497_559_000 picoseconds.
		Weight::from_parts(518_210_000, 68652)
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(7_u64))
	}
	/// Storage: `Validators::Ledgers` (r:1 w:1)
	/// Proof: `Validators::Ledgers` (`max_values`: None, `max_size`: Some(462), added: 2937, mode: `Measured`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `Validators::Candidates` (r:1 w:1)
	/// Proof: `Validators::Candidates` (`max_values`: Some(1), `max_size`: Some(60002), added: 60497, mode: `Measured`)
	fn bond_more() -> Weight {
		// Proof size in bytes:
		//  measured: `61781`
		//  estimated: `65246`
		// Least time: 440_004_000 picoseconds.
		Weight::from_parts(483_979_000, 65246)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Validators::Ledgers` (r:1 w:1)
	/// Proof: `Validators::Ledgers` (`max_values`: None, `max_size`: Some(462), added: 2937, mode: `Measured`)
	/// Storage: `Validators::Parameters` (r:1 w:0)
	/// Proof: `Validators::Parameters` (`max_values`: Some(1), `max_size`: Some(36), added: 531, mode: `Measured`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Validators::Candidates` (r:1 w:1)
	/// Proof: `Validators::Candidates` (`max_values`: Some(1), `max_size`: Some(60002), added: 60497, mode: `Measured`)
	fn unbond() -> Weight {
		// Proof size in bytes:
		//  measured: `62113`
		//  estimated: `65578`
		// Least time: 329_210_000 picoseconds.
		Weight::from_parts(357_782_000, 65578)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Validators::Ledgers` (r:1 w:1)
	/// Proof: `Validators::Ledgers` (`max_values`: None, `max_size`: Some(462), added: 2937, mode: `Measured`)
	/// Storage: `Validators::Candidates` (r:1 w:1)
	/// Proof: `Validators::Candidates` (`max_values`: Some(1), `max_size`: Some(60002), added: 60497, mode: `Measured`)
	/// Storage: `Validators::Parameters` (r:1 w:0)
	/// Proof: `Validators::Parameters` (`max_values`: Some(1), `max_size`: Some(36), added: 531, mode: `Measured`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Models::ServedBy` (r:1 w:0)
	/// Proof: `Models::ServedBy` (`max_values`: None, `max_size`: Some(2098), added: 4573, mode: `Measured`)
	/// Storage: `Models::Capacity` (r:0 w:1)
	/// Proof: `Models::Capacity` (`max_values`: None, `max_size`: Some(56), added: 2531, mode: `Measured`)
	fn leave() -> Weight {
		// Proof size in bytes:
		//  measured: `61817`
		//  estimated: `65282`
		// Least time: 348_287_000 picoseconds.
		Weight::from_parts(365_613_000, 65282)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `Validators::Ledgers` (r:2 w:2)
	/// Proof: `Validators::Ledgers` (`max_values`: None, `max_size`: Some(462), added: 2937, mode: `Measured`)
	/// Storage: `Validators::Parameters` (r:1 w:0)
	/// Proof: `Validators::Parameters` (`max_values`: Some(1), `max_size`: Some(36), added: 531, mode: `Measured`)
	/// Storage: `Validators::Candidates` (r:1 w:1)
	/// Proof: `Validators::Candidates` (`max_values`: Some(1), `max_size`: Some(60002), added: 60497, mode: `Measured`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Models::ServedBy` (r:1 w:0)
	/// Proof: `Models::ServedBy` (`max_values`: None, `max_size`: Some(2098), added: 4573, mode: `Measured`)
	/// Storage: `Models::Capacity` (r:0 w:1)
	/// Proof: `Models::Capacity` (`max_values`: None, `max_size`: Some(56), added: 2531, mode: `Measured`)
	fn rejoin() -> Weight {
		// Proof size in bytes:
		//  measured: `61933`
		//  estimated: `67873`
		// Least time: 359_064_000 picoseconds.
		Weight::from_parts(388_488_000, 67873)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Validators::Ledgers` (r:1 w:1)
	/// Proof: `Validators::Ledgers` (`max_values`: None, `max_size`: Some(462), added: 2937, mode: `Measured`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Validators::Positions` (r:1 w:0)
	/// Proof: `Validators::Positions` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `Measured`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `Validators::Records` (r:0 w:1)
	/// Proof: `Validators::Records` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	fn withdraw() -> Weight {
		// Proof size in bytes:
		//  measured: `1264`
		//  estimated: `4729`
		// Least time: 133_429_000 picoseconds.
		Weight::from_parts(137_384_000, 4729)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Validators::OldestSession` (r:1 w:1)
	/// Proof: `Validators::OldestSession` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `Measured`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Validators::Parameters` (r:1 w:0)
	/// Proof: `Validators::Parameters` (`max_values`: Some(1), `max_size`: Some(36), added: 531, mode: `Measured`)
	/// Storage: `Inference::Parameters` (r:1 w:0)
	/// Proof: `Inference::Parameters` (`max_values`: Some(1), `max_size`: Some(89), added: 584, mode: `Measured`)
	/// Storage: `Validators::SessionSets` (r:2 w:1)
	/// Proof: `Validators::SessionSets` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `Measured`)
	/// Storage: `Validators::SetLengths` (r:1 w:1)
	/// Proof: `Validators::SetLengths` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `Measured`)
	/// Storage: `Validators::PrunedMembers` (r:1 w:1)
	/// Proof: `Validators::PrunedMembers` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `Measured`)
	/// Storage: `Validators::Members` (r:0 w:128)
	/// Proof: `Validators::Members` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `Measured`)
	/// The range of component `m` is `[0, 128]`.
	fn prune(m: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `862`
		//  estimated: `6802`
		// Least time: 45_397_000 picoseconds.
		Weight::from_parts(47_371_882, 6802)
			// Standard error: 2_594
			.saturating_add(Weight::from_parts(3_815_068, 0).saturating_mul(m.into()))
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(m.into())))
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
	/// Storage: `Validators::Reports` (r:1 w:1)
	/// Proof: `Validators::Reports` (`max_values`: None, `max_size`: Some(143), added: 2618, mode: `Measured`)
	/// Storage: `Validators::Ledgers` (r:1 w:1)
	/// Proof: `Validators::Ledgers` (`max_values`: None, `max_size`: Some(462), added: 2937, mode: `Measured`)
	/// Storage: `Offences::ConcurrentReportsIndex` (r:1 w:1)
	/// Proof: `Offences::ConcurrentReportsIndex` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// Storage: `Offences::Reports` (r:1 w:1)
	/// Proof: `Offences::Reports` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// Storage: `Validators::NextSlash` (r:1 w:1)
	/// Proof: `Validators::NextSlash` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `Measured`)
	/// Storage: `Models::ServedBy` (r:1 w:0)
	/// Proof: `Models::ServedBy` (`max_values`: None, `max_size`: Some(2098), added: 4573, mode: `Measured`)
	/// Storage: `Validators::WrongResults` (r:1 w:1)
	/// Proof: `Validators::WrongResults` (`max_values`: None, `max_size`: Some(491), added: 2966, mode: `Measured`)
	/// Storage: `Validators::SessionStake` (r:1 w:0)
	/// Proof: `Validators::SessionStake` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `Measured`)
	/// Storage: `Validators::Suspensions` (r:1 w:1)
	/// Proof: `Validators::Suspensions` (`max_values`: None, `max_size`: Some(14), added: 2489, mode: `Measured`)
	/// Storage: `Validators::DueSlashes` (r:0 w:1)
	/// Proof: `Validators::DueSlashes` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `Measured`)
	/// Storage: `Validators::ReportPrunes` (r:0 w:1)
	/// Proof: `Validators::ReportPrunes` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `Measured`)
	/// Storage: `Validators::Slashes` (r:0 w:1)
	/// Proof: `Validators::Slashes` (`max_values`: None, `max_size`: Some(179), added: 2654, mode: `Measured`)
	/// Storage: `Validators::InFlightOffence` (r:0 w:1)
	/// Proof: `Validators::InFlightOffence` (`max_values`: Some(1), `max_size`: Some(138), added: 633, mode: `Measured`)
	/// Storage: `Models::Capacity` (r:0 w:1)
	/// Proof: `Models::Capacity` (`max_values`: None, `max_size`: Some(56), added: 2531, mode: `Measured`)
	fn report() -> Weight {
		// Proof size in bytes:
		//  measured: `1192`
		//  estimated: `4657`
		// Least time: 183_563_000 picoseconds.
		Weight::from_parts(188_821_000, 4657)
			.saturating_add(T::DbWeight::get().reads(14_u64))
			.saturating_add(T::DbWeight::get().writes(12_u64))
	}
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `Measured`)
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
	/// Storage: `Validators::Reports` (r:1 w:1)
	/// Proof: `Validators::Reports` (`max_values`: None, `max_size`: Some(143), added: 2618, mode: `Measured`)
	/// Storage: `Validators::Ledgers` (r:1 w:1)
	/// Proof: `Validators::Ledgers` (`max_values`: None, `max_size`: Some(462), added: 2937, mode: `Measured`)
	/// Storage: `Offences::ConcurrentReportsIndex` (r:1 w:1)
	/// Proof: `Offences::ConcurrentReportsIndex` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// Storage: `Offences::Reports` (r:1 w:1)
	/// Proof: `Offences::Reports` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// Storage: `Validators::NextSlash` (r:1 w:1)
	/// Proof: `Validators::NextSlash` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `Measured`)
	/// Storage: `Models::ServedBy` (r:1 w:0)
	/// Proof: `Models::ServedBy` (`max_values`: None, `max_size`: Some(2098), added: 4573, mode: `Measured`)
	/// Storage: `Validators::DueSlashes` (r:0 w:1)
	/// Proof: `Validators::DueSlashes` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `Measured`)
	/// Storage: `Validators::ReportPrunes` (r:0 w:1)
	/// Proof: `Validators::ReportPrunes` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `Measured`)
	/// Storage: `Validators::Slashes` (r:0 w:1)
	/// Proof: `Validators::Slashes` (`max_values`: None, `max_size`: Some(179), added: 2654, mode: `Measured`)
	/// Storage: `Validators::InFlightOffence` (r:0 w:1)
	/// Proof: `Validators::InFlightOffence` (`max_values`: Some(1), `max_size`: Some(138), added: 633, mode: `Measured`)
	/// Storage: `Models::Capacity` (r:0 w:1)
	/// Proof: `Models::Capacity` (`max_values`: None, `max_size`: Some(56), added: 2531, mode: `Measured`)
	fn report_equivocation() -> Weight {
		// Proof size in bytes:
		//  measured: `1243`
		//  estimated: `4708`
		// Least time: 291_493_000 picoseconds.
		Weight::from_parts(298_243_000, 4708)
			.saturating_add(T::DbWeight::get().reads(12_u64))
			.saturating_add(T::DbWeight::get().writes(10_u64))
	}
	/// Storage: `Validators::Slashes` (r:1 w:1)
	/// Proof: `Validators::Slashes` (`max_values`: None, `max_size`: Some(179), added: 2654, mode: `Measured`)
	/// Storage: `Validators::Ledgers` (r:1 w:1)
	/// Proof: `Validators::Ledgers` (`max_values`: None, `max_size`: Some(462), added: 2937, mode: `Measured`)
	/// Storage: `Validators::WrongResults` (r:1 w:1)
	/// Proof: `Validators::WrongResults` (`max_values`: None, `max_size`: Some(491), added: 2966, mode: `Measured`)
	/// Storage: `Validators::DueSlashes` (r:0 w:1)
	/// Proof: `Validators::DueSlashes` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `Measured`)
	fn cancel_slash() -> Weight {
		// Proof size in bytes:
		//  measured: `783`
		//  estimated: `4248`
		// Least time: 47_501_000 picoseconds.
		Weight::from_parts(50_394_000, 4248)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Validators::Suspensions` (r:1 w:1)
	/// Proof: `Validators::Suspensions` (`max_values`: None, `max_size`: Some(14), added: 2489, mode: `Measured`)
	/// Storage: `Validators::Thawing` (r:1 w:1)
	/// Proof: `Validators::Thawing` (`max_values`: Some(1), `max_size`: Some(33), added: 528, mode: `Measured`)
	/// Storage: `Validators::LiftedSuspensions` (r:0 w:1)
	/// Proof: `Validators::LiftedSuspensions` (`max_values`: None, `max_size`: Some(14), added: 2489, mode: `Measured`)
	/// Storage: `Validators::WrongResults` (r:0 w:1)
	/// Proof: `Validators::WrongResults` (`max_values`: None, `max_size`: Some(491), added: 2966, mode: `Measured`)
	fn lift_suspension() -> Weight {
		// Proof size in bytes:
		//  measured: `378`
		//  estimated: `3843`
		// Least time: 34_922_000 picoseconds.
		Weight::from_parts(36_735_000, 3843)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Validators::Parameters` (r:1 w:1)
	/// Proof: `Validators::Parameters` (`max_values`: Some(1), `max_size`: Some(36), added: 531, mode: `Measured`)
	/// Storage: `Inference::Parameters` (r:1 w:0)
	/// Proof: `Inference::Parameters` (`max_values`: Some(1), `max_size`: Some(89), added: 584, mode: `Measured`)
	/// Storage: `Origins::Parameters` (r:1 w:0)
	/// Proof: `Origins::Parameters` (`max_values`: Some(1), `max_size`: Some(96), added: 591, mode: `Measured`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Validators::UnbondingFloor` (r:1 w:1)
	/// Proof: `Validators::UnbondingFloor` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	fn set_parameters() -> Weight {
		// Proof size in bytes:
		//  measured: `867`
		//  estimated: `2352`
		// Least time: 33_841_000 picoseconds.
		Weight::from_parts(35_874_000, 2352)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Validators::SlashCursor` (r:1 w:0)
	/// Proof: `Validators::SlashCursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `Measured`)
	/// Storage: `Validators::DueSlashes` (r:8 w:8)
	/// Proof: `Validators::DueSlashes` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `Measured`)
	/// Storage: `Validators::Slashes` (r:8 w:8)
	/// Proof: `Validators::Slashes` (`max_values`: None, `max_size`: Some(179), added: 2654, mode: `Measured`)
	/// Storage: `Validators::Ledgers` (r:8 w:8)
	/// Proof: `Validators::Ledgers` (`max_values`: None, `max_size`: Some(462), added: 2937, mode: `Measured`)
	/// Storage: `Validators::Groups` (r:8 w:8)
	/// Proof: `Validators::Groups` (`max_values`: None, `max_size`: Some(40), added: 2515, mode: `Measured`)
	/// Storage: `Validators::Parameters` (r:1 w:0)
	/// Proof: `Validators::Parameters` (`max_values`: Some(1), `max_size`: Some(36), added: 531, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:8 w:8)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `System::Account` (r:16 w:16)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	/// Storage: `Validators::Candidates` (r:1 w:1)
	/// Proof: `Validators::Candidates` (`max_values`: Some(1), `max_size`: Some(60002), added: 60497, mode: `Measured`)
	/// The range of component `n` is `[0, 8]`.
	fn apply_due_slashes(n: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `61373 + n * (1217 ±0)`
		//  estimated: `63143 + n * (9365 ±2_409)`
		// Least time: 44_937_000 picoseconds.
		Weight::from_parts(111_181_123, 63143)
			// Standard error: 3_090_927
			.saturating_add(Weight::from_parts(444_859_280, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().reads((7_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes((7_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 9365).saturating_mul(n.into()))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Validators::ReportCursor` (r:1 w:0)
	/// Proof: `Validators::ReportCursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `Measured`)
	/// Storage: `Validators::ReportPrunes` (r:16 w:16)
	/// Proof: `Validators::ReportPrunes` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `Measured`)
	/// Storage: `Validators::Reports` (r:16 w:16)
	/// Proof: `Validators::Reports` (`max_values`: None, `max_size`: Some(143), added: 2618, mode: `Measured`)
	/// Storage: `Validators::Parameters` (r:1 w:0)
	/// Proof: `Validators::Parameters` (`max_values`: Some(1), `max_size`: Some(36), added: 531, mode: `Measured`)
	/// Storage: `Validators::Groups` (r:16 w:16)
	/// Proof: `Validators::Groups` (`max_values`: None, `max_size`: Some(40), added: 2515, mode: `Measured`)
	/// Storage: `Offences::ConcurrentReportsIndex` (r:0 w:16)
	/// Proof: `Offences::ConcurrentReportsIndex` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// Storage: `Offences::Reports` (r:0 w:16)
	/// Proof: `Offences::Reports` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// The range of component `n` is `[0, 16]`.
	fn prune_reports(n: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `705 + n * (206 ±0)`
		//  estimated: `4453 + n * (2681 ±9)`
		// Least time: 16_745_000 picoseconds.
		Weight::from_parts(22_219_936, 4453)
			// Standard error: 26_037
			.saturating_add(Weight::from_parts(33_722_311, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().reads((3_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes((5_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2681).saturating_mul(n.into()))
	}
	/// Storage: `Validators::Thawing` (r:1 w:0)
	/// Proof: `Validators::Thawing` (`max_values`: Some(1), `max_size`: Some(33), added: 528, mode: `Measured`)
	/// Storage: `Validators::Suspensions` (r:1 w:0)
	/// Proof: `Validators::Suspensions` (`max_values`: None, `max_size`: Some(14), added: 2489, mode: `Measured`)
	/// Storage: `Validators::FrozenSlashes` (r:8 w:8)
	/// Proof: `Validators::FrozenSlashes` (`max_values`: None, `max_size`: Some(22), added: 2497, mode: `Measured`)
	/// Storage: `Validators::Parameters` (r:1 w:0)
	/// Proof: `Validators::Parameters` (`max_values`: Some(1), `max_size`: Some(36), added: 531, mode: `Measured`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Validators::Slashes` (r:8 w:8)
	/// Proof: `Validators::Slashes` (`max_values`: None, `max_size`: Some(179), added: 2654, mode: `Measured`)
	/// Storage: `Validators::DueSlashes` (r:0 w:8)
	/// Proof: `Validators::DueSlashes` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `Measured`)
	/// The range of component `n` is `[0, 8]`.
	fn thaw(n: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `732 + n * (189 ±0)`
		//  estimated: `4428 + n * (2655 ±2)`
		// Least time: 25_318_000 picoseconds.
		Weight::from_parts(31_711_973, 4428)
			// Standard error: 77_572
			.saturating_add(Weight::from_parts(19_357_756, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().reads((2_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(1_u64))
			.saturating_add(T::DbWeight::get().writes((3_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2655).saturating_mul(n.into()))
	}
}

// For tests.
impl WeightInfo for () {
	fn bond() -> Weight {
		Weight::from_parts(518_210_000, 68652)
			.saturating_add(ParityDbWeight::get().reads(8_u64))
			.saturating_add(ParityDbWeight::get().writes(7_u64))
	}
	fn bond_more() -> Weight {
		Weight::from_parts(483_979_000, 65246)
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn unbond() -> Weight {
		Weight::from_parts(357_782_000, 65578)
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn leave() -> Weight {
		Weight::from_parts(365_613_000, 65282)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn rejoin() -> Weight {
		Weight::from_parts(388_488_000, 67873)
			.saturating_add(ParityDbWeight::get().reads(6_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(137_384_000, 4729)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn prune(m: u32, ) -> Weight {
		Weight::from_parts(47_371_882, 6802)
			.saturating_add(Weight::from_parts(3_815_068, 0).saturating_mul(m.into()))
			.saturating_add(ParityDbWeight::get().reads(8_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
			.saturating_add(ParityDbWeight::get().writes((1_u64).saturating_mul(m.into())))
	}
	fn report() -> Weight {
		Weight::from_parts(188_821_000, 4657)
			.saturating_add(ParityDbWeight::get().reads(14_u64))
			.saturating_add(ParityDbWeight::get().writes(12_u64))
	}
	fn report_equivocation() -> Weight {
		Weight::from_parts(298_243_000, 4708)
			.saturating_add(ParityDbWeight::get().reads(12_u64))
			.saturating_add(ParityDbWeight::get().writes(10_u64))
	}
	fn cancel_slash() -> Weight {
		Weight::from_parts(50_394_000, 4248)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn lift_suspension() -> Weight {
		Weight::from_parts(36_735_000, 3843)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn set_parameters() -> Weight {
		Weight::from_parts(35_874_000, 2352)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn apply_due_slashes(n: u32, ) -> Weight {
		Weight::from_parts(111_181_123, 63143)
			.saturating_add(Weight::from_parts(444_859_280, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().reads((7_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes((7_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 9365).saturating_mul(n.into()))
	}
	fn prune_reports(n: u32, ) -> Weight {
		Weight::from_parts(22_219_936, 4453)
			.saturating_add(Weight::from_parts(33_722_311, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().reads((3_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes((5_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2681).saturating_mul(n.into()))
	}
	fn thaw(n: u32, ) -> Weight {
		Weight::from_parts(31_711_973, 4428)
			.saturating_add(Weight::from_parts(19_357_756, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().reads((2_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
			.saturating_add(ParityDbWeight::get().writes((3_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2655).saturating_mul(n.into()))
	}
}
