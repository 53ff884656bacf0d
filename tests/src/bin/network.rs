//! Keeps a network up for whatever else is to use it.
//!
//! ```sh
//! network -- COMMAND ARGUMENTS
//! ```
//!
//! Starts four validators that serve magika, runs the command with `COUNTERSIGN_URL` (the RPC of one
//! of them) and `COUNTERSIGN_MODEL_MAGIKA` in its environment, ends the network, and ends as the
//! command did. Ctrl-C ends both. It leaves no process and no file behind, but the logs where the
//! command failed.

use anyhow::{Context, Result};
use clap::Parser;
use countersign_network::{
	console::Console,
	process::{asked_to_end, signal},
	scenario::Served,
	Options,
};
use std::{process::ExitCode, time::Duration};

/// Runs a command with a network of four validators.
#[derive(Parser)]
struct Arguments {
	/// The command and its arguments.
	#[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
	command: Vec<String>,
}

/// How long a command may take to end when it is asked to.
const PATIENCE: Duration = Duration::from_secs(10);
/// How this program ends when somebody ended it.
const ENDED: u8 = 130;

#[tokio::main]
async fn main() -> ExitCode {
	let arguments = Arguments::parse();
	let mut console = Console::new();
	let started = tokio::select! {
		started = start(&mut console) => started,
		// Dropping what was started so far ends every process.
		_ = asked_to_end() => return ExitCode::from(ENDED),
	};
	let ended = match started {
		Ok(served) => play(&arguments, served, &mut console).await,
		Err(error) => Err(error),
	};
	match ended {
		Ok(code) => code,
		Err(error) => {
			eprintln!("{error:#}");
			ExitCode::FAILURE
		}
	}
}

async fn start(console: &mut Console) -> Result<Served> {
	console.step("Four validators that serve magika");
	Served::start(Options::default()).await
}

async fn play(
	arguments: &Arguments,
	mut served: Served,
	console: &mut Console,
) -> Result<ExitCode> {
	let url = served.network.nodes.first().context("there are nodes")?.url();
	let mut command = tokio::process::Command::new(&arguments.command[0])
		.args(&arguments.command[1..])
		.env("COUNTERSIGN_URL", url)
		.env("COUNTERSIGN_MODEL_MAGIKA", format!("{:?}", served.model))
		.kill_on_drop(true)
		.spawn()
		.with_context(|| arguments.command[0].clone())?;
	let status = tokio::select! {
		status = command.wait() => Some(status?),
		_ = asked_to_end() => None,
	};
	// Ctrl-C in a terminal reaches the command as well, which may be faster.
	let status = status.filter(|status| status.code().is_some());
	let code = match status {
		Some(status) if status.success() => ExitCode::SUCCESS,
		Some(_) => {
			served.network.keep_files();
			console.note(&format!("the nodes' logs are in {}", served.network.folder().display()));
			ExitCode::FAILURE
		}
		None => {
			if let Some(id) = command.id() {
				let _ = signal(id, "TERM");
			}
			let _ = tokio::time::timeout(PATIENCE, command.wait()).await;
			ExitCode::from(ENDED)
		}
	};
	served.network.stop().await?;
	Ok(code)
}
