//! Accounts and signers. Secrets stay inside [`Signer`] and are never shown.

use crate::Error;
use countersign_primitives::{
	keys::{InferenceId, InferenceSignature},
	AccountId,
};
use sp_core::crypto::{Ss58AddressFormat, Ss58Codec};
use std::{path::Path, str::FromStr};
use subxt_signer::{sr25519::Keypair, SecretUri};

/// An account that can sign.
#[derive(Clone)]
pub struct Signer {
	pair: Keypair,
}

impl std::fmt::Debug for Signer {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		formatter.debug_tuple("Signer").field(&self.account()).finish()
	}
}

impl Signer {
	/// From a secret URI: `//Alice`, a mnemonic, `0x` and a seed, each with optional derivations.
	pub fn from_uri(uri: &str) -> Result<Self, Error> {
		// The reasons are not passed on, because they may quote the secret.
		let unusable = || {
			Error::Input(
				"the key is not usable: give a mnemonic, a 0x seed, or a development account \
				 such as //Alice"
					.into(),
			)
		};
		let uri = SecretUri::from_str(uri.trim()).map_err(|_| unusable())?;
		Ok(Self { pair: Keypair::from_uri(&uri).map_err(|_| unusable())? })
	}

	/// From a file that holds a secret URI and nothing else.
	pub fn from_file(path: &Path) -> Result<Self, Error> {
		let text = std::fs::read_to_string(path)
			.map_err(|reason| Error::File { path: path.display().to_string(), reason })?;
		Self::from_uri(&text)
	}

	/// The account.
	pub fn account(&self) -> AccountId {
		AccountId::from(self.pair.public_key().0)
	}

	/// The public half, if the key is used as a validator's inference key.
	pub fn inference_id(&self) -> InferenceId {
		sp_core::sr25519::Public::from_raw(self.pair.public_key().0).into()
	}

	/// Signs as a validator's inference key.
	pub fn sign_by_key(&self, payload: &[u8]) -> InferenceSignature {
		sp_core::sr25519::Signature::from_raw(self.pair.sign(payload).0).into()
	}

	/// Both halves of the key.
	pub(crate) fn pair(&self) -> &Keypair {
		&self.pair
	}
}

/// Reads an account: SS58 of any network, `0x` and 32 bytes, or a development account.
pub fn parse_account(text: &str) -> Result<AccountId, Error> {
	let text = text.trim();
	if let Some(digits) = text.strip_prefix("0x") {
		let mut bytes = [0u8; 32];
		hex::decode_to_slice(digits, &mut bytes)
			.map_err(|_| Error::Input(format!("`{text}` is not an account of 32 bytes")))?;
		return Ok(bytes.into());
	}
	if text.starts_with("//") {
		return Ok(Signer::from_uri(text)?.account());
	}
	AccountId::from_ss58check(text).map_err(|_| {
		Error::Input(format!("`{text}` is neither an SS58 address nor 0x with 32 bytes"))
	})
}

/// Writes an account in the format of a network.
pub fn format_account(account: &AccountId, ss58_format: u16) -> String {
	account.to_ss58check_with_version(Ss58AddressFormat::custom(ss58_format))
}

#[cfg(test)]
mod tests {
	use super::*;

	const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
	const ALICE_HEX: &str = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";

	#[test]
	fn development_accounts_are_those_of_the_chain() {
		let signer = Signer::from_uri("//Alice").unwrap();
		assert_eq!(format_account(&signer.account(), 42), ALICE);
		for text in [ALICE, ALICE_HEX, "//Alice"] {
			assert_eq!(parse_account(text).unwrap(), signer.account());
		}
		assert!(parse_account("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQZ").is_err());
		assert!(parse_account("0x00").is_err());
	}

	#[test]
	fn a_signer_signs_as_an_inference_key() {
		use sp_core::{sr25519::Pair as Sr25519, Pair};
		let signer = Signer::from_uri("//Alice").unwrap();
		let public: sp_core::sr25519::Public = signer.inference_id().into();
		assert_eq!(AccountId::from(public.0), signer.account());
		let signature = signer.sign_by_key(b"a move").into();
		assert!(Sr25519::verify(&signature, b"a move", &public));
		assert!(!Sr25519::verify(&signature, b"another", &public));
	}

	#[test]
	fn secrets_are_not_shown() {
		let seed = "0x398f0c28f98885e046333d4a41c19cee4c37368a9832c6502f6cfd182e2aef89";
		let signer = Signer::from_uri(seed).unwrap();
		assert!(!format!("{signer:?}").contains("398f"));
		let problem = Signer::from_uri("very secret words").unwrap_err();
		assert!(!problem.to_string().contains("secret words"));
	}

	#[test]
	fn a_key_file_may_end_in_a_new_line() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("key");
		std::fs::write(&path, "//Bob\n").unwrap();
		assert_eq!(
			Signer::from_file(&path).unwrap().account(),
			Signer::from_uri("//Bob").unwrap().account()
		);
		assert_eq!(Signer::from_file(&folder.path().join("none")).unwrap_err().exit_code(), 2);
	}
}
