//! What holds for any tree of models, any payments and any order of claims.

use crate::{mock::*, Error};
use countersign_primitives::{
	attribution::MAX_RIGHTS, traits::Contributors, AccountId, Balance, UNIT,
};
use frame_support::traits::fungible::Inspect;
use proptest::prelude::*;

/// A model to register: its contributors, and its parents among the earlier ones with royalties.
#[derive(Debug, Clone)]
struct Plan {
	contributors: u32,
	parents: Vec<(prop::sample::Index, u32)>,
}

fn plans() -> impl Strategy<Value = Vec<Plan>> {
	let plan =
		(1u32..33, prop::collection::vec((any::<prop::sample::Index>(), 1u32..120_000_000), 0..9))
			.prop_map(|(contributors, parents)| Plan { contributors, parents });
	prop::collection::vec(plan, 1..14)
}

/// Registers them all; accounts are shared between models.
fn plant(plans: &[Plan]) {
	for (index, plan) in (0u32..).zip(plans) {
		let mut parents = Vec::new();
		for (pick, royalty) in &plan.parents {
			if index > 0 {
				let parent_id = id(pick.index(index as usize) as u32);
				if parents
					.iter()
					.all(|other: &countersign_primitives::model::Parent| other.model != parent_id)
				{
					parents.push(parent(parent_id, *royalty));
				}
			}
		}
		Attribution::register(&id(index), &even(index * 3, plan.contributors), &parents).unwrap();
	}
}

fn accounts(plans: &[Plan]) -> impl Iterator<Item = AccountId> {
	(0..plans.len() as u32 * 3 + 32).map(fresh)
}

fn received(plans: &[Plan]) -> Balance {
	accounts(plans).map(|account| Balances::total_balance(&account)).sum()
}

/// Claims everything, children before parents, so that pots are filled before they are claimed.
fn claim_all(plans: &[Plan]) {
	for model in (0..plans.len() as u32).rev() {
		for index in 0..Attribution::vector(&id(model)).len() as u32 {
			match Attribution::claim(RuntimeOrigin::signed(ALICE), id(model), index) {
				Ok(()) => (),
				Err(error) => assert!(
					error == Error::<Test>::NothingToClaim.into()
						|| error == Error::<Test>::BelowExistentialDeposit.into()
				),
			}
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	/// Payments and claims in any order neither make nor lose money, and in the end everything
	/// but dust reached an account.
	#[test]
	fn money_is_conserved(
		plans in plans(),
		steps in prop::collection::vec(
			(any::<bool>(), any::<prop::sample::Index>(), 0u128..1_000_000 * UNIT, 0u32..64),
			1..40,
		),
	) {
		ExtBuilder::default().build_and_execute(|| {
			plant(&plans);
			let mut paid = 0;
			for (pays, pick, amount, index) in steps {
				let model = id(pick.index(plans.len()) as u32);
				if pays {
					pay(model, amount);
					paid += amount;
				} else {
					let _ = Attribution::claim(RuntimeOrigin::signed(ALICE), model, index);
				}
				let pot = Balances::total_balance(&Attribution::pot());
				assert_eq!(pot + received(&plans), ED + paid);
				Attribution::do_try_state().unwrap();
			}
			// Everyone can receive anything now.
			for account in accounts(&plans) {
				<Balances as frame_support::traits::fungible::Mutate<_>>::mint_into(&account, ED)
					.unwrap();
			}
			let before = received(&plans);
			claim_all(&plans);
			let pot = Balances::total_balance(&Attribution::pot());
			let endowed = Balance::from(plans.len() as u32 * 3 + 32) * ED;
			assert_eq!(pot + received(&plans), ED + paid + endowed);
			assert!(received(&plans) >= before);
			// Below one unit for each entry of each vector.
			let entries: usize =
				(0..plans.len() as u32).map(|model| Attribution::vector(&id(model)).len()).sum();
			assert!(pot - ED <= entries as Balance);
		});
	}

	/// Whoever claims after every payment gets what one late claim would have given.
	#[test]
	fn a_late_claim_equals_the_sum_of_early_ones(
		plans in plans(),
		payments in prop::collection::vec((any::<prop::sample::Index>(), 0u128..1_000 * UNIT), 1..12),
	) {
		let run = |early: bool| {
			ExtBuilder::default().build_and_execute(|| {
				plant(&plans);
				for account in accounts(&plans) {
					<Balances as frame_support::traits::fungible::Mutate<_>>::mint_into(&account, ED)
						.unwrap();
				}
				for (pick, amount) in &payments {
					pay(id(pick.index(plans.len()) as u32), *amount);
					if early {
						claim_all(&plans);
					}
				}
				claim_all(&plans);
				accounts(&plans).map(|account| Balances::total_balance(&account)).collect::<Vec<_>>()
			})
		};
		prop_assert_eq!(run(true), run(false));
	}

	/// Folding a parent into its pot moves nobody's part by more than rounding.
	#[test]
	fn folding_changes_nobody_s_part(
		own in 1u32..33,
		elder in 33u32..65,
		royalty in 100_000_000u32..900_000_000,
	) {
		// The parent names `elder` rights: 32 of its own and others of its parent.
		ExtBuilder::default().build_and_execute(|| {
			let whole = 1_000_000_000u128;
			Attribution::register(&id(0), &even(0, elder - 32), &[]).unwrap();
			Attribution::register(&id(1), &even(100, 32), &[parent(id(0), 400_000_000)]).unwrap();
			let vector =
				Attribution::register(&id(2), &even(200, own), &[parent(id(1), royalty)]).unwrap();
			assert!(vector.len() <= MAX_RIGHTS as usize);
			let paid = 1_000_000 * UNIT;
			pay(id(2), paid);
			claim_all(&[
				Plan { contributors: 0, parents: vec![] },
				Plan { contributors: 0, parents: vec![] },
				Plan { contributors: 0, parents: vec![] },
			]);
			let first = Balances::total_balance(&fresh(100));
			let exact = paid * u128::from(royalty) / whole * 600_000_000 / whole / 32;
			// A billionth at each of two roundings.
			assert!(first.abs_diff(exact) <= 2 * paid / whole + 2);
		});
	}
}
