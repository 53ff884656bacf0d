//! Tests of the composed runtime.

mod blocks;
mod disputes;
mod games;
mod genesis;
mod governance;
mod offences;
mod random;
