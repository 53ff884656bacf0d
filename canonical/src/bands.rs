//! How far a claimed output may be from the canonical one: precision policies and their bands.
//!
//! Up to the tolerance a claim is accepted; up to [`BAND`] times the tolerance the canonical answer
//! replaces it and nobody is slashed; beyond, it is wrong. `docs/canonical.md` states the rules;
//! every comparison is binary64 arithmetic on exact operands, each operation rounded once, so that
//! everybody judges alike.

use crate::{
	run::{Outcome, Trap},
	tensor::{element_count, Meta, Tensor, TensorType},
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};

/// How many times the tolerance a claim may be away before it is wrong.
pub const BAND: f64 = 64.0;
/// The smallest and the largest exponent of a tolerance: those of the floats themselves.
pub const EXPONENTS: core::ops::RangeInclusive<i16> = -149..=127;

/// How far a claimed output may be from the canonical one. The encoding is the one that manifests
/// use.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen,
)]
pub enum Policy {
	/// Bit for bit.
	#[codec(index = 0)]
	Exact,
	/// Each element within `2^absolute + 2^relative * |canonical|`.
	#[codec(index = 1)]
	Within {
		/// Exponent of two of the absolute tolerance.
		absolute: i16,
		/// Exponent of two of the relative tolerance.
		relative: i16,
	},
	/// Only the index of the largest score along the last dimension is exposed; indices whose
	/// score is within `2^margin` of the largest are accepted.
	#[codec(index = 2)]
	Top1 {
		/// Exponent of two of the margin.
		margin: i16,
	},
}

/// What a judgement says, from good to bad.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
)]
pub enum Verdict {
	/// The claim stands.
	#[codec(index = 0)]
	Accepted,
	/// The canonical answer replaces the claim; nobody is slashed for it.
	#[codec(index = 1)]
	Corrected,
	/// The claim is wrong.
	#[codec(index = 2)]
	Wrong,
}

/// Why a policy does not fit an output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unfit {
	/// An exponent outside [`EXPONENTS`].
	Exponent,
	/// `Top1` of something else than `F32` scores with a last dimension that is not empty.
	Scores,
}

impl core::fmt::Display for Unfit {
	fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
		f.write_str(match self {
			Self::Exponent => "a tolerance's exponent is outside -149..=127",
			Self::Scores => "Top1 needs F32 scores with a last dimension that is not empty",
		})
	}
}

impl core::error::Error for Unfit {}

impl Policy {
	/// Type and shape of what an output of the program becomes in a result: itself, and under
	/// `Top1` the indices as `I64`, with the last dimension gone.
	pub fn exposed_meta(&self, output: &Meta) -> Result<Meta, Unfit> {
		let inside = |exponent: &i16| EXPONENTS.contains(exponent);
		match self {
			Self::Exact => Ok(output.clone()),
			Self::Within { absolute, relative } if inside(absolute) && inside(relative) => {
				Ok(output.clone())
			}
			Self::Top1 { margin } if inside(margin) => match output.shape.split_last() {
				Some((classes, rows)) if *classes > 0 && output.ty == TensorType::F32 => {
					Ok(Meta { ty: TensorType::I64, shape: rows.to_vec() })
				}
				_ => Err(Unfit::Scores),
			},
			_ => Err(Unfit::Exponent),
		}
	}

	/// What a program's output becomes in a result: itself, and under `Top1` the index of the
	/// largest score, the first of equals, a NaN counting as the largest. An output that the policy
	/// does not fit stays as it is.
	pub fn expose(&self, output: Tensor) -> Tensor {
		let meta = Meta { ty: output.ty, shape: output.shape };
		match (self, self.exposed_meta(&meta)) {
			(Self::Top1 { .. }, Ok(exposed)) => {
				let data = rows(&meta, &output.data)
					.flat_map(|row| (best(row).0 as i64).to_le_bytes())
					.collect();
				Tensor { ty: exposed.ty, shape: exposed.shape, data }
			}
			_ => Tensor { ty: meta.ty, shape: meta.shape, data: output.data },
		}
	}
}

/// The outputs of a program as a result carries them: [`Policy::expose`] on each.
pub fn expose(policies: &[Policy], outputs: Vec<Tensor>) -> Vec<Tensor> {
	let mut policies = policies.iter();
	outputs
		.into_iter()
		.map(|output| policies.next().unwrap_or(&Policy::Exact).expose(output))
		.collect()
}

fn float(bytes: &[u8; 4]) -> f32 {
	f32::from_le_bytes(*bytes)
}

/// The scores of each row of a tensor that [`Policy::exposed_meta`] accepts.
fn rows<'a>(meta: &Meta, data: &'a [u8]) -> impl Iterator<Item = &'a [[u8; 4]]> {
	let classes = meta.shape.last().copied().unwrap_or(1).max(1) as usize;
	data.as_chunks::<4>().0.chunks_exact(classes)
}

/// The index of the largest score and the score.
fn best(row: &[[u8; 4]]) -> (usize, f32) {
	let mut best = (0, f32::NEG_INFINITY);
	for (index, score) in row.iter().map(float).enumerate() {
		if score.is_nan() {
			return (index, score);
		}
		if index == 0 || score > best.1 {
			best = (index, score);
		}
	}
	best
}

/// Two to the power of `exponent`, which is clamped to the normal numbers of binary64.
fn power_of_two(exponent: i16) -> f64 {
	let exponent = i64::from(exponent).clamp(-1022, 1023);
	f64::from_bits(((exponent + 1023) as u64) << 52)
}

fn magnitude(x: f64) -> f64 {
	f64::from_bits(x.to_bits() & (u64::MAX >> 1))
}

/// In which band a distance lies. A distance that is no number is in none.
fn band(distance: f64, tolerance: f64) -> Verdict {
	if distance <= tolerance {
		Verdict::Accepted
	} else if distance <= tolerance * BAND {
		Verdict::Corrected
	} else {
		Verdict::Wrong
	}
}

/// Whether a tensor's data is what its type and shape say.
fn is_whole(tensor: &Tensor) -> bool {
	let bytes = element_count(&tensor.shape).map(|n| u64::from(n) * tensor.ty.size() as u64);
	bytes == Some(tensor.data.len() as u64)
		&& !(tensor.ty == TensorType::Bool && tensor.data.iter().any(|byte| *byte > 1))
}

/// Judges one claimed output.
///
/// `canonical` is the program's output, not yet exposed; `claimed` is as the result carries it, so
/// indices under `Top1`. `saturated` tells that a cast from floats to integers saturated, or met a
/// NaN, on the way to this output ([`Outcome::saturated`]).
pub fn judge(policy: Policy, claimed: &Tensor, canonical: &Tensor, saturated: bool) -> Verdict {
	if !is_whole(claimed) || !is_whole(canonical) {
		return Verdict::Wrong;
	}
	// A policy that does not fit its output, which registration refuses, leaves bits to compare.
	let meta = Meta { ty: canonical.ty, shape: canonical.shape.clone() };
	let policy = match policy.exposed_meta(&meta) {
		Ok(exposed) if exposed.ty == claimed.ty && exposed.shape == claimed.shape => policy,
		Ok(_) => return Verdict::Wrong,
		Err(_) => Policy::Exact,
	};
	// The worst that a difference can mean where a cast saturated.
	let excused = |verdict: Verdict| match saturated {
		true => verdict.min(Verdict::Corrected),
		false => verdict,
	};
	match policy {
		Policy::Exact if claimed == canonical => Verdict::Accepted,
		Policy::Exact => Verdict::Wrong,
		Policy::Within { absolute, relative } => {
			let limits =
				Limits { absolute: power_of_two(absolute), relative: power_of_two(relative) };
			excused(limits.judge(canonical.ty, &claimed.data, &canonical.data))
		}
		Policy::Top1 { margin } => {
			let margin = power_of_two(margin);
			let mut worst = Verdict::Accepted;
			let (claims, _) = claimed.data.as_chunks::<8>();
			for (claim, row) in claims.iter().zip(rows(&meta, &canonical.data)) {
				let claim = usize::try_from(i64::from_le_bytes(*claim)).ok();
				// What is no index at all is no claim about scores, and nothing excuses it.
				let Some(score) = claim.and_then(|claim| row.get(claim)) else {
					return Verdict::Wrong;
				};
				let (index, largest) = best(row);
				let verdict = if claim == Some(index) {
					Verdict::Accepted
				} else if largest.is_finite() {
					let distance = f64::from(largest) - f64::from(float(score));
					excused(band(distance, margin))
				} else {
					Verdict::Corrected
				};
				worst = worst.max(verdict);
			}
			worst
		}
	}
}

/// The tolerance of a policy `Within`.
struct Limits {
	absolute: f64,
	relative: f64,
}

impl Limits {
	fn tolerance(&self, canonical: f64) -> f64 {
		self.absolute + self.relative * magnitude(canonical)
	}

	/// The worst of all elements.
	fn judge(&self, ty: TensorType, claimed: &[u8], canonical: &[u8]) -> Verdict {
		macro_rules! integers {
			($t:ty, $size:literal) => {{
				let pairs =
					claimed.as_chunks::<$size>().0.iter().zip(canonical.as_chunks::<$size>().0);
				pairs.fold(Verdict::Accepted, |worst, (claimed, canonical)| {
					let claimed = i128::from(<$t>::from_le_bytes(*claimed));
					let canonical = i128::from(<$t>::from_le_bytes(*canonical));
					// The exact difference, rounded once.
					let distance = magnitude((claimed - canonical) as f64);
					worst.max(band(distance, self.tolerance(canonical as f64)))
				})
			}};
		}
		match ty {
			TensorType::F32 => {
				let pairs = claimed.as_chunks::<4>().0.iter().zip(canonical.as_chunks::<4>().0);
				pairs.fold(Verdict::Accepted, |worst, (claimed, canonical)| {
					worst.max(self.judge_float(float(claimed), float(canonical)))
				})
			}
			TensorType::U8 | TensorType::Bool => integers!(u8, 1),
			TensorType::I8 => integers!(i8, 1),
			TensorType::U16 => integers!(u16, 2),
			TensorType::I16 => integers!(i16, 2),
			TensorType::U32 => integers!(u32, 4),
			TensorType::I32 => integers!(i32, 4),
			TensorType::U64 => integers!(u64, 8),
			TensorType::I64 => integers!(i64, 8),
		}
	}

	fn judge_float(&self, claimed: f32, canonical: f32) -> Verdict {
		let same = claimed == canonical || (claimed.is_nan() && canonical.is_nan());
		if same {
			Verdict::Accepted
		} else if !canonical.is_finite() {
			// Engines differ in what they make of these.
			Verdict::Corrected
		} else if !claimed.is_finite() {
			Verdict::Wrong
		} else {
			let canonical = f64::from(canonical);
			let distance = magnitude(f64::from(claimed) - canonical);
			band(distance, self.tolerance(canonical))
		}
	}
}

/// Judges a whole claim, outputs or a trap, against a canonical run.
///
/// A trap is judged like an output. Engines other than `canonical` do not number operators, so a
/// claimed trap comes from `canonical` and has to be the same. Outputs claimed where the canonical
/// run trapped are wrong, but for a policy other than `Exact` and a cast that saturated on the way
/// to the operator that trapped: there they are corrected.
pub fn judge_outcome(
	policies: &[Policy],
	claimed: Result<&[Tensor], Trap>,
	canonical: &Outcome,
) -> Verdict {
	let saturated = |output: usize| canonical.saturated.get(output).copied().unwrap_or(false);
	match (claimed, &canonical.result) {
		(Err(claimed), Err(trap)) if claimed == *trap => Verdict::Accepted,
		(Ok(_), Err(Trap::Operator(_))) => {
			let exact = policies.iter().all(|policy| *policy == Policy::Exact);
			if saturated(0) && !exact {
				Verdict::Corrected
			} else {
				Verdict::Wrong
			}
		}
		(Ok(claimed), Ok(outputs)) => {
			if claimed.len() != outputs.len() || policies.len() != outputs.len() {
				return Verdict::Wrong;
			}
			let pairs = claimed.iter().zip(outputs).zip(policies).enumerate();
			pairs.fold(Verdict::Accepted, |worst, (at, ((claimed, output), policy))| {
				worst.max(judge(*policy, claimed, output, saturated(at)))
			})
		}
		_ => Verdict::Wrong,
	}
}
