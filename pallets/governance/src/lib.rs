//! # Governance
//!
//! What a referendum can do: one origin for each power, one track for each origin, and the times
//! that each track takes.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the call, the origins and the events. Proposals, votes, the
//! scheduler and the treasury are the pallets of polkadot-sdk; [`Tracks`] tells them what there is
//! to decide.
//!
//! ## Overview
//!
//! There is no administrator, and no track ends in `Root`: whatever is not listed here, no
//! referendum can do. A change of anything else is a runtime upgrade, which everybody sees coming
//! for longer than any request lives.
//!
//! | track | origin | can | cannot |
//! |---|---|---|---|
//! | 0 | [`Origin::Upgrade`] | authorize the hash of a new runtime, once the delay is over | apply it earlier, or replace code without its version going up |
//! | 1 | [`Origin::Parameters`] | change parameters inside their ranges, for what is new | touch what is under way, or leave the ranges |
//! | 2 | [`Origin::Slashes`] | cancel one pending slash | refund, validate or convict anything |
//! | 3 | [`Origin::Suspensions`] | lift the suspension of a version of the operator set | suspend one |
//! | 4 | [`Origin::Spend`] | pay out of the treasury | touch any other account |
//! | 5 | [`Origin::Emergency`] | stop new requests, and let them in again | touch a request that is open |
//!
//! ## Implementation Details
//!
//! The times come from genesis, so that one runtime serves every network
//! ([`GovernanceParameters`](countersign_primitives::governance::GovernanceParameters)). Curves
//! are constants: what has to be in favour falls linearly from the first block of the decision
//! period to the last.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(rustdoc::broken_intra_doc_links)]

extern crate alloc;

pub use origins::{
	EnsureEmergency, EnsureParameters, EnsureSlashes, EnsureSpend, EnsureSuspensions, EnsureUpgrade,
};
pub use pallet::*;
pub use tracks::{
	AppealBlocks, PayoutBlocks, SubmissionDeposit, Tracks, UndecidedBlocks, VoteLockBlocks,
};

mod origins;
mod tracks;

/// The call, the origins and the parameters of governance.
#[frame_support::pallet]
pub mod pallet {
	use countersign_primitives::{
		governance::GovernanceParameters,
		traits::{RequestRules, Sessions},
		AccountId, Hash,
	};
	use frame_support::{pallet_prelude::*, traits::StorageVersion};
	use frame_system::{pallet_prelude::*, weights::WeightInfo};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The pallet.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What this pallet needs of the runtime.
	#[pallet::config]
	pub trait Config:
		frame_system::Config<AccountId = AccountId, Hash = Hash, RuntimeEvent: From<Event<Self>>>
	{
		/// May authorize a runtime upgrade: [`EnsureUpgrade`](crate::EnsureUpgrade) in a runtime.
		type UpgradeOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// The parameters of requests: an upgrade waits until all that were made before are over.
		type RequestRules: RequestRules;
		/// The parameters of consensus.
		type Sessions: Sessions;
	}

	/// The times and deposits of governance. Written at genesis.
	#[pallet::storage]
	pub type Parameters<T: Config> = StorageValue<_, GovernanceParameters, OptionQuery>;

	/// What genesis sets.
	#[pallet::genesis_config]
	pub struct GenesisConfig<T: Config> {
		/// The times and deposits of governance.
		pub parameters: GovernanceParameters,
		/// No value.
		#[serde(skip)]
		pub marker: core::marker::PhantomData<T>,
	}

	impl<T: Config> Default for GenesisConfig<T> {
		fn default() -> Self {
			Self { parameters: GovernanceParameters::main(), marker: Default::default() }
		}
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		// A chain must not begin with what the rules forbid; nothing else here panics.
		fn build(&self) {
			if let Err(error) = self.parameters.check_ranges() {
				panic!("governance parameters are out of range: {}", error.0);
			}
			Parameters::<T>::put(&self.parameters);
		}
	}

	/// The origins that referenda end in.
	#[pallet::origin]
	#[derive(
		Clone,
		Copy,
		PartialEq,
		Eq,
		Debug,
		Encode,
		Decode,
		DecodeWithMemTracking,
		MaxEncodedLen,
		TypeInfo,
	)]
	pub enum Origin {
		/// May authorize a runtime upgrade.
		#[codec(index = 0)]
		Upgrade,
		/// May change parameters inside their ranges.
		#[codec(index = 1)]
		Parameters,
		/// May cancel pending slashes.
		#[codec(index = 2)]
		Slashes,
		/// May lift the suspension of a version of the canonical operator set.
		#[codec(index = 3)]
		Suspensions,
		/// May pay out of the treasury.
		#[codec(index = 4)]
		Spend,
		/// May stop new requests, and let them in again.
		#[codec(index = 5)]
		Emergency,
	}

	/// What referenda did.
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A referendum authorized a new runtime. Anyone may submit its code now, with
		/// `system.applyAuthorizedUpgrade`.
		UpgradeDecided {
			/// The hash of the code.
			code_hash: Hash,
		},
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Authorizes a new runtime.
		///
		/// Whoever has the code submits it with `system.applyAuthorizedUpgrade`. The code must
		/// name the same runtime, in a higher version.
		///
		/// ## Dispatch Origin
		/// Governance, on the track for upgrades.
		///
		/// ## Parameters
		/// - `code_hash`: the Blake2b hash, with 256 bits, of the code.
		///
		/// ## Events
		/// [`Event::UpgradeDecided`], and `UpgradeAuthorized` of the system.
		#[pallet::call_index(0)]
		#[pallet::weight((
			<T as frame_system::Config>::SystemWeightInfo::authorize_upgrade(),
			DispatchClass::Operational
		))]
		pub fn authorize_upgrade(origin: OriginFor<T>, code_hash: Hash) -> DispatchResult {
			T::UpgradeOrigin::ensure_origin(origin)?;
			frame_system::Pallet::<T>::do_authorize_upgrade(code_hash, true);
			Self::deposit_event(Event::UpgradeDecided { code_hash });
			Ok(())
		}
	}

	impl<T: Config> Pallet<T> {
		/// The times and deposits in force.
		pub fn governance_parameters() -> GovernanceParameters {
			Parameters::<T>::get().unwrap_or(GovernanceParameters::main())
		}

		/// Checks every invariant.
		///
		/// 1. The parameters are inside their ranges, and a slash can be cancelled before it is
		///    applied.
		#[cfg(any(feature = "std", feature = "try-runtime"))]
		pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
			frame_support::ensure!(
				Self::governance_parameters().check(&T::Sessions::parameters()).is_ok(),
				"1: parameters out of range, or too slow to cancel a slash"
			);
			Ok(())
		}
	}
}
