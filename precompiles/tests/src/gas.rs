//! What a model costs that a contract calls: with `infer`, and written in plain Solidity.

use crate::{
	contracts::{call_with, deploy, wallet, Reply},
	programs::{tensor_type, Model},
	sol::IPlain,
	World,
};
use codec::Encode;
use countersign_inference_precompile::{IInference as I, ADDRESS};
use countersign_onnx::Options;
use countersign_primitives::UNIT;
use countersign_runtime::{Revive, RuntimeOrigin, System};
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

/// The widths of input and layers of `linear.onnx` and `mlp.onnx`.
pub const LINEAR: [u64; 2] = [16, 1];
/// See [`LINEAR`].
pub const MLP: [u64; 4] = [64, 132, 80, 10];

/// One of the models in `models/`, which `examples/contracts/models/make.py` makes.
pub fn committed(name: &str) -> Model {
	let path = format!("{}/models/{name}.onnx", env!("CARGO_MANIFEST_DIR"));
	Model::onnx(&path, &Options::default())
}

/// What calling a model inside a transaction took.
pub struct Measured {
	/// Multiply-accumulate operations of a run.
	pub macs: u64,
	/// What came of a wallet's call.
	pub reply: Reply,
}

/// Registers a model, stores its program, and calls it with zeros.
pub fn infer(world: &mut World, name: &str, model: &Model) -> Measured {
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
	Measured { macs: summary.cost.macs, reply }
}

/// A contract whose code is `data`.
fn data_contract(data: &[u8]) -> H160 {
	let length = data.len() as u32 + 1;
	let mut code = vec![0x63];
	code.extend(length.to_be_bytes());
	code.extend([0x80, 0x60, 0x0E, 0x60, 0x00, 0x39, 0x60, 0x00, 0xF3, 0x00]);
	code.extend(data);
	// As the check of a transaction's nonce does before it is dispatched.
	System::inc_account_nonce(wallet(0));
	let made = Revive::bare_instantiate(
		RuntimeOrigin::signed(wallet(0)),
		0.into(),
		TransactionLimits::WeightAndDeposit { weight_limit: LIMIT, deposit_limit: 100_000 * UNIT },
		Code::Upload(code),
		Vec::new(),
		None,
		&ExecConfig::new_substrate_tx(),
	);
	let made = made.result.expect("the data can be deployed");
	crate::contracts::count_made();
	made.addr
}

/// Calls dense layers of these widths in plain Solidity (`contracts/Plain.sol`), with made-up
/// weights: they do not change the cost.
pub fn solidity(widths: &[u64]) -> Reply {
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

/// How many times the gas of `infer` the same takes in Solidity, and how many times its time.
pub fn ratio(solidity: &Reply, infer: &Measured) -> (f64, f64) {
	let time = |reply: &Reply| reply.weight.ref_time() as f64;
	(solidity.gas as f64 / infer.reply.gas as f64, time(solidity) / time(&infer.reply))
}
