//! What `./run` plays: the main job on a local network of four validators, every step checked
//! against the state of the chain.

mod dispute;
mod equivocation;
mod failure;
mod money;
mod program;
mod report;
mod story;

use anyhow::Result;
use clap::Parser;
use countersign_network::{console::Console, Network, Options};
use std::process::ExitCode;
use tokio::signal::unix::{signal, SignalKind};

/// Plays the main job of Countersign on a local network of four validators.
#[derive(Parser)]
struct Arguments {
	/// Leave the network up afterwards, until Ctrl-C.
	#[arg(long)]
	keep: bool,
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
	match played {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			console.fails(&format!("{error:#}"));
			ExitCode::FAILURE
		}
	}
}

/// Waits for Ctrl-C or for being told to end.
async fn asked_to_end() -> &'static str {
	let (Ok(mut interrupt), Ok(mut terminate)) =
		(signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
	else {
		return std::future::pending().await;
	};
	tokio::select! {
		_ = interrupt.recv() => "Ctrl-C",
		_ = terminate.recv() => "SIGTERM",
	}
}

async fn play(arguments: &Arguments, console: &mut Console) -> Result<()> {
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
		asked_to_end().await;
	}
	console.step("The end");
	network.stop().await?;
	console.holds("every node ended as asked; no process is left");
	console
		.note(&format!("everything above was checked; {} s in all", console.elapsed().as_secs()));
	Ok(())
}
