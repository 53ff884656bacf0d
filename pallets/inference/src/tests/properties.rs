//! Random sequences of actions: money is conserved, every request ends once, nothing stays.

use crate::{mock::*, settlement::split, Event, RefundReason};
use countersign_primitives::{
	request::{EvidenceSet, RequestId, RequestStatus},
	traits::Bonds as _,
	AccountId, Balance, Macs,
};
use frame_support::assert_ok;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Action {
	Ask { who: u8, max_fee: Balance, deadline: u32, lane: u8, committed: bool, risk: Balance },
	Answer { pick: usize, trap: bool },
	Demand { pick: usize },
	Post { pick: usize },
	Replay { pick: usize },
	Invalidate { pick: usize },
	Blocks { count: u32 },
	Capacity { validator: u8, macs: Macs },
	Price { price: Balance },
	Clock { runs: bool },
	Randomness { is_there: bool },
}

fn action() -> impl Strategy<Value = Action> {
	prop_oneof![
		5 => (1u8..4, prop_oneof![Just(fee()), fee()..20 * MAX_FEE], 12u32..60, 0u8..3, any::<bool>(), prop_oneof![Just(0), 0..1_000 * MAX_FEE])
			.prop_map(|(who, max_fee, deadline, lane, committed, risk)| {
				Action::Ask { who, max_fee, deadline, lane, committed, risk }
			}),
		4 => (any::<usize>(), any::<bool>()).prop_map(|(pick, trap)| Action::Answer { pick, trap }),
		1 => any::<usize>().prop_map(|pick| Action::Demand { pick }),
		1 => any::<usize>().prop_map(|pick| Action::Post { pick }),
		1 => any::<usize>().prop_map(|pick| Action::Replay { pick }),
		1 => any::<usize>().prop_map(|pick| Action::Invalidate { pick }),
		4 => (1u32..25).prop_map(|count| Action::Blocks { count }),
		1 => (0..VALIDATORS, 0u64..5 * MACS)
			.prop_map(|(validator, macs)| Action::Capacity { validator, macs }),
		1 => (0u128..MAX_FEE).prop_map(|price| Action::Price { price }),
		1 => any::<bool>().prop_map(|runs| Action::Clock { runs }),
		1 => any::<bool>().prop_map(|is_there| Action::Randomness { is_there }),
	]
}

/// What every request's end has to add up to.
#[derive(Default)]
struct Ledger {
	asked: Vec<RequestId>,
	held: BTreeMap<RequestId, (AccountId, Balance)>,
	ends: BTreeMap<RequestId, u32>,
	burned: Balance,
}

impl Ledger {
	/// Reads the events of this block.
	fn read(&mut self) {
		for event in events() {
			match event {
				Event::Finalised {
					request: id,
					executor_paid,
					audit_pot_paid,
					treasury_paid,
					burned,
					contributors_paid,
					returned,
					..
				} => {
					*self.ends.entry(id).or_default() += 1;
					self.burned += burned;
					let sum = executor_paid
						+ audit_pot_paid + treasury_paid
						+ burned + contributors_paid
						+ returned;
					assert_eq!(sum, self.held[&id].1);
					let request = request(&id);
					let due = split(self.held[&id].1, request.cost_fee, request.price);
					assert_eq!((executor_paid, burned), (due.executor, due.burned));
				}
				Event::Refunded { request: id, returned, charged, reason } => {
					*self.ends.entry(id).or_default() += 1;
					assert_eq!(returned + charged, self.held[&id].1);
					assert_eq!(charged > 0, reason == RefundReason::InputWithheld);
				}
				Event::Invalidated { request: id, returned, .. } => {
					*self.ends.entry(id).or_default() += 1;
					assert_eq!(returned, self.held[&id].1);
				}
				_ => {}
			}
		}
	}

	fn blocks(&mut self, count: u32) {
		for _ in 0..count {
			// Events of the block so far, and of its end with those of the next one's start.
			end_block();
			self.read();
			next_block();
		}
	}

	fn pick(&self, pick: usize) -> Option<RequestId> {
		let open: Vec<_> =
			self.asked.iter().filter(|id| crate::Requests::<Test>::contains_key(id)).collect();
		open.get(pick.checked_rem(open.len())?).map(|id| **id)
	}
}

fn act(ledger: &mut Ledger, action: Action) {
	match action {
		Action::Ask { who, max_fee, deadline, lane, committed: by_commitment, risk } => {
			let mut one = Ask { who: account(who), ..ask() };
			if by_commitment {
				one.input = committed(b"property");
			}
			one.terms.max_fee = max_fee;
			one.terms.deadline = System::block_number() + deadline;
			one.terms.lane = lane;
			one.terms.value_at_risk = risk;
			if let Ok(id) = one.send() {
				ledger.held.insert(id, (account(who), max_fee));
				ledger.asked.push(id);
			}
		}
		Action::Answer { pick, trap: is_trap } => {
			let id = ledger.pick(pick);
			if let Some(id) = id.filter(|id| request(id).is_under_way()) {
				let outcome = if is_trap { trap() } else { output(b"out") };
				assert_ok!(submit(statement(&id, &outcome), outcome, &executor(&id)));
			}
		}
		Action::Demand { pick } => {
			if let Some(id) = ledger.pick(pick).filter(|id| request(id).is_under_way()) {
				let _ = demand(&id);
			}
		}
		Action::Post { pick } => {
			if let Some(id) = ledger.pick(pick) {
				let _ = post(bob(), &id, &tensor(b"property"));
			}
		}
		Action::Replay { pick } => {
			if let Some(id) = ledger.pick(pick) {
				let is_open = status(&id) == RequestStatus::Answered;
				assert_eq!(Inference::make_final(&id, EvidenceSet::default()).is_ok(), is_open);
			}
		}
		Action::Invalidate { pick } => {
			if let Some(invalid) = ledger.pick(pick).and_then(|id| Inference::invalidate(&id).ok())
			{
				MockBonds::release_cover(&invalid.executor, invalid.cover);
			}
		}
		Action::Blocks { count } => ledger.blocks(count),
		Action::Capacity { validator: index, macs } => Capacity::insert(validator(index), macs),
		Action::Price { price } => {
			ModelTable::mutate(model(), |m| m.as_mut().unwrap().price = price)
		}
		Action::Clock { runs } => ClockRuns::set(runs),
		Action::Randomness { is_there } => Silent::set(!is_there),
	}
	check();
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

	#[test]
	fn money_is_conserved_and_every_request_ends_once(
		actions in proptest::collection::vec(action(), 1..60)
	) {
		ExtBuilder::default().build_and_execute(|| {
			let issued = issuance();
			let mut ledger = Ledger::default();
			for action in actions {
				act(&mut ledger, action);
			}
			// Everything ends by itself.
			ClockRuns::set(true);
			ledger.blocks(200);
			for id in &ledger.asked {
				assert_eq!(ledger.ends.get(id), Some(&1), "{id:?}");
			}
			assert_eq!(ledger.ends.len(), ledger.asked.len());
			assert_eq!(issuance(), issued - ledger.burned);
			let sum: Balance = frame_system::Account::<Test>::iter()
				.map(|(_, account)| account.data.free + account.data.reserved)
				.sum();
			assert_eq!(sum, issuance());
			for seed in 1..4 {
				assert_eq!(held(&account(seed)), 0);
			}
			for index in 0..VALIDATORS {
				assert_eq!(BondTable::get(validator(index)).reserved, 0);
				assert_eq!(crate::OpenCost::<Test>::get(validator(index)), 0);
			}
			// And nothing stays.
			ledger.blocks(210);
			assert_eq!(crate::Requests::<Test>::iter_keys().count(), 0);
			assert_eq!(crate::Outcomes::<Test>::iter_keys().count(), 0);
			assert_eq!(crate::Inputs::<Test>::iter_keys().count(), 0);
			assert_eq!(crate::Receipts::<Test>::iter_keys().count(), 0);
			assert_eq!(crate::ReceiptRoots::<Test>::iter_keys().count(), 0);
		});
	}
}
