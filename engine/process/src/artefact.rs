//! Reading artefacts.

use crate::refusal::Refusal;
use countersign_engine::protocol::ErrorKind;
use countersign_primitives::model::ArtefactHash;
use sha2::{Digest, Sha256};
use std::{fs::File, io::Read};

/// The bytes of a file that has to have this length and sha256.
pub(crate) fn read(artefact: ArtefactHash, length: u64, path: &str) -> Result<Vec<u8>, Refusal> {
	let fail = |message: String| Refusal::new(ErrorKind::Artefact, message);
	let file = File::open(path).map_err(|error| fail(format!("{path}: {error}")))?;
	let metadata = file.metadata().map_err(|error| fail(format!("{path}: {error}")))?;
	if !metadata.is_file() || metadata.len() != length {
		return Err(fail(format!("{path} has {} bytes, expected {length}", metadata.len())));
	}
	let capacity = usize::try_from(length).unwrap_or(usize::MAX);
	let mut bytes = Vec::new();
	bytes
		.try_reserve_exact(capacity)
		.map_err(|_| fail(format!("no memory for a file of {length} bytes")))?;
	file.take(length).read_to_end(&mut bytes).map_err(|error| fail(format!("{path}: {error}")))?;
	let found: ArtefactHash = Sha256::digest(&bytes).into();
	if found != artefact {
		return Err(fail(format!(
			"{path} has sha256 {}, expected {}",
			hex::encode(found),
			hex::encode(artefact)
		)));
	}
	Ok(bytes)
}
