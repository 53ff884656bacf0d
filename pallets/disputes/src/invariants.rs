//! What always holds between blocks.

use crate::{pallet::*, types::*};
use alloc::collections::BTreeMap;
use countersign_primitives::{
	demand::Piece,
	dispute::{staging_id, Verdict, Verdicts},
	game::Phase,
	request::RequestId,
	AccountId, Balance,
};
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks all invariants:
	///
	/// 1. What is on hold for staged packages is what they say, and nobody has a replay bond on
	///    hold between calls.
	/// 2. Every chunk belongs to a staged package and has the length of its place; what is there
	///    adds up, but for packages that are being removed.
	/// 3. Every staged package is in the queue once, under its own block, and nothing else is; none
	///    is below the cursor. An account stages as many as are counted for it, at most
	///    [`MAX_STAGED_EACH`].
	/// 4. Every decision is in the queue of pruning once, and nothing else is.
	/// 5. Nothing is decided about a result that is still open; only wrong results cost a slash.
	/// 6. Every game is in the queue of deadlines once, under its own tick, and nothing else is;
	///    none is below the cursor.
	/// 7. What is on hold for games is what they say.
	/// 8. There is a case exactly where games are on, which it counts right; commitments and hashes
	///    belong to games, and are as many as there must be. A result about which a game is on is
	///    not decided.
	/// 9. Every demand is in its queue once, under its own tick, and nothing else is; what is on
	///    hold for demands is what they say; there is a case exactly where demands are on, which it
	///    counts right; no input is demanded of what is decided.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut held: BTreeMap<AccountId, (Balance, u32)> = BTreeMap::new();
		let cursors = Cursors::<T>::get();
		let mut stagings = 0usize;
		for (id, staging) in Stagings::<T>::iter() {
			stagings = stagings.saturating_add(1);
			ensure!(id == staging_id(&staging.owner, &staging.root), "3. a package's name");
			let (deposit, count) = held.entry(staging.owner.clone()).or_default();
			*deposit = deposit.saturating_add(staging.deposit);
			*count = count.saturating_add(1);
			ensure!(
				StagingExpiries::<T>::contains_key(staging.expires_at, id),
				"3. a staged package is not in the queue"
			);
			ensure!(staging.expires_at >= cursors.stagings, "3. a package below the cursor");
			let mut present = 0u32;
			for (index, chunk) in Chunks::<T>::iter_prefix(id) {
				ensure!(
					chunk.len() == staging.chunk_length(index) as usize && !chunk.is_empty(),
					"2. a chunk of another length"
				);
				present = present.saturating_add(staging.chunk_length(index));
			}
			let expired = Self::now() >= staging.expires_at;
			ensure!(
				present == staging.present || expired && present < staging.present,
				"2. what is there does not add up"
			);
			ensure!(staging.present <= staging.length, "2. more is there than there should be");
		}
		ensure!(
			StagingExpiries::<T>::iter_keys().count() == stagings,
			"3. the queue holds what is not staged"
		);
		ensure!(
			Chunks::<T>::iter_keys().all(|(id, _)| Stagings::<T>::contains_key(id)),
			"2. a chunk of nothing"
		);
		for (who, (deposit, count)) in &held {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Staging.into(), who) == *deposit,
				"1. what is on hold is not what staged packages say"
			);
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Bond.into(), who) == 0,
				"1. a bond outlives its call"
			);
			ensure!(StagedBy::<T>::get(who) == *count, "3. staged packages are miscounted");
			ensure!(*count <= MAX_STAGED_EACH, "3. too many staged packages");
		}
		ensure!(StagedBy::<T>::iter_keys().count() == held.len(), "3. who stages nothing counts");

		let mut decisions = 0usize;
		for (request, decision) in Decisions::<T>::iter() {
			decisions = decisions.saturating_add(1);
			ensure!(
				T::Results::open_result(&request).is_none(),
				"5. what was decided about is open"
			);
			ensure!(
				decision.verdict == Verdict::Wrong
					|| decision.slash == 0 && decision.slashed_in.is_none(),
				"5. a slash without a wrong result"
			);
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Bond.into(), &decision.challenger) == 0,
				"1. a bond outlives its call"
			);
		}
		let mut planned = 0usize;
		for (block, request) in DecisionPrunes::<T>::iter_keys() {
			planned = planned.saturating_add(1);
			ensure!(Decisions::<T>::contains_key(request), "4. the pruning of nothing is planned");
			ensure!(block >= cursors.decisions, "4. a decision below the cursor");
		}
		ensure!(planned == decisions, "4. a decision would stay for ever");
		Self::check_games(cursors.games)?;
		Self::check_demands(cursors.demands)
	}

	fn check_games(cursor: u64) -> Result<(), TryRuntimeError> {
		let mut held: BTreeMap<AccountId, Balance> = BTreeMap::new();
		let mut on: BTreeMap<RequestId, u8> = BTreeMap::new();
		let mut games = 0usize;
		for (request, branch, game) in Games::<T>::iter() {
			games = games.saturating_add(1);
			let stake = held.entry(game.challenger.clone()).or_default();
			*stake = stake.saturating_add(game.bond).saturating_add(game.fee);
			let count = on.entry(request).or_default();
			*count = count.saturating_add(1);
			ensure!(
				GameDeadlines::<T>::contains_key(game.deadline, (request, branch)),
				"6. a game is not in the queue"
			);
			ensure!(game.deadline >= cursor, "6. a game below the cursor");
			let shows = matches!(game.phase, Phase::Group(_) | Phase::Leaf { .. });
			ensure!(
				GameHashes::<T>::contains_key(request, branch) == shows,
				"8. hashes are there when none were shown, or not when they were"
			);
			let case = GameCases::<T>::get(request).ok_or("8. a game without a case")?;
			ensure!(
				case.traced.is_none() == (game.phase == Phase::Trace),
				"8. a game waits for a trace that is there, or does not for one that is not"
			);
			ensure!(game.challenger != case.executor, "8. a game with oneself");
			ensure!(branch < case.next, "8. a game with a number that was not given");
			ensure!(!Decisions::<T>::contains_key(request), "8. a game about what is decided");
		}
		ensure!(GameDeadlines::<T>::iter_keys().count() == games, "6. the queue holds no game");
		for (who, stake) in &held {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Game.into(), who) == *stake,
				"7. what is on hold is not what games say"
			);
		}
		let mut cases = 0usize;
		for (request, case) in GameCases::<T>::iter() {
			cases = cases.saturating_add(1);
			ensure!(on.get(&request) == Some(&case.on), "8. games are miscounted");
			let roots: usize = GameRoots::<T>::iter_prefix(request).map(|(_, r)| r.len()).sum();
			ensure!(
				roots == usize::from(case.traced.unwrap_or(0)),
				"8. another number of commitments"
			);
		}
		ensure!(cases == on.len(), "8. a game without a case");
		ensure!(
			GameRoots::<T>::iter_keys().all(|(request, _)| on.contains_key(&request)),
			"8. commitments of nothing"
		);
		ensure!(
			GameHashes::<T>::iter_keys()
				.all(|(request, branch)| Games::<T>::contains_key(request, branch)),
			"8. hashes of nothing"
		);
		Ok(())
	}

	fn check_demands(cursor: u64) -> Result<(), TryRuntimeError> {
		let mut held: BTreeMap<AccountId, Balance> = BTreeMap::new();
		let mut demands = 0usize;
		let mut on: BTreeMap<RequestId, u8> = BTreeMap::new();
		for (request, id, demand) in Demands::<T>::iter() {
			demands = demands.saturating_add(1);
			ensure!(demand.piece.id() == id, "9. a demand under another name");
			let count = on.entry(request).or_default();
			*count = count.saturating_add(1);
			let fee = held.entry(demand.by.clone()).or_default();
			*fee = fee.saturating_add(demand.fee);
			ensure!(
				DemandDeadlines::<T>::contains_key(demand.deadline, (request, id)),
				"9. a demand is not in the queue"
			);
			ensure!(demand.deadline >= cursor, "9. a demand below the cursor");
			ensure!(
				demand.piece != Piece::Input || !Decisions::<T>::contains_key(request),
				"9. a demand about what is decided"
			);
		}
		for (request, case) in DemandCases::<T>::iter() {
			ensure!(on.get(&request) == Some(&case.on), "9. demands are miscounted");
			ensure!(case.on <= MAX_DEMANDS.saturating_add(1), "9. too many demands");
		}
		ensure!(DemandCases::<T>::iter_keys().count() == on.len(), "9. a demand without a case");
		ensure!(DemandDeadlines::<T>::iter_keys().count() == demands, "9. a queue of no demand");
		for (who, fee) in &held {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Demand.into(), who) == *fee,
				"9. what is on hold is not what demands say"
			);
		}
		Ok(())
	}
}
