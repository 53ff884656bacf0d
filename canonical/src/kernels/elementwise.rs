//! Elementwise operators.

use super::walk::Walk;
use crate::{
	arith, by_width,
	op::{Binary, Unary},
	tensor::{Bits, Data, Meta, TensorType, Value},
};
use alloc::vec::Vec;

fn map_f32(x: &[u32], f: impl Fn(f32) -> f32) -> Data {
	Data::B4(x.iter().map(|bits| f(f32::from_bits(*bits)).to_bits()).collect())
}

macro_rules! unary_kinds {
	($kind:expr, $x:expr, $($k:ident),*) => {
		match $kind {
			$(Unary::$k => map_f32($x, |x| arith::unary_f32(Unary::$k, x)),)*
			other => map_f32($x, |x| arith::unary_f32(other, x)),
		}
	};
}

pub(super) fn unary(kind: Unary, operands: &[&Value]) -> Option<Data> {
	let [x] = operands else {
		return None;
	};
	let predicate =
		matches!(kind, Unary::IsNan | Unary::IsPositiveInfinity | Unary::IsNegativeInfinity);
	let ty = x.meta.ty;
	if predicate {
		let of = |bits: &u32| arith::unary_bits(kind, ty, u64::from(*bits)) as u8;
		return Some(Data::B1(x.data.words().iter().map(of).collect()));
	}
	if ty == TensorType::F32 {
		let x = x.data.words();
		return Some(unary_kinds!(
			kind, x, Neg, Abs, Sign, Floor, Ceil, Round, Relu, Reciprocal, Sigmoid, Sqrt, Exp, Log,
			Tanh, Erf
		));
	}
	Some(by_width!(&x.data, v => map_bits(v, |bits| arith::unary_bits(kind, ty, bits))))
}

fn map_bits<T: Bits>(x: &[T], f: impl Fn(u64) -> u64) -> Data {
	T::wrap(x.iter().map(|bits| T::narrow(f(bits.widen()))).collect())
}

/// Applies `f` to the elements of two operands that broadcast to `out`.
#[inline(always)]
fn zip<A: Copy, B: Copy, R>(
	out: &Meta,
	(a, a_shape): (&[A], &[u32]),
	(b, b_shape): (&[B], &[u32]),
	f: impl Fn(A, B) -> R,
) -> Option<Vec<R>> {
	let count = out.count() as usize;
	let mut result = Vec::with_capacity(count);
	if a_shape == b_shape {
		result.extend(a.iter().zip(b).map(|(a, b)| f(*a, *b)));
		return Some(result);
	}
	let walk = Walk::broadcast(&out.shape, [a_shape, b_shape]);
	let length = walk.length;
	let mut complete = true;
	walk.each(|[i, j]| match walk.steps {
		[1, 1] => match (a.get(i..i + length), b.get(j..j + length)) {
			(Some(a), Some(b)) => result.extend(a.iter().zip(b).map(|(a, b)| f(*a, *b))),
			_ => complete = false,
		},
		[1, 0] => match (a.get(i..i + length), b.get(j)) {
			(Some(a), Some(b)) => result.extend(a.iter().map(|a| f(*a, *b))),
			_ => complete = false,
		},
		[0, 1] => match (a.get(i), b.get(j..j + length)) {
			(Some(a), Some(b)) => result.extend(b.iter().map(|b| f(*a, *b))),
			_ => complete = false,
		},
		_ => match (a.get(i), b.get(j)) {
			(Some(a), Some(b)) => result.extend((0..length).map(|_| f(*a, *b))),
			_ => complete = false,
		},
	});
	(complete && result.len() == count).then_some(result)
}

pub(super) fn binary(kind: Binary, out: &Meta, operands: &[&Value]) -> Option<Data> {
	let [a, b] = operands else {
		return None;
	};
	let ty = a.meta.ty;
	let (a_shape, b_shape) = (&a.meta.shape[..], &b.meta.shape[..]);
	match ty {
		TensorType::F32 => {
			let (a, b) = ((a.data.words(), a_shape), (b.data.words(), b_shape));
			let f = f32::from_bits;
			let compared = match kind {
				Binary::Equal => zip(out, a, b, |a, b| u8::from(f(a) == f(b))),
				Binary::Less => zip(out, a, b, |a, b| u8::from(f(a) < f(b))),
				Binary::LessOrEqual => zip(out, a, b, |a, b| u8::from(f(a) <= f(b))),
				_ => return binary_float(kind, out, a, b),
			};
			Some(Data::B1(compared?))
		}
		TensorType::I32 => {
			let (a, b) = ((a.data.words(), a_shape), (b.data.words(), b_shape));
			let i = |x: u32| x as i32;
			let words = match kind {
				Binary::Add => zip(out, a, b, u32::wrapping_add),
				Binary::Sub => zip(out, a, b, u32::wrapping_sub),
				Binary::Mul => zip(out, a, b, u32::wrapping_mul),
				Binary::Max => zip(out, a, b, |a, b| i(a).max(i(b)) as u32),
				Binary::Min => zip(out, a, b, |a, b| i(a).min(i(b)) as u32),
				Binary::Equal => {
					return Some(Data::B1(zip(out, a, b, |a, b| u8::from(a == b))?));
				}
				Binary::Less => {
					return Some(Data::B1(zip(out, a, b, |a, b| u8::from(i(a) < i(b)))?));
				}
				_ => zip(out, a, b, |a, b| {
					arith::binary_bits(kind, ty, u64::from(a), u64::from(b)) as u32
				}),
			};
			if kind.compares() {
				return Some(Data::B1(words?.into_iter().map(|word| word as u8).collect()));
			}
			Some(Data::B4(words?))
		}
		_ => by_width!(&a.data, v => binary_slow(kind, ty, out, (v, a_shape), (&b.data, b_shape))),
	}
}

/// An elementwise operator on two operands, as one piece of work.
struct Zip<'a, F> {
	out: &'a Meta,
	a: Floats<'a>,
	b: Floats<'a>,
	f: F,
}

impl<F: Fn(u32, u32) -> u32> Zip<'_, F> {
	/// Runs, compiled for the vectors that this processor has, with the same bits.
	#[cfg(feature = "std")]
	fn run(self) -> Option<Vec<u32>> {
		pulp::Arch::new().dispatch(self)
	}

	#[cfg(not(feature = "std"))]
	fn run(self) -> Option<Vec<u32>> {
		zip(self.out, self.a, self.b, self.f)
	}
}

#[cfg(feature = "std")]
impl<F: Fn(u32, u32) -> u32> pulp::WithSimd for Zip<'_, F> {
	type Output = Option<Vec<u32>>;

	#[inline(always)]
	fn with_simd<S: pulp::Simd>(self, _: S) -> Option<Vec<u32>> {
		zip(self.out, self.a, self.b, self.f)
	}
}

type Floats<'a> = (&'a [u32], &'a [u32]);

fn binary_float(kind: Binary, out: &Meta, a: Floats, b: Floats) -> Option<Data> {
	let words = f32_zip(kind, out, a, b)?;
	Some(Data::B4(words))
}

fn f32_zip(kind: Binary, out: &Meta, a: Floats, b: Floats) -> Option<Vec<u32>> {
	macro_rules! with {
		($f:expr) => {
			Zip { out, a, b, f: |x, y| $f(f32::from_bits(x), f32::from_bits(y)).to_bits() }.run()
		};
	}
	match kind {
		Binary::Add => with!(arith::add),
		Binary::Sub => with!(arith::sub),
		Binary::Mul => with!(arith::mul),
		Binary::Div => with!(arith::div),
		Binary::Max => with!(arith::max),
		Binary::Min => with!(arith::min),
		other => with!(|x, y| arith::binary_f32(other, x, y)),
	}
}

fn binary_slow<T: Bits>(
	kind: Binary,
	ty: TensorType,
	out: &Meta,
	a: (&[T], &[u32]),
	(b, b_shape): (&Data, &[u32]),
) -> Option<Data> {
	let b = (T::slice(b)?, b_shape);
	let bits = |a: T, b: T| arith::binary_bits(kind, ty, a.widen(), b.widen());
	if kind.compares() {
		return Some(Data::B1(zip(out, a, b, |a, b| bits(a, b) as u8)?));
	}
	Some(T::wrap(zip(out, a, b, |a, b| T::narrow(bits(a, b)))?))
}

pub(super) fn select(out: &Meta, operands: &[&Value]) -> Option<Data> {
	let [condition, a, b] = operands else {
		return None;
	};
	let walk = Walk::broadcast(&out.shape, [&condition.meta.shape, &a.meta.shape, &b.meta.shape]);
	by_width!(&a.data, v => choose(&walk, out, condition.data.octets(), v, &b.data))
}

fn choose<T: Bits>(
	walk: &Walk<3>,
	out: &Meta,
	condition: &[u8],
	a: &[T],
	b: &Data,
) -> Option<Data> {
	let b = T::slice(b)?;
	let count = out.count() as usize;
	let mut result = Vec::with_capacity(count);
	let steps = walk.steps.map(|step| step as usize);
	let mut complete = true;
	walk.each(|[c, i, j]| {
		for k in 0..walk.length {
			let holds = condition.get(c + k * steps[0]);
			match (holds, a.get(i + k * steps[1]), b.get(j + k * steps[2])) {
				(Some(holds), Some(a), Some(b)) => result.push(if *holds != 0 { *a } else { *b }),
				_ => complete = false,
			}
		}
	});
	(complete && result.len() == count).then(|| T::wrap(result))
}

pub(super) fn cast(to: TensorType, operands: &[&Value]) -> Option<Data> {
	let [x] = operands else {
		return None;
	};
	let from = x.meta.ty;
	let float = |x: f32| x.to_bits();
	Some(match (from, to, &x.data) {
		(TensorType::F32, TensorType::F32, data) => data.clone(),
		(TensorType::Bool | TensorType::U8, TensorType::F32, Data::B1(v)) => {
			Data::B4(v.iter().map(|x| float(f32::from(*x))).collect())
		}
		(TensorType::I8, TensorType::F32, Data::B1(v)) => {
			Data::B4(v.iter().map(|x| float(f32::from(*x as i8))).collect())
		}
		(TensorType::I32, TensorType::F32, Data::B4(v)) => {
			Data::B4(v.iter().map(|x| float(*x as i32 as f32)).collect())
		}
		(TensorType::F32, TensorType::I32, Data::B4(v)) => {
			Data::B4(v.iter().map(|x| f32::from_bits(*x) as i32 as u32).collect())
		}
		(TensorType::U8 | TensorType::Bool, TensorType::I32, Data::B1(v)) => {
			Data::B4(v.iter().map(|x| u32::from(*x)).collect())
		}
		(TensorType::I8, TensorType::I32, Data::B1(v)) => {
			Data::B4(v.iter().map(|x| *x as i8 as i32 as u32).collect())
		}
		(_, _, data) => {
			by_width!(data, v => convert(to, v, |bits| arith::cast_bits(from, to, bits)))
		}
	})
}

pub(super) fn wrap(to: TensorType, operands: &[&Value]) -> Option<Data> {
	let [x] = operands else {
		return None;
	};
	let from = x.meta.ty;
	Some(by_width!(&x.data, v => convert(to, v, |bits| arith::wrap_bits(from, to, bits))))
}

fn convert<T: Bits>(to: TensorType, x: &[T], f: impl Fn(u64) -> u64) -> Data {
	match to.size() {
		1 => Data::B1(x.iter().map(|x| f(x.widen()) as u8).collect()),
		2 => Data::B2(x.iter().map(|x| f(x.widen()) as u16).collect()),
		4 => Data::B4(x.iter().map(|x| f(x.widen()) as u32).collect()),
		_ => Data::B8(x.iter().map(|x| f(x.widen())).collect()),
	}
}
