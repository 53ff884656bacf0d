//! What a model is: its manifest, and the identifier that the manifest gives it.

use crate::{
	tensor::{Port, TensorType, MAX_PORTS},
	AccountId, Balance, BlockNumber, Hash, Macs, DOMAIN,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{bounded::BoundedVec, ConstU32};
use sp_crypto_hashing::blake2_256;

/// The most contributors that one manifest names.
pub const MAX_CONTRIBUTORS: u32 = 32;
/// The most parents that one manifest names.
pub const MAX_PARENTS: u32 = 8;
/// The most validators that serve one model.
pub const MAX_SERVERS: u32 = 128;
/// The most models that one validator serves.
pub const MAX_SERVED: u32 = 64;
/// The most that one request may cost.
pub const MAX_REQUEST_MACS: Macs = 150 * crate::GIGA_MAC;
/// The largest artefact.
pub const MAX_ARTEFACT_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Identifies a model: `blake2_256(domain | "model" | genesis | owner | SCALE(manifest))`.
pub type ModelId = Hash;
/// The sha256 of an artefact.
pub type ArtefactHash = [u8; 32];

/// The ONNX file that a model runs from.
#[derive(
	Clone,
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
pub struct Artefact {
	/// The sha256 of the file.
	pub sha256: ArtefactHash,
	/// The length of the file in bytes.
	pub length: u64,
}

/// The model in canonical form.
#[derive(
	Clone,
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
pub struct ProgramRef {
	/// The root that commits to operators and constants.
	pub root: Hash,
	/// The version of the canonical operator set that gives it meaning.
	pub canonical_version: u16,
}

/// How far a claimed output may be from the canonical one.
#[derive(
	Clone,
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
#[serde(rename_all = "snake_case")]
pub enum PrecisionPolicy {
	/// Bit for bit.
	Exact,
	/// Each element within `2^absolute + 2^relative * |canonical|`.
	Within {
		/// Exponent of two of the absolute tolerance.
		absolute: i16,
		/// Exponent of two of the relative tolerance.
		relative: i16,
	},
	/// Only the index of the largest element is exposed; claims within `2^margin` of the largest
	/// are accepted.
	Top1 {
		/// Exponent of two of the margin.
		margin: i16,
	},
}

impl PrecisionPolicy {
	/// The exponents that a tolerance may have: those of the floats themselves.
	pub const EXPONENTS: core::ops::RangeInclusive<i16> = -149..=127;

	/// Whether an output may have this policy: exponents inside [`Self::EXPONENTS`], indices of
	/// type `I64` under `Top1`, and an output named `attribution` only as exact integers, because
	/// money follows it.
	pub fn fits(&self, output: &Port) -> bool {
		let inside = |exponent: &i16| Self::EXPONENTS.contains(exponent);
		let integer = !matches!(output.ty, TensorType::F32 | TensorType::Bool);
		let credits = output.name.as_slice() == b"attribution";
		match self {
			Self::Exact => !credits || integer,
			Self::Within { absolute, relative } => !credits && inside(absolute) && inside(relative),
			Self::Top1 { margin } => !credits && inside(margin) && output.ty == TensorType::I64,
		}
	}
}

/// What one run costs and may take. The engine enforces time and memory.
#[derive(
	Clone,
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
pub struct RunCost {
	/// Multiply-accumulate operations of one run, at the largest shapes.
	pub macs: Macs,
	/// The longest that a run may take, in milliseconds.
	pub time_ms: u32,
	/// The most memory that a run may take, in MiB.
	pub memory_mib: u32,
}

/// What a contributor gave.
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
#[serde(rename_all = "kebab-case")]
pub enum ContributorRole {
	/// Data that the model learnt from.
	Data,
	/// Training.
	Training,
	/// Fine-tuning of a parent.
	FineTuning,
	/// Evaluation.
	Evaluation,
	/// Machines, storage, serving.
	Infrastructure,
	/// Feedback, labels, preference.
	Feedback,
}

/// A share of a whole, in billionths.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
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
#[serde(transparent)]
pub struct Share(pub u32);

impl Share {
	/// The whole.
	pub const WHOLE: Self = Self(1_000_000_000);
	/// `percent` hundredths, at most the whole.
	pub const fn from_percent(percent: u32) -> Self {
		if percent >= 100 {
			Self::WHOLE
		} else {
			Self(percent * 10_000_000)
		}
	}
}

/// Who gets a share of what the model itself earns, after royalties.
#[derive(
	Clone,
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
pub struct Contributor {
	/// Who is paid.
	pub account: AccountId,
	/// For what.
	pub role: ContributorRole,
	/// The hash of whatever shows it; zero for none.
	pub evidence: Hash,
	/// The share of the contributors' part that is left after royalties.
	pub share: Share,
}

/// A model that this one was made from.
#[derive(
	Clone,
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
pub struct Parent {
	/// The parent.
	pub model: ModelId,
	/// The share of everything this model earns that goes to the parent's contributors.
	pub royalty: Share,
}

/// A model, as its owner registered it. Nothing in here ever changes.
#[derive(
	Clone,
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
pub struct Manifest {
	/// A name for people, UTF-8.
	pub name: BoundedVec<u8, ConstU32<64>>,
	/// An SPDX licence expression.
	pub licence: BoundedVec<u8, ConstU32<64>>,
	/// The file.
	pub artefact: Artefact,
	/// The canonical form, if there is one.
	pub program: Option<ProgramRef>,
	/// The inputs, in the order in which requests give them.
	pub inputs: BoundedVec<Port, ConstU32<MAX_PORTS>>,
	/// The outputs, in the order in which results give them.
	pub outputs: BoundedVec<Port, ConstU32<MAX_PORTS>>,
	/// One policy for each output; empty exactly where there is no program.
	pub policies: BoundedVec<PrecisionPolicy, ConstU32<MAX_PORTS>>,
	/// What a run costs and may take.
	pub cost: RunCost,
	/// Who is paid; shares add up to the whole.
	pub contributors: BoundedVec<Contributor, ConstU32<MAX_CONTRIBUTORS>>,
	/// What it was made from; royalties add up to less than the whole.
	pub parents: BoundedVec<Parent, ConstU32<MAX_PARENTS>>,
}

/// Why a manifest is not accepted, for what the manifest alone shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum ManifestError {
	/// Name or licence is empty or not UTF-8.
	BadText,
	/// The artefact is empty or larger than [`MAX_ARTEFACT_BYTES`].
	ArtefactLength,
	/// No input or no output.
	NoPorts,
	/// A port's name is empty, not UTF-8 or used twice among inputs or among outputs.
	PortName,
	/// A dimension's range is empty.
	DimensionRange,
	/// An input may be larger than [`crate::tensor::MAX_INPUT_BYTES`].
	InputTooLarge,
	/// An output may be larger than [`crate::tensor::MAX_INLINE_BYTES`].
	OutputTooLarge,
	/// Policies without a program, not one for each output, or one that does not fit its output;
	/// see [`PrecisionPolicy::fits`].
	Policies,
	/// Cost is zero or above [`MAX_REQUEST_MACS`], or a ceiling is zero.
	Cost,
	/// No contributor, a contributor with a zero share, or shares that do not add up to the whole.
	Shares,
	/// A parent named twice, a zero royalty, or royalties that leave nothing to the contributors.
	Royalties,
}

/// What an owner commits to before it registers a model, so that nobody who sees the manifest on its
/// way can be first: `blake2_256(domain | "registration" | model)`.
pub fn registration_commitment(model: &ModelId) -> Hash {
	let mut data = DOMAIN.to_vec();
	data.extend_from_slice(b"registration");
	model.encode_to(&mut data);
	blake2_256(&data).into()
}

impl Manifest {
	/// The identifier that this manifest gets when `owner` registers it.
	pub fn id(&self, genesis: &Hash, owner: &AccountId) -> ModelId {
		let mut data = DOMAIN.to_vec();
		data.extend_from_slice(b"model");
		genesis.encode_to(&mut data);
		owner.encode_to(&mut data);
		self.encode_to(&mut data);
		blake2_256(&data).into()
	}

	/// Checks everything that the manifest alone shows.
	pub fn check(&self) -> Result<(), ManifestError> {
		use crate::tensor::{max_encoded_bytes, Dimension, MAX_INLINE_BYTES, MAX_INPUT_BYTES};
		let is_text = |bytes: &[u8]| !bytes.is_empty() && core::str::from_utf8(bytes).is_ok();
		if !is_text(&self.name) || !is_text(&self.licence) {
			return Err(ManifestError::BadText);
		}
		if self.artefact.length == 0 || self.artefact.length > MAX_ARTEFACT_BYTES {
			return Err(ManifestError::ArtefactLength);
		}
		if self.inputs.is_empty() || self.outputs.is_empty() {
			return Err(ManifestError::NoPorts);
		}
		for ports in [&self.inputs, &self.outputs] {
			for (index, port) in ports.iter().enumerate() {
				if !is_text(&port.name)
					|| ports.iter().take(index).any(|other| other.name == port.name)
				{
					return Err(ManifestError::PortName);
				}
				if port
					.shape
					.iter()
					.any(|dim| matches!(dim, Dimension::Range { min, max } if min > max))
				{
					return Err(ManifestError::DimensionRange);
				}
			}
		}
		if max_encoded_bytes(&self.inputs).is_none_or(|bytes| bytes > MAX_INPUT_BYTES) {
			return Err(ManifestError::InputTooLarge);
		}
		if max_encoded_bytes(&self.outputs).is_none_or(|bytes| bytes > MAX_INLINE_BYTES) {
			return Err(ManifestError::OutputTooLarge);
		}
		let policies = if self.program.is_some() { self.outputs.len() } else { 0 };
		if self.policies.len() != policies {
			return Err(ManifestError::Policies);
		}
		if !self.policies.iter().zip(&self.outputs).all(|(policy, port)| policy.fits(port)) {
			return Err(ManifestError::Policies);
		}
		let RunCost { macs, time_ms, memory_mib } = self.cost;
		if macs == 0 || macs > MAX_REQUEST_MACS || time_ms == 0 || memory_mib == 0 {
			return Err(ManifestError::Cost);
		}
		let mut total = 0u64;
		for contributor in &self.contributors {
			if contributor.share.0 == 0 {
				return Err(ManifestError::Shares);
			}
			total = total.saturating_add(contributor.share.0.into());
		}
		if total != u64::from(Share::WHOLE.0) {
			return Err(ManifestError::Shares);
		}
		let mut royalties = 0u64;
		for (index, parent) in self.parents.iter().enumerate() {
			if parent.royalty.0 == 0
				|| self.parents.iter().take(index).any(|other| other.model == parent.model)
			{
				return Err(ManifestError::Royalties);
			}
			royalties = royalties.saturating_add(parent.royalty.0.into());
		}
		if royalties >= u64::from(Share::WHOLE.0) {
			return Err(ManifestError::Royalties);
		}
		Ok(())
	}
}

/// Whether a model takes requests.
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
pub enum ModelStatus {
	/// It does.
	Active,
	/// It takes no new requests; those under way end as they would have.
	Retired,
}

/// The owner's price for one run, paid to the contributors on top of the cost.
///
/// A rise is announced: whoever reads the price in one block pays no more in the next.
#[derive(
	Clone,
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
pub struct Price {
	/// In force until `next` takes over.
	pub current: Balance,
	/// The next price, and the block from which it holds.
	pub next: Option<(Balance, BlockNumber)>,
}

impl Price {
	/// The price in force at a block.
	pub fn at(&self, now: BlockNumber) -> Balance {
		match self.next {
			Some((price, from)) if now >= from => price,
			_ => self.current,
		}
	}
}

/// A model as queries show it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct ModelView {
	/// Its identifier.
	pub id: ModelId,
	/// Who owns it now.
	pub owner: AccountId,
	/// Whether it takes requests.
	pub status: ModelStatus,
	/// The price, and the next.
	pub price: Price,
	/// The block in which it was registered.
	pub registered_at: BlockNumber,
	/// The manifest.
	pub manifest: Manifest,
	/// The validators that serve it.
	pub servers: Vec<AccountId>,
}
