//! Tests on networks of real nodes. Each starts a network of its own; `./test` runs them one after
//! the other, because four nodes have enough to do on two cores.

mod demo;
mod engine;
mod fork;
mod inputs;
mod program;
mod restart;
mod results;
