//! From a proved offence to a pending slash.
//!
//! Every offence goes through pallet-offences, whose handler is not told what was committed. So
//! whoever reports writes it down in [`InFlight`](crate::InFlight) first, and the one handler,
//! which serves BABE, GRANDPA and inference alike, reads it from there. Nobody is slashed twice:
//! what was reported is remembered here by cause and offender, because pallet-offences tells one
//! fault apart that is proved in two sessions, and never forgets anything.

use crate::{
	breaker::Hour, Cause, Config, Error, Event, Exposure, Group, Groups, InFlight, InFlightOffence,
	Ledger, Ledgers, Members, NextSlash, Pallet, PlannedDigest, Report, ReportPrunes, Reports,
	SessionSets, Slash, SlashId, Slashes, SlotBytes, WeightInfo, WeightsOf, EQUIVOCATION_SLASH,
	LEAST_CONSENSUS_SLASH, LOG_TARGET, MAX_BUCKETS_PER_BLOCK, MAX_OWN_SLASHES,
	MAX_REPORTS_PRUNED_PER_BLOCK, MOST_CONSENSUS_SLASH,
};
use alloc::{vec, vec::Vec};
use codec::Encode;
use core::marker::PhantomData;
use countersign_primitives::{
	offence::{OffenceKind, OffenceReport},
	request::{RequestId, Role},
	traits::{Offences, Serving, Sessions},
	AccountId, Balance, Hash, SessionIndex, ValidatorIndex,
};
use frame_support::{defensive, ensure, storage::with_storage_layer, weights::Weight};
use pallet_session::historical::IdentificationTuple;
use sp_runtime::{traits::Hash as _, DispatchError, Perbill};
use sp_staking::offence::{
	Kind, Offence, OffenceDetails, OffenceError, OffenceSeverity, OnOffenceHandler, ReportOffence,
};

/// The offender was not reported through [`ConsensusOffences`] alone.
const NOT_ONE_OFFENDER: u8 = 1;
/// The slot is longer than any that is known.
const UNKNOWN_SLOT: u8 = 2;
/// Nothing of the bond is left to take.
const NOTHING_TO_SLASH: u8 = 3;

/// Tells whether a consensus offence that is known already could still be proved in a session that
/// is yet to come. Then it must not be forgotten.
pub trait OpenSlots {
	/// Whether this slot, encoded as the offence encodes it, can still be proved in new sessions.
	fn is_open(kind: &Kind, slot: &[u8]) -> bool;
}

/// A consensus whose offences are all proved in the session that they were committed in.
impl OpenSlots for () {
	fn is_open(_: &Kind, _: &[u8]) -> bool {
		false
	}
}

/// The identifiers of the inference offences in pallet-offences.
pub const fn inference_kind_id(kind: OffenceKind) -> Kind {
	match kind {
		OffenceKind::Equivocation => *b"inference:equivo",
		OffenceKind::WrongResult => *b"inference:wrong_",
		OffenceKind::Unavailable => *b"inference:unavai",
		OffenceKind::BrokenCommit => *b"inference:broken",
	}
}

/// An inference offence as pallet-offences takes it; `KIND` is the position in [`KINDS`].
struct InferenceOffence<const KIND: usize> {
	offender: (AccountId, Exposure),
	session: SessionIndex,
	slot: (RequestId, Role),
}

const KINDS: [OffenceKind; 4] = [
	OffenceKind::Equivocation,
	OffenceKind::WrongResult,
	OffenceKind::Unavailable,
	OffenceKind::BrokenCommit,
];

impl<const KIND: usize> Offence<(AccountId, Exposure)> for InferenceOffence<KIND> {
	const ID: Kind = inference_kind_id(KINDS[KIND]);
	type Slot = (RequestId, Role);

	fn offenders(&self) -> Vec<(AccountId, Exposure)> {
		vec![self.offender.clone()]
	}
	fn session_index(&self) -> SessionIndex {
		self.session
	}
	fn validator_set_count(&self) -> u32 {
		// One offender in its slot, whatever the others do.
		1
	}
	fn slot(&self) -> Self::Slot {
		self.slot
	}
	fn slash_fraction(&self, _: u32) -> Perbill {
		// The handler knows the amount.
		Perbill::zero()
	}
}

/// What BABE and GRANDPA report their offences to.
pub struct ConsensusOffences<T>(PhantomData<T>);

impl<T, O> ReportOffence<AccountId, IdentificationTuple<T>, O> for ConsensusOffences<T>
where
	T: Config,
	O: Offence<IdentificationTuple<T>>,
{
	fn report_offence(reporters: Vec<AccountId>, offence: O) -> Result<(), OffenceError> {
		Pallet::<T>::report_consensus(reporters, offence)
	}

	fn is_known_offence(offenders: &[IdentificationTuple<T>], slot: &O::Slot) -> bool {
		// What takes nothing is refused like what is known, so that it never enters a pool.
		offenders.iter().all(|(offender, exposure)| {
			let Some(cause) = consensus_cause(O::ID, slot) else { return true };
			Reports::<T>::contains_key(cause.report_key(offender))
				|| Ledgers::<T>::get(offender)
					.is_none_or(|ledger| Pallet::<T>::most(&ledger, &cause, *exposure, 0) == 0)
		})
	}
}

fn consensus_cause(kind: Kind, slot: &impl Encode) -> Option<Cause> {
	let slot = SlotBytes::try_from(slot.encode()).ok()?;
	Some(Cause::Consensus { kind, slot })
}

impl<T: Config> Pallet<T> {
	fn report_consensus<O: Offence<IdentificationTuple<T>>>(
		reporters: Vec<AccountId>,
		offence: O,
	) -> Result<(), OffenceError> {
		let offenders = offence.offenders();
		let [(offender, exposure)] = offenders.as_slice() else {
			return Err(OffenceError::Other(NOT_ONE_OFFENDER));
		};
		let Some(cause) = consensus_cause(O::ID, &offence.slot()) else {
			return Err(OffenceError::Other(UNKNOWN_SLOT));
		};
		if Reports::<T>::contains_key(cause.report_key(offender)) {
			return Err(OffenceError::DuplicateReport);
		}
		let ledger = Ledgers::<T>::get(offender).unwrap_or_default();
		if Self::most(&ledger, &cause, *exposure, 0) == 0 {
			return Err(OffenceError::Other(NOTHING_TO_SLASH));
		}
		let in_flight = InFlight {
			offender: offender.clone(),
			cause,
			amount: 0,
			set_length: offence.validator_set_count(),
			reporter: reporters.first().cloned(),
			version: None,
		};
		Self::pass_on(in_flight, offence).map_err(|_| OffenceError::DuplicateReport)
	}

	/// Hands an offence to pallet-offences, which hands it to the handler below. All or nothing.
	fn pass_on<O: Offence<IdentificationTuple<T>>>(
		in_flight: InFlight,
		offence: O,
	) -> Result<(), DispatchError> {
		with_storage_layer(|| {
			let key = in_flight.cause.report_key(&in_flight.offender);
			let reporters = in_flight.reporter.iter().cloned().collect();
			InFlightOffence::<T>::put(in_flight);
			pallet_offences::Pallet::<T>::report_offence(reporters, offence)
				.map_err(|_| Error::<T>::AlreadyReported)?;
			// The handler took it, and did what it had to.
			ensure!(!InFlightOffence::<T>::exists(), Error::<T>::AlreadyReported);
			ensure!(Reports::<T>::contains_key(key), Error::<T>::NothingToSlash);
			Ok(())
		})
	}

	/// What a slash for this cause can take of a bond, `amount` being what the reporter says. Zero
	/// if nothing.
	fn most(ledger: &Ledger, cause: &Cause, exposure: Exposure, amount: Balance) -> Balance {
		let now = <Self as Sessions>::current();
		match cause {
			_ if cause.is_own() && ledger.pending.own_slashes >= MAX_OWN_SLASHES => 0,
			Cause::Consensus { .. } => {
				MOST_CONSENSUS_SLASH.mul_floor(exposure.bond).min(ledger.own_room(now))
			}
			Cause::Inference { kind, .. } => match kind {
				OffenceKind::Equivocation => {
					EQUIVOCATION_SLASH.mul_floor(exposure.bond).min(ledger.own_room(now))
				}
				OffenceKind::WrongResult | OffenceKind::Unavailable => amount.min(ledger.reserved),
				OffenceKind::BrokenCommit => amount.min(ledger.broken_commit_room()),
			},
		}
	}

	/// Makes a reported offence a pending slash.
	fn defer_slash(in_flight: InFlight, exposure: Exposure, session: SessionIndex) {
		let InFlight { offender, cause, amount, set_length, reporter, version } = in_flight;
		let Some(mut ledger) = Ledgers::<T>::get(&offender) else { return };
		let amount = Self::most(&ledger, &cause, exposure, amount);
		if amount == 0 {
			return;
		}
		let parameters = Self::consensus_parameters();
		let now = <Self as Sessions>::current();
		let due = now.saturating_add(parameters.slash_deferral_sessions);
		Self::add_pending(&mut ledger, &cause, amount);
		Ledgers::<T>::insert(&offender, ledger);

		let id = Self::next_slash();
		if let Cause::Consensus { .. } = cause {
			Groups::<T>::mutate(cause.group_key(), |group| {
				let group = group.get_or_insert_with(Group::default);
				group.offenders = group.offenders.saturating_add(1);
				// The report and the slash.
				group.references = group.references.saturating_add(2);
			});
			// Never so many that blocks or votes would be missed, and only until pallet-session is
			// given a new set, which it is for the session after the next.
			PlannedDigest::<T>::kill();
			pallet_session::Pallet::<T>::report_offence(
				offender.clone(),
				OffenceSeverity(LEAST_CONSENSUS_SLASH),
			);
		} else {
			T::Serving::withdraw_all(&offender);
		}
		let (forget_at, closed) = match &cause {
			// It can be proved in sessions up to now, and while its slot is open in later ones.
			Cause::Consensus { kind, slot } => {
				let forget_at = now.max(session).saturating_add(Self::consensus_sessions());
				(forget_at, !T::OpenSlots::is_open(kind, slot))
			}
			Cause::Inference { .. } => {
				(Self::forgotten_at(session).max(now.saturating_add(1)), true)
			}
		};
		let key = cause.report_key(&offender);
		Reports::<T>::insert(
			key,
			Report {
				offender: offender.clone(),
				cause: cause.clone(),
				session,
				exposure,
				due,
				forget_at,
				closed,
			},
		);
		ReportPrunes::<T>::insert(forget_at, key, ());
		crate::DueSlashes::<T>::insert(due, id, ());
		Slashes::<T>::insert(
			id,
			Slash {
				offender: offender.clone(),
				cause: cause.clone(),
				session,
				exposure,
				amount,
				set_length,
				reporter,
				version,
				hour: Hour::now::<T>(),
				due,
				frozen: false,
			},
		);
		Self::deposit_event(Event::SlashDeferred {
			slash: id,
			validator: offender,
			cause: cause.clone(),
			amount,
			until: due,
		});
		if let (true, Some(version)) = (cause.is_wrong_result(), version) {
			Self::count_wrong_result(version, amount);
		}
	}

	fn next_slash() -> SlashId {
		NextSlash::<T>::mutate(|next| {
			let id = *next;
			*next = next.wrapping_add(1);
			id
		})
	}

	fn add_pending(ledger: &mut Ledger, cause: &Cause, amount: Balance) {
		let pending = &mut ledger.pending;
		if cause.is_own() {
			pending.own = pending.own.saturating_add(amount);
			pending.own_slashes = pending.own_slashes.saturating_add(1);
			return;
		}
		pending.covers = pending.covers.saturating_add(amount);
		if let Cause::Inference {
			kind: OffenceKind::WrongResult | OffenceKind::Unavailable, ..
		} = cause
		{
			ledger.reserved = ledger.reserved.saturating_sub(amount);
		}
	}

	/// The first session in which nothing around inference in `session` can be reported any more.
	fn forgotten_at(session: SessionIndex) -> SessionIndex {
		session.saturating_add(Self::kept_sessions()).saturating_add(1)
	}

	/// Sessions after which no consensus offence of a session can be proved in it any more: then
	/// its historical root is gone.
	fn consensus_sessions() -> SessionIndex {
		Self::consensus_parameters().report_window_sessions.saturating_add(1)
	}

	/// Releases a group's reference.
	pub(crate) fn leave_group(cause: &Cause, cancelled: bool) {
		let Cause::Consensus { .. } = cause else { return };
		Groups::<T>::mutate_exists(cause.group_key(), |group| {
			let Some(found) = group else {
				defensive!("a group lives as long as somebody refers to it");
				return;
			};
			found.references = found.references.saturating_sub(1);
			if cancelled {
				found.offenders = found.offenders.saturating_sub(1);
			}
			if found.references == 0 {
				*group = None;
			}
		});
	}

	/// Forgets reports that nobody can make again, and what pallet-offences knows of them. Returns
	/// how many it looked at, at most [`MAX_REPORTS_PRUNED_PER_BLOCK`].
	pub(crate) fn prune_reports() -> u32 {
		let now = <Self as Sessions>::current();
		let start = crate::ReportCursor::<T>::get();
		let mut cursor = start;
		let mut looked_at: u32 = 0;
		for _ in 0..MAX_BUCKETS_PER_BLOCK {
			let left = MAX_REPORTS_PRUNED_PER_BLOCK.saturating_sub(looked_at);
			if cursor > now || left == 0 {
				break;
			}
			let keys: Vec<_> =
				ReportPrunes::<T>::iter_key_prefix(cursor).take(left as usize).collect();
			looked_at = looked_at.saturating_add(keys.len() as u32);
			let emptied = (keys.len() as u32) < left;
			for key in keys {
				ReportPrunes::<T>::remove(cursor, key);
				Self::prune_report(key, now);
			}
			if !emptied || cursor == now {
				break;
			}
			cursor = cursor.saturating_add(1);
		}
		if cursor != start {
			crate::ReportCursor::<T>::put(cursor);
		}
		looked_at
	}

	fn prune_report(key: Hash, now: SessionIndex) {
		let Some(mut report) = Reports::<T>::get(key) else {
			defensive!("every report to prune is there");
			return;
		};
		if let Some(forget_at) = Self::still_reportable(&mut report, now) {
			report.forget_at = forget_at;
			Reports::<T>::insert(key, report);
			ReportPrunes::<T>::insert(forget_at, key, ());
			return;
		}
		Reports::<T>::remove(key);
		Self::leave_group(&report.cause, false);
		pallet_offences::Reports::<T>::remove(Self::offences_key(&report));
		// Later offenders of the same slot would be counted from the start there; ours are in
		// their group.
		let (kind, slot) = Self::kind_and_slot(&report.cause);
		pallet_offences::ConcurrentReportsIndex::<T>::remove(kind, slot);
	}

	fn kind_and_slot(cause: &Cause) -> (Kind, Vec<u8>) {
		match cause {
			Cause::Consensus { kind, slot } => (*kind, slot.to_vec()),
			Cause::Inference { kind, request, role } => {
				(inference_kind_id(*kind), (request, role).encode())
			}
		}
	}

	/// Under which key pallet-offences keeps a report.
	pub(crate) fn offences_key(report: &Report) -> Hash {
		let (kind, slot) = Self::kind_and_slot(&report.cause);
		let offender: IdentificationTuple<T> = (report.offender.clone(), report.exposure);
		T::Hashing::hash_of(&(kind, slot, offender))
	}

	/// The session in which to look again, if the report could still be made.
	fn still_reportable(report: &mut Report, now: SessionIndex) -> Option<SessionIndex> {
		let Cause::Consensus { kind, slot } = &report.cause else {
			// The window may have become longer.
			return Self::in_report_window(report.session)
				.then(|| Self::forgotten_at(report.session).max(now.saturating_add(1)));
		};
		let window = Self::consensus_sessions();
		if now < report.session.saturating_add(window) {
			return Some(report.session.saturating_add(window));
		}
		if report.closed {
			return None;
		}
		// It can be proved in the sessions of now too, or could be until a moment ago.
		report.closed = !T::OpenSlots::is_open(kind, slot);
		Some(now.saturating_add(window))
	}
}

impl<T: Config> OnOffenceHandler<AccountId, IdentificationTuple<T>, Weight> for Pallet<T> {
	fn on_offence(
		offenders: &[OffenceDetails<AccountId, IdentificationTuple<T>>],
		_: &[Perbill],
		session: SessionIndex,
	) -> Weight {
		let Some(in_flight) = InFlightOffence::<T>::take() else {
			log::error!(target: LOG_TARGET, "an offence was reported past this pallet");
			return Weight::zero();
		};
		// The others are earlier offenders of the same slot, who are in their group already.
		let found = offenders.iter().rev().find(|details| details.offender.0 == in_flight.offender);
		match found {
			Some(details) => Self::defer_slash(in_flight, details.offender.1, session),
			None => {
				defensive!("the offender is among the offenders");
			}
		}
		Weight::zero()
	}
}

impl<T: Config> Pallet<T> {
	/// A member of a session's table, and what stood behind it.
	fn accused(
		session: SessionIndex,
		validator: ValidatorIndex,
	) -> Result<(AccountId, Exposure), DispatchError> {
		ensure!(Self::in_report_window(session), Error::<T>::OutsideReportWindow);
		let member = SessionSets::<T>::get(session)
			.and_then(|set| Members::<T>::get(set, validator))
			.ok_or(Error::<T>::UnknownMember)?;
		Ok((member.account, member.exposure))
	}

	/// Reports an inference offence that nobody reported before.
	pub(crate) fn report_new(
		report: OffenceReport,
		offender: (AccountId, Exposure),
	) -> Result<SessionIndex, DispatchError> {
		let OffenceReport { kind, session, request, role, amount, version, reporter, .. } = report;
		let cause = Cause::Inference { kind, request, role };
		let key = cause.report_key(&offender.0);
		let ledger = Ledgers::<T>::get(&offender.0).ok_or(Error::<T>::NothingToSlash)?;
		ensure!(Self::most(&ledger, &cause, offender.1, amount) > 0, Error::<T>::NothingToSlash);
		let in_flight = InFlight {
			offender: offender.0.clone(),
			cause,
			amount,
			set_length: 0,
			reporter,
			version,
		};
		let slot = (request, role);
		match kind {
			OffenceKind::Equivocation => {
				Self::pass_on(in_flight, InferenceOffence::<0> { offender, session, slot })
			}
			OffenceKind::WrongResult => {
				Self::pass_on(in_flight, InferenceOffence::<1> { offender, session, slot })
			}
			OffenceKind::Unavailable => {
				Self::pass_on(in_flight, InferenceOffence::<2> { offender, session, slot })
			}
			OffenceKind::BrokenCommit => {
				Self::pass_on(in_flight, InferenceOffence::<3> { offender, session, slot })
			}
		}?;
		Reports::<T>::get(key)
			.map(|report| report.due)
			.ok_or_else(|| Error::<T>::NothingToSlash.into())
	}
}

impl<T: Config> Offences for Pallet<T> {
	fn report(report: OffenceReport) -> Result<SessionIndex, DispatchError> {
		let offender = Self::accused(report.session, report.validator)?;
		let OffenceReport { kind, request, role, .. } = report;
		let cause = Cause::Inference { kind, request, role };
		if let Some(known) = Reports::<T>::get(cause.report_key(&offender.0)) {
			return Ok(known.due);
		}
		Self::report_new(report, offender)
	}

	fn is_reported(
		kind: OffenceKind,
		request: &RequestId,
		role: Role,
		offender: &AccountId,
	) -> bool {
		let cause = Cause::Inference { kind, request: *request, role };
		Reports::<T>::contains_key(cause.report_key(offender))
	}

	fn is_suspended(version: u16) -> bool {
		<Self as countersign_primitives::traits::Versions>::suspended(version)
	}

	fn report_weight() -> Weight {
		WeightsOf::<T>::report().saturating_add(T::Serving::withdraw_all_weight())
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn make_report(kind: OffenceKind, amount: Balance) -> OffenceReport {
		crate::benchmarking::make_report::<T>(kind, amount)
	}
}
