//! Bonds and the cover on them.

use crate::{
	Candidate, CandidateList, Candidates, Config, CurrencyOf, Error, Event, HoldReason, Ledger,
	Ledgers, Pallet, Parameters, Positions, Record, Records,
};
use countersign_primitives::{
	parameters::ConsensusParameters,
	traits::{Bonds, Serving, Sessions},
	AccountId, Balance, SessionIndex,
};
use frame_support::{
	defensive,
	dispatch::DispatchResult,
	ensure,
	traits::{fungible::MutateHold, tokens::Precision},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::DispatchError;

type Place = (CandidateList, Option<Candidate>);

impl<T: Config> Pallet<T> {
	/// The parameters of consensus and bonds.
	pub fn consensus_parameters() -> ConsensusParameters {
		Parameters::<T>::get().unwrap_or(ConsensusParameters::main())
	}

	/// The reason under which bonds are on hold.
	pub(crate) fn reason() -> T::RuntimeHoldReason {
		HoldReason::Bond.into()
	}

	fn matures_in() -> SessionIndex {
		let unbonding = Self::consensus_parameters().unbonding_sessions;
		<Self as Sessions>::current().saturating_add(unbonding)
	}

	pub(crate) fn do_bond(who: &AccountId, amount: Balance) -> DispatchResult {
		ensure!(!Ledgers::<T>::contains_key(who), Error::<T>::AlreadyBonded);
		ensure!(amount >= Self::consensus_parameters().minimum_bond, Error::<T>::BelowMinimumBond);
		let place = Self::place(who, amount)?;
		CurrencyOf::<T>::hold(&Self::reason(), who, amount)?;
		Ledgers::<T>::insert(who, Ledger::new(amount));
		Records::<T>::insert(who, Record::default());
		Self::enlist(who, place);
		Self::deposit_event(Event::Bonded { validator: who.clone(), amount });
		Ok(())
	}

	pub(crate) fn do_bond_more(who: &AccountId, amount: Balance) -> DispatchResult {
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		let mut ledger = Ledgers::<T>::get(who).ok_or(Error::<T>::NotBonded)?;
		let before = ledger.bonded;
		ledger.bonded = before.checked_add(amount).ok_or(Error::<T>::Overflow)?;
		CurrencyOf::<T>::hold(&Self::reason(), who, amount)?;
		if ledger.leaving.is_none() {
			Self::relist(who, before, ledger.bonded);
		}
		Ledgers::<T>::insert(who, &ledger);
		Self::deposit_event(Event::BondIncreased {
			validator: who.clone(),
			amount,
			bonded: ledger.bonded,
		});
		Ok(())
	}

	pub(crate) fn do_unbond(who: &AccountId, amount: Balance) -> DispatchResult {
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		let mut ledger = Ledgers::<T>::get(who).ok_or(Error::<T>::NotBonded)?;
		ensure!(ledger.leaving.is_none(), Error::<T>::Leaving);
		let before = ledger.bonded;
		let left = before.checked_sub(amount).ok_or(Error::<T>::BelowMinimumBond)?;
		ensure!(left >= Self::consensus_parameters().minimum_bond, Error::<T>::BelowMinimumBond);
		let covers = ledger.reserved.saturating_add(ledger.pending.covers);
		ensure!(left >= covers.saturating_mul(2), Error::<T>::CoverNeedsBond);
		let until = Self::matures_in();
		ensure!(ledger.queue(amount, until), Error::<T>::TooManyUnbonding);
		ledger.bonded = left;
		Self::relist(who, before, left);
		Ledgers::<T>::insert(who, ledger);
		Self::deposit_event(Event::Unbonded { validator: who.clone(), amount, until });
		Ok(())
	}

	pub(crate) fn do_leave(who: &AccountId) -> DispatchResult {
		let ledger = Ledgers::<T>::get(who).ok_or(Error::<T>::NotBonded)?;
		ensure!(ledger.leaving.is_none(), Error::<T>::Leaving);
		if !Candidates::<T>::mutate(|list| list.remove(who, ledger.bonded)) {
			defensive!("a bond that is not leaving is in the list of candidates");
		}
		Self::start_leaving(who, ledger);
		Ok(())
	}

	pub(crate) fn do_rejoin(who: &AccountId) -> DispatchResult {
		let mut ledger = Ledgers::<T>::get(who).ok_or(Error::<T>::NotBonded)?;
		ensure!(ledger.leaving.is_some(), Error::<T>::NotLeaving);
		ensure!(
			ledger.bonded >= Self::consensus_parameters().minimum_bond,
			Error::<T>::BelowMinimumBond
		);
		let bonded = ledger.bonded;
		let place = Self::place(who, bonded)?;
		ledger.leaving = None;
		Ledgers::<T>::insert(who, ledger);
		Self::enlist(who, place);
		Self::deposit_event(Event::Rejoined { validator: who.clone(), bonded });
		Ok(())
	}

	pub(crate) fn do_withdraw(who: &AccountId) -> DispatchResult {
		let mut ledger = Ledgers::<T>::get(who).ok_or(Error::<T>::NotBonded)?;
		let now = <Self as Sessions>::current();
		let mut amount = ledger.take_matured(now);
		let mut refusal = match ledger.has_matured(now) {
			true if ledger.owed() > ledger.reserved => Error::<T>::SlashPending,
			true => Error::<T>::CoverReserved,
			false => Error::<T>::NothingToWithdraw,
		};
		let mut closing = false;
		if ledger.leaving.is_some_and(|until| until <= now) {
			if ledger.reserved > 0 {
				refusal = Error::<T>::CoverReserved;
			} else if ledger.owed() > 0 {
				refusal = Error::<T>::SlashPending;
			} else if Positions::<T>::contains_key(who) {
				// Nobody took its place: whoever authors and votes has a bond.
				refusal = Error::<T>::StillInSession;
			} else {
				amount = amount.saturating_add(ledger.bonded);
				ledger.bonded = 0;
				closing = true;
			}
		}
		// A ledger that slashes have emptied can still be closed.
		let removed = closing && ledger.held() == 0;
		ensure!(amount > 0 || removed, refusal);
		CurrencyOf::<T>::release(&Self::reason(), who, amount, Precision::Exact)?;
		if removed {
			Ledgers::<T>::remove(who);
			Records::<T>::remove(who);
		} else {
			Ledgers::<T>::insert(who, ledger);
		}
		Self::deposit_event(Event::Withdrawn { validator: who.clone(), amount });
		if removed {
			Self::deposit_event(Event::Removed { validator: who.clone() });
		}
		Ok(())
	}

	/// The list of candidates with a newcomer in it, and the one that loses its place.
	fn place(who: &AccountId, bond: Balance) -> Result<Place, DispatchError> {
		let mut list = Candidates::<T>::get();
		let evicted = list
			.insert(Candidate { account: who.clone(), bond })
			.map_err(|_| Error::<T>::CandidatesFull)?;
		Ok((list, evicted))
	}

	fn enlist(who: &AccountId, (list, evicted): Place) {
		Candidates::<T>::put(list);
		let Some(evicted) = evicted else { return };
		Self::deposit_event(Event::Evicted { validator: evicted.account.clone(), by: who.clone() });
		match Ledgers::<T>::get(&evicted.account) {
			Some(ledger) => Self::start_leaving(&evicted.account, ledger),
			None => {
				defensive!("every candidate has a ledger");
			}
		}
	}

	fn relist(who: &AccountId, before: Balance, after: Balance) {
		if !Candidates::<T>::mutate(|list| list.update(who, before, after)) {
			defensive!("a bond that is not leaving is in the list of candidates");
		}
	}

	/// Marks a ledger, whose account is in the list no more, as leaving.
	fn start_leaving(who: &AccountId, mut ledger: Ledger) {
		let until = Self::matures_in();
		ledger.leaving = Some(until);
		Ledgers::<T>::insert(who, ledger);
		T::Serving::withdraw_all(who);
		Self::deposit_event(Event::LeaveStarted { validator: who.clone(), until });
	}
}

impl<T: Config> Bonds for Pallet<T> {
	fn is_validator(who: &AccountId) -> bool {
		let minimum = Self::consensus_parameters().minimum_bond;
		Ledgers::<T>::get(who)
			.is_some_and(|ledger| ledger.leaving.is_none() && ledger.bonded >= minimum)
	}

	fn bonded(who: &AccountId) -> Balance {
		Ledgers::<T>::get(who).map_or(0, |ledger| ledger.bonded)
	}

	fn free_cover(who: &AccountId) -> Balance {
		Ledgers::<T>::get(who).map_or(0, |ledger| ledger.free_cover())
	}

	fn reserved_cover(who: &AccountId) -> Balance {
		Ledgers::<T>::get(who).map_or(0, |ledger| ledger.reserved)
	}

	fn reserve_cover(who: &AccountId, amount: Balance) -> DispatchResult {
		Ledgers::<T>::try_mutate(who, |ledger| {
			let ledger = ledger.as_mut().ok_or(Error::<T>::NotBonded)?;
			ensure!(ledger.leaving.is_none(), Error::<T>::Leaving);
			ensure!(amount <= ledger.free_cover(), Error::<T>::InsufficientCover);
			ledger.reserved = ledger.reserved.saturating_add(amount);
			Ok(())
		})
	}

	fn release_cover(who: &AccountId, amount: Balance) {
		Ledgers::<T>::mutate_extant(who, |ledger| {
			ledger.reserved = ledger.reserved.saturating_sub(amount);
		});
	}

	fn note_service(who: &AccountId, answered: bool) {
		Records::<T>::mutate_extant(who, |record| {
			let count = if answered { &mut record.answered } else { &mut record.missed };
			*count = count.saturating_add(1);
		});
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn make_validator(seed: u32) -> AccountId {
		crate::benchmarking::make_validator::<T>(seed)
	}
}

impl<T: Config> pallet_authorship::EventHandler<AccountId, BlockNumberFor<T>> for Pallet<T> {
	fn note_author(author: AccountId) {
		Records::<T>::mutate_extant(author, |record| {
			record.authored = record.authored.saturating_add(1);
		});
	}
}
