//! A WebAssembly module around canonical execution, without imports: the host writes a package and
//! its inputs, runs, and reads the commitment to what came out. Nothing but a test loads it.
//!
//! ```text
//! reserve(length) -> pointer     memory for the host to write to
//! run(package, its length, inputs, their length, chunk) -> pointer to 32 bytes, or 0
//! prepare(package, its length, inputs, their length) -> what `again` takes, or 0
//! again(prepared) -> runs without hashing what comes out
//! element(program, its length, proof, its length) -> pointer to 40 bytes, or 0
//! slabs() -> how many slabs the last run took
//! largest() -> the largest other allocation of the last run
//! ```
//!
//! The package is read where it lies, or loaded by chunks of a length that is not 0.

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
	bounded::{Chunks, Prepared},
	commitment::tensors_commitment,
	memory::SLAB_BYTES,
	part::{verify_element, Element, OpenedLeaf, Operand, Part, Skeleton},
	program::ProgramError,
	tensor::{Tensor, TensorType, Value},
};

/// Hands out memory and never takes it back; one run is short. Counts slabs, and remembers the
/// largest of all other allocations.
struct Bump {
	next: UnsafeCell<usize>,
	slabs: UnsafeCell<usize>,
	largest: UnsafeCell<usize>,
}

// SAFETY: the module has one thread.
unsafe impl Sync for Bump {}

// SAFETY: blocks are aligned, disjoint and inside the memory that was grown for them.
unsafe impl GlobalAlloc for Bump {
	unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
		let next = self.next.get();
		if layout.size() == SLAB_BYTES {
			*self.slabs.get() += 1;
		} else {
			*self.largest.get() = layout.size().max(*self.largest.get());
		}
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
static MEMORY: Bump =
	Bump { next: UnsafeCell::new(0), slabs: UnsafeCell::new(0), largest: UnsafeCell::new(0) };

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
	core::arch::wasm32::unreachable()
}

/// Memory for the host to write to.
#[no_mangle]
pub extern "C" fn reserve(length: usize) -> *mut u8 {
	Box::leak(vec![0u8; length].into_boxed_slice()).as_mut_ptr()
}

/// How many slabs the last run took.
#[no_mangle]
pub extern "C" fn slabs() -> usize {
	// SAFETY: the module has one thread.
	unsafe { *MEMORY.slabs.get() }
}

/// The largest allocation of the last run that was no slab.
#[no_mangle]
pub extern "C" fn largest() -> usize {
	// SAFETY: the module has one thread.
	unsafe { *MEMORY.largest.get() }
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
	chunk: usize,
) -> *const u8 {
	let package = core::slice::from_raw_parts(package, package_length);
	let mut inputs = core::slice::from_raw_parts(inputs, inputs_length);
	let Ok(inputs) = Vec::<Tensor>::decode(&mut inputs) else {
		return core::ptr::null();
	};
	*MEMORY.slabs.get() = 0;
	*MEMORY.largest.get() = 0;
	match outcome(package, &inputs, chunk) {
		Ok(hash) => Box::leak(Box::new(hash)).as_ptr(),
		Err(_) => core::ptr::null(),
	}
}

/// A package and inputs, ready to run again and again.
pub struct Ready {
	prepared: Prepared<'static>,
	inputs: Vec<Tensor>,
}

/// Prepares a package and inputs for [`again`].
///
/// # Safety
///
/// Both must lie in memory that [`reserve`] gave.
#[no_mangle]
pub unsafe extern "C" fn prepare(
	package: *const u8,
	package_length: usize,
	inputs: *const u8,
	inputs_length: usize,
) -> *mut Ready {
	let package: &'static [u8] = core::slice::from_raw_parts(package, package_length);
	let mut inputs = core::slice::from_raw_parts(inputs, inputs_length);
	let inputs = Vec::<Tensor>::decode(&mut inputs);
	match (Prepared::from_package_unchecked(package), inputs) {
		(Ok(prepared), Ok(inputs)) => Box::leak(Box::new(Ready { prepared, inputs })),
		_ => core::ptr::null_mut(),
	}
}

/// Runs what was prepared.
///
/// # Safety
///
/// `ready` must come from [`prepare`].
#[no_mangle]
pub unsafe extern "C" fn again(ready: *mut Ready) -> usize {
	let Ready { prepared, inputs } = &mut *ready;
	usize::from(prepared.run_seen(inputs, |_, _| ()).is_ok())
}

/// What a proof of an element comes with: the part, the element, the leaves, and the commitments of
/// the tensors that they are of.
type Proof = (Vec<u8>, u32, Vec<OpenedLeaf>, Vec<(u16, [u8; 32])>);

/// Checks a program and the proof of one element: the top over all parts, and the element's bits;
/// all ones where it traps. 0 where either is refused.
///
/// # Safety
///
/// Both must lie in memory that [`reserve`] gave.
#[no_mangle]
pub unsafe extern "C" fn element(
	program: *const u8,
	program_length: usize,
	proof: *const u8,
	proof_length: usize,
) -> *const u8 {
	let program = core::slice::from_raw_parts(program, program_length);
	let mut proof = core::slice::from_raw_parts(proof, proof_length);
	let Ok((part, index, leaves, roots)) = Proof::decode(&mut proof) else {
		return core::ptr::null();
	};
	*MEMORY.slabs.get() = 0;
	*MEMORY.largest.get() = 0;
	let Ok(skeleton) = Skeleton::decode(program) else {
		return core::ptr::null();
	};
	let (top, _) = skeleton.parts_top(sp_crypto_hashing::blake2_256);
	let Some(part) = Part::decode_checked(&part) else {
		return core::ptr::null();
	};
	let root = |operand: &Operand| {
		let found = roots.iter().find(|(tensor, _)| *tensor == operand.tensor);
		found.map(|(_, root)| *root)
	};
	let bits = match verify_element(&part, index, &leaves, root) {
		Ok(Element::Value(bits)) => bits,
		Ok(Element::Trap) => u64::MAX,
		Err(_) => return core::ptr::null(),
	};
	let mut found = [0u8; 40];
	found[..32].copy_from_slice(&top);
	found[32..].copy_from_slice(&bits.to_le_bytes());
	Box::leak(Box::new(found)).as_ptr()
}

fn outcome(package: &[u8], inputs: &[Tensor], chunk: usize) -> Result<[u8; 32], ProgramError> {
	let mut prepared = if chunk == 0 {
		Prepared::from_package_unchecked(package)?
	} else {
		let mut chunks = Chunks::new();
		package.chunks(chunk).try_for_each(|chunk| chunks.push(chunk))?;
		Prepared::from_chunks_unchecked(chunks)?
	};
	Ok(match prepared.run(inputs) {
		Ok(outputs) => tensors_commitment(&outputs),
		// A trap has its own commitment here, so that it is compared as well.
		Err(trap) => {
			let text = alloc::format!("{trap:?}");
			let octets: Vec<i64> = text.bytes().map(i64::from).collect();
			let shape = [octets.len() as u32];
			let value = Value::from_integers(TensorType::U8, &shape, &octets);
			tensors_commitment(&[value.to_tensor()])
		}
	})
}
