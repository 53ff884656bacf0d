//! Functions that write: requests, and the delivery of what came of them.

use crate::{convert, reasons, IInference, InferencePrecompile, Weights};
use alloc::vec::Vec;
use countersign_precompile_utils::{
	address_of, caller, emit, from_wei, from_word, refused, revert, to_wei, to_word, value,
};
use countersign_primitives::{
	model::{ModelId, MAX_SERVERS},
	request::{Input, Outcome, RequestId},
	tensor::MAX_INLINE_BYTES,
	traits::{Models, RequestRules},
	AccountId, Balance,
};
use frame_support::traits::{fungible::Mutate, tokens::Preservation};
use pallet_inference::{Error as PalletError, Pallet, WeightInfo};
use pallet_revive::{
	precompiles::{
		alloy::sol_types::SolCall, Error, Ext, ReentrancyProtection, RuntimeCosts, U256,
	},
	AddressMapper, CallResources, Config, H160,
};

impl<T> InferencePrecompile<T>
where
	T: pallet_inference::Config + Config,
{
	pub(crate) fn request(
		call: &IInference::requestCall,
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<u8>, Error> {
		let max_fee = value(env)?;
		let id = Self::submit_inline(&call.model.0.into(), &call.input, &call.terms, max_fee, env)?;
		Ok(IInference::requestCall::abi_encode_returns(&to_word(&id)))
	}

	pub(crate) fn request_committed(
		call: &IInference::requestCommittedCall,
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<u8>, Error> {
		let max_fee = value(env)?;
		let input =
			Input::Committed { commitment: from_word(&call.commitment), length: call.length };
		let id = Self::submit(&from_word(&call.model), 0, || Ok(input), &call.terms, max_fee, env)?;
		Ok(IInference::requestCommittedCall::abi_encode_returns(&to_word(&id)))
	}

	pub(crate) fn request_many(
		call: &IInference::requestManyCall,
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<u8>, Error> {
		let mut left = value(env)?;
		let mut ids = Vec::with_capacity(call.requests.len());
		for one in &call.requests {
			let max_fee = from_wei::<T>(one.maxFee)?;
			left = left.checked_sub(max_fee).ok_or_else(|| revert(reasons::VALUE_MISMATCH))?;
			let model = from_word(&one.model);
			let id = Self::submit_inline(&model, &one.input, &one.terms, max_fee, env)?;
			ids.push(to_word(&id));
		}
		if left > 0 {
			return Err(revert(reasons::VALUE_MISMATCH));
		}
		Ok(IInference::requestManyCall::abi_encode_returns(&ids))
	}

	fn submit_inline(
		model: &ModelId,
		input: &[IInference::Tensor],
		terms: &IInference::Terms,
		max_fee: Balance,
		env: &mut impl Ext<T = T>,
	) -> Result<RequestId, Error> {
		let length = convert::encoded_length(input);
		if length > MAX_INLINE_BYTES {
			return Err(revert(convert::INPUT_TOO_LARGE));
		}
		Self::submit(model, length, || convert::to_input(input), terms, max_fee, env)
	}

	/// Charges, moves the value back to whoever sent it, and has the pallet hold it there.
	fn submit(
		model: &ModelId,
		length: u32,
		input: impl FnOnce() -> Result<Input, Error>,
		terms: &IInference::Terms,
		max_fee: Balance,
		env: &mut impl Ext<T = T>,
	) -> Result<RequestId, Error> {
		let bytes = Weights::<T>::commit_to_bytes(length);
		let charged = env.charge(Weights::<T>::request(MAX_SERVERS).saturating_add(bytes))?;
		let who = caller(env)?;
		let deadline = match terms.deadline {
			0 => Self::earliest_deadline(model)?,
			deadline => deadline,
		};
		let chain_terms = Self::terms(terms, &who, max_fee, deadline)?;
		env.charge(Pallet::<T>::callback_weight(&chain_terms))?;
		Self::give_back(&who, max_fee, env)?;
		let nonce = Pallet::<T>::next_nonce(who.clone(), terms.lane);
		let (id, scans) =
			Pallet::<T>::do_request(who.clone(), *model, &input()?, chain_terms, nonce)
				.map_err(refused)?;
		env.adjust_gas(charged, Weights::<T>::request(scans).saturating_add(bytes));
		emit(
			env,
			&IInference::Requested {
				id: to_word(&id),
				requester: address_of::<T>(&who),
				model: to_word(model),
				maxFee: to_wei::<T>(max_fee),
				deadline,
			},
		)?;
		Ok(id)
	}

	/// The earliest deadline that a request in this block may have.
	fn earliest_deadline(model: &ModelId) -> Result<u32, Error> {
		let now = frame_system::Pallet::<T>::block_number();
		let now = sp_runtime::SaturatedConversion::saturated_into::<u32>(now);
		let terms =
			T::Models::terms(model, now).ok_or_else(|| refused(PalletError::<T>::UnknownModel))?;
		let rules = <Pallet<T> as RequestRules>::parameters();
		Ok(Pallet::<T>::deadline_range(terms.macs, &rules, now).0)
	}

	/// Gives the value that came with the call back to the account that sent it, where it will be
	/// held. It came in the same frame, so it is there.
	pub(crate) fn give_back(
		who: &AccountId,
		amount: Balance,
		env: &mut impl Ext<T = T>,
	) -> Result<(), Error> {
		if amount == 0 {
			return Ok(());
		}
		let cost = RuntimeCosts::CallTransferSurcharge { dust_transfer: false };
		env.frame_meter_mut().charge_weight_token(cost)?;
		let from = T::AddressMapper::to_fallback_account_id(&crate::ADDRESS);
		let amount = U256::from(amount)
			.try_into()
			.map_err(|_| revert(countersign_precompile_utils::AMOUNT))?;
		<T as Config>::Currency::transfer(&from, who, amount, Preservation::Preserve)
			.map_err(refused)?;
		Ok(())
	}

	pub(crate) fn deliver(
		call: &IInference::deliverCall,
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<u8>, Error> {
		let overhead = Weights::<T>::push_callback();
		let worst = Weights::<T>::read_result(MAX_INLINE_BYTES).saturating_add(overhead);
		let charged = env.charge(worst)?;
		let id = from_word(&call.id);
		// It counts as delivered from here on, so that the contract cannot be told twice by calling
		// back; if it fails, all of this is undone.
		let notice = Pallet::<T>::take_delivery(&id).map_err(refused)?;
		let length = match &notice.outcome {
			Some(Outcome::Output(bytes)) => u32::try_from(bytes.len()).unwrap_or(MAX_INLINE_BYTES),
			_ => 0,
		};
		env.adjust_gas(charged, Weights::<T>::read_result(length).saturating_add(overhead));
		let data = crate::notice_data(&notice);
		let copied = u32::try_from(data.len()).unwrap_or(u32::MAX);
		env.frame_meter_mut().charge_weight_token(RuntimeCosts::CallBase)?;
		env.frame_meter_mut().charge_weight_token(RuntimeCosts::CopyFromContract(copied))?;
		if env.code_size(&notice.contract) == 0 {
			return Err(revert(reasons::NOT_A_CONTRACT));
		}
		Self::call_contract(&notice.contract, data, env)?;
		emit(
			env,
			&IInference::Delivered {
				id: call.id,
				contractAddress: notice.contract.0.into(),
				status: convert::status(notice.status),
			},
		)?;
		Ok(Vec::new())
	}

	/// Calls a contract with all the gas that is left. What it returns is dropped.
	fn call_contract(
		contract: &H160,
		data: Vec<u8>,
		env: &mut impl Ext<T = T>,
	) -> Result<(), Error> {
		let called = env.call(
			&CallResources::NoLimits,
			contract,
			U256::zero(),
			data,
			// The contract may ask for the result, or for another run.
			ReentrancyProtection::AllowReentry,
			false,
		);
		if called.is_err() || env.last_frame_output().did_revert() {
			return Err(revert(reasons::CALLBACK_FAILED));
		}
		*env.last_frame_output_mut() = Default::default();
		Ok(())
	}
}
