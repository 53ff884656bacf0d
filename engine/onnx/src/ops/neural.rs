//! Products, convolutions and pools. Channels go last, weights by output.

use super::{one, Handled};
use crate::{
	builder::{unsupported, Builder, Id, Refusal},
	node::{size, Node},
};
use countersign_canonical::{
	op::{Op, Range, Reduction, Unary, Window},
	tensor::TensorType,
};
use std::collections::BTreeMap;

/// The most terms that are added before the accumulator becomes a tensor of its own.
const MAX_TERMS: u32 = 4096;
/// The most leaves of operands that those terms may lie in.
const MAX_LEAVES: u32 = 56;
const LEAF_BYTES: u32 = 1024;

pub(super) fn lower(b: &mut Builder, node: &Node) -> Handled {
	let name = node.proto.op_type.as_str();
	let id = match name {
		"MatMul" => matmul(b, node.input(0)?, node.input(1)?)?,
		"Gemm" => gemm(b, node)?,
		"Conv" => {
			let geometry = Geometry::of(b, node, node.input(0)?, node.input(1)?)?;
			conv(b, node.input(0)?, node.input(1)?, node.optional(2), &geometry)?
		}
		"ConvTranspose" => conv_transpose(b, node)?,
		"MaxPool" => max_pool(b, node)?,
		"AveragePool" => {
			let x = node.input(0)?;
			average_pool(b, node, x)?
		}
		"LpPool" => lp_pool(b, node)?,
		"GlobalAveragePool" | "GlobalMaxPool" | "GlobalLpPool" => {
			let x = node.input(0)?;
			let axes: Vec<usize> = (2..b.rank(x)).collect();
			match name {
				"GlobalAveragePool" => b.mean(x, &axes)?,
				"GlobalMaxPool" => b.reduce(Reduction::Max, x, &axes)?,
				_ => {
					let p = power(b, node, x)?;
					let sum = b.reduce(Reduction::Sum, p, &axes)?;
					root(b, node, sum)?
				}
			}
		}
		"Einsum" => einsum(b, node)?,
		_ => return Ok(None),
	};
	one(id)
}

/// A product in steps, each of which a dispute can open.
fn in_steps(
	b: &mut Builder,
	all: u32,
	step: u32,
	operands: [Id; 2],
	op: impl Fn(u32, u32) -> Op,
) -> Result<Id, Refusal> {
	let mut result = b.op(op(0, step.min(all)), &operands)?;
	let mut from = step;
	while from < all {
		let terms = step.min(all - from);
		result = b.op(op(from, terms), &[operands[0], operands[1], result])?;
		from += step;
	}
	Ok(result)
}

/// The product of `a [.., M, K]` and the transpose of `b [.., N, K]`.
pub(super) fn product(b: &mut Builder, x: Id, y: Id) -> Result<Id, Refusal> {
	let all = b.shape(x).last().copied().unwrap_or(0);
	let bytes = (b.ty(x).size() as u32).max(b.ty(y).size() as u32);
	let step = MAX_TERMS.min((MAX_LEAVES / 2 - 1) * LEAF_BYTES / bytes);
	in_steps(b, all, step, [x, y], |from, terms| Op::MatMul { from, terms })
}

/// The product of ONNX, by the rules of numpy.
pub(super) fn matmul(b: &mut Builder, x: Id, y: Id) -> Result<Id, Refusal> {
	let (left, right) = (b.rank(x), b.rank(y));
	if left == 0 || right == 0 {
		return unsupported("a product of scalars");
	}
	let mut x = x;
	if left == 1 {
		let shape = [1, b.shape(x)[0]];
		x = b.reshape(x, &shape)?;
	}
	let y = if right == 1 {
		let shape = [1, b.shape(y)[0]];
		b.reshape(y, &shape)?
	} else {
		b.move_axis(y, right - 1, right - 2)?
	};
	let result = product(b, x, y)?;
	let mut shape = b.shape(result);
	if right == 1 {
		shape.pop();
	}
	if left == 1 {
		let rows = shape.len() - if right == 1 { 1 } else { 2 };
		shape.remove(rows);
	}
	b.reshape(result, &shape)
}

fn gemm(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let (mut x, mut y) = (node.input(0)?, node.input(1)?);
	if node.int("transA", 0) != 0 {
		x = b.transpose(x, &[1, 0])?;
	}
	if node.int("transB", 0) == 0 {
		y = b.transpose(y, &[1, 0])?;
	}
	let mut result = product(b, x, y)?;
	let alpha = node.float("alpha", 1.0);
	if alpha != 1.0 {
		let alpha = scale_of(b, result, alpha)?;
		result = b.mul(result, alpha)?;
	}
	if let Some(mut c) = node.optional(2) {
		let beta = node.float("beta", 1.0);
		if beta != 1.0 {
			let beta = scale_of(b, c, beta)?;
			c = b.mul(c, beta)?;
		}
		result = b.add(result, c)?;
	}
	Ok(result)
}

fn scale_of(b: &mut Builder, x: Id, scale: f32) -> Result<Id, Refusal> {
	match b.ty(x) {
		TensorType::F32 => b.scalar(scale),
		ty if scale == scale.trunc() => b.whole(ty, scale as i64),
		_ => unsupported("a broken scale of integers"),
	}
}

/// Strides, dilations and pads of a window, resolved against an input.
pub(super) struct Geometry {
	window: Window,
	groups: u32,
}

impl Geometry {
	pub(super) fn of(b: &Builder, node: &Node, x: Id, w: Id) -> Result<Self, Refusal> {
		let kernel: Vec<u32> = b.shape(w).into_iter().skip(2).collect();
		let sizes: Vec<u32> = b.shape(x).into_iter().skip(2).collect();
		if kernel.is_empty() || kernel.len() != sizes.len() {
			return unsupported("weights that do not fit the input's dimensions");
		}
		let window = window(node, kernel, &sizes)?;
		Ok(Self { window, groups: size(node.int("group", 1))? })
	}
}

fn sizes_of(node: &Node, name: &str, count: usize) -> Result<Vec<u32>, Refusal> {
	match node.ints(name) {
		Some(list) if list.len() == count => list.iter().map(|x| size(*x)).collect(),
		Some(list) if !list.is_empty() => unsupported(format!("{name} {list:?}")),
		_ => Ok(vec![1; count]),
	}
}

fn window(node: &Node, kernel: Vec<u32>, sizes: &[u32]) -> Result<Window, Refusal> {
	let count = kernel.len();
	let strides = sizes_of(node, "strides", count)?;
	let dilations = sizes_of(node, "dilations", count)?;
	let (mut before, mut after) = (vec![0; count], vec![0; count]);
	match node.text("auto_pad", "NOTSET").as_str() {
		"NOTSET" | "" => match node.ints("pads") {
			Some(pads) if pads.len() == 2 * count => {
				for i in 0..count {
					(before[i], after[i]) = (size(pads[i])?, size(pads[i + count])?);
				}
			}
			Some(pads) if !pads.is_empty() => return unsupported(format!("pads {pads:?}")),
			_ => (),
		},
		"VALID" => (),
		mode @ ("SAME_UPPER" | "SAME_LOWER") => {
			for i in 0..count {
				let stride = strides[i].max(1);
				let steps = sizes[i].div_ceil(stride).max(1);
				let needed = u64::from((steps - 1) * stride) + reach(kernel[i], dilations[i]);
				let total = narrow(needed.saturating_sub(u64::from(sizes[i])))?;
				let less = total / 2;
				before[i] = if mode == "SAME_UPPER" { less } else { total - less };
				after[i] = total - before[i];
			}
		}
		other => return unsupported(format!("auto_pad `{other}`")),
	}
	Ok(Window { kernel, strides, dilations, before, after })
}

/// How far the taps of a window reach.
fn reach(taps: u32, dilation: u32) -> u64 {
	u64::from(taps.max(1) - 1) * u64::from(dilation) + 1
}

/// A size that was computed.
fn narrow<T: TryInto<u32> + std::fmt::Display + Copy>(x: T) -> Result<u32, Refusal> {
	x.try_into().map_err(|_| Refusal::Unsupported(format!("a size of {x}")))
}

/// Channels last.
pub(super) fn channels_last(b: &mut Builder, x: Id) -> Result<Id, Refusal> {
	let rank = b.rank(x);
	b.move_axis(x, 1, rank - 1)
}

/// Channels second.
pub(super) fn channels_second(b: &mut Builder, x: Id) -> Result<Id, Refusal> {
	let rank = b.rank(x);
	b.move_axis(x, rank - 1, 1)
}

/// `x [N, C, ..]`, `w [O, C / groups, ..]`: the convolution, channels second.
pub(super) fn conv(
	b: &mut Builder,
	x: Id,
	w: Id,
	bias: Option<Id>,
	geometry: &Geometry,
) -> Result<Id, Refusal> {
	let x = channels_last(b, x)?;
	let w = channels_last(b, w)?;
	let mut result = conv_last(b, x, w, geometry)?;
	if let Some(bias) = bias {
		result = b.add(result, bias)?;
	}
	channels_second(b, result)
}

/// How many terms of a convolution lie in [`MAX_LEAVES`] leaves.
fn conv_step(shape: &[u32], element: u32, geometry: &Geometry) -> u32 {
	let [_, kernel @ .., channels] = shape else {
		return 1;
	};
	let leaves = |bytes: u32| bytes.div_ceil(LEAF_BYTES) + 1;
	let row = *kernel.last().unwrap_or(&1);
	let contiguous = geometry.groups == 1 && geometry.window.dilations.last() == Some(&1);
	let unit = if contiguous { row.saturating_mul(*channels) } else { *channels };
	let unit = unit.max(1);
	// A leaf for the initial accumulator, and one more where the weights begin inside a leaf.
	let fits = |terms: u32| {
		let runs = terms.div_ceil(unit);
		let run = leaves(unit.min(terms).saturating_mul(element));
		terms <= MAX_TERMS
			&& runs.saturating_mul(run) + leaves(terms.saturating_mul(element)) < MAX_LEAVES
	};
	if fits(unit) {
		(1..).map(|runs| runs * unit).take_while(|terms| fits(*terms)).last().unwrap_or(unit)
	} else {
		(1..=MAX_TERMS).rev().find(|terms| fits(*terms)).unwrap_or(1)
	}
}

/// `x [N, .., C]`, `w [O, .., C / groups]`: the convolution, channels last.
fn conv_last(b: &mut Builder, x: Id, w: Id, geometry: &Geometry) -> Result<Id, Refusal> {
	let shape = b.shape(w);
	let all = shape[1..].iter().product();
	let element = (b.ty(x).size() as u32).max(b.ty(w).size() as u32);
	let step = conv_step(&shape, element, geometry);
	let Geometry { window, groups } = geometry;
	in_steps(b, all, step, [x, w], |from, terms| Op::Conv {
		window: window.clone(),
		groups: *groups,
		from,
		terms,
	})
}

fn conv_transpose(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let (x, w) = (node.input(0)?, node.input(1)?);
	let groups = size(node.int("group", 1))?.max(1);
	let shape = b.shape(w);
	let [c, per_group, kernel @ ..] = &shape[..] else {
		return unsupported("weights with fewer than three dimensions");
	};
	if kernel.contains(&0) {
		return unsupported("a kernel without taps");
	}
	let count = kernel.len();
	let sizes: Vec<u32> = b.shape(x).into_iter().skip(2).collect();
	if sizes.len() != count || !(1..=3).contains(&count) {
		return unsupported("weights that do not fit the input's dimensions");
	}
	let strides = sizes_of(node, "strides", count)?;
	let dilations = sizes_of(node, "dilations", count)?;
	let extra = match node.ints("output_padding") {
		Some(list) if list.len() == count => {
			list.iter().map(|x| size(*x)).collect::<Result<Vec<_>, _>>()?
		}
		_ => vec![0; count],
	};
	let (mut before, mut after) = (vec![0i128; count], vec![0i128; count]);
	let mode = node.text("auto_pad", "NOTSET");
	for i in 0..count {
		let full = (i128::from(sizes[i]) - 1) * i128::from(strides[i])
			+ (i128::from(kernel[i]) - 1) * i128::from(dilations[i])
			+ 1 + i128::from(extra[i]);
		let wanted = match node.ints("output_shape") {
			Some(shape) if shape.len() >= count => Some(i128::from(shape[shape.len() - count + i])),
			_ if mode.starts_with("SAME") => Some(i128::from(sizes[i]) * i128::from(strides[i])),
			_ => None,
		};
		match (wanted, node.ints("pads")) {
			(Some(wanted), _) => {
				let total = (full - wanted).max(0);
				let less = total / 2;
				// By the reference the odd one goes before, except for SAME_UPPER.
				before[i] = if mode == "SAME_UPPER" { less } else { total - less };
				after[i] = full - wanted - before[i];
			}
			(None, Some(pads)) if pads.len() == 2 * count => {
				(before[i], after[i]) = (pads[i].into(), pads[i + count].into());
			}
			_ => (),
		}
	}
	let apart = strides == kernel
		&& dilations.iter().all(|dilation| *dilation == 1)
		&& extra.iter().all(|extra| *extra == 0)
		&& before.iter().chain(&after).all(|pad| *pad == 0);
	if groups == 1 && apart {
		return tiles_apart(b, node, x, w, kernel);
	}
	// Weights by output, kernel turned around.
	let mut split = vec![groups, c / groups, *per_group];
	split.extend(kernel);
	let w = b.reshape(w, &split)?;
	let mut order = vec![0u8, 2];
	order.extend((0..count).map(|i| i as u8 + 3));
	order.push(1);
	let w = b.transpose(w, &order)?;
	let mut ranges = b.whole_ranges(w);
	for range in &mut ranges[2..2 + count] {
		*range = Range { start: range.length - 1, step: -1, length: range.length };
	}
	let w = b.op(Op::Slice { ranges }, &[w])?;
	let mut shape = vec![groups * per_group];
	shape.extend(kernel);
	shape.push(c / groups);
	let w = b.reshape(w, &shape)?;
	// Zeros between the elements, then an ordinary convolution.
	let mut x = channels_last(b, x)?;
	for (i, stride) in strides.iter().enumerate() {
		x = spread(b, x, i + 1, *stride)?;
	}
	let (mut front, mut back) = (vec![0; count], vec![0; count]);
	for i in 0..count {
		let reach = (i128::from(kernel[i]) - 1) * i128::from(dilations[i]);
		let (head, tail) = (reach - before[i], reach - after[i] + i128::from(extra[i]));
		let dim = b.shape(x)[i + 1];
		let (cut, cut_tail) = (narrow((-head).max(0))?, narrow((-tail).max(0))?);
		let kept = dim.checked_sub(cut).and_then(|dim| dim.checked_sub(cut_tail));
		let kept = kept.ok_or_else(|| Refusal::Unsupported("pads that leave nothing".into()))?;
		x = b.slice(x, i + 1, cut, kept)?;
		(front[i], back[i]) = (narrow(head.max(0))?, narrow(tail.max(0))?);
	}
	let window = Window {
		kernel: kernel.to_vec(),
		strides: vec![1; count],
		dilations,
		before: front,
		after: back,
	};
	let mut result = conv_last(b, x, w, &Geometry { window, groups })?;
	if let Some(bias) = node.optional(2) {
		result = b.add(result, bias)?;
	}
	channels_second(b, result)
}

/// A transposed convolution whose windows do not meet: one product for each element, put in place.
fn tiles_apart(b: &mut Builder, node: &Node, x: Id, w: Id, kernel: &[u32]) -> Result<Id, Refusal> {
	let count = kernel.len();
	let (c, outputs) = (b.shape(w)[0], b.shape(w)[1]);
	// By tap, then output: `[T.., O, C]`.
	let mut order: Vec<u8> = (0..count).map(|i| i as u8 + 2).collect();
	order.extend([1, 0]);
	let w = b.transpose(w, &order)?;
	let taps: u32 = kernel.iter().product();
	let w = b.reshape(w, &[taps * outputs, c])?;
	let x = channels_last(b, x)?;
	let sizes = b.shape(x);
	let rows = b.meta(x).count() / c.max(1);
	let flat = b.reshape(x, &[rows, c])?;
	let mut result = product(b, flat, w)?;
	let mut split = sizes[..=count].to_vec();
	split.extend(kernel);
	split.push(outputs);
	result = b.reshape(result, &split)?;
	// Each dimension next to its taps.
	let mut order = vec![0u8];
	for i in 0..count {
		order.extend([1 + i as u8, 1 + (count + i) as u8]);
	}
	order.push(1 + 2 * count as u8);
	result = b.transpose(result, &order)?;
	let mut shape = vec![sizes[0]];
	shape.extend(sizes[1..=count].iter().zip(kernel).map(|(size, taps)| size * taps));
	shape.push(outputs);
	result = b.reshape(result, &shape)?;
	if let Some(bias) = node.optional(2) {
		result = b.add(result, bias)?;
	}
	channels_second(b, result)
}

/// Puts `stride - 1` zeros between the elements of a dimension.
fn spread(b: &mut Builder, x: Id, axis: usize, stride: u32) -> Result<Id, Refusal> {
	let shape = b.shape(x);
	if stride <= 1 || shape[axis] <= 1 {
		return Ok(x);
	}
	let mut split = shape.clone();
	split.insert(axis + 1, 1);
	let x = b.reshape(x, &split)?;
	let mut after = vec![0; split.len()];
	after[axis + 1] = stride - 1;
	let x = b.pad(x, vec![0; split.len()], after, None)?;
	let mut joined = shape.clone();
	joined[axis] = shape[axis]
		.checked_mul(stride)
		.ok_or_else(|| Refusal::Unsupported("a dimension too large".into()))?;
	let x = b.reshape(x, &joined)?;
	b.slice(x, axis, 0, joined[axis] - (stride - 1))
}

/// A pool's window, its last steps by the rule of `ceil_mode`, and the input's sizes.
fn pool_window(b: &Builder, node: &Node, x: Id) -> Result<(Window, Vec<u32>), Refusal> {
	let kernel = node.ints("kernel_shape").unwrap_or(&[]);
	let kernel = kernel.iter().map(|x| size(*x)).collect::<Result<Vec<_>, _>>()?;
	let sizes: Vec<u32> = b.shape(x).into_iter().skip(2).collect();
	if kernel.len() != sizes.len() || !(1..=3).contains(&kernel.len()) {
		return unsupported("a window that does not fit the input's dimensions");
	}
	Ok((window(node, kernel, &sizes)?, sizes))
}

/// Lengthens the pads at the end so that a last, partial window counts.
fn with_ceil(node: &Node, window: &Window, sizes: &[u32]) -> Result<Window, Refusal> {
	let mut window = window.clone();
	if node.int("ceil_mode", 0) == 0 {
		return Ok(window);
	}
	for (i, size) in sizes.iter().enumerate() {
		let reach = reach(window.kernel[i], window.dilations[i]);
		let stride = u64::from(window.strides[i].max(1));
		let begun = u64::from(*size) + u64::from(window.before[i]);
		let Some(rest) = (begun + u64::from(window.after[i])).checked_sub(reach) else {
			continue;
		};
		let mut steps = rest.div_ceil(stride) + 1;
		// A window must begin inside the input or the pads before it.
		if (steps - 1) * stride >= begun {
			steps -= 1;
		}
		let needed = (steps.max(1) - 1) * stride + reach;
		window.after[i] = narrow(needed.saturating_sub(begun))?.max(window.after[i]);
	}
	Ok(window)
}

/// A pool; of large windows one dimension after the other, so that few taps lie in one step.
fn pool(b: &mut Builder, reduction: Reduction, window: Window, x: Id) -> Result<Id, Refusal> {
	let taps: u64 = window.kernel.iter().map(|taps| u64::from(*taps)).product();
	if taps <= u64::from(MAX_LEAVES) || window.kernel.len() == 1 {
		return b.op(Op::Pool { reduction, window }, &[x]);
	}
	let mut x = x;
	for i in 0..window.kernel.len() {
		let only = |list: &[u32], other: u32| {
			let keep = |(j, x): (usize, &u32)| if i == j { *x } else { other };
			list.iter().enumerate().map(keep).collect()
		};
		let part = Window {
			kernel: only(&window.kernel, 1),
			strides: only(&window.strides, 1),
			dilations: only(&window.dilations, 1),
			before: only(&window.before, 0),
			after: only(&window.after, 0),
		};
		x = b.op(Op::Pool { reduction, window: part }, &[x])?;
	}
	Ok(x)
}

fn max_pool(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let x = node.input(0)?;
	let (window, sizes) = pool_window(b, node, x)?;
	let window = with_ceil(node, &window, &sizes)?;
	let x = channels_last(b, x)?;
	let result = pool(b, Reduction::Max, window, x)?;
	channels_second(b, result)
}

fn average_pool(b: &mut Builder, node: &Node, x: Id) -> Result<Id, Refusal> {
	let (plain, sizes) = pool_window(b, node, x)?;
	let window = with_ceil(node, &plain, &sizes)?;
	let include = node.int("count_include_pad", 0) != 0;
	let x = channels_last(b, x)?;
	let sum = pool(b, Reduction::Sum, window.clone(), x)?;
	let shape = b.shape(sum);
	// How many taps count at each position: a product over the dimensions.
	let mut counts = vec![1f32];
	let mut dims = vec![1u32];
	for (i, size) in sizes.iter().enumerate() {
		let steps = shape[i + 1];
		let (size, before) = (i64::from(*size), i64::from(window.before[i]));
		let (low, high) =
			if include { (-before, size + i64::from(plain.after[i])) } else { (0, size) };
		let along: Vec<f32> = (0..i64::from(steps))
			.map(|step| {
				let start = step * i64::from(window.strides[i]) - before;
				(0..i64::from(window.kernel[i]))
					.map(|tap| start + tap * i64::from(window.dilations[i]))
					.filter(|at| (low..high).contains(at))
					.count() as f32
			})
			.collect();
		counts = counts.iter().flat_map(|a| along.iter().map(move |c| a * c)).collect();
		dims.push(steps);
	}
	dims.push(1);
	let same = counts.windows(2).all(|pair| pair[0] == pair[1]);
	let count = match counts.first() {
		Some(count) if same => b.scalar(*count)?,
		_ => b.floats_of(&dims, &counts)?,
	};
	let result = b.div(sum, count)?;
	channels_second(b, result)
}

fn power(b: &mut Builder, node: &Node, x: Id) -> Result<Id, Refusal> {
	let size = b.unary(Unary::Abs, x)?;
	match node.int("p", 2) {
		1 => Ok(size),
		2 => b.mul(x, x),
		p => {
			let p = b.scalar(p as f32)?;
			b.binary(countersign_canonical::op::Binary::Pow, size, p)
		}
	}
}

fn root(b: &mut Builder, node: &Node, x: Id) -> Result<Id, Refusal> {
	match node.int("p", 2) {
		1 => Ok(x),
		2 => b.unary(Unary::Sqrt, x),
		p => {
			let p = b.scalar(1.0 / p as f32)?;
			b.binary(countersign_canonical::op::Binary::Pow, x, p)
		}
	}
}

fn lp_pool(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let x = node.input(0)?;
	let (window, sizes) = pool_window(b, node, x)?;
	let window = with_ceil(node, &window, &sizes)?;
	let x = channels_last(b, x)?;
	let p = power(b, node, x)?;
	let sum = pool(b, Reduction::Sum, window, p)?;
	let result = root(b, node, sum)?;
	channels_second(b, result)
}

/// Sums of products over named dimensions, of one or more operands.
fn einsum(b: &mut Builder, node: &Node) -> Result<Id, Refusal> {
	let equation: String = node.text("equation", "").split_whitespace().collect();
	let (left, right) = match equation.split_once("->") {
		Some((left, right)) => (left.to_string(), Some(right.to_string())),
		None => (equation, None),
	};
	let operands = node.all()?;
	let terms: Vec<&str> = left.split(',').collect();
	if terms.len() != operands.len() {
		return unsupported("not one term for each operand");
	}
	let mut named: Vec<(Vec<char>, Id)> = Vec::new();
	let mut widest = 0usize;
	for (term, id) in terms.iter().zip(&operands) {
		let labels = term.replace("...", "");
		let dots = b.rank(*id).checked_sub(labels.chars().count());
		let dots = dots.ok_or_else(|| Refusal::Unsupported("too many labels".into()))?;
		if dots > 0 && !term.contains("...") || dots > 8 {
			return unsupported("too few labels");
		}
		widest = widest.max(dots);
		named.push((labels_of(term, dots), *id));
	}
	let output = match right {
		Some(right) => labels_of(&right, widest),
		None => {
			let mut counts: BTreeMap<char, usize> = BTreeMap::new();
			named
				.iter()
				.flat_map(|(labels, _)| labels)
				.for_each(|c| *counts.entry(*c).or_default() += 1);
			let once = counts.iter().filter(|(c, n)| **n == 1 || c.is_ascii_digit());
			once.map(|(c, _)| *c).collect()
		}
	};
	for (labels, _) in &named {
		let mut sorted = labels.clone();
		sorted.sort_unstable();
		sorted.dedup();
		if sorted.len() != labels.len() {
			return unsupported("a diagonal");
		}
	}
	let mut named = named.into_iter();
	let Some(mut acc) = named.next() else {
		return unsupported("no operands");
	};
	let mut rest: Vec<(Vec<char>, Id)> = named.collect();
	while !rest.is_empty() {
		let next = rest.remove(0);
		let later =
			|c: &char| output.contains(c) || rest.iter().any(|(labels, _)| labels.contains(c));
		acc = contract(b, acc, next, later)?;
	}
	let (labels, id) = acc;
	let gone: Vec<usize> = (0..labels.len()).filter(|i| !output.contains(&labels[*i])).collect();
	let id = b.reduce(Reduction::Sum, id, &gone)?;
	let id = super::reduce::drop_axes(b, id, &gone, false)?;
	let labels: Vec<char> = labels.into_iter().filter(|c| output.contains(c)).collect();
	arrange(b, id, &labels, &output)
}

/// Labels of a term; the dimensions of an ellipsis are numbered from the right.
fn labels_of(term: &str, dots: usize) -> Vec<char> {
	let mut labels = Vec::new();
	let mut rest = term;
	while let Some(c) = rest.chars().next() {
		if let Some(after) = rest.strip_prefix("...") {
			labels.extend((0..dots).rev().filter_map(|i| char::from_digit(i as u32, 10)));
			rest = after;
		} else {
			labels.push(c);
			rest = &rest[c.len_utf8()..];
		}
	}
	labels
}

fn arrange(b: &mut Builder, id: Id, from: &[char], to: &[char]) -> Result<Id, Refusal> {
	let order: Option<Vec<u8>> =
		to.iter().map(|c| from.iter().position(|d| d == c).map(|i| i as u8)).collect();
	match order {
		Some(order) if order.len() == from.len() => b.transpose(id, &order),
		_ => unsupported("a label that no operand has"),
	}
}

fn contract(
	b: &mut Builder,
	(left, x): (Vec<char>, Id),
	(right, y): (Vec<char>, Id),
	kept: impl Fn(&char) -> bool,
) -> Result<(Vec<char>, Id), Refusal> {
	let in_both = |c: &&char| left.contains(c) && right.contains(c);
	let batch: Vec<char> = left.iter().filter(in_both).filter(|c| kept(c)).copied().collect();
	let summed: Vec<char> = left.iter().filter(in_both).filter(|c| !kept(c)).copied().collect();
	let own = |labels: &[char], other: &[char]| -> Vec<char> {
		labels.iter().filter(|c| !other.contains(c)).copied().collect()
	};
	let (rows, columns) = (own(&left, &right), own(&right, &left));
	let mut sizes: BTreeMap<char, u32> = BTreeMap::new();
	for (labels, id) in [(&left, x), (&right, y)] {
		for (label, dim) in labels.iter().zip(b.shape(id)) {
			let known = sizes.entry(*label).or_insert(dim);
			if *known != dim {
				return unsupported(format!("label {label} stands for {known} and {dim}"));
			}
		}
	}
	let count = |labels: &[char]| labels.iter().map(|c| sizes[c]).product::<u32>();
	let flat = |b: &mut Builder, id, from: &[char], own: &[char]| {
		let order: Vec<char> = [&batch[..], own, &summed[..]].concat();
		let id = arrange(b, id, from, &order)?;
		b.reshape(id, &[count(&batch), count(own), count(&summed)])
	};
	let x = flat(b, x, &left, &rows)?;
	let y = flat(b, y, &right, &columns)?;
	let result = product(b, x, y)?;
	let labels = [&batch[..], &rows[..], &columns[..]].concat();
	let shape: Vec<u32> = labels.iter().map(|c| sizes[c]).collect();
	Ok((labels, b.reshape(result, &shape)?))
}
