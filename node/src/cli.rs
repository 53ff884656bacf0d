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
		assert!(parse(&["--blob-cache-mib", "1"]).is_err());
		let path = parse(&["--engine", "bin/engine"]).expect("a path");
		assert_eq!(path.engine_path().expect("given"), PathBuf::from("bin/engine"));
		assert!(plain.engine_path().expect("derived").ends_with("countersign-engine"));
		assert!(plain.onnxruntime_path().expect("derived").ends_with(ONNXRUNTIME));
		assert!(plain.threads() >= 1);
	}
}
