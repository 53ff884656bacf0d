//! The float mode of a thread: round to nearest, subnormals kept, exceptions masked.
//!
//! Consensus needs every thread that computes for it in this mode, and a native library may change
//! it behind our back: linked with `-ffast-math`, loading it is enough. This module holds all
//! unsafe code of the engine: two instructions that read and write one control register.

/// The thread's float mode is not the one that consensus needs, and setting it did not help.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("float control register is {found:#x}, expected {expected:#x} in the bits that matter")]
pub struct WrongFloatMode {
	/// What the register holds.
	pub found: u64,
	/// What it should hold, in the bits that matter.
	pub expected: u64,
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod register {
	/// FTZ (15), rounding (13, 14), exception masks (7 to 12), DAZ (6).
	pub(super) const BITS: u64 = 0xffc0;
	/// Exceptions masked, all else zero.
	pub(super) const WANTED: u64 = 0x1f80;

	pub(super) fn read() -> u64 {
		let mut value = 0u32;
		// SAFETY: `stmxcsr` writes four bytes to the address it is given, which is a live `u32`.
		unsafe {
			core::arch::asm!("stmxcsr [{}]", in(reg) &mut value, options(nostack, preserves_flags));
		}
		value.into()
	}

	pub(super) fn write(value: u64) {
		let value = value as u32;
		// SAFETY: `ldmxcsr` reads four bytes from a live `u32`. Callers only change the bits in
		// `BITS` of a value that the register held, so no reserved bit is ever set.
		unsafe {
			core::arch::asm!("ldmxcsr [{}]", in(reg) &value, options(nostack, preserves_flags));
		}
	}
}

#[cfg(target_arch = "aarch64")]
#[allow(unsafe_code)]
mod register {
	/// FZ16 (19), rounding (22, 23), FZ (24), DN (25), exception traps (8 to 12, 15).
	pub(super) const BITS: u64 = 0x03c8_9f00;
	/// All zero.
	pub(super) const WANTED: u64 = 0;

	pub(super) fn read() -> u64 {
		let value: u64;
		// SAFETY: reading FPCR has no effect and is allowed at any privilege level.
		unsafe {
			core::arch::asm!("mrs {}, fpcr", out(reg) value, options(nostack));
		}
		value
	}

	pub(super) fn write(value: u64) {
		// SAFETY: callers only change the bits in `BITS` of a value that the register held.
		unsafe {
			core::arch::asm!("msr fpcr, {}", in(reg) value, options(nostack));
		}
	}
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("supported hosts are 64-bit little-endian with SSE2 or NEON");

/// Whether the calling thread computes as consensus needs. Looks at the register, and at what the
/// hardware does with it.
pub fn check() -> Result<(), WrongFloatMode> {
	use std::hint::black_box;
	let found = register::read();
	let register_is_right = found & register::BITS == register::WANTED;
	let smallest = black_box(f32::MIN_POSITIVE);
	// Results flushed, operands flushed, and the direction of rounding.
	let keeps_results = black_box(smallest * 0.5) != 0.0;
	let keeps_operands = black_box(f32::from_bits(black_box(1))) * 16_777_216.0 != 0.0;
	let tiny = black_box(f32::EPSILON / 4.0);
	let rounds_to_nearest = black_box(1.0f32) + tiny == 1.0 && black_box(-1.0f32) - tiny == -1.0;
	if register_is_right && keeps_results && keeps_operands && rounds_to_nearest {
		Ok(())
	} else {
		Err(WrongFloatMode { found, expected: register::WANTED })
	}
}

/// Sets the calling thread's float mode and checks it. Threads started afterwards inherit it.
pub fn enforce() -> Result<(), WrongFloatMode> {
	let found = register::read();
	if found & register::BITS != register::WANTED {
		register::write((found & !register::BITS) | register::WANTED);
	}
	check()
}

/// Puts the calling thread into the mode that native libraries leave behind: subnormals flushed to
/// zero, as operands and as results. For tests of [`check`] and [`enforce`] only.
#[doc(hidden)]
pub fn flush_subnormals_for_tests() {
	#[cfg(target_arch = "x86_64")]
	register::write(register::read() | 0x8040);
	#[cfg(target_arch = "aarch64")]
	register::write(register::read() | (1 << 24));
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_wrong_mode_is_seen_and_repaired() {
		// A thread of its own: the mode belongs to the thread.
		std::thread::spawn(|| {
			assert_eq!(check(), Ok(()));
			flush_subnormals_for_tests();
			assert!(check().is_err());
			let inherited = std::thread::spawn(check).join().expect("does not panic");
			assert!(inherited.is_err(), "threads inherit the mode of their parent");
			assert_eq!(enforce(), Ok(()));
			assert_eq!(check(), Ok(()));
		})
		.join()
		.expect("does not panic");
	}
}
