//! Models whose programs are on chain.

use crate::world::{manifest, World};
use codec::{Decode, Encode};
use countersign_canonical::{program::Package, tensor::Meta};
use countersign_onnx::{import, Options};
use countersign_primitives::{
	model::{Manifest, ModelId, PrecisionPolicy, ProgramRef, RunCost},
	program::PROGRAM_CHUNK_BYTES,
	tensor::{Dimension, Port, TensorType},
	Balance,
};
use countersign_runtime::{Inference, Models, RuntimeOrigin};
use frame_support::assert_ok;
use sp_keyring::Sr25519Keyring;

/// A program with the names of what goes in and comes out.
pub struct Model {
	/// The program and its constants.
	pub package: Package,
	/// The inputs, in order.
	pub inputs: Vec<(String, Meta)>,
	/// The outputs, in order.
	pub outputs: Vec<(String, Meta)>,
}

impl Model {
	/// Imports an ONNX file. `shapes` are those that the file leaves open.
	pub fn onnx(path: &str, options: &Options) -> Self {
		let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"));
		let imported = import(&bytes, options).unwrap_or_else(|error| panic!("{path}: {error}"));
		let ports = |ports: Vec<countersign_onnx::Port>| {
			ports.into_iter().map(|port| (port.name, port.meta)).collect()
		};
		Self {
			package: imported.package,
			inputs: ports(imported.inputs),
			outputs: ports(imported.outputs),
		}
	}

	/// One of the programs of `countersign_programs::examples`, with one input and one output.
	pub fn example(package: Package, input: Meta, output: Meta) -> Self {
		Self { package, inputs: vec![("x".into(), input)], outputs: vec![("y".into(), output)] }
	}
}

/// A type in the chain's terms: both number them alike.
pub fn tensor_type(ty: countersign_canonical::TensorType) -> TensorType {
	TensorType::decode(&mut &ty.encode()[..]).expect("both have the same types")
}

/// A small network of four floats that gives two. Networks with other `hidden` are other models.
pub fn small(hidden: u32) -> Model {
	use countersign_programs::examples::{dense, meta};
	let float = countersign_canonical::TensorType::F32;
	Model::example(dense(4, hidden, 2), meta(float, &[1, 4]), meta(float, &[1, 2]))
}

fn ports<B: TryFrom<Vec<Port>>>(ports: &[(String, Meta)]) -> B
where
	B::Error: core::fmt::Debug,
{
	ports
		.iter()
		.map(|(name, meta)| Port {
			name: name.as_bytes().to_vec().try_into().expect("a short name"),
			ty: tensor_type(meta.ty),
			shape: meta
				.shape
				.iter()
				.map(|dim| Dimension::Fixed(*dim))
				.collect::<Vec<_>>()
				.try_into()
				.expect("few dimensions"),
		})
		.collect::<Vec<_>>()
		.try_into()
		.expect("few ports")
}

impl World {
	/// Registers a model and stores its program. Lets blocks pass until it can be called.
	pub fn program_model(&mut self, name: &str, model: &Model, price: Balance) -> ModelId {
		let bytes = model.package.encode();
		let summary = countersign_programs::examine(&bytes).expect("a good package");
		let declared = Manifest {
			program: Some(ProgramRef { root: summary.root, canonical_version: 1 }),
			inputs: ports(&model.inputs),
			outputs: ports(&model.outputs),
			policies: vec![PrecisionPolicy::Exact; model.outputs.len()]
				.try_into()
				.expect("few outputs"),
			cost: RunCost { macs: summary.weighted_macs, time_ms: 1_000, memory_mib: 100 },
			..manifest(name)
		};
		let id = self.register(declared, price);
		let eve = || RuntimeOrigin::signed(Sr25519Keyring::Eve.to_account_id());
		assert_ok!(Models::begin_program(eve(), id, bytes.len() as u32));
		for (index, chunk) in bytes.chunks(PROGRAM_CHUNK_BYTES as usize).enumerate() {
			let chunk = chunk.to_vec().try_into().expect("one chunk");
			assert_ok!(Models::put_program_chunk(eve(), id, index as u32, chunk));
		}
		assert_ok!(Models::finish_program(eve(), id));
		while Inference::sync_weight(&id).is_none() {
			assert!(self.number() < 100, "the model cannot be called");
			self.next_block();
		}
		id
	}
}
