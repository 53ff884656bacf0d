//! Where the programs, the model and the files to send are.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// The programs of one build.
#[derive(Clone, Debug)]
pub struct Programs {
	/// `countersign-node`.
	pub node: PathBuf,
	/// `countersign-engine`.
	pub engine: PathBuf,
	/// `countersign`.
	pub client: PathBuf,
}

impl Programs {
	/// Those beside this program, or those in `$COUNTERSIGN_PROGRAMS`.
	pub fn find() -> Result<Self> {
		let folder = match std::env::var_os("COUNTERSIGN_PROGRAMS") {
			Some(folder) => PathBuf::from(folder),
			None => {
				let this = std::env::current_exe()?;
				let folder = this.parent().context("a program lies in a folder")?;
				// Tests lie one folder deeper.
				if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder }
					.to_path_buf()
			}
		};
		let program = |name: &str| {
			let path = folder.join(name);
			anyhow::ensure!(
				path.is_file(),
				"{} is missing; build it with `cargo build --release --workspace`",
				path.display()
			);
			Ok(path)
		};
		Ok(Self {
			node: program("countersign-node")?,
			engine: program("countersign-engine")?,
			client: program("countersign")?,
		})
	}
}

/// What scripts/setup.sh fetched.
#[derive(Clone, Debug)]
pub struct Assets {
	/// The ONNX Runtime library.
	pub onnxruntime: PathBuf,
	/// The folder with `model.onnx` and `config.min.json`.
	pub magika: PathBuf,
}

impl Assets {
	/// Those in `$COUNTERSIGN_ASSETS`, or where scripts/setup.sh puts them by default.
	pub fn find() -> Result<Self> {
		let folder = match std::env::var_os("COUNTERSIGN_ASSETS") {
			Some(folder) => PathBuf::from(folder),
			None => {
				let cache = match std::env::var_os("XDG_CACHE_HOME") {
					Some(cache) => PathBuf::from(cache),
					None => PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?)
						.join(".cache"),
				};
				cache.join("countersign-assets")
			}
		};
		let assets = Self {
			onnxruntime: folder.join("onnxruntime/libonnxruntime.so"),
			magika: folder.join("magika"),
		};
		for path in [&assets.onnxruntime, &assets.model(), &assets.magika.join("config.min.json")] {
			anyhow::ensure!(
				path.is_file(),
				"{} is missing; run `bash scripts/setup.sh`",
				path.display()
			);
		}
		Ok(assets)
	}

	/// The magika model.
	pub fn model(&self) -> PathBuf {
		self.magika.join("model.onnx")
	}
}

/// The repository's folder.
pub fn repository() -> PathBuf {
	Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_path_buf()
}

/// Real files, and what magika is known to say about each. They are sent by the demo and by tests.
pub const SAMPLES: [(&str, &str); 7] = [
	("primitives/src/commitment.rs", "rust"),
	("README.md", "markdown"),
	("Cargo.toml", "toml"),
	("scripts/setup.sh", "shell"),
	("tests/data/stamp.png", "png"),
	("tests/data/receipt.pdf", "pdf"),
	("tests/data/bundle.zip", "zip"),
];
