//! Tests of the composed runtime.

mod audits;
mod blocks;
mod disputes;
mod forgeries;
mod games;
mod genesis;
mod governance;
mod offences;
mod parameters;
mod random;
