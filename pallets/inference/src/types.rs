//! What this pallet stores, and the limits that bound it.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use countersign_primitives::{
	keys::{InferenceId, InferenceSignature},
	model::{ModelId, MAX_SERVERS},
	parameters::RequestParameters,
	request::{
		Assignment, EvidenceSet, Finality, RequestId, RequestStatus, RequestView, Statement, Terms,
	},
	tensor::MAX_INPUT_BYTES,
	AccountId, Balance, BlockNumber, Hash, Macs,
};
use frame_support::{
	traits::{ConstU32, Get},
	BoundedVec,
};
use scale_info::TypeInfo;
use sp_runtime::ConsensusEngineId;

/// The most requests that one block takes. Weight and length end a block long before.
pub const MAX_REQUESTS_PER_BLOCK: u32 = 256;
/// The most deadlines that one block acts on.
pub const MAX_EXPIRIES_PER_BLOCK: u32 = 12;
/// The most results that one block makes `Final` by itself.
pub const MAX_FINALS_PER_BLOCK: u32 = 22;
/// The most ended requests that one block prunes.
pub const MAX_PRUNES_PER_BLOCK: u32 = 32;
/// The most waiting requests that one block tries again, each for take-overs and for the others.
pub const MAX_RETRIES_PER_BLOCK: u32 = 8;
/// A block stops trying waiting requests again when it has looked at this many servers, each for
/// take-overs and for the others.
pub const MAX_RETRY_SCANS: u32 = 32;
/// The most that a block's retries can look at: the last one may be a whole model.
pub const WORST_RETRY_SCANS: u32 = 2 * (MAX_RETRY_SCANS + MAX_SERVERS);
/// The most buckets of one queue that one block opens.
pub const MAX_BUCKETS_PER_BLOCK: u32 = 16;
/// The most receipts of one block.
pub const MAX_RECEIPTS_PER_BLOCK: u32 = 512;
/// The most validators that one request is assigned to, one after the other.
pub const MAX_ATTEMPTS: u32 = 2;
/// The most assignments that a query shows.
pub const MAX_ASSIGNMENTS_SHOWN: usize = 256;
/// Blocks beyond the time for its cost that an assignment must have left to be worth making: one
/// for the validator to see it, one for the result to be included.
pub const ASSIGNMENT_SLACK_BLOCKS: BlockNumber = 2;
/// Marks the digest item that carries [`ReceiptsDigest`].
pub const RECEIPTS_ENGINE_ID: ConsensusEngineId = *b"CSRT";

/// An input as the chain keeps it.
pub type StoredInput = BoundedVec<u8, ConstU32<MAX_INPUT_BYTES>>;

/// The position of an assignment among all that were ever made, big-endian so that keys sort by
/// age.
pub type SequenceKey = [u8; 8];

/// What happens when nobody knows what comes: this block's randomness.
pub trait BlockRandomness {
	/// The verifiable random output of this block's author. Asked at the end of the block only;
	/// `None` where the block has none, and then nothing is assigned in it.
	fn block_randomness() -> Option<Hash>;
}

/// The commitment to a block's receipts, as the digest item of [`RECEIPTS_ENGINE_ID`] carries it.
///
/// ```text
/// leaf(i) = leaf_hash(i, SCALE(receipt i))      root = merkle_top(leaves)
/// ```
///
/// Both functions are those of `countersign_primitives::commitment`; receipts stand in the order
/// in which the requests ended. A block in which none ended has no such item.
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
pub struct ReceiptsDigest {
	/// The root over all receipts.
	pub root: Hash,
	/// How many there are.
	pub count: u32,
}

/// A validator's current work on a request.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ActiveAssignment {
	/// Who has to do what until when.
	pub assignment: Assignment,
	/// The inference key that has to sign, which the session's table names.
	pub key: InferenceId,
	/// The block in which it was made.
	pub assigned_at: BlockNumber,
	/// Its number among all assignments.
	pub sequence: u64,
}

/// A request, from its submission until it is pruned.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Request {
	/// Who asked.
	pub requester: AccountId,
	/// The model.
	pub model: ModelId,
	/// The commitment to the input.
	pub input_commitment: Hash,
	/// The length of the input's encoding in bytes.
	pub input_length: u32,
	/// What was agreed.
	pub terms: Terms,
	/// The part of the fee that pays for the work.
	pub cost_fee: Balance,
	/// The part of the fee that pays for the audits that the terms ask for.
	pub audit_fee: Balance,
	/// The owner's price.
	pub price: Balance,
	/// The cost of the run.
	pub macs: Macs,
	/// The version of the canonical operator set by which its result is judged, if there is one.
	pub canonical_version: Option<u16>,
	/// The cover that whoever is assigned must have free.
	pub cover: Balance,
	/// The commitment to the attribution that a statement has to name.
	pub attribution: Hash,
	/// The rules in force when it was submitted; they hold for all its life.
	pub rules: RequestParameters,
	/// The block in which it was submitted.
	pub submitted_at: BlockNumber,
	/// Where it stands.
	pub status: RequestStatus,
	/// What is held of the requester's balance for it.
	pub held: Balance,
	/// While open, the last block of what it waits for; once ended, the last block before it may
	/// be pruned. The bucket of the queue that it is in; of no meaning while `Answered`.
	pub due: BlockNumber,
	/// Who has to run it, or ran it.
	pub active: Option<ActiveAssignment>,
	/// Everybody it was ever assigned to.
	pub tried: BoundedVec<AccountId, ConstU32<MAX_ATTEMPTS>>,
	/// Whether the input was demanded, which an executor may do once.
	pub demanded: bool,
	/// The blocks that were left to the executor when it demanded the input.
	pub remaining: BlockNumber,
}

impl Request {
	/// The fee that is due if it is answered.
	pub fn fee(&self) -> Balance {
		self.cost_fee.saturating_add(self.audit_fee).saturating_add(self.price)
	}

	/// Whether money is held for it.
	pub fn is_open(&self) -> bool {
		match self.status {
			RequestStatus::Waiting
			| RequestStatus::Assigned
			| RequestStatus::InputDemanded
			| RequestStatus::Answered => true,
			RequestStatus::Refunded | RequestStatus::Invalidated | RequestStatus::Settled => false,
		}
	}

	/// Whether a validator has to answer it.
	pub fn is_under_way(&self) -> bool {
		matches!(self.status, RequestStatus::Assigned | RequestStatus::InputDemanded)
	}

	/// Whether somebody was assigned before and missed the deadline.
	pub fn is_take_over(&self) -> bool {
		!self.tried.is_empty()
	}

	/// As queries show it.
	pub fn view(self, id: RequestId, input_on_chain: bool) -> RequestView {
		RequestView {
			id,
			fee: self.fee(),
			attempts: u8::try_from(self.tried.len()).unwrap_or(u8::MAX),
			requester: self.requester,
			model: self.model,
			input_commitment: self.input_commitment,
			input_length: self.input_length,
			input_on_chain,
			terms: self.terms,
			submitted_at: self.submitted_at,
			status: self.status,
			assignment: self.active.map(|active| active.assignment),
		}
	}
}

/// A result without the bytes of its outcome, which are kept apart so that settling does not
/// touch them.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ResultRecord {
	/// What the validator signed.
	pub statement: Statement,
	/// Its signature, as bytes.
	pub signature: [u8; 64],
	/// How settled it is.
	pub finality: Finality,
	/// What stands behind it.
	pub evidence: EvidenceSet,
	/// The block in which it was included.
	pub answered_at: BlockNumber,
	/// The block in which its window began: that of its inclusion, or a later one where nobody could
	/// dispute it before.
	pub window_from: BlockNumber,
	/// The value of the window clock at which it becomes `Final`.
	pub final_at: u64,
}

/// A signature as it is stored.
pub fn signature_bytes(signature: &InferenceSignature) -> [u8; 64] {
	let mut bytes = [0u8; 64];
	// Both have 64 bytes by type; `zip` cannot go beyond either.
	for (to, from) in bytes.iter_mut().zip(AsRef::<[u8]>::as_ref(signature)) {
		*to = *from;
	}
	bytes
}

/// Both sets together: evidence is never lost.
pub fn join_evidence(one: EvidenceSet, other: EvidenceSet) -> EvidenceSet {
	EvidenceSet {
		audited: one.audited.max(other.audited),
		replayed: one.replayed || other.replayed,
		tee: one.tee || other.tee,
		zk: one.zk || other.zk,
	}
}

/// Why a request ended without a result.
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
pub enum RefundReason {
	/// No validator had capacity and cover free before the deadline.
	NoServer,
	/// Whoever was assigned did not answer in time.
	NotAnswered,
	/// The executor demanded the input and nobody posted it in time; the base fee was charged.
	InputWithheld,
	/// It waited for a validator while the model's version of the operator set was suspended.
	VersionSuspended,
}

/// How far each queue has been worked off: every bucket below is empty.
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
)]
pub struct QueueCursors {
	/// Of the deadlines, in blocks.
	pub deadlines: BlockNumber,
	/// Of the results on their way to `Final`, in ticks of the window clock.
	pub finals: u64,
	/// Of the ended requests, in blocks.
	pub prunes: BlockNumber,
	/// Of the receipts, in blocks.
	pub receipt_prunes: BlockNumber,
}

/// What a verdict needs to know of the result that it has just invalidated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InvalidatedResult {
	/// Who signed it.
	pub executor: AccountId,
	/// The cover that was reserved for it. It is still reserved: the slash takes it.
	pub cover: Balance,
	/// What went back to the requester.
	pub returned: Balance,
}

/// The main network's parameters, in force until genesis or governance says otherwise.
pub struct MainParameters;

impl Get<RequestParameters> for MainParameters {
	fn get() -> RequestParameters {
		RequestParameters::main()
	}
}
