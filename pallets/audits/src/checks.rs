//! What has to hold of an auditor's message before it costs anybody anything.
//!
//! Both come without fee and without nonce, so everything is checked before they enter a pool or a
//! block, cheap checks first and the signature last. What passes cannot fail when it is dispatched.

use crate::{
	pallet::{Audits, Config, Pallet},
	types::{Audit, Progress, Round, Seat, SeatState},
};
use countersign_primitives::{
	audit::{audit_commitment, AuditCommit, AuditReveal, AuditedResults},
	keys::{InferenceId, InferenceSignature},
	request::{Outcome, OutcomeCommitment, RequestId, Role, Statement},
	tensor::decode_tensors,
	traits::Models,
	Hash, SessionIndex, ValidatorIndex,
};
use frame_support::{
	ensure,
	pallet_prelude::{
		InvalidTransaction, TransactionPriority, TransactionValidityError, ValidTransaction,
	},
	weights::Weight,
};
use sp_runtime::transaction_validity::TransactionValidityWithRefund;

/// The prefix of the tags that commitments provide.
pub const COMMIT_TAG: &str = "CountersignAuditCommit";
/// The prefix of the tags that what is shown provides.
pub const REVEAL_TAG: &str = "CountersignAuditReveal";
/// The priority of both: above everything that pays.
pub const PRIORITY: TransactionPriority = TransactionPriority::MAX / 2;

/// Why an auditor's message is not accepted. The number is what a node reports as the custom code
/// of an invalid transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Rejection {
	/// There is no such audit, perhaps not yet on this fork.
	Unknown = 130,
	/// The result has ended, the message was taken already, or its time is over.
	Closed = 131,
	/// Others may still commit: it is too early to show anything.
	TooEarly = 132,
	/// It was signed for another chain.
	WrongGenesis = 133,
	/// Session, position or key are not those of the draw.
	WrongAuditor = 134,
	/// The statement names another model, input or attribution.
	WrongStatement = 135,
	/// It is not what was committed to.
	WrongCommitment = 136,
	/// The outcome is missing where the chain has to judge it, or is there without need.
	OutcomeNeeded = 137,
	/// The outcome is not the one that the statement commits to, or none that the model can give.
	WrongOutcome = 138,
	/// The signature is not the auditor's.
	BadSignature = 139,
}

impl From<Rejection> for TransactionValidityError {
	fn from(rejection: Rejection) -> Self {
		match rejection {
			// It may be valid in a block that is yet to come, or that another fork has; see
			// docs/decisions/0012 for why a pool must not hear that this is unknown.
			Rejection::Unknown | Rejection::TooEarly => InvalidTransaction::Future.into(),
			Rejection::Closed => InvalidTransaction::Stale.into(),
			Rejection::WrongAuditor => InvalidTransaction::BadSigner.into(),
			Rejection::BadSignature => InvalidTransaction::BadProof.into(),
			other => InvalidTransaction::Custom(other as u8).into(),
		}
	}
}

/// Who speaks about what.
struct Speaker<'a> {
	genesis: &'a Hash,
	request: &'a RequestId,
	role: Role,
	session: SessionIndex,
	validator: ValidatorIndex,
	signer: &'a InferenceId,
}

/// A message's audit, the seat that it speaks for, and the round that this seat is in.
struct Found {
	audit: Audit,
	number: u8,
	seat: Seat,
	round: Round,
}

impl Found {
	/// Whether nobody of the round is to commit any more.
	fn have_all_committed(&self) -> bool {
		let mut seats = self.audit.round_seats(self.seat.draw, self.round.number);
		seats.all(|(_, seat)| seat.state != SeatState::Drawn)
	}
}

impl<T: Config> Pallet<T> {
	/// The hash of the genesis block, which everything signed names.
	pub(crate) fn genesis() -> Hash {
		frame_system::Pallet::<T>::block_hash(
			frame_system::pallet_prelude::BlockNumberFor::<T>::default(),
		)
	}

	fn find(speaker: &Speaker<'_>) -> Result<Found, Rejection> {
		ensure!(*speaker.genesis == Self::genesis(), Rejection::WrongGenesis);
		let Role::Auditor(number) = speaker.role else { return Err(Rejection::WrongAuditor) };
		let audit = Audits::<T>::get(speaker.request).ok_or(Rejection::Unknown)?;
		ensure!(audit.end.is_none(), Rejection::Closed);
		let seat = audit.seats.get(usize::from(number)).cloned().ok_or(Rejection::Unknown)?;
		ensure!(
			seat.session == speaker.session
				&& seat.validator == speaker.validator
				&& seat.key == *speaker.signer,
			Rejection::WrongAuditor
		);
		match audit.progress(seat.draw) {
			Progress::Running(round) if round.number == seat.round => {
				let round = round.clone();
				Ok(Found { audit, number, seat, round })
			}
			_ => Err(Rejection::Closed),
		}
	}

	/// Everything about a commitment but its signature.
	pub(crate) fn check_commit(commit: &AuditCommit) -> Result<(Audit, u8), Rejection> {
		let found = Self::check_commit_until(commit)?;
		Ok((found.audit, found.number))
	}

	fn check_commit_until(commit: &AuditCommit) -> Result<Found, Rejection> {
		let AuditCommit { genesis, request, role, session, validator, signer, .. } = commit;
		let (role, session, validator) = (*role, *session, *validator);
		let found = Self::find(&Speaker { genesis, request, role, session, validator, signer })?;
		ensure!(
			found.seat.state == SeatState::Drawn && T::Results::clock() <= found.round.commit_until,
			Rejection::Closed
		);
		Ok(found)
	}

	/// Everything about what is shown but its signature.
	pub(crate) fn check_reveal(reveal: &AuditReveal) -> Result<(Audit, u8), Rejection> {
		let found = Self::check_reveal_until(reveal)?;
		Ok((found.audit, found.number))
	}

	fn check_reveal_until(reveal: &AuditReveal) -> Result<Found, Rejection> {
		let AuditReveal { statement, trace, salt, outcome } = reveal;
		let Statement { genesis, request, role, session, validator, signer, .. } = statement;
		let (role, session, validator) = (*role, *session, *validator);
		let found = Self::find(&Speaker { genesis, request, role, session, validator, signer })?;
		let SeatState::Committed(commitment) = found.seat.state else {
			return Err(match found.seat.state {
				SeatState::Drawn => Rejection::TooEarly,
				_ => Rejection::Closed,
			});
		};
		let clock = T::Results::clock();
		ensure!(clock <= found.round.reveal_until, Rejection::Closed);
		ensure!(
			clock > found.round.commit_until || found.have_all_committed(),
			Rejection::TooEarly
		);
		let audit = &found.audit;
		ensure!(
			statement.model == audit.model
				&& statement.input == audit.input
				&& statement.attribution == audit.attribution,
			Rejection::WrongStatement
		);
		let account = &found.seat.account;
		let opened =
			audit_commitment(genesis, request, role, account, &statement.outcome, trace, salt);
		ensure!(opened == commitment, Rejection::WrongCommitment);
		ensure!(
			outcome.is_some() == (statement.outcome != audit.claimed),
			Rejection::OutcomeNeeded
		);
		if let Some(outcome) = outcome {
			Self::check_outcome(statement, outcome)?;
		}
		Ok(found)
	}

	/// Whether an outcome is what the model can give and what the statement commits to.
	fn check_outcome(statement: &Statement, outcome: &Outcome) -> Result<(), Rejection> {
		let commitment = match outcome {
			Outcome::Trap { code, operator } => {
				OutcomeCommitment::Trap { code: *code, operator: *operator }
			}
			Outcome::Output(bytes) => {
				let tensors = decode_tensors(bytes).map_err(|_| Rejection::WrongOutcome)?;
				T::Models::check_output(&statement.model, &tensors)
					.map_err(|_| Rejection::WrongOutcome)?;
				OutcomeCommitment::of_output(&tensors)
			}
		};
		ensure!(commitment == statement.outcome, Rejection::WrongOutcome);
		Ok(())
	}

	/// Whether a commitment may enter a pool or a block.
	pub(crate) fn authorize_commit(
		commit: &AuditCommit,
		signature: &InferenceSignature,
	) -> TransactionValidityWithRefund {
		let found = Self::check_commit_until(commit)?;
		ensure!(commit.verify(signature), Rejection::BadSignature);
		Self::valid(COMMIT_TAG, &commit.request, commit.role, found.round.commit_until)
	}

	/// Whether what is shown may enter a pool or a block.
	pub(crate) fn authorize_reveal(
		reveal: &AuditReveal,
		signature: &InferenceSignature,
	) -> TransactionValidityWithRefund {
		let found = Self::check_reveal_until(reveal)?;
		let statement = &reveal.statement;
		ensure!(statement.verify(signature), Rejection::BadSignature);
		Self::valid(REVEAL_TAG, &statement.request, statement.role, found.round.reveal_until)
	}

	/// Valid until the clock's last tick for it; one for each request and role.
	fn valid(
		prefix: &'static str,
		id: &RequestId,
		role: Role,
		until: u64,
	) -> TransactionValidityWithRefund {
		ValidTransaction::with_tag_prefix(prefix)
			.priority(PRIORITY)
			.and_provides((id, role))
			.longevity(until.saturating_sub(T::Results::clock()).max(1))
			.propagate(true)
			.build()
			.map(|valid| (valid, Weight::zero()))
	}
}
