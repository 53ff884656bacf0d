//! How many requests a second of block weight settles, next to plain transfers, and how many a
//! block takes.
//!
//! ```sh
//! cargo run --release -p countersign-runtime --example throughput
//! ```
//!
//! Everything is computed from the weights that the runtime charges: a request is its submission and
//! draw, its result with the check of the signature and the draw of its audit, its settlement and its
//! pruning. What audits, callbacks and disputes that follow take comes on top.

#![allow(missing_docs)]

use countersign_primitives::{audit::Audits, parameters::SLOT_MILLISECONDS};
use countersign_runtime::{Runtime, RuntimeCall};
use frame_support::{
	dispatch::DispatchClass,
	weights::{constants::WEIGHT_REF_TIME_PER_SECOND, Weight},
};
use frame_system::offchain::CreateAuthorizedTransaction;
use pallet_balances::WeightInfo as _;
use pallet_inference::WeightInfo as _;
use sp_runtime::traits::TransactionExtension;

type Inference = <Runtime as pallet_inference::Config>::WeightInfo;
type Auditing = <Runtime as pallet_inference::Config>::Audits;
type Balances = <Runtime as pallet_balances::Config>::WeightInfo;

/// From the submission to nothing left, for a model with `servers` validators.
fn settled(base: Weight, servers: u32, input: u32, outcome: u32) -> Weight {
	let submission = base
		.saturating_add(Inference::request(servers))
		.saturating_add(Inference::commit_to_bytes(input));
	let result = base
		.saturating_add(Inference::authorize_submit_result())
		.saturating_add(Inference::commit_to_bytes(outcome))
		.saturating_add(Inference::submit_result(outcome))
		.saturating_add(Auditing::answered_weight());
	submission
		.saturating_add(result)
		.saturating_add(Inference::settle())
		.saturating_add(Auditing::close_weight())
		.saturating_add(Inference::prune())
}

fn main() {
	let weights = <Runtime as frame_system::Config>::BlockWeights::get();
	let class = weights.get(DispatchClass::Normal);
	let call = RuntimeCall::from(frame_system::Call::<Runtime>::remark { remark: Vec::new() });
	let extension = <Runtime as CreateAuthorizedTransaction<RuntimeCall>>::create_extension();
	let base = class
		.base_extrinsic
		.saturating_add(TransactionExtension::<RuntimeCall>::weight(&extension, &call));
	let room = class.max_total.unwrap_or(weights.max_block);
	let transfer = base.saturating_add(Balances::transfer_keep_alive());
	let rows = [
		("plain transfer", transfer),
		("request, 4 servers, 64 B in, 64 B out", settled(base, 4, 64, 64)),
		("request, 4 servers, 8 KiB in, 1 KiB out", settled(base, 4, 8_192, 1_024)),
		("request, 128 servers, 8 KiB in, 1 KiB out", settled(base, 128, 8_192, 1_024)),
	];
	println!("{:<44}{:>10}{:>12}{:>12}{:>12}", "", "µs", "per second", "per block", "transfers");
	for (name, weight) in rows {
		let time = weight.ref_time().max(1);
		println!(
			"{name:<44}{:>10.0}{:>12.0}{:>12}{:>12.1}",
			time as f64 / 1e6,
			WEIGHT_REF_TIME_PER_SECOND as f64 / time as f64,
			room.ref_time() / time,
			time as f64 / transfer.ref_time().max(1) as f64,
		);
	}
	println!(
		"\nof a second of block weight; a block has {:.2} s for these, every {} s",
		room.ref_time() as f64 / WEIGHT_REF_TIME_PER_SECOND as f64,
		SLOT_MILLISECONDS / 1_000,
	);
}
