//! Blocks as a node would execute them: a VRF output, the time, and the hooks of all pallets.

use crate::*;
use sp_consensus_babe::{
	digests::{PreDigest, SecondaryVRFPreDigest},
	make_vrf_sign_data, Slot, BABE_ENGINE_ID,
};
use sp_core::crypto::VrfSecret;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{traits::Header as _, Digest, DigestItem};

/// A chain of blocks on top of a genesis state.
pub(crate) struct Chain {
	parent: Hash,
	number: BlockNumber,
	slot: u64,
}

impl Chain {
	/// A chain with no block but the genesis block.
	pub(crate) fn new() -> Self {
		let genesis = Hash::repeat_byte(0x47);
		frame_system::BlockHash::<Runtime>::insert(0, genesis);
		Self { parent: genesis, number: 0, slot: 1_000 }
	}

	/// The number of the last block.
	pub(crate) fn number(&self) -> BlockNumber {
		self.number
	}

	/// Makes a block: initialisation, the time, `calls`, finalisation.
	pub(crate) fn block<R>(&mut self, calls: impl FnOnce() -> R) -> R {
		self.number += 1;
		self.slot += 1;
		let authorities = Babe::authorities();
		let index_of = |slot: u64| slot as usize % authorities.len();
		// Whoever is disabled must not author: its slots stay empty.
		let disabled = Session::disabled_validators();
		while disabled.contains(&(index_of(self.slot) as u32)) {
			self.slot += 1;
		}
		let index = index_of(self.slot);
		let author: &[u8] = authorities[index].0.as_ref();
		let author = Sr25519Keyring::iter()
			.find(|key| key.public().0[..] == *author)
			.expect("all authorities are development accounts");
		let slot = Slot::from(self.slot);
		// The import of a block checks the proof; the runtime reads the output only.
		let epoch = Babe::current_epoch();
		let vrf_signature =
			author.pair().vrf_sign(&make_vrf_sign_data(&epoch.randomness, slot, epoch.epoch_index));
		let digest = Digest {
			logs: alloc::vec![DigestItem::PreRuntime(
				BABE_ENGINE_ID,
				codec::Encode::encode(&PreDigest::SecondaryVRF(SecondaryVRFPreDigest {
					authority_index: index as u32,
					slot,
					vrf_signature,
				})),
			)],
		};
		let header = Header::new(self.number, Hash::zero(), Hash::zero(), self.parent, digest);
		Executive::initialize_block(&header);
		let time = pallet_timestamp::Call::<Runtime>::set {
			now: self.slot * countersign_primitives::parameters::SLOT_MILLISECONDS,
		};
		Executive::apply_extrinsic(
			generic::UncheckedExtrinsic::new_bare(RuntimeCall::from(time)).into(),
		)
		.expect("the inherent is valid")
		.expect("the inherent works");
		let result = calls();
		self.parent = Executive::finalize_block().hash();
		result
	}
}

/// Has somebody commit to register a model, in the block before this one.
pub(crate) fn commit_before(owner: &AccountId, model: &countersign_primitives::model::ModelId) {
	let now = System::block_number();
	System::set_block_number(now - 1);
	let commitment = countersign_primitives::model::registration_commitment(model);
	Models::commit(RuntimeOrigin::signed(owner.clone()), commitment).expect("there is room for it");
	System::set_block_number(now);
}
