//! Who makes blocks, who finalises them, and what a session is.

use crate::*;
use codec::Decode;
use countersign_primitives::{
	parameters::{MAX_VALIDATORS, SLOT_MILLISECONDS},
	traits::RequestRules,
};
use frame_support::{
	parameter_types,
	traits::{ConstU32, Get},
};
use sp_runtime::traits::OpaqueKeys;

parameter_types! {
	pub const ExpectedBlockTime: u64 = SLOT_MILLISECONDS;
	/// Held while session keys are set, so that keys cannot be set for nothing.
	pub const KeyDeposit: Balance = super::system::deposit(4, 4 * 32);
}

impl pallet_babe::Config for Runtime {
	type EpochDuration = pallet_validators::EpochDuration<Runtime>;
	type ExpectedBlockTime = ExpectedBlockTime;
	type EpochChangeTrigger = pallet_babe::ExternalTrigger;
	type DisabledValidators = Session;
	type WeightInfo = ();
	type MaxAuthorities = ConstU32<MAX_VALIDATORS>;
	type MaxNominators = ConstU32<0>;
	type KeyOwnerProof = sp_session::MembershipProof;
	type EquivocationReportSystem = pallet_babe::EquivocationReportSystem<
		Self,
		pallet_validators::ConsensusOffences<Runtime>,
		Historical,
		pallet_validators::ReportLongevity<Runtime>,
	>;
}

impl pallet_grandpa::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = ();
	type MaxAuthorities = ConstU32<MAX_VALIDATORS>;
	type MaxNominators = ConstU32<0>;
	type MaxSetIdSessionEntries = pallet_validators::ReportWindow<Runtime>;
	type KeyOwnerProof = sp_session::MembershipProof;
	type EquivocationReportSystem = pallet_grandpa::EquivocationReportSystem<
		Self,
		pallet_validators::ConsensusOffences<Runtime>,
		Historical,
		pallet_validators::ReportLongevity<Runtime>,
	>;
}

impl pallet_authorship::Config for Runtime {
	type FindAuthor = pallet_session::FindAccountFromAuthorIndex<Self, Babe>;
	type EventHandler = Validators;
}

impl pallet_authority_discovery::Config for Runtime {
	type MaxAuthorities = ConstU32<MAX_VALIDATORS>;
}

impl pallet_session::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type ValidatorId = AccountId;
	type ValidatorIdOf = sp_runtime::traits::ConvertInto;
	type ShouldEndSession = Babe;
	type NextSessionRotation = Babe;
	type SessionManager = pallet_session::historical::NoteHistoricalRoot<Self, Validators>;
	type SessionHandler = <SessionKeys as OpaqueKeys>::KeyTypeIdProviders;
	type Keys = SessionKeys;
	type DisablingStrategy = pallet_session::disabling::UpToLimitWithReEnablingDisablingStrategy;
	type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
	type Currency = Balances;
	type KeyDeposit = KeyDeposit;
}

impl pallet_session::historical::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type FullIdentification = pallet_validators::Exposure;
	type FullIdentificationOf = pallet_validators::ExposureOf<Runtime>;
}

impl pallet_offences::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type IdentificationTuple = pallet_session::historical::IdentificationTuple<Self>;
	// Reports go through `pallet_validators::ConsensusOffences`, which tells the handler what was
	// committed.
	type OnOffenceHandler = Validators;
}

/// GRANDPA's set lives as long as its members stay the same, and for as long as it does an offence
/// in any of its rounds can be proved in the session of now.
pub struct GrandpaSets;
impl pallet_validators::OpenSlots for GrandpaSets {
	fn is_open(kind: &[u8; 16], mut slot: &[u8]) -> bool {
		if *kind != *b"grandpa:equivoca" {
			return false;
		}
		pallet_grandpa::TimeSlot::decode(&mut slot)
			.is_ok_and(|slot| slot.set_id >= pallet_grandpa::CurrentSetId::<Runtime>::get())
	}
}

/// The longest that anything about one request stays open, under the parameters for new ones.
pub struct LongestRequest;
impl Get<BlockNumber> for LongestRequest {
	fn get() -> BlockNumber {
		<Inference as RequestRules>::parameters().longest_request_blocks()
	}
}

impl pallet_validators::Config for Runtime {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Serving = Models;
	type RequestRules = Inference;
	type LongestRequest = LongestRequest;
	type OpenSlots = GrandpaSets;
	type CancelOrigin = pallet_governance::EnsureSlashes<Runtime>;
	type SuspensionOrigin = pallet_governance::EnsureSuspensions<Runtime>;
	type ParameterOrigin = pallet_governance::EnsureParameters<Runtime>;
	type AppealBlocks = pallet_governance::AppealBlocks<Runtime>;
	type WeightInfo = pallet_validators::weights::SubstrateWeight<Runtime>;
}
