//! Which models are not served any more, on disk: starting the node again changes nothing.
//!
//! One file for each, named by the model, with the reason in it. That it is there is what counts,
//! whatever is in it. The operator removes it to have the model served again; the node sees that at
//! the next request, or when somebody asks for its status.

use super::{LOG, MAX_MEASURED};
use countersign_primitives::model::ModelId;
use std::{
	fs,
	io::{self, Read, Write},
	path::{Path, PathBuf},
};

/// The most bytes of a reason.
const MAX_REASON_BYTES: u64 = 4096;

/// The folder, where there is one: without, a stop lasts until the process ends.
#[derive(Debug, Default)]
pub(super) struct Stops(Option<PathBuf>);

impl Stops {
	/// Opens the folder, which is made where it does not exist, and says what is in it.
	pub(super) fn open(folder: PathBuf) -> io::Result<(Self, Vec<(ModelId, String)>)> {
		fs::create_dir_all(&folder)?;
		let mut found = Vec::new();
		for entry in fs::read_dir(&folder)? {
			let path = entry?.path();
			let Some(model) = model(&path) else {
				tracing::warn!(target: LOG, path = %path.display(), "not named by a model: ignored");
				continue;
			};
			if found.len() >= MAX_MEASURED {
				return Err(io::Error::other(format!(
					"more than {MAX_MEASURED} models in {}",
					folder.display()
				)));
			}
			let mut why = Vec::new();
			fs::File::open(&path)?.take(MAX_REASON_BYTES).read_to_end(&mut why)?;
			found.push((model, String::from_utf8_lossy(&why).trim_end().to_owned()));
		}
		Ok((Self(Some(folder)), found))
	}

	/// Where a model stands.
	pub(super) fn path(&self, model: &ModelId) -> Option<PathBuf> {
		self.0.as_ref().map(|folder| folder.join(format!("{model:?}")))
	}

	/// Writes a model down. Whether there is a folder to write it to.
	pub(super) fn write(&self, model: &ModelId, why: &str) -> io::Result<bool> {
		let (Some(folder), Some(path)) = (&self.0, self.path(model)) else {
			return Ok(false);
		};
		let mut file = fs::File::create(path)?;
		writeln!(file, "{why}")?;
		file.sync_all()?;
		fs::File::open(folder)?.sync_all()?;
		Ok(true)
	}

	/// Whether the operator removed what was written. A disk that does not answer says nothing.
	pub(super) fn is_removed(&self, model: &ModelId) -> bool {
		self.path(model).is_some_and(|path| matches!(path.try_exists(), Ok(false)))
	}
}

fn model(path: &Path) -> Option<ModelId> {
	let digits = path.file_name()?.to_str()?.strip_prefix("0x")?;
	let bytes = <[u8; 32]>::try_from(hex::decode(digits).ok()?).ok()?;
	Some(bytes.into())
}
