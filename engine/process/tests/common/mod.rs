//! Models and an engine for the tests.

#![allow(dead_code, missing_docs, unreachable_pub)]

pub mod onnx;

use countersign_engine::{
	protocol::{NamedTensor, OutputPort, RunLimits, MAX_OUTPUT_BYTES},
	supervisor::{EngineConfig, EngineHandle, EngineState, RunJob},
};
use countersign_primitives::tensor::{Tensor, TensorType};
use sha2::{Digest, Sha256};
use std::{
	path::{Path, PathBuf},
	time::Duration,
};

/// The engine binary of this build.
pub const BINARY: &str = env!("CARGO_BIN_EXE_countersign-engine");

/// A file that `scripts/setup.sh` provides. Its absence fails the test: nothing here is skipped.
pub fn asset(name: &str) -> PathBuf {
	let folder = std::env::var_os("COUNTERSIGN_ASSETS").map(PathBuf::from).unwrap_or_else(|| {
		let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).unwrap_or_else(|| {
			PathBuf::from(std::env::var_os("HOME").expect("HOME is set")).join(".cache")
		});
		cache.join("countersign-assets")
	});
	let path = folder.join(name);
	assert!(
		path.exists(),
		"{} is missing: run `bash scripts/setup.sh`, or set COUNTERSIGN_ASSETS",
		path.display()
	);
	path
}

pub fn library() -> PathBuf {
	asset("onnxruntime/libonnxruntime.so")
}

pub fn config() -> EngineConfig {
	EngineConfig::new(BINARY, library())
}

/// A running engine.
pub fn start(config: EngineConfig) -> EngineHandle {
	let (engine, supervisor) = EngineHandle::new(config);
	tokio::spawn(supervisor.run());
	engine
}

/// Waits until the engine is in a state.
pub async fn wait_for(
	engine: &EngineHandle,
	wanted: impl FnMut(&EngineState) -> bool,
) -> EngineState {
	let mut watch = engine.watch();
	let wait = async { watch.wait_for(wanted).await.expect("the supervisor lives").clone() };
	tokio::time::timeout(Duration::from_secs(60), wait).await.expect("in time")
}

pub async fn pid(engine: &EngineHandle) -> u32 {
	let ready = wait_for(engine, |state| matches!(state, EngineState::Ready { .. })).await;
	match ready {
		EngineState::Ready { pid, .. } => pid,
		other => panic!("not ready: {other:?}"),
	}
}

/// Sends a signal to the engine process.
pub fn signal(pid: u32, name: &str) {
	let status = std::process::Command::new("kill")
		.args([format!("-{name}"), pid.to_string()])
		.status()
		.expect("kill is there");
	assert!(status.success(), "no process {pid}");
}

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
	Sha256::digest(bytes).into()
}

/// A folder with models.
pub struct Models(tempfile::TempDir);

impl Models {
	pub fn new() -> Self {
		Self(tempfile::tempdir().expect("temporary folder"))
	}

	pub fn folder(&self) -> &Path {
		self.0.path()
	}

	/// Writes a model and prepares its run.
	pub fn job(
		&self,
		model: &[u8],
		inputs: Vec<(&str, Tensor)>,
		outputs: &[(&str, TensorType)],
	) -> RunJob {
		let artefact = sha256(model);
		let path = self.folder().join(hex::encode(artefact));
		std::fs::write(&path, model).expect("writable");
		job(artefact, model.len() as u64, path, inputs, outputs)
	}
}

pub fn job(
	artefact: [u8; 32],
	length: u64,
	path: PathBuf,
	inputs: Vec<(&str, Tensor)>,
	outputs: &[(&str, TensorType)],
) -> RunJob {
	RunJob {
		artefact,
		length,
		path,
		inputs: inputs
			.into_iter()
			.map(|(name, tensor)| NamedTensor { name: name.into(), tensor })
			.collect(),
		outputs: outputs
			.iter()
			.map(|(name, ty)| OutputPort { name: (*name).into(), ty: *ty })
			.collect(),
		limits: RunLimits { time_ms: 20_000, memory_mib: 512, output_bytes: MAX_OUTPUT_BYTES },
		program: None,
	}
}

macro_rules! tensor {
	($name:ident, $rust:ty, $ty:ident) => {
		pub fn $name(shape: &[u32], values: &[$rust]) -> Tensor {
			Tensor {
				ty: TensorType::$ty,
				shape: shape.to_vec(),
				data: values.iter().flat_map(|value| value.to_le_bytes()).collect(),
			}
		}
	};
}
tensor!(f32s, f32, F32);
tensor!(i32s, i32, I32);
tensor!(i64s, i64, I64);

pub fn floats(tensor: &Tensor) -> Vec<f32> {
	assert_eq!(tensor.ty, TensorType::F32);
	let (values, rest) = tensor.data.as_chunks();
	assert!(rest.is_empty());
	values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// magika's input for a file: its first and its last 1024 bytes, white space stripped, padded.
pub fn magika_input(content: &[u8]) -> Tensor {
	let space = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
	let head = &content[..content.len().min(4096)];
	let head: Vec<i32> = head
		.iter()
		.skip_while(|byte| space(byte))
		.take(1024)
		.map(|byte| i32::from(*byte))
		.collect();
	let tail = &content[content.len().saturating_sub(4096)..];
	let mut tail: Vec<i32> = tail
		.iter()
		.rev()
		.skip_while(|byte| space(byte))
		.take(1024)
		.map(|byte| i32::from(*byte))
		.collect();
	tail.reverse();
	let mut values = head.clone();
	values.resize(1024, 256);
	values.resize(2048 - tail.len(), 256);
	values.extend(tail);
	i32s(&[1, 2048], &values)
}

pub fn magika_job(content: &[u8]) -> RunJob {
	let path = asset("magika/model.onnx");
	let bytes = std::fs::read(&path).expect("readable");
	job(
		sha256(&bytes),
		bytes.len() as u64,
		path,
		vec![("bytes", magika_input(content))],
		&[("target_label", TensorType::F32)],
	)
}

/// The label that magika's scores name.
pub fn magika_label(scores: &Tensor) -> String {
	assert_eq!(scores.shape, [1, 214]);
	let scores = floats(scores);
	let best =
		(0..scores.len()).max_by(|a, b| scores[*a].total_cmp(&scores[*b])).expect("not empty");
	let config: serde_json::Value =
		serde_json::from_slice(&std::fs::read(asset("magika/config.min.json")).expect("readable"))
			.expect("JSON");
	config["target_labels_space"][best].as_str().expect("a label").to_owned()
}
