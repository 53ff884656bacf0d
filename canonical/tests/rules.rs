//! The rules of arithmetic that surprise, one by one.

use countersign_canonical::{
	arith::{self, add, cast_bits, div, max, min, mul, sub, NAN},
	kernels::compute,
	op::{Binary, Op, Reduction, Unary, Window},
	tensor::{Meta, TensorType, Value},
};

fn bits(x: f32) -> u32 {
	x.to_bits()
}

fn power(exponent: i32) -> f32 {
	f32::from_bits(((exponent + 127) as u32) << 23)
}

/// The next float toward zero.
fn below(x: f32) -> f32 {
	f32::from_bits(x.to_bits() - 1)
}

fn floats(op: &Op, shape: &[u32], operands: &[&Value]) -> Vec<f32> {
	let out = Meta { ty: TensorType::F32, shape: shape.to_vec() };
	let data = compute(op, &out, operands).expect("the operands fit");
	data.words().iter().map(|bits| f32::from_bits(*bits)).collect()
}

#[test]
fn zeros_have_their_signs() {
	assert_eq!(bits(max(0.0, -0.0)), bits(0.0));
	assert_eq!(bits(max(-0.0, 0.0)), bits(0.0));
	assert_eq!(bits(min(0.0, -0.0)), bits(-0.0));
	assert_eq!(bits(min(-0.0, 0.0)), bits(-0.0));
	assert_eq!(bits(max(-0.0, -0.0)), bits(-0.0));
	assert_eq!(bits(mul(-0.0, 1.0)), bits(0.0));
	assert_eq!(bits(add(-0.0, -0.0)), bits(0.0));
	assert_eq!(bits(arith::unary_f32(Unary::Relu, -0.0)), bits(0.0));
	assert_eq!(bits(arith::ceil(-0.5)), bits(-0.0));
	assert_eq!(bits(arith::floor(-0.0)), bits(-0.0));
	assert_eq!(bits(arith::round(-0.5)), bits(-0.0));
}

#[test]
fn there_is_one_nan() {
	let other = f32::from_bits(0xffc1_2345);
	let nan = bits(NAN);
	for x in [NAN, other] {
		for found in [
			add(x, 1.0),
			sub(1.0, x),
			mul(x, 0.0),
			div(x, x),
			max(x, 1.0),
			max(1.0, x),
			min(x, f32::INFINITY),
			arith::round(x),
			arith::floor(x),
			arith::ceil(x),
		] {
			assert_eq!(bits(found), nan);
		}
		assert_eq!(bits(arith::unary_f32(Unary::Neg, x)), nan);
		assert_eq!(bits(arith::unary_f32(Unary::Exp, x)), nan);
	}
	assert_eq!(bits(add(f32::INFINITY, f32::NEG_INFINITY)), nan);
	assert_eq!(bits(div(0.0, 0.0)), nan);
	assert_eq!(bits(mul(f32::INFINITY, 0.0)), nan);
	assert_eq!(bits(div(f32::INFINITY, power(65))), nan);
}

#[test]
fn small_operands_read_as_zero_at_their_thresholds() {
	type Rule = fn(f32) -> f32;
	let cases: [(Rule, i32); 6] = [
		(|x| add(x, 0.0), -102),
		(|x| sub(x, 0.0), -102),
		(|x| mul(x, 1.0), -63),
		(|x| div(x, 1.0), -62),
		(arith::term, -51),
		(arith::addend, -102),
	];
	for (f, exponent) in cases {
		let limit = power(exponent);
		assert_eq!(f(limit), limit);
		assert_eq!(f(-limit), -limit);
		assert_eq!(bits(f(below(limit))), 0);
		assert_eq!(bits(f(-below(limit))), 0);
	}
	assert_eq!(div(1.0, below(power(-126))), f32::INFINITY);
	assert_eq!(div(1.0, -below(power(-126))), f32::INFINITY);
	assert_eq!(div(1.0, power(-126)), power(126));
	assert_eq!(div(1.0, power(64)), power(-64));
	assert_eq!(bits(div(1.0, -f32::from_bits(power(64).to_bits() + 1))), bits(-0.0));
}

#[test]
fn products_and_sums_are_never_subnormal() {
	for exponent in -51..-45 {
		let x = power(exponent);
		assert!(arith::term(x) * arith::term(x) >= f32::MIN_POSITIVE);
	}
	assert!(mul(power(-63), power(-63)) >= f32::MIN_POSITIVE);
	assert!(div(power(-62), power(64)) >= f32::MIN_POSITIVE);
	let close = f32::from_bits(power(-102).to_bits() + 1);
	assert!(sub(close, power(-102)) >= f32::MIN_POSITIVE);
}

#[test]
fn casts_to_32_bits_are_those_of_the_language() {
	// Every exponent and sign, with mantissas all over; and around powers of two.
	for bits in (0..=u32::MAX).step_by(997) {
		let near = bits & 0xff80_0000;
		for bits in [bits, near, near.wrapping_sub(1), near + 1] {
			let x = f32::from_bits(bits);
			assert_eq!(arith::to_i32(x), x as i32, "{bits:#x}");
		}
	}
}

#[test]
fn casts_saturate_and_integers_wrap() {
	let float = |x: f32| u64::from(x.to_bits());
	let cast = |x: f32, to| cast_bits(TensorType::F32, to, float(x));
	assert_eq!(cast(300.0, TensorType::U8), 255);
	assert_eq!(cast(-1.0, TensorType::U8), 0);
	assert_eq!(cast(-200.0, TensorType::I8), 0x80);
	assert_eq!(cast(f32::NAN, TensorType::I32), 0);
	assert_eq!(cast(f32::INFINITY, TensorType::I64), i64::MAX as u64);
	assert_eq!(cast(f32::NAN, TensorType::Bool), 1);
	assert_eq!(cast(-0.0, TensorType::Bool), 0);
	assert_eq!(cast_bits(TensorType::I32, TensorType::I8, 200), 127);
	assert_eq!(arith::wrap_bits(TensorType::I32, TensorType::I8, 200), 200);
	let of = |kind, a: i32, b: i32| {
		arith::binary_bits(kind, TensorType::I32, a as u32 as u64, b as u32 as u64) as u32 as i32
	};
	assert_eq!(of(Binary::Add, i32::MAX, 1), i32::MIN);
	assert_eq!(of(Binary::Div, i32::MIN, -1), i32::MIN);
	assert_eq!(of(Binary::Div, 7, 0), 0);
	assert_eq!(of(Binary::Div, -7, 2), -3);
	assert_eq!(of(Binary::Rem, -7, 2), -1);
	assert_eq!(of(Binary::FloorMod, -7, 2), 1);
	assert_eq!(of(Binary::FloorMod, 7, -2), -1);
	assert_eq!(of(Binary::Pow, -1, -3), -1);
	assert_eq!(of(Binary::Pow, 2, 40), 0);
}

#[test]
fn padded_taps_are_skipped_and_not_zero() {
	let x = Value::from_f32(&[1, 1, 1], &[2.0]);
	let w = Value::from_f32(&[1, 3, 1], &[f32::INFINITY, 3.0, f32::NAN]);
	let list = |x| vec![x];
	let window = Window {
		kernel: list(3),
		strides: list(1),
		dilations: list(1),
		before: list(1),
		after: list(1),
	};
	let op = Op::Conv { window, groups: 1, from: 0, terms: 3 };
	assert_eq!(floats(&op, &[1, 1, 1], &[&x, &w]), [6.0]);
}

#[test]
fn sums_run_in_order_and_in_steps() {
	let a = Value::from_f32(&[1, 4], &[1e8, 1.0, -1e8, 1.0]);
	let b = Value::from_f32(&[1, 4], &[1.0; 4]);
	let all = floats(&Op::MatMul { from: 0, terms: 4 }, &[1, 1], &[&a, &b]);
	assert_eq!(all, [1.0]);
	let first = floats(&Op::MatMul { from: 0, terms: 2 }, &[1, 1], &[&a, &b]);
	let first = Value::from_f32(&[1, 1], &first);
	let second = floats(&Op::MatMul { from: 2, terms: 2 }, &[1, 1], &[&a, &b, &first]);
	assert_eq!(second, all);
	let sum = Op::Reduce { reduction: Reduction::Sum, axes: vec![1] };
	assert_eq!(floats(&sum, &[1, 1], &[&a]), [1.0]);
}

#[test]
fn the_float_mode_is_the_one_assumed() {
	assert!(arith::float_mode_holds());
}

#[test]
fn casts_know_where_they_saturate() {
	use countersign_canonical::arith::cast_saturates;
	let ends = |ty: TensorType| -> (f64, f64) {
		match ty {
			TensorType::U8 => (0.0, 255.0),
			TensorType::I8 => (-128.0, 127.0),
			TensorType::U16 => (0.0, 65_535.0),
			TensorType::I16 => (-32_768.0, 32_767.0),
			TensorType::U32 => (0.0, 4_294_967_295.0),
			TensorType::I32 => (-2_147_483_648.0, 2_147_483_647.0),
			// The ends that are no floats round to floats that are outside.
			TensorType::U64 => (0.0, 18_446_744_073_709_549_568.0),
			TensorType::I64 => (-9_223_372_036_854_775_808.0, 9_223_372_036_854_774_784.0),
			TensorType::F32 | TensorType::Bool => (f64::NEG_INFINITY, f64::INFINITY),
		}
	};
	let mut floats = vec![f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, -0.999];
	for exponent in 0..70 {
		for x in [power(exponent), -power(exponent)] {
			for step in -2..3 {
				floats.push(f32::from_bits(x.to_bits().wrapping_add_signed(step)));
				floats.push(x + step as f32 * 0.5);
			}
		}
	}
	for ty in common_types() {
		let (low, high) = ends(ty);
		for x in &floats {
			let whole = f64::from(*x).trunc();
			let inside = ty == TensorType::F32 || ty == TensorType::Bool;
			let inside = inside || (whole >= low && whole <= high);
			assert_eq!(cast_saturates(ty, *x), !inside, "{x:e} to {ty:?}");
		}
	}
}

fn common_types() -> [TensorType; 10] {
	[
		TensorType::F32,
		TensorType::U8,
		TensorType::I8,
		TensorType::I32,
		TensorType::I64,
		TensorType::Bool,
		TensorType::U16,
		TensorType::I16,
		TensorType::U32,
		TensorType::U64,
	]
}
