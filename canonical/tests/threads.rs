//! However many threads there are, the bits are the same; and those of large results are the bits
//! that the definition gives, also where kernels work in blocks.

mod cases;
mod common;

use common::Dice;
use countersign_canonical::{
	element::{element, Whole},
	infer::infer,
	kernels::{compute, compute_on, Threads},
	op::{Binary, Op, Reduction, Unary},
	program::{Node, Package, Program},
	tensor::{Meta, Tensor, TensorType, Value, View},
	Model, VERSION,
};
use proptest::prelude::*;
use std::sync::{
	atomic::{AtomicUsize, Ordering},
	Arc, LazyLock,
};
use TensorType::{F32, I32, I8, U8};

/// One, two and four threads.
static THREADS: LazyLock<[Arc<Threads>; 3]> = LazyLock::new(|| {
	[1, 2, 4].map(|count| Arc::new(Threads::new(count, || ()).expect("threads can be started")))
});

/// Runs an operator on any number of threads, and computes some of its elements one at a time.
fn check(dice: &mut Dice, op: &Op, operands: &[Value]) {
	let metas: Vec<&Meta> = operands.iter().map(|value| &value.meta).collect();
	let out = infer(op, &metas).unwrap_or_else(|error| panic!("{op:?} {metas:?}: {error:?}"));
	let references: Vec<&Value> = operands.iter().collect();
	let alone = compute(op, &out, &references).expect("it runs");
	for threads in &*THREADS {
		let found = compute_on(threads, op, &out, &references).expect("it runs");
		assert!(found == alone, "{op:?} on {metas:?}, {} threads", threads.count());
	}
	let views: Vec<View> = operands.iter().map(Value::view).collect();
	for _ in 0..8.min(out.count()) {
		let at = dice.below(out.count());
		let one = element(op, &out, at, &mut Whole(&views)).expect("it has this element");
		assert_eq!(one, alone.get(at), "{op:?} on {metas:?}, element {at}");
	}
}

/// Dimensions that are 1 now and then, and so small that the product stays below `most`.
fn shape(dice: &mut Dice, rank: u32, most: u32) -> Vec<u32> {
	let mut left = most;
	(0..rank)
		.map(|_| {
			let dim = if dice.below(4) == 0 { 1 } else { dice.between(1, left.clamp(1, 300)) };
			left /= dim;
			dim
		})
		.collect()
}

fn matmul(dice: &mut Dice) -> (Op, Vec<Value>) {
	let (a_type, b_type) = dice.pick(&[(F32, F32), (F32, F32), (U8, I8), (I8, I8), (I32, I32)]);
	let most = [1, 3, 130, 260];
	let (m, n, k) = match dice.below(3) {
		0 => (dice.pick(&most), dice.between(1, 1100), dice.between(1, 600)),
		1 => (dice.between(1, 600), dice.between(1, 40), dice.between(1, 600)),
		_ => (dice.between(1, 200), dice.between(1, 200), dice.between(1, 300)),
	};
	let batch = match dice.below(4) {
		0 => vec![dice.between(1, 5)],
		1 => vec![dice.between(1, 3), dice.between(1, 3)],
		_ => vec![],
	};
	let (mut a, mut b) = (dice.narrowed(&batch), dice.narrowed(&batch));
	a.extend([m, k]);
	b.extend([n, k]);
	let from = if dice.below(3) == 0 { dice.below(k) } else { 0 };
	let op = Op::MatMul { from, terms: k - from };
	let mut operands = vec![dice.value(a_type, &a), dice.value(b_type, &b)];
	dice.maybe_initial(&op, &mut operands);
	(op, operands)
}

/// An input for a window over `spatial` dimensions.
fn windowed(dice: &mut Dice, spatial: u32, channels: u32) -> Vec<u32> {
	let most = 120_000 / channels;
	let mut x = vec![dice.pick(&[1, 1, 2, 5])];
	let dims = shape(dice, spatial, most / x[0]);
	x.extend(dims.iter().map(|dim| *dim + dice.below(3)));
	x.push(channels);
	x
}

fn conv(dice: &mut Dice) -> (Op, Vec<Value>) {
	let spatial = dice.between(1, 3);
	let mut window = cases::window(dice, spatial as usize);
	if dice.below(8) == 0 {
		// So far outside that windows begin behind the last element.
		window.after[0] = 40;
	}
	let (groups, per_group, channels) = match dice.below(3) {
		0 => (dice.between(1, 300), 1, 1),
		1 => (1, dice.between(1, 600), dice.between(1, 30)),
		_ => (dice.between(1, 4), dice.between(1, 40), dice.between(1, 20)),
	};
	let x = windowed(dice, spatial, groups * channels);
	let mut w = vec![groups * per_group];
	w.extend(&window.kernel);
	w.push(channels);
	let all: u32 = w[1..].iter().product();
	let from = if dice.below(4) == 0 { dice.below(all) } else { 0 };
	let (x_type, w_type) = dice.pick(&[(F32, F32), (F32, F32), (F32, F32), (U8, I8)]);
	let op = Op::Conv { window, groups, from, terms: all - from };
	let mut operands = vec![dice.value(x_type, &x), dice.value(w_type, &w)];
	let metas: Vec<&Meta> = operands.iter().map(|value| &value.meta).collect();
	if infer(&op, &metas).is_ok_and(|out| out.count() < 1 << 20) {
		dice.maybe_initial(&op, &mut operands);
	}
	(op, operands)
}

fn large(dice: &mut Dice) -> (Op, Vec<Value>) {
	match dice.below(8) {
		0 | 1 => matmul(dice),
		2 | 3 => conv(dice),
		4 => {
			let spatial = dice.between(1, 3);
			let window = cases::window(dice, spatial as usize);
			let channels = dice.between(1, 40);
			let x = windowed(dice, spatial, channels);
			let reduction = dice.pick(&[Reduction::Sum, Reduction::Max]);
			(Op::Pool { reduction, window }, vec![dice.value(F32, &x)])
		}
		5 => {
			let shape = shape(dice, 4, 200_000);
			let axes = (0..4).filter(|_| dice.below(2) == 0).collect();
			let reduction = dice.pick(&[Reduction::Sum, Reduction::Product, Reduction::Min]);
			let ty = dice.any_type();
			let ty = if ty == TensorType::Bool { F32 } else { ty };
			(Op::Reduce { reduction, axes }, vec![dice.value(ty, &shape)])
		}
		6 => {
			let shape = shape(dice, 3, 200_000);
			let kind = dice.pick(&[Unary::Exp, Unary::Tanh, Unary::Relu, Unary::Erf, Unary::Neg]);
			match dice.below(2) {
				0 => (Op::Unary(kind), vec![dice.value(F32, &shape)]),
				_ => (Op::Cast(dice.any_type()), vec![dice.value(F32, &shape)]),
			}
		}
		_ => {
			let shape = shape(dice, 4, 200_000);
			let shapes = [(); 3].map(|()| dice.narrowed(&shape));
			let ty = dice.pick(&[F32, F32, I32, U8, TensorType::I64]);
			let (a, b) = (dice.value(ty, &shapes[0]), dice.value(ty, &shapes[1]));
			let kind = dice.pick(&[Binary::Add, Binary::Mul, Binary::Max, Binary::Div]);
			match dice.below(3) {
				0 => (Op::Select, vec![dice.value(TensorType::Bool, &shapes[2]), a, b]),
				_ => (Op::Binary(kind), vec![a, b]),
			}
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..Default::default() })]
	#[test]
	fn any_number_of_threads_gives_the_same_bits(seed in any::<u64>()) {
		for i in 0..8 {
			let mut dice = Dice::new(seed.wrapping_add(i));
			let (op, operands) = large(&mut dice);
			let metas: Vec<&Meta> = operands.iter().map(|value| &value.meta).collect();
			if infer(&op, &metas).is_ok_and(|out| out.count() < 4 << 20) {
				check(&mut dice, &op, &operands);
			}
		}
	}
}

fn meta(tensor: &Tensor) -> Meta {
	Meta { ty: tensor.ty, shape: tensor.shape.clone() }
}

/// A product, a function and a sum, each worth several threads.
fn model(dice: &mut Dice) -> (Model, Vec<Tensor>) {
	let inputs = [(F32, [700, 300]), (F32, [400, 300])];
	let inputs: Vec<Tensor> =
		inputs.iter().map(|(ty, shape)| dice.value(*ty, shape).to_tensor()).collect();
	let nodes = vec![
		Node { op: Op::MatMul { from: 0, terms: 300 }, operands: vec![0, 1] },
		Node { op: Op::Unary(Unary::Tanh), operands: vec![2] },
		Node { op: Op::Cast(I32), operands: vec![3] },
	];
	let inputs_of = inputs.iter().map(meta).collect();
	let program = Program {
		version: VERSION,
		inputs: inputs_of,
		constants: vec![],
		nodes,
		outputs: vec![3, 4],
	};
	let package = Package { program, constants: vec![] };
	(Model::new(&package).expect("a program"), inputs)
}

#[test]
fn a_program_runs_on_threads_from_wherever_it_is_started() {
	let mut dice = Dice::new(7);
	let (model, inputs) = model(&mut dice);
	let wanted = model.run_watched(&inputs);
	for threads in &*THREADS {
		let model = model.clone().with_threads(threads);
		assert_eq!(model.run(&inputs), wanted.result);
		assert_eq!(model.run_watched(&inputs), wanted);
		let mut seen = Vec::new();
		let traced = model.run_traced(&inputs, |number, _| seen.push(number));
		assert_eq!((traced, seen), (wanted.result.clone(), vec![0, 1, 2]));
		std::thread::scope(|scope| {
			for _ in 0..3 {
				scope.spawn(|| assert_eq!(model.run(&inputs), wanted.result));
			}
		});
	}
}

#[test]
fn every_thread_is_prepared_and_can_be_asked() {
	static STARTED: AtomicUsize = AtomicUsize::new(0);
	let started = || {
		STARTED.fetch_add(1, Ordering::SeqCst);
	};
	let threads = Threads::new(3, started).expect("threads can be started");
	assert_eq!(threads.count(), 3);
	let names = threads.on_each(|| std::thread::current().name().map(str::to_owned));
	assert_eq!(names.len(), 3);
	assert!(names.iter().flatten().all(|name| name.starts_with("canonical-")), "{names:?}");
	assert_eq!(STARTED.load(Ordering::SeqCst), 3);
}
