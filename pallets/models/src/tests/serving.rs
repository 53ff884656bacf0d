//! Who serves what, inside the limits.

use crate::{mock::*, Capacity, Error, Event, ServedBy, Servers};
use countersign_primitives::{
	model::{Manifest, MAX_SERVED, MAX_SERVERS},
	traits::{Models as _, Serving},
	Hash, GIGA_MAC,
};
use frame_support::{assert_noop, assert_ok, assert_storage_noop};
use sp_runtime::DispatchError;

fn numbered(index: u32) -> Manifest {
	let mut manifest = manifest(0);
	manifest.artefact.sha256[..4].copy_from_slice(&index.to_le_bytes());
	manifest
}

#[test]
fn serve_and_stop_change_both_sides() {
	ExtBuilder::default().build_and_execute(|| {
		let model = register(ALICE, manifest(1));
		assert_ok!(Models::serve(signed(VICTOR), model));
		System::assert_last_event(Event::ServingStarted { validator: VICTOR, model }.into());
		assert_eq!(Models::servers(&model), [VICTOR]);
		assert_eq!(Models::serving(&VICTOR).models, [model]);

		assert_ok!(Models::stop_serving(signed(VICTOR), model));
		System::assert_last_event(Event::ServingStopped { validator: VICTOR, model }.into());
		assert!(!Servers::<Test>::contains_key(model));
		assert!(!ServedBy::<Test>::contains_key(VICTOR));
	});
}

#[test]
fn serve_rejects_whoever_is_not_bonded() {
	ExtBuilder::default().build_and_execute(|| {
		let model = register(ALICE, manifest(1));
		assert_noop!(Models::serve(signed(ALICE), model), Error::<Test>::NotValidator);
		assert_noop!(Models::serve(signed(PAUPER), model), Error::<Test>::NotValidator);
		assert_noop!(Models::serve(RuntimeOrigin::root(), model), DispatchError::BadOrigin);
		// A validator that leaves is none any more.
		Validators::set(vec![]);
		assert_noop!(Models::serve(signed(VICTOR), model), Error::<Test>::NotValidator);
	});
}

#[test]
fn serve_rejects_unknown_retired_and_repeated() {
	ExtBuilder::default().build_and_execute(|| {
		let model = register(ALICE, manifest(1));
		let unknown = Hash::repeat_byte(1);
		assert_noop!(Models::serve(signed(VICTOR), unknown), Error::<Test>::UnknownModel);
		assert_ok!(Models::serve(signed(VICTOR), model));
		assert_noop!(Models::serve(signed(VICTOR), model), Error::<Test>::AlreadyServing);
		assert_ok!(Models::stop_serving(signed(VICTOR), model));
		assert_ok!(Models::retire(signed(ALICE), model));
		assert_noop!(Models::serve(signed(VICTOR), model), Error::<Test>::Retired);
	});
}

#[test]
fn stop_rejects_whoever_does_not_serve() {
	ExtBuilder::default().build_and_execute(|| {
		let model = register(ALICE, manifest(1));
		assert_noop!(Models::stop_serving(signed(VICTOR), model), Error::<Test>::NotServing);
		assert_ok!(Models::serve(signed(VICTOR), model));
		assert_noop!(Models::stop_serving(signed(ALICE), model), Error::<Test>::NotServing);
		// Whoever is no validator any more can still stop.
		Validators::set(vec![]);
		assert_ok!(Models::stop_serving(signed(VICTOR), model));
	});
}

#[test]
fn a_model_has_at_most_128_servers() {
	ExtBuilder::default().build_and_execute(|| {
		let model = register(ALICE, manifest(1));
		// Against the order of accounts, to see them sorted.
		let validators: Vec<_> = (0..=MAX_SERVERS).rev().map(account).collect();
		Validators::set(validators.clone());
		let (last, first) = validators.split_last().unwrap();
		for validator in first {
			assert_ok!(Models::serve(signed(validator.clone()), model));
		}
		assert_noop!(Models::serve(signed(last.clone()), model), Error::<Test>::TooManyServers);
		let servers = Models::servers(&model);
		assert_eq!(servers.len(), 128);
		assert!(servers.is_sorted());
		// A place becomes free.
		assert_ok!(Models::stop_serving(signed(account(50)), model));
		assert_ok!(Models::serve(signed(last.clone()), model));
	});
}

#[test]
fn a_validator_serves_at_most_64_models() {
	ExtBuilder::default().build_and_execute(|| {
		let models: Vec<_> =
			(0..=MAX_SERVED).map(|index| register(ALICE, numbered(index))).collect();
		let (last, first) = models.split_last().unwrap();
		for model in first {
			assert_ok!(Models::serve(signed(VICTOR), *model));
		}
		assert_noop!(Models::serve(signed(VICTOR), *last), Error::<Test>::TooManyModels);
		assert_eq!(Models::serving(&VICTOR).models.len(), 64);
		assert!(Models::serving(&VICTOR).models.is_sorted());
	});
}

#[test]
fn set_capacity_declares_and_withdraws() {
	ExtBuilder::default().build_and_execute(|| {
		let set = |who, capacity| Models::set_capacity(signed(who), capacity);
		assert_eq!(Models::capacity(&VICTOR), 0);
		assert_ok!(set(VICTOR, 5 * GIGA_MAC));
		System::assert_last_event(
			Event::CapacitySet { validator: VICTOR, capacity: 5 * GIGA_MAC }.into(),
		);
		assert_eq!(Models::capacity(&VICTOR), 5 * GIGA_MAC);
		assert_ok!(set(VICTOR, u64::MAX));
		assert_noop!(set(ALICE, 1), Error::<Test>::NotValidator);
		// Taking less is always possible, for one who leaves too.
		Validators::set(vec![]);
		assert_noop!(set(VICTOR, 1), Error::<Test>::NotValidator);
		assert_ok!(set(VICTOR, 0));
		assert!(!Capacity::<Test>::contains_key(VICTOR));
	});
}

#[test]
fn withdraw_all_leaves_nothing_of_one_and_all_of_others() {
	ExtBuilder::default().build_and_execute(|| {
		let other = account(1);
		Validators::set(vec![VICTOR, other.clone()]);
		let models: Vec<_> =
			(0..MAX_SERVED).map(|index| register(ALICE, numbered(index))).collect();
		for model in &models {
			assert_ok!(Models::serve(signed(VICTOR), *model));
		}
		assert_ok!(Models::serve(signed(other.clone()), models[3]));
		assert_ok!(Models::set_capacity(signed(VICTOR), 1));
		assert_ok!(Models::set_capacity(signed(other.clone()), 2));

		<Models as Serving>::withdraw_all(&VICTOR);
		assert_eq!(Servers::<Test>::iter_keys().collect::<Vec<_>>(), [models[3]]);
		assert_eq!(Models::servers(&models[3]), core::slice::from_ref(&other));
		assert!(!ServedBy::<Test>::contains_key(VICTOR));
		assert_eq!((Models::capacity(&VICTOR), Models::capacity(&other)), (0, 2));
		assert_storage_noop!(<Models as Serving>::withdraw_all(&VICTOR));
	});
}
