//! What `infer` costs a contract, against the same model in plain Solidity.
//!
//! ```sh
//! python examples/contracts/models/make.py FOLDER
//! pip download --no-deps -d FOLDER silero-vad==6.2.3 && unzip -d FOLDER FOLDER/silero_vad*.whl
//! cargo run --release -p countersign-precompile-tests --example infer_gas -- FOLDER
//! ```
//!
//! Runs on the real runtime, natively. Weight and gas are what the chain charges and do not depend on
//! the machine; gas is as wallets show it, at the fee multiplier of one.

use codec::Encode;
use countersign_canonical::Value;
use countersign_inference_precompile::{IInference as I, ADDRESS};
use countersign_onnx::Options;
use countersign_precompile_tests::{
	contracts::{call_with, deploy, wallet, Reply},
	programs::{tensor_type, Model},
	run,
	sol::IPlain,
	World,
};
use countersign_runtime::{Inference, Revive, RuntimeOrigin};
use frame_support::weights::Weight;
use pallet_revive::{
	precompiles::alloy::{
		primitives::{Address, Bytes, B256, I256, U256},
		sol_types::{SolCall, SolValue},
	},
	Code, ExecConfig, TransactionLimits, H160,
};

/// Enough for what no transaction could do, so that it can be measured.
const LIMIT: Weight = Weight::from_parts(u64::MAX / 4, u64::MAX / 4);

struct Measured {
	name: &'static str,
	macs: u64,
	run: Option<Weight>,
	reply: Reply,
}

fn measure(world: &mut World, name: &'static str, model: &Model) -> Measured {
	let bytes = model.package.encode();
	let summary = countersign_programs::examine(&bytes).expect("a good package");
	let id = world.program_model(name, model, 0);
	let input = model
		.inputs
		.iter()
		.map(|(_, meta)| {
			let size = tensor_type(meta.ty).size();
			I::Tensor {
				kind: I::Kind::try_from(tensor_type(meta.ty).encode()[0]).expect("a kind"),
				shape: meta.shape.clone(),
				data: Bytes::from(vec![0; meta.count() as usize * size]),
			}
		})
		.collect();
	let asked = I::inferCall { model: B256::from(id.0), input };
	let reply = call_with(&wallet(0), &ADDRESS, 0.into(), asked.abi_encode(), LIMIT);
	Measured { name, macs: summary.cost.macs, run: Inference::sync_weight(&id), reply }
}

/// A contract whose code is `data`.
fn data_contract(data: &[u8]) -> H160 {
	let length = data.len() as u32 + 1;
	let mut code = vec![0x63];
	code.extend(length.to_be_bytes());
	code.extend([0x80, 0x60, 0x0E, 0x60, 0x00, 0x39, 0x60, 0x00, 0xF3, 0x00]);
	code.extend(data);
	let made = Revive::bare_instantiate(
		RuntimeOrigin::signed(wallet(0)),
		0.into(),
		TransactionLimits::WeightAndDeposit {
			weight_limit: LIMIT,
			deposit_limit: 100_000 * countersign_primitives::UNIT,
		},
		Code::Upload(code),
		Vec::new(),
		None,
		&ExecConfig::new_substrate_tx(),
	);
	made.result.expect("the data can be deployed").addr
}

/// Dense layers of these widths in plain Solidity, with made-up weights: they do not change the cost.
fn plain(widths: &[u64]) -> Reply {
	let parameters: u64 = widths.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum();
	let weights: Vec<u8> =
		(0..parameters).flat_map(|i| ((i * 7 % 512) as i16 - 256).to_be_bytes()).collect();
	let parts: Vec<Address> =
		weights.chunks(24_000).map(|part| Address::from(data_contract(part).0)).collect();
	let words: Vec<U256> = widths.iter().map(|width| U256::from(*width)).collect();
	let contract = deploy("Plain", (parts, words).abi_encode_params(), 0);
	let x = (0..widths[0]).map(|i| I256::from_raw(U256::from(i * 512))).collect();
	call_with(&wallet(0), &contract, 0.into(), IPlain::runCall { x }.abi_encode(), LIMIT)
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

fn main() {
	let folder = std::env::args().nth(1).expect("usage: infer_gas FOLDER");
	run(|world| {
		println!(
			"{:24} {:>12} {:>10} {:>10} {:>10} {:>12}",
			"", "MAC", "run, ms", "weight, ms", "KiB", "gas"
		);
		let onnx = |file: &str| Model::onnx(&format!("{folder}/{file}"), &Options::default());
		let silero = || {
			let mut options = Options::default();
			options.shapes.insert("input".into(), vec![1, 576]);
			options.shapes.insert("state".into(), vec![2, 1, 128]);
			let rate = Value::from_integers(countersign_canonical::TensorType::I64, &[], &[16_000]);
			options.bound.insert("sr".into(), rate);
			Model::onnx(&format!("{folder}/silero_vad/data/silero_vad_op18_ifless.onnx"), &options)
		};
		let mut measured = vec![
			measure(world, "linear, 16 inputs", &onnx("linear.onnx")),
			measure(world, "100 trees, depth 3", &onnx("forest.onnx")),
			measure(world, "MLP, 20,030 parameters", &onnx("mlp.onnx")),
		];
		if std::path::Path::new(&format!("{folder}/silero_vad")).exists() {
			measured.push(measure(world, "silero-vad", &silero()));
		}
		for one in &measured {
			row(one.name, one.macs, &one.reply, one.run);
		}
		let (linear, mlp) = (plain(&[16, 1]), plain(&[64, 132, 80, 10]));
		row("linear in Solidity", 16, &linear, None);
		row("MLP in Solidity", 64 * 132 + 132 * 80 + 80 * 10, &mlp, None);
		for (name, solidity, ours) in
			[("linear", &linear, &measured[0].reply), ("MLP", &mlp, &measured[2].reply)]
		{
			println!(
				"{name}: Solidity takes {:.1} times the gas of infer",
				solidity.gas as f64 / ours.gas as f64
			);
		}
	});
}
