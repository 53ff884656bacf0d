//! A chain with one validator, and a block under way.

use crate::contracts::{made, wallet};
use codec::Encode;
use countersign_primitives::{
	attribution::vector_commitment,
	keys::InferencePair,
	model::{Artefact, Contributor, ContributorRole, Manifest, ModelId, Parent, RunCost, Share},
	parameters::SLOT_MILLISECONDS,
	request::{Outcome, OutcomeCommitment, RequestId, RequestStatus, Role, Statement, TrapCode},
	tensor::{Dimension, Port, Tensor, TensorType},
	AccountId, Balance, BlockNumber, Hash, GIGA_MAC, MILLI_UNIT, UNIT,
};
use countersign_runtime::{
	Attribution, Babe, Balances, Block, Executive, Header, Inference, Models, Runtime, RuntimeCall,
	RuntimeOrigin, System, UncheckedExtrinsic, Validators,
};
use frame_support::{assert_ok, traits::Authorize};
use sp_consensus_babe::{
	digests::{PreDigest, SecondaryVRFPreDigest},
	make_vrf_sign_data, Slot, BABE_ENGINE_ID,
};
use sp_core::{crypto::VrfSecret, Pair};
use sp_genesis_builder::runtime_decl_for_genesis_builder::GenesisBuilder;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	generic,
	traits::{Dispatchable, Header as _},
	transaction_validity::TransactionSource,
	Digest, DigestItem,
};

/// The state that the `development` preset gives: one validator, Alice.
fn genesis() -> sp_io::TestExternalities {
	let mut ext = sp_io::TestExternalities::new(sp_storage::Storage::default());
	ext.execute_with(|| {
		let json = |id| {
			let bytes = <Runtime as GenesisBuilder<Block>>::get_preset(&id).expect("a preset");
			serde_json::from_slice::<serde_json::Value>(&bytes).expect("JSON")
		};
		let mut config = json(None);
		merge(&mut config, json(Some("development".into())));
		let bytes = serde_json::to_vec(&config).expect("JSON");
		<Runtime as GenesisBuilder<Block>>::build_state(bytes).expect("the preset builds");
	});
	ext
}

fn merge(into: &mut serde_json::Value, patch: serde_json::Value) {
	match (into, patch) {
		(serde_json::Value::Object(into), serde_json::Value::Object(patch)) => {
			for (key, value) in patch {
				merge(into.entry(key).or_insert(serde_json::Value::Null), value);
			}
		}
		(into, patch) => *into = patch,
	}
}

/// Runs a test in a world, and checks every invariant afterwards.
pub fn run(test: impl FnOnce(&mut World)) {
	genesis().execute_with(|| {
		made();
		let mut world = World::new();
		test(&mut world);
		world.next_block();
		world.check();
	});
}

/// A chain with a block under way.
pub struct World {
	parent: Hash,
	number: BlockNumber,
	slot: u64,
	issuance: Balance,
}

impl World {
	fn new() -> Self {
		let parent = Hash::repeat_byte(0x47);
		frame_system::BlockHash::<Runtime>::insert(0, parent);
		let issuance = pallet_balances::TotalIssuance::<Runtime>::get();
		let mut world = Self { parent, number: 0, slot: 1_000, issuance };
		world.begin();
		world
	}

	/// The number of the block under way.
	pub fn number(&self) -> BlockNumber {
		self.number
	}

	fn begin(&mut self) {
		self.number += 1;
		self.slot += 1;
		let alice = Sr25519Keyring::Alice;
		let (slot, epoch) = (Slot::from(self.slot), Babe::current_epoch());
		// The import of a block checks the proof; the runtime reads the output only.
		let vrf_signature =
			alice.pair().vrf_sign(&make_vrf_sign_data(&epoch.randomness, slot, epoch.epoch_index));
		let digest = Digest {
			logs: vec![DigestItem::PreRuntime(
				BABE_ENGINE_ID,
				PreDigest::SecondaryVRF(SecondaryVRFPreDigest {
					authority_index: 0,
					slot,
					vrf_signature,
				})
				.encode(),
			)],
		};
		let header = Header::new(self.number, Hash::zero(), Hash::zero(), self.parent, digest);
		Executive::initialize_block(&header);
		let time = pallet_timestamp::Call::<Runtime>::set { now: self.slot * SLOT_MILLISECONDS };
		let time = generic::UncheckedExtrinsic::new_bare(RuntimeCall::from(time));
		Executive::apply_extrinsic(UncheckedExtrinsic::from(time))
			.expect("the inherent is valid")
			.expect("the inherent works");
	}

	/// Ends the block and begins the next.
	pub fn next_block(&mut self) {
		self.next_block_after(|| ());
	}

	/// Ends the block, asks what it left, and begins the next.
	pub fn next_block_after<R>(&mut self, ask: impl FnOnce() -> R) -> R {
		self.parent = Executive::finalize_block().hash();
		let told = ask();
		self.begin();
		told
	}

	/// Lets blocks pass.
	pub fn blocks(&mut self, count: u32) {
		for _ in 0..count {
			self.next_block();
		}
	}

	/// Every invariant of every pallet of ours, and that no money came from nowhere.
	pub fn check(&mut self) {
		Validators::do_try_state().expect("validators");
		Models::do_try_state().expect("models");
		Attribution::do_try_state().expect("attribution");
		Inference::do_try_state().expect("inference");
		let issuance = pallet_balances::TotalIssuance::<Runtime>::get();
		// Only a contract's existential deposit is minted.
		self.issuance += Balance::from(made()) * MILLI_UNIT;
		assert!(issuance <= self.issuance, "money came from nowhere");
		let everywhere = frame_system::Account::<Runtime>::iter_values()
			.fold(0u128, |sum, account| sum + account.data.free + account.data.reserved);
		assert_eq!(everywhere, issuance);
	}

	/// A model that takes four bytes and gives four bytes, served by Alice. Registered once.
	pub fn model(&self, price: Balance) -> ModelId {
		let owner = Sr25519Keyring::Eve.to_account_id();
		let id = manifest("four bytes").id(&System::block_hash(0), &owner);
		if Models::model(&id).is_some() {
			return id;
		}
		self.serve(self.register(manifest("four bytes"), price))
	}

	/// Has Alice serve a model.
	pub fn serve(&self, id: ModelId) -> ModelId {
		let alice = RuntimeOrigin::signed(Sr25519Keyring::Alice.to_account_id());
		assert_ok!(Models::set_capacity(alice.clone(), 1_000 * GIGA_MAC));
		assert_ok!(Models::serve(alice, id));
		id
	}

	/// Registers a manifest, by Eve.
	pub fn register(&self, manifest: Manifest, price: Balance) -> ModelId {
		let owner = Sr25519Keyring::Eve.to_account_id();
		let id = manifest.id(&System::block_hash(0), &owner);
		let now = System::block_number();
		System::set_block_number(now - 1);
		let commitment = countersign_primitives::model::registration_commitment(&id);
		assert_ok!(Models::commit(RuntimeOrigin::signed(owner.clone()), commitment));
		System::set_block_number(now);
		let call = pallet_models::Call::<Runtime>::register { manifest, price };
		assert_ok!(RuntimeCall::from(call).dispatch(RuntimeOrigin::signed(owner)));
		id
	}

	/// Alice, who has to be assigned, answers with four bytes.
	pub fn answer(&self, request: &RequestId) {
		self.submit(request, vec![bytes_tensor(&[4, 3, 2, 1])], None);
	}

	/// Alice answers with floats.
	pub fn answer_floats(&self, request: &RequestId, floats: &[f32]) {
		let data = floats.iter().flat_map(|float| float.to_le_bytes()).collect();
		let tensor = Tensor { ty: TensorType::F32, shape: vec![floats.len() as u32], data };
		self.submit(request, vec![tensor], None);
	}

	/// Alice says that the model refused the input.
	pub fn trap(&self, request: &RequestId) {
		self.submit(request, Vec::new(), Some(TrapCode::BadInput));
	}

	fn submit(&self, request: &RequestId, tensors: Vec<Tensor>, trap: Option<TrapCode>) {
		let view = Inference::request_view(*request).expect("there is a request");
		let assignment = view.assignment.expect("it is assigned");
		let pair = InferencePair::from(Sr25519Keyring::Alice.pair());
		let (outcome, committed) = match trap {
			Some(code) => {
				(Outcome::Trap { code, operator: 7 }, OutcomeCommitment::Trap { code, operator: 7 })
			}
			None => (
				Outcome::Output(tensors.encode().try_into().expect("short")),
				OutcomeCommitment::of_output(&tensors),
			),
		};
		let statement = Statement {
			genesis: System::block_hash(0),
			request: *request,
			model: view.model,
			role: Role::Executor,
			session: assignment.session,
			validator: assignment.validator,
			input: view.input_commitment,
			outcome: committed,
			attribution: vector_commitment(&Attribution::vector(&view.model)),
			signer: pair.public(),
		};
		let signature = pair.sign(&statement.signing_payload());
		let call = RuntimeCall::from(pallet_inference::Call::<Runtime>::submit_result {
			statement,
			outcome,
			signature,
		});
		let authorized = call.authorize(TransactionSource::External).expect("an authorized call");
		authorized.expect("the result is valid");
		call.dispatch(frame_system::RawOrigin::Authorized.into()).expect("it works");
	}

	/// Lets the window to `Final` pass.
	pub fn settle(&mut self, request: &RequestId) {
		for _ in 0..200 {
			if status(request) == Some(RequestStatus::Settled) {
				return;
			}
			self.next_block();
		}
		panic!("the request is not settled");
	}
}

/// One tensor of bytes.
pub fn bytes_tensor(bytes: &[u8]) -> Tensor {
	Tensor { ty: TensorType::U8, shape: vec![bytes.len() as u32], data: bytes.to_vec() }
}

/// Where a request stands.
pub fn status(request: &RequestId) -> Option<RequestStatus> {
	Inference::request_view(*request).map(|view| view.status)
}

/// What an account can spend.
pub fn free(who: &AccountId) -> Balance {
	Balances::free_balance(who)
}

/// What is held of an account's balance for requests. Contracts have deposits on hold besides.
pub fn held(who: &AccountId) -> Balance {
	use frame_support::traits::fungible::InspectHold;
	Balances::balance_on_hold(&pallet_inference::HoldReason::Request.into(), who)
}

/// A port of four bytes.
pub fn port(name: &str) -> Port {
	Port {
		name: name.as_bytes().to_vec().try_into().expect("short"),
		ty: TensorType::U8,
		shape: vec![Dimension::Fixed(4)].try_into().expect("one"),
	}
}

/// A model that takes four bytes and gives four bytes. A wallet and Ferdie contributed to it.
pub fn manifest(name: &str) -> Manifest {
	let contributor = |account: AccountId, percent, role| Contributor {
		account,
		role,
		evidence: Hash::repeat_byte(7),
		share: Share::from_percent(percent),
	};
	Manifest {
		name: name.as_bytes().to_vec().try_into().expect("short"),
		licence: b"MIT".to_vec().try_into().expect("short"),
		artefact: Artefact { sha256: sp_io::hashing::sha2_256(name.as_bytes()), length: 1_000 },
		program: None,
		inputs: vec![port("in")].try_into().expect("one"),
		outputs: vec![port("out")].try_into().expect("one"),
		policies: Default::default(),
		cost: RunCost { macs: GIGA_MAC / 10, time_ms: 1_000, memory_mib: 100 },
		contributors: vec![
			contributor(wallet(1), 75, ContributorRole::Training),
			contributor(Sr25519Keyring::Ferdie.to_account_id(), 25, ContributorRole::Feedback),
		]
		.try_into()
		.expect("few"),
		parents: Default::default(),
	}
}

/// A parent that gets a tenth.
pub fn parent(model: ModelId) -> Parent {
	Parent { model, royalty: Share::from_percent(10) }
}

/// What contributors of a model earned, as if somebody had paid for a run.
pub fn earn(model: &ModelId, amount: Balance) {
	use countersign_primitives::traits::Contributors;
	use frame_support::traits::{fungible::Mutate, tokens::Preservation};
	let from = Sr25519Keyring::Dave.to_account_id();
	assert_ok!(Balances::transfer(
		&from,
		&Attribution::pot_account(),
		amount,
		Preservation::Preserve
	));
	Attribution::credit(model, amount);
}

/// A token.
pub const TOKEN: Balance = UNIT;
