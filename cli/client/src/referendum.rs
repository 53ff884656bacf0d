//! Referenda: what holders of tokens decide.

use crate::{call::Call, client::Included, keys::Signer, Client, Error};
use codec::Decode;
use countersign_primitives::{AccountId, Balance, BlockNumber};
use sp_crypto_hashing::{twox_128, twox_64};

/// The number of a referendum.
pub type ReferendumIndex = u32;
/// The number of a track.
pub type Track = u16;

/// The chain's own origins, as the origin of a call is encoded: the pallet `Origins`, and what a
/// referendum under it may do. In the order of `pallet_governance::Origin`.
const ORIGINS: u8 = 35;
/// A proposal that stands in the referendum itself; longer ones would be preimages.
const INLINE: u8 = 1;
/// The most bytes of such a proposal.
const MOST_INLINE: usize = 128;
/// Enacted this many blocks after its confirmation, or as soon as the track allows.
const AFTER: u8 = 1;
/// A vote for or against, and nothing in between.
const STANDARD: u8 = 0;
/// Tracks that are looked through for votes; the chain has fewer.
const MOST_TRACKS: usize = 64;
/// The most that a vote can weigh: six times its tokens, which stay locked the longer.
pub const MOST_CONVICTION: u8 = 6;

/// What a referendum may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Power {
	/// Authorize a new runtime.
	Upgrade = 0,
	/// Change parameters inside their ranges.
	Parameters = 1,
	/// Cancel pending slashes.
	Slashes = 2,
	/// Lift the suspension of a version of the canonical operator set.
	Suspensions = 3,
	/// Pay out of the treasury.
	Spend = 4,
	/// Stop new requests, and let them in again.
	Emergency = 5,
}

/// A vote as the chain stores it.
#[derive(Decode)]
// Decoded to get past it.
#[allow(dead_code)]
enum Vote {
	#[codec(index = 0)]
	Standard(u8, Balance),
	#[codec(index = 1)]
	Split(Balance, Balance),
	#[codec(index = 2)]
	SplitAbstain(Balance, Balance, Balance),
}

/// How an account votes on a track, as far as its own votes.
#[derive(Decode)]
enum Voting {
	#[codec(index = 0)]
	Casting(Vec<(ReferendumIndex, Vote)>),
}

impl Call {
	/// Submits a referendum about a call, whose bytes are given, to be enacted as soon as may be.
	fn submit_referendum(power: Power, proposal: Vec<u8>) -> Self {
		Self::new("Referenda", "submit")
			.with("proposal_origin", [ORIGINS, power as u8])
			.with("proposal", (INLINE, proposal))
			.with("enactment_moment", (AFTER, BlockNumber::MIN))
	}

	/// Pays what a referendum has to put down to be decided.
	pub fn place_decision_deposit(index: ReferendumIndex) -> Self {
		Self::new("Referenda", "place_decision_deposit").with_number("index", index)
	}

	/// Gives the decision deposit of a referendum that has ended back to who placed it.
	pub fn refund_decision_deposit(index: ReferendumIndex) -> Self {
		Self::new("Referenda", "refund_decision_deposit").with_number("index", index)
	}

	/// Gives the submission deposit of a referendum that was approved back to who submitted it.
	pub fn refund_submission_deposit(index: ReferendumIndex) -> Self {
		Self::new("Referenda", "refund_submission_deposit").with_number("index", index)
	}

	/// Votes with so many tokens. `conviction` is at most [`MOST_CONVICTION`]; 0 weighs a tenth and
	/// locks nothing beyond the referendum.
	pub fn vote(index: ReferendumIndex, aye: bool, conviction: u8, amount: Balance) -> Self {
		let vote = (u8::from(aye) << 7) | conviction.min(MOST_CONVICTION);
		Self::new("ConvictionVoting", "vote")
			.with_number("poll_index", index)
			.with("vote", (STANDARD, vote, amount))
	}

	/// Takes a vote back, or clears that on a referendum that has ended.
	pub fn remove_vote(track: Track, index: ReferendumIndex) -> Self {
		Self::new("ConvictionVoting", "remove_vote")
			.with("class", Some(track))
			.with_number("index", index)
	}

	/// Unlocks the tokens of an account that no vote on a track needs any more.
	pub fn unlock_votes(track: Track, account: &AccountId) -> Self {
		// The first kind of address is an account.
		Self::new("ConvictionVoting", "unlock").with("class", track).with("target", (0u8, account))
	}

	/// Takes a slash off the bond that it waits on. For referenda under [`Power::Slashes`].
	pub fn cancel_slash(slash: u32) -> Self {
		Self::new("Validators", "cancel_slash").with_number("slash", slash)
	}
}

impl Client {
	/// Submits a referendum about a call. It is decided once its decision deposit is placed.
	pub async fn propose(
		&self,
		signer: &Signer,
		power: Power,
		call: &Call,
	) -> Result<(ReferendumIndex, Included), Error> {
		let proposal = self.call_data(call).await?;
		if proposal.len() > MOST_INLINE {
			return Err(Error::Input(format!(
				"{} has {} bytes; a referendum takes {MOST_INLINE}, more than that goes by a preimage",
				call.title(),
				proposal.len()
			)));
		}
		let included = self.submit(&Call::submit_referendum(power, proposal), signer).await?;
		let submitted = included.event("Referenda", "Submitted").ok_or_else(|| {
			Error::Incompatible("Referenda.submit says nothing of a referendum".into())
		})?;
		let (index, _): (ReferendumIndex, Track) = Decode::decode(&mut submitted.bytes.as_slice())
			.map_err(|error| Error::Incompatible(format!("Referenda.Submitted: {error}")))?;
		Ok((index, included))
	}

	/// The track on which an account has voted about a referendum.
	pub async fn track_of_vote(
		&self,
		account: &AccountId,
		index: ReferendumIndex,
	) -> Result<Option<Track>, Error> {
		let bytes: &[u8] = account.as_ref();
		let mut prefix = [twox_128(b"ConvictionVoting"), twox_128(b"VotingFor")].concat();
		prefix.extend(twox_64(bytes));
		prefix.extend(bytes);
		let pairs = self.storage_pairs(&prefix, MOST_TRACKS).await?;
		Ok(pairs.iter().find_map(|(key, value)| {
			// The track stands behind its hash. Who has delegated has no votes.
			let track = Track::from_le_bytes(*key.last_chunk()?);
			let Voting::Casting(votes) = Voting::decode(&mut value.as_slice()).ok()?;
			votes.iter().any(|(voted, _)| *voted == index).then_some(track)
		}))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Encode;

	#[test]
	fn votes_are_found_behind_all_kinds_of_votes() {
		// As `pallet_conviction_voting::Voting::Casting` is stored, with what follows its votes.
		let votes: Vec<(u32, (u8, u8, Balance))> = vec![(3, (0, 0x81, 7)), (9, (0, 2, 1))];
		let stored = (0u8, votes, (0u128, 0u128), (0u32, 0u128)).encode();
		let Voting::Casting(found) = Voting::decode(&mut stored.as_slice()).expect("decodes");
		let found: Vec<u32> = found.into_iter().map(|(index, _)| index).collect();
		assert_eq!(found, [3, 9]);
		// Delegations are not votes.
		assert!(Voting::decode(&mut [1u8, 0, 0].as_slice()).is_err());
	}
}
