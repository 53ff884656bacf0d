//! What the program does before it reaches a node.

use std::{
	net::TcpListener,
	process::{Command, Output},
};

fn countersign(arguments: &[&str]) -> Output {
	Command::new(env!("CARGO_BIN_EXE_countersign"))
		.args(arguments)
		.env_remove("COUNTERSIGN_SURI")
		.env_remove("COUNTERSIGN_KEY_FILE")
		.env_remove("COUNTERSIGN_URL")
		.output()
		.expect("the program starts")
}

/// An address at which nothing listens.
fn nobody() -> String {
	let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
	format!("ws://{}", listener.local_addr().expect("bound"))
}

fn errors(output: &Output) -> String {
	String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn wrong_usage_ends_with_2() {
	for arguments in [
		&["infer"][..],
		&["infer", "--model", "magika", "--input", "x", "--lane", "16"],
		&["model", "transfer", "magika"],
		&["claim"],
		&["claim", "--model", "magika"],
		&["claim", "--all", "--model", "magika", "--index", "0"],
		&["no-such-command"],
		&["replay"],
		&["dispute"],
		&["dispute", "open"],
		&["dispute", "show", "0x12"],
		&["dispute", "0x12"],
		&["dispute", "answer"],
		&["dispute", "answer", "0x12", "--suri", "//Alice"],
		&["dispute", "answer", "0x12", "--game", "256"],
		&["dispute", "demand"],
		&["dispute", "demand", "0x12", "--suri", "//Alice"],
		&["dispute", "demand", "0x12", "--program", "--constant", "3"],
		&["dispute", "demand", "0x12", "--constant", "3", "--count", "65"],
		&["replay", "0x12"],
		&["model", "program", "upload", "magika"],
		&["model", "dry-run", "--model", "magika"],
		&["infer", "--sync", "--wait", "--model", "magika", "--input", "x"],
		&["validator", "bond", "a lot", "--suri", "//Alice"],
		&["balance", "5Nobody"],
		&["request", "show", "0x12"],
	] {
		let output = countersign(arguments);
		assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", errors(&output));
		assert!(output.stdout.is_empty());
	}
}

#[test]
fn a_missing_key_is_said_before_anything_else() {
	let output = countersign(&["transfer", "//Bob", "1", "--url", &nobody()]);
	assert_eq!(output.status.code(), Some(2));
	assert!(errors(&output).contains("--key-file"), "{}", errors(&output));
}

#[test]
fn no_node_ends_with_3_and_advice() {
	let url = nobody();
	let output = countersign(&["chain", "info", "--url", &url]);
	assert_eq!(output.status.code(), Some(3), "{}", errors(&output));
	assert!(errors(&output).contains(&url) && errors(&output).contains("next: start a node"));
	let output = countersign(&["chain", "info", "--json", "--url", &url]);
	assert_eq!(output.status.code(), Some(3));
	let problem: serde_json::Value = serde_json::from_slice(&output.stderr).expect("JSON");
	assert_eq!(problem["code"], 3);
}

#[test]
fn secrets_are_not_shown() {
	let secret = "0x398f0c28f98885e046333d4a41c19cee4c37368a9832c6502f6cfd182e2aef89";
	let help = Command::new(env!("CARGO_BIN_EXE_countersign"))
		.args(["--help"])
		.env("COUNTERSIGN_SURI", secret)
		.output()
		.expect("the program starts");
	assert!(!String::from_utf8_lossy(&help.stdout).contains("398f"));
	let output = countersign(&["transfer", "//Bob", "1", "--suri", secret, "--url", &nobody()]);
	assert_eq!(output.status.code(), Some(3));
	assert!(!errors(&output).contains("398f"));
	let wrong = countersign(&["transfer", "//Bob", "1", "--suri", "my secret words"]);
	assert_eq!(wrong.status.code(), Some(2));
	assert!(!errors(&wrong).contains("secret words"));
}

#[test]
fn help_says_where_slashes_are_seen() {
	for command in ["doctor", "status"] {
		let help = countersign(&["validator", command, "--help"]);
		assert!(String::from_utf8_lossy(&help.stdout).contains("slashes"), "{command}");
	}
}
