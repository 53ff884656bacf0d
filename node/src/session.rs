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

//! What the chain knows of session keys: whose they are, and who has which.

use crate::service::Client;
use codec::{Decode, Encode};
use countersign_primitives::{keys::InferenceId, keys::INFERENCE_KEY_TYPE, AccountId, Hash};
use countersign_runtime::SessionKeys;
use sc_client_api::StorageProvider;
use sp_core::storage::StorageKey;
use sp_io::hashing::{twox_128, twox_64};

/// The key of an entry of a storage map of pallet-session, which hashes with `Twox64Concat`.
fn entry(map: &str, key: &[u8]) -> StorageKey {
	let mut bytes = twox_128(b"Session").to_vec();
	bytes.extend(twox_128(map.as_bytes()));
	bytes.extend(twox_64(key));
	bytes.extend(key);
	StorageKey(bytes)
}

fn read<T: Decode>(client: &Client, at: Hash, key: &StorageKey) -> Option<T> {
	let data = client.storage(at, key).ok().flatten()?;
	T::decode(&mut &data.0[..]).ok()
}

/// The keys that an account has registered, in force or from the session after next.
pub(crate) fn next_keys(client: &Client, at: Hash, account: &AccountId) -> Option<SessionKeys> {
	read(client, at, &entry("NextKeys", &account.encode()))
}

/// The account that has registered an inference key.
pub(crate) fn owner(client: &Client, at: Hash, key: &InferenceId) -> Option<AccountId> {
	let raw: &[u8] = key.as_ref();
	read(client, at, &entry("KeyOwner", &(INFERENCE_KEY_TYPE, raw.to_vec()).encode()))
}
