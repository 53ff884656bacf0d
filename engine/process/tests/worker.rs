//! The whole way with the real parts: an assignment on a chain in memory, magika fetched from other
//! nodes, the engine process, and a statement that verifies.

#[path = "../../tests/common/mod.rs"]
mod chain;
mod common;

use chain::{manifest, port, Submission, World};
use codec::Encode;
use common::*;
use countersign_engine::{supervisor::EngineConfig, worker::WorkerConfig};
use countersign_primitives::{
	commitment::tensors_commitment,
	model::{Manifest, ModelId},
	request::{Outcome, OutcomeCommitment, Statement},
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

fn world(
	config: EngineConfig,
) -> (Arc<World>, ModelId, countersign_engine::supervisor::EngineHandle) {
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
	world.assert_never_two_statements();
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
	world.assert_never_two_statements();
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
