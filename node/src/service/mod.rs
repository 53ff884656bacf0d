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

//! The parts of a node, wired together.

mod full;

use full::new_full;

use crate::{cli::NodeOptions, shutdown::Essential};
use async_trait::async_trait;
use countersign_runtime::{opaque::Block, RuntimeApi, HEAP_PAGES};
use sc_consensus_babe::{BabeLink, BabeWorkerHandle};
use sc_executor::{HeapAllocStrategy, WasmExecutor};
use sc_service::{Configuration, Error, PartialComponents, SpawnEssentialTaskHandle, TaskManager};
use sc_telemetry::{Telemetry, TelemetryWorker};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_consensus_babe::{
	inherents::InherentDataProvider as SlotInherent, BabeConfiguration, SlotDuration,
};
use sp_core::H256;
use sp_inherents::CreateInherentDataProviders;
use sp_timestamp::InherentDataProvider as TimeInherent;
use std::{path::Path, sync::Arc};

/// The functions that a runtime may call. None of ours: what inference a block contains, the
/// runtime computes itself.
type HostFunctions = sp_io::SubstrateHostFunctions;
/// What executes the runtime.
type Executor = WasmExecutor<HostFunctions>;
/// Access to the chain.
pub(crate) type Client = sc_service::TFullClient<Block, RuntimeApi, Executor>;
/// The database.
pub(crate) type Backend = sc_service::TFullBackend<Block>;
/// The rule for the best chain.
pub(crate) type SelectChain = sc_consensus::LongestChain<Backend, Block>;
/// The transaction pool.
pub(crate) type Pool = sc_transaction_pool::TransactionPoolHandle<Block, Client>;
type GrandpaImport = sc_consensus_grandpa::GrandpaBlockImport<Backend, Block, Client, SelectChain>;
type GrandpaLink = sc_consensus_grandpa::LinkHalf<Block, Client, SelectChain>;
type BabeImport =
	sc_consensus_babe::BabeBlockImport<Block, Client, GrandpaImport, SlotAndTime, SelectChain>;

/// GRANDPA stores a justification at least this often, for clients that verify finality.
const JUSTIFICATION_PERIOD: u32 = 256;

/// The longest that a proposal may become: the runtime's block length, and its header.
const PROPOSAL_BYTES: usize = 5 * 1024 * 1024 + 64 * 1024;

/// The part of a slot in which to propose. The proposer leaves a third of it for sealing, so this
/// gives 0.89 of 2 seconds for the 0.66 that a block's weight stands for, and the rest of the slot
/// for others to import it.
const PROPOSAL_PORTION: f32 = 2.0 / 3.0;

/// The memory that genesis gives to blocks (`:heappages`). Runtime calls outside of blocks get the
/// same, so that a dry run fails where the real one would, and nowhere else; and the runtime need
/// not be compiled for both.
const HEAP: HeapAllocStrategy = HeapAllocStrategy::Static { extra_pages: HEAP_PAGES as u32 };

/// What consensus needs between import and authoring.
pub(crate) struct Consensus {
	/// The import pipeline's entrance, for own blocks.
	block_import: BabeImport,
	/// GRANDPA's side of import.
	grandpa_link: GrandpaLink,
	/// BABE's side of import.
	babe_link: BabeLink<Block>,
	/// BABE's epochs, for RPC.
	babe_worker: BabeWorkerHandle<Block>,
	/// Where to send telemetry, where the operator wants any.
	telemetry: Option<Telemetry>,
	/// Spawns what the node cannot be without.
	essential: Essential<SpawnEssentialTaskHandle>,
}

/// The parts that every command needs.
pub(crate) type Partial = PartialComponents<
	Client,
	Backend,
	SelectChain,
	sc_consensus::DefaultImportQueue<Block>,
	Pool,
	Consensus,
>;

/// Gives a block its slot and its time.
#[derive(Clone)]
pub(crate) struct SlotAndTime {
	slot_duration: SlotDuration,
}

#[async_trait]
impl CreateInherentDataProviders<Block, ()> for SlotAndTime {
	type InherentDataProviders = (SlotInherent, TimeInherent);

	async fn create_inherent_data_providers(
		&self,
		_parent: H256,
		_extra: (),
	) -> Result<Self::InherentDataProviders, Box<dyn std::error::Error + Send + Sync>> {
		let time = TimeInherent::from_system_time();
		let slot = SlotInherent::from_timestamp_and_slot_duration(*time, self.slot_duration);
		Ok((slot, time))
	}
}

fn executor(config: &Configuration, wasm_cache: Option<&Path>) -> Executor {
	let given = config.executor.default_heap_pages.map(|pages| HeapAllocStrategy::Static {
		extra_pages: u32::try_from(pages).unwrap_or(u32::MAX),
	});
	let mut builder = WasmExecutor::builder()
		.with_execution_method(config.executor.wasm_method)
		.with_onchain_heap_alloc_strategy(given.unwrap_or(HEAP))
		.with_offchain_heap_alloc_strategy(given.unwrap_or(HEAP))
		.with_max_runtime_instances(config.executor.max_runtime_instances)
		.with_runtime_cache_size(config.executor.runtime_cache_size);
	if let Some(path) = wasm_cache {
		builder = builder.with_cache_path(path);
	}
	builder.build()
}

fn telemetry_worker(config: &Configuration) -> Result<Option<(TelemetryWorker, Telemetry)>, Error> {
	config
		.telemetry_endpoints
		.clone()
		.filter(|endpoints| !endpoints.is_empty())
		.map(|endpoints| {
			let worker = TelemetryWorker::new(16)?;
			let telemetry = worker.handle().new_telemetry(endpoints);
			Ok::<_, sc_telemetry::Error>((worker, telemetry))
		})
		.transpose()
		.map_err(Error::from)
}

/// Builds the parts that every command needs.
pub(crate) fn new_partial(
	config: &Configuration,
	wasm_cache: Option<&Path>,
) -> Result<Partial, Error> {
	let telemetry = telemetry_worker(config)?;
	let (client, backend, keystore_container, mut task_manager) =
		sc_service::new_full_parts::<Block, RuntimeApi, _>(
			config,
			telemetry.as_ref().map(|(_, telemetry)| telemetry.handle()),
			executor(config, wasm_cache),
			Vec::new(),
		)?;
	let client = Arc::new(client);
	let telemetry = telemetry.map(|(worker, telemetry)| {
		task_manager.spawn_handle().spawn("telemetry", None, worker.run());
		telemetry
	});
	let telemetry_handle = || telemetry.as_ref().map(Telemetry::handle);

	let select_chain = sc_consensus::LongestChain::new(backend.clone());
	let (essential, ending) = Essential::new(task_manager.spawn_essential_handle());
	let transaction_pool = Arc::new(
		sc_transaction_pool::Builder::new(
			essential.clone(),
			client.clone(),
			config.role.is_authority().into(),
		)
		.with_options(config.transaction_pool.clone())
		.with_prometheus(config.prometheus_registry())
		.build(),
	);
	// A command that has no use for the pool would drop it before its tasks were told to end, and
	// they would report that as a failure. What is kept alive is dropped after they were told, and
	// the pool last.
	task_manager.keep_alive((ending, transaction_pool.clone()));

	let (grandpa_import, grandpa_link) = sc_consensus_grandpa::block_import(
		client.clone(),
		JUSTIFICATION_PERIOD,
		&client,
		select_chain.clone(),
		telemetry_handle(),
	)?;
	let babe: BabeConfiguration = sc_consensus_babe::configuration(&*client)?;
	let slot_duration = babe.slot_duration();
	let (block_import, babe_link) = sc_consensus_babe::block_import(
		babe,
		grandpa_import.clone(),
		client.clone(),
		SlotAndTime { slot_duration },
		select_chain.clone(),
		OffchainTransactionPoolFactory::new(transaction_pool.clone()),
	)?;
	let (import_queue, babe_worker) =
		sc_consensus_babe::import_queue(sc_consensus_babe::ImportQueueParams {
			link: babe_link.clone(),
			block_import: block_import.clone(),
			justification_import: Some(Box::new(grandpa_import)),
			client: client.clone(),
			slot_duration,
			spawner: &task_manager.spawn_essential_handle(),
			registry: config.prometheus_registry(),
			telemetry: telemetry_handle(),
		})?;

	Ok(PartialComponents {
		client,
		backend,
		task_manager,
		keystore_container,
		select_chain,
		import_queue,
		transaction_pool,
		other: Consensus {
			block_import,
			grandpa_link,
			babe_link,
			babe_worker,
			telemetry,
			essential,
		},
	})
}

/// Starts a node.
pub(crate) fn new(
	config: Configuration,
	options: NodeOptions,
	measured: Option<sc_sysinfo::HwBench>,
) -> Result<TaskManager, Error> {
	use sc_network::config::NetworkBackendType::{Libp2p, Litep2p};
	match config.network.network_backend {
		Litep2p => new_full::<sc_network::Litep2pNetworkBackend>(config, options, measured),
		Libp2p => new_full::<sc_network::NetworkWorker<Block, H256>>(config, options, measured),
	}
}
