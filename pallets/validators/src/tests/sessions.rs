//! Who is chosen, and what the table of a session says.

use super::*;
use crate::{CurrentSet, Event, Exposure, ExposureOf, SessionSets};
use countersign_primitives::{
	keys::{InferenceId, INFERENCE_KEY_TYPE},
	traits::{SessionMember, Sessions},
	Balance, SessionIndex,
};
use frame_support::{assert_noop, assert_ok, traits::KeyOwnerProofSystem};
use sp_runtime::traits::Convert;

/// The table of a session, as other pallets read it.
fn table(session: SessionIndex) -> Vec<SessionMember> {
	(0..).map_while(|index| Validators::member(session, index)).collect()
}

fn member(n: u32, key_of: u32, exposure: Balance) -> SessionMember {
	SessionMember { account: account(n), key: key(key_of), exposure }
}

/// The table of now is what consensus was told.
fn assert_table_is_active() {
	let session = Validators::current();
	let told: Vec<(AccountId, InferenceId)> = ActiveKeys::get();
	let table: Vec<_> = table(session).into_iter().map(|m| (m.account, m.key)).collect();
	assert_eq!(table, told);
	let validators: Vec<_> = told.into_iter().map(|(account, _)| account).collect();
	assert_eq!(validators, Session::validators());
	for (index, account) in (0..).zip(validators) {
		assert_eq!(Validators::position(&account), Some(index));
	}
}

#[test]
fn genesis_writes_the_table_of_session_0() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(
			table(0),
			[member(1, 1, 5 * MINIMUM), member(2, 2, 4 * MINIMUM), member(3, 3, 3 * MINIMUM)]
		);
		assert_table_is_active();
		assert_eq!(Validators::position(&account(4)), None);
		assert_eq!(Validators::member(1, 0), None);
		assert_eq!(Validators::member(0, 3), None);
	});
}

#[test]
fn a_newcomer_serves_from_the_session_after_the_next() {
	ExtBuilder::default().build_and_execute(|| {
		run_to_session(1);
		assert_ok!(Validators::bond(signed(4), 9 * MINIMUM));
		assert_ok!(set_keys(&account(4), 4));
		run_to_session(2);
		assert_eq!(Validators::position(&account(4)), None);
		assert!(Session::queued_keys().iter().any(|(who, _)| *who == account(4)));
		assert_table_is_active();
		events();
		run_to_session(3);
		assert_eq!(Validators::position(&account(4)), Some(0));
		assert_eq!(Validators::position(&account(1)), Some(1));
		assert_eq!(table(3)[0], member(4, 4, 9 * MINIMUM));
		assert_table_is_active();
		assert!(SetReportedChanged::get());
		// The earlier session keeps its own order.
		assert_eq!(Validators::member(2, 0), Some(member(1, 1, 5 * MINIMUM)));
	});
}

#[test]
fn a_change_of_the_set_is_announced() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Validators::bond(signed(4), MINIMUM));
		assert_ok!(set_keys(&account(4), 4));
		events();
		rotate_to(1);
		assert!(events().is_empty());
		rotate_to(2);
		assert_eq!(events(), [Event::SetChanged { session: 2, validators: 4 }]);
		rotate_to(3);
		assert!(events().is_empty());
	});
}

#[test]
fn a_candidate_without_keys_is_not_chosen() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Validators::bond(signed(4), 9 * MINIMUM));
		rotate_to(3);
		assert_eq!(Session::validators(), accounts([1, 2, 3]));
		// Nor is one that gave them up.
		assert_ok!(Session::purge_keys(RuntimeOrigin::signed(account(2))));
		rotate_to(5);
		assert_eq!(Session::validators(), accounts([1, 3]));
		assert_table_is_active();
	});
}

#[test]
fn keys_of_another_are_refused() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Validators::bond(signed(4), 9 * MINIMUM));
		// With the proof that the owner made for itself.
		let (keys, proof) = keys_and_proof(&account(1), 1);
		assert_noop!(
			Session::set_keys(signed(4), keys.clone(), proof),
			pallet_session::Error::<Test>::InvalidProof
		);
		assert_noop!(
			Session::set_keys(signed(4), keys, vec![]),
			pallet_session::Error::<Test>::InvalidProof
		);
		// With a valid proof, but the key has an owner.
		assert_noop!(set_keys(&account(4), 1), pallet_session::Error::<Test>::DuplicatedKey);
		rotate_to(3);
		assert_eq!(Validators::position(&account(4)), None);
	});
}

#[test]
fn the_table_has_the_key_that_is_active_in_its_session() {
	ExtBuilder::default().build_and_execute(|| {
		let keys_of_2 = |session: SessionIndex| {
			table(session).into_iter().find(|m| m.account == account(2)).unwrap().key
		};
		run_to_session(1);
		assert_ok!(set_keys(&account(2), 12));
		// Changed again before the first change is active.
		run_to_session(2);
		assert_ok!(set_keys(&account(2), 22));
		assert_eq!(keys_of_2(2), key(2));
		assert_table_is_active();
		run_to_session(3);
		assert_eq!(keys_of_2(3), key(12));
		assert_table_is_active();
		run_to_session(4);
		assert_eq!(keys_of_2(4), key(22));
		assert_table_is_active();
		run_to_session(5);
		assert_eq!(
			(0..=5).map(keys_of_2).collect::<Vec<_>>(),
			[key(2), key(2), key(2), key(12), key(22), key(22)]
		);
	});
}

#[test]
fn exposure_is_the_bond_when_the_session_was_planned() {
	ExtBuilder::default().build_and_execute(|| {
		run_to_session(1);
		// Session 2 is planned.
		assert_ok!(Validators::bond_more(signed(3), 7 * MINIMUM));
		let exposure = |who| ExposureOf::<Test>::convert(account(who));
		assert_eq!(exposure(3), Some(Exposure { bond: 3 * MINIMUM }));
		run_to_session(2);
		assert_eq!(exposure(3), Some(Exposure { bond: 3 * MINIMUM }));
		assert_eq!(Validators::position(&account(3)), Some(2));
		run_to_session(3);
		assert_eq!(exposure(3), Some(Exposure { bond: 10 * MINIMUM }));
		assert_eq!(Validators::position(&account(3)), Some(0));
		assert_eq!(exposure(4), None);
		assert_eq!(table(2)[2].exposure, 3 * MINIMUM);
		assert_eq!(table(3)[0].exposure, 10 * MINIMUM);
	});
}

#[test]
fn a_bond_that_changes_no_order_is_a_change_all_the_same() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Validators::bond_more(signed(3), 1));
		rotate_to(1);
		assert!(!SetReportedChanged::get());
		rotate_to(2);
		assert!(SetReportedChanged::get());
		assert_eq!(table(2)[2].exposure, 3 * MINIMUM + 1);
		rotate_to(3);
		assert!(!SetReportedChanged::get());
	});
}

#[test]
fn equal_sessions_share_one_set() {
	ExtBuilder::default().build_and_execute(|| {
		run_to_session(4);
		assert!(!SetReportedChanged::get());
		for session in 0..=4 {
			assert_eq!(SessionSets::<Test>::get(session), Some(0));
			assert_eq!(table(session), table(0));
		}
		assert_eq!(CurrentSet::<Test>::get().unwrap().0, 0);
	});
}

#[test]
fn the_highest_bonds_are_chosen_and_ties_go_to_the_lower_account() {
	let parameters =
		|p: &mut countersign_primitives::parameters::ConsensusParameters| p.maximum_validators = 2;
	ExtBuilder::default().parameters(parameters).build_and_execute(|| {
		assert_eq!(Session::validators(), accounts([1, 2]));
		assert_eq!(table(0).len(), 2);
		assert_ok!(Validators::bond_more(signed(3), MINIMUM));
		rotate_to(2);
		assert_eq!(Session::validators(), accounts([1, 2]));
		assert_ok!(Validators::bond_more(signed(3), 1));
		rotate_to(4);
		assert_eq!(Session::validators(), accounts([1, 3]));
		assert_table_is_active();
	});
}

#[test]
fn there_are_always_validators() {
	ExtBuilder::default().build_and_execute(|| {
		for n in 1..=3 {
			assert_ok!(Validators::leave(signed(n)));
		}
		rotate_to(4);
		assert_eq!(Session::validators(), accounts([1, 2, 3]));
		assert_eq!(table(4), table(0));
		assert_table_is_active();
		// Those who stayed against their will, and come back, are chosen like anybody.
		assert_ok!(Validators::rejoin(signed(2)));
		rotate_to(6);
		assert_eq!(Session::validators(), accounts([2]));
		assert_table_is_active();
	});
}

#[test]
fn offences_of_past_sessions_find_key_and_exposure() {
	ExtBuilder::default().build_and_execute(|| {
		let proof_of = |n| Historical::prove((INFERENCE_KEY_TYPE, key(n))).unwrap();
		let check = |n, proof| Historical::check_proof((INFERENCE_KEY_TYPE, key(n)), proof);
		run_to_session(1);
		let first = proof_of(2);
		assert_eq!(check(2, first.clone()), Some((account(2), Exposure { bond: 4 * MINIMUM })));
		assert_eq!(check(3, first.clone()), None);
		// Bond and key change; what was true of session 1 stays.
		assert_ok!(Validators::unbond(signed(2), 3 * MINIMUM));
		run_to_session(2);
		assert_ok!(set_keys(&account(2), 12));
		run_to_session(5);
		assert_eq!(check(2, first), Some((account(2), Exposure { bond: 4 * MINIMUM })));
		let later = proof_of(12);
		run_to_session(6);
		assert_eq!(check(12, later), Some((account(2), Exposure { bond: MINIMUM })));
	});
}

#[test]
fn new_keys_alone_renew_the_root_of_the_session() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(set_keys(&account(2), 12));
		rotate_to(2);
		let proof = Historical::prove((INFERENCE_KEY_TYPE, key(12))).unwrap();
		assert_eq!(proof.session, 2);
		rotate_to(4);
		assert_eq!(
			Historical::check_proof((INFERENCE_KEY_TYPE, key(12)), proof),
			Some((account(2), Exposure { bond: 4 * MINIMUM }))
		);
	});
}

#[test]
fn views_show_bond_cover_and_position() {
	ExtBuilder::default().build_and_execute(|| {
		use countersign_primitives::{apis::ValidatorView, traits::Bonds};
		assert_ok!(Validators::bond(signed(4), 9 * MINIMUM));
		assert_ok!(Validators::unbond(signed(1), MINIMUM));
		assert_ok!(Validators::reserve_cover(&account(1), 7));
		Validators::note_service(&account(1), true);
		Validators::note_service(&account(1), false);
		assert_ok!(Validators::leave(signed(3)));
		let first = ValidatorView {
			account: account(1),
			bonded: 4 * MINIMUM,
			unbonding: vec![(MINIMUM, 60)],
			reserved_cover: 7,
			free_cover: 2 * MINIMUM - 7,
			position: Some(0),
			key: Some(key(1)),
			answered: 1,
			missed: 1,
			leaving: false,
		};
		assert_eq!(Validators::view(&account(1)), Some(first.clone()));
		assert_eq!(Validators::view(&account(5)), None);

		let views = Validators::views();
		assert_eq!(views[0], first);
		let order: Vec<_> = views.iter().map(|view| view.account.clone()).collect();
		assert_eq!(order, accounts([1, 2, 3, 4]));
		assert!(views[2].leaving);
		assert_eq!(views[2].position, Some(2));
		assert_eq!((views[3].position, views[3].key.clone()), (None, None));
		assert_eq!(views[3].free_cover, 9 * MINIMUM / 2);
	});
}
