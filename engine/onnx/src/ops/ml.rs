//! The classical models of `ai.onnx.ml`, as far as they are tensors in and tensors out.

use super::{reduce, Lowered};
use crate::{
	builder::{unsupported, Builder, Id, Refusal},
	node::Node,
	tensor,
};
use countersign_canonical::{
	element::{TREE_LEAF, TREE_NAN_YES},
	op::{Binary, Op, Reduction, Unary},
	tensor::{TensorType, Value},
};
use std::collections::BTreeMap;

pub(super) fn lower(b: &mut Builder, node: &Node) -> Lowered {
	match node.proto.op_type.as_str() {
		"LinearRegressor" => {
			let x = floats(b, node.input(0)?)?;
			let targets = node.int("targets", 1) as u32;
			let scores = linear(b, x, node, targets)?;
			Ok(vec![post_transform(b, scores, &node.text("post_transform", "NONE"))?])
		}
		"LinearClassifier" => linear_classifier(b, node),
		"Scaler" => {
			let x = floats(b, node.input(0)?)?;
			let (offset, scale) = (node.floats("offset"), node.floats("scale"));
			let offset = b.floats_of(&[offset.len() as u32], offset)?;
			let scale = b.floats_of(&[scale.len() as u32], scale)?;
			let centred = b.sub(x, offset)?;
			Ok(vec![b.mul(centred, scale)?])
		}
		"Normalizer" => normalizer(b, node),
		"Binarizer" => {
			let x = node.input(0)?;
			let threshold = b.scalar(node.float("threshold", 0.0))?;
			let over = b.binary(Binary::Less, threshold, x)?;
			Ok(vec![b.cast(over, TensorType::F32)?])
		}
		"ArrayFeatureExtractor" => {
			let (x, indices) = (node.input(0)?, node.input(1)?);
			let count = b.meta(indices).count();
			let indices = b.reshape(indices, &[count])?;
			let last = b.rank(x).saturating_sub(1) as u8;
			let picked = b.op(Op::Gather { axis: last }, &[x, indices])?;
			if b.rank(picked) == 1 {
				let count = b.meta(picked).count();
				return Ok(vec![b.reshape(picked, &[1, count])?]);
			}
			Ok(vec![picked])
		}
		"TreeEnsembleRegressor" => {
			let forest = Forest::read(b, node, "target")?;
			let scores = forest.scores_of(b, node, node.int("n_targets", 1) as u32)?;
			Ok(vec![post_transform(b, scores, &node.text("post_transform", "NONE"))?])
		}
		"TreeEnsemble" => {
			let forest = Forest::read_split(node)?;
			let x = floats(b, node.input(0)?)?;
			let aggregate = match node.int("aggregate_function", 1) {
				0 => "AVERAGE",
				1 => "SUM",
				2 => "MIN",
				_ => "MAX",
			};
			let scores = forest.scores(b, x, node.int("n_targets", 1) as u32, aggregate, &[])?;
			let transform = match node.int("post_transform", 0) {
				0 => "NONE",
				1 => "SOFTMAX",
				2 => "LOGISTIC",
				3 => "SOFTMAX_ZERO",
				_ => "PROBIT",
			};
			Ok(vec![post_transform(b, scores, transform)?])
		}
		"TreeEnsembleClassifier" => tree_classifier(b, node),
		_ => unsupported(super::UNKNOWN),
	}
}

fn floats(b: &mut Builder, x: Id) -> Result<Id, Refusal> {
	b.cast(x, TensorType::F32)
}

fn linear(b: &mut Builder, x: Id, node: &Node, outputs: u32) -> Result<Id, Refusal> {
	let weights = node.floats("coefficients");
	let features = (weights.len() as u32).checked_div(outputs).unwrap_or(0);
	let weights = b.floats_of(&[outputs, features], weights)?;
	let sum = super::neural::product(b, x, weights)?;
	match node.floats("intercepts") {
		[] => Ok(sum),
		intercepts => {
			let intercepts = b.floats_of(&[intercepts.len() as u32], intercepts)?;
			b.add(sum, intercepts)
		}
	}
}

fn post_transform(b: &mut Builder, x: Id, name: &str) -> Result<Id, Refusal> {
	match name {
		"NONE" => Ok(x),
		"LOGISTIC" => b.unary(Unary::Sigmoid, x),
		"SOFTMAX" => {
			let last = b.rank(x).saturating_sub(1);
			reduce::softmax(b, x, &[last])
		}
		other => unsupported(format!("the transform `{other}`")),
	}
}

/// The labels of a classifier by number.
fn labels(node: &Node) -> Result<Vec<i64>, Refusal> {
	for name in ["classlabels_ints", "classlabels_int64s"] {
		if let Some(labels) = node.ints(name).filter(|labels| !labels.is_empty()) {
			return Ok(labels.to_vec());
		}
	}
	unsupported("labels that are strings")
}

/// The label of the largest score, and the scores.
fn label_of(b: &mut Builder, scores: Id, labels: &[i64]) -> Result<Id, Refusal> {
	let found = b.op(Op::ArgReduce { largest: true, axis: 1, last: false }, &[scores])?;
	let rows = b.shape(found)[0];
	let found = b.reshape(found, &[rows])?;
	let labels = b.list(labels)?;
	b.op(Op::Gather { axis: 0 }, &[labels, found])
}

/// `[1 - p, p]` from the score `p` of the second of two classes.
fn both_classes(b: &mut Builder, p: Id) -> Result<Id, Refusal> {
	let one = b.scalar(1.0)?;
	let rest = b.sub(one, p)?;
	b.concat(&[rest, p], 1)
}

fn linear_classifier(b: &mut Builder, node: &Node) -> Lowered {
	let labels = labels(node)?;
	let x = floats(b, node.input(0)?)?;
	let rows = node.floats("intercepts").len() as u32;
	let scores = linear(b, x, node, rows)?;
	let transform = node.text("post_transform", "NONE");
	if rows == 1 && labels.len() == 2 {
		let scores = match transform.as_str() {
			"LOGISTIC" => {
				let p = b.unary(Unary::Sigmoid, scores)?;
				both_classes(b, p)?
			}
			_ => return unsupported(format!("one score with the transform `{transform}`")),
		};
		return Ok(vec![label_of(b, scores, &labels)?, scores]);
	}
	let label = label_of(b, scores, &labels)?;
	Ok(vec![label, post_transform(b, scores, &transform)?])
}

fn normalizer(b: &mut Builder, node: &Node) -> Lowered {
	let x = floats(b, node.input(0)?)?;
	let over = [b.rank(x).saturating_sub(1)];
	let norm = match node.text("norm", "MAX").as_str() {
		"MAX" => {
			let size = b.unary(Unary::Abs, x)?;
			b.reduce(Reduction::Max, size, &over)?
		}
		"L1" => {
			let size = b.unary(Unary::Abs, x)?;
			b.reduce(Reduction::Sum, size, &over)?
		}
		_ => {
			let square = b.mul(x, x)?;
			let sum = b.reduce(Reduction::Sum, square, &over)?;
			b.unary(Unary::Sqrt, sum)?
		}
	};
	let (zero, one) = (b.scalar(0.0)?, b.scalar(1.0)?);
	let none = b.binary(Binary::Equal, norm, zero)?;
	let norm = b.select(none, one, norm)?;
	Ok(vec![b.div(x, norm)?])
}

/// Decision trees as lists of nodes.
#[derive(Default)]
struct Forest {
	features: Vec<i64>,
	thresholds: Vec<f32>,
	modes: Vec<i64>,
	yes: Vec<i64>,
	no: Vec<i64>,
	roots: Vec<i64>,
	depth: u32,
	/// For each leaf, what it adds to which output.
	leaves: Vec<(usize, usize, f32)>,
}

/// The most weights of all leaves, the absent ones counted.
const MAX_WEIGHTS: u32 = 1 << 26;

impl Forest {
	fn read(b: &Builder, node: &Node, leaf: &str) -> Result<Self, Refusal> {
		let ints = |name: &str| node.ints(name).unwrap_or(&[]).to_vec();
		for name in ["nodes_values_as_tensor", "base_values_as_tensor"] {
			if node.tensor(name).is_some() {
				return unsupported("trees with thresholds of another type than float");
			}
		}
		let _ = b;
		let (trees, ids) = (ints("nodes_treeids"), ints("nodes_nodeids"));
		let mut numbers = BTreeMap::new();
		for (number, key) in trees.iter().zip(&ids).enumerate() {
			numbers.insert(key, number);
		}
		let count = numbers.len();
		let find = |tree: &i64, id: &i64| {
			numbers
				.get(&(tree, id))
				.copied()
				.ok_or_else(|| Refusal::Unsupported(format!("tree {tree} has no node {id}")))
		};
		let texts = node.texts("nodes_modes");
		let (truth, other) = (ints("nodes_truenodeids"), ints("nodes_falsenodeids"));
		let features = ints("nodes_featureids");
		let thresholds = node.floats("nodes_values").to_vec();
		let lists =
			[ids.len(), texts.len(), truth.len(), other.len(), features.len(), thresholds.len()];
		if count != trees.len() || lists.iter().any(|length| *length != count) || count == 0 {
			return unsupported("trees whose lists do not fit each other");
		}
		let tracks = ints("nodes_missing_value_tracks_true");
		let (mut modes, mut yes, mut no) = (Vec::new(), Vec::new(), Vec::new());
		for i in 0..count {
			let mode = match texts[i].as_str() {
				"BRANCH_LEQ" => 0,
				"BRANCH_LT" => 1,
				"BRANCH_GTE" => 2,
				"BRANCH_GT" => 3,
				"BRANCH_EQ" => 4,
				"BRANCH_NEQ" => 5,
				"LEAF" => TREE_LEAF,
				other => return unsupported(format!("tree nodes of mode `{other}`")),
			};
			let leaf = mode == TREE_LEAF;
			let nan = if tracks.get(i) == Some(&1) && !leaf { TREE_NAN_YES } else { 0 };
			modes.push(i64::from(mode | nan));
			yes.push(if leaf { 0 } else { find(&trees[i], &truth[i])? as i64 });
			no.push(if leaf { 0 } else { find(&trees[i], &other[i])? as i64 });
		}
		let roots = roots(&trees, &yes, &no, &modes);
		let depth = depth(&roots, &yes, &no, &modes)?;
		let names = |what: &str| ints(&format!("{leaf}_{what}"));
		let outputs = names("ids");
		let weights = node.floats(&format!("{leaf}_weights"));
		let mut leaves = Vec::new();
		for (i, (tree, id)) in names("treeids").iter().zip(names("nodeids").iter()).enumerate() {
			let (Some(output), Some(weight)) = (outputs.get(i), weights.get(i)) else {
				return unsupported("leaves whose lists do not fit each other");
			};
			let output = usize::try_from(*output).unwrap_or(usize::MAX);
			leaves.push((find(tree, id)?, output, *weight));
		}
		Ok(Self { features, thresholds, modes, yes, no, roots, depth, leaves })
	}

	/// Reads inner nodes and leaves that have numbers of their own, as `TreeEnsemble` lists them. A
	/// node that looks for its feature in a set becomes a comparison with each member.
	fn read_split(node: &Node) -> Result<Self, Refusal> {
		let ints = |name: &str| node.ints(name).unwrap_or(&[]).to_vec();
		let stored = |name: &str, ty: TensorType| {
			let Some(tensor) = node.tensor(name) else {
				return Ok(None);
			};
			let value = tensor::read(tensor, None).map_err(Refusal::Unsupported)?;
			if value.meta.ty != ty {
				return unsupported(format!("`{name}` of another type than {ty:?}"));
			}
			Ok(Some(value.data))
		};
		let floats = |name: &str| {
			let data = stored(name, TensorType::F32)?.map(|data| data.words());
			Ok(data.unwrap_or_default().into_iter().map(f32::from_bits).collect::<Vec<f32>>())
		};
		let kinds = stored("nodes_modes", TensorType::U8)?;
		let kinds = kinds.as_ref().map_or(&[][..], |data| data.as_bytes());
		let (named, splits) = (ints("nodes_featureids"), floats("nodes_splits")?);
		let (truth, truth_leaf) = (ints("nodes_truenodeids"), ints("nodes_trueleafs"));
		let (other, other_leaf) = (ints("nodes_falsenodeids"), ints("nodes_falseleafs"));
		let tracks = ints("nodes_missing_value_tracks_true");
		let (targets, weights) = (ints("leaf_targetids"), floats("leaf_weights")?);
		let lists = [truth.len(), truth_leaf.len(), other.len(), other_leaf.len(), named.len()];
		let count = kinds.len();
		let fits = lists.iter().all(|length| *length == count) && splits.len() == count;
		if !fits || count == 0 || targets.len() != weights.len() {
			return unsupported("trees whose lists do not fit each other");
		}

		// What each node compares its feature with; NaN is equal to nothing.
		let all = floats("membership_values")?;
		let mut sets = all.split(|member| member.is_nan());
		let mut members = Vec::with_capacity(count);
		for (kind, split) in kinds.iter().zip(&splits) {
			members.push(match kind {
				0..=5 => vec![*split],
				6 => match sets.next() {
					Some([]) | None => vec![f32::NAN],
					Some(set) => set.to_vec(),
				},
				other => return unsupported(format!("tree nodes of mode {other}")),
			});
		}
		// Nodes of sets take several places, and leaves stand behind all.
		let places: Vec<usize> = members
			.iter()
			.scan(0, |next, members| {
				let place = *next;
				*next += members.len();
				Some(place)
			})
			.collect();
		let inner: usize = members.iter().map(Vec::len).sum();
		let find = |id: i64, is_leaf: i64| {
			let at = usize::try_from(id).ok();
			let place = match is_leaf {
				0 => at.and_then(|at| places.get(at).copied()),
				_ => at.filter(|at| *at < weights.len()).map(|at| inner + at),
			};
			place.map(|place| place as i64).ok_or_else(|| {
				Refusal::Unsupported(format!("trees that lead to number {id}, which is none"))
			})
		};
		let mut forest = Self { thresholds: members.concat(), ..Self::default() };
		for i in 0..count {
			let (yes, no) = (find(truth[i], truth_leaf[i])?, find(other[i], other_leaf[i])?);
			let kind = if kinds[i] == 6 { 4 } else { kinds[i] };
			let nan = if tracks.get(i) == Some(&1) { TREE_NAN_YES } else { 0 };
			for number in 1..=members[i].len() {
				forest.features.push(named[i]);
				forest.modes.push(i64::from(kind | nan));
				forest.yes.push(yes);
				let next = (places[i] + number) as i64;
				forest.no.push(if number == members[i].len() { no } else { next });
			}
		}
		for (i, (target, weight)) in targets.iter().zip(&weights).enumerate() {
			forest.features.push(0);
			forest.thresholds.push(0.0);
			forest.modes.push(i64::from(TREE_LEAF));
			forest.yes.push(0);
			forest.no.push(0);
			let target = usize::try_from(*target).unwrap_or(usize::MAX);
			forest.leaves.push((inner + i, target, *weight));
		}
		for root in ints("tree_roots") {
			forest.roots.push(find(root, 0)?);
		}
		forest.depth = depth(&forest.roots, &forest.yes, &forest.no, &forest.modes)?;
		Ok(forest)
	}

	/// As [`Forest::scores`], of a node that names the rest.
	fn scores_of(&self, b: &mut Builder, node: &Node, outputs: u32) -> Result<Id, Refusal> {
		let x = floats(b, node.input(0)?)?;
		let aggregate = node.text("aggregate_function", "SUM");
		self.scores(b, x, outputs, &aggregate, node.floats("base_values"))
	}

	/// The sum of the leaves' weights, `[N, outputs]`, trees in order, then the base values.
	fn scores(
		&self,
		b: &mut Builder,
		x: Id,
		outputs: u32,
		aggregate: &str,
		base: &[f32],
	) -> Result<Id, Refusal> {
		let count = self.modes.len() as u32;
		let list = |b: &mut Builder, ty, elements: &[i64]| {
			let shape = [elements.len() as u32];
			b.constant(Value::from_integers(ty, &shape, elements))
		};
		let operands = [
			x,
			list(b, TensorType::I32, &self.features)?,
			b.floats_of(&[count], &self.thresholds)?,
			list(b, TensorType::U8, &self.modes)?,
			list(b, TensorType::I32, &self.yes)?,
			list(b, TensorType::I32, &self.no)?,
			list(b, TensorType::I32, &self.roots)?,
		];
		let ends = b.op(Op::Trees { depth: self.depth }, &operands)?;
		let all = count.checked_mul(outputs).filter(|all| *all <= MAX_WEIGHTS);
		let Some(all) = all else {
			return unsupported(format!("{count} leaves with {outputs} weights each"));
		};
		let mut weights = vec![0f32; all as usize];
		for (leaf, output, weight) in &self.leaves {
			if *output >= outputs as usize {
				return unsupported("a leaf for an output that does not exist");
			}
			weights[leaf * outputs as usize + output] += weight;
		}
		let weights = b.floats_of(&[count, outputs], &weights)?;
		let picked = b.op(Op::Gather { axis: 0 }, &[weights, ends])?;
		let trees = self.roots.len();
		let mut sum = match aggregate {
			"SUM" => b.reduce(Reduction::Sum, picked, &[1])?,
			"AVERAGE" => {
				let sum = b.reduce(Reduction::Sum, picked, &[1])?;
				let trees = b.scalar(trees as f32)?;
				b.div(sum, trees)?
			}
			other => return unsupported(format!("the aggregate `{other}`")),
		};
		let rows = b.shape(x)[0];
		sum = b.reshape(sum, &[rows, outputs])?;
		match base {
			[] => Ok(sum),
			base => {
				let base = b.floats_of(&[base.len() as u32], base)?;
				b.add(sum, base)
			}
		}
	}
}

/// The first node of each tree that no other node leads to.
fn roots(trees: &[i64], yes: &[i64], no: &[i64], modes: &[i64]) -> Vec<i64> {
	let mut inner = vec![false; trees.len()];
	for i in 0..trees.len() {
		if modes[i] != i64::from(TREE_LEAF) {
			for next in [yes[i], no[i]] {
				inner[next as usize] = true;
			}
		}
	}
	let mut roots: Vec<i64> = Vec::new();
	let mut seen: Vec<i64> = Vec::new();
	for (i, tree) in trees.iter().enumerate() {
		if !inner[i] && !seen.contains(tree) {
			seen.push(*tree);
			roots.push(i as i64);
		}
	}
	roots
}

/// The longest path, which must end.
fn depth(roots: &[i64], yes: &[i64], no: &[i64], modes: &[i64]) -> Result<u32, Refusal> {
	let mut level: Vec<i64> = roots.to_vec();
	let mut depth = 0u32;
	loop {
		let mut next: Vec<i64> = level
			.iter()
			.filter(|at| modes[**at as usize] != i64::from(TREE_LEAF))
			.flat_map(|at| [yes[*at as usize], no[*at as usize]])
			.collect();
		if next.is_empty() {
			return Ok(depth);
		}
		next.sort_unstable();
		next.dedup();
		depth += 1;
		if depth as usize > modes.len() {
			return unsupported("trees that do not end");
		}
		level = next;
	}
}

fn tree_classifier(b: &mut Builder, node: &Node) -> Lowered {
	let labels = labels(node)?;
	let forest = Forest::read(b, node, "class")?;
	let used = forest.leaves.iter().map(|(_, output, _)| *output).max().unwrap_or(0) + 1;
	let transform = node.text("post_transform", "NONE");
	let one_score = labels.len() == 2 && forest.leaves.iter().all(|leaf| leaf.1 == 0)
		|| labels.len() == 2 && forest.leaves.iter().all(|leaf| leaf.1 == 1);
	if one_score {
		let scores = forest.scores_of(b, node, used as u32)?;
		let score = b.slice(scores, 1, used as u32 - 1, 1)?;
		let scores = match transform.as_str() {
			"LOGISTIC" => {
				let p = b.unary(Unary::Sigmoid, score)?;
				both_classes(b, p)?
			}
			"NONE" => both_classes(b, score)?,
			other => return unsupported(format!("one score with the transform `{other}`")),
		};
		return Ok(vec![label_of(b, scores, &labels)?, scores]);
	}
	let scores = forest.scores_of(b, node, labels.len() as u32)?;
	let label = label_of(b, scores, &labels)?;
	Ok(vec![label, post_transform(b, scores, &transform)?])
}
