//! What a person sees: steps as they happen, then tables.

use std::{
	io::{IsTerminal, Write},
	time::{Duration, Instant},
};

/// How often progress is repeated where lines cannot be rewritten, such as in a log.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Where the story is told.
pub struct Console {
	start: Instant,
	is_terminal: bool,
	number: u32,
	step: Instant,
	shown: Instant,
	has_progress: bool,
}

impl Default for Console {
	fn default() -> Self {
		Self::new()
	}
}

impl Console {
	/// Standard output.
	pub fn new() -> Self {
		let now = Instant::now();
		Self {
			start: now,
			is_terminal: std::io::stdout().is_terminal(),
			number: 0,
			step: now,
			shown: now,
			has_progress: false,
		}
	}

	fn paint(&self, code: &str, text: &str) -> String {
		if self.is_terminal {
			format!("\x1b[{code}m{text}\x1b[0m")
		} else {
			text.into()
		}
	}

	fn clear(&mut self) {
		if self.has_progress {
			print!("\r\x1b[2K");
			self.has_progress = false;
		}
	}

	/// Begins a step.
	pub fn step(&mut self, title: &str) {
		self.clear();
		self.number += 1;
		self.step = Instant::now();
		self.shown = self.step;
		println!("\n{}", self.paint("1", &format!("{:>2}  {title}", self.number)));
	}

	/// What is being waited for: one line that rewrites itself, or now and then a line in a log.
	pub fn progress(&mut self, text: &str) {
		let seconds = self.step.elapsed().as_secs();
		if self.is_terminal {
			print!("\r\x1b[2K    {}", self.paint("2", &format!("… {text} ({seconds} s)")));
			let _ = std::io::stdout().flush();
			self.has_progress = true;
		} else if self.shown.elapsed() >= LOG_INTERVAL {
			self.shown = Instant::now();
			println!("    … {text} ({seconds} s)");
		}
	}

	/// Something that was checked and holds.
	pub fn holds(&mut self, text: &str) {
		self.clear();
		let mark = self.paint("32", "✓");
		println!("    {mark} {text}");
		self.shown = Instant::now();
	}

	/// Something worth knowing.
	pub fn note(&mut self, text: &str) {
		self.clear();
		println!("    {text}");
	}

	/// A table with aligned columns.
	pub fn table(&mut self, head: &[&str], rows: &[Vec<String>]) {
		self.clear();
		let text = layout(head, rows);
		for (index, line) in text.lines().enumerate() {
			let line = if index == 0 { self.paint("1", line) } else { line.into() };
			println!("    {line}");
		}
	}

	/// A heading without number.
	pub fn heading(&mut self, title: &str) {
		self.clear();
		println!("\n{}", self.paint("1", title));
	}

	/// What went wrong.
	pub fn fails(&mut self, text: &str) {
		self.clear();
		let mark = self.paint("31", "✗");
		println!("    {mark} {text}");
	}

	/// The time since the first line.
	pub fn elapsed(&self) -> Duration {
		self.start.elapsed()
	}
}

/// Columns as wide as their widest entry, numbers to the right.
fn layout(head: &[&str], rows: &[Vec<String>]) -> String {
	let width = |column: usize| {
		rows.iter()
			.filter_map(|row| row.get(column))
			.map(|cell| cell.chars().count())
			.chain(head.get(column).map(|cell| cell.chars().count()))
			.max()
			.unwrap_or(0)
	};
	let widths: Vec<usize> = (0..head.len()).map(width).collect();
	let is_number = |column: usize| {
		rows.iter().filter_map(|row| row.get(column)).all(|cell| {
			cell.is_empty() || cell.chars().all(|c| c.is_ascii_digit() || ".-+ ".contains(c))
		})
	};
	let numeric: Vec<bool> = (0..head.len()).map(is_number).collect();
	let line = |cells: Vec<&str>| {
		let mut line = String::new();
		for ((cell, width), numeric) in cells.iter().zip(&widths).zip(&numeric) {
			let gap = " ".repeat(width.saturating_sub(cell.chars().count()));
			line += &if *numeric { format!("{gap}{cell}  ") } else { format!("{cell}{gap}  ") };
		}
		format!("{}\n", line.trim_end())
	};
	let mut text = line(head.to_vec());
	for row in rows {
		text += &line(row.iter().map(String::as_str).collect());
	}
	text
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn columns_are_aligned() {
		let rows = vec![vec!["stamp.png".into(), "1".into()], vec!["a".into(), "20.5".into()]];
		assert_eq!(
			layout(&["file", "blocks"], &rows),
			"file       blocks\nstamp.png       1\na            20.5\n"
		);
	}
}
