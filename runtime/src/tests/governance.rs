//! Referenda on the real runtime, from the submission to what they change.

use super::{blocks::Chain, genesis::preset};
use crate::*;
use codec::Encode;
use countersign_primitives::{
	governance::GovernanceParameters,
	keys::InferencePair,
	model::{
		Artefact, Contributor, ContributorRole, Manifest, ModelId, PrecisionPolicy, ProgramRef,
		RunCost, Share,
	},
	parameters::{ConsensusParameters, RequestParameters},
	request::{
		EvidenceSet, Input, Outcome, OutcomeCommitment, RequestId, RequestStatus, Role, Statement,
		Terms,
	},
	tensor::{Dimension, Port, Tensor, TensorType},
	traits::{Bonds, Offences as _},
};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::{DispatchClass, GetDispatchInfo},
	traits::{schedule::DispatchTime, Authorize, Bounded},
};
use pallet_conviction_voting::{AccountVote, Conviction, Vote};
use pallet_governance::Origin;
use pallet_referenda::{ReferendumInfo, ReferendumInfoFor, TracksInfo};
use sp_core::Pair;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	traits::{Dispatchable, Hash as _},
	transaction_validity::TransactionSource,
	BoundedVec, DispatchError,
};

pub(super) fn signed(key: Sr25519Keyring) -> RuntimeOrigin {
	RuntimeOrigin::signed(key.to_account_id())
}

/// Submits a referendum, pays its deposits and votes for it with three fifths of all tokens.
pub(super) fn propose(origin: Origin, call: impl Into<RuntimeCall>) -> u32 {
	let index = pallet_referenda::ReferendumCount::<Runtime>::get();
	let call: RuntimeCall = call.into();
	let proposal = Bounded::Inline(BoundedVec::try_from(call.encode()).expect("a short call"));
	assert_ok!(Referenda::submit(
		signed(Sr25519Keyring::Ferdie),
		Box::new(OriginCaller::Origins(origin)),
		proposal,
		DispatchTime::After(0),
	));
	assert_ok!(Referenda::place_decision_deposit(signed(Sr25519Keyring::Ferdie), index));
	for voter in Sr25519Keyring::well_known() {
		let balance = 8_000_000 * UNIT;
		let vote = Vote { aye: true, conviction: Conviction::None };
		assert_ok!(ConvictionVoting::vote(
			signed(voter),
			index,
			AccountVote::Standard { vote, balance }
		));
	}
	index
}

/// Makes blocks until something holds, at most this many. Returns how many it took.
fn until(chain: &mut Chain, most: u32, holds: impl Fn() -> bool) -> u32 {
	for blocks in 0..=most {
		if holds() {
			return blocks;
		}
		chain.block(|| ());
	}
	panic!("not after {most} blocks");
}

fn is_approved(index: u32) -> bool {
	matches!(ReferendumInfoFor::<Runtime>::get(index), Some(ReferendumInfo::Approved(..)))
}

#[test]
fn a_referendum_changes_parameters() {
	preset("local_testnet").execute_with(|| {
		let mut chain = Chain::new();
		let parameters = RequestParameters { base_fee: 777, ..RequestParameters::local() };
		let call = pallet_inference::Call::set_parameters { parameters: parameters.clone() };
		let index = chain.block(|| propose(Origin::Parameters, call));
		let changed = || pallet_inference::Parameters::<Runtime>::get() == parameters;
		let blocks = until(&mut chain, 20, changed);
		assert!(is_approved(index));
		println!("decided and in force after {blocks} blocks");

		// Those of consensus too; and what is out of range changes nothing.
		let consensus =
			ConsensusParameters { minimum_bond: 2_000 * UNIT, ..ConsensusParameters::local() };
		let good = pallet_validators::Call::set_parameters { parameters: consensus.clone() };
		let bad = pallet_inference::Call::set_parameters {
			parameters: RequestParameters { cover_per_mille: 1, ..RequestParameters::local() },
		};
		let bad = chain.block(|| {
			propose(Origin::Parameters, good);
			propose(Origin::Parameters, bad)
		});
		until(&mut chain, 20, || Validators::consensus_parameters() == consensus);
		until(&mut chain, 20, || is_approved(bad));
		for _ in 0..10 {
			chain.block(|| ());
		}
		assert!(changed());
	});
}

#[test]
fn votes_against_a_referendum_reject_it() {
	preset("local_testnet").execute_with(|| {
		let mut chain = Chain::new();
		let call = pallet_inference::Call::set_paused { paused: true };
		let index = chain.block(|| {
			let index = propose(Origin::Emergency, call);
			for voter in Sr25519Keyring::well_known().take(8) {
				let vote = Vote { aye: false, conviction: Conviction::Locked1x };
				let balance = 8_000_000 * UNIT;
				assert_ok!(ConvictionVoting::vote(
					signed(voter),
					index,
					AccountVote::Standard { vote, balance }
				));
			}
			index
		});
		until(&mut chain, 20, || {
			matches!(ReferendumInfoFor::<Runtime>::get(index), Some(ReferendumInfo::Rejected(..)))
		});
		assert!(!pallet_inference::Paused::<Runtime>::get());
	});
}

fn port(name: &str) -> Port {
	Port {
		name: name.as_bytes().to_vec().try_into().expect("short"),
		ty: TensorType::U8,
		shape: alloc::vec![Dimension::Fixed(4)].try_into().expect("one"),
	}
}

pub(super) fn tensors() -> Vec<Tensor> {
	alloc::vec![Tensor { ty: TensorType::U8, shape: alloc::vec![4], data: alloc::vec![1, 2, 3, 4] }]
}

/// A model without program, served by the validators of genesis.
fn model() -> ModelId {
	model_of_cost(1, 1_000, None)
}

/// The same with another artefact and cost.
pub(super) fn model_of_cost(
	artefact: u8,
	macs: countersign_primitives::Macs,
	program: Option<ProgramRef>,
) -> ModelId {
	let policies = program.iter().map(|_| PrecisionPolicy::Exact).collect::<Vec<_>>();
	let owner = Sr25519Keyring::Eve;
	let manifest = Manifest {
		name: b"model".to_vec().try_into().expect("short"),
		licence: b"MIT".to_vec().try_into().expect("short"),
		artefact: Artefact { sha256: [artefact; 32], length: 1_000 },
		program,
		inputs: alloc::vec![port("in")].try_into().expect("one"),
		outputs: alloc::vec![port("out")].try_into().expect("one"),
		policies: policies.try_into().expect("one"),
		cost: RunCost { macs, time_ms: 1_000, memory_mib: 100 },
		contributors: alloc::vec![Contributor {
			account: owner.to_account_id(),
			role: ContributorRole::Data,
			evidence: Hash::zero(),
			share: Share::WHOLE,
		}]
		.try_into()
		.expect("one"),
		parents: Default::default(),
	};
	let id = manifest.id(&System::block_hash(0), &owner.to_account_id());
	super::blocks::commit_before(&owner.to_account_id(), &id);
	assert_ok!(RuntimeCall::from(pallet_models::Call::register { manifest, price: 1_000 })
		.dispatch(signed(owner)));
	for server in [Sr25519Keyring::Alice, Sr25519Keyring::Bob] {
		assert_ok!(Models::set_capacity(signed(server), 100_000_000_000));
		assert_ok!(Models::serve(signed(server), id));
	}
	id
}

pub(super) fn ask(model: ModelId) -> Result<RequestId, DispatchError> {
	let who = Sr25519Keyring::Ferdie.to_account_id();
	let terms = Terms {
		max_fee: UNIT,
		deadline: System::block_number() + 50,
		lane: 0,
		evidence: EvidenceSet::default(),
		value_at_risk: 0,
		callback: None,
	};
	let nonce = Inference::next_nonce(who.clone(), 0);
	let commitment = countersign_primitives::commitment::tensors_commitment(&tensors());
	let id = countersign_primitives::request::request_id(
		&System::block_hash(0),
		&who,
		nonce,
		&model,
		&commitment,
		&terms,
	);
	let input = Input::Inline(tensors().encode().try_into().expect("short"));
	Inference::request(signed(Sr25519Keyring::Ferdie), model, input, terms, nonce)
		.map_err(|error| error.error)?;
	Ok(id)
}

/// The executor's answer, as its worker would submit it.
pub(super) fn answer(request: RequestId) {
	let view = Inference::request_view(request).expect("the request is there");
	let assignment = view.assignment.expect("it is assigned");
	let signer = Sr25519Keyring::iter()
		.find(|key| key.to_account_id() == assignment.account)
		.expect("a development account");
	let pair = InferencePair::from(signer.pair());
	let statement = Statement {
		genesis: System::block_hash(0),
		request,
		model: view.model,
		role: Role::Executor,
		session: assignment.session,
		validator: assignment.validator,
		input: view.input_commitment,
		outcome: OutcomeCommitment::of_output(&tensors()),
		attribution: countersign_primitives::attribution::vector_commitment(&Attribution::vector(
			&view.model,
		)),
		signer: pair.public(),
	};
	let signature = pair.sign(&statement.signing_payload());
	let outcome = Outcome::Output(tensors().encode().try_into().expect("short"));
	let call: RuntimeCall =
		pallet_inference::Call::submit_result { statement, outcome, signature }.into();
	assert!(matches!(call.authorize(TransactionSource::External), Some(Ok(_))));
	assert_ok!(call.dispatch(frame_system::RawOrigin::Authorized.into()));
}

#[test]
fn an_emergency_stops_new_requests_and_lets_open_ones_end() {
	preset("local_testnet").execute_with(|| {
		let mut chain = Chain::new();
		let (model, open) = chain.block(|| {
			let model = model();
			(model, ask(model).expect("nothing is stopped"))
		});
		chain.block(|| {
			propose(Origin::Emergency, pallet_inference::Call::set_paused { paused: true })
		});
		let blocks = until(&mut chain, 8, pallet_inference::Paused::<Runtime>::get);
		println!("stopped after {blocks} blocks");
		chain.block(|| {
			assert_eq!(ask(model), Err(pallet_inference::Error::<Runtime>::Paused.into()));
			answer(open);
		});
		let status = |id| Inference::request_view(id).map(|view| view.status);
		until(&mut chain, 70, || status(open) == Some(RequestStatus::Settled));
		chain.block(|| {
			propose(Origin::Emergency, pallet_inference::Call::set_paused { paused: false })
		});
		until(&mut chain, 8, || !pallet_inference::Paused::<Runtime>::get());
		chain.block(|| {
			assert_ok!(ask(model));
		});
	});
}

#[test]
fn an_upgrade_waits_until_every_request_is_over() {
	preset("local_testnet").execute_with(|| {
		let mut chain = Chain::new();
		let code = alloc::vec![7u8; 100];
		let code_hash = BlakeTwo256::hash(&code);
		let index = chain.block(|| {
			propose(Origin::Upgrade, pallet_governance::Call::authorize_upgrade { code_hash })
		});
		until(&mut chain, 20, || is_approved(index));
		let waits = RequestParameters::local().longest_request_blocks()
			+ GovernanceParameters::local().upgrade_delay_blocks;
		assert_eq!(waits, 429);
		let authorized = || System::authorized_upgrade().is_some();
		assert_eq!(until(&mut chain, waits, authorized), waits);
		// Anyone may bring the code, and no other; what is no runtime changes nothing.
		assert_noop!(
			System::apply_authorized_upgrade(RuntimeOrigin::none(), alloc::vec![8u8; 100]),
			frame_system::Error::<Runtime>::Unauthorized
		);
	});
}

#[test]
fn a_runtime_of_three_megabytes_fits_into_a_block() {
	preset("local_testnet").execute_with(|| {
		let call = RuntimeCall::from(frame_system::Call::apply_authorized_upgrade {
			code: alloc::vec![0; 3 * 1024 * 1024],
		});
		let info = call.get_dispatch_info();
		assert_eq!(info.class, DispatchClass::Operational);
		let weights = <Runtime as frame_system::Config>::BlockWeights::get();
		let most = weights.get(DispatchClass::Operational).max_extrinsic.expect("there is a limit");
		assert!(info.total_weight().all_lte(most), "{:?} of {most:?}", info.total_weight());
		let length = <Runtime as frame_system::Config>::BlockLength::get();
		assert!(call.encoded_size() < *length.max.get(DispatchClass::Operational) as usize);
	});
}

#[test]
fn a_slash_is_cancelled_before_it_is_applied() {
	preset("local_testnet").execute_with(|| {
		let mut chain = Chain::new();
		let session = Session::current_index();
		until(&mut chain, 12, || Session::current_index() > session);
		let bond = Validators::bonded(&Sr25519Keyring::Alice.to_account_id());
		chain.block(|| {
			for request in 0..2u8 {
				assert_ok!(Validators::report(countersign_primitives::offence::OffenceReport {
					kind: countersign_primitives::offence::OffenceKind::Equivocation,
					session: Session::current_index(),
					validator: Session::validators()
						.iter()
						.position(|who| *who == Sr25519Keyring::Alice.to_account_id())
						.expect("she is a validator") as u32,
					request: Hash::repeat_byte(request),
					role: Role::Executor,
					amount: 0,
					version: None,
					reporter: None,
				}));
			}
			propose(Origin::Slashes, pallet_validators::Call::cancel_slash { slash: 0 })
		});
		let blocks =
			until(&mut chain, 8, || pallet_validators::Slashes::<Runtime>::get(0).is_none());
		println!("cancelled after {blocks} blocks");
		until(&mut chain, 30, || pallet_validators::Slashes::<Runtime>::get(1).is_none());
		// One of two.
		assert_eq!(Validators::bonded(&Sr25519Keyring::Alice.to_account_id()), bond - bond / 20);
	});
}

#[test]
fn a_suspension_is_lifted() {
	preset("local_testnet").execute_with(|| {
		let mut chain = Chain::new();
		pallet_validators::Suspensions::<Runtime>::insert(1, 0);
		chain.block(|| {
			propose(Origin::Suspensions, pallet_validators::Call::lift_suspension { version: 1 })
		});
		until(&mut chain, 20, || !Validators::is_suspended(1));
	});
}

#[test]
fn the_treasury_pays_out_of_the_account_that_fees_flow_into() {
	preset("local_testnet").execute_with(|| {
		let mut chain = Chain::new();
		let treasury = configs::economy::TreasuryAccount::get();
		assert_eq!(Treasury::account_id(), treasury);
		let beneficiary = AccountId::from([9; 32]);
		chain.block(|| {
			assert_ok!(Balances::transfer_allow_death(
				signed(Sr25519Keyring::Dave),
				treasury.clone().into(),
				100 * UNIT
			));
			propose(
				Origin::Spend,
				pallet_treasury::Call::spend {
					asset_kind: Box::new(()),
					amount: 60 * UNIT,
					beneficiary: Box::new(beneficiary.clone()),
					valid_from: None,
				},
			)
		});
		until(&mut chain, 20, || pallet_treasury::Spends::<Runtime>::contains_key(0));
		chain.block(|| {
			assert_ok!(Treasury::payout(signed(Sr25519Keyring::Bob), 0));
		});
		assert_eq!(Balances::free_balance(&beneficiary), 60 * UNIT);
		assert!(Balances::free_balance(&treasury) >= 40 * UNIT);
	});
}

/// Each origin can do its own calls, nobody else's, and nothing that takes a root.
#[test]
fn no_origin_can_do_anothers_calls_and_nobody_is_root() {
	preset("local_testnet").execute_with(|| {
		let _ = Chain::new();
		pallet_validators::Suspensions::<Runtime>::insert(1, 0);
		let calls: Vec<(Option<Origin>, RuntimeCall)> = alloc::vec![
			(
				Some(Origin::Upgrade),
				pallet_governance::Call::authorize_upgrade { code_hash: Hash::zero() }.into(),
			),
			(
				Some(Origin::Parameters),
				pallet_inference::Call::set_parameters { parameters: RequestParameters::local() }
					.into(),
			),
			(
				Some(Origin::Parameters),
				pallet_validators::Call::set_parameters {
					parameters: ConsensusParameters::local(),
				}
				.into(),
			),
			(Some(Origin::Slashes), pallet_validators::Call::cancel_slash { slash: 9 }.into()),
			(
				Some(Origin::Suspensions),
				pallet_validators::Call::lift_suspension { version: 1 }.into(),
			),
			(
				Some(Origin::Spend),
				pallet_treasury::Call::spend {
					asset_kind: Box::new(()),
					amount: 1,
					beneficiary: Box::new(AccountId::from([9; 32])),
					valid_from: None,
				}
				.into(),
			),
			(Some(Origin::Emergency), pallet_inference::Call::set_paused { paused: true }.into()),
			(None, frame_system::Call::set_code { code: alloc::vec![] }.into()),
			(None, frame_system::Call::set_storage { items: alloc::vec![] }.into()),
			(None, frame_system::Call::authorize_upgrade { code_hash: Hash::zero() }.into()),
			(
				None,
				frame_system::Call::authorize_upgrade_without_checks { code_hash: Hash::zero() }
					.into(),
			),
			(
				None,
				pallet_balances::Call::force_set_balance {
					who: AccountId::from([9; 32]).into(),
					new_free: UNIT,
				}
				.into(),
			),
			(None, pallet_referenda::Call::kill { index: 0 }.into()),
			(None, pallet_scheduler::Call::cancel { when: 1, index: 0 }.into(),),
			(
				None,
				pallet_grandpa::Call::note_stalled { delay: 1, best_finalized_block_number: 0 }
					.into()
			),
		];
		let origins = [
			Origin::Upgrade,
			Origin::Parameters,
			Origin::Slashes,
			Origin::Suspensions,
			Origin::Spend,
			Origin::Emergency,
		];
		for (owner, call) in calls {
			for origin in origins {
				let result = call.clone().dispatch(origin.into()).map_err(|error| error.error);
				let refused = result == Err(DispatchError::BadOrigin);
				assert_eq!(refused, owner != Some(origin), "{origin:?}: {call:?}: {result:?}");
			}
			let result =
				call.clone().dispatch(signed(Sr25519Keyring::Alice)).map_err(|error| error.error);
			assert_eq!(result, Err(DispatchError::BadOrigin), "{call:?}");
		}
		// And no track leads to the root.
		let root = OriginCaller::system(frame_system::RawOrigin::Root);
		assert!(pallet_governance::Tracks::<Runtime>::track_for(&root).is_err());
		let call = RuntimeCall::from(frame_system::Call::remark { remark: alloc::vec![] });
		assert_noop!(
			Referenda::submit(
				signed(Sr25519Keyring::Alice),
				Box::new(root),
				Bounded::Inline(BoundedVec::try_from(call.encode()).expect("short")),
				DispatchTime::After(0),
			),
			pallet_referenda::Error::<Runtime>::NoTrack
		);
	});
}

#[test]
fn every_origin_has_a_track_with_the_times_of_genesis() {
	preset("local_testnet").execute_with(|| {
		let ids: Vec<u16> =
			pallet_governance::Tracks::<Runtime>::tracks().map(|track| track.id).collect();
		assert_eq!(ids, [0, 1, 2, 3, 4, 5]);
		for (origin, id) in [
			(Origin::Upgrade, 0),
			(Origin::Parameters, 1),
			(Origin::Slashes, 2),
			(Origin::Suspensions, 3),
			(Origin::Spend, 4),
			(Origin::Emergency, 5),
		] {
			let origin = OriginCaller::Origins(origin);
			assert_eq!(pallet_governance::Tracks::<Runtime>::track_for(&origin), Ok(id));
		}
		let info = pallet_governance::Tracks::<Runtime>::info(2).expect("it is there");
		assert_eq!(&info.name[..8], b"slashes\0");
		assert_eq!(info.decision_period, GovernanceParameters::local().slashes.decision_blocks);
		Origins::do_try_state().expect("a slash can be cancelled in time");
		// On the main network: four days and more for an upgrade.
		pallet_governance::Parameters::<Runtime>::put(GovernanceParameters::main());
		pallet_inference::Parameters::<Runtime>::put(RequestParameters::main());
		let info = pallet_governance::Tracks::<Runtime>::info(0).expect("it is there");
		assert_eq!(info.min_enactment_period, 47_265 + 129_600);
		assert!(info.min_enactment_period >= 4 * 43_200);
		assert_eq!(pallet_governance::Tracks::<Runtime>::info(6), None);
	});
}
