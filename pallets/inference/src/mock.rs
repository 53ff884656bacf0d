#![allow(unreachable_pub)]
//! A runtime for tests: real balances, and small models, bonds, sessions and contributors that
//! keep their state in storage, so that what fails leaves no trace there either.

use crate as pallet_inference;
use crate::{types::BlockRandomness, Event, Pallet};
use codec::{Decode, DecodeWithMemTracking, Encode};
use countersign_primitives::{
	attribution::Vector,
	keys::{InferenceId, InferencePair, InferenceSignature},
	model::{Contributor, ModelId, ModelStatus, Parent, MAX_SERVERS},
	parameters::{ConsensusParameters, RequestParameters},
	request::{
		Input, InputDemand, Outcome, OutcomeCommitment, RequestId, Role, Statement, Terms, TrapCode,
	},
	tensor::{
		check_signature, decode_tensors, max_encoded_bytes, Dimension, Port, Tensor, TensorError,
		TensorType,
	},
	traits::{Bonds, Contributors, ModelTerms, Models, SessionMember, Sessions, Versions},
	AccountId, Balance, BlockNumber, Hash, Macs, SessionIndex, ValidatorIndex, GIGA_MAC,
	MILLI_UNIT, UNIT,
};
use frame_support::{
	derive_impl,
	pallet_prelude::ValueQuery,
	parameter_types, storage_alias,
	traits::{Authorize, Hooks},
	Blake2_128Concat, Twox64Concat,
};
use frame_system::RawOrigin;
use sp_core::Pair;
use sp_runtime::{
	generic,
	traits::{BlakeTwo256, Dispatchable, IdentityLookup},
	transaction_validity::{TransactionSource, TransactionValidityError, ValidTransaction},
	BuildStorage, DispatchError, DispatchResult,
};

pub(crate) type Extension = frame_system::AuthorizeCall<Test>;
pub(crate) type Extrinsic = generic::UncheckedExtrinsic<AccountId, RuntimeCall, (), Extension>;
pub(crate) type Block = generic::Block<generic::Header<u32, BlakeTwo256>, Extrinsic>;

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
	pub type Inference = pallet_inference::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountId = AccountId;
	type Lookup = IdentityLookup<AccountId>;
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

pub(crate) const EXISTENTIAL_DEPOSIT: Balance = MILLI_UNIT;

parameter_types! {
	pub const ExistentialDeposit: Balance = EXISTENTIAL_DEPOSIT;
	pub TreasuryAccount: AccountId = treasury();
	pub AuditPotAccount: AccountId = audit_pot();
	pub static ClockRuns: bool = true;
	pub static Silent: bool = false;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Balance;
	type ExistentialDeposit = ExistentialDeposit;
	type AccountStore = System;
	type FreezeIdentifier = [u8; 8];
	type MaxFreezes = frame_support::traits::ConstU32<2>;
}

impl pallet_inference::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Models = MockModels;
	type Programs = crate::tests::sync::Stored;
	type Bonds = MockBonds;
	type Sessions = MockSessions;
	type Versions = MockVersions;
	type Contributors = MockContributors;
	type Randomness = MockRandomness;
	type ClockRuns = ClockRuns;
	type Treasury = TreasuryAccount;
	type AuditPot = AuditPotAccount;
	type ParameterOrigin = frame_system::EnsureRoot<AccountId>;
	type PauseOrigin = frame_system::EnsureRoot<AccountId>;
	type Callbacks = crate::tests::callbacks::Recorder;
	type Audits = crate::tests::audited::Recorded;
	type WeightInfo = ();
}

impl<LocalCall> frame_system::offchain::CreateTransactionBase<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	type RuntimeCall = RuntimeCall;
	type Extrinsic = Extrinsic;
}

impl<LocalCall> frame_system::offchain::CreateTransaction<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	type Extension = Extension;
	fn create_transaction(call: RuntimeCall, extension: Extension) -> Extrinsic {
		Extrinsic::new_transaction(call, extension)
	}
}

impl<LocalCall> frame_system::offchain::CreateAuthorizedTransaction<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	fn create_extension() -> Extension {
		Extension::new()
	}
}

// --- randomness ---

/// As good as a real one for tests: another value in every block.
pub struct MockRandomness;

impl BlockRandomness for MockRandomness {
	fn block_randomness() -> Option<Hash> {
		use sp_runtime::traits::Hash as _;
		(!Silent::get()).then(|| BlakeTwo256::hash_of(&(b"vrf", System::block_number())))
	}
}

// --- models ---

#[derive(Clone, Encode, Decode, DecodeWithMemTracking)]
pub(crate) struct MockModel {
	pub(crate) status: ModelStatus,
	pub(crate) price: Balance,
	pub(crate) macs: Macs,
	pub(crate) canonical_version: Option<u16>,
	pub(crate) port: Port,
	pub(crate) servers: Vec<AccountId>,
}

#[storage_alias]
pub(crate) type ModelTable = StorageMap<Mock, Blake2_128Concat, ModelId, MockModel>;
#[storage_alias]
pub(crate) type Capacity = StorageMap<Mock, Blake2_128Concat, AccountId, Macs, ValueQuery>;

pub struct MockModels;

impl Models for MockModels {
	fn terms(model: &ModelId, _now: BlockNumber) -> Option<ModelTerms> {
		let model = ModelTable::get(model)?;
		Some(ModelTerms {
			status: model.status,
			price: model.price,
			macs: model.macs,
			canonical_version: model.canonical_version,
		})
	}
	fn check_input(model: &ModelId, tensors: &[Tensor]) -> Result<(), TensorError> {
		let model = ModelTable::get(model).ok_or(TensorError::SignatureMismatch)?;
		check_signature(&[model.port], tensors)
	}
	fn check_output(model: &ModelId, tensors: &[Tensor]) -> Result<(), TensorError> {
		Self::check_input(model, tensors)
	}
	fn input_bytes(model: &ModelId) -> u32 {
		ModelTable::get(model).and_then(|model| max_encoded_bytes(&[model.port])).unwrap_or(0)
	}
	fn servers(model: &ModelId) -> Vec<AccountId> {
		let mut servers = ModelTable::get(model).map(|model| model.servers).unwrap_or_default();
		servers.truncate(MAX_SERVERS as usize);
		servers
	}
	fn capacity(validator: &AccountId) -> Macs {
		Capacity::get(validator)
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn make_model(owner: &AccountId, servers: &[AccountId]) -> ModelId {
		let id = Hash::from_slice(owner.as_ref());
		ModelTable::insert(id, MockModel { servers: servers.to_vec(), ..default_model() });
		for server in servers {
			Capacity::insert(server, 1_000 * GIGA_MAC);
		}
		id
	}
}

pub(crate) fn default_model() -> MockModel {
	MockModel {
		status: ModelStatus::Active,
		price: PRICE,
		macs: MACS,
		canonical_version: Some(1),
		port: Port {
			name: b"x".to_vec().try_into().unwrap(),
			ty: TensorType::U8,
			shape: vec![Dimension::Range { min: 1, max: 200_000 }].try_into().unwrap(),
		},
		servers: vec![],
	}
}

// --- bonds ---

#[derive(Clone, Default, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub(crate) struct MockBond {
	pub(crate) bonded: Balance,
	pub(crate) reserved: Balance,
	pub(crate) answered: u32,
	pub(crate) missed: u32,
	pub(crate) leaving: bool,
}

#[storage_alias]
pub(crate) type BondTable = StorageMap<Mock, Blake2_128Concat, AccountId, MockBond, ValueQuery>;

pub struct MockBonds;

impl Bonds for MockBonds {
	fn is_validator(who: &AccountId) -> bool {
		let bond = BondTable::get(who);
		bond.bonded > 0 && !bond.leaving
	}
	fn bonded(who: &AccountId) -> Balance {
		BondTable::get(who).bonded
	}
	fn free_cover(who: &AccountId) -> Balance {
		let bond = BondTable::get(who);
		(bond.bonded / 2).saturating_sub(bond.reserved)
	}
	fn reserved_cover(who: &AccountId) -> Balance {
		BondTable::get(who).reserved
	}
	fn reserve_cover(who: &AccountId, amount: Balance) -> DispatchResult {
		if Self::free_cover(who) < amount {
			return Err(DispatchError::Other("no cover"));
		}
		BondTable::mutate(who, |bond| bond.reserved += amount);
		Ok(())
	}
	fn release_cover(who: &AccountId, amount: Balance) {
		BondTable::mutate(who, |bond| {
			// A test must see what production forgives.
			bond.reserved = bond.reserved.checked_sub(amount).expect("released too much cover");
		});
	}
	fn note_service(who: &AccountId, answered: bool) {
		BondTable::mutate(who, |bond| {
			if answered {
				bond.answered += 1;
			} else {
				bond.missed += 1;
			}
		});
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn make_validator(seed: u32) -> AccountId {
		use sp_application_crypto::RuntimeAppPublic;
		let key = InferenceId::generate_pair(None);
		let who = AccountId::from(sp_crypto_hashing::blake2_256(&(b"validator", seed).encode()));
		let index = MemberTable::iter_prefix(MockSessions::current()).count() as u32;
		MemberTable::insert(MockSessions::current(), index, (who.clone(), key, BOND));
		BondTable::mutate(&who, |bond| bond.bonded = BOND);
		who
	}
}

// --- sessions ---

#[storage_alias]
pub(crate) type CurrentSession = StorageValue<Mock, SessionIndex, ValueQuery>;
#[storage_alias]
pub(crate) type MemberTable = StorageDoubleMap<
	Mock,
	Twox64Concat,
	SessionIndex,
	Twox64Concat,
	ValidatorIndex,
	(AccountId, InferenceId, Balance),
>;

pub struct MockSessions;

impl Sessions for MockSessions {
	fn current() -> SessionIndex {
		CurrentSession::get()
	}
	fn position(who: &AccountId) -> Option<ValidatorIndex> {
		MemberTable::iter_prefix(Self::current())
			.find_map(|(index, (account, _, _))| (account == *who).then_some(index))
	}
	fn member(session: SessionIndex, validator: ValidatorIndex) -> Option<SessionMember> {
		MemberTable::get(session, validator).map(|(account, key, exposure)| SessionMember {
			account,
			key,
			exposure,
		})
	}
	fn parameters() -> ConsensusParameters {
		ConsensusParameters::local()
	}
}

// --- versions ---

#[storage_alias]
pub(crate) type SuspendedVersions = StorageMap<Mock, Blake2_128Concat, u16, ()>;
#[storage_alias]
pub(crate) type LiftedVersions = StorageMap<Mock, Blake2_128Concat, u16, BlockNumber>;

pub struct MockVersions;

impl Versions for MockVersions {
	fn suspended(version: u16) -> bool {
		SuspendedVersions::contains_key(version)
	}
	fn lifted_at(version: u16) -> Option<BlockNumber> {
		LiftedVersions::get(version)
	}
}

pub(crate) fn suspend(version: u16) {
	SuspendedVersions::insert(version, ());
}

pub(crate) fn lift(version: u16) {
	SuspendedVersions::remove(version);
	LiftedVersions::insert(version, System::block_number());
}

// --- contributors ---

#[storage_alias]
pub(crate) type Credited = StorageMap<Mock, Blake2_128Concat, ModelId, Balance, ValueQuery>;

pub struct MockContributors;

impl Contributors for MockContributors {
	fn register(
		_model: &ModelId,
		_contributors: &[Contributor],
		_parents: &[Parent],
	) -> Result<Vector, DispatchError> {
		Err(DispatchError::Other("models are made by the test itself"))
	}
	fn commitment(model: &ModelId) -> Option<Hash> {
		use sp_runtime::traits::Hash as _;
		ModelTable::contains_key(model).then(|| BlakeTwo256::hash_of(&(b"vector", model)))
	}
	fn pot() -> AccountId {
		pot()
	}
	fn credit(model: &ModelId, amount: Balance) {
		Credited::mutate(model, |total| *total += amount);
	}
}

// --- who and what ---

pub(crate) const PRICE: Balance = 7 * MILLI_UNIT + 3;
pub(crate) const MACS: Macs = 3 * GIGA_MAC / 2;
pub(crate) const BOND: Balance = 10_000 * UNIT;
pub(crate) const FUNDS: Balance = 1_000_000 * UNIT;
pub(crate) const MAX_FEE: Balance = UNIT;
pub(crate) const VALIDATORS: u8 = 4;

pub(crate) fn account(seed: u8) -> AccountId {
	AccountId::from([seed; 32])
}
pub(crate) fn alice() -> AccountId {
	account(1)
}
pub(crate) fn bob() -> AccountId {
	account(2)
}
pub(crate) fn treasury() -> AccountId {
	account(240)
}
pub(crate) fn audit_pot() -> AccountId {
	account(241)
}
pub(crate) fn pot() -> AccountId {
	account(242)
}
pub(crate) fn validator(index: u8) -> AccountId {
	account(100 + index)
}
pub(crate) fn model() -> ModelId {
	Hash::repeat_byte(0xaa)
}
pub(crate) fn rules() -> RequestParameters {
	RequestParameters::local()
}
pub(crate) fn cost_fee() -> Balance {
	rules().cost_fee(MACS)
}
pub(crate) fn fee() -> Balance {
	cost_fee() + PRICE
}
/// The inference key of a validator, by its account.
pub(crate) fn pair_of(account: &AccountId) -> InferencePair {
	let seed: &[u8] = account.as_ref();
	InferencePair::from_seed_slice(seed).unwrap()
}

pub(crate) struct ExtBuilder {
	validators: u8,
	rules: RequestParameters,
}

impl Default for ExtBuilder {
	fn default() -> Self {
		Self { validators: VALIDATORS, rules: rules() }
	}
}

impl ExtBuilder {
	pub(crate) fn validators(mut self, validators: u8) -> Self {
		self.validators = validators;
		self
	}
	pub(crate) fn rules(mut self, rules: RequestParameters) -> Self {
		self.rules = rules;
		self
	}
	pub(crate) fn build(self) -> sp_io::TestExternalities {
		let mut balances = vec![
			(treasury(), EXISTENTIAL_DEPOSIT),
			(audit_pot(), EXISTENTIAL_DEPOSIT),
			(pot(), EXISTENTIAL_DEPOSIT),
		];
		balances.extend([1u8, 2, 3].map(|seed| (account(seed), FUNDS)));
		balances.extend((0..self.validators).map(|index| (validator(index), UNIT)));
		let storage = RuntimeGenesisConfig {
			balances: pallet_balances::GenesisConfig { balances, ..Default::default() },
			inference: pallet_inference::GenesisConfig {
				parameters: self.rules,
				..Default::default()
			},
			..Default::default()
		}
		.build_storage()
		.unwrap();
		let mut ext = sp_io::TestExternalities::from(storage);
		// Benchmarks make keys as they go.
		#[cfg(feature = "runtime-benchmarks")]
		ext.register_extension(sp_keystore::KeystoreExt::new(
			sp_keystore::testing::MemoryKeystore::new(),
		));
		ext.execute_with(|| {
			ClockRuns::set(true);
			Silent::set(false);
			let servers: Vec<_> = (0..self.validators).map(validator).collect();
			for (index, server) in servers.iter().enumerate() {
				BondTable::mutate(server, |bond| bond.bonded = BOND);
				Capacity::insert(server, 10 * GIGA_MAC);
				MemberTable::insert(
					0,
					index as u32,
					(server.clone(), pair_of(server).public(), BOND),
				);
			}
			ModelTable::insert(model(), MockModel { servers, ..default_model() });
			start_block(1);
		});
		ext
	}
	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			check();
		});
	}
}

/// All invariants.
pub(crate) fn check() {
	Pallet::<Test>::do_try_state().expect("invariants");
}

fn start_block(number: u32) {
	let parent = number - 1;
	let hash =
		if parent == 0 { System::block_hash(0) } else { Hash::from_low_u64_be(parent.into()) };
	System::reset_events();
	System::initialize(&number, &hash, &Default::default());
	System::note_finished_initialize();
	Inference::on_initialize(number);
}

/// Ends this block and begins the next. The invariants are checked between them.
pub(crate) fn next_block() {
	end_block();
	start_block(System::block_number() + 1);
}

/// Ends this block without beginning another: what a state query sees.
pub(crate) fn end_block() {
	Inference::on_finalize(System::block_number());
	assert!(crate::Fresh::<Test>::get().is_empty());
	check();
}

pub(crate) fn run_to(block: u32) {
	while System::block_number() < block {
		next_block();
	}
}

pub(crate) fn run_blocks(blocks: u32) {
	run_to(System::block_number() + blocks);
}

// --- requests ---

/// One tensor of bytes, encoded.
pub(crate) fn tensor(bytes: &[u8]) -> Vec<u8> {
	vec![Tensor { ty: TensorType::U8, shape: vec![bytes.len() as u32], data: bytes.to_vec() }]
		.encode()
}
pub(crate) fn inline(bytes: &[u8]) -> Input {
	Input::Inline(tensor(bytes).try_into().unwrap())
}
pub(crate) fn committed(bytes: &[u8]) -> Input {
	let encoded = tensor(bytes);
	Input::Committed {
		commitment: Inference::commit(encoded.clone()).unwrap(),
		length: encoded.len() as u32,
	}
}
pub(crate) fn terms() -> Terms {
	Terms {
		max_fee: MAX_FEE,
		deadline: System::block_number() + 30,
		lane: 0,
		evidence: Default::default(),
		value_at_risk: 0,
		callback: None,
	}
}

/// What differs from an ordinary request.
pub(crate) struct Ask {
	pub(crate) who: AccountId,
	pub(crate) model: ModelId,
	pub(crate) input: Input,
	pub(crate) terms: Terms,
	pub(crate) nonce: Option<u64>,
}

pub(crate) fn ask() -> Ask {
	Ask { who: alice(), model: model(), input: inline(b"input"), terms: terms(), nonce: None }
}

impl Ask {
	pub(crate) fn send(self) -> Result<RequestId, DispatchError> {
		let nonce =
			self.nonce.unwrap_or_else(|| Inference::next_nonce(self.who.clone(), self.terms.lane));
		let commitment = match &self.input {
			Input::Inline(bytes) => Inference::commit(bytes.to_vec()).unwrap_or_default(),
			Input::Committed { commitment, .. } => *commitment,
		};
		let id =
			Inference::id_of(self.who.clone(), nonce, self.model, commitment, self.terms.clone());
		Inference::request(
			RuntimeOrigin::signed(self.who),
			self.model,
			self.input,
			self.terms,
			nonce,
		)
		.map_err(|error| error.error)?;
		Ok(id)
	}
}

/// An ordinary request, assigned.
pub(crate) fn assigned() -> RequestId {
	let id = ask().send().unwrap();
	next_block();
	assert_eq!(status(&id), countersign_primitives::request::RequestStatus::Assigned);
	id
}

/// A request whose input's bytes are not on chain, assigned.
pub(crate) fn assigned_committed(bytes: &[u8]) -> RequestId {
	let id = Ask { input: committed(bytes), ..ask() }.send().unwrap();
	next_block();
	id
}

/// An ordinary request, answered.
pub(crate) fn answered() -> RequestId {
	let id = assigned();
	answer(&id).unwrap();
	id
}

pub(crate) fn request(id: &RequestId) -> crate::Request {
	crate::Requests::<Test>::get(id).unwrap()
}
pub(crate) fn status(id: &RequestId) -> countersign_primitives::request::RequestStatus {
	request(id).status
}
pub(crate) fn executor(id: &RequestId) -> AccountId {
	request(id).active.unwrap().assignment.account
}

pub(crate) fn output(bytes: &[u8]) -> Outcome {
	Outcome::Output(tensor(bytes).try_into().unwrap())
}
pub(crate) fn trap() -> Outcome {
	Outcome::Trap { code: TrapCode::BadInput, operator: 3 }
}

/// The statement that the assigned validator makes.
pub(crate) fn statement(id: &RequestId, outcome: &Outcome) -> Statement {
	let request = request(id);
	let active = request.active.expect("assigned");
	Statement {
		genesis: System::block_hash(0),
		request: *id,
		model: request.model,
		role: Role::Executor,
		session: active.assignment.session,
		validator: active.assignment.validator,
		input: request.input_commitment,
		outcome: match outcome {
			Outcome::Output(bytes) => {
				OutcomeCommitment::of_output(&decode_tensors(bytes).unwrap_or_default())
			}
			Outcome::Trap { code, operator } => {
				OutcomeCommitment::Trap { code: *code, operator: *operator }
			}
		},
		attribution: MockContributors::commitment(&request.model).unwrap(),
		signer: active.key,
	}
}

pub(crate) fn sign(who: &AccountId, payload: &[u8]) -> InferenceSignature {
	pair_of(who).sign(payload)
}

/// What a node does with an authorized transaction: check it, and only then include it. What was
/// authorized must not fail.
pub(crate) fn include(
	call: impl Into<RuntimeCall>,
) -> Result<ValidTransaction, TransactionValidityError> {
	let call: RuntimeCall = call.into();
	let (valid, unspent) =
		call.authorize(TransactionSource::External).expect("the call is authorized")?;
	assert_eq!(unspent, frame_support::weights::Weight::zero());
	call.dispatch(RawOrigin::Authorized.into()).expect("what was authorized does not fail");
	Ok(valid)
}

pub(crate) fn submit(
	statement: Statement,
	outcome: Outcome,
	signer: &AccountId,
) -> Result<ValidTransaction, TransactionValidityError> {
	let signature = sign(signer, &statement.signing_payload());
	include(crate::Call::submit_result { statement, outcome, signature })
}

/// The assigned validator answers.
pub(crate) fn answer(id: &RequestId) -> Result<ValidTransaction, TransactionValidityError> {
	let outcome = output(b"output");
	submit(statement(id, &outcome), outcome, &executor(id))
}

pub(crate) fn input_demand(id: &RequestId) -> InputDemand {
	let active = request(id).active.expect("assigned");
	InputDemand {
		genesis: System::block_hash(0),
		request: *id,
		session: active.assignment.session,
		validator: active.assignment.validator,
		signer: active.key,
	}
}

/// The assigned validator demands the input.
pub(crate) fn demand(id: &RequestId) -> Result<ValidTransaction, TransactionValidityError> {
	let demand = input_demand(id);
	let signature = sign(&executor(id), &demand.signing_payload());
	include(crate::Call::demand_input { demand, signature })
}

pub(crate) fn post(who: AccountId, id: &RequestId, bytes: &[u8]) -> DispatchResult {
	Inference::post_input(RuntimeOrigin::signed(who), *id, bytes.to_vec().try_into().unwrap())
}

// --- looking ---

pub(crate) fn free(who: &AccountId) -> Balance {
	System::account(who).data.free
}
pub(crate) fn held(who: &AccountId) -> Balance {
	System::account(who).data.reserved
}
pub(crate) fn issuance() -> Balance {
	pallet_balances::TotalIssuance::<Test>::get()
}
/// The events of this pallet in this block.
pub(crate) fn events() -> Vec<Event<Test>> {
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::Inference(event) => Some(event),
			_ => None,
		})
		.collect()
}
pub(crate) fn assert_event(event: Event<Test>) {
	let events = events();
	assert!(events.contains(&event), "expected {event:?}\namong {events:?}");
}
/// Every key in storage under this pallet's prefix.
pub(crate) fn keys() -> Vec<Vec<u8>> {
	let prefix = sp_crypto_hashing::twox_128(b"Inference").to_vec();
	let mut keys = vec![];
	let mut key = prefix.clone();
	while let Some(next) = sp_io::storage::next_key(&key).filter(|key| key.starts_with(&prefix)) {
		keys.push(next.clone());
		key = next;
	}
	keys
}
