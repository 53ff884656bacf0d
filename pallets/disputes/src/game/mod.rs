//! The operator game: disputes about models that are too large to replay.
//!
//! ```text
//! open ─ trace ─ name ─ hashes ─ pick ─ (hashes ─ pick) ─ bytes ─ prove ─ wrong
//!                  │
//!                  ├ traps ────┬ wrong
//!                  └ compare ──┴ (a cast on the way) ─ saturates ─ excused
//! ```
//!
//! Every move has its window on the window clock, and whoever lets one pass has lost: the executor
//! its result, the challenger its bond. No result becomes `Final` while a game about it is on.

mod close;
mod facts;
pub(crate) mod keys;
pub(crate) mod moves;
pub(crate) mod types;

use crate::{
	pallet::{
		Config, Error, Event, GameCases, GameDeadlines, GameHashes, GameRoots, Games, HoldReason,
		Pallet,
	},
	replay::verdict_weight,
	types::SignedFee,
	weights::WeightInfo,
};
use countersign_primitives::{
	dispute::{OpenResult, ReplayRefusal, Verdicts},
	game::{
		GameCost, GameMove, GameRefusal, GameView, Opening, Phase, LEAF_BYTES, MAX_HASHES,
		MAX_OPENED,
	},
	request::RequestId,
	AccountId, Balance, Hash,
};
use facts::{Facts, Opened};
use frame_support::{
	dispatch::{Pays, PostDispatchInfo},
	ensure,
	pallet_prelude::{DispatchResult, DispatchResultWithPostInfo},
	traits::{fungible::MutateHold, Get},
	weights::Weight,
};
use moves::{Effect, Table};
use types::{Case, Game, Roots, MAX_BRANCHES, MAX_GAMES, ROOTS_AT_ONCE};

/// The most games that one query shows.
pub(crate) const MAX_GAMES_SHOWN: u32 = 16;
/// Bytes of a message beside what it brings, rounded up.
const ENVELOPE: u32 = 512;
/// Bytes of an opened leaf with its path: of a tensor of 16 MiB, or a large constant.
pub(crate) const OPENED_BYTES: u32 = LEAF_BYTES + 32 * 25 + 16;
/// How many times a game's own time a result is kept from becoming `Final` at the most, should the
/// queue of games that are over be long.
const KEPT_OPEN: u64 = 8;

/// Who makes a move.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Player {
	pub(crate) who: AccountId,
}

impl<T: Config> From<GameRefusal> for Error<T> {
	fn from(refusal: GameRefusal) -> Self {
		match refusal {
			GameRefusal::NotOpen => Self::NotOpen,
			GameRefusal::NoProgram => Self::NoProgram,
			GameRefusal::Version => Self::VersionSuspended,
			GameRefusal::NoOpening => Self::NoOpening,
			GameRefusal::WrongProgram => Self::WrongPackage,
			GameRefusal::WrongInputs => Self::WrongInput,
			GameRefusal::NotProvable => Self::NotProvable,
			GameRefusal::NothingWrong => Self::NothingWrong,
			GameRefusal::TooManyGames => Self::TooManyGames,
			GameRefusal::NotYou => Self::NotYourGame,
			GameRefusal::NoGame => Self::NoGame,
			GameRefusal::NotDue => Self::NotDue,
			GameRefusal::TooLate => Self::TooLate,
			GameRefusal::WrongCount => Self::WrongCount,
			GameRefusal::WrongHash => Self::WrongHash,
			GameRefusal::BadProof => Self::BadProof,
			GameRefusal::ProvesNothing => Self::ProvesNothing,
			GameRefusal::NotSigned => Self::NotSigned,
			GameRefusal::NothingToDemand => Self::NothingToDemand,
			GameRefusal::TooManyDemands => Self::TooManyDemands,
		}
	}
}

/// Why there are no rules to play by.
fn no_rules(refusal: ReplayRefusal) -> GameRefusal {
	match refusal {
		ReplayRefusal::NotOpen => GameRefusal::NotOpen,
		ReplayRefusal::Version => GameRefusal::Version,
		_ => GameRefusal::NoProgram,
	}
}

/// The weight of checking what an opening brings.
pub(crate) fn check_weight<T: Config>(opening: &Option<Opening>) -> Weight {
	// That of another game is measured for itself, and no first game takes less.
	let another = T::WeightInfo::join_game();
	match opening {
		Some(opening) => T::WeightInfo::open_game(
			opening.operators.into(),
			opening.operands,
			(opening.program.len() as u32).div_ceil(1024),
		)
		.max(another),
		None => another,
	}
}

/// The weight of opening a game, a verdict included.
pub(crate) fn open_weight<T: Config>(opening: &Option<Opening>) -> Weight {
	check_weight::<T>(opening).saturating_add(verdict_weight::<T>())
}

fn proof_weight<T: Config>(kib: u32) -> Weight {
	T::WeightInfo::game_proof(kib).saturating_add(verdict_weight::<T>())
}

fn shown_kib(shown: &countersign_primitives::game::Shown) -> u32 {
	leaves_kib(&shown.leaves).saturating_add((shown.part.len() as u32).div_ceil(1024))
}

fn leaves_kib(leaves: &countersign_primitives::game::Leaves) -> u32 {
	(leaves.len() as u32).saturating_mul(2)
}

/// The weight of a move, a verdict included where it may lead to one.
pub(crate) fn move_weight<T: Config>(action: &GameMove) -> Weight {
	match action {
		GameMove::Trace { roots, trap } => {
			let trace = T::WeightInfo::game_trace(roots.len() as u32);
			match trap {
				Some(shown) => trace.saturating_add(proof_weight::<T>(shown_kib(shown))),
				None => trace,
			}
		}
		GameMove::Name { part, .. } => {
			T::WeightInfo::game_proof((part.len() as u32).div_ceil(1024))
		}
		GameMove::Hashes(hashes) => T::WeightInfo::game_hashes(hashes.len() as u32),
		GameMove::Pick(_) | GameMove::Bytes(_) => T::WeightInfo::game_hashes(0),
		GameMove::Prove(shown) | GameMove::Traps(shown) | GameMove::Saturates(shown) => {
			proof_weight::<T>(shown_kib(shown))
		}
		GameMove::Compare { leaves, .. } => proof_weight::<T>(leaves_kib(leaves)),
	}
}

/// The fee of all messages that either side may send in a game about such a program.
pub(crate) fn messages_fee<T: Config>(operators: u16, longest_part: u32) -> Balance {
	let part = longest_part.saturating_add(32 * 12);
	let shown = part.saturating_add(OPENED_BYTES * MAX_OPENED);
	let roots = u32::from(operators);
	// Trace with a trap, name, hashes twice, pick twice, bytes, prove that it traps, and a cast that
	// saturates. All other ways are shorter.
	let length = roots
		.saturating_mul(32)
		.saturating_add(shown.saturating_mul(3))
		.saturating_add(part)
		.saturating_add(2 * 32 * MAX_HASHES)
		.saturating_add(LEAF_BYTES)
		.saturating_add(9 * ENVELOPE);
	let proof = proof_weight::<T>(shown.div_ceil(1024));
	let checks = T::WeightInfo::game_authorize();
	let weight = T::WeightInfo::game_trace(roots)
		.saturating_add(proof.saturating_mul(3))
		.saturating_add(T::WeightInfo::game_proof(part.div_ceil(1024)))
		.saturating_add(T::WeightInfo::game_hashes(MAX_HASHES).saturating_mul(2))
		.saturating_add(T::WeightInfo::game_hashes(0).saturating_mul(3))
		.saturating_add(checks.saturating_mul(9));
	T::SignedFee::fee(weight, length)
}

/// What opening a game leads to.
pub(crate) struct Ready {
	pub(crate) result: OpenResult,
	/// `None` where the result is wrong whatever the operators give.
	pub(crate) case: Option<Case>,
	pub(crate) bond: Balance,
	pub(crate) fee: Balance,
}

impl<T: Config> Pallet<T> {
	fn new_case(result: &OpenResult, version: u16, request: &RequestId, facts: Facts) -> Case {
		let Facts { parts, operators, longest_part, inputs, outputs } = facts;
		Case {
			executor: result.executor.clone(),
			version,
			window_end: Self::window_end(request, result),
			ticks: T::Results::game_ticks(request),
			parts,
			operators,
			longest_part,
			inputs,
			outputs,
			traced: None,
			next: 0,
			on: 0,
		}
	}

	/// Whether `who` may open a game, and what it leads to. Changes nothing.
	pub(crate) fn prepare_game(
		request: &RequestId,
		who: Option<&AccountId>,
		opening: Option<&Opening>,
	) -> Result<Ready, GameRefusal> {
		let result = T::Results::open_result(request).ok_or(GameRefusal::NotOpen)?;
		ensure!(who != Some(&result.executor), GameRefusal::NotYou);
		let rules = Self::rules_of(&result).map_err(no_rules)?;
		let known = GameCases::<T>::get(request);
		let end = Self::window_end(request, &result);
		// The last tick is for what comes back from a game.
		ensure!(T::Results::clock().saturating_add(1) < end, GameRefusal::NotOpen);
		let case = match known {
			Some(case) => {
				ensure!(case.on < MAX_GAMES && case.next < MAX_BRANCHES, GameRefusal::TooManyGames);
				let is_in = Games::<T>::iter_prefix(request)
					.take(MAX_GAMES.into())
					.any(|(_, game)| Some(&game.challenger) == who);
				ensure!(!is_in, GameRefusal::NotYou);
				Some(case)
			}
			None => match facts::open(&result, &rules, opening.ok_or(GameRefusal::NoOpening)?)? {
				Opened::Wrong => None,
				Opened::Game(facts) => Some(Self::new_case(&result, rules.version, request, facts)),
			},
		};
		let (bond, fee) = match &case {
			Some(case) => {
				let doubled = 1u128.checked_shl(case.on.into()).unwrap_or(u128::MAX);
				let fee = messages_fee::<T>(case.operators, case.longest_part);
				(T::GameBond::get().saturating_mul(doubled), fee)
			}
			None => (T::GameBond::get(), 0),
		};
		Ok(Ready { result, case, bond, fee })
	}

	/// What a game would cost.
	pub fn game_cost(
		request: RequestId,
		opening: Option<Opening>,
	) -> Result<GameCost, GameRefusal> {
		let fee_by_key = Self::opening_fee(&opening);
		let ready = Self::prepare_game(&request, None, opening.as_ref())?;
		Ok(GameCost { bond: ready.bond, fee: ready.fee, fee_by_key })
	}

	/// What a transaction that opens a game would cost.
	pub(crate) fn opening_fee(opening: &Option<Opening>) -> Balance {
		let length = opening.as_ref().map_or(0, |opening| opening.program.len() as u32);
		let weight = open_weight::<T>(opening).saturating_add(check_weight::<T>(opening));
		T::SignedFee::fee(weight, length.saturating_add(2 * ENVELOPE))
	}

	/// Opens a game, or finds the result wrong at once.
	pub(crate) fn do_open_game(
		who: AccountId,
		request: RequestId,
		opening: Option<Opening>,
		extra_fee: Balance,
	) -> DispatchResultWithPostInfo {
		let ready =
			Self::prepare_game(&request, Some(&who), opening.as_ref()).map_err(Error::<T>::from)?;
		let Ready { result, case, bond, fee } = ready;
		let Some(mut case) = case else {
			ensure!(T::Results::has_room(), Error::<T>::BlockFull);
			let version = Self::rules_of(&result).map_err(Error::<T>::from)?.version;
			T::Results::refuted(&request);
			Self::found_wrong(&request, &result, version, who)?;
			return Ok(PostDispatchInfo { actual_weight: None, pays_fee: Pays::No });
		};
		let fee = fee.saturating_add(extra_fee);
		let stake = bond.saturating_add(fee);
		T::Currency::hold(&HoldReason::Game.into(), &who, stake)?;
		let clock = T::Results::clock();
		let kept = clock.saturating_add(case.ticks.saturating_mul(KEPT_OPEN));
		if result.final_at < kept {
			T::Results::set_final_at(&request, kept)?;
		}
		let branch = case.next;
		case.next = case.next.saturating_add(1);
		case.on = case.on.saturating_add(1);
		let phase = if case.traced.is_some() { Phase::Operator } else { Phase::Trace };
		let deadline = clock.saturating_add(case.window(&phase));
		let game = Game {
			challenger: who.clone(),
			bond,
			fee,
			opened_at: Self::now(),
			step: 0,
			phase,
			deadline,
		};
		GameDeadlines::<T>::insert(deadline, (request, branch), ());
		Games::<T>::insert(request, branch, game);
		let executor = case.executor.clone();
		GameCases::<T>::insert(request, case);
		Self::deposit_event(Event::GameOpened {
			request,
			branch,
			executor,
			challenger: who,
			bond,
			fee,
			deadline,
		});
		Ok(().into())
	}

	/// Considers a move by `player`. Changes nothing.
	pub(crate) fn consider_move(
		request: &RequestId,
		branch: u8,
		player: &Player,
		action: &GameMove,
	) -> Result<(OpenResult, Case, Game, Effect), GameRefusal> {
		let result = T::Results::open_result(request).ok_or(GameRefusal::NotOpen)?;
		let case = GameCases::<T>::get(request).ok_or(GameRefusal::NoGame)?;
		let game = Games::<T>::get(request, branch).ok_or(GameRefusal::NoGame)?;
		ensure!(action.is_executors() == game.phase.is_executors(), GameRefusal::NotDue);
		let may = match action {
			// Nobody can check a trace before it is played about, so nobody else may give one.
			GameMove::Trace { .. } => player.who == case.executor,
			// What leads to a commitment is what it is, whoever brings it.
			GameMove::Hashes(_) | GameMove::Bytes(_) | GameMove::Saturates(_) => true,
			_ => player.who == game.challenger,
		};
		ensure!(may, GameRefusal::NotYou);
		ensure!(T::Results::clock() <= game.deadline, GameRefusal::TooLate);
		let table = Table { request, branch, case: &case, game: &game, result: &result };
		let effect = table.consider::<T>(action)?;
		Ok((result, case, game, effect))
	}

	/// Makes a move. It was paid for when the game was opened.
	pub(crate) fn do_game_move(
		player: Player,
		request: RequestId,
		branch: u8,
		action: GameMove,
	) -> DispatchResultWithPostInfo {
		let (result, case, game, effect) =
			Self::consider_move(&request, branch, &player, &action).map_err(Error::<T>::from)?;
		match effect {
			Effect::Traced(roots) => Self::go_on(&request, case, &roots),
			Effect::Next(phase, hashes) => {
				match hashes {
					Some(hashes) => GameHashes::<T>::insert(request, branch, hashes),
					None => GameHashes::<T>::remove(request, branch),
				}
				Self::advance(&request, branch, &case, game, phase);
			}
			Effect::Wrong => {
				ensure!(T::Results::has_room(), Error::<T>::BlockFull);
				Self::convict(&request, &result, &case)?;
			}
			Effect::Excused => {
				Self::end_game(&request, branch, close::End::Even);
			}
		}
		Ok(PostDispatchInfo { actual_weight: None, pays_fee: Pays::No })
	}

	/// Puts a game into its next phase.
	fn advance(request: &RequestId, branch: u8, case: &Case, mut game: Game, phase: Phase) {
		GameDeadlines::<T>::remove(game.deadline, (*request, branch));
		game.step = game.step.saturating_add(1);
		game.deadline = T::Results::clock().saturating_add(case.window(&phase));
		game.phase = phase;
		GameDeadlines::<T>::insert(game.deadline, (*request, branch), ());
		Self::deposit_event(Event::GameMoved {
			request: *request,
			branch,
			step: game.step,
			executors_turn: game.phase.is_executors(),
			deadline: game.deadline,
		});
		Games::<T>::insert(request, branch, game);
	}

	/// The trace is there: all games about the result go on.
	pub(crate) fn go_on(request: &RequestId, mut case: Case, roots: &[Hash]) {
		for (piece, at) in roots.chunks(ROOTS_AT_ONCE as usize).zip(0u32..) {
			GameRoots::<T>::insert(request, at, Roots::truncate_from(piece.to_vec()));
		}
		case.traced = Some(u16::try_from(roots.len()).unwrap_or(u16::MAX));
		let games: alloc::vec::Vec<(u8, Game)> =
			Games::<T>::iter_prefix(request).take(MAX_GAMES.into()).collect();
		for (branch, game) in games {
			if game.phase == Phase::Trace {
				Self::advance(request, branch, &case, game, Phase::Operator);
			}
		}
		GameCases::<T>::insert(request, case);
	}

	/// One game.
	pub fn game(request: RequestId, branch: u8) -> Option<GameView> {
		let case = GameCases::<T>::get(request)?;
		let game = Games::<T>::get(request, branch)?;
		Self::game_view(request, branch, &case, game)
	}

	/// Up to `limit`, at most 16, games after `after`.
	pub fn games(after: Option<(RequestId, u8)>, limit: u32) -> alloc::vec::Vec<GameView> {
		let games = match after {
			Some((request, branch)) => {
				Games::<T>::iter_from(Games::<T>::hashed_key_for(request, branch))
			}
			None => Games::<T>::iter(),
		};
		games
			// Those about results that have ended are there until their time is over. A page that they
			// shortened would be taken for the last.
			.filter_map(|(request, branch, game)| {
				let case = GameCases::<T>::get(request)?;
				Self::game_view(request, branch, &case, game)
			})
			.take(limit.min(MAX_GAMES_SHOWN) as usize)
			.collect()
	}

	fn game_view(request: RequestId, branch: u8, case: &Case, game: Game) -> Option<GameView> {
		let statement = T::Results::open_result(&request)?.statement;
		Some(GameView {
			request,
			branch,
			challenger: game.challenger,
			executor: case.executor.clone(),
			executor_seat: (statement.session, statement.validator, statement.signer),
			bond: game.bond,
			fee: game.fee,
			opened_at: game.opened_at,
			step: game.step,
			phase: game.phase,
			deadline: game.deadline,
			clock: T::Results::clock(),
			hashes: GameHashes::<T>::get(request, branch).unwrap_or_default().into_inner(),
		})
	}

	/// The result is wrong: the one who opened the earliest game that is still on is rewarded, and
	/// all games about it end.
	fn convict(request: &RequestId, result: &OpenResult, case: &Case) -> DispatchResult {
		let earliest = Games::<T>::iter_prefix(request)
			.take(MAX_GAMES.into())
			.min_by_key(|(branch, _)| *branch)
			.map(|(_, game)| game.challenger);
		let reporter = earliest.ok_or(Error::<T>::NoGame)?;
		Self::found_wrong(request, result, case.version, reporter)?;
		Ok(())
	}
}
