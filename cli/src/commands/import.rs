//! `model import`: from an ONNX file to what a manifest says about its program.

use super::{infer, Session};
use crate::{
	args::{self, Codec},
	output::{hash, Lines},
};
use countersign_client::{
	amount, manifest,
	primitives::{
		model::{Artefact, PrecisionPolicy},
		tensor::{Port, Tensor},
	},
	program::{self, Drift, Program},
	tensors, Error, ImportOptions,
};
use countersign_engine::{
	protocol::{NamedTensor, OutputPort, RunLimits, MAX_OUTPUT_BYTES},
	supervisor::{EngineConfig, EngineHandle, RunJob, RunOutcome},
};
use serde_json::{json, Value};
use std::{
	path::{Path, PathBuf},
	time::{Duration, Instant},
};

/// What ONNX Runtime may take for one sample, in milliseconds and MiB.
const SAMPLE_LIMITS: RunLimits =
	RunLimits { time_ms: 600_000, memory_mib: 4096, output_bytes: MAX_OUTPUT_BYTES };
/// A manifest's time ceiling is at least this, and at least so many times what was measured.
const LEAST_TIME_MS: u32 = 2_000;
const TIME_FACTOR: u32 = 20;
/// A manifest's memory ceiling is at least this.
const LEAST_MEMORY_MIB: u64 = 512;

/// What running samples by both engines showed.
struct Measured {
	samples: usize,
	/// Samples on which ONNX Runtime gave no output.
	failed: Vec<String>,
	drift: Vec<Drift>,
	native: Duration,
	canonical: Duration,
	runtime: String,
}

/// Imports a file, and shows what there is to know about its program.
pub(crate) async fn run(session: Session, args: args::Import) -> Result<(), Error> {
	let options = options(&args)?;
	let artefact = manifest::describe(&args.artefact)?;
	let start = Instant::now();
	let program = program::import(&args.artefact, &options)?;
	session.progress(format!(
		"imported as a program in {:.1} s: {}",
		start.elapsed().as_secs_f64(),
		hash(&program.root())
	));
	let measured = match &args.samples {
		Some(folder) => Some(measure(&session, &args, folder, &artefact, &program).await?),
		None => None,
	};
	let out = args.out.clone().unwrap_or_else(|| args.artefact.with_extension("program"));
	let encoding = program.encoding();
	std::fs::write(&out, &encoding)
		.map_err(|reason| Error::File { path: out.display().to_string(), reason })?;
	let report = Report { program: &program, measured: measured.as_ref(), out: &out, args: &args };
	let (value, text) = (report.json()?, report.text()?);
	session.answer(&value, || text);
	Ok(())
}

fn options(args: &args::Import) -> Result<ImportOptions, Error> {
	let mut options = ImportOptions::default();
	let pair = |text: &str, what: &str| {
		let parts = text.split_once('=').map(|(name, value)| (name.to_string(), value.to_string()));
		parts.ok_or_else(|| Error::Input(format!("`{text}` is not {what}")))
	};
	let number = |text: &str| {
		text.trim().parse::<u32>().map_err(|_| Error::Input(format!("`{text}` is not a size")))
	};
	for text in &args.shape {
		let (name, dims) = pair(text, "NAME=1,2,3")?;
		let dims = dims.split(',').filter(|dim| !dim.trim().is_empty()).map(number);
		options.shapes.insert(name, dims.collect::<Result<_, _>>()?);
	}
	for text in &args.dimension {
		let (name, size) = pair(text, "NAME=SIZE")?;
		options.dimensions.insert(name, number(&size)?);
	}
	Ok(options)
}

/// The samples in a folder: a file each, or a folder with one file for each input, named by it.
fn samples(folder: &Path) -> Result<Vec<(String, Vec<String>)>, Error> {
	let failed = |path: &Path| {
		let path = path.display().to_string();
		move |reason| Error::File { path, reason }
	};
	let entries = |folder: &Path| -> Result<Vec<PathBuf>, Error> {
		let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
			.and_then(|entries| entries.map(|entry| entry.map(|it| it.path())).collect())
			.map_err(failed(folder))?;
		found.sort();
		Ok(found)
	};
	let mut samples = Vec::new();
	for path in entries(folder)? {
		let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
		if name.starts_with('.') {
			continue;
		}
		let files = if path.is_dir() {
			entries(&path)?
				.iter()
				.map(|file| {
					let stem = file.file_stem().unwrap_or_default().to_string_lossy();
					format!("{stem}={}", file.display())
				})
				.collect()
		} else {
			vec![path.display().to_string()]
		};
		samples.push((name, files));
	}
	if samples.is_empty() {
		return Err(Error::Input(format!("{} holds no sample", folder.display())));
	}
	Ok(samples)
}

fn read_sample(
	files: &[String],
	codec: Option<Codec>,
	ports: &[Port],
) -> Result<Option<Vec<Tensor>>, Error> {
	match codec {
		None => tensors::read_files(files, ports).map(Some),
		Some(codec) => Ok(infer::encode(files, codec, ports)?.ok()),
	}
}

async fn measure(
	session: &Session,
	args: &args::Import,
	folder: &Path,
	artefact: &Artefact,
	program: &Program,
) -> Result<Measured, Error> {
	let (inputs, outputs) = (program.inputs()?, program.outputs()?);
	let samples = samples(folder)?;
	let config = EngineConfig::new(engine(args)?, library(args)?);
	let (engine, supervisor) = EngineHandle::new(config);
	tokio::spawn(supervisor.run());
	let unavailable = |error: countersign_engine::supervisor::EngineError| {
		Error::Input(format!(
			"ONNX Runtime is needed to measure the drift: {error}; name it with --engine and \
			 --onnxruntime"
		))
	};
	engine.ping().await.map_err(unavailable)?;
	let mut measured = Measured {
		samples: 0,
		failed: Vec::new(),
		drift: vec![Drift::default(); outputs.len()],
		native: Duration::ZERO,
		canonical: Duration::ZERO,
		runtime: match engine.state() {
			countersign_engine::supervisor::EngineState::Ready { description, .. } => description,
			_ => String::new(),
		},
	};
	let path = std::path::absolute(&args.artefact)
		.map_err(|reason| Error::File { path: args.artefact.display().to_string(), reason })?;
	for (name, files) in samples {
		let Some(sample) = read_sample(&files, args.encode, &inputs)? else {
			session.progress(format!("{name}: the answer is known without the model"));
			continue;
		};
		let job = RunJob {
			artefact: artefact.sha256,
			length: artefact.length,
			path: path.clone(),
			inputs: inputs
				.iter()
				.zip(&sample)
				.map(|(port, tensor)| NamedTensor {
					name: port.name.to_vec(),
					tensor: tensor.clone(),
				})
				.collect(),
			outputs: outputs
				.iter()
				.map(|port| OutputPort { name: port.name.to_vec(), ty: port.ty })
				.collect(),
			limits: SAMPLE_LIMITS,
			program: None,
		};
		let start = Instant::now();
		let canonical = program.run(&sample);
		measured.canonical += start.elapsed();
		measured.samples += 1;
		let report = match engine.run(job).await {
			Ok(report) => report,
			Err(error) => {
				measured.failed.push(format!("{name}: {error}"));
				continue;
			}
		};
		measured.native += report.time;
		match (report.outcome, canonical.result) {
			(RunOutcome::Output(native), Ok(canonical)) => {
				let canonical = countersign_engine::convert::from_canonical(canonical);
				for ((drift, native), canonical) in
					measured.drift.iter_mut().zip(&native).zip(&canonical)
				{
					drift.add(native, canonical);
				}
			}
			(RunOutcome::Trap { message, .. }, _) => {
				measured.failed.push(format!("{name}: ONNX Runtime: {message}"));
			}
			(_, Err(trap)) => measured.failed.push(format!("{name}: the program: {trap:?}")),
		}
	}
	if measured.samples == 0 {
		return Err(Error::Input(format!("no sample in {} needs the model", folder.display())));
	}
	Ok(measured)
}

/// The engine binary: beside this program where nothing else is said.
fn engine(args: &args::Import) -> Result<PathBuf, Error> {
	match &args.engine {
		Some(path) => Ok(path.clone()),
		None => std::env::current_exe()
			.map(|this| this.with_file_name("countersign-engine"))
			.map_err(|reason| Error::File { path: "this program".into(), reason }),
	}
}

fn library(args: &args::Import) -> Result<PathBuf, Error> {
	if let Some(path) = &args.onnxruntime {
		return Ok(path.clone());
	}
	std::env::current_exe()
		.map(|this| this.with_file_name("libonnxruntime.so"))
		.map_err(|reason| Error::File { path: "this program".into(), reason })
}

/// What is shown.
struct Report<'a> {
	program: &'a Program,
	measured: Option<&'a Measured>,
	out: &'a Path,
	args: &'a args::Import,
}

impl Report<'_> {
	fn policies(&self) -> Result<Vec<PrecisionPolicy>, Error> {
		let count = self.program.outputs()?.len();
		Ok(match self.measured {
			Some(measured) => measured.drift.iter().map(Drift::policy).collect(),
			None => vec![PrecisionPolicy::Exact; count],
		})
	}

	/// The ceilings of a run: time in milliseconds, memory in MiB.
	fn ceilings(&self) -> (u32, u64) {
		let slowest = self.measured.map_or(Duration::ZERO, |measured| {
			let each = u32::try_from(measured.samples).unwrap_or(u32::MAX).max(1);
			(measured.native / each).max(measured.canonical / each)
		});
		let time = u32::try_from(slowest.as_millis()).unwrap_or(u32::MAX);
		let cost = self.program.cost();
		let memory = cost.peak.saturating_add(cost.constants).saturating_mul(4) >> 20;
		(
			time.saturating_mul(TIME_FACTOR).max(LEAST_TIME_MS),
			memory.next_multiple_of(64).max(LEAST_MEMORY_MIB),
		)
	}

	/// The lines of a manifest, ready to paste.
	fn manifest(&self) -> Result<String, Error> {
		let quoted = |text: String| json!(text).to_string();
		let file = self.args.artefact.file_name().unwrap_or_default().to_string_lossy();
		let (time, memory) = self.ceilings();
		let mut text = format!(
			"artefact = {}\n\n[cost]\nmacs = {}\ntime_ms = {time}\nmemory_mib = {memory}\n\n\
			 [program]\nroot = \"{}\"\ncanonical_version = {}\n",
			quoted(file.into_owned()),
			self.program.weighted_macs(),
			hash(&self.program.root()),
			program::VERSION,
		);
		let port = |port: &Port| {
			let shape: Vec<u32> = port.shape.iter().map(|dim| dim.max()).collect();
			format!(
				"name = {}\ntype = \"{}\"\nshape = {shape:?}\n",
				quoted(tensors::port_name(port).to_string()),
				tensors::type_name(port.ty)
			)
		};
		for input in &self.program.inputs()? {
			text.push_str(&format!("\n[[inputs]]\n{}", port(input)));
		}
		for (output, policy) in self.program.outputs()?.iter().zip(self.policies()?) {
			let policy = match policy {
				PrecisionPolicy::Exact => "\"exact\"".into(),
				PrecisionPolicy::Within { absolute, relative } => {
					format!("{{ within = {{ absolute = {absolute}, relative = {relative} }} }}")
				}
				PrecisionPolicy::Top1 { margin } => format!("{{ top1 = {{ margin = {margin} }} }}"),
			};
			text.push_str(&format!("\n[[outputs]]\n{}policy = {policy}\n", port(output)));
		}
		Ok(text)
	}

	fn json(&self) -> Result<Value, Error> {
		let (fits, cost) = (self.program.fits(), self.program.cost());
		let (inputs, outputs) = (self.program.inputs()?, self.program.outputs()?);
		let ports = |ports: &[Port]| -> Vec<Value> {
			ports
				.iter()
				.map(|port| {
					json!({
						"name": tensors::port_name(port),
						"type": tensors::type_name(port.ty),
						"shape": port.shape.iter().map(|dim| dim.max()).collect::<Vec<_>>(),
					})
				})
				.collect()
		};
		Ok(json!({
			"program": self.out.display().to_string(),
			"root": hash(&self.program.root()),
			"canonical_version": program::VERSION,
			"bytes": fits.bytes,
			"inputs": ports(&inputs),
			"outputs": ports(&outputs),
			"cost": {
				"weighted_macs": self.program.weighted_macs(),
				"macs": cost.macs,
				"moved": cost.moved,
				"simple": cost.simple,
				"divisions": cost.divisions,
				"transcendental": cost.transcendental,
				"searches": cost.searches,
				"operators": cost.operators,
				"peak_bytes": cost.peak,
				"constant_bytes": cost.constants,
			},
			"runtime_seconds": fits.seconds,
			"runtime_bytes": fits.memory,
			"replay": { "fits": fits.replay.is_empty(), "why_not": fits.replay },
			"synchronous": { "fits": fits.synchronous.is_empty(), "why_not": fits.synchronous },
			"proof_leaves": self.program.leaves(),
			"samples": self.measured.map(|measured| json!({
				"run": measured.samples,
				"failed": measured.failed,
				"onnxruntime": measured.runtime,
				"onnxruntime_seconds": measured.native.as_secs_f64(),
				"canonical_seconds": measured.canonical.as_secs_f64(),
				"drift": measured.drift.iter().map(|drift| json!({
					"absolute": drift.absolute,
					"relative": drift.relative,
					"integers": drift.integers,
					"special": drift.special,
				})).collect::<Vec<_>>(),
			})),
			"policies": self.policies()?,
			"manifest": self.manifest()?,
		}))
	}

	fn text(&self) -> Result<String, Error> {
		let (fits, cost) = (self.program.fits(), self.program.cost());
		let mut lines = Lines::default();
		lines.add("program", format!("{}, {} bytes", self.out.display(), fits.bytes));
		lines.add("root", hash(&self.program.root()));
		lines.add(
			"cost of a run",
			format!(
				"{}, of which {} are products; {} operators",
				amount::format_gigamacs(self.program.weighted_macs()),
				amount::format_gigamacs(cost.macs),
				cost.operators
			),
		);
		lines.add(
			"in the runtime",
			format!("about {:.3} s and {} MiB", fits.seconds, fits.memory.div_ceil(1 << 20)),
		);
		let answer = |why_not: &[String]| match why_not {
			[] => "yes".to_string(),
			why => format!("no: {}", why.join("; ")),
		};
		lines.add("replayed in a block", answer(&fits.replay));
		lines.add("called in a transaction", answer(&fits.synchronous));
		let most = countersign_client::program::MAX_PROOF_LEAVES;
		lines.add(
			"disputed by one element",
			match self.program.leaves() {
				leaves if leaves <= most => format!("yes: a proof opens at most {leaves} leaves"),
				leaves => format!("no: a proof opens {leaves} leaves, and {most} are allowed"),
			},
		);
		match self.measured {
			None => lines.add(
				"drift",
				"not measured: give --samples FOLDER for a tolerance that lets validators use \
				 ONNX Runtime",
			),
			Some(measured) => {
				let each = |time: Duration| {
					time.as_secs_f64() * 1e3 / f64::from(measured.samples.max(1) as u32)
				};
				lines.add(
					"samples",
					format!(
						"{}: ONNX Runtime {:.1} ms each, canonical {:.1} ms",
						measured.samples,
						each(measured.native),
						each(measured.canonical)
					),
				);
				for failed in &measured.failed {
					lines.add("no comparison", failed);
				}
				for (port, drift) in self.program.outputs()?.iter().zip(&measured.drift) {
					let mut text = format!(
						"{}: at most {:.3e}, or {:.3e} of the element",
						tensors::port_name(port),
						drift.absolute,
						drift.relative
					);
					if drift.integers > 0 {
						text.push_str(&format!("; {} integers differ", drift.integers));
					}
					if drift.special > 0 {
						text.push_str(&format!(
							"; {} elements are a number in one and none in the other",
							drift.special
						));
					}
					lines.add("drift", text);
				}
			}
		}
		let mut text = lines.text();
		text.push_str("\nFor the manifest:\n\n");
		text.push_str(&self.manifest()?);
		Ok(text)
	}
}
