//! Whole lives of requests.

use crate::{mock::*, types::*, Event};
use codec::Decode;
use countersign_primitives::{
	commitment::{leaf_hash, leaf_hashes, merkle_path, top_from_path},
	request::{EvidenceSet, Finality, RequestStatus},
	traits::Results as _,
};
use frame_support::assert_ok;
use sp_runtime::DigestItem;

#[test]
fn a_request_from_hold_to_receipt() {
	ExtBuilder::default().build_and_execute(|| {
		let issued = issuance();
		let id = ask().send().unwrap();
		assert_eq!(held(&alice()), MAX_FEE);
		assert_event(Event::Requested {
			request: id,
			requester: alice(),
			model: model(),
			lane: 0,
			nonce: 0,
			fee: fee(),
			held: MAX_FEE,
			deadline: 31,
		});
		assert_eq!(status(&id), RequestStatus::Waiting);

		end_block();
		let executor = executor(&id);
		let cover = rules().cover(fee(), 0);
		assert_event(Event::Assigned {
			request: id,
			validator: executor.clone(),
			session: 0,
			index: request(&id).active.unwrap().assignment.validator,
			deadline: 31,
			cover,
		});
		assert_eq!(BondTable::get(&executor).reserved, cover);
		let work = Inference::assignments(request(&id).active.unwrap().key);
		assert_eq!(work.len(), 1);
		assert!(!work[0].may_demand_input);

		next_block();
		assert_ok!(answer(&id));
		let final_at = Inference::window_clock() + 60;
		assert_event(Event::Answered {
			request: id,
			validator: executor.clone(),
			outcome: statement(&id, &output(b"output")).outcome,
			final_at,
		});
		let result = Inference::result_view(id).unwrap();
		assert_eq!((result.finality, result.cover), (Finality::Open, cover));
		assert!(result.statement.verify(&result.signature));
		assert_eq!(result.outcome, output(b"output"));
		assert!(Inference::assignments(result.statement.signer.clone()).is_empty());

		while Inference::window_clock() + 1 < final_at {
			next_block();
			assert_eq!(Inference::finality(&id), Some(Finality::Open));
		}
		let before = free(&executor);
		next_block();
		let parts = crate::settlement::split(MAX_FEE, cost_fee(), PRICE);
		assert_event(Event::Finalised {
			request: id,
			executor: executor.clone(),
			executor_paid: parts.executor,
			audit_pot_paid: parts.audit_pot,
			treasury_paid: parts.treasury,
			burned: parts.burned,
			contributors_paid: PRICE,
			returned: MAX_FEE - fee(),
		});
		assert_eq!(free(&executor), before + parts.executor);
		assert_eq!(free(&alice()), FUNDS - fee());
		assert_eq!(held(&alice()), 0);
		assert_eq!(free(&audit_pot()), EXISTENTIAL_DEPOSIT + parts.audit_pot);
		assert_eq!(free(&treasury()), EXISTENTIAL_DEPOSIT + parts.treasury);
		assert_eq!(free(&pot()), EXISTENTIAL_DEPOSIT + PRICE);
		assert_eq!(Credited::get(model()), PRICE);
		assert_eq!(issuance(), issued - parts.burned);
		assert_eq!(
			BondTable::get(&executor),
			MockBond { bonded: BOND, answered: 1, ..Default::default() }
		);
		assert_eq!(status(&id), RequestStatus::Settled);
		assert_eq!(Inference::finality(&id), Some(Finality::Final));
		assert_eq!(Inference::evidence(&id), EvidenceSet::default());
		assert_eq!(Inference::input(id), None);

		let block = System::block_number();
		end_block();
		let receipts = Inference::receipts(block);
		assert_eq!(receipts.len(), 1);
		assert_eq!((receipts[0].paid, receipts[0].contributors), (fee(), PRICE));
		assert_eq!(receipts[0].finality, Finality::Final);
		let digest = receipts_digest().unwrap();
		assert_eq!(Some(digest.root), Inference::receipts_root(block));
		assert_eq!(digest.count, 1);
	});
}

/// What the header of this block says of its receipts.
fn receipts_digest() -> Option<ReceiptsDigest> {
	System::digest().logs.iter().find_map(|log| match log {
		DigestItem::Consensus(RECEIPTS_ENGINE_ID, data) => {
			Some(ReceiptsDigest::decode(&mut &data[..]).unwrap())
		}
		_ => None,
	})
}

#[test]
fn receipts_verify_by_paths_of_the_primitives() {
	ExtBuilder::default().build_and_execute(|| {
		let ids: Vec<_> = (0..5)
			.map(|lane| {
				let mut one = ask();
				one.terms.lane = lane;
				one.send().unwrap()
			})
			.collect();
		next_block();
		for id in &ids {
			assert_ok!(answer(id));
		}
		for id in &ids {
			assert_ok!(Inference::make_final(id, EvidenceSet::default()));
		}
		let block = System::block_number();
		end_block();
		let digest = receipts_digest().unwrap();
		assert_eq!(digest.count, 5);
		let receipts = Inference::receipts(block);
		let encoded: Vec<_> = receipts.iter().map(codec::Encode::encode).collect();
		let leaves: Vec<_> =
			encoded.iter().zip(0..).map(|(bytes, index)| leaf_hash(index, bytes)).collect();
		for index in 0..5u32 {
			let path = merkle_path(leaves.clone(), index).unwrap();
			let leaf = leaf_hash(index, &encoded[index as usize]);
			assert_eq!(top_from_path(leaf, index, 5, &path), Some(digest.root));
			assert_eq!(receipts[index as usize].request, ids[index as usize]);
		}
		// An encoded receipt is one leaf: a client needs one hash for it.
		assert_eq!(leaf_hashes(&encoded[0]).len(), 1);
	});
}

#[test]
fn a_block_without_receipts_has_no_root() {
	ExtBuilder::default().build_and_execute(|| {
		answered();
		end_block();
		assert_eq!(receipts_digest(), None);
		assert_eq!(Inference::receipts_root(System::block_number()), None);
		assert!(Inference::receipts(System::block_number()).is_empty());
	});
}
