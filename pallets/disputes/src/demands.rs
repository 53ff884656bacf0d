//! Demands: whoever signed a result has to have its input and its program. While the result is
//! open, anyone may have pieces of them shown on chain, at the price of the bytes; who does not show
//! what is demanded loses its cover.

use crate::{
	game::{keys::Rejection, moves::opened, types::ANSWER_SHARE, OPENED_BYTES},
	pallet::{
		Config, DemandCases, DemandDeadlines, Demands, Error, Event, GameCases, HoldReason, Pallet,
	},
	replay::PRIORITY,
	types::{Demand, DemandCase, SignedFee, MAX_BUCKETS_PER_BLOCK, MAX_DEMANDS},
	weights::WeightInfo,
};
use countersign_canonical::{
	part::{check_leaf, Skeleton, Source},
	Meta,
};
use countersign_primitives::{
	commitment::{leaf_count, tensors_commitment},
	demand::{DemandId, Piece, Showing, Wanted, MAX_DEMANDED_LEAVES},
	dispute::{Manifests, OpenResult, Verdicts},
	game::{GameMessage, GameRefusal, MAX_PROGRAM_BYTES},
	keys::InferenceSignature,
	offence::OffenceKind,
	program::ProgramPort,
	request::RequestId,
	tensor::decode_tensors,
	traits::Programs,
	AccountId, Balance, Hash,
};
use countersign_programs::{type_from_canonical, type_to_canonical};
use frame_support::{
	dispatch::{Pays, PostDispatchInfo},
	ensure,
	pallet_prelude::{DispatchResult, DispatchResultWithPostInfo, ValidTransaction},
	traits::fungible::MutateHold,
	weights::Weight,
};
use sp_io::hashing::blake2_256;
use sp_runtime::transaction_validity::TransactionValidityWithRefund;

/// The most demands that one block ends because nobody showed anything.
pub const MAX_DEMANDS_EXPIRED: u32 = 2;
/// The prefix of the tags of messages that show what is demanded.
const TAG: &str = "CountersignShow";
/// Blocks for which such a message may wait in a pool.
const LONGEVITY: u64 = 16;
/// Bytes of a message beside what it shows, rounded up.
const ENVELOPE: u32 = 512;
/// How many times the window of a demand a result is kept from becoming `Final` at the most.
const KEPT_OPEN: u64 = 32;

fn kib(bytes: &[u8]) -> u32 {
	(bytes.len() as u32).div_ceil(1024)
}

/// The weight of demanding something.
pub(crate) fn demand_weight<T: Config>(wanted: &Wanted) -> Weight {
	match wanted {
		Wanted::Input | Wanted::Program => T::WeightInfo::demand(),
		Wanted::Constant { program, operators, operands, .. } => T::WeightInfo::demand()
			.saturating_add(T::WeightInfo::open_game(
				u32::from(*operators),
				*operands,
				kib(program),
			)),
	}
}

/// The weight of showing what is demanded.
pub(crate) fn show_weight<T: Config>(showing: &Showing) -> Weight {
	match showing {
		Showing::Input(bytes) => T::WeightInfo::show_input(kib(bytes)),
		Showing::Program(bytes) => T::WeightInfo::show_program(kib(bytes)),
		Showing::Constant { leaves, .. } => leaves_weight::<T>(leaves.len() as u32),
	}
}

/// The weight of so many leaves. Paths in the longest constants have more than twice as many hashes
/// as what is measured.
fn leaves_weight<T: Config>(leaves: u32) -> Weight {
	T::WeightInfo::show_leaves(leaves.saturating_mul(2))
}

/// What a piece takes to show at the most: weight, and bytes of the message.
fn most<T: Config>(request: &RequestId, piece: &Piece) -> Option<(Weight, u32)> {
	Some(match piece {
		Piece::Input => {
			let length = T::Results::declared_input_length(request)?;
			(T::WeightInfo::show_input(length.div_ceil(1024)), length)
		}
		Piece::Program => {
			(T::WeightInfo::show_program(MAX_PROGRAM_BYTES.div_ceil(1024)), MAX_PROGRAM_BYTES)
		}
		Piece::Constant { count, .. } => {
			let count = u32::from(*count);
			(leaves_weight::<T>(count), count.saturating_mul(OPENED_BYTES))
		}
	})
}

/// What of a fee is burned when so many bytes are shown. How long a program is, nobody knows before.
fn burned(demand: &Demand, shown: u32) -> Balance {
	match demand.piece {
		Piece::Input | Piece::Constant { .. } => demand.fee,
		Piece::Program => {
			let all = Balance::from(MAX_PROGRAM_BYTES.saturating_add(ENVELOPE));
			let part = Balance::from(shown.saturating_add(ENVELOPE)).min(all);
			demand.fee.saturating_mul(part).checked_div(all).unwrap_or(0)
		}
	}
}

fn meta(port: &ProgramPort) -> Meta {
	Meta { ty: type_to_canonical(port.ty), shape: port.shape.to_vec() }
}

impl<T: Config> Pallet<T> {
	/// The tick at which a result would be `Final` if nothing about it were undecided.
	pub(crate) fn window_end(request: &RequestId, result: &OpenResult) -> u64 {
		let of_games = GameCases::<T>::get(request).map(|case| case.window_end);
		let of_demands = DemandCases::<T>::get(request).map(|case| case.window_end);
		of_games.or(of_demands).unwrap_or(result.final_at)
	}

	/// Lets a result become `Final` when it would have, if nothing about it is undecided any more.
	pub(crate) fn let_go(request: &RequestId, window_end: u64) {
		if GameCases::<T>::contains_key(request) || DemandCases::<T>::contains_key(request) {
			return;
		}
		if T::Results::open_result(request).is_some() {
			let tick = window_end.max(T::Results::clock().saturating_add(1));
			if T::Results::set_final_at(request, tick).is_err() {
				crate::impossible("the result is open, and the tick lies ahead");
			}
		}
	}

	/// The root of the program behind a result, which the chain does not store.
	fn root_to_show(result: &OpenResult) -> Result<Hash, GameRefusal> {
		let model = &result.statement.model;
		let program = T::Manifests::manifest(model).and_then(|manifest| manifest.program);
		let root = program.ok_or(GameRefusal::NoProgram)?.root;
		ensure!(T::Programs::summary(model).is_none(), GameRefusal::NothingToDemand);
		Ok(root)
	}

	/// What is wanted, as a piece that can be checked when it is shown.
	fn piece(
		request: &RequestId,
		result: &OpenResult,
		wanted: &Wanted,
	) -> Result<Piece, GameRefusal> {
		match wanted {
			Wanted::Input => {
				let is_there = T::Results::input_length(request).is_some();
				ensure!(!is_there, GameRefusal::NothingToDemand);
				Ok(Piece::Input)
			}
			Wanted::Program => Self::root_to_show(result).map(|_| Piece::Program),
			Wanted::Constant { program, operators, operands, tensor, first, count } => {
				let root = Self::root_to_show(result)?;
				let found = Skeleton::root_of(program, blake2_256);
				ensure!(found == root.0, GameRefusal::WrongProgram);
				let as_declared =
					|nodes: u32, all: u32| nodes == u32::from(*operators) && all == *operands;
				let skeleton = Skeleton::decode_if(program, as_declared)
					.map_err(|_| GameRefusal::WrongProgram)?;
				let operand = skeleton.operand(*tensor).ok_or(GameRefusal::NothingToDemand)?;
				let Source::Constant(commitment) = operand.source else {
					return Err(GameRefusal::NothingToDemand);
				};
				let end = first.checked_add(u32::from(*count)).ok_or(GameRefusal::WrongCount)?;
				let is_there = *count > 0
					&& u32::from(*count) <= MAX_DEMANDED_LEAVES
					&& u64::from(end) <= leaf_count(operand.meta.bytes());
				ensure!(is_there, GameRefusal::WrongCount);
				let shape = operand.meta.shape.try_into().map_err(|_| GameRefusal::WrongProgram)?;
				Ok(Piece::Constant {
					tensor: *tensor,
					meta: ProgramPort { ty: type_from_canonical(operand.meta.ty), shape },
					commitment: commitment.into(),
					first: *first,
					count: *count,
				})
			}
		}
	}

	/// Whether something can be demanded: what, what is on hold for it, and about which result.
	fn consider_demand(
		request: &RequestId,
		wanted: &Wanted,
	) -> Result<(OpenResult, Piece, Balance), GameRefusal> {
		let result = T::Results::open_result(request).ok_or(GameRefusal::NotOpen)?;
		let window_end = Self::window_end(request, &result);
		ensure!(T::Results::clock().saturating_add(1) < window_end, GameRefusal::NotOpen);
		let piece = Self::piece(request, &result, wanted)?;
		ensure!(!Demands::<T>::contains_key(request, piece.id()), GameRefusal::NothingToDemand);
		let (weight, bytes) = most::<T>(request, &piece).ok_or(GameRefusal::NotOpen)?;
		let fee = T::SignedFee::fee(weight.saturating_mul(2), bytes.saturating_add(ENVELOPE));
		let on = DemandCases::<T>::get(request).map_or(0, |case| case.on);
		// There is one input, so nobody can keep others from demanding it.
		let fee = match piece {
			Piece::Input => fee,
			Piece::Program | Piece::Constant { .. } => {
				ensure!(on < MAX_DEMANDS, GameRefusal::TooManyDemands);
				let times = 1u128.checked_shl(on.into()).unwrap_or(u128::MAX);
				fee.saturating_mul(times)
			}
		};
		Ok((result, piece, fee))
	}

	/// What is on hold for a demand.
	pub fn demand_fee(request: RequestId, wanted: Wanted) -> Result<Balance, GameRefusal> {
		Self::consider_demand(&request, &wanted).map(|(_, _, fee)| fee)
	}

	pub(crate) fn do_demand(who: AccountId, request: RequestId, wanted: Wanted) -> DispatchResult {
		let (result, piece, fee) =
			Self::consider_demand(&request, &wanted).map_err(Error::<T>::from)?;
		Self::note_demand(who, request, result, piece, fee)
	}

	/// Notes a demand that was considered.
	pub(crate) fn note_demand(
		by: AccountId,
		request: RequestId,
		result: OpenResult,
		piece: Piece,
		fee: Balance,
	) -> DispatchResult {
		T::Currency::hold(&HoldReason::Demand.into(), &by, fee)?;
		let clock = T::Results::clock();
		let window_end = Self::window_end(&request, &result);
		let window = (T::Results::game_ticks(&request) / ANSWER_SHARE).max(1);
		let deadline = clock.saturating_add(window);
		let kept = clock.saturating_add(window.saturating_mul(KEPT_OPEN));
		T::Results::set_final_at(&request, kept.max(result.final_at))?;
		let demand = piece.id();
		DemandCases::<T>::mutate(request, |case| {
			let case = case.get_or_insert(DemandCase { window_end, on: 0 });
			case.on = case.on.saturating_add(1);
		});
		DemandDeadlines::<T>::insert(deadline, (request, demand), ());
		let executor = result.executor;
		let event = Event::Demanded { request, demand, executor, by: by.clone(), fee, deadline };
		Demands::<T>::insert(request, demand, Demand { by, piece, fee, deadline });
		Self::deposit_event(event);
		Ok(())
	}

	/// Whether this is what is demanded.
	fn check_showing(request: &RequestId, showing: &Showing) -> Result<(), GameRefusal> {
		let result = T::Results::open_result(request).ok_or(GameRefusal::NotOpen)?;
		let demand = Demands::<T>::get(request, showing.demand()).ok_or(GameRefusal::NoGame)?;
		// As in games: what may still be shown does not hang on when the block has room to end it.
		ensure!(T::Results::clock() <= demand.deadline, GameRefusal::TooLate);
		match (showing, &demand.piece) {
			(Showing::Input(bytes), Piece::Input) => {
				let tensors = decode_tensors(bytes).map_err(|_| GameRefusal::WrongInputs)?;
				let found = tensors_commitment(&tensors);
				ensure!(found == result.statement.input, GameRefusal::WrongInputs);
			}
			(Showing::Program(bytes), Piece::Program) => {
				let manifest = T::Manifests::manifest(&result.statement.model);
				let program = manifest.and_then(|manifest| manifest.program);
				let root = program.ok_or(GameRefusal::NoProgram)?.root;
				let found = Skeleton::root_of(bytes, blake2_256);
				ensure!(found == root.0, GameRefusal::WrongProgram);
			}
			(
				Showing::Constant { leaves, .. },
				Piece::Constant { tensor, meta: port, commitment, first, count },
			) => {
				ensure!(leaves.len() == usize::from(*count), GameRefusal::WrongCount);
				let meta = meta(port);
				for (leaf, at) in opened(leaves).iter().zip(*first..) {
					let is_next = leaf.tensor == *tensor && leaf.leaf == at;
					ensure!(is_next, GameRefusal::WrongCount);
					check_leaf(&meta, &commitment.0, leaf).map_err(|_| GameRefusal::WrongHash)?;
				}
			}
			_ => return Err(GameRefusal::NoGame),
		}
		Ok(())
	}

	pub(crate) fn do_show(request: RequestId, showing: Showing) -> DispatchResultWithPostInfo {
		Self::check_showing(&request, &showing).map_err(Error::<T>::from)?;
		let (demand, shown) = (showing.demand(), showing.length());
		if let Showing::Input(bytes) = showing {
			// Replays read it there. Everything else is in the block that brought it.
			T::Results::put_input(&request, bytes.into_inner())?;
		}
		Self::end_demand(&request, &demand, Some(shown));
		// It was paid for by whoever demanded it.
		Ok(PostDispatchInfo { actual_weight: None, pays_fee: Pays::No })
	}

	pub(crate) fn authorize_show(
		message: &GameMessage,
		showing: &Showing,
		signature: &InferenceSignature,
	) -> TransactionValidityWithRefund {
		Self::message_sender(message, GameMessage::content_of(showing))?;
		ensure!(message.verify(signature), Rejection::BadSignature);
		Self::check_showing(&message.request, showing).map_err(Rejection::from)?;
		ValidTransaction::with_tag_prefix(TAG)
			.priority(PRIORITY)
			.and_provides((message.request, showing.demand()))
			.longevity(LONGEVITY)
			.propagate(true)
			.build()
			.map(|valid| (valid, Weight::zero()))
	}

	/// Ends a demand, if there is such a one: the fee is burned for the bytes that were `shown`, and
	/// goes back where nothing was, or it is not needed any more.
	pub(crate) fn end_demand(request: &RequestId, demand: &DemandId, shown: Option<u32>) {
		let Some(ended) = Demands::<T>::take(request, demand) else { return };
		DemandDeadlines::<T>::remove(ended.deadline, (*request, *demand));
		let lost = shown.map_or(0, |bytes| burned(&ended, bytes));
		Self::burn(HoldReason::Demand, &ended.by, lost);
		Self::give_back(HoldReason::Demand, &ended.by, ended.fee.saturating_sub(lost));
		if shown.is_some() {
			Self::deposit_event(Event::Shown { request: *request, demand: *demand, burned: lost });
		}
		let Some(mut case) = DemandCases::<T>::take(request) else {
			crate::impossible("there is a case where there is a demand");
			return;
		};
		case.on = case.on.saturating_sub(1);
		if case.on > 0 {
			DemandCases::<T>::insert(request, case);
		} else {
			Self::let_go(request, case.window_end);
		}
	}

	/// Ends demands that nobody answered in time, at most `most` of them. Returns how many.
	pub(crate) fn expire_demands(cursor: &mut u64, most: u32) -> u32 {
		let clock = T::Results::clock();
		let mut expired = 0u32;
		for _ in 0..MAX_BUCKETS_PER_BLOCK.saturating_add(most) {
			if *cursor >= clock || expired >= most {
				break;
			}
			let Some((request, demand)) = DemandDeadlines::<T>::iter_key_prefix(*cursor).next()
			else {
				*cursor = cursor.saturating_add(1);
				continue;
			};
			expired = expired.saturating_add(1);
			if !Self::expire_demand(&request, &demand) {
				// This block has no room for the receipt; the next one has.
				break;
			}
		}
		expired
	}

	/// The result counts for nothing, because a piece was not shown. `false` if that has to wait.
	fn expire_demand(request: &RequestId, demand: &DemandId) -> bool {
		let Some(expired) = Demands::<T>::get(request, demand) else {
			crate::impossible("what has a deadline was demanded");
			return true;
		};
		let Some(result) = T::Results::open_result(request) else {
			// It ended by other means.
			Self::end_demand(request, demand, None);
			return true;
		};
		if !T::Results::has_room() {
			return false;
		}
		let kind = OffenceKind::Unavailable;
		if Self::found_guilty(request, &result, kind, None, expired.by).is_err() {
			crate::impossible("the result is open, and there is room for its receipt");
		}
		Self::end_demand(request, demand, None);
		true
	}
}
