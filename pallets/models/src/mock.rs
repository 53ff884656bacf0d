//! A runtime with balances, models and the real attribution; bonds are a list.

use crate as pallet_models;
use countersign_primitives::{
	model::{
		registration_commitment, Artefact, Contributor, ContributorRole, Manifest, ModelId, Parent,
		PrecisionPolicy, ProgramRef, RunCost, Share,
	},
	parameters::RequestParameters,
	tensor::{Dimension, Port, TensorType},
	traits::{Bonds, RequestRules},
	AccountId, Balance, Hash, GIGA_MAC, MICRO_UNIT, MILLI_UNIT, UNIT,
};
use frame_support::{assert_ok, derive_impl, parameter_types, PalletId};
use sp_runtime::{traits::IdentityLookup, BuildStorage, DispatchResult};

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
	#[runtime::pallet_index(3)]
	pub type Models = pallet_models;
}

pub(crate) const ED: Balance = UNIT / 100;
pub(crate) const ENDOWMENT: Balance = 1_000 * UNIT;
pub(crate) const ALICE: AccountId = AccountId::new([1; 32]);
pub(crate) const BOB: AccountId = AccountId::new([2; 32]);
/// Bonded.
pub(crate) const VICTOR: AccountId = AccountId::new([11; 32]);
/// Has nothing.
pub(crate) const PAUPER: AccountId = AccountId::new([99; 32]);

parameter_types! {
	pub const ExistentialDeposit: Balance = ED;
	pub const AttributionPalletId: PalletId = PalletId(*b"cs/attri");
	pub const DepositPerItem: Balance = 10 * MILLI_UNIT;
	pub const DepositPerByte: Balance = 100 * MICRO_UNIT;
	pub static CanonicalVersions: u16 = 0;
	pub static PriceNotice: u32 = 10;
	pub static Validators: Vec<AccountId> = vec![VICTOR];
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
	type RuntimeHoldReason = RuntimeHoldReason;
}

impl pallet_attribution::Config for Test {
	type Currency = Balances;
	type PalletId = AttributionPalletId;
	type WeightInfo = ();
}

impl pallet_models::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Contributors = Attribution;
	type Bonds = TestBonds;
	type RequestRules = TestRules;
	type CanonicalVersions = CanonicalVersions;
	type DepositPerItem = DepositPerItem;
	type DepositPerByte = DepositPerByte;
	type WeightInfo = ();
}

/// Whoever is in [`Validators`] is bonded; nobody has cover.
pub struct TestBonds;
impl Bonds for TestBonds {
	fn is_validator(who: &AccountId) -> bool {
		Validators::get().contains(who)
	}
	fn bonded(_: &AccountId) -> Balance {
		0
	}
	fn free_cover(_: &AccountId) -> Balance {
		0
	}
	fn reserved_cover(_: &AccountId) -> Balance {
		0
	}
	fn reserve_cover(_: &AccountId, _: Balance) -> DispatchResult {
		Ok(())
	}
	fn release_cover(_: &AccountId, _: Balance) {}
	fn note_service(_: &AccountId, _: bool) {}
	#[cfg(feature = "runtime-benchmarks")]
	fn make_validator(seed: u32) -> AccountId {
		let validator = account(seed);
		Validators::mutate(|validators| validators.push(validator.clone()));
		validator
	}
}

pub struct TestRules;
impl RequestRules for TestRules {
	fn parameters() -> RequestParameters {
		RequestParameters { price_notice_blocks: PriceNotice::get(), ..RequestParameters::local() }
	}
}

/// The only way into a test: what must hold always is checked after it.
#[derive(Default)]
pub(crate) struct ExtBuilder {
	canonical_versions: u16,
}

impl ExtBuilder {
	/// The canonical versions that are released.
	pub(crate) fn canonical_versions(mut self, versions: u16) -> Self {
		self.canonical_versions = versions;
		self
	}

	pub(crate) fn build(self) -> sp_io::TestExternalities {
		CanonicalVersions::set(self.canonical_versions);
		Validators::set(vec![VICTOR]);
		let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
		pallet_balances::GenesisConfig::<Test> {
			balances: vec![(ALICE, ENDOWMENT), (BOB, ENDOWMENT), (VICTOR, ENDOWMENT)],
			..Default::default()
		}
		.assimilate_storage(&mut storage)
		.unwrap();
		pallet_attribution::GenesisConfig::<Test>::default()
			.assimilate_storage(&mut storage)
			.unwrap();
		let mut ext: sp_io::TestExternalities = storage.into();
		ext.execute_with(|| System::set_block_number(1));
		ext
	}

	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			Models::do_try_state().unwrap();
			#[cfg(feature = "try-runtime")]
			Attribution::do_try_state().unwrap();
		});
	}
}

pub(crate) fn account(index: u32) -> AccountId {
	let mut bytes = [0xaa; 32];
	bytes[..4].copy_from_slice(&index.to_be_bytes());
	AccountId::new(bytes)
}

pub(crate) fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub(crate) fn port(name: &str, ty: TensorType, shape: &[Dimension]) -> Port {
	Port {
		name: name.as_bytes().to_vec().try_into().unwrap(),
		ty,
		shape: shape.to_vec().try_into().unwrap(),
	}
}

pub(crate) fn contributor(account: AccountId, share: u32) -> Contributor {
	Contributor {
		account,
		role: ContributorRole::Training,
		evidence: Hash::zero(),
		share: Share(share),
	}
}

pub(crate) fn parent(model: ModelId, royalty: u32) -> Parent {
	Parent { model, royalty: Share(royalty) }
}

/// A manifest in order, without program, with an artefact that depends on `seed`.
pub(crate) fn manifest(seed: u8) -> Manifest {
	let batch = Dimension::Range { min: 1, max: 8 };
	Manifest {
		name: b"digits".to_vec().try_into().unwrap(),
		licence: b"MIT".to_vec().try_into().unwrap(),
		artefact: Artefact { sha256: [seed; 32], length: 26_454 },
		program: None,
		inputs: vec![port("image", TensorType::F32, &[batch, Dimension::Fixed(784)])]
			.try_into()
			.unwrap(),
		outputs: vec![port("class", TensorType::I64, &[batch])].try_into().unwrap(),
		policies: Default::default(),
		cost: RunCost { macs: 2 * GIGA_MAC, time_ms: 1_000, memory_mib: 64 },
		contributors: vec![contributor(ALICE, 600_000_000), contributor(BOB, 400_000_000)]
			.try_into()
			.unwrap(),
		parents: Default::default(),
	}
}

pub(crate) fn with_program(mut manifest: Manifest, root: u8, version: u16) -> Manifest {
	manifest.program =
		Some(ProgramRef { root: Hash::repeat_byte(root), canonical_version: version });
	manifest.policies = vec![PrecisionPolicy::Exact].try_into().unwrap();
	manifest
}

pub(crate) fn id(manifest: &Manifest, owner: &AccountId) -> ModelId {
	manifest.id(&System::block_hash(0), owner)
}

/// Has `owner` commit to register it, in the block before this one.
pub(crate) fn commit(owner: &AccountId, manifest: &Manifest) -> DispatchResult {
	let now = System::block_number();
	System::set_block_number(now - 1);
	let commitment = registration_commitment(&id(manifest, owner));
	let done = Models::commit(signed(owner.clone()), commitment);
	System::set_block_number(now);
	done
}

/// Registers it for `owner` at a price of one token.
pub(crate) fn register(owner: AccountId, manifest: Manifest) -> ModelId {
	let model = id(&manifest, &owner);
	assert_ok!(commit(&owner, &manifest));
	assert_ok!(Models::register(signed(owner), manifest, UNIT));
	model
}

pub(crate) fn held(who: &AccountId) -> Balance {
	use frame_support::traits::fungible::InspectHold;
	Balances::balance_on_hold(&crate::HoldReason::Registration.into(), who)
}
