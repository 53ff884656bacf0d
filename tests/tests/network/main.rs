//! Tests on networks of real nodes. Each starts a network of its own; `./test` runs them one after
//! the other, because four nodes have enough to do on two cores.

mod a_new_runtime;
mod artefacts;
mod backup;
mod demo;
mod engine;
mod flood;
mod fork;
mod hung;
mod inputs;
mod kills;
mod members;
mod operations;
mod paused;
mod program;
mod restart;
mod results;
