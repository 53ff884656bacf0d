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

//! What each command does.

use crate::{
	cli::{Cli, ExportJournalCmd, ImportArtefactCmd, ImportJournalCmd, JournalCmd, Subcommand},
	hardware, inference, service, shutdown,
};
use countersign_engine::worker::journal::{interchange::Interchange, Journal};
use countersign_primitives::{parameters::SLOT_MILLISECONDS, Hash};
use countersign_runtime::opaque::Block;
use sc_cli::SubstrateCli;
use sc_client_api::{Backend as _, HeaderBackend as _};
use sc_client_db::DatabaseSettings;
use sc_service::{Configuration, PartialComponents};
use std::{any::Any, io::Write, path::Path, sync::Arc};

/// For how long the pool refuses a transaction that was not valid, unless the operator says otherwise.
/// A result that arrives before the block of its assignment is one of these, so that it must not be
/// half an hour, which is the usual.
const BAN_SECONDS: u64 = SLOT_MILLISECONDS / 1_000;

impl SubstrateCli for Cli {
	fn impl_name() -> String {
		"Countersign Node".into()
	}

	fn impl_version() -> String {
		env!("SUBSTRATE_CLI_IMPL_VERSION").into()
	}

	fn description() -> String {
		env!("CARGO_PKG_DESCRIPTION").into()
	}

	fn author() -> String {
		env!("CARGO_PKG_AUTHORS").into()
	}

	fn support_url() -> String {
		"the place that you got this node from".into()
	}

	fn copyright_start_year() -> i32 {
		2026
	}

	fn load_spec(&self, id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
		countersign_chain_spec::load(id).map_err(|error| error.to_string())
	}
}

/// Reads the command line and does what it says.
pub(crate) fn run() -> sc_cli::Result<()> {
	let mut cli = Cli::from_args();
	cli.run.pool_config.tx_ban_seconds.get_or_insert(BAN_SECONDS);

	match &cli.subcommand {
		Some(Subcommand::Key(cmd)) => Ok(cmd.run(&cli)?),
		Some(Subcommand::ExportChainSpec(cmd)) => {
			// No runner: the specification goes to standard output, and so would the log.
			let spec = cli.load_spec(&cmd.chain)?;
			cmd.run(spec)
		}
		Some(Subcommand::CheckBlock(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.async_run(|config| {
				let PartialComponents { client, task_manager, import_queue, .. } =
					service::new_partial(&config, None)?;
				Ok((cmd.run(client, import_queue), task_manager))
			})
		}
		Some(Subcommand::ExportBlocks(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.async_run(|config| {
				let PartialComponents { client, task_manager, .. } =
					service::new_partial(&config, None)?;
				Ok((cmd.run(client, config.database), task_manager))
			})
		}
		Some(Subcommand::ExportState(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.async_run(|config| {
				let PartialComponents { client, task_manager, .. } =
					service::new_partial(&config, None)?;
				Ok((cmd.run(client, config.chain_spec), task_manager))
			})
		}
		Some(Subcommand::ImportBlocks(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.async_run(|config| {
				let PartialComponents { client, task_manager, import_queue, .. } =
					service::new_partial(&config, None)?;
				Ok((cmd.run(client, import_queue), task_manager))
			})
		}
		Some(Subcommand::Revert(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.async_run(|config| {
				let PartialComponents { client, task_manager, backend, .. } =
					service::new_partial(&config, None)?;
				// Consensus keeps its own view of the chain, which has to go back too.
				let revert = Box::new(
					|client: std::sync::Arc<service::Client>,
					 backend: std::sync::Arc<service::Backend>,
					 blocks| {
						sc_consensus_babe::revert(client.clone(), backend, blocks)?;
						sc_consensus_grandpa::revert(client, blocks)?;
						Ok(())
					},
				);
				Ok((cmd.run(client, backend, Some(revert)), task_manager))
			})
		}
		Some(Subcommand::PurgeChain(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.sync_run(|config| cmd.run(config.database))
		}
		Some(Subcommand::ChainInfo(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.sync_run(|config| cmd.run::<Block>(&config))
		}
		Some(Subcommand::ImportArtefact(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.sync_run(|config| import_artefact(cmd, &config))
		}
		Some(Subcommand::Journal(JournalCmd::Export(cmd))) => {
			let runner = cli.create_runner(cmd)?;
			runner.sync_run(|config| export_journal(cmd, &config))
		}
		Some(Subcommand::Journal(JournalCmd::Import(cmd))) => {
			let runner = cli.create_runner(cmd)?;
			runner.sync_run(|config| import_journal(cmd, &config))
		}
		None => {
			let runner = cli.create_runner(&cli.run)?;
			shutdown::forgive_late_panics();
			let options = cli.options.clone();
			let measure = !options.no_hardware_benchmarks;
			runner.run_node_until_exit(|config| async move {
				let measured = measure.then(|| hardware::measure(&config)).flatten();
				service::new(config, options, measured).map_err(sc_cli::Error::Service)
			})
		}
	}
}

fn application(error: impl std::error::Error + Send + Sync + 'static) -> sc_cli::Error {
	sc_cli::Error::Application(Box::new(error))
}

/// Opens a node's database. A running node holds it, so who can open it is alone.
fn database(config: &Configuration) -> sc_cli::Result<Arc<service::Backend>> {
	let backend = sc_service::new_db_backend::<Block>(DatabaseSettings {
		trie_cache_maximum_size: None,
		state_pruning: None,
		source: config.database.clone(),
		blocks_pruning: config.blocks_pruning,
		pruning_filters: Vec::new(),
		metrics_registry: None,
	})
	.map_err(|error| format!("The node's database cannot be opened; is it running? {error}"))?;
	Ok(backend)
}

/// The chain of a node, and what holds its database as long as it is kept.
fn genesis(config: &Configuration) -> sc_cli::Result<(Hash, Box<dyn Any>)> {
	let backend = database(config)?;
	let known = backend.blockchain().info().genesis_hash;
	if known != Hash::zero() {
		return Ok((known, Box::new(backend)));
	}
	// A node that never ran has to make its first block to know it, which compiles the runtime.
	drop(backend);
	let parts = service::new_partial(config, None)?;
	Ok((parts.client.chain_info().genesis_hash, Box::new(parts)))
}

fn export_journal(cmd: &ExportJournalCmd, config: &Configuration) -> sc_cli::Result<()> {
	let (genesis, _alone) = genesis(config)?;
	let path = inference::journal_place(config).path;
	let journal = Journal::existing(path, genesis).map_err(application)?;
	let text = journal.export().map_err(application)?;
	let json = serde_json::to_string_pretty(&text).map_err(application)?;
	match &cmd.output {
		Some(path) => {
			write_new(path, &json)?;
			eprintln!("{} statements, floor {}", text.records.len(), text.floor);
		}
		None => println!("{json}"),
	}
	Ok(())
}

/// Writes a file that does not exist yet.
fn write_new(path: &Path, text: &str) -> sc_cli::Result<()> {
	let said = |error: std::io::Error| {
		let path = path.display();
		let why = match error.kind() {
			std::io::ErrorKind::AlreadyExists => format!(
				"{path} exists already and is left as it is; name another file, or move that one away"
			),
			_ => format!("{path} cannot be written: {error}"),
		};
		sc_cli::Error::Io(std::io::Error::new(error.kind(), why))
	};
	let mut file = std::fs::File::create_new(path).map_err(said)?;
	file.write_all(text.as_bytes()).map_err(said)?;
	file.write_all(b"\n").map_err(said)?;
	file.sync_all().map_err(said)
}

fn import_journal(cmd: &ImportJournalCmd, config: &Configuration) -> sc_cli::Result<()> {
	let json = std::fs::read(&cmd.file)?;
	let text: Interchange = serde_json::from_slice(&json).map_err(application)?;
	let (genesis, _alone) = genesis(config)?;
	let place = inference::journal_place(config);
	let imported = Journal::import(place, genesis, &text).map_err(application)?;
	println!("{} statements added, {} were there", imported.added, imported.known);
	Ok(())
}

fn import_artefact(cmd: &ImportArtefactCmd, config: &Configuration) -> sc_cli::Result<()> {
	// A running node would neither see the file nor expect anybody in its folders.
	let _alone = database(config)?;
	let sha256 = inference::open_store(config, cmd.blob_cache_mib)?
		.import_artefact(&cmd.file)
		.map_err(|error| sc_cli::Error::Application(Box::new(error)))?;
	println!("0x{}", hex::encode(sha256));
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_file_that_is_there_is_named_and_left_alone() {
		let folder = tempfile::tempdir().expect("a folder");
		let path = folder.path().join("journal.json");
		write_new(&path, "{}").expect("writes");
		let said = write_new(&path, "[]").expect_err("refuses").to_string();
		let start = format!("{} exists already", path.display());
		assert!(said.starts_with(&start) && said.contains("name another file"), "{said}");
		assert_eq!(std::fs::read_to_string(&path).expect("reads"), "{}\n");
		let nowhere = folder.path().join("none/journal.json");
		let said = write_new(&nowhere, "{}").expect_err("refuses").to_string();
		let start = format!("{} cannot be written: ", nowhere.display());
		assert!(said.starts_with(&start), "{said}");
	}
}
