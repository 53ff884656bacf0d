//! What can go wrong, and what to do next.

use countersign_primitives::{
	apis::QuoteError, model::ManifestError, request::RequestId, tensor::TensorError,
};

/// Why something did not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
	/// No node answers, or the connection broke.
	#[error("no connection to {url}: {reason}")]
	Connection {
		/// Where the node should be.
		url: String,
		/// Why it is not.
		reason: String,
	},
	/// The node refused a request.
	#[error("the node refused {method}: {message}")]
	Node {
		/// The method.
		method: String,
		/// What the node said.
		message: String,
		/// The JSON-RPC error code.
		code: i32,
	},
	/// What the caller gave cannot be used.
	#[error("{0}")]
	Input(String),
	/// A manifest breaks a rule of the chain.
	#[error("the manifest is not valid: {}", manifest_problem(.0))]
	Manifest(ManifestError),
	/// Tensors are not what the model takes.
	#[error("the tensors are not valid: {}", tensor_problem(.0))]
	Tensors(TensorError),
	/// There is no price for what was asked.
	#[error("no quote: {}", quote_problem(.0))]
	Quote(QuoteError),
	/// Nobody could take the request now.
	#[error("{}", no_server(.0))]
	NoServer(
		/// The validators that serve the model.
		u32,
	),
	/// The transaction was included and failed.
	#[error("{pallet}.{name}: {docs}")]
	Dispatch {
		/// The pallet, or `Runtime`.
		pallet: String,
		/// The name of the error.
		name: String,
		/// What the metadata says about it.
		docs: String,
	},
	/// The transaction never got into a block.
	#[error("the transaction was not taken: {0}")]
	Pool(String),
	/// There is no such thing on this chain.
	#[error("there is no {what} {id} on this chain")]
	NotFound {
		/// What kind of thing.
		what: &'static str,
		/// Its name.
		id: String,
	},
	/// The request ended without an answer, and what was held went back.
	#[error("nobody answered request {0:?} in time; what was held went back")]
	Refunded(RequestId),
	/// The answer was found wrong or withheld, and everything went back.
	#[error("the answer to request {0:?} was invalidated; everything that was held went back")]
	Invalidated(RequestId),
	/// The node speaks of things that this client does not know.
	#[error("the node's answer cannot be read: {0}")]
	Incompatible(String),
	/// A file cannot be read or written.
	#[error("{path}: {reason}")]
	File {
		/// The file.
		path: String,
		/// Why.
		reason: std::io::Error,
	},
}

impl Error {
	/// The exit code of a program that stops because of this.
	pub fn exit_code(&self) -> u8 {
		match self {
			Self::Input(_) | Self::Manifest(_) | Self::Tensors(_) | Self::File { .. } => 2,
			Self::Connection { .. } => 3,
			Self::Refunded(_) | Self::Invalidated(_) => 4,
			_ => 1,
		}
	}

	/// What to do next, where there is something better than reading the message.
	pub fn advice(&self) -> Option<&'static str> {
		Some(match self {
			Self::Connection { .. } => "start a node or give its address with --url",
			Self::Quote(QuoteError::UnknownModel) | Self::NotFound { what: "model", .. } => {
				"see `countersign model list`"
			}
			Self::Quote(QuoteError::Retired) => {
				"its owner retired it; see `countersign model list`"
			}
			Self::Quote(QuoteError::EvidenceUnavailable) => {
				"ask for less evidence, or for a model with a canonical program"
			}
			Self::Quote(QuoteError::ValueAtRiskWithoutProgram) => "leave the value at risk at 0",
			Self::Quote(QuoteError::CallbackUnavailable) => {
				"leave out the callback and read the result"
			}
			Self::NoServer(0) => "a validator has to serve it first: `countersign validator serve`",
			Self::NoServer(_) => "try again in a few blocks",
			Self::Refunded(_) => {
				"ask again, later or with a later deadline; see `countersign quote`"
			}
			Self::Invalidated(_) => "ask again: another validator will be drawn",
			Self::Incompatible(_) => "use the client that belongs to the runtime of this chain",
			Self::Node { code: -32601, .. } => {
				"this node does not offer that method: unsafe methods need `--rpc-methods unsafe`, \
				 and uploads need a Countersign node"
			}
			Self::Node { code: 1010, message, .. } if message.contains("pay some fees") => {
				"the account has too little free balance for the fee; see `countersign balance`"
			}
			Self::Node { code: 1014, .. } => {
				"another transaction of this account is on its way; try again in a block or two"
			}
			Self::Dispatch { name, .. } => match name.as_str() {
				"WrongNonce" => {
					"another request used this lane at the same time; try again, or use another \
					 --lane"
				}
				"NoServer" => {
					"try again in a few blocks, or see with `countersign model show` who serves it"
				}
				"FeeAboveMaximum" | "DeadlineTooSoon" | "DeadlineTooFar" => {
					"see `countersign quote` for the fee and the deadlines that the chain takes"
				}
				"ArtefactNeedsParent" | "ProgramNeedsParent" => {
					"name the model that was registered first as a parent, with a royalty"
				}
				"NotValidator" | "NotBonded" => "bond first: `countersign validator bond`",
				"NothingToClaim" => "see `countersign attribution rights`",
				"FundsUnavailable" | "InsufficientBalance" => {
					"the account has too little free balance; see `countersign balance`"
				}
				_ => return None,
			},
			_ => return None,
		})
	}
}

fn no_server(servers: &u32) -> String {
	match servers {
		0 => "no validator serves this model".into(),
		servers => format!("none of the {servers} validators that serve it could take it now"),
	}
}

/// What a manifest does wrong, in words.
pub fn manifest_problem(problem: &ManifestError) -> &'static str {
	match problem {
		ManifestError::BadText => "name or licence is empty or not UTF-8",
		ManifestError::ArtefactLength => "the artefact is empty or larger than 2 GiB",
		ManifestError::NoPorts => "it needs at least one input and one output",
		ManifestError::PortName => {
			"the name of an input or output is empty, not UTF-8 or used twice"
		}
		ManifestError::DimensionRange => "a dimension's least size is above its largest",
		ManifestError::InputTooLarge => "the inputs can be larger than 1 MiB together",
		ManifestError::OutputTooLarge => "the outputs can be larger than 64 KiB together",
		ManifestError::Policies => {
			"a model with a program needs a policy for each output, one without has none"
		}
		ManifestError::Cost => {
			"the cost is zero or above 150 GMAC, or the time or memory ceiling is zero"
		}
		ManifestError::Shares => "the contributors' shares do not add up to exactly 100 %",
		ManifestError::Royalties => {
			"a parent is named twice or has no royalty, or royalties leave nothing to contributors"
		}
	}
}

/// What a list of tensors does wrong, in words.
pub fn tensor_problem(problem: &TensorError) -> &'static str {
	match problem {
		TensorError::Malformed => "not an encoded list of tensors",
		TensorError::TooMany => "more than 16 tensors",
		TensorError::RankTooHigh => "a tensor has more than 8 dimensions",
		TensorError::LengthMismatch => "a tensor's data is not as long as its type and shape say",
		TensorError::NotBool => "an element of a bool tensor is neither 0 nor 1",
		TensorError::SignatureMismatch => {
			"number, types or shapes are not what the model declares (see `countersign model show`)"
		}
	}
}

/// Why there is no quote, in words.
pub fn quote_problem(problem: &QuoteError) -> &'static str {
	match problem {
		QuoteError::UnknownModel => "there is no such model",
		QuoteError::Retired => "the model is retired and takes no new requests",
		QuoteError::InputTooLarge => "the input is longer than the model or the chain takes",
		QuoteError::EvidenceUnavailable => "nobody can give the wanted evidence for this model",
		QuoteError::ValueAtRiskWithoutProgram => {
			"a model without canonical program cannot be disputed, so no value may be at risk"
		}
		QuoteError::TooCostly => "one run costs more than this network takes",
		QuoteError::CallbackUnavailable => "callbacks are not offered yet",
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_kind_of_failure_has_its_exit_code() {
		let dispatch = |name: &str| Error::Dispatch {
			pallet: "Inference".into(),
			name: name.into(),
			docs: "No.".into(),
		};
		let node = |code| Error::Node { method: "x".into(), message: "no".into(), code };
		let connection = Error::Connection { url: "ws://x".into(), reason: "refused".into() };
		for (error, code, advised) in [
			(Error::Input("x".into()), 2, false),
			(Error::Manifest(ManifestError::Shares), 2, false),
			(Error::Tensors(TensorError::NotBool), 2, false),
			(connection, 3, true),
			(Error::Refunded(RequestId::zero()), 4, true),
			(Error::Invalidated(RequestId::zero()), 4, true),
			(Error::NoServer(0), 1, true),
			(dispatch("NoServer"), 1, true),
			(dispatch("WrongNonce"), 1, true),
			(dispatch("Other"), 1, false),
			(node(1014), 1, true),
			(node(-32601), 1, true),
			(node(7002), 1, false),
			(Error::Quote(QuoteError::UnknownModel), 1, true),
			(Error::Quote(QuoteError::TooCostly), 1, false),
			(Error::NotFound { what: "request", id: "0x00".into() }, 1, false),
		] {
			assert_eq!(error.exit_code(), code, "{error}");
			assert_eq!(error.advice().is_some(), advised, "{error}");
		}
	}
}
