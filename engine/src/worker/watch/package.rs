//! Packages from artefacts.

use super::{blocking, Packages};
use async_trait::async_trait;
use codec::Encode;
use countersign_onnx::{import, Options};
use countersign_primitives::{model::Manifest, tensor::Dimension};
use std::{path::PathBuf, sync::Arc};

/// Imports artefacts. That takes a while, and happens only where a result is wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct Importer;

#[async_trait]
impl Packages for Importer {
	async fn package(&self, manifest: Arc<Manifest>, artefact: PathBuf) -> Result<Vec<u8>, String> {
		blocking(move || read(&manifest, &artefact)).await?
	}
}

fn read(manifest: &Manifest, artefact: &std::path::Path) -> Result<Vec<u8>, String> {
	let program = manifest.program.as_ref().ok_or("the model has no program")?;
	let bytes = std::fs::read(artefact).map_err(|error| error.to_string())?;
	let mut options = Options::default();
	for port in &manifest.inputs {
		let shape = port.shape.iter().map(|dim| match dim {
			Dimension::Fixed(size) => Some(*size),
			Dimension::Range { .. } => None,
		});
		let shape: Option<Vec<u32>> = shape.collect();
		let shape = shape.ok_or("the manifest leaves a dimension of an input open")?;
		options.shapes.insert(String::from_utf8_lossy(&port.name).into_owned(), shape);
	}
	let imported = import(&bytes, &options).map_err(|error| error.to_string())?;
	if imported.package.program.root() != program.root.0 {
		return Err("importing the artefact gives another program than the manifest names".into());
	}
	Ok(imported.package.encode())
}
