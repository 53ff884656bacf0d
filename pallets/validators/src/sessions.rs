//! Who serves in which session.

use crate::{
	Candidates, Config, CurrentSet, Event, Exposure, Ledgers, Member, Members, OldestSession,
	Pallet, Parameters, Planned, PlannedDigest, Positions, PrunedMembers, Records, SessionSets,
	SessionStake, SetIndex, SetLengths, LOG_TARGET, MAX_PRUNED_MEMBERS,
};
use alloc::{
	collections::{BTreeMap, BTreeSet},
	vec::Vec,
};
use codec::Encode;
use core::marker::PhantomData;
use countersign_primitives::{
	apis::ValidatorView,
	keys::{InferenceId, INFERENCE_KEY_TYPE},
	parameters::{ConsensusParameters, MAX_VALIDATORS},
	traits::{SessionMember, Sessions},
	AccountId, Balance, Hash, SessionIndex, ValidatorIndex,
};
use frame_support::{
	traits::{Get, OneSessionHandler},
	BoundedVec,
};
use pallet_session::{historical, Pallet as Session};
use sp_runtime::{
	traits::{BlakeTwo256, Convert, Hash as _, OpaqueKeys},
	BoundToRuntimeAppPublic,
};

/// The most roots of past sessions that a new session prunes.
const MAX_PRUNED_ROOTS: SessionIndex = 4;

/// Adds an item to a running digest, so that a long list is never encoded as a whole.
fn extend(digest: Hash, item: impl Encode) -> Hash {
	BlakeTwo256::hash_of(&(digest, item))
}

impl<T: Config> Pallet<T> {
	/// Chooses the validators of the session to plan: the candidates with the highest bonds that
	/// have keys. Nothing, if that is who was planned last, or if nobody can be chosen.
	fn plan() -> Option<Vec<(AccountId, Exposure)>> {
		let parameters = Self::consensus_parameters();
		let most = parameters.maximum_validators.min(MAX_VALIDATORS) as usize;
		let mut digest = Hash::zero();
		let mut stake: Balance = 0;
		let mut chosen = BoundedVec::new();
		for candidate in Candidates::<T>::get().iter() {
			if candidate.bond < parameters.minimum_bond || chosen.len() >= most {
				break;
			}
			let Some(keys) = Session::<T>::load_keys(&candidate.account) else { continue };
			digest = extend(digest, (&candidate.account, candidate.bond, keys));
			let exposure = Exposure { bond: candidate.bond };
			if chosen.try_push((candidate.account.clone(), exposure)).is_err() {
				break;
			}
			stake = stake.saturating_add(candidate.bond);
		}
		if chosen.is_empty() {
			// A chain without validators is lost for good: those of now go on.
			log::warn!(target: LOG_TARGET, "no candidate can be chosen; the validators stay");
			PlannedDigest::<T>::kill();
			return None;
		}
		// The keys count too: pallet-session would notice that they changed, but the historical
		// root, against which offences are reported, is only made anew when we say so.
		if PlannedDigest::<T>::get() == Some(digest) {
			return None;
		}
		PlannedDigest::<T>::put(digest);
		Planned::<T>::put(&chosen);
		SessionStake::<T>::put(stake);
		Some(chosen.into_inner())
	}

	/// Writes the table of a session that starts. Called while the queued keys of pallet-session
	/// are those of this session.
	fn note_session(session: SessionIndex) {
		let exposures: BTreeMap<_, _> = Planned::<T>::get().into_iter().collect();
		let keys: BTreeMap<_, _> = Session::<T>::queued_keys().into_iter().collect();
		let mut digest = Hash::zero();
		// A position without a key stays empty, so that the others keep theirs.
		let members: Vec<_> = Session::<T>::validators()
			.into_iter()
			.take(MAX_VALIDATORS as usize)
			.map(|account| {
				let key =
					keys.get(&account).and_then(|keys| keys.get::<InferenceId>(INFERENCE_KEY_TYPE));
				let exposure = exposures.get(&account).copied().unwrap_or_default();
				digest = extend(digest, (&account, &key, exposure));
				key.map(|key| Member { account, key, exposure })
			})
			.collect();
		let current = CurrentSet::<T>::get();
		match current {
			Some((set, before)) if before == digest => SessionSets::<T>::insert(session, set),
			_ => {
				let set = current.map_or(0, |(set, _)| set.wrapping_add(1));
				Self::write_set(set, members);
				CurrentSet::<T>::put((set, digest));
				SessionSets::<T>::insert(session, set);
				let validators = SetLengths::<T>::get(set).unwrap_or_default();
				Self::deposit_event(Event::SetChanged { session, validators });
			}
		}
	}

	fn write_set(set: SetIndex, members: Vec<Option<Member>>) {
		// Never more than the limit, so this removes all of them.
		let _ = Positions::<T>::clear(MAX_VALIDATORS, None);
		let mut length: ValidatorIndex = 0;
		for member in members {
			if let Some(member) = member {
				Positions::<T>::insert(&member.account, length);
				Members::<T>::insert(set, length, member);
			}
			length = length.saturating_add(1);
		}
		SetLengths::<T>::insert(set, length);
	}

	/// Sessions for which offences around inference can be reported, and for which the table is
	/// kept: a verdict may come as late as a request lives, and then there is the report window.
	pub(crate) fn kept_sessions() -> SessionIndex {
		let parameters = Self::consensus_parameters();
		parameters
			.report_window_sessions
			.saturating_add(T::LongestRequest::get().div_ceil(parameters.epoch_slots.max(1)))
	}

	/// Whether a session has begun and offences around inference in it can still be reported.
	pub(crate) fn in_report_window(session: SessionIndex) -> bool {
		let window = Self::kept_sessions();
		Session::<T>::current_index().checked_sub(session).is_some_and(|age| age <= window)
	}

	/// Forgets at most one session behind the report window and at most [`MAX_PRUNED_MEMBERS`]
	/// members. Returns how many members it removed.
	pub(crate) fn prune() -> u32 {
		let oldest = OldestSession::<T>::get();
		if oldest >= Session::<T>::current_index() || Self::in_report_window(oldest) {
			return 0;
		}
		let next = oldest.saturating_add(1);
		let mut removed: u32 = 0;
		if let Some(set) = SessionSets::<T>::get(oldest) {
			if SessionSets::<T>::get(next) != Some(set) {
				let length = SetLengths::<T>::get(set).unwrap_or_default();
				let from = PrunedMembers::<T>::get();
				let to = length.min(from.saturating_add(MAX_PRUNED_MEMBERS));
				for index in from..to {
					Members::<T>::remove(set, index);
				}
				removed = to.saturating_sub(from);
				if to < length {
					PrunedMembers::<T>::put(to);
					return removed;
				}
				PrunedMembers::<T>::kill();
				SetLengths::<T>::remove(set);
			}
			SessionSets::<T>::remove(oldest);
		}
		OldestSession::<T>::put(next);
		removed
	}

	/// Drops the roots of sessions behind the report window, which nothing else does.
	fn prune_roots(session: SessionIndex) {
		let Some((first, _)) = historical::StoredRange::<T>::get() else { return };
		let window = Self::consensus_parameters().report_window_sessions;
		let up_to = session.saturating_sub(window).min(first.saturating_add(MAX_PRUNED_ROOTS));
		if up_to > first {
			historical::Pallet::<T>::prune_up_to(up_to);
		}
	}

	/// A member of the current session.
	fn current_member(who: &AccountId) -> Option<(ValidatorIndex, Member)> {
		let index = Positions::<T>::get(who)?;
		let (set, _) = CurrentSet::<T>::get()?;
		Members::<T>::get(set, index).map(|member| (index, member))
	}

	/// A validator as queries show it.
	pub fn view(who: &AccountId) -> Option<ValidatorView> {
		let ledger = Ledgers::<T>::get(who)?;
		let record = Records::<T>::get(who).unwrap_or_default();
		let member = Self::current_member(who);
		Some(ValidatorView {
			account: who.clone(),
			bonded: ledger.bonded,
			reserved_cover: ledger.reserved,
			free_cover: ledger.free_cover(),
			position: member.as_ref().map(|(index, _)| *index),
			key: member.map(|(_, member)| member.key),
			answered: record.answered,
			missed: record.missed,
			leaving: ledger.leaving.is_some(),
			unbonding: ledger
				.unbonding
				.into_iter()
				.map(|chunk| (chunk.amount, chunk.until))
				.collect(),
		})
	}

	/// The validators of the current session in their order, then the other candidates by falling
	/// bond; at most 1,000 in all.
	pub fn views() -> Vec<ValidatorView> {
		let serving = Session::<T>::validators();
		let known: BTreeSet<_> = serving.iter().cloned().collect();
		let waiting: Vec<_> = Candidates::<T>::get()
			.iter()
			.map(|candidate| candidate.account.clone())
			.filter(|account| !known.contains(account))
			.collect();
		serving
			.iter()
			.chain(&waiting)
			.take(MAX_VALIDATORS as usize)
			.filter_map(Self::view)
			.collect()
	}
}

impl<T: Config> Sessions for Pallet<T> {
	fn current() -> SessionIndex {
		Session::<T>::current_index()
	}

	fn length() -> ValidatorIndex {
		CurrentSet::<T>::get().and_then(|(set, _)| SetLengths::<T>::get(set)).unwrap_or_default()
	}

	fn position(who: &AccountId) -> Option<ValidatorIndex> {
		Positions::<T>::get(who)
	}

	fn member(session: SessionIndex, validator: ValidatorIndex) -> Option<SessionMember> {
		if !Self::in_report_window(session) {
			return None;
		}
		let set = SessionSets::<T>::get(session)?;
		Members::<T>::get(set, validator).map(Into::into)
	}

	fn parameters() -> ConsensusParameters {
		Self::consensus_parameters()
	}
}

impl<T: Config> pallet_session::SessionManager<AccountId> for Pallet<T> {
	fn new_session(_: SessionIndex) -> Option<Vec<AccountId>> {
		Some(Self::plan()?.into_iter().map(|(account, _)| account).collect())
	}

	fn start_session(session: SessionIndex) {
		Self::note_session(session);
		Self::prune_roots(session);
	}

	fn end_session(_: SessionIndex) {}
}

impl<T: Config> historical::SessionManager<AccountId, Exposure> for Pallet<T> {
	fn new_session(_: SessionIndex) -> Option<Vec<(AccountId, Exposure)>> {
		Self::plan()
	}

	fn start_session(session: SessionIndex) {
		<Self as pallet_session::SessionManager<_>>::start_session(session);
	}

	fn end_session(session: SessionIndex) {
		<Self as pallet_session::SessionManager<_>>::end_session(session);
	}
}

// The inference key is a session key like any other, but nothing happens when it changes: the
// table of the session has it.
impl<T> BoundToRuntimeAppPublic for Pallet<T> {
	type Public = InferenceId;
}

impl<T> OneSessionHandler<AccountId> for Pallet<T> {
	type Key = InferenceId;

	fn on_genesis_session<'a, I>(_: I)
	where
		I: Iterator<Item = (&'a AccountId, Self::Key)> + 'a,
	{
	}

	fn on_new_session<'a, I>(_: bool, _: I, _: I)
	where
		I: Iterator<Item = (&'a AccountId, Self::Key)> + 'a,
	{
	}

	fn on_disabled(_: u32) {}
}

/// The full identification of a validator of the current session: its bond when the session was
/// planned, not the bond of now.
pub struct ExposureOf<T>(PhantomData<T>);

impl<T: Config> Convert<AccountId, Option<Exposure>> for ExposureOf<T> {
	fn convert(who: AccountId) -> Option<Exposure> {
		Pallet::<T>::current_member(&who).map(|(_, member)| member.exposure)
	}
}

fn stored<T: Config>() -> ConsensusParameters {
	Parameters::<T>::get().unwrap_or(ConsensusParameters::main())
}

/// The slots of an epoch, from storage: pallet-babe's `EpochDuration`. Those of the main network
/// where storage is empty.
pub struct EpochDuration<T>(PhantomData<T>);

impl<T: Config> Get<u64> for EpochDuration<T> {
	fn get() -> u64 {
		stored::<T>().epoch_slots.into()
	}
}

/// The blocks for which an offence can be reported: the `ReportLongevity` of equivocation reports.
pub struct ReportLongevity<T>(PhantomData<T>);

impl<T: Config> Get<u64> for ReportLongevity<T> {
	fn get() -> u64 {
		let parameters = stored::<T>();
		u64::from(parameters.report_window_sessions).saturating_mul(parameters.epoch_slots.into())
	}
}

/// The sessions for which an offence can be reported: pallet-grandpa's `MaxSetIdSessionEntries`.
pub struct ReportWindow<T>(PhantomData<T>);

impl<T: Config> Get<u64> for ReportWindow<T> {
	fn get() -> u64 {
		stored::<T>().report_window_sessions.into()
	}
}

impl<T: Config> Get<u32> for ReportWindow<T> {
	fn get() -> u32 {
		stored::<T>().report_window_sessions
	}
}
