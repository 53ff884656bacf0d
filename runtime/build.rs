//! Builds the runtime to WebAssembly.

/// Keeps what LLVM calls loop strength reduction off. It gives each access of a loop a pointer of its
/// own, which on WebAssembly costs an addition where the instruction's offset would cost nothing.
/// canonical/wasm/tests/guest builds with the same.
#[cfg(feature = "std")]
const FLAGS: &str = "-Cllvm-args=-disable-lsr";

#[cfg(feature = "std")]
fn main() {
	let builder =
		substrate_wasm_builder::WasmBuilder::init_with_defaults().append_to_rust_flags(FLAGS);
	#[cfg(feature = "metadata-hash")]
	let builder = builder.enable_metadata_hash("CSGN", 12);
	builder.build();
}

#[cfg(not(feature = "std"))]
fn main() {}
