//! Audits: validators drawn to run an answered request again, and what they say about it.
//!
//! An auditor first commits to what it found, and shows it only when the others of its round have
//! committed too, or their time is over. What it shows is a [`Statement`] like the executor's, and
//! the digest of leaves of its trace at positions that nobody knew before the draw: whoever copies
//! an answer has no such digest.

// The macro that declares the runtime API documents what it generates in its own way.
#![allow(missing_docs)]

use crate::{
	keys::{InferenceId, InferenceSignature},
	model::ModelId,
	parameters::RequestParameters,
	request::{Finality, Outcome, OutcomeCommitment, RequestId, Role, Statement},
	AccountId, Balance, BlockNumber, Hash, Macs, SessionIndex, ValidatorIndex, DOMAIN,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_crypto_hashing::blake2_256;
use sp_runtime::{DispatchResult, Perbill, Weight};

/// Auditors of one draw.
pub const AUDITORS_PER_DRAW: u8 = 2;
/// The most audits that terms may ask for: what one draw gives.
pub const MAX_WANTED_AUDITS: u8 = AUDITORS_PER_DRAW;
/// The probability below which audits of no validator fall.
pub const FLOOR_RATE: Perbill = Perbill::from_percent(10);
/// A broken commitment costs this many times the audit's pay.
pub const BROKEN_COMMIT_MULTIPLE: Balance = 2;

/// What an auditor's commitment hides until it is shown.
pub type Salt = [u8; 32];

/// What an auditor commits to:
/// `blake2_256(domain | "audit" | genesis | request | role | auditor | outcome | trace | salt)`.
pub fn audit_commitment(
	genesis: &Hash,
	request: &RequestId,
	role: Role,
	auditor: &AccountId,
	outcome: &OutcomeCommitment,
	trace: &Hash,
	salt: &Salt,
) -> Hash {
	let mut data = DOMAIN.to_vec();
	data.extend_from_slice(b"audit");
	(genesis, request, role, auditor, outcome, trace, salt).encode_to(&mut data);
	blake2_256(&data).into()
}

/// What an auditor signs when it has run a request again, before anybody shows anything.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct AuditCommit {
	/// The hash of the genesis block.
	pub genesis: Hash,
	/// The request.
	pub request: RequestId,
	/// The part that it plays.
	pub role: Role,
	/// The session whose validator set the draw names.
	pub session: SessionIndex,
	/// The signer's position in that set.
	pub validator: ValidatorIndex,
	/// The commitment, as [`audit_commitment`] gives it.
	pub commitment: Hash,
	/// The signer's inference key.
	pub signer: InferenceId,
}

impl AuditCommit {
	/// The bytes that are signed: `domain | "audit-commit" | SCALE(self)`.
	pub fn signing_payload(&self) -> Vec<u8> {
		let mut data = DOMAIN.to_vec();
		data.extend_from_slice(b"audit-commit");
		self.encode_to(&mut data);
		data
	}

	/// Whether `signature` is the signer's signature of this commitment.
	pub fn verify(&self, signature: &InferenceSignature) -> bool {
		use sp_application_crypto::RuntimeAppPublic;
		self.signer.verify(&self.signing_payload(), signature)
	}
}

/// What an auditor shows. The statement is what it signs; the rest is bound by its commitment.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct AuditReveal {
	/// What it found, in its own role.
	pub statement: Statement,
	/// The digest of its trace at the positions that the round's seed names.
	pub trace: Hash,
	/// What hid the commitment.
	pub salt: Salt,
	/// What came of its run, where that is not what the executor committed to: the chain has to
	/// judge how far apart both are. `None` where both are the same.
	pub outcome: Option<Outcome>,
}

/// A draw: each result has two.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Draw {
	/// By the randomness of the blocks after the result.
	#[codec(index = 0)]
	Early,
	/// By the randomness published at the start of the second epoch after the result.
	#[codec(index = 1)]
	Late,
}

/// What is open for an auditor to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub enum AuditStage {
	/// Run it and commit.
	Commit,
	/// It has committed; others have not, and their time is not over.
	Wait,
	/// Show what it committed to.
	Reveal,
}

/// An audit as a worker needs it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct AuditItem {
	/// The request.
	pub request: RequestId,
	/// The model.
	pub model: ModelId,
	/// The part to play.
	pub role: Role,
	/// Who is drawn.
	pub account: AccountId,
	/// The session whose validator set `validator` counts in.
	pub session: SessionIndex,
	/// The position in that set.
	pub validator: ValidatorIndex,
	/// The inference key that has to sign.
	pub key: InferenceId,
	/// The commitment to the input.
	pub input_commitment: Hash,
	/// The length of the input's encoding.
	pub input_length: u32,
	/// The attribution commitment to sign.
	pub attribution: Hash,
	/// What the executor committed to.
	pub claimed: OutcomeCommitment,
	/// What the positions in the trace follow from.
	pub seed: Hash,
	/// What is to be done now.
	pub stage: AuditStage,
	/// The commitment that the chain has of this auditor.
	pub commitment: Option<Hash>,
	/// The last tick of the window clock at which a commitment is taken.
	pub commit_until: u64,
	/// The last tick of the window clock at which what was committed to may be shown.
	pub reveal_until: u64,
	/// The window clock.
	pub clock: u64,
	/// The block in which it was drawn.
	pub drawn_at: BlockNumber,
	/// What it is paid if what it shows stands.
	pub pay: Balance,
}

/// What became of an auditor's part.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum SeatStatus {
	/// It is to commit.
	Drawn,
	/// It committed.
	Committed,
	/// What it showed agrees with the result.
	Agrees,
	/// What it showed contradicts the result.
	Contradicts,
	/// It agrees with the result, but auditors of one round showed different traces: one of them
	/// did not run the model. Counts for nothing.
	Doubted,
	/// It did not commit in time. Costs nothing.
	Missed,
	/// It committed and did not show to what. Costs stake.
	Broken,
}

/// An auditor's part, as queries show it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct SeatView {
	/// The part.
	pub role: Role,
	/// Which draw.
	pub draw: Draw,
	/// Who was drawn.
	pub account: AccountId,
	/// What became of it.
	pub status: SeatStatus,
	/// What it is paid if what it shows stands.
	pub pay: Balance,
}

/// The audits of one result, as queries show them.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct AuditView {
	/// The request.
	pub request: RequestId,
	/// The probability of each of the two draws.
	pub rate: Perbill,
	/// The audits that the terms ask for.
	pub wanted: u8,
	/// The audits that agree with the result.
	pub passed: u8,
	/// Who was drawn, in the order of the draws.
	pub seats: Vec<SeatView>,
	/// The tick of the window clock until which the result is kept from `Final` because an auditor
	/// contradicts it, and nobody had the chain recompute it yet.
	pub contradicted_until: Option<u64>,
	/// Whether a draw is still to come, or a round is going on.
	pub is_open: bool,
}

/// A validator's record as an executor.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode, TypeInfo)]
pub struct AuditRecordView {
	/// Audits passed since it bonded, or since it was last found wrong.
	pub passed: u32,
	/// The least probability of a draw for its results; more with value at risk.
	pub rate: Perbill,
	/// What the pot owes it for audits and could not pay yet.
	pub owed: Balance,
}

/// A result that was just posted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewResult {
	/// What the executor signed.
	pub statement: Statement,
	/// Who signed it.
	pub executor: AccountId,
	/// The length of the input's encoding.
	pub input_length: u32,
	/// The cover behind it.
	pub cover: Balance,
	/// The cost of the run.
	pub macs: Macs,
	/// The executor's part of the fee.
	pub executor_share: Balance,
	/// The audits' part of the fee, without those that the terms ask for.
	pub audit_share: Balance,
	/// The audits that the terms ask for. Each is paid for with as much as `executor_share`.
	pub wanted: u8,
	/// The rules of the request.
	pub rules: RequestParameters,
}

/// What audits change of a payment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AuditBill {
	/// What goes from the executor's part to the pot: for audits above the floor rate.
	pub from_executor: Balance,
	/// What goes back to the requester of what it paid for wanted audits: those that did not
	/// happen.
	pub unspent: Balance,
}

/// The fee for an audit that the terms ask for: as much as the executor gets.
pub fn wanted_fee(wanted: u8, executor_share: Balance) -> Balance {
	executor_share.saturating_mul(wanted.into())
}

/// Audits, as requests and their settlement see them. Implemented by pallet-audits.
pub trait Audits {
	/// Whether terms may ask for audits of models with a program.
	const OFFERED: bool;
	/// A result was posted whose model has a program.
	fn answered(result: NewResult);
	/// The tick of the window clock at which to look again whether a result may become `Final`,
	/// where audits keep it from that now.
	fn keeps_open(request: &RequestId) -> Option<u64>;
	/// The chain has recomputed an open result: this is the canonical outcome. Told before the
	/// result ends.
	fn recomputed(request: &RequestId, canonical: &OutcomeCommitment);
	/// The chain has shown without a run that what was claimed can be no outcome of one. Told before
	/// the result is invalidated.
	fn refuted(_: &RequestId) {}
	/// A result ends now. Returns what that changes of its payment; auditors are paid out of the
	/// pot later, when it has its part.
	fn close(request: &RequestId, finality: Finality) -> AuditBill;
	/// Whether an account's word is at stake in a contradiction about an open result: it signed the
	/// result, or it is an auditor that contradicts it.
	fn is_party(_: &RequestId, _: &AccountId) -> bool {
		false
	}
	/// The cover that audits have reserved on a bond.
	fn reserved(who: &AccountId) -> Balance;
	/// The most weight of [`Audits::answered`].
	fn answered_weight() -> Weight;
	/// The most weight of [`Audits::keeps_open`], or of what tells an outcome, and [`Audits::close`]
	/// together.
	fn close_weight() -> Weight;
}

impl Audits for () {
	const OFFERED: bool = false;
	fn answered(_: NewResult) {}
	fn keeps_open(_: &RequestId) -> Option<u64> {
		None
	}
	fn recomputed(_: &RequestId, _: &OutcomeCommitment) {}
	fn close(_: &RequestId, _: Finality) -> AuditBill {
		AuditBill::default()
	}
	fn reserved(_: &AccountId) -> Balance {
		0
	}
	fn answered_weight() -> Weight {
		Weight::zero()
	}
	fn close_weight() -> Weight {
		Weight::zero()
	}
}

/// Open results, as audits see them. Implemented by pallet-inference.
pub trait AuditedResults {
	/// Raises the number of audits behind a result to `audits`.
	fn set_audits(request: &RequestId, audits: u8) -> DispatchResult;
	/// What was claimed to have come of the run.
	fn claimed(request: &RequestId) -> Option<Outcome>;
	/// Whether the result can still end either way.
	fn is_open(request: &RequestId) -> bool;
	/// The window clock.
	fn clock() -> u64;
	/// The account in which the audits' part of fees waits.
	fn pot() -> AccountId;
	/// The blocks for which what ended stays readable.
	fn retention() -> BlockNumber;
	/// Makes an open result of `executor` for a benchmark.
	#[cfg(feature = "runtime-benchmarks")]
	fn make_open_result(model: ModelId, input: Vec<u8>, outcome: Outcome) -> RequestId;
}

/// What decides who is drawn.
pub trait AuditRandomness {
	/// The verifiable random output of the author of the block before this one.
	fn last_block() -> Option<Hash>;
	/// What the last epoch's blocks came to, published at the start of this epoch.
	fn published() -> Hash;
}

sp_api::decl_runtime_apis! {
	/// Audits: what an auditor has to do, and what became of audits.
	pub trait AuditsApi {
		/// What is open for an inference key to audit, oldest first, at most 256.
		fn audit_work(key: InferenceId) -> Vec<AuditItem>;
		/// The audits of a result, until the request is pruned. `None` where none was drawn.
		fn audits(request: RequestId) -> Option<AuditView>;
		/// A validator's record, and what the pot owes it.
		fn audit_record(validator: AccountId) -> AuditRecordView;
		/// Open results that an auditor contradicts, where this account's word is at stake: it may
		/// have them recomputed by its inference key without bond and fee. At most 64.
		fn contradicted(account: AccountId) -> Vec<RequestId>;
		/// The transaction by which an auditor commits.
		fn audit_commit_transaction(commit: AuditCommit, signature: InferenceSignature) -> Block::Extrinsic;
		/// The transaction by which an auditor shows what it committed to.
		fn audit_reveal_transaction(reveal: AuditReveal, signature: InferenceSignature) -> Block::Extrinsic;
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// A commitment opens for nobody else: every part of it counts.
	#[test]
	fn a_commitment_binds_everything() {
		let (request, account) = (RequestId::repeat_byte(2), AccountId::new([3; 32]));
		let outcome = OutcomeCommitment::Output(Hash::repeat_byte(4));
		let (genesis, trace, salt) = (Hash::repeat_byte(1), Hash::repeat_byte(5), [6; 32]);
		let role = Role::Auditor(0);
		let base = audit_commitment(&genesis, &request, role, &account, &outcome, &trace, &salt);
		let (hash, other) = (Hash::repeat_byte(9), AccountId::new([9; 32]));
		let different = OutcomeCommitment::Output(hash);
		for changed in [
			audit_commitment(&hash, &request, role, &account, &outcome, &trace, &salt),
			audit_commitment(&genesis, &hash, role, &account, &outcome, &trace, &salt),
			audit_commitment(
				&genesis,
				&request,
				Role::Auditor(1),
				&account,
				&outcome,
				&trace,
				&salt,
			),
			audit_commitment(&genesis, &request, role, &other, &outcome, &trace, &salt),
			audit_commitment(&genesis, &request, role, &account, &different, &trace, &salt),
			audit_commitment(&genesis, &request, role, &account, &outcome, &hash, &salt),
			audit_commitment(&genesis, &request, role, &account, &outcome, &trace, &[7; 32]),
		] {
			assert_ne!(changed, base);
		}
	}
}
