//! Every preset builds, and what it builds is what it says.

use crate::*;
use countersign_primitives::{
	parameters::{ConsensusParameters, RequestParameters},
	traits::Bonds,
};
use frame_support::traits::Get;
use pallet_revive::AddressMapper;
use sp_genesis_builder::runtime_decl_for_genesis_builder::GenesisBuilder;
use sp_runtime::BuildStorage;

/// The state that a preset gives, through the same calls as a node makes.
pub(crate) fn preset(name: &str) -> sp_io::TestExternalities {
	preset_with(name, serde_json::json!({}))
}

/// The state that a preset gives with some of it changed.
pub(crate) fn preset_with(name: &str, change: serde_json::Value) -> sp_io::TestExternalities {
	let storage = sp_storage::Storage::default();
	let mut ext = sp_io::TestExternalities::new(storage);
	let (default, patch) = ext.execute_with(|| {
		(
			<Runtime as GenesisBuilder<Block>>::get_preset(&None).expect("there is a default"),
			<Runtime as GenesisBuilder<Block>>::get_preset(&Some(name.into()))
				.expect("the preset exists"),
		)
	});
	let mut config: serde_json::Value = serde_json::from_slice(&default).expect("JSON");
	let patch: serde_json::Value = serde_json::from_slice(&patch).expect("JSON");
	merge(&mut config, patch);
	merge(&mut config, change);
	ext.execute_with(|| {
		let bytes = serde_json::to_vec(&config).expect("JSON");
		<Runtime as GenesisBuilder<Block>>::build_state(bytes).expect("the preset builds");
	});
	ext
}

fn merge(into: &mut serde_json::Value, patch: serde_json::Value) {
	match (into, patch) {
		(serde_json::Value::Object(into), serde_json::Value::Object(patch)) => {
			for (key, value) in patch {
				merge(into.entry(key).or_insert(serde_json::Value::Null), value);
			}
		}
		(into, patch) => *into = patch,
	}
}

#[test]
fn every_preset_builds_with_its_validators() {
	for (name, validators) in [("development", 1), ("local_testnet", 4)] {
		preset(name).execute_with(|| {
			assert_eq!(Session::validators().len(), validators);
			assert_eq!(Babe::authorities().len(), validators);
			for who in Session::validators() {
				assert_eq!(<Validators as Bonds>::bonded(&who), genesis_config_presets::BOND);
			}
			assert_eq!(Validators::consensus_parameters(), ConsensusParameters::local());
			assert_eq!(<Runtime as pallet_babe::Config>::EpochDuration::get(), 10);
			assert_eq!(
				<Inference as countersign_primitives::traits::RequestRules>::parameters(),
				RequestParameters::local()
			);
			for pot in [
				configs::economy::TreasuryAccount::get(),
				configs::inference::AuditPotAccount::get(),
				Attribution::pot_account(),
			] {
				assert!(System::account_exists(&pot), "small parts of fees reach every pot");
			}
			let everybody = frame_system::Account::<Runtime>::iter_values()
				.fold(0u128, |sum, account| sum + account.data.free + account.data.reserved);
			assert_eq!(everybody, pallet_balances::TotalIssuance::<Runtime>::get());
			for account in genesis_config_presets::ethereum_accounts() {
				assert!(<Runtime as pallet_revive::Config>::AddressMapper::is_mapped(&account));
			}
			let alice = sp_keyring::Sr25519Keyring::Alice.to_account_id();
			assert!(<Runtime as pallet_revive::Config>::AddressMapper::is_mapped(&alice));
			let heap: Option<u64> =
				frame_support::storage::unhashed::get(sp_storage::well_known_keys::HEAP_PAGES);
			assert_eq!(heap, Some(HEAP_PAGES));
		});
	}
	assert_eq!(genesis_config_presets::preset_names().len(), 2);
}

#[test]
fn the_epoch_falls_back_to_a_constant_where_storage_is_empty() {
	let storage = frame_system::GenesisConfig::<Runtime>::default()
		.build_storage()
		.expect("an empty genesis builds");
	sp_io::TestExternalities::new(storage)
		.execute_with(|| assert_eq!(<Runtime as pallet_babe::Config>::EpochDuration::get(), 600));
}
