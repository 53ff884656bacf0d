//! What runtime APIs answer.

use crate::{mock::*, MAX_ASSIGNMENTS_SHOWN};
use codec::{Decode, Encode};
use countersign_primitives::{
	apis::QuoteError,
	dispute::Verdicts as _,
	model::ModelStatus,
	request::{EvidenceSet, RequestId, Role},
	tensor::TensorError,
	traits::{RequestRules as _, Results as _},
	Hash, GIGA_MAC,
};
use frame_support::assert_ok;
use sp_runtime::traits::ExtrinsicLike;

#[test]
fn quote_tells_what_a_request_in_the_next_block_needs() {
	ExtBuilder::default().build_and_execute(|| {
		Capacity::insert(validator(3), 0);
		let quote = Inference::quote(model(), 100, terms()).unwrap();
		assert_eq!((quote.fee, quote.cost_fee, quote.price), (fee(), cost_fee(), PRICE));
		assert_eq!((quote.macs, quote.cover), (MACS, rules().cover(fee(), 0)));
		assert_eq!((quote.servers, quote.free_servers), (4, 3));
		assert_eq!((quote.final_window, quote.base_fee), (60, rules().base_fee));
		// Both ends are accepted in the next block, and nothing beyond.
		let (earliest, latest) = (quote.earliest_deadline, quote.latest_deadline);
		next_block();
		for (deadline, is_good) in
			[(earliest - 1, false), (earliest, true), (latest, true), (latest + 1, false)]
		{
			let mut one = ask();
			one.terms.deadline = deadline;
			one.terms.max_fee = quote.fee;
			assert_eq!(one.send().is_ok(), is_good);
		}
	});
}

#[test]
fn quote_says_why_there_is_none() {
	ExtBuilder::default().build_and_execute(|| {
		let change = |change: fn(&mut MockModel)| {
			ModelTable::mutate(model(), |m| change(m.as_mut().unwrap()))
		};
		let quote = |terms| Inference::quote(model(), 1, terms).map(|quote| quote.fee);
		assert_eq!(
			Inference::quote(Hash::zero(), 1, terms()).map(|quote| quote.fee),
			Err(QuoteError::UnknownModel)
		);
		assert_eq!(
			Inference::quote(model(), u32::MAX, terms()).map(|quote| quote.fee),
			Err(QuoteError::InputTooLarge)
		);
		let mut evidence = terms();
		evidence.evidence.audited = 3;
		assert_eq!(quote(evidence), Err(QuoteError::EvidenceUnavailable));
		let mut callback = terms();
		callback.callback = Some(countersign_primitives::request::Callback {
			contract: Default::default(),
			gas: 1,
			when_open: true,
		});
		assert_eq!(quote(callback), Err(QuoteError::CallbackUnavailable));
		change(|m| m.canonical_version = None);
		let mut risk = terms();
		risk.value_at_risk = 1;
		assert_eq!(quote(risk), Err(QuoteError::ValueAtRiskWithoutProgram));
		change(|m| m.macs = 5 * GIGA_MAC);
		assert_eq!(quote(terms()), Err(QuoteError::TooCostly));
		change(|m| m.status = ModelStatus::Retired);
		assert_eq!(quote(terms()), Err(QuoteError::Retired));
	});
}

#[test]
fn assignments_are_shown_oldest_first_and_bounded() {
	ExtBuilder::default().validators(1).build_and_execute(|| {
		Capacity::insert(validator(0), u64::MAX);
		let mut ids: Vec<RequestId> = vec![];
		for _ in 0..3 {
			ids.extend((0..100).map(|_| ask().send().unwrap()));
			next_block();
		}
		let key = request(&ids[0]).active.unwrap().key;
		let shown = Inference::assignments(key.clone());
		assert_eq!(shown.len(), MAX_ASSIGNMENTS_SHOWN);
		let order: Vec<_> = shown.iter().map(|item| item.request).collect();
		assert_eq!(order, ids[..MAX_ASSIGNMENTS_SHOWN]);
		assert_eq!((shown[0].assigned_at, shown[255].assigned_at), (1, 3));
		assert_eq!(shown[0].role, Role::Executor);
		assert_eq!(shown[0].attribution, request(&ids[0]).attribution);
		// What is answered makes room for what is younger.
		assert_ok!(answer(&ids[0]));
		assert_eq!(Inference::assignments(key)[255].request, ids[256]);
		assert!(Inference::assignments(sp_core::Pair::public(&pair_of(&account(9)))).is_empty());
	});
}

#[test]
fn request_view_follows_the_request() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Inference::request_view(Hash::zero()), None);
		let id = ask().send().unwrap();
		let view = Inference::request_view(id).unwrap();
		assert_eq!((view.id, view.requester, view.attempts), (id, alice(), 0));
		assert!(view.input_on_chain);
		assert_eq!((view.fee, view.assignment), (fee(), None));
		next_block();
		let view = Inference::request_view(id).unwrap();
		assert_eq!((view.attempts, view.assignment.unwrap().account), (1, executor(&id)));
	});
}

#[test]
fn other_pallets_see_results() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Inference::parameters(), rules());
		let id = assigned();
		assert_eq!(Inference::finality(&id), None);
		assert_eq!(Inference::evidence(&id), EvidenceSet::default());
		assert_eq!(Inference::cover(&id), 0);
		assert_eq!(<Inference as countersign_primitives::traits::Results>::outcome(&id), None);
		let assignment = request(&id).active.unwrap().assignment;
		assert_eq!(
			Inference::player(&id, Role::Executor),
			Some((assignment.session, assignment.validator, assignment.account))
		);
		assert_eq!(Inference::player(&id, Role::Auditor(0)), None);
		assert_eq!(Inference::player(&Hash::zero(), Role::Executor), None);
		assert_ok!(answer(&id));
		assert_eq!(Inference::cover(&id), assignment.cover);
		assert_eq!(
			<Inference as countersign_primitives::traits::Results>::outcome(&id),
			Some(output(b"output"))
		);
	});
}

#[test]
fn transactions_are_built_as_the_pool_takes_them() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned_committed(b"bytes");
		let outcome = trap();
		let statement = statement(&id, &outcome);
		let signature = sign(&executor(&id), &statement.signing_payload());
		let result = Inference::result_transaction(statement, outcome, signature);
		let demand = input_demand(&id);
		let signature = sign(&executor(&id), &demand.signing_payload());
		let demand = Inference::demand_input_transaction(demand, signature);
		for transaction in [demand, result] {
			assert!(!transaction.is_bare());
			let bytes = transaction.encode();
			let decoded = Extrinsic::decode(&mut &bytes[..]).unwrap();
			assert_ok!(include(decoded.function));
		}
	});
}

#[test]
fn pages_of_open_results_hold_all_of_them_and_nothing_else() {
	ExtBuilder::default().build_and_execute(|| {
		let results: Vec<RequestId> = (0..5).map(|_| answered()).collect();
		let replayed = EvidenceSet { replayed: true, ..Default::default() };
		for ended in &results[..2] {
			assert_ok!(Inference::make_final(ended, replayed));
			next_block();
		}
		let page = |after| Inference::open_results(after, 1);
		let mut seen = Vec::new();
		while let Some(one) = page(seen.last().copied()).first() {
			seen.push(*one);
		}
		let mut sorted = seen.clone();
		sorted.sort();
		let mut open = results[2..].to_vec();
		open.sort();
		assert_eq!(sorted, open);
		// What ends between two pages says where it stood.
		assert_ok!(Inference::make_final(&seen[0], replayed));
		assert_eq!(page(Some(seen[0])), [seen[1]]);
		assert_eq!(Inference::open_results(None, 64), seen[1..]);
	});
}

#[test]
fn helpers_commit_and_encode() {
	ExtBuilder::default().build_and_execute(|| {
		let encoded = tensor(b"abc");
		let tensors = countersign_primitives::tensor::decode_tensors(&encoded).unwrap();
		assert_eq!(Inference::encode_tensors(tensors.clone()), encoded);
		assert_eq!(
			Inference::commit(encoded),
			Ok(countersign_primitives::commitment::tensors_commitment(&tensors))
		);
		assert_eq!(Inference::commit(vec![4]), Err(TensorError::Malformed));
	});
}

#[test]
fn stored_types_keep_their_size() {
	use crate::{QueueCursors, ReceiptsDigest, Request, ResultRecord};
	use codec::MaxEncodedLen;
	// A change here needs a migration.
	assert_eq!(Request::max_encoded_len(), 567);
	assert_eq!(ResultRecord::max_encoded_len(), 320);
	assert_eq!(QueueCursors::max_encoded_len(), 20);
	assert_eq!(ReceiptsDigest::max_encoded_len(), 36);
}
