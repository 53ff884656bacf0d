//! What always holds between blocks.

use crate::{pallet::*, types::*};
use alloc::collections::{BTreeMap, BTreeSet};
use countersign_primitives::{
	audit::{AuditedResults, Draw},
	request::RequestId,
	traits::Bonds,
	AccountId, Balance,
};
use frame_support::ensure;
use sp_runtime::TryRuntimeError;

/// What the audits say, added up.
#[derive(Default)]
struct Sums {
	cover: BTreeMap<AccountId, Balance>,
	draws: usize,
	lates: usize,
	rounds: usize,
	work: usize,
	closings: usize,
	prunes: usize,
	contradictions: usize,
}

impl<T: Config> Pallet<T> {
	/// Checks all invariants:
	///
	/// 1. The cover that seats say is reserved is at most what is reserved on the bond.
	/// 2. Every draw and every round is in exactly the queue that its progress demands; every ended
	///    audit waits to be settled or pruned; the queues hold nothing else, and nothing below their
	///    cursors.
	/// 3. A key has exactly the work of its open seats in running rounds.
	/// 4. An audit has an end exactly where its result is not open any more, and then nothing of it
	///    goes on; settled ones have no cover reserved.
	/// 5. Nobody audits itself, and nobody has two seats of one result.
	/// 6. No seat's number, round or pay is above its limit.
	/// 7. What is owed is more than nothing.
	/// 8. The contradictions are those of open audits.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut sums = Sums::default();
		for (id, audit) in Audits::<T>::iter() {
			Self::check_audit(&id, &audit, &mut sums)?;
		}
		for (who, cover) in &sums.cover {
			ensure!(T::Bonds::reserved_cover(who) >= *cover, "1. cover that nobody reserved");
		}
		let cursors = Cursors::<T>::get();
		let message = "2. a queue holds what no audit wants in it";
		ensure!(Draws::<T>::iter_keys().count() == sums.draws, message);
		ensure!(Lates::<T>::iter_keys().count() == sums.lates, message);
		ensure!(Rounds::<T>::iter_keys().count() == sums.rounds, message);
		ensure!(Closings::<T>::iter_keys().count() == sums.closings, message);
		ensure!(Prunes::<T>::iter_keys().count() == sums.prunes, message);
		let message = "2. a queue holds something below its cursor";
		ensure!(Draws::<T>::iter_keys().all(|(bucket, _)| bucket >= cursors.draws), message);
		ensure!(Lates::<T>::iter_keys().all(|(bucket, _)| bucket >= cursors.lates), message);
		ensure!(Rounds::<T>::iter_keys().all(|(bucket, _)| bucket >= cursors.rounds), message);
		ensure!(Closings::<T>::iter_keys().all(|(bucket, _)| bucket >= cursors.closings), message);
		ensure!(Prunes::<T>::iter_keys().all(|(bucket, _)| bucket >= cursors.prunes), message);
		ensure!(Work::<T>::iter_keys().count() == sums.work, "3. work of no seat");
		ensure!(
			Contradictions::<T>::iter_keys().count() == sums.contradictions,
			"8. a contradiction of nothing"
		);
		ensure!(Owed::<T>::iter_values().all(|owed| owed > 0), "7. nothing is owed to somebody");
		Ok(())
	}

	fn check_audit(id: &RequestId, audit: &Audit, sums: &mut Sums) -> Result<(), TryRuntimeError> {
		for draw in [Draw::Early, Draw::Late] {
			let key = (*id, draw);
			match audit.progress(draw) {
				Progress::Waiting { number, due, .. } if draw == Draw::Late && *number == 0 => {
					ensure!(Lates::<T>::contains_key(due, id), "2. a late draw is not planned");
					sums.lates = sums.lates.saturating_add(1);
				}
				Progress::Waiting { due, number, .. } => {
					ensure!(Draws::<T>::contains_key(due, key), "2. a draw is not planned");
					ensure!(*number <= audit.rules.audit_redraws, "6. a redraw too many");
					sums.draws = sums.draws.saturating_add(1);
				}
				Progress::Running(round) => {
					ensure!(Rounds::<T>::contains_key(round.due, key), "2. a round has no end");
					let mut seats = audit.round_seats(draw, round.number);
					ensure!(seats.any(|(_, seat)| seat.is_open()), "2. a round of nobody");
					sums.rounds = sums.rounds.saturating_add(1);
				}
				Progress::Done => {}
			}
		}
		let is_contradicted = audit.end.is_none() && audit.contradicted_until.is_some();
		ensure!(
			Contradictions::<T>::contains_key(id) == is_contradicted,
			"8. a contradiction is not noted"
		);
		sums.contradictions = sums.contradictions.saturating_add(is_contradicted.into());
		let is_over = audit.early == Progress::Done && audit.late == Progress::Done;
		ensure!(audit.end.is_none() || is_over, "4. an ended audit goes on");
		ensure!(audit.end.is_none() == T::Results::is_open(id), "4. an end of what is open");
		if audit.end.is_some() {
			ensure!(!audit.seats.is_empty(), "4. an audit without auditors outlives its result");
			ensure!(Closings::<T>::contains_key(audit.due, id) != audit.settled, "2. not settled");
			ensure!(Prunes::<T>::contains_key(audit.due, id) == audit.settled, "2. not pruned");
			sums.closings = sums.closings.saturating_add((!audit.settled).into());
			sums.prunes = sums.prunes.saturating_add(audit.settled.into());
		}
		let mut accounts = BTreeSet::from([&audit.executor]);
		for (number, seat) in (0u8..).zip(&audit.seats) {
			ensure!(accounts.insert(&seat.account), "5. somebody has two parts");
			ensure!(seat.key != audit.signer, "5. the executor's key audits");
			ensure!(seat.round <= audit.rules.audit_redraws, "6. a round too many");
			ensure!(
				seat.pay == if seat.wanted { audit.wanted_pay } else { audit.pay },
				"6. another pay than was agreed"
			);
			ensure!(
				!seat.passed
					|| matches!(
						seat.state,
						SeatState::Revealed { agrees: true, doubted: false, .. }
					),
				"6. an audit passed that does not agree"
			);
			ensure!(!audit.settled || seat.settled, "4. a seat of a settled audit is not settled");
			ensure!(!seat.settled || seat.cover == 0, "4. a settled seat has cover reserved");
			let sum = sums.cover.entry(seat.account.clone()).or_default();
			*sum = sum.saturating_add(seat.cover);
			let is_running = matches!(
				audit.progress(seat.draw),
				Progress::Running(round) if round.number == seat.round
			);
			ensure!(audit.end.is_some() || is_running || !seat.is_open(), "3. a forgotten seat");
			let works = is_running && seat.is_open();
			ensure!(
				Work::<T>::contains_key(&seat.key, (id, number)) == works,
				"3. a key has not the work of its seats"
			);
			sums.work = sums.work.saturating_add(works.into());
		}
		Ok(())
	}
}
