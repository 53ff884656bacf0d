//! Canonical programs on the client's side: importing a file, what a run costs and where it fits,
//! how far engines are from each other, and computing an answer again.

use crate::{amount, manifest::ManifestFile, Error};
use codec::{DecodeAll, Encode};
use countersign_canonical::{
	bands::{self, Policy},
	bounded::{Chunks, Prepared},
	program::Package,
	run::Outcome as CanonicalOutcome,
	tensor::Meta,
	Model, Trap,
};
use countersign_engine::convert;
use countersign_onnx::{ImportError, Options};
use countersign_primitives::{
	commitment::tensors_commitment,
	model::{Manifest, PrecisionPolicy},
	program::{
		DryRun, MAX_PACKAGE_BYTES, MAX_SLABS, MAX_STORED_BYTES, REPLAY_BUDGET, SLAB_BYTES,
		SYNCHRONOUS_BUDGET,
	},
	request::{Outcome, OutcomeCommitment, TrapCode},
	tensor::{Dimension, Port, Tensor, TensorType},
	Hash, Macs,
};
use std::path::Path;

pub use countersign_canonical::{
	bands::Verdict, cost::Cost, proof::MAX_LEAVES as MAX_PROOF_LEAVES, VERSION,
};
pub use countersign_engine::convert::from_canonical;

/// Weighted multiply-accumulates of a second in the runtime, for estimates: what the chain charges
/// is measured there.
pub const RUNTIME_MACS_PER_SECOND: u64 = 3_000_000_000;
/// How many times the measured drift a proposed tolerance is at least.
pub const DRIFT_MARGIN: f64 = 8.0;

/// A program with its constants, and what the file that it came from calls inputs and outputs.
#[derive(Debug)]
pub struct Program {
	package: Package,
	model: Model,
	inputs: Vec<String>,
	outputs: Vec<String>,
	macs: Macs,
}

/// The cost of a run of a stored program, as the chain counts it: the package lies in the run's own
/// memory. Nothing, if it is too long to be stored.
fn stored_macs(package: &[u8]) -> Option<Macs> {
	let mut chunks = Chunks::new();
	chunks.push(package).ok()?;
	Some(Prepared::from_chunks_unchecked(chunks).ok()?.cost().weighted_macs())
}

/// Imports an ONNX file. Every operator that cannot be expressed is named.
pub fn import(path: &Path, options: &Options) -> Result<Program, Error> {
	let bytes = std::fs::read(path)
		.map_err(|reason| Error::File { path: path.display().to_string(), reason })?;
	import_bytes(&bytes, options).map_err(|error| match error {
		Error::Input(why) => Error::Input(format!("{}: {why}", path.display())),
		error => error,
	})
}

/// The same from bytes.
pub fn import_bytes(bytes: &[u8], options: &Options) -> Result<Program, Error> {
	let imported = match countersign_onnx::import(bytes, options) {
		Ok(imported) => imported,
		Err(ImportError::Operator { .. }) => {
			let all = countersign_onnx::refusals(bytes, options);
			return Err(Error::NotExpressible(all.iter().map(ToString::to_string).collect()));
		}
		Err(error) => return Err(Error::Input(error.to_string())),
	};
	let names = |ports: &[countersign_onnx::Port]| -> Vec<String> {
		ports.iter().map(|port| port.name.clone()).collect()
	};
	let (inputs, outputs) = (names(&imported.inputs), names(&imported.outputs));
	Program::new(imported.package, inputs, outputs)
}

/// What a manifest says about shapes, for the importer. Dimensions that it leaves open stay open.
pub fn options_of(manifest: &Manifest) -> Options {
	let mut options = Options::default();
	for port in &manifest.inputs {
		let shape: Option<Vec<u32>> = port
			.shape
			.iter()
			.map(|dim| match dim {
				Dimension::Fixed(size) => Some(*size),
				Dimension::Range { .. } => None,
			})
			.collect();
		if let Some(shape) = shape {
			options.shapes.insert(String::from_utf8_lossy(&port.name).into_owned(), shape);
		}
	}
	options
}

impl Program {
	fn new(package: Package, inputs: Vec<String>, outputs: Vec<String>) -> Result<Self, Error> {
		let model = Model::new(&package).map_err(|error| Error::Input(error.to_string()))?;
		let macs =
			stored_macs(&package.encode()).unwrap_or_else(|| model.plan().cost.weighted_macs());
		Ok(Self { package, model, inputs, outputs, macs })
	}

	/// Reads a package, as [`Program::encoding`] gives it. It knows no names.
	pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
		let package = Package::decode_all(&mut &bytes[..])
			.map_err(|_| Error::Input("this file is not the package of a program".into()))?;
		Self::new(package, Vec::new(), Vec::new())
	}

	/// Reads the program of a model from a file: its package, or the ONNX file that it comes from.
	/// Checks that it is the manifest's.
	pub fn of_model(path: &Path, manifest: &Manifest) -> Result<Self, Error> {
		let root = match &manifest.program {
			Some(program) => program.root,
			None => return Err(Error::NoProgram),
		};
		let program = match Self::read(path) {
			Ok(program) => program,
			Err(Error::Input(_)) => import(path, &options_of(manifest))?,
			Err(error) => return Err(error),
		};
		if program.root() != root {
			return Err(Error::Input(format!(
				"{} gives the program {:?}, and the model's is {root:?}",
				path.display(),
				program.root()
			)));
		}
		Ok(program)
	}

	/// Reads the file of a package.
	pub fn read(path: &Path) -> Result<Self, Error> {
		let shown = path.display().to_string();
		let bytes =
			std::fs::read(path).map_err(|reason| Error::File { path: shown.clone(), reason })?;
		Self::decode(&bytes).map_err(|error| Error::Input(format!("{shown}: {error}")))
	}

	/// The package: what the chain stores and what a replay carries.
	pub fn encoding(&self) -> Vec<u8> {
		self.package.encode()
	}

	/// What runs.
	pub(crate) fn model(&self) -> &Model {
		&self.model
	}

	/// What identifies it.
	pub fn root(&self) -> Hash {
		self.model.program().root().into()
	}

	/// What a run costs at most.
	pub fn cost(&self) -> &Cost {
		&self.model.plan().cost
	}

	/// The cost in the unit of fees: what a manifest has to declare at least, so that the program can
	/// be stored for its model and an answer of it recomputed.
	pub fn weighted_macs(&self) -> Macs {
		self.macs
	}

	/// The most leaves that a proof of one element opens.
	pub fn leaves(&self) -> u64 {
		self.model.plan().leaves
	}

	fn output_metas(&self) -> Vec<Meta> {
		let metas = &self.model.plan().metas;
		let outputs = self.model.program().outputs.iter();
		outputs.filter_map(|output| metas.get(usize::from(*output)).cloned()).collect()
	}

	fn ports(names: &[String], metas: &[Meta]) -> Result<Vec<Port>, Error> {
		let long =
			|_| Error::Input("the name of an input or output is longer than 64 bytes".into());
		metas
			.iter()
			.enumerate()
			.map(|(at, meta)| {
				let shape: Vec<Dimension> =
					meta.shape.iter().map(|size| Dimension::Fixed(*size)).collect();
				let name = names.get(at).map_or_else(|| at.to_string(), String::clone);
				Ok(Port {
					name: name.into_bytes().try_into().map_err(long)?,
					ty: convert::type_from_canonical(meta.ty),
					shape: shape
						.try_into()
						.map_err(|_| Error::Input("more than 8 dimensions".into()))?,
				})
			})
			.collect()
	}

	/// Its inputs, by the names of the file where it came from one.
	pub fn inputs(&self) -> Result<Vec<Port>, Error> {
		Self::ports(&self.inputs, &self.model.program().inputs)
	}

	/// Its outputs, whole.
	pub fn outputs(&self) -> Result<Vec<Port>, Error> {
		Self::ports(&self.outputs, &self.output_metas())
	}

	/// Runs it. The outputs are whole, whatever policies expose.
	pub fn run(&self, inputs: &[Tensor]) -> CanonicalOutcome {
		self.model.run_watched(&convert::to_canonical(inputs.to_vec()))
	}

	/// Checks that a manifest declares exactly this program: root, inputs and outputs in order, and
	/// a cost that is not below the program's.
	pub fn check_manifest(&self, manifest: &Manifest) -> Result<(), Error> {
		let wrong = |why: String| Err(Error::Input(format!("the manifest and its program: {why}")));
		let Some(program) = &manifest.program else {
			return wrong("the manifest names no program".into());
		};
		if program.canonical_version != VERSION {
			return wrong(format!(
				"canonical version {}, and this client knows {VERSION}",
				program.canonical_version
			));
		}
		if program.root != self.root() {
			return wrong(format!(
				"the root is {:?}, and the artefact gives {:?}; `countersign model import` shows \
				 what to write",
				program.root,
				self.root()
			));
		}
		let exposed: Vec<Meta> = self
			.output_metas()
			.iter()
			.zip(convert::policies(&manifest.policies))
			.map(|(meta, policy)| policy.exposed_meta(meta))
			.collect::<Result<_, _>>()
			.map_err(|why| Error::Input(format!("a policy does not fit its output: {why}")))?;
		let sides = [
			("inputs", manifest.inputs.to_vec(), self.inputs()?),
			("outputs", manifest.outputs.to_vec(), Self::ports(&self.outputs, &exposed)?),
		];
		for (side, declared, found) in sides {
			if declared != found {
				let shown = |ports: &[Port]| -> String {
					let each = ports.iter().map(|port| {
						let name = crate::tensors::port_name(port);
						format!("{name}: {}", crate::tensors::port_type(port))
					});
					each.collect::<Vec<_>>().join(", ")
				};
				return wrong(format!(
					"the {side} are declared as [{}], and the program has [{}], in this order",
					shown(&declared),
					shown(&found)
				));
			}
		}
		if manifest.cost.macs < self.weighted_macs() {
			return wrong(format!(
				"the declared cost is {}, and a run costs {}: write macs = {}",
				amount::format_gigamacs(manifest.cost.macs),
				amount::format_gigamacs(self.weighted_macs()),
				self.weighted_macs()
			));
		}
		Ok(())
	}

	/// Where a run fits.
	pub fn fits(&self) -> Fits {
		let length = self.package.encoded_size() as u64;
		let cost = self.cost();
		let memory = cost.peak.saturating_add(cost.constants).saturating_add(length);
		let seconds = self.weighted_macs() as f64 / RUNTIME_MACS_PER_SECOND as f64;
		let budget = |picoseconds: u64| picoseconds as f64 / 1e12;
		let mut both = Vec::new();
		let most = u64::from(MAX_SLABS) * SLAB_BYTES;
		if memory > most {
			both.push(format!(
				"a run takes {} MiB with its package, and the runtime has {} MiB for it",
				memory.div_ceil(1 << 20),
				most >> 20
			));
		}
		let with = |most_bytes: u32, most_seconds: f64, what: &str| {
			let mut why = both.clone();
			if length > u64::from(most_bytes) {
				why.push(format!("the package has {length} bytes, and {what} takes {most_bytes}"));
			}
			if seconds > most_seconds {
				why.push(format!(
					"a run takes about {seconds:.3} s in the runtime, and {what} may take {most_seconds} s"
				));
			}
			why
		};
		Fits {
			bytes: length,
			memory,
			seconds,
			replay: with(MAX_PACKAGE_BYTES, budget(REPLAY_BUDGET), "a replay"),
			synchronous: with(MAX_STORED_BYTES, budget(SYNCHRONOUS_BUDGET), "a synchronous call"),
		}
	}
}

/// Where a run of a program fits.
#[derive(Clone, PartialEq, Debug)]
pub struct Fits {
	/// The length of the package.
	pub bytes: u64,
	/// The bytes that a run takes in the runtime, package included.
	pub memory: u64,
	/// About how long a run takes in the runtime, in seconds.
	pub seconds: f64,
	/// Why the chain cannot replay a run in one block; empty where it can.
	pub replay: Vec<String>,
	/// Why the model cannot be called inside a transaction; empty where it can.
	pub synchronous: Vec<String>,
}

/// How far another engine was from the program on one output, over all samples.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Drift {
	/// The largest difference of an element.
	pub absolute: f64,
	/// The largest difference of an element, as a share of it, among those that are at least a
	/// sixteenth of the largest of their output.
	pub relative: f64,
	/// Elements of an integer or bool type that differ.
	pub integers: u64,
	/// Elements that are no finite number in the program's output and another in the engine's, or
	/// the other way round.
	pub special: u64,
}

impl Drift {
	/// Compares one output of both.
	pub fn add(&mut self, other: &Tensor, canonical: &Tensor) {
		if other.ty != canonical.ty || other.shape != canonical.shape {
			self.special += 1;
			return;
		}
		if canonical.ty != TensorType::F32 {
			let size = canonical.ty.size();
			let pairs = other.data.chunks(size).zip(canonical.data.chunks(size));
			self.integers += pairs.filter(|(a, b)| a != b).count() as u64;
			return;
		}
		let floats = |tensor: &Tensor| -> Vec<f32> {
			tensor.data.as_chunks::<4>().0.iter().map(|bits| f32::from_le_bytes(*bits)).collect()
		};
		let (other, canonical) = (floats(other), floats(canonical));
		let finite = canonical.iter().filter(|x| x.is_finite());
		let largest = finite.fold(0f64, |most, x| most.max(f64::from(x.abs())));
		for (a, b) in other.iter().zip(&canonical) {
			if !a.is_finite() || !b.is_finite() {
				let same = a == b || (a.is_nan() && b.is_nan());
				self.special += u64::from(!same);
				continue;
			}
			let difference = (f64::from(*a) - f64::from(*b)).abs();
			self.absolute = self.absolute.max(difference);
			let size = f64::from(b.abs());
			if size > 0.0 && size * 16.0 >= largest {
				self.relative = self.relative.max(difference / size);
			}
		}
	}

	/// The policy that leaves at least [`DRIFT_MARGIN`] times the drift: rounded up to powers of
	/// two, or `Exact` where nothing differs, or where only one answer can be right.
	pub fn policy(&self) -> PrecisionPolicy {
		if self.integers > 0 || (self.absolute == 0.0 && self.relative == 0.0) {
			return PrecisionPolicy::Exact;
		}
		PrecisionPolicy::Within {
			absolute: exponent(self.absolute * DRIFT_MARGIN),
			relative: exponent(self.relative * DRIFT_MARGIN),
		}
	}
}

/// The smallest exponent of two that is at least `x`, inside the range of policies.
fn exponent(x: f64) -> i16 {
	let (least, most) = (*bands::EXPONENTS.start(), *bands::EXPONENTS.end());
	(least..=most).find(|at| f64::powi(2.0, i32::from(*at)) >= x).unwrap_or(most)
}

/// What computing an answer again shows.
#[derive(Clone, PartialEq, Debug)]
pub struct Replay {
	/// What the statement commits to.
	pub claimed: OutcomeCommitment,
	/// What the program gives, as policies expose it.
	pub computed: OutcomeCommitment,
	/// The program's outputs, as policies expose them; empty after a trap.
	pub outputs: Vec<Tensor>,
	/// The judgement of each output; empty where one side is a trap.
	pub each: Vec<Verdict>,
	/// The judgement of the whole.
	pub verdict: Verdict,
}

/// Judges a claim by running the program on its input.
pub fn replay(
	program: &Program,
	policies: &[PrecisionPolicy],
	input: &[Tensor],
	claimed: &Outcome,
) -> Result<Replay, Error> {
	let policies: Vec<Policy> = convert::policies(policies);
	let canonical = program.run(input);
	let claimed_outputs = match claimed {
		Outcome::Output(bytes) => Ok(convert::to_canonical(crate::tensors::decode(bytes)?)),
		Outcome::Trap { code, operator } => Err((*code, *operator)),
	};
	let trap = |(code, operator): (TrapCode, u32)| match code {
		TrapCode::BadInput => Trap::from_parts(0, operator),
		TrapCode::Operator => Trap::from_parts(1, operator),
		// No canonical run ends like this.
		_ => None,
	};
	let verdict = match &claimed_outputs {
		Ok(outputs) => bands::judge_outcome(&policies, Ok(outputs), &canonical),
		Err(parts) => match trap(*parts) {
			Some(trap) => bands::judge_outcome(&policies, Err(trap), &canonical),
			None => Verdict::Wrong,
		},
	};
	let each = match (&claimed_outputs, &canonical.result) {
		(Ok(claimed), Ok(outputs)) if claimed.len() == outputs.len() => claimed
			.iter()
			.zip(outputs)
			.zip(&policies)
			.enumerate()
			.map(|(at, ((claimed, output), policy))| {
				let saturated = canonical.saturated.get(at).copied().unwrap_or(false);
				bands::judge(*policy, claimed, output, saturated)
			})
			.collect(),
		_ => Vec::new(),
	};
	let (computed, outputs) = match canonical.result {
		Ok(outputs) => {
			let exposed = convert::from_canonical(bands::expose(&policies, outputs));
			(OutcomeCommitment::Output(tensors_commitment(&exposed)), exposed)
		}
		Err(trap) => {
			let (_, operator) = trap.to_parts();
			let code = match trap {
				Trap::BadInput => TrapCode::BadInput,
				Trap::Operator(_) => TrapCode::Operator,
			};
			(OutcomeCommitment::Trap { code, operator }, Vec::new())
		}
	};
	let claimed = match claimed_outputs {
		Ok(outputs) => {
			OutcomeCommitment::Output(tensors_commitment(&convert::from_canonical(outputs)))
		}
		Err((code, operator)) => OutcomeCommitment::Trap { code, operator },
	};
	Ok(Replay { claimed, computed, outputs, each, verdict })
}

/// What policies expose of a dry run, whose outputs are whole.
pub fn expose(run: DryRun, policies: &[PrecisionPolicy]) -> Result<DryRun, Error> {
	let Ok(bytes) = &run.output else { return Ok(run) };
	let whole = convert::to_canonical(crate::tensors::decode(bytes)?);
	let exposed = convert::from_canonical(bands::expose(&convert::policies(policies), whole));
	let outcome = OutcomeCommitment::of_output(&exposed);
	Ok(DryRun { output: Ok(exposed.encode()), outcome, ..run })
}

/// Imports the artefact of a manifest with a program, and checks that they belong together.
pub fn check_file(file: &ManifestFile) -> Result<Option<Program>, Error> {
	if file.manifest.program.is_none() {
		return Ok(None);
	}
	let program = import(&file.artefact, &options_of(&file.manifest))?;
	program.check_manifest(&file.manifest)?;
	Ok(Some(program))
}

#[cfg(test)]
mod tests;
