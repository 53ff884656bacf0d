//! Contracts on the real runtime, natively and without a node.
//!
//! [`World`] is a chain with one validator and a block under way: contracts are deployed and called
//! in it, requests are made and answered, blocks pass. The contracts are in `contracts/`, with the
//! bytecode that `solc` made of them (`npm run compile` there).

pub mod contracts;
pub mod ethereum;
pub mod every;
pub mod gas;
pub mod programs;
pub mod sol;
pub mod world;

pub use contracts::{Contract, Reply};
pub use world::{run, World};
