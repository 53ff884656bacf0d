//! The same program gives the same bits natively, with vectors, and as WebAssembly in the node's
//! own engine without them.

#![allow(clippy::unwrap_used)]

#[path = "../../tests/cases/mod.rs"]
mod cases;
#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../../tests/digests/mod.rs"]
mod digests;
#[path = "../../tests/generate/mod.rs"]
mod generate;
mod guest;

use codec::{Decode, Encode};
use common::Dice;
use countersign_canonical::{
	bounded::Prepared,
	kernels::{limit_vectors, Vectors},
	op::Op,
	program::{Constant, Node, Package, Program},
	tensor::{Meta, Tensor, TensorType, Value},
	Model, VERSION,
};
use guest::Guest;
use std::{
	ffi::OsStr,
	path::PathBuf,
	process::{Command, Stdio},
};

/// Runs a program with every width of vectors that this processor has, which must agree.
fn native(package: &Package, inputs: &[Tensor]) -> [u8; 32] {
	let model = Model::new(package).unwrap();
	let [widest, middle, baseline] =
		[Vectors::Widest, Vectors::Middle, Vectors::Baseline].map(|vectors| {
			limit_vectors(vectors);
			digests::outcome(&model.run(inputs))
		});
	limit_vectors(Vectors::Widest);
	assert_eq!((widest, widest), (middle, baseline), "{:?}", package.program);
	widest
}

/// What `canonical`'s example `digests` prints, built with these arguments in the debug profile:
/// without optimisation, and with every check of arithmetic.
fn debug_digests(arguments: &[&str], folder: Option<&OsStr>) -> String {
	let target = std::env::temp_dir().join("countersign-canonical-debug");
	let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
	let mut command = Command::new(env!("CARGO"));
	command
		.args(["run", "--quiet", "--locked", "--example", "digests", "--manifest-path", manifest])
		.args(arguments)
		.arg("--target-dir")
		.arg(target)
		.arg("--")
		.args(folder)
		.env("CARGO_PROFILE_DEV_DEBUG", "0")
		.env_remove("RUSTFLAGS");
	let output = command.stderr(Stdio::inherit()).output().unwrap();
	assert!(output.status.success());
	String::from_utf8(output.stdout).unwrap()
}

/// The same, as this release build gives it.
fn release_digests() -> String {
	let (operators, programs) = (digests::operators(0..5_000), digests::programs(0..2_000));
	format!("operators {operators}\nprograms {programs}\n")
}

#[test]
fn debug_and_release_agree() {
	let expected = release_digests();
	// With vectors, and with the plain loops that the runtime has.
	for arguments in [&[][..], &["--no-default-features"]] {
		assert_eq!(debug_digests(arguments, None), expected, "{arguments:?}");
	}
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

/// Products of small integers whose sums go as far as they can, of shapes that fill no tile.
fn extreme_integers() -> Vec<(Package, Vec<Tensor>)> {
	let (i8s, u8s) = ((TensorType::I8, [-128, 127]), (TensorType::U8, [255, 0]));
	let i32s = (TensorType::I32, [-256, 255]);
	let mut all = Vec::new();
	for (a, b) in [(i8s, i8s), (u8s, i8s), (i8s, u8s), (i32s, i32s)] {
		let shapes = [(2, 40, 1), (5, 7, 301), (40, 6, 15), (17, 22, 16), (1, 1, 256), (3, 3, 257)];
		for (rows, columns, terms) in shapes.into_iter().chain([(4, 13, 512), (256, 4, 255)]) {
			// All of the first value, all of the second, and both by turns.
			for pick in [|_: u32| 0, |_| 1, |at| at as usize % 2] {
				let matrix = |(ty, values): (TensorType, [i64; 2]), count: u32| {
					let elements: Vec<i64> =
						(0..count * terms).map(|at| values[pick(at)]).collect();
					Value::from_integers(ty, &[count, terms], &elements).to_tensor()
				};
				let metas = [(a.0, rows), (b.0, columns)];
				let inputs = metas.map(|(ty, count)| Meta { ty, shape: vec![count, terms] });
				let program = Program {
					version: VERSION,
					inputs: inputs.to_vec(),
					constants: vec![],
					nodes: vec![Node { op: Op::MatMul { from: 0, terms }, operands: vec![0, 1] }],
					outputs: vec![2],
				};
				let operands = vec![matrix(a, rows), matrix(b, columns)];
				all.push((Package { program, constants: vec![] }, operands));
			}
		}
	}
	all
}

#[test]
fn small_integers_agree_at_their_limits() {
	let guest = Guest::new();
	for (package, inputs) in extreme_integers() {
		let (found, _) = guest.run(&package.encode(), &inputs.encode(), 0, 0);
		assert_eq!(found, native(&package, &inputs), "{:?}", package.program);
	}
}

#[test]
fn native_and_webassembly_agree() {
	let guest = Guest::new();
	for seed in 0..2_000 {
		let (package, inputs) = generate::random(&mut Dice::new(seed));
		let bytes = package.encode();
		let expected = native(&package, &inputs);
		let chunk = [0, 1, 100, 65_536][seed as usize % 4];
		let (found, _) = guest.run(&bytes, &inputs.encode(), chunk, 0);
		assert_eq!(found, expected, "seed {seed}: {:?}", package.program);
		// The bounded run, natively.
		let mut prepared = Prepared::from_package(&bytes).unwrap();
		assert_eq!(prepared.root(), package.program.root());
		let bounded = digests::outcome(&prepared.run(&inputs));
		assert_eq!(bounded, expected, "seed {seed}: {:?}", package.program);
	}
	let (package, inputs) = square(384);
	let (package_bytes, input_bytes) = (package.encode(), inputs.encode());
	for chunk in [0, 30_000] {
		let (found, _) = guest.run(&package_bytes, &input_bytes, chunk, 384 * 384 * 4);
		assert_eq!(found, native(&package, &inputs));
	}
}

/// Real models, where a folder of packages and inputs is given: `NAME.package` and `NAME.inputs`,
/// as `scripts/conformance` writes them. Says what each takes.
#[test]
fn real_models_agree() {
	let Some(folder) = std::env::var_os("COUNTERSIGN_PACKAGES") else {
		return;
	};
	// A debug build takes long for large models, so only small ones are in there.
	let debug = debug_digests(&[], Some(&folder));
	let guest = Guest::new();
	let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
		.unwrap()
		.map(|entry| entry.unwrap().path())
		.filter(|path| path.extension().is_some_and(|extension| extension == "package"))
		.collect();
	files.sort();
	assert!(!files.is_empty());
	for file in files {
		let package_bytes = std::fs::read(&file).unwrap();
		let input_bytes = std::fs::read(file.with_extension("inputs")).unwrap();
		let package = Package::decode(&mut &package_bytes[..]).unwrap();
		let inputs = Vec::<Tensor>::decode(&mut &input_bytes[..]).unwrap();
		let model = Model::new(&package).unwrap();
		let expected = native(&package, &inputs);
		let name = file.file_stem().unwrap().to_string_lossy();
		for line in debug.lines().filter(|line| line.starts_with(&format!("{name} "))) {
			assert_eq!(line, format!("{name} {}", digests::hex(&expected)));
		}
		let outputs = model.program().output_metas(model.plan());
		let largest = outputs.iter().map(|meta| meta.bytes() as usize).max().unwrap();
		let mut replay = f64::MAX;
		for chunk in [65_536, 0, 0] {
			let (found, seconds) = guest.run(&package_bytes, &input_bytes, chunk, largest);
			assert_eq!(found, expected, "{}", file.display());
			replay = replay.min(seconds);
		}
		let [plain, middle] = [Vectors::Widest, Vectors::Middle].map(|vectors| {
			limit_vectors(vectors);
			// Constants are packed for vectors of this size.
			let model = Model::new(&package).unwrap();
			let seconds = |_| {
				let start = guest::seconds();
				model.run(&inputs).unwrap();
				guest::seconds() - start
			};
			(0..5).map(seconds).fold(f64::MAX, f64::min)
		});
		limit_vectors(Vectors::Widest);
		let again = (0..3).map(|_| guest.time(&package_bytes, &input_bytes));
		let run = again.fold(f64::MAX, f64::min);
		let cost = model.plan().cost;
		println!(
			"{:24} {:8.3} ms in WebAssembly with loading, {:8.3} ms without, {:7.3} ms natively (1/{:.1}), \
			 {:7.3} ms with vectors of 256 bits (1/{:.1}), {} slabs, {} weighted MAC",
			name,
			replay * 1e3,
			run * 1e3,
			plain * 1e3,
			run / plain,
			middle * 1e3,
			run / middle,
			cost.slabs,
			cost.weighted_macs(),
		);
	}
}
