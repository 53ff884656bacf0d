//! ONNX Runtime: the library, the models that are ready, and runs.

use crate::{
	artefact,
	memory::{Cap, RunLimit},
	onnx_file,
	refusal::Refusal,
	values,
	watchdog::Watchdog,
};
use countersign_engine::{
	float_mode::{self, WrongFloatMode},
	protocol::{ErrorKind, NamedTensor, OutputPort, RunLimits},
};
use countersign_primitives::{model::ArtefactHash, request::TrapCode, tensor::Tensor};
use ort::{
	environment::{Environment, ThreadManager},
	ep::CPU,
	logging::LogLevel,
	session::{builder::GraphOptimizationLevel, RunOptions, Session, SessionInputValue},
	value::{Outlet, ValueType},
	ErrorCode,
};
use sha2::{Digest, Sha256};
use std::{
	borrow::Cow,
	path::Path,
	sync::Arc,
	thread,
	time::{Duration, Instant},
};

pub(crate) struct Options {
	/// Threads that one operator uses.
	pub(crate) threads: u16,
	/// The most models that are kept ready.
	pub(crate) models: usize,
}

/// Why there is no runtime.
pub(crate) enum LoadError {
	Library(String),
	FloatMode(WrongFloatMode),
}

/// What came of a run.
pub(crate) enum Outcome {
	Output(Vec<Tensor>),
	Trap(TrapCode, String),
}

/// A model that is ready.
struct Model {
	artefact: ArtefactHash,
	session: Session,
	used: u64,
}

/// The library and the models that are ready.
pub(crate) struct Runtime {
	environment: Environment,
	options: Options,
	cap: Cap,
	watchdog: Watchdog,
	library: [u8; 32],
	version: String,
	models: Vec<Model>,
	clock: u64,
}

/// Starts ONNX Runtime's threads, each in the right float mode.
struct CheckedThreads;

impl ThreadManager for CheckedThreads {
	type Thread = thread::JoinHandle<()>;

	fn create(&self, work: impl FnOnce() + Send + 'static) -> ort::Result<Self::Thread> {
		thread::Builder::new()
			.spawn(move || {
				if let Err(error) = float_mode::enforce() {
					// Ends the process, by the panic hook: what this thread computes is no answer.
					panic!("{error}");
				}
				work()
			})
			.map_err(ort::Error::wrap)
	}

	fn join(thread: Self::Thread) -> ort::Result<()> {
		let _ = thread.join();
		Ok(())
	}
}

impl Runtime {
	/// Loads the library and sees to the float mode that it leaves behind.
	pub(crate) fn load(
		path: &Path,
		options: Options,
		cap: Cap,
		watchdog: Watchdog,
	) -> Result<Self, LoadError> {
		let (library, version) = identify(path).map_err(|error| {
			LoadError::Library(format!(
				"the ONNX Runtime library {} cannot be read: {error}",
				path.display()
			))
		})?;
		// An absolute path, so that nothing else of that name is found first.
		let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
		let failed = |error: &dyn std::fmt::Display| {
			LoadError::Library(format!(
				"the ONNX Runtime library {} cannot be loaded: {error}",
				path.display()
			))
		};
		let builder = ort::init_from(&path).map_err(|error| match error {
			// The system's own words are in there, and only there.
			ort::LoadDynamicError::Dlopen { error, .. } => failed(&format!("{error:?}")),
			error => failed(&error),
		})?;
		if float_mode::check().is_err() {
			crate::log::warn("loading the library changed the float mode; it has been set again");
			float_mode::enforce().map_err(LoadError::FloatMode)?;
		}
		let environment = builder
			.with_name("countersign")
			.with_telemetry(false)
			.with_logger(Arc::new(|level, _: &str, _: &str, _: &str, message: &str| match level {
				LogLevel::Error | LogLevel::Fatal => crate::log::warn(message),
				_ => {}
			}))
			.build()
			.map_err(|error| failed(&error))?;
		environment.set_log_level(LogLevel::Error);
		float_mode::enforce().map_err(LoadError::FloatMode)?;
		let build = ort::info();
		let version = match version {
			Some(version) => format!("ONNX Runtime {version}, {build}"),
			None => format!("ONNX Runtime, {build}"),
		};
		let models = Vec::new();
		Ok(Self { environment, options, cap, watchdog, library, version, models, clock: 0 })
	}

	pub(crate) fn version(&self) -> &str {
		&self.version
	}

	pub(crate) fn library(&self) -> [u8; 32] {
		self.library
	}

	pub(crate) fn threads(&self) -> u16 {
		self.options.threads
	}

	pub(crate) fn description(&self) -> String {
		format!("{} (sha256 {})", self.version, hex::encode(self.library))
	}

	/// Makes a model ready. Says whether it was already.
	pub(crate) fn load_model(
		&mut self,
		artefact: ArtefactHash,
		length: u64,
		path: &str,
	) -> Result<bool, Refusal> {
		self.clock += 1;
		let now = self.clock;
		if let Some(model) = self.models.iter_mut().find(|model| model.artefact == artefact) {
			model.used = now;
			return Ok(true);
		}
		let bytes = artefact::read(artefact, length, path)?;
		onnx_file::check(&bytes)
			.map_err(|error| Refusal::new(ErrorKind::Model, error.to_string()))?;
		// Before the new one takes its memory.
		while self.models.len() >= self.options.models.max(1) {
			let oldest = self.models.iter().enumerate().min_by_key(|(_, model)| model.used);
			let Some((index, _)) = oldest else { break };
			self.models.swap_remove(index);
		}
		let session = self
			.open_session(&bytes)
			.map_err(|error| Refusal::new(ErrorKind::Model, error.message()))?;
		float_mode::enforce()?;
		self.models.push(Model { artefact, session, used: now });
		Ok(false)
	}

	fn open_session(&self, bytes: &[u8]) -> ort::Result<Session> {
		let mut builder = Session::builder(&self.environment)?
			.with_execution_providers([CPU::default().with_arena_allocator(false).build()])?
			.with_memory_pattern(false)?
			.with_parallel_execution(false)?
			.with_inter_threads(1)?
			.with_intra_threads(self.options.threads.into())?
			.with_intra_op_spinning(false)?
			.with_optimization_level(GraphOptimizationLevel::All)?
			.with_deterministic_compute(true)?
			// Kernels that were seen to give different outputs for one input in one session.
			.with_config_entry("mlas.disable_kleidiai", "1")?
			.with_config_entry("session.set_denormal_as_zero", "0")?
			.with_config_entry("session.load_model_format", "ONNX")?;
		if self.options.threads > 1 {
			builder = builder.with_thread_manager(CheckedThreads)?;
		}
		// From memory, so that there is no folder that paths could be relative to.
		builder.commit_from_memory(bytes)
	}

	/// Runs a model that is ready.
	pub(crate) fn run(
		&mut self,
		artefact: &ArtefactHash,
		inputs: &[NamedTensor],
		outputs: &[OutputPort],
		limits: &RunLimits,
	) -> Result<(Outcome, Duration), Refusal> {
		self.clock += 1;
		let now = self.clock;
		let model = self
			.models
			.iter_mut()
			.find(|model| model.artefact == *artefact)
			.ok_or_else(|| Refusal::new(ErrorKind::NotLoaded, "the model is not loaded"))?;
		model.used = now;
		check_signature(&model.session, inputs, outputs)?;
		let native = inputs
			.iter()
			.map(|input| Ok((text(&input.name), values::to_native(&input.tensor)?)))
			.collect::<ort::Result<Vec<(Cow<'_, str>, SessionInputValue<'_>)>>>()
			.map_err(internal)?;
		let options = Arc::new(RunOptions::new().map_err(internal)?);
		float_mode::check()?;
		let limit: RunLimit = self
			.cap
			.limit_run(limits.memory_mib)
			.map_err(|why| Refusal::new(ErrorKind::Internal, why))?;
		let start = Instant::now();
		self.watchdog.arm(Duration::from_millis(limits.time_ms.into()), options.clone());
		let result = model.session.run_with_options(native, &*options);
		let late = self.watchdog.disarm();
		let time = start.elapsed();
		drop(limit);
		// What was computed in a wrong mode is no answer.
		float_mode::check()?;
		let outcome = match result {
			_ if late => Outcome::Trap(TrapCode::TimeLimit, "the time is up".into()),
			Ok(produced) => collect(&produced, outputs, limits.output_bytes as usize)?,
			Err(error) => Outcome::Trap(classify(&error), error.message().into()),
		};
		Ok((outcome, time))
	}
}

fn internal(error: ort::Error) -> Refusal {
	Refusal::new(ErrorKind::Internal, error.message())
}

fn text(name: &[u8]) -> Cow<'_, str> {
	String::from_utf8_lossy(name)
}

/// The sha256 of the library and, where it says, its version.
fn identify(path: &Path) -> std::io::Result<([u8; 32], Option<String>)> {
	let bytes = std::fs::read(path)?;
	// The linker's version of the exported symbols is ONNX Runtime's own.
	let mark = b"VERS_";
	let version = bytes.windows(mark.len()).position(|window| window == mark).and_then(|at| {
		let rest = bytes.get(at + mark.len()..)?;
		let end = rest.iter().take(16).position(|byte| *byte == 0)?;
		let version = std::str::from_utf8(rest.get(..end)?).ok()?;
		version
			.bytes()
			.all(|byte| byte.is_ascii_digit() || byte == b'.')
			.then(|| version.to_owned())
	});
	Ok((Sha256::digest(&bytes).into(), version))
}

/// Names and types have to be the model's; shapes are for the model itself to judge.
fn check_signature(
	session: &Session,
	inputs: &[NamedTensor],
	outputs: &[OutputPort],
) -> Result<(), Refusal> {
	let fail = |message: String| Err(Refusal::new(ErrorKind::Signature, message));
	let find = |ports: &[Outlet], name: &[u8]| -> Option<ValueType> {
		ports.iter().find(|port| port.name().as_bytes() == name).map(|port| port.dtype().clone())
	};
	for input in inputs {
		let name = text(&input.name);
		match find(session.inputs(), &input.name) {
			None => return fail(format!("the model has no input {name}")),
			Some(ty) if ty.tensor_type() != Some(values::element_type(input.tensor.ty)) => {
				return fail(format!("input {name} is {ty} and not {:?}", input.tensor.ty))
			}
			Some(_) => {}
		}
	}
	for port in session.inputs() {
		if !inputs.iter().any(|input| input.name == port.name().as_bytes()) {
			return fail(format!("input {} is missing", port.name()));
		}
	}
	for output in outputs {
		let name = text(&output.name);
		match find(session.outputs(), &output.name) {
			None => return fail(format!("the model has no output {name}")),
			Some(ty) if ty.tensor_type() != Some(values::element_type(output.ty)) => {
				return fail(format!("output {name} is {ty} and not {:?}", output.ty))
			}
			Some(_) => {}
		}
	}
	Ok(())
}

/// The outputs that were asked for, within the limit, or a trap where they are not what they
/// should be.
fn collect(
	produced: &ort::session::SessionOutputs<'_>,
	outputs: &[OutputPort],
	limit: usize,
) -> Result<Outcome, Refusal> {
	let mut left = limit;
	let mut tensors = Vec::with_capacity(outputs.len());
	for output in outputs {
		let name = text(&output.name);
		let Some(value) = produced.get(&*name) else {
			return Err(Refusal::new(ErrorKind::Internal, format!("output {name} is missing")));
		};
		let tensor = match values::from_native(value, output.ty, left) {
			Ok(tensor) => tensor,
			Err(values::BadValue::Native(error)) => return Err(internal(error)),
			Err(error) => {
				return Ok(Outcome::Trap(TrapCode::BadOutput, format!("output {name}: {error}")))
			}
		};
		left = left.saturating_sub(tensor.data.len());
		tensors.push(tensor);
	}
	Ok(Outcome::Output(tensors))
}

/// What a failed run says about the input.
fn classify(error: &ort::Error) -> TrapCode {
	let message = error.message();
	let memory = ["bad_alloc", "bad allocation", "Failed to allocate memory", "out of memory"];
	if memory.iter().any(|text| message.contains(text)) {
		return TrapCode::MemoryLimit;
	}
	match error.code() {
		ErrorCode::InvalidArgument => TrapCode::BadInput,
		_ => TrapCode::Operator,
	}
}
