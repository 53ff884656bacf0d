//! What fuzzing drives: files from anywhere, which are refused or become programs, never more.

#![allow(dead_code, missing_docs, unreachable_pub)]

use countersign_canonical::{
	tensor::{Meta, Tensor},
	Model,
};
use countersign_onnx::{
	import,
	proto::{
		dimension, AttributeProto, DimensionProto, GraphProto, ModelProto, NodeProto,
		OperatorSetIdProto, TensorProto, TensorShapeProto, TensorTypeProto, TypeProto,
		ValueInfoProto,
	},
	refusals, Options,
};
use prost::Message;

/// Imports a file. What is not refused is a program, the same one each time, and runs. Whether it
/// was one.
pub fn file(bytes: &[u8]) -> bool {
	let options = Options::default();
	let Ok(imported) = import(bytes, &options) else {
		assert!(!refusals(bytes, &options).is_empty(), "what is refused has a reason");
		return false;
	};
	let again = import(bytes, &options).expect("it was imported before");
	assert_eq!(again.package.program.root(), imported.package.program.root());
	let model = Model::new(&imported.package).expect("importing gives programs");
	let outputs: Vec<&Meta> = imported.outputs.iter().map(|port| &port.meta).collect();
	let metas = model.program().output_metas(model.plan());
	assert_eq!(outputs, metas.iter().collect::<Vec<_>>());
	if model.plan().cost.weighted_macs() > 50_000_000 {
		return true;
	}
	let byte = |i: usize| bytes[i % bytes.len().max(1)];
	let tensor = |meta: &Meta| Tensor {
		ty: meta.ty,
		shape: meta.shape.clone(),
		data: (0..meta.bytes() as usize).map(byte).collect(),
	};
	let inputs: Vec<Tensor> = imported.inputs.iter().map(|port| tensor(&port.meta)).collect();
	if let Ok(found) = model.run(&inputs) {
		for (output, meta) in found.iter().zip(&metas) {
			assert_eq!((output.ty, &output.shape), (meta.ty, &meta.shape));
		}
	}
	true
}

/// A graph whose parts these bytes choose: operators that exist, with operands, attributes and
/// shapes that seldom fit.
pub fn graph(bytes: &[u8]) -> bool {
	file(&encoded(bytes))
}

/// The file of such a graph.
pub fn encoded(bytes: &[u8]) -> Vec<u8> {
	let mut chosen = Chosen { bytes, usual: Vec::new() };
	chosen.usual = chosen.dims();
	chosen.model().encode_to_vec()
}

const OPERATORS: &str = "\
	Abs Add And ArgMax Attention AveragePool BatchNormalization BitShift BitwiseAnd Cast \
	CastLike CenterCropPad Clip Compress Concat ConstantOfShape Conv ConvInteger ConvTranspose \
	CumSum DepthToSpace DequantizeLinear Div DynamicQuantizeLinear Einsum Elu Equal Exp Expand \
	EyeLike Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm GlobalAveragePool \
	GroupNormalization HardSigmoid Hardmax Identity InstanceNormalization LRN LSTM \
	LayerNormalization LogSoftmax LpNormalization LpPool MatMul MatMulInteger Max MaxPool Mean \
	MeanVarianceNormalization Mod Mul Neg NonZero Not OneHot PRelu Pad Pow QLinearConv \
	QLinearMatMul QuantizeLinear RMSNormalization RNN Range ReduceL1 ReduceMean ReduceLogSumExp \
	ReduceMax Relu Reshape Resize ReverseSequence RotaryEmbedding Round ScatterElements \
	ScatterND Shape Shrink Sigmoid Sign Size Slice Softmax Softplus SpaceToDepth Split Sqrt \
	Squeeze Sub Sum TensorScatter Tile TopK Transpose Trilu Unsqueeze Upsample Where";
const NUMBERS: &str = "\
	allowzero antialias axis batch_axis batch_dims blocksize broadcast ceil_mode \
	count_include_pad end exclude_outside exclusive fmod group input_forget interleaved \
	is_causal k keepdims kv_num_heads largest layout linear_before_reset noop_with_empty_axes \
	num_groups num_outputs p q_num_heads qk_matmul_output_mode reverse rotary_embedding_dim \
	select_last_index size start time_axis to upper";
const LISTS: &str = "\
	axes dilations kernel_shape output_padding output_shape pads perm split strides starts ends \
	scales";
const FLOATS: &str = "alpha beta bias epsilon gamma lambd scale softcap";
const TEXTS: &str = "\
	approximate auto_pad coordinate_transformation_mode direction equation mode nearest_mode \
	norm reduction";
const WORDS: &str = "\
	SAME_UPPER VALID tanh bidirectional linear cubic reflect edge wrap ij,jk->ik ii->i ...a->a \
	asymmetric align_corners tf_crop_and_resize add mul max LEFT DCR L1 floor";
const EDGES: &[i64] = &[-1, -2, 3, 4, 7, 64, 4096, 1 << 31, i64::MAX, i64::MIN, u32::MAX as i64];
const TYPES: &[i32] = &[1, 1, 1, 7, 7, 6, 2, 3, 9, 5, 12, 13, 10, 11];

/// Bytes that choose; zeros after their end.
struct Chosen<'a> {
	bytes: &'a [u8],
	/// The shape that most tensors have, so that some fit each other.
	usual: Vec<i64>,
}

impl Chosen<'_> {
	fn byte(&mut self) -> u8 {
		match self.bytes.split_first() {
			Some((first, rest)) => {
				self.bytes = rest;
				*first
			}
			None => 0,
		}
	}

	fn below(&mut self, end: usize) -> usize {
		usize::from(self.byte()) % end.max(1)
	}

	fn pick<T: Copy>(&mut self, from: &[T]) -> T {
		from[self.below(from.len())]
	}

	fn word(&mut self, from: &'static str) -> &'static str {
		let all: Vec<&str> = from.split_whitespace().collect();
		self.pick(&all)
	}

	fn number(&mut self) -> i64 {
		match self.below(8) {
			0 => self.pick(EDGES),
			_ => self.below(3) as i64,
		}
	}

	fn ty(&mut self) -> i32 {
		match self.below(4) {
			0 => self.pick(TYPES),
			_ => 1,
		}
	}

	fn dims(&mut self) -> Vec<i64> {
		if !self.usual.is_empty() && self.below(4) > 0 {
			return self.usual.clone();
		}
		let rank = self.pick(&[0, 1, 1, 2, 2, 3, 4, 4, 5]);
		(0..rank)
			.map(|_| match self.below(40) {
				0 => self.number(),
				at => [1, 2, 3, 4][at % 4],
			})
			.collect()
	}

	fn port(&mut self, name: String) -> ValueInfoProto {
		let dim = self.dims().into_iter().map(|size| {
			let value = dimension::Value::Size(size);
			DimensionProto { value: Some(value) }
		});
		let shape = Some(TensorShapeProto { dim: dim.collect() });
		let tensor = TensorTypeProto { elem_type: self.ty(), shape };
		ValueInfoProto { name, r#type: Some(TypeProto { tensor_type: Some(tensor) }) }
	}

	fn tensor(&mut self, name: String) -> TensorProto {
		let dims = self.dims();
		let count = dims.iter().fold(1i64, |count, dim| count.saturating_mul(*dim));
		let count = count.clamp(0, 1024) as usize;
		let data_type = self.ty();
		let mut tensor = TensorProto { name, dims, data_type, ..Default::default() };
		match data_type {
			1 => tensor.float_data = (0..count).map(|_| self.number() as f32 * 0.5).collect(),
			7 => tensor.int64_data = (0..count).map(|_| self.number()).collect(),
			13 => tensor.uint64_data = (0..count).map(|_| self.number() as u64).collect(),
			_ => tensor.int32_data = (0..count).map(|_| self.number() as i32).collect(),
		}
		tensor
	}

	fn attribute(&mut self) -> AttributeProto {
		let mut made = AttributeProto::default();
		match self.below(8) {
			0..3 => {
				(made.name, made.r#type) = (self.word(NUMBERS).into(), 2);
				made.i = self.number();
			}
			3..6 => {
				(made.name, made.r#type) = (self.word(LISTS).into(), 7);
				made.ints = (0..self.below(5)).map(|_| self.number()).collect();
			}
			6 => {
				(made.name, made.r#type) = (self.word(FLOATS).into(), 1);
				made.f = self.number() as f32 * 0.25;
			}
			_ => {
				(made.name, made.r#type) = (self.word(TEXTS).into(), 3);
				made.s = self.word(WORDS).into();
			}
		}
		made
	}

	fn model(&mut self) -> ModelProto {
		let inputs: Vec<ValueInfoProto> =
			(0..self.below(3) + 1).map(|at| self.port(format!("x{at}"))).collect();
		let stored: Vec<TensorProto> =
			(0..self.below(4)).map(|at| self.tensor(format!("c{at}"))).collect();
		let mut names: Vec<String> = inputs.iter().map(|port| port.name.clone()).collect();
		names.extend(stored.iter().map(|tensor| tensor.name.clone()));
		let mut nodes = Vec::new();
		for number in 0..self.below(4) + 1 {
			let op_type = self.word(OPERATORS).to_string();
			let input = (0..self.pick(&[1, 1, 2, 2, 2, 3, 4, 5, 0]))
				.map(|_| match self.below(20) {
					0 => String::new(),
					_ => names[self.below(names.len())].clone(),
				})
				.collect();
			let attribute = (0..self.pick(&[0, 0, 0, 0, 0, 1, 2])).map(|_| self.attribute());
			let attribute = attribute.collect();
			let output: Vec<String> =
				(0..self.pick(&[1, 1, 1, 2, 3])).map(|at| format!("n{number}_{at}")).collect();
			names.push(output[0].clone());
			nodes.push(NodeProto { op_type, input, output, attribute, ..Default::default() });
		}
		let output = ValueInfoProto { name: names[names.len() - 1].clone(), r#type: None };
		let version = self.pick(&[17, 13, 21, 9, 23, 7]);
		ModelProto {
			ir_version: 8,
			opset_import: vec![OperatorSetIdProto { domain: String::new(), version }],
			graph: Some(GraphProto {
				node: nodes,
				input: inputs,
				output: vec![output],
				initializer: stored,
				..Default::default()
			}),
			..Default::default()
		}
	}
}
