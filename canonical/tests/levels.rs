//! Kernels give the same bits with every width of vectors that this processor has, and those of the
//! definition: random operators, and products of small integers, which have kernels of their own.

mod cases;
mod common;

use common::Dice;
use countersign_canonical::{
	element::whole,
	infer::infer,
	kernels::{compute, limit_vectors, Packed, Vectors},
	op::{Op, Window},
	program::{Constant, Node, Package, Program},
	tensor::{Data, Meta, TensorType, Value},
	Model, VERSION,
};
use std::sync::{Mutex, MutexGuard};

const LEVELS: [Vectors; 3] = [Vectors::Widest, Vectors::Middle, Vectors::Baseline];

/// The limit is the process's, so one test at a time.
fn alone() -> MutexGuard<'static, ()> {
	static LOCK: Mutex<()> = Mutex::new(());
	LOCK.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Computes on every level and by the definition.
fn check(name: &str, op: &Op, operands: &[Value]) -> bool {
	let metas: Vec<&Meta> = operands.iter().map(|value| &value.meta).collect();
	let Ok(out) = infer(op, &metas) else {
		return false;
	};
	let references: Vec<&Value> = operands.iter().collect();
	let expected = whole(op, &out, &references);
	for level in LEVELS {
		limit_vectors(level);
		let found = compute(op, &out, &references);
		assert!(found == expected, "{name}: {op:?} on {metas:?}, {level:?}");
	}
	limit_vectors(Vectors::Widest);
	true
}

#[test]
fn every_level_gives_the_same_bits() {
	let _alone = alone();
	let valid = (0..4_000).filter(|seed| {
		let (op, operands) = cases::case(&mut Dice::new(*seed));
		check(&format!("seed {seed}"), &op, &operands)
	});
	assert!(valid.count() > 2_000);
}

/// Integers of a magnitude of at most `most`, with the ends among them.
fn small(dice: &mut Dice, ty: TensorType, shape: &[u32], most: i64) -> Value {
	let count = shape.iter().product::<u32>();
	let mut data = Data::with_capacity(ty, count as usize);
	for _ in 0..count {
		let ends = [most, -most, 0, 127, -128];
		let drawn = i64::from(dice.below(2 * most as u32 + 1)) - most;
		let x = if dice.below(4) == 0 { dice.pick(&ends) } else { drawn };
		data.push(x.clamp(-most, most) as u64);
	}
	Value { meta: Meta { ty, shape: shape.to_vec() }, data }
}

/// Operands of types whose products are summed in 32 bits: small, as they come out of quantised
/// models, and now and then not.
fn integers(dice: &mut Dice, a: &[u32], b: &[u32]) -> [Value; 2] {
	match dice.below(4) {
		0 => {
			let types = [TensorType::U8, TensorType::I8];
			let types = [dice.pick(&types), dice.pick(&types)];
			[dice.value(types[0], a), dice.value(types[1], b)]
		}
		1 => {
			let most = if dice.below(2) == 0 { 256 } else { 1 << 20 };
			let x = small(dice, TensorType::I32, a, most);
			[x, small(dice, TensorType::I32, b, 255)]
		}
		_ => [a, b].map(|shape| small(dice, TensorType::I32, shape, 255)),
	}
}

fn with_initial(dice: &mut Dice, op: &Op, operands: [Value; 2]) -> Vec<Value> {
	let mut operands = operands.to_vec();
	dice.maybe_initial(op, &mut operands);
	operands
}

#[test]
fn products_of_small_integers() {
	let _alone = alone();
	for seed in 0..400u64 {
		let mut dice = Dice::new(seed);
		let (m, n, k) = (dice.between(1, 9), dice.between(1, 70), dice.between(1, 600));
		let operands = integers(&mut dice, &[m, k], &[n, k]);
		let from = if dice.below(2) == 0 { dice.below(k) } else { 0 };
		let op = Op::MatMul { from, terms: dice.between(1, k - from) };
		let operands = with_initial(&mut dice, &op, operands);
		assert!(check(&format!("seed {seed}"), &op, &operands));
	}
}

fn convolution(dice: &mut Dice) -> (Op, [Value; 2]) {
	let (groups, per_group, channels) = match dice.below(3) {
		0 => (dice.pick(&[1, 7, 8, 16, 25, 64, 89, 300]), 1, 1),
		1 => (1, dice.between(1, 40), dice.between(1, 24)),
		_ => (dice.between(1, 3), dice.between(1, 9), 2 * dice.between(1, 5)),
	};
	let window = cases::window(dice, 2);
	let x = [dice.between(1, 2), dice.between(1, 9), dice.between(1, 12), groups * channels];
	let w = [groups * per_group, window.kernel[0], window.kernel[1], channels];
	let all: u32 = w[1..].iter().product();
	let from = if dice.below(3) == 0 { dice.below(all) } else { 0 };
	let operands = integers(dice, &x, &w);
	(Op::Conv { window, groups, from, terms: dice.between(1, all - from) }, operands)
}

#[test]
fn convolutions_of_small_integers() {
	let _alone = alone();
	for seed in 0..600u64 {
		let mut dice = Dice::new(seed);
		let (op, operands) = convolution(&mut dice);
		let operands = with_initial(&mut dice, &op, operands);
		assert!(check(&format!("seed {seed}"), &op, &operands));
	}
}

/// Depthwise, with so many taps that sums of products are no small integers any more.
#[test]
fn many_taps() {
	let _alone = alone();
	let both = |x| vec![x; 2];
	for (kernel, most) in [(15, 255), (17, 255), (17, 256)] {
		let mut dice = Dice::new(u64::from(kernel));
		let window = Window {
			kernel: both(kernel),
			strides: both(1),
			dilations: both(1),
			before: both(kernel / 2),
			after: both(kernel / 2),
		};
		let x = small(&mut dice, TensorType::I32, &[1, 9, 9, 20], most);
		let w = small(&mut dice, TensorType::I32, &[20, kernel, kernel, 1], 255);
		let op = Op::Conv { window, groups: 20, from: 0, terms: kernel * kernel };
		assert!(check("many taps", &op, &[x, w]));
	}
}

/// As a model runs them: the weights are constants, which are packed once.
#[test]
fn packed_weights() {
	let _alone = alone();
	for seed in 0..300u64 {
		let mut dice = Dice::new(seed);
		let (op, [x, w]) = convolution(&mut dice);
		let out = infer(&op, &[&x.meta, &w.meta]).expect("they fit");
		let expected = whole(&op, &out, &[&x, &w]).expect("it has elements");
		let constant = w.to_tensor();
		let commitment = countersign_canonical::commitment::tensor_commitment(&constant, None);
		let program = Program {
			version: VERSION,
			inputs: vec![x.meta.clone()],
			constants: vec![Constant { meta: w.meta.clone(), commitment }],
			nodes: vec![Node { op: op.clone(), operands: vec![0, 1] }],
			outputs: vec![2],
		};
		let package = Package { program, constants: vec![constant.data] };
		for level in LEVELS {
			limit_vectors(level);
			let model = Model::new(&package).expect("a program");
			for running in LEVELS {
				// What was packed for other vectors is packed again.
				limit_vectors(running);
				let found = model.run(&[x.to_tensor()]).expect("no trap");
				let same = found[0].data == expected.as_bytes();
				assert!(same, "seed {seed}: {op:?}, {level:?} and {running:?}");
			}
			let _ = Packed::new(&op, out.ty, w.view());
		}
		limit_vectors(Vectors::Widest);
	}
}
