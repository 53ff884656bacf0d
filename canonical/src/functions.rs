//! Functions of `libm` without branches, so that compilers make vectors of them. They give the
//! same bits for every float: `examples/functions.rs` compares all 2^32 of them, and tests the ones
//! around every threshold and a sample of the rest.
//!
//! The formulas are those of FreeBSD's `e_expf.c`, `s_expm1f.c` and musl's `tanhf.c`, which `libm`
//! translates as well. Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed
//! at SunPro, a Sun Microsystems, Inc. business. Permission to use, copy, modify, and distribute
//! this software is freely granted, provided that this notice is preserved.

// Digits as the originals have them.
#![allow(clippy::excessive_precision)]

use crate::{arith, op::Unary};

const INV_LN2: f32 = 1.442_695_021_6;

/// Two to the power of a whole number between -126 and 127.
#[inline(always)]
fn two_to(k: i32) -> f32 {
	f32::from_bits(((k + 127) << 23) as u32)
}

/// `y * 2^k` for `y` in `0.5 .. 2` and `k` in `-151 ..= 128`, rounded once, without a multiplication
/// that gives a subnormal number, which would be slow.
#[inline(always)]
fn scale(y: f32, k: i32) -> f32 {
	let bits = y.to_bits();
	let exponent = (bits >> 23) as i32 + k;
	let normal = f32::from_bits((bits & 0x007f_ffff) | ((exponent.clamp(0, 255) as u32) << 23));
	let normal = if exponent >= 255 { f32::INFINITY } else { normal };
	// Below, the mantissa with its leading one is moved to the right and rounded to even.
	let mantissa = (bits & 0x007f_ffff) | 0x0080_0000;
	let by = (1 - exponent).clamp(1, 26) as u32;
	let kept = mantissa >> by;
	let lost = mantissa & ((1 << by) - 1);
	let half = 1 << (by - 1);
	let up = (lost > half) | ((lost == half) & (kept & 1 == 1));
	let small = f32::from_bits(kept + u32::from(up));
	if exponent >= 1 {
		normal
	} else {
		small
	}
}

/// As `expf`.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
	const LN2_HI: f32 = 6.931_457_519_5e-1;
	const LN2_LO: f32 = 1.428_606_765_3e-6;
	const P1: f32 = 1.666_662_544_0e-1;
	const P2: f32 = -2.766_733_290_6e-3;
	let size = x.to_bits() & 0x7fff_ffff;
	let negative = x.to_bits() >> 31 != 0;
	// What is far outside takes no part, so that nothing on the way is slow or overflows.
	let far = size >= 0x42cf_f1b5;
	let near = size <= 0x3900_0000;
	let inner = if far || near { 0.0 } else { x };
	let half = if negative { -0.5 } else { 0.5 };
	let many = (INV_LN2 * inner + half) as i32;
	let one = if negative { -1 } else { 1 };
	let k = if size > 0x3f85_1592 { many } else { one };
	let k = if size > 0x3eb1_7218 && !far { k } else { 0 };
	let t = k as f32;
	let (hi, lo) = (inner - t * LN2_HI, t * LN2_LO);
	let r = hi - lo;
	let rr = r * r;
	let c = r - rr * (P1 + rr * P2);
	let y = 1.0 + (r * c / (2.0 - c) - lo + hi);
	let scaled = scale(y, k);
	let result = if near { 1.0 + x } else { scaled };
	let result = if size >= 0x42b1_7218 && !negative { f32::INFINITY } else { result };
	let result = if far && negative { 0.0 } else { result };
	if size > 0x7f80_0000 {
		arith::NAN
	} else {
		result
	}
}

/// As `tanhf`.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
	const LN2_HI: f32 = 6.931_381_225_6e-1;
	const LN2_LO: f32 = 9.058_000_614_5e-6;
	const Q1: f32 = -3.333_321_213_7e-2;
	const Q2: f32 = 1.580_717_042_1e-3;
	let size = x.to_bits() & 0x7fff_ffff;
	let magnitude = f32::from_bits(size);
	let (large, middle) = (size > 0x3f0c_9f54, size > 0x3e82_c578);
	let one = size > 0x4120_0000;
	let tiny = size < 0x0080_0000;
	// Below 2^-26 the result follows from the argument alone; its square would be slow.
	let small = size < 0x3280_0000;
	let inner = if one | small { 1.0 } else { magnitude };
	// expm1 of twice that, with the sign for which it is exact enough.
	let a = if middle { 2.0 * inner } else { -2.0 * inner };
	let twice = a.to_bits() & 0x7fff_ffff;
	let many = (INV_LN2 * a + 0.5) as i32;
	let sign = if middle { 1 } else { -1 };
	let k = if (twice < 0x3f85_1592) | !middle { sign } else { many };
	let k = if twice > 0x3eb1_7218 { k } else { 0 };
	let t = k as f32;
	let (hi, lo) = (a - t * LN2_HI, t * LN2_LO);
	let r = hi - lo;
	let c = (hi - r) - lo;
	let hfx = 0.5 * r;
	let hxs = r * hfx;
	let r1 = 1.0 + hxs * (Q1 + hxs * Q2);
	let u = 3.0 - r1 * hfx;
	let e = hxs * ((r1 - u) / (6.0 - r * u));
	let zero = r - (r * e - hxs);
	let e = r * (e - c) - c;
	let e = e - hxs;
	let minus = 0.5 * (r - e) - 0.5;
	let (low, high) = (-2.0 * (e - (r + 0.5)), 1.0 + 2.0 * (r - e));
	let plus = if r < -0.25 { low } else { high };
	let (up, down) = (two_to(k), two_to(-k));
	let some = (r - e + (1.0 - down)) * up;
	let more = (r - (e + down) + 1.0) * up;
	let m = if k < 23 { some } else { more };
	let m = if k == 1 { plus } else { m };
	let m = if k == -1 { minus } else { m };
	let m = if k == 0 { zero } else { m };
	let m = if small { -(magnitude + magnitude) } else { m };
	let above = if large { 2.0 } else { m };
	let q = above / (m + 2.0);
	let signed = if middle { q } else { -q };
	let result = if large { 1.0 - q } else { signed };
	let result = if one { 1.0 } else { result };
	let result = if tiny { magnitude } else { result };
	let result = f32::from_bits(result.to_bits() | (x.to_bits() & 0x8000_0000));
	if size > 0x7f80_0000 {
		arith::NAN
	} else {
		result
	}
}

/// As [`arith::sigmoid`].
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
	arith::div(1.0, arith::add(1.0, exp(-x)))
}

/// A function of one float.
pub type Function = fn(f32) -> f32;

/// The functions here, and other plain ones, beside what they stand for.
pub const ALL: [(&str, Function, Function); 7] = [
	("exp", exp, |x| arith::one_nan(libm::expf(x))),
	("tanh", tanh, |x| arith::one_nan(libm::tanhf(x))),
	("sigmoid", sigmoid, arith::sigmoid),
	("floor", arith::floor, |x| arith::one_nan(libm::floorf(x))),
	("ceil", arith::ceil, |x| arith::one_nan(libm::ceilf(x))),
	(
		"sign",
		|x| arith::unary_f32(Unary::Sign, x),
		|x| match x {
			x if x > 0.0 => 1.0,
			x if x < 0.0 => -1.0,
			x => arith::one_nan(x),
		},
	),
	("round", arith::round, |x| arith::one_nan(libm::rintf(x))),
];

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn bits_are_those_of_libm() {
		// Around every exponent and every constant that decides, and a sample of everything.
		let constants = [
			0x42ae_ac50u32,
			0x42b1_7218,
			0x42cf_f1b5,
			0x3eb1_7218,
			0x3f85_1592,
			0x3900_0000,
			0x3f0c_9f54,
			0x3e82_c578,
			0x4120_0000,
			0x0080_0000,
			0x3300_0000,
			0x4195_b844,
		];
		let exponents = (0..256u32).map(|exponent| exponent << 23);
		let halves = constants.iter().map(|bits| bits.saturating_sub(1 << 23));
		let near = exponents.chain(constants).chain(halves).flat_map(|bits| {
			(0..4096u32).map(move |offset| bits.wrapping_add(offset).wrapping_sub(2048))
		});
		let sample = (0..1u32 << 19).map(|i| i.wrapping_mul(0x9e37_79b1));
		for bits in near.chain(sample) {
			for bits in [bits, bits ^ 0x8000_0000] {
				let x = f32::from_bits(bits);
				for (name, fast, plain) in ALL {
					let (found, expected) = (fast(x), plain(x));
					assert_eq!(found.to_bits(), expected.to_bits(), "{name} of {bits:#x}, {x:e}");
				}
			}
		}
	}
}
