//! Where a claim is accepted, corrected or wrong.

#![allow(clippy::unwrap_used)]

mod common;

use codec::{Decode, Encode};
use common::{Dice, TYPES};
use countersign_canonical::{
	bands::{expose, judge, judge_outcome, Policy, Unfit, Verdict},
	run::Outcome,
	tensor::{Meta, Tensor, TensorType, Value},
	Trap,
};
use proptest::prelude::*;
use Verdict::{Accepted, Corrected, Wrong};

const WITHIN: Policy = Policy::Within { absolute: -10, relative: -8 };
const TOP1: Policy = Policy::Top1 { margin: -4 };

fn floats(elements: &[f32]) -> Tensor {
	Value::from_f32(&[elements.len() as u32], elements).to_tensor()
}

fn integers(ty: TensorType, elements: &[i64]) -> Tensor {
	Value::from_integers(ty, &[elements.len() as u32], elements).to_tensor()
}

fn index(elements: &[i64]) -> Tensor {
	integers(TensorType::I64, elements)
}

fn one(policy: Policy, claimed: f32, canonical: f32) -> Verdict {
	judge(policy, &floats(&[claimed]), &floats(&[canonical]), false)
}

/// The next float up or down in magnitude.
fn nudged(x: f32, by: i32) -> f32 {
	f32::from_bits(x.to_bits().wrapping_add_signed(by))
}

#[test]
fn exact_is_bit_for_bit() {
	assert_eq!(one(Policy::Exact, 1.0, 1.0), Accepted);
	assert_eq!(one(Policy::Exact, nudged(1.0, 1), 1.0), Wrong);
	assert_eq!(one(Policy::Exact, -0.0, 0.0), Wrong);
	assert_eq!(one(Policy::Exact, f32::NAN, f32::NAN), Accepted);
	// Nothing excuses a difference: whoever serves an exact model signs from canonical.
	assert_eq!(judge(Policy::Exact, &floats(&[2.0]), &floats(&[f32::NAN]), true), Wrong);
	// Another NaN is other bits.
	let other = Tensor { data: 0xffc0_0000u32.to_le_bytes().to_vec(), ..floats(&[0.0]) };
	assert_eq!(judge(Policy::Exact, &other, &floats(&[f32::NAN]), false), Wrong);
	assert_eq!(judge(WITHIN, &other, &floats(&[f32::NAN]), false), Accepted);
}

#[test]
fn bands_end_where_they_say() {
	// 2^-10 + 2^-8 * 4 = 2^-10 + 2^-6, and 64 times that.
	let tolerance = 1.0 / 1024.0 + 1.0 / 64.0;
	for sign in [1.0, -1.0] {
		let at = |distance: f32| one(WITHIN, sign * (4.0 + distance), sign * 4.0);
		assert_eq!(at(0.0), Accepted);
		assert_eq!(at(tolerance), Accepted);
		assert_eq!(at(-tolerance), Accepted);
		assert_eq!(at(tolerance + 1e-6), Corrected);
		assert_eq!(at(64.0 * tolerance), Corrected);
		assert_eq!(at(-64.0 * tolerance), Corrected);
		assert_eq!(at(64.0 * tolerance + 1e-6), Wrong);
	}
	assert_eq!(one(WITHIN, 1.0 / 1024.0, 0.0), Accepted);
	assert_eq!(one(WITHIN, nudged(1.0 / 1024.0, 1), 0.0), Corrected);
	assert_eq!(one(WITHIN, 1.0 / 16.0, -0.0), Corrected);
	assert_eq!(one(WITHIN, nudged(1.0 / 16.0, 1), 0.0), Wrong);
	assert_eq!(one(WITHIN, -0.0, 0.0), Accepted);
	// One bad element among good ones decides.
	let canonical = floats(&[1.0, 2.0, 3.0]);
	assert_eq!(judge(WITHIN, &floats(&[1.0, 2.0, 3.001]), &canonical, false), Accepted);
	assert_eq!(judge(WITHIN, &floats(&[1.0, 2.1, 3.0]), &canonical, false), Corrected);
	assert_eq!(judge(WITHIN, &floats(&[1.0, 2.1, 9.0]), &canonical, false), Wrong);
}

#[test]
fn tolerances_hold_at_the_ends_of_the_floats() {
	let tight = Policy::Within { absolute: -149, relative: -149 };
	assert_eq!(one(tight, f32::from_bits(1), 0.0), Accepted);
	assert_eq!(one(tight, f32::from_bits(64), 0.0), Corrected);
	assert_eq!(one(tight, f32::from_bits(65), 0.0), Wrong);
	assert_eq!(one(tight, f32::MAX, -f32::MAX), Wrong);
	let loose = Policy::Within { absolute: 127, relative: 127 };
	assert_eq!(one(loose, f32::MAX, -f32::MAX), Accepted);
	assert_eq!(one(loose, f32::INFINITY, 0.0), Wrong);
}

#[test]
fn what_is_not_finite_is_never_slashed_for() {
	for canonical in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
		for claimed in [0.0, 1e30, f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
			let same = claimed == canonical || claimed.is_nan() && canonical.is_nan();
			let expected = if same { Accepted } else { Corrected };
			assert_eq!(one(WITHIN, claimed, canonical), expected, "{claimed} {canonical}");
		}
	}
	// But what is claimed not to be finite has to be so.
	for claimed in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
		assert_eq!(one(WITHIN, claimed, 1.0), Wrong);
		assert_eq!(one(WITHIN, claimed, f32::MAX), Wrong);
	}
	// The excuse is for the element, not for its neighbours.
	let canonical = floats(&[f32::NAN, 1.0]);
	assert_eq!(judge(WITHIN, &floats(&[7.0, 1.0]), &canonical, false), Corrected);
	assert_eq!(judge(WITHIN, &floats(&[7.0, 9.0]), &canonical, false), Wrong);
}

#[test]
fn saturated_casts_are_never_slashed_for() {
	let canonical = integers(TensorType::I32, &[i64::from(i32::MAX)]);
	let claimed = integers(TensorType::I32, &[i64::from(i32::MIN)]);
	assert_eq!(judge(WITHIN, &claimed, &canonical, true), Corrected);
	assert_eq!(judge(WITHIN, &claimed, &canonical, false), Wrong);
	assert_eq!(judge(WITHIN, &canonical, &canonical, true), Accepted);
	assert_eq!(judge(WITHIN, &floats(&[f32::NAN]), &floats(&[1.0]), true), Corrected);
	// Types and shapes are not what a cast makes of values.
	assert_eq!(judge(WITHIN, &floats(&[1.0]), &canonical, true), Wrong);
	assert_eq!(judge(TOP1, &index(&[2]), &floats_rows(&[&[0.0, 9.0, 1.0]]), true), Corrected);
	assert_eq!(judge(TOP1, &index(&[3]), &floats_rows(&[&[0.0, 9.0, 1.0]]), true), Wrong);
}

#[test]
fn integers_have_bands_too() {
	let policy = Policy::Within { absolute: 1, relative: -149 };
	for ty in TYPES.into_iter().filter(|ty| ty.is_integer()) {
		let at =
			|claimed: i64| judge(policy, &integers(ty, &[claimed]), &integers(ty, &[0]), false);
		assert_eq!(at(2), Accepted);
		assert_eq!(at(3), Corrected);
		assert_eq!(at(127), Corrected);
		if ty.size() > 1 {
			assert_eq!(at(128), Corrected);
			assert_eq!(at(129), Wrong);
		}
	}
	// The difference of the ends does not wrap.
	let ends = [integers(TensorType::I64, &[i64::MIN]), integers(TensorType::I64, &[i64::MAX])];
	assert_eq!(judge(policy, &ends[0], &ends[1], false), Wrong);
	let tight = Policy::Within { absolute: -1, relative: -149 };
	let large = |x| integers(TensorType::I64, &[x]);
	assert_eq!(judge(tight, &large(i64::MAX - 1), &large(i64::MAX), false), Corrected);
}

/// Scores, one row after the other.
fn floats_rows(rows: &[&[f32]]) -> Tensor {
	let all: Vec<f32> = rows.concat();
	Value::from_f32(&[rows.len() as u32, rows[0].len() as u32], &all).to_tensor()
}

#[test]
fn top1_exposes_and_judges_the_index_alone() {
	let scores = floats_rows(&[&[0.25, 1.0, 1.0, -3.0], &[5.0, 4.96875, 0.0, f32::NEG_INFINITY]]);
	assert_eq!(expose(&[TOP1], vec![scores.clone()]), [index(&[1, 0])]);
	let at = |claims: &[i64]| judge(TOP1, &index(claims), &scores, false);
	assert_eq!(at(&[1, 0]), Accepted);
	// An equal, and one within 2^-4.
	assert_eq!(at(&[2, 1]), Accepted);
	// 0.75 below is within 64 * 2^-4 = 4; so is exactly 4.
	assert_eq!(at(&[0, 0]), Corrected);
	assert_eq!(at(&[3, 0]), Corrected);
	assert_eq!(at(&[1, 2]), Wrong);
	assert_eq!(at(&[1, 3]), Wrong);
	// Not indices.
	assert_eq!(at(&[1, 4]), Wrong);
	assert_eq!(at(&[-1, 0]), Wrong);
	assert_eq!(at(&[i64::MIN, 0]), Wrong);
	// Not the shape, not the type.
	assert_eq!(at(&[1]), Wrong);
	assert_eq!(judge(TOP1, &scores, &scores, false), Wrong);
	assert_eq!(judge(TOP1, &integers(TensorType::I32, &[1, 0]), &scores, false), Wrong);
}

#[test]
fn top1_of_what_is_not_finite_is_corrected() {
	for special in [f32::NAN, f32::INFINITY] {
		let scores = floats_rows(&[&[100.0, special, -100.0]]);
		assert_eq!(expose(&[TOP1], vec![scores.clone()]), [index(&[1])]);
		assert_eq!(judge(TOP1, &index(&[1]), &scores, false), Accepted);
		assert_eq!(judge(TOP1, &index(&[2]), &scores, false), Corrected);
		assert_eq!(judge(TOP1, &index(&[3]), &scores, false), Wrong);
	}
	let nothing = floats_rows(&[&[f32::NEG_INFINITY; 3]]);
	assert_eq!(judge(TOP1, &index(&[0]), &nothing, false), Accepted);
	assert_eq!(judge(TOP1, &index(&[2]), &nothing, false), Corrected);
}

#[test]
fn types_shapes_and_lengths_have_to_agree() {
	let canonical = floats(&[1.0, 2.0]);
	let same = judge(WITHIN, &canonical, &canonical, false);
	assert_eq!(same, Accepted);
	let reshaped = Tensor { shape: vec![2, 1], ..canonical.clone() };
	let shorter = Tensor { data: vec![0; 4], ..canonical.clone() };
	let retyped = Tensor { ty: TensorType::I32, ..canonical.clone() };
	let overflowing = Tensor { shape: vec![u32::MAX, u32::MAX], ..canonical.clone() };
	for claimed in [reshaped, shorter, retyped, overflowing] {
		for policy in [Policy::Exact, WITHIN, TOP1] {
			assert_eq!(judge(policy, &claimed, &canonical, false), Wrong, "{claimed:?}");
			assert_eq!(judge(policy, &claimed, &canonical, true), Wrong, "{claimed:?}");
		}
	}
	let flags = integers(TensorType::Bool, &[1, 0]);
	let no_flag = Tensor { data: vec![1, 2], ..flags.clone() };
	assert_eq!(judge(WITHIN, &no_flag, &flags, false), Wrong);
	let nothing = Value::from_f32(&[0, 3], &[]).to_tensor();
	for policy in [Policy::Exact, WITHIN] {
		assert_eq!(judge(policy, &nothing, &nothing, false), Accepted);
	}
	let no_rows = index(&[]);
	assert_eq!(judge(TOP1, &no_rows, &nothing, false), Accepted);
}

#[test]
fn policies_that_do_not_fit_are_named_and_judge_bits() {
	let scores = Meta { ty: TensorType::F32, shape: vec![2, 3] };
	let indices = Meta { ty: TensorType::I64, shape: vec![2] };
	assert_eq!(TOP1.exposed_meta(&scores), Ok(indices.clone()));
	assert_eq!(TOP1.exposed_meta(&indices), Err(Unfit::Scores));
	let no_classes = Meta { ty: TensorType::F32, shape: vec![2, 0] };
	assert_eq!(TOP1.exposed_meta(&no_classes), Err(Unfit::Scores));
	let scalar = Meta { ty: TensorType::F32, shape: vec![] };
	assert_eq!(TOP1.exposed_meta(&scalar), Err(Unfit::Scores));
	for policy in [
		Policy::Top1 { margin: 128 },
		Policy::Within { absolute: -150, relative: 0 },
		Policy::Within { absolute: 0, relative: i16::MAX },
	] {
		assert_eq!(policy.exposed_meta(&scores), Err(Unfit::Exponent));
		assert_eq!(one(policy, 1.0, 1.0), Accepted);
		assert_eq!(one(policy, nudged(1.0, 1), 1.0), Wrong);
	}
}

#[test]
fn traps_are_judged_like_outputs() {
	let output = floats(&[1.0]);
	let ran = Outcome { result: Ok(vec![output.clone()]), saturated: vec![false] };
	let trapped =
		|saturated| Outcome { result: Err(Trap::Operator(3)), saturated: vec![saturated] };
	let given = std::slice::from_ref(&output);
	let policies = [WITHIN];
	assert_eq!(judge_outcome(&policies, Ok(given), &ran), Accepted);
	assert_eq!(judge_outcome(&policies, Ok(&[]), &ran), Wrong);
	assert_eq!(judge_outcome(&[], Ok(given), &ran), Wrong);
	assert_eq!(judge_outcome(&policies, Err(Trap::Operator(3)), &ran), Wrong);
	assert_eq!(judge_outcome(&policies, Err(Trap::Operator(3)), &trapped(false)), Accepted);
	assert_eq!(judge_outcome(&policies, Err(Trap::Operator(2)), &trapped(false)), Wrong);
	assert_eq!(judge_outcome(&policies, Err(Trap::BadInput), &trapped(true)), Wrong);
	assert_eq!(judge_outcome(&policies, Ok(given), &trapped(false)), Wrong);
	assert_eq!(judge_outcome(&policies, Ok(given), &trapped(true)), Corrected);
	assert_eq!(judge_outcome(&[Policy::Exact], Ok(given), &trapped(true)), Wrong);
	let refused = Outcome { result: Err(Trap::BadInput), saturated: vec![] };
	assert_eq!(judge_outcome(&policies, Ok(given), &refused), Wrong);
	assert_eq!(judge_outcome(&policies, Err(Trap::BadInput), &refused), Accepted);
	for trap in [Trap::BadInput, Trap::Operator(0), Trap::Operator(4095)] {
		let (code, operator) = trap.to_parts();
		assert_eq!(Trap::from_parts(code, operator), Some(trap));
	}
	assert_eq!(Trap::from_parts(3, 0), None);
}

#[test]
fn the_worst_output_decides() {
	let (a, b) = (floats(&[1.0]), floats(&[0.0, 2.0]));
	let ran = Outcome { result: Ok(vec![a.clone(), b]), saturated: vec![false, false] };
	let policies = [Policy::Exact, TOP1_WIDE];
	assert_eq!(judge_outcome(&policies, Ok(&[a.clone(), scalar_index(1)]), &ran), Accepted);
	assert_eq!(judge_outcome(&policies, Ok(&[a.clone(), scalar_index(0)]), &ran), Corrected);
	assert_eq!(judge_outcome(&policies, Ok(&[floats(&[2.0]), scalar_index(0)]), &ran), Wrong);
	assert_eq!(judge_outcome(&policies, Ok(&[scalar_index(1), a]), &ran), Wrong);
}

const TOP1_WIDE: Policy = Policy::Top1 { margin: 0 };

fn scalar_index(at: i64) -> Tensor {
	Value::from_integers(TensorType::I64, &[], &[at]).to_tensor()
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..Default::default() })]

	/// Whoever claims what canonical gives is accepted, whatever the values and the policy.
	#[test]
	fn the_canonical_answer_is_always_accepted(
		seed in any::<u64>(), a in any::<i16>(), r in any::<i16>(), saturated in any::<bool>(),
	) {
		let mut dice = Dice::new(seed);
		let shape = dice.shape(3);
		let ty = dice.any_type();
		let output = dice.value(ty, &shape).to_tensor();
		for policy in [
			Policy::Exact,
			Policy::Within { absolute: a, relative: r },
			Policy::Within { absolute: a % 128, relative: r % 128 },
			Policy::Top1 { margin: a % 128 },
		] {
			prop_assert_eq!(Policy::decode(&mut &policy.encode()[..]).unwrap(), policy);
			let claimed = policy.expose(output.clone());
			prop_assert_eq!(judge(policy, &claimed, &output, saturated), Accepted);
		}
	}

	/// Nothing panics, a wider tolerance never judges worse, and a saturated cast never leads to
	/// a worse verdict.
	#[test]
	fn wider_is_never_worse(seed in any::<u64>(), a in -100i16..100, r in -100i16..20) {
		let mut dice = Dice::new(seed);
		let shape = dice.shape(2);
		let ty = dice.any_type();
		let (x, y) = (dice.value(ty, &shape).to_tensor(), dice.value(ty, &shape).to_tensor());
		let at = |absolute, relative, saturated| {
			judge(Policy::Within { absolute, relative }, &x, &y, saturated)
		};
		let verdict = at(a, r, false);
		prop_assert!(at(a + 1, r, false) <= verdict);
		prop_assert!(at(a, r + 1, false) <= verdict);
		prop_assert!(at(a, r, true) <= verdict);
		prop_assert!(at(a, r, true) <= Corrected);
		if verdict == Corrected && !saturates(&y) {
			prop_assert_eq!(at(a + 6, r + 6, false), Accepted);
		}
	}
}

/// Whether a float in there is not finite.
fn saturates(tensor: &Tensor) -> bool {
	tensor.ty == TensorType::F32
		&& tensor.data.as_chunks::<4>().0.iter().any(|b| !f32::from_le_bytes(*b).is_finite())
}
