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

//! What the worker needs from the node: the chain, the pool, the keys, the network and the disk.
//!
//! The worker itself is `countersign_engine::worker`; it knows none of these. Nothing here is
//! essential: whatever is missing or fails, the node follows the chain.

mod chain;
mod head;
mod keys;
mod metrics;
mod status;
mod validator;
mod watch;

pub(crate) use keys::{inference_ids, owners};
pub(crate) use status::{EngineStatus, WorkerStatus, WorkerView};

use crate::{
	blobs::Exchange,
	cli::InferenceParams,
	service::{Client, Pool},
};
use countersign_engine::{
	store::Store,
	supervisor::{EngineConfig, EngineHandle},
	worker::{
		self,
		journal::JournalPlace,
		watch::{Importer, WatchMetrics, WatchParts},
		Engines, WorkerConfig, WorkerMetrics, WorkerParts,
	},
};
use countersign_primitives::Hash;
use countersign_runtime::opaque::Block;
use sc_network_sync::SyncingService;
use sc_service::{Configuration, Error, TaskManager};
use sp_keystore::KeystorePtr;
use std::{
	os::unix::fs::MetadataExt,
	path::{Path, PathBuf},
	sync::Arc,
};
use substrate_prometheus_endpoint::Registry;

const LOG_TARGET: &str = "inference";

/// How long one block's results of others may take to check before the next block is looked at.
const WATCH_PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// Everything of ours that is kept in a chain's folder.
fn folder(config: &Configuration) -> PathBuf {
	config.data_path.join("countersign")
}

/// Opens the store of artefacts and inputs, which takes at most so many MiB.
pub(crate) fn open_store(config: &Configuration, capacity_mib: u64) -> Result<Arc<Store>, Error> {
	let capacity = capacity_mib.saturating_mul(1024 * 1024);
	Store::open(folder(config).join("store"), capacity)
		.map(Arc::new)
		.map_err(|error| Error::Application(Box::new(error)))
}

/// Where the statements are kept that were ever signed. Losing it costs open requests; sharing it
/// between nodes costs stake. Its witness lies in memory, which no backup reaches.
pub(crate) fn journal_place(config: &Configuration) -> JournalPlace {
	let path = folder(config).join("statements");
	let volatile = Path::new("/dev/shm");
	match std::fs::metadata(&config.data_path) {
		// A folder of this user's own: what others can write vouches for nothing.
		Ok(own) if volatile.is_dir() => {
			let folder = volatile.join(format!("countersign-{}", own.uid()));
			JournalPlace::with_witness_in(path, &folder)
		}
		// Every start counts as one after a gap.
		_ => JournalPlace::from(path),
	}
}

/// Where the canonical engine keeps programs. What is lost there is imported again.
pub(crate) fn programs_path(config: &Configuration) -> PathBuf {
	folder(config).join("programs")
}

/// What the worker is made of.
pub(crate) struct Parts {
	/// Access to the chain.
	pub(crate) client: Arc<Client>,
	/// The transaction pool.
	pub(crate) pool: Arc<Pool>,
	/// The inference keys.
	pub(crate) keystore: KeystorePtr,
	/// Artefacts and inputs.
	pub(crate) store: Arc<Store>,
	/// Those of other nodes.
	pub(crate) exchange: Arc<Exchange>,
	/// The hash of the genesis block.
	pub(crate) genesis: Hash,
	/// Whether the node follows the network.
	pub(crate) sync: Arc<SyncingService<Block>>,
	/// Whether blocks are made even without peers.
	pub(crate) force_authoring: bool,
	/// Where the statements are kept.
	pub(crate) journal: JournalPlace,
	/// Where programs are kept.
	pub(crate) programs: PathBuf,
	/// Where metrics go.
	pub(crate) registry: Option<Registry>,
}

/// Starts the engine and the worker, where this node is to answer requests.
pub(crate) fn start(
	task_manager: &TaskManager,
	parts: Parts,
	params: &InferenceParams,
	is_authority: bool,
) -> Result<Option<WorkerView>, Error> {
	if !params.is_on(is_authority) {
		return Ok(None);
	}
	let binary = params.engine_path()?;
	let mut config = EngineConfig::new(&binary, params.onnxruntime_path()?);
	config.threads = params.threads();
	let (native, native_supervisor) = EngineHandle::new(config);
	let mut config = EngineConfig::canonical(&binary, &parts.programs);
	config.threads = params.threads();
	let (canonical, canonical_supervisor) = EngineHandle::new(config);
	let spawner = task_manager.spawn_handle();
	spawner.spawn("engine-supervisor", Some("inference"), native_supervisor.run());
	spawner.spawn("canonical-supervisor", Some("inference"), canonical_supervisor.run());
	let engines = Engines::new(
		Arc::new(native.clone()),
		Arc::new(canonical.clone()),
		params.self_check_percent,
	);
	let engines = engines
		.with_stops_in(parts.programs.with_file_name("stopped-models"))
		.map(Arc::new)
		.map_err(|error| Error::Application(Box::new(error)))?;

	let metrics = Arc::new(WorkerMetrics::default());
	let watch_metrics = Arc::new(WatchMetrics::default());
	let view = WorkerView::new(native, canonical.clone(), engines.clone(), metrics.clone());
	if let Some(registry) = &parts.registry {
		if let Err(error) = metrics::register_watch(registry, &watch_metrics) {
			log::warn!(target: LOG_TARGET, "Metrics of the watcher are not exported: {error}");
		}
		// A metric registered twice is no reason to stop.
		if let Err(error) = metrics::register(registry, &view, &metrics, &parts.store) {
			log::warn!(target: LOG_TARGET, "Metrics of the worker are not exported: {error}");
		}
		match validator::Metrics::new(registry) {
			Ok(metrics) => spawner.spawn(
				"validator-metrics",
				Some("inference"),
				validator::follow(parts.client.clone(), parts.keystore.clone(), metrics),
			),
			Err(error) => {
				log::warn!(target: LOG_TARGET, "Metrics of validators are not exported: {error}");
			}
		}
	}

	let Parts { client, pool, keystore, store, exchange, genesis, sync, .. } = parts;
	let arrivals = Arc::new(head::Arrivals::default());
	let [heads, watched] = [(); 2].map(|()| {
		let (client, sync) = (client.clone(), sync.clone());
		head::best_blocks(client, sync, parts.force_authoring, arrivals.clone())
	});
	let chain = chain::Chain::new(client, pool, keystore.clone(), genesis, arrivals);
	let bench = Arc::new(watch::Bench::new(chain.clone(), keystore.clone()));
	let watch_parts = WatchParts {
		court: bench.clone(),
		games: bench,
		signer: Arc::new(keys::Keys::new(keystore.clone())),
		engine: Arc::new(canonical.clone()),
		packages: Arc::new(Importer),
		blobs: exchange.clone(),
		store: store.clone(),
		metrics: watch_metrics,
		patience: WATCH_PATIENCE,
	};
	let watch_file = parts.programs.with_file_name("watch");
	spawner.spawn("dispute-watcher", Some("inference"), async move {
		if let Err(error) = worker::watch::run(watch_parts, watch_file, watched).await {
			log::error!(target: LOG_TARGET, "This node watches nobody's results: {error}");
		}
	});
	let worker_parts = WorkerParts {
		chain: Arc::new(chain.clone()),
		referee: Some(Arc::new(chain.clone())),
		submitter: Arc::new(chain),
		blobs: exchange,
		signer: Arc::new(keys::Keys::new(keystore)),
		engine: engines,
		store,
		metrics,
		config: WorkerConfig::default(),
	};
	let (journal, failure) = (parts.journal, view.clone());
	spawner.spawn("inference-worker", Some("inference"), async move {
		if let Err(error) = worker::run(worker_parts, journal, heads).await {
			log::error!(
				target: LOG_TARGET,
				"This node answers no requests, and goes on without: {error}"
			);
			failure.set_failure(error.to_string());
		}
	});
	Ok(Some(view))
}

/// Registers everything that a validator exports, without a node.
#[cfg(test)]
pub(crate) fn register_all_for_tests(registry: &Registry) {
	let folder = tempfile::tempdir().expect("a temporary folder");
	let store = Arc::new(Store::open(folder.path(), 1 << 20).expect("opens"));
	let (native, _supervisor) = EngineHandle::new(EngineConfig::new("engine", "library"));
	let (canonical, _supervisor) = EngineHandle::new(EngineConfig::canonical("engine", "x"));
	let engines = Engines::new(Arc::new(native.clone()), Arc::new(canonical.clone()), 10);
	let metrics = Arc::new(WorkerMetrics::default());
	let view = WorkerView::new(native, canonical, Arc::new(engines), metrics.clone());
	metrics::register(registry, &view, &metrics, &store).expect("new");
	metrics::register_watch(registry, &Arc::default()).expect("new");
	validator::Metrics::new(registry).expect("new");
}
