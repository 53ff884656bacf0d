//! Canonical execution hashes and encodes tensors as the chain does.

#![allow(clippy::unwrap_used)]

#[path = "../../tests/common/mod.rs"]
mod common;

use codec::{Decode, Encode};
use common::{Dice, TYPES};
use countersign_canonical::{commitment as canonical, tensor::Tensor};
use countersign_primitives::{commitment as chain, tensor as chain_tensor};

#[test]
fn both_commit_alike() {
	let mut dice = Dice::new(7);
	for round in 0..500u32 {
		let shape: Vec<u32> = (0..dice.below(4)).map(|_| dice.below(20)).collect();
		let ty = dice.pick(&TYPES);
		let tensor = dice.value(ty, &shape).to_tensor();
		let same = chain_tensor::Tensor::decode(&mut &tensor.encode()[..]).unwrap();
		same.check().unwrap();
		assert_eq!(same.encode(), tensor.encode());
		assert_eq!(Tensor::decode(&mut &same.encode()[..]).unwrap(), tensor);
		let salt = (round % 2 == 0).then_some([round as u8; 32]);
		let found = canonical::tensor_commitment(&tensor, salt);
		assert_eq!(found, chain::tensor_commitment(&same, salt).0);
		let bytes = tensor.data.clone();
		assert_eq!(canonical::blob_commitment(&bytes), chain::blob_commitment(&bytes).0);
		let (several, others) = (vec![tensor; 3], vec![same; 3]);
		assert_eq!(canonical::tensors_commitment(&several), chain::tensors_commitment(&others).0);
	}
}

#[test]
fn policies_are_encoded_alike() {
	use countersign_canonical::bands::Policy;
	use countersign_primitives::model::PrecisionPolicy;
	for (here, there) in [
		(Policy::Exact, PrecisionPolicy::Exact),
		(
			Policy::Within { absolute: -20, relative: 3 },
			PrecisionPolicy::Within { absolute: -20, relative: 3 },
		),
		(Policy::Top1 { margin: -7 }, PrecisionPolicy::Top1 { margin: -7 }),
	] {
		assert_eq!(here.encode(), there.encode());
	}
}
