//! Importing files as programs, which needs no node.

#[path = "../../engine/process/tests/common/onnx.rs"]
#[allow(dead_code, missing_docs, unreachable_pub)]
mod onnx;

use countersign_primitives::tensor::TensorType;
use serde_json::Value;
use std::{
	path::Path,
	process::{Command, Output},
};

fn import(folder: &Path, arguments: &[&str]) -> Output {
	Command::new(env!("CARGO_BIN_EXE_countersign"))
		.args(["model", "import"])
		.args(arguments)
		.current_dir(folder)
		.env_remove("COUNTERSIGN_ENGINE")
		.env_remove("COUNTERSIGN_ONNXRUNTIME")
		.output()
		.expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
	String::from_utf8_lossy(bytes).into_owned()
}

/// A folder with a model in it.
fn folder(model: &[u8]) -> tempfile::TempDir {
	let folder = tempfile::tempdir().expect("a temporary folder");
	std::fs::write(folder.path().join("model.onnx"), model).expect("writable");
	folder
}

#[test]
fn a_file_becomes_a_program_and_lines_for_the_manifest() {
	let folder = folder(&onnx::add_one());
	let plain = import(folder.path(), &["model.onnx"]);
	assert_eq!(plain.status.code(), Some(0), "{}", text(&plain.stderr));
	let shown = text(&plain.stdout);
	assert!(shown.contains("called in a transaction  yes"), "{shown}");
	assert!(shown.contains("policy = \"exact\""), "{shown}");
	let output = import(folder.path(), &["model.onnx", "--json", "--out", "other.program"]);
	assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
	let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
	assert_eq!(said["program"], "other.program");
	assert_eq!(said["replay"]["fits"], true);
	assert_eq!(said["outputs"][0]["name"], "y");
	let root = said["root"].as_str().expect("a root");
	assert!(shown.contains(root), "the same file gives the same root");
	// Both files are the same package, and the lines are a manifest's.
	let read = |name: &str| std::fs::read(folder.path().join(name)).expect("written");
	assert_eq!(read("other.program"), read("model.program"));
	assert_eq!(read("other.program").len() as u64, said["bytes"]);
	let manifest = format!(
		"name = \"m\"\nlicence = \"MIT\"\n{}\n[[contributors]]\naccount = \"//Eve\"\nrole = \
		 \"data\"\nshare = 100\n",
		said["manifest"].as_str().expect("text")
	);
	std::fs::write(folder.path().join("m.toml"), manifest).expect("writable");
	let file = countersign_client::manifest::read(&folder.path().join("m.toml"), None)
		.expect("a whole manifest");
	countersign_client::program::check_file(&file).expect("of this program");
	// Whoever changes the program's root is told before anything is registered.
	let wrong = std::fs::read_to_string(folder.path().join("m.toml"))
		.expect("readable")
		.replace(root, &format!("0x{}", "01".repeat(32)));
	std::fs::write(folder.path().join("wrong.toml"), wrong).expect("writable");
	let refused = Command::new(env!("CARGO_BIN_EXE_countersign"))
		.args(["model", "register", "wrong.toml", "--suri", "//Eve"])
		.current_dir(folder.path())
		.output()
		.expect("the program starts");
	assert_eq!(refused.status.code(), Some(2));
	assert!(text(&refused.stderr).contains("the root is"), "{}", text(&refused.stderr));
}

#[test]
fn every_operator_that_cannot_be_expressed_is_named() {
	let node = |operator: &str, from: &str, to: &str| onnx::node(operator, &[from], &[to], &[]);
	let model = onnx::model(&onnx::graph(
		&[node("NoSuch", "x", "a"), node("Relu", "a", "b"), node("NorThis", "b", "y")],
		&[onnx::value("x", TensorType::F32, &[1, 2])],
		&[onnx::value("y", TensorType::F32, &[1, 2])],
	));
	let folder = folder(&model);
	let output = import(folder.path(), &["model.onnx", "--json"]);
	assert_eq!(output.status.code(), Some(2));
	assert!(output.stdout.is_empty());
	let problem: Value = serde_json::from_slice(&output.stderr).expect("JSON");
	let said = problem["error"].as_str().expect("text");
	assert!(said.contains("NoSuch") && said.contains("NorThis"), "{said}");
	assert!(problem["advice"].is_string());
	assert!(!folder.path().join("model.program").exists());
}

#[test]
fn what_is_missing_is_said() {
	let open = folder(&onnx::identity(TensorType::F32));
	// By custom the first dimension is the batch, and one.
	assert_eq!(import(open.path(), &["model.onnx"]).status.code(), Some(0));
	let shaped = import(open.path(), &["model.onnx", "--shape", "x=7", "--json"]);
	let said: Value = serde_json::from_slice(&shaped.stdout).expect("JSON");
	assert_eq!(said["inputs"][0]["shape"], serde_json::json!([7]));
	for (arguments, expected) in [
		(&["none.onnx"][..], "none.onnx"),
		(&["model.onnx", "--shape", "x"], "NAME=1,2,3"),
		(&["model.onnx", "--shape", "x=a"], "not a size"),
		(&["model.onnx", "--shape", "x=1,2"], "does not fit"),
		(&["model.onnx", "--dimension", "y"], "NAME=SIZE"),
		(&["model.onnx", "--samples", "."], "ONNX Runtime is needed"),
		(&["model.onnx", "--samples", "none"], "none"),
		(&["model.onnx", "--encode", "magika"], "--samples"),
	] {
		let output = import(open.path(), arguments);
		assert_eq!(output.status.code(), Some(2), "{arguments:?}");
		assert!(text(&output.stderr).contains(expected), "{arguments:?}: {}", text(&output.stderr));
	}
}
