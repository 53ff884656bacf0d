//! Registering a model: commit, then reveal.

use crate::{call::Call, keys::Signer, Client, Error, Included};
use countersign_primitives::{
	model::{registration_commitment, Manifest, ModelId},
	Balance,
};

impl Client {
	/// Registers a model of the signer: commits to it, and registers it in a later block.
	pub async fn register(
		&self,
		signer: &Signer,
		manifest: &Manifest,
		price: Balance,
	) -> Result<Included, Error> {
		let model = manifest.id(&self.genesis(), &signer.account());
		self.commit_registration(signer, &model).await?;
		self.reveal_registration(signer, manifest, price).await
	}

	/// Commits to register a model; `None` if that was done before.
	pub async fn commit_registration(
		&self,
		signer: &Signer,
		model: &ModelId,
	) -> Result<Option<Included>, Error> {
		match self.submit(&Call::commit(&registration_commitment(model)), signer).await {
			Ok(included) => Ok(Some(included)),
			Err(error) if is_refused(&error, "AlreadyCommitted") => Ok(None),
			Err(error) => Err(error),
		}
	}

	/// Registers a model that was committed to.
	pub async fn reveal_registration(
		&self,
		signer: &Signer,
		manifest: &Manifest,
		price: Balance,
	) -> Result<Included, Error> {
		let call = Call::register(manifest, price);
		match self.submit(&call, signer).await {
			// A fork put both into one block; the commitment is older now.
			Err(error) if is_refused(&error, "CommittedInThisBlock") => {
				self.submit(&call, signer).await
			}
			outcome => outcome,
		}
	}
}

fn is_refused(error: &Error, why: &str) -> bool {
	matches!(error, Error::Dispatch { pallet, name, .. } if pallet == "Models" && name == why)
}
