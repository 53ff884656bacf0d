//! Random sequences of dispatches on the real runtime, with every invariant checked.
//!
//! `COUNTERSIGN_DISPATCHES` sets how many dispatches are made; the default keeps the test short.

use super::{blocks::Chain, genesis::preset};
use crate::*;
use codec::{Decode, Encode};
use countersign_primitives::{
	audit::{audit_commitment, AuditCommit, AuditReveal, AuditStage},
	commitment::tensors_commitment,
	dispute::{Effort, PackageSource, ReplayChallenge, Witness, STAGED_CHUNK},
	keys::InferencePair,
	model::{
		Artefact, Contributor, ContributorRole, Manifest, ModelId, Parent, PrecisionPolicy,
		ProgramRef, RunCost, Share,
	},
	offence::SignedStatement,
	request::{
		EvidenceSet, Finality, Input, InputDemand, Outcome, OutcomeCommitment, RequestStatus, Role,
		Statement, Terms, TrapCode,
	},
	tensor::{Dimension, Port, Tensor, TensorType},
	GIGA_MAC,
};
use frame_support::traits::Authorize;
use sp_core::Pair;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{traits::Dispatchable, transaction_validity::TransactionSource};
use sp_staking::offence::ReportOffence;
use std::collections::BTreeMap;

/// SplitMix64: a generator whose whole state is one number, so that a failure names its seed.
struct Random(u64);

impl Random {
	fn next_u64(&mut self) -> u64 {
		self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
		let mut z = self.0;
		z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
		z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
		z ^ (z >> 31)
	}
	fn fill_bytes(&mut self, bytes: &mut [u8]) {
		bytes.iter_mut().for_each(|byte| *byte = self.next_u64() as u8);
	}
	fn below(&mut self, bound: usize) -> usize {
		(self.next_u64() % bound.max(1) as u64) as usize
	}
	fn one_in(&mut self, bound: usize) -> bool {
		self.below(bound) == 0
	}
	fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
		from.get(self.below(from.len()))
	}
	fn amount(&mut self) -> Balance {
		match self.below(8) {
			0 => 0,
			1 => Balance::MAX,
			2 => Balance::from(self.next_u64()),
			_ => UNIT / 1_000 * self.below(3_000_000) as Balance,
		}
	}
}

fn accounts() -> Vec<AccountId> {
	let mut all: Vec<AccountId> =
		Sr25519Keyring::well_known().map(|key| key.to_account_id()).collect();
	// An account that has nothing and one that nobody knows.
	all.push(AccountId::from([7u8; 32]));
	all
}

fn tensors(random: &mut Random) -> Vec<Tensor> {
	let size = if random.one_in(10) { 3 } else { 4 };
	alloc::vec![Tensor {
		ty: TensorType::U8,
		shape: alloc::vec![size],
		data: (0..size).map(|_| random.below(256) as u8).collect(),
	}]
}

/// Packages that add something to four octets; anything may be the programs of models.
fn packages() -> Vec<Vec<u8>> {
	use countersign_canonical::{
		op::{Binary, Op},
		Tensor, TensorType,
	};
	use countersign_programs::examples;
	(0..3u8)
		.map(|number| {
			let four = [4u32];
			let constant =
				Tensor { ty: TensorType::U8, shape: four.to_vec(), data: alloc::vec![number; 4] };
			examples::encoded(&examples::package(
				alloc::vec![examples::meta(TensorType::U8, &four)],
				alloc::vec![constant],
				alloc::vec![(Op::Binary(Binary::Add), alloc::vec![0, 1])],
				alloc::vec![2],
			))
		})
		.collect()
}

fn port(name: &str) -> Port {
	Port {
		name: name.as_bytes().to_vec().try_into().expect("short"),
		ty: TensorType::U8,
		shape: alloc::vec![Dimension::Fixed(4)].try_into().expect("one"),
	}
}

fn manifest(random: &mut Random, models: &[ModelId], artefacts: &[[u8; 32]]) -> Manifest {
	let people = accounts();
	let count = 1 + random.below(4);
	let mut left = Share::WHOLE.0;
	let contributors = (0..count)
		.map(|index| {
			let share =
				if index + 1 == count { left } else { 1 + random.below(left as usize / 2) as u32 };
			left -= share;
			Contributor {
				account: random.pick(&people).cloned().expect("not empty"),
				role: ContributorRole::Data,
				evidence: Hash::zero(),
				share: Share(if random.one_in(20) { share ^ 1 } else { share }),
			}
		})
		.collect::<Vec<_>>();
	let parents = (0..random.below(4))
		.filter_map(|_| {
			let model = random.pick(models).copied()?;
			Some(Parent { model, royalty: Share(1 + random.below(300_000_000) as u32) })
		})
		.collect::<Vec<_>>();
	let program = random.one_in(3).then(|| {
		let package = random.pick(&packages()).cloned().expect("not empty");
		let root = countersign_programs::examine(&package).expect("in order").root;
		ProgramRef { root, canonical_version: 1 + u16::from(random.one_in(30)) }
	});
	let mut parents = parents;
	if let Some(first) =
		program.as_ref().and_then(|program| Models::model_of_program(&program.root))
	{
		if !random.one_in(10) && parents.iter().all(|parent| parent.model != first) {
			parents.push(Parent { model: first, royalty: Share(1) });
		}
	}
	let policies = if program.is_some() { alloc::vec![PrecisionPolicy::Exact] } else { Vec::new() };
	let sha256 = match random.pick(artefacts) {
		Some(known) if random.one_in(10) => *known,
		_ => {
			let mut fresh = [0u8; 32];
			random.fill_bytes(&mut fresh);
			fresh
		}
	};
	Manifest {
		name: b"random".to_vec().try_into().expect("short"),
		licence: b"MIT".to_vec().try_into().expect("short"),
		artefact: Artefact { sha256, length: random.below(1_000_000) as u64 },
		program,
		inputs: alloc::vec![port("in")].try_into().expect("one"),
		outputs: alloc::vec![port("out")].try_into().expect("one"),
		policies: policies.try_into().expect("one"),
		cost: RunCost {
			macs: if random.one_in(20) {
				random.next_u64()
			} else {
				1 + random.next_u64() % GIGA_MAC
			},
			time_ms: 1_000,
			memory_mib: 100,
		},
		contributors: contributors.try_into().expect("few"),
		parents: parents.try_into().expect("few"),
	}
}

/// What the sequence has made so far.
#[derive(Default)]
struct World {
	models: Vec<ModelId>,
	artefacts: Vec<[u8; 32]>,
	/// The inputs of requests that name them by commitment.
	inputs: BTreeMap<Hash, Vec<u8>>,
	made: u32,
	worked: BTreeMap<&'static str, u32>,
	failed: BTreeMap<&'static str, u32>,
}

impl World {
	fn note(&mut self, what: &'static str, worked: bool) {
		self.made += 1;
		*if worked { &mut self.worked } else { &mut self.failed }.entry(what).or_default() += 1;
	}

	fn signed(&mut self, what: &'static str, who: &AccountId, call: impl Into<RuntimeCall>) {
		let result = call.into().dispatch(RuntimeOrigin::signed(who.clone()));
		self.note(what, result.is_ok());
	}

	/// Offers an authorized call as the pool would. What is authorized must not fail.
	fn authorized(&mut self, what: &'static str, call: impl Into<RuntimeCall>) {
		let call = call.into();
		match call.authorize(TransactionSource::External) {
			Some(Ok(_)) => {
				call.clone()
					.dispatch(frame_system::RawOrigin::Authorized.into())
					.unwrap_or_else(|error| panic!("authorized, yet {error:?}: {call:?}"));
				assert!(
					!matches!(call.authorize(TransactionSource::External), Some(Ok(_))),
					"authorized twice: {call:?}"
				);
				self.note(what, true);
			}
			_ => self.note(what, false),
		}
	}

	fn step(&mut self, random: &mut Random) {
		let people = accounts();
		let who = random.pick(&people).cloned().expect("not empty");
		let other = random.pick(&people).cloned().expect("not empty");
		let model = random.pick(&self.models).copied().unwrap_or_default();
		match random.below(145) {
			0..=3 => {
				let manifest = manifest(random, &self.models, &self.artefacts);
				let id = manifest.id(&System::block_hash(0), &who);
				let sha256 = manifest.artefact.sha256;
				let price = random.amount();
				let before = Models::model(&id).is_some();
				// Mostly committed to in the block before; sometimes in this one, or not at all.
				let commitment = countersign_primitives::model::registration_commitment(&id);
				let commit = pallet_models::Call::commit { commitment };
				match random.below(8) {
					0 => {}
					1 => self.signed("commit", &who, commit),
					_ => {
						let now = System::block_number();
						System::set_block_number(now.saturating_sub(1));
						self.signed("commit", &who, commit);
						System::set_block_number(now);
					}
				}
				self.signed("register", &who, pallet_models::Call::register { manifest, price });
				if !before && Models::model(&id).is_some() {
					self.models.push(id);
					self.artefacts.push(sha256);
				}
			}
			4..=5 => {
				let (who, price) = (self.owner(&model, who, random), random.amount());
				self.signed("set_price", &who, pallet_models::Call::set_price { model, price });
			}
			6 => {
				let who = self.owner(&model, who, random);
				let to = random.one_in(2).then_some(other);
				self.signed(
					"offer_transfer",
					&who,
					pallet_models::Call::offer_transfer { model, to },
				);
			}
			7 => {
				self.signed("accept_transfer", &who, pallet_models::Call::accept_transfer { model })
			}
			8 => self.dispute(random, &who),
			9 if random.one_in(24) => {
				let who = self.owner(&model, who, random);
				self.signed("retire", &who, pallet_models::Call::retire { model });
			}
			9..=13 => self.signed("serve", &who, pallet_models::Call::serve { model }),
			14 if random.one_in(2) => self.stage(random, &who),
			14 => self.signed("stop_serving", &who, pallet_models::Call::stop_serving { model }),
			15..=17 => {
				let capacity = random.next_u64() % (4 * GIGA_MAC);
				self.signed("set_capacity", &who, pallet_models::Call::set_capacity { capacity });
			}
			18..=42 => self.request(random, &who, model),
			43..=67 => self.answer(random),
			68..=71 => self.demand(random),
			72..=74 => {
				let open: Vec<_> = pallet_inference::Requests::<Runtime>::iter()
					.filter(|(_, request)| request.status == RequestStatus::InputDemanded)
					.map(|(id, request)| (id, request.input_commitment))
					.collect();
				if let Some((request, commitment)) = random.pick(&open).copied() {
					let mut bytes = self.inputs.get(&commitment).cloned().unwrap_or_default();
					if random.one_in(4) {
						bytes.pop();
					}
					let bytes = bytes.try_into().expect("short");
					self.signed(
						"post_input",
						&who,
						pallet_inference::Call::post_input { request, bytes },
					);
				}
			}
			75..=79 => {
				let index = random.below(6) as u32;
				self.signed("claim", &who, pallet_attribution::Call::claim { model, index });
			}
			80 => {
				let call = pallet_attribution::Call::accept_right {
					model,
					contributor: random.below(4) as u16,
				};
				self.signed("accept_right", &who, call);
			}
			81..=82 => {
				let amount = random.amount();
				self.signed("bond", &who, pallet_validators::Call::bond { amount });
			}
			83..=84 => {
				let amount = random.amount();
				self.signed("bond_more", &who, pallet_validators::Call::bond_more { amount });
			}
			85..=86 => {
				let amount = random.amount();
				self.signed("unbond", &who, pallet_validators::Call::unbond { amount });
			}
			87 if random.one_in(4) => self.signed("leave", &who, pallet_validators::Call::leave {}),
			88..=89 => self.signed("rejoin", &who, pallet_validators::Call::rejoin {}),
			90 => self.signed("withdraw", &who, pallet_validators::Call::withdraw {}),
			91..=95 => {
				let value = random.amount();
				let dest = other.into();
				self.signed(
					"transfer",
					&who,
					pallet_balances::Call::transfer_allow_death { dest, value },
				);
			}
			100..=102 => {
				let length = self.package_of(&model).len() as u32 + u32::from(random.one_in(8));
				let call = pallet_models::Call::begin_program { model, length };
				self.signed("begin_program", &who, call);
			}
			103..=108 => {
				if let Some((model, who)) = self.an_upload(random) {
					let mut bytes = self.package_of(&model);
					if random.one_in(8) {
						let at = random.below(bytes.len());
						bytes[at] ^= 1;
					}
					let bytes = bytes.try_into().expect("short");
					let index = u32::from(random.one_in(10));
					let call = pallet_models::Call::put_program_chunk { model, index, bytes };
					self.signed("put_program_chunk", &who, call);
				}
			}
			109..=113 => {
				if let Some((model, who)) = self.an_upload(random) {
					let call = pallet_models::Call::finish_program { model };
					self.signed("finish_program", &who, call);
				}
			}
			114 => {
				if let Some((model, who)) = self.an_upload(random) {
					let call = pallet_models::Call::abort_program { model };
					self.signed("abort_program", &who, call);
				}
			}
			115 if random.one_in(4) => {
				let stored: Vec<_> = pallet_models::StoredPrograms::<Runtime>::iter()
					.map(|(root, record)| (root, record.depositor))
					.collect();
				if let Some((root, depositor)) = random.pick(&stored).cloned() {
					let who = if random.one_in(3) { who } else { depositor };
					let call = pallet_models::Call::drop_program { root };
					self.signed("drop_program", &who, call);
				}
			}
			116..=124 => {
				let callable: Vec<_> = self
					.models
					.iter()
					.filter(|model| Models::program_record(model).is_some())
					.copied()
					.collect();
				let model = random.pick(&callable).copied().unwrap_or(model);
				let input = tensors(random).encode().try_into().expect("short");
				let max_fee = random.amount();
				let call = pallet_inference::Call::infer_sync { model, input, max_fee };
				self.signed("infer_sync", &who, call);
			}
			125..=144 => self.audit(random),
			96 => self.offend(random, &who),
			97 if random.one_in(3) => self.offend_in_consensus(random),
			_ => {
				let call = pallet_inference::Call::set_parameters {
					parameters: countersign_primitives::parameters::RequestParameters {
						final_window_blocks: 40 + random.below(40) as u32,
						risk_per_million: random.below(100_000) as u32,
						base_fee: 1 + random.amount() % UNIT,
						..countersign_primitives::parameters::RequestParameters::local()
					},
				};
				let origin = pallet_governance::Origin::Parameters;
				let result = RuntimeCall::from(call).dispatch(origin.into());
				self.note("set_parameters", result.is_ok());
			}
		}
	}

	/// The package of a model's program, or some other bytes.
	fn package_of(&self, model: &ModelId) -> Vec<u8> {
		let root = Models::manifest(model).and_then(|manifest| manifest.program);
		packages()
			.into_iter()
			.find(|package| {
				let found = countersign_programs::examine(package).expect("in order").root;
				root.as_ref().is_some_and(|program| program.root == found)
			})
			.unwrap_or_else(|| alloc::vec![7; 40])
	}

	/// Somebody's upload.
	fn an_upload(&self, random: &mut Random) -> Option<(ModelId, AccountId)> {
		let all: Vec<_> = pallet_models::Uploads::<Runtime>::iter_keys().collect();
		random.pick(&all).cloned()
	}

	/// Two statements of one validator, reported by `who`; or a referendum that cancels a slash.
	fn offend(&mut self, random: &mut Random, who: &AccountId) {
		if random.one_in(4) {
			let slash = pallet_validators::NextSlash::<Runtime>::get()
				.saturating_sub(1 + random.below(3) as u32);
			let origin = pallet_governance::Origin::Slashes;
			let call = RuntimeCall::from(pallet_validators::Call::cancel_slash { slash });
			let result = call.dispatch(origin.into());
			return self.note("cancel_slash", result.is_ok());
		}
		let session = Session::current_index().saturating_sub(random.below(60) as u32);
		let validator = random.below(5) as u32;
		let Some(member) =
			<Validators as countersign_primitives::traits::Sessions>::member(session, validator)
		else {
			return self.note("report_equivocation", false);
		};
		let signer = Sr25519Keyring::iter()
			.find(|key| key.to_account_id() == member.account)
			.expect("all validators are development accounts");
		let pair = InferencePair::from(signer.pair());
		let open: Vec<_> = pallet_inference::Requests::<Runtime>::iter_keys().collect();
		let request = random.pick(&open).copied().unwrap_or_default();
		let signed = |answer: u8, attribution: u8| {
			let statement = Statement {
				genesis: System::block_hash(0),
				request,
				model: Hash::zero(),
				role: Role::Executor,
				session,
				validator,
				input: Hash::zero(),
				outcome: OutcomeCommitment::Output(Hash::repeat_byte(answer)),
				attribution: Hash::repeat_byte(attribution),
				signer: pair.public(),
			};
			let signature = pair.sign(&statement.signing_payload());
			Box::new(SignedStatement { statement, signature })
		};
		let first = signed(random.below(2) as u8, 0);
		let mut second = signed(random.below(3) as u8, random.below(2) as u8);
		if random.one_in(6) {
			second.statement.request = Hash::zero();
		}
		self.signed(
			"report_equivocation",
			who,
			pallet_validators::Call::report_equivocation { first, second },
		);
	}

	/// A validator makes two blocks in a slot.
	fn offend_in_consensus(&mut self, random: &mut Random) {
		let validators = Session::validators();
		let offender = random.pick(&validators).cloned().expect("there always is one");
		if Authorship::author() == Some(offender.clone()) {
			// BABE refuses a block that disables its own author.
			return;
		}
		let bond = <Validators as countersign_primitives::traits::Bonds>::bonded(&offender);
		let offence = pallet_babe::EquivocationOffence {
			slot: sp_consensus_babe::Slot::from(*Babe::current_slot() / 8),
			session_index: Session::current_index(),
			validator_set_count: validators.len() as u32,
			offender: (offender, pallet_validators::Exposure { bond }),
		};
		let reporters = accounts().into_iter().take(random.below(2)).collect();
		let result =
			pallet_validators::ConsensusOffences::<Runtime>::report_offence(reporters, offence);
		self.note("babe equivocation", result.is_ok());
	}

	/// Mostly the owner, sometimes anyone.
	fn owner(&self, model: &ModelId, anyone: AccountId, random: &mut Random) -> AccountId {
		match Models::model(model) {
			Some(view) if !random.one_in(5) => view.owner,
			_ => anyone,
		}
	}

	fn request(&mut self, random: &mut Random, who: &AccountId, model: ModelId) {
		let tensors = tensors(random);
		let bytes = tensors.encode();
		let commitment = tensors_commitment(&tensors);
		let input = if random.one_in(3) {
			self.inputs.insert(commitment, bytes.clone());
			Input::Committed { commitment, length: bytes.len() as u32 }
		} else {
			Input::Inline(bytes.try_into().expect("short"))
		};
		let lane = random.below(18) as u8;
		let nonce = Inference::next_nonce(who.clone(), lane) + u64::from(random.one_in(20));
		let terms = Terms {
			max_fee: if random.one_in(3) { random.amount() } else { 10_000 * UNIT },
			deadline: System::block_number() + random.below(40) as u32,
			lane,
			evidence: EvidenceSet { audited: u8::from(random.one_in(30)), ..Default::default() },
			value_at_risk: Balance::from(random.one_in(30)),
			callback: None,
		};
		self.signed("request", who, pallet_inference::Call::request { model, input, terms, nonce });
	}

	fn answer(&mut self, random: &mut Random) {
		let open: Vec<_> = pallet_inference::Requests::<Runtime>::iter_keys().collect();
		let Some(request) = random.pick(&open).copied() else { return };
		let Some(view) = Inference::request_view(request) else { return };
		let Some(assignment) = view.assignment else { return };
		let Some(signer) =
			Sr25519Keyring::iter().find(|key| key.to_account_id() == assignment.account)
		else {
			return;
		};
		let signer = if random.one_in(10) { Sr25519Keyring::Ferdie } else { signer };
		let pair = InferencePair::from(signer.pair());
		let output = tensors(random);
		let truth = self.truth(&view.model, request, &view.input_commitment);
		let truth = truth.and_then(|truth| truth.commitment().map(|committed| (truth, committed)));
		let (outcome, committed) = if let (Some(truth), false) = (truth, random.one_in(5)) {
			truth
		} else if random.one_in(5) {
			let (code, operator) = (TrapCode::BadInput, u32::MAX);
			(Outcome::Trap { code, operator }, OutcomeCommitment::Trap { code, operator })
		} else {
			(
				Outcome::Output(output.encode().try_into().expect("short")),
				OutcomeCommitment::of_output(&output),
			)
		};
		let mut statement = Statement {
			genesis: System::block_hash(0),
			request,
			model: view.model,
			role: Role::Executor,
			session: assignment.session,
			validator: assignment.validator,
			input: view.input_commitment,
			outcome: committed,
			attribution: countersign_primitives::attribution::vector_commitment(
				&Attribution::vector(&view.model),
			),
			signer: pair.public(),
		};
		match random.below(30) {
			0 => statement.session += 1,
			1 => statement.validator += 1,
			2 => statement.input = Hash::zero(),
			3 => statement.attribution = Hash::zero(),
			4 => statement.role = Role::Auditor(0),
			5 => statement.genesis = Hash::zero(),
			_ => {}
		}
		let mut signature = pair.sign(&statement.signing_payload());
		if random.one_in(20) {
			signature = pair.sign(b"something else");
		}
		self.authorized(
			"submit_result",
			pallet_inference::Call::submit_result { statement, outcome, signature },
		);
	}

	/// What a model's program says about an input that is known here.
	fn truth(&self, model: &ModelId, request: Hash, input: &Hash) -> Option<Outcome> {
		let package = self.package_of(model);
		let mut prepared = countersign_canonical::Prepared::from_package(&package).ok()?;
		let input = Inference::input(request).or_else(|| self.inputs.get(input).cloned())?;
		let input = countersign_primitives::tensor::decode_tensors(&input).ok()?;
		match countersign_programs::run(&mut prepared, &[PrecisionPolicy::Exact], &input) {
			Ok(outputs) => outputs.encode().try_into().ok().map(Outcome::Output),
			Err(trap) => Some(trap.into()),
		}
	}

	/// Has a result replayed, by an account or by a validator's key, mostly as it should be done.
	fn dispute(&mut self, random: &mut Random, who: &AccountId) {
		let any = random.one_in(5);
		let all: Vec<_> = pallet_inference::Results::<Runtime>::iter()
			.filter(|(_, result)| any || result.finality == Finality::Open)
			.map(|(request, _)| request)
			.collect();
		let Some(request) = random.pick(&all).copied() else { return };
		let Some(view) = Inference::request_view(request) else { return };
		let mut package = self.package_of(&view.model);
		if random.one_in(10) {
			let at = random.below(package.len());
			package[at] ^= 1;
		}
		let input = match self.inputs.get(&view.input_commitment) {
			Some(bytes) if !view.input_on_chain => Some(bytes.clone()),
			_ if random.one_in(20) => Some(alloc::vec![1, 2, 3]),
			_ => None,
		};
		let bytes = package.len() as u32 + view.input_length + u32::from(random.one_in(4));
		let macs = Disputes::replay_cost(package.clone(), 0).map_or(1_000, |it| it.effort.macs);
		let effort = Effort { macs: macs - u64::from(random.one_in(10)), bytes };
		let witness = Witness {
			package: if random.one_in(10) {
				PackageSource::Stored
			} else {
				PackageSource::Inline(package.try_into().expect("short"))
			},
			input: input.map(|bytes| bytes.try_into().expect("short")),
		};
		match random.below(3) {
			0 => self.signed(
				"confirm_by_replay",
				who,
				pallet_disputes::Call::confirm_by_replay { request, witness, effort },
			),
			1 => self.signed(
				"dispute_by_replay",
				who,
				pallet_disputes::Call::dispute_by_replay { request, witness, effort },
			),
			_ => {
				use countersign_primitives::traits::Sessions;
				let validators = Session::validators();
				let Some(validator) = random.pick(&validators) else { return };
				let signer = Sr25519Keyring::iter().find(|key| key.to_account_id() == *validator);
				let Some(signer) = signer else { return };
				let pair = InferencePair::from(signer.pair());
				let challenge = ReplayChallenge {
					genesis: System::block_hash(0),
					request,
					session: <Validators as Sessions>::current(),
					validator: <Validators as Sessions>::position(validator).unwrap_or(99),
					effort,
					signer: pair.public(),
				};
				let signature = pair.sign(&challenge.signing_payload());
				self.authorized(
					"challenge",
					pallet_disputes::Call::challenge { challenge, witness, signature },
				);
			}
		}
	}

	/// Has an auditor do what is to be done: one commits to what the executor claims or, for some
	/// requests, to something else, and shows it, or does not.
	fn audit(&mut self, random: &mut Random) {
		let items: Vec<_> = Sr25519Keyring::iter()
			.flat_map(|key| Audits::work_of(InferencePair::from(key.pair()).public()))
			.collect();
		let Some(item) = random.pick(&items).cloned() else { return };
		let Some(signer) = Sr25519Keyring::iter().find(|key| key.to_account_id() == item.account)
		else {
			return;
		};
		let pair = InferencePair::from(signer.pair());
		let is_other = item.request.0[0].is_multiple_of(4) && item.role != Role::Auditor(0);
		let outcome = match is_other {
			true => Outcome::Trap { code: TrapCode::Operator, operator: 9 },
			false => match pallet_inference::Outcomes::<Runtime>::get(item.request) {
				Some(outcome) => outcome,
				None => return,
			},
		};
		let Some(found) = outcome.commitment() else { return };
		let (genesis, trace, salt) = (System::block_hash(0), Hash::zero(), [7; 32]);
		let (session, validator, role) = (item.session, item.validator, item.role);
		if item.stage == AuditStage::Commit {
			let (request, account) = (item.request, &item.account);
			let commitment =
				audit_commitment(&genesis, &request, role, account, &found, &trace, &salt);
			let signer = pair.public();
			let commit =
				AuditCommit { genesis, request, role, session, validator, commitment, signer };
			let signature = pair.sign(&commit.signing_payload());
			return self
				.authorized("audit_commit", pallet_audits::Call::commit { commit, signature });
		}
		let statement = Statement {
			genesis,
			request: item.request,
			model: item.model,
			role,
			session,
			validator,
			input: item.input_commitment,
			outcome: found,
			attribution: item.attribution,
			signer: pair.public(),
		};
		let outcome = (statement.outcome != item.claimed).then_some(outcome);
		let signature = pair.sign(&statement.signing_payload());
		let reveal = AuditReveal { statement, trace, salt, outcome };
		self.authorized("audit_reveal", pallet_audits::Call::reveal { reveal, signature });
	}

	/// Stages a package, posts a part of one, or ends the staging.
	fn stage(&mut self, random: &mut Random, who: &AccountId) {
		let all: Vec<_> = pallet_disputes::Stagings::<Runtime>::iter().collect();
		match random.pick(&all).cloned() {
			Some((id, staging)) if !random.one_in(3) => {
				let who = if random.one_in(8) { who.clone() } else { staging.owner.clone() };
				if random.one_in(4) {
					return self.signed("unstage", &who, pallet_disputes::Call::unstage { id });
				}
				let first = random.below(staging.chunks() as usize + 1) as u32;
				let length = staging.chunk_length(first) as usize + usize::from(random.one_in(8));
				let bytes = alloc::vec![7u8; length].try_into().expect("a chunk");
				let call = pallet_disputes::Call::stage_chunks { id, first, bytes };
				self.signed("stage_chunks", &who, call);
			}
			_ => {
				let root = Hash::repeat_byte(random.below(6) as u8);
				let length = random.below(3 * STAGED_CHUNK as usize) as u32;
				self.signed("stage", who, pallet_disputes::Call::stage { root, length });
			}
		}
	}

	fn demand(&mut self, random: &mut Random) {
		let open: Vec<_> = pallet_inference::Requests::<Runtime>::iter_keys().collect();
		let Some(request) = random.pick(&open).copied() else { return };
		let Some(assignment) = Inference::request_view(request).and_then(|view| view.assignment)
		else {
			return;
		};
		let Some(signer) =
			Sr25519Keyring::iter().find(|key| key.to_account_id() == assignment.account)
		else {
			return;
		};
		let pair = InferencePair::from(signer.pair());
		let demand = InputDemand {
			genesis: System::block_hash(0),
			request,
			session: assignment.session,
			validator: assignment.validator,
			signer: pair.public(),
		};
		let signature = pair.sign(&demand.signing_payload());
		self.authorized("demand_input", pallet_inference::Call::demand_input { demand, signature });
	}
}

/// Every invariant of every pallet of ours, and that no money appears or vanishes unseen.
fn check() {
	Validators::do_try_state().expect("validators");
	Models::do_try_state().expect("models");
	Attribution::do_try_state().expect("attribution");
	Inference::do_try_state().expect("inference");
	Disputes::do_try_state().expect("disputes");
	Audits::do_try_state().expect("audits");
	let everywhere = frame_system::Account::<Runtime>::iter_values()
		.fold(0u128, |sum, account| sum + account.data.free + account.data.reserved);
	assert_eq!(everywhere, pallet_balances::TotalIssuance::<Runtime>::get());
	// The same money, as requests, bonds and deposits say.
	for (account, holds) in pallet_balances::Holds::<Runtime>::iter() {
		let held: Balance = holds.iter().map(|hold| hold.amount).sum();
		assert_eq!(held, System::account(&account).data.reserved, "{account:?}");
	}
}

fn play(seed: u64, dispatches: u32) {
	let mut random = Random(seed);
	let mut world = World::default();
	preset("local_testnet").execute_with(|| {
		let mut chain = Chain::new();
		let mut issuance = pallet_balances::TotalIssuance::<Runtime>::get();
		while world.made < dispatches {
			chain.block(|| {
				for _ in 0..random.below(60) {
					world.step(&mut random);
				}
			});
			let now = pallet_balances::TotalIssuance::<Runtime>::get();
			assert!(now <= issuance, "money came from nowhere");
			issuance = now;
			if chain.number().is_multiple_of(16) {
				check();
			}
		}
		// Let everything end: deadlines, take-overs, windows and retention.
		for _ in 0..700 {
			chain.block(|| ());
		}
		check();
		assert_eq!(pallet_inference::Requests::<Runtime>::iter_keys().count(), 0, "all pruned");
		assert_eq!(pallet_inference::Results::<Runtime>::iter_keys().count(), 0, "all pruned");
		assert_eq!(pallet_disputes::Decisions::<Runtime>::iter_keys().count(), 0, "all pruned");
		assert_eq!(pallet_audits::Audits::<Runtime>::iter_keys().count(), 0, "all pruned");
		assert_eq!(pallet_validators::Slashes::<Runtime>::iter_keys().count(), 0, "all applied");
		assert_eq!(pallet_validators::Reports::<Runtime>::iter_keys().count(), 0, "all forgotten");
		assert_eq!(pallet_offences::Reports::<Runtime>::iter_keys().count(), 0, "there too");
		for who in accounts() {
			assert_eq!(
				<Validators as countersign_primitives::traits::Bonds>::reserved_cover(&who),
				0,
				"no cover outlives its result"
			);
			let pending = pallet_validators::Ledgers::<Runtime>::get(&who).map(|ledger| {
				(ledger.pending.covers, ledger.pending.own, ledger.pending.own_slashes)
			});
			assert!(matches!(pending, None | Some((0, 0, 0))), "{pending:?}");
		}
		println!(
			"seed {seed}: {} dispatches in {} blocks\nworked: {:?}\nrefused: {:?}",
			world.made,
			chain.number(),
			world.worked,
			world.failed
		);
		// A sequence that only fails would show nothing.
		for call in [
			"register",
			"serve",
			"request",
			"submit_result",
			"claim",
			"transfer",
			"bond_more",
			"finish_program",
			"infer_sync",
			"report_equivocation",
			"cancel_slash",
			"babe equivocation",
		] {
			assert!(world.worked.get(call).is_some_and(|count| *count > 0), "{call} never worked");
		}
	});
}

#[test]
fn random_dispatches_break_no_invariant() {
	let dispatches = std::env::var("COUNTERSIGN_DISPATCHES")
		.ok()
		.map_or(6_000, |text| text.parse().expect("COUNTERSIGN_DISPATCHES is a number"));
	let seed = std::env::var("COUNTERSIGN_SEED")
		.ok()
		.map_or(1, |text| text.parse().expect("COUNTERSIGN_SEED is a number"));
	play(seed, dispatches);
}

#[test]
fn random_bytes_as_transactions_never_panic() {
	let mut random = Random(2);
	preset("local_testnet").execute_with(|| {
		let mut chain = Chain::new();
		chain.block(|| {
			for _ in 0..20_000 {
				let mut bytes = alloc::vec![0u8; random.below(120)];
				random.fill_bytes(&mut bytes);
				if let Ok(call) = RuntimeCall::decode(&mut &bytes[..]) {
					let _ = call.authorize(TransactionSource::External);
					let _ = call.dispatch(RuntimeOrigin::signed(accounts()[0].clone()));
				}
			}
		});
	});
}
