//! The demo is the test of the main job: it checks every step itself. Here it also has to leave
//! no process behind, however it ends.

use anyhow::{ensure, Context, Result};
use countersign_network::process::{signal, until, with_environment, Process};
use std::{
	path::{Path, PathBuf},
	process::Stdio,
	time::Duration,
};

/// The demo, built with these tests.
fn program() -> PathBuf {
	PathBuf::from(env!("CARGO_BIN_EXE_demo"))
}

/// Starts the demo so that everything it starts can be found.
async fn start(mark: &str, output: Stdio) -> Result<Process> {
	Process::start("demo", &program(), |command| {
		command.env("COUNTERSIGN_DEMO", mark).stdout(output).stdin(Stdio::null());
	})
	.await
}

/// Waits until the demo has ended and gives its exit code.
async fn ended(demo: &mut Process, patience: Duration) -> Result<Option<i32>> {
	let mut status = None;
	until("the end of the demo", patience, || {
		status = demo.ended().ok().flatten();
		status.is_some()
	})
	.await?;
	Ok(status.and_then(|status| status.code()))
}

#[tokio::test(flavor = "multi_thread")]
async fn main_job_succeeds_and_leaves_no_process() -> Result<()> {
	let mark = format!("main-job-{}", std::process::id());
	let folder = tempfile::tempdir()?;
	let path = folder.path().join("story.txt");
	let mut demo = start(&mark, std::fs::File::create(&path)?.into()).await?;
	let code = ended(&mut demo, Duration::from_secs(2700)).await;
	let story = std::fs::read_to_string(&path)?;
	println!("{story}");
	ensure!(code? == Some(0), "the demo failed");
	ensure!(story.contains("refunded") && story.contains("Final"), "the summary is missing");
	ensure!(with_environment("COUNTERSIGN_DEMO", &mark).is_empty(), "processes are left");
	Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_demo_leaves_no_process() -> Result<()> {
	for (name, expected) in [("INT", Some(130)), ("TERM", Some(130)), ("KILL", None)] {
		let mark = format!("interrupted-{}-{name}", std::process::id());
		let mut demo = start(&mark, Stdio::null()).await?;
		// The demo and four nodes, at least one of them with its engine.
		until("a running network", Duration::from_secs(300), || {
			with_environment("COUNTERSIGN_DEMO", &mark)
				.iter()
				.filter(|process| is_program(**process, "countersign-node"))
				.count() == 4
		})
		.await?;
		signal(demo.id(), name)?;
		let code = ended(&mut demo, Duration::from_secs(120)).await.context(name)?;
		ensure!(code == expected, "ended with {code:?} by {name}");
		until("the end of every process", Duration::from_secs(180), || {
			with_environment("COUNTERSIGN_DEMO", &mark).is_empty()
		})
		.await
		.context(name)?;
	}
	Ok(())
}

/// Whether a process runs a program of this name.
fn is_program(process: u32, name: &str) -> bool {
	std::fs::read_link(format!("/proc/{process}/exe"))
		.is_ok_and(|path| path.file_name() == Path::new(name).file_name())
}
