//! Small packages for tests and benchmarks: real programs of every class of work.

// Example programs for tests: what does not hold is a mistake here and may panic.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use alloc::{vec, vec::Vec};
use canonical::{
	commitment::tensor_commitment,
	op::{Binary, Op, Unary},
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

/// An input of floats for one of these packages, as it travels.
pub fn input_floats(shape: &[u32], each: impl Fn(u32) -> f32) -> Tensor {
	let canonical::Tensor { shape, data, .. } = floats(shape, each);
	Tensor { ty: TensorType::F32, shape, data }
}

/// An index for [`lookup`].
pub fn input_index(index: i64) -> Tensor {
	Tensor { ty: TensorType::I64, shape: vec![1], data: index.to_le_bytes().to_vec() }
}

/// The encoding, as it is stored.
pub fn encoded(package: &Package) -> Vec<u8> {
	package.encode()
}
