//! What `try_state` finds when storage is wrong.

use crate::{
	mock::*, ByArtefact, Capacity, HoldReason, Inputs, Manifests, Models as Records, Offers,
	ServedBy, Servers, MAX_PRICE,
};
use countersign_primitives::{model::ModelId, Hash, UNIT};
use frame_support::{
	assert_ok,
	traits::{fungible::MutateHold, tokens::Precision},
};
use sp_runtime::TryRuntimeError;

/// Breaks the storage around one served model and expects to be found out.
fn finds(error: &'static str, breaks: impl FnOnce(ModelId)) {
	ExtBuilder::default().build().execute_with(|| {
		let model = register(ALICE, manifest(1));
		assert_ok!(Models::serve(signed(VICTOR), model));
		assert_ok!(Models::do_try_state());
		breaks(model);
		assert_eq!(Models::do_try_state(), Err(TryRuntimeError::Other(error)));
	});
}

fn change(model: ModelId, change: impl FnOnce(&mut crate::ModelRecord)) {
	Records::<Test>::mutate(model, |record| change(record.as_mut().unwrap()));
}

#[test]
fn finds_disagreement() {
	finds("1. a model without manifest", Manifests::<Test>::remove);
	finds("1. ports are not the manifest's", Inputs::<Test>::remove);
	finds("1. a manifest without model", |_| {
		Manifests::<Test>::insert(Hash::zero(), manifest(2));
	});
	finds("1. a record is not what the manifest says", |model| {
		change(model, |record| record.macs += 1);
	});
	finds("1. a model without vector", pallet_attribution::Vectors::<Test>::remove);
}

#[test]
fn finds_missing_deposits() {
	finds("2. what is held is not the sum of deposits", |_| {
		let reason = HoldReason::Registration.into();
		assert_ok!(Balances::release(&reason, &ALICE, 1, Precision::Exact));
	});
	finds("2. what is held is not the sum of deposits", |model| {
		change(model, |record| record.deposit -= 1);
	});
}

#[test]
fn finds_commitments_that_would_stay() {
	finds("12. a commitment would never expire", |_| {
		assert_ok!(Models::commit(signed(ALICE), Hash::zero()));
		crate::CommitmentExpiries::<Test>::remove(1 + crate::REVEAL_BLOCKS, ALICE);
	});
	finds("12. what is held is not the sum of commitments' deposits", |_| {
		assert_ok!(Models::commit(signed(ALICE), Hash::zero()));
		let reason = HoldReason::Commitment.into();
		assert_ok!(Balances::release(&reason, &ALICE, 1, Precision::Exact));
	});
	finds("12. a bucket for no commitment", |_| {
		crate::CommitmentExpiries::<Test>::insert(9, BOB, ());
	});
}

#[test]
fn finds_wrong_indexes() {
	finds("3. a copy of an artefact does not name the first", |_| {
		ByArtefact::<Test>::remove([1; 32]);
	});
	finds("3. the first model of an artefact has another", |model| {
		ByArtefact::<Test>::insert([2; 32], model);
	});
	finds("6. a server does not know its model", |_| ServedBy::<Test>::remove(VICTOR));
	finds("6. a model does not know its server", Servers::<Test>::remove);
	finds("6. an empty list of servers", |model| {
		Servers::<Test>::mutate(model, |servers| servers.clear());
	});
}

#[test]
fn finds_wrong_prices_offers_and_capacities() {
	finds("4. a price above the highest", |model| {
		change(model, |record| record.price.current = MAX_PRICE + 1);
	});
	finds("4. an announced price is not a rise", |model| {
		change(model, |record| record.price.next = Some((UNIT, 5)));
	});
	finds("5. a model is offered to its owner", |model| Offers::<Test>::insert(model, ALICE));
	finds("5. an offer for no model", |_| Offers::<Test>::insert(Hash::zero(), BOB));
	finds("7. a capacity of zero", |_| Capacity::<Test>::insert(VICTOR, 0));
}
