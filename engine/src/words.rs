//! Errors as people read them.

use std::error::Error;

/// An error with what lies beneath, each part said once.
///
/// ```
/// let beneath = std::io::Error::other("no space");
/// assert_eq!(countersign_engine::words::error(&beneath), "no space");
/// ```
pub fn error(error: &(dyn Error + 'static)) -> String {
	let mut text = error.to_string();
	let mut source = error.source();
	while let Some(error) = source {
		let part = error.to_string();
		if !text.contains(&part) {
			text = format!("{text}: {part}");
		}
		source = error.source();
	}
	text
}

#[cfg(test)]
mod tests {
	#[derive(Debug, thiserror::Error)]
	#[error("{text}")]
	struct Layer {
		text: &'static str,
		source: Option<Box<Layer>>,
	}

	#[test]
	fn each_part_is_said_once() {
		let layer = |text, source: Option<Layer>| Layer { text, source: source.map(Box::new) };
		let beneath = layer("disk full", None);
		let middle = layer("cannot write: disk full", Some(beneath));
		let above = layer("the journal", Some(middle));
		assert_eq!(super::error(&above), "the journal: cannot write: disk full");
	}
}
