//! Stored tensors.

use crate::proto::{StringStringEntryProto, TensorProto};
use countersign_canonical::tensor::{element_count, Data, Meta, TensorType, Value, MAX_RANK};
use std::{
	fs::File,
	io::{Read, Seek, SeekFrom},
	path::{Component, Path},
};

/// The name of an element type of ONNX.
pub fn type_name(code: i32) -> &'static str {
	const NAMES: [&str; 25] = [
		"undefined",
		"float",
		"uint8",
		"int8",
		"uint16",
		"int16",
		"int32",
		"int64",
		"string",
		"bool",
		"float16",
		"double",
		"uint32",
		"uint64",
		"complex64",
		"complex128",
		"bfloat16",
		"float8e4m3fn",
		"float8e4m3fnuz",
		"float8e5m2",
		"float8e5m2fnuz",
		"uint4",
		"int4",
		"float4e2m1",
		"float8e8m0",
	];
	usize::try_from(code).ok().and_then(|code| NAMES.get(code)).copied().unwrap_or("unknown")
}

/// The canonical type of an element type of ONNX.
pub fn type_of(code: i32) -> Result<TensorType, String> {
	Ok(match code {
		1 => TensorType::F32,
		2 => TensorType::U8,
		3 => TensorType::I8,
		4 => TensorType::U16,
		5 => TensorType::I16,
		6 => TensorType::I32,
		7 => TensorType::I64,
		9 => TensorType::Bool,
		12 => TensorType::U32,
		13 => TensorType::U64,
		_ => return Err(format!("elements of type {}", type_name(code))),
	})
}

/// Reads a stored tensor.
pub fn read(proto: &TensorProto, folder: Option<&Path>) -> Result<Value, String> {
	let ty = type_of(proto.data_type)?;
	let shape: Vec<u32> = proto
		.dims
		.iter()
		.map(|dim| u32::try_from(*dim).map_err(|_| format!("dimension {dim}")))
		.collect::<Result<_, _>>()?;
	if shape.len() > MAX_RANK {
		return Err(format!("{} dimensions", shape.len()));
	}
	let count = element_count(&shape).ok_or("too many elements")? as usize;
	let length = count.checked_mul(ty.size()).ok_or("too many bytes")?;
	let data = if proto.data_location == 1 {
		let bytes = external(&proto.external_data, length, folder)?;
		Data::from_bytes(ty, &bytes)
	} else if !proto.raw_data.is_empty() {
		Data::from_bytes(ty, &proto.raw_data)
	} else {
		Some(listed(proto, ty))
	};
	let data = data.filter(|data| data.len() == count);
	let data = data.ok_or_else(|| format!("its data does not fit the shape {shape:?}"))?;
	Ok(Value { meta: Meta { ty, shape }, data })
}

fn listed(proto: &TensorProto, ty: TensorType) -> Data {
	let count = proto
		.float_data
		.len()
		.max(proto.int32_data.len())
		.max(proto.int64_data.len())
		.max(proto.uint64_data.len());
	let mut data = Data::with_capacity(ty, count);
	match ty {
		TensorType::F32 => {
			for x in &proto.float_data {
				data.push(u64::from(countersign_canonical::arith::one_nan(*x).to_bits()));
			}
		}
		TensorType::I64 => proto.int64_data.iter().for_each(|x| data.push(*x as u64)),
		TensorType::U64 | TensorType::U32 => proto.uint64_data.iter().for_each(|x| data.push(*x)),
		TensorType::Bool => proto.int32_data.iter().for_each(|x| data.push(u64::from(*x != 0))),
		_ => proto.int32_data.iter().for_each(|x| data.push(*x as u64)),
	}
	data
}

/// Reads data beside the file. Only plain names below `folder` are followed, and no links.
fn external(
	entries: &[StringStringEntryProto],
	length: usize,
	folder: Option<&Path>,
) -> Result<Vec<u8>, String> {
	let folder = folder.ok_or("its data lies outside the file, and no folder was given")?;
	let entry = |key: &str| entries.iter().find(|e| e.key == key).map(|e| e.value.as_str());
	let location = Path::new(entry("location").ok_or("external data without a location")?);
	let plain = location.components().all(|part| matches!(part, Component::Normal(_)));
	if !plain || location.as_os_str().is_empty() {
		return Err(format!("external data outside the folder: {}", location.display()));
	}
	let folder = folder.canonicalize().map_err(|error| error.to_string())?;
	let path = folder.join(location).canonicalize().map_err(|error| error.to_string())?;
	if !path.starts_with(&folder) {
		return Err(format!("external data outside the folder: {}", location.display()));
	}
	let number = |key: &str| match entry(key) {
		Some(text) => text.parse::<u64>().map(Some).map_err(|_| format!("external data: {key}")),
		None => Ok(None),
	};
	if number("length")?.is_some_and(|given| given != length as u64) {
		return Err("external data of another length than the shape says".into());
	}
	let mut file = File::open(path).map_err(|error| error.to_string())?;
	let offset = number("offset")?.unwrap_or(0);
	file.seek(SeekFrom::Start(offset)).map_err(|error| error.to_string())?;
	let mut bytes = Vec::new();
	file.take(length as u64).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
	Ok(bytes)
}
