//! Weights of `pallet_inference`.
//!
//! Conservative estimates in the layout of `frame-omni-bencher`, to be replaced by its output:
//! reads and writes counted from the code, times measured natively and taken times four.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens)]
#![allow(unused_imports)]
#![allow(missing_docs)]

use frame_support::{traits::Get, weights::{Weight, constants::ParityDbWeight}};
use core::marker::PhantomData;

/// Weight functions needed for `pallet_inference`.
pub trait WeightInfo {
	/// A request for a model with `s` servers: submission, and the draw at the block's end.
	fn request(s: u32, ) -> Weight;
	/// Decoding `b` bytes of tensors, checking them, committing to them, storing them.
	fn commit_to_bytes(b: u32, ) -> Weight;
	/// A result whose outcome has `b` bytes.
	fn submit_result(b: u32, ) -> Weight;
	/// Checking a result, without the bytes of its outcome.
	fn authorize_submit_result() -> Weight;
	fn demand_input() -> Weight;
	fn authorize_demand_input() -> Weight;
	/// Posting an input, without its bytes.
	fn post_input() -> Weight;
	fn set_parameters() -> Weight;
	fn set_paused() -> Weight;
	/// What every block does, its end included.
	fn on_initialize() -> Weight;
	/// Acting on one deadline.
	fn expire() -> Weight;
	/// Making one result `Final`, its receipt included.
	fn settle() -> Weight;
	/// Pruning one request.
	fn prune() -> Weight;
	/// Pruning the receipts of one block.
	fn prune_receipts() -> Weight;
	/// Trying waiting requests again, looking at `s` servers.
	fn retry(s: u32, ) -> Weight;
	/// Running a small model that was looked up and read, with payment and receipt.
	fn infer_sync() -> Weight;
	/// Running a small model that was looked up and read, without payment and receipt.
	fn infer_view() -> Weight;
	/// Decoding `b` bytes of tensors, handing them to a program or taking them from it, and
	/// encoding them.
	fn hand_over(b: u32, ) -> Weight;
	/// Committing to `b` bytes of tensors.
	fn commit_to_tensors(b: u32, ) -> Weight;
	/// A run of `n` times 1,024 multiply-accumulates.
	fn run_macs(n: u32, ) -> Weight;
	/// A run that moves `n` times 1,024 bytes.
	fn run_moved(n: u32, ) -> Weight;
	/// A run on `n` times 1,024 elements of additions and the like.
	fn run_simple(n: u32, ) -> Weight;
	/// A run on `n` times 1,024 elements of divisions and the like.
	fn run_divisions(n: u32, ) -> Weight;
	/// A run on `n` times 1,024 elements of powers and the like.
	fn run_transcendental(n: u32, ) -> Weight;
	/// A run of `n` times 1,024 steps of searches.
	fn run_searches(n: u32, ) -> Weight;
	/// A run whose constants have `n` times 1,024 bytes.
	fn run_constants(n: u32, ) -> Weight;
	/// A run of `n` operators.
	fn run_operators(n: u32, ) -> Weight;
	/// Looking whether a contract is to be told of anything.
	fn on_idle() -> Weight;
	/// Taking one callback out of the queue, without what the contract takes.
	fn push_callback() -> Weight;
	/// Reading a request, its result and an outcome of `b` bytes.
	fn read_result(b: u32, ) -> Weight;
	/// Turning `n` decimals into elements of a tensor, or back.
	fn convert_numbers(n: u32, ) -> Weight;
}

macro_rules! weights {
	($db:ty) => {
		fn request(s: u32, ) -> Weight {
			// Each server is looked at twice: position, member, capacity, open cost, bond, cover.
			Weight::from_parts(150_000_000, 30_000)
				.saturating_add(Weight::from_parts(8_000_000, 6_000).saturating_mul(s.into()))
				.saturating_add(<$db>::get().reads(19_u64))
				.saturating_add(<$db>::get().reads((12_u64).saturating_mul(s.into())))
				.saturating_add(<$db>::get().writes(14_u64))
		}
		fn commit_to_bytes(b: u32, ) -> Weight {
			Weight::from_parts(20_000_000, 2_000)
				.saturating_add(Weight::from_parts(12_000, 1).saturating_mul(b.into()))
				.saturating_add(<$db>::get().writes(1_u64))
		}
		fn submit_result(b: u32, ) -> Weight {
			Weight::from_parts(100_000_000, 12_000)
				.saturating_add(Weight::from_parts(1_000, 1).saturating_mul(b.into()))
				.saturating_add(<$db>::get().reads(8_u64))
				.saturating_add(<$db>::get().writes(10_u64))
		}
		fn authorize_submit_result() -> Weight {
			Weight::from_parts(250_000_000, 8_000)
				.saturating_add(<$db>::get().reads(3_u64))
		}
		fn demand_input() -> Weight {
			Weight::from_parts(60_000_000, 8_000)
				.saturating_add(<$db>::get().reads(3_u64))
				.saturating_add(<$db>::get().writes(3_u64))
		}
		fn authorize_demand_input() -> Weight {
			Weight::from_parts(250_000_000, 8_000)
				.saturating_add(<$db>::get().reads(3_u64))
		}
		fn post_input() -> Weight {
			Weight::from_parts(60_000_000, 8_000)
				.saturating_add(<$db>::get().reads(2_u64))
				.saturating_add(<$db>::get().writes(4_u64))
		}
		fn set_paused() -> Weight {
			Weight::from_parts(10_000_000, 0)
				.saturating_add(<$db>::get().writes(1_u64))
		}
		fn set_parameters() -> Weight {
			Weight::from_parts(20_000_000, 4_000)
				.saturating_add(<$db>::get().reads(1_u64))
				.saturating_add(<$db>::get().writes(1_u64))
		}
		fn on_initialize() -> Weight {
			Weight::from_parts(60_000_000, 20_000)
				.saturating_add(<$db>::get().reads(14_u64))
				.saturating_add(<$db>::get().writes(5_u64))
		}
		fn expire() -> Weight {
			Weight::from_parts(150_000_000, 24_000)
				.saturating_add(<$db>::get().reads(12_u64))
				.saturating_add(<$db>::get().writes(12_u64))
		}
		fn settle() -> Weight {
			Weight::from_parts(300_000_000, 40_000)
				.saturating_add(<$db>::get().reads(20_u64))
				.saturating_add(<$db>::get().writes(18_u64))
		}
		fn prune() -> Weight {
			Weight::from_parts(20_000_000, 75_000)
				.saturating_add(<$db>::get().reads(1_u64))
				.saturating_add(<$db>::get().writes(5_u64))
		}
		fn prune_receipts() -> Weight {
			Weight::from_parts(20_000_000, 4_000)
				.saturating_add(<$db>::get().reads(1_u64))
				.saturating_add(<$db>::get().writes(3_u64))
		}
		fn retry(s: u32, ) -> Weight {
			Weight::from_parts(30_000_000, 4_000)
				.saturating_add(Weight::from_parts(8_000_000, 4_000).saturating_mul(s.into()))
				.saturating_add(<$db>::get().reads((6_u64).saturating_mul(s.into())))
				.saturating_add(<$db>::get().writes(32_u64))
		}
		fn infer_sync() -> Weight {
			Weight::from_parts(250_000_000, 26_000)
				.saturating_add(<$db>::get().reads(13_u64))
				.saturating_add(<$db>::get().writes(10_u64))
		}
		fn infer_view() -> Weight {
			Weight::from_parts(40_000_000, 6_500)
				.saturating_add(<$db>::get().reads(2_u64))
		}
		fn hand_over(b: u32, ) -> Weight {
			Weight::from_parts(5_000_000, 0)
				.saturating_add(Weight::from_parts(4_000, 0).saturating_mul(b.into()))
		}
		fn commit_to_tensors(b: u32, ) -> Weight {
			Weight::from_parts(5_000_000, 0)
				.saturating_add(Weight::from_parts(10_000, 0).saturating_mul(b.into()))
		}
		fn run_macs(n: u32, ) -> Weight {
			Weight::from_parts(50_000_000, 0)
				.saturating_add(Weight::from_parts(450_000, 0).saturating_mul(n.into()))
		}
		fn run_moved(n: u32, ) -> Weight {
			Weight::from_parts(50_000_000, 0)
				.saturating_add(Weight::from_parts(300_000, 0).saturating_mul(n.into()))
		}
		fn run_simple(n: u32, ) -> Weight {
			Weight::from_parts(50_000_000, 0)
				.saturating_add(Weight::from_parts(2_500_000, 0).saturating_mul(n.into()))
		}
		fn run_divisions(n: u32, ) -> Weight {
			Weight::from_parts(50_000_000, 0)
				.saturating_add(Weight::from_parts(10_000_000, 0).saturating_mul(n.into()))
		}
		fn run_transcendental(n: u32, ) -> Weight {
			Weight::from_parts(50_000_000, 0)
				.saturating_add(Weight::from_parts(80_000_000, 0).saturating_mul(n.into()))
		}
		fn run_searches(n: u32, ) -> Weight {
			Weight::from_parts(50_000_000, 0)
				.saturating_add(Weight::from_parts(40_000_000, 0).saturating_mul(n.into()))
		}
		fn run_constants(n: u32, ) -> Weight {
			Weight::from_parts(50_000_000, 0)
				.saturating_add(Weight::from_parts(1_000_000, 0).saturating_mul(n.into()))
		}
		fn run_operators(n: u32, ) -> Weight {
			Weight::from_parts(50_000_000, 0)
				.saturating_add(Weight::from_parts(3_000_000, 0).saturating_mul(n.into()))
		}
		fn on_idle() -> Weight {
			Weight::from_parts(5_000_000, 1_500)
				.saturating_add(<$db>::get().reads(1_u64))
		}
		fn push_callback() -> Weight {
			Weight::from_parts(100_000_000, 75_000)
				.saturating_add(<$db>::get().reads(5_u64))
				.saturating_add(<$db>::get().writes(4_u64))
		}
		fn read_result(b: u32, ) -> Weight {
			Weight::from_parts(40_000_000, 8_000)
				.saturating_add(Weight::from_parts(2_000, 1).saturating_mul(b.into()))
				.saturating_add(<$db>::get().reads(3_u64))
		}
		fn convert_numbers(n: u32, ) -> Weight {
			Weight::from_parts(2_000_000, 0)
				.saturating_add(Weight::from_parts(10_000_000, 0).saturating_mul(n.into()))
		}
	};
}

/// Weights for `pallet_inference` with the runtime's database.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	weights!(T::DbWeight);
}

// For tests.
impl WeightInfo for () {
	weights!(ParityDbWeight);
}
