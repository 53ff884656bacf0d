//! Forged results of real models, and honest ones of both engines, judged by the bands of the
//! referee: magika, and a PP-OCR classifier where `scripts/conformance` has installed it.
//!
//! `COUNTERSIGN_FORGERIES` sets how many forged and how many honest results are judged; the default
//! keeps the test short.
//!
//!     COUNTERSIGN_FORGERIES=10000 cargo test --release -p countersign-engine-process \
//!         -p workspace-features --test forgeries -- --nocapture
//!
//! What the chain does about them, refusals of wrong shapes and wrong attributions included, is in
//! the runtime's tests, which take the same variable.

#[path = "../../tests/common/mod.rs"]
mod chain;
mod common;

use chain::manifest;
use common::{asset, config, start};
use countersign_canonical::{
	bands::{self, Policy, Verdict},
	run::Outcome,
	Model, Tensor, TensorType, Trap,
};
use countersign_engine::{
	convert,
	supervisor::{EngineHandle, RunJob, RunOutcome},
};
use countersign_onnx::{import, Options};
use countersign_primitives::{
	model::Manifest,
	tensor::{Dimension, Port},
};
use std::{collections::BTreeMap, path::PathBuf};

/// Runs of ONNX Runtime by which the tolerance of a model is found, as `countersign model import`
/// proposes it.
const SAMPLES: usize = 8;
/// Forged results about one input.
const FORGED_EACH: u32 = 20;

/// SplitMix64: a generator whose whole state is one number, so that a failure names its seed.
struct Random(u64);

impl Random {
	fn next_u64(&mut self) -> u64 {
		self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
		let mut z = self.0;
		z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
		z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
		z ^ (z >> 31)
	}
	fn below(&mut self, bound: usize) -> usize {
		(self.next_u64() % bound.max(1) as u64) as usize
	}
	fn float(&mut self) -> f32 {
		self.below(1 << 20) as f32 / (1 << 18) as f32 - 2.0
	}
}

/// A model with its program, and what ONNX Runtime needs to run it.
struct Case {
	name: &'static str,
	path: PathBuf,
	model: Model,
	manifest: Manifest,
	/// Draws inputs of the kind that it is made for.
	draw: fn(&mut Random) -> Vec<Tensor>,
}

fn tensor(ty: TensorType, shape: &[u32], data: Vec<u8>) -> Tensor {
	Tensor { ty, shape: shape.to_vec(), data }
}

fn floats(random: &mut Random, shape: &[u32]) -> Tensor {
	let count: u32 = shape.iter().product();
	let data = (0..count).flat_map(|_| random.float().to_le_bytes()).collect();
	tensor(TensorType::F32, shape, data)
}

/// Bytes of a file, the first and the last, or what stands for none.
fn file(random: &mut Random) -> Vec<Tensor> {
	let alphabet = 1 + random.below(257);
	let data = (0..2_048).flat_map(|_| (random.below(alphabet) as i32).to_le_bytes()).collect();
	vec![tensor(TensorType::I32, &[1, 2_048], data)]
}

fn line(random: &mut Random) -> Vec<Tensor> {
	vec![floats(random, &[1, 3, 48, 192])]
}

impl Case {
	/// `None` where the file is not there.
	fn new(
		name: &'static str,
		path: PathBuf,
		shapes: &[(&str, &[u32])],
		draw: fn(&mut Random) -> Vec<Tensor>,
	) -> Option<Self> {
		let bytes = std::fs::read(&path).ok()?;
		let shapes = shapes.iter().map(|(name, shape)| (name.to_string(), shape.to_vec()));
		let options = Options { shapes: shapes.collect(), ..Options::default() };
		let imported = match import(&bytes, &options) {
			Ok(imported) => imported,
			Err(error) => panic!("{name} is not imported: {error}"),
		};
		let ports = |ports: &[countersign_onnx::Port]| -> Vec<Port> {
			let one = |port: &countersign_onnx::Port| Port {
				name: port.name.as_bytes().to_vec().try_into().expect("short"),
				ty: type_of_chain(port.meta.ty),
				shape: port
					.meta
					.shape
					.iter()
					.map(|dim| Dimension::Fixed(*dim))
					.collect::<Vec<_>>()
					.try_into()
					.expect("few dimensions"),
			};
			ports.iter().map(one).collect()
		};
		let manifest = Manifest {
			inputs: ports(&imported.inputs).try_into().expect("few"),
			outputs: ports(&imported.outputs).try_into().expect("few"),
			..manifest(&bytes)
		};
		let model = Model::new(&imported.package).expect("a program");
		Some(Self { name, path, model, manifest, draw })
	}

	/// What ONNX Runtime gives, whole.
	async fn native(&self, engine: &EngineHandle, inputs: &[Tensor]) -> Vec<Tensor> {
		let inputs = convert::from_canonical(inputs.to_vec());
		let job = RunJob::from_manifest(&self.manifest, self.path.clone(), inputs);
		match engine.run(job).await.expect("it runs").outcome {
			RunOutcome::Output(outputs) => convert::to_canonical(outputs),
			trap => panic!("{}: {trap:?}", self.name),
		}
	}
}

/// The chain's name for a type.
fn type_of_chain(ty: TensorType) -> countersign_primitives::tensor::TensorType {
	let one = convert::from_canonical(vec![tensor(ty, &[0], Vec::new())]);
	one[0].ty
}

/// The models that are there.
fn cases() -> Vec<Case> {
	let installed = asset("magika").with_file_name("conformance").join("python");
	let at = |path: &str| installed.join(path);
	let magika = Case::new("magika", asset("magika/model.onnx"), &[("bytes", &[1, 2_048])], file);
	let classifier = Case::new(
		"PP-OCR classifier",
		at("rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx"),
		&[("x", &[1, 3, 48, 192])],
		line,
	);
	let found: Vec<Case> = [magika, classifier].into_iter().flatten().collect();
	assert!(!found.is_empty(), "magika is there");
	found
}

fn values(tensor: &Tensor) -> Vec<f32> {
	let (chunks, _) = tensor.data.as_chunks();
	chunks.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

fn set(tensor: &mut Tensor, at: usize, value: f32) {
	tensor.data[4 * at..4 * at + 4].copy_from_slice(&value.to_le_bytes());
}

/// What a test expects of a claim, computed by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Expected {
	Judged(Verdict),
	/// So near to a border between bands that only the definition says.
	Either,
}

fn worse(one: Expected, other: Expected) -> Expected {
	use Expected::{Either, Judged};
	match (one, other) {
		(Judged(Verdict::Wrong), _) | (_, Judged(Verdict::Wrong)) => Judged(Verdict::Wrong),
		(Either, _) | (_, Either) => Either,
		(Judged(one), Judged(other)) => Judged(one.max(other)),
	}
}

/// The band of a distance, away from borders.
fn band(times: f64) -> Expected {
	Expected::Judged(match times {
		t if t < 0.999 => Verdict::Accepted,
		t if t > 1.001 && t < 63.9 => Verdict::Corrected,
		t if t > 64.1 => Verdict::Wrong,
		_ => return Expected::Either,
	})
}

fn of_float(absolute: i16, relative: i16, canonical: f32, claimed: f32) -> Expected {
	let (canonical, claimed) = (f64::from(canonical), f64::from(claimed));
	if canonical == claimed || canonical.is_nan() && claimed.is_nan() {
		return Expected::Judged(Verdict::Accepted);
	}
	if !canonical.is_finite() {
		return Expected::Judged(Verdict::Corrected);
	}
	if !claimed.is_finite() {
		return Expected::Judged(Verdict::Wrong);
	}
	let tolerance = f64::from(absolute).exp2() + f64::from(relative).exp2() * canonical.abs();
	band((claimed - canonical).abs() / tolerance)
}

fn of_index(margin: i16, row: &[f32], claim: i64) -> Expected {
	let score = usize::try_from(claim).ok().and_then(|claim| row.get(claim));
	let Some(score) = score else { return Expected::Judged(Verdict::Wrong) };
	if row.iter().any(|score| !score.is_finite()) {
		return Expected::Either;
	}
	let best = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
	band((f64::from(best) - f64::from(*score)) / f64::from(margin).exp2())
}

/// What has to come of a claim about a run that gave these outputs.
fn expected(policies: &[Policy], whole: &[Tensor], claim: &Result<Vec<Tensor>, Trap>) -> Expected {
	let wrong = Expected::Judged(Verdict::Wrong);
	let Ok(claim) = claim else { return wrong };
	let exposed = bands::expose(policies, whole.to_vec());
	let fits = |(claim, exposed): (&Tensor, &Tensor)| {
		claim.ty == exposed.ty
			&& claim.shape == exposed.shape
			&& claim.data.len() == exposed.data.len()
	};
	if claim.len() != exposed.len() || !claim.iter().zip(&exposed).all(fits) {
		return wrong;
	}
	let mut found = Expected::Judged(Verdict::Accepted);
	for ((policy, whole), claim) in policies.iter().zip(whole).zip(claim) {
		match policy {
			Policy::Exact if whole == claim => {}
			Policy::Exact => found = worse(found, wrong),
			Policy::Within { absolute, relative } => {
				for (canonical, claimed) in values(whole).into_iter().zip(values(claim)) {
					let one = of_float(*absolute, *relative, canonical, claimed);
					found = worse(found, one);
				}
			}
			Policy::Top1 { margin } => {
				let width = whole.shape.last().copied().unwrap_or(1) as usize;
				let (claims, _) = claim.data.as_chunks();
				for (row, claim) in values(whole).chunks(width).zip(claims) {
					found = worse(found, of_index(*margin, row, i64::from_le_bytes(*claim)));
				}
			}
		}
	}
	found
}

/// A forged claim.
fn forge(
	random: &mut Random,
	policies: &[Policy],
	whole: &[Tensor],
	other: &[Tensor],
) -> (&'static str, Result<Vec<Tensor>, Trap>) {
	let mut claim = bands::expose(policies, whole.to_vec());
	let at = random.below(claim.len());
	let output = &mut claim[at];
	let count = output.data.len() / output.ty.size();
	let element = random.below(count);
	let is_float = output.ty == TensorType::F32;
	let name = match random.below(9) {
		0 => {
			let bit = random.below(8 * output.data.len());
			output.data[bit / 8] ^= 1 << (bit % 8);
			"one bit"
		}
		1 if is_float => {
			set(output, element, f32::NAN);
			"NaN"
		}
		2 if is_float => {
			set(output, element, [f32::INFINITY, f32::NEG_INFINITY][random.below(2)]);
			"an infinity"
		}
		3 | 4 if is_float => {
			// Through all bands.
			let before = values(output)[element];
			let by = f32::exp2(random.below(24) as f32 - 20.0) * (1.0 + before.abs());
			set(output, element, before + by);
			"one logit"
		}
		5 => {
			output.shape.push(1);
			"wrong shape"
		}
		6 => {
			let node = random.below(1_000) as u32;
			let trap = [Trap::Operator(node), Trap::BadInput][random.below(2)];
			return ("a false trap", Err(trap));
		}
		7 => {
			claim = bands::expose(policies, other.to_vec());
			"another input's output"
		}
		_ => match policies[at] {
			// Another index, or the two largest scores the other way round.
			Policy::Top1 { .. } => {
				let width = whole[at].shape.last().copied().unwrap_or(1) as usize;
				let index = random.below(width + 1) as i64;
				let row = random.below(count);
				output.data[8 * row..8 * row + 8].copy_from_slice(&index.to_le_bytes());
				"swapped top-1"
			}
			_ if is_float && count > 1 => {
				let scores = values(output);
				let mut order: Vec<usize> = (0..count).collect();
				order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
				set(output, order[0], scores[order[1]]);
				set(output, order[1], scores[order[0]]);
				"swapped top-1"
			}
			_ => {
				output.data[0] ^= 0x80;
				"one bit"
			}
		},
	};
	(name, Ok(claim))
}

fn judge(policies: &[Policy], claim: &Result<Vec<Tensor>, Trap>, run: &Outcome) -> Verdict {
	match claim {
		Ok(tensors) => bands::judge_outcome(policies, Ok(tensors), run),
		Err(trap) => bands::judge_outcome(policies, Err(*trap), run),
	}
}

/// The smallest power of two that is at least 8 times what ONNX Runtime was off by.
async fn tolerance(case: &Case, engine: &EngineHandle, random: &mut Random) -> i16 {
	let mut drift = 0f64;
	for _ in 0..SAMPLES {
		let inputs = (case.draw)(random);
		let ours = case.model.run(&inputs).expect("an output");
		let theirs = case.native(engine, &inputs).await;
		for (ours, theirs) in ours.iter().zip(&theirs) {
			for (ours, theirs) in values(ours).into_iter().zip(values(theirs)) {
				let off = (f64::from(ours) - f64::from(theirs)).abs();
				drift = drift.max(off / (1.0 + f64::from(ours).abs()));
			}
		}
	}
	(8.0 * drift).max(f64::exp2(-24.0)).log2().ceil() as i16
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_results_are_found_and_honest_ones_of_both_engines_stand() {
	let count: u32 = std::env::var("COUNTERSIGN_FORGERIES")
		.map_or(200, |text| text.parse().expect("COUNTERSIGN_FORGERIES is a number"));
	let engine = start(config());
	let cases = cases();
	let each = count.div_ceil(cases.len() as u32);
	let (mut forged, mut honest) = (0, 0);
	for case in &cases {
		let mut random = Random(11);
		let exponent = tolerance(case, &engine, &mut random).await;
		let within = Policy::Within { absolute: exponent, relative: exponent };
		let outputs = case.model.run(&(case.draw)(&mut random)).expect("an output");
		assert!(outputs.iter().all(|output| output.ty == TensorType::F32), "{}", case.name);
		let all_within = vec![within; outputs.len()];
		// The first as the index of its best, where it has more than one score.
		let mut with_index = all_within.clone();
		if outputs[0].shape.last().is_some_and(|width| *width > 1) {
			with_index[0] = Policy::Top1 { margin: exponent + 1 };
		}
		let sets = [all_within, with_index];
		let (mut lies, mut truths) = (0, 0);
		let mut found = BTreeMap::<(&str, String), u32>::new();
		let mut before = outputs;
		while lies < each || truths < each {
			let inputs = (case.draw)(&mut random);
			let run = case.model.run_watched(&inputs);
			let whole = run.result.clone().expect("an output");
			let native = case.native(&engine, &inputs).await;
			for policies in &sets {
				for (from, outputs) in [("canonical", &whole), ("ONNX Runtime", &native)] {
					let claim = Ok(bands::expose(policies, outputs.clone()));
					let verdict = judge(policies, &claim, &run);
					let stands = match from {
						"canonical" => verdict == Verdict::Accepted,
						_ => verdict != Verdict::Wrong,
					};
					assert!(stands, "{}: {from} is {verdict:?}", case.name);
					*found.entry((from, format!("{verdict:?}"))).or_default() += 1;
					truths += 1;
				}
				for _ in 0..FORGED_EACH / 2 {
					if lies >= each {
						break;
					}
					let (name, claim) = forge(&mut random, policies, &whole, &before);
					let is_true = claim.as_ref() == Ok(&bands::expose(policies, whole.clone()));
					if is_true {
						continue;
					}
					let verdict = judge(policies, &claim, &run);
					let expected = expected(policies, &whole, &claim);
					let right = match expected {
						Expected::Judged(expected) => verdict == expected,
						Expected::Either => true,
					};
					assert!(right, "{}: {name} is {verdict:?}, not {expected:?}", case.name);
					*found.entry((name, format!("{verdict:?}"))).or_default() += 1;
					lies += 1;
				}
			}
			before = whole;
		}
		forged += lies;
		honest += truths;
		println!(
			"{}, tolerance 2^{exponent}: {lies} forged, {truths} honest results: {found:#?}",
			case.name
		);
	}
	println!("{forged} forged and {honest} honest results of {} models", cases.len());
	assert!(forged >= count && honest >= count);
}
