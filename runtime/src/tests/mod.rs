//! Tests of the composed runtime.

mod genesis;
