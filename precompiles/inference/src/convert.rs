//! Between the interface's types and the chain's.

use crate::IInference;
use alloc::vec::Vec;
use codec::{Compact, CompactLen, Encode};
use countersign_precompile_utils::revert;
use countersign_primitives::{
	request::{EvidenceSet, Finality, InlineBytes, Input, Outcome, RequestStatus, TrapCode},
	tensor::{decode_tensors, Tensor, TensorType},
};
use pallet_inference::DeliveryStep;
use pallet_revive::precompiles::Error;

/// The input is longer than an input inside a transaction may be.
pub(crate) const INPUT_TOO_LARGE: &str = "InputTooLarge";

fn to_kind(kind: IInference::Kind) -> Option<TensorType> {
	use IInference::Kind;
	Some(match kind {
		Kind::F32 => TensorType::F32,
		Kind::U8 => TensorType::U8,
		Kind::I8 => TensorType::I8,
		Kind::I32 => TensorType::I32,
		Kind::I64 => TensorType::I64,
		Kind::Bool => TensorType::Bool,
		Kind::U16 => TensorType::U16,
		Kind::I16 => TensorType::I16,
		Kind::U32 => TensorType::U32,
		Kind::U64 => TensorType::U64,
		// What the generated type has besides for values out of range; decoding refuses those.
		_ => return None,
	})
}

fn kind(ty: TensorType) -> IInference::Kind {
	use IInference::Kind;
	match ty {
		TensorType::F32 => Kind::F32,
		TensorType::U8 => Kind::U8,
		TensorType::I8 => Kind::I8,
		TensorType::I32 => Kind::I32,
		TensorType::I64 => Kind::I64,
		TensorType::Bool => Kind::Bool,
		TensorType::U16 => Kind::U16,
		TensorType::I16 => Kind::I16,
		TensorType::U32 => Kind::U32,
		TensorType::U64 => Kind::U64,
	}
}

/// The bytes that tensors take when they are encoded for the chain.
pub(crate) fn encoded_length(tensors: &[IInference::Tensor]) -> u32 {
	let compact =
		|length: usize| Compact::<u32>::compact_len(&u32::try_from(length).unwrap_or(u32::MAX));
	let total = tensors.iter().fold(compact(tensors.len()), |total, tensor| {
		total
			.saturating_add(1)
			.saturating_add(compact(tensor.shape.len()))
			.saturating_add(tensor.shape.len().saturating_mul(4))
			.saturating_add(compact(tensor.data.len()))
			.saturating_add(tensor.data.len())
	});
	u32::try_from(total).unwrap_or(u32::MAX)
}

/// Tensors as the chain has them. Whether they are well-formed is for whoever takes them to check.
pub(crate) fn to_tensors(tensors: &[IInference::Tensor]) -> Result<Vec<Tensor>, Error> {
	tensors
		.iter()
		.map(|tensor| {
			Ok(Tensor {
				ty: to_kind(tensor.kind).ok_or_else(|| revert("InputMalformed"))?,
				shape: tensor.shape.clone(),
				data: tensor.data.to_vec(),
			})
		})
		.collect()
}

/// An input that travels with the transaction.
pub(crate) fn to_input(tensors: &[IInference::Tensor]) -> Result<Input, Error> {
	InlineBytes::try_from(to_tensors(tensors)?.encode())
		.map(Input::Inline)
		.map_err(|_| revert(INPUT_TOO_LARGE))
}

/// Tensors as contracts have them.
pub(crate) fn from_tensors(tensors: Vec<Tensor>) -> Vec<IInference::Tensor> {
	tensors
		.into_iter()
		.map(|tensor| IInference::Tensor {
			kind: kind(tensor.ty),
			shape: tensor.shape,
			data: tensor.data.into(),
		})
		.collect()
}

fn code(code: TrapCode) -> u8 {
	match code {
		TrapCode::BadInput => 0,
		TrapCode::Operator => 1,
		TrapCode::BadOutput => 2,
		TrapCode::TimeLimit => 3,
		TrapCode::MemoryLimit => 4,
	}
}

/// What came of a run; empty where that does not count.
pub(crate) fn outcome(outcome: Option<&Outcome>) -> IInference::Outcome {
	match outcome {
		// Every stored output was checked to be tensors when it came in.
		Some(Outcome::Output(bytes)) => IInference::Outcome {
			trapped: false,
			code: 0,
			operator: 0,
			output: from_tensors(decode_tensors(bytes).unwrap_or_default()),
		},
		Some(Outcome::Trap { code: reason, operator }) => IInference::Outcome {
			trapped: true,
			code: code(*reason),
			operator: *operator,
			output: Vec::new(),
		},
		None => IInference::Outcome { trapped: false, code: 0, operator: 0, output: Vec::new() },
	}
}

/// Where a request stands.
pub(crate) fn status(status: RequestStatus) -> IInference::Status {
	use IInference::Status;
	match status {
		RequestStatus::Waiting => Status::Waiting,
		RequestStatus::Assigned => Status::Assigned,
		RequestStatus::InputDemanded => Status::InputDemanded,
		RequestStatus::Answered => Status::Answered,
		RequestStatus::Refunded => Status::Refunded,
		RequestStatus::Invalidated => Status::Invalidated,
		RequestStatus::Settled => Status::Settled,
	}
}

/// How settled a result is.
pub(crate) fn finality(finality: Option<Finality>) -> IInference::Finality {
	match finality {
		None => IInference::Finality::None,
		Some(Finality::Open) => IInference::Finality::Open,
		Some(Finality::Final) => IInference::Finality::Final,
		Some(Finality::Invalidated) => IInference::Finality::Invalidated,
	}
}

/// How far a delivery is.
pub(crate) fn delivery(step: DeliveryStep) -> IInference::Delivery {
	match step {
		DeliveryStep::None => IInference::Delivery::None,
		DeliveryStep::Queued => IInference::Delivery::Queued,
		DeliveryStep::Delivered => IInference::Delivery::Delivered,
		DeliveryStep::Failed => IInference::Delivery::Failed,
	}
}

/// Evidence as the chain has it.
pub(crate) fn to_evidence(evidence: &IInference::Evidence) -> EvidenceSet {
	EvidenceSet {
		audited: evidence.audited,
		replayed: evidence.replayed,
		tee: evidence.tee,
		zk: evidence.zk,
	}
}

/// Evidence as contracts have it.
pub(crate) fn evidence(evidence: &EvidenceSet) -> IInference::Evidence {
	IInference::Evidence {
		audited: evidence.audited,
		replayed: evidence.replayed,
		tee: evidence.tee,
		zk: evidence.zk,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn tensor(shape: Vec<u32>, length: usize) -> IInference::Tensor {
		IInference::Tensor { kind: IInference::Kind::I16, shape, data: vec![7; length].into() }
	}

	#[test]
	fn the_length_is_that_of_the_encoding() {
		for lengths in [vec![], vec![0], vec![63, 64], vec![16_383, 16_384, 1]] {
			let tensors: Vec<_> = lengths
				.into_iter()
				.enumerate()
				.map(|(rank, length)| tensor(vec![1; rank], length))
				.collect();
			let encoded = to_tensors(&tensors).expect("known kinds").encode();
			assert_eq!(encoded_length(&tensors) as usize, encoded.len());
		}
	}

	#[test]
	fn tensors_go_there_and_back() {
		let all = (0..=9u8).map(|number| IInference::Tensor {
			kind: IInference::Kind::try_from(number).expect("ten kinds"),
			shape: vec![2, u32::from(number)],
			data: vec![number; 3].into(),
		});
		let all: Vec<_> = all.collect();
		let chain = to_tensors(&all).expect("known kinds");
		// The numbers are those of the encoding, so that off-chain code may use either.
		for (number, tensor) in chain.iter().enumerate() {
			assert_eq!(tensor.ty.encode(), vec![number as u8]);
		}
		let back = from_tensors(chain);
		assert_eq!(
			back.iter().map(|one| (one.kind as u8, &one.shape, &one.data)).collect::<Vec<_>>(),
			all.iter().map(|one| (one.kind as u8, &one.shape, &one.data)).collect::<Vec<_>>()
		);
	}
}
