//! What a node or a client may ask the runtime.

use crate::*;
use alloc::{vec, vec::Vec};
use countersign_primitives::{
	apis::{QuoteError, ServingView, ValidatorView},
	attribution::{EntitlementView, VectorEntry},
	audit::{AuditCommit, AuditItem, AuditRecordView, AuditReveal, AuditView},
	demand::{DemandId, DemandView, Showing, Wanted},
	dispute::{
		Decision, DisputableView, PackageSource, ReplayChallenge, ReplayCost, ReplayRefusal,
		StagingId, Verdict, Witness,
	},
	game::{GameCost, GameMessage, GameMove, GameRefusal, GameView, Opening},
	keys::{InferenceId, InferenceSignature},
	model::{Manifest, ModelId, ModelView},
	parameters::{ConsensusParameters, RequestParameters},
	program::{DryRun, DryRunError, ProgramInfo},
	request::{
		InputDemand, Outcome, Quote, Receipt, RequestId, RequestView, ResultView, Statement, Terms,
		WorkItem,
	},
	tensor::{Tensor, TensorError},
	traits::RunWeights,
	SessionIndex, ValidatorIndex,
};
use frame_support::{
	genesis_builder_helper::{build_state, get_preset},
	traits::{Get, KeyOwnerProofSystem},
	weights::Weight,
};
use pallet_transaction_payment::{FeeDetails, RuntimeDispatchInfo};
use sp_api::impl_runtime_apis;
use sp_core::OpaqueMetadata;
use sp_runtime::{
	traits::Block as BlockT,
	transaction_validity::{TransactionSource, TransactionValidity},
	ApplyExtrinsicResult, ExtrinsicInclusionMode,
};

/// Pages of 64 KiB that a runtime instance may grow by.
pub const HEAP_PAGES: u64 = 4_096;

pallet_revive::impl_runtime_apis_plus_revive_traits!(
	Runtime,
	Revive,
	Executive,
	EthExtraImpl,

	impl sp_api::Core<Block> for Runtime {
		fn version() -> RuntimeVersion {
			VERSION
		}
		fn execute_block(block: <Block as BlockT>::LazyBlock) {
			Executive::execute_block(block)
		}
		fn initialize_block(header: &Header) -> ExtrinsicInclusionMode {
			Executive::initialize_block(header)
		}
	}

	impl sp_api::Metadata<Block> for Runtime {
		fn metadata() -> OpaqueMetadata {
			OpaqueMetadata::new(Runtime::metadata().into())
		}
		fn metadata_at_version(version: u32) -> Option<OpaqueMetadata> {
			Runtime::metadata_at_version(version)
		}
		fn metadata_versions() -> Vec<u32> {
			Runtime::metadata_versions()
		}
	}

	impl sp_block_builder::BlockBuilder<Block> for Runtime {
		fn apply_extrinsic(extrinsic: <Block as BlockT>::Extrinsic) -> ApplyExtrinsicResult {
			Executive::apply_extrinsic(extrinsic)
		}
		fn finalize_block() -> Header {
			Executive::finalize_block()
		}
		fn inherent_extrinsics(data: sp_inherents::InherentData) -> Vec<<Block as BlockT>::Extrinsic> {
			data.create_extrinsics()
		}
		fn check_inherents(
			block: <Block as BlockT>::LazyBlock,
			data: sp_inherents::InherentData,
		) -> sp_inherents::CheckInherentsResult {
			data.check_extrinsics(&block)
		}
	}

	impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for Runtime {
		fn validate_transaction(
			source: TransactionSource,
			tx: <Block as BlockT>::Extrinsic,
			block_hash: <Block as BlockT>::Hash,
		) -> TransactionValidity {
			Executive::validate_transaction(source, tx, block_hash)
		}
	}

	impl sp_offchain::OffchainWorkerApi<Block> for Runtime {
		fn offchain_worker(header: &Header) {
			Executive::offchain_worker(header)
		}
	}

	impl sp_session::SessionKeys<Block> for Runtime {
		fn generate_session_keys(owner: Vec<u8>, seed: Option<Vec<u8>>) -> sp_session::OpaqueGeneratedSessionKeys {
			SessionKeys::generate(&owner, seed).into()
		}
		fn decode_session_keys(encoded: Vec<u8>) -> Option<Vec<(Vec<u8>, sp_core::crypto::KeyTypeId)>> {
			SessionKeys::decode_into_raw_public_keys(&encoded)
		}
	}

	impl sp_consensus_babe::BabeApi<Block> for Runtime {
		fn configuration() -> sp_consensus_babe::BabeConfiguration {
			let epoch_config = Babe::epoch_config().unwrap_or(BABE_GENESIS_EPOCH_CONFIG);
			sp_consensus_babe::BabeConfiguration {
				slot_duration: Babe::slot_duration(),
				epoch_length: <Runtime as pallet_babe::Config>::EpochDuration::get(),
				c: epoch_config.c,
				authorities: Babe::authorities().to_vec(),
				randomness: Babe::randomness(),
				allowed_slots: epoch_config.allowed_slots,
			}
		}
		fn current_epoch_start() -> sp_consensus_babe::Slot {
			Babe::current_epoch_start()
		}
		fn current_epoch() -> sp_consensus_babe::Epoch {
			Babe::current_epoch()
		}
		fn next_epoch() -> sp_consensus_babe::Epoch {
			Babe::next_epoch()
		}
		fn generate_key_ownership_proof(
			_slot: sp_consensus_babe::Slot,
			authority_id: sp_consensus_babe::AuthorityId,
		) -> Option<sp_consensus_babe::OpaqueKeyOwnershipProof> {
			Historical::prove((sp_consensus_babe::KEY_TYPE, authority_id))
				.map(|proof| codec::Encode::encode(&proof))
				.map(sp_consensus_babe::OpaqueKeyOwnershipProof::new)
		}
		fn submit_report_equivocation_unsigned_extrinsic(
			equivocation_proof: sp_consensus_babe::EquivocationProof<Header>,
			key_owner_proof: sp_consensus_babe::OpaqueKeyOwnershipProof,
		) -> Option<()> {
			Babe::submit_unsigned_equivocation_report(equivocation_proof, key_owner_proof.decode()?)
		}
	}

	impl sp_consensus_grandpa::GrandpaApi<Block> for Runtime {
		fn grandpa_authorities() -> sp_consensus_grandpa::AuthorityList {
			Grandpa::grandpa_authorities()
		}
		fn current_set_id() -> sp_consensus_grandpa::SetId {
			pallet_grandpa::CurrentSetId::<Runtime>::get()
		}
		fn submit_report_equivocation_unsigned_extrinsic(
			equivocation_proof: sp_consensus_grandpa::EquivocationProof<Hash, BlockNumber>,
			key_owner_proof: sp_consensus_grandpa::OpaqueKeyOwnershipProof,
		) -> Option<()> {
			Grandpa::submit_unsigned_equivocation_report(equivocation_proof, key_owner_proof.decode()?)
		}
		fn generate_key_ownership_proof(
			_set_id: sp_consensus_grandpa::SetId,
			authority_id: sp_consensus_grandpa::AuthorityId,
		) -> Option<sp_consensus_grandpa::OpaqueKeyOwnershipProof> {
			Historical::prove((sp_consensus_grandpa::KEY_TYPE, authority_id))
				.map(|proof| codec::Encode::encode(&proof))
				.map(sp_consensus_grandpa::OpaqueKeyOwnershipProof::new)
		}
	}

	impl sp_authority_discovery::AuthorityDiscoveryApi<Block> for Runtime {
		fn authorities() -> Vec<sp_authority_discovery::AuthorityId> {
			AuthorityDiscovery::authorities()
		}
	}

	impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for Runtime {
		fn account_nonce(account: AccountId) -> Nonce {
			System::account_nonce(account)
		}
	}

	impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi<Block, Balance> for Runtime {
		fn query_info(uxt: <Block as BlockT>::Extrinsic, len: u32) -> RuntimeDispatchInfo<Balance> {
			TransactionPayment::query_info(uxt, len)
		}
		fn query_fee_details(uxt: <Block as BlockT>::Extrinsic, len: u32) -> FeeDetails<Balance> {
			TransactionPayment::query_fee_details(uxt, len)
		}
		fn query_weight_to_fee(weight: Weight) -> Balance {
			TransactionPayment::weight_to_fee(weight)
		}
		fn query_length_to_fee(length: u32) -> Balance {
			TransactionPayment::length_to_fee(length)
		}
	}

	impl sp_genesis_builder::GenesisBuilder<Block> for Runtime {
		fn build_state(config: Vec<u8>) -> sp_genesis_builder::Result {
			build_state::<RuntimeGenesisConfig>(config)?;
			// Replays and synchronous inference need more memory than the default.
			frame_support::storage::unhashed::put(sp_storage::well_known_keys::HEAP_PAGES, &HEAP_PAGES);
			configs::economy::create_pots().map_err(|_| "a pot cannot be created".into())
		}
		fn get_preset(id: &Option<sp_genesis_builder::PresetId>) -> Option<Vec<u8>> {
			get_preset::<RuntimeGenesisConfig>(id, genesis_config_presets::get_preset)
		}
		fn preset_names() -> Vec<sp_genesis_builder::PresetId> {
			genesis_config_presets::preset_names()
		}
	}

	impl countersign_primitives::apis::ModelsApi<Block> for Runtime {
		fn model(id: ModelId) -> Option<ModelView> {
			Models::model(&id)
		}
		fn models(from: Option<ModelId>, limit: u32) -> Vec<ModelView> {
			Models::models(from, limit)
		}
		fn registration(owner: AccountId, manifest: Manifest) -> (ModelId, Hash) {
			Models::registration(&owner, &manifest)
		}
		fn model_of_artefact(sha256: [u8; 32]) -> Option<ModelId> {
			Models::model_of_artefact(&sha256)
		}
		fn serving(validator: AccountId) -> ServingView {
			Models::serving(&validator)
		}
	}

	impl countersign_primitives::apis::InferenceApi<Block> for Runtime {
		fn quote(model: ModelId, input_length: u32, terms: Terms) -> Result<Quote, QuoteError> {
			Inference::quote(model, input_length, terms)
		}
		fn next_nonce(account: AccountId, lane: u8) -> u64 {
			Inference::next_nonce(account, lane)
		}
		fn request_id(account: AccountId, nonce: u64, model: ModelId, input: Hash, terms: Terms) -> RequestId {
			Inference::id_of(account, nonce, model, input, terms)
		}
		fn commit(tensors: Vec<u8>) -> Result<Hash, TensorError> {
			Inference::commit(tensors)
		}
		fn encode_tensors(tensors: Vec<Tensor>) -> Vec<u8> {
			Inference::encode_tensors(tensors)
		}
		fn request(id: RequestId) -> Option<RequestView> {
			Inference::request_view(id)
		}
		fn result(id: RequestId) -> Option<ResultView> {
			Inference::result_view(id)
		}
		fn input(id: RequestId) -> Option<Vec<u8>> {
			Inference::input(id)
		}
		fn assignments(key: InferenceId) -> Vec<WorkItem> {
			Inference::assignments(key)
		}
		fn request_parameters() -> RequestParameters {
			<Inference as countersign_primitives::traits::RequestRules>::parameters()
		}
		fn window_clock() -> u64 {
			Inference::window_clock()
		}
		fn result_transaction(statement: Statement, outcome: Outcome, signature: InferenceSignature) -> <Block as BlockT>::Extrinsic {
			Inference::result_transaction(statement, outcome, signature)
		}
		fn demand_input_transaction(demand: InputDemand, signature: InferenceSignature) -> <Block as BlockT>::Extrinsic {
			Inference::demand_input_transaction(demand, signature)
		}
		fn receipts(block: BlockNumber) -> Vec<Receipt> {
			Inference::receipts(block)
		}
	}

	impl countersign_primitives::apis::ProgramsApi<Block> for Runtime {
		fn program_info(model: ModelId) -> Option<ProgramInfo> {
			let record = Models::program_record(&model)?;
			Some(ProgramInfo {
				run_weight: Inference::run_weight(&record.summary.cost),
				sync: Inference::sync_quote(&model),
				summary: record.summary,
				depositor: record.depositor,
				deposit: record.deposit,
				callable_from: record.callable_from,
			})
		}
		fn dry_run(package: Vec<u8>, input: Vec<u8>) -> Result<DryRun, DryRunError> {
			Inference::dry_run(&package, &input)
		}
		fn dry_run_model(model: ModelId, input: Vec<u8>) -> Result<DryRun, DryRunError> {
			Inference::dry_run_model(&model, &input)
		}
		fn program(root: Hash) -> Option<Vec<u8>> {
			Models::program_package(&root)
		}
	}

	impl countersign_primitives::dispute::DisputesApi<Block> for Runtime {
		fn disputable(after: Option<RequestId>, limit: u32) -> Vec<DisputableView> {
			Disputes::disputable(after, limit)
		}
		fn disputable_result(request: RequestId) -> Option<DisputableView> {
			Disputes::disputable_result(request)
		}
		fn answered_here() -> Vec<RequestId> {
			configs::disputes::answered_here()
		}
		fn decision(request: RequestId) -> Option<Decision> {
			Disputes::decision(request)
		}
		fn decisions(after: Option<RequestId>, limit: u32) -> Vec<(RequestId, Decision)> {
			Disputes::decisions(after, limit)
		}
		fn replay_cost(package: Vec<u8>, input_bytes: u32) -> Result<ReplayCost, ReplayRefusal> {
			Disputes::replay_cost(package, input_bytes)
		}
		fn replay_cost_of(request: RequestId, package: PackageSource) -> Result<ReplayCost, ReplayRefusal> {
			Disputes::replay_cost_of(request, package)
		}
		fn judge(request: RequestId, witness: Witness) -> Result<Verdict, ReplayRefusal> {
			Disputes::dry_run(request, witness)
		}
		fn staged(id: StagingId) -> Option<(u32, u32)> {
			Disputes::staged(id)
		}
		fn challenge_transaction(challenge: ReplayChallenge, witness: Witness, signature: InferenceSignature) -> <Block as BlockT>::Extrinsic {
			Disputes::challenge_transaction(challenge, witness, signature)
		}
		fn games(after: Option<(RequestId, u8)>, limit: u32) -> Vec<GameView> {
			Disputes::games(after, limit)
		}
		fn game(request: RequestId, branch: u8) -> Option<GameView> {
			Disputes::game(request, branch)
		}
		fn game_roots(request: RequestId) -> Option<Vec<Hash>> {
			Disputes::game_roots(request)
		}
		fn game_cost(
			request: RequestId,
			opening: Option<Opening>,
		) -> Result<GameCost, GameRefusal> {
			Disputes::game_cost(request, opening)
		}
		fn demand_fee(request: RequestId, wanted: Wanted) -> Result<Balance, GameRefusal> {
			Disputes::demand_fee(request, wanted)
		}
		fn show_transaction(
			message: GameMessage,
			showing: Showing,
			signature: InferenceSignature,
		) -> <Block as BlockT>::Extrinsic {
			Disputes::show_transaction(message, showing, signature)
		}
		fn demands(after: Option<(RequestId, DemandId)>, limit: u32) -> Vec<DemandView> {
			Disputes::demands(after, limit)
		}
		fn open_game_transaction(
			message: GameMessage,
			opening: Option<Opening>,
			signature: InferenceSignature,
		) -> <Block as BlockT>::Extrinsic {
			Disputes::open_game_transaction(message, opening, signature)
		}
		fn game_move_transaction(
			message: GameMessage,
			action: GameMove,
			signature: InferenceSignature,
		) -> <Block as BlockT>::Extrinsic {
			Disputes::game_move_transaction(message, action, signature)
		}
	}

	impl countersign_primitives::audit::AuditsApi<Block> for Runtime {
		fn audit_work(key: InferenceId) -> Vec<AuditItem> {
			Audits::work_of(key)
		}
		fn audits(request: RequestId) -> Option<AuditView> {
			Audits::view(request)
		}
		fn audit_record(validator: AccountId) -> AuditRecordView {
			Audits::record_view(validator)
		}
		fn contradicted(account: AccountId) -> Vec<RequestId> {
			Audits::contradicted(account)
		}
		fn audit_commit_transaction(commit: AuditCommit, signature: InferenceSignature) -> <Block as BlockT>::Extrinsic {
			Audits::commit_transaction(commit, signature)
		}
		fn audit_reveal_transaction(reveal: AuditReveal, signature: InferenceSignature) -> <Block as BlockT>::Extrinsic {
			Audits::reveal_transaction(reveal, signature)
		}
	}

	impl countersign_primitives::apis::AttributionApi<Block> for Runtime {
		fn vector(model: ModelId) -> Vec<VectorEntry> {
			Attribution::vector(&model)
		}
		fn total_credited(model: ModelId) -> Balance {
			Attribution::total_credited(&model)
		}
		fn entitlements(model: ModelId) -> Vec<EntitlementView> {
			Attribution::entitlements(&model)
		}
		fn rights_of(account: AccountId, skip: u32) -> Vec<EntitlementView> {
			Attribution::rights_of(&account, skip)
		}
	}

	impl countersign_primitives::apis::ValidatorsApi<Block> for Runtime {
		fn validators() -> Vec<ValidatorView> {
			Validators::views()
		}
		fn validator(account: AccountId) -> Option<ValidatorView> {
			Validators::view(&account)
		}
		fn member(session: SessionIndex, validator: ValidatorIndex) -> Option<(AccountId, InferenceId, Balance)> {
			use countersign_primitives::traits::Sessions;
			<Validators as Sessions>::member(session, validator)
				.map(|member| (member.account, member.key, member.exposure))
		}
		fn session() -> SessionIndex {
			pallet_session::CurrentIndex::<Runtime>::get()
		}
		fn consensus_parameters() -> ConsensusParameters {
			Validators::consensus_parameters()
		}
	}

	#[cfg(feature = "try-runtime")]
	impl frame_try_runtime::TryRuntime<Block> for Runtime {
		// The tool wants a panic: it runs this in an instance of its own, and no chain has the feature.
		#[allow(clippy::expect_used)]
		fn on_runtime_upgrade(checks: frame_try_runtime::UpgradeCheckSelect) -> (Weight, Weight) {
			let weight = Executive::try_runtime_upgrade(checks).expect("the upgrade passes its checks");
			(weight, configs::system::RuntimeBlockWeights::get().max_block)
		}
		fn execute_block(
			block: <Block as BlockT>::LazyBlock,
			state_root_check: bool,
			signature_check: bool,
			select: frame_try_runtime::TryStateSelect,
		) -> Weight {
			#[allow(clippy::expect_used)]
			Executive::try_execute_block(block, state_root_check, signature_check, select)
				.expect("try-runtime reports a block that breaks an invariant by its panic")
		}
	}

	#[cfg(feature = "runtime-benchmarks")]
	impl frame_benchmarking::Benchmark<Block> for Runtime {
		fn benchmark_metadata(extra: bool) -> (
			Vec<frame_benchmarking::BenchmarkList>,
			Vec<frame_support::traits::StorageInfo>,
		) {
			use frame_benchmarking::BenchmarkList;
			use frame_support::traits::StorageInfoTrait;
			let mut list = Vec::<BenchmarkList>::new();
			list_benchmarks!(list, extra);
			(list, AllPalletsWithSystem::storage_info())
		}
		#[allow(non_local_definitions)]
		fn dispatch_benchmark(
			config: frame_benchmarking::BenchmarkConfig,
		) -> Result<Vec<frame_benchmarking::BenchmarkBatch>, alloc::string::String> {
			use frame_benchmarking::BenchmarkBatch;
			use frame_support::traits::WhitelistedStorageKeys;
			let whitelist = AllPalletsWithSystem::whitelisted_storage_keys();
			let mut batches = Vec::<BenchmarkBatch>::new();
			let params = (&config, &whitelist);
			add_benchmarks!(params, batches);
			Ok(batches)
		}
	}
);
