//! One engine process: its pipes, its log, its end.

use super::{EngineConfig, EngineError, LOG};
use crate::protocol::{
	decode_reply, encode_frame, frame_length, FrameError, Reply, Request, MAX_REPLY_BYTES,
	MAX_REQUEST_BYTES, PROTOCOL_VERSION,
};
use parking_lot::Mutex;
use std::{
	io,
	path::{Path, PathBuf},
	process::{ExitStatus, Stdio},
	sync::Arc,
	time::Duration,
};
use tokio::{
	io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
	process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
	task::JoinHandle,
};

/// The most bytes of one line of the log; longer ones are cut.
const MAX_LOG_LINE_BYTES: usize = 8 * 1024;
/// How long a killed process may take to be gone, and its log to be read.
const REAP_TIMEOUT: Duration = Duration::from_secs(5);

/// Why there is no process, in words for people.
#[derive(Debug)]
pub(super) struct StartError(pub(super) String);

#[derive(Debug)]
pub(super) struct Process {
	child: Child,
	pid: u32,
	stdin: ChildStdin,
	stdout: ChildStdout,
	log: JoinHandle<()>,
}

impl Process {
	pub(super) async fn start(
		config: &EngineConfig,
		last_error: Arc<Mutex<Option<String>>>,
	) -> Result<(Self, String), StartError> {
		let mut command = Command::new(find(&config.binary));
		match &config.programs {
			Some(folder) => {
				command.arg("--canonical").arg(folder);
				command.args(["--programs-mib", &config.programs_mib.to_string()]);
			}
			None => {
				command.arg("--onnxruntime").arg(&config.onnxruntime);
			}
		}
		command
			.arg("--threads")
			.arg(config.threads.to_string())
			.arg("--memory-mib")
			.arg(config.memory_mib.to_string())
			.arg("--models")
			.arg(config.models.to_string())
			// Nothing of ours leaks into the process, and nothing in our environment changes how
			// the native library computes.
			.env_clear()
			// One heap: each further one would reserve address space that counts as memory.
			.env("MALLOC_ARENA_MAX", "1")
			// ONNX Runtime would tell its makers that it runs, and keep a number of this machine.
			.env("ORT_DISABLE_TELEMETRY", "1")
			.stdin(Stdio::piped())
			.stdout(Stdio::piped())
			.stderr(Stdio::piped())
			// An interrupt at the terminal is for the node, which ends the process in its own time.
			.process_group(0)
			.kill_on_drop(true);
		let mut child = command.spawn().map_err(|error| {
			StartError(match error.kind() {
				io::ErrorKind::NotFound => {
					format!("the engine binary {} does not exist", config.binary.display())
				}
				_ => format!("the engine binary {}: {error}", config.binary.display()),
			})
		})?;
		let (Some(stdin), Some(stdout), Some(stderr), Some(pid)) =
			(child.stdin.take(), child.stdout.take(), child.stderr.take(), child.id())
		else {
			return Err(StartError("the engine process has no pipes".into()));
		};
		let log = tokio::spawn(forward_log(stderr, last_error.clone()));
		let mut process = Self { child, pid, stdin, stdout, log };
		let hello = Request::Hello { version: PROTOCOL_VERSION };
		let why = match process.exchange(&hello, config.start_timeout).await {
			Ok(Reply::Hello(info)) if info.protocol == PROTOCOL_VERSION => {
				let library = match info.library {
					// The canonical engine loads none.
					none if none == [0; 32] => String::new(),
					library => format!(" ({})", hex::encode(&library[..8])),
				};
				let description = format!(
					"{} with {}{library}, {} thread(s)",
					String::from_utf8_lossy(&info.engine),
					String::from_utf8_lossy(&info.runtime),
					info.threads,
				);
				return Ok((process, description));
			}
			Ok(Reply::Hello(info)) => format!(
				"the engine binary {} speaks version {} of the protocol, this node {}",
				config.binary.display(),
				info.protocol,
				PROTOCOL_VERSION
			),
			Ok(Reply::Error { message, .. }) => String::from_utf8_lossy(&message).into_owned(),
			Ok(_) => String::from("the engine process answered Hello with something else"),
			Err(error) => error.to_string(),
		};
		let status = process.kill().await;
		let said = last_error.lock().take();
		Err(StartError(match said {
			Some(said) => said,
			None => format!("{why}; {status}"),
		}))
	}

	pub(super) fn pid(&self) -> u32 {
		self.pid
	}

	/// Waits for the process to end by itself.
	pub(super) async fn exited(&mut self) -> String {
		describe(self.child.wait().await)
	}

	/// Sends a request and waits for its reply.
	pub(super) async fn exchange(
		&mut self,
		request: &Request,
		time: Duration,
	) -> Result<Reply, EngineError> {
		let reply = match tokio::time::timeout(time, self.exchange_frames(request)).await {
			Err(_) => return Err(EngineError::Hung(time)),
			Ok(Err(FrameError::Io(error))) => return Err(EngineError::Crashed(error.to_string())),
			Ok(Err(error)) => return Err(EngineError::Protocol(error.to_string())),
			Ok(Ok(reply)) => reply,
		};
		let asked = request.id();
		// An error about the very first message has no number to refer to.
		if reply.id() != asked && asked.is_some() {
			return Err(EngineError::Protocol("an answer to another request".into()));
		}
		Ok(reply)
	}

	async fn exchange_frames(&mut self, request: &Request) -> Result<Reply, FrameError> {
		let frame = encode_frame(request, MAX_REQUEST_BYTES)?;
		self.stdin.write_all(&frame).await?;
		self.stdin.flush().await?;
		let mut head = [0u8; 4];
		self.stdout.read_exact(&mut head).await?;
		let mut body = vec![0; frame_length(head, MAX_REPLY_BYTES)?];
		self.stdout.read_exact(&mut body).await?;
		decode_reply(&body)
	}

	/// Ends the process and says how it ended.
	pub(super) async fn kill(mut self) -> String {
		// One that ended by itself says more about why than our signal would.
		let ended = match self.child.try_wait() {
			Ok(Some(status)) => Ok(status),
			_ => {
				// Its pipe may have closed a moment before it is gone.
				let closed = tokio::time::timeout(Duration::from_millis(200), self.child.wait());
				match closed.await {
					Ok(status) => status,
					Err(_) => {
						let _ = self.child.start_kill();
						tokio::time::timeout(REAP_TIMEOUT, self.child.wait())
							.await
							.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
					}
				}
			}
		};
		// What it wrote before it ended may still be in the pipe.
		if tokio::time::timeout(REAP_TIMEOUT, &mut self.log).await.is_err() {
			self.log.abort();
		}
		describe(ended)
	}
}

/// A bare name is looked up in our `PATH`: the process itself gets none.
fn find(binary: &Path) -> PathBuf {
	if binary.components().count() != 1 || binary.is_absolute() {
		return binary.to_path_buf();
	}
	std::env::var_os("PATH")
		.into_iter()
		.flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>())
		.map(|folder| folder.join(binary))
		.find(|path| path.is_file())
		.unwrap_or_else(|| binary.to_path_buf())
}

fn describe(status: io::Result<ExitStatus>) -> String {
	use std::os::unix::process::ExitStatusExt;
	match status {
		Ok(status) => match (status.code(), status.signal()) {
			(Some(code), _) => format!("exit code {code}"),
			(None, Some(signal)) => format!("signal {signal}"),
			(None, None) => status.to_string(),
		},
		Err(error) => format!("unknown end: {error}"),
	}
}

/// Passes the process's log on, line by line, and keeps its last complaint.
async fn forward_log(stderr: ChildStderr, last_error: Arc<Mutex<Option<String>>>) {
	let mut reader = BufReader::new(stderr);
	let mut line = Vec::new();
	loop {
		line.clear();
		let mut bounded = (&mut reader).take(MAX_LOG_LINE_BYTES as u64);
		match bounded.read_until(b'\n', &mut line).await {
			Ok(0) | Err(_) => return,
			Ok(_) => {}
		}
		let text = String::from_utf8_lossy(&line);
		let text = text.trim_end();
		if text.is_empty() {
			continue;
		}
		let parsed: Option<serde_json::Map<String, serde_json::Value>> =
			serde_json::from_str(text).ok();
		let field = |name: &str| parsed.as_ref().and_then(|line| line.get(name)?.as_str());
		let message = field("message").unwrap_or(text);
		match field("level") {
			Some("debug") => tracing::debug!(target: LOG, "{message}"),
			Some("info") => tracing::info!(target: LOG, "{message}"),
			Some("warn") => tracing::warn!(target: LOG, "{message}"),
			Some("error") => {
				tracing::error!(target: LOG, "{message}");
				*last_error.lock() = Some(message.to_owned());
			}
			// Not ours: the native library, or the allocator's last words.
			_ => {
				tracing::warn!(target: LOG, "{message}");
				last_error.lock().get_or_insert_with(|| message.to_owned());
			}
		}
	}
}
