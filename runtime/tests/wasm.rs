//! The runtime as nodes execute it: whole blocks through its WebAssembly, in bounded memory.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

extern crate alloc;

// Shared with the unit tests, which use more of it.
#[path = "../src/tests/blocks.rs"]
#[allow(dead_code)]
mod blocks;
#[path = "../src/tests/genesis.rs"]
mod genesis;
mod host;

use alloc::vec;
use codec::Encode;
use countersign_primitives::{
	model::{
		Artefact, Contributor, ContributorRole, Manifest, ModelId, PrecisionPolicy, ProgramRef,
		RunCost, Share,
	},
	program::{DryRun, DryRunError, MAX_SLABS, PROGRAM_CHUNK_BYTES},
	tensor::{Dimension, Port, Tensor},
};
use countersign_programs::{
	examine,
	examples::{dense, encoded, floats, forest, input_floats, meta, package},
};
use countersign_runtime::*;
use frame_support::storage::{with_transaction_unchecked, TransactionOutcome};
use host::Host;
use pallet_revive::{Code, ExecConfig, TransactionLimits, H160};
use sp_core::Pair;
use sp_io::TestExternalities;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	generic::{self, Era},
	traits::{Block as _, Dispatchable, Header as _},
	Digest, DigestItem,
};

/// Three tensors of 16 MiB that are alive together, `F32 [1, 1]` to `F32 [1, 1]`.
fn widest() -> Vec<u8> {
	use countersign_canonical::op::{Binary, Op, Reduction, Unary};
	let ty = countersign_canonical::TensorType::F32;
	encoded(&package(
		vec![meta(ty, &[1, 1])],
		vec![],
		vec![
			(Op::Expand { shape: vec![1, 1 << 22] }, vec![0]),
			(Op::Unary(Unary::Neg), vec![1]),
			(Op::Binary(Binary::Mul), vec![1, 2]),
			(Op::Reduce { reduction: Reduction::Max, axes: vec![1] }, vec![3]),
		],
		vec![4],
	))
}

/// A product with constants of three MiB, `F32 [1, 1024]` to `F32 [1, 1]`.
fn heaviest() -> Vec<u8> {
	use countersign_canonical::op::{Op, Reduction};
	let ty = countersign_canonical::TensorType::F32;
	encoded(&package(
		vec![meta(ty, &[1, 1024])],
		vec![floats(&[768, 1024], |i| (i % 1009) as f32 / 1009.0)],
		vec![
			(Op::MatMul { from: 0, terms: 1024 }, vec![0, 1]),
			(Op::Reduce { reduction: Reduction::Max, axes: vec![1] }, vec![2]),
		],
		vec![3],
	))
}

fn alice() -> AccountId {
	Sr25519Keyring::Alice.to_account_id()
}

fn dispatch(call: impl Into<RuntimeCall>) {
	call.into().dispatch(RuntimeOrigin::signed(alice())).expect("the call works");
}

/// Registers a model with this program and stores it.
fn store(seed: u8, package: &[u8]) -> ModelId {
	let summary = examine(package).unwrap();
	let port = |name: &str, port: &countersign_primitives::program::ProgramPort| Port {
		name: name.as_bytes().to_vec().try_into().unwrap(),
		ty: port.ty,
		shape: port
			.shape
			.iter()
			.map(|dim| Dimension::Fixed(*dim))
			.collect::<Vec<_>>()
			.try_into()
			.unwrap(),
	};
	let manifest = Manifest {
		name: vec![b'a' + seed].try_into().unwrap(),
		licence: b"MIT".to_vec().try_into().unwrap(),
		artefact: Artefact { sha256: [seed; 32], length: 1 },
		program: Some(ProgramRef { root: summary.root, canonical_version: summary.version }),
		inputs: vec![port("x", &summary.inputs[0])].try_into().unwrap(),
		outputs: vec![port("y", &summary.outputs[0])].try_into().unwrap(),
		policies: vec![PrecisionPolicy::Exact].try_into().unwrap(),
		cost: RunCost { macs: summary.weighted_macs, time_ms: 1_000, memory_mib: 100 },
		contributors: vec![Contributor {
			account: alice(),
			role: ContributorRole::Training,
			evidence: Hash::zero(),
			share: Share::WHOLE,
		}]
		.try_into()
		.unwrap(),
		parents: Default::default(),
	};
	let model = manifest.id(&System::block_hash(0), &alice());
	blocks::commit_before(&alice(), &model);
	dispatch(pallet_models::Call::register { manifest, price: MILLI_UNIT });
	let length = package.len() as u32;
	dispatch(pallet_models::Call::begin_program { model, length });
	for (index, chunk) in package.chunks(PROGRAM_CHUNK_BYTES as usize).enumerate() {
		dispatch(pallet_models::Call::put_program_chunk {
			model,
			index: index as u32,
			bytes: chunk.to_vec().try_into().unwrap(),
		});
	}
	dispatch(pallet_models::Call::finish_program { model });
	model
}

/// A contract that calls itself with all that it has, after taking 64 KiB of memory.
fn recursive_contract() -> H160 {
	// mstore8(65535, 1); call(gas, address, 0, 0, 0, 0, 0); stop
	let body = [
		&[0x60, 1, 0x61, 0xff, 0xff, 0x53][..],
		&[0x60, 0, 0x60, 0, 0x60, 0, 0x60, 0, 0x60, 0, 0x30, 0x5a, 0xf1, 0][..],
	]
	.concat();
	let length = body.len() as u8;
	// codecopy(0, 12, length); return(0, length)
	let mut code = vec![0x60, length, 0x60, 12, 0x60, 0, 0x39, 0x60, length, 0x60, 0, 0xf3];
	code.extend(body);
	let made = Revive::bare_instantiate(
		RuntimeOrigin::signed(alice()),
		0u32.into(),
		TransactionLimits::WeightAndDeposit {
			weight_limit: frame_support::weights::Weight::from_parts(
				100_000_000_000,
				5 * 1024 * 1024,
			),
			deposit_limit: 1_000 * UNIT,
		},
		Code::Upload(code),
		Vec::new(),
		None,
		&ExecConfig::new_substrate_tx(),
	);
	let made = made.result.expect("the contract can be deployed");
	assert!(!made.result.did_revert());
	made.addr
}

fn header(number: BlockNumber, parent: Hash, slot: u64) -> Header {
	use sp_consensus_babe::digests::{PreDigest, SecondaryVRFPreDigest};
	use sp_core::crypto::VrfSecret;
	let epoch = Babe::current_epoch();
	let slot = sp_consensus_babe::Slot::from(slot);
	let data = sp_consensus_babe::make_vrf_sign_data(&epoch.randomness, slot, epoch.epoch_index);
	let digest = PreDigest::SecondaryVRF(SecondaryVRFPreDigest {
		authority_index: 0,
		slot,
		vrf_signature: Sr25519Keyring::Alice.pair().vrf_sign(&data),
	});
	let log = DigestItem::PreRuntime(sp_consensus_babe::BABE_ENGINE_ID, digest.encode());
	Header::new(number, Hash::zero(), Hash::zero(), parent, Digest { logs: vec![log] })
}

fn signed(call: impl Into<RuntimeCall>, nonce: u32) -> UncheckedExtrinsic {
	let extension: TxExtension = (
		frame_system::AuthorizeCall::new(),
		frame_system::CheckNonZeroSender::new(),
		frame_system::CheckSpecVersion::new(),
		frame_system::CheckTxVersion::new(),
		frame_system::CheckGenesis::new(),
		frame_system::CheckMortality::from(Era::Immortal),
		frame_system::CheckNonce::from(nonce),
		frame_system::CheckWeight::new(),
		pallet_transaction_payment::ChargeTransactionPayment::from(0),
		frame_metadata_hash_extension::CheckMetadataHash::new(false),
		pallet_revive::evm::tx_extension::SetOrigin::default(),
		frame_system::WeightReclaim::new(),
	);
	let payload = SignedPayload::new(call.into(), extension).unwrap();
	let signature = payload.using_encoded(|bytes| Sr25519Keyring::Alice.pair().sign(bytes));
	let (call, extension, _) = payload.deconstruct();
	generic::UncheckedExtrinsic::new_signed(
		call,
		alice().into(),
		Signature::Sr25519(signature),
		extension,
	)
	.into()
}

/// A chain with a stored program of each kind and a contract, ready for the next block.
struct Scene {
	ext: TestExternalities,
	models: Vec<(ModelId, Tensor)>,
	contract: H160,
}

fn scene() -> Scene {
	let mut ext = genesis::preset("development");
	let (models, contract) = ext.execute_with(|| {
		let mut chain = blocks::Chain::new();
		let made = chain.block(|| {
			let x = |width| input_floats(&[1, width], |i| (i as f32).sin());
			let models = vec![
				(store(1, &widest()), x(1)),
				(store(2, &heaviest()), x(1024)),
				(store(3, &encoded(&dense(64, 128, 8))), x(64)),
				(store(4, &encoded(&forest(100, 6, 20))), x(20)),
			];
			(models, recursive_contract())
		});
		chain.block(|| ());
		made
	});
	ext.commit_all().unwrap();
	Scene { ext, models, contract }
}

impl Scene {
	/// Makes the next block natively, without keeping what it changes.
	fn block(&mut self, calls: Vec<RuntimeCall>) -> Block {
		self.ext.execute_with(|| {
			let header = header(3, Hash::repeat_byte(3), 1_003);
			Executive::initialize_block(&header);
			let time = pallet_timestamp::Call::<Runtime>::set { now: 1_003 * 2_000 };
			let time: UncheckedExtrinsic =
				generic::UncheckedExtrinsic::new_bare(RuntimeCall::from(time)).into();
			Executive::apply_extrinsic(time.clone()).expect("valid").expect("the time is set");
			let mut extrinsics = vec![time];
			let first = System::account_nonce(alice());
			for (nonce, call) in (first..).zip(calls) {
				let extrinsic = signed(call, nonce);
				// As an author does: what does not fit leaves nothing behind.
				let applied = with_transaction_unchecked(|| {
					match Executive::apply_extrinsic(extrinsic.clone()) {
						Ok(result) => TransactionOutcome::Commit(Ok(result)),
						Err(error) => TransactionOutcome::Rollback(Err(error)),
					}
				});
				match applied {
					Ok(result) => result.expect("the call works"),
					// The block is full.
					Err(error) if error.exhausted_resources() => break,
					Err(error) => panic!("not valid: {error:?}"),
				}
				extrinsics.push(extrinsic);
			}
			let computed = System::events()
				.iter()
				.filter(|record| {
					matches!(
						record.event,
						RuntimeEvent::Inference(pallet_inference::Event::Computed { .. })
					)
				})
				.count();
			println!("{} transactions, {computed} models run", extrinsics.len());
			assert!(computed >= 4 && extrinsics.len() > 7, "one of each kind, and contracts");
			Block::new(Executive::finalize_block(), extrinsics)
		})
	}

	fn infer(&self, which: usize) -> RuntimeCall {
		let (model, input) = &self.models[which];
		pallet_inference::Call::infer_sync {
			model: *model,
			input: vec![input.clone()].encode().try_into().unwrap(),
			max_fee: UNIT,
		}
		.into()
	}

	fn call_contract(&self) -> RuntimeCall {
		pallet_revive::Call::call {
			dest: self.contract,
			value: 0,
			weight_limit: frame_support::weights::Weight::from_parts(
				15_000_000_000,
				4 * 1024 * 1024,
			),
			storage_deposit_limit: UNIT,
			data: vec![],
		}
		.into()
	}
}

/// Executing a block checks that state and digests are those in its header, so this shows too that
/// programs give the same bits here as natively.
#[test]
fn a_block_of_models_and_deep_contract_calls_imports() {
	let mut scene = scene();
	// One of each first, then whatever has room.
	let mut calls = vec![
		scene.call_contract(),
		scene.infer(0),
		scene.infer(2),
		scene.call_contract(),
		scene.infer(1),
		scene.infer(3),
	];
	for which in 0..200 {
		calls.push(scene.infer([2, 3, 0, 1][which % 4]));
		calls.push(scene.call_contract());
	}
	let block = scene.block(calls);
	let (_, spent) = Host::new()
		.call::<()>(&scene.ext.backend, "Core_execute_block", &block.encode())
		.expect("the block imports");
	println!("executed in {:.1} ms", spent.as_secs_f64() * 1e3);

	// Memory is what decides, and the slabs of a run with little beside are all that it takes.
	let imports = |slabs: &u8| {
		let host = Host::with_pages(u64::from(*slabs) * 256);
		host.call::<()>(&scene.ext.backend, "Core_execute_block", &block.encode()).is_ok()
	};
	let least = (1..=MAX_SLABS + 1).find(imports);
	println!("needs {least:?} times 16 MiB");
	assert!(least.is_some_and(|slabs| slabs > 1));
	// And a block that says another state is refused.
	let mut other = block;
	other.header.state_root = Hash::zero();
	assert!(Host::new()
		.call::<()>(&scene.ext.backend, "Core_execute_block", &other.encode())
		.is_err());
}

#[test]
fn dry_runs_are_the_same_as_calls_and_bounded() {
	let scene = scene();
	let host = Host::new();
	let run = |package: &[u8], input: &[Tensor]| {
		host.call::<Result<DryRun, DryRunError>>(
			&scene.ext.backend,
			"ProgramsApi_dry_run",
			&(package, input.encode()).encode(),
		)
		.expect("the runtime does not trap")
	};
	for (name, bytes, (model, input)) in [
		("widest", widest(), &scene.models[0]),
		("heaviest", heaviest(), &scene.models[1]),
		("dense", encoded(&dense(64, 128, 8)), &scene.models[2]),
		("forest", encoded(&forest(100, 6, 20)), &scene.models[3]),
	] {
		let input = vec![input.clone()];
		let (result, first) = run(&bytes, &input);
		let result = result.unwrap();
		let mut prepared = countersign_programs::Prepared::from_package(&bytes).unwrap();
		let native = countersign_programs::run(&mut prepared, &[], &input).unwrap();
		assert_eq!(result.output, Ok(native.encode()), "{name}");
		let (stored, spent) = host
			.call::<Result<DryRun, DryRunError>>(
				&scene.ext.backend,
				"ProgramsApi_dry_run_model",
				&(model, input.encode()).encode(),
			)
			.unwrap();
		assert_eq!(stored.unwrap().output, Ok(native.encode()), "{name}");
		println!(
			"{name}: {:.2} ms as an argument, {:.2} ms stored",
			first.as_secs_f64() * 1e3,
			spent.as_secs_f64() * 1e3
		);
	}
	// Whatever bytes come, the runtime answers.
	for bytes in [vec![], vec![0xff; 1 << 20], vec![0; 16 << 20], vec![4; 16 << 20]] {
		let (result, _) = run(&bytes, &[]);
		assert!(matches!(result, Err(DryRunError::Package(_))), "{result:?}");
	}
}
