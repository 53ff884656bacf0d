//! Attribution, for contracts: shares and lineage of models, what rights earned, claims.
//!
//! The interface is `IAttribution.sol`, beside this crate. Functions that change something do what
//! the calls of `pallet_attribution` do, for the contract or wallet that called.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(rustdoc::broken_intra_doc_links)]

extern crate alloc;

use alloc::vec::Vec;
use core::{marker::PhantomData, num::NonZero};
use countersign_precompile_utils::{
	account_word, address_of, caller, charge, emit, from_word, guard, refused, to_wei, to_word,
	Access, Bounded,
};
use countersign_primitives::{
	attribution::{share_of, VectorEntry, MAX_RIGHTS},
	model::{ContributorRole, ModelId},
	AccountId,
};
use frame_support::traits::Get;
use frame_system::RawOrigin;
use pallet_attribution::{Error as PalletError, Pallet, WeightInfo};
use pallet_revive::precompiles::{
	alloy::{primitives::B256, sol_types::SolCall},
	AddressMatcher, Error, Ext, Precompile,
};

#[allow(missing_docs)] // The interface documents what the macro generates from it.
mod interface {
	pallet_revive::precompiles::alloy::sol!(#![sol(all_derives)] "IAttribution.sol");
}

pub use interface::IAttribution;
use IAttribution::IAttributionCalls as Calls;

/// The number that stands in the address.
const NUMBER: NonZero<u16> = match NonZero::new(0x0A02) {
	Some(number) => number,
	None => panic!("not zero"),
};

/// The weights of the pallet's calls and queries.
type Weights<T> = <T as pallet_attribution::Config>::WeightInfo;

/// The precompile.
pub struct AttributionPrecompile<T>(PhantomData<T>);

/// What a function may do.
pub const fn access(call: &Calls) -> Access {
	match call {
		Calls::lineage(_) | Calls::right(_) | Calls::entitlement(_) | Calls::totalCredited(_) => {
			Access::View
		}
		Calls::claim(_) | Calls::transferRight(_) | Calls::acceptRight(_) => Access::Write,
	}
}

impl<T> Precompile for AttributionPrecompile<T>
where
	T: pallet_attribution::Config + pallet_revive::Config,
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
			Calls::lineage(call) => Self::lineage(call, env),
			Calls::right(call) => Self::right(call, env),
			Calls::entitlement(call) => Self::entitlement(call, env),
			Calls::totalCredited(call) => Self::total_credited(call, env),
			Calls::claim(call) => Self::claim(call, env),
			Calls::transferRight(call) => Self::transfer_right(call, env),
			Calls::acceptRight(call) => Self::accept_right(call, env),
		}
	}
}

/// A role as the interface numbers it.
fn role(role: ContributorRole) -> IAttribution::Role {
	match role {
		ContributorRole::Data => IAttribution::Role::Data,
		ContributorRole::Training => IAttribution::Role::Training,
		ContributorRole::FineTuning => IAttribution::Role::FineTuning,
		ContributorRole::Evaluation => IAttribution::Role::Evaluation,
		ContributorRole::Infrastructure => IAttribution::Role::Infrastructure,
		ContributorRole::Feedback => IAttribution::Role::Feedback,
	}
}

impl<T> AttributionPrecompile<T>
where
	T: pallet_attribution::Config + pallet_revive::Config,
{
	fn lineage(
		call: &IAttribution::lineageCall,
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<u8>, Error> {
		let worst = Weights::<T>::read_lineage(MAX_RIGHTS);
		let charged = env.charge(worst)?;
		let entries: Vec<IAttribution::Entry> = Pallet::<T>::vector(&from_word(&call.model))
			.into_iter()
			.map(|VectorEntry { right, share }| IAttribution::Entry {
				model: to_word(&right.model),
				pot: right.contributor.is_none(),
				contributor: right.contributor.unwrap_or(0),
				share: share.0,
			})
			.collect();
		let length = u32::try_from(entries.len()).unwrap_or(MAX_RIGHTS);
		env.adjust_gas(charged, Weights::<T>::read_lineage(length));
		Ok(IAttribution::lineageCall::abi_encode_returns(&entries))
	}

	fn right(call: &IAttribution::rightCall, env: &mut impl Ext<T = T>) -> Result<Vec<u8>, Error> {
		charge(env, Weights::<T>::read_right())?;
		let info = pallet_attribution::Rights::<T>::get(from_word(&call.model), call.contributor)
			.ok_or_else(|| refused(PalletError::<T>::UnknownRight))?;
		Ok(IAttribution::rightCall::abi_encode_returns(&IAttribution::Right {
			owner: address_of::<T>(&info.owner),
			account: account_word(&info.owner),
			role: role(info.role),
			evidence: to_word(&info.evidence),
			accepted: info.accepted,
		}))
	}

	fn entitlement(
		call: &IAttribution::entitlementCall,
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<u8>, Error> {
		charge(env, Weights::<T>::read_entitlement())?;
		let model = from_word(&call.model);
		let entry = Self::entry(&model, call.index)
			.ok_or_else(|| refused(PalletError::<T>::UnknownRight))?;
		let earned = share_of(Pallet::<T>::total_credited(&model), entry.share);
		let claimed = pallet_attribution::Claimed::<T>::get(model, call.index);
		Ok(IAttribution::entitlementCall::abi_encode_returns(&IAttribution::entitlementReturn {
			earned: to_wei::<T>(earned),
			claimed: to_wei::<T>(claimed),
		}))
	}

	fn total_credited(
		call: &IAttribution::totalCreditedCall,
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<u8>, Error> {
		charge(env, T::DbWeight::get().reads(1))?;
		let total = Pallet::<T>::total_credited(&from_word(&call.model));
		Ok(IAttribution::totalCreditedCall::abi_encode_returns(&to_wei::<T>(total)))
	}

	fn claim(call: &IAttribution::claimCall, env: &mut impl Ext<T = T>) -> Result<Vec<u8>, Error> {
		let weight = Weights::<T>::claim()
			.max(Weights::<T>::claim_to_pot())
			.saturating_add(Weights::<T>::read_entitlement());
		charge(env, weight)?;
		let who = caller(env)?;
		let model = from_word(&call.model);
		let before = pallet_attribution::Claimed::<T>::get(model, call.index);
		Pallet::<T>::claim(RawOrigin::Signed(who).into(), model, call.index).map_err(refused)?;
		let after = pallet_attribution::Claimed::<T>::get(model, call.index);
		let amount = to_wei::<T>(after.saturating_sub(before));
		let account = Self::entry(&model, call.index)
			.and_then(|entry| {
				pallet_attribution::Rights::<T>::get(entry.right.model, entry.right.contributor?)
			})
			.map_or(B256::ZERO, |info| account_word(&info.owner));
		let (model, index) = (call.model, call.index);
		emit(env, &IAttribution::Claimed { model, index, account, amount })?;
		Ok(IAttribution::claimCall::abi_encode_returns(&amount))
	}

	fn transfer_right(
		call: &IAttribution::transferRightCall,
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<u8>, Error> {
		charge(env, Weights::<T>::transfer_right())?;
		let who = caller(env)?;
		let (model, contributor, account) = (call.model, call.contributor, call.account);
		Pallet::<T>::transfer_right(
			RawOrigin::Signed(who).into(),
			from_word(&model),
			contributor,
			AccountId::from(account.0),
		)
		.map_err(refused)?;
		emit(env, &IAttribution::RightTransferred { model, contributor, account })?;
		Ok(Vec::new())
	}

	fn accept_right(
		call: &IAttribution::acceptRightCall,
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<u8>, Error> {
		charge(env, Weights::<T>::accept_right())?;
		let who = caller(env)?;
		let (model, contributor) = (call.model, call.contributor);
		Pallet::<T>::accept_right(RawOrigin::Signed(who).into(), from_word(&model), contributor)
			.map_err(refused)?;
		emit(env, &IAttribution::RightAccepted { model, contributor })?;
		Ok(Vec::new())
	}

	/// An entry of a model's lineage.
	fn entry(model: &ModelId, index: u32) -> Option<VectorEntry> {
		pallet_attribution::Vectors::<T>::get(model)?.get(usize::try_from(index).ok()?).cloned()
	}
}
