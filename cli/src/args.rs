//! What can be said on the command line.

use clap::{value_parser, Args, Parser, Subcommand, ValueEnum};
use countersign_client::referendum::MOST_CONVICTION;
use std::path::PathBuf;

/// The client of Countersign: register models, ask them, read who answered and who was paid,
/// claim what you earned, run a validator.
///
/// Exit codes: 0 done, 1 refused or failed on chain, 2 wrong usage or input, 3 no connection,
/// 4 refunded or invalidated, 5 an answer does not hold.
#[derive(Parser)]
#[command(name = "countersign", version, propagate_version = true)]
pub(crate) struct Cli {
	#[command(flatten)]
	pub(crate) global: Global,
	#[command(subcommand)]
	pub(crate) command: Command,
}

#[derive(Args)]
pub(crate) struct Global {
	/// The websocket of a node.
	#[arg(
		long,
		global = true,
		env = "COUNTERSIGN_URL",
		default_value = "ws://127.0.0.1:9944",
		value_name = "URL"
	)]
	pub(crate) url: String,
	/// The secret to sign with: a mnemonic, a 0x seed, or a development account like //Alice.
	///
	/// Other users of the machine can see command lines: for a real key use --key-file or the
	/// environment.
	#[arg(
		long,
		global = true,
		env = "COUNTERSIGN_SURI",
		hide_env_values = true,
		value_name = "SECRET",
		conflicts_with = "key_file"
	)]
	pub(crate) suri: Option<String>,
	/// A file with the secret to sign with and nothing else.
	#[arg(long, global = true, env = "COUNTERSIGN_KEY_FILE", value_name = "FILE")]
	pub(crate) key_file: Option<PathBuf>,
	/// Go by finalized blocks only: wait until transactions and answers are in one, and read what it
	/// says. Takes a few blocks longer, and no fork takes it back.
	#[arg(long, global = true)]
	pub(crate) finalized: bool,
	/// Wait until the node has this block in its chain, where a step before this one, sent to another
	/// node, was included.
	#[arg(long, global = true, value_name = "BLOCK")]
	pub(crate) after: Option<String>,
	/// Write results as JSON.
	#[arg(long, global = true)]
	pub(crate) json: bool,
	/// Do not tell on the way what happens.
	#[arg(long, short, global = true)]
	pub(crate) quiet: bool,
}

#[derive(Subcommand)]
pub(crate) enum Command {
	/// Register, show and manage models.
	#[command(subcommand)]
	Model(Model),
	/// What a run would cost, and who could run it.
	Quote(Ask),
	/// Ask for a run.
	Infer(Infer),
	/// Look at a request.
	#[command(subcommand)]
	Request(Request),
	/// The result of a request.
	Result(Result),
	/// Compute an answer again, here, and say whether it holds. Exit code 5 if it does not.
	Replay(Replay),
	/// Answers that can still be disputed, and what became of those that were.
	#[command(subcommand)]
	Dispute(Dispute),
	/// Who was drawn to run a request again, and what came of it.
	#[command(subcommand)]
	Audits(Audits),
	/// Who gets what, and who earned what.
	#[command(subcommand)]
	Attribution(Attribution),
	/// Pay out what was earned.
	Claim(Claim),
	/// Bond, serve and leave as a validator.
	#[command(subcommand)]
	Validator(Validator),
	/// Appeal against a slash, and vote.
	#[command(subcommand)]
	Referendum(Referendum),
	/// What an account has.
	Balance {
		/// The account; that of the key if left out.
		account: Option<String>,
	},
	/// Send tokens.
	Transfer {
		/// To whom.
		to: String,
		/// How many tokens, such as 1.5.
		amount: String,
	},
	/// The chain and the node.
	#[command(subcommand)]
	Chain(Chain),
}

#[derive(Subcommand)]
pub(crate) enum Model {
	/// Turn an ONNX file into a canonical program, and show what a manifest says about it: its
	/// root and cost, where it can run, and a tolerance for validators that use ONNX Runtime.
	Import(Import),
	/// Run a model in the runtime of the node at --url, without a transaction and for nothing.
	DryRun(DryRun),
	/// Store a model's program on chain, or drop it.
	#[command(subcommand)]
	Program(Program),
	/// Register a model from a manifest, and give its artefact to the node: commits to it, and
	/// registers it in a later block, so that nobody who sees it is first.
	Register {
		/// The manifest, a TOML file.
		manifest: PathBuf,
		/// The ONNX file, if not what the manifest says.
		#[arg(long, value_name = "FILE")]
		artefact: Option<PathBuf>,
		/// Tokens for one run, if not what the manifest says.
		#[arg(long)]
		price: Option<String>,
		/// Only check the manifest and show what would be registered.
		#[arg(long)]
		dry_run: bool,
		/// Do not give the artefact to the node.
		#[arg(long)]
		no_upload: bool,
	},
	/// All models.
	List,
	/// One model.
	Show {
		/// Its identifier or name.
		model: String,
	},
	/// Announce a price. A lower one holds at once.
	Price {
		/// Its identifier or name.
		model: String,
		/// Tokens for one run.
		price: String,
	},
	/// Offer a model to another account, which has to accept it.
	Transfer {
		/// Its identifier or name.
		model: String,
		/// To whom.
		#[arg(required_unless_present = "withdraw")]
		to: Option<String>,
		/// Withdraw an offer.
		#[arg(long, conflicts_with = "to")]
		withdraw: bool,
	},
	/// Take over a model that was offered.
	Accept {
		/// Its identifier or name.
		model: String,
	},
	/// Let a model take no new requests, for good.
	Retire {
		/// Its identifier or name.
		model: String,
	},
	/// Give the artefact of a registered model to the node.
	Upload {
		/// The ONNX file.
		artefact: PathBuf,
	},
}

#[derive(Args)]
pub(crate) struct Import {
	/// The ONNX file.
	pub(crate) artefact: PathBuf,
	/// A folder of inputs on which to measure how far ONNX Runtime is from the program: a file
	/// each, or a folder each with one file for every input, named by it.
	#[arg(long, value_name = "FOLDER")]
	pub(crate) samples: Option<PathBuf>,
	/// Turn each sample into the model's input.
	#[arg(long, value_name = "CODEC", requires = "samples")]
	pub(crate) encode: Option<Codec>,
	/// The shape of an input that the file leaves open, such as `x=1,3,224,224`.
	#[arg(long, value_name = "NAME=DIMS")]
	pub(crate) shape: Vec<String>,
	/// The size of a named dimension, such as `width=224`.
	#[arg(long, value_name = "NAME=SIZE")]
	pub(crate) dimension: Vec<String>,
	/// Where to write the program; beside the file by default.
	#[arg(long, short, value_name = "FILE")]
	pub(crate) out: Option<PathBuf>,
	/// The engine binary. By default `countersign-engine` beside this one.
	#[arg(long, value_name = "PATH", env = "COUNTERSIGN_ENGINE")]
	pub(crate) engine: Option<PathBuf>,
	/// The ONNX Runtime library. By default `libonnxruntime.so` beside this program.
	#[arg(long, value_name = "PATH", env = "COUNTERSIGN_ONNXRUNTIME")]
	pub(crate) onnxruntime: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct DryRun {
	/// The model's identifier or name.
	#[arg(long, short)]
	pub(crate) model: String,
	/// The program or the ONNX file; what is stored on chain by default.
	#[arg(long, value_name = "FILE")]
	pub(crate) program: Option<PathBuf>,
	/// The input, as for `infer`.
	#[arg(long, short, required = true, value_name = "FILE")]
	pub(crate) input: Vec<String>,
	/// Turn the file into the model's input, and its output into an answer.
	#[arg(long, value_name = "CODEC")]
	pub(crate) encode: Option<Codec>,
	#[command(flatten)]
	pub(crate) show: Show,
}

#[derive(Subcommand)]
pub(crate) enum Program {
	/// Store the program of a registered model on chain, for a deposit. Goes on where an earlier
	/// upload stopped.
	Upload {
		/// The model's identifier or name.
		model: String,
		/// The program, or the ONNX file that it comes from.
		file: PathBuf,
	},
	/// What is stored, and what calling it takes.
	Show {
		/// The model's identifier or name.
		model: String,
	},
	/// Give up an upload and get the deposit back.
	Abort {
		/// The model's identifier or name.
		model: String,
	},
	/// Drop a stored program and get the deposit back.
	Drop {
		/// The model's identifier or name.
		model: String,
	},
}

#[derive(Args)]
pub(crate) struct Replay {
	/// The identifier of the request.
	pub(crate) id: String,
	/// The program or the ONNX file; by default what is stored on chain, or what the node has.
	#[arg(long, value_name = "FILE")]
	pub(crate) program: Option<PathBuf>,
	/// The input, as it was given to `infer`; by default what is on chain, or what the node has.
	#[arg(long, short, value_name = "FILE")]
	pub(crate) input: Vec<String>,
	/// As it was given to `infer`; also turns the output into an answer.
	#[arg(long, value_name = "CODEC")]
	pub(crate) encode: Option<Codec>,
	#[command(flatten)]
	pub(crate) show: Show,
}

#[derive(Subcommand)]
pub(crate) enum Dispute {
	/// The open results, the games that are on, and the decisions of late.
	List {
		/// Only those of one model, by its identifier or name.
		#[arg(long, short)]
		model: Option<String>,
		/// Only decisions.
		#[arg(long)]
		decided: bool,
		/// The most of each to show.
		#[arg(long, default_value_t = 50, value_name = "COUNT")]
		limit: usize,
	},
	/// One result: what stands behind it, until when it can be disputed, what a replay or a game
	/// costs, what is due in games about it, and what was decided.
	Show {
		/// The identifier of the request.
		id: String,
		/// The program or the ONNX file, to say what a replay costs; by default what is stored on
		/// chain, or what the node has.
		#[arg(long, value_name = "FILE")]
		program: Option<PathBuf>,
	},
	/// Have the chain recompute an answer that does not hold, or play a game about one that no block
	/// can recompute. Holds a bond, which is lost where the answer stands; where it is wrong, the
	/// requester gets everything back, whoever signed it loses its cover, and a tenth of that is
	/// yours.
	Open(OpenDispute),
	/// Make the move that is due in a game, on either side: the right one, as the program gives it.
	/// Shows what is demanded. A validator's node does all of this by itself.
	///
	/// The trace is for who signed the result, by the account or by the inference key that signed
	/// it. Hashes, bytes and what is demanded may come from anybody: the chain checks them. What a
	/// challenger has to show is for the challenger.
	Answer(AnswerDispute),
	/// Demand that the input of an open result, or a part of its model's program, be shown on chain.
	/// Holds the fee for its space, which is burned when it is shown. Where nobody shows it in time,
	/// the result is invalidated, whoever signed it loses its cover, and a tenth of that is yours.
	Demand(DemandDispute),
}

#[derive(Subcommand)]
pub(crate) enum Audits {
	/// The audits of a request's result.
	Show {
		/// The identifier of the request.
		id: String,
	},
	/// How a validator stands with auditors, and what it is owed as one.
	Record {
		/// The validator's account; that of the key if left out.
		account: Option<String>,
	},
	/// Pay out what is owed for audits. What the pot had was paid without this.
	Claim,
}

#[derive(Args)]
pub(crate) struct OpenDispute {
	#[command(flatten)]
	pub(crate) replay: Replay,
	/// Dispute it also where computing it here says that it holds.
	#[arg(long)]
	pub(crate) anyway: bool,
	/// Play a game also where a block could recompute the answer.
	#[arg(long)]
	pub(crate) game: bool,
	/// In a game, go on until it is over: make each move when it is due.
	#[arg(long)]
	pub(crate) follow: bool,
}

#[derive(Args)]
pub(crate) struct AnswerDispute {
	#[command(flatten)]
	pub(crate) replay: Replay,
	/// Only in the game with this number among those about the result.
	#[arg(long, value_name = "NUMBER")]
	pub(crate) game: Option<u8>,
	/// Go on until the game is over: make each move when it is due.
	#[arg(long)]
	pub(crate) follow: bool,
}

#[derive(Args)]
pub(crate) struct DemandDispute {
	/// The identifier of the request.
	pub(crate) id: String,
	/// Demand the program, without its constants, in place of the input.
	#[arg(long, conflicts_with = "constant")]
	pub(crate) program: bool,
	/// Demand leaves of a constant, by the number of its tensor in the program.
	#[arg(long, value_name = "TENSOR")]
	pub(crate) constant: Option<u16>,
	/// The first leaf of 1 KiB.
	#[arg(long, requires = "constant", default_value_t = 0, value_name = "LEAF")]
	pub(crate) first: u32,
	/// How many leaves.
	#[arg(
		long,
		requires = "constant",
		default_value_t = 1,
		value_name = "COUNT",
		value_parser = value_parser!(u8).range(1..=64)
	)]
	pub(crate) count: u8,
	/// The program or the ONNX file, to say what a constant is committed to; by default what is
	/// stored on chain, or what the node has.
	#[arg(long, requires = "constant", value_name = "FILE")]
	pub(crate) from: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Ask {
	/// The model's identifier or name.
	#[arg(long, short)]
	pub(crate) model: String,
	/// The input: a .json, .npy or raw file; `name=FILE` for each of several inputs.
	///
	/// Inputs and outputs are public: they go on chain, where everyone can read them.
	#[arg(long, short, required = true, value_name = "FILE")]
	pub(crate) input: Vec<String>,
	/// Turn the file into the model's input, and its output into an answer.
	#[arg(long, value_name = "CODEC")]
	pub(crate) encode: Option<Codec>,
	/// The most tokens to pay; the quoted fee by default.
	#[arg(long, value_name = "TOKENS")]
	pub(crate) max_fee: Option<String>,
	/// Blocks to the deadline; a little more than the least by default.
	#[arg(long, value_name = "BLOCKS")]
	pub(crate) deadline_in: Option<u32>,
	/// The lane, 0 to 15. Requests in different lanes do not wait for each other.
	#[arg(long, default_value_t = 0, value_parser = value_parser!(u8).range(0..16))]
	pub(crate) lane: u8,
	/// What a wrong answer could cost you, in tokens; raises cover and fee.
	#[arg(long, default_value = "0", value_name = "TOKENS")]
	pub(crate) value_at_risk: String,
	/// How many auditors are to run it again and agree, at most 2. Paid on top, and given back for
	/// those that did not.
	#[arg(long, default_value_t = 0, value_parser = value_parser!(u8).range(0..=2))]
	pub(crate) audits: u8,
	/// Put only the commitment to the input on chain, and give the bytes to the node.
	#[arg(long)]
	pub(crate) commit_only: bool,
}

/// A way to turn files into inputs and outputs into answers.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Codec {
	/// magika standard v3.3: any file in, its type out.
	Magika,
}

#[derive(Args)]
pub(crate) struct Infer {
	#[command(flatten)]
	pub(crate) ask: Ask,
	/// Run it inside the transaction: every node computes it, nobody is trusted, and the answer is
	/// there with the block. For models whose program is stored on chain and small enough.
	#[arg(long, conflicts_with_all = ["wait", "wait_final", "deadline_in", "value_at_risk", "audits", "commit_only"])]
	pub(crate) sync: bool,
	/// Wait for the answer.
	#[arg(long, short)]
	pub(crate) wait: bool,
	/// Wait until nothing can change the answer any more.
	#[arg(long = "final")]
	pub(crate) wait_final: bool,
	#[command(flatten)]
	pub(crate) show: Show,
}

#[derive(Args)]
pub(crate) struct Show {
	/// How many of the largest scores to show of a long output.
	#[arg(long, default_value_t = 5, value_name = "COUNT")]
	pub(crate) top: usize,
	/// Write the output to a file: .json with all tensors, .npy with the only one, else raw bytes.
	#[arg(long, short, value_name = "FILE")]
	pub(crate) output: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(crate) enum Request {
	/// Where a request stands.
	Show {
		/// Its identifier.
		id: String,
	},
	/// Follow a request to its end.
	Follow {
		/// Its identifier.
		id: String,
		/// Wait until nothing can change the answer any more.
		#[arg(long = "final")]
		wait_final: bool,
	},
	/// Post the input that an executor demanded.
	PostInput {
		/// Its identifier.
		id: String,
		/// The input, as it was given to `infer`.
		#[arg(long, short, required = true, value_name = "FILE")]
		input: Vec<String>,
		/// As it was given to `infer`.
		#[arg(long, value_name = "CODEC")]
		encode: Option<Codec>,
	},
}

#[derive(Args)]
pub(crate) struct Result {
	/// The identifier of the request.
	pub(crate) id: String,
	/// Turn the output into an answer.
	#[arg(long, value_name = "CODEC")]
	pub(crate) decode: Option<Codec>,
	#[command(flatten)]
	pub(crate) show: Show,
}

#[derive(Subcommand)]
pub(crate) enum Attribution {
	/// The rights in a model and what they earned.
	Show {
		/// Its identifier or name.
		model: String,
	},
	/// The rights of an account and what they earned.
	Rights {
		/// The account; that of the key if left out.
		account: Option<String>,
	},
	/// Confirm to be the contributor whom a manifest names. So does who claims for itself.
	Accept {
		/// The model's identifier or name.
		model: String,
		/// The contributor's position in the manifest.
		contributor: u16,
	},
	/// Give a right to another account.
	Transfer {
		/// The model's identifier or name.
		model: String,
		/// The contributor's position in the manifest.
		contributor: u16,
		/// To whom.
		to: String,
	},
}

#[derive(Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Claim {
	/// Everything that the key's account earned.
	#[arg(long, conflicts_with_all = ["model", "index"])]
	pub(crate) all: bool,
	/// The model that earned.
	#[arg(long, requires = "index")]
	pub(crate) model: Option<String>,
	/// The position of the right in the model's vector.
	#[arg(long, requires = "model")]
	pub(crate) index: Option<u32>,
}

#[derive(Subcommand)]
pub(crate) enum Validator {
	/// Bond tokens and become a candidate.
	Bond {
		/// How many tokens.
		amount: String,
	},
	/// Add tokens to the bond.
	BondMore {
		/// How many tokens.
		amount: String,
	},
	/// Take part of the bond out, after the unbonding period.
	Unbond {
		/// How many tokens.
		amount: String,
	},
	/// Begin to leave.
	Leave,
	/// Become a candidate again while leaving.
	Rejoin,
	/// Release what has matured.
	Withdraw,
	/// Declare to serve a model: that this node runs it, and that its artefact gives its program.
	Serve {
		/// Its identifier or name.
		model: String,
	},
	/// Declare not to serve a model any more.
	StopServing {
		/// Its identifier or name.
		model: String,
	},
	/// Declare how much open work to take at one time.
	Capacity {
		/// Billions of multiply-accumulates.
		gmac: String,
	},
	/// Where a validator stands: its bond and from when on it is free, the slashes that wait on it,
	/// its place in the session, the models that it serves.
	Status {
		/// The account; that of the key if left out.
		account: Option<String>,
	},
	/// All validators.
	List,
	/// Make new keys in the node at --url and register them for the key's account.
	Keys,
	/// Have the node at --url, which has to be your own, look for what keeps a validator from
	/// earning: keys, bond, peers, models, engines, clock, float mode. It lists the slashes that wait
	/// on the bond, too. Exit code 1 if there is something.
	Doctor {
		/// The account; all whose inference keys the node has if left out.
		account: Option<String>,
	},
}

/// Which side a vote is on.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Side {
	/// In favour.
	Aye,
	/// Against.
	Nay,
}

#[derive(Subcommand)]
pub(crate) enum Referendum {
	/// Have holders of tokens decide whether a pending slash is cancelled: submits a referendum, and
	/// places its decision deposit.
	Appeal {
		/// The number of the slash, as `countersign validator status` shows it.
		slash: u32,
	},
	/// Vote. Tokens that are bonded can vote; all that vote are locked until `unvote`.
	Vote {
		/// The number of the referendum.
		referendum: u32,
		/// Which side.
		side: Side,
		/// With how many tokens.
		amount: String,
		/// How much it weighs: 0 for a tenth, 1 to 6 for as many times the tokens, which stay locked
		/// the longer.
		#[arg(long, default_value_t = 0, value_parser = value_parser!(u8).range(..=i64::from(MOST_CONVICTION)))]
		conviction: u8,
	},
	/// Take your vote back, or clear it after the end, and unlock the tokens that it locked.
	Unvote {
		/// The number of the referendum.
		referendum: u32,
	},
	/// Give back the deposits of a referendum that has ended, to whoever paid them.
	Refund {
		/// The number of the referendum.
		referendum: u32,
	},
}

#[derive(Subcommand)]
pub(crate) enum Chain {
	/// Versions, heights and parameters.
	Info,
}
