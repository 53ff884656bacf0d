//! Equivocations of BABE and GRANDPA, reported through the pallets that check them.

use super::{blocks::Chain, genesis::preset};
use crate::*;
use codec::{Decode, Encode};
use countersign_primitives::traits::Bonds;
use frame_support::{assert_noop, assert_ok, traits::KeyOwnerProofSystem};
use pallet_validators::LEAST_CONSENSUS_SLASH;
use sp_consensus_babe::{
	digests::{CompatibleDigestItem, PreDigest, SecondaryVRFPreDigest},
	make_vrf_sign_data, Slot,
};
use sp_core::{crypto::VrfSecret, Pair};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_runtime::{traits::Header as _, Digest, DigestItem};

fn alice() -> AccountId {
	Sr25519Keyring::Alice.to_account_id()
}

fn reporter() -> AccountId {
	Sr25519Keyring::Ferdie.to_account_id()
}

fn run_to_session(chain: &mut Chain, session: u32) {
	while Session::current_index() < session {
		chain.block(|| ());
	}
}

/// Two votes of Alice in one round, signed by her key.
fn two_votes(set: u64, round: u64) -> sp_consensus_grandpa::EquivocationProof<Hash, BlockNumber> {
	let key = Ed25519Keyring::Alice;
	let vote = |hash: u8| {
		let target = (Hash::repeat_byte(hash), 1u32);
		// A prevote is the first of the messages of a round.
		let signature = key.pair().sign(&(0u8, target, round, set).encode());
		(target, signature)
	};
	let identity = key.public();
	let encoded = (set, 0u8, round, identity, vote(1), vote(2)).encode();
	let proof = sp_consensus_grandpa::EquivocationProof::decode(&mut &encoded[..])
		.expect("this is how it is encoded");
	assert!(sp_consensus_grandpa::check_equivocation_proof(
		sp_consensus_grandpa::EquivocationProof::<Hash, BlockNumber>::decode(&mut &encoded[..])
			.expect("as before")
	));
	proof
}

fn grandpa_owner() -> sp_session::MembershipProof {
	Historical::prove((sp_consensus_grandpa::KEY_TYPE, Ed25519Keyring::Alice.public()))
		.expect("it is in the session")
}

#[test]
fn a_grandpa_equivocation_moves_stake_once() {
	preset("local_testnet").execute_with(|| {
		let mut chain = Chain::new();
		run_to_session(&mut chain, 1);
		let bond = Validators::bonded(&alice());
		let issuance = pallet_balances::TotalIssuance::<Runtime>::get();
		let free = Balances::free_balance(reporter());
		let report = |owner| {
			Grandpa::report_equivocation(
				RuntimeOrigin::signed(reporter()),
				Box::new(two_votes(Grandpa::current_set_id(), 3)),
				owner,
			)
			.map(|info| info.pays_fee)
			.map_err(|error| error.error)
		};
		let set = Grandpa::current_set_id();
		chain.block(|| {
			assert_ok!(report(grandpa_owner()), frame_support::dispatch::Pays::No);
			assert_eq!(
				report(grandpa_owner()),
				Err(pallet_grandpa::Error::<Runtime>::DuplicateOffenceReport.into())
			);
		});
		assert_eq!(Session::disabled_validators().len(), 1, "one of four may be disabled");
		assert_eq!(Validators::bonded(&alice()), bond, "deferred");
		run_to_session(&mut chain, 2);
		// The set is the same, and so the fault could be proved in this session, too.
		if Grandpa::current_set_id() == set {
			chain.block(|| {
				assert_eq!(
					report(grandpa_owner()),
					Err(pallet_grandpa::Error::<Runtime>::DuplicateOffenceReport.into())
				);
			});
		}
		run_to_session(&mut chain, 15);
		let taken = LEAST_CONSENSUS_SLASH * bond;
		assert_eq!(taken, bond / 50);
		assert_eq!(Validators::bonded(&alice()), bond - taken);
		assert_eq!(Balances::free_balance(reporter()), free + taken / 10);
		assert!(pallet_balances::TotalIssuance::<Runtime>::get() <= issuance - taken * 9 / 10);
		assert_eq!(Session::disabled_validators(), Vec::<u32>::new());
		Validators::do_try_state().expect("the invariants hold");
	});
}

/// Two blocks of Alice in one slot, signed by her key.
fn two_blocks(slot: Slot) -> sp_consensus_babe::EquivocationProof<Header> {
	let key = Sr25519Keyring::Alice;
	let authority_index = Babe::authorities()
		.iter()
		.position(|(id, _)| *id == key.public().into())
		.expect("she is an authority") as u32;
	let epoch = Babe::current_epoch();
	let vrf_signature =
		key.pair().vrf_sign(&make_vrf_sign_data(&epoch.randomness, slot, epoch.epoch_index));
	let digest = Digest {
		logs: alloc::vec![DigestItem::babe_pre_digest(PreDigest::SecondaryVRF(
			SecondaryVRFPreDigest { authority_index, slot, vrf_signature }
		))],
	};
	let block = |state: u8| {
		let mut header = Header::new(
			System::block_number(),
			Hash::zero(),
			Hash::repeat_byte(state),
			Hash::zero(),
			digest.clone(),
		);
		let seal = key.pair().sign(header.hash().as_ref());
		header.digest_mut().push(DigestItem::babe_seal(seal.into()));
		header
	};
	sp_consensus_babe::EquivocationProof {
		offender: key.public().into(),
		slot,
		first_header: block(1),
		second_header: block(2),
	}
}

#[test]
fn a_babe_equivocation_moves_stake_once() {
	preset("local_testnet").execute_with(|| {
		let mut chain = Chain::new();
		run_to_session(&mut chain, 1);
		let bond = Validators::bonded(&alice());
		chain.block(|| {
			let slot = Babe::current_slot();
			let key = (sp_consensus_babe::KEY_TYPE, Sr25519Keyring::Alice.public());
			let owner = Historical::prove(key).expect("it is in the session");
			assert_ok!(Babe::report_equivocation(
				RuntimeOrigin::signed(reporter()),
				Box::new(two_blocks(slot)),
				owner.clone(),
			));
			assert_noop!(
				Babe::report_equivocation(
					RuntimeOrigin::signed(reporter()),
					Box::new(two_blocks(slot)),
					owner.clone(),
				),
				pallet_babe::Error::<Runtime>::DuplicateOffenceReport
			);
			// The same block twice is no equivocation.
			let mut twice = two_blocks(slot);
			twice.second_header = twice.first_header.clone();
			assert_noop!(
				Babe::report_equivocation(
					RuntimeOrigin::signed(reporter()),
					Box::new(twice),
					owner,
				),
				pallet_babe::Error::<Runtime>::InvalidEquivocationProof
			);
		});
		assert_eq!(Session::disabled_validators().len(), 1);
		run_to_session(&mut chain, 15);
		assert_eq!(Validators::bonded(&alice()), bond - bond / 50);
		assert_eq!(pallet_offences::Reports::<Runtime>::iter_keys().count(), 0, "pruned");
		Validators::do_try_state().expect("the invariants hold");
	});
}
