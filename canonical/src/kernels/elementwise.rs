//! Elementwise operators.

use super::{vector, walk::Walk};
use crate::{
	arith, by_size, functions,
	op::{Binary, Unary},
	tensor::{Meta, Raw, TensorType, View},
};

type Word = [u8; 4];

/// Applies `f` to every element. Both sides have as many.
#[inline(always)]
fn map<A: Raw, R: Raw>(x: &[A], to: &mut [R], f: impl Fn(A) -> R) -> Option<()> {
	if x.len() != to.len() {
		return None;
	}
	for (to, x) in to.iter_mut().zip(x) {
		*to = f(*x);
	}
	Some(())
}

fn map_f32(x: &[Word], to: &mut [Word], f: impl Fn(f32) -> f32) -> Option<()> {
	vector(
		#[inline(always)]
		|| {
			map(
				x,
				to,
				#[inline(always)]
				|x| f(f32::from_le_bytes(x)).to_le_bytes(),
			)
		},
	)
}

/// A function that is too large for compilers to join a closure of it with a loop.
trait Function {
	fn at(x: f32) -> f32;
}

macro_rules! function {
	($($name:ident: $f:path),*) => {$(
		struct $name;
		impl Function for $name {
			#[inline(always)]
			fn at(x: f32) -> f32 {
				$f(x)
			}
		}
	)*};
}

function!(Exp: functions::exp, Tanh: functions::tanh, Sigmoid: functions::sigmoid);

/// A function of every element.
struct Each<'a, F> {
	x: &'a [Word],
	to: &'a mut [Word],
	function: core::marker::PhantomData<F>,
}

impl<'a, F: Function> Each<'a, F> {
	fn run(x: &'a [Word], to: &'a mut [Word]) -> Option<()> {
		if x.len() != to.len() {
			return None;
		}
		let each = Self { x, to, function: core::marker::PhantomData };
		#[cfg(feature = "std")]
		super::level::arch().dispatch(each);
		#[cfg(not(feature = "std"))]
		each.all();
		Some(())
	}

	#[inline(always)]
	fn all(self) {
		for (to, x) in self.to.iter_mut().zip(self.x) {
			*to = F::at(f32::from_le_bytes(*x)).to_le_bytes();
		}
	}
}

#[cfg(feature = "std")]
impl<F: Function> pulp::WithSimd for Each<'_, F> {
	type Output = ();

	#[inline(always)]
	fn with_simd<S: pulp::Simd>(self, _: S) {
		self.all();
	}
}

macro_rules! unary_kinds {
	($kind:expr, $x:expr, $to:expr, $($k:ident),*) => {
		match $kind {
			$(Unary::$k => map_f32($x, $to, #[inline(always)] |x| arith::unary_f32(Unary::$k, x)),)*
			other => map_f32($x, $to, #[inline(always)] |x| arith::unary_f32(other, x)),
		}
	};
}

pub(super) fn unary(kind: Unary, operands: &[View], to: &mut [u8]) -> Option<()> {
	let [x] = operands else {
		return None;
	};
	let predicate =
		matches!(kind, Unary::IsNan | Unary::IsPositiveInfinity | Unary::IsNegativeInfinity);
	let ty = x.meta.ty;
	if predicate {
		let of = |bits: Word| [arith::unary_bits(kind, ty, bits.widen()) as u8];
		return map(x.raw::<Word>()?, Raw::slice_mut(to), of);
	}
	if ty == TensorType::F32 {
		let (x, to) = (x.raw::<Word>()?, Raw::slice_mut(to));
		match kind {
			Unary::Exp => return Each::<Exp>::run(x, to),
			Unary::Tanh => return Each::<Tanh>::run(x, to),
			Unary::Sigmoid => return Each::<Sigmoid>::run(x, to),
			_ => (),
		}
		return unary_kinds!(
			kind, x, to, Neg, Abs, Sign, Floor, Ceil, Round, Relu, Reciprocal, Sigmoid, Sqrt, Exp,
			Log, Tanh, Erf
		);
	}
	by_size!(ty.size(), T => {
		let f = |bits: T| T::narrow(arith::unary_bits(kind, ty, bits.widen()));
		map(x.raw::<T>()?, T::slice_mut(to), f)
	})
}

/// Applies `f` to the elements of two operands that broadcast to `out`.
#[inline(always)]
fn zip<A: Raw, B: Raw, R: Raw>(
	out: &Meta,
	(a, a_shape): (&[A], &[u32]),
	(b, b_shape): (&[B], &[u32]),
	to: &mut [R],
	f: impl Fn(A, B) -> R,
) -> Option<()> {
	if a_shape == b_shape {
		if a.len() != to.len() || b.len() != to.len() {
			return None;
		}
		for ((to, a), b) in to.iter_mut().zip(a).zip(b) {
			*to = f(*a, *b);
		}
		return Some(());
	}
	let walk = Walk::broadcast(&out.shape, [a_shape, b_shape]);
	let length = walk.length;
	// In WebAssembly a row that is short is no worse than others.
	if length < SHORT && !cfg!(target_arch = "wasm32") {
		return zip_short(&walk, a, b, to, f);
	}
	let mut left = to;
	walk.each(|[i, j]| {
		let (run, rest) = core::mem::take(&mut left).split_at_mut_checked(length)?;
		left = rest;
		match walk.steps {
			[1, 1] => {
				let (a, b) = (a.get(i..i + length)?, b.get(j..j + length)?);
				for ((to, a), b) in run.iter_mut().zip(a).zip(b) {
					*to = f(*a, *b);
				}
			}
			[1, 0] => {
				let (a, b) = (a.get(i..i + length)?, *b.get(j)?);
				for (to, a) in run.iter_mut().zip(a) {
					*to = f(*a, b);
				}
			}
			[0, 1] => {
				let (a, b) = (*a.get(i)?, b.get(j..j + length)?);
				for (to, b) in run.iter_mut().zip(b) {
					*to = f(a, *b);
				}
			}
			_ => run.fill(f(*a.get(i)?, *b.get(j)?)),
		}
		Some(())
	})?;
	left.is_empty().then_some(())
}

/// Rows that vectors do not fill. The compiler computes what is left over element by element, with
/// branches that some values make slow.
const SHORT: usize = 16;
/// Elements that are collected from short rows.
const COLLECTED: usize = 64;

/// [`zip`] for short rows: collects operands of many rows, and applies `f` to all of them.
#[inline(always)]
fn zip_short<A: Raw, B: Raw, R: Raw>(
	walk: &Walk<2>,
	a: &[A],
	b: &[B],
	to: &mut [R],
	f: impl Fn(A, B) -> R,
) -> Option<()> {
	let (Some(x), Some(y)) = (a.first(), b.first()) else {
		return to.is_empty().then_some(());
	};
	let (mut xs, mut ys, mut held) = ([*x; COLLECTED], [*y; COLLECTED], 0);
	let mut left = to;
	walk.each(|[i, j]| {
		for at in 0..walk.length as isize {
			let [i, j] = [(i, walk.steps[0]), (j, walk.steps[1])]
				.map(|(start, step)| start.wrapping_add_signed(step * at));
			xs[held] = *a.get(i)?;
			ys[held] = *b.get(j)?;
			held += 1;
			if held == COLLECTED {
				held = 0;
				let (run, rest) =
					core::mem::take(&mut left).split_first_chunk_mut::<COLLECTED>()?;
				left = rest;
				for ((to, x), y) in run.iter_mut().zip(&xs).zip(&ys) {
					*to = f(*x, *y);
				}
			}
		}
		Some(())
	})?;
	// All of them, so that this loop is as plain as the other.
	let mut rest = [*left.first().unwrap_or(&f(*x, *y)); COLLECTED];
	for ((to, x), y) in rest.iter_mut().zip(&xs).zip(&ys) {
		*to = f(*x, *y);
	}
	let rest = rest.get(..held)?;
	(left.len() == rest.len()).then(|| left.copy_from_slice(rest))
}

type Words<'a> = (&'a [Word], &'a [u32]);

pub(super) fn binary(kind: Binary, out: &Meta, operands: &[View], to: &mut [u8]) -> Option<()> {
	let [a, b] = operands else {
		return None;
	};
	let ty = a.meta.ty;
	let (a_shape, b_shape) = (&a.meta.shape[..], &b.meta.shape[..]);
	match ty {
		TensorType::F32 => {
			let (a, b) = ((a.raw::<Word>()?, a_shape), (b.raw::<Word>()?, b_shape));
			binary_float(kind, out, a, b, to)
		}
		TensorType::I32 => {
			let (a, b) = ((a.raw::<Word>()?, a_shape), (b.raw::<Word>()?, b_shape));
			binary_integer(kind, out, a, b, to)
		}
		_ => by_size!(ty.size(), T => {
			let (a, b) = ((a.raw::<T>()?, a_shape), (b.raw::<T>()?, b_shape));
			let bits = |a: T, b: T| arith::binary_bits(kind, ty, a.widen(), b.widen());
			if kind.compares() {
				return zip(out, a, b, Raw::slice_mut(to), |a, b| [bits(a, b) as u8]);
			}
			zip(out, a, b, T::slice_mut(to), |a, b| T::narrow(bits(a, b)))
		}),
	}
}

fn binary_float(kind: Binary, out: &Meta, a: Words, b: Words, to: &mut [u8]) -> Option<()> {
	macro_rules! compared {
		($f:expr) => {{
			let to = Raw::slice_mut(to);
			vector(
				#[inline(always)]
				|| {
					zip(
						out,
						a,
						b,
						to,
						#[inline(always)]
						|a: Word, b: Word| {
							[u8::from($f(f32::from_le_bytes(a), f32::from_le_bytes(b)))]
						},
					)
				},
			)
		}};
	}
	macro_rules! with {
		($f:expr) => {{
			let to = Raw::slice_mut(to);
			vector(
				#[inline(always)]
				|| {
					zip(
						out,
						a,
						b,
						to,
						#[inline(always)]
						|a: Word, b: Word| {
							$f(f32::from_le_bytes(a), f32::from_le_bytes(b)).to_le_bytes()
						},
					)
				},
			)
		}};
	}
	match kind {
		Binary::Equal => compared!(|a, b| a == b),
		Binary::Less => compared!(|a, b| a < b),
		Binary::LessOrEqual => compared!(|a, b| a <= b),
		Binary::Add => with!(arith::add),
		Binary::Sub => with!(arith::sub),
		Binary::Mul => with!(arith::mul),
		Binary::Div => with!(arith::div),
		Binary::Max => with!(arith::max),
		Binary::Min => with!(arith::min),
		other => with!(|x, y| arith::binary_f32(other, x, y)),
	}
}

fn binary_integer(kind: Binary, out: &Meta, a: Words, b: Words, to: &mut [u8]) -> Option<()> {
	macro_rules! compared {
		($f:expr) => {
			zip(out, a, b, Raw::slice_mut(to), |a: Word, b: Word| {
				[u8::from($f(i32::from_le_bytes(a), i32::from_le_bytes(b)))]
			})
		};
	}
	macro_rules! with {
		($f:expr) => {{
			let to = Raw::slice_mut(to);
			vector(
				#[inline(always)]
				|| {
					zip(
						out,
						a,
						b,
						to,
						#[inline(always)]
						|a: Word, b: Word| {
							i32::to_le_bytes($f(i32::from_le_bytes(a), i32::from_le_bytes(b)))
						},
					)
				},
			)
		}};
	}
	match kind {
		Binary::Equal => compared!(|a, b| a == b),
		Binary::Less => compared!(|a, b| a < b),
		Binary::LessOrEqual => compared!(|a, b| a <= b),
		Binary::Add => with!(i32::wrapping_add),
		Binary::Sub => with!(i32::wrapping_sub),
		Binary::Mul => with!(i32::wrapping_mul),
		Binary::Max => with!(|a: i32, b: i32| a.max(b)),
		Binary::Min => with!(|a: i32, b: i32| a.min(b)),
		_ => zip(out, a, b, Raw::slice_mut(to), |a: Word, b: Word| {
			Word::narrow(arith::binary_bits(kind, TensorType::I32, a.widen(), b.widen()))
		}),
	}
}

pub(super) fn select(out: &Meta, operands: &[View], to: &mut [u8]) -> Option<()> {
	let [condition, a, b] = operands else {
		return None;
	};
	let walk = Walk::broadcast(&out.shape, [&condition.meta.shape, &a.meta.shape, &b.meta.shape]);
	by_size!(out.ty.size(), T => {
		choose(&walk, condition.bytes, a.raw::<T>()?, b.raw::<T>()?, T::slice_mut(to))
	})
}

fn choose<T: Raw>(walk: &Walk<3>, condition: &[u8], a: &[T], b: &[T], to: &mut [T]) -> Option<()> {
	let steps = walk.steps.map(|step| step as usize);
	let mut left = to;
	walk.each(|[c, i, j]| {
		let (run, rest) = core::mem::take(&mut left).split_at_mut_checked(walk.length)?;
		left = rest;
		for (k, slot) in run.iter_mut().enumerate() {
			let holds = *condition.get(c + k * steps[0])? != 0;
			let (a, b) = (a.get(i + k * steps[1])?, b.get(j + k * steps[2])?);
			*slot = if holds { *a } else { *b };
		}
		Some(())
	})?;
	left.is_empty().then_some(())
}

pub(super) fn cast(to_ty: TensorType, operands: &[View], to: &mut [u8]) -> Option<()> {
	let [x] = operands else {
		return None;
	};
	let from = x.meta.ty;
	macro_rules! with {
		($from:ty, $to:ty, $f:expr) => {{
			let (x, to) = (x.raw()?, Raw::slice_mut(to));
			vector(
				#[inline(always)]
				|| {
					map(
						x,
						to,
						#[inline(always)]
						|x| <$to>::to_le_bytes($f(<$from>::from_le_bytes(x))),
					)
				},
			)
		}};
	}
	// WebAssembly has an instruction for 32 bits; what it makes of fewer has branches.
	macro_rules! small {
		($to:ty) => {
			|x: f32| {
				if cfg!(target_arch = "wasm32") {
					(x as i32).clamp(<$to>::MIN.into(), <$to>::MAX.into()) as $to
				} else {
					x as $to
				}
			}
		};
	}
	match (from, to_ty) {
		(TensorType::F32, TensorType::F32) => {
			to.copy_from_slice(x.bytes);
			Some(())
		}
		(TensorType::Bool | TensorType::U8, TensorType::F32) => with!(u8, f32, f32::from),
		(TensorType::I8, TensorType::F32) => with!(i8, f32, f32::from),
		(TensorType::I32, TensorType::F32) => with!(i32, f32, |x| x as f32),
		(TensorType::F32, TensorType::I32) => with!(f32, i32, arith::to_i32),
		(TensorType::F32, TensorType::U8) => with!(f32, u8, small!(u8)),
		(TensorType::F32, TensorType::I8) => with!(f32, i8, small!(i8)),
		(TensorType::U8 | TensorType::Bool, TensorType::I32) => with!(u8, i32, i32::from),
		(TensorType::I8, TensorType::I32) => with!(i8, i32, i32::from),
		(TensorType::I32, TensorType::U8) => with!(i32, u8, |x: i32| x.clamp(0, 255) as u8),
		(TensorType::I32, TensorType::I8) => with!(i32, i8, |x: i32| x.clamp(-128, 127) as i8),
		_ => convert(x, to_ty, to, |bits| arith::cast_bits(from, to_ty, bits)),
	}
}

/// Elements that are looked at in one go.
const AT_ONCE: usize = 1024;

/// Whether a cast of these elements saturates, or meets a NaN.
pub(crate) fn saturates(to: TensorType, x: &View) -> bool {
	if x.meta.ty != TensorType::F32 || !to.is_integer() {
		return false;
	}
	macro_rules! any {
		($($name:ident),*) => {
			match to {
				$(TensorType::$name => vector(
					#[inline(always)]
					|| {
						x.raw::<Word>().unwrap_or_default().chunks(AT_ONCE).any(|some| {
							some.iter().fold(false, |any, x| {
								let x = f32::from_le_bytes(*x);
								any | arith::cast_saturates(TensorType::$name, x)
							})
						})
					},
				),)*
				TensorType::F32 | TensorType::Bool => false,
			}
		};
	}
	any!(U8, I8, I32, I64, U16, I16, U32, U64)
}

pub(super) fn wrap(to_ty: TensorType, operands: &[View], to: &mut [u8]) -> Option<()> {
	let [x] = operands else {
		return None;
	};
	let from = x.meta.ty;
	convert(x, to_ty, to, |bits| arith::wrap_bits(from, to_ty, bits))
}

fn convert(x: &View, to_ty: TensorType, to: &mut [u8], f: impl Fn(u64) -> u64) -> Option<()> {
	by_size!(x.meta.ty.size(), A => by_size!(to_ty.size(), R => {
		map(x.raw::<A>()?, R::slice_mut(to), |x| R::narrow(f(x.widen())))
	}))
}
