//! A node as an operator's handler sees it.

use crate::{
	builder::{unsupported, Builder, Id, Refusal},
	proto::{AttributeProto, NodeProto, TensorProto},
};
use std::{cell::RefCell, collections::BTreeSet};

/// A node with its operands looked up.
pub(crate) struct Node<'a> {
	pub(crate) proto: &'a NodeProto,
	pub(crate) inputs: Vec<Option<Id>>,
	/// The version of the operator's set.
	pub(crate) opset: i64,
	/// The attributes that the handler asked for.
	pub(crate) asked: RefCell<BTreeSet<String>>,
	/// The operands that the handler asked for.
	pub(crate) taken: RefCell<BTreeSet<usize>>,
}

/// Operands that do not change what a supported operator gives.
const SPARE: &[(&str, usize)] = &[("Dropout", 1), ("Resize", 1), ("Pad", 2)];

/// Attributes that do not change what a supported operator gives: what training needs, what
/// repeats the shapes of operands, hints, and what matters only for types that are refused.
const HARMLESS: &[(&str, &str)] = &[
	("*", "nodes_hitrates"),
	("TopK", "sorted"),
	("*", "consumed_inputs"),
	("*", "kernel_shape"),
	("*", "hidden_size"),
	("*", "stash_type"),
	("Cast", "saturate"),
	("Cast", "round_mode"),
	("CastLike", "saturate"),
	("CastLike", "round_mode"),
	("QuantizeLinear", "saturate"),
	("QuantizeLinear", "precision"),
	("QuantizeLinear", "output_dtype"),
	("DequantizeLinear", "output_dtype"),
	("BatchNormalization", "momentum"),
	("BatchNormalization", "spatial"),
	("Dropout", "ratio"),
	("Dropout", "seed"),
	("MaxPool", "storage_order"),
	("Range", "stash_type"),
	("ArrayFeatureExtractor", "axis"),
	("LinearClassifier", "multi_class"),
];

impl Node<'_> {
	/// An attribute that nobody asked for and that may change the result. An attribute of a later
	/// version must not be passed over.
	pub(crate) fn unread(&self) -> Option<&str> {
		let asked = self.asked.borrow();
		self.proto.attribute.iter().map(|attribute| attribute.name.as_str()).find(|name| {
			let operator = self.proto.op_type.as_str();
			!asked.contains(*name)
				&& !HARMLESS
					.iter()
					.any(|(of, harmless)| harmless == name && (*of == "*" || *of == operator))
		})
	}

	/// An operand that nobody asked for and that may change the result.
	pub(crate) fn untaken(&self) -> Option<usize> {
		let taken = self.taken.borrow();
		(0..self.inputs.len()).find(|at| {
			self.inputs[*at].is_some()
				&& !taken.contains(at)
				&& !SPARE.contains(&(self.proto.op_type.as_str(), *at))
		})
	}

	pub(crate) fn attribute(&self, name: &str) -> Option<&AttributeProto> {
		self.asked.borrow_mut().insert(name.to_string());
		self.proto.attribute.iter().find(|attribute| attribute.name == name)
	}

	pub(crate) fn int(&self, name: &str, default: i64) -> i64 {
		self.attribute(name).map_or(default, |attribute| attribute.i)
	}

	pub(crate) fn float(&self, name: &str, default: f32) -> f32 {
		self.attribute(name).map_or(default, |attribute| attribute.f)
	}

	pub(crate) fn ints(&self, name: &str) -> Option<&[i64]> {
		self.attribute(name).map(|attribute| &attribute.ints[..])
	}

	pub(crate) fn floats(&self, name: &str) -> &[f32] {
		self.attribute(name).map_or(&[], |attribute| &attribute.floats[..])
	}

	pub(crate) fn text(&self, name: &str, default: &str) -> String {
		self.attribute(name)
			.map_or(default.into(), |attribute| String::from_utf8_lossy(&attribute.s).into_owned())
	}

	pub(crate) fn texts(&self, name: &str) -> Vec<String> {
		self.attribute(name).map_or(Vec::new(), |attribute| {
			attribute.strings.iter().map(|s| String::from_utf8_lossy(s).into_owned()).collect()
		})
	}

	pub(crate) fn tensor(&self, name: &str) -> Option<&TensorProto> {
		self.attribute(name).and_then(|attribute| attribute.t.as_ref())
	}

	/// An operand that must be there.
	pub(crate) fn input(&self, at: usize) -> Result<Id, Refusal> {
		self.optional(at).ok_or_else(|| Refusal::Unsupported(format!("operand {at} is missing")))
	}

	/// An operand that may be left out.
	pub(crate) fn optional(&self, at: usize) -> Option<Id> {
		self.taken.borrow_mut().insert(at);
		self.inputs.get(at).copied().flatten()
	}

	/// All operands, none left out.
	pub(crate) fn all(&self) -> Result<Vec<Id>, Refusal> {
		if self.inputs.is_empty() {
			return unsupported("no operands");
		}
		(0..self.inputs.len()).map(|at| self.input(at)).collect()
	}

	/// A list of integers that was an attribute once and is an operand now.
	pub(crate) fn list(
		&self,
		b: &Builder,
		name: &str,
		at: usize,
	) -> Result<Option<Vec<i64>>, Refusal> {
		if let Some(ints) = self.ints(name) {
			return Ok(Some(ints.to_vec()));
		}
		self.optional(at).map(|id| b.integers(id, name)).transpose()
	}

	/// Whether the node's output of this number is asked for.
	pub(crate) fn wants(&self, output: usize) -> bool {
		self.proto.output.get(output).is_some_and(|name| !name.is_empty())
	}
}

/// A dimension's number; negative ones count from the end.
pub(crate) fn axis(axis: i64, rank: usize) -> Result<usize, Refusal> {
	let at = if axis < 0 { axis + rank as i64 } else { axis };
	match usize::try_from(at) {
		Ok(at) if at < rank => Ok(at),
		_ => unsupported(format!("dimension {axis} of {rank}")),
	}
}

/// Dimensions' numbers, none twice.
pub(crate) fn axes(list: &[i64], rank: usize) -> Result<Vec<usize>, Refusal> {
	let mut found: Vec<usize> = Vec::with_capacity(list.len());
	for at in list {
		let at = axis(*at, rank)?;
		if found.contains(&at) {
			return unsupported(format!("dimension {at} named twice"));
		}
		found.push(at);
	}
	Ok(found)
}

/// A size as a dimension.
pub(crate) fn size(x: i64) -> Result<u32, Refusal> {
	u32::try_from(x).map_err(|_| Refusal::Unsupported(format!("a size of {x}")))
}
