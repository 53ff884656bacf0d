//! Price, transfer, retirement.

use crate::{mock::*, Error, Event, Models as Records, Offers, MAX_PRICE};
use countersign_primitives::{
	model::{ModelId, ModelStatus, Price},
	traits::Models as _,
	Hash, UNIT,
};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, TokenError};

fn price_at(model: &ModelId, block: u32) -> u128 {
	Models::terms(model, block).unwrap().price
}

mod set_price {
	use super::*;

	#[test]
	fn lower_holds_at_once() {
		ExtBuilder::default().build_and_execute(|| {
			let model = register(ALICE, manifest(1));
			assert_ok!(Models::set_price(signed(ALICE), model, UNIT / 2));
			let price = Price { current: UNIT / 2, next: None };
			System::assert_last_event(Event::PriceSet { model, price }.into());
			assert_eq!(price_at(&model, 1), UNIT / 2);
		});
	}

	#[test]
	fn higher_holds_after_the_notice() {
		ExtBuilder::default().build_and_execute(|| {
			let model = register(ALICE, manifest(1));
			System::set_block_number(5);
			assert_ok!(Models::set_price(signed(ALICE), model, 2 * UNIT));
			let price = Price { current: UNIT, next: Some((2 * UNIT, 15)) };
			System::assert_last_event(Event::PriceSet { model, price }.into());
			assert_eq!(price_at(&model, 5), UNIT);
			assert_eq!(price_at(&model, 14), UNIT);
			assert_eq!(price_at(&model, 15), 2 * UNIT);
			assert_eq!(price_at(&model, u32::MAX), 2 * UNIT);
		});
	}

	#[test]
	fn notice_follows_the_parameters() {
		ExtBuilder::default().build_and_execute(|| {
			let model = register(ALICE, manifest(1));
			PriceNotice::set(1_800);
			assert_ok!(Models::set_price(signed(ALICE), model, 2 * UNIT));
			PriceNotice::set(10);
			assert_eq!(price_at(&model, 1_800), UNIT);
			assert_eq!(price_at(&model, 1_801), 2 * UNIT);
		});
	}

	#[test]
	fn notice_counts_anew_for_another_rise() {
		ExtBuilder::default().build_and_execute(|| {
			let model = register(ALICE, manifest(1));
			assert_ok!(Models::set_price(signed(ALICE), model, 3 * UNIT));
			System::set_block_number(10);
			// Below the announced price, but above the one that holds.
			assert_ok!(Models::set_price(signed(ALICE), model, 2 * UNIT));
			assert_eq!(price_at(&model, 19), UNIT);
			assert_eq!(price_at(&model, 20), 2 * UNIT);
		});
	}

	#[test]
	fn lower_cancels_an_announced_rise() {
		ExtBuilder::default().build_and_execute(|| {
			let model = register(ALICE, manifest(1));
			assert_ok!(Models::set_price(signed(ALICE), model, 3 * UNIT));
			assert_ok!(Models::set_price(signed(ALICE), model, UNIT));
			assert_eq!(price_at(&model, 1_000), UNIT);
		});
	}

	#[test]
	fn starts_from_a_rise_that_has_come_into_force() {
		ExtBuilder::default().build_and_execute(|| {
			let model = register(ALICE, manifest(1));
			assert_ok!(Models::set_price(signed(ALICE), model, 3 * UNIT));
			System::set_block_number(11);
			// Above the first price, below the one that holds now: at once.
			assert_ok!(Models::set_price(signed(ALICE), model, 2 * UNIT));
			assert_eq!(price_at(&model, 11), 2 * UNIT);
		});
	}

	#[test]
	fn rejects_others_and_bad_values() {
		ExtBuilder::default().build_and_execute(|| {
			let model = register(ALICE, manifest(1));
			let unknown = Hash::repeat_byte(1);
			assert_noop!(Models::set_price(signed(ALICE), unknown, 1), Error::<Test>::UnknownModel);
			assert_noop!(Models::set_price(signed(BOB), model, 1), Error::<Test>::NotOwner);
			for price in [MAX_PRICE + 1, u128::MAX] {
				assert_noop!(
					Models::set_price(signed(ALICE), model, price),
					Error::<Test>::PriceTooHigh
				);
			}
			assert_noop!(
				Models::set_price(RuntimeOrigin::root(), model, 1),
				DispatchError::BadOrigin
			);
			assert_ok!(Models::retire(signed(ALICE), model));
			assert_noop!(Models::set_price(signed(ALICE), model, 1), Error::<Test>::Retired);
		});
	}
}

mod transfer {
	use super::*;

	#[test]
	fn moves_ownership_and_deposit_on_acceptance() {
		ExtBuilder::default().build_and_execute(|| {
			let model = register(ALICE, manifest(1));
			let deposit = held(&ALICE);
			assert_ok!(Models::offer_transfer(signed(ALICE), model, Some(BOB)));
			System::assert_last_event(Event::TransferOffered { model, to: Some(BOB) }.into());
			// An offer alone changes nothing.
			assert_eq!(Records::<Test>::get(model).unwrap().owner, ALICE);
			assert_eq!((held(&ALICE), held(&BOB)), (deposit, 0));

			assert_ok!(Models::accept_transfer(signed(BOB), model));
			System::assert_last_event(Event::Transferred { model, from: ALICE, to: BOB }.into());
			assert_eq!(Records::<Test>::get(model).unwrap().owner, BOB);
			assert_eq!((held(&ALICE), held(&BOB)), (0, deposit));
			assert_eq!(Balances::free_balance(ALICE), ENDOWMENT);
			assert_eq!(Offers::<Test>::get(model), None);
			assert_noop!(Models::set_price(signed(ALICE), model, 0), Error::<Test>::NotOwner);
			assert_ok!(Models::set_price(signed(BOB), model, 0));
			// Who is paid is another matter.
			assert_eq!(Attribution::entitlements(&model)[0].owner, Some(ALICE));
		});
	}

	#[test]
	fn keeps_the_deposit_of_other_models() {
		ExtBuilder::default().build_and_execute(|| {
			let model = register(ALICE, manifest(1));
			let one = held(&ALICE);
			register(ALICE, manifest(2));
			assert_ok!(Models::offer_transfer(signed(ALICE), model, Some(BOB)));
			assert_ok!(Models::accept_transfer(signed(BOB), model));
			assert_eq!((held(&ALICE), held(&BOB)), (one, one));
		});
	}

	#[test]
	fn fails_unless_offered_to_the_caller() {
		ExtBuilder::default().build_and_execute(|| {
			let model = register(ALICE, manifest(1));
			let accept = |who| Models::accept_transfer(signed(who), model);
			assert_noop!(accept(BOB), Error::<Test>::NotOffered);
			assert_ok!(Models::offer_transfer(signed(ALICE), model, Some(BOB)));
			assert_noop!(accept(VICTOR), Error::<Test>::NotOffered);
			assert_noop!(accept(ALICE), Error::<Test>::NotOffered);
			// Withdrawn.
			assert_ok!(Models::offer_transfer(signed(ALICE), model, None));
			assert_noop!(accept(BOB), Error::<Test>::NotOffered);
			// Offered to somebody else instead.
			assert_ok!(Models::offer_transfer(signed(ALICE), model, Some(BOB)));
			assert_ok!(Models::offer_transfer(signed(ALICE), model, Some(VICTOR)));
			assert_noop!(accept(BOB), Error::<Test>::NotOffered);
			assert_ok!(accept(VICTOR));
			assert_noop!(accept(VICTOR), Error::<Test>::NotOffered);
			let unknown = Hash::repeat_byte(1);
			assert_noop!(
				Models::accept_transfer(signed(BOB), unknown),
				Error::<Test>::UnknownModel
			);
		});
	}

	#[test]
	fn fails_without_deposit() {
		ExtBuilder::default().build_and_execute(|| {
			let model = register(ALICE, manifest(1));
			assert_ok!(Models::offer_transfer(signed(ALICE), model, Some(PAUPER)));
			assert_noop!(
				Models::accept_transfer(signed(PAUPER), model),
				TokenError::FundsUnavailable
			);
		});
	}

	#[test]
	fn rejects_offers_of_others_and_to_oneself() {
		ExtBuilder::default().build_and_execute(|| {
			let model = register(ALICE, manifest(1));
			let offer = |who, to| Models::offer_transfer(signed(who), model, Some(to));
			assert_noop!(offer(BOB, BOB), Error::<Test>::NotOwner);
			assert_noop!(offer(ALICE, ALICE), Error::<Test>::AlreadyOwner);
			let unknown = Hash::repeat_byte(1);
			assert_noop!(
				Models::offer_transfer(signed(ALICE), unknown, Some(BOB)),
				Error::<Test>::UnknownModel
			);
		});
	}
}

mod retire {
	use super::*;

	#[test]
	fn ends_new_requests_and_keeps_the_record() {
		ExtBuilder::default().build_and_execute(|| {
			let model = register(ALICE, manifest(1));
			assert_ok!(Models::serve(signed(VICTOR), model));
			let deposit = held(&ALICE);
			assert_ok!(Models::retire(signed(ALICE), model));
			System::assert_last_event(Event::Retired { model }.into());
			assert_eq!(Models::terms(&model, 1).unwrap().status, ModelStatus::Retired);
			assert_eq!(held(&ALICE), deposit);
			// Requests under way may still need its servers.
			assert_eq!(Models::servers(&model), [VICTOR]);
			assert_ok!(Models::stop_serving(signed(VICTOR), model));
		});
	}

	#[test]
	fn rejects_others_and_repeats() {
		ExtBuilder::default().build_and_execute(|| {
			let model = register(ALICE, manifest(1));
			assert_noop!(Models::retire(signed(BOB), model), Error::<Test>::NotOwner);
			let unknown = Hash::repeat_byte(1);
			assert_noop!(Models::retire(signed(ALICE), unknown), Error::<Test>::UnknownModel);
			assert_ok!(Models::retire(signed(ALICE), model));
			assert_noop!(Models::retire(signed(ALICE), model), Error::<Test>::Retired);
		});
	}

	#[test]
	fn does_not_stop_a_transfer() {
		ExtBuilder::default().build_and_execute(|| {
			let model = register(ALICE, manifest(1));
			assert_ok!(Models::offer_transfer(signed(ALICE), model, Some(BOB)));
			assert_ok!(Models::retire(signed(ALICE), model));
			assert_ok!(Models::accept_transfer(signed(BOB), model));
			assert_eq!(Records::<Test>::get(model).unwrap().status, ModelStatus::Retired);
		});
	}
}
