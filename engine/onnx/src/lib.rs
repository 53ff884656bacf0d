//! Imports ONNX files as canonical programs.
//!
//! The same file with the same options gives the same program, and so the same root, on every
//! machine: constants are folded by the canonical operators, and nothing depends on time, memory
//! or the order of a hash table. What cannot be expressed is refused by name.

#![deny(rustdoc::broken_intra_doc_links)]

pub mod builder;
mod graph;
mod node;
mod ops;
pub mod proto;
pub mod tensor;

pub use builder::Refusal;

use countersign_canonical::{
	program::{Package, ProgramError},
	tensor::{Meta, Value},
};
use std::{collections::BTreeMap, path::PathBuf};

/// The largest file that is read.
pub const MAX_FILE_BYTES: usize = 2 * 1024 * 1024 * 1024 - 1;

/// What the file leaves open.
#[derive(Clone, Debug, Default)]
pub struct Options {
	/// The shapes of inputs, by name.
	pub shapes: BTreeMap<String, Vec<u32>>,
	/// The sizes of named dimensions.
	pub dimensions: BTreeMap<String, u32>,
	/// Inputs that are fixed to a value, and so are no inputs of the program. A shape given as an
	/// input must be.
	pub bound: BTreeMap<String, Value>,
	/// The folder in which external data may lie. None is read without it.
	pub folder: Option<PathBuf>,
}

/// A named input or output.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Port {
	/// The name in the file.
	pub name: String,
	/// Type and shape in the program.
	pub meta: Meta,
}

/// What importing gives.
#[derive(Clone, Debug)]
pub struct Imported {
	/// The program and its constants.
	pub package: Package,
	/// The inputs, in the program's order.
	pub inputs: Vec<Port>,
	/// The outputs, in the program's order.
	pub outputs: Vec<Port>,
}

/// Why a file is not imported.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ImportError {
	/// Not an ONNX file.
	#[error("not an ONNX file: {0}")]
	Malformed(String),
	/// Larger than protobuf allows.
	#[error("the file has {0} bytes; {MAX_FILE_BYTES} are allowed")]
	FileTooLarge(usize),
	/// An input cannot be expressed.
	#[error("input `{name}`: {why}")]
	Input {
		/// Its name.
		name: String,
		/// Why.
		why: String,
	},
	/// A stored tensor cannot be read.
	#[error("tensor `{name}`: {why}")]
	Tensor {
		/// Its name.
		name: String,
		/// Why.
		why: String,
	},
	/// An operator cannot be expressed.
	#[error("node {index} `{node}`, operator {operator} of opset {opset}: {refusal}")]
	Operator {
		/// The name of the node.
		node: String,
		/// Its position in its graph.
		index: usize,
		/// The operator with its domain.
		operator: String,
		/// The version of the operator set.
		opset: i64,
		/// Why.
		refusal: Refusal,
	},
	/// An output that nothing makes, or of a type that is no tensor.
	#[error("output `{0}` is not made by any node as a tensor")]
	Output(String),
	/// A mistake of the importer, which is no reason for whoever imports to end.
	#[error("the importer fails on it, which is a mistake of the importer: {0}")]
	Mistake(String),
	/// The whole is too large for a program.
	#[error("the program is refused: {0}")]
	Program(Refusal),
	/// The program breaks a limit of the canonical form.
	#[error("the program is not canonical: {0:?}")]
	NotCanonical(ProgramError),
}

/// Imports a file.
pub fn import(bytes: &[u8], options: &Options) -> Result<Imported, ImportError> {
	total(|| graph::import(bytes, options)).unwrap_or_else(Err)
}

/// Files come from strangers and operators have many corners: a panic refuses the file, and ends
/// nothing else. Nothing outlives it that it could have left half done.
fn total<T>(f: impl FnOnce() -> T) -> Result<T, ImportError> {
	std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).map_err(|panic| {
		let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
		let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
		ImportError::Mistake(text.unwrap_or_default())
	})
}

/// Everything in a file that is refused, which [`import`] stops at the first of: each node that
/// cannot be expressed, and what depends on such a node as far as its operator alone tells. Empty
/// where the file can be imported.
pub fn refusals(bytes: &[u8], options: &Options) -> Vec<ImportError> {
	total(|| graph::refusals(bytes, options)).unwrap_or_else(|mistake| vec![mistake])
}
