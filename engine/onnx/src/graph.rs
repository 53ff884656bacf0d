//! Walks a graph from inputs to outputs.

use crate::{
	builder::{unsupported, Builder, Id, Refusal},
	node::Node,
	ops,
	proto::{dimension, GraphProto, ModelProto, NodeProto, ValueInfoProto},
	tensor, ImportError, Imported, Options, Port, MAX_FILE_BYTES,
};
use countersign_canonical::tensor::{Meta, MAX_RANK};
use prost::Message;
use std::{
	cell::RefCell,
	collections::{BTreeMap, BTreeSet},
	path::PathBuf,
};

/// The newest operator set that the handlers were written against.
const NEWEST_OPSET: i64 = 28;
/// The most iterations that loops unroll to, in all.
const MAX_ITERATIONS: u64 = 4096;

type Scope = BTreeMap<String, Id>;

/// What is known on the way.
pub(crate) struct Walk {
	pub(crate) b: Builder,
	pub(crate) folder: Option<PathBuf>,
	opsets: BTreeMap<String, i64>,
	scopes: Vec<Scope>,
	iterations: u64,
	/// What was refused so far, where all of it is to be found.
	survey: Option<Survey>,
}

/// Goes on after a refusal, to find the others.
#[derive(Default)]
struct Survey {
	refused: Vec<ImportError>,
	/// Values that a refused node would have made, and what depends on them.
	unknown: BTreeSet<String>,
}

/// Everything that is refused: where one node is, the others are still looked at.
pub(crate) fn refusals(bytes: &[u8], options: &Options) -> Vec<ImportError> {
	let mut survey = Some(Survey::default());
	let result = walk(bytes, options, &mut survey);
	let mut refused = survey.unwrap_or_default().refused;
	if let Err(error) = result {
		// An output that a refused node would have made says nothing new.
		if refused.is_empty() || !matches!(error, ImportError::Output(_)) {
			refused.push(error);
		}
	}
	refused
}

pub(crate) fn import(bytes: &[u8], options: &Options) -> Result<Imported, ImportError> {
	walk(bytes, options, &mut None)
}

fn walk(
	bytes: &[u8],
	options: &Options,
	survey: &mut Option<Survey>,
) -> Result<Imported, ImportError> {
	if bytes.len() > MAX_FILE_BYTES {
		return Err(ImportError::FileTooLarge(bytes.len()));
	}
	let model =
		ModelProto::decode(bytes).map_err(|error| ImportError::Malformed(error.to_string()))?;
	let graph = model.graph.ok_or_else(|| ImportError::Malformed("no graph".into()))?;
	if let Some(function) = model.functions.first() {
		let why = format!("it defines the function {}", function.name);
		return Err(ImportError::Malformed(why));
	}
	if !graph.sparse_initializer.is_empty() {
		return Err(ImportError::Malformed("it holds sparse tensors".into()));
	}
	let mut opsets = BTreeMap::new();
	for opset in &model.opset_import {
		let domain = if opset.domain == "ai.onnx" { "" } else { &opset.domain };
		opsets.insert(domain.to_string(), opset.version);
	}
	let mut walk = Walk {
		b: Builder::default(),
		folder: options.folder.clone(),
		opsets,
		scopes: vec![Scope::new()],
		iterations: 0,
		survey: survey.take(),
	};
	let result = walk.graph(&graph, options);
	*survey = walk.survey.take();
	let (inputs, ids, outputs) = result?;
	let package = walk.b.finish(&ids).map_err(ImportError::Program)?;
	package.program.plan().map_err(ImportError::NotCanonical)?;
	Ok(Imported { package, inputs, outputs })
}

impl Walk {
	/// Inputs, and the outputs with what they are called.
	#[allow(clippy::type_complexity)]
	fn graph(
		&mut self,
		graph: &GraphProto,
		options: &Options,
	) -> Result<(Vec<Port>, Vec<Id>, Vec<Port>), ImportError> {
		self.load_initializers(graph)?;
		let mut inputs = Vec::new();
		let stored: BTreeSet<&str> = graph.initializer.iter().map(|t| t.name.as_str()).collect();
		for input in graph.input.iter().filter(|input| !stored.contains(input.name.as_str())) {
			let wrong = |why: String| ImportError::Input { name: input.name.clone(), why };
			if let Some(value) = options.bound.get(&input.name) {
				let id =
					self.b.constant(value.clone()).map_err(|refusal| wrong(refusal.to_string()))?;
				self.define(&input.name, id);
				continue;
			}
			let meta = input_meta(input, options).map_err(wrong)?;
			let id = self.b.input(meta.clone()).map_err(|refusal| wrong(refusal.to_string()))?;
			self.define(&input.name, id);
			inputs.push(Port { name: input.name.clone(), meta });
		}
		self.nodes(&graph.node)?;
		let mut outputs = Vec::new();
		let mut ids = Vec::new();
		for output in &graph.output {
			let id =
				self.find(&output.name).ok_or_else(|| ImportError::Output(output.name.clone()))?;
			outputs.push(Port { name: output.name.clone(), meta: self.b.meta(id).clone() });
			ids.push(id);
		}
		Ok((inputs, ids, outputs))
	}
}

fn input_meta(input: &ValueInfoProto, options: &Options) -> Result<Meta, String> {
	let declared =
		input.r#type.as_ref().and_then(|ty| ty.tensor_type.as_ref()).ok_or("it is not a tensor")?;
	let ty = tensor::type_of(declared.elem_type)?;
	let dims = declared.shape.as_ref().map(|shape| &shape.dim[..]);
	let given = options.shapes.get(&input.name);
	if let Some(given) = given {
		let fits = dims.is_none_or(|dims| {
			dims.len() == given.len()
				&& dims.iter().zip(given).all(|(dim, given)| match &dim.value {
					Some(dimension::Value::Size(size)) => *size < 0 || *size == i64::from(*given),
					_ => true,
				})
		});
		if !fits {
			return Err(format!("the shape {given:?} does not fit the declared one"));
		}
		if given.len() > MAX_RANK {
			return Err(format!("{} dimensions", given.len()));
		}
		return Ok(Meta { ty, shape: given.clone() });
	}
	let dims = dims.ok_or("its shape is not declared; give one")?;
	if dims.len() > MAX_RANK {
		return Err(format!("{} dimensions", dims.len()));
	}
	let mut shape = Vec::with_capacity(dims.len());
	for (axis, dim) in dims.iter().enumerate() {
		shape.push(match &dim.value {
			Some(dimension::Value::Size(size)) => {
				u32::try_from(*size).map_err(|_| format!("dimension {axis} is {size}"))?
			}
			Some(dimension::Value::Name(name)) if options.dimensions.contains_key(name) => {
				options.dimensions[name]
			}
			// By custom the first dimension is the batch; one at a time is what a request is.
			_ if axis == 0 => 1,
			Some(dimension::Value::Name(name)) => {
				return Err(format!("dimension {axis} (`{name}`) is open; give its size"));
			}
			_ => return Err(format!("dimension {axis} is open; give the shape")),
		});
	}
	Ok(Meta { ty, shape })
}

impl Walk {
	fn define(&mut self, name: &str, id: Id) {
		if let Some(scope) = self.scopes.last_mut() {
			scope.insert(name.to_string(), id);
		}
	}

	fn find(&self, name: &str) -> Option<Id> {
		self.scopes.iter().rev().find_map(|scope| scope.get(name).copied())
	}

	fn load_initializers(&mut self, graph: &GraphProto) -> Result<(), ImportError> {
		for proto in &graph.initializer {
			let wrong = |why: String| ImportError::Tensor { name: proto.name.clone(), why };
			let value = tensor::read(proto, self.folder.as_deref()).map_err(wrong)?;
			let id = self.b.constant(value).map_err(|refusal| wrong(refusal.to_string()))?;
			self.define(&proto.name, id);
		}
		Ok(())
	}

	fn nodes(&mut self, nodes: &[NodeProto]) -> Result<(), ImportError> {
		for (index, proto) in nodes.iter().enumerate() {
			let domain = if proto.domain == "ai.onnx" { "" } else { &proto.domain };
			let opset = self.opsets.get(domain).copied().unwrap_or(0);
			let refuse = |refusal| ImportError::Operator {
				node: proto.name.clone(),
				index,
				operator: match domain {
					"" => proto.op_type.clone(),
					_ => format!("{domain}.{}", proto.op_type),
				},
				opset,
				refusal,
			};
			if let Some(known) = self.look_at(proto, domain, opset) {
				if let (Err(refusal), Some(survey)) = (known, &mut self.survey) {
					survey.refused.push(refuse(refusal));
				}
				continue;
			}
			let results = match self.node(proto, domain, opset) {
				Ok(results) => results,
				Err(stop) => {
					let error = match stop {
						Stop::Refused(refusal) => Some(refuse(refusal)),
						Stop::Inside(error) => Some(*error),
						Stop::Unknown => None,
					};
					let Some(survey) = &mut self.survey else {
						return Err(error.unwrap_or_else(|| refuse(Refusal::Trap)));
					};
					survey.refused.extend(error);
					survey.unknown.extend(proto.output.iter().cloned());
					continue;
				}
			};
			for (name, id) in proto.output.iter().zip(results) {
				if !name.is_empty() {
					self.define(name, id);
				}
			}
		}
		Ok(())
	}

	/// In a survey, a node whose operands are not known: whether its operator is.
	fn look_at(
		&mut self,
		proto: &NodeProto,
		domain: &str,
		opset: i64,
	) -> Option<Result<(), Refusal>> {
		let survey = self.survey.as_mut()?;
		if !proto.input.iter().any(|name| survey.unknown.contains(name)) {
			return None;
		}
		survey.unknown.extend(proto.output.iter().cloned());
		if domain.is_empty() && matches!(proto.op_type.as_str(), "If" | "Loop") {
			return Some(Ok(()));
		}
		// Without operands every operator is refused; the question is for what.
		let inputs = Vec::new();
		let node =
			Node { proto, inputs, opset, asked: RefCell::default(), taken: RefCell::default() };
		let mut scratch = Walk {
			b: Builder::default(),
			folder: None,
			opsets: BTreeMap::new(),
			scopes: vec![Scope::new()],
			iterations: 0,
			survey: None,
		};
		Some(match ops::lower(&mut scratch, &node, domain) {
			Err(refusal) if ops::is_unknown(&refusal) => Err(refusal),
			_ => Ok(()),
		})
	}

	fn node(&mut self, proto: &NodeProto, domain: &str, opset: i64) -> Result<Vec<Id>, Stop> {
		let mut inputs = Vec::with_capacity(proto.input.len());
		for name in &proto.input {
			if name.is_empty() {
				inputs.push(None);
				continue;
			}
			let id = self.find(name).ok_or_else(|| {
				Refusal::Unsupported(format!("operand `{name}` is made by no earlier node"))
			})?;
			inputs.push(Some(id));
		}
		if domain.is_empty() && !(1..=NEWEST_OPSET).contains(&opset) {
			return Ok(unsupported("an operator set that this importer does not know")?);
		}
		let node =
			Node { proto, inputs, opset, asked: RefCell::default(), taken: RefCell::default() };
		match (domain, proto.op_type.as_str()) {
			("", "If") => self.branch(&node),
			("", "Loop") => self.unroll(&node),
			_ => {
				let results = ops::lower(self, &node, domain)?;
				if let Some(name) = node.unread().filter(|_| proto.op_type != "Constant") {
					return Ok(unsupported(format!("the attribute `{name}`"))?);
				}
				if let Some(at) = node.untaken() {
					return Ok(unsupported(format!("operand {at}"))?);
				}
				if proto.output.iter().skip(results.len()).any(|name| !name.is_empty()) {
					return Ok(unsupported(format!(
						"only the first {} of its outputs are supported",
						results.len()
					))?);
				}
				Ok(results)
			}
		}
	}

	/// The outputs of a graph inside a node, with `given` as its inputs.
	fn inner(&mut self, graph: &GraphProto, given: &[Id]) -> Result<Vec<Id>, Stop> {
		self.scopes.push(Scope::new());
		let result = self.inner_scope(graph, given);
		self.scopes.pop();
		result
	}

	fn inner_scope(&mut self, graph: &GraphProto, given: &[Id]) -> Result<Vec<Id>, Stop> {
		self.load_initializers(graph).map_err(|error| Stop::Inside(Box::new(error)))?;
		for (input, id) in graph.input.iter().zip(given) {
			self.define(&input.name, *id);
		}
		self.nodes(&graph.node).map_err(|error| Stop::Inside(Box::new(error)))?;
		let mut outputs = Vec::with_capacity(graph.output.len());
		for output in &graph.output {
			let found = self.find(&output.name);
			if self.survey.as_ref().is_some_and(|survey| survey.unknown.contains(&output.name)) {
				return Err(Stop::Unknown);
			}
			outputs.push(found.ok_or_else(|| {
				Refusal::Unsupported(format!("inner output `{}` is not a tensor", output.name))
			})?);
		}
		Ok(outputs)
	}

	fn graph_of<'a>(node: &'a Node, name: &str) -> Result<&'a GraphProto, Refusal> {
		node.attribute(name)
			.and_then(|attribute| attribute.g.as_deref())
			.ok_or_else(|| Refusal::Unsupported(format!("no graph `{name}`")))
	}

	fn branch(&mut self, node: &Node) -> Result<Vec<Id>, Stop> {
		let condition = self.b.integers(node.input(0)?, "the condition")?;
		let taken = condition.first().is_some_and(|x| *x != 0);
		let graph = Self::graph_of(node, if taken { "then_branch" } else { "else_branch" })?;
		self.inner(graph, &[])
	}

	fn unroll(&mut self, node: &Node) -> Result<Vec<Id>, Stop> {
		let graph = Self::graph_of(node, "body")?;
		let most = match node.optional(0) {
			Some(id) => self.b.integers(id, "the number of iterations")?.first().copied(),
			None => None,
		};
		let mut goes_on = match node.optional(1) {
			Some(id) => self.b.integers(id, "the condition")?.first().is_some_and(|x| *x != 0),
			None => true,
		};
		let mut carried: Vec<Id> =
			(2..node.inputs.len()).map(|at| node.input(at)).collect::<Result<_, _>>()?;
		let mut collected: Vec<Vec<Id>> = Vec::new();
		let mut iteration = 0i64;
		while goes_on && most.is_none_or(|most| iteration < most) {
			self.iterations += 1;
			if self.iterations > MAX_ITERATIONS {
				return Ok(unsupported("loops with too many iterations")?);
			}
			let mut given = vec![
				self.b.whole(countersign_canonical::TensorType::I64, iteration)?,
				self.b.whole(countersign_canonical::TensorType::Bool, 1)?,
			];
			given.extend(&carried);
			let mut results = self.inner(graph, &given)?.into_iter();
			let condition = results.next().ok_or(Refusal::Unsupported("a loop without".into()))?;
			// Without a condition operand what the body says about it does not count.
			goes_on = match node.optional(1) {
				Some(_) => self
					.b
					.integers(condition, "whether the loop goes on")?
					.first()
					.is_some_and(|x| *x != 0),
				None => true,
			};
			let rest: Vec<Id> = results.collect();
			if rest.len() < carried.len() {
				return Ok(unsupported("a loop whose body gives too little")?);
			}
			let (next, scans) = rest.split_at(carried.len());
			carried = next.to_vec();
			collected.resize_with(scans.len(), Vec::new);
			for (list, id) in collected.iter_mut().zip(scans) {
				let mut shape = vec![1];
				shape.extend(self.b.shape(*id));
				list.push(self.b.reshape(*id, &shape)?);
			}
			iteration += 1;
		}
		let scanned = graph.output.len().saturating_sub(1 + carried.len());
		if scanned > 0 && collected.is_empty() {
			return Ok(unsupported("a loop that collects and never runs")?);
		}
		for list in collected {
			carried.push(self.b.concat(&list, 0)?);
		}
		Ok(carried)
	}
}

/// Why a node is not expressed: for itself, or for one inside it.
pub(crate) enum Stop {
	Refused(Refusal),
	Inside(Box<ImportError>),
	/// In a survey, because of a node that was refused before.
	Unknown,
}

impl From<Refusal> for Stop {
	fn from(refusal: Refusal) -> Self {
		Self::Refused(refusal)
	}
}
