//! Whether a result is audited, and by whom.

use crate::{
	pallet::{Audits, Config, Draws, Event, Lates, Pallet, Records, Ring, Rounds, StakesOf, Work},
	rates,
	types::{Audit, Progress, Round, Seat, SeatState, Stakes, MAX_TRIES},
};
use alloc::{vec, vec::Vec};
use codec::Encode;
use countersign_primitives::{
	audit::{AuditRandomness, AuditedResults, Draw, NewResult, AUDITORS_PER_DRAW},
	keys::InferenceId,
	parameters::RequestParameters,
	request::{RequestId, Role},
	traits::{Bonds, Models, SessionMember, Sessions},
	AccountId, Balance, BlockNumber, Hash, ValidatorIndex, DOMAIN,
};
use sp_core::U256;
use sp_crypto_hashing::blake2_256;
use sp_runtime::Perbill;

/// Somebody who was drawn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Drawn {
	pub(crate) validator: ValidatorIndex,
	pub(crate) member: SessionMember,
}

/// What came of a try to draw.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tried {
	/// It was not to be.
	Passed,
	/// Auditors were looked for.
	Hit,
}

/// The seed of one draw: `blake2_256(domain | "audit-draw" | randomness | request | draw | round)`.
pub fn draw_seed(randomness: &Hash, request: &RequestId, draw: Draw, round: u8) -> Hash {
	let mut data = DOMAIN.to_vec();
	data.extend_from_slice(b"audit-draw");
	(randomness, request, draw, round).encode_to(&mut data);
	blake2_256(&data).into()
}

/// The seed of what is drawn for one seat at one try.
fn try_seed(seed: &Hash, seat: u8, attempt: u32) -> Hash {
	blake2_256(&(b"seat", seed, seat, attempt).encode()).into()
}

fn bits(seed: &Hash) -> u128 {
	let mut low = [0u8; 16];
	for (to, from) in low.iter_mut().zip(seed.as_bytes()) {
		*to = *from;
	}
	u128::from_le_bytes(low)
}

/// Whether a draw with this seed hits at this probability.
pub fn hits(seed: &Hash, rate: Perbill) -> bool {
	let point = U256::from(bits(seed)).saturating_mul(U256::from(1_000_000_000u32)) >> 128u32;
	point < U256::from(rate.deconstruct())
}

/// Draws a position with a probability proportional to its stake, none of those in `without`. A
/// stake of zero is never drawn. `None` where nobody is left.
pub fn draw_by_stake(stakes: &[Balance], without: &[ValidatorIndex], seed: &Hash) -> Option<u32> {
	let each = || {
		(0u32..).zip(stakes).filter(|(position, stake)| **stake > 0 && !without.contains(position))
	};
	let total = each().fold(U256::zero(), |total, (_, stake)| total + U256::from(*stake));
	if total.is_zero() {
		return None;
	}
	// At most 1,000 stakes of 128 bits, so the total has at most 138: halved until the product with
	// 128 random bits fits. The bias is below 2^-100.
	let (mut scaled, mut shift) = (total, 128u32);
	while scaled > U256::from(u128::MAX) {
		scaled >>= 1u32;
		shift = shift.saturating_sub(1);
	}
	let mut left =
		(U256::from(bits(seed)).saturating_mul(scaled) >> shift).min(total - U256::one());
	for (position, stake) in each() {
		let stake = U256::from(*stake);
		if left < stake {
			return Some(position);
		}
		left -= stake;
	}
	None
}

impl<T: Config> Pallet<T> {
	/// Keeps the randomness of the block before this one.
	pub(crate) fn note_randomness() {
		let last = T::Randomness::last_block().unwrap_or_default();
		Ring::<T>::mutate(|ring| {
			if ring.is_full() {
				ring.remove(0);
			}
			// There is room.
			let _ = ring.try_push(last);
		});
	}

	/// The randomness of the last `blocks` blocks together.
	fn randomness_of(blocks: BlockNumber) -> Hash {
		let ring = Ring::<T>::get();
		let from = ring.len().saturating_sub(blocks as usize);
		blake2_256(&(b"audit-seed", ring.get(from..).unwrap_or_default()).encode()).into()
	}

	/// Notes the stakes of a session that has begun. Returns how many validators were looked at.
	pub(crate) fn note_stakes() -> u32 {
		let session = T::Sessions::current();
		let (noted, stakes) = StakesOf::<T>::get();
		if noted == session && !stakes.is_empty() {
			return 0;
		}
		let length = T::Sessions::length();
		let stakes: Vec<Balance> = (0..length)
			.map(|position| {
				T::Sessions::member(session, position).map_or(0, |member| member.exposure)
			})
			.collect();
		StakesOf::<T>::put((session, Stakes::truncate_from(stakes)));
		length
	}

	/// Notes a new result, and when its draws are to be made.
	pub(crate) fn begin(result: NewResult) {
		let NewResult { statement, executor, rules, wanted, .. } = result;
		let exposure = T::Sessions::member(statement.session, statement.validator)
			.map_or(0, |member| member.exposure);
		let rate = rates::rate(Records::<T>::get(&executor).passed, result.cover, exposure);
		let (pay, from_executor) = rates::pay(rate, result.executor_share, result.audit_share);
		let now = Self::now();
		let early = now.saturating_add(rules.audit_seed_blocks);
		// Due when the second session after this one has begun.
		let late = T::Sessions::current().saturating_add(1);
		let waiting = |due| Progress::Waiting { number: 0, seats: 0, wanted: 0, due };
		let id = statement.request;
		Draws::<T>::insert(early, (id, Draw::Early), ());
		Lates::<T>::insert(late, id, ());
		Audits::<T>::insert(
			id,
			Audit {
				model: statement.model,
				executor,
				signer: statement.signer,
				input: statement.input,
				input_length: result.input_length,
				claimed: statement.outcome,
				attribution: statement.attribution,
				macs: result.macs,
				cover: result.cover,
				rules,
				rate,
				wanted,
				wanted_pay: result.executor_share,
				pay,
				from_executor,
				nobody: false,
				early: waiting(early),
				late: waiting(late),
				seats: Default::default(),
				contradicted_until: None,
				canonical: None,
				refuted: false,
				end: None,
				due: 0,
				settled: false,
			},
		);
	}

	/// Makes a draw that is due. It is in no queue any more.
	pub(crate) fn make_draw(id: &RequestId, draw: Draw) -> Tried {
		let Some(mut audit) = Audits::<T>::get(id) else {
			crate::impossible("what waits for a draw exists");
			return Tried::Passed;
		};
		let Progress::Waiting { number, seats, wanted, .. } = *audit.progress(draw) else {
			crate::impossible("what is drawn for waits for it");
			return Tried::Passed;
		};
		let randomness = match (draw, number) {
			(Draw::Late, 0) => T::Randomness::published(),
			_ => Self::randomness_of(audit.rules.audit_seed_blocks),
		};
		let seed = draw_seed(&randomness, id, draw, number);
		let (seats, wanted) = match number {
			0 => {
				let wanted = if draw == Draw::Early { audit.wanted } else { 0 };
				let by_chance = if hits(&seed, audit.rate) { AUDITORS_PER_DRAW } else { 0 };
				(by_chance.max(wanted), wanted)
			}
			_ => (seats, wanted),
		};
		if seats == 0 {
			audit.set_progress(draw, Progress::Done);
			Audits::<T>::insert(id, audit);
			return Tried::Passed;
		}
		let drawn = Self::find_auditors(&audit, &seed, seats);
		if drawn.is_empty() {
			audit.nobody = true;
			Self::deposit_event(Event::NobodyDrawn { request: *id, draw });
			Self::draw_again(id, &mut audit, draw, number, seats, wanted);
		} else {
			let round =
				Round { number, seed, seats, wanted, commit_until: 0, reveal_until: 0, due: 0 };
			Self::begin_round(id, &mut audit, draw, round, drawn);
		}
		Audits::<T>::insert(id, audit);
		Tried::Hit
	}

	/// Plans a redraw, if there is one left. The blocks whose randomness decides it are still to
	/// come.
	pub(crate) fn draw_again(
		id: &RequestId,
		audit: &mut Audit,
		draw: Draw,
		number: u8,
		seats: u8,
		wanted: u8,
	) {
		if seats == 0 || number >= audit.rules.audit_redraws {
			audit.set_progress(draw, Progress::Done);
			return;
		}
		let due = Self::now().saturating_add(audit.rules.audit_seed_blocks);
		let number = number.saturating_add(1);
		audit.set_progress(draw, Progress::Waiting { number, seats, wanted, due });
		Draws::<T>::insert(due, (*id, draw), ());
	}

	fn begin_round(
		id: &RequestId,
		audit: &mut Audit,
		draw: Draw,
		mut round: Round,
		drawn: Vec<Drawn>,
	) {
		let now = Self::now();
		let clock = T::Results::clock();
		let rules = &audit.rules;
		let time = rules
			.audit_commit_base_blocks
			.saturating_add(RequestParameters::cost_blocks(audit.macs));
		round.commit_until = clock.saturating_add(time.into());
		round.reveal_until = round.commit_until.saturating_add(rules.audit_reveal_blocks.into());
		round.due = round.commit_until;
		let session = T::Sessions::current();
		for (place, Drawn { validator, member }) in (0u8..).zip(drawn) {
			let wanted = place < round.wanted;
			let seat = Seat {
				draw,
				round: round.number,
				wanted,
				account: member.account,
				session,
				validator,
				key: member.key,
				drawn_at: now,
				pay: if wanted { audit.wanted_pay } else { audit.pay },
				cover: audit.cover,
				state: SeatState::Drawn,
				passed: false,
				settled: false,
			};
			let Ok(number) = u8::try_from(audit.seats.len()) else { break };
			if audit.seats.try_push(seat.clone()).is_err() {
				crate::impossible("there are as many seats as both draws with all redraws take");
				T::Bonds::release_cover(&seat.account, seat.cover);
				continue;
			}
			Work::<T>::insert(&seat.key, (*id, number), ());
			Self::deposit_event(Event::AuditorDrawn {
				request: *id,
				draw,
				role: Role::Auditor(number),
				auditor: seat.account,
				session,
				index: validator,
				commit_until: round.commit_until,
				pay: seat.pay,
			});
		}
		Rounds::<T>::insert(round.due, (*id, draw), ());
		audit.set_progress(draw, Progress::Running(round));
	}

	/// Draws validators by stake, and reserves their cover: none that executed or audited this
	/// request, none without the capacity or the cover for it.
	pub(crate) fn find_auditors(audit: &Audit, seed: &Hash, seats: u8) -> Vec<Drawn> {
		let (session, stakes) = StakesOf::<T>::get();
		let mut without = vec![];
		let mut found: Vec<Drawn> = Vec::new();
		// So that they are not drawn in vain.
		without.extend(T::Sessions::position(&audit.executor));
		for seat in &audit.seats {
			without.extend(T::Sessions::position(&seat.account));
		}
		for seat in 0..seats {
			for attempt in 0..MAX_TRIES {
				let seed = try_seed(seed, seat, attempt);
				let Some(position) = draw_by_stake(&stakes, &without, &seed) else { return found };
				without.push(position);
				let member = T::Sessions::member(session, position);
				if let Some(member) = member.filter(|member| Self::can_audit(audit, member)) {
					if T::Bonds::reserve_cover(&member.account, audit.cover).is_ok() {
						found.push(Drawn { validator: position, member });
						break;
					}
				}
			}
		}
		found
	}

	/// Whether a validator may audit, and says that it can.
	fn can_audit(audit: &Audit, member: &SessionMember) -> bool {
		let is_new = |account: &AccountId, key: &InferenceId| {
			*account != member.account && *key != member.key
		};
		is_new(&audit.executor, &audit.signer)
			&& audit.seats.iter().all(|seat| is_new(&seat.account, &seat.key))
			&& T::Models::capacity(&member.account) >= audit.macs
			&& T::Bonds::is_validator(&member.account)
			&& T::Bonds::free_cover(&member.account) >= audit.cover
	}
}

/// Whom one draw finds for a request, without anything being kept of it.
#[cfg(test)]
pub(crate) fn find_for_simulation<T: Config>(
	request: &RequestId,
	audit: &Audit,
	rate: Perbill,
	randomness: &Hash,
) -> Vec<AccountId> {
	let seed = draw_seed(randomness, request, Draw::Early, 0);
	if !hits(&seed, rate) {
		return Vec::new();
	}
	let found = Pallet::<T>::find_auditors(audit, &seed, AUDITORS_PER_DRAW);
	let accounts: Vec<_> = found.into_iter().map(|drawn| drawn.member.account).collect();
	for account in &accounts {
		T::Bonds::release_cover(account, audit.cover);
	}
	accounts
}
