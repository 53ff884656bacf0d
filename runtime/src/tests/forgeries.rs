//! Forged and honest results of packages before the referee of the real runtime: those of the folder
//! that `COUNTERSIGN_PACKAGES` names, as `scripts/conformance` writes them, or a small one.
//!
//! `COUNTERSIGN_FORGERIES` sets how many forged and how many honest results are judged of all of them
//! together; the default keeps the test short.
//!
//!     COUNTERSIGN_FORGERIES=10000 COUNTERSIGN_PACKAGES=$COUNTERSIGN_ASSETS/packages \
//!         cargo test --release -p countersign-runtime -p workspace-features --lib forge -- --nocapture

use super::{
	blocks::Chain,
	disputes::{
		answer, answer_with, ask, challenger, check, compute, dispute, effort, element,
		expected_of, register_all, samples, set, truth, witness, Expected, Model, Random, Sample,
		WITHIN,
	},
	genesis::preset,
};
use crate::*;
use codec::Encode;
use countersign_canonical as canonical;
use countersign_primitives::{
	dispute::{Verdict, MAX_INLINE_PACKAGE},
	model::PrecisionPolicy,
	request::{Finality, Outcome, RequestId, TrapCode},
	tensor::{decode_tensors, Tensor, TensorType, MAX_INLINE_BYTES},
	traits::{Bonds, Results as _},
};
use frame_support::storage::with_transaction;
use sp_runtime::{DispatchError, TransactionOutcome};
use std::collections::BTreeMap;

/// Forged results about one request.
const FORGED_EACH: u32 = 20;
/// Honest ones.
const HONEST_EACH: u32 = 20;
/// The margin of policies `Top1` here.
const MARGIN: i16 = -6;

/// The worse of two; what is wrong is so whatever else there is.
fn worse(one: Expected, other: Expected) -> Expected {
	let wrong = Expected::Judged(Verdict::Wrong);
	match (one, other) {
		(Expected::Refused, _) | (_, Expected::Refused) => Expected::Refused,
		_ if one == wrong || other == wrong => wrong,
		_ => one.max(other),
	}
}

fn of_index(row: &[f32], claim: i64) -> Expected {
	let score = usize::try_from(claim).ok().and_then(|claim| row.get(claim));
	let Some(score) = score else { return Expected::Judged(Verdict::Wrong) };
	if row.iter().any(|score| !score.is_finite()) {
		return Expected::Either;
	}
	let best = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
	match (f64::from(best) - f64::from(*score)) / f64::from(MARGIN).exp2() {
		t if t < 0.999 => Expected::Judged(Verdict::Accepted),
		t if t > 1.001 && t < 63.9 => Expected::Judged(Verdict::Corrected),
		t if t > 64.1 => Expected::Judged(Verdict::Wrong),
		_ => Expected::Either,
	}
}

/// What has to come of a claim about a run that gave `whole`, exposed as `truth`.
fn expected(
	policies: &[PrecisionPolicy],
	whole: &[Tensor],
	truth: &[Tensor],
	claim: &[Tensor],
) -> Expected {
	let alike = |(one, other): (&Tensor, &Tensor)| one.ty == other.ty && one.shape == other.shape;
	if claim.len() != truth.len() || !claim.iter().zip(truth).all(alike) {
		return Expected::Refused;
	}
	let mut found = Expected::Judged(Verdict::Accepted);
	for (at, policy) in policies.iter().enumerate() {
		let (whole, truth, claim) = (&whole[at], &truth[at], &claim[at]);
		match policy {
			PrecisionPolicy::Exact if truth == claim => {}
			PrecisionPolicy::Exact => found = worse(found, Expected::Judged(Verdict::Wrong)),
			PrecisionPolicy::Within { .. } => {
				for at in 0..truth.data.len() / 4 {
					let (canonical, claimed) = (element(truth, at), element(claim, at));
					let one = match canonical.is_finite() {
						true => expected_of(canonical, claimed),
						false => Expected::Either,
					};
					found = worse(found, one);
				}
			}
			PrecisionPolicy::Top1 { .. } => {
				let width = whole.shape.last().copied().unwrap_or(1) as usize;
				let scores: Vec<f32> =
					(0..whole.data.len() / 4).map(|at| element(whole, at)).collect();
				for (row, claim) in scores.chunks(width).zip(claim.data.chunks(8)) {
					let claim = i64::from_le_bytes(claim.try_into().expect("eight bytes"));
					found = worse(found, of_index(row, claim));
				}
			}
		}
	}
	found
}

/// A forged outcome of outputs.
fn forge(
	random: &mut Random,
	policies: &[PrecisionPolicy],
	truth: &[Tensor],
	other: &[Tensor],
) -> (&'static str, Vec<Tensor>) {
	let mut claim = truth.to_vec();
	let at = random.below(claim.len());
	let output = &mut claim[at];
	let count = output.data.len() / output.ty.size();
	let one = random.below(count);
	let is_float = output.ty == TensorType::F32;
	let name = match random.below(7) {
		0 | 1 if is_float => {
			let before = element(output, one);
			let by = f32::exp2(random.below(20) as f32 - 16.0) * (1.0 + before.abs());
			set(output, one, before + by);
			"one logit"
		}
		2 if is_float => {
			set(output, one, [f32::NAN, f32::INFINITY][random.below(2)]);
			"NaN"
		}
		3 => {
			output.shape.push(1);
			"wrong shape"
		}
		4 => {
			claim = other.to_vec();
			"another input's output"
		}
		5 if matches!(policies[at], PrecisionPolicy::Top1 { .. }) => {
			let index = random.below(8) as i64;
			output.data[8 * one..8 * one + 8].copy_from_slice(&index.to_le_bytes());
			"swapped top-1"
		}
		_ => {
			let width = if output.ty == TensorType::Bool { 1 } else { 8 };
			let (at, bit) = (random.below(output.data.len()), random.below(width));
			output.data[at] ^= 1 << bit;
			"one bit"
		}
	};
	(name, claim)
}

/// Another input of the same kind: the elements of this one in another order, and a few of the floats
/// changed.
fn another(random: &mut Random, inputs: &[Tensor]) -> Vec<Tensor> {
	let mut inputs = inputs.to_vec();
	for input in &mut inputs {
		let size = input.ty.size();
		let mut elements: Vec<Vec<u8>> = input.data.chunks(size).map(<[u8]>::to_vec).collect();
		for at in (1..elements.len()).rev() {
			elements.swap(at, random.below(at + 1));
		}
		input.data = elements.concat();
		if input.ty == TensorType::F32 {
			for _ in 0..8 {
				let at = random.below(elements.len());
				set(input, at, random.float());
			}
		}
	}
	inputs
}

fn outputs_of(outcome: &Outcome) -> Option<Vec<Tensor>> {
	match outcome {
		Outcome::Output(bytes) => decode_tensors(bytes).ok(),
		Outcome::Trap { .. } => None,
	}
}

/// What the chain makes of an outcome; nothing of it stays.
fn judged(model: &Model, request: RequestId, outcome: Outcome) -> Expected {
	let tried: Result<Expected, DispatchError> = with_transaction(|| {
		let verdict = match answer(request, outcome) {
			true => Expected::Judged(dispute(model, request)),
			false => Expected::Refused,
		};
		TransactionOutcome::Rollback(Ok(verdict))
	});
	tried.expect("it was judged")
}

/// What was found about forgeries: their kind and what came of it.
type Found = BTreeMap<(&'static str, String), u32>;

/// Judges results of one package under these policies. How many were forged, and how many honest.
fn judge_all(
	(name, package, inputs): &Sample,
	policies: Vec<PrecisionPolicy>,
	count: u32,
	found: &mut Found,
) -> (u32, u32) {
	let mut random = Random(23);
	let (mut forged, mut honest) = (0, 0);
	preset("local_testnet").execute_with(|| {
		let mut chain = Chain::new();
		let model = chain.block(|| register_all(9, package.clone(), policies.clone(), 0));
		chain.block(|| ());
		let mut before = outputs_of(&truth(&model, inputs));
		while forged < count || honest < count {
			let input = another(&mut random, inputs);
			let outcome = truth(&model, &input);
			let request = ask(&mut chain, &model, &input);
			chain.block(|| {
				let whole = compute(&model, &[], &input).unwrap_or_default();
				for _ in 0..FORGED_EACH {
					if forged >= count {
						break;
					}
					let operator = random.below(2_000) as u32;
					let trap = match random.below(2) {
						0 => Outcome::Trap { code: TrapCode::Operator, operator },
						_ => Outcome::Trap { code: TrapCode::MemoryLimit, operator: u32::MAX },
					};
					let (kind, claim, expected) = match (outputs_of(&outcome), &before) {
						(Some(truth), Some(other)) if random.below(8) > 0 => {
							let (kind, claim) = forge(&mut random, &policies, &truth, other);
							let expected = expected(&policies, &whole, &truth, &claim);
							let bytes = claim.encode().try_into().expect("short");
							(kind, Outcome::Output(bytes), expected)
						}
						_ => ("a false trap", trap, Expected::Judged(Verdict::Wrong)),
					};
					if claim == outcome {
						continue;
					}
					let verdict = judged(&model, request, claim);
					assert!(
						verdict == expected || expected == Expected::Either,
						"{name}: {kind} is {verdict:?}, not {expected:?}"
					);
					*found.entry((kind, format!("{verdict:?}"))).or_default() += 1;
					forged += 1;
				}
				for _ in 0..HONEST_EACH {
					let verdict = judged(&model, request, outcome.clone());
					assert_eq!(verdict, Expected::Judged(Verdict::Accepted), "{name}");
					honest += 1;
				}
				// Another attribution than the request's is not even taken.
				assert!(!answer_with(request, outcome.clone(), |statement| {
					statement.attribution = Hash::repeat_byte(1);
				}));
				*found.entry(("wrong attribution", "Refused".into())).or_default() += 1;
				assert!(answer(request, outcome.clone()));
				let origin = RuntimeOrigin::signed(challenger());
				let effort = effort(&model, request);
				Disputes::confirm_by_replay(origin, request, witness(&model), effort)
					.expect("the replay is a good one");
			});
			assert_eq!(Inference::finality(&request), Some(Finality::Final));
			before = outputs_of(&outcome).or(before);
		}
		check();
		for validator in Session::validators() {
			let bond = <Validators as Bonds>::bonded(&validator);
			assert_eq!(bond, genesis_config_presets::BOND, "nobody honest was slashed");
		}
	});
	(forged, honest)
}

#[test]
fn forged_results_of_packages_end_as_the_bands_say_and_honest_ones_stand() {
	let count = std::env::var("COUNTERSIGN_FORGERIES")
		.map_or(60, |text| text.parse::<u32>().expect("COUNTERSIGN_FORGERIES is a number"));
	// Those that travel in one transaction, and are small enough for a test.
	let takes = |(name, package, inputs): &Sample| {
		let fits = package.len() <= MAX_INLINE_PACKAGE as usize
			&& inputs.encoded_size() <= MAX_INLINE_BYTES as usize
			&& preset("local_testnet").execute_with(|| {
				let bytes = inputs.encoded_size() as u32;
				matches!(Disputes::replay_cost(package.clone(), bytes), Ok(cost) if cost.fits)
			});
		if !fits {
			println!("{name}: not one transaction");
		}
		fits
	};
	let samples: Vec<Sample> = samples().into_iter().filter(takes).collect();
	assert!(!samples.is_empty());
	// Twice each: within a tolerance, and the first output as an index.
	let each = count.div_ceil(2 * samples.len() as u32);
	let (mut forged, mut honest) = (0, 0);
	for sample in &samples {
		let mut found = Found::new();
		let prepared = canonical::Prepared::from_package(&sample.1).expect("a package");
		let outputs = prepared.outputs();
		for with_index in [false, true] {
			let policies = outputs.iter().enumerate().map(|(at, output)| {
				let is_float = output.ty == canonical::TensorType::F32;
				let has_rows = output.shape.last().is_some_and(|width| *width > 1);
				match is_float {
					true if has_rows && (output.bytes() > 16_000 || with_index && at == 0) => {
						PrecisionPolicy::Top1 { margin: MARGIN }
					}
					true => WITHIN,
					false => PrecisionPolicy::Exact,
				}
			});
			let (lies, truths) = judge_all(sample, policies.collect(), each, &mut found);
			forged += lies;
			honest += truths;
		}
		println!("{}: {found:#?}", sample.0);
	}
	println!("{forged} forged and {honest} honest results of {} packages", samples.len());
	assert!(forged >= count && honest >= count);
}
