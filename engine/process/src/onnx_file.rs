//! A look at an ONNX file before the native library sees it.
//!
//! ONNX may keep weights in other files, named by a path inside the model. Such a model would not
//! be what its sha256 says, and could read any file of the machine, so it is refused: an artefact
//! is one file with everything in it. The decoder here knows just enough of protobuf and of ONNX's
//! schema to reach every tensor, never allocates, and is bounded in depth.

/// Why a file is not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum NotAccepted {
	#[error("not an ONNX model")]
	NotOnnx,
	#[error("the model keeps data in other files; an artefact has to hold everything itself")]
	ExternalData,
	#[error("graphs are nested more than {MAX_DEPTH} deep")]
	TooDeep,
}

use NotAccepted::NotOnnx;

const MAX_DEPTH: u32 = 32;

/// The messages of onnx.proto that lead to a tensor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Message {
	Model,
	Training,
	Function,
	Graph,
	Node,
	Attribute,
	SparseTensor,
	Tensor,
}

impl Message {
	/// What the field of this number holds, where it leads to a tensor.
	fn child(self, field: u64) -> Option<Self> {
		Some(match (self, field) {
			(Self::Model, 7) => Self::Graph,
			(Self::Model, 20) => Self::Training,
			(Self::Model, 25) => Self::Function,
			(Self::Training, 1 | 2) => Self::Graph,
			(Self::Function, 7) => Self::Node,
			(Self::Function, 11) => Self::Attribute,
			(Self::Graph, 1) => Self::Node,
			(Self::Graph, 5) => Self::Tensor,
			(Self::Graph, 15) => Self::SparseTensor,
			(Self::Node, 5) => Self::Attribute,
			(Self::Attribute, 5 | 10) => Self::Tensor,
			(Self::Attribute, 6 | 11) => Self::Graph,
			(Self::Attribute, 22 | 23) => Self::SparseTensor,
			(Self::SparseTensor, 1 | 2) => Self::Tensor,
			_ => return None,
		})
	}
}

/// One field of a message.
struct Field<'a> {
	number: u64,
	value: Value<'a>,
}

enum Value<'a> {
	Number(u64),
	Bytes(&'a [u8]),
	Fixed,
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
	fn varint(&mut self) -> Result<u64, NotAccepted> {
		let mut value = 0u64;
		for shift in (0..64).step_by(7) {
			let (byte, rest) = self.0.split_first().ok_or(NotOnnx)?;
			self.0 = rest;
			value |= u64::from(byte & 0x7f) << shift;
			if byte & 0x80 == 0 {
				return Ok(value);
			}
		}
		Err(NotOnnx)
	}

	fn bytes(&mut self, length: u64) -> Result<&'a [u8], NotAccepted> {
		let length = usize::try_from(length).map_err(|_| NotOnnx)?;
		let (bytes, rest) = self.0.split_at_checked(length).ok_or(NotOnnx)?;
		self.0 = rest;
		Ok(bytes)
	}

	fn next(&mut self) -> Result<Option<Field<'a>>, NotAccepted> {
		if self.0.is_empty() {
			return Ok(None);
		}
		let tag = self.varint()?;
		let value = match tag & 7 {
			0 => Value::Number(self.varint()?),
			1 => {
				self.bytes(8)?;
				Value::Fixed
			}
			2 => {
				let length = self.varint()?;
				Value::Bytes(self.bytes(length)?)
			}
			5 => {
				self.bytes(4)?;
				Value::Fixed
			}
			// Groups have not been written for twenty years, and not by ONNX.
			_ => return Err(NotOnnx),
		};
		if tag >> 3 == 0 {
			return Err(NotOnnx);
		}
		Ok(Some(Field { number: tag >> 3, value }))
	}
}

/// Checks that the bytes are one ONNX model that holds all its data itself.
pub(crate) fn check(bytes: &[u8]) -> Result<(), NotAccepted> {
	// The library tells its own format apart by this mark, whatever else the bytes may be.
	if bytes.get(4..8) == Some(b"ORTM") {
		return Err(NotOnnx);
	}
	let mut fields = Fields(bytes);
	let (mut version, mut graph, mut operators) = (false, false, false);
	while let Some(field) = fields.next()? {
		match (field.number, &field.value) {
			(1, Value::Number(1..)) => version = true,
			(7, Value::Bytes(_)) => graph = true,
			(8, Value::Bytes(_)) => operators = true,
			_ => {}
		}
	}
	if !(version && graph && operators) {
		return Err(NotOnnx);
	}
	check_message(Message::Model, bytes, 0)
}

fn check_message(message: Message, bytes: &[u8], depth: u32) -> Result<(), NotAccepted> {
	// A graph in an attribute of a node of a graph is three steps.
	if depth > 3 * MAX_DEPTH {
		return Err(NotAccepted::TooDeep);
	}
	let mut fields = Fields(bytes);
	while let Some(field) = fields.next()? {
		if message == Message::Tensor {
			match (field.number, &field.value) {
				// `external_data`, and `data_location` other than DEFAULT.
				(13, _) | (14, Value::Number(1..)) | (14, Value::Bytes(_) | Value::Fixed) => {
					return Err(NotAccepted::ExternalData)
				}
				_ => {}
			}
		} else if let Some(child) = message.child(field.number) {
			match field.value {
				Value::Bytes(bytes) => check_message(child, bytes, depth.saturating_add(1))?,
				// The number of a message field with another type: not this schema.
				_ => return Err(NotOnnx),
			}
		}
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	fn varint(mut value: u64, out: &mut Vec<u8>) {
		while value >= 0x80 {
			out.push(value as u8 | 0x80);
			value >>= 7;
		}
		out.push(value as u8);
	}

	fn number(field: u64, value: u64) -> Vec<u8> {
		let mut out = Vec::new();
		varint(field << 3, &mut out);
		varint(value, &mut out);
		out
	}

	fn message(field: u64, body: &[u8]) -> Vec<u8> {
		let mut out = Vec::new();
		varint(field << 3 | 2, &mut out);
		varint(body.len() as u64, &mut out);
		out.extend_from_slice(body);
		out
	}

	/// A model around a graph.
	fn model(graph: &[u8]) -> Vec<u8> {
		[number(1, 8), message(7, graph), message(8, &number(2, 17))].concat()
	}

	#[test]
	fn whole_models_pass() {
		let weights = message(5, &[number(1, 1), number(2, 1), message(9, &[0; 4])].concat());
		let weights_by_default = message(5, &[number(14, 0), message(9, &[0; 4])].concat());
		assert_eq!(check(&model(&[weights, weights_by_default].concat())), Ok(()));
		assert_eq!(check(&model(&[])), Ok(()));
	}

	#[test]
	fn anything_else_is_not_onnx() {
		for bytes in [
			&b""[..],
			b"not a model",
			b"\x08\x08",
			&[0xff; 100],
			&model(&[])[..5],
			&[b"\0\0\0\0ORTM", &model(&[])[..]].concat(),
			// No operator set.
			&[number(1, 8), message(7, &[])].concat(),
			// A graph that is a number.
			&[number(1, 8), number(7, 1), message(7, &[]), message(8, &[])].concat(),
			// A node cut short.
			&model(&[0x0a, 0x05, 0x00]),
		] {
			assert_eq!(check(bytes), Err(NotOnnx), "{bytes:?}");
		}
	}

	#[test]
	fn data_in_other_files_is_found_wherever_it_hides() {
		let outside = [number(14, 1), message(13, b"")].concat();
		let only_location = number(14, 1);
		let only_path = message(13, &message(1, b"location"));
		for tensor in [outside, only_location, only_path] {
			let in_attribute = message(1, &message(5, &message(5, &tensor)));
			let in_list = message(1, &message(5, &message(10, &tensor)));
			let sparse = message(15, &message(1, &tensor));
			let sparse_attribute = message(1, &message(5, &message(22, &message(2, &tensor))));
			let initialiser = message(5, &tensor);
			let in_subgraph = message(1, &message(5, &message(6, &initialiser)));
			for graph in
				[in_attribute, in_list, sparse, sparse_attribute, initialiser.clone(), in_subgraph]
			{
				assert_eq!(check(&model(&graph)), Err(NotAccepted::ExternalData));
			}
			let function = message(25, &message(7, &message(5, &message(5, &tensor))));
			assert_eq!(check(&[model(&[]), function].concat()), Err(NotAccepted::ExternalData));
			let training = message(20, &message(1, &initialiser));
			assert_eq!(check(&[model(&[]), training].concat()), Err(NotAccepted::ExternalData));
		}
	}

	#[test]
	fn depth_is_bounded() {
		let mut graph = Vec::new();
		for _ in 0..MAX_DEPTH - 1 {
			graph = message(1, &message(5, &message(6, &graph)));
		}
		assert_eq!(check(&model(&graph)), Ok(()));
		for _ in 0..3 {
			graph = message(1, &message(5, &message(6, &graph)));
		}
		assert_eq!(check(&model(&graph)), Err(NotAccepted::TooDeep));
	}
}
