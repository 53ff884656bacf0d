//! Tests of the composed runtime.

mod blocks;
mod genesis;
mod governance;
mod offences;
mod random;
