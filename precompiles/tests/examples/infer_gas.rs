//! What `infer` costs a contract, against the same model in plain Solidity.
//!
//! ```sh
//! cargo run --release -p countersign-precompile-tests --example infer_gas
//! ```
//!
//! With silero-vad, which is not in this repository:
//!
//! ```sh
//! pip download --no-deps -d FOLDER silero-vad==6.2.3 && unzip -d FOLDER FOLDER/silero_vad*.whl
//! cargo run --release -p countersign-precompile-tests --example infer_gas -- FOLDER
//! ```
//!
//! Runs on the real runtime, natively. Weight and gas are what the chain charges and do not depend on
//! the machine; gas is as wallets show it, at the fee multiplier of one.

use countersign_canonical::{TensorType, Value};
use countersign_onnx::Options;
use countersign_precompile_tests::{
	contracts::Reply,
	gas::{committed, infer, ratio, solidity, LINEAR, MLP},
	programs::Model,
	run,
};
use frame_support::weights::Weight;

fn silero(folder: &str) -> Model {
	let mut options = Options::default();
	options.shapes.insert("input".into(), vec![1, 576]);
	options.shapes.insert("state".into(), vec![2, 1, 128]);
	let rate = Value::from_integers(TensorType::I64, &[], &[16_000]);
	options.bound.insert("sr".into(), rate);
	Model::onnx(&format!("{folder}/silero_vad/data/silero_vad_op18_ifless.onnx"), &options)
}

fn row(name: &str, macs: u64, reply: &Reply, run: Option<Weight>) {
	let milliseconds = |weight: Weight| weight.ref_time() as f64 / 1e9;
	let run = run.map_or("-".into(), |run| format!("{:.2}", milliseconds(run)));
	let worked = match &reply.result {
		Ok(_) => String::new(),
		Err(failure) => format!("  {failure:?}"),
	};
	println!(
		"{name:24} {macs:>12} {run:>10} {:>10.2} {:>10} {:>12}{worked}",
		milliseconds(reply.weight),
		reply.weight.proof_size() / 1024,
		reply.gas,
	);
}

fn macs(widths: &[u64]) -> u64 {
	widths.windows(2).map(|pair| pair[0] * pair[1]).sum()
}

fn main() {
	let folder = std::env::args().nth(1);
	run(|world| {
		println!(
			"{:24} {:>12} {:>10} {:>10} {:>10} {:>12}",
			"", "MAC", "run, ms", "weight, ms", "KiB", "gas"
		);
		let mut models = vec![
			("linear, 16 inputs", committed("linear")),
			("100 trees, depth 3", committed("forest")),
			("MLP, 20,030 parameters", committed("mlp")),
		];
		models.extend(folder.map(|folder| ("silero-vad", silero(&folder))));
		let measured: Vec<_> =
			models.iter().map(|(name, model)| (*name, infer(world, name, model))).collect();
		for (name, one) in &measured {
			row(name, one.macs, &one.reply, one.run);
		}
		for (name, widths, ours) in
			[("linear", &LINEAR[..], &measured[0].1), ("MLP", &MLP[..], &measured[2].1)]
		{
			let reply = solidity(widths);
			row(&format!("{name} in Solidity"), macs(widths), &reply, None);
			let (gas, time) = ratio(&reply, ours);
			println!(
				"{name}: Solidity takes {gas:.1} times the gas of infer, {time:.1} times the time"
			);
		}
	});
}
