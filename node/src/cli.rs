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

//! The command line.

use clap::{Parser, ValueEnum};
use countersign_engine::exchange::ServerLimits;
use sc_cli::{CliConfiguration, DatabaseParams, RunCmd, SharedParams};
use std::path::PathBuf;

/// The most that artefacts and inputs take on disk, where nothing is said, in MiB.
const BLOB_CACHE_MIB: u64 = 8 * 1024;

/// The file name of the ONNX Runtime library.
const ONNXRUNTIME: &str =
	if cfg!(target_os = "macos") { "libonnxruntime.dylib" } else { "libonnxruntime.so" };

/// The whole command line.
#[derive(Debug, Parser)]
pub(crate) struct Cli {
	/// What to do; runs a node where nothing is given.
	#[command(subcommand)]
	pub(crate) subcommand: Option<Subcommand>,

	/// How to run a node.
	#[clap(flatten)]
	pub(crate) run: RunCmd,

	/// What is special to this node.
	#[clap(flatten)]
	pub(crate) options: NodeOptions,
}

/// How to run a node, as far as it is special to this one.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct NodeOptions {
	/// How to answer requests.
	#[clap(flatten)]
	pub(crate) inference: InferenceParams,

	/// What to offer other nodes.
	#[clap(flatten)]
	pub(crate) blobs: BlobParams,

	/// Keep the compiled runtime in this folder, so that later starts need not compile it again.
	/// Whoever can write there decides what this node executes.
	#[arg(long, value_name = "PATH")]
	pub(crate) wasm_cache: Option<PathBuf>,

	/// Do not measure this machine when a validator starts.
	#[arg(long)]
	pub(crate) no_hardware_benchmarks: bool,
}

/// What the binary can do besides running a node.
#[derive(Debug, clap::Subcommand)]
#[allow(clippy::large_enum_variant)]
pub(crate) enum Subcommand {
	/// Manage keys.
	#[command(subcommand)]
	Key(sc_cli::KeySubcommand),

	/// Write the chain specification to standard output or a file.
	#[command(alias = "build-spec")]
	ExportChainSpec(sc_cli::ExportChainSpecCmd),

	/// Verify blocks.
	CheckBlock(sc_cli::CheckBlockCmd),

	/// Export blocks.
	ExportBlocks(sc_cli::ExportBlocksCmd),

	/// Import blocks.
	ImportBlocks(sc_cli::ImportBlocksCmd),

	/// Export the state at a block into a chain specification.
	ExportState(sc_cli::ExportStateCmd),

	/// Go back by some blocks.
	Revert(sc_cli::RevertCmd),

	/// Remove the chain's database.
	PurgeChain(sc_cli::PurgeChainCmd),

	/// Show what the database holds.
	ChainInfo(sc_cli::ChainInfoCmd),

	/// Put an ONNX file into the store of a node that is not running, and show its sha256. Small
	/// files can also be given to a running node, by `countersign_putArtefact`.
	ImportArtefact(ImportArtefactCmd),

	/// Export or import the journal of signed statements of a node that is not running, to move a
	/// validator to another machine.
	#[command(subcommand)]
	Journal(JournalCmd),
}

/// What can be done with the journal.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum JournalCmd {
	/// Write the journal as JSON to standard output or a file.
	Export(ExportJournalCmd),

	/// Add what a JSON file holds. Nothing that is there goes away, and a file of another chain is
	/// refused. At its next start the node signs only what is assigned after that start.
	Import(ImportJournalCmd),
}

/// Writes the journal as JSON.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ExportJournalCmd {
	/// The file to write, instead of standard output. It must not exist.
	#[arg(long, value_name = "FILE")]
	pub(crate) output: Option<PathBuf>,

	/// Which chain's node.
	#[clap(flatten)]
	pub(crate) shared_params: SharedParams,

	/// Where its database is.
	#[clap(flatten)]
	pub(crate) database_params: DatabaseParams,
}

/// Adds what a JSON file holds to the journal.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ImportJournalCmd {
	/// The file that `journal export` wrote.
	pub(crate) file: PathBuf,

	/// Which chain's node.
	#[clap(flatten)]
	pub(crate) shared_params: SharedParams,

	/// Where its database is.
	#[clap(flatten)]
	pub(crate) database_params: DatabaseParams,
}

impl CliConfiguration for ExportJournalCmd {
	fn shared_params(&self) -> &SharedParams {
		&self.shared_params
	}

	fn database_params(&self) -> Option<&DatabaseParams> {
		Some(&self.database_params)
	}
}

impl CliConfiguration for ImportJournalCmd {
	fn shared_params(&self) -> &SharedParams {
		&self.shared_params
	}

	fn database_params(&self) -> Option<&DatabaseParams> {
		Some(&self.database_params)
	}
}

/// What to offer other nodes.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct BlobParams {
	/// The most that other nodes together take of artefacts and inputs for each second in the long
	/// run, in MiB. Eight times as much may go at once.
	#[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=65_536))]
	pub(crate) blob_upload_mib: u64,

	/// The same for one of them. Sixteen times as much may go at once.
	#[arg(long, value_name = "MIB", default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..=65_536))]
	pub(crate) blob_peer_upload_mib: u64,
}

impl BlobParams {
	/// What peers may take.
	pub(crate) fn server_limits(&self) -> ServerLimits {
		let bytes = |mib: u64| mib.saturating_mul(1024 * 1024);
		ServerLimits {
			peer_burst: bytes(self.blob_peer_upload_mib).saturating_mul(16),
			peer_bytes_per_second: bytes(self.blob_peer_upload_mib),
			burst: bytes(self.blob_upload_mib).saturating_mul(8),
			bytes_per_second: bytes(self.blob_upload_mib),
		}
	}
}

/// Puts a file into a node's store.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ImportArtefactCmd {
	/// The ONNX file.
	pub(crate) file: PathBuf,

	/// The most that artefacts and inputs take on disk, in MiB, as the node is given it.
	#[arg(long, value_name = "MIB", default_value_t = BLOB_CACHE_MIB, value_parser = clap::value_parser!(u64).range(16..))]
	pub(crate) blob_cache_mib: u64,

	/// Which chain's node.
	#[clap(flatten)]
	pub(crate) shared_params: SharedParams,

	/// Where its database is.
	#[clap(flatten)]
	pub(crate) database_params: DatabaseParams,
}

impl CliConfiguration for ImportArtefactCmd {
	fn shared_params(&self) -> &SharedParams {
		&self.shared_params
	}

	fn database_params(&self) -> Option<&DatabaseParams> {
		Some(&self.database_params)
	}
}

impl NodeOptions {
	/// The folder of the compiled runtime, as the cache wants it: absolute.
	pub(crate) fn wasm_cache_path(&self) -> std::io::Result<Option<PathBuf>> {
		self.wasm_cache.as_deref().map(std::path::absolute).transpose()
	}
}

/// Whether to answer requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
	/// Answer the requests assigned to the inference keys in the keystore.
	On,
	/// Only follow the chain.
	Off,
}

/// How to answer requests.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct InferenceParams {
	/// Whether to answer the requests assigned to this validator. On by default for validators.
	#[arg(long, value_enum, value_name = "ON|OFF")]
	pub(crate) inference: Option<Switch>,

	/// The engine binary, a process of its own. By default `countersign-engine` beside this
	/// binary.
	#[arg(long, value_name = "PATH", env = "COUNTERSIGN_ENGINE")]
	pub(crate) engine: Option<PathBuf>,

	/// The ONNX Runtime library that the engine process loads, and no other process. By default
	/// `libonnxruntime.so` beside this binary. Without it the node follows the chain, and answers
	/// nothing that needs it.
	#[arg(long, value_name = "PATH", env = "COUNTERSIGN_ONNXRUNTIME")]
	pub(crate) onnxruntime: Option<PathBuf>,

	/// The most that artefacts and inputs take on disk, in MiB. Those used longest ago make room.
	#[arg(long, value_name = "MIB", default_value_t = BLOB_CACHE_MIB, value_parser = clap::value_parser!(u64).range(16..))]
	pub(crate) blob_cache_mib: u64,

	/// The threads that a run may use. By default half of the processor's, so that consensus keeps
	/// the rest.
	#[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
	pub(crate) engine_threads: Option<u16>,

	/// Of 100 answers that ONNX Runtime gives on models whose program allows a tolerance, how many
	/// the canonical engine checks. Where one is far outside the tolerance, the model is not served
	/// any more until its file in the folder `stopped-models` is removed: see the metric
	/// `models_stopped`.
	#[arg(long, value_name = "PERCENT", default_value_t = 10, value_parser = clap::value_parser!(u8).range(0..=100))]
	pub(crate) self_check_percent: u8,
}

impl InferenceParams {
	/// Whether to answer requests, for a node that is a validator or not.
	pub(crate) fn is_on(&self, is_authority: bool) -> bool {
		match self.inference {
			Some(switch) => switch == Switch::On,
			None => is_authority,
		}
	}

	/// The engine binary.
	pub(crate) fn engine_path(&self) -> std::io::Result<PathBuf> {
		match &self.engine {
			Some(path) => Ok(path.clone()),
			None => {
				let name = format!("countersign-engine{}", std::env::consts::EXE_SUFFIX);
				Ok(std::env::current_exe()?.with_file_name(name))
			}
		}
	}

	/// The ONNX Runtime library.
	pub(crate) fn onnxruntime_path(&self) -> std::io::Result<PathBuf> {
		match &self.onnxruntime {
			Some(path) => Ok(path.clone()),
			None => Ok(std::env::current_exe()?.with_file_name(ONNXRUNTIME)),
		}
	}

	/// The threads that a run may use.
	pub(crate) fn threads(&self) -> u16 {
		self.engine_threads.unwrap_or_else(|| {
			let all = std::thread::available_parallelism().map_or(1, |count| count.get());
			u16::try_from(all / 2).unwrap_or(u16::MAX).clamp(1, 256)
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::CommandFactory;

	#[test]
	fn the_command_line_is_consistent() {
		Cli::command().debug_assert();
	}

	/// What a node does that was started without any flag: nothing that a stranger could use, and
	/// nothing that tells others about it.
	#[test]
	fn defaults_are_safe() {
		use sc_cli::{CliConfiguration, RpcMethods};
		let cli = Cli::try_parse_from(["node"]).expect("no flag is required");
		let run = &cli.run;
		// A lasting network's, which names no telemetry.
		let spec = serde_json::json!({
			"name": "Test", "id": "test", "chainType": "Live", "bootNodes": [],
			"telemetryEndpoints": null, "protocolId": null, "properties": null,
			"codeSubstitutes": {}, "genesis": { "raw": { "top": {}, "childrenDefault": {} } },
		});
		let spec = <sc_service::GenericChainSpec>::from_json_bytes(spec.to_string().into_bytes());
		let spec: Box<dyn sc_service::ChainSpec> = Box::new(spec.expect("a specification"));
		// RPC: this machine only, no dangerous calls to others, bounded.
		assert!(!run.rpc_params.rpc_external && !run.rpc_params.unsafe_rpc_external);
		for endpoint in run.rpc_addr(9944).expect("valid").expect("some") {
			assert!(endpoint.listen_addr.ip().is_loopback(), "{endpoint:?}");
			assert_eq!(endpoint.rpc_methods, RpcMethods::Auto);
			assert!(endpoint.max_connections <= 100);
			assert!(endpoint.max_payload_in_mb <= 15 && endpoint.max_payload_out_mb <= 15);
			assert!(endpoint.max_subscriptions_per_connection <= 1024);
			assert!(!endpoint.rate_limit_trust_proxy_headers);
		}
		// Web pages of others cannot use it.
		let origins = run.rpc_cors(false).expect("valid").expect("a list");
		let local = |it: &String| it.contains("localhost") || it.contains("127.0.0.1");
		let hosted = |it: &String| it.starts_with("https://polkadot.js.org");
		assert!(origins.iter().all(|it| local(it) || hosted(it)), "{origins:?}");
		// Telemetry goes nowhere unless somebody asks for it.
		assert!(run.telemetry_endpoints(&spec).expect("valid").is_none());
		// Metrics for this machine only.
		let prometheus = run.prometheus_config(9615, &spec).expect("valid").expect("on");
		assert!(prometheus.port.ip().is_loopback());
		// A rate limit can be set.
		let limited = Cli::try_parse_from(["node", "--rpc-rate-limit", "600"]).expect("parses");
		assert_eq!(limited.run.rpc_rate_limit().expect("valid").map(u32::from), Some(600));
		// What other nodes take is bounded, and one takes less than all.
		let limits = cli.options.blobs.server_limits();
		assert_eq!(limits.bytes_per_second, 64 << 20);
		assert!(limits.peer_bytes_per_second < limits.bytes_per_second);
		assert!(Cli::try_parse_from(["node", "--blob-upload-mib", "0"]).is_err());
	}

	/// Every command of this binary that `docs/operators.md` and the units in `deploy/` give.
	#[test]
	fn documented_commands_are_understood() {
		let read = |file: &str| {
			let path = format!("{}/../{file}", env!("CARGO_MANIFEST_DIR"));
			std::fs::read_to_string(path).expect(file)
		};
		let mut commands = Vec::new();
		let files = ["deploy/countersign-node.service", "deploy/countersign-rpc.service"];
		for file in ["docs/operators.md"].into_iter().chain(files) {
			// A backslash at the end of a line goes on in the next.
			let text = read(file).replace("\\\n", " ");
			let before = commands.len();
			for line in text.lines() {
				let is_command = line.trim_start().starts_with("countersign-node ")
					|| line.trim_start().starts_with("sudo -u countersign countersign-node ")
					|| line.starts_with("ExecStart=");
				if !is_command {
					continue;
				}
				let (_, command) = line.split_once("countersign-node ").expect("just found");
				let words: Vec<String> = command
					.split_whitespace()
					.filter(|word| *word != "$COUNTERSIGN_FLAGS")
					.map(|word| word.trim_matches(['\'', '"']).to_string())
					.collect();
				commands.push((file, words));
			}
			assert!(commands.len() > before, "{file} has no command");
		}
		for (file, words) in commands {
			let parsed = Cli::try_parse_from(std::iter::once("node".into()).chain(words.clone()));
			assert!(parsed.is_ok(), "{file}: {words:?}: {:?}", parsed.err());
		}
		// And the flags of its tables.
		let table = read("docs/operators.md");
		let flags: Vec<&str> = table
			.lines()
			.filter(|line| line.starts_with("| `--"))
			.flat_map(|line| line.split('|').nth(1).unwrap_or_default().split(','))
			.map(|flag| flag.trim().trim_matches('`'))
			.collect();
		assert!(flags.len() > 10, "{flags:?}");
		let known: Vec<String> =
			Cli::command().get_arguments().filter_map(|it| it.get_long()).map(Into::into).collect();
		for flag in flags {
			let name = flag.trim_start_matches("--").split_whitespace().next().expect("a name");
			assert!(known.iter().any(|known| known == name), "there is no --{name}");
		}
	}

	#[test]
	fn journals_are_exported_and_imported() {
		let parse = |args: &[&str]| {
			let cli = Cli::try_parse_from(["node", "journal"].iter().chain(args)).expect("parses");
			cli.subcommand
		};
		let exported = parse(&["export", "--chain", "local", "--output", "out.json"]);
		assert!(matches!(
			exported,
			Some(Subcommand::Journal(JournalCmd::Export(ExportJournalCmd { output: Some(_), .. })))
		));
		let imported = parse(&["import", "--base-path", "/node", "in.json"]);
		assert!(matches!(imported, Some(Subcommand::Journal(JournalCmd::Import(_)))));
	}

	#[test]
	fn the_cache_has_an_absolute_path() {
		let parse = |args: &[&str]| {
			let cli = Cli::try_parse_from(std::iter::once(&"node").chain(args)).expect("parses");
			cli.options.wasm_cache_path().expect("there is a current folder")
		};
		assert_eq!(parse(&[]), None);
		assert_eq!(parse(&["--wasm-cache", "/cache"]), Some(PathBuf::from("/cache")));
		let relative = parse(&["--wasm-cache", "cache"]).expect("given");
		assert!(relative.is_absolute() && relative.ends_with("cache"));
	}

	#[test]
	fn validators_answer_unless_told_otherwise() {
		let parse = |args: &[&str]| {
			Cli::try_parse_from(std::iter::once(&"node").chain(args))
				.map(|cli| cli.options.inference)
		};
		let plain = parse(&[]).expect("no flag is required");
		assert!(plain.is_on(true) && !plain.is_on(false));
		let off = parse(&["--inference", "off"]).expect("a known value");
		assert!(!off.is_on(true) && !off.is_on(false));
		let on = parse(&["--inference", "on"]).expect("a known value");
		assert!(on.is_on(true) && on.is_on(false));
		assert!(parse(&["--inference", "maybe"]).is_err());
		assert!(parse(&["--engine-threads", "0"]).is_err());
		assert_eq!(plain.self_check_percent, 10);
		assert!(parse(&["--self-check-percent", "101"]).is_err());
		assert!(parse(&["--blob-cache-mib", "1"]).is_err());
		let path = parse(&["--engine", "bin/engine"]).expect("a path");
		assert_eq!(path.engine_path().expect("given"), PathBuf::from("bin/engine"));
		assert!(plain.engine_path().expect("derived").ends_with("countersign-engine"));
		assert!(plain.onnxruntime_path().expect("derived").ends_with(ONNXRUNTIME));
		assert!(plain.threads() >= 1);
	}
}
