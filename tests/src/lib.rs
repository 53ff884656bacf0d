//! Local networks of real nodes, for the demo, for integration tests and for measurements.
//!
//! | module | holds |
//! |---|---|
//! | [`process`] | one child process that can be paused, killed, and never outlives its parent |
//! | [`network`] | four validators, each a process |
//! | [`files`] | where programs, model and sample files are |
//! | [`scenario`] | what the demo and most tests do first: register, serve, ask, watch |
//! | [`ledger`] | what became of every request and of the money |
//! | [`governance`] | what referenda take |
//! | [`upgrade`] | the next version of a runtime |
//! | [`peer`] | what a peer needs that is no node |
//! | [`flood`] | a peer that asks too much |
//! | [`bad_peer`] | a peer that sends wrong bytes |
//! | [`large`] | a model that no block can recompute |
//! | [`trial`] | lies, and what the chain does about them |
//! | [`kills`] | requests under random kills |
//! | [`console`] | what a person sees |
//!
//! Programs and model are found by [`files::Programs::find`] and [`files::Assets::find`]; both say
//! what to run when something is missing.

#![deny(rustdoc::broken_intra_doc_links)]

pub mod bad_peer;
pub mod console;
pub mod files;
pub mod flood;
pub mod governance;
pub mod kills;
pub mod large;
pub mod ledger;
pub mod network;
pub mod peer;
pub mod process;
pub mod scenario;
pub mod trial;
pub mod upgrade;

pub use network::{Network, Options, VALIDATORS};
