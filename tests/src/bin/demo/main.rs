//! What `./run` plays: the main job on a local network of four validators, every step checked
//! against the state of the chain.

mod audits;
mod dispute;
mod equivocation;
mod failure;
mod game;
mod money;
mod program;
mod report;
mod slashes;
mod story;

use anyhow::Result;
use clap::Parser;
use countersign_network::{
	console::Console,
	process::{asked_to_end, Process},
	Network, Options,
};
use std::{path::Path, process::ExitCode, time::Duration};

/// Plays the main job of Countersign on a local network of four validators.
#[derive(Parser)]
struct Arguments {
	/// Leave the network up afterwards, until Ctrl-C.
	#[arg(long)]
	keep: bool,
	/// What to run beside a network that is left up, with the address of a node in its environment.
	#[arg(last = true, requires = "keep")]
	beside: Vec<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
	let arguments = Arguments::parse();
	let mut console = Console::new();
	let played = tokio::select! {
		played = play(&arguments, &mut console) => played,
		// Dropping what was played so far ends every process.
		name = asked_to_end() => {
			console.fails(&format!("ended by {name}; no process is left"));
			return ExitCode::from(130);
		},
	};
	let ended = match played {
		Ok(network) => end(&arguments, network, &mut console).await,
		Err(error) => Err(error),
	};
	match ended {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			console.fails(&format!("{error:#}"));
			ExitCode::FAILURE
		}
	}
}

async fn play(arguments: &Arguments, console: &mut Console) -> Result<Network> {
	console.step("Four validators, each a process of its own");
	let mut network = Network::start(Options::default()).await?;
	let told = story::tell(&mut network, console).await;
	let facts = match told {
		Ok(facts) => facts,
		Err(error) => {
			network.keep_files();
			let folder = network.folder().display();
			return Err(error.context(format!("the nodes' logs are in {folder}")));
		}
	};
	report::show(console, &facts);
	if arguments.keep {
		report::show_addresses(console, &network, &facts);
	}
	Ok(network)
}

/// Leaves the network up until Ctrl-C, if that is wanted, and ends it.
async fn end(arguments: &Arguments, mut network: Network, console: &mut Console) -> Result<()> {
	if arguments.keep {
		keep(&arguments.beside, &network).await?;
	}
	console.step("The end");
	network.stop().await?;
	console.holds("every node ended as asked; no process is left");
	console
		.note(&format!("everything above was checked; {} s in all", console.elapsed().as_secs()));
	Ok(())
}

/// Runs what goes beside the network, and waits for being asked to end.
async fn keep(beside: &[String], network: &Network) -> Result<()> {
	let process = match beside.split_first() {
		Some((program, arguments)) => Some(
			Process::start(program, Path::new(program), |command| {
				command.args(arguments).env("COUNTERSIGN_URL", network.nodes[0].url());
			})
			.await?,
		),
		None => None,
	};
	asked_to_end().await;
	if let Some(mut process) = process {
		process.stop(Duration::from_secs(5)).await?;
	}
	Ok(())
}
