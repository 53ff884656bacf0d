//! Inputs that are named by their commitment, demanded, posted or withheld.

use crate::{mock::*, Error, Event, Inputs, OpenCost, RefundReason};
use countersign_primitives::{
	request::{Input, RequestStatus},
	Hash,
};
use frame_support::{assert_noop, assert_ok, assert_storage_noop};
use sp_runtime::transaction_validity::InvalidTransaction;

const INPUT: &[u8] = b"an input that a node offers";

#[test]
fn committed_input_needs_no_bytes_on_chain() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned_committed(INPUT);
		let work = Inference::assignments(request(&id).active.unwrap().key);
		assert!(work[0].may_demand_input);
		assert_eq!(work[0].input_length, tensor(INPUT).len() as u32);
		assert_eq!(Inference::input(id), None);
		assert!(!Inference::request_view(id).unwrap().input_on_chain);
		assert_ok!(answer(&id));
	});
}

#[test]
fn inline_input_is_on_chain_until_the_end() {
	ExtBuilder::default().build_and_execute(|| {
		let id = answered();
		assert_eq!(Inference::input(id), Some(tensor(b"input")));
		run_blocks(60);
		assert_eq!(Inference::input(id), None);
	});
}

#[test]
fn demand_stops_the_clock_and_posting_restores_it() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned_committed(INPUT);
		run_to(10);
		let valid = demand(&id).unwrap();
		assert_eq!((valid.longevity, valid.propagate), (21, true));
		assert_event(Event::InputDemanded { request: id, validator: executor(&id), until: 30 });
		assert_eq!(status(&id), RequestStatus::InputDemanded);
		assert!(!Inference::assignments(request(&id).active.unwrap().key)[0].may_demand_input);
		run_to(30);
		assert_ok!(post(bob(), &id, &tensor(INPUT)));
		// 21 blocks were left.
		assert_event(Event::InputPosted { request: id, who: bob(), deadline: 51 });
		assert_eq!(Inference::input(id), Some(tensor(INPUT)));
		assert_eq!(status(&id), RequestStatus::Assigned);
		// Once per request: the executor may not demand again what is on chain.
		assert_eq!(demand(&id), Err(InvalidTransaction::Stale.into()));
		run_to(51);
		assert_ok!(answer(&id));
		run_blocks(60);
		assert_eq!(status(&id), RequestStatus::Settled);
		assert!(!Inputs::<Test>::contains_key(id));
	});
}

#[test]
fn withheld_input_costs_the_base_fee_and_no_record() {
	ExtBuilder::default().build_and_execute(|| {
		let issued = issuance();
		let id = assigned_committed(INPUT);
		let executor = executor(&id);
		assert_ok!(demand(&id));
		run_to(22);
		assert_eq!(status(&id), RequestStatus::InputDemanded);
		let before = free(&executor);
		next_block();
		assert_event(Event::Refunded {
			request: id,
			reason: RefundReason::InputWithheld,
			returned: MAX_FEE - rules().base_fee,
			charged: rules().base_fee,
		});
		assert_eq!(free(&executor), before + rules().base_fee);
		assert_eq!((free(&alice()), held(&alice())), (FUNDS - rules().base_fee, 0));
		assert_eq!(issuance(), issued);
		assert_eq!(BondTable::get(&executor), MockBond { bonded: BOND, ..Default::default() });
		assert!(!OpenCost::<Test>::contains_key(&executor));
		assert_noop!(post(bob(), &id, &tensor(INPUT)), Error::<Test>::InputNotDemanded);
	});
}

#[test]
fn result_is_taken_while_the_input_is_demanded() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned_committed(INPUT);
		assert_ok!(demand(&id));
		run_to(22);
		assert_ok!(answer(&id));
		assert_eq!(status(&id), RequestStatus::Answered);
		run_blocks(60);
		assert_eq!(status(&id), RequestStatus::Settled);
	});
}

#[test]
fn demand_in_the_last_block_leaves_the_block_of_the_input() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned_committed(INPUT);
		run_to(31);
		assert_ok!(demand(&id));
		run_to(40);
		assert_ok!(post(bob(), &id, &tensor(INPUT)));
		assert_eq!(request(&id).due, 40);
		assert_ok!(answer(&id));
	});
}

#[test]
fn take_over_finds_the_posted_input() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned_committed(INPUT);
		assert_ok!(demand(&id));
		assert_ok!(post(bob(), &id, &tensor(INPUT)));
		run_to(33);
		assert_eq!(request(&id).tried.len(), 2);
		assert_eq!(Inference::input(id), Some(tensor(INPUT)));
		assert_eq!(demand(&id), Err(InvalidTransaction::Stale.into()));
		assert_ok!(answer(&id));
	});
}

#[test]
fn posting_refuses_other_bytes() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned_committed(INPUT);
		assert_noop!(post(bob(), &id, &tensor(INPUT)), Error::<Test>::InputNotDemanded);
		assert_ok!(demand(&id));
		assert_storage_noop!({
			assert_eq!(
				post(bob(), &Hash::zero(), &tensor(INPUT)),
				Err(Error::<Test>::UnknownRequest.into())
			);
			for bytes in [vec![], tensor(b"short"), tensor(&[1; 100])] {
				assert_eq!(post(bob(), &id, &bytes), Err(Error::<Test>::WrongInput.into()));
			}
			// Of the right length.
			let other = tensor(&[7; INPUT.len()]);
			assert_eq!(post(bob(), &id, &other), Err(Error::<Test>::WrongInput.into()));
			let mut broken = tensor(INPUT);
			broken[0] = 0xff;
			assert_eq!(post(bob(), &id, &broken), Err(Error::<Test>::InputMalformed.into()));
		});
		assert_ok!(post(bob(), &id, &tensor(INPUT)));
		assert_noop!(post(bob(), &id, &tensor(INPUT)), Error::<Test>::InputNotDemanded);
	});
}

#[test]
fn posting_refuses_what_the_model_does_not_take() {
	ExtBuilder::default().build_and_execute(|| {
		// A commitment to tensors that are not this model's.
		let bytes = vec![0u8];
		let commitment = Inference::commit(bytes.clone()).unwrap();
		let id = Ask { input: Input::Committed { commitment, length: 1 }, ..ask() }.send().unwrap();
		next_block();
		assert_ok!(demand(&id));
		assert_noop!(post(bob(), &id, &bytes), Error::<Test>::InputMismatch);
		// The executor that got the bytes elsewhere says so, and is paid.
		let outcome = trap();
		assert_ok!(submit(statement(&id, &outcome), outcome, &executor(&id)));
		run_blocks(60);
		assert_eq!(status(&id), RequestStatus::Settled);
	});
}

#[test]
fn posting_after_the_window_is_refused_even_where_the_queue_is_behind() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned_committed(INPUT);
		assert_ok!(demand(&id));
		end_block();
		System::set_block_number(23);
		assert_noop!(post(bob(), &id, &tensor(INPUT)), Error::<Test>::InputTooLate);
		System::set_block_number(22);
		assert_ok!(post(bob(), &id, &tensor(INPUT)));
		System::set_block_number(2);
	});
}

#[test]
fn inline_input_is_not_demanded() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned();
		assert_eq!(
			demand(&id),
			Err(InvalidTransaction::Custom(crate::checks::Rejection::InputOnChain as u8).into())
		);
	});
}

#[test]
fn demand_of_anybody_else_is_rejected() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned_committed(INPUT);
		let who = executor(&id);
		let other = if who == validator(0) { validator(1) } else { validator(0) };
		let good = input_demand(&id);
		let send = |demand: countersign_primitives::request::InputDemand, by| {
			let signature = sign(by, &demand.signing_payload());
			include(crate::Call::demand_input { demand, signature })
		};
		assert_storage_noop!({
			assert_eq!(send(good.clone(), &other), Err(InvalidTransaction::BadProof.into()));
			let mut foreign = good.clone();
			foreign.signer = sp_core::Pair::public(&pair_of(&other));
			assert_eq!(send(foreign, &other), Err(InvalidTransaction::BadSigner.into()));
			let mut session = good.clone();
			session.session += 1;
			assert_eq!(send(session, &who), Err(InvalidTransaction::BadSigner.into()));
			let mut position = good.clone();
			position.validator += 1;
			assert_eq!(send(position, &who), Err(InvalidTransaction::BadSigner.into()));
			let mut chain = good.clone();
			chain.genesis = Hash::zero();
			assert!(send(chain, &who).is_err());
		});
		assert_ok!(send(good, &who));
	});
}

#[test]
fn largest_input_can_be_posted() {
	ExtBuilder::default().build_and_execute(|| {
		ModelTable::mutate(model(), |m| {
			m.as_mut().unwrap().port.shape =
				vec![countersign_primitives::tensor::Dimension::Range { min: 1, max: 1 << 20 }]
					.try_into()
					.unwrap();
		});
		// Ten bytes of encoding around the data.
		let data = vec![3; (1 << 20) - 11];
		let encoded = tensor(&data);
		assert_eq!(encoded.len(), 1 << 20);
		let id = assigned_committed(&data);
		assert_ok!(demand(&id));
		assert_ok!(post(bob(), &id, &encoded));
		assert_ok!(answer(&id));
	});
}
