//! Between the chain's tensors and policies and those of the canonical operator set, which stands
//! alone. Both encode alike.

use countersign_canonical::{bands::Policy, tensor as canonical};
use countersign_primitives::{model::PrecisionPolicy, tensor::Tensor};
pub use countersign_programs::{type_from_canonical, type_to_canonical};

/// Tensors for a program.
pub fn to_canonical(tensors: Vec<Tensor>) -> Vec<canonical::Tensor> {
	let tensors = tensors.into_iter();
	tensors
		.map(|Tensor { ty, shape, data }| canonical::Tensor {
			ty: type_to_canonical(ty),
			shape,
			data,
		})
		.collect()
}

/// Tensors from a program.
pub fn from_canonical(tensors: Vec<canonical::Tensor>) -> Vec<Tensor> {
	tensors.into_iter().map(countersign_programs::from_canonical).collect()
}

/// A manifest's policies as the bands know them.
pub fn policies(policies: &[PrecisionPolicy]) -> Vec<Policy> {
	policies.iter().map(countersign_programs::policy).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Encode;
	use countersign_primitives::tensor::TensorType;

	/// What one side encodes the other would decode as the same.
	#[test]
	fn both_sides_encode_alike() {
		use TensorType::*;
		for ty in [F32, U8, I8, I32, I64, Bool, U16, I16, U32, U64] {
			let data = vec![1; 2 * ty.size()];
			let tensor = Tensor { ty, shape: vec![1, 2], data };
			let there = to_canonical(vec![tensor.clone()]);
			assert_eq!(there.encode(), vec![tensor.clone()].encode());
			assert_eq!(from_canonical(there), [tensor]);
		}
		let chain = vec![
			PrecisionPolicy::Exact,
			PrecisionPolicy::Within { absolute: -16, relative: 3 },
			PrecisionPolicy::Top1 { margin: -4 },
		];
		assert_eq!(policies(&chain).encode(), chain.encode());
	}
}
