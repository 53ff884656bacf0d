
//! Weights of `pallet_disputes`, measured. Written by `scripts/weights`; not to be edited.
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

/// Weight functions needed for `pallet_disputes`.
pub trait WeightInfo {
	fn open_game(n: u32, o: u32, k: u32, ) -> Weight;
	fn join_game() -> Weight;
	fn game_trace(r: u32, ) -> Weight;
	fn game_hashes(h: u32, ) -> Weight;
	fn game_proof(k: u32, ) -> Weight;
	fn game_authorize() -> Weight;
	fn demand() -> Weight;
	fn show_input(k: u32, ) -> Weight;
	fn show_program(k: u32, ) -> Weight;
	fn show_leaves(l: u32, ) -> Weight;
	fn expire_game() -> Weight;
	fn replay(m: u32, b: u32, ) -> Weight;
	fn decide() -> Weight;
	fn refuse(b: u32, ) -> Weight;
	fn authorize(b: u32, ) -> Weight;
	fn stage() -> Weight;
	fn stage_chunks(b: u32, ) -> Weight;
	fn unstage() -> Weight;
	fn on_initialize() -> Weight;
	fn remove_chunks(c: u32, ) -> Weight;
	fn prune_decision() -> Weight;
}

/// Weights for `pallet_disputes` with the runtime's database.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Inference::Results` (r:1 w:1)
	/// Proof: `Inference::Results` (`max_values`: None, `max_size`: Some(368), added: 2843, mode: `Measured`)
	/// Storage: `Inference::Requests` (r:1 w:0)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	/// Storage: `Inference::Outcomes` (r:1 w:0)
	/// Proof: `Inference::Outcomes` (`max_values`: None, `max_size`: Some(65589), added: 68064, mode: `Measured`)
	/// Storage: `Models::Manifests` (r:1 w:0)
	/// Proof: `Models::Manifests` (`max_values`: None, `max_size`: Some(7316), added: 9791, mode: `Measured`)
	/// Storage: `Validators::Suspensions` (r:1 w:0)
	/// Proof: `Validators::Suspensions` (`max_values`: None, `max_size`: Some(14), added: 2489, mode: `Measured`)
	/// Storage: `Disputes::GameCases` (r:1 w:1)
	/// Proof: `Disputes::GameCases` (`max_values`: None, `max_size`: Some(1775), added: 4250, mode: `Measured`)
	/// Storage: `Disputes::DemandCases` (r:1 w:0)
	/// Proof: `Disputes::DemandCases` (`max_values`: None, `max_size`: Some(57), added: 2532, mode: `Measured`)
	/// Storage: `Inference::WindowClock` (r:1 w:0)
	/// Proof: `Inference::WindowClock` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `Inference::Finals` (r:0 w:2)
	/// Proof: `Inference::Finals` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `Measured`)
	/// Storage: `Disputes::GameDeadlines` (r:0 w:1)
	/// Proof: `Disputes::GameDeadlines` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `Measured`)
	/// Storage: `Disputes::Games` (r:0 w:1)
	/// Proof: `Disputes::Games` (`max_values`: None, `max_size`: Some(1201), added: 3676, mode: `Measured`)
	/// The range of component `n` is `[60, 2000]`.
	/// The range of component `o` is `[2000, 60000]`.
	/// The range of component `k` is `[1, 64]`.
	fn open_game(n: u32, o: u32, _k: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `4315`
		//  estimated: `7780`
		// Least time: 12_539_184_000 picoseconds.
		Weight::from_parts(12_858_328_000, 7780)
			// Standard error: 378_041
			.saturating_add(Weight::from_parts(3_505_003, 0).saturating_mul(n.into()))
			// Standard error: 12_620
			.saturating_add(Weight::from_parts(378_663, 0).saturating_mul(o.into()))
			.saturating_add(T::DbWeight::get().reads(10_u64))
			.saturating_add(T::DbWeight::get().writes(8_u64))
	}
	/// Storage: `Inference::Results` (r:1 w:0)
	/// Proof: `Inference::Results` (`max_values`: None, `max_size`: Some(368), added: 2843, mode: `Measured`)
	/// Storage: `Inference::Requests` (r:1 w:0)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	/// Storage: `Inference::Outcomes` (r:1 w:0)
	/// Proof: `Inference::Outcomes` (`max_values`: None, `max_size`: Some(65589), added: 68064, mode: `Measured`)
	/// Storage: `Models::Manifests` (r:1 w:0)
	/// Proof: `Models::Manifests` (`max_values`: None, `max_size`: Some(7316), added: 9791, mode: `Measured`)
	/// Storage: `Validators::Suspensions` (r:1 w:0)
	/// Proof: `Validators::Suspensions` (`max_values`: None, `max_size`: Some(14), added: 2489, mode: `Measured`)
	/// Storage: `Disputes::GameCases` (r:1 w:1)
	/// Proof: `Disputes::GameCases` (`max_values`: None, `max_size`: Some(1775), added: 4250, mode: `Measured`)
	/// Storage: `Disputes::DemandCases` (r:1 w:0)
	/// Proof: `Disputes::DemandCases` (`max_values`: None, `max_size`: Some(57), added: 2532, mode: `Measured`)
	/// Storage: `Inference::WindowClock` (r:1 w:0)
	/// Proof: `Inference::WindowClock` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	/// Storage: `Disputes::Games` (r:16 w:1)
	/// Proof: `Disputes::Games` (`max_values`: None, `max_size`: Some(1201), added: 3676, mode: `Measured`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `Disputes::GameDeadlines` (r:0 w:1)
	/// Proof: `Disputes::GameDeadlines` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `Measured`)
	fn join_game() -> Weight {
		// Proof size in bytes:
		//  measured: `6445`
		//  estimated: `47035`
		// Least time: 339_063_000 picoseconds.
		Weight::from_parts(354_787_000, 47035)
			.saturating_add(T::DbWeight::get().reads(26_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// Storage: `Inference::Results` (r:1 w:0)
	/// Proof: `Inference::Results` (`max_values`: None, `max_size`: Some(368), added: 2843, mode: `Measured`)
	/// Storage: `Inference::Requests` (r:1 w:0)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	/// Storage: `Inference::Outcomes` (r:1 w:0)
	/// Proof: `Inference::Outcomes` (`max_values`: None, `max_size`: Some(65589), added: 68064, mode: `Measured`)
	/// Storage: `Disputes::GameCases` (r:1 w:1)
	/// Proof: `Disputes::GameCases` (`max_values`: None, `max_size`: Some(1775), added: 4250, mode: `Measured`)
	/// Storage: `Disputes::Games` (r:17 w:16)
	/// Proof: `Disputes::Games` (`max_values`: None, `max_size`: Some(1201), added: 3676, mode: `Measured`)
	/// Storage: `Inference::WindowClock` (r:1 w:0)
	/// Proof: `Inference::WindowClock` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	/// Storage: `Validators::Suspensions` (r:1 w:0)
	/// Proof: `Validators::Suspensions` (`max_values`: None, `max_size`: Some(14), added: 2489, mode: `Measured`)
	/// Storage: `Models::Manifests` (r:1 w:0)
	/// Proof: `Models::Manifests` (`max_values`: None, `max_size`: Some(7316), added: 9791, mode: `Measured`)
	/// Storage: `Disputes::GameDeadlines` (r:0 w:32)
	/// Proof: `Disputes::GameDeadlines` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `Measured`)
	/// Storage: `Disputes::GameRoots` (r:0 w:32)
	/// Proof: `Disputes::GameRoots` (`max_values`: None, `max_size`: Some(4158), added: 6633, mode: `Measured`)
	/// The range of component `r` is `[2, 4000]`.
	fn game_trace(r: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `5940`
		//  estimated: `49005`
		// Least time: 1_233_293_000 picoseconds.
		Weight::from_parts(1_250_636_436, 49005)
			// Standard error: 2_627
			.saturating_add(Weight::from_parts(462_753, 0).saturating_mul(r.into()))
			.saturating_add(T::DbWeight::get().reads(24_u64))
			.saturating_add(T::DbWeight::get().writes(50_u64))
	}
	/// Storage: `Inference::Results` (r:1 w:0)
	/// Proof: `Inference::Results` (`max_values`: None, `max_size`: Some(368), added: 2843, mode: `Measured`)
	/// Storage: `Inference::Requests` (r:1 w:0)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	/// Storage: `Inference::Outcomes` (r:1 w:0)
	/// Proof: `Inference::Outcomes` (`max_values`: None, `max_size`: Some(65589), added: 68064, mode: `Measured`)
	/// Storage: `Disputes::GameCases` (r:1 w:0)
	/// Proof: `Disputes::GameCases` (`max_values`: None, `max_size`: Some(1775), added: 4250, mode: `Measured`)
	/// Storage: `Disputes::Games` (r:1 w:1)
	/// Proof: `Disputes::Games` (`max_values`: None, `max_size`: Some(1201), added: 3676, mode: `Measured`)
	/// Storage: `Inference::WindowClock` (r:1 w:0)
	/// Proof: `Inference::WindowClock` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	/// Storage: `Validators::Suspensions` (r:1 w:0)
	/// Proof: `Validators::Suspensions` (`max_values`: None, `max_size`: Some(14), added: 2489, mode: `Measured`)
	/// Storage: `Disputes::GameRoots` (r:1 w:0)
	/// Proof: `Disputes::GameRoots` (`max_values`: None, `max_size`: Some(4158), added: 6633, mode: `Measured`)
	/// Storage: `Disputes::GameDeadlines` (r:0 w:2)
	/// Proof: `Disputes::GameDeadlines` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `Measured`)
	/// Storage: `Disputes::GameHashes` (r:0 w:1)
	/// Proof: `Disputes::GameHashes` (`max_values`: None, `max_size`: Some(32827), added: 35302, mode: `Measured`)
	/// The range of component `h` is `[1, 1024]`.
	fn game_hashes(h: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `2032`
		//  estimated: `5497`
		// Least time: 107_239_000 picoseconds.
		Weight::from_parts(98_773_678, 5497)
			// Standard error: 9_198
			.saturating_add(Weight::from_parts(1_721_815, 0).saturating_mul(h.into()))
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Inference::Results` (r:1 w:0)
	/// Proof: `Inference::Results` (`max_values`: None, `max_size`: Some(368), added: 2843, mode: `Measured`)
	/// Storage: `Inference::Requests` (r:1 w:0)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	/// Storage: `Inference::Outcomes` (r:1 w:0)
	/// Proof: `Inference::Outcomes` (`max_values`: None, `max_size`: Some(65589), added: 68064, mode: `Measured`)
	/// Storage: `Disputes::GameCases` (r:1 w:0)
	/// Proof: `Disputes::GameCases` (`max_values`: None, `max_size`: Some(1775), added: 4250, mode: `Measured`)
	/// Storage: `Disputes::Games` (r:1 w:0)
	/// Proof: `Disputes::Games` (`max_values`: None, `max_size`: Some(1201), added: 3676, mode: `Measured`)
	/// Storage: `Inference::WindowClock` (r:1 w:0)
	/// Proof: `Inference::WindowClock` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	/// Storage: `Validators::Suspensions` (r:1 w:0)
	/// Proof: `Validators::Suspensions` (`max_values`: None, `max_size`: Some(14), added: 2489, mode: `Measured`)
	/// Storage: `Disputes::GameRoots` (r:1 w:0)
	/// Proof: `Disputes::GameRoots` (`max_values`: None, `max_size`: Some(4158), added: 6633, mode: `Measured`)
	/// The range of component `k` is `[2, 60]`.
	fn game_proof(k: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `2095`
		//  estimated: `5560`
		// Least time: 734_461_000 picoseconds.
		Weight::from_parts(467_737_546, 5560)
			// Standard error: 242_123
			.saturating_add(Weight::from_parts(102_734_058, 0).saturating_mul(k.into()))
			.saturating_add(T::DbWeight::get().reads(8_u64))
	}
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `Measured`)
	/// Storage: `Inference::Results` (r:1 w:0)
	/// Proof: `Inference::Results` (`max_values`: None, `max_size`: Some(368), added: 2843, mode: `Measured`)
	/// Storage: `Inference::Requests` (r:1 w:0)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	/// Storage: `Inference::Outcomes` (r:1 w:0)
	/// Proof: `Inference::Outcomes` (`max_values`: None, `max_size`: Some(65589), added: 68064, mode: `Measured`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Validators::Parameters` (r:1 w:0)
	/// Proof: `Validators::Parameters` (`max_values`: Some(1), `max_size`: Some(36), added: 531, mode: `Measured`)
	/// Storage: `Inference::Parameters` (r:1 w:0)
	/// Proof: `Inference::Parameters` (`max_values`: Some(1), `max_size`: Some(89), added: 584, mode: `Measured`)
	/// Storage: `Validators::SessionSets` (r:1 w:0)
	/// Proof: `Validators::SessionSets` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `Measured`)
	/// Storage: `Validators::Members` (r:1 w:0)
	/// Proof: `Validators::Members` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `Measured`)
	/// Storage: `Disputes::Games` (r:1 w:0)
	/// Proof: `Disputes::Games` (`max_values`: None, `max_size`: Some(1201), added: 3676, mode: `Measured`)
	fn game_authorize() -> Weight {
		// Proof size in bytes:
		//  measured: `2446`
		//  estimated: `5911`
		// Least time: 126_899_000 picoseconds.
		Weight::from_parts(132_177_000, 5911)
			.saturating_add(T::DbWeight::get().reads(10_u64))
	}
	/// Storage: `Inference::Results` (r:1 w:1)
	/// Proof: `Inference::Results` (`max_values`: None, `max_size`: Some(368), added: 2843, mode: `Measured`)
	/// Storage: `Inference::Requests` (r:1 w:0)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	/// Storage: `Inference::Outcomes` (r:1 w:0)
	/// Proof: `Inference::Outcomes` (`max_values`: None, `max_size`: Some(65589), added: 68064, mode: `Measured`)
	/// Storage: `Disputes::GameCases` (r:1 w:0)
	/// Proof: `Disputes::GameCases` (`max_values`: None, `max_size`: Some(1775), added: 4250, mode: `Measured`)
	/// Storage: `Disputes::DemandCases` (r:1 w:1)
	/// Proof: `Disputes::DemandCases` (`max_values`: None, `max_size`: Some(57), added: 2532, mode: `Measured`)
	/// Storage: `Inference::WindowClock` (r:1 w:0)
	/// Proof: `Inference::WindowClock` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	/// Storage: `Models::Manifests` (r:1 w:0)
	/// Proof: `Models::Manifests` (`max_values`: None, `max_size`: Some(7316), added: 9791, mode: `Measured`)
	/// Storage: `Models::StoredPrograms` (r:1 w:0)
	/// Proof: `Models::StoredPrograms` (`max_values`: None, `max_size`: Some(1317), added: 3792, mode: `Measured`)
	/// Storage: `Inference::Inputs` (r:1 w:0)
	/// Proof: `Inference::Inputs` (`max_values`: None, `max_size`: Some(1048628), added: 1051103, mode: `Measured`)
	/// Storage: `Disputes::Demands` (r:1 w:1)
	/// Proof: `Disputes::Demands` (`max_values`: None, `max_size`: Some(226), added: 2701, mode: `Measured`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `Inference::Finals` (r:0 w:2)
	/// Proof: `Inference::Finals` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `Measured`)
	/// Storage: `Disputes::DemandDeadlines` (r:0 w:1)
	/// Proof: `Disputes::DemandDeadlines` (`max_values`: None, `max_size`: Some(96), added: 2571, mode: `Measured`)
	fn demand() -> Weight {
		// Proof size in bytes:
		//  measured: `4274`
		//  estimated: `7739`
		// Least time: 316_030_000 picoseconds.
		Weight::from_parts(324_582_000, 7739)
			.saturating_add(T::DbWeight::get().reads(12_u64))
			.saturating_add(T::DbWeight::get().writes(8_u64))
	}
	/// Storage: `Inference::Results` (r:1 w:1)
	/// Proof: `Inference::Results` (`max_values`: None, `max_size`: Some(368), added: 2843, mode: `Measured`)
	/// Storage: `Inference::Requests` (r:1 w:0)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	/// Storage: `Inference::Outcomes` (r:1 w:0)
	/// Proof: `Inference::Outcomes` (`max_values`: None, `max_size`: Some(65589), added: 68064, mode: `Measured`)
	/// Storage: `Disputes::Demands` (r:1 w:1)
	/// Proof: `Disputes::Demands` (`max_values`: None, `max_size`: Some(226), added: 2701, mode: `Measured`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `Disputes::DemandCases` (r:1 w:1)
	/// Proof: `Disputes::DemandCases` (`max_values`: None, `max_size`: Some(57), added: 2532, mode: `Measured`)
	/// Storage: `Disputes::GameCases` (r:1 w:0)
	/// Proof: `Disputes::GameCases` (`max_values`: None, `max_size`: Some(1775), added: 4250, mode: `Measured`)
	/// Storage: `Inference::WindowClock` (r:1 w:0)
	/// Proof: `Inference::WindowClock` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	/// Storage: `Inference::Inputs` (r:0 w:1)
	/// Proof: `Inference::Inputs` (`max_values`: None, `max_size`: Some(1048628), added: 1051103, mode: `Measured`)
	/// Storage: `Inference::Finals` (r:0 w:2)
	/// Proof: `Inference::Finals` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `Measured`)
	/// Storage: `Disputes::DemandDeadlines` (r:0 w:1)
	/// Proof: `Disputes::DemandDeadlines` (`max_values`: None, `max_size`: Some(96), added: 2571, mode: `Measured`)
	/// The range of component `k` is `[1, 1000]`.
	fn show_input(k: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `1733`
		//  estimated: `5198`
		// Least time: 203_463_000 picoseconds.
		Weight::from_parts(157_687_647, 5198)
			// Standard error: 26_725
			.saturating_add(Weight::from_parts(11_466_376, 0).saturating_mul(k.into()))
			.saturating_add(T::DbWeight::get().reads(9_u64))
			.saturating_add(T::DbWeight::get().writes(9_u64))
	}
	/// Storage: `Inference::Results` (r:1 w:1)
	/// Proof: `Inference::Results` (`max_values`: None, `max_size`: Some(368), added: 2843, mode: `Measured`)
	/// Storage: `Inference::Requests` (r:1 w:0)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	/// Storage: `Inference::Outcomes` (r:1 w:0)
	/// Proof: `Inference::Outcomes` (`max_values`: None, `max_size`: Some(65589), added: 68064, mode: `Measured`)
	/// Storage: `Disputes::Demands` (r:1 w:1)
	/// Proof: `Disputes::Demands` (`max_values`: None, `max_size`: Some(226), added: 2701, mode: `Measured`)
	/// Storage: `Models::Manifests` (r:1 w:0)
	/// Proof: `Models::Manifests` (`max_values`: None, `max_size`: Some(7316), added: 9791, mode: `Measured`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `Disputes::DemandCases` (r:1 w:1)
	/// Proof: `Disputes::DemandCases` (`max_values`: None, `max_size`: Some(57), added: 2532, mode: `Measured`)
	/// Storage: `Disputes::GameCases` (r:1 w:0)
	/// Proof: `Disputes::GameCases` (`max_values`: None, `max_size`: Some(1775), added: 4250, mode: `Measured`)
	/// Storage: `Inference::WindowClock` (r:1 w:0)
	/// Proof: `Inference::WindowClock` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	/// Storage: `Inference::Finals` (r:0 w:2)
	/// Proof: `Inference::Finals` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `Measured`)
	/// Storage: `Disputes::DemandDeadlines` (r:0 w:1)
	/// Proof: `Disputes::DemandDeadlines` (`max_values`: None, `max_size`: Some(96), added: 2571, mode: `Measured`)
	/// The range of component `k` is `[1, 100]`.
	fn show_program(k: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `4403`
		//  estimated: `7868`
		// Least time: 288_769_000 picoseconds.
		Weight::from_parts(308_929_336, 7868)
			// Standard error: 93_009
			.saturating_add(Weight::from_parts(2_525_409, 0).saturating_mul(k.into()))
			.saturating_add(T::DbWeight::get().reads(10_u64))
			.saturating_add(T::DbWeight::get().writes(8_u64))
	}
	/// Storage: `Inference::Results` (r:1 w:1)
	/// Proof: `Inference::Results` (`max_values`: None, `max_size`: Some(368), added: 2843, mode: `Measured`)
	/// Storage: `Inference::Requests` (r:1 w:0)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	/// Storage: `Inference::Outcomes` (r:1 w:0)
	/// Proof: `Inference::Outcomes` (`max_values`: None, `max_size`: Some(65589), added: 68064, mode: `Measured`)
	/// Storage: `Disputes::Demands` (r:1 w:1)
	/// Proof: `Disputes::Demands` (`max_values`: None, `max_size`: Some(226), added: 2701, mode: `Measured`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `Disputes::DemandCases` (r:1 w:1)
	/// Proof: `Disputes::DemandCases` (`max_values`: None, `max_size`: Some(57), added: 2532, mode: `Measured`)
	/// Storage: `Disputes::GameCases` (r:1 w:0)
	/// Proof: `Disputes::GameCases` (`max_values`: None, `max_size`: Some(1775), added: 4250, mode: `Measured`)
	/// Storage: `Inference::WindowClock` (r:1 w:0)
	/// Proof: `Inference::WindowClock` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	/// Storage: `Inference::Finals` (r:0 w:2)
	/// Proof: `Inference::Finals` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `Measured`)
	/// Storage: `Disputes::DemandDeadlines` (r:0 w:1)
	/// Proof: `Disputes::DemandDeadlines` (`max_values`: None, `max_size`: Some(96), added: 2571, mode: `Measured`)
	/// The range of component `l` is `[1, 64]`.
	fn show_leaves(l: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `1812`
		//  estimated: `5277`
		// Least time: 241_639_000 picoseconds.
		Weight::from_parts(221_607_244, 5277)
			// Standard error: 167_002
			.saturating_add(Weight::from_parts(24_860_555, 0).saturating_mul(l.into()))
			.saturating_add(T::DbWeight::get().reads(9_u64))
			.saturating_add(T::DbWeight::get().writes(8_u64))
	}
	/// Storage: `Disputes::Games` (r:17 w:16)
	/// Proof: `Disputes::Games` (`max_values`: None, `max_size`: Some(1201), added: 3676, mode: `Measured`)
	/// Storage: `Disputes::GameCases` (r:1 w:1)
	/// Proof: `Disputes::GameCases` (`max_values`: None, `max_size`: Some(1775), added: 4250, mode: `Measured`)
	/// Storage: `System::Account` (r:18 w:18)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:16 w:16)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `Disputes::DemandCases` (r:1 w:0)
	/// Proof: `Disputes::DemandCases` (`max_values`: None, `max_size`: Some(57), added: 2532, mode: `Measured`)
	/// Storage: `Inference::Results` (r:1 w:1)
	/// Proof: `Inference::Results` (`max_values`: None, `max_size`: Some(368), added: 2843, mode: `Measured`)
	/// Storage: `Inference::Requests` (r:1 w:0)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	/// Storage: `Inference::Outcomes` (r:1 w:0)
	/// Proof: `Inference::Outcomes` (`max_values`: None, `max_size`: Some(65589), added: 68064, mode: `Measured`)
	/// Storage: `Inference::WindowClock` (r:1 w:0)
	/// Proof: `Inference::WindowClock` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	/// Storage: `Inference::Finals` (r:0 w:2)
	/// Proof: `Inference::Finals` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `Measured`)
	/// Storage: `Disputes::GameDeadlines` (r:0 w:16)
	/// Proof: `Disputes::GameDeadlines` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `Measured`)
	/// Storage: `Disputes::GameHashes` (r:0 w:16)
	/// Proof: `Disputes::GameHashes` (`max_values`: None, `max_size`: Some(32827), added: 35302, mode: `Measured`)
	/// Storage: `Disputes::GameRoots` (r:0 w:32)
	/// Proof: `Disputes::GameRoots` (`max_values`: None, `max_size`: Some(4158), added: 6633, mode: `Measured`)
	fn expire_game() -> Weight {
		// Proof size in bytes:
		//  measured: `6782`
		//  estimated: `52322`
		// Least time: 4_708_067_000 picoseconds.
		Weight::from_parts(4_741_166_000, 52322)
			.saturating_add(T::DbWeight::get().reads(57_u64))
			.saturating_add(T::DbWeight::get().writes(118_u64))
	}
	/// Storage: `Inference::Results` (r:1 w:0)
	/// Proof: `Inference::Results` (`max_values`: None, `max_size`: Some(368), added: 2843, mode: `Measured`)
	/// Storage: `Inference::Requests` (r:1 w:0)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	/// Storage: `Inference::Outcomes` (r:1 w:0)
	/// Proof: `Inference::Outcomes` (`max_values`: None, `max_size`: Some(65589), added: 68064, mode: `Measured`)
	/// Storage: `Models::Manifests` (r:1 w:0)
	/// Proof: `Models::Manifests` (`max_values`: None, `max_size`: Some(7316), added: 9791, mode: `Measured`)
	/// Storage: `Validators::Suspensions` (r:1 w:0)
	/// Proof: `Validators::Suspensions` (`max_values`: None, `max_size`: Some(14), added: 2489, mode: `Measured`)
	/// Storage: `Inference::Inputs` (r:1 w:0)
	/// Proof: `Inference::Inputs` (`max_values`: None, `max_size`: Some(1048628), added: 1051103, mode: `Measured`)
	/// The range of component `m` is `[1, 600]`.
	/// The range of component `b` is `[1, 2048]`.
	fn replay(m: u32, b: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `5194`
		//  estimated: `8659`
		// Least time: 5_550_929_000 picoseconds.
		Weight::from_parts(5_591_089_000, 8659)
			// Standard error: 1_040_212
			.saturating_add(Weight::from_parts(213_864_269, 0).saturating_mul(m.into()))
			// Standard error: 304_728
			.saturating_add(Weight::from_parts(883_618, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(6_u64))
	}
	/// Storage: `Audits::Audits` (r:1 w:1)
	/// Proof: `Audits::Audits` (`max_values`: None, `max_size`: Some(3480), added: 5955, mode: `Measured`)
	/// Storage: `Inference::Requests` (r:1 w:1)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	/// Storage: `Inference::Results` (r:1 w:1)
	/// Proof: `Inference::Results` (`max_values`: None, `max_size`: Some(368), added: 2843, mode: `Measured`)
	/// Storage: `Inference::Receipts` (r:1 w:1)
	/// Proof: `Inference::Receipts` (`max_values`: None, `max_size`: Some(134670), added: 137145, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:2 w:2)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `System::Account` (r:6 w:6)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	/// Storage: `Attribution::Vectors` (r:1 w:0)
	/// Proof: `Attribution::Vectors` (`max_values`: None, `max_size`: Some(2530), added: 5005, mode: `Measured`)
	/// Storage: `Attribution::TotalCredited` (r:1 w:1)
	/// Proof: `Attribution::TotalCredited` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `Measured`)
	/// Storage: `Validators::Ledgers` (r:1 w:1)
	/// Proof: `Validators::Ledgers` (`max_values`: None, `max_size`: Some(462), added: 2937, mode: `Measured`)
	/// Storage: `Validators::Records` (r:1 w:1)
	/// Proof: `Validators::Records` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Inference::Parameters` (r:1 w:0)
	/// Proof: `Inference::Parameters` (`max_values`: Some(1), `max_size`: Some(89), added: 584, mode: `Measured`)
	/// Storage: `Disputes::Demands` (r:1 w:0)
	/// Proof: `Disputes::Demands` (`max_values`: None, `max_size`: Some(226), added: 2701, mode: `Measured`)
	/// Storage: `Disputes::Games` (r:1 w:0)
	/// Proof: `Disputes::Games` (`max_values`: None, `max_size`: Some(1201), added: 3676, mode: `Measured`)
	/// Storage: `Inference::Prunes` (r:0 w:1)
	/// Proof: `Inference::Prunes` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Inference::Inputs` (r:0 w:1)
	/// Proof: `Inference::Inputs` (`max_values`: None, `max_size`: Some(1048628), added: 1051103, mode: `Measured`)
	/// Storage: `Inference::Finals` (r:0 w:1)
	/// Proof: `Inference::Finals` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `Measured`)
	/// Storage: `Disputes::DecisionPrunes` (r:0 w:1)
	/// Proof: `Disputes::DecisionPrunes` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Disputes::Decisions` (r:0 w:1)
	/// Proof: `Disputes::Decisions` (`max_values`: None, `max_size`: Some(154), added: 2629, mode: `Measured`)
	fn decide() -> Weight {
		// Proof size in bytes:
		//  measured: `3286`
		//  estimated: `19126`
		// Least time: 1_000_387_000 picoseconds.
		Weight::from_parts(1_045_153_000, 19126)
			.saturating_add(T::DbWeight::get().reads(19_u64))
			.saturating_add(T::DbWeight::get().writes(20_u64))
	}
	/// Storage: `Inference::Receipts` (r:1 w:0)
	/// Proof: `Inference::Receipts` (`max_values`: None, `max_size`: Some(134670), added: 137145, mode: `Measured`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `Inference::Results` (r:1 w:0)
	/// Proof: `Inference::Results` (`max_values`: None, `max_size`: Some(368), added: 2843, mode: `Measured`)
	/// The range of component `b` is `[1, 2048]`.
	fn refuse(b: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `276`
		//  estimated: `3741`
		// Least time: 121_070_000 picoseconds.
		Weight::from_parts(127_160_872, 3741)
			// Standard error: 146
			.saturating_add(Weight::from_parts(1_131, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `Measured`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Validators::Parameters` (r:1 w:0)
	/// Proof: `Validators::Parameters` (`max_values`: Some(1), `max_size`: Some(36), added: 531, mode: `Measured`)
	/// Storage: `Inference::Parameters` (r:1 w:0)
	/// Proof: `Inference::Parameters` (`max_values`: Some(1), `max_size`: Some(89), added: 584, mode: `Measured`)
	/// Storage: `Validators::SessionSets` (r:1 w:0)
	/// Proof: `Validators::SessionSets` (`max_values`: None, `max_size`: Some(16), added: 2491, mode: `Measured`)
	/// Storage: `Validators::Members` (r:1 w:0)
	/// Proof: `Validators::Members` (`max_values`: None, `max_size`: Some(104), added: 2579, mode: `Measured`)
	/// Storage: `Inference::Results` (r:1 w:0)
	/// Proof: `Inference::Results` (`max_values`: None, `max_size`: Some(368), added: 2843, mode: `Measured`)
	/// Storage: `Inference::Requests` (r:1 w:0)
	/// Proof: `Inference::Requests` (`max_values`: None, `max_size`: Some(615), added: 3090, mode: `Measured`)
	/// Storage: `Inference::Outcomes` (r:1 w:0)
	/// Proof: `Inference::Outcomes` (`max_values`: None, `max_size`: Some(65589), added: 68064, mode: `Measured`)
	/// Storage: `Inference::Receipts` (r:1 w:0)
	/// Proof: `Inference::Receipts` (`max_values`: None, `max_size`: Some(134670), added: 137145, mode: `Measured`)
	/// Storage: `Audits::Audits` (r:1 w:0)
	/// Proof: `Audits::Audits` (`max_values`: None, `max_size`: Some(3480), added: 5955, mode: `Measured`)
	/// Storage: `System::Account` (r:1 w:0)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:1 w:0)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `Models::Manifests` (r:1 w:0)
	/// Proof: `Models::Manifests` (`max_values`: None, `max_size`: Some(7316), added: 9791, mode: `Measured`)
	/// Storage: `Validators::Suspensions` (r:1 w:0)
	/// Proof: `Validators::Suspensions` (`max_values`: None, `max_size`: Some(14), added: 2489, mode: `Measured`)
	/// Storage: `Inference::Inputs` (r:1 w:0)
	/// Proof: `Inference::Inputs` (`max_values`: None, `max_size`: Some(1048628), added: 1051103, mode: `Measured`)
	/// The range of component `b` is `[1, 2048]`.
	fn authorize(b: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `6246`
		//  estimated: `9711`
		// Least time: 960_458_000 picoseconds.
		Weight::from_parts(577_090_325, 9711)
			// Standard error: 49_175
			.saturating_add(Weight::from_parts(2_478_187, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(16_u64))
	}
	/// Storage: `Disputes::Stagings` (r:1 w:1)
	/// Proof: `Disputes::Stagings` (`max_values`: None, `max_size`: Some(140), added: 2615, mode: `Measured`)
	/// Storage: `Disputes::StagedBy` (r:1 w:1)
	/// Proof: `Disputes::StagedBy` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `Measured`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `Disputes::StagingExpiries` (r:0 w:1)
	/// Proof: `Disputes::StagingExpiries` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	fn stage() -> Weight {
		// Proof size in bytes:
		//  measured: `164`
		//  estimated: `3629`
		// Least time: 146_277_000 picoseconds.
		Weight::from_parts(151_154_000, 3629)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// Storage: `Disputes::Stagings` (r:1 w:1)
	/// Proof: `Disputes::Stagings` (`max_values`: None, `max_size`: Some(140), added: 2615, mode: `Measured`)
	/// Storage: `Disputes::Chunks` (r:8 w:8)
	/// Proof: `Disputes::Chunks` (`max_values`: None, `max_size`: Some(65600), added: 68075, mode: `Measured`)
	/// The range of component `b` is `[1, 512]`.
	fn stage_chunks(b: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `241`
		//  estimated: `3706 + b * (39 ±0)`
		// Least time: 40_841_000 picoseconds.
		Weight::from_parts(49_981_713, 3706)
			// Standard error: 5_135
			.saturating_add(Weight::from_parts(1_548_092, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
			.saturating_add(Weight::from_parts(0, 39).saturating_mul(b.into()))
	}
	/// Storage: `Disputes::Stagings` (r:1 w:1)
	/// Proof: `Disputes::Stagings` (`max_values`: None, `max_size`: Some(140), added: 2615, mode: `Measured`)
	/// Storage: `Disputes::StagingExpiries` (r:0 w:2)
	/// Proof: `Disputes::StagingExpiries` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	fn unstage() -> Weight {
		// Proof size in bytes:
		//  measured: `274`
		//  estimated: `3739`
		// Least time: 31_998_000 picoseconds.
		Weight::from_parts(33_801_000, 3739)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `Disputes::Cursors` (r:1 w:1)
	/// Proof: `Disputes::Cursors` (`max_values`: Some(1), `max_size`: Some(24), added: 519, mode: `Measured`)
	/// Storage: `Disputes::StagingExpiries` (r:16 w:0)
	/// Proof: `Disputes::StagingExpiries` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Disputes::DecisionPrunes` (r:16 w:0)
	/// Proof: `Disputes::DecisionPrunes` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Inference::WindowClock` (r:1 w:0)
	/// Proof: `Inference::WindowClock` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	/// Storage: `Disputes::GameDeadlines` (r:16 w:0)
	/// Proof: `Disputes::GameDeadlines` (`max_values`: None, `max_size`: Some(65), added: 2540, mode: `Measured`)
	/// Storage: `Disputes::DemandDeadlines` (r:16 w:0)
	/// Proof: `Disputes::DemandDeadlines` (`max_values`: None, `max_size`: Some(96), added: 2571, mode: `Measured`)
	/// Storage: `Disputes::Crowded` (r:1 w:1)
	/// Proof: `Disputes::Crowded` (`max_values`: Some(1), `max_size`: Some(1), added: 496, mode: `Measured`)
	fn on_initialize() -> Weight {
		// Proof size in bytes:
		//  measured: `293`
		//  estimated: `40883`
		// Least time: 437_330_000 picoseconds.
		Weight::from_parts(447_134_000, 40883)
			.saturating_add(T::DbWeight::get().reads(67_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Disputes::Cursors` (r:1 w:1)
	/// Proof: `Disputes::Cursors` (`max_values`: Some(1), `max_size`: Some(24), added: 519, mode: `Measured`)
	/// Storage: `Disputes::StagingExpiries` (r:2 w:1)
	/// Proof: `Disputes::StagingExpiries` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Disputes::Chunks` (r:33 w:32)
	/// Proof: `Disputes::Chunks` (`max_values`: None, `max_size`: Some(65600), added: 68075, mode: `Measured`)
	/// Storage: `Disputes::Stagings` (r:1 w:1)
	/// Proof: `Disputes::Stagings` (`max_values`: None, `max_size`: Some(140), added: 2615, mode: `Measured`)
	/// Storage: `Disputes::StagedBy` (r:1 w:1)
	/// Proof: `Disputes::StagedBy` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `Measured`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `Disputes::DecisionPrunes` (r:1 w:0)
	/// Proof: `Disputes::DecisionPrunes` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Inference::WindowClock` (r:1 w:0)
	/// Proof: `Inference::WindowClock` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	/// The range of component `c` is `[1, 32]`.
	fn remove_chunks(c: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `754 + c * (48 ±0)`
		//  estimated: `6694 + c * (2523 ±0)`
		// Least time: 169_182_000 picoseconds.
		Weight::from_parts(157_725_356, 6694)
			// Standard error: 98_516
			.saturating_add(Weight::from_parts(8_876_378, 0).saturating_mul(c.into()))
			.saturating_add(T::DbWeight::get().reads(10_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(c.into())))
			.saturating_add(T::DbWeight::get().writes(6_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(c.into())))
			.saturating_add(Weight::from_parts(0, 2523).saturating_mul(c.into()))
	}
	/// Storage: `Disputes::Cursors` (r:1 w:1)
	/// Proof: `Disputes::Cursors` (`max_values`: Some(1), `max_size`: Some(24), added: 519, mode: `Measured`)
	/// Storage: `Disputes::DecisionPrunes` (r:2 w:1)
	/// Proof: `Disputes::DecisionPrunes` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Inference::WindowClock` (r:1 w:0)
	/// Proof: `Inference::WindowClock` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	/// Storage: `Disputes::Decisions` (r:0 w:1)
	/// Proof: `Disputes::Decisions` (`max_values`: None, `max_size`: Some(154), added: 2629, mode: `Measured`)
	fn prune_decision() -> Weight {
		// Proof size in bytes:
		//  measured: `354`
		//  estimated: `6294`
		// Least time: 29_083_000 picoseconds.
		Weight::from_parts(30_966_000, 6294)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
}

// For tests.
impl WeightInfo for () {
	fn open_game(n: u32, o: u32, _k: u32, ) -> Weight {
		Weight::from_parts(12_858_328_000, 7780)
			.saturating_add(Weight::from_parts(3_505_003, 0).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(378_663, 0).saturating_mul(o.into()))
			.saturating_add(ParityDbWeight::get().reads(10_u64))
			.saturating_add(ParityDbWeight::get().writes(8_u64))
	}
	fn join_game() -> Weight {
		Weight::from_parts(354_787_000, 47035)
			.saturating_add(ParityDbWeight::get().reads(26_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	fn game_trace(r: u32, ) -> Weight {
		Weight::from_parts(1_250_636_436, 49005)
			.saturating_add(Weight::from_parts(462_753, 0).saturating_mul(r.into()))
			.saturating_add(ParityDbWeight::get().reads(24_u64))
			.saturating_add(ParityDbWeight::get().writes(50_u64))
	}
	fn game_hashes(h: u32, ) -> Weight {
		Weight::from_parts(98_773_678, 5497)
			.saturating_add(Weight::from_parts(1_721_815, 0).saturating_mul(h.into()))
			.saturating_add(ParityDbWeight::get().reads(8_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn game_proof(k: u32, ) -> Weight {
		Weight::from_parts(467_737_546, 5560)
			.saturating_add(Weight::from_parts(102_734_058, 0).saturating_mul(k.into()))
			.saturating_add(ParityDbWeight::get().reads(8_u64))
	}
	fn game_authorize() -> Weight {
		Weight::from_parts(132_177_000, 5911)
			.saturating_add(ParityDbWeight::get().reads(10_u64))
	}
	fn demand() -> Weight {
		Weight::from_parts(324_582_000, 7739)
			.saturating_add(ParityDbWeight::get().reads(12_u64))
			.saturating_add(ParityDbWeight::get().writes(8_u64))
	}
	fn show_input(k: u32, ) -> Weight {
		Weight::from_parts(157_687_647, 5198)
			.saturating_add(Weight::from_parts(11_466_376, 0).saturating_mul(k.into()))
			.saturating_add(ParityDbWeight::get().reads(9_u64))
			.saturating_add(ParityDbWeight::get().writes(9_u64))
	}
	fn show_program(k: u32, ) -> Weight {
		Weight::from_parts(308_929_336, 7868)
			.saturating_add(Weight::from_parts(2_525_409, 0).saturating_mul(k.into()))
			.saturating_add(ParityDbWeight::get().reads(10_u64))
			.saturating_add(ParityDbWeight::get().writes(8_u64))
	}
	fn show_leaves(l: u32, ) -> Weight {
		Weight::from_parts(221_607_244, 5277)
			.saturating_add(Weight::from_parts(24_860_555, 0).saturating_mul(l.into()))
			.saturating_add(ParityDbWeight::get().reads(9_u64))
			.saturating_add(ParityDbWeight::get().writes(8_u64))
	}
	fn expire_game() -> Weight {
		Weight::from_parts(4_741_166_000, 52322)
			.saturating_add(ParityDbWeight::get().reads(57_u64))
			.saturating_add(ParityDbWeight::get().writes(118_u64))
	}
	fn replay(m: u32, b: u32, ) -> Weight {
		Weight::from_parts(5_591_089_000, 8659)
			.saturating_add(Weight::from_parts(213_864_269, 0).saturating_mul(m.into()))
			.saturating_add(Weight::from_parts(883_618, 0).saturating_mul(b.into()))
			.saturating_add(ParityDbWeight::get().reads(6_u64))
	}
	fn decide() -> Weight {
		Weight::from_parts(1_045_153_000, 19126)
			.saturating_add(ParityDbWeight::get().reads(19_u64))
			.saturating_add(ParityDbWeight::get().writes(20_u64))
	}
	fn refuse(b: u32, ) -> Weight {
		Weight::from_parts(127_160_872, 3741)
			.saturating_add(Weight::from_parts(1_131, 0).saturating_mul(b.into()))
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn authorize(b: u32, ) -> Weight {
		Weight::from_parts(577_090_325, 9711)
			.saturating_add(Weight::from_parts(2_478_187, 0).saturating_mul(b.into()))
			.saturating_add(ParityDbWeight::get().reads(16_u64))
	}
	fn stage() -> Weight {
		Weight::from_parts(151_154_000, 3629)
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	fn stage_chunks(b: u32, ) -> Weight {
		Weight::from_parts(49_981_713, 3706)
			.saturating_add(Weight::from_parts(1_548_092, 0).saturating_mul(b.into()))
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
			.saturating_add(Weight::from_parts(0, 39).saturating_mul(b.into()))
	}
	fn unstage() -> Weight {
		Weight::from_parts(33_801_000, 3739)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(447_134_000, 40883)
			.saturating_add(ParityDbWeight::get().reads(67_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn remove_chunks(c: u32, ) -> Weight {
		Weight::from_parts(157_725_356, 6694)
			.saturating_add(Weight::from_parts(8_876_378, 0).saturating_mul(c.into()))
			.saturating_add(ParityDbWeight::get().reads(10_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(c.into())))
			.saturating_add(ParityDbWeight::get().writes(6_u64))
			.saturating_add(ParityDbWeight::get().writes((1_u64).saturating_mul(c.into())))
			.saturating_add(Weight::from_parts(0, 2523).saturating_mul(c.into()))
	}
	fn prune_decision() -> Weight {
		Weight::from_parts(30_966_000, 6294)
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
}
