//! Getting artefacts and inputs: from the store, from the chain, from other nodes.

use super::{
	metrics::{add, count},
	plan::Shared,
	LOG,
};
use crate::store::{BlobId, Pin, StoreError, MAX_READ_BYTES};
use codec::Encode;
use countersign_primitives::{
	commitment::tensors_commitment,
	model::Manifest,
	request::WorkItem,
	tensor::{decode_tensors, Tensor, MAX_INPUT_BYTES},
	Hash,
};
use std::{path::PathBuf, sync::Arc};

/// An artefact that stays where it is while this lives.
pub(super) struct Held {
	pub(super) path: PathBuf,
	_pin: Pin,
}

/// Runs something that blocks on the file system where that hurts nobody.
pub(super) async fn blocking<T: Send + 'static>(
	work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
	tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())
}

/// The model's artefact, fetched if it is not here.
pub(super) async fn artefact(shared: &Arc<Shared>, manifest: &Manifest) -> Result<Held, String> {
	let (sha256, length) = (manifest.artefact.sha256, manifest.artefact.length);
	let id = BlobId::Artefact(sha256);
	let pin = shared.parts.store.pin(id);
	let stored = || {
		let store = shared.parts.store.clone();
		blocking(move || store.artefact(&sha256))
	};
	let metrics = &shared.parts.metrics;
	if let Some(path) = stored().await?.map_err(text)? {
		count(&metrics.cache_hits);
		return Ok(Held { path, _pin: pin });
	}
	count(&metrics.cache_misses);
	// Several requests for one new model fetch it once.
	let turn = shared.turn(id);
	let _turn = turn.lock().await;
	if let Some(path) = stored().await?.map_err(text)? {
		return Ok(Held { path, _pin: pin });
	}
	let time = shared.parts.config.fetch_timeout;
	let fetched = tokio::time::timeout(time, fetch_artefact(shared, sha256, length)).await;
	match fetched.unwrap_or_else(|_| Err(format!("{id} did not come within {time:?}"))) {
		Ok(()) => {}
		Err(why) => {
			count(&metrics.fetch_failures);
			return Err(why);
		}
	}
	let path = stored().await?.map_err(text)?.ok_or("the artefact went away at once")?;
	Ok(Held { path, _pin: pin })
}

async fn fetch_artefact(shared: &Arc<Shared>, sha256: [u8; 32], length: u64) -> Result<(), String> {
	let id = BlobId::Artefact(sha256);
	let mut why = String::new();
	for attempt in 0..shared.parts.config.fetch_attempts.max(1) {
		let store = shared.parts.store.clone();
		let mut writer =
			blocking(move || store.artefact_writer(sha256, length)).await?.map_err(text)?;
		why = loop {
			let missing = writer.missing();
			if missing == 0 {
				match blocking(move || writer.commit()).await? {
					Ok(()) => return Ok(()),
					Err(error @ StoreError::WrongContent(_)) => break error.to_string(),
					Err(error) => return Err(error.to_string()),
				}
			}
			let wanted = u32::try_from(missing).unwrap_or(u32::MAX).min(MAX_READ_BYTES);
			let offset = length.saturating_sub(missing);
			match shared.parts.blobs.fetch(id, offset, wanted, attempt).await {
				Ok(Some(bytes)) if !bytes.is_empty() => {
					add(&shared.parts.metrics.bytes_fetched, bytes.len() as u64);
					let written = blocking(move || {
						let result = writer.write(&bytes);
						(writer, result)
					})
					.await?;
					writer = written.0;
					match written.1 {
						Ok(()) => {}
						Err(error @ StoreError::WrongContent(_)) => break error.to_string(),
						Err(error) => return Err(error.to_string()),
					}
				}
				Ok(_) => break format!("nobody offers {id}"),
				Err(error) => break error.to_string(),
			}
		};
		tracing::debug!(target: LOG, %id, attempt, %why, "fetching failed");
	}
	Err(why)
}

/// The input of a request, or nothing where it is nowhere to be had now.
pub(super) async fn input(
	shared: &Arc<Shared>,
	item: &WorkItem,
	at: Hash,
) -> Result<Option<Vec<Tensor>>, String> {
	let commitment = item.input_commitment;
	let parts = &shared.parts;
	let store = parts.store.clone();
	let stored = blocking(move || store.tensors(&commitment)).await?.map_err(text)?;
	if let Some(tensors) = stored.and_then(|bytes| opened(item, &bytes)) {
		count(&parts.metrics.cache_hits);
		return Ok(Some(tensors));
	}
	let on_chain = parts.chain.input(at, item.request).await.map_err(text)?;
	if let Some(bytes) = on_chain {
		return match opened(item, &bytes) {
			Some(tensors) => Ok(Some(tensors)),
			None => Err("the input on chain is not what its commitment says".into()),
		};
	}
	count(&parts.metrics.cache_misses);
	let time = parts.config.input_timeout;
	match tokio::time::timeout(time, fetch_input(shared, item)).await {
		Ok(Ok(found)) => Ok(found),
		Ok(Err(why)) => {
			tracing::debug!(target: LOG, request = ?item.request, %why, "no input from peers");
			count(&parts.metrics.fetch_failures);
			Ok(None)
		}
		Err(_) => {
			count(&parts.metrics.fetch_failures);
			Ok(None)
		}
	}
}

async fn fetch_input(shared: &Arc<Shared>, item: &WorkItem) -> Result<Option<Vec<Tensor>>, String> {
	let parts = &shared.parts;
	let length = item.input_length;
	if length > MAX_INPUT_BYTES {
		return Ok(None);
	}
	let id = BlobId::Tensors(item.input_commitment);
	for attempt in 0..parts.config.fetch_attempts.max(1) {
		let mut bytes = Vec::new();
		while bytes.len() < length as usize {
			let offset = bytes.len() as u64;
			let missing = length.saturating_sub(bytes.len() as u32);
			match parts.blobs.fetch(id, offset, missing.min(MAX_READ_BYTES), attempt).await {
				Ok(Some(more)) if !more.is_empty() && more.len() <= missing as usize => {
					add(&parts.metrics.bytes_fetched, more.len() as u64);
					bytes.extend_from_slice(&more);
				}
				_ => break,
			}
		}
		if let Some(tensors) = opened(item, &bytes) {
			let store = parts.store.clone();
			// For other nodes, and for the next try. Doing without costs nothing but that.
			if let Err(error) = blocking(move || store.put_tensors(&bytes)).await? {
				tracing::debug!(target: LOG, %error, "input not kept");
			}
			return Ok(Some(tensors));
		}
		if !bytes.is_empty() {
			count(&parts.metrics.fetch_failures);
		}
	}
	Ok(None)
}

/// The tensors, if these bytes are what the request committed to.
fn opened(item: &WorkItem, bytes: &[u8]) -> Option<Vec<Tensor>> {
	let tensors = decode_tensors(bytes).ok()?;
	let right = tensors_commitment(&tensors) == item.input_commitment
		&& tensors.encoded_size() == item.input_length as usize;
	right.then_some(tensors)
}

fn text(error: impl std::fmt::Display) -> String {
	error.to_string()
}
