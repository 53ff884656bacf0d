//! Tests by theme. Every one runs through `ExtBuilder::build_and_execute`, and every block of it
//! checks all invariants.

mod assignment;
pub(crate) mod audited;
pub(crate) mod callbacks;
mod deadlines;
mod doubt;
mod inputs;
mod invariants;
mod journey;
mod pause;
mod properties;
mod queues;
mod results;
mod settlement;
mod states;
mod submission;
pub(crate) mod sync;
mod views;
