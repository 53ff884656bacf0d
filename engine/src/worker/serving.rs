//! Having what is served before anybody asks for it.

use super::{metrics::set, plan::Shared, sources, BestBlock, LOG};
use crate::store::BlobId;
use futures::StreamExt;
use std::{collections::HashMap, sync::Arc};

/// Artefacts that are fetched at the same time.
const AT_ONCE: usize = 2;

/// Pins the artefacts of all models that our validators serve, lets go of others, and fetches what
/// is missing.
pub(super) async fn look(shared: Arc<Shared>, block: BestBlock) {
	let models = match shared.parts.chain.served(block.hash).await {
		Ok(models) => models,
		Err(error) => {
			tracing::warn!(target: LOG, %error, "what is served is not known");
			return;
		}
	};
	let mut manifests = Vec::new();
	for model in models {
		match shared.manifest(model, block.hash).await {
			Ok(manifest) => manifests.push((model, manifest)),
			Err(why) => tracing::warn!(target: LOG, ?model, %why, "a served model is not known"),
		}
	}
	// Pinned before anything is fetched, so that one does not push out another.
	let mut pins = HashMap::new();
	for (_, manifest) in &manifests {
		let id = BlobId::Artefact(manifest.artefact.sha256);
		pins.entry(id).or_insert_with(|| shared.parts.store.pin(id));
	}
	drop(std::mem::replace(&mut *shared.pins.lock(), pins));
	let metrics = &shared.parts.metrics;
	set(&metrics.models_served, manifests.len());
	let ready = futures::stream::iter(manifests)
		.map(|(model, manifest)| {
			let shared = shared.clone();
			async move {
				let here = match sources::stored(&shared, &manifest).await {
					Ok(None) => sources::fetched(&shared, model, &manifest).await.map(Some),
					stored => stored,
				};
				match here {
					Ok(_) => true,
					Err(why) => {
						tracing::warn!(target: LOG, ?model, %why, "a served model is not here yet");
						false
					}
				}
			}
		})
		.buffer_unordered(AT_ONCE)
		.filter(|ready| std::future::ready(*ready))
		.count()
		.await;
	set(&metrics.models_ready, ready);
}
