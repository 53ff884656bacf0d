//! Programs on chain: how they come in, what is refused, how they go.

use crate::{
	mock::*,
	programs::{chunk_count, UPLOAD_BLOCKS},
	Chunk, Error, Event, HoldReason, ProgramChunks, StoredPrograms, UploadOwners, Uploads,
};
use countersign_canonical::{
	op::{Binary, Op, Unary},
	program::{Node, Package},
	TensorType as Canonical,
};
use countersign_primitives::{
	model::{Manifest, ModelId, PrecisionPolicy, ProgramRef},
	program::{MAX_STORED_BYTES, PROGRAM_CHUNK_BYTES},
	tensor::{Dimension, TensorType},
	traits::Programs,
	AccountId, Balance, Hash,
};
use countersign_programs::{
	examine,
	examples::{dense, encoded, floats, meta, package},
};
use frame_support::{
	assert_noop, assert_ok,
	traits::{fungible::InspectHold, Hooks},
	weights::Weight,
};
use sp_runtime::TokenError;

const CHUNK: usize = PROGRAM_CHUNK_BYTES as usize;

fn build() -> ExtBuilder {
	ExtBuilder::default().canonical_versions(1)
}

/// A manifest with the ports of `dense(4, 3, 2)`, which names this root.
fn declared(seed: u8, root: Hash, macs: u64) -> Manifest {
	let dims = |dims: &[u32]| dims.iter().map(|d| Dimension::Fixed(*d)).collect::<Vec<_>>();
	let mut manifest = manifest(seed);
	manifest.inputs = vec![port("x", TensorType::F32, &dims(&[1, 4]))].try_into().unwrap();
	manifest.outputs = vec![port("y", TensorType::F32, &dims(&[1, 2]))].try_into().unwrap();
	manifest.policies = vec![PrecisionPolicy::Exact].try_into().unwrap();
	manifest.program = Some(ProgramRef { root, canonical_version: 1 });
	manifest.cost.macs = macs;
	manifest
}

/// A small package in order, and a model of Alice that names it.
fn model(seed: u8) -> (ModelId, Vec<u8>) {
	let package = encoded(&dense(4, 3, 2));
	let summary = examine(&package).unwrap();
	(register(ALICE, declared(seed, summary.root, summary.weighted_macs)), package)
}

fn put(who: &AccountId, model: ModelId, package: &[u8], order: impl Iterator<Item = usize>) {
	let chunks: Vec<&[u8]> = package.chunks(CHUNK).collect();
	for index in order {
		assert_ok!(Models::put_program_chunk(
			signed(who.clone()),
			model,
			index as u32,
			chunks[index].to_vec().try_into().unwrap()
		));
	}
}

/// Uploads all of it, without finishing.
fn upload(who: AccountId, model: ModelId, package: &[u8]) {
	assert_ok!(Models::begin_program(signed(who.clone()), model, package.len() as u32));
	put(&who, model, package, 0..package.chunks(CHUNK).len());
}

fn store(who: AccountId, model: ModelId, package: &[u8]) {
	upload(who.clone(), model, package);
	assert_ok!(Models::finish_program(signed(who), model));
}

fn program_held(who: &AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::Program.into(), who)
}

fn next_block() {
	System::set_block_number(System::block_number() + 1);
}

/// Uploads these bytes as the program of a model and expects them to be refused, with nothing
/// changed but what the upload itself did.
fn refused(package: &[u8], error: Error<Test>) {
	build().build_and_execute(|| {
		let model = register(ALICE, declared(1, Hash::repeat_byte(9), 2_000_000_000));
		upload(BOB, model, package);
		assert_noop!(Models::finish_program(signed(BOB), model), error);
		assert_ok!(Models::abort_program(signed(BOB), model));
		assert_eq!(program_held(&BOB), 0);
		assert_eq!(ProgramChunks::<Test>::iter_keys().count(), 0);
	});
}

#[test]
fn anyone_stores_a_program_and_drops_it() {
	build().build_and_execute(|| {
		// Of three chunks, the last one shorter.
		let many = floats(&[1, 40_000], |i| i as f32);
		let long = package(
			vec![meta(Canonical::F32, &[1, 40_000])],
			vec![many],
			vec![(Op::Binary(Binary::Mul), vec![0, 1]), (Op::Unary(Unary::Relu), vec![2])],
			vec![3],
		);
		let bytes = encoded(&long);
		assert_eq!(chunk_count(bytes.len() as u32), 3);
		let summary = examine(&bytes).unwrap();
		let dims = [Dimension::Fixed(1), Dimension::Range { min: 1, max: 40_000 }];
		let mut manifest = declared(1, summary.root, summary.weighted_macs);
		manifest.inputs = vec![port("x", TensorType::F32, &dims)].try_into().unwrap();
		manifest.outputs = vec![port("y", TensorType::F32, &dims)].try_into().unwrap();
		// The output would not fit into a result.
		assert_noop!(
			Models::register(signed(ALICE), manifest.clone(), 0),
			Error::<Test>::OutputTooLarge
		);
		manifest.outputs =
			vec![port("y", TensorType::F32, &[Dimension::Fixed(1), Dimension::Fixed(2)])]
				.try_into()
				.unwrap();
		let model = register(ALICE, manifest);
		let length = bytes.len() as u32;
		assert_ok!(Models::begin_program(signed(BOB), model, length));
		let deposit =
			6 * DepositPerItem::get() + Balance::from(length + 2_048) * DepositPerByte::get();
		assert_eq!(program_held(&BOB), deposit);
		System::assert_last_event(
			Event::ProgramBegun {
				model,
				who: BOB,
				root: summary.root,
				length,
				deposit,
				expires: 1 + UPLOAD_BLOCKS,
			}
			.into(),
		);
		put(&BOB, model, &bytes, [2, 0, 1].into_iter());
		// It gives more than the manifest says.
		assert_noop!(
			Models::finish_program(signed(BOB), model),
			Error::<Test>::ProgramPortsMismatch
		);
	});
	build().build_and_execute(|| {
		let (model, package) = model(1);
		let summary = examine(&package).unwrap();
		store(BOB, model, &package);
		System::assert_last_event(
			Event::ProgramStored {
				root: summary.root,
				model,
				depositor: BOB,
				weighted_macs: summary.weighted_macs,
				slabs: 1,
			}
			.into(),
		);
		assert!(Uploads::<Test>::iter_keys().next().is_none());
		assert!(UploadOwners::<Test>::iter_keys().next().is_none());
		let deposit = program_held(&BOB);
		assert!(deposit > 0);

		let mut read = Vec::new();
		let mut put = |chunk: &[u8]| {
			read.extend_from_slice(chunk);
			true
		};
		assert!(<Models as Programs>::read_chunks(&summary.root, &mut put));
		assert!(!<Models as Programs>::read_chunks(&Hash::zero(), &mut put));
		assert_eq!(read, package);

		assert_noop!(
			Models::drop_program(signed(ALICE), summary.root),
			Error::<Test>::NotDepositor
		);
		assert_noop!(Models::drop_program(signed(BOB), Hash::zero()), Error::<Test>::NoProgram);
		assert_ok!(Models::drop_program(signed(BOB), summary.root));
		System::assert_last_event(
			Event::ProgramDropped { root: summary.root, who: BOB, deposit }.into(),
		);
		assert_eq!(program_held(&BOB), 0);
		assert_eq!(ProgramChunks::<Test>::iter_keys().count(), 0);
		assert!(<Models as Programs>::stored(&model).is_none());
	});
}

/// What a call weighs is asked before it runs, so it must not change in between.
#[test]
fn a_program_is_callable_from_the_next_block_on() {
	build().build_and_execute(|| {
		let (model, package) = model(1);
		store(BOB, model, &package);
		assert!(<Models as Programs>::stored(&model).is_none());
		next_block();
		let stored = <Models as Programs>::stored(&model).unwrap();
		assert_eq!(stored.summary, examine(&package).unwrap());
		assert_eq!(stored.policies, vec![PrecisionPolicy::Exact]);
		let manifest = Models::manifest(&model).unwrap();
		assert_eq!(stored.inputs, manifest.inputs.into_inner());
		assert_eq!(stored.outputs, manifest.outputs.into_inner());
		let mut read = vec![0; package.len()];
		assert!(<Models as Programs>::read(&stored, &mut read));
		assert_eq!(read, package);
		assert!(!<Models as Programs>::read(&stored, &mut read[1..]));
		// Dropped and stored again: not in the same block.
		assert_ok!(Models::drop_program(signed(BOB), stored.summary.root));
		assert!(<Models as Programs>::stored(&model).is_none());
		assert!(!<Models as Programs>::read(&stored, &mut read));
		store(ALICE, model, &package);
		assert!(<Models as Programs>::stored(&model).is_none());
		next_block();
		assert!(<Models as Programs>::stored(&model).is_some());
	});
}

#[test]
fn another_model_of_the_program_is_callable_where_it_fits() {
	build().build_and_execute(|| {
		let (first, package) = model(1);
		let summary = examine(&package).unwrap();
		let child = |seed, macs, width| {
			let mut manifest = declared(seed, summary.root, macs);
			let dims = [Dimension::Fixed(1), Dimension::Fixed(width)];
			manifest.inputs = vec![port("x", TensorType::F32, &dims)].try_into().unwrap();
			manifest.parents = vec![parent(first, 1)].try_into().unwrap();
			register(BOB, manifest)
		};
		let same = child(2, summary.weighted_macs, 4);
		let cheaper = child(3, summary.weighted_macs - 1, 4);
		let wider = child(4, summary.weighted_macs, 5);
		store(ALICE, first, &package);
		next_block();
		assert!(<Models as Programs>::stored(&first).is_some());
		assert!(<Models as Programs>::stored(&same).is_some());
		assert!(<Models as Programs>::stored(&cheaper).is_none());
		assert!(<Models as Programs>::stored(&wider).is_none());
		assert_noop!(Models::begin_program(signed(BOB), same, 1_000), Error::<Test>::ProgramStored);
	});
}

#[test]
fn begin_refuses_what_cannot_be_uploaded() {
	build().build_and_execute(|| {
		let begin =
			|who: AccountId, model, length| Models::begin_program(signed(who), model, length);
		let (with, package) = model(1);
		let length = package.len() as u32;
		let without = register(ALICE, manifest(2));
		let retired = register(ALICE, declared(3, Hash::repeat_byte(3), 1_000_000));
		assert_ok!(Models::retire(signed(ALICE), retired));
		assert_noop!(begin(BOB, Hash::zero(), length), Error::<Test>::UnknownModel);
		assert_noop!(begin(BOB, without, length), Error::<Test>::NoProgram);
		assert_noop!(begin(BOB, retired, length), Error::<Test>::Retired);
		for length in [0, MAX_STORED_BYTES + 1, u32::MAX] {
			assert_noop!(begin(BOB, with, length), Error::<Test>::BadProgramLength);
		}
		assert_noop!(begin(PAUPER, with, length), TokenError::FundsUnavailable);
		assert_ok!(begin(BOB, with, length));
		assert_noop!(begin(BOB, with, length), Error::<Test>::UploadBegun);
		// Nobody can keep another from uploading the same.
		store(ALICE, with, &package);
		put(&BOB, with, &package, 0..1);
		assert_noop!(Models::finish_program(signed(BOB), with), Error::<Test>::ProgramStored);
		assert_ok!(Models::abort_program(signed(BOB), with));
		assert_eq!(program_held(&BOB), 0);
		assert_noop!(Models::abort_program(signed(BOB), with), Error::<Test>::NoUpload);
	});
}

#[test]
fn chunks_have_their_place_and_length() {
	build().build_and_execute(|| {
		let (model, _) = model(1);
		let chunk = |length: usize| Chunk::try_from(vec![0xff; length]).unwrap();
		let put =
			|index, length| Models::put_program_chunk(signed(BOB), model, index, chunk(length));
		assert_noop!(put(0, CHUNK), Error::<Test>::NoUpload);
		assert_noop!(Models::finish_program(signed(BOB), model), Error::<Test>::NoUpload);
		assert_ok!(Models::begin_program(signed(BOB), model, CHUNK as u32 + 10));
		for (index, length) in [(0, CHUNK - 1), (0, 0), (1, 9), (1, 11), (2, 0), (2, 1)] {
			assert_noop!(put(index, length), Error::<Test>::BadChunk);
		}
		assert_noop!(put(u32::MAX, 10), Error::<Test>::BadChunk);
		assert_ok!(put(1, 10));
		assert_noop!(put(1, 10), Error::<Test>::ChunkThere);
		assert_noop!(Models::finish_program(signed(BOB), model), Error::<Test>::ProgramIncomplete);
		assert_ok!(put(0, CHUNK));
		assert_noop!(Models::finish_program(signed(BOB), model), Error::<Test>::ProgramMalformed);
		assert_noop!(Models::finish_program(signed(ALICE), model), Error::<Test>::NoUpload);
	});
}

#[test]
fn unfinished_uploads_are_removed_in_their_order() {
	build().build_and_execute(|| {
		let idle = |weight| Models::on_idle(System::block_number(), weight);
		let (first, package) = model(1);
		let second = register(ALICE, declared(2, Hash::repeat_byte(2), 1_000_000));
		store(ALICE, first, &package);
		System::set_block_number(5);
		upload(BOB, second, &package);
		System::set_block_number(6);
		assert_ok!(Models::begin_program(signed(ALICE), second, 10));
		let deposit = program_held(&BOB);

		System::set_block_number(5 + u64::from(UPLOAD_BLOCKS));
		idle(Weight::MAX);
		assert_eq!(program_held(&BOB), deposit);
		next_block();
		assert_noop!(Models::finish_program(signed(BOB), second), Error::<Test>::UploadExpired);
		let chunk = Chunk::try_from(vec![1; 10]).unwrap();
		assert_noop!(
			Models::put_program_chunk(signed(BOB), second, 0, chunk),
			Error::<Test>::UploadExpired
		);
		// A full block leaves it to the next.
		assert_eq!(idle(Weight::zero()), Weight::zero());
		assert_eq!(program_held(&BOB), deposit);
		idle(Weight::MAX);
		System::assert_last_event(
			Event::ProgramAborted { model: second, who: BOB, deposit }.into(),
		);
		assert_eq!(program_held(&BOB), 0);
		assert!(Uploads::<Test>::contains_key(second, ALICE));
		next_block();
		idle(Weight::MAX);
		assert!(!Uploads::<Test>::contains_key(second, ALICE));
		assert_eq!(StoredPrograms::<Test>::iter_keys().count(), 1);
	});
}

mod packages {
	use super::*;

	fn changed(change: impl FnOnce(&mut Package)) -> Vec<u8> {
		let mut package = dense(4, 3, 2);
		change(&mut package);
		encoded(&package)
	}

	#[test]
	fn that_are_another_program_are_refused() {
		refused(&encoded(&dense(4, 3, 2)), Error::WrongProgramRoot);
	}

	#[test]
	fn that_are_no_encoding_are_refused() {
		let good = encoded(&dense(4, 3, 2));
		refused(&[good.as_slice(), &[0]].concat(), Error::ProgramMalformed);
		refused(&good[..good.len() - 1], Error::ProgramMalformed);
		refused(&[0xff; 100], Error::ProgramMalformed);
	}

	/// Many small things take far more memory than their encoding.
	#[test]
	fn that_decode_to_too_much_memory_are_refused() {
		let node = Node { op: Op::Select, operands: vec![] };
		let bytes = changed(|package| package.program.nodes = vec![node; 500_000]);
		assert!(bytes.len() < MAX_STORED_BYTES as usize);
		assert_eq!(examine(&bytes), Err(countersign_primitives::program::PackageError::TooMany));
		let node = Node { op: Op::Select, operands: vec![] };
		let bytes = changed(|package| package.program.nodes = vec![node; 5_000]);
		refused(&bytes, Error::ProgramTooManyTensors);
	}

	#[test]
	fn of_an_unknown_version_are_refused() {
		for version in [0, 2, u16::MAX] {
			refused(
				&changed(|package| package.program.version = version),
				Error::UnknownCanonicalVersion,
			);
		}
	}

	#[test]
	fn with_cyclic_or_dangling_references_are_refused() {
		// Itself, a later one, and none at all.
		for operand in [6, 7, 8, u16::MAX] {
			refused(
				&changed(|package| package.program.nodes[1].operands = vec![operand]),
				Error::ProgramDangling,
			);
		}
		refused(&changed(|package| package.program.outputs = vec![9]), Error::ProgramDangling);
	}

	#[test]
	fn with_wrong_types_or_shapes_are_refused() {
		refused(
			&changed(|package| package.program.inputs[0].ty = Canonical::I64),
			Error::ProgramMisfit,
		);
		refused(
			&changed(|package| package.program.inputs[0].shape = vec![1, 5]),
			Error::ProgramMisfit,
		);
		refused(
			&changed(|package| package.program.nodes[1].operands = vec![5, 5]),
			Error::ProgramMisfit,
		);
		refused(
			&changed(|package| package.program.inputs[0].shape = vec![1 << 16, 1 << 16]),
			Error::ProgramTensorTooLarge,
		);
		refused(
			&changed(|package| package.program.inputs[0].shape = vec![1 << 13, 1 << 10]),
			Error::ProgramTensorTooLarge,
		);
		refused(&changed(|package| package.program.outputs = vec![]), Error::ProgramTooManyTensors);
	}

	#[test]
	fn with_other_constants_are_refused() {
		refused(&changed(|package| drop(package.constants.pop())), Error::BadConstant);
		refused(&changed(|package| package.constants.push(vec![])), Error::BadConstant);
		refused(&changed(|package| package.constants[2].truncate(20)), Error::BadConstant);
		refused(&changed(|package| package.constants[2][3] ^= 1), Error::BadConstant);
		refused(
			&changed(|package| package.program.constants[1].meta.ty = Canonical::I32),
			Error::ProgramMisfit,
		);
	}

	#[test]
	fn that_cost_more_than_declared_are_refused() {
		build().build_and_execute(|| {
			let package = encoded(&dense(4, 3, 2));
			let summary = examine(&package).unwrap();
			let model = register(ALICE, declared(1, summary.root, summary.weighted_macs - 1));
			upload(BOB, model, &package);
			assert_noop!(
				Models::finish_program(signed(BOB), model),
				Error::<Test>::CostBelowProgram
			);
		});
	}

	#[test]
	fn with_ports_that_are_not_declared_are_refused() {
		for change in [
			|manifest: &mut Manifest| manifest.inputs[0].ty = TensorType::I32,
			|manifest: &mut Manifest| {
				manifest.outputs[0].shape =
					vec![Dimension::Fixed(1), Dimension::Fixed(3)].try_into().unwrap()
			},
			// Under this policy a result carries an index.
			|manifest: &mut Manifest| {
				manifest.outputs[0].ty = TensorType::I64;
				manifest.policies = vec![PrecisionPolicy::Top1 { margin: -8 }].try_into().unwrap();
			},
		] {
			build().build_and_execute(|| {
				let package = encoded(&dense(4, 3, 2));
				let summary = examine(&package).unwrap();
				let mut manifest = declared(1, summary.root, summary.weighted_macs);
				change(&mut manifest);
				let model = register(ALICE, manifest);
				upload(BOB, model, &package);
				assert_noop!(
					Models::finish_program(signed(BOB), model),
					Error::<Test>::ProgramPortsMismatch
				);
			});
		}
	}

	/// Under `Top1` the index is what a result carries, one for each row.
	#[test]
	fn with_exposed_indices_are_stored() {
		build().build_and_execute(|| {
			let package = encoded(&dense(4, 3, 2));
			let summary = examine(&package).unwrap();
			let mut manifest = declared(1, summary.root, summary.weighted_macs);
			manifest.outputs =
				vec![port("class", TensorType::I64, &[Dimension::Fixed(1)])].try_into().unwrap();
			manifest.policies = vec![PrecisionPolicy::Top1 { margin: -8 }].try_into().unwrap();
			let model = register(ALICE, manifest);
			store(BOB, model, &package);
		});
	}
}
