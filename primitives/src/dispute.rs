//! Disputes: what recomputes a result, what a verdict does, and what clients ask about both.

// The macro that declares the runtime API documents what it generates in its own way.
#![allow(missing_docs)]

use crate::{
	demand::{DemandId, DemandView, Showing, Wanted},
	game::{GameCost, GameMessage, GameMove, GameRefusal, GameView, Opening},
	keys::{InferenceId, InferenceSignature},
	model::{Manifest, ModelId},
	request::{Outcome, OutcomeCommitment, RequestId, Statement},
	tensor::MAX_INPUT_BYTES,
	AccountId, Balance, BlockNumber, Hash, Macs, SessionIndex, ValidatorIndex, DOMAIN,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::{bounded::BoundedVec, ConstU32};
use sp_crypto_hashing::blake2_256;
use sp_runtime::{DispatchResult, Weight};

/// The most bytes of a package, program and constants, that travels inside one transaction. A
/// block has no room for more.
pub const MAX_INLINE_PACKAGE: u32 = 4 * 1024 * 1024;
/// The most bytes of a package that is staged over blocks.
pub const MAX_STAGED_PACKAGE: u32 = crate::program::MAX_PACKAGE_BYTES;
/// The bytes of one staged chunk; the last one of a package may be shorter.
pub const STAGED_CHUNK: u32 = 64 * 1024;
/// The most bytes that one call stages: a whole number of chunks.
pub const MAX_STAGED_AT_ONCE: u32 = 8 * STAGED_CHUNK;

/// Names a package that an account stages; see [`staging_id`].
pub type StagingId = Hash;

/// The name of the package with this program root that an account stages:
/// `blake2_256(domain | "staging" | account | root)`.
pub fn staging_id(account: &AccountId, root: &Hash) -> StagingId {
	let mut data = DOMAIN.to_vec();
	data.extend_from_slice(b"staging");
	(account, root).encode_to(&mut data);
	blake2_256(&data).into()
}

/// Where a replay finds the program and its constants.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum PackageSource {
	/// The chain stores it.
	#[codec(index = 0)]
	Stored,
	/// It comes along: the SCALE encoding of a canonical package.
	#[codec(index = 1)]
	Inline(BoundedVec<u8, ConstU32<MAX_INLINE_PACKAGE>>),
	/// Somebody staged it.
	#[codec(index = 2)]
	Staged(StagingId),
}

impl PackageSource {
	/// The bytes that come along.
	pub fn inline_length(&self) -> u32 {
		match self {
			Self::Inline(bytes) => u32::try_from(bytes.len()).unwrap_or(u32::MAX),
			Self::Stored | Self::Staged(_) => 0,
		}
	}
}

/// Everything that a replay needs and the chain may lack. Each part is checked against what the
/// model and the request commit to.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Witness {
	/// Program and constants.
	pub package: PackageSource,
	/// The encoding of the input; `None` where it is on chain.
	pub input: Option<BoundedVec<u8, ConstU32<MAX_INPUT_BYTES>>>,
}

impl Witness {
	/// The bytes that come along.
	pub fn inline_length(&self) -> u32 {
		let input = self.input.as_ref().map_or(0, |bytes| bytes.len());
		self.package.inline_length().saturating_add(u32::try_from(input).unwrap_or(u32::MAX))
	}
}

/// What a replay takes, declared beforehand so that it is charged before it runs. A replay that
/// needs more is refused; what is declared and not needed is given back.
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
pub struct Effort {
	/// The static cost of the program, weighted: `weighted_macs` of its cost.
	pub macs: Macs,
	/// The bytes of package and input together, wherever they come from.
	pub bytes: u32,
}

/// What a validator signs to have a result replayed at its own cost.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ReplayChallenge {
	/// The hash of the genesis block.
	pub genesis: Hash,
	/// The request whose result it is.
	pub request: RequestId,
	/// A session of now: the current one, or the one before.
	pub session: SessionIndex,
	/// The signer's position in that session's set.
	pub validator: ValidatorIndex,
	/// What the replay takes.
	pub effort: Effort,
	/// The signer's inference key in that session.
	pub signer: InferenceId,
}

impl ReplayChallenge {
	/// The bytes that are signed: `domain | "replay" | SCALE(self)`.
	pub fn signing_payload(&self) -> Vec<u8> {
		let mut data = DOMAIN.to_vec();
		data.extend_from_slice(b"replay");
		self.encode_to(&mut data);
		data
	}

	/// Whether `signature` is the signer's signature of this challenge.
	pub fn verify(&self, signature: &InferenceSignature) -> bool {
		use sp_application_crypto::RuntimeAppPublic;
		self.signer.verify(&self.signing_payload(), signature)
	}
}

/// What the chain found when it recomputed a result, from good to bad.
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
pub enum Verdict {
	/// The result stands.
	#[codec(index = 0)]
	Accepted,
	/// The result was beyond the tolerance, but inside the band in which nobody is slashed. The
	/// canonical answer replaces it.
	#[codec(index = 1)]
	Corrected,
	/// The result was wrong.
	#[codec(index = 2)]
	Wrong,
}

/// A decided dispute, until it is pruned.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Decision {
	/// What the chain found.
	pub verdict: Verdict,
	/// Who asked.
	pub challenger: AccountId,
	/// Who had signed the result.
	pub executor: AccountId,
	/// What the challenger lost of its bond.
	pub bond_lost: Balance,
	/// What the executor is to lose; 0 unless the verdict is `Wrong`.
	pub slash: Balance,
	/// The first session in which the slash is applied.
	pub slashed_in: Option<SessionIndex>,
	/// The block of the verdict.
	pub decided_at: BlockNumber,
}

/// An open result, as a verdict needs it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenResult {
	/// What was signed.
	pub statement: Statement,
	/// What came of the run, as it was claimed.
	pub outcome: Outcome,
	/// Who signed.
	pub executor: AccountId,
	/// The cover behind it.
	pub cover: Balance,
	/// The tick of the window clock at which it becomes `Final`.
	pub final_at: u64,
}

/// Open results and how they end. Implemented by pallet-inference.
///
/// A result that is open can be concluded once. The three ways fail, and change nothing, if there
/// is none, or if the block has no room for another receipt.
pub trait Verdicts {
	/// A result that can still end either way.
	fn open_result(request: &RequestId) -> Option<OpenResult>;
	/// Whether this block has room for one more receipt.
	fn has_room() -> bool;
	/// The encoding of the input, where it is on chain.
	fn input(request: &RequestId) -> Option<Vec<u8>>;
	/// The bytes of the input, where it is on chain.
	fn input_length(request: &RequestId) -> Option<u32>;
	/// The chain has recomputed it: this is what came of it. Told before the verdict is carried
	/// out, for those who claimed the same or something else.
	fn recomputed(_: &RequestId, _: &OutcomeCommitment) {}
	/// The chain has shown without a run that what was claimed can be no outcome of one. Told
	/// before the result is invalidated, for those who claimed the same.
	fn refuted(_: &RequestId) {}
	/// The most weight that audits add to a verdict.
	fn audits_weight() -> Weight {
		Weight::zero()
	}
	/// Whether this account's word is at stake, because an auditor contradicts the result: then it
	/// has the result recomputed without bond and fee.
	fn is_party(_: &RequestId, _: &AccountId) -> bool {
		false
	}
	/// The bytes of the input's encoding, as the request declared them.
	fn declared_input_length(request: &RequestId) -> Option<u32>;
	/// Stores the encoding of an input that was checked against its commitment, for as long as the
	/// result is open.
	fn put_input(request: &RequestId, bytes: Vec<u8>) -> DispatchResult;
	/// The chain replayed it and agrees: `Replayed` and `Final` at once.
	fn uphold(request: &RequestId) -> DispatchResult;
	/// The canonical outcome replaces the claimed one: `Replayed` and `Final` at once. The
	/// executor's part of the fee goes back to the requester; the cover is released.
	fn correct(request: &RequestId, outcome: Outcome) -> DispatchResult;
	/// Everything that is held goes back to the requester. The cover stays reserved: the slash
	/// takes it.
	fn invalidate(request: &RequestId) -> DispatchResult;
	/// Changes the tick of the window clock at which an open result becomes `Final`. It has to lie
	/// ahead.
	fn set_final_at(request: &RequestId, tick: u64) -> DispatchResult;
	/// The ticks of the window clock that one game about this result may take.
	fn game_ticks(request: &RequestId) -> u64;
	/// The window clock.
	fn clock() -> u64;
	/// Up to `limit` open results after `after`, in a fixed order; fewer only where there are no more.
	fn open_results(after: Option<RequestId>, limit: u32) -> Vec<RequestId>;
	/// The blocks for which what ended stays readable.
	fn retention() -> BlockNumber;
	/// Makes an open result for a benchmark or a test: a validator answered the encoded `input`
	/// with `outcome` and has cover reserved for it. The input is on chain.
	#[cfg(feature = "runtime-benchmarks")]
	fn make_open_result(model: ModelId, input: Vec<u8>, outcome: Outcome) -> RequestId;
	/// Takes the bytes of an input off the chain, for a benchmark or a test.
	#[cfg(feature = "runtime-benchmarks")]
	fn forget_input(request: &RequestId);
}

/// What models are.
pub trait Manifests {
	/// What a model is.
	fn manifest(model: &ModelId) -> Option<Manifest>;
}

/// An open result as clients and watchers see it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct DisputableView {
	/// The request.
	pub request: RequestId,
	/// The model.
	pub model: ModelId,
	/// Who signed.
	pub executor: AccountId,
	/// The commitment to the input.
	pub input: Hash,
	/// The length of the input's encoding, where it is on chain.
	pub input_on_chain: Option<u32>,
	/// What was claimed.
	pub outcome: Outcome,
	/// The cover behind it, which a wrong result costs.
	pub cover: Balance,
	/// The tick of the window clock at which it becomes `Final`, and cannot be disputed any more.
	pub final_at: u64,
	/// The window clock.
	pub clock: u64,
	/// Whether the chain stores the model's package.
	pub stored: bool,
}

/// What a replay would cost.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct ReplayCost {
	/// What to declare.
	pub effort: Effort,
	/// Picoseconds of reference time of the whole call.
	pub time: u64,
	/// Bytes of memory.
	pub memory: u64,
	/// Whether it fits one block. What does not fit cannot be decided by replay.
	pub fits: bool,
	/// Whether the package fits one transaction; a longer one is staged.
	pub fits_inline: bool,
	/// What is on hold while the chain replays: lost where the result stands.
	pub bond: Balance,
	/// What a validator that has no fee to pay has on hold beyond that, burned unless the result
	/// is wrong.
	pub bond_for_validator: Balance,
}

/// Why there is no replay.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum ReplayRefusal {
	/// There is no such result, or it is not open any more.
	NotOpen,
	/// The model has no canonical program: nobody can recompute it.
	NoProgram,
	/// The version of the operator set is suspended, or this chain does not know it.
	Version,
	/// The chain does not store the package, or it is not staged, or not completely.
	NoPackage,
	/// The package is not one, or not the model's.
	WrongPackage,
	/// The input is neither here nor on chain.
	NoInput,
	/// The input is not the one that the request committed to.
	WrongInput,
	/// The declared effort is less than the replay takes; `DisputesApi` tells what to declare.
	EffortTooLow,
	/// The replay takes more time or memory than one block has for it. Only a proof about single
	/// operators could decide about this model.
	TooHeavy,
}

sp_api::decl_runtime_apis! {
	/// Disputes: what can be disputed, at what cost, and what was decided.
	pub trait DisputesApi {
		/// Up to `limit` (at most 64) open results after `after`, in a fixed order.
		fn disputable(after: Option<RequestId>, limit: u32) -> Vec<DisputableView>;
		/// One open result.
		fn disputable_result(request: RequestId) -> Option<DisputableView>;
		/// Up to 256 results of this very block: what a watcher looks at first.
		fn answered_here() -> Vec<RequestId>;
		/// The decision about a request, until it is pruned.
		fn decision(request: RequestId) -> Option<Decision>;
		/// Up to `limit` (at most 256) decisions after `after`, in a fixed order.
		fn decisions(after: Option<RequestId>, limit: u32) -> Vec<(RequestId, Decision)>;
		/// What a replay with this package and so many bytes of input would cost.
		fn replay_cost(package: Vec<u8>, input_bytes: u32) -> Result<ReplayCost, ReplayRefusal>;
		/// What a replay of an open result would cost, whose package the chain has.
		fn replay_cost_of(request: RequestId, package: PackageSource) -> Result<ReplayCost, ReplayRefusal>;
		/// What the chain would find, without doing anything about it.
		fn judge(request: RequestId, witness: Witness) -> Result<Verdict, ReplayRefusal>;
		/// How many bytes of a staged package are there, and of how many.
		fn staged(id: StagingId) -> Option<(u32, u32)>;
		/// The transaction by which a validator has a result replayed at its own cost.
		fn challenge_transaction(challenge: ReplayChallenge, witness: Witness, signature: InferenceSignature) -> Block::Extrinsic;
		/// Up to `limit` (at most 16) games after `after`, in a fixed order.
		fn games(after: Option<(RequestId, u8)>, limit: u32) -> Vec<GameView>;
		/// One game.
		fn game(request: RequestId, branch: u8) -> Option<GameView>;
		/// The commitments of the executor's trace, once it posted them.
		fn game_roots(request: RequestId) -> Option<Vec<Hash>>;
		/// What a game would cost, or why there is none. Without an opening, one more of those that
		/// are on.
		fn game_cost(request: RequestId, opening: Option<Opening>) -> Result<GameCost, GameRefusal>;
		/// What is on hold for a demand, or why there is none.
		fn demand_fee(request: RequestId, wanted: Wanted) -> Result<Balance, GameRefusal>;
		/// The transaction by which a validator shows what is demanded.
		fn show_transaction(message: GameMessage, showing: Showing, signature: InferenceSignature) -> Block::Extrinsic;
		/// Up to `limit` (at most 64) demands after `after`, in a fixed order.
		fn demands(after: Option<(RequestId, DemandId)>, limit: u32) -> Vec<DemandView>;
		/// The transaction by which a validator opens a game.
		fn open_game_transaction(message: GameMessage, opening: Option<Opening>, signature: InferenceSignature) -> Block::Extrinsic;
		/// The transaction by which a validator makes a move.
		fn game_move_transaction(message: GameMessage, action: GameMove, signature: InferenceSignature) -> Block::Extrinsic;
	}
}
