//! What requests and their settlement ask, and what follows for auditors when a result has ended.

use crate::{
	pallet::{
		Audits, Closings, Config, Contradictions, Draws, Error, Event, Lates, Owed, Pallet, Prunes,
		Records, Rounds, Work,
	},
	types::{Audit, Progress, Seat, SeatState},
	weights::WeightInfo,
};
use countersign_primitives::{
	audit::{self, AuditBill, AuditedResults, Draw, NewResult},
	dispute::Manifests,
	offence::OffenceKind,
	request::{Finality, OutcomeCommitment, RequestId, Role},
	traits::Bonds,
	AccountId, Balance,
};
use frame_support::{
	ensure,
	storage::with_storage_layer,
	traits::{
		fungible::{Inspect, Mutate},
		tokens::{Fortitude, Preservation},
	},
	weights::Weight,
};
use sp_runtime::DispatchResult;

/// What an ended result says about what an auditor showed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Found {
	/// It is paid.
	Right,
	/// It is neither paid nor slashed.
	Nothing,
	/// The chain computed something else.
	Wrong,
}

/// What the end of a result says about an auditor. Auditors sign what `canonical` computes and
/// nothing else: where the chain has computed it too, anything else is wrong, except what the
/// executor claimed as well and was not found wrong for. Where a game was lost, nobody has computed
/// it: an executor can lose one about a right answer, by silence or by a trace that is none. So that
/// alone says nothing against an auditor who agreed.
pub(crate) fn judge(audit: &Audit, seat: &Seat) -> Found {
	let SeatState::Revealed { outcome, agrees, doubted, .. } = &seat.state else {
		return Found::Nothing;
	};
	let is_invalidated = audit.end == Some(Finality::Invalidated);
	match &audit.canonical {
		Some(canonical) if outcome == canonical && !doubted => Found::Right,
		Some(canonical) if outcome == canonical => Found::Nothing,
		Some(_) if *outcome == audit.claimed && !is_invalidated => Found::Nothing,
		Some(_) => Found::Wrong,
		None if audit.refuted && *outcome == audit.claimed => Found::Wrong,
		// Nobody recomputed it: what the rounds found counts.
		None if if is_invalidated { !agrees } else { seat.passed } => Found::Right,
		None => Found::Nothing,
	}
}

/// Whether this account signed the result, or contradicts it.
pub(crate) fn is_party(audit: &Audit, who: &AccountId) -> bool {
	let contradicts = |seat: &Seat| matches!(seat.state, SeatState::Revealed { agrees: false, .. });
	audit.executor == *who
		|| audit.seats.iter().any(|seat| seat.account == *who && contradicts(seat))
}

impl<T: Config> audit::Audits for Pallet<T> {
	const OFFERED: bool = true;

	fn answered(result: NewResult) {
		Self::begin(result);
	}

	fn keeps_open(id: &RequestId) -> Option<u64> {
		let audit = Audits::<T>::get(id)?;
		let clock = T::Results::clock();
		let mut until = audit.contradicted_until.filter(|until| *until >= clock);
		for draw in [Draw::Early, Draw::Late] {
			until = until.max(match audit.progress(draw) {
				Progress::Running(round) => Some(round.reveal_until.max(clock)),
				// Its turn comes, whatever else there is to do.
				Progress::Waiting { .. } => Some(clock),
				Progress::Done => None,
			});
		}
		until.map(|until| until.saturating_add(1))
	}

	fn recomputed(id: &RequestId, canonical: &OutcomeCommitment) {
		Audits::<T>::mutate_extant(id, |audit| audit.canonical = Some(canonical.clone()));
	}

	fn refuted(id: &RequestId) {
		Audits::<T>::mutate_extant(id, |audit| audit.refuted = true);
	}

	fn close(id: &RequestId, finality: Finality) -> AuditBill {
		let Some(mut audit) = Audits::<T>::get(id) else { return AuditBill::default() };
		audit.end = Some(finality);
		// What ends before its first draw was never up for an audit.
		let was_up = !matches!(audit.early, Progress::Waiting { number: 0, .. });
		for draw in [Draw::Early, Draw::Late] {
			match audit.progress(draw) {
				Progress::Waiting { number: 0, due, .. } if draw == Draw::Late => {
					Lates::<T>::remove(due, id)
				}
				Progress::Waiting { due, .. } => Draws::<T>::remove(due, (id, draw)),
				Progress::Running(round) => Rounds::<T>::remove(round.due, (id, draw)),
				Progress::Done => {}
			}
			audit.set_progress(draw, Progress::Done);
		}
		Contradictions::<T>::remove(id);
		let wanted = |seat: &&Seat| seat.wanted && judge(&audit, seat) == Found::Right;
		let had = u8::try_from(audit.seats.iter().filter(wanted).count()).unwrap_or(u8::MAX);
		let missing = audit.wanted.saturating_sub(had);
		let bill = AuditBill {
			from_executor: if !was_up || audit.nobody && audit.passed() == 0 {
				0
			} else {
				audit.from_executor
			},
			unspent: audit::wanted_fee(missing, audit.wanted_pay),
		};
		if finality == Finality::Invalidated {
			Records::<T>::remove(&audit.executor);
		}
		if audit.seats.is_empty() {
			Audits::<T>::remove(id);
			return bill;
		}
		for (number, seat) in (0u8..).zip(&audit.seats).filter(|(_, seat)| seat.is_open()) {
			Work::<T>::remove(&seat.key, (id, number));
		}
		if finality == Finality::Final
			&& audit.contradicted_until.is_some()
			&& audit.canonical.is_none()
		{
			Self::deposit_event(Event::Undecided { request: *id });
		}
		audit.due = Self::now();
		Closings::<T>::insert(audit.due, id, ());
		Audits::<T>::insert(id, audit);
		bill
	}

	fn is_party(id: &RequestId, who: &AccountId) -> bool {
		Audits::<T>::get(id)
			.filter(|audit| audit.end.is_none() && audit.contradicted_until.is_some())
			.is_some_and(|audit| is_party(&audit, who))
	}

	fn reserved(who: &AccountId) -> Balance {
		Audits::<T>::iter_values()
			.flat_map(|audit| audit.seats.into_iter())
			.filter(|seat| seat.account == *who)
			.fold(0, |sum, seat| sum.saturating_add(seat.cover))
	}

	fn answered_weight() -> Weight {
		T::WeightInfo::answered()
	}

	fn close_weight() -> Weight {
		T::WeightInfo::close()
	}
}

impl<T: Config> Pallet<T> {
	/// Pays and releases the auditors of a result that has ended, and reports those that were wrong.
	/// Returns the offences reported, at most `reports`, and whether all auditors are dealt with.
	pub(crate) fn settle(id: &RequestId, reports: u32) -> (u32, bool) {
		let Some(mut audit) = Audits::<T>::get(id) else {
			crate::impossible("what is to be settled exists");
			return (0, true);
		};
		let mut reported = 0u32;
		for place in 0..audit.seats.len() {
			let Some(seat) = audit.seats.get(place).cloned() else { break };
			let Ok(number) = u8::try_from(place) else { break };
			if seat.settled {
				continue;
			}
			let found = judge(&audit, &seat);
			if found == Found::Wrong {
				if reported >= reports {
					Audits::<T>::insert(id, audit);
					return (reported, false);
				}
				reported = reported.saturating_add(1);
				Self::punish(id, &audit, number, &seat);
			} else {
				T::Bonds::release_cover(&seat.account, seat.cover);
			}
			if found == Found::Right {
				Self::pay(id, number, &seat);
			}
			if let Some(seat) = audit.seats.get_mut(place) {
				seat.cover = 0;
				seat.settled = true;
			}
		}
		audit.settled = true;
		audit.due = Self::now().saturating_add(T::Results::retention());
		Prunes::<T>::insert(audit.due, id, ());
		Audits::<T>::insert(id, audit);
		(reported, true)
	}

	/// Slashes an auditor that showed something else than the chain computed.
	fn punish(id: &RequestId, audit: &Audit, number: u8, seat: &Seat) {
		let version = T::Manifests::manifest(&audit.model)
			.and_then(|manifest| manifest.program)
			.map(|program| program.canonical_version);
		let kind = OffenceKind::WrongResult;
		let slashed_in = Self::report(kind, id, number, seat, seat.cover, version);
		if slashed_in.is_none() {
			T::Bonds::release_cover(&seat.account, seat.cover);
		}
		Records::<T>::remove(&seat.account);
		Self::deposit_event(Event::AuditorWrong {
			request: *id,
			role: Role::Auditor(number),
			auditor: seat.account.clone(),
			slash: seat.cover,
			slashed_in,
		});
	}

	/// Moves out of the pot what it has of an amount, to an account that can receive it. Returns
	/// what went.
	fn pay_from_pot(to: &AccountId, amount: Balance) -> Balance {
		let pot = T::Results::pot();
		let there = T::Currency::reducible_balance(&pot, Preservation::Preserve, Fortitude::Polite);
		let part = amount.min(there);
		if part == 0 {
			return 0;
		}
		let paid =
			with_storage_layer(|| T::Currency::transfer(&pot, to, part, Preservation::Preserve));
		if paid.is_ok() {
			part
		} else {
			0
		}
	}

	fn pay(id: &RequestId, number: u8, seat: &Seat) {
		let paid = Self::pay_from_pot(&seat.account, seat.pay);
		let owed = seat.pay.saturating_sub(paid);
		if owed > 0 {
			Owed::<T>::mutate(&seat.account, |all| *all = all.saturating_add(owed));
		}
		Self::deposit_event(Event::Paid {
			request: *id,
			role: Role::Auditor(number),
			auditor: seat.account.clone(),
			paid,
			owed,
		});
	}

	pub(crate) fn do_claim(who: AccountId) -> DispatchResult {
		let all = Owed::<T>::get(&who);
		ensure!(all > 0, Error::<T>::NothingOwed);
		let paid = Self::pay_from_pot(&who, all);
		ensure!(paid > 0, Error::<T>::CannotPay);
		let owed = all.saturating_sub(paid);
		if owed == 0 {
			Owed::<T>::remove(&who);
		} else {
			Owed::<T>::insert(&who, owed);
		}
		Self::deposit_event(Event::Claimed { auditor: who, paid, owed });
		Ok(())
	}
}
