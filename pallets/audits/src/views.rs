//! What the runtime API answers.

use crate::{
	closing::is_party,
	pallet::{Audits, Call, Config, Contradictions, Owed, Pallet, Records, Work},
	rates,
	types::{
		Progress, SeatState, MAX_CONTRADICTED_LOOKED_AT, MAX_CONTRADICTED_SHOWN, MAX_WORK_SHOWN,
	},
};
use alloc::vec::Vec;
use countersign_primitives::{
	audit::{
		AuditCommit, AuditItem, AuditRecordView, AuditReveal, AuditStage, AuditView,
		AuditedResults, Draw, SeatStatus, SeatView,
	},
	keys::{InferenceId, InferenceSignature},
	request::{RequestId, Role},
	AccountId,
};
use frame_system::offchain::CreateTransactionBase;

impl<T: Config> Pallet<T> {
	/// What is open for an inference key to audit, oldest first, at most [`MAX_WORK_SHOWN`].
	pub fn work_of(key: InferenceId) -> Vec<AuditItem> {
		let clock = T::Results::clock();
		let mut items: Vec<AuditItem> = Work::<T>::iter_key_prefix(key)
			.take(MAX_WORK_SHOWN)
			.filter_map(|(request, number)| {
				let audit = Audits::<T>::get(request)?;
				let seat = audit.seats.get(usize::from(number))?.clone();
				let Progress::Running(round) = audit.progress(seat.draw).clone() else {
					return None;
				};
				let mut others = audit.round_seats(seat.draw, seat.round);
				let have_committed = others.all(|(_, seat)| seat.state != SeatState::Drawn);
				let (stage, commitment) = match seat.state {
					SeatState::Drawn => (AuditStage::Commit, None),
					SeatState::Committed(commitment)
						if have_committed || clock > round.commit_until =>
					{
						(AuditStage::Reveal, Some(commitment))
					}
					SeatState::Committed(commitment) => (AuditStage::Wait, Some(commitment)),
					_ => return None,
				};
				Some(AuditItem {
					request,
					model: audit.model,
					role: Role::Auditor(number),
					account: seat.account,
					session: seat.session,
					validator: seat.validator,
					key: seat.key,
					input_commitment: audit.input,
					input_length: audit.input_length,
					attribution: audit.attribution,
					claimed: audit.claimed.clone(),
					seed: round.seed,
					stage,
					commitment,
					commit_until: round.commit_until,
					reveal_until: round.reveal_until,
					clock,
					drawn_at: seat.drawn_at,
					pay: seat.pay,
				})
			})
			.collect();
		items.sort_by_key(|item| (item.drawn_at, item.request, item.role));
		items
	}

	/// The audits of a result, until the request is pruned. `None` where none was drawn.
	pub fn view(request: RequestId) -> Option<AuditView> {
		let audit = Audits::<T>::get(request)?;
		let passed = audit.passed();
		let is_open = [Draw::Early, Draw::Late]
			.into_iter()
			.any(|draw| *audit.progress(draw) != Progress::Done);
		let seats = (0u8..)
			.zip(audit.seats)
			.map(|(number, seat)| SeatView {
				role: Role::Auditor(number),
				draw: seat.draw,
				status: match seat.state {
					SeatState::Drawn => SeatStatus::Drawn,
					SeatState::Committed(_) => SeatStatus::Committed,
					SeatState::Revealed { agrees: false, .. } => SeatStatus::Contradicts,
					SeatState::Revealed { doubted: true, .. } => SeatStatus::Doubted,
					SeatState::Revealed { .. } => SeatStatus::Agrees,
					SeatState::Missed => SeatStatus::Missed,
					SeatState::Broken => SeatStatus::Broken,
				},
				account: seat.account,
				pay: seat.pay,
			})
			.collect();
		Some(AuditView {
			request,
			rate: audit.rate,
			wanted: audit.wanted,
			passed,
			seats,
			contradicted_until: audit.contradicted_until,
			is_open,
		})
	}

	/// Open results that an auditor contradicts, where this account's word is at stake, at most
	/// [`MAX_CONTRADICTED_SHOWN`].
	pub fn contradicted(account: AccountId) -> Vec<RequestId> {
		Contradictions::<T>::iter_keys()
			.take(MAX_CONTRADICTED_LOOKED_AT)
			.filter(|id| Audits::<T>::get(id).is_some_and(|audit| is_party(&audit, &account)))
			.take(MAX_CONTRADICTED_SHOWN)
			.collect()
	}

	/// A validator's record, and what the pot owes it.
	pub fn record_view(validator: AccountId) -> AuditRecordView {
		let passed = Records::<T>::get(&validator).passed;
		AuditRecordView {
			passed,
			rate: rates::record_rate(passed),
			owed: Owed::<T>::get(&validator),
		}
	}

	/// The transaction by which an auditor commits.
	pub fn commit_transaction(
		commit: AuditCommit,
		signature: InferenceSignature,
	) -> <T as CreateTransactionBase<Call<T>>>::Extrinsic {
		T::create_authorized_transaction(Call::commit { commit, signature }.into())
	}

	/// The transaction by which an auditor shows what it committed to.
	pub fn reveal_transaction(
		reveal: AuditReveal,
		signature: InferenceSignature,
	) -> <T as CreateTransactionBase<Call<T>>>::Extrinsic {
		T::create_authorized_transaction(Call::reveal { reveal, signature }.into())
	}
}
