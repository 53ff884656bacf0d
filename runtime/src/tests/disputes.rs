//! Results of real programs, true and forged, before the referee of the real runtime.
//!
//! `COUNTERSIGN_FORGERIES` sets how many forged and how many honest results are judged; the default
//! keeps the test short.

use super::{blocks::Chain, genesis::preset};
use crate::*;
use codec::Encode;
use countersign_canonical as canonical;
use countersign_primitives::{
	commitment::tensors_commitment,
	dispute::{Effort, PackageSource, Verdict, Witness},
	keys::InferencePair,
	model::{
		Artefact, Contributor, ContributorRole, Manifest, ModelId, PrecisionPolicy, ProgramRef,
		RunCost, Share,
	},
	request::{
		EvidenceSet, Finality, Input, Outcome, RequestId, RequestStatus, Role, Statement, Terms,
		TrapCode,
	},
	tensor::{decode_tensors, Dimension, Port, Tensor},
	traits::{Bonds, Results as _, Sessions},
	GIGA_MAC,
};
use countersign_programs::examples::{self, input_floats, input_index};
use frame_support::{dispatch::Pays, storage::with_transaction, traits::Authorize};
use pallet_disputes::Event as Disputed;
use sp_core::Pair;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	traits::Dispatchable, transaction_validity::TransactionSource, DispatchError,
	TransactionOutcome,
};

/// A model of these tests: its program, and what it was registered as.
pub(super) struct Model {
	pub(super) id: ModelId,
	pub(super) package: Vec<u8>,
	pub(super) policies: Vec<PrecisionPolicy>,
}

fn port(name: &str, meta: &canonical::Meta) -> Port {
	Port {
		name: name.as_bytes().to_vec().try_into().expect("short"),
		ty: countersign_programs::type_from_canonical(meta.ty),
		shape: meta
			.shape
			.iter()
			.map(|dim| Dimension::Fixed(*dim))
			.collect::<Vec<_>>()
			.try_into()
			.expect("few dimensions"),
	}
}

/// Registers a program as a model of Eve, served by all validators.
pub(super) fn register(
	artefact: u8,
	package: canonical::program::Package,
	policy: PrecisionPolicy,
	price: Balance,
) -> Model {
	register_all(artefact, package.encode(), vec![policy], price)
}

/// Registers the encoding of a package, with a policy for each output.
pub(super) fn register_all(
	artefact: u8,
	package: Vec<u8>,
	policies: Vec<PrecisionPolicy>,
	price: Balance,
) -> Model {
	let prepared = canonical::Prepared::from_package(&package).expect("a package");
	let ports = |prefix: &str, metas: &[canonical::Meta]| -> Vec<Port> {
		let each = metas.iter().enumerate();
		each.map(|(at, meta)| port(&format!("{prefix}{at}"), meta)).collect()
	};
	let outputs: Vec<canonical::Meta> = prepared
		.outputs()
		.iter()
		.zip(&policies)
		.map(|(output, policy)| {
			countersign_programs::policy(policy).exposed_meta(output).expect("the policy fits")
		})
		.collect();
	let manifest = Manifest {
		name: b"model".to_vec().try_into().expect("short"),
		licence: b"MIT".to_vec().try_into().expect("short"),
		artefact: Artefact { sha256: [artefact; 32], length: 1 },
		program: Some(ProgramRef {
			root: prepared.root().into(),
			canonical_version: canonical::VERSION,
		}),
		inputs: ports("x", prepared.inputs()).try_into().expect("few"),
		outputs: ports("y", &outputs).try_into().expect("few"),
		policies: policies.clone().try_into().expect("few"),
		cost: RunCost {
			macs: prepared.cost().weighted_macs().max(1),
			time_ms: 1_000,
			memory_mib: 100,
		},
		contributors: vec![Contributor {
			account: Sr25519Keyring::Eve.to_account_id(),
			role: ContributorRole::Training,
			evidence: Hash::zero(),
			share: Share::WHOLE,
		}]
		.try_into()
		.expect("one"),
		parents: Default::default(),
	};
	let owner = Sr25519Keyring::Eve.to_account_id();
	let id = manifest.id(&System::block_hash(0), &owner);
	super::blocks::commit_before(&owner, &id);
	let origin = RuntimeOrigin::signed(owner);
	Models::register(origin, manifest, price).expect("the manifest is a good one");
	for validator in Session::validators() {
		let origin = RuntimeOrigin::signed(validator);
		Models::serve(origin.clone(), id).expect("a validator may serve");
		Models::set_capacity(origin, 100 * GIGA_MAC).expect("a validator has capacity");
	}
	Model { id, package, policies }
}

pub(super) fn requester() -> AccountId {
	Sr25519Keyring::Ferdie.to_account_id()
}

pub(super) fn challenger() -> AccountId {
	Sr25519Keyring::Eve.to_account_id()
}

/// Asks, and has a validator assigned by the end of the block.
pub(super) fn ask(chain: &mut Chain, model: &Model, input: &[Tensor]) -> RequestId {
	ask_for(chain, model, input, EvidenceSet::default())
}

/// As [`ask`], with evidence that is wanted.
pub(super) fn ask_for(
	chain: &mut Chain,
	model: &Model,
	input: &[Tensor],
	evidence: EvidenceSet,
) -> RequestId {
	ask_with(chain, model, input, evidence, 0)
}

fn ask_at_risk(
	chain: &mut Chain,
	model: &Model,
	input: &[Tensor],
	value_at_risk: Balance,
) -> RequestId {
	ask_with(chain, model, input, EvidenceSet::default(), value_at_risk)
}

fn ask_with(
	chain: &mut Chain,
	model: &Model,
	input: &[Tensor],
	evidence: EvidenceSet,
	value_at_risk: Balance,
) -> RequestId {
	let who = requester();
	let nonce = Inference::next_nonce(who.clone(), 0);
	let terms = Terms {
		max_fee: 100 * UNIT,
		deadline: chain.number() + 100,
		lane: 0,
		evidence,
		value_at_risk,
		callback: None,
	};
	let id =
		Inference::id_of(who.clone(), nonce, model.id, tensors_commitment(input), terms.clone());
	chain.block(|| {
		let input = match input.encode().try_into() {
			Ok(bytes) => Input::Inline(bytes),
			Err(_) => Input::Committed {
				commitment: tensors_commitment(input),
				length: input.encoded_size() as u32,
			},
		};
		Inference::request(RuntimeOrigin::signed(who), model.id, input, terms, nonce)
			.expect("the request is a good one");
	});
	let status = Inference::request_view(id).map(|view| view.status);
	assert_eq!(status, Some(RequestStatus::Assigned));
	id
}

pub(super) fn pair_of(account: &AccountId) -> InferencePair {
	let key = Sr25519Keyring::iter()
		.find(|key| key.to_account_id() == *account)
		.expect("all validators are development accounts");
	InferencePair::from(key.pair())
}

/// Posts an outcome as the assigned validator would. `false` if the chain does not take it.
pub(super) fn answer(request: RequestId, outcome: Outcome) -> bool {
	answer_with(request, outcome, |_| ())
}

pub(super) fn answer_with(
	request: RequestId,
	outcome: Outcome,
	change: impl FnOnce(&mut Statement),
) -> bool {
	let view = Inference::request_view(request).expect("it exists");
	let assignment = view.assignment.expect("it is assigned");
	let pair = pair_of(&assignment.account);
	let Some(commitment) = outcome.commitment() else { return false };
	let mut statement = Statement {
		genesis: System::block_hash(0),
		request,
		model: view.model,
		role: Role::Executor,
		session: assignment.session,
		validator: assignment.validator,
		input: view.input_commitment,
		outcome: commitment,
		attribution: countersign_primitives::attribution::vector_commitment(&Attribution::vector(
			&view.model,
		)),
		signer: pair.public(),
	};
	change(&mut statement);
	let signature = pair.sign(&statement.signing_payload());
	let call =
		RuntimeCall::from(pallet_inference::Call::submit_result { statement, outcome, signature });
	let taken = matches!(call.authorize(TransactionSource::External), Some(Ok(_)));
	if taken {
		call.dispatch(frame_system::RawOrigin::Authorized.into())
			.expect("what is authorized does not fail");
	}
	taken
}

pub(super) fn witness(model: &Model) -> Witness {
	let package = model.package.clone().try_into().expect("short");
	Witness { package: PackageSource::Inline(package), input: None }
}

pub(super) fn effort(model: &Model, request: RequestId) -> Effort {
	let input = Inference::input(request).expect("it is on chain").len() as u32;
	let cost = Disputes::replay_cost(model.package.clone(), input).expect("a package");
	assert!(cost.fits && cost.fits_inline);
	cost.effort
}

pub(super) fn dispute(model: &Model, request: RequestId) -> Verdict {
	let origin = RuntimeOrigin::signed(challenger());
	Disputes::dispute_by_replay(origin, request, witness(model), effort(model, request))
		.expect("the replay is a good one");
	Disputes::decision(request).expect("it is decided").verdict
}

pub(super) fn compute(
	model: &Model,
	policies: &[PrecisionPolicy],
	input: &[Tensor],
) -> Result<Vec<Tensor>, countersign_primitives::program::Trap> {
	let mut prepared = canonical::Prepared::from_package(&model.package).expect("a package");
	countersign_programs::run(&mut prepared, policies, input)
}

/// What the program says.
pub(super) fn truth(model: &Model, input: &[Tensor]) -> Outcome {
	match compute(model, &model.policies, input) {
		Ok(outputs) => Outcome::Output(outputs.encode().try_into().expect("short")),
		Err(trap) => trap.into(),
	}
}

pub(super) fn check() {
	Validators::do_try_state().expect("validators");
	Models::do_try_state().expect("models");
	Attribution::do_try_state().expect("attribution");
	Inference::do_try_state().expect("inference");
	Disputes::do_try_state().expect("disputes");
	Audits::do_try_state().expect("audits");
}

fn dense() -> canonical::program::Package {
	examples::dense(8, 16, 4)
}

pub(super) const WITHIN: PrecisionPolicy = PrecisionPolicy::Within { absolute: -12, relative: -12 };

pub(super) fn with_a_model(policy: PrecisionPolicy, test: impl FnOnce(&mut Chain, Model)) {
	preset("local_testnet").execute_with(|| {
		let mut chain = Chain::new();
		let model = chain.block(|| register(1, dense(), policy, UNIT));
		chain.block(|| ());
		test(&mut chain, model);
		check();
	});
}

pub(super) fn example_input() -> Vec<Tensor> {
	vec![input_floats(&[1, 8], |i| i as f32 / 4.0 - 1.0)]
}

pub(super) fn changed(outcome: &Outcome, change: impl FnOnce(&mut Tensor)) -> Outcome {
	let Outcome::Output(bytes) = outcome else { panic!("an output") };
	let mut tensors = decode_tensors(bytes).expect("tensors");
	change(&mut tensors[0]);
	Outcome::Output(tensors.encode().try_into().expect("short"))
}

pub(super) fn element(tensor: &Tensor, at: usize) -> f32 {
	f32::from_le_bytes(tensor.data[4 * at..4 * at + 4].try_into().expect("four bytes"))
}

pub(super) fn set(tensor: &mut Tensor, at: usize, value: f32) {
	tensor.data[4 * at..4 * at + 4].copy_from_slice(&value.to_le_bytes());
}

#[test]
fn a_forged_result_is_found_and_its_cover_slashed() {
	with_a_model(WITHIN, |chain, model| {
		let before = Balances::free_balance(requester());
		let input = example_input();
		let request = ask(chain, &model, &input);
		let executor =
			Inference::request_view(request).and_then(|view| view.assignment).expect("assigned");
		let (offender, cover) = (executor.account, executor.cover);
		let bond = <Validators as Bonds>::bonded(&offender);
		let forged = changed(&truth(&model, &input), |tensor| set(tensor, 2, 1_000.0));
		chain.block(|| assert!(answer(request, forged)));

		let ours = Balances::free_balance(challenger());
		chain.block(|| {
			let effort = effort(&model, request);
			let origin = RuntimeOrigin::signed(challenger());
			let witness = witness(&model);
			let done = Disputes::dispute_by_replay(origin, request, witness, effort)
				.expect("the replay is a good one");
			assert_eq!(done.pays_fee, Pays::No);
			let weight = done.actual_weight.expect("charged by effort");
			assert!(weight.ref_time() <= pallet_disputes::replay::MAX_REPLAY_TIME);
		});
		// At once: nothing of it counts, and the requester has everything back.
		assert_eq!(Inference::finality(&request), Some(Finality::Invalidated));
		assert_eq!(Balances::free_balance(requester()), before);
		assert_eq!(Attribution::total_credited(&model.id), 0);
		assert_eq!(Balances::free_balance(challenger()), ours, "no bond is left on hold");
		assert!(Models::serving(&offender).models.is_empty(), "who lied serves no more");
		let decision = Disputes::decision(request).expect("it is decided");
		assert_eq!((decision.verdict, decision.slash), (Verdict::Wrong, cover));
		let due = decision.slashed_in.expect("it is slashed");
		check();

		// At its time: the cover is gone, a tenth of it is the challenger's.
		let issuance = pallet_balances::TotalIssuance::<Runtime>::get();
		while <Validators as Sessions>::current() < due {
			assert_eq!(<Validators as Bonds>::bonded(&offender), bond, "not before");
			chain.block(|| ());
		}
		for _ in 0..3 {
			chain.block(|| ());
		}
		assert_eq!(<Validators as Bonds>::bonded(&offender), bond - cover);
		assert_eq!(<Validators as Bonds>::reserved_cover(&offender), 0);
		let reward = Balances::free_balance(challenger()) - ours;
		assert_eq!(reward, cover / 10);
		let burned = issuance - pallet_balances::TotalIssuance::<Runtime>::get();
		assert_eq!(burned, cover - reward);
	});
}

#[test]
fn an_honest_result_survives_and_the_challenger_pays() {
	with_a_model(WITHIN, |chain, model| {
		let input = example_input();
		let request = ask(chain, &model, &input);
		let assignment =
			Inference::request_view(request).and_then(|view| view.assignment).expect("assigned");
		let executor = assignment.account;
		chain.block(|| assert!(answer(request, truth(&model, &input))));
		let (ours, theirs) =
			(Balances::free_balance(challenger()), Balances::free_balance(&executor));
		let bond = <Validators as Bonds>::bonded(&executor);
		chain.block(|| assert_eq!(dispute(&model, request), Verdict::Accepted));
		assert_eq!(Inference::finality(&request), Some(Finality::Final));
		assert!(
			<Inference as countersign_primitives::traits::Results>::evidence(&request).replayed
		);
		assert_eq!(Balances::free_balance(challenger()), ours - UNIT);
		assert!(Balances::free_balance(&executor) > theirs + UNIT / 2, "half of it, and its pay");
		assert_eq!(<Validators as Bonds>::reserved_cover(&executor), 0);
		assert_eq!(Attribution::total_credited(&model.id), UNIT);
		for _ in 0..40 {
			chain.block(|| ());
		}
		assert_eq!(<Validators as Bonds>::bonded(&executor), bond, "never slashed");
	});
}

#[test]
fn a_corrected_result_pays_everybody_but_the_executor() {
	with_a_model(WITHIN, |chain, model| {
		let before = Balances::free_balance(requester());
		let input = example_input();
		let request = ask(chain, &model, &input);
		let view = Inference::request_view(request).expect("it exists");
		let executor = view.assignment.expect("assigned").account;
		let theirs = Balances::free_balance(&executor);
		let truth = truth(&model, &input);
		let near = changed(&truth, |tensor| {
			let value = element(tensor, 0);
			set(tensor, 0, value + 10.0 * tolerance(value) as f32);
		});
		chain.block(|| assert!(answer(request, near)));
		chain.block(|| assert_eq!(dispute(&model, request), Verdict::Corrected));
		let result = Inference::result_view(request).expect("it has one");
		assert_eq!((result.outcome.clone(), result.finality), (truth.clone(), Finality::Final));
		assert_ne!(Some(&result.statement.outcome), truth.commitment().as_ref());
		assert!(result.evidence.replayed);
		let receipts = Inference::receipts(System::block_number());
		assert_eq!(Some(receipts[0].outcome.clone()), truth.commitment());
		assert_eq!(Balances::free_balance(&executor), theirs);
		assert_eq!(<Validators as Bonds>::reserved_cover(&executor), 0, "and not slashed");
		assert_eq!(Attribution::total_credited(&model.id), UNIT);
		let paid = before - Balances::free_balance(requester());
		assert!(paid > UNIT && paid < view.fee, "the executor's part came back");
	});
}

/// Three of four validators lie, each with almost half of its bond as cover: it may as well be the
/// operator set that is wrong. The fourth loses nothing by it.
#[test]
fn a_suspended_version_takes_nothing_new_and_the_honest_are_paid_when_it_is_lifted() {
	with_a_model(WITHIN, |chain, model| {
		let before = Balances::free_balance(requester());
		let input = example_input();
		let truth = truth(&model, &input);
		let risk = genesis_config_presets::BOND * 49 / 100 * 1_000 / 11_400 - UNIT;
		// Nobody has cover for two of them, so each is another validator's.
		let [lies @ .., honest]: [RequestId; 4] =
			core::array::from_fn(|_| ask_at_risk(chain, &model, &input, risk));
		let fee = Inference::request_view(honest).expect("it exists").fee;
		let executor = Inference::request_view(honest).and_then(|view| view.assignment);
		let executor = executor.expect("assigned").account;
		let forged = changed(&truth, |tensor| set(tensor, 2, 1_000.0));
		chain.block(|| {
			assert!(answer(honest, truth.clone()));
			for lie in lies {
				assert!(answer(lie, forged.clone()));
			}
		});
		for lie in lies {
			assert!(!pallet_validators::Suspensions::<Runtime>::contains_key(1));
			chain.block(|| assert_eq!(dispute(&model, lie), Verdict::Wrong));
		}
		assert!(pallet_validators::Suspensions::<Runtime>::contains_key(1));

		chain.block(|| {
			let terms = Terms {
				max_fee: UNIT,
				deadline: System::block_number() + 100,
				lane: 0,
				evidence: EvidenceSet::default(),
				value_at_risk: 0,
				callback: None,
			};
			let bytes = input.encode().try_into().expect("short");
			let nonce = Inference::next_nonce(requester(), 0);
			let refused = Inference::request(
				RuntimeOrigin::signed(requester()),
				model.id,
				Input::Inline(bytes),
				terms,
				nonce,
			);
			let suspended = pallet_inference::Error::<Runtime>::VersionSuspended;
			assert_eq!(refused.map(|_| ()).map_err(|error| error.error), Err(suspended.into()));
			// No verdict falls either, whoever is right.
			let origin = RuntimeOrigin::signed(challenger());
			let effort = effort(&model, honest);
			let refused = Disputes::dispute_by_replay(origin, honest, witness(&model), effort);
			assert_eq!(
				refused.map(|_| ()).map_err(|error| error.error),
				Err(pallet_disputes::Error::<Runtime>::VersionSuspended.into())
			);
		});
		for _ in 0..70 {
			chain.block(|| ());
		}
		assert_eq!(Inference::finality(&honest), Some(Finality::Open));
		for slash in 0..3 {
			let slash = pallet_validators::Slashes::<Runtime>::get(slash).expect("not applied");
			assert!(slash.frozen);
		}
		check();

		let origin = RuntimeOrigin::from(pallet_governance::Origin::Suspensions);
		chain.block(|| Validators::lift_suspension(origin, 1)).expect("it is suspended");
		let theirs = Balances::free_balance(&executor);
		for _ in 0..120 {
			chain.block(|| ());
		}
		assert_eq!(Inference::finality(&honest), Some(Finality::Final));
		assert!(Balances::free_balance(&executor) > theirs, "it is paid");
		assert_eq!(<Validators as Bonds>::bonded(&executor), genesis_config_presets::BOND);
		assert_eq!(<Validators as Bonds>::reserved_cover(&executor), 0);
		assert_eq!(Balances::free_balance(requester()), before - fee, "for one answer, not four");
	});
}

#[test]
fn a_validator_disputes_by_its_key() {
	use countersign_primitives::dispute::ReplayChallenge;
	with_a_model(WITHIN, |chain, model| {
		let input = example_input();
		let request = ask(chain, &model, &input);
		let executor =
			Inference::request_view(request).and_then(|view| view.assignment).expect("assigned");
		let forged = changed(&truth(&model, &input), |tensor| set(tensor, 0, -77.0));
		chain.block(|| assert!(answer(request, forged)));
		let watcher = Session::validators()
			.into_iter()
			.find(|who| *who != executor.account)
			.expect("there are four");
		let pair = pair_of(&watcher);
		let ours = Balances::free_balance(&watcher);
		chain.block(|| {
			let challenge = ReplayChallenge {
				genesis: System::block_hash(0),
				request,
				session: <Validators as Sessions>::current(),
				validator: <Validators as Sessions>::position(&watcher).expect("it is active"),
				effort: effort(&model, request),
				signer: pair.public(),
			};
			let signature = pair.sign(&challenge.signing_payload());
			let witness = witness(&model);
			let call = RuntimeCall::from(pallet_disputes::Call::challenge {
				challenge,
				witness,
				signature,
			});
			assert!(matches!(call.authorize(TransactionSource::External), Some(Ok(_))));
			call.dispatch(frame_system::RawOrigin::Authorized.into())
				.expect("what is authorized does not fail");
		});
		assert_eq!(Inference::finality(&request), Some(Finality::Invalidated));
		assert_eq!(Balances::free_balance(&watcher), ours);
		assert!(System::events().iter().any(|record| matches!(
			&record.event,
			RuntimeEvent::Disputes(Disputed::FoundWrong { challenger, .. }) if *challenger == watcher
		)));
	});
}

fn tolerance(canonical: f32) -> f64 {
	(1.0 + f64::from(canonical).abs()) / 4096.0
}

/// SplitMix64: a generator whose whole state is one number, so that a failure names its seed.
pub(super) struct Random(pub(super) u64);

impl Random {
	pub(super) fn next_u64(&mut self) -> u64 {
		self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
		let mut z = self.0;
		z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
		z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
		z ^ (z >> 31)
	}
	pub(super) fn below(&mut self, bound: usize) -> usize {
		(self.next_u64() % bound.max(1) as u64) as usize
	}
	pub(super) fn float(&mut self) -> f32 {
		self.below(1 << 20) as f32 / (1 << 18) as f32 - 2.0
	}
}

/// What a test expects of a claim, computed by itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Expected {
	/// The chain does not even take it.
	Refused,
	Judged(Verdict),
	/// So near to a border between bands that only the definition says.
	Either,
}

/// The band of a claimed float by plain arithmetic, away from borders.
pub(super) fn expected_of(canonical: f32, claimed: f32) -> Expected {
	let (canonical, claimed) = (f64::from(canonical), f64::from(claimed));
	if canonical == claimed {
		return Expected::Judged(Verdict::Accepted);
	}
	if !claimed.is_finite() {
		return Expected::Judged(Verdict::Wrong);
	}
	let times = (claimed - canonical).abs() / tolerance(canonical as f32);
	match times {
		t if t < 0.999 => Expected::Judged(Verdict::Accepted),
		t if t > 1.001 && t < 63.9 => Expected::Judged(Verdict::Corrected),
		t if t > 64.1 => Expected::Judged(Verdict::Wrong),
		_ => Expected::Either,
	}
}

/// A forged outcome, and what has to come of it.
fn forge(
	random: &mut Random,
	model: &Model,
	truth: &Outcome,
	scores: &[f32],
	other: &Outcome,
) -> (&'static str, Outcome, Expected) {
	let wrong = Expected::Judged(Verdict::Wrong);
	let trap = |code, operator| Outcome::Trap { code, operator };
	let Outcome::Output(_) = truth else {
		// The truth is a trap: anything else is a lie.
		let claims = [
			("a false trap", trap(TrapCode::Operator, 1), wrong),
			("a false trap", trap(TrapCode::BadInput, u32::MAX), wrong),
			("another input's output", other.clone(), wrong),
		];
		return claims[random.below(3)].clone();
	};
	match random.below(8) {
		0 => ("a false trap", trap(TrapCode::Operator, random.below(4) as u32), wrong),
		1 => ("a false trap", trap(TrapCode::MemoryLimit, u32::MAX), wrong),
		2 => (
			"wrong shape",
			changed(truth, |tensor| {
				tensor.shape.push(1);
			}),
			Expected::Refused,
		),
		kind => match &model.policies[0] {
			PrecisionPolicy::Exact => {
				let bit = random.below(32);
				let claim = changed(truth, |tensor| tensor.data[bit / 8] ^= 1 << (bit % 8));
				// Every NaN reads as the one NaN; no entry of the table is near.
				("one bit", claim, wrong)
			}
			PrecisionPolicy::Within { .. } => {
				let at = random.below(scores.len());
				let value = scores[at];
				let (name, claimed) = match kind {
					3 => ("NaN", f32::NAN),
					4 => ("one bit", f32::from_bits(value.to_bits() ^ 1 << random.below(32))),
					5 => ("one logit", value + 0.5),
					6 => {
						let times = random.below(200) as f64 + 1.5;
						("one logit", (f64::from(value) + times * tolerance(value)) as f32)
					}
					_ => {
						let expected =
							if other == truth { Verdict::Accepted } else { Verdict::Wrong };
						return ("another input's output", other.clone(), {
							let Outcome::Output(bytes) = other else { panic!("an output") };
							let tensors = decode_tensors(bytes).expect("tensors");
							(0..scores.len())
								.map(|at| expected_of(scores[at], element(&tensors[0], at)))
								.max()
								.unwrap_or(Expected::Judged(expected))
						});
					}
				};
				let expected = expected_of(value, claimed);
				(name, changed(truth, |tensor| set(tensor, at, claimed)), expected)
			}
			PrecisionPolicy::Top1 { margin } => {
				let best = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
				let claim = random.below(scores.len() + 2) as i64 - 1;
				let margin = f64::from(*margin).exp2();
				let expected = match usize::try_from(claim).ok().and_then(|at| scores.get(at)) {
					None => wrong,
					Some(score) => {
						let times = (f64::from(best) - f64::from(*score)) / margin;
						match times {
							t if t < 0.999 => Expected::Judged(Verdict::Accepted),
							t if t > 1.001 && t < 63.9 => Expected::Judged(Verdict::Corrected),
							t if t > 64.1 => wrong,
							_ => Expected::Either,
						}
					}
				};
				let claim = changed(truth, |tensor| tensor.data = claim.to_le_bytes().to_vec());
				("swapped top-1", claim, expected)
			}
		},
	}
}

/// The scores of the dense model by another engine: sums in double precision, backwards.
fn another_engine(package: &canonical::program::Package, input: &Tensor) -> Vec<f32> {
	let floats = |bytes: &[u8]| -> Vec<f64> {
		bytes
			.chunks(4)
			.map(|b| f64::from(f32::from_le_bytes(b.try_into().expect("four bytes"))))
			.collect()
	};
	let layer = |x: &[f64], w: &[f64], b: &[f64]| -> Vec<f64> {
		b.iter()
			.enumerate()
			.map(|(row, bias)| {
				let w = &w[row * x.len()..(row + 1) * x.len()];
				x.iter().zip(w).rev().map(|(x, w)| x * w).sum::<f64>() + bias
			})
			.collect()
	};
	let constants: Vec<Vec<f64>> = package.constants.iter().map(|c| floats(c)).collect();
	let hidden = layer(&floats(&input.data), &constants[0], &constants[1]);
	let hidden: Vec<f64> = hidden.into_iter().map(|x| x.max(0.0)).collect();
	layer(&hidden, &constants[2], &constants[3]).into_iter().map(|x| x as f32).collect()
}

#[test]
fn forged_results_end_as_the_bands_say_and_honest_ones_stand() {
	let count = std::env::var("COUNTERSIGN_FORGERIES")
		.ok()
		.map_or(300, |text| text.parse().expect("COUNTERSIGN_FORGERIES is a number"));
	let mut random = Random(7);
	let mut found = std::collections::BTreeMap::<(&str, String), u32>::new();
	let (mut forged, mut honest) = (0, 0);
	preset("local_testnet").execute_with(|| {
		let mut chain = Chain::new();
		let package = dense();
		let models = chain.block(|| {
			[
				register(1, dense(), WITHIN, 0),
				register(2, examples::lookup(16), PrecisionPolicy::Exact, 0),
				register(3, examples::dense(8, 16, 5), PrecisionPolicy::Top1 { margin: -6 }, 0),
			]
		});
		chain.block(|| ());
		while forged < count || honest < count {
			let kind = random.below(3);
			let model = &models[kind];
			let mut draw = || match kind {
				1 => vec![input_index(random.below(20) as i64)],
				_ => {
					let values: Vec<f32> = (0..8).map(|_| random.float()).collect();
					vec![input_floats(&[1, 8], |i| values[i as usize])]
				}
			};
			let (input, other) = (draw(), draw());
			let (truth, other) = (truth(model, &input), truth(model, &other));
			// What the program gives before its policy exposes it.
			let scores: Vec<f32> = match compute(model, &[], &input) {
				Ok(outputs) => {
					let count = outputs[0].data.len() / 4;
					(0..count).map(|at| element(&outputs[0], at)).collect()
				}
				Err(_) => Vec::new(),
			};
			let request = ask(&mut chain, model, &input);
			let judge = |outcome: Outcome| -> Expected {
				let tried: Result<Expected, DispatchError> = with_transaction(|| {
					let verdict = if answer(request, outcome) {
						Expected::Judged(dispute(model, request))
					} else {
						Expected::Refused
					};
					TransactionOutcome::Rollback(Ok(verdict))
				});
				tried.expect("it was judged")
			};
			chain.block(|| {
				for _ in 0..16 {
					let (name, claim, expected) =
						forge(&mut random, model, &truth, &scores, &other);
					if claim == truth {
						continue;
					}
					let verdict = judge(claim.clone());
					assert!(
						verdict == expected || expected == Expected::Either,
						"{name}: {verdict:?}, not {expected:?}: {claim:?} for {truth:?} of {scores:?}"
					);
					*found.entry((name, format!("{verdict:?}"))).or_default() += 1;
					forged += 1;
				}
				// From `canonical`, several times over, and from another engine.
				for _ in 0..8 {
					let verdict = judge(truth.clone());
					assert_eq!(verdict, Expected::Judged(Verdict::Accepted), "{truth:?}");
					honest += 1;
				}
				if kind == 0 {
					let scores = another_engine(&package, &input[0]);
					let claim = changed(&truth, |tensor| {
						for (at, score) in scores.iter().enumerate() {
							set(tensor, at, *score);
						}
					});
					for _ in 0..8 {
						assert_eq!(judge(claim.clone()), Expected::Judged(Verdict::Accepted));
						honest += 1;
					}
				}
				// A later statement with another attribution is not even taken.
				assert!(!answer_with(request, truth.clone(), |statement| {
					statement.attribution = Hash::zero();
				}));
				assert!(answer(request, truth));
				let origin = RuntimeOrigin::signed(challenger());
				let effort = effort(model, request);
				Disputes::confirm_by_replay(origin, request, witness(model), effort)
					.expect("the replay is a good one");
			});
			assert_eq!(Inference::finality(&request), Some(Finality::Final));
		}
		check();
		println!("{forged} forged, {honest} honest results judged: {found:#?}");
		for validator in Session::validators() {
			assert_eq!(
				<Validators as Bonds>::bonded(&validator),
				genesis_config_presets::BOND,
				"nobody honest was slashed"
			);
		}
	});
}

/// A package to replay: its name, its encoding, and inputs.
pub(super) type Sample = (String, Vec<u8>, Vec<Tensor>);

/// Those of the folder that `COUNTERSIGN_PACKAGES` names, `NAME.package` beside `NAME.inputs`; else
/// one that fits a transaction and one that does not.
pub(super) fn samples() -> Vec<Sample> {
	let Ok(folder) = std::env::var("COUNTERSIGN_PACKAGES") else {
		let input = |count: u32| vec![input_floats(&[1, count], |i| (i % 7) as f32 / 8.0)];
		return vec![
			("small".into(), examples::dense(256, 512, 16).encode(), input(256)),
			("long".into(), examples::dense(1_024, 1_100, 16).encode(), input(1_024)),
		];
	};
	let mut found: Vec<Sample> = std::fs::read_dir(folder)
		.expect("a folder")
		.filter_map(|entry| {
			let path = entry.expect("an entry").path();
			let name = path.file_name()?.to_str()?.strip_suffix(".package")?.to_string();
			let package = std::fs::read(&path).expect("it is read");
			let input = std::fs::read(path.with_extension("inputs")).expect("it is read");
			// More than a request may bring.
			Some((name, package, decode_tensors(&input).ok()?))
		})
		.collect();
	found.sort_by(|one, other| one.0.cmp(&other.0));
	found
}

/// Stages a package as a wallet would: what normal transactions leave of a block, block by block.
fn stage(chain: &mut Chain, model: &Model) -> (PackageSource, u32) {
	use countersign_primitives::dispute::{staging_id, MAX_STAGED_AT_ONCE};
	let root = Models::manifest(&model.id).and_then(|it| it.program).expect("it has one").root;
	let origin = RuntimeOrigin::signed(challenger());
	let mut blocks = 1;
	chain
		.block(|| Disputes::stage(origin.clone(), root, model.package.len() as u32))
		.expect("it may be staged");
	let id = staging_id(&challenger(), &root);
	let calls: Vec<_> = model.package.chunks(MAX_STAGED_AT_ONCE as usize).enumerate().collect();
	// As many as a block takes beside others: the operational reserve of its length.
	let room = configs::system::MAXIMUM_BLOCK_LENGTH - configs::system::MAXIMUM_NORMAL_LENGTH;
	let at_once = (room / (MAX_STAGED_AT_ONCE + 1_024)) as usize;
	for part in calls.chunks(at_once) {
		blocks += 1;
		chain.block(|| {
			for (number, bytes) in part {
				let first = *number as u32 * MAX_STAGED_AT_ONCE
					/ countersign_primitives::dispute::STAGED_CHUNK;
				let bytes = bytes.to_vec().try_into().expect("short");
				Disputes::stage_chunks(origin.clone(), id, first, bytes).expect("they fit");
			}
		});
	}
	assert_eq!(
		Disputes::staged(id),
		Some((model.package.len() as u32, model.package.len() as u32))
	);
	(PackageSource::Staged(id), blocks)
}

#[test]
fn packages_are_replayed_inside_a_block() {
	use countersign_primitives::dispute::MAX_INLINE_PACKAGE;
	let (mut inline, mut staged) = (0, 0);
	for (name, package, input) in samples() {
		let bytes = input.encoded_size() as u32;
		preset("local_testnet").execute_with(|| {
			let mut chain = Chain::new();
			let cost = match Disputes::replay_cost(package.clone(), bytes) {
				Ok(cost) if cost.fits => cost,
				other => {
					println!("{name}: {} bytes, too heavy to replay: {other:?}", package.len());
					return;
				}
			};
			let prepared = canonical::Prepared::from_package(&package).expect("a package");
			// What is too long for a result is exposed as an index.
			let policies = prepared
				.outputs()
				.iter()
				.map(|output| match output.bytes() > 32_000 {
					true => PrecisionPolicy::Top1 { margin: -20 },
					false => PrecisionPolicy::Exact,
				})
				.collect();
			let length = package.len() as u32;
			let model = chain.block(|| register_all(9, package, policies, 0));
			chain.block(|| ());
			let request = ask(&mut chain, &model, &input);
			let truth = truth(&model, &input);
			let lie = Outcome::Trap { code: TrapCode::Operator, operator: 0 };
			let (package, blocks) = if length <= MAX_INLINE_PACKAGE {
				inline += 1;
				(witness(&model).package, 0)
			} else {
				staged += 1;
				stage(&mut chain, &model)
			};
			let on_chain = Inference::input(request).is_some();
			let input = (!on_chain).then(|| input.encode().try_into().expect("short"));
			let witness = Witness { package, input };
			let mut weight = 0;
			let started = std::time::Instant::now();
			for (claim, expected) in [(lie, Verdict::Wrong), (truth, Verdict::Accepted)] {
				let verdict: Result<Verdict, DispatchError> = with_transaction(|| {
					assert!(answer(request, claim));
					let effort = match &witness.package {
						PackageSource::Inline(_) => cost.effort,
						// What lies in the run's own slabs counts there too.
						source => {
							let on_chain = Disputes::replay_cost_of(request, source.clone())
								.expect("it is there");
							let given = witness.input.as_ref().map_or(0, |_| bytes);
							let bytes = on_chain.effort.bytes + given;
							Effort { bytes, ..on_chain.effort }
						}
					};
					let origin = RuntimeOrigin::signed(challenger());
					let witness = witness.clone();
					let done = Disputes::dispute_by_replay(origin, request, witness, effort)
						.expect("the replay is a good one");
					weight = done.actual_weight.expect("charged by effort").ref_time();
					let decision = Disputes::decision(request).expect("it is decided");
					TransactionOutcome::Rollback(Ok(decision.verdict))
				});
				assert_eq!(verdict, Ok(expected), "{name}");
			}
			assert!(weight <= pallet_disputes::replay::MAX_REPLAY_TIME);
			println!(
				"{name}: {length} bytes of package, {bytes} of input, {} weighted MMAC, \
				 {:.1} ms of weight, {} MiB, staged in {blocks} blocks, replayed here in {:?}",
				cost.effort.macs / 1_000_000,
				weight as f64 / 1e9,
				cost.memory >> 20,
				started.elapsed() / 2,
			);
			check();
		});
	}
	if std::env::var("COUNTERSIGN_PACKAGES").is_err() {
		assert_eq!((inline, staged), (1, 1), "one of each kind");
	}
}
