//! Who runs answered requests again, and what decides that.

use crate::*;
use countersign_primitives::audit::AuditRandomness;

/// The randomness of BABE: of each block, and of an epoch, which is a session.
pub struct BabeRandomness;

impl AuditRandomness for BabeRandomness {
	fn last_block() -> Option<Hash> {
		// Set when a block ends; until this one does it is that of the block before.
		pallet_babe::AuthorVrfRandomness::<Runtime>::get().map(Into::into)
	}
	fn published() -> Hash {
		pallet_babe::NextRandomness::<Runtime>::get().into()
	}
}

impl pallet_audits::Config for Runtime {
	type Currency = Balances;
	type Results = Inference;
	type Models = Models;
	type Manifests = super::disputes::ModelManifests;
	type Bonds = Validators;
	type Sessions = Validators;
	type Offences = Validators;
	type Randomness = BabeRandomness;
	type WeightInfo = pallet_audits::weights::SubstrateWeight<Runtime>;
}
