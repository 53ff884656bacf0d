//! The runtime's WebAssembly in an executor and with the memory that nodes give it.

#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

use codec::Decode;
use countersign_runtime::{HEAP_PAGES, WASM_BINARY};
use sc_executor::{HeapAllocStrategy, WasmExecutor, WasmtimeInstantiationStrategy};
use sp_core::{
	traits::{CallContext, RuntimeCode, WrappedRuntimeCode},
	Blake2Hasher,
};
use sp_state_machine::{InMemoryBackend, OverlayedChanges, StateMachine};
use std::time::{Duration, Instant};

pub struct Host {
	executor: WasmExecutor<sp_io::SubstrateHostFunctions>,
	code: Vec<u8>,
	pages: u64,
}

impl Host {
	/// With as many pages as genesis gives.
	pub fn new() -> Self {
		Self::with_pages(HEAP_PAGES)
	}

	pub fn with_pages(pages: u64) -> Self {
		// A trap of the runtime says why in the log only.
		sp_tracing::try_init_simple();
		// A build without the WebAssembly can name one.
		let code = match std::env::var_os("COUNTERSIGN_WASM") {
			Some(path) => std::fs::read(path).expect("COUNTERSIGN_WASM can be read"),
			None => WASM_BINARY.expect("built without SKIP_WASM_BUILD").to_vec(),
		};
		let heap = HeapAllocStrategy::Static { extra_pages: pages as u32 };
		let executor = WasmExecutor::builder()
			.with_execution_method(sc_executor::WasmExecutionMethod::Compiled {
				instantiation_strategy: WasmtimeInstantiationStrategy::PoolingCopyOnWrite,
			})
			.with_onchain_heap_alloc_strategy(heap)
			.with_offchain_heap_alloc_strategy(heap)
			.build();
		Self { executor, code, pages }
	}

	/// Calls a function of the runtime on a state, and tells how long that took.
	pub fn call<R: Decode>(
		&self,
		state: &InMemoryBackend<Blake2Hasher>,
		method: &str,
		data: &[u8],
	) -> Result<(R, Duration), String> {
		let mut changes = OverlayedChanges::<Blake2Hasher>::default();
		let mut extensions = sp_externalities::Extensions::new();
		let fetcher = WrappedRuntimeCode(self.code.as_slice().into());
		let code = RuntimeCode {
			code_fetcher: &fetcher,
			heap_pages: Some(self.pages),
			hash: sp_crypto_hashing::blake2_256(&self.code).to_vec(),
		};
		let mut machine = StateMachine::new(
			state,
			&mut changes,
			&self.executor,
			method,
			data,
			&mut extensions,
			&code,
			CallContext::Onchain { import: true },
		);
		let start = Instant::now();
		let bytes = machine.execute().map_err(|error| error.to_string())?;
		let spent = start.elapsed();
		let result = R::decode(&mut &bytes[..]).map_err(|error| error.to_string())?;
		Ok((result, spent))
	}
}
