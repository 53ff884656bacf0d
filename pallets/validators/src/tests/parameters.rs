//! Parameters that governance changes.

use super::*;
use crate::{Error, Event, Parameters};
use countersign_primitives::{parameters::ConsensusParameters, UNIT};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

fn set(change: impl FnOnce(&mut ConsensusParameters)) -> frame_support::dispatch::DispatchResult {
	let mut parameters = Validators::consensus_parameters();
	change(&mut parameters);
	Validators::set_parameters(RuntimeOrigin::root(), parameters)
}

#[test]
fn parameters_count_from_now_on() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			Validators::set_parameters(signed(1), ConsensusParameters::local()),
			DispatchError::BadOrigin
		);
		events();
		assert_ok!(set(|p| p.minimum_bond = 2_000 * UNIT));
		assert_eq!(
			events(),
			[Event::ParametersChanged { parameters: Parameters::<Test>::get().unwrap() }]
		);
		assert_noop!(Validators::bond(signed(4), 1_999 * UNIT), Error::<Test>::BelowMinimumBond);
		assert_ok!(Validators::bond(signed(4), 2_000 * UNIT));
	});
}

#[test]
fn ranges_and_relations_hold() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(set(|p| p.epoch_slots = 11), Error::<Test>::EpochNeverChanges);
		assert_noop!(set(|p| p.minimum_bond = 0), Error::<Test>::BadParameters);
		assert_noop!(set(|p| p.maximum_validators = 0), Error::<Test>::BadParameters);
		// 42 sessions for the longest request, and 10 to report it.
		assert_noop!(set(|p| p.slash_deferral_sessions = 8), Error::<Test>::BadParameters);
		assert_ok!(set(|p| p.slash_deferral_sessions = 7));
		assert_noop!(set(|p| p.report_window_sessions = 11), Error::<Test>::BadParameters);
	});
}

#[test]
fn what_is_unbonding_already_stays_in_reach() {
	ExtBuilder::default().build_and_execute(|| {
		// Taken out now, it matures in session 60.
		assert_ok!(Validators::unbond(signed(1), MINIMUM));
		assert_ok!(set(|p| p.unbonding_sessions = 100));
		// A later slash could miss what matures in session 60.
		assert_noop!(set(|p| p.slash_deferral_sessions = 20), Error::<Test>::BadParameters);
		// The rule of now does not shorten the rule of then.
		settle_to(30);
		assert_ok!(set(|p| p.unbonding_sessions = 200));
		settle_to(60);
		assert_noop!(set(|p| p.slash_deferral_sessions = 20), Error::<Test>::BadParameters);
		// What was taken out in session 30 matures in session 130, after all that matured in 60.
		settle_to(130);
		assert_ok!(set(|p| p.slash_deferral_sessions = 20));
	});
}

#[test]
fn a_longer_window_does_not_let_an_offence_be_slashed_again() {
	use countersign_primitives::traits::Offences;
	let long = |p: &mut ConsensusParameters| p.unbonding_sessions = 100;
	ExtBuilder::default().parameters(long).build_and_execute(|| {
		let report = proved(OffenceKind::Equivocation, 1, 1, 0);
		assert_ok!(Validators::report(report.clone()));
		settle_to(10);
		assert_ok!(set(|p| p.report_window_sessions = 20));
		settle_to(20);
		assert_eq!(Validators::report(report.clone()), Ok(1));
		settle_to(21);
		assert_noop!(Validators::report(report), Error::<Test>::OutsideReportWindow);
		assert_eq!(crate::Reports::<Test>::iter_keys().count(), 0);
		assert_eq!(held(&account(1)), 5 * MINIMUM - 5 * MINIMUM / 20);
	});
}
