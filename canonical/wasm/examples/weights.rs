//! Measures what operators cost, natively and in WebAssembly as the node's executor runs it, on
//! ordinary values and on the worst ones, in multiples of a multiply-accumulate in WebAssembly.
//! The factors of `Cost::weighted_macs` come from here. Fails where an operator that promises that no
//! values make it slow breaks that, or where the worst values of any take longer than is charged.
//!
//!     cargo run --release -p countersign-canonical-wasm --example weights -- [--256] [NAME]
//!
//! With `--256` native code uses vectors of 256 bits at most: `times`, how many times longer an
//! operator takes in WebAssembly, which has none, is a matter of how wide those of a processor are.

#![allow(clippy::unwrap_used)]

#[path = "../tests/guest/mod.rs"]
mod guest;

use codec::Encode;
use countersign_canonical::{
	cost::Cost,
	kernels::{limit_vectors, Vectors},
	op::{Binary, Op, PadMode, Range, Reduction, Scatter, Unary, Window},
	program::{Node, Package, Program},
	tensor::{Data, Meta, Tensor, TensorType, Value},
	Model, VERSION,
};
use guest::Guest;
use std::process::ExitCode;

/// How much longer the worst values may take where no values shall make an operator slow.
const MOST: f64 = 1.2;

/// Values that may be slow.
const SPECIAL: [(&str, [f32; 2]); 9] = [
	("ordinary", [1.25, -0.75]),
	("subnormal", [1.0e-40, -1.0e-40]),
	("NaN", [f32::NAN, 1.0]),
	("infinite", [f32::INFINITY, f32::NEG_INFINITY]),
	("zero", [0.0, -0.0]),
	("2^-51", [4.440_892e-16, -4.440_892e-16]),
	("2^-63", [1.084_202_2e-19, 5.421_011e-20]),
	("2^-102", [1.972_152_3e-31, 9.860_761e-32]),
	("large", [1.0e38, -3.0e38]),
];
/// More of them for functions, whose results may be what is slow.
const ARGUMENTS: [(&str, [f32; 2]); 7] = [
	("far apart", [3.0e38, 1.1e-38]),
	("small", [-90.0, -100.0]),
	("middle", [0.3, -0.7]),
	("reduced", [1.0e5, -7.0e4]),
	("ten", [10.0, -10.0]),
	("small number", [1.0e-30, 1.0e-37]),
	("near one", [0.999_9, -0.999_9]),
];

struct Case {
	name: String,
	op: Op,
	operands: Vec<(TensorType, Vec<u32>)>,
}

fn case(name: &str, op: Op, operands: &[(TensorType, &[u32])]) -> Case {
	let operands = operands.iter().map(|(ty, shape)| (*ty, shape.to_vec())).collect();
	Case { name: name.into(), op, operands }
}

fn window(kernel: u32, stride: u32) -> Window {
	let both = |x| vec![x; 2];
	let edge = kernel / 2;
	Window {
		kernel: both(kernel),
		strides: both(stride),
		dilations: both(1),
		before: both(edge),
		after: both(edge),
	}
}

fn conv_of(kernel: u32, groups: u32, terms: u32) -> Op {
	Op::Conv { window: window(kernel, 1), groups, from: 0, terms }
}

fn cases() -> Vec<Case> {
	use TensorType::{Bool, F32, I32, I64, I8, U8};
	let flat: &[u32] = &[1 << 17];
	let mut all = Vec::new();
	let square = |ty| [(ty, &[256u32, 256][..]); 2];
	all.push(case("MatMul f32", Op::MatMul { from: 0, terms: 256 }, &square(F32)));
	let larger = [(F32, &[384u32, 384][..]); 2];
	all.push(case("MatMul f32 384", Op::MatMul { from: 0, terms: 384 }, &larger));
	all.push(case("MatMul i8", Op::MatMul { from: 0, terms: 256 }, &square(I8)));
	all.push(case("MatMul i32", Op::MatMul { from: 0, terms: 256 }, &square(I32)));
	let small = [(I64, &[64u32, 64][..]); 2];
	all.push(case("MatMul i64", Op::MatMul { from: 0, terms: 64 }, &small));
	let lone = (F32, &[1u32, 64, 64, 1][..]);
	all.push(case("Conv one channel", conv_of(3, 1, 9), &[lone, (F32, &[1, 3, 3, 1])]));
	let one = [(F32, &[1u32, 512][..]), (F32, &[512, 512])];
	all.push(case("MatMul one row", Op::MatMul { from: 0, terms: 512 }, &one));
	let thin = [(F32, &[4096u32, 8][..]), (F32, &[4, 8])];
	all.push(case("MatMul thin", Op::MatMul { from: 0, terms: 8 }, &thin));
	let x = (F32, &[1u32, 28, 28, 64][..]);
	all.push(case("Conv", conv_of(3, 1, 576), &[x, (F32, &[64, 3, 3, 64])]));
	all.push(case("Conv depthwise", conv_of(3, 64, 9), &[x, (F32, &[64, 3, 3, 1])]));
	for channels in [7, 16, 56] {
		let x = (F32, &[1u32, 48, 48, channels][..]);
		let w = (F32, &[channels, 3, 3, 1][..]);
		all.push(case(&format!("Conv depthwise {channels}"), conv_of(3, channels, 9), &[x, w]));
	}
	all.push(case("Conv few", conv_of(3, 1, 27), &[(F32, &[1, 64, 64, 3]), (F32, &[4, 3, 3, 3])]));
	all.push(case("Conv groups", conv_of(3, 32, 18), &[x, (F32, &[32, 3, 3, 2])]));
	let wide = Op::Conv { window: window(3, 1), groups: 64, from: 0, terms: 9 };
	all.push(case("Conv i8 depthwise", wide, &[(U8, x.1), (I8, &[64, 3, 3, 1])]));
	for kind in [
		Unary::Neg,
		Unary::Abs,
		Unary::Sign,
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
	] {
		all.push(case(&format!("{kind:?}"), Op::Unary(kind), &[(F32, flat)]));
	}
	for kind in [
		Binary::Add,
		Binary::Sub,
		Binary::Mul,
		Binary::Div,
		Binary::Rem,
		Binary::Max,
		Binary::Pow,
		Binary::Less,
	] {
		all.push(case(&format!("{kind:?}"), Op::Binary(kind), &[(F32, flat); 2]));
	}
	let columns = [(F32, &[512u32, 256][..]), (F32, &[512, 1])];
	all.push(case("Add column", Op::Binary(Binary::Add), &columns));
	let outer = [(F32, &[65_536u32, 1][..]), (F32, &[2])];
	all.push(case("Add short rows", Op::Binary(Binary::Add), &outer));
	for kind in [Binary::Add, Binary::Div, Binary::FloorMod, Binary::Pow, Binary::ShiftLeft] {
		for ty in [TensorType::U8, TensorType::U32, TensorType::I64] {
			if kind != Binary::ShiftLeft || ty != TensorType::I64 {
				all.push(case(&format!("{kind:?} {ty:?}"), Op::Binary(kind), &[(ty, flat); 2]));
			}
		}
	}
	all.push(case("Select", Op::Select, &[(Bool, flat), (F32, flat), (F32, flat)]));
	for (from, to) in [(F32, I32), (F32, U8), (I32, F32), (I64, I32), (U8, I64), (F32, I64)] {
		all.push(case(&format!("Cast {from:?} {to:?}"), Op::Cast(to), &[(from, flat)]));
	}
	all.push(case("Wrap", Op::Wrap(I8), &[(I64, flat)]));
	let spread = [(F32, &[512u32, 256][..])];
	for reduction in [Reduction::Sum, Reduction::Product, Reduction::Max] {
		for axis in [0, 1] {
			let op = Op::Reduce { reduction, axes: vec![axis] };
			all.push(case(&format!("Reduce {reduction:?} {axis}"), op, &spread));
		}
	}
	let op = Op::Reduce { reduction: Reduction::Sum, axes: vec![0] };
	all.push(case("Reduce Sum u8", op, &[(U8, &[512, 256])]));
	let op = Op::Reduce { reduction: Reduction::Max, axes: vec![1] };
	all.push(case("Reduce short rows", op, &[(F32, &[65_536, 2])]));
	let pool = |reduction| Op::Pool { reduction, window: window(3, 1) };
	all.push(case("Pool Max", pool(Reduction::Max), &[(F32, &[1, 64, 64, 16])]));
	all.push(case("Pool one channel", pool(Reduction::Sum), &[(F32, &[1, 128, 128, 1])]));
	let op = |largest| Op::ArgReduce { largest, axis: 1, last: false };
	all.push(case("ArgReduce", op(true), &spread));
	all.push(case("Transpose", Op::Transpose { order: vec![1, 0] }, &spread));
	let op = Op::Transpose { order: vec![2, 0, 1] };
	all.push(case("Transpose u8", op, &[(U8, &[64, 64, 64])]));
	let op = Op::Transpose { order: vec![2, 1, 0] };
	all.push(case("Transpose three", op, &[(F32, &[64, 32, 64])]));
	let ranges = [512, 256].map(|dim| Range { start: dim - 1, step: -1, length: dim });
	all.push(case("Slice back", Op::Slice { ranges: ranges.to_vec() }, &spread));
	let op = Op::Slice { ranges: vec![Range { start: 1, step: 2, length: 65_535 }] };
	all.push(case("Slice steps", op, &[(U8, flat)]));
	all.push(case("Expand", Op::Expand { shape: vec![65_536, 2] }, &[(F32, &[65_536, 1])]));
	let op = |mode, by: u32| Op::Pad { mode, before: vec![by; 2], after: vec![by; 2] };
	all.push(case("Pad", op(PadMode::Reflect, 200), &[(F32, &[256, 256])]));
	all.push(case("Pad constant", op(PadMode::Constant, 1), &[(U8, &[65_536, 1])]));
	all.push(case("Concat", Op::Concat { axis: 1 }, &[(U8, &[65_536u32, 1][..]); 2]));
	let picks = [(F32, &[1u32 << 16][..]), (I64, &[1 << 16])];
	all.push(case("Gather", Op::Gather { axis: 0 }, &picks));
	all.push(case("GatherElements", Op::GatherElements { axis: 0 }, &picks));
	let tuples = [(F32, &[1u32 << 16][..]), (I64, &[1 << 16, 1])];
	all.push(case("GatherNd", Op::GatherNd { batch: 0 }, &tuples));
	let scattered = [picks[0], picks[1], picks[0]];
	let op = Op::ScatterElements { axis: 0, scatter: Scatter::Add };
	all.push(case("ScatterElements", op, &scattered));
	let op = Op::ScatterNd { scatter: Scatter::Add };
	all.push(case("ScatterNd", op, &[tuples[0], tuples[1], tuples[0]]));
	let op = Op::CumulativeSum { axis: 1, exclusive: false, reverse: false };
	all.push(case("CumulativeSum", op, &spread));
	let op = Op::TopK { axis: 1, count: 5, largest: true, indices: true };
	all.push(case("TopK", op, &spread));
	let op = Op::TopK { axis: 0, count: 65_536, largest: true, indices: false };
	all.push(case("TopK long", op, &[(F32, &[65_536])]));
	let list = |ty| (ty, &[1024u32][..]);
	let roots = (I32, &[100u32][..]);
	let x = (F32, &[64u32, 32][..]);
	let tables = [x, list(I32), list(F32), list(U8), list(I32), list(I32), roots];
	all.push(case("Trees", Op::Trees { depth: 1024 }, &tables));
	all
}

/// Operands made of two values; integers count up, inside what indices may be.
fn value(case: &Case, at: usize, values: [f32; 2], dice: &mut u64) -> Value {
	let (ty, shape) = &case.operands[at];
	let count = shape.iter().product::<u32>();
	let mut data = Data::with_capacity(*ty, count as usize);
	for i in 0..count {
		*dice =
			dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
		let random = *dice >> 33;
		let bits = match (&case.op, ty) {
			// One long path from each root to the only leaf.
			(Op::Trees { .. }, _) if at > 0 => match at {
				1 => random % 32,
				2 => 0,
				3 => u64::from(if i == count - 1 { 6u8 } else { 1 }),
				6 => 0,
				_ => u64::from(i + 1).min(u64::from(count - 1)),
			},
			(Op::Binary(Binary::ShiftLeft), _) if at == 1 => random % 70,
			(_, TensorType::F32) if matches!(case.op, Op::TopK { .. }) => {
				u64::from((random as f32 * values[0]).to_bits())
			}
			// Far apart, they are reduced step by step.
			(Op::Binary(Binary::Rem), TensorType::F32) => u64::from(values[at].to_bits()),
			(_, TensorType::F32) => u64::from(values[random as usize % 2].to_bits()),
			(_, TensorType::I64) if at == 1 => random % 65_536,
			(_, TensorType::Bool) => random % 2,
			_ => random,
		};
		data.push(bits);
	}
	Value { meta: Meta { ty: *ty, shape: shape.clone() }, data }
}

/// The operators of a program that is measured against one of a single operator.
const LONG: u16 = 17;

/// Whether an operator can be applied to its own result.
fn repeats(case: &Case) -> bool {
	let (package, _) = package(case, 1);
	let plan = package.program.plan().unwrap();
	plan.metas.last() == package.program.inputs.first()
}

/// A program of one operator, applied so many times: the package, and what a run costs.
fn package(case: &Case, times: u16) -> (Package, Cost) {
	let inputs: Vec<Meta> =
		case.operands.iter().map(|(ty, shape)| Meta { ty: *ty, shape: shape.clone() }).collect();
	let count = inputs.len() as u16;
	// The output is one element of the result, so that little is hashed.
	let program = Program {
		version: VERSION,
		inputs,
		constants: vec![],
		nodes: (0..times)
			.map(|number| Node {
				op: case.op.clone(),
				operands: (0..count)
					.map(|at| if at == 0 && number > 0 { count + number - 1 } else { at })
					.collect(),
			})
			.collect(),
		outputs: vec![count + times - 1],
	};
	let plan = program.plan().unwrap_or_else(|error| panic!("{}: {error:?}", case.name));
	(Package { program, constants: vec![] }, plan.cost)
}

/// Whether an operator promises that no values make it slow.
fn promises(case: &Case) -> bool {
	let kind = matches!(
		case.op,
		Op::MatMul { .. }
			| Op::Conv { .. }
			| Op::Binary(Binary::Add | Binary::Sub | Binary::Mul | Binary::Div)
	);
	kind && case.operands.iter().all(|operand| operand.0 == TensorType::F32)
}

/// The values to measure an operator on: what they are called, and those of the first operand and of
/// the others. Ordinary ones first.
fn values(case: &Case) -> Vec<(String, [[f32; 2]; 2])> {
	if case.operands.iter().all(|operand| operand.0 != TensorType::F32) {
		return vec![(SPECIAL[0].0.into(), [SPECIAL[0].1; 2])];
	}
	if promises(case) {
		let pairs = SPECIAL.iter().flat_map(|left| SPECIAL.iter().map(move |right| (left, right)));
		return pairs
			.map(|(left, right)| (format!("{} and {}", left.0, right.0), [left.1, right.1]))
			.collect();
	}
	let functions = matches!(case.op, Op::Unary(_) | Op::Binary(Binary::Pow | Binary::Rem));
	let arguments = ARGUMENTS.iter().take(if functions { ARGUMENTS.len() } else { 0 });
	SPECIAL.iter().chain(arguments).map(|(name, both)| (name.to_string(), [*both; 2])).collect()
}

/// An operator on some values, natively and in WebAssembly.
struct Measured<'a> {
	guest: &'a Guest,
	model: &'a Model,
	package: &'a [u8],
	inputs: Vec<Tensor>,
	/// The least seconds so far.
	least: [f64; 2],
}

impl Measured<'_> {
	fn again(&mut self, times: usize) {
		let encoded = self.inputs.encode();
		for _ in 0..times {
			let start = guest::seconds();
			let _ = self.model.run(&self.inputs);
			self.least[0] = self.least[0].min(guest::seconds() - start);
			self.least[1] = self.least[1].min(self.guest.time(self.package, &encoded));
		}
	}
}

/// The worst of all operators so far, and which it is.
struct Worst(f64, String);

impl Worst {
	fn note(&mut self, found: f64, name: &str) {
		if found > self.0 {
			*self = Self(found, name.into());
		}
	}
}

fn main() -> ExitCode {
	let guest = Guest::new();
	let mut per_mac = 0.0;
	let (options, names): (Vec<_>, Vec<_>) =
		std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
	let only = names.into_iter().next();
	if options.iter().any(|option| option == "--256") {
		limit_vectors(Vectors::Middle);
	}
	println!(
		"{:22} {:>9} {:>9} {:>6} {:>7} {:>7} {:>7}  worst values",
		"", "native", "wasm", "times", "ratio", "charged", "again"
	);
	let none = || Worst(0.0, "none".into());
	let (mut slowest, mut dearest) = ([none(), none()], none());
	for case in cases() {
		if only.as_ref().is_some_and(|only| !case.name.contains(only) && case.name != "MatMul f32")
		{
			continue;
		}
		let (package, cost) = package(&case, 1);
		let model = Model::new(&package).unwrap();
		let bytes = package.encode();
		let mut ordinary: Option<Measured> = None;
		let mut worst = [(); 2].map(|()| (0.0f64, 0.0f64, String::new()));
		for (name, [first, others]) in values(&case) {
			let mut dice = 7;
			let inputs = (0..case.operands.len()).map(|at| {
				let from = if at == 0 { first } else { others };
				value(&case, at, from, &mut dice).to_tensor()
			});
			let mut found = Measured {
				guest: &guest,
				model: &model,
				package: &bytes,
				inputs: inputs.collect(),
				least: [f64::MAX; 2],
			};
			found.again(4);
			let plain = match &mut ordinary {
				Some(plain) => plain,
				None => {
					found.again(4);
					for (worst, seconds) in worst.iter_mut().zip(found.least) {
						*worst = (1.0, seconds, name.clone());
					}
					ordinary = Some(found);
					continue;
				}
			};
			let ratio =
				|found: &Measured, plain: &Measured, at: usize| found.least[at] / plain.least[at];
			// What something else on this machine slowed down is not slow again and again.
			for _ in 0..40 {
				if (0..2).all(|at| ratio(&found, &*plain, at) <= worst[at].0.max(1.1)) {
					break;
				}
				plain.again(3);
				found.again(3);
			}
			for (at, worst) in worst.iter_mut().enumerate() {
				let ratio = ratio(&found, &*plain, at);
				if ratio > worst.0 {
					*worst = (ratio, found.least[at], name.clone());
				}
			}
		}
		let Some(Measured { least: [native, hosted], inputs, .. }) = ordinary else { continue };
		let [(native_ratio, _, native_values), (hosted_ratio, hosted_worst, hosted_values)] = worst;
		if per_mac == 0.0 {
			per_mac = hosted_worst / cost.macs as f64;
			println!("one multiply-accumulate in WebAssembly: {:.3} ns", per_mac * 1e9);
		}
		let charged = cost.weighted_macs() as f64 * per_mac;
		// What one more of them takes, in a program that has its operands already.
		let again = if repeats(&case) {
			let (package, long) = self::package(&case, LONG);
			let model = Model::new(&package).unwrap();
			let package = package.encode();
			let mut found = Measured {
				guest: &guest,
				model: &model,
				package: &package,
				inputs,
				least: [f64::MAX; 2],
			};
			found.again(4);
			let more = (long.weighted_macs() - cost.weighted_macs()) as f64 * per_mac;
			let part = more / (found.least[1] - hosted).max(f64::EPSILON);
			dearest.note(1.0 / part, &format!("{} again", case.name));
			format!("{part:.2}")
		} else {
			String::new()
		};
		let elements =
			cost.macs + cost.simple + cost.divisions + cost.transcendental + cost.searches;
		println!(
			"{:22} {:7.0}us {:7.0}us {:6.1} {:7.2} {:7.2} {again:>7}  native {:.2} times ({}), wasm {:.2} times \
			 ({})",
			case.name,
			native * 1e6,
			hosted * 1e6,
			hosted / native,
			hosted_worst / per_mac / elements.max(1) as f64,
			charged / hosted_worst,
			native_ratio,
			native_values,
			hosted_ratio,
			hosted_values,
		);
		if promises(&case) {
			slowest[0].note(native_ratio, &case.name);
			slowest[1].note(hosted_ratio, &case.name);
		}
		dearest.note(hosted_worst / charged, &case.name);
	}
	let [native, hosted] = &slowest;
	println!(
		"multiply-accumulate operators, Add, Sub, Mul and Div on the worst values, times ordinary \
		 ones: natively {:.2} ({}), in WebAssembly {:.2} ({}); at most {MOST} is promised",
		native.0, native.1, hosted.0, hosted.1
	);
	println!(
		"the worst values of any operator take {:.2} of what is charged ({}); at most 1 is promised",
		dearest.0, dearest.1
	);
	if native.0 > MOST || hosted.0 > MOST || dearest.0 > 1.0 {
		return ExitCode::FAILURE;
	}
	ExitCode::SUCCESS
}
