//! Compares the worst values with ordinary ones: how much longer do operators take that promise
//! not to? Subnormals, infinities, NaN, zeros and numbers at the thresholds against plain ones.

use countersign_canonical::{
	kernels::compute,
	op::{Binary, Op, Window},
	tensor::{Meta, TensorType, Value},
};
use std::time::Instant;

fn filled(shape: &[u32], x: f32, y: f32) -> Value {
	let count = shape.iter().product::<u32>();
	let elements: Vec<f32> = (0..count).map(|i| if i % 2 == 0 { x } else { y }).collect();
	Value::from_f32(shape, &elements)
}

fn seconds(op: &Op, out: &[u32], operands: &[&Value]) -> f64 {
	let out = Meta { ty: TensorType::F32, shape: out.to_vec() };
	let mut best = f64::MAX;
	for _ in 0..30 {
		let start = Instant::now();
		compute(op, &out, operands).expect("the shapes fit");
		best = best.min(start.elapsed().as_secs_f64());
	}
	best
}

fn main() {
	let window = Window {
		kernel: vec![3, 3],
		strides: vec![1; 2],
		dilations: vec![1; 2],
		before: vec![1; 2],
		after: vec![1; 2],
	};
	let conv = Op::Conv { window, groups: 1, from: 0, terms: 9 * 64 };
	let flat = [1u32 << 18];
	type Case<'a> = (&'a str, Op, &'a [u32], &'a [u32], &'a [u32]);
	let cases: [Case<'_>; 6] = [
		("MatMul", Op::MatMul { from: 0, terms: 256 }, &[256, 256], &[256, 256], &[256, 256]),
		("Conv", conv, &[1, 28, 28, 64], &[64, 3, 3, 64], &[1, 28, 28, 64]),
		("Add", Op::Binary(Binary::Add), &flat, &flat, &flat),
		("Sub", Op::Binary(Binary::Sub), &flat, &flat, &flat),
		("Mul", Op::Binary(Binary::Mul), &flat, &flat, &flat),
		("Div", Op::Binary(Binary::Div), &flat, &flat, &flat),
	];
	let small = f32::from_bits(0x0012_3456);
	let power = |exponent: i32| f32::from_bits(((exponent + 127) as u32) << 23);
	let values = [
		("subnormal", small, -small),
		("NaN", f32::NAN, 1.0),
		("infinite", f32::INFINITY, f32::NEG_INFINITY),
		("zero", 0.0, -0.0),
		("2^-51", power(-51), -power(-51)),
		("2^-52", power(-52), power(-52)),
		("2^-63", power(-63), power(-64)),
		("2^-102", power(-102), power(-103)),
		("2^-126", power(-126), power(-125)),
		("2^127", power(127), power(126)),
	];
	for (name, op, a, b, out) in &cases {
		let (x, y) = (filled(a, 1.25, -0.75), filled(b, 0.5, 1.5));
		let plain = [&x, &y];
		let mut ordinary = seconds(op, out, &plain);
		let mut worst = (0.0, "", "");
		for (left, low, high) in values {
			for (right, below, above) in values {
				let (x, y) = (filled(a, low, high), filled(b, below, above));
				let mut ratio = seconds(op, out, &[&x, &y]) / ordinary;
				// What something else on this machine slowed down is not slow again and again.
				for _ in 0..5 {
					if ratio <= worst.0 {
						break;
					}
					ordinary = ordinary.min(seconds(op, out, &plain));
					ratio = ratio.min(seconds(op, out, &[&x, &y]) / ordinary);
				}
				if ratio > worst.0 {
					worst = (ratio, left, right);
				}
			}
		}
		let (ratio, left, right) = worst;
		println!("{name:7} {:8.1} us, at worst {ratio:.2} times ({left}, {right})", ordinary * 1e6);
	}
}
