//! Whatever everybody does, in whatever order: money only moves, covers are given back, and who
//! signs what the program gives and answers in its windows loses nothing.

use crate::mock::*;
use countersign_primitives::{
	audit::{AuditItem, AuditStage, Audits as _},
	request::{Finality, RequestId},
	Balance,
};
use proptest::prelude::*;

/// How a validator audits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Manner {
	Honest,
	/// Commits and shows nothing.
	Breaks,
	/// Says nothing.
	Silent,
	/// Says something else than the program gives.
	Lies,
	/// Says what the executor said, without a trace.
	Copies,
}

fn manner() -> impl Strategy<Value = Manner> {
	prop_oneof![
		4 => Just(Manner::Honest),
		1 => Just(Manner::Breaks),
		1 => Just(Manner::Silent),
		1 => Just(Manner::Lies),
		1 => Just(Manner::Copies),
	]
}

#[derive(Clone, Debug)]
enum Step {
	/// A result of a validator, true or not, with audits asked for.
	Answer(u8, bool, u8),
	Blocks(u8),
	/// Somebody has the chain recompute a result.
	Replay(u8),
	StopClock(u8),
}

fn step() -> impl Strategy<Value = Step> {
	prop_oneof![
		3 => (0u8..8, any::<bool>(), 0u8..=2).prop_map(|(who, lie, n)| Step::Answer(who, lie, n)),
		4 => (1u8..12).prop_map(Step::Blocks),
		1 => any::<u8>().prop_map(Step::Replay),
		1 => (1u8..6).prop_map(Step::StopClock),
	]
}

struct World {
	manners: Vec<Manner>,
	open: Vec<(RequestId, bool, u64)>,
	next: u8,
}

impl World {
	fn answer_of(&self, item: &AuditItem) -> Option<Answer> {
		let index = (0..8u8).find(|index| validator(*index) == item.account)?;
		let mut answer = honest(item);
		match (self.manners[usize::from(index)], item.stage) {
			(Manner::Honest, _) | (Manner::Breaks, AuditStage::Commit) => {}
			(Manner::Breaks | Manner::Silent, _) => return None,
			(Manner::Lies, _) => answer.outcome = output(5.0),
			(Manner::Copies, _) => {
				answer.outcome = ResultTable::get(item.request)?.outcome;
				answer.trace = Default::default();
			}
		}
		Some(answer)
	}

	fn block(&mut self) {
		act(|item| self.answer_of(item));
		let due: Vec<_> = self
			.open
			.iter()
			.filter(|(request, _, at)| *at <= Clock::get() && Audits::keeps_open(request).is_none())
			.cloned()
			.collect();
		for (request, ..) in due {
			end(&request, Finality::Final);
			self.open.retain(|(other, ..)| *other != request);
		}
		next_block();
	}

	fn step(&mut self, step: &Step) {
		match step {
			Step::Answer(who, is_lie, wanted) if self.next < 200 => {
				self.next += 1;
				let who = validator(*who);
				let outcome = if *is_lie { output(3.0) } else { truth() };
				let request = answer_as(self.next, &who, outcome, *wanted);
				self.open.push((request, *is_lie, Clock::get() + 60));
			}
			Step::Answer(..) => {}
			Step::Blocks(count) => (0..*count).for_each(|_| self.block()),
			Step::Replay(which) if !self.open.is_empty() => {
				let at = usize::from(*which) % self.open.len();
				let (request, is_lie, _) = self.open.swap_remove(at);
				Audits::recomputed(&request, &truth().commitment().unwrap());
				end(&request, if is_lie { Finality::Invalidated } else { Finality::Final });
			}
			Step::Replay(_) => {}
			Step::StopClock(count) => {
				ClockRuns::set(false);
				(0..*count).for_each(|_| self.block());
				ClockRuns::set(true);
			}
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]
	#[test]
	fn whatever_they_do(
		manners in proptest::collection::vec(manner(), 8),
		steps in proptest::collection::vec(step(), 1..40),
		world in any::<u64>(),
	) {
		ExtBuilder { validators: 8, world, pot: 10 * POT, ..Default::default() }.build_and_execute(|| {
			let mut world = World { manners: manners.clone(), open: vec![], next: 0 };
			for step in &steps {
				let before = Balances::total_issuance();
				let paid_in = ended();
				world.step(step);
				// Only what ended results pay into the pot comes from outside.
				assert!(Balances::total_issuance() - before <= (ended() - paid_in) as Balance
					* (AUDIT_SHARE + 3 * EXECUTOR_SHARE));
			}
			// Let everything end.
			for _ in 0..400 {
				if world.open.is_empty() {
					break;
				}
				world.block();
			}
			assert!(world.open.is_empty(), "everything ends by itself");
			(0..RETENTION + 80).for_each(|_| next_block());
			assert_eq!(crate::Audits::<Test>::iter().count(), 0, "nothing outlives its window");
			for (index, manner) in manners.iter().enumerate() {
				let bond = BondTable::get(validator(index as u8));
				assert_eq!(bond.reserved, 0, "no cover is left");
				if matches!(manner, Manner::Honest | Manner::Silent) {
					assert_eq!(bond.slashed, 0, "{index} did nothing wrong");
				}
			}
		});
	}
}

fn ended() -> usize {
	ResultTable::iter_values().filter(|result| result.end.is_some()).count()
}
