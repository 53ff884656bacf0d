//! Two statements convict their signer, and nobody else.

use super::*;
use crate::{Error, Event, Slashes};
use countersign_primitives::{
	keys::InferenceId,
	request::{InputDemand, TrapCode},
};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::{DispatchErrorWithPostInfo, Pays},
};

fn report(
	first: &SignedStatement,
	second: &SignedStatement,
) -> Result<Pays, DispatchErrorWithPostInfo> {
	Validators::report_equivocation(signed(9), Box::new(first.clone()), Box::new(second.clone()))
		.map(|info| info.pays_fee)
}

/// Asserts that a report is refused, and changes nothing.
fn refused(first: &SignedStatement, second: &SignedStatement, error: Error<Test>) {
	assert_noop!(
		Validators::report_equivocation(
			signed(9),
			Box::new(first.clone()),
			Box::new(second.clone())
		),
		error
	);
}

#[test]
fn two_answers_to_one_request_cost_five_per_cent() {
	ExtBuilder::default().build_and_execute(|| {
		let (yes, no) = (sign(2, statement(2, 1, 1)), sign(2, statement(2, 1, 2)));
		let before = issuance();
		assert_eq!(report(&yes, &no), Ok(Pays::No));
		refused(&yes, &no, Error::<Test>::AlreadyReported);
		refused(&no, &yes, Error::<Test>::AlreadyReported);
		// A third answer is no other offence.
		refused(&sign(2, statement(2, 1, 3)), &no, Error::<Test>::AlreadyReported);
		assert_eq!(WithdrawnFromServing::get(), [account(2)]);
		settle_to(1);
		let taken = 4 * MINIMUM / 20;
		assert_eq!(held(&account(2)), 4 * MINIMUM - taken);
		assert_eq!(Balances::free_balance(account(9)), ENDOWMENT + taken / 10);
		assert_eq!(issuance(), before - taken * 9 / 10);
		assert!(events().iter().any(|event| matches!(event, Event::Rewarded { .. })));
		for session in 2..15 {
			assert!(report(&yes, &no).is_err());
			settle_to(session);
		}
		refused(&yes, &no, Error::<Test>::OutsideReportWindow);
		assert_eq!(held(&account(2)), 4 * MINIMUM - taken);
	});
}

#[test]
fn any_session_of_the_window_can_be_reported() {
	ExtBuilder::default().build_and_execute(|| {
		let pairs: Vec<_> = (0..=10u32)
			.map(|session| {
				settle_to(session);
				let (one, two) = (statement(1, session, 1), statement(1, session, 2));
				(sign(1, one), sign(1, two))
			})
			.collect();
		// Eleven of 5 % are more than half.
		for (yes, no) in &pairs[..10] {
			assert_ok!(report(yes, no));
		}
		refused(&pairs[10].0, &pairs[10].1, Error::<Test>::NothingToSlash);
		settle_to(11);
		assert_eq!(held(&account(1)), 5 * MINIMUM / 2);
	});
}

#[test]
fn traps_and_attributions_are_answers_too() {
	ExtBuilder::default().build_and_execute(|| {
		let trap = |operator| Statement {
			outcome: OutcomeCommitment::Trap { code: TrapCode::Operator, operator },
			..statement(1, 1, 1)
		};
		assert_ok!(report(&sign(1, trap(1)), &sign(1, statement(1, 1, 1))));
		let trap = |operator| Statement { request: Hash::from_low_u64_be(2), ..trap(operator) };
		assert_ok!(report(&sign(1, trap(1)), &sign(1, trap(2))));
		let credit = Statement { attribution: Hash::zero(), ..statement(1, 3, 1) };
		assert_ok!(report(&sign(1, credit), &sign(1, statement(1, 3, 1))));
		assert_eq!(Slashes::<Test>::iter_keys().count(), 3);
	});
}

#[test]
fn what_is_no_contradiction_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let yes = statement(1, 1, 1);
		let honest = sign(1, yes.clone());
		refused(&honest, &honest, Error::<Test>::NotEquivocation);
		// Signed by the same key; each says something else, of something else.
		for other in [
			Statement { request: Hash::zero(), ..statement(1, 1, 2) },
			Statement { role: Role::Auditor(0), ..statement(1, 1, 2) },
			Statement { session: 1, ..statement(1, 1, 2) },
			Statement { validator: 1, ..statement(1, 1, 2) },
			Statement { genesis: Hash::zero(), ..statement(1, 1, 2) },
			Statement { signer: pair(2).public(), ..statement(1, 1, 2) },
			// The same answer, whatever else it names.
			Statement { model: Hash::zero(), ..yes.clone() },
			Statement { input: Hash::zero(), ..yes.clone() },
		] {
			refused(&honest, &sign(1, other.clone()), Error::<Test>::NotEquivocation);
			refused(&sign(1, other), &honest, Error::<Test>::NotEquivocation);
		}
		let foreign =
			|answer| sign(1, Statement { genesis: Hash::zero(), ..statement(1, 1, answer) });
		refused(&foreign(1), &foreign(2), Error::<Test>::OtherChain);
		let later = |answer| sign(1, Statement { session: 1, ..statement(1, 1, answer) });
		refused(&later(1), &later(2), Error::<Test>::OutsideReportWindow);
		let elsewhere = |answer| sign(1, Statement { validator: 1, ..statement(1, 1, answer) });
		refused(&elsewhere(1), &elsewhere(2), Error::<Test>::UnknownMember);
		let nowhere = |answer| sign(1, Statement { validator: 9, ..statement(1, 1, answer) });
		refused(&nowhere(1), &nowhere(2), Error::<Test>::UnknownMember);
		let forged = |answer| SignedStatement {
			signature: sign(2, statement(1, 1, answer)).signature,
			..sign(1, statement(1, 1, answer))
		};
		refused(&forged(1), &sign(1, statement(1, 1, 2)), Error::<Test>::BadSignature);
		refused(&sign(1, statement(1, 1, 2)), &forged(1), Error::<Test>::BadSignature);
	});
}

#[test]
fn a_key_that_was_replaced_convicts_in_its_own_sessions() {
	ExtBuilder::default().build_and_execute(|| {
		let old = |answer| Statement { session: 0, ..statement(3, 1, answer) };
		let (yes, no) = (sign(3, old(1)), sign(3, old(2)));
		assert_ok!(set_keys(&account(3), 7));
		settle_to(4);
		// The new key is nobody's in the old session, the old one nobody's in the new.
		let new = |answer| Statement { signer: pair(7).public(), ..old(answer) };
		refused(&sign(7, new(1)), &sign(7, new(2)), Error::<Test>::UnknownMember);
		let late = |answer| Statement { session: 4, ..old(answer) };
		refused(&sign(3, late(1)), &sign(3, late(2)), Error::<Test>::UnknownMember);
		assert_ok!(report(&yes, &no));
	});
}

fn number(name: &str, default: usize) -> usize {
	std::env::var(name)
		.ok()
		.map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Changes one thing, or a few, of what an honest validator signed, or of its signature; or signs
/// it with another key; or takes a statement that it made on another fork.
fn mutate(random: &mut Random, honest: &[SignedStatement]) -> SignedStatement {
	let mut made = honest[random.below(honest.len())].clone();
	for _ in 0..1 + random.below(3) {
		let statement = &mut made.statement;
		let other = honest[random.below(honest.len())].clone();
		match random.below(15) {
			0 => statement.outcome = OutcomeCommitment::Output(random.hash()),
			1 => statement.attribution = random.hash(),
			2 => statement.request = other.statement.request,
			3 => statement.role = Role::Auditor(random.below(256) as u8),
			4 => statement.session = random.below(12) as u32,
			5 => statement.validator = random.below(4) as u32,
			6 => statement.signer = pair(1 + random.below(3) as u32).public(),
			7 => statement.model = random.hash(),
			8 => statement.input = random.hash(),
			9 => statement.genesis = random.hash(),
			10 => statement.outcome = other.statement.outcome,
			11 => made.signature = other.signature,
			12 => {
				let mut bytes: [u8; 64] =
					AsRef::<[u8]>::as_ref(&made.signature).try_into().unwrap();
				bytes[random.below(64)] ^= 1 << random.below(8);
				made.signature = sp_core::sr25519::Signature::from_raw(bytes).into();
			}
			// Whoever wants to convict another has keys, too: its own, and a validator's.
			13 => {
				made = SignedStatement {
					signature: pair(77).sign(&made.statement.signing_payload()),
					statement: made.statement,
				}
			}
			_ => {
				// What else a validator signs with this key.
				let demand = InputDemand {
					genesis: statement.genesis,
					request: statement.request,
					session: statement.session,
					validator: statement.validator,
					signer: statement.signer.clone(),
				};
				made.signature = pair(1).sign(&demand.signing_payload());
			}
		}
	}
	made
}

/// `COUNTERSIGN_MUTATIONS` sets how many; the full count is 10,000.
#[test]
fn no_mutation_of_honest_statements_makes_anybody_guilty() {
	let count = number("COUNTERSIGN_MUTATIONS", 1_500);
	ExtBuilder::default().build_and_execute(|| {
		let before = issuance();
		// Each signs one answer to each request, on whatever fork it sees it: the session of its
		// assignment, and its position, may differ from fork to fork.
		let mut honest = vec![];
		for session in 0..4 {
			settle_to(session);
			for n in 1..=3 {
				for request in 0..4 {
					honest.push(sign(n, statement(n, 10 * session + request, n as u8)));
					let fork = Statement { session, ..statement(n, request, n as u8) };
					honest.push(sign(n, fork));
				}
			}
		}
		let mut random = Random(1);
		for round in 0..count {
			let mutated = mutate(&mut random, &honest);
			let other = match random.below(4) {
				0 => mutate(&mut random, &honest),
				// The one it was made of, most likely.
				_ => {
					let like = |one: &&SignedStatement| {
						one.statement.request == mutated.statement.request
							&& one.statement.signer == mutated.statement.signer
					};
					honest.iter().find(like).unwrap_or(&honest[round % honest.len()]).clone()
				}
			};
			let (first, second) =
				if random.below(2) == 0 { (&mutated, &other) } else { (&other, &mutated) };
			assert!(report(first, second).is_err(), "guilty: {first:?} {second:?}");
		}
		// And all pairs of what they really signed, in any order.
		for first in &honest {
			for second in &honest {
				assert!(report(first, second).is_err(), "guilty: {first:?} {second:?}");
			}
		}
		assert_eq!(Slashes::<Test>::iter_keys().count(), 0);
		settle_to(8);
		assert_eq!(issuance(), before);
		println!("{count} mutations: none guilty");
	});
}

/// `COUNTERSIGN_EQUIVOCATIONS` sets how many; the full count is 1,000.
#[test]
fn every_equivocation_is_slashed_exactly_once() {
	let count = number("COUNTERSIGN_EQUIVOCATIONS", 150);
	// A bond of each that is large enough for its part of all of them would not show a slash too
	// many: so the chain lives on, and each equivocation is of the session that it is made in.
	ExtBuilder::default().build_and_execute(|| {
		let mut random = Random(2);
		let keys: Vec<InferenceId> = (1..=3).map(|n| pair(n).public()).collect();
		let mut made: Vec<(u32, SignedStatement, SignedStatement)> = vec![];
		let mut slashed = std::collections::BTreeMap::new();
		let (mut reported, mut refusals) = (0usize, 0usize);
		let before = issuance();
		let mut burned = 0;
		while reported < count {
			// The bonds are filled up, so that there always is something to take.
			for n in 1..=3 {
				let missing = (6 - n as u128) * MINIMUM - held(&account(n));
				if missing > 0 {
					assert_ok!(Validators::bond_more(signed(n), missing));
				}
			}
			let session = Session::current_index();
			for n in 1..=3 {
				assert_eq!(pair(n).public(), keys[n as usize - 1]);
				let request = made.len() as u32;
				let yes = sign(n, statement(n, request, 1));
				let no = match random.below(3) {
					0 => Statement { attribution: Hash::zero(), ..statement(n, request, 1) },
					1 => statement(n, request, 2),
					_ => Statement { model: Hash::zero(), ..statement(n, request, 3) },
				};
				made.push((n, yes, sign(n, no)));
			}
			// Reported in any order, several times, also when it is long slashed.
			for _ in 0..8 {
				let index = made.len() - 1 - random.below(made.len().min(12));
				let (_, yes, no) = &made[index];
				let (first, second) = if random.below(2) == 0 { (yes, no) } else { (no, yes) };
				match report(first, second) {
					Ok(_) => {
						reported += 1;
						assert!(slashed.insert(index, false).is_none(), "reported twice");
					}
					Err(error) => {
						refusals += 1;
						assert!(
							[Error::<Test>::AlreadyReported, Error::<Test>::NothingToSlash]
								.map(Into::into)
								.contains(&error.error),
							"{error:?}"
						);
					}
				}
			}
			events();
			settle_to(session + 1);
			for event in events() {
				if let Event::Slashed { cause, amount, burned: part, validator, .. } = event {
					let crate::Cause::Inference { request, .. } = cause else {
						panic!("{cause:?}")
					};
					let index = request.to_low_u64_be() as usize;
					assert_eq!(slashed.insert(index, true), Some(false), "slashed twice");
					let n = made[index].0;
					assert_eq!(validator, account(n));
					// The last of a half may be less.
					assert!(amount > 0 && amount <= (6 - u128::from(n)) * MINIMUM / 20);
					burned += part;
				}
			}
		}
		assert!(slashed.values().all(|done| *done), "every one was slashed");
		assert_eq!(slashed.len(), reported);
		assert_eq!(issuance(), before - burned);
		println!("{reported} equivocations: each slashed once; {refusals} further reports refused");
	});
}
