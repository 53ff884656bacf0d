//! Tests of the composed runtime.

mod blocks;
mod disputes;
mod genesis;
mod governance;
mod offences;
mod parameters;
mod random;
