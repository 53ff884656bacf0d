//! Who has to run a request: who could, and the draw among them.

use crate::{
	pallet::{
		Assignments, Config, Deadlines, Event, Fresh, NextSequence, OpenCost, Pallet, Requests,
		Waiting, WaitingCursors,
	},
	types::{
		ActiveAssignment, BlockRandomness, Request, ASSIGNMENT_SLACK_BLOCKS, MAX_RETRIES_PER_BLOCK,
		MAX_RETRY_SCANS,
	},
};
use alloc::vec::Vec;
use codec::Encode;
use countersign_primitives::{
	keys::InferenceId,
	model::{ModelId, MAX_SERVERS},
	parameters::RequestParameters,
	request::{Assignment, RequestId, RequestStatus},
	traits::{Bonds, Models, Sessions},
	AccountId, Balance, BlockNumber, Hash, Macs, SessionIndex, ValidatorIndex,
};
use sp_core::U256;
use sp_crypto_hashing::blake2_256;

/// A validator that could take a request now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Candidate {
	/// The validator.
	pub(crate) account: AccountId,
	/// Its position in the current session.
	pub(crate) validator: ValidatorIndex,
	/// Its inference key in the current session.
	pub(crate) key: InferenceId,
	/// Its weight in the draw: the bond when the session was planned.
	pub(crate) weight: Balance,
}

/// The seed of one draw: `blake2_256(randomness | request | attempt)`.
pub fn draw_seed(randomness: &Hash, request: &RequestId, attempt: u8) -> Hash {
	blake2_256(&(randomness, request, attempt).encode()).into()
}

/// Draws a position with a probability proportional to its weight. A weight of zero counts as
/// one, so that whoever may be drawn can be. `None` only where there is nobody.
pub fn draw(weights: &[Balance], seed: &Hash) -> Option<usize> {
	let weight = |weight: &Balance| U256::from((*weight).max(1));
	let total = weights.iter().fold(U256::zero(), |total, each| total.saturating_add(weight(each)));
	if total.is_zero() {
		return None;
	}
	// 128 random bits scaled to the total: the bias is below weights / 2^128.
	let mut bits = [0u8; 16];
	bits.copy_from_slice(seed.as_bytes().get(..16)?);
	let point = U256::from(u128::from_le_bytes(bits));
	// At most 128 weights of 128 bits: the product may pass 256 bits, so the total is halved
	// together with the point until it cannot.
	let (mut total_scaled, mut shift) = (total, 128u32);
	while total_scaled > U256::from(u128::MAX) {
		total_scaled >>= 1u32;
		shift = shift.saturating_sub(1);
	}
	let mut left = (point.saturating_mul(total_scaled) >> shift).min(total - U256::one());
	for (position, each) in weights.iter().enumerate() {
		let each = weight(each);
		if left < each {
			return Some(position);
		}
		left -= each;
	}
	None
}

impl<T: Config> Pallet<T> {
	/// A server that is in the current session, is staying, and has capacity and cover free.
	pub(crate) fn candidate(
		account: AccountId,
		session: SessionIndex,
		macs: Macs,
		cover: Balance,
	) -> Option<Candidate> {
		let validator = T::Sessions::position(&account)?;
		let open = OpenCost::<T>::get(&account).checked_add(macs)?;
		if open > T::Models::capacity(&account)
			|| T::Bonds::free_cover(&account) < cover
			|| !T::Bonds::is_validator(&account)
		{
			return None;
		}
		let member = T::Sessions::member(session, validator)?;
		Some(Candidate { account, validator, key: member.key, weight: member.exposure })
	}

	/// Looks for somebody who could take a request now. Returns how many servers it looked at.
	pub(crate) fn find_free_server(model: &ModelId, macs: Macs, cover: Balance) -> (bool, u32) {
		let session = T::Sessions::current();
		let mut scanned = 0u32;
		for account in T::Models::servers(model).into_iter().take(MAX_SERVERS as usize) {
			scanned = scanned.saturating_add(1);
			if Self::candidate(account, session, macs, cover).is_some() {
				return (true, scanned);
			}
		}
		(false, scanned)
	}

	/// Assigns what came in this block and tries again what is waiting. Runs at the end of a
	/// block: requests paid for their own draw, and retries are part of the hooks' weight.
	pub(crate) fn assign_all() {
		let fresh = Fresh::<T>::take();
		let Some(randomness) = T::Randomness::block_randomness() else {
			for id in fresh {
				Waiting::<T>::insert(false, id, ());
			}
			return;
		};
		// Those that lost time already come first, and the others take turns.
		for take_over in [true, false] {
			Self::retry_waiting(take_over, &randomness);
		}
		for id in fresh {
			if !Self::try_assign(&id, &randomness).0 {
				Waiting::<T>::insert(false, id, ());
			}
		}
	}

	/// Tries some waiting requests again, beginning after the last one tried.
	pub(crate) fn retry_waiting(take_over: bool, randomness: &Hash) {
		let mut scans = 0u32;
		let mut last = None;
		for id in Self::next_waiting(take_over) {
			if scans >= MAX_RETRY_SCANS {
				break;
			}
			let (assigned, scanned) = Self::try_assign(&id, randomness);
			if assigned {
				Waiting::<T>::remove(take_over, id);
			}
			scans = scans.saturating_add(scanned);
			last = Some(id);
		}
		if let Some(id) = last {
			WaitingCursors::<T>::insert(take_over, id);
		}
	}

	/// The next waiting requests in turn.
	fn next_waiting(take_over: bool) -> Vec<RequestId> {
		let most = MAX_RETRIES_PER_BLOCK as usize;
		let Some(cursor) = WaitingCursors::<T>::get(take_over) else {
			return Waiting::<T>::iter_key_prefix(take_over).take(most).collect();
		};
		let start = Waiting::<T>::hashed_key_for(take_over, cursor);
		let mut ids: Vec<RequestId> =
			Waiting::<T>::iter_key_prefix_from(take_over, start).take(most).collect();
		if ids.len() < most {
			// Round the end and up to where this began.
			for id in Waiting::<T>::iter_key_prefix(take_over).take(most.saturating_sub(ids.len()))
			{
				if ids.contains(&id) {
					break;
				}
				ids.push(id);
			}
		}
		ids
	}

	/// Whether an assignment made now would leave the time that the request needs.
	fn is_worth_assigning(request: &Request, now: BlockNumber) -> bool {
		let needed =
			RequestParameters::cost_blocks(request.macs).saturating_add(ASSIGNMENT_SLACK_BLOCKS);
		request.due >= now.saturating_add(needed)
	}

	/// Draws an executor for a waiting request. Returns whether there is one, and how many
	/// servers were looked at.
	pub(crate) fn try_assign(id: &RequestId, randomness: &Hash) -> (bool, u32) {
		let now = Self::now();
		let Some(mut request) = Requests::<T>::get(id) else {
			crate::impossible("what waits exists");
			return (false, 1);
		};
		if request.status != RequestStatus::Waiting
			|| !Self::is_worth_assigning(&request, now)
			|| Self::is_in_doubt(request.canonical_version)
		{
			return (false, 1);
		}
		let session = T::Sessions::current();
		let mut scanned = 1u32;
		let mut candidates = Vec::new();
		for account in T::Models::servers(&request.model).into_iter().take(MAX_SERVERS as usize) {
			scanned = scanned.saturating_add(1);
			if request.tried.contains(&account) {
				continue;
			}
			candidates.extend(Self::candidate(account, session, request.macs, request.cover));
		}
		let weights: Vec<Balance> = candidates.iter().map(|each| each.weight).collect();
		let attempt = u8::try_from(request.tried.len()).unwrap_or(u8::MAX);
		let drawn = draw(&weights, &draw_seed(randomness, id, attempt))
			.and_then(|position| candidates.into_iter().nth(position));
		let Some(chosen) = drawn else {
			return (false, scanned);
		};
		let previous = request.tried.last().cloned();
		if request.tried.try_push(chosen.account.clone()).is_err()
			|| T::Bonds::reserve_cover(&chosen.account, request.cover).is_err()
		{
			crate::impossible("there was an attempt left, and the cover was free");
			return (false, scanned);
		}
		OpenCost::<T>::mutate(&chosen.account, |open| *open = open.saturating_add(request.macs));
		let sequence = NextSequence::<T>::mutate(|next| {
			let sequence = *next;
			*next = next.saturating_add(1);
			sequence
		});
		let assignment = Assignment {
			session,
			validator: chosen.validator,
			account: chosen.account,
			deadline: request.due,
			cover: request.cover,
		};
		Assignments::<T>::insert(&chosen.key, sequence.to_be_bytes(), id);
		Self::deposit_event(match previous {
			None => Event::Assigned {
				request: *id,
				validator: assignment.account.clone(),
				session,
				index: assignment.validator,
				deadline: assignment.deadline,
				cover: assignment.cover,
			},
			Some(previous) => Event::Reassigned {
				request: *id,
				previous,
				validator: assignment.account.clone(),
				session,
				index: assignment.validator,
				deadline: assignment.deadline,
				cover: assignment.cover,
			},
		});
		request.status = RequestStatus::Assigned;
		request.active =
			Some(ActiveAssignment { assignment, key: chosen.key, assigned_at: now, sequence });
		Requests::<T>::insert(id, request);
		(true, scanned)
	}

	/// Takes an executor's work off its list: it answered, or it may no longer.
	pub(crate) fn end_work(request: &Request) {
		let Some(active) = &request.active else {
			crate::impossible("who works is known");
			return;
		};
		Assignments::<T>::remove(&active.key, active.sequence.to_be_bytes());
		OpenCost::<T>::mutate_exists(&active.assignment.account, |open| {
			let left = open.unwrap_or(0).saturating_sub(request.macs);
			*open = (left > 0).then_some(left);
		});
	}

	/// Moves an open request to another bucket of the deadlines.
	pub(crate) fn set_due(id: &RequestId, request: &mut Request, due: BlockNumber) {
		Deadlines::<T>::remove(request.due, id);
		request.due = due;
		Deadlines::<T>::insert(due, id, ());
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn seed(number: u64) -> Hash {
		draw_seed(&Hash::repeat_byte(7), &Hash::from_low_u64_be(number), 0)
	}

	#[test]
	fn draw_follows_the_weights() {
		let mut counts = [0u32; 3];
		for number in 0..10_000 {
			counts[draw(&[100, 300, 600], &seed(number)).unwrap()] += 1;
		}
		for (count, expected) in counts.into_iter().zip([1_000u32, 3_000, 6_000]) {
			// Five standard deviations of the widest.
			assert!(count.abs_diff(expected) < 250, "{counts:?}");
		}
	}

	#[test]
	fn draw_among_nobody_is_none() {
		assert_eq!(draw(&[], &seed(1)), None);
	}

	#[test]
	fn draw_gives_even_the_weightless_a_chance() {
		let drawn: Vec<_> = (0..64).filter_map(|number| draw(&[0, 0], &seed(number))).collect();
		assert!(drawn.contains(&0) && drawn.contains(&1));
	}

	#[test]
	fn draw_depends_on_block_request_and_attempt() {
		let base = draw_seed(&Hash::repeat_byte(1), &Hash::repeat_byte(2), 0);
		assert_ne!(base, draw_seed(&Hash::repeat_byte(3), &Hash::repeat_byte(2), 0));
		assert_ne!(base, draw_seed(&Hash::repeat_byte(1), &Hash::repeat_byte(3), 0));
		assert_ne!(base, draw_seed(&Hash::repeat_byte(1), &Hash::repeat_byte(2), 1));
	}

	proptest! {
		#[test]
		fn draw_always_ends_on_somebody(
			weights in proptest::collection::vec(
				prop_oneof![Just(0u128), Just(u128::MAX), any::<u128>()], 1..129,
			),
			bits in any::<[u8; 32]>(),
		) {
			let drawn = draw(&weights, &Hash::from(bits));
			prop_assert!(drawn.is_some_and(|position| position < weights.len()));
		}

		#[test]
		fn the_extremes_of_the_seed_are_the_ends(weights in proptest::collection::vec(1u128..1 << 100, 2..50)) {
			prop_assert_eq!(draw(&weights, &Hash::zero()), Some(0));
			prop_assert_eq!(draw(&weights, &Hash::repeat_byte(0xff)), Some(weights.len() - 1));
		}
	}
}
