#![allow(unreachable_pub)]
//! A runtime for tests: real balances and real programs; small results, bonds, sessions and slashes
//! that keep their state in storage, so that what fails leaves no trace there either.

use crate as pallet_disputes;
use crate::{types::SignedFee, Config, Event, HoldReason};
use codec::{Decode, DecodeWithMemTracking, Encode};
use countersign_canonical as canonical;
use countersign_primitives::{
	commitment::tensors_commitment,
	dispute::{Effort, Manifests, OpenResult, PackageSource, ReplayChallenge, Verdicts, Witness},
	keys::{InferenceId, InferencePair, InferenceSignature},
	model::{Artefact, Manifest, ModelId, PrecisionPolicy, ProgramRef, RunCost},
	offence::{OffenceKind, OffenceReport},
	parameters::ConsensusParameters,
	request::{Outcome, OutcomeCommitment, RequestId, Role, Statement},
	tensor::{Dimension, Port, Tensor, TensorType},
	traits::{Bonds, Offences, Programs, SessionMember, Sessions, StoredProgram},
	AccountId, Balance, BlockNumber, Hash, SessionIndex, ValidatorIndex, MILLI_UNIT, UNIT,
};
use frame_support::{
	derive_impl,
	pallet_prelude::{OptionQuery, ValueQuery},
	parameter_types, storage_alias,
	traits::{fungible::InspectHold, Hooks},
	weights::Weight,
	Blake2_128Concat, Twox64Concat,
};
use sp_core::Pair;
use sp_runtime::{
	generic,
	traits::{BlakeTwo256, IdentityLookup},
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
	pub type Disputes = pallet_disputes::Pallet<Test>;
}

pub(crate) const EXISTENTIAL_DEPOSIT: Balance = MILLI_UNIT;
pub(crate) const BOND: Balance = 10 * UNIT;
pub(crate) const GAME_BOND: Balance = 7 * UNIT;
/// The ticks that one game may take: 20 for an answer, 10 for naming something.
pub(crate) const GAME_TICKS: u64 = 120;
/// The tick at which a result becomes `Final` without games.
pub(crate) const FINAL_AT: u64 = 1_000;
pub(crate) const FUNDS: Balance = 1_000_000 * UNIT;
pub(crate) const COVER: Balance = 50 * UNIT;
pub(crate) const STAGING_PERIOD: BlockNumber = 20;
pub(crate) const RETENTION: BlockNumber = 30;

parameter_types! {
	pub const ExistentialDeposit: Balance = EXISTENTIAL_DEPOSIT;
	pub TreasuryAccount: AccountId = treasury();
	pub const ReplayBond: Balance = BOND;
	pub const GameBond: Balance = GAME_BOND;
	pub const StagingDepositBase: Balance = UNIT;
	pub const StagingDepositPerByte: Balance = 1_000_000;
	pub const StagingPeriod: BlockNumber = STAGING_PERIOD;
	pub static HasRoom: bool = true;
	pub static Suspended: bool = false;
	pub static ReportFails: bool = false;
	pub static Party: Option<AccountId> = None;
	pub static Recomputed: Option<OutcomeCommitment> = None;
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

/// A fee that is easy to foresee.
pub struct Fee;

impl SignedFee for Fee {
	fn fee(_: Weight, length: u32) -> Balance {
		UNIT + Balance::from(length)
	}
}

impl Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Results = MockResults;
	type Manifests = MockModels;
	type Programs = MockModels;
	type Offences = MockOffences;
	type Bonds = MockBonds;
	type Sessions = MockSessions;
	type SignedFee = Fee;
	type Treasury = TreasuryAccount;
	type ReplayBond = ReplayBond;
	type GameBond = GameBond;
	type StagingDepositBase = StagingDepositBase;
	type StagingDepositPerByte = StagingDepositPerByte;
	type StagingPeriod = StagingPeriod;
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

// --- models and programs ---

#[storage_alias]
pub(crate) type ManifestTable = StorageMap<Mock, Blake2_128Concat, ModelId, Manifest, OptionQuery>;
#[storage_alias]
pub(crate) type PackageTable = StorageMap<Mock, Blake2_128Concat, ModelId, Vec<u8>, OptionQuery>;

pub struct MockModels;

impl Manifests for MockModels {
	fn manifest(model: &ModelId) -> Option<Manifest> {
		ManifestTable::get(model)
	}
}

impl Programs for MockModels {
	fn stored(model: &ModelId) -> Option<StoredProgram> {
		let summary = countersign_programs::examine(&PackageTable::get(model)?).ok()?;
		let (inputs, outputs) = (Vec::new(), Vec::new());
		Some(StoredProgram { summary, policies: Vec::new(), inputs, outputs, package: 0 })
	}
	fn read(stored: &StoredProgram, into: &mut [u8]) -> bool {
		let root = stored.summary.root;
		let found = PackageTable::iter_values().find(|package| root_of(package) == root);
		match found {
			Some(package) if package.len() == into.len() => {
				into.copy_from_slice(&package);
				true
			}
			_ => false,
		}
	}
	fn read_chunks(root: &Hash, put: &mut dyn FnMut(&[u8]) -> bool) -> bool {
		let found = PackageTable::iter_values().find(|package| root_of(package) == *root);
		found.is_some_and(|package| put(&package))
	}
	fn look_up_weight() -> Weight {
		Weight::zero()
	}
	fn package_weight(_: u32) -> Weight {
		Weight::zero()
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn make_program(_: &AccountId, package: &[u8]) -> ModelId {
		let program = canonical::Prepared::from_package(package).unwrap();
		let manifest = manifest(&program, vec![PrecisionPolicy::Exact]);
		let model = ModelId::repeat_byte(0xbe);
		ManifestTable::insert(model, manifest);
		PackageTable::insert(model, package);
		model
	}
}

pub(crate) fn root_of(package: &[u8]) -> Hash {
	canonical::Prepared::from_package(package).unwrap().root().into()
}

fn ports(metas: &[canonical::Meta], prefix: &str) -> Vec<Port> {
	metas
		.iter()
		.enumerate()
		.map(|(index, meta)| Port {
			name: format!("{prefix}{index}").into_bytes().try_into().unwrap(),
			ty: countersign_programs::type_from_canonical(meta.ty),
			shape: meta
				.shape
				.iter()
				.map(|dim| Dimension::Fixed(*dim))
				.collect::<Vec<_>>()
				.try_into()
				.unwrap(),
		})
		.collect()
}

pub(crate) fn manifest(
	program: &canonical::Prepared<'_>,
	policies: Vec<PrecisionPolicy>,
) -> Manifest {
	let outputs: Vec<_> = program
		.outputs()
		.into_iter()
		.zip(&policies)
		.map(|(meta, policy)| match policy {
			PrecisionPolicy::Top1 { margin } => {
				canonical::bands::Policy::Top1 { margin: *margin }.exposed_meta(&meta).unwrap()
			}
			_ => meta,
		})
		.collect();
	Manifest {
		name: b"m".to_vec().try_into().unwrap(),
		licence: b"MIT".to_vec().try_into().unwrap(),
		artefact: Artefact { sha256: [1; 32], length: 1 },
		program: Some(ProgramRef {
			root: program.root().into(),
			canonical_version: canonical::VERSION,
		}),
		inputs: ports(program.inputs(), "x").try_into().unwrap(),
		outputs: ports(&outputs, "y").try_into().unwrap(),
		policies: policies.try_into().unwrap(),
		cost: RunCost { macs: 1, time_ms: 1, memory_mib: 1 },
		contributors: Default::default(),
		parents: Default::default(),
	}
}

/// Scores of an input of four floats in three classes, and its first element as an index into a
/// table, which traps outside.
pub(crate) fn package() -> Vec<u8> {
	package_with(&[1.0, 2.0, 3.0, 4.0, 0.5, -1.0, 0.25, 8.0, -2.0, 1.0, 0.125, 3.0])
}

pub(crate) fn package_with(weights: &[f32]) -> Vec<u8> {
	use canonical::{
		op::Op,
		program::{Constant, Node, Package, Program},
		Meta, TensorType as Type,
	};
	let bytes = |values: &[f32]| values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
	let constant = |shape: &[u32], data: &[u8]| Constant {
		meta: Meta { ty: Type::F32, shape: shape.to_vec() },
		commitment: canonical::commitment::tensor_commitment(
			&canonical::Tensor { ty: Type::F32, shape: shape.to_vec(), data: data.to_vec() },
			None,
		),
	};
	let (w, table) = (bytes(weights), bytes(&[10.0, 20.0, 30.0]));
	let program = Program {
		version: canonical::VERSION,
		inputs: vec![
			Meta { ty: Type::F32, shape: vec![1, 4] },
			Meta { ty: Type::I32, shape: vec![1] },
		],
		constants: vec![constant(&[3, 4], &w), constant(&[3], &table)],
		nodes: vec![
			Node { op: Op::MatMul { from: 0, terms: 4 }, operands: vec![0, 2] },
			Node { op: Op::Gather { axis: 0 }, operands: vec![3, 1] },
		],
		outputs: vec![4, 5],
	};
	Package { program, constants: vec![w, table] }.encode()
}

pub(crate) fn input_of(floats: [f32; 4], index: i32) -> Vec<Tensor> {
	vec![
		Tensor {
			ty: TensorType::F32,
			shape: vec![1, 4],
			data: floats.iter().flat_map(|x| x.to_le_bytes()).collect(),
		},
		Tensor { ty: TensorType::I32, shape: vec![1], data: index.to_le_bytes().to_vec() },
	]
}

// --- results ---

#[derive(Clone, Encode, Decode, DecodeWithMemTracking)]
pub(crate) struct MockResult {
	pub(crate) statement: Statement,
	pub(crate) outcome: Outcome,
	pub(crate) executor: AccountId,
	pub(crate) cover: Balance,
	pub(crate) input: Option<Vec<u8>>,
	pub(crate) end: Option<MockEnd>,
	pub(crate) final_at: u64,
}

#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub(crate) enum MockEnd {
	Upheld,
	Corrected,
	Invalidated,
}

#[storage_alias]
pub(crate) type ResultTable =
	StorageMap<Mock, Blake2_128Concat, RequestId, MockResult, OptionQuery>;

pub struct MockResults;

impl MockResults {
	fn end(request: &RequestId, end: MockEnd) -> DispatchResult {
		ResultTable::mutate(request, |result| {
			let result = result.as_mut().ok_or(DispatchError::Other("no result"))?;
			if result.end.is_some() || !HasRoom::get() {
				return Err(DispatchError::Other("not open"));
			}
			result.end = Some(end);
			Ok(())
		})
	}
}

impl Verdicts for MockResults {
	fn open_result(request: &RequestId) -> Option<OpenResult> {
		let result = ResultTable::get(request).filter(|result| result.end.is_none())?;
		Some(OpenResult {
			statement: result.statement,
			outcome: result.outcome,
			executor: result.executor,
			cover: result.cover,
			final_at: result.final_at,
		})
	}
	fn has_room() -> bool {
		HasRoom::get()
	}
	fn input(request: &RequestId) -> Option<Vec<u8>> {
		ResultTable::get(request)?.input
	}
	fn input_length(request: &RequestId) -> Option<u32> {
		Self::input(request).map(|input| input.len() as u32)
	}
	fn recomputed(_: &RequestId, canonical: &OutcomeCommitment) {
		Recomputed::set(Some(canonical.clone()));
	}
	fn is_party(_: &RequestId, who: &AccountId) -> bool {
		Party::get().as_ref() == Some(who)
	}
	fn declared_input_length(request: &RequestId) -> Option<u32> {
		ResultTable::get(request).map(|_| input().encoded_size() as u32)
	}
	fn put_input(request: &RequestId, bytes: Vec<u8>) -> DispatchResult {
		ResultTable::mutate(request, |result| {
			result.as_mut().ok_or(DispatchError::Other("no result"))?.input = Some(bytes);
			Ok(())
		})
	}
	fn uphold(request: &RequestId) -> DispatchResult {
		Self::end(request, MockEnd::Upheld)
	}
	fn correct(request: &RequestId, outcome: Outcome) -> DispatchResult {
		Self::end(request, MockEnd::Corrected)?;
		ResultTable::mutate(request, |result| result.as_mut().unwrap().outcome = outcome);
		Ok(())
	}
	fn invalidate(request: &RequestId) -> DispatchResult {
		Self::end(request, MockEnd::Invalidated)
	}
	fn set_final_at(request: &RequestId, tick: u64) -> DispatchResult {
		ResultTable::mutate(request, |result| {
			let result = result.as_mut().ok_or(DispatchError::Other("no result"))?;
			if result.end.is_some() || tick <= Self::clock() {
				return Err(DispatchError::Other("not open"));
			}
			result.final_at = tick;
			Ok(())
		})
	}
	fn game_ticks(_: &RequestId) -> u64 {
		GAME_TICKS
	}
	fn clock() -> u64 {
		u64::from(System::block_number())
	}
	fn open_results(_: Option<RequestId>, limit: u32) -> Vec<RequestId> {
		ResultTable::iter_keys().take(limit as usize).collect()
	}
	fn retention() -> BlockNumber {
		RETENTION
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn make_open_result(model: ModelId, input: Vec<u8>, outcome: Outcome) -> RequestId {
		let input_tensors = countersign_primitives::tensor::decode_tensors(&input).unwrap();
		put_result(model, &input_tensors, outcome, Some(input))
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn forget_input(request: &RequestId) {
		ResultTable::mutate(request, |result| result.as_mut().unwrap().input = None);
	}
}

// --- slashes, bonds, sessions ---

#[storage_alias]
pub(crate) type Reports = StorageMap<
	Mock,
	Blake2_128Concat,
	RequestId,
	(SessionIndex, ValidatorIndex, Balance, Option<u16>, Option<AccountId>),
	OptionQuery,
>;
#[storage_alias]
pub(crate) type Covers = StorageMap<Mock, Blake2_128Concat, AccountId, Balance, ValueQuery>;

pub struct MockOffences;

impl Offences for MockOffences {
	fn report(report: OffenceReport) -> Result<SessionIndex, DispatchError> {
		assert_eq!(report.role, Role::Executor);
		assert_eq!(report.version.is_some(), report.kind == OffenceKind::WrongResult);
		if ReportFails::get() {
			return Err(DispatchError::Other("nothing left"));
		}
		let offender = MockSessions::member(report.session, report.validator)
			.ok_or(DispatchError::Other("nobody"))?
			.account;
		Covers::mutate(offender, |cover| *cover = cover.checked_sub(report.amount).unwrap());
		Reports::insert(
			report.request,
			(report.session, report.validator, report.amount, report.version, report.reporter),
		);
		Ok(9)
	}
	fn is_reported(_: OffenceKind, request: &RequestId, _: Role, _: &AccountId) -> bool {
		Reports::contains_key(request)
	}
	fn is_suspended(_: u16) -> bool {
		Suspended::get()
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
	fn is_validator(_: &AccountId) -> bool {
		true
	}
	fn bonded(_: &AccountId) -> Balance {
		1_000 * UNIT
	}
	fn free_cover(_: &AccountId) -> Balance {
		500 * UNIT
	}
	fn reserved_cover(who: &AccountId) -> Balance {
		Covers::get(who)
	}
	fn reserve_cover(who: &AccountId, amount: Balance) -> DispatchResult {
		Covers::mutate(who, |cover| *cover += amount);
		Ok(())
	}
	fn release_cover(who: &AccountId, amount: Balance) {
		Covers::mutate(who, |cover| {
			*cover = cover.checked_sub(amount).expect("released too much cover");
		});
	}
	fn note_service(_: &AccountId, _: bool) {}
	#[cfg(feature = "runtime-benchmarks")]
	fn make_validator(_: u32) -> AccountId {
		use sp_application_crypto::RuntimeAppPublic;
		MemberTable::insert(SESSION, 1, (validator(1), InferenceId::generate_pair(None)));
		validator(1)
	}
}

pub(crate) const SESSION: SessionIndex = 5;

#[storage_alias]
pub(crate) type MemberTable = StorageDoubleMap<
	Mock,
	Twox64Concat,
	SessionIndex,
	Twox64Concat,
	ValidatorIndex,
	(AccountId, InferenceId),
>;

pub struct MockSessions;

impl Sessions for MockSessions {
	fn current() -> SessionIndex {
		SESSION
	}
	fn position(who: &AccountId) -> Option<ValidatorIndex> {
		(0..4u8).find(|index| validator(*index) == *who).map(Into::into)
	}
	fn member(session: SessionIndex, validator: ValidatorIndex) -> Option<SessionMember> {
		let (account, key) = MemberTable::get(session, validator)?;
		Some(SessionMember { account, key, exposure: 1_000 * UNIT })
	}
	fn parameters() -> ConsensusParameters {
		ConsensusParameters::local()
	}
}

// --- who and what ---

pub(crate) fn account(seed: u8) -> AccountId {
	AccountId::from([seed; 32])
}
pub(crate) fn challenger() -> AccountId {
	account(1)
}
pub(crate) fn treasury() -> AccountId {
	account(240)
}
pub(crate) fn validator(index: u8) -> AccountId {
	account(100 + index)
}
pub(crate) fn executor() -> AccountId {
	validator(0)
}
/// The inference key of a validator, by its account.
pub(crate) fn pair_of(account: &AccountId) -> InferencePair {
	let seed: &[u8] = account.as_ref();
	InferencePair::from_seed_slice(seed).unwrap()
}
pub(crate) fn model() -> ModelId {
	ModelId::repeat_byte(0xaa)
}
pub(crate) fn request() -> RequestId {
	RequestId::repeat_byte(0x77)
}

pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	let mut balances = vec![(treasury(), EXISTENTIAL_DEPOSIT), (challenger(), FUNDS)];
	balances.extend((0..4).map(|index| (validator(index), FUNDS)));
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	pallet_balances::GenesisConfig::<Test> { balances, ..Default::default() }
		.assimilate_storage(&mut storage)
		.unwrap();
	let mut ext: sp_io::TestExternalities = storage.into();
	// Benchmarks make keys as they go.
	#[cfg(feature = "runtime-benchmarks")]
	ext.register_extension(sp_keystore::KeystoreExt::new(
		sp_keystore::testing::MemoryKeystore::new(),
	));
	ext.execute_with(|| {
		System::set_block_number(1);
		frame_system::BlockHash::<Test>::insert(0, Hash::repeat_byte(0x47));
		for session in [SESSION - 2, SESSION - 1, SESSION] {
			for index in 0..4u8 {
				let account = validator(index);
				let key = pair_of(&account).public();
				MemberTable::insert(session, u32::from(index), (account, key));
			}
		}
		let package = package();
		let program = canonical::Prepared::from_package(&package).unwrap();
		let policies =
			vec![PrecisionPolicy::Within { absolute: -10, relative: -16 }, PrecisionPolicy::Exact];
		ManifestTable::insert(model(), manifest(&program, policies));
	});
	ext
}

/// The only way into a test: what must hold always is checked after it.
pub(crate) fn build_and_execute(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		Disputes::do_try_state().unwrap();
		next_block();
		Disputes::do_try_state().unwrap();
	});
}

pub(crate) fn next_block() {
	Disputes::on_finalize(System::block_number());
	System::set_block_number(System::block_number() + 1);
	Disputes::on_initialize(System::block_number());
}

pub(crate) fn run_to(block: BlockNumber) {
	while System::block_number() < block {
		next_block();
	}
}

/// What the program says.
pub(crate) fn truth(model: &ModelId, input: &[Tensor]) -> Outcome {
	let manifest = ManifestTable::get(model).unwrap();
	let package = package();
	let loaded = crate::referee::Loaded::Given(&package);
	let mut ready = crate::referee::prepare(loaded, 0, None).unwrap();
	let rules = crate::referee::Rules::of(manifest).unwrap();
	ready.answer(&rules, input)
}

/// An open result.
pub(crate) fn put_result(
	model: ModelId,
	input: &[Tensor],
	outcome: Outcome,
	on_chain: Option<Vec<u8>>,
) -> RequestId {
	let executor = executor();
	Covers::mutate(&executor, |cover| *cover += COVER);
	let statement = Statement {
		genesis: Hash::repeat_byte(0x47),
		request: request(),
		model,
		role: Role::Executor,
		session: SESSION - 1,
		validator: 0,
		input: tensors_commitment(input),
		outcome: outcome.commitment().unwrap(),
		attribution: Hash::zero(),
		signer: pair_of(&executor).public(),
	};
	ResultTable::insert(
		request(),
		MockResult {
			statement,
			outcome,
			executor,
			cover: COVER,
			input: on_chain,
			end: None,
			final_at: FINAL_AT,
		},
	);
	request()
}

pub(crate) fn input() -> Vec<Tensor> {
	input_of([1.0, -2.0, 0.5, 3.0], 2)
}

/// A result that the program gives.
pub(crate) fn honest_result() -> RequestId {
	let input = input();
	put_result(model(), &input, truth(&model(), &input), Some(input.encode()))
}

/// The output with one of its tensors changed.
pub(crate) fn changed(outcome: &Outcome, change: impl FnOnce(&mut Vec<Tensor>)) -> Outcome {
	let Outcome::Output(bytes) = outcome else { panic!("an output") };
	let mut tensors = countersign_primitives::tensor::decode_tensors(bytes).unwrap();
	change(&mut tensors);
	Outcome::Output(tensors.encode().try_into().unwrap())
}

/// A result that is off by `by` in the first score.
pub(crate) fn result_off_by(by: f32) -> RequestId {
	let input = input();
	let outcome = changed(&truth(&model(), &input), |tensors| {
		let score = f32::from_le_bytes(tensors[0].data[..4].try_into().unwrap()) + by;
		tensors[0].data[..4].copy_from_slice(&score.to_le_bytes());
	});
	put_result(model(), &input, outcome, Some(input.encode()))
}

pub(crate) fn inline() -> Witness {
	Witness { package: PackageSource::Inline(package().try_into().unwrap()), input: None }
}

pub(crate) fn effort() -> Effort {
	let cost = Disputes::replay_cost(package(), input().encoded_size() as u32).unwrap();
	cost.effort
}

pub(crate) fn end_of(request: &RequestId) -> Option<MockEnd> {
	ResultTable::get(request).unwrap().end
}

pub(crate) fn free(who: &AccountId) -> Balance {
	Balances::free_balance(who)
}

pub(crate) fn on_hold(reason: HoldReason, who: &AccountId) -> Balance {
	Balances::balance_on_hold(&reason.into(), who)
}

pub(crate) fn challenge_by(who: &AccountId) -> ReplayChallenge {
	ReplayChallenge {
		genesis: Hash::repeat_byte(0x47),
		request: request(),
		session: SESSION,
		validator: MockSessions::position(who).unwrap(),
		effort: effort(),
		signer: pair_of(who).public(),
	}
}

pub(crate) fn sign(challenge: &ReplayChallenge, by: &AccountId) -> InferenceSignature {
	pair_of(by).sign(&challenge.signing_payload())
}

pub(crate) fn last_event() -> Event<Test> {
	match System::events().pop().unwrap().event {
		RuntimeEvent::Disputes(event) => event,
		other => panic!("{other:?}"),
	}
}
