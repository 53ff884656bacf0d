//! What a validator can be slashed for beyond consensus.

use crate::{
	keys::InferenceSignature,
	request::{RequestId, Role, Statement},
	AccountId, Balance, SessionIndex, ValidatorIndex,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// An offence around inference. Each is proved by signatures or recomputed by the chain; being
/// slow, being outvoted or having a bad reputation is none.
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
pub enum OffenceKind {
	/// Two signed statements for one request and role, with different outcomes or attributions.
	#[codec(index = 0)]
	Equivocation,
	/// A signed outcome or attribution that the canonical execution contradicts.
	#[codec(index = 1)]
	WrongResult,
	/// Bytes that a signature asserts to have, demanded and not shown in time.
	#[codec(index = 2)]
	Unavailable,
	/// An auditor committed to an answer and did not reveal it.
	#[codec(index = 3)]
	BrokenCommit,
}

/// An offence that was proved, and what it costs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OffenceReport {
	/// What was done.
	pub kind: OffenceKind,
	/// The session whose validator set `validator` counts in: the one that the assignment names.
	pub session: SessionIndex,
	/// The offender's position in that set.
	pub validator: ValidatorIndex,
	/// The request that it is about. With `role` the slot of the offence: one offender commits one
	/// kind at most once in it.
	pub request: RequestId,
	/// The part that the offender played.
	pub role: Role,
	/// What it costs, in the smallest unit: the cover for `WrongResult` and `Unavailable`, what the
	/// rules of audits say for `BrokenCommit`. Not read for `Equivocation`, which costs 5 % of the
	/// offender's exposure in `session`.
	pub amount: Balance,
	/// The version of the canonical operator set that found a result wrong; `None` for the kinds
	/// in which nothing is recomputed. Slashes of `WrongResult` are counted by version.
	pub version: Option<u16>,
	/// Who is rewarded with a tenth of what is slashed. Where there is none, all of it is burned.
	pub reporter: Option<AccountId>,
}

/// A statement and its signer's signature.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct SignedStatement {
	/// What was said.
	pub statement: Statement,
	/// The signature of [`Statement::signing_payload`].
	pub signature: InferenceSignature,
}
