//! Weights of `pallet_audits`.
//!
//! Conservative estimates in the layout of `frame-omni-bencher`, to be replaced by its output:
//! reads and writes counted from the code, times estimated from those of like code in
//! `pallet_inference` and `pallet_disputes`.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens)]
#![allow(unused_imports)]
#![allow(missing_docs)]

use frame_support::{traits::Get, weights::{Weight, constants::ParityDbWeight}};
use core::marker::PhantomData;

/// Weight functions needed for `pallet_audits`.
pub trait WeightInfo {
	fn commit() -> Weight;
	fn authorize_commit() -> Weight;
	/// Taking what an auditor shows, with `b` KiB of outcome, and the end of its round.
	fn reveal(b: u32, ) -> Weight;
	fn authorize_reveal(b: u32, ) -> Weight;
	fn claim() -> Weight;
	/// Noting a new result.
	fn answered() -> Weight;
	/// Asking whether a result may end, and ending its audits.
	fn close() -> Weight;
	/// What every block does.
	fn on_initialize() -> Weight;
	/// Noting the stakes of `v` validators.
	fn note_stakes(v: u32, ) -> Weight;
	/// One draw that draws nobody.
	fn pass_draw() -> Weight;
	/// One draw that draws auditors, at the most tries.
	fn draw() -> Weight;
	/// The end of one round's time, without the reports of offences.
	fn end_round() -> Weight;
	/// Paying the auditors of one result, without the reports of offences.
	fn settle() -> Weight;
	/// Pruning one audit.
	fn prune() -> Weight;
}

macro_rules! weights {
	($db:ty) => {
		fn commit() -> Weight {
			Weight::from_parts(60_000_000, 10_000)
				.saturating_add(<$db>::get().reads(3_u64))
				.saturating_add(<$db>::get().writes(2_u64))
		}
		fn authorize_commit() -> Weight {
			Weight::from_parts(140_000_000, 10_000)
				.saturating_add(<$db>::get().reads(3_u64))
		}
		fn reveal(b: u32, ) -> Weight {
			Weight::from_parts(250_000_000, 40_000)
				.saturating_add(Weight::from_parts(12_000_000, 1_100).saturating_mul(b.into()))
				.saturating_add(<$db>::get().reads(12_u64))
				.saturating_add(<$db>::get().writes(8_u64))
		}
		fn authorize_reveal(b: u32, ) -> Weight {
			Weight::from_parts(180_000_000, 20_000)
				.saturating_add(Weight::from_parts(10_000_000, 0).saturating_mul(b.into()))
				.saturating_add(<$db>::get().reads(4_u64))
		}
		fn claim() -> Weight {
			Weight::from_parts(120_000_000, 10_000)
				.saturating_add(<$db>::get().reads(4_u64))
				.saturating_add(<$db>::get().writes(3_u64))
		}
		fn answered() -> Weight {
			Weight::from_parts(80_000_000, 12_000)
				.saturating_add(<$db>::get().reads(7_u64))
				.saturating_add(<$db>::get().writes(3_u64))
		}
		fn close() -> Weight {
			Weight::from_parts(100_000_000, 12_000)
				.saturating_add(<$db>::get().reads(4_u64))
				.saturating_add(<$db>::get().writes(8_u64))
		}
		fn on_initialize() -> Weight {
			Weight::from_parts(120_000_000, 90_000)
				.saturating_add(<$db>::get().reads(90_u64))
				.saturating_add(<$db>::get().writes(5_u64))
		}
		fn note_stakes(v: u32, ) -> Weight {
			Weight::from_parts(30_000_000, 20_000)
				.saturating_add(Weight::from_parts(12_000_000, 3_000).saturating_mul(v.into()))
				.saturating_add(<$db>::get().reads((1_u64).saturating_mul(v.into())))
				.saturating_add(<$db>::get().writes(1_u64))
		}
		fn pass_draw() -> Weight {
			Weight::from_parts(50_000_000, 8_000)
				.saturating_add(<$db>::get().reads(3_u64))
				.saturating_add(<$db>::get().writes(2_u64))
		}
		fn draw() -> Weight {
			Weight::from_parts(1_500_000_000, 200_000)
				.saturating_add(<$db>::get().reads(140_u64))
				.saturating_add(<$db>::get().writes(8_u64))
		}
		fn end_round() -> Weight {
			Weight::from_parts(150_000_000, 16_000)
				.saturating_add(<$db>::get().reads(8_u64))
				.saturating_add(<$db>::get().writes(10_u64))
		}
		fn settle() -> Weight {
			Weight::from_parts(1_800_000_000, 80_000)
				.saturating_add(<$db>::get().reads(50_u64))
				.saturating_add(<$db>::get().writes(50_u64))
		}
		fn prune() -> Weight {
			Weight::from_parts(25_000_000, 8_000)
				.saturating_add(<$db>::get().reads(1_u64))
				.saturating_add(<$db>::get().writes(2_u64))
		}
	};
}

/// Weights for `pallet_audits` with the runtime's database.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	weights!(T::DbWeight);
}

// For tests.
impl WeightInfo for () {
	weights!(ParityDbWeight);
}
