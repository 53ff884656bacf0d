//! No parameter is read by nothing: a change of any one at genesis changes what can be seen to
//! happen.
//!
//! One script is played for genesis as it is, and again for each number in it, changed. What is
//! written down are effects and never the parameters themselves; so a parameter that is added and
//! forgotten, or asked and not heeded, fails here.

use super::{
	audits::{act, work},
	blocks::Chain,
	genesis::preset_with,
	governance::{answer, ask, model_of_cost, propose, signed, tensors},
};
use crate::*;
use countersign_primitives::{
	audit::AuditStage,
	commitment::tensors_commitment,
	governance::GovernanceParameters,
	keys::InferencePair,
	model::{ModelId, ProgramRef},
	offence::{OffenceKind, OffenceReport},
	parameters::{ConsensusParameters, RequestParameters},
	request::{EvidenceSet, Input, InputDemand, Outcome, RequestId, Role, Terms},
	traits::{Bonds, Offences as _, Results as _, Sessions},
	GIGA_MAC,
};
use frame_support::{
	assert_ok,
	traits::{schedule::DispatchTime, Authorize, Bounded},
};
use pallet_conviction_voting::{AccountVote, Conviction, Vote};
use pallet_governance::Origin;
use pallet_referenda::{ReferendumInfo, ReferendumInfoFor};
use serde_json::{json, Value};
use sp_core::Pair;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{traits::Dispatchable, transaction_validity::TransactionSource, BoundedVec};
use std::collections::BTreeMap;

/// Blocks in which almost every parameter shows, and those after which everything has ended.
const SOON: u32 = 30;
const AT_LAST: u32 = 240;

/// The block, what it is about, and what that was from then on.
type One = (u32, &'static str, String);
/// What was seen, in order.
type Seen = Vec<One>;

/// Genesis of these tests: short times, so that everything ends.
fn base() -> Value {
	json!({
		"validators": { "parameters": ConsensusParameters {
			report_window_sessions: 2,
			..ConsensusParameters::local()
		}},
		"inference": { "parameters": RequestParameters {
			deadline_most_blocks: 60,
			take_over_base_blocks: 5,
			demand_input_blocks: 10,
			final_window_blocks: 48,
			dispute_game_blocks: 60,
			retention_blocks: 10,
			..RequestParameters::local()
		}},
		"origins": { "parameters": GovernanceParameters::local() },
	})
}

fn terms() -> Terms {
	Terms {
		max_fee: UNIT,
		deadline: System::block_number() + 50,
		lane: 1,
		evidence: EvidenceSet::default(),
		value_at_risk: 0,
		callback: None,
	}
}

fn pair_of(account: &AccountId) -> InferencePair {
	let key = Sr25519Keyring::iter().find(|key| key.to_account_id() == *account);
	InferencePair::from(key.expect("a development account").pair())
}

/// A request whose input nobody offers.
fn ask_without_input(model: ModelId) -> RequestId {
	let who = Sr25519Keyring::Ferdie.to_account_id();
	let (nonce, terms) = (Inference::next_nonce(who.clone(), 1), terms());
	let commitment = tensors_commitment(&tensors());
	let id = Inference::id_of(who, nonce, model, commitment, terms.clone());
	let length = codec::Encode::encoded_size(&tensors()) as u32;
	let input = Input::Committed { commitment, length };
	assert_ok!(Inference::request(signed(Sr25519Keyring::Ferdie), model, input, terms, nonce));
	id
}

fn demand(request: RequestId) {
	let assignment = Inference::request_view(request).and_then(|view| view.assignment);
	let assignment = assignment.expect("it is assigned");
	let pair = pair_of(&assignment.account);
	let demand = InputDemand {
		genesis: System::block_hash(0),
		request,
		session: assignment.session,
		validator: assignment.validator,
		signer: pair.public(),
	};
	let signature = pair.sign(&demand.signing_payload());
	let call: RuntimeCall = pallet_inference::Call::demand_input { demand, signature }.into();
	assert!(matches!(call.authorize(TransactionSource::External), Some(Ok(_))));
	assert_ok!(call.dispatch(frame_system::RawOrigin::Authorized.into()));
}

/// A referendum that nobody votes for, with or without the deposit that it needs to be decided.
fn submit(origin: Origin, decided: bool) {
	let index = pallet_referenda::ReferendumCount::<Runtime>::get();
	let call: RuntimeCall = frame_system::Call::remark { remark: alloc::vec![] }.into();
	let proposal = BoundedVec::try_from(codec::Encode::encode(&call)).expect("a short call");
	assert_ok!(Referenda::submit(
		signed(Sr25519Keyring::Eve),
		Box::new(OriginCaller::Origins(origin)),
		Bounded::Inline(proposal),
		DispatchTime::After(0),
	));
	if decided {
		assert_ok!(Referenda::place_decision_deposit(signed(Sr25519Keyring::Eve), index));
	}
}

/// The requests of the script.
struct Requests {
	missed: RequestId,
	withheld: RequestId,
	answered: RequestId,
	audited: RequestId,
}

/// What can be seen after a block.
fn look(requests: &Requests) -> BTreeMap<&'static str, String> {
	let status = |id: &RequestId| {
		Inference::request_view(*id)
			.map(|view| (view.status, view.assignment.map(|it| it.deadline)))
	};
	let referenda: BTreeMap<u32, &str> = ReferendumInfoFor::<Runtime>::iter()
		.map(|(index, info)| {
			let word = match info {
				ReferendumInfo::Ongoing(_) => "ongoing",
				ReferendumInfo::Approved(..) => "approved",
				ReferendumInfo::Rejected(..) => "rejected",
				ReferendumInfo::TimedOut(..) => "timed out",
				_ => "ended",
			};
			(index, word)
		})
		.collect();
	let mut agenda: Vec<u32> = pallet_scheduler::Agenda::<Runtime>::iter_keys().collect();
	agenda.sort_unstable();
	let alice = Sr25519Keyring::Alice.to_account_id();
	let lock = pallet_conviction_voting::VotingFor::<Runtime>::get(&alice, 1);
	let spends: Vec<_> = pallet_treasury::Spends::<Runtime>::iter().collect();
	BTreeMap::from([
		("a missed request", format!("{:?}", status(&requests.missed))),
		("a withheld input", format!("{:?}", status(&requests.withheld))),
		("an answer", format!("{:?}", status(&requests.answered))),
		("its finality", format!("{:?}", Inference::finality(&requests.answered))),
		("the session", Session::current_index().to_string()),
		("the set", Session::validators().len().to_string()),
		("who was in session 0", <Validators as Sessions>::member(0, 0).is_some().to_string()),
		("slashes", Validators::pending_slashes(None, 9).len().to_string()),
		("the bond", <Validators as Bonds>::bonded(&alice).to_string()),
		("referenda", format!("{referenda:?}")),
		("what is scheduled", format!("{agenda:?}")),
		("a vote", format!("{lock:?}")),
		("audits", format!("{:?}", Audits::view(requests.audited))),
		("a pause", pallet_inference::Paused::<Runtime>::get().to_string()),
		("payouts", format!("{spends:?}")),
	])
}

/// What is the same at once.
fn at_once(cheap: ModelId, middling: ModelId, costly: ModelId) -> Vec<(&'static str, String)> {
	let length = codec::Encode::encoded_size(&tensors()) as u32;
	let quote_at_risk = |model, value_at_risk| {
		let terms = Terms { value_at_risk, ..terms() };
		Inference::quote(model, length, terms)
			.map(|quote| (quote.fee, quote.cover, quote.earliest_deadline, quote.latest_deadline))
	};
	let quote = |model| quote_at_risk(model, 0);
	let bond = |amount| {
		frame_support::hypothetically!(Validators::bond(signed(Sr25519Keyring::Ferdie), amount))
	};
	assert_ok!(Models::set_price(signed(Sr25519Keyring::Eve), cheap, UNIT));
	let price = Models::model(&cheap).map(|view| view.price);
	let report = OffenceReport {
		kind: OffenceKind::Equivocation,
		session: Session::current_index(),
		validator: 0,
		request: Hash::repeat_byte(9),
		role: Role::Executor,
		amount: 0,
		version: None,
		reporter: None,
	};
	let due = Validators::report(report);
	assert_ok!(Validators::unbond(signed(Sr25519Keyring::Bob), UNIT));
	let bob = Validators::view(&Sr25519Keyring::Bob.to_account_id());
	let unbonding = bob.map(|view| view.unbonding);
	alloc::vec![
		("a quote", format!("{:?}", quote(cheap))),
		("a quote for more", format!("{:?}", quote(middling))),
		("a quote with a value at risk", format!("{:?}", quote_at_risk(middling, UNIT))),
		("a quote for too much", format!("{:?}", quote(costly))),
		("the least bond", format!("{:?}", bond(1_000 * UNIT).is_ok())),
		("a price", format!("{price:?}")),
		("a slash", format!("{due:?}")),
		("what unbonds", format!("{unbonding:?}")),
	]
}

/// Plays the script and writes down what is seen.
fn play(genesis: Value, blocks: u32) -> Seen {
	preset_with("local_testnet", genesis).execute_with(|| {
		let mut chain = Chain::new();
		let mut seen = Seen::new();
		let requests = chain.block(|| {
			let model = model_of_cost(1, 1_000, None);
			let program = ProgramRef { root: Hash::repeat_byte(1), canonical_version: 1 };
			let middling = model_of_cost(2, 2 * GIGA_MAC, Some(program));
			let costly = model_of_cost(3, 9 * GIGA_MAC / 2, None);
			let missed = ask(model).expect("it is taken");
			let answered = ask(model).expect("it is taken");
			let withheld = ask_without_input(model);
			let audited = ask(middling).expect("it is taken");
			seen.extend(at_once(model, middling, costly).into_iter().map(|(of, it)| (1, of, it)));
			Requests { missed, withheld, answered, audited }
		});
		chain.block(|| {
			answer(requests.answered);
			answer(requests.audited);
			demand(requests.withheld);
			let spend = pallet_treasury::Call::spend {
				asset_kind: Box::new(()),
				amount: UNIT,
				beneficiary: Box::new(AccountId::from([9; 32])),
				valid_from: None,
			};
			propose(Origin::Spend, spend);
			propose(
				Origin::Upgrade,
				pallet_governance::Call::authorize_upgrade { code_hash: Hash::zero() },
			);
			let parameters =
				propose(Origin::Parameters, frame_system::Call::remark { remark: alloc::vec![] });
			let vote = Vote { aye: true, conviction: Conviction::Locked1x };
			let vote = AccountVote::Standard { vote, balance: UNIT };
			assert_ok!(ConvictionVoting::vote(signed(Sr25519Keyring::Alice), parameters, vote));
			propose(Origin::Slashes, pallet_validators::Call::cancel_slash { slash: 0 });
			propose(Origin::Emergency, pallet_inference::Call::set_paused { paused: true });
			let held = Balances::reserved_balance(Sr25519Keyring::Eve.to_account_id());
			submit(Origin::Parameters, false);
			let submitted = Balances::reserved_balance(Sr25519Keyring::Eve.to_account_id()) - held;
			seen.push((2, "a submission", submitted.to_string()));
			submit(Origin::Suspensions, true);
			let decided = Balances::reserved_balance(Sr25519Keyring::Eve.to_account_id()) - held;
			seen.push((2, "a decision", decided.to_string()));
			submit(Origin::Slashes, true);
			submit(Origin::Emergency, true);
		});
		let mut last = BTreeMap::new();
		for _ in 0..blocks {
			let items = work();
			chain.block(|| {
				// Auditors commit, and do not show what they committed to.
				for item in items.iter().filter(|item| item.stage == AuditStage::Commit) {
					let bytes = codec::Encode::encode(&tensors()).try_into().expect("short");
					act(item, Outcome::Output(bytes), Hash::zero());
				}
				// A vote that is taken back after the decision stays locked for a while.
				if matches!(
					ReferendumInfoFor::<Runtime>::get(2),
					Some(ReferendumInfo::Approved(..))
				) {
					let alice = signed(Sr25519Keyring::Alice);
					let _ = ConvictionVoting::remove_vote(alice, Some(1), 2);
				}
			});
			let now = look(&requests);
			for (of, state) in &now {
				if last.get(of) != Some(state) {
					seen.push((chain.number(), *of, state.clone()));
				}
			}
			last = now;
		}
		seen
	})
}

/// Every number in a value, by its path.
fn numbers(value: &Value, path: &str, found: &mut Vec<String>) {
	match value {
		Value::Object(fields) => {
			for (name, value) in fields {
				numbers(value, &format!("{path}/{name}"), found);
			}
		}
		Value::Number(_) => found.push(path.into()),
		other => panic!("{path}: a parameter that this test cannot change: {other}"),
	}
}

/// The first thing that went another way.
fn differs(before: &[One], after: &[One]) -> Option<String> {
	match before.iter().zip(after).find(|(before, after)| before != after) {
		Some((before, after)) => Some(format!("{before:?}, and now {after:?}")),
		None => (before.len() != after.len()).then(|| "something more or less".into()),
	}
}

#[test]
fn each_parameter_of_genesis_changes_what_happens() {
	let base = base();
	let (soon, at_last) = (play(base.clone(), SOON), play(base.clone(), AT_LAST));
	let again = play(base.clone(), SOON);
	assert_eq!(soon, again, "the script goes the same way every time");
	let mut paths = Vec::new();
	numbers(&base, "", &mut paths);
	assert!(paths.len() >= 6 + 17 + 18, "{paths:?}");
	let mut unread = Vec::new();
	for path in &paths {
		let mut changed = base.clone();
		let number = changed.pointer_mut(path).expect("it was found there");
		let value = number.as_u64().expect("a number below 2^64");
		*number = match path.rsplit('/').next() {
			// Four stand for it.
			Some("maximumValidators") => json!(3),
			_ => json!(value + 1),
		};
		let found = differs(&soon, &play(changed.clone(), SOON))
			.or_else(|| differs(&at_last, &play(changed, AT_LAST)));
		match found {
			Some(what) => println!("{path}: {what}"),
			None => unread.push(path),
		}
	}
	assert!(unread.is_empty(), "nothing hangs on {unread:?}");
}
