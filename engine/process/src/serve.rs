//! One request after the other, from standard input to standard output.

use crate::{
	canonical::{self, Programs, Ran, Wanted},
	refusal::Refusal,
	runtime::{Outcome, Runtime},
};
use countersign_engine::protocol::{
	bounded_text, decode_request, read_frame, write_frame, EngineInfo, ErrorKind, FrameError,
	Reply, Request, MAX_REPLY_BYTES, MAX_REQUEST_BYTES, PROTOCOL_VERSION,
};
use std::{
	fs::File,
	os::fd::AsFd,
	sync::{
		atomic::{AtomicBool, Ordering},
		mpsc, Arc,
	},
	thread,
	time::Duration,
};

/// What runs models in this process.
pub(crate) enum Engine {
	/// ONNX Runtime.
	Native(Box<Runtime>),
	/// The canonical operator set, and the threads that it may use.
	Canonical(Programs, u16),
}

/// Works until the node closes the pipe.
pub(crate) fn serve(mut engine: Engine) -> Result<(), String> {
	let pipe = |error: std::io::Error| format!("standard input or output: {error}");
	// Without Rust's buffers and locks in between.
	let input = File::from(std::io::stdin().as_fd().try_clone_to_owned().map_err(pipe)?);
	let mut output = File::from(std::io::stdout().as_fd().try_clone_to_owned().map_err(pipe)?);
	let busy = Arc::new(AtomicBool::new(false));
	let frames = read_on_thread(input, busy.clone())?;
	let mut greeted = false;
	while let Ok(frame) = frames.recv() {
		let frame = frame.map_err(|error| error.to_string())?;
		let request = decode_request(&frame).map_err(|error| error.to_string())?;
		let reply = match request {
			Request::Hello { version } if version == PROTOCOL_VERSION => {
				greeted = true;
				hello(&engine)
			}
			Request::Hello { version } => refuse(
				0,
				ErrorKind::Version,
				&format!("the node speaks version {version}, this engine {PROTOCOL_VERSION}"),
			),
			_ if !greeted => refuse(0, ErrorKind::BadRequest, "Hello comes first"),
			request => {
				busy.store(true, Ordering::SeqCst);
				let reply = answer(&mut engine, request);
				// From here on the end of the pipe is an ordinary end.
				busy.store(false, Ordering::SeqCst);
				reply
			}
		};
		// The float mode cannot come back by itself: say so, and make room for a new process.
		let broken = matches!(reply, Reply::Error { kind: ErrorKind::FloatMode, .. });
		write_frame(&mut output, &reply, MAX_REPLY_BYTES).map_err(|error| error.to_string())?;
		if broken {
			return Err("wrong float mode".into());
		}
	}
	Ok(())
}

/// Reads ahead by one frame, which is also how the end of the node is seen during a run.
fn read_on_thread(
	mut input: File,
	busy: Arc<AtomicBool>,
) -> Result<mpsc::Receiver<Result<Vec<u8>, FrameError>>, String> {
	let (sender, receiver) = mpsc::sync_channel(1);
	thread::Builder::new()
		.name("reader".into())
		.stack_size(256 * 1024)
		.spawn(move || loop {
			match read_frame(&mut input, MAX_REQUEST_BYTES).transpose() {
				Some(frame) => {
					let last = frame.is_err();
					if sender.send(frame).is_err() || last {
						return;
					}
				}
				None => {
					// Nobody waits for the run that may be under way.
					if busy.load(Ordering::SeqCst) {
						crate::log::info("the node is gone");
						std::process::abort();
					}
					return;
				}
			}
		})
		.map_err(|error| format!("cannot start a thread: {error}"))?;
	Ok(receiver)
}

fn hello(engine: &Engine) -> Reply {
	let (runtime, library, threads) = match engine {
		Engine::Native(runtime) => {
			(runtime.version().to_owned(), runtime.library(), runtime.threads())
		}
		Engine::Canonical(programs, threads) => (programs.description(), [0; 32], *threads),
	};
	Reply::Hello(EngineInfo {
		protocol: PROTOCOL_VERSION,
		engine: bounded_text(concat!("countersign-engine ", env!("CARGO_PKG_VERSION"))),
		runtime: bounded_text(&runtime),
		library,
		threads,
	})
}

fn refuse(id: u64, kind: ErrorKind, message: &str) -> Reply {
	Reply::Error { id, kind, message: bounded_text(message) }
}

fn answer(engine: &mut Engine, request: Request) -> Reply {
	match (engine, request) {
		(_, Request::Hello { .. }) => refuse(0, ErrorKind::BadRequest, "Hello comes once"),
		(_, Request::Ping { id }) => Reply::Pong { id },
		(Engine::Native(runtime), request) => native(runtime, request),
		(Engine::Canonical(programs, _), request) => canonical(programs, request),
	}
}

fn other_engine(request: &Request) -> Reply {
	refuse(request.id().unwrap_or_default(), ErrorKind::BadRequest, "a request for another engine")
}

fn native(runtime: &mut Runtime, request: Request) -> Reply {
	match request {
		Request::Load { id, artefact, length, path } => {
			match runtime.load_model(artefact, length, &String::from_utf8_lossy(&path)) {
				Ok(cached) => Reply::Loaded { id, cached },
				Err(Refusal { kind, message }) => refuse(id, kind, &message),
			}
		}
		Request::Run { id, artefact, inputs, outputs, limits } => {
			match runtime.run(&artefact, &inputs, &outputs, &limits) {
				Ok((Outcome::Output(tensors), time)) => {
					Reply::Output { id, tensors, verdict: None, trace: None, micros: micros(time) }
				}
				Ok((Outcome::Trap(code, message), time)) => Reply::Trap {
					id,
					code,
					operator: u32::MAX,
					message: bounded_text(&message),
					verdict: None,
					trace: None,
					micros: micros(time),
				},
				Err(Refusal { kind, message }) => refuse(id, kind, &message),
			}
		}
		request => other_engine(&request),
	}
}

fn canonical(programs: &mut Programs, request: Request) -> Reply {
	match request {
		Request::LoadProgram {
			id,
			artefact,
			length,
			path,
			root,
			version,
			inputs,
			outputs,
			policies,
		} => {
			let path = String::from_utf8_lossy(&path);
			let wanted = Wanted {
				artefact,
				length,
				path: &path,
				root,
				version,
				inputs: &inputs,
				outputs: &outputs,
				policies: &policies,
			};
			match programs.load(&wanted) {
				Ok(cached) => Reply::Loaded { id, cached },
				Err(Refusal { kind, message }) => refuse(id, kind, &message),
			}
		}
		Request::RunProgram { id, root, inputs, claimed, trace, limits } => {
			match programs.run(&root, inputs, claimed, trace, &limits) {
				Ok(Ran { outcome: canonical::Outcome::Output(tensors), verdict, trace, time }) => {
					Reply::Output { id, tensors, verdict, trace, micros: micros(time) }
				}
				Ok(Ran {
					outcome: canonical::Outcome::Trap(code, operator),
					verdict,
					trace,
					time,
				}) => Reply::Trap {
					id,
					code,
					operator,
					message: bounded_text(&match operator {
						u32::MAX => "the program takes other inputs".to_owned(),
						operator => format!("operator {operator} fails on these values"),
					}),
					verdict,
					trace,
					micros: micros(time),
				},
				Err(Refusal { kind, message }) => refuse(id, kind, &message),
			}
		}
		request => other_engine(&request),
	}
}

fn micros(time: Duration) -> u64 {
	u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
