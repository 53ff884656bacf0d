//! Every command of this program that docs/operators.md gives is one that it understands.

use std::{net::TcpListener, process::Command};

/// Splits as a shell does, as far as the page needs it.
fn words(line: &str) -> Vec<String> {
	let mut words = vec![String::new()];
	let mut quoted = false;
	for letter in line.chars() {
		match letter {
			'\'' => quoted = !quoted,
			' ' if !quoted => words.push(String::new()),
			'#' if !quoted => break,
			letter => words.last_mut().expect("never empty").push(letter),
		}
	}
	words.retain(|word| !word.is_empty());
	words
}

#[test]
fn documented_commands_are_understood() {
	let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operators.md");
	let page = std::fs::read_to_string(page).expect("the page");
	let folder = std::env::temp_dir().join(format!("countersign-operators-{}", std::process::id()));
	std::fs::create_dir_all(&folder).expect("writable");
	std::fs::write(folder.join("account.key"), "//Alice").expect("writable");
	std::fs::write(folder.join("model.onnx"), "model").expect("writable");
	// Nothing listens there, so whatever is understood ends with 3: no connection.
	let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
	let url = format!("ws://{}", listener.local_addr().expect("bound"));
	drop(listener);
	let blocks = page.lines().filter(|line| line.starts_with("countersign "));
	let inline = page.split('`').skip(1).step_by(2);
	let inline = inline.filter(|text| text.starts_with("countersign --key-file"));
	let mut count = 0;
	for line in blocks.chain(inline) {
		let line = line.replace('\n', " ");
		let done = Command::new(env!("CARGO_BIN_EXE_countersign"))
			.args(&words(&line)[1..])
			.current_dir(&folder)
			.env("COUNTERSIGN_URL", &url)
			.env_remove("COUNTERSIGN_SURI")
			.env_remove("COUNTERSIGN_KEY_FILE")
			.output()
			.expect("the program starts");
		let said = String::from_utf8_lossy(&done.stderr);
		// This one asks no node, and what is there is no model.
		let expected = if line.starts_with("countersign model import ") { 2 } else { 3 };
		assert_eq!(done.status.code(), Some(expected), "{line}: {said}");
		assert!(expected == 3 || said.contains("not an ONNX file"), "{line}: {said}");
		count += 1;
	}
	assert!(count > 12, "{count} commands");
	std::fs::remove_dir_all(&folder).expect("ours");
}
