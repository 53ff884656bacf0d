//! Canonical programs in the chain's terms: examining packages, and running them.
//!
//! A package is the SCALE encoding of `countersign_canonical::program::Package`: a program and the
//! bytes of its constants. Packages of strangers are examined; everything runs in the slabs that
//! [`countersign_canonical::bounded`] plans, the only large pieces of memory that a runtime takes.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(rustdoc::broken_intra_doc_links)]

extern crate alloc;

#[cfg(any(feature = "std", feature = "runtime-benchmarks"))]
pub mod examples;
#[cfg(any(feature = "std", feature = "runtime-benchmarks"))]
pub mod game;

pub use canonical::bounded::{Chunks, Prepared};

use alloc::vec::Vec;
use canonical::{bands::Policy, ProgramError};
use countersign_canonical as canonical;
use countersign_primitives::{
	model::PrecisionPolicy,
	program::{
		PackageError, ProgramCost, ProgramPort, ProgramPorts, ProgramSummary, Trap,
		MAX_PACKAGE_BYTES, PROGRAM_CHUNK_BYTES,
	},
	request::TrapCode,
	tensor::{Port, Tensor, TensorType},
};
use sp_core::bounded::BoundedVec;

/// Blake2b with 256 bits: a host's, or this crate's own.
pub type Blake2 = fn(&[u8]) -> [u8; 32];

/// Puts a package into a slab, for a run in bounded memory.
pub fn load(package: &[u8]) -> Result<Chunks, PackageError> {
	let mut chunks = Chunks::new();
	for chunk in package.chunks(PROGRAM_CHUNK_BYTES as usize) {
		chunks.push(chunk).map_err(|_| PackageError::TooLong)?;
	}
	Ok(chunks)
}

/// What is known of a package once it is stored. For clients and tests; a chain hashes with its
/// host.
pub fn examine(package: &[u8]) -> Result<ProgramSummary, PackageError> {
	let length = u32::try_from(package.len()).unwrap_or(u32::MAX);
	examine_loaded(load(package)?, length, sp_crypto_hashing::blake2_256)
}

/// Examines a package of `length` bytes whose origin is unknown: decodes and plans the program,
/// and checks each constant against the program's commitment to it.
pub fn examine_loaded(
	package: Chunks,
	length: u32,
	hash: Blake2,
) -> Result<ProgramSummary, PackageError> {
	if length > MAX_PACKAGE_BYTES {
		return Err(PackageError::TooLong);
	}
	let prepared = Prepared::from_chunks_unchecked(package).map_err(refusal)?;
	prepared.check_constants(hash).map_err(refusal)?;
	summarise(&prepared, length, prepared.cost().slabs, hash)
}

/// As [`examine_loaded`], for a package that came along in one piece, which takes a slab of its
/// own; it can be run right away.
pub fn examine_given(
	package: &[u8],
	hash: Blake2,
) -> Result<(ProgramSummary, Prepared<'_>), PackageError> {
	let length = u32::try_from(package.len())
		.ok()
		.filter(|length| *length <= MAX_PACKAGE_BYTES)
		.ok_or(PackageError::TooLong)?;
	let prepared = Prepared::from_package_unchecked(package).map_err(refusal)?;
	prepared.check_constants(hash).map_err(refusal)?;
	let slabs = prepared.cost().slabs.saturating_add(1);
	Ok((summarise(&prepared, length, slabs, hash)?, prepared))
}

fn summarise(
	prepared: &Prepared,
	length: u32,
	slabs: u32,
	hash: Blake2,
) -> Result<ProgramSummary, PackageError> {
	Ok(ProgramSummary {
		root: prepared.root_by(hash).into(),
		version: canonical::VERSION,
		length,
		inputs: ports(prepared.inputs())?,
		outputs: ports(&prepared.outputs())?,
		cost: cost(prepared.cost()),
		weighted_macs: prepared.cost().weighted_macs(),
		slabs: u8::try_from(slabs).unwrap_or(u8::MAX),
		leaves: u32::try_from(prepared.leaves()).unwrap_or(u32::MAX),
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
		ProgramError::Constant(_) => PackageError::Constant,
		ProgramError::Memory => PackageError::Memory,
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
		slabs: _,
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

/// Prepares a package that was examined before it was stored.
pub fn prepare(package: Chunks) -> Result<Prepared<'static>, PackageError> {
	Prepared::from_known_chunks(package).map_err(refusal)
}

/// Prepares a package whose constants were only compared with their commitments: what else has to
/// hold of their elements is looked at.
pub fn prepare_unknown(package: Chunks) -> Result<Prepared<'static>, PackageError> {
	Prepared::from_chunks_unchecked(package).map_err(refusal)
}

/// Runs a program. The outputs are as the policies expose them, in the program's order; without
/// policies, whole.
pub fn run(
	prepared: &mut Prepared,
	policies: &[PrecisionPolicy],
	input: &[Tensor],
) -> Result<Vec<Tensor>, Trap> {
	let input: Vec<canonical::Tensor> = input.iter().map(to_canonical).collect();
	match prepared.run(&input) {
		Ok(outputs) => {
			let policies: Vec<Policy> = policies.iter().map(policy).collect();
			let exposed = canonical::bands::expose(&policies, outputs);
			Ok(exposed.into_iter().map(from_canonical).collect())
		}
		Err(canonical::Trap::BadInput) => {
			Err(Trap { code: TrapCode::BadInput, operator: u32::MAX })
		}
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
