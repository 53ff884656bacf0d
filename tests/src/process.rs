//! One child process that can be paused, killed, and never outlives its parent.

use anyhow::{Context, Result};
use std::{
	io,
	os::unix::process::CommandExt,
	process::{Child, Command, ExitStatus},
	sync::{mpsc, OnceLock},
	time::Duration,
};
use tokio::{
	signal::unix::{signal as listen, SignalKind},
	time::{timeout, Instant},
};

/// A command on its way to the spawning thread, and where to put what came of it.
type Order = (Command, tokio::sync::oneshot::Sender<io::Result<Child>>);

/// Starts a command from a thread that lives as long as this process: the kernel kills the child
/// when the *thread* that started it ends.
async fn spawn(command: Command) -> Result<Child> {
	static SPAWNER: OnceLock<mpsc::Sender<Order>> = OnceLock::new();
	let spawner = SPAWNER.get_or_init(|| {
		let (sender, orders) = mpsc::channel::<Order>();
		std::thread::spawn(move || {
			for (mut command, reply) in orders {
				if let Err(Ok(mut orphan)) = reply.send(command.spawn()) {
					let _ = orphan.kill();
					let _ = orphan.wait();
				}
			}
		});
		sender
	});
	let (reply, child) = tokio::sync::oneshot::channel();
	spawner.send((command, reply)).ok().context("the spawning thread is gone")?;
	Ok(child.await.context("the spawning thread is gone")??)
}

/// A running child process. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
	child: Child,
	name: String,
}

impl Process {
	/// Starts `program` so that it dies with this process, however this process ends, and so that
	/// Ctrl-C in a terminal reaches only this process, which then decides.
	pub async fn start(
		name: &str,
		program: &std::path::Path,
		configure: impl FnOnce(&mut Command),
	) -> Result<Self> {
		let mut command = Command::new("setpriv");
		command.args(["--pdeathsig", "KILL", "--"]).arg(program).process_group(0);
		configure(&mut command);
		let child = spawn(command)
			.await
			.with_context(|| format!("starting {name} with setpriv (package util-linux)"))?;
		Ok(Self { child, name: name.into() })
	}

	/// The process's identifier.
	pub fn id(&self) -> u32 {
		self.child.id()
	}

	/// How it ended, if it did.
	pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
		Ok(self.child.try_wait()?)
	}

	/// Fails if it ended.
	pub fn ensure_running(&mut self) -> Result<()> {
		match self.ended()? {
			None => Ok(()),
			Some(status) => anyhow::bail!("{} ended by itself: {status}", self.name),
		}
	}

	/// Stops its execution where it is.
	pub fn pause(&self) -> Result<()> {
		signal(self.id(), "STOP")
	}

	/// Lets it go on after [`Process::pause`].
	pub fn resume(&self) -> Result<()> {
		signal(self.id(), "CONT")
	}

	/// Kills it at once, as a power cut would.
	pub fn kill(&mut self) -> Result<()> {
		if self.ended()?.is_none() {
			self.child.kill()?;
			self.child.wait()?;
		}
		Ok(())
	}

	/// Asks it to end, and kills it after `patience`. Gives how it ended.
	pub async fn stop(&mut self, patience: Duration) -> Result<ExitStatus> {
		if let Some(status) = self.ended()? {
			return Ok(status);
		}
		signal(self.id(), "TERM")?;
		let ended = timeout(patience, async {
			loop {
				if let Some(status) = self.child.try_wait()? {
					return Ok::<_, io::Error>(status);
				}
				tokio::time::sleep(Duration::from_millis(20)).await;
			}
		})
		.await;
		match ended {
			Ok(status) => Ok(status?),
			Err(_) => {
				self.child.kill()?;
				Ok(self.child.wait()?)
			}
		}
	}
}

impl Drop for Process {
	fn drop(&mut self) {
		let _ = self.kill();
	}
}

/// Waits for Ctrl-C or for being told to end, and gives which it was.
pub async fn asked_to_end() -> &'static str {
	let (Ok(mut interrupt), Ok(mut terminate)) =
		(listen(SignalKind::interrupt()), listen(SignalKind::terminate()))
	else {
		return std::future::pending().await;
	};
	tokio::select! {
		_ = interrupt.recv() => "Ctrl-C",
		_ = terminate.recv() => "SIGTERM",
	}
}

/// Sends a signal, named as `kill` names it.
pub fn signal(process: u32, name: &str) -> Result<()> {
	let status = Command::new("sh")
		.args(["-c", "kill -s \"$0\" \"$1\"", name])
		.arg(process.to_string())
		.stderr(std::process::Stdio::null())
		.status()
		.context("sh")?;
	anyhow::ensure!(status.success(), "no process {process} to send {name} to");
	Ok(())
}

/// The processes whose environment holds `variable=value`: everything that a network started,
/// however deep.
pub fn with_environment(variable: &str, value: &str) -> Vec<u32> {
	let wanted = format!("{variable}={value}").into_bytes();
	let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
	entries
		.flatten()
		.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
		.filter(|process| {
			std::fs::read(format!("/proc/{process}/environ"))
				.is_ok_and(|all| all.split(|byte| *byte == 0).any(|entry| entry == wanted))
		})
		.collect()
}

/// The children of a process whose program has this file name.
pub fn children(parent: u32, program: &str) -> Vec<u32> {
	let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
	entries
		.flatten()
		.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
		.filter(|process| {
			// `pid (name) state parent …`, where the name may hold anything.
			let Ok(stat) = std::fs::read_to_string(format!("/proc/{process}/stat")) else {
				return false;
			};
			let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
			let is_child = after_name.split_whitespace().nth(1) == Some(&parent.to_string());
			let is_program = std::fs::read(format!("/proc/{process}/cmdline")).is_ok_and(|line| {
				let first = line.split(|byte| *byte == 0).next().unwrap_or_default();
				String::from_utf8_lossy(first).rsplit('/').next() == Some(program)
			});
			is_child && is_program
		})
		.collect()
}

/// Waits until `condition` holds for something that has no event to wait for, such as a process
/// that appears or goes.
pub async fn until(
	what: &str,
	patience: Duration,
	mut condition: impl FnMut() -> bool,
) -> Result<()> {
	let start = Instant::now();
	while !condition() {
		anyhow::ensure!(start.elapsed() < patience, "{what} did not happen within {patience:?}");
		tokio::time::sleep(Duration::from_millis(50)).await;
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::path::Path;

	#[tokio::test]
	async fn a_dropped_process_is_gone() -> Result<()> {
		let process = Process::start("sleeper", Path::new("sleep"), |command| {
			command.arg("1000");
		})
		.await?;
		let id = process.id();
		until("the program to start", Duration::from_secs(10), || {
			!children(std::process::id(), "sleep").is_empty()
		})
		.await?;
		drop(process);
		assert!(!Path::new(&format!("/proc/{id}")).exists());
		Ok(())
	}

	#[tokio::test]
	async fn a_paused_process_can_be_killed() -> Result<()> {
		let mut process = Process::start("sleeper", Path::new("sleep"), |command| {
			command.arg("1000");
		})
		.await?;
		process.pause()?;
		process.ensure_running()?;
		process.kill()?;
		assert!(process.ended()?.is_some());
		assert!(process.ensure_running().is_err());
		Ok(())
	}

	#[tokio::test]
	async fn descendants_are_found_by_their_environment() -> Result<()> {
		let value = format!("{}-{:?}", std::process::id(), std::thread::current().id());
		let process = Process::start("shell", Path::new("sh"), |command| {
			command.args(["-c", "sleep 1000 & wait"]).env("COUNTERSIGN_MARK", &value);
		})
		.await?;
		until("both processes to run", Duration::from_secs(10), || {
			with_environment("COUNTERSIGN_MARK", &value).len() == 2
		})
		.await?;
		drop(process);
		for orphan in with_environment("COUNTERSIGN_MARK", &value) {
			signal(orphan, "KILL")?;
		}
		until("both processes to go", Duration::from_secs(10), || {
			with_environment("COUNTERSIGN_MARK", &value).is_empty()
		})
		.await
	}
}
