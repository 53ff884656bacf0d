//! What other pallets and clients read.

use crate::mock::*;
use countersign_primitives::{
	model::{ModelStatus, Price},
	tensor::{Tensor, TensorError, TensorType},
	traits::Models as _,
	Hash, GIGA_MAC, UNIT,
};
use frame_support::assert_ok;

#[test]
fn terms_are_what_a_request_needs() {
	ExtBuilder::default().canonical_versions(1).build_and_execute(|| {
		let model = register(ALICE, with_program(manifest(1), 1, 1));
		let terms = Models::terms(&model, 1).unwrap();
		assert_eq!(terms.status, ModelStatus::Active);
		assert_eq!(
			(terms.price, terms.macs, terms.canonical_version),
			(UNIT, 2 * GIGA_MAC, Some(1))
		);
		assert_eq!(Models::terms(&Hash::repeat_byte(1), 1), None);
		assert_eq!(Models::input_bytes(&Hash::repeat_byte(1)), 0);
		assert_eq!(Models::input_bytes(&model), 8 * 784 * 4 + 11 + 8 + 5);
	});
}

#[test]
fn tensors_are_checked_against_the_ports() {
	ExtBuilder::default().build_and_execute(|| {
		let model = register(ALICE, manifest(1));
		let tensor = |ty: TensorType, shape: &[u32]| Tensor {
			ty,
			shape: shape.to_vec(),
			data: vec![0; ty.size() * shape.iter().product::<u32>() as usize],
		};
		let mismatch = Err(TensorError::SignatureMismatch);
		let input = tensor(TensorType::F32, &[8, 784]);
		assert_eq!(Models::check_input(&model, core::slice::from_ref(&input)), Ok(()));
		assert_eq!(Models::check_output(&model, &[tensor(TensorType::I64, &[3])]), Ok(()));
		assert_eq!(Models::check_input(&model, &[]), mismatch);
		assert_eq!(Models::check_input(&model, &[input.clone(), input.clone()]), mismatch);
		assert_eq!(Models::check_input(&model, &[tensor(TensorType::F32, &[9, 784])]), mismatch);
		assert_eq!(Models::check_input(&model, &[tensor(TensorType::F32, &[0, 784])]), mismatch);
		assert_eq!(Models::check_input(&model, &[tensor(TensorType::F32, &[784])]), mismatch);
		assert_eq!(Models::check_input(&model, &[tensor(TensorType::I32, &[8, 784])]), mismatch);
		assert_eq!(Models::check_output(&model, core::slice::from_ref(&input)), mismatch);
		assert_eq!(Models::check_input(&Hash::repeat_byte(1), &[input]), mismatch);
		assert_eq!(Models::check_output(&Hash::repeat_byte(1), &[]), mismatch);
	});
}

#[test]
fn a_model_is_shown_whole() {
	ExtBuilder::default().build_and_execute(|| {
		let model = register(ALICE, manifest(1));
		assert_ok!(Models::serve(signed(VICTOR), model));
		let view = Models::model(&model).unwrap();
		assert_eq!((view.id, view.owner, view.registered_at), (model, ALICE, 1));
		assert_eq!((view.status, view.manifest), (ModelStatus::Active, manifest(1)));
		assert_eq!(view.price, Price { current: UNIT, next: None });
		assert_eq!(view.servers, [VICTOR]);
		assert_eq!(Models::model(&Hash::repeat_byte(1)), None);
		assert_eq!(Models::manifest(&model), Some(manifest(1)));
		assert_eq!(Models::model_of_artefact(&[1; 32]), Some(model));
		assert_eq!(Models::model_of_artefact(&[2; 32]), None);
	});
}

#[test]
fn models_are_paged_in_order() {
	ExtBuilder::default().build_and_execute(|| {
		let mut expected: Vec<_> = (0..120).map(|seed| register(ALICE, manifest(seed))).collect();
		expected.sort();
		let ids = |from, limit| -> Vec<_> {
			Models::models(from, limit).into_iter().map(|view| view.id).collect()
		};
		assert_eq!(ids(None, 7), expected[..7]);
		assert_eq!(ids(Some(expected[6]), 7), expected[7..14]);
		// Never more than a hundred, whatever is asked for.
		assert_eq!(ids(None, u32::MAX), expected[..100]);
		assert_eq!(ids(Some(expected[99]), 100), expected[100..]);
		assert!(ids(None, 0).is_empty());
		assert!(ids(Some(expected[119]), 10).is_empty());
		// A start that is no model is a place in the order all the same.
		assert_eq!(ids(Some(Hash::zero()), 2), expected[..2]);
		assert!(ids(Some(Hash::repeat_byte(0xff)), 2).is_empty());
	});
}
