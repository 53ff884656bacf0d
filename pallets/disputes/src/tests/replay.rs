//! Replays by accounts: verdicts, money, refusals.

use crate::{mock::*, Error, Event, HoldReason};
use codec::Encode;
use countersign_primitives::{
	dispute::{Effort, PackageSource, ReplayRefusal, Verdict, Witness},
	request::{Outcome, TrapCode},
	UNIT,
};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::{DispatchErrorWithPostInfo, GetDispatchInfo, Pays, PostDispatchInfo},
};
use sp_runtime::{traits::Dispatchable, DispatchError, StateVersion};

type Replayed = Result<PostDispatchInfo, DispatchErrorWithPostInfo>;

fn dispute(witness: Witness, effort: Effort) -> Replayed {
	let origin = RuntimeOrigin::signed(challenger());
	Disputes::dispute_by_replay(origin, request(), witness, effort)
}

/// Fails with this error and leaves no trace. (The replays' errors carry weights, for which
/// `assert_noop` has no room.)
fn refused(result: impl FnOnce() -> Replayed, error: Error<Test>) {
	let before = sp_io::storage::root(StateVersion::V1);
	let found = frame_support::storage::with_storage_layer(result).unwrap_err();
	assert_eq!(found.error, DispatchError::from(error));
	assert!(found.post_info.actual_weight.is_some(), "a refusal costs what it took");
	assert_eq!(sp_io::storage::root(StateVersion::V1), before, "a trace in state");
}

#[test]
fn a_result_that_stands_costs_the_challenger_its_bond() {
	build_and_execute(|| {
		honest_result();
		let (ours, theirs, pot) = (free(&challenger()), free(&executor()), free(&treasury()));
		let done = dispute(inline(), effort()).unwrap();
		assert_eq!(done.pays_fee, Pays::Yes);
		assert_eq!(end_of(&request()), Some(MockEnd::Upheld));
		assert_eq!(free(&challenger()), ours - BOND);
		assert_eq!(free(&executor()), theirs + BOND / 2);
		assert_eq!(free(&treasury()), pot + BOND / 2);
		assert_eq!(on_hold(HoldReason::Bond, &challenger()), 0);
		assert_eq!(
			last_event(),
			Event::Upheld {
				request: request(),
				executor: executor(),
				challenger: challenger(),
				bond_lost: BOND
			}
		);
		let decision = Disputes::decision(request()).unwrap();
		assert_eq!((decision.verdict, decision.bond_lost), (Verdict::Accepted, BOND));
		assert_eq!((decision.slash, decision.slashed_in), (0, None));
		assert_eq!(Reports::get(request()), None);
		// The cover is pallet-inference's to release; the mock leaves it.
		assert_eq!(Covers::get(executor()), COVER);
	});
}

#[test]
fn a_wrong_result_costs_the_cover() {
	build_and_execute(|| {
		result_off_by(1.0);
		let ours = free(&challenger());
		let done = dispute(inline(), effort()).unwrap();
		assert_eq!(done.pays_fee, Pays::No);
		assert_eq!(end_of(&request()), Some(MockEnd::Invalidated));
		assert_eq!(
			Reports::get(request()),
			Some((SESSION - 1, 0, COVER, Some(1), Some(challenger())))
		);
		assert_eq!(Covers::get(executor()), 0);
		assert_eq!(free(&challenger()), ours);
		assert_eq!(on_hold(HoldReason::Bond, &challenger()), 0);
		assert_eq!(
			last_event(),
			Event::FoundWrong {
				request: request(),
				executor: executor(),
				challenger: challenger(),
				slash: COVER,
				slashed_in: Some(9)
			}
		);
		let decision = Disputes::decision(request()).unwrap();
		assert_eq!((decision.verdict, decision.slash), (Verdict::Wrong, COVER));
		// Once is once.
		refused(|| dispute(inline(), effort()), Error::NotOpen);
	});
}

#[test]
fn a_result_in_between_is_corrected_and_nobody_pays() {
	build_and_execute(|| {
		// The tolerance is about a thousandth.
		result_off_by(0.01);
		let (ours, theirs) = (free(&challenger()), free(&executor()));
		assert_eq!(dispute(inline(), effort()).unwrap().pays_fee, Pays::Yes);
		assert_eq!(end_of(&request()), Some(MockEnd::Corrected));
		let result = ResultTable::get(request()).unwrap();
		assert_eq!(result.outcome, truth(&model(), &input()));
		assert_eq!((free(&challenger()), free(&executor())), (ours, theirs));
		assert_eq!(Reports::get(request()), None);
		assert_eq!(
			last_event(),
			Event::Corrected { request: request(), executor: executor(), challenger: challenger() }
		);
	});
}

#[test]
fn drift_inside_the_tolerance_stands() {
	build_and_execute(|| {
		result_off_by(0.0005);
		assert_ok!(dispute(inline(), effort()));
		assert_eq!(end_of(&request()), Some(MockEnd::Upheld));
	});
}

/// What the bands say of each kind of lie. Each runs on a chain of its own.
#[test]
fn forgeries_end_as_the_bands_say() {
	let set = |index: usize, bytes: &[u8]| {
		let bytes = bytes.to_vec();
		move |outcome: &Outcome| {
			changed(outcome, |tensors| tensors[index].data[..bytes.len()].copy_from_slice(&bytes))
		}
	};
	let trap = |code, operator| move |_: &Outcome| Outcome::Trap { code, operator };
	type Forgery = Box<dyn Fn(&Outcome) -> Outcome>;
	let cases: Vec<(&str, Forgery, Verdict)> = vec![
		("a bit of an exact output", Box::new(set(1, &1.0f32.to_le_bytes())), Verdict::Wrong),
		("a NaN", Box::new(set(0, &f32::NAN.to_le_bytes())), Verdict::Wrong),
		("an infinity", Box::new(set(0, &f32::INFINITY.to_le_bytes())), Verdict::Wrong),
		("a false trap", Box::new(trap(TrapCode::Operator, 1)), Verdict::Wrong),
		("a refused input", Box::new(trap(TrapCode::BadInput, u32::MAX)), Verdict::Wrong),
		("a trap that no run gives", Box::new(trap(TrapCode::TimeLimit, 0)), Verdict::Wrong),
		("a bad output", Box::new(trap(TrapCode::BadOutput, u32::MAX)), Verdict::Wrong),
		(
			"another shape",
			Box::new(|outcome| changed(outcome, |tensors| tensors[0].shape = vec![3, 1])),
			Verdict::Wrong,
		),
		(
			"an output less",
			Box::new(|outcome| changed(outcome, |tensors| drop(tensors.pop()))),
			Verdict::Wrong,
		),
		(
			"another input's output",
			Box::new(|_| truth(&model(), &input_of([9.0, 9.0, 9.0, 9.0], 2))),
			Verdict::Wrong,
		),
	];
	for (name, forge, verdict) in cases {
		build_and_execute(|| {
			let outcome = forge(&truth(&model(), &input()));
			put_result(model(), &input(), outcome, Some(input().encode()));
			assert_eq!(Disputes::dry_run(request(), inline()), Ok(verdict), "{name}");
			assert_ok!(dispute(inline(), effort()));
			assert_eq!(Disputes::decision(request()).unwrap().verdict, verdict, "{name}");
		});
	}
}

#[test]
fn traps_are_judged_like_outputs() {
	for (claimed, verdict) in [
		(Outcome::Trap { code: TrapCode::Operator, operator: 1 }, Verdict::Accepted),
		(Outcome::Trap { code: TrapCode::Operator, operator: 0 }, Verdict::Wrong),
		(truth_of_another_input(), Verdict::Wrong),
	] {
		build_and_execute(|| {
			// Nothing stands at index 7 of the table.
			let input = input_of([0.0; 4], 7);
			assert_eq!(
				truth(&model(), &input),
				Outcome::Trap { code: TrapCode::Operator, operator: 1 }
			);
			put_result(model(), &input, claimed, Some(input.encode()));
			assert_ok!(dispute(inline(), effort()));
			assert_eq!(Disputes::decision(request()).unwrap().verdict, verdict);
		});
	}
}

fn truth_of_another_input() -> Outcome {
	new_test_ext().execute_with(|| truth(&model(), &input()))
}

#[test]
fn a_manifest_that_does_not_fit_its_program_is_nobodys_lie() {
	build_and_execute(|| {
		ManifestTable::mutate(model(), |manifest| {
			let manifest = manifest.as_mut().unwrap();
			manifest.outputs.truncate(1);
			manifest.policies.truncate(1);
		});
		let bad = Outcome::Trap { code: TrapCode::BadOutput, operator: u32::MAX };
		put_result(model(), &input(), bad, Some(input().encode()));
		assert_eq!(Disputes::dry_run(request(), inline()), Ok(Verdict::Accepted));
		ResultTable::remove(request());
		Covers::remove(executor());
		let other = Outcome::Trap { code: TrapCode::Operator, operator: 1 };
		put_result(model(), &input(), other, Some(input().encode()));
		assert_ok!(dispute(inline(), effort()));
		assert_eq!(end_of(&request()), Some(MockEnd::Corrected));
	});
}

#[test]
fn confirming_costs_no_bond_and_earns_no_reward() {
	build_and_execute(|| {
		honest_result();
		let ours = free(&challenger());
		let confirm = || {
			let origin = RuntimeOrigin::signed(challenger());
			Disputes::confirm_by_replay(origin, request(), inline(), effort())
		};
		assert_eq!(confirm().unwrap().pays_fee, Pays::Yes);
		assert_eq!(end_of(&request()), Some(MockEnd::Upheld));
		assert_eq!(free(&challenger()), ours);
		refused(confirm, Error::NotOpen);
	});
	build_and_execute(|| {
		result_off_by(1.0);
		let origin = RuntimeOrigin::signed(challenger());
		let done = Disputes::confirm_by_replay(origin, request(), inline(), effort()).unwrap();
		assert_eq!(done.pays_fee, Pays::Yes);
		assert_eq!(Reports::get(request()).unwrap().4, None);
	});
}

#[test]
fn nobody_is_rewarded_for_disputing_itself() {
	build_and_execute(|| {
		result_off_by(1.0);
		let origin = RuntimeOrigin::signed(executor());
		assert_ok!(Disputes::dispute_by_replay(origin, request(), inline(), effort()));
		assert_eq!(Reports::get(request()).unwrap().4, None);
	});
	build_and_execute(|| {
		honest_result();
		let (ours, pot) = (free(&executor()), free(&treasury()));
		let origin = RuntimeOrigin::signed(executor());
		assert_ok!(Disputes::dispute_by_replay(origin, request(), inline(), effort()));
		// Half of it would have gone to itself; it is burned.
		assert_eq!(free(&executor()), ours - BOND);
		assert_eq!(free(&treasury()), pot + BOND / 2);
	});
}

#[test]
fn a_slash_that_finds_nothing_leaves_the_result_invalid() {
	build_and_execute(|| {
		result_off_by(1.0);
		ReportFails::set(true);
		assert_ok!(dispute(inline(), effort()));
		assert_eq!(end_of(&request()), Some(MockEnd::Invalidated));
		assert_eq!(Covers::get(executor()), 0, "released");
		let decision = Disputes::decision(request()).unwrap();
		assert_eq!((decision.slash, decision.slashed_in), (0, None));
	});
}

#[test]
fn a_bond_needs_funds() {
	build_and_execute(|| {
		honest_result();
		let origin = RuntimeOrigin::signed(account(9));
		let before = sp_io::storage::root(StateVersion::V1);
		let error = Disputes::dispute_by_replay(origin, request(), inline(), effort());
		assert!(matches!(error.unwrap_err().error, DispatchError::Token(_)));
		assert_eq!(sp_io::storage::root(StateVersion::V1), before);
	});
}

#[test]
fn what_is_not_a_witness_is_refused() {
	build_and_execute(|| {
		let none = || Effort { macs: 1_000_000, bytes: 10_000 };
		refused(|| dispute(inline(), none()), Error::NotOpen);
		honest_result();
		let with = |package: Vec<u8>| Witness {
			package: PackageSource::Inline(package.try_into().unwrap()),
			input: None,
		};
		refused(|| dispute(with(vec![1, 2, 3]), none()), Error::WrongPackage);
		let mut longer = package();
		longer.push(0);
		refused(|| dispute(with(longer), none()), Error::WrongPackage);
		let other = package_with(&[0.0; 12]);
		refused(|| dispute(with(other), none()), Error::WrongPackage);
		let mut swapped = package();
		*swapped.last_mut().unwrap() ^= 1;
		refused(|| dispute(with(swapped), none()), Error::WrongPackage);

		let stored = Witness { package: PackageSource::Stored, input: None };
		refused(|| dispute(stored.clone(), none()), Error::NoPackage);
		let staged = Witness { package: PackageSource::Staged(request()), input: None };
		refused(|| dispute(staged, none()), Error::NoPackage);
		let wrong = input_of([1.0; 4], 2).encode();
		let wrong = Witness { input: Some(wrong.try_into().unwrap()), ..inline() };
		refused(|| dispute(wrong, none()), Error::WrongInput);
		let malformed = Witness { input: Some(vec![7].try_into().unwrap()), ..inline() };
		refused(|| dispute(malformed, none()), Error::WrongInput);
		ResultTable::mutate(request(), |result| result.as_mut().unwrap().input = None);
		refused(|| dispute(inline(), none()), Error::NoInput);

		let with_input = Witness { input: Some(input().encode().try_into().unwrap()), ..inline() };
		Suspended::set(true);
		refused(|| dispute(with_input.clone(), none()), Error::VersionSuspended);
		Suspended::set(false);
		ManifestTable::mutate(model(), |manifest| {
			manifest.as_mut().unwrap().program.as_mut().unwrap().canonical_version = 2;
		});
		refused(|| dispute(with_input.clone(), none()), Error::VersionSuspended);
		ManifestTable::mutate(model(), |manifest| manifest.as_mut().unwrap().program = None);
		refused(|| dispute(with_input, none()), Error::NoProgram);
	});
}

#[test]
fn what_comes_along_needs_not_be_on_chain() {
	build_and_execute(|| {
		let input = input();
		put_result(model(), &input, truth(&model(), &input), None);
		let witness = Witness { input: Some(input.encode().try_into().unwrap()), ..inline() };
		assert_ok!(dispute(witness, effort()));
		assert_eq!(end_of(&request()), Some(MockEnd::Upheld));
	});
}

#[test]
fn a_stored_package_needs_not_come_along() {
	build_and_execute(|| {
		result_off_by(1.0);
		PackageTable::insert(model(), package());
		let cost = Disputes::replay_cost_of(request(), PackageSource::Stored).unwrap();
		let witness = Witness { package: PackageSource::Stored, input: None };
		let short = Effort { bytes: cost.effort.bytes - 1, ..cost.effort };
		refused(|| dispute(witness.clone(), short), Error::EffortTooLow);
		assert_ok!(dispute(witness, cost.effort));
		assert_eq!(end_of(&request()), Some(MockEnd::Invalidated));
	});
}

#[test]
fn effort_is_charged_before_and_given_back_after() {
	build_and_execute(|| {
		honest_result();
		let needed = effort();
		let less = Effort { macs: needed.macs - 1, ..needed };
		refused(|| dispute(inline(), less), Error::EffortTooLow);
		// What comes along counts, whatever is declared.
		let call = |effort| {
			RuntimeCall::from(crate::Call::dispute_by_replay {
				request: request(),
				witness: inline(),
				effort,
			})
		};
		let exact = call(needed).get_dispatch_info().call_weight;
		let more = Effort { macs: needed.macs + 100_000_000, bytes: needed.bytes + 100_000 };
		let charged = call(more).get_dispatch_info().call_weight;
		// What it is depends on the machine that was measured.
		assert!(charged.ref_time() > exact.ref_time() + 10_000_000_000);
		let done = call(more).dispatch(RuntimeOrigin::signed(challenger())).unwrap();
		assert_eq!(done.actual_weight, Some(exact));
		// What no block can take is refused before anything is read, and is cheap.
		let huge = Effort { macs: u64::MAX, bytes: 0 };
		assert!(call(huge).get_dispatch_info().call_weight.ref_time() < 2_000_000_000);
		refused(|| dispute(inline(), huge), Error::TooHeavy);
		let long = Effort { macs: 1, bytes: u32::MAX };
		refused(|| dispute(inline(), long), Error::TooHeavy);
	});
}

#[test]
fn a_block_without_room_for_a_receipt_takes_no_replay() {
	build_and_execute(|| {
		honest_result();
		HasRoom::set(false);
		refused(|| dispute(inline(), effort()), Error::BlockFull);
		HasRoom::set(true);
		assert_ok!(dispute(inline(), effort()));
	});
}

#[test]
fn only_accounts_dispute() {
	build_and_execute(|| {
		honest_result();
		for origin in [RuntimeOrigin::none(), RuntimeOrigin::root()] {
			assert_noop!(Disputes::stage(origin.clone(), request(), 1), DispatchError::BadOrigin);
			let disputed =
				Disputes::dispute_by_replay(origin.clone(), request(), inline(), effort());
			assert_eq!(disputed.unwrap_err().error, DispatchError::BadOrigin);
			let confirmed = Disputes::confirm_by_replay(origin, request(), inline(), effort());
			assert_eq!(confirmed.unwrap_err().error, DispatchError::BadOrigin);
		}
	});
}

#[test]
fn queries_tell_what_a_replay_costs_and_finds() {
	build_and_execute(|| {
		honest_result();
		let cost = Disputes::replay_cost(package(), 100).unwrap();
		assert!(cost.fits && cost.fits_inline);
		assert_eq!(cost.effort.bytes as usize, package().len() + 100);
		assert_eq!(cost.bond, BOND);
		assert!(cost.bond_for_validator > UNIT);
		assert_eq!(Disputes::replay_cost(vec![0], 0), Err(ReplayRefusal::WrongPackage));
		let view = Disputes::disputable_result(request()).unwrap();
		assert_eq!((view.executor, view.cover, view.stored), (executor(), COVER, false));
		assert_eq!(Disputes::disputable(None, 10).len(), 1);
		assert_ok!(dispute(inline(), effort()));
		assert_eq!(Disputes::disputable_result(request()), None);
		assert_eq!(Disputes::decisions(None, 10).len(), 1);
		assert_eq!(Disputes::dry_run(request(), inline()), Err(ReplayRefusal::NotOpen));
	});
}
