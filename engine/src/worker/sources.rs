//! Getting artefacts and inputs: from the store, from the chain, from other nodes.

use super::{
	metrics::{add, count},
	plan::Shared,
	BlobSource, Failure, LOG,
};
use crate::{
	exchange::{Exchange, Transport, Wanted},
	store::{BlobId, Pin},
};
use async_trait::async_trait;
use codec::Encode;
use countersign_primitives::{
	commitment::tensors_commitment,
	model::{Manifest, ModelId},
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
pub(super) async fn artefact(
	shared: &Arc<Shared>,
	model: ModelId,
	manifest: &Manifest,
) -> Result<Held, String> {
	let metrics = &shared.parts.metrics;
	let pin = shared.parts.store.pin(BlobId::Artefact(manifest.artefact.sha256));
	if let Some(path) = stored(shared, manifest).await? {
		count(&metrics.cache_hits);
		return Ok(Held { path, _pin: pin });
	}
	count(&metrics.cache_misses);
	Ok(Held { path: fetched(shared, model, manifest).await?, _pin: pin })
}

/// Where a model's artefact lies, if it is here.
pub(super) async fn stored(
	shared: &Arc<Shared>,
	manifest: &Manifest,
) -> Result<Option<PathBuf>, String> {
	let store = shared.parts.store.clone();
	let sha256 = manifest.artefact.sha256;
	blocking(move || store.artefact(&sha256)).await?.map_err(text)
}

/// Fetches a model's artefact from other nodes. Several requests for one new model fetch it once:
/// the source sees to that.
pub(super) async fn fetched(
	shared: &Arc<Shared>,
	model: ModelId,
	manifest: &Manifest,
) -> Result<PathBuf, String> {
	let (sha256, length) = (manifest.artefact.sha256, manifest.artefact.length);
	let metrics = &shared.parts.metrics;
	let time = shared.parts.config.fetch_timeout;
	let wanted = Wanted { sha256, length, model: Some(model) };
	let came = tokio::time::timeout(time, shared.parts.blobs.artefact(wanted)).await;
	let came = match came {
		Ok(came) => came.map_err(text),
		Err(_) => Err(format!("the artefact did not come within {time:?}")),
	};
	if let Err(why) = came {
		count(&metrics.fetch_failures);
		return Err(why);
	}
	add(&metrics.bytes_fetched, length);
	Ok(stored(shared, manifest).await?.ok_or("the artefact went away at once")?)
}

#[async_trait]
impl<T: Transport> BlobSource for Exchange<T> {
	async fn input(&self, commitment: Hash) -> Result<Option<Vec<u8>>, Failure> {
		Ok(self.tensors(commitment).await)
	}

	async fn artefact(&self, wanted: Wanted) -> Result<(), Failure> {
		Exchange::artefact(self, wanted).await.map_err(Failure::new)
	}
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
	if item.input_length > MAX_INPUT_BYTES {
		return Ok(None);
	}
	let Some(bytes) = parts.blobs.input(item.input_commitment).await.map_err(text)? else {
		return Ok(None);
	};
	let Some(tensors) = opened(item, &bytes) else {
		return Err("a peer's input is not what the request committed to".into());
	};
	add(&parts.metrics.bytes_fetched, bytes.len() as u64);
	let store = parts.store.clone();
	// For other nodes, and for the next try. Doing without costs nothing but that.
	if let Err(error) = blocking(move || store.put_tensors(&bytes)).await? {
		tracing::debug!(target: LOG, %error, "input not kept");
	}
	Ok(Some(tensors))
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
