//! One meaning for a model: the same bits on every machine.
//!
//! Every operator here is defined to the bit, with a fixed order of operations, so that anyone who
//! runs a program on an input gets the same output, and a wrong one can be shown to be wrong.
//! `docs/canonical.md` is the definition; this crate is it in code.
//!
//! | module | holds |
//! |---|---|
//! | [`arith`] | arithmetic of single elements |
//! | [`functions`] | functions of `libm` without branches, with the same bits |
//! | [`tensor`] | element types, tensors, values |
//! | [`op`] | the operators |
//! | [`infer`] | types and shapes of results, and what is refused |
//! | [`element`] | one element of a result from its operands: the definition |
//! | [`kernels`] | whole results, fast, with the same bits |
//! | [`program`] | programs: limits, decoding, roots |
//! | [`cost`] | what a run costs, from the program alone |
//! | [`decimal`] | decimal fractions, as contracts have them, and floats |
//! | [`proof`] | how much a proof of one element opens |
//! | [`part`] | proofs of one element, checked in bounded memory |
//! | [`trace`] | commitments to everything that a run gave, and making proofs |
//! | [`memory`] | where values lie while a program runs |
//! | [`run`] | running a program |
//! | [`bounded`] | running a package in bounded memory |
//! | [`bands`] | how far a claimed output may be from the canonical one |
//! | [`digest`] | the digest of some leaves of a run |
//! | [`commitment`] | how bytes and tensors are committed to |

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(unsafe_code, rustdoc::broken_intra_doc_links)]

extern crate alloc;

pub mod arith;
pub mod bands;
pub mod bounded;
#[cfg(feature = "std")]
mod chain;
pub mod commitment;
pub mod cost;
pub mod decimal;
pub mod digest;
pub mod element;
pub mod functions;
pub mod infer;
pub mod kernels;
pub mod memory;
pub mod op;
pub mod part;
pub mod program;
pub mod proof;
pub mod run;
pub mod tensor;
pub mod trace;

pub use bounded::Prepared;
pub use op::Op;
pub use program::{Program, ProgramError};
pub use run::{Model, Outcome, Trap};
pub use tensor::{Meta, Tensor, TensorType, Value};

/// The version of the operator set that this crate defines. A released version never changes.
pub const VERSION: u16 = 1;
