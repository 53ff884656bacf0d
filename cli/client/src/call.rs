//! The calls of the chain's own pallets.
//!
//! Arguments go by name. Each is checked against the metadata of the chain before anything is
//! signed: a runtime that means something else by a call refuses here, not by doing it.

use crate::Error;
use codec::Encode;
use countersign_primitives::{
	demand::{Showing, Wanted},
	dispute::{Effort, StagingId, Witness},
	game::{GameMove, Opening},
	model::{Manifest, ModelId},
	offence::SignedStatement,
	request::{Input, RequestId, Terms},
	AccountId, Balance, Hash, Macs,
};
use subxt::{
	client::OnlineClientAtBlockImpl,
	ext::{
		scale_decode::visitor::{decode_with_visitor, IgnoreVisitor},
		scale_encode::{self, EncodeAsFields, EncodeAsType},
		scale_type_resolver::{FieldIter, TypeResolver},
	},
	tx::TransactionsClient,
	SubstrateConfig,
};

/// A call with its arguments.
#[derive(Clone, Debug)]
pub struct Call {
	pallet: &'static str,
	name: &'static str,
	arguments: Arguments,
}

#[derive(Clone, Debug)]
enum Argument {
	/// Encoded as the chain's own type.
	Encoded(Vec<u8>),
	/// A number, compact or not as the chain wants it.
	Number(u128),
}

/// The arguments of a call, by name.
#[derive(Clone, Debug)]
pub struct Arguments(Vec<(&'static str, Argument)>);

impl Call {
	/// A call without arguments so far.
	pub fn new(pallet: &'static str, name: &'static str) -> Self {
		Self { pallet, name, arguments: Arguments(Vec::new()) }
	}

	/// Adds an argument.
	pub fn with(mut self, name: &'static str, value: impl Encode) -> Self {
		self.arguments.0.push((name, Argument::Encoded(value.encode())));
		self
	}

	/// Adds an argument that is encoded already.
	pub fn with_encoded(mut self, name: &'static str, bytes: Vec<u8>) -> Self {
		self.arguments.0.push((name, Argument::Encoded(bytes)));
		self
	}

	/// Adds a number, which the chain may want in compact form.
	pub fn with_number(mut self, name: &'static str, value: impl Into<u128>) -> Self {
		self.arguments.0.push((name, Argument::Number(value.into())));
		self
	}

	/// The name of the call, such as `Inference.request`.
	pub fn title(&self) -> String {
		format!("{}.{}", self.pallet, self.name)
	}

	/// Checks that the chain has this call and means the same by it.
	pub(crate) fn check(
		&self,
		transactions: &TransactionsClient<
			SubstrateConfig,
			OnlineClientAtBlockImpl<SubstrateConfig>,
		>,
	) -> Result<(), Error> {
		transactions
			.call_data(self)
			.map(|_| ())
			.map_err(|error| Error::Incompatible(format!("{}: {error}", self.title())))
	}

	/// Commits to register a model.
	pub fn commit(commitment: &Hash) -> Self {
		Self::new("Models", "commit").with("commitment", commitment)
	}

	/// Registers a model that was committed to in an earlier block.
	pub fn register(manifest: &Manifest, price: Balance) -> Self {
		Self::new("Models", "register").with("manifest", manifest).with_number("price", price)
	}

	/// Announces a price, or takes one back.
	pub fn set_price(model: &ModelId, price: Balance) -> Self {
		Self::new("Models", "set_price").with("model", model).with_number("price", price)
	}

	/// Offers a model to another account, or withdraws the offer.
	pub fn offer_transfer(model: &ModelId, to: Option<&AccountId>) -> Self {
		Self::new("Models", "offer_transfer").with("model", model).with("to", to)
	}

	/// Takes over a model that was offered.
	pub fn accept_transfer(model: &ModelId) -> Self {
		Self::new("Models", "accept_transfer").with("model", model)
	}

	/// Lets a model take no new requests, for good.
	pub fn retire(model: &ModelId) -> Self {
		Self::new("Models", "retire").with("model", model)
	}

	/// Declares to serve a model.
	pub fn serve(model: &ModelId) -> Self {
		Self::new("Models", "serve").with("model", model)
	}

	/// Declares not to serve a model any more.
	pub fn stop_serving(model: &ModelId) -> Self {
		Self::new("Models", "stop_serving").with("model", model)
	}

	/// Declares the open cost that the validator takes at one time.
	pub fn set_capacity(capacity: Macs) -> Self {
		Self::new("Models", "set_capacity").with_number("capacity", capacity)
	}

	/// Begins to upload a model's program: a package of `length` bytes.
	pub fn begin_program(model: &ModelId, length: u32) -> Self {
		Self::new("Models", "begin_program").with("model", model).with_number("length", length)
	}

	/// Uploads one chunk of a package.
	pub fn put_program_chunk(model: &ModelId, index: u32, bytes: &[u8]) -> Self {
		Self::new("Models", "put_program_chunk")
			.with("model", model)
			.with_number("index", index)
			.with("bytes", bytes)
	}

	/// Has an uploaded package examined and stored.
	pub fn finish_program(model: &ModelId) -> Self {
		Self::new("Models", "finish_program").with("model", model)
	}

	/// Gives up an upload.
	pub fn abort_program(model: &ModelId) -> Self {
		Self::new("Models", "abort_program").with("model", model)
	}

	/// Drops a stored program.
	pub fn drop_program(root: &Hash) -> Self {
		Self::new("Models", "drop_program").with("root", root)
	}

	/// Begins to stage a package that is too long for one transaction.
	pub fn stage(root: &Hash, length: u32) -> Self {
		Self::new("Disputes", "stage").with("root", root).with_number("length", length)
	}

	/// Posts chunks of a staged package.
	pub fn stage_chunks(id: &StagingId, first: u32, bytes: &[u8]) -> Self {
		Self::new("Disputes", "stage_chunks")
			.with("id", id)
			.with_number("first", first)
			.with("bytes", bytes)
	}

	/// Disputes an open result: the chain recomputes it.
	pub fn dispute_by_replay(request: &RequestId, witness: &Witness, effort: &Effort) -> Self {
		Self::new("Disputes", "dispute_by_replay")
			.with("request", request)
			.with("witness", witness)
			.with("effort", effort)
	}

	/// Opens a game about an open result; without an opening where one is on.
	pub fn open_game(request: &RequestId, opening: &Option<Opening>) -> Self {
		Self::new("Disputes", "open_game").with("request", request).with("opening", opening)
	}

	/// Makes a move in a game.
	pub fn game_move(request: &RequestId, branch: u8, action: &GameMove) -> Self {
		Self::new("Disputes", "game_move")
			.with("request", request)
			.with_number("branch", branch)
			.with("action", action)
	}

	/// Demands that something be shown on chain from which an open result was made.
	pub fn demand(request: &RequestId, wanted: &Wanted) -> Self {
		Self::new("Disputes", "demand").with("request", request).with("wanted", wanted)
	}

	/// Shows what is demanded.
	pub fn show(request: &RequestId, showing: &Showing) -> Self {
		Self::new("Disputes", "show").with("request", request).with("showing", showing)
	}

	/// Reports two different statements that a validator signed about one request.
	pub fn report_equivocation(first: &SignedStatement, second: &SignedStatement) -> Self {
		Self::new("Validators", "report_equivocation").with("first", first).with("second", second)
	}

	/// Asks for a run.
	pub fn request(model: &ModelId, input: &Input, nonce: u64, terms: &Terms) -> Self {
		Self::new("Inference", "request")
			.with("model", model)
			.with("input", input)
			.with_number("nonce", nonce)
			.with("terms", terms)
	}

	/// Runs a model inside the transaction.
	pub fn infer_sync(model: &ModelId, input: Vec<u8>, max_fee: Balance) -> Self {
		Self::new("Inference", "infer_sync")
			.with("model", model)
			.with("input", input)
			.with_number("max_fee", max_fee)
	}

	/// Posts the input that an executor demanded.
	pub fn post_input(request: &RequestId, input: Vec<u8>) -> Self {
		Self::new("Inference", "post_input").with("request", request).with("bytes", input)
	}

	/// Pays out what a right earned, to its owner.
	pub fn claim(model: &ModelId, index: u32) -> Self {
		Self::new("Attribution", "claim").with("model", model).with_number("index", index)
	}

	/// Pays out what the pot owes the caller for audits.
	pub fn claim_audits() -> Self {
		Self::new("Audits", "claim")
	}

	/// Gives a right to another account.
	pub fn transfer_right(model: &ModelId, contributor: u16, to: &AccountId) -> Self {
		Self::new("Attribution", "transfer_right")
			.with("model", model)
			.with_number("contributor", contributor)
			.with("new_owner", to)
	}

	/// Confirms to be the contributor whom a manifest names.
	pub fn accept_right(model: &ModelId, contributor: u16) -> Self {
		Self::new("Attribution", "accept_right")
			.with("model", model)
			.with_number("contributor", contributor)
	}

	/// Bonds tokens and becomes a candidate.
	pub fn bond(amount: Balance) -> Self {
		Self::new("Validators", "bond").with_number("amount", amount)
	}

	/// Adds tokens to a bond.
	pub fn bond_more(amount: Balance) -> Self {
		Self::new("Validators", "bond_more").with_number("amount", amount)
	}

	/// Takes part of a bond out, after the unbonding period.
	pub fn unbond(amount: Balance) -> Self {
		Self::new("Validators", "unbond").with_number("amount", amount)
	}

	/// Begins to leave.
	pub fn leave() -> Self {
		Self::new("Validators", "leave")
	}

	/// Becomes a candidate again while leaving.
	pub fn rejoin() -> Self {
		Self::new("Validators", "rejoin")
	}

	/// Releases what has matured of a bond.
	pub fn withdraw() -> Self {
		Self::new("Validators", "withdraw")
	}

	/// Makes keys those of a validator; both as the node that holds them gave them.
	pub fn set_keys(keys: Vec<u8>, proof: Vec<u8>) -> Self {
		Self::new("Session", "set_keys").with_encoded("keys", keys).with("proof", proof)
	}

	/// Several calls in one transaction. One that fails does not stop the others.
	pub fn batch(calls: &[Vec<u8>]) -> Self {
		let mut encoded = codec::Compact(calls.len() as u32).encode();
		encoded.extend(calls.concat());
		Self::new("Utility", "force_batch").with_encoded("calls", encoded)
	}

	/// Sends tokens.
	pub fn transfer(to: &AccountId, amount: Balance) -> Self {
		// The first kind of address is an account.
		Self::new("Balances", "transfer_keep_alive")
			.with("dest", (0u8, to))
			.with_number("value", amount)
	}
}

impl subxt::tx::Payload for Call {
	type CallData = Arguments;

	fn pallet_name(&self) -> &str {
		self.pallet
	}

	fn call_name(&self) -> &str {
		self.name
	}

	fn call_data(&self) -> &Arguments {
		&self.arguments
	}
}

impl EncodeAsFields for Arguments {
	fn encode_as_fields_to<R: TypeResolver>(
		&self,
		fields: &mut dyn FieldIter<'_, R::TypeId>,
		types: &R,
		out: &mut Vec<u8>,
	) -> Result<(), scale_encode::Error> {
		let problem = |text: String| scale_encode::Error::custom_string(text);
		let mut used = 0usize;
		for field in fields {
			let name = field.name.unwrap_or_default();
			let (_, argument) =
				self.0.iter().find(|(known, _)| *known == name).ok_or_else(|| {
					problem(format!("this client does not know argument `{name}`"))
				})?;
			used += 1;
			match argument {
				Argument::Number(number) => number.encode_as_type_to(field.id, types, out)?,
				Argument::Encoded(bytes) => {
					let mut rest = bytes.as_slice();
					let read =
						decode_with_visitor(&mut rest, field.id, types, IgnoreVisitor::<R>::new());
					if read.is_err() || !rest.is_empty() {
						return Err(problem(format!("argument `{name}` has another type")));
					}
					out.extend_from_slice(bytes);
				}
			}
		}
		if used != self.0.len() {
			return Err(problem("the chain takes fewer arguments".into()));
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use scale_info::{meta_type, PortableRegistry, Registry};
	use subxt::ext::scale_type_resolver::Field;

	/// Encodes a call's arguments for a chain that wants these fields.
	fn encode(
		call: &Call,
		wanted: &[(&'static str, scale_info::MetaType)],
	) -> Result<Vec<u8>, String> {
		let mut registry = Registry::new();
		let ids: Vec<u32> = wanted.iter().map(|(_, ty)| registry.register_type(ty).id).collect();
		let types: PortableRegistry = registry.into();
		let mut fields =
			wanted.iter().zip(ids).map(|((name, _), id)| Field { name: Some(name), id });
		call.arguments.encode_as_fields(&mut fields, &types).map_err(|error| error.to_string())
	}

	#[test]
	fn numbers_are_written_as_the_chain_wants_them() {
		let call = Call::set_price(&Hash::repeat_byte(1), 300);
		let model = ("model", meta_type::<Hash>());
		let compact = [model, ("price", meta_type::<codec::Compact<u128>>())];
		let plain = [("price", meta_type::<u128>()), model];
		let hash = Hash::repeat_byte(1).encode();
		assert_eq!(
			encode(&call, &compact).unwrap(),
			[hash.clone(), codec::Compact(300u128).encode()].concat()
		);
		assert_eq!(encode(&call, &plain).unwrap(), [300u128.encode(), hash].concat());
	}

	#[test]
	fn a_chain_that_means_something_else_is_refused() {
		let call = Call::retire(&Hash::repeat_byte(1));
		let model = ("model", meta_type::<Hash>());
		assert!(encode(&call, &[model]).is_ok());
		for (wanted, expected) in [
			(vec![("model", meta_type::<(Hash, u8)>())], "another type"),
			(vec![("model", meta_type::<u64>())], "another type"),
			(vec![("id", meta_type::<Hash>())], "does not know argument `id`"),
			(vec![model, ("why", meta_type::<u8>())], "does not know argument `why`"),
			(vec![], "fewer arguments"),
		] {
			let problem = encode(&call, &wanted).unwrap_err();
			assert!(problem.contains(expected), "{problem}");
		}
	}
}
