//! Games by validators' keys, without fee: what is checked before a block takes a message.

use super::{check_weight, moves::Effect, Player};
use crate::{
	pallet::{Config, HoldReason, Pallet},
	replay::PRIORITY,
	weights::WeightInfo,
};
use countersign_primitives::{
	dispute::Verdicts,
	game::{GameMessage, GameMove, GameRefusal, Opening},
	keys::InferenceSignature,
	request::RequestId,
	traits::Sessions,
	AccountId, Balance, Hash,
};
use frame_support::{
	ensure,
	pallet_prelude::{InvalidTransaction, TransactionValidityError, ValidTransaction},
	traits::fungible::InspectHold,
	weights::Weight,
};
use sp_runtime::transaction_validity::TransactionValidityWithRefund;

/// The prefix of the tags of messages in games.
const GAME_TAG: &str = "CountersignGame";
/// Blocks for which a message may wait in a pool.
const LONGEVITY: u64 = 16;

/// Why a message is not accepted. As the custom code of an invalid transaction, a node reports 101
/// for another chain, and 130 and more for a refused game or move, in the order of
/// [`GameRefusal`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rejection {
	WrongGenesis,
	WrongValidator,
	BadSignature,
	/// Another move was made meanwhile.
	Past,
	/// Another move has to be made before.
	Future,
	NoFunds,
	NoRoom,
	Refused(GameRefusal),
}

impl From<GameRefusal> for Rejection {
	fn from(refusal: GameRefusal) -> Self {
		Self::Refused(refusal)
	}
}

impl From<Rejection> for TransactionValidityError {
	fn from(rejection: Rejection) -> Self {
		match rejection {
			// Perhaps not yet, or not any more, on this fork. A pool bans what is invalid.
			Rejection::Refused(
				GameRefusal::NotOpen | GameRefusal::NoGame | GameRefusal::NotDue,
			)
			| Rejection::Past => InvalidTransaction::Stale.into(),
			Rejection::Future => InvalidTransaction::Future.into(),
			Rejection::NoRoom => InvalidTransaction::ExhaustsResources.into(),
			Rejection::NoFunds => InvalidTransaction::Payment.into(),
			Rejection::WrongValidator => InvalidTransaction::BadSigner.into(),
			Rejection::BadSignature => InvalidTransaction::BadProof.into(),
			Rejection::WrongGenesis => InvalidTransaction::Custom(101).into(),
			Rejection::Refused(refusal) => {
				InvalidTransaction::Custom(130u8.saturating_add(refusal as u8)).into()
			}
		}
	}
}

impl<T: Config> Pallet<T> {
	/// The account behind a message: of a validator of now, or of the session that the disputed
	/// statement names.
	pub(crate) fn message_sender(
		message: &GameMessage,
		content: Hash,
	) -> Result<AccountId, Rejection> {
		ensure!(message.genesis == Self::genesis(), Rejection::WrongGenesis);
		ensure!(message.content == content, Rejection::BadSignature);
		let result = T::Results::open_result(&message.request).ok_or(GameRefusal::NotOpen)?;
		let current = T::Sessions::current();
		let is_recent = message.session <= current && current.saturating_sub(message.session) <= 1;
		ensure!(
			is_recent || message.session == result.statement.session,
			Rejection::WrongValidator
		);
		T::Sessions::member(message.session, message.validator)
			.filter(|member| member.key == message.signer)
			.map(|member| member.account)
			.ok_or(Rejection::WrongValidator)
	}

	/// Checks a message that opens a game: who sends it, and what it has to have on hold beyond the
	/// bond.
	pub(crate) fn check_opener(
		message: &GameMessage,
		opening: &Option<Opening>,
	) -> Result<(AccountId, Balance), Rejection> {
		let who = Self::message_sender(message, GameMessage::content_of(opening))?;
		Ok((who, Self::opening_fee(opening)))
	}

	pub(crate) fn authorize_opening(
		message: &GameMessage,
		opening: &Option<Opening>,
		signature: &InferenceSignature,
	) -> TransactionValidityWithRefund {
		let (who, extra) = Self::check_opener(message, opening)?;
		ensure!(message.verify(signature), Rejection::BadSignature);
		let ready = Self::prepare_game(&message.request, Some(&who), opening.as_ref())
			.map_err(Rejection::from)?;
		if ready.case.is_none() {
			ensure!(T::Results::has_room(), Rejection::NoRoom);
		}
		let stake = ready.bond.saturating_add(ready.fee).saturating_add(extra);
		T::Currency::ensure_can_hold(&HoldReason::Game.into(), &who, stake)
			.map_err(|_| Rejection::NoFunds)?;
		valid((message.request, who))
	}

	pub(crate) fn check_mover(
		message: &GameMessage,
		action: &GameMove,
	) -> Result<Player, Rejection> {
		let who = Self::message_sender(message, GameMessage::content_of(action))?;
		let step = Self::game_step(&message.request, message.branch)?;
		ensure!(message.step >= step, Rejection::Past);
		ensure!(message.step <= step, Rejection::Future);
		Ok(Player { who })
	}

	fn game_step(request: &RequestId, branch: u8) -> Result<u8, GameRefusal> {
		let game = crate::pallet::Games::<T>::get(request, branch);
		game.map(|game| game.step).ok_or(GameRefusal::NoGame)
	}

	pub(crate) fn authorize_move(
		message: &GameMessage,
		action: &GameMove,
		signature: &InferenceSignature,
	) -> TransactionValidityWithRefund {
		let player = Self::check_mover(message, action)?;
		ensure!(message.verify(signature), Rejection::BadSignature);
		let (_, _, _, effect) =
			Self::consider_move(&message.request, message.branch, &player, action)
				.map_err(Rejection::from)?;
		if matches!(effect, Effect::Wrong) {
			ensure!(T::Results::has_room(), Rejection::NoRoom);
		}
		valid((message.request, message.branch, message.step))
	}
}

fn valid(tag: impl codec::Encode) -> TransactionValidityWithRefund {
	ValidTransaction::with_tag_prefix(GAME_TAG)
		.priority(PRIORITY)
		.and_provides(tag)
		.longevity(LONGEVITY)
		.propagate(true)
		.build()
		.map(|valid| (valid, Weight::zero()))
}

/// The weight of checking a message that opens a game.
pub(crate) fn authorize_opening_weight<T: Config>(opening: &Option<Opening>) -> Weight {
	check_weight::<T>(opening).saturating_add(T::WeightInfo::game_authorize())
}

/// The weight of checking a move.
pub(crate) fn authorize_move_weight<T: Config>(action: &GameMove) -> Weight {
	super::move_weight::<T>(action).saturating_add(T::WeightInfo::game_authorize())
}
