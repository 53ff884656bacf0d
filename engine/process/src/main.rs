//! The process that runs models, apart from the node: with ONNX Runtime, or, as another process,
//! with the canonical operator set.
//!
//! The node starts it, writes requests to its standard input and reads replies from its standard
//! output; see `countersign_engine::protocol`. It works on one request at a time. Standard error
//! carries its log, one JSON object a line.
//!
//! Whatever goes wrong in here is no answer: only an output, or a failure that the model itself
//! shows on this input, is reported as one.

mod artefact;
mod canonical;
mod log;
mod memory;
mod onnx_file;
mod refusal;
mod runtime;
mod serve;
mod values;
mod watchdog;

use clap::Parser;
use countersign_engine::float_mode;
use std::{path::PathBuf, process::ExitCode};

/// The library cannot be found or loaded.
const EXIT_LIBRARY: u8 = 3;
/// The float mode is wrong and cannot be repaired.
const EXIT_FLOAT_MODE: u8 = 4;
/// The node said something that makes no sense, or the pipe broke.
const EXIT_PROTOCOL: u8 = 5;
/// The limits of the process cannot be set.
const EXIT_LIMITS: u8 = 6;

/// Runs models for a Countersign node, over standard input and output: with ONNX Runtime, or with
/// the canonical operator set.
///
/// Exit codes: 0 the node closed the pipe, 2 wrong usage, 3 the library is missing or cannot be
/// loaded, 4 wrong float mode, 5 broken protocol, 6 the limits of the process cannot be set.
#[derive(Parser, Debug)]
#[command(name = "countersign-engine", version)]
struct Arguments {
	/// The ONNX Runtime library, version 1.17 or newer.
	#[arg(long, value_name = "PATH", env = "COUNTERSIGN_ONNXRUNTIME")]
	onnxruntime: Option<PathBuf>,
	/// Run the canonical operator set instead, load no library, and keep programs in this folder.
	#[arg(long, value_name = "FOLDER")]
	canonical: Option<PathBuf>,
	/// The most that the folder of programs may take, in MiB. Those used longest ago make room.
	#[arg(long, value_name = "MIB", default_value_t = 4096, value_parser = clap::value_parser!(u32).range(1..))]
	programs_mib: u32,
	/// Threads that one operator uses. With the canonical operator set their number changes no bit.
	#[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
	threads: u16,
	/// The most memory (address space) that the process may take, in MiB.
	#[arg(long, value_name = "MIB", default_value_t = 8192, value_parser = clap::value_parser!(u32).range(512..))]
	memory_mib: u32,
	/// The most models that are kept ready.
	#[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1024))]
	models: u16,
	/// Load the library, say what it is, and end.
	#[arg(long)]
	check: bool,
}

fn main() -> ExitCode {
	let arguments = Arguments::parse();
	log::install_panic_hook();
	match work(&arguments) {
		Ok(()) => ExitCode::SUCCESS,
		Err((code, message)) => {
			log::error(&message);
			ExitCode::from(code)
		}
	}
}

fn work(arguments: &Arguments) -> Result<(), (u8, String)> {
	let float_mode = |error: float_mode::WrongFloatMode| (EXIT_FLOAT_MODE, error.to_string());
	float_mode::enforce().map_err(float_mode)?;
	let cap = memory::cap_process(arguments.memory_mib).map_err(|why| (EXIT_LIMITS, why))?;
	let models = usize::from(arguments.models);
	if let Some(folder) = &arguments.canonical {
		let threads = usize::from(arguments.threads);
		let programs =
			canonical::Programs::open(folder, arguments.programs_mib, models, threads, cap)
				.map_err(|why| (EXIT_LIMITS, why))?;
		if arguments.check {
			println!("{}", programs.description());
			return Ok(());
		}
		return serve::serve(serve::Engine::Canonical(programs, arguments.threads))
			.map_err(|message| (EXIT_PROTOCOL, message));
	}
	let library = arguments.onnxruntime.as_deref().ok_or_else(|| {
		let message = "no ONNX Runtime library: name one with --onnxruntime PATH or in \
			COUNTERSIGN_ONNXRUNTIME";
		(EXIT_LIBRARY, message.to_owned())
	})?;
	let watchdog = watchdog::Watchdog::start().map_err(|why| (EXIT_LIMITS, why))?;
	let options = runtime::Options { threads: arguments.threads, models };
	let runtime =
		runtime::Runtime::load(library, options, cap, watchdog).map_err(|error| match error {
			runtime::LoadError::Library(message) => (EXIT_LIBRARY, message),
			runtime::LoadError::FloatMode(error) => float_mode(error),
		})?;
	if arguments.check {
		println!("{}", runtime.description());
		return Ok(());
	}
	serve::serve(serve::Engine::Native(Box::new(runtime)))
		.map_err(|message| (EXIT_PROTOCOL, message))
}
