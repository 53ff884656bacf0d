//! Genesis from a file that a network's founders write.
//!
//! The file is TOML or JSON. Amounts are text, in tokens: `"1000"`, `"0.5"`.
//!
//! ```toml
//! name = "Example Network"
//! id = "example"
//! chainType = "live"
//! parameters = "main"
//!
//! [consensus]
//! epochSlots = 600
//!
//! [[validators]]
//! account = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
//! bond = "10000"
//! babe = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
//! grandpa = "5FA9nQDVg267DEd8m1ZypXLBnvN7SFxYwV7ndqSYGiN9TTpu"
//! authorityDiscovery = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
//! inference = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
//!
//! [[balances]]
//! account = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
//! amount = "10100"
//! ```
//!
//! A validator's bond is taken from its balance. Everything that is wrong with a file is reported
//! at once, and before the runtime sees any of it.

use crate::{spec::ask, Error, Spec};
use countersign_primitives::{
	governance::GovernanceParameters,
	keys::InferenceId,
	parameters::{ConsensusParameters, RequestParameters, MAX_VALIDATORS},
	AccountId, Balance, UNIT,
};
use countersign_runtime::{
	BabeConfig, BalancesConfig, InferenceConfig, OriginsConfig, ReviveConfig, Runtime,
	RuntimeGenesisConfig, SessionConfig, SessionKeys, ValidatorsConfig, BABE_GENESIS_EPOCH_CONFIG,
};
use frame_support::{build_struct_json_patch, traits::Get};
use pallet_revive::AddressMapper as _;
use sc_chain_spec::ChainType;
use serde::Deserialize;
use serde_json::Value;
use sp_core::{ed25519, sr25519};
use std::{
	collections::{BTreeMap, BTreeSet},
	fmt,
	path::Path,
};

type AddressMapper = <Runtime as pallet_revive::Config>::AddressMapper;

/// Decimals of the token.
const DECIMALS: usize = 12;

/// An amount of tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Amount(pub Balance);

impl TryFrom<String> for Amount {
	type Error = String;

	fn try_from(text: String) -> Result<Self, String> {
		let wrong = || {
			format!("`{text}` is not an amount of tokens: digits, and at most {DECIMALS} decimals")
		};
		let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
		let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
		let has_fraction = text.contains('.');
		if whole.is_empty()
			|| !is_digits(whole)
			|| !is_digits(fraction)
			|| has_fraction == fraction.is_empty()
			|| fraction.len() > DECIMALS
		{
			return Err(wrong());
		}
		let whole: Balance = whole.parse().map_err(|_| wrong())?;
		let fraction: Balance = format!("{fraction:0<DECIMALS$}").parse().map_err(|_| wrong())?;
		whole
			.checked_mul(UNIT)
			.and_then(|units| units.checked_add(fraction))
			.map(Self)
			.ok_or_else(|| format!("`{text}` is more than can be counted"))
	}
}

/// What kind of network it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
	/// For development.
	Development,
	/// For tests on one machine or network.
	Local,
	/// A network that others rely on.
	#[default]
	Live,
}

/// The parameters to start from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Base {
	/// Those of the main network.
	#[default]
	Main,
	/// Those of a local network.
	Local,
}

/// A validator of the first session.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Validator {
	/// Its account.
	pub account: AccountId,
	/// Its bond, out of its balance.
	pub bond: Amount,
	/// Its BABE key.
	pub babe: sr25519::Public,
	/// Its GRANDPA key.
	pub grandpa: ed25519::Public,
	/// Its key for authority discovery.
	pub authority_discovery: sr25519::Public,
	/// Its inference key.
	pub inference: sr25519::Public,
}

/// What an account has at the start.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Endowment {
	/// The account.
	pub account: AccountId,
	/// The amount.
	pub amount: Amount,
}

impl Validator {
	fn session_keys(&self) -> SessionKeys {
		SessionKeys {
			babe: self.babe.into(),
			grandpa: self.grandpa.into(),
			authority_discovery: self.authority_discovery.into(),
			inference: InferenceId::from(self.inference),
		}
	}
}

/// The least that an account must have.
pub fn existential_deposit() -> Balance {
	<<Runtime as pallet_balances::Config>::ExistentialDeposit as Get<Balance>>::get()
}

macro_rules! overrides {
	($(#[$doc:meta])* $name:ident for $target:ident {
		$($field:ident: $ty:ty $(as $amount:ident)?,)*
	}) => {
		$(#[$doc])*
		#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
		#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
		pub struct $name {
			$(
				#[doc = concat!("Replaces `", stringify!($field), "`.")]
				pub $field: Option<$ty>,
			)*
		}

		impl $name {
			/// Puts what is given in place of the base's.
			fn apply(&self, base: $target) -> $target {
				$target {
					$($field: self.$field.map_or(base.$field, |given| given.into()),)*
				}
			}
		}
	};
}

impl From<Amount> for Balance {
	fn from(amount: Amount) -> Self {
		amount.0
	}
}

overrides! {
	/// Parameters of consensus and bonds that differ from the base's.
	ConsensusOverrides for ConsensusParameters {
		epoch_slots: u32,
		unbonding_sessions: u32,
		report_window_sessions: u32,
		slash_deferral_sessions: u32,
		minimum_bond: Amount,
		maximum_validators: u32,
	}
}

overrides! {
	/// Parameters of requests that differ from the base's.
	RequestOverrides for RequestParameters {
		deadline_base_blocks: u32,
		deadline_most_blocks: u32,
		take_over_base_blocks: u32,
		demand_input_blocks: u32,
		final_window_blocks: u32,
		dispute_game_blocks: u32,
		retention_blocks: u32,
		price_notice_blocks: u32,
		most_gigamacs: u32,
		fee_per_gigamac: Amount,
		base_fee: Amount,
		cover_per_mille: u32,
		risk_per_million: u32,
		audit_seed_blocks: u32,
		audit_commit_base_blocks: u32,
		audit_reveal_blocks: u32,
		audit_redraws: u8,
	}
}

/// A network, as its founders write it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Network {
	/// Its name for people.
	pub name: String,
	/// Its name for programs: lower-case letters, digits and hyphens.
	pub id: String,
	/// What kind of network it is.
	#[serde(default)]
	pub chain_type: Kind,
	/// Keeps it apart from another network with the same genesis.
	#[serde(default)]
	pub fork_id: Option<String>,
	/// Nodes to meet first, as multiaddresses with peer identifiers.
	#[serde(default)]
	pub boot_nodes: Vec<String>,
	/// The parameters to start from.
	#[serde(default)]
	pub parameters: Base,
	/// Parameters of consensus and bonds that differ from those.
	#[serde(default)]
	pub consensus: ConsensusOverrides,
	/// Parameters of requests that differ from those.
	#[serde(default)]
	pub requests: RequestOverrides,
	/// The validators of the first session.
	pub validators: Vec<Validator>,
	/// What accounts have at the start.
	pub balances: Vec<Endowment>,
}

/// Something wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
	/// The text is not what it should be.
	#[error("{0}")]
	Text(String),
	/// Nobody would make blocks.
	#[error("there is no validator")]
	NoValidators,
	/// More validators than the parameters allow.
	#[error("{found} validators, and the parameters allow {allowed}")]
	TooManyValidators {
		/// How many there are.
		found: usize,
		/// How many there may be.
		allowed: u32,
	},
	/// An account is named twice among the validators.
	#[error("{0} is a validator twice")]
	DuplicateValidator(AccountId),
	/// An account is endowed twice.
	#[error("{0} has two balances")]
	DuplicateBalance(AccountId),
	/// A key is used twice.
	#[error("the {kind} key {key} is used by {first} and by {second}")]
	DuplicateKey {
		/// Which key.
		kind: &'static str,
		/// The key.
		key: String,
		/// Who uses it.
		first: AccountId,
		/// Who uses it too.
		second: AccountId,
	},
	/// A bond of nothing.
	#[error("{0} bonds nothing")]
	ZeroBond(AccountId),
	/// A bond below the minimum.
	#[error("{account} bonds {}, and the minimum is {}", Tokens(*bond), Tokens(*minimum))]
	BondBelowMinimum {
		/// Whose.
		account: AccountId,
		/// How much.
		bond: Balance,
		/// How much it must be.
		minimum: Balance,
	},
	/// A bond that the validator does not have.
	#[error(
		"{account} bonds {} and has {}: a bond comes out of the balance, and the existential \
		deposit of {} must stay",
		Tokens(*bond), Tokens(*balance), Tokens(*existential_deposit)
	)]
	BondAboveBalance {
		/// Whose.
		account: AccountId,
		/// How much.
		bond: Balance,
		/// What it has.
		balance: Balance,
		/// What must stay.
		existential_deposit: Balance,
	},
	/// A balance too small to exist.
	#[error("{account} has {}, below the existential deposit of {}", Tokens(*balance), Tokens(*existential_deposit))]
	BalanceTooSmall {
		/// Whose.
		account: AccountId,
		/// How much.
		balance: Balance,
		/// The least.
		existential_deposit: Balance,
	},
	/// More tokens than can be counted.
	#[error("the balances add up to more than can be counted")]
	IssuanceOverflow,
	/// A parameter outside its range, or a relation that does not hold.
	#[error("parameters: {0}")]
	Parameters(&'static str),
}

/// Shows an amount in tokens.
pub(crate) struct Tokens(pub(crate) Balance);

impl fmt::Display for Tokens {
	fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
		write!(f, "{}", self.0 / UNIT)?;
		let fraction = self.0 % UNIT;
		if fraction != 0 {
			let digits = format!("{fraction:0>DECIMALS$}");
			write!(f, ".{}", digits.trim_end_matches('0'))?;
		}
		Ok(())
	}
}

/// Why there is no specification.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
	/// The file is wrong.
	#[error(transparent)]
	Problems(#[from] Problems),
	/// The runtime is not there.
	#[error(transparent)]
	Runtime(#[from] Error),
}

/// Everything wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
	fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
		let lines: Vec<_> = self.0.iter().map(ToString::to_string).collect();
		f.write_str(&lines.join("\n"))
	}
}

impl std::error::Error for Problems {}

impl From<Problem> for Problems {
	fn from(problem: Problem) -> Self {
		Self(vec![problem])
	}
}

impl Network {
	/// Reads TOML.
	pub fn from_toml(text: &str) -> Result<Self, Problems> {
		toml::from_str(text).map_err(|error| Problem::Text(error.to_string()).into())
	}

	/// Reads JSON.
	pub fn from_json(text: &str) -> Result<Self, Problems> {
		serde_json::from_str(text).map_err(|error| Problem::Text(error.to_string()).into())
	}

	/// Reads a file: JSON where its name ends in `.json`, TOML otherwise.
	pub fn from_file(path: &Path) -> Result<Self, Problems> {
		let text = std::fs::read_to_string(path)
			.map_err(|error| Problem::Text(format!("{}: {error}", path.display())))?;
		if path.extension().is_some_and(|extension| extension == "json") {
			Self::from_json(&text)
		} else {
			Self::from_toml(&text)
		}
	}

	/// The parameters of consensus and bonds.
	pub fn consensus_parameters(&self) -> ConsensusParameters {
		self.consensus.apply(match self.parameters {
			Base::Main => ConsensusParameters::main(),
			Base::Local => ConsensusParameters::local(),
		})
	}

	/// The times and deposits of governance: those of the base.
	pub fn governance_parameters(&self) -> GovernanceParameters {
		match self.parameters {
			Base::Main => GovernanceParameters::main(),
			Base::Local => GovernanceParameters::local(),
		}
	}

	/// The parameters of requests.
	pub fn request_parameters(&self) -> RequestParameters {
		self.requests.apply(match self.parameters {
			Base::Main => RequestParameters::main(),
			Base::Local => RequestParameters::local(),
		})
	}

	/// Checks everything and builds the specification.
	pub fn build(&self) -> Result<Spec, BuildError> {
		self.check(existential_deposit())?;
		let kind = match self.chain_type {
			Kind::Development => ChainType::Development,
			Kind::Local => ChainType::Local,
			Kind::Live => ChainType::Live,
		};
		let boot_nodes: Vec<_> =
			self.boot_nodes.iter().filter_map(|address| address.parse().ok()).collect();
		Ok(Spec::from_patch(&self.name, &self.id, kind, ask(|| self.genesis()), |mut builder| {
			if let Some(fork_id) = &self.fork_id {
				builder = builder.with_fork_id(fork_id);
			}
			builder.with_boot_nodes(boot_nodes)
		})?)
	}

	/// What the runtime's default genesis is changed by. To be called inside of a state.
	fn genesis(&self) -> Value {
		build_struct_json_patch!(RuntimeGenesisConfig {
			balances: BalancesConfig {
				balances: self
					.balances
					.iter()
					.map(|endowment| (endowment.account.clone(), endowment.amount.0))
					.collect(),
			},
			babe: BabeConfig { epoch_config: BABE_GENESIS_EPOCH_CONFIG },
			validators: ValidatorsConfig {
				parameters: self.consensus_parameters(),
				validators: self
					.validators
					.iter()
					.map(|validator| (validator.account.clone(), validator.bond.0))
					.collect(),
			},
			origins: OriginsConfig { parameters: self.governance_parameters() },
			inference: InferenceConfig { parameters: self.request_parameters() },
			session: SessionConfig {
				keys: self
					.validators
					.iter()
					.map(|validator| {
						let account = validator.account.clone();
						(account.clone(), account, validator.session_keys())
					})
					.collect(),
			},
			// Ethereum's accounts need no mapping.
			revive: ReviveConfig {
				mapped_accounts: self
					.balances
					.iter()
					.map(|endowment| endowment.account.clone())
					.filter(|account| !AddressMapper::is_mapped(account))
					.collect(),
			},
		})
	}

	/// Finds everything that is wrong.
	pub fn check(&self, existential_deposit: Balance) -> Result<(), Problems> {
		let mut problems = Vec::new();
		self.check_names(&mut problems);
		let consensus = self.consensus_parameters();
		if let Err(error) = consensus.check(&self.request_parameters()) {
			problems.push(Problem::Parameters(error.0));
		}
		let balances = self.check_balances(existential_deposit, &mut problems);
		self.check_validators(&consensus, &balances, existential_deposit, &mut problems);
		self.check_keys(&mut problems);
		if problems.is_empty() {
			Ok(())
		} else {
			Err(Problems(problems))
		}
	}

	fn check_names(&self, problems: &mut Vec<Problem>) {
		if self.name.trim().is_empty() {
			problems.push(Problem::Text("the name is empty".into()));
		}
		let is_plain = |text: &str| {
			!text.is_empty()
				&& text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
		};
		// It names a directory in every node's base path.
		if !is_plain(&self.id) {
			problems.push(Problem::Text(format!(
				"`{}` is not an id: lower-case letters, digits and hyphens",
				self.id
			)));
		}
		if let Some(fork_id) = self.fork_id.as_deref().filter(|fork_id| !is_plain(fork_id)) {
			problems.push(Problem::Text(format!(
				"`{fork_id}` is not a fork id: lower-case letters, digits and hyphens"
			)));
		}
		for address in &self.boot_nodes {
			if let Err(error) = address.parse::<sc_network::config::MultiaddrWithPeerId>() {
				problems.push(Problem::Text(format!(
					"`{address}` is not the address of a boot node: {error}"
				)));
			}
		}
	}

	fn check_balances(
		&self,
		existential_deposit: Balance,
		problems: &mut Vec<Problem>,
	) -> BTreeMap<AccountId, Balance> {
		let mut balances = BTreeMap::new();
		let mut issuance = Some(0 as Balance);
		for Endowment { account, amount } in &self.balances {
			if amount.0 < existential_deposit {
				problems.push(Problem::BalanceTooSmall {
					account: account.clone(),
					balance: amount.0,
					existential_deposit,
				});
			}
			issuance = issuance.and_then(|issuance| issuance.checked_add(amount.0));
			if balances.insert(account.clone(), amount.0).is_some() {
				problems.push(Problem::DuplicateBalance(account.clone()));
			}
		}
		if issuance.is_none() {
			problems.push(Problem::IssuanceOverflow);
		}
		balances
	}

	fn check_validators(
		&self,
		parameters: &ConsensusParameters,
		balances: &BTreeMap<AccountId, Balance>,
		existential_deposit: Balance,
		problems: &mut Vec<Problem>,
	) {
		if self.validators.is_empty() {
			problems.push(Problem::NoValidators);
		}
		let allowed = parameters.maximum_validators.min(MAX_VALIDATORS);
		if self.validators.len() > allowed as usize {
			problems.push(Problem::TooManyValidators { found: self.validators.len(), allowed });
		}
		let mut seen = BTreeSet::new();
		for Validator { account, bond: Amount(bond), .. } in &self.validators {
			let (account, bond) = (account.clone(), *bond);
			if !seen.insert(account.clone()) {
				problems.push(Problem::DuplicateValidator(account.clone()));
			}
			let balance = balances.get(&account).copied().unwrap_or(0);
			if bond == 0 {
				problems.push(Problem::ZeroBond(account));
			} else if bond < parameters.minimum_bond {
				let minimum = parameters.minimum_bond;
				problems.push(Problem::BondBelowMinimum { account, bond, minimum });
			} else if bond.checked_add(existential_deposit).is_none_or(|need| need > balance) {
				problems.push(Problem::BondAboveBalance {
					account,
					bond,
					balance,
					existential_deposit,
				});
			}
		}
	}

	/// Keys of one kind identify validators, so no two may share one. One validator may use one
	/// key for several purposes, though it should not.
	fn check_keys(&self, problems: &mut Vec<Problem>) {
		type KeyOf = fn(&Validator) -> String;
		let kinds: [(&'static str, KeyOf); 4] = [
			("BABE", |validator| validator.babe.to_string()),
			("GRANDPA", |validator| validator.grandpa.to_string()),
			("authority discovery", |validator| validator.authority_discovery.to_string()),
			("inference", |validator| validator.inference.to_string()),
		];
		for (kind, key_of) in kinds {
			let mut users = BTreeMap::new();
			for validator in &self.validators {
				let key = key_of(validator);
				if let Some(first) = users.insert(key.clone(), validator.account.clone()) {
					let second = validator.account.clone();
					problems.push(Problem::DuplicateKey { kind, key, first, second });
				}
			}
		}
	}
}

#[cfg(test)]
mod tests;
