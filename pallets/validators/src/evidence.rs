//! Two statements that convict their signer.

use crate::{Config, Error, Pallet};
use countersign_primitives::{
	offence::{OffenceKind, OffenceReport, SignedStatement},
	request::Statement,
	traits::{Offences, Sessions},
	AccountId, SessionIndex,
};
use frame_support::ensure;
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{traits::Zero, DispatchError};

/// Whether two statements contradict each other: the same signer in the same place about the same
/// request in the same role, with another outcome or another attribution.
///
/// The place counts because an assignment names it: on another fork the same request may be
/// assigned in another session, and a statement that names a place other than the assignment's is
/// refused by everybody who knows the assignment. Whatever else differs is no answer of its own:
/// model and input are part of the request's identifier, so a statement that names others is void.
fn contradict(first: &Statement, second: &Statement) -> bool {
	first.genesis == second.genesis
		&& first.request == second.request
		&& first.role == second.role
		&& first.session == second.session
		&& first.validator == second.validator
		&& first.signer == second.signer
		&& (first.outcome != second.outcome || first.attribution != second.attribution)
}

impl<T: Config> Pallet<T> {
	/// Convicts the signer of two contradicting statements. Cheap checks first, signatures last.
	pub(crate) fn do_report_equivocation(
		reporter: AccountId,
		first: &SignedStatement,
		second: &SignedStatement,
	) -> Result<SessionIndex, DispatchError> {
		let statement = &first.statement;
		ensure!(contradict(statement, &second.statement), Error::<T>::NotEquivocation);
		let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		ensure!(genesis == statement.genesis, Error::<T>::OtherChain);
		ensure!(Self::in_report_window(statement.session), Error::<T>::OutsideReportWindow);
		let member = <Self as Sessions>::member(statement.session, statement.validator)
			.ok_or(Error::<T>::UnknownMember)?;
		ensure!(member.key == statement.signer, Error::<T>::UnknownMember);
		let (kind, request, role) = (OffenceKind::Equivocation, statement.request, statement.role);
		ensure!(
			!<Self as Offences>::is_reported(kind, &request, role, &member.account),
			Error::<T>::AlreadyReported
		);
		ensure!(
			[first, second].iter().all(|signed| signed.statement.verify(&signed.signature)),
			Error::<T>::BadSignature
		);
		<Self as Offences>::report(OffenceReport {
			kind,
			session: statement.session,
			validator: statement.validator,
			request,
			role,
			amount: 0,
			version: None,
			reporter: Some(reporter),
		})
	}
}
