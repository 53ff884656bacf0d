//! Genesis, and what the runtime reads from it.

use super::*;
use crate::{EpochDuration, Parameters, ReportLongevity, ReportWindow};
use countersign_primitives::{
	parameters::ConsensusParameters,
	traits::{Bonds, Sessions},
};
use frame_support::traits::{fungible::Inspect, Get};
use sp_core::crypto::Ss58Codec;

#[test]
fn genesis_bonds_the_first_validators() {
	ExtBuilder::default().build_and_execute(|| {
		for (n, bond) in [(1, 5 * MINIMUM), (2, 4 * MINIMUM), (3, 3 * MINIMUM)] {
			assert_eq!(held(&account(n)), bond);
			assert_eq!(Balances::total_balance(&account(n)), ENDOWMENT);
			assert!(Validators::is_validator(&account(n)));
		}
		assert_eq!(Session::validators(), accounts([1, 2, 3]));
		assert_eq!(Validators::parameters(), ConsensusParameters::local());
	});
}

#[test]
#[should_panic(expected = "report window: 1 to 5,000 sessions")]
fn genesis_refuses_parameters_out_of_range() {
	ExtBuilder::default().parameters(|p| p.report_window_sessions = 0).build();
}

#[test]
#[should_panic(expected = "BelowMinimumBond")]
fn genesis_refuses_a_bond_below_the_minimum() {
	ExtBuilder::default().validators(vec![(account(1), MINIMUM - 1)]).build();
}

#[test]
#[should_panic(expected = "AlreadyBonded")]
fn genesis_refuses_a_validator_twice() {
	ExtBuilder::default()
		.validators(vec![(account(1), MINIMUM), (account(1), MINIMUM)])
		.without_keys(vec![account(1)])
		.build();
}

#[test]
fn the_runtime_reads_its_constants_from_storage() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(<EpochDuration<Test> as Get<u64>>::get(), 10);
		assert_eq!(<ReportLongevity<Test> as Get<u64>>::get(), 100);
		assert_eq!(<ReportWindow<Test> as Get<u64>>::get(), 10);
		assert_eq!(<ReportWindow<Test> as Get<u32>>::get(), 10);
		Parameters::<Test>::kill();
		assert_eq!(<EpochDuration<Test> as Get<u64>>::get(), 600);
		assert_eq!(<ReportLongevity<Test> as Get<u64>>::get(), 504 * 600);
		assert_eq!(Validators::parameters(), ConsensusParameters::main());
	});
}

#[test]
fn genesis_reads_json() {
	let json = serde_json::json!({
		"parameters": {
			"epochSlots": 10,
			"unbondingSessions": 60,
			"reportWindowSessions": 10,
			"slashDeferralSessions": 1,
			"minimumBond": 1_000,
			"maximumValidators": 7,
		},
		"validators": [[account(1).to_ss58check(), 5_000]],
	});
	let config: crate::GenesisConfig<Test> = serde_json::from_value(json).unwrap();
	assert_eq!(config.parameters.maximum_validators, 7);
	assert_eq!(config.validators, [(account(1), 5_000)]);
}
