//! The choice between engines, with engines that do what the test says.

use super::*;
use countersign_primitives::{
	model::{Artefact, ProgramRef, RunCost},
	request::TrapCode,
	tensor::{Dimension, Port, TensorType},
	Hash,
};
use std::path::PathBuf;
use PrecisionPolicy::{Exact, Top1, Within};

/// Gives one value, or fails, and takes as long as it says.
struct Fake {
	give: Mutex<Result<RunOutcome, EngineError>>,
	verdict: Mutex<Option<Verdict>>,
	time: Duration,
	runs: AtomicU64,
}

#[async_trait]
impl Runner for Fake {
	async fn run(&self, job: RunJob) -> Result<RunReport, EngineError> {
		count(&self.runs);
		let claimed = job.program.as_ref().is_some_and(|program| program.claimed.is_some());
		let verdict = self.verdict.lock().filter(|_| claimed);
		let outcome = self.give.lock().clone()?;
		let trace = job.program.and_then(|program| program.trace);
		Ok(RunReport { outcome, verdict, trace, time: self.time })
	}
}

fn fake(value: f32, millis: u64) -> Arc<Fake> {
	Arc::new(Fake {
		give: Mutex::new(Ok(RunOutcome::Output(vec![floats(&[value, 0.0])]))),
		verdict: Mutex::new(Some(Verdict::Accepted)),
		time: Duration::from_millis(millis),
		runs: AtomicU64::new(0),
	})
}

impl Fake {
	fn runs(&self) -> u64 {
		self.runs.load(Ordering::Relaxed)
	}
	fn now_gives(&self, give: Result<RunOutcome, EngineError>) {
		*self.give.lock() = give;
	}
}

fn floats(values: &[f32]) -> Tensor {
	let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
	Tensor { ty: TensorType::F32, shape: vec![1, values.len() as u32], data }
}

fn trap(operator: u32) -> RunOutcome {
	RunOutcome::Trap { code: TrapCode::Operator, operator, message: "fails".into() }
}

fn job(policy: Option<PrecisionPolicy>) -> EngineJob {
	let port = |ty, shape: &[u32]| Port {
		name: b"x".to_vec().try_into().expect("short"),
		ty,
		shape: shape
			.iter()
			.map(|dim| Dimension::Fixed(*dim))
			.collect::<Vec<_>>()
			.try_into()
			.expect("short"),
	};
	let output = match policy {
		Some(Top1 { .. }) => port(TensorType::I64, &[1]),
		_ => port(TensorType::F32, &[1, 2]),
	};
	let manifest = Manifest {
		name: Default::default(),
		licence: Default::default(),
		artefact: Artefact { sha256: [1; 32], length: 1 },
		program: policy
			.as_ref()
			.map(|_| ProgramRef { root: Hash::repeat_byte(2), canonical_version: 1 }),
		inputs: vec![port(TensorType::F32, &[1, 2])].try_into().expect("short"),
		outputs: vec![output].try_into().expect("short"),
		policies: policy.into_iter().collect::<Vec<_>>().try_into().expect("short"),
		cost: RunCost { macs: 1, time_ms: 1, memory_mib: 1 },
		contributors: Default::default(),
		parents: Default::default(),
	};
	EngineJob {
		model: Hash::repeat_byte(3),
		manifest: Arc::new(manifest),
		artefact: PathBuf::from("/none"),
		inputs: vec![floats(&[0.0, 0.0])],
	}
}

const TOLERANT: PrecisionPolicy = Within { absolute: -10, relative: -10 };

fn first(answer: &EngineAnswer) -> f32 {
	match &answer.result {
		EngineResult::Output(tensors) => {
			f32::from_le_bytes(tensors[0].data[..4].try_into().expect("four bytes"))
		}
		trap => panic!("{trap:?}"),
	}
}

#[tokio::test]
async fn without_a_program_only_onnx_runtime_answers() {
	let (native, canonical) = (fake(1.0, 1), fake(2.0, 10));
	let engines = Engines::new(native.clone(), canonical.clone(), 100);
	let answer = engines.run(job(None)).await.expect("an answer");
	assert_eq!((first(&answer), answer.source), (1.0, Source::Native));
	native.now_gives(Err(EngineError::Crashed("signal 8".into())));
	assert!(matches!(engines.run(job(None)).await, Err(EngineError::Crashed(_))));
	assert_eq!(canonical.runs(), 0);
}

#[tokio::test]
async fn exact_outputs_are_canonical() {
	let (native, canonical) = (fake(1.0, 1), fake(2.0, 10));
	let engines = Engines::new(native.clone(), canonical, 0);
	for _ in 0..20 {
		let answer = engines.run(job(Some(Exact))).await.expect("an answer");
		assert_eq!((first(&answer), answer.source), (2.0, Source::Canonical));
	}
	assert_eq!(native.runs(), 0);
}

#[tokio::test]
async fn the_faster_engine_answers_once_both_were_measured() {
	for (native_ms, canonical_ms, expected) in
		[(1, 10, Source::Native), (10, 1, Source::Canonical), (9, 10, Source::Canonical)]
	{
		let (native, canonical) = (fake(1.0, native_ms), fake(2.0, canonical_ms));
		let engines = Engines::new(native, canonical, 0);
		let answer = engines.run(job(Some(TOLERANT))).await.expect("an answer");
		assert_eq!((first(&answer), answer.source), (2.0, Source::Canonical), "the first is both");
		let answer = engines.run(job(Some(TOLERANT))).await.expect("an answer");
		assert_eq!(answer.source, expected, "{native_ms} {canonical_ms}");
	}
}

#[tokio::test]
async fn the_share_of_checks_is_what_was_asked_for() {
	for (percent, least, most) in [(0, 0, 0), (20, 120, 280), (100, 999, 999)] {
		let (native, canonical) = (fake(1.0, 1), fake(2.0, 10));
		let engines = Engines::new(native, canonical.clone(), percent);
		for _ in 0..1000 {
			engines.run(job(Some(TOLERANT))).await.expect("an answer");
		}
		let checks = canonical.runs() - 1;
		assert!((least..=most).contains(&checks), "{checks} at {percent} %");
	}
}

#[tokio::test]
async fn what_would_cost_stake_ends_serving_the_model_and_no_other() {
	let (native, canonical) = (fake(1.0, 1), fake(2.0, 10));
	let engines = Engines::new(native.clone(), canonical.clone(), 100);
	engines.run(job(Some(TOLERANT))).await.expect("an answer");
	*canonical.verdict.lock() = Some(Verdict::Wrong);
	assert!(matches!(engines.run(job(Some(TOLERANT))).await, Err(EngineError::Stopped(_))));
	let runs = (native.runs(), canonical.runs());
	assert!(matches!(engines.run(job(Some(TOLERANT))).await, Err(EngineError::Stopped(_))));
	assert_eq!((native.runs(), canonical.runs()), runs, "nothing is run any more");
	assert_eq!(engines.stopped().len(), 1);
	let entries = engines.metrics().entries();
	assert!(entries.contains(&("models_stopped", 1)), "{entries:?}");
	assert!(entries.contains(&("self_check_breaches", 1)), "{entries:?}");
	*canonical.verdict.lock() = Some(Verdict::Accepted);
	let other = EngineJob { model: Hash::repeat_byte(9), ..job(Some(TOLERANT)) };
	assert!(engines.run(other).await.is_ok());
}

#[tokio::test]
async fn a_stopped_model_stays_so_until_the_operator_removes_the_file() {
	let folder = tempfile::tempdir().expect("a temporary folder");
	let place = folder.path().join("stopped");
	let (native, canonical) = (fake(1.0, 1), fake(2.0, 10));
	let start = || {
		Engines::new(native.clone(), canonical.clone(), 100)
			.with_stops_in(&place)
			.expect("the folder can be made")
	};
	let engines = start();
	engines.run(job(Some(TOLERANT))).await.expect("an answer");
	*canonical.verdict.lock() = Some(Verdict::Wrong);
	let first = engines.run(job(Some(TOLERANT))).await;
	let Err(EngineError::Stopped(why)) = &first else { panic!("{first:?}") };
	let file = place.join(format!("{:?}", Hash::repeat_byte(3)));
	assert!(why.contains(&file.display().to_string()), "{why}");
	assert_eq!(std::fs::read_to_string(&file).expect("written").trim_end(), why);

	// Another process, another engine that agrees: nothing is run.
	*canonical.verdict.lock() = Some(Verdict::Accepted);
	let runs = (native.runs(), canonical.runs());
	let engines = start();
	assert_eq!(engines.run(job(Some(TOLERANT))).await, first);
	assert_eq!(engines.stopped(), vec![(Hash::repeat_byte(3), why.clone())]);
	assert!(engines.metrics().entries().contains(&("models_stopped", 1)));
	assert_eq!((native.runs(), canonical.runs()), runs);
	// That the file is there counts, not what is in it.
	std::fs::write(&file, "").expect("writable");
	assert_eq!(start().stopped(), vec![(Hash::repeat_byte(3), String::new())]);

	std::fs::remove_file(&file).expect("there");
	assert!(engines.run(job(Some(TOLERANT))).await.is_ok());
	assert!(engines.stopped().is_empty());
	assert!(engines.metrics().entries().contains(&("models_stopped", 0)));
	assert!(start().stopped().is_empty());
}

#[test]
fn a_folder_that_cannot_be_read_lets_nothing_be_served() {
	let folder = tempfile::tempdir().expect("a temporary folder");
	let place = folder.path().join("stopped");
	std::fs::write(&place, "no folder").expect("writable");
	let engines = Engines::new(fake(1.0, 1), fake(2.0, 1), 100);
	assert!(engines.with_stops_in(&place).is_err());
}

#[tokio::test]
async fn what_would_be_corrected_leaves_the_model_to_canonical() {
	let (native, canonical) = (fake(1.0, 1), fake(2.0, 10));
	let engines = Engines::new(native.clone(), canonical.clone(), 100);
	*canonical.verdict.lock() = Some(Verdict::Corrected);
	for _ in 0..5 {
		let answer = engines.run(job(Some(TOLERANT))).await.expect("an answer");
		assert_eq!((first(&answer), answer.source), (2.0, Source::Canonical));
	}
	assert_eq!(native.runs(), 1);
	// One input on which only one has an answer must not stop a model everywhere.
	let (native, canonical) = (fake(1.0, 1), fake(2.0, 10));
	let engines = Engines::new(native.clone(), canonical.clone(), 100);
	canonical.now_gives(Ok(trap(5)));
	*canonical.verdict.lock() = Some(Verdict::Wrong);
	for _ in 0..3 {
		let answer = engines.run(job(Some(TOLERANT))).await.expect("an answer");
		assert!(matches!(answer.result, EngineResult::Trap { operator: 5, .. }));
		assert_eq!(answer.source, Source::Canonical);
	}
	assert_eq!(native.runs(), 1);
	assert!(engines.stopped().is_empty());
}

#[tokio::test]
async fn what_kills_onnx_runtime_is_answered_by_canonical() {
	for failure in [
		Err(EngineError::Crashed("signal 8".into())),
		Err(EngineError::Hung(Duration::from_secs(1))),
		Err(EngineError::Unavailable("no library".into())),
		Ok(trap(u32::MAX)),
	] {
		let (native, canonical) = (fake(1.0, 1), fake(2.0, 10));
		let engines = Engines::new(native.clone(), canonical.clone(), 0);
		engines.run(job(Some(TOLERANT))).await.expect("both are measured");
		native.now_gives(failure.clone());
		let answer = engines.run(job(Some(TOLERANT))).await.expect("an answer");
		assert_eq!((first(&answer), answer.source), (2.0, Source::Canonical), "{failure:?}");
		canonical.now_gives(Ok(trap(7)));
		let answer = engines.run(job(Some(TOLERANT))).await.expect("a trap is an answer");
		assert!(matches!(answer.result, EngineResult::Trap { operator: 7, .. }));
		// Where no engine has an answer there is none.
		canonical.now_gives(Err(EngineError::Busy));
		assert_eq!(engines.run(job(Some(TOLERANT))).await, Err(EngineError::Busy));
	}
}

#[tokio::test]
async fn inputs_that_the_manifest_does_not_allow_are_for_canonical() {
	let (native, canonical) = (fake(1.0, 1), fake(2.0, 10));
	let engines = Engines::new(native.clone(), canonical.clone(), 0);
	engines.run(job(Some(TOLERANT))).await.expect("both are measured");
	let runs = native.runs();
	let odd = EngineJob { inputs: vec![floats(&[0.0; 3])], ..job(Some(TOLERANT)) };
	assert_eq!(engines.run(odd).await.expect("an answer").source, Source::Canonical);
	assert_eq!(native.runs(), runs);
}

#[tokio::test]
async fn under_top1_only_the_index_is_signed() {
	let (native, canonical) = (fake(-1.0, 1), fake(2.0, 10));
	let engines = Engines::new(native, canonical, 0);
	let policy = Top1 { margin: -4 };
	engines.run(job(Some(policy.clone()))).await.expect("both are measured");
	let answer = engines.run(job(Some(policy))).await.expect("an answer");
	assert_eq!(answer.source, Source::Native);
	let index = Tensor { ty: TensorType::I64, shape: vec![1], data: 1i64.to_le_bytes().to_vec() };
	assert_eq!(answer.result, EngineResult::Output(vec![index]));
}
