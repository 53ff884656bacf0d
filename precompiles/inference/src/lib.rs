//! Models, called by contracts: synchronously with `infer`, or by a paid `request`.
//!
//! The interface is `IInference.sol`, beside this crate, and a library for tensors is
//! `Inference.sol`. Functions that change something do what the calls of `pallet_inference` do, for
//! the contract or wallet that called: the value that comes with a request goes back to the caller's
//! account and is held there, so that a refund reaches the contract by itself.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(rustdoc::broken_intra_doc_links)]

extern crate alloc;

mod convert;
mod infer;
mod reads;
mod writes;

use alloc::vec::Vec;
use core::{marker::PhantomData, num::NonZero};
use countersign_precompile_utils::{fixed_address, guard, Access, Bounded};
use pallet_inference::Notice;
use pallet_revive::precompiles::{
	alloy::sol_types::SolCall, AddressMatcher, Error, Ext, Precompile, H160,
};

#[allow(missing_docs)] // The interface documents what the macro generates from it.
mod interface {
	pallet_revive::precompiles::alloy::sol!(#![sol(all_derives)] "IInference.sol");
}

pub use infer::run_view;
pub use interface::{IInference, IInferenceReceiver};
use IInference::IInferenceCalls as Calls;

/// The number that stands in the address.
const NUMBER: NonZero<u16> = match NonZero::new(0x0A01) {
	Some(number) => number,
	None => panic!("not zero"),
};

/// Where the precompile is, and who calls contracts back.
pub const ADDRESS: H160 = fixed_address(&AddressMatcher::Fixed(NUMBER));

/// Reasons to revert that are this interface's own. All others are names of the pallet's errors.
pub mod reasons {
	/// The least finality asked for is neither `Open` nor `Final`.
	pub const BAD_FINALITY: &str = "BadFinality";
	/// The result was found wrong or withheld.
	pub const INVALIDATED: &str = "Invalidated";
	/// Less stands behind the result than was asked for.
	pub const EVIDENCE_MISSING: &str = "EvidenceMissing";
	/// What several requests may cost does not add up to the value sent.
	pub const VALUE_MISMATCH: &str = "ValueMismatch";
	/// Who asked is no contract.
	pub const NOT_A_CONTRACT: &str = "NotAContract";
	/// The contract's function failed.
	pub const CALLBACK_FAILED: &str = "CallbackFailed";
	/// The model refuses the input.
	pub const TRAPPED: &str = "Trapped";
	/// The model cannot run inside a transaction.
	pub const NOT_SYNCHRONOUS: &str = "NotSynchronous";
}

/// The weights of the pallet's calls and queries.
type Weights<T> = <T as pallet_inference::Config>::WeightInfo;

/// The precompile.
pub struct InferencePrecompile<T>(PhantomData<T>);

/// What a function may do.
pub const fn access(call: &Calls) -> Access {
	match call {
		Calls::infer(_)
		| Calls::inferFee(_)
		| Calls::quote(_)
		| Calls::encodedLength(_)
		| Calls::statusOf(_)
		| Calls::deliveryOf(_)
		| Calls::resultOf(_) => Access::View,
		Calls::deliver(_) => Access::Write,
		Calls::inferPaid(_)
		| Calls::request(_)
		| Calls::requestCommitted(_)
		| Calls::requestMany(_) => Access::Pay,
	}
}

/// The call by which a contract is told.
pub fn notice_data(notice: &Notice) -> Vec<u8> {
	IInferenceReceiver::onInferenceCall {
		id: notice.request.0.into(),
		status: convert::status(notice.status),
		outcome: convert::outcome(notice.outcome.as_ref()),
	}
	.abi_encode()
}

impl<T> Precompile for InferencePrecompile<T>
where
	T: pallet_inference::Config + pallet_revive::Config,
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
			Calls::infer(call) => Self::infer(call, env),
			Calls::inferPaid(call) => Self::infer_paid(call, env),
			Calls::inferFee(call) => Self::infer_fee(call, env),
			Calls::quote(call) => Self::quote(call, env),
			Calls::encodedLength(call) => Self::encoded_length(call, env),
			Calls::statusOf(call) => Self::status_of(call, env),
			Calls::deliveryOf(call) => Self::delivery_of(call, env),
			Calls::resultOf(call) => Self::result_of(call, env),
			Calls::request(call) => Self::request(call, env),
			Calls::requestCommitted(call) => Self::request_committed(call, env),
			Calls::requestMany(call) => Self::request_many(call, env),
			Calls::deliver(call) => Self::deliver(call, env),
		}
	}
}
