//! How each operator of ONNX is expressed in canonical ones.

mod attention;
mod elementwise;
mod index;
mod ml;
mod movement;
mod neural;
mod normalize;
mod quantize;
mod recurrent;
mod reduce;
mod resize;

use crate::{
	builder::{unsupported, Id, Refusal},
	graph::Walk,
	node::Node,
};

pub(crate) type Lowered = Result<Vec<Id>, Refusal>;

/// What is said of an operator by its name alone.
pub(crate) const UNKNOWN: &str = "an operator that this importer does not know";
const UNKNOWN_DOMAIN: &str = "an operator of a domain that this importer does not know";

/// Whether a refusal is about the operator's name, whatever its operands are.
pub(crate) fn is_unknown(refusal: &Refusal) -> bool {
	matches!(refusal, Refusal::Unsupported(why) if why == UNKNOWN || why == UNKNOWN_DOMAIN)
}

/// Expresses one node. Gives as many outputs as are supported.
pub(crate) fn lower(walk: &mut Walk, node: &Node, domain: &str) -> Lowered {
	let b = &mut walk.b;
	match domain {
		"" => (),
		"ai.onnx.ml" => return ml::lower(b, node),
		_ => return unsupported(UNKNOWN_DOMAIN),
	}
	let folder = walk.folder.as_deref();
	let families = [
		elementwise::lower,
		reduce::lower,
		movement::lower,
		index::lower,
		neural::lower,
		normalize::lower,
		quantize::lower,
		recurrent::lower,
		resize::lower,
		attention::lower,
	];
	if node.proto.op_type == "Constant" {
		return movement::constant(b, node, folder);
	}
	for family in families {
		if let Some(outputs) = family(b, node)? {
			return Ok(outputs);
		}
	}
	unsupported(UNKNOWN)
}

/// What a family of handlers answers: nothing where the operator is not of the family.
pub(crate) type Handled = Result<Option<Vec<Id>>, Refusal>;

/// One output.
pub(crate) fn one(id: Id) -> Handled {
	Ok(Some(vec![id]))
}
