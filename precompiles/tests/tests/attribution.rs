//! `IAttribution`: what it answers, what it pays, and what it refuses.

use countersign_attribution_precompile::{access, IAttribution as I};
use countersign_precompile_tests::{
	contracts::{account, address, call, call_with, deploy, logs, wallet, wei_word},
	every::attribution as here,
	run,
	sol::{declared_address, functions, ICaller},
	world::{earn, free, manifest, parent, World, TOKEN},
};
use countersign_precompile_utils::{account_word, Access};
use countersign_primitives::model::ModelId;
use frame_support::weights::Weight;
use pallet_revive::precompiles::alloy::{
	primitives::{Address, B256, U256},
	sol_types::{SolCall, SolInterface},
};
use sp_keyring::Sr25519Keyring;

const SOURCE: &str = include_str!("../../attribution/IAttribution.sol");

fn word(model: &ModelId) -> B256 {
	B256::from(model.0)
}

/// A model with a parent, and what they earned.
fn family(world: &World) -> (ModelId, ModelId) {
	let elder = world.register(manifest("elder"), 0);
	let child = countersign_primitives::model::Manifest {
		parents: vec![parent(elder)].try_into().expect("one"),
		..manifest("child")
	};
	let child = world.register(child, 0);
	earn(&child, 100 * TOKEN);
	(elder, child)
}

#[test]
fn the_source_names_the_address() {
	assert_eq!(declared_address(SOURCE), format!("{:?}", here()));
}

#[test]
fn the_source_states_every_selector_and_they_never_change() {
	let expected = [
		("lineage", "view", I::lineageCall::SELECTOR),
		("right", "view", I::rightCall::SELECTOR),
		("entitlement", "view", I::entitlementCall::SELECTOR),
		("totalCredited", "view", I::totalCreditedCall::SELECTOR),
		("claim", "", I::claimCall::SELECTOR),
		("transferRight", "", I::transferRightCall::SELECTOR),
		("acceptRight", "", I::acceptRightCall::SELECTOR),
	];
	let declared = functions(SOURCE);
	assert_eq!(declared.len(), expected.len());
	assert_eq!(I::IAttributionCalls::COUNT, expected.len());
	for (function, (name, modifier, selector)) in declared.iter().zip(expected) {
		assert_eq!((function.name.as_str(), function.modifier.as_str()), (name, modifier));
		let stated = format!("0x{}", hex::encode(selector));
		assert_eq!(function.selector.as_deref(), Some(stated.as_str()), "{name}");
		let mut data = selector.to_vec();
		data.extend([0; 32 * 40]);
		let call = I::IAttributionCalls::abi_decode(&data).expect("zeros decode");
		let kind = if modifier == "view" { Access::View } else { Access::Write };
		assert_eq!(access(&call), kind, "{name}");
	}
}

#[test]
fn lineage_and_rights_are_what_was_registered() {
	run(|world| {
		let (elder, child) = family(world);
		let reply = call(&wallet(0), &here(), &I::lineageCall { model: word(&child) });
		let entries = reply.returns::<I::lineageCall>();
		let total: u64 = entries.iter().map(|entry| u64::from(entry.share)).sum();
		assert_eq!(total, 1_000_000_000);
		let shares: Vec<_> = entries
			.iter()
			.map(|entry| (entry.model, entry.pot, entry.contributor, entry.share))
			.collect();
		assert_eq!(
			shares,
			vec![
				(word(&child), false, 0, 675_000_000),
				(word(&child), false, 1, 225_000_000),
				(word(&elder), false, 0, 75_000_000),
				(word(&elder), false, 1, 25_000_000),
			]
		);
		let right = I::rightCall { model: word(&child), contributor: 1 };
		let right = call(&wallet(0), &here(), &right).returns::<I::rightCall>();
		let ferdie = Sr25519Keyring::Ferdie.to_account_id();
		assert_eq!(right.account, account_word(&ferdie));
		assert_eq!(right.owner, Address::from(address(&ferdie).0));
		assert_eq!(right.role as u8, I::Role::Feedback as u8);
		assert_eq!(right.evidence, B256::repeat_byte(7));
		assert!(!right.accepted);
		let unknown = I::rightCall { model: word(&child), contributor: 2 };
		call(&wallet(0), &here(), &unknown).reverts("UnknownRight");
		let nothing = call(&wallet(0), &here(), &I::lineageCall { model: B256::ZERO });
		assert!(nothing.returns::<I::lineageCall>().is_empty());
		// What a long lineage costs, a short one does not.
		assert!(nothing.weight.ref_time() < reply.weight.ref_time());
	});
}

#[test]
fn what_was_earned_can_be_claimed_by_anyone_for_its_owner() {
	run(|world| {
		let (elder, child) = family(world);
		let entitlement = |index| {
			let asked = I::entitlementCall { model: word(&child), index };
			let reply = call(&wallet(0), &here(), &asked).returns::<I::entitlementCall>();
			(reply.earned, reply.claimed)
		};
		let earned = wei_word(67_500 * TOKEN / 1_000);
		assert_eq!(entitlement(0), (earned, U256::ZERO));
		let total = I::totalCreditedCall { model: word(&child) };
		let total = call(&wallet(0), &here(), &total).returns::<I::totalCreditedCall>();
		assert_eq!(total, wei_word(100 * TOKEN));

		let owner = wallet(1);
		let before = free(&owner);
		let claim = I::claimCall { model: word(&child), index: 0 };
		let paid = call(&wallet(2), &here(), &claim).returns::<I::claimCall>();
		assert_eq!(paid, earned);
		assert_eq!(free(&owner) - before, 67_500 * TOKEN / 1_000);
		assert_eq!(entitlement(0), (earned, earned));
		let claimed = logs::<I::Claimed>(&here());
		assert_eq!(
			claimed,
			vec![I::Claimed {
				model: word(&child),
				index: 0,
				account: account_word(&owner),
				amount: earned
			}]
		);
		call(&wallet(2), &here(), &claim).reverts("NothingToClaim");
		let unknown = I::claimCall { model: word(&child), index: u32::MAX };
		call(&wallet(2), &here(), &unknown).reverts("UnknownRight");
		let unknown = I::claimCall { model: B256::ZERO, index: 0 };
		call(&wallet(2), &here(), &unknown).reverts("UnknownModel");
		// The elder's part is claimed where it was earned.
		let claim = I::claimCall { model: word(&child), index: 2 };
		call(&wallet(2), &here(), &claim).works();
		let total = I::totalCreditedCall { model: word(&elder) };
		let total = call(&wallet(0), &here(), &total).returns::<I::totalCreditedCall>();
		assert_eq!(total, U256::ZERO);
	});
}

#[test]
fn a_contract_may_own_a_right_accept_it_and_give_it_away() {
	run(|world| {
		let (_, child) = family(world);
		let contract = deploy("Caller", Vec::new(), 0);
		let owner = wallet(1);
		let give =
			|to: B256| I::transferRightCall { model: word(&child), contributor: 0, account: to };
		let to_contract = give(account_word(&account(&contract)));
		call(&wallet(2), &here(), &to_contract).reverts("NotOwner");
		call(&owner, &here(), &to_contract).works();
		let transferred = logs::<I::RightTransferred>(&here());
		assert_eq!(transferred.len(), 1);
		assert_eq!(transferred[0].account, account_word(&account(&contract)));

		let accept = I::acceptRightCall { model: word(&child), contributor: 0 };
		call(&owner, &here(), &accept).reverts("NotOwner");
		let through =
			|call: Vec<u8>| ICaller::callCall { to: Address::from(here().0), data: call.into() };
		call(&owner, &contract, &through(accept.abi_encode())).works();
		let accepted = logs::<I::RightAccepted>(&here());
		assert_eq!(accepted, vec![I::RightAccepted { model: word(&child), contributor: 0 }]);
		call(&owner, &contract, &through(accept.abi_encode())).reverts("AlreadyAccepted");
		let right = I::rightCall { model: word(&child), contributor: 0 };
		let right = call(&owner, &here(), &right).returns::<I::rightCall>();
		assert!(right.accepted);
		assert_eq!(right.owner, Address::from(contract.0));
		// It is paid, and can spend it.
		let before = free(&account(&contract));
		call(&owner, &here(), &I::claimCall { model: word(&child), index: 0 }).works();
		assert_eq!(free(&account(&contract)) - before, 67_500 * TOKEN / 1_000);
		let back = give(account_word(&owner));
		call(&owner, &contract, &through(back.abi_encode())).works();
		let right = I::rightCall { model: word(&child), contributor: 0 };
		let right = call(&owner, &here(), &right).returns::<I::rightCall>();
		assert_eq!(right.owner, Address::from(address(&owner).0));
		assert!(!right.accepted);
	});
}

#[test]
fn out_of_gas_in_the_middle_leaves_nothing() {
	run(|world| {
		let (_, child) = family(world);
		let claim = I::claimCall { model: word(&child), index: 0 };
		let enough = {
			let reply = frame_support::storage::with_transaction(|| {
				let reply = call(&wallet(0), &here(), &claim);
				sp_runtime::TransactionOutcome::Rollback(Ok::<_, sp_runtime::DispatchError>(reply))
			})
			.expect("rolled back");
			reply.works();
			reply.weight
		};
		let before = free(&wallet(1));
		for part in 0..20u64 {
			let limit =
				Weight::from_parts(enough.ref_time() / 20 * part, enough.proof_size() / 20 * part);
			let reply = call_with(&wallet(0), &here(), 0.into(), claim.abi_encode(), limit);
			assert!(reply.result.is_err(), "{part} twentieths sufficed");
			assert_eq!(free(&wallet(1)), before);
		}
		call_with(&wallet(0), &here(), 0.into(), claim.abi_encode(), enough).works();
	});
}
