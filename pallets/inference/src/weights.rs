
//! Weights of `pallet_inference`, measured. Written by `scripts/weights`; not to be edited.
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

/// Weight functions needed for `pallet_inference`.
pub trait WeightInfo {
	fn request(s: u32, ) -> Weight;
	fn commit_to_bytes(b: u32, ) -> Weight;
	fn submit_result(b: u32, ) -> Weight;
	fn authorize_submit_result() -> Weight;
	fn demand_input() -> Weight;
	fn authorize_demand_input() -> Weight;
	fn post_input() -> Weight;
	fn set_parameters() -> Weight;
	fn set_paused() -> Weight;
	fn on_initialize() -> Weight;
	fn expire() -> Weight;
	fn settle() -> Weight;
	fn prune() -> Weight;
	fn prune_receipts() -> Weight;
	fn retry(s: u32, ) -> Weight;
	fn on_idle() -> Weight;
	fn push_callback() -> Weight;
	fn convert_numbers(n: u32, ) -> Weight;
	fn read_result(b: u32, ) -> Weight;
	fn infer_sync() -> Weight;
	fn infer_view() -> Weight;
	fn hand_over(b: u32, ) -> Weight;
	fn commit_to_tensors(b: u32, ) -> Weight;
	fn run_macs(n: u32, ) -> Weight;
	fn run_moved(n: u32, ) -> Weight;
	fn run_simple(n: u32, ) -> Weight;
	fn run_divisions(n: u32, ) -> Weight;
	fn run_transcendental(n: u32, ) -> Weight;
	fn run_searches(n: u32, ) -> Weight;
	fn run_constants(n: u32, ) -> Weight;
	fn run_operators(n: u32, ) -> Weight;
}

/// Weights for `pallet_inference` with the runtime's database.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Inference::Parameters` (r:1 w:0)
	/// Proof: `Inference::Parameters` (`max_values`: Some(1), `max_size`: Some(89), added: 584, mode: `Measured`)
	/// Storage: `Inference::Paused` (r:1 w:0)
	/// Proof: `Inference::Paused` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `Measured`)
	/// Storage: `Inference::NextNonce` (r:1 w:1)
	/// Proof: `Inference::NextNonce` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `Measured`)
	/// Storage: `Models::Models` (r:1 w:0)
	/// Proof: `Models::Models` (`max_values`: None, `max_size`: Some(137), added: 2612, mode: `Measured`)
	/// Storage: `Attribution::Vectors` (r:1 w:0)
	/// Proof: `Attribution::Vectors` (`max_values`: None, `max_size`: Some(2530), added: 5005, mode: `Measured`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Models::Servers` (r:1 w:0)
	/// Proof: `Models::Servers` (`max_values`: None, `max_size`: Some(4130), added: 6605, mode: `Measured`)
	/// Storage: `Validators::Positions` (r:128 w:0)
	/// Proof: `Validators::Positions` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `Measured`)
	/// Storage: `Inference::OpenCost` (r:128 w:1)
	/// Proof: `Inference::OpenCost` (`max_values`: None, `max_size`: Some(56), added: 2531, mode: `Measured`)
	/// Storage: `Models::Capacity` (r:128 w:0)
	/// Proof: `Models::Capacity` (`max_values`: None, `max_size`: Some(56), added: 2531, mode: `Measured`)
	/// Storage: `Validators::Ledgers` (r:128 w:1)
	/// Proof: `Validators::Ledgers` (`max_values`: None, `max_size`: Some(462), added: 2937, mode: `Measured`)
	/// Storage: `Validators::Parameters` (r:1 w:0)
	/// Proof: `Validators::Parameters` (`max_values`: Some(1), `max_size`: Some(36), added: 531, mode: `Measured`)
	/// Storage: `Validators::SessionSets` (r:1 w:0)
	/// Proof: `Validators::SessionSets` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `Measured`)
	/// Storage: `Validators::Members` (r:128 w:0)
	/// Proof: `Validators::Members` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `Measured`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `Measured`)
	/// Storage: `Inference::Requests` (r:1 w:1)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `Inference::Fresh` (r:1 w:1)
	/// Proof: `Inference::Fresh` (`max_values`: Some(1), `max_size`: Some(8194), added: 8689, mode: `Measured`)
	/// Storage: `Inference::NextSequence` (r:1 w:1)
	/// Proof: `Inference::NextSequence` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	/// Storage: `Inference::Deadlines` (r:0 w:1)
	/// Proof: `Inference::Deadlines` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Inference::Assignments` (r:0 w:1)
	/// Proof: `Inference::Assignments` (`max_values`: None, `max_size`: Some(88), added: 2563, mode: `Measured`)
	/// The range of component `s` is `[1, 128]`.
	fn request(s: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `4766 + s * (339 ±0)`
		//  estimated: `8148 + s * (2815 ±0)`
		// Least time: 452_602_000 picoseconds.
		Weight::from_parts(484_842_196, 8148)
			// Standard error: 274_445
			.saturating_add(Weight::from_parts(42_857_312, 0).saturating_mul(s.into()))
			.saturating_add(T::DbWeight::get().reads(15_u64))
			.saturating_add(T::DbWeight::get().reads((5_u64).saturating_mul(s.into())))
			.saturating_add(T::DbWeight::get().writes(10_u64))
			.saturating_add(Weight::from_parts(0, 2815).saturating_mul(s.into()))
	}
	/// Storage: `Inference::Inputs` (r:0 w:1)
	/// Proof: `Inference::Inputs` (`max_values`: None, `max_size`: Some(1048628), added: 1051103, mode: `Measured`)
	/// The range of component `b` is `[0, 1048576]`.
	fn commit_to_bytes(b: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `0`
		//  estimated: `0`
		// Least time: 13_690_000 picoseconds.
		Weight::from_parts(8_275_339, 0)
			// Standard error: 16
			.saturating_add(Weight::from_parts(11_030, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `Measured`)
	/// Storage: `Inference::Requests` (r:1 w:1)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	/// Storage: `Inference::WindowClock` (r:1 w:0)
	/// Proof: `Inference::WindowClock` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	/// Storage: `Inference::OpenCost` (r:1 w:1)
	/// Proof: `Inference::OpenCost` (`max_values`: None, `max_size`: Some(56), added: 2531, mode: `Measured`)
	/// Storage: `Inference::CallbackEnds` (r:1 w:1)
	/// Proof: `Inference::CallbackEnds` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `Measured`)
	/// Storage: `Inference::Deliveries` (r:1 w:1)
	/// Proof: `Inference::Deliveries` (`max_values`: None, `max_size`: Some(50), added: 2525, mode: `Measured`)
	/// Storage: `Models::Models` (r:1 w:0)
	/// Proof: `Models::Models` (`max_values`: None, `max_size`: Some(137), added: 2612, mode: `Measured`)
	/// Storage: `Inference::Results` (r:0 w:1)
	/// Proof: `Inference::Results` (`max_values`: None, `max_size`: Some(368), added: 2843, mode: `Measured`)
	/// Storage: `Inference::Deadlines` (r:0 w:1)
	/// Proof: `Inference::Deadlines` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Inference::Assignments` (r:0 w:1)
	/// Proof: `Inference::Assignments` (`max_values`: None, `max_size`: Some(88), added: 2563, mode: `Measured`)
	/// Storage: `Inference::CallbackQueue` (r:0 w:1)
	/// Proof: `Inference::CallbackQueue` (`max_values`: None, `max_size`: Some(49), added: 2524, mode: `Measured`)
	/// Storage: `Inference::Outcomes` (r:0 w:1)
	/// Proof: `Inference::Outcomes` (`max_values`: None, `max_size`: Some(65589), added: 68064, mode: `Measured`)
	/// Storage: `Inference::Finals` (r:0 w:1)
	/// Proof: `Inference::Finals` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `Measured`)
	/// The range of component `b` is `[0, 65536]`.
	fn submit_result(b: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `1349`
		//  estimated: `4814`
		// Least time: 129_132_000 picoseconds.
		Weight::from_parts(131_533_758, 4814)
			// Standard error: 63
			.saturating_add(Weight::from_parts(1_918, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(7_u64))
			.saturating_add(T::DbWeight::get().writes(10_u64))
	}
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `Measured`)
	/// Storage: `Inference::Requests` (r:1 w:0)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	fn authorize_submit_result() -> Weight {
		// Proof size in bytes:
		//  measured: `871`
		//  estimated: `4336`
		// Least time: 81_541_000 picoseconds.
		Weight::from_parts(89_713_000, 4336)
			.saturating_add(T::DbWeight::get().reads(2_u64))
	}
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `Measured`)
	/// Storage: `Inference::Requests` (r:1 w:1)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	/// Storage: `Inference::Inputs` (r:1 w:0)
	/// Proof: `Inference::Inputs` (`max_values`: None, `max_size`: Some(1048628), added: 1051103, mode: `Measured`)
	/// Storage: `Inference::Deadlines` (r:0 w:2)
	/// Proof: `Inference::Deadlines` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	fn demand_input() -> Weight {
		// Proof size in bytes:
		//  measured: `871`
		//  estimated: `4336`
		// Least time: 69_113_000 picoseconds.
		Weight::from_parts(75_983_000, 4336)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `Measured`)
	/// Storage: `Inference::Requests` (r:1 w:0)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	/// Storage: `Inference::Inputs` (r:1 w:0)
	/// Proof: `Inference::Inputs` (`max_values`: None, `max_size`: Some(1048628), added: 1051103, mode: `Measured`)
	fn authorize_demand_input() -> Weight {
		// Proof size in bytes:
		//  measured: `871`
		//  estimated: `4336`
		// Least time: 84_025_000 picoseconds.
		Weight::from_parts(89_253_000, 4336)
			.saturating_add(T::DbWeight::get().reads(3_u64))
	}
	/// Storage: `Inference::Requests` (r:1 w:1)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	/// Storage: `Models::Inputs` (r:1 w:0)
	/// Proof: `Models::Inputs` (`max_values`: None, `max_size`: Some(2273), added: 4748, mode: `Measured`)
	/// Storage: `Inference::Deadlines` (r:0 w:2)
	/// Proof: `Inference::Deadlines` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Inference::Inputs` (r:0 w:1)
	/// Proof: `Inference::Inputs` (`max_values`: None, `max_size`: Some(1048628), added: 1051103, mode: `Measured`)
	fn post_input() -> Weight {
		// Proof size in bytes:
		//  measured: `1107`
		//  estimated: `4572`
		// Least time: 80_540_000 picoseconds.
		Weight::from_parts(87_580_000, 4572)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Validators::Parameters` (r:1 w:0)
	/// Proof: `Validators::Parameters` (`max_values`: Some(1), `max_size`: Some(36), added: 531, mode: `Measured`)
	/// Storage: `Inference::Parameters` (r:0 w:1)
	/// Proof: `Inference::Parameters` (`max_values`: Some(1), `max_size`: Some(89), added: 584, mode: `Measured`)
	fn set_parameters() -> Weight {
		// Proof size in bytes:
		//  measured: `303`
		//  estimated: `1788`
		// Least time: 17_345_000 picoseconds.
		Weight::from_parts(18_718_000, 1788)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Inference::Paused` (r:0 w:1)
	/// Proof: `Inference::Paused` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `Measured`)
	fn set_paused() -> Weight {
		// Proof size in bytes:
		//  measured: `0`
		//  estimated: `0`
		// Least time: 10_546_000 picoseconds.
		Weight::from_parts(11_617_000, 0)
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Disputes::Crowded` (r:1 w:0)
	/// Proof: `Disputes::Crowded` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `Measured`)
	/// Storage: `Inference::WindowClock` (r:1 w:1)
	/// Proof: `Inference::WindowClock` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	/// Storage: `Inference::Cursors` (r:1 w:1)
	/// Proof: `Inference::Cursors` (`max_values`: Some(1), `max_size`: Some(20), added: 515, mode: `Measured`)
	/// Storage: `Inference::Deadlines` (r:16 w:0)
	/// Proof: `Inference::Deadlines` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Inference::Finals` (r:16 w:0)
	/// Proof: `Inference::Finals` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `Measured`)
	/// Storage: `Inference::Prunes` (r:16 w:0)
	/// Proof: `Inference::Prunes` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Inference::ReceiptPrunes` (r:16 w:0)
	/// Proof: `Inference::ReceiptPrunes` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `Measured`)
	/// Storage: `Inference::Waiting` (r:3 w:0)
	/// Proof: `Inference::Waiting` (`max_values`: None, `max_size`: Some(57), added: 2532, mode: `Measured`)
	/// Storage: `Inference::Fresh` (r:1 w:0)
	/// Proof: `Inference::Fresh` (`max_values`: Some(1), `max_size`: Some(8194), added: 8689, mode: `Measured`)
	/// Storage: `Babe::AuthorVrfRandomness` (r:1 w:0)
	/// Proof: `Babe::AuthorVrfRandomness` (`max_values`: Some(1), `max_size`: Some(33), added: 528, mode: `Measured`)
	/// Storage: `Inference::Receipts` (r:1 w:0)
	/// Proof: `Inference::Receipts` (`max_values`: None, `max_size`: Some(134670), added: 137145, mode: `Measured`)
	/// Storage: `Inference::WaitingCursors` (r:2 w:0)
	/// Proof: `Inference::WaitingCursors` (`max_values`: None, `max_size`: Some(41), added: 2516, mode: `Measured`)
	fn on_initialize() -> Weight {
		// Proof size in bytes:
		//  measured: `347`
		//  estimated: `40937`
		// Least time: 502_566_000 picoseconds.
		Weight::from_parts(511_289_000, 40937)
			.saturating_add(T::DbWeight::get().reads(75_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Inference::Requests` (r:1 w:1)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	/// Storage: `Inference::OpenCost` (r:1 w:1)
	/// Proof: `Inference::OpenCost` (`max_values`: None, `max_size`: Some(56), added: 2531, mode: `Measured`)
	/// Storage: `Validators::Ledgers` (r:1 w:1)
	/// Proof: `Validators::Ledgers` (`max_values`: None, `max_size`: Some(462), added: 2937, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `System::Account` (r:2 w:2)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	/// Storage: `Inference::CallbackEnds` (r:1 w:1)
	/// Proof: `Inference::CallbackEnds` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `Measured`)
	/// Storage: `Inference::Deliveries` (r:1 w:1)
	/// Proof: `Inference::Deliveries` (`max_values`: None, `max_size`: Some(50), added: 2525, mode: `Measured`)
	/// Storage: `Inference::Deadlines` (r:0 w:1)
	/// Proof: `Inference::Deadlines` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Inference::Assignments` (r:0 w:1)
	/// Proof: `Inference::Assignments` (`max_values`: None, `max_size`: Some(88), added: 2563, mode: `Measured`)
	/// Storage: `Inference::CallbackQueue` (r:0 w:1)
	/// Proof: `Inference::CallbackQueue` (`max_values`: None, `max_size`: Some(49), added: 2524, mode: `Measured`)
	/// Storage: `Inference::Prunes` (r:0 w:1)
	/// Proof: `Inference::Prunes` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Inference::Inputs` (r:0 w:1)
	/// Proof: `Inference::Inputs` (`max_values`: None, `max_size`: Some(1048628), added: 1051103, mode: `Measured`)
	fn expire() -> Weight {
		// Proof size in bytes:
		//  measured: `1855`
		//  estimated: `7795`
		// Least time: 284_773_000 picoseconds.
		Weight::from_parts(299_375_000, 7795)
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(13_u64))
	}
	/// Storage: `Inference::Requests` (r:1 w:1)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	/// Storage: `Inference::Results` (r:1 w:1)
	/// Proof: `Inference::Results` (`max_values`: None, `max_size`: Some(368), added: 2843, mode: `Measured`)
	/// Storage: `Validators::Suspensions` (r:1 w:0)
	/// Proof: `Validators::Suspensions` (`max_values`: None, `max_size`: Some(14), added: 2489, mode: `Measured`)
	/// Storage: `Validators::LiftedSuspensions` (r:1 w:0)
	/// Proof: `Validators::LiftedSuspensions` (`max_values`: None, `max_size`: Some(14), added: 2489, mode: `Measured`)
	/// Storage: `Inference::Receipts` (r:1 w:1)
	/// Proof: `Inference::Receipts` (`max_values`: None, `max_size`: Some(134670), added: 137145, mode: `Measured`)
	/// Storage: `Audits::Audits` (r:1 w:0)
	/// Proof: `Audits::Audits` (`max_values`: None, `max_size`: Some(3480), added: 5955, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `System::Account` (r:5 w:5)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	/// Storage: `Attribution::Vectors` (r:1 w:0)
	/// Proof: `Attribution::Vectors` (`max_values`: None, `max_size`: Some(2530), added: 5005, mode: `Measured`)
	/// Storage: `Attribution::TotalCredited` (r:1 w:1)
	/// Proof: `Attribution::TotalCredited` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `Measured`)
	/// Storage: `Validators::Ledgers` (r:1 w:1)
	/// Proof: `Validators::Ledgers` (`max_values`: None, `max_size`: Some(462), added: 2937, mode: `Measured`)
	/// Storage: `Validators::Records` (r:1 w:1)
	/// Proof: `Validators::Records` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Inference::CallbackEnds` (r:1 w:1)
	/// Proof: `Inference::CallbackEnds` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `Measured`)
	/// Storage: `Inference::Deliveries` (r:1 w:1)
	/// Proof: `Inference::Deliveries` (`max_values`: None, `max_size`: Some(50), added: 2525, mode: `Measured`)
	/// Storage: `Inference::Parameters` (r:1 w:0)
	/// Proof: `Inference::Parameters` (`max_values`: Some(1), `max_size`: Some(89), added: 584, mode: `Measured`)
	/// Storage: `Inference::ReceiptPrunes` (r:0 w:1)
	/// Proof: `Inference::ReceiptPrunes` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `Measured`)
	/// Storage: `Inference::CallbackQueue` (r:0 w:1)
	/// Proof: `Inference::CallbackQueue` (`max_values`: None, `max_size`: Some(49), added: 2524, mode: `Measured`)
	/// Storage: `Inference::ReceiptRoots` (r:0 w:1)
	/// Proof: `Inference::ReceiptRoots` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `Measured`)
	/// Storage: `Inference::Prunes` (r:0 w:1)
	/// Proof: `Inference::Prunes` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Inference::Inputs` (r:0 w:1)
	/// Proof: `Inference::Inputs` (`max_values`: None, `max_size`: Some(1048628), added: 1051103, mode: `Measured`)
	/// Storage: `Inference::Finals` (r:0 w:1)
	/// Proof: `Inference::Finals` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `Measured`)
	fn settle() -> Weight {
		// Proof size in bytes:
		//  measured: `3233`
		//  estimated: `16598`
		// Least time: 750_335_000 picoseconds.
		Weight::from_parts(784_546_000, 16598)
			.saturating_add(T::DbWeight::get().reads(19_u64))
			.saturating_add(T::DbWeight::get().writes(20_u64))
	}
	/// Storage: `Inference::Results` (r:0 w:1)
	/// Proof: `Inference::Results` (`max_values`: None, `max_size`: Some(368), added: 2843, mode: `Measured`)
	/// Storage: `Inference::Deliveries` (r:0 w:1)
	/// Proof: `Inference::Deliveries` (`max_values`: None, `max_size`: Some(50), added: 2525, mode: `Measured`)
	/// Storage: `Inference::Outcomes` (r:0 w:1)
	/// Proof: `Inference::Outcomes` (`max_values`: None, `max_size`: Some(65589), added: 68064, mode: `Measured`)
	/// Storage: `Inference::Prunes` (r:0 w:1)
	/// Proof: `Inference::Prunes` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Inference::Requests` (r:0 w:1)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	fn prune() -> Weight {
		// Proof size in bytes:
		//  measured: `0`
		//  estimated: `0`
		// Least time: 30_425_000 picoseconds.
		Weight::from_parts(34_151_000, 0)
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// Storage: `Inference::Receipts` (r:0 w:1)
	/// Proof: `Inference::Receipts` (`max_values`: None, `max_size`: Some(134670), added: 137145, mode: `Measured`)
	/// Storage: `Inference::ReceiptPrunes` (r:0 w:1)
	/// Proof: `Inference::ReceiptPrunes` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `Measured`)
	/// Storage: `Inference::ReceiptRoots` (r:0 w:1)
	/// Proof: `Inference::ReceiptRoots` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `Measured`)
	fn prune_receipts() -> Weight {
		// Proof size in bytes:
		//  measured: `0`
		//  estimated: `0`
		// Least time: 12_548_000 picoseconds.
		Weight::from_parts(14_271_000, 0)
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `Inference::WaitingCursors` (r:1 w:1)
	/// Proof: `Inference::WaitingCursors` (`max_values`: None, `max_size`: Some(41), added: 2516, mode: `Measured`)
	/// Storage: `Inference::Waiting` (r:2 w:1)
	/// Proof: `Inference::Waiting` (`max_values`: None, `max_size`: Some(57), added: 2532, mode: `Measured`)
	/// Storage: `Inference::Requests` (r:1 w:1)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Models::Servers` (r:1 w:0)
	/// Proof: `Models::Servers` (`max_values`: None, `max_size`: Some(4130), added: 6605, mode: `Measured`)
	/// Storage: `Validators::Positions` (r:128 w:0)
	/// Proof: `Validators::Positions` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `Measured`)
	/// Storage: `Inference::OpenCost` (r:128 w:1)
	/// Proof: `Inference::OpenCost` (`max_values`: None, `max_size`: Some(56), added: 2531, mode: `Measured`)
	/// Storage: `Models::Capacity` (r:128 w:0)
	/// Proof: `Models::Capacity` (`max_values`: None, `max_size`: Some(56), added: 2531, mode: `Measured`)
	/// Storage: `Validators::Ledgers` (r:128 w:1)
	/// Proof: `Validators::Ledgers` (`max_values`: None, `max_size`: Some(462), added: 2937, mode: `Measured`)
	/// Storage: `Validators::Parameters` (r:1 w:0)
	/// Proof: `Validators::Parameters` (`max_values`: Some(1), `max_size`: Some(36), added: 531, mode: `Measured`)
	/// Storage: `Inference::Parameters` (r:1 w:0)
	/// Proof: `Inference::Parameters` (`max_values`: Some(1), `max_size`: Some(89), added: 584, mode: `Measured`)
	/// Storage: `Validators::SessionSets` (r:1 w:0)
	/// Proof: `Validators::SessionSets` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `Measured`)
	/// Storage: `Validators::Members` (r:128 w:0)
	/// Proof: `Validators::Members` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `Measured`)
	/// Storage: `Inference::NextSequence` (r:1 w:1)
	/// Proof: `Inference::NextSequence` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	/// Storage: `Inference::Assignments` (r:0 w:1)
	/// Proof: `Inference::Assignments` (`max_values`: None, `max_size`: Some(88), added: 2563, mode: `Measured`)
	/// The range of component `s` is `[1, 128]`.
	fn retry(s: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `2030 + s * (336 ±0)`
		//  estimated: `7969 + s * (2811 ±0)`
		// Least time: 165_235_000 picoseconds.
		Weight::from_parts(156_467_434, 7969)
			// Standard error: 210_033
			.saturating_add(Weight::from_parts(42_556_656, 0).saturating_mul(s.into()))
			.saturating_add(T::DbWeight::get().reads(10_u64))
			.saturating_add(T::DbWeight::get().reads((5_u64).saturating_mul(s.into())))
			.saturating_add(T::DbWeight::get().writes(7_u64))
			.saturating_add(Weight::from_parts(0, 2811).saturating_mul(s.into()))
	}
	/// Storage: `Inference::CallbackEnds` (r:1 w:0)
	/// Proof: `Inference::CallbackEnds` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `Measured`)
	fn on_idle() -> Weight {
		// Proof size in bytes:
		//  measured: `118`
		//  estimated: `1603`
		// Least time: 4_497_000 picoseconds.
		Weight::from_parts(4_847_000, 1603)
			.saturating_add(T::DbWeight::get().reads(1_u64))
	}
	/// Storage: `Inference::CallbackEnds` (r:1 w:1)
	/// Proof: `Inference::CallbackEnds` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `Measured`)
	/// Storage: `Inference::CallbackQueue` (r:1 w:1)
	/// Proof: `Inference::CallbackQueue` (`max_values`: None, `max_size`: Some(49), added: 2524, mode: `Measured`)
	/// Storage: `Inference::Requests` (r:1 w:0)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	/// Storage: `Inference::Deliveries` (r:1 w:1)
	/// Proof: `Inference::Deliveries` (`max_values`: None, `max_size`: Some(50), added: 2525, mode: `Measured`)
	/// Storage: `Inference::Outcomes` (r:1 w:0)
	/// Proof: `Inference::Outcomes` (`max_values`: None, `max_size`: Some(65589), added: 68064, mode: `Measured`)
	/// Storage: `Revive::AccountInfoOf` (r:1 w:0)
	/// Proof: `Revive::AccountInfoOf` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `Measured`)
	fn push_callback() -> Weight {
		// Proof size in bytes:
		//  measured: `66818`
		//  estimated: `70283`
		// Least time: 121_801_000 picoseconds.
		Weight::from_parts(137_634_000, 70283)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// The range of component `n` is `[0, 1024]`.
	fn convert_numbers(n: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `0`
		//  estimated: `0`
		// Least time: 401_000 picoseconds.
		Weight::from_parts(430_000, 0)
			// Standard error: 1_114
			.saturating_add(Weight::from_parts(3_324_257, 0).saturating_mul(n.into()))
	}
	/// Storage: `Inference::Requests` (r:1 w:0)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	/// Storage: `Inference::Inputs` (r:1 w:0)
	/// Proof: `Inference::Inputs` (`max_values`: None, `max_size`: Some(1048628), added: 1051103, mode: `Measured`)
	/// Storage: `Inference::Results` (r:1 w:0)
	/// Proof: `Inference::Results` (`max_values`: None, `max_size`: Some(368), added: 2843, mode: `Measured`)
	/// Storage: `Inference::Outcomes` (r:1 w:0)
	/// Proof: `Inference::Outcomes` (`max_values`: None, `max_size`: Some(65589), added: 68064, mode: `Measured`)
	/// The range of component `b` is `[0, 65536]`.
	fn read_result(b: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `1327 + b * (1 ±0)`
		//  estimated: `4791 + b * (1 ±0)`
		// Least time: 43_644_000 picoseconds.
		Weight::from_parts(46_145_168, 4791)
			// Standard error: 19
			.saturating_add(Weight::from_parts(1_129, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(Weight::from_parts(0, 1).saturating_mul(b.into()))
	}
	/// Storage: `Models::Models` (r:1 w:0)
	/// Proof: `Models::Models` (`max_values`: None, `max_size`: Some(137), added: 2612, mode: `Measured`)
	/// Storage: `Validators::Suspensions` (r:1 w:0)
	/// Proof: `Validators::Suspensions` (`max_values`: None, `max_size`: Some(14), added: 2489, mode: `Measured`)
	/// Storage: `Inference::Parameters` (r:1 w:0)
	/// Proof: `Inference::Parameters` (`max_values`: Some(1), `max_size`: Some(89), added: 584, mode: `Measured`)
	/// Storage: `Inference::Receipts` (r:1 w:1)
	/// Proof: `Inference::Receipts` (`max_values`: None, `max_size`: Some(134670), added: 137145, mode: `Measured`)
	/// Storage: `System::Account` (r:3 w:3)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `Attribution::Vectors` (r:1 w:0)
	/// Proof: `Attribution::Vectors` (`max_values`: None, `max_size`: Some(2530), added: 5005, mode: `Measured`)
	/// Storage: `Attribution::TotalCredited` (r:1 w:1)
	/// Proof: `Attribution::TotalCredited` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `Measured`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `Measured`)
	/// Storage: `Inference::ReceiptPrunes` (r:0 w:1)
	/// Proof: `Inference::ReceiptPrunes` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `Measured`)
	/// Storage: `Inference::ReceiptRoots` (r:0 w:1)
	/// Proof: `Inference::ReceiptRoots` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `Measured`)
	fn infer_sync() -> Weight {
		// Proof size in bytes:
		//  measured: `2799`
		//  estimated: `11214`
		// Least time: 572_090_000 picoseconds.
		Weight::from_parts(586_561_000, 11214)
			.saturating_add(T::DbWeight::get().reads(11_u64))
			.saturating_add(T::DbWeight::get().writes(8_u64))
	}
	/// Storage: `Models::Models` (r:1 w:0)
	/// Proof: `Models::Models` (`max_values`: None, `max_size`: Some(137), added: 2612, mode: `Measured`)
	/// Storage: `Validators::Suspensions` (r:1 w:0)
	/// Proof: `Validators::Suspensions` (`max_values`: None, `max_size`: Some(14), added: 2489, mode: `Measured`)
	fn infer_view() -> Weight {
		// Proof size in bytes:
		//  measured: `656`
		//  estimated: `4121`
		// Least time: 38_206_000 picoseconds.
		Weight::from_parts(40_791_000, 4121)
			.saturating_add(T::DbWeight::get().reads(2_u64))
	}
	/// The range of component `b` is `[0, 65536]`.
	fn hand_over(b: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `0`
		//  estimated: `0`
		// Least time: 2_464_000 picoseconds.
		Weight::from_parts(3_014_906, 0)
			// Standard error: 1
			.saturating_add(Weight::from_parts(721, 0).saturating_mul(b.into()))
	}
	/// The range of component `b` is `[0, 65536]`.
	fn commit_to_tensors(b: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `0`
		//  estimated: `0`
		// Least time: 8_092_000 picoseconds.
		Weight::from_parts(9_197_930, 0)
			// Standard error: 2
			.saturating_add(Weight::from_parts(9_549, 0).saturating_mul(b.into()))
	}
	/// The range of component `n` is `[0, 16384]`.
	fn run_macs(n: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `0`
		//  estimated: `0`
		// Least time: 68_271_000 picoseconds.
		Weight::from_parts(68_525_874, 0)
			// Standard error: 488
			.saturating_add(Weight::from_parts(236_881, 0).saturating_mul(n.into()))
	}
	/// The range of component `n` is `[0, 8192]`.
	fn run_moved(n: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `0`
		//  estimated: `0`
		// Least time: 4_647_000 picoseconds.
		Weight::from_parts(4_747_000, 0)
			// Standard error: 2_120
			.saturating_add(Weight::from_parts(461_376, 0).saturating_mul(n.into()))
	}
	/// The range of component `n` is `[0, 1024]`.
	fn run_simple(n: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `0`
		//  estimated: `0`
		// Least time: 7_802_000 picoseconds.
		Weight::from_parts(3_746_527, 0)
			// Standard error: 2_022
			.saturating_add(Weight::from_parts(2_167_007, 0).saturating_mul(n.into()))
	}
	/// The range of component `n` is `[0, 1024]`.
	fn run_divisions(n: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `0`
		//  estimated: `0`
		// Least time: 16_845_000 picoseconds.
		Weight::from_parts(20_057_997, 0)
			// Standard error: 3_139
			.saturating_add(Weight::from_parts(5_353_630, 0).saturating_mul(n.into()))
	}
	/// The range of component `n` is `[0, 512]`.
	fn run_transcendental(n: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `0`
		//  estimated: `0`
		// Least time: 49_043_000 picoseconds.
		Weight::from_parts(49_521_002, 0)
			// Standard error: 26_939
			.saturating_add(Weight::from_parts(41_571_196, 0).saturating_mul(n.into()))
	}
	/// The range of component `n` is `[0, 1024]`.
	fn run_searches(n: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `0`
		//  estimated: `0`
		// Least time: 12_729_000 picoseconds.
		Weight::from_parts(29_280_042, 0)
			// Standard error: 16_854
			.saturating_add(Weight::from_parts(9_899_254, 0).saturating_mul(n.into()))
	}
	/// The range of component `n` is `[0, 4080]`.
	fn run_constants(n: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `0`
		//  estimated: `0`
		// Least time: 8_542_000 picoseconds.
		Weight::from_parts(31_404_327, 0)
			// Standard error: 3_461
			.saturating_add(Weight::from_parts(214_014, 0).saturating_mul(n.into()))
	}
	/// The range of component `n` is `[0, 4000]`.
	fn run_operators(n: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `0`
		//  estimated: `0`
		// Least time: 21_613_000 picoseconds.
		Weight::from_parts(22_103_000, 0)
			// Standard error: 31_793
			.saturating_add(Weight::from_parts(3_664_083, 0).saturating_mul(n.into()))
	}
}

// For tests.
impl WeightInfo for () {
	fn request(s: u32, ) -> Weight {
		Weight::from_parts(484_842_196, 8148)
			.saturating_add(Weight::from_parts(42_857_312, 0).saturating_mul(s.into()))
			.saturating_add(ParityDbWeight::get().reads(15_u64))
			.saturating_add(ParityDbWeight::get().reads((5_u64).saturating_mul(s.into())))
			.saturating_add(ParityDbWeight::get().writes(10_u64))
			.saturating_add(Weight::from_parts(0, 2815).saturating_mul(s.into()))
	}
	fn commit_to_bytes(b: u32, ) -> Weight {
		Weight::from_parts(8_275_339, 0)
			.saturating_add(Weight::from_parts(11_030, 0).saturating_mul(b.into()))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn submit_result(b: u32, ) -> Weight {
		Weight::from_parts(131_533_758, 4814)
			.saturating_add(Weight::from_parts(1_918, 0).saturating_mul(b.into()))
			.saturating_add(ParityDbWeight::get().reads(7_u64))
			.saturating_add(ParityDbWeight::get().writes(10_u64))
	}
	fn authorize_submit_result() -> Weight {
		Weight::from_parts(89_713_000, 4336)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
	}
	fn demand_input() -> Weight {
		Weight::from_parts(75_983_000, 4336)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn authorize_demand_input() -> Weight {
		Weight::from_parts(89_253_000, 4336)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
	}
	fn post_input() -> Weight {
		Weight::from_parts(87_580_000, 4572)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn set_parameters() -> Weight {
		Weight::from_parts(18_718_000, 1788)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn set_paused() -> Weight {
		Weight::from_parts(11_617_000, 0)
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(511_289_000, 40937)
			.saturating_add(ParityDbWeight::get().reads(75_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn expire() -> Weight {
		Weight::from_parts(299_375_000, 7795)
			.saturating_add(ParityDbWeight::get().reads(8_u64))
			.saturating_add(ParityDbWeight::get().writes(13_u64))
	}
	fn settle() -> Weight {
		Weight::from_parts(784_546_000, 16598)
			.saturating_add(ParityDbWeight::get().reads(19_u64))
			.saturating_add(ParityDbWeight::get().writes(20_u64))
	}
	fn prune() -> Weight {
		Weight::from_parts(34_151_000, 0)
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	fn prune_receipts() -> Weight {
		Weight::from_parts(14_271_000, 0)
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn retry(s: u32, ) -> Weight {
		Weight::from_parts(156_467_434, 7969)
			.saturating_add(Weight::from_parts(42_556_656, 0).saturating_mul(s.into()))
			.saturating_add(ParityDbWeight::get().reads(10_u64))
			.saturating_add(ParityDbWeight::get().reads((5_u64).saturating_mul(s.into())))
			.saturating_add(ParityDbWeight::get().writes(7_u64))
			.saturating_add(Weight::from_parts(0, 2811).saturating_mul(s.into()))
	}
	fn on_idle() -> Weight {
		Weight::from_parts(4_847_000, 1603)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
	}
	fn push_callback() -> Weight {
		Weight::from_parts(137_634_000, 70283)
			.saturating_add(ParityDbWeight::get().reads(6_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn convert_numbers(n: u32, ) -> Weight {
		Weight::from_parts(430_000, 0)
			.saturating_add(Weight::from_parts(3_324_257, 0).saturating_mul(n.into()))
	}
	fn read_result(b: u32, ) -> Weight {
		Weight::from_parts(46_145_168, 4791)
			.saturating_add(Weight::from_parts(1_129, 0).saturating_mul(b.into()))
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(Weight::from_parts(0, 1).saturating_mul(b.into()))
	}
	fn infer_sync() -> Weight {
		Weight::from_parts(586_561_000, 11214)
			.saturating_add(ParityDbWeight::get().reads(11_u64))
			.saturating_add(ParityDbWeight::get().writes(8_u64))
	}
	fn infer_view() -> Weight {
		Weight::from_parts(40_791_000, 4121)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
	}
	fn hand_over(b: u32, ) -> Weight {
		Weight::from_parts(3_014_906, 0)
			.saturating_add(Weight::from_parts(721, 0).saturating_mul(b.into()))
	}
	fn commit_to_tensors(b: u32, ) -> Weight {
		Weight::from_parts(9_197_930, 0)
			.saturating_add(Weight::from_parts(9_549, 0).saturating_mul(b.into()))
	}
	fn run_macs(n: u32, ) -> Weight {
		Weight::from_parts(68_525_874, 0)
			.saturating_add(Weight::from_parts(236_881, 0).saturating_mul(n.into()))
	}
	fn run_moved(n: u32, ) -> Weight {
		Weight::from_parts(4_747_000, 0)
			.saturating_add(Weight::from_parts(461_376, 0).saturating_mul(n.into()))
	}
	fn run_simple(n: u32, ) -> Weight {
		Weight::from_parts(3_746_527, 0)
			.saturating_add(Weight::from_parts(2_167_007, 0).saturating_mul(n.into()))
	}
	fn run_divisions(n: u32, ) -> Weight {
		Weight::from_parts(20_057_997, 0)
			.saturating_add(Weight::from_parts(5_353_630, 0).saturating_mul(n.into()))
	}
	fn run_transcendental(n: u32, ) -> Weight {
		Weight::from_parts(49_521_002, 0)
			.saturating_add(Weight::from_parts(41_571_196, 0).saturating_mul(n.into()))
	}
	fn run_searches(n: u32, ) -> Weight {
		Weight::from_parts(29_280_042, 0)
			.saturating_add(Weight::from_parts(9_899_254, 0).saturating_mul(n.into()))
	}
	fn run_constants(n: u32, ) -> Weight {
		Weight::from_parts(31_404_327, 0)
			.saturating_add(Weight::from_parts(214_014, 0).saturating_mul(n.into()))
	}
	fn run_operators(n: u32, ) -> Weight {
		Weight::from_parts(22_103_000, 0)
			.saturating_add(Weight::from_parts(3_664_083, 0).saturating_mul(n.into()))
	}
}
