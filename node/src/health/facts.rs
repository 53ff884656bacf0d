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

//! What is looked at: the chain, the network, the keystore, the store and the worker.

use crate::{
	inference::{self, EngineStatus, WorkerView},
	service::Client,
	session, slashes,
};
use codec::Decode;
use countersign_engine::{
	slashes::PendingSlash,
	store::{BlobId, Store},
};
use countersign_primitives::{
	apis::{ModelsApi, ValidatorsApi},
	AccountId, Balance, Hash, Macs,
};
use countersign_runtime::opaque::Block;
use sc_client_api::StorageProvider;
use sc_network_sync::SyncingService;
use sp_api::ProvideRuntimeApi;
use sp_consensus::SyncOracle;
use sp_core::{crypto::key_types, crypto::Ss58Codec, storage::StorageKey};
use sp_io::hashing::twox_128;
use sp_keystore::KeystorePtr;
use std::{
	sync::Arc,
	time::{SystemTime, UNIX_EPOCH},
};

/// What a node is like.
#[derive(Clone, Debug)]
pub(super) struct NodeFacts {
	pub(super) float_mode: Result<(), String>,
	pub(super) is_authority: bool,
	/// Whether it makes blocks without peers because it was told to.
	pub(super) is_alone_by_choice: bool,
	pub(super) is_syncing: bool,
	pub(super) peers: usize,
	pub(super) best: u32,
	pub(super) finalized: u32,
	/// How long ago the best block began; negative where this clock is behind.
	pub(super) best_age_ms: Option<i64>,
	pub(super) worker: Option<WorkerFacts>,
}

impl NodeFacts {
	/// Whether it is at the head of the chain.
	pub(super) fn is_synced(&self) -> bool {
		!self.is_syncing && self.best_age_ms.is_some_and(|age| age <= super::STALE_MS)
	}
}

/// What a worker is like.
#[derive(Clone, Debug)]
pub(super) struct WorkerFacts {
	pub(super) failure: Option<String>,
	pub(super) ready: bool,
	/// Each engine, with what it is or why it is not there.
	pub(super) engines: Vec<(String, Result<String, String>)>,
	/// Models that the self-check stopped.
	pub(super) stopped: Vec<String>,
	pub(super) models_served: u64,
	pub(super) models_ready: u64,
}

/// What a validator is like.
#[derive(Clone, Debug)]
pub(super) struct ValidatorFacts {
	pub(super) account: String,
	/// Inference keys in the keystore.
	pub(super) inference_keys: usize,
	/// The registered keys, and whether they are in the keystore.
	pub(super) session_keys: Option<Vec<(String, bool)>>,
	pub(super) minimum_bond: Balance,
	pub(super) bond: Option<BondFacts>,
	/// The slashes that stand on it.
	pub(super) slashes: Vec<PendingSlash>,
	/// The models that it declared to serve, and whether their artefacts are here.
	pub(super) served: Vec<(String, bool)>,
	pub(super) capacity: Macs,
}

/// What a bonded validator is like.
#[derive(Clone, Debug)]
pub(super) struct BondFacts {
	pub(super) bonded: Balance,
	pub(super) leaving: bool,
	pub(super) position: Option<u32>,
	pub(super) session_key_here: bool,
	pub(super) reserved_cover: Balance,
	pub(super) free_cover: Balance,
	pub(super) answered: u32,
	pub(super) missed: u32,
}

/// Looks at everything.
#[derive(Clone)]
pub(crate) struct Observer {
	/// The chain.
	pub(crate) client: Arc<Client>,
	/// The network.
	pub(crate) sync: Arc<SyncingService<Block>>,
	/// The keys.
	pub(crate) keystore: KeystorePtr,
	/// Artefacts and inputs.
	pub(crate) store: Arc<Store>,
	/// The worker, where the node answers requests.
	pub(crate) worker: Option<WorkerView>,
	/// Whether the node is a validator.
	pub(crate) is_authority: bool,
	/// Whether it makes blocks without peers because it was told to.
	pub(crate) is_alone_by_choice: bool,
}

impl Observer {
	/// Looks at the node.
	pub(super) async fn node(&self) -> NodeFacts {
		let peers = self.sync.num_connected_peers();
		let worker = self.worker.as_ref().map(|worker| {
			let status = worker.status();
			let engine = |name: &str, status: EngineStatus| {
				let found = match status {
					EngineStatus::Ready { description, .. } => Ok(description),
					EngineStatus::Starting => Err("it is just starting".into()),
					EngineStatus::Unavailable { reason } => Err(reason),
				};
				(name.to_string(), found)
			};
			let counter = |name: &str| status.counters.get(name).copied().unwrap_or_default();
			WorkerFacts {
				ready: worker.is_ready(),
				models_served: counter("modelsServed"),
				models_ready: counter("modelsReady"),
				engines: vec![
					engine("engine (ONNX Runtime)", status.engine),
					engine("engine (canonical)", status.canonical),
				],
				stopped: status.stopped_models.into_keys().collect(),
				failure: status.failure,
			}
		});
		let this = self.clone();
		let (best, finalized, best_age_ms, float_mode) = tokio::task::spawn_blocking(move || {
			let info = this.client.chain_info();
			let age = time_of(&this.client, info.best_hash).map(|begun| now_ms() - begun);
			// The mode of a thread of the kind that executes blocks.
			let mode = countersign_engine::float_mode::check().map_err(|error| error.to_string());
			(info.best_number, info.finalized_number, age, mode)
		})
		.await
		.unwrap_or((0, 0, None, Err("the node is stopping".into())));
		NodeFacts {
			float_mode,
			is_authority: self.is_authority,
			is_alone_by_choice: self.is_alone_by_choice,
			is_syncing: self.sync.is_major_syncing(),
			peers,
			best,
			finalized,
			best_age_ms,
			worker,
		}
	}

	/// The accounts that have registered an inference key of this node.
	pub(super) async fn accounts(&self) -> Vec<AccountId> {
		let this = self.clone();
		let found = tokio::task::spawn_blocking(move || {
			inference::owners(&this.client, this.client.chain_info().best_hash, &this.keystore)
		});
		found.await.unwrap_or_default()
	}

	/// Looks at a validator.
	pub(super) async fn validator(&self, account: AccountId) -> ValidatorFacts {
		let this = self.clone();
		let name = account.to_ss58check();
		let found = tokio::task::spawn_blocking(move || this.look_at_validator(&account));
		found.await.unwrap_or(ValidatorFacts {
			account: name,
			inference_keys: 0,
			session_keys: None,
			minimum_bond: 0,
			bond: None,
			slashes: Vec::new(),
			served: Vec::new(),
			capacity: 0,
		})
	}

	fn look_at_validator(&self, account: &AccountId) -> ValidatorFacts {
		let at = self.client.chain_info().best_hash;
		let api = self.client.runtime_api();
		let keys = inference::inference_ids(&self.keystore);
		let session_keys = session::next_keys(&self.client, at, account).map(|registered| {
			let has = |raw: &[u8], ty| self.keystore.has_keys(&[(raw.to_vec(), ty)]);
			vec![
				("babe".into(), has(registered.babe.as_ref(), key_types::BABE)),
				("grandpa".into(), has(registered.grandpa.as_ref(), key_types::GRANDPA)),
				(
					"authority discovery".into(),
					has(registered.authority_discovery.as_ref(), key_types::AUTHORITY_DISCOVERY),
				),
				("inference".into(), keys.contains(&registered.inference)),
			]
		});
		let bond = api.validator(at, account.clone()).ok().flatten().map(|view| BondFacts {
			bonded: view.bonded,
			leaving: view.leaving,
			position: view.position,
			session_key_here: view.key.is_some_and(|key| keys.contains(&key)),
			reserved_cover: view.reserved_cover,
			free_cover: view.free_cover,
			answered: view.answered,
			missed: view.missed,
		});
		let serving = api.serving(at, account.clone()).unwrap_or_default();
		let served = serving
			.models
			.into_iter()
			.filter_map(|id| api.model(at, id).ok().flatten())
			.map(|model| {
				let here = BlobId::Artefact(model.manifest.artefact.sha256);
				let name = String::from_utf8_lossy(&model.manifest.name).into_owned();
				(name, self.store.length(&here).is_some())
			})
			.collect();
		ValidatorFacts {
			account: account.to_ss58check(),
			inference_keys: keys.len(),
			session_keys,
			minimum_bond: api.consensus_parameters(at).map_or(0, |it| it.minimum_bond),
			bond,
			slashes: slashes::pending(&self.client, at)
				.into_iter()
				.filter_map(|(offender, slash)| (offender == *account).then_some(slash))
				.collect(),
			served,
			capacity: serving.capacity,
		}
	}
}

fn now_ms() -> i64 {
	let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
	i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

/// When a block began, in milliseconds, as it says itself. Nothing for genesis.
fn time_of(client: &Client, at: Hash) -> Option<i64> {
	let mut key = twox_128(b"Timestamp").to_vec();
	key.extend(twox_128(b"Now"));
	let data = client.storage(at, &StorageKey(key)).ok().flatten()?;
	let begun = u64::decode(&mut &data.0[..]).ok().filter(|begun| *begun > 0)?;
	i64::try_from(begun).ok()
}
