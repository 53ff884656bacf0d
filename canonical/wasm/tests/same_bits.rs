//! The same program gives the same bits natively, with vectors, and as WebAssembly in the node's
//! own engine without them.

#![allow(clippy::unwrap_used)]

#[path = "../../tests/cases/mod.rs"]
mod cases;
#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../../tests/generate/mod.rs"]
mod generate;

use codec::Encode;
use common::Dice;
use countersign_canonical::{
	commitment::tensors_commitment,
	op::Op,
	program::{Constant, Node, Package, Program},
	tensor::{Meta, Tensor, TensorType, Value},
	Model, Trap, VERSION,
};
use std::{path::PathBuf, process::Command, time::Instant};
use wasmtime::{Config, Engine, Instance, Module, OptLevel, Store};

/// Builds the module beside the tests' own files.
fn module() -> Vec<u8> {
	let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("guest");
	let status = Command::new(env!("CARGO"))
		.args(["build", "--release", "--target", "wasm32v1-none", "--manifest-path"])
		.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
		.arg("--target-dir")
		.arg(&target)
		.env_remove("RUSTFLAGS")
		.status()
		.unwrap();
	assert!(status.success());
	let file = "wasm32v1-none/release/countersign_canonical_wasm.wasm";
	std::fs::read(target.join(file)).unwrap()
}

/// A fresh instance for each run, configured as the node configures its executor.
struct Guest {
	engine: Engine,
	module: Module,
}

impl Guest {
	fn new() -> Self {
		let mut config = Config::new();
		config.cranelift_opt_level(OptLevel::SpeedAndSize);
		config.cranelift_nan_canonicalization(false);
		config.wasm_simd(false);
		config.wasm_relaxed_simd(false);
		let engine = Engine::new(&config).unwrap();
		let module = Module::new(&engine, module()).unwrap();
		Self { engine, module }
	}

	/// The commitment to what comes out, and the seconds that it took.
	fn run(&self, package: &[u8], inputs: &[u8]) -> ([u8; 32], f64) {
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
		let run = instance.get_typed_func::<(u32, u32, u32, u32), u32>(&mut store, "run").unwrap();
		let start = Instant::now();
		let lengths = (package.len() as u32, inputs.len() as u32);
		let at = run.call(&mut store, (first, lengths.0, second, lengths.1)).unwrap();
		let seconds = start.elapsed().as_secs_f64();
		assert_ne!(at, 0);
		let mut hash = [0; 32];
		memory.read(&store, at as usize, &mut hash).unwrap();
		(hash, seconds)
	}
}

fn native(package: &Package, inputs: &[Tensor]) -> [u8; 32] {
	match Model::new(package).unwrap().run(inputs) {
		Ok(outputs) => tensors_commitment(&outputs),
		Err(trap) => trapped(trap),
	}
}

/// As the module commits to a trap.
fn trapped(trap: Trap) -> [u8; 32] {
	let text: Vec<i64> = format!("{trap:?}").bytes().map(i64::from).collect();
	let value = Value::from_integers(TensorType::U8, &[text.len() as u32], &text);
	tensors_commitment(&[value.to_tensor()])
}

fn square(size: u32) -> (Package, Vec<Tensor>) {
	let mut dice = Dice::new(u64::from(size));
	let count = (size * size) as usize;
	let mut matrix = || {
		let elements: Vec<f32> =
			(0..count).map(|_| dice.below(1 << 20) as f32 / 1e5 - 5.0).collect();
		Value::from_f32(&[size, size], &elements).to_tensor()
	};
	let (x, w) = (matrix(), matrix());
	let meta = Meta { ty: TensorType::F32, shape: vec![size, size] };
	let commitment = countersign_canonical::commitment::tensor_commitment(&w, None);
	let program = Program {
		version: VERSION,
		inputs: vec![meta.clone()],
		constants: vec![Constant { meta, commitment }],
		nodes: vec![Node { op: Op::MatMul { from: 0, terms: size }, operands: vec![0, 1] }],
		outputs: vec![2],
	};
	(Package { program, constants: vec![w.data] }, vec![x])
}

#[test]
fn native_and_webassembly_agree() {
	let guest = Guest::new();
	for seed in 0..2_000 {
		let (package, inputs) = generate::random(&mut Dice::new(seed));
		let (found, _) = guest.run(&package.encode(), &inputs.encode());
		assert_eq!(found, native(&package, &inputs), "seed {seed}: {:?}", package.program);
	}
	let (package, inputs) = square(384);
	let (package_bytes, input_bytes) = (package.encode(), inputs.encode());
	let mut seconds = f64::MAX;
	for _ in 0..10 {
		let (found, spent) = guest.run(&package_bytes, &input_bytes);
		assert_eq!(found, native(&package, &inputs));
		seconds = seconds.min(spent);
	}
	println!("384^3 in WebAssembly: {:.2} GMAC/s", 384f64.powi(3) / seconds / 1e9);
}
