//! Small files made here, and what is said about them.

use super::*;
use countersign_onnx::proto::{
	dimension, DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto,
	TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};
use countersign_primitives::model::{Artefact, ProgramRef, RunCost};
use prost::Message;

fn value(name: &str, ty: i32, dims: &[i64]) -> ValueInfoProto {
	let dim = dims
		.iter()
		.map(|size| DimensionProto { value: Some(dimension::Value::Size(*size)) })
		.collect();
	let tensor = TensorTypeProto { elem_type: ty, shape: Some(TensorShapeProto { dim }) };
	ValueInfoProto { name: name.into(), r#type: Some(TypeProto { tensor_type: Some(tensor) }) }
}

/// A file of operators on four floats, each with one input, one after the other.
fn file(operators: &[&str]) -> Vec<u8> {
	let name = |at: usize| if at == operators.len() { "y".into() } else { format!("v{at}") };
	let node = operators
		.iter()
		.enumerate()
		.map(|(at, operator)| NodeProto {
			op_type: (*operator).into(),
			input: vec![name(at)],
			output: vec![name(at + 1)],
			..Default::default()
		})
		.collect();
	ModelProto {
		ir_version: 8,
		graph: Some(GraphProto {
			node,
			input: vec![value("v0", 1, &[1, 4])],
			output: vec![value("y", 1, &[1, 4])],
			..Default::default()
		}),
		opset_import: vec![OperatorSetIdProto { domain: String::new(), version: 17 }],
		..Default::default()
	}
	.encode_to_vec()
}

fn tensor(values: &[f32]) -> Tensor {
	Tensor {
		ty: TensorType::F32,
		shape: vec![1, values.len() as u32],
		data: values.iter().flat_map(|value| value.to_le_bytes()).collect(),
	}
}

fn softmax() -> Program {
	import_bytes(&file(&["Softmax"]), &Options::default()).unwrap()
}

fn manifest(program: &Program) -> Manifest {
	Manifest {
		name: b"m".to_vec().try_into().unwrap(),
		licence: b"MIT".to_vec().try_into().unwrap(),
		artefact: Artefact { sha256: [0; 32], length: 1 },
		program: Some(ProgramRef { root: program.root(), canonical_version: VERSION }),
		inputs: program.inputs().unwrap().try_into().unwrap(),
		outputs: program.outputs().unwrap().try_into().unwrap(),
		policies: vec![PrecisionPolicy::Exact].try_into().unwrap(),
		cost: RunCost { macs: program.weighted_macs(), time_ms: 1, memory_mib: 1 },
		contributors: Default::default(),
		parents: Default::default(),
	}
}

#[test]
fn a_program_is_what_its_package_says() {
	let program = softmax();
	let again = Program::decode(&program.encoding()).unwrap();
	assert_eq!(again.root(), program.root());
	let input = [tensor(&[1.0, 2.0, 3.0, 4.0])];
	assert_eq!(again.run(&input), program.run(&input));
	assert_eq!(crate::tensors::port_name(&program.inputs().unwrap()[0]), "v0");
	let mut longer = program.encoding();
	longer.push(0);
	for bytes in [&longer[..], &longer[..longer.len() / 2], b"", b"not a program"] {
		assert_eq!(Program::decode(bytes).unwrap_err().exit_code(), 2);
	}
}

#[test]
fn the_cost_is_that_of_the_stored_program() {
	let program = softmax();
	let (alone, length) = (program.cost().weighted_macs(), program.encoding().len() as u64);
	let counted = program.weighted_macs() - alone;
	assert!((length..length + 128).contains(&counted), "{counted} for {length} bytes");
}

#[test]
fn every_operator_that_cannot_be_expressed_is_named() {
	let bytes = file(&["Relu", "NoSuch", "Relu", "Neither"]);
	let problem = import_bytes(&bytes, &Options::default()).unwrap_err();
	assert_eq!(problem.exit_code(), 2);
	let text = problem.to_string();
	assert!(text.contains("NoSuch") && text.contains("Neither"), "{text}");
	assert!(import_bytes(b"nonsense", &Options::default()).is_err());
}

#[test]
fn a_manifest_has_to_be_its_program() {
	let program = softmax();
	let good = manifest(&program);
	program.check_manifest(&good).unwrap();
	for (change, expected) in [
		(
			&(|it: &mut Manifest| it.program.as_mut().unwrap().root.0[0] ^= 1)
				as &dyn Fn(&mut Manifest),
			"the root is",
		),
		(&|it| it.program = None, "names no program"),
		(&|it| it.program.as_mut().unwrap().canonical_version = 9, "version 9"),
		(&|it| it.inputs[0].name = b"x".to_vec().try_into().unwrap(), "the inputs are declared"),
		(&|it| it.outputs[0].ty = TensorType::I64, "the outputs are declared"),
		(&|it| it.cost.macs -= 1, "write macs ="),
		(
			&|it| it.policies[0] = PrecisionPolicy::Within { absolute: 300, relative: 0 },
			"does not fit its output",
		),
		(&|it| it.policies[0] = PrecisionPolicy::Top1 { margin: 1 }, "the outputs are declared"),
	] {
		let mut changed = good.clone();
		change(&mut changed);
		let problem = program.check_manifest(&changed).unwrap_err();
		assert!(problem.to_string().contains(expected), "{problem}");
		assert_eq!(problem.exit_code(), 2);
	}
	let mut top = good;
	top.policies[0] = PrecisionPolicy::Top1 { margin: 1 };
	top.outputs[0].ty = TensorType::I64;
	top.outputs[0].shape = vec![Dimension::Fixed(1)].try_into().unwrap();
	program.check_manifest(&top).unwrap();
}

#[test]
fn small_programs_fit_everywhere() {
	let fits = softmax().fits();
	assert!(fits.replay.is_empty() && fits.synchronous.is_empty(), "{fits:?}");
	assert!(fits.memory > fits.bytes && fits.seconds < 0.01);
}

#[test]
fn tolerances_leave_eight_times_the_drift() {
	let mut none = Drift::default();
	none.add(&tensor(&[1.0, 2.0]), &tensor(&[1.0, 2.0]));
	assert_eq!(none.policy(), PrecisionPolicy::Exact);

	let mut drift = Drift::default();
	// A large difference in a small element does not blow up the relative part.
	drift.add(&tensor(&[100.0, 0.001]), &tensor(&[100.001, 0.002]));
	let PrecisionPolicy::Within { absolute, relative } = drift.policy() else { panic!() };
	let (found, wanted) = (f64::powi(2.0, absolute.into()), drift.absolute * DRIFT_MARGIN);
	assert!(found >= wanted && found < 2.0 * wanted, "{found} {wanted}");
	let (found, wanted) = (f64::powi(2.0, relative.into()), drift.relative * DRIFT_MARGIN);
	assert!(found >= wanted && found < 2.0 * wanted && wanted < 1e-3, "{found} {wanted}");

	let mut odd = Drift::default();
	odd.add(&tensor(&[f32::NAN, 1.0]), &tensor(&[f32::NAN, f32::INFINITY]));
	assert_eq!((odd.special, odd.absolute), (1, 0.0));
	let label = |value: i64| Tensor {
		ty: TensorType::I64,
		shape: vec![1],
		data: value.to_le_bytes().to_vec(),
	};
	let mut labels = Drift::default();
	labels.add(&label(3), &label(4));
	assert_eq!((labels.integers, labels.policy()), (1, PrecisionPolicy::Exact));
}

#[test]
fn a_replay_says_whether_an_answer_holds() {
	let program = softmax();
	let input = [tensor(&[1.0, 2.0, 3.0, 4.0])];
	let right = convert::from_canonical(program.run(&input).result.unwrap());
	let claim = |outputs: &[Tensor]| Outcome::Output(outputs.to_vec().encode().try_into().unwrap());
	let mut off = right.clone();
	off[0].data[12] ^= 1;
	let within = [PrecisionPolicy::Within { absolute: -16, relative: -16 }];
	for (policies, claimed, verdict) in [
		(&[PrecisionPolicy::Exact][..], claim(&right), Verdict::Accepted),
		(&[PrecisionPolicy::Exact], claim(&off), Verdict::Wrong),
		(&within, claim(&off), Verdict::Accepted),
		(&within, claim(&[tensor(&[0.25; 4])]), Verdict::Wrong),
		(&within, Outcome::Trap { code: TrapCode::Operator, operator: 0 }, Verdict::Wrong),
		(&within, Outcome::Trap { code: TrapCode::TimeLimit, operator: u32::MAX }, Verdict::Wrong),
	] {
		let found = replay(&program, policies, &input, &claimed).unwrap();
		assert_eq!(found.verdict, verdict, "{policies:?}");
		assert_eq!(found.computed, OutcomeCommitment::of_output(&right));
		assert_eq!(found.outputs, right);
	}
	// An input that the program does not take is a trap, and the answer that says so holds.
	let bad = Outcome::Trap { code: TrapCode::BadInput, operator: u32::MAX };
	let found = replay(&program, &within, &[tensor(&[1.0])], &bad).unwrap();
	assert_eq!((found.verdict, found.claimed.clone()), (Verdict::Accepted, found.computed));
}
