//! A WebAssembly module around canonical execution, without imports: the host writes a package and
//! its inputs, runs, and reads the commitment to what came out. Nothing but a test loads it.
//!
//! ```text
//! reserve(length) -> pointer     memory for the host to write to
//! run(package, its length, inputs, their length) -> pointer to 32 bytes, or 0 on a trap
//! ```

#![cfg_attr(target_arch = "wasm32", no_std)]
#![cfg(target_arch = "wasm32")]

extern crate alloc;

use alloc::{boxed::Box, vec, vec::Vec};
use codec::Decode;
use core::{
	alloc::{GlobalAlloc, Layout},
	cell::UnsafeCell,
};
use countersign_canonical::{
	commitment::tensors_commitment,
	program::Package,
	tensor::{Tensor, Value},
	Model,
};

/// Hands out memory and never takes it back; one run is short.
struct Bump(UnsafeCell<usize>);

// SAFETY: the module has one thread.
unsafe impl Sync for Bump {}

// SAFETY: blocks are aligned, disjoint and inside the memory that was grown for them.
unsafe impl GlobalAlloc for Bump {
	unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
		let next = self.0.get();
		let from = if *next == 0 { core::arch::wasm32::memory_size(0) << 16 } else { *next };
		let start = (from + layout.align() - 1) & !(layout.align() - 1);
		let end = start + layout.size();
		let have = core::arch::wasm32::memory_size(0) << 16;
		if end > have {
			let pages = (end - have).div_ceil(1 << 16);
			if core::arch::wasm32::memory_grow(0, pages) == usize::MAX {
				return core::ptr::null_mut();
			}
		}
		*next = end;
		start as *mut u8
	}

	unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static MEMORY: Bump = Bump(UnsafeCell::new(0));

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
	core::arch::wasm32::unreachable()
}

/// Memory for the host to write to.
#[no_mangle]
pub extern "C" fn reserve(length: usize) -> *mut u8 {
	Box::leak(vec![0u8; length].into_boxed_slice()).as_mut_ptr()
}

/// Runs a package on inputs, both as their encodings.
///
/// # Safety
///
/// Both must lie in memory that [`reserve`] gave.
#[no_mangle]
pub unsafe extern "C" fn run(
	package: *const u8,
	package_length: usize,
	inputs: *const u8,
	inputs_length: usize,
) -> *const u8 {
	let package = core::slice::from_raw_parts(package, package_length);
	let inputs = core::slice::from_raw_parts(inputs, inputs_length);
	match outcome(package, inputs) {
		Some(hash) => Box::leak(Box::new(hash)).as_ptr(),
		None => core::ptr::null(),
	}
}

fn outcome(mut package: &[u8], mut inputs: &[u8]) -> Option<[u8; 32]> {
	let package = Package::decode(&mut package).ok()?;
	let model = Model::from_unchecked(package).ok()?;
	let inputs = Vec::<Tensor>::decode(&mut inputs).ok()?;
	match model.run(&inputs) {
		Ok(outputs) => Some(tensors_commitment(&outputs)),
		// A trap has its own commitment here, so that it is compared as well.
		Err(trap) => {
			let text = alloc::format!("{trap:?}");
			let octets: Vec<i64> = text.bytes().map(i64::from).collect();
			let shape = [octets.len() as u32];
			let ty = countersign_canonical::TensorType::U8;
			let value = Value::from_integers(ty, &shape, &octets);
			let tensors = vec![value.to_tensor()];
			Some(tensors_commitment(&tensors))
		}
	}
}
