//! The runtime APIs, typed. Each asks at the best block.

use crate::{manifest::parse_hash, Client, Error};
use codec::{Decode, Encode};
use countersign_engine::slashes::{self, PendingSlash};
use countersign_primitives::{
	apis::{QuoteError, ServingView, ValidatorView},
	attribution::{EntitlementView, VectorEntry},
	audit::{AuditRecordView, AuditView},
	model::{ArtefactHash, ModelId, ModelView},
	parameters::{ConsensusParameters, RequestParameters},
	program::{DryRun, DryRunError, ProgramInfo},
	request::{Quote, Receipt, RequestId, RequestView, ResultView, Terms},
	tensor::Tensor,
	AccountId, Balance, BlockNumber, Hash, SessionIndex,
};
use sp_crypto_hashing::{blake2_128, twox_128};

/// What an account has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountBalance {
	/// What can be spent, less what must stay.
	pub free: Balance,
	/// What is on hold: for open requests, bonds, deposits.
	pub held: Balance,
	/// What cannot be transferred for other reasons.
	pub frozen: Balance,
	/// Transactions sent.
	pub nonce: u32,
}

#[derive(Decode)]
struct AccountInfo {
	nonce: u32,
	_counters: (u32, u32, u32),
	free: Balance,
	reserved: Balance,
	frozen: Balance,
	_flags: u128,
}

/// What a validator has bonded, as `Validators.Ledgers` holds it, as far as `leaving`.
#[derive(Decode)]
struct LedgerStart {
	_amounts: (Balance, Balance),
	_unbonding: Vec<(Balance, SessionIndex)>,
	leaving: Option<SessionIndex>,
}

impl Client {
	/// A model.
	pub async fn model(&self, id: ModelId) -> Result<ModelView, Error> {
		let found: Option<ModelView> = self.api("ModelsApi_model", (id,), None).await?;
		found.ok_or(Error::NotFound { what: "model", id: format!("{id:?}") })
	}

	/// Up to 100 models after `from`, in the order of identifiers.
	pub async fn models(&self, from: Option<ModelId>, limit: u32) -> Result<Vec<ModelView>, Error> {
		self.api("ModelsApi_models", (from, limit), None).await
	}

	/// All models.
	pub async fn all_models(&self) -> Result<Vec<ModelView>, Error> {
		let mut all: Vec<ModelView> = Vec::new();
		loop {
			let more = self.models(all.last().map(|model| model.id), 100).await?;
			if more.is_empty() {
				return Ok(all);
			}
			all.extend(more);
		}
	}

	/// The model that people name: by its name or identifier, or by the beginning of either where
	/// only one model has it.
	pub async fn find_model(&self, text: &str) -> Result<ModelView, Error> {
		if let Ok(id) = parse_hash(text) {
			return self.model(id).await;
		}
		pick(self.all_models().await?, text)
	}

	/// The model first registered for an artefact.
	pub async fn model_of_artefact(&self, sha256: ArtefactHash) -> Result<Option<ModelId>, Error> {
		self.api("ModelsApi_model_of_artefact", (sha256,), None).await
	}

	/// What a validator serves.
	pub async fn serving(&self, validator: &AccountId) -> Result<ServingView, Error> {
		self.api("ModelsApi_serving", (validator,), None).await
	}

	/// What a request would cost, and who could run it.
	pub async fn quote(
		&self,
		model: ModelId,
		input_length: u32,
		terms: &Terms,
	) -> Result<Quote, Error> {
		let quote: Result<Quote, QuoteError> =
			self.api("InferenceApi_quote", (model, input_length, terms), None).await?;
		quote.map_err(Error::Quote)
	}

	/// The nonce that the next request of an account in a lane must have.
	pub async fn next_nonce(&self, account: &AccountId, lane: u8) -> Result<u64, Error> {
		self.api("InferenceApi_next_nonce", (account, lane), None).await
	}

	/// A request, until it is pruned.
	pub async fn request(&self, id: RequestId) -> Result<RequestView, Error> {
		let found: Option<RequestView> = self.request_at(id, None).await?;
		found.ok_or(Error::NotFound { what: "request", id: format!("{id:?}") })
	}

	/// A request at a block.
	pub async fn request_at(
		&self,
		id: RequestId,
		at: Option<Hash>,
	) -> Result<Option<RequestView>, Error> {
		self.api("InferenceApi_request", (id,), at).await
	}

	/// A result, until it is pruned.
	pub async fn result(&self, id: RequestId) -> Result<ResultView, Error> {
		let found: Option<ResultView> = self.result_at(id, None).await?;
		found.ok_or(Error::NotFound { what: "result for request", id: format!("{id:?}") })
	}

	/// A result at a block.
	pub async fn result_at(
		&self,
		id: RequestId,
		at: Option<Hash>,
	) -> Result<Option<ResultView>, Error> {
		self.api("InferenceApi_result", (id,), at).await
	}

	/// The audits of a result, until the request is pruned. Nothing where nobody was drawn.
	pub async fn audits(&self, id: RequestId) -> Result<Option<AuditView>, Error> {
		self.api("AuditsApi_audits", (id,), None).await
	}

	/// A validator's record as an executor, and what the pot owes it as an auditor.
	pub async fn audit_record(&self, validator: &AccountId) -> Result<AuditRecordView, Error> {
		self.api("AuditsApi_audit_record", (validator,), None).await
	}

	/// The encoding of an input, while it is on chain.
	pub async fn input(&self, id: RequestId) -> Result<Option<Vec<u8>>, Error> {
		self.api("InferenceApi_input", (id,), None).await
	}

	/// The stored program of a model, and what calling it takes.
	pub async fn program_info(&self, model: ModelId) -> Result<Option<ProgramInfo>, Error> {
		self.api("ProgramsApi_program_info", (model,), None).await
	}

	/// The package of a stored program.
	pub async fn stored_program(&self, root: Hash) -> Result<Option<Vec<u8>>, Error> {
		self.api("ProgramsApi_program", (root,), None).await
	}

	/// Runs a package in the node's runtime. The outputs are whole, whatever policies expose.
	pub async fn dry_run(&self, package: &[u8], input: &[Tensor]) -> Result<DryRun, Error> {
		let run: Result<DryRun, DryRunError> =
			self.api("ProgramsApi_dry_run", (package, input.encode()), None).await?;
		run.map_err(Error::DryRun)
	}

	/// Runs a model's stored program in the node's runtime.
	pub async fn dry_run_model(&self, model: ModelId, input: &[Tensor]) -> Result<DryRun, Error> {
		let run: Result<DryRun, DryRunError> =
			self.api("ProgramsApi_dry_run_model", (model, input.encode()), None).await?;
		run.map_err(Error::DryRun)
	}

	/// The parameters in force for new requests.
	pub async fn request_parameters(&self) -> Result<RequestParameters, Error> {
		self.api("InferenceApi_request_parameters", (), None).await
	}

	/// The window clock.
	pub async fn window_clock(&self) -> Result<u64, Error> {
		self.api("InferenceApi_window_clock", (), None).await
	}

	/// The receipts of a recent block.
	pub async fn receipts(&self, block: BlockNumber) -> Result<Vec<Receipt>, Error> {
		self.api("InferenceApi_receipts", (block,), None).await
	}

	/// The flattened vector of a model.
	pub async fn vector(&self, model: ModelId) -> Result<Vec<VectorEntry>, Error> {
		self.api("AttributionApi_vector", (model,), None).await
	}

	/// Everything that a model's contributors ever earned.
	pub async fn total_credited(&self, model: ModelId) -> Result<Balance, Error> {
		self.api("AttributionApi_total_credited", (model,), None).await
	}

	/// Every right in a model's vector with what it earned.
	pub async fn entitlements(&self, model: ModelId) -> Result<Vec<EntitlementView>, Error> {
		self.api("AttributionApi_entitlements", (model,), None).await
	}

	/// All rights that an account owns, with what they earned.
	pub async fn rights_of(&self, account: &AccountId) -> Result<Vec<EntitlementView>, Error> {
		let mut all: Vec<EntitlementView> = Vec::new();
		loop {
			let skip = all.len() as u32;
			let more: Vec<EntitlementView> =
				self.api("AttributionApi_rights_of", (account, skip), None).await?;
			let last = more.len() < 256;
			all.extend(more);
			if last {
				return Ok(all);
			}
		}
	}

	/// Every validator.
	pub async fn validators(&self) -> Result<Vec<ValidatorView>, Error> {
		self.api("ValidatorsApi_validators", (), None).await
	}

	/// One validator.
	pub async fn validator(&self, account: &AccountId) -> Result<Option<ValidatorView>, Error> {
		self.api("ValidatorsApi_validator", (account,), None).await
	}

	/// The slashes that wait on a validator's bond, by number.
	pub async fn pending_slashes(&self, validator: &AccountId) -> Result<Vec<PendingSlash>, Error> {
		let all = self.all_slashes().await?;
		let mut found: Vec<PendingSlash> = all
			.into_iter()
			.filter_map(|(offender, slash)| (offender == *validator).then_some(slash))
			.collect();
		found.sort_by_key(|slash| slash.number);
		Ok(found)
	}

	/// A slash that waits, and whose bond it waits on.
	pub async fn pending_slash(
		&self,
		number: u32,
	) -> Result<Option<(AccountId, PendingSlash)>, Error> {
		let mut all = self.all_slashes().await?;
		all.retain(|(_, slash)| slash.number == number);
		Ok(all.pop())
	}

	/// All slashes that wait, in no order.
	async fn all_slashes(&self) -> Result<Vec<(AccountId, PendingSlash)>, Error> {
		let pairs = self.storage_pairs(&slashes::prefix(), slashes::MAX_SLASHES).await?;
		Ok(pairs.iter().filter_map(|(key, value)| slashes::read(key, value)).collect())
	}

	/// The session from which a validator that has begun to leave can withdraw its bond. Amounts that
	/// were taken out of the bond are in its view.
	pub async fn leaves_in(&self, validator: &AccountId) -> Result<Option<SessionIndex>, Error> {
		let key = account_key("Validators", "Ledgers", validator);
		let ledger: Option<LedgerStart> = self.storage(&key, None).await?;
		Ok(ledger.and_then(|ledger| ledger.leaving))
	}

	/// The current session.
	pub async fn session(&self) -> Result<SessionIndex, Error> {
		self.api("ValidatorsApi_session", (), None).await
	}

	/// The parameters of consensus and bonds.
	pub async fn consensus_parameters(&self) -> Result<ConsensusParameters, Error> {
		self.api("ValidatorsApi_consensus_parameters", (), None).await
	}

	/// What an account has.
	pub async fn balance(&self, account: &AccountId) -> Result<AccountBalance, Error> {
		let key = account_key("System", "Account", account);
		let info: Option<AccountInfo> = self.storage(&key, None).await?;
		Ok(info.map_or(AccountBalance { free: 0, held: 0, frozen: 0, nonce: 0 }, |info| {
			AccountBalance {
				free: info.free,
				held: info.reserved,
				frozen: info.frozen,
				nonce: info.nonce,
			}
		}))
	}
}

/// The key of an account's entry in a storage map that hashes with `Blake2_128Concat`.
fn account_key(pallet: &str, map: &str, account: &AccountId) -> Vec<u8> {
	let bytes: &[u8] = account.as_ref();
	let mut key = [twox_128(pallet.as_bytes()), twox_128(map.as_bytes())].concat();
	key.extend(blake2_128(bytes));
	key.extend(bytes);
	key
}

/// The one model that `text` names.
fn pick(models: Vec<ModelView>, text: &str) -> Result<ModelView, Error> {
	let name = |model: &ModelView| model.manifest.name.to_vec();
	let wanted = text.to_ascii_lowercase();
	let exact = models.iter().any(|model| name(model) == text.as_bytes());
	let mut found = models;
	found.retain(|model| match (exact, text.starts_with("0x")) {
		(true, _) => name(model) == text.as_bytes(),
		(false, true) => format!("{:?}", model.id).starts_with(&wanted),
		(false, false) => name(model).to_ascii_lowercase().starts_with(wanted.as_bytes()),
	});
	match (found.pop(), found.len()) {
		(None, _) => Err(Error::NotFound { what: "model", id: text.into() }),
		(Some(model), 0) => Ok(model),
		(Some(_), others) => Err(Error::Input(format!(
			"{} models are called `{text}`; give the identifier",
			others + 1
		))),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use countersign_primitives::model::{Artefact, Manifest, ModelStatus, Price, RunCost};

	fn model(name: &str, id: u8) -> ModelView {
		ModelView {
			id: Hash::repeat_byte(id),
			owner: AccountId::from([0; 32]),
			status: ModelStatus::Active,
			price: Price::default(),
			registered_at: 1,
			manifest: Manifest {
				name: name.as_bytes().to_vec().try_into().unwrap(),
				licence: Default::default(),
				artefact: Artefact { sha256: [0; 32], length: 1 },
				program: None,
				inputs: Default::default(),
				outputs: Default::default(),
				policies: Default::default(),
				cost: RunCost { macs: 1, time_ms: 1, memory_mib: 1 },
				contributors: Default::default(),
				parents: Default::default(),
			},
			servers: Vec::new(),
		}
	}

	/// What follows `leaving` is not looked at.
	#[test]
	fn a_ledger_is_read_as_far_as_it_is_needed() {
		let stored = |leaving: Option<SessionIndex>| {
			let unbonding: Vec<(Balance, SessionIndex)> = vec![(3, 7), (4, 8)];
			let pending: (Balance, Balance, u32, Balance, SessionIndex) = (1, 2, 1, 0, 0);
			(10 as Balance, 5 as Balance, unbonding, leaving, pending).encode()
		};
		for leaving in [None, Some(9)] {
			let read = LedgerStart::decode(&mut &stored(leaving)[..]).expect("decodes");
			assert_eq!(read.leaving, leaving);
		}
	}

	#[test]
	fn models_go_by_the_beginning_of_a_name() {
		let models = vec![
			model("Magika standard", 0xab),
			model("magika", 0xcd),
			model("silero", 0xce),
			model("twice", 1),
			model("twice", 2),
		];
		for (text, expected) in [
			("magika", 0xcd),
			("Magika standard", 0xab),
			("magika s", 0xab),
			("SIL", 0xce),
			("0xab", 0xab),
			("0xCE", 0xce),
		] {
			assert_eq!(
				pick(models.clone(), text).unwrap().id,
				Hash::repeat_byte(expected),
				"{text}"
			);
		}
		assert!(matches!(pick(models.clone(), "none"), Err(Error::NotFound { .. })));
		for several in ["twice", "mag", "0xc", ""] {
			let problem = pick(models.clone(), several).unwrap_err();
			assert!(problem.to_string().contains("give the identifier"), "{several}");
		}
	}
}
