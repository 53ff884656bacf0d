//! Balances and what transactions cost.

use crate::*;
use countersign_primitives::{MICRO_UNIT, MILLI_UNIT};
use frame_support::{
	parameter_types,
	traits::{
		fungible::{Balanced, Credit, Inspect, Mutate},
		ConstU32, ConstU8, Imbalance, OnUnbalanced, VariantCountOf,
	},
	PalletId,
};
use pallet_revive::evm::fees::BlockRatioFee;
use pallet_transaction_payment::{FungibleAdapter, Multiplier, TargetedFeeAdjustment};
use sp_runtime::{
	traits::{AccountIdConversion, Bounded},
	FixedPointNumber, Perquintill,
};
use sp_weights::ConstantMultiplier;

parameter_types! {
	pub const ExistentialDeposit: Balance = MILLI_UNIT;
	/// The account that pallet-treasury will take over.
	pub const TreasuryPalletId: PalletId = PalletId(*b"cs/trsry");
	pub TreasuryAccount: AccountId = TreasuryPalletId::get().into_account_truncating();
}

/// Gives the accounts that fees flow into what keeps them alive, so that no part of a fee is too
/// small for them. Only at genesis.
pub(crate) fn create_pots() -> Result<(), sp_runtime::DispatchError> {
	for pot in [TreasuryAccount::get(), super::inference::AuditPotAccount::get()] {
		let missing = ExistentialDeposit::get().saturating_sub(Balances::total_balance(&pot));
		if missing > 0 {
			Balances::mint_into(&pot, ExistentialDeposit::get())?;
		}
	}
	// What contracts write when they are called back is laid out for them.
	let float = super::contracts::CALLBACK_DEPOSIT.saturating_add(ExistentialDeposit::get());
	Balances::mint_into(&super::contracts::callback_account(), float)?;
	Ok(())
}

impl pallet_balances::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeHoldReason = RuntimeHoldReason;
	type RuntimeFreezeReason = RuntimeFreezeReason;
	type WeightInfo = pallet_balances::weights::SubstrateWeight<Runtime>;
	type Balance = Balance;
	type DustRemoval = ();
	type ExistentialDeposit = ExistentialDeposit;
	type AccountStore = System;
	type ReserveIdentifier = [u8; 8];
	type FreezeIdentifier = RuntimeFreezeReason;
	type MaxLocks = ConstU32<50>;
	type MaxReserves = ConstU32<50>;
	type MaxFreezes = VariantCountOf<RuntimeFreezeReason>;
	type DoneSlashHandler = ();
}

/// Transaction fees: 80 % to the author of the block, the rest to the treasury.
///
/// A part that cannot be paid, because its account would stay below the existential deposit, goes
/// to the treasury; what even that cannot take is burned.
pub struct DealWithFees;

impl DealWithFees {
	fn to_treasury(credit: Credit<AccountId, Balances>) {
		// Dropping a credit burns it.
		drop(Balances::resolve(&TreasuryAccount::get(), credit));
	}
}

impl OnUnbalanced<Credit<AccountId, Balances>> for DealWithFees {
	fn on_unbalanceds(fees_then_tips: impl Iterator<Item = Credit<AccountId, Balances>>) {
		let mut all = Credit::<AccountId, Balances>::zero();
		for credit in fees_then_tips {
			all.subsume(credit);
		}
		Self::on_nonzero_unbalanced(all);
	}
	fn on_nonzero_unbalanced(credit: Credit<AccountId, Balances>) {
		let (author_part, treasury_part) = credit.ration(80, 20);
		match pallet_authorship::Pallet::<Runtime>::author() {
			Some(author) => {
				if let Err(credit) = Balances::resolve(&author, author_part) {
					Self::to_treasury(credit);
				}
			}
			None => Self::to_treasury(author_part),
		}
		Self::to_treasury(treasury_part);
	}
}

parameter_types! {
	/// An inline input of 8 KiB costs less than a fifth of the smallest fee for running on it.
	pub const TransactionByteFee: Balance = MICRO_UNIT / 5;
	/// The share of the normal weight of a block above which fees rise.
	pub const TargetBlockFullness: Perquintill = Perquintill::from_percent(25);
	pub AdjustmentVariable: Multiplier = Multiplier::saturating_from_rational(75, 1_000_000);
	pub MinimumMultiplier: Multiplier = Multiplier::saturating_from_rational(1, 10);
	pub MaximumMultiplier: Multiplier = Bounded::max_value();
}

impl pallet_transaction_payment::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type OnChargeTransaction = FungibleAdapter<Balances, DealWithFees>;
	type OperationalFeeMultiplier = ConstU8<5>;
	// One unit for a picosecond: a plain transfer costs about 0.0004 tokens.
	type WeightToFee = BlockRatioFee<1, 1, Self, Balance>;
	type LengthToFee = ConstantMultiplier<Balance, TransactionByteFee>;
	type FeeMultiplierUpdate = TargetedFeeAdjustment<
		Self,
		TargetBlockFullness,
		AdjustmentVariable,
		MinimumMultiplier,
		MaximumMultiplier,
	>;
	type WeightInfo = pallet_transaction_payment::weights::SubstrateWeight<Runtime>;
}
