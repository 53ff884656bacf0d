//! Smart contracts: EVM bytecode as wallets and compilers know it, the precompiles, and how
//! contracts are told what came of their requests.

use super::system::{MAXIMUM_BLOCK_WEIGHT, MAXIMUM_HOOK_WEIGHT};
use crate::*;
use countersign_attribution_precompile::AttributionPrecompile;
use countersign_inference_precompile::InferencePrecompile;
use countersign_opengradient_precompile::OpenGradientPrecompile;
use countersign_primitives::{MICRO_UNIT, MILLI_UNIT, UNIT};
use frame_support::{
	parameter_types,
	storage::with_transaction,
	traits::{
		fungible::{Inspect, Mutate},
		tokens::{Fortitude, Preservation},
		ConstBool, ConstU32, ConstU64,
	},
	weights::Weight,
};
use frame_system::EnsureSigned;
use pallet_inference::callbacks::Called;
use pallet_revive::{
	evm::fees::Info as FeeInfo, AccountId32Mapper, AddressMapper, ExecConfig, TransactionLimits,
	H160,
};
use sp_runtime::{DispatchError, FixedU128, Perbill, TransactionOutcome};

parameter_types! {
	// In gas, at the price of a new chain, what Ethereum takes: 200 for a byte of code, and for a slot,
	// whose key and value are 64 bytes, some 20,000. Refundable, so that it need not be what other
	// pallets take.
	pub const DepositPerItem: Balance = 10 * MILLI_UNIT;
	pub const DepositPerByte: Balance = 10 * MICRO_UNIT;
	/// One slot of a Solidity contract.
	pub const DepositPerChildTrieItem: Balance = MILLI_UNIT / 2;
	pub CodeHashLockupDepositPercent: Perbill = Perbill::from_percent(30);
	pub MaxEthExtrinsicWeight: FixedU128 = FixedU128::from_rational(5, 10);
}

/// The identifier of the chain for Ethereum wallets. Never changes.
pub const CHAIN_ID: u64 = 667_720;

impl pallet_revive::Config for Runtime {
	type Time = Timestamp;
	type Balance = Balance;
	type Currency = Balances;
	type OnBurn = ();
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type RuntimeOrigin = RuntimeOrigin;
	type RuntimeHoldReason = RuntimeHoldReason;
	type WeightInfo = pallet_revive::weights::SubstrateWeight<Self>;
	type Precompiles =
		(InferencePrecompile<Self>, AttributionPrecompile<Self>, OpenGradientPrecompile<Self>);
	type FindAuthor = <Runtime as pallet_authorship::Config>::FindAuthor;
	type DepositPerByte = DepositPerByte;
	type DepositPerItem = DepositPerItem;
	type DepositPerChildTrieItem = DepositPerChildTrieItem;
	type CodeHashLockupDepositPercent = CodeHashLockupDepositPercent;
	type AddressMapper = AccountId32Mapper<Self>;
	type AllowEVMBytecode = ConstBool<true>;
	type UploadOrigin = EnsureSigned<AccountId>;
	type InstantiateOrigin = EnsureSigned<AccountId>;
	type RuntimeMemory = ConstU32<{ 256 * 1024 * 1024 }>;
	type PVFMemory = ConstU32<{ 1024 * 1024 * 1024 }>;
	type ChainId = ConstU64<CHAIN_ID>;
	type NativeToEthRatio = ConstU32<1_000_000>;
	type FeeInfo = FeeInfo<Address, Signature, EthExtraImpl>;
	type Deposit = ();
	type MaxEthExtrinsicWeight = MaxEthExtrinsicWeight;
	type DebugEnabled = ConstBool<false>;
	type AutoMap = ConstBool<true>;
	type GasScale = ConstU32<50_000>;
}

/// The most that a contract pays in storage deposits for what it writes in one callback.
pub const CALLBACK_DEPOSIT: Balance = UNIT;

/// The account that calls contracts back: that of the inference precompile. It has no key. From
/// genesis on it has [`CALLBACK_DEPOSIT`] to lay out for the contracts that it calls.
pub fn callback_account() -> AccountId {
	AccountId32Mapper::<Runtime>::to_fallback_account_id(&countersign_inference_precompile::ADDRESS)
}

/// Tells contracts what came of their requests.
pub struct ContractCallbacks;

impl ContractCallbacks {
	/// Calls the contract, and has it pay for the storage that it took. The contract sees all of
	/// its balance meanwhile, because the caller lays the deposits out.
	fn try_call(
		notice: &pallet_inference::Notice,
		weight_limit: Weight,
	) -> (Weight, Result<(), DispatchError>) {
		let caller = callback_account();
		let spare =
			|| Balances::reducible_balance(&caller, Preservation::Preserve, Fortitude::Polite);
		let before = spare();
		let called = Revive::bare_call(
			RuntimeOrigin::signed(caller.clone()),
			notice.contract,
			0u32.into(),
			TransactionLimits::WeightAndDeposit {
				weight_limit,
				deposit_limit: before.min(CALLBACK_DEPOSIT),
			},
			countersign_inference_precompile::notice_data(notice),
			&ExecConfig::new_substrate_tx_without_bump(),
		);
		let settled = match called.result {
			// What the contract returned is not looked at.
			Ok(returned) if !returned.did_revert() => {
				let (contract, after) =
					(AccountId32Mapper::<Runtime>::to_account_id(&notice.contract), spare());
				let move_money = |from: &AccountId, to: &AccountId, amount: Balance| {
					if amount == 0 {
						return Ok(());
					}
					Balances::transfer(from, to, amount, Preservation::Preserve).map(|_| ())
				};
				move_money(&contract, &caller, before.saturating_sub(after))
					.and_then(|()| move_money(&caller, &contract, after.saturating_sub(before)))
			}
			Ok(_) => Err(DispatchError::Other("the contract reverted")),
			Err(error) => Err(error),
		};
		(called.weight_consumed, settled)
	}
}

impl pallet_inference::Callbacks for ContractCallbacks {
	fn address(who: &AccountId) -> H160 {
		AccountId32Mapper::<Runtime>::to_address(who)
	}

	fn weight(gas: u64) -> Weight {
		// Proof in proportion, as a block has it.
		let proof = u128::from(gas)
			.saturating_mul(MAXIMUM_BLOCK_WEIGHT.proof_size().into())
			.checked_div(MAXIMUM_BLOCK_WEIGHT.ref_time().into())
			.and_then(|proof| u64::try_from(proof).ok())
			.unwrap_or(u64::MAX);
		Weight::from_parts(gas, proof).saturating_add(
			// Finding the contract, and at most two transfers around the call.
			<<Runtime as pallet_revive::Config>::WeightInfo as pallet_revive::WeightInfo>::call(),
		)
	}

	fn limit() -> Weight {
		MAXIMUM_HOOK_WEIGHT
	}

	fn call(notice: &pallet_inference::Notice, gas: u64) -> Called {
		let most = Self::weight(gas);
		let overhead =
			<<Runtime as pallet_revive::Config>::WeightInfo as pallet_revive::WeightInfo>::call();
		if Revive::code(&notice.contract).is_empty() {
			return Called { delivered: false, weight: overhead };
		}
		let mut weight = most;
		let delivered = with_transaction(|| {
			let (consumed, result) = Self::try_call(notice, most.saturating_sub(overhead));
			weight = consumed.saturating_add(overhead).min(most);
			match result {
				Ok(()) => TransactionOutcome::Commit(Ok::<(), DispatchError>(())),
				Err(error) => TransactionOutcome::Rollback(Err(error)),
			}
		})
		.is_ok();
		Called { delivered, weight }
	}
}
