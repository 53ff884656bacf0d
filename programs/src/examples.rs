//! Small packages for tests and benchmarks: real programs of every class of work.

// Example programs for tests: what does not hold is a mistake here and may panic.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use alloc::{vec, vec::Vec};
use canonical::{
	commitment::tensor_commitment,
	op::{Binary, Op, Range, Unary},
	program::{Constant, Node, Package, Program},
	Meta,
};
use codec::Encode;
use countersign_canonical as canonical;
use countersign_primitives::tensor::{Tensor, TensorType};

/// Type and shape.
pub fn meta(ty: canonical::TensorType, shape: &[u32]) -> Meta {
	Meta { ty, shape: shape.to_vec() }
}

/// A tensor of floats of the program.
pub fn floats(shape: &[u32], each: impl Fn(u32) -> f32) -> canonical::Tensor {
	let count = canonical::tensor::element_count(shape).expect("a small tensor");
	canonical::Tensor {
		ty: canonical::TensorType::F32,
		shape: shape.to_vec(),
		data: (0..count).flat_map(|i| each(i).to_le_bytes()).collect(),
	}
}

/// A tensor of 32-bit integers of the program.
pub fn integers(values: &[i32]) -> canonical::Tensor {
	canonical::Tensor {
		ty: canonical::TensorType::I32,
		shape: vec![values.len() as u32],
		data: values.iter().flat_map(|value| value.to_le_bytes()).collect(),
	}
}

/// A package of these parts. Operands count inputs first, then constants, then results.
pub fn package(
	inputs: Vec<Meta>,
	constants: Vec<canonical::Tensor>,
	nodes: Vec<(Op, Vec<u16>)>,
	outputs: Vec<u16>,
) -> Package {
	Package {
		program: Program {
			version: canonical::VERSION,
			inputs,
			constants: constants
				.iter()
				.map(|tensor| Constant {
					meta: Meta { ty: tensor.ty, shape: tensor.shape.clone() },
					commitment: tensor_commitment(tensor, None),
				})
				.collect(),
			nodes: nodes.into_iter().map(|(op, operands)| Node { op, operands }).collect(),
			outputs,
		},
		constants: constants.into_iter().map(|tensor| tensor.data).collect(),
	}
}

/// Two dense layers with a `Relu` between, `F32 [1, input]` to `F32 [1, output]`.
pub fn dense(input: u32, hidden: u32, output: u32) -> Package {
	let weight = |i: u32| ((i % 31) as f32 - 15.0) / 16.0;
	package(
		vec![meta(canonical::TensorType::F32, &[1, input])],
		vec![
			floats(&[hidden, input], weight),
			floats(&[1, hidden], weight),
			floats(&[output, hidden], weight),
			floats(&[1, output], weight),
		],
		vec![
			(Op::MatMul { from: 0, terms: input }, vec![0, 1, 2]),
			(Op::Unary(Unary::Relu), vec![5]),
			(Op::MatMul { from: 0, terms: hidden }, vec![6, 3, 4]),
		],
		vec![7],
	)
}

/// The entry of a table of `count` floats at an index, `I64 [1]` to `F32 [1]`. Traps outside.
pub fn lookup(count: u32) -> Package {
	package(
		vec![meta(canonical::TensorType::I64, &[1])],
		vec![floats(&[count], |i| i as f32 / 2.0)],
		vec![(Op::Gather { axis: 0 }, vec![1, 0])],
		vec![2],
	)
}

/// The sum of `trees` full binary decision trees of some depth over `features` floats,
/// `F32 [1, features]` to `F32 [1, 1]`.
pub fn forest(trees: u32, depth: u32, features: u32) -> Package {
	let inner = (1u32 << depth) - 1;
	let each = 2 * inner + 1;
	let at = |node: u32| (node / each, node % each);
	let nodes = trees * each;
	let child = |node: u32, second: u32| {
		let (tree, i) = at(node);
		if i < inner {
			(tree * each + 2 * i + 1 + second) as i32
		} else {
			0
		}
	};
	let mode = canonical::Tensor {
		ty: canonical::TensorType::U8,
		shape: vec![nodes],
		data: (0..nodes).map(|n| if at(n).1 < inner { 0 } else { 6 }).collect(),
	};
	let list = |f: &dyn Fn(u32) -> i32| integers(&(0..nodes).map(f).collect::<Vec<_>>());
	package(
		vec![meta(canonical::TensorType::F32, &[1, features])],
		vec![
			list(&|node| (node.wrapping_mul(7) % features) as i32),
			floats(&[nodes], |node| (node % 13) as f32 - 6.0),
			mode,
			list(&|node| child(node, 0)),
			list(&|node| child(node, 1)),
			integers(&(0..trees).map(|tree| (tree * each) as i32).collect::<Vec<_>>()),
			floats(&[nodes], |node| (node % 17) as f32 / 8.0 - 1.0),
		],
		vec![
			(Op::Trees { depth }, vec![0, 1, 2, 3, 4, 5, 6]),
			(Op::Gather { axis: 0 }, vec![7, 8]),
			(Op::Reduce { reduction: canonical::op::Reduction::Sum, axes: vec![1] }, vec![9]),
		],
		vec![10],
	)
}

/// `steps` times an operator on `count` floats and their own result.
pub fn repeated(op: Unary, count: u32, steps: u16) -> Package {
	let nodes = (0..steps).map(|step| (Op::Unary(op), vec![step])).collect();
	package(vec![meta(canonical::TensorType::F32, &[1, count])], vec![], nodes, vec![steps])
}

/// As [`repeated`], with an operator on that and the input.
pub fn repeated_with(op: Binary, count: u32, steps: u16) -> Package {
	let nodes = (0..steps).map(|step| (Op::Binary(op), vec![step, 0])).collect();
	package(vec![meta(canonical::TensorType::F32, &[1, count])], vec![], nodes, vec![steps])
}

/// Values that are slow or rare: subnormals, NaN, infinities, zeros, the thresholds below which
/// products read zero, and the largest.
pub fn awkward(i: u32) -> f32 {
	let power = |exponent: i32| f32::from_bits(((exponent + 127) as u32) << 23);
	match i % 11 {
		0 => f32::from_bits(0x0012_3456),
		1 => f32::NAN,
		2 => f32::INFINITY,
		3 => -0.0,
		4 => power(-51),
		5 => -power(-52),
		6 => power(-102),
		7 => -power(-126),
		8 => power(127),
		9 => f32::NEG_INFINITY,
		_ => 1.25,
	}
}

/// A product of `n` times 1,024 multiply-accumulates, `F32 [64, 256]` to `F32 [64, n / 16]`.
pub fn products(n: u32) -> Package {
	let columns = n.div_ceil(16).max(1);
	package(
		vec![meta(canonical::TensorType::F32, &[64, 256])],
		vec![floats(&[columns, 256], awkward)],
		vec![(Op::MatMul { from: 0, terms: 256 }, vec![0, 1])],
		vec![2],
	)
}

/// Moves `n` times 1,024 bytes, reading and writing counted: `F32 [n, 128]` to `F32 [128, n]`.
pub fn transposed(n: u32) -> Package {
	package(
		vec![meta(canonical::TensorType::F32, &[n.max(1), 128])],
		vec![],
		vec![(Op::Transpose { order: vec![1, 0] }, vec![0])],
		vec![1],
	)
}

/// `steps` times a remainder of `count` integers, whose divisions are the slowest there are.
pub fn remainders(count: u32, steps: u16) -> Package {
	let ty = canonical::TensorType::I64;
	let nodes = (0..steps).map(|_| (Op::Binary(Binary::FloorMod), vec![0, 1])).collect();
	package(vec![meta(ty, &[1, count]), meta(ty, &[1, count])], vec![], nodes, vec![steps + 1])
}

/// `walks` walks down one tree of 16 levels over 64 features, `F32 [1, 64]` to `I64 [1, walks]`.
pub fn walks(walks: u32) -> Package {
	let depth = 15;
	let inner = (1u32 << depth) - 1;
	let nodes = 2 * inner + 1;
	let list = |f: &dyn Fn(u32) -> u32| {
		integers(&(0..nodes).map(|node| f(node) as i32).collect::<Vec<_>>())
	};
	let mode = canonical::Tensor {
		ty: canonical::TensorType::U8,
		shape: vec![nodes],
		data: (0..nodes).map(|node| if node < inner { 0 } else { 6 }).collect(),
	};
	let child = |node: u32, second| if node < inner { 2 * node + 1 + second } else { 0 };
	package(
		vec![meta(canonical::TensorType::F32, &[1, 64])],
		vec![
			list(&|node| node.wrapping_mul(2_654_435_761) % 64),
			floats(&[nodes], |node| (node.wrapping_mul(40_503) % 64) as f32),
			mode,
			list(&|node| child(node, 0)),
			list(&|node| child(node, 1)),
			integers(&vec![0; walks.max(1) as usize]),
		],
		vec![(Op::Trees { depth }, vec![0, 1, 2, 3, 4, 5, 6])],
		vec![7],
	)
}

/// A constant of `n` times 1,024 bytes, and one element of it as output.
pub fn constant(n: u32) -> Package {
	package(
		vec![meta(canonical::TensorType::I64, &[1])],
		vec![floats(&[n.max(1) * 256], |i| i as f32)],
		vec![(Op::Gather { axis: 0 }, vec![1, 0])],
		vec![2],
	)
}

/// `steps` times an operator on two inputs of `count` floats.
pub fn fold(op: Binary, count: u32, steps: u16) -> Package {
	let ty = canonical::TensorType::F32;
	let nodes = (0..steps).map(|_| (Op::Binary(op), vec![0, 1])).collect();
	package(vec![meta(ty, &[1, count]), meta(ty, &[1, count])], vec![], nodes, vec![steps + 1])
}

/// About `n` small operators whose results leave many holes of different sizes behind, so that it
/// takes long to plan where each lies: `F32 [1, 1024]` to `F32 [1, ..]`.
pub fn scattered(n: u32) -> Package {
	let count = (n / 3).clamp(1, 1_360) as u16;
	let part = |length| {
		let range = |length| Range { start: 0, step: 1, length };
		(Op::Slice { ranges: vec![range(1), range(length)] }, vec![0])
	};
	// In turn one that is read soon and one that is read at the end.
	let mut nodes: Vec<_> =
		(0..count).flat_map(|i| [part(16 + 16 * (u32::from(i) * 37 % 61)), part(16)]).collect();
	nodes.extend((0..count).map(|i| (Op::Unary(Unary::Neg), vec![1 + 2 * i])));
	let kept: Vec<u16> = (0..count).map(|i| 2 + 2 * i).collect();
	nodes.extend(kept.chunks(1_024).map(|kept| (Op::Concat { axis: 1 }, kept.to_vec())));
	let last = nodes.len() as u16;
	package(vec![meta(canonical::TensorType::F32, &[1, 1_024])], vec![], nodes, vec![last])
}

/// An input of floats for one of these packages, as it travels.
pub fn input_floats(shape: &[u32], each: impl Fn(u32) -> f32) -> Tensor {
	let canonical::Tensor { shape, data, .. } = floats(shape, each);
	Tensor { ty: TensorType::F32, shape, data }
}

/// Integers of 64 bits for one of these packages, as they travel.
pub fn input_integers(shape: &[u32], each: impl Fn(u32) -> i64) -> Tensor {
	let count = canonical::tensor::element_count(shape).expect("a small tensor");
	Tensor {
		ty: TensorType::I64,
		shape: shape.to_vec(),
		data: (0..count).flat_map(|i| each(i).to_le_bytes()).collect(),
	}
}

/// An index for [`lookup`].
pub fn input_index(index: i64) -> Tensor {
	Tensor { ty: TensorType::I64, shape: vec![1], data: index.to_le_bytes().to_vec() }
}

/// The encoding, as it is stored.
pub fn encoded(package: &Package) -> Vec<u8> {
	package.encode()
}
