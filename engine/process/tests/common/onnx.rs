//! Small ONNX models, written by hand.

use countersign_primitives::tensor::TensorType;

fn varint(mut value: u64, out: &mut Vec<u8>) {
	while value >= 0x80 {
		out.push(value as u8 | 0x80);
		value >>= 7;
	}
	out.push(value as u8);
}

pub fn number(field: u64, value: u64) -> Vec<u8> {
	let mut out = Vec::new();
	varint(field << 3, &mut out);
	varint(value, &mut out);
	out
}

pub fn bytes(field: u64, body: &[u8]) -> Vec<u8> {
	let mut out = Vec::new();
	varint(field << 3 | 2, &mut out);
	varint(body.len() as u64, &mut out);
	out.extend_from_slice(body);
	out
}

fn element(ty: TensorType) -> u64 {
	match ty {
		TensorType::F32 => 1,
		TensorType::U8 => 2,
		TensorType::I8 => 3,
		TensorType::U16 => 4,
		TensorType::I16 => 5,
		TensorType::I32 => 6,
		TensorType::I64 => 7,
		TensorType::Bool => 9,
		TensorType::U32 => 12,
		TensorType::U64 => 13,
	}
}

/// A declared value. A dimension of 0 is free.
pub fn value(name: &str, ty: TensorType, dims: &[u64]) -> Vec<u8> {
	let dims: Vec<u8> = dims
		.iter()
		.enumerate()
		.flat_map(|(index, dim)| match dim {
			0 => bytes(1, &bytes(2, format!("{name}{index}").as_bytes())),
			dim => bytes(1, &number(1, *dim)),
		})
		.collect();
	let tensor = [number(1, element(ty)), bytes(2, &dims)].concat();
	[bytes(1, name.as_bytes()), bytes(2, &bytes(1, &tensor))].concat()
}

pub fn node(operator: &str, inputs: &[&str], outputs: &[&str], attributes: &[Vec<u8>]) -> Vec<u8> {
	let mut out = Vec::new();
	for input in inputs {
		out.extend(bytes(1, input.as_bytes()));
	}
	for output in outputs {
		out.extend(bytes(2, output.as_bytes()));
	}
	out.extend(bytes(4, operator.as_bytes()));
	for attribute in attributes {
		out.extend(bytes(5, attribute));
	}
	bytes(1, &out)
}

fn integer(name: &str, value: u64) -> Vec<u8> {
	[bytes(1, name.as_bytes()), number(3, value), number(20, 2)].concat()
}

fn graph_attribute(name: &str, graph: &[u8]) -> Vec<u8> {
	[bytes(1, name.as_bytes()), bytes(6, graph), number(20, 5)].concat()
}

/// A constant, as an initialiser of a graph.
pub fn initialiser(name: &str, ty: TensorType, dims: &[u64], data: &[u8]) -> Vec<u8> {
	let mut out: Vec<u8> = dims.iter().flat_map(|dim| number(1, *dim)).collect();
	out.extend(number(2, element(ty)));
	out.extend(bytes(8, name.as_bytes()));
	out.extend(bytes(9, data));
	bytes(5, &out)
}

/// A constant whose data lie in another file.
pub fn external(name: &str, ty: TensorType, dims: &[u64], location: &str) -> Vec<u8> {
	let mut out: Vec<u8> = dims.iter().flat_map(|dim| number(1, *dim)).collect();
	out.extend(number(2, element(ty)));
	out.extend(bytes(8, name.as_bytes()));
	out.extend(bytes(13, &[bytes(1, b"location"), bytes(2, location.as_bytes())].concat()));
	out.extend(number(14, 1));
	bytes(5, &out)
}

pub fn graph(body: &[Vec<u8>], inputs: &[Vec<u8>], outputs: &[Vec<u8>]) -> Vec<u8> {
	let mut out = body.concat();
	out.extend(bytes(2, b"graph"));
	for input in inputs {
		out.extend(bytes(11, input));
	}
	for output in outputs {
		out.extend(bytes(12, output));
	}
	out
}

pub fn model(graph: &[u8]) -> Vec<u8> {
	let operators = [bytes(1, b""), number(2, 17)].concat();
	[number(1, 8), bytes(7, graph), bytes(8, &operators)].concat()
}

/// `y = x`, for any length.
pub fn identity(ty: TensorType) -> Vec<u8> {
	model(&graph(
		&[node("Identity", &["x"], &["y"], &[])],
		&[value("x", ty, &[0])],
		&[value("y", ty, &[0])],
	))
}

/// `y = x + 1`, two floats.
pub fn add_one() -> Vec<u8> {
	model(&graph(
		&[
			node("Add", &["x", "one"], &["y"], &[]),
			initialiser("one", TensorType::F32, &[1], &1f32.to_le_bytes()),
		],
		&[value("x", TensorType::F32, &[1, 2])],
		&[value("y", TensorType::F32, &[1, 2])],
	))
}

/// `y = a / b`, integers: `MIN / -1` kills the process that computes it.
pub fn divide() -> Vec<u8> {
	model(&graph(
		&[node("Div", &["a", "b"], &["y"], &[])],
		&[value("a", TensorType::I32, &[0]), value("b", TensorType::I32, &[0])],
		&[value("y", TensorType::I32, &[0])],
	))
}

/// `y = [10, 20, 30, 40][x]`.
pub fn gather() -> Vec<u8> {
	let table: Vec<u8> = [10f32, 20.0, 30.0, 40.0].iter().flat_map(|v| v.to_le_bytes()).collect();
	model(&graph(
		&[
			initialiser("table", TensorType::F32, &[4], &table),
			node("Gather", &["table", "x"], &["y"], &[]),
		],
		&[value("x", TensorType::I64, &[0])],
		&[value("y", TensorType::F32, &[0])],
	))
}

/// A tensor of zeros in the shape that the input names.
pub fn zeros() -> Vec<u8> {
	model(&graph(
		&[node("ConstantOfShape", &["x"], &["y"], &[])],
		&[value("x", TensorType::I64, &[1])],
		&[value("y", TensorType::F32, &[0])],
	))
}

/// The sum over a tensor of zeros in the shape that the input names.
pub fn sum_of_zeros() -> Vec<u8> {
	model(&graph(
		&[
			node("ConstantOfShape", &["x"], &["zeros"], &[]),
			node("ReduceSum", &["zeros"], &["y"], &[integer("keepdims", 0)]),
		],
		&[value("x", TensorType::I64, &[2])],
		&[value("y", TensorType::F32, &[])],
	))
}

/// The sum over the square of a matrix in the shape that the input names: one long operator.
pub fn square() -> Vec<u8> {
	model(&graph(
		&[
			node("ConstantOfShape", &["x"], &["zeros"], &[]),
			node("MatMul", &["zeros", "zeros"], &["squared"], &[]),
			node("ReduceSum", &["squared"], &["y"], &[integer("keepdims", 0)]),
		],
		&[value("x", TensorType::I64, &[2])],
		&[value("y", TensorType::F32, &[])],
	))
}

/// Adds one as many times as the input says: many short operators.
pub fn count_up() -> Vec<u8> {
	let body = graph(
		&[
			node("Add", &["before", "one"], &["after"], &[]),
			node("Identity", &["go"], &["go_on"], &[]),
			initialiser("one", TensorType::F32, &[], &1f32.to_le_bytes()),
		],
		&[
			value("step", TensorType::I64, &[]),
			value("go", TensorType::Bool, &[]),
			value("before", TensorType::F32, &[]),
		],
		&[value("go_on", TensorType::Bool, &[]), value("after", TensorType::F32, &[])],
	);
	model(&graph(
		&[
			initialiser("zero", TensorType::F32, &[], &0f32.to_le_bytes()),
			node("Loop", &["x", "", "zero"], &["y"], &[graph_attribute("body", &body)]),
		],
		&[value("x", TensorType::I64, &[])],
		&[value("y", TensorType::F32, &[])],
	))
}
