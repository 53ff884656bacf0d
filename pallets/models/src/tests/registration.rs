//! What can be registered, what cannot, and what it holds.

use crate::{mock::*, ByArtefact, Error, Event, Models as Records, MAX_PRICE};
use countersign_primitives::{
	model::{Manifest, ModelStatus, PrecisionPolicy, MAX_ARTEFACT_BYTES, MAX_REQUEST_MACS},
	tensor::{Dimension, TensorType, MAX_INLINE_BYTES, MAX_INPUT_BYTES},
	Hash, UNIT,
};
use frame_support::{assert_noop, assert_ok, traits::fungible::Inspect};
use sp_runtime::{DispatchError, TokenError};

/// Registers for Alice and expects to be refused, with nothing changed.
fn refused(manifest: Manifest, error: Error<Test>) {
	assert_noop!(Models::register(signed(ALICE), manifest, UNIT), error);
}

/// Refuses a manifest that differs from one in order by `change` only.
fn refused_with(error: Error<Test>, change: impl FnOnce(&mut Manifest)) {
	let mut manifest = manifest(1);
	change(&mut manifest);
	refused(manifest, error);
}

#[test]
fn register_stores_record_and_holds_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		let manifest = manifest(7);
		let model = id(&manifest, &ALICE);
		let issuance = Balances::total_issuance();
		assert_ok!(commit(&ALICE, &manifest));
		assert_ok!(Models::register(signed(ALICE), manifest.clone(), 3 * UNIT));

		let record = Records::<Test>::get(model).unwrap();
		assert_eq!((record.owner, record.status), (ALICE, ModelStatus::Active));
		assert_eq!((record.price.current, record.price.next), (3 * UNIT, None));
		assert_eq!((record.macs, record.canonical_version), (2_000_000_000, None));
		assert_eq!(record.registered_at, 1);
		// 8 x 784 floats, a head of eleven bytes and four for each dimension, and the list's five.
		assert_eq!(record.input_bytes, 8 * 784 * 4 + 11 + 8 + 5);

		// 10 items, 2 for each of two contributors and of two vector entries.
		let bytes = {
			use codec::Encode;
			manifest.encoded_size()
				+ manifest.inputs.encoded_size()
				+ manifest.outputs.encoded_size()
				+ Attribution::vector(&model).encoded_size()
		};
		let deposit = 18 * DepositPerItem::get() + bytes as u128 * DepositPerByte::get();
		assert_eq!((record.deposit, held(&ALICE)), (deposit, deposit));
		assert_eq!(Balances::total_balance(&ALICE), ENDOWMENT);
		assert_eq!(Balances::total_issuance(), issuance);
		System::assert_has_event(
			Event::Registered { owner: ALICE, model, artefact: [7; 32], price: 3 * UNIT, deposit }
				.into(),
		);
		assert_eq!(ByArtefact::<Test>::get([7; 32]), Some(model));
		assert_eq!(Attribution::vector(&model).len(), 2);
	});
}

#[test]
fn register_fails_for_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			Models::register(RuntimeOrigin::none(), manifest(1), UNIT),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn register_fails_without_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			Models::register(signed(PAUPER), manifest(1), UNIT),
			TokenError::FundsUnavailable
		);
		assert!(Attribution::vector(&id(&manifest(1), &PAUPER)).is_empty());
	});
}

#[test]
fn register_fails_twice() {
	ExtBuilder::default().build_and_execute(|| {
		register(ALICE, manifest(1));
		refused(manifest(1), Error::<Test>::AlreadyRegistered);
	});
}

#[test]
fn same_manifest_of_another_owner_is_another_model() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ne!(id(&manifest(1), &ALICE), id(&manifest(1), &BOB));
		let other_chain = manifest(1).id(&Hash::repeat_byte(9), &ALICE);
		assert_ne!(id(&manifest(1), &ALICE), other_chain);
	});
}

#[test]
fn register_refuses_bad_texts() {
	ExtBuilder::default().build_and_execute(|| {
		let error = || Error::<Test>::BadText;
		refused_with(error(), |m| m.name = Default::default());
		refused_with(error(), |m| m.licence = Default::default());
		refused_with(error(), |m| m.name = vec![0xff, 0xfe].try_into().unwrap());
		refused_with(error(), |m| m.licence = vec![0x80].try_into().unwrap());
	});
}

#[test]
fn register_refuses_bad_artefact_length() {
	ExtBuilder::default().build_and_execute(|| {
		let error = || Error::<Test>::BadArtefactLength;
		refused_with(error(), |m| m.artefact.length = 0);
		refused_with(error(), |m| m.artefact.length = MAX_ARTEFACT_BYTES + 1);
		refused_with(error(), |m| m.artefact.length = u64::MAX);
		let mut largest = manifest(1);
		largest.artefact.length = MAX_ARTEFACT_BYTES;
		register(ALICE, largest);
	});
}

#[test]
fn register_refuses_bad_ports() {
	ExtBuilder::default().build_and_execute(|| {
		refused_with(Error::<Test>::NoPorts, |m| m.inputs = Default::default());
		refused_with(Error::<Test>::NoPorts, |m| m.outputs = Default::default());

		let named = |name: &str| port(name, TensorType::U8, &[]);
		let error = || Error::<Test>::BadPortName;
		refused_with(error(), |m| m.inputs = vec![named("")].try_into().unwrap());
		refused_with(error(), |m| {
			m.outputs = vec![named("a"), named("b"), named("a")].try_into().unwrap();
		});
		refused_with(error(), |m| m.inputs[0].name = vec![0xc0].try_into().unwrap());
		refused_with(Error::<Test>::BadDimensionRange, |m| {
			m.inputs[0].shape[0] = Dimension::Range { min: 9, max: 8 };
		});
		// An input and an output may share a name.
		let mut shared = manifest(1);
		shared.outputs[0].name = shared.inputs[0].name.clone();
		register(ALICE, shared);
	});
}

#[test]
fn register_refuses_gigantic_tensors() {
	ExtBuilder::default().build_and_execute(|| {
		let sized = |count: u32| port("x", TensorType::U8, &[Dimension::Fixed(count)]);
		let error = || Error::<Test>::InputTooLarge;
		refused_with(error(), |m| m.inputs = vec![sized(MAX_INPUT_BYTES)].try_into().unwrap());
		refused_with(error(), |m| m.inputs = vec![sized(u32::MAX)].try_into().unwrap());
		// 2^32 elements, and a range whose largest product overflows 32 bits many times over.
		let shape = [Dimension::Fixed(1 << 16), Dimension::Fixed(1 << 16)];
		refused_with(error(), |m| {
			m.inputs = vec![port("x", TensorType::F32, &shape)].try_into().unwrap();
		});
		let shape = [Dimension::Range { min: 0, max: u32::MAX }; 8];
		refused_with(error(), |m| {
			m.inputs = vec![port("x", TensorType::U64, &shape)].try_into().unwrap();
		});
		// Each fits, all together do not.
		refused_with(error(), |m| {
			let half = Dimension::Fixed(MAX_INPUT_BYTES / 2);
			m.inputs = vec![port("x", TensorType::U8, &[half]), port("y", TensorType::U8, &[half])]
				.try_into()
				.unwrap();
		});
		refused_with(Error::<Test>::OutputTooLarge, |m| {
			m.outputs = vec![sized(MAX_INLINE_BYTES)].try_into().unwrap();
		});
		// The largest that fit: the list's five bytes, eleven of the head, four of the dimension.
		let mut largest = manifest(1);
		largest.inputs = vec![sized(MAX_INPUT_BYTES - 20)].try_into().unwrap();
		largest.outputs = vec![sized(MAX_INLINE_BYTES - 20)].try_into().unwrap();
		let model = register(ALICE, largest);
		assert_eq!(Records::<Test>::get(model).unwrap().input_bytes, MAX_INPUT_BYTES);
	});
}

#[test]
fn register_refuses_bad_costs() {
	ExtBuilder::default().build_and_execute(|| {
		let error = || Error::<Test>::BadCost;
		refused_with(error(), |m| m.cost.macs = 0);
		refused_with(error(), |m| m.cost.macs = MAX_REQUEST_MACS + 1);
		refused_with(error(), |m| m.cost.macs = u64::MAX);
		refused_with(error(), |m| m.cost.time_ms = 0);
		refused_with(error(), |m| m.cost.memory_mib = 0);
		let mut largest = manifest(1);
		largest.cost.macs = MAX_REQUEST_MACS;
		register(ALICE, largest);
	});
}

#[test]
fn register_refuses_shares_that_do_not_sum() {
	ExtBuilder::default().build_and_execute(|| {
		let error = || Error::<Test>::BadShares;
		refused_with(error(), |m| m.contributors = Default::default());
		refused_with(error(), |m| m.contributors[0].share.0 -= 1);
		refused_with(error(), |m| m.contributors[0].share.0 += 1);
		refused_with(error(), |m| m.contributors[0].share.0 = u32::MAX);
		refused_with(error(), |m| {
			m.contributors =
				vec![contributor(ALICE, 1_000_000_000), contributor(BOB, 0)].try_into().unwrap();
		});
		// Shares whose sum is the whole only modulo 2^32.
		refused_with(error(), |m| {
			m.contributors = vec![contributor(ALICE, u32::MAX), contributor(BOB, 1_000_000_001)]
				.try_into()
				.unwrap();
		});
	});
}

#[test]
fn register_refuses_bad_royalties_and_unknown_parents() {
	ExtBuilder::default().build_and_execute(|| {
		let known = register(ALICE, manifest(9));
		let unknown = Hash::repeat_byte(1);
		let error = || Error::<Test>::BadRoyalties;
		let parents = |m: &mut Manifest, parents: &[_]| {
			m.parents = parents.to_vec().try_into().unwrap();
		};
		refused_with(error(), |m| parents(m, &[parent(known, 0)]));
		refused_with(error(), |m| parents(m, &[parent(known, 1_000_000_000)]));
		refused_with(error(), |m| parents(m, &[parent(known, u32::MAX)]));
		refused_with(error(), |m| parents(m, &[parent(known, 1), parent(known, 1)]));
		refused_with(error(), |m| {
			parents(m, &[parent(known, 500_000_000), parent(unknown, 500_000_000)])
		});
		refused_with(Error::<Test>::UnknownParent, |m| parents(m, &[parent(unknown, 1)]));
		refused_with(Error::<Test>::UnknownParent, |m| {
			parents(m, &[parent(known, 1), parent(unknown, 1)])
		});
	});
}

#[test]
fn register_accepts_a_retired_parent() {
	ExtBuilder::default().build_and_execute(|| {
		let old = register(ALICE, manifest(1));
		assert_ok!(Models::retire(signed(ALICE), old));
		let mut child = manifest(2);
		child.parents = vec![parent(old, 250_000_000)].try_into().unwrap();
		let child = register(BOB, child);
		assert_eq!(Attribution::vector(&child).len(), 4);
	});
}

#[test]
fn register_refuses_prices_near_overflow() {
	ExtBuilder::default().build_and_execute(|| {
		for price in [MAX_PRICE + 1, u128::MAX] {
			assert_noop!(
				Models::register(signed(ALICE), manifest(1), price),
				Error::<Test>::PriceTooHigh
			);
		}
		assert_ok!(commit(&ALICE, &manifest(1)));
		assert_ok!(Models::register(signed(ALICE), manifest(1), MAX_PRICE));
	});
}

mod programs {
	use super::*;

	#[test]
	fn are_refused_while_no_version_is_released() {
		ExtBuilder::default().build_and_execute(|| {
			for version in [0, 1, u16::MAX] {
				refused(
					with_program(manifest(1), 1, version),
					Error::<Test>::UnknownCanonicalVersion,
				);
			}
		});
	}

	#[test]
	fn need_a_released_version() {
		ExtBuilder::default().canonical_versions(2).build_and_execute(|| {
			for version in [0, 3] {
				refused(
					with_program(manifest(1), 1, version),
					Error::<Test>::UnknownCanonicalVersion,
				);
			}
			let model = register(ALICE, with_program(manifest(1), 1, 2));
			assert_eq!(Records::<Test>::get(model).unwrap().canonical_version, Some(2));
		});
	}

	#[test]
	fn need_one_policy_for_each_output() {
		ExtBuilder::default().canonical_versions(1).build_and_execute(|| {
			let exact = PrecisionPolicy::Exact;
			let error = || Error::<Test>::BadPolicies;
			refused_with(error(), |m| m.policies = vec![exact.clone()].try_into().unwrap());
			let mut none = with_program(manifest(1), 1, 1);
			none.policies = Default::default();
			refused(none, error());
			let mut two = with_program(manifest(1), 1, 1);
			two.policies = vec![exact.clone(), exact].try_into().unwrap();
			refused(two, error());
		});
	}

	#[test]
	fn need_policies_that_fit_their_outputs() {
		ExtBuilder::default().canonical_versions(1).build_and_execute(|| {
			let with = |name: &str, ty, policy| {
				let mut manifest = with_program(manifest(1), 1, 1);
				manifest.outputs = vec![port(name, ty, &[Dimension::Fixed(4)])].try_into().unwrap();
				manifest.policies = vec![policy].try_into().unwrap();
				manifest
			};
			let within = |absolute, relative| PrecisionPolicy::Within { absolute, relative };
			for (name, ty, policy) in [
				("y", TensorType::F32, within(-150, 0)),
				("y", TensorType::F32, within(0, 128)),
				("y", TensorType::F32, PrecisionPolicy::Top1 { margin: -4 }),
				("y", TensorType::I64, PrecisionPolicy::Top1 { margin: 200 }),
				("attribution", TensorType::F32, PrecisionPolicy::Exact),
				("attribution", TensorType::I64, PrecisionPolicy::Top1 { margin: -4 }),
				("attribution", TensorType::I32, within(0, 0)),
			] {
				refused(with(name, ty, policy), Error::<Test>::BadPolicies);
			}
			register(ALICE, with("y", TensorType::F32, within(-149, 127)));
			let indices = with("y", TensorType::I64, PrecisionPolicy::Top1 { margin: -4 });
			assert_noop!(
				Models::register(signed(BOB), indices, 0),
				Error::<Test>::ArtefactNeedsParent
			);
		});
	}

	#[test]
	fn copies_must_name_the_first() {
		ExtBuilder::default().canonical_versions(1).build_and_execute(|| {
			let first = register(ALICE, with_program(manifest(1), 5, 1));
			// Another artefact that imports to the same program.
			let copy = with_program(manifest(2), 5, 1);
			assert_noop!(
				Models::register(signed(BOB), copy.clone(), 0),
				Error::<Test>::ProgramNeedsParent
			);
			let mut honest = copy;
			honest.parents = vec![parent(first, 1)].try_into().unwrap();
			register(BOB, honest);
			assert_eq!(Models::model_of_program(&Hash::repeat_byte(5)), Some(first));
		});
	}
}

mod copies {
	use super::*;

	#[test]
	fn of_an_artefact_must_name_the_first() {
		ExtBuilder::default().build_and_execute(|| {
			let first = register(ALICE, manifest(1));
			assert_noop!(
				Models::register(signed(BOB), manifest(1), 0),
				Error::<Test>::ArtefactNeedsParent
			);
			let mut copy = manifest(1);
			copy.parents = vec![parent(first, 300_000_000)].try_into().unwrap();
			let second = register(BOB, copy);
			assert_eq!(ByArtefact::<Test>::get([1; 32]), Some(first));
			// A copy of the copy owes to the first, not to the copy.
			let mut third = manifest(1);
			third.parents = vec![parent(second, 300_000_000)].try_into().unwrap();
			assert_noop!(
				Models::register(signed(BOB), third.clone(), 0),
				Error::<Test>::ArtefactNeedsParent
			);
			third.parents = vec![parent(first, 1)].try_into().unwrap();
			register(BOB, third);
		});
	}

	#[test]
	fn are_not_seen_where_a_byte_differs() {
		ExtBuilder::default().build_and_execute(|| {
			register(ALICE, manifest(1));
			register(BOB, manifest(2));
		});
	}
}
