//! Random operators with operands that mostly fit.

#![allow(dead_code, missing_docs, unreachable_pub)]

use crate::common::Dice;
use countersign_canonical::{
	op::{Binary, Op, PadMode, Reduction, Scatter, Unary, Window},
	tensor::{TensorType, Value},
};

const UNARY: [Unary; 31] = [
	Unary::Neg,
	Unary::Abs,
	Unary::Sign,
	Unary::Not,
	Unary::Relu,
	Unary::Floor,
	Unary::Ceil,
	Unary::Round,
	Unary::Reciprocal,
	Unary::Sqrt,
	Unary::Exp,
	Unary::Expm1,
	Unary::Log,
	Unary::Log1p,
	Unary::Sigmoid,
	Unary::Tanh,
	Unary::Erf,
	Unary::Sin,
	Unary::Cos,
	Unary::Tan,
	Unary::Asin,
	Unary::Acos,
	Unary::Atan,
	Unary::Sinh,
	Unary::Cosh,
	Unary::Asinh,
	Unary::Acosh,
	Unary::Atanh,
	Unary::IsNan,
	Unary::IsPositiveInfinity,
	Unary::IsNegativeInfinity,
];

const BINARY: [Binary; 17] = [
	Binary::Add,
	Binary::Sub,
	Binary::Mul,
	Binary::Div,
	Binary::Rem,
	Binary::FloorMod,
	Binary::Max,
	Binary::Min,
	Binary::Pow,
	Binary::And,
	Binary::Or,
	Binary::Xor,
	Binary::ShiftLeft,
	Binary::ShiftRight,
	Binary::Equal,
	Binary::Less,
	Binary::LessOrEqual,
];

const REDUCTIONS: [Reduction; 4] =
	[Reduction::Sum, Reduction::Product, Reduction::Max, Reduction::Min];
const SCATTERS: [Scatter; 5] =
	[Scatter::Replace, Scatter::Add, Scatter::Mul, Scatter::Max, Scatter::Min];

pub fn window(dice: &mut Dice, spatial: usize) -> Window {
	let mut list = |low, high| (0..spatial).map(|_| dice.between(low, high)).collect::<Vec<u32>>();
	Window {
		kernel: list(1, 3),
		strides: list(1, 3),
		dilations: list(1, 2),
		before: list(0, 3),
		after: list(0, 3),
	}
}

/// A random operator with operands that mostly fit.
pub fn case(dice: &mut Dice) -> (Op, Vec<Value>) {
	let ty = dice.any_type();
	let shape = dice.shape(4);
	let rank = shape.len() as u32;
	let axis = dice.below(rank.max(1)) as u8;
	let x = dice.value(ty, &shape);
	match dice.below(22) {
		0 => (Op::Unary(dice.pick(&UNARY)), vec![x]),
		1 | 2 => {
			let (a, b) = (dice.narrowed(&shape), dice.narrowed(&shape));
			let kind = dice.pick(&BINARY);
			(Op::Binary(kind), vec![dice.value(ty, &a), dice.value(ty, &b)])
		}
		3 => {
			let shapes = [(); 3].map(|()| dice.narrowed(&shape));
			let condition = dice.value(TensorType::Bool, &shapes[0]);
			(Op::Select, vec![condition, dice.value(ty, &shapes[1]), dice.value(ty, &shapes[2])])
		}
		4 => (Op::Cast(dice.any_type()), vec![x]),
		5 => (Op::Wrap(dice.any_type()), vec![x]),
		6 | 7 => {
			let batch = dice.shape(2);
			let (m, n, k) = (dice.below(11), dice.below(20), dice.below(9));
			let (mut a, mut b) = (dice.narrowed(&batch), dice.narrowed(&batch));
			a.extend([m, k]);
			b.extend([n, k]);
			let types = dice.product_types();
			let from = dice.below(k + 1);
			let op = Op::MatMul { from, terms: dice.below(k - from + 1) };
			let mut operands = vec![dice.value(types.0, &a), dice.value(types.1, &b)];
			dice.maybe_initial(&op, &mut operands);
			(op, operands)
		}
		8..=10 => {
			let spatial = dice.between(1, 3);
			let window = window(dice, spatial as usize);
			let (groups, per_group, channels) = match dice.below(3) {
				0 => (dice.between(1, 40), 1, 1),
				_ => (dice.between(1, 3), dice.between(1, 10), dice.between(1, 5)),
			};
			let mut x = vec![dice.below(3)];
			x.extend((0..spatial).map(|_| dice.below(6)));
			x.push(groups * channels);
			let mut w = vec![groups * per_group];
			w.extend(&window.kernel);
			w.push(channels);
			let all: u32 = w[1..].iter().product();
			let from = if dice.below(3) == 0 { dice.below(all) } else { 0 };
			let terms = if dice.below(3) == 0 { dice.below(all - from + 1) } else { all - from };
			let types = dice.product_types();
			let op = Op::Conv { window, groups, from, terms };
			let mut operands = vec![dice.value(types.0, &x), dice.value(types.1, &w)];
			dice.maybe_initial(&op, &mut operands);
			(op, operands)
		}
		11 => {
			let spatial = dice.between(1, 3);
			let window = window(dice, spatial as usize);
			let shape: Vec<u32> = (0..spatial + 2).map(|_| dice.below(6)).collect();
			(Op::Pool { reduction: dice.pick(&REDUCTIONS), window }, vec![dice.value(ty, &shape)])
		}
		12 | 13 => {
			let axes = (0..rank as u8).filter(|_| dice.below(2) == 0).collect();
			(Op::Reduce { reduction: dice.pick(&REDUCTIONS), axes }, vec![x])
		}
		14 => {
			let (largest, last) = (dice.below(2) == 0, dice.below(2) == 0);
			(Op::ArgReduce { largest, axis, last }, vec![x])
		}
		15 => {
			let mut order: Vec<u8> = (0..rank as u8).collect();
			for i in (1..order.len()).rev() {
				order.swap(i, dice.below(i as u32 + 1) as usize);
			}
			(Op::Transpose { order }, vec![x])
		}
		16 => {
			let ranges = shape.iter().map(|dim| dice.range(*dim)).collect();
			(Op::Slice { ranges }, vec![x])
		}
		17 => {
			let from = dice.narrowed(&shape);
			(Op::Expand { shape: shape.clone() }, vec![dice.value(ty, &from)])
		}
		18 => {
			let mode =
				dice.pick(&[PadMode::Constant, PadMode::Edge, PadMode::Reflect, PadMode::Wrap]);
			let before = shape.iter().map(|_| dice.below(5)).collect();
			let after = shape.iter().map(|_| dice.below(5)).collect();
			let mut operands = vec![x];
			if mode == PadMode::Constant && dice.below(2) == 0 {
				operands.push(dice.value(ty, &[]));
			}
			(Op::Pad { mode, before, after }, operands)
		}
		19 => {
			let parts = dice.between(1, 4);
			let operands = (0..parts)
				.map(|_| {
					let mut shape = shape.clone();
					if let Some(dim) = shape.get_mut(axis as usize) {
						*dim = dice.below(5);
					}
					dice.value(ty, &shape)
				})
				.collect();
			(Op::Concat { axis }, operands)
		}
		20 => gathers(dice, ty, &shape, axis, x),
		_ => match dice.below(3) {
			0 => {
				let (exclusive, reverse) = (dice.below(2) == 0, dice.below(2) == 0);
				(Op::CumulativeSum { axis, exclusive, reverse }, vec![x])
			}
			1 => {
				let count = dice.below(shape.get(axis as usize).copied().unwrap_or(0) + 1);
				let (largest, indices) = (dice.below(2) == 0, dice.below(2) == 0);
				(Op::TopK { axis, count, largest, indices }, vec![x])
			}
			_ => (trees(dice), dice.tree_operands()),
		},
	}
}

fn trees(dice: &mut Dice) -> Op {
	Op::Trees { depth: dice.below(6) }
}

fn gathers(dice: &mut Dice, ty: TensorType, shape: &[u32], axis: u8, x: Value) -> (Op, Vec<Value>) {
	let dim = shape.get(axis as usize).copied().unwrap_or(0);
	let smaller: Vec<u32> = shape
		.iter()
		.enumerate()
		.map(|(i, dim)| if i == axis as usize { dice.below(4) } else { dice.below(dim + 1) })
		.collect();
	match dice.below(5) {
		0 => {
			let indices = dice.shape(2);
			(Op::Gather { axis }, vec![x, dice.indices(&indices, dim)])
		}
		1 => (Op::GatherElements { axis }, vec![x, dice.indices(&smaller, dim)]),
		2 => {
			let scatter = dice.pick(&SCATTERS);
			let indices = dice.indices(&smaller, dim);
			(Op::ScatterElements { axis, scatter }, vec![x, indices, dice.value(ty, &smaller)])
		}
		other => {
			let tuple = dice.below(shape.len() as u32 + 1);
			let batch = if other == 3 { dice.below(shape.len() as u32 - tuple + 1) } else { 0 };
			let mut indices = shape[..batch as usize].to_vec();
			indices.push(dice.below(4));
			let mut updates = indices.clone();
			indices.push(tuple);
			let least = shape[batch as usize..].iter().take(tuple as usize).min();
			let chosen = dice.indices(&indices, least.copied().unwrap_or(1));
			if other == 3 {
				return (Op::GatherNd { batch: batch as u8 }, vec![x, chosen]);
			}
			updates.extend(&shape[tuple as usize..]);
			let scatter = dice.pick(&SCATTERS);
			(Op::ScatterNd { scatter }, vec![x, chosen, dice.value(ty, &updates)])
		}
	}
}
