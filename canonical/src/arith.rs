//! The arithmetic of single elements, to the bit.
//!
//! Nothing outside this module decides how a float is rounded, which NaN comes out, or what an
//! integer does at its edges. No function of the standard library's float maths is used.

// One body serves all integer types, so some casts are to the type itself.
#![allow(clippy::unnecessary_cast)]

use crate::{
	op::{Binary, Unary},
	tensor::TensorType,
};

/// The one NaN.
pub const NAN: f32 = f32::from_bits(0x7fc0_0000);

const fn power_of_two(exponent: i32) -> f32 {
	f32::from_bits(((exponent + 127) as u32) << 23)
}

/// Operands of multiply-accumulate operators below this are read as +0.
pub const FLUSH_TERM: f32 = power_of_two(-51);
/// Operands of additions, and initial accumulators, below this are read as +0.
pub const FLUSH_ADDEND: f32 = power_of_two(-102);
/// Operands of multiplications below this are read as +0.
pub const FLUSH_FACTOR: f32 = power_of_two(-63);
/// Numerators below this are read as +0.
pub const FLUSH_NUMERATOR: f32 = power_of_two(-62);
/// Denominators below this are read as +0.
pub const FLUSH_DENOMINATOR: f32 = power_of_two(-126);
/// Denominators above this are read as infinity.
pub const HUGE_DENOMINATOR: f32 = power_of_two(64);

// Choices are made between bits, not between floats: WebAssembly engines make branches of the
// latter, which values that nobody can predict make slow.

/// Every NaN becomes [`NAN`].
#[inline(always)]
pub fn one_nan(x: f32) -> f32 {
	let bits = x.to_bits();
	f32::from_bits(if bits & 0x7fff_ffff > 0x7f80_0000 { NAN.to_bits() } else { bits })
}

#[inline(always)]
fn magnitude(x: f32) -> f32 {
	f32::from_bits(x.to_bits() & 0x7fff_ffff)
}

/// `+0` where the magnitude is below `limit`.
#[inline(always)]
pub fn flush(x: f32, limit: f32) -> f32 {
	// Magnitudes are ordered as their bits are, with NaN above everything.
	let bits = x.to_bits();
	f32::from_bits(if bits & 0x7fff_ffff < limit.to_bits() { 0 } else { bits })
}

/// A term of a multiply-accumulate operator.
#[inline(always)]
pub fn term(x: f32) -> f32 {
	flush(x, FLUSH_TERM)
}

/// A term of a sum, or an initial accumulator.
#[inline(always)]
pub fn addend(x: f32) -> f32 {
	flush(x, FLUSH_ADDEND)
}

/// Addition.
#[inline(always)]
pub fn add(a: f32, b: f32) -> f32 {
	one_nan(addend(a) + addend(b))
}

/// Subtraction.
#[inline(always)]
pub fn sub(a: f32, b: f32) -> f32 {
	one_nan(addend(a) - addend(b))
}

/// Multiplication.
#[inline(always)]
pub fn mul(a: f32, b: f32) -> f32 {
	one_nan(flush(a, FLUSH_FACTOR) * flush(b, FLUSH_FACTOR))
}

/// Division.
#[inline(always)]
pub fn div(a: f32, b: f32) -> f32 {
	let a = flush(a, FLUSH_NUMERATOR);
	let b = flush(b, FLUSH_DENOMINATOR);
	let (bits, size) = (b.to_bits(), b.to_bits() & 0x7fff_ffff);
	let infinity = 0x7f80_0000 | (bits & 0x8000_0000);
	let huge = (size > HUGE_DENOMINATOR.to_bits()) & (size <= 0x7f80_0000);
	one_nan(a / f32::from_bits(if huge { infinity } else { bits }))
}

/// The larger; NaN if either is; `+0` over `-0`.
#[inline(always)]
pub fn max(a: f32, b: f32) -> f32 {
	let (x, y) = (a.to_bits(), b.to_bits());
	let ordered = if b > a { y } else { x & y };
	let ordered = if a > b { x } else { ordered };
	f32::from_bits(if either_nan(x, y) { NAN.to_bits() } else { ordered })
}

/// The smaller; NaN if either is; `-0` under `+0`.
#[inline(always)]
pub fn min(a: f32, b: f32) -> f32 {
	let (x, y) = (a.to_bits(), b.to_bits());
	let ordered = if b < a { y } else { x | y };
	let ordered = if a < b { x } else { ordered };
	f32::from_bits(if either_nan(x, y) { NAN.to_bits() } else { ordered })
}

#[inline(always)]
fn either_nan(x: u32, y: u32) -> bool {
	(x & 0x7fff_ffff > 0x7f80_0000) | (y & 0x7fff_ffff > 0x7f80_0000)
}

/// Floats from here on are whole numbers.
const WHOLE: f32 = power_of_two(23);

/// The nearest whole number, ties to even; keeps the sign of zero, and a NaN.
#[inline(always)]
fn nearest(x: f32) -> f32 {
	let sign = x.to_bits() & 0x8000_0000;
	let size = magnitude(x);
	let rounded = (size + WHOLE) - WHOLE;
	let whole = f32::from_bits(rounded.to_bits() | sign);
	if size < WHOLE {
		whole
	} else {
		x
	}
}

/// The largest whole number not above `x`.
#[inline(always)]
pub fn floor(x: f32) -> f32 {
	let whole = nearest(x);
	one_nan(whole - f32::from_bits(if whole > x { 1f32.to_bits() } else { 0 }))
}

/// The smallest whole number not below `x`; `-0` from `-1 < x <= -0`.
#[inline(always)]
pub fn ceil(x: f32) -> f32 {
	let whole = nearest(x);
	let up = whole + f32::from_bits(if whole < x { 1f32.to_bits() } else { 0 });
	one_nan(f32::from_bits(up.to_bits() | (x.to_bits() & 0x8000_0000)))
}

/// The nearest whole number, ties to even; keeps the sign of zero.
#[inline(always)]
pub fn round(x: f32) -> f32 {
	one_nan(nearest(x))
}

/// 1 with the sign of `x`; zeros as they are.
#[inline(always)]
fn sign(x: f32) -> f32 {
	let (bits, size) = (x.to_bits(), x.to_bits() & 0x7fff_ffff);
	let one = 1f32.to_bits() | (bits & 0x8000_0000);
	let one = if size == 0 { bits } else { one };
	f32::from_bits(if size > 0x7f80_0000 { NAN.to_bits() } else { one })
}

/// `1 / (1 + exp(-x))`, with this module's division and addition.
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
	div(1.0, add(1.0, one_nan(libm::expf(-x))))
}

/// A unary operator on a float that gives a float.
#[inline(always)]
pub fn unary_f32(kind: Unary, x: f32) -> f32 {
	match kind {
		Unary::Neg => one_nan(f32::from_bits(x.to_bits() ^ 0x8000_0000)),
		Unary::Abs => one_nan(magnitude(x)),
		Unary::Sign => sign(x),
		Unary::Floor => floor(x),
		Unary::Ceil => ceil(x),
		Unary::Round => round(x),
		Unary::Relu => max(x, 0.0),
		Unary::Reciprocal => div(1.0, x),
		Unary::Sigmoid => sigmoid(x),
		Unary::Sqrt => one_nan(libm::sqrtf(x)),
		Unary::Exp => one_nan(libm::expf(x)),
		Unary::Log => one_nan(libm::logf(x)),
		Unary::Log1p => one_nan(libm::log1pf(x)),
		Unary::Expm1 => one_nan(libm::expm1f(x)),
		Unary::Tanh => one_nan(libm::tanhf(x)),
		Unary::Erf => one_nan(libm::erff(x)),
		Unary::Sin => one_nan(libm::sinf(x)),
		Unary::Cos => one_nan(libm::cosf(x)),
		Unary::Tan => one_nan(libm::tanf(x)),
		Unary::Asin => one_nan(libm::asinf(x)),
		Unary::Acos => one_nan(libm::acosf(x)),
		Unary::Atan => one_nan(libm::atanf(x)),
		Unary::Sinh => one_nan(libm::sinhf(x)),
		Unary::Cosh => one_nan(libm::coshf(x)),
		Unary::Asinh => one_nan(libm::asinhf(x)),
		Unary::Acosh => one_nan(libm::acoshf(x)),
		Unary::Atanh => one_nan(libm::atanhf(x)),
		// Refused for floats by inference of shapes and types.
		Unary::Not | Unary::IsNan | Unary::IsPositiveInfinity | Unary::IsNegativeInfinity => NAN,
	}
}

/// A binary operator on floats that gives a float.
#[inline(always)]
pub fn binary_f32(kind: Binary, a: f32, b: f32) -> f32 {
	match kind {
		Binary::Add => add(a, b),
		Binary::Sub => sub(a, b),
		Binary::Mul => mul(a, b),
		Binary::Div => div(a, b),
		Binary::Max => max(a, b),
		Binary::Min => min(a, b),
		Binary::Pow => one_nan(libm::powf(a, b)),
		Binary::Rem => one_nan(libm::fmodf(a, b)),
		_ => NAN,
	}
}

/// A comparison of floats. NaN compares false with everything.
#[inline(always)]
pub fn compare_f32(kind: Binary, a: f32, b: f32) -> bool {
	match kind {
		Binary::Equal => a == b,
		Binary::Less => a < b,
		Binary::LessOrEqual => a <= b,
		_ => false,
	}
}

/// Integer arithmetic. Every operator is total.
pub trait Integer: Copy + Ord {
	/// A unary operator.
	fn unary(kind: Unary, x: Self) -> Self;
	/// A binary operator.
	fn binary(kind: Binary, a: Self, b: Self) -> Self;
	/// A comparison.
	#[inline(always)]
	fn compare(kind: Binary, a: Self, b: Self) -> bool {
		match kind {
			Binary::Equal => a == b,
			Binary::Less => a < b,
			Binary::LessOrEqual => a <= b,
			_ => false,
		}
	}
}

macro_rules! power {
	(signed, $a:expr, $b:expr) => {
		if $b < 0 {
			// The reciprocal, toward zero.
			match $a {
				1 => 1,
				-1 if $b & 1 == 0 => 1,
				-1 => -1,
				_ => 0,
			}
		} else {
			power!(wrap, $a, $b)
		}
	};
	(unsigned, $a:expr, $b:expr) => {
		power!(wrap, $a, $b)
	};
	(wrap, $a:expr, $b:expr) => {{
		let (mut base, mut left, mut result) = ($a, $b, 1);
		while left > 0 {
			if left & 1 == 1 {
				result = base.wrapping_mul(result);
			}
			base = base.wrapping_mul(base);
			left >>= 1;
		}
		result
	}};
}

macro_rules! sign_of {
	(signed, $x:expr) => {
		$x.signum()
	};
	(unsigned, $x:expr) => {
		$x.min(1)
	};
}

macro_rules! abs_of {
	(signed, $x:expr) => {
		$x.wrapping_abs()
	};
	(unsigned, $x:expr) => {
		$x
	};
}

macro_rules! opposite {
	(signed, $a:expr, $b:expr) => {
		$a != 0 && ($a ^ $b) < 0
	};
	(unsigned, $a:expr, $b:expr) => {
		false
	};
}

macro_rules! integer {
	($sign:ident: $($t:ty),*) => {$(
		impl Integer for $t {
			#[inline(always)]
			fn unary(kind: Unary, x: Self) -> Self {
				match kind {
					Unary::Neg => x.wrapping_neg(),
					Unary::Abs => abs_of!($sign, x),
					Unary::Sign => sign_of!($sign, x),
					Unary::Not => !x,
					Unary::Relu => x.max(0),
					_ => x,
				}
			}

			#[inline(always)]
			fn binary(kind: Binary, a: Self, b: Self) -> Self {
				match kind {
					Binary::Add => a.wrapping_add(b),
					Binary::Sub => a.wrapping_sub(b),
					Binary::Mul => a.wrapping_mul(b),
					Binary::Div => if b == 0 { 0 } else { a.wrapping_div(b) },
					Binary::Rem => if b == 0 { 0 } else { a.wrapping_rem(b) },
					Binary::FloorMod => {
						if b == 0 {
							0
						} else {
							let rest = a.wrapping_rem(b);
							// The remainder takes the divisor's sign.
							if opposite!($sign, rest, b) {
								rest.wrapping_add(b)
							} else {
								rest
							}
						}
					},
					Binary::Max => a.max(b),
					Binary::Min => a.min(b),
					Binary::Pow => power!($sign, a, b),
					Binary::And => a & b,
					Binary::Or => a | b,
					Binary::Xor => a ^ b,
					Binary::ShiftLeft => {
						u32::try_from(b).ok().and_then(|by| a.checked_shl(by)).unwrap_or(0)
					},
					Binary::ShiftRight => {
						u32::try_from(b).ok().and_then(|by| a.checked_shr(by)).unwrap_or(0)
					},
					Binary::Equal | Binary::Less | Binary::LessOrEqual => 0,
				}
			}
		}
	)*};
}

integer!(signed: i8, i16, i32, i64);
integer!(unsigned: u8, u16, u32, u64);

#[inline(always)]
fn f(bits: u64) -> f32 {
	f32::from_bits(bits as u32)
}

#[inline(always)]
fn of(x: f32) -> u64 {
	u64::from(x.to_bits())
}

macro_rules! by_integer {
	($ty:expr, $t:ident => $body:expr) => {
		match $ty {
			TensorType::I8 => {
				type $t = i8;
				$body
			}
			TensorType::I16 => {
				type $t = i16;
				$body
			}
			TensorType::I32 => {
				type $t = i32;
				$body
			}
			TensorType::I64 => {
				type $t = i64;
				$body
			}
			TensorType::U8 | TensorType::Bool => {
				type $t = u8;
				$body
			}
			TensorType::U16 => {
				type $t = u16;
				$body
			}
			TensorType::U32 | TensorType::F32 => {
				type $t = u32;
				$body
			}
			TensorType::U64 => {
				type $t = u64;
				$body
			}
		}
	};
}

/// Whether this thread rounds to nearest even and keeps subnormals, as everything here assumes. A
/// native library may have changed that; whoever runs programs beside one checks first.
pub fn float_mode_holds() -> bool {
	use core::hint::black_box;
	let smallest = black_box(f32::from_bits(1));
	let half = black_box(0.5f32) * black_box(f32::MIN_POSITIVE);
	let (one, ulp) = (black_box(1.0f32), black_box(power_of_two(-24)));
	// Ties to even, both ways and in both signs.
	let next = f32::from_bits(one.to_bits() + 1);
	half.to_bits() == 0x0040_0000
		&& (smallest + smallest).to_bits() == 2
		&& one + ulp == one
		&& next + ulp == f32::from_bits(one.to_bits() + 2)
		&& -one - ulp == -one
		&& -next - ulp == -f32::from_bits(one.to_bits() + 2)
}

/// Keeps the low bits that a type has.
#[inline(always)]
pub fn low_bits(ty: TensorType, bits: u64) -> u64 {
	match ty.size() {
		1 => bits & 0xff,
		2 => bits & 0xffff,
		4 => bits & 0xffff_ffff,
		_ => bits,
	}
}

/// A unary operator on the bits of an element.
pub fn unary_bits(kind: Unary, ty: TensorType, x: u64) -> u64 {
	match (kind, ty) {
		(Unary::IsNan, _) => u64::from(f(x).is_nan()),
		(Unary::IsPositiveInfinity, _) => u64::from(f(x) == f32::INFINITY),
		(Unary::IsNegativeInfinity, _) => u64::from(f(x) == f32::NEG_INFINITY),
		(Unary::Not, TensorType::Bool) => x ^ 1,
		(_, TensorType::F32) => of(unary_f32(kind, f(x))),
		_ => by_integer!(ty, T => low_bits(ty, <T as Integer>::unary(kind, x as T) as u64)),
	}
}

/// A binary operator on the bits of two elements of one type.
pub fn binary_bits(kind: Binary, ty: TensorType, a: u64, b: u64) -> u64 {
	match ty {
		TensorType::F32 if kind.compares() => u64::from(compare_f32(kind, f(a), f(b))),
		TensorType::F32 => of(binary_f32(kind, f(a), f(b))),
		_ if kind.compares() => {
			by_integer!(ty, T => u64::from(<T as Integer>::compare(kind, a as T, b as T)))
		}
		_ => by_integer!(ty, T => {
			low_bits(ty, <T as Integer>::binary(kind, a as T, b as T) as u64)
		}),
	}
}

/// The value of an integer's bits. Every supported integer fits.
#[inline(always)]
pub fn integer_value(ty: TensorType, bits: u64) -> i128 {
	match ty {
		TensorType::U64 => i128::from(bits),
		TensorType::I64 => i128::from(bits as i64),
		_ => by_integer!(ty, T => i128::from(bits as T)),
	}
}

/// A cast. Floats round to nearest even on the way in, toward zero and saturating on the way out;
/// integers saturate; NaN becomes 0; anything but zero becomes `true`.
pub fn cast_bits(from: TensorType, to: TensorType, x: u64) -> u64 {
	match (from, to) {
		(TensorType::F32, TensorType::F32) => of(one_nan(f(x))),
		(TensorType::F32, TensorType::Bool) => u64::from(f(x) != 0.0),
		(TensorType::F32, _) => by_integer!(to, T => low_bits(to, f(x) as T as u64)),
		(_, TensorType::Bool) => u64::from(x != 0),
		(TensorType::U64, TensorType::F32) => of(x as f32),
		(_, TensorType::F32) => by_integer!(from, T => of((x as T) as f32)),
		_ => {
			let value = integer_value(from, x);
			by_integer!(to, T => {
				let kept = value.clamp(i128::from(T::MIN), i128::from(T::MAX));
				low_bits(to, kept as T as u64)
			})
		}
	}
}

/// A cast from `F32` to `I32`: `x as i32` without branches, for vectors.
#[inline(always)]
pub fn to_i32(x: f32) -> i32 {
	if cfg!(target_arch = "wasm32") {
		// Has an instruction for it, and no vectors.
		return x as i32;
	}
	let bits = x.to_bits();
	let (size, exponent) = (bits & 0x7fff_ffff, (bits >> 23) & 0xff);
	let mantissa = (bits & 0x007f_ffff) | 0x0080_0000;
	let left = exponent.saturating_sub(150) & 31;
	let right = 150u32.saturating_sub(exponent).min(31);
	let whole = (mantissa << left) >> right;
	// From 2^31 on the type's end, which for negative numbers is one further away; NaN is 0.
	let whole = if exponent >= 158 { 0x7fff_ffff + (bits >> 31) } else { whole };
	let whole = if size > 0x7f80_0000 { 0 } else { whole };
	let sign = ((bits as i32) >> 31) as u32;
	(whole ^ sign).wrapping_sub(sign) as i32
}

/// Whether a cast of a float to this type meets a NaN or a number that the type does not have, so
/// that other engines give something else. Never so for `F32` and `Bool`.
#[inline(always)]
pub fn cast_saturates(to: TensorType, x: f32) -> bool {
	// Bounds that floats hit exactly: below 32 bits the next whole numbers outside, above that the
	// ends themselves, since no float lies between them and the next whole number.
	let inside = match to {
		TensorType::F32 | TensorType::Bool => return false,
		TensorType::U8 => x > -1.0 && x < 256.0,
		TensorType::I8 => x > -129.0 && x < 128.0,
		TensorType::U16 => x > -1.0 && x < 65_536.0,
		TensorType::I16 => x > -32_769.0 && x < 32_768.0,
		TensorType::U32 => x > -1.0 && x < power_of_two(32),
		TensorType::I32 => x >= -power_of_two(31) && x < power_of_two(31),
		TensorType::U64 => x > -1.0 && x < power_of_two(64),
		TensorType::I64 => x >= -power_of_two(63) && x < power_of_two(63),
	};
	!inside
}

/// A cast between integers that keeps the low bits. `Bool` takes anything but zero as `true`.
pub fn wrap_bits(from: TensorType, to: TensorType, x: u64) -> u64 {
	match to {
		TensorType::Bool => u64::from(x != 0),
		_ => by_integer!(from, T => low_bits(to, x as T as u64)),
	}
}
