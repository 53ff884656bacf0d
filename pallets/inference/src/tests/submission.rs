//! What `request` takes and what it refuses.

use super::callbacks::Recorder;
use crate::{mock::*, Callbacks, Error, Event, NextNonce, Parameters, RefundReason};
use countersign_primitives::{
	model::ModelStatus,
	parameters::RequestParameters,
	request::{Callback, EvidenceSet, Input, RequestStatus, Terms},
	Hash, GIGA_MAC,
};
use frame_support::{assert_err, assert_noop, assert_ok, assert_storage_noop};
use sp_core::H160;
use sp_runtime::{DispatchError, TokenError};

/// Refused, and nothing changed.
fn refused(ask: Ask, error: impl Into<DispatchError>) {
	assert_storage_noop!(assert_err!(ask.send(), error.into()));
}

fn with_terms(change: impl FnOnce(&mut Terms)) -> Ask {
	let mut ask = ask();
	change(&mut ask.terms);
	ask
}

#[test]
fn request_for_unknown_model_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		refused(Ask { model: Hash::zero(), ..ask() }, Error::<Test>::UnknownModel);
	});
}

#[test]
fn request_for_retired_model_is_refused_but_those_under_way_end_well() {
	ExtBuilder::default().build_and_execute(|| {
		let id = assigned();
		ModelTable::mutate(model(), |m| m.as_mut().unwrap().status = ModelStatus::Retired);
		refused(ask(), Error::<Test>::ModelRetired);
		assert_ok!(answer(&id));
		run_blocks(61);
		assert_eq!(status(&id), RequestStatus::Settled);
	});
}

#[test]
fn request_that_nobody_serves_is_refused() {
	ExtBuilder::default().validators(0).build_and_execute(|| {
		refused(ask(), Error::<Test>::NoServer);
	});
	ExtBuilder::default().build_and_execute(|| {
		// Not in the session.
		CurrentSession::put(1);
		refused(ask(), Error::<Test>::NoServer);
		CurrentSession::put(0);
		// Leaving.
		for index in 0..VALIDATORS {
			BondTable::mutate(validator(index), |bond| bond.leaving = true);
		}
		refused(ask(), Error::<Test>::NoServer);
		for index in 0..VALIDATORS {
			BondTable::mutate(validator(index), |bond| bond.leaving = false);
			Capacity::insert(validator(index), MACS - 1);
		}
		// Too small.
		refused(ask(), Error::<Test>::NoServer);
		Capacity::insert(validator(2), MACS);
		assert_ok!(ask().send());
	});
}

#[test]
fn request_without_free_cover_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let cover = rules().cover(fee(), 0);
		for index in 0..VALIDATORS {
			BondTable::mutate(validator(index), |bond| bond.bonded = 2 * cover - 1);
		}
		refused(ask(), Error::<Test>::NoServer);
		BondTable::mutate(validator(0), |bond| bond.bonded = 2 * cover);
		assert_ok!(ask().send());
	});
}

#[test]
fn value_at_risk_needs_cover_and_saturates() {
	ExtBuilder::default().build_and_execute(|| {
		let worst = |max_fee| {
			with_terms(|terms| {
				(terms.value_at_risk, terms.max_fee) = (u128::MAX, max_fee);
			})
		};
		refused(worst(MAX_FEE), Error::<Test>::FeeAboveMaximum);
		refused(worst(u128::MAX), Error::<Test>::NoServer);
		let id = with_terms(|terms| terms.value_at_risk = 100 * MAX_FEE).send().unwrap();
		next_block();
		let fee = fee() + MAX_FEE / 10;
		assert_eq!(BondTable::get(executor(&id)).reserved, rules().cover(fee, 100 * MAX_FEE));
	});
}

#[test]
fn value_at_risk_is_paid_for_by_who_declares_it() {
	ExtBuilder::default().build_and_execute(|| {
		let risk = MAX_FEE;
		let premium = risk / 1_000;
		let length = tensor(b"input").len() as u32;
		let mut terms = terms();
		terms.value_at_risk = risk;
		let quote = Inference::quote(model(), length, terms).unwrap();
		assert_eq!((quote.fee, quote.cost_fee), (fee() + premium, cost_fee() + premium));
		assert_eq!(quote.base_fee, rules().base_fee + premium);
		let id = with_terms(|terms| terms.value_at_risk = risk).send().unwrap();
		next_block();
		let executor = executor(&id);
		let before = free(&executor);
		assert_ok!(answer(&id));
		run_blocks(60);
		let parts = crate::settlement::split(MAX_FEE, cost_fee() + premium, PRICE);
		assert_eq!(free(&executor) - before, parts.executor);
		assert_eq!(free(&alice()), FUNDS - fee() - premium);
		// Keeping cover from others by an input that nobody has is not for nothing either.
		let id = Ask {
			input: committed(b"dark"),
			terms: Terms { value_at_risk: risk, ..self::terms() },
			..ask()
		};
		let id = id.send().unwrap();
		next_block();
		assert_ok!(demand(&id));
		let before = free(&alice());
		run_blocks(rules().demand_input_blocks + 1);
		assert_eq!(before + MAX_FEE - free(&alice()), rules().base_fee + premium);
	});
}

#[test]
fn value_at_risk_without_program_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		ModelTable::mutate(model(), |m| m.as_mut().unwrap().canonical_version = None);
		refused(
			with_terms(|terms| terms.value_at_risk = 1),
			Error::<Test>::ValueAtRiskWithoutProgram,
		);
		assert_ok!(ask().send());
	});
}

#[test]
fn fee_above_maximum_is_refused_and_the_exact_fee_is_enough() {
	ExtBuilder::default().build_and_execute(|| {
		refused(with_terms(|terms| terms.max_fee = fee() - 1), Error::<Test>::FeeAboveMaximum);
		refused(with_terms(|terms| terms.max_fee = 0), Error::<Test>::FeeAboveMaximum);
		assert_ok!(with_terms(|terms| terms.max_fee = fee()).send());
		assert_eq!(held(&alice()), fee());
	});
}

#[test]
fn maximal_fee_beyond_the_balance_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		refused(with_terms(|terms| terms.max_fee = u128::MAX), TokenError::FundsUnavailable);
		refused(with_terms(|terms| terms.max_fee = FUNDS), TokenError::FundsUnavailable);
		// Somebody without an account.
		refused(Ask { who: account(99), ..ask() }, TokenError::FundsUnavailable);
		// The account itself must stay.
		assert_ok!(with_terms(|terms| terms.max_fee = FUNDS - EXISTENTIAL_DEPOSIT).send());
	});
}

#[test]
fn price_that_overflows_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		ModelTable::mutate(model(), |m| m.as_mut().unwrap().price = u128::MAX);
		refused(with_terms(|terms| terms.max_fee = u128::MAX - 1), Error::<Test>::FeeAboveMaximum);
		refused(with_terms(|terms| terms.max_fee = u128::MAX), Error::<Test>::NoServer);
	});
}

#[test]
fn deadline_bounds_are_exact() {
	ExtBuilder::default().build_and_execute(|| {
		run_to(7);
		// 10 and 2 started GMAC ahead at least, 200 at most.
		for deadline in [0, 6, 7, 8, 18] {
			refused(with_terms(|terms| terms.deadline = deadline), Error::<Test>::DeadlineTooSoon);
		}
		for deadline in [208, u32::MAX] {
			refused(with_terms(|terms| terms.deadline = deadline), Error::<Test>::DeadlineTooFar);
		}
		assert_ok!(with_terms(|terms| terms.deadline = 19).send());
		assert_ok!(with_terms(|terms| terms.deadline = 207).send());
	});
}

#[test]
fn nonce_has_to_be_the_next_of_its_lane() {
	ExtBuilder::default().build_and_execute(|| {
		refused(Ask { nonce: Some(1), ..ask() }, Error::<Test>::WrongNonce);
		assert_ok!(ask().send());
		refused(Ask { nonce: Some(0), ..ask() }, Error::<Test>::WrongNonce);
		refused(Ask { nonce: Some(u64::MAX), ..ask() }, Error::<Test>::WrongNonce);
		// Lanes do not wait for each other, and accounts do not either.
		assert_ok!(Ask { nonce: Some(0), ..with_terms(|terms| terms.lane = 15) }.send());
		assert_ok!(Ask { nonce: Some(0), who: bob(), ..ask() }.send());
		assert_ok!(Ask { nonce: Some(1), ..ask() }.send());
		assert_eq!(Inference::next_nonce(alice(), 0), 2);
		assert_eq!(Inference::next_nonce(alice(), 15), 1);
		refused(with_terms(|terms| terms.lane = 16), Error::<Test>::NoSuchLane);
		refused(with_terms(|terms| terms.lane = 255), Error::<Test>::NoSuchLane);
	});
}

#[test]
fn identifier_is_computable_beforehand_and_new() {
	ExtBuilder::default().build_and_execute(|| {
		let first = ask().send().unwrap();
		let second = ask().send().unwrap();
		assert_ne!(first, second);
		assert_eq!(request(&first).terms, request(&second).terms);
		// The same again, as if the nonce had been forgotten.
		NextNonce::<Test>::insert(alice(), 0, 0);
		refused(Ask { nonce: Some(0), ..ask() }, Error::<Test>::DuplicateRequest);
		NextNonce::<Test>::insert(alice(), 0, 2);
	});
}

#[test]
fn evidence_and_callbacks_that_nobody_gives_are_refused() {
	ExtBuilder::default().build_and_execute(|| {
		for evidence in [
			EvidenceSet { audited: 3, ..Default::default() },
			EvidenceSet { replayed: true, ..Default::default() },
			EvidenceSet { tee: true, ..Default::default() },
			EvidenceSet { zk: true, ..Default::default() },
		] {
			refused(
				with_terms(|terms| terms.evidence = evidence),
				Error::<Test>::EvidenceUnavailable,
			);
		}
		refused(
			with_terms(|terms| {
				let contract = Recorder::address(&alice());
				terms.callback = Some(Callback { contract, gas: 1, when_open: false })
			}),
			Error::<Test>::CallbackUnavailable,
		);
		refused(
			with_terms(|terms| {
				terms.callback = Some(Callback { contract: H160::zero(), gas: 0, when_open: true })
			}),
			Error::<Test>::ForeignCallback,
		);
	});
}

#[test]
fn model_above_the_networks_cost_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		ModelTable::mutate(model(), |m| m.as_mut().unwrap().macs = 4 * GIGA_MAC);
		assert_ok!(ask().send());
		ModelTable::mutate(model(), |m| m.as_mut().unwrap().macs = 4 * GIGA_MAC + 1);
		refused(ask(), Error::<Test>::TooCostly);
	});
}

#[test]
fn input_of_the_wrong_shape_or_no_tensors_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let inline =
			|bytes: Vec<u8>| Ask { input: Input::Inline(bytes.try_into().unwrap()), ..ask() };
		refused(inline(vec![]), Error::<Test>::InputMalformed);
		refused(inline(vec![1, 2, 3]), Error::<Test>::InputMalformed);
		let mut longer = tensor(b"x");
		longer.push(0);
		refused(inline(longer), Error::<Test>::InputMalformed);
		// The port takes no empty tensor.
		refused(inline(tensor(b"")), Error::<Test>::InputMismatch);
		// No tensor at all is a list of tensors, but not this model's.
		refused(inline(vec![0]), Error::<Test>::InputMismatch);
	});
}

#[test]
fn input_length_bounds_are_exact() {
	ExtBuilder::default().build_and_execute(|| {
		let most = <MockModels as countersign_primitives::traits::Models>::input_bytes(&model());
		let committed = |length| Ask {
			input: Input::Committed { commitment: Hash::repeat_byte(5), length },
			..ask()
		};
		refused(committed(most + 1), Error::<Test>::InputTooLarge);
		refused(committed(u32::MAX), Error::<Test>::InputTooLarge);
		assert_ok!(committed(most).send());
		// However much a model takes, the chain takes a mebibyte.
		ModelTable::mutate(model(), |m| {
			m.as_mut().unwrap().port.shape =
				vec![countersign_primitives::tensor::Dimension::Range { min: 1, max: 2_000_000 }]
					.try_into()
					.unwrap();
		});
		refused(committed(1024 * 1024 + 1), Error::<Test>::InputTooLarge);
		assert_ok!(committed(1024 * 1024).send());
	});
}

#[test]
fn full_block_refuses_more_requests() {
	ExtBuilder::default().build_and_execute(|| {
		for index in 0..VALIDATORS {
			Capacity::insert(validator(index), u64::MAX);
		}
		for _ in 0..crate::MAX_REQUESTS_PER_BLOCK {
			assert_ok!(with_terms(|terms| terms.max_fee = fee()).send());
		}
		assert_noop!(ask().send(), Error::<Test>::TooManyRequests);
		next_block();
		assert_ok!(ask().send());
	});
}

#[test]
fn weight_is_refunded_to_what_the_model_needs() {
	ExtBuilder::default().build_and_execute(|| {
		use crate::WeightInfo as _;
		use frame_support::dispatch::{GetDispatchInfo, PostDispatchInfo};
		let call = RuntimeCall::Inference(crate::Call::request {
			model: model(),
			input: inline(b"input"),
			terms: terms(),
			nonce: 0,
		});
		let length = tensor(b"input").len() as u32;
		let info = call.get_dispatch_info();
		let bytes = <() as crate::WeightInfo>::commit_to_bytes(length);
		assert_eq!(info.call_weight, <()>::request(128) + bytes);
		assert!(!info.pays_fee.eq(&frame_support::dispatch::Pays::No));
		let post: PostDispatchInfo =
			sp_runtime::traits::Dispatchable::dispatch(call, RuntimeOrigin::signed(alice()))
				.unwrap();
		assert_eq!(post.actual_weight, Some(<()>::request(VALIDATORS.into()) + bytes));
	});
}

#[test]
fn parameters_are_set_by_root_alone_and_inside_their_ranges() {
	ExtBuilder::default().build_and_execute(|| {
		let changed = RequestParameters { retention_blocks: 300, ..rules() };
		assert_noop!(
			Inference::set_parameters(RuntimeOrigin::signed(alice()), changed.clone()),
			DispatchError::BadOrigin
		);
		for bad in [
			RequestParameters { cover_per_mille: 11_389, ..rules() },
			RequestParameters { fee_per_gigamac: 0, ..rules() },
			RequestParameters { most_gigamacs: 190, ..rules() },
			// In range, but a validator could leave before its last dispute.
			RequestParameters { final_window_blocks: 43_200, ..rules() },
		] {
			assert_noop!(
				Inference::set_parameters(RuntimeOrigin::root(), bad),
				Error::<Test>::BadParameters
			);
		}
		assert_ok!(Inference::set_parameters(RuntimeOrigin::root(), changed.clone()));
		assert_eq!(Parameters::<Test>::get(), changed);
		assert_event(Event::ParametersChanged { parameters: changed });
	});
}

#[test]
fn changed_parameters_touch_new_requests_only() {
	ExtBuilder::default().build_and_execute(|| {
		let old = assigned();
		let changed = RequestParameters {
			fee_per_gigamac: 2 * rules().fee_per_gigamac,
			final_window_blocks: 80,
			retention_blocks: 10,
			demand_input_blocks: 10,
			take_over_base_blocks: 40,
			..rules()
		};
		assert_ok!(Inference::set_parameters(RuntimeOrigin::root(), changed.clone()));
		let new = ask().send().unwrap();
		next_block();
		assert_eq!(request(&old).cost_fee, cost_fee());
		assert_eq!(request(&new).cost_fee, changed.cost_fee(MACS));
		assert_ok!(answer(&old));
		assert_ok!(answer(&new));
		run_blocks(60);
		assert_eq!(status(&old), RequestStatus::Settled);
		assert_eq!(status(&new), RequestStatus::Answered);
		run_blocks(20);
		assert_eq!(status(&new), RequestStatus::Settled);
		run_blocks(11);
		assert_eq!(crate::Requests::<Test>::get(new), None);
		assert_eq!(status(&old), RequestStatus::Settled);

		// A take-over of an old request keeps the old time.
		assert_ok!(Inference::set_parameters(RuntimeOrigin::root(), rules()));
		let late = with_terms(|terms| terms.deadline = System::block_number() + 12).send().unwrap();
		next_block();
		assert_ok!(Inference::set_parameters(RuntimeOrigin::root(), changed));
		run_blocks(12);
		assert_eq!(request(&late).due, System::block_number() + 17);
		run_blocks(18);
		assert_event(Event::Refunded {
			request: late,
			reason: RefundReason::NotAnswered,
			returned: MAX_FEE,
			charged: 0,
		});
	});
}

#[test]
#[should_panic(expected = "the parameters of requests are out of range")]
fn genesis_with_bad_parameters_is_refused() {
	ExtBuilder::default().rules(RequestParameters { base_fee: 0, ..rules() }).build();
}
