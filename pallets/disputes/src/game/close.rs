//! How games end: by a verdict, by silence, or with their result.

use super::types::{MAX_GAMES, MAX_GAMES_EXPIRED, MAX_ROOT_PIECES};
use crate::{
	pallet::{
		Config, Event, GameCases, GameDeadlines, GameHashes, GameRoots, Games, HoldReason, Pallet,
	},
	types::MAX_BUCKETS_PER_BLOCK,
};
use alloc::vec::Vec;
use countersign_primitives::{
	dispute::{Verdict, Verdicts},
	request::RequestId,
	traits::Offences,
};

/// What becomes of a challenger's bond.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
	/// It goes back: the result was found wrong, or nobody was.
	Even,
	/// It is lost: half to the executor, the rest to the treasury.
	Lost,
}

impl<T: Config> Pallet<T> {
	/// Ends one game. The result becomes `Final` when it would have without any, once the last is
	/// over. The fee is burned in any case.
	pub(crate) fn end_game(request: &RequestId, branch: u8, end: End) {
		let (Some(game), Some(mut case)) =
			(Games::<T>::take(request, branch), GameCases::<T>::get(request))
		else {
			crate::impossible("a game that ends was on");
			return;
		};
		GameHashes::<T>::remove(request, branch);
		GameDeadlines::<T>::remove(game.deadline, (*request, branch));
		let reason = HoldReason::Game;
		Self::burn(reason, &game.challenger, game.fee);
		let lost = match end {
			End::Even => {
				Self::give_back(reason, &game.challenger, game.bond);
				0
			}
			End::Lost => {
				Self::split_bond(reason, &game.challenger, &case.executor, game.bond);
				game.bond
			}
		};
		case.on = case.on.saturating_sub(1);
		Self::deposit_event(Event::GameEnded {
			request: *request,
			branch,
			challenger: game.challenger,
			bond_lost: lost,
			burned: game.fee,
		});
		if case.on > 0 {
			GameCases::<T>::insert(request, case);
			return;
		}
		GameCases::<T>::remove(request);
		for piece in 0..case.traced.map_or(0, |_| MAX_ROOT_PIECES) {
			GameRoots::<T>::remove(request, piece);
		}
		Self::let_go(request, case.window_end);
	}

	/// Ends all games about a result.
	pub(crate) fn end_games(request: &RequestId, end: End) {
		let branches: Vec<u8> =
			Games::<T>::iter_key_prefix(request).take(MAX_GAMES.into()).collect();
		for branch in branches {
			Self::end_game(request, branch, end);
		}
	}

	/// The chain replayed a result about which games are on.
	pub(crate) fn end_games_by(request: &RequestId, verdict: Verdict) {
		let end = match verdict {
			Verdict::Accepted => End::Lost,
			Verdict::Corrected | Verdict::Wrong => End::Even,
		};
		Self::end_games(request, end);
	}

	/// Ends games in which somebody let a window pass, a bounded number of them. Returns how many.
	pub(crate) fn expire_games(cursor: &mut u64) -> u32 {
		let clock = T::Results::clock();
		let mut expired = 0u32;
		for _ in 0..MAX_BUCKETS_PER_BLOCK.saturating_add(MAX_GAMES_EXPIRED) {
			if *cursor >= clock || expired >= MAX_GAMES_EXPIRED {
				break;
			}
			let Some((request, branch)) = GameDeadlines::<T>::iter_key_prefix(*cursor).next()
			else {
				*cursor = cursor.saturating_add(1);
				continue;
			};
			expired = expired.saturating_add(1);
			if !Self::expire_game(&request, branch) {
				// This block has no room for the receipt; the next one has.
				break;
			}
		}
		expired
	}

	/// Ends one game because a window passed. `false` if that has to wait.
	fn expire_game(request: &RequestId, branch: u8) -> bool {
		let (Some(game), Some(case)) =
			(Games::<T>::get(request, branch), GameCases::<T>::get(request))
		else {
			crate::impossible("what has a deadline is on");
			return true;
		};
		let Some(result) = T::Results::open_result(request) else {
			// It ended by other means.
			Self::end_games(request, End::Even);
			return true;
		};
		if T::Offences::is_suspended(case.version) {
			// Nobody may move, so nobody loses by silence.
			Self::end_game(request, branch, End::Even);
			return true;
		}
		if !game.phase.is_executors() {
			Self::end_game(request, branch, End::Lost);
			return true;
		}
		if !T::Results::has_room() {
			return false;
		}
		if Self::convict(request, &result, &case).is_err() {
			crate::impossible("the result is open, and there is room for its receipt");
		}
		true
	}
}
