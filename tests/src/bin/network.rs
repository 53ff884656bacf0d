//! Keeps a network up for whatever else is to use it.
//!
//! ```sh
//! network -- COMMAND ARGUMENTS
//! ```
//!
//! Starts four validators that serve magika, runs the command with `COUNTERSIGN_URL` (the RPC of one
//! of them) and `COUNTERSIGN_MODEL_MAGIKA` in its environment, ends the network, and ends as the
//! command did. It leaves no process behind.

use anyhow::{Context, Result};
use clap::Parser;
use countersign_network::{console::Console, scenario::Served, Options};
use std::process::ExitCode;

/// Runs a command with a network of four validators.
#[derive(Parser)]
struct Arguments {
	/// The command and its arguments.
	#[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
	command: Vec<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
	match play(Arguments::parse()).await {
		Ok(code) => code,
		Err(error) => {
			eprintln!("{error:#}");
			ExitCode::FAILURE
		}
	}
}

async fn play(arguments: Arguments) -> Result<ExitCode> {
	let mut console = Console::new();
	console.step("Four validators that serve magika");
	let mut served = Served::start(Options::default()).await?;
	let url = served.network.nodes.first().context("there are nodes")?.url();
	let mut command = tokio::process::Command::new(&arguments.command[0]);
	let status = command
		.args(&arguments.command[1..])
		.env("COUNTERSIGN_URL", url)
		.env("COUNTERSIGN_MODEL_MAGIKA", format!("{:?}", served.model))
		.kill_on_drop(true)
		.status()
		.await
		.with_context(|| arguments.command[0].clone())?;
	if !status.success() {
		served.network.keep_files();
		console.note(&format!("the nodes' logs are in {}", served.network.folder().display()));
	}
	served.network.stop().await?;
	Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
