//! Replays: what is checked before one runs, and what its verdict does.

use crate::{
	pallet::{Config, DecisionPrunes, Decisions, Error, Event, HoldReason, Pallet},
	referee::{self, Loaded, Needs, Rules},
	types::SignedFee,
	weights::WeightInfo,
};
use alloc::vec::Vec;
use countersign_canonical::bounded::Chunks;
use countersign_primitives::{
	demand::Piece,
	dispute::{
		Decision, Effort, Manifests, OpenResult, PackageSource, ReplayChallenge, ReplayRefusal,
		Verdict, Verdicts, Witness,
	},
	keys::InferenceSignature,
	model::ModelId,
	offence::{OffenceKind, OffenceReport},
	program::REPLAY_BUDGET,
	request::{Outcome, RequestId},
	traits::{Bonds, Offences, Programs, Sessions},
	AccountId, Balance, SessionIndex,
};
use frame_support::{
	dispatch::{Pays, PostDispatchInfo},
	ensure,
	pallet_prelude::{
		DispatchResultWithPostInfo, InvalidTransaction, TransactionPriority,
		TransactionValidityError, ValidTransaction,
	},
	storage::with_storage_layer,
	traits::{
		fungible::{InspectHold, MutateHold},
		tokens::{Fortitude, Precision, Restriction},
		Get,
	},
	weights::Weight,
};
use sp_runtime::{
	transaction_validity::TransactionValidityWithRefund, DispatchError, DispatchErrorWithPostInfo,
};

/// The longest that one replay may take, in picoseconds of reference time, everything included.
pub const MAX_REPLAY_TIME: u64 = REPLAY_BUDGET;
/// The prefix of the tags that validators' challenges provide.
pub const CHALLENGE_TAG: &str = "CountersignReplay";
/// The priority of validators' challenges: above everything that pays.
pub const PRIORITY: TransactionPriority = TransactionPriority::MAX / 2;
/// Blocks for which a challenge may wait in a pool.
pub const CHALLENGE_LONGEVITY: u64 = 16;

/// Weighted multiply-accumulates in a step of the weight of replays.
const MACS_PER_STEP: u64 = 1_000_000;

/// The weight of a replay of declared effort, without the verdict.
fn replay_weight<T: Config>(effort: &Effort) -> Weight {
	let steps = u32::try_from(effort.macs.div_ceil(MACS_PER_STEP)).unwrap_or(u32::MAX);
	T::WeightInfo::replay(steps, effort.bytes.div_ceil(1024))
}

/// Whether a replay of this effort fits one block.
pub(crate) fn fits_block<T: Config>(effort: &Effort) -> bool {
	whole_weight::<T>(effort).ref_time() <= MAX_REPLAY_TIME
}

/// Picoseconds of reference time of a call that replays.
pub(crate) fn total_time<T: Config>(effort: &Effort) -> u64 {
	whole_weight::<T>(effort).ref_time()
}

/// The weight of a call that replays: the replay, and the dearest verdict.
fn whole_weight<T: Config>(effort: &Effort) -> Weight {
	replay_weight::<T>(effort).saturating_add(verdict_weight::<T>())
}

/// The weight of the dearest verdict: what it does here, the most games that end with it, what
/// audits do about it, and the report.
pub(crate) fn verdict_weight<T: Config>() -> Weight {
	T::WeightInfo::decide()
		.saturating_add(T::WeightInfo::expire_game())
		.saturating_add(T::Results::audits_weight())
		.saturating_add(T::Offences::report_weight())
}

/// The weight to charge for a call that replays. What is too heavy is refused before it runs, and
/// costs only the look at it.
pub(crate) fn call_weight<T: Config>(effort: &Effort, witness: &Witness) -> Weight {
	let effort = Effort { bytes: effort.bytes.max(witness.inline_length()), ..*effort };
	if fits_block::<T>(&effort) {
		whole_weight::<T>(&effort)
	} else {
		T::WeightInfo::refuse(witness.inline_length().div_ceil(1024))
	}
}

/// On what terms somebody has a result replayed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Terms {
	/// With a bond, for a reward.
	Dispute,
	/// To have the chain's word for it: no bond, no reward.
	Confirm,
	/// By a validator that pays no fee: what a fee would have been is at stake beside the bond.
	Validator {
		/// What the fee would have been.
		fee: Balance,
	},
	/// By a validator whose word is at stake because an auditor contradicts the result: no bond, no
	/// fee, no reward. It happens once, because every verdict ends the result.
	Party,
}

impl Terms {
	fn bond<T: Config>(&self) -> Balance {
		match self {
			Self::Dispute | Self::Validator { .. } => T::ReplayBond::get(),
			Self::Confirm | Self::Party => 0,
		}
	}

	fn fee(&self) -> Balance {
		match self {
			Self::Validator { fee } => *fee,
			Self::Dispute | Self::Confirm | Self::Party => 0,
		}
	}
}

/// A package that the chain has or was given.
pub(crate) enum Package {
	Bytes(Vec<u8>),
	Chunks(Chunks, u32),
}

impl Package {
	pub(crate) fn loaded(&mut self) -> Loaded<'_> {
		match self {
			Self::Bytes(bytes) => Loaded::Given(bytes),
			Self::Chunks(chunks, length) => Loaded::Chunks(core::mem::take(chunks), *length),
		}
	}
}

/// A result with all that is needed to replay it.
struct Case {
	result: OpenResult,
	rules: Rules,
	package: Package,
	input: Vec<u8>,
}

/// Whether what a replay needs is declared, and this block can take it.
fn check_needs<T: Config>(needs: &Needs, declared: &Effort) -> Result<(), ReplayRefusal> {
	ensure!(referee::fits::<T>(needs), ReplayRefusal::TooHeavy);
	ensure!(
		needs.effort.macs <= declared.macs && needs.effort.bytes <= declared.bytes,
		ReplayRefusal::EffortTooLow
	);
	Ok(())
}

/// Why a validator's challenge is not accepted. As the custom code of an invalid transaction, a
/// node reports 101 for another chain, and 110 and more for a refused replay, in the order of
/// [`ReplayRefusal`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rejection {
	/// It was signed for another chain.
	WrongGenesis,
	/// Session, position and key are no validator's of now.
	WrongValidator,
	/// The signature is not the validator's.
	BadSignature,
	/// The bond cannot be held on the validator's free balance.
	NoFunds,
	/// The block has no room for another receipt.
	NoRoom,
	/// There is no replay.
	Refused(ReplayRefusal),
}

impl From<ReplayRefusal> for Rejection {
	fn from(refusal: ReplayRefusal) -> Self {
		Self::Refused(refusal)
	}
}

impl From<Rejection> for TransactionValidityError {
	fn from(rejection: Rejection) -> Self {
		match rejection {
			// Perhaps not yet, or not any more, on this fork. A pool bans what is invalid.
			Rejection::Refused(ReplayRefusal::NotOpen) => InvalidTransaction::Stale.into(),
			Rejection::Refused(ReplayRefusal::NoPackage) => InvalidTransaction::Future.into(),
			Rejection::NoRoom => InvalidTransaction::ExhaustsResources.into(),
			Rejection::NoFunds => InvalidTransaction::Payment.into(),
			Rejection::WrongValidator => InvalidTransaction::BadSigner.into(),
			Rejection::BadSignature => InvalidTransaction::BadProof.into(),
			Rejection::WrongGenesis => InvalidTransaction::Custom(101).into(),
			Rejection::Refused(refusal) => {
				InvalidTransaction::Custom(110u8.saturating_add(refusal as u8)).into()
			}
		}
	}
}

impl<T: Config> From<ReplayRefusal> for Error<T> {
	fn from(refusal: ReplayRefusal) -> Self {
		match refusal {
			ReplayRefusal::NotOpen => Self::NotOpen,
			ReplayRefusal::NoProgram => Self::NoProgram,
			ReplayRefusal::Version => Self::VersionSuspended,
			ReplayRefusal::NoPackage => Self::NoPackage,
			ReplayRefusal::WrongPackage => Self::WrongPackage,
			ReplayRefusal::NoInput => Self::NoInput,
			ReplayRefusal::WrongInput => Self::WrongInput,
			ReplayRefusal::EffortTooLow => Self::EffortTooLow,
			ReplayRefusal::TooHeavy => Self::TooHeavy,
		}
	}
}

impl<T: Config> Pallet<T> {
	/// The rules of the model behind an open result.
	pub(crate) fn rules_of(result: &OpenResult) -> Result<Rules, ReplayRefusal> {
		let manifest =
			T::Manifests::manifest(&result.statement.model).ok_or(ReplayRefusal::NoProgram)?;
		let rules = Rules::of(manifest)?;
		ensure!(!T::Offences::is_suspended(rules.version), ReplayRefusal::Version);
		Ok(rules)
	}

	/// The length of a package that the chain has or was given.
	pub(crate) fn package_length(
		result: &OpenResult,
		source: &PackageSource,
	) -> Result<u32, ReplayRefusal> {
		match source {
			PackageSource::Inline(_) => Some(source.inline_length()),
			PackageSource::Stored => {
				T::Programs::summary(&result.statement.model).map(|summary| summary.length)
			}
			PackageSource::Staged(id) => Self::staged_length(id),
		}
		.ok_or(ReplayRefusal::NoPackage)
	}

	/// A package that the chain has or was given.
	pub(crate) fn package(
		result: &OpenResult,
		rules: &Rules,
		source: PackageSource,
	) -> Result<Package, ReplayRefusal> {
		match source {
			PackageSource::Inline(bytes) => Some(Package::Bytes(bytes.into_inner())),
			PackageSource::Stored => Self::stored_package(&result.statement.model),
			PackageSource::Staged(id) => Self::staged_package(&id, &rules.root),
		}
		.ok_or(ReplayRefusal::NoPackage)
	}

	/// The package that the chain stores for a model.
	fn stored_package(model: &ModelId) -> Option<Package> {
		let summary = T::Programs::summary(model)?;
		let mut package = Chunks::new();
		T::Programs::read_chunks(&summary.root, &mut |chunk| package.push(chunk).is_ok())
			.then_some(Package::Chunks(package, summary.length))
	}

	/// Brings together what a replay needs. Lengths are checked against what was declared before
	/// anything long is read.
	fn case(
		request: &RequestId,
		witness: Witness,
		declared: &Effort,
	) -> Result<Case, ReplayRefusal> {
		let result = T::Results::open_result(request).ok_or(ReplayRefusal::NotOpen)?;
		let rules = Self::rules_of(&result)?;
		let Witness { package: source, input } = witness;
		let input_length = match &input {
			Some(bytes) => u32::try_from(bytes.len()).ok(),
			None => T::Results::input_length(request),
		}
		.ok_or(ReplayRefusal::NoInput)?;
		let package_length = Self::package_length(&result, &source)?;
		let bytes = package_length.saturating_add(input_length);
		ensure!(bytes <= declared.bytes, ReplayRefusal::EffortTooLow);
		let package = Self::package(&result, &rules, source)?;
		let input = match input {
			Some(bytes) => bytes.into_inner(),
			None => T::Results::input(request).ok_or(ReplayRefusal::NoInput)?,
		};
		Ok(Case { result, rules, package, input })
	}

	/// What the chain would find, and the canonical outcome. Changes nothing.
	pub(crate) fn hear(
		request: &RequestId,
		witness: Witness,
		declared: &Effort,
	) -> Result<(OpenResult, u16, Needs, Verdict, Outcome), ReplayRefusal> {
		let Case { result, rules, mut package, input } = Self::case(request, witness, declared)?;
		let tensors = referee::read_input(&input, Some(&result.statement.input))?;
		let mut ready = referee::prepare(package.loaded(), length(&input), Some(&rules.root))?;
		check_needs::<T>(&ready.needs, declared)?;
		let (verdict, outcome) = ready.judge(&rules, tensors, &result.outcome);
		let needs = ready.needs;
		Ok((result, rules.version, needs, verdict, outcome))
	}

	/// Replays an open result, and does what the verdict says.
	pub(crate) fn do_replay(
		challenger: AccountId,
		request: RequestId,
		witness: Witness,
		effort: Effort,
		terms: Terms,
	) -> DispatchResultWithPostInfo {
		let looked = T::WeightInfo::refuse(witness.inline_length().div_ceil(1024));
		let refuse_after = |weight: Weight, error: DispatchError| DispatchErrorWithPostInfo {
			post_info: PostDispatchInfo { actual_weight: Some(weight), pays_fee: Pays::Yes },
			error,
		};
		let refuse = |error: DispatchError| refuse_after(looked, error);
		let declared = Effort { bytes: effort.bytes.max(witness.inline_length()), ..effort };
		ensure!(fits_block::<T>(&declared), refuse(Error::<T>::TooHeavy.into()));
		ensure!(T::Results::has_room(), refuse(Error::<T>::BlockFull.into()));
		let stake = terms.bond::<T>().saturating_add(terms.fee());
		T::Currency::hold(&HoldReason::Bond.into(), &challenger, stake).map_err(refuse)?;
		let (result, version, needs, verdict, outcome) = Self::hear(&request, witness, &declared)
			.map_err(|refusal| {
			let error: DispatchError = Error::<T>::from(refusal).into();
			match refusal {
				// Nothing long was read yet.
				ReplayRefusal::NotOpen
				| ReplayRefusal::NoProgram
				| ReplayRefusal::Version
				| ReplayRefusal::NoPackage
				| ReplayRefusal::NoInput => refuse(error),
				// The package may have been read and checked, but nothing ran.
				_ => refuse_after(T::WeightInfo::authorize(declared.bytes.div_ceil(1024)), error),
			}
		})?;
		Self::decide(&request, challenger, &result, version, verdict, outcome, terms)?;
		let pays_fee = match (verdict, terms) {
			// Whoever shows a lie shall not pay for it.
			(Verdict::Wrong, Terms::Dispute) => Pays::No,
			_ => Pays::Yes,
		};
		let actual_weight = Some(whole_weight::<T>(&needs.effort));
		Ok(PostDispatchInfo { actual_weight, pays_fee })
	}

	/// Does what a verdict says.
	pub(crate) fn decide(
		request: &RequestId,
		challenger: AccountId,
		result: &OpenResult,
		version: u16,
		verdict: Verdict,
		outcome: Outcome,
		terms: Terms,
	) -> Result<(), DispatchError> {
		let (bond, fee) = (terms.bond::<T>(), terms.fee());
		if let Some(canonical) = outcome.commitment() {
			T::Results::recomputed(request, &canonical);
		}
		let executor = result.executor.clone();
		let (mut slash, mut slashed_in, mut bond_lost) = (0, None, 0);
		match verdict {
			Verdict::Accepted => {
				T::Results::uphold(request)?;
				Self::burn(HoldReason::Bond, &challenger, fee);
				Self::split_bond(HoldReason::Bond, &challenger, &executor, bond);
				bond_lost = bond.saturating_add(fee);
			}
			Verdict::Corrected => {
				T::Results::correct(request, outcome)?;
				Self::burn(HoldReason::Bond, &challenger, fee);
				Self::give_back(HoldReason::Bond, &challenger, bond);
				bond_lost = fee;
			}
			Verdict::Wrong => {
				T::Results::invalidate(request)?;
				let is_rewarded = !matches!(terms, Terms::Confirm | Terms::Party);
				let reporter = (is_rewarded && challenger != executor).then(|| challenger.clone());
				let kind = OffenceKind::WrongResult;
				slashed_in = Self::report(request, result, kind, Some(version), reporter);
				if slashed_in.is_some() {
					slash = result.cover;
				}
				Self::give_back(HoldReason::Bond, &challenger, bond.saturating_add(fee));
			}
		}
		Self::note_decision(
			request,
			Decision {
				verdict,
				challenger: challenger.clone(),
				executor: executor.clone(),
				bond_lost,
				slash,
				slashed_in,
				decided_at: Self::now(),
			},
		);
		Self::end_games_by(request, verdict);
		let request = *request;
		Self::deposit_event(match verdict {
			Verdict::Accepted => Event::Upheld { request, executor, challenger, bond_lost },
			Verdict::Corrected => Event::Corrected { request, executor, challenger },
			Verdict::Wrong => {
				Event::FoundWrong { request, executor, challenger, slash, slashed_in }
			}
		});
		Ok(())
	}

	/// Writes a decision down, until it is pruned.
	fn note_decision(request: &RequestId, decision: Decision) {
		let until = decision.decided_at.saturating_add(T::Results::retention());
		Decisions::<T>::insert(request, decision);
		DecisionPrunes::<T>::insert(until, request, ());
		// Other demands end in their own time.
		Self::end_demand(request, &Piece::Input.id(), None);
	}

	/// Does what has to be done about a result that a game has shown to be wrong.
	pub(crate) fn found_wrong(
		request: &RequestId,
		result: &OpenResult,
		version: u16,
		challenger: AccountId,
	) -> Result<(), DispatchError> {
		Self::found_guilty(request, result, OffenceKind::WrongResult, Some(version), challenger)
	}

	/// As [`Pallet::found_wrong`], for a result also of which something was not shown.
	pub(crate) fn found_guilty(
		request: &RequestId,
		result: &OpenResult,
		kind: OffenceKind,
		version: Option<u16>,
		challenger: AccountId,
	) -> Result<(), DispatchError> {
		T::Results::invalidate(request)?;
		let executor = result.executor.clone();
		let reporter = (challenger != executor).then(|| challenger.clone());
		let slashed_in = Self::report(request, result, kind, version, reporter);
		let slash = if slashed_in.is_some() { result.cover } else { 0 };
		Self::note_decision(
			request,
			Decision {
				verdict: Verdict::Wrong,
				challenger: challenger.clone(),
				executor: executor.clone(),
				bond_lost: 0,
				slash,
				slashed_in,
				decided_at: Self::now(),
			},
		);
		Self::end_games_by(request, Verdict::Wrong);
		let request = *request;
		Self::deposit_event(match kind {
			OffenceKind::Unavailable => {
				Event::Withheld { request, executor, by: challenger, slash, slashed_in }
			}
			_ => Event::FoundWrong { request, executor, challenger, slash, slashed_in },
		});
		Ok(())
	}

	/// Reports a wrong result. Where the report is not taken, because the validator of so long ago
	/// has nothing left to take, the cover goes back: the result counts for nothing all the same.
	fn report(
		request: &RequestId,
		result: &OpenResult,
		kind: OffenceKind,
		version: Option<u16>,
		reporter: Option<AccountId>,
	) -> Option<SessionIndex> {
		let statement = &result.statement;
		let report = OffenceReport {
			kind,
			session: statement.session,
			validator: statement.validator,
			request: *request,
			role: statement.role,
			amount: result.cover,
			version,
			reporter,
		};
		match with_storage_layer(|| T::Offences::report(report)) {
			Ok(session) => Some(session),
			Err(_) => {
				T::Bonds::release_cover(&result.executor, result.cover);
				None
			}
		}
	}

	/// The bond of whoever was wrong: half to the executor, the rest to the treasury.
	pub(crate) fn split_bond(
		reason: HoldReason,
		from: &AccountId,
		executor: &AccountId,
		bond: Balance,
	) {
		let half = bond / 2;
		let treasury = T::Treasury::get();
		for (to, amount) in [(executor, half), (&treasury, bond.saturating_sub(half))] {
			let paid = *to != *from && Self::transfer(reason, from, to, amount).is_ok();
			if !paid {
				// To oneself, or to an account that cannot receive so little.
				Self::burn(reason, from, amount);
			}
		}
	}

	fn transfer(
		reason: HoldReason,
		from: &AccountId,
		to: &AccountId,
		amount: Balance,
	) -> Result<(), DispatchError> {
		with_storage_layer(|| {
			T::Currency::transfer_on_hold(
				&reason.into(),
				from,
				to,
				amount,
				Precision::Exact,
				Restriction::Free,
				Fortitude::Force,
			)
			.map(|_| ())
		})
	}

	pub(crate) fn burn(reason: HoldReason, from: &AccountId, amount: Balance) {
		if amount == 0 {
			return;
		}
		let reason = reason.into();
		let burned =
			T::Currency::burn_held(&reason, from, amount, Precision::Exact, Fortitude::Force);
		if burned.is_err() {
			crate::impossible("what is recorded as held is held");
		}
	}

	pub(crate) fn give_back(reason: HoldReason, to: &AccountId, amount: Balance) {
		if amount == 0 {
			return;
		}
		if T::Currency::release(&reason.into(), to, amount, Precision::Exact).is_err() {
			crate::impossible("what is recorded as held is held");
		}
	}

	/// The hash of the genesis block, which everything signed names.
	pub(crate) fn genesis() -> countersign_primitives::Hash {
		frame_system::Pallet::<T>::block_hash(
			frame_system::pallet_prelude::BlockNumberFor::<T>::default(),
		)
	}

	/// What the fee of a validator's challenge would be.
	pub(crate) fn challenge_fee(effort: &Effort, witness_bytes: u32) -> Balance {
		let effort = Effort { bytes: effort.bytes.max(witness_bytes), ..*effort };
		let length = witness_bytes.saturating_add(CHALLENGE_BYTES);
		T::SignedFee::fee(
			whole_weight::<T>(&effort)
				.saturating_add(T::WeightInfo::authorize(effort.bytes.div_ceil(1024))),
			length,
		)
	}

	/// The account behind a validator's challenge, if it may make it. Everything but the replay.
	pub(crate) fn check_challenger(
		challenge: &ReplayChallenge,
		witness_bytes: u32,
	) -> Result<(AccountId, Terms), Rejection> {
		ensure!(challenge.genesis == Self::genesis(), Rejection::WrongGenesis);
		let current = T::Sessions::current();
		ensure!(
			challenge.session <= current && current.saturating_sub(challenge.session) <= 1,
			Rejection::WrongValidator
		);
		let member = T::Sessions::member(challenge.session, challenge.validator)
			.filter(|member| member.key == challenge.signer)
			.ok_or(Rejection::WrongValidator)?;
		ensure!(T::Results::open_result(&challenge.request).is_some(), ReplayRefusal::NotOpen);
		ensure!(T::Results::has_room(), Rejection::NoRoom);
		if T::Results::is_party(&challenge.request, &member.account) {
			return Ok((member.account, Terms::Party));
		}
		let fee = Self::challenge_fee(&challenge.effort, witness_bytes);
		let stake = T::ReplayBond::get().saturating_add(fee);
		T::Currency::ensure_can_hold(&HoldReason::Bond.into(), &member.account, stake)
			.map_err(|_| Rejection::NoFunds)?;
		Ok((member.account, Terms::Validator { fee }))
	}

	/// Whether a validator's challenge may enter a pool or a block: cheap checks first, then the
	/// signature, then the witness. What passes cannot fail when it is dispatched.
	pub(crate) fn authorize_challenge(
		challenge: &ReplayChallenge,
		witness: &Witness,
		signature: &InferenceSignature,
	) -> TransactionValidityWithRefund {
		let (account, _) = Self::check_challenger(challenge, witness.inline_length())?;
		ensure!(challenge.verify(signature), Rejection::BadSignature);
		let inspect = || -> Result<(), ReplayRefusal> {
			let declared = &Effort {
				bytes: challenge.effort.bytes.max(witness.inline_length()),
				..challenge.effort
			};
			ensure!(fits_block::<T>(declared), ReplayRefusal::TooHeavy);
			let case = Self::case(&challenge.request, witness.clone(), declared)?;
			let Case { result, rules, mut package, input } = case;
			referee::read_input(&input, Some(&result.statement.input))?;
			let ready = referee::prepare(package.loaded(), length(&input), Some(&rules.root))?;
			check_needs::<T>(&ready.needs, declared)
		};
		inspect().map_err(Rejection::from)?;
		ValidTransaction::with_tag_prefix(CHALLENGE_TAG)
			.priority(PRIORITY)
			.and_provides((challenge.request, account))
			.longevity(CHALLENGE_LONGEVITY)
			.propagate(true)
			.build()
			.map(|valid| (valid, Weight::zero()))
	}
}

fn length(bytes: &[u8]) -> u32 {
	u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// The bytes of a challenge's transaction beside its witness, rounded up.
const CHALLENGE_BYTES: u32 = 512;
