//! Registration, and what `try_state` finds when storage is wrong.

use crate::{mock::*, Claimed, EarnsIn, Error, Event, RightsOf, TotalCredited, Vectors};
use countersign_primitives::{
	attribution::{vector_commitment, Right, MAX_RIGHTS},
	model::Share,
	traits::Contributors,
	Balance, UNIT,
};
use frame_support::{
	assert_noop, assert_ok,
	traits::{fungible::Mutate, tokens::Preservation},
};

#[test]
fn register_stores_the_vector_and_its_commitment() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Attribution::commitment(&id(0)), None);
		let vector = Attribution::register(&id(0), &even(0, 3), &[]).unwrap();
		System::assert_last_event(Event::Flattened { model: id(0), rights: 3 }.into());
		assert_eq!(Vectors::<Test>::get(id(0)).as_ref(), Some(&vector));
		assert_eq!(Attribution::commitment(&id(0)), Some(vector_commitment(&vector)));
		assert_eq!(Attribution::vector(&id(0)), vector.into_inner());
	});
}

#[test]
fn register_refuses_what_does_not_add_up() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Attribution::register(&id(0), &even(0, 1), &[]));
		let register = |contributors: &[_], parents: &[_]| {
			Attribution::register(&id(1), contributors, parents)
		};
		assert_noop!(register(&[], &[]), Error::<Test>::BadShares);
		let less = [contributor(ALICE, 999_999_999)];
		assert_noop!(register(&less, &[]), Error::<Test>::BadShares);
		let more = [contributor(ALICE, 1_000_000_000), contributor(ALICE, 1)];
		assert_noop!(register(&more, &[]), Error::<Test>::BadShares);
		let all = [parent(id(0), 1_000_000_000)];
		assert_noop!(register(&even(0, 1), &all), Error::<Test>::BadRoyalties);
		assert_noop!(register(&even(0, 33), &[]), Error::<Test>::TooManyRights);
		let many: Vec<_> = (0..9).map(|_| parent(id(0), 1)).collect();
		assert_noop!(register(&even(0, 1), &many), Error::<Test>::TooManyRights);
	});
}

#[test]
fn register_refuses_unknown_parents_and_so_cycles() {
	ExtBuilder::default().build_and_execute(|| {
		let unknown = [parent(id(7), 1)];
		assert_noop!(
			Attribution::register(&id(0), &even(0, 1), &unknown),
			Error::<Test>::UnknownParent
		);
		let own = [parent(id(0), 1)];
		assert_noop!(
			Attribution::register(&id(0), &even(0, 1), &own),
			Error::<Test>::UnknownParent
		);
		assert_ok!(Attribution::register(&id(0), &even(0, 1), &[]));
		assert_noop!(
			Attribution::register(&id(0), &even(0, 1), &own),
			Error::<Test>::AlreadyRegistered
		);
	});
}

/// Eight levels, eight parents each: what everybody is owed comes to the payment, however it
/// travels.
#[test]
fn a_deep_and_wide_lineage_pays_out_everything() {
	ExtBuilder::default().build_and_execute(|| {
		let (levels, width) = (8u32, 8u32);
		for level in 0..levels {
			for column in 0..width {
				let model = level * width + column;
				let parents: Vec<_> = if level == 0 {
					Vec::new()
				} else {
					(0..width)
						.map(|up| parent(id((level - 1) * width + up), 50_000_000 + up))
						.collect()
				};
				let vector =
					Attribution::register(&id(model), &even(model * 5, 5), &parents).unwrap();
				assert!(vector.len() <= MAX_RIGHTS as usize);
				assert_eq!(vector.iter().map(|e| e.share.0).sum::<u32>(), Share::WHOLE.0);
			}
		}
		let last = levels * width - 1;
		let paid = 1_000_000 * UNIT + 1;
		pay(id(last), paid);
		// From the last model up: what reaches a pot is there when its model is claimed.
		for model in (0..=last).rev() {
			for index in 0..Attribution::vector(&id(model)).len() as u32 {
				let claimed = Attribution::claim(RuntimeOrigin::signed(ALICE), id(model), index);
				if let Err(error) = claimed {
					assert_eq!(error, Error::<Test>::NothingToClaim.into());
				}
			}
		}
		let received: Balance =
			(0..(last + 1) * 5).map(|index| Balances::free_balance(fresh(index))).sum();
		let dust = paid - received;
		assert_eq!(Balances::free_balance(Attribution::pot()), ED + dust);
		assert!(dust < Balance::from(levels * width * MAX_RIGHTS));
		// Level 0 is reached only through seven royalties of two fifths in all.
		assert!(Balances::free_balance(fresh(0)) > 0);
	});
}

mod try_state {
	use super::*;
	use sp_runtime::TryRuntimeError;

	/// Breaks the storage of one model that earned 10 and expects to be found out.
	fn finds(error: &'static str, breaks: impl FnOnce()) {
		ExtBuilder::default().build().execute_with(|| {
			assert_ok!(Attribution::register(&id(0), &even(0, 2), &[]));
			pay(id(0), 10 * UNIT);
			assert_ok!(Attribution::do_try_state());
			breaks();
			assert_eq!(Attribution::do_try_state(), Err(TryRuntimeError::Other(error)));
		});
	}

	#[test]
	fn finds_what_is_wrong() {
		finds("1. shares do not add up to the whole", || {
			Vectors::<Test>::mutate(id(0), |vector| {
				vector.as_mut().unwrap()[0].share.0 -= 1;
			});
		});
		finds("1. a vector names a right twice", || {
			Vectors::<Test>::mutate(id(0), |vector| {
				let vector = vector.as_mut().unwrap();
				vector[1].right = vector[0].right.clone();
			});
		});
		finds("2. the index knows more entries", || {
			EarnsIn::<Test>::insert(Right { model: id(0), contributor: None }, id(0), 0);
		});
		finds("2. a vector names what does not exist", || {
			crate::Rights::<Test>::remove(id(0), 1);
		});
		finds("3. an owner's right is not indexed", || {
			RightsOf::<Test>::remove(fresh(0), Right { model: id(0), contributor: Some(0) });
		});
		finds("4. more was claimed than earned", || {
			Claimed::<Test>::insert(id(0), 0, 5 * UNIT + 1);
		});
		finds("4. a claim on no entry", || Claimed::<Test>::insert(id(0), 2, 1));
		finds("4. a credit to no model", || TotalCredited::<Test>::insert(id(1), 1));
		finds("5. the pot does not cover what it owes", || {
			let pot = Attribution::pot();
			assert_ok!(<Balances as Mutate<_>>::transfer(&pot, &ALICE, 1, Preservation::Preserve));
		});
	}
}
