//! Changing the parameters of consensus and bonds.

use crate::{Config, Error, Event, Pallet, Parameters, UnbondingFloor};
use countersign_primitives::{
	parameters::ConsensusParameters,
	traits::{RequestRules, Sessions},
	SessionIndex,
};
use frame_support::{dispatch::DispatchResult, ensure, traits::Get};

impl<T: Config> Pallet<T> {
	/// The shortest unbonding period that anything unbonding now was given: whoever took a bond
	/// out under an earlier rule must be reachable until it matures.
	fn unbonding_floor(current: &ConsensusParameters, now: SessionIndex) -> SessionIndex {
		match UnbondingFloor::<T>::get() {
			Some((least, until)) if now < until => least.min(current.unbonding_sessions),
			_ => current.unbonding_sessions,
		}
	}

	pub(crate) fn do_set_parameters(new: ConsensusParameters) -> DispatchResult {
		let current = Self::consensus_parameters();
		ensure!(new.epoch_slots == current.epoch_slots, Error::<T>::EpochNeverChanges);
		let requests = T::RequestRules::parameters();
		new.check(&requests).map_err(|_| Error::<T>::BadParameters)?;
		let deferral = new.slash_deferral_sessions.saturating_mul(new.epoch_slots);
		ensure!(deferral > T::AppealBlocks::get(), Error::<T>::BadParameters);
		let now = <Self as Sessions>::current();
		let floor = Self::unbonding_floor(&current, now);
		let for_old = ConsensusParameters {
			unbonding_sessions: floor.min(new.unbonding_sessions),
			..new.clone()
		};
		for_old.check(&requests).map_err(|_| Error::<T>::BadParameters)?;
		if new.unbonding_sessions != current.unbonding_sessions {
			// Until all that is unbonding under the rule of now has matured.
			let until = now.saturating_add(current.unbonding_sessions);
			let until = UnbondingFloor::<T>::get().map_or(until, |(_, before)| before.max(until));
			UnbondingFloor::<T>::put((floor, until));
		}
		Parameters::<T>::put(&new);
		Self::deposit_event(Event::ParametersChanged { parameters: new });
		Ok(())
	}
}
