// This file is part of Countersign.

// Copyright (C) The Countersign developers.
// SPDX-License-Identifier: GPL-3.0-or-later WITH Classpath-exception-2.0

// This program is free software: you can redistribute it and/or modify
// it under the terms of the GNU General Public License as published by
// the Free Software Foundation, either version 3 of the License, or
// (at your option) any later version.

// This program is distributed in the hope that it will be useful,
// but WITHOUT ANY WARRANTY; without even the implied warranty of
// MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE. See the
// GNU General Public License for more details.

// You should have received a copy of the GNU General Public License
// along with this program. If not, see <https://www.gnu.org/licenses/>.

//! What the chain knows of slashes that are not applied yet.

use crate::service::Client;
use countersign_engine::slashes::{self, PendingSlash};
use countersign_primitives::{AccountId, Hash};
use sc_client_api::StorageProvider;
use sp_core::storage::StorageKey;

/// The slashes that wait in the state of a block, each with whose bond it takes from. By number.
pub(crate) fn pending(client: &Client, at: Hash) -> Vec<(AccountId, PendingSlash)> {
	let pairs = client.storage_pairs(at, Some(&StorageKey(slashes::prefix())), None);
	let mut found: Vec<_> = pairs
		.into_iter()
		.flatten()
		.take(slashes::MAX_SLASHES)
		.filter_map(|(key, data)| slashes::read(&key.0, &data.0))
		.collect();
	found.sort_by_key(|(_, slash)| slash.number);
	found
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Encode;
	use countersign_primitives::{offence::OffenceKind, request::Role};
	use countersign_runtime::Runtime;
	use pallet_validators::{Cause, Exposure, Slash, Slashes};

	/// What is read outside the runtime is what the pallet writes.
	#[test]
	fn slashes_are_read_as_the_pallet_writes_them() {
		let consensus = Cause::Consensus {
			kind: *b"grandpa:equivoca",
			slot: vec![3; 16].try_into().expect("short"),
		};
		let inference = Cause::Inference {
			kind: OffenceKind::BrokenCommit,
			request: Hash::repeat_byte(1),
			role: Role::Auditor(1),
		};
		for (cause, frozen) in [(consensus, false), (inference, true)] {
			let slash = Slash {
				offender: AccountId::new([7; 32]),
				cause,
				session: 3,
				exposure: Exposure { bond: 1_000 },
				amount: 20,
				set_length: 4,
				reporter: Some(AccountId::new([8; 32])),
				version: Some(1),
				hour: 5,
				due: 9,
				frozen,
			};
			let key = Slashes::<Runtime>::hashed_key_for(258);
			assert!(key.starts_with(&slashes::prefix()));
			let expected = PendingSlash { number: 258, amount: 20, due: 9, frozen };
			assert_eq!(slashes::read(&key, &slash.encode()), Some((slash.offender, expected)));
		}
	}
}
