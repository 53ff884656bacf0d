//! What pallets may ask of each other. None reaches into another's storage.

use crate::{
	attribution::Vector,
	keys::InferenceId,
	model::{Contributor, ModelId, ModelStatus, Parent, PrecisionPolicy},
	offence::{OffenceKind, OffenceReport},
	parameters::{ConsensusParameters, RequestParameters},
	program::{ProgramCost, ProgramSummary},
	request::{EvidenceSet, Finality, Outcome, RequestId, Role},
	tensor::{Port, Tensor, TensorError},
	AccountId, Balance, BlockNumber, Hash, Macs, SessionIndex, ValidatorIndex,
};
use alloc::vec::Vec;
use sp_runtime::{DispatchError, DispatchResult, Weight};

/// What a request needs to know about its model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModelTerms {
	/// Whether it takes requests.
	pub status: ModelStatus,
	/// The owner's price in force.
	pub price: Balance,
	/// The cost of one run at the largest shapes.
	pub macs: Macs,
	/// The version of the canonical operator set that its program names; `None` without a program,
	/// and then its results cannot be disputed.
	pub canonical_version: Option<u16>,
}

impl ModelTerms {
	/// Whether it has a canonical program, so that its results can be disputed.
	pub fn has_program(&self) -> bool {
		self.canonical_version.is_some()
	}
}

/// The models, as a request sees them. Implemented by pallet-models.
pub trait Models {
	/// What a request in block `now` needs to know.
	fn terms(model: &ModelId, now: BlockNumber) -> Option<ModelTerms>;
	/// Checks input tensors against the declared signature.
	fn check_input(model: &ModelId, tensors: &[Tensor]) -> Result<(), TensorError>;
	/// Checks output tensors against the declared signature.
	fn check_output(model: &ModelId, tensors: &[Tensor]) -> Result<(), TensorError>;
	/// The most bytes that the encoding of the inputs may take.
	fn input_bytes(model: &ModelId) -> u32;
	/// The validators that declared to serve it, at most [`crate::model::MAX_SERVERS`].
	fn servers(model: &ModelId) -> Vec<AccountId>;
	/// The open cost that a validator takes at one time.
	fn capacity(validator: &AccountId) -> Macs;
	/// Makes a model that a benchmark or a test may request, served by `servers`.
	#[cfg(feature = "runtime-benchmarks")]
	fn make_model(owner: &AccountId, servers: &[AccountId]) -> ModelId;
}

/// Ends what a validator declared to serve. Implemented by pallet-models.
pub trait Serving {
	/// Withdraws a validator from every model, because it left or may not serve any more.
	fn withdraw_all(validator: &AccountId);
	/// The most weight that [`Serving::withdraw_all`] takes.
	fn withdraw_all_weight() -> Weight {
		Weight::zero()
	}
}

impl Serving for () {
	fn withdraw_all(_: &AccountId) {}
}

/// Bonds and the cover on them. Implemented by pallet-validators.
pub trait Bonds {
	/// Whether this account is bonded with at least the minimum and has not begun to leave.
	fn is_validator(who: &AccountId) -> bool;
	/// The bond in force.
	fn bonded(who: &AccountId) -> Balance;
	/// The part of the bond that can still be reserved: half of the bond less what is reserved.
	fn free_cover(who: &AccountId) -> Balance;
	/// The part that is reserved.
	fn reserved_cover(who: &AccountId) -> Balance;
	/// Reserves cover. Fails, and changes nothing, if less is free.
	fn reserve_cover(who: &AccountId, amount: Balance) -> DispatchResult;
	/// Releases reserved cover. Releasing more than is reserved releases all.
	fn release_cover(who: &AccountId, amount: Balance);
	/// Notes whether an assignment was answered in time. A record, never a slash.
	fn note_service(who: &AccountId, answered: bool);
	/// Makes a bonded validator of the current session for a benchmark or a test.
	#[cfg(feature = "runtime-benchmarks")]
	fn make_validator(seed: u32) -> AccountId;
}

/// A validator as a session's table keeps it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionMember {
	/// The validator.
	pub account: AccountId,
	/// Its inference key in that session.
	pub key: InferenceId,
	/// Its bond when the session was planned.
	pub exposure: Balance,
}

/// The validators of recent sessions. Implemented by pallet-validators.
pub trait Sessions {
	/// The current session.
	fn current() -> SessionIndex;
	/// The current session has no validator at this position or above.
	fn length() -> ValidatorIndex {
		crate::parameters::MAX_VALIDATORS
	}
	/// A validator's position in the current session.
	fn position(who: &AccountId) -> Option<ValidatorIndex>;
	/// Who holds a position in a session, while that session is inside the report window.
	fn member(session: SessionIndex, validator: ValidatorIndex) -> Option<SessionMember>;
	/// The parameters of consensus and bonds.
	fn parameters() -> ConsensusParameters;
}

/// Slashes for what was proved around inference. Implemented by pallet-validators.
///
/// ## Whose money it is until the slash
///
/// A slash is deferred by `slash_deferral_sessions`, in which governance can cancel it. Until it is
/// applied or cancelled its amount stays reserved on the offender's bond, in a counter of its own:
/// it can neither be withdrawn nor reserved again.
///
/// - `WrongResult`, `Unavailable`: the report takes `amount` out of the cover that the caller
///   reserved with [`Bonds::reserve_cover`], and makes it a pending slash. **The caller does not
///   release that cover**, before or after: from the report on it is no longer the caller's. (So
///   `pallet_inference::Pallet::invalidate` leaves the cover reserved, and the verdict that called
///   it reports the offence in the same transaction.) At most what is reserved is taken.
/// - `BrokenCommit`: `amount` is taken out of the offender's free cover, as far as it goes. A
///   caller that reserved cover for it releases that first.
/// - `Equivocation`: takes 5 % of the exposure out of the half of the bond that covers cannot
///   reserve, as far as it goes.
///
/// Refunds, invalidations and the costs of challengers are not the business of this trait, and
/// cancelling a slash touches none of them.
pub trait Offences {
	/// Records a proved offence: its slash is pending from now on, and the offender serves no
	/// model any more. Returns the first session in which the slash is applied.
	///
	/// Idempotent by kind, request, role and offender: a second report changes nothing and returns
	/// what the first one did, for as long as the first can be reported.
	///
	/// Fails, and changes nothing, if the session is outside the report window, if nobody held the
	/// position in it, or if nothing of the bond is left to take.
	fn report(report: OffenceReport) -> Result<SessionIndex, DispatchError>;
	/// Whether this offender was reported for this kind, request and role.
	fn is_reported(
		kind: OffenceKind,
		request: &RequestId,
		role: Role,
		offender: &AccountId,
	) -> bool;
	/// Whether this version of the canonical operator set is suspended: so many results were found
	/// wrong under it in a day that a mistake of its own is likelier. Until governance lifts that,
	/// its slashes stay pending, and it should give no new verdicts and take no new requests.
	fn is_suspended(version: u16) -> bool;
	/// The most weight that [`Offences::report`] takes.
	fn report_weight() -> Weight;
	/// Makes a bonded validator with `amount` of its cover reserved, and a report of it that would
	/// be accepted, for a benchmark or a test.
	#[cfg(feature = "runtime-benchmarks")]
	fn make_report(kind: OffenceKind, amount: Balance) -> OffenceReport;
}

/// The versions of the canonical operator set, as far as they are in doubt. Implemented by
/// pallet-validators.
pub trait Versions {
	/// Whether a version is suspended; see [`Offences::is_suspended`].
	fn suspended(version: u16) -> bool;
	/// The block in which the last suspension of a version was lifted. Who had a window to dispute
	/// results before it had none while the version was suspended.
	fn lifted_at(version: u16) -> Option<BlockNumber>;
}

/// Contributors and what they earn. Implemented by pallet-attribution.
pub trait Contributors {
	/// Registers the contributors and the lineage of a new model and returns its vector.
	fn register(
		model: &ModelId,
		contributors: &[Contributor],
		parents: &[Parent],
	) -> Result<Vector, DispatchError>;
	/// The commitment to a model's vector.
	fn commitment(model: &ModelId) -> Option<Hash>;
	/// The account that payments to contributors go to before [`Contributors::credit`].
	fn pot() -> AccountId;
	/// Credits a payment that has just arrived in the pot.
	fn credit(model: &ModelId, amount: Balance);
}

/// The parameters of requests. Implemented by pallet-inference.
pub trait RequestRules {
	/// Those in force for new requests.
	fn parameters() -> RequestParameters;
}

/// A stored program, as a model calls it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredProgram {
	/// What is known of it.
	pub summary: ProgramSummary,
	/// The model's precision policies, which say what of each output a result carries.
	pub policies: Vec<PrecisionPolicy>,
	/// What the model declares that it takes.
	pub inputs: Vec<Port>,
	/// What the model declares that it gives.
	pub outputs: Vec<Port>,
	/// Under which number the package is kept.
	pub package: u64,
}

/// The programs that are stored on chain. Implemented by pallet-models.
pub trait Programs {
	/// The stored program of a model. `None` if none is stored, if it was stored in this very
	/// block, or if it takes or gives other tensors than the manifest declares.
	///
	/// Not in this block, so that what a call weighs cannot change between the moment when it is
	/// weighed and the moment when it runs.
	fn stored(model: &ModelId) -> Option<StoredProgram>;
	/// What is known of it.
	fn summary(model: &ModelId) -> Option<ProgramSummary> {
		Self::stored(model).map(|stored| stored.summary)
	}
	/// Reads the package of a stored program into `into`, which must have the summary's length,
	/// without further memory. `false` if there is none of this length.
	fn read(stored: &StoredProgram, into: &mut [u8]) -> bool;
	/// Gives a stored package to `put`, chunk by chunk, with no more memory than a chunk takes.
	/// `false` if there is none, or if `put` wants no more.
	fn read_chunks(root: &Hash, put: &mut dyn FnMut(&[u8]) -> bool) -> bool;
	/// The weight of [`Programs::stored`].
	fn look_up_weight() -> Weight;
	/// The weight of reading a package of `length` bytes that was looked up.
	fn package_weight(length: u32) -> Weight;
	/// The weight of looking a program up and reading a package of `length` bytes.
	fn read_weight(length: u32) -> Weight {
		Self::look_up_weight().saturating_add(Self::package_weight(length))
	}
	/// Makes a model of `owner` with this program stored, which may be called, for a benchmark or a
	/// test.
	#[cfg(feature = "runtime-benchmarks")]
	fn make_program(owner: &AccountId, package: &[u8]) -> ModelId;
}

impl Programs for () {
	fn stored(_: &ModelId) -> Option<StoredProgram> {
		None
	}
	fn read(_: &StoredProgram, _: &mut [u8]) -> bool {
		false
	}
	fn read_chunks(_: &Hash, _: &mut dyn FnMut(&[u8]) -> bool) -> bool {
		false
	}
	fn look_up_weight() -> Weight {
		Weight::zero()
	}
	fn package_weight(_: u32) -> Weight {
		Weight::zero()
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn make_program(_: &AccountId, _: &[u8]) -> ModelId {
		ModelId::default()
	}
}

/// What running programs weighs. Implemented by pallet-inference.
pub trait RunWeights {
	/// The weight of one run of this cost, whatever the values are, once its package is in memory.
	fn run_weight(cost: &ProgramCost) -> Weight;
}

/// What is known of requests and results. Implemented by pallet-inference.
pub trait Results {
	/// How settled the result is, if there is one.
	fn finality(request: &RequestId) -> Option<Finality>;
	/// What stands behind it.
	fn evidence(request: &RequestId) -> EvidenceSet;
	/// The cover behind it now.
	fn cover(request: &RequestId) -> Balance;
	/// What came of it, until it is pruned.
	fn outcome(request: &RequestId) -> Option<Outcome>;
	/// Who plays a role for it: session, position and account. Auditors are not known here.
	fn player(request: &RequestId, role: Role)
		-> Option<(SessionIndex, ValidatorIndex, AccountId)>;
}
