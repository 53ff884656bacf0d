//! `countersign`: the client for everybody.

mod args;
mod commands;
mod output;

use args::{Cli, Command};
use clap::Parser;
use countersign_client::Error;
use std::process::ExitCode;

fn main() -> ExitCode {
	let cli = Cli::parse();
	let json = cli.global.json;
	match run(cli) {
		Ok(()) => ExitCode::SUCCESS,
		Err(problem) => {
			output::problem(&problem, json);
			ExitCode::from(problem.exit_code())
		}
	}
}

fn run(cli: Cli) -> Result<(), Error> {
	let runtime = tokio::runtime::Builder::new_current_thread()
		.enable_all()
		.build()
		.map_err(|reason| Error::File { path: "the async runtime".into(), reason })?;
	runtime.block_on(dispatch(cli))
}

async fn dispatch(Cli { global, command }: Cli) -> Result<(), Error> {
	use commands::{
		account, attribution, audits, chain, dispute, infer, model, referendum, replay, request,
		validator, Session,
	};
	let session = Session::new(global);
	match command {
		Command::Model(command) => model::run(session, command).await,
		Command::Quote(ask) => infer::quote(session, ask).await,
		Command::Infer(infer) => infer::run(session, infer).await,
		Command::Request(command) => request::run(session, command).await,
		Command::Result(result) => request::result(session, result).await,
		Command::Replay(args) => replay::run(session, args).await,
		Command::Dispute(args) => dispute::run(session, args).await,
		Command::Audits(command) => audits::run(session, command).await,
		Command::Attribution(command) => attribution::run(session, command).await,
		Command::Claim(claim) => attribution::claim(session, claim).await,
		Command::Validator(command) => validator::run(session, command).await,
		Command::Referendum(command) => referendum::run(session, command).await,
		Command::Balance { account } => account::balance(session, account).await,
		Command::Transfer { to, amount } => account::transfer(session, &to, &amount).await,
		Command::Chain(args::Chain::Info) => chain::info(session).await,
	}
}
