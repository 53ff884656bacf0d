//! The engine process behind its supervisor: what it computes, what it refuses, and that nothing
//! it does hurts the node.

mod common;

use common::*;
use countersign_engine::{
	protocol::ErrorKind,
	supervisor::{EngineConfig, EngineError, EngineHandle, EngineState, RunJob, RunOutcome},
};
use countersign_primitives::{
	request::TrapCode,
	tensor::{Tensor, TensorType},
};
use std::time::{Duration, Instant};

async fn output(engine: &EngineHandle, job: RunJob) -> Vec<Tensor> {
	match engine.run(job).await.expect("done").outcome {
		RunOutcome::Output(tensors) => tensors,
		trap => panic!("{trap:?}"),
	}
}

async fn trap(engine: &EngineHandle, job: RunJob) -> TrapCode {
	match engine.run(job).await.expect("done").outcome {
		RunOutcome::Trap { code, operator, message } => {
			assert_eq!(operator, u32::MAX, "no program, no operator");
			assert!(!message.is_empty());
			code
		}
		output => panic!("{output:?}"),
	}
}

async fn refusal(engine: &EngineHandle, job: RunJob) -> (ErrorKind, String) {
	match engine.run(job).await {
		Err(EngineError::Refused { kind, message }) => (kind, message),
		other => panic!("{other:?}"),
	}
}

/// A job that any engine does.
fn easy(models: &Models) -> RunJob {
	let one = vec![("x", f32s(&[1, 2], &[1.0, -2.5]))];
	models.job(&onnx::add_one(), one, &[("y", TensorType::F32)])
}

async fn works(engine: &EngineHandle, models: &Models) {
	assert_eq!(output(engine, easy(models)).await, [f32s(&[1, 2], &[2.0, -1.5])]);
}

#[tokio::test]
async fn magika_names_contents() {
	let engine = start(config());
	let source = include_bytes!("engine.rs");
	let config = std::fs::read(asset("magika/config.min.json")).expect("readable");
	let page = "<!DOCTYPE html>\n<html><head><title>A page</title></head><body>\n\
		<p>Text in a paragraph.</p><ul><li>One</li><li>Two</li></ul></body></html>\n"
		.repeat(10);
	for (content, label) in
		[(&source[..], "rust"), (&config[..], "json"), (page.as_bytes(), "html")]
	{
		let first = output(&engine, magika_job(content)).await;
		assert_eq!(magika_label(&first[0]), label);
		assert!((floats(&first[0]).iter().sum::<f32>() - 1.0).abs() < 1e-4, "a distribution");
		// The same process gives the same bits again.
		assert_eq!(output(&engine, magika_job(content)).await, first);
	}
	match engine.state() {
		EngineState::Ready { description, .. } => {
			assert!(description.contains("ONNX Runtime 1."), "{description}")
		}
		other => panic!("{other:?}"),
	}
}

#[tokio::test]
async fn threads_and_new_processes_do_not_change_the_answer() {
	let content = include_bytes!("engine.rs");
	let one = output(&start(config()), magika_job(content)).await;
	assert_eq!(output(&start(config()), magika_job(content)).await, one, "another process");
	let two = output(&start(EngineConfig { threads: 2, ..config() }), magika_job(content)).await;
	assert_eq!(magika_label(&two[0]), magika_label(&one[0]));
	for (a, b) in floats(&one[0]).iter().zip(floats(&two[0])) {
		assert!((a - b).abs() < 1e-5, "{a} {b}");
	}
}

#[tokio::test]
async fn every_type_passes_unchanged() {
	use TensorType::*;
	let (engine, models) = (start(config()), Models::new());
	for ty in [F32, U8, I8, I16, U16, I32, U32, I64, U64, Bool] {
		let data: Vec<u8> = (0..ty.size() as u32 * 5)
			.map(|at| if ty == Bool { at as u8 % 2 } else { (at * 37 + 200) as u8 })
			.collect();
		let tensor = Tensor { ty, shape: vec![5], data };
		let job = models.job(&onnx::identity(ty), vec![("x", tensor.clone())], &[("y", ty)]);
		assert_eq!(output(&engine, job).await, [tensor], "{ty:?}");
		let empty = Tensor { ty, shape: vec![0], data: vec![] };
		let job = models.job(&onnx::identity(ty), vec![("x", empty.clone())], &[("y", ty)]);
		assert_eq!(output(&engine, job).await, [empty], "{ty:?}");
	}
	// Bits that arithmetic would lose: NaN with a payload, negative zero, subnormals.
	let bits = [0x7fc0_1234u32, 0x8000_0000, 1, 0x007f_ffff, 0xff80_0000];
	let floats = f32s(&[5], &bits.map(f32::from_bits));
	let job = models.job(&onnx::identity(F32), vec![("x", floats.clone())], &[("y", F32)]);
	assert_eq!(output(&engine, job).await, [floats]);
}

#[tokio::test]
async fn subnormals_survive_arithmetic() {
	let (engine, models) = (start(config()), Models::new());
	let model = onnx::model(&onnx::graph(
		&[onnx::node("Add", &["x", "x"], &["y"], &[])],
		&[onnx::value("x", TensorType::F32, &[0])],
		&[onnx::value("y", TensorType::F32, &[0])],
	));
	let smallest = f32::from_bits(1);
	let job = models.job(&model, vec![("x", f32s(&[1], &[smallest]))], &[("y", TensorType::F32)]);
	assert_eq!(output(&engine, job).await, [f32s(&[1], &[f32::from_bits(2)])]);
}

#[tokio::test]
async fn what_the_model_refuses_is_a_trap() {
	let (engine, models) = (start(config()), Models::new());
	let y = [("y", TensorType::F32)];
	for shape in [&[2u32, 1][..], &[1, 3], &[2], &[1, 2, 1], &[], &[1, 0]] {
		let values = vec![0.0; shape.iter().product::<u32>() as usize];
		let job = models.job(&onnx::add_one(), vec![("x", f32s(shape, &values))], &y);
		assert_eq!(trap(&engine, job).await, TrapCode::BadInput, "{shape:?}");
	}
	let index = |at| vec![("x", i64s(&[1], &[at]))];
	let job = models.job(&onnx::gather(), index(3), &y);
	assert_eq!(output(&engine, job).await, [f32s(&[1], &[40.0])]);
	for outside in [4, -5, i64::MAX, i64::MIN] {
		let job = models.job(&onnx::gather(), index(outside), &y);
		assert_eq!(trap(&engine, job).await, TrapCode::BadInput, "{outside}");
	}
	let job = models.job(&onnx::zeros(), index(-1), &y);
	assert!(matches!(trap(&engine, job).await, TrapCode::BadInput | TrapCode::Operator));
	works(&engine, &models).await;
}

#[tokio::test]
async fn a_signature_other_than_the_models_is_refused() {
	let (engine, models) = (start(config()), Models::new());
	let x = f32s(&[1, 2], &[0.0; 2]);
	let y = [("y", TensorType::F32)];
	for (inputs, outputs) in [
		(vec![("z", x.clone())], &y[..]),
		(vec![("x", x.clone()), ("z", x.clone())], &y),
		(vec![("x", i32s(&[1, 2], &[0; 2]))], &y),
		(vec![("x", x.clone())], &[("z", TensorType::F32)]),
		(vec![("x", x.clone())], &[("y", TensorType::I32)]),
	] {
		let job = models.job(&onnx::add_one(), inputs, outputs);
		assert_eq!(refusal(&engine, job).await.0, ErrorKind::Signature);
	}
	let two = vec![("a", i32s(&[1], &[1]))];
	let job = models.job(&onnx::divide(), two, &[("y", TensorType::I32)]);
	let (kind, message) = refusal(&engine, job).await;
	assert_eq!((kind, &message[..]), (ErrorKind::Signature, "input b is missing"));
	works(&engine, &models).await;
}

#[tokio::test]
async fn a_file_that_is_not_the_artefact_is_refused() {
	let (engine, models) = (start(config()), Models::new());
	let good = easy(&models);
	let (kind, message) = refusal(&engine, RunJob { artefact: [1; 32], ..good.clone() }).await;
	assert_eq!(kind, ErrorKind::Artefact);
	assert!(message.contains("expected 0101"), "{message}");
	let longer = RunJob { length: good.length + 1, ..good.clone() };
	assert_eq!(refusal(&engine, longer).await.0, ErrorKind::Artefact);
	let gone = RunJob { path: models.folder().join("gone"), ..good.clone() };
	assert_eq!(refusal(&engine, gone).await.0, ErrorKind::Artefact);
	let folder = RunJob { path: models.folder().into(), ..good.clone() };
	assert_eq!(refusal(&engine, folder).await.0, ErrorKind::Artefact);
	works(&engine, &models).await;
}

#[tokio::test]
async fn what_is_not_a_whole_onnx_model_is_refused() {
	let (engine, models) = (start(config()), Models::new());
	let x = || vec![("x", f32s(&[1, 2], &[0.0; 2]))];
	let y = [("y", TensorType::F32)];
	let whole = onnx::add_one();
	let unknown = onnx::model(&onnx::graph(
		&[onnx::node("NoSuchOperator", &["x"], &["y"], &[])],
		&[onnx::value("x", TensorType::F32, &[1, 2])],
		&[onnx::value("y", TensorType::F32, &[1, 2])],
	));
	for bytes in [b"not a model at all".to_vec(), whole[..whole.len() / 2].to_vec(), unknown] {
		let (kind, message) = refusal(&engine, models.job(&bytes, x(), &y)).await;
		assert_eq!(kind, ErrorKind::Model);
		assert!(!message.is_empty());
	}
	// The file is there, beside the model, and would be read.
	std::fs::write(models.folder().join("weights"), 1f32.to_le_bytes()).expect("writable");
	let secret = models.folder().join("weights");
	for location in ["weights", "../weights", secret.to_str().expect("UTF-8")] {
		let outside = onnx::model(&onnx::graph(
			&[
				onnx::node("Add", &["x", "one"], &["y"], &[]),
				onnx::external("one", TensorType::F32, &[1], location),
			],
			&[onnx::value("x", TensorType::F32, &[1, 2])],
			&[onnx::value("y", TensorType::F32, &[1, 2])],
		));
		let (kind, message) = refusal(&engine, models.job(&outside, x(), &y)).await;
		assert_eq!(kind, ErrorKind::Model);
		assert!(message.contains("other files"), "{message}");
	}
	works(&engine, &models).await;
}

#[tokio::test]
async fn a_run_ends_at_its_time_limit() {
	let (engine, models) = (start(config()), Models::new());
	let steps = |steps: i64| {
		let x = vec![("x", i64s(&[], &[steps]))];
		models.job(&onnx::count_up(), x, &[("y", TensorType::F32)])
	};
	assert_eq!(output(&engine, steps(5)).await, [f32s(&[], &[5.0])]);
	let before = pid(&engine).await;
	let mut endless = steps(i64::MAX);
	endless.limits.time_ms = 200;
	let start = Instant::now();
	assert_eq!(trap(&engine, endless).await, TrapCode::TimeLimit);
	assert!(start.elapsed() >= Duration::from_millis(200));
	works(&engine, &models).await;
	assert_eq!(pid(&engine).await, before, "ended, not killed");
}

#[tokio::test]
async fn an_operator_that_outlasts_everything_is_killed() {
	let grace = Duration::from_millis(100);
	let (engine, models) = (start(EngineConfig { grace, ..config() }), Models::new());
	let before = pid(&engine).await;
	let size = vec![("x", i64s(&[2], &[9000, 9000]))];
	let mut long = models.job(&onnx::square(), size, &[("y", TensorType::F32)]);
	// Long after the zeros are there, long before they are multiplied.
	long.limits.time_ms = 1500;
	long.limits.memory_mib = 2048;
	assert!(matches!(engine.run(long).await, Err(EngineError::Hung(_))));
	works(&engine, &models).await;
	assert_ne!(pid(&engine).await, before);
}

#[tokio::test]
async fn a_run_ends_at_its_memory_limit() {
	let (engine, models) = (start(config()), Models::new());
	let before = pid(&engine).await;
	let mib = |mib: i64| {
		let x = vec![("x", i64s(&[2], &[mib, 1 << 18]))];
		models.job(&onnx::sum_of_zeros(), x, &[("y", TensorType::F32)])
	};
	assert_eq!(output(&engine, mib(100)).await, [f32s(&[], &[0.0])]);
	for size in [600, 3000] {
		assert_eq!(trap(&engine, mib(size)).await, TrapCode::MemoryLimit, "{size}");
	}
	let mut small = mib(100);
	small.limits.memory_mib = 64;
	assert_eq!(trap(&engine, small).await, TrapCode::MemoryLimit);
	assert_eq!(output(&engine, mib(100)).await, [f32s(&[], &[0.0])]);
	// A limit that the process itself cannot offer says nothing about the model.
	let mut greedy = mib(100);
	greedy.limits.memory_mib = 1 << 20;
	assert_eq!(refusal(&engine, greedy).await.0, ErrorKind::Internal);
	assert_eq!(pid(&engine).await, before);
}

#[tokio::test]
async fn an_output_above_the_limit_is_a_trap() {
	let (engine, models) = (start(config()), Models::new());
	let length = |length: i64| {
		let x = vec![("x", i64s(&[1], &[length]))];
		models.job(&onnx::zeros(), x, &[("y", TensorType::F32)])
	};
	assert_eq!(output(&engine, length(16 * 1024)).await[0].data.len(), 64 * 1024);
	assert_eq!(trap(&engine, length(16 * 1024 + 1)).await, TrapCode::BadOutput);
	let mut tight = length(3);
	tight.limits.output_bytes = 8;
	assert_eq!(trap(&engine, tight).await, TrapCode::BadOutput);
}

#[tokio::test]
async fn an_input_that_kills_the_process_is_an_error_and_the_next_job_works() {
	let (engine, models) = (start(config()), Models::new());
	let divide = |a, b| {
		let inputs = vec![("a", i32s(&[1], &[a])), ("b", i32s(&[1], &[b]))];
		models.job(&onnx::divide(), inputs, &[("y", TensorType::I32)])
	};
	assert_eq!(output(&engine, divide(7, -2)).await, [i32s(&[1], &[-3])]);
	let before = pid(&engine).await;
	match engine.run(divide(i32::MIN, -1)).await {
		Err(EngineError::Crashed(why)) => assert!(why.contains("signal 8"), "{why}"),
		other => panic!("{other:?}"),
	}
	works(&engine, &models).await;
	assert_ne!(pid(&engine).await, before);
	assert_eq!(engine.metrics().crashes.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_process_killed_in_the_middle_of_a_run_is_replaced() {
	let (engine, models) = (start(config()), Models::new());
	let before = pid(&engine).await;
	let endless = vec![("x", i64s(&[], &[i64::MAX]))];
	let endless = models.job(&onnx::count_up(), endless, &[("y", TensorType::F32)]);
	let run = tokio::spawn({
		let engine = engine.clone();
		async move { engine.run(endless).await }
	});
	cpu_time_passes(before).await;
	signal(before, "KILL");
	match run.await.expect("no panic") {
		Err(EngineError::Crashed(why)) => assert!(why.contains("signal 9"), "{why}"),
		other => panic!("{other:?}"),
	}
	works(&engine, &models).await;
}

/// Waits until a process has worked for a while, which shows that its run is under way.
async fn cpu_time_passes(pid: u32) {
	let ticks = || -> u64 {
		let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
		let after_name = stat.rsplit(") ").next().expect("its format");
		after_name.split(' ').nth(11).expect("its format").parse().expect("a number")
	};
	let start = ticks();
	while ticks() < start + 20 {
		tokio::task::yield_now().await;
	}
}

#[tokio::test]
async fn a_process_that_dies_while_idle_is_replaced() {
	let (engine, models) = (start(config()), Models::new());
	signal(pid(&engine).await, "KILL");
	wait_for(&engine, |state| matches!(state, EngineState::Unavailable(_))).await;
	works(&engine, &models).await;
}

#[tokio::test]
async fn a_process_that_stands_still_is_killed() {
	let grace = Duration::from_millis(100);
	let load_timeout = Duration::from_millis(200);
	let config = EngineConfig { grace, load_timeout, ..config() };
	let (engine, models) = (start(config), Models::new());
	works(&engine, &models).await;
	signal(pid(&engine).await, "STOP");
	assert!(matches!(engine.run(easy(&models)).await, Err(EngineError::Hung(_))));
	works(&engine, &models).await;
}

#[tokio::test]
async fn a_model_that_kills_again_and_again_pauses_alone() {
	let backoff = Duration::from_secs(3);
	let (engine, models) = (start(EngineConfig { backoff, ..config() }), Models::new());
	let divide = |a, b| {
		let inputs = vec![("a", i32s(&[1], &[a])), ("b", i32s(&[1], &[b]))];
		models.job(&onnx::divide(), inputs, &[("y", TensorType::I32)])
	};
	let fatal = || divide(i32::MIN, -1);
	assert!(matches!(engine.run(fatal()).await, Err(EngineError::Crashed(_))));
	assert!(matches!(engine.run(fatal()).await, Err(EngineError::Crashed(_))), "at once");
	let start = Instant::now();
	for job in [fatal(), divide(6, 3)] {
		match engine.run(job).await {
			Err(EngineError::Unavailable(why)) => {
				assert!(why.contains("2 times in a row; next try in"), "{why}")
			}
			other => panic!("{other:?}"),
		}
		works(&engine, &models).await;
	}
	while matches!(engine.run(divide(6, 3)).await, Err(EngineError::Unavailable(_))) {
		assert!(start.elapsed() < Duration::from_secs(20), "never came back");
		tokio::time::sleep(Duration::from_millis(10)).await;
	}
	assert!(start.elapsed() > Duration::from_secs(2));
	// One success, and the count begins anew.
	assert!(matches!(engine.run(fatal()).await, Err(EngineError::Crashed(_))));
	assert_eq!(output(&engine, divide(6, 3)).await, [i32s(&[1], &[2])]);
}

#[tokio::test]
async fn jobs_that_wait_are_bounded() {
	let (engine, models) = (start(EngineConfig { queue: 2, ..config() }), Models::new());
	works(&engine, &models).await;
	let jobs = futures::future::join_all((0..8).map(|_| engine.run(easy(&models)))).await;
	let busy = jobs.iter().filter(|job| matches!(job, Err(EngineError::Busy))).count();
	assert_eq!(busy, 6);
	assert_eq!(jobs.iter().filter(|job| job.is_ok()).count(), 2);
}

#[tokio::test]
async fn more_models_than_may_be_kept_take_turns() {
	let (engine, models) = (start(EngineConfig { models: 1, ..config() }), Models::new());
	for _ in 0..3 {
		works(&engine, &models).await;
		let scores = output(&engine, magika_job(b"{\"a\": [1, 2, 3], \"b\": null}")).await;
		assert_eq!(scores[0].shape, [1, 214]);
	}
}

#[tokio::test]
async fn the_process_ends_with_its_handles() {
	let engine = start(config());
	let pid = pid(&engine).await;
	let mut watch = engine.watch();
	drop(engine);
	// The supervisor drops its end after it has reaped the process.
	while watch.changed().await.is_ok() {}
	assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
}
