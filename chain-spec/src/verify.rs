//! Looks at what a specification puts into the genesis state.
//!
//! The state is built as a node builds it, and then the specification's own runtime is asked what
//! it finds there. So a raw specification from elsewhere is verified as well as one from here.

use codec::Decode;
use countersign_primitives::{
	apis::ValidatorView,
	parameters::{ConsensusParameters, RequestParameters, SLOT_MILLISECONDS},
	Balance,
};
use countersign_runtime::HEAP_PAGES;
use sc_chain_spec::ChainSpec;
use sc_executor::WasmExecutor;
use sp_consensus_babe::BabeConfiguration;
use sp_consensus_grandpa::AuthorityList;
use sp_core::{
	storage::Storage,
	traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode},
};
use sp_state_machine::BasicExternalities;
use sp_storage::well_known_keys;
use sp_version::RuntimeVersion;
use std::{collections::BTreeSet, fmt};

/// Why a specification is not good.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
	/// There is no state.
	#[error("the genesis state cannot be built: {0}")]
	Build(String),
	/// There is no runtime.
	#[error("the genesis state has no runtime code")]
	NoCode,
	/// The runtime does not answer.
	#[error("the runtime does not answer {method}: {reason}")]
	Call {
		/// What was asked.
		method: &'static str,
		/// What happened.
		reason: String,
	},
	/// The runtime would not have the memory that blocks need.
	#[error("`:heappages` is {found:?}, and must be {HEAP_PAGES}")]
	HeapPages {
		/// What is there.
		found: Option<u64>,
	},
	/// A parameter outside its range, or a relation that does not hold.
	#[error("parameters: {0}")]
	Parameters(&'static str),
	/// Consensus and parameters do not agree.
	#[error("{what} is {found}, and must be {expected}")]
	Mismatch {
		/// What.
		what: &'static str,
		/// What it is.
		found: u64,
		/// What it must be.
		expected: u64,
	},
	/// Nobody would make blocks.
	#[error("there is no validator in the first session")]
	NoValidators,
	/// A validator of the first session without a key or a bond.
	#[error("{0}")]
	Validator(String),
}

/// What a specification contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
	/// The network's name.
	pub name: String,
	/// The network's id.
	pub id: String,
	/// The runtime.
	pub version: RuntimeVersion,
	/// The parameters of consensus and bonds.
	pub consensus: ConsensusParameters,
	/// The parameters of requests.
	pub requests: RequestParameters,
	/// The validators.
	pub validators: Vec<ValidatorView>,
	/// Everything bonded.
	pub bonded: Balance,
	/// Entries of the state.
	pub entries: usize,
}

impl fmt::Display for Summary {
	fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
		writeln!(f, "{} ({})", self.name, self.id)?;
		let version = &self.version;
		writeln!(f, "runtime     {} {}", version.spec_name, version.spec_version)?;
		writeln!(f, "state       {} entries", self.entries)?;
		writeln!(f, "epoch       {} slots of {SLOT_MILLISECONDS} ms", self.consensus.epoch_slots)?;
		writeln!(f, "bonded      {}", crate::custom::Tokens(self.bonded))?;
		for validator in &self.validators {
			let bond = crate::custom::Tokens(validator.bonded);
			writeln!(f, "validator   {} with {bond}", validator.account)?;
		}
		Ok(())
	}
}

/// A runtime on a genesis state.
struct State<'a> {
	executor: WasmExecutor,
	externalities: BasicExternalities,
	code: &'a [u8],
}

impl State<'_> {
	fn ask<T: Decode>(&mut self, method: &'static str, argument: &[u8]) -> Result<T, Problem> {
		let failed = |reason: String| Problem::Call { method, reason };
		let fetcher = WrappedRuntimeCode(self.code.into());
		let code = RuntimeCode {
			code_fetcher: &fetcher,
			heap_pages: Some(HEAP_PAGES),
			hash: sp_crypto_hashing::blake2_256(self.code).to_vec(),
		};
		let (answer, _) = self.executor.call(
			&mut self.externalities,
			&code,
			method,
			argument,
			CallContext::Offchain,
		);
		let answer = answer.map_err(|error| failed(error.to_string()))?;
		T::decode(&mut &*answer).map_err(|error| failed(error.to_string()))
	}
}

/// Builds a specification's genesis state, which takes seconds.
pub fn genesis(spec: &dyn ChainSpec) -> Result<Storage, Problem> {
	spec.as_storage_builder().build_storage().map_err(Problem::Build)
}

/// Verifies a specification.
pub fn verify(spec: &dyn ChainSpec) -> Result<Summary, Problem> {
	verify_genesis(spec, genesis(spec)?)
}

/// Verifies the genesis state of a specification.
pub fn verify_genesis(spec: &dyn ChainSpec, storage: Storage) -> Result<Summary, Problem> {
	let code = storage.top.get(well_known_keys::CODE).cloned().ok_or(Problem::NoCode)?;
	let found = storage
		.top
		.get(well_known_keys::HEAP_PAGES)
		.and_then(|pages| u64::decode(&mut &**pages).ok());
	if found != Some(HEAP_PAGES) {
		return Err(Problem::HeapPages { found });
	}
	let entries = storage.top.len();
	let mut state = State {
		executor: WasmExecutor::builder().build(),
		externalities: BasicExternalities::new(storage),
		code: &code,
	};
	let version: RuntimeVersion = state.ask("Core_version", &[])?;
	let consensus: ConsensusParameters = state.ask("ValidatorsApi_consensus_parameters", &[])?;
	let requests: RequestParameters = state.ask("InferenceApi_request_parameters", &[])?;
	consensus.check(&requests).map_err(|error| Problem::Parameters(error.0))?;

	let validators: Vec<ValidatorView> = state.ask("ValidatorsApi_validators", &[])?;
	let babe: BabeConfiguration = state.ask("BabeApi_configuration", &[])?;
	let grandpa: AuthorityList = state.ask("GrandpaApi_grandpa_authorities", &[])?;
	let active = validators.iter().filter(|validator| validator.position.is_some()).count();
	if active == 0 {
		return Err(Problem::NoValidators);
	}
	let same = |what, found: u64, expected: u64| {
		if found == expected {
			Ok(())
		} else {
			Err(Problem::Mismatch { what, found, expected })
		}
	};
	same("the slot's duration", babe.slot_duration, SLOT_MILLISECONDS)?;
	same("the epoch's length", babe.epoch_length, consensus.epoch_slots.into())?;
	same("the number of BABE authorities", babe.authorities.len() as u64, active as u64)?;
	same("the number of GRANDPA authorities", grandpa.len() as u64, active as u64)?;

	let mut positions = BTreeSet::new();
	let mut bonded: Balance = 0;
	for validator in &validators {
		let account = &validator.account;
		if validator.position.is_some_and(|position| !positions.insert(position)) {
			return Err(Problem::Validator(format!("{account} shares its position")));
		}
		if validator.position.is_some() != validator.key.is_some() {
			return Err(Problem::Validator(format!("{account} has no inference key")));
		}
		if validator.bonded < consensus.minimum_bond {
			return Err(Problem::Validator(format!("{account} bonds less than the minimum")));
		}
		bonded = bonded.checked_add(validator.bonded).ok_or_else(|| {
			Problem::Validator("the bonds add up to more than can be counted".into())
		})?;
	}
	Ok(Summary {
		name: spec.name().into(),
		id: spec.id().into(),
		version,
		consensus,
		requests,
		validators,
		bonded,
		entries,
	})
}
