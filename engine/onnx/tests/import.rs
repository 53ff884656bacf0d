//! Files made here, from good to hostile.

#![allow(clippy::unwrap_used)]

use countersign_canonical::{
	tensor::{Tensor, TensorType, Value},
	Model,
};
use countersign_onnx::{
	import,
	proto::{
		dimension, AttributeProto, DimensionProto, GraphProto, ModelProto, NodeProto,
		OperatorSetIdProto, StringStringEntryProto, TensorProto, TensorShapeProto, TensorTypeProto,
		TypeProto, ValueInfoProto,
	},
	refusals, ImportError, Options, Refusal,
};
use prost::Message;

const FLOAT: i32 = 1;
const INT64: i32 = 7;

fn port(name: &str, ty: i32, dims: &[i64]) -> ValueInfoProto {
	let dim = dims
		.iter()
		.map(|size| DimensionProto { value: Some(dimension::Value::Size(*size)) })
		.collect();
	let tensor = TensorTypeProto { elem_type: ty, shape: Some(TensorShapeProto { dim }) };
	ValueInfoProto { name: name.into(), r#type: Some(TypeProto { tensor_type: Some(tensor) }) }
}

fn floats(name: &str, dims: &[i64], data: &[f32]) -> TensorProto {
	TensorProto {
		name: name.into(),
		dims: dims.to_vec(),
		data_type: FLOAT,
		float_data: data.to_vec(),
		..Default::default()
	}
}

fn node(op: &str, inputs: &[&str], output: &str) -> NodeProto {
	NodeProto {
		op_type: op.into(),
		name: format!("the {op}"),
		input: inputs.iter().map(|name| name.to_string()).collect(),
		output: vec![output.into()],
		..Default::default()
	}
}

fn ints(name: &str, ints: &[i64]) -> AttributeProto {
	AttributeProto { name: name.into(), ints: ints.to_vec(), r#type: 7, ..Default::default() }
}

fn model(
	nodes: Vec<NodeProto>,
	inputs: Vec<ValueInfoProto>,
	stored: Vec<TensorProto>,
) -> ModelProto {
	ModelProto {
		ir_version: 8,
		opset_import: vec![OperatorSetIdProto { domain: String::new(), version: 17 }],
		graph: Some(GraphProto {
			node: nodes,
			input: inputs,
			output: vec![port("y", FLOAT, &[])],
			initializer: stored,
			..Default::default()
		}),
		..Default::default()
	}
}

/// A convolution, an activation, a pool and a linear layer.
fn small() -> ModelProto {
	let weights: Vec<f32> = (0..4 * 2 * 9).map(|i| (i % 7) as f32 * 0.25 - 0.5).collect();
	let dense: Vec<f32> = (0..4 * 3).map(|i| (i % 5) as f32 - 2.0).collect();
	let mut conv = node("Conv", &["x", "w", "b"], "c");
	conv.attribute.push(ints("pads", &[1, 1, 1, 1]));
	model(
		vec![
			conv,
			node("Relu", &["c"], "r"),
			node("GlobalAveragePool", &["r"], "p"),
			node("Flatten", &["p"], "f"),
			node("MatMul", &["f", "d"], "y"),
		],
		vec![port("x", FLOAT, &[1, 2, 5, 5])],
		vec![
			floats("w", &[4, 2, 3, 3], &weights),
			floats("b", &[4], &[0.5, -0.5, 0.0, 1.0]),
			floats("d", &[4, 3], &dense),
		],
	)
}

fn refusal(model: &ModelProto) -> ImportError {
	import(&model.encode_to_vec(), &Options::default()).unwrap_err()
}

fn operator(model: &ModelProto) -> (String, usize, String, i64, Refusal) {
	match refusal(model) {
		ImportError::Operator { node, index, operator, opset, refusal } => {
			(node, index, operator, opset, refusal)
		}
		other => panic!("{other}"),
	}
}

#[test]
fn a_file_gives_one_program() {
	let bytes = small().encode_to_vec();
	let imported = import(&bytes, &Options::default()).unwrap();
	let again = import(&bytes, &Options::default()).unwrap();
	assert_eq!(imported.package, again.package);
	assert_eq!(imported.inputs[0].name, "x");
	assert_eq!(imported.outputs[0].meta.shape, [1, 3]);
	// Frozen: the same file has the same root in every release of this version.
	let root: String =
		imported.package.program.root().iter().map(|byte| format!("{byte:02x}")).collect();
	assert_eq!(root, "f4ddcbeb7f6a18ab49b4c23c8d9bcc1f65d06b6678233365c9656e9d4d2f3f7c");
}

#[test]
fn the_program_computes_what_the_file_says() {
	let imported = import(&small().encode_to_vec(), &Options::default()).unwrap();
	let x: Vec<f32> = (0..50).map(|i| (i % 11) as f32 * 0.5 - 2.0).collect();
	let input = Value::from_f32(&[1, 2, 5, 5], &x).to_tensor();
	let model = Model::new(&imported.package).unwrap();
	let output = model.run(&[input]).unwrap();
	let found: Vec<f32> =
		output[0].data.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
	for (found, expected) in found.iter().zip(reference(&x)) {
		assert!((found - expected).abs() < 1e-4, "{found} instead of {expected}");
	}
}

/// The same by plain loops.
fn reference(x: &[f32]) -> [f32; 3] {
	let mut pooled = [0f32; 4];
	let bias = [0.5, -0.5, 0.0, 1.0];
	for (o, pooled) in pooled.iter_mut().enumerate() {
		for row in 0..5i32 {
			for column in 0..5i32 {
				let mut sum = bias[o];
				for c in 0..2 {
					for (i, j) in (0..9).map(|tap| (tap / 3, tap % 3)) {
						let (r, s) = (row + i - 1, column + j - 1);
						if (0..5).contains(&r) && (0..5).contains(&s) {
							let w = (o * 18 + c * 9 + (i * 3 + j) as usize) % 7;
							let at = c * 25 + (r * 5 + s) as usize;
							sum += x[at] * (w as f32 * 0.25 - 0.5);
						}
					}
				}
				*pooled += if sum > 0.0 { sum } else { 0.0 };
			}
		}
		*pooled /= 25.0;
	}
	core::array::from_fn(|n| (0..4).map(|k| pooled[k] * (((k * 3 + n) % 5) as f32 - 2.0)).sum())
}

#[test]
fn refusals_name_node_operator_and_opset() {
	let input = || vec![port("x", FLOAT, &[2, 2])];
	let (name, index, op, opset, _) = operator(&model(
		vec![node("Relu", &["x"], "r"), node("Bogus", &["r"], "y")],
		input(),
		vec![],
	));
	assert_eq!((name.as_str(), index, op.as_str(), opset), ("the Bogus", 1, "Bogus", 17));

	let mut foreign = node("Relu", &["x"], "y");
	foreign.domain = "com.example".into();
	assert_eq!(operator(&model(vec![foreign], input(), vec![])).2, "com.example.Relu");

	let mut newer = model(vec![node("Relu", &["x"], "y")], input(), vec![]);
	newer.opset_import[0].version = 999;
	assert_eq!(operator(&newer).3, 999);

	let mut odd = node("Relu", &["x"], "y");
	odd.attribute.push(ints("from_the_future", &[1]));
	let why = operator(&model(vec![odd], input(), vec![])).4;
	assert_eq!(why, Refusal::Unsupported("the attribute `from_the_future`".into()));

	let dangling = operator(&model(vec![node("Relu", &["nowhere"], "y")], input(), vec![]));
	assert!(matches!(dangling.4, Refusal::Unsupported(_)));

	let misfit = operator(&model(
		vec![node("MatMul", &["x", "w"], "y")],
		input(),
		vec![floats("w", &[3, 1], &[1.0; 3])],
	));
	assert!(matches!(misfit.4, Refusal::Misfit(..)));

	let unmade = model(vec![node("Relu", &["x"], "z")], input(), vec![]);
	assert_eq!(refusal(&unmade), ImportError::Output("y".into()));
}

#[test]
fn a_shape_given_as_input_must_be_bound() {
	let file = model(
		vec![node("Reshape", &["x", "s"], "y")],
		vec![port("x", FLOAT, &[2, 3]), port("s", INT64, &[2])],
		vec![],
	);
	assert!(matches!(operator(&file).4, Refusal::NotConstant(_)));
	let mut options = Options::default();
	let shape = Value::from_integers(TensorType::I64, &[2], &[3, -1]);
	options.bound.insert("s".into(), shape);
	let imported = import(&file.encode_to_vec(), &options).unwrap();
	assert_eq!(imported.inputs.len(), 1);
	assert_eq!(imported.outputs[0].meta.shape, [3, 2]);
}

#[test]
fn open_dimensions_are_asked_for() {
	let mut open = port("x", FLOAT, &[1, 2]);
	let dims = open.r#type.as_mut().unwrap().tensor_type.as_mut().unwrap().shape.as_mut().unwrap();
	dims.dim[0].value = Some(dimension::Value::Name("batch".into()));
	dims.dim[1].value = Some(dimension::Value::Name("width".into()));
	let file = model(vec![node("Relu", &["x"], "y")], vec![open], vec![]);
	assert!(matches!(refusal(&file), ImportError::Input { name, .. } if name == "x"));
	let mut options = Options::default();
	options.dimensions.insert("width".into(), 7);
	let imported = import(&file.encode_to_vec(), &options).unwrap();
	assert_eq!(imported.inputs[0].meta.shape, [1, 7]);
	options.shapes.insert("x".into(), vec![2, 2, 2]);
	assert!(import(&file.encode_to_vec(), &options).is_err());
}

#[test]
fn every_refusal_is_named_at_once() {
	let file = model(
		vec![
			node("Relu", &["x"], "a"),
			node("NoSuch", &["a"], "b"),
			node("Relu", &["b"], "c"),
			node("NoSuchEither", &["c"], "d"),
			node("Reshape", &["x", "x"], "e"),
			node("Add", &["d", "e"], "y"),
		],
		vec![port("x", FLOAT, &[1, 2])],
		vec![],
	);
	let bytes = file.encode_to_vec();
	let found = refusals(&bytes, &Options::default());
	let named: Vec<&str> = found
		.iter()
		.map(|error| match error {
			ImportError::Operator { operator, .. } => operator.as_str(),
			other => panic!("{other}"),
		})
		.collect();
	assert_eq!(named, ["NoSuch", "NoSuchEither", "Reshape"]);
	assert_eq!(Some(&refusal(&file)), found.first(), "importing stops at the first");
	assert!(refusals(&small().encode_to_vec(), &Options::default()).is_empty());
	assert!(matches!(refusals(&[0xff; 9], &Options::default())[..], [ImportError::Malformed(_)]));
}

/// Without elements, the other dimensions must still multiply to 32 bits. Found by fuzzing.
#[test]
fn shapes_without_elements_are_bounded() {
	let file = |operator, size| {
		let input = port("x", FLOAT, &[0, size, size, 2]);
		model(vec![node(operator, &["x"], "y")], vec![input], vec![])
	};
	assert!(import(&file("Relu", 1 << 15).encode_to_vec(), &Options::default()).is_ok());
	for operator in ["Relu", "ReduceMean", "MeanVarianceNormalization"] {
		let refused = refusal(&file(operator, 1 << 16));
		assert!(matches!(refused, ImportError::Input { name, .. } if name == "x"));
	}
}

#[test]
fn windows_out_of_range_are_refused() {
	let text = |name: &str, text: &str| AttributeProto {
		name: name.into(),
		s: text.into(),
		r#type: 3,
		..Default::default()
	};
	let number =
		|name: &str, i| AttributeProto { name: name.into(), i, r#type: 2, ..Default::default() };
	let far = i64::from(u32::MAX);
	let half = 1 << 31;
	let cases = [
		vec![text("auto_pad", "SAME_UPPER"), ints("dilations", &[half, 1])],
		vec![text("auto_pad", "SAME_LOWER"), ints("dilations", &[far / 2, 1])],
		vec![number("ceil_mode", 1), ints("dilations", &[half, 1])],
		vec![number("ceil_mode", 1), ints("pads", &[half, 0, half, 0])],
		vec![number("ceil_mode", 1), ints("pads", &[far, 0, far, 0])],
		vec![number("ceil_mode", 1), ints("pads", &[0, 0, half, 0]), ints("strides", &[far, 1])],
	];
	for case in cases {
		for operator in ["MaxPool", "AveragePool", "LpPool"] {
			let mut pool = node(operator, &["x"], "y");
			pool.attribute = [vec![ints("kernel_shape", &[3, 3])], case.clone()].concat();
			let file = model(vec![pool], vec![port("x", FLOAT, &[1, 1, 5, 5])], vec![]);
			let refused = import(&file.encode_to_vec(), &Options::default());
			assert!(matches!(refused, Err(ImportError::Operator { .. })), "{operator} {case:?}");
		}
	}
	let past = 1 << 32;
	for case in [
		ints("pads", &[-past, 0, 0, 0]),
		ints("pads", &[i64::MIN, 0, i64::MAX, 0]),
		ints("output_shape", &[5 + past, 5]),
		ints("output_shape", &[i64::MIN, 5]),
	] {
		let mut conv = node("ConvTranspose", &["x", "w"], "y");
		conv.attribute.push(case.clone());
		let weights = floats("w", &[1, 1, 3, 3], &[0.5; 9]);
		let file = model(vec![conv], vec![port("x", FLOAT, &[1, 1, 3, 3])], vec![weights]);
		assert!(matches!(refusal(&file), ImportError::Operator { .. }), "{case:?}");
	}
}

#[test]
fn hostile_files_are_refused() {
	let none = Options::default();
	assert!(matches!(import(&[], &none), Err(ImportError::Malformed(_))));
	assert!(matches!(import(&[0xff; 40], &none), Err(ImportError::Malformed(_))));
	let bytes = small().encode_to_vec();
	for length in 0..bytes.len() {
		let _ = import(&bytes[..length], &none);
	}
	for at in 0..bytes.len() {
		let mut broken = bytes.clone();
		broken[at] ^= 0x55;
		if let Ok(imported) = import(&broken, &none) {
			assert!(Model::new(&imported.package).is_ok());
		}
	}
	let input = || vec![port("x", FLOAT, &[1])];
	let short = model(vec![], input(), vec![floats("w", &[3], &[1.0])]);
	assert!(matches!(refusal(&short), ImportError::Tensor { .. }));
	let huge = model(vec![], input(), vec![floats("w", &[1 << 20, 1 << 20], &[])]);
	assert!(matches!(refusal(&huge), ImportError::Tensor { .. }));
	let negative = model(vec![], input(), vec![floats("w", &[-1], &[])]);
	assert!(matches!(refusal(&negative), ImportError::Tensor { .. }));
	let string = TensorProto { data_type: 8, ..floats("w", &[1], &[]) };
	assert!(matches!(refusal(&model(vec![], input(), vec![string])), ImportError::Tensor { .. }));
}

#[test]
fn external_data_stays_in_its_folder() {
	let folder = std::env::temp_dir().join(format!("countersign-onnx-{}", std::process::id()));
	let inner = folder.join("model");
	std::fs::create_dir_all(&inner).unwrap();
	let bytes: Vec<u8> = [2f32, 3.0].iter().flat_map(|x| x.to_le_bytes()).collect();
	std::fs::write(inner.join("weights"), &bytes).unwrap();
	std::fs::write(folder.join("secret"), &bytes).unwrap();
	#[cfg(unix)]
	std::os::unix::fs::symlink(folder.join("secret"), inner.join("link")).unwrap();
	let stored = |location: &str| TensorProto {
		data_location: 1,
		external_data: vec![StringStringEntryProto {
			key: "location".into(),
			value: location.into(),
		}],
		..floats("w", &[2], &[])
	};
	let file = |location: &str| {
		let input = vec![port("x", FLOAT, &[2])];
		model(vec![node("Mul", &["x", "w"], "y")], input, vec![stored(location)]).encode_to_vec()
	};
	let options = Options { folder: Some(inner.clone()), ..Default::default() };
	let imported = import(&file("weights"), &options).unwrap();
	let x = Value::from_f32(&[2], &[1.0, 1.0]).to_tensor();
	let output = Model::new(&imported.package).unwrap().run(&[x]).unwrap();
	assert_eq!(output, [Tensor { ty: TensorType::F32, shape: vec![2], data: bytes }]);
	let absolute = folder.join("secret").display().to_string();
	for location in ["../secret", "link", "missing", "", "./weights/../../secret", &absolute] {
		let refused = import(&file(location), &options);
		assert!(matches!(refused, Err(ImportError::Tensor { .. })), "{location}");
	}
	assert!(import(&file("weights"), &Options::default()).is_err());
	std::fs::remove_dir_all(folder).unwrap();
}

/// Decision trees whose nodes and leaves have numbers of their own, some of which look for their
/// feature in a set.
#[test]
fn trees_with_sets() {
	let tensor = |name: &str, tensor: TensorProto| AttributeProto {
		name: name.into(),
		t: Some(tensor),
		r#type: 4,
		..Default::default()
	};
	let list = |data: &[f32]| floats("", &[data.len() as i64], data);
	let nan = f32::NAN;
	let mut trees = node("TreeEnsemble", &["x"], "y");
	trees.domain = "ai.onnx.ml".into();
	let modes = TensorProto {
		dims: vec![3],
		data_type: 2,
		int32_data: vec![0, 6, 6],
		..Default::default()
	};
	trees.attribute = vec![
		AttributeProto { name: "n_targets".into(), i: 4, r#type: 2, ..Default::default() },
		tensor("membership_values", list(&[1.2, 3.7, 8.0, 9.0, nan, 12.0, 7.0, nan])),
		tensor("nodes_splits", list(&[11.0, 232_344.0, nan])),
		tensor("nodes_modes", modes),
		tensor("leaf_weights", list(&[1.0, 10.0, 1000.0, 100.0])),
		ints("leaf_targetids", &[0, 1, 2, 3]),
		ints("tree_roots", &[0]),
		ints("nodes_featureids", &[0, 0, 0]),
		ints("nodes_trueleafs", &[0, 1, 1]),
		ints("nodes_truenodeids", &[1, 0, 1]),
		ints("nodes_falseleafs", &[1, 0, 1]),
		ints("nodes_falsenodeids", &[2, 2, 3]),
	];
	let mut file = model(vec![trees], vec![port("x", FLOAT, &[6, 1])], vec![]);
	file.opset_import.push(OperatorSetIdProto { domain: "ai.onnx.ml".into(), version: 5 });
	let imported = import(&file.encode_to_vec(), &Options::default()).unwrap();
	let input = Value::from_f32(&[6, 1], &[1.2, 3.4, -0.12, nan, 12.0, 7.0]).to_tensor();
	let output = Model::new(&imported.package).unwrap().run(&[input]).unwrap();
	assert_eq!(output[0].shape, [6, 4]);
	let found = output[0].data.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b));
	let found: Vec<f32> = found.collect();
	let mut expected = vec![0.0; 24];
	for (at, weight) in [(0, 1.0), (7, 100.0), (11, 100.0), (14, 1000.0), (18, 1000.0), (21, 10.0)]
	{
		expected[at] = weight;
	}
	assert_eq!(found, expected);
}
