//! Tests of the pallet.

mod draws;
mod journey;
mod messages;
mod properties;
mod simulation;
