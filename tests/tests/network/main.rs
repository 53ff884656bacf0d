//! Tests on networks of real nodes. Each starts a network of its own; several can run at a time.
//! tests/README.md tells what each is about.

mod artefacts;
mod backup;
mod demo;
mod engine;
mod flood;
mod fork;
mod hung;
mod inputs;
mod kills;
mod operations;
mod paused;
mod program;
mod restart;
mod results;
