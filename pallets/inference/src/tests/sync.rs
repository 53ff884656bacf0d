//! Models that run inside a transaction.

use crate::{
	mock::*,
	settlement::split,
	sync::{EventOutput, MAX_EVENT_OUTPUT_BYTES},
	Call, Error, Event, Pallet, Receipts,
};
use codec::Encode;
use countersign_primitives::{
	commitment::tensors_commitment,
	model::{ModelId, ModelStatus, PrecisionPolicy},
	program::{DryRunError, PackageError, SYNCHRONOUS_BUDGET},
	request::{EvidenceSet, Finality, Outcome, OutcomeCommitment, TrapCode},
	tensor::{Dimension, Port, Tensor, TensorError},
	traits::{Programs, StoredProgram},
	Balance, Hash,
};
use countersign_programs::{
	examine,
	examples::{dense, encoded, input_floats, input_index, lookup, repeated},
};
use frame_support::{
	assert_noop, assert_ok, dispatch::GetDispatchInfo, storage_alias, weights::Weight,
	Blake2_128Concat,
};
use sp_runtime::{DispatchError, TokenError};

#[storage_alias]
type PackageTable = StorageMap<Mock, Blake2_128Concat, ModelId, Vec<u8>>;

/// Packages by model.
pub struct Stored;

fn package_of(root: &Hash) -> Option<Vec<u8>> {
	PackageTable::iter_values().find(|package| examine(package).unwrap().root == *root)
}

impl Programs for Stored {
	fn stored(model: &ModelId) -> Option<StoredProgram> {
		let summary = examine(&PackageTable::get(model)?).unwrap();
		let policies = vec![PrecisionPolicy::Exact; summary.outputs.len()];
		let ports = vec![ModelTable::get(model)?.port];
		Some(StoredProgram { summary, policies, inputs: ports.clone(), outputs: ports, package: 0 })
	}
	fn read(stored: &StoredProgram, into: &mut [u8]) -> bool {
		package_of(&stored.summary.root).is_some_and(|package| {
			into.len() == package.len() && {
				into.copy_from_slice(&package);
				true
			}
		})
	}
	fn read_chunks(root: &Hash, put: &mut dyn FnMut(&[u8]) -> bool) -> bool {
		package_of(root).is_some_and(|package| package.chunks(100).all(put))
	}
	fn look_up_weight() -> Weight {
		Weight::from_parts(1_000, 1_000)
	}
	fn package_weight(length: u32) -> Weight {
		Weight::from_parts(u64::from(length), 0)
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn make_program(owner: &countersign_primitives::AccountId, package: &[u8]) -> ModelId {
		let model = Hash::from_slice(owner.as_ref());
		store(model, package);
		model
	}
}

/// Stores it for a model that takes and gives what it does; it takes and gives the same shape.
fn store(model: ModelId, package: &[u8]) {
	let summary = examine(package).unwrap();
	let shape = summary.inputs[0].shape.iter().map(|dim| Dimension::Fixed(*dim));
	let port = Port {
		name: b"x".to_vec().try_into().unwrap(),
		ty: summary.inputs[0].ty,
		shape: shape.collect::<Vec<_>>().try_into().unwrap(),
	};
	ModelTable::insert(model, MockModel { port, ..default_model() });
	PackageTable::insert(model, package);
}

pub(super) fn dense_model() -> ModelId {
	let model = Hash::repeat_byte(0xd1);
	store(model, &encoded(&dense(8, 16, 8)));
	model
}

pub(super) fn input() -> Vec<Tensor> {
	vec![input_floats(&[1, 8], |i| i as f32 - 4.0)]
}

pub(super) fn infer(
	model: ModelId,
	input: &[Tensor],
	max_fee: Balance,
) -> Result<(), DispatchError> {
	let input = input.encode().try_into().unwrap();
	Inference::infer_sync(RuntimeOrigin::signed(alice()), model, input, max_fee)
}

/// What the program gives natively.
fn answer_of(package: &[u8], input: &[Tensor]) -> Vec<Tensor> {
	let mut prepared = countersign_programs::Prepared::from_package(package).unwrap();
	countersign_programs::run(&mut prepared, &[], input).unwrap()
}

#[test]
fn infer_sync_answers_pays_and_leaves_a_receipt() {
	ExtBuilder::default().build_and_execute(|| {
		let model = dense_model();
		let package = PackageTable::get(model).unwrap();
		let summary = examine(&package).unwrap();
		let issued = issuance();
		let cost = rules().cost_fee(summary.weighted_macs);
		let parts = split(cost + PRICE, cost, PRICE);
		let fee = parts.treasury + parts.burned + PRICE;
		assert_eq!(Inference::sync_fee(&model), Some(fee));

		assert_ok!(infer(model, &input(), fee));
		let outputs = answer_of(&package, &input());
		let outcome = OutcomeCommitment::of_output(&outputs);
		let block = System::block_number();
		let receipts = Receipts::<Test>::get(block);
		assert_eq!(receipts.len(), 1);
		let receipt = &receipts[0];
		assert_event(Event::Computed {
			request: receipt.request,
			who: alice(),
			model,
			input: tensors_commitment(&input()),
			outcome: outcome.clone(),
			output: Some(EventOutput::try_from(outputs.encode()).unwrap()),
			treasury_paid: parts.treasury,
			burned: parts.burned,
			contributors_paid: PRICE,
		});
		assert_eq!((receipt.requester.clone(), receipt.executor.clone()), (alice(), None));
		assert_eq!((receipt.input, &receipt.outcome), (tensors_commitment(&input()), &outcome));
		assert_eq!(receipt.finality, Finality::Final);
		assert_eq!(receipt.evidence, EvidenceSet { replayed: true, ..Default::default() });
		assert_eq!((receipt.paid, receipt.contributors), (fee, PRICE));

		// Nobody ran it for the caller, and nobody audits it: those parts are not charged.
		assert_eq!((free(&alice()), held(&alice())), (FUNDS - fee, 0));
		assert_eq!(free(&treasury()), EXISTENTIAL_DEPOSIT + parts.treasury);
		assert_eq!(free(&audit_pot()), EXISTENTIAL_DEPOSIT);
		assert_eq!(free(&pot()), EXISTENTIAL_DEPOSIT + PRICE);
		assert_eq!(Credited::get(model), PRICE);
		assert_eq!(issuance(), issued - parts.burned);

		// The same again is another run.
		assert_ok!(infer(model, &input(), fee));
		let receipts = Receipts::<Test>::get(block);
		assert_ne!(receipts[0].request, receipts[1].request);
		end_block();
		assert_eq!(Inference::receipts(block).len(), 2);
		assert!(Inference::receipts_root(block).is_some());
	});
}

#[test]
fn a_trap_is_an_answer() {
	ExtBuilder::default().build_and_execute(|| {
		let model = Hash::repeat_byte(0xd2);
		// Its output is no index, which nobody sees: it traps first.
		store(model, &encoded(&lookup(4)));
		let fee = Inference::sync_fee(&model).unwrap();
		let run = Pallet::<Test>::run_sync(&alice(), &model, &[input_index(4)], fee).unwrap();
		assert_eq!(run.outcome, Outcome::Trap { code: TrapCode::Operator, operator: 0 });
		assert_eq!((run.outputs.len(), run.paid), (0, fee));
		assert_eq!(free(&alice()), FUNDS - fee);
		let receipts = Receipts::<Test>::get(System::block_number());
		assert_eq!(
			(receipts[0].request, receipts[0].outcome.clone()),
			(run.request, OutcomeCommitment::Trap { code: TrapCode::Operator, operator: 0 })
		);
		// And an output that the manifest does not declare never comes out.
		let run = Pallet::<Test>::run_sync(&alice(), &model, &[input_index(3)], fee).unwrap();
		assert_eq!(run.outcome, Outcome::Trap { code: TrapCode::BadOutput, operator: u32::MAX });
	});
}

#[test]
fn long_outputs_are_not_in_the_event() {
	ExtBuilder::default().build_and_execute(|| {
		let model = Hash::repeat_byte(0xd3);
		let count = MAX_EVENT_OUTPUT_BYTES / 4;
		let package = encoded(&repeated(countersign_canonical::op::Unary::Relu, count, 1));
		store(model, &package);
		let input = vec![input_floats(&[1, count], |i| i as f32)];
		assert_ok!(infer(model, &input, FUNDS));
		let events = events();
		let output = events.iter().find_map(|event| match event {
			Event::Computed { output, .. } => Some(output.clone()),
			_ => None,
		});
		assert_eq!(output, Some(None));
		// A dry run on the same state gives it.
		let dry = Inference::dry_run_model(&model, &input.encode()).unwrap();
		assert_eq!(dry.output, Ok(answer_of(&package, &input).encode()));
	});
}

#[test]
fn infer_sync_refuses_and_changes_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		let model = dense_model();
		let fee = Inference::sync_fee(&model).unwrap();
		let good = input();
		assert_noop!(infer(Hash::zero(), &good, fee), Error::<Test>::UnknownModel);
		assert_noop!(infer(crate::mock::model(), &good, fee), Error::<Test>::NoStoredProgram);
		assert_noop!(infer(model, &good, fee - 1), Error::<Test>::FeeAboveMaximum);
		assert_noop!(infer(model, &[], fee), Error::<Test>::InputMismatch);
		let wide = [input_floats(&[1, 9], |_| 0.0)];
		assert_noop!(infer(model, &wide, fee), Error::<Test>::InputMismatch);
		let mut short = good.clone();
		short[0].data.pop();
		assert_noop!(infer(model, &short, fee), Error::<Test>::InputMalformed);
		// Tensors of a contract were not decoded.
		assert_noop!(
			Pallet::<Test>::run_sync(&alice(), &model, &short, fee),
			Error::<Test>::InputMalformed
		);
		assert_noop!(
			Inference::infer_sync(
				RuntimeOrigin::signed(alice()),
				model,
				vec![1].try_into().unwrap(),
				fee
			),
			Error::<Test>::InputMalformed
		);
		assert_noop!(
			Pallet::<Test>::run_sync(&account(77), &model, &good, fee),
			TokenError::FundsUnavailable
		);
		assert_noop!(
			Inference::infer_sync(
				RuntimeOrigin::none(),
				model,
				good.encode().try_into().unwrap(),
				fee
			),
			DispatchError::BadOrigin
		);
		ModelTable::mutate(model, |model| model.as_mut().unwrap().status = ModelStatus::Retired);
		assert_noop!(infer(model, &good, fee), Error::<Test>::ModelRetired);
		assert_eq!(Inference::sync_fee(&model), None);
	});
}

/// Weight is known before anything runs, and bounds what runs.
#[test]
fn what_weighs_too_much_is_refused_before_it_runs() {
	ExtBuilder::default().build_and_execute(|| {
		let weight_of = |package: &[u8]| {
			let model = Hash::repeat_byte(0xd4);
			store(model, package);
			(model, Inference::sync_weight(&model))
		};
		let op = countersign_canonical::op::Unary::Exp;
		let (model, small) = weight_of(&encoded(&repeated(op, 100, 10)));
		let small = small.unwrap();
		let input = vec![input_floats(&[1, 100], |i| i as f32)];
		let info = Call::<Test>::infer_sync {
			model,
			input: input.encode().try_into().unwrap(),
			max_fee: FUNDS,
		}
		.get_dispatch_info();
		assert!(info.call_weight.all_gte(small));
		assert_ok!(infer(model, &input, FUNDS));

		let (_, more) = weight_of(&encoded(&repeated(op, 100, 100)));
		assert!(more.unwrap().ref_time() > small.ref_time());
		assert!(more.unwrap().ref_time() <= SYNCHRONOUS_BUDGET);
		let (model, heavy) = weight_of(&encoded(&repeated(op, 100_000, 200)));
		assert_eq!((heavy, Inference::sync_fee(&model)), (None, None));
		let input = vec![input_floats(&[1, 100_000], |_| 0.0)];
		assert_noop!(
			Pallet::<Test>::run_sync(&alice(), &model, &input, FUNDS),
			Error::<Test>::AboveSynchronousBudget
		);
		assert_eq!(Inference::dry_run_model(&model, &[]), Err(DryRunError::TooCostly));
		let info = Call::<Test>::infer_sync { model, input: Default::default(), max_fee: FUNDS }
			.get_dispatch_info();
		assert!(info.call_weight.ref_time() < SYNCHRONOUS_BUDGET / 100);
	});
}

#[test]
fn dry_run_takes_any_package_and_refuses_what_is_none() {
	ExtBuilder::default().build_and_execute(|| {
		let package = encoded(&dense(8, 16, 8));
		let bytes = input().encode();
		let run = Inference::dry_run(&package, &bytes).unwrap();
		let outputs = answer_of(&package, &input());
		assert_eq!(run.output, Ok(outputs.encode()));
		assert_eq!(run.outcome, OutcomeCommitment::of_output(&outputs));
		assert_eq!(run.summary.root, examine(&package).unwrap().root);

		let refused =
			|package: &[u8], input: &[u8]| Inference::dry_run(package, input).unwrap_err();
		assert_eq!(refused(&[], &bytes), DryRunError::Package(PackageError::Malformed));
		assert!(matches!(refused(&package[1..], &bytes), DryRunError::Package(_)));
		let mut other = package.clone();
		*other.last_mut().unwrap() ^= 1;
		assert_eq!(refused(&other, &bytes), DryRunError::Package(PackageError::Constant));
		assert_eq!(refused(&package, &bytes[1..]), DryRunError::Input(TensorError::Malformed));
		// An input that it does not take is a trap, as in a result.
		let wide = vec![input_floats(&[1, 9], |_| 0.0)].encode();
		let run = Inference::dry_run(&package, &wide).unwrap();
		assert_eq!(run.output.unwrap_err().code, TrapCode::BadInput);
		assert_eq!(
			Inference::dry_run_model(&crate::mock::model(), &bytes),
			Err(DryRunError::NoProgram)
		);
		let op = countersign_canonical::op::Unary::Exp;
		let heavy = encoded(&repeated(op, 1_000_000, 100));
		assert_eq!(refused(&heavy, &bytes), DryRunError::TooCostly);
		// Six things of 16 MiB that are alive together.
		let whole = |operand: u16| {
			(countersign_canonical::Op::Unary(countersign_canonical::op::Unary::Neg), vec![operand])
		};
		let mut nodes: Vec<_> = (0..5).map(|_| whole(0)).collect();
		for step in 1..6u16 {
			let add = countersign_canonical::op::Binary::Add;
			let first = if step == 1 { 0 } else { step + 4 };
			nodes.push((countersign_canonical::Op::Binary(add), vec![first, step]));
		}
		let large = countersign_programs::examples::meta(
			countersign_canonical::TensorType::F32,
			&[1 << 22],
		);
		let wide = countersign_programs::examples::package(vec![large], vec![], nodes, vec![10]);
		assert_eq!(refused(&encoded(&wide), &bytes), DryRunError::Package(PackageError::Memory));
	});
}

/// No room for another receipt: nothing runs, and nobody pays.
#[test]
fn a_full_block_refuses() {
	ExtBuilder::default().build_and_execute(|| {
		let model = dense_model();
		assert_ok!(infer(model, &input(), FUNDS));
		let now = System::block_number();
		let mut receipts = Receipts::<Test>::get(now);
		while receipts.try_push(receipts[0].clone()).is_ok() {}
		Receipts::<Test>::insert(now, receipts);
		assert_noop!(infer(model, &input(), FUNDS), Error::<Test>::TooManyReceipts);
	});
}
