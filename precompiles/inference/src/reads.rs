//! Functions that read.

use crate::{convert, reasons, IInference, InferencePrecompile, Weights};
use alloc::vec::Vec;
use countersign_precompile_utils::{charge, from_wei, from_word, refused, revert, to_wei};
use countersign_primitives::{
	apis::QuoteError,
	model::MAX_SERVERS,
	request::{Callback, Finality, Outcome, Terms},
	tensor::MAX_INLINE_BYTES,
	AccountId, Balance,
};
use frame_support::traits::Get;
use pallet_inference::{Callbacks, Error as PalletError, Pallet, WeightInfo};
use pallet_revive::{
	precompiles::{alloy::sol_types::SolCall, Error, Ext},
	Config,
};

/// Why there is no quote: the same names as a request reverts with.
fn no_quote<T: pallet_inference::Config>(error: QuoteError) -> Error {
	refused(match error {
		QuoteError::UnknownModel => PalletError::<T>::UnknownModel,
		QuoteError::Retired => PalletError::ModelRetired,
		QuoteError::InputTooLarge => PalletError::InputTooLarge,
		QuoteError::EvidenceUnavailable => PalletError::EvidenceUnavailable,
		QuoteError::ValueAtRiskWithoutProgram => PalletError::ValueAtRiskWithoutProgram,
		QuoteError::TooCostly => PalletError::TooCostly,
		QuoteError::CallbackUnavailable => PalletError::CallbackUnavailable,
		QuoteError::VersionSuspended => PalletError::VersionSuspended,
	})
}

impl<T> InferencePrecompile<T>
where
	T: pallet_inference::Config + Config,
{
	/// Terms as the chain has them, for a request of `who` that may cost `max_fee`.
	pub(crate) fn terms(
		terms: &IInference::Terms,
		who: &AccountId,
		max_fee: Balance,
		deadline: u32,
	) -> Result<Terms, Error> {
		let gas = Self::to_ref_time(terms.callbackGas);
		Ok(Terms {
			max_fee,
			deadline,
			lane: terms.lane,
			evidence: convert::to_evidence(&terms.evidence),
			value_at_risk: from_wei::<T>(terms.valueAtRisk)?,
			callback: (gas > 0 || terms.whenOpen).then(|| Callback {
				contract: T::Callbacks::address(who),
				gas,
				when_open: terms.whenOpen,
			}),
		})
	}

	/// Gas as contracts see it, as picoseconds of reference time.
	pub(crate) fn to_ref_time(gas: u64) -> u64 {
		gas.saturating_mul(u64::from(T::GasScale::get()))
	}

	pub(crate) fn quote(
		call: &IInference::quoteCall,
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<u8>, Error> {
		let charged = env.charge(Weights::<T>::request(MAX_SERVERS))?;
		let who = AccountId::from([0; 32]);
		let terms = Self::terms(&call.terms, &who, 0, call.terms.deadline)?;
		let quote = Pallet::<T>::quote(from_word(&call.model), call.inputLength, terms)
			.map_err(no_quote::<T>)?;
		env.adjust_gas(charged, Weights::<T>::request(quote.servers));
		Ok(IInference::quoteCall::abi_encode_returns(&IInference::Quote {
			fee: to_wei::<T>(quote.fee),
			costFee: to_wei::<T>(quote.cost_fee),
			price: to_wei::<T>(quote.price),
			macs: quote.macs,
			cover: to_wei::<T>(quote.cover),
			servers: quote.servers,
			freeServers: quote.free_servers,
			earliestDeadline: quote.earliest_deadline,
			latestDeadline: quote.latest_deadline,
			finalWindow: quote.final_window,
		}))
	}

	pub(crate) fn encoded_length(
		call: &IInference::encodedLengthCall,
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<u8>, Error> {
		charge(env, Weights::<T>::on_idle())?;
		let length = convert::encoded_length(&call.input);
		Ok(IInference::encodedLengthCall::abi_encode_returns(&length))
	}

	pub(crate) fn status_of(
		call: &IInference::statusOfCall,
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<u8>, Error> {
		use countersign_primitives::traits::Results;
		charge(env, Weights::<T>::read_result(0))?;
		let id = from_word(&call.id);
		let status = pallet_inference::Requests::<T>::get(id)
			.map_or(IInference::Status::Unknown, |request| convert::status(request.status));
		let result = pallet_inference::Results::<T>::get(id);
		let evidence = result.as_ref().map(|result| result.evidence).unwrap_or_default();
		Ok(IInference::statusOfCall::abi_encode_returns(&IInference::statusOfReturn {
			status,
			finality: convert::finality(result.map(|result| result.finality)),
			evidence: convert::evidence(&evidence),
			cover: to_wei::<T>(<Pallet<T> as Results>::cover(&id)),
		}))
	}

	pub(crate) fn delivery_of(
		call: &IInference::deliveryOfCall,
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<u8>, Error> {
		charge(env, Weights::<T>::read_result(0))?;
		let delivery =
			pallet_inference::Deliveries::<T>::get(from_word(&call.id)).unwrap_or_default();
		Ok(IInference::deliveryOfCall::abi_encode_returns(&IInference::deliveryOfReturn {
			open: convert::delivery(delivery.open),
			end: convert::delivery(delivery.end),
		}))
	}

	pub(crate) fn result_of(
		call: &IInference::resultOfCall,
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<u8>, Error> {
		let charged = env.charge(Weights::<T>::read_result(MAX_INLINE_BYTES))?;
		let id = from_word(&call.id);
		let wants_final = match call.minFinality {
			IInference::Finality::Open => false,
			IInference::Finality::Final => true,
			_ => return Err(revert(reasons::BAD_FINALITY)),
		};
		let (Some(result), Some(outcome)) =
			(pallet_inference::Results::<T>::get(id), pallet_inference::Outcomes::<T>::get(id))
		else {
			return Err(refused(PalletError::<T>::NotAnswered));
		};
		match result.finality {
			Finality::Invalidated => return Err(revert(reasons::INVALIDATED)),
			Finality::Open if wants_final => return Err(refused(PalletError::<T>::NotFinal)),
			Finality::Open | Finality::Final => {}
		}
		if !result.evidence.covers(&convert::to_evidence(&call.evidence)) {
			return Err(revert(reasons::EVIDENCE_MISSING));
		}
		let length = match &outcome {
			Outcome::Output(bytes) => u32::try_from(bytes.len()).unwrap_or(MAX_INLINE_BYTES),
			Outcome::Trap { .. } => 0,
		};
		env.adjust_gas(charged, Weights::<T>::read_result(length));
		let outcome = convert::outcome(Some(&outcome));
		Ok(IInference::resultOfCall::abi_encode_returns(&outcome))
	}
}
