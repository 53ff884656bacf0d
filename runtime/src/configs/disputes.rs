//! The referee: replays, bonds, staged packages, and the clock that stands still while disputes
//! are crowded out.

use super::{economy::TreasuryAccount, system::MAXIMUM_BLOCK_LENGTH};
use crate::*;
use alloc::vec::Vec;
use countersign_primitives::{
	dispute::{Manifests, MAX_INLINE_PACKAGE},
	model::{Manifest, ModelId},
	request::RequestId,
	tensor::MAX_INPUT_BYTES,
	MICRO_UNIT,
};
use frame_support::{parameter_types, weights::Weight};
use pallet_disputes::SignedFee;

parameter_types! {
	/// What a challenger loses where the result stands. The transaction's fee comes on top, and
	/// pays for the block's time.
	pub const ReplayBond: Balance = UNIT;
	/// What a challenger loses that shows nothing in a game. The space of all messages is paid for
	/// beside it.
	pub const GameBond: Balance = 10 * UNIT;
	pub const StagingDepositBase: Balance = UNIT;
	/// A package of 16 MiB has about 17 tokens on hold.
	pub const StagingDepositPerByte: Balance = MICRO_UNIT;
	/// An hour: long enough to post 16 MiB and to use them more than once.
	pub const StagingPeriod: BlockNumber = 1_800;
}

// One transaction with the longest package and the longest input must fit a block.
const _: () = assert!(MAX_INLINE_PACKAGE + MAX_INPUT_BYTES <= MAXIMUM_BLOCK_LENGTH);

/// What models are, as the referee asks.
pub struct ModelManifests;

impl Manifests for ModelManifests {
	fn manifest(model: &ModelId) -> Option<Manifest> {
		Models::manifest(model)
	}
}

/// What a transaction of this weight and length costs at this block's prices.
pub struct TransactionFee;

impl SignedFee for TransactionFee {
	fn fee(weight: Weight, length: u32) -> Balance {
		TransactionPayment::weight_to_fee(weight)
			.saturating_add(TransactionPayment::length_to_fee(length))
	}
}

impl pallet_disputes::Config for Runtime {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Results = Inference;
	type Manifests = ModelManifests;
	type Programs = Models;
	type Offences = Validators;
	type Bonds = Validators;
	type Sessions = Validators;
	type SignedFee = TransactionFee;
	type Treasury = TreasuryAccount;
	type ReplayBond = ReplayBond;
	type GameBond = GameBond;
	type StagingDepositBase = StagingDepositBase;
	type StagingDepositPerByte = StagingDepositPerByte;
	type StagingPeriod = StagingPeriod;
	type WeightInfo = pallet_disputes::weights::SubstrateWeight<Runtime>;
}

/// The requests that were answered in the block whose state this is, at most 256.
pub fn answered_here() -> Vec<RequestId> {
	System::read_events_no_consensus()
		.filter_map(|record| match record.event {
			RuntimeEvent::Inference(pallet_inference::Event::Answered { request, .. }) => {
				Some(request)
			}
			_ => None,
		})
		.take(256)
		.collect()
}
