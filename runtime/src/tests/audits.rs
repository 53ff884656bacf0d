//! Audits of real programs on the real runtime: draws by BABE's randomness, traces of the canonical
//! operator set, money, and what a replay says about those who contradict each other.

use super::{
	blocks::Chain,
	disputes::{
		answer, ask, ask_for, challenger, changed, check, dispute, example_input, pair_of,
		register, requester, set, truth, with_a_model, Model, WITHIN,
	},
	genesis::preset,
};
use crate::*;
use countersign_canonical as canonical;
use countersign_primitives::{
	audit::{audit_commitment, AuditCommit, AuditItem, AuditReveal, AuditStage, SeatStatus},
	dispute::Verdict,
	keys::InferencePair,
	model::PrecisionPolicy,
	offence::OffenceKind,
	request::{EvidenceSet, Finality, Outcome, RequestId, Role, Statement, TrapCode},
	tensor::Tensor,
	traits::{Bonds, Offences as _, Results as _},
};
use countersign_programs::{examples, game::Player, to_canonical};
use frame_support::traits::Authorize;
use sp_core::Pair;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{traits::Dispatchable, transaction_validity::TransactionSource};

/// All that is to be audited.
pub(super) fn work() -> Vec<AuditItem> {
	Sr25519Keyring::iter()
		.flat_map(|key| Audits::work_of(InferencePair::from(key.pair()).public()))
		.collect()
}

/// The digest of the trace that an audit asks for.
fn trace(model: &Model, input: &[Tensor], item: &AuditItem) -> Hash {
	let mut prepared = canonical::Prepared::from_package(&model.package).expect("a package");
	let inputs: Vec<_> = input.iter().map(to_canonical).collect();
	prepared.run_audited(&inputs, item.seed.0).1.into()
}

fn bring_in(call: impl Into<RuntimeCall>) {
	let call = call.into();
	let valid = call.authorize(TransactionSource::External);
	assert!(matches!(valid, Some(Ok(_))), "{valid:?}");
	call.dispatch(frame_system::RawOrigin::Authorized.into())
		.expect("what is authorized does not fail");
}

/// Does what one auditor has to do, with what it found.
pub(super) fn act(item: &AuditItem, outcome: Outcome, trace: Hash) {
	let pair = pair_of(&item.account);
	let genesis = System::block_hash(0);
	let found = outcome.commitment().expect("tensors");
	let salt = [item.validator as u8; 32];
	let (request, role) = (item.request, item.role);
	match item.stage {
		AuditStage::Commit => {
			let account = &item.account;
			let commit = AuditCommit {
				genesis,
				request,
				role,
				session: item.session,
				validator: item.validator,
				commitment: audit_commitment(
					&genesis, &request, role, account, &found, &trace, &salt,
				),
				signer: pair.public(),
			};
			let signature = pair.sign(&commit.signing_payload());
			bring_in(pallet_audits::Call::commit { commit, signature });
		}
		AuditStage::Wait => {}
		AuditStage::Reveal => {
			let statement = Statement {
				genesis,
				request,
				model: item.model,
				role,
				session: item.session,
				validator: item.validator,
				input: item.input_commitment,
				outcome: found,
				attribution: item.attribution,
				signer: pair.public(),
			};
			let outcome = (statement.outcome != item.claimed).then_some(outcome);
			let signature = pair.sign(&statement.signing_payload());
			let reveal = AuditReveal { statement, trace, salt, outcome };
			bring_in(pallet_audits::Call::reveal { reveal, signature });
		}
	}
}

/// Blocks in which all auditors say what the program gives, except those that lie.
fn run(
	chain: &mut Chain,
	blocks: u32,
	model: &Model,
	input: &[Tensor],
	lie: impl Fn(&AuditItem) -> Option<Outcome>,
) {
	for _ in 0..blocks {
		let items = work();
		chain.block(|| {
			for item in &items {
				let outcome = lie(item).unwrap_or_else(|| truth(model, input));
				act(item, outcome, trace(model, input, item));
			}
		});
	}
}

fn honest(chain: &mut Chain, blocks: u32, model: &Model, input: &[Tensor]) {
	run(chain, blocks, model, input, |_| None);
}

fn seats(request: &RequestId) -> Vec<(AccountId, SeatStatus)> {
	let view = Audits::view(*request).expect("it is audited");
	view.seats.into_iter().map(|seat| (seat.account, seat.status)).collect()
}

fn free(who: &AccountId) -> Balance {
	Balances::free_balance(who)
}

#[test]
fn a_result_is_audited_twice_and_its_auditors_are_paid_out_of_its_fee() {
	with_a_model(WITHIN, |chain, model| {
		let input = example_input();
		let request = ask(chain, &model, &input);
		let executor = Inference::request_view(request)
			.and_then(|view| view.assignment)
			.expect("assigned")
			.account;
		chain.block(|| assert!(answer(request, truth(&model, &input))));
		let cover = Inference::cover(&request);
		honest(chain, 5, &model, &input);
		assert_eq!(Inference::evidence(&request).audited, 2);
		assert!(seats(&request)
			.iter()
			.all(|(who, status)| { *who != executor && *status == SeatStatus::Agrees }));
		for (auditor, _) in seats(&request) {
			assert!(<Validators as Bonds>::reserved_cover(&auditor) >= cover);
		}
		// The late draw, after two epochs, finds the one validator that is left.
		honest(chain, 25, &model, &input);
		assert_eq!(Inference::evidence(&request).audited, 3);
		assert_eq!(Inference::finality(&request), Some(Finality::Open));
		let accounts: Vec<_> = seats(&request).into_iter().map(|(account, _)| account).collect();
		let before: Balance = accounts.iter().map(free).sum();
		let pot = configs::inference::AuditPotAccount::get();
		let there = free(&pot);
		while Inference::finality(&request) == Some(Finality::Open) {
			honest(chain, 1, &model, &input);
		}
		let in_pot = free(&pot) - there;
		chain.block(|| ());
		let paid = accounts.iter().map(free).sum::<Balance>() - before;
		let pay = Audits::view(request).expect("readable").seats[0].pay;
		assert_eq!(paid, 3 * pay);
		assert!(pay > 0 && 4 * pay <= in_pot, "what four would get came in");
		for account in &accounts {
			assert_eq!(<Validators as Bonds>::reserved_cover(account), 0);
		}
		check();
		assert_eq!(Audits::record_view(executor).passed, 3);
	});
}

#[test]
fn a_lie_is_contradicted_and_costs_the_liar_its_cover() {
	with_a_model(PrecisionPolicy::Exact, |chain, model| {
		let input = example_input();
		let request = ask(chain, &model, &input);
		let executor = Inference::request_view(request)
			.and_then(|view| view.assignment)
			.expect("assigned")
			.account;
		let forged = changed(&truth(&model, &input), |tensor| set(tensor, 1, 7.0));
		chain.block(|| assert!(answer(request, forged)));
		honest(chain, 6, &model, &input);
		assert_eq!(Inference::evidence(&request).audited, 0);
		assert!(seats(&request).iter().all(|(_, status)| *status == SeatStatus::Contradicts));
		let until = Audits::view(request).and_then(|view| view.contradicted_until).expect("held");
		// The window to Final passes, and the result is still open.
		while Inference::window_clock() < until.min(100) {
			honest(chain, 1, &model, &input);
		}
		assert_eq!(Inference::finality(&request), Some(Finality::Open));
		let auditors: Vec<_> = seats(&request).into_iter().map(|(account, _)| account).collect();
		chain.block(|| assert_eq!(dispute(&model, request), Verdict::Wrong));
		assert_eq!(Inference::finality(&request), Some(Finality::Invalidated));
		let is_reported = |role, who: &AccountId| {
			Validators::is_reported(OffenceKind::WrongResult, &request, role, who)
		};
		assert!(is_reported(Role::Executor, &executor));
		chain.block(|| ());
		for (number, auditor) in (0u8..).zip(&auditors) {
			assert!(!is_reported(Role::Auditor(number), auditor));
			assert_eq!(<Validators as Bonds>::reserved_cover(auditor), 0);
		}
		// The pot has nothing of this request: what it lacks it owes.
		let owed: Balance = auditors.iter().map(|who| Audits::record_view(who.clone()).owed).sum();
		assert!(owed > 0);
	});
}

#[test]
fn a_false_accusation_costs_the_auditor_its_cover_and_the_executor_nothing() {
	with_a_model(WITHIN, |chain, model| {
		let input = example_input();
		let request = ask(chain, &model, &input);
		chain.block(|| assert!(answer(request, truth(&model, &input))));
		let cover = Inference::cover(&request);
		while work().is_empty() {
			chain.block(|| ());
		}
		let liar = work()[0].clone();
		let lie = changed(&truth(&model, &input), |tensor| set(tensor, 0, 999.0));
		run(chain, 5, &model, &input, |item| (item.account == liar.account).then(|| lie.clone()));
		assert_eq!(Inference::evidence(&request).audited, 1);
		let before = free(&liar.account);
		chain.block(|| assert_eq!(dispute(&model, request), Verdict::Accepted));
		assert_eq!(Inference::finality(&request), Some(Finality::Final));
		let (kind, role) = (OffenceKind::WrongResult, liar.role);
		chain.block(|| ());
		assert!(Validators::is_reported(kind, &request, role, &liar.account));
		assert!(Models::serving(&liar.account).models.is_empty(), "who lied serves no more");
		let view = Validators::view(&liar.account).expect("a validator");
		assert_eq!((view.reserved_cover, free(&liar.account)), (0, before));
		let bond = view.bonded;
		for _ in 0..25 {
			chain.block(|| ());
		}
		assert_eq!(<Validators as Bonds>::bonded(&liar.account), bond - cover);
		assert!(free(&challenger()) < 10_000_000 * UNIT, "who disputed what holds paid");
	});
}

/// A trap of bad input, where the input fits, can come of no run. The chain sees that when a game
/// would be opened; whoever agreed is as wrong as the executor.
#[test]
fn who_agrees_with_what_no_run_gives_loses_its_cover_too() {
	with_a_model(WITHIN, |chain, model| {
		let input = example_input();
		let request = ask(chain, &model, &input);
		let trap = Outcome::Trap { code: TrapCode::BadInput, operator: u32::MAX };
		chain.block(|| assert!(answer(request, trap.clone())));
		let cover = Inference::cover(&request);
		while work().is_empty() {
			chain.block(|| ());
		}
		let copies = work()[0].clone();
		run(chain, 5, &model, &input, |item| {
			(item.account == copies.account).then(|| trap.clone())
		});
		assert_eq!(Inference::evidence(&request).audited, 1);
		let decoded = canonical::Model::decode(&model.package).expect("a package");
		let inputs: Vec<_> = input.iter().map(to_canonical).collect();
		let player = Player::new(&decoded, &inputs, Vec::new()).expect("it runs");
		let (origin, opening) = (RuntimeOrigin::signed(challenger()), player.opening());
		chain.block(|| Disputes::open_game(origin, request, opening).expect("it is wrong"));
		assert_eq!(Inference::finality(&request), Some(Finality::Invalidated));
		chain.block(|| ());
		chain.block(|| ());
		for (number, (auditor, status)) in (0u8..).zip(seats(&request)) {
			let kind = OffenceKind::WrongResult;
			let role = Role::Auditor(number);
			let is_wrong = auditor == copies.account;
			assert_eq!(Validators::is_reported(kind, &request, role, &auditor), is_wrong);
			let expected = if is_wrong { SeatStatus::Agrees } else { SeatStatus::Contradicts };
			assert_eq!(status, expected);
			assert_eq!(<Validators as Bonds>::reserved_cover(&auditor), 0);
		}
		let bond = <Validators as Bonds>::bonded(&copies.account);
		for _ in 0..25 {
			chain.block(|| ());
		}
		assert_eq!(<Validators as Bonds>::bonded(&copies.account), bond - cover);
	});
}

#[test]
fn two_audits_can_be_bought() {
	with_a_model(WITHIN, |chain, model| {
		let input = example_input();
		let before = free(&requester());
		let wanted = EvidenceSet { audited: 2, ..Default::default() };
		let terms = |evidence| countersign_primitives::request::Terms {
			max_fee: 100 * UNIT,
			deadline: chain.number() + 100,
			lane: 0,
			evidence,
			value_at_risk: 0,
			callback: None,
		};
		let with = Inference::quote(model.id, 8, terms(wanted)).expect("offered");
		let plain = Inference::quote(model.id, 8, terms(EvidenceSet::default())).expect("offered");
		let three = EvidenceSet { audited: 3, ..Default::default() };
		assert!(Inference::quote(model.id, 8, terms(three)).is_err());
		// Each as much as the executor gets of the work: 60 %.
		let audit = plain.cost_fee * 60 / 100;
		assert!(with.fee.abs_diff(plain.fee + 2 * audit) <= 2);
		assert_eq!(with.cover, plain.cover);

		let request = ask_for(chain, &model, &input, wanted);
		chain.block(|| assert!(answer(request, truth(&model, &input))));
		while Inference::finality(&request) == Some(Finality::Open) {
			honest(chain, 1, &model, &input);
		}
		assert!(Inference::evidence(&request).covers(&wanted));
		let paid = before - free(&requester());
		assert_eq!(paid, with.fee);

		// Where nobody audits, what was paid for it comes back.
		let before = free(&requester());
		let request = ask_for(chain, &model, &input, wanted);
		chain.block(|| assert!(answer(request, truth(&model, &input))));
		while Inference::finality(&request) == Some(Finality::Open) {
			chain.block(|| ());
		}
		assert!(!Inference::evidence(&request).covers(&wanted));
		assert_eq!(before - free(&requester()), plain.fee);
	});
}

#[test]
fn a_chain_of_one_validator_pays_it_in_full() {
	preset("development").execute_with(|| {
		let mut chain = Chain::new();
		let model = chain.block(|| register(1, examples::dense(8, 16, 4), WITHIN, UNIT));
		chain.block(|| ());
		let input = example_input();
		let request = ask(&mut chain, &model, &input);
		let executor = Sr25519Keyring::Alice.to_account_id();
		chain.block(|| assert!(answer(request, truth(&model, &input))));
		let before = free(&executor);
		while Inference::finality(&request) == Some(Finality::Open) {
			chain.block(|| ());
		}
		let fee = Inference::quote(
			model.id,
			8,
			countersign_primitives::request::Terms {
				max_fee: 0,
				deadline: 0,
				lane: 0,
				evidence: EvidenceSet::default(),
				value_at_risk: 0,
				callback: None,
			},
		)
		.expect("offered")
		.cost_fee;
		assert!((free(&executor) - before).abs_diff(fee * 60 / 100) <= 1);
		check();
	});
}
