//! Types, identifiers, commitments, traits and runtime APIs shared by every part of Countersign.
//!
//! Nothing here has behaviour of its own beyond hashing and checking: the pallets hold the state,
//! the engine does the work, and both speak in the words of this crate.
//!
//! | module | holds |
//! |---|---|
//! | [`commitment`] | how bytes and tensors are committed to |
//! | [`tensor`] | element types, shapes, tensor lists as they travel |
//! | [`model`] | the manifest and what identifies a model |
//! | [`request`] | requests, terms, statements, outcomes, results |
//! | [`attribution`] | rights, shares and how a payment is split |
//! | [`parameters`] | what genesis chooses, and the ranges it may choose from |
//! | [`program`] | canonical programs on chain |
//! | [`governance`] | what genesis chooses for governance |
//! | [`keys`] | the inference session key |
//! | [`audit`] | audits, and what auditors sign |
//! | [`demand`] | showing what a result was made from |
//! | [`dispute`] | replays, verdicts and what clients ask about them |
//! | [`offence`] | what a validator can be slashed for beyond consensus |
//! | [`traits`] | what pallets may ask of each other |
//! | [`apis`] | the runtime APIs |

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(rustdoc::broken_intra_doc_links)]

extern crate alloc;

pub mod apis;
pub mod attribution;
pub mod audit;
pub mod commitment;
pub mod demand;
pub mod dispute;
pub mod game;
pub mod governance;
pub mod keys;
pub mod model;
pub mod offence;
pub mod parameters;
pub mod program;
pub mod request;
pub mod tensor;
pub mod traits;

use sp_runtime::traits::{IdentifyAccount, Verify};

/// The signature of an account.
pub type Signature = sp_runtime::MultiSignature;
/// An account. Ethereum addresses own the account `address ++ 0xEE * 12`.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// An amount of the native token, in units of 10^-12.
pub type Balance = u128;
/// A block's number.
pub type BlockNumber = u32;
/// A transaction counter of an account.
pub type Nonce = u32;
/// The hash of the chain: Blake2b with 256 bits.
pub type Hash = sp_core::H256;
/// A session, which is also a BABE epoch.
pub type SessionIndex = u32;
/// The position of a validator in a session's validator set.
pub type ValidatorIndex = u32;
/// A number of multiply-accumulate operations.
pub type Macs = u64;

/// Separates everything that Countersign hashes or signs from all other protocols.
pub const DOMAIN: [u8; 16] = *b"countersign/v1\0\0";

/// One billion multiply-accumulate operations, the unit of pricing and of time allowances.
pub const GIGA_MAC: Macs = 1_000_000_000;

/// One token, with 12 decimals.
pub const UNIT: Balance = 1_000_000_000_000;
/// A thousandth of a token.
pub const MILLI_UNIT: Balance = UNIT / 1_000;
/// A millionth of a token.
pub const MICRO_UNIT: Balance = UNIT / 1_000_000;
