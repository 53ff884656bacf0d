//! Engines that do not start, do not answer, or answer nonsense; and the process alone against
//! bytes that nobody should send.

mod common;

use common::*;
use countersign_engine::{
	protocol::{
		decode_reply, encode_frame, read_frame, ErrorKind, Reply, Request, MAX_REPLY_BYTES,
		MAX_REQUEST_BYTES, PROTOCOL_VERSION,
	},
	supervisor::{EngineConfig, EngineError, EngineState, RunOutcome},
};
use countersign_primitives::tensor::TensorType;
use std::{
	io::{Read, Write},
	os::unix::fs::PermissionsExt,
	path::Path,
	process::{Child, Command, Stdio},
	time::Duration,
};

async fn why_unavailable(config: EngineConfig) -> String {
	let engine = start(config);
	let state = wait_for(&engine, |state| *state != EngineState::Starting).await;
	// Asking does not change it, and does not hang.
	assert!(matches!(engine.ping().await, Err(EngineError::Unavailable(_))));
	match state {
		EngineState::Unavailable(why) => why,
		other => panic!("{other:?}"),
	}
}

#[tokio::test]
async fn what_is_missing_is_named() {
	let why = why_unavailable(EngineConfig { binary: "/no/engine".into(), ..config() }).await;
	assert_eq!(why, "the engine binary /no/engine does not exist");
	let why = why_unavailable(EngineConfig { binary: "no-such-engine".into(), ..config() }).await;
	assert_eq!(why, "the engine binary no-such-engine does not exist");
	let why = why_unavailable(EngineConfig { onnxruntime: "/no/library".into(), ..config() }).await;
	assert!(why.contains("/no/library cannot be read: No such file"), "{why}");
	let other = asset("magika/model.onnx");
	let why = why_unavailable(EngineConfig { onnxruntime: other, ..config() }).await;
	assert!(why.contains("cannot be loaded"), "{why}");
	assert!(why.contains("ELF"), "the linker's own words: {why}");
}

#[tokio::test]
async fn what_was_missing_may_come_later() {
	let folder = tempfile::tempdir().expect("temporary folder");
	let onnxruntime = folder.path().join("lib.so");
	let backoff = Duration::from_millis(50);
	let engine = start(EngineConfig { onnxruntime: onnxruntime.clone(), backoff, ..config() });
	wait_for(&engine, |state| matches!(state, EngineState::Unavailable(_))).await;
	std::os::unix::fs::symlink(library(), &onnxruntime).expect("linked");
	let came = tokio::time::timeout(Duration::from_secs(20), async {
		while engine.ping().await.is_err() {
			tokio::time::sleep(Duration::from_millis(10)).await;
		}
	});
	came.await.expect("it came back");
}

/// An engine that is a script.
fn script(folder: &Path, text: &str) -> EngineConfig {
	let path = folder.join("engine");
	std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("writable");
	std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("allowed");
	EngineConfig {
		binary: path,
		start_timeout: Duration::from_millis(500),
		backoff: Duration::from_secs(60),
		..config()
	}
}

#[tokio::test]
async fn nonsense_from_the_process_is_an_error() {
	let folder = tempfile::tempdir().expect("temporary folder");
	for (text, expected) in [
		("exit 7", "exit code 7"),
		("echo went wrong >&2; exit 1", "went wrong"),
		("exec sleep 60", "did not answer within"),
		// Four gigabytes announced.
		("printf '\\377\\377\\377\\377'; exec sleep 60", "4294967295 bytes"),
		("printf '\\003\\000\\000\\000abc'; exec sleep 60", "not a message"),
		// A Pong where a Hello belongs.
		(
			"printf '\\011\\000\\000\\000\\001\\000\\000\\000\\000\\000\\000\\000\\000'; exec sleep 60",
			"answered Hello with something else",
		),
		("printf '\\003\\000'; exit 0", "exit code 0"),
	] {
		let why = why_unavailable(script(folder.path(), text)).await;
		assert!(why.contains(expected), "{text}: {why}");
	}
}

/// The process without a supervisor.
struct Alone(Child);

impl Alone {
	fn start() -> Self {
		let child = Command::new(BINARY)
			.env_clear()
			.env("COUNTERSIGN_ONNXRUNTIME", library())
			.stdin(Stdio::piped())
			.stdout(Stdio::piped())
			.stderr(Stdio::piped())
			.spawn()
			.expect("it starts");
		Self(child)
	}

	fn send(&mut self, bytes: &[u8]) {
		// It may have ended already.
		let _ = self.0.stdin.as_mut().expect("piped").write_all(bytes);
	}

	fn ask(&mut self, request: &Request) -> Reply {
		self.send(&encode_frame(request, MAX_REQUEST_BYTES).expect("fits"));
		let frame = read_frame(self.0.stdout.as_mut().expect("piped"), MAX_REPLY_BYTES)
			.expect("a frame")
			.expect("not the end");
		decode_reply(&frame).expect("a reply")
	}

	/// Its exit code, and its last line.
	fn end(mut self) -> (Option<i32>, String) {
		drop(self.0.stdin.take());
		let mut log = String::new();
		self.0.stderr.take().expect("piped").read_to_string(&mut log).expect("readable");
		let code = self.0.wait().expect("it ends").code();
		(code, log.lines().last().unwrap_or_default().to_owned())
	}
}

/// Builds a shared library around ONNX Runtime that does what `-ffast-math` makes libraries do when
/// they are loaded.
fn library_that_flushes(folder: &Path) -> std::path::PathBuf {
	let (source, built) = (folder.join("flush.c"), folder.join("libflush.so"));
	std::fs::write(
		&source,
		r#"
			#include <dlfcn.h>
			#include <stddef.h>
			static void flush(void) {
			#if defined(__x86_64__)
				__builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040);
			#elif defined(__aarch64__)
				unsigned long mode;
				__asm__ volatile("mrs %0, fpcr" : "=r"(mode));
				__asm__ volatile("msr fpcr, %0" : : "r"(mode | (1ul << 24)));
			#endif
			}
			__attribute__((constructor)) static void loaded(void) { flush(); }
			const void *OrtGetApiBase(void) {
				void *real = dlopen(REAL, RTLD_NOW);
				flush();
				return ((const void *(*)(void))dlsym(real, "OrtGetApiBase"))();
			}
		"#,
	)
	.expect("writable");
	let status = Command::new("cc")
		.args(["-shared", "-fPIC", "-o"])
		.arg(&built)
		.arg(format!("-DREAL=\"{}\"", library().display()))
		.arg(&source)
		.arg("-ldl")
		.status()
		.expect("a C compiler, which building needs anyway");
	assert!(status.success());
	built
}

#[tokio::test]
async fn a_library_that_changes_the_float_mode_is_put_right() {
	let folder = tempfile::tempdir().expect("temporary folder");
	let onnxruntime = library_that_flushes(folder.path());
	let models = Models::new();
	let model = onnx::model(&onnx::graph(
		&[onnx::node("Add", &["x", "x"], &["y"], &[])],
		&[onnx::value("x", TensorType::F32, &[0])],
		&[onnx::value("y", TensorType::F32, &[0])],
	));
	for threads in [1, 2] {
		let engine = start(EngineConfig { onnxruntime: onnxruntime.clone(), threads, ..config() });
		// Enough elements for every thread.
		let tiny = f32s(&[15_000], &[f32::from_bits(1); 15_000]);
		let job = models.job(&model, vec![("x", tiny)], &[("y", TensorType::F32)]);
		let report = engine.run(job).await.expect("runs");
		let expected = f32s(&[15_000], &[f32::from_bits(2); 15_000]);
		assert_eq!(report.outcome, RunOutcome::Output(vec![expected]), "{threads}");
	}
	let log = Command::new(BINARY)
		.args(["--check", "--onnxruntime"])
		.arg(&onnxruntime)
		.output()
		.expect("it starts");
	assert!(log.status.success());
	let log = String::from_utf8_lossy(&log.stderr).into_owned();
	assert!(log.contains("changed the float mode"), "{log}");
}

const HELLO: Request = Request::Hello { version: PROTOCOL_VERSION };

#[test]
fn the_library_may_be_named_in_the_environment() {
	let mut engine = Alone::start();
	match engine.ask(&HELLO) {
		Reply::Hello(info) => {
			assert_eq!(info.protocol, PROTOCOL_VERSION);
			let bytes = std::fs::read(library()).expect("readable");
			assert_eq!(info.library, sha256(&bytes));
		}
		other => panic!("{other:?}"),
	}
	assert_eq!(engine.ask(&Request::Ping { id: 5 }), Reply::Pong { id: 5 });
	assert_eq!(engine.end().0, Some(0));
}

#[test]
fn exit_codes_say_what_is_missing() {
	let run = |arguments: &[&str]| {
		let output = Command::new(BINARY)
			.args(arguments)
			.env_clear()
			.stdin(Stdio::null())
			.output()
			.expect("it starts");
		(output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
	};
	let (code, log) = run(&[]);
	assert_eq!(code, Some(3));
	assert!(log.contains("--onnxruntime PATH") && log.contains("COUNTERSIGN_ONNXRUNTIME"), "{log}");
	assert_eq!(run(&["--onnxruntime", "/no/library"]).0, Some(3));
	assert_eq!(run(&["--no-such-option"]).0, Some(2));
	assert_eq!(run(&["--threads", "0"]).0, Some(2));
	let library = library();
	let check = ["--check", "--onnxruntime", library.to_str().expect("UTF-8")];
	assert_eq!(run(&check).0, Some(0));
}

#[test]
fn models_stay_ready() {
	let models = Models::new();
	let job = models.job(&onnx::add_one(), vec![], &[]);
	let mut engine = Alone::start();
	engine.ask(&HELLO);
	let path = job.path.to_str().expect("UTF-8").as_bytes().to_vec();
	let load = Request::Load { id: 1, artefact: job.artefact, length: job.length, path };
	assert_eq!(engine.ask(&load), Reply::Loaded { id: 1, cached: false });
	// Even when the file is gone.
	std::fs::remove_file(&job.path).expect("there");
	assert_eq!(engine.ask(&load), Reply::Loaded { id: 1, cached: true });
	assert_eq!(engine.end().0, Some(0));
}

#[test]
fn order_and_version_matter() {
	let kind = |reply| match reply {
		Reply::Error { kind, .. } => kind,
		other => panic!("{other:?}"),
	};
	let mut engine = Alone::start();
	assert_eq!(kind(engine.ask(&Request::Ping { id: 1 })), ErrorKind::BadRequest);
	assert_eq!(kind(engine.ask(&Request::Hello { version: 99 })), ErrorKind::Version);
	assert_eq!(kind(engine.ask(&Request::Ping { id: 1 })), ErrorKind::BadRequest);
	engine.ask(&HELLO);
	let models = Models::new();
	let job = models.job(
		&onnx::add_one(),
		vec![("x", f32s(&[1, 2], &[0.0; 2]))],
		&[("y", TensorType::F32)],
	);
	let run = Request::Run {
		id: 2,
		artefact: job.artefact,
		inputs: job.inputs,
		outputs: job.outputs,
		limits: job.limits,
	};
	assert_eq!(kind(engine.ask(&run)), ErrorKind::NotLoaded);
	assert_eq!(engine.end().0, Some(0));
}

#[test]
fn broken_frames_end_the_process() {
	let hello = encode_frame(&HELLO, MAX_REQUEST_BYTES).expect("fits");
	let mut trailing = hello.clone();
	trailing[0] += 1;
	trailing.push(0);
	let mut oversized = (MAX_REQUEST_BYTES + 1).to_le_bytes().to_vec();
	oversized.extend([0; 100]);
	for bytes in [
		&[0xff; 64][..],
		&[1, 0, 0, 0, 200],
		&[0, 0, 0, 0],
		&trailing,
		&oversized,
		&hello[..hello.len() - 1],
		&hello[..2],
	] {
		let mut engine = Alone::start();
		engine.send(bytes);
		let (code, log) = engine.end();
		assert_eq!(code, Some(5), "{bytes:?} {log}");
		assert!(log.contains("\"level\":\"error\""), "{log}");
	}
}
