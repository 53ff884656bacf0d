//! The state machine: every event in every state.

use crate::mock::*;
use countersign_primitives::{
	request::{EvidenceSet, RequestId, RequestStatus},
	traits::Bonds as _,
};
use RequestStatus::*;

/// What can happen to a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Happening {
	/// The end of a block that has randomness.
	Draw,
	/// The last validator assigned sends a result.
	Result,
	/// It demands the input.
	Demand,
	/// Somebody posts the input.
	Post,
	/// The request's own time runs out.
	TimeOut,
	/// The window to `Final` ends.
	WindowEnds,
	/// A replay agrees.
	Replay,
	/// A verdict finds it wrong.
	Verdict,
}

use Happening::*;

const ALL: [Happening; 8] = [Draw, Result, Demand, Post, TimeOut, WindowEnds, Replay, Verdict];

/// The table. `demanded` is whether the input was demanded before, `last` whether no attempt is
/// left after this one. What is not listed changes nothing.
fn next(from: RequestStatus, event: Happening, demanded: bool, last: bool) -> RequestStatus {
	match (from, event) {
		(Waiting, Draw) => Assigned,
		(Waiting, TimeOut) => Refunded,
		(Assigned, Result) | (InputDemanded, Result) => Answered,
		(Assigned, Demand) if !demanded => InputDemanded,
		(Assigned, TimeOut) if last => Refunded,
		(Assigned, TimeOut) => Waiting,
		(InputDemanded, Post) => Assigned,
		(InputDemanded, TimeOut) => Refunded,
		(Answered, WindowEnds) | (Answered, Replay) => Settled,
		(Answered, Verdict) => Invalidated,
		(other, _) => other,
	}
}

const INPUT: &[u8] = b"input of the state machine";

/// Makes the event happen, whatever state the request is in.
fn happen(id: &RequestId, event: Happening) {
	let before = request(id);
	match event {
		Draw => {
			Silent::set(false);
			end_block();
			Silent::set(true);
		}
		Result => {
			if before.active.is_some() {
				let _ = answer(id);
			}
		}
		Demand => {
			if before.active.is_some() {
				let _ = demand(id);
			}
		}
		Post => {
			let _ = post(bob(), id, &tensor(INPUT));
		}
		TimeOut => {
			if before.is_open() && before.status != Answered {
				run_to(before.due + 1);
			} else {
				// Nothing of it runs: a block passes.
				next_block();
			}
		}
		WindowEnds => match crate::Results::<Test>::get(id) {
			Some(result) if before.status == Answered => {
				// Nothing else is in the queue: the clock may jump.
				crate::WindowClock::<Test>::put(result.final_at - 1);
				crate::Cursors::<Test>::mutate(|cursors| cursors.finals = result.final_at);
				next_block();
			}
			_ => next_block(),
		},
		Replay => {
			let _ = Inference::make_final(id, EvidenceSet::default());
		}
		Verdict => {
			if let Ok(invalid) = Inference::invalidate(id) {
				MockBonds::release_cover(&invalid.executor, invalid.cover);
			}
		}
	}
	check();
}

/// Every sequence of events of this length, from the beginning: all states are reached, and every
/// event meets each of them.
#[test]
fn every_sequence_follows_the_table() {
	const LENGTH: u32 = 4;
	let mut seen = std::collections::BTreeSet::new();
	for number in 0..(ALL.len() as u32).pow(LENGTH) {
		let mut code = number as usize;
		let events: Vec<_> = (0..LENGTH)
			.map(|_| {
				let event = ALL[code % ALL.len()];
				code /= ALL.len();
				event
			})
			.collect();
		ExtBuilder::default().validators(2).build_and_execute(|| {
			Silent::set(true);
			let mut one = Ask { input: committed(INPUT), ..ask() };
			// Short, so that long sequences stay quick.
			one.terms.deadline = System::block_number() + 12;
			let id = one.send().unwrap();
			end_block();
			for event in &events {
				let before = request(&id);
				let expected =
					next(before.status, *event, before.demanded, before.tried.len() == 2);
				happen(&id, *event);
				let after = request(&id);
				assert_eq!(
					after.status, expected,
					"{event:?} in {:?} of {events:?}",
					before.status
				);
				seen.insert((format!("{:?}", before.status), format!("{event:?}")));
				if !before.is_open() {
					assert_eq!(after, before, "an ended request changed");
				}
			}
		});
	}
	// 7 states, each with all events.
	assert_eq!(seen.len(), 7 * ALL.len());
}
