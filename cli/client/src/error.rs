//! What can go wrong, and what to do next.

use countersign_primitives::{
	apis::QuoteError, dispute::ReplayRefusal, game::GameRefusal, model::ManifestError,
	program::DryRunError, request::RequestId, tensor::TensorError,
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
	/// The model has no program, so that nobody but its validators can say what its answers are.
	#[error("this model has no canonical program")]
	NoProgram,
	/// There is no dry run.
	#[error("no dry run: {}", dry_run_problem(.0))]
	DryRun(DryRunError),
	/// There is no replay.
	#[error("no replay: {}", replay_problem(.0))]
	Replay(ReplayRefusal),
	/// There is no game.
	#[error("no game: {}", game_problem(.0))]
	Game(GameRefusal),
	/// There is nothing to do in a game, or it is for somebody else.
	#[error("no move: {0}")]
	NoMove(String),
	/// The file has operators that the canonical operator set cannot express, all of them named.
	#[error("the model cannot be expressed as a canonical program:\n  {}", .0.join("\n  "))]
	NotExpressible(Vec<String>),
	/// An answer is not what the model's program gives.
	#[error("the answer to request {0:?} does not hold: {1}")]
	DoesNotHold(RequestId, String),
	/// A file cannot be read or written.
	#[error("{path}: {reason}")]
	File {
		/// The file.
		path: String,
		/// Why.
		reason: std::io::Error,
	},
}

/// What to do about a version that is suspended.
const VERSION_SUSPENDED: &str =
	"wait until a referendum lifts the suspension, or use a model without a program";

impl Error {
	/// The exit code of a program that stops because of this.
	pub fn exit_code(&self) -> u8 {
		match self {
			Self::Input(_)
			| Self::Manifest(_)
			| Self::Tensors(_)
			| Self::NotExpressible(_)
			| Self::File { .. } => 2,
			Self::Connection { .. } => 3,
			Self::Refunded(_) | Self::Invalidated(_) => 4,
			Self::DoesNotHold(..) => 5,
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
			Self::Quote(QuoteError::VersionSuspended) => VERSION_SUSPENDED,
			Self::NoServer(0) => "a validator has to serve it first: `countersign validator serve`",
			Self::NoServer(_) => "try again in a few blocks",
			Self::Refunded(_) => {
				"ask again, later or with a later deadline; see `countersign quote`"
			}
			Self::Invalidated(_) => "ask again: another validator will be drawn",
			Self::NoProgram => {
				"its answers are the word of the validators that sign them: there is nothing to \
				 compute them again with"
			}
			Self::DryRun(DryRunError::NoProgram) => {
				"give the program or the ONNX file with --program, or store it with `countersign \
				 model program upload`"
			}
			Self::DryRun(DryRunError::TooCostly | DryRunError::TooMuchMemory) => {
				"run it here: `countersign replay` for a request, `countersign model import` for a \
				 file"
			}
			Self::Replay(ReplayRefusal::TooHeavy) => {
				"what no block can recompute is decided by a game: `countersign dispute open --game`"
			}
			Self::Game(GameRefusal::NotProvable) => {
				"have the chain recompute it, if a block can; otherwise nothing can decide about it"
			}
			Self::NoMove(_) => "see `countersign dispute show`",
			Self::NotExpressible(_) => {
				"register the model without a program, or export it with other operators; \
				 docs/conformance.md lists those that can be expressed"
			}
			Self::DoesNotHold(..) => "whoever signed it can lose its stake: open a dispute",
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
				"NotCommitted" => {
					"register with `countersign model register`, which commits and then registers"
				}
				"TooManyCommitments" => "register what was committed to, or wait until it expires",
				"NotValidator" | "NotBonded" => "bond first: `countersign validator bond`",
				"NoProgram" | "NoStoredProgram" => {
					"store the model's program with `countersign model program upload`, or leave out \
					 --sync"
				}
				"AboveSynchronousBudget" => "leave out --sync: a validator answers in a block or two",
				"VersionSuspended" => VERSION_SUSPENDED,
				"UploadExpired" => "begin again after `countersign model program abort`",
				"NotDue" | "NoGame" | "TooLate" | "NotYourGame" => {
					"see `countersign dispute show` for what is due, by whom and until when"
				}
				"TooHeavy" => {
					"what no block can recompute is decided by a game: `countersign dispute open --game`"
				}
				"NotSigned" => {
					"the answer that was signed is not what the program gives: no trace leads to it"
				}
				"NothingToDemand" => "see `countersign request show`: is the input on chain already?",
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

/// Why there is no dry run, in words.
pub fn dry_run_problem(problem: &DryRunError) -> String {
	match problem {
		DryRunError::NoProgram => "no program of this model is stored on chain".into(),
		DryRunError::Package(why) => format!("the program is not in order: {why:?}"),
		DryRunError::Input(why) => format!("the input: {}", tensor_problem(why)),
		DryRunError::TooCostly => "a run takes longer than the chain could replay".into(),
		DryRunError::TooMuchMemory => "a run takes more memory than the runtime has".into(),
	}
}

/// Why the chain does not replay a result, in words.
pub fn replay_problem(problem: &ReplayRefusal) -> &'static str {
	match problem {
		ReplayRefusal::NotOpen => "there is no such result, or it is not open any more",
		ReplayRefusal::NoProgram => "the model has no canonical program",
		ReplayRefusal::Version => "its version of the operator set is suspended or not known",
		ReplayRefusal::NoPackage => "the chain does not have the program, or not all of it",
		ReplayRefusal::WrongPackage => "the program is not the model's",
		ReplayRefusal::NoInput => "the input is not on chain, and none was given",
		ReplayRefusal::WrongInput => "the input is not the one that was asked",
		ReplayRefusal::EffortTooLow => "it takes more than was declared",
		ReplayRefusal::TooHeavy => "it takes more time or memory than a block has for it",
	}
}

/// Why there is no game, in words.
pub fn game_problem(problem: &GameRefusal) -> &'static str {
	match problem {
		GameRefusal::NotOpen => "there is no such result, or it is not open any more",
		GameRefusal::NoProgram => "the model has no canonical program",
		GameRefusal::Version => "its version of the operator set is suspended or not known",
		GameRefusal::NoOpening => "the first game about a result needs program and inputs",
		GameRefusal::WrongProgram => "the program is not the model's",
		GameRefusal::WrongInputs => "the input is not the one that was asked",
		GameRefusal::NotProvable => {
			"an element of this program reads more than a proof may open, or the manifest does not \
			 fit the program"
		}
		GameRefusal::NothingWrong => {
			"what was signed is right, as far as it can be told without one"
		}
		GameRefusal::TooManyGames => "as many games about this result are on as there may be",
		GameRefusal::NotYou => "the result is your own, or you have a game about it",
		GameRefusal::NoGame => "there is no such game or demand",
		GameRefusal::NotDue => "another move is due",
		GameRefusal::TooLate => "the window for this move is over",
		GameRefusal::WrongCount => "not as many hashes, commitments or bytes as there must be",
		GameRefusal::WrongHash => "a hash, a path or a commitment does not lead where it should",
		GameRefusal::BadProof => "the proof is none",
		GameRefusal::ProvesNothing => "the proof shows what the other side says",
		GameRefusal::NothingToDemand => {
			"what is wanted is on chain, demanded already, or not there at all"
		}
		GameRefusal::TooManyDemands => "as many demands about this result are on as there may be",
		GameRefusal::NotSigned => {
			"the commitments give another output than the one that was signed"
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
		QuoteError::VersionSuspended => {
			"so many results were found wrong under its version of the operator set that the version \
			 is suspended"
		}
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
			(Error::DoesNotHold(RequestId::zero(), "wrong".into()), 5, true),
			(Error::NotExpressible(vec!["x".into()]), 2, true),
			(Error::NoProgram, 1, true),
			(Error::DryRun(DryRunError::NoProgram), 1, true),
			(Error::DryRun(DryRunError::TooCostly), 1, true),
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
			(Error::Replay(ReplayRefusal::TooHeavy), 1, true),
			(Error::Replay(ReplayRefusal::NotOpen), 1, false),
			(Error::Game(GameRefusal::NotProvable), 1, true),
			(Error::Game(GameRefusal::TooManyGames), 1, false),
			(Error::NoMove("nothing is due".into()), 1, true),
			(dispatch("NotDue"), 1, true),
		] {
			assert_eq!(error.exit_code(), code, "{error}");
			assert_eq!(error.advice().is_some(), advised, "{error}");
		}
	}
}
