//! Canonical programs in the chain's terms: examining packages, and running them.
//!
//! A package is the SCALE encoding of `countersign_canonical::program::Package`: a program and the
//! bytes of its constants. [`examine`] is for packages of strangers; [`run`] for those that were
//! examined.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(rustdoc::broken_intra_doc_links)]

extern crate alloc;

#[cfg(any(feature = "std", feature = "runtime-benchmarks"))]
pub mod examples;

use alloc::vec::Vec;
use canonical::{bands::Policy, ProgramError};
use codec::{Compact, Decode, DecodeWithMemLimit};
use countersign_canonical as canonical;
use countersign_primitives::{
	model::PrecisionPolicy,
	program::{
		PackageError, ProgramCost, ProgramPort, ProgramPorts, ProgramSummary, Trap,
		MAX_PACKAGE_BYTES, SLAB_BYTES,
	},
	request::TrapCode,
	tensor::{Port, Tensor, TensorType},
};
use sp_core::bounded::BoundedVec;

/// Memory for a package of `length` bytes: one slab, where it fits, because the runtime's
/// allocator never gives memory of one size to another.
pub fn slab(length: u32) -> Vec<u8> {
	let mut slab = Vec::with_capacity(SLAB_BYTES as usize);
	slab.resize(length.min(MAX_PACKAGE_BYTES) as usize, 0);
	slab
}

/// Examines a package whose origin is unknown: decodes and plans the program, and checks each
/// constant against the program's commitment to it. Copies no constant.
pub fn examine(package: &[u8]) -> Result<ProgramSummary, PackageError> {
	let length = u32::try_from(package.len())
		.ok()
		.filter(|length| *length <= MAX_PACKAGE_BYTES)
		.ok_or(PackageError::TooLong)?;
	let (program, rest) = decode_program(package)?;
	let plan = program.plan().map_err(refusal)?;
	check_constants(&program, rest)?;
	Ok(ProgramSummary {
		root: program.root().into(),
		version: program.version,
		length,
		inputs: ports(&program.inputs)?,
		outputs: ports(&program.output_metas(&plan))?,
		cost: cost(&plan.cost),
		weighted_macs: plan.cost.weighted_macs(),
		slabs: slabs(&plan.cost, length),
		leaves: u32::try_from(plan.leaves).unwrap_or(u32::MAX),
	})
}

fn refusal(error: ProgramError) -> PackageError {
	match error {
		ProgramError::Malformed => PackageError::Malformed,
		ProgramError::UnknownVersion => PackageError::UnknownVersion,
		ProgramError::TooManyTensors | ProgramError::Ports => PackageError::TooMany,
		ProgramError::Declaration(_) | ProgramError::TooLarge(_) => PackageError::Declaration,
		ProgramError::Dangling(_) => PackageError::Dangling,
		ProgramError::Misfit(..) => PackageError::Misfit,
		ProgramError::Constant(_) => PackageError::ConstantLength,
	}
}

/// A program's cost in the chain's terms.
pub fn cost(cost: &canonical::cost::Cost) -> ProgramCost {
	let canonical::cost::Cost {
		macs,
		moved,
		simple,
		divisions,
		transcendental,
		searches,
		operators,
		peak,
		constants,
	} = *cost;
	ProgramCost {
		macs,
		moved,
		simple,
		divisions,
		transcendental,
		searches,
		operators,
		peak,
		constants,
	}
}

/// The most memory that decoding a program may take: one of as many operators as there may be
/// takes a fraction of it. Without it, a short encoding of many small things would take more
/// than the runtime can give.
const DECODED_BYTES: usize = 8 * 1024 * 1024;

/// The program at the head of a package, and what follows it.
fn decode_program(package: &[u8]) -> Result<(canonical::Program, &[u8]), PackageError> {
	let head = package.get(..canonical::program::MAX_PROGRAM_BYTES).unwrap_or(package);
	let mut left = head;
	let program = canonical::Program::decode_with_mem_limit(&mut left, DECODED_BYTES)
		.map_err(|_| PackageError::Malformed)?;
	let read = head.len().saturating_sub(left.len());
	Ok((program, package.get(read..).unwrap_or_default()))
}

/// The slabs that hold a package and what is alive beside it.
fn slabs(cost: &canonical::cost::Cost, length: u32) -> u8 {
	let bytes = cost.peak.saturating_add(cost.constants).saturating_add(length.into());
	u8::try_from(bytes.div_ceil(SLAB_BYTES)).unwrap_or(u8::MAX)
}

/// Checks the encoding of the constants that follows a program's, in place.
fn check_constants(program: &canonical::Program, mut rest: &[u8]) -> Result<(), PackageError> {
	if take_length(&mut rest)? != program.constants.len() {
		return Err(PackageError::ConstantMissing);
	}
	for constant in &program.constants {
		let length = take_length(&mut rest)?;
		let (data, behind) = rest.split_at_checked(length).ok_or(PackageError::Malformed)?;
		rest = behind;
		if constant.meta.bytes() != length as u64 {
			return Err(PackageError::ConstantLength);
		}
		let commitment = canonical::commitment::commitment_from_top(
			constant.meta.ty,
			&constant.meta.shape,
			length as u64,
			None,
			canonical::commitment::merkle_top(canonical::commitment::leaf_hashes(data)),
		);
		if commitment != constant.commitment {
			return Err(PackageError::ConstantMismatch);
		}
	}
	if !rest.is_empty() {
		return Err(PackageError::Malformed);
	}
	Ok(())
}

fn take_length(from: &mut &[u8]) -> Result<usize, PackageError> {
	let length = Compact::<u32>::decode(from).map_err(|_| PackageError::Malformed)?;
	usize::try_from(length.0).map_err(|_| PackageError::Malformed)
}

/// Runs a package that [`examine`] accepted, whose slabs are at most
/// [`countersign_primitives::program::MAX_SLABS`]. The outputs are as the policies expose them, in
/// the program's order; without policies, whole.
pub fn run(
	package: &[u8],
	policies: &[PrecisionPolicy],
	input: &[Tensor],
) -> Result<Vec<Tensor>, Trap> {
	let bad = Trap { code: TrapCode::BadInput, operator: u32::MAX };
	let mut rest = package;
	let package = canonical::program::Package::decode(&mut rest).map_err(|_| bad)?;
	let model = canonical::Model::from_unchecked(package).map_err(|_| bad)?;
	let input: Vec<canonical::Tensor> = input.iter().map(to_canonical).collect();
	match model.run(&input) {
		Ok(outputs) => {
			let policies: Vec<Policy> = policies.iter().map(policy).collect();
			let exposed = canonical::bands::expose(&policies, outputs);
			Ok(exposed.into_iter().map(from_canonical).collect())
		}
		Err(canonical::Trap::BadInput) => Err(bad),
		Err(canonical::Trap::Operator(operator)) => {
			Err(Trap { code: TrapCode::Operator, operator })
		}
	}
}

fn port(meta: &canonical::Meta) -> Result<ProgramPort, PackageError> {
	let shape = BoundedVec::try_from(meta.shape.clone()).map_err(|_| PackageError::Declaration)?;
	Ok(ProgramPort { ty: type_from_canonical(meta.ty), shape })
}

fn ports(metas: &[canonical::Meta]) -> Result<ProgramPorts, PackageError> {
	let each = metas.iter().map(port).collect::<Result<Vec<_>, _>>()?;
	BoundedVec::try_from(each).map_err(|_| PackageError::TooMany)
}

/// What a result carries of an output under a policy; `None` if the policy does not fit it.
fn exposed(output: &ProgramPort, by: &PrecisionPolicy) -> Option<ProgramPort> {
	let meta = canonical::Meta { ty: type_to_canonical(output.ty), shape: output.shape.to_vec() };
	port(&policy(by).exposed_meta(&meta).ok()?).ok()
}

/// Whether a program takes and, as the policies expose it, gives what a manifest declares.
pub fn fits(
	summary: &ProgramSummary,
	inputs: &[Port],
	outputs: &[Port],
	policies: &[PrecisionPolicy],
) -> bool {
	if summary.outputs.len() != policies.len() {
		return false;
	}
	let each = summary.outputs.iter().zip(policies);
	let exposed: Option<Vec<ProgramPort>> =
		each.map(|(output, policy)| exposed(output, policy)).collect();
	ports_fit(&summary.inputs, inputs) && exposed.is_some_and(|ports| ports_fit(&ports, outputs))
}

/// Whether all are what a manifest declares, in order.
fn ports_fit(ports: &[ProgramPort], declared: &[Port]) -> bool {
	ports.len() == declared.len() && ports.iter().zip(declared).all(|(port, by)| port.fits(by))
}

/// A tensor for a program.
pub fn to_canonical(tensor: &Tensor) -> canonical::Tensor {
	canonical::Tensor {
		ty: type_to_canonical(tensor.ty),
		shape: tensor.shape.clone(),
		data: tensor.data.clone(),
	}
}

/// A tensor from a program.
pub fn from_canonical(tensor: canonical::Tensor) -> Tensor {
	Tensor { ty: type_from_canonical(tensor.ty), shape: tensor.shape, data: tensor.data }
}

/// The operator set's name for a policy.
pub fn policy(policy: &PrecisionPolicy) -> Policy {
	match *policy {
		PrecisionPolicy::Exact => Policy::Exact,
		PrecisionPolicy::Within { absolute, relative } => Policy::Within { absolute, relative },
		PrecisionPolicy::Top1 { margin } => Policy::Top1 { margin },
	}
}

macro_rules! same_types {
	($($name:ident),*) => {
		/// The chain's name for a type.
		pub fn type_from_canonical(ty: canonical::TensorType) -> TensorType {
			match ty {
				$(canonical::TensorType::$name => TensorType::$name,)*
			}
		}

		/// The operator set's name for a type.
		pub fn type_to_canonical(ty: TensorType) -> canonical::TensorType {
			match ty {
				$(TensorType::$name => canonical::TensorType::$name,)*
			}
		}
	};
}

same_types!(F32, U8, I8, I32, I64, Bool, U16, I16, U32, U64);
