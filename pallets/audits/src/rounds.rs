//! What auditors say, and what comes of a round of them.

use crate::{
	pallet::{Audits, Config, Contradictions, Event, Pallet, Records, Rounds, Work},
	types::{Audit, Progress, Round, Seat, SeatState},
};
use alloc::vec::Vec;
use countersign_canonical::bands;
use countersign_primitives::{
	audit::{AuditCommit, AuditReveal, AuditedResults, Draw, BROKEN_COMMIT_MULTIPLE},
	dispute::Manifests,
	model::PrecisionPolicy,
	offence::{OffenceKind, OffenceReport},
	request::{Outcome, RequestId, Role},
	tensor::{decode_tensors, Tensor},
	traits::{Bonds, Offences},
	Balance, SessionIndex,
};
use countersign_programs::{policy, to_canonical};
use frame_support::storage::with_storage_layer;

/// Whether two outcomes agree as a model's policies have it: outputs within the tolerance, indices
/// and traps the same. An index under `Top1` may be another in a near tie, which only a replay can
/// tell.
pub fn agree(policies: &[PrecisionPolicy], claimed: &Outcome, found: &Outcome) -> bool {
	let (Outcome::Output(claimed), Outcome::Output(found)) = (claimed, found) else {
		return claimed == found;
	};
	let (Ok(claimed), Ok(found)) = (decode_tensors(claimed), decode_tensors(found)) else {
		return false;
	};
	let same = |at: usize, one: &Tensor, other: &Tensor| match policies.get(at) {
		Some(within @ PrecisionPolicy::Within { .. }) => {
			let (one, other) = (to_canonical(one), to_canonical(other));
			bands::judge(policy(within), &one, &other, false) == bands::Verdict::Accepted
		}
		_ => one == other,
	};
	claimed.len() == found.len()
		&& claimed.iter().zip(&found).enumerate().all(|(at, (one, other))| same(at, one, other))
}

impl<T: Config> Pallet<T> {
	/// Takes a commitment that was checked.
	pub(crate) fn take_commit(commit: AuditCommit, mut audit: Audit, number: u8) {
		let Some(seat) = audit.seats.get_mut(usize::from(number)) else {
			crate::impossible("the seat was checked");
			return;
		};
		seat.state = SeatState::Committed(commit.commitment);
		Self::deposit_event(Event::Committed {
			request: commit.request,
			role: Role::Auditor(number),
			auditor: seat.account.clone(),
		});
		Audits::<T>::insert(commit.request, audit);
	}

	/// Takes what an auditor shows, which was checked. With the last of a round, the round ends.
	pub(crate) fn take_reveal(reveal: AuditReveal, mut audit: Audit, number: u8) {
		let AuditReveal { statement, trace, outcome, .. } = reveal;
		let id = statement.request;
		let agrees = match &outcome {
			None => true,
			Some(found) => {
				let policies = T::Manifests::manifest(&audit.model)
					.map(|manifest| manifest.policies)
					.unwrap_or_default();
				T::Results::claimed(&id).is_some_and(|claimed| agree(&policies, &claimed, found))
			}
		};
		let Some(seat) = audit.seats.get_mut(usize::from(number)) else {
			crate::impossible("the seat was checked");
			return;
		};
		let outcome = statement.outcome;
		seat.state =
			SeatState::Revealed { outcome: outcome.clone(), trace, agrees, doubted: false };
		Work::<T>::remove(&seat.key, (id, number));
		Self::deposit_event(Event::Revealed {
			request: id,
			role: Role::Auditor(number),
			auditor: seat.account.clone(),
			outcome,
			agrees,
		});
		let draw = seat.draw;
		if !agrees {
			Self::contradict(&id, &mut audit);
		}
		if let Progress::Running(round) = audit.progress(draw).clone() {
			if !audit.round_seats(draw, round.number).any(|(_, seat)| seat.is_open()) {
				Rounds::<T>::remove(round.due, (id, draw));
				Self::end_round(&id, &mut audit, draw, &round);
			}
		}
		Audits::<T>::insert(id, audit);
	}

	/// Keeps a result from `Final` so that it can be recomputed.
	fn contradict(id: &RequestId, audit: &mut Audit) {
		let until = T::Results::clock().saturating_add(audit.rules.dispute_game_blocks.into());
		audit.contradicted_until = Some(until);
		Contradictions::<T>::insert(id, ());
		Self::deposit_event(Event::Contradicted { request: *id, until });
	}

	/// Acts on a round whose time to commit, or to show, is over. It is in no queue any more.
	/// Returns how many offences were reported.
	pub(crate) fn act_on_round(id: &RequestId, draw: Draw) -> u32 {
		let Some(mut audit) = Audits::<T>::get(id) else {
			crate::impossible("what has a round exists");
			return 0;
		};
		let Progress::Running(mut round) = audit.progress(draw).clone() else {
			crate::impossible("only running rounds have deadlines");
			return 0;
		};
		let mut reported = 0u32;
		let is_last = round.due >= round.reveal_until;
		let mut is_waiting = false;
		let open: Vec<u8> = audit
			.round_seats(draw, round.number)
			.filter(|(_, seat)| seat.is_open())
			.map(|(number, _)| number)
			.collect();
		for number in open {
			let Some(seat) = audit.seats.get_mut(usize::from(number)) else { continue };
			match (seat.state == SeatState::Drawn, is_last) {
				(true, _) => Self::note_missed(id, number, seat),
				(false, true) => {
					reported = reported.saturating_add(1);
					Self::note_broken(id, number, seat);
				}
				(false, false) => is_waiting = true,
			}
		}
		if is_waiting {
			round.due = round.reveal_until;
			Rounds::<T>::insert(round.due, (*id, draw), ());
			audit.set_progress(draw, Progress::Running(round));
		} else {
			Self::end_round(id, &mut audit, draw, &round);
		}
		Audits::<T>::insert(id, audit);
		reported
	}

	/// Lets an auditor go that did not commit in time. Being slow is no offence.
	fn note_missed(id: &RequestId, number: u8, seat: &mut Seat) {
		seat.state = SeatState::Missed;
		Self::free(id, number, seat);
		Self::deposit_event(Event::Missed {
			request: *id,
			role: Role::Auditor(number),
			auditor: seat.account.clone(),
		});
	}

	/// Reports an auditor that did not show what it committed to.
	fn note_broken(id: &RequestId, number: u8, seat: &mut Seat) {
		seat.state = SeatState::Broken;
		// The report takes of what is free.
		Self::free(id, number, seat);
		let slash = seat.pay.saturating_mul(BROKEN_COMMIT_MULTIPLE);
		let slashed_in = Self::report(OffenceKind::BrokenCommit, id, number, seat, slash, None);
		Self::deposit_event(Event::CommitBroken {
			request: *id,
			role: Role::Auditor(number),
			auditor: seat.account.clone(),
			slash,
			slashed_in,
		});
	}

	/// Takes an auditor's work off its list and gives its cover back.
	pub(crate) fn free(id: &RequestId, number: u8, seat: &mut Seat) {
		Work::<T>::remove(&seat.key, (*id, number));
		T::Bonds::release_cover(&seat.account, seat.cover);
		seat.cover = 0;
		seat.settled = true;
	}

	/// Reports an offence of an auditor. `None` if nothing of its bond is left to take.
	pub(crate) fn report(
		kind: OffenceKind,
		id: &RequestId,
		number: u8,
		seat: &Seat,
		amount: Balance,
		version: Option<u16>,
	) -> Option<SessionIndex> {
		let report = OffenceReport {
			kind,
			session: seat.session,
			validator: seat.validator,
			request: *id,
			role: Role::Auditor(number),
			amount,
			version,
			reporter: None,
		};
		with_storage_layer(|| T::Offences::report(report)).ok()
	}

	/// Counts what a round came to, and plans a redraw for what came to nothing.
	pub(crate) fn end_round(id: &RequestId, audit: &mut Audit, draw: Draw, round: &Round) {
		Self::compare_traces(id, audit, draw, round.number);
		let (mut shown, mut wanted_shown) = (0u8, 0u8);
		let mut passed = Vec::new();
		let is_of_round = |seat: &Seat| seat.draw == draw && seat.round == round.number;
		for seat in audit.seats.iter_mut().filter(|seat| is_of_round(seat)) {
			if let SeatState::Revealed { doubted: false, agrees, .. } = seat.state {
				shown = shown.saturating_add(1);
				wanted_shown = wanted_shown.saturating_add(seat.wanted.into());
				if agrees {
					seat.passed = true;
					passed.push(seat.account.clone());
				}
			}
		}
		if !passed.is_empty() {
			let audits = audit.passed();
			if T::Results::set_audits(id, audits).is_err() {
				crate::impossible("rounds end with their result");
			}
			Records::<T>::mutate(&audit.executor, |record| {
				for auditor in passed {
					if record.last.as_ref() != Some(&auditor) {
						record.passed = record.passed.saturating_add(1);
						record.last = Some(auditor);
					}
				}
			});
			Self::deposit_event(Event::Passed { request: *id, audits });
		}
		let seats = round.seats.saturating_sub(shown);
		let wanted = round.wanted.saturating_sub(wanted_shown);
		Self::draw_again(id, audit, draw, round.number, seats, wanted);
	}

	/// Who ran the model has the same trace. Where those differ that agree with the result, nobody
	/// knows who did not, and neither counts.
	fn compare_traces(id: &RequestId, audit: &mut Audit, draw: Draw, number: u8) {
		let is_one = {
			let mut traces =
				audit.round_seats(draw, number).filter_map(|(_, seat)| match seat.state {
					SeatState::Revealed { agrees: true, trace, .. } => Some(trace),
					_ => None,
				});
			let first = traces.next();
			traces.all(|trace| Some(trace) == first)
		};
		if is_one {
			return;
		}
		for seat in audit.seats.iter_mut().filter(|seat| seat.draw == draw && seat.round == number)
		{
			if let SeatState::Revealed { agrees: true, doubted, .. } = &mut seat.state {
				*doubted = true;
			}
		}
		Self::deposit_event(Event::Doubted { request: *id, draw });
	}
}
