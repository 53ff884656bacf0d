//! Weights of the calls of `pallet_models`.
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

/// Weight functions needed for `pallet_models`.
pub trait WeightInfo {
	fn register(c: u32, p: u32, ) -> Weight;
	fn set_price() -> Weight;
	fn offer_transfer() -> Weight;
	fn accept_transfer() -> Weight;
	fn retire() -> Weight;
	fn serve() -> Weight;
	fn stop_serving() -> Weight;
	fn set_capacity() -> Weight;
	fn withdraw_all(n: u32, ) -> Weight;
	fn begin_program() -> Weight;
	/// A chunk of `b` bytes.
	fn put_program_chunk(b: u32, ) -> Weight;
	/// Putting together and examining a package of `n` chunks.
	fn finish_program(n: u32, ) -> Weight;
	fn abort_program(n: u32, ) -> Weight;
	fn drop_program(n: u32, ) -> Weight;
	/// Looking for an upload that has expired, and removing one of `n` chunks.
	fn prune_upload(n: u32, ) -> Weight;
	/// Looking up what a call of a stored program has to know.
	fn look_up() -> Weight;
	/// Reading the package of `n` chunks of a program that was looked up.
	fn read_program(n: u32, ) -> Weight;
	fn commit() -> Weight;
	/// Looking at one bucket of commitments, and removing those of one account.
	fn prune_commitments() -> Weight;
}

/// Weights for `pallet_models` using the Countersign node and recommended hardware.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// The range of component `c` is `[1, 32]`.
	/// The range of component `p` is `[0, 8]`.
	fn register(c: u32, p: u32, ) -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `12000 + p * (5005 ±0)`
		Weight::from_parts(900_000_000, 12000)
			.saturating_add(Weight::from_parts(25_000_000, 0).saturating_mul(c.into()))
			.saturating_add(Weight::from_parts(180_000_000, 0).saturating_mul(p.into()))
			.saturating_add(T::DbWeight::get().reads(11_u64))
			.saturating_add(T::DbWeight::get().reads((2_u64).saturating_mul(p.into())))
			.saturating_add(T::DbWeight::get().writes(78_u64))
			.saturating_add(T::DbWeight::get().writes((2_u64).saturating_mul(c.into())))
			.saturating_add(Weight::from_parts(0, 5005).saturating_mul(p.into()))
	}
	fn set_price() -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `3650`
		Weight::from_parts(60_000_000, 3650)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	fn offer_transfer() -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `3650`
		Weight::from_parts(50_000_000, 3650)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	fn accept_transfer() -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `7300`
		Weight::from_parts(200_000_000, 7300)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}
	fn retire() -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `3650`
		Weight::from_parts(50_000_000, 3650)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	fn serve() -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `7700`
		Weight::from_parts(120_000_000, 7700)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	fn stop_serving() -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `7700`
		Weight::from_parts(120_000_000, 7700)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	fn set_capacity() -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `3650`
		Weight::from_parts(50_000_000, 3650)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// The range of component `n` is `[0, 64]`.
	fn withdraw_all(n: u32, ) -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `5600 + n * (6600 ±0)`
		Weight::from_parts(50_000_000, 5600)
			.saturating_add(Weight::from_parts(60_000_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(2_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 6600).saturating_mul(n.into()))
	}
	fn begin_program() -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `14000`
		Weight::from_parts(120_000_000, 14000)
			.saturating_add(T::DbWeight::get().reads(7_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// The range of component `b` is `[1, 65536]`.
	fn put_program_chunk(b: u32, ) -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `72000`
		Weight::from_parts(100_000_000, 72000)
			.saturating_add(Weight::from_parts(5_000, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// The range of component `n` is `[1, 64]`.
	fn finish_program(n: u32, ) -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `14000 + n * (69000 ±0)`
		Weight::from_parts(40_000_000_000, 14000)
			.saturating_add(Weight::from_parts(1_500_000_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(4_u64))
			.saturating_add(Weight::from_parts(0, 69000).saturating_mul(n.into()))
	}
	/// The range of component `n` is `[1, 64]`.
	fn abort_program(n: u32, ) -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `14000 + n * (2600 ±0)`
		Weight::from_parts(120_000_000, 14000)
			.saturating_add(Weight::from_parts(4_000_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2600).saturating_mul(n.into()))
	}
	/// The range of component `n` is `[1, 64]`.
	fn drop_program(n: u32, ) -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `14000 + n * (2600 ±0)`
		Weight::from_parts(120_000_000, 14000)
			.saturating_add(Weight::from_parts(4_000_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2600).saturating_mul(n.into()))
	}
	/// The range of component `n` is `[0, 64]`.
	fn prune_upload(n: u32, ) -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `62000 + n * (2600 ±0)`
		Weight::from_parts(200_000_000, 62000)
			.saturating_add(Weight::from_parts(4_000_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(21_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2600).saturating_mul(n.into()))
	}
	/// Storage: `Models::Manifests`, `Models::StoredPrograms`.
	fn look_up() -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `14000`
		Weight::from_parts(40_000_000, 14000)
			.saturating_add(T::DbWeight::get().reads(2_u64))
	}
	/// The range of component `n` is `[1, 64]`.
	fn read_program(n: u32, ) -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `n * (69000 ±0)`
		Weight::from_parts(10_000_000, 0)
			.saturating_add(Weight::from_parts(60_000_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 69000).saturating_mul(n.into()))
	}
	/// Storage: `Models::Commitments`, `Models::CommitmentExpiries`, `System::Account`, holds.
	fn commit() -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `4300`
		Weight::from_parts(100_000_000, 4300)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: as `commit`, and `Models::ExpiryCursor`.
	fn prune_commitments() -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `8600`
		Weight::from_parts(500_000_000, 8600)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
}

// For backwards compatibility and tests.
impl WeightInfo for () {
	fn register(c: u32, p: u32, ) -> Weight {
		Weight::from_parts(900_000_000, 12000)
			.saturating_add(Weight::from_parts(25_000_000, 0).saturating_mul(c.into()))
			.saturating_add(Weight::from_parts(180_000_000, 0).saturating_mul(p.into()))
			.saturating_add(RocksDbWeight::get().reads(11_u64))
			.saturating_add(RocksDbWeight::get().reads((2_u64).saturating_mul(p.into())))
			.saturating_add(RocksDbWeight::get().writes(78_u64))
			.saturating_add(RocksDbWeight::get().writes((2_u64).saturating_mul(c.into())))
			.saturating_add(Weight::from_parts(0, 5005).saturating_mul(p.into()))
	}
	fn set_price() -> Weight {
		Weight::from_parts(60_000_000, 3650)
			.saturating_add(RocksDbWeight::get().reads(2_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}
	fn offer_transfer() -> Weight {
		Weight::from_parts(50_000_000, 3650)
			.saturating_add(RocksDbWeight::get().reads(1_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}
	fn accept_transfer() -> Weight {
		Weight::from_parts(200_000_000, 7300)
			.saturating_add(RocksDbWeight::get().reads(6_u64))
			.saturating_add(RocksDbWeight::get().writes(6_u64))
	}
	fn retire() -> Weight {
		Weight::from_parts(50_000_000, 3650)
			.saturating_add(RocksDbWeight::get().reads(1_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}
	fn serve() -> Weight {
		Weight::from_parts(120_000_000, 7700)
			.saturating_add(RocksDbWeight::get().reads(5_u64))
			.saturating_add(RocksDbWeight::get().writes(2_u64))
	}
	fn stop_serving() -> Weight {
		Weight::from_parts(120_000_000, 7700)
			.saturating_add(RocksDbWeight::get().reads(2_u64))
			.saturating_add(RocksDbWeight::get().writes(2_u64))
	}
	fn set_capacity() -> Weight {
		Weight::from_parts(50_000_000, 3650)
			.saturating_add(RocksDbWeight::get().reads(2_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
	}
	fn withdraw_all(n: u32, ) -> Weight {
		Weight::from_parts(50_000_000, 5600)
			.saturating_add(Weight::from_parts(60_000_000, 0).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads(1_u64))
			.saturating_add(RocksDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(RocksDbWeight::get().writes(2_u64))
			.saturating_add(RocksDbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 6600).saturating_mul(n.into()))
	}
	fn begin_program() -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `14000`
		Weight::from_parts(120_000_000, 14000)
			.saturating_add(RocksDbWeight::get().reads(7_u64))
			.saturating_add(RocksDbWeight::get().writes(5_u64))
	}
	/// The range of component `b` is `[1, 65536]`.
	fn put_program_chunk(b: u32, ) -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `72000`
		Weight::from_parts(100_000_000, 72000)
			.saturating_add(Weight::from_parts(5_000, 0).saturating_mul(b.into()))
			.saturating_add(RocksDbWeight::get().reads(2_u64))
			.saturating_add(RocksDbWeight::get().writes(2_u64))
	}
	/// The range of component `n` is `[1, 64]`.
	fn finish_program(n: u32, ) -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `14000 + n * (69000 ±0)`
		Weight::from_parts(40_000_000_000, 14000)
			.saturating_add(Weight::from_parts(1_500_000_000, 0).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads(5_u64))
			.saturating_add(RocksDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(RocksDbWeight::get().writes(4_u64))
			.saturating_add(Weight::from_parts(0, 69000).saturating_mul(n.into()))
	}
	/// The range of component `n` is `[1, 64]`.
	fn abort_program(n: u32, ) -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `14000 + n * (2600 ±0)`
		Weight::from_parts(120_000_000, 14000)
			.saturating_add(Weight::from_parts(4_000_000, 0).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads(4_u64))
			.saturating_add(RocksDbWeight::get().writes(4_u64))
			.saturating_add(RocksDbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2600).saturating_mul(n.into()))
	}
	/// The range of component `n` is `[1, 64]`.
	fn drop_program(n: u32, ) -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `14000 + n * (2600 ±0)`
		Weight::from_parts(120_000_000, 14000)
			.saturating_add(Weight::from_parts(4_000_000, 0).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads(3_u64))
			.saturating_add(RocksDbWeight::get().writes(3_u64))
			.saturating_add(RocksDbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2600).saturating_mul(n.into()))
	}
	/// The range of component `n` is `[0, 64]`.
	fn prune_upload(n: u32, ) -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `62000 + n * (2600 ±0)`
		Weight::from_parts(200_000_000, 62000)
			.saturating_add(Weight::from_parts(4_000_000, 0).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads(21_u64))
			.saturating_add(RocksDbWeight::get().writes(5_u64))
			.saturating_add(RocksDbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2600).saturating_mul(n.into()))
	}
	/// Storage: `Models::Manifests`, `Models::StoredPrograms`.
	fn look_up() -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `14000`
		Weight::from_parts(40_000_000, 14000)
			.saturating_add(RocksDbWeight::get().reads(2_u64))
	}
	/// The range of component `n` is `[1, 64]`.
	fn read_program(n: u32, ) -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `n * (69000 ±0)`
		Weight::from_parts(10_000_000, 0)
			.saturating_add(Weight::from_parts(60_000_000, 0).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 69000).saturating_mul(n.into()))
	}
	/// Storage: `Models::Commitments`, `Models::CommitmentExpiries`, `System::Account`, holds.
	fn commit() -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `4300`
		Weight::from_parts(100_000_000, 4300)
			.saturating_add(RocksDbWeight::get().reads(4_u64))
			.saturating_add(RocksDbWeight::get().writes(4_u64))
	}
	/// Storage: as `commit`, and `Models::ExpiryCursor`.
	fn prune_commitments() -> Weight {
		// Proof Size summary in bytes:
		//  Estimated: `8600`
		Weight::from_parts(500_000_000, 8600)
			.saturating_add(RocksDbWeight::get().reads(6_u64))
			.saturating_add(RocksDbWeight::get().writes(5_u64))
	}
}
