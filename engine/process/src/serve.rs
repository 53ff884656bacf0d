//! One request after the other, from standard input to standard output.

use crate::runtime::{Outcome, Refusal, Runtime};
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
};

/// Works until the node closes the pipe.
pub(crate) fn serve(mut runtime: Runtime) -> Result<(), String> {
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
				hello(&runtime)
			}
			Request::Hello { version } => refuse(
				0,
				ErrorKind::Version,
				&format!("the node speaks version {version}, this engine {PROTOCOL_VERSION}"),
			),
			_ if !greeted => refuse(0, ErrorKind::BadRequest, "Hello comes first"),
			request => {
				busy.store(true, Ordering::SeqCst);
				let reply = answer(&mut runtime, request);
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

fn hello(runtime: &Runtime) -> Reply {
	Reply::Hello(EngineInfo {
		protocol: PROTOCOL_VERSION,
		engine: bounded_text(concat!("countersign-engine ", env!("CARGO_PKG_VERSION"))),
		runtime: bounded_text(runtime.version()),
		library: runtime.library(),
		threads: runtime.threads(),
	})
}

fn refuse(id: u64, kind: ErrorKind, message: &str) -> Reply {
	Reply::Error { id, kind, message: bounded_text(message) }
}

fn answer(runtime: &mut Runtime, request: Request) -> Reply {
	match request {
		Request::Hello { .. } => refuse(0, ErrorKind::BadRequest, "Hello comes once"),
		Request::Ping { id } => Reply::Pong { id },
		Request::Load { id, artefact, length, path } => {
			match runtime.load_model(artefact, length, &String::from_utf8_lossy(&path)) {
				Ok(cached) => Reply::Loaded { id, cached },
				Err(Refusal { kind, message }) => refuse(id, kind, &message),
			}
		}
		Request::Run { id, artefact, inputs, outputs, limits } => {
			match runtime.run(&artefact, &inputs, &outputs, &limits) {
				Ok((outcome, time)) => {
					let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
					match outcome {
						Outcome::Output(tensors) => Reply::Output { id, tensors, micros },
						Outcome::Trap(code, message) => {
							Reply::Trap { id, code, message: bounded_text(&message), micros }
						}
					}
				}
				Err(Refusal { kind, message }) => refuse(id, kind, &message),
			}
		}
	}
}
