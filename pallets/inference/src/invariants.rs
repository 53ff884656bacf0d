//! What always holds between blocks.

use crate::{pallet::*, queues::receipts_root, types::*};
use alloc::collections::{BTreeMap, BTreeSet};
use countersign_primitives::{
	audit::Audits,
	request::{Finality, RequestId, RequestStatus},
	traits::Bonds,
	AccountId, Balance, Macs,
};
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;

/// What the requests say, added up.
#[derive(Default)]
struct Sums {
	held: BTreeMap<AccountId, Balance>,
	cover: BTreeMap<AccountId, Balance>,
	open_cost: BTreeMap<AccountId, Macs>,
	fresh: BTreeSet<RequestId>,
	waiting: usize,
	deadlines: usize,
	assignments: usize,
	finals: usize,
	prunes: usize,
	results: usize,
}

impl<T: Config> Pallet<T> {
	/// Checks all invariants:
	///
	/// 0. The parameters are in their ranges.
	/// 1. What is on hold on a requester's account is what its open requests say.
	/// 2. The cover reserved on a validator's bond is that of its assignments, open results and
	///    audits.
	/// 3. A validator's open cost is that of what it has to answer; no entry is zero.
	/// 4. Every request is in exactly the queues that its status demands, and the queues hold
	///    nothing else.
	/// 5. There is a result with its outcome exactly where the status says so, and its finality
	///    agrees with the status.
	/// 6. Only open requests keep the bytes of their input.
	/// 7. No queue holds anything below its cursor, and nothing of this block is left over.
	/// 8. Receipts are under their root, and their pruning is planned.
	/// 9. No request was assigned to the same validator twice.
	/// 10. What is to be told to contracts is of requests, and the queue of it has no holes.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		ensure!(Parameters::<T>::get().check().is_ok(), "0. parameters out of range");
		let mut sums =
			Sums { fresh: Fresh::<T>::get().into_iter().collect(), ..Default::default() };
		for (id, request) in Requests::<T>::iter() {
			Self::check_request(&id, &request, &mut sums)?;
		}
		Self::check_sums(&sums)?;
		Self::check_queues(&sums)?;
		Self::check_receipts()?;
		Self::check_callbacks()
	}

	fn check_request(
		id: &RequestId,
		request: &Request,
		sums: &mut Sums,
	) -> Result<(), TryRuntimeError> {
		let add = |to: &mut BTreeMap<AccountId, Balance>, who: &AccountId, amount: Balance| {
			let sum = to.entry(who.clone()).or_default();
			*sum = sum.saturating_add(amount);
		};
		add(&mut sums.held, &request.requester, request.held);
		ensure!(request.is_open() || request.held == 0, "1. an ended request holds money");
		ensure!(
			!request.is_open() || request.held == request.terms.max_fee,
			"1. an open request does not hold its maximal fee"
		);
		ensure!(request.fee() <= request.terms.max_fee, "1. a fee above the maximum");

		let is_answered = request.status == RequestStatus::Answered;
		let in_waiting = [false, true]
			.into_iter()
			.filter(|take_over| Waiting::<T>::contains_key(take_over, id))
			.collect::<alloc::vec::Vec<_>>();
		match request.status {
			RequestStatus::Waiting => {
				let expected = [request.is_take_over()];
				ensure!(
					sums.fresh.contains(id) && in_waiting.is_empty() || in_waiting == expected,
					"4. a waiting request is not in exactly one place to wait"
				);
				sums.waiting = sums.waiting.saturating_add(in_waiting.len());
				ensure!(request.active.is_none(), "4. a waiting request has an executor");
			}
			_ => ensure!(in_waiting.is_empty(), "4. a request waits without need"),
		}
		let has_deadline = request.is_under_way() || request.status == RequestStatus::Waiting;
		ensure!(
			Deadlines::<T>::contains_key(request.due, id) == has_deadline,
			"4. a deadline is missing or too many"
		);
		sums.deadlines = sums.deadlines.saturating_add(has_deadline.into());
		ensure!(
			Prunes::<T>::contains_key(request.due, id) != request.is_open(),
			"4. pruning is not planned as it should be"
		);
		sums.prunes = sums.prunes.saturating_add((!request.is_open()).into());

		match &request.active {
			Some(active) => {
				let account = &active.assignment.account;
				if request.is_under_way() || is_answered {
					add(&mut sums.cover, account, active.assignment.cover);
				}
				if request.is_under_way() {
					let sum = sums.open_cost.entry(account.clone()).or_default();
					*sum = sum.saturating_add(request.macs);
					sums.assignments = sums.assignments.saturating_add(1);
				}
				let listed = Assignments::<T>::get(&active.key, active.sequence.to_be_bytes());
				ensure!(
					listed == request.is_under_way().then_some(*id),
					"4. an assignment is not listed as it should be"
				);
				ensure!(request.tried.last() == Some(account), "9. the executor was not tried");
				if request.status == RequestStatus::Assigned {
					ensure!(
						active.assignment.deadline == request.due,
						"4. an executor is told another deadline than the queue has"
					);
				}
			}
			None => ensure!(
				!request.is_under_way() && !is_answered,
				"4. nobody has to answer what is under way"
			),
		}
		let tried: BTreeSet<_> = request.tried.iter().collect();
		ensure!(tried.len() == request.tried.len(), "9. a validator was tried twice");

		let result = Results::<T>::get(id);
		ensure!(
			Outcomes::<T>::contains_key(id) == result.is_some(),
			"5. a result and its outcome are not together"
		);
		let finality = match request.status {
			RequestStatus::Answered => Some(Finality::Open),
			RequestStatus::Settled => Some(Finality::Final),
			RequestStatus::Invalidated => Some(Finality::Invalidated),
			_ => None,
		};
		ensure!(
			result.as_ref().map(|result| result.finality) == finality,
			"5. status and finality disagree"
		);
		if let Some(result) = result {
			sums.results = sums.results.saturating_add(1);
			ensure!(
				Finals::<T>::contains_key(result.final_at, id) == is_answered,
				"4. a result is not on its way to Final as it should be"
			);
			sums.finals = sums.finals.saturating_add(is_answered.into());
		}
		ensure!(
			request.is_open() || !Inputs::<T>::contains_key(id),
			"6. an ended request keeps its input"
		);
		Ok(())
	}

	fn check_sums(sums: &Sums) -> Result<(), TryRuntimeError> {
		for (who, held) in &sums.held {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Request.into(), who) == *held,
				"1. what is on hold is not what the requests say"
			);
		}
		for (who, cover) in &sums.cover {
			ensure!(
				T::Bonds::reserved_cover(who) == cover.saturating_add(T::Audits::reserved(who)),
				"2. reserved cover is not what requests and audits say"
			);
		}
		let open_cost: BTreeMap<_, _> = OpenCost::<T>::iter().collect();
		ensure!(open_cost == sums.open_cost, "3. open cost is not what the requests say");
		ensure!(open_cost.values().all(|cost| *cost > 0), "3. an entry of open cost is zero");
		Ok(())
	}

	fn check_queues(sums: &Sums) -> Result<(), TryRuntimeError> {
		let message = "4. a queue holds what no request wants in it";
		ensure!(Waiting::<T>::iter_keys().count() == sums.waiting, message);
		ensure!(Deadlines::<T>::iter_keys().count() == sums.deadlines, message);
		ensure!(Assignments::<T>::iter_keys().count() == sums.assignments, message);
		ensure!(Finals::<T>::iter_keys().count() == sums.finals, message);
		ensure!(Prunes::<T>::iter_keys().count() == sums.prunes, message);
		ensure!(Results::<T>::iter_keys().count() == sums.results, "5. a result of nothing");
		ensure!(
			Inputs::<T>::iter_keys().all(Requests::<T>::contains_key),
			"6. an input of nothing"
		);
		let cursors = Cursors::<T>::get();
		let message = "7. a queue holds something below its cursor";
		ensure!(
			Deadlines::<T>::iter_keys().all(|(bucket, _)| bucket >= cursors.deadlines),
			message
		);
		ensure!(Finals::<T>::iter_keys().all(|(bucket, _)| bucket >= cursors.finals), message);
		ensure!(Prunes::<T>::iter_keys().all(|(bucket, _)| bucket >= cursors.prunes), message);
		ensure!(
			ReceiptPrunes::<T>::iter_keys().all(|(bucket, _)| bucket >= cursors.receipt_prunes),
			message
		);
		Ok(())
	}

	fn check_receipts() -> Result<(), TryRuntimeError> {
		let planned: BTreeSet<_> =
			ReceiptPrunes::<T>::iter_keys().map(|(_, block)| block).collect();
		ensure!(
			ReceiptPrunes::<T>::iter_keys().count() == planned.len(),
			"8. receipts are to be pruned twice"
		);
		let mut roots = 0usize;
		for (block, root) in ReceiptRoots::<T>::iter() {
			roots = roots.saturating_add(1);
			let receipts = Receipts::<T>::get(block);
			ensure!(!receipts.is_empty(), "8. a root over no receipts");
			ensure!(receipts_root(&receipts) == root, "8. receipts are not under their root");
			ensure!(planned.contains(&block), "8. receipts would stay for ever");
		}
		ensure!(planned.len() == roots, "8. the pruning of nothing is planned");
		// Those of the block under way have no root yet.
		let pending = usize::from(
			Receipts::<T>::contains_key(Self::now())
				&& !ReceiptRoots::<T>::contains_key(Self::now()),
		);
		ensure!(
			Receipts::<T>::iter_keys().count() == roots.saturating_add(pending),
			"8. receipts without a root"
		);
		Ok(())
	}
}
