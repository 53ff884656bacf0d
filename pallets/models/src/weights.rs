
//! Weights of `pallet_models`, measured. Written by `scripts/weights`; not to be edited.
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

/// Weight functions needed for `pallet_models`.
pub trait WeightInfo {
	fn register(c: u32, p: u32, ) -> Weight;
	fn commit() -> Weight;
	fn prune_commitments() -> Weight;
	fn set_price() -> Weight;
	fn offer_transfer() -> Weight;
	fn accept_transfer() -> Weight;
	fn retire() -> Weight;
	fn serve() -> Weight;
	fn stop_serving() -> Weight;
	fn set_capacity() -> Weight;
	fn begin_program() -> Weight;
	fn put_program_chunk(b: u32, ) -> Weight;
	fn finish_program(n: u32, ) -> Weight;
	fn abort_program(n: u32, ) -> Weight;
	fn drop_program(n: u32, ) -> Weight;
	fn prune_upload(n: u32, ) -> Weight;
	fn look_up() -> Weight;
	fn read_program(n: u32, ) -> Weight;
	fn withdraw_all(n: u32, ) -> Weight;
}

/// Weights for `pallet_models` with the runtime's database.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `Measured`)
	/// Storage: `Models::Models` (r:9 w:1)
	/// Proof: `Models::Models` (`max_values`: None, `max_size`: Some(137), added: 2612, mode: `Measured`)
	/// Storage: `Models::ByArtefact` (r:1 w:1)
	/// Proof: `Models::ByArtefact` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `Measured`)
	/// Storage: `Models::ByProgram` (r:1 w:1)
	/// Proof: `Models::ByProgram` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `Measured`)
	/// Storage: `Attribution::Vectors` (r:9 w:1)
	/// Proof: `Attribution::Vectors` (`max_values`: None, `max_size`: Some(2530), added: 5005, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `Models::Commitments` (r:1 w:1)
	/// Proof: `Models::Commitments` (`max_values`: None, `max_size`: Some(465), added: 2940, mode: `Measured`)
	/// Storage: `Attribution::EarnsIn` (r:0 w:40)
	/// Proof: `Attribution::EarnsIn` (`max_values`: None, `max_size`: Some(87), added: 2562, mode: `Measured`)
	/// Storage: `Attribution::Rights` (r:0 w:32)
	/// Proof: `Attribution::Rights` (`max_values`: None, `max_size`: Some(108), added: 2583, mode: `Measured`)
	/// Storage: `Attribution::RightsOf` (r:0 w:32)
	/// Proof: `Attribution::RightsOf` (`max_values`: None, `max_size`: Some(99), added: 2574, mode: `Measured`)
	/// Storage: `Models::Manifests` (r:0 w:1)
	/// Proof: `Models::Manifests` (`max_values`: None, `max_size`: Some(7316), added: 9791, mode: `Measured`)
	/// Storage: `Models::Outputs` (r:0 w:1)
	/// Proof: `Models::Outputs` (`max_values`: None, `max_size`: Some(2273), added: 4748, mode: `Measured`)
	/// Storage: `Models::Inputs` (r:0 w:1)
	/// Proof: `Models::Inputs` (`max_values`: None, `max_size`: Some(2273), added: 4748, mode: `Measured`)
	/// The range of component `c` is `[1, 32]`.
	/// The range of component `p` is `[0, 8]`.
	fn register(c: u32, p: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `900 + p * (2736 ±0)`
		//  estimated: `4244 + c * (3 ±1) + p * (5224 ±7)`
		// Least time: 1_064_713_000 picoseconds.
		Weight::from_parts(329_265_743, 4244)
			// Standard error: 671_294
			.saturating_add(Weight::from_parts(21_644_368, 0).saturating_mul(c.into()))
			// Standard error: 2_435_212
			.saturating_add(Weight::from_parts(139_380_764, 0).saturating_mul(p.into()))
			.saturating_add(T::DbWeight::get().reads(7_u64))
			.saturating_add(T::DbWeight::get().reads((2_u64).saturating_mul(p.into())))
			.saturating_add(T::DbWeight::get().writes(9_u64))
			.saturating_add(T::DbWeight::get().writes((3_u64).saturating_mul(c.into())))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(p.into())))
			.saturating_add(Weight::from_parts(0, 3).saturating_mul(c.into()))
			.saturating_add(Weight::from_parts(0, 5224).saturating_mul(p.into()))
	}
	/// Storage: `Models::Commitments` (r:1 w:1)
	/// Proof: `Models::Commitments` (`max_values`: None, `max_size`: Some(465), added: 2940, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `Models::CommitmentExpiries` (r:0 w:1)
	/// Proof: `Models::CommitmentExpiries` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	fn commit() -> Weight {
		// Proof size in bytes:
		//  measured: `572`
		//  estimated: `4037`
		// Least time: 137_625_000 picoseconds.
		Weight::from_parts(142_842_000, 4037)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `Models::ExpiryCursor` (r:1 w:0)
	/// Proof: `Models::ExpiryCursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `Measured`)
	/// Storage: `Models::CommitmentExpiries` (r:1 w:1)
	/// Proof: `Models::CommitmentExpiries` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `Measured`)
	/// Storage: `Models::Commitments` (r:1 w:1)
	/// Proof: `Models::Commitments` (`max_values`: None, `max_size`: Some(465), added: 2940, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	fn prune_commitments() -> Weight {
		// Proof size in bytes:
		//  measured: `696`
		//  estimated: `4161`
		// Least time: 713_841_000 picoseconds.
		Weight::from_parts(731_748_000, 4161)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `Models::Models` (r:1 w:1)
	/// Proof: `Models::Models` (`max_values`: None, `max_size`: Some(137), added: 2612, mode: `Measured`)
	/// Storage: `Inference::Parameters` (r:1 w:0)
	/// Proof: `Inference::Parameters` (`max_values`: Some(1), `max_size`: Some(89), added: 584, mode: `Measured`)
	fn set_price() -> Weight {
		// Proof size in bytes:
		//  measured: `475`
		//  estimated: `3940`
		// Least time: 34_000_000 picoseconds.
		Weight::from_parts(36_204_000, 3940)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Models::Models` (r:1 w:0)
	/// Proof: `Models::Models` (`max_values`: None, `max_size`: Some(137), added: 2612, mode: `Measured`)
	/// Storage: `Models::Offers` (r:0 w:1)
	/// Proof: `Models::Offers` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `Measured`)
	fn offer_transfer() -> Weight {
		// Proof size in bytes:
		//  measured: `279`
		//  estimated: `3744`
		// Least time: 26_730_000 picoseconds.
		Weight::from_parts(28_442_000, 3744)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Models::Models` (r:1 w:1)
	/// Proof: `Models::Models` (`max_values`: None, `max_size`: Some(137), added: 2612, mode: `Measured`)
	/// Storage: `Models::Offers` (r:1 w:1)
	/// Proof: `Models::Offers` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:2 w:2)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	fn accept_transfer() -> Weight {
		// Proof size in bytes:
		//  measured: `561`
		//  estimated: `6501`
		// Least time: 218_245_000 picoseconds.
		Weight::from_parts(224_243_000, 6501)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// Storage: `Models::Models` (r:1 w:1)
	/// Proof: `Models::Models` (`max_values`: None, `max_size`: Some(137), added: 2612, mode: `Measured`)
	fn retire() -> Weight {
		// Proof size in bytes:
		//  measured: `279`
		//  estimated: `3744`
		// Least time: 26_920_000 picoseconds.
		Weight::from_parts(28_423_000, 3744)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Validators::Parameters` (r:1 w:0)
	/// Proof: `Validators::Parameters` (`max_values`: Some(1), `max_size`: Some(36), added: 531, mode: `Measured`)
	/// Storage: `Validators::Ledgers` (r:1 w:0)
	/// Proof: `Validators::Ledgers` (`max_values`: None, `max_size`: Some(462), added: 2937, mode: `Measured`)
	/// Storage: `Models::Models` (r:1 w:0)
	/// Proof: `Models::Models` (`max_values`: None, `max_size`: Some(137), added: 2612, mode: `Measured`)
	/// Storage: `Models::Servers` (r:1 w:1)
	/// Proof: `Models::Servers` (`max_values`: None, `max_size`: Some(4130), added: 6605, mode: `Measured`)
	/// Storage: `Models::ServedBy` (r:1 w:1)
	/// Proof: `Models::ServedBy` (`max_values`: None, `max_size`: Some(2098), added: 4573, mode: `Measured`)
	fn serve() -> Weight {
		// Proof size in bytes:
		//  measured: `8913`
		//  estimated: `12378`
		// Least time: 141_911_000 picoseconds.
		Weight::from_parts(150_794_000, 12378)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Models::ServedBy` (r:1 w:1)
	/// Proof: `Models::ServedBy` (`max_values`: None, `max_size`: Some(2098), added: 4573, mode: `Measured`)
	/// Storage: `Models::Servers` (r:1 w:1)
	/// Proof: `Models::Servers` (`max_values`: None, `max_size`: Some(4130), added: 6605, mode: `Measured`)
	fn stop_serving() -> Weight {
		// Proof size in bytes:
		//  measured: `7728`
		//  estimated: `11193`
		// Least time: 115_582_000 picoseconds.
		Weight::from_parts(123_364_000, 11193)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Validators::Parameters` (r:1 w:0)
	/// Proof: `Validators::Parameters` (`max_values`: Some(1), `max_size`: Some(36), added: 531, mode: `Measured`)
	/// Storage: `Validators::Ledgers` (r:1 w:0)
	/// Proof: `Validators::Ledgers` (`max_values`: None, `max_size`: Some(462), added: 2937, mode: `Measured`)
	/// Storage: `Models::Capacity` (r:0 w:1)
	/// Proof: `Models::Capacity` (`max_values`: None, `max_size`: Some(56), added: 2531, mode: `Measured`)
	fn set_capacity() -> Weight {
		// Proof size in bytes:
		//  measured: `507`
		//  estimated: `3972`
		// Least time: 31_817_000 picoseconds.
		Weight::from_parts(33_811_000, 3972)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Models::Models` (r:1 w:0)
	/// Proof: `Models::Models` (`max_values`: None, `max_size`: Some(137), added: 2612, mode: `Measured`)
	/// Storage: `Models::Manifests` (r:1 w:0)
	/// Proof: `Models::Manifests` (`max_values`: None, `max_size`: Some(7316), added: 9791, mode: `Measured`)
	/// Storage: `Models::StoredPrograms` (r:1 w:0)
	/// Proof: `Models::StoredPrograms` (`max_values`: None, `max_size`: Some(1317), added: 3792, mode: `Measured`)
	/// Storage: `Models::Uploads` (r:1 w:1)
	/// Proof: `Models::Uploads` (`max_values`: None, `max_size`: Some(148), added: 2623, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `Models::NextUpload` (r:1 w:1)
	/// Proof: `Models::NextUpload` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	/// Storage: `Models::UploadOwners` (r:0 w:1)
	/// Proof: `Models::UploadOwners` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `Measured`)
	fn begin_program() -> Weight {
		// Proof size in bytes:
		//  measured: `2784`
		//  estimated: `6249`
		// Least time: 173_808_000 picoseconds.
		Weight::from_parts(182_651_000, 6249)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Models::Uploads` (r:1 w:1)
	/// Proof: `Models::Uploads` (`max_values`: None, `max_size`: Some(148), added: 2623, mode: `Measured`)
	/// Storage: `Models::ProgramChunks` (r:1 w:1)
	/// Proof: `Models::ProgramChunks` (`max_values`: None, `max_size`: Some(65568), added: 68043, mode: `Measured`)
	/// The range of component `b` is `[1, 65536]`.
	fn put_program_chunk(b: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `495`
		//  estimated: `3960`
		// Least time: 41_362_000 picoseconds.
		Weight::from_parts(37_093_492, 3960)
			// Standard error: 35
			.saturating_add(Weight::from_parts(1_637, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Models::Uploads` (r:1 w:1)
	/// Proof: `Models::Uploads` (`max_values`: None, `max_size`: Some(148), added: 2623, mode: `Measured`)
	/// Storage: `Models::StoredPrograms` (r:1 w:1)
	/// Proof: `Models::StoredPrograms` (`max_values`: None, `max_size`: Some(1317), added: 3792, mode: `Measured`)
	/// Storage: `Models::Manifests` (r:1 w:0)
	/// Proof: `Models::Manifests` (`max_values`: None, `max_size`: Some(7316), added: 9791, mode: `Measured`)
	/// Storage: `Models::ProgramChunks` (r:64 w:0)
	/// Proof: `Models::ProgramChunks` (`max_values`: None, `max_size`: Some(65568), added: 68043, mode: `Measured`)
	/// Storage: `Models::UploadOwners` (r:0 w:1)
	/// Proof: `Models::UploadOwners` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `Measured`)
	/// The range of component `n` is `[1, 64]`.
	fn finish_program(n: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `2841 + n * (65561 ±0)`
		//  estimated: `6309 + n * (68037 ±0)`
		// Least time: 469_157_000 picoseconds.
		Weight::from_parts(3_195_260_083, 6309)
			// Standard error: 11_148_738
			.saturating_add(Weight::from_parts(282_224_413, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(3_u64))
			.saturating_add(Weight::from_parts(0, 68037).saturating_mul(n.into()))
	}
	/// Storage: `Models::Uploads` (r:1 w:1)
	/// Proof: `Models::Uploads` (`max_values`: None, `max_size`: Some(148), added: 2623, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `Models::ProgramChunks` (r:0 w:64)
	/// Proof: `Models::ProgramChunks` (`max_values`: None, `max_size`: Some(65568), added: 68043, mode: `Measured`)
	/// Storage: `Models::UploadOwners` (r:0 w:1)
	/// Proof: `Models::UploadOwners` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `Measured`)
	/// The range of component `n` is `[1, 64]`.
	fn abort_program(n: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `555`
		//  estimated: `4020`
		// Least time: 139_688_000 picoseconds.
		Weight::from_parts(162_644_111, 4020)
			// Standard error: 84_875
			.saturating_add(Weight::from_parts(4_663_755, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
	}
	/// Storage: `Models::StoredPrograms` (r:1 w:1)
	/// Proof: `Models::StoredPrograms` (`max_values`: None, `max_size`: Some(1317), added: 3792, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `Models::ProgramChunks` (r:0 w:64)
	/// Proof: `Models::ProgramChunks` (`max_values`: None, `max_size`: Some(65568), added: 68043, mode: `Measured`)
	/// The range of component `n` is `[1, 64]`.
	fn drop_program(n: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `623`
		//  estimated: `4088`
		// Least time: 140_489_000 picoseconds.
		Weight::from_parts(165_422_720, 4088)
			// Standard error: 144_862
			.saturating_add(Weight::from_parts(4_795_746, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
	}
	/// Storage: `Models::OldestUpload` (r:1 w:1)
	/// Proof: `Models::OldestUpload` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	/// Storage: `Models::NextUpload` (r:1 w:0)
	/// Proof: `Models::NextUpload` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `Measured`)
	/// Storage: `Models::UploadOwners` (r:16 w:1)
	/// Proof: `Models::UploadOwners` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `Measured`)
	/// Storage: `Models::Uploads` (r:1 w:1)
	/// Proof: `Models::Uploads` (`max_values`: None, `max_size`: Some(148), added: 2623, mode: `Measured`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `Measured`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(301), added: 2776, mode: `Measured`)
	/// Storage: `Models::ProgramChunks` (r:0 w:64)
	/// Proof: `Models::ProgramChunks` (`max_values`: None, `max_size`: Some(65568), added: 68043, mode: `Measured`)
	/// The range of component `n` is `[0, 64]`.
	fn prune_upload(n: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `729`
		//  estimated: `40231 + n * (24 ±14)`
		// Least time: 56_323_000 picoseconds.
		Weight::from_parts(157_811_822, 40231)
			// Standard error: 372_946
			.saturating_add(Weight::from_parts(5_573_675, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(20_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 24).saturating_mul(n.into()))
	}
	/// Storage: `Models::Manifests` (r:1 w:0)
	/// Proof: `Models::Manifests` (`max_values`: None, `max_size`: Some(7316), added: 9791, mode: `Measured`)
	/// Storage: `Models::StoredPrograms` (r:1 w:0)
	/// Proof: `Models::StoredPrograms` (`max_values`: None, `max_size`: Some(1317), added: 3792, mode: `Measured`)
	fn look_up() -> Weight {
		// Proof size in bytes:
		//  measured: `7835`
		//  estimated: `11300`
		// Least time: 82_723_000 picoseconds.
		Weight::from_parts(85_117_000, 11300)
			.saturating_add(T::DbWeight::get().reads(2_u64))
	}
	/// Storage: `Models::ProgramChunks` (r:64 w:0)
	/// Proof: `Models::ProgramChunks` (`max_values`: None, `max_size`: Some(65568), added: 68043, mode: `Measured`)
	/// The range of component `n` is `[1, 64]`.
	fn read_program(n: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `255 + n * (65561 ±0)`
		//  estimated: `1248 + n * (68037 ±0)`
		// Least time: 72_598_000 picoseconds.
		Weight::from_parts(2_420_514, 1248)
			// Standard error: 298_981
			.saturating_add(Weight::from_parts(71_447_448, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 68037).saturating_mul(n.into()))
	}
	/// Storage: `Models::ServedBy` (r:1 w:1)
	/// Proof: `Models::ServedBy` (`max_values`: None, `max_size`: Some(2098), added: 4573, mode: `Measured`)
	/// Storage: `Models::Servers` (r:64 w:64)
	/// Proof: `Models::Servers` (`max_values`: None, `max_size`: Some(4130), added: 6605, mode: `Measured`)
	/// Storage: `Models::Capacity` (r:0 w:1)
	/// Proof: `Models::Capacity` (`max_values`: None, `max_size`: Some(56), added: 2531, mode: `Measured`)
	/// The range of component `n` is `[0, 64]`.
	fn withdraw_all(n: u32, ) -> Weight {
		// Proof size in bytes:
		//  measured: `4349 + n * (101 ±0)`
		//  estimated: `6338 + n * (2577 ±12)`
		// Least time: 10_105_000 picoseconds.
		Weight::from_parts(15_910_911, 6338)
			// Standard error: 113_977
			.saturating_add(Weight::from_parts(23_780_202, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(2_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2577).saturating_mul(n.into()))
	}
}

// For tests.
impl WeightInfo for () {
	fn register(c: u32, p: u32, ) -> Weight {
		Weight::from_parts(329_265_743, 4244)
			.saturating_add(Weight::from_parts(21_644_368, 0).saturating_mul(c.into()))
			.saturating_add(Weight::from_parts(139_380_764, 0).saturating_mul(p.into()))
			.saturating_add(ParityDbWeight::get().reads(7_u64))
			.saturating_add(ParityDbWeight::get().reads((2_u64).saturating_mul(p.into())))
			.saturating_add(ParityDbWeight::get().writes(9_u64))
			.saturating_add(ParityDbWeight::get().writes((3_u64).saturating_mul(c.into())))
			.saturating_add(ParityDbWeight::get().writes((1_u64).saturating_mul(p.into())))
			.saturating_add(Weight::from_parts(0, 3).saturating_mul(c.into()))
			.saturating_add(Weight::from_parts(0, 5224).saturating_mul(p.into()))
	}
	fn commit() -> Weight {
		Weight::from_parts(142_842_000, 4037)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn prune_commitments() -> Weight {
		Weight::from_parts(731_748_000, 4161)
			.saturating_add(ParityDbWeight::get().reads(4_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
	}
	fn set_price() -> Weight {
		Weight::from_parts(36_204_000, 3940)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn offer_transfer() -> Weight {
		Weight::from_parts(28_442_000, 3744)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn accept_transfer() -> Weight {
		Weight::from_parts(224_243_000, 6501)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(5_u64))
	}
	fn retire() -> Weight {
		Weight::from_parts(28_423_000, 3744)
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn serve() -> Weight {
		Weight::from_parts(150_794_000, 12378)
			.saturating_add(ParityDbWeight::get().reads(5_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn stop_serving() -> Weight {
		Weight::from_parts(123_364_000, 11193)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn set_capacity() -> Weight {
		Weight::from_parts(33_811_000, 3972)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
	fn begin_program() -> Weight {
		Weight::from_parts(182_651_000, 6249)
			.saturating_add(ParityDbWeight::get().reads(6_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
	}
	fn put_program_chunk(b: u32, ) -> Weight {
		Weight::from_parts(37_093_492, 3960)
			.saturating_add(Weight::from_parts(1_637, 0).saturating_mul(b.into()))
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn finish_program(n: u32, ) -> Weight {
		Weight::from_parts(3_195_260_083, 6309)
			.saturating_add(Weight::from_parts(282_224_413, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
			.saturating_add(Weight::from_parts(0, 68037).saturating_mul(n.into()))
	}
	fn abort_program(n: u32, ) -> Weight {
		Weight::from_parts(162_644_111, 4020)
			.saturating_add(Weight::from_parts(4_663_755, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(3_u64))
			.saturating_add(ParityDbWeight::get().writes((1_u64).saturating_mul(n.into())))
	}
	fn drop_program(n: u32, ) -> Weight {
		Weight::from_parts(165_422_720, 4088)
			.saturating_add(Weight::from_parts(4_795_746, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
			.saturating_add(ParityDbWeight::get().writes((1_u64).saturating_mul(n.into())))
	}
	fn prune_upload(n: u32, ) -> Weight {
		Weight::from_parts(157_811_822, 40231)
			.saturating_add(Weight::from_parts(5_573_675, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(20_u64))
			.saturating_add(ParityDbWeight::get().writes(4_u64))
			.saturating_add(ParityDbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 24).saturating_mul(n.into()))
	}
	fn look_up() -> Weight {
		Weight::from_parts(85_117_000, 11300)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
	}
	fn read_program(n: u32, ) -> Weight {
		Weight::from_parts(2_420_514, 1248)
			.saturating_add(Weight::from_parts(71_447_448, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 68037).saturating_mul(n.into()))
	}
	fn withdraw_all(n: u32, ) -> Weight {
		Weight::from_parts(15_910_911, 6338)
			.saturating_add(Weight::from_parts(23_780_202, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
			.saturating_add(ParityDbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2577).saturating_mul(n.into()))
	}
}
