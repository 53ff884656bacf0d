//! Slashes that wait, as the chain's storage holds them and as people are told of them. No runtime API
//! gives them; the node reads them from its own state, and clients from a node's.

use codec::Decode;
use countersign_primitives::{
	offence::OffenceKind,
	request::{RequestId, Role},
	AccountId, Balance, SessionIndex,
};
use sp_crypto_hashing::twox_128;

/// The most slashes, of all validators, that are looked through for those of one.
pub const MAX_SLASHES: usize = 10_000;

/// What to do about one that is wrong.
pub const APPEAL: &str = "docs/slashing.md tells how to appeal";

/// A slash that is not applied yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PendingSlash {
	/// Its number, which an appeal names.
	pub number: u32,
	/// The most that it takes, in the smallest unit.
	pub amount: Balance,
	/// The first session in which it is applied.
	pub due: SessionIndex,
	/// Whether it waits for governance, whatever the session.
	pub frozen: bool,
}

/// What a slash is for: `Validators.Cause`.
#[derive(Decode)]
#[cfg_attr(test, derive(codec::Encode))]
// Decoded to get past it.
#[allow(dead_code)]
enum Cause {
	#[codec(index = 0)]
	Consensus { kind: [u8; 16], slot: Vec<u8> },
	#[codec(index = 1)]
	Inference { kind: OffenceKind, request: RequestId, role: Role },
}

/// A slash in storage, as far as `frozen`: the fields of `Validators.Slash` in their order.
type Stored = (
	AccountId,
	Cause,
	SessionIndex,
	Balance,
	Balance,
	u32,
	Option<AccountId>,
	Option<u16>,
	u32,
	SessionIndex,
	bool,
);

/// What the keys of all slashes in storage begin with.
pub fn prefix() -> Vec<u8> {
	[twox_128(b"Validators"), twox_128(b"Slashes")].concat()
}

/// Reads an entry of storage: whose bond it takes from, and what is to come. None where a runtime
/// wrote it that has another notion of slashes.
pub fn read(key: &[u8], value: &[u8]) -> Option<(AccountId, PendingSlash)> {
	// The number stands behind its hash.
	let number = u32::from_le_bytes(*key.last_chunk()?);
	let stored = Stored::decode(&mut &value[..]).ok()?;
	let (offender, _, _, _, amount, _, _, _, _, due, frozen) = stored;
	Some((offender, PendingSlash { number, amount, due, frozen }))
}

impl PendingSlash {
	/// When it is applied, in words.
	pub fn when(&self) -> String {
		match self.frozen {
			true => "once governance has lifted a suspension".into(),
			false => format!("in session {}", self.due),
		}
	}

	/// All of it in words. `amount` is what it takes, as the reader is shown amounts.
	pub fn in_words(&self, amount: &str) -> String {
		format!("number {} takes up to {amount} {}; {APPEAL}", self.number, self.when())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Encode;

	#[test]
	fn what_storage_holds_is_read() {
		let offender = AccountId::from([7; 32]);
		let consensus = Cause::Consensus { kind: *b"babe:equivocatio", slot: vec![1; 8] };
		let inference = Cause::Inference {
			kind: OffenceKind::WrongResult,
			request: RequestId::repeat_byte(1),
			role: Role::Auditor(2),
		};
		for (cause, reporter, version) in
			[(consensus, None, None), (inference, Some(AccountId::from([8; 32])), Some(1))]
		{
			let stored: Stored =
				(offender.clone(), cause, 3, 1_000, 20, 4, reporter, version, 5, 9, true);
			let value = stored.encode();
			let mut key = prefix();
			key.extend([0xff; 8]);
			key.extend(258_u32.to_le_bytes());
			let slash = PendingSlash { number: 258, amount: 20, due: 9, frozen: true };
			assert_eq!(read(&key, &value), Some((offender.clone(), slash)));
			assert_eq!(read(&key, &value[..value.len() - 1]), None);
			assert_eq!(read(&[], &value), None);
		}
	}

	#[test]
	fn people_learn_number_amount_time_and_what_to_do() {
		let slash = PendingSlash { number: 4, amount: 1, due: 9, frozen: false };
		let said = "number 4 takes up to 1 CSGN in session 9; docs/slashing.md tells how to appeal";
		assert_eq!(slash.in_words("1 CSGN"), said);
		let frozen = PendingSlash { frozen: true, ..slash };
		assert!(frozen.in_words("1 CSGN").contains("once governance has lifted a suspension;"));
	}
}
