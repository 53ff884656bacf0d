//! Demands for inputs that are not on chain.

use crate::{mock::*, Demands, Error, Event, HoldReason};
use codec::Encode;
use countersign_primitives::{
	dispute::Verdicts, game::GameMessage, request::RequestId, tensor::Tensor, traits::Sessions,
	Hash,
};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::Pays,
	pallet_prelude::{InvalidTransaction, TransactionSource},
	traits::Authorize,
};
use frame_system::RawOrigin;
use sp_core::Pair;
use sp_runtime::traits::Dispatchable;

/// An honest result whose input is not on chain.
fn withheld() -> RequestId {
	let input = input();
	put_result(model(), &input, truth(&model(), &input), None)
}

fn demand() -> u128 {
	let fee = Disputes::demand_fee(&request()).unwrap();
	assert_ok!(Disputes::demand(RuntimeOrigin::signed(challenger()), request()));
	assert_eq!(on_hold(HoldReason::Demand, &challenger()), fee);
	fee
}

#[test]
fn an_input_that_is_shown_costs_who_demanded_it() {
	build_and_execute(|| {
		withheld();
		let fee = demand();
		let kept = MockResults::open_result(&request()).unwrap().final_at;
		assert!(kept >= FINAL_AT);
		let show = |input: Vec<Tensor>| {
			let bytes = input.encode().try_into().unwrap();
			Disputes::show_input(RuntimeOrigin::signed(validator(3)), request(), bytes)
		};
		let other = input_of([0.0; 4], 1);
		assert_noop!(show(other).map_err(|error| error.error), Error::<Test>::WrongInput);
		assert_eq!(show(input()).unwrap().pays_fee, Pays::No);
		assert_eq!(free(&challenger()), FUNDS - fee);
		assert_eq!(MockResults::input(&request()), Some(input().encode()));
		assert_eq!(MockResults::open_result(&request()).unwrap().final_at, FINAL_AT);
		assert_noop!(show(input()).map_err(|error| error.error), Error::<Test>::NoGame);
		assert_noop!(
			Disputes::demand(RuntimeOrigin::signed(challenger()), request()),
			Error::<Test>::NothingToDemand
		);
		run_to(40);
		assert_eq!(end_of(&request()), None);
	});
}

#[test]
fn an_input_that_nobody_shows_costs_the_cover() {
	build_and_execute(|| {
		withheld();
		demand();
		assert_noop!(
			Disputes::demand(RuntimeOrigin::signed(validator(2)), request()),
			Error::<Test>::NothingToDemand
		);
		run_to(21);
		assert_eq!(end_of(&request()), None);
		HasRoom::set(false);
		next_block();
		assert_eq!(end_of(&request()), None, "there is no room for the receipt");
		HasRoom::set(true);
		next_block();
		assert_eq!(end_of(&request()), Some(MockEnd::Invalidated));
		let report = Reports::get(request()).unwrap();
		assert_eq!((report.2, report.3, report.4), (COVER, None, Some(challenger())));
		assert_eq!(free(&challenger()), FUNDS, "nothing of it is lost");
		assert!(System::events().iter().any(|record| matches!(
			record.event,
			RuntimeEvent::Disputes(Event::InputWithheld { slash: COVER, .. })
		)));
	});
}

#[test]
fn what_is_decided_meanwhile_needs_no_input() {
	build_and_execute(|| {
		withheld();
		demand();
		let input = Some(input().encode().try_into().unwrap());
		let witness = countersign_primitives::dispute::Witness { input, ..inline() };
		assert_ok!(Disputes::confirm_by_replay(
			RuntimeOrigin::signed(validator(2)),
			request(),
			witness,
			effort(),
		));
		assert!(Demands::<Test>::iter().next().is_none());
		assert_eq!(free(&challenger()), FUNDS);
	});
}

#[test]
fn a_validator_shows_it_by_its_key() {
	build_and_execute(|| {
		withheld();
		let bytes = input().encode();
		let message = GameMessage {
			genesis: Hash::repeat_byte(0x47),
			request: request(),
			branch: 0,
			step: 0,
			session: SESSION,
			validator: MockSessions::position(&executor()).unwrap(),
			signer: pair_of(&executor()).public(),
			content: GameMessage::content_of(&bytes),
		};
		let signature = pair_of(&executor()).sign(&message.signing_payload());
		let call: RuntimeCall =
			crate::Call::show_input_by_key { message, bytes: bytes.try_into().unwrap(), signature }
				.into();
		let authorize = || call.authorize(TransactionSource::External).unwrap();
		assert_eq!(authorize().map(|_| ()), Err(InvalidTransaction::Stale.into()));
		demand();
		assert_ok!(authorize());
		call.clone().dispatch(RawOrigin::Authorized.into()).unwrap();
		assert_eq!(authorize().map(|_| ()), Err(InvalidTransaction::Stale.into()));
		assert!(MockResults::input(&request()).is_some());
	});
}
