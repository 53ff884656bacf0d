//! The WebAssembly module in an engine that is configured as the node's executor.

#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used)]

use countersign_canonical::memory::{MAX_OTHER_BYTES, MAX_SLABS};
use std::process::Command;
use wasmtime::{Config, Engine, Instance, Module, OptLevel, Store};

/// The seconds that this thread has computed for: unlike time, the same on a busy machine.
pub fn seconds() -> f64 {
	let spent = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
	spent.tv_sec as f64 + spent.tv_nsec as f64 / 1e9
}

/// Builds the module beside the tests' own files.
fn module() -> Vec<u8> {
	let target = std::env::temp_dir().join("countersign-canonical-guest");
	let status = Command::new(env!("CARGO"))
		.args(["build", "--release", "--target", "wasm32v1-none", "--manifest-path"])
		.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
		.arg("--target-dir")
		.arg(&target)
		// As runtime/build.rs has it.
		.env("RUSTFLAGS", "-Cllvm-args=-disable-lsr")
		.status()
		.unwrap();
	assert!(status.success());
	let file = "wasm32v1-none/release/countersign_canonical_wasm.wasm";
	std::fs::read(target.join(file)).unwrap()
}

/// A fresh instance for each run, configured as the node configures its executor.
pub struct Guest {
	engine: Engine,
	module: Module,
}

impl Guest {
	pub fn new() -> Self {
		Self::with(false)
	}

	/// One that counts instructions.
	pub fn counting() -> Self {
		Self::with(true)
	}

	fn with(fuel: bool) -> Self {
		let mut config = Config::new();
		config.cranelift_opt_level(OptLevel::SpeedAndSize);
		config.cranelift_nan_canonicalization(false);
		config.wasm_simd(false);
		config.wasm_relaxed_simd(false);
		config.consume_fuel(fuel);
		let engine = Engine::new(&config).unwrap();
		let module = Module::new(&engine, module()).unwrap();
		Self { engine, module }
	}

	/// The seconds that a run takes after the package and the inputs are decoded.
	pub fn time(&self, package: &[u8], inputs: &[u8]) -> f64 {
		let mut store = Store::new(&self.engine, ());
		let mut again = self.ready(&mut store, package, inputs);
		let start = seconds();
		again(&mut store);
		seconds() - start
	}

	/// The instructions that such a run takes, of a guest that counts.
	pub fn instructions(&self, package: &[u8], inputs: &[u8]) -> u64 {
		let mut store = Store::new(&self.engine, ());
		store.set_fuel(u64::MAX).unwrap();
		let mut again = self.ready(&mut store, package, inputs);
		store.set_fuel(u64::MAX).unwrap();
		again(&mut store);
		u64::MAX - store.get_fuel().unwrap()
	}

	/// What runs a package again that has run once, since a first run touches fresh memory.
	fn ready(
		&self,
		store: &mut Store<()>,
		package: &[u8],
		inputs: &[u8],
	) -> impl FnMut(&mut Store<()>) {
		let instance = Instance::new(&mut *store, &self.module, &[]).unwrap();
		let memory = instance.get_memory(&mut *store, "memory").unwrap();
		let reserve = instance.get_typed_func::<u32, u32>(&mut *store, "reserve").unwrap();
		let mut put = |bytes: &[u8]| {
			let at = reserve.call(&mut *store, bytes.len() as u32).unwrap();
			memory.write(&mut *store, at as usize, bytes).unwrap();
			at
		};
		let (first, second) = (put(package), put(inputs));
		type Parameters = (u32, u32, u32, u32);
		let prepare = instance.get_typed_func::<Parameters, u32>(&mut *store, "prepare").unwrap();
		let again = instance.get_typed_func::<u32, u32>(&mut *store, "again").unwrap();
		let lengths = (package.len() as u32, inputs.len() as u32);
		let ready = prepare.call(&mut *store, (first, lengths.0, second, lengths.1)).unwrap();
		assert_ne!(ready, 0);
		again.call(&mut *store, ready).unwrap();
		move |store| {
			again.call(store, ready).unwrap();
		}
	}

	/// The commitment to what comes out, and the seconds that it took. `chunk` is the length of the
	/// chunks that the package is loaded by, or 0. Beside slabs, only an output of `output` bytes is
	/// larger than other allocations may be.
	pub fn run(&self, package: &[u8], inputs: &[u8], chunk: u32, output: usize) -> ([u8; 32], f64) {
		let mut store = Store::new(&self.engine, ());
		let instance = Instance::new(&mut store, &self.module, &[]).unwrap();
		let memory = instance.get_memory(&mut store, "memory").unwrap();
		let reserve = instance.get_typed_func::<u32, u32>(&mut store, "reserve").unwrap();
		let mut put = |bytes: &[u8]| {
			let at = reserve.call(&mut store, bytes.len() as u32).unwrap();
			memory.write(&mut store, at as usize, bytes).unwrap();
			at
		};
		let (first, second) = (put(package), put(inputs));
		type Parameters = (u32, u32, u32, u32, u32);
		let run = instance.get_typed_func::<Parameters, u32>(&mut store, "run").unwrap();
		let start = seconds();
		let lengths = (package.len() as u32, inputs.len() as u32);
		let at = run.call(&mut store, (first, lengths.0, second, lengths.1, chunk)).unwrap();
		let seconds = seconds() - start;
		assert_ne!(at, 0);
		let mut hash = [0; 32];
		memory.read(&store, at as usize, &mut hash).unwrap();
		let mut told = |name| {
			let function = instance.get_typed_func::<(), u32>(&mut store, name).unwrap();
			function.call(&mut store, ()).unwrap() as usize
		};
		// One slab at least where the package is loaded into one.
		assert!(told("slabs") <= MAX_SLABS);
		assert!(told("largest") <= MAX_OTHER_BYTES.max(output), "{}", told("largest"));
		(hash, seconds)
	}

	/// What a program's parts and the proof of one element say, if they are accepted, and the
	/// seconds that it took. Takes no slab, and no larger allocation than there may be.
	pub fn element(&self, program: &[u8], proof: &[u8]) -> (Option<[u8; 40]>, f64) {
		let mut store = Store::new(&self.engine, ());
		let instance = Instance::new(&mut store, &self.module, &[]).unwrap();
		let memory = instance.get_memory(&mut store, "memory").unwrap();
		let reserve = instance.get_typed_func::<u32, u32>(&mut store, "reserve").unwrap();
		let mut put = |bytes: &[u8]| {
			let at = reserve.call(&mut store, bytes.len() as u32).unwrap();
			memory.write(&mut store, at as usize, bytes).unwrap();
			at
		};
		let (first, second) = (put(program), put(proof));
		type Parameters = (u32, u32, u32, u32);
		let element = instance.get_typed_func::<Parameters, u32>(&mut store, "element").unwrap();
		let lengths = (program.len() as u32, proof.len() as u32);
		let start = seconds();
		let at = element.call(&mut store, (first, lengths.0, second, lengths.1)).unwrap();
		let seconds = seconds() - start;
		let mut told = |name| {
			let function = instance.get_typed_func::<(), u32>(&mut store, name).unwrap();
			function.call(&mut store, ()).unwrap() as usize
		};
		assert_eq!(told("slabs"), 0);
		assert!(told("largest") <= MAX_OTHER_BYTES, "{}", told("largest"));
		let mut found = [0; 40];
		if at != 0 {
			memory.read(&store, at as usize, &mut found).unwrap();
		}
		((at != 0).then_some(found), seconds)
	}
}
