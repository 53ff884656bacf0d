//! Requests, their terms, and what comes of them.

use crate::{
	commitment::tensors_commitment,
	keys::{InferenceId, InferenceSignature},
	model::ModelId,
	tensor::{decode_tensors, Tensor, MAX_INLINE_BYTES},
	AccountId, Balance, BlockNumber, Hash, Macs, SessionIndex, ValidatorIndex, DOMAIN,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{bounded::BoundedVec, ConstU32, H160};
use sp_crypto_hashing::blake2_256;

/// Lanes of an account: requests in different lanes do not wait for each other.
pub const LANES: u8 = 16;

/// Identifies a request; see [`request_id`].
pub type RequestId = Hash;

/// Bytes that travel inside an extrinsic.
pub type InlineBytes = BoundedVec<u8, ConstU32<MAX_INLINE_BYTES>>;

/// What a request gives the model.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Input {
	/// The SCALE encoding of a list of tensors.
	Inline(InlineBytes),
	/// The commitment to a list of tensors whose encoding nodes offer.
	Committed {
		/// The commitment, as [`tensors_commitment`] gives it.
		commitment: Hash,
		/// The length of the encoding in bytes.
		length: u32,
	},
}

/// What stands behind a result. `Signed` always does once there is one.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Default,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct EvidenceSet {
	/// The number of independent auditors who ran it again and agreed.
	pub audited: u8,
	/// The chain recomputed it.
	pub replayed: bool,
	/// It carries an attestation by trusted hardware that the chain verified.
	pub tee: bool,
	/// It carries a zero-knowledge proof that the chain verified.
	pub zk: bool,
}

impl EvidenceSet {
	/// Whether this is at least as much as `wanted` in every respect.
	pub fn covers(&self, wanted: &Self) -> bool {
		self.audited >= wanted.audited
			&& (self.replayed || !wanted.replayed)
			&& (self.tee || !wanted.tee)
			&& (self.zk || !wanted.zk)
	}
	/// Nothing beyond a signature.
	pub fn is_empty(&self) -> bool {
		*self == Self::default()
	}
}

/// How settled a result is. It never goes back.
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
	Serialize,
	Deserialize,
)]
pub enum Finality {
	/// Posted; disputes may still open.
	Open,
	/// Nothing can change it.
	Final,
	/// Found wrong or withheld; it counts for nothing.
	Invalidated,
}

/// A contract to call with the result.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Callback {
	/// The contract.
	pub contract: H160,
	/// The gas to prepay, in units of reference time.
	pub gas: u64,
	/// Call as soon as the result is `Open`, and not only when it is `Final`.
	pub when_open: bool,
}

/// What the requester agrees to.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Terms {
	/// The most that is paid in all. Held until the request ends.
	pub max_fee: Balance,
	/// The last block in which the assigned validator may answer.
	pub deadline: BlockNumber,
	/// The lane, below [`LANES`].
	pub lane: u8,
	/// The evidence that is paid for beyond a signature.
	pub evidence: EvidenceSet,
	/// What a wrong answer could cost the requester; raises cover and fee.
	pub value_at_risk: Balance,
	/// A contract to call.
	pub callback: Option<Callback>,
}

/// The identifier of a request:
/// `blake2_256(domain | "request" | genesis | account | lane | nonce | model | input | terms)`.
pub fn request_id(
	genesis: &Hash,
	account: &AccountId,
	nonce: u64,
	model: &ModelId,
	input_commitment: &Hash,
	terms: &Terms,
) -> RequestId {
	let mut data = DOMAIN.to_vec();
	data.extend_from_slice(b"request");
	(genesis, account, terms.lane, nonce, model, input_commitment, terms).encode_to(&mut data);
	blake2_256(&data).into()
}

/// The part that a validator plays for one request.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Hash,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub enum Role {
	/// Assigned to run it.
	Executor,
	/// Drawn to run it again.
	Auditor(u8),
}

/// Why a run gave no output. A trap is signed, paid and disputed like an answer.
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
	Serialize,
	Deserialize,
)]
pub enum TrapCode {
	/// The model refused the input: an index out of range, shapes that do not fit.
	#[codec(index = 0)]
	BadInput,
	/// An operator failed on values that its shapes allowed.
	#[codec(index = 1)]
	Operator,
	/// The output does not have the declared signature.
	#[codec(index = 2)]
	BadOutput,
	/// The run took longer than the manifest's ceiling.
	#[codec(index = 3)]
	TimeLimit,
	/// The run took more memory than the manifest's ceiling.
	#[codec(index = 4)]
	MemoryLimit,
}

/// What came of a run, as a result carries it.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Outcome {
	/// The SCALE encoding of the output tensors.
	Output(InlineBytes),
	/// No output.
	Trap {
		/// Why.
		code: TrapCode,
		/// The position of the operator in the program; `u32::MAX` where there is no program.
		operator: u32,
	},
}

/// What came of a run, as a statement commits to it.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum OutcomeCommitment {
	/// The commitment to the output tensors.
	Output(Hash),
	/// No output.
	Trap {
		/// Why.
		code: TrapCode,
		/// Where.
		operator: u32,
	},
}

impl Outcome {
	/// What a statement about this commits to. `None` where the output's bytes are no list of
	/// tensors.
	pub fn commitment(&self) -> Option<OutcomeCommitment> {
		match self {
			Self::Output(bytes) => {
				let tensors = decode_tensors(bytes).ok()?;
				Some(OutcomeCommitment::of_output(&tensors))
			}
			Self::Trap { code, operator } => {
				Some(OutcomeCommitment::Trap { code: *code, operator: *operator })
			}
		}
	}
}

impl OutcomeCommitment {
	/// Commits to output tensors.
	pub fn of_output(tensors: &[Tensor]) -> Self {
		Self::Output(tensors_commitment(tensors))
	}
}

/// What a validator signs about one request.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Statement {
	/// The hash of the genesis block.
	pub genesis: Hash,
	/// The request.
	pub request: RequestId,
	/// The model that ran.
	pub model: ModelId,
	/// The part that the signer plays.
	pub role: Role,
	/// The session whose validator set the assignment names.
	pub session: SessionIndex,
	/// The signer's position in that set.
	pub validator: ValidatorIndex,
	/// The commitment to the input.
	pub input: Hash,
	/// What came of it.
	pub outcome: OutcomeCommitment,
	/// The commitment to the attribution of this run.
	pub attribution: Hash,
	/// The signer's inference key.
	pub signer: InferenceId,
}

impl Statement {
	/// The bytes that are signed: `domain | "statement" | SCALE(self)`.
	pub fn signing_payload(&self) -> Vec<u8> {
		let mut data = DOMAIN.to_vec();
		data.extend_from_slice(b"statement");
		self.encode_to(&mut data);
		data
	}

	/// Whether `signature` is the signer's signature of this statement.
	pub fn verify(&self, signature: &InferenceSignature) -> bool {
		use sp_application_crypto::RuntimeAppPublic;
		self.signer.verify(&self.signing_payload(), signature)
	}
}

/// What an executor signs to demand an input that no node offers.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct InputDemand {
	/// The hash of the genesis block.
	pub genesis: Hash,
	/// The request.
	pub request: RequestId,
	/// The session whose validator set the assignment names.
	pub session: SessionIndex,
	/// The signer's position in that set.
	pub validator: ValidatorIndex,
	/// The signer's inference key.
	pub signer: InferenceId,
}

impl InputDemand {
	/// The bytes that are signed: `domain | "demand-input" | SCALE(self)`.
	pub fn signing_payload(&self) -> Vec<u8> {
		let mut data = DOMAIN.to_vec();
		data.extend_from_slice(b"demand-input");
		self.encode_to(&mut data);
		data
	}

	/// Whether `signature` is the signer's signature of this demand.
	pub fn verify(&self, signature: &InferenceSignature) -> bool {
		use sp_application_crypto::RuntimeAppPublic;
		self.signer.verify(&self.signing_payload(), signature)
	}
}

/// Who has to run a request.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Assignment {
	/// The session whose validator set `validator` counts in.
	pub session: SessionIndex,
	/// The position in that set.
	pub validator: ValidatorIndex,
	/// The validator's account.
	pub account: AccountId,
	/// The last block in which it may answer.
	pub deadline: BlockNumber,
	/// The cover reserved on its bond.
	pub cover: Balance,
}

/// Where a request stands.
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
	Serialize,
	Deserialize,
)]
pub enum RequestStatus {
	/// Waiting for a validator with free capacity and cover.
	Waiting,
	/// A validator is to run it.
	Assigned,
	/// The executor asked for the input; the clock stands still.
	InputDemanded,
	/// There is a result.
	Answered,
	/// Ended without a result; what was held went back, less what was owed.
	Refunded,
	/// The result was invalidated; everything went back.
	Invalidated,
	/// Settled.
	Settled,
}

/// What a request would cost, and who could run it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Quote {
	/// The whole fee: `cost_fee + price`.
	pub fee: Balance,
	/// The part that pays for the work, and for the audits that the terms ask for.
	pub cost_fee: Balance,
	/// The owner's price, paid to the contributors.
	pub price: Balance,
	/// The cost of the run.
	pub macs: Macs,
	/// The cover that the executor's bond must have free.
	pub cover: Balance,
	/// The validators that serve the model.
	pub servers: u32,
	/// Those of them that could take this request now.
	pub free_servers: u32,
	/// The earliest deadline that would be accepted in the next block.
	pub earliest_deadline: BlockNumber,
	/// The latest deadline that would be accepted in the next block.
	pub latest_deadline: BlockNumber,
	/// Blocks from a result to `Final`.
	pub final_window: BlockNumber,
	/// What is charged if the input is demanded and never comes: the base fee, and what is added for
	/// the value at risk.
	pub base_fee: Balance,
}

/// A request as queries show it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct RequestView {
	/// Its identifier.
	pub id: RequestId,
	/// Who asked.
	pub requester: AccountId,
	/// The model.
	pub model: ModelId,
	/// The commitment to the input.
	pub input_commitment: Hash,
	/// The length of the input's encoding.
	pub input_length: u32,
	/// Whether the input's bytes are on chain now.
	pub input_on_chain: bool,
	/// What was agreed.
	pub terms: Terms,
	/// The fee that is due if it is answered.
	pub fee: Balance,
	/// The block in which it was submitted.
	pub submitted_at: BlockNumber,
	/// Where it stands.
	pub status: RequestStatus,
	/// Who has to run it, or ran it.
	pub assignment: Option<Assignment>,
	/// How many validators were assigned so far.
	pub attempts: u8,
}

/// A result as queries show it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct ResultView {
	/// The request.
	pub request: RequestId,
	/// What the validator signed.
	pub statement: Statement,
	/// Its signature.
	pub signature: InferenceSignature,
	/// What came of the run.
	pub outcome: Outcome,
	/// How settled it is.
	pub finality: Finality,
	/// What stands behind it.
	pub evidence: EvidenceSet,
	/// The cover that stands behind it until it is `Final`.
	pub cover: Balance,
	/// The block in which it was included.
	pub answered_at: BlockNumber,
	/// The value of the window clock at which it becomes `Final`.
	pub final_at: u64,
}

/// An assignment as a worker needs it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct WorkItem {
	/// The request.
	pub request: RequestId,
	/// The model.
	pub model: ModelId,
	/// The part to play.
	pub role: Role,
	/// Who is assigned.
	pub assignment: Assignment,
	/// The inference key that has to sign.
	pub key: InferenceId,
	/// The commitment to the input.
	pub input_commitment: Hash,
	/// The length of the input's encoding.
	pub input_length: u32,
	/// The attribution commitment to sign where the model has no `attribution` output.
	pub attribution: Hash,
	/// Whether the input may still be demanded.
	pub may_demand_input: bool,
	/// The block in which the assignment was made.
	pub assigned_at: BlockNumber,
}

/// What a finished request leaves behind: the leaf of a block's receipts root.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Receipt {
	/// The request.
	pub request: RequestId,
	/// The model.
	pub model: ModelId,
	/// Who asked.
	pub requester: AccountId,
	/// Who answered; `None` where the chain itself did, inside a transaction.
	pub executor: Option<AccountId>,
	/// The commitment to the input.
	pub input: Hash,
	/// What came of it.
	pub outcome: OutcomeCommitment,
	/// The commitment to the attribution.
	pub attribution: Hash,
	/// `Final` or `Invalidated`.
	pub finality: Finality,
	/// What stood behind it.
	pub evidence: EvidenceSet,
	/// What was paid in all.
	pub paid: Balance,
	/// The part of it that went to the contributors.
	pub contributors: Balance,
}
