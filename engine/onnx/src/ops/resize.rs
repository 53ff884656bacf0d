//! Resizing, one dimension at a time.

use super::{one, Handled};
use crate::{
	builder::{unsupported, Builder, Id, Refusal},
	node::{axes, size, Node},
};
use countersign_canonical::{op::Op, program::MAX_RESULT_BYTES, tensor::TensorType};

pub(super) fn lower(b: &mut Builder, node: &Node) -> Handled {
	match node.proto.op_type.as_str() {
		"Resize" => one(resize(b, node)?),
		"Upsample" => {
			let x = node.input(0)?;
			let scales = match node.attribute("scales") {
				Some(attribute) => attribute.floats.clone(),
				None => b.floats(node.input(1)?, "the scales")?,
			};
			let mut rules = Rules::of(node);
			rules.coordinates = "asymmetric".into();
			rules.nearest = "floor".into();
			let mut x = x;
			for (axis, scale) in scales.iter().enumerate() {
				let dim = b.shape(x).get(axis).copied().unwrap_or(0);
				let wanted = (f64::from(dim) * f64::from(*scale)).floor() as u32;
				x = along(b, x, axis, wanted, f64::from(*scale), None, &rules)?;
			}
			one(x)
		}
		_ => Ok(None),
	}
}

struct Rules {
	mode: String,
	coordinates: String,
	nearest: String,
	cubic: f64,
	exclude_outside: bool,
	extrapolation: f32,
}

impl Rules {
	fn of(node: &Node) -> Self {
		Self {
			mode: node.text("mode", "nearest"),
			coordinates: node.text("coordinate_transformation_mode", "half_pixel"),
			nearest: node.text("nearest_mode", "round_prefer_floor"),
			cubic: f64::from(node.float("cubic_coeff_a", -0.75)),
			exclude_outside: node.int("exclude_outside", 0) != 0,
			extrapolation: node.float("extrapolation_value", 0.0),
		}
	}
}

fn resize(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	if node.int("antialias", 0) != 0 {
		return unsupported("antialiasing");
	}
	let mut x = node.input(0)?;
	let shape = b.shape(x);
	let mut rules = Rules::of(node);
	if node.opset < 11 {
		rules.coordinates = "asymmetric".into();
		rules.nearest = "floor".into();
	}
	let over = match node.ints("axes") {
		Some(list) => axes(list, shape.len())?,
		None => (0..shape.len()).collect(),
	};
	let (roi_at, scales_at) = if node.opset < 11 { (usize::MAX, 1) } else { (1, 2) };
	let list = |b: &Builder, at: usize| match node.optional(at) {
		Some(id) if b.meta(id).count() > 0 => b.floats(id, "the scales").map(Some),
		_ => Ok(None),
	};
	let roi = match rules.coordinates.as_str() {
		"tf_crop_and_resize" => list(b, roi_at)?,
		_ => None,
	};
	let sizes = match node.optional(3) {
		Some(id) if b.meta(id).count() > 0 => Some(b.integers(id, "the sizes")?),
		_ => None,
	};
	let scales = list(b, scales_at)?;
	let mut plan: Vec<(usize, u32, f64)> = Vec::new();
	match (&scales, &sizes) {
		(Some(scales), _) if scales.len() == over.len() => {
			for (axis, scale) in over.iter().zip(scales) {
				let scale = f64::from(*scale);
				let mut length = f64::from(shape[*axis]);
				if let Some(roi) = &roi {
					length *= span(roi, &over, *axis);
				}
				plan.push((*axis, (length * scale).floor() as u32, scale));
			}
		}
		(None, Some(sizes)) if sizes.len() == over.len() => {
			let mut wanted: Vec<u32> = sizes.iter().map(|x| size(*x)).collect::<Result<_, _>>()?;
			let ratio = |i: usize| f64::from(wanted[i]) / f64::from(shape[over[i]]);
			let ratios: Vec<f64> = (0..wanted.len()).map(ratio).collect();
			let policy = node.text("keep_aspect_ratio_policy", "stretch");
			let one = match policy.as_str() {
				"stretch" => None,
				"not_larger" => Some(ratios.iter().copied().fold(f64::INFINITY, f64::min)),
				"not_smaller" => Some(ratios.iter().copied().fold(0.0, f64::max)),
				other => return unsupported(format!("the policy `{other}`")),
			};
			for (i, axis) in over.iter().enumerate() {
				let scale = one.unwrap_or(ratios[i]);
				if one.is_some() {
					wanted[i] = (scale * f64::from(shape[*axis]) + 0.5).floor() as u32;
				}
				plan.push((*axis, wanted[i], scale));
			}
		}
		_ => return unsupported("neither scales nor sizes for each dimension"),
	}
	for (axis, wanted, scale) in plan {
		let part = roi.as_ref().map(|roi| {
			let at = over.iter().position(|a| *a == axis).unwrap_or(0);
			let get = |i: usize| roi.get(i).copied().map_or(0.0, f64::from);
			(get(at), get(at + over.len()))
		});
		x = along(b, x, axis, wanted, scale, part, &rules)?;
	}
	Ok(x)
}

fn span(roi: &[f32], over: &[usize], axis: usize) -> f64 {
	let at = over.iter().position(|a| *a == axis).unwrap_or(0);
	let get = |i: usize| roi.get(i).copied().map_or(0.0, f64::from);
	get(at + over.len()) - get(at)
}

/// Where an output element stands in the input.
fn source(
	rules: &Rules,
	out: u32,
	length: u32,
	wanted: u32,
	scale: f64,
	roi: Option<(f64, f64)>,
) -> Result<f64, Refusal> {
	let (x, length, wanted) = (f64::from(out), f64::from(length), f64::from(wanted));
	Ok(match rules.coordinates.as_str() {
		"half_pixel" => (x + 0.5) / scale - 0.5,
		"half_pixel_symmetric" => {
			let adjustment = wanted / (scale * length);
			let centre = length / 2.0;
			centre * (1.0 - adjustment) + (x + 0.5) / scale - 0.5
		}
		"pytorch_half_pixel" if wanted <= 1.0 => 0.0,
		"pytorch_half_pixel" => (x + 0.5) / scale - 0.5,
		// Engines differ on which length counts then.
		"align_corners" if length * scale != wanted => {
			return unsupported("align_corners with a scale that does not give a whole length");
		}
		"align_corners" if wanted <= 1.0 => 0.0,
		"align_corners" => x * (length - 1.0) / (wanted - 1.0),
		"asymmetric" => x / scale,
		"tf_half_pixel_for_nn" => (x + 0.5) / scale,
		"tf_crop_and_resize" => {
			let (start, end) = roi.unwrap_or((0.0, 1.0));
			if wanted <= 1.0 {
				0.5 * (start + end) * (length - 1.0)
			} else {
				start * (length - 1.0) + x * (end - start) * (length - 1.0) / (wanted - 1.0)
			}
		}
		other => return unsupported(format!("the coordinates `{other}`")),
	})
}

fn nearest(rules: &Rules, x: f64) -> Result<f64, Refusal> {
	Ok(match rules.nearest.as_str() {
		"round_prefer_floor" => (x - 0.5).ceil(),
		"round_prefer_ceil" => (x + 0.5).floor(),
		"floor" => x.floor(),
		"ceil" => x.ceil(),
		other => return unsupported(format!("the nearest mode `{other}`")),
	})
}

/// The weights of the taps from `floor(x) - 1` on, or from `floor(x)`.
fn weights(rules: &Rules, x: f64) -> Result<(i64, Vec<f64>), Refusal> {
	let base = x.floor();
	let rest = x - base;
	Ok(match rules.mode.as_str() {
		"nearest" => (nearest(rules, x)? as i64, vec![1.0]),
		"linear" => (base as i64, vec![1.0 - rest, rest]),
		"cubic" => {
			let a = rules.cubic;
			let near = |t: f64| ((a + 2.0) * t - (a + 3.0)) * t * t + 1.0;
			let far = |t: f64| ((a * t - 5.0 * a) * t + 8.0 * a) * t - 4.0 * a;
			let all = vec![far(1.0 + rest), near(rest), near(1.0 - rest), far(2.0 - rest)];
			(base as i64 - 1, all)
		}
		other => return unsupported(format!("the mode `{other}`")),
	})
}

fn along(
	b: &mut Builder,
	x: Id,
	axis: usize,
	wanted: u32,
	scale: f64,
	roi: Option<(f64, f64)>,
	rules: &Rules,
) -> Result<Id, Refusal> {
	let shape = b.shape(x);
	let length = *shape.get(axis).ok_or_else(|| Refusal::Unsupported("no dimension".into()))?;
	if wanted == length && scale == 1.0 && roi.is_none_or(|roi| roi == (0.0, 1.0)) {
		return Ok(x);
	}
	if length == 0 || !scale.is_finite() || scale <= 0.0 {
		return unsupported("resizing nothing");
	}
	// The indices of one tap are a constant, which has its limit too.
	let indices = u64::from(wanted) * 8;
	if indices > MAX_RESULT_BYTES {
		return Err(Refusal::TooLarge(indices));
	}
	let last = i64::from(length) - 1;
	// For each tap, where it reads and with what weight.
	let mut reads: Vec<Vec<i64>> = Vec::new();
	let mut factors: Vec<Vec<f32>> = Vec::new();
	let mut outside = Vec::new();
	for out in 0..wanted {
		let at = source(rules, out, length, wanted, scale, roi)?;
		outside.push(i64::from(at < 0.0 || at > last as f64));
		let (first, mut all) = weights(rules, at)?;
		if rules.exclude_outside {
			let inside = |i: usize| (0..=last).contains(&(first + i as i64));
			all.iter_mut().enumerate().for_each(|(i, w)| *w = if inside(i) { *w } else { 0.0 });
			let sum: f64 = all.iter().fold(0.0, |sum, w| sum + w);
			all.iter_mut().for_each(|w| *w /= sum);
		}
		reads.resize_with(all.len(), Vec::new);
		factors.resize_with(all.len(), Vec::new);
		for (i, weight) in all.iter().enumerate() {
			reads[i].push((first + i as i64).clamp(0, last));
			factors[i].push(*weight as f32);
		}
	}
	let mut ramp = vec![1; shape.len()];
	ramp[axis] = wanted;
	let mut result: Option<Id> = None;
	for (reads, factors) in reads.iter().zip(&factors) {
		let indices = b.list(reads)?;
		let mut part = b.op(Op::Gather { axis: axis as u8 }, &[x, indices])?;
		if rules.mode != "nearest" {
			if b.ty(x) != TensorType::F32 {
				return unsupported("interpolating integers");
			}
			let factors = b.floats_of(&ramp, factors)?;
			part = b.mul(part, factors)?;
		}
		result = Some(match result {
			Some(sum) => b.add(sum, part)?,
			None => part,
		});
	}
	let result = result.ok_or_else(|| Refusal::Unsupported("resizing to nothing".into()))?;
	if rules.coordinates != "tf_crop_and_resize" {
		return Ok(result);
	}
	let mask = countersign_canonical::Value::from_integers(TensorType::Bool, &ramp, &outside);
	let mask = b.constant(mask)?;
	let value = b.scalar(rules.extrapolation)?;
	b.select(mask, value, result)
}
