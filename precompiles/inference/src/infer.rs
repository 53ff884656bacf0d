//! Models that run inside the transaction.

use crate::{convert, reasons, IInference, InferencePrecompile, Weights};
use alloc::vec::Vec;
use countersign_precompile_utils::{
	caller, charge, from_word, refused, revert, to_wei, to_word, value,
};
use countersign_primitives::{
	model::ModelId,
	request::Outcome,
	tensor::{Tensor, MAX_INLINE_BYTES},
};
use frame_support::weights::Weight;
use pallet_inference::{Callable, Pallet, WeightInfo};
use pallet_revive::{
	precompiles::{alloy::sol_types::SolCall, Error, Ext},
	Config,
};

/// Looks a model up that can run inside a transaction, and charges for that; then charges what a
/// call weighs, of which nothing is done before.
fn look_up<T>(
	model: &ModelId,
	weight: impl FnOnce(&Callable) -> Weight,
	not_synchronous: &str,
	env: &mut impl Ext<T = T>,
) -> Result<Callable, Error>
where
	T: pallet_inference::Config + Config,
{
	charge(env, Pallet::<T>::look_up_weight())?;
	let callable = Pallet::<T>::look_up(model).ok_or_else(|| revert(not_synchronous))?;
	charge(env, weight(&callable))?;
	Ok(callable)
}

/// Runs a model that costs nothing but gas, and leaves no trace. Reverts with `not_synchronous`
/// where it cannot run inside a transaction.
pub fn run_view<T>(
	model: &ModelId,
	input: &[Tensor],
	not_synchronous: &str,
	env: &mut impl Ext<T = T>,
) -> Result<Vec<Tensor>, Error>
where
	T: pallet_inference::Config + Config,
{
	let callable = look_up(model, Pallet::<T>::free_weight, not_synchronous, env)?;
	match Pallet::<T>::run_free(&callable, input).map_err(refused)? {
		(Outcome::Output(_), outputs) => Ok(outputs),
		(Outcome::Trap { .. }, _) => Err(revert(reasons::TRAPPED)),
	}
}

impl<T> InferencePrecompile<T>
where
	T: pallet_inference::Config + Config,
{
	/// An input for a run inside the transaction, with its conversion charged.
	fn sync_input(
		input: &[IInference::Tensor],
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<Tensor>, Error> {
		let length = convert::encoded_length(input);
		if length > MAX_INLINE_BYTES {
			return Err(revert(convert::INPUT_TOO_LARGE));
		}
		charge(env, Weights::<T>::hand_over(length))?;
		convert::to_tensors(input)
	}

	pub(crate) fn infer(
		call: &IInference::inferCall,
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<u8>, Error> {
		let input = Self::sync_input(&call.input, env)?;
		let output = run_view::<T>(&from_word(&call.model), &input, reasons::NOT_SYNCHRONOUS, env)?;
		Ok(IInference::inferCall::abi_encode_returns(&convert::from_tensors(output)))
	}

	pub(crate) fn infer_fee(
		call: &IInference::inferFeeCall,
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<u8>, Error> {
		// The stored program, and less of the model and the rules than what runs it reads.
		let weight = Pallet::<T>::look_up_weight().saturating_add(Weights::<T>::read_result(0));
		charge(env, weight)?;
		let fee = Pallet::<T>::sync_fee(&from_word(&call.model))
			.ok_or_else(|| revert(reasons::NOT_SYNCHRONOUS))?;
		Ok(IInference::inferFeeCall::abi_encode_returns(&to_wei::<T>(fee)))
	}

	pub(crate) fn infer_paid(
		call: &IInference::inferPaidCall,
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<u8>, Error> {
		let max_fee = value(env)?;
		let input = Self::sync_input(&call.input, env)?;
		let model = from_word(&call.model);
		let callable = look_up(&model, Pallet::<T>::paid_weight, reasons::NOT_SYNCHRONOUS, env)?;
		let who = caller(env)?;
		Self::give_back(&who, max_fee, env)?;
		let run = Pallet::<T>::run_paid(&who, &callable, &input, max_fee).map_err(refused)?;
		match run.outcome {
			Outcome::Output(_) => {
				let returned = IInference::inferPaidReturn {
					id: to_word(&run.request),
					output: convert::from_tensors(run.outputs),
				};
				Ok(IInference::inferPaidCall::abi_encode_returns(&returned))
			}
			Outcome::Trap { .. } => Err(revert(reasons::TRAPPED)),
		}
	}
}
