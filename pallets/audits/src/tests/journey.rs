//! The ways that an audit takes.

use crate::{mock::*, Error, Event, Progress, SeatState};
use countersign_primitives::{
	audit::{AuditBill, AuditStage, Audits as _, Draw},
	request::{Finality, Outcome, TrapCode},
	Balance, UNIT,
};
use frame_support::{assert_noop, assert_ok};

#[test]
fn a_result_from_its_draws_to_pay() {
	build_and_execute(|| {
		let request = answer(1);
		let drawn = audit(&request).unwrap();
		assert_eq!(drawn.rate, sp_runtime::Perbill::one(), "a new bond");
		let before: Balance = (1..5).map(|index| free(&validator(index))).sum();
		// The early draw waits for two blocks' randomness.
		run_blocks(2);
		assert!(audit(&request).unwrap().seats.is_empty());
		next_block();
		let seats = audit(&request).unwrap().seats;
		assert_eq!(seats.len(), 2);
		assert!(matches!(events()[0], Event::AuditorDrawn { draw: Draw::Early, .. }));
		let first = work();
		assert!(first.iter().all(|item| item.stage == AuditStage::Commit));
		assert_ok!(commit(&first[0], &honest(&first[0])));
		assert!(
			work().iter().any(|item| item.stage == AuditStage::Wait),
			"one waits for the other"
		);
		assert_ok!(commit(&first[1], &honest(&first[1])));
		for item in work() {
			assert_eq!(item.stage, AuditStage::Reveal, "all have committed");
			assert_ok!(reveal(&item, &honest(&item)));
		}
		assert_eq!(audits_of(&request), 2);
		assert!(events().contains(&Event::Passed { request, audits: 2 }));
		assert!(work().is_empty());
		assert_eq!(audit(&request).unwrap().early, Progress::Done);
		assert_eq!(crate::Records::<Test>::get(validator(0)).passed, 2);
		assert!(Audits::keeps_open(&request).is_some(), "the late draw is still to come");

		// The late draw comes with the second session after the result.
		run_until(|| audit(&request).unwrap().seats.len() == 4);
		assert_eq!(System::block_number(), 2 * SESSION);
		run_honest(2);
		assert_eq!(audits_of(&request), 4);
		assert_eq!(Audits::keeps_open(&request), None);

		let bill = end(&request, Finality::Final);
		assert_eq!(bill, AuditBill { from_executor: EXECUTOR_SHARE, unspent: 0 });
		next_block();
		let paid = (EXECUTOR_SHARE + AUDIT_SHARE) / 4;
		let after: Balance = (1..5).map(|index| free(&validator(index))).sum();
		assert_eq!(after - before, 4 * paid);
		assert_eq!(free(&pot()), EXISTENTIAL_DEPOSIT + POT, "it paid what it got");
		assert_eq!(Audits::reserved(&validator(1)), 0);

		// Readable for a while.
		run_blocks(RETENTION);
		assert!(Audits::view(request).is_some());
		run_blocks(2);
		assert_eq!(Audits::view(request), None);
	});
}

#[test]
fn who_does_not_commit_is_let_go_and_another_is_drawn() {
	build_and_execute(|| {
		let request = answer(1);
		run_to_draw(&request, Draw::Early);
		let slow = work()[0].account.clone();
		let item = work()[1].clone();
		assert_ok!(commit(&item, &honest(&item)));
		// Time to commit is over: whoever committed shows it all the same.
		run_until(|| states(&request).contains(&SeatState::Missed));
		assert_eq!(BondTable::get(&slow), MockBond { bonded: BOND, ..Default::default() });
		assert!(events().iter().any(|event| matches!(event, Event::Missed { .. })));
		let item = work()[0].clone();
		assert_eq!(item.stage, AuditStage::Reveal);
		assert_ok!(reveal(&item, &honest(&item)));
		assert_eq!(audits_of(&request), 1);
		assert!(matches!(
			audit(&request).unwrap().early,
			Progress::Waiting { number: 1, seats: 1, .. }
		));
		// One redraw, of somebody else.
		run_until(|| audit(&request).unwrap().seats.len() == 3);
		let seats = audit(&request).unwrap().seats;
		assert!(seats[..2].iter().all(|seat| seat.account != seats[2].account));
		assert!(Reports::get().is_empty(), "being slow is no crime");
		// Nobody of it answers either, and there is no second redraw.
		run_until(|| audit(&request).unwrap().early == Progress::Done);
		assert_eq!(audits_of(&request), 1);
	});
}

#[test]
fn a_broken_commitment_costs_a_small_multiple_of_the_pay() {
	build_and_execute(|| {
		let request = answer(1);
		run_to_draw(&request, Draw::Early);
		let items = work();
		for item in &items {
			assert_ok!(commit(item, &honest(item)));
		}
		let item = work()[0].clone();
		assert_ok!(reveal(&item, &honest(&item)));
		let silent = work()[0].clone();
		// The last tick for it passes.
		run_until(|| Clock::get() == silent.reveal_until);
		assert_eq!(audits_of(&request), 0, "not before the round is over");
		next_block();
		assert_eq!(audits_of(&request), 1);
		let pay = audit(&request).unwrap().pay;
		assert_eq!(Reports::get(), [(silent.account.clone(), 2 * pay)]);
		assert_eq!(
			BondTable::get(&silent.account),
			MockBond { bonded: BOND, slashed: 2 * pay, ..Default::default() }
		);
		assert!(events()
			.iter()
			.any(|event| matches!(event, Event::CommitBroken { slashed_in: Some(9), .. })));
		assert!(reveal(&silent, &honest(&silent)).is_err(), "too late");
		// In its place another is drawn, and passes.
		run_to_draw(&request, Draw::Early);
		run_honest(3);
		assert_eq!(audits_of(&request), 2);
	});
}

#[test]
fn a_contradiction_keeps_the_result_open_until_it_is_recomputed() {
	for is_lie_of_executor in [true, false] {
		build_and_execute(|| {
			let claimed = if is_lie_of_executor { output(2.0) } else { truth() };
			let request = answer_as(1, &validator(0), claimed.clone(), 0);
			run_to_draw(&request, Draw::Early);
			// One auditor tells the truth, and the other lies whatever the result is.
			let liar = work()[0].account.clone();
			let lie = if is_lie_of_executor { claimed } else { output(3.0) };
			let answers = |item: &_| {
				let mut answer = honest(item);
				if item.account == liar {
					answer.outcome = lie.clone();
				}
				Some(answer)
			};
			let others: Vec<_> = work().into_iter().map(|item| item.account).collect();
			act(answers);
			act(answers);
			let until = audit(&request).unwrap().contradicted_until.unwrap();
			assert_eq!(until, Clock::get() + u64::from(rules().dispute_game_blocks));
			assert_eq!(Audits::keeps_open(&request), Some(until + 1));
			assert_eq!(audits_of(&request), 1, "one of them agrees");
			// Whose word is at stake may have it recomputed without bond.
			let contradicts =
				others.iter().find(|other| (**other == liar) != is_lie_of_executor).unwrap();
			for (party, is_one) in
				[(validator(0), true), (contradicts.clone(), true), (account(9), false)]
			{
				assert_eq!(Audits::is_party(&request, &party), is_one);
				let shown = crate::Pallet::<Test>::contradicted(party);
				assert_eq!(shown, if is_one { vec![request] } else { vec![] });
			}
			assert!(events().contains(&Event::Contradicted { request, until }));

			// Somebody has the chain recompute it.
			Audits::recomputed(&request, &truth().commitment().unwrap());
			let finality = if is_lie_of_executor { Finality::Invalidated } else { Finality::Final };
			end(&request, finality);
			let honest_one = others.iter().find(|other| **other != liar).unwrap();
			let before = free(honest_one);
			next_block();
			assert_eq!(Reports::get(), [(liar.clone(), COVER)]);
			assert_eq!(
				BondTable::get(&liar),
				MockBond { bonded: BOND, slashed: COVER, ..Default::default() }
			);
			assert!(events()
				.iter()
				.any(|event| matches!(event, Event::AuditorWrong { slash: COVER, .. })));
			assert_eq!(free(honest_one) - before, audit(&request).unwrap().pay);
			assert_eq!(free(&liar), UNIT, "nothing is paid for a lie");
			let passed = crate::Records::<Test>::get(validator(0)).passed;
			assert_eq!(passed, u32::from(!is_lie_of_executor), "a liar begins anew");
		});
	}
}

/// What can be no outcome of a run is wrong, whoever signed it. What a game was lost about may have
/// been right, so that says nothing against who agreed.
#[test]
fn who_agrees_with_what_no_run_gives_is_wrong_as_well() {
	for is_refuted in [true, false] {
		build_and_execute(|| {
			let claimed = Outcome::Trap { code: TrapCode::BadInput, operator: u32::MAX };
			let request = answer_as(1, &validator(0), claimed.clone(), 0);
			run_to_draw(&request, Draw::Early);
			let (copies, runs) = (work()[0].account.clone(), work()[1].account.clone());
			let answers = |item: &_| {
				let answer = honest(item);
				let copied = Answer { outcome: claimed.clone(), ..answer.clone() };
				Some(if item.account == copies { copied } else { answer })
			};
			act(answers);
			act(answers);
			if is_refuted {
				Audits::refuted(&request);
			}
			end(&request, Finality::Invalidated);
			let before = free(&runs);
			run_blocks(3);
			let wrong = [(copies.clone(), COVER)];
			assert_eq!(Reports::get(), if is_refuted { &wrong[..] } else { &[] });
			assert_eq!(free(&runs) - before, audit(&request).unwrap().pay);
			assert_eq!(free(&copies), UNIT, "nothing is paid for what did not stand");
			assert_eq!(BondTable::get(&copies).reserved, 0);
		});
	}
}

#[test]
fn a_contradiction_that_nobody_decides_costs_nobody_anything() {
	build_and_execute(|| {
		let request = answer(1);
		run_to_draw(&request, Draw::Early);
		let answers = |item: &_| Some(Answer { outcome: output(9.0), ..honest(item) });
		act(answers);
		act(answers);
		let until = audit(&request).unwrap().contradicted_until.unwrap();
		run_until(|| Clock::get() == until);
		assert!(Audits::keeps_open(&request).is_some());
		run_until(|| Clock::get() > until);
		assert_eq!(Audits::keeps_open(&request), None);
		end(&request, Finality::Final);
		assert!(events().contains(&Event::Undecided { request }));
		next_block();
		assert!(Reports::get().is_empty());
		assert!((1..5).all(|index| free(&validator(index)) == UNIT), "and nobody is paid");
		assert_eq!(audits_of(&request), 0);
	});
}

#[test]
fn inside_the_tolerance_is_agreement_and_a_correction_slashes_nobody() {
	build_and_execute(|| {
		let near = output(1.0 + 1.0 / 1_024.0);
		let request = answer_as(1, &validator(0), near.clone(), 0);
		run_to_draw(&request, Draw::Early);
		// The second auditor claims what the executor does.
		let copies = work()[1].account.clone();
		let answers = |item: &_| {
			let answer = honest(item);
			Some(if item.account == copies {
				Answer { outcome: near.clone(), ..answer }
			} else {
				answer
			})
		};
		act(answers);
		act(answers);
		assert_eq!(audits_of(&request), 2);
		Audits::recomputed(&request, &truth().commitment().unwrap());
		end(&request, Finality::Final);
		next_block();
		assert!(Reports::get().is_empty());
		assert_eq!(free(&copies), UNIT, "only what `canonical` computes is paid");
	});
}

#[test]
fn traces_that_differ_count_for_nothing() {
	build_and_execute(|| {
		let request = answer(1);
		run_to_draw(&request, Draw::Early);
		let lazy = work()[0].account.clone();
		let answers = |item: &_| {
			let mut answer = honest(item);
			if item.account == lazy {
				answer.trace = Default::default();
			}
			Some(answer)
		};
		act(answers);
		act(answers);
		assert!(events().contains(&Event::Doubted { request, draw: Draw::Early }));
		assert_eq!(audits_of(&request), 0);
		assert_eq!(crate::Records::<Test>::get(validator(0)).passed, 0);
		// Two others are drawn.
		run_to_draw(&request, Draw::Early);
		run_honest(2);
		assert_eq!(audits_of(&request), 2);
		end(&request, Finality::Final);
		next_block();
		let paid = (1..5).filter(|index| free(&validator(*index)) > UNIT).count();
		assert_eq!(paid, 2);
	});
}

#[test]
fn wanted_audits_are_drawn_and_paid_for_or_given_back() {
	build_and_execute(|| {
		// An old bond, which chance would seldom audit.
		crate::Records::<Test>::mutate(validator(0), |record| record.passed = 1_000);
		for number in 1..6 {
			let request = answer_as(number, &validator(0), truth(), 2);
			run_to_draw(&request, Draw::Early);
			let seats = audit(&request).unwrap().seats;
			assert!(seats.iter().all(|seat| seat.wanted && seat.pay == EXECUTOR_SHARE));
			if number < 5 {
				run_honest(2);
				assert_eq!(audits_of(&request), 2);
				assert_eq!(end(&request, Finality::Final).unspent, 0);
			} else {
				// Nobody answers: after the redraw what was paid goes back.
				run_until(|| audit(&request).unwrap().early == Progress::Done);
				assert_eq!(end(&request, Finality::Final).unspent, 2 * EXECUTOR_SHARE);
			}
			next_block();
		}
	});
}

#[test]
fn a_network_of_one_audits_nobody_and_charges_nothing_for_it() {
	ExtBuilder { validators: 1, ..Default::default() }.build_and_execute(|| {
		let request = answer(1);
		run_blocks(3);
		assert!(events().contains(&Event::NobodyDrawn { request, draw: Draw::Early }));
		run_blocks(30);
		assert_eq!(Audits::keeps_open(&request), None);
		assert_eq!(end(&request, Finality::Final), AuditBill::default());
		assert_eq!(audit(&request), None);
	});
}

#[test]
fn what_the_pot_lacks_it_owes() {
	ExtBuilder { pot: 0, ..Default::default() }.build_and_execute(|| {
		let request = answer_as(1, &validator(0), output(2.0), 0);
		run_to_draw(&request, Draw::Early);
		run_honest(2);
		// Invalidated: the requester gets everything back, and the pot nothing.
		Audits::recomputed(&request, &truth().commitment().unwrap());
		end(&request, Finality::Invalidated);
		next_block();
		let pay = audit(&request).unwrap().pay;
		let owed: Vec<_> = crate::Owed::<Test>::iter().collect();
		assert_eq!(owed.iter().map(|(_, owed)| *owed).sum::<Balance>(), 2 * pay);
		let (auditor, _) = owed[0].clone();
		let origin = || RuntimeOrigin::signed(auditor.clone());
		assert_noop!(Audits::claim(origin()), Error::<Test>::CannotPay);
		assert_noop!(Audits::claim(RuntimeOrigin::signed(account(7))), Error::<Test>::NothingOwed);
		// The next result pays in.
		let next = answer(2);
		run_blocks(3);
		end(&next, Finality::Final);
		assert_ok!(Audits::claim(origin()));
		assert_eq!(free(&auditor), UNIT + pay);
		assert_noop!(Audits::claim(origin()), Error::<Test>::NothingOwed);
	});
}

#[test]
fn a_result_that_ends_early_lets_its_auditors_go() {
	build_and_execute(|| {
		let request = answer(1);
		run_to_draw(&request, Draw::Early);
		let item = work()[0].clone();
		assert_ok!(commit(&item, &honest(&item)));
		Audits::recomputed(&request, &truth().commitment().unwrap());
		end(&request, Finality::Final);
		assert!(work().is_empty());
		assert!(reveal(&item, &honest(&item)).is_err());
		next_block();
		assert!(Reports::get().is_empty(), "nothing could be shown any more");
	});
}

/// A report that is not taken leaves no cover behind.
#[test]
fn who_has_nothing_left_is_let_go() {
	build_and_execute(|| {
		let request = answer(1);
		run_to_draw(&request, Draw::Early);
		let answers = |item: &_| Some(Answer { outcome: output(9.0), ..honest(item) });
		act(answers);
		act(answers);
		ReportFails::set(true);
		Audits::recomputed(&request, &truth().commitment().unwrap());
		end(&request, Finality::Final);
		next_block();
		assert!(events()
			.iter()
			.any(|event| matches!(event, Event::AuditorWrong { slashed_in: None, .. })));
	});
}

#[test]
fn a_trap_is_audited_like_an_output() {
	build_and_execute(|| {
		let trap = Outcome::Trap { code: TrapCode::Operator, operator: 3 };
		let request = answer_as(1, &validator(0), trap.clone(), 0);
		run_to_draw(&request, Draw::Early);
		act(|item| Some(Answer { outcome: trap.clone(), ..honest(item) }));
		act(|item| Some(Answer { outcome: trap.clone(), ..honest(item) }));
		assert_eq!(audits_of(&request), 2);
	});
}

#[test]
fn the_window_clock_holds_all_windows() {
	build_and_execute(|| {
		let request = answer(1);
		run_to_draw(&request, Draw::Early);
		let item = work()[0].clone();
		ClockRuns::set(false);
		run_blocks(40);
		assert_eq!(states(&request)[0], SeatState::Drawn);
		assert_ok!(commit(&item, &honest(&item)));
		ClockRuns::set(true);
	});
}
