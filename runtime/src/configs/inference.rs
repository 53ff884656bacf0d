//! Models, requests, and who is paid for them.

use super::{economy::TreasuryAccount, system::deposit};
use crate::*;
use frame_support::{parameter_types, PalletId};
use sp_runtime::traits::AccountIdConversion;

parameter_types! {
	pub const ModelDepositPerItem: Balance = deposit(1, 0);
	pub const ModelDepositPerByte: Balance = deposit(0, 1);
	/// One version of the canonical operator set is released.
	pub const CanonicalVersions: u16 = 1;
	pub const AttributionPalletId: PalletId = PalletId(*b"cs/attrb");
	/// The part of every fee that pays for audits waits here.
	pub const AuditPotId: PalletId = PalletId(*b"cs/audit");
	pub AuditPotAccount: AccountId = AuditPotId::get().into_account_truncating();
}

impl pallet_models::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Contributors = Attribution;
	type Bonds = Validators;
	type RequestRules = Inference;
	type CanonicalVersions = CanonicalVersions;
	type DepositPerItem = ModelDepositPerItem;
	type DepositPerByte = ModelDepositPerByte;
	type WeightInfo = pallet_models::weights::SubstrateWeight<Runtime>;
}

impl pallet_attribution::Config for Runtime {
	type Currency = Balances;
	type PalletId = AttributionPalletId;
	type WeightInfo = pallet_attribution::weights::SubstrateWeight<Runtime>;
}

/// The randomness of a block: the VRF output of its author, known when the block ends.
pub struct BlockVrf;
impl pallet_inference::BlockRandomness for BlockVrf {
	fn block_randomness() -> Option<Hash> {
		pallet_babe::AuthorVrfRandomness::<Runtime>::get().map(Into::into)
	}
}

impl pallet_inference::Config for Runtime {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Models = Models;
	type Programs = Models;
	type Bonds = Validators;
	type Sessions = Validators;
	type Versions = Validators;
	type Contributors = Attribution;
	type Randomness = BlockVrf;
	type ClockRuns = pallet_disputes::ClockRuns<Runtime>;
	type Treasury = TreasuryAccount;
	type AuditPot = AuditPotAccount;
	type ParameterOrigin = pallet_governance::EnsureParameters<Runtime>;
	type PauseOrigin = pallet_governance::EnsureEmergency<Runtime>;
	type Callbacks = super::contracts::ContractCallbacks;
	type Audits = Audits;
	type WeightInfo = pallet_inference::weights::SubstrateWeight<Runtime>;
}
