//! Weights of `pallet_disputes`.
//!
//! Conservative estimates in the layout of `frame-omni-bencher`, to be replaced by its output:
//! reads and writes counted from the code, times measured natively and taken times four; the rate of
//! replays is that of the runtime's WebAssembly, measured at 3.0 weighted MAC a nanosecond.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens)]
#![allow(unused_imports)]
#![allow(missing_docs)]

use frame_support::{traits::Get, weights::{Weight, constants::ParityDbWeight}};
use core::marker::PhantomData;

/// Weight functions needed for `pallet_disputes`.
pub trait WeightInfo {
	/// Reading and checking `b` KiB of package and input, and running a program of `m` million
	/// weighted multiply-accumulates.
	fn replay(m: u32, b: u32, ) -> Weight;
	/// The dearest verdict, without the report of the offence.
	fn decide() -> Weight;
	/// Looking at a replay that is refused, with `b` KiB of witness.
	fn refuse(b: u32, ) -> Weight;
	/// Checking a challenge with `b` KiB of package and input, without running the program.
	fn authorize(b: u32, ) -> Weight;
	fn stage() -> Weight;
	/// Posting `b` KiB of a package.
	fn stage_chunks(b: u32, ) -> Weight;
	fn unstage() -> Weight;
	/// What every block does, its end included.
	fn on_initialize() -> Weight;
	/// Removing `c` chunks of staged packages, and what is left of the packages.
	fn remove_chunks(c: u32, ) -> Weight;
	/// Pruning one decision.
	fn prune_decision() -> Weight;
	/// Checking an opening with `n` operators that have `o` operands in `k` KiB of program, and
	/// opening the game.
	fn open_game(n: u32, o: u32, k: u32, ) -> Weight;
	/// Opening the last of the games that there may be about one result.
	fn join_game() -> Weight;
	/// Storing a trace of `r` commitments, with the largest number of games going on.
	fn game_trace(r: u32, ) -> Weight;
	/// Checking and storing `h` hashes.
	fn game_hashes(h: u32, ) -> Weight;
	/// Checking `k` KiB of part, leaves and paths, and computing one element.
	fn game_proof(k: u32, ) -> Weight;
	/// Checking a message beside what it brings.
	fn game_authorize() -> Weight;
	/// Demanding something, beside checking a program that comes along.
	fn demand() -> Weight;
	/// Checking and storing `k` KiB of input.
	fn show_input(k: u32, ) -> Weight;
	/// Checking `k` KiB of program that is shown.
	fn show_program(k: u32, ) -> Weight;
	/// Checking `l` leaves of a constant that are shown.
	fn show_leaves(l: u32, ) -> Weight;
	/// Ending the largest number of games about one result, without the report of the offence.
	fn expire_game() -> Weight;
}

macro_rules! weights {
	($db:ty) => {
		fn replay(m: u32, b: u32, ) -> Weight {
			Weight::from_parts(400_000_000, 40_000)
				.saturating_add(Weight::from_parts(340_000_000, 0).saturating_mul(m.into()))
				.saturating_add(Weight::from_parts(7_000_000, 1_100).saturating_mul(b.into()))
				.saturating_add(<$db>::get().reads(8_u64))
				.saturating_add(<$db>::get().reads((1_u64).saturating_mul((b / 64).into())))
		}
		fn decide() -> Weight {
			Weight::from_parts(500_000_000, 60_000)
				.saturating_add(<$db>::get().reads(24_u64))
				.saturating_add(<$db>::get().writes(24_u64))
		}
		fn refuse(b: u32, ) -> Weight {
			Weight::from_parts(150_000_000, 30_000)
				.saturating_add(Weight::from_parts(500_000, 0).saturating_mul(b.into()))
				.saturating_add(<$db>::get().reads(8_u64))
				.saturating_add(<$db>::get().writes(1_u64))
		}
		fn authorize(b: u32, ) -> Weight {
			Weight::from_parts(500_000_000, 40_000)
				.saturating_add(Weight::from_parts(7_500_000, 1_100).saturating_mul(b.into()))
				.saturating_add(<$db>::get().reads(12_u64))
				.saturating_add(<$db>::get().reads((1_u64).saturating_mul((b / 64).into())))
		}
		fn stage() -> Weight {
			Weight::from_parts(120_000_000, 8_000)
				.saturating_add(<$db>::get().reads(4_u64))
				.saturating_add(<$db>::get().writes(4_u64))
		}
		fn stage_chunks(b: u32, ) -> Weight {
			Weight::from_parts(60_000_000, 8_000)
				.saturating_add(Weight::from_parts(1_500_000, 100).saturating_mul(b.into()))
				.saturating_add(<$db>::get().reads(1_u64))
				.saturating_add(<$db>::get().reads((1_u64).saturating_mul((b / 64 + 1).into())))
				.saturating_add(<$db>::get().writes(1_u64))
				.saturating_add(<$db>::get().writes((1_u64).saturating_mul((b / 64 + 1).into())))
		}
		fn unstage() -> Weight {
			Weight::from_parts(40_000_000, 6_000)
				.saturating_add(<$db>::get().reads(1_u64))
				.saturating_add(<$db>::get().writes(3_u64))
		}
		fn on_initialize() -> Weight {
			Weight::from_parts(60_000_000, 20_000)
				.saturating_add(<$db>::get().reads(36_u64))
				.saturating_add(<$db>::get().writes(3_u64))
		}
		fn remove_chunks(c: u32, ) -> Weight {
			Weight::from_parts(40_000_000, 6_000)
				.saturating_add(Weight::from_parts(60_000_000, 4_000).saturating_mul(c.into()))
				.saturating_add(<$db>::get().reads((4_u64).saturating_mul(c.into())))
				.saturating_add(<$db>::get().writes((5_u64).saturating_mul(c.into())))
		}
		fn prune_decision() -> Weight {
			Weight::from_parts(20_000_000, 4_000)
				.saturating_add(<$db>::get().reads(1_u64))
				.saturating_add(<$db>::get().writes(2_u64))
		}
		fn open_game(n: u32, o: u32, k: u32, ) -> Weight {
			Weight::from_parts(500_000_000, 60_000)
				.saturating_add(Weight::from_parts(25_000_000, 0).saturating_mul(n.into()))
				.saturating_add(Weight::from_parts(2_500_000, 0).saturating_mul(o.into()))
				.saturating_add(Weight::from_parts(100_000_000, 0).saturating_mul(k.into()))
				.saturating_add(<$db>::get().reads(30_u64))
				.saturating_add(<$db>::get().writes(8_u64))
		}
		fn join_game() -> Weight {
			Weight::from_parts(500_000_000, 60_000)
				.saturating_add(<$db>::get().reads(30_u64))
				.saturating_add(<$db>::get().writes(8_u64))
		}
		fn game_trace(r: u32, ) -> Weight {
			Weight::from_parts(300_000_000, 60_000)
				.saturating_add(Weight::from_parts(100_000, 0).saturating_mul(r.into()))
				.saturating_add(<$db>::get().reads(26_u64))
				.saturating_add(<$db>::get().writes(54_u64))
				.saturating_add(<$db>::get().writes((1_u64).saturating_mul((r / 128 + 1).into())))
		}
		fn game_hashes(h: u32, ) -> Weight {
			Weight::from_parts(200_000_000, 50_000)
				.saturating_add(Weight::from_parts(2_500_000, 0).saturating_mul(h.into()))
				.saturating_add(<$db>::get().reads(10_u64))
				.saturating_add(<$db>::get().writes(5_u64))
		}
		fn game_proof(k: u32, ) -> Weight {
			Weight::from_parts(20_000_000_000, 200_000)
				.saturating_add(Weight::from_parts(60_000_000, 0).saturating_mul(k.into()))
				.saturating_add(<$db>::get().reads(44_u64))
				.saturating_add(<$db>::get().writes(5_u64))
		}
		fn game_authorize() -> Weight {
			Weight::from_parts(400_000_000, 30_000)
				.saturating_add(<$db>::get().reads(14_u64))
		}
		fn demand() -> Weight {
			Weight::from_parts(250_000_000, 40_000)
				.saturating_add(<$db>::get().reads(12_u64))
				.saturating_add(<$db>::get().writes(7_u64))
		}
		fn show_input(k: u32, ) -> Weight {
			Weight::from_parts(400_000_000, 40_000)
				.saturating_add(Weight::from_parts(10_000_000, 0).saturating_mul(k.into()))
				.saturating_add(<$db>::get().reads(14_u64))
				.saturating_add(<$db>::get().writes(8_u64))
		}
		fn show_program(k: u32, ) -> Weight {
			Weight::from_parts(400_000_000, 40_000)
				.saturating_add(Weight::from_parts(10_000_000, 0).saturating_mul(k.into()))
				.saturating_add(<$db>::get().reads(14_u64))
				.saturating_add(<$db>::get().writes(8_u64))
		}
		fn show_leaves(l: u32, ) -> Weight {
			Weight::from_parts(400_000_000, 40_000)
				.saturating_add(Weight::from_parts(100_000_000, 0).saturating_mul(l.into()))
				.saturating_add(<$db>::get().reads(14_u64))
				.saturating_add(<$db>::get().writes(8_u64))
		}
		fn expire_game() -> Weight {
			Weight::from_parts(2_500_000_000, 300_000)
				.saturating_add(<$db>::get().reads(140_u64))
				.saturating_add(<$db>::get().writes(180_u64))
		}
	};
}

/// Weights for `pallet_disputes` with the runtime's database.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	weights!(T::DbWeight);
}

// For tests.
impl WeightInfo for () {
	weights!(ParityDbWeight);
}
