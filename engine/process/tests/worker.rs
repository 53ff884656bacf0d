//! The whole way with the real parts: an assignment on a chain in memory, magika fetched from other
//! nodes, the engine process, and a statement that verifies.

#[path = "../../tests/common/mod.rs"]
mod chain;
mod common;

use chain::{manifest, port, Submission, World};
use codec::Encode;
use common::*;
use countersign_engine::{
	supervisor::{EngineConfig, EngineHandle},
	worker::{Engines, WorkerConfig},
};
use countersign_primitives::{
	commitment::tensors_commitment,
	model::{Manifest, ModelId, PrecisionPolicy, ProgramRef},
	request::{Outcome, OutcomeCommitment, Statement, TrapCode},
	tensor::{decode_tensors, TensorType},
};
use std::{slice::from_ref, sync::Arc, time::Duration};

fn magika() -> (Manifest, Vec<u8>) {
	let artefact = std::fs::read(asset("magika/model.onnx")).expect("readable");
	let mut manifest = manifest(&artefact);
	manifest.inputs = vec![port("bytes", TensorType::I32, &[1, 2048])].try_into().expect("short");
	manifest.outputs =
		vec![port("target_label", TensorType::F32, &[1, 214])].try_into().expect("short");
	(manifest, artefact)
}

fn world(config: EngineConfig) -> (Arc<World>, ModelId, EngineHandle) {
	let engine = start(config);
	let world = World::new(Arc::new(engine.clone()));
	let (manifest, artefact) = magika();
	let model = world.add_model(manifest, &artefact);
	(world, model, engine)
}

fn label(submission: &Submission) -> (Statement, String) {
	match submission {
		Submission::Result { statement, outcome: Outcome::Output(bytes), .. } => {
			let tensors = decode_tensors(bytes).expect("tensors");
			assert_eq!(statement.outcome, OutcomeCommitment::Output(tensors_commitment(&tensors)));
			(statement.clone(), magika_label(&tensors[0]))
		}
		other => panic!("{other:?}"),
	}
}

#[tokio::test]
async fn magika_answers_a_request() {
	let (world, model, _engine) = world(config());
	let node = world.start(WorkerConfig::default());
	world.import(world.block(0, 0, &[]));
	let content = include_bytes!("worker.rs");
	let item = world.item(1, model, &[magika_input(content)]);
	world.import(world.block(11, 0, from_ref(&item)));
	let submitted = world.submitted(1).await;
	let (statement, found) = label(&submitted[0]);
	assert_eq!(found, "rust");
	assert_eq!(statement.input, item.input_commitment);
	node.stop().await.expect("ends well");
	// The next node finds model, input and statement on its disk.
	world.offered.lock().clear();
	let node = world.start(WorkerConfig::default());
	let page = b"{\"one\": 1, \"two\": [2, 3], \"three\": {\"four\": null}}\n".repeat(20);
	let input = vec![magika_input(&page)];
	let second = world.item(2, model, &input);
	world.store().put_tensors(&input.encode()).expect("fits");
	world.offered.lock().clear();
	world.import(world.block(12, 0, &[second]));
	let submitted = world.submitted(2).await;
	assert_eq!(label(&submitted[1]).1, "jsonl");
	node.stop().await.expect("ends well");
	world.assert_never_two_answers();
}

#[tokio::test]
async fn an_engine_that_stands_still_costs_a_block_and_no_more() {
	let (world, model, engine) =
		world(EngineConfig { load_timeout: Duration::from_millis(200), ..config() });
	let node = world.start(WorkerConfig::default());
	world.import(world.block(0, 0, &[]));
	signal(pid(&engine).await, "STOP");
	let item = world.item(1, model, &[magika_input(include_bytes!("worker.rs"))]);
	world.import(world.block(11, 0, from_ref(&item)));
	world.until(|world| world.metrics.snapshot().run_failures == 1).await;
	world.until(|world| world.metrics.snapshot().assignments_working == 0).await;
	assert!(world.signed.lock().is_empty(), "a killed engine is no answer");
	world.import(world.block(12, 0, &[item]));
	let submitted = world.submitted(1).await;
	assert_eq!(label(&submitted[0]).1, "rust");
	node.stop().await.expect("ends well");
	world.assert_never_two_answers();
}

#[tokio::test]
async fn without_the_library_nothing_is_signed_and_the_worker_goes_on() {
	let (world, model, engine) = world(EngineConfig { onnxruntime: "/none".into(), ..config() });
	let node = world.start(WorkerConfig::default());
	world.import(world.block(0, 0, &[]));
	let item = world.item(1, model, &[magika_input(b"some text")]);
	for number in 11..14 {
		world.import(world.block(number, 0, from_ref(&item)));
		let failures = u64::from(number - 10);
		world.until(|world| world.metrics.snapshot().run_failures >= failures).await;
		world.until(|world| world.metrics.snapshot().assignments_working == 0).await;
	}
	assert!(world.signed.lock().is_empty());
	assert!(world.submissions.borrow().is_empty());
	let state = format!("{:?}", engine.state());
	assert!(state.contains("/none cannot be read"), "{state}");
	node.stop().await.expect("ends well");
}

/// Magika with the program that its file gives.
fn magika_with_program(policy: PrecisionPolicy) -> (Manifest, Vec<u8>) {
	let (mut manifest, artefact) = magika();
	let imported = countersign_onnx::import(&artefact, &Default::default()).expect("importable");
	manifest.program = Some(ProgramRef {
		root: imported.package.program.root().into(),
		canonical_version: countersign_canonical::VERSION,
	});
	manifest.policies = vec![policy].try_into().expect("short");
	(manifest, artefact)
}

/// Both engine processes, and the choice between them.
fn engines(programs: &std::path::Path, check_percent: u8) -> (Arc<Engines>, EngineHandle) {
	let (native, canonical) = (start(config()), start(EngineConfig::canonical(BINARY, programs)));
	let engines = Engines::new(Arc::new(native.clone()), Arc::new(canonical), check_percent);
	(Arc::new(engines), native)
}

#[tokio::test]
async fn a_model_with_a_program_is_answered_by_what_its_policy_allows() {
	let tolerant = PrecisionPolicy::Within { absolute: -14, relative: -14 };
	for (policy, native_too) in [(PrecisionPolicy::Exact, false), (tolerant, true)] {
		let folder = tempfile::tempdir().expect("temporary folder");
		let (engines, native) = engines(folder.path(), 0);
		let world = World::new(engines.clone());
		let (manifest, artefact) = magika_with_program(policy);
		let model = world.add_model(manifest, &artefact);
		let node = world.start(WorkerConfig::default());
		world.import(world.block(0, 0, &[]));
		let content = include_bytes!("worker.rs");
		let input = magika_input(content);
		let items: Vec<_> = (1..=2).map(|at| world.item(at, model, from_ref(&input))).collect();
		world.import(world.block(11, 0, &items[..1]));
		let first = world.submitted(1).await;
		let (statement, found) = label(&first[0]);
		assert_eq!(found, "rust");
		// What this very program gives, computed here.
		let imported = countersign_onnx::import(&artefact, &Default::default()).expect("again");
		let here = countersign_canonical::Model::new(&imported.package)
			.expect("a program")
			.run(&countersign_engine::convert::to_canonical(vec![input.clone()]))
			.expect("no trap");
		let here = countersign_engine::convert::from_canonical(here);
		assert_eq!(statement.outcome, OutcomeCommitment::of_output(&here), "bit for bit");
		world.import(world.block(12, 0, &items[1..]));
		let second = world.submitted(2).await;
		assert_eq!(label(&second[1]).1, "rust");
		node.stop().await.expect("ends well");
		let counted: std::collections::HashMap<_, _> =
			engines.metrics().entries().into_iter().collect();
		assert_eq!(counted["self_check_breaches"], 0);
		assert_eq!(counted["self_check_corrections"], 0);
		let outputs = native.metrics().outputs.load(std::sync::atomic::Ordering::Relaxed);
		assert_eq!(outputs > 0, native_too);
		assert_eq!(counted["self_checks"], u64::from(native_too));
		world.assert_never_two_answers();
	}
}

/// ONNX Runtime dies on the first input, and refuses the second.
#[tokio::test]
async fn what_onnx_runtime_cannot_answer_is_answered_from_the_program() {
	let folder = tempfile::tempdir().expect("temporary folder");
	let (engines, native) = engines(folder.path(), 0);
	let world = World::new(engines.clone());
	let model = |artefact: Vec<u8>, inputs: Vec<_>, output| {
		let mut options = countersign_onnx::Options::default();
		for name in ["a", "b", "x"] {
			options.shapes.insert(name.into(), vec![1]);
		}
		let imported = countersign_onnx::import(&artefact, &options).expect("importable");
		let mut manifest = manifest(&artefact);
		manifest.program = Some(ProgramRef {
			root: imported.package.program.root().into(),
			canonical_version: countersign_canonical::VERSION,
		});
		manifest.inputs = inputs.try_into().expect("short");
		manifest.outputs = vec![output].try_into().expect("short");
		manifest.policies = vec![PrecisionPolicy::Within { absolute: -20, relative: -20 }]
			.try_into()
			.expect("short");
		world.add_model(manifest, &artefact)
	};
	let integers = |name| port(name, TensorType::I32, &[1]);
	let divide = model(onnx::divide(), vec![integers("a"), integers("b")], integers("y"));
	let gather = model(
		onnx::gather(),
		vec![port("x", TensorType::I64, &[1])],
		port("y", TensorType::F32, &[1]),
	);
	let node = world.start(WorkerConfig::default());
	world.import(world.block(0, 0, &[]));
	let fatal = world.item(1, divide, &[i32s(&[1], &[i32::MIN]), i32s(&[1], &[-1])]);
	let outside = world.item(2, gather, &[i64s(&[1], &[9])]);
	// Another shape than the manifest declares, as a committed input may have.
	let odd = world.item(3, gather, &[i64s(&[2], &[0, 1])]);
	let mut outcomes = Vec::new();
	for (number, item) in [fatal, outside, odd].into_iter().enumerate() {
		world.import(world.block(11 + number as u32, 0, &[item]));
		match world.submitted(number + 1).await.pop() {
			Some(Submission::Result { outcome, .. }) => outcomes.push(outcome),
			other => panic!("{other:?}"),
		}
	}
	let Outcome::Output(bytes) = &outcomes[0] else { panic!("{outcomes:?}") };
	assert_eq!(decode_tensors(bytes).expect("tensors"), [i32s(&[1], &[i32::MIN])], "it wraps");
	assert_eq!(outcomes[1], Outcome::Trap { code: TrapCode::Operator, operator: 0 });
	assert_eq!(outcomes[2], Outcome::Trap { code: TrapCode::BadInput, operator: u32::MAX });
	assert_eq!(native.metrics().crashes.load(std::sync::atomic::Ordering::Relaxed), 1);
	node.stop().await.expect("ends well");
	world.assert_never_two_answers();
}
