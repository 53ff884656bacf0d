//! What waits while a version of the canonical operator set is suspended.
//!
//! A version is suspended when so many results were found wrong under it that a mistake of its own
//! is likelier than so many liars. Then nobody can say what a right answer is, so the chain says
//! nothing about any:
//!
//! - **Nothing new**: requests and runs inside a transaction are refused, and what waits for a
//!   validator is not assigned. It is refunded at its deadline. What was assigned may be answered.
//! - **Nothing ends by a window**: it could not be used to dispute. A result whose window is over is
//!   given a whole new one, again and again, until one passed without suspension.
//! - **Not for ever**: where the suspension outlasts the report window, in which a wrong result could
//!   still cost stake, the result is given up: everything held goes back to the requester, and the
//!   cover to the executor.

use crate::pallet::{Config, Event, Finals, Pallet, Requests, Results, WindowClock};
use countersign_primitives::{
	request::RequestId,
	traits::{Bonds, Sessions, Versions},
	SessionIndex,
};
use sp_runtime::DispatchResult;

impl<T: Config> Pallet<T> {
	/// Whether the results of a model with this version are in doubt; those of a model without a
	/// program cannot be disputed anyway.
	pub(crate) fn is_in_doubt(version: Option<u16>) -> bool {
		version.is_some_and(T::Versions::suspended)
	}

	/// Acts on an open result whose window is over. It is in no bucket of the queue any more.
	pub(crate) fn end_window(id: &RequestId) -> DispatchResult {
		let (Some(request), Some(mut result)) = (Requests::<T>::get(id), Results::<T>::get(id))
		else {
			return Self::settle(id);
		};
		let Some(version) = request.canonical_version else { return Self::settle(id) };
		if T::Versions::suspended(version) {
			let assigned_in = request.active.as_ref().map_or(0, |active| active.assignment.session);
			if Self::is_too_old(assigned_in) {
				return Self::give_up(id);
			}
		} else if T::Versions::lifted_at(version).is_none_or(|at| at < result.window_from) {
			return Self::settle(id);
		}
		result.window_from = Self::now();
		result.final_at =
			WindowClock::<T>::get().saturating_add(request.rules.final_window_blocks.into());
		Finals::<T>::insert(result.final_at, id, ());
		Self::deposit_event(Event::WindowRestarted { request: *id, final_at: result.final_at });
		Results::<T>::insert(id, result);
		Ok(())
	}

	/// Whether an offence of that session could soon no longer be reported.
	fn is_too_old(assigned_in: SessionIndex) -> bool {
		T::Sessions::current().saturating_sub(assigned_in)
			> T::Sessions::parameters().report_window_sessions
	}

	/// Ends a result that nobody could judge. Nothing is known against the executor.
	fn give_up(id: &RequestId) -> DispatchResult {
		let ended = Self::invalidate(id)?;
		T::Bonds::release_cover(&ended.executor, ended.cover);
		T::Bonds::note_service(&ended.executor, true);
		Self::deposit_event(Event::GivenUp { request: *id, executor: ended.executor });
		Ok(())
	}
}
