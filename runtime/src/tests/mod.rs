//! Tests of the composed runtime.

mod blocks;
mod genesis;
mod random;
