//! The weights of pallet-validators.
//!
//! In the layout that `frame-omni-bencher` writes. The values are set by hand, above what the
//! storage accesses of each call take, until they are measured on the reference machine.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens)]
#![allow(unused_imports)]
#![allow(missing_docs)]

use frame_support::{traits::Get, weights::{Weight, constants::RocksDbWeight}};
use core::marker::PhantomData;

/// Weight functions needed for `pallet_validators`.
pub trait WeightInfo {
	fn bond() -> Weight;
	fn bond_more() -> Weight;
	fn unbond() -> Weight;
	fn leave() -> Weight;
	fn rejoin() -> Weight;
	fn withdraw() -> Weight;
	fn prune(m: u32, ) -> Weight;
}

/// Weights for `pallet_validators` using the Substrate node and recommended hardware.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Validators::Ledgers` (r:2 w:2)
	/// Storage: `Validators::Parameters` (r:1 w:0)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Storage: `System::Account` (r:1 w:1)
	/// Storage: `Validators::Candidates` (r:1 w:1)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Storage: `Validators::Records` (r:0 w:1)
	fn bond() -> Weight {
		Weight::from_parts(250_000_000, 80_000)
			.saturating_add(T::DbWeight::get().reads(7_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}
	/// Storage: `Validators::Ledgers` (r:1 w:1)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Storage: `System::Account` (r:1 w:1)
	/// Storage: `Validators::Candidates` (r:1 w:1)
	fn bond_more() -> Weight {
		Weight::from_parts(200_000_000, 75_000)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Validators::Ledgers` (r:1 w:1)
	/// Storage: `Validators::Parameters` (r:1 w:0)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Storage: `Validators::Candidates` (r:1 w:1)
	fn unbond() -> Weight {
		Weight::from_parts(150_000_000, 75_000)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Validators::Ledgers` (r:1 w:1)
	/// Storage: `Validators::Parameters` (r:1 w:0)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Storage: `Validators::Candidates` (r:1 w:1)
	fn leave() -> Weight {
		Weight::from_parts(150_000_000, 75_000)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Validators::Ledgers` (r:2 w:2)
	/// Storage: `Validators::Parameters` (r:1 w:0)
	/// Storage: `Validators::Candidates` (r:1 w:1)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	fn rejoin() -> Weight {
		Weight::from_parts(180_000_000, 75_000)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `Validators::Ledgers` (r:1 w:1)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Storage: `Validators::Positions` (r:1 w:0)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Storage: `System::Account` (r:1 w:1)
	/// Storage: `Validators::Records` (r:0 w:1)
	fn withdraw() -> Weight {
		Weight::from_parts(120_000_000, 12_000)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Validators::OldestSession` (r:1 w:1)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Storage: `Validators::Parameters` (r:1 w:0)
	/// Storage: `Validators::SessionSets` (r:2 w:1)
	/// Storage: `Validators::SetLengths` (r:1 w:1)
	/// Storage: `Validators::PrunedMembers` (r:1 w:1)
	/// Storage: `Validators::Members` (r:0 w:128)
	/// The range of component `m` is `[0, 128]`.
	fn prune(m: u32, ) -> Weight {
		Weight::from_parts(20_000_000, 8_000)
			.saturating_add(Weight::from_parts(2_000_000, 2_600).saturating_mul(m.into()))
			.saturating_add(T::DbWeight::get().reads(7_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(m.into())))
	}
}

// For backwards compatibility and tests.
impl WeightInfo for () {
	fn bond() -> Weight {
		Weight::from_parts(250_000_000, 80_000)
			.saturating_add(RocksDbWeight::get().reads(7_u64))
			.saturating_add(RocksDbWeight::get().writes(6_u64))
	}
	fn bond_more() -> Weight {
		Weight::from_parts(200_000_000, 75_000)
			.saturating_add(RocksDbWeight::get().reads(4_u64))
			.saturating_add(RocksDbWeight::get().writes(4_u64))
	}
	fn unbond() -> Weight {
		Weight::from_parts(150_000_000, 75_000)
			.saturating_add(RocksDbWeight::get().reads(4_u64))
			.saturating_add(RocksDbWeight::get().writes(2_u64))
	}
	fn leave() -> Weight {
		Weight::from_parts(150_000_000, 75_000)
			.saturating_add(RocksDbWeight::get().reads(4_u64))
			.saturating_add(RocksDbWeight::get().writes(2_u64))
	}
	fn rejoin() -> Weight {
		Weight::from_parts(180_000_000, 75_000)
			.saturating_add(RocksDbWeight::get().reads(5_u64))
			.saturating_add(RocksDbWeight::get().writes(3_u64))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(120_000_000, 12_000)
			.saturating_add(RocksDbWeight::get().reads(5_u64))
			.saturating_add(RocksDbWeight::get().writes(4_u64))
	}
	fn prune(m: u32, ) -> Weight {
		Weight::from_parts(20_000_000, 8_000)
			.saturating_add(Weight::from_parts(2_000_000, 2_600).saturating_mul(m.into()))
			.saturating_add(RocksDbWeight::get().reads(7_u64))
			.saturating_add(RocksDbWeight::get().writes(4_u64))
			.saturating_add(RocksDbWeight::get().writes((1_u64).saturating_mul(m.into())))
	}
}
