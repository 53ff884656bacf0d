//! Claims and what owners do with their rights.

use crate::{mock::*, Error, Event, Rights, RightsOf, TotalCredited};
use countersign_primitives::{
	attribution::Right,
	model::{ContributorRole, Share},
	traits::Contributors,
	UNIT,
};
use frame_support::{assert_noop, assert_ok, assert_storage_noop, traits::fungible::Inspect};
use sp_runtime::DispatchError;

fn right(index: u32, contributor: u16) -> Right {
	Right { model: id(index), contributor: Some(contributor) }
}

/// A model of Bob (three quarters) and Carol (one quarter), who have no accounts yet.
fn two_contributors() {
	let contributors = [contributor(BOB, 750_000_000), contributor(CAROL, 250_000_000)];
	assert_ok!(Attribution::register(&id(0), &contributors, &[]));
}

#[test]
fn genesis_creates_the_pot() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Balances::total_balance(&Attribution::pot()), ED);
		assert_eq!(Balances::total_issuance(), 100 * UNIT + ED);
	});
}

mod claim {
	use super::*;

	#[test]
	fn pays_the_owner_whoever_asks() {
		ExtBuilder::default().build_and_execute(|| {
			two_contributors();
			pay(id(0), 10 * UNIT);
			assert_ok!(Attribution::claim(RuntimeOrigin::signed(ALICE), id(0), 0));
			System::assert_last_event(
				Event::Claimed {
					model: id(0),
					index: 0,
					right: right(0, 0),
					owner: BOB,
					amount: 7_500_000_000_000,
				}
				.into(),
			);
			assert_eq!(Balances::balance(&BOB), 7_500_000_000_000);
			assert_eq!(Balances::balance(&ALICE), 100 * UNIT);
			assert_eq!(Balances::balance(&Attribution::pot()), ED + 2_500_000_000_000);
			assert_ok!(Attribution::claim(RuntimeOrigin::signed(BOB), id(0), 1));
			assert_eq!(Balances::balance(&CAROL), 2_500_000_000_000);
			assert_eq!(Balances::balance(&Attribution::pot()), ED);
		});
	}

	#[test]
	fn accepts_where_the_owner_asks_itself() {
		ExtBuilder::default().build_and_execute(|| {
			two_contributors();
			pay(id(0), 10 * UNIT);
			let accepted =
				|| Attribution::entitlements(&id(0)).iter().map(|it| it.accepted).collect();
			assert_ok!(Attribution::claim(RuntimeOrigin::signed(ALICE), id(0), 0));
			let nobody: Vec<bool> = accepted();
			assert_eq!(nobody, [false, false], "another's claim confirms nothing");
			pay(id(0), 10 * UNIT);
			assert_ok!(Attribution::claim(RuntimeOrigin::signed(BOB), id(0), 0));
			System::assert_has_event(
				Event::RightAccepted { right: right(0, 0), owner: BOB }.into(),
			);
			let bob: Vec<bool> = accepted();
			assert_eq!(bob, [true, false]);
			System::reset_events();
			pay(id(0), 10 * UNIT);
			assert_ok!(Attribution::claim(RuntimeOrigin::signed(BOB), id(0), 0));
			let again = Event::<Test>::RightAccepted { right: right(0, 0), owner: BOB };
			assert!(!System::events().iter().any(|record| record.event == again.clone().into()));
		});
	}

	#[test]
	fn fails_for_unsigned() {
		ExtBuilder::default().build_and_execute(|| {
			two_contributors();
			assert_noop!(
				Attribution::claim(RuntimeOrigin::none(), id(0), 0),
				DispatchError::BadOrigin
			);
		});
	}

	#[test]
	fn fails_without_entry() {
		ExtBuilder::default().build_and_execute(|| {
			two_contributors();
			let alice = || RuntimeOrigin::signed(ALICE);
			assert_noop!(Attribution::claim(alice(), id(1), 0), Error::<Test>::UnknownModel);
			assert_noop!(Attribution::claim(alice(), id(0), 2), Error::<Test>::UnknownRight);
			assert_noop!(Attribution::claim(alice(), id(0), u32::MAX), Error::<Test>::UnknownRight);
		});
	}

	#[test]
	fn pays_nothing_twice() {
		ExtBuilder::default().build_and_execute(|| {
			two_contributors();
			let alice = || RuntimeOrigin::signed(ALICE);
			assert_noop!(Attribution::claim(alice(), id(0), 0), Error::<Test>::NothingToClaim);
			pay(id(0), 10 * UNIT);
			assert_ok!(Attribution::claim(alice(), id(0), 0));
			assert_noop!(Attribution::claim(alice(), id(0), 0), Error::<Test>::NothingToClaim);
		});
	}

	#[test]
	fn below_existential_deposit_accumulates() {
		ExtBuilder::default().build_and_execute(|| {
			two_contributors();
			let claim = || Attribution::claim(RuntimeOrigin::signed(ALICE), id(0), 1);
			// A quarter of this is one unit short of the existential deposit.
			pay(id(0), 4 * (ED - 1));
			assert_noop!(claim(), Error::<Test>::BelowExistentialDeposit);
			pay(id(0), 4);
			assert_ok!(claim());
			assert_eq!(Balances::balance(&CAROL), ED);
			// An account that lives can receive anything.
			pay(id(0), 4);
			assert_ok!(claim());
			assert_eq!(Balances::balance(&CAROL), ED + 1);
		});
	}

	#[test]
	fn dust_stays_in_the_pot_until_it_makes_a_unit() {
		ExtBuilder::default().build_and_execute(|| {
			let contributors = [contributor(ALICE, 500_000_000), contributor(ALICE, 500_000_000)];
			assert_ok!(Attribution::register(&id(0), &contributors, &[]));
			let claim = || Attribution::claim(RuntimeOrigin::signed(ALICE), id(0), 0);
			pay(id(0), 1);
			assert_noop!(claim(), Error::<Test>::NothingToClaim);
			pay(id(0), 1);
			assert_ok!(claim());
			assert_eq!(Balances::balance(&ALICE), 100 * UNIT + 1);
		});
	}

	#[test]
	fn of_a_pot_credits_that_model() {
		ExtBuilder::default().build_and_execute(|| {
			// 32 and 33 rights are one too many: the parent's go to its pot.
			assert_ok!(Attribution::register(&id(0), &even(0, 1), &[]));
			assert_ok!(Attribution::register(&id(1), &even(0, 32), &[parent(id(0), 100_000_000)]));
			let vector =
				Attribution::register(&id(2), &even(0, 32), &[parent(id(1), 500_000_000)]).unwrap();
			let pot = Right { model: id(1), contributor: None };
			assert_eq!(vector.last().unwrap().right, pot);
			assert_eq!(vector.len(), 33);

			pay(id(2), 100 * UNIT);
			assert_ok!(Attribution::claim(RuntimeOrigin::signed(ALICE), id(2), 32));
			System::assert_last_event(
				Event::Forwarded { model: id(2), index: 32, to: id(1), amount: 50 * UNIT }.into(),
			);
			// Nothing left the pot: it is owed to other rights now.
			assert_eq!(Balances::balance(&Attribution::pot()), 100 * UNIT + ED);
			assert_eq!(TotalCredited::<Test>::get(id(1)), 50 * UNIT);
			// The grandparent's one right is the last in the parent's vector, with a tenth.
			assert_ok!(Attribution::claim(RuntimeOrigin::signed(ALICE), id(1), 32));
			assert_eq!(Balances::balance(&fresh(0)), 5 * UNIT);
		});
	}
}

mod credit {
	use super::*;

	#[test]
	fn adds_up() {
		ExtBuilder::default().build_and_execute(|| {
			two_contributors();
			pay(id(0), 3);
			pay(id(0), 4);
			assert_eq!(Attribution::total_credited(&id(0)), 7);
			System::assert_last_event(Event::Credited { model: id(0), amount: 4 }.into());
			assert_storage_noop!(Attribution::credit(&id(0), 0));
		});
	}
}

mod transfer_right {
	use super::*;

	#[test]
	fn moves_what_was_not_claimed() {
		ExtBuilder::default().build_and_execute(|| {
			two_contributors();
			pay(id(0), 10 * UNIT);
			assert_ok!(Attribution::transfer_right(RuntimeOrigin::signed(BOB), id(0), 0, ALICE));
			System::assert_last_event(
				Event::RightTransferred { right: right(0, 0), from: BOB, to: ALICE }.into(),
			);
			assert!(!RightsOf::<Test>::contains_key(BOB, right(0, 0)));
			assert!(RightsOf::<Test>::contains_key(ALICE, right(0, 0)));
			assert_ok!(Attribution::claim(RuntimeOrigin::signed(CAROL), id(0), 0));
			assert_eq!(Balances::balance(&BOB), 0);
			assert_eq!(Balances::balance(&ALICE), 107_500_000_000_000);
		});
	}

	#[test]
	fn reaches_every_vector_that_names_the_right() {
		ExtBuilder::default().build_and_execute(|| {
			two_contributors();
			let own = [contributor(ALICE, 1_000_000_000)];
			assert_ok!(Attribution::register(&id(1), &own, &[parent(id(0), 400_000_000)]));
			assert_ok!(Attribution::transfer_right(RuntimeOrigin::signed(CAROL), id(0), 1, BOB));
			pay(id(1), 10 * UNIT);
			assert_ok!(Attribution::claim(RuntimeOrigin::signed(ALICE), id(1), 2));
			assert_eq!(Balances::balance(&BOB), UNIT);
			assert_eq!(Balances::balance(&CAROL), 0);
		});
	}

	#[test]
	fn fails_for_others_and_for_nothing() {
		ExtBuilder::default().build_and_execute(|| {
			two_contributors();
			let transfer = |who, model, contributor, to| {
				Attribution::transfer_right(RuntimeOrigin::signed(who), model, contributor, to)
			};
			assert_noop!(transfer(ALICE, id(0), 0, ALICE), Error::<Test>::NotOwner);
			assert_noop!(transfer(CAROL, id(0), 0, ALICE), Error::<Test>::NotOwner);
			assert_noop!(transfer(BOB, id(0), 2, ALICE), Error::<Test>::UnknownRight);
			assert_noop!(transfer(BOB, id(1), 0, ALICE), Error::<Test>::UnknownRight);
			assert_noop!(transfer(BOB, id(0), 0, BOB), Error::<Test>::AlreadyOwner);
			assert_noop!(
				Attribution::transfer_right(RuntimeOrigin::root(), id(0), 0, ALICE),
				DispatchError::BadOrigin
			);
		});
	}
}

mod accept_right {
	use super::*;

	#[test]
	fn confirms_the_name_once() {
		ExtBuilder::default().build_and_execute(|| {
			two_contributors();
			let accept = |who, contributor| {
				Attribution::accept_right(RuntimeOrigin::signed(who), id(0), contributor)
			};
			assert!(!Rights::<Test>::get(id(0), 0).unwrap().accepted);
			assert_noop!(accept(CAROL, 0), Error::<Test>::NotOwner);
			assert_noop!(accept(BOB, 2), Error::<Test>::UnknownRight);
			assert_ok!(accept(BOB, 0));
			System::assert_last_event(
				Event::RightAccepted { right: right(0, 0), owner: BOB }.into(),
			);
			assert_noop!(accept(BOB, 0), Error::<Test>::AlreadyAccepted);
			// A new owner has to confirm anew.
			assert_ok!(Attribution::transfer_right(RuntimeOrigin::signed(BOB), id(0), 0, CAROL));
			assert!(!Rights::<Test>::get(id(0), 0).unwrap().accepted);
			assert_ok!(accept(CAROL, 0));
		});
	}
}

mod views {
	use super::*;

	#[test]
	fn entitlements_show_every_entry() {
		ExtBuilder::default().build_and_execute(|| {
			two_contributors();
			pay(id(0), 10 * UNIT);
			assert_ok!(Attribution::claim(RuntimeOrigin::signed(ALICE), id(0), 0));
			let view = Attribution::entitlements(&id(0));
			assert_eq!(view.len(), 2);
			assert_eq!(view[0].owner, Some(BOB));
			assert_eq!(view[0].role, Some(ContributorRole::Data));
			assert_eq!(view[0].share, Share(750_000_000));
			assert_eq!((view[0].earned, view[0].claimed), (7_500_000_000_000, 7_500_000_000_000));
			assert_eq!((view[1].earned, view[1].claimed), (2_500_000_000_000, 0));
			assert_eq!((view[1].index, view[1].right.clone()), (1, right(0, 1)));
			assert!(Attribution::entitlements(&id(1)).is_empty());
			assert!(Attribution::vector(&id(1)).is_empty());
		});
	}

	#[test]
	fn rights_of_an_account_are_paged() {
		ExtBuilder::default().build_and_execute(|| {
			// Alice's one right earns in its own model and in 300 others.
			let own = [contributor(ALICE, 1_000_000_000)];
			assert_ok!(Attribution::register(&id(0), &own, &[]));
			let other = [contributor(BOB, 1_000_000_000)];
			for child in 1..=300 {
				let parents = [parent(id(0), 10_000_000)];
				assert_ok!(Attribution::register(&id(child), &other, &parents));
			}
			pay(id(7), 100 * UNIT);
			let first = Attribution::rights_of(&ALICE, 0);
			let second = Attribution::rights_of(&ALICE, 256);
			assert_eq!((first.len(), second.len()), (256, 45));
			let mut models: Vec<_> = first.iter().chain(&second).map(|view| view.model).collect();
			models.sort();
			models.dedup();
			assert_eq!(models.len(), 301);
			let earning = first.iter().chain(&second).find(|view| view.model == id(7)).unwrap();
			assert_eq!((earning.earned, earning.index), (UNIT, 1));
			assert!(Attribution::rights_of(&ALICE, u32::MAX).is_empty());
			assert!(Attribution::rights_of(&CAROL, 0).is_empty());
			assert_eq!(Attribution::rights_of(&BOB, 0).len(), 256);
		});
	}
}
