//! Local networks of real nodes, for the demo, for integration tests and for measurements.
//!
//! | module | holds |
//! |---|---|
//! | [`process`] | one child process that can be paused, killed, and never outlives its parent |
//! | [`network`] | four validators, each a process |
//! | [`files`] | where programs, model and sample files are |
//! | [`scenario`] | what the demo and most tests do first: register, serve, ask, watch |
//! | [`ledger`] | what became of every request and of the money |
//! | [`kills`] | requests under random kills |
//! | [`console`] | what a person sees |
//!
//! Programs and model are found by [`files::Programs::find`] and [`files::Assets::find`]; both say
//! what to run when something is missing.

#![deny(rustdoc::broken_intra_doc_links)]

pub mod console;
pub mod files;
pub mod kills;
pub mod ledger;
pub mod network;
pub mod process;
pub mod scenario;

pub use network::{Network, Options, VALIDATORS};
