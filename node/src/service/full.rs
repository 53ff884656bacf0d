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

//! A running node: network, RPC, authoring, finality, the exchange of blobs, and the worker.

use super::{
	new_partial, Consensus, Partial, SlotAndTime, JUSTIFICATION_PERIOD, PROPOSAL_BYTES,
	PROPOSAL_PORTION,
};
use crate::{
	blobs,
	cli::NodeOptions,
	health, inference,
	rpc::{self, Dependencies},
};
use countersign_engine::exchange;
use countersign_runtime::opaque::Block;
use futures::{FutureExt, StreamExt};
use sc_client_api::BlockBackend;
use sc_consensus_babe::{BabeParams, SlotProportion};
use sc_consensus_grandpa::{
	FinalityProofProvider, GrandpaParams, SharedVoterState, VotingRulesBuilder,
};
use sc_network::{
	config::FullNetworkConfiguration, event::Event, service::traits::NetworkBackend,
	NetworkEventStream,
};
use sc_service::{
	BuildNetworkParams, Configuration, Error, SpawnTasksParams, TaskManager, WarpSyncConfig,
};
use sc_telemetry::Telemetry;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_core::{traits::SpawnEssentialNamed, H256};
use std::{sync::Arc, time::Duration};

/// How long a GRANDPA message is expected to take to reach everybody.
const GOSSIP_DURATION: Duration = Duration::from_millis(333);

/// Starts a node.
pub(super) fn new_full<Network: NetworkBackend<Block, H256>>(
	config: Configuration,
	options: NodeOptions,
	measured: Option<sc_sysinfo::HwBench>,
) -> Result<TaskManager, Error> {
	let Partial {
		client,
		backend,
		mut task_manager,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool,
		other:
			Consensus { block_import, grandpa_link, babe_link, babe_worker, mut telemetry, essential },
	} = new_partial(&config, options.wasm_cache_path()?.as_deref())?;
	let registry = config.prometheus_registry().cloned();
	let genesis = client
		.block_hash(0)?
		.ok_or_else(|| Error::Other("the database has no genesis block".into()))?;
	let fork_id = config.chain_spec.fork_id().map(ToOwned::to_owned);

	let mut net_config =
		FullNetworkConfiguration::<_, _, Network>::new(&config.network, registry.clone());
	let metrics = Network::register_notification_metrics(registry.as_ref());
	let grandpa_protocol =
		sc_consensus_grandpa::protocol_standard_name(&genesis, &config.chain_spec);
	let (grandpa_config, grandpa_notifications) =
		sc_consensus_grandpa::grandpa_peers_set_config::<_, Network>(
			grandpa_protocol.clone(),
			metrics.clone(),
			net_config.peer_store_handle(),
		);
	net_config.add_notification_protocol(grandpa_config);

	// Every node offers the blobs that it holds, whether it answers requests or not.
	let store = inference::open_store(&config, options.inference.blob_cache_mib)?;
	let blob_protocol = blobs::protocol_name(&genesis, fork_id.as_deref());
	let exchange_metrics = Arc::new(exchange::ExchangeMetrics::default());
	if let Some(registry) = &registry {
		if let Err(error) = blobs::metrics::register(registry, &exchange_metrics) {
			log::warn!("Metrics of the exchange are not exported: {error}");
		}
	}
	let (blob_queries, blob_queue) = async_channel::bounded(blobs::QUEUE_LENGTH);
	net_config.add_request_response_protocol(Network::request_response_config(
		blob_protocol.clone(),
		Vec::new(),
		exchange::MAX_QUERY_BYTES,
		exchange::MAX_REPLY_BYTES,
		blobs::REQUEST_TIMEOUT,
		Some(blob_queries),
	));
	task_manager.spawn_handle().spawn(
		"blob-server",
		Some("inference"),
		blobs::serve(
			Arc::new(exchange::Server::new(
				store.clone(),
				options.blobs.server_limits(),
				exchange_metrics.clone(),
			)),
			blob_queue,
		),
	);

	let warp_sync = Arc::new(sc_consensus_grandpa::warp_proof::NetworkProvider::new(
		backend.clone(),
		grandpa_link.shared_authority_set().clone(),
		Vec::new(),
	));
	let (network, system_rpc_tx, tx_handler_controller, sync_service, _bitswap) =
		sc_service::build_network(BuildNetworkParams {
			config: &config,
			net_config,
			client: client.clone(),
			transaction_pool: transaction_pool.clone(),
			spawn_handle: task_manager.spawn_handle(),
			spawn_essential_handle: task_manager.spawn_essential_handle(),
			import_queue,
			block_announce_validator_builder: None,
			warp_sync_config: Some(WarpSyncConfig::WithProvider(warp_sync)),
			block_relay: None,
			metrics,
			gap_sync_body_policy: None,
		})?;

	let role = config.role;
	let name = config.network.node_name.clone();
	let force_authoring = config.force_authoring;
	let enable_grandpa = !config.disable_grandpa;
	let shared_voter_state = SharedVoterState::empty();
	let discovery_config = sc_authority_discovery::WorkerConfig {
		publish_non_global_ips: config.network.allow_non_globals_in_dht,
		public_addresses: config.network.public_addresses.clone(),
		persisted_cache_directory: config.network.net_config_path.clone(),
		..Default::default()
	};

	let providers = blobs::Providers::new(client.clone());
	let exchange = Arc::new(blobs::Exchange::new(
		blobs::Peers::new(network.clone(), sync_service.clone(), blob_protocol, providers.clone()),
		store.clone(),
		exchange::FetchLimits::default(),
		exchange_metrics.clone(),
	));
	let worker = inference::start(
		&task_manager,
		inference::Parts {
			client: client.clone(),
			pool: transaction_pool.clone(),
			keystore: keystore_container.keystore(),
			store: store.clone(),
			exchange: exchange.clone(),
			genesis,
			sync: sync_service.clone(),
			force_authoring,
			journal: inference::journal_place(&config),
			programs: inference::programs_path(&config),
			registry: registry.clone(),
		},
		&options.inference,
		role.is_authority(),
	)?;

	let rpc_builder = {
		let client = client.clone();
		let pool = transaction_pool.clone();
		let select_chain = select_chain.clone();
		let keystore = keystore_container.keystore();
		let shared_authority_set = grandpa_link.shared_authority_set().clone();
		let justification_stream = grandpa_link.justification_stream();
		let shared_voter_state = shared_voter_state.clone();
		let finality_provider = FinalityProofProvider::new_for_service(
			backend.clone(),
			Some(shared_authority_set.clone()),
		);
		let outside = rpc::Outside {
			exchange,
			observer: health::Observer {
				client: client.clone(),
				sync: sync_service.clone(),
				keystore: keystore_container.keystore(),
				store: store.clone(),
				worker: worker.clone(),
				is_authority: role.is_authority(),
				is_alone_by_choice: force_authoring,
			},
		};
		let countersign = rpc::Countersign::new(store, worker, Some(outside));
		Box::new(move |subscription_executor| {
			rpc::create(Dependencies {
				client: client.clone(),
				pool: pool.clone(),
				select_chain: select_chain.clone(),
				keystore: keystore.clone(),
				babe_worker: babe_worker.clone(),
				shared_voter_state: shared_voter_state.clone(),
				shared_authority_set: shared_authority_set.clone(),
				justification_stream: justification_stream.clone(),
				finality_provider: finality_provider.clone(),
				subscription_executor,
				countersign: countersign.clone(),
			})
			.map_err(|error| Error::Other(error.to_string()))
		})
	};

	sc_service::spawn_tasks(SpawnTasksParams {
		config,
		client: client.clone(),
		backend,
		task_manager: &mut task_manager,
		keystore: keystore_container.keystore(),
		transaction_pool: transaction_pool.clone(),
		rpc_builder,
		network: network.clone(),
		system_rpc_tx,
		tx_handler_controller,
		sync_service: sync_service.clone(),
		telemetry: telemetry.as_mut(),
		tracing_execute_block: None,
	})?;
	let telemetry_handle = || telemetry.as_ref().map(Telemetry::handle);
	if let (Some(handle), Some(measured)) = (telemetry_handle(), measured) {
		task_manager.spawn_handle().spawn(
			"telemetry-hardware",
			None,
			sc_sysinfo::initialize_hwbench_telemetry(handle, measured),
		);
	}

	if role.is_authority() {
		let mut proposer = sc_basic_authorship::ProposerFactory::new(
			task_manager.spawn_handle(),
			client.clone(),
			transaction_pool.clone(),
			registry.as_ref(),
			telemetry_handle(),
		);
		proposer.set_default_block_size_limit(PROPOSAL_BYTES);
		let slot_duration = babe_link.config().slot_duration();
		let babe = sc_consensus_babe::start_babe(BabeParams {
			keystore: keystore_container.keystore(),
			client: client.clone(),
			select_chain,
			env: proposer,
			block_import,
			sync_oracle: sync_service.clone(),
			justification_sync_link: sync_service.clone(),
			create_inherent_data_providers: SlotAndTime { slot_duration },
			force_authoring,
			// A validator that forces authoring wants blocks even where finality stands still.
			backoff_authoring_blocks: (!force_authoring)
				.then(sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging::default),
			babe_link,
			block_proposal_slot_portion: SlotProportion::new(PROPOSAL_PORTION),
			max_block_proposal_slot_portion: None,
			telemetry: telemetry_handle(),
		})?;
		essential.spawn_essential_blocking("babe-proposer", Some("block-authoring"), babe.boxed());

		let discovery_events =
			network.event_stream("authority-discovery").filter_map(|event| async move {
				match event {
					Event::Dht(event) => Some(event),
					_ => None,
				}
			});
		let (discovery, service) = sc_authority_discovery::new_worker_and_service_with_config(
			discovery_config,
			client.clone(),
			Arc::new(network.clone()),
			Box::pin(discovery_events),
			sc_authority_discovery::Role::PublishAndDiscover(keystore_container.keystore()),
			registry.clone(),
			task_manager.spawn_handle(),
		);
		providers.find_by(service);
		task_manager.spawn_handle().spawn(
			"authority-discovery",
			Some("networking"),
			discovery.run(),
		);
	}

	if enable_grandpa {
		let voter = sc_consensus_grandpa::run_grandpa_voter(GrandpaParams {
			config: sc_consensus_grandpa::Config {
				gossip_duration: GOSSIP_DURATION,
				justification_generation_period: JUSTIFICATION_PERIOD,
				name: Some(name),
				observer_enabled: false,
				keystore: role.is_authority().then(|| keystore_container.keystore()),
				local_role: role,
				telemetry: telemetry_handle(),
				protocol_name: grandpa_protocol,
			},
			link: grandpa_link,
			network,
			sync: Arc::new(sync_service),
			notification_service: grandpa_notifications,
			voting_rule: VotingRulesBuilder::default().build(),
			prometheus_registry: registry,
			shared_voter_state,
			telemetry: telemetry_handle(),
			offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(transaction_pool),
		})?;
		essential.spawn_essential_blocking("grandpa-voter", Some("finality"), voter.boxed());
	}

	Ok(task_manager)
}
