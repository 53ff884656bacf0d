//! The canonical engine behind its supervisor: what it computes, and what it refuses to run.

#[path = "../../tests/common/mod.rs"]
mod chain;
mod common;

use chain::{manifest, port};
use codec::Encode;
use common::*;
use countersign_canonical::{Model, VERSION};
use countersign_engine::{
	convert,
	protocol::{ErrorKind, Verdict},
	supervisor::{
		EngineConfig, EngineError, EngineHandle, EngineState, RunJob, RunOutcome, RunReport,
	},
};
use countersign_primitives::{
	model::{Manifest, PrecisionPolicy, ProgramRef},
	request::TrapCode,
	tensor::{Dimension, Tensor, TensorType},
};
use std::path::{Path, PathBuf};

fn start_canonical(folder: &Path) -> EngineHandle {
	start(EngineConfig::canonical(BINARY, folder))
}

/// A model with its file, and the manifest that names the program which the file gives.
struct Fixture {
	folder: tempfile::TempDir,
	artefact: PathBuf,
	manifest: Manifest,
	model: Model,
}

impl Fixture {
	fn new(
		artefact: &[u8],
		inputs: Vec<countersign_primitives::tensor::Port>,
		outputs: Vec<countersign_primitives::tensor::Port>,
		policy: PrecisionPolicy,
	) -> Self {
		let mut options = countersign_onnx::Options::default();
		for port in &inputs {
			let shape = port.shape.iter().map(Dimension::max).collect();
			options.shapes.insert(String::from_utf8_lossy(&port.name).into_owned(), shape);
		}
		let imported = countersign_onnx::import(artefact, &options).expect("importable");
		let mut manifest = manifest(artefact);
		manifest.program = Some(ProgramRef {
			root: imported.package.program.root().into(),
			canonical_version: VERSION,
		});
		manifest.policies = vec![policy; outputs.len()].try_into().expect("short");
		manifest.inputs = inputs.try_into().expect("short");
		manifest.outputs = outputs.try_into().expect("short");
		let folder = tempfile::tempdir().expect("temporary folder");
		let path = folder.path().join("model.onnx");
		std::fs::write(&path, artefact).expect("writable");
		let model = Model::new(&imported.package).expect("a program");
		Self { folder, artefact: path, manifest, model }
	}

	fn magika(policy: PrecisionPolicy) -> Self {
		Self::new(
			&std::fs::read(asset("magika/model.onnx")).expect("readable"),
			vec![port("bytes", TensorType::I32, &[1, 2048])],
			vec![port("target_label", TensorType::F32, &[1, 214])],
			policy,
		)
	}

	fn gather() -> Self {
		Self::new(
			&onnx::gather(),
			vec![port("x", TensorType::I64, &[2])],
			vec![port("y", TensorType::F32, &[2])],
			PrecisionPolicy::Exact,
		)
	}

	fn programs(&self) -> PathBuf {
		self.folder.path().join("programs")
	}

	fn job(&self, inputs: Vec<Tensor>) -> RunJob {
		RunJob::canonical(&self.manifest, self.artefact.clone(), inputs, None).expect("a job")
	}

	/// What the program gives in this process.
	fn here(&self, inputs: Vec<Tensor>) -> Vec<Tensor> {
		let outputs = self.model.run(&convert::to_canonical(inputs)).expect("no trap");
		convert::from_canonical(outputs)
	}
}

fn output(report: RunReport) -> Vec<Tensor> {
	match report.outcome {
		RunOutcome::Output(tensors) => tensors,
		trap => panic!("{trap:?}"),
	}
}

async fn refusal(engine: &EngineHandle, job: RunJob) -> String {
	match engine.run(job).await {
		Err(EngineError::Refused { kind: ErrorKind::Program, message }) => message,
		other => panic!("{other:?}"),
	}
}

#[tokio::test]
async fn magika_gives_the_same_bits_in_every_process() {
	let fixture = Fixture::magika(PrecisionPolicy::Exact);
	let input = vec![magika_input(include_bytes!("canonical.rs"))];
	let engine = start_canonical(&fixture.programs());
	let found = output(engine.run(fixture.job(input.clone())).await.expect("runs"));
	assert_eq!(found, fixture.here(input.clone()));
	assert_eq!(magika_label(&found[0]), "rust");
	// Another process finds the program on disk, also where the file is gone.
	std::fs::remove_file(&fixture.artefact).expect("there");
	let engine = start_canonical(&fixture.programs());
	assert_eq!(output(engine.run(fixture.job(input)).await.expect("runs")), found);
}

#[tokio::test]
async fn threads_change_no_bit() {
	let fixture = Fixture::magika(PrecisionPolicy::Exact);
	let input = vec![magika_input(include_bytes!("canonical.rs"))];
	for threads in [1, 2, 4, 16] {
		let config =
			EngineConfig { threads, ..EngineConfig::canonical(BINARY, fixture.programs()) };
		let engine = start(config);
		for _ in 0..3 {
			let found = output(engine.run(fixture.job(input.clone())).await.expect("runs"));
			assert_eq!(found, fixture.here(input.clone()), "{threads} threads");
		}
		let state = engine.state();
		let EngineState::Ready { description, .. } = &state else { panic!("{state:?}") };
		assert!(description.ends_with(&format!("{threads} thread(s)")), "{description}");
	}
}

#[tokio::test]
async fn onnx_runtime_is_judged_by_the_policy() {
	let input = vec![magika_input(include_bytes!("canonical.rs"))];
	let native = output(
		start(config()).run(magika_job(include_bytes!("canonical.rs"))).await.expect("runs"),
	);
	let mut far = floats(&native[0]);
	far[7] += 0.25;
	let mut near = floats(&native[0]);
	near[7] += 0.001;
	let shape = [1, 214];
	for (policy, claimed, verdict) in [
		(
			PrecisionPolicy::Within { absolute: -14, relative: -14 },
			native[0].clone(),
			Verdict::Accepted,
		),
		(
			PrecisionPolicy::Within { absolute: -14, relative: -14 },
			f32s(&shape, &near),
			Verdict::Corrected,
		),
		(
			PrecisionPolicy::Within { absolute: -14, relative: -14 },
			f32s(&shape, &far),
			Verdict::Wrong,
		),
		(PrecisionPolicy::Exact, f32s(&shape, &near), Verdict::Wrong),
	] {
		let fixture = Fixture::magika(policy);
		let engine = start_canonical(&fixture.programs());
		let job = RunJob::canonical(
			&fixture.manifest,
			fixture.artefact.clone(),
			input.clone(),
			Some(vec![claimed]),
		);
		let report = engine.run(job.expect("a job")).await.expect("runs");
		assert_eq!(report.verdict, Some(verdict));
		assert_eq!(output(report), fixture.here(input.clone()), "the canonical answer comes back");
	}
}

#[tokio::test]
async fn traps_name_their_operator() {
	let fixture = Fixture::gather();
	let engine = start_canonical(&fixture.programs());
	let trap = async |inputs| match engine.run(fixture.job(inputs)).await.expect("runs").outcome {
		RunOutcome::Trap { code, operator, .. } => (code, operator),
		output => panic!("{output:?}"),
	};
	assert_eq!(trap(vec![i64s(&[2], &[0, 4])]).await, (TrapCode::Operator, 0));
	for refused in [
		vec![],
		vec![i64s(&[1], &[0])],
		vec![i32s(&[2], &[0, 0])],
		vec![i64s(&[2], &[0, 0]), i64s(&[2], &[0, 0])],
	] {
		assert_eq!(trap(refused).await, (TrapCode::BadInput, u32::MAX));
	}
	let good = engine.run(fixture.job(vec![i64s(&[2], &[3, 0])])).await.expect("runs");
	assert_eq!(output(good), [f32s(&[2], &[40.0, 10.0])]);
}

#[tokio::test]
async fn a_manifest_that_is_not_the_program_is_not_served() {
	let fixture = Fixture::gather();
	let engine = start_canonical(&fixture.programs());
	let input = || vec![i64s(&[2], &[0, 1])];
	let changed = |change: &dyn Fn(&mut Manifest)| {
		let mut manifest = fixture.manifest.clone();
		change(&mut manifest);
		RunJob::canonical(&manifest, fixture.artefact.clone(), input(), None)
	};
	// Once before the program is on disk and ready, and once after.
	for _ in 0..2 {
		for (change, expected) in [
			(
				&(|it: &mut Manifest| it.program.as_mut().expect("some").root.0[0] ^= 1)
					as &dyn Fn(&mut Manifest),
				"do not serve this model",
			),
			(&|it| it.program.as_mut().expect("some").canonical_version += 1, "version"),
			(&|it| it.outputs[0] = port("z", TensorType::F32, &[2]), "its order counts"),
			(&|it| it.outputs[0] = port("y", TensorType::I32, &[2]), "declares the output y"),
			(&|it| it.outputs[0] = port("y", TensorType::F32, &[3]), "declares the output y"),
			(
				&|it| it.policies[0] = PrecisionPolicy::Within { absolute: 200, relative: 0 },
				"exponent",
			),
		] {
			let why = refusal(&engine, changed(change).expect("a job")).await;
			assert!(why.contains(expected), "{why}");
		}
		assert!(engine.run(fixture.job(input())).await.is_ok());
	}
	let open = changed(&|it| {
		let mut port = port("x", TensorType::I64, &[2]);
		port.shape[0] = Dimension::Range { min: 1, max: 2 };
		it.inputs[0] = port;
	});
	assert!(matches!(open, Err(EngineError::Refused { kind: ErrorKind::Program, .. })));
	let none = changed(&|it| it.program = None);
	assert!(matches!(none, Err(EngineError::Refused { kind: ErrorKind::Program, .. })));
}

#[tokio::test]
async fn what_cannot_be_expressed_is_named() {
	let mut fixture = Fixture::gather();
	// Counts up as often as the input says: no program has loops that depend on inputs.
	let artefact = onnx::count_up();
	std::fs::write(&fixture.artefact, &artefact).expect("writable");
	fixture.manifest.artefact = manifest(&artefact).artefact;
	fixture.manifest.inputs = vec![port("x", TensorType::I64, &[])].try_into().expect("short");
	let engine = start_canonical(&fixture.programs());
	let why = refusal(&engine, fixture.job(vec![i64s(&[], &[1])])).await;
	assert!(why.contains("Loop"), "{why}");
}

#[tokio::test]
async fn a_spoilt_program_is_imported_again() {
	let fixture = Fixture::gather();
	let input = || vec![i64s(&[2], &[2, 1])];
	let run = async || {
		let engine = start_canonical(&fixture.programs());
		output(engine.run(fixture.job(input())).await.expect("runs"))
	};
	let expected = run().await;
	let file = || {
		let mut files = std::fs::read_dir(fixture.programs()).expect("made");
		let only = files.next().expect("a program").expect("readable").path();
		assert!(files.next().is_none());
		only
	};
	let whole = std::fs::read(file()).expect("readable");
	for at in [0, whole.len() / 2, whole.len() - 1] {
		let mut spoilt = whole.clone();
		spoilt[at] ^= 0x10;
		std::fs::write(file(), &spoilt).expect("writable");
		assert_eq!(run().await, expected);
		assert_eq!(std::fs::read(file()).expect("written again"), whole);
	}
	assert!(!fixture.here(input()).encode().is_empty());
}

#[tokio::test]
async fn the_folder_of_programs_is_bounded() {
	let fixture = Fixture::magika(PrecisionPolicy::Exact);
	let small = Fixture::gather();
	let programs = fixture.programs();
	// One magika fits into 16 MiB, and nothing beside it into its own length.
	let config = EngineConfig { programs_mib: 1, ..EngineConfig::canonical(BINARY, &programs) };
	let engine = start(config);
	let input = vec![magika_input(include_bytes!("canonical.rs"))];
	engine.run(fixture.job(input)).await.expect("too large for the folder, and run all the same");
	assert_eq!(std::fs::read_dir(&programs).expect("made").count(), 0);
	engine.run(small.job(vec![i64s(&[2], &[0, 1])])).await.expect("runs");
	assert_eq!(std::fs::read_dir(&programs).expect("made").count(), 1);
}

#[tokio::test]
async fn each_engine_refuses_what_is_for_the_other() {
	let fixture = Fixture::gather();
	let canonical = start_canonical(&fixture.programs());
	let native = start(config());
	let models = Models::new();
	let plain = models.job(
		&onnx::add_one(),
		vec![("x", f32s(&[1, 2], &[0.0; 2]))],
		&[("y", TensorType::F32)],
	);
	for (engine, job) in [(canonical, plain), (native, fixture.job(vec![i64s(&[2], &[0, 1])]))] {
		match engine.run(job).await {
			Err(EngineError::Refused { kind: ErrorKind::BadRequest, message }) => {
				assert!(message.contains("another engine"), "{message}")
			}
			other => panic!("{other:?}"),
		}
	}
}

/// Under `Top1` the scores stay in the process.
#[tokio::test]
async fn only_the_index_is_exposed_where_the_policy_says_so() {
	let mut fixture = Fixture::magika(PrecisionPolicy::Top1 { margin: -6 });
	fixture.manifest.outputs =
		vec![port("target_label", TensorType::I64, &[1])].try_into().expect("short");
	let input = vec![magika_input(include_bytes!("canonical.rs"))];
	let engine = start_canonical(&fixture.programs());
	let found = output(engine.run(fixture.job(input.clone())).await.expect("runs"));
	let scores = floats(&fixture.here(input)[0]);
	let best = (0..scores.len()).max_by(|a, b| scores[*a].total_cmp(&scores[*b])).expect("some");
	assert_eq!(found, [i64s(&[1], &[best as i64])]);
}
