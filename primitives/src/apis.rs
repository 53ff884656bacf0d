//! The runtime APIs: what a node, a client or a wallet can ask without a transaction.

// The macro documents what it generates in its own way.
#![allow(missing_docs)]

use crate::{
	attribution::{EntitlementView, VectorEntry},
	keys::{InferenceId, InferenceSignature},
	model::{Manifest, ModelId, ModelView},
	parameters::{ConsensusParameters, RequestParameters},
	program::{DryRun, DryRunError, ProgramInfo},
	request::{
		InputDemand, Outcome, Quote, RequestId, RequestView, ResultView, Statement, Terms, WorkItem,
	},
	tensor::{Tensor, TensorError},
	AccountId, Balance, BlockNumber, Hash, Macs, SessionIndex, ValidatorIndex,
};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;

/// Why there is no quote.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub enum QuoteError {
	/// There is no such model.
	UnknownModel,
	/// The model takes no new requests.
	Retired,
	/// The input is longer than the model or the chain takes.
	InputTooLarge,
	/// Nobody can give the wanted evidence for this model.
	EvidenceUnavailable,
	/// The model cannot be disputed, so no value may be at risk.
	ValueAtRiskWithoutProgram,
	/// One run costs more than this network takes.
	TooCostly,
	/// The terms ask for a callback, which is not offered yet.
	CallbackUnavailable,
	/// The model's version of the operator set is suspended until a referendum.
	VersionSuspended,
}

/// What a validator serves.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode, TypeInfo)]
pub struct ServingView {
	/// The models.
	pub models: Vec<ModelId>,
	/// The open cost that it takes at one time.
	pub capacity: Macs,
}

/// A validator as queries show it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct ValidatorView {
	/// The account.
	pub account: AccountId,
	/// The bond in force.
	pub bonded: Balance,
	/// What is unbonding: amount and the session from which it can be withdrawn.
	pub unbonding: Vec<(Balance, SessionIndex)>,
	/// The part of the bond reserved for open results.
	pub reserved_cover: Balance,
	/// The part that can still be reserved.
	pub free_cover: Balance,
	/// The position in the current session.
	pub position: Option<ValidatorIndex>,
	/// The inference key in the current session.
	pub key: Option<InferenceId>,
	/// Assignments answered in time.
	pub answered: u32,
	/// Assignments missed.
	pub missed: u32,
	/// Whether it has begun to leave.
	pub leaving: bool,
}

sp_api::decl_runtime_apis! {
	/// Models: what they are, what they cost, who serves them.
	pub trait ModelsApi {
		/// A model.
		fn model(id: ModelId) -> Option<ModelView>;
		/// Up to `limit` models (at most 100) after `from` in the order of identifiers.
		fn models(from: Option<ModelId>, limit: u32) -> Vec<ModelView>;
		/// The identifier that a manifest gets when `owner` registers it, and what the owner has to
		/// commit to in an earlier block.
		fn registration(owner: AccountId, manifest: Manifest) -> (ModelId, Hash);
		/// The model first registered for an artefact.
		fn model_of_artefact(sha256: [u8; 32]) -> Option<ModelId>;
		/// What a validator serves.
		fn serving(validator: AccountId) -> ServingView;
	}

	/// Requests and results.
	pub trait InferenceApi {
		/// What a request would cost, and who could run it.
		fn quote(model: ModelId, input_length: u32, terms: Terms) -> Result<Quote, QuoteError>;
		/// The nonce that the next request of an account in a lane must have.
		fn next_nonce(account: AccountId, lane: u8) -> u64;
		/// The identifier that a request would have.
		fn request_id(account: AccountId, nonce: u64, model: ModelId, input: Hash, terms: Terms) -> RequestId;
		/// The commitment to a list of tensors, given as their encoding.
		fn commit(tensors: Vec<u8>) -> Result<Hash, TensorError>;
		/// The same as an encoding, for clients that have no SCALE library at hand.
		fn encode_tensors(tensors: Vec<Tensor>) -> Vec<u8>;
		/// A request, until it is pruned.
		fn request(id: RequestId) -> Option<RequestView>;
		/// A result, until it is pruned.
		fn result(id: RequestId) -> Option<ResultView>;
		/// The encoding of an input, while it is on chain.
		fn input(id: RequestId) -> Option<Vec<u8>>;
		/// The open assignments of an inference key, oldest first, at most 256.
		fn assignments(key: InferenceId) -> Vec<WorkItem>;
		/// The parameters in force for new requests.
		fn request_parameters() -> RequestParameters;
		/// The window clock.
		fn window_clock() -> u64;
		/// The transaction that posts a result.
		fn result_transaction(statement: Statement, outcome: Outcome, signature: InferenceSignature) -> Block::Extrinsic;
		/// The transaction by which an executor demands the input.
		fn demand_input_transaction(demand: InputDemand, signature: InferenceSignature) -> Block::Extrinsic;
		/// The receipts of a recent block, in the order in which its root commits to them.
		fn receipts(block: BlockNumber) -> Vec<crate::request::Receipt>;
	}

	/// Canonical programs: running them without a transaction.
	pub trait ProgramsApi {
		/// The stored program of a model, and what calling it inside a transaction takes.
		fn program_info(model: ModelId) -> Option<ProgramInfo>;
		/// Runs a program that comes as an argument, as its package's encoding, on the encoding of
		/// a list of tensors. Anything that a replay could take runs; the outputs are whole.
		fn dry_run(package: Vec<u8>, input: Vec<u8>) -> Result<DryRun, DryRunError>;
		/// Runs the stored program of a model; the outputs are what a result of the model carries.
		fn dry_run_model(model: ModelId, input: Vec<u8>) -> Result<DryRun, DryRunError>;
		/// The package of a stored program, by its root.
		fn program(root: Hash) -> Option<Vec<u8>>;
	}

	/// Contributors, shares and what they earned.
	pub trait AttributionApi {
		/// The flattened vector of a model.
		fn vector(model: ModelId) -> Vec<VectorEntry>;
		/// Everything that a model's contributors ever earned.
		fn total_credited(model: ModelId) -> Balance;
		/// Every right in a model's vector with what it earned.
		fn entitlements(model: ModelId) -> Vec<EntitlementView>;
		/// The rights that an account owns, with what they earned, at most 256 after `skip`.
		fn rights_of(account: AccountId, skip: u32) -> Vec<EntitlementView>;
	}

	/// Validators, bonds and sessions.
	pub trait ValidatorsApi {
		/// Every validator, at most 1,000.
		fn validators() -> Vec<ValidatorView>;
		/// One validator.
		fn validator(account: AccountId) -> Option<ValidatorView>;
		/// Who held a position in a session: account, inference key, exposure.
		fn member(session: SessionIndex, validator: ValidatorIndex) -> Option<(AccountId, InferenceId, Balance)>;
		/// The current session.
		fn session() -> SessionIndex;
		/// The parameters of consensus and bonds.
		fn consensus_parameters() -> ConsensusParameters;
	}
}
