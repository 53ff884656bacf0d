//! Offences of BABE and GRANDPA: one handler, slashed by how many committed them together.

use super::*;
use crate::{
	consensus_fraction, Cause, ConsensusOffences, Error, Event, Exposure, Groups, Ledgers, Reports,
	Slashes,
};
use countersign_primitives::traits::Offences;
use frame_support::{assert_noop, assert_ok};
use pallet_session::historical::IdentificationTuple;
use sp_runtime::Perbill;
use sp_staking::offence::{Kind, Offence, OffenceError, ReportOffence};

/// What an equivocation in block production looks like.
struct TwoBlocks {
	slot: u64,
	session: SessionIndex,
	validators: u32,
	offender: IdentificationTuple<Test>,
}

impl Offence<IdentificationTuple<Test>> for TwoBlocks {
	const ID: Kind = *b"babe:equivocatio";
	type Slot = u64;
	fn offenders(&self) -> Vec<IdentificationTuple<Test>> {
		vec![self.offender.clone()]
	}
	fn session_index(&self) -> SessionIndex {
		self.session
	}
	fn validator_set_count(&self) -> u32 {
		self.validators
	}
	fn slot(&self) -> u64 {
		self.slot
	}
	// What BABE asks for, and nobody listens to.
	fn slash_fraction(&self, _: u32) -> Perbill {
		Perbill::one()
	}
}

type Consensus = ConsensusOffences<Test>;

fn report(n: u32, slot: u64) -> Result<(), OffenceError> {
	report_of(n, slot, Session::current_index(), Some(9))
}

fn report_of(
	n: u32,
	slot: u64,
	session: SessionIndex,
	reporter: Option<u32>,
) -> Result<(), OffenceError> {
	let bond = [5, 4, 3][n as usize - 1] * MINIMUM;
	let offender = (account(n), Exposure { bond });
	let offence = TwoBlocks { slot, session, validators: 3, offender };
	Consensus::report_offence(reporter.map(account).into_iter().collect(), offence)
}

fn is_known(n: u32, slot: u64, bond: Balance) -> bool {
	<Consensus as ReportOffence<_, _, TwoBlocks>>::is_known_offence(
		&[(account(n), Exposure { bond })],
		&slot,
	)
}

#[test]
fn one_alone_loses_little_and_is_disabled_for_the_session() {
	ExtBuilder::default().build_and_execute(|| {
		let before = issuance();
		assert!(!is_known(1, 7, 5 * MINIMUM));
		assert_ok!(report(1, 7));
		assert!(is_known(1, 7, 5 * MINIMUM));
		let bond = 5 * MINIMUM;
		assert_eq!(Session::disabled_validators(), Vec::<u32>::new(), "a third of three is none");
		// It may serve on: its answers are covered all the same.
		assert_eq!(WithdrawnFromServing::get(), []);
		assert_eq!(Slashes::<Test>::get(0).unwrap().amount, Perbill::from_percent(30) * bond);
		settle_to(1);
		let taken = bond / 50;
		assert_eq!(held(&account(1)), bond - taken);
		assert_eq!(Balances::free_balance(account(9)), ENDOWMENT + taken / 10);
		assert_eq!(issuance(), before - taken * 9 / 10);
	});
}

#[test]
fn one_of_four_is_disabled_until_the_session_after_the_next() {
	let four = (1..=4).map(|n| (account(n), 5 * MINIMUM)).collect();
	ExtBuilder::default().validators(four).build_and_execute(|| {
		assert_ok!(Validators::report(proved(OffenceKind::Equivocation, 2, 1, 0)));
		assert_eq!(Session::disabled_validators(), Vec::<u32>::new());
		assert_ok!(Validators::cancel_slash(RuntimeOrigin::root(), 0));
		assert_ok!(report(1, 7));
		assert_eq!(Session::disabled_validators(), [0]);
		assert_ok!(Validators::cancel_slash(RuntimeOrigin::root(), 1));
		settle_to(1);
		assert_eq!(Session::disabled_validators(), [0]);
		// Though nobody's bond or keys changed: pallet-session forgets whom it disabled only when
		// it is given a new set.
		settle_to(2);
		assert_eq!(Session::disabled_validators(), Vec::<u32>::new());
	});
}

#[test]
fn those_who_commit_it_together_lose_more_whoever_is_reported_first() {
	ExtBuilder::default().build_and_execute(|| {
		for n in 1..=3 {
			assert_ok!(report(n, 7));
		}
		settle_to(1);
		for (n, bond) in [(1, 5), (2, 4), (3, 3)] {
			let bond = bond * MINIMUM;
			assert_eq!(held(&account(n)), bond - consensus_fraction(3, 3) * bond);
		}
		assert_eq!(consensus_fraction(3, 3), Perbill::from_percent(30));
		settle_to(20);
		assert_eq!(Groups::<Test>::iter_keys().count(), 0);
	});
}

#[test]
fn another_slot_is_another_offence() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(report(1, 7));
		assert_ok!(report(2, 8));
		settle_to(1);
		assert_eq!(held(&account(1)), 5 * MINIMUM - 5 * MINIMUM / 50);
		assert_eq!(held(&account(2)), 4 * MINIMUM - 4 * MINIMUM / 50);
	});
}

#[test]
fn one_fault_is_slashed_once_though_it_is_proved_in_two_sessions() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(report(1, 7));
		assert_eq!(report(1, 7), Err(OffenceError::DuplicateReport));
		settle_to(1);
		// Another exposure: pallet-offences takes it for another report.
		assert_ok!(Validators::bond_more(signed(1), MINIMUM));
		let offender = (account(1), Exposure { bond: 6 * MINIMUM });
		assert_eq!(
			Consensus::report_offence(
				vec![],
				TwoBlocks { slot: 7, session: 1, validators: 3, offender }
			),
			Err(OffenceError::DuplicateReport)
		);
		assert!(is_known(1, 7, 6 * MINIMUM));
		settle_to(2);
		assert_eq!(held(&account(1)), 6 * MINIMUM - 5 * MINIMUM / 50);
	});
}

#[test]
fn two_offences_reserve_all_that_is_left_of_the_half() {
	ExtBuilder::default().build_and_execute(|| {
		for slot in 1..=2 {
			assert_ok!(report(1, slot));
		}
		let ledger = Ledgers::<Test>::get(account(1)).unwrap();
		assert_eq!(ledger.pending.own, 5 * MINIMUM / 2);
		assert_eq!(report(1, 3), Err(OffenceError::Other(3)));
		// So that it never enters a pool.
		assert!(is_known(1, 3, 5 * MINIMUM));
		assert_noop!(
			Validators::report(proved(OffenceKind::Equivocation, 1, 1, 0)),
			Error::<Test>::NothingToSlash
		);
		settle_to(1);
		assert_eq!(held(&account(1)), 5 * MINIMUM - 2 * 5 * MINIMUM / 50);
		assert_ok!(report_of(1, 3, 0, None));
	});
}

#[test]
fn consensus_and_equivocations_together_take_at_most_half() {
	ExtBuilder::default().build_and_execute(|| {
		let mut refused = 0;
		let before = held(&account(1));
		for session in 1..=9 {
			for n in 1..=3 {
				let _ = report_of(n, session.into(), 0, None);
			}
			for request in 0..10 {
				refused += u32::from(
					Validators::report(OffenceReport {
						session: 0,
						..proved(OffenceKind::Equivocation, 1, 100 * session + request, 0)
					})
					.is_err(),
				);
			}
			settle_to(session);
		}
		assert!(refused > 50);
		assert_eq!(held(&account(1)), before / 2);
	});
}

#[test]
fn a_cancelled_report_does_not_count_against_the_others() {
	ExtBuilder::default().build_and_execute(|| {
		for n in 1..=3 {
			assert_ok!(report(n, 7));
		}
		for slash in [0, 1] {
			assert_ok!(Validators::cancel_slash(RuntimeOrigin::root(), slash));
		}
		settle_to(1);
		assert_eq!(held(&account(1)), 5 * MINIMUM);
		assert_eq!(held(&account(3)), 3 * MINIMUM - 3 * MINIMUM / 50);
		assert_eq!(report_of(1, 7, 0, None), Err(OffenceError::DuplicateReport));
	});
}

#[test]
fn a_report_is_remembered_while_its_slot_can_be_proved_anew() {
	use codec::Encode;
	ExtBuilder::default().build_and_execute(|| {
		StillOpen::set(vec![7u64.encode()]);
		assert_ok!(report(1, 7));
		assert_ok!(report(2, 8));
		settle_to(11);
		// The one is forgotten, the other could be proved in the session of now.
		assert_eq!(Reports::<Test>::iter_keys().count(), 1);
		for session in [20, 40, 60] {
			settle_to(session);
			assert_eq!(report(1, 7), Err(OffenceError::DuplicateReport));
		}
		// Closed, but what was a session of it until now can still prove it.
		StillOpen::set(vec![]);
		let looked = Reports::<Test>::iter_values().next().unwrap().forget_at;
		settle_to(looked);
		assert_eq!(report_of(1, 7, looked - 1, None), Err(OffenceError::DuplicateReport));
		settle_to(looked + 10);
		assert_eq!(report_of(1, 7, looked - 1, None), Err(OffenceError::DuplicateReport));
		settle_to(looked + 11);
		assert_eq!(Reports::<Test>::iter_keys().count(), 0);
		assert_eq!(held(&account(1)), 5 * MINIMUM - 5 * MINIMUM / 50);
	});
}

#[test]
fn offences_that_do_not_name_their_cause_are_ignored() {
	ExtBuilder::default().build_and_execute(|| {
		let offender = (account(1), Exposure { bond: 5 * MINIMUM });
		let offence = TwoBlocks { slot: 1, session: 0, validators: 3, offender };
		assert_ok!(pallet_offences::Pallet::<Test>::report_offence(vec![], offence));
		assert_eq!(Slashes::<Test>::iter_keys().count(), 0);
		// Not a state that this runtime can come to.
		let _ = pallet_offences::Reports::<Test>::clear(1, None);
	});
}

#[test]
fn events_name_the_offence() {
	ExtBuilder::default().build_and_execute(|| {
		events();
		assert_ok!(report(3, 7));
		let cause = Cause::Consensus {
			kind: *b"babe:equivocatio",
			slot: 7u64.to_le_bytes().to_vec().try_into().unwrap(),
		};
		assert_eq!(
			events(),
			[Event::SlashDeferred {
				slash: 0,
				validator: account(3),
				cause,
				amount: Perbill::from_percent(30) * (3 * MINIMUM),
				until: 1
			}]
		);
	});
}
