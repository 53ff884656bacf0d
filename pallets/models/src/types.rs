//! What this pallet stores about a model, beside its manifest.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use countersign_primitives::{
	model::{ModelStatus, Price},
	AccountId, Balance, BlockNumber, Macs,
};
use scale_info::TypeInfo;

/// What changes about a model, and what a request needs of its manifest.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ModelRecord {
	/// Who owns it now.
	pub owner: AccountId,
	/// Whether it takes requests.
	pub status: ModelStatus,
	/// The price, and the next.
	pub price: Price,
	/// The block in which it was registered.
	pub registered_at: BlockNumber,
	/// The cost of one run at the largest shapes.
	pub macs: Macs,
	/// The most bytes that the encoding of the inputs may take.
	pub input_bytes: u32,
	/// The version of the canonical operator set that its program names; `None` without a program,
	/// and then its results cannot be disputed.
	pub canonical_version: Option<u16>,
	/// What is held of the owner's balance for the storage.
	pub deposit: Balance,
}
