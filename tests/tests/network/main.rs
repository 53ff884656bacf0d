//! Tests on networks of real nodes. Each starts a network of its own, so they run side by side.

mod demo;
mod engine;
mod fork;
mod inputs;
mod restart;
mod results;
