//! Tests on networks of real nodes. Each starts a network of its own; several can run at a time.
//! tests/README.md tells what each is about.

mod a_new_runtime;
mod appeal;
mod artefacts;
mod backup;
mod bad_peer;
mod demo;
mod engine;
mod flood;
mod fork;
mod game;
mod hung;
mod inputs;
mod kills;
mod members;
mod operations;
mod paused;
mod program;
mod restart;
mod results;
