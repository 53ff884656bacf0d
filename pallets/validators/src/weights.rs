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
	fn report() -> Weight;
	fn report_equivocation() -> Weight;
	fn cancel_slash() -> Weight;
	fn lift_suspension() -> Weight;
	fn set_parameters() -> Weight;
	fn apply_due_slashes(n: u32, ) -> Weight;
	fn prune_reports(n: u32, ) -> Weight;
	fn thaw(n: u32, ) -> Weight;
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
	/// Storage: `Validators::Reports` (r:2 w:1)
	/// Storage: `Validators::Ledgers` (r:2 w:1)
	/// Storage: `Offences::Reports` (r:2 w:1)
	/// Storage: `Offences::ConcurrentReportsIndex` (r:1 w:1)
	/// Storage: `Validators::Parameters` (r:1 w:0)
	/// Storage: `Validators::SessionSets`, `Members`, `SessionStake` (r:3 w:0)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Storage: `Validators::NextSlash`, `Slashes`, `DueSlashes`, `ReportPrunes` (r:1 w:4)
	/// Storage: `Validators::WrongResults`, `Suspensions` (r:2 w:2)
	fn report() -> Weight {
		Weight::from_parts(150_000_000, 30_000)
			.saturating_add(T::DbWeight::get().reads(15_u64))
			.saturating_add(T::DbWeight::get().writes(10_u64))
	}
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Storage: `Validators::SessionSets`, `Members`, `Reports`, `Parameters` (r:4 w:0)
	fn report_equivocation() -> Weight {
		Weight::from_parts(180_000_000, 12_000)
			.saturating_add(T::DbWeight::get().reads(5_u64))
	}
	/// Storage: `Validators::Slashes`, `Ledgers`, `Groups`, `WrongResults` (r:4 w:4)
	/// Storage: `Validators::DueSlashes` or `FrozenSlashes` (r:0 w:1)
	fn cancel_slash() -> Weight {
		Weight::from_parts(50_000_000, 10_000)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// Storage: `Validators::Suspensions`, `Thawing` (r:2 w:2)
	/// Storage: `Validators::WrongResults`, `LiftedSuspensions` (r:0 w:2)
	fn lift_suspension() -> Weight {
		Weight::from_parts(30_000_000, 4_000)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Validators::Parameters`, `UnbondingFloor` (r:2 w:2)
	/// Storage: `Inference::Parameters` (r:1 w:0)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	fn set_parameters() -> Weight {
		Weight::from_parts(30_000_000, 4_000)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Validators::SlashCursor`, `Session::CurrentIndex` (r:2 w:1)
	/// Storage: `Validators::DueSlashes` (r:16 w:8)
	/// Storage: `Validators::Slashes`, `Ledgers`, `Groups`, `Suspensions` (r:32 w:24)
	/// Storage: `Validators::Candidates` (r:1 w:1)
	/// Storage: `Balances::Holds`, `System::Account` (r:24 w:24)
	/// The range of component `n` is `[0, 8]`.
	fn apply_due_slashes(n: u32, ) -> Weight {
		Weight::from_parts(10_000_000, 8_000)
			.saturating_add(Weight::from_parts(250_000_000, 85_000).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(18_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
			.saturating_add(T::DbWeight::get().reads((9_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes((9_u64).saturating_mul(n.into())))
	}
	/// Storage: `Validators::ReportCursor`, `Session::CurrentIndex` (r:2 w:1)
	/// Storage: `Validators::ReportPrunes` (r:16 w:16)
	/// Storage: `Validators::Reports`, `Groups`, `Parameters` (r:33 w:32)
	/// Storage: `Offences::Reports`, `ConcurrentReportsIndex` (r:0 w:32)
	/// The range of component `n` is `[0, 16]`.
	fn prune_reports(n: u32, ) -> Weight {
		Weight::from_parts(10_000_000, 8_000)
			.saturating_add(Weight::from_parts(40_000_000, 6_000).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(19_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
			.saturating_add(T::DbWeight::get().reads((4_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes((6_u64).saturating_mul(n.into())))
	}
	/// Storage: `Validators::Thawing`, `Suspensions`, `Parameters`, `Session::CurrentIndex` (r:4 w:1)
	/// Storage: `Validators::FrozenSlashes`, `Slashes`, `DueSlashes` (r:16 w:24)
	/// The range of component `n` is `[0, 8]`.
	fn thaw(n: u32, ) -> Weight {
		Weight::from_parts(10_000_000, 6_000)
			.saturating_add(Weight::from_parts(20_000_000, 4_000).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
			.saturating_add(T::DbWeight::get().reads((2_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes((3_u64).saturating_mul(n.into())))
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
	fn report() -> Weight {
		Weight::from_parts(150_000_000, 30_000)
			.saturating_add(RocksDbWeight::get().reads(15_u64))
			.saturating_add(RocksDbWeight::get().writes(10_u64))
	}
	fn report_equivocation() -> Weight {
		Weight::from_parts(180_000_000, 12_000)
			.saturating_add(RocksDbWeight::get().reads(5_u64))
	}
	fn cancel_slash() -> Weight {
		Weight::from_parts(50_000_000, 10_000)
			.saturating_add(RocksDbWeight::get().reads(4_u64))
			.saturating_add(RocksDbWeight::get().writes(5_u64))
	}
	fn lift_suspension() -> Weight {
		Weight::from_parts(30_000_000, 4_000)
			.saturating_add(RocksDbWeight::get().reads(2_u64))
			.saturating_add(RocksDbWeight::get().writes(4_u64))
	}
	fn set_parameters() -> Weight {
		Weight::from_parts(30_000_000, 4_000)
			.saturating_add(RocksDbWeight::get().reads(4_u64))
			.saturating_add(RocksDbWeight::get().writes(2_u64))
	}
	fn apply_due_slashes(n: u32, ) -> Weight {
		Weight::from_parts(10_000_000, 8_000)
			.saturating_add(Weight::from_parts(250_000_000, 85_000).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads(18_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
			.saturating_add(RocksDbWeight::get().reads((9_u64).saturating_mul(n.into())))
			.saturating_add(RocksDbWeight::get().writes((9_u64).saturating_mul(n.into())))
	}
	fn prune_reports(n: u32, ) -> Weight {
		Weight::from_parts(10_000_000, 8_000)
			.saturating_add(Weight::from_parts(40_000_000, 6_000).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads(19_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
			.saturating_add(RocksDbWeight::get().reads((4_u64).saturating_mul(n.into())))
			.saturating_add(RocksDbWeight::get().writes((6_u64).saturating_mul(n.into())))
	}
	fn thaw(n: u32, ) -> Weight {
		Weight::from_parts(10_000_000, 6_000)
			.saturating_add(Weight::from_parts(20_000_000, 4_000).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads(4_u64))
			.saturating_add(RocksDbWeight::get().writes(1_u64))
			.saturating_add(RocksDbWeight::get().reads((2_u64).saturating_mul(n.into())))
			.saturating_add(RocksDbWeight::get().writes((3_u64).saturating_mul(n.into())))
	}
}
