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

//! The inference keys of the node's keystore.

use crate::{service::Client, session};
use async_trait::async_trait;
use countersign_engine::worker::{Failure, Signer};
use countersign_primitives::{
	keys::{InferenceId, InferenceSignature, INFERENCE_KEY_TYPE},
	AccountId, Hash,
};
use sp_keystore::KeystorePtr;

/// The most keys that are looked at. A validator has one, and two while it changes them; those of
/// earlier times stay in the keystore until the operator removes them.
const MAX_KEYS: usize = 256;

/// The public halves of the keys here.
pub(crate) fn inference_ids(keystore: &KeystorePtr) -> Vec<InferenceId> {
	keystore
		.sr25519_public_keys(INFERENCE_KEY_TYPE)
		.into_iter()
		.take(MAX_KEYS)
		.map(InferenceId::from)
		.collect()
}

/// The accounts that have registered the keys here.
pub(crate) fn owners(client: &Client, at: Hash, keystore: &KeystorePtr) -> Vec<AccountId> {
	let keys = inference_ids(keystore);
	let mut owners: Vec<_> =
		keys.iter().filter_map(|key| session::owner(client, at, key)).collect();
	owners.sort();
	owners.dedup();
	owners
}

/// Signs with the keys of a keystore.
pub(super) struct Keys(KeystorePtr);

impl Keys {
	pub(super) fn new(keystore: KeystorePtr) -> Self {
		Self(keystore)
	}
}

#[async_trait]
impl Signer for Keys {
	async fn sign(&self, key: &InferenceId, payload: &[u8]) -> Result<InferenceSignature, Failure> {
		self.0
			.sr25519_sign(INFERENCE_KEY_TYPE, key.as_ref(), payload)
			.map_err(Failure::new)?
			.map(InferenceSignature::from)
			.ok_or_else(|| Failure::new(format!("the keystore does not hold the key {key}")))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use sp_keystore::{testing::MemoryKeystore, Keystore};
	use sp_runtime::RuntimeAppPublic;
	use std::sync::Arc;

	#[tokio::test]
	async fn signs_with_keys_that_it_has_and_no_others() {
		let keystore = Arc::new(MemoryKeystore::new());
		let key =
			keystore.sr25519_generate_new(INFERENCE_KEY_TYPE, Some("//Alice")).expect("generates");
		// A key of another type is not an inference key.
		let other = keystore
			.sr25519_generate_new(sp_core::crypto::key_types::BABE, Some("//Bob"))
			.expect("generates");
		let keystore: KeystorePtr = keystore;
		let key = InferenceId::from(key);
		assert_eq!(inference_ids(&keystore), vec![key.clone()]);
		let keys = Keys::new(keystore);
		let signature = keys.sign(&key, b"statement").await.expect("is here");
		assert!(key.verify(&b"statement", &signature));
		assert!(!key.verify(&b"other", &signature));
		assert!(keys.sign(&other.into(), b"statement").await.is_err());
	}
}
