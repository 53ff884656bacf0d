//! What the precompiles have in common: guards, amounts, logs, reasons to revert.
//!
//! A precompile is unmetered code that a contract calls as if it were a contract. What Solidity's
//! compiler does for a contract, `nonpayable`, `view`, no delegate calls into it, is not done for
//! a precompile: [`guard`] does it, and stands first in every one of ours.
//!
//! Reasons to revert are short names that do not change, so that a contract may compare them:
//! those of this crate and the names of the pallets' errors, which wallets show too.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(rustdoc::broken_intra_doc_links)]

extern crate alloc;

mod bounded;

pub use bounded::Bounded;

use alloc::vec::Vec;
use countersign_primitives::{AccountId, Balance};
use frame_support::{traits::Get, weights::Weight};
use pallet_revive::{
	precompiles::{
		alloy::{
			primitives::{Address, B256, U256},
			sol_types::SolEvent,
		},
		AddressMatcher, Error, Ext, RuntimeCosts,
	},
	AddressMapper, Config,
};
use sp_core::{H160, H256};
use sp_runtime::DispatchError;

/// Called by `delegatecall`: the precompile would act as the contract that called it.
pub const DELEGATE_CALL: &str = "DelegateCall";
/// A function that writes was called inside a static call.
pub const STATIC_CALL: &str = "StaticCall";
/// A function that takes no value was sent some.
pub const NOT_PAYABLE: &str = "NotPayable";
/// The value is not a whole number of the native token's units.
pub const DUST: &str = "Dust";
/// An amount is larger than can exist.
pub const AMOUNT: &str = "AmountTooLarge";
/// Root called, which has no account.
pub const ROOT: &str = "RootCaller";

/// What a function of a precompile may do, as its interface declares it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
	/// `view`: reads only, takes no value.
	View,
	/// Writes, takes no value.
	Write,
	/// `payable`: writes, takes value.
	Pay,
}

/// The address at which a matcher of one address answers: the number stands in the bytes 16 and
/// 17, and the last two are kept for what Ethereum itself defines.
pub const fn fixed_address(matcher: &AddressMatcher) -> H160 {
	let mut address = [0u8; 20];
	if let AddressMatcher::Fixed(number) = matcher {
		let [high, low] = number.get().to_be_bytes();
		address[16] = high;
		address[17] = low;
	}
	H160(address)
}

/// A revert with a reason that `catch Error(string)` sees.
pub fn revert(reason: &str) -> Error {
	Error::Revert(reason.into())
}

/// The reason why a pallet refused: the name of its error.
pub fn refused(error: impl Into<DispatchError>) -> Error {
	let name: &'static str = error.into().into();
	revert(name)
}

/// Enforces what the interface declares. Stands first, before anything is charged or read.
pub fn guard<T: Config>(env: &mut impl Ext<T = T>, access: Access) -> Result<(), Error> {
	if env.is_delegate_call() {
		return Err(revert(DELEGATE_CALL));
	}
	if access != Access::View && env.is_read_only() {
		return Err(revert(STATIC_CALL));
	}
	if access != Access::Pay && !env.value_transferred().is_zero() {
		return Err(revert(NOT_PAYABLE));
	}
	Ok(())
}

/// The account of `msg.sender`. A contract's is its address, followed by `0xEE` twelve times.
pub fn caller<T>(env: &impl Ext<T = T>) -> Result<AccountId, Error>
where
	T: Config + frame_system::Config<AccountId = AccountId>,
{
	env.caller().account_id().cloned().map_err(|_| revert(ROOT))
}

/// A native amount in the 18 decimals of contracts.
pub fn to_wei<T: Config>(amount: Balance) -> U256 {
	// 128 bits times 32 bits fit.
	U256::from(amount).saturating_mul(U256::from(T::NativeToEthRatio::get()))
}

/// An amount in the 18 decimals of contracts as a native one. Reverts where it has dust.
pub fn from_wei<T: Config>(wei: U256) -> Result<Balance, Error> {
	let ratio = U256::from(T::NativeToEthRatio::get().max(1));
	let (amount, dust) = wei.div_rem(ratio);
	if !dust.is_zero() {
		return Err(revert(DUST));
	}
	Balance::try_from(amount).map_err(|_| revert(AMOUNT))
}

/// The value that came with the call, in native units. Reverts where it has dust.
pub fn value<T: Config>(env: &impl Ext<T = T>) -> Result<Balance, Error> {
	from_wei::<T>(U256::from_be_bytes(env.value_transferred().to_big_endian()))
}

/// The address of an account: a contract's or wallet's own, or the hash of another key's.
pub fn address_of<T>(account: &AccountId) -> Address
where
	T: Config + frame_system::Config<AccountId = AccountId>,
{
	Address::from(T::AddressMapper::to_address(account).0)
}

/// An account as a contract sees it: its 32 bytes.
pub fn account_word(account: &AccountId) -> B256 {
	let bytes: &[u8; 32] = account.as_ref();
	B256::from(*bytes)
}

/// A hash as Solidity has it.
pub fn to_word(hash: &H256) -> B256 {
	B256::from(hash.0)
}

/// A hash as the pallets have it.
pub fn from_word(word: &B256) -> H256 {
	H256(word.0)
}

/// Charges the weight of what follows.
pub fn charge<T: Config>(env: &mut impl Ext<T = T>, weight: Weight) -> Result<(), Error> {
	env.charge(weight)?;
	Ok(())
}

/// Charges a log, and leaves it as the precompile's.
pub fn emit<T: Config>(env: &mut impl Ext<T = T>, event: &impl SolEvent) -> Result<(), Error> {
	let (topics, data) = event.encode_log_data().split();
	let topics: Vec<H256> = topics.into_iter().map(|topic| H256(topic.0)).collect();
	let cost = RuntimeCosts::DepositEvent {
		num_topic: u32::try_from(topics.len()).unwrap_or(u32::MAX),
		len: u32::try_from(data.len()).unwrap_or(u32::MAX),
	};
	env.frame_meter_mut().charge_weight_token(cost)?;
	env.deposit_event(topics, data.to_vec());
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use core::num::NonZero;

	#[test]
	fn a_fixed_matcher_answers_at_bytes_16_and_17() {
		let matcher = AddressMatcher::Fixed(NonZero::new(0x0A01).expect("not zero"));
		let expected = "0x000000000000000000000000000000000a010000";
		assert_eq!(format!("{:?}", fixed_address(&matcher)), expected);
	}
}
