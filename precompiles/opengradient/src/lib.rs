//! OpenGradient's published contract interface, for models that run inside a transaction.
//!
//! A contract that was written for it works after changing one address, for models that
//! `IInference.infer` takes. The interface is `IOpenGradient.sol`, beside this crate.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(rustdoc::broken_intra_doc_links)]

extern crate alloc;

mod numbers;

use alloc::{string::String, vec::Vec};
use core::{marker::PhantomData, num::NonZero};
use countersign_inference_precompile::run_view;
use countersign_precompile_utils::{charge, guard, revert, Access, Bounded};
use countersign_primitives::{
	model::ModelId,
	tensor::{Port, Tensor, MAX_PORTS},
};
use pallet_inference::WeightInfo;
use pallet_revive::precompiles::{
	alloy::sol_types::SolCall, AddressMatcher, Error, Ext, Precompile,
};

#[allow(missing_docs)] // The interface documents what the macro generates from it.
mod interface {
	pallet_revive::precompiles::alloy::sol!(#![sol(all_derives)] "IOpenGradient.sol");
}

pub use interface::IOpenGradient;
use IOpenGradient::{IOpenGradientCalls as Calls, ModelInferenceMode as Mode};

/// The number that stands in the address: that of OpenGradient's own, two bytes further up, where
/// this chain has its precompiles.
const NUMBER: NonZero<u16> = match NonZero::new(0x00F4) {
	Some(number) => number,
	None => panic!("not zero"),
};

/// The bytes that the declared inputs, or outputs, of a model take at most.
const PORTS_BYTES: u32 = MAX_PORTS * 140;

/// Reasons to revert.
pub mod reasons {
	/// The model's identifier is not 64 hexadecimal digits.
	pub const BAD_MODEL: &str = "BadModelCID";
	/// Nobody can give a zero-knowledge proof of a run inside a transaction.
	pub const ZK_UNAVAILABLE: &str = "ZkUnavailable";
	/// Nobody can give an attestation by trusted hardware of a run inside a transaction.
	pub const TEE_UNAVAILABLE: &str = "TeeUnavailable";
	/// No language model runs inside a transaction.
	pub const LLM_UNAVAILABLE: &str = "LlmUnavailable";
	/// The model cannot run inside a transaction.
	pub const NOT_SYNCHRONOUS: &str = "NotSynchronous: use IInference.request";
	/// Models take numbers only.
	pub const STRINGS: &str = "StringsUnsupported";
	/// The input lacks a tensor that the model takes, has one that it does not, or one twice.
	pub const NAMES: &str = "InputNames";
	/// A number does not fit the type of the input that it is for, or not 128 bits.
	pub const NUMBER_OVERFLOW: &str = "NumberOverflow";
	/// An element of the output is NaN or infinite.
	pub const NOT_A_NUMBER: &str = "NotANumber";
}

/// The precompile.
pub struct OpenGradientPrecompile<T>(PhantomData<T>);

/// What a function may do. None writes, though the published interface does not promise it.
pub const fn access(_: &Calls) -> Access {
	Access::View
}

impl<T> Precompile for OpenGradientPrecompile<T>
where
	T: pallet_inference::Config + pallet_models::Config + pallet_revive::Config,
{
	type T = T;
	type Interface = Bounded<Calls>;
	const MATCHER: AddressMatcher = AddressMatcher::Fixed(NUMBER);
	const HAS_CONTRACT_INFO: bool = false;

	fn call(
		_: &[u8; 20],
		Bounded(input): &Bounded<Calls>,
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<u8>, Error> {
		guard(env, access(input))?;
		match input {
			Calls::runModelInference(call) => Self::run_model(&call.request, env),
			Calls::runLLMCompletion(_) | Calls::runLLMChat(_) => {
				Err(revert(reasons::LLM_UNAVAILABLE))
			}
		}
	}
}

/// A model's identifier, as 64 hexadecimal digits with or without "0x".
fn model_id(text: &str) -> Option<ModelId> {
	let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
	if digits.len() != 64 {
		return None;
	}
	let mut id = [0u8; 32];
	for (byte, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
		let digit = |at: usize| char::from(*pair.get(at)?).to_digit(16);
		*byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
	}
	Some(ModelId::from(id))
}

fn name(port: &Port) -> String {
	String::from_utf8_lossy(&port.name).into_owned()
}

/// Tensors in the order in which the model takes them.
fn to_tensors(
	given: &[IOpenGradient::MultiDimensionalNumberTensor],
	ports: &[Port],
) -> Result<Vec<Tensor>, Error> {
	if given.len() != ports.len() {
		return Err(revert(reasons::NAMES));
	}
	ports
		.iter()
		.map(|port| {
			let tensor = given
				.iter()
				.find(|tensor| tensor.name.as_bytes() == port.name.as_slice())
				.ok_or_else(|| revert(reasons::NAMES))?;
			let data = numbers::pack(port.ty, &tensor.values)
				.ok_or_else(|| revert(reasons::NUMBER_OVERFLOW))?;
			Ok(Tensor { ty: port.ty, shape: tensor.shape.clone(), data })
		})
		.collect()
}

impl<T> OpenGradientPrecompile<T>
where
	T: pallet_inference::Config + pallet_models::Config + pallet_revive::Config,
{
	fn run_model(
		request: &IOpenGradient::ModelInferenceRequest,
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<u8>, Error> {
		type Weights<T> = <T as pallet_inference::Config>::WeightInfo;
		charge(env, Weights::<T>::read_result(PORTS_BYTES))?;
		match request.mode {
			Mode::VANILLA => {}
			Mode::ZK => return Err(revert(reasons::ZK_UNAVAILABLE)),
			_ => return Err(revert(reasons::TEE_UNAVAILABLE)),
		}
		if !request.input.strings.is_empty() {
			return Err(revert(reasons::STRINGS));
		}
		let model = model_id(&request.modelCID).ok_or_else(|| revert(reasons::BAD_MODEL))?;
		let count = |tensors: &[IOpenGradient::MultiDimensionalNumberTensor]| {
			let count: usize = tensors.iter().map(|tensor| tensor.values.len()).sum();
			u32::try_from(count).unwrap_or(u32::MAX)
		};
		charge(env, Weights::<T>::convert_numbers(count(&request.input.numbers)))?;
		let inputs = pallet_models::Inputs::<T>::get(model)
			.ok_or_else(|| revert(reasons::NOT_SYNCHRONOUS))?;
		let input = to_tensors(&request.input.numbers, &inputs)?;
		let output = run_view::<T>(&model, &input, reasons::NOT_SYNCHRONOUS, env)?;
		let elements =
			output.iter().fold(0u32, |sum, tensor| sum.saturating_add(numbers::count(tensor)));
		charge(env, Weights::<T>::convert_numbers(elements))?;
		let outputs = pallet_models::Outputs::<T>::get(model).unwrap_or_default();
		let numbers = output
			.into_iter()
			.zip(outputs.iter())
			.map(|(tensor, port)| {
				Ok(IOpenGradient::MultiDimensionalNumberTensor {
					name: name(port),
					values: numbers::read(&tensor).map_err(revert)?,
					shape: tensor.shape,
				})
			})
			.collect::<Result<Vec<_>, Error>>()?;
		Ok(IOpenGradient::runModelInferenceCall::abi_encode_returns(&IOpenGradient::ModelOutput {
			numbers,
			strings: Vec::new(),
			jsons: Vec::new(),
			is_simulation_result: false,
		}))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_model_is_named_by_its_identifier_only() {
		let digits = "ab".repeat(32);
		let id = Some(ModelId::repeat_byte(0xAB));
		assert_eq!(model_id(&digits), id);
		assert_eq!(model_id(&format!("0x{digits}")), id);
		assert_eq!(model_id(&digits.to_uppercase()), id);
		for bad in ["", "0x", "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnnn", "magika"] {
			assert_eq!(model_id(bad), None, "{bad}");
		}
		assert_eq!(model_id(&digits[1..]), None);
		assert_eq!(model_id(&format!("0x{}zz", &digits[2..])), None);
		assert_eq!(model_id(&format!("0x0x{}", &digits[2..])), None);
	}
}
