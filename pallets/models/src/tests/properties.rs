//! What holds after any calls, in any order, by anyone.

use crate::{mock::*, Models as Records, MAX_PRICE};
use countersign_primitives::{
	model::{ModelId, Price},
	traits::{Models as _, Serving},
	AccountId, Balance, UNIT,
};
use frame_support::traits::{fungible::Inspect, Hooks};
use proptest::{prelude::*, sample::Index};

#[derive(Debug, Clone)]
enum Step {
	Register { seed: u8, parents: Vec<(Index, u32)>, program: Option<(u8, u16)>, price: Balance },
	SetPrice { model: Index, price: Balance },
	Offer { model: Index, to: Option<Index> },
	Accept { model: Index },
	Retire { model: Index },
	Serve { model: Index },
	Stop { model: Index },
	SetCapacity { capacity: u64 },
	Withdraw,
	Advance { blocks: u32 },
}

fn price() -> impl Strategy<Value = Balance> {
	prop_oneof![0..10 * UNIT, Just(MAX_PRICE), Just(MAX_PRICE + 1), any::<u128>()]
}

fn step() -> impl Strategy<Value = Step> {
	let parents = prop::collection::vec((any::<Index>(), 1u32..400_000_000), 0..4);
	let program = prop::option::of((0u8..3, 0u16..3));
	let model = any::<Index>;
	prop_oneof![
		4 => (0u8..5, parents, program, price()).prop_map(|(seed, parents, program, price)| {
			Step::Register { seed, parents, program, price }
		}),
		2 => (model(), price()).prop_map(|(model, price)| Step::SetPrice { model, price }),
		2 => (model(), prop::option::of(model())).prop_map(|(model, to)| Step::Offer { model, to }),
		2 => model().prop_map(|model| Step::Accept { model }),
		1 => model().prop_map(|model| Step::Retire { model }),
		3 => model().prop_map(|model| Step::Serve { model }),
		1 => model().prop_map(|model| Step::Stop { model }),
		1 => any::<u64>().prop_map(|capacity| Step::SetCapacity { capacity }),
		1 => Just(Step::Withdraw),
		1 => (0u32..20).prop_map(|blocks| Step::Advance { blocks }),
	]
}

fn people() -> [AccountId; 4] {
	[ALICE, BOB, VICTOR, PAUPER]
}

/// Does one step; what is refused changes nothing, and that is checked by the invariants.
fn apply(who: AccountId, step: Step, models: &mut Vec<ModelId>) {
	let pick = |index: Index| {
		if models.is_empty() {
			ModelId::zero()
		} else {
			models[index.index(models.len())]
		}
	};
	let origin = signed(who.clone());
	let refused = match step {
		Step::Register { seed, parents, program, price } => {
			let mut manifest = manifest(seed);
			manifest.parents = parents
				.into_iter()
				.map(|(index, royalty)| parent(pick(index), royalty))
				.collect::<Vec<_>>()
				.try_into()
				.unwrap();
			if let Some((root, version)) = program {
				manifest = with_program(manifest, root, version);
			}
			let model = id(&manifest, &who);
			// Now and then somebody forgets it, has no money, or too many.
			if seed % 5 != 0 {
				let _ = commit(&who, &manifest);
			}
			let result = Models::register(origin, manifest, price);
			if result.is_ok() {
				models.push(model);
			}
			result
		}
		Step::SetPrice { model, price } => Models::set_price(origin, pick(model), price),
		Step::Offer { model, to } => {
			let to = to.map(|index| index.get(&people()).clone());
			Models::offer_transfer(origin, pick(model), to)
		}
		Step::Accept { model } => Models::accept_transfer(origin, pick(model)),
		Step::Retire { model } => Models::retire(origin, pick(model)),
		Step::Serve { model } => Models::serve(origin, pick(model)),
		Step::Stop { model } => Models::stop_serving(origin, pick(model)),
		Step::SetCapacity { capacity } => Models::set_capacity(origin, capacity),
		Step::Withdraw => {
			<Models as Serving>::withdraw_all(&who);
			Ok(())
		}
		Step::Advance { blocks } => {
			System::set_block_number(System::block_number() + u64::from(blocks));
			Models::on_idle(System::block_number(), frame_support::weights::Weight::MAX);
			Ok(())
		}
	};
	// Refusals are part of the play.
	let _ = refused;
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(128))]

	#[test]
	fn invariants_hold_after_any_calls(
		steps in prop::collection::vec((any::<Index>(), step()), 1..60),
	) {
		ExtBuilder::default().canonical_versions(1).build_and_execute(|| {
			Validators::set(vec![VICTOR, BOB]);
			let issuance = Balances::total_issuance();
			let mut models = Vec::new();
			for (who, step) in steps {
				apply(who.get(&people()).clone(), step, &mut models);
				Models::do_try_state().unwrap();
				// No call of this pallet moves money between accounts.
				assert_eq!(Balances::total_issuance(), issuance);
				for person in [ALICE, BOB, VICTOR] {
					assert_eq!(Balances::total_balance(&person), ENDOWMENT);
				}
			}
		});
	}

	/// Inside the notice nobody pays more than what the price showed when it was read.
	#[test]
	fn a_quote_holds_for_the_notice(
		steps in prop::collection::vec((0u32..15, 0..10 * UNIT), 1..30),
		reads in prop::collection::vec(0u32..400, 1..10),
	) {
		ExtBuilder::default().build_and_execute(|| {
			let model = register(ALICE, manifest(1));
			// The price as it stood at the end of each block.
			let mut history: Vec<Price> = Vec::new();
			let until = |block: u32, history: &mut Vec<Price>| {
				let price = Records::<Test>::get(model).unwrap().price;
				while (history.len() as u32) < block {
					history.push(price.clone());
				}
			};
			let mut now = 1;
			for (gap, price) in steps {
				now += gap;
				until(now, &mut history);
				System::set_block_number(now.into());
				frame_support::assert_ok!(Models::set_price(signed(ALICE), model, price));
			}
			until(now + 30, &mut history);
			for read in reads {
				let Some(shown) = history.get(read as usize) else { continue };
				for later in read..read + PriceNotice::get() {
					let Some(charged) = history.get(later as usize) else { continue };
					assert!(charged.at(later) <= shown.at(read).max(shown.at(later)));
				}
			}
			assert_eq!(history.last().unwrap().at(1_000), price_now(&model));
		});
	}
}

fn price_now(model: &ModelId) -> Balance {
	Models::terms(model, 1_000).unwrap().price
}
