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
//! The table is that of docs/contracts.md. Runs on the real runtime, natively. Weight and gas are what
//! the chain charges and do not depend on
//! the machine; gas is as wallets show it, at the fee multiplier of one.

use countersign_canonical::{TensorType, Value};
use countersign_onnx::Options;
use countersign_precompile_tests::{
	apart,
	contracts::Reply,
	gas::{committed, infer, ratio, solidity, LINEAR, MLP},
	programs::Model,
	run,
};

fn silero(folder: &str) -> Model {
	let mut options = Options::default();
	options.shapes.insert("input".into(), vec![1, 576]);
	options.shapes.insert("state".into(), vec![2, 1, 128]);
	let rate = Value::from_integers(TensorType::I64, &[], &[16_000]);
	options.bound.insert("sr".into(), rate);
	Model::onnx(&format!("{folder}/silero_vad/data/silero_vad_op18_ifless.onnx"), &options)
}

fn row(name: &str, macs: u64, reply: &Reply) {
	let time = reply.weight.ref_time() as f64 / 1e9;
	let (macs, proof) = (apart(macs, ','), apart(reply.weight.proof_size() / 1024, ','));
	let gas = apart(u64::try_from(reply.gas).expect("few"), ',');
	println!("| {name} | {macs} | {time:.2} | {proof} | {gas} |");
	if let Err(failure) = &reply.result {
		println!("It failed: {failure:?}");
	}
}

fn macs(widths: &[u64]) -> u64 {
	widths.windows(2).map(|pair| pair[0] * pair[1]).sum()
}

fn main() {
	let folder = std::env::args().nth(1);
	run(|world| {
		println!("| | multiply-accumulates | time, ms | proof, KiB | gas |\n|---|---|---|---|---|");
		let mut models = vec![
			("linear, 16 inputs", committed("linear")),
			("100 trees of depth 3", committed("forest")),
			("network of 20,030 parameters", committed("mlp")),
		];
		models.extend(folder.map(|folder| ("silero-vad", silero(&folder))));
		let measured: Vec<_> =
			models.iter().map(|(name, model)| (*name, infer(world, name, model))).collect();
		for (name, one) in &measured {
			row(name, one.macs, &one.reply);
		}
		let plain = [("linear", &LINEAR[..], 0), ("network", &MLP[..], 2)]
			.map(|(name, widths, ours)| (name, widths, &measured[ours].1, solidity(widths)));
		for (name, widths, _, reply) in &plain {
			row(&format!("{name} in Solidity"), macs(widths), reply);
		}
		println!();
		for (name, _, ours, reply) in &plain {
			let (gas, time) = ratio(reply, ours);
			println!(
				"{name}: Solidity takes {time:.1} times the time of infer, {gas:.1} times the gas"
			);
		}
	});
}
