//! The inference session key: what a validator signs statements with.

use sp_application_crypto::KeyTypeId;

/// The key type of inference keys.
pub const INFERENCE_KEY_TYPE: KeyTypeId = KeyTypeId(*b"infr");

mod app {
	use sp_application_crypto::{app_crypto, sr25519};
	app_crypto!(sr25519, super::INFERENCE_KEY_TYPE);
}

/// The public half of an inference key.
pub type InferenceId = app::Public;
/// A signature by an inference key.
pub type InferenceSignature = app::Signature;
/// Both halves of an inference key.
#[cfg(feature = "std")]
pub type InferencePair = app::Pair;
