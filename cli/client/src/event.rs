//! Events, decoded by the metadata of the block that they happened in.

use crate::{keys::format_account, Error};
use codec::Decode;
use countersign_primitives::Hash;
use serde_json::{Map, Value};
use subxt::ext::{
	scale_decode::{
		visitor::{
			decode_with_visitor,
			types::{Array, BitSequence, Composite, Sequence, Str, Tuple, Variant},
			DecodeError, DecodeItemIterator, TypeIdFor,
		},
		Visitor,
	},
	scale_type_resolver::TypeResolver,
};

/// One event of a block.
#[derive(Clone, Debug)]
pub struct Event {
	/// The pallet's name in the runtime.
	pub pallet: String,
	/// The event's name.
	pub name: String,
	/// The fields by name, for people and scripts: hashes and bytes as hex, accounts as SS58,
	/// numbers above 2^53 as strings.
	pub fields: Value,
	/// The position of the extrinsic that it belongs to; `None` for hooks.
	pub extrinsic: Option<u32>,
	/// The fields as the chain encodes them.
	pub bytes: Vec<u8>,
}

impl Event {
	/// Whether this is that event of that pallet.
	pub fn is(&self, pallet: &str, name: &str) -> bool {
		self.pallet == pallet && self.name == name
	}

	/// The fields as a tuple or a struct with the same fields in the same order.
	pub fn decode<T: Decode>(&self) -> Result<T, Error> {
		T::decode(&mut self.bytes.as_slice()).map_err(|problem| {
			Error::Incompatible(format!("event {}.{}: {problem}", self.pallet, self.name))
		})
	}

	/// Whether a field at the top is this hash.
	pub fn names(&self, hash: &Hash) -> bool {
		let wanted = format!("{hash:?}");
		match &self.fields {
			Value::Object(fields) => fields.values().any(|value| *value == *wanted),
			Value::Array(fields) => fields.iter().any(|value| *value == *wanted),
			_ => false,
		}
	}

	/// Reads all events of a block.
	pub(crate) fn read_all<C: subxt::Config>(
		events: &subxt::events::Events<C>,
		metadata: &subxt::Metadata,
		ss58_format: u16,
	) -> Result<Vec<Self>, Error> {
		let problem = |problem: &dyn std::fmt::Display| Error::Incompatible(problem.to_string());
		let mut read = Vec::with_capacity(events.len() as usize);
		for event in events.iter() {
			let event = event.map_err(|error| problem(&error))?;
			let variant = metadata
				.pallet_by_event_index(event.pallet_index())
				.and_then(|pallet| pallet.event_variant_by_index(event.event_index()))
				.ok_or_else(|| Error::Incompatible("an event that the metadata lacks".into()))?;
			let mut input = event.field_bytes();
			let mut fields = Vec::with_capacity(variant.fields.len());
			for field in &variant.fields {
				let value = to_json(&mut input, field.ty.id, metadata.types(), ss58_format)
					.map_err(|error| problem(&error))?;
				fields.push((field.name.clone(), value));
			}
			read.push(Self {
				pallet: event.pallet_name().into(),
				name: event.event_name().into(),
				fields: join(fields),
				extrinsic: match event.phase() {
					subxt::events::Phase::ApplyExtrinsic(index) => Some(index),
					_ => None,
				},
				bytes: event.field_bytes().to_vec(),
			});
		}
		Ok(read)
	}
}

/// Decodes one value by its type and writes it as JSON.
fn to_json<R: TypeResolver>(
	input: &mut &[u8],
	id: R::TypeId,
	types: &R,
	ss58_format: u16,
) -> Result<Value, DecodeError> {
	let visitor = Reader { ss58_format, resolver: core::marker::PhantomData };
	Ok(decode_with_visitor(input, id, types, visitor)?.value())
}

fn join(fields: Vec<(Option<String>, Value)>) -> Value {
	if fields.iter().all(|(name, _)| name.is_some()) {
		let named = fields.into_iter().map(|(name, value)| (name.unwrap_or_default(), value));
		Value::Object(named.collect::<Map<_, _>>())
	} else {
		Value::Array(fields.into_iter().map(|(_, value)| value).collect())
	}
}

/// A value on its way to JSON. Single bytes are kept apart, so that lists of them become hex.
enum Item {
	Byte(u8),
	Json(Value),
}

impl Item {
	fn value(self) -> Value {
		match self {
			Self::Byte(byte) => byte.into(),
			Self::Json(value) => value,
		}
	}
}

struct Reader<R> {
	ss58_format: u16,
	resolver: core::marker::PhantomData<R>,
}

impl<R> Clone for Reader<R> {
	fn clone(&self) -> Self {
		Self { ss58_format: self.ss58_format, resolver: core::marker::PhantomData }
	}
}

impl<R: TypeResolver> Reader<R> {
	fn list<'scale, 'resolver>(
		&self,
		items: &mut impl DecodeItemIterator<'scale, 'resolver, R>,
	) -> Result<Value, DecodeError> {
		let mut list = Vec::new();
		while let Some(item) = items.decode_item(self.clone()) {
			list.push(item?);
		}
		let bytes: Vec<u8> = list
			.iter()
			.filter_map(|item| if let Item::Byte(byte) = item { Some(*byte) } else { None })
			.collect();
		if !list.is_empty() && bytes.len() == list.len() {
			return Ok(hex_text(&bytes).into());
		}
		Ok(Value::Array(list.into_iter().map(Item::value).collect()))
	}

	fn fields<'scale, 'resolver>(
		&self,
		composite: &mut Composite<'scale, 'resolver, R>,
	) -> Result<Item, DecodeError> {
		let mut fields = Vec::new();
		for field in composite.by_ref() {
			let field = field?;
			let name = field.name().map(String::from);
			fields.push((name, field.decode_with_visitor(self.clone())?));
		}
		// A wrapper around one value is that value: hashes, bounded lists.
		if fields.len() == 1 && fields.iter().all(|(name, _)| name.is_none()) {
			return Ok(fields.remove(0).1);
		}
		Ok(Item::Json(join(fields.into_iter().map(|(name, item)| (name, item.value())).collect())))
	}
}

/// Bytes as `0x` and hex digits.
pub fn hex_text(bytes: &[u8]) -> String {
	format!("0x{}", hex::encode(bytes))
}

/// A number as JSON: as text where a script would lose digits.
pub fn number(value: u128) -> Value {
	const EXACT_IN_SCRIPTS: u128 = 1 << 53;
	match u64::try_from(value) {
		Ok(small) if value <= EXACT_IN_SCRIPTS => small.into(),
		_ => value.to_string().into(),
	}
}

fn signed(value: i128) -> Value {
	match u128::try_from(value) {
		Ok(positive) => number(positive),
		Err(_) => match i64::try_from(value) {
			Ok(small) if small > -(1 << 53) => small.into(),
			_ => value.to_string().into(),
		},
	}
}

macro_rules! visit_numbers {
	($($method:ident($ty:ty) => $to_json:expr;)*) => {
		$(fn $method<'scale, 'resolver>(
			self,
			value: $ty,
			_: TypeIdFor<Self>,
		) -> Result<Self::Value<'scale, 'resolver>, Self::Error> {
			let to_json: fn($ty) -> Value = $to_json;
			Ok(Item::Json(to_json(value)))
		})*
	};
}

impl<R: TypeResolver> Visitor for Reader<R> {
	type Value<'scale, 'resolver> = Item;
	type Error = DecodeError;
	type TypeResolver = R;

	visit_numbers! {
		visit_bool(bool) => |value| value.into();
		visit_u16(u16) => |value| number(value.into());
		visit_u32(u32) => |value| number(value.into());
		visit_u64(u64) => |value| number(value.into());
		visit_u128(u128) => number;
		visit_i8(i8) => |value| signed(value.into());
		visit_i16(i16) => |value| signed(value.into());
		visit_i32(i32) => |value| signed(value.into());
		visit_i64(i64) => |value| signed(value.into());
		visit_i128(i128) => signed;
		visit_char(char) => |value| value.to_string().into();
	}

	fn visit_u8<'scale, 'resolver>(
		self,
		value: u8,
		_: TypeIdFor<Self>,
	) -> Result<Self::Value<'scale, 'resolver>, Self::Error> {
		Ok(Item::Byte(value))
	}

	fn visit_u256<'resolver>(
		self,
		value: &[u8; 32],
		_: TypeIdFor<Self>,
	) -> Result<Self::Value<'_, 'resolver>, Self::Error> {
		Ok(Item::Json(hex_text(value).into()))
	}

	fn visit_i256<'resolver>(
		self,
		value: &[u8; 32],
		_: TypeIdFor<Self>,
	) -> Result<Self::Value<'_, 'resolver>, Self::Error> {
		Ok(Item::Json(hex_text(value).into()))
	}

	fn visit_str<'scale, 'resolver>(
		self,
		value: &mut Str<'scale>,
		_: TypeIdFor<Self>,
	) -> Result<Self::Value<'scale, 'resolver>, Self::Error> {
		Ok(Item::Json(value.as_str()?.into()))
	}

	fn visit_bitsequence<'scale, 'resolver>(
		self,
		value: &mut BitSequence<'scale>,
		_: TypeIdFor<Self>,
	) -> Result<Self::Value<'scale, 'resolver>, Self::Error> {
		let bits = value.decode()?.collect::<Result<Vec<bool>, _>>()?;
		Ok(Item::Json(bits.into()))
	}

	fn visit_array<'scale, 'resolver>(
		self,
		values: &mut Array<'scale, 'resolver, R>,
		_: TypeIdFor<Self>,
	) -> Result<Self::Value<'scale, 'resolver>, Self::Error> {
		self.list(values).map(Item::Json)
	}

	fn visit_sequence<'scale, 'resolver>(
		self,
		values: &mut Sequence<'scale, 'resolver, R>,
		_: TypeIdFor<Self>,
	) -> Result<Self::Value<'scale, 'resolver>, Self::Error> {
		self.list(values).map(Item::Json)
	}

	fn visit_tuple<'scale, 'resolver>(
		self,
		values: &mut Tuple<'scale, 'resolver, R>,
		_: TypeIdFor<Self>,
	) -> Result<Self::Value<'scale, 'resolver>, Self::Error> {
		let mut list = Vec::new();
		while let Some(item) = values.decode_item(self.clone()) {
			list.push(item?.value());
		}
		Ok(Item::Json(Value::Array(list)))
	}

	fn visit_composite<'scale, 'resolver>(
		self,
		value: &mut Composite<'scale, 'resolver, R>,
		_: TypeIdFor<Self>,
	) -> Result<Self::Value<'scale, 'resolver>, Self::Error> {
		if value.name() == Some("AccountId32") {
			// The bytes go on after the account, to whatever follows it.
			if let Some(account) = value.bytes_from_start().first_chunk::<32>() {
				let account = (*account).into();
				return Ok(Item::Json(format_account(&account, self.ss58_format).into()));
			}
		}
		self.fields(value)
	}

	fn visit_variant<'scale, 'resolver>(
		self,
		value: &mut Variant<'scale, 'resolver, R>,
		_: TypeIdFor<Self>,
	) -> Result<Self::Value<'scale, 'resolver>, Self::Error> {
		let name = value.name().to_string();
		let empty = value.fields().fields().is_empty();
		let fields = self.fields(value.fields())?.value();
		Ok(Item::Json(match name.as_str() {
			"None" if empty => Value::Null,
			"Some" => fields,
			_ if empty => name.into(),
			_ => Value::Object(Map::from_iter([(name, fields)])),
		}))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Encode;
	use countersign_primitives::AccountId;
	use scale_info::{meta_type, PortableRegistry, Registry, TypeInfo};
	use serde_json::json;

	#[derive(Encode, TypeInfo)]
	enum Reason {
		Late,
		Wrong { by: u128 },
	}

	#[derive(Encode, TypeInfo)]
	struct Fields {
		request: Hash,
		who: AccountId,
		bytes: Vec<u8>,
		numbers: Vec<u32>,
		small: u8,
		amount: u128,
		nothing: Option<u32>,
		something: Option<Reason>,
		late: Reason,
		pair: (bool, i64),
	}

	fn read<T: Encode + TypeInfo + 'static>(value: &T) -> Value {
		let mut registry = Registry::new();
		let id = registry.register_type(&meta_type::<T>()).id;
		let types: PortableRegistry = registry.into();
		let bytes = value.encode();
		let mut input = bytes.as_slice();
		let json = to_json(&mut input, id, &types, 42).unwrap();
		assert!(input.is_empty());
		json
	}

	#[test]
	fn values_are_written_for_people() {
		let fields = Fields {
			request: Hash::repeat_byte(0xab),
			who: crate::keys::parse_account("//Alice").unwrap(),
			bytes: vec![1, 0xff],
			numbers: vec![1, 2],
			small: 7,
			amount: u128::MAX,
			nothing: None,
			something: Some(Reason::Wrong { by: 3 }),
			late: Reason::Late,
			pair: (true, -1),
		};
		assert_eq!(
			read(&fields),
			json!({
				"request": format!("0x{}", "ab".repeat(32)),
				"who": "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
				"bytes": "0x01ff",
				"numbers": [1, 2],
				"small": 7,
				"amount": u128::MAX.to_string(),
				"nothing": null,
				"something": { "Wrong": { "by": 3 } },
				"late": "Late",
				"pair": [true, -1],
			})
		);
	}

	#[test]
	fn an_event_knows_whom_it_names() {
		let (ours, other) = (Hash::repeat_byte(1), Hash::repeat_byte(2));
		let event = Event {
			pallet: "Inference".into(),
			name: "Requested".into(),
			fields: json!({ "request": read(&ours), "fee": 1 }),
			extrinsic: Some(2),
			bytes: (ours, 1u128).encode(),
		};
		assert!(event.names(&ours) && !event.names(&other));
		assert_eq!(event.decode::<(Hash, u128)>().unwrap(), (ours, 1));
		assert!(event.decode::<(Hash, u128, u8)>().is_err());
	}
}
