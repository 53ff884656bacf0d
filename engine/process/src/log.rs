//! The log: one JSON object a line, on standard error.

use std::io::Write;

fn line(level: &str, message: &str) {
	let line = serde_json::json!({ "level": level, "message": message }).to_string();
	// Nobody to tell if nobody reads.
	let _ = writeln!(std::io::stderr().lock(), "{line}");
}

pub(crate) fn info(message: &str) {
	line("info", message);
}

pub(crate) fn warn(message: &str) {
	line("warn", message);
}

pub(crate) fn error(message: &str) {
	line("error", message);
}

/// Makes panics lines of the log, and ends the process: one thread less is no engine.
pub(crate) fn install_panic_hook() {
	std::panic::set_hook(Box::new(|panic| {
		error(&panic.to_string().replace('\n', ": "));
		std::process::abort();
	}));
}
