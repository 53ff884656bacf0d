//! Why a request was not done.

use countersign_engine::{float_mode::WrongFloatMode, protocol::ErrorKind};

/// Why a request was not done.
#[derive(Debug)]
pub(crate) struct Refusal {
	pub(crate) kind: ErrorKind,
	pub(crate) message: String,
}

impl Refusal {
	pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
		Self { kind, message: message.into() }
	}
}

impl From<WrongFloatMode> for Refusal {
	fn from(error: WrongFloatMode) -> Self {
		Self::new(ErrorKind::FloatMode, error.to_string())
	}
}
