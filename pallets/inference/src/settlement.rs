//! How a request ends: the money, the record of the validator, the receipt.

use crate::{
	callbacks::Moment,
	pallet::{
		Config, Error, Event, Finals, HoldReason, Inputs, Outcomes, Pallet, Prunes, Receipts,
		Requests, Results, WindowClock,
	},
	types::{join_evidence, InvalidatedResult, RefundReason, Request, ResultRecord},
};
use countersign_primitives::{
	attribution::largest_remainder,
	audit::{AuditBill, Audits},
	model::ModelId,
	request::{
		EvidenceSet, Finality, Outcome, OutcomeCommitment, Receipt, RequestId, RequestStatus,
	},
	traits::{Bonds, Contributors},
	AccountId, Balance,
};
use frame_support::{
	ensure,
	storage::with_storage_layer,
	traits::{
		fungible::MutateHold,
		tokens::{Fortitude, Precision, Restriction},
		Get,
	},
};
use sp_runtime::{DispatchError, DispatchResult};

/// Hundredths of the cost part of a fee, in the order executor, audits, treasury, burn.
pub const COST_SPLIT: [u32; 4] = [60, 30, 5, 5];

/// Where what is held for a request goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Payment {
	/// To the executor.
	pub executor: Balance,
	/// To the pot that pays audits.
	pub audit_pot: Balance,
	/// To the treasury.
	pub treasury: Balance,
	/// Out of existence.
	pub burned: Balance,
	/// To the model's contributors.
	pub contributors: Balance,
	/// Back to the requester.
	pub returned: Balance,
}

impl Payment {
	/// What leaves the requester.
	pub fn paid(&self) -> Balance {
		self.executor
			.saturating_add(self.audit_pot)
			.saturating_add(self.treasury)
			.saturating_add(self.burned)
			.saturating_add(self.contributors)
	}
}

/// Splits what is held. The parts add up to `held` exactly. What is held always suffices for the
/// fee; where it did not, the contributors would get less first.
pub fn split(held: Balance, cost_fee: Balance, price: Balance) -> Payment {
	let cost_fee = cost_fee.min(held);
	let contributors = price.min(held.saturating_sub(cost_fee));
	let returned = held.saturating_sub(cost_fee).saturating_sub(contributors);
	match largest_remainder(cost_fee, &COST_SPLIT).as_slice() {
		[executor, audit_pot, treasury, burned] => Payment {
			executor: *executor,
			audit_pot: *audit_pot,
			treasury: *treasury,
			burned: *burned,
			contributors,
			returned,
		},
		// One part for each weight, by the contract of `largest_remainder`.
		_ => Payment { executor: cost_fee, contributors, returned, ..Default::default() },
	}
}

/// Adds the audits that the terms ask for to a payment, and what the executor gives for audits
/// above the floor rate.
pub fn add_audits(due: &mut Payment, audit_fee: Balance, bill: AuditBill) {
	let wanted = audit_fee.saturating_sub(bill.unspent).min(due.returned);
	due.returned = due.returned.saturating_sub(wanted);
	let from_executor = bill.from_executor.min(due.executor);
	due.executor = due.executor.saturating_sub(from_executor);
	due.audit_pot = due.audit_pot.saturating_add(wanted).saturating_add(from_executor);
}

/// Where a part of the money ended up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Landed {
	WithPayee,
	WithTreasury,
	Burned,
}

impl<T: Config> Pallet<T> {
	/// Moves held money to a payee. One that cannot receive, because it would stay below the
	/// existential deposit, must not hold up the others: its part goes to the treasury, and is
	/// burned if not even that can take it.
	fn pay(from: &AccountId, to: &AccountId, amount: Balance) -> Landed {
		if amount == 0 {
			return Landed::WithPayee;
		}
		let transfer = |to: &AccountId| {
			with_storage_layer(|| {
				// By force: a vote or another freeze on the requester's balance must not keep
				// the executor from its pay.
				T::Currency::transfer_on_hold(
					&HoldReason::Request.into(),
					from,
					to,
					amount,
					Precision::Exact,
					Restriction::Free,
					Fortitude::Force,
				)
			})
		};
		if transfer(to).is_ok() {
			return Landed::WithPayee;
		}
		let treasury = T::Treasury::get();
		if *to != treasury && transfer(&treasury).is_ok() {
			return Landed::WithTreasury;
		}
		Self::burn(from, amount);
		Landed::Burned
	}

	/// Burns held money: total issuance falls by it.
	fn burn(from: &AccountId, amount: Balance) {
		if amount == 0 {
			return;
		}
		let burned = T::Currency::burn_held(
			&HoldReason::Request.into(),
			from,
			amount,
			Precision::Exact,
			Fortitude::Force,
		);
		if burned.is_err() {
			crate::impossible("what is recorded as held is held");
		}
	}

	/// Gives held money back. Returns what arrived.
	fn give_back(to: &AccountId, amount: Balance) -> Balance {
		if amount == 0 {
			return 0;
		}
		let released = with_storage_layer(|| {
			T::Currency::release(&HoldReason::Request.into(), to, amount, Precision::Exact)
		});
		if released.is_ok() {
			return amount;
		}
		// Only an account that lives on another provider and has less than the existential
		// deposit free comes here.
		let treasury = T::Treasury::get();
		if treasury == *to {
			Self::burn(to, amount);
		} else {
			Self::pay(to, &treasury, amount);
		}
		0
	}

	/// Pays everybody out of what is held, audits as their bill says; without an executor to pay,
	/// its part goes back to the requester. Returns what went where in fact.
	fn pay_out(request: &Request, executor: Option<&AccountId>, bill: AuditBill) -> Payment {
		let mut due = split(request.held, request.cost_fee, request.price);
		add_audits(&mut due, request.audit_fee, bill);
		if executor.is_none() {
			due.returned = due.returned.saturating_add(due.executor);
			due.executor = 0;
		}
		Self::pay_parts(&request.requester, executor, &request.model, due)
	}

	/// Pays these parts out of what is held of `from`. Returns what went where in fact.
	pub(crate) fn pay_parts(
		from: &AccountId,
		executor: Option<&AccountId>,
		model: &ModelId,
		due: Payment,
	) -> Payment {
		let mut paid = Payment { burned: due.burned, ..Default::default() };
		let mut landed =
			|amount: Balance, landed: Landed, part: fn(&mut Payment) -> &mut Balance| {
				let part = match landed {
					Landed::WithPayee => part(&mut paid),
					Landed::WithTreasury => &mut paid.treasury,
					Landed::Burned => &mut paid.burned,
				};
				*part = part.saturating_add(amount);
			};
		if let Some(executor) = executor {
			let to_executor = Self::pay(from, executor, due.executor);
			landed(due.executor, to_executor, |paid| &mut paid.executor);
		}
		let to_audits = Self::pay(from, &T::AuditPot::get(), due.audit_pot);
		landed(due.audit_pot, to_audits, |paid| &mut paid.audit_pot);
		let to_treasury = Self::pay(from, &T::Treasury::get(), due.treasury);
		landed(due.treasury, to_treasury, |paid| &mut paid.treasury);
		let to_contributors = Self::pay(from, &T::Contributors::pot(), due.contributors);
		landed(due.contributors, to_contributors, |paid| &mut paid.contributors);
		if paid.contributors > 0 {
			T::Contributors::credit(model, paid.contributors);
		}
		Self::burn(from, due.burned);
		paid.returned = Self::give_back(from, due.returned);
		paid
	}

	/// Settles an open result: pays, releases the cover, notes the service, leaves the receipt.
	/// The one way in which a result becomes `Final`.
	pub(crate) fn settle(id: &RequestId) -> DispatchResult {
		Self::settle_as(id, None)
	}

	/// Settles an open result as [`Pallet::settle`] does, or with another outcome than the one
	/// that was claimed: then the executor is not paid.
	fn settle_as(id: &RequestId, corrected: Option<Outcome>) -> DispatchResult {
		let (request, mut result) = Self::open_result(id)?;
		let outcome = match &corrected {
			Some(outcome) => outcome.commitment().ok_or(Error::<T>::NotAnswered)?,
			None => result.statement.outcome.clone(),
		};
		let Some(active) = request.active.clone() else {
			crate::impossible("an answered request has an executor");
			return Err(Error::<T>::NotAnswered.into());
		};
		let executor = active.assignment.account;
		let payee = corrected.is_none().then_some(&executor);
		let bill = T::Audits::close(id, Finality::Final);
		let paid = Self::pay_out(&request, payee, bill);
		T::Bonds::release_cover(&executor, active.assignment.cover);
		T::Bonds::note_service(&executor, true);
		result.finality = Finality::Final;
		if let Some(outcome) = corrected {
			Outcomes::<T>::insert(id, outcome);
		}
		Self::conclude(id, request, result, &executor, outcome, paid);
		Self::deposit_event(Event::Finalised {
			request: *id,
			executor,
			executor_paid: paid.executor,
			audit_pot_paid: paid.audit_pot,
			treasury_paid: paid.treasury,
			burned: paid.burned,
			contributors_paid: paid.contributors,
			returned: paid.returned,
		});
		Ok(())
	}

	/// Makes an open result `Final` at once, with more evidence than it had: the chain replayed
	/// it and agrees.
	pub fn make_final(id: &RequestId, evidence: EvidenceSet) -> DispatchResult {
		Self::open_result(id)?;
		Self::add_evidence(id, evidence)?;
		Self::settle(id)
	}

	/// Changes the tick of the window clock at which an open result becomes `Final`: later while
	/// something about it is undecided, and back again.
	pub fn set_final_at(id: &RequestId, tick: u64) -> DispatchResult {
		Results::<T>::try_mutate(id, |result| {
			let result = result.as_mut().ok_or(Error::<T>::NotAnswered)?;
			let is_open = result.finality == Finality::Open;
			ensure!(is_open && tick > WindowClock::<T>::get(), Error::<T>::NotOpen);
			Finals::<T>::remove(result.final_at, id);
			Finals::<T>::insert(tick, id, ());
			result.final_at = tick;
			Ok(())
		})
	}

	/// Replaces what an open result claims by what the chain computed, and makes it `Final` at
	/// once. The executor is not paid, and not slashed either. The statement stays what it was: it
	/// is what the executor signed.
	pub fn correct(id: &RequestId, outcome: Outcome) -> DispatchResult {
		Self::open_result(id)?;
		Self::add_evidence(id, EvidenceSet { replayed: true, ..Default::default() })?;
		Self::settle_as(id, Some(outcome))
	}

	/// Adds to what stands behind a result.
	pub fn add_evidence(id: &RequestId, evidence: EvidenceSet) -> DispatchResult {
		Results::<T>::try_mutate(id, |result| {
			let result = result.as_mut().ok_or(Error::<T>::NotAnswered)?;
			result.evidence = join_evidence(result.evidence, evidence);
			Ok(())
		})
	}

	/// Takes an open result out of the world: everything that is held goes back at once. For
	/// verdicts. The cover stays reserved, because the caller's slash takes it: a caller that
	/// does not slash has to release it.
	pub fn invalidate(id: &RequestId) -> Result<InvalidatedResult, DispatchError> {
		let (request, mut result) = Self::open_result(id)?;
		let Some(active) = request.active.clone() else {
			crate::impossible("an answered request has an executor");
			return Err(Error::<T>::NotAnswered.into());
		};
		let executor = active.assignment.account;
		T::Audits::close(id, Finality::Invalidated);
		let returned = Self::give_back(&request.requester, request.held);
		result.finality = Finality::Invalidated;
		let outcome = result.statement.outcome.clone();
		let paid = Payment { returned, ..Default::default() };
		Self::conclude(id, request, result, &executor, outcome, paid);
		Self::deposit_event(Event::Invalidated {
			request: *id,
			executor: executor.clone(),
			returned,
		});
		Ok(InvalidatedResult { executor, cover: active.assignment.cover, returned })
	}

	/// An answered request that can still end either way, and room for its receipt.
	fn open_result(id: &RequestId) -> Result<(Request, ResultRecord), DispatchError> {
		let request = Requests::<T>::get(id).ok_or(Error::<T>::UnknownRequest)?;
		let result = Results::<T>::get(id).ok_or(Error::<T>::NotAnswered)?;
		ensure!(
			request.status == RequestStatus::Answered && result.finality == Finality::Open,
			Error::<T>::NotOpen
		);
		ensure!(Self::has_room_for_receipt(), Error::<T>::TooManyReceipts);
		Ok((request, result))
	}

	/// Writes down the end of a result, and its receipt.
	fn conclude(
		id: &RequestId,
		request: Request,
		result: ResultRecord,
		executor: &AccountId,
		outcome: OutcomeCommitment,
		paid: Payment,
	) {
		Finals::<T>::remove(result.final_at, id);
		let status = match result.finality {
			Finality::Invalidated => RequestStatus::Invalidated,
			Finality::Open | Finality::Final => RequestStatus::Settled,
		};
		let receipt = Receipt {
			request: *id,
			model: request.model,
			requester: request.requester.clone(),
			executor: Some(executor.clone()),
			input: request.input_commitment,
			outcome,
			attribution: result.statement.attribution,
			finality: result.finality,
			evidence: result.evidence,
			paid: paid.paid(),
			contributors: paid.contributors,
		};
		if Receipts::<T>::try_append(Self::now(), receipt).is_err() {
			crate::impossible("room for the receipt was checked");
		}
		Results::<T>::insert(id, result);
		Self::finish(id, request, status);
	}

	/// Ends a request without a result: whatever is held goes back, less what is owed to a
	/// validator that could not work for want of an input.
	pub(crate) fn refund(
		id: &RequestId,
		mut request: Request,
		reason: RefundReason,
		owed: Option<(AccountId, Balance)>,
	) {
		let mut charged = 0;
		if let Some((to, amount)) = owed {
			charged = amount.min(request.held);
			Self::pay(&request.requester, &to, charged);
		}
		let returned = Self::give_back(&request.requester, request.held.saturating_sub(charged));
		request.active = None;
		Self::finish(id, request, RequestStatus::Refunded);
		Self::deposit_event(Event::Refunded { request: *id, reason, returned, charged });
	}

	/// Writes down the end of a request and when it may be pruned.
	fn finish(id: &RequestId, mut request: Request, status: RequestStatus) {
		request.status = status;
		Self::notify(id, &request, Moment::End);
		request.held = 0;
		request.due = Self::now().saturating_add(request.rules.retention_blocks);
		// The bytes are in the block that brought them; nothing needs them in state any more.
		Inputs::<T>::remove(id);
		Prunes::<T>::insert(request.due, id, ());
		Requests::<T>::insert(id, request);
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn split_follows_the_hundredths() {
		assert_eq!(
			split(1_500, 1_000, 300),
			Payment {
				executor: 600,
				audit_pot: 300,
				treasury: 50,
				burned: 50,
				contributors: 300,
				returned: 200
			}
		);
		assert_eq!(COST_SPLIT.iter().sum::<u32>(), 100);
	}

	#[test]
	fn split_of_single_units_loses_none() {
		assert_eq!(split(1, 1, 0), Payment { executor: 1, ..Default::default() });
		assert_eq!(split(0, 0, 0), Payment::default());
		// Never more than is held, whatever else is said.
		assert_eq!(split(5, u128::MAX, u128::MAX).paid(), 5);
	}

	proptest! {
		#[test]
		fn audits_only_move_money(
			held in any::<u128>(),
			cost in any::<u128>(),
			price in any::<u128>(),
			audit_fee in any::<u128>(),
			unspent in any::<u128>(),
			from_executor in any::<u128>(),
		) {
			let before = split(held, cost, price);
			let mut due = before;
			add_audits(&mut due, audit_fee, AuditBill { from_executor, unspent });
			prop_assert_eq!(
				due.executor + due.audit_pot + due.returned,
				before.executor + before.audit_pot + before.returned
			);
			prop_assert!(due.audit_pot >= before.audit_pot);
			prop_assert!(due.audit_pot - before.audit_pot <= audit_fee.saturating_add(from_executor));
		}

		#[test]
		fn a_split_adds_up(held in any::<u128>(), cost in any::<u128>(), price in any::<u128>()) {
			let parts = split(held, cost, price);
			let sum = [
				parts.executor, parts.audit_pot, parts.treasury, parts.burned,
				parts.contributors, parts.returned,
			].into_iter().try_fold(0u128, |sum, part| sum.checked_add(part));
			prop_assert_eq!(sum, Some(held));
			prop_assert!(parts.paid() <= held);
		}

		#[test]
		fn no_part_is_off_by_more_than_a_unit(cost in 0u128..u128::MAX / 100) {
			let parts = split(cost, cost, 0);
			for (part, weight) in [parts.executor, parts.audit_pot, parts.treasury, parts.burned]
				.into_iter().zip(COST_SPLIT)
			{
				let quota = cost * u128::from(weight) / 100;
				prop_assert!(part == quota || part == quota + 1);
			}
		}

		#[test]
		fn evidence_only_grows(a in evidence(), b in evidence()) {
			let joined = join_evidence(a, b);
			prop_assert!(joined.covers(&a) && joined.covers(&b));
			prop_assert_eq!(join_evidence(joined, a), joined);
		}
	}

	fn evidence() -> impl Strategy<Value = EvidenceSet> {
		(any::<u8>(), any::<bool>(), any::<bool>(), any::<bool>())
			.prop_map(|(audited, replayed, tee, zk)| EvidenceSet { audited, replayed, tee, zk })
	}
}
