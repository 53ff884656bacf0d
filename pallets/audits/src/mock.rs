#![allow(unreachable_pub)]
//! A runtime for tests: real balances; small results, bonds, sessions and slashes that keep their
//! state in storage, so that what fails leaves no trace there either.

use crate as pallet_audits;
use crate::{Audit, Config, Event, Progress, SeatState};
use codec::{Decode, DecodeWithMemTracking, Encode};
use countersign_primitives::{
	audit::{
		audit_commitment, wanted_fee, AuditBill, AuditCommit, AuditItem, AuditRandomness,
		AuditReveal, AuditStage, AuditedResults, Audits as _, Draw, NewResult,
	},
	dispute::Manifests,
	keys::{InferenceId, InferencePair},
	model::{Artefact, Manifest, ModelId, ModelStatus, PrecisionPolicy, ProgramRef, RunCost},
	offence::{OffenceKind, OffenceReport},
	parameters::{ConsensusParameters, RequestParameters},
	request::{Finality, Outcome, RequestId, Role, Statement},
	tensor::{Tensor, TensorError, TensorType},
	traits::{Bonds, ModelTerms, Models, Offences, SessionMember, Sessions},
	AccountId, Balance, BlockNumber, Hash, Macs, SessionIndex, ValidatorIndex, MILLI_UNIT, UNIT,
};
use frame_support::{
	derive_impl,
	pallet_prelude::{OptionQuery, ValueQuery},
	parameter_types, storage_alias,
	traits::{Authorize, Hooks},
	weights::Weight,
	Blake2_128Concat, Twox64Concat,
};
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
	pub type Audits = pallet_audits::Pallet<Test>;
}

pub(crate) const EXISTENTIAL_DEPOSIT: Balance = MILLI_UNIT;
/// Blocks of a session.
pub(crate) const SESSION: BlockNumber = 10;
pub(crate) const RETENTION: BlockNumber = 30;
pub(crate) const BOND: Balance = 1_000_000 * UNIT;
pub(crate) const COVER: Balance = 10 * UNIT;
pub(crate) const EXECUTOR_SHARE: Balance = 600 * MILLI_UNIT;
pub(crate) const AUDIT_SHARE: Balance = 300 * MILLI_UNIT;
pub(crate) const MACS: Macs = 1_000_000;
pub(crate) const POT: Balance = 1_000 * UNIT;
pub(crate) const GENESIS: Hash = Hash::repeat_byte(0x47);

parameter_types! {
	pub const ExistentialDeposit: Balance = EXISTENTIAL_DEPOSIT;
	pub static ReportFails: bool = false;
	pub static ClockRuns: bool = true;
	/// What the blocks' randomness follows from.
	pub static World: u64 = 0;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountId = AccountId;
	type Lookup = IdentityLookup<AccountId>;
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Balance;
	type ExistentialDeposit = ExistentialDeposit;
	type AccountStore = System;
}

impl Config for Test {
	type Currency = Balances;
	type Results = MockResults;
	type Models = MockModels;
	type Manifests = MockModels;
	type Bonds = MockBonds;
	type Sessions = MockSessions;
	type Offences = MockOffences;
	type Randomness = MockRandomness;
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

/// As good as a real one for tests: another value in every block and session.
pub struct MockRandomness;

impl AuditRandomness for MockRandomness {
	fn last_block() -> Option<Hash> {
		use sp_runtime::traits::Hash as _;
		let block = System::block_number().saturating_sub(1);
		Some(BlakeTwo256::hash_of(&(World::get(), b"vrf", block)))
	}
	fn published() -> Hash {
		use sp_runtime::traits::Hash as _;
		BlakeTwo256::hash_of(&(World::get(), b"epoch", MockSessions::current()))
	}
}

// --- models ---

#[storage_alias]
pub(crate) type Capacity = StorageMap<Mock, Blake2_128Concat, AccountId, Macs, ValueQuery>;
#[storage_alias]
pub(crate) type Policies = StorageValue<Mock, Vec<PrecisionPolicy>, ValueQuery>;

pub struct MockModels;

impl Manifests for MockModels {
	fn manifest(_: &ModelId) -> Option<Manifest> {
		Some(Manifest {
			name: b"m".to_vec().try_into().unwrap(),
			licence: b"MIT".to_vec().try_into().unwrap(),
			artefact: Artefact { sha256: [1; 32], length: 1 },
			program: Some(ProgramRef { root: Hash::zero(), canonical_version: 1 }),
			inputs: Default::default(),
			outputs: Default::default(),
			policies: Policies::get().try_into().unwrap(),
			cost: RunCost { macs: MACS, time_ms: 1, memory_mib: 1 },
			contributors: Default::default(),
			parents: Default::default(),
		})
	}
}

impl Models for MockModels {
	fn terms(_: &ModelId, _: BlockNumber) -> Option<ModelTerms> {
		Some(ModelTerms {
			status: ModelStatus::Active,
			price: 0,
			macs: MACS,
			canonical_version: Some(1),
		})
	}
	fn check_input(_: &ModelId, _: &[Tensor]) -> Result<(), TensorError> {
		Ok(())
	}
	/// One float.
	fn check_output(_: &ModelId, tensors: &[Tensor]) -> Result<(), TensorError> {
		match tensors {
			[one] if one.ty == TensorType::F32 && one.shape == [1] => Ok(()),
			// What benchmarks bring is longer.
			[one] if cfg!(feature = "runtime-benchmarks") && one.ty == TensorType::U8 => Ok(()),
			_ => Err(TensorError::SignatureMismatch),
		}
	}
	fn input_bytes(_: &ModelId) -> u32 {
		1_000
	}
	fn servers(_: &ModelId) -> Vec<AccountId> {
		Vec::new()
	}
	fn capacity(validator: &AccountId) -> Macs {
		Capacity::get(validator)
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn make_model(_: &AccountId, _: &[AccountId]) -> ModelId {
		model()
	}
}

// --- results ---

#[derive(Clone, Encode, Decode, DecodeWithMemTracking)]
pub(crate) struct MockResult {
	pub(crate) outcome: Outcome,
	pub(crate) executor: AccountId,
	pub(crate) audits: u8,
	pub(crate) end: Option<Finality>,
}

#[storage_alias]
pub(crate) type ResultTable =
	StorageMap<Mock, Blake2_128Concat, RequestId, MockResult, OptionQuery>;
#[storage_alias]
pub(crate) type Clock = StorageValue<Mock, u64, ValueQuery>;

pub struct MockResults;

impl AuditedResults for MockResults {
	fn set_audits(request: &RequestId, audits: u8) -> DispatchResult {
		ResultTable::mutate(request, |result| {
			let result = result.as_mut().ok_or(DispatchError::Other("no result"))?;
			assert!(audits > result.audits, "evidence only grows: {} to {audits}", result.audits);
			result.audits = audits;
			Ok(())
		})
	}
	fn claimed(request: &RequestId) -> Option<Outcome> {
		ResultTable::get(request).map(|result| result.outcome)
	}
	fn is_open(request: &RequestId) -> bool {
		ResultTable::get(request).is_some_and(|result| result.end.is_none())
	}
	fn clock() -> u64 {
		Clock::get()
	}
	fn pot() -> AccountId {
		pot()
	}
	fn retention() -> BlockNumber {
		RETENTION
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn make_open_result(_: ModelId, _: Vec<u8>, outcome: Outcome) -> RequestId {
		let result = MockResult { outcome, executor: validator(0), audits: 0, end: None };
		ResultTable::insert(request_id(1), result);
		request_id(1)
	}
}

// --- slashes, bonds, sessions ---

#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking)]
pub(crate) struct MockBond {
	pub(crate) bonded: Balance,
	pub(crate) reserved: Balance,
	pub(crate) slashed: Balance,
	pub(crate) leaving: bool,
}

#[storage_alias]
pub(crate) type BondTable = StorageMap<Mock, Blake2_128Concat, AccountId, MockBond, ValueQuery>;
#[storage_alias]
pub(crate) type Reports = StorageValue<Mock, Vec<(AccountId, Balance)>, ValueQuery>;

pub struct MockOffences;

impl Offences for MockOffences {
	fn report(report: OffenceReport) -> Result<SessionIndex, DispatchError> {
		if ReportFails::get() {
			return Err(DispatchError::Other("nothing left"));
		}
		let member = MockSessions::member(report.session, report.validator)
			.ok_or(DispatchError::Other("nobody"))?;
		assert!(matches!(report.role, Role::Auditor(_)));
		BondTable::mutate(&member.account, |bond| match report.kind {
			OffenceKind::WrongResult => {
				assert_eq!(report.version, Some(1));
				bond.reserved = bond.reserved.checked_sub(report.amount).expect("it is reserved");
				bond.slashed += report.amount;
			}
			OffenceKind::BrokenCommit => bond.slashed += report.amount,
			other => panic!("{other:?}"),
		});
		Reports::append((member.account, report.amount));
		Ok(9)
	}
	fn is_reported(_: OffenceKind, _: &RequestId, _: Role, _: &AccountId) -> bool {
		false
	}
	fn is_suspended(_: u16) -> bool {
		false
	}
	fn report_weight() -> Weight {
		Weight::from_parts(1_000_000_000, 0)
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn make_report(_: OffenceKind, _: Balance) -> OffenceReport {
		unreachable!("not benchmarked here")
	}
}

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
			bond.reserved = bond.reserved.checked_sub(amount).expect("released too much cover");
		});
	}
	fn note_service(_: &AccountId, _: bool) {}
	#[cfg(feature = "runtime-benchmarks")]
	fn make_validator(seed: u32) -> AccountId {
		use sp_application_crypto::RuntimeAppPublic;
		let who = AccountId::from(sp_crypto_hashing::blake2_256(&(b"validator", seed).encode()));
		let member = (who.clone(), InferenceId::generate_pair(None), BOND);
		MemberTable::insert(MockSessions::length(), member);
		BondTable::mutate(&who, |bond| bond.bonded = BOND);
		Capacity::insert(&who, MACS);
		who
	}
}

#[storage_alias]
pub(crate) type MemberTable =
	StorageMap<Mock, Twox64Concat, ValidatorIndex, (AccountId, InferenceId, Balance)>;

pub struct MockSessions;

impl Sessions for MockSessions {
	fn current() -> SessionIndex {
		System::block_number() / SESSION
	}
	fn length() -> ValidatorIndex {
		MemberTable::iter_keys().count() as u32
	}
	fn position(who: &AccountId) -> Option<ValidatorIndex> {
		MemberTable::iter().find_map(|(index, (account, ..))| (account == *who).then_some(index))
	}
	fn member(_: SessionIndex, validator: ValidatorIndex) -> Option<SessionMember> {
		let (account, key, exposure) = MemberTable::get(validator)?;
		Some(SessionMember { account, key, exposure })
	}
	fn parameters() -> ConsensusParameters {
		ConsensusParameters::local()
	}
}

// --- who and what ---

pub(crate) fn account(seed: u8) -> AccountId {
	AccountId::from([seed; 32])
}
pub(crate) fn pot() -> AccountId {
	account(241)
}
pub(crate) fn validator(index: u8) -> AccountId {
	account(100 + index)
}
pub(crate) fn model() -> ModelId {
	ModelId::repeat_byte(0xaa)
}
/// The inference key of a validator, by its account.
pub(crate) fn pair_of(account: &AccountId) -> InferencePair {
	let seed: &[u8] = account.as_ref();
	InferencePair::from_seed_slice(seed).unwrap()
}
pub(crate) fn rules() -> RequestParameters {
	RequestParameters::local()
}

/// A network of so many validators with these bonds, in turn.
pub(crate) struct ExtBuilder {
	pub(crate) validators: u8,
	pub(crate) bonds: Vec<Balance>,
	pub(crate) pot: Balance,
	pub(crate) world: u64,
}

impl Default for ExtBuilder {
	fn default() -> Self {
		Self { validators: 5, bonds: vec![BOND], pot: POT, world: 0 }
	}
}

impl ExtBuilder {
	pub(crate) fn build(self) -> sp_io::TestExternalities {
		let mut balances = vec![(pot(), EXISTENTIAL_DEPOSIT + self.pot)];
		balances.extend((0..self.validators).map(|index| (validator(index), UNIT)));
		let storage = RuntimeGenesisConfig {
			balances: pallet_balances::GenesisConfig { balances, ..Default::default() },
			..Default::default()
		}
		.build_storage()
		.unwrap();
		let mut ext: sp_io::TestExternalities = storage.into();
		// Benchmarks make keys as they go.
		#[cfg(feature = "runtime-benchmarks")]
		ext.register_extension(sp_keystore::KeystoreExt::new(
			sp_keystore::testing::MemoryKeystore::new(),
		));
		ext.execute_with(|| {
			ReportFails::set(false);
			ClockRuns::set(true);
			World::set(self.world);
			for index in 0..self.validators {
				let account = validator(index);
				let bond = self.bonds[usize::from(index) % self.bonds.len()];
				BondTable::mutate(&account, |mine| mine.bonded = bond);
				Capacity::insert(&account, 10 * MACS);
				let key = pair_of(&account).public();
				MemberTable::insert(u32::from(index), (account, key, bond));
			}
			frame_system::BlockHash::<Test>::insert(0, GENESIS);
			Policies::put(vec![PrecisionPolicy::Within { absolute: -10, relative: -10 }]);
			start_block(1);
		});
		ext
	}

	/// The only way into a test: what must hold always is checked after it.
	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			check();
			next_block();
		});
	}
}

pub(crate) fn build_and_execute(test: impl FnOnce()) {
	ExtBuilder::default().build_and_execute(test);
}

/// All invariants, and that no more cover is reserved than audits and open results say.
pub(crate) fn check() {
	Audits::do_try_state().unwrap();
	for index in 0..MockSessions::length() {
		let (who, ..) = MemberTable::get(index).unwrap();
		let executed = ResultTable::iter_values()
			.filter(|result| result.executor == who && result.end.is_none())
			.count() as Balance;
		let reserved = BondTable::get(&who).reserved;
		assert_eq!(reserved, Audits::reserved(&who) + COVER * executed, "cover of {index}");
	}
}

fn start_block(number: BlockNumber) {
	System::set_block_number(number);
	System::reset_events();
	if ClockRuns::get() {
		Clock::mutate(|clock| *clock += 1);
	}
	Audits::on_initialize(number);
}

pub(crate) fn next_block() {
	check();
	start_block(System::block_number() + 1);
}

pub(crate) fn run_blocks(count: u32) {
	for _ in 0..count {
		next_block();
	}
}

/// Runs blocks until something is so, at most 200.
pub(crate) fn run_until(so: impl Fn() -> bool) {
	for _ in 0..200 {
		if so() {
			return;
		}
		next_block();
	}
	panic!("never so");
}

pub(crate) fn output(value: f32) -> Outcome {
	let tensor = Tensor { ty: TensorType::F32, shape: vec![1], data: value.to_le_bytes().to_vec() };
	Outcome::Output(vec![tensor].encode().try_into().unwrap())
}

/// What the program gives.
pub(crate) fn truth() -> Outcome {
	output(1.0)
}

pub(crate) fn request_id(number: u8) -> RequestId {
	RequestId::repeat_byte(number)
}

/// A true result of the first validator, with its cover reserved.
pub(crate) fn answer(number: u8) -> RequestId {
	answer_as(number, &validator(0), truth(), 0)
}

pub(crate) fn answer_as(
	number: u8,
	executor: &AccountId,
	outcome: Outcome,
	wanted: u8,
) -> RequestId {
	let request = request_id(number);
	MockBonds::reserve_cover(executor, COVER).unwrap();
	let validator = MockSessions::position(executor).unwrap();
	let statement = Statement {
		genesis: GENESIS,
		request,
		model: model(),
		role: Role::Executor,
		session: MockSessions::current(),
		validator,
		input: Hash::repeat_byte(0x11),
		outcome: outcome.commitment().unwrap(),
		attribution: Hash::repeat_byte(0x22),
		signer: pair_of(executor).public(),
	};
	let executor = executor.clone();
	ResultTable::insert(
		request,
		MockResult { outcome, executor: executor.clone(), audits: 0, end: None },
	);
	Audits::answered(NewResult {
		statement,
		executor,
		input_length: 100,
		cover: COVER,
		macs: MACS,
		executor_share: EXECUTOR_SHARE,
		audit_share: AUDIT_SHARE,
		wanted,
		rules: rules(),
	});
	request
}

/// Ends a result as settlement does: what is paid reaches the pot, the executor's cover is
/// released or gone.
pub(crate) fn end(request: &RequestId, finality: Finality) -> AuditBill {
	let bill = Audits::close(request, finality);
	let wanted = audit(request).map_or(0, |audit| audit.wanted);
	let result = ResultTable::get(request).unwrap();
	ResultTable::insert(request, MockResult { end: Some(finality), ..result.clone() });
	MockBonds::release_cover(&result.executor, COVER);
	if finality == Finality::Final {
		use frame_support::traits::fungible::Mutate;
		assert!(bill.from_executor <= EXECUTOR_SHARE);
		let wanted = wanted_fee(wanted, EXECUTOR_SHARE);
		let paid = AUDIT_SHARE + bill.from_executor + wanted.saturating_sub(bill.unspent);
		Balances::mint_into(&pot(), paid).unwrap();
	}
	bill
}

pub(crate) fn audit(request: &RequestId) -> Option<Audit> {
	crate::Audits::<Test>::get(request)
}

/// All that is to be audited.
pub(crate) fn work() -> Vec<AuditItem> {
	(0..MockSessions::length())
		.flat_map(|index| Audits::work_of(MemberTable::get(index).unwrap().1))
		.collect()
}

/// What an auditor found, as it commits to it.
#[derive(Clone)]
pub(crate) struct Answer {
	pub(crate) outcome: Outcome,
	pub(crate) trace: Hash,
	pub(crate) salt: [u8; 32],
}

/// What an honest auditor finds: a trace follows from the seed.
pub(crate) fn honest(item: &AuditItem) -> Answer {
	let trace = sp_crypto_hashing::blake2_256(&(b"trace", item.seed).encode()).into();
	let salt = sp_crypto_hashing::blake2_256(&(b"salt", &item.account).encode());
	Answer { outcome: truth(), trace, salt }
}

pub(crate) fn commit_of(item: &AuditItem, answer: &Answer) -> AuditCommit {
	let outcome = answer.outcome.commitment().unwrap();
	let Answer { trace, salt, .. } = answer;
	AuditCommit {
		genesis: GENESIS,
		request: item.request,
		role: item.role,
		session: item.session,
		validator: item.validator,
		commitment: audit_commitment(
			&GENESIS,
			&item.request,
			item.role,
			&item.account,
			&outcome,
			trace,
			salt,
		),
		signer: item.key.clone(),
	}
}

pub(crate) fn reveal_of(item: &AuditItem, answer: &Answer) -> AuditReveal {
	let outcome = answer.outcome.commitment().unwrap();
	let is_other = outcome != item.claimed;
	AuditReveal {
		statement: Statement {
			genesis: GENESIS,
			request: item.request,
			model: item.model,
			role: item.role,
			session: item.session,
			validator: item.validator,
			input: item.input_commitment,
			outcome,
			attribution: item.attribution,
			signer: item.key.clone(),
		},
		trace: answer.trace,
		salt: answer.salt,
		outcome: is_other.then(|| answer.outcome.clone()),
	}
}

/// Brings a call in as a pool and a block do: what is authorized must not fail.
pub(crate) fn submit(
	call: crate::Call<Test>,
) -> Result<ValidTransaction, TransactionValidityError> {
	let call = RuntimeCall::from(call);
	let valid = call.authorize(TransactionSource::External).expect("an authorized call")?.0;
	call.dispatch(frame_system::RawOrigin::Authorized.into())
		.expect("what is authorized does not fail");
	Ok(valid)
}

pub(crate) fn commit(
	item: &AuditItem,
	answer: &Answer,
) -> Result<ValidTransaction, TransactionValidityError> {
	let commit = commit_of(item, answer);
	let signature = pair_of(&item.account).sign(&commit.signing_payload());
	submit(crate::Call::commit { commit, signature })
}

pub(crate) fn reveal(
	item: &AuditItem,
	answer: &Answer,
) -> Result<ValidTransaction, TransactionValidityError> {
	let reveal = reveal_of(item, answer);
	let signature = pair_of(&item.account).sign(&reveal.statement.signing_payload());
	submit(crate::Call::reveal { reveal, signature })
}

/// Lets all auditors do what they have to, as `answers` says; those of which it says nothing are
/// silent.
pub(crate) fn act(answers: impl Fn(&AuditItem) -> Option<Answer>) {
	for item in work() {
		let Some(answer) = answers(&item) else { continue };
		match item.stage {
			AuditStage::Commit => drop(commit(&item, &answer).expect("it is its turn")),
			AuditStage::Reveal => drop(reveal(&item, &answer).expect("it is its turn")),
			AuditStage::Wait => {}
		}
	}
}

/// Runs blocks in which all auditors are honest.
pub(crate) fn run_honest(blocks: u32) {
	for _ in 0..blocks {
		act(|item| Some(honest(item)));
		next_block();
	}
}

/// Runs until auditors are drawn for a result.
pub(crate) fn run_to_draw(request: &RequestId, draw: Draw) {
	run_until(|| {
		matches!(
			audit(request).map(|audit| audit.progress(draw).clone()),
			Some(Progress::Running(_))
		)
	});
}

pub(crate) fn states(request: &RequestId) -> Vec<SeatState> {
	audit(request).unwrap().seats.into_iter().map(|seat| seat.state).collect()
}

pub(crate) fn audits_of(request: &RequestId) -> u8 {
	ResultTable::get(request).unwrap().audits
}

pub(crate) fn free(who: &AccountId) -> Balance {
	Balances::free_balance(who)
}

pub(crate) fn events() -> Vec<Event<Test>> {
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::Audits(event) => Some(event),
			_ => None,
		})
		.collect()
}
