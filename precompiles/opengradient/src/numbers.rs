//! Decimals and the elements of tensors.

use crate::{reasons, IOpenGradient::Number};
use alloc::vec::Vec;
use countersign_canonical::decimal;
use countersign_primitives::tensor::{Tensor, TensorType};

/// The elements of a tensor.
pub(crate) fn count(tensor: &Tensor) -> u32 {
	let size = tensor.ty.size().max(1);
	u32::try_from(tensor.data.len().div_ceil(size)).unwrap_or(u32::MAX)
}

/// Decimals as elements of a type, each rounded half to even; `None` where one does not fit.
pub(crate) fn pack(ty: TensorType, numbers: &[Number]) -> Option<Vec<u8>> {
	let mut data = Vec::with_capacity(numbers.len().saturating_mul(ty.size()));
	for number in numbers {
		if ty == TensorType::F32 {
			let bits = decimal::to_f32(number.value, number.decimals)?;
			data.extend_from_slice(&bits.to_le_bytes());
			continue;
		}
		let integer = decimal::to_integer(number.value, number.decimals)?;
		match ty {
			TensorType::U8 => data.extend_from_slice(&u8::try_from(integer).ok()?.to_le_bytes()),
			TensorType::I8 => data.extend_from_slice(&i8::try_from(integer).ok()?.to_le_bytes()),
			TensorType::I32 => data.extend_from_slice(&i32::try_from(integer).ok()?.to_le_bytes()),
			TensorType::I64 => data.extend_from_slice(&i64::try_from(integer).ok()?.to_le_bytes()),
			TensorType::U16 => data.extend_from_slice(&u16::try_from(integer).ok()?.to_le_bytes()),
			TensorType::I16 => data.extend_from_slice(&i16::try_from(integer).ok()?.to_le_bytes()),
			TensorType::U32 => data.extend_from_slice(&u32::try_from(integer).ok()?.to_le_bytes()),
			TensorType::U64 => data.extend_from_slice(&u64::try_from(integer).ok()?.to_le_bytes()),
			TensorType::Bool => match integer {
				0 | 1 => data.push(u8::try_from(integer).ok()?),
				_ => return None,
			},
			TensorType::F32 => return None,
		}
	}
	Some(data)
}

/// The elements of a tensor as decimals; the reason to revert where one is none.
pub(crate) fn read(tensor: &Tensor) -> Result<Vec<Number>, &'static str> {
	fn chunks<const N: usize>(
		data: &[u8],
		number: impl Fn([u8; N]) -> Option<(i128, i128)>,
	) -> Option<Vec<Number>> {
		data.chunks_exact(N)
			.map(|bytes| {
				let (value, decimals) = number(bytes.try_into().ok()?)?;
				Some(Number { value, decimals })
			})
			.collect()
	}
	let data = &tensor.data;
	match tensor.ty {
		TensorType::F32 => {
			// Large and finite is an overflow; the rest is no number.
			let is_finite = data
				.chunks_exact(4)
				.filter_map(|bytes| <[u8; 4]>::try_from(bytes).ok())
				.all(|bytes| u32::from_le_bytes(bytes) & 0x7F80_0000 != 0x7F80_0000);
			if !is_finite {
				return Err(reasons::NOT_A_NUMBER);
			}
			chunks(data, |bytes| decimal::from_f32(u32::from_le_bytes(bytes)))
		}
		TensorType::U8 | TensorType::Bool => {
			chunks(data, |bytes| Some((u8::from_le_bytes(bytes).into(), 0)))
		}
		TensorType::I8 => chunks(data, |bytes| Some((i8::from_le_bytes(bytes).into(), 0))),
		TensorType::I32 => chunks(data, |bytes| Some((i32::from_le_bytes(bytes).into(), 0))),
		TensorType::I64 => chunks(data, |bytes| Some((i64::from_le_bytes(bytes).into(), 0))),
		TensorType::U16 => chunks(data, |bytes| Some((u16::from_le_bytes(bytes).into(), 0))),
		TensorType::I16 => chunks(data, |bytes| Some((i16::from_le_bytes(bytes).into(), 0))),
		TensorType::U32 => chunks(data, |bytes| Some((u32::from_le_bytes(bytes).into(), 0))),
		TensorType::U64 => chunks(data, |bytes| Some((u64::from_le_bytes(bytes).into(), 0))),
	}
	.ok_or(reasons::NUMBER_OVERFLOW)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn number(value: i128, decimals: i128) -> Number {
		Number { value, decimals }
	}

	#[test]
	fn numbers_that_fit_go_there_and_back() {
		use TensorType::*;
		for (ty, least, most) in [
			(U8, 0i128, 255i128),
			(I8, -128, 127),
			(U16, 0, 65_535),
			(I16, -32_768, 32_767),
			(U32, 0, u32::MAX.into()),
			(I32, i32::MIN.into(), i32::MAX.into()),
			(U64, 0, u64::MAX.into()),
			(I64, i64::MIN.into(), i64::MAX.into()),
			(Bool, 0, 1),
		] {
			let data = pack(ty, &[number(least, 0), number(most, 0)]).expect("they fit");
			let tensor = Tensor { ty, shape: vec![2], data };
			assert_eq!(count(&tensor), 2);
			let back = read(&tensor).expect("numbers");
			let back: Vec<_> = back.iter().map(|one| (one.value, one.decimals)).collect();
			assert_eq!(back, vec![(least, 0), (most, 0)]);
			assert_eq!(pack(ty, &[number(least - 1, 0)]), None);
			assert_eq!(pack(ty, &[number(most + 1, 0)]), None);
		}
	}

	#[test]
	fn floats_are_rounded_and_what_is_no_number_is_refused() {
		let data = pack(TensorType::F32, &[number(1, 1), number(-25, 1)]).expect("they fit");
		let tensor = Tensor { ty: TensorType::F32, shape: vec![2], data };
		let back = read(&tensor).expect("numbers");
		let back: Vec<_> = back.iter().map(|one| (one.value, one.decimals)).collect();
		assert_eq!(back, vec![(100_000_001, 9), (-25, 1)]);
		assert_eq!(pack(TensorType::F32, &[number(1, -39)]), None);
		for (float, reason) in [
			(f32::NAN, reasons::NOT_A_NUMBER),
			(f32::NEG_INFINITY, reasons::NOT_A_NUMBER),
			(f32::MAX, reasons::NUMBER_OVERFLOW),
		] {
			let data = float.to_le_bytes().to_vec();
			let tensor = Tensor { ty: TensorType::F32, shape: vec![1], data };
			assert_eq!(read(&tensor).err(), Some(reason));
		}
	}
}
