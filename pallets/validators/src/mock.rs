//! A runtime with sessions, balances and this pallet.

use crate::{self as pallet_validators, Exposure, ExposureOf, OpenSlots};
use countersign_primitives::{
	keys::{InferenceId, INFERENCE_KEY_TYPE},
	parameters::{ConsensusParameters, RequestParameters},
	traits::{RequestRules, Serving},
	AccountId, Balance, BlockNumber, Hash, SessionIndex, UNIT,
};
use frame_support::{
	derive_impl,
	dispatch::DispatchResult,
	parameter_types,
	traits::{fungible::InspectHold, ConstU128, ConstU32, FindAuthor},
	weights::Weight,
};
use frame_system::EnsureRoot;
use pallet_session::{
	disabling::UpToLimitWithReEnablingDisablingStrategy, historical as pallet_session_historical,
	PeriodicSessions, SessionHandler,
};
use sp_application_crypto::RuntimeAppPublic;
use sp_core::crypto::KeyTypeId;
use sp_keystore::{testing::MemoryKeystore, KeystoreExt};
use sp_runtime::{
	impl_opaque_keys,
	traits::{ConvertInto, IdentityLookup, OpaqueKeys},
	BuildStorage, ConsensusEngineId,
};

pub(crate) const MINIMUM: Balance = 1_000 * UNIT;
pub(crate) const ENDOWMENT: Balance = 1_000_000 * UNIT;
pub(crate) const EXISTENTIAL_DEPOSIT: Balance = UNIT / 1_000;
/// Blocks of a session. The first lasts one block less, because it begins with block 1.
pub(crate) const PERIOD: BlockNumber = 5;

/// What it takes to end what a validator serves.
pub(crate) const SERVING_WEIGHT: Weight = Weight::from_parts(7_777, 77);

type Block = frame_system::mocking::MockBlockU32<Test>;

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
	pub type System = frame_system::Pallet<Test>;
	#[runtime::pallet_index(1)]
	pub type Balances = pallet_balances::Pallet<Test>;
	#[runtime::pallet_index(2)]
	pub type Authorship = pallet_authorship::Pallet<Test>;
	#[runtime::pallet_index(3)]
	pub type Validators = pallet_validators::Pallet<Test>;
	#[runtime::pallet_index(4)]
	pub type Session = pallet_session::Pallet<Test>;
	#[runtime::pallet_index(5)]
	pub type Historical = pallet_session_historical::Pallet<Test>;
	#[runtime::pallet_index(6)]
	pub type Offences = pallet_offences::Pallet<Test>;
}

impl_opaque_keys! {
	pub struct MockKeys {
		pub inference: Validators,
	}
}

parameter_types! {
	/// The inference keys that pallet-session reports as active, in order.
	pub static ActiveKeys: Vec<(AccountId, InferenceId)> = vec![];
	/// Whether pallet-session reported a change at the last rotation.
	pub static SetReportedChanged: bool = false;
	/// Who was withdrawn from serving, in order.
	pub static WithdrawnFromServing: Vec<AccountId> = vec![];
	/// The longest life of a request, in blocks.
	pub static LongestRequest: BlockNumber = 0;
	/// The slots of consensus offences that can still be proved in new sessions.
	pub static StillOpen: Vec<Vec<u8>> = vec![];
	/// The author of all blocks.
	pub static Author: Option<AccountId> = None;
}

/// Notes what consensus would be told.
pub struct ConsensusSpy;

fn inference_keys<Ks: OpaqueKeys>(validators: &[(AccountId, Ks)]) -> Vec<(AccountId, InferenceId)> {
	validators
		.iter()
		.map(|(account, keys)| (account.clone(), keys.get(INFERENCE_KEY_TYPE).unwrap()))
		.collect()
}

impl SessionHandler<AccountId> for ConsensusSpy {
	const KEY_TYPE_IDS: &'static [KeyTypeId] = &[INFERENCE_KEY_TYPE];
	fn on_genesis_session<Ks: OpaqueKeys>(validators: &[(AccountId, Ks)]) {
		ActiveKeys::set(inference_keys(validators));
	}
	fn on_new_session<Ks: OpaqueKeys>(
		changed: bool,
		validators: &[(AccountId, Ks)],
		_: &[(AccountId, Ks)],
	) {
		SetReportedChanged::set(changed);
		ActiveKeys::set(inference_keys(validators));
	}
	fn on_disabled(_: u32) {}
}

pub struct ServingSpy;
impl Serving for ServingSpy {
	fn withdraw_all(validator: &AccountId) {
		WithdrawnFromServing::mutate(|list| list.push(validator.clone()));
	}
	fn withdraw_all_weight() -> Weight {
		SERVING_WEIGHT
	}
}

pub struct OpenSlotsSpy;
impl OpenSlots for OpenSlotsSpy {
	fn is_open(_: &[u8; 16], slot: &[u8]) -> bool {
		StillOpen::get().iter().any(|open| open.as_slice() == slot)
	}
}

pub struct LocalRequests;
impl RequestRules for LocalRequests {
	fn parameters() -> RequestParameters {
		RequestParameters::local()
	}
}

pub struct AuthorSpy;
impl FindAuthor<AccountId> for AuthorSpy {
	fn find_author<'a, I>(_: I) -> Option<AccountId>
	where
		I: 'a + IntoIterator<Item = (ConsensusEngineId, &'a [u8])>,
	{
		Author::get()
	}
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountId = AccountId;
	type Lookup = IdentityLookup<AccountId>;
	type Hash = Hash;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Balance;
	type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
	type AccountStore = System;
}

impl pallet_authorship::Config for Test {
	type FindAuthor = AuthorSpy;
	type EventHandler = Validators;
}

impl pallet_session::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type ValidatorId = AccountId;
	type ValidatorIdOf = ConvertInto;
	type ShouldEndSession = PeriodicSessions<ConstU32<PERIOD>, ConstU32<0>>;
	type NextSessionRotation = PeriodicSessions<ConstU32<PERIOD>, ConstU32<0>>;
	type SessionManager = pallet_session_historical::NoteHistoricalRoot<Test, Validators>;
	type SessionHandler = ConsensusSpy;
	type Keys = MockKeys;
	type DisablingStrategy = UpToLimitWithReEnablingDisablingStrategy;
	type WeightInfo = ();
	type Currency = Balances;
	type KeyDeposit = ConstU128<UNIT>;
}

impl pallet_session_historical::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type FullIdentification = Exposure;
	type FullIdentificationOf = ExposureOf<Test>;
}

impl pallet_offences::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type IdentificationTuple = pallet_session_historical::IdentificationTuple<Self>;
	type OnOffenceHandler = Validators;
}

impl pallet_validators::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Serving = ServingSpy;
	type RequestRules = LocalRequests;
	type LongestRequest = LongestRequest;
	type OpenSlots = OpenSlotsSpy;
	type CancelOrigin = EnsureRoot<AccountId>;
	type SuspensionOrigin = EnsureRoot<AccountId>;
	type ParameterOrigin = EnsureRoot<AccountId>;
	type AppealBlocks = ConstU32<9>;
	type WeightInfo = ();
}

/// The account with this number.
pub(crate) fn account(n: u32) -> AccountId {
	let mut bytes = [0x11; 32];
	bytes[..4].copy_from_slice(&n.to_be_bytes());
	AccountId::new(bytes)
}

/// The inference key with this number, for any account.
pub(crate) fn key(n: u32) -> InferenceId {
	InferenceId::generate_pair(Some(format!("//{n}").into_bytes()))
}

/// Sets session keys with a proof of ownership for the account.
pub(crate) fn set_keys(who: &AccountId, n: u32) -> DispatchResult {
	let (keys, proof) = keys_and_proof(who, n);
	Session::set_keys(RuntimeOrigin::signed(who.clone()), keys, proof)
}

/// Session keys, and the proof that `owner` may use them.
pub(crate) fn keys_and_proof(owner: &AccountId, n: u32) -> (MockKeys, Vec<u8>) {
	use codec::Encode;
	let generated = MockKeys::generate(&owner.encode(), Some(format!("//{n}").into_bytes()));
	(generated.keys, generated.proof.encode())
}

/// What the account has on hold as a bond.
pub(crate) fn held(who: &AccountId) -> Balance {
	Balances::balance_on_hold(&pallet_validators::HoldReason::Bond.into(), who)
}

/// Ends sessions, without the blocks between, until this one begins.
pub(crate) fn rotate_to(session: SessionIndex) {
	while Session::current_index() < session {
		Session::rotate_session();
	}
}

/// Runs whole blocks until the one in which this session begins.
pub(crate) fn run_to_session(session: SessionIndex) {
	System::run_to_block::<AllPalletsWithSystem>(session * PERIOD);
	assert_eq!(Session::current_index(), session);
}

/// The last events of this pallet since the previous call.
pub(crate) fn events() -> Vec<pallet_validators::Event<Test>> {
	let events = System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::Validators(event) => Some(event),
			_ => None,
		})
		.collect();
	System::reset_events();
	events
}

/// Builds the state that a test begins with.
pub(crate) struct ExtBuilder {
	validators: Vec<(AccountId, Balance)>,
	without_keys: Vec<AccountId>,
	parameters: ConsensusParameters,
}

impl Default for ExtBuilder {
	/// Three validators, numbered 1 to 3, with bonds of 5, 4 and 3 times the minimum.
	fn default() -> Self {
		Self {
			validators: vec![
				(account(1), 5 * MINIMUM),
				(account(2), 4 * MINIMUM),
				(account(3), 3 * MINIMUM),
			],
			without_keys: vec![],
			parameters: ConsensusParameters::local(),
		}
	}
}

impl ExtBuilder {
	pub(crate) fn validators(mut self, validators: Vec<(AccountId, Balance)>) -> Self {
		self.validators = validators;
		self
	}
	pub(crate) fn without_keys(mut self, without: Vec<AccountId>) -> Self {
		self.without_keys = without;
		self
	}
	pub(crate) fn parameters(mut self, change: impl FnOnce(&mut ConsensusParameters)) -> Self {
		change(&mut self.parameters);
		self
	}

	pub(crate) fn build(self) -> sp_io::TestExternalities {
		WithdrawnFromServing::set(vec![]);
		SetReportedChanged::set(false);
		StillOpen::set(vec![]);
		LongestRequest::set(0);
		Author::set(None);
		let mut ext = sp_io::TestExternalities::default();
		ext.register_extension(KeystoreExt::new(MemoryKeystore::new()));
		// Accounts 1 to 20 are endowed, all validators are.
		let mut balances: Vec<_> = (1..=20).map(|n| (account(n), ENDOWMENT)).collect();
		for (validator, bond) in &self.validators {
			if balances.iter().all(|(known, _)| known != validator) {
				balances.push((validator.clone(), bond + ENDOWMENT));
			}
		}
		let keys = ext.execute_with(|| {
			self.validators
				.iter()
				.zip(1..)
				.filter(|((validator, _), _)| !self.without_keys.contains(validator))
				.map(|((validator, _), n)| {
					(validator.clone(), validator.clone(), MockKeys { inference: key(n) })
				})
				.collect()
		});
		let storage = RuntimeGenesisConfig {
			balances: pallet_balances::GenesisConfig { balances, ..Default::default() },
			validators: pallet_validators::GenesisConfig {
				parameters: self.parameters,
				validators: self.validators,
				..Default::default()
			},
			session: pallet_session::GenesisConfig { keys, ..Default::default() },
			..Default::default()
		}
		.build_storage()
		.unwrap();
		let mut ext = sp_io::TestExternalities::new(storage);
		ext.register_extension(KeystoreExt::new(MemoryKeystore::new()));
		ext.execute_with(|| System::set_block_number(1));
		ext
	}

	/// Runs a test, and checks the invariants after it.
	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			Validators::do_try_state().expect("the invariants hold before the test");
			test();
			Validators::do_try_state().expect("the invariants hold after the test");
		});
	}
}
