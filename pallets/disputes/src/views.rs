//! What the runtime API answers.

use crate::{
	pallet::{Call, Config, Decisions, Demands, Pallet, Stagings},
	referee::{self, Loaded, Needs},
	replay::total_time,
};
use alloc::vec::Vec;
use countersign_primitives::{
	demand::{DemandId, DemandView, Showing},
	dispute::{
		Decision, DisputableView, Effort, PackageSource, ReplayChallenge, ReplayCost,
		ReplayRefusal, StagingId, Verdict, Verdicts, Witness, MAX_INLINE_PACKAGE,
	},
	game::{GameMessage, GameMove, Opening},
	keys::InferenceSignature,
	program::MAX_PACKAGE_BYTES,
	request::RequestId,
	traits::Programs,
};
use frame_support::{ensure, traits::Get};
use frame_system::offchain::CreateTransactionBase;

/// The most open results that one query shows.
pub(crate) const MAX_DISPUTABLE_SHOWN: u32 = 64;
/// The most decisions that one query shows.
pub(crate) const MAX_DECISIONS_SHOWN: u32 = 256;
/// A query may run what a block could, whatever else the block does.
const ANY_EFFORT: Effort = Effort { macs: u64::MAX, bytes: u32::MAX };

impl<T: Config> Pallet<T> {
	/// Up to `limit`, at most 64, open results after `after`.
	pub fn disputable(after: Option<RequestId>, limit: u32) -> Vec<DisputableView> {
		T::Results::open_results(after, limit.min(MAX_DISPUTABLE_SHOWN))
			.into_iter()
			.filter_map(Self::disputable_result)
			.collect()
	}

	/// One open result.
	pub fn disputable_result(request: RequestId) -> Option<DisputableView> {
		let result = T::Results::open_result(&request)?;
		Some(DisputableView {
			request,
			model: result.statement.model,
			executor: result.executor,
			input: result.statement.input,
			input_on_chain: T::Results::input_length(&request),
			outcome: result.outcome,
			cover: result.cover,
			final_at: result.final_at,
			clock: T::Results::clock(),
			stored: T::Programs::summary(&result.statement.model).is_some(),
		})
	}

	/// The decision about a request, until it is pruned.
	pub fn decision(request: RequestId) -> Option<Decision> {
		Decisions::<T>::get(request)
	}

	/// Up to `limit`, at most 256, decisions after `after`.
	pub fn decisions(after: Option<RequestId>, limit: u32) -> Vec<(RequestId, Decision)> {
		let decisions = match after {
			Some(after) => Decisions::<T>::iter_from_key(after),
			None => Decisions::<T>::iter(),
		};
		decisions.take(limit.min(MAX_DECISIONS_SHOWN) as usize).collect()
	}

	fn cost(needs: &Needs, package: u32) -> ReplayCost {
		ReplayCost {
			effort: needs.effort,
			time: total_time::<T>(&needs.effort),
			memory: needs.memory,
			fits: referee::fits::<T>(needs),
			fits_inline: package <= MAX_INLINE_PACKAGE,
			bond: T::ReplayBond::get(),
			bond_for_validator: Self::challenge_fee(&needs.effort, needs.effort.bytes),
		}
	}

	/// What a replay with this package and so many bytes of input would cost.
	pub fn replay_cost(package: Vec<u8>, input_bytes: u32) -> Result<ReplayCost, ReplayRefusal> {
		ensure!(package.len() <= MAX_PACKAGE_BYTES as usize, ReplayRefusal::WrongPackage);
		let ready = referee::prepare(Loaded::Given(&package), input_bytes, None)?;
		Ok(Self::cost(&ready.needs, u32::try_from(package.len()).unwrap_or(u32::MAX)))
	}

	/// What a replay of an open result would cost.
	pub fn replay_cost_of(
		request: RequestId,
		source: PackageSource,
	) -> Result<ReplayCost, ReplayRefusal> {
		let result = T::Results::open_result(&request).ok_or(ReplayRefusal::NotOpen)?;
		let rules = Self::rules_of(&result)?;
		let length = Self::package_length(&result, &source)?;
		let mut package = Self::package(&result, &rules, source)?;
		let input = T::Results::input_length(&request).unwrap_or(0);
		let ready = referee::prepare(package.loaded(), input, Some(&rules.root))?;
		Ok(Self::cost(&ready.needs, length))
	}

	/// What the chain would find, without doing anything about it.
	pub fn dry_run(request: RequestId, witness: Witness) -> Result<Verdict, ReplayRefusal> {
		let heard = Self::hear(&request, witness, &ANY_EFFORT)?;
		Ok(heard.3)
	}

	/// How many bytes of a staged package are there, and of how many.
	pub fn staged(id: StagingId) -> Option<(u32, u32)> {
		Stagings::<T>::get(id).map(|staging| (staging.present, staging.length))
	}

	/// The transaction by which a validator has a result replayed at its own cost.
	pub fn challenge_transaction(
		challenge: ReplayChallenge,
		witness: Witness,
		signature: InferenceSignature,
	) -> <T as CreateTransactionBase<Call<T>>>::Extrinsic {
		T::create_authorized_transaction(Call::challenge { challenge, witness, signature }.into())
	}

	/// The transaction by which a validator opens a game.
	pub fn open_game_transaction(
		message: GameMessage,
		opening: Option<Opening>,
		signature: InferenceSignature,
	) -> <T as CreateTransactionBase<Call<T>>>::Extrinsic {
		let call = Call::open_game_by_key { message, opening, signature };
		T::create_authorized_transaction(call.into())
	}

	/// The transaction by which a validator makes a move in a game.
	pub fn game_move_transaction(
		message: GameMessage,
		action: GameMove,
		signature: InferenceSignature,
	) -> <T as CreateTransactionBase<Call<T>>>::Extrinsic {
		let call = Call::game_move_by_key { message, action, signature };
		T::create_authorized_transaction(call.into())
	}

	/// Up to `limit`, at most 64, demands after `after`.
	pub fn demands(after: Option<(RequestId, DemandId)>, limit: u32) -> Vec<DemandView> {
		let demands = match after {
			Some((request, demand)) => {
				Demands::<T>::iter_from(Demands::<T>::hashed_key_for(request, demand))
			}
			None => Demands::<T>::iter(),
		};
		demands
			// Those of results that have ended are there until their time is over.
			.filter_map(|(request, demand, of)| {
				let result = T::Results::open_result(&request)?;
				let statement = result.statement;
				Some(DemandView {
					request,
					demand,
					piece: of.piece,
					executor: result.executor,
					executor_seat: (statement.session, statement.validator, statement.signer),
					by: of.by,
					fee: of.fee,
					deadline: of.deadline,
				})
			})
			.take(limit.min(MAX_DISPUTABLE_SHOWN) as usize)
			.collect()
	}

	/// The transaction by which a validator shows what is demanded.
	pub fn show_transaction(
		message: GameMessage,
		showing: Showing,
		signature: InferenceSignature,
	) -> <T as CreateTransactionBase<Call<T>>>::Extrinsic {
		let call = Call::show_by_key { message, showing, signature };
		T::create_authorized_transaction(call.into())
	}
}
