//! Genesis by name: `development` is one validator, `local_testnet` is four.

use crate::{
	BabeConfig, BalancesConfig, InferenceConfig, OriginsConfig, RuntimeGenesisConfig,
	SessionConfig, SessionKeys, ValidatorsConfig, BABE_GENESIS_EPOCH_CONFIG,
};
use alloc::{vec, vec::Vec};
use countersign_primitives::{
	governance::GovernanceParameters,
	parameters::{ConsensusParameters, RequestParameters},
	AccountId, Balance, UNIT,
};
use frame_support::build_struct_json_patch;
use serde_json::Value;
use sp_genesis_builder::{PresetId, DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};

/// What every development account has.
pub const ENDOWMENT: Balance = 10_000_000 * UNIT;
/// What every development validator has bonded.
pub const BOND: Balance = 1_000_000 * UNIT;

/// The session keys of a development account.
pub fn session_keys(sr25519: Sr25519Keyring, ed25519: Ed25519Keyring) -> SessionKeys {
	SessionKeys {
		babe: sr25519.public().into(),
		grandpa: ed25519.public().into(),
		authority_discovery: sr25519.public().into(),
		inference: sr25519.public().into(),
	}
}

/// The accounts of Ethereum's development keys: Alith, Baltathar, Charleth, Dorothy, Ethan.
pub fn ethereum_accounts() -> Vec<AccountId> {
	[
		hex_literal("f24ff3a9cf04c71dbc94d0b566f7a27b94566cac"),
		hex_literal("3cd0a705a2dc65e5b1e1205896baa2be8a07c6e0"),
		hex_literal("798d4ba9baf0064ec19eb4f0a1a45785ae9d6dfc"),
		hex_literal("773539d4ac0e786233d90a233654ccee26a613d9"),
		hex_literal("ff64d3f6efe2317ee2807d223a0bdc4c0c49dfdb"),
	]
	.into_iter()
	.map(|address| {
		let mut account = [0xEE; 32];
		account[..20].copy_from_slice(&address);
		AccountId::from(account)
	})
	.collect()
}

/// Decodes 40 hexadecimal digits when the runtime is compiled.
const fn hex_literal(text: &str) -> [u8; 20] {
	const fn digit(byte: u8) -> u8 {
		match byte {
			b'0'..=b'9' => byte - b'0',
			b'a'..=b'f' => byte - b'a' + 10,
			_ => 0,
		}
	}
	let bytes = text.as_bytes();
	let mut address = [0u8; 20];
	let mut index = 0;
	while index < 20 {
		address[index] = digit(bytes[2 * index]) * 16 + digit(bytes[2 * index + 1]);
		index += 1;
	}
	address
}

fn genesis(validators: Vec<(Sr25519Keyring, Ed25519Keyring)>) -> Value {
	// Accounts are mapped to Ethereum addresses when their balance is created.
	let endowed: Vec<AccountId> = Sr25519Keyring::well_known()
		.map(|key| key.to_account_id())
		.chain(ethereum_accounts())
		.collect();
	build_struct_json_patch!(RuntimeGenesisConfig {
		balances: BalancesConfig {
			balances: endowed.iter().cloned().map(|account| (account, ENDOWMENT)).collect(),
		},
		babe: BabeConfig { epoch_config: BABE_GENESIS_EPOCH_CONFIG },
		session: SessionConfig {
			keys: validators
				.iter()
				.map(|(sr25519, ed25519)| {
					let account = sr25519.to_account_id();
					(account.clone(), account, session_keys(*sr25519, *ed25519))
				})
				.collect(),
		},
		validators: ValidatorsConfig {
			parameters: ConsensusParameters::local(),
			validators: validators
				.iter()
				.map(|(sr25519, _)| (sr25519.to_account_id(), BOND))
				.collect(),
		},
		origins: OriginsConfig { parameters: GovernanceParameters::local() },
		inference: InferenceConfig { parameters: RequestParameters::local() },
	})
}

/// The patch that a preset applies to the default genesis.
pub fn get_preset(id: &PresetId) -> Option<Vec<u8>> {
	let patch = match id.as_ref() {
		DEV_RUNTIME_PRESET => genesis(vec![(Sr25519Keyring::Alice, Ed25519Keyring::Alice)]),
		LOCAL_TESTNET_RUNTIME_PRESET => genesis(vec![
			(Sr25519Keyring::Alice, Ed25519Keyring::Alice),
			(Sr25519Keyring::Bob, Ed25519Keyring::Bob),
			(Sr25519Keyring::Charlie, Ed25519Keyring::Charlie),
			(Sr25519Keyring::Dave, Ed25519Keyring::Dave),
		]),
		_ => return None,
	};
	serde_json::to_string(&patch).ok().map(alloc::string::String::into_bytes)
}

/// The names of the presets.
pub fn preset_names() -> Vec<PresetId> {
	vec![PresetId::from(DEV_RUNTIME_PRESET), PresetId::from(LOCAL_TESTNET_RUNTIME_PRESET)]
}
