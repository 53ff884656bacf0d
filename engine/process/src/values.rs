//! Between our tensors and ONNX Runtime's.

use countersign_primitives::tensor::{Tensor, TensorType, MAX_RANK};
use ort::{
	session::SessionInputValue,
	value::{DynValue, TensorElementType, ValueType},
};

/// ONNX Runtime's name for a type.
pub(crate) fn element_type(ty: TensorType) -> TensorElementType {
	match ty {
		TensorType::F32 => TensorElementType::Float32,
		TensorType::U8 => TensorElementType::Uint8,
		TensorType::I8 => TensorElementType::Int8,
		TensorType::I32 => TensorElementType::Int32,
		TensorType::I64 => TensorElementType::Int64,
		TensorType::Bool => TensorElementType::Bool,
		TensorType::U16 => TensorElementType::Uint16,
		TensorType::I16 => TensorElementType::Int16,
		TensorType::U32 => TensorElementType::Uint32,
		TensorType::U64 => TensorElementType::Uint64,
	}
}

/// An input for ONNX Runtime. The tensor has been checked.
pub(crate) fn to_native(tensor: &Tensor) -> ort::Result<SessionInputValue<'static>> {
	let shape: Vec<i64> = tensor.shape.iter().map(|dim| i64::from(*dim)).collect();
	macro_rules! native {
		($ty:ty) => {{
			let (chunks, _) = tensor.data.as_chunks();
			let values: Vec<$ty> =
				chunks.iter().map(|bytes| <$ty>::from_le_bytes(*bytes)).collect();
			ort::value::Tensor::from_array((shape, values))?.into()
		}};
	}
	Ok(match tensor.ty {
		TensorType::F32 => native!(f32),
		TensorType::U8 => native!(u8),
		TensorType::I8 => native!(i8),
		TensorType::I32 => native!(i32),
		TensorType::I64 => native!(i64),
		TensorType::U16 => native!(u16),
		TensorType::I16 => native!(i16),
		TensorType::U32 => native!(u32),
		TensorType::U64 => native!(u64),
		TensorType::Bool => {
			let values: Vec<bool> = tensor.data.iter().map(|byte| *byte != 0).collect();
			ort::value::Tensor::from_array((shape, values))?.into()
		}
	})
}

/// Why an output of ONNX Runtime is not one of ours.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadValue {
	#[error("not a tensor, or of another type")]
	Type,
	#[error("more than {MAX_RANK} dimensions, or a dimension of more than 32 bits")]
	Shape,
	#[error("{0} bytes are more than allowed")]
	TooLarge(u64),
	#[error(transparent)]
	Native(#[from] ort::Error),
}

/// An output of ONNX Runtime as a tensor of ours with at most `limit` bytes of data.
pub(crate) fn from_native(
	value: &DynValue,
	ty: TensorType,
	limit: usize,
) -> Result<Tensor, BadValue> {
	let dims = match value.dtype() {
		ValueType::Tensor { ty: found, shape, .. } if *found == element_type(ty) => shape,
		_ => return Err(BadValue::Type),
	};
	if dims.len() > MAX_RANK as usize {
		return Err(BadValue::Shape);
	}
	let shape = dims
		.iter()
		.map(|dim| u32::try_from(*dim))
		.collect::<Result<Vec<u32>, _>>()
		.map_err(|_| BadValue::Shape)?;
	// Before anything is copied.
	let bytes = countersign_primitives::tensor::element_count(&shape)
		.map(|count| u64::from(count).saturating_mul(ty.size() as u64))
		.unwrap_or(u64::MAX);
	if bytes > limit as u64 {
		return Err(BadValue::TooLarge(bytes));
	}
	macro_rules! bytes {
		($ty:ty) => {{
			let (_, values) = value.try_extract_tensor::<$ty>()?;
			values.iter().flat_map(|value| value.to_le_bytes()).collect()
		}};
	}
	let data = match ty {
		TensorType::F32 => bytes!(f32),
		TensorType::U8 => bytes!(u8),
		TensorType::I8 => bytes!(i8),
		TensorType::I32 => bytes!(i32),
		TensorType::I64 => bytes!(i64),
		TensorType::U16 => bytes!(u16),
		TensorType::I16 => bytes!(i16),
		TensorType::U32 => bytes!(u32),
		TensorType::U64 => bytes!(u64),
		TensorType::Bool => {
			let (_, values) = value.try_extract_tensor::<bool>()?;
			values.iter().map(|value| u8::from(*value)).collect()
		}
	};
	Ok(Tensor { ty, shape, data })
}
