//! What the separate process costs: magika through the supervisor against a bare loop over ONNX
//! Runtime, in one run, turn about, so that both see the same machine.
//!
//! ```text
//! cargo test --release -p countersign-engine-process -p workspace-features --bench round_trip
//! ```

#[path = "../tests/common/mod.rs"]
mod common;

use common::*;
use countersign_engine::supervisor::RunOutcome;
use ort::{session::Session, value::Tensor};
use std::time::{Duration, Instant};

const WARM_UP: usize = 20;
const ROUNDS: usize = 300;

fn median(mut times: Vec<Duration>) -> Duration {
	times.sort();
	times[times.len() / 2]
}

fn main() {
	let runtime = tokio::runtime::Builder::new_multi_thread()
		.worker_threads(1)
		.enable_all()
		.build()
		.expect("a runtime");
	let engine = runtime.block_on(async { start(config()) });
	let job = magika_job(include_bytes!("round_trip.rs"));

	let environment = ort::init_from(library()).expect("loads").build().expect("builds");
	let mut session = Session::builder(&environment)
		.expect("a builder")
		.with_intra_threads(1)
		.expect("one thread")
		.commit_from_file(&job.path)
		.expect("a model");
	let (chunks, _) = job.inputs[0].tensor.data.as_chunks();
	let values: Vec<i32> = chunks.iter().map(|bytes| i32::from_le_bytes(*bytes)).collect();

	let (mut bare, mut supervised, mut inside) = (vec![], vec![], vec![]);
	for round in 0..WARM_UP + ROUNDS {
		let start = Instant::now();
		let input = Tensor::from_array(([1i64, 2048], values.clone())).expect("a tensor");
		let outputs = session.run(ort::inputs!["bytes" => input]).expect("runs");
		let (_, direct) = outputs["target_label"].try_extract_tensor::<f32>().expect("floats");
		let direct = direct.to_vec();
		let bare_time = start.elapsed();

		let start = Instant::now();
		let report = runtime.block_on(engine.run(job.clone())).expect("runs");
		let supervised_time = start.elapsed();
		let RunOutcome::Output(tensors) = report.outcome else { panic!("a trap") };
		assert_eq!(floats(&tensors[0]), direct, "the same library gives the same answer");
		if round >= WARM_UP {
			bare.push(bare_time);
			supervised.push(supervised_time);
			inside.push(report.time);
		}
	}
	let (bare, supervised, inside) = (median(bare), median(supervised), median(inside));
	let millis = |time: Duration| time.as_secs_f64() * 1e3;
	println!("magika, one thread, median of {ROUNDS}:");
	println!("  bare loop                 {:8.3} ms", millis(bare));
	println!("  through the supervisor    {:8.3} ms", millis(supervised));
	println!("  of which inside the run   {:8.3} ms", millis(inside));
	println!("  supervisor / bare         {:8.3}", millis(supervised) / millis(bare));
}
