//! Builds and verifies chain specifications.

use clap::Parser;
use countersign_chain_spec::{
	custom::Network,
	load,
	verify::{genesis, verify, verify_genesis},
};
use sc_chain_spec::ChainSpec;
use std::{
	error::Error,
	io::Write,
	path::{Path, PathBuf},
	process::ExitCode,
};

/// Builds and verifies the chain specifications of Countersign networks.
#[derive(Debug, Parser)]
#[command(name = "countersign-chain-spec", version, about)]
enum Command {
	/// Build a specification from a preset: `dev` or `local`.
	Preset {
		/// The preset.
		#[arg(value_parser = ["dev", "local"])]
		name: String,
		#[command(flatten)]
		output: Output,
	},
	/// Build a specification from a file that a network's founders wrote, in TOML or JSON.
	Custom {
		/// The file.
		file: PathBuf,
		#[command(flatten)]
		output: Output,
	},
	/// Turn a specification into its raw form, which no later runtime reads differently.
	Raw {
		/// The specification.
		file: PathBuf,
		/// Where to write it; standard output where nothing is given.
		#[arg(long, short)]
		output: Option<PathBuf>,
	},
	/// Verify a specification, plain or raw, and show what it contains.
	Verify {
		/// The specification, or `dev` or `local`.
		spec: String,
	},
}

/// What to write, and where.
#[derive(Debug, clap::Args)]
struct Output {
	/// Write the state itself, which no later runtime reads differently. Founders publish this.
	#[arg(long)]
	raw: bool,
	/// Where to write it; standard output where nothing is given.
	#[arg(long, short)]
	output: Option<PathBuf>,
}

/// Nothing is written that does not verify.
fn write(
	mut spec: Box<dyn ChainSpec>,
	raw: bool,
	path: Option<&Path>,
) -> Result<(), Box<dyn Error>> {
	let genesis = genesis(spec.as_ref())?;
	let summary = verify_genesis(spec.as_ref(), genesis.clone())?;
	if raw {
		// The state that was verified, and not one built once more.
		spec.set_storage(genesis);
	}
	let json = spec.as_json(raw)?;
	match path {
		Some(path) => {
			std::fs::write(path, json).map_err(|error| format!("{}: {error}", path.display()))?;
			eprint!("{summary}");
		}
		None => {
			let mut output = std::io::stdout().lock();
			output.write_all(json.as_bytes())?;
			output.write_all(b"\n")?;
		}
	}
	Ok(())
}

fn run(command: Command) -> Result<(), Box<dyn Error>> {
	match command {
		Command::Preset { name, output } => {
			write(load(&name)?, output.raw, output.output.as_deref())
		}
		Command::Custom { file, output } => {
			let spec = Network::from_file(&file)?.build()?;
			write(Box::new(spec), output.raw, output.output.as_deref())
		}
		Command::Raw { file, output } => {
			let path = file.to_str().ok_or("the path is not UTF-8")?;
			write(load(path)?, true, output.as_deref())
		}
		Command::Verify { spec } => {
			print!("{}", verify(load(&spec)?.as_ref())?);
			Ok(())
		}
	}
}

fn main() -> ExitCode {
	match run(Command::parse()) {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("{error}");
			ExitCode::FAILURE
		}
	}
}
