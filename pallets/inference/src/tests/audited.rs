#![allow(unreachable_pub)]
//! What audits are told, and what they change of a request's life.

use crate::{mock::*, settlement::split, Error, Event, Results};
use countersign_primitives::{
	audit::{wanted_fee, AuditBill, AuditedResults, Audits, NewResult},
	dispute::Verdicts as _,
	request::{EvidenceSet, Finality, OutcomeCommitment, RequestId, RequestStatus},
	traits::Results as _,
	AccountId, Balance,
};
use frame_support::{assert_ok, parameter_types, weights::Weight};

parameter_types! {
	/// What audits were told, in order.
	pub static Told: Vec<Said> = vec![];
	/// Until which tick audits keep results open.
	pub static KeptUntil: u64 = 0;
	/// What audits say that payments change by.
	pub static Bill: AuditBill = AuditBill { from_executor: 0, unspent: 0 };
}

/// Something that audits were told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
	Answered(Box<NewResult>),
	Recomputed(RequestId, OutcomeCommitment),
	Closed(RequestId, Finality),
}

/// Audits that note what they are told.
pub struct Recorded;

impl Audits for Recorded {
	const OFFERED: bool = true;
	fn answered(result: NewResult) {
		Told::mutate(|told| told.push(Said::Answered(Box::new(result))));
	}
	fn keeps_open(_: &RequestId) -> Option<u64> {
		(KeptUntil::get() >= Inference::window_clock()).then(|| KeptUntil::get() + 1)
	}
	fn recomputed(request: &RequestId, canonical: &OutcomeCommitment) {
		Told::mutate(|told| told.push(Said::Recomputed(*request, canonical.clone())));
	}
	fn close(request: &RequestId, finality: Finality) -> AuditBill {
		Told::mutate(|told| told.push(Said::Closed(*request, finality)));
		Bill::get()
	}
	fn reserved(_: &AccountId) -> Balance {
		0
	}
	fn answered_weight() -> Weight {
		Weight::zero()
	}
	fn close_weight() -> Weight {
		Weight::zero()
	}
}

/// Runs a test with audits that say nothing by themselves.
fn run(test: impl FnOnce()) {
	ExtBuilder::default().build_and_execute(|| {
		Told::set(vec![]);
		KeptUntil::set(0);
		Bill::set(AuditBill::default());
		test();
		KeptUntil::set(0);
		Bill::set(AuditBill::default());
	});
}

fn executor_share() -> Balance {
	split(cost_fee(), cost_fee(), 0).executor
}

fn wanting(audited: u8) -> Ask {
	let mut ask = ask();
	ask.terms.evidence = EvidenceSet { audited, ..Default::default() };
	ask
}

#[test]
fn audits_are_told_of_every_result_with_a_program_and_of_its_end() {
	run(|| {
		let id = answered();
		let told = Told::get();
		let [Said::Answered(result)] = &told[..] else { panic!("{told:?}") };
		assert_eq!(result.statement, Results::<Test>::get(id).unwrap().statement);
		assert_eq!(result.executor, executor(&id));
		assert_eq!((result.macs, result.wanted), (MACS, 0));
		assert_eq!(result.cover, request(&id).cover);
		let parts = split(cost_fee(), cost_fee(), 0);
		assert_eq!((result.executor_share, result.audit_share), (parts.executor, parts.audit_pot));
		run_blocks(60);
		assert_eq!(Told::get()[1..], [Said::Closed(id, Finality::Final)]);

		// Nobody can audit what has no program.
		ModelTable::mutate(model(), |model| model.as_mut().unwrap().canonical_version = None);
		Told::set(vec![]);
		answered();
		assert_eq!(Told::get(), vec![]);
		ModelTable::mutate(model(), |model| model.as_mut().unwrap().canonical_version = Some(1));
	});
}

#[test]
fn a_verdict_tells_audits_before_the_result_ends() {
	run(|| {
		let id = answered();
		let canonical = trap().commitment().unwrap();
		Told::set(vec![]);
		Inference::recomputed(&id, &canonical);
		assert_ok!(Inference::invalidate(&id));
		let said = [Said::Recomputed(id, canonical), Said::Closed(id, Finality::Invalidated)];
		assert_eq!(Told::get(), said);
	});
}

#[test]
fn audits_keep_a_result_from_final_and_no_longer() {
	run(|| {
		let id = answered();
		KeptUntil::set(75);
		run_blocks(60);
		assert_eq!(status(&id), RequestStatus::Answered);
		assert_eq!(Results::<Test>::get(id).unwrap().final_at, 76);
		// Looked at again, and kept again.
		run_blocks(10);
		KeptUntil::set(80);
		run_blocks(8);
		assert_eq!(status(&id), RequestStatus::Answered);
		// A verdict ends it all the same.
		let other = Results::<Test>::get(id).unwrap().final_at;
		run_to((other - 1) as u32);
		assert_eq!(status(&id), RequestStatus::Answered);
		next_block();
		assert_eq!(status(&id), RequestStatus::Settled);

		let id = answered();
		KeptUntil::set(1_000);
		run_blocks(70);
		assert_ok!(Inference::make_final(&id, EvidenceSet::default()));
		assert_eq!(status(&id), RequestStatus::Settled);
	});
}

#[test]
fn wanted_audits_are_paid_on_top_and_come_back_where_they_did_not_happen() {
	for (audited, unspent) in [(1, 0), (2, 0), (2, 1), (2, 2)] {
		run(|| {
			let share = executor_share();
			let audit_fee = wanted_fee(audited, share);
			let quote = Inference::quote(model(), 100, wanting(audited).terms).unwrap();
			assert_eq!(quote.fee, fee() + audit_fee);
			assert_eq!(quote.cost_fee, cost_fee() + audit_fee);
			assert_eq!(quote.cover, rules().cover(fee(), 0), "an audit is nothing to gain");
			let before = free(&alice()) + held(&alice());
			let id = wanting(audited).send().unwrap();
			assert_eq!(request(&id).audit_fee, audit_fee);
			next_block();
			answer(&id).unwrap();
			let unspent = wanted_fee(unspent, share);
			Bill::set(AuditBill { from_executor: 0, unspent });
			let pot = free(&audit_pot());
			run_blocks(60);
			let parts = split(MAX_FEE, cost_fee(), PRICE);
			assert_eq!(free(&audit_pot()) - pot, parts.audit_pot + audit_fee - unspent);
			assert_eq!(before - free(&alice()), fee() + audit_fee - unspent);
		});
	}
}

#[test]
fn audits_above_the_floor_come_out_of_the_executors_part() {
	for from_executor in [1, executor_share() / 2, executor_share(), Balance::MAX] {
		run(|| {
			let id = answered();
			Bill::set(AuditBill { from_executor, unspent: 0 });
			run_blocks(60);
			let parts = split(MAX_FEE, cost_fee(), PRICE);
			let moved = from_executor.min(parts.executor);
			assert_event(Event::Finalised {
				request: id,
				executor: executor(&id),
				executor_paid: parts.executor - moved,
				audit_pot_paid: parts.audit_pot + moved,
				treasury_paid: parts.treasury,
				burned: parts.burned,
				contributors_paid: parts.contributors,
				returned: parts.returned,
			});
		});
	}
}

#[test]
fn more_than_two_audits_or_audits_without_a_program_are_refused() {
	run(|| {
		let refused = |ask: Ask| {
			assert_eq!(ask.send().unwrap_err(), Error::<Test>::EvidenceUnavailable.into());
		};
		refused(wanting(3));
		ModelTable::mutate(model(), |model| model.as_mut().unwrap().canonical_version = None);
		refused(wanting(1));
		ModelTable::mutate(model(), |model| model.as_mut().unwrap().canonical_version = Some(1));
		let mut too_little = wanting(2);
		too_little.terms.max_fee = fee() + 2 * executor_share() - 1;
		assert_eq!(too_little.send().unwrap_err(), Error::<Test>::FeeAboveMaximum.into());
	});
}

#[test]
fn audits_count_as_evidence_and_never_fewer() {
	run(|| {
		let id = answered();
		assert!(Inference::is_open(&id));
		assert_ok!(Inference::set_audits(&id, 2));
		assert_ok!(Inference::set_audits(&id, 1));
		assert_eq!(Inference::evidence(&id).audited, 2);
		assert_eq!(Inference::claimed(&id), Some(output(b"output")));
		run_blocks(60);
		assert!(!Inference::is_open(&id));
		assert!(Inference::set_audits(&RequestId::zero(), 1).is_err());
	});
}
