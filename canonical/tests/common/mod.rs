//! Random values with all the special ones, from a seed.

#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used)]

use countersign_canonical::{
	infer::infer,
	op::{Op, Range},
	tensor::{element_count, Data, Meta, TensorType, Value},
};

pub const TYPES: [TensorType; 10] = [
	TensorType::F32,
	TensorType::U8,
	TensorType::I8,
	TensorType::I32,
	TensorType::I64,
	TensorType::Bool,
	TensorType::U16,
	TensorType::I16,
	TensorType::U32,
	TensorType::U64,
];

/// `2^exponent`, also where it is subnormal.
fn power_of_two(exponent: i32) -> f32 {
	if exponent < -126 {
		f32::from_bits(1 << (exponent + 149))
	} else {
		f32::from_bits(((exponent + 127) as u32) << 23)
	}
}

pub struct Dice(u64);

impl Dice {
	pub fn new(seed: u64) -> Self {
		Self(seed)
	}

	pub fn next(&mut self) -> u64 {
		// SplitMix64.
		self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
		let mut z = self.0;
		z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
		z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
		z ^ (z >> 31)
	}

	pub fn below(&mut self, end: u32) -> u32 {
		if end == 0 {
			return 0;
		}
		(self.next() % u64::from(end)) as u32
	}

	pub fn between(&mut self, low: u32, high: u32) -> u32 {
		low + self.below(high - low + 1)
	}

	pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
		from[self.below(from.len() as u32) as usize]
	}

	pub fn any_type(&mut self) -> TensorType {
		if self.below(2) == 0 {
			TensorType::F32
		} else {
			self.pick(&TYPES)
		}
	}

	pub fn product_types(&mut self) -> (TensorType, TensorType) {
		let small = [TensorType::U8, TensorType::I8];
		match self.below(4) {
			0 | 1 => (TensorType::F32, TensorType::F32),
			2 => (self.pick(&small), self.pick(&small)),
			_ => {
				let wide = [TensorType::I32, TensorType::I64, TensorType::U32, TensorType::U64];
				let ty = self.pick(&wide);
				(ty, ty)
			}
		}
	}

	pub fn shape(&mut self, rank: u32) -> Vec<u32> {
		let rank = self.below(rank + 1);
		(0..rank).map(|_| if self.below(12) == 0 { 0 } else { self.between(1, 7) }).collect()
	}

	/// A shape that broadcasts to `shape`.
	pub fn narrowed(&mut self, shape: &[u32]) -> Vec<u32> {
		let skip = if self.below(3) == 0 { self.below(shape.len() as u32 + 1) } else { 0 };
		shape[skip as usize..].iter().map(|dim| if self.below(4) == 0 { 1 } else { *dim }).collect()
	}

	pub fn float(&mut self) -> f32 {
		let sign = if self.below(2) == 0 { 1.0 } else { -1.0 };
		let exponents = [
			-149, -127, -126, -103, -102, -64, -63, -62, -52, -51, -1, 0, 1, 22, 23, 24, 63, 64,
			65, 127,
		];
		match self.below(24) {
			0 => f32::NAN,
			1 => f32::INFINITY * sign,
			2 => 0.0 * sign,
			3 => f32::from_bits(self.below(0x80_0000)) * sign,
			4 | 5 => f32::from_bits(self.next() as u32),
			6 | 7 => {
				let exponent = self.pick(&exponents);
				let nudge = self.below(3);
				let base = power_of_two(exponent);
				f32::from_bits(base.to_bits().wrapping_add(nudge).wrapping_sub(1)) * sign
			}
			8 => self.below(10) as f32 * 0.5 * sign,
			_ => (self.below(1 << 24) as f32 / (1 << 21) as f32) * sign,
		}
	}

	pub fn bits(&mut self, ty: TensorType) -> u64 {
		match ty {
			TensorType::F32 => {
				let x = self.float();
				u64::from(if x.is_nan() { 0x7fc0_0000 } else { x.to_bits() })
			}
			TensorType::Bool => u64::from(self.below(2)),
			_ => match self.below(4) {
				0 => u64::from(self.below(4)),
				1 => u64::from(self.below(4)).wrapping_neg(),
				2 => 1u64.rotate_right(self.below(64)).wrapping_sub(u64::from(self.below(2))),
				_ => self.next(),
			},
		}
	}

	pub fn value(&mut self, ty: TensorType, shape: &[u32]) -> Value {
		let count = element_count(shape).unwrap();
		let mut data = Data::with_capacity(ty, count as usize);
		// Now and then no special values, so that sums stay finite.
		let calm = ty == TensorType::F32 && self.below(2) == 0;
		for _ in 0..count {
			let bits = if calm {
				let x = self.below(1 << 20) as f32 / 1e5 - 5.0;
				u64::from(x.to_bits())
			} else {
				self.bits(ty)
			};
			data.push(bits);
		}
		Value { meta: Meta { ty, shape: shape.to_vec() }, data }
	}

	pub fn indices(&mut self, shape: &[u32], dim: u32) -> Value {
		let ty = if self.below(2) == 0 { TensorType::I64 } else { TensorType::I32 };
		let wild = self.below(8) == 0;
		let elements: Vec<i64> = (0..element_count(shape).unwrap())
			.map(|_| {
				let dim = i64::from(dim);
				let range = if wild { dim + 2 } else { dim };
				i64::from(self.below((2 * range) as u32)) - range
			})
			.collect();
		Value::from_integers(ty, shape, &elements)
	}

	pub fn range(&mut self, dim: u32) -> Range {
		if dim == 0 {
			return Range { start: 0, step: 1, length: 0 };
		}
		let start = self.below(dim);
		let step = self.pick(&[1, 1, 2, 3, -1, -2]);
		let most = if step > 0 { (dim - 1 - start) / step as u32 } else { start / (-step) as u32 };
		Range { start, step, length: self.below(most + 2) }
	}

	/// Now and then adds initial accumulators.
	pub fn maybe_initial(&mut self, op: &Op, operands: &mut Vec<Value>) {
		if self.below(3) != 0 {
			return;
		}
		let metas: Vec<&Meta> = operands.iter().map(|value| &value.meta).collect();
		if let Ok(out) = infer(op, &metas) {
			operands.push(self.value(out.ty, &out.shape));
		}
	}

	pub fn tree_operands(&mut self) -> Vec<Value> {
		let (rows, features, nodes, trees) =
			(self.below(4), self.between(1, 4), self.between(1, 9), self.below(4));
		let x = self.value(TensorType::F32, &[rows, features]);
		let mut list = |ty, count: u32, end: u32| {
			let elements: Vec<i64> = (0..count).map(|_| i64::from(self.below(end))).collect();
			Value::from_integers(ty, &[count], &elements)
		};
		let feature = list(TensorType::I32, nodes, features);
		let mode = list(TensorType::U8, nodes, 8);
		let (yes, no) = (list(TensorType::I32, nodes, nodes), list(TensorType::I32, nodes, nodes));
		let roots = list(TensorType::I32, trees, nodes);
		let threshold = self.value(TensorType::F32, &[nodes]);
		vec![x, feature, threshold, mode, yes, no, roots]
	}
}
