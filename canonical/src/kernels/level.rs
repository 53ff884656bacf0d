//! Which vectors of this processor kernels use.
//!
//! The best ones there are, unless a test asks for fewer: all of them give the same bits, and a
//! test can only say so if it runs each.

use core::sync::atomic::{AtomicU8, Ordering};

/// How wide the vectors are that kernels use at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Vectors {
	/// As wide as the processor has them.
	Widest,
	/// 256 bits on x86-64, as they came with AVX2; elsewhere the widest.
	Middle,
	/// What every processor of this architecture has.
	Baseline,
}

static MOST: AtomicU8 = AtomicU8::new(Vectors::Widest as u8);

/// Has kernels use no wider vectors than these from now on, in the whole process. Changes how long
/// a run takes and nothing else.
pub fn limit_vectors(most: Vectors) {
	MOST.store(most as u8, Ordering::Relaxed);
}

/// The vectors to use.
#[inline]
pub(super) fn arch() -> pulp::Arch {
	match MOST.load(Ordering::Relaxed) {
		most if most == Vectors::Widest as u8 => pulp::Arch::new(),
		#[cfg(target_arch = "x86_64")]
		most if most == Vectors::Middle as u8 => {
			pulp::x86::V3::try_new().map_or(pulp::Arch::Scalar, pulp::Arch::V3)
		}
		#[cfg(not(target_arch = "x86_64"))]
		most if most == Vectors::Middle as u8 => pulp::Arch::new(),
		_ => pulp::Arch::Scalar,
	}
}
