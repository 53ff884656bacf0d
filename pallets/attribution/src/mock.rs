//! A runtime with nothing but balances and attribution.

use crate as pallet_attribution;
use countersign_primitives::{
	model::{Contributor, ContributorRole, ModelId, Parent, Share},
	traits::Contributors,
	AccountId, Balance, Hash, UNIT,
};
use frame_support::{derive_impl, parameter_types, traits::fungible::Mutate, PalletId};
use sp_runtime::{traits::IdentityLookup, BuildStorage};

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(2)]
	pub type Attribution = pallet_attribution;
}

pub(crate) const ED: Balance = UNIT / 100;
pub(crate) const ALICE: AccountId = AccountId::new([1; 32]);
pub(crate) const BOB: AccountId = AccountId::new([2; 32]);
pub(crate) const CAROL: AccountId = AccountId::new([3; 32]);

parameter_types! {
	pub const ExistentialDeposit: Balance = ED;
	pub const AttributionPalletId: PalletId = PalletId(*b"cs/attri");
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
	type AccountId = AccountId;
	type Lookup = IdentityLookup<AccountId>;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Balance;
	type ExistentialDeposit = ExistentialDeposit;
	type AccountStore = System;
}

impl pallet_attribution::Config for Test {
	type Currency = Balances;
	type PalletId = AttributionPalletId;
	type WeightInfo = ();
}

/// The only way into a test: what must hold always is checked after it.
pub(crate) struct ExtBuilder {
	balances: Vec<(AccountId, Balance)>,
}

impl Default for ExtBuilder {
	fn default() -> Self {
		Self { balances: vec![(ALICE, 100 * UNIT)] }
	}
}

impl ExtBuilder {
	pub(crate) fn build(self) -> sp_io::TestExternalities {
		let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
		pallet_balances::GenesisConfig::<Test> { balances: self.balances, ..Default::default() }
			.assimilate_storage(&mut storage)
			.unwrap();
		pallet_attribution::GenesisConfig::<Test>::default()
			.assimilate_storage(&mut storage)
			.unwrap();
		let mut ext: sp_io::TestExternalities = storage.into();
		ext.execute_with(|| System::set_block_number(1));
		ext
	}

	pub(crate) fn build_and_execute<R>(self, test: impl FnOnce() -> R) -> R {
		self.build().execute_with(|| {
			let result = test();
			Attribution::do_try_state().unwrap();
			result
		})
	}
}

pub(crate) fn id(index: u32) -> ModelId {
	ModelId::from_low_u64_be(u64::from(index) + 1)
}

/// An account that nobody has put money into.
pub(crate) fn fresh(index: u32) -> AccountId {
	let mut bytes = [0xaa; 32];
	bytes[..4].copy_from_slice(&index.to_le_bytes());
	AccountId::new(bytes)
}

pub(crate) fn contributor(account: AccountId, share: u32) -> Contributor {
	Contributor {
		account,
		role: ContributorRole::Data,
		evidence: Hash::zero(),
		share: Share(share),
	}
}

/// `count` contributors with shares that add up, the accounts counted from `first`.
pub(crate) fn even(first: u32, count: u32) -> Vec<Contributor> {
	let (quota, more) = (Share::WHOLE.0 / count, Share::WHOLE.0 % count);
	(0..count)
		.map(|index| contributor(fresh(first + index), quota + u32::from(index < more)))
		.collect()
}

pub(crate) fn parent(model: ModelId, royalty: u32) -> Parent {
	Parent { model, royalty: Share(royalty) }
}

/// A payment as settlement makes it: first the money, then the credit.
pub(crate) fn pay(model: ModelId, amount: Balance) {
	Balances::mint_into(&Attribution::pot(), amount).unwrap();
	Attribution::credit(&model, amount);
}
