//! The canonical operator set as an engine: programs imported from artefacts, and their runs.
//!
//! Nothing native is in this process. A program is kept on disk under its root and the artefact
//! that it came from, and read back only where its constants and its root are right.

use crate::{memory::Cap, refusal::Refusal};
use codec::{Decode, DecodeAll, Encode};
use countersign_canonical::{
	bands::{self, Policy},
	kernels::Threads,
	program::Package,
	tensor::Meta,
	Model, Trap, VERSION,
};
use countersign_engine::{
	convert, float_mode,
	protocol::{ErrorKind, ProgramPort, RunLimits, Verdict},
};
use countersign_onnx::{import, ImportError, Options as ImportOptions};
use countersign_primitives::{
	model::{ArtefactHash, PrecisionPolicy},
	request::TrapCode,
	tensor::Tensor,
};
use sha2::{Digest, Sha256};
use std::{
	fs, io,
	path::{Path, PathBuf},
	sync::Arc,
	time::{Duration, Instant, SystemTime},
};

/// The names of a program's inputs and outputs, and the program, ready to run.
type Prepared = ((Vec<Vec<u8>>, Vec<Vec<u8>>), Model);

/// What came of a run.
pub(crate) enum Outcome {
	Output(Vec<Tensor>),
	Trap(TrapCode, u32),
}

/// A run that was done.
pub(crate) struct Ran {
	pub(crate) outcome: Outcome,
	/// What that says about the claim that came with it.
	pub(crate) verdict: Option<Verdict>,
	/// The digest of the trace, where one was wanted.
	pub(crate) trace: Option<[u8; 32]>,
	pub(crate) time: Duration,
}

/// Where a program comes from, and what it has to be.
pub(crate) struct Wanted<'a> {
	pub(crate) artefact: ArtefactHash,
	pub(crate) length: u64,
	pub(crate) path: &'a str,
	pub(crate) root: [u8; 32],
	pub(crate) version: u16,
	pub(crate) inputs: &'a [ProgramPort],
	pub(crate) outputs: &'a [ProgramPort],
	pub(crate) policies: &'a [PrecisionPolicy],
}

/// A program on disk: what the file calls its ports, and the program with its constants.
#[derive(Encode, Decode)]
struct Stored {
	inputs: Vec<Vec<u8>>,
	outputs: Vec<Vec<u8>>,
	package: Package,
}

/// A program that is ready.
struct Ready {
	root: [u8; 32],
	artefact: ArtefactHash,
	/// What the file calls inputs and outputs.
	names: (Vec<Vec<u8>>, Vec<Vec<u8>>),
	model: Model,
	policies: Vec<Policy>,
	used: u64,
}

/// The programs that are ready, and those on disk.
pub(crate) struct Programs {
	folder: PathBuf,
	/// The most bytes in the folder.
	capacity: u64,
	/// The most programs that are kept ready.
	models: usize,
	cap: Cap,
	/// What runs share their work between, where that is more than one.
	threads: Option<Arc<Threads>>,
	ready: Vec<Ready>,
	clock: u64,
}

impl Programs {
	/// Opens the folder, which is made where it does not exist.
	pub(crate) fn open(
		folder: &Path,
		capacity_mib: u32,
		models: usize,
		threads: usize,
		cap: Cap,
	) -> Result<Self, String> {
		fs::create_dir_all(folder)
			.map_err(|error| format!("the folder of programs {}: {error}", folder.display()))?;
		let capacity = u64::from(capacity_mib) << 20;
		let threads = if threads > 1 { Some(Arc::new(start(threads)?)) } else { None };
		Ok(Self {
			folder: folder.to_path_buf(),
			capacity,
			models: models.max(1),
			cap,
			threads,
			ready: Vec::new(),
			clock: 0,
		})
	}

	pub(crate) fn description(&self) -> String {
		format!("canonical operator set {VERSION}")
	}

	/// Makes a program ready. Says whether it was already.
	pub(crate) fn load(&mut self, wanted: &Wanted<'_>) -> Result<bool, Refusal> {
		self.clock += 1;
		let now = self.clock;
		if wanted.version != VERSION {
			return Err(wrong(format!(
				"the manifest names version {} of the operator set, and this engine knows {VERSION}",
				wanted.version
			)));
		}
		let policies = convert::policies(wanted.policies);
		let known = self
			.ready
			.iter_mut()
			.find(|ready| ready.root == wanted.root && ready.artefact == wanted.artefact);
		if let Some(ready) = known {
			check_ports(wanted, &policies, &ready.names, &ready.model)?;
			ready.policies = policies;
			ready.used = now;
			return Ok(true);
		}
		// Before the new one takes its memory.
		while self.ready.len() >= self.models {
			let oldest = self.ready.iter().enumerate().min_by_key(|(_, ready)| ready.used);
			let Some((index, _)) = oldest else { break };
			self.ready.swap_remove(index);
		}
		let (names, model) = match self.read(wanted) {
			Some(found) => found,
			None => self.import(wanted)?,
		};
		let model = match &self.threads {
			Some(threads) => model.with_threads(threads),
			None => model,
		};
		check_ports(wanted, &policies, &names, &model)?;
		let cost = &model.plan().cost;
		let most = self.cap.bytes() / 2;
		if cost.peak.saturating_add(cost.constants) > most {
			return Err(Refusal::new(
				ErrorKind::Internal,
				format!(
					"a run takes {} MiB, and half of what this process may take is {} MiB",
					cost.peak.saturating_add(cost.constants) >> 20,
					most >> 20
				),
			));
		}
		let (root, artefact) = (wanted.root, wanted.artefact);
		self.ready.push(Ready { root, artefact, names, model, policies, used: now });
		Ok(false)
	}

	/// Runs a program that is ready, judges a claim about its outputs, and gives the digest of the
	/// leaves of its trace that `trace` draws.
	pub(crate) fn run(
		&mut self,
		root: &[u8; 32],
		inputs: Vec<Tensor>,
		claimed: Option<Vec<Tensor>>,
		trace: Option<[u8; 32]>,
		limits: &RunLimits,
	) -> Result<Ran, Refusal> {
		self.clock += 1;
		let now = self.clock;
		// One root may come from several artefacts; the one asked for last was loaded just before.
		let ready = self
			.ready
			.iter_mut()
			.filter(|ready| ready.root == *root)
			.max_by_key(|ready| ready.used)
			.ok_or_else(|| Refusal::new(ErrorKind::NotLoaded, "the program is not loaded"))?;
		ready.used = now;
		let inputs = convert::to_canonical(inputs);
		let threads = ready.model.threads();
		check_float_mode(threads)?;
		let start = Instant::now();
		let (outcome, trace) = match trace {
			Some(seed) => {
				let (outcome, digest) = ready.model.run_audited(&inputs, seed);
				(outcome, Some(digest))
			}
			None => (ready.model.run_watched(&inputs), None),
		};
		let time = start.elapsed();
		// What was computed in a wrong mode is no answer.
		check_float_mode(threads)?;
		let verdict = claimed.map(|claimed| {
			let claimed = convert::to_canonical(claimed);
			bands::judge_outcome(&ready.policies, Ok(&claimed), &outcome)
		});
		let outcome = match outcome.result {
			Ok(outputs) => {
				let exposed = bands::expose(&ready.policies, outputs);
				let bytes = exposed.iter().map(|tensor| tensor.data.len()).sum::<usize>();
				if bytes > limits.output_bytes as usize {
					return Err(wrong(format!(
						"its outputs have {bytes} bytes, more than allowed"
					)));
				}
				Outcome::Output(convert::from_canonical(exposed))
			}
			Err(trap) => {
				let (_, operator) = trap.to_parts();
				let code = match trap {
					Trap::BadInput => TrapCode::BadInput,
					Trap::Operator(_) => TrapCode::Operator,
				};
				Outcome::Trap(code, operator)
			}
		};
		Ok(Ran { outcome, verdict, trace, time })
	}

	fn import(&self, wanted: &Wanted<'_>) -> Result<Prepared, Refusal> {
		let bytes = crate::artefact::read(wanted.artefact, wanted.length, wanted.path)?;
		let mut options = ImportOptions::default();
		for port in wanted.inputs {
			let name = String::from_utf8_lossy(&port.name).into_owned();
			options.shapes.insert(name, port.shape.clone());
		}
		let imported = import(&bytes, &options).map_err(|error| match error {
			ImportError::Malformed(_) | ImportError::FileTooLarge(_) => {
				Refusal::new(ErrorKind::Model, error.to_string())
			}
			error => wrong(error.to_string()),
		})?;
		drop(bytes);
		let found = imported.package.program.root();
		if found != wanted.root {
			return Err(wrong(format!(
				"importing the artefact gives the program {}, and the manifest names {}: do not \
				 serve this model",
				hex::encode(found),
				hex::encode(wanted.root)
			)));
		}
		let names = |ports: &[countersign_onnx::Port]| {
			ports.iter().map(|port| port.name.clone().into_bytes()).collect::<Vec<_>>()
		};
		let names = (names(&imported.inputs), names(&imported.outputs));
		let stored =
			Stored { inputs: names.0.clone(), outputs: names.1.clone(), package: imported.package };
		// Doing without costs another import at the next start, and nothing else.
		if let Err(error) = self.write(wanted, &stored) {
			crate::log::warn(&format!("the program is not kept on disk: {error}"));
		}
		let model =
			Model::from_unchecked(stored.package).map_err(|error| wrong(error.to_string()))?;
		Ok((names, model))
	}

	fn file(&self, wanted: &Wanted<'_>) -> PathBuf {
		let name = format!("{}-{}", hex::encode(wanted.root), hex::encode(wanted.artefact));
		self.folder.join(name)
	}

	/// The program on disk, if it is there and right.
	fn read(&self, wanted: &Wanted<'_>) -> Option<Prepared> {
		let path = self.file(wanted);
		let bytes = fs::read(&path).ok()?;
		let read = |bytes: &[u8]| -> Option<_> {
			let (sum, body) = bytes.split_first_chunk::<32>()?;
			if *sum != <[u8; 32]>::from(Sha256::digest(body)) {
				return None;
			}
			let stored = Stored::decode_all(&mut &body[..]).ok()?;
			stored.package.check_constants().ok()?;
			let model = Model::from_unchecked(stored.package).ok()?;
			(model.program().root() == wanted.root)
				.then_some(((stored.inputs, stored.outputs), model))
		};
		let found = read(&bytes);
		match &found {
			// So that those used longest ago make room.
			Some(_) => {
				let touched = fs::File::options().append(true).open(&path);
				let _ = touched.and_then(|file| file.set_modified(SystemTime::now()));
			}
			None => {
				crate::log::warn(&format!("{} is spoilt and was removed", path.display()));
				let _ = fs::remove_file(&path);
			}
		}
		found
	}

	fn write(&self, wanted: &Wanted<'_>, stored: &Stored) -> io::Result<()> {
		// Names are not part of the root, so the file has a sum of its own.
		let body = stored.encode();
		let mut bytes = Sha256::digest(&body).to_vec();
		bytes.extend(body);
		self.make_room(bytes.len() as u64)?;
		let path = self.file(wanted);
		// Aside, and then renamed: what has a name is whole.
		let partial = path.with_extension(format!("partial-{}", std::process::id()));
		fs::write(&partial, bytes)?;
		fs::rename(&partial, &path)
	}

	/// Removes those used longest ago until there is room.
	fn make_room(&self, wanted: u64) -> io::Result<()> {
		let mut files = Vec::new();
		let mut total = wanted;
		for file in fs::read_dir(&self.folder)? {
			let file = file?;
			let metadata = file.metadata()?;
			total = total.saturating_add(metadata.len());
			files.push((metadata.modified()?, metadata.len(), file.path()));
		}
		files.sort();
		for (_, length, path) in files {
			if total <= self.capacity {
				return Ok(());
			}
			fs::remove_file(path)?;
			total = total.saturating_sub(length);
		}
		if total <= self.capacity {
			return Ok(());
		}
		Err(io::Error::other(format!("{wanted} bytes are more than the folder may take")))
	}
}

/// Starts threads in the float mode that consensus needs.
fn start(count: usize) -> Result<Threads, String> {
	let threads = Threads::new(count, || {
		// Whether it worked is asked of each, here and before and after every run.
		let _ = float_mode::enforce();
	})?;
	check_float_mode(Some(&threads)).map_err(|error| error.to_string())?;
	Ok(threads)
}

/// Checks the float mode of this thread, and of those that runs use.
fn check_float_mode(threads: Option<&Threads>) -> Result<(), float_mode::WrongFloatMode> {
	float_mode::check()?;
	let all = threads.map(|threads| threads.on_each(float_mode::check));
	all.into_iter().flatten().collect()
}

/// What the manifest declares has to be what the program has, in the program's order: requests and
/// results are tensors without names.
fn check_ports(
	wanted: &Wanted<'_>,
	policies: &[Policy],
	names: &(Vec<Vec<u8>>, Vec<Vec<u8>>),
	model: &Model,
) -> Result<(), Refusal> {
	let program = model.program();
	let metas = &model.plan().metas;
	let inputs: Vec<Meta> = program.inputs.clone();
	check_side("input", wanted.inputs, &names.0, &inputs)?;
	let mut outputs = Vec::with_capacity(program.outputs.len());
	for (index, output) in program.outputs.iter().enumerate() {
		let meta = metas
			.get(usize::from(*output))
			.ok_or_else(|| wrong("an output is no tensor of the program"))?;
		let policy = policies.get(index).unwrap_or(&Policy::Exact);
		outputs.push(policy.exposed_meta(meta).map_err(|error| wrong(error.to_string()))?);
	}
	check_side("output", wanted.outputs, &names.1, &outputs)
}

fn check_side(
	side: &str,
	declared: &[ProgramPort],
	names: &[Vec<u8>],
	metas: &[Meta],
) -> Result<(), Refusal> {
	if declared.len() != metas.len() || names.len() != metas.len() {
		return Err(wrong(format!(
			"the manifest declares {} {side}s, and the program has {}",
			declared.len(),
			metas.len()
		)));
	}
	for ((declared, name), meta) in declared.iter().zip(names).zip(metas) {
		if declared.name != *name {
			return Err(wrong(format!(
				"the manifest has the {side} {} where the program has {}: its order counts",
				String::from_utf8_lossy(&declared.name),
				String::from_utf8_lossy(name)
			)));
		}
		if convert::type_to_canonical(declared.ty) != meta.ty || declared.shape != meta.shape {
			return Err(wrong(format!(
				"the manifest declares the {side} {} as {:?} {:?}, and in a result it is {:?} {:?}",
				String::from_utf8_lossy(name),
				declared.ty,
				declared.shape,
				meta.ty,
				meta.shape
			)));
		}
	}
	Ok(())
}

fn wrong(message: impl Into<String>) -> Refusal {
	Refusal::new(ErrorKind::Program, message)
}
