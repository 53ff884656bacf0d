//! Times a product of two square matrices on one thread, and shows the hash of the result.

use countersign_canonical::{
	commitment::tensor_commitment,
	kernels::compute,
	op::Op,
	tensor::{Meta, TensorType, Value},
};
use std::time::Instant;

fn main() {
	let size: u32 = std::env::args().nth(1).and_then(|size| size.parse().ok()).unwrap_or(384);
	let count = (size * size) as usize;
	let mut state = 1u32;
	let mut next = || {
		state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
		state
	};
	let floats: Vec<f32> = (0..2 * count).map(|_| (next() >> 8) as f32 / 1e7 - 0.8).collect();
	let shape = [size, size];
	let integers: Vec<i64> = (0..2 * count).map(|_| i64::from(next() >> 24)).collect();
	let cases = [
		(
			"f32",
			Value::from_f32(&shape, &floats[..count]),
			Value::from_f32(&shape, &floats[count..]),
		),
		(
			"i8 ",
			Value::from_integers(TensorType::I8, &shape, &integers[..count]),
			Value::from_integers(TensorType::U8, &shape, &integers[count..]),
		),
	];
	for (name, a, b) in cases {
		let op = Op::MatMul { from: 0, terms: size };
		let ty = if name == "f32" { TensorType::F32 } else { TensorType::I32 };
		let out = Meta { ty, shape: shape.to_vec() };
		let mut best = f64::MAX;
		let mut hash = [0; 32];
		for _ in 0..20 {
			let start = Instant::now();
			let data = compute(&op, &out, &[&a, &b]).expect("the shapes fit");
			best = best.min(start.elapsed().as_secs_f64());
			hash = tensor_commitment(&Value { meta: out.clone(), data }.to_tensor(), None);
		}
		let macs = f64::from(size).powi(3);
		let hash: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
		println!("{name} {size}^3: {:.2} GMAC/s, {hash}", macs / best / 1e9);
	}
}
