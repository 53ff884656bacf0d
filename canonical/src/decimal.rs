//! Decimal fractions, as contracts have them, and floats.
//!
//! A decimal is `value * 10^-decimals`, both signed 128-bit integers. All conversions are exact up
//! to one rounding, half to even, and computed with integers only:
//!
//! - [`to_f32`]: the float nearest to the decimal. Below half of the least subnormal it is a zero,
//!   always +0. Above the largest finite float there is none.
//! - [`to_integer`]: the integer nearest to the decimal.
//! - [`from_f32`]: at most nine significant digits, which is enough to get the same float back, and
//!   no zeros at the end of a fraction. `decimals` is never negative: from 10^9 on it is the exact
//!   integer. NaN, infinities and what does not fit 128 bits have none; both zeros are `(0, 0)`.

/// Limbs of 32 bits, least significant first. 512 bits hold every product below.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Wide([u32; 16]);

impl Wide {
	fn new(value: u128) -> Self {
		let mut limbs = [0u32; 16];
		for (index, limb) in limbs.iter_mut().take(4).enumerate() {
			*limb = (value >> (32 * index)) as u32;
		}
		Self(limbs)
	}

	/// `self * 10^exponent`. The callers keep it below 2^300.
	fn times_ten_to(mut self, exponent: u32) -> Self {
		for _ in 0..exponent {
			let mut carry = 0u64;
			for limb in &mut self.0 {
				let product = u64::from(*limb) * 10 + carry;
				*limb = product as u32;
				carry = product >> 32;
			}
		}
		self
	}

	/// `self * other`, which the callers keep below 2^512.
	fn times(&self, other: &Self) -> Self {
		let mut out = [0u32; 16];
		for (shift, factor) in other.0.iter().enumerate() {
			let mut carry = 0u64;
			for (index, limb) in out.iter_mut().enumerate().skip(shift) {
				let sum = u64::from(*limb) + u64::from(self.0[index - shift]) * u64::from(*factor);
				let sum = sum + carry;
				*limb = sum as u32;
				carry = sum >> 32;
			}
		}
		Self(out)
	}

	fn bits(&self) -> u32 {
		for (index, limb) in self.0.iter().enumerate().rev() {
			if *limb != 0 {
				return 32 * index as u32 + (32 - limb.leading_zeros());
			}
		}
		0
	}

	fn shifted_left(&self, by: u32) -> Self {
		let (limbs, bits) = ((by / 32) as usize, by % 32);
		let mut out = [0u32; 16];
		for index in (limbs..16).rev() {
			let low = u64::from(self.0[index - limbs]) << bits;
			let carried = match index.checked_sub(limbs + 1) {
				Some(below) => (u64::from(self.0[below]) << bits) >> 32,
				None => 0,
			};
			out[index] = (low | carried) as u32;
		}
		Self(out)
	}

	fn is_below(&self, other: &Self) -> bool {
		self.0.iter().rev().lt(other.0.iter().rev())
	}

	/// `self - other`, which the caller knows not to be negative.
	fn less(&self, other: &Self) -> Self {
		let mut out = [0u32; 16];
		let mut borrow = 0i64;
		for (index, limb) in out.iter_mut().enumerate() {
			let difference = i64::from(self.0[index]) - i64::from(other.0[index]) + borrow;
			*limb = difference as u32;
			borrow = difference >> 32;
		}
		Self(out)
	}

	/// `self / divisor`, rounded half to even. The caller knows the quotient to be below 2^128.
	fn divided(self, divisor: &Self) -> u128 {
		let mut rest = self;
		let mut quotient = 0u128;
		let steps = (self.bits() + 1).saturating_sub(divisor.bits()).min(128);
		for step in (0..steps).rev() {
			let part = divisor.shifted_left(step);
			if !rest.is_below(&part) {
				rest = rest.less(&part);
				quotient |= 1 << step;
			}
		}
		let twice = rest.shifted_left(1);
		let up = divisor.is_below(&twice) || (twice == *divisor && quotient & 1 == 1);
		quotient.saturating_add(u128::from(up))
	}
}

/// The bits of the float nearest to `value * 10^-decimals`; `None` on overflow.
pub fn to_f32(value: i128, decimals: i128) -> Option<u32> {
	if value == 0 || decimals > 90 {
		// Below 2^127 * 10^-90 everything is nearer to zero than to the least subnormal.
		return Some(0);
	}
	if decimals < -38 {
		return None;
	}
	let exponent = decimals.unsigned_abs() as u32;
	let mut above = Wide::new(value.unsigned_abs());
	let mut below = Wide::new(1);
	if decimals < 0 {
		above = above.times_ten_to(exponent);
	} else {
		below = below.times_ten_to(exponent);
	}
	// The binary exponent, first guessed from the lengths: right, or one too high.
	let mut scale = above.bits() as i32 - below.bits() as i32;
	let is_too_high = if scale >= 0 {
		above.is_below(&below.shifted_left(scale as u32))
	} else {
		above.shifted_left(scale.unsigned_abs()).is_below(&below)
	};
	if is_too_high {
		scale -= 1;
	}
	let scale = scale.max(-126);
	if scale > 127 {
		return None;
	}
	// 24 bits, or fewer for a subnormal.
	let shift = 23 - scale;
	let significand = if shift >= 0 {
		above.shifted_left(shift as u32).divided(&below)
	} else {
		above.divided(&below.shifted_left(shift.unsigned_abs()))
	} as u32;
	// The leading bit of a normal significand adds the missing one to the exponent, and a carry out
	// of the rounding another.
	let bits = (((scale + 126) as u32) << 23) + significand;
	if bits >= 0x7F80_0000 {
		return None;
	}
	Some(bits | if value < 0 && bits != 0 { 1 << 31 } else { 0 })
}

/// The integer nearest to `value * 10^-decimals`; `None` on overflow.
pub fn to_integer(value: i128, decimals: i128) -> Option<i128> {
	if value == 0 || decimals > 39 {
		return Some(0);
	}
	if decimals < -38 {
		return None;
	}
	let ten = 10i128;
	let exponent = decimals.unsigned_abs() as u32;
	if decimals <= 0 {
		return value.checked_mul(ten.checked_pow(exponent)?);
	}
	let divisor = Wide::new(1).times_ten_to(exponent);
	let nearest = i128::try_from(Wide::new(value.unsigned_abs()).divided(&divisor)).ok()?;
	Some(if value < 0 { -nearest } else { nearest })
}

/// The decimal of a float, given its bits; `None` for NaN, infinities and magnitudes from 2^127 on.
pub fn from_f32(bits: u32) -> Option<(i128, i128)> {
	let (exponent, fraction) = ((bits >> 23) & 0xFF, bits & 0x007F_FFFF);
	if exponent == 0xFF {
		return None;
	}
	// The float is `significand * 2^power`.
	let (significand, power) = match exponent {
		0 => (fraction, -149),
		_ => (fraction | 0x0080_0000, exponent as i32 - 150),
	};
	if significand == 0 {
		return Some((0, 0));
	}
	let significand = Wide::new(u128::from(significand));
	let (above, below) = match power {
		0.. => (significand.shifted_left(power as u32), Wide::new(1)),
		_ => (significand, Wide::new(1).shifted_left(power.unsigned_abs())),
	};
	if above.bits() > 127 {
		return None;
	}
	// As many decimals as give nine digits. From 10^9 on a float is an integer.
	let mut decimals = 0u32;
	let mut scaled = above;
	let nine_digits = below.times(&Wide::new(100_000_000));
	while scaled.is_below(&nine_digits) {
		scaled = scaled.times_ten_to(1);
		decimals += 1;
	}
	let mut value = scaled.divided(&below);
	while decimals > 0 && value.is_multiple_of(10) {
		value /= 10;
		decimals -= 1;
	}
	let value = i128::try_from(value).ok()?;
	Some((if bits >> 31 == 1 { -value } else { value }, i128::from(decimals)))
}

#[cfg(test)]
mod tests {
	use super::*;
	use alloc::format;

	/// SplitMix64.
	struct Random(u64);

	impl Random {
		fn next(&mut self) -> u64 {
			self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
			let mut z = self.0;
			z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
			z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
			z ^ (z >> 31)
		}
	}

	/// What the standard library reads, which rounds correctly.
	fn read(value: i128, decimals: i128) -> Option<u32> {
		let text = format!("{value}e{}", -decimals);
		let float: f32 = text.parse().expect("a number");
		// Ours has no negative zero.
		float.is_finite().then_some(if float == 0.0 { 0 } else { float.to_bits() })
	}

	#[test]
	fn to_f32_is_the_nearest_float() {
		let mut random = Random(1);
		for _ in 0..200_000 {
			let wide = (i128::from(random.next() as i64) << 64) | i128::from(random.next());
			let value = wide >> (random.next() % 128);
			let decimals = i128::from(random.next() % 140) - 45;
			assert_eq!(to_f32(value, decimals), read(value, decimals), "{value}e-{decimals}");
		}
	}

	#[test]
	fn to_f32_at_the_edges() {
		let cases = [
			(0, 0),
			(1, 0),
			(-1, 0),
			// Ties: half way between two floats, to the even one.
			(16_777_217, 0),
			(16_777_219, 0),
			(-16_777_217, 0),
			// The largest float, half way beyond it, and what lies between.
			(34_028_234_663_852_885_981_170_418_348_451_692_544, -1),
			(34_028_235, -31),
			(34_028_236, -31),
			(340_282_357, -30),
			(1, -38),
			(4, -38),
			(i128::MAX, 0),
			(i128::MIN, 0),
			(i128::MIN, -1),
			// The least normal and the least subnormal float.
			(11_754_944, 45),
			(1_401_298, 51),
			(7_006_492, 52),
			(7_006_493, 52),
			(i128::MAX, 84),
			(i128::MAX, 90),
		];
		for (value, decimals) in cases {
			assert_eq!(to_f32(value, decimals), read(value, decimals), "{value}e-{decimals}");
		}
		assert_eq!(to_f32(-1, 90), Some(0), "no negative zero");
		for decimals in [91, 1_000, i128::MAX] {
			assert_eq!(to_f32(i128::MIN, decimals), Some(0));
		}
		for decimals in [-39, -1_000, i128::MIN] {
			assert_eq!(to_f32(1, decimals), None);
			assert_eq!(to_f32(0, decimals), Some(0));
		}
	}

	#[test]
	fn from_f32_gives_nine_digits_and_the_float_back() {
		let mut random = Random(2);
		for _ in 0..100_000 {
			let bits = random.next() as u32;
			let float = f32::from_bits(bits);
			let Some((value, decimals)) = from_f32(bits) else {
				assert!(!float.is_finite() || float.abs() >= 2f32.powi(127), "{float}");
				continue;
			};
			let expected = if float == 0.0 { 0 } else { bits };
			assert_eq!(to_f32(value, decimals), Some(expected), "{float:e}");
			assert!((0..=54).contains(&decimals));
			assert!(decimals == 0 || (value % 10 != 0 && value.abs() < 1_000_000_000));
			if float.abs() < 1e8 {
				// The same digits as the standard library's, which rounds half to even.
				let digits = format!("{float:.8e}");
				let text: f64 = digits.parse().expect("a number");
				let ours: f64 = format!("{value}e-{decimals}").parse().expect("a number");
				assert_eq!(ours, text, "{digits}");
			}
		}
	}

	#[test]
	fn from_f32_of_known_floats() {
		for (float, decimal) in [
			(0.0f32, (0, 0)),
			(-0.0, (0, 0)),
			(1.0, (1, 0)),
			(-2.5, (-25, 1)),
			(0.1, (100_000_001, 9)),
			(100.0, (100, 0)),
			(123_456_792.0, (123_456_792, 0)),
			(1e10, (10_000_000_000, 0)),
			(f32::MIN_POSITIVE, (117_549_435, 46)),
			(f32::from_bits(1), (140_129_846, 53)),
			(-(2f32.powi(126)), (-(1 << 126), 0)),
		] {
			assert_eq!(from_f32(float.to_bits()), Some(decimal), "{float}");
		}
		for float in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, -(2f32.powi(127))] {
			assert_eq!(from_f32(float.to_bits()), None, "{float}");
		}
	}

	#[test]
	fn to_integer_rounds_half_to_even() {
		for (value, decimals, expected) in [
			(15, 1, Some(2)),
			(25, 1, Some(2)),
			(-25, 1, Some(-2)),
			(-35, 1, Some(-4)),
			(251, 2, Some(3)),
			(5, 1, Some(0)),
			(7, -2, Some(700)),
			(i128::MAX, 0, Some(i128::MAX)),
			(i128::MIN, 0, Some(i128::MIN)),
			(i128::MAX, -1, None),
			(1, -39, None),
			(0, i128::MIN, Some(0)),
			(i128::MIN, i128::MAX, Some(0)),
			(i128::MAX, 38, Some(2)),
			(i128::MAX, 39, Some(0)),
		] {
			assert_eq!(to_integer(value, decimals), expected, "{value}e-{decimals}");
		}
	}
}
